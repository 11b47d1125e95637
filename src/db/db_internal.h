/* What the files of db/ share: the connection with its statement cache, and the pieces the writer calls. SQLite shows
 * in sqlite.c, sqlite_dialect.c and care.c only; the rest speaks through these functions. */
#pragma once

#include "db/db.h"

enum { STATEMENT_BUCKETS = 64 };

struct sqlite3;
struct sqlite3_stmt;

/* One prepared statement of a connection's cache; a running query is one that is busy. */
struct rows {
    struct db *db;
    struct sqlite3_stmt *stmt;
    struct rows *next; /* in its bucket */
    uint64_t hash, used;
    bool busy, ended;
    char sql[]; /* as the caller wrote it */
};

/* done or undo, once the fate of a write is known */
struct hook {
    void (*done)(void *arg);
    void (*undo)(void *arg);
    void *arg;
};

/* A change of full text, kept for the end of the batch. */
struct search_put {
    const char *table, *text; /* text NULL: remove; both in the batch's arena */
    int64_t id;
    bool fresh;
};

struct db {
    struct store *store;
    struct sqlite3 *handle;
    bool is_writer;
    struct rows *buckets[STATEMENT_BUCKETS];
    unsigned statements, statements_max, running;
    uint64_t clock; /* ages the statements */

    /* a reader */
    struct db *outer, *idle_next; /* the thread's next older read; the next idle connection */
    unsigned depth;

    /* the writer, for the batch it is in */
    struct arena *batch;
    struct hook *hooks;
    size_t n_hooks, hooks_room;
    struct search_put *puts;
    size_t n_puts, puts_room;
};

/* ---- sqlite.c: a connection ---- */
bool connection_open(struct store *s, const char *path, bool writer, struct db **out, struct error *e) CHECKED;
void connection_close(struct db *db);
/* BEGIN, COMMIT, SAVEPOINT, …: fixed texts that need no open transaction. */
bool connection_run(struct db *db, const char *sql, struct error *e) CHECKED;
/* True between BEGIN and its end; SQLite ends a transaction by itself on some errors. */
bool connection_in_transaction(const struct db *db);
/* Closes what a write left open. */
void connection_close_rows(struct db *db);
/* One or several statements of the common dialect, not cached. */
bool connection_script(struct db *db, const char *sql, struct error *e) CHECKED;
/* Copies the database at path, as of now, over the file to: a whole copy or none. */
bool database_copy(const char *path, const char *to, struct error *e) CHECKED;

/* ---- sqlite_dialect.c ---- */
/* Translates the first statement of sql into out; returns what follows it, NULL when nothing does. */
const char *dialect_statement(const char *sql, struct buf *out);

/* ---- search.c: called by the writer ---- */
bool search_flush(struct db *db, struct error *e) CHECKED;

/* ---- store.c ---- */
const char *store_path(const struct store *s);
bool *store_copied(struct store *s); /* whether this opening has kept a copy before its first migration */
struct jobs;
struct jobs **store_jobs(struct store *s);

/* ---- jobs.c ---- */
extern const struct migration db_migrations[];
void jobs_free(struct jobs *jobs);
/* What a job thread does, without waiting: runs what is due at now until nothing is; returns how many ran. */
int jobs_run_due(struct store *s, int64_t now);
