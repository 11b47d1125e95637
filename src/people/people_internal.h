/* What the files of this room share; nobody else includes it. */
#pragma once

#include <stdatomic.h>

#include "people/people.h"

struct later;
struct rule_book;
struct session_cache;
struct throttle;
struct unit_table;

typedef bool service_units_fn(const struct house *h, const char *service_code, const struct unit *unit);

/* The room's state: made at start, hung into the house, frozen but for what each pointer guards itself. */
struct people {
    struct store *store;
    bool demo; /* the data folder holds a demo city */
    struct unit_table *units;
    struct session_cache *sessions;
    struct throttle *throttle;
    struct later *later;
    struct rule_book *_Atomic rules;
    service_units_fn *service_units; /* casework's answer; NULL without casework */
};
struct people *people_of(const struct house *h);
extern const struct migration people_migrations[];
bool people_start(struct house *h, struct error *e) CHECKED;
bool people_load(struct house *h, struct error *e) CHECKED;
void people_stop(struct house *h);

/* ---- units ---- */
struct unit_table *unit_table_new(void);
void unit_table_free(struct unit_table *t);
/* The units at or after `after` (NULL: from the first) in the order of their codes, filtered; stops at max. */
struct unit_query {
    const char *words; /* folded, each must begin a word of the name; NULL: any */
    const char *kind;
    const char *service; /* in force today and offering it */
    const char *after;   /* code of the last one seen, NULL on the first page */
    struct date today;
};
size_t unit_list(const struct house *h, const struct unit_query *query, const struct unit **out, size_t max);

/* ---- parties ---- */
const char *party_kind_name(enum party_kind kind);
bool party_kind_parse(const char *name, enum party_kind *out) CHECKED;
#define PARTY_COLUMNS "p.id, p.kind, p.name, p.number, p.phone, p.email, p.address, p.place"
/* They are the row's columns from first on. Strings are copied into the arena. */
bool party_row(struct rows *r, int first, struct arena *a, struct party *out, struct error *e) CHECKED;

/* ---- passwords: argon2id eats memory by design, so only a few run at once and few may wait ---- */
/* Takes a place; E_BUSY when too many wait already. Leave it as soon as the hash is made. */
bool password_enter(struct error *e) CHECKED;
void password_leave(void);
/* hash NULL (nobody of that name): takes as long as a true comparison and is always false. */
bool password_matches(const char *hash, const char *password);
/* Made with today's limits; NULL asks it of the hash that stands for nobody. */
bool password_is_current(const char *hash);

/* ---- the city's rules of accounts ---- */
struct account_rules {
    struct date from, to; /* year 0: open */
    bool officers;        /* else of citizens */
    int length, classes;
    bool change_first;   /* a password that another one set is changed at the first sign-in */
    unsigned aged_roles; /* a bit a role: their passwords age */
    int64_t aged_ms;
    int not_among; /* and none of so many earlier ones comes back */
    int lock_tries;
    int64_t lock_ms;
    int64_t session_idle_ms, account_idle_ms; /* 0: no such rule */
    int review_months;
    unsigned otp_roles; /* must have a second factor */
};
/* Those in force; never NULL. They live as long as the room. */
const struct account_rules *rules_at(const struct people *p, bool officer, int64_t now);
bool rules_load(struct people *p, struct error *e) CHECKED;
void rules_free(struct people *p);
/* E_PASSWORD_WEAK with an item for each rule it breaks. */
bool password_fits(const struct account_rules *r, const char *user, const char *password, struct error *e) CHECKED;

/* ---- second factors ---- */
enum { RECOVERY_CODES = 10, RECOVERY_TEXT = 12, OTP_TYPED_MAX = 16 };
bool otp_start(struct error *e) CHECKED;
/* Base32; in the arena. */
bool otp_secret_new(struct arena *a, char **out, struct error *e) CHECKED;
/* What the square code of an authenticator app says. */
char *otp_uri(struct arena *a, const char *user, const char *secret);
/* True when the code is of this moment; *step is the half minute it was made for. */
bool otp_step(const char *secret, const char *code, int64_t now, int64_t *step) CHECKED;
void recovery_code_new(char out[static RECOVERY_TEXT]);
/* Inside a write. The secret waiting becomes the factor; the codes given are its recovery codes. */
bool otp_confirm(struct db *db, int64_t account, int64_t step, int64_t now,
                 char codes[static RECOVERY_CODES][RECOVERY_TEXT], struct error *e) CHECKED;
