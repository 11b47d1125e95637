/* Compiling an expression, running it, and bringing its one result back to C. */
#include "expr/expr.h"

#include <lauxlib.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/text.h"
#include "expr/expr_internal.h"

enum { SHOWN_MAX = 128 };

/* ---- errors ---- */

/* Lua's message is "line:1: …", since that is the name we gave the chunk. */
static const char *after_line(const char *message, int *line)
{
    static const char mark[] = "line:";
    const char *p;

    *line = 0;
    if (!message || strncmp(message, mark, sizeof mark - 1) != 0)
        return message ? message : "an error without a text";
    for (p = message + sizeof mark - 1; *p >= '0' && *p <= '9'; p++)
        *line = *line < 10000 ? *line * 10 + (*p - '0') : *line;
    return *p == ':' && p[1] == ' ' ? p + 2 : message;
}

static bool failed(const struct expr *x, struct error *e, const char *why)
{
    char shown[SHOWN_MAX];

    (void)snprintf(shown, sizeof shown, "%s", x->source); /* cut when long: it only names the expression */
    text_truncate_utf8(shown);
    return fail(e, E_EXPRESSION, "%s: %s", shown, why);
}

/* ---- loading ---- */

/* Hands the source to Lua byte by byte inside "return (…)", so that it must be one expression and so that we know how
 * far the reading came when it fails. */
struct feed {
    const struct expr *x;
    size_t given; /* of prefix, source and suffix together */
};

static const char prefix[] = "return (", suffix[] = "\n)";

static const char *feed_next(lua_State *L, void *arg, size_t *size)
{
    struct feed *f = arg;
    size_t i = f->given, before = sizeof prefix - 1;

    (void)L;
    *size = 1;
    if (i >= before + f->x->len + sizeof suffix - 1) {
        *size = 0;
        return NULL;
    }
    f->given++;
    if (i < before)
        return &prefix[i];
    if (i < before + f->x->len)
        return &f->x->source[i - before];
    return &suffix[i - before - f->x->len];
}

static bool syntax_error(const struct feed *f, const char *message, struct error *e)
{
    const char *source = f->x->source, *why;
    size_t before = sizeof prefix - 1 + 2; /* Lua has read the offending token and one byte more */
    size_t place = f->given > before ? f->given - before : 0;
    char text[ERROR_DETAIL_MAX];
    int line, column = 1;

    why = after_line(message, &line);
    if (place >= f->x->len) {
        place = f->x->len;
        why = strstr(why, "<eof> expected") ? "one ')' too many" : "the expression is not finished";
    }
    line = 1;
    for (size_t i = 0; i < place; i++) {
        column = source[i] == '\n' ? 1 : column + ((source[i] & 0xC0) != 0x80); /* characters, not bytes */
        line += source[i] == '\n';
    }
    (void)snprintf(text, sizeof text, "line %d, column %d: %s", line, column, why); /* cut when long */
    return failed(f->x, e, text);
}

/* Leaves the chunk on the stack. */
static bool load(struct machine *m, const struct expr *x, struct error *e)
{
    struct feed f = {x, 0};

    if (lua_load(m->lua, feed_next, &f, "=line", "t") != LUA_OK)
        return syntax_error(&f, lua_tostring(m->lua, -1), e);
    lua_pushvalue(m->lua, SLOT_NAMES);
    (void)lua_setupvalue(m->lua, -2, 1); /* _ENV, the one upvalue every chunk has */
    return true;
}

enum { CHUNKS_MAX = 4096 };

/* Compiled once a thread. When a long life of published versions has filled the table, it starts again. */
static bool push_chunk(struct machine *m, const struct expr *x, struct error *e)
{
    if (lua_rawgeti(m->lua, SLOT_CHUNKS, (lua_Integer)x->id) == LUA_TFUNCTION)
        return true;
    lua_pop(m->lua, 1);
    if (!load(m, x, e))
        return false;
    if (m->n_chunks++ >= CHUNKS_MAX) {
        lua_newtable(m->lua);
        lua_replace(m->lua, SLOT_CHUNKS);
        m->n_chunks = 1;
    }
    lua_pushvalue(m->lua, -1);
    lua_rawseti(m->lua, SLOT_CHUNKS, (lua_Integer)x->id);
    return true;
}

