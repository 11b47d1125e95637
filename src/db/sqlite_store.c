/* SQLite's store: its lock, its pool of readers, and the one writer that commits what is queued as one batch.
 * The rule kept here and in sqlite_log.c: store_write() returns true only after the COMMIT that holds the write has
 * been synced. */
#include "db/move_internal.h"
#include "db/sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <sys/file.h>

enum { BATCH_MAX = 256, QUEUE_MAX = 4096, READERS_MAX = 12, READER_WAIT_MS = 20 };

struct waiting {
    struct write write;
    sem_t fate_known;
};
struct later {
    struct write write;
    written_fn *then;
    struct error e;
};

struct sqlite_store {
    struct store *store;
    char path[STORE_PATH_MAX];
    int lock_fd;
    struct sqlite_db *writer;
    struct sqlite_log *log;
    pthread_t writer_thread;
    bool writer_started;

    pthread_mutex_t idle_lock; /* guards idle … n_waiting */
    pthread_cond_t idle_news;
    struct sqlite_db *idle;
    unsigned n_idle, n_reading, n_waiting;

    pthread_cond_t queue_news; /* the store's figures_lock guards it and first … closing */
    struct write *first, **last;
    int64_t on_the_way; /* writes that have run, but are not on disk yet */
    bool closing;
};

static struct sqlite_store *own(const struct store *s)
{
    return s->own;
}

/* ---- reads ---- */
/* Sooner another's warm connection in a moment than a cold one now: that reads the schema and prepares each statement
 * anew, only to be closed again. It is a courtesy and no rule: after a while the reader opens its own all the same. */
static void wait_for_idle(struct sqlite_store *s)
{
    struct timespec until = deadline_in(READER_WAIT_MS);
    int code = 0;

    s->n_waiting++;
    while (!s->idle && s->n_reading >= READERS_MAX && code == 0)
        code = pthread_cond_timedwait(&s->idle_news, &s->idle_lock, &until);
    s->n_waiting--;
}

/* NULL: open one. */
static struct sqlite_db *idle_take(struct sqlite_store *s)
{
    struct sqlite_db *c;

    (void)pthread_mutex_lock(&s->idle_lock);
    wait_for_idle(s);
    c = s->idle;
    if (c) {
        s->idle = c->idle_next;
        s->n_idle--;
    }
    s->n_reading++;
    (void)pthread_mutex_unlock(&s->idle_lock);
    return c;
}

static void idle_give(struct sqlite_store *s, struct sqlite_db *c)
{
    bool keep;

    (void)pthread_mutex_lock(&s->idle_lock);
    s->n_reading--;
    keep = c && s->n_idle < READERS_MAX;
    if (keep) {
        c->idle_next = s->idle; /* last in, first out: its cache is warm */
        s->idle = c;
        s->n_idle++;
    }
    if (s->n_waiting)
        (void)pthread_cond_signal(&s->idle_news);
    (void)pthread_mutex_unlock(&s->idle_lock);
    if (!keep)
        sqlite_close(c);
}

/* Also for one that was never opened, or is not fit to be used again: the next may open its own. */
static void idle_drop(struct sqlite_store *s, struct sqlite_db *c)
{
    sqlite_close(c);
    idle_give(s, NULL);
}

static bool read_begin(struct store *store, struct db **out, struct error *e)
{
    struct sqlite_store *s = own(store);
    struct sqlite_db *c = idle_take(s);

    if ((!c && !sqlite_open(store, s->path, false, &c, e)) || !sqlite_run(c, "BEGIN", e)) {
        idle_drop(s, c);
        return false;
    }
    *out = &c->db;
    return true;
}

static void read_end(struct db *db)
{
    struct sqlite_store *s = own(db->store);
    struct sqlite_db *c = sqlite_of(db);
    auto_error struct error e;

    error_init(&e);
    sqlite_close_rows(c);
    if (sqlite_run(c, "COMMIT", &e)) {
        idle_give(s, c);
        return;
    }
    log_line(LOG_WARN, "read-end", "why=\"%s\"", e.detail);
    idle_drop(s, c);
}

/* ---- the writer ---- */
enum fate {
    FATE_KEPT,  /* on disk; each write knows whether it took part */
    FATE_LOST,  /* nothing of it was kept, and trying again would not help */
    FATE_APART, /* nothing was kept because of one of them: each must be tried alone */
    FATE_AGAIN, /* one of them failed with nothing between it and the others: the same again, each in a savepoint */
};
/* So many batches take care after one that failed: who makes writes fail on purpose does not make all be done twice. */
enum { CAREFUL_BATCHES = 64 };

