/* The yardsticks: nginx with a static reply, the disk's syncs, and SQLite alone with the server's own rows. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

enum { BATCH = 256, TEMPLATES_MAX = 1024, COLUMNS_MAX = 64, SYNC_BYTES = 4096, SYNC_BLOCKS = 256 };

/* ---- nginx ---- */
static const char nginx_conf[] = "daemon off; worker_processes 2; pid %s/nginx.pid; error_log %s/nginx.log;%s\n"
                                 "events { worker_connections 1024; }\n"
                                 "http { access_log off; sendfile on; tcp_nodelay on; open_file_cache max=16;\n"
                                 "  keepalive_requests 1000000000; default_type application/json;\n"
                                 "  client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
                                 "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n"
                                 "  server { listen 127.0.0.1:%d; root %s; location / { try_files /reply =404; } } }\n";

bool nginx_start(const char *folder, size_t size, struct process *out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *own = arena_printf(a, "%s/nginx-%zu", folder, size), *conf = arena_printf(a, "%s/nginx.conf", own);
    const char *argv[] = {"/usr/sbin/nginx", "-c", conf, "-e", arena_printf(a, "%s/nginx.log", own), NULL};
    auto_buf struct buf text = BUF_INIT(8192);
    char *reply = arena_alloc(a, size + 1);
    int port = port_free();
    double first_ms;

    memset(reply, 'x', size);
    /* A worker of another user could not read below a private folder. */
    buf_printf(&text, nginx_conf, own, own, geteuid() == 0 ? " user root;" : "", own, own, own, own, own, port, own);
    return folder_make(own, e) && file_write(arena_printf(a, "%s/reply", own), (struct bytes){reply, size}, e) &&
           file_write(conf, (struct bytes){text.data, text.len}, e) &&
           process_start(argv, arena_printf(a, "%s/nginx.out", own), port, "/", out, &first_ms, e);
}

/* ---- the disk ---- */
/* Over blocks that are there already, as SQLite writes its log: a file that grows costs its metadata besides. */
bool disk_syncs(const char *folder, int64_t for_ms, double *per_s, struct error *e)
{
    static const char blocks[SYNC_BYTES * SYNC_BLOCKS];
    auto_arena struct arena *a = arena_new();
    const char *path = arena_printf(a, "%s/syncs", folder);
    auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int64_t start, n = 0;

    if (fd < 0 || write(fd, blocks, sizeof blocks) != sizeof blocks || fsync(fd) != 0)
        return fail_errno(e, "write %s", path);
    for (start = monotonic_us(); monotonic_us() - start < for_ms * 1000; n++)
        if (pwrite(fd, blocks, SYNC_BYTES, n % SYNC_BLOCKS * SYNC_BYTES) != SYNC_BYTES || fdatasync(fd) != 0)
            return fail_errno(e, "sync %s", path);
    *per_s = (double)n * 1e6 / (double)(monotonic_us() - start);
    (void)unlink(path);
    return true;
}

/* ---- SQLite alone ---- */
struct row {
    sqlite3_value *file[COLUMNS_MAX], *event[COLUMNS_MAX];
    char prefix[64], *words; /* of its code: "H29.1.5-261121"; of its search text, after the code */
};
struct bare {
    sqlite3 *db;
    sqlite3_stmt *file, *event, *search;
    int file_columns, event_columns, id, code, event_case, moments[2];
    struct row rows[TEMPLATES_MAX];
    size_t n_rows;
    int64_t next_id, inserted;
};

static bool sql_fail(struct bare *b, struct error *e)
{
    return fail(e, E_DATABASE, "bare insert: %s", sqlite3_errmsg(b->db));
}

static bool sql_run(struct bare *b, const char *sql, struct error *e)
{
    return sqlite3_exec(b->db, sql, NULL, NULL, NULL) == SQLITE_OK || sql_fail(b, e);
}

static bool sql_prepare(struct bare *b, const char *sql, sqlite3_stmt **out, struct error *e)
{
    return sqlite3_prepare_v2(b->db, sql, -1, out, NULL) == SQLITE_OK || sql_fail(b, e);
}

static int copy_table(void *arg, int n, char **values, char **names)
{
    (void)n, (void)names;
    return sqlite3_exec(arg, values[0], NULL, NULL, NULL);
}

