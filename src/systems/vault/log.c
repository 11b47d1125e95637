/* The access log as a Merkle log. In the commit that writes an entry of the audit about somebody a leaf is added: what
 * that person is shown, in words, with a salt, so that the hashes of strangers' leaves, which proofs contain, tell
 * nothing. Full subtrees of sixteen leaves and more are kept, smaller ones are reckoned from the texts, so a leaf costs
 * little more than its row. The audit's own line ("audit", one writer at a time) keeps leaves in one order. */
#include <inttypes.h>
#include <string.h>

#include "casework/casework.h"
#include "systems/vault/vault_internal.h"

enum { SALT_BYTES = 16, KEPT_LEVEL = 4, LEVELS_MAX = 62, CATCH_UP_MAX = 1000, NAMES_MAX = 64 };

/* clang-format off */
const struct migration vault_migrations[] = {
    {1, "the access log as a Merkle log, links that share a paper",
     "-- One access to what the city holds about somebody, as that person is shown it.\n"
     "CREATE TABLE vault_leaf ("
     "  idx BIGINT PRIMARY KEY,"            /* 0, 1, 2, … */
     "  audit_seq BIGINT NOT NULL,"         /* the row of the audit that it tells; rises with idx */
     "  about TEXT NOT NULL,"               /* number of the person or organisation */
     "  text TEXT NOT NULL"                 /* canonical JSON; SHA-256 of 0x00 and this is the leaf's hash */
     ");"
     "CREATE INDEX vault_leaf_about ON vault_leaf (about, idx);"
     "CREATE TABLE vault_node ("            /* hashes of full subtrees: of 2^level leaves from idx * 2^level on; level >= 4 */
     "  level BIGINT NOT NULL,"
     "  idx BIGINT NOT NULL,"
     "  hash BYTEA NOT NULL,"
     "  PRIMARY KEY (level, idx)"
     ");"
     "CREATE TABLE vault_root ("            /* published: never changed, never removed */
     "  size BIGINT PRIMARY KEY,"
     "  at BIGINT NOT NULL,"
     "  hash TEXT NOT NULL,"
     "  text TEXT NOT NULL,"                /* what was signed */
     "  algorithm TEXT NOT NULL,"
     "  signature TEXT NOT NULL,"
     "  public_key TEXT NOT NULL,"
     "  certificate TEXT NOT NULL"
     ");"
     "CREATE TABLE vault_share ("
     "  id BIGINT PRIMARY KEY,"
     "  token BYTEA NOT NULL UNIQUE,"       /* its SHA-256: who reads the table cannot open the links */
     "  document BIGINT NOT NULL,"
     "  owner BIGINT NOT NULL,"
     "  maker BIGINT NOT NULL,"             /* the owner, or who acts for them */
     "  purpose TEXT NOT NULL,"
     "  made_at BIGINT NOT NULL,"
     "  until BIGINT NOT NULL,"
     "  most BIGINT NOT NULL,"
     "  used BIGINT NOT NULL,"
     "  ended_at BIGINT"                    /* revoked */
     ");"
     "CREATE INDEX vault_share_owner ON vault_share (owner, id);"},
    {0},
};
/* clang-format on */

/* ---- the stored tree ---- */

struct reckoning {
    struct digest stack[LEVELS_MAX + 1]; /* of full subtrees, the largest first */
    int levels[LEVELS_MAX + 1];
    size_t n;
};

static void push(struct reckoning *k, struct digest hash)
{
    int level = 0;

    for (; k->n && k->levels[k->n - 1] == level; level++)
        hash = merkle_join(&k->stack[--k->n], &hash);
    k->stack[k->n] = hash;
    k->levels[k->n++] = level;
}