bool expr_compile(struct arena *a, const char *source, struct expr **out, struct error *e)
{
    static _Atomic uint64_t last_id;
    struct machine *m = machine_get();
    struct expr *x = arena_new_of(a, struct expr);
    size_t len = strlen(source);
    bool ok;

    if (len > EXPR_SOURCE_MAX)
        return fail(e, E_EXPRESSION, "an expression of %zu bytes; at most %d are taken", len, EXPR_SOURCE_MAX);
    x->source = arena_strndup(a, source, len);
    x->len = len;
    x->id = atomic_fetch_add(&last_id, 1) + 1;
    if (!text_is_utf8(source, len))
        return fail(e, E_EXPRESSION, "an expression that is not UTF-8");
    ok = load(m, x, e);
    lua_settop(m->lua, SLOT__COUNT);
    if (ok)
        *out = x;
    return ok;
}

const char *expr_source(const struct expr *x)
{
    return x->source;
}

/* ---- running ---- */

static int lines_of(const char *s)
{
    int n = 1;

    while ((s = strchr(s, '\n'))) {
        s++;
        n++;
    }
    return n;
}

static bool run_error(struct machine *m, const struct expr *x, int status, struct error *e)
{
    char text[ERROR_DETAIL_MAX];
    const char *why;
    int line;

    if (status == LUA_ERRMEM) {
        (void)failed(x, e, "needs too much memory");
    } else {
        why = after_line(lua_tostring(m->lua, -1), &line);
        if (line > 1 && line <= lines_of(x->source))                     /* Lua may blame our own closing bracket */
            (void)snprintf(text, sizeof text, "line %d: %s", line, why); /* cut when long */
        else
            (void)snprintf(text, sizeof text, "%s", why);
        text_truncate_utf8(text);
        (void)failed(x, e, text);
    }
    lua_settop(m->lua, SLOT__COUNT);
    (void)lua_gc(m->lua, LUA_GCCOLLECT); /* what it left behind; always 0 */
    return false;
}

/* Leaves the result on the stack of the machine; done() takes it away. */
static bool run(const struct expr *x, const struct expr_scope *scope, struct machine **out, struct error *e)
{
    struct machine *m = machine_get();
    int status;

    if (!push_chunk(m, x, e)) {
        lua_settop(m->lua, SLOT__COUNT);
        return false;
    }
    machine_start(m, scope);
    status = lua_pcall(m->lua, 0, 1, 0);
    machine_stop(m);
    if (status != LUA_OK)
        return run_error(m, x, status, e);
    *out = m;
    return true;
}

static void done(struct machine *m)
{
    lua_settop(m->lua, SLOT__COUNT);
}

static const char *kind_of(lua_State *L)
{
    return lua_islightuserdata(L, -1) ? "an object or a list" : luaL_typename(L, -1);
}

bool expr_i64(const struct expr *x, const struct expr_scope *scope, int64_t *out, struct error *e)
{
    struct machine *m;
    bool ok;

    if (!run(x, scope, &m, e))
        return false;
    if (lua_type(m->lua, -1) == LUA_TNUMBER) {
        int whole;
        lua_Integer n = lua_tointegerx(m->lua, -1, &whole);

        ok = whole || failed(x, e, "a whole number is expected, not a fraction");
        if (ok)
            *out = n;
    } else {
        char text[SHOWN_MAX];

        (void)snprintf(text, sizeof text, "a whole number is expected, not %s", kind_of(m->lua));
        ok = failed(x, e, text);
    }
    done(m);
    return ok;
}

bool expr_bool(const struct expr *x, const struct expr_scope *scope, bool *out, struct error *e)
{
    struct machine *m;
    bool ok = true;

    if (!run(x, scope, &m, e))
        return false;
    if (lua_isboolean(m->lua, -1) || lua_isnil(m->lua, -1)) {
        *out = lua_toboolean(m->lua, -1);
    } else {
        char text[SHOWN_MAX];

        (void)snprintf(text, sizeof text, "true or false is expected, not %s", kind_of(m->lua));
        ok = failed(x, e, text);
    }
    done(m);
    return ok;
}

bool expr_text(const struct expr *x, const struct expr_scope *scope, struct arena *a, char **out, struct error *e)
{
    struct machine *m;
    bool ok = true;
    int type;

    if (!run(x, scope, &m, e))
        return false;
    type = lua_type(m->lua, -1);
    if (type == LUA_TNIL) {
        *out = NULL;
    } else if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        size_t len;
        const char *s = lua_tolstring(m->lua, -1, &len);

        ok = text_is_utf8(s, len) || failed(x, e, "the result is not a well-formed text");
        if (ok)
            *out = arena_strndup(a, s, len);
    } else {
        char text[SHOWN_MAX];

        (void)snprintf(text, sizeof text, "a text is expected, not %s", kind_of(m->lua));
        ok = failed(x, e, text);
    }
    done(m);
    return ok;
}

/* ---- results as JSON ---- */

