/* What the files of the SQLite engine share: sqlite.c is a connection, sqlite_store.c the queue and the pool,
 * sqlite_log.c what becomes of the write-ahead log. */
#pragma once

#include "db/db_internal.h"

enum { STATEMENT_BUCKETS = 64 };

struct sqlite3;
struct sqlite3_stmt;

/* One prepared statement of a connection's cache; a running query is one that is busy. */
struct sqlite_rows {
    struct rows rows;
    struct sqlite3_stmt *stmt;
    struct sqlite_rows *next; /* in its bucket */
    uint64_t hash, used;
    bool busy, ended;
    char sql[]; /* as the caller wrote it */
};

struct sqlite_db {
    struct db db;
    struct sqlite3 *handle;
    struct sqlite_rows *buckets[STATEMENT_BUCKETS];
    unsigned statements, statements_max, running;
    uint64_t clock;              /* ages the statements */
    struct sqlite_db *idle_next; /* the next idle reader */
};

static inline struct sqlite_db *sqlite_of(struct db *db)
{
    return (struct sqlite_db *)(void *)db;
}

/* One queued write: on the stack of the thread that waits for it, or a piece of memory that its own told() frees. */
struct write {
    struct write *next;
    write_fn *fn;
    void *arg;
    struct error *e;
    bool ok;
    void (*told)(struct write *w); /* its fate is known */
};

struct sqlite_log;

/* Beside this writer, whose commits are then synced here and not by SQLite; told() hears, in the syncing thread, of how
 * many writes the fate was told. *out is for log_close(), also on failure. */
bool log_open(const char *path, struct sqlite3 *writer, void (*told)(void *arg, size_t n), void *arg,
              struct sqlite_log **out, struct error *e) CHECKED;
/* Tells the chain of writes, which one commit holds, their fates as soon as it is on disk. Does not wait for that; that
 * the disk fails ends the process. */
void log_committed(struct sqlite_log *l, struct write *first);
/* From the writer's thread, between two transactions. */
void log_begin_anew(struct sqlite_log *l);
bool log_is_syncer(const struct sqlite_log *l, pthread_t thread);
/* Once the writer has ended: returns when everything is told. */
void log_close(struct sqlite_log *l);

/* Registers, once, how the writer goes to its files: a transaction's pages in one write (sqlite_vfs.c). Its name for
 * sqlite3_open_v2(); NULL, the system's own way, if there is no memory. */
const char *writer_files(void);

bool sqlite_open(struct store *s, const char *path, bool writer, struct sqlite_db **out, struct error *e) CHECKED;
void sqlite_close(struct sqlite_db *c);
/* BEGIN, COMMIT, SAVEPOINT, …: fixed texts that need no open transaction. */
bool sqlite_run(struct sqlite_db *c, const char *sql, struct error *e) CHECKED;
/* True between BEGIN and its end; SQLite ends a transaction by itself on some errors. */
bool sqlite_in_transaction(const struct db *db);
/* Closes what a write left open. */
void sqlite_close_rows(struct sqlite_db *c);
/* Copies the database at path, as of now, over the file to: a whole copy or none. */
bool sqlite_copy(const char *path, const char *to, struct error *e) CHECKED;
bool sqlite_check(struct db *db, bool *sound, struct error *e) CHECKED;
bool sqlite_search_define(struct db *db, const char *table, struct error *e);
bool sqlite_search_apply(struct db *db, const struct search_put *put, struct error *e);

/* The engine's functions of a connection and its rows, as in struct engine. */
bool sqlite_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args);
bool sqlite_query(struct db *db, struct rows **out, bool many, struct error *e, const char *sql,
                  const struct value *args);
bool sqlite_script(struct db *db, const char *sql, struct error *e);
bool sqlite_next(struct rows *r, bool *more, struct error *e);
void sqlite_end(struct rows *r);
const char *sqlite_sql_of(const struct rows *r);
int64_t sqlite_i64(struct rows *r, int column);
double sqlite_f64(struct rows *r, int column);
const char *sqlite_text(struct rows *r, int column);
struct bytes sqlite_blob(struct rows *r, int column);
bool sqlite_is_null(struct rows *r, int column);
