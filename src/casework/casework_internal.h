/* What the files of casework share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"
#include "calendar/calendar.h"
#include "casework/casework.h"
#include "casework/flow.h"
#include "casework/slip.h"
#include "db/db.h"
#include "document/document.h"
#include "expr/expr.h"
#include "module.h"
#include "notice/notice.h"
#include "people/people.h"
#include "registry/registry.h"
#include "schema/schema.h"

extern const struct migration casework_migrations[];
extern const struct pack_kind casework_kinds[];
bool casework_start(struct house *h, struct error *e) CHECKED;
void casework_stop(struct house *h);

/* ---- the law's clock ---- */

struct clock_rule { /* in force from a day to a day */
    const char *id, *legal;
    struct date from, to; /* to.year 0: still */
    bool restart;         /* a supplement lets the time begin anew */
    size_t supplements;   /* requests before an override is needed */
    int apologies;
    int64_t apology_ahead_ms;
};
struct clock_rules {
    size_t n;
    struct clock_rule *rules;
};
bool rules_compile(struct arena *a, const json_t *definition, struct clock_rules *out, struct error *e) CHECKED;
void rules_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);

/* ---- services ---- */

enum on_supplement { SUPPLEMENT_AS_RULED, SUPPLEMENT_RESTARTS, SUPPLEMENT_CONTINUES };

struct source { /* a form field that a registry masters */
    const char *pointer;
    const char *registry; /* NULL: the caller's own party ("applicant") */
    const char *field;    /* JSON Pointer within the record, or the party's field */
    bool locked;
};

/* A form field that names one of the applicant's own records in a registry (x-own): it offers them, and takes no other.
 */
enum { OWN_FIELDS_MAX = 8 };
struct own_field {
    const char *pointer, *registry;
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

/* A result that certifies a scan filed with the case: its pages, and behind them the layout of the result. */
struct copy_rule {
    const char *of;                         /* kind of the paper that was scanned */
    const char *mark;                       /* at the top of page 1, above the agency's name */
    struct expr *when, *stands_for, *until; /* over form; NULL: always, nothing, no end */
};

struct form_default {
    const char *pointer;
    struct expr *value;
};

struct service {
    const char *code, *name[LANG__COUNT], *field[LANG__COUNT], *level;
    int64_t version;
    struct date from, to;
    const json_t *definition;
    struct schema *form;
    struct schema *office; /* what officers record about their decision; NULL: nothing */
    struct own_field own[OWN_FIELDS_MAX];
    size_t n_own;
    struct limit limit;
    enum due_way way;
    enum on_supplement on_supplement;
    struct expr *fee; /* NULL: free, or not one sum */
    bool fee_by_hand; /* it is stated, but not as one sum: whoever takes the money sets it */
    const struct flow *flow;
    bool counter_only, internal;
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
    struct limit result_valid;                             /* value 0: no end */
    struct copy_rule *result_copy;                         /* NULL: the result is no copy */
    json_t *form_wire[LANG__COUNT], *ui_wire[LANG__COUNT]; /* NULL: made when asked for */
};

/* What GET /services/{code} says (design section 5, "A service"). New reference. */
json_t *service_wire_new(const json_t *definition, enum lang lang);
struct service_entry;
/* The light entry of a definition, for lists; everything is copied into the arena. */
void service_entry_read(struct arena *a, const json_t *definition, int64_t version, struct service_entry *out);
bool service_compile(struct arena *a, const json_t *definition, int64_t version, const struct flow *flow,
                     struct service **out, struct error *e) CHECKED;
/* The form and its pages for people of a language; the schema says where each known answer comes from
 * (x-source-title). Once the registries are loaded. New references. */
json_t *service_form_new(const struct house *h, const struct service *s, enum lang lang);
json_t *service_ui_new(const struct service *s, enum lang lang);
/* The schema of what officers record; NULL when they record nothing. New reference. */
json_t *service_office_new(const struct service *s, enum lang lang);
/* The schema of a field by its place in the answers (/a/b is properties/a/properties/b); NULL under an allOf and the
 * like. */
json_t *form_field_schema(json_t *schema, const char *pointer);
/* Keeps them with the service: for those that are asked for all day. */
void service_keep_forms(const struct house *h, struct arena *a, struct service *s);
void service_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);
void flow_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);
/* Every role of the service's flow is one that its units have. */
struct service;
void flow_check_units(const struct pack *pack, const struct pack_file *file, const struct service *s,
                      struct pack_report *report);
