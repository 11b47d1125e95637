/* Slow and obvious against quick and clever. A random calendar is drawn as plain lists of days; the reference walks it
 * day by day and minute by minute and knows none of the tables of the real one. A million random dossiers must agree:
 * limits of every unit, both ways of counting, hand-over, working minutes and their inverse, and the national clock.
 * Under the sanitizers fewer are run; MOTCUA_CASES=n sets the number, MOTCUA_SEED=n where chance begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"
#include "calendar/calendar.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CASES = 60000 };
#else
enum { CASES = 1000000 };
#endif
enum { MINUTE = 60000, DAYS = 500, EDGE = 90, A_DAY = 1440, PER_CALENDAR = 5000, SUPPLEMENTS = 3 };

static uint64_t seed = 20261124;

static int64_t below(int64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int64_t)(seed % (uint64_t)n);
}

static int64_t number_from(const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);
    int64_t n;

    return text && text_to_i64(text, 1, INT64_MAX, &n) ? n : otherwise;
}

/* ---- a calendar as plain facts ---- */

struct facts {
    int64_t first; /* days since 1970 */
    bool working[DAYS];
    int shift[4]; /* opens, closes, opens, closes: minutes of the day */
    int cutoff;
    bool saturdays;             /* the unit opens on Saturday mornings that are nothing else */
    bool open[DAYS][A_DAY];     /* of the city */
    bool own_open[DAYS][A_DAY]; /* of that unit */
    bool named[DAYS];           /* a holiday, a swap: no ordinary rest day */
};
static struct facts f;

static void text_of_day(int day, char out[static DATE_TEXT_MAX])
{
    date_format(date_from_days(f.first + day), out);
}

static int weekday(int day)
{
    return date_weekday(date_from_days(f.first + day));
}

static json_t *shift_text(int from, int to)
{
    char text[48];

    (void)snprintf(text, sizeof text, "%02d:%02d-%02d:%02d", from / 60, from % 60, to / 60, to % 60);
    return json_string(text);
}

static json_t *draw_hours(void)
{
    json_t *week = json_object();
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday"};

    f.shift[0] = 420 + (int)below(5) * 15;
    f.shift[1] = 660 + (int)below(5) * 15;
    f.shift[2] = 780 + (int)below(3) * 15;
    f.shift[3] = 990 + (int)below(4) * 15;
    for (size_t i = 0; i < COUNT(days); i++)
        json_object_set_new(
            week, days[i], json_pack("[o, o]", shift_text(f.shift[0], f.shift[1]), shift_text(f.shift[2], f.shift[3])));
    return json_pack("[{s:o}]", "week", week);
}

/* Holidays; of one that meets a rest day the next working day is given back. */
static json_t *draw_holidays(void)
{
    json_t *list = json_array();
    bool holiday[DAYS] = {false};

    for (int n = 0; n < 12; n++) {
        int day = EDGE + (int)below(DAYS - 2 * EDGE);
        char text[DATE_TEXT_MAX], id[16];

        if (holiday[day])
            continue;
        holiday[day] = true;
        text_of_day(day, text);
        (void)snprintf(id, sizeof id, "h%d", n);
        json_array_append_new(list, json_pack("{s:s, s:{s:s, s:s}, s:[s]}", "id", id, "name", "vi", "Lễ", "en",
                                              "Holiday", "dates", text));
    }
    for (int day = 0; day < DAYS; day++)
        if (holiday[day]) {
            f.working[day] = false;
            f.named[day] = true;
        }
    for (int day = 0; day < DAYS; day++) {
        int next = day + 1;

        if (!holiday[day] || weekday(day) < 5)
            continue;
        while (!f.working[next])
            next++;
        f.working[next] = false;
        f.named[next] = true;
    }
    return list;
}

