/* Subschemas into nodes: one row and one small function per keyword. A malformed keyword is an error of the schema with
 * its place, never something to skip. */
#include "schema/schema_internal.h"

#include <stdlib.h>
#include <string.h>

struct pending {
    struct place *place;
    struct pending *next;
};

static bool wrong(const struct node *n, const struct keyword *k, struct error *e, const char *what)
{
    return schema_wrong(n->place->pointer, k->name, e, "%s", what);
}

/* The node of a subschema; made now, filled when its turn comes, so that recursion in schemas is none here. */
static const struct node *node_for(struct compiler *c, const json_t *json)
{
    struct place *place;
    struct pending *p;

    if (json_is_boolean(json))
        return json_is_true(json) ? c->always : c->never;
    place = json_is_object(json) ? index_find(c, json) : NULL;
    if (!place)
        return NULL;
    if (!place->node) {
        place->node = arena_new_of(c->arena, struct node);
        *place->node = (struct node){.types = 0xFF, .resource = place->resource, .place = place, .json = place->json};
        p = arena_new_of(c->arena, struct pending);
        *p = (struct pending){.place = place, .next = c->todo};
        c->todo = p;
    }
    return place->node;
}

static bool want_schema(struct compiler *c, const struct node *n, const struct keyword *k, const json_t *value,
                        const struct node **out, struct error *e)
{
    *out = node_for(c, value);
    return *out || wrong(n, k, e, "must be a schema: an object, true or false");
}

