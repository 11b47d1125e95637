/* Floor 1: storage. One small interface over SQLite and PostgreSQL; nothing of either shows here.
 *
 * SQL is literal text, written once for both: $1… parameters, ON CONFLICT, RETURNING, ->>, LIMIT. Column types in
 * migrations: BIGINT, TEXT, JSON, BYTEA, DOUBLE PRECISION, BOOLEAN (0/1). Where the databases truly differ the
 * difference has a name here and one place in db/: SEARCH(table, $n) and FOR_UPDATE_SKIP_LOCKED in a query,
 * db_search_put(), and the types above.
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
/* The first column of all rows, at most max of them: ids; texts, copied into the arena. */
bool db_ids(struct db *db, int64_t *out, size_t max, size_t *n, struct error *e, const char *sql,
            const struct value *args) CHECKED;
bool db_texts(struct db *db, struct arena *a, const char **out, size_t max, size_t *n, struct error *e, const char *sql,
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
/* url: "sqlite:FOLDER/motcua.db" (the file is made when missing; E_IN_USE when another process serves from it) or
 * "postgresql://…" as libpq reads it, without a password in it (the database is there, its tables are made). */
bool store_open(const char *url, struct store **out, struct error *e) CHECKED;
/* Waits for queued writes, then closes. Readers must have ended. NULL is fine. */
void store_close(struct store *s);
/* Opens a database beside the process that may be serving from it, to look into it and to move it: nothing is migrated,
 * and with SQLite no lock is taken. */
bool store_open_beside(const char *url, struct store **out, struct error *e) CHECKED;
/* Whether all writes go through this process, so that what db_after_commit() keeps current in memory is exact. A
 * database that several nodes share has other writers: see store_catch_up(). */
bool store_is_sole_writer(const struct store *s);

/* A consistent view for this thread until the matching store_read_end(); nests. Not inside a write. */
bool store_read(struct store *s, struct db **out, struct error *e) CHECKED;
void store_read_end(struct db *db);
static inline void scope_read(struct db **db)
{
    if (*db)
        store_read_end(*db);
}
#define auto_read __attribute__((cleanup(scope_read)))

/* ---- reads that may be somewhat old ---- */
/* A standby of the database (postgresql://…): it takes reads that allow it. E_USAGE where there can be none. It need
 * not be there yet. */
bool store_add_standby(struct store *s, const char *url, struct error *e) CHECKED;
/* From here on what this thread reads may be so many milliseconds old (0: no more), so that a standby which is known to
 * lag no further serves it; any other read is the database's own. Such reads neither find nor put what is kept. Returns
 * how old the oldest was since the last call, -1: none was old. */
int64_t store_allow_age(int64_t ms);
struct standby_figures {
    bool given;
    int64_t age_ms, reads; /* how far it lags at most, -1: unknown; how many reads it has served */
};
struct standby_figures store_standby_figures(const struct store *s);

/* ---- writes ---- */
typedef bool write_fn(struct db *db, void *arg, struct error *e);
/* Runs fn and waits until it is on disk. With SQLite the writes of one batch share a commit, each in its own savepoint;
 * with PostgreSQL each has its own transaction, beside others. One that fails rolls back alone. May fail with
 * E_DISK_FULL (nothing was kept; the store recovers by itself), E_BUSY (too many wait), E_DATABASE_AWAY, or E_IN_DOUBT
 * (the connection broke at the COMMIT: it may or may not have been kept). */
bool store_write(struct store *s, write_fn *fn, void *arg, struct error *e) CHECKED;
/* The same without waiting: then(arg, e) is called once the fate of the write is known, with NULL when it is on disk,
 * on the writer's thread (or here, when the queue is full). Quick work only: wake somebody, keep the error. */
typedef void written_fn(void *arg, const struct error *e);
void store_write_later(struct store *s, write_fn *fn, void *arg, written_fn *then);
/* Whether store_write_later() does return at once. */
bool store_writes_later(const struct store *s);
/* From inside a write: done(arg) runs on the writer's thread once this write is on disk, never if it is not.
 * undo(arg), which may be NULL, runs instead when the write is rolled back. Quick work only (publish, wake). */
void db_after_commit(struct db *db, void (*done)(void *arg), void (*undo)(void *arg), void *arg);
/* From inside a write, before it reads what it is about to build on: from here to its end no other write, on any node,
 * is past the same line for the same what ("audit", "case:17"). Needed where neither the version that a row was seen in
 * nor a UNIQUE rule would catch two writes that run side by side; with a sole writer it costs nothing. */
bool db_serial(struct db *db, const char *what, struct error *e) CHECKED;

/* For what is kept decoded of reads: how many commits this store has seen on disk before the read began, so that the
 * read sees at least those. 0: nothing may be kept (a write, or a store that another process may write to). */
uint64_t db_commits(const struct db *db);
/* In a hook: the number of the commit whose hook it is, and of every read that begins from here on at least. */
uint64_t store_commits(const struct store *s);
const struct store *db_store(const struct db *db);

/* ---- other nodes: processes that write to the same database ----
 * What a process holds in memory must follow what others commit. Which kept replies are stale is told by itself; a room
 * says more. Behind a sole writer there are no others, and none of this does anything. */
enum { TOLD_MAX = 7000 };
/* From inside a write: the others hear the line once this write is on disk, and never if it is not. For what must not
 * be missed and is rare: such commits wait for each other. */
bool db_tell(struct db *db, const char *kind, const char *text, struct error *e) CHECKED;
/* From a db_after_commit() hook: the others hear the line before the store_write() returns. For what may be lost with
 * this process (live events). */
void store_shout(struct store *s, const char *kind, const char *text);
/* What is to be done when another node tells of the kind: on the thread that listens, so quick work only. text NULL:
 * some of it may have been missed. Before store_attend(). */
typedef void heard_fn(const char *text, void *arg);
void store_hear(struct store *s, const char *kind, heard_fn *fn, void *arg);
/* From here to store_leave() this process hears the others; without it nothing is kept. It connects by itself whenever
 * it has to, and each time takes everything for missed. */
bool store_attend(struct store *s, struct error *e) CHECKED;
void store_leave(struct store *s);
/* Waits until everything that a store_write() of any node had returned for before this call has been heard here: a
 * fraction of a millisecond, one question to the server for all who wait. E_DATABASE_AWAY when it does not answer. */
bool store_catch_up(struct store *s, struct error *e) CHECKED;
/* Whether the database answered within the last seconds; true without asking when it is a file. */
bool store_is_near(struct store *s);

/* ---- kept: what was made of a read, for as long as no commit makes it untrue ----
 * Every write that commits raises one counter of the store, and all that is kept is stale. A write that is frequent and
 * knows what it changes says so with db_touches(): then it raises only the counters of its keys. The counters are
 * raised after the commit and before store_write() returns or a hook runs, so whoever hears of a write finds nothing
 * older; and once more after the hooks, which may renew what is in memory.
 *
 * Take the mark first, then look it up, then read and make it anew and put it with that mark: a commit in between
 * leaves it stale from birth. What depends on the time as well ends at `until`. */
enum { KEPT_KEYS_MAX = 64, KEPT_KEY_BYTES_MAX = 2048, KEPT_BYTES_MAX = 256 << 10, KEPT_ALL_BYTES_MAX = 8 << 20 };
struct kept_state {
    uint64_t all, own;
};
/* The counter of, say, the cases of a unit; two names may share one. */
uint64_t kept_key(const char *of, int64_t id);
/* Inside a write: of what is kept this one changes nothing but what bears one of these keys (n 0: nothing at all). Said
 * by the write function itself, which knows all that it does; never by what it calls. */
void db_touches(struct db *db, const uint64_t *keys, size_t n);
/* False when nothing may be kept: there are too many keys, or other nodes that this process does not hear. Where there
 * are other nodes it is exact for whoever has called store_catch_up() first. */
bool kept_mark(const struct store *s, const uint64_t *keys, size_t n, struct kept_state *out);
struct kept; /* never changes; whoever finds it holds a reference */
/* NULL: not there, or stale. at: now. */
struct kept *kept_find(struct store *s, struct bytes key, const struct kept_state *mark, int64_t at);
/* Copies all three; what is too large is not kept. head: what the caller wants to know of it besides its text. */
void kept_put(struct store *s, struct bytes key, const struct kept_state *mark, int64_t until, struct bytes head,
              struct bytes text);
struct bytes kept_head(const struct kept *k);
struct bytes kept_text(const struct kept *k);
void kept_unref(void *kept);
/* Something that is no write has changed what replies say (definitions were compiled anew): all that is kept is stale.
 */
void kept_forget(struct store *s);

/* ---- migrations: numbered per module, forward only, never edited after release ---- */
struct migration {
    int number; /* 1, 2, … */
    const char *what;
    const char *sql; /* several statements, ";" between */
};
/* Runs what is missing, each in a transaction. Before the first change to a database that has data, SQLite's file is
 * copied beside itself. A database of a newer program is refused. */
bool store_migrate(struct store *s, const char *module, const struct migration *migrations, struct error *e) CHECKED;
/* Whether a database stands where store_migrate() would bring it: E_DATA_NEWER, E_DATA_OLDER. Changes nothing. */
bool store_is_migrated(struct store *s, const char *module, const struct migration *migrations,
                       struct error *e) CHECKED;
bool store_has_table(struct store *s, const char *table, bool *found, struct error *e) CHECKED;
/* DDL at run time, from checked definitions (registries): one statement text, inside a write. */
bool db_define(struct db *db, const char *sql, struct error *e) CHECKED;
/* A column whose values are to be unique, in a table that may be spread (store_spread()); checked names, unquoted.
 * E_CONFLICT when two rows have the same. */
bool db_define_unique(struct db *db, const char *table, const char *column, const char *index, struct error *e) CHECKED;

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
/* What a job thread does, without waiting: runs what is due at now until nothing is; returns how many ran. For a
 * command that ends when its work is done. */
int jobs_run_due(struct store *s, int64_t now);
bool job_add(struct db *db, const char *kind, const json_t *input, int64_t owner, int64_t run_at, int64_t *id,
             struct error *e) CHECKED;
/* For work that repeats: one waiting row of the kind, whoever asks; finished ones of it are swept. */
bool job_add_once(struct db *db, const char *kind, int64_t run_at, struct error *e) CHECKED;
/* Removes jobs that were done a week ago; what failed stays, for whoever has to look into it. */
bool jobs_sweep(struct db *db, int64_t now, struct error *e) CHECKED;
bool job_progress(struct job *job, int percent, struct error *e) CHECKED;
bool job_is_stopping(const struct job *job);
bool job_find(struct db *db, int64_t id, struct job_state *out, bool *found, struct error *e) CHECKED;

/* ---- moving: all of one database into another one, while others write to the first (move.c says how) ---- */
struct mover;
struct move_rules {
    const char *const *passed_over;                 /* tables that each database has of its own; ended by NULL */
    const char *(*owner)(const char *search_table); /* the table whose rows have their texts there, by the same ids */
};
struct move_count {
    const char *table;
    int64_t from, to; /* rows */
    bool same;        /* every value of every row */
};
/* from: opened beside. The rules outlive the mover. */
bool mover_open(struct store *from, const struct move_rules *rules, struct mover **out, struct error *e) CHECKED;
/* To there; a store that is opened anew is claimed anew. E_MOVE_TARGET when it holds anything else; nothing is changed
 * then. Who claims it takes over from whoever did before. */
bool mover_claim(struct mover *m, struct store *to, struct error *e) CHECKED;
/* A table of the source that the target has not yet, NULL: none. Whoever knows its definition has to make it there. */
bool mover_lacks(struct mover *m, const char **table, struct error *e) CHECKED;
/* Copies what both have and is not copied yet, from where it broke off. */
bool mover_copy(struct mover *m, struct error *e) CHECKED;
/* Brings over what has changed meanwhile. */
bool mover_follow(struct mover *m, int64_t *changes, struct error *e) CHECKED;
/* From here on every write to the source fails with E_MOVED, in whatever process, until it is opened or
 * forgets the move. */
bool mover_close_source(struct mover *m, struct error *e) CHECKED;
bool mover_open_source(struct mover *m, struct error *e) CHECKED;
/* Reads both sides whole, table by table; only once the source is closed are they bound to be the same. */
bool mover_compare(struct mover *m, void (*tell)(const struct move_count *count, void *arg), void *arg, bool *same,
                   struct error *e) CHECKED;
void mover_close(struct mover *m); /* NULL is fine */
/* Forgets all about a move in this database: a source takes writes again, a target is an ordinary city. */
bool store_move_forget(struct store *s, struct error *e) CHECKED;

/* ---- division: a growing table in parts, a year of the ids of a column each; a large one by its keys ---- */
struct division {
    const char *table, *column; /* whose ids begin with the time (id.h) */
    int64_t now;
    bool ahead; /* only for a table that is divided: the years to come */
};
/* Whether the engine can: SQLite has no parts. */
bool store_has_parts(const struct store *s);
/* Divides the table, whole or not at all: what it holds becomes its first part as it stands, and the years to come get
 * parts of their own. A UNIQUE rule without the column does not hold over parts and becomes a plain index. Others wait
 * while each row is looked at once. *divided is false when it was divided before; then it gets the years that lack. */
bool store_divide(struct store *s, const struct division *d, bool *divided, struct error *e) CHECKED;
/* Spreads a table (checked name; id BIGINT PRIMARY KEY, key TEXT UNIQUE) over parts by its keys, while others go on
 * writing to it; it may take long, and killed, the next call goes on. Other UNIQUE columns stay so
 * (db_define_unique()). *divided is false when it was spread before. Not inside a write. */
bool store_spread(struct store *s, const char *table, bool *divided, struct error *e) CHECKED;

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
