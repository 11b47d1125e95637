/* Signing in: a throttle, a hash, one write. Whether a name exists shows neither in the answer nor in its time. */
#include "people/people_internal.h"

#include <string.h>

struct account {
    int64_t id, party, failures, failed_at;
    bool officer;
    const char *password; /* NULL: there is no such account */
};

static bool read_account(struct people *p, struct arena *a, const char *user, struct account *out, struct error *e)
{
    static const char sql[] = "SELECT a.id, a.party, a.failures, a.failed_at, a.password, p.kind FROM account a"
                              " JOIN party p ON p.id = a.party WHERE a.user_name = $1";
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    *out = (struct account){0};
    if (!store_read(p->store, &db, e) || !db_find(db, &r, &found, e, sql, ARGS(TEXT(user))))
        return false;
    if (found)
        *out = (struct account){.id = rows_i64(r, 0),
                                .party = rows_i64(r, 1),
                                .failures = rows_i64(r, 2),
                                .failed_at = rows_i64(r, 3),
                                .password = arena_strdup(a, rows_text(r, 4)),
                                .officer = text_equal(rows_text(r, 5), party_kind_name(PARTY_OFFICER))};
    return true;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool may_try(struct people *p, const struct login *in, const struct account *account, struct error *e)
{
    int64_t wait = throttle_check_ms(p->throttle, THROTTLE_USER, in->user, in->now);

    /* What the database remembers outlives a restart. */
    wait = longer(wait, throttle_wait_ms(THROTTLE_USER, account->failures, account->failed_at, in->now));
    wait = longer(wait, throttle_check_ms(p->throttle, THROTTLE_ADDRESS, in->address, in->now));
    if (wait == 0)
        return true;
    (void)fail(e, E_LOGIN_THROTTLED, "%lld seconds", (long long)(wait + 999) / 1000);
    error_extra_new(e, "retry_after", json_integer((json_int_t)(wait + 999) / 1000));
    return false;
}

/* Compares while holding a hashing place. The throttle is asked again inside: those who waited here together must not
 * all have their guess. */
static bool compare(struct people *p, const struct login *in, const struct account *account, bool *right,
                    struct error *e)
{
    bool may;

    if (!password_enter(e))
        return false;
    may = may_try(p, in, account, e);
    if (may) {
        *right = password_matches(account->password, in->password);
        if (!*right) {
            throttle_fail(p->throttle, THROTTLE_USER, in->user, in->now);
            throttle_fail(p->throttle, THROTTLE_ADDRESS, in->address, in->now);
        }
    }
    password_leave();
    return may;
}

struct attempt {
    const struct login *in;
    const struct account *account;
    struct login_done *out;
};

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

    return db_exec(db, NULL, e, "UPDATE account SET failures = failures + 1, failed_at = $2 WHERE id = $1",
                   ARGS(I64(x->account->id), I64(x->in->now))) &&
           audit_add(db, &entry, e);
}

static bool open_session(struct db *db, void *arg, struct error *e)
{
    const struct attempt *x = arg;
    struct audit entry = {
        .action = "login",
        .what = "session",
        .key = x->in->user,
        .actor = x->account->party,
        .address = x->in->address,
        .at = x->in->now,
    };

    return session_insert(db, x->account->id, x->account->officer, x->out->token, x->in->now, &x->out->expires_at, e) &&
           (x->account->failures == 0 ||
            db_exec(db, NULL, e, "UPDATE account SET failures = 0 WHERE id = $1", ARGS(I64(x->account->id)))) &&
           audit_add(db, &entry, e);
}

bool login(struct people *p, const struct login *in, struct login_done *out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct login_done done;
    struct account account;
    struct attempt attempt = {in, &account, &done};
    bool right;

    if (!read_account(p, a, in->user, &account, e) || !may_try(p, in, &account, e) ||
        !compare(p, in, &account, &right, e))
        return false;
    if (!right)
        return store_write(p->store, note_failure, &attempt, e) &&
               fail(e, E_LOGIN_FAILED, "wrong user name or password");

    random_hex(done.token, (TOKEN_HEX - 1) / 2);
    done.party = account.party;
    if (!store_write(p->store, open_session, &attempt, e))
        return false;
    throttle_clear(p->throttle, THROTTLE_USER, in->user);
    *out = done;
    sodium_memzero(done.token, sizeof done.token);
    return true;
}
