/* Slips: papers that appear by themselves; the pack says after which action. Their numbers are of the action's own
 * write, and they are drawn right after. */
#pragma once

#include "casework/casework.h"
#include "db/db.h"
#include "document/document.h"
#include "expr/expr.h"

struct action_input;
struct case_file;

enum { SLIPS_MAX = 4, SLIP_NAMES_MAX = 24, CASE_SLIPS_MAX = 200 };
struct slip_moment {
    const struct caller *caller;
    const struct case_file *before, *after;
    const char *action;
    const struct action_input *input; /* NULL: none */
};
struct slip_new {
    const char *paper;
    bool office;
    const char *says; /* JSON; what it will say */
};
struct slip_row {
    int64_t id, case_id, number, at, actor, document; /* document 0: not drawn yet */
    const char *paper, *action, *number_text, *title[LANG__COUNT];
    const struct slip *slip; /* NULL: the pack has no such paper any more */
    bool office;
    const char *case_code, *applicant_name; /* of slips_find() only */
};
/* Before the write: which slips the action makes, and what they say. */
bool slips_prepare(struct db *db, struct arena *a, const struct house *h, const struct slip_moment *m,
                   struct slip_new out[static SLIPS_MAX], size_t *n, struct error *e) CHECKED;
/* Inside it: their numbers, their rows, the jobs that draw them. */
bool slips_write(struct db *db, const struct caller *caller, const struct case_file *c, const char *action,
                 const struct slip_new *slips, size_t n, struct error *e) CHECKED;
/* The members of both objects as a scope; more may be NULL. */
void slip_scope(const json_t *says, const json_t *more, struct expr_scope out[static SLIP_NAMES_MAX]);
/* A slip that tells the way of the dossier, as far as it has come; takes no number. */
bool slip_draw_now(struct house *h, struct arena *a, const struct caller *caller, const struct case_file *c,
                   const struct paper *paper, struct bytes *pdf, struct error *e) CHECKED;
/* Of one case, oldest first; office: also those among officers. */
bool slips_of(struct db *db, struct arena *a, const struct house *h, int64_t case_id, bool office, struct slip_row *out,
              size_t max, size_t *n, struct error *e) CHECKED;
struct slip_query {
    int64_t unit, year, number; /* number 0: all */
    const char *paper;
    int64_t before; /* the last number of the page before */
    size_t limit;
};
/* Of a unit, year and paper, the newest number first. */
bool slips_find(struct db *db, struct arena *a, const struct house *h, const struct slip_query *query,
                struct slip_row *out, size_t *n, struct error *e) CHECKED;
bool slips_start(struct house *h, struct error *e) CHECKED;
/* Sets `log` in more: [{at, action, title, actor, unit, from, to, kept, note}], a row a change of hands. */
bool case_log_value(struct db *db, struct arena *a, const struct house *h, const struct case_file *c, int64_t until,
                    json_t *more, struct error *e) CHECKED;
/* A unit's dossiers of a time, for a paper about them: those to which the paper's first action was done then, or (it
 * names none) those received. Held by the arena. */
bool register_rows(struct db *db, struct arena *a, const struct house *h, int64_t unit, const struct slip *paper,
                   int64_t from, int64_t to, json_t **out, struct error *e) CHECKED;
