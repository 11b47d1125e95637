/* Reading JSON strictly, pointers both ways, canonical text, and the small accessors. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct { const char *text; enum error_code code; } refused[] = {
    {"", E_JSON_SYNTAX}, {" ", E_JSON_SYNTAX}, {"{", E_JSON_SYNTAX}, {"{}}", E_JSON_SYNTAX}, {"{} x", E_JSON_SYNTAX},
    {"{}{}", E_JSON_SYNTAX}, {"[1,]", E_JSON_SYNTAX}, {"{\"a\":1,}", E_JSON_SYNTAX}, {"{a:1}", E_JSON_SYNTAX},
    {"01", E_JSON_SYNTAX}, {"+1", E_JSON_SYNTAX}, {"1.", E_JSON_SYNTAX}, {".5", E_JSON_SYNTAX}, {"NaN", E_JSON_SYNTAX},
    {"1e999", E_JSON_SYNTAX}, {"9223372036854775808", E_JSON_SYNTAX}, {"'a'", E_JSON_SYNTAX}, {"\"a", E_JSON_SYNTAX},
    {"\"\t\"", E_JSON_SYNTAX}, {"\"\\u0000\"", E_JSON_SYNTAX}, {"\"\\ud800\"", E_JSON_SYNTAX}, {"\"\xff\"", E_JSON_SYNTAX},
    {"\xef\xbb\xbf{}", E_JSON_SYNTAX}, {"// no\n{}", E_JSON_SYNTAX}, {"]][[", E_JSON_SYNTAX}, {"\"\\", E_JSON_SYNTAX},
    {"{\"a\":1,\"a\":1}", E_JSON_DUPLICATE}, {"{\"a\":1,\"\\u0061\":1}", E_JSON_DUPLICATE},
    {"{\"x\":[{\"b\":1,\"b\":2}]}", E_JSON_DUPLICATE},
};
static const char *const taken[] = {
    "{}", "[]", "null", "\"đ\"", " {\"a\":[1,2.5,true,false,null,\"\\u0111\"]} ", "9223372036854775807", "-1e10",
    "{\"a\":{\"a\":1}}", "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"", "\"\\\"[\"",
};
static const char tree[] = "{\"a\":{\"b\":[10,{\"c\":\"found\"}],\"\":\"empty\"},\"m~n\":1,\"o/p\":2,\"~1\":3,\"01\":4,\"n\":null}";
static const struct { const char *pointer, *found; } places[] = {
    {"", NULL}, {"/a/b/0", "10"}, {"/a/b/1/c", "\"found\""}, {"/a/", "\"empty\""}, {"/m~0n", "1"}, {"/o~1p", "2"},
    {"/~01", "3"}, {"/01", "4"}, {"/n", "null"},
    {"/absent", "-"}, {"/a/b/2", "-"}, {"/a/b/-1", "-"}, {"/a/b/-", "-"}, {"/a/b/00", "-"}, {"/a/b/01", "-"}, {"/a/b/-0", "-"},
    {"/a/b/x", "-"}, {"/a/b/0/x", "-"}, {"/a/b/99999999999999999999", "-"}, {"/", "-"}, {"a", "-"}, {"a/b", "-"}, {"/n/x", "-"},
};
/* clang-format on */

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void what_is_not_one_document_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        auto_error struct error e;
        json_t *j = NULL;

        error_init(&e);
        if (json_read(bytes_of(refused[i].text), &j, &e) || e.code != refused[i].code)
            fail_msg("\"%s\": %s", refused[i].text, error_row(e.code)->code);
        assert_null(j);
    }
}

static void one_document_of_any_kind_is_taken(void **state)
{
    auto_error struct error e;
    json_t *j = NULL;

    (void)state;
    error_init(&e);
    for (size_t i = 0; i < COUNT(taken); i++) {
        if (!json_read(bytes_of(taken[i]), &j, &e))
            fail_msg("\"%s\": %s", taken[i], e.detail);
        json_decref(j);
    }
    assert_false(json_read((struct bytes){NULL, 0}, &j, &e));
    error_init(&e);
    assert_false(json_read((struct bytes){"{}\0", 3}, &j, &e)); /* a NUL after it is something after it */
}

static void depth_has_a_ceiling(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 4];
    auto_error struct error e;
    json_t *j;

    (void)state;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        error_init(&e);
        if (depth == JSON_DEPTH_MAX) {
            assert_true(json_read((struct bytes){text, 2 * depth}, &j, &e));
            json_decref(j);
        } else {
            assert_false(json_read((struct bytes){text, 2 * depth}, &j, &e));
            assert_int_equal(e.code, E_JSON_TOO_DEEP);
        }
    }
}

static void pointers_find_what_they_name(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = json_loads(tree, 0, NULL);

    (void)state;
    assert_ptr_equal(json_at(j, ""), j);
    for (size_t i = 1; i < COUNT(places); i++) {
        const json_t *found = json_at(j, places[i].pointer);
        const char *text = found ? json_text(a, found) : "-";

        if (strcmp(text, places[i].found) != 0)
            fail_msg("%s leads to %s", places[i].pointer, text);
    }
    assert_null(json_at(NULL, ""));
    assert_null(json_at(NULL, "/a"));
}

