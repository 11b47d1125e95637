/* One background thread for what must not hold up a read: audit entries of reads, marks that a session was used, and
 * every ten minutes a sweep of what has expired.
 *
 * Nothing is dropped while the store takes writes: a full queue makes readers wait. While it does not (a full disk),
 * reads go on and the queue grows further; what even that cannot hold is counted, and the count becomes an entry. */
#include "people/people_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
    QUEUE_MAX = 4096,
    QUEUE_FAILING_MAX = 65536,
    BATCH_MAX = 512,
    TOUCHED_MAX = 256,
    GATHER_MS = 50,
    RETRY_MS = 1000
};
static const int64_t SWEEP_EVERY_MS = 10 * 60 * 1000;

struct waiting {
    struct waiting *next;
    struct audit entry; /* its texts follow in the same block */
};

struct later {
    struct people *people;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t work, room;
    bool stopping, failing;
    struct waiting *first, **last;
    size_t n;
    int64_t lost;
    size_t n_touched;
    int64_t touched[TOUCHED_MAX];
    int64_t sweep_at;
};

struct batch {
    size_t n, n_touched;
    struct audit entries[BATCH_MAX + 1]; /* one more to say how many were lost */
    int64_t touched[TOUCHED_MAX];
    int64_t now;
    bool sweep;
};

