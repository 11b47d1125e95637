/* How a case travels: the contract's shape, written straight to text. */
#include "casework/casework_internal.h"

#include <string.h>

static json_t *loaded(struct arena *a, const char *text)
{
    if (!text || strcmp(text, "[]") == 0) /* most cases have none; walking NULL walks nothing */
        return NULL;
    return json_held(a, json_loads(text, 0, NULL));
}

static void write_step(struct json_out *o, const struct case_file *c, enum lang lang)
{
    if (c->step->end) {
        out_member_null(o, "step");
        return;
    }
    out_key(o, "step");
    out_open(o, '{');
    out_member_text(o, "id", c->step->id);
    out_member_text(o, "title", c->step->title[lang]);
    out_member_text(o, "role", c->step->role == ROLE_CITIZEN ? "applicant" : role_name((enum role)c->step->role));
    out_member_text(o, "unit", c->unit->code);
    out_member_instant(o, "due_at", c->step_due_at);
    out_close(o, '}');
}

static void write_named(struct json_out *o, const char *member, const char *code, const char *name)
{
    out_key(o, member);
    out_open(o, '{');
    out_member_text(o, "code", code);
    out_member_text(o, "name", name);
    out_close(o, '}');
}

static void write_clocks(struct json_out *o, struct arena *a, const struct case_file *c, int64_t now)
{
    struct national_time t = case_time(c, a, now);

    out_member_instant(o, "submitted_at", c->submitted_at);
    out_member_instant(o, "received_at", c->received_at);
    out_member_instant(o, "due_at", c->due_at);
    out_member_instant(o, "finished_at", c->done_at != INSTANT_NONE ? c->done_at : c->closed_at);
    out_key(o, "clock");
    out_open(o, '{');
    out_member_instant(o, "legal_due_at", c->legal_due_at);
    out_member_i64(o, "national_minutes", t.minutes);
    out_member_bool(o, "paused", c->step->pause);
    out_close(o, '}');
    out_member_text(o, "timeliness", timeliness_name(t.timeliness));
    out_member_instant(o, "moved_at", c->moved_at ? c->moved_at : c->submitted_at);
    out_member_bool(o, "silent", case_is_silent(c, now));
}

/* What lists and single cases share. The object stays open. */
static void write_head(struct json_out *o, struct arena *a, const struct house *h, const struct case_file *c,
                       int64_t now, enum lang lang)
{
    (void)h;
    out_open(o, '{');
    out_member_text(o, "code", c->code);
    write_named(o, "service", c->service->code, c->service->name[lang]);
    write_named(o, "unit", c->unit->code, c->unit->name[lang]);
    out_member_i64(o, "status", (int64_t)c->status);
    out_member_text(o, "status_title", status_title(c->status, lang));
    write_step(o, c, lang);
    out_member_i64(o, "version", c->version);
    out_member_text(o, "channel", channel_name(c->channel));
    out_member_text(o, "delivery", c->delivery);
    write_clocks(o, a, c, now);
    out_key(o, "fee");
    out_open(o, '{');
    out_member_i64(o, "amount", c->fee);
    out_member_text(o, "state", c->fee_state);
    out_close(o, '}');
    out_member_text(o, "parent", c->parent);
}

void case_write_brief(struct json_out *o, struct arena *a, const struct house *h, const struct case_file *c,
                      int64_t now, enum lang lang)
{
    write_head(o, a, h, c, now, lang);
    out_key(o, "applicant");
    out_open(o, '{');
    out_member_id(o, "id", c->applicant);
    out_member_text(o, "name", c->applicant_name);
    out_close(o, '}');
    out_key(o, "assignee");
    if (c->assignee)
        out_id(o, c->assignee);
    else
        out_null(o);
    out_close(o, '}');
}

static void write_party(struct json_out *o, const char *member, const struct party *p, bool personal)
{
    out_key(o, member);
    party_write(o, p, personal && p && p->kind != PARTY_OFFICER);
}

/* Applicant and submitter are mostly one. */
static bool write_parties(struct json_out *o, struct db *db, struct arena *a, const struct case_file *c,
                          struct error *e)
{
    struct party applicant, other;
    bool found, found_other = false;

