/* Packs: what is wrong is told with file, line and rule; what is right is loaded once. */
#include "registry_test.h"

/* Each row spoils one file of the small city. */
static const struct {
    const char *file, *text, *told; /* "file:line rule" of the first problem */
} wrong[] = {
    {"registries/x.yaml", "name: x\n  group: [\n", "registries/x.yaml:2 yaml"},
    {"registries/x.yaml", "name: x\nname: y\n", "registries/x.yaml:2 yaml"},
    {"registries/x.yaml", "name: x\n", "registries/x.yaml:1 required"},
    {"registries/x.yaml",
     "name: x\ngroup: parks\ntitle: {vi: X, en: X}\nowner: H29\nschema: {type: object, properties: {a: {}}}\n",
     "registries/x.yaml:2 enum"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nschema: {type: object, properties: {a: {}}}\nkind: "
     "1\n",
     "registries/x.yaml:6 additionalProperties"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: \"H29.77\"\nschema: {type: object, properties: {a: {}}}\n",
     "registries/x.yaml:4 unit"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nkey: b\n"
     "schema: {type: object, properties: {a: {}}}\n",
     "registries/x.yaml:5 field"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nperson: a\n"
     "schema: {type: object, properties: {a: {type: string}}}\n",
     "registries/x.yaml:5 index"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nschema:\n  type: object\n  properties:\n"
     "    a: {type: text}\n",
     "registries/x.yaml:8 type"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nschema:\n  type: object\n  properties:\n"
     "    a: {type: array, items: {type: string, x-index: true}}\n",
     "registries/x.yaml:6 registry"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nrecord_title:\n  vi: \"body.a ..\"\n"
     "schema: {type: object, properties: {a: {}}}\n",
     "registries/x.yaml:6 expression"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nschema: {type: object, properties: {a: {}}}\nshare:\n"
     "  - {role: one-stop, purpose: case, fields: [a]}\n  - {role: clerk, purpose: case, fields: [a, b]}\n",
     "registries/x.yaml:8 field"},
    {"registries/x.yaml",
     "name: x\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nschema: {type: object, properties: {a: {}}}\nshare:\n"
     "  - {role: mayor, purpose: case, fields: [a]}\n",
     "registries/x.yaml:7 oneOf"},
    {"registries/x.yaml",
     "name: person\ngroup: people\ntitle: {vi: X, en: X}\nowner: H29\nschema: {type: object, properties: {a: {}}}\n",
     "registries/x.yaml:1 duplicate"},
    {"units/more.yaml",
     "- {code: \"H29.2\", kind: department, name: {vi: Sở, en: Department}, parent: H29, from: \"2025-07-01\"}\n"
     "- {code: \"H29.3\", kind: department, name: {vi: Sở, en: Department}, parent: \"H30\", from: \"2025-07-01\"}\n",
     "units/more.yaml:2 unit"},
    {"units/more.yaml",
     "- {code: \"H29.2\", kind: department, name: {vi: Sở, en: Department}, parent: H29, from: \"2025-13-01\"}\n",
     "units/more.yaml:1 date"},
    {"units/more.yaml",
     "- code: \"H29.2\"\n  kind: district\n  name: {vi: Quận, en: District}\n  parent: H29\n  from: \"2025-07-01\"\n"
     "  to: \"2025-06-30\"\n",
     "units/more.yaml:6 dates"},
    {"units/more.yaml",
     "- {code: \"H29.2\", kind: ward, place: \"26740\", name: {vi: P, en: W}, parent: H29, from: \"2025-07-01\"}\n",
     "units/more.yaml:1 duplicate"},
    {"pack.yaml", "name: small\ncity: H29\ntitle: {vi: A, en: A}\n", "pack.yaml:1 required"},
    {"registeries/y.yaml", "name: y\n", "registeries:1 unknown"},
};

static void problems_have_a_file_and_a_line(void **state)
{
    struct city *c = *state;

    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct pack pack;
        struct pack_report report;
        char told[200] = "nothing";

        city_pack(c);
        city_file(c, wrong[i].file, wrong[i].text);
        report = city_check(c, &pack);
        if (report.n)
            (void)snprintf(told, sizeof told, "%s:%d %s", report.problems[0].path, report.problems[0].line,
                           report.problems[0].rule);
        if (strcmp(told, wrong[i].told) != 0)
            fail_msg("row %zu: expected %s, got %s (%s)", i, wrong[i].told, told,
                     report.n ? report.problems[0].what : "");
        city_file(c, wrong[i].file, NULL);
    }
}

static bool count_each(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    (void)key;
    (void)version;
    (void)body;
    (void)e;
    ++*(int *)arg;
    return true;
}

