/* The roots: once a day the log as it stands is signed by the city and published. Whoever kept an older root can ask
 * for the proof that the newer log begins with the older one. */
#include <inttypes.h>
#include <string.h>

#include "systems/vault/vault_internal.h"

enum { ROOT_TRIES = 20 };
static const char job_name[] = "vault.root";

#define COLUMNS "size, at, hash, text, algorithm, signature, public_key, certificate"

static void read_root(struct rows *r, struct arena *a, struct root *out)
{
    *out = (struct root){.size = rows_i64(r, 0),
                         .at = rows_i64(r, 1),
                         .hash = arena_strdup(a, rows_text(r, 2)),
                         .text = arena_strdup(a, rows_text(r, 3)),
                         .algorithm = arena_strdup(a, rows_text(r, 4)),
                         .signature = arena_strdup(a, rows_text(r, 5)),
                         .public_key = arena_strdup(a, rows_text(r, 6)),
                         .certificate = arena_strdup(a, rows_text(r, 7))};
}

bool roots_list(struct db *db, struct arena *a, int64_t before, size_t max, struct root *out, size_t *n,
                struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM vault_root WHERE size < $1 ORDER BY size DESC LIMIT $2";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(before), I64((int64_t)max))))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        if (!more)
            return true;
        read_root(r, a, &out[*n]);
    }
    return false;
}

bool root_find(struct db *db, struct arena *a, int64_t size, struct root *out, bool *found, struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM vault_root WHERE size = $1";
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(I64(size))))
        return false;
    if (*found)
        read_root(r, a, out);
    return true;
}

bool root_ask(struct db *db, int64_t now, struct error *e)
{
    static const char sql[] = "SELECT 1 FROM vault_root WHERE at >= $1 LIMIT 1";
    auto_rows struct rows *r = NULL;
    bool found;

    return db_find(db, &r, &found, e, sql, ARGS(I64(date_start_ms(date_at(now))))) &&
           (found || job_add_once(db, job_name, now, e));
}

static const struct unit *city_of(const struct house *h)
{
    const struct unit *u;

    for (size_t i = 0; (u = unit_at(h, i)); i++)
        if (u->parent == 0)
            return u;
    return NULL;
}

static bool write_root(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "INSERT INTO vault_root (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                              " ON CONFLICT (size) DO NOTHING";
    const struct root *r = arg;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(r->size), I64(r->at), TEXT(r->hash), TEXT(r->text), TEXT(r->algorithm), TEXT(r->signature),
                        TEXT(r->public_key), TEXT(r->certificate)));
}

static bool reckon(struct house *h, struct root *out, struct digest *hash, struct error *e)
{
    auto_read struct db *db = NULL;
    struct merkle tree;

    if (!store_read(h->store, &db, e) || !log_size(db, &out->size, e))
        return false;
    if (out->size == 0)
        return fail(e, E_NOT_FOUND, "nobody has looked at anything yet");
    tree = log_tree(db);
    return merkle_root(&tree, out->size, hash, e);
}

bool root_publish(struct house *h, struct arena *a, int64_t now, struct root *out, struct error *e)
{
    const struct unit *city = city_of(h);
    struct root r = {.at = now};
    struct attestation attested;
    struct digest hash;
    char hex[DIGEST_HEX], at[INSTANT_TEXT_MAX];
    bool found;

    if (!city)
        return fail(e, E_INTERNAL, "no city to sign for");
    if (!reckon(h, &r, &hash, e))
        return false;
    digest_hex(&hash, hex);
    instant_format(now, at);
    r.hash = hex;
    r.text = arena_printf(a, "motcua vault log\n%s\n%" PRId64 "\n%s\n%s\n", city->code, r.size, hex, at);
    if (!document_attest(h, city, (struct bytes){r.text, strlen(r.text)}, a, &attested, e))
        return false;
    r.algorithm = attested.algorithm;
    r.signature = attested.signature;
    r.public_key = attested.public_key;
    r.certificate = attested.certificate;
    if (!store_write(h->store, write_root, &r, e))
        return false;
    {
        auto_read struct db *db = NULL;

        return store_read(h->store, &db, e) && root_find(db, a, r.size, out, &found, e) &&
               (found || fail(e, E_INTERNAL, "a root that was not kept"));
    }
}

static bool run(struct job *job, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct root root;

    return root_publish(job->arg, a, now_ms(), &root, e);
}

void roots_define(struct house *h)
{
    store_job_kind(h->store, &(struct job_kind){.name = job_name, .run = run, .arg = h, .tries = ROOT_TRIES});
}
