/* What was added to a signed revision of a PDF. Both are read as documents: every object of the signed one must still
 * say the same, but for the few places where a signature and its proof have to be entered. */
#include "document/inspect_internal.h"

#include <stdlib.h>
#include <string.h>

enum { OBJECTS_MAX = 1 << 20, NESTING_MAX = 64, KEYS_MAX = 4096, LIST_MAX = 1 << 16, UP_MAX = 16 };

enum pdf_state pdf_read(struct bytes pdf, qpdf_data *out)
{
    qpdf_data q = qpdf_init();
    QPDF_ERROR_CODE code;

    *out = q;
    qpdf_silence_errors(q);
    qpdf_set_suppress_warnings(q, QPDF_TRUE);
    qpdf_set_attempt_recovery(q, QPDF_FALSE);
    code = qpdf_read_memory(q, "paper", pdf.data, pdf.len, NULL);
    if (code & QPDF_ERRORS)
        return qpdf_get_error_code(q, qpdf_get_error(q)) == qpdf_e_password ? PDF_ENCRYPTED : PDF_BROKEN;
    if (qpdf_is_encrypted(q))
        return PDF_ENCRYPTED;
    return qpdf_oh_is_dictionary(q, qpdf_get_root(q)) ? PDF_GOOD : PDF_BROKEN;
}

void pdf_close(qpdf_data *q)
{
    if (qpdf_has_error(*q))
        (void)qpdf_get_error(*q); /* one that nobody took would be printed */
    qpdf_cleanup(q);
}

struct comparison {
    qpdf_data before, after;
    struct arena *arena;
    unsigned char *seen; /* by number of the object: what was compared, or waits for it */
    struct number {
        int id, generation;
    } * waiting;
    size_t n_waiting;
    enum change worst;
};

static void worse(struct comparison *c, enum change change)
{
    if (change > c->worst)
        c->worst = change;
}

/* ---- walking ---- */
static void wait_for(struct comparison *c, qpdf_oh object)
{
    int id = qpdf_oh_get_object_id(c->before, object);

    if (id >= OBJECTS_MAX)
        worse(c, CHANGE_CONTENT); /* nobody numbers so high but to hide */
    if (id <= 0 || id >= OBJECTS_MAX || c->seen[id] || c->n_waiting == OBJECTS_MAX)
        return;
    c->seen[id] = 1;
    c->waiting[c->n_waiting++] = (struct number){id, qpdf_oh_get_generation(c->before, object)};
}

static size_t keys_of(struct comparison *c, qpdf_data q, qpdf_oh dictionary, const char **keys)
{
    size_t n = 0;

    qpdf_oh_begin_dict_key_iter(q, dictionary);
    while (qpdf_oh_dict_more_keys(q) && n < KEYS_MAX)
        keys[n++] = arena_strdup(c->arena, qpdf_oh_dict_next_key(q));
    return n;
}

static void follow(struct comparison *c, qpdf_oh value, int depth);

static void follow_all(struct comparison *c, qpdf_oh value, int depth)
{
    if (qpdf_oh_is_array(c->before, value)) {
        int n = qpdf_oh_get_array_n_items(c->before, value);

        for (int i = 0; i < n && i < LIST_MAX; i++)
            follow(c, qpdf_oh_get_array_item(c->before, value, i), depth + 1);
    } else if (qpdf_oh_is_dictionary(c->before, value)) {
        auto_arena struct arena *a = arena_new();
        const char **keys = arena_array(a, const char *, KEYS_MAX);
        size_t n = keys_of(c, c->before, value, keys);

        for (size_t i = 0; i < n; i++)
            follow(c, qpdf_oh_get_key(c->before, value, keys[i]), depth + 1);
    }
}

/* All that a value of the signed revision leads to will be compared. */
static void follow(struct comparison *c, qpdf_oh value, int depth)
{
    if (depth == NESTING_MAX)
        worse(c, CHANGE_CONTENT); /* nobody nests so deep but to hide */
    else if (qpdf_oh_is_indirect(c->before, value))
        wait_for(c, value);
    else
        follow_all(c, value, depth);
}

