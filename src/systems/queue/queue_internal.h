#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"
#include "module.h"
#include "people/people.h"
#include "systems/queue/queue.h"

enum { QUEUE_CALLS_SHOWN = 5, QUEUE_DESK_MAX = 20, QUEUE_DAYS_KEPT = 30 };

extern const struct migration queue_migrations[];

struct ticket {
    int64_t number;          /* of the unit's day, from 1 */
    int64_t ahead;           /* who still waits before it */
    int64_t taken_at, party; /* 0: somebody at the counter, without a name */
};
struct called {
    int64_t number, at;
    const char *desk;
};
struct line {
    int64_t waiting;
    size_t n_calls;
    struct called calls[QUEUE_CALLS_SHOWN]; /* the newest first */
};

/* The next number; a party that waits already is told the one it has. */
bool ticket_take(struct house *h, const struct unit *unit, int64_t party, int64_t now, struct ticket *out,
                 struct error *e) CHECKED;
/* What stands now; strings in the arena. */
bool line_read(struct db *db, struct arena *a, int64_t unit, int64_t now, struct line *out, struct error *e) CHECKED;
bool ticket_of(struct db *db, int64_t unit, int64_t party, int64_t now, struct ticket *out, bool *found,
               struct error *e) CHECKED;
struct calling {
    const struct unit *unit;
    const char *desk, *address;
    int64_t officer, now;
    struct ticket ticket; /* who was called */
    struct party person;  /* who took it; id 0: without a name. Strings in the arena */
    struct arena *arena;
};
/* Calls who has waited longest; E_NOT_FOUND when nobody waits. Two desks never call the same. */
bool line_call(struct house *h, struct calling *x, struct error *e) CHECKED;
