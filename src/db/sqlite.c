/* A SQLite connection: opened on purpose, statements prepared once and kept, values bound by number. Everything that is
 * SQLite's about errors is decided in sqlite_fail(). */
#include "db/sqlite_internal.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum {
    BUSY_TIMEOUT_MS = 5000, /* a safety net: there is one writer, and one process */
    SEARCH_SQL_MAX = 256,
    READER_STATEMENTS_MAX = 96,
    WRITER_STATEMENTS_MAX = 256,
    PAGES_IN_ONE_PIECE = 128, /* of a connection's cache; what is not used is not resident */
};

/* Readers are few (a pool) and the system's page cache stands behind them, so their own is small; the writer's holds
 * the inner pages of the indexes it touches. Not mapped into memory: that saved 1.5 of 12 µs a look-up, counted every
 * page once a reader, and would turn a disk error into a SIGBUS. The log is synced and copied by sqlite_log.c. */
static const char writer_pragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -24576;"
    "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA secure_delete = FAST";
static const char reader_pragmas[] = "PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY";

static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *writer_vfs;

static void configure(void)
{
    /* Its counters cost a global lock per allocation. Refused when a library began to use SQLite before us: fine. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* A commit empties the cache of every reader: its next pages come out of one piece of memory, not out of malloc. */
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, PAGES_IN_ONE_PIECE);
    writer_vfs = writer_files();
}

/* ---- errors ---- */
/* SQLite names ENOSPC itself; a quota or a limit is an i/o error to it. At a COMMIT sqlite3_system_errno() is not set,
 * so the callers clear errno before and it is read here. */
static bool is_disk_full(int code, int cause)
{
    return (code & 0xff) == SQLITE_FULL ||
           ((code & 0xff) == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT || cause == EFBIG));
}

static bool sqlite_fail(struct sqlite_db *c, int code, struct error *e, const char *sql)
{
    enum error_code what = E_DATABASE;
    int cause = errno;

    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        what = E_CONFLICT;
        break;
    case SQLITE_BUSY:
    case SQLITE_BUSY_SNAPSHOT:
        what = E_BUSY;
        break;
    case SQLITE_CONSTRAINT_TRIGGER: /* the only ones there ever are: sqlite_move.c */
        what = E_MOVED;
        break;
    default:
        if (is_disk_full(code, cause))
            what = E_DISK_FULL;
    }
    return fail(e, what, "%s (%d) in: %.160s", sqlite3_errmsg(c->handle), code, sql);
}

/* ---- the statement cache ---- */
static struct sqlite_db *owner(const struct sqlite_rows *r)
{
    return sqlite_of(r->rows.db);
}

static void statement_free(struct sqlite_rows *r)
{
    struct sqlite_rows **at = &owner(r)->buckets[r->hash % STATEMENT_BUCKETS];

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    owner(r)->statements--;
    (void)sqlite3_finalize(r->stmt); /* repeats the statement's last error, which was told */
    free(r);
}

static void make_room(struct sqlite_db *c)
{
    struct sqlite_rows *oldest = NULL;

    for (size_t i = 0; i < STATEMENT_BUCKETS; i++)
        for (struct sqlite_rows *r = c->buckets[i]; r; r = r->next)
            if (!r->busy && (!oldest || r->used < oldest->used))
                oldest = r;
    if (oldest)
        statement_free(oldest);
}

static bool statement_prepare(struct sqlite_db *c, const char *sql, size_t len, uint64_t hash, struct sqlite_rows **out,
                              struct error *e)
{
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    struct sqlite_rows *r;
    sqlite3_stmt *stmt = NULL;
    int code;

