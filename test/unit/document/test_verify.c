/* Is this paper genuine? What a stranger is told, and what not. */
#include "room.h"

/* clang-format off */
static const struct {
    const char *code, *status;
    bool ended;
    const char *answer;
} papers[] = {
    {"AAAABBBBCC01", "valid",      false, "genuine"},
    {"AAAABBBBCC02", "valid",      true,  "expired"},
    {"AAAABBBBCC03", "superseded", false, "superseded"},
    {"AAAABBBBCC04", "withdrawn",  true,  "withdrawn"},
    {"AAAABBBBCC05", "uploaded",   false, "unknown"},
};
/* clang-format on */

static void issue_all(struct street *s)
{
    struct document d;

    for (size_t i = 0; i < COUNT(papers); i++)
        issue(s, &d, "civil-extract", papers[i].code, papers[i].status, papers[i].ended ? 1000 : INSTANT_NONE);
}

static bool code_of_case(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e)
{
    (void)db, (void)case_id, (void)e;
    *code = arena_strdup(a, "H29.1.5-261121-0001");
    return true;
}

static void each_state_as_json(void **state)
{
    struct street *s = *state;
    struct answer a;

    issue_all(s);
    for (size_t i = 0; i < COUNT(papers); i++) {
        bool known = strcmp(papers[i].answer, "unknown") != 0;
        const json_t *j;

        ask(s, "GET", arena_printf(s->arena, "/verify/%s", papers[i].code), NULL, "Accept: application/json\r\n",
            (struct bytes){NULL, 0}, &a);
        j = json_of(s, &a);
        assert_int_equal(a.status, known ? 200 : 404);
        assert_string_equal(json_str(j, known ? "status" : "verdict"), papers[i].answer);
        if (known)
            assert_string_equal(json_str(j, "initials"), "N. T. L.");
    }
}

static void each_state_as_a_page(void **state)
{
    static const char *const words[] = {"Giấy tờ thật, đang có giá trị", "Giấy tờ thật, đã hết thời hạn",
                                        "Giấy tờ thật, đã được thay bằng bản mới", "Giấy tờ đã bị thu hồi",
                                        "Không tìm thấy giấy tờ mang mã này"};
    struct street *s = *state;
    struct answer a;

    issue_all(s);
    for (size_t i = 0; i < COUNT(papers); i++) {
        get(s, arena_printf(s->arena, "/verify/%s", papers[i].code), NULL, &a);
        if (!strstr(a.body, words[i]))
            fail_msg("%s: %s", papers[i].code, a.body);
        assert_non_null(strstr(a.head, "text/html"));
        assert_null(strstr(a.body, "<script>"));       /* only the one that is fetched */
        assert_null(strstr(a.body, "Nguyễn Thị Lan")); /* initials, no more */
        assert_null(strstr(a.body, LAN_NUMBER));
        assert_null(strstr(a.body, "<trích lục>")); /* titles are escaped */
    }
}

static void codes_as_people_type_them(void **state)
{
    static const struct {
        const char *typed;
        bool found;
    } rows[] = {{"AAAABBBBCC01", true},
                {"aaaa-bbbb-cc01", true},
                {"AAAA BBBB CCO1", true},
                {"AAAA.BBBB.CC0I", true},
                {"AAAABBBBCC0", false},
                {"AAAABBBBCC011", false},
                {"", false},
                {"AAAABBBBCC0'", false},
                {"AAAABBBBCC0%", false},
                {"ĐAAABBBBCC01", false}};
    struct street *s = *state;
    struct document d;
    auto_read struct db *db = NULL;

    issue(s, &d, "civil-extract", "AAAABBBBCC01", "valid", INSTANT_NONE);
    assert_ok(s, store_read(s->house.store, &db, &s->e));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict v;

        assert_ok(s, verify(db, s->arena, &s->house, rows[i].typed, 2000, &v, &s->e));
        if ((v.genuine == GENUINE_YES) != rows[i].found)
            fail_msg("%s", rows[i].typed);
    }
}

static void the_unit_that_issued_it(void **state)
{
    struct street *s = *state;
    struct document d;
    struct answer a;

    document_case_code(&s->house, code_of_case);
    issue(s, &d, "civil-extract", "AAAABBBBCC01", "valid", INSTANT_NONE);
    d.id = 0;
    d.case_id = 7;
    d.verify_code = "AAAABBBBCC02";
    assert_ok(s, store_write(s->house.store, add_write, &d, &s->e));
    get(s, "/verify/AAAABBBBCC01", NULL, &a);
    assert_null(strstr(a.body, "Phường Bến Thành"));
    get(s, "/verify/AAAABBBBCC02", NULL, &a);
    assert_non_null(strstr(a.body, "Phường Bến Thành"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        room_story(each_state_as_json),
        room_story(each_state_as_a_page),
        room_story(codes_as_people_type_them),
        room_story(the_unit_that_issued_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