    found = c->party != NULL;
    if (found)
        applicant = *c->party;
    else if (!party_find(db, a, c->applicant, &applicant, &found, e))
        return false;
    write_party(o, "applicant", found ? &applicant : NULL, true);
    if (c->submitter == c->applicant) {
        write_party(o, "submitter", found ? &applicant : NULL, true);
    } else {
        if (!party_find(db, a, c->submitter, &other, &found_other, e))
            return false;
        write_party(o, "submitter", found_other ? &other : NULL, true);
    }
    found_other = false;
    if (c->assignee && !party_find(db, a, c->assignee, &other, &found_other, e))
        return false;
    write_party(o, "assignee", found_other ? &other : NULL, false);
    return true;
}

static bool write_results(struct json_out *o, struct db *db, struct arena *a, const struct case_file *c,
                          struct error *e)
{
    const json_t *list = loaded(a, c->results), *row;
    size_t i;

    out_key(o, "results");
    out_open(o, '[');
    json_array_foreach(list, i, row)
    {
        struct document d;
        json_auto_t *wire = NULL;
        int64_t id;
        bool found = false;

        if (text_to_i64(json_str(row, "document"), 1, INT64_MAX, &id) && !document_find(db, a, id, &d, &found, e))
            return false;
        if (found)
            wire = document_json_new(&d);
        out_open(o, '{');
        out_member_text(o, "kind", json_str(row, "kind"));
        out_member_json(o, "document", wire);
        out_member_text(o, "verify_code", json_str(row, "verify_code"));
        out_close(o, '}');
    }
    out_close(o, ']');
    return true;
}

static bool write_entry(struct json_out *o, struct db *db, struct arena *a, const struct house *h,
                        const struct case_file *c, enum lang lang, struct error *e)
{
    const struct registry *r = c->entry_registry ? registry_find(h, c->entry_registry) : NULL;
    struct record record;
    bool found = false;

    if (r && c->entry_key && !record_find(db, a, r, c->entry_key, &record, &found, e))
        return false;
    out_key(o, "entry");
    if (!found) {
        out_null(o);
        return true;
    }
    out_open(o, '{');
    out_member_text(o, "registry", c->entry_registry);
    out_member_text(o, "key", c->entry_key);
    out_member_text(o, "title", record_title(a, r, record.body, lang));
    out_close(o, '}');
    return true;
}

/* What other units were asked: the codes of the contract, and beside them what each was asked and said. */
static void write_children(struct json_out *o, const struct house *h, const struct case_file *c, int64_t now,
                           enum lang lang)
{
    size_t i;
    const json_t *row;

    out_key(o, "children");
    out_open(o, '[');
    json_array_foreach(c->answers, i, row) out_text(o, json_str(row, "case"));
    out_close(o, ']');
    out_key(o, "asked");
    out_open(o, '[');
    json_array_foreach(c->answers, i, row)
    {
        const char *code = json_str(row, "unit");
        const struct unit *u = code ? unit_by_code(h, code) : NULL;
        int64_t due = json_i64(row, "due_at", INSTANT_NONE), answered = json_i64(row, "answered_at", INSTANT_NONE);

        out_open(o, '{');
        out_member_text(o, "case", json_str(row, "case"));
        out_member_text(o, "ask", json_str(row, "ask"));
        out_member_text(o, "title", json_title(json_object_get(row, "title"), lang));
        write_named(o, "unit", code, u ? u->name[lang] : code);
        out_member_instant(o, "asked_at", json_i64(row, "asked_at", INSTANT_NONE));
        out_member_instant(o, "due_at", due);
        out_member_instant(o, "answered_at", answered);
        out_member_bool(o, "late", due != INSTANT_NONE && (answered == INSTANT_NONE ? now : answered) > due);
        out_member_json(o, "status", json_object_get(row, "status"));
        out_member_text(o, "answer", json_str(row, "note"));
        out_member_json(o, "decision", json_object_get(row, "decision"));
        out_close(o, '}');
    }
    out_close(o, ']');
}

/* How each date came about: by which rule, which version of the calendar, which limit. */
static void write_counts(struct json_out *o, const struct case_file *c)
{
    size_t i;
    const json_t *row;

    out_key(o, "counts");
    out_open(o, '[');
    json_array_foreach(c->counts, i, row)
    {
        out_open(o, '{');
        out_member_instant(o, "at", json_i64(row, "at", INSTANT_NONE));
        out_member_text(o, "why", json_str(row, "why"));
        out_member_text(o, "rule", json_str(row, "rule"));
        out_member_i64(o, "calendar", json_i64(row, "calendar", 0));
        out_member_text(o, "limit", json_str(row, "limit"));
        out_member_text(o, "way", json_str(row, "way"));
        out_member_instant(o, "due_at", json_i64(row, "due_at", INSTANT_NONE));
        out_member_instant(o, "legal_due_at", json_i64(row, "legal_due_at", INSTANT_NONE));
        out_close(o, '}');
    }
    out_close(o, ']');
}

