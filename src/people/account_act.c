/* Accounts as the rules see them, and what an administrator does to them. Every act leaves its trace in its own commit;
 * nobody acts so on their own account. */
#include "people/people_internal.h"

#include <string.h>

/* ---- reading ---- */
struct account account_row(struct rows *r)
{
    return (struct account){
        .id = rows_i64(r, 0),
        .party = rows_i64(r, 1),
        .user = rows_text(r, 2),
        .name = rows_text(r, 3),
        .password = rows_text(r, 4),
        .disabled_why = rows_text(r, 5),
        .otp_secret = rows_text(r, 6),
        .officer = rows_i64(r, 7) != 0,
        .demo = rows_i64(r, 8) != 0,
        .must_change = rows_i64(r, 9) != 0,
        .otp = rows_i64(r, 10) != 0,
        .failures = rows_i64(r, 11),
        .failed_at = rows_i64(r, 12),
        .password_at = rows_i64(r, 13),
        .used_at = rows_i64(r, 14),
        .locked_until = rows_i64(r, 15),
        .disabled_at = rows_i64(r, 16),
        .reviewed_at = rows_i64(r, 17),
    };
}

static void own(struct arena *a, struct account *x)
{
    x->user = arena_strdup(a, x->user);
    x->name = arena_strdup(a, x->name);
    x->password = arena_strdup(a, x->password);
    x->disabled_why = arena_strdup(a, x->disabled_why);
    x->otp_secret = arena_strdup(a, x->otp_secret);
}

bool account_roles_read(struct db *db, int64_t account, struct role_at *out, size_t max, size_t *n, struct error *e)
{
    static const char sql[] = "SELECT role, unit FROM account_role WHERE account = $1 ORDER BY role, unit LIMIT $2";
    auto_rows struct rows *r = NULL;
    bool more;

    *n = 0;
    if (!db_query(db, &r, e, sql, ARGS(I64(account), I64((int64_t)max))))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more)
            return true;
        out[*n].unit = rows_i64(r, 1);
        *n += role_parse(rows_text(r, 0), &out[*n].role); /* else of a newer program */
    }
    return false;
}

