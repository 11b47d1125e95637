/* Writing records. A write names the version it saw, leaves the version it made in record_change, its text in the
 * search table and an event, all in one commit. Whatever can be refused is refused before the first change, so that a
 * batch can go on after a bad row. */
#include "registry/registry_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *field_text(struct arena *a, const json_t *body, const char *pointer)
{
    const json_t *j = json_at(body, pointer);

    if (json_is_string(j))
        return json_string_value(j);
    if (json_is_integer(j))
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
    if (json_is_boolean(j))
        return json_is_true(j) ? "true" : "false";
    return NULL;
}

bool record_key(struct arena *a, const struct registry *r, const char *given, const json_t *body, const char **out,
                struct error *e)
{
    const char *own = r->key ? field_text(a, body, r->key) : NULL;
    const char *key = given ? given : own;

    if (text_is_empty(key)) {
        (void)fail_field(e, r->key ? r->key : "", "required", "");
        return fail(e, E_RECORD_INVALID, "a record of %s without a key", r->name);
    }
    if (given && own && strcmp(given, own) != 0) {
        (void)fail_field(e, r->key, "const", given);
        return fail(e, E_RECORD_INVALID, "the key of a record of %s differs from its body", r->name);
    }
    if (strlen(key) > REGISTRY_KEY_MAX) {
        (void)fail_field(e, r->key ? r->key : "", "maxLength", "200");
        return fail(e, E_RECORD_INVALID, "a key of %zu bytes", strlen(key));
    }
    *out = key;
    return true;
}

bool record_unique(struct db *db, struct arena *a, const struct registry *r, const json_t *body, int64_t id,
                   struct error *e)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct registry_field *f = &r->fields[i];
        const char *value = f->unique ? field_text(a, body, f->pointer) : NULL;
        auto_rows struct rows *rows = NULL;
        bool found;

        if (!value)
            continue;
        if (!db_find(db, &rows, &found, e,
                     arena_printf(a, "SELECT id FROM %s WHERE %s = $1 AND id <> $2 LIMIT 1", r->table,
                                  db_name(a, f->column)),
                     ARGS(TEXT(value), I64(id))))
            return false;
        if (found) {
            (void)fail_field(e, f->pointer, "unique", "");
            return fail(e, E_CONFLICT, "%s: another record has this %s", r->name, f->name);
        }
    }
    return true;
}

/* The values of the searched fields in one folded line; NULL when there are none. */
static const char *search_text(struct arena *a, const struct registry *r, const json_t *body)
{
    auto_buf struct buf b = BUF_INIT(REGISTRY_TEXT_MAX);
    const char *folded;

    for (size_t i = 0; i < r->n_search; i++) {
        const char *text = field_text(a, body, r->search[i]);

        if (!text)
            continue;
        buf_puts(&b, text);
        buf_puts(&b, " ");
    }
    if (!b.len)
        return NULL;
    if (b.overflow)
        text_truncate_utf8(b.data);
    folded = text_fold(a, b.data);
    return *folded ? folded : NULL;
}

static bool keep_version(struct db *db, const struct registry *r, const struct record *now,
                         const struct record_write *w, const char *body, struct error *e)
{
    return db_exec(db, NULL, e,
                   "INSERT INTO record_change (id, registry, record, key, version, body, at, actor, case_id, reason,"
                   " valid_from, valid_to, unit) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                   ARGS(I64(id_new()), TEXT(r->name), I64(now->id), TEXT(now->key), I64(now->version), TEXT(body),
                        I64(w->now), I64(w->actor), I64(w->case_id), TEXT(w->reason), I64(now->valid_from),
                        INSTANT(now->valid_to), I64(now->unit)));
}

static bool tell(struct db *db, const struct registry *r, const struct record *now, const struct record_write *w,
                 const json_t *before, const json_t *after, struct error *e)
{
    const struct record_changed detail = {r, now->key, before, after, now->version, w->actor, w->case_id};

    return db_emit(db, "record.changed", now->id, &detail, e);
}

static bool stale(const struct registry *r, int64_t seen, int64_t current, struct error *e)
{
    error_extra_new(e, "version", json_integer(current));
    return fail(e, E_STALE, "%s: version %" PRId64 " was seen, %" PRId64 " is current", r->name, seen, current);
}

/* Why an insert changed nothing: the key is taken, or a unique value is. */
static bool refused_insert(struct db *db, struct arena *a, const struct registry *r, const struct record *new,
                           struct error *e)
{
    auto_rows struct rows *rows = NULL;
    bool found;

