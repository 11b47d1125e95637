/* Questions to other units: a step with `ask` opens a child case for each, with its own time within the parent's, and
 * goes on when all of them (or the first) have answered. The law: electronic consultation goes to all agencies at once,
 * naming lead, task and deadline; the lead answers to the applicant, and silence is told to the head while the clock
 * goes on (Decree 61/2018 Art 19.5-19.7). */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

/* ---- which unit ---- */

static bool takes_questions(const struct unit *u, const char *name, struct date today)
{
    return unit_is_in_force(u, today) && unit_offers(u, name);
}

/* By its code, or by what it offers: the one of the same place if there are several (a ward asks its own ward). */
static const struct unit *unit_of(const struct turn *t, const struct case_file *c, const char *name)
{
    const struct unit *u = unit_by_code(t->house, name), *first = NULL;
    struct date today = date_at(t->now);

    if (u)
        return unit_is_in_force(u, today) || unit_successors(t->house, u, today, &u, 1) ? u : NULL;
    if (takes_questions(c->unit, name, today))
        return c->unit;
    for (size_t i = 0; (u = unit_at(t->house, i)); i++)
        if (takes_questions(u, name, today)) {
            if (!first || (u->place && text_equal(u->place, c->unit->place)))
                first = u;
        }
    return first;
}

/* ---- a child ---- */

static json_t *unit_list_with(struct arena *a, const json_t *list, int64_t unit)
{
    json_t *out = json_held(a, list ? json_deep_copy(list) : json_array()), *row;
    size_t i;

    json_array_foreach(out, i, row) if (json_integer_value(row) == unit) return out;
    (void)json_array_append_new(out, json_integer(unit)); /* fails only without memory */
    return out;
}

static int64_t ask_due(const struct turn *t, const struct case_file *c, const struct ask_row *q)
{
    const struct calendar *calendar = case_calendar(t->house, c);
    int64_t total, due;

    if (c->step_due_at == INSTANT_NONE)
        return INSTANT_NONE;
    total = calendar_work_minutes(calendar, c->step_at, c->step_due_at);
    due = total > 0 ? calendar_add_work_minutes(calendar, t->now, total * q->share / 100) : c->step_due_at;
    return due == INSTANT_NONE || due > c->step_due_at ? c->step_due_at : due;
}

/* The service's own form where the flow fills one, else the question in words. */
static bool child_form(struct db *db, const struct turn *t, const struct case_file *c, const struct ask_row *q,
                       struct case_file *child, struct error *e)
{
    struct expr_scope scope[CONDITION_NAMES + 1];
    json_t *form = NULL;

    if (!q->form) {
        child->form = json_text(t->arena, json_held(t->arena, json_pack("{s:s, s:s}", "matter", q->title[LANG_VI],
                                                                        "question", t->note ? t->note : "")));
        return true;
    }
    if (!condition_scope(db, t->arena, c, scope, e) || !tree_evaluate(scope, q->form, t->arena, &form, e)) {
        json_decref(form);
        return false;
    }
    child->form = json_text(t->arena, json_held(t->arena, form));
    return schema_validate(child->service->form, form, e) ||
           fail(e, E_PACK, "question %s of flow %s fills a form that its service refuses", q->id,
                c->service->flow->name);
}

static bool make_child(struct db *db, struct turn *t, const struct case_file *c, const struct ask_row *q,
                       const struct unit *unit, struct case_file *child, struct error *e)
{
    struct turn by_asker = *t;

    *child = *c; /* whose it is, how it is delivered */
    if (!service_current(db, t->house, q->service, &child->service, e))
        return false;
    if (!child->service)
        return fail(e, E_PACK, "flow %s asks by service %s, which is not defined", c->service->flow->name, q->service);
    child->unit = unit;
    child->step = child->service->flow->start;
    child->status = child->step->status;
    child->submitter = c->applicant;
    child->assignee = 0;
    child->back_step = child->entry_key = child->entry_registry = NULL;
    child->fee = 0;
    child->fee_state = "none";
    child->papers = "[]";
    child->office = "{}";
    child->submitted_at = child->received_at = child->step_at = child->moved_at = t->now;
    child->due_at = child->legal_due_at = child->ask_due_at = ask_due(t, c, q);
    child->done_at = child->closed_at = child->silent_at = INSTANT_NONE;
    child->apologised = false;
    child->supplements = child->counts = child->answers = NULL;
    child->parent = c->code;
    child->ask = q->id;
    child->shared = unit_list_with(t->arena, NULL, c->unit->id);
    if (!child_form(db, t, c, q, child, e))
        return false;
    by_asker.hops = t->hops + 1;
    case_settle(&by_asker, child, "ask", child->step, 0);
    return case_insert(db, &by_asker, child, "ask", e);
}

