/* What rooms above see of a case and do to it, without knowing how it is kept. */
#include "casework/casework_internal.h"

#include <string.h>

bool case_glance_at(struct db *db, struct arena *a, struct house *h, const struct caller *caller, const char *code,
                    struct case_glimpse *out, struct error *e)
{
    struct case_file c;
    struct standing s;

    if (!case_find_visible(db, a, h, caller, code, &c, &s, e))
        return false;
    *out = (struct case_glimpse){
        .id = c.id,
        .applicant = c.applicant,
        .code = c.code,
        .delivery = c.delivery,
        .service_name = {c.service->name[LANG_VI], c.service->name[LANG_EN]},
        .unit = unit_acted_for(h, caller->who, c.unit, caller->now),
        .own = s.own || s.agency,
        .one_stop = s.bits & 1U << ROLE_ONE_STOP,
        .is_done = c.status == STATUS_DONE,
        .fee_due = text_equal(c.fee_state, "due") ? c.fee : 0,
    };
    return true;
}

bool case_log_look(struct db *db, struct arena *a, struct house *h, const struct caller *caller,
                   const struct case_glimpse *c, struct error *e)
{
    struct party p;
    bool found;

    if (caller->who->party == c->applicant)
        return true;
    if (!party_find(db, a, c->applicant, &p, &found, e))
        return false;
    case_log_read(h, caller, &(struct case_read){c->id, c->unit->id, c->code, found ? p.number : NULL});
    return true;
}

static const struct transition *offered(const struct case_file *c, const char *action)
{
    for (size_t i = 0; i < c->step->n_transitions; i++)
        if (strcmp(c->step->transitions[i].action, action) == 0 && c->step->transitions[i].to)
            return &c->step->transitions[i];
    return NULL;
}

bool case_act_by_system(struct db *db, struct house *h, int64_t case_id, const char *action, const char *note,
                        bool fee_paid, int64_t now, bool *done, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct turn turn = {.house = h, .arena = a, .now = now, .note = note};
    const struct transition *way;
    const struct step *from;
    struct case_file c;
    const char *code;
    bool found = false;

    *done = false;
    if (!case_code_of(db, a, case_id, &code, e) || (code && !case_find(db, a, h, code, &c, &found, e)))
        return false;
    way = found ? offered(&c, action) : NULL;
    if (!way)
        return true;
    if (!condition_holds(db, a, &c, way->when, done, e))
        return false;
    if (!*done)
        return true;
    from = c.step;
    if (fee_paid && text_equal(c.fee_state, "due"))
        c.fee_state = "paid";
    case_settle(&turn, &c, action, way->to, 0);
    return case_move(db, &turn, &c, action, from, e);
}

bool case_is_done(struct db *db, int64_t case_id, bool *yes, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, "SELECT status FROM case_file WHERE id = $1", ARGS(I64(case_id))))
        return false;
    *yes = found && rows_i64(r, 0) == STATUS_DONE;
    return true;
}
