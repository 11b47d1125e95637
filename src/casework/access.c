/* What somebody is to a case: the one place that says who may see it and as what they act. Lists, single cases, their
 * documents and every action ask here, so that a new way of coming to a case is one branch below. */
#include "casework/casework_internal.h"

/* The unit that answers for it, one that it asked, the one that asked it. */
static bool has_a_part(const struct house *h, const struct case_file *c, int64_t unit, int64_t now)
{
    size_t i;
    json_t *row;

    if (unit_stands_for(h, unit, c->unit, now))
        return true;
    json_array_foreach(c->shared, i, row)
    {
        const struct unit *other = unit_by_id(h, json_integer_value(row));

        if (json_integer_value(row) == unit || (other && unit_stands_for(h, unit, other, now)))
            return true;
    }
    return false;
}

/* One role of the caller, their own or lent, seen from the case. Overseers read below their unit and act nowhere
 * (Decree 61/2018: no one else learns what a dossier says). */
static void add_role(const struct house *h, const struct role_at *at, const struct case_file *c, int64_t now,
                     struct standing *out)
{
    unsigned bit = unit_stands_for(h, at->unit, c->unit, now) ? 1U << at->role : 0;

    out->bits |= bit;
    out->own_bits |= at->on_behalf ? 0 : bit;
    if (role_oversees(at->role) ? unit_is_within(h, c->unit->id, at->unit)
                                : role_does_casework(at->role) && has_a_part(h, c, at->unit, now))
        out->sees = true;
}

/* Who filed for another keeps it while they may: a citizen as long as the authorisation lasts, those whose work it is
 * (helpers, officers) for good. */
static bool filed_for_good(const struct actor *who, const struct case_file *c)
{
    bool by_office = who->kind == PARTY_OFFICER;

    for (size_t i = 0; i < who->n_roles && !by_office; i++)
        by_office = who->roles[i].role == ROLE_HELPER || who->roles[i].role == ROLE_ONE_STOP;
    return who->party == c->submitter && (by_office || c->submitter == c->applicant);
}

const struct unit *unit_acted_for(const struct house *h, const struct actor *who, const struct unit *u, int64_t now)
{
    for (size_t i = 0; u->to.year && who && i < who->n_roles; i++)
        if (who->roles[i].unit && unit_succeeds(h, who->roles[i].unit, u, date_at(now)))
            return unit_by_id(h, who->roles[i].unit);
    return u;
}

struct standing case_standing(const struct house *h, const struct actor *who, const struct case_file *c, int64_t now)
{
    struct standing s = {0};

    if (!who)
        return s;
    s.own = who->party == c->applicant || filed_for_good(who, c);
    s.agency = s.own ? NULL : actor_agency(who, c->applicant, c->service->code, c->service->field[LANG_VI], now);
    if (s.own || s.agency) {
        s.sees = true;
        s.bits = s.own_bits = BY_APPLICANT;
    }
    for (size_t i = 0; i < who->n_roles; i++)
        add_role(h, &who->roles[i], c, now, &s);
    return s;
}

bool case_find_visible(struct db *db, struct arena *a, struct house *h, const struct caller *caller, const char *code,
                       struct case_file *c, struct standing *s, struct error *e)
{
    bool found;

    if (!case_find(db, a, h, code, c, &found, e))
        return false;
    *s = found ? case_standing(h, caller->who, c, caller->now) : (struct standing){0};
    if (s->sees)
        return true;
    audit_later(h, &(struct audit){.action = "denied",
                                   .what = "case",
                                   .key = code,
                                   .actor = caller->who->party,
                                   .address = caller->address,
                                   .at = caller->now});
    return fail(e, E_NOT_FOUND, "case %s", code);
}

void case_log_read(struct house *h, const struct caller *caller, const struct case_read *r)
{
    audit_later(h, &(struct audit){.action = "read",
                                   .what = "case",
                                   .key = r->code,
                                   .about = r->about,
                                   .actor = caller->who->party,
                                   .unit = r->unit,
                                   .case_id = r->case_id,
                                   .purpose = "case",
                                   .address = caller->address,
                                   .at = caller->now});
}
