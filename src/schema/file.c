/* A schema and an instance from files, as the command line has them. */
#include "schema/schema_internal.h"

#include "base/file.h"

/* Unlike json_read(): NUL in texts is lawful JSON and a schema may speak of it, and a whole number beyond 64 bits is
 * read as a real. */
static bool read_json(struct arena *a, const char *path, json_t **out, struct error *e)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    struct bytes text;
    json_error_t why;

    if (!file_read(a, path, SCHEMA_FILE_MAX, &text, e))
        return false;
    *out = json_loadb(text.data, text.len, flags, &why);
    if (!*out && json_error_code(&why) == json_error_numeric_overflow)
        *out = json_loadb(text.data, text.len, flags | JSON_DECODE_INT_AS_REAL, &why);
    return *out || fail(e, json_error_code(&why) == json_error_duplicate_key ? E_JSON_DUPLICATE : E_JSON_SYNTAX,
                        "%s: line %d, column %d: %s", path, why.line, why.column, why.text);
}

bool schema_validate_files(const char *schema_path, const char *instance_path, bool *valid, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *schema_text = NULL, *instance = NULL;
    struct schema *schema;

    if (!read_json(a, schema_path, &schema_text, e) || !read_json(a, instance_path, &instance, e) ||
        !schema_compile(a, schema_text, NULL, &schema, e))
        return false;
    *valid = schema_validate(schema, instance, e);
    return true;
}
