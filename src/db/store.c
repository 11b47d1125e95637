/* A whole database, whichever it is: opening, a thread's nested reads, what hangs on the fate of a write, and the
 * events between rooms. The engine behind it keeps the rule that store_write() returns true only once the write is on
 * disk. */
#include "db/db_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static const struct engine *const engines[] = {&sqlite_engine, &postgres_engine};

/* This thread's open reads, newest first: a nested read uses the connection and the view of the outer one. */
static _Thread_local struct db *thread_reads;
/* The write that this thread is in the middle of. */
static _Thread_local struct db *thread_write;

/* How old this thread's reads may be; how old the oldest was. */
static _Thread_local struct {
    int64_t allowed_ms, was_ms;
} age = {0, -1};

bool store_is_sole_writer(const struct store *s)
{
    return s->engine->is_sole_writer;
}

/* ---- reads ---- */
bool store_add_standby(struct store *s, const char *url, struct error *e)
{
    return s->engine->standby ? s->engine->standby(s, url, e) : fail(e, E_USAGE, "this database has no standbys");
}

int64_t store_allow_age(int64_t ms)
{
    int64_t was = age.was_ms;

    age.allowed_ms = ms;
    age.was_ms = -1;
    return was;
}

bool reads_may_be_old(const struct store *s)
{
    return age.allowed_ms > 0 && s->engine->standby_read;
}

struct standby_figures store_standby_figures(const struct store *s)
{
    struct standby_figures f = {.age_ms = -1};

    if (s->engine->standby_figures)
        s->engine->standby_figures(s, &f);
    return f;
}

static bool begin_read(struct store *s, struct db **out, struct error *e)
{
    int64_t old;

    *out = NULL;
    if (reads_may_be_old(s))
        s->engine->standby_read(s, age.allowed_ms, out, &old);
    if (!*out)
        return s->engine->read_begin(s, out, e);
    age.was_ms = old > age.was_ms ? old : age.was_ms;
    return true;
}

bool store_read(struct store *s, struct db **out, struct error *e)
{
    struct db *db = thread_reads;
    uint64_t commits;

    while (db && db->store != s)
        db = db->outer;
    if (db) {
        db->depth++;
        *out = db;
        return true;
    }
    if (thread_write && thread_write->store == s)
        return fail(e, E_INTERNAL, "a read inside a write would not see it");
    commits = atomic_load(&s->commits);
    if (!begin_read(s, &db, e))
        return false;
    db->commits = commits;
    db->depth = 1;
    db->outer = thread_reads;
    thread_reads = db;
    *out = db;
    return true;
}

void store_read_end(struct db *db)
{
    struct db **at = &thread_reads;

    if (--db->depth > 0)
        return;
    while (*at != db)
        at = &(*at)->outer;
    *at = db->outer;
    db->store->engine->read_end(db);
}

uint64_t db_commits(const struct db *db)
{
    return db->is_writer || !store_is_sole_writer(db->store) ? 0 : db->commits;
}

uint64_t store_commits(const struct store *s)
{
    return atomic_load(&s->commits);
}

const struct store *db_store(const struct db *db)
{
    return db->store;
}

/* ---- writes ---- */
bool write_call(struct db *db, write_fn *fn, void *arg, struct error *e)
{
    struct db *before = thread_write;
    bool ok;

    thread_write = db;
    touched_write(db->touched);
    ok = fn(db, arg, e);
    if (ok)
        touched_written(db->touched);
    thread_write = before;
    return ok;
}

bool store_write(struct store *s, write_fn *fn, void *arg, struct error *e)
{
    if (thread_write && thread_write->store == s)
        return fail(e, E_INTERNAL, "a write inside a write would wait for itself");
    return s->engine->write(s, fn, arg, e);
}

bool store_writes_later(const struct store *s)
{
    return s->engine->write_later != NULL;
}

void store_write_later(struct store *s, write_fn *fn, void *arg, written_fn *then)
{
    auto_error struct error e;

    error_init(&e);
    if (s->engine->write_later) {
        s->engine->write_later(s, fn, arg, then);
        return;
    }
    then(arg, store_write(s, fn, arg, &e) ? NULL : &e);
}

void db_init(struct db *db, struct store *s, bool is_writer)
{
    db->store = s;
    db->is_writer = is_writer;
    if (!is_writer)
        return;
    db->batch = arena_new();
    db->touched = calloc(1, sizeof *db->touched);
    if (!db->touched)
        die("writer", sizeof *db->touched);
}

void db_done(struct db *db)
{
    arena_free(db->batch);
    free(db->hooks);
    free(db->puts);
    free(db->touched);
}

