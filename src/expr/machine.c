/* The sandbox: what an expression can reach, and how much it may spend.
 *
 * Nothing an expression can touch is writable: its globals are a guarded reference that looks names up in the scope,
 * the libraries are guarded likewise, and JSON is seen through light references. Nothing therefore survives an
 * evaluation but the compiled chunk. There is no way to catch an error (no pcall), so the ceilings cannot be outrun. */
#include "expr/expr_internal.h"

#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum { HOOK_STEPS = 1000 };

/* ---- ceilings ---- */

static void *allocate(void *arg, void *old, size_t old_size, size_t size)
{
    struct machine *m = arg;
    size_t had = old ? old_size : 0;
    void *p;

    if (size == 0) {
        free(old);
        m->used -= had;
        return NULL;
    }
    if (size > had) {
        size_t more = size - had;

        /* Lua collects and asks once more before it gives up. */
        if (more > m->limit || m->used > m->limit - more || m->churn > EXPR_CHURN_MAX)
            return NULL;
        m->churn += more;
    }
    p = realloc(old, size);
    if (p)
        m->used += size - had; /* unsigned: wraps back when shrinking */
    return p;
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Instructions are cheap but may call into C on a long text, hence the clock beside the count. */
static void hook(lua_State *L, lua_Debug *where)
{
    struct machine *m = machine_of(L);

    (void)where;
    m->steps += HOOK_STEPS;
    if (m->started_ns == 0)
        m->started_ns = cpu_ns(); /* read only by those who run long */
    if (m->steps > EXPR_STEPS_MAX || cpu_ns() - m->started_ns > EXPR_CPU_MS * 1000000LL)
        luaL_error(L, "takes too long");
}

void machine_start(struct machine *m, const struct expr_scope *scope)
{
    m->scope = scope;
    m->steps = 0;
    m->started_ns = 0;
    m->churn = 0;
    m->limit = m->used + EXPR_MEMORY_MAX;
}

void machine_stop(struct machine *m)
{
    m->scope = NULL;
    m->churn = 0;
    m->limit = SIZE_MAX;
}

/* ---- JSON ---- */

void push_json(lua_State *L, const json_t *j)
{
    switch (j ? json_typeof(j) : JSON_NULL) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        lua_pushlightuserdata(L, (void *)j); /* only ever read */
        return;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(j), json_string_length(j));
        return;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(j));
        return;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(j));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(j));
        return;
    case JSON_NULL:
        break;
    }
    lua_pushnil(L);
}

static int json_index(lua_State *L)
{
    const json_t *j = lua_touserdata(L, 1);
    size_t len;

    if (json_is_object(j) && lua_type(L, 2) == LUA_TSTRING) {
        const char *name = lua_tolstring(L, 2, &len);

        push_json(L, json_object_getn(j, name, len));
        return 1;
    }
    if (json_is_array(j) && lua_isinteger(L, 2)) {
        lua_Integer i = lua_tointeger(L, 2);

        push_json(L, i >= 1 ? json_array_get(j, (size_t)i - 1) : NULL);
        return 1;
    }
    lua_pushnil(L);
    return 1;
}

static int json_length(lua_State *L)
{
    const json_t *j = lua_touserdata(L, 1);

    lua_pushinteger(L, (lua_Integer)(json_is_array(j) ? json_array_size(j) : json_object_size(j)));
    return 1;
}

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "an expression changes nothing");
}

static int json_tostring(lua_State *L)
{
    const json_t *j = lua_touserdata(L, 1);

    (void)lua_pushstring(L, json_is_array(j) ? "list" : "object"); /* never the address */
    return 1;
}

static void push_json_metatable(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__index", json_index},
                                       {"__len", json_length},
                                       {"__newindex", refuse_write},
                                       {"__tostring", json_tostring},
                                       {NULL, NULL}};

    luaL_newlib(L, methods);
}

/* ---- names ---- */

static int name_index(lua_State *L)
{
    const struct machine *m = machine_of(L);
    const char *name = luaL_checkstring(L, 2);

    for (const struct expr_scope *s = m->scope; s && s->name; s++)
        if (strcmp(s->name, name) == 0) {
            push_json(L, s->value);
            return 1;
        }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
        return luaL_error(L, "nothing is called '%s' here", name);
    return 1;
}

