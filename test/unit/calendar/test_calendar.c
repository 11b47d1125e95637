/* Deadlines as rows that can be read aloud, and a slow, obvious calendar that must agree on 200,000 random cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "city.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

enum { CASES = 200000, MINUTE = 60000 };

static struct arena *arena;
static struct calendar *city;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    city = city_calendar(arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* clang-format off */
static const struct { const char *received, *limit; enum due_way way; const char *due, *why; } due_rows[] = {
    {"2026-11-20 10:00", "3 working-day", DUE_LEGAL_DAYS, "2026-11-26 17:00", "24/11 is a holiday from 2026"},
    {"2025-11-21 10:00", "3 working-day", DUE_LEGAL_DAYS, "2025-11-26 17:00", "24/11 was an ordinary Monday in 2025"},
    {"2025-11-20 10:00", "3 working-day", DUE_LEGAL_DAYS, "2025-11-25 17:00", "the same date a year before: no holiday"},
    {"2026-11-20 10:00", "3 working-day", DUE_WORKING_HOURS, "2026-11-26 10:00", "by hours, from the minute"},
    /* the two rows of the style guide */
    {"2025-06-06 16:00", "1 working-day", DUE_WORKING_HOURS, "2025-06-09 16:00", "Friday runs over the weekend"},
    {"2025-08-29 09:00", "1 working-day", DUE_WORKING_HOURS, "2025-09-03 09:00", "National Day, 1 and 2 September"},
    {"2025-08-29 09:00", "1 working-day", DUE_LEGAL_DAYS, "2025-09-03 17:00", "National Day by the legal count"},
    {"2020-09-01 09:00", "1 working-day", DUE_LEGAL_DAYS, "2020-09-03 17:00", "one day only before the Code of 2019"},
    {"2026-08-28 09:00", "1 working-day", DUE_LEGAL_DAYS, "2026-09-03 17:00", "31/8 swapped, 1/9 and 2/9 off"},
    {"2023-08-31 09:00", "1 working-day", DUE_LEGAL_DAYS, "2023-09-05 17:00", "2/9/2023 was a Saturday: Monday in lieu"},
    /* office hours */
    {"2026-03-02 06:10", "1 working-day", DUE_WORKING_HOURS, "2026-03-02 17:00", "before opening counts from 07:30"},
    {"2026-03-02 12:15", "1 working-day", DUE_WORKING_HOURS, "2026-03-03 11:30", "in the lunch break counts from 13:00"},
    {"2026-03-02 11:00", "2 working-hour", DUE_LEGAL_DAYS, "2026-03-02 14:30", "two hours over lunch"},
    {"2026-03-02 18:30", "1 working-day", DUE_WORKING_HOURS, "2026-03-03 17:00", "after closing counts from the next day"},
    {"2026-03-06 18:30", "4 working-hour", DUE_WORKING_HOURS, "2026-03-09 11:30", "Friday evening waits for Monday"},
    {"2026-03-07 09:00", "1 working-day", DUE_WORKING_HOURS, "2026-03-09 17:00", "Saturday waits for Monday"},
    {"2026-03-07 09:00", "1 working-day", DUE_LEGAL_DAYS, "2026-03-09 17:00", "the day of the event is not counted"},
    {"2026-03-02 18:30", "1 working-day", DUE_LEGAL_DAYS, "2026-03-03 17:00", "nor when it came in the evening"},
    {"2026-03-02 07:30", "1 working-day", DUE_WORKING_HOURS, "2026-03-02 17:00", "a full day from opening to closing"},
    /* same day */
    {"2026-03-02 14:59", "same-day", DUE_LEGAL_DAYS, "2026-03-02 17:00", "just before three"},
    {"2026-03-02 15:00", "same-day", DUE_LEGAL_DAYS, "2026-03-03 17:00", "at three: the next working day"},
    {"2026-03-06 16:00", "same-day", DUE_LEGAL_DAYS, "2026-03-09 17:00", "Friday at four: Monday"},
    {"2026-03-02 05:00", "same-day", DUE_LEGAL_DAYS, "2026-03-02 17:00", "before opening"},
    {"2026-03-02 12:00", "same-day", DUE_WORKING_HOURS, "2026-03-02 17:00", "in the lunch break"},
    {"2026-03-07 09:00", "same-day", DUE_LEGAL_DAYS, "2026-03-09 17:00", "on a Saturday"},
    {"2026-11-23 15:30", "same-day", DUE_LEGAL_DAYS, "2026-11-25 17:00", "over 24/11"},
    /* Tết, Giỗ Tổ, spring holidays */
    {"2024-02-07 10:00", "1 working-day", DUE_LEGAL_DAYS, "2024-02-15 17:00", "Tết 2024: 8 to 14 February"},
    {"2025-01-24 10:00", "1 working-day", DUE_LEGAL_DAYS, "2025-02-03 17:00", "Tết 2025: 25 January to 2 February"},
    {"2026-02-13 10:00", "1 working-day", DUE_LEGAL_DAYS, "2026-02-23 17:00", "Tết 2026: 14 to 22 with the weekends"},
    {"2026-04-24 10:00", "1 working-day", DUE_LEGAL_DAYS, "2026-04-28 17:00", "Giỗ Tổ on Sunday: Monday 27/04 off"},
    {"2023-04-28 10:00", "1 working-day", DUE_LEGAL_DAYS, "2023-05-04 17:00", "Giỗ Tổ, 30/4 on a weekend: two days in lieu"},
    {"2022-04-29 10:00", "1 working-day", DUE_LEGAL_DAYS, "2022-05-04 17:00", "30/4 and 1/5 on a weekend"},
    {"2021-12-31 10:00", "1 working-day", DUE_LEGAL_DAYS, "2022-01-04 17:00", "New Year on a Saturday"},
    /* swaps */
    {"2024-04-26 10:00", "1 working-day", DUE_LEGAL_DAYS, "2024-05-02 17:00", "Monday 29/4 swapped"},
    {"2024-05-03 10:00", "1 working-day", DUE_LEGAL_DAYS, "2024-05-04 17:00", "the Saturday worked for it counts"},
    {"2026-01-09 16:00", "2 working-hour", DUE_LEGAL_DAYS, "2026-01-10 08:30", "hours run on into a worked Saturday"},
    {"2026-01-10 14:00", "same-day", DUE_LEGAL_DAYS, "2026-01-10 17:00", "which is a day like others"},
    {"2025-04-25 10:00", "2 working-day", DUE_LEGAL_DAYS, "2025-04-28 17:00", "Saturday 26/4/2025 was worked"},
    /* calendar days and months */
    {"2026-03-02 10:00", "5 day", DUE_LEGAL_DAYS, "2026-03-09 17:00", "ends on a Saturday: Monday"},
    {"2026-03-02 10:00", "3 day", DUE_WORKING_HOURS, "2026-03-05 17:00", "calendar days count alike both ways"},
    {"2026-04-20 10:00", "10 day", DUE_LEGAL_DAYS, "2026-05-04 17:00", "ends on 30/4, 1/5 off, weekend: Monday"},
    {"2026-01-31 10:00", "1 month", DUE_LEGAL_DAYS, "2026-03-02 17:00", "28 February is a Saturday"},
    {"2024-01-31 10:00", "1 month", DUE_LEGAL_DAYS, "2024-02-29 17:00", "the last day of a leap February"},
    {"2026-11-30 10:00", "2 month", DUE_LEGAL_DAYS, "2027-02-01 17:00", "30 January is a Saturday, over the year's end"},
    {"2025-12-15 10:00", "12 month", DUE_LEGAL_DAYS, "2026-12-15 17:00", "a year"},
};
/* clang-format on */

