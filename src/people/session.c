/* Sessions: 32 random bytes known only to the device, their hash here. Finding the caller is on the path of every
 * request, so snapshots are kept in memory: 64 shards of 64, each with its lock; a miss reads the database.
 *
 * A snapshot must not outlive a logout or a change of roles. Whoever ends one raises the shard's epoch after the
 * commit; a reader that looked into the database before then holds an older epoch and does not put its snapshot in. */
#include "people/people_internal.h"

#include <pthread.h>
#include <string.h>

enum { SHARDS = 64, WAYS = 64, ROLES_MAX = 64, SWEEP_ROWS = 2000 };
static const int64_t HOUR_MS = 3600 * 1000;
static const int64_t FRESH_MS = 60 * 1000;      /* another node's logout is seen within this time */
static const int64_t TOUCH_MS = 15 * 60 * 1000; /* how exactly used_at is kept */

struct shard {
    pthread_mutex_t lock; /* guards the rest */
    uint64_t epoch;
    unsigned hand;        /* the next place to be taken when all are */
    uint64_t heads[WAYS]; /* first bytes of the tokens: a look without touching the sessions */
    struct session *sessions[WAYS];
};

struct session_cache {
    struct shard shards[SHARDS];
};

/* ---- snapshots ---- */
static struct session *ref(struct session *s)
{
    (void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void session_unref(void *session)
{
    struct session *s = session;

    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        free(s);
}

/* One block: the struct, its roles, its texts. The actor given is copied. */
static struct session *snapshot_new(const struct actor *who, const struct digest *token, int64_t now, int64_t expires)
{
    size_t user = strlen(who->user) + 1, name = strlen(who->name) + 1,
           number = who->number ? strlen(who->number) + 1 : 0;
    size_t roles = who->n_roles * sizeof(struct role_at);
    struct session *s = malloc(sizeof *s + roles + user + name + number);
    struct role_at *r;
    char *text;

    if (!s)
        die("out of memory", sizeof *s);
    *s = (struct session){.refs = 1, .token = *token, .read_at = now, .expires_at = expires, .actor = *who};
    r = (struct role_at *)(void *)(s + 1);
    if (roles)
        memcpy(r, who->roles, roles);
    s->actor.roles = r;
    text = (char *)r + roles;
    s->actor.user = memcpy(text, who->user, user);
    s->actor.name = memcpy(text + user, who->name, name);
    if (number)
        s->actor.number = memcpy(text + user + name, who->number, number);
    return s;
}

/* ---- the cache ---- */
struct session_cache *session_cache_new(void)
{
    struct session_cache *c = calloc(1, sizeof *c);

    if (!c)
        die("out of memory", sizeof *c);
    for (size_t i = 0; i < SHARDS; i++)
        (void)pthread_mutex_init(&c->shards[i].lock, NULL); /* cannot fail without attributes */
    return c;
}

void session_cache_free(struct session_cache *c)
{
    for (size_t i = 0; c && i < SHARDS; i++) {
        for (size_t w = 0; w < WAYS; w++)
            session_unref(c->shards[i].sessions[w]);
        (void)pthread_mutex_destroy(&c->shards[i].lock); /* nobody holds it */
    }
    free(c);
}

static struct shard *lock_shard(struct session_cache *c, const struct digest *token)
{
    struct shard *s = &c->shards[token->bytes[0] % SHARDS];

    (void)pthread_mutex_lock(&s->lock);
    return s;
}

static void unlock_shard(struct shard *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}

static uint64_t head_of(const struct digest *token)
{
    uint64_t head;

    memcpy(&head, token->bytes, sizeof head);
    return head;
}

static size_t way_of(const struct shard *s, const struct digest *token)
{
    uint64_t head = head_of(token);
    size_t w = 0;

    while (w < WAYS &&
           !(s->heads[w] == head && s->sessions[w] && memcmp(&s->sessions[w]->token, token, sizeof *token) == 0))
        w++;
    return w;
}

/* A reference, or NULL and the epoch to hand to cache_put(). */
static struct session *cache_get(struct session_cache *c, const struct digest *token, int64_t now, uint64_t *epoch)
{
    struct shard *s = lock_shard(c, token);
    size_t w = way_of(s, token);
    struct session *found = w < WAYS ? s->sessions[w] : NULL;

    if (found && (now >= found->expires_at || now - found->read_at >= FRESH_MS)) {
        s->sessions[w] = NULL;
        session_unref(found);
        found = NULL;
    }
    if (found)
        (void)ref(found);
    *epoch = s->epoch;
    unlock_shard(s);
    return found;
}

static void cache_put(struct session_cache *c, struct session *session, uint64_t epoch)
{
    struct shard *s = lock_shard(c, &session->token);
    size_t w = way_of(s, &session->token);

    if (s->epoch == epoch) {
        for (size_t i = 0; w == WAYS && i < WAYS; i++)
            if (!s->sessions[i])
                w = i;
        if (w == WAYS)
            w = s->hand++ % WAYS;
        session_unref(s->sessions[w]);
        s->sessions[w] = ref(session);
        s->heads[w] = head_of(&session->token);
    }
    unlock_shard(s);
}

static void cache_drop(struct session_cache *c, const struct digest *token)
{
    struct shard *s = lock_shard(c, token);
    size_t w = way_of(s, token);

    s->epoch++;
    if (w < WAYS) {
        session_unref(s->sessions[w]);
        s->sessions[w] = NULL;
    }
    unlock_shard(s);
}

/* Rare enough to empty everything. */
static void cache_clear(void *arg)
{
    struct session_cache *c = arg;

    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &c->shards[i];

        (void)pthread_mutex_lock(&s->lock);
        s->epoch++;
        for (size_t w = 0; w < WAYS; w++) {
            session_unref(s->sessions[w]);
            s->sessions[w] = NULL;
        }
        unlock_shard(s);
    }
}

bool session_on_roles(struct db *db, const struct event *event, void *arg, struct error *e)
{
    struct people *p = arg;

    (void)event;
    (void)e; /* nothing here can fail */
    db_after_commit(db, cache_clear, NULL, p->sessions);
    return true;
}

/* ---- the table ---- */
int64_t session_expiry(bool officer, int64_t made_at, int64_t used_at)
{
    int64_t day = made_at + 12 * HOUR_MS, unused = used_at + 24 * HOUR_MS, longest = made_at + 30 * 24 * HOUR_MS;

    return officer ? day : unused < longest ? unused : longest;
}

bool session_insert(struct db *db, int64_t account, bool officer, const char *token, int64_t now, int64_t *expires_at,
                    struct error *e)
{
    static const char sql[] = "INSERT INTO session (id, token, account, officer, made_at, used_at, expires_at)"
                              " VALUES ($1, $2, $3, $4, $5, $5, $6)";
    struct digest d = digest_of((struct bytes){token, strlen(token)});
    int64_t expires = session_expiry(officer, now, now);

    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(id_new()), BLOB((struct bytes){d.bytes, sizeof d.bytes}), I64(account), I64(officer),
                      I64(now), I64(expires))))
        return false;
    *expires_at = expires;
    return true;
}

