/* Hand-overs over HTTP: a unit's, a case's, and what its officers do to one that does not get through. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exchange/exchange_internal.h"
#include "http/http.h"

static const struct error_row *problem_row(const char *code)
{
    for (int i = E_NONE + 1; i < E__COUNT; i++)
        if (text_equal(error_row((enum error_code)i)->code, code))
            return error_row((enum error_code)i);
    return error_row(E_INTERNAL);
}

static void write_problem(struct json_out *o, const struct handover *x, bool whole, enum lang lang)
{
    out_key(o, "problem");
    if (!x->problem) {
        out_null(o);
        return;
    }
    out_open(o, '{');
    out_member_text(o, "code", x->problem);
    out_member_text(o, "title", problem_row(x->problem)->title[lang]);
    out_member_text(o, "detail", whole ? x->detail : NULL);
    out_close(o, '}');
}

static void write_system(struct json_out *o, const struct house *h, const char *name, enum lang lang)
{
    const struct correspondent *c = correspondent_of(h, name);

    out_key(o, "system");
    out_open(o, '{');
    out_member_text(o, "code", name);
    out_member_text(o, "name", c ? c->system->title[lang] : name);
    out_close(o, '}');
}

static void write_actions(struct json_out *o, const struct handover *x, bool cared_for)
{
    out_key(o, "actions");
    out_open(o, '[');
    if (cared_for && handover_rank(x->state) != RANK_CLOSED) {
        out_text(o, "retry");
        out_text(o, "done-by-hand");
    }
    out_close(o, ']');
}

/* The applicant learns that it waits, whose work it is and when it goes on; what the systems say to each other, and
 * what officers note, is among officers. */
static void write_handover(struct json_out *o, struct request *q, const struct handover *x, bool whole)
{
    const struct house *h = request_house(q);
    enum lang lang = request_lang(q);
    const struct unit *unit = unit_by_id(h, x->unit);

    out_open(o, '{');
    out_member_id(o, "id", x->id);
    write_system(o, h, x->system, lang);
    out_member_text(o, "kind", x->kind);
    out_member_text(o, "case", x->case_code);
    out_key(o, "unit");
    if (unit)
        unit_write(o, unit, lang);
    else
        out_null(o);
    out_member_text(o, "state", handover_state_name(x->state));
    out_member_text(o, "state_title", handover_state_title(x->state, lang));
    out_member_i64(o, "tries", x->tries);
    out_member_instant(o, "made_at", x->made_at);
    out_member_instant(o, "changed_at", x->changed_at);
    out_member_instant(o, "next_at", x->next_at);
    write_problem(o, x, whole, lang);
    out_member_text(o, "reference", whole ? x->reference : NULL);
    out_member_text(o, "note", whole ? x->note : NULL);
    write_actions(o, x, handover_is_cared_for(h, request_actor(q), x->unit, request_now(q)));
    out_close(o, '}');
}

/* ---- lists ---- */

static bool read_place(struct request *q, struct handover_query *query, struct error *e)
{
    struct page page;
    char *end;

    query->after = (struct handover_place){RANK_TROUBLE, INT64_MAX};
    if (!request_page(q, &page, e))
        return false;
    query->limit = (size_t)page.limit;
    if (!page.cursor)
        return true;
    query->after.rank = strtoll(page.cursor, &end, 10);
    return (*end == '.' && query->after.rank >= RANK_TROUBLE && query->after.rank <= RANK_CLOSED &&
            text_to_i64(end + 1, 1, INT64_MAX, &query->after.id)) ||
           fail(e, E_BAD_CURSOR, "no place in this list");
}

