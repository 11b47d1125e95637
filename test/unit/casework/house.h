/* A house over a temporary folder with the city's pack and the tests' own flows, a few officers and citizens, and a
 * clock that the test turns. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has its own */

#include "casework/casework_internal.h"
#include "program/program.h"
#include "../test_store.h"

#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s\n", #call, town.e.detail);                                                             \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)

#define WARD "H29.1.1"
#define JUSTICE "H29.11"
#define BUILDING "H29.15"

enum { OFFICERS_MAX = 64 };

struct person {
    struct actor actor;
    struct role_at at[4];
};

static struct {
    char folder[64], db[300];
    struct house house;
    struct arena *arena;
    struct error e;
    int64_t now;
    size_t n;
    struct person people[OFFICERS_MAX];
} town;

struct newcomer {
    struct party party;
    const char *user;
    enum role role;
    int64_t unit;
};

static bool write_newcomer(struct db *db, void *arg, struct error *e)
{
    struct newcomer *n = arg;
    struct account_new account = {.user = n->user, .password_hash = "*"};
    int64_t id;

    n->party.id = 0;
    if (!party_put(db, &n->party, e))
        return false;
    account.party = n->party.id;
    return account_add(db, &account, &id, e) && role_grant(db, id, n->role, n->unit, e);
}

/* An officer with one role at a unit, or (unit NULL) a citizen of that name. */
static inline const struct actor *person_new(const char *name, enum role role, const char *unit)
{
    const struct unit *u = unit ? unit_by_code(&town.house, unit) : NULL;
    struct newcomer n = {.user = name, .role = role, .unit = u ? u->id : 0};
    struct person *p = &town.people[town.n++];

    assert_true(town.n <= OFFICERS_MAX);
    assert_true(!unit || u);
    n.party = (struct party){.kind = u ? PARTY_OFFICER : PARTY_CITIZEN, .name = name};
    assert_ok(store_write(town.house.store, write_newcomer, &n, &town.e));
    p->at[0] = (struct role_at){.role = role, .unit = n.unit};
    p->actor = (struct actor){.party = n.party.id, .name = name, .user = name, .kind = n.party.kind, .n_roles = 1};
    p->actor.roles = p->at;
    return &p->actor;
}

static inline void link_folder(const char *above, const char *name, const char *target)
{
    assert_int_equal(symlink(target, arena_printf(town.arena, "%s/%s", above, name)), 0);
}

/* The city's pack, with the tests' flows and services beside its own. */
static inline const char *pack_folder(void)
{
    static const char *const whole[] = {"calendar.yaml", "pack.yaml",  "rules.yaml", "unit-kinds.yaml",
                                        "papers",        "registries", "units"};
    static const char *const both[] = {"flows", "services"};
    const char *root = getenv("SOURCE_ROOT"), *pack = arena_printf(town.arena, "%s/pack", town.folder);

    assert_ok(folder_make(pack, &town.e));
    for (size_t i = 0; i < COUNT(whole); i++)
        link_folder(pack, whole[i], arena_printf(town.arena, "%s/city/hcmc/%s", root, whole[i]));
    for (size_t i = 0; i < COUNT(both); i++) {
        const char *folder = arena_printf(town.arena, "%s/%s", pack, both[i]);

        assert_ok(folder_make(folder, &town.e));
        link_folder(folder, "city", arena_printf(town.arena, "%s/city/hcmc/%s", root, both[i]));
        link_folder(folder, "test", arena_printf(town.arena, "%s/test/unit/casework/pack/%s", root, both[i]));
    }
    return pack;
}

static inline void town_open(void)
{
    const struct home home = {.data_dir = town.folder, .db_url = test_on_postgres() ? town.db : NULL};
    size_t changed;

    log_set_level(LOG_ERROR);
    town.arena = arena_new();
    error_init(&town.e);
    (void)snprintf(town.folder, sizeof town.folder, "%s", "/tmp/motcua-story-XXXXXX");
    assert_non_null(mkdtemp(town.folder));
    test_store_new(town.folder);
    test_store_url(town.folder, "motcua.db", town.db, sizeof town.db);
    assert_ok(house_open(&home, &town.house, &town.e));
    assert_ok(pack_take(&town.house, pack_folder(), &changed, &town.e));
    house_close(&town.house);
    assert_ok(house_open(&home, &town.house, &town.e));
}

static inline void town_close(void)
{
    house_close(&town.house);
    error_done(&town.e);
    arena_free(town.arena);
    test_store_drop(town.folder);
    folder_remove(town.folder);
}

/* "2026-11-20 10:00" in Việt Nam. */
static inline int64_t at(const char *s)
{
    int64_t ms;

    assert_true(instant_parse(arena_printf(town.arena, "%.10sT%.5s:00+07:00", s, s + 11), &ms));
    return ms;
}

static inline const char *said(int64_t ms)
{
    char text[INSTANT_TEXT_MAX];

    if (ms == INSTANT_NONE)
        return "none";
    instant_format(ms, text);
    text[10] = ' ';
    text[16] = '\0';
    return arena_strdup(town.arena, text);
}

static inline struct caller caller_of(const struct actor *who)
{
    return (struct caller){.who = who, .now = town.now, .lang = LANG_EN};
}

static inline struct case_file see(const char *code)
{
    auto_read struct db *db = NULL;
    struct case_file c;
    bool found;

    assert_ok(store_read(town.house.store, &db, &town.e));
    assert_ok(case_find(db, town.arena, &town.house, code, &c, &found, &town.e));
    assert_true(found);
    return c;
}

/* The error of an act; E_NONE when it was done. What it says stays in town.e. */
static inline enum error_code act_with(const struct actor *who, const char *code, const char *action,
                                       struct action_input in)
{
    struct caller caller = caller_of(who);

    error_done(&town.e);
    error_init(&town.e);
    in.seen = -1;
    in.due_at = in.due_at ? in.due_at : INSTANT_NONE;
    return case_act(&town.house, town.arena, &caller, code, action, &in, &town.e) ? E_NONE : town.e.code;
}

static inline void act(const struct actor *who, const char *code, const char *action)
{
    enum error_code got = act_with(who, code, action, (struct action_input){.note = "ghi chú"});

    if (got != E_NONE)
        print_error("%s at %s: %s\n", action, see(code).step->id, town.e.detail);
    assert_int_equal(got, E_NONE);
}

static inline void tick(void)
{
    size_t done;

    assert_ok(case_tick(&town.house, town.now, &done, &town.e));
}

static inline int64_t count(const char *sql, const char *code, const char *what)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    assert_ok(store_read(town.house.store, &db, &town.e));
    assert_ok(db_find(db, &r, &found, &town.e, sql, ARGS(TEXT(code), TEXT(what))));
    return found ? rows_i64(r, 0) : 0;
}

static inline int64_t events(const char *code, const char *action)
{
    return count("SELECT COUNT(*) FROM case_event v JOIN case_file c ON c.id = v.case_id WHERE c.code = $1"
                 " AND v.action = $2",
                 code, action);
}

static inline void assert_sound(void)
{
    auto_read struct db *db = NULL;
    int64_t checked;
    bool sound;

    assert_ok(store_read(town.house.store, &db, &town.e));
    assert_ok(cases_verify(db, &sound, &checked, &town.e));
    assert_true(sound);
    assert_true(checked > 0);
}
