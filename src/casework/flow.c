/* Flows: steps with an actor, a share of the time and the actions that lead on; compiled once from the pack. */
#include "casework/casework_internal.h"

#include <string.h>

#define WORK_STATUSES                                                                                                  \
    (STATUS_BIT(STATUS_RECEIVED) | STATUS_BIT(STATUS_IN_PROCESS) | STATUS_BIT(STATUS_SUPPLEMENT) |                     \
     STATUS_BIT(STATUS_PAYMENT))

static bool fee_is_open(const struct house *h, const struct case_file *c, int64_t now)
{
    (void)h;
    (void)now;
    return (text_equal(c->fee_state, "due") || text_equal(c->fee_state, "declared")) && c->status != STATUS_SUBMITTED;
}

/* A fee that is stated but not as one sum, until something is paid. */
static bool fee_may_be_set(const struct house *h, const struct case_file *c, int64_t now)
{
    (void)h;
    (void)now;
    return c->service->fee_by_hand && (text_equal(c->fee_state, "none") || text_equal(c->fee_state, "due"));
}

/* Once, and at least a day ahead (Decree 61/2018 Art 19.9). */
static bool may_apologise(const struct house *h, const struct case_file *c, int64_t now)
{
    const struct clock_rule *rule = clock_rule_of(h, c);

    return rule->apologies > (int)c->apologised && c->due_at != INSTANT_NONE &&
           now <= c->due_at - rule->apology_ahead_ms;
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
    {"return-to-step",       {"Trả lại bước trước", "Return to an earlier step"}, EFFECT_RETURN,        NEED_NOTE, 0, NULL},
    {"apologise",            {"Xin lỗi và hẹn lại", "Apologise and extend"},    EFFECT_APOLOGISE,      NEED_NOTE | NEED_DUE, 1U << ROLE_UNIT_HEAD | 1U << ROLE_SIGNATORY, may_apologise},
    {"stop",                 {"Dừng giải quyết", "Stop"},                       EFFECT_MOVE,           NEED_NOTE, 1U << ROLE_SIGNATORY, NULL},
    {"withdraw",             {"Rút hồ sơ", "Withdraw"},                         EFFECT_MOVE,           0, BY_APPLICANT, NULL},
    {"pay",                  {"Ghi nhận đã nộp phí", "Record the payment"},     EFFECT_PAY,            0, 1U << ROLE_CASHIER | 1U << ROLE_ONE_STOP, fee_is_open},
    {"set-fee",              {"Ấn định phí, lệ phí", "Set the fee"},            EFFECT_SET_FEE,        NEED_AMOUNT | NEED_NOTE, 1U << ROLE_CASHIER | 1U << ROLE_ONE_STOP, fee_may_be_set},
    {"request-payment",      {"Yêu cầu nộp phí, lệ phí", "Ask for a payment"},   EFFECT_ASK_PAYMENT,    NEED_NOTE, 0, NULL},
    {"reopen",               {"Mở lại hồ sơ", "Reopen"},                        EFFECT_REOPEN,         NEED_NOTE, 1U << ROLE_SIGNATORY | 1U << ROLE_UNIT_HEAD, NULL},
    {"deliver",              {"Trả kết quả", "Deliver the result"},             EFFECT_DELIVER,           0, 0, NULL},
    {"archive",              {"Lưu hồ sơ", "Archive"},                          EFFECT_MOVE,           0, 0, NULL},
};

static const struct { const char *name; unsigned bit; } needs[] = {
    {"note", NEED_NOTE}, {"assignee", NEED_ASSIGNEE}, {"papers", NEED_PAPERS}, {"form", NEED_FORM},
    {"step", NEED_STEP}, {"entry", NEED_ENTRY}, {"due_at", NEED_DUE},
    {"override", NEED_OVERRIDE}, {"amount", NEED_AMOUNT}, {"units", NEED_UNITS},
};
/* clang-format on */

