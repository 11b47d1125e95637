/* Where jansson's nodes live. A form is some hundred small pieces that come and go together, on one thread; malloc
 * keeps only seven of each size at hand and merges and splits the rest each time. So each thread keeps a few more. Only
 * in release builds: elsewhere a sanitizer must see every piece come and go. */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

#ifdef RELEASE
enum { STEP = 16, SMALLEST = 24, SIZES = 8, EACH_MAX = 128 }; /* malloc's own sizes: 24, 40, … 136 bytes */

struct piece {
    struct piece *next;
};

/* At most some 80 KB a thread; a thread's list dies with the program, as its threads do. */
static _Thread_local struct {
    struct piece *first;
    unsigned n;
} spare[SIZES];

static void *piece_new(size_t size)
{
    size_t at = size <= SMALLEST ? 0 : (size - SMALLEST + STEP - 1) / STEP;
    struct piece *p;

    if (at >= SIZES)
        return malloc(size);
    p = spare[at].first;
    if (!p)
        return malloc(SMALLEST + at * STEP);
    spare[at].first = p->next;
    spare[at].n--;
    return p;
}

static void piece_free(void *piece)
{
    struct piece *p = piece;
    size_t at;

    if (!p)
        return;
    at = (malloc_usable_size(p) - SMALLEST) / STEP; /* rounded down: never larger than it is */
    if (at >= SIZES || spare[at].n == EACH_MAX) {
        free(p);
        return;
    }
    p->next = spare[at].first;
    spare[at].first = p;
    spare[at].n++;
}
#endif

void json_memory_start(void)
{
#ifdef RELEASE
    json_set_alloc_funcs(piece_new, piece_free);
#endif
}
