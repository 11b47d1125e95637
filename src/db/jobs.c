/* Jobs: long work as rows. A row is taken with a lease that a heartbeat renews; when the process dies the lease lapses
 * and the job runs again. The number of its try is the token of a run: one that was overtaken can change nothing. */
#include "db/db_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    KINDS_MAX = 64,
    THREADS_MAX = 16,
    LEASE_MS = 30 * 1000,
    HEARTBEAT_MS = LEASE_MS / 3,
    POLL_MS = 5 * 1000, /* another node, or the clock, may have made something due */
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 3600 * 1000,
    SWEEP_ROWS = 2000,
    KIND_BYTES = sizeof((struct job_state *)0)->kind,
    JOB_SQL_MAX = 512 + KINDS_MAX * (KIND_BYTES + 4),
};
static const int64_t KEEP_DONE_MS = 7LL * DAY_MS; /* whoever asked has looked by then */
/* While nodes are replaced one by one an older program leaves to the newer what only that one knows. By then all are
 * new, and a kind that nobody takes is told of. */
static const int64_t UNKNOWN_MS = DAY_MS;

/* clang-format off */
const struct migration db_migrations[] = {
    {1, "jobs",
     "CREATE TABLE job ("
     " id       BIGINT PRIMARY KEY,"
     " kind     TEXT   NOT NULL,"
     " state    TEXT   NOT NULL,"           /* queued, running, done, failed */
     " input    JSON,"
     " output   JSON,"                      /* what the job says of itself, kept between tries */
     " owner    BIGINT NOT NULL,"           /* party who asked; 0 the system */
     " progress BIGINT NOT NULL DEFAULT 0,"
     " tries    BIGINT NOT NULL DEFAULT 0,"
     " due_at   BIGINT NOT NULL,"           /* when it may be taken: the start asked for, the next try, the lease's end */
     " made_at  BIGINT NOT NULL,"
     " done_at  BIGINT,"                    /* done, or failed for good */
     " problem  TEXT);"
     "CREATE INDEX job_due ON job (due_at) WHERE done_at IS NULL"},
    {2, "jobs that are done do not stay for ever",
     "CREATE INDEX job_done ON job (done_at) WHERE state = 'done'"},  /* the sweep */
    {3, "work that waits once",
     "ALTER TABLE job ADD COLUMN sole TEXT;"   /* its kind, while it waits and no other of the kind may */
     "CREATE UNIQUE INDEX job_sole ON job (sole)"},
    {4, "how far a standby has come",
     "CREATE TABLE standby_beat ("
     " node BIGINT PRIMARY KEY,"            /* that beats */
     " run  BIGINT NOT NULL,"               /* its process */
     " beat BIGINT NOT NULL)"},             /* microseconds of that process's machine since its start */
    {0},
};
/* clang-format on */

/* A job that this process is running; its struct job is what the kind's function sees. */
struct run {
    struct job job;
    struct jobs *jobs;
    struct run *next;
    int64_t tries;
    int progress;
    char kind[KIND_BYTES];
};

struct jobs {
    struct store *store;
    struct job_kind kinds[KINDS_MAX]; /* frozen before jobs_start() */
    size_t n_kinds;
    char due_sql[JOB_SQL_MAX],
        take_sql[JOB_SQL_MAX]; /* they name the kinds: a parameter is no list in both databases */
    pthread_t threads[THREADS_MAX], heartbeat;
    int n_threads;
    bool has_heartbeat;
    atomic_bool stopping;

    pthread_mutex_t lock; /* guards news, running */
    pthread_cond_t changed;
    uint64_t news; /* counts what was added, so that nothing is missed between looking and waiting */
    struct run *running;
};

/* ---- kinds ---- */
#define OURS "done_at IS NULL AND (kind IN (%s) OR due_at <= $1)" /* $1: so long ago that it is anybody's */

