/* The room's state: calendar, flows and services in force, compiled at start; versions that old cases still hold are
 * compiled when first met. */
#include "casework/casework_internal.h"

#include <string.h>

/* Embedded beside the code that reads them: flow.schema.yaml, service.schema.yaml, calendar.schema.yaml. */
extern const char flow_schema_yaml[], service_schema_yaml[], calendar_schema_yaml[];
extern const size_t flow_schema_yaml_len, service_schema_yaml_len, calendar_schema_yaml_len;

struct casework *casework_of(const struct house *h)
{
    return h->room[ROOM_CASEWORK];
}

/* ---- loading ---- */

struct loading {
    const struct house *house;
    struct casework *room;
    size_t room_flows, room_services;
};

static void *grown(struct arena *a, void *old, size_t n, size_t *room)
{
    void **more;

    if (n < *room)
        return old;
    *room = *room ? *room * 2 : 64;
    more = arena_array(a, void *, *room);
    if (n)
        memcpy(more, old, n * sizeof *more);
    return more;
}

static bool load_calendar(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;

    (void)key;
    (void)version;
    return calendar_compile(l->room->arena, body, &l->room->calendar, e);
}

static bool load_flow(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;

    (void)key;
    l->room->flows = grown(l->room->arena, l->room->flows, l->room->n_flows, &l->room_flows);
    if (!flow_compile(l->room->arena, body, version, &l->room->flows[l->room->n_flows], e))
        return false;
    l->room->n_flows++;
    return true;
}

static const struct flow *flow_named(const struct casework *room, const char *name)
{
    for (size_t i = 0; i < room->n_flows; i++)
        if (text_equal(room->flows[i]->name, name))
            return room->flows[i];
    return NULL;
}

static bool load_service(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;
    const struct flow *flow = flow_named(l->room, json_str(body, "flow"));

    if (!flow)
        return fail(e, E_PACK, "service %s: its flow is not defined", key);
    l->room->services = grown(l->room->arena, l->room->services, l->room->n_services, &l->room_services);
    if (!service_compile(l->room->arena, body, version, flow, &l->room->services[l->room->n_services], e))
        return false;
    service_name_sources(l->house, l->room->services[l->room->n_services]);
    l->room->n_services++;
    return true;
}

static void room_free(struct casework *room)
{
    if (!room)
        return;
    (void)pthread_mutex_destroy(&room->old_lock); /* nobody is left to hold it */
    arena_free(room->arena);
    free(room);
}

bool casework_load(struct house *h, struct error *e)
{
    struct casework *room = calloc(1, sizeof *room);
    struct loading l = {.house = h, .room = room};
    auto_read struct db *db = NULL;

    if (!room)
        die("out of memory", sizeof *room);
    room->arena = arena_new();
    (void)pthread_mutex_init(&room->old_lock, NULL); /* cannot fail with default attributes */
    if (!store_read(h->store, &db, e) || !definitions_each(db, "calendar", load_calendar, &l, e) ||
        !definitions_each(db, "flow", load_flow, &l, e) || !definitions_each(db, "service", load_service, &l, e)) {
        room_free(room);
        return false;
    }
    room_free(h->room[ROOM_CASEWORK]);
    h->room[ROOM_CASEWORK] = room;
    return true;
}

const struct service *service_find(const struct house *h, const char *code)
{
    const struct casework *room = casework_of(h);
    size_t low = 0, high = room ? room->n_services : 0;

    while (code && low < high) { /* the definitions come in the order of their keys */
        size_t middle = (low + high) / 2;
        int order = strcmp(code, room->services[middle]->code);

        if (order == 0)
            return room->services[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static const struct service *old_find(struct casework *room, const char *code, int64_t version)
{
    const struct service *found = NULL;

    (void)pthread_mutex_lock(&room->old_lock); /* not recursive, never held across a query */
    for (size_t i = 0; i < room->n_old && !found; i++)
        if (room->old[i]->version == version && strcmp(room->old[i]->code, code) == 0)
            found = room->old[i];
    (void)pthread_mutex_unlock(&room->old_lock);
    return found;
}

bool service_of_version(struct db *db, const struct house *h, const char *code, int64_t version,
                        const struct service **out, struct error *e)
{
    struct casework *room = casework_of(h);
    const struct flow *flow;
    struct service *compiled = NULL;
    json_auto_t *body = NULL;
    bool found, ok;

    *out = service_find(h, code);
    if (*out && (*out)->version == version)
        return true;
    *out = old_find(room, code, version);
    if (*out)
        return true;
    if (!definition_version(db, "service", code, version, &body, &found, e))
        return false;
    if (!found)
        return fail(e, E_INTERNAL, "service %s has no version %lld", code, (long long)version);
    flow = flow_named(room, json_str(body, "flow"));
    if (!flow)
        return fail(e, E_INTERNAL, "service %s, version %lld: its flow is not defined any more", code,
                    (long long)version);
    (void)pthread_mutex_lock(&room->old_lock);
    ok = service_compile(room->arena, body, version, flow, &compiled, e);
    if (ok) {
        room->old = grown(room->arena, room->old, room->n_old, &room->old_room);
        room->old[room->n_old++] = compiled;
        *out = compiled;
    }
    (void)pthread_mutex_unlock(&room->old_lock);
    return ok;
}

/* ---- what other rooms ask ---- */

static bool case_code_of(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, "SELECT code FROM case_file WHERE id = $1", ARGS(I64(case_id))))
        return false;
    *code = found ? arena_strdup(a, rows_text(r, 0)) : NULL;
    return true;
}

/* A document that came with a case is seen by whoever may see the case. */
static bool may_see_document(struct db *db, const struct house *h, const struct actor *who, const struct document *d,
                             bool *may, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct case_file c;
    const char *code;
    bool found = false;

    *may = false;
    if (!case_code_of(db, a, d->case_id, &code, e) || (code && !case_find(db, a, h, code, &c, &found, e)))
        return false;
    *may = found && case_may_see(h, who, &c);
    return true;
}

static bool offers(const struct house *h, const char *service_code, const struct unit *u)
{
    const struct service *s = service_find(h, service_code);

    return s && service_offered_at(s, u);
}

static bool define_search(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_search_define(db, "s_case", e);
}

bool casework_start(struct house *h, struct error *e)
{
    document_on_case(h, may_see_document);
    document_case_code(h, case_code_of);
    people_on_service_units(h, offers);
    return store_write(h->store, define_search, NULL, e) && casework_load(h, e);
}

void casework_stop(struct house *h)
{
    room_free(h->room[ROOM_CASEWORK]);
    h->room[ROOM_CASEWORK] = NULL;
}

/* clang-format off */
const struct pack_kind casework_kinds[] = {
    {"calendar.yaml", "calendar", "name", calendar_schema_yaml, &calendar_schema_yaml_len, calendar_check, NULL},
    {"flows",         "flow",     "name", flow_schema_yaml,     &flow_schema_yaml_len,     flow_check,     NULL},
    {"services",      "service",  "code", service_schema_yaml,  &service_schema_yaml_len,  service_check,  NULL},
    {0},
};
/* clang-format on */
