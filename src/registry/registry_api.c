/* The room over HTTP: its routes, the catalogue of registries, and who may see what of one. */
#include "registry/registry_api.h"

#include <string.h>

/* ---- access ---- */

struct access_params {
    const char *purpose, *case_code;
};

/* clang-format off */
const struct field access_fields[] = {
    {"purpose", FIELD_TEXT, offsetof(struct access_params, purpose),   0, 20, "case|self|public|stewardship", "Why it is read"},
    {"case",    FIELD_TEXT, offsetof(struct access_params, case_code), 0, 60, NULL, "Code of the case it is read for"},
    {0},
};
/* clang-format on */

static bool may_claim(const struct registry *r, const struct actor *who, const char *purpose)
{
    if (strcmp(purpose, "self") == 0)
        return who && who->number && r->person;
    if (strcmp(purpose, "stewardship") == 0)
        return registry_steward(r, who);
    return strcmp(purpose, "public") == 0 || (who && actor_may(who, RIGHT_REGISTRY_READ));
}

static const char *usual_purpose(const struct registry *r, const struct actor *who)
{
    static const char *const in_order[] = {"stewardship", "case", "self"};
    struct view view;

    for (size_t i = 0; i < COUNT(in_order); i++)
        if (may_claim(r, who, in_order[i]) && registry_view(r, who, in_order[i], &view))
            return in_order[i];
    return "public";
}

/* A case is named by its code, which another room resolves; the audit keeps the words. */
static bool read_case(struct request *q, const char *code, struct access *out, struct error *e)
{
    if (!code)
        return true;
    if (text_to_i64(code, 1, INT64_MAX, &out->case_id))
        return true;
    if (!vn_case_code(code)) {
        (void)fail_field(e, "/case", "vn-case-code", "");
        return fail(e, E_BAD_QUERY, "case is no code of a dossier");
    }
    out->stated = arena_printf(request_arena(q), "%s %s", out->purpose, code);
    return true;
}

static bool refuse(struct request *q, const struct access *x, struct error *e)
{
    if (!x->who)
        return fail(e, E_UNAUTHENTICATED, "%s is not open to strangers", x->registry->name);
    access_audit(q, x, "denied", NULL, NULL);
    return fail(e, E_FORBIDDEN, "%s shows this caller nothing for %s", x->registry->name, x->purpose);
}

bool access_open(struct request *q, struct access *out, struct error *e)
{
    const struct registry *r = registry_find(request_house(q), request_param(q, "name"));
    struct access_params params;

    if (!r)
        return fail(e, E_NOT_FOUND, "no such registry");
    if (!request_query_fields(q, access_fields, &params, e))
        return false;
    *out = (struct access){.registry = r, .who = request_actor(q)};
    out->purpose = out->stated = params.purpose ? params.purpose : usual_purpose(r, out->who);
    if (!read_case(q, params.case_code, out, e))
        return false;
    if (!may_claim(r, out->who, out->purpose) || !registry_view(r, out->who, out->purpose, &out->view))
        return refuse(q, out, e);
    return true;
}

static int64_t unit_of(const struct actor *who)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].unit)
            return who->roles[i].unit;
    return 0;
}

void access_audit(struct request *q, const struct access *access, const char *action, const char *key,
                  const json_t *body)
{
    const struct registry *r = access->registry;
    bool is_denied = strcmp(action, "denied") == 0;

    if (!access->who || !r->person || (!is_denied && strcmp(access->purpose, "self") == 0))
        return;
    audit_later(request_house(q), &(struct audit){.action = action,
                                                  .what = arena_printf(request_arena(q), "record:%s", r->name),
                                                  .key = key,
                                                  .about = body ? record_about(r, body) : NULL,
                                                  .actor = access->who->party,
                                                  .unit = unit_of(access->who),
                                                  .case_id = access->case_id,
                                                  .purpose = access->stated,
                                                  .address = request_address(q),
                                                  .at = request_now(q)});
}

bool steward_open(struct request *q, const struct registry **out, struct error *e)
{
    const struct registry *r = registry_find(request_house(q), request_param(q, "name"));

    if (!r)
        return fail(e, E_NOT_FOUND, "no such registry");
    if (r->kind)
        return fail(e, E_FORBIDDEN, "definitions of %s come with a pack", r->name);
    if (!registry_steward(r, request_actor(q)))
        return fail(e, E_FORBIDDEN, "%s is written by the stewards of its owner", r->name);
    *out = r;
    return true;
}