/* Runs outside the sandbox's protection: only calls that raise no error. */
struct harvest {
    lua_State *lua;
    int depth, nodes;
    const char *why; /* the first thing that was wrong */
};

static json_t *harvest(struct harvest *h);

static json_t *refuse(struct harvest *h, const char *why)
{
    if (!h->why)
        h->why = why;
    return NULL;
}

/* Whether the keys of the table on top are 1…n, n ≥ 1; n in *count. */
static bool is_list(lua_State *L, size_t *count)
{
    size_t n = 0;

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (!lua_isinteger(L, -2)) {
            lua_pop(L, 2);
            return false;
        }
        n++;
    }
    for (size_t i = 1; i <= n; i++) {
        bool absent = lua_rawgeti(L, -1, (lua_Integer)i) == LUA_TNIL;

        lua_pop(L, 1);
        if (absent)
            return false;
    }
    *count = n;
    return n > 0;
}

static json_t *harvest_list(struct harvest *h, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 1; i <= n; i++) {
        json_t *item;

        (void)lua_rawgeti(h->lua, -1, (lua_Integer)i);
        item = harvest(h);
        lua_pop(h->lua, 1);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return refuse(h, "the result does not fit in memory");
        }
    }
    return list;
}

static json_t *harvest_object(struct harvest *h)
{
    json_t *object = json_object();

    for (lua_pushnil(h->lua); lua_next(h->lua, -2); lua_pop(h->lua, 1)) {
        size_t len;
        const char *key = lua_type(h->lua, -2) == LUA_TSTRING ? lua_tolstring(h->lua, -2, &len) : NULL;
        json_t *member = key && text_is_utf8(key, len) ? harvest(h) : refuse(h, "a key of the result is no text");

        if (!member || json_object_set_new(object, key, member) != 0) {
            lua_pop(h->lua, 2);
            json_decref(object);
            return refuse(h, "the result does not fit in memory");
        }
    }
    return object;
}

static json_t *harvest_table(struct harvest *h)
{
    json_t *j;
    size_t n;

    if (h->depth >= EXPR_RESULT_DEPTH_MAX || !lua_checkstack(h->lua, 8))
        return refuse(h, "the result is nested too deeply");
    h->depth++;
    j = is_list(h->lua, &n) ? harvest_list(h, n) : harvest_object(h);
    h->depth--;
    return j;
}

static json_t *harvest_number(struct harvest *h)
{
    lua_Number d;

    if (lua_isinteger(h->lua, -1))
        return json_integer(lua_tointeger(h->lua, -1));
    d = lua_tonumber(h->lua, -1);
    return isfinite(d) ? json_real(d) : refuse(h, "a number of the result is not finite");
}

/* Adds the values of j to the count; false once there are too many. */
static bool count_nodes(struct harvest *h, const json_t *j)
{
    const char *name;
    size_t i;
    json_t *item;

    if (++h->nodes > EXPR_RESULT_NODES_MAX)
        return false;
    json_array_foreach(j, i, item) if (!count_nodes(h, item)) return false;
    json_object_foreach((json_t *)j, name, item) /* only read */
        if (!count_nodes(h, item)) return false;
    return true;
}

static json_t *harvest_reference(struct harvest *h)
{
    const json_t *j = lua_touserdata(h->lua, -1);

    return count_nodes(h, j) ? json_deep_copy(j) : refuse(h, "the result is too large");
}

/* The value on top of the stack, which stays there. */
static json_t *harvest(struct harvest *h)
{
    size_t len;
    const char *s;

    if (++h->nodes > EXPR_RESULT_NODES_MAX)
        return refuse(h, "the result is too large");
    switch (lua_type(h->lua, -1)) {
    case LUA_TNIL:
        return json_null();
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(h->lua, -1));
    case LUA_TNUMBER:
        return harvest_number(h);
    case LUA_TSTRING:
        s = lua_tolstring(h->lua, -1, &len);
        return text_is_utf8(s, len) ? json_stringn(s, len) : refuse(h, "a text of the result is not well formed");
    case LUA_TLIGHTUSERDATA:
        return harvest_reference(h);
    case LUA_TTABLE:
        return harvest_table(h);
    default:
        return refuse(h, "the result holds a function");
    }
}

bool expr_json(const struct expr *x, const struct expr_scope *scope, json_t **out, struct error *e)
{
    struct machine *m;
    struct harvest h = {0};
    json_t *j;

    if (!run(x, scope, &m, e))
        return false;
    h.lua = m->lua;
    j = harvest(&h);
    done(m);
    if (!j)
        return failed(x, e, h.why ? h.why : "the result does not fit in memory");
    *out = j;
    return true;
}
