/* Moving a case, inside the write that makes it true: the row, the event, who is told, and then everything that the
 * system does at once without being asked: automatic steps, questions to other units, the answer to the case that
 * asked. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { HOPS_MAX = 32 };

static bool is_closing(enum status s)
{
    return s == STATUS_REFUSED || s == STATUS_WITHDRAWN || s == STATUS_STOPPED || s == STATUS_RETURNED;
}

/* ---- times ---- */

static int64_t limit_end(const struct house *h, const struct case_file *c, int64_t from, struct limit limit)
{
    struct due due;
    struct error e;

    error_init(&e);
    if (calendar_due(case_calendar(h, c), from, limit, DUE_WORKING_HOURS, &due, &e))
        return due.due_ms;
    error_done(&e);
    return INSTANT_NONE; /* beyond the calendar nothing is known to be late */
}

/* A step's own deadline: its share of the working time that the whole case has; off the case's clock its own time. */
int64_t step_due_at(const struct house *h, const struct case_file *c, const struct step *step, int64_t entered)
{
    const struct calendar *calendar = case_calendar(h, c);
    int64_t total, due;

    if (step->within.value)
        return limit_end(h, c, entered, step->within);
    if (c->due_at == INSTANT_NONE || step->pause || step->end || step->status == STATUS_DONE)
        return INSTANT_NONE;
    if (!step->share || c->received_at == INSTANT_NONE)
        return c->due_at;
    total = calendar_work_minutes(calendar, c->received_at, c->due_at);
    due = calendar_add_work_minutes(calendar, entered, total * step->share / 100);
    return due == INSTANT_NONE || due > c->due_at ? c->due_at : due;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == INSTANT_NONE || (b != INSTANT_NONE && b < a) ? b : a;
}

/* When the system has to look at it again: a timed action, or time that passes without anybody moving. */
static int64_t wake_at(const struct turn *t, const struct case_file *c)
{
    int64_t wake = INSTANT_NONE;
    bool over = c->step->end || c->status == STATUS_DONE || is_closing(c->status);

    for (size_t i = 0; i < c->step->n_transitions; i++)
        if (c->step->transitions[i].after.value)
            wake = earlier(wake, limit_end(t->house, c, c->step_at, c->step->transitions[i].after));
    if (c->silent_at == INSTANT_NONE)
        wake = earlier(wake, c->step_due_at);
    if (!over && c->parent && (c->silent_at == INSTANT_NONE || c->silent_at < c->ask_due_at))
        wake = earlier(wake, c->ask_due_at);
    return wake;
}

/* A machine's clock may be set back: nothing is written down as done before what it follows. */
static int64_t not_before(int64_t now, int64_t moved_at)
{
    return now > moved_at ? now : moved_at;
}

struct caller caller_after(const struct caller *caller, const struct case_file *c)
{
    struct caller later = *caller;

    later.now = not_before(caller->now, c->moved_at);
    return later;
}

/* Whatever leads out of a step where the clock stands, it goes on from there: a standard action, a flow's own, the
 * system. What counts it anew has said so. */
static void leave(const struct turn *t, struct case_file *c, const char *action)
{
    if (c->step->pause && !c->clock_set && c->received_at != INSTANT_NONE)
        clock_resume(t->house, t->arena, c, action, c->step_at, c->moved_at);
    c->clock_set = false;
}

void case_settle(const struct turn *t, struct case_file *c, const char *action, const struct step *to, int64_t assignee)
{
    c->moved_at = not_before(t->now, c->moved_at);
    if (to != c->step) {
        leave(t, c, action);
        c->assignee = assignee;
        c->step_at = c->moved_at;
        c->silent_at = INSTANT_NONE;
    }
    c->step = to;
    c->status = to->status;
    c->step_due_at = step_due_at(t->house, c, c->step, c->step_at ? c->step_at : t->now);
    if (c->status == STATUS_DONE && c->done_at == INSTANT_NONE)
        c->done_at = c->moved_at;
    if (is_closing(c->status) && c->closed_at == INSTANT_NONE)
        c->closed_at = c->moved_at;
}

/* ---- the row ---- */

static const char *list_text(struct arena *a, const json_t *list)
{
    return list ? json_text(a, list) : "[]";
}

static int64_t sort_at(const struct case_file *c)
{
    return c->due_at == INSTANT_NONE ? c->submitted_at : c->due_at;
}

