/* Delegation while away (ủy nhiệm khi vắng mặt): an officer lends roles of theirs in one unit to a colleague there,
 * from a day to a day. It ends by itself; what was lent cannot be lent on; it holds only while the lender still has the
 * role and the substitute still works in the unit. The substitute's session carries the roles with whose they are, so
 * that every act is recorded as done for the one who is away. */
#include "people/people_internal.h"

#include <string.h>

static const char *const states[DELEGATION__COUNT] = {"active", "later", "expired", "ended"};

const char *delegation_state_name(enum delegation_state state)
{
    return states[state];
}

enum delegation_state delegation_state(const struct delegation *x, int64_t now)
{
    if (x->ended_at)
        return DELEGATION_ENDED;
    if (now >= x->until)
        return DELEGATION_EXPIRED;
    return now < x->from ? DELEGATION_LATER : DELEGATION_ACTIVE;
}

/* ---- the table: a row a role ---- */

#define COLUMNS                                                                                                        \
    "d.id, d.lender, l.name, d.agent, g.name, d.unit, d.role, d.from_at, d.until_at, d.reason, d.made_at, d.ended_at"
#define FROM " FROM delegation d JOIN party l ON l.id = d.lender JOIN party g ON g.id = d.agent"

static bool read_row(struct rows *r, struct arena *a, struct delegation *out)
{
    *out = (struct delegation){
        .id = rows_i64(r, 0),
        .lender = rows_i64(r, 1),
        .lender_name = arena_strdup(a, rows_text(r, 2)),
        .agent = rows_i64(r, 3),
        .agent_name = arena_strdup(a, rows_text(r, 4)),
        .unit = rows_i64(r, 5),
        .from = rows_i64(r, 7),
        .until = rows_i64(r, 8),
        .reason = arena_strdup(a, rows_text(r, 9)),
        .made_at = rows_i64(r, 10),
        .ended_at = rows_i64(r, 11),
    };
    return role_parse(rows_text(r, 6), &out->role);
}

static bool read_all(struct rows *r, struct arena *a, struct delegation *out, size_t max, size_t *n, struct error *e)
{
    bool more;

    *n = 0;
    while (*n < max) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            break;
        *n += read_row(r, a, &out[*n]); /* not of a newer program's roles */
    }
    return true;
}

bool delegations_of(struct db *db, struct arena *a, int64_t party, int64_t unit, struct delegation *out, size_t max,
                    size_t *n, struct error *e)
{
    static const char own_sql[] =
        "SELECT " COLUMNS FROM " WHERE d.lender = $1 OR d.agent = $1 ORDER BY d.id DESC LIMIT $2";
    static const char unit_sql[] = "SELECT " COLUMNS FROM " WHERE d.unit = $1 ORDER BY d.id DESC LIMIT $2";
    auto_rows struct rows *r = NULL;

    return db_query(db, &r, e, unit ? unit_sql : own_sql, ARGS(I64(unit ? unit : party), I64((int64_t)max))) &&
           read_all(r, a, out, max, n, e);
}

bool delegation_find(struct db *db, struct arena *a, int64_t id, struct delegation *out, bool *found, struct error *e)
{
    auto_rows struct rows *r = NULL;
    size_t n;

    if (!db_query(db, &r, e, "SELECT " COLUMNS FROM " WHERE d.id = $1", ARGS(I64(id))) ||
        !read_all(r, a, out, 1, &n, e))
        return false;
    *found = n == 1;
    return true;
}

/* ---- who may lend to whom ---- */

/* Of their own, not borrowed; an account without access lends nothing. */
bool holds_role(struct db *db, int64_t party, enum role role, int64_t unit, bool *yes, struct error *e)
{
    static const char sql[] = "SELECT 1 FROM account_role r JOIN account c ON c.id = r.account"
                              " WHERE c.party = $1 AND c.disabled_at = 0 AND r.unit = $2 AND r.role = $3 LIMIT 1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, yes, e, sql, ARGS(I64(party), I64(unit), TEXT(role_name(role))));
}

static bool works_in(struct db *db, int64_t party, int64_t unit, bool *yes, struct error *e)
{
    static const char sql[] = "SELECT 1 FROM account_role r JOIN account c ON c.id = r.account"
                              " WHERE c.party = $1 AND c.disabled_at = 0 AND r.unit = $2 LIMIT 1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, yes, e, sql, ARGS(I64(party), I64(unit)));
}

bool unit_officers(struct db *db, struct arena *a, int64_t unit, struct unit_officer *out, size_t max, size_t *n,
                   struct error *e)
{
    static const char sql[] = "SELECT p.id, p.name, r.role FROM account_role r JOIN account c ON c.id = r.account"
                              " JOIN party p ON p.id = c.party WHERE r.unit = $1 AND c.disabled_at = 0"
                              " ORDER BY p.name, p.id, r.role LIMIT $2";
    auto_rows struct rows *r = NULL;
    bool more;

