/* Signing in: a throttle, a hash, one write. Whether a name exists shows neither in the answer nor in its time. */
#include "people/people_internal.h"

#include <string.h>

struct attempt {
    const struct login *in;
    const struct account *account;
    const struct account_rules *rules;
    struct login_done *out;
    struct throttle_try one, all; /* counted for the name, for the address */
};

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool throttled(int64_t wait, struct error *e)
{
    (void)fail(e, E_LOGIN_THROTTLED, "%lld seconds", (long long)(wait + 999) / 1000);
    error_extra_new(e, "retry_after", json_integer((json_int_t)(wait + 999) / 1000));
    return false;
}

static bool may_try(struct people *p, const struct login *in, const struct account *account, struct error *e)
{
    int64_t wait = throttle_check_ms(p->throttle, THROTTLE_USER, in->user, in->now);

    /* What the database remembers outlives a restart. */
    wait = longer(wait, throttle_wait_ms(THROTTLE_USER, account->failures, account->failed_at, in->now));
    wait = longer(wait, throttle_check_ms(p->throttle, THROTTLE_ADDRESS, in->address, in->now));
    return wait == 0 || throttled(wait, e);
}

/* Counts the try, for the name and for the address. */
static bool take_try(struct people *p, struct attempt *x, struct error *e)
{
    const struct login *in = x->in;

    x->all = (struct throttle_try){0};
    if (!throttle_take(p->throttle, THROTTLE_USER, in->user, in->now, &x->one, e) ||
        (x->one.wait == 0 && !throttle_take(p->throttle, THROTTLE_ADDRESS, in->address, in->now, &x->all, e)))
        return false;
    return (x->one.wait == 0 && x->all.wait == 0) || throttled(longer(x->one.wait, x->all.wait), e);
}

/* Compares while holding a hashing place. The throttle is asked again inside, and counts before it is known what comes
 * of it: those who waited here together must not all have their guess. */
static bool compare(struct people *p, struct attempt *x, bool open, bool *right, struct error *e)
{
    const struct login *in = x->in;
    bool may;

    if (!password_enter(e))
        return false;
    may = may_try(p, in, x->account, e) && take_try(p, x, e);
    if (may)
        *right = password_matches(x->account->password, in->password) && open;
    password_leave();
    if (may && *right)
        throttle_right(p->throttle, THROTTLE_ADDRESS, in->address, in->now, &x->all);
    return may;
}

/* Past the city's number of wrong tries an account is locked; while it is, further ones do not lengthen that. */
static bool count_failure(struct db *db, const struct attempt *x, struct error *e)
{
    static const char count_sql[] =
        "UPDATE account SET failures = failures + 1, failed_at = $2 WHERE id = $1 RETURNING failures";
    static const char lock_sql[] = "UPDATE account SET failures = 0, failed_at = 0, locked_until = $2 WHERE id = $1";
    const struct account_rules *r = x->rules;
    struct audit entry = {
        .action = "account-locked", .what = "account", .key = x->in->user, .address = x->in->address, .at = x->in->now};

    auto_rows struct rows *row = NULL;
    bool found;

    if (x->account->locked_until > x->in->now)
        return true;
    if (!db_find(db, &row, &found, e, count_sql, ARGS(I64(x->account->id), I64(x->in->now))))
        return false;
    if (!found || !r->lock_tries || rows_i64(row, 0) < r->lock_tries)
        return true;
    return db_exec(db, NULL, e, lock_sql, ARGS(I64(x->account->id), I64(x->in->now + r->lock_ms))) &&
           audit_add(db, &entry, e);
}

static bool note_failure(struct db *db, void *arg, struct error *e)
{
    const struct attempt *x = arg;
    struct audit entry = {
        .action = "login-failed",
        .what = "session",
        .key = x->account->password ? x->in->user : NULL, /* else it may be a password typed in the wrong box */
        .address = x->in->address,
        .at = x->in->now,
    };

    db_touches(db, NULL, 0);
    return (!x->account->password || count_failure(db, x, e)) && audit_add(db, &entry, e);
}

