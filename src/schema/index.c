/* Finds everything a reference can lead to: documents, resources ($id), anchors, and the place of each subschema. */
#include "schema/schema_internal.h"

#include <stdlib.h>
#include <string.h>

extern const char metaschemas_json[];
extern const size_t metaschemas_json_len;

static bool index_subschema(struct compiler *c, const json_t *json, struct resource *resource, const char *pointer,
                            int level, struct error *e) CHECKED;
static bool fetch(struct compiler *c, const char *uri, const json_t **out, struct error *e) CHECKED;

bool schema_wrong(const char *pointer, const char *keyword, struct error *e, const char *format, ...)
{
    char why[ERROR_DETAIL_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args); /* a cut explanation is still one */
    va_end(args);
    (void)fail(e, E_SCHEMA, "%s/%s: %s", pointer, keyword, why);
    return fail_field(e, pointer, keyword, why);
}

/* ---- places by address ---- */

static size_t slot_of(const struct compiler *c, const json_t *json)
{
    return (size_t)(((uintptr_t)json >> 4) * 0x9E3779B97F4A7C15u >> 20) & (c->n_slots - 1);
}

static void place_put(struct compiler *c, struct place *place)
{
    size_t i = slot_of(c, place->json);

    while (c->slots[i])
        i = (i + 1) & (c->n_slots - 1);
    c->slots[i] = place;
}

struct place *index_find(const struct compiler *c, const json_t *json)
{
    if (c->n_slots == 0)
        return NULL;
    for (size_t i = slot_of(c, json); c->slots[i]; i = (i + 1) & (c->n_slots - 1))
        if (c->slots[i]->json == json)
            return c->slots[i];
    return NULL;
}

static void place_add(struct compiler *c, const json_t *json, struct resource *resource, const char *pointer)
{
    struct place *place = arena_new_of(c->arena, struct place);

    if (2 * (c->n_places + 1) > c->n_slots) {
        struct place **old = c->slots;
        size_t n_old = c->n_slots;

        c->n_slots = n_old ? 2 * n_old : 64;
        c->slots = arena_array(c->arena, struct place *, c->n_slots);
        for (size_t i = 0; i < n_old; i++)
            if (old[i])
                place_put(c, old[i]);
    }
    *place = (struct place){.json = json, .resource = resource, .pointer = pointer};
    place_put(c, place);
    c->n_places++;
}

/* ---- vocabularies ---- */

#define VOCABULARY_URI "https://json-schema.org/draft/2020-12/vocab/"
#define METASCHEMA_URI "https://json-schema.org/draft/2020-12/schema"

/* clang-format off */
static const struct { const char *uri; unsigned bit; } vocabularies[] = {
    {VOCABULARY_URI "core",              VOCABULARY_CORE},
    {VOCABULARY_URI "applicator",        VOCABULARY_APPLICATOR},
    {VOCABULARY_URI "unevaluated",       VOCABULARY_UNEVALUATED},
    {VOCABULARY_URI "validation",        VOCABULARY_VALIDATION},
    {VOCABULARY_URI "meta-data",         VOCABULARY_META_DATA},
    {VOCABULARY_URI "format-annotation", VOCABULARY_FORMAT_ANNOTATION},
    {VOCABULARY_URI "format-assertion",  VOCABULARY_FORMAT_ASSERTION},
    {VOCABULARY_URI "content",           VOCABULARY_CONTENT},
};
/* clang-format on */

static bool read_vocabularies(const json_t *declared, const char *pointer, unsigned *out, struct error *e)
{
    const char *uri;
    json_t *needed;
    unsigned found = VOCABULARY_CORE;

    json_object_foreach((json_t *)(uintptr_t)declared, uri, needed)
    {
        unsigned bit = 0;

        for (size_t i = 0; i < COUNT(vocabularies); i++)
            if (strcmp(vocabularies[i].uri, uri) == 0)
                bit = vocabularies[i].bit;
        if (!bit && json_is_true(needed))
            return schema_wrong(pointer, "$schema", e, "needs the vocabulary %s", uri);
        found |= bit;
    }
    *out = found;
    return true;
}

