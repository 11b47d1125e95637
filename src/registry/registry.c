/* Registries in memory: definitions compiled once into what reads and writes need, and the set of all of them, swapped
 * whole. A definition was checked with its pack; what cannot be compiled here is refused, not repaired. */
#include "registry/registry_internal.h"

#include <ctype.h>
#include <string.h>

const struct schema_options record_schema_options = {.assert_formats = true};

const struct pack_kind *pack_kind_at(const struct house *h, size_t i)
{
    for (const struct module *const *m = h->modules; m && *m; m++)
        for (const struct pack_kind *k = (*m)->pack; k && k->folder; k++)
            if (i-- == 0)
                return k;
    return NULL;
}

const struct pack_kind *pack_kind_of(const struct house *h, const char *folder)
{
    const struct pack_kind *kind;

    for (size_t i = 0; (kind = pack_kind_at(h, i)); i++)
        if (strcmp(kind->folder, folder) == 0)
            return kind;
    return NULL;
}

bool pack_kind_schema(struct arena *a, const struct pack_kind *kind, struct yaml *out, struct error *e)
{
    return yaml_read(a, (struct bytes){kind->schema, *kind->schema_len}, out, e);
}

char *field_pointer(struct arena *a, const char *name)
{
    char *p = *name == '/' ? arena_strdup(a, name) : arena_printf(a, "/%s", name);

    for (char *c = p; *c; c++)
        if (*c == '.')
            *c = '/';
    return p;
}

/* ---- fields ---- */

bool fail_in(struct error *e, const char *where)
{
    char why[ERROR_DETAIL_MAX];

    memcpy(why, e->detail, sizeof why);
    return fail(e, e->code ? e->code : E_PACK, "%s: %.200s", where, why);
}

struct collect {
    struct arena *a;
    struct registry *r;
    struct error *e;
    bool ok;
};

/* Names that may stand in SQL: what db_name() takes, once joined. */
static bool is_plain_pointer(const char *pointer)
{
    size_t len = strlen(pointer);

    if (len < 2)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool starts = pointer[i] == '/';
        char c = starts ? pointer[i + 1] : pointer[i];

        if (starts ? !islower((unsigned char)c) : !(islower((unsigned char)c) || isdigit((unsigned char)c) || c == '_'))
            return false;
    }
    return true;
}

/* schema_walk() names every item of a list "-". */
static bool is_in_list(const char *pointer)
{
    const char *item = strstr(pointer, "/-");

    return item && (item[2] == '/' || item[2] == '\0');
}

/* "/mother/number" → "f_mother__number" and "mother.number" */
static char *joined(struct arena *a, const char *start, const char *pointer, const char *between)
{
    auto_buf struct buf b = BUF_INIT(256);

    buf_puts(&b, start);
    for (const char *p = pointer + 1; *p; p++) {
        if (*p == '/')
            buf_puts(&b, between);
        else
            buf_add(&b, p, 1);
    }
    return arena_strdup(a, b.data);
}

static bool add_field(struct collect *c, const char *pointer, const json_t *schema)
{
    struct registry *r = c->r;
    struct registry_field *f;
    const char *type = json_str(schema, "type");

    for (size_t i = 0; i < r->n_fields; i++)
        if (text_equal(r->fields[i].pointer, pointer)) {
            r->fields[i].unique |= !r->fields[i].is_key && json_flag(schema, "x-unique");
            return true;
        }
    if (!is_plain_pointer(pointer))
        return fail(c->e, E_PACK, "%s: x-index and x-unique take fields named in lower case outside of lists", pointer);
    if (r->n_fields == REGISTRY_FIELDS_MAX)
        return fail(c->e, E_PACK, "%s: more than %d indexed fields", pointer, REGISTRY_FIELDS_MAX);
    f = &r->fields[r->n_fields++];
    f->pointer = arena_strdup(c->a, pointer);
    f->is_key = text_equal(pointer, r->key);
    f->name = joined(c->a, "", pointer, ".");
    f->column = f->is_key ? "key" : joined(c->a, "f_", pointer, "__");
    if (strlen(r->name) + strlen(f->column) > REGISTRY_INDEX_NAME_MAX)
        return fail(c->e, E_PACK, "%s: too long a name for an indexed field", pointer);
    f->unique = !f->is_key && json_flag(schema, "x-unique");
    f->flag = type && strcmp(type, "boolean") == 0;
    for (int lang = 0; lang < LANG__COUNT; lang++)
        f->title[lang] = arena_strdup(c->a, json_title(json_object_get(schema, "title"), (enum lang)lang));
    return true;
}

static bool add_search(struct collect *c, const char *pointer)
{
    struct registry *r = c->r;

    for (size_t i = 0; i < r->n_search; i++)
        if (text_equal(r->search[i], pointer))
            return true;
    if (is_in_list(pointer))
        return fail(c->e, E_PACK, "%s: x-search takes fields outside of lists", pointer);
    if (r->n_search == REGISTRY_FIELDS_MAX)
        return fail(c->e, E_PACK, "%s: more than %d searched fields", pointer, REGISTRY_FIELDS_MAX);
    r->search[r->n_search++] = arena_strdup(c->a, pointer);
    return true;
}

