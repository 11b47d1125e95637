/* Actions: which are legal for whom now, and what each does. The flow says where it leads; the effect, here, what else.
 */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

/* ---- legality ---- */

static unsigned actor_bits(const struct actor *who, const struct case_file *c)
{
    unsigned bits = who->party == c->applicant || who->party == c->submitter ? BY_APPLICANT : 0;

    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].unit == c->unit->id)
            bits |= 1U << who->roles[i].role;
    return bits;
}

static bool entry_is_missing(const struct case_file *c)
{
    return c->service->entry_registry && !c->entry_key;
}

static unsigned needs_of(const struct transition *t, const struct actor *who, const struct case_file *c)
{
    unsigned needs = t->needs;

    if (t->standard && t->standard->effect == EFFECT_SUBMIT_FOR_SIGNATURE && entry_is_missing(c))
        needs |= NEED_ENTRY;
    /* Whoever may do the step takes the case by assigning it without a name; a head names somebody. */
    if (t->standard && t->standard->effect == EFFECT_ASSIGN && c->step->role != NO_ROLE &&
        !actor_is(who, (enum role)c->step->role, c->unit->id))
        needs |= NEED_ASSIGNEE;
    return needs;
}

static bool is_legal(const struct transition *t, const struct case_file *c, unsigned bits)
{
    if (!(t->by & bits))
        return false;
    if (t->target == TARGET_BACK && !c->back_step)
        return false;
    return !t->standard || !t->standard->fits || t->standard->fits(c);
}

/* A head who assigns is not of the step's own role; every flow lets them. */
static unsigned widened(const struct transition *t)
{
    return t->standard && t->standard->effect == EFFECT_ASSIGN ? t->by | 1U << ROLE_UNIT_HEAD : t->by;
}

size_t actions_legal(const struct house *h, const struct actor *who, const struct case_file *c, int64_t now,
                     struct legal_action out[static LEGAL_ACTIONS_MAX])
{
    const struct flow *f = c->service->flow;
    unsigned bits;
    size_t n = 0;

    (void)h;
    (void)now;
    if (!who)
        return 0;
    bits = actor_bits(who, c);
    for (size_t i = 0; i < c->step->n_transitions && n < LEGAL_ACTIONS_MAX; i++) {
        struct transition *t = &c->step->transitions[i];
        struct transition wide = *t;

        wide.by = widened(t);
        if (is_legal(&wide, c, bits))
            out[n++] = (struct legal_action){t, needs_of(t, who, c)};
    }
    for (size_t i = 0; i < f->n_always && n < LEGAL_ACTIONS_MAX; i++) {
        struct transition *t = &f->always[i];

        if (!c->step->end && (t->statuses & STATUS_BIT(c->status)) && is_legal(t, c, bits))
            out[n++] = (struct legal_action){t, needs_of(t, who, c)};
    }
    return n;
}

/* ---- one action under way ---- */

struct acting {
    struct house *house;
    struct arena *arena;
    const struct caller *caller;
    const struct action_input *input;
    struct case_file file; /* as read; the write checks that it still is so */
    const struct transition *transition;
    const struct step *to;
    struct case_file after; /* what the row becomes */
    json_t *form, *office, *papers, *results;
    const struct paper *handed_in; /* with a supplement */
    size_t n_handed_in;
    struct grant grant;
    bool grants;
};

static enum effect effect_of(const struct acting *x)
{
    return x->transition->standard ? x->transition->standard->effect : EFFECT_MOVE;
}

static bool missing(const struct action_input *in, unsigned needs, struct error *e)
{
    /* clang-format off */
    const struct { unsigned bit; const char *pointer; bool given; } rows[] = {
        {NEED_NOTE,     "/note",     in->note && *in->note},
        {NEED_ASSIGNEE, "/assignee", in->assignee != 0},
        {NEED_PAPERS,   "/papers",   json_array_size(in->papers) > 0},
        {NEED_FORM,     "/form",     json_object_size(in->form) > 0},
        {NEED_STEP,     "/step",     in->step != NULL},
        {NEED_ENTRY,    "/entry",    in->entry != NULL},
        {NEED_DUE,      "/due_at",   in->due_at != INSTANT_NONE},
    };
    /* clang-format on */
    bool lacking = false;

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!(needs & rows[i].bit) || rows[i].given)
            continue;
        if (!lacking)
            (void)fail(e, E_ACTION_NEEDS, "the action needs more");
        (void)fail_field(e, rows[i].pointer, "required", NULL);
        lacking = true;
    }
    return lacking;
}

