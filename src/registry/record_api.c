/* Records over HTTP. What is shown is what the sharing rules show, and every look at somebody else's data is written
 * down. A filter on a field that the caller may not see would show it after all, so it is refused. */
#include "registry/registry_api.h"

#include <inttypes.h>
#include <string.h>

struct records_params {
    const char *q, *at;
};
struct write_params {
    const char *reason;
};

/* clang-format off */
const struct field records_fields[] = {
    {"q",       FIELD_TEXT, offsetof(struct records_params, q),  0, 100, NULL, "Words, with or without diacritics"},
    {"at",      FIELD_TEXT, offsetof(struct records_params, at), 0, 40,  NULL, "As of an instant or the start of a date"},
    {"purpose", FIELD_TEXT, 0, 0, 20, "case|self|public|stewardship", "Why they are read"},
    {"case",    FIELD_TEXT, 0, 0, 60, NULL, "Code of the case they are read for"},
    {0},
};
const struct field record_fields[] = {
    {"at",      FIELD_TEXT, offsetof(struct records_params, at), 0, 40, NULL, "As of an instant or the start of a date"},
    {"purpose", FIELD_TEXT, 0, 0, 20, "case|self|public|stewardship", "Why it is read"},
    {"case",    FIELD_TEXT, 0, 0, 60, NULL, "Code of the case it is read for"},
    {0},
};
const struct field write_fields[] = {
    {"reason", FIELD_TEXT, offsetof(struct write_params, reason), 0, 500, NULL, "Kept in the history"},
    {0},
};
static const struct field query_fields[] = {
    {"q",  FIELD_TEXT, offsetof(struct records_params, q),  0, 100},
    {"at", FIELD_TEXT, offsetof(struct records_params, at), 0, 40},
    {0},
};
/* clang-format on */

static bool read_at(const char *text, int64_t *at, struct error *e)
{
    struct date d;

    *at = INSTANT_NONE;
    if (!text)
        return true;
    if (date_parse(text, &d)) {
        *at = date_start_ms(d);
        return true;
    }
    if (instant_parse(text, at))
        return true;
    (void)fail_field(e, "/at", "date-time", "");
    return fail(e, E_BAD_QUERY, "at is neither an instant nor a date");
}

/* The title is made of what is shown, or it would tell more. */
static json_t *record_json_new(struct request *q, const struct registry *r, const struct view *view,
                               const struct record *record)
{
    json_t *j = json_object(), *body = view_body_new(view, record->body);
    const char *title = record_title(request_arena(q), r, body, request_lang(q));

    json_object_set_new(j, "key", json_string(record->key));
    json_object_set_new(j, "version", json_integer(record->version));
    json_object_set_new(j, "body", body);
    json_object_set_new(j, "valid_from", json_instant(record->valid_from));
    json_object_set_new(j, "valid_to", json_instant(record->valid_to));
    json_object_set_new(j, "unit", unit_or_null(request_house(q), record->unit, request_lang(q)));
    json_object_set_new(j, "title", json_string(title));
    return j;
}

/* ---- lists ---- */

static bool read_where(struct request *q, const struct access *x, struct record_query *out, struct error *e)
{
    static const char *const plain[] = {"q", "at", "purpose", "case", "limit", "cursor"};
    const char *name, *value;

    for (size_t i = 0; request_query_at(q, i, &name, &value); i++) {
        size_t len = strlen(name);
        const struct registry_field *f;
        const char *field;
        bool is_plain = false;

        for (size_t p = 0; p < COUNT(plain); p++)
            is_plain |= strcmp(name, plain[p]) == 0;
        if (is_plain || !*value)
            continue; /* an empty box of a form asks for nothing */
        if (!text_starts_with(name, "where[") || name[len - 1] != ']')
            return fail(e, E_BAD_QUERY, "%.60s is no parameter of a list of records", name);
        if (out->n_where == COUNT(out->where) - 1)
            return fail(e, E_BAD_QUERY, "at most %zu fields at once", COUNT(out->where) - 1);
        field = arena_strndup(request_arena(q), name + 6, len - 7);
        f = registry_field(x->registry, field);
        if (f && !view_shows(&x->view, f->pointer))
            return fail(e, E_FORBIDDEN, "%s is not shown to this caller", f->name);
        out->where[out->n_where].field = field;
        out->where[out->n_where++].value = value;
    }
    return true;
}

static bool may_search(const struct access *x, struct error *e)
{
    const struct registry *r = x->registry;

    if (r->n_search == 0)
        return fail(e, E_BAD_QUERY, "%s has no searched fields", r->name);
    for (size_t i = 0; i < r->n_search; i++)
        if (!view_shows(&x->view, r->search[i]))
            return fail(e, E_FORBIDDEN, "words search %s, which is not shown to this caller", r->search[i]);
    return true;
}

