/* Parcels: one row each, and a line for each thing that was told of it. */
#include <string.h>

#include "systems/post/post_internal.h"

const struct migration post_migrations[] = {
    {1, "parcels",
     "CREATE TABLE shipment ("
     "  id BIGINT PRIMARY KEY," /* the carrier's OrderNumber */
     "  case_id BIGINT NOT NULL,"
     "  case_code TEXT NOT NULL,"
     "  unit BIGINT NOT NULL," /* the sender */
     "  applicant BIGINT NOT NULL,"
     "  handover BIGINT NOT NULL," /* the order; 0: taken to the post by hand */
     "  number TEXT,"              /* the post's own */
     "  state TEXT NOT NULL,"
     "  rank BIGINT NOT NULL," /* of the state: it only rises */
     "  over BIGINT NOT NULL," /* 1: came back or was lost, so that another may go */
     "  cod BIGINT NOT NULL,"
     "  receiver JSON NOT NULL,"
     "  posted_by BIGINT NOT NULL,"
     "  made_at BIGINT NOT NULL,"
     "  changed_at BIGINT NOT NULL"
     ");"
     "CREATE INDEX shipment_case ON shipment (case_id, id);"
     "CREATE INDEX shipment_order ON shipment (handover);"
     "CREATE UNIQUE INDEX shipment_under_way ON shipment (case_id) WHERE over = 0;"
     "CREATE TABLE shipment_event ("
     "  id BIGINT PRIMARY KEY,"
     "  shipment BIGINT NOT NULL,"
     "  at BIGINT NOT NULL,"
     "  state TEXT NOT NULL,"
     "  source TEXT NOT NULL," /* carrier, officer, system */
     "  note TEXT"
     ");"
     "CREATE INDEX shipment_events ON shipment_event (shipment, id)"},
    {0},
};

/* clang-format off */
static const struct { const char *name, *title[LANG__COUNT]; int rank; bool over; } states[SHIPMENT__COUNT] = {
    [SHIPMENT_TO_ORDER]   = {"to-order",   {"Chờ bưu chính nhận yêu cầu", "Waiting for the post to take the order"}, 0, false},
    [SHIPMENT_ORDERED]    = {"ordered",    {"Bưu chính đã nhận yêu cầu", "Ordered"},  1, false},
    [SHIPMENT_PICKED_UP]  = {"picked-up",  {"Bưu tá đã lấy hàng", "Picked up"},       2, false},
    [SHIPMENT_IN_TRANSIT] = {"in-transit", {"Đang vận chuyển", "In transit"},         3, false},
    [SHIPMENT_LOST]       = {"lost",       {"Thất lạc", "Lost"},                      4, true},
    [SHIPMENT_RETURNED]   = {"returned",   {"Hoàn về cơ quan gửi", "Returned to the sender"}, 5, true},
    [SHIPMENT_DELIVERED]  = {"delivered",  {"Đã phát", "Delivered"},                  5, false},
};
/* clang-format on */

const char *shipment_state_name(enum shipment_state s)
{
    return states[s].name;
}

const char *shipment_state_title(enum shipment_state s, enum lang lang)
{
    return states[s].title[lang];
}

bool shipment_state_parse(const char *name, enum shipment_state *out)
{
    for (int s = 0; s < SHIPMENT__COUNT; s++)
        if (text_equal(states[s].name, name)) {
            *out = (enum shipment_state)s;
            return true;
        }
    return false;
}

bool shipment_follows(enum shipment_state next, enum shipment_state now)
{
    return states[next].rank > states[now].rank;
}

/* ---- rows ---- */

#define SHIPMENT_COLUMNS                                                                                               \
    "id, case_id, case_code, unit, applicant, handover, number, state, cod, receiver, posted_by, made_at, changed_at"

