/* From the definition of a calendar to its table of days. The order is the law's: weekly hours, then holidays, then a
 * day in lieu for each holiday that met a rest day (Labour Code Art 111), then what the State announced for one year:
 * official blocks, which replace rule and days in lieu, and swaps. */
#include "calendar/calendar.h"

#include <string.h>

#include "base/json.h"
#include "calendar/calendar_internal.h"

enum { HOLIDAY_DAYS_MAX = 31 };

static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/* What is known of a day while rules are laid over each other. */
struct draft {
    uint16_t name;
    uint8_t weekly;  /* index of hours by the weekly pattern */
    bool off, moves; /* a holiday or a swapped day off; a holiday that is given back when it meets a rest day */
    bool worked;     /* a rest day made a working day */
    bool unsure;
};

struct compiler {
    struct arena *arena;
    struct calendar *c;
    struct draft *draft;
    const json_t *official;
    struct error *e;
};

static bool bad(struct compiler *k, const char *pointer, const char *why)
{
    (void)fail(k->e, E_PACK, "%s: %s", pointer, why);
    (void)fail_field(k->e, pointer, "calendar", why);
    return false;
}

/* ---- reading values ---- */

/* Members that nobody reads are mistakes of spelling. */
static bool only(struct compiler *k, const json_t *row, const char *pointer, const char *const *known)
{
    const char *name;
    json_t *value;

    if (!json_is_object(row))
        return bad(k, pointer, "an object is expected");
    json_object_foreach((json_t *)row, name, value)
    {
        const char *const *p = known;

        while (*p && strcmp(*p, name) != 0)
            p++;
        if (!*p)
            return bad(k, arena_printf(k->arena, "%s/%s", pointer, name), "not a member of a calendar");
    }
    return true;
}

static bool rows(struct compiler *k, const json_t *array, const char *pointer)
{
    return !array || json_is_array(array) || bad(k, pointer, "a list is expected");
}

static const char *row_pointer(struct compiler *k, const char *list, size_t i)
{
    return arena_printf(k->arena, "%s/%zu", list, i);
}

static bool read_date(struct compiler *k, const json_t *value, const char *pointer, int64_t *day)
{
    struct date d;

    if (!date_parse(json_string_value(value), &d))
        return bad(k, pointer, "a date is expected, year-month-day");
    *day = date_to_days(d);
    return true;
}

/* "from" and "to", both optional and both included, as days since 1970. */
static bool read_force(struct compiler *k, const json_t *row, const char *pointer, int64_t *from, int64_t *to)
{
    const json_t *f = json_object_get(row, "from"), *t = json_object_get(row, "to");

    *from = INT64_MIN;
    *to = INT64_MAX;
    if (f && !read_date(k, f, arena_printf(k->arena, "%s/from", pointer), from))
        return false;
    if (t && !read_date(k, t, arena_printf(k->arena, "%s/to", pointer), to))
        return false;
    return *from <= *to || bad(k, pointer, "ends before it begins");
}

static bool two_digits(const char *s, int *out)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return false;
    *out = (s[0] - '0') * 10 + (s[1] - '0');
    return true;
}

/* "07:30", up to "24:00". */
static bool read_minute(const char *s, int *out)
{
    int hour, minute;

    if (!two_digits(s, &hour) || s[2] != ':' || !two_digits(s + 3, &minute) || minute > 59)
        return false;
    *out = hour * 60 + minute;
    return *out <= DAY_MINUTES;
}

static bool read_shift(const char *s, struct shift *out)
{
    return s && strlen(s) == 11 && s[5] == '-' && read_minute(s, &out->open) && read_minute(s + 6, &out->close) &&
           out->open < out->close;
}

static bool is_same_hours(const struct hours *a, const struct hours *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (a->shift[i].open != b->shift[i].open || a->shift[i].close != b->shift[i].close)
            return false;
    return a->n == b->n;
}

/* Equal hours are kept once: a calendar has two or three of them. */
static bool keep_hours(struct compiler *k, const struct hours *h, const char *pointer, uint8_t *out)
{
    struct calendar *c = k->c;
    size_t i = 0;

    while (i < c->n_hours && !is_same_hours(&c->hours[i], h))
        i++;
    if (i == HOURS_MAX)
        return bad(k, pointer, "too many different opening hours");
    if (i == c->n_hours)
        c->hours[c->n_hours++] = *h;
    *out = (uint8_t)i;
    return true;
}

