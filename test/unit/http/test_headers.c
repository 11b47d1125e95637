#include "suite.h"

#include <string.h>

#include "http/http_internal.h"

static void language(void **state)
{
    static const struct {
        const char *header;
        enum lang lang;
    } rows[] = {
        {NULL, LANG_VI},
        {"", LANG_VI},
        {"en", LANG_EN},
        {"en-US,en;q=0.9", LANG_EN},
        {"vi-VN,vi;q=0.9,en;q=0.8", LANG_VI},
        {"en;q=0.5, vi;q=0.4", LANG_EN},
        {"en, vi", LANG_VI},
        {"fr, en;q=0.3", LANG_EN},
        {"fr, *;q=0.5, en;q=0.3", LANG_VI},
        {"fr", LANG_VI},
        {"english", LANG_VI},
        {",,;q=,", LANG_VI},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (accept_language(rows[i].header) != rows[i].lang)
            fail_msg("%s", rows[i].header);
}

static void encoding(void **state)
{
    (void)state;
    assert_true(accept_encoding("gzip, deflate, br", "br"));
    assert_true(accept_encoding("gzip;q=0.5", "gzip"));
    assert_false(accept_encoding("gzip;q=0, br", "gzip"));
    assert_false(accept_encoding("brotli", "br"));
    assert_false(accept_encoding(NULL, "br"));
}

static void versions(void **state)
{
    static const struct {
        const char *header;
        int64_t version;
        enum error_code code;
    } rows[] = {
        {"\"7\"", 7, E_NONE},
        {"\"7-en\"", 7, E_NONE},
        {"\"-en\"", 0, E_STALE},
        {"*", -1, E_NONE},
        {" * ", -1, E_BAD_REQUEST},
        {"W/\"7\"", 7, E_NONE},
        {"\"3\", \"12\" , \"5\"", 12, E_NONE},
        {"\"abc\"", 0, E_STALE},
        {"7", 0, E_BAD_REQUEST},
        {"\"7", 0, E_BAD_REQUEST},
        {"\"99999999999999999999\"", 0, E_STALE},
        {"\"111111111111111111111111111111111\"", 0, E_STALE},
        {"\"-1\"", 0, E_STALE},
        {"\"\"", 0, E_STALE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error e;
        int64_t version;
        bool good;

        error_init(&e);
        good = if_match_parse(rows[i].header, &version, &e);
        if (good != (rows[i].code == E_NONE) || e.code != rows[i].code || (good && version != rows[i].version))
            fail_msg("%s", rows[i].header);
    }
}

static void tags(void **state)
{
    (void)state;
    assert_true(etag_listed("\"a\", W/\"b\"", "\"b\""));
    assert_true(etag_listed("*", "\"b\""));
    assert_false(etag_listed("\"a\"", "\"b\""));
    assert_false(etag_listed("b", "\"b\""));
    assert_false(etag_listed(NULL, "\"b\""));
}

static void ranges(void **state)
{
    static const struct {
        const char *header;
        uint64_t size;
        enum range range;
        uint64_t start, len;
    } rows[] = {
        {NULL, 10, RANGE_WHOLE},
        {"bytes=0-3", 10, RANGE_PART, 0, 4},
        {"bytes=4-", 10, RANGE_PART, 4, 6},
        {"bytes=-3", 10, RANGE_PART, 7, 3},
        {"bytes=-30", 10, RANGE_PART, 0, 10},
        {"bytes=8-99", 10, RANGE_PART, 8, 2},
        {"bytes=10-", 10, RANGE_OUTSIDE},
        {"bytes=-0", 10, RANGE_OUTSIDE},
        {"bytes=-1", 0, RANGE_OUTSIDE},
        {"bytes=3-1", 10, RANGE_WHOLE},
        {"bytes=1-2,4-5", 10, RANGE_WHOLE},
        {"bytes=-", 10, RANGE_WHOLE},
        {"lines=1-2", 10, RANGE_WHOLE},
        {"bytes=99999999999999999999-", 10, RANGE_WHOLE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t start = 0, len = 0;
        enum range range = range_parse(rows[i].header, rows[i].size, &start, &len);

        if (range != rows[i].range || (range == RANGE_PART && (start != rows[i].start || len != rows[i].len)))
            fail_msg("%s", rows[i].header);
    }
}

static void origins(void **state)
{
    static const struct {
        const char *origin, *host, *public_origin;
        bool same;
    } rows[] = {
        {"http://localhost:8080", "localhost:8080", NULL, true},
        {"https://dvc.example.vn/ho-so/1", "dvc.example.vn", NULL, true},
        {"https://evil.example", "dvc.example.vn", NULL, false},
        {"https://dvc.example.vn.evil.example", "dvc.example.vn", NULL, false},
        {"https://dvc.example.vn", "inside:8080", "https://dvc.example.vn", true},
        {"http://dvc.example.vn", "inside:8080", "https://dvc.example.vn", false},
        {"null", "null", NULL, false},
        {"http://", "", NULL, true},
        {"http://a", NULL, NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (origin_matches(rows[i].origin, rows[i].host, rows[i].public_origin) != rows[i].same)
            fail_msg("%s", rows[i].origin);
}

static void json_types(void **state)
{
    (void)state;
    assert_true(media_type_is_json("application/json"));
    assert_true(media_type_is_json("Application/JSON; charset=\"UTF-8\""));
    assert_true(media_type_is_json("application/merge-patch+json"));
    assert_false(media_type_is_json("application/json; charset=utf-16"));
    assert_false(media_type_is_json("application/jsonp"));
    assert_false(media_type_is_json("text/plain"));
    assert_false(media_type_is_json(NULL));
}

static void percent(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"abc", "abc"}, {"a%2Fb", "a/b"}, {"%C4%91", "đ"}, {"%", NULL},   {"%4", NULL},
        {"%zz", NULL},  {"%00", NULL},    {"%C4", NULL},   {"%0d", NULL}, {"%41", "A"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = percent_decode(a, rows[i].in, strlen(rows[i].in));

        if (!text_equal(got, rows[i].out))
            fail_msg("%s", rows[i].in);
    }
    arena_free(a);
}

static void keys(void **state)
{
    char longest[HTTP_KEY_MAX + 2];

    (void)state;
    memset(longest, 'k', sizeof longest);
    longest[HTTP_KEY_MAX] = '\0';
    assert_true(idempotency_key_is_valid("a-1"));
    assert_true(idempotency_key_is_valid(longest));
    longest[HTTP_KEY_MAX] = 'k';
    longest[HTTP_KEY_MAX + 1] = '\0';
    assert_false(idempotency_key_is_valid(longest));
    assert_false(idempotency_key_is_valid(""));
    assert_false(idempotency_key_is_valid("a b"));
    assert_false(idempotency_key_is_valid("đ"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(language),   cmocka_unit_test(encoding), cmocka_unit_test(versions),
        cmocka_unit_test(tags),       cmocka_unit_test(ranges),   cmocka_unit_test(origins),
        cmocka_unit_test(json_types), cmocka_unit_test(percent),  cmocka_unit_test(keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
