/* The rows of what is handed over, and what people do to them. */
#include "exchange/exchange_internal.h"

#include <string.h>

const struct migration exchange_migrations[] = {
    {1, "what is handed over to other systems",
     "CREATE TABLE handover ("
     "  id BIGINT PRIMARY KEY,"
     "  system TEXT NOT NULL,"    /* exchange_register() */
     "  kind TEXT NOT NULL,"      /* the system's own word for what is asked */
     "  case_id BIGINT NOT NULL," /* 0: of no case */
     "  case_code TEXT,"
     "  unit BIGINT NOT NULL,"  /* who takes care of it */
     "  state TEXT NOT NULL,"   /* waiting, failed, sent, done-by-hand */
     "  rank BIGINT NOT NULL,"  /* its place in lists: 0 trouble, 1 waiting, 2 over */
     "  tries BIGINT NOT NULL," /* also the token of a try: one that was overtaken changes nothing */
     "  next_at BIGINT,"        /* when it is tried; NULL: not by itself */
     "  lease_at BIGINT,"       /* a try is under way, until then at most */
     "  problem TEXT,"          /* code of the last try's error */
     "  detail TEXT,"
     "  reference TEXT," /* what the foreign system calls it */
     "  note TEXT,"
     "  payload JSON NOT NULL,"
     "  by_hand BIGINT," /* party */
     "  made_at BIGINT NOT NULL,"
     "  changed_at BIGINT NOT NULL"
     ");"
     "CREATE INDEX handover_unit ON handover (unit, rank, id);"
     "CREATE INDEX handover_case ON handover (case_id, rank, id)"},
    {0},
};

/* clang-format off */
static const struct { const char *name, *title[LANG__COUNT]; enum rank rank; } states[HANDOVER__COUNT] = {
    [HANDOVER_WAITING] = {"waiting",      {"Chờ gửi", "Waiting to be sent"},           RANK_WAITING},
    [HANDOVER_FAILED]  = {"failed",       {"Chưa gửi được", "Not sent yet"},           RANK_TROUBLE},
    [HANDOVER_SENT]    = {"sent",         {"Đã gửi", "Sent"},                          RANK_CLOSED},
    [HANDOVER_BY_HAND] = {"done-by-hand", {"Đã làm thủ công", "Done by hand"},         RANK_CLOSED},
};
/* clang-format on */

const char *handover_state_name(enum handover_state s)
{
    return states[s].name;
}

const char *handover_state_title(enum handover_state s, enum lang lang)
{
    return states[s].title[lang];
}

enum rank handover_rank(enum handover_state s)
{
    return states[s].rank;
}

static enum handover_state state_named(const char *name)
{
    int s = 0;

    while (s < HANDOVER__COUNT - 1 && !text_equal(states[s].name, name))
        s++;
    return (enum handover_state)s;
}

/* ---- the systems ---- */

static struct exchange *exchange_of(const struct house *h)
{
    return h->room[ROOM_EXCHANGE];
}

void exchange_register(struct house *h, const struct foreign_system *system)
{
    struct exchange *x = exchange_of(h);

    if (x->n == SYSTEMS_MAX)
        die("too many foreign systems", SYSTEMS_MAX);
    x->systems[x->n++].system = system;
}

struct correspondent *correspondent_of(const struct house *h, const char *name)
{
    struct exchange *x = exchange_of(h);

    for (size_t i = 0; i < x->n; i++)
        if (text_equal(x->systems[i].system->name, name))
            return &x->systems[i];
    return NULL;
}

bool exchange_start(struct house *h, struct error *e)
{
    struct exchange *x = calloc(1, sizeof *x);

    (void)e;
    if (!x)
        die("out of memory", sizeof *x);
    h->room[ROOM_EXCHANGE] = x;
    deliver_define(h);
    return true;
}

void exchange_stop(struct house *h)
{
    free(exchange_of(h));
    h->room[ROOM_EXCHANGE] = NULL;
}

/* ---- rows ---- */

void handover_read(struct rows *r, struct arena *a, struct handover *out)
{
    *out = (struct handover){
        .id = rows_i64(r, 0),
        .system = arena_strdup(a, rows_text(r, 1)),
        .kind = arena_strdup(a, rows_text(r, 2)),
        .case_id = rows_i64(r, 3),
        .case_code = arena_strdup(a, rows_text(r, 4)),
        .unit = rows_i64(r, 5),
        .state = state_named(rows_text(r, 6)),
        .tries = rows_i64(r, 7),
        .next_at = rows_instant(r, 8),
        .lease_at = rows_instant(r, 9),
        .problem = arena_strdup(a, rows_text(r, 10)),
        .detail = arena_strdup(a, rows_text(r, 11)),
        .reference = arena_strdup(a, rows_text(r, 12)),
        .note = arena_strdup(a, rows_text(r, 13)),
        .payload = json_held(a, rows_json_new(r, 14)),
        .made_at = rows_i64(r, 15),
        .changed_at = rows_i64(r, 16),
    };
}

