/* Checks of a pack's catalogue.yaml: what it names must be there. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

#include "registry/registry.h"

static void check_name(const struct pack *pack, const struct pack_file *file, const char *pointer, const char *kind,
                       struct pack_report *report)
{
    const char *name = json_string_value(json_at(file->body, pointer));

    if (name && !pack_find(pack, kind, name))
        pack_complain(report, file, pointer, "absent", "the pack has no %s \"%s\"", kind, name);
}

/* "registry:person", "paper:civil-extract" */
static bool is_there(const struct pack *pack, const char *by)
{
    const char *colon = by ? strchr(by, ':') : NULL;

    return colon && pack_find(pack, text_starts_with(by, "registry:") ? "registries" : "papers", colon + 1);
}

static void check_known(const struct pack *pack, const struct pack_file *file, size_t i, const json_t *row,
                        struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    const char *kind = json_str(row, "kind");
    const json_t *by;
    size_t k;

    if (kind && !pack_find(pack, "papers", kind))
        pack_complain(report, file, arena_printf(a, "/papers/known/%zu/kind", i), "paper",
                      "paper kind \"%s\" is not defined", kind);
    json_array_foreach(json_object_get(row, "satisfied_by"), k, by) if (!is_there(pack, json_string_value(by)))
        pack_complain(report, file, arena_printf(a, "/papers/known/%zu/satisfied_by/%zu", i, k), "satisfied-by",
                      "%s names nothing that this pack has", json_string_value(by));
}

void catalogue_rules_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    static const char *const flows[] = {"/flows/commune", "/flows/province", "/flows/quick"};
    const json_t *row;
    size_t i;

    for (i = 0; i < COUNT(flows); i++)
        check_name(pack, file, flows[i], "flows", report);
    check_name(pack, file, "/result/paper", "papers", report);
    json_array_foreach(json_at(file->body, "/papers/known"), i, row) check_known(pack, file, i, row, report);
}
