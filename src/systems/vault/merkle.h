/* The tree of RFC 6962: leaves from the left, every full subtree's hash kept for good. A tree of n leaves is told by
 * one hash; a path of some log n hashes proves that a leaf is in it, or that an older tree is its beginning. */
#pragma once

#include "base/base.h"

enum { MERKLE_PATH_MAX = 128 };

/* Gives the hash of the full subtree of 2^level leaves that begins at leaf idx * 2^level. */
struct merkle {
    bool (*node)(void *arg, int level, int64_t idx, struct digest *out, struct error *e);
    void *arg;
};

struct digest merkle_leaf(struct bytes text);
struct digest merkle_join(const struct digest *left, const struct digest *right);
/* The hash of the first size leaves; of none: of nothing. */
bool merkle_root(const struct merkle *t, int64_t size, struct digest *out, struct error *e) CHECKED;
/* From the leaf upwards. 0 <= leaf < size. */
bool merkle_inclusion(const struct merkle *t, int64_t leaf, int64_t size, struct digest out[static MERKLE_PATH_MAX],
                      size_t *n, struct error *e) CHECKED;
/* 0 < from <= size. Empty when they are the same. */
bool merkle_consistency(const struct merkle *t, int64_t from, int64_t size, struct digest out[static MERKLE_PATH_MAX],
                        size_t *n, struct error *e) CHECKED;
