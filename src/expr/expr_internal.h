/* One machine a thread: a Lua state that holds nothing but the sandbox and the compiled chunks. */
#pragma once

#include <lua.h>

#include "base/instant.h"
#include "expr/expr.h"

struct expr {
    uint64_t id; /* never reused, unlike addresses: the key of the chunk in every thread's machine */
    const char *source;
    size_t len;
};

enum { SLOT_CHUNKS = 1, SLOT_NAMES = 2, SLOT__COUNT = SLOT_NAMES }; /* what stays on the stack of an idle machine */

struct machine {
    lua_State *lua;
    const struct expr_scope *scope; /* of the running evaluation */
    struct arena *scratch;          /* of one helper's call: errors jump, so nothing may be freed on the way */
    size_t used, limit, churn;      /* bytes in use, their ceiling, and allocated in this evaluation */
    int64_t started_ns;             /* CPU time of the thread */
    int steps;
    unsigned n_chunks;
};

/* This thread's machine, made at first use and destroyed with the thread. */
struct machine *machine_get(void);
struct machine *machine_of(lua_State *L);
/* Between these two the ceilings hold. */
void machine_start(struct machine *m, const struct expr_scope *scope);
void machine_stop(struct machine *m);

/* Pushes any JSON value: scalars by value, objects and lists as a reference that only __index can follow. */
void push_json(lua_State *L, const json_t *j);
/* Adds the helpers to the table on top of the stack. */
void add_builtins(lua_State *L);
/* string.format, its original in the first upvalue, without what tells addresses. */
int checked_format(lua_State *L);

/* ---- numerals.c: in the arena ---- */
const char *date_words(struct arena *a, struct date d);
const char *number_words(struct arena *a, int64_t n);
const char *money_words(struct arena *a, int64_t dong);
const char *grouped_number(struct arena *a, int64_t n);
