/* The encoder of replies: what it writes reads back as what was meant, past every growth of its buffer and up to its
 * ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"

#include <cmocka.h> /* last: its fail() is a macro */

static void texts(void **state)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"", "\"\""},
        {"Nguyễn Thị Lựu", "\"Nguyễn Thị Lựu\""},
        {"a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\""},
        {"line\nline\ttab\rreturn", "\"line\\nline\\ttab\\rreturn\""},
        {"\x01", "\"\\u0001\""},
        {"\"", "\"\\\"\""},
        {NULL, "null"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_out struct json_out o = JSON_OUT_INIT;

        out_text(&o, rows[i].text);
        assert_string_equal(out_string(&o), rows[i].json);
    }
}

static void numbers(void **state)
{
    static const struct {
        int64_t n;
        const char *plain, *id;
    } rows[] = {
        {0, "0", "\"0\""},
        {-1, "-1", "\"-1\""},
        {INT64_MAX, "9223372036854775807", "\"9223372036854775807\""},
        {INT64_MIN, "-9223372036854775808", "\"-9223372036854775808\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_out struct json_out plain = JSON_OUT_INIT, id = JSON_OUT_INIT;

        out_i64(&plain, rows[i].n);
        out_id(&id, rows[i].n);
        assert_string_equal(out_string(&plain), rows[i].plain);
        assert_string_equal(out_string(&id), rows[i].id);
    }
}

static void commas(void **state)
{
    auto_out struct json_out o = JSON_OUT_INIT;
    json_auto_t *tree = json_pack("[i, i]", 1, 2);

    (void)state;
    out_open(&o, '{');
    out_key(&o, "empty");
    out_open(&o, '[');
    out_close(&o, ']');
    out_key(&o, "list");
    out_open(&o, '[');
    out_i64(&o, 1);
    out_text(&o, "two");
    out_bool(&o, true);
    out_bool(&o, false);
    out_null(&o);
    out_raw(&o, "{\"raw\":1}");
    out_raw(&o, NULL);
    out_json(&o, tree);
    out_json(&o, NULL);
    out_id(&o, 7);
    out_open(&o, '{');
    out_close(&o, '}');
    out_close(&o, ']');
    out_member_instant(&o, "at", 0);
    out_member_instant(&o, "never", INSTANT_NONE);
    out_close(&o, '}');
    assert_string_equal(out_string(&o),
                        "{\"empty\":[],\"list\":[1,\"two\",true,false,null,{\"raw\":1},null,[1,2],null,\"7\",{}],"
                        "\"at\":\"1970-01-01T07:00:00.000+07:00\",\"never\":null}");
}

/* Every length around every doubling of the buffer. */
static void growth(void **state)
{
    char text[1200];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        auto_out struct json_out o = JSON_OUT_INIT;

        text[len] = '\0';
        out_open(&o, '[');
        out_text(&o, text);
        out_key(&o, "k");
        out_i64(&o, 12);
        assert_int_equal(o.buf.len, strlen(out_string(&o)));
        assert_int_equal(o.buf.len, 1 + len + 2 + 1 + 4 + 2);
        text[len] = 'x';
    }
}

static void ceiling(void **state)
{
    (void)state;
    for (size_t max = 0; max < 40; max++) {
        struct json_out o = {.buf = BUF_INIT(max)};

        out_open(&o, '{');
        out_member_text(&o, "name", "value");
        out_member_id(&o, "id", 123456);
        out_close(&o, '}');
        assert_true(o.buf.len <= max);
        assert_int_equal(o.buf.overflow, max < strlen("{\"name\":\"value\",\"id\":\"123456\"}"));
        out_done(&o);
    }
}

static void instants(void **state)
{
    static const char *const rows[] = {
        "1970-01-01T07:00:00.000+07:00", "2026-11-21T09:08:07.006+07:00", "2024-02-29T23:59:59.999+07:00",
        "1969-12-31T23:59:59.999+07:00", "1900-03-01T00:00:00.000+07:00", "9999-12-31T23:59:59.999+07:00",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[INSTANT_TEXT_MAX];
        int64_t ms;

        assert_true(instant_parse(rows[i], &ms));
        instant_format(ms, text);
        assert_string_equal(text, rows[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),  cmocka_unit_test(numbers), cmocka_unit_test(commas),
        cmocka_unit_test(growth), cmocka_unit_test(ceiling), cmocka_unit_test(instants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
