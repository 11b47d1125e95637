/* What is legal for whom now: the actor's roles at the unit, the flow's actions at the step, their conditions, and what
 * the law adds (once, in time, not twice). */
#include "casework/casework_internal.h"

#include <string.h>

/* ---- conditions ---- */

static json_t *case_facts_new(const struct case_file *c)
{
    return json_pack("{s:s, s:i, s:s, s:s, s:I, s:s, s:i, s:b}", "code", c->code, "status", (int)c->status, "unit",
                     c->unit->code, "channel", channel_name(c->channel), "fee", (json_int_t)c->fee, "fee_state",
                     c->fee_state, "supplements", (int)json_array_size(c->supplements), "silent",
                     c->silent_at != INSTANT_NONE);
}

/* {"tax": {"status": 9, "note": …}}: the last answer to each question. */
static json_t *answers_new(const struct case_file *c)
{
    json_t *out = json_object(), *row;
    size_t i;

    json_array_foreach(c->answers, i, row) if (json_is_integer(json_object_get(row, "status")))(void)
        json_object_set(out, json_str(row, "ask"), row); /* fails only without memory */
    return out;
}

bool condition_scope(struct db *db, struct arena *a, const struct case_file *c,
                     struct expr_scope out[static CONDITION_NAMES + 1], struct error *e)
{
    struct party applicant;
    bool found;

    if (!party_find(db, a, c->applicant, &applicant, &found, e))
        return false;
    out[0] = (struct expr_scope){"form", json_held(a, json_loads(c->form, 0, NULL))};
    out[1] = (struct expr_scope){"applicant", found ? json_held(a, party_value_new(&applicant)) : NULL};
    out[2] = (struct expr_scope){"case", json_held(a, case_facts_new(c))};
    out[3] = (struct expr_scope){"answers", json_held(a, answers_new(c))};
    out[4] = (struct expr_scope){0};
    return true;
}

bool condition_holds(struct db *db, struct arena *a, const struct case_file *c, const struct expr *x, bool *yes,
                     struct error *e)
{
    struct expr_scope scope[CONDITION_NAMES + 1];

    *yes = true;
    return !x || (condition_scope(db, a, c, scope, e) && expr_bool(x, scope, yes, e));
}

bool tree_evaluate(const struct expr_scope *scope, const json_t *tree, struct arena *a, json_t **out, struct error *e)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(tree)) {
        struct expr *x = NULL;

        return expr_compile(a, json_string_value(tree), &x, e) && expr_json(x, scope, out, e);
    }
    if (!json_is_object(tree) && !json_is_array(tree)) {
        *out = json_deep_copy(tree);
        return true;
    }
    *out = json_is_object(tree) ? json_object() : json_array();
    json_object_foreach((json_t *)(uintptr_t)tree, key, member)
    {
        json_t *value = NULL;

        if (!tree_evaluate(scope, member, a, &value, e)) {
            json_decref(value);
            return false;
        }
        if (json_is_null(value)) /* what is not known is absent, not null */
            json_decref(value);
        else
            (void)json_object_set_new(*out, key, value); /* fails only without memory */
    }
    json_array_foreach(tree, i, member)
    {
        json_t *value = NULL;

        if (!tree_evaluate(scope, member, a, &value, e)) {
            json_decref(value);
            return false;
        }
        (void)json_array_append_new(*out, value); /* fails only without memory */
    }
    return true;
}

/* ---- who ---- */

static enum effect effect_of(const struct transition *t)
{
    return t->standard ? t->standard->effect : EFFECT_MOVE;
}

/* One supplement more than the rule gives: the head answers for it in writing, and it counts as late. */
static bool needs_override(const struct transition *t, const struct house *h, const struct case_file *c)
{
    return effect_of(t) == EFFECT_ASK_SUPPLEMENT && json_array_size(c->supplements) >= clock_rule_of(h, c)->supplements;
}

static unsigned allowed_bits(const struct transition *t, const struct house *h, const struct case_file *c)
{
    if (needs_override(t, h, c))
        return 1U << ROLE_UNIT_HEAD;
    /* A head who assigns is not of the step's own role; every flow lets them. */
    return effect_of(t) == EFFECT_ASSIGN ? t->by | 1U << ROLE_UNIT_HEAD : t->by;
}

/* What another unit asked for is between the two: the citizen only gives what is still asked of them. */
static unsigned of_child(const struct transition *t, unsigned bits)
{
    return effect_of(t) == EFFECT_SUPPLEMENT || effect_of(t) == EFFECT_PAY ? bits : bits & ~(unsigned)BY_APPLICANT;
}