bool otp_remove(struct db *db, int64_t account, struct error *e) CHECKED;
/* Uses up a code of the app or a recovery code; E_OTP_FAILED when it is none or was used before. */
bool otp_spend(struct db *db, int64_t account, const char *secret, const char *typed, int64_t now,
               struct error *e) CHECKED;

/* ---- accounts as the rules see them ---- */
struct account {
    int64_t id, party;
    const char *user, *name;
    const char *password; /* the hash; NULL: there is no such account */
    const char *disabled_why, *otp_secret;
    bool officer, demo, must_change;
    bool otp; /* the second factor is confirmed */
    int64_t failures, failed_at, password_at, used_at, locked_until, disabled_at, reviewed_at;
    unsigned roles; /* a bit a role, wherever it holds */
};
#define ACCOUNT_COLUMNS                                                                                                \
    "a.id, a.party, a.user_name, p.name, a.password, a.disabled_why, o.secret, a.officer, a.demo, a.must_change,"      \
    " COALESCE(o.confirmed_at, 0), a.failures, a.failed_at, a.password_at, a.used_at, a.locked_until, a.disabled_at,"  \
    " a.reviewed_at"
#define ACCOUNT_FROM " FROM account a JOIN party p ON p.id = a.party LEFT JOIN account_otp o ON o.account = a.id"
/* Texts are borrowed from the row. */
struct account account_row(struct rows *r);
/* password NULL when there is none. Texts in the arena; roles too. */
bool account_read(struct db *db, struct arena *a, const char *user, struct account *out, struct error *e) CHECKED;
enum account_state { ACCOUNT_ACTIVE, ACCOUNT_LOCKED, ACCOUNT_DISABLED, ACCOUNT_IDLE, ACCOUNT__COUNT };
const char *account_state_name(enum account_state state);
enum account_state account_state(const struct people *p, const struct account *x, int64_t now);
/* What it must do before anything else: a bit a duty. */
enum { DUTY_PASSWORD = 1, DUTY_OTP = 2 };
unsigned account_duties(const struct people *p, const struct account *x, int64_t now);
bool account_review_due(const struct people *p, const struct account *x, int64_t now);

struct secret_check { /* somebody signed in proves again who they are */
    const struct session *session;
    const char *password, *address;
    int64_t now;
};
/* The account of the session once the password fits; E_PASSWORD_WRONG (throttled like a sign-in) when not. */
bool account_prove(struct people *p, struct arena *a, const struct secret_check *in, struct account *out,
                   struct error *e) CHECKED;
/* A new password of one's own; other sessions of the account end. */
bool password_change(struct people *p, struct arena *a, const struct secret_check *in, const char *fresh,
                     struct error *e) CHECKED;
/* A secret waits to be confirmed. */
bool otp_enrol(struct people *p, struct arena *a, const struct secret_check *in, char **secret, const char **user,
               struct error *e) CHECKED;
bool otp_enrol_confirm(struct people *p, struct arena *a, const struct session *s, const char *code,
                       const char *address, int64_t now, char codes[static RECOVERY_CODES][RECOVERY_TEXT],
                       struct error *e) CHECKED;
bool otp_leave(struct people *p, struct arena *a, const struct secret_check *in, struct error *e) CHECKED;

/* ---- what an administrator does to accounts; every act is audited in its own commit ---- */
struct deed {
    const char *user, *reason, *address;
    int64_t actor, now; /* actor: party; 0 on the command line */
};
enum account_act {
    ACT_DISABLE,
    ACT_ENABLE,
    ACT_UNLOCK,
    ACT_RESET_PASSWORD,
    ACT_RESET_OTP,
    ACT_REVIEW,
    ACT__COUNT,
};
bool account_act_parse(const char *name, enum account_act *out) CHECKED;
/* *password is the new one of ACT_RESET_PASSWORD, in the arena; NULL otherwise. */
bool account_act(struct people *p, struct arena *a, enum account_act act, const struct deed *deed,
                 const char **password, struct error *e) CHECKED;
