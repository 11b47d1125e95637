/* Accounts and the roles they hold at units. */
#include "people/people_internal.h"

bool account_add(struct db *db, const struct account_new *account, int64_t *id, struct error *e)
{
    static const char sql[] = "INSERT INTO account (id, user_name, password, party) VALUES ($1, $2, $3, $4)";
    int64_t fresh = id_new();

    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(fresh), TEXT(account->user), TEXT(account->password_hash), I64(account->party))))
        return false;
    *id = fresh;
    return true;
}

bool role_grant(struct db *db, int64_t account, enum role role, int64_t unit, struct error *e)
{
    static const char sql[] = "INSERT INTO account_role (account, role, unit) VALUES ($1, $2, $3)"
                              " ON CONFLICT (account, role, unit) DO NOTHING";
    int64_t changed;

    return db_exec(db, &changed, e, sql, ARGS(I64(account), TEXT(role_name(role)), I64(unit))) &&
           (changed == 0 || db_emit(db, "account.roles", account, NULL, e));
}

bool unit_members(struct db *db, struct arena *a, int64_t unit, enum role role, struct member *out, size_t max,
                  size_t *n, struct error *e)
{
    static const char sql[] = "SELECT DISTINCT p.id, p.name FROM account_role r JOIN account c ON c.id = r.account"
                              " JOIN party p ON p.id = c.party WHERE r.unit = $1 AND r.role = $2"
                              " ORDER BY p.name, p.id LIMIT $3";
    auto_rows struct rows *r = NULL;
    size_t count = 0;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(unit), TEXT(role_name(role)), I64((int64_t)max))))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more) {
            *n = count;
            return true;
        }
        out[count++] = (struct member){rows_i64(r, 0), arena_strdup(a, rows_text(r, 1))};
    }
    return false;
}