/* Every text of a tree (tree_evaluate) is an expression. */
void tree_check(const struct pack_file *file, const char *pointer, const json_t *tree, struct pack_report *report);
void calendar_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);

/* ---- the room's state ---- */

/* What the catalogue's lists need of a service in force. A city has some two thousand: those of the pack are compiled
 * at once, those of the national catalogue when somebody first asks for one. */
struct service_entry {
    const char *code, *level, *field[LANG__COUNT];
    const char *folded; /* search text, with a space before every word */
    bool internal;      /* of the offices among themselves: no list shows it */
    int64_t version;
    size_t n_units;
    const char **units;
    const char *brief_text[LANG__COUNT];      /* JSON, ready for the list */
    _Atomic(const struct service *) compiled; /* NULL: not yet */
};

struct casework {
    struct arena *arena;
    struct casework *older; /* whoever came before the definitions changed may still hold its parts: kept to the end */
    struct calendar *calendar;
    int64_t calendar_version;
    struct clock_rules rules;
    size_t n_flows, n_services;
    struct flow **flows;
    struct service_entry *services; /* in the order of their codes; the version in force */
    /* Versions that cases still hold but that are no longer in force, compiled when first met. */
    atomic_int exporting;     /* lists being written to files now: each holds a worker and a reader for seconds */
    pthread_mutex_t old_lock; /* guards what follows and the arena; never held across a query */
    size_t n_old, old_room, n_old_flows, old_flow_room;
    struct service **old;
    struct flow **old_flows;
};
struct casework *casework_of(const struct house *h);
/* NULL when there is none. */
const struct service_entry *service_find(const struct house *h, const char *code);
/* The version in force, compiled now if nobody asked for it before; *out NULL when there is none. */
bool service_current(struct db *db, const struct house *h, const char *code, const struct service **out,
                     struct error *e) CHECKED;
/* The versions of service and flow a case holds; flow_version 0: the flow in force (cases older than that column). */
bool service_of_version(struct db *db, const struct house *h, const char *code, int64_t version, int64_t flow_version,
                        const struct service **out, struct error *e) CHECKED;
bool service_is_open(const struct service *s, struct date on);
bool service_offered_at(const struct service *s, const struct unit *u);
bool service_entry_offered_at(const struct service_entry *s, const struct unit *u);

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
    json_t *choices[OWN_FIELDS_MAX]; /* of each field that names an own record: [{const, title}]; held by the arena */
};
/* What expressions see as `applicant`. New reference. */
json_t *party_value_new(const struct party *p);
bool form_prefill(struct db *db, struct arena *a, const struct house *h, const struct service *s,
                  const struct party *applicant, struct prefill *out, struct error *e) CHECKED;
/* Merges what was submitted with what is known; refuses a changed locked field; validates. *form is held by the arena.
 */
/* The fields that name one of the applicant's own records offer them. New reference. */
json_t *form_offered_new(const struct service *s, const struct prefill *known, const json_t *form);
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
/* How many of them the city holds, so that nobody is asked for them. */
int64_t papers_held(const struct paper *papers, size_t n);
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
    const char *phone;         /* as given at filing, for search; NULL else */
    const struct party *party; /* the applicant, when at hand; NULL: to be read */
    const json_t *papers_list; /* of papers, when at hand; NULL: to be parsed */
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
    int64_t step_at, moved_at; /* when it came to its step; when anybody last did anything */
    int64_t silent_at;         /* when the system noticed that its step's time had passed; INSTANT_NONE */
    const char *parent;        /* of a child: the code of the case that asked */
    int64_t ask_due_at;        /* and until when; INSTANT_NONE else */
    const char *ask;           /* which question of the parent's step it answers */
    const json_t *shared;      /* ids of other units with a part in it; NULL: none */
    int64_t spared;            /* papers that were not asked for, since the city held them; of a new one only */
    json_t *counts, *answers;  /* how its dates came about; what children answered; NULL in lists */
    bool clock_set;            /* by the act under way; in no column */
};

enum { CASE_CODE_MAX = 64, CASE_PIN_CHARS = 6 };

bool case_find(struct db *db, struct arena *a, const struct house *h, const char *code, struct case_file *out,
               bool *found, struct error *e) CHECKED;
