/* Wrong passwords are counted per account name and per address; past a few, each further one doubles the wait. The
 * counters live in a table of fixed size under a key nobody outside can predict, so that neither memory nor chosen
 * collisions are a way in. Names that no account has are counted too: else being refused would tell which exist. */
#include "people/people_internal.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

enum { SLOTS = 8192, NEAR = 8 };
static const int64_t FORGET_MS = 3600 * 1000, WAIT_FIRST_MS = 30 * 1000, WAIT_MAX_MS = 15 * 60 * 1000;
/* Whole offices share an address; nobody shares an account. */
static const int64_t allowed[THROTTLE__COUNT] = {[THROTTLE_USER] = 5, [THROTTLE_ADDRESS] = 20};

struct slot {
    uint64_t key; /* 0: free */
    int64_t failures, last;
};

struct throttle {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    pthread_mutex_t lock; /* guards slots */
    struct slot slots[SLOTS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = calloc(1, sizeof *t);

    if (!t)
        die("out of memory", sizeof *t);
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

static uint64_t key_of(const struct throttle *t, enum throttle_of of, const char *text)
{
    unsigned char in[1 + 64] = {(unsigned char)of}, hash[crypto_shorthash_BYTES];
    uint64_t key;

    if (of == THROTTLE_ADDRESS) {
        size_t len = network_of(text, in + 1);

        (void)crypto_shorthash(hash, in, len + 1, t->secret); /* always 0 */
    } else {
        struct digest d = digest_of((struct bytes){text, strlen(text)});

        memcpy(in + 1, d.bytes, sizeof d.bytes);
        (void)crypto_shorthash(hash, in, 1 + sizeof d.bytes, t->secret);
    }
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

int64_t throttle_check_ms(struct throttle *t, enum throttle_of of, const char *key, int64_t now)
{
    uint64_t k = key_of(t, of, key);
    const struct slot *s;
    int64_t wait;

    (void)pthread_mutex_lock(&t->lock);
    s = slot_of(t, k, now, false);
    wait = s ? throttle_wait_ms(of, s->failures, s->last, now) : 0;
    (void)pthread_mutex_unlock(&t->lock);
    return wait;
}

void throttle_fail(struct throttle *t, enum throttle_of of, const char *key, int64_t now)
{
    uint64_t k = key_of(t, of, key);
    struct slot *s;

    (void)pthread_mutex_lock(&t->lock);
    s = slot_of(t, k, now, true);
    s->failures++;
    s->last = now;
    (void)pthread_mutex_unlock(&t->lock);
}

void throttle_clear(struct throttle *t, enum throttle_of of, const char *key)
{
    uint64_t k = key_of(t, of, key);
    struct slot *s;

    (void)pthread_mutex_lock(&t->lock);
    s = slot_of(t, k, 0, false);
    if (s)
        *s = (struct slot){0};
    (void)pthread_mutex_unlock(&t->lock);
}
