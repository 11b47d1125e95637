/* Time: strict reading, Việt Nam's dates on both sides of 1970, leap years, and what is written reads back. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct { const char *text; int64_t ms; } good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T07:00:00+07:00", 0},
    {"1970-01-01t00:00:00z", 0},
    {"1969-12-31T23:59:59Z", -1000},
    {"1969-12-31T23:59:59.999Z", -1},
    {"2026-11-21T09:00:00+07:00", 1795226400000},
    {"2026-11-21T02:00:00.000Z", 1795226400000},
    {"2026-11-20T21:30:00-04:30", 1795226400000},
    {"2026-11-21T09:00:00.5+07:00", 1795226400500},
    {"2026-11-21T09:00:00.123456789+07:00", 1795226400123},
    {"2000-02-29T00:00:00Z", 951782400000},
    {"2024-02-29T23:59:59Z", 1709251199000},
    {"1945-09-02T14:00:00+07:00", -767811600000},
    {"0001-01-01T00:00:00Z", -62135596800000},
    {"9999-12-31T23:59:59Z", 253402300799000},
};
static const char *const bad[] = {
    "", "2026", "2026-11-21", "2026-11-21T09:00:00", "2026-11-21 09:00:00Z", "2026-11-21T09:00Z", "2026-11-21T9:00:00Z",
    "2026-11-21T24:00:00Z", "2026-11-21T23:60:00Z", "2026-11-21T23:59:60Z", "2026-11-21T09:00:00.Z", "2026-11-21T09:00:00,5Z",
    "2026-11-21T09:00:00+7", "2026-11-21T09:00:00+0700", "2026-11-21T09:00:00+24:00", "2026-11-21T09:00:00+07:60",
    "2026-11-21T09:00:00Zx", "2026-11-21T09:00:00Z ", " 2026-11-21T09:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
    "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z",
    "-026-11-21T09:00:00Z", "2026-11-21T-9:00:00Z", "2026-11-21T09:00:00+", "2026-11-21T09:00:00-", "2026-11-21T09:",
};
static const struct { const char *date; int64_t days; int weekday; } dates[] = { /* 0 Monday */
    {"1970-01-01", 0, 3}, {"1969-12-31", -1, 2}, {"1970-01-05", 4, 0}, {"2026-11-21", 20778, 5}, {"2000-02-29", 11016, 1},
    {"1900-03-01", -25508, 3}, {"1945-09-02", -8887, 6}, {"0001-01-01", -719162, 0}, {"9999-12-31", 2932896, 4},
};
static const char *const no_dates[] = {
    "", "2026-2-1", "2026-02-29", "1900-02-29", "2100-02-29", "2026-04-31", "2026-11-21 ", "2026-11-21T", "26-11-21",
    "2026/11/21", "0000-01-01", "2026-00-10", "2026-10-00", "2026-1-010",
};
/* clang-format on */

static void good_instants_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t ms = 77;

        if (!instant_parse(good[i].text, &ms) || ms != good[i].ms)
            fail_msg("%s reads as %lld", good[i].text, (long long)ms);
    }
}

static void bad_instants_are_refused(void **state)
{
    int64_t ms = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (instant_parse(bad[i], &ms))
            fail_msg("\"%s\" was taken", bad[i]);
    assert_false(instant_parse(NULL, &ms));
    assert_int_equal(ms, 77);
}

static void days_are_counted_and_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dates); i++) {
        struct date d, back;
        char text[DATE_TEXT_MAX];

        assert_true(date_parse(dates[i].date, &d));
        assert_int_equal(date_to_days(d), dates[i].days);
        assert_int_equal(date_weekday(d), dates[i].weekday);
        back = date_from_days(dates[i].days);
        date_format(back, text);
        assert_string_equal(text, dates[i].date);
    }
}

static void bad_dates_are_refused(void **state)
{
    struct date d = {7, 7, 7};

    (void)state;
    for (size_t i = 0; i < COUNT(no_dates); i++)
        if (date_parse(no_dates[i], &d))
            fail_msg("\"%s\" was taken", no_dates[i]);
    assert_false(date_parse(NULL, &d));
    assert_int_equal(d.year, 7);
}

static void every_day_of_ten_thousand_years_comes_back(void **state)
{
    struct date before = {0, 12, 31};

    (void)state;
    for (int64_t day = -719162; day <= 2932896; day++) {
        struct date d = date_from_days(day);

        if (!date_is_valid(d) || date_to_days(d) != day)
            fail_msg("day %lld is %d-%d-%d", (long long)day, d.year, d.month, d.day);
        if (d.day != before.day + 1 && d.day != 1)
            fail_msg("%d-%d-%d does not follow", d.year, d.month, d.day);
        before = d;
    }
}

static void a_day_begins_at_midnight_in_viet_nam(void **state)
{
    static const char *const rows[] = {"1969-12-31", "1970-01-01", "2026-11-21", "2024-02-29", "0001-01-01"};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct date d, at;
        int64_t start;

        assert_true(date_parse(rows[i], &d));
        start = date_start_ms(d);
        at = date_at(start);
        assert_memory_equal(&at, &d, sizeof d);
        at = date_at(start + DAY_MS - 1);
        assert_memory_equal(&at, &d, sizeof d);
        at = date_at(start - 1);
        assert_int_equal(date_to_days(at), date_to_days(d) - 1);
    }
}

static void what_is_written_reads_back(void **state)
{
    uint64_t chance = 20261121;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[INSTANT_TEXT_MAX];
        int64_t ms, back;

        chance = chance * 6364136223846793005U + 1442695040888963407U; /* a fixed walk: a failure can be repeated */
        ms = -62135596800000 + (int64_t)((chance >> 11) % 315537897600000U);
        instant_format(ms, text);
        if (!instant_parse(text, &back) || back != ms)
            fail_msg("%lld is written %s", (long long)ms, text);
    }
}

static void the_written_form_is_the_one_promised(void **state)
{
    char text[INSTANT_TEXT_MAX];

    (void)state;
    instant_format(1795226400000, text);
    assert_string_equal(text, "2026-11-21T09:00:00.000+07:00");
    instant_format(-1, text);
    assert_string_equal(text, "1970-01-01T06:59:59.999+07:00");
}

static void clocks_run(void **state)
{
    int64_t before = monotonic_us();

    (void)state;
    assert_true(now_ms() > 1700000000000);
    assert_true(monotonic_us() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_instants_are_read),
        cmocka_unit_test(bad_instants_are_refused),
        cmocka_unit_test(days_are_counted_and_named),
        cmocka_unit_test(bad_dates_are_refused),
        cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
        cmocka_unit_test(a_day_begins_at_midnight_in_viet_nam),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(the_written_form_is_the_one_promised),
        cmocka_unit_test(clocks_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
