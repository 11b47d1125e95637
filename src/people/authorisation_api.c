/* Authorisations over HTTP: giving, accepting, ending; registering an organisation at the counter. */
#include "people/people_internal.h"

#include <string.h>

#include "http/http.h"
#include "people/authorisation_api.h"
#include "schema/schema.h"

struct giving {
    const char *principal, *agent, *service, *field, *from, *to;
};
struct organisation_input {
    const char *number, *name, *address, *phone, *email, *representative;
};

/* clang-format off */
const struct field giving_fields[] = {
    {"principal", FIELD_TEXT, offsetof(struct giving, principal), 0, 14, .title = "tax code of the organisation in whose name it is given; absent: in one's own"},
    {"agent",     FIELD_TEXT, offsetof(struct giving, agent),     FIELD_REQUIRED | FIELD_SENSITIVE, 12, .title = "personal number"},
    {"service",   FIELD_TEXT, offsetof(struct giving, service),   0, 20, .title = "for one service; absent: for all"},
    {"field",     FIELD_TEXT, offsetof(struct giving, field),     0, 200, .title = "for the services of one field"},
    {"from",      FIELD_DATE, offsetof(struct giving, from),      0, .title = "first day; today when absent"},
    {"to",        FIELD_DATE, offsetof(struct giving, to),        0, .title = "last day; a year when absent (Civil Code 2015, Art 563)"},
    {0},
};
const struct field organisation_fields[] = {
    {"number",         FIELD_TEXT, offsetof(struct organisation_input, number),         FIELD_REQUIRED, 14, .title = "tax code"},
    {"name",           FIELD_TEXT, offsetof(struct organisation_input, name),           FIELD_REQUIRED, 300},
    {"address",        FIELD_TEXT, offsetof(struct organisation_input, address),        0, 300},
    {"phone",          FIELD_TEXT, offsetof(struct organisation_input, phone),          0, 20},
    {"email",          FIELD_TEXT, offsetof(struct organisation_input, email),          0, 120},
    {"representative", FIELD_TEXT, offsetof(struct organisation_input, representative), FIELD_REQUIRED | FIELD_SENSITIVE, 12, .title = "personal number of the legal representative"},
    {0},
};
/* clang-format on */

static void write_side(json_t *j, const char *member, const struct party *p)
{
    json_object_set_new(j, member,
                        json_pack("{s:s, s:s, s:o}", "kind", party_kind_name(p->kind), "name", p->name, "number",
                                  json_text_or_null(p->number)));
}

static json_t *authorisation_json(struct request *q, const struct authorisation *x)
{
    const struct actor *who = request_actor(q);
    int64_t now = request_now(q);
    enum authorisation_state state = authorisation_state(x, now);
    json_t *j = json_object();

    json_object_set_new(j, "id", json_id(x->id));
    write_side(j, "principal", &x->who[0]);
    write_side(j, "agent", &x->who[1]);
    json_object_set_new(j, "mine", json_boolean(x->agent == who->party));
    json_object_set_new(j, "legal", json_boolean(x->legal));
    json_object_set_new(j, "service", json_text_or_null(x->service));
    json_object_set_new(j, "field", json_text_or_null(x->field));
    json_object_set_new(j, "from", json_instant(x->from));
    json_object_set_new(j, "until", x->until == INT64_MAX ? json_null() : json_instant(x->until));
    json_object_set_new(j, "state", json_string(authorisation_state_name(state)));
    return j;
}

/* What the caller gave and was given, and what the organisations they represent gave. */
bool get_authorisations(struct request *q, struct reply *r, struct error *e)
{
    enum { SIDES = 2 + AGENCIES_MAX, SIDE_MAX = 200 };
    const struct actor *who = request_actor(q);
    struct authorisation *found = arena_array(request_arena(q), struct authorisation, SIDE_MAX);
    auto_read struct db *db = NULL;
    json_auto_t *items = json_array();
    int64_t givers[SIDES] = {who->party, who->party};
    size_t n, n_givers = 2;

    for (size_t i = 0; i < who->n_agencies; i++)
        if (who->agencies[i].legal)
            givers[n_givers++] = who->agencies[i].principal;
    if (!store_read(people_of(request_house(q))->store, &db, e))
        return false;
    for (size_t side = 0; side < n_givers; side++) {
        if (!authorisations_of(db, request_arena(q), givers[side], side > 0, 0, found, SIDE_MAX, &n, e))
            return false;
        for (size_t i = 0; i < n; i++)
            if (side < 2 || found[i].agent != who->party) /* an organisation's own representative is there already */
                json_array_append_new(items, authorisation_json(q, &found[i]));
    }
    return reply_page(r, json_incref(items), NULL);
}

static bool party_named(struct db *db, struct arena *a, const char *number, const char *pointer, enum party_kind kind,
                        struct party *out, struct error *e)
{
    bool found;

    return party_by_number(db, a, number, out, &found, e) &&
           ((found && out->kind == kind) || fail_field(e, pointer, "absent", number));
}

/* In whose name: one's own, or that of an organisation one legally represents. */
static bool find_principal(struct request *q, struct db *db, const char *number, struct party *out, struct error *e)
{
    const struct actor *who = request_actor(q);
    bool found;

    if (!number)
        return party_find(db, request_arena(q), who->party, out, &found, e) &&
               (found || fail(e, E_INTERNAL, "the caller has no party"));
    for (size_t i = 0; i < who->n_agencies; i++)
        if (who->agencies[i].legal && text_equal(who->agencies[i].number, number))
            return party_find(db, request_arena(q), who->agencies[i].principal, out, &found, e) &&
                   (found || fail(e, E_INTERNAL, "an agency without its principal"));
    return fail(e, E_FORBIDDEN, "no legal representative of that organisation");
}