/* ---- the questions of a step ---- */

static json_t *answer_row_new(const struct turn *t, const struct case_file *c, const struct ask_row *q,
                              const struct case_file *child)
{
    return json_pack("{s:s, s:{s:s, s:s}, s:s, s:I, s:s, s:s, s:I, s:I, s:n, s:n, s:n}", "ask", q->id, "title", "vi",
                     q->title[LANG_VI], "en", q->title[LANG_EN], "step", c->step->id, "since", (json_int_t)c->step_at,
                     "case", child->code, "unit", child->unit->code, "asked_at", (json_int_t)t->now, "due_at",
                     (json_int_t)child->ask_due_at, "answered_at", "status", "note");
}

static bool ask_one(struct db *db, struct turn *t, struct case_file *c, const struct ask_row *q,
                    const struct unit *unit, struct error *e)
{
    struct case_file child;

    if (!unit)
        return fail(e, E_UNIT_NOT_OFFERING, "no unit answers question %s", q->id);
    if (!make_child(db, t, c, q, unit, &child, e))
        return false;
    c->answers = json_held(t->arena, c->answers ? json_deep_copy(c->answers) : json_array());
    (void)json_array_append_new(c->answers, answer_row_new(t, c, q, &child)); /* fails only without memory */
    c->shared = unit_list_with(t->arena, c->shared, unit->id);
    return true;
}

/* Rows of this stay at this step; one asked in turn before is not asked again. */
static bool is_of_this_stay(const struct case_file *c, const json_t *row)
{
    return text_equal(json_str(row, "step"), c->step->id) && json_i64(row, "since", 0) == c->step_at;
}

static bool was_asked(const struct case_file *c, const struct ask_row *q)
{
    size_t i;
    json_t *row;

    json_array_foreach(c->answers, i,
                       row) if (is_of_this_stay(c, row) && text_equal(json_str(row, "ask"), q->id)) return true;
    return false;
}

static bool ask_chosen(struct db *db, struct turn *t, struct case_file *c, size_t *asked, struct error *e)
{
    size_t i;
    json_t *row;

    json_array_foreach(t->units, i, row)
    {
        const struct unit *u = json_is_string(row) ? unit_by_code(t->house, json_string_value(row)) : NULL;

        if (!ask_one(db, t, c, &c->step->ask->rows[0], u, e))
            return false;
        ++*asked;
    }
    return true;
}

/* Opens what is to be asked now; *asked says how many. */
static bool ask_next(struct db *db, struct turn *t, struct case_file *c, size_t *asked, struct error *e)
{
    const struct ask *ask = c->step->ask;

    *asked = 0;
    if (ask->chosen)
        return ask_chosen(db, t, c, asked, e);
    for (size_t i = 0; i < ask->n && !(ask->in_turn && *asked); i++) {
        const struct ask_row *q = &ask->rows[i];
        bool yes;

        if (was_asked(c, q))
            continue;
        if (!condition_holds(db, t->arena, c, q->when, &yes, e))
            return false;
        if (yes && !ask_one(db, t, c, q, unit_of(t, c, q->unit), e))
            return false;
        *asked += yes;
    }
    return true;
}

/* The children are rows of their own; the parent's row learns of them in a second update, which tells nobody anew. */
static bool keep_answers(struct db *db, const struct turn *t, const struct case_file *c, struct error *e)
{
    static const char sql[] = "UPDATE case_file SET answers = $2, shared = $3 WHERE id = $1";

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(c->id), TEXT(json_text(t->arena, c->answers)), TEXT(json_text(t->arena, c->shared))));
}

bool ask_open(struct db *db, struct turn *t, struct case_file *c, struct error *e)
{
    size_t asked;

    if (!ask_next(db, t, c, &asked, e))
        return false;
    /* Nothing is to be asked of this one: it goes on. */
    return asked ? keep_answers(db, t, c, e) : case_advance(db, t, c, "asked", c->step->ask->then, e);
}

bool ask_satisfied(const struct case_file *c)
{
    size_t i, asked = 0, answered = 0;
    json_t *row;

    if (!c->step->ask)
        return false;
    json_array_foreach(c->answers, i, row) if (is_of_this_stay(c, row))
    {
        asked++;
        answered += json_is_integer(json_object_get(row, "answered_at"));
    }
    return c->step->ask->any ? answered > 0 : answered == asked;
}

