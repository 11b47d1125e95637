/* Limits as services write them: "1 working-day", "8 working-hour", "same-day". */
#include "calendar/calendar.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const unit_names[LIMIT__COUNT] = {
    [LIMIT_SAME_DAY] = "same-day",
    [LIMIT_WORKING_HOUR] = "working-hour",
    [LIMIT_WORKING_DAY] = "working-day",
    [LIMIT_DAY] = "day",
    [LIMIT_MONTH] = "month",
};

const char *limit_unit_name(enum limit_unit unit)
{
    return unit < LIMIT__COUNT ? unit_names[unit] : "";
}

bool limit_unit_of(const char *name, enum limit_unit *out)
{
    for (size_t i = 0; i < LIMIT__COUNT; i++)
        if (text_equal(name, unit_names[i])) {
            *out = (enum limit_unit)i;
            return true;
        }
    return false;
}

bool limit_parse(const char *s, struct limit *out)
{
    char number[8];
    struct limit limit;
    const char *space = s ? strchr(s, ' ') : NULL;

    if (text_equal(s, unit_names[LIMIT_SAME_DAY])) {
        *out = (struct limit){1, LIMIT_SAME_DAY};
        return true;
    }
    if (!space || space == s || *s < '1' || *s > '9' || (size_t)(space - s) >= sizeof number)
        return false;
    (void)snprintf(number, sizeof number, "%.*s", (int)(space - s), s); /* the length was checked */
    if (!text_to_i64(number, 1, LIMIT_VALUE_MAX, &limit.value) || !limit_unit_of(space + 1, &limit.unit) ||
        limit.unit == LIMIT_SAME_DAY)
        return false;
    *out = limit;
    return true;
}

void limit_format(struct limit limit, char out[static LIMIT_TEXT_MAX])
{
    if (limit.unit == LIMIT_SAME_DAY)
        (void)snprintf(out, LIMIT_TEXT_MAX, "%s", limit_unit_name(limit.unit));
    else
        (void)snprintf(out, LIMIT_TEXT_MAX, "%jd %s", (intmax_t)limit.value, limit_unit_name(limit.unit));
}