/* Of one of the small subtrees, whose leaves are all there. */
static bool small_node(struct db *db, int level, int64_t idx, struct digest *out, struct error *e)
{
    static const char sql[] = "SELECT text FROM vault_leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx";
    auto_rows struct rows *r = NULL;
    struct reckoning k = {.n = 0};
    int64_t n = 0;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(idx << level), I64((idx + 1) << level))))
        return false;
    do {
        if (!rows_next(r, &more, e))
            return false;
        if (more)
            push(&k, merkle_leaf((struct bytes){rows_text(r, 0), strlen(rows_text(r, 0))}));
        n += more;
    } while (more);
    if (n != (int64_t)1 << level)
        return fail(e, E_DATABASE, "leaves of node %d/%" PRId64 " of the access log are missing", level, idx);
    *out = k.stack[0];
    return true;
}

static bool node(void *arg, int level, int64_t idx, struct digest *out, struct error *e)
{
    auto_rows struct rows *r = NULL;
    struct bytes hash;
    bool found;

    if (level < KEPT_LEVEL)
        return small_node(arg, level, idx, out, e);
    if (!db_find(arg, &r, &found, e, "SELECT hash FROM vault_node WHERE level = $1 AND idx = $2",
                 ARGS(I64(level), I64(idx))))
        return false;
    hash = found ? rows_blob(r, 0) : (struct bytes){0};
    if (hash.len != DIGEST_BYTES)
        return fail(e, E_DATABASE, "node %d/%" PRId64 " of the access log is missing", level, idx);
    memcpy(out->bytes, hash.data, DIGEST_BYTES);
    return true;
}

struct merkle log_tree(struct db *db)
{
    return (struct merkle){node, db};
}

bool log_size(struct db *db, int64_t *size, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, "SELECT idx FROM vault_leaf ORDER BY idx DESC LIMIT 1", ARGS()))
        return false;
    *size = found ? rows_i64(r, 0) + 1 : 0;
    return true;
}

static bool put_node(struct db *db, int level, int64_t idx, const struct digest *hash, struct error *e)
{
    return db_exec(db, NULL, e, "INSERT INTO vault_node (level, idx, hash) VALUES ($1, $2, $3)",
                   ARGS(I64(level), I64(idx), BLOB((struct bytes){hash->bytes, DIGEST_BYTES})));
}

/* Each kept subtree that the leaf completes. */
static bool put_nodes(struct db *db, int64_t leaf, struct error *e)
{
    static const int64_t each = (int64_t)1 << KEPT_LEVEL;
    int64_t idx = leaf / each;
    struct digest left, hash;

    if ((leaf + 1) % each != 0)
        return true;
    if (!small_node(db, KEPT_LEVEL, idx, &hash, e) || !put_node(db, KEPT_LEVEL, idx, &hash, e))
        return false;
    for (int level = KEPT_LEVEL; idx & 1 && level < LEVELS_MAX; level++, idx /= 2) {
        if (!node(db, level, idx - 1, &left, e))
            return false;
        hash = merkle_join(&left, &hash);
        if (!put_node(db, level + 1, idx / 2, &hash, e))
            return false;
    }
    return true;
}

/* ---- what a leaf says ---- */

/* Tells entries one after the other; the same officer looks at many. */
struct teller {
    struct db *db;
    struct arena *arena;
    const struct house *house;
    const char *salts; /* of those to come, 2 * SALT_BYTES digits each */
    int64_t actor;
    const char *actor_name; /* NULL: the system, or nobody known */
};

static bool know_actor(struct teller *t, int64_t id, struct error *e)
{
    struct party party;
    bool found = false;

    if (id == t->actor)
        return true;
    if (id && !party_find(t->db, t->arena, id, &party, &found, e))
        return false;
    t->actor = id;
    t->actor_name = found ? party.name : NULL;
    return true;
}