static void write_sql(struct jobs *j)
{
    auto_buf struct buf names = BUF_INIT(JOB_SQL_MAX);

    buf_puts(&names, "''");
    for (size_t i = 0; i < j->n_kinds; i++)
        buf_printf(&names, ", '%s'", j->kinds[i].name);
    (void)snprintf(j->due_sql, sizeof j->due_sql, "SELECT due_at FROM job WHERE " OURS " ORDER BY due_at LIMIT 1",
                   names.data);
    (void)snprintf(j->take_sql, sizeof j->take_sql,
                   "UPDATE job SET state = 'running', tries = tries + 1, due_at = $3, sole = NULL WHERE id ="
                   " (SELECT id FROM job WHERE " OURS " AND due_at <= $2 ORDER BY due_at, id LIMIT 1"
                   " FOR_UPDATE_SKIP_LOCKED) RETURNING id, kind, tries, progress, input, output",
                   names.data);
}

static struct jobs *jobs_of(struct store *s)
{
    struct jobs *j = s->jobs;

    if (j)
        return j;
    j = calloc(1, sizeof *j);
    if (!j)
        die("jobs", sizeof *j);
    j->store = s;
    (void)pthread_mutex_init(&j->lock, NULL);
    cond_init_monotonic(&j->changed);
    write_sql(j);
    return s->jobs = j;
}

void store_job_kind(struct store *s, const struct job_kind *kind)
{
    struct jobs *j = jobs_of(s);

    if (j->n_kinds == KINDS_MAX)
        die("too many kinds of job", KINDS_MAX);
    if (strlen(kind->name) >= KIND_BYTES || strchr(kind->name, '\''))
        die("a job's kind", j->n_kinds);
    j->kinds[j->n_kinds++] = *kind;
    write_sql(j);
}

static const struct job_kind *kind_find(const struct jobs *j, const char *name)
{
    for (size_t i = 0; i < j->n_kinds; i++)
        if (strcmp(j->kinds[i].name, name) == 0)
            return &j->kinds[i];
    return NULL;
}

static void wake(void *arg)
{
    struct jobs *j = arg;

    (void)pthread_mutex_lock(&j->lock);
    j->news++;
    (void)pthread_cond_broadcast(&j->changed);
    (void)pthread_mutex_unlock(&j->lock);
}

/* ---- the rows ---- */
static struct value json_value(struct arena *a, const json_t *j)
{
    return TEXT(j ? json_text(a, j) : NULL);
}

static bool add(struct db *db, const char *kind, const json_t *input, int64_t owner, int64_t run_at, const char *sole,
                int64_t *id, struct error *e)
{
    static const char sql[] = "INSERT INTO job (id, kind, state, input, owner, due_at, made_at, sole)"
                              " VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7) ON CONFLICT (sole) DO NOTHING";
    auto_arena struct arena *a = arena_new();
    struct jobs *jobs = db->store->jobs;
    int64_t now = now_ms(), new_id = id_new();

    if (strlen(kind) >= KIND_BYTES)
        return fail(e, E_INTERNAL, "job kind too long: %.40s", kind);
    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(new_id), TEXT(kind), json_value(a, input), I64(owner),
                      I64(run_at == INSTANT_NONE ? now : run_at), I64(now), TEXT(sole))))
        return false;
    if (jobs)
        db_after_commit(db, wake, NULL, jobs);
    if (id)
        *id = new_id;
    return true;
}

bool job_add(struct db *db, const char *kind, const json_t *input, int64_t owner, int64_t run_at, int64_t *id,
             struct error *e)
{
    return add(db, kind, input, owner, run_at, NULL, id, e);
}

bool job_add_once(struct db *db, const char *kind, int64_t run_at, struct error *e)
{
    static const char sweep_sql[] = "DELETE FROM job WHERE kind = $1 AND done_at IS NOT NULL";

    return db_exec(db, NULL, e, sweep_sql, ARGS(TEXT(kind))) && add(db, kind, NULL, 0, run_at, kind, NULL, e);
}

bool jobs_sweep(struct db *db, int64_t now, struct error *e)
{
    static const char sql[] =
        "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = 'done' AND done_at < $1 LIMIT $2)";

    return db_exec(db, NULL, e, sql, ARGS(I64(now - KEEP_DONE_MS), I64(SWEEP_ROWS)));
}