static bool want_schemas(struct compiler *c, const struct node *n, const struct keyword *k, const json_t *value,
                         const struct node ***out, size_t *n_out, struct error *e)
{
    const struct node **list;

    if (json_array_size(value) == 0)
        return wrong(n, k, e, "must be a list of at least one schema");
    list = arena_array(c->arena, const struct node *, json_array_size(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!want_schema(c, n, k, json_array_get(value, i), &list[i], e))
            return false;
    *out = list;
    *n_out = json_array_size(value);
    return true;
}

static bool want_size(const struct node *n, const struct keyword *k, const json_t *value, size_t *out, struct error *e)
{
    double d = json_number_value(value);

    if (!json_is_number(value) || !number_is_integral(value) || d < 0 || d > (double)INT32_MAX)
        return wrong(n, k, e, "must be a whole number from 0 to 2147483647");
    *out = (size_t)d;
    return true;
}

/* ---- the rules of a node, made when first needed ---- */

static struct value_rules *value_rules(struct compiler *c, struct node *n)
{
    return n->value ? n->value : (n->value = arena_new_of(c->arena, struct value_rules));
}

static struct number_rules *number_rules(struct compiler *c, struct node *n)
{
    return n->number ? n->number : (n->number = arena_new_of(c->arena, struct number_rules));
}

static struct string_rules *string_rules(struct compiler *c, struct node *n)
{
    if (!n->string) {
        n->string = arena_new_of(c->arena, struct string_rules);
        n->string->max = SIZE_MAX;
    }
    return n->string;
}

static struct array_rules *array_rules(struct compiler *c, struct node *n)
{
    if (!n->array) {
        n->array = arena_new_of(c->arena, struct array_rules);
        n->array->max = n->array->max_contains = SIZE_MAX;
        n->array->min_contains = 1;
    }
    return n->array;
}

static struct object_rules *object_rules(struct compiler *c, struct node *n)
{
    if (!n->object) {
        n->object = arena_new_of(c->arena, struct object_rules);
        n->object->max = SIZE_MAX;
    }
    return n->object;
}

static struct combine_rules *combine_rules(struct compiler *c, struct node *n)
{
    return n->combine ? n->combine : (n->combine = arena_new_of(c->arena, struct combine_rules));
}

/* ---- core ---- */

static bool compile_ref(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                        struct error *e)
{
    struct target target;

    if (!json_is_string(value))
        return wrong(n, k, e, "must be a URI reference");
    if (!index_reference(c, n->place, json_string_value(value), &target, e))
        return fail_field(e, n->place->pointer, k->name, json_string_value(value));
    return want_schema(c, n, k, target.json, &combine_rules(c, n)->reference, e);
}

static bool compile_dynamic_ref(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                struct error *e)
{
    struct target target;

    if (!json_is_string(value))
        return wrong(n, k, e, "must be a URI reference");
    if (!index_reference(c, n->place, json_string_value(value), &target, e))
        return fail_field(e, n->place->pointer, k->name, json_string_value(value));
    if (target.anchor && target.dynamic) {
        combine_rules(c, n)->dynamic_name = target.anchor;
        c->has_dynamic = true;
    }
    return want_schema(c, n, k, target.json, &combine_rules(c, n)->dynamic, e);
}

static bool compile_text(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                         struct error *e)
{
    (void)c;
    return json_is_string(value) || wrong(n, k, e, "must be a text");
}

static bool compile_map(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                        struct error *e)
{
    (void)c;
    return json_is_object(value) || wrong(n, k, e, "must be an object");
}

/* ---- applicators in place ---- */

static bool compile_all_of(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                           struct error *e)
{
    struct combine_rules *r = combine_rules(c, n);

    return want_schemas(c, n, k, value, &r->all, &r->n_all, e);
}

static bool compile_any_of(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                           struct error *e)
{
    struct combine_rules *r = combine_rules(c, n);

    return want_schemas(c, n, k, value, &r->any, &r->n_any, e);
}

static bool compile_one_of(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                           struct error *e)
{
    struct combine_rules *r = combine_rules(c, n);

    return want_schemas(c, n, k, value, &r->one, &r->n_one, e);
}

static bool compile_not(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                        struct error *e)
{
    return want_schema(c, n, k, value, &combine_rules(c, n)->negated, e);
}

static bool compile_if(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                       struct error *e)
{
    return want_schema(c, n, k, value, &combine_rules(c, n)->condition, e);
}

static bool compile_then(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                         struct error *e)
{
    return want_schema(c, n, k, value, &combine_rules(c, n)->then, e);
}

static bool compile_else(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                         struct error *e)
{
    return want_schema(c, n, k, value, &combine_rules(c, n)->otherwise, e);
}

/* ---- arrays ---- */

static bool compile_prefix_items(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                 struct error *e)
{
    struct array_rules *r = array_rules(c, n);

    return want_schemas(c, n, k, value, &r->prefix, &r->n_prefix, e);
}

static bool compile_items(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                          struct error *e)
{
    return want_schema(c, n, k, value, &array_rules(c, n)->items, e);
}

static bool compile_contains(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                             struct error *e)
{
    return want_schema(c, n, k, value, &array_rules(c, n)->contains, e);
}

static bool compile_unevaluated_items(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                      struct error *e)
{
    return want_schema(c, n, k, value, &array_rules(c, n)->unevaluated, e);
}

static bool compile_unique_items(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                 struct error *e)
{
    array_rules(c, n)->unique = json_is_true(value);
    return json_is_boolean(value) || wrong(n, k, e, "must be true or false");
}

/* ---- bounds ---- */

/* minLength and its likes: where in its rules the bound is kept. */
static size_t *size_bound(struct compiler *c, struct node *n, const char *keyword)
{
    /* clang-format off */
    switch (keyword[3]) {
    case 'L': return keyword[1] == 'i' ? &string_rules(c, n)->min : &string_rules(c, n)->max;
    case 'I': return keyword[1] == 'i' ? &array_rules(c, n)->min : &array_rules(c, n)->max;
    case 'C': return keyword[1] == 'i' ? &array_rules(c, n)->min_contains : &array_rules(c, n)->max_contains;
    default:  return keyword[1] == 'i' ? &object_rules(c, n)->min : &object_rules(c, n)->max;
    }
    /* clang-format on */
}

static bool compile_size(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                         struct error *e)
{
    return want_size(n, k, value, size_bound(c, n, k->name), e);
}

static bool compile_bound(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                          struct error *e)
{
    struct number_rules *r = number_rules(c, n);

    if (!json_is_number(value))
        return wrong(n, k, e, "must be a number");
    if (strcmp(k->name, "minimum") == 0)
        r->minimum = value;
    else if (strcmp(k->name, "maximum") == 0)
        r->maximum = value;
    else if (strcmp(k->name, "exclusiveMinimum") == 0)
        r->above = value;
    else
        r->below = value;
    return true;
}

static bool compile_multiple_of(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                struct error *e)
{
    struct number_rules *r = number_rules(c, n);

    if (!json_is_number(value) || json_number_value(value) <= 0)
        return wrong(n, k, e, "must be a number above 0");
    r->multiple = value;
    r->multiple_of = decimal_of(value);
    return true;
}

/* ---- type, enum, const ---- */

static const struct {
    const char *name;
    unsigned bits;
} types[] = {
    {"object", 1u << JSON_OBJECT},
    {"array", 1u << JSON_ARRAY},
    {"string", 1u << JSON_STRING},
    {"number", 1u << JSON_INTEGER | 1u << JSON_REAL},
    {"integer", 1u << JSON_INTEGER | 1u << JSON_REAL},
    {"boolean", 1u << JSON_TRUE | 1u << JSON_FALSE},
    {"null", 1u << JSON_NULL},
};

static unsigned type_bits(const json_t *name, bool *number, bool *integer)
{
    for (size_t i = 0; json_is_string(name) && i < COUNT(types); i++)
        if (strcmp(types[i].name, json_string_value(name)) == 0) {
            *number = *number || strcmp(types[i].name, "number") == 0;
            *integer = *integer || strcmp(types[i].name, "integer") == 0;
            return types[i].bits;
        }
    return 0;
}

static bool compile_type(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                         struct error *e)
{
    bool number = false, integer = false;
    unsigned all = 0, bits;

    (void)c;
    if (!json_is_array(value)) {
        all = type_bits(value, &number, &integer);
    } else {
        for (size_t i = 0; i < json_array_size(value); i++, all |= bits) {
            bits = type_bits(json_array_get(value, i), &number, &integer);
            if (!bits)
                return wrong(n, k, e, "names an unknown type");
        }
    }
    if (!all)
        return wrong(n, k, e, "must name object, array, string, number, integer, boolean or null");
    n->types = (uint8_t)all;
    n->integral = integer && !number;
    return true;
}

int text_span_compare(const struct text_span *a, const struct text_span *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->s, b->s, a->len);
}

