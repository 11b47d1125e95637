/* The helpers an expression may call. Each reads its arguments, works in the machine's scratch arena and pushes one
 * result; errors jump out of here, so nothing is owned across a call that can raise one. */
#include "expr/expr_internal.h"

#include <lauxlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/text.h"

#define INSTANT_FAR_MS INT64_C(100000000000000) /* some 3,000 years either way */

static struct arena *scratch(lua_State *L)
{
    struct machine *m = machine_of(L);

    arena_reset(m->scratch);
    return m->scratch;
}

static const char *check_text(lua_State *L, int arg)
{
    size_t len;
    const char *s = luaL_checklstring(L, arg, &len);

    luaL_argcheck(L, text_is_utf8(s, len), arg, "not a text");
    return s;
}

/* ---- dates ---- */

static bool read_day(const char *s, struct date *out)
{
    int64_t ms;

    if (date_parse(s, out))
        return true;
    if (!instant_parse(s, &ms))
        return false;
    *out = date_at(ms);
    return true;
}

/* A date as text, or the day number that date() gave. */
static struct date check_date(lua_State *L, int arg)
{
    struct date d = {0};

    if (lua_isinteger(L, arg)) {
        lua_Integer days = lua_tointeger(L, arg);

        luaL_argcheck(L, days > -1000000 && days < 10000000, arg, "not a day number");
        return date_from_days(days);
    }
    luaL_argcheck(L, read_day(luaL_checkstring(L, arg), &d), arg, "a date is expected, \"2026-11-21\"");
    return d;
}

static int fn_date(lua_State *L)
{
    lua_pushinteger(L, date_to_days(check_date(L, 1)));
    return 1;
}

static int fn_years_between(lua_State *L)
{
    struct date a = check_date(L, 1), b = check_date(L, 2);
    bool reached = b.month > a.month || (b.month == a.month && b.day >= a.day);

    lua_pushinteger(L, b.year - a.year - !reached);
    return 1;
}

/* Papers write days below 10 and the months 1 and 2 with a zero (NĐ 30/2020, Annex I), so that none can be added. A
 * birth may be known by its year or month only. */
static int fn_vn_date(lua_State *L)
{
    char whole[DATE_TEXT_MAX + 8];
    const char *s = lua_isinteger(L, 1) ? "" : luaL_checkstring(L, 1);
    size_t len = strlen(s);
    struct date d;
    const char *month;

    if (len == 4 || len == 7) {
        (void)snprintf(whole, sizeof whole, "%s%s", s, len == 4 ? "-01-01" : "-01"); /* at most 10 characters */
        luaL_argcheck(L, date_parse(whole, &d), 1, "a date is expected, \"2026-11-21\"");
    } else {
        d = check_date(L, 1);
    }
    if (len == 4) {
        (void)lua_pushfstring(L, "năm %d", d.year);
        return 1;
    }
    month = arena_printf(scratch(L), "tháng %s%d năm %d", d.month < 3 ? "0" : "", d.month, d.year);
    if (len == 7)
        (void)lua_pushstring(L, month);
    else
        (void)lua_pushfstring(L, "ngày %s%d %s", d.day < 10 ? "0" : "", d.day, month);
    return 1;
}

/* As birth certificates want a date besides the figures. */
static int fn_vn_date_words(lua_State *L)
{
    struct date d = check_date(L, 1);

    (void)lua_pushstring(L, date_words(scratch(L), d));
    return 1;
}

/* As a case carries it (milliseconds) or as it travels (RFC 3339). */
static int64_t check_instant(lua_State *L, int *minute)
{
    int64_t ms = 0;
    bool good = lua_isinteger(L, 1);

    if (good)
        ms = lua_tointeger(L, 1);
    else
        good = instant_parse(luaL_checkstring(L, 1), &ms);
    luaL_argcheck(L, good && ms > -INSTANT_FAR_MS && ms < INSTANT_FAR_MS, 1, "an instant is expected");
    *minute = (int)((ms - date_start_ms(date_at(ms))) / 60000);
    return ms;
}

static int fn_vn_time(lua_State *L)
{
    int minute;

    (void)check_instant(L, &minute);
    (void)lua_pushstring(L, arena_printf(scratch(L), "%02d giờ %02d phút", minute / 60, minute % 60));
    return 1;
}

/* Where there is little room: in the columns of a register. */
static int fn_vn_moment(lua_State *L)
{
    int minute;
    struct date d = date_at(check_instant(L, &minute));

    (void)lua_pushstring(
        L, arena_printf(scratch(L), "%02d:%02d\n%02d/%02d/%04d", minute / 60, minute % 60, d.day, d.month, d.year));
    return 1;
}

/* The day of an instant, as dates are written in this language of expressions. */
static int fn_day_of(lua_State *L)
{
    char text[DATE_TEXT_MAX];
    lua_Integer ms = luaL_checkinteger(L, 1);

    luaL_argcheck(L, ms > -INSTANT_FAR_MS && ms < INSTANT_FAR_MS, 1, "an instant is expected");
    date_format(date_at(ms), text);
    (void)lua_pushstring(L, text);
    return 1;
}

