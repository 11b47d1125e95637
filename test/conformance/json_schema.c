/* Runs the official JSON Schema suite: conformance SUITE, the folder with tests/ and remotes/. Prints each case that
 * fails, and last how many passed. The suite is not ours and is never copied here. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "schema/schema.h"

static const char remote_uri[] = "http://localhost:1234/";

struct tally {
    const char *suite;
    int passed, failed;
};

static json_t *load(const char *path)
{
    return json_load_file(path, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static bool resolve(const char *uri, json_t **out, void *arg, struct error *e)
{
    const struct tally *t = arg;
    auto_arena struct arena *a = arena_new();

    (void)e;
    *out = NULL;
    if (text_starts_with(uri, remote_uri))
        *out = load(arena_printf(a, "%s/remotes/%s", t->suite, uri + strlen(remote_uri)));
    return true;
}

static void run_case(struct tally *t, const struct schema *s, const char *path, const char *group, const json_t *test)
{
    auto_error struct error e;
    bool valid;

    error_init(&e);
    valid = schema_validate(s, json_object_get(test, "data"), &e);
    if (valid == json_flag(test, "valid") && valid == (e.n_items == 0)) {
        t->passed++;
        return;
    }
    t->failed++;
    printf("%s: %s: %s: says %s %s\n", path, group, json_str(test, "description"), valid ? "valid" : "invalid",
           e.n_items ? e.detail : "");
}

static void run_group(struct tally *t, const char *path, const json_t *group)
{
    auto_arena struct arena *a = arena_new();
    const struct schema_options options = {.resolve = resolve, .resolve_arg = t};
    const json_t *tests = json_object_get(group, "tests");
    struct schema *s;
    auto_error struct error e;

    error_init(&e);
    if (!schema_compile(a, json_object_get(group, "schema"), &options, &s, &e)) {
        printf("%s: %s: %s\n", path, json_str(group, "description"), e.detail);
        t->failed += (int)json_array_size(tests);
        return;
    }
    for (size_t i = 0; i < json_array_size(tests); i++)
        run_case(t, s, path, json_str(group, "description"), json_array_get(tests, i));
}

static bool run_file(const char *path, void *arg, struct error *e)
{
    json_auto_t *groups = load(path);

    if (!json_is_array(groups))
        return fail(e, E_JSON_SYNTAX, "%s", path);
    for (size_t i = 0; i < json_array_size(groups); i++)
        run_group(arg, path, json_array_get(groups, i));
    return true;
}

int main(int argc, char **argv)
{
    auto_arena struct arena *a = arena_new();
    struct tally t = {.suite = argc > 1 ? argv[1] : ""};
    auto_error struct error e;

    error_init(&e);
    if (argc != 2) {
        (void)fprintf(stderr, "usage: conformance SUITE\n");
        return 2;
    }
    if (!folder_walk(arena_printf(a, "%s/tests/draft2020-12", t.suite), ".json", run_file, &t, &e)) {
        (void)fprintf(stderr, "%s\n", e.detail);
        return 2;
    }
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed == 0 && t.passed > 0 ? 0 : 1;
}
