/* What the files of casework share. */
#pragma once

#include <pthread.h>

#include "base/base.h"
#include "calendar/calendar.h"
#include "casework/casework.h"
#include "db/db.h"
#include "document/document.h"
#include "expr/expr.h"
#include "module.h"
#include "notice/notice.h"
#include "people/people.h"
#include "registry/registry.h"
#include "schema/schema.h"

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

extern const struct migration casework_migrations[];
extern const struct pack_kind casework_kinds[];
bool casework_start(struct house *h, struct error *e) CHECKED;
void casework_stop(struct house *h);

/* ---- flows ---- */

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
};

struct standard_action {
    const char *id, *title[LANG__COUNT];
    enum effect effect;
    unsigned needs;
    unsigned by;                    /* 0: the role of the step */
    bool (*fits)(const void *file); /* an extra condition on the case; NULL: none */
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
    unsigned statuses; /* for rows of `always`: in which statuses */
};

struct step {
    const char *id, *title[LANG__COUNT];
    int role; /* enum role, ROLE_CITIZEN standing for the applicant; NO_ROLE at an end */
    enum status status;
    int share; /* percent of the limit; 0: the rest */
    bool pause, end;
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

/* ---- services ---- */

struct source { /* a form field that a registry masters */
    const char *pointer;
    const char *registry; /* NULL: the caller's own party ("applicant") */
    const char *field;    /* JSON Pointer within the record, or the party's field */
    bool locked;
};

struct paper_rule {
    const char *kind, *title[LANG__COUNT], *form;
    int originals, copies;
    bool present_only; /* shown at the counter, not handed in */
    bool required;
    struct expr *required_if; /* over form; NULL: `required` says */
    size_t n_satisfied;
    const char **satisfied_by; /* "registry:birth", "paper:civil-extract" */
};

struct form_default {
    const char *pointer;
    struct expr *value;
};

struct service {
    const char *code, *name[LANG__COUNT], *field[LANG__COUNT], *level;
    char *folded; /* search text, with a space before every word */
    int64_t version;
    struct date from, to;
    const json_t *definition;
    struct schema *form;
    struct limit limit;
    enum due_way way;
    struct expr *fee; /* NULL: free */
    const struct flow *flow;
    bool counter_only;
    size_t n_units, n_sources, n_papers, n_defaults;
    const char **units; /* names that units offer */
    struct source *sources;
    struct paper_rule *papers;
    struct form_default *defaults;
    struct expr *entry_registry; /* NULL: no book entry is needed */
    size_t n_entry_match;
    struct form_default *entry_match; /* pointer: the indexed field; value: over form */
    const char *result_paper;         /* layout and kind of the result */
    const char *result_title[LANG__COUNT];
    struct limit result_valid; /* value 0: no end */
    json_t *form_wire[LANG__COUNT], *ui_wire[LANG__COUNT], *wire[LANG__COUNT];
    const char *brief_text[LANG__COUNT]; /* JSON, ready for the catalogue's list */
};

bool service_compile(struct arena *a, const json_t *definition, int64_t version, const struct flow *flow,
                     struct service **out, struct error *e) CHECKED;
/* Says in the form's schema where each known answer comes from (x-source-title); once the registries are loaded. */
void service_name_sources(const struct house *h, struct service *s);
void service_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);
void flow_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);
void calendar_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);

/* ---- the room's state ---- */

struct casework {
    struct arena *arena;
    struct calendar *calendar;
    size_t n_flows, n_services;
    struct flow **flows;
    struct service **services; /* in the order of their codes; the version in force */
    /* Versions that cases still hold but that are no longer in force, compiled when first met. */
    pthread_mutex_t old_lock; /* guards what follows; never held across a query */
    size_t n_old, old_room;
    struct service **old;
};
struct casework *casework_of(const struct house *h);
const struct service *service_find(const struct house *h, const char *code);
/* The version a case holds. */
bool service_of_version(struct db *db, const struct house *h, const char *code, int64_t version,
                        const struct service **out, struct error *e) CHECKED;
bool service_is_open(const struct service *s, struct date on);
bool service_offered_at(const struct service *s, const struct unit *u);

/* ---- the form: what the city knows already ---- */

