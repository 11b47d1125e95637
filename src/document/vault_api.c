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

    if (d->title && (!*title || text_starts_with(d->title, title))) /* it says more: what was copied */
        return d->title;
    return title;
}

static bool add_documents(struct request *q, struct db *db, int64_t owner, json_t *list, struct error *e)
{
    const struct house *h = request_house(q);
    struct arena *a = request_arena(q);
    struct document *documents = arena_array(a, struct document, VAULT_DOCUMENTS_MAX);
    size_t n;

    if (!document_vault(db, a, owner, documents, VAULT_DOCUMENTS_MAX, &n, e))
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

/* clang-format off */
struct vault_query { const char *on_behalf_of; };
const struct field vault_query[] = {
    {"on_behalf_of", FIELD_TEXT, offsetof(struct vault_query, on_behalf_of), FIELD_SENSITIVE, 14, .title = "number of a party whose agent for everything the caller is"},
    {0},
};
/* clang-format on */

/* Whose vault: the caller's, or that of a party they are an agent of for everything. */
static bool find_owner(struct request *q, int64_t *owner, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct vault_query query;

    if (!request_query_fields(q, vault_query, &query, e) ||
        !actor_owner(who, query.on_behalf_of, request_now(q), owner, e))
        return false;
    if (*owner == who->party)
        return true;
    audit_later(request_house(q), &(struct audit){.action = "read",
                                                  .what = "vault",
                                                  .about = query.on_behalf_of,
                                                  .actor = who->party,
                                                  .purpose = "authorisation",
                                                  .address = request_address(q),
                                                  .at = request_now(q)});
    return true;
}

bool get_vault(struct request *q, struct reply *r, struct error *e)
{
    int64_t owner;

    json_auto_t *documents = json_array(), *records = json_array();
    auto_read struct db *db = NULL;

    if (!find_owner(q, &owner, e) || !store_read(request_house(q)->store, &db, e) ||
        !add_documents(q, db, owner, documents, e) ||
        (owner == request_actor(q)->party && !add_records(q, db, records, e)))
        return false;
    return reply_json(r, 200, json_pack("{s:O, s:O}", "documents", documents, "records", records));
}
