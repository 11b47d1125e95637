/* Time: UTC milliseconds inside, RFC 3339 with offset at the edges. Việt Nam is UTC+7 all year, without exceptions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

enum { VN_OFFSET_MS = 7 * 3600 * 1000, DAY_MS = 24 * 3600 * 1000, INSTANT_TEXT_MAX = 40, DATE_TEXT_MAX = 16 };
#define INSTANT_NONE INT64_MIN

struct date {
    int year, month, day; /* proleptic Gregorian */
};

/* Wall clock. Not monotone: the machine's clock may be set. */
int64_t now_ms(void);
/* For measuring durations. */
int64_t monotonic_us(void);

/* Days since 1970-01-01. */
int64_t date_to_days(struct date d);
struct date date_from_days(int64_t days);
/* 0 Monday … 6 Sunday. */
int date_weekday(struct date d);
bool date_is_valid(struct date d);
/* The date in Việt Nam at that instant, and the first instant of a date there. */
struct date date_at(int64_t ms);
int64_t date_start_ms(struct date d);

/* Strict "YYYY-MM-DD"; the whole text. */
bool date_parse(const char *s, struct date *out) CHECKED;
void date_format(struct date d, char out[static DATE_TEXT_MAX]);
/* Strict RFC 3339 with offset (seconds needed, fraction optional, leap second refused). */
bool instant_parse(const char *s, int64_t *ms) CHECKED;
/* "2026-11-21T09:00:00.000+07:00" */
void instant_format(int64_t ms, char out[static INSTANT_TEXT_MAX]);
