/* The tables of registries: r_<name> with a computed column and an index for every field its schema marks, s_<name> for
 * its search text, and record_change, which keeps every version. Which columns a table has is written down here, since
 * asking a database for its own catalogue is different everywhere. */
#include "registry/registry_internal.h"

#include <string.h>

const struct migration registry_migrations[] = {
    {1, "versions of records",
     "-- Every version of every record: the truth. r_<name> holds the newest.\n"
     "CREATE TABLE record_change (\n"
     "  id BIGINT PRIMARY KEY,\n"
     "  registry TEXT NOT NULL,\n"
     "  record BIGINT NOT NULL,\n"
     "  key TEXT NOT NULL,\n"
     "  version BIGINT NOT NULL,\n"
     "  body JSON NOT NULL,\n"
     "  at BIGINT NOT NULL,          -- when it was written down\n"
     "  actor BIGINT NOT NULL,       -- party, 0 for the system\n"
     "  case_id BIGINT NOT NULL,     -- the case it came from, 0 if none\n"
     "  reason TEXT,\n"
     "  valid_from BIGINT NOT NULL,  -- when it holds, which may be before it was written down\n"
     "  valid_to BIGINT,             -- set by the version that ends the record\n"
     "  unit BIGINT NOT NULL\n"
     ");\n"
     "CREATE UNIQUE INDEX record_change_version ON record_change (registry, key, version);\n"
     "-- The columns that registries' tables have besides the common ones.\n"
     "CREATE TABLE registry_column (\n"
     "  registry TEXT NOT NULL,\n"
     "  name TEXT NOT NULL,          -- f_birth_date; empty: the table itself\n"
     "  is_unique BOOLEAN NOT NULL,\n"
     "  PRIMARY KEY (registry, name)\n"
     ");\n"},
    {2, "drafts of definitions",
     "CREATE TABLE definition_draft (\n"
     "  kind TEXT NOT NULL,          -- the registry of definitions\n"
     "  key TEXT NOT NULL,\n"
     "  text TEXT NOT NULL,          -- YAML or JSON, as it was typed\n"
     "  version BIGINT NOT NULL,     -- of the draft\n"
     "  based_on BIGINT NOT NULL,    -- the version in force that it was begun from, 0 if none\n"
     "  saved_at BIGINT NOT NULL,\n"
     "  saved_by BIGINT NOT NULL,    -- party\n"
     "  publish_at BIGINT,           -- when it comes in force; NULL: nobody has said\n"
     "  PRIMARY KEY (kind, key)\n"
     ");\n"},
    {3, "what a case wrote", "CREATE INDEX record_change_case ON record_change (case_id, id) WHERE case_id <> 0;\n"},
    {0},
};

/* (body ->> 'a'), (body -> 'a' ->> 'b'). A truth value reads as true or false in both databases only as JSON text. */
static char *expression(struct arena *a, const struct registry_field *f)
{
    auto_buf struct buf b = BUF_INIT(512);
    const char *p = f->pointer + 1;

    buf_puts(&b, f->flag ? "CAST(body" : "body");
    for (;;) {
        size_t len = strcspn(p, "/");

        buf_printf(&b, " %s '%.*s'", p[len] || f->flag ? "->" : "->>", (int)len, p);
        if (!p[len])
            break;
        p += len + 1;
    }
    if (f->flag)
        buf_puts(&b, " AS TEXT)");
    return arena_strdup(a, b.data);
}

static bool note_column(struct db *db, const struct registry *r, const char *name, bool unique, struct error *e)
{
    return db_exec(db, NULL, e,
                   "INSERT INTO registry_column (registry, name, is_unique) VALUES ($1, $2, $3)"
                   " ON CONFLICT (registry, name) DO UPDATE SET is_unique = excluded.is_unique",
                   ARGS(TEXT(r->name), TEXT(name), I64(unique)));
}

/* Lists walk (field, key), so that a page of equal values continues where the last one ended. */
static bool make_index(struct db *db, struct arena *a, const struct registry *r, const struct registry_field *f,
                       struct error *e)
{
    const char *index = arena_printf(a, "%s_%s%s", r->name, f->column, f->unique ? "_u" : "");

    if (f->unique)
        return db_define_unique(db, arena_printf(a, "r_%s", r->name), f->column, index, e);
    return db_define(
        db, arena_printf(a, "CREATE INDEX %s ON %s (%s, key)", db_name(a, index), r->table, db_name(a, f->column)), e);
}