/* Of no flow: what was given may turn out wrong years later, when the dossier lies in the archive. */
#define WITHDRAW_TITLE                                                                                                 \
    {                                                                                                                  \
        "Thu hồi kết quả", "Withdraw the result"                                                                       \
    }
#define CORRECT_TITLE                                                                                                  \
    {                                                                                                                  \
        "Đính chính, cấp lại kết quả", "Correct and reissue the result"                                                \
    }
static const struct standard_action about_results[] = {
    {"withdraw-result", WITHDRAW_TITLE, EFFECT_WITHDRAW_RESULT, NEED_NOTE, 1U << ROLE_SIGNATORY, has_result},
    {"correct-result", CORRECT_TITLE, EFFECT_CORRECT_RESULT, NEED_NOTE, 1U << ROLE_SIGNATORY, has_result},
};
#define RESULT_STATUSES (STATUS_BIT(STATUS_DONE) | STATUS_BIT(STATUS_RETURNED))
const struct transition result_ways[RESULT_WAYS] = {
    {.action = "withdraw-result",
     .standard = &about_results[0],
     .title = WITHDRAW_TITLE,
     .target = TARGET_SAME,
     .needs = NEED_NOTE,
     .by = 1U << ROLE_SIGNATORY,
     .statuses = RESULT_STATUSES},
    {.action = "correct-result",
     .standard = &about_results[1],
     .title = CORRECT_TITLE,
     .target = TARGET_SAME,
     .needs = NEED_NOTE,
     .by = 1U << ROLE_SIGNATORY,
     .statuses = RESULT_STATUSES},
};

const struct standard_action *standard_action(const char *id)
{
    for (size_t i = 0; i < COUNT(standard); i++)
        if (strcmp(standard[i].id, id) == 0)
            return &standard[i];
    for (size_t i = 0; i < COUNT(about_results); i++)
        if (strcmp(about_results[i].id, id) == 0)
            return &about_results[i];
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

static bool not_an_expression(struct error *e, const char *pointer)
{
    char detail[ERROR_DETAIL_MAX];

    (void)snprintf(detail, sizeof detail, "%s", e->detail);
    return wrong(e, pointer, "is no expression", detail);
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
    if (json_object_get(row, "if") && !expr_compile(a, json_str(row, "if") ? json_str(row, "if") : "", &t->when, e))
        return not_an_expression(e, arena_printf(a, "%s/if", pointer));
    if (json_object_get(row, "after") && !limit_parse(json_str(row, "after"), &t->after))
        return wrong(e, pointer, "\"after\" is no length of time, in action", action);
    json_array_foreach(statuses, i, item) t->statuses |= STATUS_BIT((unsigned)json_integer_value(item) & 15U);
    if (!t->statuses)
        t->statuses = WORK_STATUSES;
    return true;
}

/* An action may have several rows, each with its condition. */
static size_t count_rows(const json_t *rows)
{
    const char *action;
    json_t *row;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)rows, action, row) n += json_is_array(row) ? json_array_size(row) : 1;
    return n;
}

static bool read_transitions(struct arena *a, const struct flow *f, const char *pointer, const json_t *rows,
                             int step_role, struct transition **out, size_t *n, struct error *e)
{
    const char *action;
    json_t *row;

    *out = arena_array(a, struct transition, count_rows(rows));
    json_object_foreach((json_t *)(uintptr_t)rows, action, row)
    {
        char *place = arena_printf(a, "%s/%s", pointer, action);
        size_t i;
        json_t *one;

        if (!json_is_array(row)) {
            if (!read_transition(a, f, place, action, row, step_role, &(*out)[(*n)++], e))
                return false;
            continue;
        }
        json_array_foreach(row, i, one) if (!read_transition(a, f, arena_printf(a, "%s/%zu", place, i), action, one,
                                                             step_role, &(*out)[(*n)++], e)) return false;
    }
    return true;
}

/* ---- questions to other units ---- */