static void due_as_the_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(due_rows); i++) {
        char text[INSTANT_TEXT_MAX];
        struct error e = {0};
        struct limit limit;
        struct due due;

        print_message("  %s + %s: %s\n", due_rows[i].received, due_rows[i].limit, due_rows[i].why);
        assert_true(limit_parse(due_rows[i].limit, &limit));
        assert_true(calendar_due(city, at(due_rows[i].received), limit, due_rows[i].way, &due, &e));
        assert_string_equal(said(due.due_ms, text), due_rows[i].due);
    }
}

static void hours_keep_the_legal_due_beside(void **state)
{
    char text[INSTANT_TEXT_MAX];
    struct error e = {0};
    struct due due;

    (void)state;
    assert_true(
        calendar_due(city, at("2026-11-20 10:00"), (struct limit){3, LIMIT_WORKING_DAY}, DUE_WORKING_HOURS, &due, &e));
    assert_string_equal(said(due.due_ms, text), "2026-11-26 10:00");
    assert_string_equal(said(due.legal_due_ms, text), "2026-11-26 17:00");
}

static void outside_the_span_is_an_error(void **state)
{
    struct error e = {0};
    struct due due;

    (void)state;
    assert_false(
        calendar_due(city, at("2037-12-30 10:00"), (struct limit){30, LIMIT_WORKING_DAY}, DUE_LEGAL_DAYS, &due, &e));
    assert_int_equal(e.code, E_CALENDAR_SPAN);
    assert_false(calendar_due(city, at("2019-12-30 10:00"), (struct limit){1, LIMIT_DAY}, DUE_LEGAL_DAYS, &due, &e));
    assert_int_equal(calendar_work_minutes(city, at("2019-12-30 10:00"), at("2020-01-03 10:00")), -1);
    assert_true(calendar_add_work_minutes(city, at("2037-12-31 16:00"), 61) == INSTANT_NONE);
    assert_true(calendar_next_opening(city, at("2037-12-31 17:00")) == INSTANT_NONE);
    assert_false(calendar_is_working_day(city, on("2038-01-04")));
}

