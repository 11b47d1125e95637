/* The form and its papers: filled from what the city knows, locked where a registry masters the answer, and never
 * asking for a paper that a registry or the vault satisfies. */
#include "casework/casework_internal.h"

#include <string.h>

/* ---- prefill ---- */

static json_t *party_field(const struct party *p, const char *field)
{
    /* clang-format off */
    const struct { const char *name, *value; } fields[] = {
        {"/name", p->name}, {"/number", p->number}, {"/phone", p->phone}, {"/email", p->email},
        {"/address", p->address}, {"/place", p->place},
    };
    /* clang-format on */

    for (size_t i = 0; i < COUNT(fields); i++)
        if (strcmp(fields[i].name, field) == 0)
            return fields[i].value ? json_string(fields[i].value) : NULL;
    return NULL;
}

/* The applicant's record in a registry: the one their personal number names; NULL when there is none. */
static bool own_record(struct db *db, struct arena *a, const struct house *h, const char *registry,
                       const struct party *applicant, struct prefill *known, const struct record **out, struct error *e)
{
    const struct registry *r = registry_find(h, registry);

    *out = NULL;
    if (!r || !applicant->number)
        return true;
    for (size_t i = 0; i < known->n_own; i++)
        if (known->own[i].registry == r) {
            *out = known->own[i].record;
            return true;
        }
    if (!record_own(db, a, h, r, applicant->number, out, e))
        return false;
    if (known->n_own < OWN_RECORDS_MAX) /* past it, read again each time */
        known->own[known->n_own++] = (struct own_record){r, *out};
    return true;
}

/* ---- fields that name one of the applicant's own records ---- */

enum { CHOICES_MAX = 50 };

static bool own_choices(struct db *db, struct arena *a, const struct house *h, const struct own_field *field,
                        const struct party *applicant, json_t **out, struct error *e)
{
    const struct registry *r = registry_find(h, field->registry);
    const char *person = r ? registry_person_field(r) : NULL;
    struct record *found;
    size_t n = 0;

    *out = json_held(a, json_array());
    if (!person || !applicant->number)
        return true;
    found = arena_array(a, struct record, CHOICES_MAX);
    if (!record_where(db, a, r, person, applicant->number, found, CHOICES_MAX, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(
            *out, json_pack("{s:s, s:s}", "const", found[i].key, "title", record_title(a, r, found[i].body, LANG_VI)));
    return true;
}

static bool fill_choices(struct db *db, struct arena *a, const struct house *h, const struct service *s,
                         const struct party *applicant, struct prefill *out, struct error *e)
{
    for (size_t i = 0; i < s->n_own; i++) {
        const json_t *only;

        if (!own_choices(db, a, h, &s->own[i], applicant, &out->choices[i], e))
            return false;
        only = json_array_get(out->choices[i], 0);
        if (json_array_size(out->choices[i]) == 1 &&
            !json_set_at(out->data, s->own[i].pointer, json_incref(json_object_get(only, "const"))))
            return fail(e, E_PACK, "x-own at %s stands below a value", s->own[i].pointer);
    }
    return true;
}

json_t *form_offered_new(const struct service *s, const struct prefill *known, const json_t *form)
{
    json_t *out = json_deep_copy(form);

    for (size_t i = 0; i < s->n_own; i++) {
        json_t *field = form_field_schema(out, s->own[i].pointer);

        if (json_is_object(field) && json_array_size(known->choices[i]))
            (void)json_object_set(field, "oneOf", known->choices[i]); /* fails only without memory */
    }
    return out;
}

static bool is_offered(const json_t *choices, const json_t *value)
{
    size_t i;
    const json_t *one;

    json_array_foreach(choices, i, one) if (json_equal(json_object_get(one, "const"), value)) return true;
    return false;
}

/* A dossier about somebody else's land or business is none of the applicant's. */
static bool own_records_named(const struct service *s, const struct prefill *known, const json_t *form, struct error *e)
{
    for (size_t i = 0; i < s->n_own; i++) {
        const json_t *value = json_at(form, s->own[i].pointer);

        if (value && !is_offered(known->choices[i], value))
            return fail_field(e, s->own[i].pointer, "own", s->own[i].registry);
    }
    return true;
}

json_t *party_value_new(const struct party *p)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "number", json_text_or_null(p->number), "name",
                     json_text_or_null(p->name), "phone", json_text_or_null(p->phone), "email",
                     json_text_or_null(p->email), "address", json_text_or_null(p->address), "place",
                     json_text_or_null(p->place));
}

