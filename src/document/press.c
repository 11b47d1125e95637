/* The press: the few threads that draw papers. Fonts, their subsets and the expressions' machines belong to a thread;
 * on the sixty-odd that answer requests they would be loaded sixty-odd times over. */
#include "document/paper_internal.h"

#include <pthread.h>
#include <semaphore.h>

enum { PRESS_THREADS_MAX = 8 };

struct errand {
    press_fn *fn;
    void *arg; /* the caller waits: only the press uses it meanwhile */
    struct error *e;
    struct errand *next;
    sem_t done;
    bool good;
};

static struct {
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t work;
    struct errand *first, **last;
    pthread_t threads[PRESS_THREADS_MAX];
    size_t n;
    bool stopping;
} press = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

/* NULL when the press stops and nothing waits. */
static struct errand *next_errand(void)
{
    struct errand *p;

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
    struct errand *p;

    (void)arg;
    while ((p = next_errand())) {
        p->good = p->fn(p->arg, p->e);
        (void)sem_post(&p->done); /* it is its waiter's again, who alone is woken */
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

bool press_run(press_fn *fn, void *arg, struct error *e)
{
    struct errand errand = {.fn = fn, .arg = arg, .e = e};

    if (!press.n) /* no room was started: a tool, a test */
        return fn(arg, e);
    if (sem_init(&errand.done, 0, 0) != 0)
        return fail_errno(e, "semaphore");
    (void)pthread_mutex_lock(&press.lock);
    *press.last = &errand;
    press.last = &errand.next;
    (void)pthread_cond_signal(&press.work);
    (void)pthread_mutex_unlock(&press.lock);
    while (sem_wait(&errand.done) != 0)
        ; /* a signal: wait on */
    (void)sem_destroy(&errand.done);
    return errand.good;
}

struct print {
    const struct paper *paper;
    const struct expr_scope *scope;
    struct arena *arena;
    struct bytes *pdf;
    struct paper_place *place;
};

static bool print(void *arg, struct error *e)
{
    struct print *p = arg;

    return paper_draw(p->paper, p->scope, p->arena, p->pdf, p->place, e);
}

bool paper_print(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                 struct paper_place *place, struct error *e)
{
    return press_run(print, &(struct print){p, scope, a, pdf, place}, e);
}

bool paper_render(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                  struct error *e)
{
    struct paper_place place;

    return paper_print(p, scope, a, pdf, &place, e);
}
