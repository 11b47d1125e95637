/* Inside the room: what a schema is compiled into.
 *
 * A document is indexed first (index.c): every subschema gets a place, every $id a resource with its anchors. Then
 * each place that can be reached becomes a node (compile.c): its keywords sorted by the type of instance they concern.
 * Validation (validate.c) walks nodes and instance together and touches no schema text unless it has to complain. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "schema/schema.h"

/* ---- index ---------------------------------------------------------------------------------------------------- */

enum vocabulary {
    VOCABULARY_CORE = 1 << 0,
    VOCABULARY_APPLICATOR = 1 << 1,
    VOCABULARY_UNEVALUATED = 1 << 2,
    VOCABULARY_VALIDATION = 1 << 3,
    VOCABULARY_META_DATA = 1 << 4,
    VOCABULARY_FORMAT_ANNOTATION = 1 << 5,
    VOCABULARY_FORMAT_ASSERTION = 1 << 6,
    VOCABULARY_CONTENT = 1 << 7,
    VOCABULARY_FORMAT = VOCABULARY_FORMAT_ANNOTATION | VOCABULARY_FORMAT_ASSERTION,
    /* What the 2020-12 metaschema declares. */
    VOCABULARY_DEFAULT = 0xFF & ~VOCABULARY_FORMAT_ASSERTION,
};

struct node;
struct marks;

struct anchor {
    const char *name;
    const json_t *json;
    const struct node *node; /* of a dynamic anchor, once compiled */
    bool dynamic;
    struct anchor *next;
};

/* A schema with a URI of its own: a document's root, or a subschema with $id. */
struct resource {
    const char *uri; /* no fragment */
    const char *pointer;
    const json_t *root;
    unsigned vocabularies;
    struct anchor *anchors;
    struct resource *next;
};

/* Where a subschema stands. */
struct place {
    const json_t *json;
    struct resource *resource;
    const char *pointer; /* within its document */
    struct node *node;   /* NULL until someone needs it */
};

struct known_uri {
    const char *uri;
    struct resource *resource;
    struct known_uri *next;
};

struct document {
    const char *uri;
    const json_t *json;
    struct document *next;
};

struct compiler {
    struct arena *arena;
    struct schema_options options;
    struct document *documents;
    size_t n_documents;
    struct known_uri *known;
    struct resource *resources;
    struct place **slots; /* by address of the json; a power of two */
    size_t n_slots, n_places;
    struct pending *todo;
    bool has_dynamic;
    struct node *always, *never;
};

/* How a keyword holds subschemas; also the one row per keyword that compile.c dispatches on. */
enum holds { HOLDS_NONE, HOLDS_ONE, HOLDS_LIST, HOLDS_MAP };

struct keyword {
    const char *name;
    unsigned vocabulary;
    enum holds holds;
    bool (*compile)(struct compiler *c, struct node *n, const struct keyword *k, const json_t *value, struct error *e);
};
extern const struct keyword schema_keywords[]; /* ended by a NULL name */

/* Registers json (copied) under uri and indexes it. */
bool index_document(struct compiler *c, const char *uri, const json_t *json, struct resource **out,
                    struct error *e) CHECKED;
/* What a reference leads to. */
struct target {
    const json_t *json;
    const char *anchor; /* the plain-name fragment that led there, or NULL */
    bool dynamic;       /* it was made by $dynamicAnchor */
};
/* Loads documents as needed. */
bool index_reference(struct compiler *c, const struct place *from, const char *reference, struct target *out,
                     struct error *e) CHECKED;
struct place *index_find(const struct compiler *c, const json_t *json);
/* Fails with E_SCHEMA at a place of the schema. */
bool schema_wrong(const char *pointer, const char *keyword, struct error *e, const char *format, ...) FORMAT(4, 5);

/* The absolute form of reference (RFC 3986, 5.2). */
const char *uri_resolve(struct arena *a, const char *base, const char *reference);
/* Cuts at the fragment; *fragment is percent-decoded and "" when there is none. */
const char *uri_split(struct arena *a, const char *uri, const char **fragment);

/* ---- nodes ---------------------------------------------------------------------------------------------------- */

struct text_span {
    const char *s;
    size_t len;
};

struct pattern; /* a compiled regular expression */

