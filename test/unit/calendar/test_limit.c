#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/calendar.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

static const struct {
    const char *text;
    int64_t value;
    enum limit_unit unit;
} good[] = {
    {"same-day", 1, LIMIT_SAME_DAY},
    {"8 working-hour", 8, LIMIT_WORKING_HOUR},
    {"1 working-day", 1, LIMIT_WORKING_DAY},
    {"30 day", 30, LIMIT_DAY},
    {"2 month", 2, LIMIT_MONTH},
    {"10000 day", 10000, LIMIT_DAY},
};

static const char *const wrong[] = {"",
                                    " ",
                                    "1",
                                    "working-day",
                                    "0 day",
                                    "-1 day",
                                    "+1 day",
                                    "01 day",
                                    "1  day",
                                    "1 days",
                                    "1 day ",
                                    "10001 day",
                                    "1.5 day",
                                    "1 hour",
                                    "same-day 1",
                                    "1 same-day",
                                    "99999999999999999999 day",
                                    "SAME-DAY"};

static void limits_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        char text[LIMIT_TEXT_MAX];
        struct limit limit;

        assert_true(limit_parse(good[i].text, &limit));
        assert_int_equal(limit.value, good[i].value);
        assert_int_equal(limit.unit, good[i].unit);
        limit_format(limit, text);
        assert_string_equal(text, good[i].text);
    }
}

static void other_texts_are_refused(void **state)
{
    struct limit limit;

    (void)state;
    assert_false(limit_parse(NULL, &limit));
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (limit_parse(wrong[i], &limit))
            fail_msg("\"%s\" was taken", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_read_and_written),
        cmocka_unit_test(other_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