/* The columns a list needs; form, office, papers and results stay NULL. */
#define CASE_COLUMNS                                                                                                   \
    "id, version, code, service, service_version, unit, step, back_step, status, applicant, submitter, assignee,"      \
    " applicant_name, channel, delivery, submitted_at, received_at, due_at, legal_due_at, step_due_at, done_at,"       \
    " closed_at, apologised, supplements, fee, fee_state, entry_registry, entry_key, pin,"                             \
    " flow_version, step_at, moved_at, silent_at, parent, ask_due_at, ask, shared"
enum { CASE_COLUMN_COUNT = 37 };
bool case_read_row(struct db *db, struct rows *r, struct arena *a, const struct house *h, struct case_file *out,
                   struct error *e) CHECKED;
/* For db_touches(): lists of a unit's cases; of those a party applied for or filed. */
uint64_t cases_of_unit(int64_t unit);
uint64_t cases_of_party(int64_t party);
const struct clock_rule *clock_rule_of(const struct house *h, const struct case_file *c);
/* The calendar of its unit. */
const struct calendar *case_calendar(const struct house *h, const struct case_file *c);
/* Promises a date from now on by the service's limit; keeps why ("receive", "supplement", "reopen"). */
bool clock_start(const struct house *h, struct arena *a, struct case_file *c, const char *why, int64_t now,
                 struct error *e) CHECKED;
/* The clock that stopped at that instant goes on: what was left of the time is left again. */
void clock_resume(const struct house *h, struct arena *a, struct case_file *c, const char *why, int64_t stopped,
                  int64_t now);
/* A new appointment after an apology; the law's own date stays. */
void clock_appoint(const struct house *h, struct arena *a, struct case_file *c, int64_t due, int64_t now);
/* True when a supplement lets the law's time begin anew. */
bool clock_restarts(const struct house *h, const struct case_file *c);
/* Nobody has moved it on within its step's time. */
bool case_is_silent(const struct case_file *c, int64_t now);

/* ---- what somebody is to a case: the one place for it ---- */
struct standing {
    bool sees;                   /* may read it, with its log and its documents */
    bool own;                    /* as whose it is or who filed it: their own data */
    const struct agency *agency; /* the authorisation of its owner that it stands on; NULL: none is needed */
    unsigned bits;     /* BY_APPLICANT and a bit a role: as what they may act, in the words of a transition's `by` */
    unsigned own_bits; /* those of them that nobody lent */
};
/* The unit that the caller acts for on what is of u: u itself, or the caller's own that took over when u ended. */
const struct unit *unit_acted_for(const struct house *h, const struct actor *who, const struct unit *u, int64_t now);
struct standing case_standing(const struct house *h, const struct actor *who, const struct case_file *c, int64_t now);
/* A case that the caller may see, and what they are to it; else E_NOT_FOUND, whether there is one or not, and the log
 * tells who tried. */
bool case_find_visible(struct db *db, struct arena *a, struct house *h, const struct caller *caller, const char *code,
                       struct case_file *c, struct standing *s, struct error *e) CHECKED;
/* For the log: the caller looked at somebody else's case. about: the owner's number, or NULL. */
struct case_read {
    int64_t case_id, unit;
    const char *code, *about;
};
void case_log_read(struct house *h, const struct caller *caller, const struct case_read *r);

struct national_time case_time(const struct case_file *c, struct arena *a, int64_t now);

/* The time's work: timed actions, silence, units that ended. *done counts the cases it touched. */
bool case_tick(struct house *h, int64_t now, size_t *done, struct error *e) CHECKED;
/* Of units whose last day is over: their officers and open cases go to their successors. Part of the above. */
bool units_hand_over(struct house *h, int64_t now, size_t *done, struct error *e) CHECKED;
/* The job that calls it every half minute: its kind, and the row that asks for the next run. */
void tick_define(struct house *h);
bool tick_later(struct store *s, int64_t at, struct error *e) CHECKED;

