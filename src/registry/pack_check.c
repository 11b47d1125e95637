/* Is a pack right? Each definition against the schema of its kind, then what the kind's own room knows; here, what
 * units and registries must keep. Every complaint names file, line and rule. */
#include "registry/registry_internal.h"

#include <string.h>

/* One complaint an item; the sentence is the one a person filling a form would read. */
static void complain_items(struct pack_report *r, const struct pack_file *f, const char *prefix, const struct error *e)
{
    auto_arena struct arena *a = arena_new();

    if (e->n_items == 0)
        pack_complain(r, f, prefix, error_row(e->code)->code, "%s", e->detail);
    for (size_t i = 0; i < e->n_items; i++) {
        const struct error_item *item = &e->items[i];
        const char *pointer = arena_printf(a, "%s%s", prefix, item->pointer);
        char message[400];

        error_item_message(item, LANG_EN, message, sizeof message);
        pack_complain(r, f, pointer, item->keyword, "%s: %s", *pointer ? pointer : "/", message);
    }
    if (e->n_dropped)
        pack_complain(r, f, prefix, "more", "and %zu more", e->n_dropped);
}

static bool fits_schema(const struct schema *s, const struct pack_file *f, struct pack_report *report)
{
    auto_error struct error e;

    error_init(&e);
    if (schema_validate(s, f->body, &e))
        return true;
    complain_items(report, f, "", &e);
    return false;
}

/* Definitions of one kind: schema, key, no key twice. */
static void check_kind(const struct pack *pack, const struct pack_kind *kind, bool *sound, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    json_auto_t *seen = json_object();
    struct schema *schema = NULL;
    struct yaml yaml;

    error_init(&e);
    if (!pack_kind_schema(a, kind, &yaml, &e) || !schema_compile(a, yaml.root, &record_schema_options, &schema, &e)) {
        const struct pack_file whole = {.path = kind->folder, .yaml = {json_null(), json_null()}, .pointer = ""};

        pack_complain(report, &whole, "", "schema-of-kind", "%s: %s", e.n_items ? e.items[0].pointer : "/", e.detail);
        return;
    }
    for (size_t i = 0; i < pack->n; i++) {
        const struct pack_file *f = &pack->files[i];
        const char *key;
        json_t *earlier;

        if (strcmp(f->kind, kind->folder) != 0)
            continue;
        sound[i] = fits_schema(schema, f, report);
        key = json_str(f->body, kind->key);
        if (!key)
            continue; /* the schema has said so */
        earlier = json_object_get(seen, key);
        if (earlier)
            pack_complain(report, f, arena_printf(a, "/%s", kind->key), "duplicate", "%s is defined in %s already", key,
                          json_string_value(earlier));
        else
            (void)json_object_set_new(seen, key, json_string(f->path)); /* only fails without memory */
    }
}

static int compare(const void *a, const void *b)
{
    const struct pack_problem *x = a, *y = b;
    int order = strcmp(x->path, y->path);

    if (order == 0)
        order = (x->line > y->line) - (x->line < y->line);
    return order ? order : strcmp(x->what, y->what);
}

void pack_check(const struct pack *pack, const struct house *house, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    bool *sound = arena_array(a, bool, pack->n + 1);
    const struct pack_kind *kind;

    if (!report->arena)
        report->arena = pack->arena;
    for (size_t i = 0; (kind = pack_kind_at(house, i)); i++)
        check_kind(pack, kind, sound, report);
    for (size_t i = 0; i < pack->n; i++) {
        kind = pack_kind_of(house, pack->files[i].kind);
        if (sound[i] && kind && kind->check)
            kind->check(pack, &pack->files[i], report);
    }
    if (report->n)
        qsort(report->problems, report->n, sizeof *report->problems, compare);
}

