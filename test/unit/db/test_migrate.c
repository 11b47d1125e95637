/* Migrations: forward only, each whole, with a copy before the first change to a database in use. */
#include "db_test.h"

static const struct migration first[] = {
    {1, "things", "CREATE TABLE thing (id BIGINT PRIMARY KEY); INSERT INTO thing (id) VALUES (1); -- done\n"},
    {0},
};
static const struct migration second[] = {
    {1, "things", "CREATE TABLE thing (id BIGINT PRIMARY KEY); INSERT INTO thing (id) VALUES (1); -- done\n"},
    {2, "names", "ALTER TABLE thing ADD COLUMN name TEXT; UPDATE thing SET name = 'a; \"b\"'"},
    {3, "marks", "CREATE INDEX thing_name ON thing (name)"},
    {0},
};
static const struct migration broken[] = {
    {1, "things", "CREATE TABLE thing (id BIGINT PRIMARY KEY)"},
    {2, "half", "ALTER TABLE thing ADD COLUMN half TEXT; INSERT INTO nowhere (id) VALUES (1)"},
    {0},
};
static const struct migration gap[] = {{1, "one", "SELECT 1"}, {3, "three", "SELECT 1"}, {0}};

static bool copy_exists(struct place *p, int n)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/data/motcua.db.before-%d", p->folder, n);
    return access(path, F_OK) == 0;
}

static void what_is_missing_runs_once(void **state)
{
    struct place *p = *state;

    assert_ok(p, store_migrate(p->store, "thing", first, &p->e));
    assert_ok(p, store_migrate(p->store, "thing", first, &p->e));
    assert_ok(p, store_migrate(p->store, "other", NULL, &p->e));
    assert_int_equal(number(p, "SELECT count(*) FROM thing", NULL), 1);
    assert_ok(p, store_migrate(p->store, "thing", second, &p->e));
    assert_int_equal(number(p, "SELECT count(*) FROM thing WHERE name = 'a; \"b\"'", NULL), 1);
    assert_int_equal(number(p, "SELECT max(number) FROM migration WHERE module = 'thing'", NULL), 3);
    assert_false(copy_exists(p, 2)); /* it was made in this opening: nothing to go back to */
}

static void a_newer_database_is_refused(void **state)
{
    struct place *p = *state;

    assert_ok(p, store_migrate(p->store, "thing", second, &p->e));
    assert_fails(p, E_DATA_NEWER, store_migrate(p->store, "thing", first, &p->e));
    assert_fails(p, E_INTERNAL, store_migrate(p->store, "gap", gap, &p->e));
}

static void a_failed_step_leaves_nothing(void **state)
{
    struct place *p = *state;

    assert_fails(p, E_DATABASE, store_migrate(p->store, "thing", broken, &p->e));
    assert_int_equal(number(p, "SELECT max(number) FROM migration WHERE module = 'thing'", NULL), 1);
    assert_fails(p, E_DATABASE, put(p, "UPDATE thing SET half = 'there'", NULL));
}

static void a_copy_is_kept_before_the_first_change(void **state)
{
    struct place *p = *state;
    struct store *copy;
    char url[160];

    ONLY_SQLITE;
    assert_ok(p, store_migrate(p->store, "thing", first, &p->e)); /* with db's own four: five steps */
    place_close(p);
    place_open(p);
    assert_ok(p, store_migrate(p->store, "thing", first, &p->e));
    assert_false(copy_exists(p, 6)); /* nothing changed */
    assert_ok(p, store_migrate(p->store, "thing", second, &p->e));
    assert_true(copy_exists(p, 6));
    assert_false(copy_exists(p, 7)); /* once */
    place_close(p);

    (void)snprintf(url, sizeof url, "sqlite:%s/data/motcua.db.before-6", p->folder);
    assert_ok(p, store_open(url, &copy, &p->e));
    p->store = copy;
    assert_int_equal(number(p, "SELECT max(number) FROM migration WHERE module = 'thing'", NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(what_is_missing_runs_once),
        story(a_newer_database_is_refused),
        story(a_failed_step_leaves_nothing),
        story(a_copy_is_kept_before_the_first_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
