/* Wrong passwords are counted per account name and per address; past a few, each further one doubles the wait. Names
 * that no account has are counted too: else being refused would tell which exist. A try is counted before it is looked
 * at and given back when it was right, so that many at once are no more than many one after the other.
 *
 * A process that is alone counts in a table of fixed size under a key nobody outside can predict, so that neither
 * memory nor chosen collisions are a way in. Several nodes count in the database, or an attacker would have a share at
 * each. */
#include "people/people_internal.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

enum { SLOTS = 8192, NEAR = 8, SWEEP_ROWS = 2000 };
static const int64_t FORGET_MS = 3600 * 1000, WAIT_FIRST_MS = 30 * 1000, WAIT_MAX_MS = 15 * 60 * 1000;
/* Whole offices share an address; nobody shares an account. */
static const int64_t allowed[THROTTLE__COUNT] = {[THROTTLE_USER] = 5, [THROTTLE_ADDRESS] = 20};

struct slot {
    uint64_t key; /* 0: free */
    int64_t failures, last;
};

struct throttle {
    struct store *store; /* where several nodes count; NULL: below */
    unsigned char secret[crypto_shorthash_KEYBYTES];
    pthread_mutex_t lock; /* guards slots */
    struct slot slots[SLOTS];
};

struct throttle *throttle_new(struct store *shared)
{
    struct throttle *t = calloc(1, sizeof *t);

    if (!t)
        die("out of memory", sizeof *t);
    t->store = shared;
    crypto_shorthash_keygen(t->secret);
    (void)pthread_mutex_init(&t->lock, NULL); /* cannot fail without attributes */
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    (void)pthread_mutex_destroy(&t->lock); /* nobody holds it */
    free(t);
}

int64_t throttle_wait_ms(enum throttle_of of, int64_t failures, int64_t last, int64_t now)
{
    int64_t wait = WAIT_FIRST_MS, over = failures - allowed[of];

    if (over < 0 || now - last >= FORGET_MS)
        return 0;
    while (over-- > 0 && wait < WAIT_MAX_MS)
        wait *= 2;
    if (wait > WAIT_MAX_MS)
        wait = WAIT_MAX_MS;
    /* A clock set back must not lock anybody out for longer. */
    return now < last ? wait : last + wait > now ? last + wait - now : 0;
}

/* A household's IPv6 network is one address; it has 2^64 to choose from. */
static size_t network_of(const char *address, unsigned char out[64])
{
    struct in6_addr six;

    if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
        memcpy(out, &six, 8);
        return 8;
    }
    return (size_t)snprintf((char *)out, 64, "%.63s", address);
}

static struct digest digest_for(enum throttle_of of, const char *text)
{
    unsigned char in[1 + 64] = {(unsigned char)of};
    size_t len = DIGEST_BYTES;

    if (of == THROTTLE_ADDRESS) {
        len = network_of(text, in + 1);
    } else {
        struct digest d = digest_of((struct bytes){text, strlen(text)});

        memcpy(in + 1, d.bytes, sizeof d.bytes);
    }
    return digest_of((struct bytes){in, 1 + len});
}

static uint64_t key_of(const struct throttle *t, enum throttle_of of, const char *text)
{
    struct digest d = digest_for(of, text);
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t key;

    (void)crypto_shorthash(hash, d.bytes, sizeof d.bytes, t->secret); /* always 0 */
    memcpy(&key, hash, sizeof key);
    return key | 1;
}

/* The key's slot, or (make) the one that matters least nearby: free, forgotten, or with the fewest failures. */
static struct slot *slot_of(struct throttle *t, uint64_t key, int64_t now, bool make)
{
    struct slot *least = NULL;

    for (size_t i = 0; i < NEAR; i++) {
        struct slot *s = &t->slots[(key / 2 + i) % SLOTS];

        if (s->key && now - s->last >= FORGET_MS)
            *s = (struct slot){0};
        if (s->key == key)
            return s;
        if (!least || s->failures < least->failures)
            least = s;
    }
    if (!make)
        return NULL;
    *least = (struct slot){.key = key};
    return least;
}

/* ---- what happens to a count ---- */
enum change { CHANGE_NONE, CHANGE_TAKE, CHANGE_FAIL, CHANGE_RIGHT, CHANGE_CLEAR };

/* One that has to wait takes nothing; one that is given back leaves what was before. */
static void apply(enum throttle_of of, enum change change, int64_t now, struct slot *s, struct throttle_try *try)
{
    if (now - s->last >= FORGET_MS)
        s->failures = 0;
    if (change != CHANGE_RIGHT)
        *try = (struct throttle_try){
            .wait = throttle_wait_ms(of, s->failures, s->last, now), .failures = s->failures, .last = s->last};
    if (change == CHANGE_FAIL || (change == CHANGE_TAKE && try->wait == 0)) {
        s->failures++;
        s->last = now;
    } else if (change == CHANGE_RIGHT) {
        s->failures -= s->failures > 0;
        if (s->failures == try->failures) /* nobody tried meanwhile */
            s->last = try->last;
    } else if (change == CHANGE_CLEAR) {
        s->failures = 0;
    }
}

static void change_in_memory(struct throttle *t, enum throttle_of of, enum change change, const char *key, int64_t now,
                             struct throttle_try *try)
{
    uint64_t k = key_of(t, of, key);
    struct slot *s;

    (void)pthread_mutex_lock(&t->lock);
    s = slot_of(t, k, now, change == CHANGE_TAKE || change == CHANGE_FAIL);
    if (s)
        apply(of, change, now, s, try);
    if (s && s->failures == 0)
        *s = (struct slot){0};
    (void)pthread_mutex_unlock(&t->lock);
}

