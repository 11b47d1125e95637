/* The line before the counter over HTTP. */
#include "http/http.h"
#include "systems/queue/queue_internal.h"

extern const char queue_shapes_yaml[]; /* shapes.yaml, made by the build */

static bool find_unit(struct request *q, const struct unit **out, struct error *e)
{
    const char *code = request_param(q, "code");
    const struct unit *u = unit_by_code(request_house(q), code);

    *out = u;
    return (u && unit_is_in_force(u, date_at(request_now(q)))) || fail(e, E_NOT_FOUND, "unit %s", code);
}

static void write_ticket(struct json_out *o, const struct ticket *t)
{
    out_open(o, '{');
    out_member_i64(o, "number", t->number);
    out_member_i64(o, "ahead", t->ahead);
    out_member_instant(o, "taken_at", t->taken_at);
    out_close(o, '}');
}

static void write_line(struct json_out *o, const struct line *line)
{
    out_member_i64(o, "waiting", line->waiting);
    out_key(o, "calls");
    out_open(o, '[');
    for (size_t i = 0; i < line->n_calls; i++) {
        out_open(o, '{');
        out_member_i64(o, "number", line->calls[i].number);
        out_member_text(o, "desk", line->calls[i].desk);
        out_member_instant(o, "at", line->calls[i].at);
        out_close(o, '}');
    }
    out_close(o, ']');
}

static bool get_queue(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    const struct unit *unit;
    struct ticket own;
    struct line line;
    bool has = false;

    if (!find_unit(q, &unit, e) || !store_read(request_house(q)->store, &db, e) ||
        !line_read(db, request_arena(q), unit->id, request_now(q), &line, e) ||
        (who && !ticket_of(db, unit->id, who->party, request_now(q), &own, &has, e)))
        return false;
    out_open(&o, '{');
    out_key(&o, "unit");
    unit_write(&o, unit, request_lang(q));
    write_line(&o, &line);
    out_key(&o, "own");
    if (has)
        write_ticket(&o, &own);
    else
        out_null(&o);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* Somebody at the counter gets one from the officer there, in nobody's name; whoever is signed in takes their own. */
static bool post_ticket(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    auto_out struct json_out o = JSON_OUT_INIT;
    const struct unit *unit;
    struct ticket ticket;

    if (!find_unit(q, &unit, e))
        return false;
    if (who->kind == PARTY_OFFICER && !actor_is(who, ROLE_ONE_STOP, unit->id))
        return fail(e, E_FORBIDDEN, "no one-stop officer of %s", unit->code);
    if (!ticket_take(request_house(q), unit, who->kind == PARTY_OFFICER ? 0 : who->party, request_now(q), &ticket, e))
        return false;
    write_ticket(&o, &ticket);
    return reply_json_out(r, 201, &o);
}

/* clang-format off */
struct call_input { const char *desk; };
static const struct field call_fields[] = {
    {"desk", FIELD_TEXT, offsetof(struct call_input, desk), FIELD_REQUIRED, QUEUE_DESK_MAX, .title = "where to come: \"3\", \"Quầy 3\""},
    {0},
};
/* clang-format on */

static bool post_call(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct calling x = {
        .address = request_address(q), .officer = who->party, .now = request_now(q), .arena = request_arena(q)};
    struct call_input in = {0};
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct line line;

    if (!find_unit(q, &x.unit, e) || !request_fields(q, call_fields, &in, e))
        return false;
    if (!actor_is(who, ROLE_ONE_STOP, x.unit->id))
        return fail(e, E_FORBIDDEN, "no one-stop officer of %s", x.unit->code);
    x.desk = in.desk;
    if (!line_call(request_house(q), &x, e) || !store_read(request_house(q)->store, &db, e) ||
        !line_read(db, request_arena(q), x.unit->id, request_now(q), &line, e))
        return false;
    out_open(&o, '{');
    out_member_i64(&o, "number", x.ticket.number);
    out_member_instant(&o, "taken_at", x.ticket.taken_at);
    out_key(&o, "person");
    if (x.person.id) {
        out_open(&o, '{');
        out_member_text(&o, "name", x.person.name);
        out_member_text(&o, "number", x.person.number);
        out_close(&o, '}');
    } else {
        out_null(&o);
    }
    write_line(&o, &line);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* clang-format off */
static const struct route queue_routes[] = {
    {"GET",  "/api/v1/units/{code}/queue",         RIGHT_PUBLIC,      NULL,        "queue",        "The line before a unit's counter today: how many wait, who was called where; the caller's own number", get_queue},
    {"POST", "/api/v1/units/{code}/queue/tickets", RIGHT_CASE_SUBMIT, NULL,        "queue-ticket", "Take a number; who waits already is told the one they have", post_ticket, ROUTE_NO_BODY, .status = 201},
    {"POST", "/api/v1/units/{code}/queue/next",    RIGHT_CASE_SUBMIT, call_fields, "queue-call",   "Call who has waited longest (one-stop officers of the unit)", post_call},
    {0},
};
/* clang-format on */

static const struct shapes shapes = {.yaml = queue_shapes_yaml}; /* ends in NUL */

const struct module queue_module = {
    .name = "queue", .migrations = queue_migrations, .routes = queue_routes, .shapes = &shapes};