bool pack_check_one(const struct pack *pack, const struct house *h, const struct pack_file *f,
                    struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    const struct pack_kind *kind = pack_kind_of(h, f->kind);
    struct schema *schema;
    struct yaml yaml;
    bool fits = false;

    error_init(&e);
    if (!pack_kind_schema(a, kind, &yaml, &e) || !schema_compile(a, yaml.root, &record_schema_options, &schema, &e))
        pack_complain(report, f, "", "schema-of-kind", "%s", e.detail);
    else
        fits = fits_schema(schema, f, report);
    if (fits && kind->check)
        kind->check(pack, f, report);
    if (report->n)
        qsort(report->problems, report->n, sizeof *report->problems, compare);
    return fits;
}

/* ---- units ---- */

static void check_unit(const struct pack *pack, const struct pack_file *f, struct pack_report *report)
{
    const char *kind = json_str(f->body, "kind"), *parent = json_str(f->body, "parent");
    const char *from = json_str(f->body, "from"), *to = json_str(f->body, "to"), *place = json_str(f->body, "place");
    const json_t *successors = json_object_get(f->body, "successors"), *one;
    bool is_city = text_equal(kind, "city");
    size_t i;

    if (is_city == (parent != NULL))
        pack_complain(report, f, "/parent", "parent",
                      is_city ? "the city has no parent" : "every unit but the city names its parent");
    if (parent && !pack_find(pack, "units", parent))
        pack_complain(report, f, "/parent", "unit", "there is no unit %s", parent);
    if (to && strcmp(to, from) < 0)
        pack_complain(report, f, "/to", "dates", "it ends before it begins");
    if (successors && !to)
        pack_complain(report, f, "/successors", "successors", "only a unit that ended has successors");
    json_array_foreach(successors, i, one) if (!pack_find(pack, "units", json_string_value(one)))
        pack_complain(report, f, "/successors", "unit", "there is no unit %s", json_string_value(one));
    if (!place && (text_equal(kind, "ward") || text_equal(kind, "commune") || text_equal(kind, "special-zone")))
        pack_complain(report, f, "", "place", "a commune has the five-digit code of its place");
    for (i = 0; i < pack->n && &pack->files[i] != f; i++) {
        const struct pack_file *other = &pack->files[i];

        if (strcmp(other->kind, f->kind) != 0)
            continue;
        if (is_city && text_equal(json_str(other->body, "kind"), "city"))
            pack_complain(report, f, "/kind", "city", "%s is the city already", json_str(other->body, "code"));
        if (place && !to && !json_str(other->body, "to") && text_equal(place, json_str(other->body, "place")))
            pack_complain(report, f, "/place", "duplicate", "%s has this place already", json_str(other->body, "code"));
    }
}

static bool unit_stored(struct db *db, struct house *house, const json_t *definition, struct error *e)
{
    return unit_put(db, house, definition, e);
}

/* ---- registries ---- */

static bool has_name(const char *pointer, const json_t *schema, void *arg)
{
    const char **wanted = arg;

    (void)schema;
    if (strcmp(pointer, *wanted) != 0)
        return true;
    *wanted = NULL;
    return false;
}

static bool has_field(const struct registry *r, const char *pointer)
{
    const char *wanted = pointer;

    schema_walk(r->schema, has_name, &wanted);
    return !wanted;
}

static void check_shared(const struct registry *r, const struct pack_file *f, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    const json_t *share = json_object_get(f->body, "share"), *rule, *name;
    size_t i, j;

    json_array_foreach(share, i, rule)
    {
        const char *purpose = json_str(rule, "purpose");
        const json_t *role = json_object_get(rule, "role");

        if (text_equal(purpose, "self") && !r->person)
            pack_complain(report, f, arena_printf(a, "/share/%zu/purpose", i), "self",
                          "the registry does not say which field holds the person's number");
        if (text_equal(purpose, "self") && !text_equal(json_string_value(role), "citizen"))
            pack_complain(report, f, arena_printf(a, "/share/%zu/role", i), "self",
                          "only a citizen reads a record about oneself");
        json_array_foreach(json_object_get(rule, "fields"), j,
                           name) if (!has_field(r, arena_printf(a, "/%s", json_string_value(name))))
            pack_complain(report, f, arena_printf(a, "/share/%zu/fields/%zu", i, j), "field",
                          "the schema has no field %s", json_string_value(name));
    }
}

