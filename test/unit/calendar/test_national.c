/* Decision 766, item 2.1, rule by rule. Instants are minutes here: only their order and distance matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "calendar/calendar.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

enum { NONE = -1, SUPPLEMENTS_MAX = 2 };

/* clang-format off */
static const struct {
    const char *why;
    int received, due, legal_due, done, returned, stopped, withdrawn, now;
    int asked[SUPPLEMENTS_MAX], completed[SUPPLEMENTS_MAX];
    const char *timeliness;
    int minutes;
    bool paused;
} rows[] = {
    {"not received yet",                  NONE, 500, NONE, NONE, NONE, NONE, NONE, 900, {NONE}, {NONE}, "not_due", 0, false},
    {"withdrawn before reception",        NONE, 500, NONE, NONE, NONE, NONE, 300,  900, {NONE}, {NONE}, "not_due", 0, false},
    {"open, before the due date",          100, 500, NONE, NONE, NONE, NONE, NONE, 400, {NONE}, {NONE}, "in_time", 300, false},
    {"open, at the due minute",            100, 500, NONE, NONE, NONE, NONE, NONE, 500, {NONE}, {NONE}, "in_time", 400, false},
    {"open, a minute past it",             100, 500, NONE, NONE, NONE, NONE, NONE, 501, {NONE}, {NONE}, "overdue", 401, false},
    {"open, nothing promised",             100, NONE, NONE, NONE, NONE, NONE, NONE, 501, {NONE}, {NONE}, "not_due", 401, false},
    {"rule 2: strictly before is early",   100, 500, NONE, 499, NONE, NONE, NONE,  900, {NONE}, {NONE}, "early", 399, false},
    {"rule 2: at the minute is on time",   100, 500, NONE, 500, NONE, NONE, NONE,  900, {NONE}, {NONE}, "on_time", 400, false},
    {"rule 2: after it is late",           100, 500, NONE, 501, NONE, NONE, NONE,  900, {NONE}, {NONE}, "late", 401, false},
    {"rule 1: done wins over returned",    100, 500, NONE, 450, 600, NONE, NONE,   900, {NONE}, {NONE}, "early", 350, false},
    {"rule 1: returned when not done",     100, 500, NONE, NONE, 600, NONE, NONE,  900, {NONE}, {NONE}, "late", 500, false},
    {"rule 1: stopped",                    100, 500, NONE, NONE, NONE, 480, NONE,  900, {NONE}, {NONE}, "early", 380, false},
    {"rule 1: withdrawn after reception",  100, 500, NONE, NONE, NONE, NONE, 300,  900, {NONE}, {NONE}, "early", 200, false},
    {"rule 3: the applicant's time is subtracted", 100, 500, NONE, 700, NONE, NONE, NONE, 900, {200}, {450}, "early", 350, false},
    {"rule 3: not enough of it",           100, 500, NONE, 800, NONE, NONE, NONE,  900, {200}, {450}, "late", 450, false},
    {"rule 3: answered before reception, nothing to subtract", 300, 500, NONE, 501, NONE, NONE, NONE, 900, {100}, {250}, "late", 201, false},
    {"rule 3: answered after it, from reception on", 300, 500, NONE, 550, NONE, NONE, NONE, 900, {100}, {350}, "on_time", 200, false},
    {"rule 4: waiting since it was asked", 100, 500, NONE, NONE, NONE, NONE, NONE, 900, {300}, {NONE}, "in_time", 200, true},
    {"rule 4: asked when already overdue", 100, 500, NONE, NONE, NONE, NONE, NONE, 900, {600}, {NONE}, "overdue", 500, true},
    {"rule 4: stopped while waiting",      100, 500, NONE, NONE, NONE, 800, NONE,  900, {300}, {NONE}, "early", 200, false},
    {"rule 4: a second request is late",   100, 500, NONE, 400, NONE, NONE, NONE,  900, {150, 250}, {200, 300}, "late", 200, false},
    {"rule 4: and overdue while open",     100, 500, NONE, NONE, NONE, NONE, NONE, 400, {150, 250}, {200, NONE}, "overdue", 100, true},
    {"rule 5: no appointment, legal limit kept", 100, NONE, 500, 650, NONE, NONE, NONE, 900, {200}, {400}, "early", 350, false},
    {"rule 5: no appointment, limit passed", 100, NONE, 500, 501, NONE, NONE, NONE, 900, {NONE}, {NONE}, "late", 401, false},
};
/* clang-format on */

static int64_t minute(int n)
{
    return n == NONE ? INSTANT_NONE : (int64_t)n * 60000;
}

static void rule_by_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct supplement supplements[SUPPLEMENTS_MAX];
        struct national_clock k = NATIONAL_CLOCK_INIT;
        struct national_time t;

        for (size_t n = 0; n < SUPPLEMENTS_MAX && rows[i].asked[n] > 0; n++)
            supplements[k.n_supplements++] =
                (struct supplement){minute(rows[i].asked[n]), minute(rows[i].completed[n])};
        k.supplements = supplements;
        k.received_ms = minute(rows[i].received);
        k.due_ms = minute(rows[i].due);
        k.legal_due_ms = minute(rows[i].legal_due);
        k.done_ms = minute(rows[i].done);
        k.returned_ms = minute(rows[i].returned);
        k.stopped_ms = minute(rows[i].stopped);
        k.withdrawn_ms = minute(rows[i].withdrawn);
        k.now_ms = minute(rows[i].now);
        t = national_time(&k);
        print_message("  %s\n", rows[i].why);
        assert_string_equal(timeliness_name(t.timeliness), rows[i].timeliness);
        assert_int_equal(t.minutes, rows[i].minutes);
        assert_int_equal(t.paused, rows[i].paused);
    }
}

static void by_date_the_hour_does_not_matter(void **state)
{
    struct national_clock k = NATIONAL_CLOCK_INIT;
    struct date day = {2026, 11, 26};

    (void)state;
    k.received_ms = date_start_ms(day) - 6LL * DAY_MS;
    k.due_ms = date_start_ms(day) + 17 * 3600000LL;
    k.done_ms = date_start_ms(day) + 9 * 3600000LL;
    assert_int_equal(national_time(&k).timeliness, TIMELINESS_EARLY);
    k.by_date = true;
    assert_int_equal(national_time(&k).timeliness, TIMELINESS_ON_TIME);
    k.done_ms = k.due_ms + 3600000LL;
    assert_int_equal(national_time(&k).timeliness, TIMELINESS_ON_TIME);
    k.by_date = false;
    assert_int_equal(national_time(&k).timeliness, TIMELINESS_LATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_by_rule),
        cmocka_unit_test(by_date_the_hour_does_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
