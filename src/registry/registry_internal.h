/* What the files of registry/ share: the compiled registry, the room's state, and the steps of a write. */
#pragma once

#include "registry/registry.h"

#include <pthread.h>
#include <stdatomic.h>

#include "expr/expr.h"
#include "module.h"
#include "schema/schema.h"

enum {
    REGISTRY_KEY_MAX = 200,       /* bytes of a record's key */
    REGISTRY_FIELDS_MAX = 32,     /* indexed fields of one registry */
    REGISTRY_INDEX_NAME_MAX = 58, /* bytes of a registry's and a column's name together: they name the index */
    REGISTRY_TEXT_MAX = 64 << 10, /* bytes of a record's search text */
    SHARE_RULES_MAX = 64,         /* of one registry */
    DEFINITIONS_PAGE = 100,       /* of one kind, held in memory together */
};

/* A field with a column of its own. */
struct registry_field {
    const char *name;    /* "mother.number": as queries name it */
    const char *pointer; /* "/mother/number" */
    const char *column;  /* "f_mother__number", checked */
    const char *where;   /* SQL: the first $2 current records with the value $1 */
    const char *title[LANG__COUNT];
    bool is_key; /* the registry's key field: the column key serves it */
    bool unique;
    bool flag; /* a boolean: its text is true or false in every database */
};

/* One sharing rule: these roles, for this purpose, see these fields. */
struct share {
    uint32_t roles;       /* a bit per role */
    bool anyone;          /* role "public" */
    const char *purpose;  /* NULL: any */
    const json_t *fields; /* names; NULL: all */
};

struct registry {
    const char *name, *group, *owner_code;
    int64_t owner;                          /* unit, 0 when it has none */
    const char *key, *person, *partner;     /* pointers or NULL */
    const char *person_name, *partner_name; /* as queries name them */
    const json_t *definition;               /* owned by the set's arena */
    const struct pack_kind *kind;           /* of a registry of definitions, else NULL */
    struct schema *schema;
    size_t n_fields, n_search, n_share;
    struct registry_field *fields;
    const char **search; /* pointers, in the order of the schema */
    struct share *share;
    struct expr *title[LANG__COUNT];  /* NULL: none given */
    const char *table, *search_table; /* quoted */
    struct {
        const char *find, *insert, *update, *end;
    } sql;
};

/* All registries at one moment. Readers hold plain pointers, so a set stays until the program ends. */
struct registry_set {
    struct arena *arena;
    struct registry_set *older;
    size_t n;
    struct registry **registries; /* sorted by name */
};

struct registry_room {
    _Atomic(struct registry_set *) set;
    struct own_table *own;
    pthread_mutex_t loading; /* one reading of all definitions at a time */
};

extern const struct migration registry_migrations[];
extern const struct pack_kind registry_pack_kinds[];

/* ---- registry.c ---- */
/* Compiles a definition into the arena. house may be NULL (a pack being checked): the owner stays 0. */
bool registry_compile(struct arena *a, const json_t *definition, const struct house *house, struct registry **out,
                      struct error *e) CHECKED;
/* The registry of definitions of a kind: public to read, written by pack_load() only. */
bool registry_of_kind(struct arena *a, const struct pack_kind *kind, const struct house *house, struct registry **out,
                      struct error *e) CHECKED;
const struct registry_set *registries(const struct house *h);
/* "number", "mother.number" or "/mother/number"; NULL when there is no such indexed field. */
const struct registry_field *registry_field(const struct registry *r, const char *name);
/* "mother.number" or "/mother/number" as a pointer; in the arena. */
char *field_pointer(struct arena *a, const char *name);
/* Each kind of definition of each module in turn; NULL at the end. */
const struct pack_kind *pack_kind_at(const struct house *h, size_t i);
/* The kind of a pack's folder; NULL when no room has it. */
const struct pack_kind *pack_kind_of(const struct house *h, const char *folder);
/* The schema of a kind, read from its YAML, with the lines. */
bool pack_kind_schema(struct arena *a, const struct pack_kind *kind, struct yaml *out, struct error *e) CHECKED;
/* Says where the error happened, before what it says. */
bool fail_in(struct error *e, const char *where);
/* Options every record schema is compiled with. */
extern const struct schema_options record_schema_options;

/* ---- tables.c ---- */
/* Makes the tables, columns and indexes that are missing. Not inside a read or write. */
bool registry_tables_make(struct store *s, const struct registry_set *set, struct error *e) CHECKED;

/* ---- record.c ---- */
/* The text of a scalar at pointer as its column holds it; NULL when nothing is there. */
const char *field_text(struct arena *a, const json_t *body, const char *pointer);
/* record_put(), telling besides whether a failure left the database untouched (so that a batch can go on). */
bool record_put_step(struct db *db, const struct registry *r, const struct record_write *w, struct record *out,
                     struct arena *a, bool *untouched, struct error *e) CHECKED;
/* E_CONFLICT when another record than id has one of body's unique values. */
bool record_unique(struct db *db, struct arena *a, const struct registry *r, const json_t *body, int64_t id,
                   struct error *e) CHECKED;