static bool read_term(struct request *q, const struct giving *in, struct authorisation *out, struct error *e)
{
    struct date from = date_at(request_now(q)), to;

    if (in->from && !date_parse(in->from, &from))
        return fail_field(e, "/from", "format", "date");
    to = (struct date){from.year + 1, from.month, from.day == 29 && from.month == 2 ? 28 : from.day};
    if (in->to && !date_parse(in->to, &to))
        return fail_field(e, "/to", "format", "date");
    out->from = in->from ? date_start_ms(from) : request_now(q);
    out->until = date_start_ms(to) + DAY_MS;
    if (out->until <= out->from || out->until <= request_now(q))
        return fail_field(e, "/to", "formatMinimum", in->to);
    return true;
}

static bool reply_authorisation(struct request *q, struct reply *r, int status, int64_t id, struct error *e)
{
    auto_read struct db *db = NULL;
    struct authorisation x;
    bool found;

    if (!store_read(people_of(request_house(q))->store, &db, e) ||
        !authorisation_find(db, request_arena(q), id, &x, &found, e))
        return false;
    return found ? reply_json(r, status, authorisation_json(q, &x)) : fail(e, E_NOT_FOUND, "authorisation");
}

static bool prepare(struct request *q, const struct giving *in, struct authorising *x, struct error *e)
{
    auto_read struct db *db = NULL;
    struct authorisation *t = &x->given;

    if (!store_read(people_of(request_house(q))->store, &db, e) ||
        !find_principal(q, db, in->principal, &t->who[0], e) ||
        !party_named(db, request_arena(q), in->agent, "/agent", PARTY_CITIZEN, &t->who[1], e) ||
        !read_term(q, in, t, e))
        return false;
    t->principal = t->who[0].id;
    t->agent = t->who[1].id;
    t->service = in->service;
    t->field = in->field;
    if (in->service && in->field)
        return fail_field(e, "/field", "unknown", NULL);
    return t->principal != t->agent || fail_field(e, "/agent", "absent", in->agent);
}

bool post_authorisation(struct request *q, struct reply *r, struct error *e)
{
    struct authorising x = {.actor = request_actor(q)->party, .address = request_address(q), .now = request_now(q)};
    struct giving in = {0};
    struct once once;

    if (!request_fields(q, giving_fields, &in, e) || !prepare(q, &in, &x, e))
        return false;
    once = once_of(q, authorisation_give, &x, &x.given.id);
    return store_write(people_of(request_house(q))->store, make_once, &once, e) &&
           reply_authorisation(q, r, 201, x.given.id, e);
}

/* Either side, and whoever legally represents the principal. */
static bool is_party_to(const struct actor *who, const struct authorisation *x)
{
    bool is = who->party == x->principal || who->party == x->agent;

    for (size_t i = 0; i < who->n_agencies && !is; i++)
        is = who->agencies[i].legal && who->agencies[i].principal == x->principal;
    return is;
}

bool post_authorisation_act(struct request *q, struct reply *r, struct error *e)
{
    struct authorising x = {.actor = request_actor(q)->party, .address = request_address(q), .now = request_now(q)};
    const char *action = request_param(q, "action");
    bool accept = text_equal(action, "accept"), found = false;
    int64_t id;

    {
        auto_read struct db *db = NULL;

        if (!store_read(people_of(request_house(q))->store, &db, e))
            return false;
        if (text_to_i64(request_param(q, "id"), 1, INT64_MAX, &id) &&
            !authorisation_find(db, request_arena(q), id, &x.given, &found, e))
            return false;
    }
    if (!found || !is_party_to(request_actor(q), &x.given) || (!accept && !text_equal(action, "end")))
        return fail(e, E_NOT_FOUND, "authorisation %s", request_param(q, "id"));
    /* A legal representative is not chosen here: an officer registers another one. */
    if (x.given.legal || (accept && x.given.agent != x.actor))
        return fail(e, E_FORBIDDEN, "not theirs to %s", action);
    return store_write(people_of(request_house(q))->store, accept ? authorisation_accept : authorisation_end, &x, e) &&
           reply_authorisation(q, r, 200, x.given.id, e);
}

static bool find_representative(struct request *q, const char *number, struct party *out, struct error *e)
{
    auto_read struct db *db = NULL;

    return store_read(people_of(request_house(q))->store, &db, e) &&
           party_named(db, request_arena(q), number, "/representative", PARTY_CITIZEN, out, e);
}

bool post_organisation(struct request *q, struct reply *r, struct error *e)
{
    struct registering x = {.actor = request_actor(q)->party, .address = request_address(q), .now = request_now(q)};
    struct organisation_input in = {0};
    struct once once;
    json_t *body;

    if (!request_fields(q, organisation_fields, &in, e))
        return false;
    if (!vn_tax_code(in.number))
        return fail_field(e, "/number", "vn-tax-code", NULL);
    if (!find_representative(q, in.representative, &x.representative, e))
        return false;
    x.organisation = (struct party){.kind = PARTY_ORGANISATION,
                                    .name = in.name,
                                    .number = in.number,
                                    .phone = in.phone,
                                    .email = in.email,
                                    .address = in.address};
    once = once_of(q, organisation_register, &x, &x.organisation.id);
    if (!store_write(people_of(request_house(q))->store, make_once, &once, e))
        return false;
    body = party_json_new(&x.organisation, true);
    write_side(body, "representative", &x.representative);
    return reply_json(r, 201, body);
}