static int compare_texts(const void *a, const void *b)
{
    return text_span_compare(a, b);
}

static bool compile_enum(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                         struct error *e)
{
    struct value_rules *r = value_rules(c, n);

    if (!json_is_array(value))
        return wrong(n, k, e, "must be a list");
    r->is_enum = true;
    r->texts = arena_array(c->arena, struct text_span, json_array_size(value) + 1);
    r->others = arena_array(c->arena, const json_t *, json_array_size(value) + 1);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *each = json_array_get(value, i);

        if (json_is_string(each))
            r->texts[r->n_texts++] = (struct text_span){json_string_value(each), json_string_length(each)};
        else
            r->others[r->n_others++] = each;
    }
    qsort(r->texts, r->n_texts, sizeof *r->texts, compare_texts);
    return true;
}

static bool compile_const(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                          struct error *e)
{
    (void)k;
    (void)e;
    value_rules(c, n)->constant = value;
    return true;
}

/* ---- strings ---- */

static bool want_pattern(struct compiler *c, const struct node *n, const struct keyword *k, const char *source,
                         size_t len, const struct pattern **out, struct error *e)
{
    struct pattern *p;
    const char *why;

    if (!pattern_compile(c->arena, source, len, &p, &why))
        return wrong(n, k, e, why);
    *out = p;
    return true;
}

static bool compile_pattern(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                            struct error *e)
{
    if (!json_is_string(value))
        return wrong(n, k, e, "must be a regular expression");
    return want_pattern(c, n, k, json_string_value(value), json_string_length(value), &string_rules(c, n)->pattern, e);
}

static bool compile_format(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                           struct error *e)
{
    const struct format *f;

    if (!json_is_string(value))
        return wrong(n, k, e, "must be a text");
    if (!c->options.assert_formats && !(n->resource->vocabularies & VOCABULARY_FORMAT_ASSERTION))
        return true;
    f = format_find(json_string_value(value));
    if (!f && c->options.assert_formats)
        return wrong(n, k, e, "names an unknown format");
    if (f && f->check)
        string_rules(c, n)->format = f;
    return true;
}

static bool compile_personal_number_of(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                       struct error *e)
{
    struct agreement *a = arena_new_of(c->arena, struct agreement);
    const char *otherwise = json_str(value, "otherwise");

    *a = (struct agreement){.birth_date = json_str(value, "birth_date"),
                            .sex = json_str(value, "sex"),
                            .refuse = text_equal(otherwise, "refuse")};
    if (!a->birth_date && !a->sex)
        return wrong(n, k, e, "must name a member beside this one as birth_date, as sex, or both");
    if (otherwise && !a->refuse && !text_equal(otherwise, "warn"))
        return wrong(n, k, e, "otherwise must be refuse or warn");
    string_rules(c, n)->agreement = a;
    return true;
}

/* ---- objects ---- */

