/* Tickets and calls: one row a ticket. */
#include <inttypes.h>

#include "systems/queue/queue_internal.h"

const struct migration queue_migrations[] = {
    {1, "the line before the counter",
     "CREATE TABLE queue_ticket ("
     "  unit BIGINT NOT NULL,"
     "  day BIGINT NOT NULL," /* days since 1970 in the city */
     "  number BIGINT NOT NULL,"
     "  party BIGINT NOT NULL," /* 0: somebody at the counter, without a name */
     "  taken_at BIGINT NOT NULL,"
     "  called_at BIGINT,"
     "  called_by BIGINT," /* party */
     "  desk TEXT,"
     "  PRIMARY KEY (unit, day, number)"
     ");"
     "CREATE INDEX queue_waiting ON queue_ticket (unit, day, number) WHERE called_at IS NULL;"
     "CREATE INDEX queue_called ON queue_ticket (unit, day, called_at) WHERE called_at IS NOT NULL;"},
    {0},
};

static int64_t day_at(int64_t now)
{
    return date_to_days(date_at(now));
}

/* Numbers have no gaps and nobody is called twice: one write of a unit's line at a time. */
static bool alone(struct db *db, int64_t unit, struct error *e)
{
    char what[48];

    (void)snprintf(what, sizeof what, "queue:%" PRId64, unit);
    return db_serial(db, what, e);
}

static bool count_ahead(struct db *db, int64_t unit, int64_t now, struct ticket *t, struct error *e)
{
    static const char sql[] = "SELECT COUNT(*) FROM queue_ticket WHERE unit = $1 AND day = $2 AND called_at IS NULL"
                              " AND number < $3";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, sql, ARGS(I64(unit), I64(day_at(now)), I64(t->number))))
        return false;
    t->ahead = rows_i64(r, 0);
    return true;
}

bool ticket_of(struct db *db, int64_t unit, int64_t party, int64_t now, struct ticket *out, bool *found,
               struct error *e)
{
    static const char sql[] = "SELECT number, taken_at FROM queue_ticket WHERE unit = $1 AND day = $2"
                              " AND called_at IS NULL AND party = $3 ORDER BY number LIMIT 1";

    {
        auto_rows struct rows *r = NULL;

        if (!db_find(db, &r, found, e, sql, ARGS(I64(unit), I64(day_at(now)), I64(party))))
            return false;
        if (!*found)
            return true;
        *out = (struct ticket){.number = rows_i64(r, 0), .taken_at = rows_i64(r, 1), .party = party};
    }
    return count_ahead(db, unit, now, out, e);
}

/* ---- taking ---- */

struct taking {
    const struct unit *unit;
    int64_t party, now;
    struct ticket *out;
};

static bool add_ticket(struct db *db, const struct taking *x, struct error *e)
{
    static const char last_sql[] = "SELECT MAX(number) FROM queue_ticket WHERE unit = $1 AND day = $2";
    static const char add_sql[] =
        "INSERT INTO queue_ticket (unit, day, number, party, taken_at) VALUES ($1, $2, $3, $4, $5)";
    static const char sweep_sql[] = "DELETE FROM queue_ticket WHERE unit = $1 AND day < $2";
    int64_t day = day_at(x->now);

    {
        auto_rows struct rows *r = NULL;
        bool found;

        if (!db_find(db, &r, &found, e, last_sql, ARGS(I64(x->unit->id), I64(day))))
            return false;
        *x->out = (struct ticket){.number = rows_i64(r, 0) + 1, .taken_at = x->now, .party = x->party};
    }
    if (x->out->number == 1 && !db_exec(db, NULL, e, sweep_sql, ARGS(I64(x->unit->id), I64(day - QUEUE_DAYS_KEPT))))
        return false;
    return db_exec(db, NULL, e, add_sql,
                   ARGS(I64(x->unit->id), I64(day), I64(x->out->number), I64(x->party), I64(x->now))) &&
           count_ahead(db, x->unit->id, x->now, x->out, e);
}

