/* YAML as packs are written: the traps are text or refused, and every value knows its line. */
#include "base/base.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct { const char *text, *json; } taken[] = {
    {"code: 00127\n", "{\"code\":\"00127\"}"},                      /* leading zeroes: a code, not a number */
    {"n: [0, 7, -7, 1.5, -0.25, 1.5e3]\n", "{\"n\":[0,7,-7,1.5,-0.25,1500.0]}"},
    {"n: [1., .5, 1_000, 0x1F, 0o7, 1:30, -, -01, 1e3x, +1]\n",
     "{\"n\":[\"1.\",\".5\",\"1_000\",\"0x1F\",\"0o7\",\"1:30\",\"-\",\"-01\",\"1e3x\",\"+1\"]}"},
    {"n: [99999999999999999999, 1.0e999, 2.000635.5]\n", "{\"n\":[\"99999999999999999999\",\"1.0e999\",\"2.000635.5\"]}"},
    {"b: [true, false, yes, no, on, off, True, y]\n", "{\"b\":[true,false,\"yes\",\"no\",\"on\",\"off\",\"True\",\"y\"]}"},
    {"z: [null, ~, 'null', \"~\", Null]\nempty:\n", "{\"z\":[null,null,\"null\",\"~\",\"Null\"],\"empty\":null}"},
    {"q: ['12', \"12\", 'true']\n", "{\"q\":[\"12\",\"12\",\"true\"]}"},
    {"d: 2026-11-21\nt: 12:30\n", "{\"d\":\"2026-11-21\",\"t\":\"12:30\"}"},
    {"a: |\n  one\n  two\nb: >\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\"}"},
    {"name: Nguye\xcc\x82\xcc\x83n\n", "{\"name\":\"Nguyễn\"}"},    /* brought to NFC, keys too */
    {"- 1\n- - 2\n  - {x: 3}\n", "[1,[2,{\"x\":3}]]"},
    {"--- {a: 1}\n...\n", "{\"a\":1}"},
    {"# nothing but a remark\na: 1 # and another\n", "{\"a\":1}"},
    {"1: one\n", "{\"1\":\"one\"}"},
    {"text", "\"text\""},
    {"$ref: \"#/$defs/x\"\n", "{\"$ref\":\"#/$defs/x\"}"},
};

static const struct { const char *text; int line; const char *why; } refused[] = {
    {"a: &x 1\nb: 2\n", 1, "an anchor on a scalar"},
    {"b: 1\na: &x [1]\n", 2, "an anchor on a list"},
    {"b: 1\na: &x {c: 1}\n", 2, "an anchor on a mapping"},
    {"b: 1\n&k a: 1\n", 2, "an anchor on a key"},
    {"a: 1\nb: *a\n", 2, "an alias"},
    {"a: &x 1\nb: *x\n", 1, "an anchor and its alias"},
    {"a: !!str 12\n", 1, "a tag on a scalar"},
    {"a: 1\nb: !set [1]\n", 2, "a tag on a list"},
    {"a: 1\nb: !!map {c: 1}\n", 2, "a tag on a mapping"},
    {"a: 1\n!!str b: 1\n", 2, "a tag on a key"},
    {"a: 1\nb: 2\na: 3\n", 3, "a key twice"},
    {"x: {a: 1,\n a: 2}\n", 2, "a key twice, in braces"},
    {"\xc3\xaa: 1\ne\xcc\x82: 2\n", 2, "one key in two normal forms"},
    {"a: 1\n---\nb: 2\n", 2, "two documents"},
    {"? [1, 2]\n: 3\n", 1, "a key that is a list"},
    {"a: [1\n", 2, "an unclosed list"},
    {"a: 1\n b: 2\n", 2, "bad indentation"},
    {"a:\n\t- 1\n", 2, "a tab"},
    {"a: \"x\\0y\"\n", 1, "a NUL in a text"},
    {"\"x\\0y\": 1\n", 1, "a NUL in a key"},
    {"", 1, "nothing at all"},
    {"a: \xff\n", 1, "not UTF-8"},
};
/* clang-format on */

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void traps_become_plain_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(taken); i++) {
        auto_arena struct arena *a = arena_new();
        auto_error struct error e;
        struct yaml y;

        error_init(&e);
        if (!yaml_read(a, bytes_of(taken[i].text), &y, &e))
            fail_msg("%s: %s", taken[i].text, e.detail);
        assert_string_equal(json_text(a, y.root), taken[i].json);
    }
}

static void what_says_something_else_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        auto_arena struct arena *a = arena_new();
        auto_error struct error e;
        struct yaml y;
        char begin[24];

        error_init(&e);
        if (yaml_read(a, bytes_of(refused[i].text), &y, &e))
            fail_msg("%s was taken: %s", refused[i].why, json_text(a, y.root));
        assert_int_equal(e.code, E_PACK);
        (void)snprintf(begin, sizeof begin, "line %d:", refused[i].line);
        if (!text_starts_with(e.detail, begin))
            fail_msg("%s: \"%s\" should start with \"%s\"", refused[i].why, e.detail, begin);
    }
}