int64_t action_on_behalf(const struct house *h, const struct actor *who, const struct case_file *c, int64_t now,
                         const struct legal_action *legal)
{
    for (size_t i = 0; i < who->n_roles; i++) /* the work of the one who is away is theirs, whatever else one may */
        if (who->roles[i].unit == c->unit->id && who->roles[i].on_behalf && who->roles[i].on_behalf == c->assignee &&
            (legal->by & 1U << who->roles[i].role))
            return who->roles[i].on_behalf;
    if (legal->by & case_standing(h, who, c, now).own_bits)
        return 0;
    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].unit == c->unit->id && who->roles[i].on_behalf && (legal->by & 1U << who->roles[i].role))
            return who->roles[i].on_behalf;
    return 0;
}

/* ---- what ---- */

static bool entry_is_missing(const struct case_file *c)
{
    return c->service->entry_registry && !c->entry_key;
}

static unsigned needs_of(const struct transition *t, const struct house *h, const struct actor *who,
                         const struct case_file *c, unsigned bits)
{
    enum { TAKES_MONEY = 1U << ROLE_CASHIER | 1U << ROLE_ONE_STOP };
    unsigned needs = t->needs;

    /* Flows say where officers record their decision; most services have nothing to be recorded. */
    if (!c->service->office && effect_of(t) != EFFECT_SUPPLEMENT)
        needs &= ~(unsigned)NEED_FORM;
    if (effect_of(t) == EFFECT_SUBMIT_FOR_SIGNATURE && entry_is_missing(c))
        needs |= NEED_ENTRY;
    /* Whoever may do the step takes the case by assigning it without a name; a head names somebody. */
    if (effect_of(t) == EFFECT_ASSIGN && c->step->role != NO_ROLE &&
        !actor_is(who, (enum role)c->step->role, c->unit->id))
        needs |= NEED_ASSIGNEE;
    if (needs_override(t, h, c))
        needs |= NEED_OVERRIDE;
    if (effect_of(t) == EFFECT_ASK_PAYMENT && c->fee == 0)
        needs |= NEED_AMOUNT;
    if (effect_of(t) == EFFECT_PAY && !(bits & TAKES_MONEY))
        needs |= NEED_NOTE; /* the number of the transfer, for the cashier to find it */
    if (t->to && t->to->ask && t->to->ask->chosen)
        needs |= NEED_UNITS;
    return needs;
}

static bool fits(struct db *db, struct arena *a, const struct house *h, const struct transition *t,
                 const struct case_file *c, unsigned bits, int64_t now, bool *yes, struct error *e)
{
    *yes = false;
    if (c->parent)
        bits = of_child(t, bits);
    if (!(allowed_bits(t, h, c) & bits) || (t->target == TARGET_BACK && !c->back_step))
        return true;
    if (t->standard && t->standard->fits && !t->standard->fits(h, c, now))
        return true;
    return condition_holds(db, a, c, t->when, yes, e);
}

static bool is_listed(const struct legal_action *out, size_t n, const char *action)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(out[i].transition->action, action) == 0)
            return true;
    return false;
}

bool actions_legal(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const struct case_file *c, int64_t now, struct legal_action out[static LEGAL_ACTIONS_MAX], size_t *n,
                   struct error *e)
{
    const struct flow *f = c->service->flow;
    unsigned bits = case_standing(h, who, c, now).bits;
    size_t own = c->step->n_transitions, always = c->step->end ? 0 : f->n_always;

    *n = 0;
    for (size_t i = 0; bits && i < own + always + RESULT_WAYS && *n < LEGAL_ACTIONS_MAX; i++) {
        const struct transition *t = i < own            ? &c->step->transitions[i]
                                     : i < own + always ? &f->always[i - own]
                                                        : &result_ways[i - own - always];
        bool yes;

        /* The step's own row wins over one for all steps; of several for one action the first whose condition holds. */
        if ((i >= own && !(t->statuses & STATUS_BIT(c->status))) || is_listed(out, *n, t->action))
            continue;
        if (!fits(db, a, h, t, c, bits, now, &yes, e))
            return false;
        if (yes)
            out[(*n)++] = (struct legal_action){t, needs_of(t, h, who, c, bits), allowed_bits(t, h, c)};
    }
    return true;
}

/* ---- going back ---- */

bool steps_behind(struct db *db, const struct case_file *c, const struct step **out, size_t max, size_t *n,
                  struct error *e)
{
    static const char sql[] = "SELECT from_step, MIN(seq) FROM case_event WHERE case_id = $1 AND from_step IS NOT NULL"
                              " GROUP BY from_step ORDER BY MIN(seq)";
    auto_rows struct rows *r = NULL;
    bool more;

    *n = 0;
    if (!db_query(db, &r, e, sql, ARGS(I64(c->id))))
        return false;
    for (;;) {
        const struct step *s;

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        s = flow_step(c->service->flow, rows_text(r, 0));
        if (s && s != c->step && s->status == STATUS_IN_PROCESS && !s->end && !s->pause && !s->automatic && !s->ask &&
            *n < max)
            out[(*n)++] = s;
    }
}
