/* Additions to a PDF that leave every byte of it as it is (ISO 32000-1, 7.5.6): a signature's field with its mark, and
 * the store of proofs. libqpdf reads what is there; what is added is written here, because a library that rewrites the
 * file would break the signatures before. */
#include "document/inspect_internal.h"
#include "document/pdf_write.h"
#include "document/sign_internal.h"

#include <qpdf/qpdf-c.h>
#include <stdlib.h>
#include <string.h>

enum { NEW_MAX = 64, PDF_MAX = 256 << 20, TEXT_MAX = 4096 };
static const double COPY_MARGIN = 18;

struct entry {
    int id, generation;
    size_t at;
};

struct update {
    qpdf_data q;
    struct buf out;
    struct entry entries[NEW_MAX];
    size_t n;
    int last_id;
    int next_id;      /* of what is added to a PDF of ours; 0: libqpdf looks for one that nothing names */
    size_t last_xref; /* where the newest cross-reference section of the file begins */
    bool by_stream;   /* that section is a stream (PDF 1.5) */
};

/* ---- reading what is there ---- */
static bool find_xref(struct update *u, struct bytes pdf)
{
    static const char word[] = "startxref";
    size_t len = sizeof word - 1, at = pdf.len;
    const char *data = pdf.data;
    char digits[24];
    int64_t offset;

    while (at >= len && memcmp(data + at - len, word, len) != 0)
        at--;
    if (at < len)
        return false;
    while (at < pdf.len && strchr(" \r\n\t", data[at]))
        at++;
    for (len = 0; at + len < pdf.len && len < sizeof digits - 1 && data[at + len] >= '0' && data[at + len] <= '9';
         len++)
        digits[len] = data[at + len];
    digits[len] = '\0';
    if (!text_to_i64(digits, 1, (int64_t)pdf.len - 5, &offset))
        return false;
    u->last_xref = (size_t)offset;
    u->by_stream = memcmp(data + offset, "xref", 4) != 0;
    return true;
}

/* own: drawn here, so its /Size is what it must be. Of another's PDF every object is read for what it may refer to. */
static bool update_open(struct update *u, struct bytes pdf, bool own, struct error *e)
{
    *u = (struct update){.q = qpdf_init(), .out = BUF_INIT(PDF_MAX)};
    qpdf_silence_errors(u->q);
    qpdf_set_suppress_warnings(u->q, QPDF_TRUE);
    qpdf_set_attempt_recovery(u->q, QPDF_FALSE);
    if (qpdf_read_memory(u->q, "paper", pdf.data, pdf.len, NULL) >= QPDF_ERRORS || qpdf_is_encrypted(u->q) ||
        !find_xref(u, pdf))
        return fail(e, E_PDF_UNSOUND, "not a PDF that can be added to");
    if (own)
        u->next_id = qpdf_oh_get_int_value_as_int(u->q, qpdf_oh_get_key(u->q, qpdf_get_trailer(u->q), "/Size"));
    buf_add(&u->out, pdf.data, pdf.len);
    if (pdf.len && ((const char *)pdf.data)[pdf.len - 1] != '\n')
        buf_puts(&u->out, "\n");
    return true;
}

static void update_close(struct update *u)
{
    pdf_close(&u->q);
    buf_done(&u->out);
}

/* ---- writing ---- */
/* A reference to an object that will be written. */
static qpdf_oh reserve(struct update *u, int *id)
{
    qpdf_oh made;

    if (u->next_id > 0) {
        *id = u->next_id++;
        return qpdf_get_object_by_id(u->q, *id, 0);
    }
    made = qpdf_make_indirect_object(u->q, qpdf_oh_new_dictionary(u->q));
    *id = qpdf_oh_get_object_id(u->q, made);
    return made;
}

static void begin(struct update *u, int id, int generation)
{
    if (u->n < NEW_MAX)
        u->entries[u->n++] = (struct entry){id, generation, u->out.len};
    if (id > u->last_id)
        u->last_id = id;
    buf_printf(&u->out, "%d %d obj\n", id, generation);
}

static void end(struct update *u)
{
    buf_puts(&u->out, "\nendobj\n");
}

static void write_again(struct update *u, qpdf_oh object)
{
    begin(u, qpdf_oh_get_object_id(u->q, object), qpdf_oh_get_generation(u->q, object));
    buf_puts(&u->out, qpdf_oh_unparse_resolved(u->q, object));
    end(u);
}