static json_t *draw_swaps(void)
{
    json_t *list = json_array();

    for (int n = 0; n < 4; n++) {
        int off = EDGE + (int)below(DAYS - 2 * EDGE), worked = off + 1 + (int)below(20);
        char a[DATE_TEXT_MAX], b[DATE_TEXT_MAX];

        if (!f.working[off] || f.named[off] || f.working[worked] || f.named[worked])
            continue;
        f.working[off] = false;
        f.working[worked] = true;
        f.named[off] = f.named[worked] = true;
        text_of_day(off, a);
        text_of_day(worked, b);
        json_array_append_new(list, json_pack("{s:s, s:s}", "off", a, "worked", b));
    }
    return list;
}

static void open_the_doors(void)
{
    for (int day = 0; day < DAYS; day++)
        for (int m = 0; m < A_DAY; m++) {
            bool hours = (m >= f.shift[0] && m < f.shift[1]) || (m >= f.shift[2] && m < f.shift[3]);
            bool saturday = f.saturdays && weekday(day) == 5 && !f.working[day] && !f.named[day];

            f.open[day][m] = f.working[day] && hours;
            f.own_open[day][m] = f.open[day][m] || (saturday && m >= 450 && m < 690);
        }
}

static json_t *draw_calendar(void)
{
    char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX], cutoff[24];
    json_t *hours, *holidays, *swaps;

    f.first = date_to_days((struct date){2024, 1, 1}) + below(1500);
    f.cutoff = 840 + (int)below(5) * 30;
    f.saturdays = below(2);
    memset(f.named, 0, sizeof f.named);
    for (int day = 0; day < DAYS; day++)
        f.working[day] = weekday(day) < 5;
    hours = draw_hours();
    holidays = draw_holidays();
    swaps = draw_swaps();
    open_the_doors();
    text_of_day(0, from);
    text_of_day(DAYS - 1, to);
    (void)snprintf(cutoff, sizeof cutoff, "%02d:%02d", f.cutoff / 60, f.cutoff % 60);
    return json_pack("{s:s, s:{s:s, s:s}, s:s, s:o, s:o, s:o, s:[{s:s, s:o}]}", "name", "drawn", "span", "from", from,
                     "to", to, "same_day_until", cutoff, "hours", hours, "holidays", holidays, "swaps", swaps, "units",
                     "unit", "H29.1.5", "extra",
                     f.saturdays ? json_pack("[{s:s, s:[s]}]", "weekday", "saturday", "hours", "07:30-11:30")
                                 : json_array());
}

/* ---- the slow reference ---- */

static int64_t instant(int64_t minute) /* of the span */
{
    return f.first * DAY_MS - VN_OFFSET_MS + minute * MINUTE;
}

static int64_t slow_add(bool (*open)[A_DAY], int64_t minute, int64_t n)
{
    for (; n > 0; minute++)
        n -= open[minute / A_DAY][minute % A_DAY];
    return minute;
}

static int64_t slow_close(int64_t day)
{
    while (!f.working[day])
        day++;
    return day * A_DAY + f.shift[3];
}

static int64_t slow_month(int64_t day, int64_t months)
{
    struct date d = date_from_days(f.first + day);

    for (; months > 0; months--) {
        d.year += d.month == 12;
        d.month = d.month == 12 ? 1 : d.month + 1;
    }
    while (!date_is_valid(d))
        d.day--;
    return date_to_days(d) - f.first;
}

static bool today_will_do(int64_t minute)
{
    return f.working[minute / A_DAY] && minute % A_DAY < f.cutoff;
}

static int64_t slow_due(bool (*open)[A_DAY], int64_t minute, struct limit limit, enum due_way way)
{
    int64_t day = minute / A_DAY;

    if (limit.unit == LIMIT_WORKING_HOUR)
        return slow_add(open, minute, limit.value * 60);
    if (limit.unit == LIMIT_WORKING_DAY && way == DUE_WORKING_HOURS)
        return slow_add(open, minute, limit.value * 480);
    if (limit.unit == LIMIT_DAY)
        return slow_close(day + limit.value);
    if (limit.unit == LIMIT_MONTH)
        return slow_close(slow_month(day, limit.value));
    if (limit.unit == LIMIT_SAME_DAY && today_will_do(minute))
        return slow_close(day);
    for (int64_t n = limit.value; n > 0;)
        n -= f.working[++day];
    return slow_close(day);
}

