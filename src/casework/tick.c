/* What time does by itself: actions that fall due, silence that is noticed, questions left unanswered. Each case in its
 * own write, which looks again: whoever was quicker wins, and a second node does nothing twice. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { TICK_BATCH = 200, TICK_EVERY_MS = 30 * 1000 };

struct waking {
    struct house *house;
    const char *code;
    int64_t now;
};

#define TICK_JOB "case-tick"

static bool add_tick(struct db *db, void *arg, struct error *e)
{
    const int64_t *at = arg;

    return job_add_once(db, TICK_JOB, *at, e);
}

bool tick_later(struct store *s, int64_t at, struct error *e)
{
    return store_write(s, add_tick, &at, e);
}

/* ---- who is told ---- */

static bool told_already(const int64_t *told, size_t n, int64_t party)
{
    for (size_t i = 0; i < n; i++)
        if (told[i] == party)
            return true;
    return false;
}

bool tell_heads(struct db *db, const struct turn *t, const struct case_file *c, const char *what, struct error *e)
{
    struct notice notice = {.case_code = c->code, .at = t->now};
    struct member heads[16];
    int64_t told[COUNT(heads) + 1];
    size_t n = 0, n_told = 0;

    if (!notice_words(c, what, t->arena, notice.title, notice.text))
        return true;
    if (!unit_members(db, t->arena, c->unit->id, ROLE_UNIT_HEAD, heads, COUNT(heads), &n, e))
        return false;
    for (size_t i = 0; i <= n; i++) {
        notice.party = i < n ? heads[i].party : c->assignee;
        if (!notice.party || told_already(told, n_told, notice.party))
            continue;
        told[n_told++] = notice.party;
        if (!notice_add(db, t->house, &notice, e))
            return false;
    }
    return true;
}

/* ---- one case ---- */

static int64_t timed_at(const struct turn *t, const struct case_file *c, const struct transition *way)
{
    struct due due;
    struct error e;

    error_init(&e);
    if (calendar_due(case_calendar(t->house, c), c->step_at, way->after, DUE_WORKING_HOURS, &due, &e))
        return due.due_ms;
    error_done(&e);
    return INT64_MAX;
}

/* An action whose time has come is taken as if the system had been told to. */
static bool take_timed(struct db *db, struct turn *t, struct case_file *c, bool *taken, struct error *e)
{
    *taken = false;
    for (size_t i = 0; i < c->step->n_transitions && !*taken; i++) {
        const struct transition *way = &c->step->transitions[i];

        if (!way->after.value || !way->to || timed_at(t, c, way) > t->now)
            continue;
        if (!condition_holds(db, t->arena, c, way->when, taken, e) ||
            (*taken && !case_advance(db, t, c, way->action, way->to, e)))
            return false;
    }
    return true;
}

static bool is_past(int64_t at, int64_t now)
{
    return at != INSTANT_NONE && at < now;
}

/* A condition that does not hold yet may hold later: it is asked once a day. */
static bool sleep_on(struct db *db, const struct case_file *c, int64_t now, struct error *e)
{
    static const char sql[] = "UPDATE case_file SET wake_at = $2 WHERE id = $1 AND version = $3";

    return db_exec(db, NULL, e, sql, ARGS(I64(c->id), I64(now + DAY_MS), I64(c->version)));
}

static bool wake(struct db *db, struct turn *t, struct case_file *c, struct error *e)
{
    bool taken, unanswered, silent;

    if (!take_timed(db, t, c, &taken, e))
        return false;
    if (taken)
        return true;
    unanswered = c->parent && is_past(c->ask_due_at, t->now) && !c->step->end && c->status != STATUS_DONE &&
                 (c->silent_at == INSTANT_NONE || c->silent_at < c->ask_due_at);
    silent = is_past(c->step_due_at, t->now) && c->silent_at == INSTANT_NONE;
    if (!unanswered && !silent)
        return sleep_on(db, c, t->now, e);
    if (unanswered && !ask_silent(db, t, c, e))
        return false;
    c->silent_at = t->now;
    return case_move(db, t, c, "silent", c->step, e) && tell_heads(db, t, c, "silent", e);
}

static bool write_waking(struct db *db, void *arg, struct error *e)
{
    const struct waking *w = arg;
    auto_arena struct arena *a = arena_new();
    struct turn turn = {.house = w->house, .arena = a, .now = w->now};
    struct case_file c;
    bool found;

    if (!case_find(db, a, w->house, w->code, &c, &found, e))
        return false;
    return !found || wake(db, &turn, &c, e);
}

static bool due_codes(struct store *s, struct arena *a, int64_t now, const char **out, size_t *n, struct error *e)
{
    static const char sql[] = "SELECT code FROM case_file WHERE wake_at IS NOT NULL AND wake_at < $1"
                              " ORDER BY wake_at LIMIT $2";
    auto_read struct db *db = NULL;

    return store_read(s, &db, e) && db_texts(db, a, out, TICK_BATCH, n, e, sql, ARGS(I64(now), I64(TICK_BATCH)));
}

/* Runs, then asks to be run again: one row, whatever happens to the process in between. */
static bool run_tick(struct job *job, struct error *e)
{
    size_t done;

    if (!case_tick(job->arg, now_ms(), &done, e))
        return false;
    if (done)
        log_line(LOG_INFO, "time-passed", "cases=%zu", done);
    return tick_later(job->store, now_ms() + TICK_EVERY_MS, e);
}

void tick_define(struct house *h)
{
    store_job_kind(h->store, &(struct job_kind){.name = TICK_JOB, .run = run_tick, .arg = h, .tries = INT32_MAX});
}

bool case_tick(struct house *h, int64_t now, size_t *done, struct error *e)
{
    size_t n;

    if (!units_hand_over(h, now, done, e))
        return false;
    do {
        auto_arena struct arena *a = arena_new();
        const char *codes[TICK_BATCH];

        if (!due_codes(h->store, a, now, codes, &n, e))
            return false;
        for (size_t i = 0; i < n; i++) {
            struct waking w = {h, codes[i], now};

            if (store_write(h->store, write_waking, &w, e))
                ++*done;
            else if (e->code != E_STALE) /* whoever was quicker has set when it wakes next */
                return false;
            error_done(e);
            error_init(e);
        }
    } while (n == TICK_BATCH);
    return true;
}
