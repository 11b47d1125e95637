/* Repeated requests: a key, what was asked under it, and what that created. Kept in the same commit as the thing
 * itself, so that either both are there or neither is. */
#include "people/people_internal.h"

#include <inttypes.h>
#include <string.h>

enum { SWEEP_ROWS = 2000 };
static const int64_t KEEP_MS = 2LL * DAY_MS;

bool request_repeated(struct db *db, int64_t actor, const char *key, const struct digest *fingerprint, struct arena *a,
                      const char **ref, struct error *e)
{
    static const char sql[] = "SELECT fingerprint, ref FROM repeated WHERE actor = $1 AND key = $2";
    auto_rows struct rows *r = NULL;
    struct bytes before;
    bool found;

    *ref = NULL;
    if (!db_find(db, &r, &found, e, sql, ARGS(I64(actor), TEXT(key))))
        return false;
    if (!found)
        return true;
    before = rows_blob(r, 0);
    if (before.len != sizeof fingerprint->bytes || memcmp(before.data, fingerprint->bytes, before.len) != 0)
        return fail(e, E_IDEMPOTENCY_REUSED, "the key came with another request before");
    *ref = arena_strdup(a, rows_text(r, 1));
    return true;
}

bool request_keep(struct db *db, int64_t actor, const char *key, const struct digest *fingerprint, const char *ref,
                  int64_t now, struct error *e)
{
    static const char sql[] = "INSERT INTO repeated (actor, key, fingerprint, ref, at) VALUES ($1, $2, $3, $4, $5)";
    struct bytes print = {fingerprint->bytes, sizeof fingerprint->bytes};

    return db_exec(db, NULL, e, sql, ARGS(I64(actor), TEXT(key), BLOB(print), TEXT(ref), I64(now)));
}

bool make_once(struct db *db, void *arg, struct error *e)
{
    struct once *x = arg;
    const char *ref = NULL;

    *x->made = 0;
    if (x->key && !request_repeated(db, x->actor, x->key, &x->fingerprint, x->arena, &ref, e))
        return false;
    x->repeated = ref != NULL;
    if (ref)
        return text_to_i64(ref, 1, INT64_MAX, x->made) || fail(e, E_DATABASE, "a repeated request without an id");
    return x->make(db, x->arg, e) && (!x->key || request_keep(db, x->actor, x->key, &x->fingerprint,
                                                              arena_printf(x->arena, "%" PRId64, *x->made), x->now, e));
}

bool request_sweep(struct db *db, int64_t now, struct error *e)
{
    static const char sql[] =
        "DELETE FROM repeated WHERE (actor, key) IN (SELECT actor, key FROM repeated WHERE at < $1 LIMIT $2)";

    return db_exec(db, NULL, e, sql, ARGS(I64(now - KEEP_MS), I64(SWEEP_ROWS)));
}