/* ---- numbers ---- */

static int fn_vn_number(lua_State *L)
{
    (void)lua_pushstring(L, grouped_number(scratch(L), luaL_checkinteger(L, 1)));
    return 1;
}

static int fn_vn_number_words(lua_State *L)
{
    (void)lua_pushstring(L, number_words(scratch(L), luaL_checkinteger(L, 1)));
    return 1;
}

static int fn_vn_money_words(lua_State *L)
{
    (void)lua_pushstring(L, money_words(scratch(L), luaL_checkinteger(L, 1)));
    return 1;
}

/* ---- text ---- */

static int fn_fold(lua_State *L)
{
    const char *s = check_text(L, 1);

    (void)lua_pushstring(L, text_fold(scratch(L), s));
    return 1;
}

static int fn_upper(lua_State *L)
{
    const char *s = check_text(L, 1);

    (void)lua_pushstring(L, text_upper(scratch(L), s));
    return 1;
}

static int fn_contains(lua_State *L)
{
    size_t len, part_len;
    const char *s = luaL_checklstring(L, 1, &len), *part = luaL_checklstring(L, 2, &part_len);

    lua_pushboolean(L, memmem(s, len, part, part_len) != NULL);
    return 1;
}

static int fn_starts_with(lua_State *L)
{
    size_t len, part_len;
    const char *s = luaL_checklstring(L, 1, &len), *part = luaL_checklstring(L, 2, &part_len);

    lua_pushboolean(L, part_len <= len && memcmp(s, part, part_len) == 0);
    return 1;
}

static int fn_replace(lua_State *L)
{
    size_t len, part_len, by_len;
    const char *s = luaL_checklstring(L, 1, &len), *part = luaL_checklstring(L, 2, &part_len);
    const char *by = luaL_checklstring(L, 3, &by_len), *end = s + len, *found;
    luaL_Buffer out;

    luaL_argcheck(L, part_len > 0, 2, "an empty text stands everywhere");
    luaL_buffinit(L, &out);
    while ((found = memmem(s, (size_t)(end - s), part, part_len))) {
        luaL_addlstring(&out, s, (size_t)(found - s));
        luaL_addlstring(&out, by, by_len);
        s = found + part_len;
    }
    luaL_addlstring(&out, s, (size_t)(end - s));
    luaL_pushresult(&out);
    return 1;
}

/* append(list, item): a new list; one that is not there is empty. */
static int fn_append(lua_State *L)
{
    lua_Integer n = 0;

    lua_settop(L, 2);
    lua_newtable(L);
    if (!lua_isnil(L, 1))
        for (n = 0; lua_geti(L, 1, n + 1) != LUA_TNIL; n++)
            lua_seti(L, 3, n + 1);
    if (!lua_isnil(L, 1))
        lua_pop(L, 1); /* the nil that ended it */
    lua_pushvalue(L, 2);
    lua_seti(L, 3, n + 1);
    return 1;
}

/* ---- in place of the standard ones, which tell addresses ---- */

static bool is_plain(lua_State *L, int arg)
{
    int type = lua_type(L, arg);

    return type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING;
}

static int fn_tostring(lua_State *L)
{
    luaL_argcheck(L, is_plain(L, 1), 1, "not a text, number, true, false or nil");
    (void)luaL_tolstring(L, 1, NULL);
    return 1;
}

static int fn_type(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_islightuserdata(L, 1))
        (void)lua_pushstring(L, json_is_array((const json_t *)lua_touserdata(L, 1)) ? "list" : "object");
    else
        (void)lua_pushstring(L, luaL_typename(L, 1));
    return 1;
}

int checked_format(lua_State *L)
{
    int n = lua_gettop(L);

    for (const char *p = luaL_checkstring(L, 1); (p = strchr(p, '%')); p++) {
        p += 1 + strspn(p + 1, "-+ #.0123456789");
        luaL_argcheck(L, *p != 'p', 1, "%p is not for expressions");
        if (!*p)
            break;
    }
    for (int i = 2; i <= n; i++)
        luaL_argcheck(L, is_plain(L, i), i, "not a text, number, true, false or nil");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, n, 1);
    return 1;
}

void add_builtins(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"date", fn_date},
        {"years_between", fn_years_between},
        {"vn_date", fn_vn_date},
        {"vn_date_words", fn_vn_date_words},
        {"vn_time", fn_vn_time},
        {"vn_moment", fn_vn_moment},
        {"day_of", fn_day_of},
        {"vn_number", fn_vn_number},
        {"vn_number_words", fn_vn_number_words},
        {"vn_money_words", fn_vn_money_words},
        {"fold", fn_fold},
        {"upper", fn_upper},
        {"contains", fn_contains},
        {"starts_with", fn_starts_with},
        {"replace", fn_replace},
        {"append", fn_append},
        {"tostring", fn_tostring},
        {"type", fn_type},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