/* enum and const */
struct value_rules {
    const json_t *constant;
    bool is_enum;
    size_t n_texts, n_others;
    struct text_span *texts; /* the strings of enum, sorted by length and bytes */
    const json_t **others;
};

struct decimal { /* digits * 10^exponent, exactly */
    uint64_t digits;
    int exponent;
};

struct number_rules {
    const json_t *minimum, *maximum, *above, *below, *multiple;
    struct decimal multiple_of;
};

struct agreement { /* x-personal-number-of: members beside this one */
    const char *birth_date, *sex;
    bool refuse;
};

struct string_rules {
    size_t min, max;
    const struct pattern *pattern;
    const struct format *format;
    const struct agreement *agreement;
};

struct array_rules {
    size_t min, max, min_contains, max_contains, n_prefix;
    const struct node **prefix, *items, *contains, *unevaluated;
    bool unique, has_min_contains;
};

/* A member that some keyword names. */
struct name {
    struct text_span text;
    const struct node *property;      /* properties */
    const struct node *dependent;     /* dependentSchemas */
    size_t n_needed;                  /* dependentRequired: indices of names */
    uint32_t *needed, next_same_slot; /* index + 1 */
};

struct pattern_property {
    const struct pattern *pattern;
    const struct node *node;
};

struct object_rules {
    size_t min, max;
    size_t n_names, n_required, n_patterns;
    struct name *names;
    uint32_t *slots, *required; /* slots: index + 1 of a name by its hash */
    uint64_t *required_bits;
    size_t n_slots;
    struct pattern_property *patterns;
    const struct node *additional, *property_names, *unevaluated;
    bool has_dependents;
};

struct combine_rules {
    const struct node *reference, *dynamic, *negated, *condition, *then, *otherwise;
    const char *dynamic_name; /* NULL: the dynamic reference is a plain one */
    size_t n_all, n_any, n_one;
    const struct node **all, **any, **one;
};

enum verdict { VERDICT_RULES, VERDICT_TRUE, VERDICT_FALSE };

struct node {
    enum verdict verdict;
    uint8_t types; /* 1 << json_type of what is allowed */
    bool integral; /* a real must be a whole number */
    bool is_leaf;  /* no array, object or combine rules */
    const struct resource *resource;
    const struct place *place;
    const json_t *json;
    struct value_rules *value;
    struct number_rules *number;
    struct string_rules *string;
    struct array_rules *array;
    struct object_rules *object;
    struct combine_rules *combine;
};

struct schema {
    const json_t *json;
    const struct node *root;
    bool has_dynamic; /* the dynamic scope must be kept */
};

uint32_t name_hash(const char *s, size_t len);
static inline struct name *name_find(const struct object_rules *r, const char *s, size_t len)
{
    uint32_t i = r->n_slots ? r->slots[name_hash(s, len) & (r->n_slots - 1)] : 0;

    for (; i; i = r->names[i - 1].next_same_slot)
        if (r->names[i - 1].text.len == len && memcmp(r->names[i - 1].text.s, s, len) == 0)
            return &r->names[i - 1];
    return NULL;
}
int text_span_compare(const struct text_span *a, const struct text_span *b);

/* ---- values --------------------------------------------------------------------------------------------------- */

/* Exact, also between integers and reals: <0, 0, >0. */
int number_compare(const json_t *a, const json_t *b);
bool number_is_integral(const json_t *n);
struct decimal decimal_of(const json_t *n);
bool number_is_multiple(const json_t *n, const json_t *of, struct decimal of_decimal);
/* The shortest text that reads back as the same number. */
void number_text(const json_t *n, char *out, size_t size);
/* Equality of JSON Schema: 1 equals 1.0. */
bool value_equal(const json_t *a, const json_t *b);
/* Adds its work to *steps. */
bool value_items_unique(const json_t *array, size_t *steps);

/* ---- patterns, formats ---------------------------------------------------------------------------------------- */

/* An ECMA-262 regular expression (u flag). False with why in words. */
bool pattern_compile(struct arena *a, const char *source, size_t len, struct pattern **out, const char **why) CHECKED;
bool pattern_matches(const struct pattern *p, const char *s, size_t len);

struct format {
    const char *name;
    bool (*check)(const char *s); /* NULL: known, says nothing about validity */
    bool has_message;             /* base/messages.def has a sentence of its own for it */
};
const struct format *format_find(const char *name);