static bool read_role_bits(struct db *db, struct account *x, struct error *e)
{
    struct role_at roles[ACCOUNT_ROLES_MAX];
    size_t n;

    if (!account_roles_read(db, x->id, roles, COUNT(roles), &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        x->roles |= 1U << roles[i].role;
    return true;
}

bool account_read(struct db *db, struct arena *a, const char *user, struct account *out, struct error *e)
{
    static const char sql[] = "SELECT " ACCOUNT_COLUMNS ACCOUNT_FROM " WHERE a.user_name = $1";
    auto_rows struct rows *r = NULL;
    bool found;

    *out = (struct account){0};
    if (!db_find(db, &r, &found, e, sql, ARGS(TEXT(user))))
        return false;
    if (!found)
        return true;
    *out = account_row(r);
    own(a, out);
    return read_role_bits(db, out, e);
}

/* ---- what the rules say of it ---- */
static const char *const states[ACCOUNT__COUNT] = {"active", "locked", "disabled", "idle"};

const char *account_state_name(enum account_state state)
{
    return states[state];
}

/* Made up, in a folder that says so: anywhere else the mark means nothing. */
static bool is_demo(const struct people *p, const struct account *x)
{
    return x->demo && p->demo;
}

enum account_state account_state(const struct people *p, const struct account *x, int64_t now)
{
    const struct account_rules *r = rules_at(p, x->officer, now);

    if (x->disabled_at)
        return ACCOUNT_DISABLED;
    if (x->locked_until > now)
        return ACCOUNT_LOCKED;
    if (r->account_idle_ms && x->used_at && now - x->used_at > r->account_idle_ms && !is_demo(p, x))
        return ACCOUNT_IDLE;
    return ACCOUNT_ACTIVE;
}

unsigned account_duties(const struct people *p, const struct account *x, int64_t now)
{
    const struct account_rules *r = rules_at(p, x->officer, now);
    bool aged = (r->aged_roles & x->roles) && r->aged_ms && now - x->password_at > r->aged_ms;
    unsigned duties = 0;

    if (is_demo(p, x))
        return 0;
    if ((x->must_change && r->change_first) || aged)
        duties |= DUTY_PASSWORD;
    if ((r->otp_roles & x->roles) && !x->otp)
        duties |= DUTY_OTP;
    return duties;
}

bool account_review_due(const struct people *p, const struct account *x, int64_t now)
{
    const struct account_rules *r = rules_at(p, x->officer, now);
    struct date d = date_at(now);
    int months = d.year * 12 + d.month - 1 - r->review_months;

    d = (struct date){months / 12, months % 12 + 1, 1};
    return r->review_months && x->reviewed_at < date_start_ms(d);
}

/* ---- the list ---- */
static bool fits(struct people *p, struct arena *a, const struct account *x, const struct role_at *roles, size_t n,
                 const struct account_query *q)
{
    bool held = q->role < 0 && !q->unit;

    for (size_t i = 0; i < n && !held; i++)
        held = (q->role < 0 || (int)roles[i].role == q->role) && (!q->unit || roles[i].unit == q->unit);
    return held && (q->state < 0 || (int)account_state(p, x, q->now) == q->state) &&
           (!q->review || account_review_due(p, x, q->now)) &&
           (!q->words || strstr(text_fold(a, arena_printf(a, "%s %s", x->user, x->name)), q->words));
}

/* Officers are thousands, not millions: walked in the order of their names, in steps. */
enum { LIST_STEP = 500 };

static bool list_step(struct db *db, struct arena *a, const char *after, struct account *step, size_t *n,
                      struct error *e)
{
    static const char sql[] = "SELECT " ACCOUNT_COLUMNS ACCOUNT_FROM
                              " WHERE a.officer = 1 AND a.user_name > $1 ORDER BY a.user_name LIMIT $2";
    auto_rows struct rows *r = NULL;
    bool more;

    *n = 0;
    if (!db_query(db, &r, e, sql, ARGS(TEXT(after), I64(LIST_STEP))))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more)
            return true;
        step[*n] = account_row(r);
        own(a, &step[(*n)++]);
    }
    return false;
}

bool account_list(struct people *p, struct db *db, struct arena *a, const struct account_query *query,
                  struct account *out, size_t max, size_t *n, struct error *e)
{
    struct account *step = arena_array(a, struct account, LIST_STEP);
    const char *after = query->after ? query->after : "";
    struct role_at roles[ACCOUNT_ROLES_MAX];
    size_t got = LIST_STEP, n_roles;

    for (*n = 0; *n < max && got == LIST_STEP; after = got ? step[got - 1].user : after) {
        if (!list_step(db, a, after, step, &got, e))
            return false;
        for (size_t i = 0; i < got && *n < max; i++) {
            if (!account_roles_read(db, step[i].id, roles, COUNT(roles), &n_roles, e))
                return false;
            for (size_t k = 0; k < n_roles; k++)
                step[i].roles |= 1U << roles[k].role;
            if (fits(p, a, &step[i], roles, n_roles, query))
                out[(*n)++] = step[i];
        }
    }
    return true;
}

/* ---- acts ---- */
struct acting {
    struct people *people;
    enum account_act act;
    const struct deed *deed;
    const struct account *account;
    const char *name, *hash; /* of a new account, of a new password */
    const struct role_at *roles;
    size_t n_roles;
    const char *action; /* as the audit has it */
    int64_t made;       /* the new account's party */
};

static bool note(struct db *db, const struct acting *x, const char *purpose, struct error *e)
{
    return audit_add(db,
                     &(struct audit){.action = x->action,
                                     .what = "account",
                                     .key = x->deed->user,
                                     .actor = x->deed->actor,
                                     .purpose = purpose,
                                     .address = x->deed->address,
                                     .at = x->deed->now},
                     e);
}

static bool end_sessions(struct db *db, int64_t account, struct error *e)
{
    return db_exec(db, NULL, e, "DELETE FROM session WHERE account = $1", ARGS(I64(account))) &&
           db_emit(db, "account.roles", account, NULL, e);
}

