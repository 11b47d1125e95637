/* Statements: the common SQL on SQLite, typed values in and out, and what a violated rule is called. */
#include "db_test.h"

#include <fcntl.h>

static const char kinds[] = "CREATE TABLE kinds (id BIGINT PRIMARY KEY, n BIGINT, f DOUBLE PRECISION, t TEXT UNIQUE,"
                            " b BYTEA, yes BOOLEAN NOT NULL DEFAULT FALSE, json JSON) -- a column may be named json";

static void values_come_back_as_they_went(void **state)
{
    struct place *p = *state;
    static const char name[] = "Nguyễn Thị Ánh Nguyệt; đường \"3 tháng 2\" 🏠";
    const struct bytes blob = {"\0\1\xff", 3};
    struct rows *r;
    struct db *db;
    bool found, more;
    json_t *j;

    define(p, kinds);
    assert_ok(p, put(p, "INSERT INTO kinds (id, n, f, t, b, yes, json) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                     ARGS(I64(INT64_MAX), I64(INT64_MIN + 1), F64(0.1), TEXT(name), BLOB(blob), I64(1),
                          TEXT("{\"a\":[1,2]}"))));
    assert_ok(p, put(p, "INSERT INTO kinds (id, n, t, b) VALUES ($1, $2, $3, $4)",
                     ARGS(I64(-1), INSTANT(INSTANT_NONE), TEXT(NULL), BLOB(((struct bytes){"", 0})))));

    assert_ok(p, store_read(p->store, &db, &p->e));
    /* parameters by number, not by place, and one used twice */
    assert_ok(p,
              db_find(db, &r, &found, &p->e,
                      "SELECT id, n, f, t, b, yes, json, json ->> 'a' FROM kinds WHERE t = $2 AND id >= $1 AND id = $1",
                      ARGS(I64(INT64_MAX), TEXT(name))));
    assert_true(found);
    assert_true(rows_i64(r, 0) == INT64_MAX && rows_i64(r, 1) == INT64_MIN + 1);
    assert_true(rows_f64(r, 2) == 0.1);
    assert_string_equal(rows_text(r, 3), name);
    assert_int_equal(rows_blob(r, 4).len, 3);
    assert_memory_equal(rows_blob(r, 4).data, "\0\1\xff", 3);
    assert_int_equal(rows_i64(r, 5), 1);
    j = rows_json_new(r, 6);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(j, "a"), 1)), 2);
    json_decref(j);
    assert_string_equal(rows_text(r, 7), "[1,2]");
    assert_ok(p, rows_next(r, &more, &p->e));
    assert_false(more);
    assert_ok(p, rows_next(r, &more, &p->e)); /* the end stays the end */
    assert_false(more);
    rows_close(r);

    assert_ok(p, db_find(db, &r, &found, &p->e, "SELECT n, f, t, b, json FROM kinds WHERE id = $1", ARGS(I64(-1))));
    assert_true(found && rows_is_null(r, 0) && rows_i64(r, 0) == 0 && rows_instant(r, 0) == INSTANT_NONE);
    assert_true(rows_f64(r, 1) == 0.0);
    assert_null(rows_text(r, 2));
    assert_true(!rows_is_null(r, 3) && rows_blob(r, 3).len == 0);
    assert_null(rows_json_new(r, 4));
    rows_close(r);
    store_read_end(db);
}