bool session_touch(struct db *db, int64_t session, int64_t now, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;
    int64_t expires;

    if (!db_find(db, &r, &found, e, "SELECT officer, made_at FROM session WHERE id = $1", ARGS(I64(session))))
        return false;
    if (!found)
        return true; /* signed out meanwhile */
    expires = session_expiry(rows_i64(r, 0) != 0, rows_i64(r, 1), now);
    return db_exec(db, NULL, e, "UPDATE session SET used_at = $2, expires_at = $3 WHERE id = $1",
                   ARGS(I64(session), I64(now), I64(expires)));
}

bool session_sweep(struct db *db, int64_t now, struct error *e)
{
    static const char sql[] = "DELETE FROM session WHERE id IN"
                              " (SELECT id FROM session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

    return db_exec(db, NULL, e, sql, ARGS(I64(now), I64(SWEEP_ROWS)));
}

static bool read_roles(struct db *db, struct actor *who, struct role_at roles[static ROLES_MAX], struct error *e)
{
    static const char sql[] = "SELECT role, unit FROM account_role WHERE account = $1 ORDER BY role, unit LIMIT $2";
    auto_rows struct rows *r = NULL;
    bool more;

    who->roles = roles;
    who->rights = 1ULL << RIGHT_SIGNED_IN;
    if (!db_query(db, &r, e, sql, ARGS(I64(who->account), I64(ROLES_MAX))))
        return false;
    while (rows_next(r, &more, e)) {
        struct role_at *at = &roles[who->n_roles];

        if (!more)
            return true;
        if (!role_parse(rows_text(r, 0), &at->role))
            continue; /* of a newer program */
        at->unit = rows_i64(r, 1);
        for (int right = 0; right < RIGHT__COUNT; right++)
            if (role_may(at->role, right))
                who->rights |= 1ULL << right;
        who->n_roles++;
    }
    return false;
}

