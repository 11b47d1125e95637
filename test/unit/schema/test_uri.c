/* The examples of RFC 3986, section 5.4. */
#include "schema_test.h"

#include "schema/schema_internal.h"

static void test_resolve(void **state)
{
    /* clang-format off */
    static const struct { const char *base, *reference, *absolute; } rows[] = {
        {"http://a/b/c/d;p?q", "g:h",        "g:h"},
        {"http://a/b/c/d;p?q", "g",          "http://a/b/c/g"},
        {"http://a/b/c/d;p?q", "./g",        "http://a/b/c/g"},
        {"http://a/b/c/d;p?q", "g/",         "http://a/b/c/g/"},
        {"http://a/b/c/d;p?q", "/g",         "http://a/g"},
        {"http://a/b/c/d;p?q", "//g",        "http://g"},
        {"http://a/b/c/d;p?q", "?y",         "http://a/b/c/d;p?y"},
        {"http://a/b/c/d;p?q", "g?y#s",      "http://a/b/c/g?y#s"},
        {"http://a/b/c/d;p?q", "#s",         "http://a/b/c/d;p?q#s"},
        {"http://a/b/c/d;p?q", "",           "http://a/b/c/d;p?q"},
        {"http://a/b/c/d;p?q", ".",          "http://a/b/c/"},
        {"http://a/b/c/d;p?q", "..",         "http://a/b/"},
        {"http://a/b/c/d;p?q", "../g",       "http://a/b/g"},
        {"http://a/b/c/d;p?q", "../..",      "http://a/"},
        {"http://a/b/c/d;p?q", "../../../g", "http://a/g"},
        {"http://a/b/c/d;p?q", "/./g",       "http://a/g"},
        {"http://a/b/c/d;p?q", "g.",         "http://a/b/c/g."},
        {"http://a/b/c/d;p?q", "..g",        "http://a/b/c/..g"},
        {"http://a/b/c/d;p?q", "g;x=1/../y", "http://a/b/c/y"},
        {"http://a",           "g",          "http://a/g"},
        {"urn:a:b",            "#x",         "urn:a:b#x"},
        {"",                   "a/b#c",      "a/b#c"},
        {"",                   "",           ""},
        {"x",                  "y",          "y"},
    };
    /* clang-format on */
    auto_arena struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(uri_resolve(a, rows[i].base, rows[i].reference), rows[i].absolute);
}

static void test_split(void **state)
{
    auto_arena struct arena *a = arena_new();
    const char *fragment;

    (void)state;
    assert_string_equal(uri_split(a, "http://a/b#/x%25y%", &fragment), "http://a/b");
    assert_string_equal(fragment, "/x%y%");
    assert_string_equal(uri_split(a, "b", &fragment), "b");
    assert_string_equal(fragment, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resolve), cmocka_unit_test(test_split)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
