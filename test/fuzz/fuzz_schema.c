/* A schema on the first line, an instance after it. Whatever the schema, both runs of one instance must agree, and a
 * refusal must say why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool visit(const char *pointer, const json_t *schema, void *count)
{
    if (!pointer || !schema)
        abort();
    return ++*(int *)count < 1000; /* a schema of n levels can have 2^n places */
}

static void apply(const struct schema *s, const json_t *instance)
{
    auto_error struct error e, again;

    error_init(&e);
    error_init(&again);
    if (schema_validate(s, instance, &e) != schema_validate(s, instance, NULL) ||
        (e.code == E_NONE) != (e.n_items == 0))
        abort();
    if (schema_agrees(s, instance, &again) != (again.n_items == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *schema = NULL, *instance = NULL;
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct schema_options options = {.assert_formats = size % 2 == 0};
    auto_error struct error e;
    struct schema *s;
    int count = 0;

    error_init(&e);
    if (!end || !json_read((struct bytes){data, (size_t)(end - data)}, &schema, &e))
        return 0;
    if (!schema_compile(a, schema, &options, &s, &e)) {
        if (e.code != E_SCHEMA)
            abort();
        return 0;
    }
    schema_walk(s, visit, &count);
    if (json_read((struct bytes){end + 1, size - (size_t)(end + 1 - data)}, &instance, &e))
        apply(s, instance);
    return 0;
}
