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
        {"\b\f\x1f", "\"\\b\\f\\u001F\""},
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

/* Forms are stored and compared as text: a tree must read the same whoever writes it. */
static void trees_are_written_as_jansson_writes_them(void **state)
{
    static const char *const trees[] = {
        "{}",
        "[]",
        "null",
        "\"đồng \\\"\\\\\\b\\f\\n\\u001f/ \\ud83d\\ude00\"",
        "-9223372036854775808",
        "[0.1, 1e300, -2.5, 1.0, 3]",
        "{\"b\": {\"a \\\" key\": [true, false, null, {}]}, \"a\": [[], [1, \"x\"]], \"\": \"\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(trees); i++) {
        auto_out struct json_out o = JSON_OUT_INIT;
        json_auto_t *tree = json_loads(trees[i], JSON_DECODE_ANY, NULL);
        auto_free char *expected = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);

        assert_non_null(tree);
        out_json(&o, tree);
        assert_string_equal(out_string(&o), expected);
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

static void every_ascii_character_survives(void **state)
{
    (void)state;
    for (int c = 1; c < 128; c++) {
        auto_out struct json_out o = JSON_OUT_INIT;
        char text[] = {'a', (char)c, 'b', '\0'};
        json_auto_t *back = NULL;

        out_text(&o, text);
        back = json_loads(out_string(&o), JSON_DECODE_ANY, NULL);
        assert_non_null(back);
        assert_string_equal(json_string_value(back), text);
    }
}

static uint64_t chance(uint64_t *walk)
{
    *walk = *walk * 6364136223846793005U + 1442695040888963407U;
    return *walk >> 33;
}

static json_t *random_text(uint64_t *walk)
{
    static const char *const pieces[] = {"a", "\"", "\\", "\n", "\x1f", "đ", "ổ", "\xf0\x9f\x98\x80", "/", "\x7f", " "};
    auto_buf struct buf b = BUF_INIT(1000);

    buf_puts(&b, "");
    for (uint64_t n = chance(walk) % 8; n; n--)
        buf_puts(&b, pieces[chance(walk) % COUNT(pieces)]);
    return json_string(b.data);
}

/* A tree of chance, written twice: as jansson's own and through the encoder. */
static json_t *random_tree(uint64_t *walk, int depth, struct json_out *o)
{
    json_t *j;
    uint64_t kind = chance(walk) % (depth ? 7 : 5), n;

    switch (kind) {
    case 0:
        out_null(o);
        return json_null();
    case 1:
        out_bool(o, true);
        return json_true();
    case 2:
        j = json_integer((json_int_t)(chance(walk) << 32 | chance(walk)) * (chance(walk) % 2 ? 1 : -1));
        out_i64(o, json_integer_value(j));
        return j;
    case 3:
        j = random_text(walk);
        out_text(o, json_string_value(j));
        return j;
    case 4:
        j = json_pack("{s:o, s:f}", "inner", random_text(walk), "real", 0.1);
        out_json(o, j);
        return j;
    case 5:
        j = json_array();
        out_open(o, '[');
        for (n = chance(walk) % 4; n; n--)
            json_array_append_new(j, random_tree(walk, depth - 1, o));
        out_close(o, ']');
        return j;
    default:
        j = json_object();
        out_open(o, '{');
        for (n = chance(walk) % 4; n; n--) {
            char name[] = {'k', (char)('0' + n), '\0'};

            out_key(o, name);
            json_object_set_new(j, name, random_tree(walk, depth - 1, o));
        }
        out_close(o, '}');
        return j;
    }
}

static void trees_of_chance_read_back(void **state)
{
    uint64_t walk = 2635; /* fixed: a failure can be repeated */

    (void)state;
    for (int i = 0; i < 3000; i++) {
        auto_out struct json_out o = JSON_OUT_INIT;
        json_auto_t *tree = random_tree(&walk, 4, &o), *back = json_loads(out_string(&o), JSON_DECODE_ANY, NULL);

        if (!json_equal(tree, back))
            fail_msg("tree %d: %s", i, out_string(&o));
    }
}

static void an_empty_reply_is_an_empty_text(void **state)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    (void)state;
    assert_string_equal(out_string(&o), "");
    out_null(&o);
    out_done(&o);
    out_i64(&o, 1); /* done is ready to begin again */
    assert_string_equal(out_string(&o), "1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(numbers),
        cmocka_unit_test(trees_are_written_as_jansson_writes_them),
        cmocka_unit_test(commas),
        cmocka_unit_test(growth),
        cmocka_unit_test(ceiling),
        cmocka_unit_test(instants),
        cmocka_unit_test(every_ascii_character_survives),
        cmocka_unit_test(trees_of_chance_read_back),
        cmocka_unit_test(an_empty_reply_is_an_empty_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