/* $schema names a metaschema; its $vocabulary says which keywords mean something here. */
static bool apply_metaschema(struct compiler *c, struct resource *resource, const json_t *schema_uri, struct error *e)
{
    const char *fragment, *uri;
    const json_t *metaschema, *declared;

    if (!schema_uri)
        return true;
    if (!json_is_string(schema_uri))
        return schema_wrong(resource->pointer, "$schema", e, "must be a URI");
    uri = uri_split(c->arena, json_string_value(schema_uri), &fragment);
    if (strcmp(uri, METASCHEMA_URI) == 0) {
        resource->vocabularies = VOCABULARY_DEFAULT;
        return true;
    }
    if (strcmp(uri, resource->uri) == 0)
        metaschema = resource->root;
    else if (!fetch(c, uri, &metaschema, e))
        return false;
    declared = json_object_get(metaschema, "$vocabulary");
    resource->vocabularies = VOCABULARY_DEFAULT;
    return !json_is_object(declared) || read_vocabularies(declared, resource->pointer, &resource->vocabularies, e);
}

/* ---- resources and anchors ---- */

static struct resource *find_known(const struct compiler *c, const char *uri)
{
    for (const struct known_uri *k = c->known; k; k = k->next)
        if (strcmp(k->uri, uri) == 0)
            return k->resource;
    return NULL;
}

static void know(struct compiler *c, const char *uri, struct resource *resource)
{
    struct known_uri *k = arena_new_of(c->arena, struct known_uri);

    *k = (struct known_uri){.uri = uri, .resource = resource, .next = c->known};
    c->known = k;
}

static struct resource *resource_new(struct compiler *c, const char *uri, const char *pointer, const json_t *root)
{
    struct resource *r = arena_new_of(c->arena, struct resource);

    *r = (struct resource){
        .uri = uri, .pointer = pointer, .root = root, .vocabularies = VOCABULARY_DEFAULT, .next = c->resources};
    c->resources = r;
    return r;
}

/* A subschema with $id begins a resource; the root of a document keeps its own and is known by both URIs. */
static bool index_id(struct compiler *c, const json_t *json, const char *pointer, struct resource **resource,
                     struct error *e)
{
    const json_t *id = json_object_get(json, "$id");
    const char *uri, *fragment;

    if (!id)
        return true;
    if (!json_is_string(id))
        return schema_wrong(pointer, "$id", e, "must be a URI reference");
    uri = uri_split(c->arena, uri_resolve(c->arena, (*resource)->uri, json_string_value(id)), &fragment);
    if (*fragment)
        return schema_wrong(pointer, "$id", e, "must have no fragment");
    if ((*resource)->root == json) {
        (*resource)->uri = uri;
    } else {
        unsigned inherited = (*resource)->vocabularies;

        *resource = resource_new(c, uri, pointer, json);
        (*resource)->vocabularies = inherited;
    }
    if (!find_known(c, uri))
        know(c, uri, *resource);
    else if (find_known(c, uri) != *resource && *pointer) /* one document may be fetched by two names */
        return schema_wrong(pointer, "$id", e, "%s is used twice", uri);
    return true;
}

static bool index_anchor(struct compiler *c, const json_t *json, const char *keyword, bool dynamic, const char *pointer,
                         struct resource *resource, struct error *e)
{
    const json_t *name = json_object_get(json, keyword);
    struct anchor *a;

    if (!name)
        return true;
    if (!json_is_string(name) || !*json_string_value(name) || strchr(json_string_value(name), '/'))
        return schema_wrong(pointer, keyword, e, "must be a plain name");
    for (a = resource->anchors; a; a = a->next)
        if (a->json != json && strcmp(a->name, json_string_value(name)) == 0)
            return schema_wrong(pointer, keyword, e, "%s is used twice", a->name);
    a = arena_new_of(c->arena, struct anchor);
    *a = (struct anchor){.name = json_string_value(name), .json = json, .dynamic = dynamic, .next = resource->anchors};
    resource->anchors = a;
    return true;
}