static bool choose(struct acting *x, const char *action, struct error *e)
{
    struct legal_action legal[LEGAL_ACTIONS_MAX];
    size_t n = actions_legal(x->house, x->caller->who, &x->file, x->caller->now, legal);

    for (size_t i = 0; i < n; i++)
        if (strcmp(legal[i].transition->action, action) == 0) {
            x->transition = legal[i].transition;
            return !missing(x->input, legal[i].needs, e);
        }
    error_extra_new(e, "actions", actions_brief_new(legal, n, x->caller->lang));
    return fail(e, E_ACTION_ILLEGAL, "%s at step %s", action, x->file.step->id);
}

static bool find_target(struct acting *x, struct error *e)
{
    const struct flow *f = x->file.service->flow;

    switch (x->transition->target) {
    case TARGET_SAME:
        x->to = x->file.step;
        break;
    case TARGET_BACK:
        x->to = flow_step(f, x->file.back_step);
        break;
    case TARGET_STEP:
        x->to = x->transition->to;
        break;
    }
    return x->to || fail(e, E_INTERNAL, "flow %s has no step to go back to", f->name);
}

/* ---- effects that only look (on the caller's thread) ---- */

static bool set_due(struct acting *x, struct error *e)
{
    const struct service *s = x->file.service;
    struct due due;

    if (!s->limit.value)
        return true;
    if (!calendar_due(casework_of(x->house)->calendar, x->caller->now, s->limit, s->way, &due, e))
        return false;
    x->after.due_at = due.due_ms;
    x->after.legal_due_at = due.legal_due_ms;
    return true;
}

static bool effect_receive(struct db *db, struct acting *x, struct error *e)
{
    x->after.received_at = x->caller->now;
    return case_entry_guess(db, x->arena, x->house, &x->after, e) && set_due(x, e);
}

static json_t *paper_of_kind(const json_t *papers, const char *kind)
{
    size_t i;
    json_t *row;

    json_array_foreach(papers, i, row) if (text_equal(kind, json_str(row, "kind"))) return row;
    return NULL;
}

/* No paper may be asked for that the city holds (Decree 224/2026 Art 18.4): refused, with the record shown. What is
 * asked for is required from then on, and the applicant sees it so. */
static bool ask_only_what_lacks(struct acting *x, struct error *e)
{
    size_t i;
    const json_t *asked;

    x->papers = json_held(x->arena, json_loads(x->file.papers, 0, NULL));
    json_array_foreach(x->input->papers, i, asked)
    {
        const char *kind = json_str(asked, "kind");
        json_t *row = paper_of_kind(x->papers, kind);

        if (!row)
            return fail_field(e, arena_printf(x->arena, "/papers/%zu/kind", i), "absent", kind ? kind : "kind");
        if (!json_is_null(json_object_get(row, "held"))) {
            (void)fail(e, E_PAPER_HELD, "the city holds %s", kind);
            error_extra_new(e, "held", json_deep_copy(json_object_get(row, "held")));
            return false;
        }
        (void)json_object_set_new(row, "required", json_true()); /* fails only without memory */
    }
    return true;
}

static bool effect_ask_supplement(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    if (!ask_only_what_lacks(x, e))
        return false;
    x->after.back_step = x->file.step->id;
    x->after.supplements = json_held(x->arena, json_deep_copy(x->file.supplements));
    (void)json_array_append_new(x->after.supplements, json_pack("{s:I}", "asked", (json_int_t)x->caller->now));
    return true;
}

static bool applicant_of(struct db *db, struct acting *x, struct party *out, struct error *e)
{
    bool found;

    return party_find(db, x->arena, x->file.applicant, out, &found, e) &&
           (found || fail(e, E_INTERNAL, "case %s has no applicant", x->file.code));
}

