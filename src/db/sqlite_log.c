/* SQLite's write-ahead log beside the writer, by two threads that mostly wait for the disk while the writer goes on.
 * One makes lasting what was committed: it syncs the log and then tells the writes their fate, so that a batch runs
 * while the one before it is on its way to the disk. The other copies the log into the database, so that no commit
 * waits for the thousands of pages that it happens to be the last of.
 *
 * Readers see a commit as soon as it is in the log, some milliseconds before it is told. The log is one sequence: what
 * was written on the strength of such a commit does not outlast it. */
#include "db/sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>

enum {
    COPY_FRAMES = 4000,  /* so many pages were logged since the last copy: time for the next */
    LONG_FRAMES = 16000, /* the writer copies the rest between two batches, and the log begins anew */
    QUIET_MS = 1000,     /* without a commit; a log that is wholly copied costs readers nothing */
};

struct sqlite_log {
    struct sqlite3 *writer;
    void (*told)(void *arg, size_t n);
    void *arg;
    char path[STORE_PATH_MAX];
    pthread_t syncer, copier;
    bool syncer_started, copier_started;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t sync_news, copy_news;
    struct write *committed, **last;
    int frames, since; /* in the log; of those, since the last copy began */
    int64_t commits;
    bool uncopied, is_long, closing;
};

/* ---- the syncer ---- */
/* What was not synced may be lost, and a second try would not find it: the system has dropped it. Readers have seen it
 * by now, so there is no going back but to what the disk has. */
static void log_sync(struct sqlite_log *l, int *fd)
{
    char path[STORE_PATH_MAX + 8];
    struct error e = {0};

    (void)snprintf(path, sizeof path, "%s-wal", l->path);
    if (*fd < 0)
        *fd = open(path, O_RDWR | O_CLOEXEC); /* SQLite keeps its locks elsewhere: ours may be closed */
    if (*fd < 0 || fdatasync(*fd) != 0) {
        (void)fail_errno(&e, "%s", path);
        log_line(LOG_ERROR, "log-sync", "why=\"%s\"", e.detail);
        die("the disk does not keep what is written", 0);
    }
}

static void *syncer_main(void *arg)
{
    struct sqlite_log *l = arg;
    int fd = -1;

    (void)pthread_setname_np(pthread_self(), "log-sync");
    (void)pthread_mutex_lock(&l->lock);
    for (;;) {
        struct write *first, *next;
        size_t n = 0;

        while (!l->committed && !l->closing)
            (void)pthread_cond_wait(&l->sync_news, &l->lock);
        first = l->committed;
        l->committed = NULL;
        l->last = &l->committed;
        if (!first)
            break;
        (void)pthread_mutex_unlock(&l->lock);
        log_sync(l, &fd);
        for (; first; first = next, n++) {
            next = first->next;
            first->told(first); /* it is gone with the next instruction */
        }
        l->told(l->arg, n);
        (void)pthread_mutex_lock(&l->lock);
    }
    (void)pthread_mutex_unlock(&l->lock);
    if (fd >= 0)
        (void)close(fd); /* it was synced */
    return NULL;
}

void log_committed(struct sqlite_log *l, struct write *first)
{
    struct write **end = &first;

    while (*end)
        end = &(*end)->next;
    (void)pthread_mutex_lock(&l->lock);
    *l->last = first;
    l->last = end;
    (void)pthread_cond_signal(&l->sync_news);
    (void)pthread_mutex_unlock(&l->lock);
}

/* ---- the copier ---- */
/* Waits for nobody: what a reader still needs stays in the log until the next time. How much is left, -1: unknown. */
static int log_copy(struct sqlite3 *through, int *frames)
{
    int copied = 0;
    int code = sqlite3_wal_checkpoint_v2(through, NULL, SQLITE_CHECKPOINT_PASSIVE, frames, &copied);

    if (code == SQLITE_OK)
        return *frames - copied;
    if (code != SQLITE_BUSY) /* a full disk: the log stays as it is, and so does all that is in it */
        log_line(LOG_WARN, "log-copy", "why=\"%s\"", sqlite3_errmsg(through));
    return -1;
}

/* While much is written something is always left. Of a long log a few times over, until it is little for the writer. */
static void log_copy_beside(struct sqlite_log *l, struct sqlite3 *through)
{
    int frames = 0, left = log_copy(through, &frames), before = left * 2;

    while (frames >= LONG_FRAMES && left > 0 && left <= before / 2) {
        before = left;
        left = log_copy(through, &frames);
    }
    (void)pthread_mutex_lock(&l->lock);
    l->uncopied = l->uncopied || left != 0;
    l->is_long = frames >= LONG_FRAMES;
    (void)pthread_mutex_unlock(&l->lock);
}