bool job_find(struct db *db, int64_t id, struct job_state *out, bool *found, struct error *e)
{
    static const char sql[] = "SELECT kind, state, progress, tries, owner, made_at, done_at, output, problem"
                              " FROM job WHERE id = $1";
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(I64(id))))
        return false;
    if (!*found)
        return true;
    *out = (struct job_state){.id = id,
                              .progress = (int)rows_i64(r, 2),
                              .tries = (int)rows_i64(r, 3),
                              .owner = rows_i64(r, 4),
                              .made_at = rows_i64(r, 5),
                              .done_at = rows_instant(r, 6),
                              .output = rows_json_new(r, 7)};
    (void)snprintf(out->kind, sizeof out->kind, "%s", rows_text(r, 0));
    (void)snprintf(out->state, sizeof out->state, "%s", rows_text(r, 1));
    (void)snprintf(out->problem, sizeof out->problem, "%s", rows_is_null(r, 8) ? "" : rows_text(r, 8));
    text_truncate_utf8(out->problem);
    return true;
}

struct take {
    int64_t now;
    struct run *run;
    bool found;
};

static void run_clear(struct run *run)
{
    json_decref(run->job.input);
    json_decref(run->job.output);
    run->job.input = run->job.output = NULL;
}

static bool take(struct db *db, void *arg, struct error *e)
{
    auto_rows struct rows *r = NULL;
    struct take *t = arg;
    struct run *run = t->run;

    run_clear(run);
    if (!db_find(db, &r, &t->found, e, run->jobs->take_sql,
                 ARGS(I64(t->now - UNKNOWN_MS), I64(t->now), I64(t->now + LEASE_MS))))
        return false;
    if (!t->found)
        return true;
    run->job.id = rows_i64(r, 0);
    (void)snprintf(run->kind, sizeof run->kind, "%s", rows_text(r, 1));
    run->tries = rows_i64(r, 2);
    run->progress = (int)rows_i64(r, 3);
    run->job.input = rows_json_new(r, 4);
    run->job.output = rows_json_new(r, 5);
    if (!run->job.output)
        run->job.output = json_object();
    return true;
}

/* What becomes of a run. done_at NULL: it will run again at due_at. */
struct outcome {
    const struct run *run;
    const char *state;
    int64_t due_at, done_at, tries;
    char problem[200];
};

static bool settle(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE job SET state = $1, due_at = $2, done_at = $3, progress = $4, output = $5,"
                              " problem = $6, tries = $7 WHERE id = $8 AND tries = $9 AND state = 'running'";
    auto_arena struct arena *a = arena_new();
    const struct outcome *o = arg;
    const struct run *run = o->run;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(TEXT(o->state), I64(o->due_at), INSTANT(o->done_at), I64(run->progress),
                      json_value(a, run->job.output), TEXT(*o->problem ? o->problem : NULL), I64(o->tries),
                      I64(run->job.id), I64(run->tries))))
        return false;
    return changed == 1 || fail(e, E_STALE, "job %jd was taken over", (intmax_t)run->job.id);
}

static bool keep_progress(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE job SET progress = $1, output = $2, due_at = $3"
                              " WHERE id = $4 AND tries = $5 AND state = 'running'";
    auto_arena struct arena *a = arena_new();
    const struct run *run = arg;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(run->progress), json_value(a, run->job.output), I64(now_ms() + LEASE_MS), I64(run->job.id),
                      I64(run->tries))))
        return false;
    return changed == 1 || fail(e, E_STALE, "job %jd was taken over", (intmax_t)run->job.id);
}

bool job_progress(struct job *job, int percent, struct error *e)
{
    struct run *run = (struct run *)job;

    run->progress = percent < 0 ? 0 : percent > 100 ? 100 : percent;
    return store_write(job->store, keep_progress, run, e);
}

bool job_is_stopping(const struct job *job)
{
    return atomic_load(&((const struct run *)job)->jobs->stopping);
}