static bool write_ticket(struct db *db, void *arg, struct error *e)
{
    const struct taking *x = arg;
    bool has = false;

    if (!alone(db, x->unit->id, e) || (x->party && !ticket_of(db, x->unit->id, x->party, x->now, x->out, &has, e)))
        return false;
    return has || add_ticket(db, x, e);
}

bool ticket_take(struct house *h, const struct unit *unit, int64_t party, int64_t now, struct ticket *out,
                 struct error *e)
{
    struct taking x = {unit, party, now, out};

    return store_write(h->store, write_ticket, &x, e);
}

/* ---- the line ---- */

bool line_read(struct db *db, struct arena *a, int64_t unit, int64_t now, struct line *out, struct error *e)
{
    static const char waiting_sql[] =
        "SELECT COUNT(*) FROM queue_ticket WHERE unit = $1 AND day = $2 AND called_at IS NULL";
    static const char calls_sql[] = "SELECT number, called_at, desk FROM queue_ticket WHERE unit = $1 AND day = $2"
                                    " AND called_at IS NOT NULL ORDER BY called_at DESC, number DESC LIMIT $3";
    auto_rows struct rows *waiting = NULL, *calls = NULL;
    bool more = true;

    *out = (struct line){0};
    if (!db_find(db, &waiting, &more, e, waiting_sql, ARGS(I64(unit), I64(day_at(now)))) ||
        !db_query(db, &calls, e, calls_sql, ARGS(I64(unit), I64(day_at(now)), I64(QUEUE_CALLS_SHOWN))))
        return false;
    out->waiting = rows_i64(waiting, 0);
    while (rows_next(calls, &more, e) && more)
        out->calls[out->n_calls++] =
            (struct called){rows_i64(calls, 0), rows_i64(calls, 1), arena_strdup(a, rows_text(calls, 2))};
    return !more;
}

/* ---- calling ---- */

static bool find_first(struct db *db, struct calling *x, struct error *e)
{
    static const char sql[] = "SELECT number, party, taken_at FROM queue_ticket WHERE unit = $1 AND day = $2"
                              " AND called_at IS NULL ORDER BY number LIMIT 1";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, sql, ARGS(I64(x->unit->id), I64(day_at(x->now)))))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "nobody waits");
    x->ticket = (struct ticket){.number = rows_i64(r, 0), .party = rows_i64(r, 1), .taken_at = rows_i64(r, 2)};
    return true;
}

/* Whoever calls learns who comes: that is written down for them. */
static bool find_person(struct db *db, struct calling *x, struct error *e)
{
    bool found = false;

    x->person = (struct party){0};
    if (!x->ticket.party)
        return true;
    if (!party_find(db, x->arena, x->ticket.party, &x->person, &found, e))
        return false;
    if (!found)
        x->person = (struct party){0};
    return !found || audit_add(db,
                               &(struct audit){.action = "read",
                                               .what = "queue",
                                               .key = x->unit->code,
                                               .about = x->person.number,
                                               .actor = x->officer,
                                               .unit = x->unit->id,
                                               .purpose = "case",
                                               .address = x->address,
                                               .at = x->now},
                               e);
}

static bool write_call(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE queue_ticket SET called_at = $4, called_by = $5, desk = $6"
                              " WHERE unit = $1 AND day = $2 AND number = $3";
    struct calling *x = arg;

    return alone(db, x->unit->id, e) && find_first(db, x, e) && find_person(db, x, e) &&
           db_exec(db, NULL, e, sql,
                   ARGS(I64(x->unit->id), I64(day_at(x->now)), I64(x->ticket.number), I64(x->now), I64(x->officer),
                        TEXT(x->desk)));
}

bool line_call(struct house *h, struct calling *x, struct error *e)
{
    return store_write(h->store, write_call, x, e);
}
