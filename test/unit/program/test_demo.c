/* The demo city: a small one is made as the command line makes it, and must hold together like a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has its own */

#include "casework/casework.h"
#include "db/db.h"
#include "program/program.h"
#include "registry/registry.h"
#include "schema/schema.h"

enum { RESIDENTS = 900, YEAR = 365 };

struct town {
    char folder[64];
    struct house house;
    struct arena *arena;
    struct db *db;
    struct error e;
};

#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s\n", #call, t->e.detail);                                                               \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)

static void make(struct town *t, const char *seed)
{
    struct args args = {.data = t->folder, .residents = "900", .seed = seed};

    log_set_level(LOG_ERROR);
    error_init(&t->e);
    (void)snprintf(t->folder, sizeof t->folder, "%s", "/tmp/motcua-demo-test-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    assert_ok(run_demo(&args, &t->e));
    assert_ok(house_open(&(struct home){.data_dir = t->folder}, &t->house, &t->e));
    assert_ok(store_read(t->house.store, &t->db, &t->e));
    t->arena = arena_new();
}

static void unmake(struct town *t)
{
    store_read_end(t->db);
    house_close(&t->house);
    arena_free(t->arena);
    error_done(&t->e);
    folder_remove(t->folder);
}

static int setup(void **state)
{
    static struct town town;

    make(&town, "7");
    *state = &town;
    return 0;
}

static int teardown(void **state)
{
    unmake(*state);
    return 0;
}

static const json_t *find(struct town *t, const char *registry, const char *key)
{
    struct record record;
    bool found;

    assert_ok(record_find(t->db, t->arena, registry_find(&t->house, registry), key, &record, &found, &t->e));
    return found ? record.body : NULL;
}

static size_t count_where(struct town *t, const char *registry, const char *field, const char *value)
{
    struct record records[4];
    size_t n;

    assert_ok(record_where(t->db, t->arena, registry_find(&t->house, registry), field, value, records, COUNT(records),
                           &n, &t->e));
    return n;
}

static int64_t day_of(const json_t *body, const char *member)
{
    struct date d;

    assert_true(date_parse(json_str(body, member), &d));
    return date_to_days(d);
}

/* Calls look for every resident, the dead too; gives back how many there are. */
static size_t each_person(struct town *t, void (*look)(struct town *, const json_t *))
{
    const struct registry *r = registry_find(&t->house, "person");
    struct record_query query = {.limit = 200};
    struct record records[200];
    size_t n, total = 0;

    do {
        assert_ok(record_list(t->db, t->arena, r, &query, records, &n, &t->e));
        for (size_t i = 0; i < n; i++)
            look(t, records[i].body);
        total += n;
        query.cursor = n ? records[n - 1].key : NULL;
    } while (n == query.limit);
    return total;
}

static int living;

static void look_count(struct town *t, const json_t *person)
{
    (void)t;
    living += strcmp(json_str(person, "status"), "alive") == 0;
}

static void test_as_many_live_there_as_were_asked_for(void **state)
{
    living = 0;
    assert_true(each_person(*state, look_count) > RESIDENTS);
    assert_int_equal(living, RESIDENTS);
}

static void look_birth(struct town *t, const json_t *person)
{
    const char *number = json_str(person, "number");
    int year = 0;
    enum vn_sex sex;
    struct date born;

    assert_int_equal(count_where(t, "birth", "subject", number), 1);
    assert_true(vn_personal_number_read(number, &year, &sex));
    assert_true(date_parse(json_str(person, "birth_date"), &born));
    assert_int_equal(year, born.year);
    assert_int_equal(sex, vn_sex_of(json_str(person, "sex")));
}

static void test_everybody_has_one_birth_entry_and_a_number_that_agrees(void **state)
{
    each_person(*state, look_birth);
}

static void look_parents(struct town *t, const json_t *person)
{
    static const char *const sides[] = {"father", "mother"};

    for (size_t i = 0; i < COUNT(sides); i++) {
        const char *number = json_str(person, sides[i]);
        const json_t *parent = number ? find(t, "person", number) : NULL;

        if (!number)
            continue;
        assert_non_null(parent);
        assert_true(day_of(person, "birth_date") - day_of(parent, "birth_date") > 16 * YEAR);
        if (i == 0) /* the family name follows the father */
            assert_memory_equal(json_str(person, "full_name"), json_str(parent, "full_name"),
                                strcspn(json_str(parent, "full_name"), " ") + 1);
    }
}

static void test_parents_are_residents_old_enough(void **state)
{
    each_person(*state, look_parents);
}

static void look_spouse(struct town *t, const json_t *person)
{
    const char *number = json_str(person, "spouse");
    const json_t *spouse = number ? find(t, "person", number) : NULL;

    if (!number)
        return;
    assert_non_null(spouse);
    assert_string_equal(json_str(spouse, "spouse"), json_str(person, "number"));
    assert_string_not_equal(json_str(spouse, "sex"), json_str(person, "sex"));
}

static void test_spouses_know_each_other(void **state)
{
    each_person(*state, look_spouse);
}

static void look_household(struct town *t, const json_t *person)
{
    const char *number = json_str(person, "household");
    const json_t *household = number ? find(t, "household", number) : NULL;

    if (strcmp(json_str(person, "status"), "deceased") == 0) {
        assert_null(number);
        assert_int_equal(count_where(t, "death", "subject", json_str(person, "number")), 1);
        return;
    }
    assert_non_null(household);
    assert_string_equal(json_str(household, "place"), json_str(person, "place"));
    if (strcmp(json_str(person, "household_relation"), "head") == 0)
        assert_string_equal(json_str(household, "head"), json_str(person, "number"));
}

static void test_the_living_live_somewhere_and_the_dead_are_in_the_book(void **state)
{
    each_person(*state, look_household);
}

static struct digest sum_of(struct town *t)
{
    auto_buf struct buf all = BUF_INIT(16 << 20);
    const struct registry *r = registry_find(&t->house, "birth");
    struct record_query query = {.limit = 200};
    struct record records[200];
    size_t n;

    do {
        assert_ok(record_list(t->db, t->arena, r, &query, records, &n, &t->e));
        for (size_t i = 0; i < n; i++)
            buf_puts(&all, json_canonical(t->arena, records[i].body));
        query.cursor = n ? records[n - 1].key : NULL;
    } while (n == query.limit);
    assert_false(all.overflow);
    return digest_of((struct bytes){all.data, all.len});
}

static void test_the_same_seed_gives_the_same_city(void **state)
{
    struct digest first = sum_of(*state), again, other;
    struct town second = {0}, third = {0};

    make(&second, "7");
    again = sum_of(&second);
    unmake(&second);
    make(&third, "8");
    other = sum_of(&third);
    unmake(&third);
    assert_memory_equal(&first, &again, sizeof first);
    assert_memory_not_equal(&first, &other, sizeof first);
}

static void test_a_city_is_not_made_over_another(void **state)
{
    struct town *t = *state;
    struct town second = {0};
    struct args args = {.data = second.folder, .residents = "900"};
    auto_error struct error e;

    error_init(&e);
    make(&second, "7");
    store_read_end(second.db);
    house_close(&second.house);
    assert_false(run_demo(&args, &e));
    assert_int_equal(e.code, E_CONFLICT);
    assert_ok(house_open(&(struct home){.data_dir = second.folder}, &second.house, &t->e));
    assert_ok(store_read(second.house.store, &second.db, &t->e));
    unmake(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_live_there_as_were_asked_for),
        cmocka_unit_test(test_everybody_has_one_birth_entry_and_a_number_that_agrees),
        cmocka_unit_test(test_parents_are_residents_old_enough),
        cmocka_unit_test(test_spouses_know_each_other),
        cmocka_unit_test(test_the_living_live_somewhere_and_the_dead_are_in_the_book),
        cmocka_unit_test(test_the_same_seed_gives_the_same_city),
        cmocka_unit_test(test_a_city_is_not_made_over_another),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