/* New answers over the old ones, new papers beside them; the legal clock starts anew (Decree 61/2018 Art 19.4). */
static bool effect_supplement(struct db *db, struct acting *x, struct error *e)
{
    struct prefill known;
    struct party applicant;
    struct paper *papers;
    size_t n;
    json_t *last, *before = json_held(x->arena, json_loads(x->file.papers, 0, NULL));

    if (!applicant_of(db, x, &applicant, e) ||
        !form_prefill(db, x->arena, x->house, x->file.service, &applicant, &known, e))
        return false;
    known.data = json_held(x->arena, json_loads(x->file.form, 0, NULL)); /* as filed; what is locked stays locked */
    if (!form_accept(x->file.service, &known, x->input->form, x->arena, &x->form, e) ||
        !papers_known(db, x->arena, x->house, x->file.service, &known, x->form, &applicant, x->caller->now,
                      x->caller->lang, &papers, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) { /* what was handed in before stays */
        const json_t *row = json_array_get(before, i);
        const char *document = json_str(row, "document");

        papers[i].required = papers[i].required || json_flag(row, "required"); /* or it was asked for */
        if (document && text_to_i64(document, 1, INT64_MAX, &papers[i].document))
            papers[i].source = text_equal(json_str(row, "source"), "vault") ? "vault" : "upload";
    }
    if (!papers_accept(db, x->arena, x->caller->who, papers, n, x->input->papers, false, e))
        return false;
    x->handed_in = papers;
    x->n_handed_in = n;
    x->papers = papers_stored(x->arena, papers, n);
    x->after.supplements = json_held(x->arena, json_deep_copy(x->file.supplements));
    last = json_array_get(x->after.supplements, json_array_size(x->after.supplements) - 1);
    (void)json_object_set_new(last, "completed",
                              json_integer((json_int_t)x->caller->now)); /* fails only without memory */
    x->after.back_step = NULL;
    return x->file.received_at == INSTANT_NONE || set_due(x, e);
}

/* Only the unit's own officers name one of theirs, who must hold the step's role here: any other number would hide the
 * case from every inbox, and show the name of whoever bears it. */
static bool assignee_fits(struct db *db, const struct acting *x, const struct step *step, struct error *e)
{
    const struct unit *unit = x->file.unit;
    struct member members[64];
    size_t n = 0;

    if (!x->input->assignee)
        return true;
    if (step->role != NO_ROLE && step->role != ROLE_CITIZEN && actor_serves(x->caller->who, unit->id) &&
        !unit_members(db, x->arena, unit->id, (enum role)step->role, members, COUNT(members), &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (members[i].party == x->input->assignee)
            return true;
    return fail_field(e, "/assignee", "absent", step->title[x->caller->lang]);
}

/* Without a name the caller takes it. */
static bool effect_assign(struct db *db, struct acting *x, struct error *e)
{
    x->after.assignee = x->input->assignee ? x->input->assignee : x->caller->who->party;
    return assignee_fits(db, x, x->file.step, e);
}

static bool effect_submit_for_signature(struct db *db, struct acting *x, struct error *e)
{
    const struct registry *r;
    struct record found;
    bool there = false;

    if (!x->file.service->entry_registry || !x->input->entry)
        return true;
    if (!case_entry_registry(db, x->arena, x->house, &x->file, &r, e) ||
        (r && !record_find(db, x->arena, r, x->input->entry, &found, &there, e)))
        return false;
    if (!there)
        return fail_field(e, "/entry", "absent", x->input->entry);
    x->after.entry_registry = registry_name(r);
    x->after.entry_key = x->input->entry;
    return true;
}

static bool effect_apologise(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    if (x->caller->now > x->file.due_at - DAY_MS)
        return fail(e, E_ACTION_ILLEGAL, "an apology comes at least a day before the due date");
    if (x->input->due_at <= x->file.due_at)
        return fail_field(e, "/due_at", "exclusiveMinimum", "due_at");
    x->after.due_at = x->input->due_at;
    x->after.apologised = true;
    return true;
}

static bool effect_pay(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    (void)e;
    x->after.fee_state = "paid";
    return true;
}

static bool effect_move(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    (void)x;
    (void)e;
    return true;
}

/* clang-format off */
static bool (*const effects[])(struct db *, struct acting *, struct error *) = {
    [EFFECT_MOVE]                 = effect_move,
    [EFFECT_RECEIVE]              = effect_receive,
    [EFFECT_REFUSE]               = effect_move,
    [EFFECT_ASK_SUPPLEMENT]       = effect_ask_supplement,
    [EFFECT_SUPPLEMENT]           = effect_supplement,
    [EFFECT_ASSIGN]               = effect_assign,
    [EFFECT_SUBMIT_FOR_SIGNATURE] = effect_submit_for_signature,
    [EFFECT_APPROVE]              = effect_move,
    [EFFECT_APOLOGISE]            = effect_apologise,
    [EFFECT_PAY]                  = effect_pay,
};
/* clang-format on */

/* A step's own deadline: its share of the working time that the whole case has. */
static int64_t step_due(const struct acting *x)
{
    const struct calendar *c = casework_of(x->house)->calendar;
    int64_t total, due;

    if (x->after.due_at == INSTANT_NONE || x->to->pause || x->to->end || x->to->status == STATUS_DONE)
        return INSTANT_NONE;
    if (!x->to->share || x->after.received_at == INSTANT_NONE)
        return x->after.due_at;
    total = calendar_work_minutes(c, x->after.received_at, x->after.due_at);
    due = calendar_add_work_minutes(c, x->caller->now, total * x->to->share / 100);
    return due == INSTANT_NONE || due > x->after.due_at ? x->after.due_at : due;
}

static bool is_closing(enum status s)
{
    return s == STATUS_REFUSED || s == STATUS_WITHDRAWN || s == STATUS_STOPPED || s == STATUS_RETURNED;
}

static void settle(struct acting *x)
{
    struct case_file *after = &x->after;

    after->step = x->to;
    after->status = x->to->status;
    if (x->to != x->file.step && effect_of(x) != EFFECT_ASSIGN)
        after->assignee = x->input->assignee;
    after->step_due_at = step_due(x);
    if (after->status == STATUS_DONE && x->file.done_at == INSTANT_NONE)
        after->done_at = x->caller->now;
    if (is_closing(after->status) && x->file.closed_at == INSTANT_NONE)
        after->closed_at = x->caller->now;
    after->version = x->file.version + 1;
}

/* ---- the write ---- */

static bool update_row(struct db *db, const struct acting *x, struct error *e)
{
    static const char sql[] =
        "UPDATE case_file SET version = version + 1, step = $3, step_role = $4, back_step = $5, status = $6, assignee "
        "= $7,"
        " received_at = $8, due_at = $9, legal_due_at = $10, step_due_at = $11, done_at = $12, closed_at = $13,"
        " sort_at = $14, apologised = $15, supplements = $16, form = $17, office = $18, papers = $19, results = $20,"
        " fee_state = $21, entry_registry = $22, entry_key = $23 WHERE id = $1 AND version = $2";
    const struct case_file *c = &x->after;
    struct arena *a = x->arena;
    int64_t changed, sort_at = c->due_at == INSTANT_NONE ? c->submitted_at : c->due_at;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(c->id), I64(x->file.version), TEXT(c->step->id), I64(c->step->role), TEXT(c->back_step),
                      I64(c->status), I64(c->assignee), INSTANT(c->received_at), INSTANT(c->due_at),
                      INSTANT(c->legal_due_at), INSTANT(c->step_due_at), INSTANT(c->done_at), INSTANT(c->closed_at),
                      I64(sort_at), I64(c->apologised), TEXT(json_text(a, c->supplements)),
                      TEXT(x->form ? json_text(a, x->form) : c->form),
                      TEXT(x->office ? json_text(a, x->office) : c->office),
                      TEXT(x->papers ? json_text(a, x->papers) : c->papers),
                      TEXT(x->results ? json_text(a, x->results) : c->results), TEXT(c->fee_state),
                      TEXT(c->entry_registry), TEXT(c->entry_key))))
        return false;
    return changed == 1 || fail(e, E_STALE, "version %" PRId64 " is not current", x->file.version);
}

