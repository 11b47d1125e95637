/* The standard's formats, asserted; and regular expressions as ECMA-262 means them. */
#include "schema_test.h"

/* clang-format off */
static const struct { const char *format, *text; bool valid; } rows[] = {
    {"date", "2024-02-29", true},               {"date", "2023-02-29", false},          {"date", "2024-2-9", false},
    {"time", "08:30:06Z", true},                {"time", "08:30:06.25+07:00", true},    {"time", "24:00:00Z", false},
    {"time", "23:59:60Z", true},                {"time", "22:59:60Z", false},           {"time", "06:59:60+07:00", true},
    {"time", "08:30:06", false},                {"time", "08:30Z", false},              {"time", "08:30:06+24:00", false},
    {"date-time", "2026-11-21T09:00:00+07:00", true},  {"date-time", "2026-11-21 09:00:00Z", false},
    {"date-time", "2026-11-31T09:00:00Z", false},      {"date-time", "1998-12-31T23:59:60Z", true},
    {"duration", "P4DT12H30M5S", true},         {"duration", "P", false},               {"duration", "P1YT", false},
    {"duration", "P2W", true},                  {"duration", "PT1D", false},            {"duration", "P1D2Y", false},
    {"email", "nguyen.van.a@hcmc.example", true},  {"email", "a..b@x.vn", false},       {"email", "x.vn", false},
    {"email", "\"a b\"@x.vn", true},            {"email", "a@[127.0.0.1]", true},       {"email", "a@[x]", false},
    {"email", ".a@x.vn", false},                {"email", "a.@x.vn", false},            {"email", "a@", false},
    {"idn-email", "nguyễn@ví-dụ.vn", true},     {"idn-email", "@vn", false},            {"email", "nguyễn@x.vn", false},
    {"hostname", "a-b.example", true},          {"hostname", "-a.example", false},      {"hostname", "a..b", false},
    {"hostname", "a-.example", false},          {"hostname", "", false},                {"hostname", "a_b", false},
    {"ipv4", "192.168.0.1", true},              {"ipv4", "192.168.01.1", false},        {"ipv4", "1.2.3", false},
    {"ipv6", "::ffff:1.2.3.4", true},           {"ipv6", "1::2::3", false},             {"ipv6", "fe80::1%eth0", false},
    {"uri", "http://u:p@x.vn:8080/a%20b?q=1#f", true},  {"uri", "//x.vn/a", false},     {"uri", "http://x.vn/a b", false},
    {"uri", "urn:uuid:1", true},                {"uri", "http://[::1]/", true},         {"uri", "http://x:a/", false},
    {"uri", "http://x.vn/%2", false},           {"uri", "mailto:a@x.vn", true},         {"uri", "http://x.vn/ă", false},
    {"iri", "http://x.vn/ă", true},             {"uri-reference", "../a#b", true},      {"uri-reference", "a\\b", false},
    {"uri-reference", "1a:b", false},           {"iri-reference", "ă", true},           {"uri", "http://[::1", false},
    {"uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true},  {"uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", false},
    {"uuid", "2eb8aa08aa9811eab4aa73b441d16380", false},     {"uuid", "", false},
    {"json-pointer", "/a~0/b~1", true},         {"json-pointer", "a", false},           {"json-pointer", "/~2", false},
    {"relative-json-pointer", "1/a", true},     {"relative-json-pointer", "0#", true},  {"relative-json-pointer", "01", false},
    {"regex", "^[a-z]\\d+$", true},             {"regex", "^(abc", false},              {"regex", "\\a", false},
    {"vn-unit-code", "H29.12", true},           {"vn-unit-code", "29", false},
};

static const struct { const char *pattern, *text; bool matches; } patterns[] = {
    {"^\\d$", "٣", false},            /* \d is 0 to 9 */
    {"^\\w$", "é", false},            /* \w is ASCII */
    {"^\\s$", "\u00a0", true},        /* but \s is Unicode's */
    {"^[\\s]$", "\u2003", true},
    {"^\\S$", "\ufeff", false},
    {"^\\p{Letter}$", "đ", true},
    {"^\\p{Script=Greek}$", "π", true},
    {"^\\P{Lu}$", "Đ", false},
    {"^.$", "đ", true},               /* one character, however many bytes */
    {"^a$", "a\n", false},            /* $ is the very end */
    {"^[[:alpha:]]$", "x", false},    /* no POSIX classes */
    {"^[[:alpha:]]$", ":]", true},
    {"^\\u0111$", "đ", true},
    {"^\\cA$", "\x01", true},
    {"^a{2,3}$", "aaa", true},
    {"^a{,3}$", "a{,3}", true},       /* not a quantifier */
    {"^(?<y>\\d\\d)\\k<y>$", "1212", true},
    {"^(?!x)[^y]+$", "abc", true},
    {"(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false}, /* stopped, not waited for */
};
/* clang-format on */

static void check(const char *keyword, const char *value, const char *text, bool valid)
{
    const struct schema_options options = {.assert_formats = true};
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = json_pack("{s:s}", keyword, value), *instance = json_string(text);
    struct schema *s;
    struct error e;

    error_init(&e);
    if (!schema_compile(a, j, &options, &s, &e))
        red("%s %s: %s", keyword, value, e.detail);
    if (schema_validate(s, instance, &e) != valid)
        red("%s %s: '%s' should be %s", keyword, value, text, valid ? "valid" : "invalid");
}

static void test_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check("format", rows[i].format, rows[i].text, rows[i].valid);
}

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(patterns); i++)
        check("pattern", patterns[i].pattern, patterns[i].text, patterns[i].matches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats), cmocka_unit_test(test_patterns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
