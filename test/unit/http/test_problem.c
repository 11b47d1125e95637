#include "suite.h"

#include <string.h>

#include "http/http_internal.h"

static void speaks_the_readers_language(void **state)
{
    struct error e;
    json_t *vi, *en, *first;

    (void)state;
    error_init(&e);
    (void)fail_field(&e, "/name", "required", "name");
    error_extra_new(&e, "version", json_integer(7));
    error_extra_new(&e, "status", json_integer(200)); /* never over our own members */
    vi = problem_new(&e, LANG_VI, "00ab");
    en = problem_new(&e, LANG_EN, NULL);
    assert_string_equal(json_str(vi, "type"), "urn:motcua:problem:invalid-input");
    assert_string_equal(json_str(vi, "code"), "invalid-input");
    assert_int_equal(json_i64(vi, "status", 0), 422);
    assert_int_equal(json_i64(vi, "version", 0), 7);
    assert_string_equal(json_str(vi, "instance"), "00ab");
    assert_null(json_object_get(en, "instance"));
    assert_string_not_equal(json_str(vi, "title"), json_str(en, "title"));
    first = json_array_get(json_object_get(vi, "errors"), 0);
    assert_string_equal(json_str(first, "pointer"), "/name");
    assert_string_equal(json_str(first, "keyword"), "required");
    assert_string_equal(json_str(first, "message"), "Mục này chưa được điền.");
    json_decref(vi);
    json_decref(en);
    error_done(&e);
}

static void tells_only_what_is_safe(void **state)
{
    static const struct {
        enum error_code code;
        bool detail;
    } rows[] = {
        {E_JSON_SYNTAX, true}, {E_BODY_TOO_LARGE, true}, {E_FORBIDDEN, false}, {E_NOT_FOUND, false},
        {E_INTERNAL, false},   {E_DATABASE, false},      {E_DISK_FULL, false}, {E_STALE, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error e;
        json_t *problem;

        error_init(&e);
        (void)fail(&e, rows[i].code, "the inner reason");
        problem = problem_new(&e, LANG_EN, NULL);
        if ((json_object_get(problem, "detail") != NULL) != rows[i].detail)
            fail_msg("%s", json_str(problem, "code"));
        json_decref(problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_the_readers_language),
        cmocka_unit_test(tells_only_what_is_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