    if (dialect_statement(DIALECT_SQLITE, sql, &text).rest)
        return fail(e, E_INTERNAL, "more than one statement in: %.160s", sql);
    if (text.overflow || !text.data)
        return fail(e, E_INTERNAL, "empty or too long: %.160s", sql);
    code = sqlite3_prepare_v3(c->handle, text.data, (int)text.len + 1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(c, code, e, sql);
    if (!stmt)
        return fail(e, E_INTERNAL, "no statement in: %.160s", sql);
    if (c->statements >= c->statements_max)
        make_room(c);
    r = malloc(sizeof *r + len + 1);
    if (!r)
        die("statement", len);
    *r = (struct sqlite_rows){
        .rows = {&c->db}, .stmt = stmt, .hash = hash, .next = c->buckets[hash % STATEMENT_BUCKETS]};
    memcpy(r->sql, sql, len + 1);
    c->buckets[hash % STATEMENT_BUCKETS] = r;
    c->statements++;
    *out = r;
    return true;
}

/* An idle statement of this text, now busy. A text may run inside itself: each level has its own statement. */
static bool statement_take(struct sqlite_db *c, const char *sql, struct sqlite_rows **out, struct error *e)
{
    size_t len = strlen(sql);
    uint64_t hash = sql_hash(sql, len);
    struct sqlite_rows *r = c->buckets[hash % STATEMENT_BUCKETS];

    while (r && (r->hash != hash || r->busy || strcmp(r->sql, sql) != 0))
        r = r->next;
    if (!r && !statement_prepare(c, sql, len, hash, &r, e))
        return false;
    r->busy = true;
    r->ended = false;
    r->used = ++c->clock;
    c->running++;
    *out = r;
    return true;
}

void sqlite_end(struct rows *rows)
{
    struct sqlite_rows *r = (struct sqlite_rows *)rows;

    if (!r->busy)
        return;
    (void)sqlite3_reset(r->stmt);          /* repeats the last error, which was told */
    (void)sqlite3_clear_bindings(r->stmt); /* nothing borrowed stays bound */
    r->busy = false;
    owner(r)->running--;
    if (owner(r)->statements > owner(r)->statements_max)
        statement_free(r);
}

void sqlite_close_rows(struct sqlite_db *c)
{
    for (size_t i = 0; c->running > 0 && i < STATEMENT_BUCKETS; i++)
        for (struct sqlite_rows *r = c->buckets[i], *next; r; r = next) {
            next = r->next;
            sqlite_end(&r->rows);
        }
}

/* ---- open and close ---- */
static bool set_pragmas(struct sqlite_db *c, struct error *e)
{
    const char *pragmas = c->db.is_writer ? writer_pragmas : reader_pragmas;
    int code;

    errno = 0;
    code = sqlite3_exec(c->handle, pragmas, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(c, sqlite3_extended_errcode(c->handle), e, pragmas);
    return true;
}

bool sqlite_open(struct store *s, const char *path, bool writer, struct sqlite_db **out, struct error *e)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    struct sqlite_db *c = calloc(1, sizeof *c);
    int code;

    if (!c)
        die("connection", sizeof *c);
    (void)pthread_once(&once, configure);
    db_init(&c->db, s, writer);
    c->statements_max = writer ? WRITER_STATEMENTS_MAX : READER_STATEMENTS_MAX;
    flags |= writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    errno = 0;
    code = sqlite3_open_v2(path, &c->handle, flags, writer ? writer_vfs : NULL);
    if (code != SQLITE_OK) {
        (void)sqlite_fail(c, code, e, path);
        sqlite_close(c);
        return false;
    }
    (void)sqlite3_busy_timeout(c->handle, BUSY_TIMEOUT_MS);
    (void)sqlite3_db_config(c->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!set_pragmas(c, e)) {
        sqlite_close(c);
        return false;
    }
    *out = c;
    return true;
}

void sqlite_close(struct sqlite_db *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < STATEMENT_BUCKETS; i++)
        while (c->buckets[i])
            statement_free(c->buckets[i]);
    (void)sqlite3_close(c->handle); /* cannot be busy: its statements are gone */
    db_done(&c->db);
    free(c);
}

bool sqlite_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(((const struct sqlite_db *)db)->handle);
}

/* ---- statements ---- */
static int bind_one(sqlite3_stmt *stmt, int n, const struct value *v, void (*keep)(void *))
{
    switch (v->kind) {
    case VALUE_I64:
        return sqlite3_bind_int64(stmt, n, v->i64);
    case VALUE_F64:
        return sqlite3_bind_double(stmt, n, v->f64);
    case VALUE_TEXT:
        return sqlite3_bind_text64(stmt, n, v->bytes.data, v->bytes.len, keep, SQLITE_UTF8);
    case VALUE_BLOB:
        if (v->bytes.len == 0)
            return sqlite3_bind_zeroblob(stmt, n, 0);
        return sqlite3_bind_blob64(stmt, n, v->bytes.data, v->bytes.len, keep);
    case VALUE_NULL:
    case VALUE_END:
        break;
    }
    return sqlite3_bind_null(stmt, n);
}