bool handover_add(struct db *db, const struct handover_new *x, int64_t *id, struct error *e)
{
    static const char sql[] = "INSERT INTO handover (id, system, kind, case_id, case_code, unit, state, rank, tries, "
                              "next_at, payload, made_at,"
                              " changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $9, $9)";
    auto_arena struct arena *a = arena_new();

    *id = id_new();
    return db_exec(db, NULL, e, sql,
                   ARGS(I64(*id), TEXT(x->system), TEXT(x->kind), I64(x->case_id), TEXT(x->case_code), I64(x->unit),
                        TEXT(states[HANDOVER_WAITING].name), I64(RANK_WAITING), I64(x->now),
                        TEXT(json_text(a, x->payload)))) &&
           deliver_at(db, *id, x->now, e);
}

bool handover_find(struct db *db, struct arena *a, int64_t id, struct handover *out, bool *found, struct error *e)
{
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, "SELECT " HANDOVER_COLUMNS " FROM handover WHERE id = $1", ARGS(I64(id))))
        return false;
    if (*found)
        handover_read(r, a, out);
    return true;
}

bool handover_list(struct db *db, struct arena *a, const struct handover_query *query, struct handover *out, size_t *n,
                   bool *more, struct error *e)
{
    static const char of_unit[] =
        "SELECT " HANDOVER_COLUMNS " FROM handover WHERE unit = $1 AND rank >= $2 AND rank <= $4"
        " AND (rank > $2 OR id < $3) ORDER BY rank, id DESC LIMIT $5";
    static const char of_case[] =
        "SELECT " HANDOVER_COLUMNS " FROM handover WHERE case_id = $1 AND rank >= $2 AND rank <= $4"
        " AND (rank > $2 OR id < $3) ORDER BY rank, id DESC LIMIT $5";
    auto_rows struct rows *r = NULL;

    *n = 0;
    if (!db_query(db, &r, e, query->unit ? of_unit : of_case,
                  ARGS(I64(query->unit ? query->unit : query->case_id), I64(query->after.rank), I64(query->after.id),
                       I64(query->worst), I64((int64_t)query->limit + 1))))
        return false;
    for (;;) {
        if (!rows_next(r, more, e))
            return false;
        if (!*more || *n == query->limit)
            return true;
        handover_read(r, a, &out[(*n)++]);
    }
}

/* ---- by hand ---- */

bool handover_is_cared_for(const struct house *h, const struct actor *who, int64_t unit, int64_t now)
{
    const struct unit *u = unit_by_id(h, unit);

    return u && actor_works_for(h, who, u, now);
}

struct retrying {
    int64_t id, now;
};

static bool write_retry(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE handover SET next_at = $2, changed_at = $2 WHERE id = $1 AND rank < $3";
    const struct retrying *x = arg;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql, ARGS(I64(x->id), I64(x->now), I64(RANK_CLOSED))))
        return false;
    return (changed == 1 || fail(e, E_ACTION_ILLEGAL, "it is over")) && deliver_at(db, x->id, x->now, e);
}

bool handover_retry(struct house *h, int64_t id, int64_t now, struct error *e)
{
    struct retrying x = {id, now};

    return store_write(h->store, write_retry, &x, e);
}

static bool write_by_hand(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "UPDATE handover SET state = $2, rank = $3, next_at = NULL, note = $4, reference = $5, by_hand = $6,"
        " changed_at = $7 WHERE id = $1 AND rank < $3 AND (lease_at IS NULL OR lease_at <= $7)";
    auto_arena struct arena *a = arena_new();
    const struct by_hand *x = arg;
    struct handover after;
    int64_t changed;
    bool found;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(x->id), TEXT(states[HANDOVER_BY_HAND].name), I64(RANK_CLOSED), TEXT(x->note),
                      TEXT(x->reference), I64(x->party), I64(x->now))) ||
        !handover_find(db, a, x->id, &after, &found, e))
        return false;
    if (changed == 1)
        return db_emit(db, "handover.changed", x->id, &after, e);
    return found && states[after.state].rank < RANK_CLOSED ? fail(e, E_SENDING, "a try is under way")
                                                           : fail(e, E_ACTION_ILLEGAL, "it is over");
}

bool handover_by_hand(struct house *h, const struct by_hand *x, struct error *e)
{
    struct by_hand copy = *x;

    return store_write(h->store, write_by_hand, &copy, e);
}