static int column_named(sqlite3_stmt *s, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(s); i++)
        if (strcmp(sqlite3_column_name(s, i), name) == 0)
            return i;
    die(name, 0);
}

static void find_columns(struct bare *b, sqlite3_stmt *file, sqlite3_stmt *event)
{
    static const char *const moments[] = {"submitted_at", "sort_at"};

    b->file_columns = sqlite3_column_count(file);
    b->event_columns = sqlite3_column_count(event);
    b->id = column_named(file, "id");
    b->code = column_named(file, "code");
    b->event_case = column_named(event, "case_id");
    for (size_t i = 0; i < COUNT(moments); i++)
        b->moments[i] = column_named(file, moments[i]);
}

static bool keep_columns(sqlite3_stmt *s, sqlite3_value *out[static COLUMNS_MAX])
{
    for (int i = 0; i < sqlite3_column_count(s) && i < COLUMNS_MAX; i++)
        out[i] = sqlite3_value_dup(sqlite3_column_value(s, i));
    return sqlite3_column_count(s) <= COLUMNS_MAX;
}

/* The code without its number, and what else the case is found by: "<folded code> <words>". */
static bool keep_words(struct bare *b, struct row *row, const char *code, const char *text)
{
    const char *number = strrchr(code, '-');
    size_t skip = strlen(code) + 1;

    if (!number || !text || strlen(text) < skip || (size_t)(number - code) >= sizeof row->prefix)
        return false;
    (void)snprintf(row->prefix, sizeof row->prefix, "%.*s", (int)(number - code), code);
    row->words = strdup(text + skip);
    b->n_rows++;
    return row->words != NULL;
}

static bool read_rows(struct bare *b, struct error *e)
{
    sqlite3_stmt *files, *event, *text;
    bool ok = true;

    if (!sql_prepare(b, "SELECT * FROM server.case_file ORDER BY id DESC LIMIT 1024", &files, e) ||
        !sql_prepare(b, "SELECT * FROM server.case_event WHERE case_id = ?1 AND seq = 1", &event, e) ||
        !sql_prepare(b, "SELECT text FROM server.s_case WHERE rowid = ?1", &text, e))
        return false;
    find_columns(b, files, event);
    while (ok && sqlite3_step(files) == SQLITE_ROW) {
        struct row *row = &b->rows[b->n_rows];
        int64_t id = sqlite3_column_int64(files, b->id);

        b->next_id = b->next_id > id ? b->next_id : id;
        (void)sqlite3_bind_int64(event, 1, id); /* fails only on a wrong number */
        (void)sqlite3_bind_int64(text, 1, id);
        ok = sqlite3_step(event) == SQLITE_ROW && sqlite3_step(text) == SQLITE_ROW && keep_columns(files, row->file) &&
             keep_columns(event, row->event) &&
             keep_words(b, row, (const char *)sqlite3_column_text(files, b->code),
                        (const char *)sqlite3_column_text(text, 0));
        (void)sqlite3_reset(event); /* their errors were seen above */
        (void)sqlite3_reset(text);
    }
    (void)sqlite3_finalize(files);
    (void)sqlite3_finalize(event);
    (void)sqlite3_finalize(text);
    return (ok && b->n_rows > 0) || fail(e, E_DATABASE, "the server's rows are not what the yardstick knows");
}

static bool prepare_insert(struct bare *b, const char *table, int columns, sqlite3_stmt **out, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(4096);

    buf_printf(&sql, "INSERT INTO main.%s VALUES (", table);
    for (int i = 0; i < columns; i++)
        buf_printf(&sql, "%s?%d", i ? ", " : "", i + 1);
    buf_puts(&sql, ")");
    return sql_prepare(b, sql.data, out, e);
}