json_t *unit_or_null(const struct house *h, int64_t unit, enum lang lang)
{
    const struct unit *u = unit ? unit_by_id(h, unit) : NULL;

    return u ? unit_brief_new(u, lang) : json_null();
}

/* ---- the catalogue ---- */

static json_t *fields_new(const struct registry *r, enum lang lang)
{
    json_t *fields = json_array();

    for (size_t i = 0; i < r->n_fields; i++) {
        const struct registry_field *f = &r->fields[i];

        json_array_append_new(fields,
                              json_pack("{s:s, s:s, s:b}", "name", f->name, "title",
                                        *f->title[lang] ? f->title[lang] : f->name, "unique", f->unique || f->is_key));
    }
    return fields;
}

static json_t *registry_new(struct request *q, const struct registry *r)
{
    enum lang lang = request_lang(q);
    json_t *j = json_object();

    json_object_set_new(j, "name", json_string(r->name));
    json_object_set_new(j, "group", json_string(r->group));
    json_object_set_new(j, "title", json_string(registry_title(r, lang)));
    json_object_set_new(j, "owner", unit_or_null(request_house(q), r->owner, lang));
    json_object_set_new(j, "key", json_text_or_null(r->key ? r->key + 1 : NULL));
    json_object_set_new(j, "person", json_text_or_null(r->person_name));
    json_object_set_new(j, "fields", fields_new(r, lang));
    json_object_set_new(j, "searchable", json_boolean(r->n_search > 0));
    json_object_set_new(j, "may_write", json_boolean(!r->kind && registry_steward(r, request_actor(q))));
    return j;
}

/* {"vi": …, "en": …} becomes the text of the asked language, wherever it stands. */
static json_t *in_language_new(const json_t *j, enum lang lang)
{
    const char *name;
    json_t *one, *out;
    size_t i;

    if (json_is_object(j) && json_is_string(json_object_get(j, "vi")) && json_object_size(j) <= 2)
        return json_string(json_title(j, lang));
    if (json_is_object(j)) {
        out = json_object();
        json_object_foreach((json_t *)(uintptr_t)j, name, one)
            json_object_set_new(out, name, in_language_new(one, lang));
        return out;
    }
    if (json_is_array(j)) {
        out = json_array();
        json_array_foreach(j, i, one) json_array_append_new(out, in_language_new(one, lang));
        return out;
    }
    return json_incref((json_t *)(uintptr_t)j);
}

static bool get_registries(struct request *q, struct reply *r, struct error *e)
{
    const struct registry_set *set = registries(request_house(q));
    struct page page;
    json_t *items;
    const char *last = NULL, *next = NULL;

    if (!request_page(q, &page, e))
        return false;
    items = json_array();
    for (size_t i = 0; set && i < set->n; i++) {
        if (page.cursor && strcmp(set->registries[i]->name, page.cursor) <= 0)
            continue;
        if (json_array_size(items) == (size_t)page.limit) {
            next = page_cursor(q, last);
            break;
        }
        last = set->registries[i]->name;
        json_array_append_new(items, registry_new(q, set->registries[i]));
    }
    return reply_page(r, items, next);
}

static bool get_registry(struct request *q, struct reply *r, struct error *e)
{
    const struct registry *reg = registry_find(request_house(q), request_param(q, "name"));
    const json_t *share;
    json_t *j;

    if (!reg)
        return fail(e, E_NOT_FOUND, "no such registry");
    j = registry_new(q, reg);
    share = json_object_get(reg->definition, "share");
    json_object_set_new(j, "schema", in_language_new(json_object_get(reg->definition, "schema"), request_lang(q)));
    json_object_set_new(j, "share", share ? json_incref((json_t *)(uintptr_t)share) : json_array());
    return reply_json(r, 200, j);
}

/* ---- the module ---- */

#define REGISTRY "/api/v1/registries/{name}"
#define RECORD REGISTRY "/records/{key}"

#define DEFINITION "/api/v1/definitions/{name}/{key}"
/* Reading is open to all: the sharing rules decide, and show a stranger what the city shows everyone.
 * clang-format off */