static bool tell(struct db *db, const struct acting *x, struct error *e)
{
    char unit_topic[48], applicant_topic[48], submitter_topic[48];
    const char *topics[] = {unit_topic, applicant_topic, submitter_topic};
    struct notice notice = {.party = x->after.applicant, .case_code = x->after.code, .at = x->caller->now};

    (void)snprintf(unit_topic, sizeof unit_topic, "unit:%" PRId64, x->after.unit->id);
    (void)snprintf(applicant_topic, sizeof applicant_topic, "party:%" PRId64, x->after.applicant);
    (void)snprintf(submitter_topic, sizeof submitter_topic, "party:%" PRId64, x->after.submitter);
    if (notice_words(&x->after, x->transition->action, x->arena, notice.title, notice.text) &&
        !notice_add(db, x->house, &notice, e))
        return false;
    return notice_case_changed(db, x->house, topics, x->after.submitter == x->after.applicant ? 2 : 3, x->after.code,
                               x->after.version, (int)x->after.status, e);
}

/* May run again after a serialisation failure: touches nothing but the database and what it makes anew each time. */
static bool write_action(struct db *db, void *arg, struct error *e)
{
    struct acting *x = arg;
    struct event_row event = {
        .case_id = x->file.id,
        .at = x->caller->now,
        .actor = x->caller->who->party,
        .unit = x->file.unit->id,
        .action = x->transition->action,
        .from_step = x->file.step->id,
        .to_step = x->to->id,
        .note = x->input->note,
        .to_status = (int)x->to->status,
    };

    if (x->grants && !grant_write(db, x->house, x->arena, x->caller, &x->after, &x->grant, &x->results, e))
        return false;
    return update_row(db, x, e) && case_event_add(db, &event, e) &&
           papers_bind(db, x->handed_in, x->n_handed_in, x->file.id, x->file.applicant, e) && tell(db, x, e);
}

