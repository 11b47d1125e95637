#include "base/id.h"

#include <stdatomic.h>

#include "base/instant.h"

enum { NODE_BITS = 10, COUNTER_BITS = 12 };
static const int64_t EPOCH_MS = 1704067200000; /* 2024-01-01T00:00:00Z */

static _Atomic int64_t last; /* ms << COUNTER_BITS | counter */
static _Atomic unsigned node;
static _Atomic bool fixed;

void id_set_node(unsigned n)
{
    atomic_store(&node, n & ((1U << NODE_BITS) - 1));
}

void id_fix_node(unsigned n)
{
    id_set_node(n);
    atomic_store(&fixed, true);
}

bool id_node_is_fixed(void)
{
    return atomic_load(&fixed);
}

unsigned id_node(void)
{
    return atomic_load(&node);
}

int64_t id_new(void)
{
    int64_t floor = (now_ms() - EPOCH_MS) << COUNTER_BITS, seen = atomic_load(&last), next;

    do
        next = floor > seen ? floor : seen + 1; /* a full millisecond or a clock set back borrows from the future */
    while (!atomic_compare_exchange_weak(&last, &seen, next));
    return (next >> COUNTER_BITS) << (NODE_BITS + COUNTER_BITS) | (int64_t)atomic_load(&node) << COUNTER_BITS |
           (next & ((1 << COUNTER_BITS) - 1));
}

int64_t id_time_ms(int64_t id)
{
    return (id >> (NODE_BITS + COUNTER_BITS)) + EPOCH_MS;
}

int64_t id_first_at(int64_t ms)
{
    return (ms - EPOCH_MS) << (NODE_BITS + COUNTER_BITS);
}