bool case_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                const struct case_file *c, int64_t now, enum lang lang, struct error *e)
{
    struct standing standing = case_standing(h, who, c, now);
    bool own = standing.own || standing.agency;

    write_head(o, a, h, c, now, lang);
    if (!write_parties(o, db, a, c, e) || !filing_write(o, db, c, e))
        return false;
    out_member_raw(o, "form", c->form);
    /* What is proposed is among officers until it is signed. */
    out_member_json(o, "decision",
                    own && c->done_at == INSTANT_NONE ? NULL : json_object_get(loaded(a, c->office), "decision"));
    out_key(o, "papers");
    papers_write(o, db, a, c->service, c->papers_list ? c->papers_list : loaded(a, c->papers), lang);
    if (!write_results(o, db, a, c, e) || (!own && !write_entry(o, db, a, h, c, lang, e)))
        return false;
    if (own) {
        out_member_null(o, "entry");
        out_member_text(o, "track_pin", c->pin);
    }
    write_children(o, h, c, now, lang);
    write_counts(o, c);
    out_key(o, "actions");
    if (!actions_write(o, db, a, h, who, c, now, lang, e))
        return false;
    out_close(o, '}');
    return true;
}

/* ---- actions on the wire ---- */

static void write_needs(struct json_out *o, unsigned needs)
{
    /* clang-format off */
    static const struct { unsigned bit; const char *name; } names[] = {
        {NEED_NOTE, "note"}, {NEED_ASSIGNEE, "assignee"}, {NEED_PAPERS, "papers"}, {NEED_FORM, "form"},
        {NEED_STEP, "step"}, {NEED_ENTRY, "entry"}, {NEED_DUE, "due_at"},
        {NEED_OVERRIDE, "override"}, {NEED_AMOUNT, "amount"}, {NEED_UNITS, "units"},
    };
    /* clang-format on */

    out_key(o, "needs");
    out_open(o, '[');
    for (size_t i = 0; i < COUNT(names); i++)
        if (needs & names[i].bit)
            out_text(o, names[i].name);
    out_close(o, ']');
}

static const struct step *leads_to(const struct case_file *c, const struct transition *t)
{
    return t->target == TARGET_STEP   ? t->to
           : t->target == TARGET_BACK ? flow_step(c->service->flow, c->back_step)
                                      : c->step;
}

/* The consequence, written on the button: where the case goes and whose it becomes. */
static void write_hint(struct json_out *o, struct arena *a, const struct case_file *c, const struct transition *t,
                       enum lang lang)
{
    const struct step *to = leads_to(c, t);

    if (!to || to == c->step)
        out_member_null(o, "hint");
    else if (to->end || to->role == NO_ROLE)
        out_member_text(o, "hint", arena_printf(a, lang == LANG_VI ? "Kết thúc: %s" : "Ends: %s", to->title[lang]));
    else
        out_member_text(o, "hint",
                        arena_printf(a, lang == LANG_VI ? "Chuyển sang: %s (%s)" : "Moves to: %s (%s)", to->title[lang],
                                     to->role == ROLE_CITIZEN ? (lang == LANG_VI ? "người nộp" : "applicant")
                                                              : role_title((enum role)to->role, lang)));
}

static bool write_assignees(struct json_out *o, struct db *db, struct arena *a, const struct case_file *c,
                            const struct step *to, struct error *e)
{
    struct member members[64];
    size_t n;

    if (to->role == NO_ROLE || to->role == ROLE_CITIZEN)
        return true;
    if (!unit_members(db, a, c->unit->id, (enum role)to->role, members, COUNT(members), &n, e))
        return false;
    out_key(o, "assignee");
    out_open(o, '[');
    for (size_t i = 0; i < n; i++) {
        out_open(o, '{');
        out_member_id(o, "id", members[i].party);
        out_member_text(o, "name", members[i].name);
        out_close(o, '}');
    }
    out_close(o, ']');
    return true;
}