/* One's own records: those whose person is the caller. */
static bool limit_to_self(const struct access *x, struct record_query *query, struct error *e)
{
    if (strcmp(x->purpose, "self") != 0)
        return true;
    if (!registry_field(x->registry, x->registry->person_name))
        return fail(e, E_FORBIDDEN, "%s cannot be listed by person", x->registry->name);
    query->where[query->n_where].field = x->registry->person_name;
    query->where[query->n_where++].value = x->who->number;
    return true;
}

static bool read_query(struct request *q, const struct access *x, struct record_query *out, int64_t *at,
                       struct error *e)
{
    struct records_params params;
    struct page page;

    *out = (struct record_query){0};
    if (!request_query_fields(q, query_fields, &params, e) || !request_page(q, &page, e) ||
        !read_at(params.at, at, e) || !read_where(q, x, out, e) || (params.q && !may_search(x, e)) ||
        !limit_to_self(x, out, e))
        return false;
    if (*at != INSTANT_NONE && (params.q || out->n_where))
        return fail(e, E_BAD_QUERY, "the past is listed by key only: at goes without q, where and self");
    out->q = params.q;
    out->cursor = page.cursor;
    out->limit = (size_t)page.limit + 1;
    return true;
}

bool get_records(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    auto_read struct db *db = NULL;
    struct access x;
    struct record_query query;
    struct record *records;
    json_t *items;
    int64_t at;
    size_t n, limit;

    if (!access_open(q, &x, e) || !read_query(q, &x, &query, &at, e) || !store_read(request_house(q)->store, &db, e))
        return false;
    records = arena_array(a, struct record, query.limit);
    if (!(at == INSTANT_NONE ? record_list(db, a, x.registry, &query, records, &n, e)
                             : record_list_at(db, a, x.registry, at, query.cursor, query.limit, records, &n, e)))
        return false;
    limit = query.limit - 1;
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++) {
        access_audit(q, &x, "search", records[i].key, records[i].body);
        json_array_append_new(items, record_json_new(q, x.registry, &x.view, &records[i]));
    }
    return reply_page(r, items, n > limit ? page_cursor(q, records[limit - 1].key) : NULL);
}

/* ---- one ---- */

/* A record that is not the caller's own is as good as none, but the try is written down. */
static bool is_shown(struct request *q, const struct access *x, const char *key, const json_t *body, struct error *e)
{
    if (strcmp(x->purpose, "self") != 0 || record_is_about(x->registry, body, x->who->number))
        return true;
    access_audit(q, x, "denied", key, body);
    return fail(e, E_NOT_FOUND, "not the caller's own record");
}

bool get_record(struct request *q, struct reply *r, struct error *e)
{
    static const struct field fields[] = {{"at", FIELD_TEXT, offsetof(struct records_params, at), 0, 40}, {0}};
    const char *key = request_param(q, "key");
    auto_read struct db *db = NULL;
    struct records_params params;
    struct access x;
    struct record record;
    int64_t at;
    bool found;

    if (!access_open(q, &x, e) || !request_query_fields(q, fields, &params, e) || !read_at(params.at, &at, e) ||
        !store_read(request_house(q)->store, &db, e))
        return false;
    if (!(at == INSTANT_NONE ? record_find_any(db, request_arena(q), x.registry, key, &record, &found, e)
                             : record_at(db, request_arena(q), x.registry, key, at, &record, &found, e)))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "%s has no such record", x.registry->name);
    if (!is_shown(q, &x, key, record.body, e))
        return false;
    access_audit(q, &x, "read", key, record.body);
    reply_etag(r, record.version);
    return reply_json(r, 200, record_json_new(q, x.registry, &x.view, &record));
}

static json_t *version_new(struct request *q, struct db *db, const struct access *x, const struct record_version *v)
{
    json_t *j = record_json_new(q, x->registry, &x->view, &v->record);
    auto_error struct error unread;
    struct party party;
    bool found = false;

    error_init(&unread);
    if (v->actor && !party_find(db, request_arena(q), v->actor, &party, &found, &unread))
        found = false; /* the version is worth more than the name on it */
    json_object_set_new(j, "at", json_instant(v->at));
    json_object_set_new(j, "actor", json_text_or_null(found ? party.name : NULL));
    json_object_set_new(j, "case_id", v->case_id ? json_id(v->case_id) : json_null());
    json_object_set_new(j, "reason", json_text_or_null(v->reason));
    return j;
}

