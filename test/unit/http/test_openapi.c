#include "town.h"

#include <string.h>

static json_t *document(void)
{
    static const struct module *const list[] = {&town_module, NULL};
    const struct house house = {.modules = list};

    return openapi_new(&house, &town_gate);
}

static void says_what_the_rows_say(void **state)
{
    json_t *d = document(), *post, *get, *list;

    (void)state;
    assert_non_null(d);
    assert_string_equal(json_str(d, "openapi"), "3.1.0");
    post = json_at(d, "/paths/~1api~1v1~1things/post");
    assert_string_equal(json_str(post, "operationId"), "post_things");
    assert_non_null(json_at(post, "/responses/201/content/application~1json/schema/$ref"));
    assert_int_equal(json_array_size(json_object_get(post, "security")), 0);
    assert_int_equal(
        json_i64(json_at(post, "/requestBody/content/application~1json/schema/properties/copies"), "maximum", 0), 20);
    get = json_at(d, "/paths/~1api~1v1~1things~1{id}/patch");
    assert_string_equal(json_str(get, "x-right"), "secret");
    assert_string_equal(json_str(json_at(get, "/parameters/0"), "in"), "path");
    assert_int_equal(json_array_size(json_object_get(get, "security")), 2);
    list = json_at(d, "/paths/~1api~1v1~1things/get");
    assert_int_equal(json_array_size(json_object_get(list, "parameters")), 3); /* name, limit, cursor */
    assert_string_equal(
        json_str(json_at(list, "/responses/200/content/application~1json/schema/properties/items/items"), "$ref"),
        "#/components/schemas/thing");
    assert_null(json_at(d, "/paths/~1verify~1{code}")); /* hidden */
    assert_non_null(json_at(d, "/paths/~1healthz/get"));
    json_decref(d);
}

static void ids_are_unique(void **state)
{
    json_t *d = document(), *seen = json_object(), *path, *operation;
    const char *name, *method;

    (void)state;
    json_object_foreach(json_object_get(d, "paths"), name, path) json_object_foreach(path, method, operation)
    {
        const char *id = json_str(operation, "operationId");

        if (json_object_get(seen, id))
            fail_msg("%s twice", id);
        json_object_set_new(seen, id, json_true());
    }
    json_decref(seen);
    json_decref(d);
}

static bool answer(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_empty(r, 204);
}

static void a_shape_must_exist(void **state)
{
    static const struct route rows[] = {{"GET", "/x", RIGHT_PUBLIC, NULL, "page:ghost", "A ghost", answer}, {0}};
    static const struct module room = {.name = "x", .routes = rows};
    static const struct module *const list[] = {&room, NULL};
    const struct house house = {.modules = list};

    (void)state;
    assert_null(openapi_new(&house, NULL));
}

/* For a linter of OpenAPI: prints the document of the town when asked. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_rows_say),
        cmocka_unit_test(ids_are_unique),
        cmocka_unit_test(a_shape_must_exist),
    };

    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        json_t *d = document();

        json_dumpf(d, stdout, JSON_INDENT(2));
        json_decref(d);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
