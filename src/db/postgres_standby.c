/* Reads that may be somewhat old, from a standby. How old is never guessed from its clock or from positions in its log,
 * which an idle primary or a promotion would make lie: this process writes a beat at the primary twice a second, in its
 * own row, and looks which of its beats the standby has. Whoever reads there sees all that any write had returned for
 * before that beat began. */
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "db/postgres_internal.h"

enum { BEAT_MS = 500, PATIENCE_MS = 300 };

struct pg_standby {
    struct store *store;
    char url[STORE_PATH_MAX];
    struct pg_pool pool;
    int64_t run; /* tells this process's beats from those of one before it */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of the bell */
    pthread_cond_t bell;
    bool stopping;
    _Atomic int64_t as_of_us; /* monotonic: the beat that it has; 0: unknown */
    _Atomic int64_t reads;
};

/* ---- the beat ---- */
struct beat {
    int64_t node, run, at;
};

static bool write_beat(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "INSERT INTO standby_beat (node, run, beat) VALUES ($1, $2, $3)"
                              " ON CONFLICT (node) DO UPDATE SET run = excluded.run, beat = excluded.beat";
    const struct beat *b = arg;

    db_touches(db, NULL, 0);
    return db_exec(db, NULL, e, sql, ARGS(I64(b->node), I64(b->run), I64(b->at)));
}

/* A connection there; false when it does not answer: then nothing is known of it until the next look. */
static bool take(struct pg_standby *x, struct pg_db **out, struct error *e)
{
    if (!pg_pool_take(x->store, &x->pool, false, out, e))
        return false;
    (*out)->standby = true;
    if (pg_pool_ready(*out, monotonic_us() / 1000 + PATIENCE_MS, e)) {
        (*out)->transaction = PG_DUE;
        return true;
    }
    pg_pool_give(&x->pool, *out, false);
    atomic_store(&x->as_of_us, 0);
    return false;
}

static bool look(struct pg_standby *x, int64_t *beat, struct error *e)
{
    static const char sql[] = "SELECT beat FROM standby_beat WHERE node = $1 AND run = $2";
    struct rows *r = NULL;
    struct pg_db *c;
    bool found, ok;

    if (!take(x, &c, e))
        return false;
    ok = db_find(&c->db, &r, &found, e, sql, ARGS(I64(id_node()), I64(x->run)));
    *beat = ok && found ? rows_i64(r, 0) : 0;
    rows_close(r);
    pg_close_rows(c);
    pg_leave(c);
    pg_pool_give(&x->pool, c, !c->lost);
    return ok;
}

static void beat_once(struct pg_standby *x)
{
    struct beat b = {id_node(), x->run, monotonic_us()};
    bool was_known = atomic_load(&x->as_of_us) != 0;
    int64_t seen = 0;
    auto_error struct error e;

    error_init(&e);
    if (!store_write(x->store, write_beat, &b, &e) || !look(x, &seen, &e))
        seen = 0;
    atomic_store(&x->as_of_us, seen);
    if (was_known != (seen != 0))
        log_line(seen ? LOG_INFO : LOG_WARN, seen ? "standby-follows" : "standby-unknown", "why=\"%s\"",
                 seen ? "" : e.detail);
}

static void *beat_main(void *arg)
{
    struct pg_standby *x = arg;

    (void)pthread_setname_np(pthread_self(), "standby");
    (void)pthread_mutex_lock(&x->lock);
    while (!x->stopping) {
        struct timespec until;

        (void)pthread_mutex_unlock(&x->lock);
        beat_once(x);
        until = deadline_in(BEAT_MS);
        (void)pthread_mutex_lock(&x->lock);
        while (!x->stopping && pthread_cond_timedwait(&x->bell, &x->lock, &until) == 0)
            ; /* spurious */
    }
    (void)pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* ---- reads ---- */
void pg_standby_read(struct store *s, int64_t within_ms, struct db **out, int64_t *age_ms)
{
    struct pg_standby *x = *pg_standby_of(s);
    int64_t as_of = x ? atomic_load(&x->as_of_us) : 0, age = (monotonic_us() - as_of) / 1000;
    auto_error struct error e;
    struct pg_db *c;

    error_init(&e);
    *out = NULL;
    if (!as_of || age > within_ms || !take(x, &c, &e))
        return;
    (void)atomic_fetch_add(&x->reads, 1);
    *out = &c->db;
    *age_ms = age;
}

void pg_standby_figures(const struct store *s, struct standby_figures *out)
{
    const struct pg_standby *x = *pg_standby_of(s);
    int64_t as_of = x ? atomic_load(&x->as_of_us) : 0;

    *out = (struct standby_figures){.age_ms = as_of ? (monotonic_us() - as_of) / 1000 : -1,
                                    .reads = x ? atomic_load(&x->reads) : 0,
                                    .given = x != NULL};
}

/* ---- open and close ---- */
bool pg_standby_add(struct store *s, const char *url, struct error *e)
{
    struct pg_standby *x;

    if (!pg_url_check(url, e))
        return false;
    x = calloc(1, sizeof *x);
    if (!x)
        die("standby", sizeof *x);
    *pg_standby_of(s) = x;
    x->store = s;
    randombytes_buf(&x->run, sizeof x->run);
    pg_pool_init(&x->pool, x->url);
    (void)pthread_mutex_init(&x->lock, NULL);
    cond_init_monotonic(&x->bell);
    if (snprintf(x->url, sizeof x->url, "%s", url) >= (int)sizeof x->url)
        return fail(e, E_USAGE, "the standby's address is too long");
    x->running = thread_start(&x->thread, beat_main, x, e);
    return x->running;
}

void pg_standby_close(struct pg_standby *x)
{
    if (!x)
        return;
    (void)pthread_mutex_lock(&x->lock);
    x->stopping = true;
    (void)pthread_cond_signal(&x->bell);
    (void)pthread_mutex_unlock(&x->lock);
    if (x->running)
        (void)pthread_join(x->thread, NULL);
    pg_pool_done(&x->pool);
    (void)pthread_cond_destroy(&x->bell);
    (void)pthread_mutex_destroy(&x->lock);
    free(x);
}
