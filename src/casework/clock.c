/* The law's clock of a case: which dated rule counts it, what that rule promised when, and on which calendar. The other
 * clock, the nation's, is calendar/national.c. */
#include "casework/casework_internal.h"

#include <string.h>

enum { COUNTS_MAX = 64 };

/* In force where a pack gives none. */
static const struct clock_rule usual = {
    .id = "usual", .restart = true, .supplements = 1, .apologies = 1, .apology_ahead_ms = DAY_MS};

/* ---- the rules ---- */

static bool wrong(struct error *e, size_t i, const char *what)
{
    char pointer[32];

    (void)snprintf(pointer, sizeof pointer, "/rules/%zu", i);
    (void)fail(e, E_PACK, "%s: %s", pointer, what); /* the item carries the place */
    return fail_field(e, pointer, "rules", what);
}

static bool read_rule(struct arena *a, const json_t *row, size_t i, struct clock_rule *r, struct error *e)
{
    const char *to = json_str(row, "to");
    struct limit ahead;

    *r = (struct clock_rule){
        .id = arena_strdup(a, json_str(row, "id") ? json_str(row, "id") : ""),
        .legal = arena_strdup(a, json_str(row, "legal") ? json_str(row, "legal") : ""),
        .restart = text_equal(json_str(row, "supplement"), "restart"),
        .supplements = (size_t)json_i64(row, "supplements", 1),
        .apologies = (int)json_i64(row, "apologies", 1),
    };
    if (!date_parse(json_str(row, "from"), &r->from) || (to && !date_parse(to, &r->to)))
        return wrong(e, i, "a date is year-month-day");
    if (!limit_parse(json_str(row, "apology_ahead"), &ahead) || ahead.unit != LIMIT_DAY)
        return wrong(e, i, "apology_ahead is a number of days");
    r->apology_ahead_ms = ahead.value * DAY_MS;
    return true;
}

/* Each begins after the one before has ended, so that a day has one rule. */
static bool follows(const struct clock_rule *before, const struct clock_rule *r)
{
    return before->to.year && date_to_days(before->to) < date_to_days(r->from) &&
           (!r->to.year || date_to_days(r->from) <= date_to_days(r->to));
}

bool rules_compile(struct arena *a, const json_t *definition, struct clock_rules *out, struct error *e)
{
    const json_t *list = json_object_get(definition, "rules"), *row;
    size_t i;

    out->n = 0;
    out->rules = arena_array(a, struct clock_rule, json_array_size(list));
    json_array_foreach(list, i, row)
    {
        if (!read_rule(a, row, i, &out->rules[i], e))
            return false;
        if (i && !follows(&out->rules[i - 1], &out->rules[i]))
            return wrong(e, i, "begins before the one above it has ended");
        out->n++;
    }
    return true;
}

static const struct clock_rule *rule_on(const struct clock_rules *rules, struct date d)
{
    int64_t day = date_to_days(d);

    for (size_t i = 0; i < rules->n; i++) {
        const struct clock_rule *r = &rules->rules[i];

        if (date_to_days(r->from) <= day && (!r->to.year || day <= date_to_days(r->to)))
            return r;
    }
    return &usual;
}

/* The rule in force when it was received (filed, before that). */
const struct clock_rule *clock_rule_of(const struct house *h, const struct case_file *c)
{
    const struct casework *room = h ? casework_of(h) : NULL;

    if (!room)
        return &usual;
    return rule_on(&room->rules, date_at(c->received_at == INSTANT_NONE ? c->submitted_at : c->received_at));
}

const struct calendar *case_calendar(const struct house *h, const struct case_file *c)
{
    return calendar_of_unit(casework_of(h)->calendar, c->unit->code);
}

void rules_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    struct clock_rules rules;
    struct error e;

    (void)pack;
    error_init(&e);
    if (!rules_compile(a, file->body, &rules, &e))
        pack_complain(report, file, e.n_items ? e.items[0].pointer : "", "rules", "%s", e.detail);
    error_done(&e);
}

