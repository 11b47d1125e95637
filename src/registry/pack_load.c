/* Taking a pack over: what is new or changed becomes a new version, in one commit; the rest is left alone. */
#include "registry/registry_internal.h"

#include <string.h>

struct loading {
    struct house *house;
    const struct pack *pack;
    int64_t from;
    size_t changed;
};

static bool load_one(struct db *db, struct loading *l, const struct pack_file *f, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct pack_kind *kind = pack_kind_of(l->house, f->kind);
    const struct registry *r = registry_find(l->house, kind->registry);
    struct record_write w = {.body = f->body,
                             .key = json_str(f->body, kind->key),
                             .seen = -1,
                             .reason = "pack",
                             .now = now_ms(),
                             .valid_from = l->from};
    struct record old;
    bool found;

    if (!w.key)
        return fail(e, E_PACK, "%s: a definition without %s", f->path, kind->key);
    if (!record_find_any(db, a, r, w.key, &old, &found, e))
        return false;
    if (found && old.valid_to == INSTANT_NONE && json_equal(old.body, f->body))
        return true;
    l->changed++;
    if (!record_put(db, r, &w, NULL, a, e) || (kind->stored && !kind->stored(db, l->house, f->body, e)))
        return fail_in(e, arena_printf(a, "%s, line %d", f->path, yaml_line(&f->yaml, f->pointer)));
    return true;
}

static bool load(struct db *db, void *arg, struct error *e)
{
    struct loading *l = arg;

    l->changed = 0;
    if (!db_serial(db, "definitions", e)) /* two nodes that start together both bring the pack they carry */
        return false;
    for (size_t i = 0; i < l->pack->n; i++)
        if (!load_one(db, l, &l->pack->files[i], e))
            return false;
    return l->changed == 0 || definitions_tell(db, e);
}

bool definitions_tell(struct db *db, struct error *e)
{
    return db_tell(db, DEFINITIONS_CHANGED, "", e);
}

bool definitions_count(const struct house *h, int64_t *out, struct error *e)
{
    const struct pack_kind *kind;
    auto_read struct db *db = NULL;

    *out = 0;
    if (!store_read(h->store, &db, e))
        return false;
    for (size_t i = 0; (kind = pack_kind_at(h, i)); i++) {
        auto_rows struct rows *r = NULL;
        bool found;

        if (!db_find(db, &r, &found, e, "SELECT count(*) FROM record_change WHERE registry = $1",
                     ARGS(TEXT(kind->registry))))
            return false;
        *out += rows_i64(r, 0);
    }
    return true;
}

bool pack_load(struct house *house, const struct pack *pack, int64_t from, size_t *changed, struct error *e)
{
    struct loading l = {house, pack, from, 0};

    /* Units first reach the memory, so that registries find their owners. */
    if (!store_write(house->store, load, &l, e) || !units_load(house, e) || !registries_load(house, e))
        return false;
    *changed = l.changed;
    return true;
}