static bool disable(struct db *db, const struct acting *x, struct error *e)
{
    return db_exec(db, NULL, e, "UPDATE account SET disabled_at = $2, disabled_why = $3 WHERE id = $1",
                   ARGS(I64(x->account->id), I64(x->deed->now), TEXT(x->deed->reason))) &&
           end_sessions(db, x->account->id, e);
}

static bool enable(struct db *db, const struct acting *x, struct error *e)
{
    return db_exec(db, NULL, e, "UPDATE account SET disabled_at = 0, disabled_why = NULL, used_at = $2 WHERE id = $1",
                   ARGS(I64(x->account->id), I64(x->deed->now)));
}

static bool unlock(struct db *db, const struct acting *x, struct error *e)
{
    return db_exec(db, NULL, e, "UPDATE account SET locked_until = 0, failures = 0, failed_at = 0 WHERE id = $1",
                   ARGS(I64(x->account->id)));
}

static bool reset_password(struct db *db, const struct acting *x, struct error *e)
{
    static const char sql[] = "UPDATE account SET password = $2, password_at = $3, must_change = 1, demo = 0,"
                              " locked_until = 0, failures = 0, failed_at = 0, used_at = $3 WHERE id = $1";

    return db_exec(db, NULL, e, sql, ARGS(I64(x->account->id), TEXT(x->hash), I64(x->deed->now))) &&
           end_sessions(db, x->account->id, e);
}

static bool reset_otp(struct db *db, const struct acting *x, struct error *e)
{
    return otp_remove(db, x->account->id, e) && end_sessions(db, x->account->id, e);
}

static bool review(struct db *db, const struct acting *x, struct error *e)
{
    return db_exec(db, NULL, e, "UPDATE account SET reviewed_at = $2 WHERE id = $1",
                   ARGS(I64(x->account->id), I64(x->deed->now)));
}

/* clang-format off */
static const struct {
    const char *name, *action;
    bool (*run)(struct db *db, const struct acting *x, struct error *e);
} acts[ACT__COUNT] = {
    [ACT_DISABLE]        = {"disable",        "account-disable",        disable},
    [ACT_ENABLE]         = {"enable",         "account-enable",         enable},
    [ACT_UNLOCK]         = {"unlock",         "account-unlock",         unlock},
    [ACT_RESET_PASSWORD] = {"reset-password", "account-reset-password", reset_password},
    [ACT_RESET_OTP]      = {"reset-otp",      "account-reset-otp",      reset_otp},
    [ACT_REVIEW]         = {"review",         "account-review",         review},
};
/* clang-format on */

bool account_act_parse(const char *name, enum account_act *out)
{
    for (size_t i = 0; i < ACT__COUNT; i++)
        if (text_equal(name, acts[i].name)) {
            *out = (enum account_act)i;
            return true;
        }
    return false;
}

static bool write_act(struct db *db, void *arg, struct error *e)
{
    const struct acting *x = arg;

    return acts[x->act].run(db, x, e) && note(db, x, x->deed->reason, e);
}

