/* What moving a database shares with the engines: tables as their catalogues tell of them, rows in memory. move.c is
 * the move, move_rows.c reads and writes rows of any table; each engine knows its own catalogue and its own triggers.
 */
#pragma once

#include "db/db_internal.h"

enum { MOVE_KEYS_MAX = 8, MOVE_ROWS = 500, MOVE_BYTES = 4 << 20, MOVE_NAME_MAX = 63 };

/* How PostgreSQL takes a text. */
enum move_form { MOVE_PLAIN, MOVE_JSON, MOVE_WORDS };

struct move_column {
    const char *name; /* quoted */
    const char *read; /* what a query selects: the name, or how the text is got */
    enum value_kind kind;
    enum move_form form;
};

/* Without its computed columns. */
struct move_table {
    struct move_table *next; /* by name */
    const char *name;
    bool search;
    size_t n, n_key, room;
    struct move_column *columns;
    const char *key_names[MOVE_KEYS_MAX]; /* the primary key, in its order */
    size_t keys[MOVE_KEYS_MAX];           /* places in columns */
};

struct move_tables {
    struct arena *arena;
    struct move_table *first, **last;
};

/* Rows, or keys of rows: width values each, and VALUE_END. */
struct move_rows {
    struct arena *arena;
    size_t width, n, room;
    struct value *at;
};

static inline struct value *move_row(const struct move_rows *rows, size_t i)
{
    return rows->at + i * (rows->width + 1);
}

/* ---- move_rows.c ---- */
/* A column of a table, which begins a new table when its name is another; key: its place in the primary key from 1, 0
 * in none. For the engines' catalogues, table by table. */
struct move_table *move_table_add(struct move_tables *list, const char *table, const struct move_column *column,
                                  int key);
const struct move_table *move_table_find(const struct move_tables *list, const char *name);
struct move_rows move_rows_new(struct arena *a, size_t width);
/* A row's place at the end, for the caller to fill. */
struct value *move_rows_add(struct move_rows *rows);
/* The rows after that key (NULL: from the first), at most MOVE_ROWS and some MOVE_BYTES; *more: there may be others. */
bool move_read_after(struct db *db, const struct move_table *t, const struct value *after, struct move_rows *out,
                     bool *more, struct error *e);
/* Adds the row of that key, if it is there. */
bool move_read_key(struct db *db, const struct move_table *t, const struct value *key, struct move_rows *out,
                   struct error *e);
/* The key of a row. */
void move_key_of(const struct move_table *t, const struct value *row, struct value *key);
/* A key as text, "[17,\"a\",\"00FF\"]", and back. */
const char *move_key_text(struct arena *a, const struct move_table *t, const struct value *key);
bool move_key_parse(struct arena *a, const struct move_table *t, const char *text, struct value *key, struct error *e);
/* Adds a row to a digest, the same on both databases. */
void move_digest_row(struct digest_stream *hash, const struct move_table *t, const struct value *row);

/* ---- of the engines ---- */
bool sqlite_move_tables(struct db *db, struct move_tables *out, struct error *e);
bool sqlite_move_watch(struct db *db, const struct move_table *t, struct error *e);
bool sqlite_move_refuse(struct db *db, const struct move_table *t, struct error *e);
bool sqlite_move_leave(struct db *db, bool all, struct error *e);
bool sqlite_move_take(struct db *db, const struct move_table *t, const struct move_rows *rows, struct error *e);
bool sqlite_move_remove(struct db *db, const struct move_table *t, const struct move_rows *keys, struct error *e);
bool pg_move_tables(struct db *db, struct move_tables *out, struct error *e);
bool pg_move_watch(struct db *db, const struct move_table *t, struct error *e);
bool pg_move_refuse(struct db *db, const struct move_table *t, struct error *e);
bool pg_move_leave(struct db *db, bool all, struct error *e);
bool pg_move_take(struct db *db, const struct move_table *t, const struct move_rows *rows, struct error *e);
bool pg_move_remove(struct db *db, const struct move_table *t, const struct move_rows *keys, struct error *e);