static int64_t slow_hand_over(int64_t minute)
{
    int64_t day = minute / A_DAY;

    if (today_will_do(minute))
        return slow_close(day);
    for (day++; !f.working[day]; day++) {
    }
    return day * A_DAY + f.shift[0];
}

/* ---- dossiers ---- */

static void one_due(const struct calendar *c, bool (*open)[A_DAY])
{
    struct limit limit = {1 + below(6), (enum limit_unit)below(LIMIT__COUNT)};
    enum due_way way = (enum due_way)below(DUE_WAY__COUNT);
    int64_t minute = (EDGE + below(DAYS - 4 * EDGE)) * A_DAY + below(A_DAY);
    struct error e;
    struct due due;

    if (limit.unit == LIMIT_SAME_DAY)
        limit.value = 1;
    error_init(&e);
    assert_true(calendar_due(c, instant(minute), limit, way, &due, &e));
    if (due.due_ms != instant(slow_due(open, minute, limit, way)) ||
        due.legal_due_ms != instant(slow_due(open, minute, limit, DUE_LEGAL_DAYS)) ||
        calendar_hand_over_due(c, instant(minute)) != instant(slow_hand_over(minute))) {
        char a[INSTANT_TEXT_MAX], b[INSTANT_TEXT_MAX], d[INSTANT_TEXT_MAX];

        instant_format(instant(minute), a);
        instant_format(due.due_ms, b);
        instant_format(instant(slow_due(open, minute, limit, way)), d);
        fail_msg("%s + %d %s: %s, slow %s", a, (int)limit.value, limit_unit_name(limit.unit), b, d);
    }
}

static void one_span(const struct calendar *c, bool (*open)[A_DAY])
{
    int64_t from = EDGE * A_DAY + below((DAYS - 3 * EDGE) * A_DAY), to = from + below(4 * A_DAY), worked = 0;

    for (int64_t m = from; m < to; m++)
        worked += open[m / A_DAY][m % A_DAY];
    assert_int_equal(calendar_work_minutes(c, instant(from), instant(to)), worked);
    if (worked)
        assert_int_equal(calendar_add_work_minutes(c, instant(from), worked), instant(slow_add(open, from, worked)));
}

/* Decision 766, told as a clock on the wall: it runs from reception to the end, and stands still while the applicant
 * has something to do. The end is where the law puts it; a dossier that waits ended when the question was asked. */
static enum timeliness slow_national(const struct national_clock *k, int64_t *minutes)
{
    int64_t due = k->due_ms != INSTANT_NONE ? k->due_ms : k->legal_due_ms, reading = k->received_ms, end;
    bool closed = true;

    *minutes = 0;
    if (k->received_ms == INSTANT_NONE)
        return TIMELINESS_NOT_DUE;
    if (k->done_ms != INSTANT_NONE)
        end = k->done_ms;
    else if (k->returned_ms != INSTANT_NONE)
        end = k->returned_ms;
    else if (k->stopped_ms != INSTANT_NONE)
        end = k->stopped_ms;
    else if (k->refused_ms != INSTANT_NONE)
        end = k->refused_ms;
    else if (k->withdrawn_ms != INSTANT_NONE)
        end = k->withdrawn_ms;
    else {
        end = k->now_ms;
        closed = false;
    }
    for (int64_t t = k->received_ms; t < end; t += MINUTE) {
        bool waits = false;

        for (size_t i = 0; i < k->n_supplements; i++)
            waits = waits || (t >= k->supplements[i].asked_ms &&
                              (k->supplements[i].completed_ms == INSTANT_NONE || t < k->supplements[i].completed_ms));
        if (!waits)
            reading += MINUTE;
    }
    *minutes = (reading - k->received_ms) / MINUTE;
    if (k->n_supplements > 1)
        return closed ? TIMELINESS_LATE : TIMELINESS_OVERDUE;
    if (due == INSTANT_NONE)
        return TIMELINESS_NOT_DUE;
    if (!closed)
        return reading <= due ? TIMELINESS_IN_TIME : TIMELINESS_OVERDUE;
    return reading < due ? TIMELINESS_EARLY : reading == due ? TIMELINESS_ON_TIME : TIMELINESS_LATE;
}