/* Papers that may still be asked for: not handed in, not held by the city. */
static void write_askable(struct json_out *o, struct arena *a, const struct case_file *c, enum lang lang)
{
    const json_t *list = loaded(a, c->papers), *row;
    size_t i;

    out_key(o, "papers");
    out_open(o, '[');
    json_array_foreach(list, i, row) for (size_t k = 0; k < c->service->n_papers; k++)
    {
        const struct paper_rule *rule = &c->service->papers[k];

        if (!text_equal(rule->kind, json_str(row, "kind")) || !json_is_null(json_object_get(row, "held")))
            continue;
        out_open(o, '{');
        out_member_text(o, "kind", rule->kind);
        out_member_text(o, "title", rule->title[lang]);
        out_close(o, '}');
    }
    out_close(o, ']');
}

/* Earlier steps it may go back to; without a choice it goes where the flow says. */
static bool write_behind(struct json_out *o, struct db *db, const struct case_file *c, enum lang lang, struct error *e)
{
    const struct step *behind[32];
    size_t n;

    if (!steps_behind(db, c, behind, COUNT(behind), &n, e))
        return false;
    out_key(o, "step");
    out_open(o, '[');
    for (size_t i = 0; i < n; i++) {
        out_open(o, '{');
        out_member_text(o, "id", behind[i]->id);
        out_member_text(o, "title", behind[i]->title[lang]);
        out_close(o, '}');
    }
    out_close(o, ']');
    return true;
}

/* The form of what is recorded, with what was before. */
static void write_office_form(struct json_out *o, struct arena *a, const struct case_file *c, enum lang lang)
{
    const json_t *before = json_object_get(loaded(a, c->office), "decision");

    out_key(o, "form");
    out_open(o, '{');
    out_member_json(o, "schema", json_held(a, service_office_new(c->service, lang)));
    out_member_json(o, "data", before ? before : json_held(a, json_object()));
    out_close(o, '}');
}

static bool write_options(struct json_out *o, struct db *db, struct arena *a, const struct case_file *c,
                          const struct legal_action *legal, enum lang lang, struct error *e)
{
    const struct transition *t = legal->transition;
    enum effect effect = t->standard ? t->standard->effect : EFFECT_MOVE;
    const struct step *to = leads_to(c, t);

    out_key(o, "options");
    out_open(o, '{');
    if (effect == EFFECT_ASSIGN || strcmp(t->action, "hand-over") == 0)
        if (to && !write_assignees(o, db, a, c, to, e))
            return false;
    if (effect == EFFECT_ASK_SUPPLEMENT || effect == EFFECT_SUPPLEMENT)
        write_askable(o, a, c, lang);
    if (effect == EFFECT_RETURN && !write_behind(o, db, c, lang, e))
        return false;
    if ((legal->needs & NEED_FORM) && effect != EFFECT_SUPPLEMENT)
        write_office_form(o, a, c, lang);
    out_close(o, '}');
    return true;
}

bool actions_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const struct case_file *c, int64_t now, enum lang lang, struct error *e)
{
    struct legal_action legal[LEGAL_ACTIONS_MAX];
    struct case_file mine = *c;
    size_t n;

    mine.unit = unit_acted_for(h, who, c->unit, now);
    c = &mine;
    if (!actions_legal(db, a, h, who, c, now, legal, &n, e))
        return false;
    out_open(o, '[');
    for (size_t i = 0; i < n; i++) {
        const struct transition *t = legal[i].transition;

        out_open(o, '{');
        out_member_text(o, "id", t->action);
        out_member_text(o, "title", t->title[lang]);
        write_needs(o, legal[i].needs);
        write_hint(o, a, c, t, lang);
        if (!write_options(o, db, a, c, &legal[i], lang, e))
            return false;
        out_close(o, '}');
    }
    out_close(o, ']');
    return true;
}

json_t *actions_brief_new(const struct legal_action *legal, size_t n, enum lang lang)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    out_open(&o, '[');
    for (size_t i = 0; i < n; i++) {
        out_open(&o, '{');
        out_member_text(&o, "id", legal[i].transition->action);
        out_member_text(&o, "title", legal[i].transition->title[lang]);
        write_needs(&o, legal[i].needs);
        out_close(&o, '}');
    }
    out_close(&o, ']');
    return json_loads(out_string(&o), 0, NULL);
}