/* clang-format off */
static const struct { const char *from, *to; int64_t minutes; } minute_rows[] = {
    {"2026-03-02 07:30", "2026-03-02 17:00", 480}, {"2026-03-02 11:00", "2026-03-02 13:30", 60},
    {"2026-03-06 16:00", "2026-03-09 08:30", 120}, {"2026-03-07 00:00", "2026-03-08 23:59", 0},
    {"2026-11-23 16:59", "2026-11-25 07:31", 2},   {"2026-03-03 10:00", "2026-03-02 10:00", 0},
};
static const struct { const char *received, *due; } hand_over_rows[] = {
    {"2026-03-02 10:00", "2026-03-02 17:00"}, {"2026-03-02 15:00", "2026-03-03 07:30"},
    {"2026-03-06 15:30", "2026-03-09 07:30"}, {"2026-03-07 09:00", "2026-03-09 07:30"},
};
static const struct { const char *t, *opening; } opening_rows[] = {
    {"2026-03-02 06:00", "2026-03-02 07:30"}, {"2026-03-02 09:10", "2026-03-02 09:10"},
    {"2026-03-02 11:30", "2026-03-02 13:00"}, {"2026-03-06 17:00", "2026-03-09 07:30"},
    {"2026-02-13 18:00", "2026-02-23 07:30"}, {"2026-03-02 17:00", "2026-03-03 07:30"},
};
/* clang-format on */

static void working_minutes_and_openings(void **state)
{
    char text[INSTANT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT(minute_rows); i++)
        assert_int_equal(calendar_work_minutes(city, at(minute_rows[i].from), at(minute_rows[i].to)),
                         minute_rows[i].minutes);
    for (size_t i = 0; i < COUNT(hand_over_rows); i++)
        assert_string_equal(said(calendar_hand_over_due(city, at(hand_over_rows[i].received)), text),
                            hand_over_rows[i].due);
    for (size_t i = 0; i < COUNT(opening_rows); i++)
        assert_string_equal(said(calendar_next_opening(city, at(opening_rows[i].t)), text), opening_rows[i].opening);
    assert_string_equal(said(calendar_close_of(city, on("2026-03-02")), text), "2026-03-02 17:00");
    assert_true(calendar_close_of(city, on("2026-03-01")) == INSTANT_NONE);
}

static void a_unit_opens_on_saturday_morning(void **state)
{
    json_auto_t *extra = json_pack("[{s:s, s:[s]}]", "weekday", "saturday", "hours", "07:30-11:30");
    char text[INSTANT_TEXT_MAX];
    struct error e = {0};
    struct calendar *unit;
    struct due due;

    (void)state;
    assert_true(calendar_extend(arena, city, extra, &unit, &e));
    assert_false(calendar_is_working_day(unit, on("2026-03-07")));
    assert_true(calendar_day(unit, on("2026-03-07")).open);
    assert_false(calendar_day(city, on("2026-03-07")).open);
    assert_false(calendar_day(unit, on("2026-02-21")).working);
    assert_int_equal(calendar_work_minutes(unit, at("2026-03-07 00:00"), at("2026-03-09 00:00")), 240);
    assert_true(
        calendar_due(unit, at("2026-03-06 10:00"), (struct limit){1, LIMIT_WORKING_DAY}, DUE_LEGAL_DAYS, &due, &e));
    assert_string_equal(said(due.due_ms, text), "2026-03-09 17:00");
    assert_int_equal(calendar_work_minutes(unit, at("2026-01-10 00:00"), at("2026-01-11 00:00")), 480);
}

/* ---- the slow calendar: minute by minute, day by day, knowing only which days work ---- */

static bool slow_open(int64_t t)
{
    int64_t minute = (t + VN_OFFSET_MS) % DAY_MS / MINUTE;

    return ((minute >= 450 && minute < 690) || (minute >= 780 && minute < 1020)) &&
           calendar_is_working_day(city, date_at(t));
}

static int64_t slow_add(int64_t t, int64_t minutes)
{
    for (; minutes > 0; t += MINUTE)
        minutes -= slow_open(t);
    return t;
}