/* With the lock, which it gives back meanwhile. */
static bool is_time_to_copy(struct sqlite_log *l)
{
    struct timespec until = deadline_in(QUIET_MS);
    int64_t commits = l->commits;

    if (!l->uncopied) {
        (void)pthread_cond_wait(&l->copy_news, &l->lock);
        return false;
    }
    return l->since >= COPY_FRAMES ||
           (pthread_cond_timedwait(&l->copy_news, &l->lock, &until) == ETIMEDOUT && l->commits == commits);
}

/* A connection of its own, which has looked at the database once: before that it knows of no log. */
static struct sqlite3 *copier_open(const char *path)
{
    struct sqlite3 *c = NULL;

    if (sqlite3_open_v2(path, &c, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_exec(c, "PRAGMA wal_autocheckpoint = 0; SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL) ==
            SQLITE_OK)
        return c;
    log_line(LOG_WARN, "log-copy", "why=\"%s\"", c ? sqlite3_errmsg(c) : "out of memory");
    (void)sqlite3_close(c); /* nothing was done with it */
    return NULL;
}

static void *copier_main(void *arg)
{
    struct sqlite_log *l = arg;
    struct sqlite3 *own = NULL;

    (void)pthread_setname_np(pthread_self(), "log-copy");
    (void)pthread_mutex_lock(&l->lock);
    while (!l->closing) {
        if (!is_time_to_copy(l))
            continue;
        l->since = 0;
        l->uncopied = false;
        (void)pthread_mutex_unlock(&l->lock);
        if (own || (own = copier_open(l->path)))
            log_copy_beside(l, own);
        (void)pthread_mutex_lock(&l->lock);
        l->uncopied = l->uncopied || !own;
    }
    (void)pthread_mutex_unlock(&l->lock);
    (void)sqlite3_close(own); /* it has no statements */
    return NULL;
}

void log_begin_anew(struct sqlite_log *l)
{
    int frames;
    bool is_long;

    (void)pthread_mutex_lock(&l->lock);
    is_long = l->is_long;
    l->is_long = false;
    (void)pthread_mutex_unlock(&l->lock);
    if (is_long)
        (void)log_copy(l->writer, &frames); /* the copier tries again */
}

/* After each commit, in the writer's thread. */
static int on_commit(void *arg, struct sqlite3 *writer, const char *name, int frames)
{
    struct sqlite_log *l = arg;

    (void)writer, (void)name;
    (void)pthread_mutex_lock(&l->lock);
    l->since += frames - (frames >= l->frames ? l->frames : 0);
    l->frames = frames;
    l->commits++;
    if (!l->uncopied || l->since >= COPY_FRAMES)
        (void)pthread_cond_signal(&l->copy_news);
    l->uncopied = true;
    (void)pthread_mutex_unlock(&l->lock);
    return SQLITE_OK;
}

/* ---- open and close ---- */
bool log_open(const char *path, struct sqlite3 *writer, void (*told)(void *arg, size_t n), void *arg,
              struct sqlite_log **out, struct error *e)
{
    struct sqlite_log *l = calloc(1, sizeof *l);

    if (!l)
        die("log", sizeof *l);
    *out = l;
    l->writer = writer;
    l->told = told;
    l->arg = arg;
    l->last = &l->committed;
    (void)snprintf(l->path, sizeof l->path, "%s", path);
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->sync_news, NULL);
    cond_init_monotonic(&l->copy_news);
    (void)sqlite3_wal_hook(writer, on_commit, l);
    l->syncer_started = thread_start(&l->syncer, syncer_main, l, e);
    l->copier_started = l->syncer_started && thread_start(&l->copier, copier_main, l, e);
    return l->copier_started;
}

void log_close(struct sqlite_log *l)
{
    if (!l)
        return;
    (void)pthread_mutex_lock(&l->lock);
    l->closing = true;
    (void)pthread_cond_signal(&l->sync_news);
    (void)pthread_cond_signal(&l->copy_news);
    (void)pthread_mutex_unlock(&l->lock);
    if (l->syncer_started)
        (void)pthread_join(l->syncer, NULL);
    if (l->copier_started)
        (void)pthread_join(l->copier, NULL);
    (void)sqlite3_wal_hook(l->writer, NULL, NULL);
    (void)pthread_cond_destroy(&l->sync_news);
    (void)pthread_cond_destroy(&l->copy_news);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

bool log_is_syncer(const struct sqlite_log *l, pthread_t thread)
{
    return pthread_equal(l->syncer, thread);
}