/* ---- comparing ---- */
static bool same_text(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    char *one = strdup(qpdf_oh_unparse(c->before, before));
    bool same = one && strcmp(one, qpdf_oh_unparse(c->after, after)) == 0;

    free(one);
    return same;
}

static bool same_resolved(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    char *one = strdup(qpdf_oh_unparse_resolved(c->before, before));
    bool same = one && strcmp(one, qpdf_oh_unparse_resolved(c->after, after)) == 0;

    free(one);
    return same;
}

static bool raw(qpdf_data q, qpdf_oh stream, unsigned char **data, size_t *len)
{
    QPDF_BOOL filtered = QPDF_FALSE;

    return !(qpdf_oh_get_stream_data(q, stream, qpdf_dl_none, &filtered, data, len) & QPDF_ERRORS);
}

static bool same_stream(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    unsigned char *one = NULL, *other = NULL;
    size_t n = 0, m = 0;
    bool same = qpdf_oh_is_stream(c->after, after) &&
                same_text(c, qpdf_oh_get_dict(c->before, before), qpdf_oh_get_dict(c->after, after)) &&
                raw(c->before, before, &one, &n) && raw(c->after, after, &other, &m) && n == m &&
                (n == 0 || memcmp(one, other, n) == 0);

    free(one);
    free(other);
    return same;
}

static bool is_listed(const char *key, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(key, *list) == 0)
            return true;
    return false;
}

/* Same under every key but those listed; a listed one may be absent, new or other. */
static bool same_but(struct comparison *c, qpdf_oh before, qpdf_oh after, const char *const *but)
{
    auto_arena struct arena *a = arena_new();
    const char **keys = arena_array(a, const char *, KEYS_MAX);
    size_t n = keys_of(c, c->before, before, keys);

    for (size_t i = 0; i < n; i++)
        if (!is_listed(keys[i], but) &&
            !same_text(c, qpdf_oh_get_key(c->before, before, keys[i]), qpdf_oh_get_key(c->after, after, keys[i])))
            return false;
    n = keys_of(c, c->after, after, keys);
    for (size_t i = 0; i < n; i++)
        if (!is_listed(keys[i], but) && !qpdf_oh_has_key(c->before, before, keys[i]))
            return false;
    return true;
}

static bool is_name(qpdf_data q, qpdf_oh dictionary, const char *key, const char *name)
{
    qpdf_oh value = qpdf_oh_is_dictionary(q, dictionary) ? qpdf_oh_get_key(q, dictionary, key) : 0;

    return value && qpdf_oh_is_name(q, value) && strcmp(qpdf_oh_get_name(q, value), name) == 0;
}

static bool is_field_of(qpdf_data q, qpdf_oh field, const char *type)
{
    for (int up = 0; up < UP_MAX && qpdf_oh_is_dictionary(q, field); up++) {
        if (qpdf_oh_has_key(q, field, "/FT"))
            return is_name(q, field, "/FT", type);
        field = qpdf_oh_get_key(q, field, "/Parent");
    }
    return false;
}

/* A signature that will be judged by itself: one of the form's fields, with a value. A mark alone may hide what is
 * below it. */
static bool is_new_signature(struct comparison *c, qpdf_oh item)
{
    qpdf_oh form = qpdf_oh_get_key(c->after, qpdf_get_root(c->after), "/AcroForm"),
            fields = qpdf_oh_is_dictionary(c->after, form) ? qpdf_oh_get_key(c->after, form, "/Fields") : 0;
    int n = fields && qpdf_oh_is_array(c->after, fields) ? qpdf_oh_get_array_n_items(c->after, fields) : 0,
        id = qpdf_oh_get_object_id(c->after, item);

    if (id <= 0 || !is_field_of(c->after, item, "/Sig") ||
        !qpdf_oh_is_dictionary(c->after, qpdf_oh_get_key(c->after, item, "/V")))
        return false;
    for (int i = 0; i < n && i < LIST_MAX; i++)
        if (qpdf_oh_get_object_id(c->after, qpdf_oh_get_array_item(c->after, fields, i)) == id)
            return true;
    return false;
}

