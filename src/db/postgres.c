/* A PostgreSQL connection: statements prepared once and kept, values typed by their kind, results read as text. A
 * transaction begins together with its first statement, so that a read of one row is one round trip. Everything that
 * is PostgreSQL's about errors is decided in pg_fail(). */
#include "db/postgres_internal.h"

#include <string.h>

enum {
    VALUES_MAX = 64,
    NUMBER_TEXT = 32,
    STATEMENTS_MAX = 256,
    FETCH_ROWS = 500,
    COMMAND_MAX = 64,
    /* of pg_type; libpq has no header for them */
    OID_UNKNOWN = 0,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_FLOAT8 = 701,
};

static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/* Writes see what others commit meanwhile; db.h says how a room keeps them apart. */
static const char begin_write[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/* ---- errors ---- */
/* One line, without the server's DETAIL: that repeats the row's values. */
static void say(char *out, size_t size, const PGconn *conn, const PGresult *result)
{
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    (void)snprintf(out, size, "%s", text ? text : PQerrorMessage(conn));
    for (char *p = out; *p; p++)
        if (*p == '\n' || *p == '\t')
            *p = ' ';
    for (size_t len = strlen(out); len > 0 && out[len - 1] == ' '; len--)
        out[len - 1] = '\0';
}

static bool is_state(const char *state, const char *const list[])
{
    for (size_t i = 0; list[i]; i++)
        if (strncmp(state, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}

static enum error_code code_of(struct pg_db *c, const char *state)
{
    static const char *const away[] = {"08", "57P", NULL}, *const again[] = {"40001", "40P01", NULL},
                             *const busy[] = {"55P03", "57014", "53300", NULL};

    if (PQstatus(c->conn) != CONNECTION_OK || is_state(state, away) ||
        (c->db.is_writer && strcmp(state, "25006") == 0)) { /* it became a standby */
        c->lost = true;
        return E_DATABASE_AWAY;
    }
    if (is_state(state, again)) {
        c->again = true;
        return E_BUSY;
    }
    if (strcmp(state, "23505") == 0)
        return E_CONFLICT;
    if (strcmp(state, "53100") == 0)
        return E_DISK_FULL;
    if (strcmp(state, "MV001") == 0) /* of postgres_move.c */
        return E_MOVED;
    return is_state(state, busy) ? E_BUSY : E_DATABASE;
}

bool pg_fail(struct pg_db *c, const PGresult *result, struct error *e, const char *sql)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    char text[ERROR_DETAIL_MAX];
    enum error_code code = code_of(c, state ? state : "");

    say(text, sizeof text, c->conn, result);
    c->stumbled = true;
    if (c->transaction == PG_OPEN)
        c->transaction = PG_BROKEN;
    return fail(e, code, "%.120s (%s) in: %.160s", text, state ? state : "-", sql);
}

static bool is_good(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

bool pg_run(struct pg_db *c, const char *sql, struct error *e)
{
    PGresult *r = PQexec(c->conn, sql);
    bool ok = is_good(r) || pg_fail(c, r, e, sql);

    PQclear(r);
    return ok;
}

/* ---- connecting ---- */
static void drop_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message; /* "already exists, skipping": we asked for that */
}

static void forget_statements(struct pg_db *c)
{
    for (size_t i = 0; i < PG_BUCKETS; i++)
        while (c->buckets[i]) {
            struct pg_statement *s = c->buckets[i];

            c->buckets[i] = s->next;
            free(s->translated);
            free(s);
        }
    c->n_statements = 0;
}

bool pg_connect(struct pg_db *c, const char *url, struct error *e)
{
    /* What the address says itself comes later and wins. */
    static const char *const names[] = {"fallback_application_name",
                                        "client_encoding",
                                        "connect_timeout",
                                        "target_session_attrs",
                                        "keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "dbname",
                                        NULL};
    const char *const values[] = {"motcua", "UTF8", "5", c->standby ? "standby" : "read-write", "10", "5", "3",
                                  "15000",  url,    NULL};
    /* A lock that is not given in ten seconds is a mistake of ours; a client that died in a transaction holds none. */
    static const char settings[] =
        "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '5min'; SET jit = off;"
        " SET bytea_output = hex; SET client_min_messages = warning; SET standard_conforming_strings = on";
    char text[ERROR_DETAIL_MAX];
    bool refused;

    forget_statements(c);
    PQfinish(c->conn);
    c->transaction = PG_NONE;
    c->leaving = false;
    c->conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(c->conn) != CONNECTION_OK) {
        say(text, sizeof text, c->conn, NULL);
        /* A standby let us in and will not do: whoever leads next is not there yet. */
        refused = (PQconnectionNeedsPassword(c->conn) || PQconnectionUsedPassword(c->conn)) &&
                  !strstr(text, "session is read-only");
        c->lost = true;
        return fail(e, refused ? E_DATABASE_REFUSED : E_DATABASE_AWAY, "%.300s", text);
    }
    (void)PQsetNoticeProcessor(c->conn, drop_notice, NULL);
    return pg_run(c, settings, e);
}

void pg_close(struct pg_db *c)
{
    if (!c)
        return;
    pg_close_rows(c);
    forget_statements(c);
    PQfinish(c->conn);
    db_done(&c->db);
    free(c);
}

bool pg_in_transaction(const struct db *db)
{
    return ((const struct pg_db *)db)->transaction != PG_NONE;
}

/* ---- values ---- */
struct values {
    int n;
    const char *text[VALUES_MAX];
    int lengths[VALUES_MAX], formats[VALUES_MAX];
    Oid types[VALUES_MAX];
    char kinds[VALUES_MAX + 1];
    char numbers[VALUES_MAX][NUMBER_TEXT];
};

/* A text leaves its type to the place it stands in: JSON takes it too. */
static void take_value(struct values *out, const struct value *v)
{
    int n = out->n++;

    out->types[n] = OID_UNKNOWN;
    out->formats[n] = 0;
    out->text[n] = NULL;
    out->kinds[n] = '-';
    switch (v->kind) {
    case VALUE_I64:
        out->kinds[n] = 'i';
        out->types[n] = OID_INT8;
        (void)snprintf(out->numbers[n], NUMBER_TEXT, "%jd", (intmax_t)v->i64);
        out->text[n] = out->numbers[n];
        break;
    case VALUE_F64:
        out->kinds[n] = 'f';
        out->types[n] = OID_FLOAT8;
        (void)snprintf(out->numbers[n], NUMBER_TEXT, "%.17g", v->f64);
        out->text[n] = out->numbers[n];
        break;
    case VALUE_TEXT:
        out->kinds[n] = 't';
        out->text[n] = v->bytes.data; /* ends in NUL: TEXT() made it */
        break;
    case VALUE_BLOB:
        out->kinds[n] = 'b';
        out->types[n] = OID_BYTEA;
        out->formats[n] = 1;
        out->text[n] = v->bytes.len ? v->bytes.data : "";
        out->lengths[n] = (int)v->bytes.len;
        break;
    case VALUE_NULL:
    case VALUE_END:
        break;
    }
}

static bool take_values(struct values *out, const struct value *args, struct error *e, const char *sql)
{
    out->n = 0;
    for (int i = 0; args && args[i].kind != VALUE_END; i++) {
        if (i == VALUES_MAX)
            return fail(e, E_INTERNAL, "more than %d values for: %.160s", VALUES_MAX, sql);
        if (args[i].kind == VALUE_BLOB && args[i].bytes.len > INT32_MAX / 2)
            return fail(e, E_INTERNAL, "a value of %zu bytes", args[i].bytes.len);
        take_value(out, &args[i]);
    }
    out->kinds[out->n] = '\0';
    return true;
}

/* ---- the statement cache ---- */
static void statement_drop(struct pg_db *c, struct pg_statement *s)
{
    struct pg_statement **at = &c->buckets[s->hash % PG_BUCKETS];
    char command[COMMAND_MAX];

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    c->n_statements--;
    if (s->prepared && c->transaction != PG_BROKEN) {
        (void)snprintf(command, sizeof command, "DEALLOCATE %s", s->name);
        PQclear(PQexec(c->conn, command)); /* one that stays prepared costs memory, no more */
    }
    free(s->translated);
    free(s);
}

static void make_room(struct pg_db *c)
{
    struct pg_statement *oldest = NULL;

    for (size_t i = 0; i < PG_BUCKETS; i++)
        for (struct pg_statement *s = c->buckets[i]; s; s = s->next)
            if (!oldest || s->used < oldest->used)
                oldest = s;
    if (oldest)
        statement_drop(c, oldest);
}

static bool translate(const char *sql, struct buf *out, int *parameters, struct error *e)
{
    struct translated done = dialect_statement(DIALECT_POSTGRES, sql, out);

    if (done.rest)
        return fail(e, E_INTERNAL, "more than one statement in: %.160s", sql);
    if (out->overflow || !out->data)
        return fail(e, E_INTERNAL, "empty or too long: %.160s", sql);
    *parameters = done.parameters;
    return true;
}

static bool statement_new(struct pg_db *c, const char *key, uint64_t hash, const char *sql, struct pg_statement **out,
                          struct error *e)
{
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    size_t len = strlen(key);
    struct pg_statement *s;
    int parameters = 0;

    if (!translate(sql, &text, &parameters, e))
        return false;
    if (c->n_statements >= STATEMENTS_MAX)
        make_room(c);
    s = malloc(sizeof *s + len + 1);
    if (!s)
        die("statement", len);
    *s = (struct pg_statement){.hash = hash, .parameters = parameters, .next = c->buckets[hash % PG_BUCKETS]};
    (void)snprintf(s->name, sizeof s->name, "s%u", ++c->n_names);
    memcpy(s->key, key, len + 1);
    s->translated = strdup(text.data);
    if (!s->translated)
        die("statement", text.len);
    c->buckets[hash % PG_BUCKETS] = s;
    c->n_statements++;
    *out = s;
    return true;
}

static bool statement_of(struct pg_db *c, const char *sql, const struct values *v, struct pg_statement **out,
                         struct error *e)
{
    auto_buf struct buf key = BUF_INIT(SQL_MAX + VALUES_MAX + 2);
    struct pg_statement *s;
    uint64_t hash;

    buf_printf(&key, "%s ", v->kinds);
    buf_puts(&key, sql);
    if (key.overflow)
        return fail(e, E_INTERNAL, "too long: %.160s", sql);
    hash = sql_hash(key.data, key.len);
    s = c->buckets[hash % PG_BUCKETS];
    while (s && (s->hash != hash || strcmp(s->key, key.data) != 0))
        s = s->next;
    if (!s && !statement_new(c, key.data, hash, sql, &s, e))
        return false;
    if (v->n != s->parameters)
        return fail(e, E_INTERNAL, "%d values for %d parameters in: %.160s", v->n, s->parameters, sql);
    s->used = ++c->clock;
    *out = s;
    return true;
}

/* ---- running one ---- */
/* The result of the pipeline's next command; NULL when the connection broke. */
static PGresult *piped(struct pg_db *c)
{
    PGresult *r = PQgetResult(c->conn), *end;

    if (!r)
        return NULL;
    end = PQgetResult(c->conn);
    PQclear(end); /* NULL, but for a broken connection */
    return r;
}

static bool send(struct pg_db *c, struct pg_statement *s, const struct values *v)
{
    if (c->transaction == PG_DUE &&
        !PQsendQueryParams(c->conn, c->db.is_writer ? begin_write : begin_read, 0, NULL, NULL, NULL, NULL, 0))
        return false;
    if (!s->prepared && !PQsendPrepare(c->conn, s->name, s->translated, v->n, v->types))
        return false;
    return PQsendQueryPrepared(c->conn, s->name, v->n, v->text, v->lengths, v->formats, 0) && PQpipelineSync(c->conn);
}

/* BEGIN, when it is due, and PREPARE, when it is new, travel with the statement. */
static PGresult *run_piped(struct pg_db *c, struct pg_statement *s, const struct values *v)
{
    PGresult *begun = NULL, *prepared = NULL, *r = NULL, *sync;

    if (!PQenterPipelineMode(c->conn) || !send(c, s, v))
        return NULL;
    if (c->transaction == PG_DUE) {
        begun = piped(c);
        if (is_good(begun))
            c->transaction = PG_OPEN;
    }
    if (!s->prepared) {
        prepared = piped(c);
        s->prepared = is_good(prepared);
    }
    r = piped(c);
    sync = PQgetResult(c->conn);
    PQclear(sync);
    (void)PQexitPipelineMode(c->conn); /* fails only on a broken connection, which the next statement finds */
    /* The first failure is the cause of the others. */
    if (begun && !is_good(begun)) {
        PQclear(r);
        r = begun;
        begun = NULL;
    } else if (prepared && !is_good(prepared)) {
        PQclear(r);
        r = prepared;
        prepared = NULL;
    }
    PQclear(begun);
    PQclear(prepared);
    return r;
}

static PGresult *run_once(struct pg_db *c, struct pg_statement *s, const struct values *v)
{
    if (c->transaction == PG_DUE || !s->prepared)
        return run_piped(c, s, v);
    return PQexecPrepared(c->conn, s->name, v->n, v->text, v->lengths, v->formats, 0);
}

/* Whether a statement may be sent now. */
static bool may_run(struct pg_db *c, struct error *e, const char *sql)
{
    if (c->transaction == PG_NONE)
        return fail(e, E_DATABASE, "outside of a transaction: %.160s", sql);
    if (c->transaction == PG_BROKEN || c->lost) {
        c->misled = true; /* the caller took the failure for an outcome */
        return fail(e, c->lost ? E_DATABASE_AWAY : E_DATABASE, "after a failed statement: %.160s", sql);
    }
    return true;
}

static bool savepoint(struct pg_db *c, struct error *e)
{
    return (c->transaction != PG_DUE || pg_run(c, begin_write, e)) && pg_run(c, "SAVEPOINT one", e);
}

/* Carefully: whatever it did wrong is undone, and the transaction goes on. */
static bool run_carefully(struct pg_db *c, struct pg_statement *s, const struct values *v, PGresult **out,
                          struct error *e, const char *sql)
{
    auto_error struct error undone;
    PGresult *r;

    error_init(&undone);
    if (!savepoint(c, e))
        return false;
    c->transaction = PG_OPEN;
    r = run_once(c, s, v);
    if (is_good(r)) {
        *out = r;
        return pg_run(c, "RELEASE one", e);
    }
    (void)pg_fail(c, r, e, sql);
    PQclear(r);
    if (!c->lost && !c->again) {
        c->transaction = PG_OPEN;
        if (pg_run(c, "ROLLBACK TO one", &undone) && pg_run(c, "RELEASE one", &undone))
            c->stumbled = false;
    }
    return false;
}

/* A connection that died while it was idle is found out by the first statement: nothing was done, another is made. */
static bool run(struct pg_db *c, struct pg_statement **s, const struct values *v, PGresult **out, struct error *e,
                const char *sql)
{
    bool first = c->transaction == PG_DUE;
    PGresult *r;

    if (c->careful)
        return run_carefully(c, *s, v, out, e, sql);
    r = run_once(c, *s, v);
    if (!is_good(r) && first && PQstatus(c->conn) != CONNECTION_OK) {
        PQclear(r);
        if (!pg_connect(c, pg_url(c->db.store), e))
            return false;
        c->transaction = PG_DUE;
        if (!statement_of(c, sql, v, s, e))
            return false;
        r = run_once(c, *s, v);
    }
    if (is_good(r)) {
        *out = r;
        return true;
    }
    (void)pg_fail(c, r, e, sql);
    PQclear(r);
    return false;
}

bool pg_exec(struct db *db, int64_t *changed, struct error *e, const char *sql, const struct value *args)
{
    struct pg_db *c = pg_of(db);
    struct pg_statement *s;
    struct values v;
    PGresult *r = NULL;
    bool ok;

    if (!may_run(c, e, sql) || !take_values(&v, args, e, sql) || !statement_of(c, sql, &v, &s, e) ||
        !run(c, &s, &v, &r, e, sql))
        return false;
    ok = PQntuples(r) == 0 || fail(e, E_INTERNAL, "db_exec() got rows from: %.160s", sql);
    if (ok && changed)
        *changed = strtoll(PQcmdTuples(r), NULL, 10); /* the server's own number */
    PQclear(r);
    return ok;
}

bool pg_script_whole(struct db *db, const char *sql, struct error *e)
{
    return pg_script(db, "", e) && pg_run(pg_of(db), sql, e);
}

bool pg_script(struct db *db, const char *sql, struct error *e)
{
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    struct pg_db *c = pg_of(db);

    if (!may_run(c, e, sql))
        return false;
    if (c->transaction == PG_DUE) {
        if (!pg_run(c, begin_write, e))
            return false;
        c->transaction = PG_OPEN;
    }
    for (const char *next; sql; sql = next) {
        buf_clear(&text);
        next = dialect_statement(DIALECT_POSTGRES, sql, &text).rest;
        if (text.overflow)
            return fail(e, E_INTERNAL, "too long: %.160s", sql);
        if (text.data && !pg_run(c, text.data, e))
            return false;
    }
    return true;
}

/* ---- rows ---- */
static struct pg_rows *rows_of(struct rows *r)
{
    return (struct pg_rows *)(void *)r;
}

static struct pg_rows *rows_new(struct pg_db *c, PGresult *result, const char *sql)
{
    struct pg_rows *r = calloc(1, sizeof *r);

    if (!r)
        die("rows", sizeof *r);
    r->rows.db = &c->db;
    r->result = result;
    r->n = PQntuples(result);
    r->row = -1;
    r->next = c->running;
    c->running = r;
    (void)snprintf(r->sql, sizeof r->sql, "%s", sql);
    return r;
}

static bool fetch(struct pg_rows *r, struct error *e)
{
    struct pg_db *c = pg_of(r->rows.db);
    char command[COMMAND_MAX];
    PGresult *result;

    (void)snprintf(command, sizeof command, "FETCH %d FROM c%u", FETCH_ROWS, r->cursor);
    result = PQexec(c->conn, command);
    if (!is_good(result)) {
        (void)pg_fail(c, result, e, r->sql);
        PQclear(result);
        return false;
    }
    PQclear(r->result);
    r->result = result;
    r->n = PQntuples(result);
    r->row = -1;
    return true;
}

/* A query that is told nothing reads everything: it gets a cursor, and comes in pieces. */
static bool wants_cursor(const char *sql, const struct values *v)
{
    return v->n == 0 && strncmp(sql, "SELECT ", 7) == 0 && !strstr(sql, " LIMIT ");
}

static bool query_in_pieces(struct pg_db *c, struct rows **out, struct error *e, const char *sql)
{
    auto_buf struct buf text = BUF_INIT(SQL_MAX);
    struct pg_rows *r;
    int parameters = 0;

    buf_printf(&text, "DECLARE c%u NO SCROLL CURSOR FOR ", ++c->n_cursors);
    if (!translate(sql, &text, &parameters, e))
        return false;
    if (c->transaction == PG_DUE) { /* by a statement that may find a dead connection and make another */
        struct rows *ready;

        if (!pg_query(&c->db, &ready, false, e, "SELECT 1", NULL))
            return false;
        pg_end(ready);
    }
    if (!pg_run(c, text.data, e))
        return false;
    r = rows_new(c, NULL, sql);
    r->cursor = c->n_cursors;
    if (!fetch(r, e)) {
        pg_end(&r->rows);
        return false;
    }
    *out = &r->rows;
    return true;
}

bool pg_query(struct db *db, struct rows **out, bool many, struct error *e, const char *sql, const struct value *args)
{
    struct pg_db *c = pg_of(db);
    struct pg_statement *s;
    struct values v;
    PGresult *result = NULL;

    if (!may_run(c, e, sql) || !take_values(&v, args, e, sql))
        return false;
    if (many && wants_cursor(sql, &v))
        return query_in_pieces(c, out, e, sql);
    if (!statement_of(c, sql, &v, &s, e) || !run(c, &s, &v, &result, e, sql))
        return false;
    *out = &rows_new(c, result, sql)->rows;
    return true;
}

static void forget_scratch(struct pg_rows *r)
{
    while (r->scratch) {
        struct pg_scratch *s = r->scratch;

        r->scratch = s->next;
        free(s);
    }
}

bool pg_next(struct rows *rows, bool *more, struct error *e)
{
    struct pg_rows *r = rows_of(rows);

    forget_scratch(r);
    if (r->cursor && r->row + 1 >= r->n && r->n == FETCH_ROWS && !fetch(r, e))
        return false;
    if (r->row < r->n)
        r->row++;
    *more = r->row < r->n;
    return true;
}

void pg_end(struct rows *rows)
{
    struct pg_rows *r = rows_of(rows);
    struct pg_db *c = pg_of(rows->db);
    struct pg_rows **at = &c->running;
    char command[COMMAND_MAX];

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    if (r->cursor && c->transaction == PG_OPEN) {
        (void)snprintf(command, sizeof command, "CLOSE c%u", r->cursor);
        PQclear(PQexec(c->conn, command)); /* the end of the transaction closes it, too */
    }
    forget_scratch(r);
    PQclear(r->result);
    free(r);
}

void pg_close_rows(struct pg_db *c)
{
    while (c->running)
        pg_end(&c->running->rows);
}

/* ---- columns ---- */
const char *pg_sql_of(const struct rows *r)
{
    return ((const struct pg_rows *)(const void *)r)->sql;
}

bool pg_is_null(struct rows *rows, int column)
{
    const struct pg_rows *r = rows_of(rows);

    return r->row < 0 || r->row >= r->n || PQgetisnull(r->result, r->row, column);
}

const char *pg_text(struct rows *rows, int column)
{
    const struct pg_rows *r = rows_of(rows);

    return pg_is_null(rows, column) ? NULL : PQgetvalue(r->result, r->row, column);
}

/* A truth value of an expression comes as t or f. */
int64_t pg_i64(struct rows *r, int column)
{
    const char *text = pg_text(r, column);

    return !text ? 0 : *text == 't' ? 1 : strtoll(text, NULL, 10);
}

double pg_f64(struct rows *r, int column)
{
    const char *text = pg_text(r, column);

    return text ? strtod(text, NULL) : 0.0;
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* \x00ff: the server writes lower case. */
static struct bytes unhex(struct pg_rows *r, const char *text)
{
    size_t len = strlen(text) / 2 - 1;
    struct pg_scratch *s = malloc(sizeof *s + len + 1);

    if (!s)
        die("a column", len);
    s->next = r->scratch;
    r->scratch = s;
    for (size_t i = 0; i < len; i++)
        s->bytes[i] = (unsigned char)(nibble(text[2 + 2 * i]) << 4 | nibble(text[3 + 2 * i]));
    return (struct bytes){s->bytes, len};
}

struct bytes pg_blob(struct rows *rows, int column)
{
    struct pg_rows *r = rows_of(rows);
    const char *text = pg_text(rows, column);

    if (!text)
        return (struct bytes){0};
    if (PQftype(r->result, column) == OID_BYTEA)
        return unhex(r, text);
    return (struct bytes){text, (size_t)PQgetlength(r->result, r->row, column)};
}

/* ---- ending a read ---- */
void pg_leave(struct pg_db *c)
{
    if (c->transaction == PG_OPEN || c->transaction == PG_BROKEN)
        c->leaving = PQsendQuery(c->conn, c->transaction == PG_OPEN ? "COMMIT" : "ROLLBACK") == 1;
    c->transaction = PG_NONE;
}

bool pg_settle(struct pg_db *c)
{
    PGresult *r;

    while (c->leaving && (r = PQgetResult(c->conn)))
        PQclear(r);
    c->leaving = false;
    return PQstatus(c->conn) == CONNECTION_OK;
}