/* Runs one write; false when the whole transaction cannot go on. */
static bool write_run(struct sqlite_db *c, struct write *w, struct error *why)
{
    error_done(w->e);
    error_init(w->e);
    w->ok = write_call(&c->db, w->fn, w->arg, w->e);
    sqlite_close_rows(c);
    /* SQLite ends it by itself when the disk is full or fails */
    return sqlite_in_transaction(&c->db) ||
           fail(why, w->ok ? E_DATABASE : w->e->code, "the transaction was ended: %s", w->e->detail);
}

/* The same in a savepoint, so that one that fails takes nothing of the others with it. */
static bool write_run_apart(struct sqlite_db *c, struct write *w, struct error *why)
{
    size_t hooks = c->db.n_hooks, puts = c->db.n_puts;

    if (!sqlite_run(c, "SAVEPOINT one", why) || !write_run(c, w, why))
        return false;
    if (w->ok)
        return sqlite_run(c, "RELEASE one", why);
    hooks_undo(&c->db, hooks);
    c->db.n_puts = puts;
    return sqlite_run(c, "ROLLBACK TO one", why) && sqlite_run(c, "RELEASE one", why);
}

static bool batch_commit(struct sqlite_db *c, struct error *why)
{
    if (!search_flush(&c->db, why))
        return false;
    fault_point("write.before-commit");
    if (!sqlite_run(c, "COMMIT", why))
        return false;
    fault_point("write.after-commit");
    return true;
}

/* Even a write that had failed by itself takes part: it may have stumbled over what was not kept. */
static enum fate batch_abandon(struct sqlite_db *c, struct write **batch, size_t n, const struct error *why)
{
    enum fate fate = n > 1 && why->code != E_DISK_FULL ? FATE_APART : FATE_LOST;
    auto_error struct error e;

    error_init(&e);
    if (sqlite_in_transaction(&c->db) && !sqlite_run(c, "ROLLBACK", &e))
        log_line(LOG_ERROR, "rollback", "why=\"%s\"", e.detail);
    hooks_undo(&c->db, 0);
    log_line(LOG_WARN, "batch-rolled-back", "writes=%zu why=\"%s\"", n, why->detail);
    for (size_t i = 0; fate == FATE_LOST && i < n; i++) {
        batch[i]->ok = false;
        error_done(batch[i]->e);
        error_init(batch[i]->e);
        (void)fail(batch[i]->e, why->code, "%s", why->detail);
    }
    return fate;
}

/* One failed, and nothing stood between it and the others: nothing is kept. Alone it has its fate with that. */
static enum fate batch_undo(struct sqlite_db *c, struct write **batch, size_t n)
{
    auto_error struct error why;

    error_init(&why);
    if (!sqlite_run(c, "ROLLBACK", &why))
        return batch_abandon(c, batch, n, &why);
    hooks_undo(&c->db, 0);
    return n == 1 ? FATE_KEPT : FATE_AGAIN;
}

/* Most writes do not fail, and a savepoint around each costs as much as one of its statements: only with care. */
static enum fate batch_run(struct sqlite_db *c, struct write **batch, size_t n, bool care)
{
    auto_error struct error why;
    bool ok, failed = false;

    error_init(&why);
    batch_clear(&c->db);
    ok = sqlite_run(c, "BEGIN IMMEDIATE", &why);
    for (size_t i = 0; ok && !failed && i < n; i++) {
        ok = care ? write_run_apart(c, batch[i], &why) : write_run(c, batch[i], &why);
        failed = ok && !care && !batch[i]->ok;
    }
    if (failed)
        return batch_undo(c, batch, n);
    if (!ok || !batch_commit(c, &why))
        return batch_abandon(c, batch, n, &why);
    hooks_done(&c->db);
    return FATE_KEPT;
}

/* With the lock. While a batch is on its way to the disk the next waits to be as large: many small ones would log the
 * same pages, those at the ends of tables and indexes, over and over. */
static bool is_time_to_run(const struct sqlite_store *s)
{
    return s->first && s->store->figures.queued * 3 >= s->on_the_way;
}

