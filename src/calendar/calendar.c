/* Questions to a compiled calendar: which day, how many working minutes, due when. */
#include "calendar/calendar.h"

#include <assert.h>

#include "base/text.h"
#include "calendar/calendar_internal.h"

const struct calendar *calendar_of_unit(const struct calendar *c, const char *code)
{
    for (size_t i = 0; i < c->n_units; i++)
        if (text_equal(c->units[i].code, code))
            return c->units[i].calendar;
    return c;
}

/* ---- days and instants ---- */

/* The index of the day that holds t, and the time of day in *rest; false outside the span. */
static bool locate(const struct calendar *c, int64_t t_ms, size_t *day, int64_t *rest)
{
    int64_t start = c->first * DAY_MS - VN_OFFSET_MS;

    if (t_ms < start || t_ms >= start + (int64_t)c->n_days * DAY_MS)
        return false;
    *day = (size_t)((t_ms - start) / DAY_MS);
    *rest = (t_ms - start) % DAY_MS;
    return true;
}

static bool locate_date(const struct calendar *c, struct date d, size_t *day)
{
    int64_t n = date_to_days(d) - c->first;

    *day = (size_t)n;
    return n >= 0 && n < (int64_t)c->n_days;
}

static int64_t instant_at(const struct calendar *c, size_t day, int minute)
{
    return (c->first + (int64_t)day) * DAY_MS - VN_OFFSET_MS + (int64_t)minute * MINUTE_MS;
}

static const struct hours *hours_of(const struct calendar *c, size_t day)
{
    return &c->hours[c->days[day].hours];
}

static bool is_working(const struct calendar *c, size_t day)
{
    return c->days[day].flags & DAY_WORKING;
}

static int64_t close_of(const struct calendar *c, size_t day)
{
    const struct hours *h = hours_of(c, day);

    return h->n ? instant_at(c, day, h->shift[h->n - 1].close) : INSTANT_NONE;
}

struct calendar_day calendar_day(const struct calendar *c, struct date d)
{
    size_t i;
    const struct day *day;
    const struct day_name *name;

    if (!locate_date(c, d, &i))
        return (struct calendar_day){.unsure = true};
    day = &c->days[i];
    name = &c->names[day->name];
    return (struct calendar_day){.working = day->flags & DAY_WORKING,
                                 .open = day->hours != 0,
                                 .unsure = day->flags & DAY_UNSURE,
                                 .name = {name->text[LANG_VI], name->text[LANG_EN]}};
}

bool calendar_is_working_day(const struct calendar *c, struct date d)
{
    size_t day;

    return locate_date(c, d, &day) && is_working(c, day);
}

int64_t calendar_next_opening(const struct calendar *c, int64_t t_ms)
{
    size_t day;
    int64_t rest;

    if (!locate(c, t_ms, &day, &rest))
        return INSTANT_NONE;
    for (; day < c->n_days; day++, rest = 0) {
        const struct hours *h = hours_of(c, day);

        for (size_t i = 0; i < h->n; i++)
            if (rest < (int64_t)h->shift[i].close * MINUTE_MS)
                return rest >= (int64_t)h->shift[i].open * MINUTE_MS ? instant_at(c, day, 0) + rest
                                                                     : instant_at(c, day, h->shift[i].open);
    }
    return INSTANT_NONE;
}

int64_t calendar_close_of(const struct calendar *c, struct date d)
{
    size_t day;

    return locate_date(c, d, &day) ? close_of(c, day) : INSTANT_NONE;
}

void calendar_span(const struct calendar *c, int64_t *from_ms, int64_t *to_ms)
{
    *from_ms = instant_at(c, 0, 0);
    *to_ms = instant_at(c, c->n_days, 0);
}

/* ---- working time ---- */

/* Working milliseconds from the start of the span to t; -1 outside. */
static int64_t work_ms(const struct calendar *c, int64_t t_ms)
{
    size_t day;
    int64_t rest, sum;
    const struct hours *h;

    if (!locate(c, t_ms, &day, &rest))
        return -1;
    h = hours_of(c, day);
    sum = (int64_t)c->days[day].minutes_before * MINUTE_MS;
    for (size_t i = 0; i < h->n; i++) {
        int64_t open = (int64_t)h->shift[i].open * MINUTE_MS, close = (int64_t)h->shift[i].close * MINUTE_MS;

        if (rest > open)
            sum += (rest < close ? rest : close) - open;
    }
    return sum;
}

