/* What a refused instance says: pointer, keyword, bound. Which instances are refused is the official suite's matter. */
#include "schema_test.h"

#include <stdlib.h>

static size_t allocations;
static __thread bool counting;

#if defined(__SANITIZE_ADDRESS__)
/* Of the sanitizer's runtime; its header comes with clang only. */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *));
static void count_allocation(const volatile void *p, size_t size)
{
    (void)p;
    (void)size;
    allocations += counting;
}
static void ignore_free(const volatile void *p)
{
    (void)p;
}
#else
/* glibc lets a program put its own allocator in front. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *malloc(size_t size)
{
    allocations += counting;
    return __libc_malloc(size);
}
void *calloc(size_t n, size_t size)
{
    allocations += counting;
    return __libc_calloc(n, size);
}
void *realloc(void *p, size_t size)
{
    allocations += counting;
    return __libc_realloc(p, size);
}
#endif

/* clang-format off */
static const struct { const char *schema, *instance, *problems; } rows[] = {
    /* problems: "pointer keyword param; …" */
    {"{'required':['a','b']}", "{'a':1}", "/b required "},
    {"{'properties':{'a':{'type':'string'}}}", "{'a':1}", "/a type string"},
    {"{'type':['string','null']}", "1", " type string, null"},
    {"{'type':'integer'}", "1.5", " type integer"},
    {"{'additionalProperties':false,'properties':{'a':true}}", "{'a':1,'b/c':2,'d~':3}",
     "/b~1c additionalProperties b/c; /d~0 additionalProperties d~"},
    {"{'properties':{'a':{'maxLength':3,'minLength':2}}}", "{'a':'ngày'}", "/a maxLength 3"},
    {"{'maxLength':4}", "'ngày'", ""},
    {"{'minLength':2}", "'đ'", " minLength 2"},
    {"{'maximum':20}", "20.5", " maximum 20"},
    {"{'exclusiveMinimum':0.5}", "0.5", " exclusiveMinimum 0.5"},
    {"{'multipleOf':0.01}", "19.99", ""},
    {"{'multipleOf':0.01}", "19.999", " multipleOf 0.01"},
    {"{'maximum':9007199254740992}", "9007199254740993", " maximum 9007199254740992"},
    {"{'enum':['nam','nữ',3]}", "'x'", " enum nam, nữ, 3"},
    {"{'enum':[1]}", "1.0", ""},
    {"{'const':{'a':[1]}}", "{'a':[1.0]}", ""},
    {"{'const':'x'}", "1", " const x"},
    {"{'pattern':'^a+$'}", "'b'", " pattern ^a+$"},
    {"{'pattern':'^a+$'}", "'aa\\n'", " pattern ^a+$"},
    {"{'anyOf':[{'type':'string'},{'minimum':5}]}", "1", " anyOf "},
    {"{'oneOf':[{'type':'number'},{'minimum':5}]}", "7", " oneOf "},
    {"{'not':{'type':'number'}}", "7", " not "},
    {"{'if':{'required':['a']},'then':{'required':['b']}}", "{'a':1}", "/b required "},
    {"{'items':{'type':'string'}}", "['a',1,2]", "/1 type string; /2 type string"},
    {"{'prefixItems':[true],'items':false}", "[1,2]", "/1 items "},
    {"{'contains':{'const':1},'minContains':2}", "[1,3]", " minContains 2"},
    {"{'contains':{'const':1}}", "[2]", " contains "},
    {"{'uniqueItems':true}", "[1,{'a':1,'b':2},{'b':2.0,'a':1}]", " uniqueItems "},
    {"{'uniqueItems':true}", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,7.0]", " uniqueItems "},
    {"{'uniqueItems':true}", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,'7',[7],true,{'7':7}]", ""},
    {"{'propertyNames':{'pattern':'^[a-z]+$','maxLength':3}}", "{'ab':1,'A':2,'abcd':3}",
     "/A propertyNames A; /abcd propertyNames abcd"},
    {"{'dependentRequired':{'a':['b']}}", "{'a':1}", "/b dependentRequired b"},
    {"{'properties':{'a':true},'unevaluatedProperties':false}", "{'a':1,'b':2}", "/b unevaluatedProperties b"},
    {"{'prefixItems':[true],'unevaluatedItems':false}", "[1,2]", "/1 unevaluatedItems "},
    {"{'properties':{'a':{'type':'string'}},'unevaluatedProperties':false}", "{'a':1,'b':2}", "/a type string"},
    {"{'properties':{'a':false}}", "{'a':1}", "/a false "},
    {"{'properties':{'a':{'format':'vn-phone'},'b':{'format':'uuid'}}}", "{'a':'1','b':'2'}",
     "/a vn-phone ; /b format uuid"},
    {"{'$ref':'#/$defs/x','$defs':{'x':{'type':'object','properties':{'a':{'$ref':'#/$defs/x'}}}}}",
     "{'a':{'a':{'a':1}}}", "/a/a/a type object"},
    {"{'$ref':'#'}", "1", " depth "},
    {"{'not':{'$ref':'#'}}", "1", " depth "},
    {"{'allOf':[{'$ref':'#/$defs/a'}],'$defs':{'a':{'allOf':[{'$ref':'#/$defs/b'},{'$ref':'#/$defs/b'}]},"
     "'b':{'anyOf':[{'$ref':'#/$defs/a'},{'$ref':'#/$defs/a'}]}}}", "1", " depth "},
    {"{'const':'a\\u0000b'}", "'a\\u0000b'", ""},
    {"{'const':'a\\u0000b'}", "'a'", " const a"},
};
/* clang-format on */