static bool look(struct acting *x, const char *code, const char *action, struct error *e)
{
    auto_read struct db *db = NULL;
    bool found;

    if (!store_read(x->house->store, &db, e) || !case_find(db, x->arena, x->house, code, &x->file, &found, e))
        return false;
    if (!found || !case_may_see(x->house, x->caller->who, &x->file)) {
        audit_later(x->house, &(struct audit){.action = "denied",
                                              .what = "case",
                                              .key = code,
                                              .actor = x->caller->who->party,
                                              .address = x->caller->address,
                                              .at = x->caller->now});
        return fail(e, E_NOT_FOUND, "case %s", code);
    }
    if (x->input->seen >= 0 && x->input->seen != x->file.version) {
        error_extra_new(e, "version", json_integer((json_int_t)x->file.version));
        error_extra_new(e, "status", json_integer((json_int_t)x->file.status));
        return fail(e, E_STALE, "version %" PRId64 " was seen", x->input->seen);
    }
    if (!choose(x, action, e) || !find_target(x, e))
        return false;
    x->after = x->file;
    if ((effect_of(x) != EFFECT_ASSIGN && x->to != x->file.step && !assignee_fits(db, x, x->to, e)) ||
        !effects[effect_of(x)](db, x, e))
        return false;
    settle(x);
    return true;
}

bool case_act(struct house *h, struct arena *a, const struct caller *caller, const char *code, const char *action,
              const struct action_input *input, struct error *e)
{
    struct acting x = {.house = h, .arena = a, .caller = caller, .input = input};

    if (!look(&x, code, action, e))
        return false;
    if (effect_of(&x) == EFFECT_APPROVE && x.file.service->result_paper) {
        /* Taking numbers is a write of its own, so the case moves on one version before it is granted. */
        if (!grant_prepare(h, a, caller, &x.file, &x.grant, e))
            return false;
        x.grants = true;
        x.office = x.grant.office;
        x.after.version = x.file.version + 1;
    }
    return store_write(h->store, write_action, &x, e);
}
