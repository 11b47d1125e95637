/* A whole database: its lock, its pool of readers, and the one writer that commits what is queued as one batch.
 * The rule kept here: store_write() returns true only after the COMMIT that holds the write has been synced. */
#include "db/db_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

enum { BATCH_MAX = 256, QUEUE_MAX = 4096, READERS_MAX = 12, READER_WAIT_MS = 20, LISTENERS_MAX = 64 };

/* One queued write, on the stack of the thread that waits for it. */
struct write {
    struct write *next;
    write_fn *fn;
    void *arg;
    struct error *e;
    bool ok;
    sem_t fate_known;
};

struct listener {
    const char *topic;
    listener_fn *fn;
    void *arg;
};

struct store {
    char path[STORE_PATH_MAX];
    int lock_fd;
    struct db *writer;
    pthread_t writer_thread;
    bool writer_started, copied;
    struct jobs *jobs;
    struct listener listeners[LISTENERS_MAX]; /* frozen before the first write */
    size_t n_listeners;

    pthread_mutex_t idle_lock; /* guards idle … n_waiting */
    pthread_cond_t idle_news;
    struct db *idle;
    unsigned n_idle, n_reading, n_waiting;

    pthread_mutex_t queue_lock; /* guards first … figures */
    pthread_cond_t queue_news;
    struct write *first, **last;
    bool closing;
    struct store_figures figures;
};

/* This thread's open reads, newest first: a nested read uses the connection and the view of the outer one. */
static _Thread_local struct db *thread_reads;

const char *store_path(const struct store *s)
{
    return s->path;
}

bool *store_copied(struct store *s)
{
    return &s->copied;
}

struct jobs **store_jobs(struct store *s)
{
    return &s->jobs;
}

/* ---- reads ---- */
/* Sooner another's warm connection in a moment than a cold one now: that reads the schema and prepares each statement
 * anew, only to be closed again. It is a courtesy and no rule: after a while the reader opens its own all the same. */
static void wait_for_idle(struct store *s)
{
    struct timespec until;
    int code = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)READER_WAIT_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    s->n_waiting++;
    while (!s->idle && s->n_reading >= READERS_MAX && code == 0)
        code = pthread_cond_timedwait(&s->idle_news, &s->idle_lock, &until);
    s->n_waiting--;
}

/* NULL: open one. */
static struct db *idle_take(struct store *s)
{
    struct db *db;

    (void)pthread_mutex_lock(&s->idle_lock);
    wait_for_idle(s);
    db = s->idle;
    if (db) {
        s->idle = db->idle_next;
        s->n_idle--;
    }
    s->n_reading++;
    (void)pthread_mutex_unlock(&s->idle_lock);
    return db;
}

static void idle_give(struct store *s, struct db *db)
{
    bool keep;

    (void)pthread_mutex_lock(&s->idle_lock);
    s->n_reading--;
    keep = db && s->n_idle < READERS_MAX;
    if (keep) {
        db->idle_next = s->idle; /* last in, first out: its cache is warm */
        s->idle = db;
        s->n_idle++;
    }
    if (s->n_waiting)
        (void)pthread_cond_signal(&s->idle_news);
    (void)pthread_mutex_unlock(&s->idle_lock);
    if (!keep)
        connection_close(db);
}

/* Also for one that was never opened, or is not fit to be used again: the next may open its own. */
static void idle_drop(struct store *s, struct db *db)
{
    connection_close(db);
    idle_give(s, NULL);
}

static bool is_writer_thread(const struct store *s)
{
    return s->writer_started && pthread_equal(s->writer_thread, pthread_self());
}

/* A connection belongs to a thread for one read and then waits in a pool of READERS_MAX: sixty sleeping workers would
 * otherwise each hold a page cache, a parsed schema and its statements. */
bool store_read(struct store *s, struct db **out, struct error *e)
{
    struct db *db = thread_reads;

    while (db && db->store != s)
        db = db->outer;
    if (db) {
        db->depth++;
        *out = db;
        return true;
    }
    if (is_writer_thread(s) && connection_in_transaction(s->writer))
        return fail(e, E_INTERNAL, "a read inside a write would not see it");
    db = idle_take(s);
    if ((!db && !connection_open(s, s->path, false, &db, e)) || !connection_run(db, "BEGIN", e)) {
        idle_drop(s, db);
        return false;
    }
    db->depth = 1;
    db->outer = thread_reads;
    thread_reads = db;
    *out = db;
    return true;
}