uint32_t name_hash(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    uint32_t h = (uint32_t)len * 0x9E3779B1u;

    if (len) /* four of its bytes tell the names of one schema apart well enough; equality is checked anyway */
        h ^= (uint32_t)p[0] | (uint32_t)p[len / 3] << 8 | (uint32_t)p[len - 1 - len / 4] << 16 |
             (uint32_t)p[len - 1] << 24;
    h *= 0x85EBCA6Bu;
    return h ^ h >> 15;
}

/* Gives every member that a keyword names one index. Called before the keywords are compiled. */
static void collect_names(struct compiler *c, struct node *n)
{
    static const char *const holders[] = {"properties", "dependentSchemas", "dependentRequired"};
    json_auto_t *order = json_object();
    const json_t *required = json_object_get(n->json, "required");
    struct object_rules *r;
    const char *name;
    json_t *ignored;
    size_t i;

    for (i = 0; i < COUNT(holders); i++) {
        const json_t *map = json_object_get(n->json, holders[i]);
        const char *member;
        json_t *list, *each;
        size_t j;

        json_object_foreach((json_t *)(uintptr_t)map, member, list)
        {
            (void)json_object_set_new(order, member, json_null());
            if (i < COUNT(holders) - 1)
                continue;
            json_array_foreach(list, j, each)
            {
                if (json_is_string(each))
                    (void)json_object_set_new(order, json_string_value(each), json_null());
            }
        }
    }
    json_array_foreach(required, i, ignored)
    {
        if (json_is_string(ignored))
            (void)json_object_set_new(order, json_string_value(ignored), json_null());
    }
    if (json_object_size(order) == 0)
        return;
    r = object_rules(c, n);
    r->names = arena_array(c->arena, struct name, json_object_size(order));
    for (r->n_slots = 8; r->n_slots < 2 * json_object_size(order);)
        r->n_slots *= 2;
    r->slots = arena_array(c->arena, uint32_t, r->n_slots);
    json_object_foreach(order, name, ignored)
    {
        size_t len = strlen(name), slot = name_hash(name, len) & (r->n_slots - 1);

        r->names[r->n_names] =
            (struct name){.text = {arena_strndup(c->arena, name, len), len}, .next_same_slot = r->slots[slot]};
        r->slots[slot] = (uint32_t)++r->n_names;
    }
}

static bool compile_properties(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                               struct error *e)
{
    struct object_rules *r = object_rules(c, n);
    const char *name;
    json_t *sub;
    size_t i = 0; /* collect_names began with properties, in this order */

    if (!json_is_object(value))
        return wrong(n, k, e, "must be an object of schemas");
    json_object_foreach((json_t *)(uintptr_t)value, name, sub)
    {
        if (!want_schema(c, n, k, sub, &r->names[i++].property, e))
            return false;
    }
    return true;
}

static bool compile_dependent_schemas(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                      struct error *e)
{
    struct object_rules *r = object_rules(c, n);
    const char *name;
    json_t *sub;

    if (!json_is_object(value))
        return wrong(n, k, e, "must be an object of schemas");
    r->has_dependents = true;
    json_object_foreach((json_t *)(uintptr_t)value, name, sub)
    {
        if (!want_schema(c, n, k, sub, &name_find(r, name, strlen(name))->dependent, e))
            return false;
    }
    return true;
}

/* A list of distinct member names as indices. */
static bool want_names(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value, uint32_t **out,
                       size_t *n_out, struct error *e)
{
    struct object_rules *r = object_rules(c, n);
    uint32_t *list;

    if (!json_is_array(value))
        return wrong(n, k, e, "must be a list of member names");
    list = arena_array(c->arena, uint32_t, json_array_size(value) + 1);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = json_string_value(json_array_get(value, i));

        if (!text)
            return wrong(n, k, e, "must be a list of member names");
        list[i] = (uint32_t)(name_find(r, text, strlen(text)) - r->names);
    }
    *out = list;
    *n_out = json_array_size(value);
    return true;
}

static bool compile_dependent_required(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                       struct error *e)
{
    struct object_rules *r = object_rules(c, n);
    const char *name;
    json_t *list;

    if (!json_is_object(value))
        return wrong(n, k, e, "must be an object of lists of member names");
    r->has_dependents = true;
    json_object_foreach((json_t *)(uintptr_t)value, name, list)
    {
        struct name *of = name_find(r, name, strlen(name));

        if (!want_names(c, n, k, list, &of->needed, &of->n_needed, e))
            return false;
    }
    return true;
}

