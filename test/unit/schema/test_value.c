/* Numbers, exactly. */
#include "schema_test.h"

#include "schema/schema_internal.h"

static void test_compare(void **state)
{
    /* clang-format off */
    static const struct { const char *a, *b; int order; } rows[] = {
        {"1", "1.0", 0},   {"1", "1.5", -1},   {"-1", "-1.5", 1},   {"2", "1.9", 1},
        {"9007199254740993", "9007199254740992.0", 1},
        {"9223372036854775807", "9223372036854775808.0", -1},
        {"-9223372036854775808", "-9223372036854775808.0", 0},
        {"0", "-0.0", 0},  {"1e308", "1", 1},  {"-1e308", "1", -1},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_auto_t *a = json_of(rows[i].a), *b = json_of(rows[i].b);

        assert_int_equal(number_compare(a, b), rows[i].order);
        assert_int_equal(number_compare(b, a), -rows[i].order);
    }
}

static void test_multiple(void **state)
{
    /* clang-format off */
    static const struct { const char *n, *of; bool is; } rows[] = {
        {"0.3", "0.1", true},      {"1.1", "0.1", true},      {"4.35", "0.01", true},  {"4.355", "0.01", false},
        {"1e308", "1e-8", true},   {"1e308", "0.7", false},   {"7e300", "0.7", true},  {"1e-300", "1e300", false},
        {"0", "0.1", true},        {"-0.3", "0.1", true},     {"9223372036854775807", "7", true},
        {"-9223372036854775808", "0.5", true},                {"12", "1.2e1", true},   {"1e19", "3", false},
        {"5e-324", "5e-324", true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_auto_t *n = json_of(rows[i].n), *of = json_of(rows[i].of);

        if (number_is_multiple(n, of, decimal_of(of)) != rows[i].is)
            red("%s of %s", rows[i].n, rows[i].of);
    }
}

static void test_large_unique(void **state)
{
    json_auto_t *list = json_array();
    size_t steps = 0;

    (void)state;
    for (int i = 0; i < 5000; i++)
        assert_int_equal(json_array_append_new(list, json_pack("{s:i,s:[i]}", "a", i, "b", i % 7)), 0);
    assert_true(value_items_unique(list, &steps));
    assert_int_equal(json_array_append_new(list, json_pack("{s:[f],s:f}", "b", 2.0, "a", 9.0)), 0);
    assert_false(value_items_unique(list, &steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compare), cmocka_unit_test(test_multiple),
                                       cmocka_unit_test(test_large_unique)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