/* ---- the answer ---- */

static json_t *row_of_child(const struct case_file *c, const char *code)
{
    size_t i;
    json_t *row;

    json_array_foreach(c->answers, i, row) if (text_equal(json_str(row, "case"), code)) return row;
    return NULL;
}

static bool find_parent(struct db *db, struct turn *t, const struct case_file *child, struct case_file *out,
                        json_t **row, struct error *e)
{
    /* Two who answer at once each wait here for the other, instead of finding that the version they saw is gone. */
    static const char hold_sql[] = "UPDATE case_file SET version = version WHERE code = $1";
    bool found;

    if (!db_exec(db, NULL, e, hold_sql, ARGS(TEXT(child->parent))) ||
        !case_find(db, t->arena, t->house, child->parent, out, &found, e))
        return false;
    *row = found ? row_of_child(out, child->code) : NULL;
    return found || fail(e, E_INTERNAL, "case %s: the case that asked is gone", child->code);
}

static bool parent_goes_on(struct db *db, struct turn *t, struct case_file *c, struct error *e)
{
    size_t asked = 0;

    if (!ask_satisfied(c))
        return true;
    if (c->step->ask->in_turn && !c->step->ask->any) {
        if (!ask_next(db, t, c, &asked, e) || !keep_answers(db, t, c, e))
            return false;
        if (asked)
            return true;
    }
    return case_advance(db, t, c, "asked", c->step->ask->then, e);
}

bool ask_answered(struct db *db, struct turn *t, const struct case_file *child, struct error *e)
{
    struct case_file c;
    struct turn heard = *t;
    json_t *row, *results, *office;

    if (!find_parent(db, t, child, &c, &row, e))
        return false;
    if (!row || json_is_integer(json_object_get(row, "answered_at")))
        return true; /* done is told once; returned and archived come after it */
    results = json_loads(child->results ? child->results : "[]", 0, NULL);
    (void)json_object_set_new(row, "answered_at", json_integer((json_int_t)t->now)); /* fail only without memory */
    (void)json_object_set_new(row, "status", json_integer((json_int_t)child->status));
    (void)json_object_set_new(row, "note", json_text_or_null(t->note));
    (void)json_object_set_new(row, "results", results ? results : json_array());
    office = json_held(t->arena, json_loads(child->office ? child->office : "{}", 0, NULL));
    (void)json_object_set(row, "decision", json_object_get(office, "decision")); /* there is none of a plain answer */
    heard.note = arena_printf(t->arena, "%s: %s", child->code, t->note ? t->note : "");
    heard.hops = t->hops + 1;
    if (!case_move(db, &heard, &c, "answered", c.step, e))
        return false;
    return parent_goes_on(db, &heard, &c, e);
}

bool ask_silent(struct db *db, struct turn *t, const struct case_file *child, struct error *e)
{
    struct case_file c;
    struct turn said = *t;
    json_t *row;

    if (!find_parent(db, t, child, &c, &row, e))
        return false;
    if (!row || json_i64(row, "silent_at", 0) || json_is_integer(json_object_get(row, "answered_at")))
        return true;
    (void)json_object_set_new(row, "silent_at", json_integer((json_int_t)t->now)); /* fails only without memory */
    said.note = arena_printf(t->arena, "%s (%s)", child->code, child->unit->name[LANG_VI]);
    return case_move(db, &said, &c, "silence", c.step, e) && tell_heads(db, &said, &c, "silence", e);
}

/* ---- asked no more ---- */

static const struct step *stopping_step(const struct flow *f)
{
    for (size_t i = 0; i < f->n_always; i++)
        if (strcmp(f->always[i].action, "stop") == 0 && f->always[i].to)
            return f->always[i].to;
    for (size_t i = 0; i < f->n_steps; i++)
        if (f->steps[i].status == STATUS_STOPPED && f->steps[i].end)
            return &f->steps[i];
    return NULL;
}

bool ask_close(struct db *db, struct turn *t, const struct case_file *c, struct error *e)
{
    size_t i;
    json_t *row;

    json_array_foreach(c->answers, i, row)
    {
        struct case_file child;
        bool found;

        if (json_is_integer(json_object_get(row, "answered_at")))
            continue;
        if (!case_find(db, t->arena, t->house, json_str(row, "case"), &child, &found, e))
            return false;
        /* Its end is told to the parent too, which by then asks nothing: the row is closed with it. */
        if (found && !child.step->end && stopping_step(child.service->flow) &&
            !case_advance(db, t, &child, "recall", stopping_step(child.service->flow), e))
            return false;
    }
    return true;
}