static void write_stream(struct update *u, int id, const char *dictionary, struct bytes data)
{
    begin(u, id, 0);
    buf_printf(&u->out, "<< %s/Length %zu >>\nstream\n", dictionary, data.len);
    buf_add(&u->out, data.data, data.len);
    buf_puts(&u->out, "\nendstream");
    end(u);
}

static int by_id(const void *a, const void *b)
{
    return ((const struct entry *)a)->id - ((const struct entry *)b)->id;
}

static void put_key(struct update *u, qpdf_oh trailer, const char *key)
{
    qpdf_oh value = qpdf_oh_get_key(u->q, trailer, key);

    if (!qpdf_oh_is_null(u->q, value))
        buf_printf(&u->out, " %s %s", key, qpdf_oh_unparse(u->q, value));
}

/* /Size, /Root, /Info, /ID (its first part stays, the second is new) and /Prev. */
static void put_trailer_keys(struct update *u, size_t size)
{
    qpdf_oh trailer = qpdf_get_trailer(u->q), id = qpdf_oh_get_key(u->q, trailer, "/ID");
    char fresh[33];

    random_hex(fresh, 16);
    buf_printf(&u->out, "/Size %zu /Prev %zu", size, u->last_xref);
    put_key(u, trailer, "/Root");
    put_key(u, trailer, "/Info");
    buf_puts(&u->out, " /ID [");
    if (qpdf_oh_is_array(u->q, id) && qpdf_oh_get_array_n_items(u->q, id) == 2)
        buf_puts(&u->out, qpdf_oh_unparse(u->q, qpdf_oh_get_array_item(u->q, id, 0)));
    else
        buf_printf(&u->out, "<%s>", fresh);
    buf_printf(&u->out, " <%s>]", fresh);
}

static size_t run_of(const struct update *u, size_t from)
{
    size_t n = 1;

    while (from + n < u->n && u->entries[from + n].id == u->entries[from].id + (int)n)
        n++;
    return n;
}

static void put_table(struct update *u, size_t size)
{
    size_t at = u->out.len;

    buf_puts(&u->out, "xref\n");
    for (size_t i = 0; i < u->n;) {
        size_t n = run_of(u, i);

        buf_printf(&u->out, "%d %zu\n", u->entries[i].id, n);
        for (; n; n--, i++)
            buf_printf(&u->out, "%010zu %05d n \n", u->entries[i].at, u->entries[i].generation);
    }
    buf_puts(&u->out, "trailer\n<< ");
    put_trailer_keys(u, size);
    buf_printf(&u->out, " >>\nstartxref\n%zu\n%%%%EOF\n", at);
}

/* Rows of type, offset and generation, as they are: a few dozen bytes are not worth packing. */
static void put_stream(struct update *u, size_t size)
{
    size_t at = u->out.len, own = size;

    u->entries[u->n++] = (struct entry){(int)own, 0, at};
    buf_printf(&u->out, "%zu 0 obj\n<< /Type /XRef /W [1 4 2] /Index [", own);
    for (size_t i = 0; i < u->n; i += run_of(u, i))
        buf_printf(&u->out, "%d %zu ", u->entries[i].id, run_of(u, i));
    buf_puts(&u->out, "] ");
    put_trailer_keys(u, size + 1);
    buf_printf(&u->out, " /Length %zu >>\nstream\n", u->n * 7);
    for (size_t i = 0; i < u->n; i++) {
        size_t o = u->entries[i].at;
        int g = u->entries[i].generation;
        const unsigned char row[7] = {1,
                                      (unsigned char)(o >> 24),
                                      (unsigned char)(o >> 16),
                                      (unsigned char)(o >> 8),
                                      (unsigned char)o,
                                      (unsigned char)(g >> 8),
                                      (unsigned char)g};

        buf_add(&u->out, row, sizeof row);
    }
    buf_printf(&u->out, "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n", at);
}

static bool finish(struct update *u, struct arena *a, struct bytes *out, struct error *e)
{
    int64_t before = qpdf_oh_get_int_value(u->q, qpdf_oh_get_key(u->q, qpdf_get_trailer(u->q), "/Size"));
    size_t size = (size_t)(before > u->last_id ? before : u->last_id + 1);

    if (qpdf_has_error(u->q) || u->n >= NEW_MAX)
        return fail(e, E_PDF_UNSOUND, "the PDF cannot be added to");
    qsort(u->entries, u->n, sizeof *u->entries, by_id);
    if (u->by_stream)
        put_stream(u, size);
    else
        put_table(u, size);
    if (u->out.overflow)
        return fail(e, E_BODY_TOO_LARGE, "a PDF of more than %d bytes", PDF_MAX);
    *out = (struct bytes){arena_strndup(a, u->out.data, u->out.len), u->out.len};
    return true;
}

