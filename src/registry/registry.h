/* Floor 3: registries. Sets of records with a JSON Schema, a history and an owner; and the pack that defines them.
 *
 * A definition (unit, registry, service, flow, paper, calendar) is itself a record, in a registry of definitions: it is
 * versioned, dated and kept, so that a case can hold the version in force when it was received. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"
#include "people/people.h"

struct house;
struct module;
struct schema;

extern const struct module registry_module;

/* ---- the pack: YAML files in a folder ---- */
struct pack_file {
    const char *path; /* relative to the pack */
    const char *kind; /* the pack_kind's folder */
    struct yaml yaml;
    const json_t *body;  /* the definition (one file may hold several: a list of them) */
    const char *pointer; /* of body within the file */
};
struct pack {
    struct arena *arena;
    const char *path;
    size_t n;
    struct pack_file *files; /* one entry a definition, sorted by path */
};
struct pack_problem {
    const char *path;
    int line;
    const char *rule, *what; /* rule: short name of the rule broken; what: the sentence */
    const char *pointer;     /* within the definition; "" where a file could not be read */
};
struct pack_report {
    struct arena *arena;
    size_t n, room;
    struct pack_problem *problems;
};
/* Adds a problem at pointer (within the definition's body). */
void pack_complain(struct pack_report *r, const struct pack_file *f, const char *pointer, const char *rule,
                   const char *format, ...) FORMAT(5, 6);
/* The definition of a kind whose `name`/`code` (the kind's key) is key, or NULL. */
const struct pack_file *pack_find(const struct pack *p, const char *kind, const char *key);

/* A kind of definition: a row of the module that understands it. */
struct pack_kind {
    const char *folder;   /* "services": files below city/<name>/services/; or a file name "calendar.yaml" */
    const char *registry; /* the registry of definitions it is stored in ("service"), versioned by key */
    const char *key;      /* member of the definition that is its key ("code") */
    const char *schema;   /* YAML text of the JSON Schema of a definition */
    const size_t *schema_len;
    /* Checks beyond the schema, across definitions; may be NULL. */
    void (*check)(const struct pack *pack, const struct pack_file *file, struct pack_report *report);
    /* After the definition was stored, inside the same write (units fill their own table); may be NULL. */
    bool (*stored)(struct db *db, struct house *house, const json_t *definition, struct error *e);
    /* One that fits its schema as a picture (SVG), in the arena; NULL: there is none of it. The member may be NULL. */
    const char *(*draw)(struct arena *a, const json_t *definition, enum lang lang);
};

/* Reads every file; problems of syntax go to the report, not to e. */
bool pack_read(const char *path, const struct house *house, struct arena *a, struct pack *out,
               struct pack_report *report, struct error *e) CHECKED;
/* Schema of each definition, then each kind's check. An empty report is a good pack. */
void pack_check(const struct pack *pack, const struct house *house, struct pack_report *report);
/* Stores what is new or changed as new versions in force from `from`; makes registries' tables. Idempotent. */
bool pack_load(struct house *house, const struct pack *pack, int64_t from, size_t *changed, struct error *e) CHECKED;
/* The stored definitions of a kind in force now, in the order of their keys: calls each(key, version, body). */
bool definitions_each(struct db *db, const char *registry,
                      bool (*each)(const char *key, int64_t version, const json_t *body, void *arg, struct error *e),
                      void *arg, struct error *e) CHECKED;
/* Inside a write that changed definitions: other nodes read them anew (news of this kind). */
#define DEFINITIONS_CHANGED "definitions"
bool definitions_tell(struct db *db, struct error *e) CHECKED;
/* Every room reads its definitions anew, one thread at a time; requests go on with what they hold. */
bool definitions_reload(struct house *h, struct error *e) CHECKED;
/* How many versions of definitions there are: it grows with every change. */
bool definitions_count(const struct house *h, int64_t *out, struct error *e) CHECKED;
/* One version of a definition (the one a case holds). New reference in *body. */
bool definition_version(struct db *db, const char *registry, const char *key, int64_t version, json_t **body,
                        bool *found, struct error *e) CHECKED;

/* ---- registries ---- */
struct registry; /* a compiled definition; lives as long as the program */
/* NULL when there is none. */
const struct registry *registry_find(const struct house *h, const char *name);
/* In the order of their names; NULL at the end. */
const struct registry *registry_at(const struct house *h, size_t i);
const char *registry_name(const struct registry *r);
const char *registry_title(const struct registry *r, enum lang lang);
const struct schema *registry_schema(const struct registry *r);
/* The field that holds the personal number of the person a record is about (the definition's `person`); NULL when the
 * registry is about no person. */
const char *registry_person_field(const struct registry *r);
/* The field that names the other person (the definition's `partner`: a marriage has two); NULL when there is none. */
const char *registry_partner_field(const struct registry *r);
/* Compiles all stored registry definitions; at start and after pack_load(). */
bool registries_load(struct house *h, struct error *e) CHECKED;

