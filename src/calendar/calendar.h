/* Working time, holidays and deadlines. All of it is data with dates of force: the calendar is compiled once from a
 * definition of the pack (city/hcmc/calendar.yaml says the format) into a table of days, and then only read.
 *
 * A day is *working* when the law counts it: the legal day count sees nothing else. A day is *open* when the office
 * keeps hours: a unit may open on Saturday morning without making Saturday a working day. Working minutes are open
 * minutes. Every function here but the two that compile is pure and may be called from any thread.
 *
 * Outside the span of the definition nothing is known: calendar_due() fails, instants are INSTANT_NONE, minutes -1. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/instant.h"

struct calendar;

/* Everything lives in the arena; the definition is not kept. Fails with E_PACK, the pointer of the bad value in the
 * detail and in the item. */
bool calendar_compile(struct arena *a, const json_t *definition, struct calendar **out, struct error *e) CHECKED;
/* The calendar of a unit that opens at more times: base with the rows of extra, in the form of "extra" of a
 * definition. Working days stay those of base, which must live as long. */
bool calendar_extend(struct arena *a, const struct calendar *base, const json_t *extra, struct calendar **out,
                     struct error *e) CHECKED;

/* The calendar of a unit by its code: one of the definition's "units" rows, or the city's own. */
const struct calendar *calendar_of_unit(const struct calendar *c, const char *code);

/* ---- days ---- */

struct calendar_day {
    bool working;                  /* counted by law */
    bool open;                     /* the office keeps hours */
    bool unsure;                   /* the State has not announced it yet, or may still change it */
    const char *name[LANG__COUNT]; /* why the day is not an ordinary one, or NULL: holiday, day in lieu, swap */
};
struct calendar_day calendar_day(const struct calendar *c, struct date d);
bool calendar_is_working_day(const struct calendar *c, struct date d);
/* The first open instant at or after t. */
int64_t calendar_next_opening(const struct calendar *c, int64_t t_ms);
/* When the office closes on that date; INSTANT_NONE on a day it does not open. */
int64_t calendar_close_of(const struct calendar *c, struct date d);
/* The first and the last instant the calendar knows; the last is exclusive. */
void calendar_span(const struct calendar *c, int64_t *from_ms, int64_t *to_ms);

/* ---- working time ---- */

/* Whole working minutes between two instants; 0 when to is not after from. */
int64_t calendar_work_minutes(const struct calendar *c, int64_t from_ms, int64_t to_ms);
/* The earliest instant at which that many working minutes have passed since from. 0 minutes: from itself. */
int64_t calendar_add_work_minutes(const struct calendar *c, int64_t from_ms, int64_t minutes);

/* ---- deadlines ---- */

enum limit_unit { LIMIT_SAME_DAY, LIMIT_WORKING_HOUR, LIMIT_WORKING_DAY, LIMIT_DAY, LIMIT_MONTH, LIMIT__COUNT };
enum { LIMIT_VALUE_MAX = 10000, LIMIT_TEXT_MAX = 32, WORKING_DAY_MINUTES = 480 };

struct limit {
    int64_t value; /* 1 for same-day */
    enum limit_unit unit;
};

/* "same-day", "8 working-hour", "1 working-day", "30 day", "2 month"; the whole text. */
bool limit_parse(const char *s, struct limit *out) CHECKED;
void limit_format(struct limit limit, char out[static LIMIT_TEXT_MAX]);
/* The wire name of the unit, as in limit_parse(). */
const char *limit_unit_name(enum limit_unit unit);
bool limit_unit_of(const char *name, enum limit_unit *out) CHECKED;

/* How working days are counted; a service chooses. The other units count alike both ways. */
enum due_way {
    DUE_LEGAL_DAYS,    /* Civil Code Art 147-148: the day of the event is not counted; ends at the last day's close */
    DUE_WORKING_HOURS, /* 8 working hours a day, from the minute */
    DUE_WAY__COUNT,
};

struct due {
    int64_t due_ms;       /* promised, by the way asked for */
    int64_t legal_due_ms; /* by the legal day count, whatever was asked for */
};

/* When a dossier received at that instant is due. After a supplement the law counts anew: call again with the instant
 * the dossier became complete. A "day" or "month" limit that ends on a rest day ends at the close of the next working
 * day. "same-day" received at or after the cut-off hour (15:00), or on a rest day, is due by the close of the next
 * working day. Fails with E_CALENDAR_SPAN when it would leave the span. */
bool calendar_due(const struct calendar *c, int64_t received_ms, struct limit limit, enum due_way way, struct due *out,
                  struct error *e) CHECKED;
/* When the one-stop must have handed it over: by the close of the day, or by the next working day's opening when
 * received at or after the cut-off hour or on a rest day. */
int64_t calendar_hand_over_due(const struct calendar *c, int64_t received_ms);

/* ---- the national clock (Decision 766/QD-TTg, item 2.1) ---- */

/* The law counts anew after a supplement; the national index subtracts the applicant's time instead. */
struct supplement {
    int64_t asked_ms;
    int64_t completed_ms; /* INSTANT_NONE while unanswered */
};

/* Instants that did not happen are INSTANT_NONE. Start from NATIONAL_CLOCK_INIT. */
struct national_clock {
    int64_t received_ms;
    int64_t due_ms;       /* the appointment given to the applicant */
    int64_t legal_due_ms; /* used when there was no appointment */
    /* when the dossier reached these national statuses */
    int64_t done_ms, returned_ms, stopped_ms, refused_ms, withdrawn_ms; /* 9, 10, 8, 3, 7 */
    int64_t now_ms;                                                     /* now, or the end of the reported period */
    const struct supplement *supplements;                               /* oldest first */
    size_t n_supplements;
    bool by_date; /* compare dates as provincial systems do, not instants as the national rule says */
};
#define NATIONAL_CLOCK_INIT                                                                                            \
    {                                                                                                                  \
        .received_ms = INSTANT_NONE, .due_ms = INSTANT_NONE, .legal_due_ms = INSTANT_NONE, .done_ms = INSTANT_NONE,    \
        .returned_ms = INSTANT_NONE, .stopped_ms = INSTANT_NONE, .refused_ms = INSTANT_NONE,                           \
        .withdrawn_ms = INSTANT_NONE, .now_ms = INSTANT_NONE                                                           \
    }

enum timeliness {
    TIMELINESS_NOT_DUE, /* the clock has not started, or nothing was promised */
    TIMELINESS_IN_TIME, /* open */
    TIMELINESS_OVERDUE, /* open */
    TIMELINESS_EARLY,   /* finished, and so are the next */
    TIMELINESS_ON_TIME,
    TIMELINESS_LATE,
    TIMELINESS__COUNT,
};
/* not_due, in_time, overdue, early, on_time, late */
const char *timeliness_name(enum timeliness t);

struct national_time {
    int64_t minutes;   /* from reception to finish (or now) less the applicant's time; 0 before reception */
    int64_t finish_ms; /* the finish the rule compares, the applicant's time taken off; INSTANT_NONE before reception */
    bool paused, closed; /* a supplement is awaited; the dossier is finished */
    enum timeliness timeliness;
};
struct national_time national_time(const struct national_clock *clock);
