/* The command line's way in: two files. */
#include "schema_test.h"

#include <stdio.h>
#include <unistd.h>

static char *file_of(struct arena *a, const char *dir, const char *name, const char *text)
{
    char *path = arena_printf(a, "%s/%s", dir, name);
    struct error e;

    error_init(&e);
    assert_true(file_write(path, (struct bytes){text, strlen(text)}, &e));
    return path;
}

static void test_files(void **state)
{
    /* clang-format off */
    static const struct { const char *schema, *instance; enum error_code code; bool valid; } rows[] = {
        {"{\"type\":\"string\"}",    "\"a\"",                    E_NONE,           true},
        {"{\"type\":\"string\"}",    "1",                        E_INVALID_INPUT,  false},
        {"{\"const\":\"a\\u0000\"}", "\"a\\u0000\"",             E_NONE,           true},
        {"{\"minimum\":1}",          "123456789012345678901234", E_NONE,           true},
        {"{\"type\":\"text\"}",      "1",                        E_SCHEMA,         false},
        {"{",                        "1",                        E_JSON_SYNTAX,    false},
        {"{}",                       "",                         E_JSON_SYNTAX,    false},
        {"{}",                       "{\"a\":1,\"a\":2}",        E_JSON_DUPLICATE, false},
    };
    /* clang-format on */
    auto_arena struct arena *a = arena_new();
    char dir[] = "/tmp/schema-test-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *schema = file_of(a, dir, "schema.json", rows[i].schema);
        const char *instance = file_of(a, dir, "instance.json", rows[i].instance);
        bool valid = false;
        struct error e;

        error_init(&e);
        assert_int_equal(schema_validate_files(schema, instance, &valid, &e),
                         rows[i].code == E_NONE || rows[i].code == E_INVALID_INPUT);
        assert_int_equal(e.code, rows[i].code);
        assert_int_equal(valid, rows[i].valid);
        assert_int_equal(unlink(schema) | unlink(instance), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