static bool read_hours(struct compiler *k, const json_t *list, const char *pointer, uint8_t *out)
{
    struct hours h = {0};
    size_t i;
    json_t *item;

    if (list && (!json_is_array(list) || json_array_size(list) > SHIFTS_MAX))
        return bad(k, pointer, "a list of at most 4 shifts is expected");
    json_array_foreach(list, i, item)
    {
        struct shift *s = &h.shift[h.n];

        if (!read_shift(json_string_value(item), s) || (h.n && s->open < h.shift[h.n - 1].close))
            return bad(k, row_pointer(k, pointer, i), "a shift is written 07:30-11:30, after the one before");
        h.minutes += s->close - s->open;
        h.n++;
    }
    return keep_hours(k, &h, pointer, out);
}

static uint16_t add_name(struct compiler *k, const char *vi, const char *en)
{
    struct calendar *c = k->c;

    c->names[c->n_names] = (struct day_name){{arena_strdup(k->arena, vi), arena_strdup(k->arena, en)}};
    return (uint16_t)c->n_names++;
}

/* ---- weekly hours ---- */

static bool lay_week(struct compiler *k, const json_t *row, const char *pointer)
{
    static const char *const known[] = {"from", "to", "week", NULL};
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday",    NULL};
    const json_t *week = json_object_get(row, "week");
    const char *week_pointer = arena_printf(k->arena, "%s/week", pointer);
    uint8_t hours[COUNT(weekdays)];
    int64_t from, to;

    if (!only(k, row, pointer, known) || !read_force(k, row, pointer, &from, &to) || !only(k, week, week_pointer, days))
        return false;
    for (size_t i = 0; i < COUNT(weekdays); i++)
        if (!read_hours(k, json_object_get(week, weekdays[i]),
                        arena_printf(k->arena, "%s/%s", week_pointer, weekdays[i]), &hours[i]))
            return false;
    for (size_t i = 0; i < k->c->n_days; i++) {
        int64_t day = k->c->first + (int64_t)i;

        if (day >= from && day <= to)
            k->draft[i].weekly = hours[date_weekday(date_from_days(day))];
    }
    return true;
}

/* ---- holidays ---- */

struct holiday {
    const char *pointer, *id;
    int64_t from, to, offset, days;
    bool moves, unsure;
    uint16_t name;
};

static struct draft *draft_at(struct compiler *k, int64_t day)
{
    int64_t i = day - k->c->first;

    return i >= 0 && i < (int64_t)k->c->n_days ? &k->draft[i] : NULL;
}

static void take_off(struct draft *d, uint16_t name, bool moves, bool unsure)
{
    if (!d || d->off)
        return; /* two holidays on one date: the first row names it */
    d->off = true;
    d->moves = moves;
    d->unsure = unsure;
    d->name = name;
}

static bool has_official(const struct compiler *k, const char *id, int year)
{
    size_t i;
    json_t *row;

    json_array_foreach(k->official, i, row) if (text_equal(json_str(row, "holiday"), id) &&
                                                json_i64(row, "year", 0) == year) return true;
    return false;
}

static void lay_occurrence(struct compiler *k, const struct holiday *h, int64_t anchor)
{
    if (has_official(k, h->id, date_from_days(anchor).year))
        return; /* announced for that year: the data wins */
    for (int64_t i = 0; i < h->days; i++) {
        int64_t day = anchor + h->offset + i;

        if (day >= h->from && day <= h->to)
            take_off(draft_at(k, day), h->name, h->moves, h->unsure);
    }
}

/* The same month and day in every year of the span. */
static bool lay_yearly(struct compiler *k, const struct holiday *h, const char *on)
{
    int first = date_from_days(k->c->first).year;
    int last = date_from_days(k->c->first + (int64_t)k->c->n_days - 1).year, month, day;

    if (strlen(on) != 5 || on[2] != '-' || !two_digits(on, &month) || !two_digits(on + 3, &day) ||
        !date_is_valid((struct date){2023, month, day}))
        return bad(k, arena_printf(k->arena, "%s/on", h->pointer), "a month and day are expected, 09-02");
    for (int year = first; year <= last; year++)
        lay_occurrence(k, h, date_to_days((struct date){year, month, day}));
    return true;
}

static bool lay_dates(struct compiler *k, const struct holiday *h, const json_t *dates)
{
    const char *list = arena_printf(k->arena, "%s/dates", h->pointer);
    size_t i;
    json_t *item;

    if (!rows(k, dates, list))
        return false;
    json_array_foreach(dates, i, item)
    {
        int64_t day;

        if (!read_date(k, item, row_pointer(k, list, i), &day))
            return false;
        lay_occurrence(k, h, day);
    }
    return true;
}