/* Canonical JSON: the members by their names. */
static bool leaf_text(struct teller *t, const struct audit *x, int64_t seq, struct json_out *o, struct error *e)
{
    const struct unit *unit = unit_by_id(t->house, x->unit);
    const char *code = NULL;

    if (!know_actor(t, x->actor, e) || (x->case_id && !case_code_of(t->db, t->arena, x->case_id, &code, e)))
        return false;
    out_open(o, '{');
    out_member_text(o, "about", x->about);
    out_member_text(o, "action", x->action);
    out_member_instant(o, "at", x->at);
    out_member_text(o, "case", code);
    out_member_i64(o, "entry", seq);
    out_member_text(o, "purpose", x->purpose);
    out_member_text(o, "salt", arena_strndup(t->arena, t->salts, (size_t)2 * SALT_BYTES));
    out_member_text(o, "unit", unit ? unit->name[LANG_VI] : NULL);
    out_member_text(o, "what", x->what);
    out_member_text(o, "who", t->actor_name);
    out_close(o, '}');
    t->salts += (size_t)2 * SALT_BYTES;
    return true;
}

static bool add_leaf(struct teller *t, const struct audit *x, int64_t seq, int64_t idx, struct error *e)
{
    static const char sql[] = "INSERT INTO vault_leaf (idx, audit_seq, about, text) VALUES ($1, $2, $3, $4)";
    auto_out struct json_out o = JSON_OUT_INIT;

    return leaf_text(t, x, seq, &o, e) &&
           db_exec(t->db, NULL, e, sql, ARGS(I64(idx), I64(seq), TEXT(x->about), TEXT(out_string(&o)))) &&
           put_nodes(t->db, idx, e);
}

static struct teller teller_of(struct db *db, struct arena *a, const struct house *h, size_t n)
{
    char *salts = arena_alloc(a, n * 2 * SALT_BYTES + 1);

    random_hex(salts, n * SALT_BYTES);
    return (struct teller){.db = db, .arena = a, .house = h, .salts = salts};
}

bool log_on_audit(struct db *db, const struct event *event, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct audit_added *added = event->detail;
    struct teller t = teller_of(db, a, arg, added->n);
    int64_t size = -1;

    for (size_t i = 0; i < added->n; i++) {
        if (!added->entries[i].about)
            continue;
        if (size < 0 && !log_size(db, &size, e))
            return false;
        if (!add_leaf(&t, &added->entries[i], added->seq + (int64_t)i, size++, e))
            return false;
    }
    return size < 0 || root_ask(db, now_ms(), e);
}

/* ---- rows that were there before the log ---- */

struct catching {
    struct house *house;
    size_t n;
};

static bool read_missing(struct db *db, struct arena *a, struct audit *out, int64_t *seqs, size_t *n, struct error *e)
{
    static const char sql[] = "SELECT seq, at, action, what, about, actor, unit, case_id, purpose FROM audit WHERE "
                              "about IS NOT NULL AND seq >"
                              " COALESCE((SELECT audit_seq FROM vault_leaf ORDER BY idx DESC LIMIT 1), 0)"
                              " ORDER BY seq LIMIT $1";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(CATCH_UP_MAX))))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        if (!more)
            return true;
        seqs[*n] = rows_i64(r, 0);
        out[*n] = (struct audit){.at = rows_i64(r, 1),
                                 .action = arena_strdup(a, rows_text(r, 2)),
                                 .what = arena_strdup(a, rows_text(r, 3)),
                                 .about = arena_strdup(a, rows_text(r, 4)),
                                 .actor = rows_i64(r, 5),
                                 .unit = rows_i64(r, 6),
                                 .case_id = rows_i64(r, 7),
                                 .purpose = arena_strdup(a, rows_text(r, 8))};
    }
    return false;
}

static bool write_missing(struct db *db, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct catching *c = arg;
    struct audit *rows = arena_array(a, struct audit, CATCH_UP_MAX);
    int64_t *seqs = arena_array(a, int64_t, CATCH_UP_MAX), size;
    struct teller t;

    if (!db_serial(db, "audit", e) || !read_missing(db, a, rows, seqs, &c->n, e) || !log_size(db, &size, e))
        return false;
    t = teller_of(db, a, c->house, c->n);
    for (size_t i = 0; i < c->n; i++)
        if (!add_leaf(&t, &rows[i], seqs[i], size + (int64_t)i, e))
            return false;
    return c->n == 0 || root_ask(db, now_ms(), e);
}