/* ---- walking a document ---- */

static const char *pointer_join(struct arena *a, const char *base, const char *keyword, const char *member)
{
    auto_buf struct buf b = BUF_INIT(SIZE_MAX / 2);

    buf_puts(&b, base);
    if (keyword)
        json_pointer_push(&b, keyword);
    if (member)
        json_pointer_push(&b, member);
    return arena_strdup(a, b.data ? b.data : "");
}

static bool index_held(struct compiler *c, const struct keyword *k, const json_t *value, struct resource *resource,
                       const char *pointer, int level, struct error *e)
{
    const char *name;
    const json_t *sub;
    char number[24];
    size_t i;

    if (k->holds == HOLDS_ONE)
        return index_subschema(c, value, resource, pointer_join(c->arena, pointer, k->name, NULL), level, e);
    if (k->holds == HOLDS_LIST) {
        json_array_foreach(value, i, sub)
        {
            (void)snprintf(number, sizeof number, "%zu", i); /* fits */
            if (!index_subschema(c, sub, resource, pointer_join(c->arena, pointer, k->name, number), level, e))
                return false;
        }
        return true;
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, sub)
    {
        if (!index_subschema(c, sub, resource, pointer_join(c->arena, pointer, k->name, name), level, e))
            return false;
    }
    return true;
}

static bool index_subschema(struct compiler *c, const json_t *json, struct resource *resource, const char *pointer,
                            int level, struct error *e)
{
    if (!json_is_object(json) || index_find(c, json))
        return true; /* true, false, a mistake that compiling explains, or known from an earlier reference */
    if (level > SCHEMA_NESTING_MAX)
        return schema_wrong(pointer, "", e, "more than %d levels", SCHEMA_NESTING_MAX);
    if (c->n_places >= SCHEMA_NODES_MAX)
        return schema_wrong(pointer, "", e, "more than %d subschemas", SCHEMA_NODES_MAX);
    if (!index_id(c, json, pointer, &resource, e))
        return false;
    if (resource->root == json && !apply_metaschema(c, resource, json_object_get(json, "$schema"), e))
        return false;
    if (!index_anchor(c, json, "$anchor", false, pointer, resource, e) ||
        !index_anchor(c, json, "$dynamicAnchor", true, pointer, resource, e))
        return false;
    place_add(c, json, resource, pointer);
    for (const struct keyword *k = schema_keywords; k->name; k++) {
        const json_t *value = k->holds == HOLDS_NONE ? NULL : json_object_get(json, k->name);

        if (value && !index_held(c, k, value, resource, pointer, level + 1, e))
            return false;
    }
    return true;
}

/* ---- documents ---- */

static void drop_json(void *json)
{
    json_decref(json);
}

static bool document_add(struct compiler *c, const char *uri, const json_t *json, const json_t **out, struct error *e)
{
    struct document *d = arena_new_of(c->arena, struct document);
    json_t *copy;

    if (c->n_documents++ == SCHEMA_DOCUMENTS_MAX)
        return fail(e, E_SCHEMA, "more than %d documents", SCHEMA_DOCUMENTS_MAX);
    /* A copy of our own: nobody can change it under us, and no subschema stands at two places. */
    copy = json_deep_copy(json);
    if (!copy)
        return fail(e, E_SCHEMA, "%s: cannot be copied", uri);
    arena_defer(c->arena, drop_json, copy);
    *d = (struct document){.uri = uri, .json = copy, .next = c->documents};
    c->documents = d;
    *out = copy;
    return true;
}

/* The built-in metaschema with that $id, as a new reference; NULL when there is none. */
static json_t *builtin(const char *uri)
{
    json_t *found = NULL, *each;
    json_auto_t *all = NULL;
    size_t i;

    if (!text_starts_with(uri, "https://json-schema.org/draft/2020-12/"))
        return NULL;
    all = json_loadb(metaschemas_json, metaschemas_json_len, JSON_REJECT_DUPLICATES, NULL);
    json_array_foreach(all, i, each)
    {
        if (text_equal(json_str(each, "$id"), uri))
            found = json_incref(each);
    }
    return found;
}