/* ---- records ---- */
struct record {
    int64_t id, version;
    const char *key;
    json_t *body;                 /* owned by the arena of the call */
    int64_t valid_from, valid_to; /* INSTANT_NONE: open */
    int64_t unit;
    int64_t changed_at;
};
bool record_find(struct db *db, struct arena *a, const struct registry *r, const char *key, struct record *out,
                 bool *found, struct error *e) CHECKED;
/* As it stood at an instant. */
bool record_at(struct db *db, struct arena *a, const struct registry *r, const char *key, int64_t at,
               struct record *out, bool *found, struct error *e) CHECKED;
/* Exactly those whose x-index/x-unique field equals value; at most max. */
bool record_where(struct db *db, struct arena *a, const struct registry *r, const char *field, const char *value,
                  struct record *out, size_t max, size_t *n, struct error *e) CHECKED;
/* The first record that names this person (the definition's `person`); NULL: none, or the registry is about no person.
 * What others may hold too: only to be read. The arena holds it. */
bool record_own(struct db *db, struct arena *a, const struct house *h, const struct registry *r, const char *number,
                const struct record **out, struct error *e) CHECKED;
struct record_query {
    const char *q; /* free text, folded by us; NULL */
    size_t n_where;
    struct {
        const char *field, *value;
    } where[8];         /* indexed fields only, else E_BAD_QUERY */
    const char *cursor; /* of the page before: the last key; NULL */
    size_t limit;
};
bool record_list(struct db *db, struct arena *a, const struct registry *r, const struct record_query *query,
                 struct record *out, size_t *n, struct error *e) CHECKED;

struct record_write {
    const char *key;    /* NULL: taken from the body by the registry's key field */
    const json_t *body; /* checked against the schema: E_RECORD_INVALID with items */
    int64_t seen;       /* version the writer saw; 0: must be new; -1: whatever is there */
    int64_t actor, case_id, unit;
    const char *reason;
    int64_t now, valid_from; /* valid_from INSTANT_NONE: now */
};
/* Writes one version, its record_change row and its search text, and emits "record.changed". */
bool record_put(struct db *db, const struct registry *r, const struct record_write *w, struct record *out,
                struct arena *a, struct error *e) CHECKED;
/* Ends a record: it stays, with its history, but no longer holds. */
bool record_end(struct db *db, const struct registry *r, const struct record_write *w, struct error *e) CHECKED;

struct record_undo {
    int64_t case_id, actor, unit, now;
    const char *reason, *reason_kept; /* of what is taken back; of what others wrote over since, which stays */
};
/* Inside a write: takes back what a case wrote, each by a further version. A record it made ends; one it changed is as
 * it was before; one that others changed after it keeps what it says, and only its history tells. */
bool records_undo(struct db *db, const struct house *h, struct arena *a, const struct record_undo *undo,
                  struct error *e) CHECKED;

/* detail of the event "record.changed"; subject is the record's id */
struct record_changed {
    const struct registry *registry;
    const char *key;
    const json_t *before, *after; /* NULL when new, NULL when ended */
    int64_t version, actor, case_id;
};

/* What a person is told of a record: its title in words ("Giấy khai sinh · Nguyễn Văn An · 12/2001"). In the arena. */
char *record_title(struct arena *a, const struct registry *r, const json_t *body, enum lang lang);
/* The body limited to the fields that the registry shares with these roles for this purpose ("case", "self", "public",
 * "stewardship"). New reference; NULL when nothing may be seen. */
json_t *record_shared_new(const struct registry *r, const json_t *body, const struct actor *who, const char *purpose);
/* Fields marked x-sensitive: identity name the person a record is about; the values are the "about" of audit rows. */
const char *record_about(const struct registry *r, const json_t *body);
/* True when the record is about that person, as the first or the other one. */
bool record_is_about(const struct registry *r, const json_t *body, const char *number);

/* ---- import: CSV (header names fields, "mother.number" nests), NDJSON, GeoJSON (properties, and geometry) ---- */
enum import_format { IMPORT_CSV, IMPORT_NDJSON, IMPORT_GEOJSON, IMPORT__COUNT };
/* "csv", "ndjson", "geojson" */
bool import_format_parse(const char *name, enum import_format *out) CHECKED;
struct import {
    const struct registry *registry;
    const char *path;
    enum import_format format;
    bool dry_run;                                              /* says what would happen, writes nothing */
    int64_t actor, unit;                                       /* unit 0: the registry's owner */
    enum lang lang;                                            /* of the messages */
    bool (*progress)(int percent, void *arg, struct error *e); /* may stop it by failing; may be NULL */
    void *arg;
};
/* Writes what is new or changed, some hundred rows a write; a bad row is listed and left out. Running it again changes
 * nothing. *report is a new reference: {"rows", "new", "changed", "same", "bad", "dry_run",
 * "problems": [{"line", "pointer", "keyword", "message"}], "problems_dropped"}. Not inside a read or write. */
bool registry_import(struct store *s, const struct import *in, json_t **report, struct error *e) CHECKED;