bool log_start(struct house *h, struct error *e)
{
    struct catching c = {.house = h};

    do {
        if (!store_write(h->store, write_missing, &c, e))
            return false;
    } while (c.n == CATCH_UP_MAX);
    return true;
}

/* ---- reading ---- */

bool log_about(struct db *db, struct arena *a, const char *number, int64_t before, size_t max, struct leaf *out,
               size_t *n, struct error *e)
{
    static const char sql[] =
        "SELECT idx, text FROM vault_leaf WHERE about = $1 AND idx < $2 ORDER BY idx DESC LIMIT $3";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(TEXT(number), I64(before), I64((int64_t)max))))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        if (!more)
            return true;
        out[*n] = (struct leaf){rows_i64(r, 0), arena_strdup(a, rows_text(r, 1))};
    }
    return false;
}

bool log_leaf(struct db *db, struct arena *a, const char *number, int64_t index, struct leaf *out, bool *found,
              struct error *e)
{
    static const char sql[] = "SELECT text FROM vault_leaf WHERE idx = $1 AND about = $2";
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(I64(index), TEXT(number))))
        return false;
    if (*found)
        *out = (struct leaf){index, arena_strdup(a, rows_text(r, 0))};
    return true;
}

/* ---- proof of the whole ---- */

static struct digest whole(const struct reckoning *k)
{
    struct digest hash = k->n ? k->stack[k->n - 1] : digest_of((struct bytes){0});

    for (size_t i = k->n; i-- > 1;)
        hash = merkle_join(&k->stack[i - 1], &hash);
    return hash;
}

static bool matches_root(struct db *db, const struct reckoning *k, int64_t size, bool *sound, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct digest hash = whole(k);
    char hex[DIGEST_HEX];
    struct root root;
    bool found;

    if (!root_find(db, a, size, &root, &found, e))
        return false;
    digest_hex(&hash, hex);
    if (found && strcmp(hex, root.hash) != 0) {
        log_line(LOG_ERROR, "vault_root_broken", "size=%" PRId64, size);
        *sound = false;
    }
    return true;
}

static bool matches_node(struct db *db, const struct reckoning *k, int64_t size, bool *sound, struct error *e)
{
    struct digest stored;
    int level = k->levels[k->n - 1];

    if (level < KEPT_LEVEL)
        return true;
    if (!node(db, level, (size >> level) - 1, &stored, e))
        return false;
    if (memcmp(stored.bytes, k->stack[k->n - 1].bytes, DIGEST_BYTES) != 0) {
        log_line(LOG_ERROR, "vault_log_broken", "leaf=%" PRId64, size - 1);
        *sound = false;
    }
    return true;
}

bool vault_verify(struct db *db, bool *sound, int64_t *checked, struct error *e)
{
    auto_rows struct rows *r = NULL;
    struct reckoning k = {.n = 0};
    bool more;

    *sound = true;
    *checked = 0;
    if (!db_query(db, &r, e, "SELECT idx, text FROM vault_leaf ORDER BY idx", ARGS()))
        return false;
    while (*sound && rows_next(r, &more, e)) {
        const char *text = more ? rows_text(r, 1) : NULL;

        if (!more)
            return true;
        if (rows_i64(r, 0) != *checked) {
            log_line(LOG_ERROR, "vault_log_broken", "missing=%" PRId64, *checked);
            *sound = false;
            return true;
        }
        push(&k, merkle_leaf((struct bytes){text, strlen(text)}));
        ++*checked;
        if (!matches_node(db, &k, *checked, sound, e) || !matches_root(db, &k, *checked, sound, e))
            return false;
    }
    return !*sound;
}
