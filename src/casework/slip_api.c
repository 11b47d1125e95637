/* Slips over HTTP: those of a case, those of a unit by their number, and what is printed when asked for: a control slip
 * as far as the dossier has come, a register of a unit and a time. */
#include "casework/casework_api.h"

#include <inttypes.h>
#include <string.h>

enum { REGISTER_DAYS_MAX = 366 };

/* clang-format off */
struct slips_query { const char *unit, *kind; int64_t year, number; };
const struct field slips_fields[] = {
    {"unit",   FIELD_TEXT, offsetof(struct slips_query, unit),   FIELD_REQUIRED, 40},
    {"kind",   FIELD_TEXT, offsetof(struct slips_query, kind),   FIELD_REQUIRED, 64, .title = "name of the paper"},
    {"year",   FIELD_I64,  offsetof(struct slips_query, year),   0, 9999, .title = "this year when absent"},
    {"number", FIELD_I64,  offsetof(struct slips_query, number), 0, 100000000},
    {0},
};

struct register_query { const char *from, *to, *kind; };
const struct field register_fields[] = {
    {"from", FIELD_DATE, offsetof(struct register_query, from), FIELD_REQUIRED, .title = "first day"},
    {"to",   FIELD_DATE, offsetof(struct register_query, to),   FIELD_REQUIRED, .title = "last day"},
    {"kind", FIELD_TEXT, offsetof(struct register_query, kind), 0, 64, .title = "name of a paper about a unit's dossiers; the register when absent"},
    {0},
};
/* clang-format on */

/* ---- as they travel ---- */

static bool write_document(struct json_out *o, struct db *db, struct arena *a, int64_t id, struct error *e)
{
    struct document d;
    json_auto_t *wire = NULL;
    bool found = false;

    if (id && !document_find(db, a, id, &d, &found, e))
        return false;
    if (found)
        wire = document_json_new(&d);
    out_member_json(o, "document", wire);
    return true;
}

static bool write_slip(struct json_out *o, struct db *db, struct arena *a, const struct slip_row *s, enum lang lang,
                       struct error *e)
{
    out_open(o, '{');
    out_member_text(o, "kind", s->paper);
    out_member_text(o, "title", s->title[lang]);
    out_member_text(o, "form", s->slip ? s->slip->form : NULL);
    out_member_text(o, "number", s->number_text);
    out_member_instant(o, "at", s->at);
    out_member_text(o, "action", s->action);
    out_member_bool(o, "office", s->office);
    if (!write_document(o, db, a, s->document, e))
        return false;
    if (s->case_code) {
        out_member_text(o, "case", s->case_code);
        out_member_text(o, "applicant", s->applicant_name);
    }
    out_close(o, '}');
    return true;
}

/* What is not kept yet, but may be printed as it stands. */
static void write_living(struct json_out *o, const struct paper *paper, enum lang lang)
{
    const struct slip *s = paper_slip(paper);

    out_open(o, '{');
    out_member_text(o, "kind", paper_name(paper));
    out_member_text(o, "title", paper_title(paper, lang));
    out_member_text(o, "form", s->form);
    out_member_null(o, "number");
    out_member_null(o, "at");
    out_member_null(o, "action");
    out_member_bool(o, "office", s->office);
    out_member_null(o, "document");
    out_close(o, '}');
}

/* ---- of a case ---- */

static bool sees_office(const struct actor *who)
{
    return who->kind == PARTY_OFFICER;
}

static bool has_kind(const struct slip_row *slips, size_t n, const char *kind)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(slips[i].paper, kind) == 0)
            return true;
    return false;
}

static bool may_print_now(const struct slip *s, const struct actor *who)
{
    return s && s->log && s->of == SLIP_OF_CASE && (!s->office || sees_office(who));
}

bool get_case_slips(struct request *q, struct reply *r, struct error *e)
{
    const struct house *h = request_house(q);
    struct arena *a = request_arena(q);
    struct slip_row *slips = arena_array(a, struct slip_row, CASE_SLIPS_MAX);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    const struct paper *paper;
    struct case_file c;
    size_t n;

    if (!store_read(h->store, &db, e) || !visible_case(q, db, &c, e) || !audit_case_read(q, db, &c, e) ||
        !slips_of(db, a, h, c.id, sees_office(request_actor(q)), slips, CASE_SLIPS_MAX, &n, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < n; i++)
        if (!write_slip(&o, db, a, &slips[i], request_lang(q), e))
            return false;
    for (size_t i = 0; (paper = paper_at(h, i)); i++)
        if (may_print_now(paper_slip(paper), request_actor(q)) && !has_kind(slips, n, paper_name(paper)))
            write_living(&o, paper, request_lang(q));
    out_close(&o, ']');
    out_member_null(&o, "next");
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

bool get_case_slip(struct request *q, struct reply *r, struct error *e)
{
    struct house *h = request_house(q);
    struct caller caller = request_caller_of(q);
    const struct paper *paper = paper_find(h, request_param(q, "kind"));
    struct case_file c;
    struct bytes pdf;
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !visible_case(q, db, &c, e))
            return false;
        if (!paper || !may_print_now(paper_slip(paper), request_actor(q)))
            return fail(e, E_NOT_FOUND, "slip %s", request_param(q, "kind"));
        if (!audit_case_read(q, db, &c, e))
            return false;
    }
    return slip_draw_now(h, request_arena(q), &caller, &c, paper, &pdf, e) &&
           reply_bytes(r, 200, "application/pdf", pdf);
}