static void a_broken_rule_has_its_name(void **state)
{
    static const struct {
        const char *sql;
        enum error_code code;
    } rows[] = {
        {"INSERT INTO kinds (id, t) VALUES (1, 'other')", E_CONFLICT},        /* primary key */
        {"INSERT INTO kinds (id, t) VALUES (2, 'taken')", E_CONFLICT},        /* unique */
        {"INSERT INTO kinds (id, n) VALUES (3, 'not a number')", E_DATABASE}, /* types are strict */
        {"INSERT INTO kinds (id, yes) VALUES (4, NULL)", E_DATABASE},
        {"INSERT INTO nowhere (id) VALUES (1)", E_DATABASE},
        {"SELECT 1", E_INTERNAL}, /* rows nobody reads */
        {"INSERT INTO kinds (id) VALUES ($1)", E_INTERNAL},
        {"INSERT INTO kinds (id) VALUES (5); DELETE FROM kinds", E_INTERNAL},
    };
    struct place *p = *state;

    define(p, kinds);
    assert_ok(p, put(p, "INSERT INTO kinds (id, t) VALUES (1, 'taken')", NULL));
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_fails(p, rows[i].code, put(p, rows[i].sql, NULL));
    assert_ok(p, put(p, "INSERT INTO kinds (id, t) VALUES (9, 'taken') ON CONFLICT (t) DO UPDATE SET n = 7", NULL));
    assert_int_equal(number(p, "SELECT n FROM kinds", NULL), 7);
}

static bool recount(struct db *db, void *arg, struct error *e)
{
    auto_rows struct rows *r = NULL;
    int64_t *seen = arg, changed;
    bool found;

    if (!db_exec(db, NULL, e, "INSERT INTO kinds (id) VALUES (1), (2), (3)", NULL) ||
        !db_exec(db, &changed, e, "UPDATE kinds SET n = 1 WHERE id > $1", ARGS(I64(1))) ||
        !db_find(db, &r, &found, e, "DELETE FROM kinds WHERE id = $1 RETURNING id + 10", ARGS(I64(3))))
        return false;
    seen[0] = changed;
    seen[1] = rows_i64(r, 0);
    return true;
}

static void a_write_counts_and_returns(void **state)
{
    struct place *p = *state;
    int64_t seen[2] = {0};

    define(p, kinds);
    assert_ok(p, store_write(p->store, recount, seen, &p->e));
    assert_int_equal(seen[0], 2);
    assert_int_equal(seen[1], 13);
    assert_int_equal(number(p, "SELECT count(*) FROM kinds", NULL), 2);
}

static void a_generated_column_is_indexed_now_and_later(void **state)
{
    struct place *p = *state;

    define(p, "CREATE TABLE r_person (id BIGINT PRIMARY KEY, body JSON NOT NULL,"
              " number TEXT GENERATED ALWAYS AS (body ->> 'number') STORED, UNIQUE (number))");
    assert_ok(
        p,
        put(p, "INSERT INTO r_person (id, body) VALUES (1, '{\"number\":\"079090000001\",\"ward\":\"26734\"}')", NULL));
    define(p, "ALTER TABLE r_person ADD COLUMN ward TEXT GENERATED ALWAYS AS (body ->> 'ward') STORED;"
              " CREATE INDEX r_person_ward ON r_person (ward);");
    assert_int_equal(
        number(p, "SELECT id FROM r_person WHERE number = '079090000001' AND ward = $1", ARGS(TEXT("26734"))), 1);
    assert_fails(p, E_CONFLICT,
                 put(p, "INSERT INTO r_person (id, body) VALUES (2, '{\"number\":\"079090000001\"}')", NULL));
}

static void the_same_text_runs_inside_itself(void **state)
{
    static const char sql[] = "SELECT id FROM kinds WHERE id > $1 ORDER BY id";
    struct place *p = *state;
    struct rows *outer, *inner;
    struct db *db;
    bool found;

    define(p, kinds);
    assert_ok(p, put(p, "INSERT INTO kinds (id) VALUES (1), (2), (3)", NULL));
    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_ok(p, db_find(db, &outer, &found, &p->e, sql, ARGS(I64(0))));
    assert_ok(p, db_find(db, &inner, &found, &p->e, sql, ARGS(I64(2))));
    assert_int_equal(rows_i64(outer, 0), 1);
    assert_int_equal(rows_i64(inner, 0), 3);
    rows_close(inner);
    rows_close(outer);
    store_read_end(db);
}

static void many_statements_do_not_pile_up(void **state)
{
    struct place *p = *state;
    struct rows *r;
    struct db *db;
    bool found;

    assert_ok(p, store_read(p->store, &db, &p->e));
    for (int i = 0; i < 1000; i++) {
        char sql[64];

        (void)snprintf(sql, sizeof sql, "SELECT %d + $1", i);
        assert_ok(p, db_find(db, &r, &found, &p->e, sql, ARGS(I64(1))));
        assert_int_equal(rows_i64(r, 0), i + 1);
        rows_close(r);
    }
    store_read_end(db);
}