    *n = 0;
    if (!db_query(db, &r, e, sql, ARGS(I64(unit), I64((int64_t)max))))
        return false;
    for (;;) {
        struct unit_officer *o = &out[*n];

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        *o = (struct unit_officer){.party = rows_i64(r, 0), .name = arena_strdup(a, rows_text(r, 1))};
        *n += role_parse(rows_text(r, 2), &o->role);
    }
}

/* ---- acts ---- */

static bool note(struct db *db, const struct delegating *x, const char *action, struct error *e)
{
    char key[24];

    (void)snprintf(key, sizeof key, "%lld", (long long)x->given.id); /* fits */
    return audit_add(db,
                     &(struct audit){.action = action,
                                     .what = "delegation",
                                     .key = key,
                                     .actor = x->actor,
                                     .unit = x->given.unit,
                                     .address = x->address,
                                     .at = x->now},
                     e);
}

static bool tell(struct db *db, struct delegating *x, struct error *e)
{
    /* The substitute's snapshot is read anew; another room tells both sides. */
    return db_emit(db, "account.roles", x->given.agent, NULL, e) &&
           db_emit(db, "delegation.changed", x->given.id, x, e);
}

static bool insert(struct db *db, const struct delegating *x, struct error *e)
{
    static const char sql[] =
        "INSERT INTO delegation (id, lender, agent, unit, role, from_at, until_at, reason, made_at,"
        " made_by, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
    const struct delegation *d = &x->given;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(d->id), I64(d->lender), I64(d->agent), I64(d->unit), TEXT(role_name(d->role)), I64(d->from),
                        I64(d->until), TEXT(d->reason), I64(x->now), I64(x->actor)));
}

/* Two at once for the same role and time would leave nobody knowing who stands in. */
static bool overlaps(struct db *db, const struct delegation *d, bool *yes, struct error *e)
{
    static const char sql[] = "SELECT 1 FROM delegation WHERE lender = $1 AND unit = $2 AND role = $3 AND ended_at = 0"
                              " AND from_at < $5 AND until_at > $4 LIMIT 1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, yes, e, sql,
                   ARGS(I64(d->lender), I64(d->unit), TEXT(role_name(d->role)), I64(d->from), I64(d->until)));
}

bool delegation_give(struct db *db, void *arg, struct error *e)
{
    struct delegating *x = arg;
    bool stands, holds, taken;

    if (!db_serial(db, "delegation", e) || !works_in(db, x->given.agent, x->given.unit, &stands, e))
        return false;
    if (!stands)
        return fail_field(e, "/agent", "standing", x->given.agent_name);
    x->ids = 0;
    for (size_t i = 0; i < x->n_roles; i++) {
        x->given.role = x->roles[i];
        if (!holds_role(db, x->given.lender, x->roles[i], x->given.unit, &holds, e) ||
            !overlaps(db, &x->given, &taken, e))
            return false;
        if (!holds)
            return fail_field(e, "/roles", "lend", role_title(x->roles[i], LANG_VI));
        if (taken)
            return fail(e, E_CONFLICT, "role %s is lent for that time", role_name(x->roles[i]));
        x->given.id = x->made[x->ids++] = id_new();
        if (!insert(db, x, e) || !note(db, x, "delegation-given", e))
            return false;
    }
    x->over = false;
    return tell(db, x, e);
}

bool delegation_end(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE delegation SET ended_at = $2, ended_by = $3"
                              " WHERE id = $1 AND ended_at = 0 AND until_at > $2";
    struct delegating *x = arg;
    int64_t changed;

    x->over = true;
    return db_exec(db, &changed, e, sql, ARGS(I64(x->given.id), I64(x->now), I64(x->actor))) &&
           (changed == 1 || fail(e, E_CONFLICT, "it is over already")) && note(db, x, "delegation-ended", e) &&
           tell(db, x, e);
}

/* ---- what a session carries ---- */

bool borrowed_roles(struct db *db, int64_t party, int64_t now, struct role_at *out, size_t max, size_t *n,
                    int64_t *changes_at, struct error *e)
{
    static const char sql[] =
        "SELECT d.role, d.unit, d.lender, d.from_at, d.until_at FROM delegation d"
        " WHERE d.agent = $1 AND d.ended_at = 0 AND d.until_at > $2"
        " AND EXISTS (SELECT 1 FROM account_role r JOIN account c ON c.id = r.account"
        "   WHERE c.party = d.lender AND c.disabled_at = 0 AND r.unit = d.unit AND r.role = d.role)"
        " AND EXISTS (SELECT 1 FROM account_role r JOIN account c ON c.id = r.account"
        "   WHERE c.party = d.agent AND r.unit = d.unit)"
        " ORDER BY d.id LIMIT $3";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(party), I64(now), I64(DELEGATIONS_MAX))))
        return false;
    for (;;) {
        int64_t from, until;
        enum role role;

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        from = rows_i64(r, 3);
        until = rows_i64(r, 4);
        if (*changes_at > (from > now ? from : until))
            *changes_at = from > now ? from : until;
        if (from <= now && *n < max && role_parse(rows_text(r, 0), &role) && role_does_casework(role))
            out[(*n)++] = (struct role_at){.role = role, .unit = rows_i64(r, 1), .on_behalf = rows_i64(r, 2)};
    }
}