static void read_row(struct rows *r, struct arena *a, struct shipment *out)
{
    const json_t *to = json_held(a, rows_json_new(r, 9));

    *out = (struct shipment){
        .id = rows_i64(r, 0),
        .case_id = rows_i64(r, 1),
        .case_code = arena_strdup(a, rows_text(r, 2)),
        .unit = rows_i64(r, 3),
        .applicant = rows_i64(r, 4),
        .handover = rows_i64(r, 5),
        .number = arena_strdup(a, rows_text(r, 6)),
        .cod = rows_i64(r, 8),
        .receiver = {.name = json_str(to, "name"),
                     .phone = json_str(to, "phone"),
                     .address = json_str(to, "address"),
                     .place = json_str(to, "place")},
        .by = rows_i64(r, 10),
        .made_at = rows_i64(r, 11),
        .changed_at = rows_i64(r, 12),
    };
    if (!shipment_state_parse(rows_text(r, 7), &out->state))
        out->state = SHIPMENT_TO_ORDER;
}

static bool find_by(struct db *db, struct arena *a, const char *sql, int64_t id, struct shipment *out, bool *found,
                    struct error *e)
{
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(I64(id))))
        return false;
    if (*found)
        read_row(r, a, out);
    return true;
}

bool shipment_find(struct db *db, struct arena *a, int64_t id, struct shipment *out, bool *found, struct error *e)
{
    return find_by(db, a, "SELECT " SHIPMENT_COLUMNS " FROM shipment WHERE id = $1", id, out, found, e);
}

bool shipment_of_case(struct db *db, struct arena *a, int64_t case_id, struct shipment *out, bool *found,
                      struct error *e)
{
    return find_by(db, a, "SELECT " SHIPMENT_COLUMNS " FROM shipment WHERE case_id = $1 ORDER BY id DESC LIMIT 1",
                   case_id, out, found, e);
}

bool shipment_events(struct db *db, struct arena *a, int64_t shipment,
                     struct shipment_event out[static SHIPMENT__COUNT], size_t *n, struct error *e)
{
    static const char sql[] = "SELECT at, state, source, note FROM shipment_event WHERE shipment = $1 ORDER BY id";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(shipment))))
        return false;
    for (*n = 0; rows_next(r, &more, e);) {
        struct shipment_event *event = &out[*n];

        if (!more || *n == SHIPMENT__COUNT)
            return true;
        if (!shipment_state_parse(rows_text(r, 1), &event->state))
            continue;
        event->at = rows_i64(r, 0);
        event->source = arena_strdup(a, rows_text(r, 2));
        event->note = arena_strdup(a, rows_text(r, 3));
        ++*n;
    }
    return false;
}

static bool add_event(struct db *db, int64_t shipment, enum shipment_state state, const char *source, const char *note,
                      int64_t now, struct error *e)
{
    static const char sql[] =
        "INSERT INTO shipment_event (id, shipment, at, state, source, note) VALUES ($1, $2, $3, $4, $5, $6)";

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(id_new()), I64(shipment), I64(now), TEXT(states[state].name), TEXT(source), TEXT(note)));
}

/* ---- posting ---- */

static bool insert(struct db *db, const struct posting *x, int64_t handover, enum shipment_state state, int64_t cod,
                   struct error *e)
{
    static const char sql[] =
        "INSERT INTO shipment (id, case_id, case_code, unit, applicant, handover, number, state, rank, over, cod,"
        " receiver, posted_by, made_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13,"
        " $13)";
    const struct receiver *to = &x->receiver;
    const json_t *receiver = json_held(x->arena, json_pack("{s:s?, s:s?, s:s?, s:s?}", "name", to->name, "phone",
                                                           to->phone, "address", to->address, "place", to->place));

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(x->id), I64(x->of.id), TEXT(x->of.code), I64(x->of.unit->id), I64(x->of.applicant),
                        I64(handover), TEXT(x->number), TEXT(states[state].name), I64(states[state].rank), I64(cod),
                        TEXT(json_text(x->arena, receiver)), I64(x->by), I64(x->now))) &&
           add_event(db, x->id, state, "officer", NULL, x->now, e);
}

static bool fits(struct db *db, const struct posting *x, struct error *e)
{
    struct shipment last;
    bool found, done;

    if (!case_is_done(db, x->of.id, &done, e) || !shipment_of_case(db, x->arena, x->of.id, &last, &found, e))
        return false;
    return (done && (!found || states[last.state].over)) || fail(e, E_SHIPMENT_UNFIT, "case %s", x->of.code);
}

