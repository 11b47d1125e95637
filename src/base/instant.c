#include "base/instant.h"

#include <string.h>
#include <time.h>

int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t monotonic_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The year starts in March here, so that the leap day is its last. */
int64_t date_to_days(struct date d)
{
    int64_t y = d.month <= 2 ? (int64_t)d.year - 1 : d.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct date date_from_days(int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);

    return (struct date){(int)(yoe + era * 400) + (month <= 2), month, (int)(doy - (153 * mp + 2) / 5 + 1)};
}

int date_weekday(struct date d)
{
    int64_t w = (date_to_days(d) + 3) % 7;

    return (int)(w < 0 ? w + 7 : w);
}

bool date_is_valid(struct date d)
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;

    return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
           d.day <= length[d.month - 1] + (d.month == 2 && leap);
}

struct date date_at(int64_t ms)
{
    int64_t local = ms + VN_OFFSET_MS, days = local / DAY_MS;

    return date_from_days(days - (local % DAY_MS < 0));
}

int64_t date_start_ms(struct date d)
{
    return date_to_days(d) * DAY_MS - VN_OFFSET_MS;
}

/* Reads exactly n digits. */
static bool digits(const char **s, int n, int *out)
{
    int value = 0;

    for (; n > 0; n--, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        value = value * 10 + (**s - '0');
    }
    *out = value;
    return true;
}

static bool mark(const char **s, char c)
{
    return *(*s)++ == c;
}

static bool read_date(const char **s, struct date *d)
{
    return digits(s, 4, &d->year) && mark(s, '-') && digits(s, 2, &d->month) && mark(s, '-') && digits(s, 2, &d->day) &&
           date_is_valid(*d);
}

bool date_parse(const char *s, struct date *out)
{
    struct date d;

    if (!s || !read_date(&s, &d) || *s)
        return false;
    *out = d;
    return true;
}

void date_format(struct date d, char out[static DATE_TEXT_MAX])
{
    (void)snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02d", d.year % 10000, d.month, d.day); /* 10 characters */
}

bool instant_parse(const char *s, int64_t *ms)
{
    struct date d;
    int hour, minute, second, fraction = 0, off_hour, off_minute, sign;

    if (!s || !read_date(&s, &d) || (*s != 'T' && *s != 't'))
        return false;
    s++;
    if (!digits(&s, 2, &hour) || !mark(&s, ':') || !digits(&s, 2, &minute) || !mark(&s, ':') ||
        !digits(&s, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    if (*s == '.') {
        int scale = 100;

        for (s++; *s >= '0' && *s <= '9'; s++, scale /= 10)
            fraction += scale * (*s - '0');
        if (s[-1] == '.')
            return false;
    }
    if (*s == 'Z' || *s == 'z') {
        sign = off_hour = off_minute = 0;
        s++;
    } else {
        sign = *s == '-' ? -1 : *s == '+' ? 1 : 0;
        s++;
        if (!sign || !digits(&s, 2, &off_hour) || !mark(&s, ':') || !digits(&s, 2, &off_minute) || off_hour > 23 ||
            off_minute > 59)
            return false;
    }
    if (*s)
        return false;
    *ms = date_to_days(d) * DAY_MS + ((hour * 60LL + minute) * 60 + second) * 1000 + fraction -
          sign * (off_hour * 60LL + off_minute) * 60000;
    return true;
}

/* Right to left, so that what does not fit its width is cut as the date's year is. */
static void put_digits(char *to, int width, int n)
{
    while (width-- > 0) {
        to[width] = (char)('0' + n % 10);
        n /= 10;
    }
}

/* By hand: a case has six of them, a list three hundred, and printf cost more than the rest of a list's row. */
void instant_format(int64_t ms, char out[static INSTANT_TEXT_MAX])
{
    static const char shape[] = "0000-00-00T00:00:00.000+07:00";
    int64_t t = ms + VN_OFFSET_MS;
    int in_day = (int)(((t % DAY_MS) + DAY_MS) % DAY_MS);
    struct date d = date_at(ms);

    memcpy(out, shape, sizeof shape);
    put_digits(out, 4, d.year % 10000);
    put_digits(out + 5, 2, d.month);
    put_digits(out + 8, 2, d.day);
    put_digits(out + 11, 2, in_day / 3600000);
    put_digits(out + 14, 2, in_day / 60000 % 60);
    put_digits(out + 17, 2, in_day / 1000 % 60);
    put_digits(out + 20, 3, in_day % 1000);
}