enum box { BOX_MINE, BOX_INBOX, BOX_UNIT };
enum { ASSIGNEE_ANY = -1, ASSIGNEE_NOBODY = 0 };
/* Where a row stands in its list: what is due first on top (of one's own: newest first). */
struct case_place {
    int64_t sort, id;
};
struct case_query {
    enum box box;
    int64_t party;                           /* of BOX_MINE: the caller, or whom they are an agent of */
    int status;                              /* 0: any (of a unit: any open one) */
    const char *q, *service, *field, *phone; /* NULL: any; field by its name in either language */
    bool late, silent;
    int64_t unit;                           /* 0: all that the caller serves */
    int64_t assignee;                       /* a party, or one of ASSIGNEE_ */
    int64_t filed_from, filed_before;       /* when it was submitted; INSTANT_NONE: whenever */
    int64_t promised_from, promised_before; /* its due_at, likewise */
    int64_t now;
    struct case_place after; /* the page before ended here; id 0 on the first */
    size_t limit;
};
/* Never more than `limit` rows. Where few of very many rows are wanted a page ends before it is full, so that no page
 * takes long: `more` and not the number of rows tells whether there is a next one, which begins after `last`. */
struct case_page {
    struct case_file *rows; /* in the arena */
    size_t n;
    bool more;
    struct case_place last;
};
bool case_list(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
               const struct case_query *query, struct case_page *out, struct error *e) CHECKED;
/* ---- the head's board: what a unit has to do, from one pass over its open cases ---- */
enum { BOARD_DAYS = 14, BOARD_OFFICERS_MAX = 200, BOARD_SERVICES_MAX = 30, BOARD_ROWS_MAX = 60000 };
struct tally {
    int64_t open, late, silent, tomorrow; /* tomorrow: promised for it */
};
enum { BOARD_SPARED_DAYS = 30, BOARD_SPARED_ROWS = 20000 };
struct board {
    bool whole; /* false: there are more open cases than it looked at */
    struct tally all;
    struct tally statuses[STATUS__COUNT];
    int64_t spared, spared_of; /* papers that the city held, and of how many dossiers, received in the last month */
    int64_t days[BOARD_DAYS];  /* promised for today, tomorrow, …; what is late already is not among them */
    size_t n_officers, n_services;
    struct board_officer {
        int64_t officer; /* 0: nobody has taken them */
        const char *name;
        struct tally tally;
    } officers[BOARD_OFFICERS_MAX]; /* the most loaded first */
    struct board_service {
        const struct service *service;
        struct tally tally;
    } services[BOARD_SERVICES_MAX]; /* likewise, as many as fit */
};
bool board_read(struct db *db, struct arena *a, const struct house *h, const struct unit *unit, int64_t now,
                struct board *out, struct error *e) CHECKED;
extern const char board_sql[], board_spared_sql[]; /* for the test of their plans */

/* All of a list as a file, at most so many rows (a sheet holds no more). The descriptor is the caller's. */
enum { CASE_EXPORT_ROWS_MAX = 1000000, CASE_EXPORTS_AT_ONCE = 2 };
struct exported {
    int fd;
    size_t size;
    int64_t rows;
};
bool case_export(const struct house *h, struct arena *a, const struct actor *who, const struct case_query *query,
                 enum sheet_kind kind, enum lang lang, struct exported *out, struct error *e) CHECKED;
/* What case_list() asks, for the tests of its plans; NULL at the end. */
extern const char *const case_list_statements[];
/* What a list's rows are chosen by (case_match.c). */
struct case_match;
struct case_glance { /* of a row, as much as choosing takes; strings are borrowed from the row */
    int64_t id, sort_at, unit, applicant, assignee, submitted_at, due_at, step_due_at, done_at, closed_at;
    int step_role, status;
    const char *service, *code, *applicant_name;
};
/* The time it took, or takes until now, went past the date promised; a clock that waits for the citizen is not late. */
bool case_glance_late(const struct case_glance *row, int64_t now);
/* Nobody has moved it on within its step's time. */
bool case_glance_silent(const struct case_glance *row, int64_t now);
/* Borrows the query and the house. *out NULL: what is asked for has no words, so nothing is found. */
void case_match_new(struct arena *a, const struct house *h, const struct actor *who, const struct case_query *query,
                    struct case_match **out);
bool case_matches(struct case_match *m, const struct case_glance *row);
/* Words for SEARCH that find it; NULL: there is nothing to search for. *only: nothing but that search finds it. */
const char *case_match_words(const struct case_match *m, bool *only);
/* A telephone number as search knows it: digits alone, 0 for +84; NULL when it is none. In the arena. */
const char *phone_folded(struct arena *a, const char *text);

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
    int64_t on_behalf;    /* whose role the actor had borrowed; 0: their own */
    const char *receiver; /* JSON: who signed for the result; NULL: nobody, or it was not said */
};
/* Appends to the case's chain, inside the write that makes it true. */
bool case_event_add(struct db *db, const struct event_row *event, struct error *e) CHECKED;

