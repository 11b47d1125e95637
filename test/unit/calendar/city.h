/* The city's own calendar, read from the pack: the tests below hold for what is delivered. */
#pragma once

#include "calendar/calendar.h"
#include "base/base.h"

static inline json_t *city_definition(struct arena *a)
{
    struct error e = {0};
    struct bytes text;
    struct yaml y;

    if (!file_read(a, arena_printf(a, "%s/city/hcmc/calendar.yaml", getenv("SOURCE_ROOT")), 1 << 20, &text, &e) ||
        !yaml_read(a, text, &y, &e))
        die(e.detail, 0);
    return y.root;
}

static inline struct calendar *city_calendar(struct arena *a)
{
    struct error e = {0};
    struct calendar *c = NULL;

    if (!calendar_compile(a, city_definition(a), &c, &e))
        die(e.detail, 0);
    return c;
}

/* "2026-11-20 10:00" in Việt Nam. */
static inline int64_t at(const char *s)
{
    char text[INSTANT_TEXT_MAX];
    int64_t ms = INSTANT_NONE;

    (void)snprintf(text, sizeof text, "%.10sT%.5s:00+07:00", s, s + 11);
    if (!instant_parse(text, &ms))
        die(s, 0);
    return ms;
}

static inline struct date on(const char *s)
{
    struct date d;

    if (!date_parse(s, &d))
        die(s, 0);
    return d;
}

/* "2026-11-26 17:00", or "none". */
static inline const char *said(int64_t ms, char out[static INSTANT_TEXT_MAX])
{
    if (ms == INSTANT_NONE)
        return "none";
    instant_format(ms, out);
    out[10] = ' ';
    out[16] = '\0';
    return out;
}