/* Waits for work and takes at most a batch of it; 0 when the store is closing and nothing is left. */
static size_t queue_take(struct sqlite_store *s, struct write **batch)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&s->store->figures_lock);
    while (!is_time_to_run(s) && !s->closing)
        (void)pthread_cond_wait(&s->queue_news, &s->store->figures_lock);
    for (; s->first && n < BATCH_MAX; n++) {
        batch[n] = s->first;
        s->first = s->first->next;
    }
    if (!s->first)
        s->last = &s->first;
    s->store->figures.queued -= (int64_t)n;
    s->on_the_way += (int64_t)n;
    (void)pthread_mutex_unlock(&s->store->figures_lock);
    return n;
}

static void queue_count(struct sqlite_store *s, struct write **batch, size_t n)
{
    int64_t failed = 0;

    for (size_t i = 0; i < n; i++)
        failed += !batch[i]->ok;
    (void)pthread_mutex_lock(&s->store->figures_lock);
    s->store->figures.writes += (int64_t)n;
    s->store->figures.failed += failed;
    s->store->figures.batches++;
    if (s->store->figures.largest_batch < (int64_t)n)
        s->store->figures.largest_batch = (int64_t)n;
    (void)pthread_mutex_unlock(&s->store->figures_lock);
}

static void queue_told(void *arg, size_t n)
{
    struct sqlite_store *s = arg;

    (void)pthread_mutex_lock(&s->store->figures_lock);
    s->on_the_way -= (int64_t)n;
    (void)pthread_cond_signal(&s->queue_news);
    (void)pthread_mutex_unlock(&s->store->figures_lock);
}

static void *writer_main(void *arg)
{
    struct sqlite_store *s = arg;
    struct write *batch[BATCH_MAX];
    enum fate fate;
    int careful = 0;
    size_t n;

    (void)pthread_setname_np(pthread_self(), "writer"); /* for whoever looks with top -H */
    while ((n = queue_take(s, batch)) > 0) {
        log_begin_anew(s->log);
        fate = batch_run(s->writer, batch, n, careful > 0);
        careful -= careful > 0;
        if (fate == FATE_AGAIN) {
            careful = CAREFUL_BATCHES;
            fate = batch_run(s->writer, batch, n, true);
        }
        for (size_t i = 0; fate == FATE_APART && i < n; i++)
            (void)batch_run(s->writer, &batch[i], 1, false);
        queue_count(s, batch, n);
        batch[n - 1]->next = NULL; /* they are a chain as they were queued */
        log_committed(s->log, batch[0]);
    }
    return NULL;
}

static bool queue_put(struct sqlite_store *s, struct write *w)
{
    bool full;

    (void)pthread_mutex_lock(&s->store->figures_lock);
    full = s->store->figures.queued >= QUEUE_MAX || s->closing;
    if (!full) {
        *s->last = w;
        s->last = &w->next;
        s->store->figures.queued++;
        if (is_time_to_run(s))
            (void)pthread_cond_signal(&s->queue_news);
    }
    (void)pthread_mutex_unlock(&s->store->figures_lock);
    return !full || fail(w->e, E_BUSY, "the write queue is full");
}

static void wake_waiting(struct write *w)
{
    (void)sem_post(&((struct waiting *)(void *)w)->fate_known);
}

static bool queue_write(struct store *store, write_fn *fn, void *arg, struct error *e)
{
    struct sqlite_store *s = own(store);
    struct waiting w = {.write = {.fn = fn, .arg = arg, .e = e, .told = wake_waiting}};
    bool queued;

    if (pthread_equal(s->writer_thread, pthread_self()) || log_is_syncer(s->log, pthread_self())) /* in a hook */
        return fail(e, E_INTERNAL, "a write from the writer's thread would wait for itself");
    if (sem_init(&w.fate_known, 0, 0) != 0)
        return fail_errno(e, "semaphore");
    queued = queue_put(s, &w.write);
    while (queued && sem_wait(&w.fate_known) != 0)
        ; /* a signal: wait on */
    (void)sem_destroy(&w.fate_known);
    return queued && w.write.ok;
}

static void tell_later(struct write *w)
{
    struct later *l = (struct later *)(void *)w;

    l->then(w->arg, w->ok ? NULL : w->e);
    error_done(w->e);
    free(l);
}

