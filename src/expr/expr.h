/* Small sandboxed expressions of the pack: fees ("8000 * form.copies"), conditions, mappings. Lua 5.4 syntax, one
 * expression, without side effects: it reads the named values of its scope and returns one result.
 *
 * What an expression sees: the names of its scope; math (without random); string: len, sub, byte, char, rep, format,
 * upper; utf8; ipairs, type, tostring, tonumber, select; and
 *   date(s)              the day number of "2026-11-21" or of an instant; subtract two to get days
 *   years_between(a, b)  whole years from date a to date b (an age)
 *   vn_date(s)           "ngày 21 tháng 11 năm 2026"; of "1960" and "1960-05" as much as is known
 *   vn_date_words(s)     "ngày hai mươi mốt, tháng mười một, năm hai nghìn không trăm hai mươi sáu"
 *   vn_time(t)           "08 giờ 30 phút" of an instant, in milliseconds or as it travels
 *   vn_moment(t)         "08:30", and on the next line "21/11/2026"
 *   day_of(ms)           "2026-11-21", the day of an instant in milliseconds
 *   vn_number(n), vn_number_words(n), vn_money_words(n)    "16.000"; "mười sáu nghìn"; "Mười sáu nghìn đồng chẵn"
 *   fold(s), upper(s)    the search form; upper case, of any Vietnamese text
 *   contains(s, part), starts_with(s, part), replace(s, part, by)    plain text: there are no patterns
 * An absent member is nil, lists count from 1, #list is their length. A name that is neither in the scope nor above is
 * an error, so that a slip of the pen never reads as "absent".
 *
 * Ceilings: EXPR_SOURCE_MAX, and per evaluation EXPR_MEMORY_MAX at once, EXPR_CHURN_MAX in total, EXPR_STEPS_MAX
 * instructions, EXPR_CPU_MS. All failures are E_EXPRESSION, the detail beginning with the expression. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum {
    EXPR_SOURCE_MAX = 4096,
    EXPR_MEMORY_MAX = 1 << 20,
    EXPR_CHURN_MAX = 16 << 20,
    EXPR_STEPS_MAX = 200000,
    EXPR_CPU_MS = 250,
    EXPR_RESULT_NODES_MAX = 10000, /* values in a result of expr_json() */
    EXPR_RESULT_DEPTH_MAX = 32,
};

struct expr;

/* The scope of one evaluation ends with a row without name. A NULL value is nil. Borrowed for the call. */
struct expr_scope {
    const char *name;
    const json_t *value;
};

/* The expression lives in the arena; it is constant and may be used by any thread, also while others use it. A syntax
 * error says where ("line 1, column 8"). */
bool expr_compile(struct arena *a, const char *source, struct expr **out, struct error *e) CHECKED;
const char *expr_source(const struct expr *x);

/* A whole number: fees in đồng. 3.0 is whole, "3", nil and 3.5 are not. */
bool expr_i64(const struct expr *x, const struct expr_scope *scope, int64_t *out, struct error *e) CHECKED;
/* true or false; nil (an absent member) is false; anything else is an error. */
bool expr_bool(const struct expr *x, const struct expr_scope *scope, bool *out, struct error *e) CHECKED;
/* A text, or a number as text; nil is NULL. In the arena. */
bool expr_text(const struct expr *x, const struct expr_scope *scope, struct arena *a, char **out,
               struct error *e) CHECKED;
/* Anything JSON can say; *out is a new reference to a copy. A table with the keys 1…n is a list, any other (the empty
 * one too) an object, and its keys must be texts. */
bool expr_json(const struct expr *x, const struct expr_scope *scope, json_t **out, struct error *e) CHECKED;