/* ---- a signature ---- */
/* The list under a key, with one more in it, in place of the list that was there. */
static void append(struct update *u, qpdf_oh holder, const char *key, qpdf_oh item)
{
    qpdf_oh before = qpdf_oh_get_key(u->q, holder, key), list = qpdf_oh_new_array(u->q);

    for (int i = 0; qpdf_oh_is_array(u->q, before) && i < qpdf_oh_get_array_n_items(u->q, before); i++)
        qpdf_oh_append_item(u->q, list, qpdf_oh_get_array_item(u->q, before, i));
    qpdf_oh_append_item(u->q, list, item);
    qpdf_oh_replace_key(u->q, holder, key, list);
}

/* The form stays where it was, inside the catalog or beside it. */
static void write_form(struct update *u, qpdf_oh field)
{
    qpdf_oh root = qpdf_get_root(u->q), form = qpdf_oh_get_key(u->q, root, "/AcroForm");

    if (!qpdf_oh_is_dictionary(u->q, form)) {
        form = qpdf_oh_new_dictionary(u->q);
        append(u, form, "/Fields", field);
        qpdf_oh_replace_key(u->q, form, "/SigFlags", qpdf_oh_new_integer(u->q, 3));
        qpdf_oh_replace_key(u->q, root, "/AcroForm", form);
        write_again(u, root);
        return;
    }
    append(u, form, "/Fields", field);
    qpdf_oh_replace_key(u->q, form, "/SigFlags", qpdf_oh_new_integer(u->q, 3));
    write_again(u, qpdf_oh_is_indirect(u->q, form) ? form : root);
}

/* The page's visible box, which may be inherited: [0 0 595.276 841.89] when there is none. */
static void page_box(struct update *u, qpdf_oh page, double box[static 4])
{
    static const double a4[] = {0, 0, 595.276, 841.89};
    qpdf_oh found;

    memcpy(box, a4, sizeof a4);
    for (int up = 0; up < 32; up++) {
        found = qpdf_oh_get_key(u->q, page, "/MediaBox");
        if (qpdf_oh_is_array(u->q, found) && qpdf_oh_get_array_n_items(u->q, found) == 4) {
            for (int i = 0; i < 4; i++)
                box[i] = qpdf_oh_get_numeric_value(u->q, qpdf_oh_get_array_item(u->q, found, i));
            return;
        }
        page = qpdf_oh_get_key(u->q, page, "/Parent");
        if (!qpdf_oh_is_dictionary(u->q, page))
            return;
    }
}

static void write_field(struct update *u, const struct pdf_signature *s, qpdf_oh page, int field, int value, int shown)
{
    double box[4] = {0}, x = s->x, y = s->y;

    if (s->mark && s->from_top_right) {
        page_box(u, page, box);
        x = box[2] - COPY_MARGIN - s->mark->width;
        y = box[3] - COPY_MARGIN - s->mark->height;
    }
    begin(u, field, 0);
    buf_puts(&u->out, "<< /Type /Annot /Subtype /Widget /FT /Sig /F 132 /T ");
    pdf_put_text(&u->out, s->field);
    buf_puts(&u->out, " /TU ");
    pdf_put_text(&u->out, s->tip);
    buf_printf(&u->out, " /V %d 0 R /P %s", value, qpdf_oh_unparse(u->q, page));
    if (shown)
        buf_printf(&u->out, " /Rect [%.2f %.2f %.2f %.2f] /AP << /N %d 0 R >> >>", x, y, x + s->mark->width,
                   y + s->mark->height, shown);
    else
        buf_puts(&u->out, " /Rect [0 0 0 0] >>");
    end(u);
}

static void write_mark(struct update *u, const struct mark *m, int id)
{
    char head[200];

    (void)snprintf(head, sizeof head,
                   "/Type /XObject /Subtype /Form /BBox [0 0 %.2f %.2f] /Resources << >> /Filter /FlateDecode ",
                   m->width, m->height);
    write_stream(u, id, head, m->content);
}

static void put_date(struct buf *b, int64_t at)
{
    char text[INSTANT_TEXT_MAX];

    instant_format(at, text);
    buf_printf(b, "(D:%.4s%.2s%.2s%.2s%.2s%.2s%.3s'%.2s')", text, text + 5, text + 8, text + 11, text + 14, text + 17,
               text + 23, text + 27);
}