/* What the event keeps of who signs for a result: checked JSON {name, relation, proof|null}, in the arena. */
bool receiver_text(struct arena *a, const json_t *receiver, const char **out, struct error *e) CHECKED;

/* ---- what may be done ---- */

struct legal_action {
    const struct transition *transition;
    unsigned needs;
    unsigned by; /* whoever may take it now */
};
enum { LEGAL_ACTIONS_MAX = 24 };
/* db may be NULL where the flow has no conditions. */
bool actions_legal(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const struct case_file *c, int64_t now, struct legal_action out[static LEGAL_ACTIONS_MAX], size_t *n,
                   struct error *e) CHECKED;
/* For whom of those who lent their roles the actor takes that action; 0: for nobody but themselves. */
int64_t action_on_behalf(const struct house *h, const struct actor *who, const struct case_file *c, int64_t now,
                         const struct legal_action *legal);
/* A condition of the flow, of the case as it is. */
bool condition_holds(struct db *db, struct arena *a, const struct case_file *c, const struct expr *x, bool *yes,
                     struct error *e) CHECKED;
/* A tree of the pack in which every text is an expression becomes a tree of values. New reference in *out. */
bool tree_evaluate(const struct expr_scope *scope, const json_t *tree, struct arena *a, json_t **out,
                   struct error *e) CHECKED;
/* What the flow's expressions see of a case. */
enum { CONDITION_NAMES = 4 };
bool condition_scope(struct db *db, struct arena *a, const struct case_file *c,
                     struct expr_scope out[static CONDITION_NAMES + 1], struct error *e) CHECKED;
/* Earlier steps the case may be returned to, oldest first. */
bool steps_behind(struct db *db, const struct case_file *c, const struct step **out, size_t max, size_t *n,
                  struct error *e) CHECKED;

/* ---- moving: inside the write that makes it true ---- */

struct turn { /* one act and all that follows of it */
    struct house *house;
    struct arena *arena;
    int64_t now;
    int64_t actor, on_behalf; /* parties; 0: the system */
    const json_t *units;      /* codes of units the officer asks */
    const char *note;
    const char *receiver; /* of a delivery, as the event keeps it */
    int hops;             /* steps taken by the system so far; a ceiling against circles */
};
/* The caller at a time that is not before the case's last act: a machine's clock may be set back. */
struct caller caller_after(const struct caller *caller, const struct case_file *c);
/* c, as it is to be, goes to that step by that action: its times and its holder follow. */
void case_settle(const struct turn *t, struct case_file *c, const char *action, const struct step *to,
                 int64_t assignee);
/* Writes the row (its version was c->version) and the event, tells whom it concerns, then all that the system does at
 * once: automatic steps, questions to other units, the answer to the case that asked. */
bool case_move(struct db *db, struct turn *t, struct case_file *c, const char *action, const struct step *from,
               struct error *e) CHECKED;
/* The system takes c to that step, with its own event. */
bool case_advance(struct db *db, struct turn *t, struct case_file *c, const char *action, const struct step *to,
                  struct error *e) CHECKED;
/* A new row with its code (taken here), its event and its search text. */
bool case_insert(struct db *db, struct turn *t, struct case_file *c, const char *action, struct error *e) CHECKED;

/* Opens the questions of the step that c has come to. */
bool ask_open(struct db *db, struct turn *t, struct case_file *c, struct error *e) CHECKED;
/* The case that asked hears that this child is done. */
bool ask_answered(struct db *db, struct turn *t, const struct case_file *child, struct error *e) CHECKED;
/* The case has ended: what it asked is asked no more. */
bool ask_close(struct db *db, struct turn *t, const struct case_file *c, struct error *e) CHECKED;
/* A child let its time pass: said to the case that asked, and to its head. */
bool ask_silent(struct db *db, struct turn *t, const struct case_file *child, struct error *e) CHECKED;
/* True when the step waits for answers and has those it needs. */
bool ask_satisfied(const struct case_file *c);
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
                   const char *on_behalf_of, const struct service *s, int64_t now, struct party *out,
                   struct error *e) CHECKED;
/* Filing by steps, for a thread that must not wait; case_submit() is all of them. All that is given must outlive it. */
struct filing;
bool filing_prepare(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s,
                    struct filing **out, struct error *e) CHECKED;