/* The key a write is for; fails when there is none or it contradicts the body. In the arena. */
bool record_key(struct arena *a, const struct registry *r, const char *given, const json_t *body, const char **out,
                struct error *e) CHECKED;

/* ---- record_read.c ---- */
/* record_find() that finds ended ones too. */
bool record_find_any(struct db *db, struct arena *a, const struct registry *r, const char *key, struct record *out,
                     bool *found, struct error *e) CHECKED;
/* The records that held at an instant, by key, after the cursor. */
bool record_list_at(struct db *db, struct arena *a, const struct registry *r, int64_t at, const char *cursor,
                    size_t limit, struct record *out, size_t *n, struct error *e) CHECKED;
struct record_version {
    struct record record;
    int64_t at, actor, case_id;
    const char *reason;
};
/* Newest first, below version `before`. */
bool record_history(struct db *db, struct arena *a, const struct registry *r, const char *key, int64_t before,
                    size_t limit, struct record_version *out, size_t *n, struct error *e) CHECKED;

/* ---- own.c: what record_own() keeps ---- */
struct own_table *own_table_new(void);
void own_table_free(struct own_table *t);
/* Listens to "record.changed"; arg is the table. */
bool own_on_record(struct db *db, const struct event *event, void *arg, struct error *e) CHECKED;

/* ---- share.c ---- */
/* What may be seen, worked out once for many records. */
struct view {
    bool all;
    size_t n;
    const json_t *lists[SHARE_RULES_MAX]; /* of field names */
};
/* What these roles see for this purpose, "self" taken on trust. False when that is nothing. */
bool registry_view(const struct registry *r, const struct actor *who, const char *purpose, struct view *out);
bool view_shows(const struct view *v, const char *pointer);
/* New reference. */
json_t *view_body_new(const struct view *v, const json_t *body);
/* The stewards of the unit that answers for the registry. */
bool registry_steward(const struct registry *r, const struct actor *who);

/* ---- import_rows.c: files into bodies, row by row, in constant memory ---- */
enum { IMPORT_ROW_MAX = 1 << 20, IMPORT_COLUMNS_MAX = 512 };
struct import_row {
    int64_t line;
    json_t *body; /* new reference; NULL: the row cannot be read, problem says why */
    struct error_item problem;
};
struct row_reader;
/* A header that names unknown fields is E_RECORD_INVALID with items. In the arena, closed with it. */
bool row_reader_open(struct arena *a, const struct registry *r, enum import_format format, const char *path,
                     struct row_reader **out, struct error *e) CHECKED;
bool row_reader_next(struct row_reader *in, struct import_row *out, bool *more, struct error *e) CHECKED;
/* 0…100 */
int row_reader_percent(const struct row_reader *in);
/* Every text of j in normal form C. */
void json_nfc(json_t *j);

/* ---- pack.c, pack_check.c: for one definition ---- */
void pack_complain_syntax(struct pack_report *r, const char *path, const struct error *e);
/* The schema of its kind, then what its kind's room knows. Whether it fits the schema. */
bool pack_check_one(const struct pack *pack, const struct house *h, const struct pack_file *f,
                    struct pack_report *report);

/* ---- definition.c: drafts of definitions ---- */
struct definition_id {
    const struct pack_kind *kind;
    const char *key;
};
struct definition_draft {
    const char *text; /* YAML or JSON, as it was typed */
    int64_t version;  /* of the draft: the one that was seen (-1: whichever) when it is saved */
    int64_t based_on; /* the version in force that it was begun from; 0: there was none */
    int64_t saved_at, saved_by;
    int64_t publish_at; /* INSTANT_NONE: nobody has said when */
};
bool draft_find(struct db *db, struct arena *a, const struct definition_id *id, struct definition_draft *out,
                bool *found, struct error *e) CHECKED;
/* Inside a write; E_STALE when the draft is of another version than the one seen. */
bool draft_save(struct db *db, const struct definition_id *id, const struct definition_draft *d,
                struct error *e) CHECKED;
bool draft_discard(struct db *db, const struct definition_id *id, struct error *e) CHECKED;
/* What is wrong with a text as the definition of that id among all that are in force; others: with those too, if it
 * came in force. */
struct definition_reading {
    const json_t *body; /* what it says, in the arena; NULL when it cannot be read */
    bool fits;          /* the schema of its kind */
};
bool definition_check(struct db *db, struct arena *a, const struct house *h, const struct definition_id *id,
                      const char *text, bool others, struct pack_report *report, struct definition_reading *out,
                      struct error *e) CHECKED;
/* Inside a write: a new version in force from now; the draft is gone. E_STALE when another was published meanwhile. */
bool definition_publish(struct db *db, struct house *h, const struct definition_id *id, const json_t *body,
                        int64_t based_on, int64_t actor, struct error *e) CHECKED;
/* Lines {mark: "=", "-" or "+", text} of an open array. Either may be NULL. */
void definition_diff(struct json_out *o, struct arena *a, const json_t *from, const json_t *to);
/* The job that publishes on a day to come (definition_api.c); at start. */
void definitions_start(struct house *h);
