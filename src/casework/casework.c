/* The room's state: calendar, flows and services in force, compiled at start; versions that old cases still hold are
 * compiled when first met. */
#include "casework/casework_internal.h"

#include <stdatomic.h>
#include <string.h>

/* Embedded beside the code that reads them: flow.schema.yaml, service.schema.yaml, calendar.schema.yaml,
 * rules.schema.yaml. */
extern const char flow_schema_yaml[], service_schema_yaml[], calendar_schema_yaml[], rules_schema_yaml[],
    unit_kinds_schema_yaml[];
extern const size_t flow_schema_yaml_len, service_schema_yaml_len, calendar_schema_yaml_len, rules_schema_yaml_len,
    unit_kinds_schema_yaml_len;

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

static bool load_calendar(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;

    (void)key;
    l->room->calendar_version = version;
    return calendar_compile(l->room->arena, body, &l->room->calendar, e);
}

static bool load_rules(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;

    (void)key;
    (void)version;
    return rules_compile(l->room->arena, body, &l->room->rules, e);
}

static bool load_flow(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;

    (void)key;
    l->room->flows =
        arena_grown(l->room->arena, l->room->flows, l->room->n_flows, &l->room_flows, sizeof *l->room->flows);
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

static bool compile(const struct house *h, struct casework *room, const json_t *body, int64_t version,
                    const struct flow *flow, struct service **out, struct error *e)
{
    if (!service_compile(room->arena, body, version, flow, out, e))
        return false;
    if (!json_str(body, "origin"))
        service_keep_forms(h, room->arena, *out);
    return true;
}

static bool load_service(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct loading *l = arg;
    struct casework *room = l->room;
    struct service_entry *entry;
    const struct flow *flow = flow_named(room, json_str(body, "flow"));
    struct service *compiled = NULL;

    if (!flow)
        return fail(e, E_PACK, "service %s: its flow is not defined", key);
    room->services =
        arena_grown(room->arena, room->services, room->n_services, &l->room_services, sizeof *room->services);
    entry = &room->services[room->n_services];
    service_entry_read(room->arena, body, version, entry);
    if (!json_str(body, "origin") && !compile(l->house, room, body, version, flow, &compiled, e))
        return false;
    atomic_init(&entry->compiled, compiled);
    room->n_services++;
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
        !definitions_each(db, "rules", load_rules, &l, e) || !definitions_each(db, "flow", load_flow, &l, e) ||
        !definitions_each(db, "service", load_service, &l, e)) {
        room_free(room);
        return false;
    }
    room->older = h->room[ROOM_CASEWORK];
    h->room[ROOM_CASEWORK] = room;
    kept_forget(h->store);
    return true;
}

