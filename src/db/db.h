/* Floor 1: storage. One small interface over SQLite (and PostgreSQL later); nothing of either shows here.
 *
 * SQL is literal text, written once for both: $1… parameters, ON CONFLICT, RETURNING, ->>, LIMIT. Column types in
 * migrations: BIGINT, TEXT, JSON, BYTEA, DOUBLE PRECISION, BOOLEAN (0/1). Where the databases truly differ the
 * difference has a name here and one place in db/: SEARCH(table, $n) in a query, db_search_put(), and the types above.
 *
 * Reads run on the calling thread's own read-only connection. A write is a function handed to the store; it may run
 * twice, so it touches nothing but the database and *arg; when store_write() returns true it is on disk. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct store; /* a whole database; shared by all threads */
struct db;    /* a connection, inside one read or one write */
struct rows;  /* a running query */

/* ---- values ---- */
enum value_kind { VALUE_END, VALUE_NULL, VALUE_I64, VALUE_F64, VALUE_TEXT, VALUE_BLOB };
struct value {
    enum value_kind kind;
    union {
        int64_t i64;
        double f64;
        struct bytes bytes; /* borrowed for the call */
    };
};

/* It takes a function that returns a struct for the struct. */
/* clang-format off */
static inline struct value I64(int64_t n)
{
    return (struct value){.kind = VALUE_I64, .i64 = n};
}
/* INSTANT_NONE is NULL. */
static inline struct value INSTANT(int64_t ms)
{
    return ms == INSTANT_NONE ? (struct value){.kind = VALUE_NULL} : I64(ms);
}
static inline struct value F64(double n)
{
    return (struct value){.kind = VALUE_F64, .f64 = n};
}
struct value TEXT(const char *s); /* NULL is NULL */
static inline struct value BLOB(struct bytes b)
{
    return (struct value){.kind = VALUE_BLOB, .bytes = b};
}
/* clang-format on */
#define ARGS(...) ((const struct value[]){__VA_ARGS__ __VA_OPT__(, ){.kind = VALUE_END}})

/* ---- statements (inside a read or a write) ---- */
/* Runs one statement that returns no rows; *changed may be NULL. A violated UNIQUE or PRIMARY KEY is E_CONFLICT. */
bool db_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args) CHECKED;
/* Starts a query (SELECT or … RETURNING). Close it, with rows_close() or auto_rows, before the same SQL starts again.
 */
bool db_query(struct db *db, struct rows **out, struct error *e, const char *sql, const struct value *args) CHECKED;
/* Steps to the next row; *more is false at the end. */
bool rows_next(struct rows *r, bool *more, struct error *e) CHECKED;
/* db_query() and the first rows_next() in one; *found tells. */
bool db_find(struct db *db, struct rows **out, bool *found, struct error *e, const char *sql,
             const struct value *args) CHECKED;
/* Columns from 0. NULL reads as 0, 0.0, NULL, INSTANT_NONE. Text and blobs are borrowed until the next step. */
int64_t rows_i64(struct rows *r, int column);
int64_t rows_instant(struct rows *r, int column);
double rows_f64(struct rows *r, int column);
const char *rows_text(struct rows *r, int column);
struct bytes rows_blob(struct rows *r, int column);
bool rows_is_null(struct rows *r, int column);
/* A JSON column, parsed; NULL when it is NULL or (logged) not JSON. New reference. */
json_t *rows_json_new(struct rows *r, int column);
void rows_close(struct rows *r);
static inline void scope_rows(struct rows **r)
{
    rows_close(*r);
}
#define auto_rows __attribute__((cleanup(scope_rows)))

/* "…" for a table or column name from a checked definition; dies on anything but [a-z0-9_]{1,63}. In the arena. */
char *db_name(struct arena *a, const char *name);

/* ---- the store ---- */
enum { STORE_PATH_MAX = 4096 };
/* url: "sqlite:FOLDER/motcua.db" (the file is made when missing). E_IN_USE when another process serves from it. */
bool store_open(const char *url, struct store **out, struct error *e) CHECKED;
/* Waits for queued writes, then closes. Readers must have ended. NULL is fine. */
void store_close(struct store *s);

/* A consistent view for this thread until the matching store_read_end(); nests. Not inside a write. */
bool store_read(struct store *s, struct db **out, struct error *e) CHECKED;
void store_read_end(struct db *db);
static inline void scope_read(struct db **db)
{
    if (*db)
        store_read_end(*db);
}
#define auto_read __attribute__((cleanup(scope_read)))

typedef bool write_fn(struct db *db, void *arg, struct error *e);
/* Queues fn and waits. Writes of one batch share a commit, each in its own savepoint: one that fails rolls back alone.
 * May fail with E_DISK_FULL (nothing was kept; the store recovers by itself) or E_BUSY (the queue is full). */