/* ---- running one ---- */
static int64_t backoff_ms(int64_t tries)
{
    int64_t ms = BACKOFF_FIRST_MS;

    while (--tries > 0 && ms < BACKOFF_MAX_MS)
        ms *= 2;
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* Trying again helps when the machine or another system was at fault, not when the input is. */
static bool is_worth_retrying(const struct error *e)
{
    enum error_kind kind = error_kind(e);

    return kind != KIND_INVALID && kind != KIND_DENIED && kind != KIND_ABSENT;
}

/* o is as for success; kind may be NULL. */
static void outcome_failed(struct outcome *o, const struct job_kind *kind, const struct error *e)
{
    const struct run *run = o->run;
    int64_t now = o->done_at;

    o->done_at = INSTANT_NONE;
    (void)snprintf(o->problem, sizeof o->problem, "%s: %.150s", error_row(e->code)->code, e->detail);
    text_truncate_utf8(o->problem);
    if (atomic_load(&run->jobs->stopping)) { /* asked to stop: not its failure */
        o->state = "queued";
        o->tries = run->tries - 1;
        o->problem[0] = '\0';
    } else if (kind && run->tries < kind->tries && is_worth_retrying(e)) {
        o->state = "queued";
        o->due_at = now + backoff_ms(run->tries);
    } else {
        o->state = "failed";
        o->done_at = now;
    }
    log_line(LOG_WARN, "job-failed", "job=%jd kind=%s try=%jd then=%s why=\"%s\"", (intmax_t)run->job.id, run->kind,
             (intmax_t)run->tries, o->state, e->detail);
}

static void running_add(struct run *run)
{
    (void)pthread_mutex_lock(&run->jobs->lock);
    run->next = run->jobs->running;
    run->jobs->running = run;
    (void)pthread_mutex_unlock(&run->jobs->lock);
}

static void running_remove(struct run *run)
{
    struct run **at = &run->jobs->running;

    (void)pthread_mutex_lock(&run->jobs->lock);
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    (void)pthread_mutex_unlock(&run->jobs->lock);
}

static void run_taken(struct run *run, int64_t now)
{
    const struct job_kind *kind = kind_find(run->jobs, run->kind);
    struct outcome o = {.run = run, .state = "done", .tries = run->tries};
    int64_t start_us = monotonic_us();
    auto_error struct error e;
    bool ok;

    error_init(&e);
    run->job.arg = kind ? kind->arg : NULL;
    if (!kind)
        ok = fail(&e, E_NOT_FOUND, "no program has taken a job of kind %s for a day", run->kind);
    else if (run->tries > kind->tries) /* it took the process with it each time */
        ok = fail(&e, E_INTERNAL, "gave up after %d tries that never ended", kind->tries);
    else
        ok = kind->run(&run->job, &e);
    o.due_at = o.done_at = now + (monotonic_us() - start_us) / 1000;
    if (ok)
        run->progress = 100;
    else
        outcome_failed(&o, kind, &e);
    error_done(&e);
    error_init(&e);
    /* When even this cannot be kept (a full disk) the lease lapses and the job runs again. */
    if (!store_write(run->jobs->store, settle, &o, &e))
        log_line(LOG_ERROR, "job-settle", "job=%jd why=\"%s\"", (intmax_t)run->job.id, e.detail);
}

static bool next_due(const struct jobs *j, int64_t now, int64_t *due_at, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(j->store, &db, e) || !db_find(db, &r, &found, e, j->due_sql, ARGS(I64(now - UNKNOWN_MS))))
        return false;
    *due_at = found ? rows_i64(r, 0) : INT64_MAX;
    return true;
}

/* Runs the job that has been due longest; *due_at tells when to look again, at most now when one was run. */
static bool run_one(struct jobs *j, int64_t now, int64_t *due_at, struct error *e)
{
    struct run run = {.job = {.store = j->store}, .jobs = j};
    struct take t = {.now = now, .run = &run};

    if (!next_due(j, now, due_at, e))
        return false;
    if (*due_at > now)
        return true;
    if (!store_write(j->store, take, &t, e)) {
        run_clear(&run);
        return false;
    }
    if (t.found) {
        running_add(&run);
        run_taken(&run, now);
        running_remove(&run);
    }
    run_clear(&run);
    return true;
}

