/* Is a flow sound? Every step is reached, every step leads to an end, the shares add up, every role exists where the
 * flow is used, the system does not run in circles. What is wrong is said with file, line and rule. */
#include "casework/casework_internal.h"

#include <string.h>

enum { WAYS_MAX = 200000 };

struct checking {
    const struct pack *pack;
    const struct pack_file *file;
    struct pack_report *report;
    struct arena *arena;
    const struct flow *flow;
    bool *reached, *ends; /* by step */
};

static size_t index_of(const struct flow *f, const struct step *s)
{
    return (size_t)(s - f->steps);
}

static const char *place(const struct checking *k, const struct step *s)
{
    return arena_printf(k->arena, "/steps/%s", s->id);
}

/* ---- reached, and an end in sight ---- */

static void reach(struct checking *k, const struct step *s)
{
    size_t i = index_of(k->flow, s);

    if (k->reached[i])
        return;
    k->reached[i] = true;
    for (size_t n = 0; n < s->n_transitions; n++)
        if (s->transitions[n].to)
            reach(k, s->transitions[n].to);
    if (s->ask)
        reach(k, s->ask->then);
}

static bool leads_to_end(const struct checking *k, const struct step *s)
{
    if (s->end || (s->ask && k->ends[index_of(k->flow, s->ask->then)]))
        return true;
    for (size_t n = 0; n < s->n_transitions; n++) {
        const struct transition *t = &s->transitions[n];

        /* A supplement goes back to where it was asked, which has its own way on. */
        if (t->target == TARGET_BACK || (t->to && k->ends[index_of(k->flow, t->to)]))
            return true;
    }
    return false;
}

/* The actions of `always` are a way out, but none that a case is meant to take: they are not counted. */
static void find_ends(struct checking *k)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < k->flow->n_steps; i++)
            if (!k->ends[i] && leads_to_end(k, &k->flow->steps[i]))
                k->ends[i] = changed = true;
    }
}

static void check_ways(struct checking *k)
{
    const struct flow *f = k->flow;

    reach(k, f->start);
    for (size_t i = 0; i < f->n_always; i++)
        if (f->always[i].to)
            reach(k, f->always[i].to);
    find_ends(k);
    for (size_t i = 0; i < f->n_steps; i++) {
        const struct step *s = &f->steps[i];

        if (!k->reached[i])
            pack_complain(k->report, k->file, place(k, s), "flow-reachable", "step \"%s\" is never reached", s->id);
        if (!k->ends[i])
            pack_complain(k->report, k->file, place(k, s), "flow-dead-end", "from step \"%s\" no way leads to an end",
                          s->id);
    }
}

/* ---- shares ---- */

static void check_ask_shares(struct checking *k, const struct step *s)
{
    int sum = 0;

    for (size_t i = 0; i < s->ask->n; i++)
        sum += s->ask->rows[i].share;
    if (s->ask->in_turn && sum > 100)
        pack_complain(k->report, k->file, arena_printf(k->arena, "%s/ask", place(k, s)), "flow-shares",
                      "the questions asked in turn take %d percent of the step's time", sum);
}

/* The most that a way from here takes, not going back: ways that exclude each other may share the same time. */
static int heaviest_way(struct checking *k, const struct step *s, bool *on_way, int *budget)
{
    size_t i = index_of(k->flow, s);
    int most = 0;

    if (on_way[i] || --*budget < 0)
        return 0;
    on_way[i] = true;
    for (size_t n = 0; n < s->n_transitions; n++) {
        const struct transition *t = &s->transitions[n];

        if (t->to && !(t->standard && t->standard->effect == EFFECT_RETURN)) {
            int share = heaviest_way(k, t->to, on_way, budget);

            most = share > most ? share : most;
        }
    }
    if (s->ask) {
        int share = heaviest_way(k, s->ask->then, on_way, budget);

        most = share > most ? share : most;
    }
    on_way[i] = false;
    return most + s->share;
}