/* A record is only read, and the next source may set something within an object of the form. */
static json_t *own_value_new(json_t *value)
{
    return json_is_object(value) || json_is_array(value) ? json_deep_copy(value) : json_incref(value);
}

static bool fill_sources(struct db *db, struct arena *a, const struct house *h, const struct service *s,
                         const struct party *applicant, struct prefill *out, struct error *e)
{
    for (size_t i = 0; i < s->n_sources; i++) {
        const struct source *source = &s->sources[i];
        const struct record *own;
        json_t *value = NULL;

        if (!source->registry) {
            value = party_field(applicant, source->field);
        } else {
            if (!own_record(db, a, h, source->registry, applicant, out, &own, e))
                return false;
            value = own ? own_value_new(json_at(own->body, source->field)) : NULL;
        }
        if (!value || json_is_null(value)) {
            json_decref(value);
            continue;
        }
        if (json_set_at(out->data, source->pointer, value) && source->locked)
            (void)json_array_append_new(out->locked, json_string(source->pointer)); /* fails only without memory */
    }
    return true;
}

static bool fill_defaults(struct arena *a, const struct service *s, const struct party *applicant, int64_t now,
                          struct prefill *out, struct error *e)
{
    char today[DATE_TEXT_MAX];
    struct expr_scope scope[] = {
        {"applicant", json_held(a, party_value_new(applicant))},
        {"person", out->person ? out->person : json_held(a, json_object())},
        {"form", out->data},
        {"today", NULL},
        {0},
    };

    date_format(date_at(now), today);
    scope[3].value = json_held(a, json_string(today));
    for (size_t i = 0; i < s->n_defaults; i++) {
        json_t *value = NULL;

        if (json_at(out->data, s->defaults[i].pointer))
            continue;
        if (!expr_json(s->defaults[i].value, scope, &value, e))
            return false;
        if (json_is_null(value))
            json_decref(value);
        else if (!json_set_at(out->data, s->defaults[i].pointer, value))
            return fail(e, E_PACK, "x-default at %s stands below a value", s->defaults[i].pointer);
    }
    return true;
}

/* Plain `default`s of the schema's own properties, so that a client that sends only what it was told still fits. */
static void fill_plain(json_t *data, const json_t *schema)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *field;

    json_object_foreach((json_t *)(uintptr_t)properties, name, field)
    {
        json_t *plain = json_object_get(field, "default");

        if (plain && !json_object_get(data, name))
            (void)json_object_set_new(data, name, json_deep_copy(plain)); /* fails only without memory */
    }
}

bool form_prefill(struct db *db, struct arena *a, const struct house *h, const struct service *s,
                  const struct party *applicant, struct prefill *out, struct error *e)
{
    const struct record *person = NULL;

    *out = (struct prefill){.data = json_held(a, json_object()), .locked = json_held(a, json_array())};
    if (!fill_sources(db, a, h, s, applicant, out, e) || !fill_choices(db, a, h, s, applicant, out, e))
        return false;
    if (s->n_defaults && !own_record(db, a, h, "person", applicant, out, &person, e))
        return false;
    out->person = person ? person->body : NULL;
    fill_plain(out->data, schema_json(s->form));
    return fill_defaults(a, s, applicant, now_ms(), out, e);
}

/* ---- accepting ---- */

/* Lays over under top; members of top win, objects merge. Objects that merged are new, all else is theirs as well and
 * may only be read. New reference. */
static json_t *merged(const json_t *under, const json_t *top)
{
    json_t *out = json_copy((json_t *)(uintptr_t)under), *member;
    const char *name;

    json_object_foreach((json_t *)(uintptr_t)top, name, member)
    {
        const json_t *below = json_object_get(under, name);
        bool both = json_is_object(below) && json_is_object(member);

        (void)json_object_set_new(out, name, both ? merged(below, member) : json_incref(member));
    }
    return out;
}

/* Asked of the whole form, not of what was sent: a parent that was replaced takes its locked members with it. */
static bool locked_kept(const struct prefill *known, const json_t *form, struct error *e)
{
    size_t i;
    const json_t *item;
    bool ok = true;

    json_array_foreach(known->locked, i, item)
    {
        const char *pointer = json_string_value(item);
        const json_t *now = json_at(form, pointer), *before = json_at(known->data, pointer);

        if (now == before || json_equal(now, before)) /* neither may be there: json_equal(NULL, NULL) is false */
            continue;
        if (ok)
            ok = fail(e, E_FIELD_LOCKED, "a locked field was changed");
        (void)fail_field(e, pointer, "locked", NULL);
    }
    return ok;
}

