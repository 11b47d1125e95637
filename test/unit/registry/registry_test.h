/* What the tests of registry/ share: a city of two units and three registries, in a folder of its own, gone afterwards.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has its own */
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include "../test_store.h"
#include "module.h"
#include "registry/registry_internal.h"

static const int64_t NOON = 1795237200000; /* 2026-11-21T12:00+07:00 */
static const int64_t HOUR = 3600 * 1000;

struct city {
    char folder[64];
    struct house house;
    const struct module *modules[3];
    struct arena *arena;
    struct error e;
};

/* An error is shown before the test goes red. */
#define assert_ok(city, call)                                                                                          \
    do {                                                                                                               \
        error_done(&(city)->e);                                                                                        \
        error_init(&(city)->e);                                                                                        \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s: %s\n", #call, error_row((city)->e.code)->code, (city)->e.detail);                     \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)
#define assert_fails(city, expected, call)                                                                             \
    do {                                                                                                               \
        error_done(&(city)->e);                                                                                        \
        error_init(&(city)->e);                                                                                        \
        assert_false(call);                                                                                            \
        assert_string_equal(error_row((city)->e.code)->code, error_row(expected)->code);                               \
    } while (0)

/* Writes a file of the city's pack; NULL removes it. */
static inline void city_file(struct city *c, const char *name, const char *text)
{
    char path[200], *slash;

    (void)snprintf(path, sizeof path, "%s/pack/%s", c->folder, name);
    if (!text) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    slash = strrchr(path, '/');
    *slash = '\0';
    assert_ok(c, folder_make(path, &c->e));
    *slash = '/';
    assert_ok(c, file_write(path, (struct bytes){text, strlen(text)}, &c->e));
}

static const char pack_yaml[] = "name: small\n"
                                "title: {vi: Thành phố nhỏ, en: A small city}\n"
                                "city: H29\n"
                                "place: {vi: Thành phố nhỏ, en: Small City}\n";
static const char units_yaml[] =
    "- {code: H29, kind: city, name: {vi: Thành phố nhỏ, en: Small City}, from: \"2025-07-01\"}\n"
    "- {code: \"H29.11\", kind: department, name: {vi: Sở Tư pháp, en: Department of Justice}, parent: H29,\n"
    "   from: \"2025-07-01\", offers: [justice]}\n"
    "- {code: \"H29.1.1\", kind: ward, place: \"26740\", name: {vi: Phường Đa Kao, en: Da Kao Ward}, parent: H29,\n"
    "   from: \"2025-07-01\", offers: [ward]}\n";
static const char person_yaml[] =
    "name: person\n"
    "group: people\n"
    "title: {vi: Dân cư, en: Residents}\n"
    "owner: \"H29.11\"\n"
    "key: number\n"
    "person: number\n"
    "record_title: {vi: \"'Dân cư: ' .. body.full_name\", en: \"'Resident: ' .. body.full_name\"}\n"
    "schema:\n"
    "  type: object\n"
    "  additionalProperties: false\n"
    "  required: [number, full_name]\n"
    "  properties:\n"
    "    number: {type: string, format: vn-personal-number, x-unique: true, x-sensitive: identity}\n"
    "    full_name: {type: string, minLength: 2, x-search: true, title: {vi: Họ tên, en: Full name}}\n"
    "    birth_date: {type: string, format: date, x-index: true, title: {vi: Ngày sinh, en: Date of birth}}\n"
    "    phone: {type: string, format: vn-phone, x-unique: true}\n"
    "    alive: {type: boolean, x-index: true}\n"
    "    children: {type: integer, x-index: true}\n"
    "    mother:\n"
    "      type: object\n"
    "      additionalProperties: false\n"
    "      properties:\n"
    "        number: {type: string, x-index: true}\n"
    "        full_name: {type: string, x-search: true}\n"
    "share:\n"
    "  - {role: citizen, purpose: self, fields: \"*\"}\n"
    "  - {role: one-stop, purpose: case, fields: [number, full_name, birth_date]}\n"
    "  - {role: [specialist, signatory], purpose: case, fields: \"*\"}\n"
    "  - {role: public, purpose: public, fields: []}\n";
static const char bridge_yaml[] = "name: bridge\n"
                                  "group: land-urban\n"
                                  "title: {vi: Cầu, en: Bridges}\n"
                                  "owner: \"H29.11\"\n"
                                  "key: code\n"
                                  "schema:\n"
                                  "  type: object\n"
                                  "  required: [code]\n"
                                  "  properties:\n"
                                  "    code: {type: string}\n"
                                  "    name: {type: string, x-search: true}\n"
                                  "    length: {type: number}\n"
                                  "    geometry: {type: object}\n"
                                  "share:\n"
                                  "  - {role: public, purpose: public, fields: [code, name, geometry]}\n";

static inline void city_pack(struct city *c)
{
    city_file(c, "pack.yaml", pack_yaml);
    city_file(c, "units/all.yaml", units_yaml);
    city_file(c, "registries/person.yaml", person_yaml);
    city_file(c, "registries/bridge.yaml", bridge_yaml);
}

static inline struct pack_report city_check(struct city *c, struct pack *pack)
{
    struct pack_report report = {.arena = c->arena};
    char path[100];

    (void)snprintf(path, sizeof path, "%s/pack", c->folder);
    assert_ok(c, pack_read(path, &c->house, c->arena, pack, &report, &c->e));
    pack_check(pack, &c->house, &report);
    return report;
}

/* Checks and loads; how many definitions were new or changed. */
static inline size_t city_load(struct city *c, int64_t from)
{
    struct pack pack;
    struct pack_report report = city_check(c, &pack);
    size_t changed;

    for (size_t i = 0; i < report.n; i++)
        print_error("%s:%d: %s: %s\n", report.problems[i].path, report.problems[i].line, report.problems[i].rule,
                    report.problems[i].what);
    assert_int_equal(report.n, 0);
    assert_ok(c, pack_load(&c->house, &pack, from, &changed, &c->e));
    return changed;
}

static inline void city_wake(struct city *c)
{
    char url[256];

    test_store_url(c->folder, "motcua.db", url, sizeof url);
    log_set_level(LOG_ERROR);
    assert_ok(c, store_open(url, &c->house.store, &c->e));
    for (size_t i = 0; c->modules[i]; i++)
        assert_ok(c, store_migrate(c->house.store, c->modules[i]->name, c->modules[i]->migrations, &c->e));
    for (size_t i = 0; c->modules[i]; i++)
        assert_ok(c, c->modules[i]->start(&c->house, &c->e));
}

static inline void city_sleep(struct city *c)
{
    for (size_t i = COUNT(c->modules) - 1; i-- > 0;)
        c->modules[i]->stop(&c->house);
    store_close(c->house.store);
    c->house.store = NULL;
}

static inline int city_setup_empty(void **state)
{
    struct city *c = calloc(1, sizeof *c);

    assert_non_null(c);
    error_init(&c->e);
    (void)snprintf(c->folder, sizeof c->folder, "/tmp/motcua-registry-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    test_store_new(c->folder);
    c->modules[0] = &people_module;
    c->modules[1] = &registry_module;
    c->house.data_dir = c->folder;
    c->house.modules = c->modules;
    c->arena = arena_new();
    city_wake(c);
    *state = c;
    return 0;
}

static inline int city_setup(void **state)
{
    (void)city_setup_empty(state);
    city_pack(*state);
    (void)city_load(*state, NOON - 24 * HOUR);
    return 0;
}

static inline int city_teardown(void **state)
{
    struct city *c = *state;
    char command[100];

    city_sleep(c);
    arena_free(c->arena);
    error_done(&c->e);
    assert_true(text_starts_with(c->folder, "/tmp/motcua-registry-"));
    (void)snprintf(command, sizeof command, "rm -r '%s'", c->folder);
    assert_int_equal(system(command), 0);
    test_store_drop(c->folder);
    free(c);
    return 0;
}

#define story(f) cmocka_unit_test_setup_teardown(f, city_setup, city_teardown)
#define story_of_nothing(f) cmocka_unit_test_setup_teardown(f, city_setup_empty, city_teardown)

/* ---- one write ---- */

struct put {
    const struct registry *registry;
    struct record_write write;
    struct record out;
    struct arena *arena;
    bool end;
};

static inline bool run_put(struct db *db, void *arg, struct error *e)
{
    struct put *p = arg;

    return p->end ? record_end(db, p->registry, &p->write, e)
                  : record_put(db, p->registry, &p->write, &p->out, p->arena, e);
}

/* body: JSON text; seen as in struct record_write. */
static inline bool put(struct city *c, const char *registry, const char *key, const char *body, int64_t seen,
                       int64_t now)
{
    json_auto_t *j = NULL;
    struct put p = {.registry = registry_find(&c->house, registry), .arena = c->arena, .end = !body};

    assert_non_null(p.registry);
    if (body)
        assert_true(json_read((struct bytes){body, strlen(body)}, &j, &c->e));
    p.write = (struct record_write){
        .key = key, .body = j, .seen = seen, .actor = 7, .reason = "test", .now = now, .valid_from = INSTANT_NONE};
    return store_write(c->house.store, run_put, &p, &c->e);
}

#define PERSON(number, name, rest) "{\"number\": \"" number "\", \"full_name\": \"" name "\"" rest "}"
#define LAN "079190000011"
#define MINH "079090000012"
#define AN "079200000013"