/* once: key and fingerprint are the caller's. A repeated one makes nothing and has no password to show again (NULL). */
bool account_make(struct people *p, struct arena *a, const struct deed *deed, struct once *once, const char *name,
                  const struct role_at *roles, size_t n_roles, const char **password, struct error *e) CHECKED;
bool account_roles(struct people *p, struct arena *a, const struct deed *deed, const struct role_at *roles,
                   size_t n_roles, struct error *e) CHECKED;
struct account_query {
    const char *words; /* folded, each must begin a word of user or name; NULL: any */
    int state;         /* an account_state, or -1 */
    int role;          /* an enum role, or -1 */
    int64_t unit;      /* 0: any */
    bool review;       /* only those whose review is due */
    const char *after; /* user of the last one seen; NULL on the first page */
    int64_t now;
};
bool account_list(struct people *p, struct db *db, struct arena *a, const struct account_query *query,
                  struct account *out, size_t max, size_t *n, struct error *e) CHECKED;
bool account_roles_read(struct db *db, int64_t account, struct role_at *out, size_t max, size_t *n,
                        struct error *e) CHECKED;
enum { ACCOUNT_ROLES_MAX = 64 };

/* A square code as the path of a drawing of size × size; in the arena. */
bool qr_path(struct arena *a, const char *text, int *size, char **path, struct error *e) CHECKED;

/* ---- authorisations ---- */
enum { AGENCIES_MAX = 32 };
enum authorisation_state {
    AUTHORISATION_OFFERED,
    AUTHORISATION_ACTIVE,
    AUTHORISATION_LATER,
    AUTHORISATION_EXPIRED,
    AUTHORISATION_ENDED,
    AUTHORISATION__COUNT,
};
const char *authorisation_state_name(enum authorisation_state state);
enum authorisation_state authorisation_state(const struct authorisation *x, int64_t now);
/* Newest first; what the party gave, or was given. */
bool authorisations_of(struct db *db, struct arena *a, int64_t party, bool given, int64_t before,
                       struct authorisation *out, size_t max, size_t *n, struct error *e) CHECKED;
bool authorisation_find(struct db *db, struct arena *a, int64_t id, struct authorisation *out, bool *found,
                        struct error *e) CHECKED;
/* What a session carries: those in force now or later. */
bool agencies_read(struct db *db, struct arena *a, int64_t agent, int64_t now, struct agency *out, size_t max,
                   size_t *n, struct error *e) CHECKED;
/* Writes; arg is a struct authorising. */
write_fn authorisation_give, authorisation_accept, authorisation_end;
struct registering {
    struct party organisation, representative;
    int64_t actor, now;
    const char *address;
};
/* A write; arg is a struct registering. */
write_fn organisation_register;

/* ---- delegation while away ---- */
enum { DELEGATIONS_MAX = 32, LENT_ROLES_MAX = 9 };
enum delegation_state { DELEGATION_ACTIVE, DELEGATION_LATER, DELEGATION_EXPIRED, DELEGATION_ENDED, DELEGATION__COUNT };
const char *delegation_state_name(enum delegation_state state);
enum delegation_state delegation_state(const struct delegation *x, int64_t now);
/* Newest first: what a party lent or was lent, or (unit not 0) all of a unit. */
bool delegations_of(struct db *db, struct arena *a, int64_t party, int64_t unit, struct delegation *out, size_t max,
                    size_t *n, struct error *e) CHECKED;
bool delegation_find(struct db *db, struct arena *a, int64_t id, struct delegation *out, bool *found,
                     struct error *e) CHECKED;
struct unit_officer {
    int64_t party;
    const char *name;
    enum role role;
};
/* A row a role, by name. */
bool unit_officers(struct db *db, struct arena *a, int64_t unit, struct unit_officer *out, size_t max, size_t *n,
                   struct error *e) CHECKED;
/* Adds the roles that are lent to the party now; *changes_at becomes the instant at which that changes, if it was
 * later. */
bool borrowed_roles(struct db *db, int64_t party, int64_t now, struct role_at *out, size_t max, size_t *n,
                    int64_t *changes_at, struct error *e) CHECKED;
/* Writes; arg is a struct delegating. */
write_fn delegation_give, delegation_end;