static void values_are_set_where_no_scalar_stands(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = json_loads("{\"a\":{\"x\":1},\"s\":\"text\",\"l\":[1]}", 0, NULL), *kept = json_integer(9);

    (void)state;
    assert_true(json_set_at(j, "/a/y", json_incref(kept)));
    assert_true(json_set_at(j, "/new/deep/er", json_integer(2)));
    assert_true(json_set_at(j, "/m~1n/~0", json_integer(3)));
    assert_true(json_set_at(j, "/a/x", json_integer(4)));
    assert_string_equal(json_text(a, j), "{\"a\":{\"x\":4,\"y\":9},\"s\":\"text\",\"l\":[1],"
                                         "\"new\":{\"deep\":{\"er\":2}},\"m/n\":{\"~\":3}}");
    assert_false(json_set_at(j, "/s/x", json_incref(kept)));
    assert_false(json_set_at(j, "/l/0", json_incref(kept)));
    assert_false(json_set_at(j, "/l/0/x", json_incref(kept)));
    assert_false(json_set_at(j, "", json_incref(kept)));
    assert_false(json_set_at(j, "a", json_incref(kept)));
    assert_int_equal(kept->refcount, 2); /* ours and the one that was set: refusals gave theirs back */
}

static void pushed_names_lead_back(void **state)
{
    static const char *const names[] = {"a", "", "m~n", "o/p", "~1", "~", "/", "đường", "a~1b"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        auto_buf struct buf b = BUF_INIT(100);
        json_auto_t *j = json_object();

        json_object_set_new(j, names[i], json_integer(7));
        json_pointer_push(&b, names[i]);
        assert_int_equal(json_integer_value(json_at(j, b.data)), 7);
    }
}

static void canonical_text_does_not_know_the_order_of_members(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *one = json_loads("{\"b\":1,\"a\":{\"y\":[2,1],\"x\":\"đ\"}}", 0, NULL);
    json_auto_t *other = json_loads(" {\"a\" : {\"x\":\"\\u0111\", \"y\":[2,1]}, \"b\":1}", 0, NULL);

    (void)state;
    assert_string_equal(json_canonical(a, one), "{\"a\":{\"x\":\"đ\",\"y\":[2,1]},\"b\":1}");
    assert_string_equal(json_canonical(a, one), json_canonical(a, other));
    assert_string_equal(json_text(a, one), "{\"b\":1,\"a\":{\"y\":[2,1],\"x\":\"đ\"}}");
    assert_string_equal(json_text(a, json_null()), "null");
}

static void accessors_mind_absence_and_other_kinds(void **state)
{
    json_auto_t *j = json_loads("{\"s\":\"x\",\"n\":5,\"r\":1.5,\"t\":true,\"f\":false,\"z\":null}", 0, NULL);

    (void)state;
    assert_string_equal(json_str(j, "s"), "x");
    assert_null(json_str(j, "n"));
    assert_null(json_str(j, "absent"));
    assert_null(json_str(NULL, "s"));
    assert_int_equal(json_i64(j, "n", -1), 5);
    assert_int_equal(json_i64(j, "r", -1), -1);
    assert_int_equal(json_i64(j, "s", -1), -1);
    assert_int_equal(json_i64(NULL, "n", -1), -1);
    assert_true(json_flag(j, "t"));
    assert_false(json_flag(j, "f"));
    assert_false(json_flag(j, "n"));
    assert_false(json_flag(NULL, "t"));
}

static void titles_fall_back_to_vietnamese(void **state)
{
    json_auto_t *both = json_loads("{\"vi\":\"Một\",\"en\":\"One\"}", 0, NULL), *plain = json_string("Một"),
                *vi = json_loads("{\"vi\":\"Một\"}", 0, NULL), *en = json_loads("{\"en\":\"One\"}", 0, NULL);

    (void)state;
    assert_string_equal(json_title(both, LANG_VI), "Một");
    assert_string_equal(json_title(both, LANG_EN), "One");
    assert_string_equal(json_title(vi, LANG_EN), "Một");
    assert_string_equal(json_title(plain, LANG_EN), "Một");
    assert_string_equal(json_title(en, LANG_VI), "");
    assert_string_equal(json_title(NULL, LANG_VI), "");
}

static void small_values_travel_in_their_form(void **state)
{
    json_auto_t *id = json_id(INT64_MAX), *least = json_id(INT64_MIN), *at = json_instant(0),
                *none = json_instant(INSTANT_NONE), *text = json_text_or_null("x"), *null = json_text_or_null(NULL);

    (void)state;
    assert_string_equal(json_string_value(id), "9223372036854775807");
    assert_string_equal(json_string_value(least), "-9223372036854775808");
    assert_string_equal(json_string_value(at), "1970-01-01T07:00:00.000+07:00");
    assert_true(json_is_null(none));
    assert_string_equal(json_string_value(text), "x");
    assert_true(json_is_null(null));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_one_document_is_refused),
        cmocka_unit_test(one_document_of_any_kind_is_taken),
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(pointers_find_what_they_name),
        cmocka_unit_test(values_are_set_where_no_scalar_stands),
        cmocka_unit_test(pushed_names_lead_back),
        cmocka_unit_test(canonical_text_does_not_know_the_order_of_members),
        cmocka_unit_test(accessors_mind_absence_and_other_kinds),
        cmocka_unit_test(titles_fall_back_to_vietnamese),
        cmocka_unit_test(small_values_travel_in_their_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