static int64_t perhaps(int64_t t)
{
    return below(3) ? INSTANT_NONE : t;
}

static void one_national(void)
{
    struct supplement asked[SUPPLEMENTS];
    struct national_clock k = NATIONAL_CLOCK_INIT;
    int64_t t = instant(EDGE * A_DAY), slow_minutes;
    struct national_time quick;
    enum timeliness slow;

    k.received_ms = below(20) ? t + below(300) * MINUTE : INSTANT_NONE;
    for (size_t n = (size_t)below(SUPPLEMENTS + 1) * (size_t)(below(2)); k.n_supplements < n;) {
        struct supplement *s = &asked[k.n_supplements++];

        s->asked_ms = t += (1 + below(200)) * MINUTE;
        s->completed_ms = t += (1 + below(200)) * MINUTE;
        if (k.n_supplements == n && below(3) == 0)
            s->completed_ms = INSTANT_NONE; /* only the last can still be waited for */
    }
    k.supplements = asked;
    if (k.received_ms != INSTANT_NONE && k.received_ms > t)
        t = k.received_ms;
    if (k.n_supplements && asked[k.n_supplements - 1].completed_ms == INSTANT_NONE && k.received_ms != INSTANT_NONE &&
        asked[k.n_supplements - 1].asked_ms < k.received_ms)
        return;                               /* nobody receives what is waiting for the applicant */
    k.now_ms = t + (1 + below(400)) * MINUTE; /* nothing ends before it was received */
    k.done_ms = perhaps(k.now_ms - below(2) * MINUTE);
    k.returned_ms = perhaps(k.now_ms);
    k.stopped_ms = perhaps(k.now_ms);
    k.withdrawn_ms = perhaps(k.now_ms);
    k.due_ms = perhaps(instant(EDGE * A_DAY) + below(900) * MINUTE);
    k.legal_due_ms = perhaps(instant(EDGE * A_DAY) + below(900) * MINUTE);
    slow = slow_national(&k, &slow_minutes);
    quick = national_time(&k);
    assert_string_equal(timeliness_name(quick.timeliness), timeliness_name(slow));
    assert_int_equal(quick.minutes, slow_minutes);
}

static void a_million_dossiers_agree(void **state)
{
    int64_t cases = number_from("MOTCUA_CASES", CASES), done = 0, start = monotonic_us();

    (void)state;
    seed = (uint64_t)number_from("MOTCUA_SEED", 20261124);
    print_message("  seed %lld\n", (long long)seed);
    while (done < cases) {
        auto_arena struct arena *a = arena_new();
        json_auto_t *definition = draw_calendar();
        struct calendar *city;
        struct error e;

        error_init(&e);
        if (!calendar_compile(a, definition, &city, &e))
            fail_msg("the drawn calendar is refused: %s", e.detail);
        for (int i = 0; i < PER_CALENDAR && done < cases; i++, done++) {
            const struct calendar *c = below(3) ? city : calendar_of_unit(city, "H29.1.5");
            bool(*open)[A_DAY] = c == city ? f.open : f.own_open;

            switch (below(8)) {
            case 0:
                one_span(c, open);
                break;
            case 1:
            case 2:
                one_national();
                break;
            default:
                one_due(c, open);
            }
        }
    }
    print_message("  %lld random cases agree, in %lld ms\n", (long long)done,
                  (long long)(monotonic_us() - start) / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_million_dossiers_agree)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
