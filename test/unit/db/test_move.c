/* A database into another one while it is written to: keys of every kind, values that change their row, texts, who
 * takes over, what is refused. The source is the database under test, the target a SQLite file. */
#include "db_test.h"

struct both {
    struct place place; /* the source, as its server has it open */
    char target_url[200];
    struct store *beside, *target;
    struct mover *mover;
};

static const char *const none[] = {"migration", NULL};

static const char *owner(const char *search_table)
{
    return strcmp(search_table, "s_thing") == 0 ? "thing" : "";
}

static const struct move_rules rules = {none, owner};
static const char tables[] = "CREATE TABLE thing (id BIGINT PRIMARY KEY, code TEXT NOT NULL UNIQUE, body JSON,"
                             " sized DOUBLE PRECISION, big TEXT GENERATED ALWAYS AS (body ->> 'a') STORED);"
                             "CREATE TABLE pair (mark BYTEA NOT NULL, place TEXT NOT NULL, open BOOLEAN NOT NULL,"
                             " PRIMARY KEY (place, mark))";

static bool make(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_define(db, tables, e) && db_search_define(db, "s_thing", e);
}

static bool put_text(struct db *db, void *arg, struct error *e)
{
    return db_search_put(db, "s_thing", 7, arg, e);
}

static int setup(void **state)
{
    struct both *b = calloc(1, sizeof *b);
    struct place *p = &b->place;
    void *made;

    assert_int_equal(place_setup(&made), 0);
    *p = *(struct place *)made;
    free(made);
    (void)snprintf(b->target_url, sizeof b->target_url, "sqlite:%s/data/target.db", p->folder);
    assert_ok(p, store_open(b->target_url, &b->target, &p->e));
    assert_ok(p, store_write(p->store, make, NULL, &p->e));
    assert_ok(
        p, put(p, "INSERT INTO thing (id, code, body, sized) VALUES ($1, 'x', '{\"a\": \"ă\"}', 0.1)", ARGS(I64(7))));
    assert_ok(p, put(p, "INSERT INTO thing (id, code) VALUES ($1, 'y')", ARGS(I64(8))));
    assert_ok(p, put(p, "INSERT INTO pair (mark, place, open) VALUES ($1, 'here', 1)",
                     ARGS(BLOB((struct bytes){"\0\xff", 2}))));
    assert_ok(p, store_write(p->store, put_text, (void *)(uintptr_t) "xuan an binh", &p->e));
    assert_ok(p, store_open_beside(p->url, &b->beside, &p->e));
    assert_ok(p, mover_open(b->beside, &rules, &b->mover, &p->e));
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct both *b = *state;
    struct place *p = calloc(1, sizeof *p);
    void *made = p;

    mover_close(b->mover);
    store_close(b->beside);
    store_close(b->target);
    *p = b->place;
    free(b);
    return place_teardown(&made);
}

/* As the program does it: the tables are made by who knows them. */
static void copy(struct both *b)
{
    struct place *p = &b->place;
    const char *lacking;

    assert_ok(p, mover_claim(b->mover, b->target, &p->e));
    assert_ok(p, mover_lacks(b->mover, &lacking, &p->e));
    if (lacking)
        assert_ok(p, store_write(b->target, make, NULL, &p->e));
    assert_ok(p, mover_lacks(b->mover, &lacking, &p->e));
    assert_null(lacking);
    assert_ok(p, mover_copy(b->mover, &p->e));
}

static void check_count(const struct move_count *count, void *arg)
{
    if (!count->same)
        print_error("%s: %jd and %jd\n", count->table, (intmax_t)count->from, (intmax_t)count->to);
    *(int64_t *)arg += count->to;
}

static int64_t rows_when_same(struct both *b, bool wanted)
{
    struct place *p = &b->place;
    int64_t rows = 0;
    bool same;

    assert_ok(p, mover_compare(b->mover, check_count, &rows, &same, &p->e));
    assert_int_equal(same, wanted);
    return rows;
}

static int64_t follow(struct both *b)
{
    int64_t changes = -1;

    assert_ok(&b->place, mover_follow(b->mover, &changes, &b->place.e));
    return changes;
}

static void all_kinds_of_values_come_over(void **state)
{
    struct both *b = *state;

    copy(b);
    assert_int_equal(rows_when_same(b, true), 4);
    assert_int_equal(follow(b), 0);
}

