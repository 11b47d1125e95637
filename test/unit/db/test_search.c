/* Search: never behind, every word must occur, the last as the beginning of one. */
#include "db_test.h"

struct put_row {
    int64_t id;
    const char *text;
    bool fresh, then_fail;
};

static bool make(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_search_define(db, "s_person", e) && db_search_define(db, "s_person", e);
}

static bool put_text(struct db *db, void *arg, struct error *e)
{
    const struct put_row *row = arg;
    auto_arena struct arena *a = arena_new();
    const char *folded = row->text ? text_fold(a, row->text) : NULL;

    if (!(row->fresh ? db_search_add : db_search_put)(db, "s_person", row->id, folded, e))
        return false;
    return !row->then_fail || fail(e, E_FORBIDDEN, "changed my mind");
}

static bool put_row(struct place *p, int64_t id, const char *text, bool fresh, bool then_fail)
{
    struct put_row row = {id, text, fresh, then_fail};

    error_init(&p->e);
    return store_write(p->store, put_text, &row, &p->e);
}

/* The sum of the ids found: 1, 10, 100 tell which. */
static int64_t find(struct place *p, const char *text)
{
    auto_arena struct arena *a = arena_new();

    return number(p, "SELECT coalesce(sum(id), 0) FROM person WHERE id IN SEARCH(s_person, $2) AND id > $1",
                  ARGS(I64(0), TEXT(db_search_words(a, text))));
}

static void people(struct place *p)
{
    define(p, "CREATE TABLE person (id BIGINT PRIMARY KEY)");
    assert_ok(p, put(p, "INSERT INTO person (id) VALUES (1), (10), (100)", NULL));
    assert_ok(p, store_write(p->store, make, NULL, &p->e));
    assert_true(put_row(p, 1, "Nguyễn Thị Ánh Nguyệt", true, false));
    assert_true(put_row(p, 10, "Đặng Văn Nguyên, 12/3A đường 3 tháng 2", true, false));
    assert_true(put_row(p, 100, "TRẦN THỊ ÁNH", true, false));
}

static void words_are_found(void **state)
{
    static const struct {
        const char *text;
        int64_t ids;
        const char *why;
    } rows[] = {
        {"Nguyễn", 11, "Nguyên folds to the same"},
        {"ánh", 101, "marks do not matter"},
        {"ANH nguy", 1, "the last word is a beginning"},
        {"nguy anh", 0, "only the last one"},
        {"thi anh", 101, "in any case"},
        {"nguyệt thị", 1, "in any order"},
        {"dang", 10, "đ is d"},
        {"12 3a", 10, "numbers are words"},
        {"\"anh\" OR * - (NEAR", 0, "nothing of it is syntax"},
        {"nguyen AND", 0, "operators are words"},
        {"", 0, "no words: nothing"},
        {" ,.!", 0, "no words: nothing"},
        {"lê", 0, "not there"},
    };
    struct place *p = *state;

    people(p);
    for (size_t i = 0; i < COUNT(rows); i++) {

        if (find(p, rows[i].text) != rows[i].ids) {
            print_error("%s: %s\n", rows[i].text, rows[i].why);
            _fail(__FILE__, __LINE__);
        }
    }
}

static void search_follows_the_write(void **state)
{
    struct place *p = *state;

    people(p);
    assert_true(put_row(p, 1, "Nguyễn Thị Hoa", false, false));
    assert_int_equal(find(p, "hoa"), 1);
    assert_int_equal(find(p, "nguyet"), 0);
    assert_true(put_row(p, 100, NULL, false, false));
    assert_int_equal(find(p, "tran"), 0);
    assert_false(put_row(p, 10, "Phạm", false, true));
    assert_int_equal(find(p, "pham"), 0);
    assert_int_equal(find(p, "dang"), 10);
    /* "known to be new" was wrong: the write fails and the index is as it was */
    assert_false(put_row(p, 10, "Phạm", true, false));
    assert_int_equal(p->e.code, E_CONFLICT);
    assert_int_equal(find(p, "dang"), 10);
}

static bool put_twice(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_search_put(db, "s_person", 1, "truoc", e) && db_search_put(db, "s_person", 1, "sau", e);
}

static void the_last_text_of_a_batch_stands(void **state)
{
    struct place *p = *state;

    people(p);
    assert_ok(p, store_write(p->store, put_twice, NULL, &p->e));
    assert_int_equal(find(p, "truoc"), 0);
    assert_int_equal(find(p, "sau"), 1);
    /* a table's name made by db_name() */
    assert_int_equal(
        number(p, "SELECT count(*) FROM person WHERE id IN SEARCH(\"s_person\", $1)", ARGS(TEXT("\"sau\"*"))), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(words_are_found),
        story(search_follows_the_write),
        story(the_last_text_of_a_batch_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
