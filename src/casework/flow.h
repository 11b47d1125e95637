/* Flows: steps, the actions that lead from one to another, who may take them, questions to other units. Compiled from
 * the pack; nothing here looks at a database. */
#pragma once

#include <jansson.h>

#include "base/base.h"
#include "calendar/calendar.h"
#include "expr/expr.h"
#include "people/people.h"

/* The national dossier status (TrangThaiHoSo). */
enum status {
    STATUS_SUBMITTED = 1,
    STATUS_RECEIVED,
    STATUS_REFUSED,
    STATUS_IN_PROCESS,
    STATUS_SUPPLEMENT,
    STATUS_PAYMENT,
    STATUS_WITHDRAWN,
    STATUS_STOPPED,
    STATUS_DONE,
    STATUS_RETURNED,
    STATUS__COUNT,
};
const char *status_title(enum status s, enum lang lang);
/* Statuses in which somebody still has something to do. */
#define STATUS_BIT(s) (1U << (s))
enum {
    STATUS_OPEN = STATUS_BIT(STATUS_SUBMITTED) | STATUS_BIT(STATUS_RECEIVED) | STATUS_BIT(STATUS_IN_PROCESS) |
                  STATUS_BIT(STATUS_SUPPLEMENT) | STATUS_BIT(STATUS_PAYMENT) | STATUS_BIT(STATUS_DONE),
};

/* Who may take an action: a bit per officer's role, and the applicant's own. */
enum { BY_APPLICANT = 1U << ROLE__COUNT, NO_ROLE = -1 };

enum need {
    NEED_NOTE = 1,
    NEED_ASSIGNEE = 2,
    NEED_PAPERS = 4,
    NEED_FORM = 8,
    NEED_STEP = 16,
    NEED_ENTRY = 32,
    NEED_DUE = 64,
    NEED_OVERRIDE = 128,
    NEED_AMOUNT = 256,
    NEED_UNITS = 512,
};

/* What an action does besides moving: every flow shares these; a flow's own actions only move. */
enum effect {
    EFFECT_MOVE,
    EFFECT_RECEIVE,
    EFFECT_REFUSE,
    EFFECT_ASK_SUPPLEMENT,
    EFFECT_SUPPLEMENT,
    EFFECT_ASSIGN,
    EFFECT_SUBMIT_FOR_SIGNATURE,
    EFFECT_APPROVE,
    EFFECT_APOLOGISE,
    EFFECT_PAY,
    EFFECT_ASK_PAYMENT,
    EFFECT_RETURN,
    EFFECT_REOPEN,
    EFFECT_WITHDRAW_RESULT,
    EFFECT_CORRECT_RESULT,
    EFFECT_SET_FEE,
    EFFECT_DELIVER,
};

struct case_file;
struct standard_action {
    const char *id, *title[LANG__COUNT];
    enum effect effect;
    unsigned needs;
    unsigned by; /* 0: the role of the step */
    /* an extra condition on the case as it is at that time; NULL: none */
    bool (*fits)(const struct house *h, const struct case_file *c, int64_t now);
};
/* NULL for an action of a flow's own. */
const struct standard_action *standard_action(const char *id);

enum target { TARGET_STEP, TARGET_BACK, TARGET_SAME };

struct step;
struct transition {
    const char *action;
    const struct standard_action *standard; /* NULL: the flow's own */
    const char *title[LANG__COUNT];
    enum target target;
    const struct step *to; /* of TARGET_STEP */
    unsigned needs, by;
    unsigned statuses;  /* for rows of `always`: in which statuses */
    struct expr *when;  /* over form, applicant, case, answers; NULL: always */
    struct limit after; /* the system takes it once the step has lasted so long; value 0: it does not */
};

/* What every flow offers where a result was given, also at an end. */
enum { RESULT_WAYS = 2 };
extern const struct transition result_ways[RESULT_WAYS];

/* One question to another unit. */
struct ask_row {
    const char *id, *title[LANG__COUNT];
    const char *unit;    /* its code, or a name that it offers */
    const char *service; /* what the answer is a case of */
    struct expr *when;
    int share;          /* percent of the time of the step that asks */
    const json_t *form; /* a tree of expressions: the child's answers; NULL: the question only */
};
/* A step that opens child cases and waits for them. */
struct ask {
    bool in_turn; /* one after the other, else all at once */
    bool any;     /* the first answer is enough */
    bool chosen;  /* the officer names the units */
    const struct step *then;
    size_t n;
    struct ask_row *rows; /* of `chosen`: the one that all of them get */
};

struct step {
    const char *id, *title[LANG__COUNT];
    int role; /* enum role, ROLE_CITIZEN standing for the applicant; NO_ROLE at an end */
    enum status status;
    int share;           /* percent of the limit; 0: the rest */
    struct limit within; /* for steps off the case's clock; value 0: none */
    bool pause, end;
    bool automatic; /* the system takes the first action whose condition holds */
    struct ask *ask;
    size_t n_transitions;
    struct transition *transitions;
};

struct flow {
    const char *name, *title[LANG__COUNT];
    int64_t version;
    const struct step *start;
    size_t n_steps, n_always;
    struct step *steps;
    struct transition *always;
};

/* E_PACK with the pointer in an item when the definition does not hold together. */
bool flow_compile(struct arena *a, const json_t *definition, int64_t version, struct flow **out,
                  struct error *e) CHECKED;
const struct step *flow_step(const struct flow *f, const char *id);
/* An SVG picture of the flow, the step of that id (NULL: none) marked, with the whole in words for who cannot see it.
 */
char *flow_svg(struct arena *a, const struct flow *f, const char *present, enum lang lang);
/* The same of a definition that fits its schema; NULL when it is no flow all the same. */
const char *flow_drawn(struct arena *a, const json_t *definition, enum lang lang);
