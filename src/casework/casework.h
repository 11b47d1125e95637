/* Floor 3: casework. One request travelling through a flow of steps with deadlines: the services people apply for, the
 * form prefilled from what the city knows, the dossier, its actions, its clocks and its log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"
#include "people/people.h"

struct module;
struct house;

extern const struct module casework_module;

/* Recomputes the event chain of every case; *sound false (and the log says where) when a link is broken. */
bool cases_verify(struct db *db, bool *sound, int64_t *checked, struct error *e) CHECKED;
/* What people call a case; NULL when there is none. In the arena. */
bool case_code_of(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e) CHECKED;
/* A number of a unit's book of the year was given elsewhere (an import, a demo city): the next case takes a later one.
 * kind is the book's, as in `allocate: {kind: book-entry, book: KS}`. Inside a write. */
bool book_number_taken(struct db *db, const char *unit_code, int year, const char *kind, int64_t number,
                       struct error *e) CHECKED;
/* Compiles the stored calendar, flows and services; at start and after a pack was loaded. */
bool casework_load(struct house *h, struct error *e) CHECKED;

/* ---- filing and acting, for the edge and for the command line ---- */
struct submission {
    const char *service, *unit, *on_behalf_of, *channel, *delivery;
    const json_t *form, *papers;
};
struct caller { /* who asks, and how a repeat is told */
    const struct actor *who;
    const char *key;
    struct digest fingerprint;
    int64_t now;
    enum lang lang;
    const char *address;
};
/* *code is in the arena; *repeated tells that the key was used before and nothing was made. */
bool case_submit(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s,
                 const char **code, bool *repeated, struct error *e) CHECKED;
struct action_input {
    const char *note, *step, *entry;
    const char *override; /* why a second supplement is asked for all the same */
    const json_t *form, *papers, *units;
    const json_t *receiver; /* {name, relation, proof} of whoever signs for the result; NULL: not said */
    int64_t assignee, due_at, amount;
    int64_t seen; /* version of If-Match; -1: none */
};
/* ---- for the rooms above: as much of a case as they need ---- */
struct case_glimpse {
    int64_t id, applicant;
    const char *code, *delivery, *service_name[LANG__COUNT];
    const struct unit *unit; /* that answers for it */
    bool own;                /* the asker's own, or filed by them for another */
    bool one_stop;           /* the asker acts there as its one-stop officer */
    bool is_done;            /* the result is there and waits to be handed over (status 9) */
    int64_t fee_due;         /* what is still to be paid; 0: nothing */
};
/* Strings in the arena. E_NOT_FOUND, and a line in the audit log, when it is not for this caller. */
bool case_glance_at(struct db *db, struct arena *a, struct house *h, const struct caller *caller, const char *code,
                    struct case_glimpse *out, struct error *e) CHECKED;
/* Whoever shows another person's data with it leaves the trace that this person can read. */
bool case_log_look(struct db *db, struct arena *a, struct house *h, const struct caller *caller,
                   const struct case_glimpse *c, struct error *e) CHECKED;
/* is_done, asked again inside a write. */
bool case_is_done(struct db *db, int64_t case_id, bool *yes, struct error *e) CHECKED;
/* The system takes an action that only moves the case, when its step offers it now; *done tells. The note stays in the
 * log; fee_paid: the fee was collected on the way. Inside a write. */
bool case_act_by_system(struct db *db, struct house *h, int64_t case_id, const char *action, const char *note,
                        bool fee_paid, int64_t now, bool *done, struct error *e) CHECKED;
/* Does what the flow allows this caller now; else E_ACTION_ILLEGAL with the actions that are legal. */
bool case_act(struct house *h, struct arena *a, const struct caller *caller, const char *code, const char *action,
              const struct action_input *input, struct error *e) CHECKED;
