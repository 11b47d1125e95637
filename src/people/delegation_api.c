/* Delegations over HTTP: whom one may name, naming a substitute for oneself or (a head) for an officer of the unit,
 * ending. */
#include "people/people_internal.h"

#include <string.h>

#include "http/http.h"
#include "people/delegation_api.h"

enum { LIST_MAX = 200, OFFICERS_MAX = 200, LONGEST_DAYS = 366 };

struct lending {
    const char *unit, *from, *to, *reason;
    const json_t *roles;
    int64_t lender, agent;
};

/* clang-format off */
const struct field delegation_fields[] = {
    {"unit",   FIELD_TEXT,  offsetof(struct lending, unit),   FIELD_REQUIRED, 40},
    {"agent",  FIELD_ID,    offsetof(struct lending, agent),  FIELD_REQUIRED, .title = "the substitute: an officer of the unit"},
    {"lender", FIELD_ID,    offsetof(struct lending, lender), 0, .title = "who is away; absent: the caller. Heads name substitutes for their officers"},
    {"roles",  FIELD_ARRAY, offsetof(struct lending, roles),  0, 9, .title = "which roles; absent: all that the lender has there"},
    {"from",   FIELD_DATE,  offsetof(struct lending, from),   0, .title = "first day; from now on when absent"},
    {"to",     FIELD_DATE,  offsetof(struct lending, to),     FIELD_REQUIRED, .title = "last day"},
    {"reason", FIELD_TEXT,  offsetof(struct lending, reason), 0, 300},
    {0},
};
/* clang-format on */

/* Their own role, not one they borrowed: what was lent is not lent on. */
static bool own_role(const struct actor *who, enum role role, int64_t unit)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].role == role && who->roles[i].unit == unit && !who->roles[i].on_behalf)
            return true;
    return false;
}

static bool may_see(const struct actor *who, const struct delegation *d)
{
    return who->party == d->lender || who->party == d->agent || own_role(who, ROLE_UNIT_HEAD, d->unit);
}

static json_t *role_json(enum role role, enum lang lang)
{
    return json_pack("{s:s, s:s}", "id", role_name(role), "title", role_title(role, lang));
}

static json_t *person_json(int64_t party, const char *name)
{
    return json_pack("{s:o, s:s}", "id", json_id(party), "name", name);
}

static json_t *delegation_json(struct request *q, const struct delegation *d)
{
    const struct actor *who = request_actor(q);
    const struct unit *u = unit_by_id(request_house(q), d->unit);
    enum lang lang = request_lang(q);
    enum delegation_state state = delegation_state(d, request_now(q));
    bool open = state == DELEGATION_ACTIVE || state == DELEGATION_LATER;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:b}", "id", json_id(d->id), "lender",
                     person_json(d->lender, d->lender_name), "agent", person_json(d->agent, d->agent_name), "unit",
                     u ? unit_brief_new(u, lang) : json_null(), "role", role_json(d->role, lang), "from",
                     json_instant(d->from), "until", json_instant(d->until), "reason", json_text_or_null(d->reason),
                     "state", delegation_state_name(state), "side",
                     who->party == d->lender  ? "given"
                     : who->party == d->agent ? "taken"
                                              : "unit",
                     "may_end", open && may_see(who, d));
}