static bool read_question(struct arena *a, const char *pointer, const char *id, const json_t *row, struct ask_row *q,
                          struct error *e)
{
    const char *when = json_str(row, "if"), *unit = json_str(row, "unit"), *service = json_str(row, "service");

    *q = (struct ask_row){
        .id = arena_strdup(a, id),
        .unit = arena_strdup(a, unit),
        .service = arena_strdup(a, service),
        .share = (int)json_i64(row, "share", 100),
        .form = json_held(a, json_deep_copy(json_object_get(row, "form"))),
    };
    if (!read_title(a, json_object_get(row, "title"), q->title) || !service)
        return wrong(e, pointer, "a question needs a title and a service to be a case of", id);
    if (when && !expr_compile(a, when, &q->when, e))
        return not_an_expression(e, arena_printf(a, "%s/if", pointer));
    return true;
}

/* Units the officer names: every one of them gets the same question. */
static bool read_chosen(struct arena *a, const json_t *definition, struct ask *ask)
{
    struct ask_row *q = arena_new_of(a, struct ask_row);
    const char *service = json_str(definition, "service");

    *q = (struct ask_row){
        .id = "consult", .service = arena_strdup(a, service), .share = (int)json_i64(definition, "share", 100)};
    ask->rows = q;
    ask->n = 1;
    return service && read_title(a, json_object_get(definition, "title"), q->title);
}

static bool read_ask(struct arena *a, const struct flow *f, const char *pointer, const json_t *definition,
                     struct ask **out, struct error *e)
{
    struct ask *ask = arena_new_of(a, struct ask);
    const json_t *questions = json_object_get(definition, "questions");
    const char *id, *then = json_str(definition, "then");
    json_t *row;

    ask->in_turn = text_equal(json_str(definition, "order"), "in-turn");
    ask->any = text_equal(json_str(definition, "wait"), "any");
    ask->chosen = text_equal(json_str(definition, "units"), "chosen");
    ask->then = then ? flow_step(f, then) : NULL;
    if (!ask->then)
        return wrong(e, pointer, "goes on to a step that is not there", then ? then : "nowhere");
    if (ask->chosen == (questions != NULL))
        return wrong(e, pointer, "asks either its questions or the units an officer names", "ask");
    *out = ask;
    if (ask->chosen)
        return read_chosen(a, definition, ask) ||
               wrong(e, pointer, "a question needs a title and a service to be a case of", "ask");
    ask->rows = arena_array(a, struct ask_row, json_object_size(questions));
    json_object_foreach((json_t *)(uintptr_t)questions, id,
                        row) if (!read_question(a, arena_printf(a, "%s/questions/%s", pointer, id), id, row,
                                                &ask->rows[ask->n++], e)) return false;
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
        .automatic = json_flag(row, "auto"),
    };
    if (!read_title(a, json_object_get(row, "title"), s->title))
        return wrong(e, pointer, "a step needs a title", id);
    if (s->status < STATUS_SUBMITTED || s->status >= STATUS__COUNT)
        return wrong(e, pointer, "a national status from 1 to 10 is needed", id);
    if (json_str(row, "role") && !read_role(json_str(row, "role"), &s->role))
        return wrong(e, pointer, "no such role", json_str(row, "role"));
    if (s->role == NO_ROLE && !s->end && !s->automatic)
        return wrong(e, pointer, "a step that is no end needs a role", id);
    if (json_object_get(row, "within") && !limit_parse(json_str(row, "within"), &s->within))
        return wrong(e, pointer, "\"within\" is no length of time, in step", id);
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
        const json_t *own = json_object_get(steps, s->id), *rows = json_object_get(own, "actions");

        if (!read_transitions(a, f, arena_printf(a, "/steps/%s/actions", s->id), rows, s->role, &s->transitions,
                              &s->n_transitions, e))
            return false;
        if (json_object_get(own, "ask") &&
            !read_ask(a, f, arena_printf(a, "/steps/%s/ask", s->id), json_object_get(own, "ask"), &s->ask, e))
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