/* The old list stands at the head of the new one; what follows are signature fields. */
static void compare_list(struct comparison *c, qpdf_oh before, qpdf_oh after, enum change otherwise)
{
    int n = qpdf_oh_is_array(c->before, before) ? qpdf_oh_get_array_n_items(c->before, before) : 0,
        m = qpdf_oh_is_array(c->after, after) ? qpdf_oh_get_array_n_items(c->after, after) : 0;

    if (m < n || m > LIST_MAX) {
        worse(c, otherwise);
        return;
    }
    for (int i = 0; i < n; i++)
        if (!same_text(c, qpdf_oh_get_array_item(c->before, before, i), qpdf_oh_get_array_item(c->after, after, i)))
            worse(c, otherwise);
    for (int i = n; i < m; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(c->after, after, i);

        worse(c, is_new_signature(c, item) ? CHANGE_SIGNATURES : otherwise);
    }
}

static void compare_form(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    static const char *const entered[] = {"/Fields", "/SigFlags", NULL};

    if (!qpdf_oh_is_dictionary(c->after, after)) {
        worse(c, CHANGE_CONTENT);
        return;
    }
    if (!qpdf_oh_is_dictionary(c->before, before))
        before = qpdf_oh_new_dictionary(c->before);
    if (!same_but(c, before, after, entered))
        worse(c, CHANGE_FORM);
    compare_list(c, qpdf_oh_get_key(c->before, before, "/Fields"), qpdf_oh_get_key(c->after, after, "/Fields"),
                 CHANGE_FORM);
}

static void compare_root(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    static const char *const entered[] = {"/AcroForm", "/DSS", "/Extensions", NULL};

    if (!same_but(c, before, after, entered))
        worse(c, CHANGE_CONTENT);
    if (!same_text(c, qpdf_oh_get_key(c->before, before, "/DSS"), qpdf_oh_get_key(c->after, after, "/DSS")))
        worse(c, CHANGE_SIGNATURES);
    if (qpdf_oh_has_key(c->before, before, "/AcroForm") || qpdf_oh_has_key(c->after, after, "/AcroForm"))
        compare_form(c, qpdf_oh_get_key(c->before, before, "/AcroForm"), qpdf_oh_get_key(c->after, after, "/AcroForm"));
}

/* A field that waited for its signature; any other that was filled in is told as such. */
static bool compare_field(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    static const char *const entered[] = {"/V", "/AP", "/M", "/F", "/AS", "/Lock", NULL};

    if (!qpdf_oh_is_dictionary(c->after, after) || !same_but(c, before, after, entered))
        return false;
    if (is_field_of(c->before, before, "/Sig"))
        worse(c, !qpdf_oh_has_key(c->before, before, "/V") && is_new_signature(c, after) ? CHANGE_SIGNATURES
                                                                                         : CHANGE_CONTENT);
    else if (is_field_of(c->before, before, "/Tx") || is_field_of(c->before, before, "/Btn") ||
             is_field_of(c->before, before, "/Ch"))
        worse(c, CHANGE_FORM);
    else
        return false;
    return true;
}

static void compare_page(struct comparison *c, qpdf_oh before, qpdf_oh after)
{
    static const char *const entered[] = {"/Annots", NULL};

    if (!qpdf_oh_is_dictionary(c->after, after) || !same_but(c, before, after, entered))
        worse(c, CHANGE_CONTENT);
    else
        compare_list(c, qpdf_oh_get_key(c->before, before, "/Annots"), qpdf_oh_get_key(c->after, after, "/Annots"),
                     CHANGE_ANNOTATIONS);
}

/* More proofs of signatures, in a store that stands beside the catalog. What is no store in all
 * that it says may be seen somewhere, and is not passed over. */
