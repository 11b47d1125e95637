/* What was made of reads, kept until a commit makes it untrue: the counters that commits raise, and a table of texts
 * beside the counters' sums at the moment before each was read. Counters only grow, so a sum that is the same means
 * that none of them was raised. */
#include "db/db_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { COUNTERS = 4096, SHARDS = 16, BUCKETS = 256, SHARD_BYTES_MAX = KEPT_ALL_BYTES_MAX / SHARDS };

struct kept {
    struct kept *next;          /* in its bucket */
    struct kept *older, *newer; /* in its shard, by when it was put */
    _Atomic unsigned refs;
    uint64_t hash;
    struct kept_state mark;
    int64_t until;
    size_t key_len, head_len, text_len;
    _Alignas(max_align_t) char bytes[]; /* head, text, key */
};

struct shard {
    pthread_mutex_t lock; /* guards the rest */
    struct kept *buckets[BUCKETS];
    struct kept *oldest, *newest;
    size_t bytes;
};

struct kept_table {
    _Atomic uint64_t all;
    _Atomic uint64_t counters[COUNTERS];
    struct shard shards[SHARDS];
};

/* ---- counters ---- */
static uint64_t mixed(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

static uint64_t hash_of(const char *p, size_t len)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ len, part;

    for (; len >= sizeof part; p += sizeof part, len -= sizeof part) {
        memcpy(&part, p, sizeof part);
        h = mixed(h ^ part);
    }
    for (; len > 0; p++, len--)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    return mixed(h);
}

uint64_t kept_key(const char *of, int64_t id)
{
    return mixed(hash_of(of, strlen(of)) ^ (uint64_t)id);
}

void touched_none(struct touched *t)
{
    t->all = false;
    t->n = 0;
}

void touched_write(struct touched *t)
{
    t->told = false;
}

void touched_written(struct touched *t)
{
    t->all |= !t->told;
}

void db_touches(struct db *db, const uint64_t *keys, size_t n)
{
    struct touched *t = db->touched;

    t->told = true;
    if (n > TOUCHED_MAX - t->n) {
        t->all = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        t->counters[t->n++] = (uint16_t)(keys[i] % COUNTERS);
}

void kept_raise(struct kept_table *t, const struct touched *touched)
{
    if (touched->all)
        (void)atomic_fetch_add(&t->all, 1);
    for (size_t i = 0; i < touched->n; i++)
        (void)atomic_fetch_add(&t->counters[touched->counters[i] % COUNTERS], 1);
}

void kept_forget(struct store *s)
{
    (void)atomic_fetch_add(&s->kept->all, 1);
}

bool kept_mark(const struct store *s, const uint64_t *keys, size_t n, struct kept_state *out)
{
    const struct kept_table *t = s->kept;

    if (n > KEPT_KEYS_MAX || reads_may_be_old(s) || !(store_is_sole_writer(s) || s->engine->attends(s)))
        return false;
    *out = (struct kept_state){.all = atomic_load(&t->all)};
    for (size_t i = 0; i < n; i++)
        out->own += atomic_load(&t->counters[keys[i] % COUNTERS]);
    return true;
}

/* ---- the table ---- */
struct kept_table *kept_table_new(void)
{
    struct kept_table *t = calloc(1, sizeof *t);

    if (!t)
        die("kept", sizeof *t);
    for (size_t i = 0; i < SHARDS; i++)
        (void)pthread_mutex_init(&t->shards[i].lock, NULL); /* cannot fail without attributes */
    return t;
}

void kept_unref(void *kept)
{
    struct kept *k = kept;

    if (k && atomic_fetch_sub(&k->refs, 1) == 1)
        free(k);
}

static size_t size_of(const struct kept *k)
{
    return sizeof *k + k->head_len + k->text_len + k->key_len;
}

static struct kept **place_of(struct shard *s, uint64_t hash, struct bytes key)
{
    struct kept **at = &s->buckets[hash / SHARDS % BUCKETS];

    while (*at && ((*at)->hash != hash || (*at)->key_len != key.len ||
                   memcmp((*at)->bytes + (*at)->head_len + (*at)->text_len, key.data, key.len) != 0))
        at = &(*at)->next;
    return at;
}

/* at: its place in its bucket. */
static void drop(struct shard *s, struct kept **at)
{
    struct kept *k = *at;

    *at = k->next;
    *(k->older ? &k->older->newer : &s->oldest) = k->newer;
    *(k->newer ? &k->newer->older : &s->newest) = k->older;
    s->bytes -= size_of(k);
    kept_unref(k);
}

static void drop_oldest(struct shard *s)
{
    struct kept **at = &s->buckets[s->oldest->hash / SHARDS % BUCKETS];

    while (*at != s->oldest)
        at = &(*at)->next;
    drop(s, at);
}

void kept_table_free(struct kept_table *t)
{
    for (size_t i = 0; t && i < SHARDS; i++) {
        while (t->shards[i].oldest)
            drop_oldest(&t->shards[i]);
        (void)pthread_mutex_destroy(&t->shards[i].lock); /* nobody holds it */
    }
    free(t);
}

struct kept *kept_find(struct store *store, struct bytes key, const struct kept_state *mark, int64_t at)
{
    uint64_t hash = hash_of(key.data, key.len);
    struct shard *s = &store->kept->shards[hash % SHARDS];
    struct kept *k;

    (void)pthread_mutex_lock(&s->lock);
    k = *place_of(s, hash, key);
    if (k && (k->mark.all != mark->all || k->mark.own != mark->own || at >= k->until))
        k = NULL; /* its successor takes its place */
    if (k)
        (void)atomic_fetch_add(&k->refs, 1);
    (void)pthread_mutex_unlock(&s->lock);
    return k;
}

static struct kept *kept_new(struct bytes key, struct bytes head, struct bytes text)
{
    struct kept *k = malloc(sizeof *k + key.len + head.len + text.len);

    if (!k)
        die("kept", text.len);
    *k = (struct kept){.refs = 1, .key_len = key.len, .head_len = head.len, .text_len = text.len};
    if (head.len)
        memcpy(k->bytes, head.data, head.len);
    if (text.len)
        memcpy(k->bytes + head.len, text.data, text.len);
    memcpy(k->bytes + head.len + text.len, key.data, key.len);
    return k;
}

void kept_put(struct store *store, struct bytes key, const struct kept_state *mark, int64_t until, struct bytes head,
              struct bytes text)
{
    struct kept *k, **at;
    struct shard *s;

    if (key.len == 0 || key.len > KEPT_KEY_BYTES_MAX || head.len > KEPT_KEY_BYTES_MAX || text.len > KEPT_BYTES_MAX)
        return;
    k = kept_new(key, head, text);
    k->hash = hash_of(key.data, key.len);
    k->mark = *mark;
    k->until = until;
    s = &store->kept->shards[k->hash % SHARDS];
    (void)pthread_mutex_lock(&s->lock);
    at = place_of(s, k->hash, key);
    if (*at)
        drop(s, at);
    while (s->oldest && s->bytes + size_of(k) > SHARD_BYTES_MAX)
        drop_oldest(s);
    at = &s->buckets[k->hash / SHARDS % BUCKETS];
    k->next = *at;
    *at = k;
    k->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = k;
    s->newest = k;
    s->bytes += size_of(k);
    (void)pthread_mutex_unlock(&s->lock);
}

struct bytes kept_head(const struct kept *k)
{
    return (struct bytes){k->bytes, k->head_len};
}

struct bytes kept_text(const struct kept *k)
{
    return (struct bytes){k->bytes + k->head_len, k->text_len};
}
