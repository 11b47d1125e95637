/* Sessions: 32 random bytes known only to the device, their hash here. Finding the caller is on the path of every
 * request, so snapshots are kept in memory: 64 shards of 64, each with its lock; a miss reads the database.
 *
 * A snapshot must not outlive a logout or a change of roles. Whoever ends one raises the shard's epoch after the
 * commit; a reader that looked into the database before then holds an older epoch and does not put its snapshot in.
 * The other nodes are told in the same commit, and each has caught up with them before it looks. */
#include "people/people_internal.h"

#include <pthread.h>
#include <string.h>

enum { SHARDS = 64, WAYS = 64, ROLES_MAX = 64, SWEEP_ROWS = 2000, SESSION_COLUMN = 18 /* after ACCOUNT_COLUMNS */ };
static const int64_t HOUR_MS = 3600 * 1000;
static const int64_t FRESH_MS = 60 * 1000;      /* nothing is believed for longer without looking */
static const int64_t TOUCH_MS = 15 * 60 * 1000; /* how exactly used_at is kept */
static const int64_t IDLE_TOUCH_MS = 60 * 1000; /* and where a session ends by being idle */

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

static size_t text_size(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

static size_t agency_texts(const struct actor *who)
{
    size_t size = 0;

    for (size_t i = 0; i < who->n_agencies; i++)
        size += text_size(who->agencies[i].number) + text_size(who->agencies[i].service) +
                text_size(who->agencies[i].field);
    return size;
}

static const char *move_text(char **to, const char *s)
{
    char *here = *to;

    *to += text_size(s);
    return s ? memcpy(here, s, text_size(s)) : NULL;
}

static size_t party_texts(const struct party *p)
{
    return text_size(p->name) + text_size(p->number) + text_size(p->phone) + text_size(p->email) +
           text_size(p->address) + text_size(p->place);
}

static void move_party(char **to, struct party *p)
{
    p->name = move_text(to, p->name);
    p->number = move_text(to, p->number);
    p->phone = move_text(to, p->phone);
    p->email = move_text(to, p->email);
    p->address = move_text(to, p->address);
    p->place = move_text(to, p->place);
}

/* One block: the struct, its agencies, its roles, its texts. The actor given is copied. */
static struct session *snapshot_new(const struct actor *who, const struct digest *token, int64_t stale, int64_t expires)
{
    size_t roles = who->n_roles * sizeof(struct role_at), agencies = who->n_agencies * sizeof(struct agency);
    struct session *s = malloc(sizeof *s + agencies + roles + text_size(who->user) + text_size(who->name) +
                               party_texts(who->self) + agency_texts(who));
    struct agency *g;
    struct role_at *r;
    char *text;

    if (!s)
        die("out of memory", sizeof *s);
    *s = (struct session){
        .refs = 1, .token = *token, .stale_at = stale, .expires_at = expires, .actor = *who, .self = *who->self};
    g = (struct agency *)(void *)(s + 1);
    if (agencies)
        memcpy(g, who->agencies, agencies);
    s->actor.agencies = g;
    r = (struct role_at *)(void *)((char *)g + agencies);
    if (roles)
        memcpy(r, who->roles, roles);
    s->actor.roles = r;
    text = (char *)r + roles;
    s->actor.user = move_text(&text, who->user);
    s->actor.name = move_text(&text, who->name);
    move_party(&text, &s->self);
    s->actor.self = &s->self;
    s->actor.number = who->number ? s->self.number : NULL;
    for (size_t i = 0; i < who->n_agencies; i++) {
        g[i].number = move_text(&text, g[i].number);
        g[i].service = move_text(&text, g[i].service);
        g[i].field = move_text(&text, g[i].field);
    }
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

    if (found && (now >= found->expires_at || now >= found->stale_at)) {
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
    db_after_commit(db, cache_clear, NULL, p->sessions);
    return db_tell(db, SESSIONS_ENDED, "all", e);
}

/* Another node ended one, or changed what some may do. */
void session_hear(const char *text, void *arg)
{
    struct digest token;

    if (text && digest_parse(text, &token))
        cache_drop(arg, &token);
    else
        cache_clear(arg);
}

/* ---- the table ---- */
int64_t session_expiry(bool officer, int64_t idle_ms, int64_t made_at, int64_t used_at)
{
    int64_t longest = made_at + (officer ? 12 : 30 * 24) * HOUR_MS;
    int64_t unused = idle_ms ? used_at + idle_ms : officer ? longest : used_at + 24 * HOUR_MS;

    return unused < longest ? unused : longest;
}

bool session_insert(struct db *db, const struct account *account, int64_t idle_ms, const char *token, int64_t now,
                    int64_t *expires_at, struct error *e)
{
    static const char sql[] = "INSERT INTO session (id, token, account, officer, made_at, used_at, expires_at, idle_ms)"
                              " VALUES ($1, $2, $3, $4, $5, $5, $6, $7)";
    struct digest d = digest_of((struct bytes){token, strlen(token)});
    int64_t expires = session_expiry(account->officer, idle_ms, now, now);

    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(id_new()), BLOB((struct bytes){d.bytes, sizeof d.bytes}), I64(account->id),
                      I64(account->officer), I64(now), I64(expires), I64(idle_ms))))
        return false;
    *expires_at = expires;
    return true;
}