/* Nobody used it for too long: from now on an administrator has to enable it. */
static bool note_idle(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE account SET disabled_at = $2, disabled_why = 'idle'"
                              " WHERE id = $1 AND disabled_at = 0";
    const struct attempt *x = arg;
    struct audit entry = {
        .action = "account-disable", .what = "account", .key = x->in->user, .purpose = "idle", .at = x->in->now};
    int64_t changed;

    return db_exec(db, &changed, e, sql, ARGS(I64(x->account->id), I64(x->in->now))) &&
           (changed == 0 || audit_add(db, &entry, e));
}

static bool open_session(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE account SET failures = 0, locked_until = 0, used_at = $2"
                              " WHERE id = $1 AND disabled_at = 0 AND password = $3";
    const struct attempt *x = arg;
    struct audit entry = {
        .action = "login",
        .what = "session",
        .key = x->in->user,
        .actor = x->account->party,
        .address = x->in->address,
        .at = x->in->now,
    };

    int64_t changed;

    db_touches(db, NULL, 0); /* no reply that is kept shows sessions */
    /* First: whoever disables it meanwhile waits here, and then ends this session too; or has been quicker. */
    if (!db_exec(db, &changed, e, sql, ARGS(I64(x->account->id), I64(x->in->now), TEXT(x->account->password))))
        return false;
    if (changed == 0)
        return fail(e, E_LOGIN_FAILED, "disabled or changed meanwhile");
    return (!x->account->otp || otp_spend(db, x->account->id, x->account->otp_secret, x->in->otp, x->in->now, e)) &&
           session_insert(db, x->account, x->rules->session_idle_ms, x->out->token, x->in->now, &x->out->expires_at,
                          e) &&
           audit_add(db, &entry, e);
}

/* The account as it is once this try is allowed; *right when the password fits and the account is open. That it is
 * locked or disabled is told like a wrong password, after the same time: else the answer would tell which names exist.
 */
static bool try_password(struct people *p, struct attempt *x, bool *right, struct error *e)
{
    enum account_state state = account_state(p, x->account, x->in->now);

    if (!may_try(p, x->in, x->account, e) || !compare(p, x, state == ACCOUNT_ACTIVE, right, e))
        return false;
    return state != ACCOUNT_IDLE || !x->account->password || store_write(p->store, note_idle, x, e);
}

static bool wrong(struct people *p, struct attempt *x, enum error_code code, struct error *e)
{
    return store_write(p->store, note_failure, x, e) && fail(e, code, "wrong user name, password or code");
}

bool login(struct people *p, const struct login *in, struct login_done *out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct login_done done = {0};
    struct account account;
    struct attempt x = {.in = in, .account = &account, .out = &done};
    bool right;

    {
        auto_read struct db *db = NULL;

        if (!store_read(p->store, &db, e) || !account_read(db, a, in->user, &account, e))
            return false;
    }
    x.rules = rules_at(p, account.officer, in->now);
    if (!try_password(p, &x, &right, e))
        return false;
    if (!right)
        return wrong(p, &x, E_LOGIN_FAILED, e);
    if (account.otp && text_is_empty(in->otp)) { /* half the way: neither wrong nor right */
        throttle_right(p->throttle, THROTTLE_USER, in->user, in->now, &x.one);
        return fail(e, E_OTP_REQUIRED, "a second factor");
    }

    random_hex(done.token, (TOKEN_HEX - 1) / 2);
    done.party = account.party;
    if (!store_write(p->store, open_session, &x, e)) {
        if (e->code != E_OTP_FAILED)
            return false;
        throttle_fail(p->throttle, THROTTLE_ADDRESS, in->address, in->now); /* for the name it still counts */
        return wrong(p, &x, E_OTP_FAILED, e);
    }
    throttle_clear(p->throttle, THROTTLE_USER, in->user);
    *out = done;
    sodium_memzero(done.token, sizeof done.token);
    return true;
}
