#include "systems/vault/merkle.h"

struct digest merkle_leaf(struct bytes text)
{
    struct digest_stream s;

    digest_start(&s);
    digest_add(&s, "\0", 1);
    digest_add(&s, text.data, text.len);
    return digest_end(&s);
}

struct digest merkle_join(const struct digest *left, const struct digest *right)
{
    struct digest_stream s;

    digest_start(&s);
    digest_add(&s, "\1", 1);
    digest_add(&s, left->bytes, DIGEST_BYTES);
    digest_add(&s, right->bytes, DIGEST_BYTES);
    return digest_end(&s);
}

/* The largest power of two below n, and its exponent. n > 1. */
static int64_t half_of(int64_t n, int *level)
{
    int64_t half = 1;

    for (*level = 0; half * 2 < n; ++*level)
        half *= 2;
    return half;
}

/* Of n leaves from `from` on, which is a multiple of every full subtree among them. */
static bool range(const struct merkle *t, int64_t from, int64_t n, struct digest *out, struct error *e)
{
    struct digest left, right;
    int level;
    int64_t half;

    if (n == 1)
        return t->node(t->arg, 0, from, out, e);
    half = half_of(n, &level);
    if (half * 2 == n)
        return t->node(t->arg, level + 1, from >> (level + 1), out, e);
    if (!t->node(t->arg, level, from >> level, &left, e) || !range(t, from + half, n - half, &right, e))
        return false;
    *out = merkle_join(&left, &right);
    return true;
}

bool merkle_root(const struct merkle *t, int64_t size, struct digest *out, struct error *e)
{
    if (size > 0)
        return range(t, 0, size, out, e);
    *out = digest_of((struct bytes){0});
    return true;
}

static bool path(const struct merkle *t, int64_t leaf, int64_t from, int64_t n, struct digest *out, size_t *count,
                 struct error *e)
{
    int level;
    int64_t half;

    if (n == 1)
        return true;
    half = half_of(n, &level);
    if (leaf < half)
        return path(t, leaf, from, half, out, count, e) && range(t, from + half, n - half, &out[(*count)++], e);
    return path(t, leaf - half, from + half, n - half, out, count, e) && range(t, from, half, &out[(*count)++], e);
}

bool merkle_inclusion(const struct merkle *t, int64_t leaf, int64_t size, struct digest out[static MERKLE_PATH_MAX],
                      size_t *n, struct error *e)
{
    *n = 0;
    return path(t, leaf, 0, size, out, n, e);
}

/* whole: what is left of the older tree is a full subtree, and known to whoever knows that tree. */
static bool proof(const struct merkle *t, int64_t older, int64_t from, int64_t n, bool whole, struct digest *out,
                  size_t *count, struct error *e)
{
    int level;
    int64_t half;

    if (older == n)
        return whole || range(t, from, n, &out[(*count)++], e);
    half = half_of(n, &level);
    if (older <= half)
        return proof(t, older, from, half, whole, out, count, e) &&
               range(t, from + half, n - half, &out[(*count)++], e);
    return proof(t, older - half, from + half, n - half, false, out, count, e) &&
           range(t, from, half, &out[(*count)++], e);
}

bool merkle_consistency(const struct merkle *t, int64_t from, int64_t size, struct digest out[static MERKLE_PATH_MAX],
                        size_t *n, struct error *e)
{
    *n = 0;
    return proof(t, from, 0, size, true, out, n, e);
}