static bool lay_holiday(struct compiler *k, const json_t *row, const char *pointer)
{
    static const char *const known[] = {"id",     "name", "on", "dates",   "offset", "days",
                                        "unsure", "from", "to", "in_lieu", NULL};
    const json_t *title = json_object_get(row, "name"), *dates = json_object_get(row, "dates");
    const char *on = json_str(row, "on");
    struct holiday h = {.pointer = pointer,
                        .id = json_str(row, "id"),
                        .offset = json_i64(row, "offset", 0),
                        .days = json_i64(row, "days", 1),
                        .moves = !json_is_false(json_object_get(row, "in_lieu")),
                        .unsure = json_flag(row, "unsure")};

    if (!only(k, row, pointer, known) || !read_force(k, row, pointer, &h.from, &h.to))
        return false;
    if (!h.id || text_is_empty(json_title(title, LANG_VI)))
        return bad(k, pointer, "a holiday needs an id and a name");
    if (!on == !dates)
        return bad(k, pointer, "a holiday falls either \"on\" a month and day or on \"dates\"");
    if (h.days < 1 || h.days > HOLIDAY_DAYS_MAX || h.offset < -HOLIDAY_DAYS_MAX || h.offset > HOLIDAY_DAYS_MAX)
        return bad(k, pointer, "days and offset are at most 31");
    h.name = add_name(k, json_title(title, LANG_VI), json_title(title, LANG_EN));
    return on ? lay_yearly(k, &h, on) : lay_dates(k, &h, dates);
}

static const json_t *holiday_by_id(const json_t *holidays, const char *id)
{
    size_t i;
    json_t *row;

    json_array_foreach(holidays, i, row) if (id && text_equal(json_str(row, "id"), id)) return row;
    return NULL;
}

static bool lay_official(struct compiler *k, const json_t *holidays, const json_t *row, const char *pointer)
{
    static const char *const known[] = {"holiday", "year", "first", "last", "unsure", NULL};
    const json_t *holiday = holiday_by_id(holidays, json_str(row, "holiday"));
    const json_t *title = json_object_get(holiday, "name");
    int64_t first, last;
    uint16_t name;

    if (!only(k, row, pointer, known))
        return false;
    if (!holiday || !json_is_integer(json_object_get(row, "year")))
        return bad(k, pointer, "a block names one of the holidays and its year");
    if (!read_date(k, json_object_get(row, "first"), arena_printf(k->arena, "%s/first", pointer), &first) ||
        !read_date(k, json_object_get(row, "last"), arena_printf(k->arena, "%s/last", pointer), &last))
        return false;
    if (last < first || last - first >= HOLIDAY_DAYS_MAX)
        return bad(k, pointer, "a block is at most 31 days, first to last");
    name = add_name(k, json_title(title, LANG_VI), json_title(title, LANG_EN));
    for (int64_t day = first; day <= last; day++)
        take_off(draft_at(k, day), name, false, json_flag(row, "unsure"));
    return true;
}

/* Art 111: a holiday on a weekly rest day is given back on the next working day; several follow one another. */
static void lay_in_lieu(struct compiler *k)
{
    for (size_t i = 0; i < k->c->n_days; i++) {
        const struct draft *d = &k->draft[i];
        size_t next = i + 1;

        if (!d->off || !d->moves || d->weekly)
            continue;
        while (next < k->c->n_days && (k->draft[next].off || !k->draft[next].weekly))
            next++;
        if (next < k->c->n_days) {
            const struct day_name *name = &k->c->names[d->name];

            take_off(&k->draft[next],
                     add_name(k, arena_printf(k->arena, "Nghỉ bù %s", name->text[LANG_VI]),
                              arena_printf(k->arena, "%s (in lieu)", name->text[LANG_EN])),
                     false, d->unsure);
        }
    }
}

/* ---- swaps ---- */

