/* What people do to their own account: another password, a second factor. Each asks for the password again, and wrong
 * ones count like those of a sign-in: a session left open is not the keys of the house. */
#include "people/people_internal.h"

#include <string.h>

static struct audit entry_of(const struct session *s, const char *action, const char *address, int64_t now)
{
    return (struct audit){.action = action,
                          .what = "account",
                          .key = s->actor.user,
                          .actor = s->actor.party,
                          .address = address,
                          .at = now};
}

/* ---- proof ---- */
static bool may_try(struct people *p, const char *user, int64_t now, struct error *e)
{
    int64_t wait = throttle_check_ms(p->throttle, THROTTLE_USER, user, now);

    if (wait == 0)
        return true;
    error_extra_new(e, "retry_after", json_integer((json_int_t)(wait + 999) / 1000));
    return fail(e, E_LOGIN_THROTTLED, "%lld seconds", (long long)(wait + 999) / 1000);
}

static bool matches(const char *hash, const char *password, bool *same, struct error *e)
{
    if (!password_enter(e))
        return false;
    *same = password_matches(hash, password);
    password_leave();
    return true;
}

bool account_prove(struct people *p, struct arena *a, const struct secret_check *in, struct account *out,
                   struct error *e)
{
    const char *user = in->session->actor.user;
    bool right;

    {
        auto_read struct db *db = NULL;

        if (!store_read(p->store, &db, e) || !account_read(db, a, user, out, e))
            return false;
    }
    if (!may_try(p, user, in->now, e) || !matches(out->password, in->password, &right, e))
        return false;
    if (right)
        return true;
    throttle_fail(p->throttle, THROTTLE_USER, user, in->now);
    return fail(e, E_PASSWORD_WRONG, "the present password");
}

/* ---- another password ---- */
struct changing {
    const struct secret_check *in;
    const struct account *account;
    const char *hash;
    int keep; /* earlier passwords remembered */
};

static bool keep_old(struct db *db, const struct changing *x, struct error *e)
{
    static const char add_sql[] = "INSERT INTO account_password (account, at, password) VALUES ($1, $2, $3)";
    static const char drop_sql[] = "DELETE FROM account_password WHERE account = $1 AND at NOT IN"
                                   " (SELECT at FROM account_password WHERE account = $1 ORDER BY at DESC LIMIT $2)";

    return db_exec(db, NULL, e, add_sql, ARGS(I64(x->account->id), I64(x->in->now), TEXT(x->account->password))) &&
           db_exec(db, NULL, e, drop_sql, ARGS(I64(x->account->id), I64(x->keep)));
}

static bool write_password(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "UPDATE account SET password = $2, password_at = $3, must_change = 0, demo = 0, failures = 0 WHERE id = $1";
    const struct changing *x = arg;
    const struct session *s = x->in->session;
    struct audit entry = entry_of(s, "password-changed", x->in->address, x->in->now);

    return keep_old(db, x, e) && db_exec(db, NULL, e, sql, ARGS(I64(x->account->id), TEXT(x->hash), I64(x->in->now))) &&
           db_exec(db, NULL, e, "DELETE FROM session WHERE account = $1 AND id <> $2",
                   ARGS(I64(x->account->id), I64(s->actor.session))) &&
           audit_add(db, &entry, e) && db_emit(db, "account.roles", x->account->id, NULL, e);
}

enum { REMEMBERED_MAX = 24 };

/* The present one and the earlier ones that the rules name. */
static bool was_used(struct people *p, struct arena *a, const struct account *x, int keep, const char *fresh,
                     bool *used, struct error *e)
{
    static const char sql[] = "SELECT password FROM account_password WHERE account = $1 ORDER BY at DESC LIMIT $2";
    const char *hashes[REMEMBERED_MAX + 1] = {x->password};
    size_t n;

    {
        auto_read struct db *db = NULL;

        if (!store_read(p->store, &db, e) ||
            !db_texts(db, a, hashes + 1, REMEMBERED_MAX, &n, e, sql, ARGS(I64(x->id), I64(keep))))
            return false;
    }
    *used = false;
    for (size_t i = 0; i <= n && !*used; i++)
        if (!matches(hashes[i], fresh, used, e))
            return false;
    return true;
}

