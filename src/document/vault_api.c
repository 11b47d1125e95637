/* The vault: a person's papers, what the city's registries say about them, and who looked. */
#include "document/document_internal.h"

#include <inttypes.h>

#include "document/vault_api.h"
#include "http/http.h"

enum { VAULT_DOCUMENTS_MAX = 500, VAULT_RECORDS_MAX = 100 }; /* newest; of one registry */

/* ---- documents ---- */
static bool case_code(struct db *db, struct arena *a, const struct house *h, int64_t case_id, const char **code,
                      struct error *e)
{
    case_code_fn *fn = documents_of(h)->case_code;

    *code = NULL;
    return case_id == 0 || !fn || fn(db, a, case_id, code, e);
}

static const char *title_of(const struct house *h, const struct document *d, enum lang lang)
{
    const struct paper *paper = d->kind ? paper_find(h, d->kind) : NULL;
    const char *title = paper ? paper_title(paper, lang) : "";

    return *title ? title : d->title ? d->title : "";
}

static bool add_documents(struct request *q, struct db *db, json_t *list, struct error *e)
{
    const struct house *h = request_house(q);
    struct arena *a = request_arena(q);
    struct document *documents = arena_array(a, struct document, VAULT_DOCUMENTS_MAX);
    size_t n;

    if (!document_vault(db, a, request_actor(q)->party, documents, VAULT_DOCUMENTS_MAX, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct document *d = &documents[i];
        bool expired =
            text_equal(d->status, "valid") && d->valid_until != INSTANT_NONE && d->valid_until < request_now(q);
        const char *code;
        json_t *j;

        if (!case_code(db, a, h, d->case_id, &code, e))
            return false;
        j = json_object();
        json_object_set_new(j, "id", json_id(d->id));
        json_object_set_new(j, "kind", json_text_or_null(d->kind));
        json_object_set_new(j, "title", json_string(title_of(h, d, request_lang(q))));
        json_object_set_new(j, "issued_at", json_instant(d->issued_at));
        json_object_set_new(j, "valid_until", json_instant(d->valid_until));
        json_object_set_new(j, "status", json_string(expired ? "expired" : d->status));
        json_object_set_new(j, "verify_code", json_text_or_null(d->verify_code));
        json_object_set_new(j, "case", json_text_or_null(code));
        json_array_append_new(list, j);
    }
    return true;
}

/* ---- records ---- */
static bool add_records_of(struct request *q, struct db *db, const struct registry *registry, const char *field,
                           json_t *list, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct arena *a = request_arena(q);
    struct record *records = arena_array(a, struct record, VAULT_RECORDS_MAX);
    size_t n;

    if (!field)
        return true;
    if (!record_where(db, a, registry, field, who->number, records, VAULT_RECORDS_MAX, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        json_auto_t *seen = record_shared_new(registry, records[i].body, who, "self");
        json_t *j;

        if (!seen)
            continue;
        j = json_object();
        json_object_set_new(j, "registry", json_string(registry_name(registry)));
        json_object_set_new(j, "key", json_string(records[i].key));
        json_object_set_new(j, "title", json_string(record_title(a, registry, records[i].body, request_lang(q))));
        json_array_append_new(list, j);
    }
    return true;
}

static bool add_records(struct request *q, struct db *db, json_t *list, struct error *e)
{
    const struct registry *registry;

    if (!request_actor(q)->number)
        return true;
    for (size_t i = 0; (registry = registry_at(request_house(q), i)); i++)
        if (!add_records_of(q, db, registry, registry_person_field(registry), list, e) ||
            !add_records_of(q, db, registry, registry_partner_field(registry), list, e))
            return false;
    return true;
}

bool get_vault(struct request *q, struct reply *r, struct error *e)
{
    json_auto_t *documents = json_array(), *records = json_array();
    auto_read struct db *db = NULL;

    if (!store_read(request_house(q)->store, &db, e) || !add_documents(q, db, documents, e) ||
        !add_records(q, db, records, e))
        return false;
    return reply_json(r, 200, json_pack("{s:O, s:O}", "documents", documents, "records", records));
}

/* ---- who looked ---- */
static bool access_json(struct request *q, struct db *db, const struct audit_row *row, json_t **out, struct error *e)
{
    struct arena *a = request_arena(q);
    const char *code;
    json_t *j, *who;

    if (!case_code(db, a, request_house(q), row->case_id, &code, e))
        return false;
    j = json_object();
    who = row->who || row->unit_name ? json_object() : json_null();
    if (json_is_object(who)) {
        json_object_set_new(who, "name", json_text_or_null(row->who));
        json_object_set_new(who, "unit", json_text_or_null(row->unit_name));
    }
    json_object_set_new(j, "at", json_instant(row->at));
    json_object_set_new(j, "who", who);
    json_object_set_new(j, "action", json_string(row->action));
    json_object_set_new(j, "what", json_string(row->what ? row->what : ""));
    json_object_set_new(j, "case", json_text_or_null(code));
    json_object_set_new(j, "purpose", json_text_or_null(row->purpose));
    *out = j;
    return true;
}

bool get_access_log(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct arena *a = request_arena(q);
    struct audit_row rows[PAGE_LIMIT_MAX + 1];
    json_auto_t *items = json_array();
    auto_read struct db *db = NULL;
    struct page page;
    int64_t before = 0;
    size_t n = 0, limit;

    if (!request_page(q, &page, e))
        return false;
    if (page.cursor && !text_to_i64(page.cursor, 1, INT64_MAX, &before))
        return fail(e, E_BAD_CURSOR, "not a number");
    limit = (size_t)page.limit;
    if (!store_read(request_house(q)->store, &db, e) ||
        (who->number &&
         !audit_about(db, a, request_house(q), who->number, before, limit + 1, rows, &n, request_lang(q), e)))
        return false;
    for (size_t i = 0; i < n && i < limit; i++) {
        json_t *item;

        if (!access_json(q, db, &rows[i], &item, e))
            return false;
        json_array_append_new(items, item);
    }
    return reply_page(r, json_incref(items),
                      n > limit ? page_cursor(q, arena_printf(a, "%" PRId64, rows[limit - 1].id)) : NULL);
}
