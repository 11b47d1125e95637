/* What the files of this room share; nobody else includes it. */
#pragma once

#include <stdatomic.h>

#include "people/people.h"

struct later;
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
    service_units_fn *service_units; /* casework's answer; NULL without casework */
};
struct people *people_of(const struct house *h);
extern const struct migration people_migrations[];
bool people_start(struct house *h, struct error *e) CHECKED;
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

/* ---- passwords: argon2id eats memory by design, so only a few run at once and few may wait ---- */
/* Takes a place; E_BUSY when too many wait already. Leave it as soon as the hash is made. */
bool password_enter(struct error *e) CHECKED;
void password_leave(void);
/* hash NULL (nobody of that name): takes as long as a true comparison and is always false. */
bool password_matches(const char *hash, const char *password);
/* Made with today's limits; NULL asks it of the hash that stands for nobody. */
bool password_is_current(const char *hash);

/* ---- throttle: wrong passwords per account and per address, in memory; time is the caller's ---- */
enum throttle_of { THROTTLE_USER, THROTTLE_ADDRESS, THROTTLE__COUNT };
struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* How long a key must wait after n failures, the last one at last; 0 when it may try. */
int64_t throttle_wait_ms(enum throttle_of of, int64_t failures, int64_t last, int64_t now);
int64_t throttle_check_ms(struct throttle *t, enum throttle_of of, const char *key, int64_t now);
void throttle_fail(struct throttle *t, enum throttle_of of, const char *key, int64_t now);
void throttle_clear(struct throttle *t, enum throttle_of of, const char *key);

/* ---- sessions ---- */
enum { TOKEN_HEX = 65 };
/* A snapshot of who calls, shared by the requests of one token; never changed once made. */
struct session {
    _Atomic int refs;
    struct digest token;
    int64_t read_at; /* when the snapshot was made: an old one is made again */
    int64_t expires_at;
    struct actor actor;
};
void session_unref(void *session);
struct session_cache *session_cache_new(void);
void session_cache_free(struct session_cache *c);
/* *out NULL when the token opens nothing now. A reference of the caller's. */
bool session_find(struct people *p, const char *token, int64_t now, struct session **out, struct error *e) CHECKED;
/* When a session made and used at these times ends; officers' have a fixed length, others' end when unused. */
int64_t session_expiry(bool officer, int64_t made_at, int64_t used_at);
bool session_insert(struct db *db, int64_t account, bool officer, const char *token, int64_t now, int64_t *expires_at,
                    struct error *e) CHECKED;
/* Writes down that sessions were used; sweeps those that ended. Inside a write. */
bool session_touch(struct db *db, int64_t session, int64_t now, struct error *e) CHECKED;
bool session_sweep(struct db *db, int64_t now, struct error *e) CHECKED;
/* Registered by the module: makes snapshots of an account stale when its roles change. */
listener_fn session_on_roles;

struct login {
    const char *user, *password, *address;
    int64_t now;
};
struct login_done {
    char token[TOKEN_HEX];
    int64_t expires_at, party;
};
/* Blocks on a hash and a write. Unknown user and wrong password are one error, after the same time. */
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