static void check_titles(const struct pack_file *f, struct pack_report *report)
{
    static const char *const langs[] = {"vi", "en"};
    auto_arena struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT(langs); i++) {
        const char *source = json_str(json_object_get(f->body, "record_title"), langs[i]);
        auto_error struct error e;
        struct expr *x;

        error_init(&e);
        if (source && !expr_compile(a, source, &x, &e))
            pack_complain(report, f, arena_printf(a, "/record_title/%s", langs[i]), "expression", "%s", e.detail);
    }
}

static void check_registry(const struct pack *pack, const struct pack_file *f, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    const char *owner = json_str(f->body, "owner");
    struct schema *schema;
    struct registry *r;

    error_init(&e);
    if (!pack_find(pack, "units", owner))
        pack_complain(report, f, "/owner", "unit", "there is no unit %s", owner);
    if (!schema_compile(a, json_object_get(f->body, "schema"), &record_schema_options, &schema, &e)) {
        complain_items(report, f, "/schema", &e);
        return;
    }
    check_titles(f, report);
    error_done(&e);
    error_init(&e);
    if (!registry_compile(a, f->body, NULL, &r, &e)) {
        if (e.code != E_EXPRESSION) /* said above, with its line */
            pack_complain(report, f, "/schema", "registry", "%s", e.detail);
        return;
    }
    if (r->key && !has_field(r, r->key))
        pack_complain(report, f, "/key", "field", "the schema has no field %s", r->key);
    if (r->partner && !registry_field(r, r->partner))
        pack_complain(report, f, "/partner", "index", "%s is no field with x-index", r->partner);
    if (r->person && !has_field(r, r->person))
        pack_complain(report, f, "/person", "field", "the schema has no field %s", r->person);
    else if (r->person && !registry_field(r, r->person))
        pack_complain(report, f, "/person", "index", "%s needs x-index: people's own records are found by it",
                      r->person);
    check_shared(r, f, report);
}

/* ---- the rules of accounts ---- */

static void check_account_rules(const struct pack *pack, const struct pack_file *f, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    const json_t *rules = json_object_get(f->body, "rules"), *row, *other;
    size_t i, k;

    (void)pack;
    json_array_foreach(rules, i, row)
    {
        const char *from = json_str(row, "from"), *to = json_str(row, "to");

        if (to && strcmp(to, from) < 0)
            pack_complain(report, f, arena_printf(a, "/rules/%zu/to", i), "dates", "it ends before it begins");
        for (k = 0; k < i; k++) {
            const char *until;

            other = json_array_get(rules, k);
            until = json_str(other, "to");
            if (text_equal(json_str(other, "for"), json_str(row, "for")) && (!until || strcmp(until, from) >= 0) &&
                (!to || strcmp(json_str(other, "from"), to) <= 0))
                pack_complain(report, f, arena_printf(a, "/rules/%zu", i), "dates",
                              "another rule for the same accounts is in force then");
        }
    }
}

static bool account_rules_stored(struct db *db, struct house *house, const json_t *definition, struct error *e)
{
    return account_rules_put(db, house, definition, e);
}

extern const char registry_schema_yaml[], unit_schema_yaml[], account_rules_schema_yaml[];
extern const size_t registry_schema_yaml_len, unit_schema_yaml_len, account_rules_schema_yaml_len;

const struct pack_kind registry_pack_kinds[] = {
    {.folder = "units",
     .registry = "unit",
     .key = "code",
     .schema = unit_schema_yaml,
     .schema_len = &unit_schema_yaml_len,
     .check = check_unit,
     .stored = unit_stored},
    {.folder = "accounts.yaml",
     .registry = "account_rules",
     .key = "name",
     .schema = account_rules_schema_yaml,
     .schema_len = &account_rules_schema_yaml_len,
     .check = check_account_rules,
     .stored = account_rules_stored},
    {.folder = "registries",
     .registry = "registry",
     .key = "name",
     .schema = registry_schema_yaml,
     .schema_len = &registry_schema_yaml_len,
     .check = check_registry},
    {0},
};