static bool fetch(struct compiler *c, const char *uri, const json_t **out, struct error *e)
{
    json_auto_t *json = NULL;

    for (const struct document *d = c->documents; d; d = d->next)
        if (strcmp(d->uri, uri) == 0) {
            *out = d->json;
            return true;
        }
    json = builtin(uri);
    if (!json && c->options.resolve && !c->options.resolve(uri, &json, c->options.resolve_arg, e))
        return false;
    if (!json)
        return fail(e, E_SCHEMA, "no schema is known at %s", uri);
    return document_add(c, uri, json, out, e);
}

static bool index_root(struct compiler *c, const char *uri, const json_t *root, struct resource **out, struct error *e)
{
    struct resource *resource = resource_new(c, uri, "", root);

    know(c, uri, resource);
    *out = resource;
    return index_subschema(c, root, resource, "", 0, e);
}

bool index_document(struct compiler *c, const char *uri, const json_t *json, struct resource **out, struct error *e)
{
    const json_t *root = NULL;

    return document_add(c, uri, json, &root, e) && index_root(c, uri, root, out, e);
}

static bool find_resource(struct compiler *c, const char *uri, struct resource **out, struct error *e)
{
    const json_t *root = NULL;

    *out = find_known(c, uri);
    return *out || (fetch(c, uri, &root, e) && index_root(c, uri, root, out, e));
}

/* ---- references ---- */

static const json_t *step(const json_t *json, const char *token)
{
    int64_t i;

    if (json_is_array(json))
        return text_to_i64(token, 0, INT32_MAX, &i) ? json_array_get(json, (size_t)i) : NULL;
    return json_object_get(json, token);
}

/* Follows a JSON Pointer, minding where a $id changes the base. */
static bool follow_pointer(struct compiler *c, struct resource *resource, const char *pointer, struct target *out,
                           struct error *e)
{
    const json_t *json = resource->root;
    char *token;

    for (const char *p = pointer; *p && json;) {
        size_t len = strcspn(++p, "/");
        const struct place *here;
        char *w;

        token = w = arena_strndup(c->arena, p, len);
        for (const char *r = token; *r; r++)
            if (*r == '~' && (r[1] == '0' || r[1] == '1'))
                *w++ = *++r == '0' ? '~' : '/';
            else
                *w++ = *r;
        *w = '\0';
        p += len;
        json = step(json, token);
        here = json ? index_find(c, json) : NULL;
        if (here)
            resource = here->resource;
    }
    if (!json)
        return fail(e, E_SCHEMA, "nothing is at %s#%s", resource->uri, pointer);
    out->json = json;
    /* Under a keyword we do not know: a subschema only because someone refers to it. */
    if (json_is_object(json) && !index_find(c, json))
        return index_subschema(c, json, resource, pointer_join(c->arena, resource->pointer, NULL, NULL), 0, e);
    return true;
}

bool index_reference(struct compiler *c, const struct place *from, const char *reference, struct target *out,
                     struct error *e)
{
    const char *fragment;
    const char *uri = uri_split(c->arena, uri_resolve(c->arena, from->resource->uri, reference), &fragment);
    struct resource *resource;

    *out = (struct target){0};
    if (!find_resource(c, uri, &resource, e))
        return false;
    if (!*fragment) {
        out->json = resource->root;
    } else if (*fragment == '/') {
        if (!follow_pointer(c, resource, fragment, out, e))
            return false;
    } else {
        for (const struct anchor *a = resource->anchors; a; a = a->next)
            if (strcmp(a->name, fragment) == 0) {
                out->json = a->json;
                out->anchor = a->name;
                out->dynamic = out->dynamic || a->dynamic;
            }
        if (!out->json)
            return fail(e, E_SCHEMA, "%s has no anchor %s", uri, fragment);
    }
    return true;
}