bool bare_open(const char *server_db, const char *path, struct bare **out, struct error *e)
{
    /* As the server's writer has it, so that only the work around the rows differs. */
    static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -24576;"
                                  "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000";
    static const char tables[] = "SELECT sql FROM server.sqlite_master WHERE sql IS NOT NULL"
                                 " AND tbl_name IN ('case_file', 'case_event', 's_case') ORDER BY type DESC";
    struct bare *b = calloc(1, sizeof *b);
    auto_arena struct arena *a = arena_new();

    if (!b)
        die("bare", sizeof *b);
    *out = b;
    if (sqlite3_open(path, &b->db) != SQLITE_OK)
        return sql_fail(b, e);
    if (!sql_run(b, pragmas, e) || !sql_run(b, arena_printf(a, "ATTACH '%s' AS server", server_db), e))
        return false;
    if (sqlite3_exec(b->db, tables, copy_table, b->db, NULL) != SQLITE_OK)
        return sql_fail(b, e);
    return read_rows(b, e) && sql_run(b, "DETACH server", e) &&
           prepare_insert(b, "case_file", b->file_columns, &b->file, e) &&
           prepare_insert(b, "case_event", b->event_columns, &b->event, e) &&
           sql_prepare(b, "INSERT INTO main.s_case (rowid, text) VALUES (?1, ?2)", &b->search, e);
}

static bool step_insert(struct bare *b, sqlite3_stmt *s, struct error *e)
{
    int code = sqlite3_step(s);

    (void)sqlite3_reset(s); /* repeats the step's error */
    return code == SQLITE_DONE || sql_fail(b, e);
}

static void bind_values(sqlite3_stmt *s, sqlite3_value *const values[], int n)
{
    for (int i = 0; i < n; i++)
        (void)sqlite3_bind_value(s, i + 1, values[i]); /* a failure shows in the step */
}

/* The code as search has it: lower case, blanks for marks. */
static void fold_code(char *code)
{
    for (; *code; code++)
        *code = *code == '.' || *code == '-' ? ' ' : *code >= 'A' && *code <= 'Z' ? (char)(*code + 32) : *code;
}

static bool insert_one(struct bare *b, struct error *e)
{
    const struct row *row = &b->rows[(size_t)b->inserted % b->n_rows];
    char code[96], text[512];
    int64_t id = ++b->next_id, now = now_ms();
    int len = snprintf(code, sizeof code, "%s-%07" PRId64, row->prefix, b->inserted);

    bind_values(b->file, row->file, b->file_columns);
    (void)sqlite3_bind_int64(b->file, b->id + 1, id); /* as above */
    (void)sqlite3_bind_text(b->file, b->code + 1, code, len, SQLITE_STATIC);
    for (size_t i = 0; i < 2; i++)
        (void)sqlite3_bind_int64(b->file, b->moments[i] + 1, now);
    bind_values(b->event, row->event, b->event_columns);
    (void)sqlite3_bind_int64(b->event, b->event_case + 1, id);
    if (!step_insert(b, b->file, e) || !step_insert(b, b->event, e))
        return false;
    fold_code(code);
    (void)snprintf(text, sizeof text, "%s %s", code, row->words);
    (void)sqlite3_bind_int64(b->search, 1, id);
    (void)sqlite3_bind_text(b->search, 2, text, -1, SQLITE_STATIC);
    b->inserted++;
    return step_insert(b, b->search, e);
}

bool bare_insert(struct bare *b, int64_t rows, double *seconds, struct error *e)
{
    int64_t start = monotonic_us();

    for (int64_t done = 0; done < rows;) {
        if (!sql_run(b, "BEGIN IMMEDIATE", e))
            return false;
        for (int i = 0; i < BATCH && done < rows; i++, done++)
            if (!insert_one(b, e))
                return false;
        if (!sql_run(b, "COMMIT", e))
            return false;
    }
    *seconds = (double)(monotonic_us() - start) / 1e6;
    return true;
}

int64_t bare_rows(const struct bare *b)
{
    return b->inserted;
}

void bare_close(struct bare *b)
{
    if (!b)
        return;
    (void)sqlite3_finalize(b->file);
    (void)sqlite3_finalize(b->event);
    (void)sqlite3_finalize(b->search);
    for (size_t r = 0; r < b->n_rows; r++) {
        for (int i = 0; i < COLUMNS_MAX; i++) {
            sqlite3_value_free(b->rows[r].file[i]);
            sqlite3_value_free(b->rows[r].event[i]);
        }
        free(b->rows[r].words);
    }
    (void)sqlite3_close(b->db); /* nothing of it is kept */
    free(b);
}