    if (!db_find(db, &rows, &found, e, r->sql.find, ARGS(TEXT(new->key))))
        return false;
    if (found) {
        error_extra_new(e, "version", json_integer(rows_i64(rows, 1)));
        return fail(e, E_RECORD_EXISTS, "%s has a record with this key", r->name);
    }
    rows_close(rows);
    rows = NULL;
    return record_unique(db, a, r, new->body, 0, e) && fail(e, E_CONFLICT, "%s: the record was not taken", r->name);
}

static bool insert(struct db *db, const struct registry *r, const struct record_write *w, struct record *new,
                   struct arena *a, bool *untouched, struct error *e)
{
    const char *body = json_text(a, new->body);
    int64_t changed;

    new->id = id_new();
    new->version = 1;
    new->unit = w->unit ? w->unit : r->owner;
    if (!db_exec(db, &changed, e, r->sql.insert,
                 ARGS(I64(new->id), TEXT(new->key), TEXT(body), I64(new->valid_from), I64(new->unit), I64(w->now))))
        return false;
    if (changed == 0)
        return refused_insert(db, a, r, new, e);
    *untouched = false;
    return keep_version(db, r, new, w, body, e) &&
           db_search_add(db, arena_printf(a, "s_%s", r->name), new->id, search_text(a, r, new->body), e) &&
           tell(db, r, new, w, NULL, new->body, e);
}

static bool update(struct db *db, const struct registry *r, const struct record_write *w, const struct record *old,
                   struct record *new, struct arena *a, bool *untouched, struct error *e)
{
    const char *body = json_text(a, new->body);
    int64_t changed;

    new->id = old->id;
    new->version = old->version + 1;
    new->unit = w->unit ? w->unit : old->unit;
    if (!record_unique(db, a, r, new->body, old->id, e))
        return false;
    if (!db_exec(db, &changed, e, r->sql.update,
                 ARGS(TEXT(old->key), I64(old->version), I64(new->version), TEXT(body), I64(new->valid_from),
                      I64(new->unit), I64(w->now))))
        return false;
    if (changed == 0)
        return stale(r, old->version, old->version + 1, e);
    *untouched = false;
    return keep_version(db, r, new, w, body, e) &&
           db_search_put(db, arena_printf(a, "s_%s", r->name), new->id, search_text(a, r, new->body), e) &&
           tell(db, r, new, w, old->valid_to == INSTANT_NONE ? old->body : NULL, new->body, e);
}

bool record_put_step(struct db *db, const struct registry *r, const struct record_write *w, struct record *out,
                     struct arena *a, bool *untouched, struct error *e)
{
    struct record old, new = {.valid_from = w->valid_from == INSTANT_NONE ? w->now : w->valid_from,
                              .valid_to = INSTANT_NONE,
                              .changed_at = w->now};
    bool found = false;

    *untouched = true;
    if (!schema_validate(r->schema, w->body, e))
        return fail(e, E_RECORD_INVALID, "a record of %s does not fit its schema", r->name);
    if (!record_key(a, r, w->key, w->body, &new.key, e))
        return false;
    /* A new record needs no look-up: the insert itself finds out. */
    if (w->seen != 0 && !record_find_any(db, a, r, new.key, &old, &found, e))
        return false;
    if (w->seen > 0 && (!found || old.version != w->seen))
        return found ? stale(r, w->seen, old.version, e)
                     : fail(e, E_NOT_FOUND, "%s has no record with this key", r->name);
    new.body = json_held(a, json_incref((json_t *)(uintptr_t)w->body));
    new.key = arena_strdup(a, new.key);
    if (!(found ? update(db, r, w, &old, &new, a, untouched, e) : insert(db, r, w, &new, a, untouched, e)))
        return false;
    if (out)
        *out = new;
    return true;
}

bool record_put(struct db *db, const struct registry *r, const struct record_write *w, struct record *out,
                struct arena *a, struct error *e)
{
    bool untouched;

    return record_put_step(db, r, w, out, a, &untouched, e);
}

bool record_end(struct db *db, const struct registry *r, const struct record_write *w, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct record old, new;
    bool found;
    int64_t changed;

    if (!record_find(db, a, r, w->key, &old, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "%s has no such record, or it has ended", r->name);
    if (w->seen >= 0 && w->seen != old.version)
        return stale(r, w->seen, old.version, e);
    new = old;
    new.version++;
    new.valid_to = w->now;
    if (!db_exec(db, &changed, e, r->sql.end,
                 ARGS(TEXT(old.key), I64(old.version), I64(new.version), I64(new.valid_to), I64(w->now))))
        return false;
    if (changed == 0)
        return stale(r, old.version, old.version + 1, e);
    return keep_version(db, r, &new, w, json_text(a, old.body), e) &&
           db_search_put(db, arena_printf(a, "s_%s", r->name), new.id, NULL, e) &&
           tell(db, r, &new, w, old.body, NULL, e);
}