/* Returns at once; then(arg) is called on the writer's thread when filing_kept() can tell. */
void filing_write_later(struct filing *f, void (*then)(void *arg), void *arg);
bool filing_kept(struct filing *f, struct error *e) CHECKED;
const char *filing_code(const struct filing *f);
/* The case as it was written; NULL when it must be read to be shown. */
const struct case_file *filing_case(const struct filing *f);

/* ---- who filed for whom: kept for cases that somebody else than their owner filed ---- */
/* Inside the write that files: remembers as what, and on which authorisation; tells the owner. */
bool filing_add(struct db *db, struct house *h, const struct actor *who, const struct party *applicant,
                const struct service *s, const char *code, int64_t case_id, int64_t now, struct error *e) CHECKED;
/* "filing": {"as", "authorisation"} */
bool filing_write(struct json_out *o, struct db *db, const struct case_file *c, struct error *e) CHECKED;
/* What submission would cost and when it would be due. */
bool case_quote(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s, int64_t *fee,
                int64_t *due_at, struct error *e) CHECKED;

/* Before the write that grants: takes numbers, renders the result, keeps its bytes. */
struct grant {
    struct digest digest;
    int64_t size;
    json_t *office; /* with "allocated"; held by the arena */
    const char *verify_code;
    const char *stands_for; /* of a certified copy */
    int64_t valid_until;
};
bool grant_prepare(struct house *h, struct arena *a, const struct caller *caller, struct case_file *c,
                   struct grant *out, struct error *e) CHECKED;
/* The result as it would be, taking nothing and keeping nothing: numbers are dots. */
bool grant_preview(struct house *h, struct arena *a, const struct caller *caller, const struct case_file *c,
                   struct bytes *pdf, struct error *e) CHECKED;
/* Inside the write: the document into the vault, the effects into the registries. */
bool grant_write(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
                 const struct case_file *c, const struct grant *g, json_t **results, struct error *e) CHECKED;

/* ---- a result after it was given ---- */
/* Something was; for standard_action.fits. */
bool has_result(const struct house *h, const struct case_file *c, int64_t now);
/* The documents among a case's results that are valid. */
bool results_valid(struct db *db, struct arena *a, const struct case_file *c, int64_t *ids, size_t max, size_t *n,
                   struct error *e) CHECKED;
/* E_RESULT_ENDED when none of them is. */
bool result_is_given(struct db *db, struct arena *a, const struct case_file *c, struct error *e) CHECKED;
/* Inside a write: ends all of them but the successor. how->document is not looked at. */
bool results_end(struct db *db, struct arena *a, const struct case_file *c, const struct document_ending *how,
                 struct error *e) CHECKED;
/* And what the applicant has of the kinds that the service's result takes the place of. */
bool results_supersede(struct db *db, struct arena *a, const struct case_file *c, const struct document_ending *how,
                       struct error *e) CHECKED;
/* Listens to "document.ended": tells the running cases that use it. */
bool result_on_ended(struct db *db, const struct event *event, void *arg, struct error *e) CHECKED;

/* Milliseconds; null when there is none. New reference. */
json_t *instant_value_new(int64_t ms);
/* What expressions see as `case`, and as its `unit`. New references. */
json_t *case_value_new(const struct case_file *c);
json_t *unit_value_new(const struct unit *u);
/* When a step that was entered then is due; INSTANT_NONE: it has no time of its own. */
int64_t step_due_at(const struct house *h, const struct case_file *file, const struct step *step, int64_t entered);
/* The service's rule for a kind of paper; NULL: it asks for none. */
const struct paper_rule *service_paper(const struct service *s, const char *kind);

/* ---- the book entry that answers a case ---- */
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
/* The heads of its unit, and whoever has it. */
bool tell_heads(struct db *db, const struct turn *t, const struct case_file *c, const char *what,
                struct error *e) CHECKED;
/* Told to the applicant after an action; false when the action is none of theirs to hear. */
bool notice_words(const struct case_file *c, const char *action, struct arena *a, const char *title[LANG__COUNT],
                  const char *text[LANG__COUNT]);

/* Listeners of what changes between people; arg is the house. */
listener_fn told_authorisation, told_delegation;

/* ---- views ---- */
bool case_write(struct json_out *o, struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                const struct case_file *c, int64_t now, enum lang lang, struct error *e) CHECKED;
void case_write_brief(struct json_out *o, struct arena *a, const struct house *h, const struct case_file *c,
                      int64_t now, enum lang lang);
