/* The national clock: how Decision 766 judges a dossier. It differs from the law's own count (a supplement restarts
 * that one), so both are kept. */
#include "calendar/calendar.h"

enum { MINUTE_IN_MS = 60000 };

const char *timeliness_name(enum timeliness t)
{
    static const char *const names[TIMELINESS__COUNT] = {"not_due", "in_time", "overdue", "early", "on_time", "late"};

    return t < TIMELINESS__COUNT ? names[t] : "";
}

/* Rule 1: the time of status 9, else 10, else 8 or 3, else 7. INSTANT_NONE while open. */
static int64_t closed_at(const struct national_clock *k)
{
    const int64_t order[] = {k->done_ms, k->returned_ms, k->stopped_ms, k->refused_ms, k->withdrawn_ms};

    for (size_t i = 0; i < COUNT(order); i++)
        if (order[i] != INSTANT_NONE)
            return order[i];
    return INSTANT_NONE;
}

static int64_t comparable(const struct national_clock *k, int64_t ms)
{
    return k->by_date ? date_to_days(date_at(ms)) : ms;
}

static enum timeliness judge(const struct national_clock *k, int64_t finish_ms, bool closed)
{
    int64_t due = k->due_ms != INSTANT_NONE ? k->due_ms : k->legal_due_ms;
    enum timeliness late = closed ? TIMELINESS_LATE : TIMELINESS_OVERDUE;

    if (k->n_supplements > 1) /* rule 4 */
        return late;
    if (due == INSTANT_NONE)
        return TIMELINESS_NOT_DUE;
    if (comparable(k, finish_ms) > comparable(k, due))
        return late;
    if (!closed)
        return TIMELINESS_IN_TIME;
    return comparable(k, finish_ms) < comparable(k, due) ? TIMELINESS_EARLY : TIMELINESS_ON_TIME;
}

/* What of the applicant's time lies on the clock: a request answered before reception took none of it. */
static int64_t overlap(const struct supplement *s, int64_t from_ms, int64_t to_ms)
{
    int64_t from = s->asked_ms > from_ms ? s->asked_ms : from_ms;
    int64_t to = s->completed_ms < to_ms ? s->completed_ms : to_ms;

    return to > from ? to - from : 0;
}

struct national_time national_time(const struct national_clock *k)
{
    struct national_time t = {.finish_ms = INSTANT_NONE};
    int64_t finish = closed_at(k), applicant = 0;

    if (k->received_ms == INSTANT_NONE) /* refused or withdrawn before reception: the clock never started */
        return t;
    t.closed = finish != INSTANT_NONE;
    if (!t.closed)
        finish = k->now_ms; /* rule 6 */
    for (size_t i = 0; i < k->n_supplements; i++) {
        const struct supplement *s = &k->supplements[i];

        if (s->completed_ms != INSTANT_NONE) {
            applicant += overlap(s, k->received_ms, finish); /* rule 3 */
        } else {
            t.paused = !t.closed;
            if (s->asked_ms < finish)
                finish = s->asked_ms; /* rule 4 */
        }
    }
    t.finish_ms = finish - applicant; /* rule 5 falls out: the legal limit is laid on the calendar as legal_due_ms */
    t.minutes = t.finish_ms > k->received_ms ? (t.finish_ms - k->received_ms) / MINUTE_IN_MS : 0;
    t.timeliness = judge(k, t.finish_ms, t.closed);
    return t;
}
