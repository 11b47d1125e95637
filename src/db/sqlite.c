/* A SQLite connection: opened on purpose, statements prepared once and kept, values bound by number. Everything that is
 * SQLite's about errors is decided in connection_fail(). */
#include "db/db_internal.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum {
    BUSY_TIMEOUT_MS = 5000, /* a safety net: there is one writer, and one process */
    SQL_MAX = 64 * 1024,
    READER_STATEMENTS_MAX = 96,
    WRITER_STATEMENTS_MAX = 256,
    PAGES_IN_ONE_PIECE = 128, /* of a connection's cache; what is not used is not resident */
};

/* Readers are few (a pool) and the system's page cache stands behind them, so their own is small; the writer's holds
 * the inner pages of the indexes it touches. Not mapped into memory: that saved 1.5 of 12 µs a look-up, counted every
 * page once a reader, and would turn a disk error into a SIGBUS. */
static const char writer_pragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -24576;"
    "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA secure_delete = FAST";
static const char reader_pragmas[] = "PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY";

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void configure(void)
{
    /* Its counters cost a global lock per allocation. Refused when a library began to use SQLite before us: fine. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* A commit empties the cache of every reader: its next pages come out of one piece of memory, not out of malloc. */
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, PAGES_IN_ONE_PIECE);
}

/* ---- errors ---- */
/* SQLite names ENOSPC itself; a quota or a limit is an i/o error to it. At a COMMIT sqlite3_system_errno() is not set,
 * so the callers clear errno before and it is read here. */
static bool is_disk_full(int code, int cause)
{
    return (code & 0xff) == SQLITE_FULL ||
           ((code & 0xff) == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT || cause == EFBIG));
}

static bool connection_fail(struct db *db, int code, struct error *e, const char *sql)
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
    default:
        if (is_disk_full(code, cause))
            what = E_DISK_FULL;
    }
    return fail(e, what, "%s (%d) in: %.160s", sqlite3_errmsg(db->handle), code, sql);
}

/* ---- the statement cache ---- */
static uint64_t sql_hash(const char *sql, size_t len)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ len, part;

    for (; len >= sizeof part; sql += sizeof part, len -= sizeof part) {
        memcpy(&part, sql, sizeof part);
        h = (h ^ part) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    for (; len > 0; sql++, len--)
        h = (h ^ (unsigned char)*sql) * 0x100000001b3u;
    return h ^ (h >> 29);
}

static void statement_free(struct rows *r)
{
    struct rows **at = &r->db->buckets[r->hash % STATEMENT_BUCKETS];

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    r->db->statements--;
    (void)sqlite3_finalize(r->stmt); /* repeats the statement's last error, which was told */
    free(r);
}

static void make_room(struct db *db)
{
    struct rows *oldest = NULL;

    for (size_t i = 0; i < STATEMENT_BUCKETS; i++)
        for (struct rows *r = db->buckets[i]; r; r = r->next)
            if (!r->busy && (!oldest || r->used < oldest->used))
                oldest = r;
    if (oldest)
        statement_free(oldest);
}

static bool statement_prepare(struct db *db, const char *sql, size_t len, uint64_t hash, struct rows **out,
                              struct error *e)
{
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    struct rows *r;
    sqlite3_stmt *stmt = NULL;
    int code;

    if (dialect_statement(sql, &text))
        return fail(e, E_INTERNAL, "more than one statement in: %.160s", sql);
    if (text.overflow || !text.data)
        return fail(e, E_INTERNAL, "empty or too long: %.160s", sql);
    code = sqlite3_prepare_v3(db->handle, text.data, (int)text.len + 1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code != SQLITE_OK)
        return connection_fail(db, code, e, sql);
    if (!stmt)
        return fail(e, E_INTERNAL, "no statement in: %.160s", sql);
    if (db->statements >= db->statements_max)
        make_room(db);
    r = malloc(sizeof *r + len + 1);
    if (!r)
        die("statement", len);
    *r = (struct rows){.db = db, .stmt = stmt, .hash = hash, .next = db->buckets[hash % STATEMENT_BUCKETS]};
    memcpy(r->sql, sql, len + 1);
    db->buckets[hash % STATEMENT_BUCKETS] = r;
    db->statements++;
    *out = r;
    return true;
}

