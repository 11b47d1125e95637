/* Flows: steps with an actor, a share of the time and the actions that lead on; compiled once from the pack. */
#include "casework/casework_internal.h"

#include <string.h>

#define WORK_STATUSES                                                                                                  \
    (STATUS_BIT(STATUS_RECEIVED) | STATUS_BIT(STATUS_IN_PROCESS) | STATUS_BIT(STATUS_SUPPLEMENT) |                     \
     STATUS_BIT(STATUS_PAYMENT))

static bool fee_is_due(const void *file)
{
    const struct case_file *c = file;

    return text_equal(c->fee_state, "due") && c->status != STATUS_SUBMITTED;
}

/* Once, and at least a day ahead (Decree 61/2018 Art 19.9); the day is checked where the new date is. */
static bool not_apologised(const void *file)
{
    const struct case_file *c = file;

    return !c->apologised && c->due_at != INSTANT_NONE;
}

/* clang-format off */
static const struct standard_action standard[] = {
    {"receive",              {"Tiếp nhận", "Receive"},                          EFFECT_RECEIVE,        0, 0, NULL},
    {"refuse",               {"Từ chối tiếp nhận", "Refuse"},                   EFFECT_REFUSE,         NEED_NOTE, 0, NULL},
    {"request-supplement",   {"Yêu cầu bổ sung", "Ask for a supplement"},       EFFECT_ASK_SUPPLEMENT, NEED_NOTE, 0, NULL},
    {"supplement",           {"Nộp bổ sung", "Supplement"},                     EFFECT_SUPPLEMENT,     0, BY_APPLICANT | 1U << ROLE_ONE_STOP, NULL},
    {"hand-over",            {"Chuyển xử lý", "Hand over"},                     EFFECT_MOVE,           0, 0, NULL},
    {"assign",               {"Phân công", "Assign"},                           EFFECT_ASSIGN,         0, 0, NULL},
    {"consult",              {"Lấy ý kiến", "Consult"},                         EFFECT_MOVE,           NEED_NOTE, 0, NULL},
    {"answer",               {"Trả lời ý kiến", "Answer"},                      EFFECT_MOVE,           NEED_NOTE, 0, NULL},
    {"submit-for-signature", {"Trình ký", "Submit for signature"},              EFFECT_SUBMIT_FOR_SIGNATURE, 0, 0, NULL},
    {"approve",              {"Ký duyệt", "Approve"},                           EFFECT_APPROVE,        0, 0, NULL},
    {"reject",               {"Từ chối giải quyết", "Reject"},                  EFFECT_MOVE,           NEED_NOTE, 0, NULL},
    {"return-to-step",       {"Trả lại bước trước", "Return to an earlier step"}, EFFECT_MOVE,         NEED_NOTE, 0, NULL},
    {"apologise",            {"Xin lỗi và hẹn lại", "Apologise and extend"},    EFFECT_APOLOGISE,      NEED_NOTE | NEED_DUE, 1U << ROLE_UNIT_HEAD | 1U << ROLE_SIGNATORY, not_apologised},
    {"stop",                 {"Dừng giải quyết", "Stop"},                       EFFECT_MOVE,           NEED_NOTE, 1U << ROLE_SIGNATORY, NULL},
    {"withdraw",             {"Rút hồ sơ", "Withdraw"},                         EFFECT_MOVE,           0, BY_APPLICANT, NULL},
    {"pay",                  {"Ghi nhận đã nộp phí", "Record the payment"},     EFFECT_PAY,            0, 1U << ROLE_CASHIER | 1U << ROLE_ONE_STOP, fee_is_due},
    {"deliver",              {"Trả kết quả", "Deliver the result"},             EFFECT_MOVE,           0, 0, NULL},
    {"archive",              {"Lưu hồ sơ", "Archive"},                          EFFECT_MOVE,           0, 0, NULL},
};

static const struct { const char *name; unsigned bit; } needs[] = {
    {"note", NEED_NOTE}, {"assignee", NEED_ASSIGNEE}, {"papers", NEED_PAPERS}, {"form", NEED_FORM},
    {"step", NEED_STEP}, {"entry", NEED_ENTRY}, {"due_at", NEED_DUE},
};
/* clang-format on */

const struct standard_action *standard_action(const char *id)
{
    for (size_t i = 0; i < COUNT(standard); i++)
        if (strcmp(standard[i].id, id) == 0)
            return &standard[i];
    return NULL;
}

