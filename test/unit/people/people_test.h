/* What the tests of people/ share: a small town, in a folder of its own, gone afterwards. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has its own */
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include "../test_store.h"
#include "module.h"
#include "people/people_internal.h"

/* A noon so far ahead that the true clock, which the room's own sweep goes by, never reaches it. */
static const int64_t NOON = 3972690000000; /* 2095-11-21T12:00+07:00 */
static const int64_t HOUR = 3600 * 1000;

struct town {
    char folder[64];
    struct house house;
    struct arena *arena;
    struct error e;
};

/* An error is shown before the test goes red. */
#define assert_ok(town, call)                                                                                          \
    do {                                                                                                               \
        error_done(&(town)->e);                                                                                        \
        error_init(&(town)->e);                                                                                        \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s: %s\n", #call, error_row((town)->e.code)->code, (town)->e.detail);                     \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)
#define assert_fails(town, expected, call)                                                                             \
    do {                                                                                                               \
        error_done(&(town)->e);                                                                                        \
        error_init(&(town)->e);                                                                                        \
        assert_false(call);                                                                                            \
        assert_string_equal(error_row((town)->e.code)->code, error_row(expected)->code);                               \
    } while (0)

static inline void town_wake(struct town *t)
{
    char url[256];

    test_store_url(t->folder, "motcua.db", url, sizeof url);
    log_set_level(LOG_ERROR);
    assert_ok(t, store_open(url, &t->house.store, &t->e));
    assert_ok(t, store_migrate(t->house.store, "people", people_migrations, &t->e));
    assert_ok(t, people_start(&t->house, &t->e));
}

static inline void town_sleep(struct town *t)
{
    people_stop(&t->house);
    store_close(t->house.store);
    t->house.store = NULL;
}

static inline int town_setup(void **state)
{
    struct town *t = calloc(1, sizeof *t);

    assert_non_null(t);
    error_init(&t->e);
    (void)snprintf(t->folder, sizeof t->folder, "/tmp/motcua-people-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    test_store_new(t->folder);
    t->house.data_dir = t->folder;
    t->arena = arena_new();
    town_wake(t);
    *state = t;
    return 0;
}

static inline bool town_unlink(const char *path, void *arg, struct error *e)
{
    (void)arg;
    return unlink(path) == 0 || fail_errno(e, "unlink");
}

static inline int town_teardown(void **state)
{
    struct town *t = *state;

    town_sleep(t);
    arena_free(t->arena);
    error_done(&t->e);
    error_init(&t->e);
    assert_true(folder_walk(t->folder, "", town_unlink, NULL, &t->e));
    (void)rmdir(t->folder);
    test_store_drop(t->folder);
    free(t);
    return 0;
}

#define story(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

/* One statement as a write of its own. */
struct one_statement {
    const char *sql;
    const struct value *args;
};

static inline bool run_one(struct db *db, void *arg, struct error *e)
{
    const struct one_statement *s = arg;

    return db_exec(db, NULL, e, s->sql, s->args);
}

static inline void put(struct town *t, const char *sql, const struct value *args)
{
    assert_ok(t, store_write(t->house.store, run_one, &(struct one_statement){sql, args}, &t->e));
}

/* The number a query answers with. */
static inline int64_t number(struct town *t, const char *sql, const struct value *args)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    assert_ok(t, store_read(t->house.store, &db, &t->e));
    assert_ok(t, db_find(db, &r, &found, &t->e, sql, args));
    assert_true(found);
    return rows_i64(r, 0);
}

/* ---- people of the town ---- */
struct newcomer {
    const char *user, *hash, *name, *number;
    enum party_kind kind;
    enum role role;
    int64_t unit;
    int64_t party, account; /* made */
};

static inline bool move_in_write(struct db *db, void *arg, struct error *e)
{
    struct newcomer *x = arg;
    struct party p = {.kind = x->kind, .name = x->name, .number = x->number};

    if (!party_put(db, &p, e) ||
        !account_add(db, &(struct account_new){.user = x->user, .password_hash = x->hash, .party = p.id}, &x->account,
                     e))
        return false;
    x->party = p.id;
    return role_grant(db, x->account, x->role, x->unit, e);
}

/* Everybody's password is "lúa nếp 7"; hashed once, for it is slow by design. */
static inline void town_newcomer(struct town *t, struct newcomer *x)
{
    static char hash[PASSWORD_HASH_MAX];

    if (!hash[0])
        assert_ok(t, password_hash("lúa nếp 7", hash, &t->e));
    x->hash = hash;
    assert_ok(t, store_write(t->house.store, move_in_write, x, &t->e));
}

static inline void town_citizen(struct town *t, struct newcomer *x)
{
    *x = (struct newcomer){
        .user = "079190000011", .name = "Nguyễn Thị Lan", .number = "079190000011", .kind = PARTY_CITIZEN};
    town_newcomer(t, x);
}

static inline void town_officer(struct town *t, struct newcomer *x)
{
    *x = (struct newcomer){
        .user = "minh", .name = "Trần Văn Minh", .kind = PARTY_OFFICER, .role = ROLE_ONE_STOP, .unit = 7};
    town_newcomer(t, x);
}