const struct service_entry *service_find(const struct house *h, const char *code)
{
    const struct casework *room = casework_of(h);
    size_t low = 0, high = room ? room->n_services : 0;

    while (code && low < high) { /* the definitions come in the order of their keys */
        size_t middle = (low + high) / 2;
        int order = strcmp(code, room->services[middle].code);

        if (order == 0)
            return &room->services[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- versions ---- */

/* What was compiled before, of that flow (0: any); old_lock is held. */
static const struct service *old_service(const struct casework *room, const char *code, int64_t version,
                                         int64_t flow_version)
{
    for (size_t i = 0; i < room->n_old; i++)
        if (room->old[i]->version == version && strcmp(room->old[i]->code, code) == 0 &&
            (!flow_version || room->old[i]->flow->version == flow_version))
            return room->old[i];
    return NULL;
}

static const struct flow *old_flow(const struct casework *room, const char *name, int64_t version)
{
    for (size_t i = 0; i < room->n_old_flows; i++)
        if (room->old_flows[i]->version == version && strcmp(room->old_flows[i]->name, name) == 0)
            return room->old_flows[i];
    return NULL;
}

/* The version in force, when it is compiled and goes through that flow. */
static const struct service *current_service(const struct service_entry *entry, int64_t version, int64_t flow_version)
{
    const struct service *s =
        entry && entry->version == version ? atomic_load_explicit(&entry->compiled, memory_order_acquire) : NULL;

    return s && (!flow_version || s->flow->version == flow_version) ? s : NULL;
}

static const struct service *known_service(struct casework *room, const struct service_entry *entry, const char *code,
                                           int64_t version, int64_t flow_version)
{
    const struct service *found = current_service(entry, version, flow_version);

    if (found)
        return found;
    (void)pthread_mutex_lock(&room->old_lock); /* not recursive, never held across a query */
    found = old_service(room, code, version, flow_version);
    (void)pthread_mutex_unlock(&room->old_lock);
    return found;
}

static bool keep_flow(struct casework *room, const char *name, int64_t version, const json_t *body,
                      const struct flow **out, struct error *e)
{
    struct flow *compiled = NULL;
    bool ok = true;

    (void)pthread_mutex_lock(&room->old_lock);
    *out = old_flow(room, name, version); /* another thread may have been quicker */
    if (!*out) {
        ok = flow_compile(room->arena, body, version, &compiled, e);
        if (ok) {
            room->old_flows = arena_grown(room->arena, room->old_flows, room->n_old_flows, &room->old_flow_room,
                                          sizeof *room->old_flows);
            room->old_flows[room->n_old_flows++] = compiled;
            *out = compiled;
        }
    }
    (void)pthread_mutex_unlock(&room->old_lock);
    return ok;
}

static bool flow_of_version(struct db *db, struct casework *room, const char *name, int64_t version,
                            const struct flow **out, struct error *e)
{
    json_auto_t *body = NULL;
    bool found;

    *out = flow_named(room, name);
    if (*out && (!version || (*out)->version == version))
        return true;
    if (version && !definition_version(db, "flow", name, version, &body, &found, e))
        return false;
    if (!version || !found)
        return fail(e, E_INTERNAL, "flow %s has no version %lld", name ? name : "", (long long)version);
    return keep_flow(room, name, version, body, out, e);
}

/* One in force, through the flow in force, is kept with its entry; any other beside. Another thread may have been
 * quicker: then its work is kept. */
static bool keep_service(const struct house *h, struct service_entry *entry, const char *code, int64_t version,
                         const json_t *body, const struct flow *flow, const struct service **out, struct error *e)
{
    struct casework *room = casework_of(h);
    bool current = entry && entry->version == version && flow == flow_named(room, flow->name), ok = true;
    struct service *compiled = NULL;

    (void)pthread_mutex_lock(&room->old_lock);
    *out = current ? current_service(entry, version, flow->version) : old_service(room, code, version, flow->version);
    if (!*out) {
        ok = compile(h, room, body, version, flow, &compiled, e);
        *out = compiled;
    }
    if (compiled && ok && current) {
        atomic_store_explicit(&entry->compiled, compiled, memory_order_release);
    } else if (compiled && ok) {
        room->old = arena_grown(room->arena, room->old, room->n_old, &room->old_room, sizeof *room->old);
        room->old[room->n_old++] = compiled;
    }
    (void)pthread_mutex_unlock(&room->old_lock);
    return ok;
}

bool service_of_version(struct db *db, const struct house *h, const char *code, int64_t version, int64_t flow_version,
                        const struct service **out, struct error *e)
{
    struct casework *room = casework_of(h);
    struct service_entry *entry = (struct service_entry *)(uintptr_t)service_find(h, code);
    const struct flow *flow;
    json_auto_t *body = NULL;
    bool found;

    *out = known_service(room, entry, code, version, flow_version);
    if (*out)
        return true;
    if (!definition_version(db, "service", code, version, &body, &found, e))
        return false;
    if (!found)
        return fail(e, E_INTERNAL, "service %s has no version %lld", code, (long long)version);
    return flow_of_version(db, room, json_str(body, "flow"), flow_version, &flow, e) &&
           keep_service(h, entry, code, version, body, flow, out, e);
}

bool service_current(struct db *db, const struct house *h, const char *code, const struct service **out,
                     struct error *e)
{
    const struct service_entry *entry = service_find(h, code);

    *out = NULL;
    return !entry || service_of_version(db, h, entry->code, entry->version, 0, out, e);
}

/* ---- what other rooms ask ---- */

bool case_code_of(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, "SELECT code FROM case_file WHERE id = $1", ARGS(I64(case_id))))
        return false;
    *code = found ? arena_strdup(a, rows_text(r, 0)) : NULL;
    return true;
}

/* Some slips are among officers: the control slip names who had the dossier, and for how long. */
static bool is_for_office(const struct house *h, const struct document *d)
{
    const struct paper *paper = d->kind && d->issued_at != INSTANT_NONE ? paper_find(h, d->kind) : NULL;

    return paper && paper_slip(paper) && paper_slip(paper)->office;
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
    *may = found && case_standing(h, who, &c, now_ms()).sees && (who->kind == PARTY_OFFICER || !is_for_office(h, d));
    return true;
}

static bool offers(const struct house *h, const char *service_code, const struct unit *u)
{
    const struct service_entry *s = service_find(h, service_code);

    return s && service_entry_offered_at(s, u);
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
    tick_define(h);
    store_listen(h->store, "document.ended", result_on_ended, h);
    store_listen(h->store, "authorisation.changed", told_authorisation, h);
    store_listen(h->store, "delegation.changed", told_delegation, h);
    return store_write(h->store, define_search, NULL, e) && tick_later(h->store, now_ms(), e) && casework_load(h, e) &&
           slips_start(h, e);
}

void casework_stop(struct house *h)
{
    struct casework *room = casework_of(h), *older;

    for (; room; room = older) {
        older = room->older;
        room_free(room);
    }
    h->room[ROOM_CASEWORK] = NULL;
}

/* clang-format off */
const struct pack_kind casework_kinds[] = {
    {"calendar.yaml", "calendar", "name", calendar_schema_yaml, &calendar_schema_yaml_len, calendar_check, NULL},
    {"rules.yaml",    "rules",    "name", rules_schema_yaml,    &rules_schema_yaml_len,    rules_check,    NULL},
    {"unit-kinds.yaml", "unit_kind", "name", unit_kinds_schema_yaml, &unit_kinds_schema_yaml_len, NULL, NULL},
    {"flows",         "flow",     "name", flow_schema_yaml,     &flow_schema_yaml_len,     flow_check,     NULL, flow_drawn},
    {"services",      "service",  "code", service_schema_yaml,  &service_schema_yaml_len,  service_check,  NULL},
    {0},
};
/* clang-format on */