static bool visit(const char *pointer, const json_t *schema, void *arg)
{
    struct collect *c = arg;

    if (json_flag(schema, "x-index") || json_flag(schema, "x-unique"))
        c->ok = add_field(c, pointer, schema);
    if (c->ok && json_flag(schema, "x-search"))
        c->ok = add_search(c, pointer);
    if (c->ok && !c->r->person && text_equal(json_str(schema, "x-sensitive"), "identity") && !is_in_list(pointer))
        c->r->person = arena_strdup(c->a, pointer);
    return c->ok;
}

/* ---- sharing rules ---- */

static bool add_role(struct share *s, const char *name, struct error *e)
{
    enum role role;

    if (text_equal(name, "public")) {
        s->anyone = true;
        return true;
    }
    if (!name || !role_parse(name, &role))
        return fail(e, E_PACK, "share: %s is no role", name ? name : "(nothing)");
    s->roles |= 1U << role;
    return true;
}

static bool compile_share(struct arena *a, struct registry *r, const json_t *rules, struct error *e)
{
    size_t i, j;
    const json_t *rule, *one;

    if (json_array_size(rules) > SHARE_RULES_MAX)
        return fail(e, E_PACK, "share: more than %d rules", SHARE_RULES_MAX);
    r->share = arena_array(a, struct share, json_array_size(rules) + 1);
    json_array_foreach(rules, i, rule)
    {
        struct share *s = &r->share[r->n_share++];
        const json_t *role = json_object_get(rule, "role");

        s->purpose = json_str(rule, "purpose");
        s->fields = json_object_get(rule, "fields");
        if (!json_is_array(s->fields))
            s->fields = NULL;
        if (json_is_string(role) && !add_role(s, json_string_value(role), e))
            return false;
        json_array_foreach(role, j, one) if (!add_role(s, json_string_value(one), e)) return false;
    }
    return true;
}

/* ---- one registry ---- */

#define RECORD_COLUMNS "id, version, key, body, valid_from, valid_to, unit, changed_at"