static void a_read_cannot_write_and_keeps_its_view(void **state)
{
    struct place *p = *state;
    struct db *db, *nested;
    struct rows *r;
    bool found;

    define(p, kinds);
    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_fails(p, E_DATABASE, db_exec(db, NULL, &p->e, "INSERT INTO kinds (id) VALUES (1)", NULL));
    store_read_end(db);
    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_ok(p, db_find(db, &r, &found, &p->e, "SELECT id FROM kinds", NULL));
    assert_false(found);
    rows_close(r);
    assert_ok(p, put(p, "INSERT INTO kinds (id) VALUES (1)", NULL));
    assert_ok(p, store_read(p->store, &nested, &p->e));
    assert_ptr_equal(nested, db);
    assert_ok(p, db_find(nested, &r, &found, &p->e, "SELECT id FROM kinds", NULL));
    assert_false(found);
    rows_close(r);
    store_read_end(nested);
    store_read_end(db);
    assert_int_equal(number(p, "SELECT count(*) FROM kinds", NULL), 1);
}

static void names_are_quoted(void **state)
{
    auto_arena struct arena *a = arena_new();

    (void)state;
    assert_string_equal(db_name(a, "r_person"), "\"r_person\"");
}

static void a_second_opening_is_refused(void **state)
{
    struct place *p = *state;
    struct store *second = NULL;

    ONLY_SQLITE;
    assert_true(store_is_sole_writer(p->store));
    assert_fails(p, E_IN_USE, store_open(p->url, &second, &p->e));
    assert_fails(p, E_USAGE, store_open("mysql:there", &second, &p->e));
    place_close(p);
    place_open(p);
}

static void a_backup_is_whole_and_new(void **state)
{
    struct place *p = *state;
    char path[128], url[160];
    struct store *copy;
    bool sound;

    ONLY_SQLITE;
    define(p, kinds);
    assert_ok(p, put(p, "INSERT INTO kinds (id, t) VALUES (1, 'Bến Thành')", NULL));
    (void)snprintf(path, sizeof path, "%s/copy.db", p->folder);
    assert_ok(p, store_backup(p->store, path, &p->e));
    assert_fails(p, E_IO, store_backup(p->store, path, &p->e));
    assert_ok(p, store_check(p->store, &sound, &p->e));
    assert_true(sound);
    place_close(p);

    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    assert_ok(p, store_open(url, &copy, &p->e));
    p->store = copy;
    assert_int_equal(number(p, "SELECT count(*) FROM kinds WHERE t = 'Bến Thành'", NULL), 1);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    char path[128];
    bool sound = true;
    int fd;

    ONLY_SQLITE;
    define(p, kinds);
    define(p, "CREATE INDEX kinds_n ON kinds (n)");
    for (int i = 0; i < 400; i++)
        assert_ok(p, put(p, "INSERT INTO kinds (id, n, t) VALUES ($1, $1, 'x' || $1)", ARGS(I64(i))));
    place_close(p);
    (void)snprintf(path, sizeof path, "%s/data/motcua.db", p->folder);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(lseek(fd, -2 * 4096, SEEK_END) > 4096);
    assert_int_equal(write(fd, (char[4096]){0}, 4096), 4096);
    (void)close(fd);
    place_open(p);
    assert_ok(p, store_check(p->store, &sound, &p->e));
    assert_false(sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(values_come_back_as_they_went),
        story(a_broken_rule_has_its_name),
        story(a_write_counts_and_returns),
        story(a_generated_column_is_indexed_now_and_later),
        story(the_same_text_runs_inside_itself),
        story(many_statements_do_not_pile_up),
        story(a_read_cannot_write_and_keeps_its_view),
        cmocka_unit_test(names_are_quoted),
        story(a_second_opening_is_refused),
        story(a_backup_is_whole_and_new),
        story(damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
