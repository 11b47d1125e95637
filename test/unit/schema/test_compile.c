/* Schemas that are wrong are refused with the place; documents are found where they are said to be. */
#include "schema_test.h"

/* clang-format off */
static const struct { const char *schema, *pointer, *keyword; } wrong[] = {
    {"1",                                              "",                   ""},
    {"{'type':'text'}",                                "",                   "type"},
    {"{'properties':{'a':{'type':['string','x']}}}",   "/properties/a",      "type"},
    {"{'properties':{'a':1}}",                         "",                   "properties"},
    {"{'required':'a'}",                               "",                   "required"},
    {"{'required':[1]}",                               "",                   "required"},
    {"{'minLength':-1}",                               "",                   "minLength"},
    {"{'minItems':1.5}",                               "",                   "minItems"},
    {"{'multipleOf':0}",                               "",                   "multipleOf"},
    {"{'allOf':[]}",                                   "",                   "allOf"},
    {"{'pattern':'('}",                                "",                   "pattern"},
    {"{'pattern':'a(?R)'}",                            "",                   "pattern"},
    {"{'pattern':'\\\\Aa'}",                           "",                   "pattern"},
    {"{'pattern':'a++'}",                              "",                   "pattern"},
    {"{'items':{'format':'vn-phne'}}",                 "/items",             "format"},
    {"{'items':{'$ref':'#/$defs/none'}}",              "/items",             "$ref"},
    {"{'$ref':'#none'}",                               "",                   "$ref"},
    {"{'$ref':'http://example.org/other'}",            "",                   "$ref"},
    {"{'$defs':{'a':{'$id':'x'},'b':{'$id':'x'}}}",    "/$defs/b",           "$id"},
    {"{'allOf':[{'x-personal-number-of':{}}]}",        "/allOf/0",           "x-personal-number-of"},
};
/* clang-format on */

static void test_wrong_schemas(void **state)
{
    const struct schema_options options = {.assert_formats = true};

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        auto_arena struct arena *a = arena_new();
        json_auto_t *j = json_of(wrong[i].schema);
        struct schema *s;
        struct error e;

        error_init(&e);
        if (schema_compile(a, j, &options, &s, &e))
            red("%s was accepted", wrong[i].schema);
        assert_int_equal(e.code, E_SCHEMA);
        assert_int_equal(e.n_items, 1);
        if (strcmp(e.items[0].pointer, wrong[i].pointer) != 0 || strcmp(e.items[0].keyword, wrong[i].keyword) != 0)
            red("%s: blamed %s %s", wrong[i].schema, e.items[0].pointer, e.items[0].keyword);
    }
}

static void test_nesting_has_a_ceiling(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = json_object();
    struct schema *s;
    struct error e;

    (void)state;
    error_init(&e);
    for (int i = 0; i < SCHEMA_NESTING_MAX; i++)
        j = json_pack("{s:o}", "not", j);
    assert_true(schema_compile(a, j, NULL, &s, &e));
    j = json_pack("{s:o}", "not", j);
    assert_false(schema_compile(a, j, NULL, &s, &e));
    assert_int_equal(e.code, E_SCHEMA);
}

static bool never_ending(const char *uri, json_t **out, void *arg, struct error *e)
{
    int *asked = arg;

    (void)e;
    assert_true(text_starts_with(uri, "http://city.example/schemas/"));
    *out = json_pack("{s:s+}", "$ref", "../schemas/", ++*asked % 2 ? "a" : "b");
    if (*asked > 2) {
        char next[32];

        (void)snprintf(next, sizeof next, "n%d", *asked);
        (void)json_object_set_new(*out, "$ref", json_string(next));
    }
    return true;
}

static void test_documents_have_a_ceiling(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = json_of("{'$ref':'first'}");
    int asked = 0;
    const struct schema_options options = {
        .base_uri = "http://city.example/schemas/root", .resolve = never_ending, .resolve_arg = &asked};
    struct schema *s;
    struct error e;

    (void)state;
    error_init(&e);
    asked = 2;
    assert_false(schema_compile(a, j, &options, &s, &e));
    assert_int_equal(e.code, E_SCHEMA);
    assert_true(asked <= SCHEMA_DOCUMENTS_MAX + 2);
}

/* The caller may change or drop what it gave. */
static void test_schema_is_copied(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_t *j = json_of("{'properties':{'a':{'type':'string'}}}");
    json_auto_t *instance = json_of("{'a':1}");
    struct schema *s;
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(schema_compile(a, j, NULL, &s, &e));
    (void)json_object_clear(json_object_get(j, "properties"));
    json_decref(j);
    assert_false(schema_validate(s, instance, &e));
    assert_string_equal(e.items[0].param, "string");
}

static void test_formats_only_annotate_unless_asked(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = json_of("{'format':'ipv4'}");
    json_auto_t *instance = json_of("'no address'");
    const struct schema_options asked = {.assert_formats = true};
    struct schema *s;
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(schema_compile(a, j, NULL, &s, &e));
    assert_true(schema_validate(s, instance, &e));
    assert_true(schema_compile(a, j, &asked, &s, &e));
    assert_false(schema_validate(s, instance, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_schemas),
        cmocka_unit_test(test_nesting_has_a_ceiling),
        cmocka_unit_test(test_documents_have_a_ceiling),
        cmocka_unit_test(test_schema_is_copied),
        cmocka_unit_test(test_formats_only_annotate_unless_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