bool form_accept(const struct service *s, const struct prefill *known, const json_t *submitted, struct arena *a,
                 json_t **form, struct error *e)
{
    if (submitted && !json_is_object(submitted))
        return fail_field(e, "/form", "type", "object");
    *form = json_held(a, merged(known->data, submitted));
    if (!locked_kept(known, *form, e))
        return false;
    if (schema_validate(s->form, *form, e) && own_records_named(s, known, *form, e))
        return true;
    e->code = E_FORM_INVALID;
    return false;
}

bool form_fee(const struct service *s, const json_t *form, const struct party *applicant, struct arena *a, int64_t *fee,
              struct error *e)
{
    struct expr_scope scope[] = {{"form", form}, {"applicant", json_held(a, party_value_new(applicant))}, {0}};

    *fee = 0;
    return !s->fee || expr_i64(s->fee, scope, fee, e);
}

/* ---- papers ---- */

static bool satisfied_by_registry(struct db *db, struct arena *a, const struct house *h, const char *name,
                                  const struct party *applicant, struct prefill *known, enum lang lang, struct paper *p,
                                  struct error *e)
{
    const struct record *own;

    if (!own_record(db, a, h, name, applicant, known, &own, e))
        return false;
    if (own) {
        p->held_registry = name;
        p->held_key = own->key;
        p->held_title = record_title(a, registry_find(h, name), own->body, lang);
        p->source = "registry";
    }
    return true;
}

static bool satisfied_by_vault(struct db *db, struct arena *a, const char *kind, const struct party *applicant,
                               int64_t now, struct paper *p, struct error *e)
{
    struct document d;
    size_t n = 0;

    if (!document_held(db, a, applicant->id, kind, now, &d, 1, &n, e))
        return false;
    if (n) {
        p->held_document = d.id;
        p->held_title = d.title;
        p->source = "vault";
    }
    return true;
}

static bool paper_known(struct db *db, struct arena *a, const struct house *h, struct prefill *known,
                        const json_t *form, const struct party *applicant, int64_t now, enum lang lang, struct paper *p,
                        struct error *e)
{
    const struct expr_scope scope[] = {{"form", form}, {0}};

    p->required = p->rule->required;
    if (p->rule->required_if && form && !expr_bool(p->rule->required_if, scope, &p->required, e))
        return false;
    for (size_t i = 0; i < p->rule->n_satisfied && !p->source; i++) {
        const char *by = p->rule->satisfied_by[i], *name = strchr(by, ':') + 1;
        bool ok = text_starts_with(by, "registry:")
                      ? satisfied_by_registry(db, a, h, name, applicant, known, lang, p, e)
                      : satisfied_by_vault(db, a, name, applicant, now, p, e);

        if (!ok)
            return false;
    }
    /* The paper itself, issued or certified: what was proven once need not be brought again. */
    return p->source || satisfied_by_vault(db, a, p->rule->kind, applicant, now, p, e);
}

bool papers_known(struct db *db, struct arena *a, const struct house *h, const struct service *s, struct prefill *known,
                  const json_t *form, const struct party *applicant, int64_t now, enum lang lang, struct paper **out,
                  size_t *n, struct error *e)
{
    *out = arena_array(a, struct paper, s->n_papers);
    for (*n = 0; *n < s->n_papers; ++*n) {
        (*out)[*n].rule = &s->papers[*n];
        if (!paper_known(db, a, h, known, form, applicant, now, lang, &(*out)[*n], e))
            return false;
    }
    return true;
}

/* One {kind, document} of what was handed in: the caller's own upload, or a paper of their vault. */
static bool hand_in(struct db *db, struct arena *a, const struct actor *who, struct paper *papers, size_t n,
                    const json_t *row, const char *pointer, struct error *e)
{
    const char *kind = json_str(row, "kind"), *text = json_str(row, "document");
    struct paper *p = NULL;
    struct document d;
    int64_t id;
    bool found, issued;

    for (size_t i = 0; i < n && !p; i++)
        if (text_equal(papers[i].rule->kind, kind))
            p = &papers[i];
    if (!p)
        return fail_field(e, pointer, "absent", kind ? kind : "kind");
    if (!text || !text_to_i64(text, 1, INT64_MAX, &id))
        return fail_field(e, pointer, "required", "document");
    if (!document_find(db, a, id, &d, &found, e))
        return false;
    /* Who uploaded a paper may hand it in; an issued one only its owner, or the officer who signed it could. */
    issued = found && d.issued_at != INSTANT_NONE;
    if (!found || (d.owner != who->party && (issued || d.uploader != who->party)))
        return fail_field(e, pointer, "absent", text);
    p->document = id;
    p->source = issued ? "vault" : "upload";
    return true;
}