static void check_shares(struct checking *k)
{
    int most, sum = 0, rest = 0, budget = WAYS_MAX;

    for (size_t i = 0; i < k->flow->n_steps; i++) {
        const struct step *s = &k->flow->steps[i];
        bool works = (s->status == STATUS_RECEIVED || s->status == STATUS_IN_PROCESS) && !s->pause && !s->end;

        sum += s->share;
        rest += works && !s->automatic && !s->share;
        if (s->share && !works)
            pack_complain(k->report, k->file, place(k, s), "flow-shares",
                          "step \"%s\" has a share of time that does not run there", s->id);
        if (s->ask)
            check_ask_shares(k, s);
    }
    most = heaviest_way(k, k->flow->start, arena_array(k->arena, bool, k->flow->n_steps), &budget);
    if (most > 100)
        pack_complain(k->report, k->file, "/steps", "flow-shares", "the shares of one way add up to %d percent", most);
    else if (sum < 100 && sum > 0 && !rest)
        pack_complain(k->report, k->file, "/steps", "flow-shares",
                      "the shares add up to %d percent and no step takes the rest", sum);
}

/* ---- what the system does by itself ---- */

static void check_automatic(struct checking *k, const struct step *s)
{
    const struct transition *last = s->n_transitions ? &s->transitions[s->n_transitions - 1] : NULL;

    if (s->ask || s->pause || s->end || s->share)
        pack_complain(k->report, k->file, place(k, s), "flow-automatic",
                      "step \"%s\" is automatic: it takes no time, asks nothing and is no end", s->id);
    if (!last || last->when)
        pack_complain(k->report, k->file, place(k, s), "flow-automatic",
                      "the last action of automatic step \"%s\" has no condition, so that one always holds", s->id);
    for (size_t i = 0; i < s->n_transitions; i++) {
        const struct transition *t = &s->transitions[i];

        if (t->target != TARGET_STEP || (t->standard && t->standard->effect != EFFECT_MOVE))
            pack_complain(k->report, k->file, arena_printf(k->arena, "%s/actions/%s", place(k, s), t->action),
                          "flow-automatic", "\"%s\" is an officer's act; the system only moves a case on", t->action);
    }
}

/* In a circle of automatic steps the system would never come to rest. */
static bool circles(const struct checking *k, const struct step *s, const struct step *from, size_t depth)
{
    for (size_t i = 0; i < s->n_transitions && depth <= k->flow->n_steps; i++) {
        const struct step *to = s->transitions[i].to;

        if (to && to->automatic && (to == from || circles(k, to, from, depth + 1)))
            return true;
    }
    return false;
}

static void check_timed(struct checking *k, const struct step *s)
{
    for (size_t i = 0; i < s->n_transitions; i++) {
        const struct transition *t = &s->transitions[i];

        if (t->after.value && (t->target != TARGET_STEP || (t->standard && t->standard->effect != EFFECT_MOVE)))
            pack_complain(k->report, k->file, arena_printf(k->arena, "%s/actions/%s", place(k, s), t->action),
                          "flow-automatic", "\"%s\" is an officer's act; time only moves a case on", t->action);
    }
}

static void check_system(struct checking *k)
{
    for (size_t i = 0; i < k->flow->n_steps; i++) {
        const struct step *s = &k->flow->steps[i];

        check_timed(k, s);
        if (!s->automatic)
            continue;
        check_automatic(k, s);
        if (circles(k, s, s, 0))
            pack_complain(k->report, k->file, place(k, s), "flow-circle",
                          "from automatic step \"%s\" the system comes back to it for ever", s->id);
    }
    for (size_t i = 0; i < k->flow->n_always; i++)
        if (k->flow->always[i].after.value)
            pack_complain(k->report, k->file, "/always", "flow-automatic",
                          "\"%s\": only an action of a step has a time of its own", k->flow->always[i].action);
}

/* ---- questions to others ---- */

/* A code of a unit, or a name that some unit offers. */
static bool unit_is_known(const struct pack *pack, const char *name)
{
    for (size_t i = 0; i < pack->n; i++) {
        const json_t *offers = json_object_get(pack->files[i].body, "offers"), *one;
        size_t n;

        if (strcmp(pack->files[i].kind, "units") != 0)
            continue;
        if (text_equal(json_str(pack->files[i].body, "code"), name))
            return true;
        json_array_foreach(offers, n, one) if (text_equal(json_string_value(one), name)) return true;
    }
    return false;
}