/* What one gave and was given; a head also what else is lent in the unit. */
bool get_delegations(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct arena *a = request_arena(q);
    struct delegation *found = arena_array(a, struct delegation, LIST_MAX);
    json_auto_t *items = json_array();
    auto_read struct db *db = NULL;
    size_t n;

    if (!store_read(people_of(request_house(q))->store, &db, e) ||
        !delegations_of(db, a, who->party, 0, found, LIST_MAX, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, delegation_json(q, &found[i]));
    for (size_t k = 0; k < who->n_roles; k++) {
        if (who->roles[k].role != ROLE_UNIT_HEAD || who->roles[k].on_behalf)
            continue;
        if (!delegations_of(db, a, 0, who->roles[k].unit, found, LIST_MAX, &n, e))
            return false;
        for (size_t i = 0; i < n; i++)
            if (found[i].lender != who->party && found[i].agent != who->party)
                json_array_append_new(items, delegation_json(q, &found[i]));
    }
    return reply_page(r, json_incref(items), NULL);
}

/* ---- whom one may name ---- */

static bool add_officers(struct request *q, struct db *db, int64_t unit, json_t *out, struct error *e)
{
    struct unit_officer *found = arena_array(request_arena(q), struct unit_officer, OFFICERS_MAX);
    json_t *last = NULL;
    int64_t party = 0;
    size_t n;

    if (!unit_officers(db, request_arena(q), unit, found, OFFICERS_MAX, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (found[i].party != party) {
            last = person_json(found[i].party, found[i].name);
            json_object_set_new(last, "roles", json_array());
            json_array_append_new(out, last);
            party = found[i].party;
        }
        if (role_does_casework(found[i].role))
            json_array_append_new(json_object_get(last, "roles"), role_json(found[i].role, request_lang(q)));
    }
    return true;
}

/* The units where one has roles of one's own, with who works there. */
bool get_delegation_choices(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    json_auto_t *items = json_array();
    auto_read struct db *db = NULL;
    int64_t done = 0;

    if (!store_read(people_of(request_house(q))->store, &db, e))
        return false;
    for (int role = ROLE_ONE_STOP; role <= ROLE_ARCHIVIST; role++)
        for (size_t i = 0; i < who->n_roles; i++) {
            const struct unit *u = unit_by_id(request_house(q), who->roles[i].unit);
            json_t *row, *officers;
            size_t k;
            bool again = false;

            if ((int)who->roles[i].role != role || who->roles[i].on_behalf || !u || u->id == done)
                continue;
            json_array_foreach(items, k, row) again =
                again || text_equal(json_str(json_object_get(row, "unit"), "code"), u->code);
            if (again)
                continue;
            officers = json_array();
            json_array_append_new(items, json_pack("{s:o, s:o, s:b}", "unit", unit_brief_new(u, request_lang(q)),
                                                   "officers", officers, "head", own_role(who, ROLE_UNIT_HEAD, u->id)));
            done = u->id;
            if (!add_officers(q, db, u->id, officers, e))
                return false;
        }
    return reply_page(r, json_incref(items), NULL);
}

/* ---- naming ---- */

static bool read_term(struct request *q, const struct lending *in, struct delegation *out, struct error *e)
{
    struct date from = date_at(request_now(q)), to;

    if (in->from && !date_parse(in->from, &from))
        return fail_field(e, "/from", "format", "date");
    if (!date_parse(in->to, &to))
        return fail_field(e, "/to", "format", "date");
    out->from = date_start_ms(from) > request_now(q) ? date_start_ms(from) : request_now(q);
    out->until = date_start_ms(to) + DAY_MS;
    if (out->until <= out->from || date_to_days(to) - date_to_days(from) > LONGEST_DAYS)
        return fail_field(e, "/to", "formatMinimum", in->to);
    return true;
}

/* Those named; without any, all of the lender's own there. */
static bool read_roles(struct db *db, const struct lending *in, struct delegating *x, struct error *e)
{
    size_t i;
    const json_t *one;
    enum role role;
    bool holds;

    json_array_foreach(in->roles, i, one)
    {
        if (!json_is_string(one) || !role_parse(json_string_value(one), &role) || !role_does_casework(role) ||
            x->n_roles == COUNT(x->roles))
            return fail_field(e, "/roles", "lend", json_is_string(one) ? json_string_value(one) : "");
        x->roles[x->n_roles++] = role;
    }
    for (int r = ROLE_ONE_STOP; r <= ROLE_ARCHIVIST && !in->roles; r++) {
        if (!holds_role(db, x->given.lender, (enum role)r, x->given.unit, &holds, e))
            return false;
        if (holds)
            x->roles[x->n_roles++] = (enum role)r;
    }
    return x->n_roles || fail_field(e, "/roles", "lend", "");
}

static bool prepare(struct request *q, const struct lending *in, struct delegating *x, struct error *e)
{
    const struct actor *who = request_actor(q);
    const struct unit *u = unit_by_code(request_house(q), in->unit);
    struct delegation *d = &x->given;
    auto_read struct db *db = NULL;
    struct party agent, lender;
    bool found, known;

    if (!u)
        return fail_field(e, "/unit", "absent", in->unit);
    d->unit = u->id;
    d->lender = in->lender ? in->lender : who->party;
    d->agent = in->agent;
    d->reason = in->reason;
    if (d->lender != who->party && !own_role(who, ROLE_UNIT_HEAD, u->id))
        return fail(e, E_FORBIDDEN, "no head of that unit");
    if (!store_read(people_of(request_house(q))->store, &db, e) ||
        !party_find(db, request_arena(q), d->agent, &agent, &found, e) ||
        !party_find(db, request_arena(q), d->lender, &lender, &known, e))
        return false;
    if (!known)
        return fail_field(e, "/lender", "absent", "");
    if (!found || agent.kind != PARTY_OFFICER || d->agent == d->lender)
        return fail_field(e, "/agent", "standing", found ? agent.name : "");
    d->agent_name = agent.name;
    d->lender_name = lender.name;
    return read_term(q, in, d, e) && read_roles(db, in, x, e);
}

static bool reply_delegations(struct request *q, struct reply *r, int status, const struct delegating *x,
                              struct error *e)
{
    auto_read struct db *db = NULL;
    json_auto_t *items = json_array();

    if (!store_read(people_of(request_house(q))->store, &db, e))
        return false;
    for (size_t i = 0; i < x->ids; i++) {
        struct delegation d;
        bool found;

        if (!delegation_find(db, request_arena(q), x->made[i], &d, &found, e))
            return false;
        if (found)
            json_array_append_new(items, delegation_json(q, &d));
    }
    return reply_json(r, status, json_pack("{s:O}", "items", items));
}

bool post_delegation(struct request *q, struct reply *r, struct error *e)
{
    struct delegating x = {.actor = request_actor(q)->party, .address = request_address(q), .now = request_now(q)};
    struct lending in = {0};

    return request_fields(q, delegation_fields, &in, e) && prepare(q, &in, &x, e) &&
           store_write(people_of(request_house(q))->store, delegation_give, &x, e) &&
           reply_delegations(q, r, 201, &x, e);
}

bool post_delegation_end(struct request *q, struct reply *r, struct error *e)
{
    struct delegating x = {.actor = request_actor(q)->party, .address = request_address(q), .now = request_now(q)};
    bool found = false;
    int64_t id = 0;

    {
        auto_read struct db *db = NULL;

        if (!store_read(people_of(request_house(q))->store, &db, e))
            return false;
        if (text_to_i64(request_param(q, "id"), 1, INT64_MAX, &id) &&
            !delegation_find(db, request_arena(q), id, &x.given, &found, e))
            return false;
    }
    if (!found || !may_see(request_actor(q), &x.given))
        return fail(e, E_NOT_FOUND, "delegation %s", request_param(q, "id"));
    x.made[0] = id;
    x.ids = 1;
    return store_write(people_of(request_house(q))->store, delegation_end, &x, e) &&
           reply_delegations(q, r, 200, &x, e);
}