/* An idle statement of this text, now busy. A text may run inside itself: each level has its own statement. */
static bool statement_take(struct db *db, const char *sql, struct rows **out, struct error *e)
{
    size_t len = strlen(sql);
    uint64_t hash = sql_hash(sql, len);
    struct rows *r = db->buckets[hash % STATEMENT_BUCKETS];

    while (r && (r->hash != hash || r->busy || strcmp(r->sql, sql) != 0))
        r = r->next;
    if (!r && !statement_prepare(db, sql, len, hash, &r, e))
        return false;
    r->busy = true;
    r->ended = false;
    r->used = ++db->clock;
    db->running++;
    *out = r;
    return true;
}

void rows_close(struct rows *r)
{
    if (!r || !r->busy)
        return;
    (void)sqlite3_reset(r->stmt);          /* repeats the last error, which was told */
    (void)sqlite3_clear_bindings(r->stmt); /* nothing borrowed stays bound */
    r->busy = false;
    r->db->running--;
    if (r->db->statements > r->db->statements_max)
        statement_free(r);
}

void connection_close_rows(struct db *db)
{
    for (size_t i = 0; db->running > 0 && i < STATEMENT_BUCKETS; i++)
        for (struct rows *r = db->buckets[i], *next; r; r = next) {
            next = r->next;
            rows_close(r);
        }
}

/* ---- open and close ---- */
static bool connection_pragmas(struct db *db, struct error *e)
{
    const char *pragmas = db->is_writer ? writer_pragmas : reader_pragmas;
    int code;

    errno = 0;
    code = sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return connection_fail(db, sqlite3_extended_errcode(db->handle), e, pragmas);
    return true;
}

bool connection_open(struct store *s, const char *path, bool writer, struct db **out, struct error *e)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    struct db *db = calloc(1, sizeof *db);
    int code;

    if (!db)
        die("connection", sizeof *db);
    (void)pthread_once(&once, configure);
    db->store = s;
    db->is_writer = writer;
    db->statements_max = writer ? WRITER_STATEMENTS_MAX : READER_STATEMENTS_MAX;
    flags |= writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    errno = 0;
    code = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (code != SQLITE_OK) {
        (void)connection_fail(db, code, e, path);
        connection_close(db);
        return false;
    }
    (void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!connection_pragmas(db, e)) {
        connection_close(db);
        return false;
    }
    if (writer)
        db->batch = arena_new();
    *out = db;
    return true;
}

void connection_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < STATEMENT_BUCKETS; i++)
        while (db->buckets[i])
            statement_free(db->buckets[i]);
    (void)sqlite3_close(db->handle); /* cannot be busy: its statements are gone */
    arena_free(db->batch);
    free(db->hooks);
    free(db->puts);
    free(db);
}

bool connection_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
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

static bool bind_all(struct rows *r, const struct value *args, void (*keep)(void *), struct error *e)
{
    int n = 0, code;

    for (; args && args[n].kind != VALUE_END; n++) {
        code = bind_one(r->stmt, n + 1, &args[n], keep);
        if (code != SQLITE_OK)
            return connection_fail(r->db, code, e, r->sql);
    }
    if (n != sqlite3_bind_parameter_count(r->stmt))
        return fail(e, E_INTERNAL, "%d values for %d parameters in: %.160s", n, sqlite3_bind_parameter_count(r->stmt),
                    r->sql);
    return true;
}

static bool statement_start(struct db *db, const char *sql, const struct value *args, void (*keep)(void *),
                            struct rows **out, struct error *e)
{
    struct rows *r;

