/* The press: the few threads that draw papers. Fonts, their subsets and the expressions' machines belong to a thread;
 * on the sixty-odd that answer requests they would be loaded sixty-odd times over. */
#include "document/paper_internal.h"

#include <pthread.h>

enum { PRESS_THREADS_MAX = 8 };

struct print {
    const struct paper *paper;
    const struct expr_scope *scope;
    struct arena *arena; /* the caller waits: only the press uses it meanwhile */
    struct bytes *pdf;
    struct error *e;
    struct print *next;
    bool done, good;
};

static struct {
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t work, done;
    struct print *first, **last;
    pthread_t threads[PRESS_THREADS_MAX];
    size_t n;
    bool stopping;
} press = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

/* NULL when the press stops and nothing waits. */
static struct print *next_print(void)
{
    struct print *p;

    (void)pthread_mutex_lock(&press.lock); /* not recursive, never held while drawing */
    while (!press.first && !press.stopping)
        (void)pthread_cond_wait(&press.work, &press.lock);
    p = press.first;
    if (p) {
        press.first = p->next;
        if (!press.first)
            press.last = &press.first;
    }
    (void)pthread_mutex_unlock(&press.lock);
    return p;
}

static void *run(void *arg)
{
    struct print *p;

    (void)arg;
    while ((p = next_print())) {
        bool good = paper_draw(p->paper, p->scope, p->arena, p->pdf, p->e);

        (void)pthread_mutex_lock(&press.lock);
        p->good = good;
        p->done = true; /* p is its waiter's again as soon as the lock is free */
        (void)pthread_cond_broadcast(&press.done);
        (void)pthread_mutex_unlock(&press.lock);
    }
    return NULL;
}

bool press_start(size_t threads, struct error *e)
{
    press.stopping = false;
    press.first = NULL;
    press.last = &press.first;
    for (press.n = 0; press.n < threads && press.n < PRESS_THREADS_MAX; press.n++)
        if (pthread_create(&press.threads[press.n], NULL, run, NULL) != 0)
            return fail(e, E_INTERNAL, "no thread to draw papers");
    return true;
}

void press_stop(void)
{
    (void)pthread_mutex_lock(&press.lock);
    press.stopping = true;
    (void)pthread_cond_broadcast(&press.work);
    (void)pthread_mutex_unlock(&press.lock);
    while (press.n)
        (void)pthread_join(press.threads[--press.n], NULL); /* it ends when nothing waits */
}

bool paper_render(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                  struct error *e)
{
    struct print print = {.paper = p, .scope = scope, .arena = a, .pdf = pdf, .e = e};

    if (!press.n) /* no room was started: a tool, a test */
        return paper_draw(p, scope, a, pdf, e);
    (void)pthread_mutex_lock(&press.lock);
    *press.last = &print;
    press.last = &print.next;
    (void)pthread_cond_signal(&press.work);
    while (!print.done)
        (void)pthread_cond_wait(&press.done, &press.lock);
    (void)pthread_mutex_unlock(&press.lock);
    return print.good;
}
