/* What the tests of this room share: schemas and instances as text, with ' for ". */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"
#include "schema/schema.h"

#include <cmocka.h>
#undef fail /* ours sets an error */

/* Ends the test with a sentence. */
#define red(...)                                                                                                       \
    do {                                                                                                               \
        print_error("ERROR: " __VA_ARGS__);                                                                            \
        print_error("\n");                                                                                             \
        _fail(__FILE__, __LINE__);                                                                                     \
    } while (0)

static inline json_t *json_of(const char *text)
{
    auto_free char *copy = strdup(text);
    json_error_t why;
    json_t *j;

    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    j = json_loads(copy, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!j)
        red("%s: %s", text, why.text);
    return j;
}

static inline struct schema *schema_of(struct arena *a, const char *text)
{
    const struct schema_options options = {.assert_formats = true};
    json_auto_t *j = json_of(text);
    struct schema *s = NULL;
    struct error e;

    error_init(&e);
    if (!schema_compile(a, j, &options, &s, &e))
        red("%s: %s", text, e.detail);
    return s;
}