/* ---- throttle: wrong passwords per account and per address; time is the caller's ---- */
enum throttle_of { THROTTLE_USER, THROTTLE_ADDRESS, THROTTLE__COUNT };
/* shared: the store in which several nodes count; NULL: in memory. Not inside a write. */
struct throttle *throttle_new(struct store *shared);
void throttle_free(struct throttle *t);
/* How long a key must wait after n failures, the last one at last; 0 when it may try. */
int64_t throttle_wait_ms(enum throttle_of of, int64_t failures, int64_t last, int64_t now);
int64_t throttle_check_ms(struct throttle *t, enum throttle_of of, const char *key, int64_t now);
void throttle_fail(struct throttle *t, enum throttle_of of, const char *key, int64_t now);
void throttle_clear(struct throttle *t, enum throttle_of of, const char *key);
/* Counts a try before it is looked at, unless it has to wait; throttle_right() gives it back. */
struct throttle_try {
    int64_t wait;           /* ms */
    int64_t failures, last; /* before it */
};
bool throttle_take(struct throttle *t, enum throttle_of of, const char *key, int64_t now, struct throttle_try *out,
                   struct error *e) CHECKED;
void throttle_right(struct throttle *t, enum throttle_of of, const char *key, int64_t now,
                    const struct throttle_try *taken);
bool throttle_sweep(struct db *db, int64_t now, struct error *e) CHECKED;

/* ---- sessions ---- */
enum { TOKEN_HEX = 65 };
/* A snapshot of who calls, shared by the requests of one token; never changed once made. */
struct session {
    _Atomic int refs;
    struct digest token;
    int64_t stale_at; /* the snapshot is made again then: an old one, or one whose borrowed roles change */
    int64_t expires_at;
    struct actor actor;
    struct party self;
};
void session_unref(void *session);
struct session_cache *session_cache_new(void);
void session_cache_free(struct session_cache *c);
/* *out NULL when the token opens nothing now. A reference of the caller's. */
bool session_find(struct people *p, const char *token, int64_t now, struct session **out, struct error *e) CHECKED;
/* When a session made and used at these times ends; officers' have a fixed length, others' end when unused. */
int64_t session_expiry(bool officer, int64_t idle_ms, int64_t made_at, int64_t used_at);
/* idle_ms: unused for so long it ends; 0: there is no such rule. */
bool session_insert(struct db *db, const struct account *account, int64_t idle_ms, const char *token, int64_t now,
                    int64_t *expires_at, struct error *e) CHECKED;
/* Writes down that sessions were used; sweeps those that ended. Inside a write. */
bool session_touch(struct db *db, int64_t session, int64_t now, struct error *e) CHECKED;
bool session_sweep(struct db *db, int64_t now, struct error *e) CHECKED;
/* Registered by the module: makes snapshots of an account stale when its roles change. */
listener_fn session_on_roles;
/* What other nodes say of sessions; arg is the cache. */
#define SESSIONS_ENDED "session"
heard_fn session_hear;

struct login {
    const char *user, *password, *otp, *address; /* otp NULL: none given */
    int64_t now;
};
struct login_done {
    char token[TOKEN_HEX];
    int64_t expires_at, party;
};
/* Blocks on a hash and a write. Unknown user, locked account and wrong password are one error, after the same time. */
bool login(struct people *p, const struct login *in, struct login_done *out, struct error *e) CHECKED;
bool logout(struct people *p, const struct session *s, const char *address, int64_t now, struct error *e) CHECKED;

/* ---- later: one background thread for what must not hold up a read ---- */
bool later_start(struct people *p, struct later **out, struct error *e) CHECKED;
/* Empties the queue, then ends the thread. NULL is fine. */
void later_stop(struct later *l);
void later_audit(struct later *l, const struct audit *entry);
/* That a session was used; may be forgotten when many come at once. */
void later_touch(struct later *l, int64_t session);

/* ---- audit ---- */
/* Several entries in the order given: the head of the chain is read once. */
bool audit_add_all(struct db *db, const struct audit *entries, size_t n, struct error *e) CHECKED;

/* ---- repeated requests ---- */
bool request_sweep(struct db *db, int64_t now, struct error *e) CHECKED;