static void test_problems(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_arena struct arena *a = arena_new();
        struct schema *s = schema_of(a, rows[i].schema);
        json_auto_t *instance = json_of(rows[i].instance);
        auto_buf struct buf said = BUF_INIT(4096);
        struct error e;
        bool valid;

        error_init(&e);
        valid = schema_validate(s, instance, &e);
        buf_puts(&said, "");
        for (size_t k = 0; k < e.n_items; k++)
            buf_printf(&said, "%s%s %s %s", k ? "; " : "", e.items[k].pointer, e.items[k].keyword, e.items[k].param);
        if (strcmp(said.data, rows[i].problems) != 0)
            red("%s with %s says <%s>, not <%s>", rows[i].schema, rows[i].instance, said.data, rows[i].problems);
        assert_int_equal(valid, !*rows[i].problems);
        assert_int_equal(e.code, valid ? E_NONE : E_INVALID_INPUT);
        assert_int_equal(schema_validate(s, instance, NULL), valid);
    }
}

static void test_personal_number_beside(void **state)
{
    static const char person[] = "{'properties':{'number':{'format':'vn-personal-number','x-personal-number-of':"
                                 "{'birth_date':'birth_date','sex':'sex','otherwise':'%s'}}}}";
    auto_arena struct arena *a = arena_new();
    struct schema *warn = schema_of(a, arena_printf(a, person, "warn"));
    struct schema *refuse = schema_of(a, arena_printf(a, person, "refuse"));
    json_auto_t *right = json_of("{'number':'077192000456','birth_date':'1992-05-17','sex':'Nữ'}");
    json_auto_t *odd = json_of("{'number':'077192000456','birth_date':'1993-05-17','sex':'Nữ'}");
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(schema_validate(refuse, right, &e));
    assert_true(schema_agrees(warn, right, &e));
    assert_true(schema_validate(warn, odd, &e));
    assert_int_equal(e.n_items, 0);
    assert_false(schema_agrees(warn, odd, &e));
    assert_string_equal(e.items[0].pointer, "/number");
    assert_string_equal(e.items[0].keyword, "vn-personal-number-match");
    error_init(&e);
    assert_false(schema_validate(refuse, odd, &e));
    assert_string_equal(e.items[0].keyword, "vn-personal-number-match");
}

