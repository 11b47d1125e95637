/* Which subschemas describe which field. */
#include "schema_test.h"

static const char form[] =
    "{'title':'form','properties':{'person':{'$ref':'#/$defs/person','x-source':'person'},"
    "'copies':{'title':'copies'},'children':{'items':{'$ref':'#/$defs/person'},'prefixItems':[{'title':'first'}]}},"
    "'allOf':[{'properties':{'copies':{'x-index':true}}}],"
    "'if':{'properties':{'never':true}},'then':{'properties':{'reason':{'title':'reason'}}},"
    "'$defs':{'person':{'title':'person','properties':{'name/1':{'x-search':true},"
    "'parent':{'$ref':'#/$defs/person'}}}}}";

static bool note(const char *pointer, const json_t *schema, void *arg)
{
    buf_printf(arg, "%s=%s ", pointer, json_str(schema, "title") ? json_str(schema, "title") : "");
    return true;
}

static bool first_only(const char *pointer, const json_t *schema, void *arg)
{
    (void)note(pointer, schema, arg);
    return false;
}

static void test_walk(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct schema *s = schema_of(a, form);
    auto_buf struct buf b = BUF_INIT(4096);

    (void)state;
    schema_walk(s, note, &b);
    assert_string_equal(b.data, "=form /person= /person=person /person/name~11= /person/parent= /copies=copies "
                                "/children= /children/0=first /children/-= /children/-=person /children/-/name~11= "
                                "/children/-/parent= = /copies= = /reason=reason ");
    buf_clear(&b);
    schema_walk(s, first_only, &b);
    assert_string_equal(b.data, "=form ");
}

static void test_annotation(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct schema *s = schema_of(a, form);

    (void)state;
    assert_string_equal(json_string_value(schema_annotation(s, "/person", "x-source")), "person");
    assert_string_equal(json_string_value(schema_annotation(s, "/person", "title")), "person");
    assert_true(json_is_true(schema_annotation(s, "/copies", "x-index")));
    assert_null(schema_annotation(s, "/copies", "x-source"));
    assert_null(schema_annotation(s, "/nothing", "title"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_walk), cmocka_unit_test(test_annotation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
