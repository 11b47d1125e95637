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
    out_member_null(o, "parent");
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

    if (!party_find(db, a, c->applicant, &applicant, &found, e))
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

bool case_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                const struct case_file *c, int64_t now, enum lang lang, struct error *e)
{
    bool own = who->party == c->applicant || who->party == c->submitter;

    write_head(o, a, h, c, now, lang);
    if (!write_parties(o, db, a, c, e))
        return false;
    out_member_raw(o, "form", c->form);
    out_key(o, "papers");
    papers_write(o, db, a, c->service, loaded(a, c->papers), lang);
    if (!write_results(o, db, a, c, e) || (!own && !write_entry(o, db, a, h, c, lang, e)))
        return false;
    if (own) {
        out_member_null(o, "entry");
        out_member_text(o, "track_pin", c->pin);
    }
    out_key(o, "children");
    out_open(o, '[');
    out_close(o, ']');
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

static bool write_options(struct json_out *o, struct db *db, struct arena *a, const struct case_file *c,
                          const struct transition *t, enum lang lang, struct error *e)
{
    enum effect effect = t->standard ? t->standard->effect : EFFECT_MOVE;
    const struct step *to = leads_to(c, t);

    out_key(o, "options");
    out_open(o, '{');
    if (effect == EFFECT_ASSIGN || strcmp(t->action, "hand-over") == 0)
        if (to && !write_assignees(o, db, a, c, to, e))
            return false;
    if (effect == EFFECT_ASK_SUPPLEMENT || effect == EFFECT_SUPPLEMENT)
        write_askable(o, a, c, lang);
    out_close(o, '}');
    return true;
}

bool actions_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const struct case_file *c, int64_t now, enum lang lang, struct error *e)
{
    struct legal_action legal[LEGAL_ACTIONS_MAX];
    size_t n = actions_legal(h, who, c, now, legal);

    out_open(o, '[');
    for (size_t i = 0; i < n; i++) {
        const struct transition *t = legal[i].transition;

        out_open(o, '{');
        out_member_text(o, "id", t->action);
        out_member_text(o, "title", t->title[lang]);
        write_needs(o, legal[i].needs);
        write_hint(o, a, c, t, lang);
        if (!write_options(o, db, a, c, t, lang, e))
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
