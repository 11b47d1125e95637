/* Reading records: by key, by an indexed field, by words, as of an instant, and their history. Pages walk the key. */
#include "registry/registry_internal.h"

#include <string.h>

/* id, version, key, body, valid_from, valid_to, unit, changed_at */
static void read_record(struct rows *rows, struct arena *a, struct record *out)
{
    *out = (struct record){
        .id = rows_i64(rows, 0),
        .version = rows_i64(rows, 1),
        .key = arena_strdup(a, rows_text(rows, 2)),
        .body = rows_json_new(rows, 3),
        .valid_from = rows_instant(rows, 4),
        .valid_to = rows_instant(rows, 5),
        .unit = rows_i64(rows, 6),
        .changed_at = rows_instant(rows, 7),
    };
    (void)json_held(a, out->body);
}

static bool read_all(struct rows *rows, struct arena *a, struct record *out, size_t max, size_t *n, struct error *e)
{
    bool more = true;

    for (*n = 0; *n < max; (*n)++) {
        if (!rows_next(rows, &more, e))
            return false;
        if (!more)
            return true;
        read_record(rows, a, &out[*n]);
    }
    return true;
}

bool record_find_any(struct db *db, struct arena *a, const struct registry *r, const char *key, struct record *out,
                     bool *found, struct error *e)
{
    auto_rows struct rows *rows = NULL;

    if (!db_find(db, &rows, found, e, r->sql.find, ARGS(TEXT(key))))
        return false;
    if (*found)
        read_record(rows, a, out);
    return true;
}

bool record_find(struct db *db, struct arena *a, const struct registry *r, const char *key, struct record *out,
                 bool *found, struct error *e)
{
    if (!record_find_any(db, a, r, key, out, found, e))
        return false;
    *found = *found && out->valid_to == INSTANT_NONE;
    return true;
}

bool record_at(struct db *db, struct arena *a, const struct registry *r, const char *key, int64_t at,
               struct record *out, bool *found, struct error *e)
{
    auto_rows struct rows *rows = NULL;

    if (!db_find(db, &rows, found, e,
                 "SELECT record, version, key, body, valid_from, valid_to, unit, at FROM record_change"
                 " WHERE registry = $1 AND key = $2 AND valid_from <= $3 ORDER BY version DESC LIMIT 1",
                 ARGS(TEXT(r->name), TEXT(key), I64(at))))
        return false;
    if (*found)
        read_record(rows, a, out);
    *found = *found && (out->valid_to == INSTANT_NONE || out->valid_to > at);
    return true;
}