static bool is_store_of_proofs(struct comparison *c, int id, qpdf_oh before, qpdf_oh after)
{
    static const char *const entered[] = {"/Certs", "/CRLs", "/OCSPs", "/VRI", "/Type", NULL};
    qpdf_oh store = qpdf_oh_get_key(c->before, qpdf_get_root(c->before), "/DSS");

    return qpdf_oh_is_indirect(c->before, store) && id == qpdf_oh_get_object_id(c->before, store) &&
           (!qpdf_oh_has_key(c->before, before, "/Type") || is_name(c->before, before, "/Type", "/DSS")) &&
           qpdf_oh_is_dictionary(c->after, after) && same_but(c, before, after, entered);
}

static void compare_object(struct comparison *c, struct number n)
{
    int id = n.id;
    qpdf_oh before = qpdf_get_object_by_id(c->before, id, n.generation),
            after = qpdf_get_object_by_id(c->after, id, n.generation),
            form = qpdf_oh_get_key(c->before, qpdf_get_root(c->before), "/AcroForm");

    if (qpdf_oh_is_stream(c->before, before)) {
        if (!same_stream(c, before, after))
            worse(c, CHANGE_CONTENT);
        follow(c, qpdf_oh_get_dict(c->before, before), 0);
        return;
    }
    if (same_resolved(c, before, after))
        ;
    else if (!qpdf_oh_is_dictionary(c->before, before))
        worse(c, CHANGE_CONTENT);
    else if (id == qpdf_oh_get_object_id(c->before, qpdf_get_root(c->before)))
        compare_root(c, before, after);
    else if (qpdf_oh_is_indirect(c->before, form) && id == qpdf_oh_get_object_id(c->before, form))
        compare_form(c, before, after);
    else if (is_store_of_proofs(c, id, before, after))
        worse(c, CHANGE_SIGNATURES);
    else if (is_name(c->before, before, "/Type", "/Page"))
        compare_page(c, before, after);
    else if (!compare_field(c, before, after))
        worse(c, is_name(c->before, before, "/Type", "/Annot") ? CHANGE_ANNOTATIONS : CHANGE_CONTENT);
    follow_all(c, before, 0);
}

static int root_id(qpdf_data q)
{
    return qpdf_oh_get_object_id(q, qpdf_get_root(q));
}

static enum change compare(struct comparison *c)
{
    /* A new catalog is a new document. */
    if (root_id(c->before) != root_id(c->after) || root_id(c->before) <= 0)
        return CHANGE_CONTENT;
    wait_for(c, qpdf_get_root(c->before));
    while (c->n_waiting && c->worst < CHANGE_CONTENT)
        compare_object(c, c->waiting[--c->n_waiting]);
    return c->worst;
}

/* White space and comments alone change nothing. */
static bool adds_nothing(struct bytes pdf, size_t len)
{
    const char *s = pdf.data;

    for (; len < pdf.len; len++)
        if (!strchr(" \r\n\t", s[len]) || !s[len])
            return false;
    return true;
}

enum change changes_since(struct bytes pdf, size_t len, struct arena *a)
{
    struct comparison c = {.arena = a};
    enum change found;

    if (adds_nothing(pdf, len))
        return CHANGE_NONE;
    if (pdf_read((struct bytes){pdf.data, len}, &c.before) != PDF_GOOD) {
        pdf_close(&c.before);
        return CHANGE__COUNT;
    }
    c.seen = calloc(OBJECTS_MAX, 1);
    c.waiting = calloc(OBJECTS_MAX, sizeof *c.waiting);
    if (!c.seen || !c.waiting)
        die("out of memory", OBJECTS_MAX);
    found = pdf_read(pdf, &c.after) == PDF_GOOD ? compare(&c) : CHANGE_CONTENT;
    /* Something is there that no object of the signed revision leads to: nobody sees it. */
    if (found == CHANGE_NONE)
        found = CHANGE_SIGNATURES;
    free(c.seen);
    free(c.waiting);
    pdf_close(&c.before);
    pdf_close(&c.after);
    return found;
}