static void test_caller_keeps_its_code(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct schema *s = schema_of(a, "{'type':'string'}");
    json_auto_t *instance = json_of("1");
    struct error e;

    (void)state;
    error_init(&e);
    (void)fail(&e, E_FORM_INVALID, "the form");
    assert_false(schema_validate(s, instance, &e));
    assert_int_equal(e.code, E_FORM_INVALID);
    assert_int_equal(e.n_items, 1);
}

/* A form that uses nearly everything, and an instance that fits it. */
static const char busy_schema[] =
    "{'type':'object','required':['name','number','parts'],'properties':{'name':{'type':'string','minLength':2,"
    "'maxLength':9,'pattern':'^\\\\p{L}+$'},'number':{'type':'string','format':'vn-personal-number'},"
    "'price':{'type':'number','multipleOf':0.5,'maximum':1e9},'born':{'format':'date'},'at':{'format':'date-time'},"
    "'kind':{'enum':['a','b','c']},'parts':{'type':'array','uniqueItems':true,'items':{'$ref':'#/$defs/part'},"
    "'contains':{'properties':{'n':{'const':1}}}}},'patternProperties':{'^x-':{'type':'integer'}},"
    "'propertyNames':{'maxLength':12},'dependentRequired':{'price':['kind']},"
    "'anyOf':[{'required':['nothing']},{'properties':{'extra':true}}],"
    "'if':{'required':['kind']},'then':{'required':['price']},'unevaluatedProperties':false,"
    "'$defs':{'part':{'$dynamicAnchor':'part','type':'object','properties':{'n':{'type':'integer'},"
    "'parts':{'items':{'$dynamicRef':'#part'}}},'oneOf':[{'required':['n']},{'required':['m']}]}}}";
static const char busy_instance[] =
    "{'name':'Nguyễn','number':'077192000456','price':12.5,'born':'1992-05-17','at':'2026-11-21T09:00:00+07:00',"
    "'kind':'b','x-1':1,'x-2':2,'extra':null,'parts':[{'n':1},{'n':2,'parts':[{'n':3}]},{'n':4},{'n':5},{'n':6},"
    "{'n':7},{'n':8},{'n':9},{'n':10},{'n':11}]}";

static void test_valid_path_allocates_nothing(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct schema *s = schema_of(a, busy_schema);
    json_auto_t *instance = json_of(busy_instance);
    struct error e;
    void *volatile probe;

    (void)state;
    error_init(&e);
#if defined(__SANITIZE_ADDRESS__)
    assert_int_not_equal(__sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_free), 0);
#endif
    if (!schema_validate(s, instance, &e)) /* the thread's first pattern makes its match block */
        red("%s %s", e.items[0].pointer, e.items[0].keyword);
    counting = true;
    probe = malloc(1);
    assert_int_equal(allocations, 1); /* the counter counts */
    assert_true(schema_validate(s, instance, &e));
    counting = false;
    free(probe);
    assert_int_equal(allocations, 1);
}

/* More members than the scratch space has bits for: the spill must be as right. */
static void test_many_members(void **state)
{
    enum { MANY = 20000 };
    auto_arena struct arena *a = arena_new();
    struct schema *s = schema_of(a, "{'anyOf':[{'patternProperties':{'^m':true}},true],'unevaluatedProperties':false}");
    json_auto_t *instance = json_object();
    struct error e;

    (void)state;
    for (int i = 0; i < MANY; i++)
        assert_int_equal(json_object_set_new(instance, arena_printf(a, "m%d", i), json_integer(i)), 0);
    error_init(&e);
    assert_true(schema_validate(s, instance, &e));
    assert_int_equal(json_object_set_new(instance, "z", json_null()), 0);
    assert_false(schema_validate(s, instance, &e));
    assert_int_equal(e.n_items, 1);
    assert_string_equal(e.items[0].pointer, "/z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_personal_number_beside),
        cmocka_unit_test(test_caller_keeps_its_code),
        cmocka_unit_test(test_valid_path_allocates_nothing),
        cmocka_unit_test(test_many_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