/* Says which fields could have been asked for. */
static bool not_indexed(const struct registry *r, const char *name, struct error *e)
{
    auto_buf struct buf b = BUF_INIT(ERROR_DETAIL_MAX);

    buf_puts(&b, "");
    for (size_t i = 0; i < r->n_fields; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", r->fields[i].name);
    (void)fail_field(e, name, "unknown", "");
    error_extra_new(e, "indexed", json_string(b.data));
    return fail(e, E_BAD_QUERY, "%.60s is not an indexed field of %s; these are: %s", name, r->name, b.data);
}

bool record_list(struct db *db, struct arena *a, const struct registry *r, const struct record_query *query,
                 struct record *out, size_t *n, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(8 << 10);
    auto_rows struct rows *rows = NULL;
    struct value args[COUNT(query->where) + 4];
    size_t k = 0;

    *n = 0;
    buf_printf(&sql,
               "SELECT id, version, key, body, valid_from, valid_to, unit, changed_at FROM %s WHERE valid_to IS NULL",
               r->table);
    for (size_t i = 0; i < query->n_where; i++) {
        const struct registry_field *f = registry_field(r, query->where[i].field);

        if (!f)
            return not_indexed(r, query->where[i].field, e);
        args[k++] = TEXT(query->where[i].value);
        buf_printf(&sql, " AND %s = $%zu", db_name(a, f->column), k);
    }
    if (query->q) {
        const char *words = db_search_words(a, query->q);

        if (!words)
            return true; /* nothing but signs matches nothing */
        args[k++] = TEXT(words);
        buf_printf(&sql, " AND id IN SEARCH(%s, $%zu)", r->search_table, k);
    }
    if (query->cursor) {
        args[k++] = TEXT(query->cursor);
        buf_printf(&sql, " AND key > $%zu", k);
    }
    args[k++] = I64((int64_t)query->limit);
    buf_printf(&sql, " ORDER BY key LIMIT $%zu", k);
    args[k] = (struct value){.kind = VALUE_END};
    return db_query(db, &rows, e, sql.data, args) && read_all(rows, a, out, query->limit, n, e);
}

bool record_where(struct db *db, struct arena *a, const struct registry *r, const char *field, const char *value,
                  struct record *out, size_t max, size_t *n, struct error *e)
{
    const struct registry_field *f = registry_field(r, field);
    auto_rows struct rows *rows = NULL;

    *n = 0;
    if (!f)
        return not_indexed(r, field, e);
    return db_query(db, &rows, e, f->where, ARGS(TEXT(value), I64((int64_t)max))) && read_all(rows, a, out, max, n, e);
}

bool record_list_at(struct db *db, struct arena *a, const struct registry *r, int64_t at, const char *cursor,
                    size_t limit, struct record *out, size_t *n, struct error *e)
{
    auto_rows struct rows *rows = NULL;

    return db_query(db, &rows, e,
                    "SELECT c.record, c.version, c.key, c.body, c.valid_from, c.valid_to, c.unit, c.at"
                    " FROM record_change c WHERE c.registry = $1 AND c.key > $2 AND c.version ="
                    " (SELECT max(d.version) FROM record_change d WHERE d.registry = c.registry AND d.key = c.key"
                    " AND d.valid_from <= $3)"
                    " AND (c.valid_to IS NULL OR c.valid_to > $3) ORDER BY c.key LIMIT $4",
                    ARGS(TEXT(r->name), TEXT(cursor ? cursor : ""), I64(at), I64((int64_t)limit))) &&
           read_all(rows, a, out, limit, n, e);
}

bool record_history(struct db *db, struct arena *a, const struct registry *r, const char *key, int64_t before,
                    size_t limit, struct record_version *out, size_t *n, struct error *e)
{
    auto_rows struct rows *rows = NULL;
    bool more = true;

    *n = 0;
    if (!db_query(db, &rows, e,
                  "SELECT record, version, key, body, valid_from, valid_to, unit, at, actor, case_id, reason"
                  " FROM record_change WHERE registry = $1 AND key = $2 AND version < $3"
                  " ORDER BY version DESC LIMIT $4",
                  ARGS(TEXT(r->name), TEXT(key), I64(before), I64((int64_t)limit))))
        return false;
    for (; *n < limit; (*n)++) {
        struct record_version *v = &out[*n];

        if (!rows_next(rows, &more, e))
            return false;
        if (!more)
            break;
        read_record(rows, a, &v->record);
        v->at = rows_i64(rows, 7);
        v->actor = rows_i64(rows, 8);
        v->case_id = rows_i64(rows, 9);
        v->reason = arena_strdup(a, rows_text(rows, 10));
    }
    return true;
}

/* A page is read whole before the first call, so that each() may read other definitions; only a page is in memory. */
bool definitions_each(struct db *db, const char *registry,
                      bool (*each)(const char *key, int64_t version, const json_t *body, void *arg, struct error *e),
                      void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct record page[DEFINITIONS_PAGE];
    struct registry named = {.name = registry};
    char cursor[REGISTRY_KEY_MAX + 1] = "";
    int64_t now = now_ms();
    size_t n;

    do {
        if (!record_list_at(db, a, &named, now, cursor, DEFINITIONS_PAGE, page, &n, e))
            return false;
        for (size_t i = 0; i < n; i++) {
            if (!page[i].body)
                return fail(e, E_DATABASE, "%s %s is not JSON", registry, page[i].key);
            if (!each(page[i].key, page[i].version, page[i].body, arg, e))
                return false;
        }
        if (n)
            (void)snprintf(cursor, sizeof cursor, "%s", page[n - 1].key); /* keys are REGISTRY_KEY_MAX bytes at most */
        arena_reset(a);
    } while (n == DEFINITIONS_PAGE);
    return true;
}

bool definition_version(struct db *db, const char *registry, const char *key, int64_t version, json_t **body,
                        bool *found, struct error *e)
{
    auto_rows struct rows *rows = NULL;

    if (!db_find(db, &rows, found, e,
                 "SELECT body FROM record_change WHERE registry = $1 AND key = $2 AND version = $3",
                 ARGS(TEXT(registry), TEXT(key), I64(version))))
        return false;
    *body = *found ? rows_json_new(rows, 0) : NULL;
    return !*found || *body || fail(e, E_DATABASE, "%s %s is not JSON", registry, key);
}
