/* Parcels over HTTP: posting one, following it, and the door at which the carrier tells. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "systems/post/post_internal.h"

enum { TOLD_BYTES_MAX = 4096 };

/* ---- one case's parcel ---- */

static struct caller caller_of(struct request *q)
{
    return (struct caller){.who = request_actor(q), .now = request_now(q), .address = request_address(q)};
}

static bool look(struct request *q, struct db *db, struct case_glimpse *c, struct shipment *s, bool *found,
                 struct error *e)
{
    struct caller caller = caller_of(q);

    return case_glance_at(db, request_arena(q), request_house(q), &caller, request_param(q, "code"), c, e) &&
           shipment_of_case(db, request_arena(q), c->id, s, found, e);
}

static bool may_send(const struct case_glimpse *c, const struct shipment *s, bool found)
{
    return c->one_stop && c->is_done && text_equal(c->delivery, "post") &&
           (!found || s->state == SHIPMENT_RETURNED || s->state == SHIPMENT_LOST);
}

static void write_receiver(struct json_out *o, const char *member, const struct receiver *r)
{
    out_key(o, member);
    if (!r) {
        out_null(o);
        return;
    }
    out_open(o, '{');
    out_member_text(o, "name", r->name);
    out_member_text(o, "phone", r->phone);
    out_member_text(o, "address", r->address);
    out_member_text(o, "place", r->place);
    out_close(o, '}');
}

static bool write_events(struct json_out *o, struct request *q, struct db *db, int64_t id, struct error *e)
{
    struct shipment_event events[SHIPMENT__COUNT];
    size_t n;

    if (!shipment_events(db, request_arena(q), id, events, &n, e))
        return false;
    out_key(o, "events");
    out_open(o, '[');
    for (size_t i = 0; i < n; i++) {
        out_open(o, '{');
        out_member_instant(o, "at", events[i].at);
        out_member_text(o, "state", shipment_state_name(events[i].state));
        out_member_text(o, "state_title", shipment_state_title(events[i].state, request_lang(q)));
        out_member_text(o, "source", events[i].source);
        out_member_text(o, "note", events[i].note);
        out_close(o, '}');
    }
    out_close(o, ']');
    return true;
}

static bool write_shipment(struct json_out *o, struct request *q, struct db *db, const struct shipment *s,
                           struct error *e)
{
    out_open(o, '{');
    out_member_id(o, "id", s->id);
    out_member_text(o, "number", s->number);
    out_member_text(o, "state", shipment_state_name(s->state));
    out_member_text(o, "state_title", shipment_state_title(s->state, request_lang(q)));
    out_member_bool(o, "by_hand", s->handover == 0);
    out_member_i64(o, "cod", s->cod);
    write_receiver(o, "receiver", &s->receiver);
    out_member_instant(o, "made_at", s->made_at);
    out_member_instant(o, "changed_at", s->changed_at);
    if (!write_events(o, q, db, s->id, e))
        return false;
    out_close(o, '}');
    return true;
}

/* What an officer may say of it, where no carrier does or it told them on the phone. */
static void write_record(struct json_out *o, const struct case_glimpse *c, const struct shipment *s, bool found)
{
    out_key(o, "record");
    out_open(o, '[');
    for (int next = SHIPMENT_PICKED_UP; found && c->one_stop && s->state != SHIPMENT_TO_ORDER && next < SHIPMENT__COUNT;
         next++)
        if (shipment_follows((enum shipment_state)next, s->state))
            out_text(o, shipment_state_name((enum shipment_state)next));
    out_close(o, ']');
}

/* The receiver as the city knows the applicant, for whoever may post it. */
static bool write_proposal(struct json_out *o, struct request *q, struct db *db, const struct case_glimpse *c, bool may,
                           struct error *e)
{
    struct party p;
    bool found = false;

    if (may && !party_find(db, request_arena(q), c->applicant, &p, &found, e))
        return false;
    write_receiver(o, "receiver", found ? &(struct receiver){p.name, p.phone, p.address, p.place, NULL, NULL} : NULL);
    return true;
}

static bool reply_view(struct request *q, struct reply *r, int status, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct caller caller = caller_of(q);
    struct case_glimpse c;
    struct shipment s;
    bool found, may;

    if (!store_read(request_house(q)->store, &db, e) || !look(q, db, &c, &s, &found, e) ||
        !case_log_look(db, request_arena(q), request_house(q), &caller, &c, e))
        return false;
    may = may_send(&c, &s, found);
    out_open(&o, '{');
    out_member_bool(&o, "may_send", may);
    out_member_bool(&o, "carrier", carrier_of_city()->url != NULL);
    out_member_i64(&o, "fee_due", c.fee_due);
    if (!write_proposal(&o, q, db, &c, may, e))
        return false;
    write_record(&o, &c, &s, found);
    out_key(&o, "shipment");
    if (!found)
        out_null(&o);
    else if (!write_shipment(&o, q, db, &s, e))
        return false;
    out_close(&o, '}');
    return reply_json_out(r, status, &o);
}