enum { OWN_RECORDS_MAX = 8 };
struct prefill {
    json_t *data;   /* new reference held by the arena */
    json_t *locked; /* array of pointers, likewise */
    json_t *person; /* the applicant's person record, or null */
    /* The applicant's own records, each looked up once. */
    struct own_record {
        const struct registry *registry;
        const struct record *record; /* NULL: there is none */
    } own[OWN_RECORDS_MAX];
    size_t n_own;
};
/* What expressions see as `applicant`. New reference. */
json_t *party_value_new(const struct party *p);
bool form_prefill(struct db *db, struct arena *a, const struct house *h, const struct service *s,
                  const struct party *applicant, struct prefill *out, struct error *e) CHECKED;
/* Merges what was submitted with what is known; refuses a changed locked field; validates. *form is held by the arena.
 */
bool form_accept(const struct service *s, const struct prefill *known, const json_t *submitted, struct arena *a,
                 json_t **form, struct error *e) CHECKED;
bool form_fee(const struct service *s, const json_t *form, const struct party *applicant, struct arena *a, int64_t *fee,
              struct error *e) CHECKED;

struct paper {
    const struct paper_rule *rule;
    bool required;
    int64_t document;                                  /* handed in; 0: none */
    const char *source;                                /* "upload", "vault", "registry", NULL */
    const char *held_registry, *held_key, *held_title; /* what the city holds instead; NULL: nothing */
    int64_t held_document;
};
/* Every paper of the service for this form: whether required, and whether the city holds it. */
bool papers_known(struct db *db, struct arena *a, const struct house *h, const struct service *s, struct prefill *known,
                  const json_t *form, const struct party *applicant, int64_t now, enum lang lang, struct paper **out,
                  size_t *n, struct error *e) CHECKED;
/* Lays what was handed in over that; E_PAPER_MISSING with an item for each that lacks. */
bool papers_accept(struct db *db, struct arena *a, const struct actor *who, struct paper *papers, size_t n,
                   const json_t *handed_in, bool complete, struct error *e) CHECKED;
/* Inside the write: what was uploaded for them becomes the case's, so that whoever may see the case may see it. */
bool papers_bind(struct db *db, const struct paper *papers, size_t n, int64_t case_id, int64_t owner,
                 struct error *e) CHECKED;
/* As kept with the case. In the arena. */
json_t *papers_stored(struct arena *a, const struct paper *papers, size_t n);
void papers_write(struct json_out *o, struct db *db, struct arena *a, const struct service *s, const json_t *stored,
                  enum lang lang);

/* ---- the case ---- */

enum channel {
    CHANNEL_COUNTER = 1,
    CHANNEL_ONLINE,
    CHANNEL_POST,
    CHANNEL__COUNT
}; /* national numbers (KenhThucHien) */
const char *channel_name(enum channel c);

struct case_file {
    int64_t id, version;
    const char *code;
    const struct service *service;
    const struct unit *unit;
    const struct step *step;
    const char *back_step; /* where a supplement returns to; NULL */
    enum status status;
    int64_t applicant, submitter, assignee; /* parties; 0: none */
    const char *applicant_name;
    enum channel channel;
    const char *delivery;
    int64_t submitted_at, received_at, due_at, legal_due_at, step_due_at, done_at, closed_at;
    bool apologised;
    json_t *supplements;                          /* [{"asked": ms, "completed": ms|null}]; held by the arena */
    const char *form, *office, *papers, *results; /* JSON text as stored; may be NULL in lists */
    int64_t fee;
    const char *fee_state; /* none, due, paid */
    const char *entry_registry, *entry_key;
    const char *pin;
};

enum { CASE_CODE_MAX = 64, CASE_PIN_CHARS = 6 };

bool case_find(struct db *db, struct arena *a, const struct house *h, const char *code, struct case_file *out,
               bool *found, struct error *e) CHECKED;
/* The columns a list needs; form, office, papers and results stay NULL. */
#define CASE_COLUMNS                                                                                                   \
    "id, version, code, service, service_version, unit, step, back_step, status, applicant, submitter, assignee,"      \
    " applicant_name, channel, delivery, submitted_at, received_at, due_at, legal_due_at, step_due_at, done_at,"       \
    " closed_at, apologised, supplements, fee, fee_state, entry_registry, entry_key, pin"
enum { CASE_COLUMN_COUNT = 29 };
bool case_read_row(struct db *db, struct rows *r, struct arena *a, const struct house *h, struct case_file *out,
                   struct error *e) CHECKED;
bool case_may_see(const struct house *h, const struct actor *who, const struct case_file *c);
struct national_time case_time(const struct case_file *c, struct arena *a, int64_t now);