static bool compile_required(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                             struct error *e)
{
    struct object_rules *r = object_rules(c, n);

    if (!want_names(c, n, k, value, &r->required, &r->n_required, e))
        return false;
    r->required_bits = arena_array(c->arena, uint64_t, r->n_names / 64 + 1);
    for (size_t i = 0; i < r->n_required; i++)
        r->required_bits[r->required[i] / 64] |= UINT64_C(1) << r->required[i] % 64;
    return true;
}

static bool compile_pattern_properties(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                       struct error *e)
{
    struct object_rules *r = object_rules(c, n);
    const char *source;
    json_t *sub;

    if (!json_is_object(value))
        return wrong(n, k, e, "must be an object of schemas");
    r->patterns = arena_array(c->arena, struct pattern_property, json_object_size(value) + 1);
    json_object_foreach((json_t *)(uintptr_t)value, source, sub)
    {
        struct pattern_property *p = &r->patterns[r->n_patterns++];

        if (!want_pattern(c, n, k, source, strlen(source), &p->pattern, e) || !want_schema(c, n, k, sub, &p->node, e))
            return false;
    }
    return true;
}

static bool compile_additional_properties(struct compiler *c, struct node *n, const struct keyword *k,
                                          const json_t *value, struct error *e)
{
    return want_schema(c, n, k, value, &object_rules(c, n)->additional, e);
}

static bool compile_property_names(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value,
                                   struct error *e)
{
    return want_schema(c, n, k, value, &object_rules(c, n)->property_names, e);
}

static bool compile_unevaluated_properties(struct compiler *c, struct node *n, const struct keyword *k,
                                           const json_t *value, struct error *e)
{
    return want_schema(c, n, k, value, &object_rules(c, n)->unevaluated, e);
}

/* ---- the table ---- */

/* clang-format off */
#define CORE        VOCABULARY_CORE
#define APPLICATOR  VOCABULARY_APPLICATOR
#define VALIDATION  VOCABULARY_VALIDATION
#define UNEVALUATED VOCABULARY_UNEVALUATED
const struct keyword schema_keywords[] = {
    {"$defs",                 CORE,        HOLDS_MAP,  compile_map},
    {"$ref",                  CORE,        HOLDS_NONE, compile_ref},
    {"$dynamicRef",           CORE,        HOLDS_NONE, compile_dynamic_ref},
    {"$comment",              CORE,        HOLDS_NONE, compile_text},
    {"$vocabulary",           CORE,        HOLDS_NONE, compile_map},
    {"type",                  VALIDATION,  HOLDS_NONE, compile_type},
    {"enum",                  VALIDATION,  HOLDS_NONE, compile_enum},
    {"const",                 VALIDATION,  HOLDS_NONE, compile_const},
    {"minimum",               VALIDATION,  HOLDS_NONE, compile_bound},
    {"maximum",               VALIDATION,  HOLDS_NONE, compile_bound},
    {"exclusiveMinimum",      VALIDATION,  HOLDS_NONE, compile_bound},
    {"exclusiveMaximum",      VALIDATION,  HOLDS_NONE, compile_bound},
    {"multipleOf",            VALIDATION,  HOLDS_NONE, compile_multiple_of},
    {"minLength",             VALIDATION,  HOLDS_NONE, compile_size},
    {"maxLength",             VALIDATION,  HOLDS_NONE, compile_size},
    {"pattern",               VALIDATION,  HOLDS_NONE, compile_pattern},
    {"minItems",              VALIDATION,  HOLDS_NONE, compile_size},
    {"maxItems",              VALIDATION,  HOLDS_NONE, compile_size},
    {"uniqueItems",           VALIDATION,  HOLDS_NONE, compile_unique_items},
    {"minContains",           VALIDATION,  HOLDS_NONE, compile_size},
    {"maxContains",           VALIDATION,  HOLDS_NONE, compile_size},
    {"minProperties",         VALIDATION,  HOLDS_NONE, compile_size},
    {"maxProperties",         VALIDATION,  HOLDS_NONE, compile_size},
    {"required",              VALIDATION,  HOLDS_NONE, compile_required},
    {"dependentRequired",     VALIDATION,  HOLDS_NONE, compile_dependent_required},
    {"properties",            APPLICATOR,  HOLDS_MAP,  compile_properties},
    {"patternProperties",     APPLICATOR,  HOLDS_MAP,  compile_pattern_properties},
    {"additionalProperties",  APPLICATOR,  HOLDS_ONE,  compile_additional_properties},
    {"propertyNames",         APPLICATOR,  HOLDS_ONE,  compile_property_names},
    {"dependentSchemas",      APPLICATOR,  HOLDS_MAP,  compile_dependent_schemas},
    {"prefixItems",           APPLICATOR,  HOLDS_LIST, compile_prefix_items},
    {"items",                 APPLICATOR,  HOLDS_ONE,  compile_items},
    {"contains",              APPLICATOR,  HOLDS_ONE,  compile_contains},
    {"allOf",                 APPLICATOR,  HOLDS_LIST, compile_all_of},
    {"anyOf",                 APPLICATOR,  HOLDS_LIST, compile_any_of},
    {"oneOf",                 APPLICATOR,  HOLDS_LIST, compile_one_of},
    {"not",                   APPLICATOR,  HOLDS_ONE,  compile_not},
    {"if",                    APPLICATOR,  HOLDS_ONE,  compile_if},
    {"then",                  APPLICATOR,  HOLDS_ONE,  compile_then},
    {"else",                  APPLICATOR,  HOLDS_ONE,  compile_else},
    {"unevaluatedItems",      UNEVALUATED, HOLDS_ONE,  compile_unevaluated_items},
    {"unevaluatedProperties", UNEVALUATED, HOLDS_ONE,  compile_unevaluated_properties},
    {"format",                VOCABULARY_FORMAT,  HOLDS_NONE, compile_format},
    {"contentEncoding",       VOCABULARY_CONTENT, HOLDS_NONE, compile_text},
    {"contentMediaType",      VOCABULARY_CONTENT, HOLDS_NONE, compile_text},
    {"contentSchema",         VOCABULARY_CONTENT, HOLDS_ONE,  NULL}, /* annotates: what the text holds is not read here */
    {"x-personal-number-of",  ~0u,         HOLDS_NONE, compile_personal_number_of},
    {0},
};
/* clang-format on */

