/* Sending: a job for each try. A hand-over is claimed with a lease before it is sent and settled after, each in a write
 * of its own; whoever dies in between leaves a lease that ends, and the next try names the same hand-over to a system
 * that takes it once. */
#include "exchange/exchange_internal.h"

#include <inttypes.h>
#include <string.h>

#define DELIVER_JOB "exchange-deliver"
enum { SENDING_MS = 30 * 1000, BUSY_MS = 1000 };
/* The pauses after the first, second, … failed try; the last one from then on. */
static const int64_t pauses_s[] = {5, 30, 120, 600, 1800, 3600};

bool deliver_at(struct db *db, int64_t id, int64_t at, struct error *e)
{
    json_auto_t *input = json_pack("{s:o}", "handover", json_id(id));

    return job_add(db, DELIVER_JOB, input, 0, at, NULL, e);
}

/* ---- claiming ---- */

struct claim {
    struct arena *arena;
    int64_t id, now;
    bool claimed;
    struct handover found;
};

/* It is due, but another one is sending it, or was: looked at again when that one's time is over. */
static bool wait_for_lease(struct db *db, const struct claim *x, struct error *e)
{
    static const char sql[] =
        "SELECT lease_at FROM handover WHERE id = $1 AND rank < $3 AND next_at <= $2 AND lease_at > $2";
    auto_rows struct rows *r = NULL;
    bool found;

    return db_find(db, &r, &found, e, sql, ARGS(I64(x->id), I64(x->now), I64(RANK_CLOSED))) &&
           (!found || deliver_at(db, x->id, rows_i64(r, 0), e));
}

static bool write_claim(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE handover SET tries = tries + 1, lease_at = $3 WHERE id = $1 AND rank < $4"
                              " AND next_at <= $2 AND (lease_at IS NULL OR lease_at <= $2)";
    struct claim *x = arg;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql, ARGS(I64(x->id), I64(x->now), I64(x->now + SENDING_MS), I64(RANK_CLOSED))))
        return false;
    x->claimed = changed == 1;
    return x->claimed ? handover_find(db, x->arena, x->id, &x->found, &x->claimed, e) : wait_for_lease(db, x, e);
}

/* ---- settling ---- */

struct outcome {
    const struct handover *tried;
    enum handover_state state;
    int64_t now, next_at;
    const char *problem, *detail, *reference;
};

static int64_t pause_after(int64_t tries)
{
    size_t i = tries < 1 ? 0 : (size_t)tries - 1;

    return pauses_s[i < COUNT(pauses_s) ? i : COUNT(pauses_s) - 1] * 1000;
}

static bool write_outcome(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "UPDATE handover SET state = $3, rank = $4, next_at = $5, lease_at = NULL, problem = $6, detail = $7,"
        " reference = $8, changed_at = $9 WHERE id = $1 AND tries = $2 AND rank < $10";
    const struct outcome *o = arg;
    struct handover after = *o->tried;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(after.id), I64(after.tries), TEXT(handover_state_name(o->state)),
                      I64(handover_rank(o->state)), INSTANT(o->next_at), TEXT(o->problem), TEXT(o->detail),
                      TEXT(o->reference), I64(o->now), I64(RANK_CLOSED))))
        return false;
    if (changed == 0) /* overtaken: whoever did has told */
        return true;
    after.state = o->state;
    after.next_at = o->next_at;
    after.problem = o->problem;
    after.detail = o->detail;
    after.reference = o->reference;
    after.changed_at = o->now;
    return (o->next_at == INSTANT_NONE || deliver_at(db, after.id, o->next_at, e)) &&
           db_emit(db, "handover.changed", after.id, &after, e);
}

static bool send_claimed(struct house *h, const struct correspondent *to, struct claim *x, struct error *e)
{
    struct outcome o = {.tried = &x->found, .state = HANDOVER_SENT, .next_at = INSTANT_NONE};
    auto_error struct error why;

    error_init(&why);
    if (!to)
        (void)fail(&why, E_PEER_UNSET, "this program knows no system %s", x->found.system);
    if (!to || !to->system->send(&x->found, x->arena, &o.reference, &why)) {
        o.state = HANDOVER_FAILED;
        o.reference = NULL;
        o.problem = error_row(why.code)->code;
        o.detail = arena_strdup(x->arena, why.detail);
        log_line(LOG_WARN, "hand-over-failed", "id=%" PRId64 " system=%s try=%" PRId64 " why=\"%s\"", x->found.id,
                 x->found.system, x->found.tries, why.detail);
    }
    o.now = now_ms();
    if (o.state == HANDOVER_FAILED && error_kind(&why) != KIND_INVALID)
        o.next_at = o.now + pause_after(x->found.tries);
    return store_write(h->store, write_outcome, &o, e);
}

/* ---- the job ---- */

struct postponing {
    int64_t id, at;
};

static bool write_postponed(struct db *db, void *arg, struct error *e)
{
    const struct postponing *x = arg;

    return deliver_at(db, x->id, x->at, e);
}

static bool system_of(struct house *h, struct arena *a, int64_t id, struct correspondent **out, struct error *e)
{
    auto_read struct db *db = NULL;
    struct handover x;
    bool found;

    if (!store_read(h->store, &db, e) || !handover_find(db, a, id, &x, &found, e))
        return false;
    *out = found ? correspondent_of(h, x.system) : NULL;
    return true;
}

static bool run_delivery(struct job *job, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct claim x = {.arena = a, .now = now_ms()};
    struct correspondent *to;
    bool ok;

    if (!text_to_i64(json_str(job->input, "handover"), 1, INT64_MAX, &x.id))
        return fail(e, E_INVALID_INPUT, "no hand-over");
    if (!system_of(job->arg, a, x.id, &to, e))
        return false;
    if (to && atomic_exchange(&to->busy, true)) { /* spread, so that those who wait do not come back as one */
        struct postponing later = {x.id, x.now + BUSY_MS + x.id % BUSY_MS};

        return store_write(job->store, write_postponed, &later, e);
    }
    ok = store_write(job->store, write_claim, &x, e) && (!x.claimed || send_claimed(job->arg, to, &x, e));
    if (to)
        atomic_store(&to->busy, false);
    return ok;
}

void deliver_define(struct house *h)
{
    store_job_kind(h->store,
                   &(struct job_kind){.name = DELIVER_JOB, .run = run_delivery, .arg = h, .tries = INT32_MAX});
}
