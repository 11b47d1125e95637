/* Links: one paper, for a time and a number of openings. The link holds 160 bits of chance, of which only the digest is
 * kept; each opening is counted, and written down for the owner, in one commit. */
#include <inttypes.h>
#include <string.h>

#include "systems/vault/vault_internal.h"

enum share_state share_state(const struct share *s, int64_t now)
{
    if (s->ended_at != INSTANT_NONE)
        return SHARE_REVOKED;
    if (text_equal(s->status, "superseded") || text_equal(s->status, "withdrawn"))
        return SHARE_PAPER_ENDED;
    return now > s->until ? SHARE_OVER : s->used >= s->most ? SHARE_USED_UP : SHARE_OPEN;
}

const char *share_state_name(enum share_state s)
{
    static const char *const names[SHARE__COUNT] = {[SHARE_OPEN] = "open",
                                                    [SHARE_REVOKED] = "revoked",
                                                    [SHARE_OVER] = "over",
                                                    [SHARE_USED_UP] = "used-up",
                                                    [SHARE_PAPER_ENDED] = "paper-ended"};

    return names[s];
}

static struct digest digest_of_token(const char *token)
{
    return digest_of((struct bytes){token, strlen(token)});
}

struct making {
    const struct share *share;
    struct digest token;
    struct audit audit;
};

static bool write_share(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "INSERT INTO vault_share (id, token, document, owner, maker, purpose, made_at, until,"
                              " most, used) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)";
    const struct making *m = arg;
    const struct share *s = m->share;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(s->id), BLOB(((struct bytes){m->token.bytes, DIGEST_BYTES})), I64(s->document),
                        I64(s->owner), I64(s->maker), TEXT(s->purpose), I64(s->made_at), I64(s->until),
                        I64(s->most))) &&
           audit_add(db, &m->audit, e);
}

bool share_make(struct house *h, struct share *s, const char *owner_number, const char *address,
                char token[static SHARE_TOKEN_CHARS + 1], struct error *e)
{
    struct making m = {.share = s};
    char key[24];

    random_code(token, SHARE_TOKEN_CHARS);
    s->id = id_new();
    s->used = 0;
    s->ended_at = INSTANT_NONE;
    m.token = digest_of_token(token);
    (void)snprintf(key, sizeof key, "%" PRId64, s->document); /* at most 20 */
    m.audit = (struct audit){.action = "share",
                             .what = "document",
                             .key = key,
                             .about = owner_number,
                             .actor = s->maker,
                             .purpose = s->purpose,
                             .address = address,
                             .at = s->made_at};
    return store_write(h->store, write_share, &m, e);
}

/* ---- reading ---- */

#define COLUMNS                                                                                                        \
    "s.id, s.document, s.owner, s.maker, s.purpose, s.made_at, s.until, s.most, s.used, s.ended_at, d.title, d.status"

static void read_share(struct rows *r, struct arena *a, struct share *out)
{
    *out = (struct share){.id = rows_i64(r, 0),
                          .document = rows_i64(r, 1),
                          .owner = rows_i64(r, 2),
                          .maker = rows_i64(r, 3),
                          .purpose = arena_strdup(a, rows_text(r, 4)),
                          .made_at = rows_i64(r, 5),
                          .until = rows_i64(r, 6),
                          .most = rows_i64(r, 7),
                          .used = rows_i64(r, 8),
                          .ended_at = rows_instant(r, 9),
                          .title = arena_strdup(a, rows_text(r, 10) ? rows_text(r, 10) : ""),
                          .status = arena_strdup(a, rows_text(r, 11))};
}

bool shares_list(struct db *db, struct arena *a, int64_t owner, int64_t before, size_t max, struct share *out,
                 size_t *n, struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM vault_share s JOIN document d ON d.id = s.document"
                              " WHERE s.owner = $1 AND s.id < $2 ORDER BY s.id DESC LIMIT $3";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(owner), I64(before), I64((int64_t)max))))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        if (!more)
            return true;
        read_share(r, a, &out[*n]);
    }
    return false;
}

bool share_find(struct db *db, struct arena *a, const char *token, struct share *out, struct document *document,
                bool *found, struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM vault_share s JOIN document d ON d.id = s.document"
                              " WHERE s.token = $1";
    struct digest digest = digest_of_token(token);
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(BLOB(((struct bytes){digest.bytes, DIGEST_BYTES})))))
        return false;
    if (!*found)
        return true;
    read_share(r, a, out);
    return document_find(db, a, out->document, document, found, e);
}

/* ---- ending ---- */

struct revoking {
    int64_t owner, id, now;
};

static bool write_revoked(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE vault_share SET ended_at = COALESCE(ended_at, $3) WHERE id = $1 AND owner = $2";
    const struct revoking *x = arg;
    int64_t changed;

    return db_exec(db, &changed, e, sql, ARGS(I64(x->id), I64(x->owner), I64(x->now))) &&
           (changed == 1 || fail(e, E_NOT_FOUND, "share %" PRId64, x->id));
}

bool share_revoke(struct house *h, int64_t owner, int64_t id, int64_t now, struct error *e)
{
    return store_write(h->store, write_revoked, &(struct revoking){owner, id, now}, e);
}

/* ---- opening ---- */

struct opening {
    const struct share *share;
    struct audit audit;
};

/* The count is taken where it is compared, so that two at once cannot both be the last. */
static bool write_opening(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE vault_share SET used = used + 1"
                              " WHERE id = $1 AND used < most AND until >= $2 AND ended_at IS NULL AND EXISTS"
                              " (SELECT 1 FROM document d WHERE d.id = vault_share.document"
                              " AND d.status IN ('valid', 'uploaded'))";
    auto_arena struct arena *a = arena_new();
    struct opening *x = arg;
    struct party owner;
    int64_t changed;
    bool found;

    if (!db_exec(db, &changed, e, sql, ARGS(I64(x->share->id), I64(x->audit.at))))
        return false;
    if (changed == 0)
        return fail(e, E_SHARE_ENDED, "share %" PRId64, x->share->id);
    if (!party_find(db, a, x->share->owner, &owner, &found, e))
        return false;
    x->audit.about = found ? owner.number : NULL;
    return audit_add(db, &x->audit, e);
}

bool share_open(struct house *h, const struct share *s, const char *address, int64_t now, struct error *e)
{
    char key[24];
    struct opening x = {.share = s,
                        .audit = {.action = "share-open",
                                  .what = "document",
                                  .key = key,
                                  .purpose = s->purpose,
                                  .address = address,
                                  .at = now}};

    (void)snprintf(key, sizeof key, "%" PRId64, s->document); /* at most 20 */
    return store_write(h->store, write_opening, &x, e);
}
