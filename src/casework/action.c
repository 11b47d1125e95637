/* Actions: what each does. legal.c says which are open to whom; the flow where they lead; the effect, here, what else.
 */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { STEPS_BEHIND_MAX = 32 };
#define FEE_MAX 1000000000000 /* đồng */

/* ---- one action under way ---- */

struct acting {
    struct house *house;
    struct arena *arena;
    const struct caller *caller;
    struct caller later; /* the same, at a time not before the case's last act */
    const struct action_input *input;
    struct case_file file; /* as read; the write checks that it still is so */
    const struct transition *transition;
    unsigned needs;
    int64_t on_behalf;
    const struct step *to;
    struct case_file after;        /* what the row becomes */
    const struct paper *handed_in; /* with a supplement */
    size_t n_handed_in;
    const char *receiver; /* of a delivery: who signed for it; NULL: not said */
    struct grant grant;
    bool grants;
    struct slip_new slips[SLIPS_MAX];
    size_t n_slips;
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
        {NEED_OVERRIDE, "/override", in->override && *in->override},
        {NEED_AMOUNT,   "/amount",   in->amount > 0},
        {NEED_UNITS,    "/units",    json_array_size(in->units) > 0},
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

/* What the officer records of the decision, by the service's own form for it; expressions see it as `office`. */
static bool record_decision(struct acting *x, unsigned needs, struct error *e)
{
    const struct schema *office = x->file.service->office;
    json_t *all;

    if (!office || !(needs & NEED_FORM))
        return true;
    if (!schema_validate(office, x->input->form, e)) {
        e->code = E_FORM_INVALID;
        return false;
    }
    all = json_held(x->arena, json_loads(x->file.office, 0, NULL));
    (void)json_object_set(all, "decision", (json_t *)(uintptr_t)x->input->form); /* fails only without memory */
    x->after.office = json_text(x->arena, all);
    return true;
}

static bool choose(struct db *db, struct acting *x, const char *action, struct error *e)
{
    struct legal_action legal[LEGAL_ACTIONS_MAX];
    size_t n;

    if (!actions_legal(db, x->arena, x->house, x->caller->who, &x->file, x->caller->now, legal, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(legal[i].transition->action, action) == 0) {
            x->transition = legal[i].transition;
            x->on_behalf = action_on_behalf(x->house, x->caller->who, &x->file, x->caller->now, &legal[i]);
            x->needs = legal[i].needs;
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

static bool effect_receive(struct db *db, struct acting *x, struct error *e)
{
    if (x->file.received_at == INSTANT_NONE) /* what another unit asks is counted from the question on */
        x->after.received_at = x->caller->now;
    return case_entry_guess(db, x->arena, x->house, &x->after, e) &&
           clock_start(x->house, x->arena, &x->after, "receive", x->caller->now, e);
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
    json_t *papers = json_held(x->arena, json_loads(x->file.papers, 0, NULL));
    size_t i;
    const json_t *asked;

    json_array_foreach(x->input->papers, i, asked)
    {
        const char *kind = json_str(asked, "kind");
        json_t *row = paper_of_kind(papers, kind);

        if (!row)
            return fail_field(e, arena_printf(x->arena, "/papers/%zu/kind", i), "absent", kind ? kind : "kind");
        if (!json_is_null(json_object_get(row, "held"))) {
            (void)fail(e, E_PAPER_HELD, "the city holds %s", kind);
            error_extra_new(e, "held", json_deep_copy(json_object_get(row, "held")));
            return false;
        }
        (void)json_object_set_new(row, "required", json_true()); /* fails only without memory */
    }
    x->after.papers = json_text(x->arena, papers);
    return true;
}

static bool effect_ask_supplement(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    if (!ask_only_what_lacks(x, e))
        return false;
    x->after.back_step = x->file.step->id;
    x->after.supplements = json_held(x->arena, json_deep_copy(x->file.supplements));
    (void)json_array_append_new(x->after.supplements,
                                x->input->override
                                    ? json_pack("{s:I, s:s, s:o}", "asked", (json_int_t)x->caller->now, "override",
                                                x->input->override, "by", json_id(x->caller->who->party))
                                    : json_pack("{s:I}", "asked", (json_int_t)x->caller->now));
    return true;
}

static bool applicant_of(struct db *db, struct acting *x, struct party *out, struct error *e)
{
    bool found;

    return party_find(db, x->arena, x->file.applicant, out, &found, e) &&
           (found || fail(e, E_INTERNAL, "case %s has no applicant", x->file.code));
}

/* New answers over the old ones, new papers beside them; the law's clock starts anew or goes on, as its rule says. */
static bool effect_supplement(struct db *db, struct acting *x, struct error *e)
{
    struct prefill known;
    struct party applicant;
    struct paper *papers;
    size_t n;
    json_t *last, *form, *before = json_held(x->arena, json_loads(x->file.papers, 0, NULL));

    if (!applicant_of(db, x, &applicant, e) ||
        !form_prefill(db, x->arena, x->house, x->file.service, &applicant, &known, e))
        return false;
    known.data = json_held(x->arena, json_loads(x->file.form, 0, NULL)); /* as filed; what is locked stays locked */
    if (!form_accept(x->file.service, &known, x->input->form, x->arena, &form, e) ||
        !papers_known(db, x->arena, x->house, x->file.service, &known, form, &applicant, x->caller->now,
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
    x->after.form = json_text(x->arena, form);
    x->after.papers = json_text(x->arena, papers_stored(x->arena, papers, n));
    x->after.supplements = json_held(x->arena, json_deep_copy(x->file.supplements));
    last = json_array_get(x->after.supplements, json_array_size(x->after.supplements) - 1);
    (void)json_object_set_new(last, "completed",
                              json_integer((json_int_t)x->caller->now)); /* fails only without memory */
    x->after.back_step = NULL;
    if (x->file.received_at == INSTANT_NONE)
        return true;
    if (clock_restarts(x->house, &x->file))
        return clock_start(x->house, x->arena, &x->after, "supplement", x->caller->now, e);
    clock_resume(x->house, x->arena, &x->after, "supplement", json_i64(last, "asked", x->file.step_at), x->caller->now);
    return true;
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
    if (x->input->due_at <= x->file.due_at)
        return fail_field(e, "/due_at", "exclusiveMinimum", "due_at");
    clock_appoint(x->house, x->arena, &x->after, x->input->due_at, x->caller->now);
    x->after.apologised = true;
    return true;
}

/* The clock stands while the applicant has something to pay (status 6). */
static bool effect_ask_payment(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    if (x->input->amount < 0 || x->input->amount > FEE_MAX)
        return fail_field(e, "/amount", "maximum", "amount");
    if (x->input->amount)
        x->after.fee = x->input->amount;
    x->after.fee_state = "due";
    x->after.back_step = x->file.step->id;
    return true;
}

static bool takes_money(const struct actor *who, const struct unit *unit)
{
    return actor_is(who, ROLE_CASHIER, unit->id) || actor_is(who, ROLE_ONE_STOP, unit->id);
}

/* Whoever takes the money says that it is paid; the applicant can only say so, and the cashier finds the transfer. */
static bool effect_pay(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    (void)e;
    x->after.fee_state = takes_money(x->caller->who, x->file.unit) ? "paid" : "declared";
    if (x->file.status == STATUS_PAYMENT) {
        clock_resume(x->house, x->arena, &x->after, "pay", x->file.step_at, x->caller->now);
        x->after.back_step = NULL;
    }
    return true;
}

/* To the step the flow names, or to any earlier one that the officer does. */
static bool effect_return(struct db *db, struct acting *x, struct error *e)
{
    const struct step *behind[STEPS_BEHIND_MAX];
    size_t n;

    if (!x->input->step)
        return true;
    if (!steps_behind(db, &x->file, behind, COUNT(behind), &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(behind[i]->id, x->input->step) == 0) {
            x->to = behind[i];
            return true;
        }
    return fail_field(e, "/step", "absent", x->input->step);
}

/* Recorded like any other act; the time counts anew (8 leads to 4 in no other way). */
static bool effect_reopen(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    x->after.closed_at = x->after.done_at = INSTANT_NONE;
    return clock_start(x->house, x->arena, &x->after, "reopen", x->caller->now, e);
}

static bool effect_withdraw_result(struct db *db, struct acting *x, struct error *e)
{
    return result_is_given(db, x->arena, &x->file, e);
}

/* The answers as they should have been: laid over those that were filed, whatever was locked then. */
static bool effect_correct_result(struct db *db, struct acting *x, struct error *e)
{
    const struct prefill filed = {.data = json_held(x->arena, json_loads(x->file.form, 0, NULL)),
                                  .locked = json_held(x->arena, json_array())};
    json_t *form;

    if (!result_is_given(db, x->arena, &x->file, e))
        return false;
    if (!json_object_size(x->input->form))
        return true;
    if (!form_accept(x->file.service, &filed, x->input->form, x->arena, &form, e))
        return false;
    x->after.form = json_text(x->arena, form);
    return true;
}

/* The note says by which decision; the log keeps both. */
static bool effect_set_fee(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    if (x->input->amount <= 0 || x->input->amount > FEE_MAX)
        return fail_field(e, "/amount", "maximum", "amount");
    x->after.fee = x->input->amount;
    x->after.fee_state = "due";
    return true;
}

/* At the counter the result is signed for; what is not said of it is not claimed. */
static bool effect_deliver(struct db *db, struct acting *x, struct error *e)
{
    (void)db;
    return !x->input->receiver || receiver_text(x->arena, x->input->receiver, &x->receiver, e);
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
    [EFFECT_ASK_PAYMENT]          = effect_ask_payment,
    [EFFECT_RETURN]               = effect_return,
    [EFFECT_REOPEN]               = effect_reopen,
    [EFFECT_WITHDRAW_RESULT]      = effect_withdraw_result,
    [EFFECT_CORRECT_RESULT]       = effect_correct_result,
    [EFFECT_SET_FEE]              = effect_set_fee,
    [EFFECT_DELIVER]              = effect_deliver,
};
/* clang-format on */

/* ---- the write ---- */

/* What was granted is no more, so the registries no longer say it. */
static bool take_back(struct db *db, const struct acting *x, struct error *e)
{
    const char *code = x->file.code, *note = x->input->note;
    const struct record_undo undo = {
        .case_id = x->file.id,
        .actor = x->caller->who->party,
        .unit = x->file.unit->id,
        .now = x->caller->now,
        .reason = arena_printf(x->arena, "Thu hồi kết quả của hồ sơ %s: %s", code, note),
        .reason_kept = arena_printf(
            x->arena, "Kết quả của hồ sơ %s đã bị thu hồi (%s); sau đó bản ghi đã có thay đổi khác, xin xem lại", code,
            note)};

    return records_undo(db, x->house, x->arena, &undo, e);
}

/* In the commit that gives a new one or takes one back the old one is invalid. */
static bool end_results(struct db *db, const struct acting *x, const json_t *results, struct error *e)
{
    const json_t *last = json_array_get(results, json_array_size(results) - 1);
    struct document_ending how = {
        .status = "superseded", .reason = x->input->note, .actor = x->caller->who->party, .at = x->caller->now};

    if (effect_of(x) == EFFECT_WITHDRAW_RESULT) {
        how.status = "withdrawn";
        return results_end(db, x->arena, &x->file, &how, e) && take_back(db, x, e);
    }
    if (!x->grants)
        return true;
    if (!text_to_i64(json_str(last, "document"), 1, INT64_MAX, &how.successor))
        return fail(e, E_INTERNAL, "a result without its document");
    return (effect_of(x) != EFFECT_CORRECT_RESULT || results_end(db, x->arena, &x->file, &how, e)) &&
           results_supersede(db, x->arena, &x->file, &how, e);
}

/* May run again after a serialisation failure: touches nothing but the database and what it makes anew each time. */
static bool write_action(struct db *db, void *arg, struct error *e)
{
    const struct acting *x = arg;
    struct case_file c = x->after;
    struct turn turn = {
        .house = x->house,
        .arena = x->arena,
        .now = x->caller->now,
        .actor = x->caller->who->party,
        .on_behalf = x->on_behalf,
        .units = x->input->units,
        .note = x->input->note,
        .receiver = x->receiver,
    };
    json_t *results = NULL;

    if (x->grants) {
        if (!grant_write(db, x->house, x->arena, x->caller, &c, &x->grant, &results, e))
            return false;
        c.results = json_text(x->arena, results);
    }
    case_settle(&turn, &c, x->transition->action, x->to,
                effect_of(x) == EFFECT_ASSIGN ? c.assignee : x->input->assignee);
    return papers_bind(db, x->handed_in, x->n_handed_in, x->file.id, x->file.applicant, e) &&
           slips_write(db, x->caller, &x->after, x->transition->action, x->slips, x->n_slips, e) &&
           case_move(db, &turn, &c, x->transition->action, x->file.step, e) &&
           end_results(db, x, results, e); /* last: this case may itself have used what ends now */
}

static bool look(struct acting *x, const char *code, const char *action, struct error *e)
{
    auto_read struct db *db = NULL;
    struct standing s;

    if (!store_read(x->house->store, &db, e) ||
        !case_find_visible(db, x->arena, x->house, x->caller, code, &x->file, &s, e))
        return false;
    x->later = caller_after(x->caller, &x->file);
    x->caller = &x->later;
    x->file.unit = unit_acted_for(x->house, x->caller->who, x->file.unit, x->caller->now);
    if (x->input->seen >= 0 && x->input->seen != x->file.version) {
        error_extra_new(e, "version", json_integer((json_int_t)x->file.version));
        error_extra_new(e, "status", json_integer((json_int_t)x->file.status));
        return fail(e, E_STALE, "version %" PRId64 " was seen", x->input->seen);
    }
    if (!choose(db, x, action, e) || !find_target(x, e))
        return false;
    x->after = x->file;
    return effects[effect_of(x)](db, x, e) && record_decision(x, x->needs, e) &&
           (effect_of(x) == EFFECT_ASSIGN || x->to == x->file.step || assignee_fits(db, x, x->to, e)) &&
           slips_prepare(db, x->arena, x->house,
                         &(struct slip_moment){.caller = x->caller,
                                               .before = &x->file,
                                               .after = &x->after,
                                               .action = x->transition->action,
                                               .input = x->input},
                         x->slips, &x->n_slips, e);
}

bool case_act(struct house *h, struct arena *a, const struct caller *caller, const char *code, const char *action,
              const struct action_input *input, struct error *e)
{
    struct acting x = {.house = h, .arena = a, .caller = caller, .input = input};

    if (!look(&x, code, action, e))
        return false;
    if (x.file.service->result_paper && (effect_of(&x) == EFFECT_APPROVE || effect_of(&x) == EFFECT_CORRECT_RESULT)) {
        /* Taking numbers is a write of its own, so the case moves on one version before it is granted. */
        if (!grant_prepare(h, a, caller, &x.after, &x.grant, e))
            return false;
        x.grants = true;
        x.after.office = json_text(a, x.grant.office);
    }
    return store_write(h->store, write_action, &x, e);
}
