/* Accounts and the roles they hold at units. */
#include "people/people_internal.h"

bool account_add(struct db *db, const struct account_new *account, int64_t *id, struct error *e)
{
    static const char sql[] =
        "INSERT INTO account (id, user_name, password, party, officer, demo, must_change, password_at, used_at)"
        " SELECT $1, $2, $3, p.id, CASE WHEN p.kind = 'officer' THEN 1 ELSE 0 END, $5, $6, $7, $7 FROM party p"
        " WHERE p.id = $4";
    int64_t fresh = id_new();

    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(fresh), TEXT(account->user), TEXT(account->password_hash), I64(account->party),
                      I64(account->demo), I64(account->must_change), I64(now_ms()))))
        return false;
    *id = fresh;
    return true;
}

bool account_find(struct db *db, const char *user, int64_t *id, bool *found, struct error *e)
{
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, "SELECT id FROM account WHERE user_name = $1", ARGS(TEXT(user))))
        return false;
    if (*found)
        *id = rows_i64(r, 0);
    return true;
}

bool account_party(struct db *db, struct arena *a, const char *user, struct party *out, bool *found, struct error *e)
{
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, found, e, "SELECT party FROM account WHERE user_name = $1", ARGS(TEXT(user))) &&
           (!*found || party_find(db, a, rows_i64(r, 0), out, found, e));
}

bool account_password(struct db *db, const char *user, const char *password_hash, struct error *e)
{
    static const char sql[] = "UPDATE account SET password = $2, failures = 0, failed_at = 0, locked_until = 0,"
                              " password_at = $3, used_at = $3, demo = 0, must_change = 1 WHERE id = $1";
    int64_t id;
    bool found;

    if (!account_find(db, user, &id, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "no account of that name");
    /* "account.roles" makes the snapshots of its sessions stale, and then they are not found. */
    return db_exec(db, NULL, e, sql, ARGS(I64(id), TEXT(password_hash), I64(now_ms()))) &&
           db_exec(db, NULL, e, "DELETE FROM session WHERE account = $1", ARGS(I64(id))) &&
           db_emit(db, "account.roles", id, NULL, e);
}

bool role_grant(struct db *db, int64_t account, enum role role, int64_t unit, struct error *e)
{
    static const char sql[] = "INSERT INTO account_role (account, role, unit) VALUES ($1, $2, $3)"
                              " ON CONFLICT (account, role, unit) DO NOTHING";
    int64_t changed;

    return db_exec(db, &changed, e, sql, ARGS(I64(account), TEXT(role_name(role)), I64(unit))) &&
           (changed == 0 || db_emit(db, "account.roles", account, NULL, e));
}

bool unit_roles_move(struct db *db, int64_t from, int64_t to, int64_t now, int64_t *moved, struct error *e)
{
    static const char grant_sql[] =
        "INSERT INTO account_role (account, role, unit) SELECT account, role, CAST($2 AS BIGINT) FROM account_role"
        " WHERE unit = $1 ON CONFLICT (account, role, unit) DO NOTHING";
    static const char lent_sql[] = "UPDATE delegation SET unit = $2 WHERE unit = $1 AND ended_at = 0 AND until_at > $3";

    return db_exec(db, NULL, e, grant_sql, ARGS(I64(from), I64(to))) &&
           db_exec(db, moved, e, "DELETE FROM account_role WHERE unit = $1", ARGS(I64(from))) &&
           db_exec(db, NULL, e, lent_sql, ARGS(I64(from), I64(to), I64(now))) &&
           (*moved == 0 || db_emit(db, "account.roles", 0, NULL, e));
}

bool unit_members(struct db *db, struct arena *a, int64_t unit, enum role role, struct member *out, size_t max,
                  size_t *n, struct error *e)
{
    static const char sql[] =
        "SELECT p.id, p.name FROM party p WHERE p.id IN (SELECT c.party FROM account_role r"
        " JOIN account c ON c.id = r.account WHERE r.unit = $1 AND r.role = $2 UNION SELECT d.agent FROM delegation d"
        " WHERE d.unit = $1 AND d.role = $2 AND d.ended_at = 0 AND d.from_at <= $4 AND d.until_at > $4)"
        " ORDER BY p.name, p.id LIMIT $3";
    auto_rows struct rows *r = NULL;
    size_t count = 0;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(unit), TEXT(role_name(role)), I64((int64_t)max), I64(now_ms()))))
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