bool papers_accept(struct db *db, struct arena *a, const struct actor *who, struct paper *papers, size_t n,
                   const json_t *handed_in, bool complete, struct error *e)
{
    size_t i;
    const json_t *row;
    bool ok = true;

    json_array_foreach(
        handed_in, i, row) if (!hand_in(db, a, who, papers, n, row, arena_printf(a, "/papers/%zu", i), e)) return false;
    if (!complete)
        return true;
    for (i = 0; i < n; i++) {
        if (!papers[i].required || papers[i].rule->present_only || papers[i].document || papers[i].source)
            continue;
        if (ok)
            ok = fail(e, E_PAPER_MISSING, "papers lack");
        (void)fail_field(e, "/papers", "paper", papers[i].rule->title[LANG_VI]);
    }
    return ok;
}

bool papers_bind(struct db *db, const struct paper *papers, size_t n, int64_t case_id, int64_t owner, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct paper *p = &papers[i];
        int64_t document = p->document ? p->document : p->held_document;

        /* What the vault gives is filed too: whoever works on the case may open it, and is told when it ends. */
        if (document && !document_bind(db, document, case_id, owner, p->rule->kind, p->rule->title[LANG_VI], e))
            return false;
    }
    return true;
}

int64_t papers_held(const struct paper *papers, size_t n)
{
    int64_t held = 0;

    for (size_t i = 0; i < n; i++)
        held += papers[i].held_registry || papers[i].held_document;
    return held;
}

json_t *papers_stored(struct arena *a, const struct paper *papers, size_t n)
{
    json_t *list = json_held(a, json_array());

    for (size_t i = 0; i < n; i++) {
        const struct paper *p = &papers[i];
        json_t *held_by = p->held_registry   ? json_pack("{s:s, s:s, s:s}", "registry", p->held_registry, "key",
                                                         p->held_key, "title", p->held_title)
                          : p->held_document ? json_pack("{s:o, s:s}", "document", json_id(p->held_document), "title",
                                                         p->held_title ? p->held_title : "")
                                             : json_null();

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:b, s:o, s:o, s:o}", "kind", p->rule->kind, "required",
                                              p->required, "document", p->document ? json_id(p->document) : json_null(),
                                              "source", json_text_or_null(p->source), "held", held_by));
    }
    return list;
}

const struct paper_rule *service_paper(const struct service *s, const char *kind)
{
    for (size_t i = 0; i < s->n_papers; i++)
        if (text_equal(s->papers[i].kind, kind))
            return &s->papers[i];
    return NULL;
}

static json_t *document_wire_new(struct db *db, struct arena *a, const char *id_text)
{
    struct document d;
    struct error e;
    int64_t id;
    bool found = false;

    error_init(&e);
    if (!id_text || !text_to_i64(id_text, 1, INT64_MAX, &id))
        return json_null();
    if (!document_find(db, a, id, &d, &found, &e))
        log_line(LOG_WARN, "paper-unread", "document=%s why=\"%s\"", id_text, e.detail); /* the case is still shown */
    return found ? document_json_new(&d) : json_null();
}

void papers_write(struct json_out *o, struct db *db, struct arena *a, const struct service *s, const json_t *stored,
                  enum lang lang)
{
    size_t i;
    const json_t *row;

    out_open(o, '[');
    json_array_foreach(stored, i, row)
    {
        const char *kind = json_str(row, "kind");
        const struct paper_rule *rule = service_paper(s, kind);
        json_auto_t *document = document_wire_new(db, a, json_str(row, "document"));

        out_open(o, '{');
        out_member_text(o, "kind", kind);
        out_member_text(o, "title", rule ? rule->title[lang] : kind);
        out_member_bool(o, "required", json_flag(row, "required"));
        out_member_json(o, "document", document);
        out_member_text(o, "source", json_str(row, "source"));
        out_member_json(o, "held", json_object_get(row, "held"));
        out_close(o, '}');
    }
    out_close(o, ']');
}