/* Numbers of fixed width: where the hole is, is known only when all else stands. */
static size_t put_range(struct buf *b)
{
    size_t at = b->len;

    buf_puts(b, "[0 0000000000 0000000000 0000000000]");
    return at;
}

static void write_value(struct update *u, const struct pdf_signature *s, int id, size_t *range, struct pdf_hole *hole)
{
    begin(u, id, 0);
    buf_puts(&u->out, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Name ");
    pdf_put_text(&u->out, s->signer);
    buf_puts(&u->out, " /Reason ");
    pdf_put_text(&u->out, s->reason);
    buf_puts(&u->out, " /M ");
    put_date(&u->out, s->at);
    buf_puts(&u->out, " /ByteRange ");
    *range = put_range(&u->out);
    buf_puts(&u->out, " /Contents <");
    *hole = (struct pdf_hole){u->out.len, s->room * 2};
    {
        char *zeros = buf_room(&u->out, hole->len);

        if (zeros) {
            memset(zeros, '0', hole->len);
            u->out.len += hole->len;
        }
    }
    buf_puts(&u->out, "> >>");
    end(u);
}

/* clang-tidy's analyzer aside, len is checked by finish(): past the ceiling the builder keeps what fitted. */
static void fill_range(const struct bytes *pdf, size_t range, const struct pdf_hole *hole)
{
    size_t after = hole->at + hole->len + 1; /* the hole in the range holds < and > too */
    char text[48];
    int n = snprintf(text, sizeof text, "[0 %010zu %010zu %010zu]", hole->at - 1, after, pdf->len - after);

    memcpy((char *)(uintptr_t)pdf->data + range, text, (size_t)n);
}

static bool add_signature(struct update *u, const struct pdf_signature *s, struct arena *a, struct bytes *out,
                          struct pdf_hole *hole, struct error *e)
{
    int field, value, shown = 0, pages = qpdf_get_num_pages(u->q);
    qpdf_oh page, reference;
    size_t range;

    if (pages < 1 || s->page > pages)
        return fail(e, E_PDF_UNSOUND, "the PDF has no page %d", s->page);
    page = qpdf_get_page_n(u->q, (size_t)(s->page > 0 ? s->page - 1 : 0));
    reference = reserve(u, &field);
    (void)reserve(u, &value);
    if (s->mark) {
        (void)reserve(u, &shown);
        write_mark(u, s->mark, shown);
    }
    write_value(u, s, value, &range, hole);
    write_field(u, s, page, field, value, shown);
    append(u, page, "/Annots", reference);
    write_again(u, page);
    write_form(u, reference);
    if (!finish(u, a, out, e))
        return false;
    fill_range(out, range, hole);
    return true;
}

bool pdf_add_signature(struct bytes pdf, const struct pdf_signature *s, struct arena *a, struct bytes *out,
                       struct pdf_hole *hole, struct error *e)
{
    struct update u;
    bool good = update_open(&u, pdf, s->own, e) && add_signature(&u, s, a, out, hole, e);

    update_close(&u);
    return good;
}

/* ---- the store of proofs (DSS) ---- */
static void add_streams(struct update *u, qpdf_oh store, const char *key, const struct bytes *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int id;
        qpdf_oh stream = reserve(u, &id);

        write_stream(u, id, "", data[i]);
        append(u, store, key, stream);
    }
}

bool pdf_add_proof(struct bytes pdf, const struct pdf_proof *proof, bool own, struct arena *a, struct bytes *out,
                   struct error *e)
{
    struct update u;
    bool good = update_open(&u, pdf, own, e);

    if (good) {
        qpdf_oh root = qpdf_get_root(u.q), store = qpdf_oh_get_key(u.q, root, "/DSS");

        if (!qpdf_oh_is_dictionary(u.q, store)) {
            store = qpdf_oh_new_dictionary(u.q);
            qpdf_oh_replace_key(u.q, store, "/Type", qpdf_oh_new_name(u.q, "/DSS"));
            qpdf_oh_replace_key(u.q, root, "/DSS", store);
        }
        add_streams(&u, store, "/Certs", proof->certificates, proof->n_certificates);
        add_streams(&u, store, "/CRLs", proof->lists, proof->n_lists);
        add_streams(&u, store, "/OCSPs", proof->replies, proof->n_replies);
        if (qpdf_oh_is_indirect(u.q, store))
            write_again(&u, store);
        else
            write_again(&u, root);
        good = finish(&u, a, out, e);
    }
    update_close(&u);
    return good;
}