    /* After a full disk SQLite may have ended the transaction: what came now would commit by itself. */
    if (!connection_in_transaction(db))
        return fail(e, E_DATABASE, "outside of a transaction: %.160s", sql);
    if (!statement_take(db, sql, &r, e))
        return false;
    if (!bind_all(r, args, keep, e)) {
        rows_close(r);
        return false;
    }
    *out = r;
    return true;
}

bool db_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args)
{
    auto_rows struct rows *r = NULL;
    bool more;

    if (!statement_start(db, sql, args, SQLITE_STATIC, &r, e) || !rows_next(r, &more, e))
        return false;
    if (more)
        return fail(e, E_INTERNAL, "db_exec() got rows from: %.160s", sql);
    if (changed)
        *changed = sqlite3_changes64(db->handle);
    return true;
}

bool db_query(struct db *db, struct rows **out, struct error *e, const char *sql, const struct value *args)
{
    return statement_start(db, sql, args, SQLITE_TRANSIENT, out, e);
}

bool rows_next(struct rows *r, bool *more, struct error *e)
{
    int code;

    errno = 0;
    code = r->ended ? SQLITE_DONE : sqlite3_step(r->stmt); /* a step past the end would run it again */
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return connection_fail(r->db, code, e, r->sql);
    r->ended = code == SQLITE_DONE;
    *more = !r->ended;
    return true;
}

bool db_find(struct db *db, struct rows **out, bool *found, struct error *e, const char *sql, const struct value *args)
{
    return db_query(db, out, e, sql, args) && rows_next(*out, found, e);
}

bool connection_run(struct db *db, const char *sql, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool more;

    return statement_take(db, sql, &r, e) && rows_next(r, &more, e);
}

bool connection_script(struct db *db, const char *sql, struct error *e)
{
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    int code;

    if (!connection_in_transaction(db))
        return fail(e, E_DATABASE, "outside of a transaction: %.160s", sql);
    for (const char *next; sql; sql = next) {
        buf_clear(&text);
        next = dialect_statement(sql, &text);
        if (text.overflow)
            return fail(e, E_INTERNAL, "too long: %.160s", sql);
        if (!text.data)
            continue;
        errno = 0;
        code = sqlite3_exec(db->handle, text.data, NULL, NULL, NULL);
        if (code != SQLITE_OK)
            return connection_fail(db, code, e, sql);
    }
    return true;
}

/* ---- columns ---- */
struct value TEXT(const char *s) {
    if (!s)
        return (struct value){.kind = VALUE_NULL};
    return (struct value){.kind = VALUE_TEXT, .bytes = {s, strlen(s)}};
}

int64_t
rows_i64(struct rows *r, int column)
{
    return sqlite3_column_int64(r->stmt, column);
}

int64_t rows_instant(struct rows *r, int column)
{
    return rows_is_null(r, column) ? INSTANT_NONE : rows_i64(r, column);
}

double rows_f64(struct rows *r, int column)
{
    return sqlite3_column_double(r->stmt, column);
}

const char *rows_text(struct rows *r, int column)
{
    return (const char *)sqlite3_column_text(r->stmt, column);
}

struct bytes rows_blob(struct rows *r, int column)
{
    const void *data = sqlite3_column_blob(r->stmt, column);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(r->stmt, column)};
}

bool rows_is_null(struct rows *r, int column)
{
    return sqlite3_column_type(r->stmt, column) == SQLITE_NULL;
}

json_t *rows_json_new(struct rows *r, int column)
{
    struct bytes text = rows_blob(r, column);
    json_error_t why;
    json_t *j;

    if (!text.data)
        return NULL;
    j = json_loadb(text.data, text.len, JSON_DECODE_ANY, &why);
    if (!j)
        log_line(LOG_ERROR, "stored-json-broken", "column=%d at=%d sql=\"%.120s\"", column, why.position, r->sql);
    return j;
}

char *db_name(struct arena *a, const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t len = strlen(name);

    if (len == 0 || len > 63 || strspn(name, allowed) != len)
        die("a table or column name from an unchecked definition", len);
    return arena_printf(a, "\"%s\"", name);
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

bool database_copy(const char *path, const char *to, struct error *e)
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
