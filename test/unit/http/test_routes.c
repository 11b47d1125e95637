#include "suite.h"

#include <string.h>

#include "http/http_internal.h"

static bool nothing(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_empty(r, 204);
}

/* clang-format off */
static const struct route good_rows[] = {
    {"GET",  "/api/v1/cases",                       RIGHT_PUBLIC, .handler = nothing},
    {"POST", "/api/v1/cases",                       RIGHT_PUBLIC, .handler = nothing},
    {"GET",  "/api/v1/cases/{code}",                RIGHT_PUBLIC, .handler = nothing},
    {"GET",  "/api/v1/cases/export",                RIGHT_PUBLIC, .handler = nothing},
    {"POST", "/api/v1/cases/{code}/actions/{action}", RIGHT_PUBLIC, .handler = nothing},
    {"GET",  "/verify/{code}",                      RIGHT_PUBLIC, .handler = nothing},
    {0},
};
/* clang-format on */

static bool compile(struct arena *a, const struct route *rows, struct routes *out, struct error *e)
{
    const struct module room = {.name = "room", .routes = rows};
    const struct module *const list[] = {&room, NULL};
    const struct house house = {.modules = list};

    error_init(e);
    return routes_compile(a, &house, out, e);
}

static void finds(void **state)
{
    static const struct {
        const char *path, *row; /* row of GET or POST; NULL when unknown */
        const char *first_param;
    } rows[] = {
        {"/api/v1/cases", "/api/v1/cases", NULL},
        {"/api/v1/cases/", NULL, NULL},
        {"/api/v1/cases/export", "/api/v1/cases/export", NULL},
        {"/api/v1/cases/H29.1-1", "/api/v1/cases/{code}", "H29.1-1"},
        {"/api/v1/cases/export/actions/x", "/api/v1/cases/{code}/actions/{action}", "export"},
        {"/api/v1/cases/1/actions", NULL, NULL},
        {"/api/v1/cases//actions/x", NULL, NULL},
        {"/verify/AB%2F", "/verify/{code}", "AB%2F"},
        {"/healthz", "/healthz", NULL},
        {"/", NULL, NULL},
        {"", NULL, NULL},
        {"*", NULL, NULL},
        {"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s", NULL, NULL},
    };
    struct arena *a = arena_new();
    struct routes routes;
    struct error e;

    (void)state;
    assert_true(compile(a, good_rows, &routes, &e));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct match m = {0};
        bool found = routes_find(&routes, rows[i].path, &m);
        const struct entry *entry = !found                    ? NULL
                                    : m.by_method[METHOD_GET] ? m.by_method[METHOD_GET]
                                                              : m.by_method[METHOD_POST];

        if (!text_equal(entry ? entry->row->path : NULL, rows[i].row))
            fail_msg("%s", rows[i].path);
        if (rows[i].first_param)
            assert_memory_equal(m.param[0].text, rows[i].first_param, m.param[0].len);
    }
    arena_free(a);
}

static void allows(void **state)
{
    struct arena *a = arena_new();
    struct routes routes;
    struct match m = {0};
    struct error e;
    char text[64];

    (void)state;
    assert_true(compile(a, good_rows, &routes, &e));
    assert_true(routes_find(&routes, "/api/v1/cases", &m));
    routes_allow(&m, text, sizeof text);
    assert_string_equal(text, "GET, HEAD, POST");
    arena_free(a);
}

static void refuses(void **state)
{
    static const struct field list[] = {{"x", FIELD_ARRAY, 0}, {0}};
    static const struct {
        struct route rows[3];
        const char *says;
    } bad[] = {
        {{{"GET", "/x", RIGHT_NONE, .handler = nothing}}, "names no right"},
        {{{"GET", "/x", RIGHT_PUBLIC}}, "no handler"},
        {{{"HEAD", "/x", RIGHT_PUBLIC, .handler = nothing}}, "unknown method"},
        {{{"FETCH", "/x", RIGHT_PUBLIC, .handler = nothing}}, "unknown method"},
        {{{"GET", "x", RIGHT_PUBLIC, .handler = nothing}}, "not a path"},
        {{{"GET", "/x", RIGHT_PUBLIC, .handler = nothing}, {"GET", "/x", RIGHT_PUBLIC, .handler = nothing}}, "twice"},
        {{{"GET", "/x/{a}", RIGHT_PUBLIC, .handler = nothing}, {"GET", "/x/{b}", RIGHT_PUBLIC, .handler = nothing}},
         "twice"},
        {{{"GET", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", RIGHT_PUBLIC, .handler = nothing}}, "too many parameters"},
        {{{"GET", "/x", RIGHT_PUBLIC, .handler = nothing, .query = list}}, "no scalar"},
        {{{"GET", "/healthz", RIGHT_PUBLIC, .handler = nothing}}, "twice"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena *a = arena_new();
        struct routes routes;
        struct error e;

        assert_false(compile(a, bad[i].rows, &routes, &e));
        assert_int_equal(e.code, E_INTERNAL);
        if (!strstr(e.detail, bad[i].says))
            fail_msg("%s, not %s", e.detail, bad[i].says);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(allows),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
