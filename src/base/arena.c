#include "base/arena.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"

enum { BLOCK_BYTES = 8192 };

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*undo)(void *);
    void *what;
};

struct arena {
    struct block *blocks; /* newest first; the last one is the first made and survives a reset */
    struct deferred *deferred;
};

/* Blocks of the usual size, between two uses. A request's blocks are taken on one thread and given back on another,
 * which malloc's caches do not serve: it merged and split them each time. Only in release builds: elsewhere a sanitizer
 * must see every block come and go. */
#ifdef RELEASE
enum { POOL_MAX = 256 };
#else
enum { POOL_MAX = 0 };
#endif
static struct {
    pthread_mutex_t lock; /* guards first and n */
    struct block *first;
    size_t n;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct block *pool_take(void)
{
    struct block *b;

    (void)pthread_mutex_lock(&pool.lock);
    b = pool.first;
    if (b) {
        pool.first = b->next;
        pool.n--;
    }
    (void)pthread_mutex_unlock(&pool.lock);
    return b;
}

static void block_free(struct block *b)
{
    bool kept = false;

    if (b->size == BLOCK_BYTES && POOL_MAX > 0) {
        (void)pthread_mutex_lock(&pool.lock);
        kept = pool.n + 1 <= POOL_MAX;
        if (kept) {
            b->next = pool.first;
            pool.first = b;
            pool.n++;
        }
        (void)pthread_mutex_unlock(&pool.lock);
    }
    if (!kept)
        free(b);
}

static struct block *block_new(size_t size)
{
    struct block *b = size == BLOCK_BYTES && POOL_MAX > 0 ? pool_take() : NULL;

    if (!b)
        b = malloc(sizeof *b + size);

    if (!b)
        die("out of memory", size);
    *b = (struct block){.size = size};
    return b;
}

struct arena *arena_new(void)
{
    struct block *b = block_new(BLOCK_BYTES);
    struct arena *a = (struct arena *)(void *)b->bytes; /* the arena lives in its own first block */

    *a = (struct arena){.blocks = b};
    b->used = (sizeof *a + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    return a;
}

/* Aligned, not zeroed. */
static void *take(struct arena *a, size_t size)
{
    struct block *b = a->blocks;
    void *p;

    if (size > SIZE_MAX / 2)
        die("allocation too large", size);
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (b->size - b->used < size) {
        struct block *fresh = block_new(size > BLOCK_BYTES / 2 ? size : BLOCK_BYTES);

        if (size > BLOCK_BYTES / 2 && b->next) { /* a big piece goes behind the current block, which still has room */
            fresh->next = b->next;
            fresh->used = size;
            b->next = fresh;
            return fresh->bytes;
        }
        fresh->next = b;
        a->blocks = b = fresh;
    }
    p = b->bytes + b->used;
    b->used += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size), 0, size);
}

void *arena_alloc_array(struct arena *a, size_t size, size_t n)
{
    if (n && size > SIZE_MAX / 2 / n)
        die("allocation too large", n);
    return arena_alloc(a, size * n);
}

void *arena_grown(struct arena *a, void *list, size_t n, size_t *room, size_t size)
{
    void *more;

    if (n < *room)
        return list;
    *room = *room ? *room * 2 : 32;
    more = arena_alloc_array(a, size, *room);
    if (n)
        memcpy(more, list, n * size);
    return more;
}

void arena_settle(struct arena *a)
{
    for (struct deferred *d = a->deferred; d; d = d->next)
        d->undo(d->what);
    a->deferred = NULL;
}

void arena_reset(struct arena *a)
{
    arena_settle(a);
    while (a->blocks->next) {
        struct block *b = a->blocks;

        a->blocks = b->next;
        block_free(b);
    }
    a->blocks->used = (sizeof *a + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    block_free(a->blocks);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *copy = take(a, len + 1);

    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

/* Written right where it will stay when the current block has room, which it nearly always has: measuring first would
 * format everything twice. */
char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    struct block *b = a->blocks;
    size_t room = b->size - b->used;
    va_list again;
    int len;
    char *s;

    if (!format)
        die("no format", 0);
    va_copy(again, args);
    len = vsnprintf((char *)b->bytes + b->used, room, format, again);
    va_end(again);
    if (len < 0)
        die("bad format", 0);
    s = take(a, (size_t)len + 1);
    if ((size_t)len >= room)
        (void)vsnprintf(s, (size_t)len + 1, format, args); /* measured just above */
    return s;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

void arena_defer(struct arena *a, void (*undo)(void *), void *what)
{
    struct deferred *d = arena_new_of(a, struct deferred);

    *d = (struct deferred){.next = a->deferred, .undo = undo, .what = what};
    a->deferred = d;
}