bool store_write(struct store *s, write_fn *fn, void *arg, struct error *e) CHECKED;
/* From inside a write: done(arg) runs on the writer's thread once this write is on disk, never if it is not.
 * undo(arg), which may be NULL, runs instead when the write is rolled back. Quick work only (publish, wake). */
void db_after_commit(struct db *db, void (*done)(void *arg), void (*undo)(void *arg), void *arg);

/* ---- migrations: numbered per module, forward only, never edited after release ---- */
struct migration {
    int number; /* 1, 2, … */
    const char *what;
    const char *sql; /* several statements, ";" between */
};
/* Runs what is missing, each in a transaction. Before the first change to a database that has data, SQLite's file is
 * copied beside itself. A database of a newer program is refused. */
bool store_migrate(struct store *s, const char *module, const struct migration *migrations, struct error *e) CHECKED;
/* DDL at run time, from checked definitions (registries): one statement text, inside a write. */
bool db_define(struct db *db, const char *sql, struct error *e) CHECKED;

/* ---- events between rooms, in the same transaction ---- */
struct event {
    const char *topic; /* "record.changed", "case.acted", … */
    int64_t subject;
    const void *detail; /* a struct the topic's header names; borrowed */
};
typedef bool listener_fn(struct db *db, const struct event *event, void *arg, struct error *e);
/* Before the first write; topics match exactly. */
void store_listen(struct store *s, const char *topic, listener_fn *fn, void *arg);
/* Calls every listener now; the first failure fails the write. */
bool db_emit(struct db *db, const char *topic, int64_t subject, const void *detail, struct error *e) CHECKED;

/* ---- full text: one table per space, rows by id, text already folded by text_fold() ---- */
/* Makes the table when it is missing (inside a write or a migration step). */
bool db_search_define(struct db *db, const char *table, struct error *e) CHECKED;
/* Replaces the text of id; NULL removes it. Applied at the end of the batch, in its transaction: search never lags. */
bool db_search_put(struct db *db, const char *table, int64_t id, const char *folded, struct error *e) CHECKED;
/* The first text of an id known to be new: no look-up for an old one. */
bool db_search_add(struct db *db, const char *table, int64_t id, const char *folded, struct error *e) CHECKED;
/* What SEARCH(table, $n) takes: every word must occur, the last as a prefix. NULL when the text has no words.
 * Use: "… WHERE id IN SEARCH(s_person, $2) …". In the arena. */
char *db_search_words(struct arena *a, const char *text);

/* ---- jobs: long work as rows, taken with a lease, retried with back-off, safe to kill at any moment ---- */
struct job {
    int64_t id;
    json_t *input; /* borrowed */
    /* What the job says of itself; kept with its row; owned by the runner, replace with json_object_set. */
    json_t *output;
    struct store *store;
    void *arg;
};
struct job_kind {
    const char *name;
    bool (*run)(struct job *job, struct error *e); /* on a job thread; may run again after a crash */
    void *arg;
    int tries;
};
struct job_state {
    int64_t id;
    char kind[32], state[16]; /* queued, running, done, failed */
    int progress;             /* 0…100 */
    int tries;
    int64_t owner; /* party who asked, 0 for the system */
    int64_t made_at, done_at;
    json_t *output; /* new reference or NULL */
    char problem[200];
};
/* Before jobs_start(). */
void store_job_kind(struct store *s, const struct job_kind *kind);
bool jobs_start(struct store *s, int threads, struct error *e) CHECKED;
/* Running jobs are asked to stop by job_is_stopping(); their leases lapse and they run again. */
void jobs_stop(struct store *s);
bool job_add(struct db *db, const char *kind, const json_t *input, int64_t owner, int64_t run_at, int64_t *id,
             struct error *e) CHECKED;
bool job_progress(struct job *job, int percent, struct error *e) CHECKED;
bool job_is_stopping(const struct job *job);
bool job_find(struct db *db, int64_t id, struct job_state *out, bool *found, struct error *e) CHECKED;

/* ---- care ---- */
/* An online copy of the whole database into a new file. */
bool store_backup(struct store *s, const char *path, struct error *e) CHECKED;
/* The same of a database that another process may be serving from. */
bool store_backup_of(const char *url, const char *path, struct error *e) CHECKED;
/* The engine's own integrity check; problems go to the log, *sound tells. */
bool store_check(struct store *s, bool *sound, struct error *e) CHECKED;
struct store_figures {
    int64_t writes, batches, failed, queued, largest_batch;
};
struct store_figures store_figures(struct store *s);
/* Named points where a test may make the process die or fail ("write.before-commit", …): set by MOTCUA_FAULT=point[:n]
 * in the environment of debug builds; compiled to nothing in release builds. */
void fault_point(const char *name);