void batch_clear(struct db *db)
{
    db->n_puts = 0;
    touched_none(db->touched);
    arena_reset(db->batch);
}

bool db_serial(struct db *db, const char *what, struct error *e)
{
    return db->store->engine->serial(db, what, e);
}

/* ---- hooks ---- */
void db_after_commit(struct db *db, void (*done)(void *arg), void (*undo)(void *arg), void *arg)
{
    if (db->n_hooks == db->hooks_room) {
        size_t room = db->hooks_room ? db->hooks_room * 2 : 64;
        struct hook *more = reallocarray(db->hooks, room, sizeof *more);

        if (!more)
            die("hooks", room * sizeof *more);
        db->hooks = more;
        db->hooks_room = room;
    }
    db->hooks[db->n_hooks++] = (struct hook){done, undo, arg};
}

void hooks_undo(struct db *db, size_t down_to)
{
    while (db->n_hooks > down_to) {
        const struct hook *h = &db->hooks[--db->n_hooks];

        if (h->undo)
            h->undo(h->arg);
    }
}

/* Before the hooks, because they tell others; once more after them, because they renew what is in memory. */
void hooks_done(struct db *db)
{
    bool any = db->n_hooks > 0;

    (void)atomic_fetch_add(&db->store->commits, 1);
    kept_raise(db->store->kept, db->touched);
    for (size_t i = 0; i < db->n_hooks; i++)
        db->hooks[i].done(db->hooks[i].arg);
    db->n_hooks = 0;
    if (any)
        kept_raise(db->store->kept, db->touched);
}

/* ---- events between rooms ---- */
void store_listen(struct store *s, const char *topic, listener_fn *fn, void *arg)
{
    if (s->n_listeners == LISTENERS_MAX)
        die("too many listeners", LISTENERS_MAX);
    s->listeners[s->n_listeners++] = (struct listener){topic, fn, arg};
}

bool db_emit(struct db *db, const char *topic, int64_t subject, const void *detail, struct error *e)
{
    const struct store *s = db->store;
    const struct event event = {topic, subject, detail};

    for (size_t i = 0; i < s->n_listeners; i++)
        if (strcmp(s->listeners[i].topic, topic) == 0 && !s->listeners[i].fn(db, &event, s->listeners[i].arg, e))
            return false;
    return true;
}

/* ---- what the engines and the jobs need of threads ---- */
void cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg, struct error *e)
{
    sigset_t all, before;
    int code;

    /* Signals are for the thread that waits for them. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(thread, NULL, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0)
        return true;
    errno = code;
    return fail_errno(e, "a thread cannot be made");
}

struct timespec deadline_in(int64_t ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

struct store_figures store_figures(struct store *s)
{
    struct store_figures f;

    (void)pthread_mutex_lock(&s->figures_lock);
    f = s->figures;
    (void)pthread_mutex_unlock(&s->figures_lock);
    return f;
}

/* ---- open and close ---- */
static const struct engine *engine_of(const char *url)
{
    for (size_t i = 0; i < COUNT(engines); i++)
        if (text_starts_with(url, engines[i]->scheme))
            return engines[i];
    return NULL;
}

bool store_backup_of(const char *url, const char *path, struct error *e)
{
    const struct engine *engine = engine_of(url);

    if (!engine)
        return fail(e, E_USAGE, "no database is addressed like that");
    if (access(path, F_OK) == 0)
        return fail(e, E_IO, "%s exists", path);
    return engine->copy(url, path, e);
}

static bool open_store(const char *url, bool beside, struct store **out, struct error *e)
{
    const struct engine *engine = engine_of(url);
    struct store *s;

    if (!engine) /* the address is not repeated: it may hold a password */
        return fail(e, E_USAGE, "no database is addressed like that: sqlite:…, postgresql://…");
    s = calloc(1, sizeof *s);
    if (!s)
        die("store", sizeof *s);
    s->engine = engine;
    s->beside = beside;
    s->kept = kept_table_new();
    s->commits = 1;
    (void)pthread_mutex_init(&s->figures_lock, NULL);
    if (!engine->open(s, url, e) || (!beside && !store_migrate(s, "db", db_migrations, e))) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

bool store_open(const char *url, struct store **out, struct error *e)
{
    return open_store(url, false, out, e);
}

bool store_open_beside(const char *url, struct store **out, struct error *e)
{
    return open_store(url, true, out, e);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    jobs_free(s->jobs);
    s->engine->close(s);
    kept_table_free(s->kept);
    (void)pthread_mutex_destroy(&s->figures_lock);
    free(s);
}