/* what: a sentence's beginning; which: the name it is about. */
static bool wrong(struct error *e, const char *pointer, const char *what, const char *which)
{
    (void)fail(e, E_PACK, "%s: %s", what, which); /* the item carries the place */
    return fail_field(e, pointer, "flow", which);
}

static bool read_title(struct arena *a, const json_t *title, const char *out[LANG__COUNT])
{
    for (int lang = 0; lang < LANG__COUNT; lang++)
        out[lang] = arena_strdup(a, json_title(title, (enum lang)lang));
    return out[LANG_VI][0] != '\0';
}

static bool read_role(const char *name, int *role)
{
    enum role r;

    if (text_equal(name, "applicant")) {
        *role = ROLE_CITIZEN;
        return true;
    }
    if (!name || !role_parse(name, &r))
        return false;
    *role = (int)r;
    return true;
}

static unsigned role_bit(int role)
{
    return role == NO_ROLE ? 0 : role == ROLE_CITIZEN ? BY_APPLICANT : 1U << role;
}

/* `by` is one role or a list of them. */
static bool read_by(const json_t *by, unsigned *bits)
{
    int role;
    size_t i;
    const json_t *item;

    if (json_is_string(by)) {
        if (!read_role(json_string_value(by), &role))
            return false;
        *bits = role_bit(role);
        return true;
    }
    json_array_foreach(by, i, item)
    {
        if (!read_role(json_string_value(item), &role))
            return false;
        *bits |= role_bit(role);
    }
    return true;
}

static bool read_needs(const json_t *list, unsigned *bits)
{
    size_t i;
    const json_t *item;

    json_array_foreach(list, i, item)
    {
        unsigned bit = 0;

        for (size_t k = 0; k < COUNT(needs); k++)
            if (text_equal(json_string_value(item), needs[k].name))
                bit = needs[k].bit;
        if (!bit)
            return false;
        *bits |= bit;
    }
    return true;
}

/* Where an action leads: a step's id, "back" (where the supplement was asked), "same". */
static bool read_target(const struct flow *f, const char *to, struct transition *t)
{
    t->target = text_equal(to, "back") ? TARGET_BACK : text_equal(to, "same") ? TARGET_SAME : TARGET_STEP;
    if (t->target != TARGET_STEP)
        return true;
    t->to = to ? flow_step(f, to) : NULL;
    return t->to != NULL;
}

static bool read_transition(struct arena *a, const struct flow *f, const char *pointer, const char *action,
                            const json_t *row, int step_role, struct transition *t, struct error *e)
{
    const char *to = json_is_string(row) ? json_string_value(row) : json_str(row, "to");
    const json_t *statuses = json_object_get(row, "while"), *item;
    size_t i;

    *t = (struct transition){.action = arena_strdup(a, action), .standard = standard_action(action)};
    if (!read_target(f, to, t))
        return wrong(e, pointer, "leads to a step that is not there", to ? to : "nowhere");
    if (t->standard) {
        memcpy(t->title, t->standard->title, sizeof t->title);
        t->needs = t->standard->needs;
        t->by = t->standard->by;
    }
    if (json_object_get(row, "title"))
        (void)read_title(a, json_object_get(row, "title"), t->title); /* checked by the schema */
    if (!t->title[LANG_VI])
        return wrong(e, pointer, "an action of the flow's own needs a title", action);
    if (!read_needs(json_object_get(row, "needs"), &t->needs))
        return wrong(e, pointer, "unknown need of action", action);
    if (json_object_get(row, "by")) {
        t->by = 0;
        if (!read_by(json_object_get(row, "by"), &t->by))
            return wrong(e, pointer, "unknown role of action", action);
    }
    if (!t->by)
        t->by = role_bit(step_role);
    json_array_foreach(statuses, i, item) t->statuses |= STATUS_BIT((unsigned)json_integer_value(item) & 15U);
    if (!t->statuses)
        t->statuses = WORK_STATUSES;
    return true;
}

static bool read_transitions(struct arena *a, const struct flow *f, const char *pointer, const json_t *rows,
                             int step_role, struct transition **out, size_t *n, struct error *e)
{
    const char *action;
    json_t *row;

    *out = arena_array(a, struct transition, json_object_size(rows));
    json_object_foreach((json_t *)(uintptr_t)rows, action, row)
    {
        char *place = arena_printf(a, "%s/%s", pointer, action);

        if (!read_transition(a, f, place, action, row, step_role, &(*out)[*n], e))
            return false;
        ++*n;
    }
    return true;
}