static bool bind_all(struct sqlite_rows *r, const struct value *args, void (*keep)(void *), struct error *e)
{
    int n = 0, code;

    for (; args && args[n].kind != VALUE_END; n++) {
        code = bind_one(r->stmt, n + 1, &args[n], keep);
        if (code != SQLITE_OK)
            return sqlite_fail(owner(r), code, e, r->sql);
    }
    if (n != sqlite3_bind_parameter_count(r->stmt))
        return fail(e, E_INTERNAL, "%d values for %d parameters in: %.160s", n, sqlite3_bind_parameter_count(r->stmt),
                    r->sql);
    return true;
}

static bool statement_start(struct sqlite_db *c, const char *sql, const struct value *args, void (*keep)(void *),
                            struct sqlite_rows **out, struct error *e)
{
    struct sqlite_rows *r;

    /* After a full disk SQLite may have ended the transaction: what came now would commit by itself. */
    if (!sqlite_in_transaction(&c->db))
        return fail(e, E_DATABASE, "outside of a transaction: %.160s", sql);
    if (!statement_take(c, sql, &r, e))
        return false;
    if (!bind_all(r, args, keep, e)) {
        sqlite_end(&r->rows);
        return false;
    }
    *out = r;
    return true;
}

static bool step(struct sqlite_rows *r, bool *more, struct error *e)
{
    int code;

    errno = 0;
    code = r->ended ? SQLITE_DONE : sqlite3_step(r->stmt); /* a step past the end would run it again */
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sqlite_fail(owner(r), code, e, r->sql);
    r->ended = code == SQLITE_DONE;
    *more = !r->ended;
    return true;
}

bool sqlite_next(struct rows *r, bool *more, struct error *e)
{
    return step((struct sqlite_rows *)r, more, e);
}

bool sqlite_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args)
{
    struct sqlite_db *c = sqlite_of(db);
    struct sqlite_rows *r;
    bool more = false, ok;

    if (!statement_start(c, sql, args, SQLITE_STATIC, &r, e))
        return false;
    ok = step(r, &more, e) && (!more || fail(e, E_INTERNAL, "db_exec() got rows from: %.160s", sql));
    if (ok && changed)
        *changed = sqlite3_changes64(c->handle);
    sqlite_end(&r->rows);
    return ok;
}

bool sqlite_query(struct db *db, struct rows **out, bool many, struct error *e, const char *sql,
                  const struct value *args)
{
    struct sqlite_rows *r;

    (void)many; /* it steps in any case */
    if (!statement_start(sqlite_of(db), sql, args, SQLITE_TRANSIENT, &r, e))
        return false;
    *out = &r->rows;
    return true;
}

bool sqlite_run(struct sqlite_db *c, const char *sql, struct error *e)
{
    struct sqlite_rows *r;
    bool more, ok;

    if (!statement_take(c, sql, &r, e))
        return false;
    ok = step(r, &more, e);
    sqlite_end(&r->rows);
    return ok;
}

bool sqlite_script(struct db *db, const char *sql, struct error *e)
{
    struct sqlite_db *c = sqlite_of(db);
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    int code;

    if (!sqlite_in_transaction(db))
        return fail(e, E_DATABASE, "outside of a transaction: %.160s", sql);
    for (const char *next; sql; sql = next) {
        buf_clear(&text);
        next = dialect_statement(DIALECT_SQLITE, sql, &text).rest;
        if (text.overflow)
            return fail(e, E_INTERNAL, "too long: %.160s", sql);
        if (!text.data)
            continue;
        errno = 0;
        code = sqlite3_exec(c->handle, text.data, NULL, NULL, NULL);
        if (code != SQLITE_OK)
            return sqlite_fail(c, code, e, sql);
    }
    return true;
}

/* ---- columns ---- */
static struct sqlite3_stmt *stmt_of(struct rows *r)
{
    return ((struct sqlite_rows *)r)->stmt;
}

int64_t sqlite_i64(struct rows *r, int column)
{
    return sqlite3_column_int64(stmt_of(r), column);
}