/* ---- of a unit ---- */

/* What one may not see is not there. */
static bool unit_of(struct request *q, const char *code, const struct unit **out, struct error *e)
{
    const struct unit *unit = code ? unit_by_code(request_house(q), code) : NULL;

    *out = unit;
    return (unit && unit_is_open_to(request_house(q), request_actor(q), unit, request_now(q))) ||
           fail(e, E_NOT_FOUND, "unit %s", code ? code : "");
}

bool get_slips(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct slips_query in = {0};
    struct slip_query query = {.before = INT64_MAX};
    struct slip_row *found;
    const struct unit *unit;
    struct page page;
    size_t n;

    if (!request_query_fields(q, slips_fields, &in, e) || !request_page(q, &page, e) || !unit_of(q, in.unit, &unit, e))
        return false;
    if (page.cursor && !text_to_i64(page.cursor, 1, INT64_MAX, &query.before))
        return fail(e, E_BAD_CURSOR, "not ours");
    query.unit = unit->id;
    query.paper = in.kind;
    query.year = in.year ? in.year : date_at(request_now(q)).year;
    query.number = in.number;
    query.limit = (size_t)page.limit + 1;
    found = arena_array(a, struct slip_row, query.limit);
    if (!store_read(request_house(q)->store, &db, e) || !slips_find(db, a, request_house(q), &query, found, &n, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < n && i < (size_t)page.limit; i++)
        if (!write_slip(&o, db, a, &found[i], request_lang(q), e))
            return false;
    out_close(&o, ']');
    out_member_text(&o, "next",
                    n > (size_t)page.limit ? page_cursor(q, arena_printf(a, "%" PRId64, found[page.limit - 1].number))
                                           : NULL);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* A paper of the pack that is about a unit's dossiers; without a name its register (form 07). */
static const struct paper *unit_paper(const struct house *h, const char *name)
{
    const struct paper *paper;

    for (size_t i = 0; (paper = paper_at(h, i)); i++) {
        const struct slip *s = paper_slip(paper);

        if (s && s->of == SLIP_OF_UNIT && (name ? text_equal(paper_name(paper), name) : text_equal(s->form, "07")))
            return paper;
    }
    return NULL;
}

static bool read_days(struct request *q, struct date *from, struct date *to, const char **kind, struct error *e)
{
    struct register_query in = {0};

    if (!request_query_fields(q, register_fields, &in, e))
        return false;
    *kind = in.kind;
    if (!date_parse(in.from, from) || !date_parse(in.to, to))
        return fail(e, E_BAD_QUERY, "from and to are dates");
    if (date_to_days(*to) < date_to_days(*from))
        return fail_field(e, "/to", "minimum", in.from);
    return date_to_days(*to) - date_to_days(*from) < REGISTER_DAYS_MAX || fail_field(e, "/to", "maximum", "a year");
}

bool get_register(struct request *q, struct reply *r, struct error *e)
{
    struct house *h = request_house(q);
    struct arena *a = request_arena(q);
    const struct paper *paper;
    const char *kind;
    struct expr_scope scope[SLIP_NAMES_MAX];
    char from_text[DATE_TEXT_MAX], to_text[DATE_TEXT_MAX], today[DATE_TEXT_MAX];
    const struct unit *unit;
    struct date from, to;
    struct bytes pdf;
    json_t *rows = NULL, *says;

    if (!read_days(q, &from, &to, &kind, e) || !unit_of(q, request_param(q, "code"), &unit, e))
        return false;
    paper = unit_paper(h, kind);
    if (!paper)
        return fail(e, E_NOT_FOUND, "the pack has no such register");
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !register_rows(db, a, h, unit->id, paper_slip(paper), date_start_ms(from),
                                                            date_start_ms(to) + DAY_MS, &rows, e))
            return false;
    }
    audit_later(h, &(struct audit){.action = "print",
                                   .what = paper_name(paper),
                                   .key = unit->code,
                                   .actor = request_actor(q)->party,
                                   .unit = unit->id,
                                   .purpose = "case",
                                   .address = request_address(q),
                                   .at = request_now(q)});
    date_format(from, from_text);
    date_format(to, to_text);
    date_format(date_at(request_now(q)), today);
    says =
        json_held(a, json_pack("{s:o, s:s, s:s, s:s, s:O, s:{s:s}}", "unit", unit_value_new(unit), "from", from_text,
                               "to", to_text, "today", today, "rows", rows, "actor", "name", request_actor(q)->name));
    slip_scope(says, NULL, scope);
    return paper_render(paper, scope, a, &pdf, e) && reply_bytes(r, 200, "application/pdf", pdf);
}
