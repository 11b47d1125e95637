#pragma once

#include <stdatomic.h>

#include "casework/casework.h"
#include "exchange/exchange.h"
#include "module.h"
#include "people/people.h"

enum { SYSTEMS_MAX = 16, HANDOVER_NOTE_MAX = 500, HANDOVER_REFERENCE_MAX = 64 };

struct exchange {
    size_t n;
    struct correspondent {
        const struct foreign_system *system;
        atomic_bool busy; /* one call at a time, so that a slow peer holds one thread at most */
    } systems[SYSTEMS_MAX];
};
extern const struct migration exchange_migrations[];
bool exchange_start(struct house *h, struct error *e) CHECKED;
void exchange_stop(struct house *h);
/* NULL when there is none of that name. */
struct correspondent *correspondent_of(const struct house *h, const char *name);

/* The columns that handover_read() takes, in their order. */
#define HANDOVER_COLUMNS                                                                                               \
    "id, system, kind, case_id, case_code, unit, state, tries, next_at, lease_at, problem, detail, reference, note,"   \
    " payload, made_at, changed_at"
void handover_read(struct rows *r, struct arena *a, struct handover *out);

const char *handover_state_name(enum handover_state s);
const char *handover_state_title(enum handover_state s, enum lang lang);

/* ---- lists: trouble first, then what waits, then what is done; of each the newest first ---- */
enum rank { RANK_TROUBLE, RANK_WAITING, RANK_CLOSED };
struct handover_place {
    int64_t rank, id;
};
struct handover_query {
    int64_t unit, case_id; /* one of them; the other 0 */
    int64_t worst;         /* no rank above this one */
    struct handover_place after;
    size_t limit;
};
/* At most limit rows; *more tells whether others follow. */
bool handover_list(struct db *db, struct arena *a, const struct handover_query *query, struct handover *out, size_t *n,
                   bool *more, struct error *e) CHECKED;
enum rank handover_rank(enum handover_state s);

/* ---- by hand ---- */
/* Due now, whatever the pause was. E_ACTION_ILLEGAL when it is over. */
bool handover_retry(struct house *h, int64_t id, int64_t now, struct error *e) CHECKED;
struct by_hand {
    int64_t id, party, now;
    const char *note, *reference;
};
/* Somebody has done it another way. E_ACTION_ILLEGAL when it is over, E_SENDING while it is on its way. */
bool handover_by_hand(struct house *h, const struct by_hand *x, struct error *e) CHECKED;
/* Officers of the unit that takes care of it, or of the one that took over from it. */
bool handover_is_cared_for(const struct house *h, const struct actor *who, int64_t unit, int64_t now);

/* ---- sending ---- */
void deliver_define(struct house *h);
/* Inside a write: a job that looks at it at that time. */
bool deliver_at(struct db *db, int64_t id, int64_t at, struct error *e) CHECKED;