static void depth_and_size_have_ceilings(void **state)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    char deep[2 * YAML_DEPTH_MAX + 4];
    char *large = arena_alloc(a, YAML_BYTES_MAX + 2);
    struct yaml y;

    (void)state;
    for (size_t depth = YAML_DEPTH_MAX; depth <= YAML_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        error_init(&e);
        assert_int_equal(yaml_read(a, (struct bytes){deep, 2 * depth}, &y, &e), depth == YAML_DEPTH_MAX);
    }
    memset(large, 'x', YAML_BYTES_MAX + 1);
    error_init(&e);
    assert_false(yaml_read(a, (struct bytes){large, YAML_BYTES_MAX + 1}, &y, &e));
    assert_int_equal(e.code, E_PACK);
}

static void is_written_back(const char *what, const json_t *value)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    const char *text = yaml_text(a, value);
    struct yaml again;

    error_init(&e);
    if (!yaml_read(a, bytes_of(text), &again, &e))
        fail_msg("%s: %s\n%s", what, e.detail, text);
    if (!json_equal(again.root, (json_t *)(uintptr_t)value))
        fail_msg("%s: written as\n%sread as\n%s", what, text, json_text(a, again.root));
}

static int write_file_back(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct bytes text;
    struct yaml y;
    size_t len = strlen(path);

    (void)info, (void)where;
    error_init(&e);
    if (kind != FTW_F || len < 5 || strcmp(path + len - 5, ".yaml") != 0)
        return 0;
    if (!file_read(a, path, YAML_BYTES_MAX, &text, &e) || !yaml_read(a, text, &y, &e))
        fail_msg("%s: %s", path, e.detail);
    is_written_back(path, y.root);
    return 0;
}

static void what_is_written_is_read_as_the_same(void **state)
{
    static const char *const more[] = {
        "[\"line\\n\", \"two\\nlines\", \" lead\", \"trail \", \"- dash\", \"a: b\", \"#x\", \"x #y\", \"%\", \"@\", "
        "\"\\t\", \"\\u0001\", \"\"]",
        "{\"a\": {\"x\": \"\\n\"}, \"\": 1, \"true\": true, \"12\": [[], {}, [[1]]], \"long\": "
        "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]}",
        "[0.1, 1e20, 1e-10, -2.5e-7, 3.0, 123456789012345678]",
        "\"alone\"",
    };
    auto_arena struct arena *a = arena_new();
    const char *root = getenv("SOURCE_ROOT");

    (void)state;
    for (size_t i = 0; i < COUNT(taken) + COUNT(more); i++) {
        const char *json = i < COUNT(taken) ? taken[i].json : more[i - COUNT(taken)];

        is_written_back(json, json_held(a, json_loads(json, JSON_DECODE_ANY, NULL)));
    }
    assert_non_null(root);
    assert_int_equal(nftw(arena_printf(a, "%s/city/hcmc", root), write_file_back, 16, FTW_PHYS), 0);
}

static void every_value_knows_its_line(void **state)
{
    static const char text[] = "name: x\n"           /* 1 */
                               "\n"                  /* 2 */
                               "# remark\n"          /* 3 */
                               "steps:\n"            /* 4 */
                               "  a/b: {title: A}\n" /* 5 */
                               "  c:\n"              /* 6 */
                               "    list:\n"         /* 7 */
                               "      - 1\n"         /* 8 */
                               "      - 2\n";        /* 9 */
    /* clang-format off */
    static const struct { const char *pointer; int line; } rows[] = {
        {"", 1}, {"/name", 1}, {"/steps/a~1b", 5}, {"/steps/a~1b/title", 5}, {"/steps/c/list/0", 8}, {"/steps/c/list/1", 9},
        {"/steps/c/list/1/absent/below", 9}, /* the nearest that is there */
        {"/steps/a~1b/absent", 5}, {"/absent", 1}, {"no pointer", 1},
    };
    /* clang-format on */
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct yaml y;

    (void)state;
    error_init(&e);
    assert_true(yaml_read(a, bytes_of(text), &y, &e));
    for (size_t i = 0; i < COUNT(rows); i++)
        if (yaml_line(&y, rows[i].pointer) != rows[i].line)
            fail_msg("%s is on line %d", rows[i].pointer, yaml_line(&y, rows[i].pointer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traps_become_plain_values),
        cmocka_unit_test(what_says_something_else_is_refused_with_its_line),
        cmocka_unit_test(depth_and_size_have_ceilings),
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(every_value_knows_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