enum box { BOX_MINE, BOX_INBOX, BOX_UNIT };
struct case_query {
    enum box box;
    int status; /* 0: any (of a unit: any open one) */
    const char *q, *service;
    bool late;
    int64_t unit; /* 0: all that the caller serves */
    int64_t now;
    int64_t after_sort, after_id; /* the last row of the page before; 0 on the first */
    size_t limit;
};
/* What is due first on top (of one's own: newest first). *out lives in the arena. */
bool case_list(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
               const struct case_query *query, struct case_file **out, size_t *n, bool *more, struct error *e) CHECKED;

/* ---- drafts: an application not yet filed; one a service and party ---- */
bool draft_put(struct house *h, int64_t party, const char *service, const json_t *body, int64_t now,
               struct error *e) CHECKED;
bool draft_drop(struct house *h, int64_t party, const char *service, struct error *e) CHECKED;
/* {service, saved_at, …body}, one or (service NULL) all of a party's. */
bool draft_write(struct json_out *o, struct db *db, int64_t party, const char *service, bool *found,
                 struct error *e) CHECKED;

struct event_row {
    int64_t case_id, at, actor, unit;
    const char *action, *from_step, *to_step, *note;
    int to_status;
};
/* Appends to the case's chain, inside the write that makes it true. */
bool case_event_add(struct db *db, const struct event_row *event, struct error *e) CHECKED;

/* ---- what may be done ---- */

struct legal_action {
    const struct transition *transition;
    unsigned needs;
};
enum { LEGAL_ACTIONS_MAX = 24 };
size_t actions_legal(const struct house *h, const struct actor *who, const struct case_file *c, int64_t now,
                     struct legal_action out[static LEGAL_ACTIONS_MAX]);
/* [{"id", "title", "needs"}], for problems. New reference. */
json_t *actions_brief_new(const struct legal_action *legal, size_t n, enum lang lang);
/* The whole list with hints and options. */
bool actions_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const struct case_file *c, int64_t now, enum lang lang, struct error *e) CHECKED;

/* The next number of a series, inside the write that uses it: no gaps. */
bool number_next(struct db *db, const char *series, int64_t *next, struct error *e) CHECKED;

/* Whose dossier it would be: the caller's own party, or the resident a one-stop officer or helper names by number (id 0
 * when that person is no party yet; the write makes it one). */
bool applicant_for(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const char *on_behalf_of, struct party *out, struct error *e) CHECKED;
/* What submission would cost and when it would be due. */
bool case_quote(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s, int64_t *fee,
                int64_t *due_at, struct error *e) CHECKED;

/* Before the write that grants: takes numbers, renders the result, keeps its bytes. */
struct grant {
    struct digest digest;
    int64_t size;
    json_t *office; /* with "allocated"; held by the arena */
    const char *verify_code;
    int64_t document;
};
bool grant_prepare(struct house *h, struct arena *a, const struct caller *caller, struct case_file *c,
                   struct grant *out, struct error *e) CHECKED;
/* Inside the write: the document into the vault, the effects into the registries. */
bool grant_write(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
                 const struct case_file *c, const struct grant *g, json_t **results, struct error *e) CHECKED;

/* The registry that a case's book entry stands in; NULL when the service needs none. */
bool case_entry_registry(struct db *db, struct arena *a, const struct house *h, const struct case_file *c,
                         const struct registry **out, struct error *e) CHECKED;
/* Book entries that may answer a case. */
bool case_entries(struct db *db, struct arena *a, const struct house *h, const struct case_file *c, const char *q,
                  const struct registry **registry, struct record *out, size_t max, size_t *n, struct error *e) CHECKED;

/* Fills entry_registry and entry_key when exactly one entry matches. */
bool case_entry_guess(struct db *db, struct arena *a, const struct house *h, struct case_file *c,
                      struct error *e) CHECKED;

/* ---- words ---- */
/* Told to the applicant after an action; false when the action is none of theirs to hear. */
bool notice_words(const struct case_file *c, const char *action, struct arena *a, const char *title[LANG__COUNT],
                  const char *text[LANG__COUNT]);

/* ---- views ---- */
bool case_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                const struct case_file *c, int64_t now, enum lang lang, struct error *e) CHECKED;
void case_write_brief(struct json_out *o, struct arena *a, const struct house *h, const struct case_file *c,
                      int64_t now, enum lang lang);
