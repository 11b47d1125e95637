/* Taking back what a case wrote, when its result is withdrawn. Nothing is removed: what was new ends, what was changed
 * is set back by a further version, and what somebody wrote over since stays and is marked, for whoever keeps the book.
 */
#include "registry/registry_internal.h"

enum { TOUCHED_MAX = 256 };

struct touched {
    const char *registry, *key;
    int64_t first, last, n; /* versions that the case made */
};

static bool find_touched(struct db *db, struct arena *a, int64_t case_id, struct touched *out, size_t *n,
                         struct error *e)
{
    /* The youngest first: what was written upon another goes before it. */
    static const char sql[] = "SELECT registry, key, min(version), max(version), count(*) FROM record_change"
                              " WHERE case_id = $1 GROUP BY registry, key ORDER BY max(id) DESC";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(case_id))))
        return false;
    for (*n = 0;; ++*n) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        if (*n == TOUCHED_MAX)
            return fail(e, E_INTERNAL, "a case wrote more than %d records", TOUCHED_MAX);
        out[*n] = (struct touched){arena_strdup(a, rows_text(r, 0)), arena_strdup(a, rows_text(r, 1)), rows_i64(r, 2),
                                   rows_i64(r, 3), rows_i64(r, 4)};
    }
}

/* *body NULL: before that version there was no record, or it had ended. */
static bool body_before(struct db *db, struct arena *a, const struct touched *t, json_t **body, struct error *e)
{
    static const char sql[] = "SELECT body FROM record_change WHERE registry = $1 AND key = $2 AND version = $3"
                              " AND valid_to IS NULL";
    auto_rows struct rows *r = NULL;
    bool found;

    *body = NULL;
    if (!db_find(db, &r, &found, e, sql, ARGS(TEXT(t->registry), TEXT(t->key), I64(t->first - 1))))
        return false;
    if (found)
        *body = json_held(a, rows_json_new(r, 0));
    return true;
}

static bool take_back(struct db *db, const struct house *h, struct arena *a, const struct touched *t,
                      const struct record_undo *undo, struct error *e)
{
    const struct registry *r = registry_find(h, t->registry);
    struct record_write w = {.key = t->key,
                             .actor = undo->actor,
                             .case_id = undo->case_id,
                             .unit = undo->unit,
                             .reason = undo->reason,
                             .now = undo->now,
                             .valid_from = INSTANT_NONE};
    struct record now;
    json_t *before;
    bool found;

    if (!r)
        return true; /* the registry is no more */
    if (!record_find(db, a, r, t->key, &now, &found, e) || !body_before(db, a, t, &before, e))
        return false;
    if (!found)
        return true; /* somebody has ended it */
    w.seen = now.version;
    w.body = before;
    if (now.version != t->last || t->n != t->last - t->first + 1) {
        w.body = now.body;
        w.reason = undo->reason_kept;
    }
    return w.body ? record_put(db, r, &w, NULL, a, e) : record_end(db, r, &w, e);
}

bool records_undo(struct db *db, const struct house *h, struct arena *a, const struct record_undo *undo,
                  struct error *e)
{
    struct touched *rows = arena_array(a, struct touched, TOUCHED_MAX);
    size_t n;

    if (!find_touched(db, a, undo->case_id, rows, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!take_back(db, h, a, &rows[i], undo, e))
            return false;
    return true;
}