static bool get_shipment(struct request *q, struct reply *r, struct error *e)
{
    return reply_view(q, r, 200, e);
}

/* ---- posting ---- */

/* clang-format off */
struct shipment_body { const char *name, *phone, *address, *place, *province, *district, *number; };
#define AT(member) offsetof(struct shipment_body, member)
static const struct field shipment_body[] = {
    {"name",     FIELD_TEXT, AT(name),     FIELD_REQUIRED | FIELD_SENSITIVE, 120, .title = "of the receiver"},
    {"phone",    FIELD_TEXT, AT(phone),    FIELD_REQUIRED | FIELD_SENSITIVE, 20},
    {"address",  FIELD_TEXT, AT(address),  FIELD_REQUIRED | FIELD_SENSITIVE, 300},
    {"place",    FIELD_TEXT, AT(place),    FIELD_SENSITIVE, 5,   .title = "commune code of the address, in this city"},
    {"province", FIELD_TEXT, AT(province), FIELD_SENSITIVE, 60,  .title = "as the carrier knows it, for an address elsewhere"},
    {"district", FIELD_TEXT, AT(district), FIELD_SENSITIVE, 60,  .title = "likewise"},
    {"number",   FIELD_TEXT, AT(number),   0, POST_NUMBER_MAX,   .title = "given at the post's own counter: then the carrier is not told"},
    {0},
};
#undef AT
struct state_body { const char *state, *note; };
static const struct field state_body[] = {
    {"state", FIELD_TEXT, offsetof(struct state_body, state), FIELD_REQUIRED, 20, "picked-up|in-transit|lost|returned|delivered"},
    {"note",  FIELD_TEXT, offsetof(struct state_body, note),  0, POST_NOTE_MAX, .title = "who received it, or how it became known"},
    {0},
};
/* clang-format on */

static bool read_receiver(struct request *q, struct posting *x, struct error *e)
{
    struct shipment_body in = {0};

    if (!request_fields(q, shipment_body, &in, e))
        return false;
    if (text_is_blank(in.name))
        return fail_field(e, "/name", "required", NULL);
    if (text_is_blank(in.phone) || strspn(in.phone, "0123456789 +.") != strlen(in.phone))
        return fail_field(e, "/phone", "pattern", "phone");
    if (text_is_blank(in.address))
        return fail_field(e, "/address", "required", NULL);
    if (in.place && !unit_by_place(request_house(q), in.place))
        return fail_field(e, "/place", "absent", in.place);
    if (in.number && !*in.number)
        in.number = NULL;
    if (!in.number && !carrier_of_city()->url) {
        (void)fail(e, E_PEER_UNSET, "no carrier is configured: give the post's own number");
        return fail_field(e, "/number", "required", NULL);
    }
    x->receiver = (struct receiver){in.name, in.phone, in.address, in.place, in.province, in.district};
    x->number = in.number;
    return true;
}

static bool post_shipment(struct request *q, struct reply *r, struct error *e)
{
    struct posting x = {
        .arena = request_arena(q), .house = request_house(q), .by = request_actor(q)->party, .now = request_now(q)};
    struct once once = once_of(q, shipment_post, &x, &x.id);
    struct shipment s;
    bool found;

    {
        auto_read struct db *db = NULL;

        if (!store_read(x.house->store, &db, e) || !look(q, db, &x.of, &s, &found, e))
            return false;
    }
    if (!x.of.one_stop)
        return fail(e, E_FORBIDDEN, "no one-stop officer of %s", x.of.unit->code);
    if (!text_equal(x.of.delivery, "post"))
        return fail(e, E_SHIPMENT_UNFIT, "case %s is not for the post", x.of.code);
    return read_receiver(q, &x, e) && store_write(x.house->store, make_once, &once, e) && reply_view(q, r, 201, e);
}

static bool post_state(struct request *q, struct reply *r, struct error *e)
{
    struct telling t = {.house = request_house(q), .source = "officer", .now = request_now(q)};
    struct state_body in = {0};
    struct case_glimpse c;
    struct shipment s;
    bool found;

    if (!request_fields(q, state_body, &in, e))
        return false;
    {
        auto_read struct db *db = NULL;

        if (!store_read(t.house->store, &db, e) || !look(q, db, &c, &s, &found, e))
            return false;
    }
    if (!c.one_stop)
        return fail(e, E_FORBIDDEN, "no one-stop officer of %s", c.unit->code);
    if (!found)
        return fail(e, E_NOT_FOUND, "no parcel of %s", c.code);
    if (!shipment_state_parse(in.state, &t.state) || s.state == SHIPMENT_TO_ORDER ||
        !shipment_follows(t.state, s.state))
        return fail(e, E_ACTION_ILLEGAL, "%s after %s", in.state, shipment_state_name(s.state));
    t.id = s.id;
    t.note = in.note;
    return store_write(t.house->store, shipment_tell, &t, e) && reply_view(q, r, 200, e);
}