bool password_change(struct people *p, struct arena *a, const struct secret_check *in, const char *fresh,
                     struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct account account;
    struct changing x = {.in = in, .account = &account, .hash = hash};
    const struct account_rules *r;
    bool used;

    if (!account_prove(p, a, in, &account, e))
        return false;
    r = rules_at(p, account.officer, in->now);
    x.keep = r->not_among < REMEMBERED_MAX ? r->not_among : REMEMBERED_MAX;
    if (!password_fits(r, account.user, fresh, e) || !was_used(p, a, &account, x.keep, fresh, &used, e))
        return false;
    if (used)
        return fail(e, E_PASSWORD_USED, "used before");
    return password_hash(fresh, hash, e) && store_write(p->store, write_password, &x, e);
}

/* ---- a second factor ---- */
struct enrolling {
    const struct session *session;
    const struct account *account;
    const char *secret, *address;
    int64_t now, step;
    char (*codes)[RECOVERY_TEXT];
};

static bool write_secret(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "INSERT INTO account_otp (account, secret, confirmed_at, last_step)"
                              " VALUES ($1, $2, 0, 0) ON CONFLICT (account) DO UPDATE SET secret = excluded.secret"
                              " WHERE account_otp.confirmed_at = 0";
    const struct enrolling *x = arg;
    int64_t changed;

    if (!db_exec(db, &changed, e, sql, ARGS(I64(x->account->id), TEXT(x->secret))))
        return false;
    return changed == 1 || fail(e, E_CONFLICT, "there is a second factor already");
}

bool otp_enrol(struct people *p, struct arena *a, const struct secret_check *in, char **secret, const char **user,
               struct error *e)
{
    struct account account;
    struct enrolling x = {.session = in->session, .account = &account};

    if (!account_prove(p, a, in, &account, e) || !otp_secret_new(a, secret, e))
        return false;
    x.secret = *secret;
    *user = account.user;
    return store_write(p->store, write_secret, &x, e);
}

static bool write_confirmed(struct db *db, void *arg, struct error *e)
{
    const struct enrolling *x = arg;
    struct audit entry = entry_of(x->session, "otp-enrolled", x->address, x->now);

    return otp_confirm(db, x->account->id, x->step, x->now, x->codes, e) && audit_add(db, &entry, e);
}

bool otp_enrol_confirm(struct people *p, struct arena *a, const struct session *s, const char *code,
                       const char *address, int64_t now, char codes[static RECOVERY_CODES][RECOVERY_TEXT],
                       struct error *e)
{
    struct account account;
    struct enrolling x = {.session = s, .account = &account, .address = address, .now = now, .codes = codes};

    {
        auto_read struct db *db = NULL;

        if (!store_read(p->store, &db, e) || !account_read(db, a, s->actor.user, &account, e))
            return false;
    }
    if (!may_try(p, account.user, now, e))
        return false;
    if (account.otp || !account.otp_secret)
        return fail(e, E_CONFLICT, "no second factor waits to be confirmed");
    if (!otp_step(account.otp_secret, code, now, &x.step)) {
        throttle_fail(p->throttle, THROTTLE_USER, account.user, now);
        return fail_field(e, "/otp", "otp", NULL);
    }
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        recovery_code_new(codes[i]);
    return store_write(p->store, write_confirmed, &x, e);
}

static bool write_left(struct db *db, void *arg, struct error *e)
{
    const struct enrolling *x = arg;
    struct audit entry = entry_of(x->session, "otp-removed", x->address, x->now);

    return otp_remove(db, x->account->id, e) && audit_add(db, &entry, e);
}

bool otp_leave(struct people *p, struct arena *a, const struct secret_check *in, struct error *e)
{
    struct account account;
    struct enrolling x = {.session = in->session, .account = &account, .address = in->address, .now = in->now};

    if (!account_prove(p, a, in, &account, e))
        return false;
    if (rules_at(p, account.officer, in->now)->otp_roles & account.roles)
        return fail(e, E_OTP_COMPULSORY, "a role asks for it");
    return store_write(p->store, write_left, &x, e);
}