static void what_changes_meanwhile_follows(void **state)
{
    struct both *b = *state;
    struct place *p = &b->place;

    copy(b);
    /* x goes from one row to another, a key changes, a row goes, a text is another one */
    assert_ok(p, put(p, "UPDATE thing SET code = 'z' WHERE id = 7", NULL));
    assert_ok(p, put(p, "UPDATE thing SET code = 'x' WHERE id = 8", NULL));
    assert_ok(p, put(p, "INSERT INTO thing (id, code) VALUES (6, 'w')", NULL));
    assert_ok(p, put(p, "UPDATE pair SET place = 'there'", NULL));
    assert_ok(p, store_write(p->store, put_text, (void *)(uintptr_t) "thu", &p->e));
    (void)rows_when_same(b, false);
    assert_int_equal(follow(b), 5);
    assert_int_equal(rows_when_same(b, true), 5);
    assert_ok(p, put(p, "DELETE FROM thing WHERE id = 8", NULL));
    assert_ok(p, put(p, "UPDATE thing SET code = 'x' WHERE id = 6", NULL));
    assert_int_equal(follow(b), 2);
    assert_int_equal(rows_when_same(b, true), 4);
    assert_int_equal(follow(b), 0);
}

static void a_closed_source_takes_nothing_until_it_is_opened(void **state)
{
    struct both *b = *state;
    struct place *p = &b->place;

    copy(b);
    assert_ok(p, mover_close_source(b->mover, &p->e));
    assert_fails(p, E_MOVED, put(p, "UPDATE thing SET code = 'q' WHERE id = 7", NULL));
    assert_fails(
        p, E_MOVED,
        put(p, "INSERT INTO pair (mark, place, open) VALUES ($1, 'p', 0)", ARGS(BLOB((struct bytes){"m", 1}))));
    assert_fails(p, E_MOVED, put(p, "DELETE FROM thing WHERE id = 7", NULL));
    assert_int_equal(number(p, "SELECT count(*) FROM thing", NULL), 2);
    place_close(p); /* also for who comes anew */
    place_open(p);
    assert_fails(p, E_MOVED, put(p, "DELETE FROM thing WHERE id = 7", NULL));
    assert_ok(p, mover_open_source(b->mover, &p->e));
    assert_ok(p, put(p, "DELETE FROM thing WHERE id = 7", NULL));
    assert_int_equal(follow(b), 1); /* it is still watched */
    assert_ok(p, store_move_forget(b->beside, &p->e));
    assert_ok(p, put(p, "DELETE FROM thing WHERE id = 8", NULL));
}

static void another_city_is_refused_untouched(void **state)
{
    struct both *b = *state;
    struct place *p = &b->place;
    struct store *target = b->target;
    struct mover *other;

    assert_ok(p, store_write(target, make, NULL, &p->e));
    {
        struct one_statement s = {"INSERT INTO thing (id, code) VALUES (1, 'theirs')", NULL};

        assert_ok(p, store_write(target, run_one, &s, &p->e));
    }
    assert_fails(p, E_MOVE_TARGET, mover_claim(b->mover, target, &p->e));
    assert_ok(p, mover_open(target, &rules, &other, &p->e)); /* it can be moved itself */
    mover_close(other);
}

static void who_comes_later_takes_over(void **state)
{
    struct both *b = *state;
    struct place *p = &b->place;
    struct mover *later;

    copy(b);
    assert_ok(p, mover_open(b->beside, &rules, &later, &p->e));
    assert_ok(p, mover_claim(later, b->target, &p->e));
    assert_ok(p, put(p, "UPDATE thing SET code = 'q' WHERE id = 7", NULL));
    {
        int64_t changes;

        assert_fails(p, E_IN_USE, mover_follow(b->mover, &changes, &p->e));
        assert_ok(p, mover_copy(later, &p->e));
        assert_ok(p, mover_follow(later, &changes, &p->e));
        assert_int_equal(changes, 1);
    }
    mover_close(later);
    assert_int_equal(rows_when_same(b, true), 4);
}

#define two(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        two(all_kinds_of_values_come_over),
        two(what_changes_meanwhile_follows),
        two(a_closed_source_takes_nothing_until_it_is_opened),
        two(another_city_is_refused_untouched),
        two(who_comes_later_takes_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
