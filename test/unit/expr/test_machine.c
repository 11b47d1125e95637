/* The sandbox: ways out that are closed, ceilings that hold, threads, and nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>

#include "scope.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

/* clang-format off */
static const struct { const char *source, *because; } escapes[] = {
    {"os.exit(1)", "nothing is called 'os'"},
    {"io.open('/etc/passwd')", "nothing is called 'io'"},
    {"require('os')", "nothing is called 'require'"},
    {"package.loadlib('x', '*')", "nothing is called 'package'"},
    {"load('return 1')()", "nothing is called 'load'"},
    {"loadstring('return 1')()", "nothing is called 'loadstring'"},
    {"dofile('x')", "nothing is called 'dofile'"},
    {"debug.getregistry()", "nothing is called 'debug'"},
    {"getmetatable('').__index", "nothing is called 'getmetatable'"},
    {"setmetatable({}, {})", "nothing is called 'setmetatable'"},
    {"rawset(math, 'pi', 3)", "nothing is called 'rawset'"},
    {"rawget(_ENV, 'os')", "nothing is called 'rawget'"},
    {"next(math)", "nothing is called 'next'"},
    {"pairs(math)", "nothing is called 'pairs'"},
    {"pcall(error)", "nothing is called 'pcall'"},
    {"coroutine.wrap(function() end)", "nothing is called 'coroutine'"},
    {"collectgarbage()", "nothing is called 'collectgarbage'"},
    {"print(1)", "nothing is called 'print'"},
    {"_G", "nothing is called '_G'"},
    {"table.concat({})", "nothing is called 'table'"},
    {"string.dump(function() end)", "attempt to call a nil value (field 'dump')"},
    {"string.find('a', 'a')", "attempt to call a nil value (field 'find')"},
    {"('a'):gsub('a', 'b')", "attempt to call a nil value (method 'gsub')"},
    {"('a'):match(('a*'):rep(30) .. 'b')", "attempt to call a nil value (method 'match')"},
    {"('a').dump", "null"},
    {"math.random()", "attempt to call a nil value (field 'random')"},
    {"string.format('%p', form)", "%p is not for expressions"},
    {"string.format('%-10p', form)", "%p is not for expressions"},
    {"string.format('%s', ipairs)", "not a text, number"},
    {"tostring(ipairs)", "not a text, number"},
    {"tostring(form)", "not a text, number"},
    /* nothing is written */
    {"(function() x = 1 end)()", "an expression changes nothing"},
    {"(function() form.copies = 1 end)()", "an expression changes nothing"},
    {"(function() form.list[1] = 1 end)()", "an expression changes nothing"},
    {"(function() math.pi = 3 end)()", "an expression changes nothing"},
    {"(function() string.rep = 3 end)()", "an expression changes nothing"},
    {"(function() utf8.len = 3 end)()", "an expression changes nothing"},
    {"(function() _ENV.math = 3 end)()", "an expression changes nothing"},
    {"(function() ('').rep = 3 end)()", "attempt to index a string value"},
    {"(function() local _ENV = {}; return math end)()", "null"},
    {"\x1bLua", "unexpected symbol"},
    /* ceilings */
    {"(function() while true do end end)()", "takes too long"},
    {"(function() for i = 1, math.maxinteger do end end)()", "takes too long"},
    {"(function() ::again:: goto again end)()", "takes too long"},
    {"(function() local function f() return f() end return f() end)()", "takes too long"},
    {"(function() local s = ('x'):rep(400000) while true do local b = s < s end end)()", "takes too long"},
    {"('x'):rep(1000000000)", "needs too much memory"},
    {"('x'):rep(1 << 62)", "resulting string too large"},
    {"(function() local s = 'x' while true do s = s .. s end end)()", "needs too much memory"},
    {"(function() local t = {} for i = 1, 1e9 do t[i] = i end end)()", "needs too much memory"},
    {"(function() while true do local s = ('x'):rep(300000) end end)()", "needs too much memory"},
    {"(function() local function f() return 1 + f() end return f() end)()", "memory"},
    {"(function() local t = {} t.t = t return t end)()", "nested too deeply"},
    {"(function() local t = {} for i = 1, 30 do t = {t, t} end return t end)()", "too large"},
    {"(function() local t = {} for i = 1, 3000 do t[i] = form end return t end)()", "too large"},
    {"select(-5, 1)", "index out of range"},
    {"utf8.codepoint(('x'):rep(100000), 1, -1)", "stack overflow"},
};
/* clang-format on */

static void ways_out_are_closed(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(escapes); i++) {
        auto_arena struct arena *a = arena_new();
        const char *said = says(a, escapes[i].source);

        if (!strstr(said, escapes[i].because)) {
            print_message("  %s\n    said %s\n    not  %s\n", escapes[i].source, said, escapes[i].because);
            wrong++;
        }
        assert_string_equal(says(a, "8000 * form.copies"), "24000"); /* and the machine is as before */
        assert_string_equal(says(a, "math.floor(math.pi) .. ('x'):rep(2)"), "\"3xx\"");
    }
    assert_int_equal(wrong, 0);
}

static void deep_nesting_is_an_error(void **state)
{
    static const char *const open[] = {"(", "{", "-(", "not ", "(function() return ", "f("};

    (void)state;
    for (size_t i = 0; i < COUNT(open); i++) {
        auto_arena struct arena *a = arena_new();
        auto_buf struct buf b = BUF_INIT(EXPR_SOURCE_MAX * 2);
        struct error e = {0};
        struct expr *x;

        while (b.len + strlen(open[i]) < EXPR_SOURCE_MAX)
            buf_puts(&b, open[i]);
        assert_false(expr_compile(a, b.data, &x, &e));
        assert_int_equal(e.code, E_EXPRESSION);
        buf_puts(&b, "                    ");
        assert_false(expr_compile(a, b.data, &x, &e)); /* too long */
        assert_non_null(strstr(e.detail, "at most"));
    }
}

static void many_expressions_come_and_go(void **state)
{
    auto_arena struct arena *keep = arena_new();
    const struct expr_scope none[] = {{0}};
    struct error e = {0};
    struct expr *first, *x;
    int64_t n;

    (void)state;
    assert_true(expr_compile(keep, "41 + 1", &first, &e));
    for (int i = 0; i < 10000; i++) {
        auto_arena struct arena *a = arena_new(); /* addresses repeat, ids do not */

        assert_true(expr_compile(a, arena_printf(a, "%d + 1", i), &x, &e));
        assert_true(expr_i64(x, none, &n, &e));
        assert_int_equal(n, i + 1);
    }
    assert_true(expr_i64(first, none, &n, &e));
    assert_int_equal(n, 42);
}

static void *compute(void *arg)
{
    const struct expr *x = arg;
    json_auto_t *form = json_loads(form_text, 0, NULL);
    const struct expr_scope scope[] = {{"form", form}, {0}};
    struct error e = {0};
    int64_t n;

    for (int i = 0; i < 5000; i++)
        if (!expr_i64(x, scope, &n, &e) || n != 24000)
            return NULL;
    return arg;
}

static void threads_share_an_expression(void **state)
{
    enum { THREADS = 4 };
    auto_arena struct arena *a = arena_new();
    pthread_t threads[THREADS];
    struct error e = {0};
    struct expr *x;

    (void)state;
    assert_true(expr_compile(a, "8000 * form.copies", &x, &e));
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compute, x), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_out_are_closed),
        cmocka_unit_test(deep_nesting_is_an_error),
        cmocka_unit_test(many_expressions_come_and_go),
        cmocka_unit_test(threads_share_an_expression),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