static int64_t slow_close(struct date d)
{
    while (!calendar_is_working_day(city, d))
        d = date_from_days(date_to_days(d) + 1);
    return date_start_ms(d) + 17 * 3600000LL;
}

static int64_t slow_due(int64_t t, struct limit limit, enum due_way way)
{
    struct date d = date_at(t);

    if (limit.unit == LIMIT_WORKING_HOUR)
        return slow_add(t, limit.value * 60);
    if (limit.unit == LIMIT_WORKING_DAY && way == DUE_WORKING_HOURS)
        return slow_add(t, limit.value * 480);
    if (limit.unit == LIMIT_DAY)
        return slow_close(date_from_days(date_to_days(d) + limit.value));
    if (limit.unit == LIMIT_MONTH) {
        for (int64_t i = 0; i < limit.value; i++) {
            d.year += d.month == 12;
            d.month = d.month == 12 ? 1 : d.month + 1;
        }
        while (!date_is_valid(d))
            d.day--;
        return slow_close(d);
    }
    if (limit.unit == LIMIT_SAME_DAY && calendar_is_working_day(city, d) && t - date_start_ms(d) < 15 * 3600000LL)
        return slow_close(d);
    for (int64_t n = limit.value; n > 0;) {
        d = date_from_days(date_to_days(d) + 1);
        n -= calendar_is_working_day(city, d);
    }
    return slow_close(d);
}

static uint64_t seed = 20261121;

static int64_t random_below(int64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int64_t)(seed % (uint64_t)n);
}

static void the_slow_calendar_agrees(void **state)
{
    int64_t from = at("2020-01-01 00:00"), minutes = (at("2035-01-01 00:00") - from) / MINUTE;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct limit limit = {1 + random_below(4), (enum limit_unit)random_below(LIMIT__COUNT)};
        enum due_way way = (enum due_way)random_below(DUE_WAY__COUNT);
        int64_t t = from + random_below(minutes) * MINUTE;
        struct error e;
        struct due due;

        error_init(&e);
        if (limit.unit == LIMIT_SAME_DAY)
            limit.value = 1;
        assert_true(calendar_due(city, t, limit, way, &due, &e));
        if (due.due_ms != slow_due(t, limit, way)) {
            char a[INSTANT_TEXT_MAX], b[INSTANT_TEXT_MAX], c[INSTANT_TEXT_MAX];

            fail_msg("%s + %d %s: %s, slow %s", said(t, a), (int)limit.value, limit_unit_name(limit.unit),
                     said(due.due_ms, b), said(slow_due(t, limit, way), c));
        }
    }
}

static void minutes_and_their_inverse_agree(void **state)
{
    int64_t from = at("2020-01-01 00:00"), minutes = (at("2035-01-01 00:00") - from) / MINUTE;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        int64_t t = from + random_below(minutes) * MINUTE, n = 1 + random_below(100000);
        int64_t end = calendar_add_work_minutes(city, t, n);

        assert_int_equal(calendar_work_minutes(city, t, end), n);
        assert_int_equal(calendar_work_minutes(city, t, end - MINUTE), n - 1); /* the earliest such instant */
        assert_true(slow_open(end - MINUTE));
    }
    for (int i = 0; i < 300; i++) {
        int64_t t = from + random_below(minutes) * MINUTE, end = t + random_below(20000) * MINUTE, sum = 0;

        for (int64_t m = t; m < end; m += MINUTE)
            sum += slow_open(m);
        assert_int_equal(calendar_work_minutes(city, t, end), sum);
    }
}

static void a_due_is_quick(void **state)
{
    int64_t from = at("2026-01-05 10:00"), sum = 0, start = monotonic_us(), spent;
    struct error e = {0};

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        struct due due;

        if (calendar_due(city, from + i * (int64_t)MINUTE, (struct limit){3, LIMIT_WORKING_DAY}, DUE_WORKING_HOURS,
                         &due, &e))
            sum += due.due_ms;
    }
    spent = monotonic_us() - start;
    assert_int_not_equal(sum, 0);
    print_message("  one due: %d ns\n", (int)(spent / 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_as_the_rows_say),
        cmocka_unit_test(hours_keep_the_legal_due_beside),
        cmocka_unit_test(outside_the_span_is_an_error),
        cmocka_unit_test(working_minutes_and_openings),
        cmocka_unit_test(a_unit_opens_on_saturday_morning),
        cmocka_unit_test(the_slow_calendar_agrees),
        cmocka_unit_test(minutes_and_their_inverse_agree),
        cmocka_unit_test(a_due_is_quick),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