void tree_check(const struct pack_file *file, const char *pointer, const json_t *tree, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(tree)) {
        struct expr *x;
        struct error e;

        error_init(&e);
        if (!expr_compile(a, json_string_value(tree), &x, &e))
            pack_complain(report, file, pointer, "expression", "%s", e.detail);
        error_done(&e);
    }
    json_object_foreach((json_t *)(uintptr_t)tree, key, member)
        tree_check(file, arena_printf(a, "%s/%s", pointer, key), member, report);
    json_array_foreach(tree, i, member) tree_check(file, arena_printf(a, "%s/%zu", pointer, i), member, report);
}

static void check_questions(struct checking *k)
{
    for (size_t i = 0; i < k->flow->n_steps; i++) {
        const struct step *s = &k->flow->steps[i];

        for (size_t n = 0; s->ask && n < s->ask->n; n++) {
            const struct ask_row *q = &s->ask->rows[n];
            const char *at = arena_printf(k->arena, "%s/ask/questions/%s", place(k, s), q->id);

            tree_check(k->file, arena_printf(k->arena, "%s/form", at), q->form, k->report);
            if (q->unit && !unit_is_known(k->pack, q->unit))
                pack_complain(k->report, k->file, at, "flow-unit", "no unit is or offers \"%s\"", q->unit);
            if (!pack_find(k->pack, "services", q->service))
                pack_complain(k->report, k->file, at, "flow-service", "there is no service \"%s\" to be a case of",
                              q->service);
        }
    }
}

void flow_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    struct checking k = {.pack = pack, .file = file, .report = report, .arena = a};
    struct flow *f = NULL;
    struct error e;

    error_init(&e);
    if (!flow_compile(a, file->body, 0, &f, &e)) {
        pack_complain(report, file, e.n_items ? e.items[e.n_items - 1].pointer : "", "flow", "%s", e.detail);
        error_done(&e);
        return;
    }
    k.flow = f;
    k.reached = arena_array(a, bool, f->n_steps);
    k.ends = arena_array(a, bool, f->n_steps);
    check_ways(&k);
    check_shares(&k);
    check_system(&k);
    check_questions(&k);
}

/* ---- the units that use it ---- */

/* What the units of the pack have: a demo's officers, by the kind of their unit. */
static bool kind_has_role(const struct pack *pack, const char *kind, const char *role)
{
    bool any = false;

    for (size_t i = 0; i < pack->n; i++) {
        const json_t *roles = json_object_get(pack->files[i].body, "roles");

        if (strcmp(pack->files[i].kind, "unit-kinds.yaml") != 0)
            continue;
        any = true;
        if (text_equal(json_str(pack->files[i].body, "name"), kind)) {
            size_t n;
            const json_t *one;

            json_array_foreach(roles, n, one) if (text_equal(json_string_value(one), role)) return true;
            return false;
        }
    }
    return !any; /* the pack does not say: nothing to hold it against */
}

static void check_role(const struct pack *pack, const struct pack_file *file, const char *service_units,
                       const struct flow *f, int role, struct pack_report *report)
{
    if (role <= ROLE_CITIZEN || role >= ROLE__COUNT)
        return;
    for (size_t i = 0; i < pack->n; i++) {
        const json_t *body = pack->files[i].body, *offers = json_object_get(body, "offers"), *one;
        bool takes = false;
        size_t n;

        if (strcmp(pack->files[i].kind, "units") != 0 || json_str(body, "to"))
            continue;
        json_array_foreach(offers, n, one) takes = takes || text_equal(json_string_value(one), service_units);
        if (takes && !kind_has_role(pack, json_str(body, "kind"), role_name((enum role)role))) {
            pack_complain(report, file, "/flow", "flow-role",
                          "flow \"%s\" needs the role %s, which %s (\"%s\") has not", f->name,
                          role_name((enum role)role), json_str(body, "code"), json_str(body, "kind"));
            return; /* one of a kind is enough to read */
        }
    }
}

void flow_check_units(const struct pack *pack, const struct pack_file *file, const struct service *s,
                      struct pack_report *report)
{
    for (size_t u = 0; u < s->n_units; u++)
        for (int role = ROLE_CITIZEN; role < ROLE__COUNT; role++) {
            bool used = false;

            for (size_t i = 0; i < s->flow->n_steps; i++)
                used = used || s->flow->steps[i].role == role;
            if (used)
                check_role(pack, file, s->units[u], s->flow, role, report);
        }
}