/* ---- what was counted ---- */

/* The rows say which version of what counted this case, so that a date can be explained years later. */
static void remember(const struct house *h, struct arena *a, struct case_file *c, const char *why, int64_t now)
{
    const struct casework *room = casework_of(h);
    char limit[LIMIT_TEXT_MAX] = "";

    if (c->service->limit.value)
        limit_format(c->service->limit, limit);
    c->counts = json_held(a, c->counts ? json_deep_copy(c->counts) : json_array());
    if (json_array_size(c->counts) == COUNTS_MAX) /* reopened for ever: the newest are of use */
        (void)json_array_remove(c->counts, 1);
    (void)json_array_append_new(
        c->counts, json_pack("{s:I, s:s, s:s, s:I, s:s, s:s, s:I, s:I}", "at", (json_int_t)now, "why", why, "rule",
                             clock_rule_of(h, c)->id, "calendar", (json_int_t)room->calendar_version, "limit", limit,
                             "way", c->service->way == DUE_LEGAL_DAYS ? "legal" : "hours", "due_at",
                             (json_int_t)c->due_at, "legal_due_at", (json_int_t)c->legal_due_at));
}

/* A child's time is a share of its parent's: whatever its own service promises, it may not outlast that. */
static void cap(struct case_file *c)
{
    if (c->ask_due_at == INSTANT_NONE)
        return;
    if (c->due_at == INSTANT_NONE || c->due_at > c->ask_due_at)
        c->due_at = c->ask_due_at;
    if (c->legal_due_at == INSTANT_NONE || c->legal_due_at > c->ask_due_at)
        c->legal_due_at = c->ask_due_at;
}

bool clock_start(const struct house *h, struct arena *a, struct case_file *c, const char *why, int64_t now,
                 struct error *e)
{
    const struct service *s = c->service;
    struct due own, city;

    if (s->limit.value) {
        /* A unit's Saturday morning counts in its hours, and changes nothing in the law's days. */
        if (!calendar_due(case_calendar(h, c), now, s->limit, s->way, &own, e) ||
            !calendar_due(casework_of(h)->calendar, now, s->limit, s->way, &city, e))
            return false;
        c->due_at = own.due_ms;
        c->legal_due_at = city.legal_due_ms;
    }
    c->clock_set = true;
    cap(c);
    if (c->due_at != INSTANT_NONE)
        remember(h, a, c, why, now);
    return true;
}

/* What was left when the clock stopped is given again; nothing is left of a date that had passed. */
static int64_t moved(const struct calendar *calendar, int64_t due, int64_t stopped, int64_t now)
{
    int64_t left = due == INSTANT_NONE ? 0 : calendar_work_minutes(calendar, stopped, due);
    int64_t moved = left > 0 ? calendar_add_work_minutes(calendar, now, left) : INSTANT_NONE;

    return moved == INSTANT_NONE || moved < due ? due : moved;
}

void clock_resume(const struct house *h, struct arena *a, struct case_file *c, const char *why, int64_t stopped,
                  int64_t now)
{
    c->due_at = moved(case_calendar(h, c), c->due_at, stopped, now);
    c->legal_due_at = moved(casework_of(h)->calendar, c->legal_due_at, stopped, now);
    c->clock_set = true;
    cap(c);
    if (c->due_at != INSTANT_NONE)
        remember(h, a, c, why, now);
}

void clock_appoint(const struct house *h, struct arena *a, struct case_file *c, int64_t due, int64_t now)
{
    c->due_at = due;
    remember(h, a, c, "apologise", now);
}

bool clock_restarts(const struct house *h, const struct case_file *c)
{
    return c->service->on_supplement == SUPPLEMENT_AS_RULED ? clock_rule_of(h, c)->restart
                                                            : c->service->on_supplement == SUPPLEMENT_RESTARTS;
}