/* Fourteen characters of four classes that can be read aloud: "m7wxkq-M3TRBK7". */
static const char *password_new(struct arena *a)
{
    char lower[6], upper[6], *text;

    random_code(lower, 5);
    random_code(upper, 5);
    for (char *p = lower; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    text = arena_printf(a, "m%s-%sK7", lower, upper);
    sodium_memzero(lower, sizeof lower);
    sodium_memzero(upper, sizeof upper);
    return text;
}

static bool find(struct people *p, struct arena *a, const struct deed *deed, struct account *out, struct error *e)
{
    auto_read struct db *db = NULL;

    return store_read(p->store, &db, e) && account_read(db, a, deed->user, out, e) &&
           (out->password || fail(e, E_NOT_FOUND, "no account of that name"));
}

bool account_act(struct people *p, struct arena *a, enum account_act act, const struct deed *deed,
                 const char **password, struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct account account;
    struct acting x = {
        .people = p, .act = act, .deed = deed, .account = &account, .hash = hash, .action = acts[act].action};

    *password = NULL;
    if (!find(p, a, deed, &account, e))
        return false;
    if (account.party == deed->actor)
        return fail(e, E_OWN_ACCOUNT, "%s", acts[act].name);
    if (act == ACT_RESET_PASSWORD) {
        *password = password_new(a);
        if (!password_hash(*password, hash, e))
            return false;
    }
    if (!store_write(p->store, write_act, &x, e))
        return false;
    if (act == ACT_UNLOCK || act == ACT_RESET_PASSWORD)
        throttle_clear(p->throttle, THROTTLE_USER, account.user);
    return true;
}

/* ---- a new one, other roles ---- */
static const char *roles_text(struct arena *a, const struct acting *x)
{
    auto_buf struct buf b = BUF_INIT(4096);

    for (size_t i = 0; i < x->n_roles; i++)
        buf_printf(&b, "%s%s@%lld", i ? " " : "", role_name(x->roles[i].role), (long long)x->roles[i].unit);
    return b.len ? arena_strdup(a, b.data) : "";
}

static bool grant_all(struct db *db, const struct acting *x, int64_t account, struct error *e)
{
    for (size_t i = 0; i < x->n_roles; i++)
        if (!role_grant(db, account, x->roles[i].role, x->roles[i].unit, e))
            return false;
    return true;
}

static bool write_new(struct db *db, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct acting *x = arg;
    struct party party = {.kind = PARTY_OFFICER, .name = x->name};
    struct account_new fresh = {.user = x->deed->user, .password_hash = x->hash, .must_change = true};
    bool taken;
    int64_t id;

    if (!account_find(db, x->deed->user, &id, &taken, e))
        return false;
    if (taken)
        return fail(e, E_USER_TAKEN, "user");
    if (!party_put(db, &party, e))
        return false;
    fresh.party = x->made = party.id;
    return account_add(db, &fresh, &id, e) && grant_all(db, x, id, e) && note(db, x, roles_text(a, x), e);
}

bool account_make(struct people *p, struct arena *a, const struct deed *deed, struct once *once, const char *name,
                  const struct role_at *roles, size_t n_roles, const char **password, struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct acting x = {.people = p,
                       .deed = deed,
                       .name = name,
                       .hash = hash,
                       .roles = roles,
                       .n_roles = n_roles,
                       .action = "account-create"};

    *password = password_new(a);
    if (!password_hash(*password, hash, e))
        return false;
    once->make = write_new;
    once->arg = &x;
    once->made = &x.made;
    if (!store_write(p->store, make_once, once, e))
        return false;
    if (once->repeated)
        *password = NULL;
    return true;
}

static bool write_roles(struct db *db, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct acting *x = arg;

    /* Side by side, neither would take away what the other grants. */
    return db_serial(db, arena_printf(a, "roles:%lld", (long long)x->account->id), e) &&
           db_exec(db, NULL, e, "DELETE FROM account_role WHERE account = $1", ARGS(I64(x->account->id))) &&
           grant_all(db, x, x->account->id, e) && db_emit(db, "account.roles", x->account->id, NULL, e) &&
           note(db, x, roles_text(a, x), e);
}

bool account_roles(struct people *p, struct arena *a, const struct deed *deed, const struct role_at *roles,
                   size_t n_roles, struct error *e)
{
    struct account account;
    struct acting x = {
        .people = p, .deed = deed, .account = &account, .roles = roles, .n_roles = n_roles, .action = "account-roles"};

    if (!find(p, a, deed, &account, e))
        return false;
    if (account.party == deed->actor)
        return fail(e, E_OWN_ACCOUNT, "roles");
    return store_write(p->store, write_roles, &x, e);
}

/* ---- the command line ---- */
bool account_command(struct house *h, const char *act, const char *user, const char *reason, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct deed deed = {.user = user, .reason = reason ? reason : "command line", .now = now_ms()};
    const char *password;
    enum account_act which;

    if (!account_act_parse(act, &which) || which == ACT_RESET_PASSWORD)
        return fail(e, E_USAGE, "user %s ?", act);
    return account_act(people_of(h), a, which, &deed, &password, e);
}

bool password_is_strong(const struct house *h, const char *user, const char *password, struct error *e)
{
    return password_fits(rules_at(people_of(h), true, now_ms()), user, password, e);
}
