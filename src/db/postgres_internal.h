/* What the files of the PostgreSQL engine share: postgres.c is a connection, postgres_store.c the pools, the writes and
 * their retries, postgres_nodes.c the line to other nodes. */
#pragma once

#include <libpq-fe.h>

#include "db/db_internal.h"

enum { PG_BUCKETS = 64, PG_SQL_SHOWN = 160 };

/* One prepared statement of a connection: a text, and the kinds of its parameters' values. */
struct pg_statement {
    struct pg_statement *next; /* in its bucket */
    uint64_t hash, used;
    bool prepared;
    int parameters;
    char name[24];
    char *translated;
    char key[]; /* a letter for each value's kind, a blank, the SQL as the caller wrote it */
};

/* A decoded column, until the next row. */
struct pg_scratch {
    struct pg_scratch *next;
    unsigned char bytes[];
};

struct pg_rows {
    struct rows rows;
    struct pg_rows *next; /* of the connection's running queries */
    PGresult *result;
    int row, n;
    unsigned cursor; /* its number, 0 when the result is whole */
    struct pg_scratch *scratch;
    char sql[PG_SQL_SHOWN];
};

enum pg_transaction { PG_NONE, PG_DUE, PG_OPEN, PG_BROKEN };

struct pg_db {
    struct db db;
    PGconn *conn;
    struct pg_db *idle_next;
    struct pg_statement *buckets[PG_BUCKETS];
    unsigned n_statements, n_names, n_cursors;
    uint64_t clock; /* ages the statements */
    struct pg_rows *running;

    struct pg_pool *pool;            /* that it goes back to */
    bool standby;                    /* it asks a standby, and nothing else will do */
    enum pg_transaction transaction; /* DUE: begins with the first statement, in one round trip */
    bool leaving;                    /* a COMMIT was sent whose answer nobody has waited for */
    bool careful;                    /* a savepoint around each statement: one that fails spoils nothing */
    /* What happened in this transaction. */
    bool lost, again, stumbled, misled;
};

static inline struct pg_db *pg_of(struct db *db)
{
    return (struct pg_db *)(void *)db;
}

/* ---- postgres.c ---- */
/* Connects, or connects anew; what was prepared is forgotten. */
bool pg_connect(struct pg_db *c, const char *url, struct error *e) CHECKED;
void pg_close(struct pg_db *c);
/* One fixed text, its result dropped. */
bool pg_run(struct pg_db *c, const char *sql, struct error *e) CHECKED;
/* The error that a result tells of; always false. */
bool pg_fail(struct pg_db *c, const PGresult *result, struct error *e, const char *sql);
/* Waits for what pg_leave() left unread; false when the connection is of no more use. */
bool pg_settle(struct pg_db *c) CHECKED;
/* Ends a read without waiting for the answer. */
void pg_leave(struct pg_db *c);
void pg_close_rows(struct pg_db *c);

bool pg_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args);
bool pg_query(struct db *db, struct rows **out, bool many, struct error *e, const char *sql, const struct value *args);
bool pg_script(struct db *db, const char *sql, struct error *e);
/* The same, untranslated and in one piece: it holds bodies of functions. */
bool pg_script_whole(struct db *db, const char *sql, struct error *e);
bool pg_next(struct rows *r, bool *more, struct error *e);
void pg_end(struct rows *r);
const char *pg_sql_of(const struct rows *r);
int64_t pg_i64(struct rows *r, int column);
double pg_f64(struct rows *r, int column);
const char *pg_text(struct rows *r, int column);
struct bytes pg_blob(struct rows *r, int column);
bool pg_is_null(struct rows *r, int column);
bool pg_in_transaction(const struct db *db);

/* ---- the pools (postgres_store.c) ---- */
struct pg_pool {
    const char *url;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t news;
    struct pg_db *idle;
    unsigned n_open, n_waiting; /* open: idle or taken */
};
void pg_pool_init(struct pg_pool *p, const char *url);
void pg_pool_done(struct pg_pool *p);
/* Waits for its turn; the one that is given may not be connected yet. */
bool pg_pool_take(struct store *s, struct pg_pool *p, bool writer, struct pg_db **out, struct error *e) CHECKED;
void pg_pool_give(struct pg_pool *p, struct pg_db *c, bool keep);
/* Ready for a transaction; for a server that is away it waits until the deadline (monotonic ms). */
bool pg_pool_ready(struct pg_db *c, int64_t deadline, struct error *e) CHECKED;
/* The command line is for every user of the machine to read: E_USAGE for an address with a password. */
bool pg_url_check(const char *url, struct error *e) CHECKED;

/* ---- postgres_standby.c ---- */
struct pg_standby;
struct pg_standby **pg_standby_of(const struct store *s);
bool pg_standby_add(struct store *s, const char *url, struct error *e);
/* *out NULL: it is older than that, or away. */
void pg_standby_read(struct store *s, int64_t within_ms, struct db **out, int64_t *age_ms);
void pg_standby_figures(const struct store *s, struct standby_figures *out);
void pg_standby_close(struct pg_standby *x); /* NULL is fine */

/* ---- postgres_divide.c ---- */
bool pg_divide(struct db *db, const struct division *d, bool *divided, struct error *e);

/* ---- postgres_spread.c ---- */
bool pg_spread(struct store *s, const char *table, bool *divided, struct error *e);
bool pg_define_unique(struct db *db, const char *table, const char *column, const char *index, bool *guarded,
                      struct error *e);

/* ---- postgres_nodes.c ---- */
struct pg_nodes;
/* E_IN_USE when the number given to this node is another's. Leaves *out for pg_nodes_close(), also when it fails. */
bool pg_nodes_open(struct store *s, struct pg_nodes **out, struct error *e) CHECKED;
void pg_nodes_close(struct pg_nodes *n);
/* Of a commit: leaves word of what it touched, before its hooks; then, after them, waits until the others were told
 * everything (a few seconds at most: it is on disk). */
void pg_nodes_touched(struct store *s, const struct touched *t);
void pg_nodes_flush(struct store *s);
bool pg_tell(struct db *db, const char *line, struct error *e);
void pg_shout(struct store *s, const char *line);
bool pg_attend(struct store *s, struct error *e);
void pg_leave_nodes(struct store *s);
bool pg_catch_up(struct store *s, struct error *e);
bool pg_attends(const struct store *s);
bool pg_is_near(struct store *s);

/* ---- postgres_store.c ---- */
const char *pg_url(const struct store *s);
struct pg_nodes *pg_nodes_of(const struct store *s);