double sqlite_f64(struct rows *r, int column)
{
    return sqlite3_column_double(stmt_of(r), column);
}

const char *sqlite_text(struct rows *r, int column)
{
    return (const char *)sqlite3_column_text(stmt_of(r), column);
}

struct bytes sqlite_blob(struct rows *r, int column)
{
    const void *data = sqlite3_column_blob(stmt_of(r), column);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(stmt_of(r), column)};
}

bool sqlite_is_null(struct rows *r, int column)
{
    return sqlite3_column_type(stmt_of(r), column) == SQLITE_NULL;
}

const char *sqlite_sql_of(const struct rows *r)
{
    return ((const struct sqlite_rows *)r)->sql;
}

/* ---- copies ---- */
/* One step under one read view: consistent while writers go on, and never begun anew because of them. */
static bool copy_pages(sqlite3 *from, sqlite3 *to, struct error *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    int code;

    if (!b)
        return fail(e, E_DATABASE, "copy: %s", sqlite3_errmsg(to));
    errno = 0;
    (void)sqlite3_backup_step(b, -1); /* finish() tells */
    code = sqlite3_backup_finish(b);
    if (code == SQLITE_OK)
        return true;
    return fail(e, is_disk_full(code, errno) ? E_DISK_FULL : E_DATABASE, "copy: %s", sqlite3_errmsg(to));
}

static bool copy_file(const char *path, const char *to, struct error *e)
{
    sqlite3 *from = NULL, *into = NULL;
    bool ok;

    if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        ok = fail(e, E_DATABASE, "copy from: %s", sqlite3_errmsg(from));
    else if (sqlite3_open_v2(to, &into, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
             SQLITE_OK)
        ok = fail(e, E_DATABASE, "copy to: %s", sqlite3_errmsg(into));
    else
        ok = copy_pages(from, into, e);
    (void)sqlite3_close(into);
    (void)sqlite3_close(from);
    return ok;
}

bool sqlite_copy(const char *path, const char *to, struct error *e)
{
    char part[STORE_PATH_MAX + 8];

    if (snprintf(part, sizeof part, "%s.part", to) >= (int)sizeof part)
        return fail(e, E_IO, "path too long");
    (void)unlink(part); /* of an attempt that was cut off */
    if (!copy_file(path, part, e)) {
        (void)unlink(part);
        return false;
    }
    if (rename(part, to) != 0)
        return fail_errno(e, "rename %s", part);
    return true;
}

/* ---- full text: one FTS5 table a space; no phrases are asked, so no positions are kept ---- */
bool sqlite_search_define(struct db *db, const char *table, struct error *e)
{
    char sql[SEARCH_SQL_MAX];

    (void)snprintf(sql, sizeof sql,
                   "CREATE VIRTUAL TABLE IF NOT EXISTS %s USING"
                   " fts5(text, tokenize = 'ascii', detail = none, columnsize = 0)",
                   table);
    return sqlite_script(db, sql, e);
}

bool sqlite_search_apply(struct db *db, const struct search_put *p, struct error *e)
{
    char sql[SEARCH_SQL_MAX];

    if (!p->text) {
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE rowid = $1", p->table);
        return db_exec(db, NULL, e, sql, ARGS(I64(p->id)));
    }
    (void)snprintf(sql, sizeof sql, "%s INTO %s (rowid, text) VALUES ($1, $2)",
                   p->fresh ? "INSERT" : "INSERT OR REPLACE", p->table);
    return db_exec(db, NULL, e, sql, ARGS(I64(p->id), TEXT(p->text)));
}

/* ---- the check ---- */
static bool check_rows(struct db *db, const char *sql, bool *sound, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, NULL) || !rows_next(r, &more, e))
        return false;
    while (more) {
        const char *problem = rows_text(r, 0);

        if (!text_equal(problem, "ok")) {
            *sound = false;
            log_line(LOG_ERROR, "database-unsound", "problem=\"%s\"", problem ? problem : "?");
        }
        if (!rows_next(r, &more, e))
            return false;
    }
    return true;
}

bool sqlite_check(struct db *db, bool *sound, struct error *e)
{
    return check_rows(db, "PRAGMA integrity_check(20)", sound, e) &&
           check_rows(db, "PRAGMA foreign_key_check", sound, e);
}
