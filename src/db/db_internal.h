/* What the files of db/ share. A database is an engine: the functions below over a struct of its own that begins with
 * struct db. SQLite shows in sqlite*.c only, PostgreSQL in postgres*.c only, their two ways with SQL in dialect.c; the
 * rest speaks through these functions. */
#pragma once

#include <pthread.h>

#include "db/db.h"

struct engine;
struct move_rows;
struct move_table;
struct move_tables;

/* A running query; what the engine needs follows it. */
struct rows {
    struct db *db;
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

/* Which counters of what is kept the batch will raise. */
enum { TOUCHED_MAX = 1024 };
struct touched {
    bool told; /* the write under way said what it touches */
    bool all;
    size_t n;
    uint16_t counters[TOUCHED_MAX];
};

/* A connection; what the engine needs follows it. */
struct db {
    struct store *store;
    bool is_writer;

    /* a reader */
    struct db *outer; /* the thread's next older read */
    unsigned depth;
    uint64_t commits; /* before it began */

    /* a writer, for the batch it is in */
    struct arena *batch;
    struct hook *hooks;
    size_t n_hooks, hooks_room;
    struct search_put *puts;
    size_t n_puts, puts_room;
    struct touched *touched; /* of a writer */
};

struct listener {
    const char *topic;
    listener_fn *fn;
    void *arg;
};

struct hearer {
    const char *kind;
    heard_fn *fn;
    void *arg;
};

enum { LISTENERS_MAX = 64, HEARERS_MAX = 16 };

struct store {
    const struct engine *engine;
    void *own;   /* the engine's */
    bool beside; /* of another process: no lock */
    bool copied; /* whether this opening has kept a copy before its first migration */
    struct jobs *jobs;
    struct listener listeners[LISTENERS_MAX]; /* frozen before the first write */
    size_t n_listeners;
    struct hearer hearers[HEARERS_MAX]; /* frozen by store_attend() */
    size_t n_hearers;
    struct kept_table *kept;
    _Atomic uint64_t commits;     /* from 1 */
    pthread_mutex_t figures_lock; /* guards figures */
    struct store_figures figures;
};

struct engine {
    const char *scheme;  /* what its addresses begin with */
    bool is_sole_writer; /* it lets no other process write */
    /* Leaves s->own for close() to free, also when it fails. */
    bool (*open)(struct store *s, const char *url, struct error *e);
    void (*close)(struct store *s);
    bool (*read_begin)(struct store *s, struct db **out, struct error *e);
    void (*read_end)(struct db *db);
    /* As store_add_standby(); a read there, NULL when it is older than that or away. NULL: there are none. */
    bool (*standby)(struct store *s, const char *url, struct error *e);
    void (*standby_read)(struct store *s, int64_t within_ms, struct db **out, int64_t *age_ms);
    void (*standby_figures)(const struct store *s, struct standby_figures *out);
    bool (*write)(struct store *s, write_fn *fn, void *arg, struct error *e);
    /* As store_write_later(); NULL where each write has a thread of its own to wait on. */
    void (*write_later)(struct store *s, write_fn *fn, void *arg, written_fn *then);
    /* As db_exec(), db_query(), rows_next(), …; a row is read between next() and the next call of next() or end(). */
    bool (*exec)(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args);
    /* many: rows may be more than fit into memory, and are stepped through. */
    bool (*query)(struct db *db, struct rows **out, bool many, struct error *e, const char *sql,
                  const struct value *args);
    bool (*next)(struct rows *r, bool *more, struct error *e);
    void (*end)(struct rows *r);
    const char *(*sql_of)(const struct rows *r);
    int64_t (*i64)(struct rows *r, int column);
    double (*f64)(struct rows *r, int column);
    const char *(*text)(struct rows *r, int column);
    struct bytes (*blob)(struct rows *r, int column);
    bool (*is_null)(struct rows *r, int column);
    bool (*in_transaction)(const struct db *db);
    /* One or several statements of the common dialect, not cached. */
    bool (*script)(struct db *db, const char *sql, struct error *e);
    bool (*serial)(struct db *db, const char *what, struct error *e);
    /* Other nodes; all NULL behind a sole writer. Lines end in a newline. */
    bool (*tell)(struct db *db, const char *line, struct error *e);
    void (*shout)(struct store *s, const char *line);
    bool (*attend)(struct store *s, struct error *e);
    void (*leave)(struct store *s);
    bool (*catch_up)(struct store *s, struct error *e);
    bool (*attends)(const struct store *s);
    bool (*is_near)(struct store *s);
    /* Makes the search table (a quoted name) when it is missing; brings one text into its table. */
    bool (*search_define)(struct db *db, const char *table, struct error *e);
    bool (*search_apply)(struct db *db, const struct search_put *put, struct error *e);
    /* Care: a copy to go back to, before migration n of a database in use; a whole copy; the engine's own check, which
     * leaves *sound alone unless it finds something. */
    bool (*keep_copy)(struct store *s, int64_t n, struct error *e);
    bool (*copy)(const char *url, const char *path, struct error *e);
    bool (*backup)(struct store *s, const char *path, struct error *e);
    bool (*check)(struct db *db, bool *sound, struct error *e);
    /* Moving (move_internal.h): the tables by name; notes on what changes in one; a table that refuses writes; the end
     * of all that. Rows are put in unless one is in their way, and taken out by their keys. */
    bool (*move_tables)(struct db *db, struct move_tables *out, struct error *e);
    bool (*move_watch)(struct db *db, const struct move_table *t, struct error *e);
    bool (*move_refuse)(struct db *db, const struct move_table *t, struct error *e);
    bool (*move_leave)(struct db *db, bool all, struct error *e);
    bool (*move_take)(struct db *db, const struct move_table *t, const struct move_rows *rows, struct error *e);
    bool (*move_remove)(struct db *db, const struct move_table *t, const struct move_rows *keys, struct error *e);
    /* As store_divide(), inside a write; NULL: it has no parts. */
    bool (*divide)(struct db *db, const struct division *d, bool *divided, struct error *e);
    /* As store_spread(); NULL as well. */
    bool (*spread)(struct store *s, const char *table, bool *divided, struct error *e);
    /* Keeps a column of a spread table unique, where an index cannot; *guarded is false for any other table. NULL:
     * there are only such. */
    bool (*define_unique)(struct db *db, const char *table, const char *column, const char *index, bool *guarded,
                          struct error *e);
};

extern const struct engine sqlite_engine, postgres_engine;

/* ---- store.c: what every engine's writer does ---- */
/* What this thread reads now may come from a standby. */
bool reads_may_be_old(const struct store *s);
void db_init(struct db *db, struct store *s, bool is_writer);
void db_done(struct db *db);
/* Calls fn as the write that this thread is in. */
bool write_call(struct db *db, write_fn *fn, void *arg, struct error *e) CHECKED;
/* Forgets what the batch before left. */
void batch_clear(struct db *db);
void hooks_undo(struct db *db, size_t down_to);
/* The batch is on disk: raises the counters of what is kept, runs the hooks. */
void hooks_done(struct db *db);
/* A pthread_cond_t that waits on the monotonic clock. */
void cond_init_monotonic(pthread_cond_t *cond);
/* A thread that no signal is delivered to. */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg, struct error *e) CHECKED;
struct timespec deadline_in(int64_t ms);
uint64_t sql_hash(const char *sql, size_t len);