void store_read_end(struct db *db)
{
    struct db **at = &thread_reads;
    auto_error struct error e;

    error_init(&e);
    if (--db->depth > 0)
        return;
    while (*at != db)
        at = &(*at)->outer;
    *at = db->outer;
    connection_close_rows(db);
    if (connection_run(db, "COMMIT", &e)) {
        idle_give(db->store, db);
        return;
    }
    log_line(LOG_WARN, "read-end", "why=\"%s\"", e.detail);
    idle_drop(db->store, db);
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

static void hooks_undo(struct db *db, size_t down_to)
{
    while (db->n_hooks > down_to) {
        const struct hook *h = &db->hooks[--db->n_hooks];

        if (h->undo)
            h->undo(h->arg);
    }
}

static void hooks_done(struct db *db)
{
    for (size_t i = 0; i < db->n_hooks; i++)
        db->hooks[i].done(db->hooks[i].arg);
    db->n_hooks = 0;
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

/* ---- the writer ---- */
enum fate {
    FATE_KEPT,  /* on disk; each write knows whether it took part */
    FATE_LOST,  /* nothing of it was kept, and trying again would not help */
    FATE_APART, /* nothing was kept because of one of them: each must be tried alone */
};

/* Runs one write in its savepoint; false when the whole transaction cannot go on. */
static bool write_run(struct db *db, struct write *w, struct error *why)
{
    size_t hooks = db->n_hooks, puts = db->n_puts;

    error_done(w->e);
    error_init(w->e);
    if (!connection_run(db, "SAVEPOINT one", why))
        return false;
    w->ok = w->fn(db, w->arg, w->e);
    connection_close_rows(db);
    if (!connection_in_transaction(db)) /* SQLite ends it by itself when the disk is full or fails */
        return fail(why, w->ok ? E_DATABASE : w->e->code, "the transaction was ended: %s", w->e->detail);
    if (w->ok)
        return connection_run(db, "RELEASE one", why);
    hooks_undo(db, hooks);
    db->n_puts = puts;
    return connection_run(db, "ROLLBACK TO one", why) && connection_run(db, "RELEASE one", why);
}

static bool batch_commit(struct db *db, struct error *why)
{
    if (!search_flush(db, why))
        return false;
    fault_point("write.before-commit");
    if (!connection_run(db, "COMMIT", why))
        return false;
    fault_point("write.after-commit");
    return true;
}

/* Even a write that had failed by itself takes part: it may have stumbled over what was not kept. */
static enum fate batch_abandon(struct db *db, struct write **batch, size_t n, const struct error *why)
{
    enum fate fate = n > 1 && why->code != E_DISK_FULL ? FATE_APART : FATE_LOST;
    auto_error struct error e;

    error_init(&e);
    if (connection_in_transaction(db) && !connection_run(db, "ROLLBACK", &e))
        log_line(LOG_ERROR, "rollback", "why=\"%s\"", e.detail);
    hooks_undo(db, 0);
    log_line(LOG_WARN, "batch-rolled-back", "writes=%zu why=\"%s\"", n, why->detail);
    for (size_t i = 0; fate == FATE_LOST && i < n; i++) {
        batch[i]->ok = false;
        error_done(batch[i]->e);
        error_init(batch[i]->e);
        (void)fail(batch[i]->e, why->code, "%s", why->detail);
    }
    return fate;
}

static enum fate batch_run(struct db *db, struct write **batch, size_t n)
{
    auto_error struct error why;
    bool ok;

    error_init(&why);
    db->n_puts = 0;
    arena_reset(db->batch);
    ok = connection_run(db, "BEGIN IMMEDIATE", &why);
    for (size_t i = 0; ok && i < n; i++)
        ok = write_run(db, batch[i], &why);
    if (!ok || !batch_commit(db, &why))
        return batch_abandon(db, batch, n, &why);
    hooks_done(db);
    return FATE_KEPT;
}

/* Waits for work and takes at most a batch of it; 0 when the store is closing and nothing is left. */
static size_t queue_take(struct store *s, struct write **batch)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&s->queue_lock);
    while (!s->first && !s->closing)
        (void)pthread_cond_wait(&s->queue_news, &s->queue_lock);
    for (; s->first && n < BATCH_MAX; n++) {
        batch[n] = s->first;
        s->first = s->first->next;
    }
    if (!s->first)
        s->last = &s->first;
    s->figures.queued -= (int64_t)n;
    (void)pthread_mutex_unlock(&s->queue_lock);
    return n;
}

static void queue_tell(struct store *s, struct write **batch, size_t n)
{
    int64_t failed = 0;

    for (size_t i = 0; i < n; i++)
        failed += !batch[i]->ok;
    (void)pthread_mutex_lock(&s->queue_lock);
    s->figures.writes += (int64_t)n;
    s->figures.failed += failed;
    s->figures.batches++;
    if (s->figures.largest_batch < (int64_t)n)
        s->figures.largest_batch = (int64_t)n;
    (void)pthread_mutex_unlock(&s->queue_lock);
    for (size_t i = 0; i < n; i++)
        (void)sem_post(&batch[i]->fate_known); /* the write is gone with the next instruction */
}

