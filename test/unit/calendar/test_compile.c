/* The days of the delivered calendar, and definitions that must be refused with the place of the mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "city.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

/* clang-format off */
static const struct { const char *date; bool working, unsure; const char *vi; } days[] = {
    {"2020-01-23", false, false, "Tết Nguyên đán"},       {"2020-01-30", true,  false, NULL},
    {"2020-09-03", true,  false, NULL},                   {"2021-05-03", false, false, "Nghỉ bù Ngày Quốc tế lao động"},
    {"2021-09-03", false, false, "Quốc khánh (ngày liền kề)"},
    {"2022-01-03", false, false, "Nghỉ bù Tết Dương lịch"}, {"2022-04-11", false, false, "Nghỉ bù Giỗ Tổ Hùng Vương"},
    {"2022-05-02", false, false, "Nghỉ bù Ngày Chiến thắng"}, {"2022-05-03", false, false, "Nghỉ bù Ngày Quốc tế lao động"},
    {"2023-05-02", false, false, "Nghỉ bù Giỗ Tổ Hùng Vương"}, {"2023-05-03", false, false, "Nghỉ bù Ngày Chiến thắng"},
    {"2023-05-04", true,  false, NULL},                   {"2023-09-04", false, false, "Nghỉ bù Quốc khánh"},
    {"2024-04-29", false, false, "Nghỉ hoán đổi, làm bù ngày 2024-05-04"},
    {"2024-05-04", true,  false, "Làm bù cho ngày 2024-04-29"},
    {"2024-02-15", true,  false, NULL},                   {"2025-02-03", true,  false, NULL},
    {"2025-11-24", true,  false, NULL},                   {"2026-11-24", false, false, "Ngày Văn hóa Việt Nam"},
    {"2026-11-23", true,  true,  NULL},                   {"2026-04-26", false, false, "Giỗ Tổ Hùng Vương"},
    {"2026-04-27", false, false, "Nghỉ bù Giỗ Tổ Hùng Vương"}, {"2026-01-10", true, false, "Làm bù cho ngày 2026-01-02"},
    {"2027-02-11", false, true,  "Nghỉ bù Tết Nguyên đán"}, {"2027-02-12", true, false, NULL},
    {"2028-11-24", false, false, "Ngày Văn hóa Việt Nam"}, {"2030-02-02", false, true,  "Tết Nguyên đán"},
};
/* clang-format on */

static void days_as_announced(void **state)
{
    auto_arena struct arena *a = arena_new();
    const struct calendar *c = city_calendar(a);

    (void)state;
    for (size_t i = 0; i < COUNT(days); i++) {
        struct calendar_day d = calendar_day(c, on(days[i].date));

        print_message("  %s\n", days[i].date);
        assert_int_equal(d.working, days[i].working);
        assert_int_equal(d.unsure, days[i].unsure);
        assert_true(text_equal(d.name[LANG_VI], days[i].vi));
        assert_int_equal(d.name[LANG_VI] != NULL, d.name[LANG_EN] != NULL);
    }
}

/* Labour Code Art 112: ten days a year before 2021, eleven from it, twelve from 2026; days in lieu make each count. */
static void the_law_gives_so_many_days(void **state)
{
    auto_arena struct arena *a = arena_new();
    const struct calendar *c = city_calendar(a);

    (void)state;
    for (int year = 2020; year <= 2037; year++) {
        int64_t first = date_to_days((struct date){year, 1, 1}), last = date_to_days((struct date){year, 12, 31});
        int rest = 0, expected = year < 2021 ? 10 : year < 2026 ? 11 : 12;

        for (int64_t day = first; day <= last; day++) {
            struct date d = date_from_days(day);

            rest += date_weekday(d) < 5 && !calendar_is_working_day(c, d);
            rest -= date_weekday(d) >= 5 && calendar_is_working_day(c, d); /* a Saturday worked for a day off */
        }
        if (rest != expected)
            fail_msg("%d has %d weekdays off, not %d", year, rest, expected);
    }
}

