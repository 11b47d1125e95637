/* JSON Schema 2020-12: compile once, validate fast. Every vocabulary of the standard, and the city's own formats.
 * A compiled schema never changes and may be used by any number of threads at once. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct schema;

enum {
    SCHEMA_DOCUMENTS_MAX = 64,  /* documents one schema may pull in by $ref */
    SCHEMA_NODES_MAX = 50000,   /* subschemas in all of them */
    SCHEMA_NESTING_MAX = 128,   /* levels of subschema in subschema */
    SCHEMA_DEPTH_MAX = 384,     /* subschemas entered inside each other while validating: stops endless $refs */
    SCHEMA_STEPS_MAX = 1 << 22, /* subschemas applied in one validation: stops exponential ones */
    SCHEMA_FILE_MAX = 16 << 20,
};

struct schema_options {
    const char *base_uri; /* what relative references resolve against; NULL: nothing */
    /* Formats are checked, and a format nobody knows is an error of the schema. Else they only annotate, unless the
     * metaschema named by $schema asks for them. */
    bool assert_formats;
    /* Finds the document behind a URI (without fragment): *out is a new reference, or NULL for "unknown here". The
     * 2020-12 metaschemas are built in and never asked for. May be NULL. */
    bool (*resolve)(const char *uri, json_t **out, void *arg, struct error *e);
    void *resolve_arg;
};

/* Compiles a copy of schema; everything lives in the arena. opt may be NULL. Fails with E_SCHEMA and one item whose
 * pointer leads into the schema. */
bool schema_compile(struct arena *a, const json_t *schema, const struct schema_options *opt, struct schema **out,
                    struct error *e) CHECKED;

/* False with one item per problem: pointer into the instance (of the missing or extra member itself), keyword or
 * format name, bound. The code becomes E_INVALID_INPUT unless the caller has set one. Where no member of an anyOf or
 * oneOf fits, that is one item. e may be NULL when only the answer matters.
 * A valid instance costs no allocation, save for: the first pattern a thread matches; "regex" as an asserted format;
 * uniqueItems over more than 256 items; unevaluated* over some ten thousand members. */
bool schema_validate(const struct schema *s, const json_t *instance, struct error *e) CHECKED;

/* What deserves a second look though it is allowed (x-personal-number-of: {…, otherwise: warn}): true when there is
 * nothing; else items as above. Call after schema_validate. */
bool schema_agrees(const struct schema *s, const json_t *instance, struct error *e) CHECKED;

/* Calls visit for every subschema object that can apply to some place of an instance, the root ("") first, then in the
 * order of properties; a place can be visited more than once ($ref and allOf have schemas of their own). Items of an
 * array have the pointer ".../-". Follows $ref, allOf/anyOf/oneOf, if/then/else and dependentSchemas; a recursive
 * schema is entered once. Stops when visit returns false. Borrowed pointers. */
void schema_walk(const struct schema *s, bool (*visit)(const char *instance_pointer, const json_t *schema, void *arg),
                 void *arg);
/* The first value of a keyword at that place of an instance, as schema_walk meets them; NULL when none. Borrowed. */
const json_t *schema_annotation(const struct schema *s, const char *instance_pointer, const char *keyword);
/* The schema as it was given (a copy). Borrowed. */
const json_t *schema_json(const struct schema *s);

/* For `motcua validate`: fails when a file cannot be read or the schema is wrong; else *valid, with the problems in
 * e->items when it is false. */
bool schema_validate_files(const char *schema_path, const char *instance_path, bool *valid, struct error *e) CHECKED;

/* The field's own forms, each also a format of the same name with dashes ("vn-personal-number"). */

enum vn_sex { VN_SEX_UNKNOWN, VN_SEX_MALE, VN_SEX_FEMALE };

/* 12 digits: a province or country of birth registration, a century and sex whose year is not in the future, a year,
 * six random digits. There is no check digit (NĐ 137/2015). */
bool vn_personal_number(const char *s);
/* The birth year and sex the number was made for. False when it is no personal number. */
bool vn_personal_number_read(const char *s, int *birth_year, enum vn_sex *sex) CHECKED;
/* Whether the number fits what is recorded beside it; a birth_year of 0 and VN_SEX_UNKNOWN fit everything. Warn, do not
 * refuse: people whose records were corrected keep their number. */
bool vn_personal_number_agrees(const char *s, int birth_year, enum vn_sex sex);
/* "male", "Nam", "M", "female", "Nữ", "F" in any case; anything else is unknown. */
enum vn_sex vn_sex_of(const char *s);
/* 10 digits with their check digit; 10 digits, a dash and 001…999; or a personal number (TT 86/2024). */
bool vn_tax_code(const char *s);
/* Unit code, date and number of the day: H29.12.3-251120-0042 or 000.00.12.H29-221031-0042; 4 or 5 digits. */
bool vn_case_code(const char *s);
/* H29, H29.12, H29.1.5 (QĐ 20/2020): at most 35 characters. */
bool vn_unit_code(const char *s);
/* A mobile number: 10 digits, 03, 05, 07, 08 or 09 first. */
bool vn_phone(const char *s);
/* n.nnnnnn, the national code of a procedure. */
bool vn_service_code(const char *s);