static bool update_row(struct db *db, const struct turn *t, const struct case_file *c, struct error *e)
{
    static const char sql[] =
        "UPDATE case_file SET version = version + 1, step = $3, step_role = $4, back_step = $5, status = $6, assignee "
        "= $7,"
        " received_at = $8, due_at = $9, legal_due_at = $10, step_due_at = $11, done_at = $12, closed_at = $13,"
        " sort_at = $14, apologised = $15, supplements = $16, form = $17, office = $18, papers = $19, results = $20,"
        " fee_state = $21, entry_registry = $22, entry_key = $23, fee = $24, step_at = $25, moved_at = $26,"
        " silent_at = $27, wake_at = $28, shared = $29, counts = $30, answers = $31, unit = $32"
        " WHERE id = $1 AND version = $2";
    struct arena *a = t->arena;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(c->id), I64(c->version), TEXT(c->step->id), I64(c->step->role), TEXT(c->back_step),
                      I64(c->status), I64(c->assignee), INSTANT(c->received_at), INSTANT(c->due_at),
                      INSTANT(c->legal_due_at), INSTANT(c->step_due_at), INSTANT(c->done_at), INSTANT(c->closed_at),
                      I64(sort_at(c)), I64(c->apologised), TEXT(list_text(a, c->supplements)), TEXT(c->form),
                      TEXT(c->office), TEXT(c->papers), TEXT(c->results), TEXT(c->fee_state), TEXT(c->entry_registry),
                      TEXT(c->entry_key), I64(c->fee), I64(c->step_at), I64(c->moved_at), INSTANT(c->silent_at),
                      INSTANT(wake_at(t, c)), TEXT(list_text(a, c->shared)), TEXT(list_text(a, c->counts)),
                      TEXT(list_text(a, c->answers)), I64(c->unit->id))))
        return false;
    return changed == 1 || fail(e, E_STALE, "version %" PRId64 " is not current", c->version);
}

/* ---- who is told ---- */

static bool tell(struct db *db, const struct turn *t, const struct case_file *c, const char *action, struct error *e)
{
    char unit_topic[48], applicant_topic[48], submitter_topic[48];
    const char *topics[] = {unit_topic, applicant_topic, submitter_topic};
    struct notice notice = {.party = c->applicant, .case_code = c->code, .at = t->now};

    (void)snprintf(unit_topic, sizeof unit_topic, "unit:%" PRId64, c->unit->id);
    (void)snprintf(applicant_topic, sizeof applicant_topic, "party:%" PRId64, c->applicant);
    (void)snprintf(submitter_topic, sizeof submitter_topic, "party:%" PRId64, c->submitter);
    /* Of what one unit asks another the applicant is told where it stands, not act by act. */
    if (!c->parent && notice_words(c, action, t->arena, notice.title, notice.text) &&
        !notice_add(db, t->house, &notice, e))
        return false;
    return notice_case_changed(db, t->house, topics, c->submitter == c->applicant ? 2 : 3, c->code, c->version,
                               (int)c->status, e);
}

/* ---- what follows at once ---- */

static bool run_automatic(struct db *db, struct turn *t, struct case_file *c, struct error *e)
{
    for (size_t i = 0; i < c->step->n_transitions; i++) {
        const struct transition *way = &c->step->transitions[i];
        bool yes;

        if (!condition_holds(db, t->arena, c, way->when, &yes, e))
            return false;
        if (yes && way->to)
            return case_advance(db, t, c, way->action, way->to, e);
    }
    return fail(e, E_INTERNAL, "automatic step %s of case %s has no way on", c->step->id, c->code);
}

static bool follow(struct db *db, struct turn *t, struct case_file *c, bool arrived, struct error *e)
{
    bool over = c->step->end || c->status == STATUS_DONE || is_closing(c->status);

    if (arrived && c->step->automatic)
        return run_automatic(db, t, c, e);
    if (arrived && c->step->ask && !ask_open(db, t, c, e))
        return false;
    if (arrived && over && !ask_close(db, t, c, e))
        return false;
    return !arrived || !over || !c->parent || ask_answered(db, t, c, e);
}

bool case_move(struct db *db, struct turn *t, struct case_file *c, const char *action, const struct step *from,
               struct error *e)
{
    struct event_row event = {
        .case_id = c->id,
        .at = not_before(t->now, c->moved_at),
        .actor = t->actor,
        .on_behalf = t->on_behalf,
        .unit = c->unit->id,
        .action = action,
        .from_step = from->id,
        .to_step = c->step->id,
        .note = t->note,
        .receiver = t->receiver,
        .to_status = (int)c->status,
    };

