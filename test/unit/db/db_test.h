/* What the tests of db/ share: a store in a folder of its own, gone afterwards. */
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

#include "db/db.h"

#include "../test_store.h"

struct place {
    char folder[64], url[256];
    struct store *store;
    struct error e;
};

/* An error is shown before the test goes red. */
#define assert_ok(place, call)                                                                                         \
    do {                                                                                                               \
        error_init(&(place)->e);                                                                                       \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s: %s\n", #call, error_row((place)->e.code)->code, (place)->e.detail);                   \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)
#define assert_fails(place, expected, call)                                                                            \
    do {                                                                                                               \
        error_init(&(place)->e);                                                                                       \
        assert_false(call);                                                                                            \
        assert_string_equal(error_row((place)->e.code)->code, error_row(expected)->code);                              \
    } while (0)

static inline void place_open(struct place *p)
{
    assert_ok(p, store_open(p->url, &p->store, &p->e));
}

static inline void place_close(struct place *p)
{
    store_close(p->store);
    p->store = NULL;
}

static inline int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    (void)snprintf(p->folder, sizeof p->folder, "/tmp/motcua-db-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    test_store_new(p->folder);
    test_store_url(p->folder, "data/motcua.db", p->url, sizeof p->url);
    place_open(p);
    *state = p;
    return 0;
}

static inline bool place_unlink(const char *path, void *arg, struct error *e)
{
    (void)arg;
    return unlink(path) == 0 || fail_errno(e, "unlink");
}

static inline int place_teardown(void **state)
{
    struct place *p = *state;
    char data[80];

    place_close(p);
    test_store_drop(p->folder);
    error_init(&p->e);
    assert_true(folder_walk(p->folder, "", place_unlink, NULL, &p->e));
    (void)snprintf(data, sizeof data, "%s/data", p->folder);
    (void)rmdir(data);
    (void)rmdir(p->folder);
    free(p);
    return 0;
}

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

static inline bool put(struct place *p, const char *sql, const struct value *args)
{
    struct one_statement s = {sql, args};

    return store_write(p->store, run_one, &s, &p->e);
}

static inline bool run_define(struct db *db, void *arg, struct error *e)
{
    return db_define(db, arg, e);
}

static inline void define(struct place *p, const char *sql)
{
    assert_ok(p, store_write(p->store, run_define, (void *)(uintptr_t)sql, &p->e));
}

/* The number a query answers with. */
static inline int64_t number(struct place *p, const char *sql, const struct value *args)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_ok(p, db_find(db, &r, &found, &p->e, sql, args));
    assert_true(found);
    return rows_i64(r, 0);
}

#define story(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