/* Replaces the table on top by an empty one that shows it and refuses writes. */
static void guard(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_rotate(L, -3, -1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    (void)lua_setmetatable(L, -2); /* always 1 */
}

/* Pushes a table with the named functions of a standard library. */
static void keep(lua_State *L, const char *library, lua_CFunction open, const char *const *names)
{
    luaL_requiref(L, library, open, 0);
    lua_newtable(L);
    for (; *names; names++) {
        lua_getfield(L, -2, *names);
        lua_setfield(L, -2, *names);
    }
    lua_remove(L, -2);
}

/* Text methods, ("x"):sub(1), see what the guarded library shows, and no more. */
static void lead_text_methods(lua_State *L)
{
    lua_pushliteral(L, "");
    if (lua_getmetatable(L, -1)) {
        lua_getfield(L, -3, "string");
        lua_setfield(L, -2, "__index");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void push_names(lua_State *L)
{
    static const char *const math[] = {"abs",        "ceil", "floor", "fmod", "huge",      "max",  "maxinteger", "min",
                                       "mininteger", "modf", "pi",    "sqrt", "tointeger", "type", "ult",        NULL};
    static const char *const utf8[] = {"char", "codepoint", "codes", "len", "offset", NULL};
    static const char *const string[] = {"byte", "char", "format", "len", "rep", "sub", NULL};
    static const char *const basic[] = {"ipairs", "select", "tonumber", NULL};

    keep(L, "_G", luaopen_base, basic);
    add_builtins(L);
    keep(L, "math", luaopen_math, math);
    guard(L);
    lua_setfield(L, -2, "math");
    keep(L, "utf8", luaopen_utf8, utf8);
    guard(L);
    lua_setfield(L, -2, "utf8");
    keep(L, "string", luaopen_string, string);
    lua_getfield(L, -2, "upper");
    lua_setfield(L, -2, "upper");
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, checked_format, 1);
    lua_setfield(L, -2, "format");
    guard(L);
    lua_setfield(L, -2, "string");
    lead_text_methods(L);
}

/* ---- the machine ---- */

static int build(lua_State *L)
{
    lua_newtable(L); /* SLOT_CHUNKS */
    lua_newtable(L); /* SLOT_NAMES: empty, all is in its metatable */
    lua_newtable(L);
    push_names(L);
    lua_pushcclosure(L, name_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    (void)lua_setmetatable(L, -2); /* always 1 */
    lua_pushlightuserdata(L, NULL);
    push_json_metatable(L);
    (void)lua_setmetatable(L, -2); /* of all light references */
    lua_pop(L, 1);
    return SLOT__COUNT;
}

static int panic(lua_State *L)
{
    (void)L;
    die("expression machine: out of memory", 0); /* outside an evaluation nothing else can fail */
}

static void machine_free(void *arg)
{
    struct machine *m = arg;

    lua_close(m->lua);
    arena_free(m->scratch);
    free(m);
}

static pthread_key_t machine_key;

static void make_key(void)
{
    if (pthread_key_create(&machine_key, machine_free) != 0)
        die("no thread key for expressions", 0);
}

static struct machine *machine_new(void)
{
    struct machine *m = calloc(1, sizeof *m);

    if (!m)
        die("out of memory", sizeof *m);
    m->limit = SIZE_MAX;
    m->scratch = arena_new();
    m->lua = lua_newstate(allocate, m);
    if (!m->lua)
        die("expression machine: out of memory", 0);
    *(struct machine **)lua_getextraspace(m->lua) = m;
    (void)lua_atpanic(m->lua, panic);
    lua_pushcfunction(m->lua, build);
    if (lua_pcall(m->lua, 0, SLOT__COUNT, 0) != LUA_OK)
        die(lua_tostring(m->lua, -1), 0);
    lua_sethook(m->lua, hook, LUA_MASKCOUNT, HOOK_STEPS);
    machine_stop(m);
    return m;
}

struct machine *machine_of(lua_State *L)
{
    return *(struct machine **)lua_getextraspace(L);
}

struct machine *machine_get(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static __thread struct machine *mine;

    if (!mine) {
        (void)pthread_once(&once, make_key); /* cannot fail with a constant initialiser */
        mine = machine_new();
        if (pthread_setspecific(machine_key, mine) != 0)
            die("out of memory", 0);
    }
    return mine;
}
