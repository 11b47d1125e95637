/* Records in and out: import and export of a registry. */
#include "program/program.h"

#include <string.h>

#include "registry/registry.h"

enum { PAGE = 500 };

static bool find(const struct house *h, const char *name, const struct registry **out, struct error *e)
{
    *out = registry_find(h, name);
    return *out || fail(e, E_NOT_FOUND, "registry %s", name);
}

/* ---- import ---- */
static void print_problems(const json_t *report)
{
    const json_t *problem;
    size_t i;

    json_array_foreach(json_object_get(report, "problems"), i, problem)
    {
        (void)fprintf(stderr, "%lld: %s: %s\n", (long long)json_i64(problem, "line", 0),
                      json_str(problem, "pointer") ? json_str(problem, "pointer") : "",
                      json_str(problem, "message") ? json_str(problem, "message") : "");
    }
    if (json_i64(report, "problems_dropped", 0))
        (void)fprintf(stderr, SAY("… và %lld lỗi nữa\n", "… and %lld more problems\n"),
                      (long long)json_i64(report, "problems_dropped", 0));
}

static bool format_of(const char *path, enum import_format *out, struct error *e)
{
    const char *dot = strrchr(path, '.');

    return (dot && import_format_parse(dot + 1, out)) || fail(e, E_USAGE, "%s: .csv | .ndjson | .geojson", path);
}

bool run_import(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct import in = {.path = args->rest[1], .dry_run = args->dry_run, .lang = program_lang()};
    json_auto_t *report = NULL;
    struct home home;

    if (!format_of(in.path, &in.format, e) || !home_of(args, a, &home, e) || !house_open_kept(&home, &house, e) ||
        !find(&house, args->rest[0], &in.registry, e) || !registry_import(house.store, &in, &report, e))
        return false;
    print_problems(report);
    printf(SAY("%lld dòng: %lld mới, %lld thay đổi, %lld như cũ, %lld lỗi%s\n",
               "%lld rows: %lld new, %lld changed, %lld the same, %lld bad%s\n"),
           (long long)json_i64(report, "rows", 0), (long long)json_i64(report, "new", 0),
           (long long)json_i64(report, "changed", 0), (long long)json_i64(report, "same", 0),
           (long long)json_i64(report, "bad", 0), args->dry_run ? SAY(" (chạy thử)", " (dry run)") : "");
    return json_i64(report, "bad", 0) == 0 || fail(e, E_RECORD_INVALID, "%s", args->rest[1]);
}

/* ---- export ---- */
static bool write_body(const struct record *record, FILE *to, struct error *e)
{
    return (json_dumpf(record->body, to, JSON_COMPACT) == 0 && fputc('\n', to) != EOF) || fail_errno(e, "export");
}

static bool write_all(const struct house *h, const struct registry *r, FILE *to, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_read struct db *db = NULL; /* one view: the records of one moment */
    struct record_query query = {.limit = PAGE};
    struct record records[PAGE];
    char cursor[256] = "";
    size_t n;

    if (!store_read(h->store, &db, e))
        return false;
    do {
        query.cursor = *cursor ? cursor : NULL;
        if (!record_list(db, a, r, &query, records, &n, e))
            return false;
        for (size_t i = 0; i < n; i++)
            if (!write_body(&records[i], to, e))
                return false;
        if (n)
            (void)snprintf(cursor, sizeof cursor, "%s", records[n - 1].key); /* keys are 200 bytes at most */
        arena_reset(a);
    } while (n == PAGE);
    return fflush(to) == 0 || fail_errno(e, "export");
}

bool run_export(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    auto_fclose FILE *file = NULL;
    const struct registry *registry;
    struct home home;

    if (!home_of(args, a, &home, e) || !house_open_kept(&home, &house, e) || !find(&house, args->rest[0], &registry, e))
        return false;
    if (args->n < 2)
        return write_all(&house, registry, stdout, e);
    file = fopen(args->rest[1], "wxe"); /* never over what is there */
    if (!file)
        return fail_errno(e, "%s", args->rest[1]);
    return write_all(&house, registry, file, e) && (fsync(fileno(file)) == 0 || fail_errno(e, "%s", args->rest[1]));
}
