/* Definitions that change while the program runs: a pack was loaded, or the national catalogue imported, by another
 * process over the same database. Whoever hears of it reads them anew on a thread of its own; requests go on with what
 * they hold, and soon find the new ones. */
#include "program/program.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "db/db.h"
#include "registry/registry.h"

enum { SETTLE_MS = 200, /* an import comes in batches: they are read together */ RETRY_MS = 2000 };

struct definitions {
    struct house *house;
    int64_t seen; /* how many versions there were when they were last read; the thread's own */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t wake;
    bool changed, stop;
};

static void hear(const char *text, void *arg)
{
    struct definitions *d = arg;

    (void)text; /* missed or told: what there is now is compared with what was read */
    (void)pthread_mutex_lock(&d->lock);
    d->changed = true;
    (void)pthread_cond_signal(&d->wake);
    (void)pthread_mutex_unlock(&d->lock);
}

/* Sleeps; false when it is time to stop. The lock is held. */
static bool rest(struct definitions *d, int64_t ms)
{
    struct timespec until;
    int64_t nanoseconds;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    nanoseconds = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    while (!d->stop && pthread_cond_timedwait(&d->wake, &d->lock, &until) != ETIMEDOUT)
        ;
    return !d->stop;
}

/* The versions are counted before they are read: what comes in between is read again. */
static bool load_changed(struct definitions *d, struct error *e)
{
    int64_t versions, start = monotonic_us();

    if (!definitions_count(d->house, &versions, e))
        return false;
    if (versions == d->seen)
        return true;
    if (!definitions_reload(d->house, e))
        return false;
    d->seen = versions;
    log_line(LOG_INFO, "definitions-loaded", "versions=%jd ms=%jd", (intmax_t)versions,
             (intmax_t)((monotonic_us() - start) / 1000));
    return true;
}

static void *run(void *arg)
{
    struct definitions *d = arg;

    (void)pthread_mutex_lock(&d->lock);
    for (;;) {
        auto_error struct error e;
        bool good;

        error_init(&e);
        while (!d->changed && !d->stop)
            (void)pthread_cond_wait(&d->wake, &d->lock);
        if (d->stop || !rest(d, SETTLE_MS))
            break;
        d->changed = false;
        (void)pthread_mutex_unlock(&d->lock);
        good = load_changed(d, &e);
        if (!good) /* the ones it has stay in force */
            log_line(LOG_ERROR, "definitions-not-loaded", "why=\"%s\"", e.detail);
        (void)pthread_mutex_lock(&d->lock);
        d->changed |= !good;
        if (!good && !rest(d, RETRY_MS))
            break;
    }
    (void)pthread_mutex_unlock(&d->lock);
    return NULL;
}

static bool start_thread(struct definitions *d, struct error *e)
{
    sigset_t all, before;

    (void)sigfillset(&all); /* signals are for the thread that waits for them */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    d->running = pthread_create(&d->thread, NULL, run, d) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return d->running || fail(e, E_INTERNAL, "the thread that reads definitions could not start");
}

bool definitions_follow(struct house *h, struct definitions **out, struct error *e)
{
    struct definitions *d = calloc(1, sizeof *d);
    pthread_condattr_t attr;

    if (!d)
        die("out of memory", sizeof *d);
    d->house = h;
    d->seen = -1;
    (void)pthread_mutex_init(&d->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&d->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    *out = d; /* also half made: definitions_leave() ends it */
    store_hear(h->store, DEFINITIONS_CHANGED, hear, d);
    return start_thread(d, e) && store_attend(h->store, e);
}

void definitions_leave(struct definitions *d)
{
    if (!d)
        return;
    store_leave(d->house->store);
    (void)pthread_mutex_lock(&d->lock);
    d->stop = true;
    (void)pthread_cond_signal(&d->wake);
    (void)pthread_mutex_unlock(&d->lock);
    if (d->running)
        (void)pthread_join(d->thread, NULL);
    (void)pthread_cond_destroy(&d->wake);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}