static bool lay_swap(struct compiler *k, const json_t *row, const char *pointer)
{
    static const char *const known[] = {"off", "worked", "unsure", "in_force", NULL};
    bool proposed = json_is_false(json_object_get(row, "in_force")), unsure = json_flag(row, "unsure");
    const json_t *worked_date = json_object_get(row, "worked");
    struct draft *off, *worked;
    int64_t off_day, worked_day;

    if (!only(k, row, pointer, known) ||
        !read_date(k, json_object_get(row, "off"), arena_printf(k->arena, "%s/off", pointer), &off_day))
        return false;
    off = draft_at(k, off_day);
    if (!off || off->off || !off->weekly)
        return bad(k, pointer, "the day to be taken off is no working day of the span");
    if (proposed) { /* changes nothing yet, but the day may still change */
        off->unsure = true;
        return true;
    }
    if (!read_date(k, worked_date, arena_printf(k->arena, "%s/worked", pointer), &worked_day))
        return false;
    worked = draft_at(k, worked_day);
    if (!worked || worked->off || worked->weekly || worked->worked)
        return bad(k, pointer, "the day to be worked is no ordinary rest day of the span");
    worked->worked = true;
    worked->weekly = off->weekly; /* the hours of the day it stands for */
    worked->unsure |= unsure;
    worked->name = add_name(k, arena_printf(k->arena, "Làm bù cho ngày %s", json_str(row, "off")),
                            arena_printf(k->arena, "Worked instead of %s", json_str(row, "off")));
    take_off(off,
             add_name(k, arena_printf(k->arena, "Nghỉ hoán đổi, làm bù ngày %s", json_str(row, "worked")),
                      arena_printf(k->arena, "Day off, worked on %s instead", json_str(row, "worked"))),
             false, unsure);
    return true;
}

/* ---- extra half-days ---- */

/* Opens rest days that are nothing else; they do not become working days. */
static bool lay_extra(struct compiler *k, const json_t *row, const char *pointer)
{
    static const char *const known[] = {"weekday", "hours", "from", "to", NULL};
    const char *name = json_str(row, "weekday");
    size_t weekday = 0;
    uint8_t hours;
    int64_t from, to;

    if (!only(k, row, pointer, known) || !read_force(k, row, pointer, &from, &to))
        return false;
    while (weekday < COUNT(weekdays) && !text_equal(name, weekdays[weekday]))
        weekday++;
    if (weekday == COUNT(weekdays))
        return bad(k, arena_printf(k->arena, "%s/weekday", pointer), "a weekday is expected, saturday");
    if (!read_hours(k, json_object_get(row, "hours"), arena_printf(k->arena, "%s/hours", pointer), &hours))
        return false;
    for (size_t i = 0; i < k->c->n_days; i++) {
        int64_t date = k->c->first + (int64_t)i;
        struct day *day = &k->c->days[i];

        if (date >= from && date <= to && date_weekday(date_from_days(date)) == (int)weekday &&
            !(day->flags & DAY_WORKING) && !day->name)
            day->hours = hours;
    }
    return true;
}

/* ---- the table ---- */

static void fill_days(struct compiler *k)
{
    for (size_t i = 0; i < k->c->n_days; i++) {
        const struct draft *d = &k->draft[i];
        struct day *day = &k->c->days[i];

        day->hours = d->off ? 0 : d->weekly;
        day->name = d->name;
        day->flags = (uint8_t)((day->hours ? DAY_WORKING : 0) | (d->unsure ? DAY_UNSURE : 0));
    }
}

static void total(struct arena *a, struct calendar *c)
{
    uint32_t minutes = 0;
    uint16_t working = 0;

    c->working = arena_array(a, uint16_t, c->n_days);
    for (size_t i = 0; i <= c->n_days; i++) {
        c->days[i].minutes_before = minutes;
        c->days[i].working_before = working;
        if (i == c->n_days)
            break;
        minutes += (uint32_t)c->hours[c->days[i].hours].minutes;
        if (c->days[i].flags & DAY_WORKING)
            c->working[working++] = (uint16_t)i;
    }
}

static bool read_span(struct compiler *k, const json_t *definition)
{
    static const char *const known[] = {"from", "to", NULL};
    const json_t *span = json_object_get(definition, "span");
    int64_t from, to;

    if (!only(k, span, "/span", known) || !read_date(k, json_object_get(span, "from"), "/span/from", &from) ||
        !read_date(k, json_object_get(span, "to"), "/span/to", &to))
        return false;
    if (to < from || to - from >= SPAN_DAYS_MAX)
        return bad(k, "/span", "a span is at most a hundred years, from before to");
    k->c->first = from;
    k->c->n_days = (size_t)(to - from + 1);
    return true;
}

static bool read_cutoff(struct compiler *k, const json_t *definition)
{
    const char *s = json_str(definition, "same_day_until");

    if (!s || strlen(s) != 5 || !read_minute(s, &k->c->cutoff))
        return bad(k, "/same_day_until", "an hour is expected, \"15:00\"");
    return true;
}

typedef bool (*lay_fn)(struct compiler *k, const json_t *row, const char *pointer);

