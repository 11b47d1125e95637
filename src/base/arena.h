/* Arenas: one lifetime, many small allocations, freed together. Small allocations do not fail: the process logs and
 * stops rather than run half-alive. Sizes a stranger chose are checked against a named ceiling first. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/scope.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Runs the deferred callbacks and keeps the first block for reuse (the loop over rows). */
void arena_reset(struct arena *a);
/* Runs the deferred callbacks now; what was allocated stays. */
void arena_settle(struct arena *a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s); /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *format, ...) FORMAT(2, 3);
char *arena_vprintf(struct arena *a, const char *format, va_list args);
/* Ties what another library owns (a cairo surface, a json_t) to this lifetime; run newest first. */
void arena_defer(struct arena *a, void (*undo)(void *), void *what);

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_array((a), sizeof(type), (n)))
void *arena_alloc_array(struct arena *a, size_t size, size_t n);
/* A list of n elements of that size that has room for one more: the same, or twice as large a copy (the old one stays
 * with the arena). *room is 0 at first. */
void *arena_grown(struct arena *a, void *list, size_t n, size_t *room, size_t size);

static inline void scope_arena(struct arena **a)
{
    arena_free(*a);
}
#define auto_arena __attribute__((cleanup(scope_arena)))