static const struct route routes[] = {
    {"GET", "/api/v1/registries", RIGHT_PUBLIC, NULL, "page:registry", "The registries of the city", get_registries},
    {"GET", REGISTRY, RIGHT_PUBLIC, NULL, "registry", "One registry, with its schema and who may read it",
     get_registry},
    {"GET", REGISTRY "/records", RIGHT_PUBLIC, NULL, "page:record",
     "Records by words, by indexed fields (where[field]=), or as of an instant", get_records, .flags = ROUTE_OPEN_QUERY,
     .query = records_fields},
    {"GET", RECORD, RIGHT_PUBLIC, NULL, "record", "One record, limited to what the caller may see", get_record,
     .query = record_fields},
    {"GET", RECORD "/history", RIGHT_PUBLIC, NULL, "page:record-version", "Every version of a record, newest first",
     get_history, .query = access_fields},
    {"PUT", RECORD, RIGHT_REGISTRY_WRITE, NULL, "record", "Write a record; If-Match: \"0\" makes a new one", put_record,
     .flags = ROUTE_OPEN_BODY | ROUTE_IF_MATCH, .query = write_fields},
    {"PATCH", RECORD, RIGHT_REGISTRY_WRITE, NULL, "record", "Change a record by a JSON merge patch", patch_record,
     .flags = ROUTE_OPEN_BODY | ROUTE_IF_MATCH, .query = write_fields},
    {"DELETE", RECORD, RIGHT_REGISTRY_WRITE, NULL, NULL, "End a record; it stays in the history", delete_record,
     .flags = ROUTE_IF_MATCH, .query = write_fields, .status = 204},
    {"POST", REGISTRY "/import", RIGHT_REGISTRY_WRITE, NULL, "job", "Bring in CSV, NDJSON or GeoJSON", post_import,
     .flags = ROUTE_IDEMPOTENT, .query = import_fields, .sink = &import_sink, .status = 202},
    {"GET", "/api/v1/jobs/{id}", RIGHT_JOB_READ, NULL, "job", "How far a job of the caller is", get_job},
    {"GET", "/api/v1/definition-drafts", RIGHT_ADMIN, NULL, "page:definition-draft", "Drafts of definitions",
     get_definition_drafts},
    {"GET", DEFINITION, RIGHT_ADMIN, NULL, "definition", "A definition as text, with its draft", get_definition},
    {"PUT", DEFINITION "/draft", RIGHT_ADMIN, definition_text_fields, "definition", "Save the draft of a definition",
     put_definition_draft},
    {"DELETE", DEFINITION "/draft", RIGHT_ADMIN, NULL, NULL, "Drop the draft of a definition", delete_definition_draft,
     .status = 204},
    {"POST", DEFINITION "/check", RIGHT_ADMIN, definition_text_fields, "definition-check",
     "What is wrong with a text, line by line", post_definition_check},
    {"POST", DEFINITION "/publish", RIGHT_ADMIN, definition_publish_fields, "definition",
     "Let the draft come in force, now or on a day", post_definition_publish},
    {"GET", DEFINITION "/diff", RIGHT_ADMIN, NULL, "definition-diff", "Two versions, line by line", get_definition_diff,
     ROUTE_WORKER, .query = definition_diff_fields},
    {0},
};
/* clang-format on */

static bool start(struct house *house, struct error *e)
{
    struct registry_room *room = calloc(1, sizeof *room);

    if (!room)
        die("registry room", sizeof *room);
    house->room[ROOM_REGISTRY] = room;
    room->own = own_table_new();
    (void)pthread_mutex_init(&room->loading, NULL); /* cannot fail with default attributes */
    definitions_start(house);
    store_listen(house->store, "record.changed", own_on_record, room->own);
    return import_start(house, e) && registries_load(house, e);
}

static void stop(struct house *house)
{
    struct registry_room *room = house->room[ROOM_REGISTRY];
    struct registry_set *set = room ? atomic_load(&room->set) : NULL;

    while (set) {
        struct registry_set *older = set->older;

        arena_free(set->arena); /* set is inside */
        set = older;
    }
    if (room) {
        own_table_free(room->own);
        (void)pthread_mutex_destroy(&room->loading);
    }
    free(room);
    house->room[ROOM_REGISTRY] = NULL;
}

extern const char registry_shapes_yaml[];
static const struct shapes shapes = {.yaml = registry_shapes_yaml}; /* ends in NUL */

const struct module registry_module = {
    .name = "registry",
    .migrations = registry_migrations,
    .routes = routes,
    .shapes = &shapes,
    .pack = registry_pack_kinds,
    .start = start,
    .load = registries_load,
    .stop = stop,
};