bool session_touch(struct db *db, int64_t session, int64_t now, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;
    int64_t expires;

    if (!db_find(db, &r, &found, e, "SELECT officer, made_at, idle_ms FROM session WHERE id = $1", ARGS(I64(session))))
        return false;
    if (!found)
        return true; /* signed out meanwhile */
    expires = session_expiry(rows_i64(r, 0) != 0, rows_i64(r, 2), rows_i64(r, 1), now);
    return db_exec(db, NULL, e, "UPDATE session SET used_at = $2, expires_at = $3 WHERE id = $1",
                   ARGS(I64(session), I64(now), I64(expires)));
}

bool session_sweep(struct db *db, int64_t now, struct error *e)
{
    static const char sql[] = "DELETE FROM session WHERE id IN"
                              " (SELECT id FROM session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

    return db_exec(db, NULL, e, sql, ARGS(I64(now), I64(SWEEP_ROWS)));
}

/* While there are duties the account may look to them and do nothing else. */
static void put_duties_first(struct actor *who)
{
    if (!who->duties)
        return;
    who->rights = 1ULL << RIGHT_SIGNED_IN;
    who->n_roles = who->n_agencies = 0;
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
        at->on_behalf = 0;
        who->n_roles++;
    }
    return false;
}

static void add_rights(struct actor *who)
{
    for (size_t i = 0; i < who->n_roles; i++)
        for (int right = 0; right < RIGHT__COUNT; right++)
            if (role_may(who->roles[i].role, right))
                who->rights |= 1ULL << right;
}

static bool read_session(struct people *p, const struct digest *token, int64_t now, struct session **out,
                         struct error *e)
{
    static const char sql[] = "SELECT " ACCOUNT_COLUMNS ", s.id, s.used_at, s.expires_at, s.idle_ms, " PARTY_COLUMNS
                              " FROM session s JOIN account a ON a.id = s.account JOIN party p ON p.id = a.party"
                              " LEFT JOIN account_otp o ON o.account = a.id WHERE s.token = $1";
    struct bytes key = {token->bytes, sizeof token->bytes};
    struct role_at roles[ROLES_MAX];
    struct party self;
    struct actor who = {.self = &self};
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    auto_arena struct arena *a = arena_new();
    struct agency agencies[AGENCIES_MAX];
    struct account account;
    int64_t idle_ms, stale_at = now + FRESH_MS;
    bool found;

    if (!store_read(p->store, &db, e) || !db_find(db, &r, &found, e, sql, ARGS(BLOB(key))))
        return false;
    if (!found || now >= rows_i64(r, SESSION_COLUMN + 2))
        return true;
    account = account_row(r);
    who.session = rows_i64(r, SESSION_COLUMN);
    idle_ms = rows_i64(r, SESSION_COLUMN + 3);
    who.account = account.id;
    who.user = account.user;
    who.party = account.party;
    who.name = account.name;
    if (!party_row(r, SESSION_COLUMN + 4, a, &self, e))
        return false;
    who.kind = self.kind;
    who.number = who.kind == PARTY_OFFICER ? NULL : self.number;
    if (!read_roles(db, &who, roles, e))
        return false;
    for (size_t i = 0; i < who.n_roles; i++) /* duties come with one's own roles */
        account.roles |= 1U << roles[i].role;
    if (who.kind == PARTY_OFFICER &&
        !borrowed_roles(db, who.party, now, roles, COUNT(roles), &who.n_roles, &stale_at, e))
        return false;
    add_rights(&who);
    who.agencies = agencies;
    if (who.kind != PARTY_OFFICER &&
        !agencies_read(db, a, who.party, now, agencies, COUNT(agencies), &who.n_agencies, e))
        return false;
    who.duties = account_duties(p, &account, now);
    put_duties_first(&who);
    if (now - rows_i64(r, SESSION_COLUMN + 1) >= (idle_ms ? IDLE_TOUCH_MS : TOUCH_MS))
        later_touch(p->later, who.session);
    *out = snapshot_new(&who, token, stale_at, rows_i64(r, SESSION_COLUMN + 2));
    return true;
}

bool session_find(struct people *p, const char *token, int64_t now, struct session **out, struct error *e)
{
    struct digest d;
    uint64_t epoch;

    *out = NULL;
    if (strlen(token) != TOKEN_HEX - 1)
        return true;
    if (!store_catch_up(p->store, e))
        return false;
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
    char token[DIGEST_HEX];

    db_touches(db, NULL, 0); /* who calls is asked anew of each request */
    digest_hex(&x->session->token, token);
    return db_exec(db, NULL, e, "DELETE FROM session WHERE id = $1", ARGS(I64(x->session->actor.session))) &&
           audit_add(db, &x->entry, e) && db_tell(db, SESSIONS_ENDED, token, e);
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
