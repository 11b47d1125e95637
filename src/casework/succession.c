/* A unit that ends (merged, divided, abolished): once its last day is over, whoever worked there works in its main
 * successor, and every dossier that somebody still has to do something about goes on with one of its successors, where
 * its applicant finds it: the one of the place they live in, else the first that takes the service. Codes, promised
 * dates and the log stay as they were; what is over stays where it was decided, and the successors stand for it
 * (access.c). */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { HANDING_BATCH = 200, HEIRS_MAX = 64 };

struct handing {
    struct house *house;
    const struct unit *from;
    const struct unit *heirs[HEIRS_MAX];
    size_t n_heirs;
    const char *code; /* of one case */
    int64_t now, roles;
};

static bool is_open(enum status s)
{
    return (STATUS_OPEN & STATUS_BIT(s)) != 0;
}

/* ---- one case ---- */

static bool heir_of(struct db *db, struct arena *a, const struct handing *x, const struct case_file *c,
                    const struct unit **out, struct error *e)
{
    struct party applicant;
    bool found;

    if (!party_find(db, a, c->applicant, &applicant, &found, e))
        return false;
    for (size_t i = 0; found && applicant.place && i < x->n_heirs; i++)
        if (text_equal(x->heirs[i]->place, applicant.place)) {
            *out = x->heirs[i];
            return true;
        }
    *out = x->heirs[0];
    for (size_t i = 0; i < x->n_heirs; i++)
        if (service_offered_at(c->service, x->heirs[i])) {
            *out = x->heirs[i];
            return true;
        }
    return true;
}

/* Who had it keeps it where they work there now. */
static bool keep_assignee(struct db *db, struct case_file *c, struct error *e)
{
    bool holds = false;

    if (c->assignee && c->step->role > ROLE_CITIZEN &&
        !holds_role(db, c->assignee, (enum role)c->step->role, c->unit->id, &holds, e))
        return false;
    c->assignee = holds ? c->assignee : 0;
    return true;
}

static bool write_handed(struct db *db, void *arg, struct error *e)
{
    const struct handing *x = arg;
    auto_arena struct arena *a = arena_new();
    struct turn turn = {.house = x->house, .arena = a, .now = x->now};
    char topic[48];
    const char *topics[] = {topic};
    struct case_file c;
    bool found;

    if (!case_find(db, a, x->house, x->code, &c, &found, e))
        return false;
    if (!found || c.unit->id != x->from->id || !is_open(c.status))
        return true;
    (void)snprintf(topic, sizeof topic, "unit:%" PRId64, c.unit->id);
    if (!notice_case_changed(db, x->house, topics, 1, c.code, c.version + 1, (int)c.status, e) ||
        !heir_of(db, a, x, &c, &c.unit, e) || !keep_assignee(db, &c, e))
        return false;
    turn.note = arena_printf(a, "%s → %s", x->from->name[LANG_VI], c.unit->name[LANG_VI]);
    case_settle(&turn, &c, "taken-over", c.step, c.assignee);
    return case_move(db, &turn, &c, "taken-over", c.step, e);
}

static bool open_codes(struct store *s, struct arena *a, int64_t unit, const char **out, size_t *n, struct error *e)
{
    static const char sql[] =
        "SELECT code FROM case_file WHERE unit = $1 AND status = $2 ORDER BY sort_at, id LIMIT $3";
    auto_read struct db *db = NULL;

    *n = 0;
    if (!store_read(s, &db, e))
        return false;
    for (int status = STATUS_SUBMITTED; status < STATUS__COUNT; status++) {
        size_t room = HANDING_BATCH - *n, found = 0;

        if (is_open((enum status)status) &&
            !db_texts(db, a, out + *n, room, &found, e, sql, ARGS(I64(unit), I64(status), I64((int64_t)room))))
            return false;
        *n += found;
    }
    return true;
}

static bool hand_cases(struct handing *x, size_t *done, struct error *e)
{
    size_t n;

    do {
        auto_arena struct arena *a = arena_new();
        const char *codes[HANDING_BATCH];

        if (!open_codes(x->house->store, a, x->from->id, codes, &n, e))
            return false;
        for (size_t i = 0; i < n; i++) {
            x->code = codes[i];
            if (store_write(x->house->store, write_handed, x, e))
                ++*done;
            else if (e->code != E_STALE) /* somebody acted on it just now: the next turn takes it */
                return false;
            error_done(e);
            error_init(e);
        }
    } while (n == HANDING_BATCH);
    return true;
}

/* ---- those who work there ---- */

static bool write_roles(struct db *db, void *arg, struct error *e)
{
    struct handing *x = arg;

    if (!unit_roles_move(db, x->from->id, x->heirs[0]->id, x->now, &x->roles, e))
        return false;
    return x->roles == 0 || audit_add(db,
                                      &(struct audit){.action = "unit-taken-over",
                                                      .what = "unit",
                                                      .key = x->from->code,
                                                      .unit = x->heirs[0]->id,
                                                      .purpose = x->heirs[0]->code,
                                                      .at = x->now},
                                      e);
}

static bool has_officers(struct store *s, int64_t unit, bool *yes, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;

    return store_read(s, &db, e) &&
           db_find(db, &r, yes, e, "SELECT 1 FROM account_role WHERE unit = $1 LIMIT 1", ARGS(I64(unit)));
}

static bool hand_over(struct handing *x, size_t *done, struct error *e)
{
    size_t before = *done;
    bool officers;

    if (!has_officers(x->house->store, x->from->id, &officers, e) ||
        (officers && !store_write(x->house->store, write_roles, x, e)) || !hand_cases(x, done, e))
        return false;
    if (officers || *done > before)
        log_line(LOG_INFO, "unit-taken-over", "unit=%s to=%s roles=%" PRId64 " cases=%zu", x->from->code,
                 x->heirs[0]->code, x->roles, *done - before);
    return true;
}

bool units_hand_over(struct house *h, int64_t now, size_t *done, struct error *e)
{
    struct handing x = {.house = h, .now = now};

    for (size_t i = 0; (x.from = unit_at(h, i)) != NULL; i++) {
        x.roles = 0;
        x.n_heirs = x.from->to.year ? unit_successors(h, x.from, date_at(now), x.heirs, COUNT(x.heirs)) : 0;
        if (x.n_heirs && !hand_over(&x, done, e))
            return false;
    }
    return true;
}