static bool make_table(struct db *db, struct arena *a, const struct registry *r, struct error *e)
{
    auto_buf struct buf b = BUF_INIT(64 << 10);

    buf_printf(&b,
               "CREATE TABLE %s (id BIGINT PRIMARY KEY, key TEXT NOT NULL UNIQUE, version BIGINT NOT NULL,"
               " body JSON NOT NULL, valid_from BIGINT NOT NULL, valid_to BIGINT, unit BIGINT NOT NULL,"
               " changed_at BIGINT NOT NULL",
               r->table);
    for (size_t i = 0; i < r->n_fields; i++)
        if (!r->fields[i].is_key)
            buf_printf(&b, ", %s TEXT GENERATED ALWAYS AS (%s) STORED", db_name(a, r->fields[i].column),
                       expression(a, &r->fields[i]));
    buf_puts(&b, ")");
    if (!db_define(db, b.data, e) || !db_search_define(db, arena_printf(a, "s_%s", r->name), e) ||
        !note_column(db, r, "", false, e))
        return false;
    for (size_t i = 0; i < r->n_fields; i++)
        if (!r->fields[i].is_key && (!make_index(db, a, r, &r->fields[i], e) ||
                                     !note_column(db, r, r->fields[i].column, r->fields[i].unique, e)))
            return false;
    return true;
}

static bool add_column(struct db *db, struct arena *a, const struct registry *r, const struct registry_field *f,
                       struct error *e)
{
    return db_define(db,
                     arena_printf(a, "ALTER TABLE %s ADD COLUMN %s TEXT GENERATED ALWAYS AS (%s) STORED", r->table,
                                  db_name(a, f->column), expression(a, f)),
                     e);
}

enum column_state { COLUMN_ABSENT, COLUMN_PLAIN, COLUMN_UNIQUE };

static bool column_state(struct db *db, const struct registry *r, const char *name, enum column_state *out,
                         struct error *e)
{
    auto_rows struct rows *rows = NULL;
    bool found;

    if (!db_find(db, &rows, &found, e, "SELECT is_unique FROM registry_column WHERE registry = $1 AND name = $2",
                 ARGS(TEXT(r->name), TEXT(name))))
        return false;
    *out = !found ? COLUMN_ABSENT : rows_i64(rows, 0) ? COLUMN_UNIQUE : COLUMN_PLAIN;
    return true;
}

/* A field that became unique gets its second index; one that no longer is keeps the stricter one until a person
 * decides otherwise. */
static bool make_column(struct db *db, struct arena *a, const struct registry *r, const struct registry_field *f,
                        struct error *e)
{
    enum column_state state;

    if (!column_state(db, r, f->column, &state, e))
        return false;
    if (state == COLUMN_UNIQUE || (state == COLUMN_PLAIN && !f->unique))
        return true;
    return (state != COLUMN_ABSENT || add_column(db, a, r, f, e)) && make_index(db, a, r, f, e) &&
           note_column(db, r, f->column, f->unique, e);
}

static bool make_missing(struct db *db, void *arg, struct error *e)
{
    const struct registry_set *set = arg;

    if (!db_serial(db, "registry tables", e))
        return false;
    for (size_t i = 0; i < set->n; i++) {
        auto_arena struct arena *a = arena_new();
        const struct registry *r = set->registries[i];
        enum column_state table;

        if (!column_state(db, r, "", &table, e))
            return false;
        if (table == COLUMN_ABSENT && !make_table(db, a, r, e))
            return false;
        for (size_t f = 0; table != COLUMN_ABSENT && f < r->n_fields; f++)
            if (!r->fields[f].is_key && !make_column(db, a, r, &r->fields[f], e))
                return false;
    }
    return true;
}

static bool is_complete(struct db *db, const struct registry_set *set, bool *complete, struct error *e)
{
    *complete = true;
    for (size_t i = 0; i < set->n && *complete; i++) {
        const struct registry *r = set->registries[i];
        enum column_state state;

        if (!column_state(db, r, "", &state, e))
            return false;
        *complete = state != COLUMN_ABSENT;
        for (size_t f = 0; *complete && f < r->n_fields; f++) {
            if (r->fields[f].is_key)
                continue;
            if (!column_state(db, r, r->fields[f].column, &state, e))
                return false;
            *complete = state == COLUMN_UNIQUE || (state == COLUMN_PLAIN && !r->fields[f].unique);
        }
    }
    return true;
}

bool registry_tables_make(struct store *s, const struct registry_set *set, struct error *e)
{
    bool complete;

    {
        auto_read struct db *db = NULL;

        if (!store_read(s, &db, e) || !is_complete(db, set, &complete, e))
            return false;
    }
    /* An ordinary start writes nothing. */
    return complete || store_write(s, make_missing, (void *)(uintptr_t)set, e);
}