/* The last day before which fewer than that many working milliseconds lie. */
static size_t day_of_work(const struct calendar *c, int64_t work)
{
    size_t low = 0, high = c->n_days;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if ((int64_t)c->days[middle].minutes_before * MINUTE_MS < work)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int64_t calendar_work_minutes(const struct calendar *c, int64_t from_ms, int64_t to_ms)
{
    int64_t from, to;

    if (to_ms <= from_ms)
        return 0;
    from = work_ms(c, from_ms);
    to = work_ms(c, to_ms);
    return from < 0 || to < 0 ? -1 : (to - from) / MINUTE_MS;
}

int64_t calendar_add_work_minutes(const struct calendar *c, int64_t from_ms, int64_t minutes)
{
    int64_t left, start = work_ms(c, from_ms);
    size_t day;
    const struct hours *h;

    if (start < 0 || minutes < 0 || minutes > INT32_MAX)
        return INSTANT_NONE;
    if (minutes == 0)
        return from_ms;
    day = day_of_work(c, start + minutes * MINUTE_MS);
    left = start + minutes * MINUTE_MS - (int64_t)c->days[day].minutes_before * MINUTE_MS;
    h = hours_of(c, day);
    for (size_t i = 0; i < h->n; i++) {
        int64_t length = (int64_t)(h->shift[i].close - h->shift[i].open) * MINUTE_MS;

        if (left <= length)
            return instant_at(c, day, h->shift[i].open) + left;
        left -= length;
    }
    return INSTANT_NONE; /* more than the span holds */
}

/* ---- deadlines ---- */

/* The n-th working day after that day (n ≥ 1); n_days when the span ends first. */
static size_t working_day_after(const struct calendar *c, size_t day, int64_t n)
{
    size_t k = (size_t)c->days[day].working_before + is_working(c, day) + (size_t)n - 1;

    return k < c->days[c->n_days].working_before ? c->working[k] : c->n_days;
}

/* Calendar limits that end on a rest day end with the next working day. */
static size_t on_or_after(const struct calendar *c, int64_t day)
{
    if (day >= (int64_t)c->n_days)
        return c->n_days;
    return is_working(c, (size_t)day) ? (size_t)day : working_day_after(c, (size_t)day, 1);
}

/* The same day of a later month, or that month's last day where there is none (31 January + 1 month). */
static int64_t months_after(const struct calendar *c, size_t day, int64_t n)
{
    struct date d = date_from_days(c->first + (int64_t)day);
    int64_t month = d.month - 1 + n;

    d.year += (int)(month / 12);
    d.month = (int)(month % 12) + 1;
    while (!date_is_valid(d) && d.day > 28)
        d.day--;
    return date_to_days(d) - c->first;
}

static bool in_time_today(const struct calendar *c, size_t day, int64_t rest)
{
    return is_working(c, day) && rest < (int64_t)c->cutoff * MINUTE_MS;
}

static int64_t due_at(const struct calendar *c, int64_t received_ms, struct limit limit, enum due_way way)
{
    size_t day, last = 0;
    int64_t rest;

    if (!locate(c, received_ms, &day, &rest))
        return INSTANT_NONE;
    switch (limit.unit) {
    case LIMIT_WORKING_HOUR:
        return calendar_add_work_minutes(c, received_ms, limit.value * 60);
    case LIMIT_WORKING_DAY:
        if (way == DUE_WORKING_HOURS)
            return calendar_add_work_minutes(c, received_ms, limit.value * WORKING_DAY_MINUTES);
        last = working_day_after(c, day, limit.value);
        break;
    case LIMIT_DAY:
        last = on_or_after(c, (int64_t)day + limit.value);
        break;
    case LIMIT_MONTH:
        last = on_or_after(c, months_after(c, day, limit.value));
        break;
    case LIMIT_SAME_DAY:
        last = in_time_today(c, day, rest) ? day : working_day_after(c, day, 1);
        break;
    case LIMIT__COUNT:
        return INSTANT_NONE;
    }
    return last < c->n_days ? close_of(c, last) : INSTANT_NONE;
}

bool calendar_due(const struct calendar *c, int64_t received_ms, struct limit limit, enum due_way way, struct due *out,
                  struct error *e)
{
    struct due due;

    assert(limit.value >= 1 && limit.value <= LIMIT_VALUE_MAX && limit.unit < LIMIT__COUNT);
    due.legal_due_ms = due_at(c, received_ms, limit, DUE_LEGAL_DAYS);
    due.due_ms = way == DUE_LEGAL_DAYS || limit.unit != LIMIT_WORKING_DAY ? due.legal_due_ms
                                                                          : due_at(c, received_ms, limit, way);
    if (due.due_ms == INSTANT_NONE || due.legal_due_ms == INSTANT_NONE) {
        char received[INSTANT_TEXT_MAX];

        instant_format(received_ms, received);
        return fail(e, E_CALENDAR_SPAN, "%jd %s from %s leaves the span", (intmax_t)limit.value,
                    limit_unit_name(limit.unit), received);
    }
    *out = due;
    return true;
}

int64_t calendar_hand_over_due(const struct calendar *c, int64_t received_ms)
{
    size_t day, next;
    int64_t rest;

    if (!locate(c, received_ms, &day, &rest))
        return INSTANT_NONE;
    if (in_time_today(c, day, rest))
        return close_of(c, day);
    next = working_day_after(c, day, 1);
    return next < c->n_days ? instant_at(c, next, hours_of(c, next)->shift[0].open) : INSTANT_NONE;
}