/* ---- kept.c ---- */
struct kept_table *kept_table_new(void);
void kept_table_free(struct kept_table *t);
void touched_none(struct touched *t);
/* Around each write; the second only when it was good. */
void touched_write(struct touched *t);
void touched_written(struct touched *t);
void kept_raise(struct kept_table *t, const struct touched *touched);

/* ---- nodes.c ---- */
/* The line that tells of the counters, nothing when there are none. */
void touched_line(const struct touched *t, struct buf *out);
/* What another node said; the text is taken apart. */
void nodes_heard(struct store *s, char *lines);
void nodes_missed(struct store *s);

/* ---- dialect.c ---- */
enum { SQL_MAX = 64 * 1024 };
enum dialect { DIALECT_SQLITE, DIALECT_POSTGRES, DIALECT__COUNT };
struct translated {
    const char *rest; /* what follows the first statement, NULL when nothing does */
    int parameters;   /* the highest $n */
};
/* Translates the first statement of sql into out. */
struct translated dialect_statement(enum dialect dialect, const char *sql, struct buf *out);

/* ---- search.c: called by the writer ---- */
bool search_flush(struct db *db, struct error *e) CHECKED;

/* ---- jobs.c ---- */
extern const struct migration db_migrations[];
void jobs_free(struct jobs *jobs);