/* ---- the carrier tells ---- */

static bool told_open(struct request *q, void **state, struct error *e)
{
    struct buf *t = calloc(1, sizeof *t);

    (void)q;
    (void)e;
    if (!t)
        die("out of memory", sizeof *t);
    *t = (struct buf)BUF_INIT(TOLD_BYTES_MAX + 1);
    *state = t;
    return true;
}

static bool told_write(void *state, struct bytes chunk, struct error *e)
{
    struct buf *t = state;

    buf_add(t, chunk.data, chunk.len);
    return !t->overflow || fail(e, E_BODY_TOO_LARGE, "at most %d bytes", TOLD_BYTES_MAX);
}

static void told_drop(void *state)
{
    struct buf *t = state;

    buf_done(t);
    free(t);
}

static const struct sink told_sink = {TOLD_BYTES_MAX, told_open, told_write, told_drop};

/* clang-format off */
struct told_body { const char *order, *item, *status, *note; };
static const struct field told_fields[] = {
    {"OrderNumber", FIELD_TEXT, offsetof(struct told_body, order),  FIELD_REQUIRED, 20},
    {"ItemCode",    FIELD_TEXT, offsetof(struct told_body, item),   0, POST_NUMBER_MAX},
    {"Status",      FIELD_TEXT, offsetof(struct told_body, status), FIELD_REQUIRED, 20, "ordered|picked-up|in-transit|lost|returned|delivered"},
    {"Note",        FIELD_TEXT, offsetof(struct told_body, note),   0, POST_NOTE_MAX},
    {0},
};
/* clang-format on */

static bool read_told(struct request *q, struct bytes body, struct telling *t, struct error *e)
{
    struct told_body in = {0};
    json_t *read = NULL;
    const json_t *kept;

    if (!peer_check(carrier_of_city()->secret, request_header(q, "X-Timestamp"), request_header(q, "X-Signature"), body,
                    request_now(q), e) ||
        !json_read(body, &read, e))
        return false;
    kept = json_held(request_arena(q), read);
    if (!fields_read(request_arena(q), kept, told_fields, &in, e))
        return false;
    if (!text_to_i64(in.order, 1, INT64_MAX, &t->id))
        return fail(e, E_NOT_FOUND, "no such parcel");
    t->number = text_is_empty(in.item) ? NULL : in.item;
    t->note = in.note;
    return shipment_state_parse(in.status, &t->state) || fail_field(e, "/Status", "enum", in.status);
}

/* Replays and what comes out of order are answered alike: they change nothing. */
static bool post_told(struct request *q, struct reply *r, struct error *e)
{
    const struct buf *body = request_sink(q);
    struct telling t = {.house = request_house(q), .source = "carrier", .now = request_now(q)};
    auto_out struct json_out o = JSON_OUT_INIT;

    if (!read_told(q, (struct bytes){body && body->data ? body->data : "", body ? body->len : 0}, &t, e) ||
        !store_write(t.house->store, shipment_tell, &t, e))
        return false;
    out_open(&o, '{');
    out_member_bool(&o, "applied", t.applied);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* clang-format off */
static const struct route post_routes[] = {
    {"GET",  "/api/v1/cases/{code}/shipment",       RIGHT_CASE_READ, NULL,          "shipment-view", "A case's parcel: where it is, and what the caller may do", get_shipment},
    {"POST", "/api/v1/cases/{code}/shipment",       RIGHT_CASE_ACT,  shipment_body, "shipment-view", "Give the result to the post (one-stop officers)", post_shipment, ROUTE_IDEMPOTENT, .status = 201},
    {"POST", "/api/v1/cases/{code}/shipment/state", RIGHT_CASE_ACT,  state_body,    "shipment-view", "Record where the parcel is, by hand (one-stop officers)", post_state},
    {"POST", "/api/v1/post/events",                 RIGHT_PUBLIC,    NULL,          "post-told",     "The carrier tells where a parcel is: signed with the shared secret (X-Timestamp, X-Signature)", post_told, .sink = &told_sink},
    {0},
};
/* clang-format on */

static bool post_start(struct house *h, struct error *e)
{
    (void)e;
    carrier_read();
    exchange_register(h, &post_system);
    store_listen(h->store, "handover.changed", post_on_handover, h);
    return true;
}

extern const char post_shapes_yaml[];                           /* shapes.yaml, made by the build */
static const struct shapes shapes = {.yaml = post_shapes_yaml}; /* ends in NUL */

const struct module post_module = {
    .name = "post", .migrations = post_migrations, .routes = post_routes, .shapes = &shapes, .start = post_start};
