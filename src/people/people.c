/* The room: its state, its start and its stop. */
#include "people/people_internal.h"

#include "module.h"

struct people *people_of(const struct house *h)
{
    return h->room[ROOM_PEOPLE];
}

bool people_is_demo(const struct house *h)
{
    return people_of(h)->demo;
}

void people_on_service_units(struct house *h, service_units_fn *takes)
{
    people_of(h)->service_units = takes;
}

bool people_load(struct house *h, struct error *e)
{
    return units_load(h, e) && rules_load(people_of(h), e);
}

static bool has_demo(const struct house *h)
{
    auto_arena struct arena *a = arena_new();

    return h->data_dir && access(arena_printf(a, "%s/demo-accounts.json", h->data_dir), R_OK) == 0;
}

bool people_start_reading(struct house *h, struct error *e)
{
    struct people *p = calloc(1, sizeof *p);

    if (!p)
        die("out of memory", sizeof *p);
    if (sodium_init() < 0) {
        free(p);
        return fail(e, E_INTERNAL, "libsodium cannot start");
    }
    h->room[ROOM_PEOPLE] = p;
    p->store = h->store;
    atomic_init(&p->rules, NULL);
    p->demo = has_demo(h);
    p->units = unit_table_new();
    p->sessions = session_cache_new();
    p->throttle = throttle_new(store_is_sole_writer(h->store) ? NULL : h->store);
    store_listen(h->store, "account.roles", session_on_roles, p);
    store_hear(h->store, SESSIONS_ENDED, session_hear, p->sessions);
    return people_load(h, e);
}

bool people_start(struct house *h, struct error *e)
{
    return people_start_reading(h, e) && otp_start(e) && later_start(people_of(h), &people_of(h)->later, e);
}

void people_stop(struct house *h)
{
    struct people *p = people_of(h);

    if (!p)
        return;
    later_stop(p->later);
    throttle_free(p->throttle);
    session_cache_free(p->sessions);
    unit_table_free(p->units);
    rules_free(p);
    free(p);
    h->room[ROOM_PEOPLE] = NULL;
}
