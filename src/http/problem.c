/* RFC 9457 problems: the registry's title in the reader's language, the fields that are wrong, and a detail only where
 * it speaks about the caller's own input. */
#include "http/http_internal.h"

#include <string.h>

static bool detail_is_safe(enum error_code code)
{
    /* What was denied or is absent must not be described; what broke is for the log. */
    enum error_kind kind = error_row(code)->kind;

    return kind == KIND_INVALID || kind == KIND_LIMIT;
}

static json_t *items_new(const struct error *e, enum lang lang)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n_items; i++) {
        char message[512];

        error_item_message(&e->items[i], lang, message, sizeof message);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "pointer", e->items[i].pointer, "keyword",
                                              e->items[i].keyword, "message", message));
    }
    return list;
}

json_t *problem_new(const struct error *e, enum lang lang, const char *instance)
{
    const struct error_row *row = error_row(e->code);
    json_t *problem, *value;
    const char *name;
    char type[96];

    (void)snprintf(type, sizeof type, "urn:motcua:problem:%s", row->code); /* codes are short */
    problem = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", row->title[lang], "status", row->status, "code",
                        row->code);
    if (instance)
        json_object_set_new(problem, "instance", json_string(instance));
    if (e->detail[0] && e->n_items == 0 && detail_is_safe(e->code))
        json_object_set_new(problem, "detail", json_string(e->detail));
    if (e->n_items)
        json_object_set_new(problem, "errors", items_new(e, lang));
    if (e->n_dropped)
        json_object_set_new(problem, "more_errors", json_integer((json_int_t)e->n_dropped));
    json_object_foreach(e->extra, name, value) if (!json_object_get(problem, name))
        json_object_set(problem, name, value);
    return problem;
}