static bool read_step(struct arena *a, const char *id, const json_t *row, struct step *s, struct error *e)
{
    char *pointer = arena_printf(a, "/steps/%s", id);

    *s = (struct step){
        .id = arena_strdup(a, id),
        .role = NO_ROLE,
        .status = (enum status)json_i64(row, "status", 0),
        .share = (int)json_i64(row, "share", 0),
        .pause = json_flag(row, "pause"),
        .end = json_flag(row, "end"),
    };
    if (!read_title(a, json_object_get(row, "title"), s->title))
        return wrong(e, pointer, "a step needs a title", id);
    if (s->status < STATUS_SUBMITTED || s->status >= STATUS__COUNT)
        return wrong(e, pointer, "a national status from 1 to 10 is needed", id);
    if (json_str(row, "role") && !read_role(json_str(row, "role"), &s->role))
        return wrong(e, pointer, "no such role", json_str(row, "role"));
    if (s->role == NO_ROLE && !s->end)
        return wrong(e, pointer, "a step that is no end needs a role", id);
    return true;
}

const struct step *flow_step(const struct flow *f, const char *id)
{
    for (size_t i = 0; i < f->n_steps; i++)
        if (strcmp(f->steps[i].id, id) == 0)
            return &f->steps[i];
    return NULL;
}

bool flow_compile(struct arena *a, const json_t *definition, int64_t version, struct flow **out, struct error *e)
{
    const json_t *steps = json_object_get(definition, "steps");
    struct flow *f = arena_new_of(a, struct flow);
    const char *id, *start = json_str(definition, "start");
    json_t *row;

    f->name = arena_strdup(a, json_str(definition, "name") ? json_str(definition, "name") : "");
    f->version = version;
    (void)read_title(a, json_object_get(definition, "title"), f->title); /* a flow without a title still works */
    f->steps = arena_array(a, struct step, json_object_size(steps));
    json_object_foreach((json_t *)(uintptr_t)steps, id,
                        row) if (!read_step(a, id, row, &f->steps[f->n_steps++], e)) return false;
    for (size_t i = 0; i < f->n_steps; i++) {
        struct step *s = &f->steps[i];
        const json_t *rows = json_object_get(json_object_get(steps, s->id), "actions");

        if (!read_transitions(a, f, arena_printf(a, "/steps/%s/actions", s->id), rows, s->role, &s->transitions,
                              &s->n_transitions, e))
            return false;
    }
    if (!read_transitions(a, f, "/always", json_object_get(definition, "always"), NO_ROLE, &f->always, &f->n_always, e))
        return false;
    f->start = start ? flow_step(f, start) : NULL;
    if (!f->start)
        return wrong(e, "/start", "the start is not among the steps", start ? start : "");
    *out = f;
    return true;
}

/* ---- checks of a pack: reachable, no dead end, shares add up ---- */

static void mark_reachable(const struct flow *f, const struct step *s, bool *seen)
{
    size_t i = (size_t)(s - f->steps);

    if (seen[i])
        return;
    seen[i] = true;
    for (size_t k = 0; k < s->n_transitions; k++)
        if (s->transitions[k].to)
            mark_reachable(f, s->transitions[k].to, seen);
}

void flow_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    struct error e;
    struct flow *f;
    bool *seen;
    int share = 0;

    (void)pack;
    error_init(&e);
    if (!flow_compile(a, file->body, 0, &f, &e)) {
        pack_complain(report, file, e.n_items ? e.items[0].pointer : "", "flow", "%s", e.detail);
        error_done(&e);
        return;
    }
    seen = arena_array(a, bool, f->n_steps);
    mark_reachable(f, f->start, seen);
    for (size_t i = 0; i < f->n_always; i++)
        if (f->always[i].to)
            mark_reachable(f, f->always[i].to, seen);
    for (size_t i = 0; i < f->n_steps; i++) {
        const struct step *s = &f->steps[i];
        char *pointer = arena_printf(a, "/steps/%s", s->id);

        share += s->share;
        if (!seen[i])
            pack_complain(report, file, pointer, "flow-reachable", "step \"%s\" is never reached", s->id);
        if (!s->end && s->n_transitions == 0)
            pack_complain(report, file, pointer, "flow-dead-end", "step \"%s\" has no way on and is not an end", s->id);
    }
    if (share > 100)
        pack_complain(report, file, "/steps", "flow-shares", "the shares add up to %d percent", share);
}