static void name_tables(struct arena *a, struct registry *r)
{
    r->table = db_name(a, arena_printf(a, "r_%s", r->name));
    r->search_table = db_name(a, arena_printf(a, "s_%s", r->name));
    r->sql.find = arena_printf(a, "SELECT " RECORD_COLUMNS " FROM %s WHERE key = $1", r->table);
    r->sql.insert = arena_printf(a,
                                 "INSERT INTO %s (id, key, version, body, valid_from, unit, changed_at)"
                                 " VALUES ($1, $2, 1, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                                 r->table);
    r->sql.update = arena_printf(a,
                                 "UPDATE %s SET version = $3, body = $4, valid_from = $5, valid_to = NULL, unit = $6,"
                                 " changed_at = $7 WHERE key = $1 AND version = $2",
                                 r->table);
    r->sql.end = arena_printf(a,
                              "UPDATE %s SET version = $3, valid_to = $4, changed_at = $5"
                              " WHERE key = $1 AND version = $2",
                              r->table);
    for (size_t i = 0; i < r->n_fields; i++)
        r->fields[i].where = arena_printf(a,
                                          "SELECT " RECORD_COLUMNS " FROM %s WHERE valid_to IS NULL AND %s = $1"
                                          " ORDER BY key LIMIT $2",
                                          r->table, db_name(a, r->fields[i].column));
}

static bool compile_titles(struct arena *a, struct registry *r, struct error *e)
{
    static const char *const langs[LANG__COUNT] = {"vi", "en"};
    const json_t *title = json_object_get(r->definition, "record_title");

    for (int i = 0; i < LANG__COUNT; i++) {
        const char *source = json_str(title, langs[i]);

        if (source && !expr_compile(a, source, &r->title[i], e))
            return false;
    }
    return true;
}

bool registry_compile(struct arena *a, const json_t *definition, const struct house *house, struct registry **out,
                      struct error *e)
{
    struct registry *r = arena_new_of(a, struct registry);
    struct collect c = {a, r, e, true};
    const char *key = json_str(definition, "key"), *person = json_str(definition, "person");
    const char *partner = json_str(definition, "partner");
    json_t *copy = json_held(a, json_deep_copy(definition));

    r->definition = copy;
    r->name = json_str(copy, "name");
    r->group = json_str(copy, "group");
    r->owner_code = json_str(copy, "owner");
    r->key = key ? field_pointer(a, key) : NULL;
    r->person = person ? field_pointer(a, person) : NULL;
    r->partner = partner ? field_pointer(a, partner) : NULL;
    if (house && r->owner_code) {
        const struct unit *owner = unit_by_code(house, r->owner_code);

        r->owner = owner ? owner->id : 0;
    }
    if (!schema_compile(a, json_object_get(copy, "schema"), &record_schema_options, &r->schema, e))
        return false;
    r->fields = arena_array(a, struct registry_field, REGISTRY_FIELDS_MAX);
    r->search = arena_array(a, const char *, REGISTRY_FIELDS_MAX);
    schema_walk(r->schema, visit, &c);
    if (!c.ok || !compile_share(a, r, json_object_get(copy, "share"), e) || !compile_titles(a, r, e))
        return false;
    r->person_name = r->person ? joined(a, "", r->person, ".") : NULL;
    r->partner_name = r->partner ? joined(a, "", r->partner, ".") : NULL;
    name_tables(a, r);
    *out = r;
    return true;
}

bool registry_of_kind(struct arena *a, const struct pack_kind *kind, const struct house *house, struct registry **out,
                      struct error *e)
{
    struct yaml schema;
    json_auto_t *definition = NULL;
    json_t *title;

    if (!pack_kind_schema(a, kind, &schema, e))
        return false;
    title = json_object_get(schema.root, "title");
    definition =
        json_pack("{s:s, s:s, s:o, s:s, s:O, s:[{s:s, s:s, s:s}]}", "name", kind->registry, "group", "definitions",
                  "title", title ? json_incref(title) : json_string(kind->registry), "key", kind->key, "schema",
                  schema.root, "share", "role", "public", "purpose", "public", "fields", "*");
    if (!definition)
        return fail(e, E_PACK, "%s: the schema of the kind is no object schema", kind->registry);
    if (!registry_compile(a, definition, house, out, e))
        return false;
    (*out)->kind = kind;
    return true;
}

/* ---- the set ---- */

const struct registry_set *registries(const struct house *h)
{
    struct registry_room *room = h->room[ROOM_REGISTRY];

    return room ? atomic_load_explicit(&room->set, memory_order_acquire) : NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp((*(struct registry *const *)a)->name, (*(struct registry *const *)b)->name);
}

static int compare_name(const void *name, const void *r)
{
    return strcmp(name, (*(struct registry *const *)r)->name);
}

const struct registry *registry_find(const struct house *h, const char *name)
{
    const struct registry_set *set = registries(h);
    struct registry *const *found;

    if (!set || !name)
        return NULL;
    found = bsearch(name, set->registries, set->n, sizeof(struct registry *), compare_name);
    return found ? *found : NULL;
}

const struct registry *registry_at(const struct house *h, size_t i)
{
    const struct registry_set *set = registries(h);

    return set && i < set->n ? set->registries[i] : NULL;
}

struct compiling {
    struct house *house;
    struct registry_set *set;
    size_t room;
};

static void append(struct compiling *c, struct registry *r)
{
    struct registry_set *set = c->set;

    set->registries = arena_grown(set->arena, set->registries, set->n, &c->room, sizeof *set->registries);
    set->registries[set->n++] = r;
}

static bool compile_each(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct compiling *c = arg;
    struct registry *r;

    (void)version;
    if (!registry_compile(c->set->arena, body, c->house, &r, e))
        return fail_in(e, key);
    append(c, r);
    return true;
}

static bool compile_kinds(struct compiling *c, struct error *e)
{
    const struct pack_kind *kind;
    struct registry *r;

    for (size_t i = 0; (kind = pack_kind_at(c->house, i)); i++) {
        if (!registry_of_kind(c->set->arena, kind, c->house, &r, e))
            return fail_in(e, kind->registry);
        append(c, r);
    }
    return true;
}

/* The registries of definitions come first: the others are read out of one of them. */
static bool compile_all(struct compiling *c, struct error *e)
{
    struct store *s = c->house->store;
    auto_read struct db *db = NULL;
    struct registry_set *set = c->set;

    if (!compile_kinds(c, e) || !registry_tables_make(s, set, e) || !store_read(s, &db, e) ||
        !definitions_each(db, "registry", compile_each, c, e))
        return false;
    store_read_end(db);
    db = NULL;
    qsort(set->registries, set->n, sizeof(struct registry *), compare);
    for (size_t i = 1; i < set->n; i++)
        if (strcmp(set->registries[i - 1]->name, set->registries[i]->name) == 0)
            return fail(e, E_PACK, "two registries are named %s", set->registries[i]->name);
    return registry_tables_make(s, set, e);
}

bool registries_load(struct house *h, struct error *e)
{
    struct registry_room *room = h->room[ROOM_REGISTRY];
    struct arena *a = arena_new();
    struct compiling c = {h, arena_new_of(a, struct registry_set), 0};

    c.set->arena = a;
    if (!compile_all(&c, e)) {
        arena_free(a);
        return false;
    }
    c.set->older = atomic_load_explicit(&room->set, memory_order_acquire);
    atomic_store_explicit(&room->set, c.set, memory_order_release);
    return true;
}

const char *registry_name(const struct registry *r)
{
    return r->name;
}

const char *registry_person_field(const struct registry *r)
{
    return r->person_name;
}

const char *registry_partner_field(const struct registry *r)
{
    return r->partner_name;
}

const char *registry_title(const struct registry *r, enum lang lang)
{
    return json_title(json_object_get(r->definition, "title"), lang);
}

const struct schema *registry_schema(const struct registry *r)
{
    return r->schema;
}

const struct registry_field *registry_field(const struct registry *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (strcmp(*name == '/' ? r->fields[i].pointer : r->fields[i].name, name) == 0)
            return &r->fields[i];
    return NULL;
}