    c->moved_at = event.at;
    if (!update_row(db, t, c, e))
        return false;
    c->version++;
    return case_event_add(db, &event, e) && tell(db, t, c, action, e) && follow(db, t, c, from != c->step, e);
}

bool case_advance(struct db *db, struct turn *t, struct case_file *c, const char *action, const struct step *to,
                  struct error *e)
{
    struct turn by_system = *t;
    const struct step *from = c->step;

    if (t->hops >= HOPS_MAX)
        return fail(e, E_INTERNAL, "case %s goes round in circles", c->code);
    by_system.actor = by_system.on_behalf = 0;
    by_system.note = by_system.receiver = NULL;
    by_system.units = NULL;
    by_system.hops = t->hops + 1;
    case_settle(&by_system, c, action, to, 0);
    return case_move(db, &by_system, c, action, from, e);
}

/* ---- a new case ---- */

/* Unit, day, number of the day (Decree 61/2018 Art 26): "H29.1.5-261121-0001". */
static bool take_code(struct db *db, const struct turn *t, const struct unit *unit, const char **code, struct error *e)
{
    struct date d = date_at(t->now);
    char series[96], day[8];
    int64_t number;

    (void)snprintf(day, sizeof day, "%02d%02d%02d", d.year % 100, d.month, d.day); /* 6 digits */
    (void)snprintf(series, sizeof series, "case:%s:%s", unit->code, day);          /* codes are 35 at most */
    if (!number_next(db, series, &number, e))
        return false;
    *code = arena_printf(t->arena, "%s-%s-%04" PRId64, unit->code, day, number);
    return true;
}

static bool insert_row(struct db *db, const struct turn *t, const struct case_file *c, struct error *e)
{
    static const char sql[] =
        "INSERT INTO case_file (id, code, version, service, service_version, unit, step, step_role, status, applicant,"
        " submitter, assignee, applicant_name, channel, delivery, submitted_at, received_at, due_at, legal_due_at,"
        " step_due_at, sort_at, apologised, supplements, form, office, papers, results, fee, fee_state, pin,"
        " flow_version, step_at, moved_at, wake_at, parent, ask, ask_due_at, shared, counts, spared)"
        " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13, $14, $15, $16, $17, $18, $19, 0, '[]',"
        " $20, '{}', $21, '[]', $22, $23, $24, $25, $26, $26, $27, $28, $29, $30, $31, $32, $33)";
    struct arena *a = t->arena;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(c->id), TEXT(c->code), TEXT(c->service->code), I64(c->service->version), I64(c->unit->id),
                        TEXT(c->step->id), I64(c->step->role), I64(c->status), I64(c->applicant), I64(c->submitter),
                        TEXT(c->applicant_name), I64(c->channel), TEXT(c->delivery), I64(c->submitted_at),
                        INSTANT(c->received_at), INSTANT(c->due_at), INSTANT(c->legal_due_at), INSTANT(c->step_due_at),
                        I64(sort_at(c)), TEXT(c->form), TEXT(c->papers), I64(c->fee), TEXT(c->fee_state), TEXT(c->pin),
                        I64(c->service->flow->version), I64(t->now), INSTANT(wake_at(t, c)), TEXT(c->parent),
                        TEXT(c->ask), INSTANT(c->ask_due_at), TEXT(list_text(a, c->shared)),
                        TEXT(list_text(a, c->counts)), I64(c->spared)));
}

bool case_insert(struct db *db, struct turn *t, struct case_file *c, const char *action, struct error *e)
{
    const char *words =
        text_fold(t->arena, arena_printf(t->arena, "%s %s", c->applicant_name, c->service->name[LANG_VI]));
    const char *phone = phone_folded(t->arena, c->phone);
    struct event_row event = {
        .at = t->now,
        .actor = t->actor,
        .on_behalf = t->on_behalf,
        .unit = c->unit->id,
        .action = action,
        .to_step = c->step->id,
        .to_status = (int)c->status,
        .note = t->note,
    };

    event.case_id = c->id = id_new();
    c->version = 1;
    if (!take_code(db, t, c->unit, &c->code, e) || !insert_row(db, t, c, e) || !case_event_add(db, &event, e) ||
        !db_search_add(db, "s_case", c->id,
                       arena_printf(t->arena, "%s %s%s%s", text_fold(t->arena, c->code), words, phone ? " " : "",
                                    phone ? phone : ""),
                       e) ||
        !tell(db, t, c, action, e))
        return false;
    return follow(db, t, c, c->step->automatic || c->step->ask, e);
}