static bool reply_list(struct request *q, struct reply *r, struct db *db, const struct handover_query *query,
                       bool whole, struct error *e)
{
    struct arena *a = request_arena(q);
    struct handover *rows = arena_alloc(a, query->limit * sizeof *rows);
    auto_out struct json_out o = JSON_OUT_INIT;
    bool more = false;
    size_t n;

    if (!handover_list(db, a, query, rows, &n, &more, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < n; i++)
        write_handover(&o, q, &rows[i], whole);
    out_close(&o, ']');
    out_member_text(&o, "next",
                    more && n ? page_cursor(q, arena_printf(a, "%d.%" PRId64, (int)handover_rank(rows[n - 1].state),
                                                            rows[n - 1].id))
                              : NULL);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* clang-format off */
struct unit_query { const char *only; };
static const struct field unit_query[] = {
    {"only", FIELD_TEXT, offsetof(struct unit_query, only), 0, 10, "trouble|open", "trouble: what failed; open: also what waits"},
    {0},
};
struct action_body { const char *note, *reference; };
static const struct field action_body[] = {
    {"note",      FIELD_TEXT, offsetof(struct action_body, note),      0, HANDOVER_NOTE_MAX,      .title = "how it was done by hand"},
    {"reference", FIELD_TEXT, offsetof(struct action_body, reference), 0, HANDOVER_REFERENCE_MAX, .title = "what the other side calls it"},
    {0},
};
/* clang-format on */

static bool get_of_unit(struct request *q, struct reply *r, struct error *e)
{
    const struct unit *unit = unit_by_code(request_house(q), request_param(q, "code"));
    struct handover_query query = {.worst = RANK_CLOSED};
    struct unit_query in = {0};
    auto_read struct db *db = NULL;

    if (!request_query_fields(q, unit_query, &in, e) || !read_place(q, &query, e))
        return false;
    if (!unit)
        return fail(e, E_NOT_FOUND, "unit %s", request_param(q, "code"));
    if (!unit_is_open_to(request_house(q), request_actor(q), unit, request_now(q)))
        return fail(e, E_FORBIDDEN, "no officer of %s", unit->code);
    if (in.only)
        query.worst = text_equal(in.only, "open") ? RANK_WAITING : RANK_TROUBLE;
    query.unit = unit->id;
    return store_read(request_house(q)->store, &db, e) && reply_list(q, r, db, &query, true, e);
}

static bool get_of_case(struct request *q, struct reply *r, struct error *e)
{
    const struct caller caller = {.who = request_actor(q), .now = request_now(q), .address = request_address(q)};
    struct handover_query query = {.worst = RANK_CLOSED};
    struct case_glimpse c;
    auto_read struct db *db = NULL;

    if (!read_place(q, &query, e) || !store_read(request_house(q)->store, &db, e) ||
        !case_glance_at(db, request_arena(q), request_house(q), &caller, request_param(q, "code"), &c, e))
        return false;
    query.case_id = c.id;
    return reply_list(q, r, db, &query, caller.who->kind == PARTY_OFFICER && !c.own, e);
}

/* ---- acting ---- */

static bool find_cared_for(struct request *q, int64_t *id, struct error *e)
{
    auto_read struct db *db = NULL;
    struct handover x;
    bool found = false;

    if (!text_to_i64(request_param(q, "id"), 1, INT64_MAX, id))
        return fail(e, E_NOT_FOUND, "hand-over %s", request_param(q, "id"));
    if (!store_read(request_house(q)->store, &db, e) || !handover_find(db, request_arena(q), *id, &x, &found, e))
        return false;
    return (found && handover_is_cared_for(request_house(q), request_actor(q), x.unit, request_now(q))) ||
           fail(e, E_NOT_FOUND, "hand-over %" PRId64, *id);
}

static bool act_on(struct request *q, int64_t id, const struct action_body *in, struct error *e)
{
    const char *action = request_param(q, "action");

    if (text_equal(action, "retry"))
        return handover_retry(request_house(q), id, request_now(q), e);
    if (!text_equal(action, "done-by-hand"))
        return fail(e, E_NOT_FOUND, "action %s", action);
    if (text_is_blank(in->note)) {
        (void)fail(e, E_ACTION_NEEDS, "a note");
        return fail_field(e, "/note", "required", NULL);
    }
    return handover_by_hand(request_house(q),
                            &(struct by_hand){.id = id,
                                              .party = request_actor(q)->party,
                                              .now = request_now(q),
                                              .note = in->note,
                                              .reference = in->reference},
                            e);
}

static bool post_action(struct request *q, struct reply *r, struct error *e)
{
    struct action_body in = {0};
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct handover x;
    int64_t id;
    bool found;

    if (!request_fields(q, action_body, &in, e) || !find_cared_for(q, &id, e) || !act_on(q, id, &in, e) ||
        !store_read(request_house(q)->store, &db, e) || !handover_find(db, request_arena(q), id, &x, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "hand-over %" PRId64, id);
    write_handover(&o, q, &x, true);
    return reply_json_out(r, 200, &o);
}

/* clang-format off */
static const struct route routes[] = {
    {"GET",  "/api/v1/units/{code}/hand-overs",         RIGHT_CASE_READ, NULL,        "page:hand-over", "What a unit hands over to other systems: what failed first, then what waits, then what is done", get_of_unit, .query = unit_query},
    {"GET",  "/api/v1/cases/{code}/hand-overs",         RIGHT_CASE_READ, NULL,        "page:hand-over", "What is handed over to other systems for a case; its owner sees state, caretaker and next try", get_of_case},
    {"POST", "/api/v1/hand-overs/{id}/actions/{action}", RIGHT_CASE_ACT, action_body, "hand-over",      "Act on a hand-over of one's unit: retry (now), done-by-hand (with a note)", post_action},
    {0},
};
/* clang-format on */

extern const char exchange_shapes_yaml[];                           /* shapes.yaml, made by the build */
static const struct shapes shapes = {.yaml = exchange_shapes_yaml}; /* ends in NUL */

const struct module exchange_module = {
    .name = "exchange",
    .migrations = exchange_migrations,
    .routes = routes,
    .shapes = &shapes,
    .start = exchange_start,
    .stop = exchange_stop,
};