/* clang-format off */
static const struct { const char *pointer, *value, *where; } mistakes[] = {
    {"/colour", "\"red\"", "/colour"},
    {"/span/to", "\"2019-01-01\"", "/span"},
    {"/span/to", "\"9999-01-01\"", "/span"},
    {"/span/from", "\"2020-02-30\"", "/span/from"},
    {"/same_day_until", "\"3 pm\"", "/same_day_until"},
    {"/same_day_until", "\"25:00\"", "/same_day_until"},
    {"/hours", "{}", "/hours"},
    {"/hours/0/week/monday", "[\"11:30-07:30\"]", "/hours/0/week/monday/0"},
    {"/hours/0/week/monday", "[\"07:30-11:30\", \"11:00-12:00\"]", "/hours/0/week/monday/1"},
    {"/hours/0/week/monday", "[1]", "/hours/0/week/monday/0"},
    {"/hours/0/week/moonday", "[]", "/hours/0/week/moonday"},
    {"/holidays/0/on", "\"13-01\"", "/holidays/0/on"},
    {"/holidays/0/on", "\"02-29\"", "/holidays/0/on"},
    {"/holidays/0/dates", "[]", "/holidays/0"},
    {"/holidays/0/days", "400", "/holidays/0"},
    {"/holidays/0/id", "\"tet\"", "/holidays/1"},
    {"/holidays/1/dates/3", "\"soon\"", "/holidays/1/dates/3"},
    {"/holidays/1/from", "\"2037-12-31\"", NULL},
    {"/official/0/holiday", "\"christmas\"", "/official/0"},
    {"/official/0/last", "\"2020-03-23\"", "/official/0"},
    {"/swaps/0/worked", "\"2024-05-03\"", "/swaps/0"},
    {"/swaps/0/off", "\"2024-05-05\"", "/swaps/0"},
    {"/swaps/0/worked", "null", "/swaps/0/worked"},
    {"/extra", "[{\"weekday\": \"someday\", \"hours\": [\"07:30-11:30\"]}]", "/extra/0/weekday"},
};
/* clang-format on */

/* Puts the value in the place of what is there, in an object or a list. */
static void put(struct arena *a, json_t *j, const char *pointer, const char *value)
{
    char *parent = arena_strdup(a, pointer), *last = strrchr(parent, '/');
    json_t *place, *v = json_loads(value, JSON_DECODE_ANY, NULL);
    int64_t index;

    *last++ = '\0';
    place = json_at(j, parent);
    if (json_is_array(place))
        assert_true(text_to_i64(last, 0, 99, &index) && json_array_set_new(place, (size_t)index, v) == 0);
    else
        assert_int_equal(json_object_set_new(place, last, v), 0);
}

static void mistakes_are_refused_in_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        auto_arena struct arena *a = arena_new();
        json_auto_t *definition = json_deep_copy(city_definition(a));
        struct calendar *c;
        struct error e = {0};

        print_message("  %s = %s\n", mistakes[i].pointer, mistakes[i].value);
        put(a, definition, mistakes[i].pointer, mistakes[i].value);
        if (!mistakes[i].where) {
            assert_true(calendar_compile(a, definition, &c, &e));
            continue;
        }
        assert_false(calendar_compile(a, definition, &c, &e));
        assert_int_equal(e.code, E_PACK);
        assert_int_equal(e.n_items, 1);
        assert_string_equal(e.items[0].pointer, mistakes[i].where);
    }
}

static void what_is_no_definition_is_refused(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *list = json_array(), *empty = json_object();
    struct calendar *c;
    struct error e = {0};

    (void)state;
    assert_false(calendar_compile(a, NULL, &c, &e));
    assert_false(calendar_compile(a, list, &c, &e));
    assert_false(calendar_compile(a, empty, &c, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_as_announced),
        cmocka_unit_test(the_law_gives_so_many_days),
        cmocka_unit_test(mistakes_are_refused_in_their_place),
        cmocka_unit_test(what_is_no_definition_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