static bool compile_node(struct compiler *c, struct node *n, struct error *e)
{
    collect_names(c, n);
    for (const struct keyword *k = schema_keywords; k->name; k++) {
        const json_t *value;

        if (!k->compile || !(k->vocabulary & n->resource->vocabularies))
            continue;
        value = json_object_get(n->json, k->name);
        if (value && !k->compile(c, n, k, value, e))
            return false;
    }
    n->is_leaf = !n->array && !n->object && !n->combine;
    return true;
}

static bool compile_pending(struct compiler *c, struct error *e)
{
    while (c->todo) {
        struct place *place = c->todo->place;

        c->todo = c->todo->next;
        if (!compile_node(c, place->node, e))
            return false;
    }
    return true;
}

/* Every dynamic anchor may be the end of some $dynamicRef; compiling one may load documents with more of them. */
static bool compile_dynamic_anchors(struct compiler *c, struct error *e)
{
    bool again = c->has_dynamic;

    while (again) {
        again = false;
        for (struct resource *r = c->resources; r; r = r->next)
            for (struct anchor *a = r->anchors; a; a = a->next)
                if (a->dynamic && !a->node) {
                    a->node = node_for(c, a->json);
                    again = true;
                }
        if (!compile_pending(c, e))
            return false;
    }
    return true;
}

bool schema_compile(struct arena *a, const json_t *json, const struct schema_options *opt, struct schema **out,
                    struct error *e)
{
    struct compiler c = {.arena = a};
    struct node *always = arena_new_of(a, struct node), *never = arena_new_of(a, struct node);
    struct schema *s = arena_new_of(a, struct schema);
    struct resource *root;

    if (opt)
        c.options = *opt;
    always->verdict = VERDICT_TRUE;
    never->verdict = VERDICT_FALSE;
    c.always = always;
    c.never = never;
    if (!json_is_object(json) && !json_is_boolean(json))
        return schema_wrong("", "", e, "a schema is an object, true or false");
    if (!index_document(&c, c.options.base_uri ? c.options.base_uri : "", json, &root, e))
        return false;
    s->json = root->root;
    s->root = node_for(&c, root->root);
    if (!compile_pending(&c, e) || !compile_dynamic_anchors(&c, e))
        return false;
    s->has_dynamic = c.has_dynamic;
    *out = s;
    return true;
}

const json_t *schema_json(const struct schema *s)
{
    return s->json;
}