static void loading_is_idempotent(void **state)
{
    struct city *c = *state;
    auto_read struct db *db = NULL;
    json_auto_t *body = NULL, *newer = NULL, *none = NULL;
    bool found;
    int n = 0;

    city_pack(c);
    assert_int_equal(city_load(c, NOON), 5); /* three units, two registries */
    assert_int_equal(city_load(c, NOON), 0);
    assert_string_equal(unit_by_code(&c->house, "H29.1.1")->place, "26740");
    assert_string_equal(registry_title(registry_find(&c->house, "bridge"), LANG_VI), "Cầu");
    assert_int_equal(registry_find(&c->house, "person")->owner, unit_by_code(&c->house, "H29.11")->id);
    assert_null(registry_find(&c->house, "bridges"));

    city_file(c, "units/all.yaml",
              "- {code: H29, kind: city, name: {vi: Thành phố lớn, en: Big City}, from: \"2025-07-01\"}\n");
    city_file(c, "registries/person.yaml", NULL);
    city_file(c, "registries/bridge.yaml", NULL);
    assert_int_equal(city_load(c, NOON + HOUR), 1); /* what the pack no longer has stays */
    assert_string_equal(unit_by_code(&c->house, "H29")->name[LANG_VI], "Thành phố lớn");
    assert_ok(c, store_read(c->house.store, &db, &c->e));
    assert_ok(c, definition_version(db, "unit", "H29", 1, &body, &found, &c->e));
    assert_true(found);
    assert_string_equal(json_title(json_object_get(body, "name"), LANG_VI), "Thành phố nhỏ");
    assert_ok(c, definition_version(db, "unit", "H29", 2, &newer, &found, &c->e));
    assert_true(found);
    assert_ok(c, definition_version(db, "unit", "H29", 3, &none, &found, &c->e));
    assert_false(found);
    assert_ok(c, definitions_each(db, "unit", count_each, &n, &c->e));
    assert_int_equal(n, 3);
}

static void a_definition_of_tomorrow_is_not_in_force(void **state)
{
    struct city *c = *state;
    auto_read struct db *db = NULL;
    int n = 0;

    city_pack(c);
    (void)city_load(c, now_ms() + 24 * HOUR);
    assert_ok(c, store_read(c->house.store, &db, &c->e));
    assert_ok(c, definitions_each(db, "registry", count_each, &n, &c->e));
    assert_int_equal(n, 0);
    assert_null(registry_find(&c->house, "person"));
}

static void a_definition_survives_the_night(void **state)
{
    struct city *c = *state;

    assert_ok(c, put(c, "bridge", NULL, "{\"code\": \"B1\", \"name\": \"Cầu Mống\"}", 0, NOON));
    city_sleep(c);
    city_wake(c);
    assert_non_null(registry_find(&c->house, "bridge"));
    assert_fails(c, E_RECORD_EXISTS, put(c, "bridge", NULL, "{\"code\": \"B1\"}", 0, NOON));
}

static void a_field_can_be_indexed_later(void **state)
{
    static const char bridge_later[] = "name: bridge\ngroup: land-urban\ntitle: {vi: Cầu, en: Bridges}\n"
                                       "owner: \"H29.11\"\nkey: code\n"
                                       "schema:\n  type: object\n  properties:\n    code: {type: string}\n"
                                       "    length: {type: number, x-index: true}\n"
                                       "    name: {type: string, x-search: true, x-unique: true}\n";
    struct city *c = *state;
    struct record found[2];
    size_t n;

    assert_ok(c, put(c, "bridge", NULL, "{\"code\": \"B1\", \"name\": \"Cầu Mống\", \"length\": 128}", 0, NOON));
    city_file(c, "registries/bridge.yaml", bridge_later);
    assert_int_equal(city_load(c, NOON), 1);
    {
        auto_read struct db *db = NULL;

        assert_ok(c, store_read(c->house.store, &db, &c->e));
        assert_ok(c,
                  record_where(db, c->arena, registry_find(&c->house, "bridge"), "length", "128", found, 2, &n, &c->e));
        assert_int_equal(n, 1);
    }
    assert_fails(c, E_CONFLICT, put(c, "bridge", NULL, "{\"code\": \"B2\", \"name\": \"Cầu Mống\"}", 0, NOON));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story_of_nothing(problems_have_a_file_and_a_line),
        story_of_nothing(loading_is_idempotent),
        story_of_nothing(a_definition_of_tomorrow_is_not_in_force),
        story(a_definition_survives_the_night),
        story(a_field_can_be_indexed_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