bool shipment_post(struct db *db, void *arg, struct error *e)
{
    struct posting *x = arg;
    int64_t handover = 0, cod = x->number ? 0 : x->of.fee_due;
    struct shipment made;
    const json_t *order;
    bool found;

    x->id = id_new();
    if (!fits(db, x, e))
        return false;
    if (x->number) /* whoever brings it to the post's counter pays there */
        return insert(db, x, 0, SHIPMENT_ORDERED, 0, e) && shipment_find(db, x->arena, x->id, &made, &found, e) &&
               tell_owner(db, x->house, x->arena, &made, x->now, e);
    order = json_held(x->arena, order_new(x, x->id, cod));
    return handover_add(db,
                        &(struct handover_new){.system = POST_SYSTEM,
                                               .kind = "order",
                                               .case_id = x->of.id,
                                               .case_code = x->of.code,
                                               .unit = x->of.unit->id,
                                               .payload = order,
                                               .now = x->now},
                        &handover, e) &&
           insert(db, x, handover, SHIPMENT_TO_ORDER, cod, e);
}

/* ---- what is told of it ---- */

static bool follow(struct db *db, const struct telling *x, struct arena *a, const struct shipment *s, struct error *e)
{
    const char *note;
    bool done;

    if (!tell_owner(db, x->house, a, s, x->now, e))
        return false;
    if (states[s->state].over)
        return tell_officers(db, x->house, a, s, false, x->now, e);
    if (s->state != SHIPMENT_DELIVERED)
        return true;
    note = arena_printf(a, "Bưu gửi %s đã phát đến %s%s", s->number ? s->number : "", s->receiver.name,
                        s->cod ? "; bưu chính đã thu hộ phí" : "");
    return case_act_by_system(db, x->house, s->case_id, "deliver", note, s->cod > 0, x->now, &done, e);
}

bool shipment_tell(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "UPDATE shipment SET state = $2, rank = $3, over = $4, number = COALESCE(number, $5), changed_at = $6"
        " WHERE id = $1 AND rank < $3";
    auto_arena struct arena *a = arena_new();
    struct telling *x = arg;
    struct shipment s;
    int64_t changed;
    bool found;

    x->applied = false;
    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(x->id), TEXT(states[x->state].name), I64(states[x->state].rank), I64(states[x->state].over),
                      TEXT(x->number), I64(x->now))) ||
        !shipment_find(db, a, x->id, &s, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "no such parcel");
    x->applied = changed == 1;
    return !x->applied || (add_event(db, x->id, x->state, x->source, x->note, x->now, e) && follow(db, x, a, &s, e));
}

/* ---- what becomes of the order ---- */

/* The carrier may tell of the parcel before we know that it took the order: then only the number is new. */
static bool ordered(struct db *db, struct house *h, const struct handover *x, const struct shipment *s, struct error *e)
{
    static const char sql[] = "UPDATE shipment SET number = COALESCE(number, $2) WHERE id = $1";
    struct telling t = {.house = h,
                        .id = s->id,
                        .state = SHIPMENT_ORDERED,
                        .number = x->reference,
                        .note = x->note,
                        .source = x->state == HANDOVER_SENT ? "system" : "officer",
                        .now = x->changed_at};

    return shipment_tell(db, &t, e) && (t.applied || db_exec(db, NULL, e, sql, ARGS(I64(s->id), TEXT(x->reference))));
}

bool post_on_handover(struct db *db, const struct event *event, void *arg, struct error *e)
{
    static const char sql[] = "SELECT " SHIPMENT_COLUMNS " FROM shipment WHERE handover = $1";
    auto_arena struct arena *a = arena_new();
    const struct handover *x = event->detail;
    struct shipment s;
    bool found;

    if (!text_equal(x->system, POST_SYSTEM))
        return true;
    if (!find_by(db, a, sql, x->id, &s, &found, e))
        return false;
    if (!found)
        return true;
    if (x->state == HANDOVER_SENT || x->state == HANDOVER_BY_HAND)
        return ordered(db, arg, x, &s, e);
    /* Once when it begins, once more when nobody but a person can go on. */
    return (x->tries != 1 && x->next_at != INSTANT_NONE) || tell_officers(db, arg, a, &s, true, x->changed_at, e);
}