static void queue_write_later(struct store *store, write_fn *fn, void *arg, written_fn *then)
{
    struct later *l = malloc(sizeof *l); /* not cleared: an error's tables are large */

    if (!l)
        die("write", sizeof *l);
    l->write = (struct write){.fn = fn, .arg = arg, .e = &l->e, .told = tell_later};
    l->then = then;
    error_init(&l->e);
    if (!queue_put(own(store), &l->write))
        tell_later(&l->write);
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

static bool copy(const char *url, const char *path, struct error *e)
{
    char from[STORE_PATH_MAX];

    return path_from(url, from, e) && sqlite_copy(from, path, e);
}

static bool backup(struct store *store, const char *path, struct error *e)
{
    return sqlite_copy(own(store)->path, path, e);
}

/* Once per opening: later migrations of the same start find the copy there. */
static bool keep_copy(struct store *store, int64_t n, struct error *e)
{
    struct sqlite_store *s = own(store);
    char path[STORE_PATH_MAX + 32];

    if (snprintf(path, sizeof path, "%s.before-%jd", s->path, (intmax_t)n) >= (int)sizeof path)
        return fail(e, E_IO, "path too long");
    if (!sqlite_copy(s->path, path, e))
        return false;
    log_line(LOG_INFO, "database-copied", "to=%s", path);
    return true;
}

/* Held until the process ends, however it ends. A file of its own: closing a second descriptor of the database would
 * drop SQLite's locks on it. */
static bool lock_take(struct sqlite_store *s, struct error *e)
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

static bool writer_start(struct sqlite_store *s, struct error *e)
{
    s->writer_started = thread_start(&s->writer_thread, writer_main, s, e);
    return s->writer_started;
}

static bool open_store(struct store *store, const char *url, struct error *e)
{
    struct sqlite_store *s = calloc(1, sizeof *s);

    if (!s)
        die("store", sizeof *s);
    store->own = s;
    s->store = store;
    s->lock_fd = -1;
    s->last = &s->first;
    (void)pthread_mutex_init(&s->idle_lock, NULL);
    cond_init_monotonic(&s->idle_news);
    (void)pthread_cond_init(&s->queue_news, NULL);
    return path_from(url, s->path, e) && folder_prepare(s->path, e) && (store->beside || lock_take(s, e)) &&
           sqlite_open(store, s->path, true, &s->writer, e) &&
           log_open(s->path, s->writer->handle, queue_told, s, &s->log, e) && writer_start(s, e);
}

static void close_store(struct store *store)
{
    struct sqlite_store *s = own(store);

    (void)pthread_mutex_lock(&store->figures_lock);
    s->closing = true;
    (void)pthread_cond_signal(&s->queue_news);
    (void)pthread_mutex_unlock(&store->figures_lock);
    if (s->writer_started)
        (void)pthread_join(s->writer_thread, NULL);
    log_close(s->log);
    while (s->idle) {
        struct sqlite_db *c = s->idle;

        s->idle = c->idle_next;
        sqlite_close(c);
    }
    sqlite_close(s->writer); /* last: it folds the log into the database */
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    (void)pthread_cond_destroy(&s->queue_news);
    (void)pthread_cond_destroy(&s->idle_news);
    (void)pthread_mutex_destroy(&s->idle_lock);
    free(s);
}

/* There is one writer: all writes come one after the other. */
static bool serial(struct db *db, const char *what, struct error *e)
{
    (void)db;
    (void)what;
    (void)e;
    return true;
}

const struct engine sqlite_engine = {
    .scheme = "sqlite:",
    .is_sole_writer = true,
    .open = open_store,
    .close = close_store,
    .read_begin = read_begin,
    .read_end = read_end,
    .write = queue_write,
    .write_later = queue_write_later,
    .exec = sqlite_exec,
    .query = sqlite_query,
    .next = sqlite_next,
    .end = sqlite_end,
    .sql_of = sqlite_sql_of,
    .i64 = sqlite_i64,
    .f64 = sqlite_f64,
    .text = sqlite_text,
    .blob = sqlite_blob,
    .is_null = sqlite_is_null,
    .in_transaction = sqlite_in_transaction,
    .script = sqlite_script,
    .serial = serial,
    .search_define = sqlite_search_define,
    .search_apply = sqlite_search_apply,
    .keep_copy = keep_copy,
    .copy = copy,
    .backup = backup,
    .check = sqlite_check,
    .move_tables = sqlite_move_tables,
    .move_watch = sqlite_move_watch,
    .move_refuse = sqlite_move_refuse,
    .move_leave = sqlite_move_leave,
    .move_take = sqlite_move_take,
    .move_remove = sqlite_move_remove,
};