struct changing {
    enum throttle_of of;
    enum change change;
    struct digest key;
    int64_t now;
    struct throttle_try *try;
};

/* The row is held from the first statement to the commit: tries of one key at any node come one after the other. */
static bool write_change(struct db *db, void *arg, struct error *e)
{
    static const char hold_sql[] = "INSERT INTO throttle (key, failures, last) VALUES ($1, 0, $2) ON CONFLICT (key)"
                                   " DO UPDATE SET failures = throttle.failures RETURNING failures, last";
    static const char put_sql[] = "UPDATE throttle SET failures = $2, last = $3 WHERE key = $1";
    auto_rows struct rows *r = NULL;
    struct changing *x = arg;
    struct bytes key = {x->key.bytes, sizeof x->key.bytes};
    struct throttle_try try = *x->try; /* this function may run twice */
    struct slot s = {0};
    bool found;

    db_touches(db, NULL, 0);
    if (!db_find(db, &r, &found, e, hold_sql, ARGS(BLOB(key), I64(x->now))))
        return false;
    if (found)
        s = (struct slot){.failures = rows_i64(r, 0), .last = rows_i64(r, 1)};
    apply(x->of, x->change, x->now, &s, &try);
    if (!db_exec(db, NULL, e, put_sql, ARGS(BLOB(key), I64(s.failures), I64(s.last))))
        return false;
    if (x->change != CHANGE_RIGHT)
        *x->try = try;
    return true;
}

static bool look(struct store *store, struct changing *x, struct error *e)
{
    struct bytes key = {x->key.bytes, sizeof x->key.bytes};
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(store, &db, e) ||
        !db_find(db, &r, &found, e, "SELECT failures, last FROM throttle WHERE key = $1", ARGS(BLOB(key))))
        return false;
    x->try->wait = found ? throttle_wait_ms(x->of, rows_i64(r, 0), rows_i64(r, 1), x->now) : 0;
    return true;
}

static bool change(struct throttle *t, enum throttle_of of, enum change what, const char *key, int64_t now,
                   struct throttle_try *try, struct error *e)
{
    struct changing x = {.of = of, .change = what, .now = now, .try = try};

    if (!t->store) {
        change_in_memory(t, of, what, key, now, try);
        return true;
    }
    x.key = digest_for(of, key);
    return what == CHANGE_NONE ? look(t->store, &x, e) : store_write(t->store, write_change, &x, e);
}

bool throttle_take(struct throttle *t, enum throttle_of of, const char *key, int64_t now, struct throttle_try *out,
                   struct error *e)
{
    *out = (struct throttle_try){0};
    return change(t, of, CHANGE_TAKE, key, now, out, e);
}

/* What cannot be counted now fails elsewhere, too: the database does not answer. */
static void change_or_log(struct throttle *t, enum throttle_of of, enum change what, const char *key, int64_t now,
                          struct throttle_try *try)
{
    auto_error struct error e;

    error_init(&e);
    if (change(t, of, what, key, now, try, &e))
        return;
    log_line(LOG_WARN, "throttle", "why=\"%s\"", e.detail);
    try->wait = WAIT_FIRST_MS;
}

int64_t throttle_check_ms(struct throttle *t, enum throttle_of of, const char *key, int64_t now)
{
    struct throttle_try try = {0};

    change_or_log(t, of, CHANGE_NONE, key, now, &try);
    return try.wait;
}

void throttle_fail(struct throttle *t, enum throttle_of of, const char *key, int64_t now)
{
    change_or_log(t, of, CHANGE_FAIL, key, now, &(struct throttle_try){0});
}

void throttle_right(struct throttle *t, enum throttle_of of, const char *key, int64_t now,
                    const struct throttle_try *taken)
{
    struct throttle_try try = *taken;

    change_or_log(t, of, CHANGE_RIGHT, key, now, &try);
}

void throttle_clear(struct throttle *t, enum throttle_of of, const char *key)
{
    change_or_log(t, of, CHANGE_CLEAR, key, 0, &(struct throttle_try){0});
}

bool throttle_sweep(struct db *db, int64_t now, struct error *e)
{
    static const char sql[] = "DELETE FROM throttle WHERE key IN"
                              " (SELECT key FROM throttle WHERE last < $1 ORDER BY last LIMIT $2)";

    return db_exec(db, NULL, e, sql, ARGS(I64(now - FORGET_MS), I64(SWEEP_ROWS)));
}

/* ---- guesses ---- */

bool guess_allowed(const struct house *h, struct guess *g, struct error *e)
{
    struct throttle *t = people_of(h)->throttle;
    struct throttle_try one = {.wait = throttle_check_ms(t, THROTTLE_USER, g->what, g->now)},
                        all = {.wait = throttle_check_ms(t, THROTTLE_ADDRESS, g->address, g->now)};
    int64_t seconds;

    if (one.wait == 0 && all.wait == 0 &&
        (!throttle_take(t, THROTTLE_USER, g->what, g->now, &one, e) ||
         !throttle_take(t, THROTTLE_ADDRESS, g->address, g->now, &all, e)))
        return false;
    g->failures = all.failures;
    g->last = all.last;
    seconds = ((one.wait > all.wait ? one.wait : all.wait) + 999) / 1000;
    if (seconds == 0)
        return true;
    (void)fail(e, E_TOO_MANY, "guessing at %s", g->what);
    error_extra_new(e, "retry_after", json_integer((json_int_t)seconds));
    return false;
}

void guess_right(const struct house *h, const struct guess *g)
{
    struct throttle *t = people_of(h)->throttle;

    throttle_clear(t, THROTTLE_USER, g->what);
    throttle_right(t, THROTTLE_ADDRESS, g->address, g->now,
                   &(struct throttle_try){.failures = g->failures, .last = g->last});
}