static size_t size_of(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

static const char *move_in(char **to, const char *s)
{
    size_t size = size_of(s);
    char *here = *to;

    if (!s)
        return NULL;
    memcpy(here, s, size);
    *to += size;
    return here;
}

static struct waiting *waiting_new(const struct audit *x)
{
    struct waiting *w = malloc(sizeof *w + size_of(x->action) + size_of(x->what) + size_of(x->key) + size_of(x->about) +
                               size_of(x->purpose) + size_of(x->address));
    char *text;

    if (!w)
        die("out of memory", sizeof *w);
    text = (char *)(w + 1);
    *w = (struct waiting){.entry = *x};
    w->entry.action = move_in(&text, x->action);
    w->entry.what = move_in(&text, x->what);
    w->entry.key = move_in(&text, x->key);
    w->entry.about = move_in(&text, x->about);
    w->entry.purpose = move_in(&text, x->purpose);
    w->entry.address = move_in(&text, x->address);
    return w;
}

void later_audit(struct later *l, const struct audit *entry)
{
    struct waiting *w = waiting_new(entry);

    (void)pthread_mutex_lock(&l->lock);
    while (l->n >= QUEUE_MAX && !l->failing && !l->stopping)
        (void)pthread_cond_wait(&l->room, &l->lock);
    if (l->n >= QUEUE_FAILING_MAX) {
        l->lost++;
        free(w);
    } else {
        *l->last = w;
        l->last = &w->next;
        if (l->n++ == 0)
            (void)pthread_cond_signal(&l->work);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void later_touch(struct later *l, int64_t session)
{
    (void)pthread_mutex_lock(&l->lock);
    if (l->n_touched < TOUCHED_MAX)
        l->touched[l->n_touched++] = session;
    (void)pthread_cond_signal(&l->work);
    (void)pthread_mutex_unlock(&l->lock);
}

static void wait_ms(struct later *l, int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&l->work, &l->lock, &until); /* a timeout is as good as a signal */
}

/* Copies what the next write takes; the entries stay queued until they are on disk. */
static void gather(struct later *l, struct batch *b)
{
    struct waiting *w = l->first;

    b->n = 0;
    b->now = now_ms();
    b->sweep = b->now >= l->sweep_at;
    for (; w && b->n < BATCH_MAX; w = w->next)
        b->entries[b->n++] = w->entry;
    b->n_touched = l->n_touched;
    memcpy(b->touched, l->touched, l->n_touched * sizeof l->touched[0]);
}

static bool write_batch(struct db *db, void *arg, struct error *e)
{
    const struct batch *b = arg;

    db_touches(db, NULL, 0); /* the audit and the ends of sessions: no reply is kept that shows them */
    if (b->n && !audit_add_all(db, b->entries, b->n, e))
        return false;
    for (size_t i = 0; i < b->n_touched; i++)
        if (!session_touch(db, b->touched[i], b->now, e))
            return false;
    return !b->sweep || (session_sweep(db, b->now, e) && request_sweep(db, b->now, e) && jobs_sweep(db, b->now, e) &&
                         throttle_sweep(db, b->now, e));
}

static void forget(struct later *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct waiting *w = l->first;

        l->first = w->next;
        free(w);
    }
    if (!l->first)
        l->last = &l->first;
    l->n -= n;
    (void)pthread_cond_broadcast(&l->room);
}

/* With the lock held on entry and exit, not during the write. False when the store refused. */
static bool write_once(struct later *l, struct batch *b)
{
    auto_error struct error e;
    char count[32];
    int64_t lost = l->lost;
    size_t queued;
    bool written;

    error_init(&e);
    gather(l, b);
    queued = b->n;
    if (lost && queued < l->n)
        lost = 0; /* said last, where they are missing */
    if (lost) {
        (void)snprintf(count, sizeof count, "%" PRId64, lost);
        b->entries[b->n++] = (struct audit){.action = "lost", .what = "audit", .key = count, .at = b->now};
    }
    (void)pthread_mutex_unlock(&l->lock);
    written = store_write(l->people->store, write_batch, b, &e);
    (void)pthread_mutex_lock(&l->lock);

    if (written != !l->failing)
        log_line(written ? LOG_INFO : LOG_ERROR, written ? "audit_recovered" : "audit_waits", "queued=%zu code=%s",
                 l->n, written ? "-" : error_row(e.code)->code);
    l->failing = !written;
    if (!written)
        (void)pthread_cond_broadcast(&l->room);
    else {
        forget(l, queued);
        l->lost -= lost;
        memmove(l->touched, l->touched + b->n_touched, (l->n_touched - b->n_touched) * sizeof l->touched[0]);
        l->n_touched -= b->n_touched;
        if (b->sweep)
            l->sweep_at = b->now + SWEEP_EVERY_MS;
    }
    return written;
}

static bool has_work(const struct later *l)
{
    return l->n || l->n_touched || now_ms() >= l->sweep_at;
}

static void *run(void *arg)
{
    struct later *l = arg;
    auto_free struct batch *b = calloc(1, sizeof *b);

    if (!b)
        die("out of memory", sizeof *b);
    (void)pthread_setname_np(pthread_self(), "later"); /* for whoever looks with top -H */
    (void)pthread_mutex_lock(&l->lock);
    while (!l->stopping) {
        if (!has_work(l)) {
            wait_ms(l, SWEEP_EVERY_MS);
            continue;
        }
        if (l->n < BATCH_MAX)
            wait_ms(l, GATHER_MS); /* company for the entry: one commit for all of them */
        if (!write_once(l, b) && !l->stopping)
            wait_ms(l, RETRY_MS);
    }
    while ((l->n || l->n_touched) && write_once(l, b))
        ;
    if (l->n || l->lost)
        log_line(LOG_ERROR, "audit_lost", "entries=%" PRId64, (int64_t)l->n + l->lost);
    (void)pthread_mutex_unlock(&l->lock);
    return NULL;
}

bool later_start(struct people *p, struct later **out, struct error *e)
{
    struct later *l = calloc(1, sizeof *l);
    pthread_condattr_t attr;
    int rc;

    if (!l)
        die("out of memory", sizeof *l);
    l->people = p;
    l->last = &l->first;
    (void)pthread_mutex_init(&l->lock, NULL); /* these cannot fail on Linux */
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&l->work, &attr);
    (void)pthread_cond_init(&l->room, NULL);
    (void)pthread_condattr_destroy(&attr);
    rc = pthread_create(&l->thread, NULL, run, l);
    if (rc != 0) {
        free(l);
        errno = rc;
        return fail_errno(e, "a thread cannot be made");
    }
    *out = l;
    return true;
}

void later_stop(struct later *l)
{
    if (!l)
        return;
    (void)pthread_mutex_lock(&l->lock);
    l->stopping = true;
    (void)pthread_cond_broadcast(&l->work);
    (void)pthread_cond_broadcast(&l->room);
    (void)pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL); /* ours, joined once */
    while (l->first)
        forget(l, 1);
    (void)pthread_mutex_destroy(&l->lock);
    (void)pthread_cond_destroy(&l->work);
    (void)pthread_cond_destroy(&l->room);
    free(l);
}
