/* Statements and their values, the same for every database: what of them needs no engine. */
#include "db/db_internal.h"

#include <string.h>

uint64_t sql_hash(const char *sql, size_t len)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ len, part;

    for (; len >= sizeof part; sql += sizeof part, len -= sizeof part) {
        memcpy(&part, sql, sizeof part);
        h = (h ^ part) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    for (; len > 0; sql++, len--)
        h = (h ^ (unsigned char)*sql) * 0x100000001b3u;
    return h ^ (h >> 29);
}

static const struct engine *engine_of(const struct rows *r)
{
    return r->db->store->engine;
}

bool db_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args)
{
    return db->store->engine->exec(db, changed, e, sql, args);
}

bool db_query(struct db *db, struct rows **out, struct error *e, const char *sql, const struct value *args)
{
    return db->store->engine->query(db, out, true, e, sql, args);
}

bool rows_next(struct rows *r, bool *more, struct error *e)
{
    return engine_of(r)->next(r, more, e);
}

bool db_find(struct db *db, struct rows **out, bool *found, struct error *e, const char *sql, const struct value *args)
{
    return db->store->engine->query(db, out, false, e, sql, args) && rows_next(*out, found, e);
}

bool db_ids(struct db *db, int64_t *out, size_t max, size_t *n, struct error *e, const char *sql,
            const struct value *args)
{
    auto_rows struct rows *r = NULL;
    bool more = true;

    *n = 0;
    if (!db_query(db, &r, e, sql, args))
        return false;
    while (*n < max && rows_next(r, &more, e) && more)
        out[(*n)++] = rows_i64(r, 0);
    return *n == max || !more;
}

bool db_texts(struct db *db, struct arena *a, const char **out, size_t max, size_t *n, struct error *e, const char *sql,
              const struct value *args)
{
    auto_rows struct rows *r = NULL;
    bool more = true;

    *n = 0;
    if (!db_query(db, &r, e, sql, args))
        return false;
    while (*n < max && rows_next(r, &more, e) && more)
        out[(*n)++] = arena_strdup(a, rows_text(r, 0));
    return *n == max || !more;
}

void rows_close(struct rows *r)
{
    if (r)
        engine_of(r)->end(r);
}

/* ---- columns ---- */
struct value TEXT(const char *s) {
    if (!s)
        return (struct value){.kind = VALUE_NULL};
    return (struct value){.kind = VALUE_TEXT, .bytes = {s, strlen(s)}};
}

int64_t
rows_i64(struct rows *r, int column)
{
    return engine_of(r)->i64(r, column);
}

int64_t rows_instant(struct rows *r, int column)
{
    return rows_is_null(r, column) ? INSTANT_NONE : rows_i64(r, column);
}

double rows_f64(struct rows *r, int column)
{
    return engine_of(r)->f64(r, column);
}

const char *rows_text(struct rows *r, int column)
{
    return engine_of(r)->text(r, column);
}

struct bytes rows_blob(struct rows *r, int column)
{
    return engine_of(r)->blob(r, column);
}

bool rows_is_null(struct rows *r, int column)
{
    return engine_of(r)->is_null(r, column);
}

json_t *rows_json_new(struct rows *r, int column)
{
    struct bytes text = rows_blob(r, column);
    json_error_t why;
    json_t *j;

    if (!text.data)
        return NULL;
    j = json_loadb(text.data, text.len, JSON_DECODE_ANY, &why);
    if (!j)
        log_line(LOG_ERROR, "stored-json-broken", "column=%d at=%d sql=\"%.120s\"", column, why.position,
                 engine_of(r)->sql_of(r));
    return j;
}

char *db_name(struct arena *a, const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t len = strlen(name);

    if (len == 0 || len > 63 || strspn(name, allowed) != len)
        die("a table or column name from an unchecked definition", len);
    return arena_printf(a, "\"%s\"", name);
}