static void *writer_main(void *arg)
{
    struct store *s = arg;
    struct write *batch[BATCH_MAX];
    size_t n;

    while ((n = queue_take(s, batch)) > 0) {
        if (batch_run(s->writer, batch, n) == FATE_APART)
            for (size_t i = 0; i < n; i++)
                (void)batch_run(s->writer, &batch[i], 1);
        queue_tell(s, batch, n);
    }
    return NULL;
}

bool store_write(struct store *s, write_fn *fn, void *arg, struct error *e)
{
    struct write w = {.fn = fn, .arg = arg, .e = e};
    bool full;

    if (is_writer_thread(s))
        return fail(e, E_INTERNAL, "a write inside a write would wait for itself");
    if (sem_init(&w.fate_known, 0, 0) != 0)
        return fail_errno(e, "semaphore");
    (void)pthread_mutex_lock(&s->queue_lock);
    full = s->figures.queued >= QUEUE_MAX || s->closing;
    if (!full) {
        *s->last = &w;
        s->last = &w.next;
        if (s->figures.queued++ == 0)
            (void)pthread_cond_signal(&s->queue_news);
    }
    (void)pthread_mutex_unlock(&s->queue_lock);
    while (!full && sem_wait(&w.fate_known) != 0)
        ; /* a signal: wait on */
    (void)sem_destroy(&w.fate_known);
    return full ? fail(e, E_BUSY, "the write queue is full") : w.ok;
}

struct store_figures store_figures(struct store *s)
{
    struct store_figures f;

    (void)pthread_mutex_lock(&s->queue_lock);
    f = s->figures;
    (void)pthread_mutex_unlock(&s->queue_lock);
    return f;
}

/* ---- open and close ---- */
static bool path_from(const char *url, char path[static STORE_PATH_MAX], struct error *e)
{
    static const char scheme[] = "sqlite:";

    if (!text_starts_with(url, scheme))
        return fail(e, E_USAGE, "not a sqlite: address: %.200s", url);
    if (snprintf(path, STORE_PATH_MAX, "%s", url + sizeof scheme - 1) >= STORE_PATH_MAX || !*path)
        return fail(e, E_USAGE, "no path, or too long");
    return true;
}

bool store_backup_of(const char *url, const char *path, struct error *e)
{
    char from[STORE_PATH_MAX];

    if (!path_from(url, from, e))
        return false;
    if (access(path, F_OK) == 0)
        return fail(e, E_IO, "%s exists", path);
    return database_copy(from, path, e);
}

/* Held until the process ends, however it ends. A file of its own: closing a second descriptor of the database would
 * drop SQLite's locks on it. */
static bool lock_take(struct store *s, struct error *e)
{
    char path[STORE_PATH_MAX + 8];

    (void)snprintf(path, sizeof path, "%s.lock", s->path);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return fail_errno(e, "open %s", path);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? fail(e, E_IN_USE, "%s is locked", path) : fail_errno(e, "lock %s", path);
    return true;
}

static bool folder_prepare(const char *path, struct error *e)
{
    char folder[STORE_PATH_MAX];
    char *slash;

    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return true;
    *slash = '\0';
    return folder_make(folder, e);
}

static bool writer_start(struct store *s, struct error *e)
{
    sigset_t all, before;
    int code;

    /* Signals are for the thread that waits for them. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&s->writer_thread, NULL, writer_main, s);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        errno = code;
        return fail_errno(e, "writer thread");
    }
    s->writer_started = true;
    return true;
}

static void cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

bool store_open(const char *url, struct store **out, struct error *e)
{
    struct store *s = calloc(1, sizeof *s);

    if (!s)
        die("store", sizeof *s);
    s->lock_fd = -1;
    s->last = &s->first;
    (void)pthread_mutex_init(&s->idle_lock, NULL);
    cond_init_monotonic(&s->idle_news);
    (void)pthread_mutex_init(&s->queue_lock, NULL);
    (void)pthread_cond_init(&s->queue_news, NULL);
    if (!path_from(url, s->path, e) || !folder_prepare(s->path, e) || !lock_take(s, e) ||
        !connection_open(s, s->path, true, &s->writer, e) || !writer_start(s, e) ||
        !store_migrate(s, "db", db_migrations, e)) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    jobs_free(s->jobs);
    (void)pthread_mutex_lock(&s->queue_lock);
    s->closing = true;
    (void)pthread_cond_signal(&s->queue_news);
    (void)pthread_mutex_unlock(&s->queue_lock);
    if (s->writer_started)
        (void)pthread_join(s->writer_thread, NULL);
    while (s->idle) {
        struct db *db = s->idle;

        s->idle = db->idle_next;
        connection_close(db);
    }
    connection_close(s->writer); /* last: it folds the log into the database */
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    (void)pthread_cond_destroy(&s->queue_news);
    (void)pthread_mutex_destroy(&s->queue_lock);
    (void)pthread_cond_destroy(&s->idle_news);
    (void)pthread_mutex_destroy(&s->idle_lock);
    free(s);
}
