/* The compiled calendar: one row a day, with running totals, so that every question is arithmetic or one binary
 * search. */
#pragma once

#include "calendar/calendar.h"

enum {
    HOURS_MAX = 64,        /* different opening hours in one calendar */
    SHIFTS_MAX = 4,        /* shifts in one day */
    SPAN_DAYS_MAX = 36600, /* fits the 16 bits of working_before */
    MINUTE_MS = 60000,
    DAY_MINUTES = 1440,
};

struct shift {
    int open, close; /* minutes of the day */
};

struct hours {
    size_t n;
    int minutes; /* of all shifts */
    struct shift shift[SHIFTS_MAX];
};

enum day_flag { DAY_WORKING = 1, DAY_UNSURE = 2 };

struct day {
    uint32_t minutes_before; /* open minutes of all earlier days */
    uint16_t working_before; /* working days among them */
    uint16_t name;           /* index of names */
    uint8_t hours;           /* index of hours; 0 is closed */
    uint8_t flags;
};

struct day_name {
    const char *text[LANG__COUNT];
};

struct unit_calendar {
    const char *code;
    const struct calendar *calendar;
};

struct calendar {
    int64_t first; /* days since 1970 of days[0] */
    size_t n_days; /* days[n_days] holds the totals */
    struct day *days;
    uint16_t *working; /* the working days in order, as indexes of days */
    struct day_name *names;
    struct unit_calendar *units; /* those with hours of their own */
    size_t n_names, n_hours, n_units;
    int cutoff; /* minute of the day after which "same day" becomes the next */
    struct hours hours[HOURS_MAX];
};