int jobs_run_due(struct store *s, int64_t now)
{
    struct jobs *j = jobs_of(s);
    auto_error struct error e;
    int64_t due_at;
    int n = 0;

    error_init(&e);
    while (run_one(j, now, &due_at, &e) && due_at <= now)
        n++;
    return n;
}

/* ---- the threads ---- */
static void wait_for_news(struct jobs *j, uint64_t seen, int64_t ms)
{
    struct timespec until = deadline_in(ms);

    (void)pthread_mutex_lock(&j->lock);
    while (j->news == seen && !atomic_load(&j->stopping) && pthread_cond_timedwait(&j->changed, &j->lock, &until) == 0)
        ; /* spurious */
    (void)pthread_mutex_unlock(&j->lock);
}

static void *worker_main(void *arg)
{
    struct jobs *j = arg;

    while (!atomic_load(&j->stopping)) {
        auto_error struct error e;
        int64_t now = now_ms(), due_at = INT64_MAX;
        uint64_t seen;

        error_init(&e);
        (void)pthread_mutex_lock(&j->lock);
        seen = j->news;
        (void)pthread_mutex_unlock(&j->lock);
        if (!run_one(j, now, &due_at, &e)) {
            log_line(LOG_ERROR, "jobs", "why=\"%s\"", e.detail);
            due_at = INT64_MAX; /* not at once again */
        }
        if (due_at > now)
            wait_for_news(j, seen, due_at - now < POLL_MS ? due_at - now : POLL_MS);
    }
    return NULL;
}

struct renewal {
    size_t n;
    struct {
        int64_t id, tries;
    } of[THREADS_MAX];
};

static bool renew(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE job SET due_at = $1 WHERE id = $2 AND tries = $3 AND state = 'running'";
    const struct renewal *r = arg;

    for (size_t i = 0; i < r->n; i++)
        if (!db_exec(db, NULL, e, sql, ARGS(I64(now_ms() + LEASE_MS), I64(r->of[i].id), I64(r->of[i].tries))))
            return false;
    return true;
}

static void *heartbeat_main(void *arg)
{
    struct jobs *j = arg;

    while (!atomic_load(&j->stopping)) {
        struct timespec until = deadline_in(HEARTBEAT_MS);
        struct renewal r = {0};
        auto_error struct error e;

        error_init(&e);
        (void)pthread_mutex_lock(&j->lock);
        while (!atomic_load(&j->stopping) && pthread_cond_timedwait(&j->changed, &j->lock, &until) == 0)
            ;
        for (const struct run *run = j->running; run && r.n < THREADS_MAX; run = run->next, r.n++) {
            r.of[r.n].id = run->job.id;
            r.of[r.n].tries = run->tries;
        }
        (void)pthread_mutex_unlock(&j->lock);
        if (r.n > 0 && !store_write(j->store, renew, &r, &e))
            log_line(LOG_ERROR, "job-lease", "why=\"%s\"", e.detail);
    }
    return NULL;
}

bool jobs_start(struct store *s, int threads, struct error *e)
{
    struct jobs *j = jobs_of(s);

    atomic_store(&j->stopping, false);
    j->has_heartbeat = thread_start(&j->heartbeat, heartbeat_main, j, e);
    while (j->has_heartbeat && j->n_threads < threads && j->n_threads < THREADS_MAX)
        if (thread_start(&j->threads[j->n_threads], worker_main, j, e))
            j->n_threads++;
        else
            break;
    if (j->has_heartbeat && (j->n_threads == threads || j->n_threads == THREADS_MAX))
        return true;
    jobs_stop(s);
    return false;
}

void jobs_stop(struct store *s)
{
    struct jobs *j = s->jobs;

    if (!j)
        return;
    atomic_store(&j->stopping, true);
    wake(j);
    while (j->n_threads > 0)
        (void)pthread_join(j->threads[--j->n_threads], NULL);
    if (j->has_heartbeat)
        (void)pthread_join(j->heartbeat, NULL);
    j->has_heartbeat = false;
}

void jobs_free(struct jobs *j)
{
    if (!j)
        return;
    jobs_stop(j->store);
    (void)pthread_cond_destroy(&j->changed);
    (void)pthread_mutex_destroy(&j->lock);
    free(j);
}