static bool read_session(struct people *p, const struct digest *token, int64_t now, struct session **out,
                         struct error *e)
{
    static const char sql[] = "SELECT s.id, s.account, s.used_at, s.expires_at, a.user_name, p.id, p.kind, p.name,"
                              " p.number FROM session s JOIN account a ON a.id = s.account"
                              " JOIN party p ON p.id = a.party WHERE s.token = $1";
    struct bytes key = {token->bytes, sizeof token->bytes};
    struct role_at roles[ROLES_MAX];
    struct actor who = {0};
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(p->store, &db, e) || !db_find(db, &r, &found, e, sql, ARGS(BLOB(key))))
        return false;
    if (!found || now >= rows_i64(r, 3))
        return true;
    who.session = rows_i64(r, 0);
    who.account = rows_i64(r, 1);
    who.user = rows_text(r, 4);
    who.party = rows_i64(r, 5);
    who.name = rows_text(r, 7);
    if (!party_kind_parse(rows_text(r, 6), &who.kind))
        return fail(e, E_DATABASE, "party of account %lld is of no known kind", (long long)who.account);
    who.number = who.kind == PARTY_OFFICER ? NULL : rows_text(r, 8);
    if (!read_roles(db, &who, roles, e))
        return false;
    if (now - rows_i64(r, 2) >= TOUCH_MS)
        later_touch(p->later, who.session);
    *out = snapshot_new(&who, token, now, rows_i64(r, 3));
    return true;
}

bool session_find(struct people *p, const char *token, int64_t now, struct session **out, struct error *e)
{
    struct digest d;
    uint64_t epoch;

    *out = NULL;
    if (strlen(token) != TOKEN_HEX - 1)
        return true;
    d = digest_of((struct bytes){token, TOKEN_HEX - 1});
    *out = cache_get(p->sessions, &d, now, &epoch);
    if (*out)
        return true;
    if (!read_session(p, &d, now, out, e))
        return false;
    if (*out)
        cache_put(p->sessions, *out, epoch);
    return true;
}

/* ---- logout ---- */
struct ending {
    const struct session *session;
    struct audit entry;
};

static bool end_session(struct db *db, void *arg, struct error *e)
{
    const struct ending *x = arg;

    return db_exec(db, NULL, e, "DELETE FROM session WHERE id = $1", ARGS(I64(x->session->actor.session))) &&
           audit_add(db, &x->entry, e);
}

bool logout(struct people *p, const struct session *s, const char *address, int64_t now, struct error *e)
{
    struct ending x = {
        .session = s,
        .entry = {.action = "logout",
                  .what = "session",
                  .key = s->actor.user,
                  .actor = s->actor.party,
                  .address = address,
                  .at = now},
    };

    if (!store_write(p->store, end_session, &x, e))
        return false;
    cache_drop(p->sessions, &s->token);
    return true;
}