static bool lay_all(struct compiler *k, const json_t *list, const char *pointer, lay_fn lay)
{
    size_t i;
    json_t *row;

    if (!rows(k, list, pointer))
        return false;
    json_array_foreach(list, i, row) if (!lay(k, row, row_pointer(k, pointer, i))) return false;
    return true;
}

static bool lay_holidays(struct compiler *k, const json_t *holidays)
{
    size_t i;
    json_t *row;

    if (!rows(k, k->official, "/official") || !rows(k, holidays, "/holidays"))
        return false;
    json_array_foreach(k->official, i,
                       row) if (!lay_official(k, holidays, row, row_pointer(k, "/official", i))) return false;
    json_array_foreach(holidays, i, row)
    {
        if (holiday_by_id(holidays, json_str(row, "id")) != row && json_str(row, "id"))
            return bad(k, row_pointer(k, "/holidays", i), "this id stands here twice");
        if (!lay_holiday(k, row, row_pointer(k, "/holidays", i)))
            return false;
    }
    lay_in_lieu(k);
    return true;
}

static bool extend(struct compiler *k, const struct calendar *base, const json_t *extra, const char *pointer,
                   struct calendar **out)
{
    struct calendar *c = arena_new_of(k->arena, struct calendar), *before = k->c;

    *c = *base; /* names and the rest are shared: base must outlive it */
    c->n_units = 0;
    c->days = arena_array(k->arena, struct day, c->n_days + 1);
    memcpy(c->days, base->days, c->n_days * sizeof *c->days);
    k->c = c;
    if (!lay_all(k, extra, pointer, lay_extra))
        return false;
    k->c = before;
    total(k->arena, c);
    *out = c;
    return true;
}

/* Units that open at more times than the others. */
static bool lay_units(struct compiler *k, const json_t *list)
{
    static const char *const known[] = {"unit", "extra", NULL};
    struct calendar *c = k->c;
    size_t i;
    json_t *row;

    if (!rows(k, list, "/units"))
        return false;
    c->units = arena_array(k->arena, struct unit_calendar, json_array_size(list));
    json_array_foreach(list, i, row)
    {
        const char *pointer = row_pointer(k, "/units", i), *code = json_str(row, "unit");
        struct calendar *own;

        if (!only(k, row, pointer, known))
            return false;
        if (!code || calendar_of_unit(c, code) != c)
            return bad(k, pointer, "a unit is named once, by its code");
        if (!extend(k, c, json_object_get(row, "extra"), arena_printf(k->arena, "%s/extra", pointer), &own))
            return false;
        c->units[c->n_units++] = (struct unit_calendar){arena_strdup(k->arena, code), own};
    }
    return true;
}

bool calendar_compile(struct arena *a, const json_t *definition, struct calendar **out, struct error *e)
{
    static const char *const known[] = {"name",     "title", "span",  "same_day_until", "hours", "holidays",
                                        "official", "swaps", "extra", "units",          NULL};
    struct calendar *c = arena_new_of(a, struct calendar);
    const json_t *holidays = json_object_get(definition, "holidays"), *swaps = json_object_get(definition, "swaps");
    struct compiler k = {.arena = a, .c = c, .official = json_object_get(definition, "official"), .e = e};

    if (!only(&k, definition, "", known) || !read_span(&k, definition) || !read_cutoff(&k, definition))
        return false;
    k.draft = arena_array(a, struct draft, c->n_days);
    c->days = arena_array(a, struct day, c->n_days + 1);
    c->n_hours = c->n_names = 1; /* index 0: closed, and no name */
    /* One name a holiday, a block and a day in lieu, two a swap. */
    c->names = arena_array(a, struct day_name,
                           1 + c->n_days + json_array_size(holidays) + json_array_size(k.official) +
                               2 * json_array_size(swaps));
    if (!lay_all(&k, json_object_get(definition, "hours"), "/hours", lay_week) || !lay_holidays(&k, holidays) ||
        !lay_all(&k, swaps, "/swaps", lay_swap))
        return false;
    fill_days(&k);
    if (!lay_all(&k, json_object_get(definition, "extra"), "/extra", lay_extra))
        return false;
    total(a, c);
    if (!lay_units(&k, json_object_get(definition, "units")))
        return false;
    *out = c;
    return true;
}

bool calendar_extend(struct arena *a, const struct calendar *base, const json_t *extra, struct calendar **out,
                     struct error *e)
{
    struct compiler k = {.arena = a, .e = e};

    return extend(&k, base, extra, "/extra", out);
}
