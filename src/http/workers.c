/* The pool that runs what may block: a bounded queue and threads with small stacks. A full queue is the caller's
 * answer, not a longer wait. */
#include "http/http_internal.h"

enum { STACK_BYTES = 512 << 10 };

struct workers {
    pthread_mutex_t lock; /* guards first, last, queued, stop */
    pthread_cond_t wake;
    struct request *first, *last;
    size_t queued, max;
    bool stop;
    void (*run)(struct request *q);
    int n;
    pthread_t threads[];
};

static struct request *take(struct workers *w)
{
    struct request *q = w->first;

    if (q) {
        w->first = q->next;
        if (!w->first)
            w->last = NULL;
        w->queued--;
    }
    return q;
}

static void *work(void *arg)
{
    struct workers *w = arg;

    (void)pthread_setname_np(pthread_self(), "worker"); /* for whoever looks with top -H */
    pthread_mutex_lock(&w->lock);
    for (;;) {
        struct request *q;

        while (!w->first && !w->stop)
            pthread_cond_wait(&w->wake, &w->lock);
        if (w->stop)
            break;
        q = take(w);
        pthread_mutex_unlock(&w->lock);
        w->run(q);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

bool workers_start(int threads, int queue_max, void (*run)(struct request *q), struct workers **out, struct error *e)
{
    struct workers *w = calloc(1, sizeof *w + (size_t)threads * sizeof *w->threads);
    pthread_attr_t attr;

    if (!w)
        die("out of memory", (size_t)threads);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->max = (size_t)queue_max;
    w->run = run;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    while (w->n < threads && pthread_create(&w->threads[w->n], &attr, work, w) == 0)
        w->n++;
    pthread_attr_destroy(&attr);
    *out = w;
    return w->n == threads || fail(e, E_INTERNAL, "only %d of %d worker threads could start", w->n, threads);
}

bool workers_submit(struct workers *w, struct request *q)
{
    bool taken;

    q->next = NULL;
    pthread_mutex_lock(&w->lock);
    taken = w->queued < w->max && !w->stop;
    if (taken) {
        if (w->last)
            w->last->next = q;
        else
            w->first = q;
        w->last = q;
        w->queued++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

size_t workers_queued(struct workers *w)
{
    size_t n;

    pthread_mutex_lock(&w->lock);
    n = w->queued;
    pthread_mutex_unlock(&w->lock);
    return n;
}

void workers_stop(struct workers *w, void (*refuse)(struct request *q))
{
    struct request *q, *left;

    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    left = w->first;
    w->first = w->last = NULL;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    while ((q = left)) {
        left = q->next;
        refuse(q);
    }
    for (int i = 0; i < w->n; i++)
        pthread_join(w->threads[i], NULL);
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