bool get_history(struct request *q, struct reply *r, struct error *e)
{
    const char *key = request_param(q, "key");
    struct arena *a = request_arena(q);
    auto_read struct db *db = NULL;
    struct access x;
    struct page page;
    struct record_version *versions;
    json_t *items;
    int64_t before = INT64_MAX;
    size_t n, limit;

    if (!access_open(q, &x, e) || !request_page(q, &page, e))
        return false;
    if (page.cursor && !text_to_i64(page.cursor, 1, INT64_MAX, &before))
        return fail(e, E_BAD_CURSOR, "not a version");
    limit = (size_t)page.limit;
    versions = arena_array(a, struct record_version, limit + 1);
    if (!store_read(request_house(q)->store, &db, e) ||
        !record_history(db, a, x.registry, key, before, limit + 1, versions, &n, e))
        return false;
    if (n == 0 && !page.cursor)
        return fail(e, E_NOT_FOUND, "%s has no such record", x.registry->name);
    if (n && !is_shown(q, &x, key, versions[0].record.body, e))
        return false;
    if (n)
        access_audit(q, &x, "read", key, versions[0].record.body);
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, version_new(q, db, &x, &versions[i]));
    return reply_page(
        r, items, n > limit ? page_cursor(q, arena_printf(a, "%" PRId64, versions[limit - 1].record.version)) : NULL);
}

/* ---- writing ---- */

struct writing {
    const struct registry *registry;
    struct arena *arena;
    const json_t *patch; /* NULL: write.body is whole */
    struct record_write write;
    struct record out;
};

/* RFC 7396. New reference. */
static json_t *merged_new(const json_t *target, const json_t *patch)
{
    json_t *out;
    const char *name;
    json_t *value;

    if (!json_is_object(patch))
        return json_deep_copy(patch);
    out = json_is_object(target) ? json_copy((json_t *)(uintptr_t)target) : json_object();
    json_object_foreach((json_t *)(uintptr_t)patch, name, value)
    {
        if (json_is_null(value))
            (void)json_object_del(out, name); /* absent already is fine */
        else
            (void)json_object_set_new(out, name, merged_new(json_object_get(out, name), value));
    }
    return out;
}

static bool write_record(struct db *db, void *arg, struct error *e)
{
    struct writing *x = arg;
    struct record_write w = x->write;
    json_auto_t *merged = NULL;
    struct record old;
    bool found;

    if (x->patch) {
        if (!record_find(db, x->arena, x->registry, w.key, &old, &found, e))
            return false;
        if (!found)
            return fail(e, E_NOT_FOUND, "%s has no such record", x->registry->name);
        w.body = merged = merged_new(old.body, x->patch);
        w.seen = w.seen < 0 ? old.version : w.seen;
    }
    return record_put(db, x->registry, &w, &x->out, x->arena, e);
}

static bool end_record(struct db *db, void *arg, struct error *e)
{
    struct writing *x = arg;

    return record_end(db, x->registry, &x->write, e);
}

static bool open_write(struct request *q, struct writing *x, struct error *e)
{
    struct write_params params;

    *x = (struct writing){.arena = request_arena(q)};
    if (!steward_open(q, &x->registry, e) || !request_query_fields(q, write_fields, &params, e) ||
        !request_if_match(q, &x->write.seen, e))
        return false;
    x->write.key = request_param(q, "key");
    x->write.actor = request_actor(q)->party;
    x->write.reason = params.reason;
    x->write.now = request_now(q);
    x->write.valid_from = INSTANT_NONE;
    return true;
}

static bool write_body(struct request *q, struct reply *r, bool is_patch, struct error *e)
{
    struct view all = {.all = true};
    struct writing x;
    const json_t *body;
    json_t *copy;

    if (!open_write(q, &x, e))
        return false;
    body = request_body(q, e);
    if (!body)
        return false;
    copy = json_held(x.arena, json_deep_copy(body));
    json_nfc(copy);
    x.write.body = copy;
    x.patch = is_patch ? copy : NULL;
    if (!store_write(request_house(q)->store, write_record, &x, e))
        return false;
    reply_etag(r, x.out.version);
    return reply_json(r, 200, record_json_new(q, x.registry, &all, &x.out));
}

bool put_record(struct request *q, struct reply *r, struct error *e)
{
    return write_body(q, r, false, e);
}

bool patch_record(struct request *q, struct reply *r, struct error *e)
{
    return write_body(q, r, true, e);
}

bool delete_record(struct request *q, struct reply *r, struct error *e)
{
    struct writing x;

    return open_write(q, &x, e) && store_write(request_house(q)->store, end_record, &x, e) && reply_empty(r, 204);
}
