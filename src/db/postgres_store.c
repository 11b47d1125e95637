/* PostgreSQL's store: a pool of connections that read and one of connections that write. A write runs on the thread
 * that asked for it, in a transaction of its own, and again when the server says so (a deadlock, a lost connection).
 * The rules kept here: store_write() returns true only after the server has said that the COMMIT is on disk; and when
 * the answer to a COMMIT is lost, nothing is tried again, since it may have been kept. */
#include "db/move_internal.h"
#include "db/postgres_internal.h"

#include <string.h>
#include <time.h>

enum {
    CONNECTIONS_MAX = 16, /* of each pool */
    WAITING_MAX = 4096,
    POOL_WAIT_MS = 10 * 1000,
    PATIENCE_MS = 5 * 1000,       /* for a server that is away: as long as a person waits */
    DEADLOCK_WAIT_MS = 20 * 1000, /* each costs the server a second to find */
    PAUSE_FIRST_MS = 2,
    PAUSE_MAX_MS = 200,
    SERVER_OLDEST = 150000,
    SEARCH_SQL_MAX = 320,
};

struct pg_store {
    struct store *store;
    char url[STORE_PATH_MAX];
    struct pg_pool readers, writers;
    pthread_mutex_t hooks_lock; /* hooks run one at a time, as they do behind a sole writer */
    struct pg_nodes *nodes;
    struct pg_standby *standby; /* NULL: none was given */
};

static struct pg_store *own(const struct store *s)
{
    return s->own;
}

const char *pg_url(const struct store *s)
{
    return own(s)->url;
}

struct pg_nodes *pg_nodes_of(const struct store *s)
{
    return own(s)->nodes;
}

struct pg_standby **pg_standby_of(const struct store *s)
{
    return &own(s)->standby;
}

static void sleep_ms(int64_t ms)
{
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL); /* a signal ends it early: fine */
}

static int64_t now_mono_ms(void)
{
    return monotonic_us() / 1000;
}

/* ---- the pools ---- */
void pg_pool_init(struct pg_pool *p, const char *url)
{
    p->url = url;
    (void)pthread_mutex_init(&p->lock, NULL);
    cond_init_monotonic(&p->news);
}

void pg_pool_done(struct pg_pool *p)
{
    while (p->idle) {
        struct pg_db *c = p->idle;

        p->idle = c->idle_next;
        pg_close(c);
    }
    (void)pthread_cond_destroy(&p->news);
    (void)pthread_mutex_destroy(&p->lock);
}

/* Waits for its turn; the one that is given may not be connected yet. */
bool pg_pool_take(struct store *s, struct pg_pool *p, bool writer, struct pg_db **out, struct error *e)
{
    struct timespec until = deadline_in(POOL_WAIT_MS);
    struct pg_db *c = NULL;
    int code = 0;

    (void)pthread_mutex_lock(&p->lock);
    if (p->n_waiting >= WAITING_MAX)
        code = 1;
    p->n_waiting++;
    while (!p->idle && p->n_open >= CONNECTIONS_MAX && code == 0)
        code = pthread_cond_timedwait(&p->news, &p->lock, &until);
    p->n_waiting--;
    c = p->idle;
    if (c)
        p->idle = c->idle_next; /* last in, first out: what it prepared is warm */
    else if (p->n_open < CONNECTIONS_MAX)
        c = calloc(1, sizeof *c);
    if (c && !c->db.store) {
        db_init(&c->db, s, writer);
        c->pool = p;
        p->n_open++;
    }
    (void)pthread_mutex_unlock(&p->lock);
    *out = c;
    return c || fail(e, E_BUSY, "no connection came free in %d s", POOL_WAIT_MS / 1000);
}

void pg_pool_give(struct pg_pool *p, struct pg_db *c, bool keep)
{
    (void)pthread_mutex_lock(&p->lock);
    if (keep) {
        c->idle_next = p->idle;
        p->idle = c;
    } else {
        p->n_open--;
    }
    if (p->n_waiting)
        (void)pthread_cond_signal(&p->news);
    (void)pthread_mutex_unlock(&p->lock);
    if (!keep)
        pg_close(c);
}

/* Ready for a transaction; for a server that is away it waits until the deadline. */
bool pg_pool_ready(struct pg_db *c, int64_t deadline, struct error *e)
{
    int64_t pause = PAUSE_FIRST_MS;

    c->lost = c->again = c->stumbled = c->misled = false;
    c->n_cursors = 0;
    if (c->conn && pg_settle(c))
        return true;
    while (!pg_connect(c, c->pool->url, e)) {
        if (e->code != E_DATABASE_AWAY || now_mono_ms() + pause > deadline)
            return false;
        sleep_ms(pause);
        pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
        error_init(e);
    }
    c->lost = c->stumbled = false;
    return true;
}

/* ---- reads ---- */
static bool read_begin(struct store *s, struct db **out, struct error *e)
{
    struct pg_pool *p = &own(s)->readers;
    struct pg_db *c;

    if (!pg_pool_take(s, p, false, &c, e))
        return false;
    if (!pg_pool_ready(c, now_mono_ms() + PATIENCE_MS, e)) {
        pg_pool_give(p, c, false);
        return false;
    }
    c->transaction = PG_DUE;
    *out = &c->db;
    return true;
}

static void read_end(struct db *db)
{
    struct pg_db *c = pg_of(db);

    pg_close_rows(c);
    pg_leave(c);
    pg_pool_give(c->pool, c, !c->lost);
}

/* ---- writes ---- */
enum outcome {
    OUTCOME_KEPT,
    OUTCOME_FAILED,
    OUTCOME_AGAIN,   /* nothing was kept, and the same may go well in a moment */
    OUTCOME_CAREFUL, /* nothing was kept; a failed statement must not spoil the transaction next time */
};

static void forget(struct pg_db *c)
{
    auto_error struct error own_error;

    error_init(&own_error);
    pg_close_rows(c);
    hooks_undo(&c->db, 0);
    if (c->transaction != PG_NONE && c->transaction != PG_DUE && !c->lost && !pg_run(c, "ROLLBACK", &own_error))
        c->lost = true;
    c->transaction = PG_NONE;
}

/* A failed statement ended the transaction for the server. Where the write took that for an outcome and went on, or
 * stumbled over a row that another has just committed, it runs again and sees what is there now. */
static enum outcome outcome_of(const struct pg_db *c, bool ok, const struct error *e)
{
    if (c->again || c->lost)
        return OUTCOME_AGAIN;
    if (!c->careful && (c->misled || (ok && c->stumbled) || (!ok && e->code == E_CONFLICT && c->stumbled)))
        return OUTCOME_CAREFUL;
    return ok && !c->stumbled ? OUTCOME_KEPT : OUTCOME_FAILED;
}

static enum outcome commit(struct pg_db *c, struct error *e)
{
    PGresult *r;
    bool kept;

    fault_point("write.before-commit");
    r = PQexec(c->conn, "COMMIT");
    kept = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    if (!kept)
        (void)pg_fail(c, r, e, "COMMIT");
    PQclear(r);
    c->transaction = PG_NONE;
    if (kept) {
        fault_point("write.after-commit");
        return OUTCOME_KEPT;
    }
    if (c->lost)
        (void)fail(e, E_IN_DOUBT, "the answer to a COMMIT was lost");
    return c->again ? OUTCOME_AGAIN : OUTCOME_FAILED;
}

static enum outcome attempt(struct pg_db *c, write_fn *fn, void *arg, struct error *e)
{
    enum outcome outcome;
    bool ok;

    batch_clear(&c->db);
    c->transaction = PG_DUE;
    ok = write_call(&c->db, fn, arg, e);
    pg_close_rows(c);
    outcome = outcome_of(c, ok, e);
    if (outcome == OUTCOME_KEPT && !search_flush(&c->db, e))
        outcome = outcome_of(c, false, e);
    if (outcome == OUTCOME_KEPT && c->transaction == PG_OPEN)
        outcome = commit(c, e);
    if (outcome == OUTCOME_KEPT) {
        struct pg_store *s = own(c->db.store);

        c->transaction = PG_NONE;
        pg_nodes_touched(s->store, c->db.touched);
        (void)pthread_mutex_lock(&s->hooks_lock);
        hooks_done(&c->db);
        (void)pthread_mutex_unlock(&s->hooks_lock);
    } else {
        forget(c);
    }
    return outcome;
}

static void count(struct store *s, int queued, int writes, int failed)
{
    (void)pthread_mutex_lock(&s->figures_lock);
    s->figures.queued += queued;
    s->figures.writes += writes;
    s->figures.batches += writes - failed;
    s->figures.failed += failed;
    if (writes > failed)
        s->figures.largest_batch = 1;
    (void)pthread_mutex_unlock(&s->figures_lock);
}

/* Different threads wait differently long, or they would meet again. */
static int64_t pause_after(int tries)
{
    int64_t ms = PAUSE_FIRST_MS << (tries < 6 ? tries : 6);

    return 1 + (int64_t)randombytes_uniform((uint32_t)ms);
}

static bool run_until_known(struct pg_db *c, write_fn *fn, void *arg, struct error *e)
{
    int64_t start = now_mono_ms();
    enum outcome outcome;

    c->careful = false;
    for (int tries = 0;; tries++) {
        error_done(e);
        error_init(e);
        if (!pg_pool_ready(c, start + PATIENCE_MS, e))
            return false;
        outcome = attempt(c, fn, arg, e);
        if (outcome == OUTCOME_KEPT || outcome == OUTCOME_FAILED)
            return outcome == OUTCOME_KEPT;
        if (outcome == OUTCOME_CAREFUL)
            c->careful = true;
        else if (now_mono_ms() >= start + (c->lost ? PATIENCE_MS : DEADLOCK_WAIT_MS))
            return fail(e, c->lost ? E_DATABASE_AWAY : E_BUSY, "given up after %d tries", tries + 1);
        else
            sleep_ms(pause_after(tries));
    }
}

static bool write_now(struct store *s, write_fn *fn, void *arg, struct error *e)
{
    struct pg_pool *p = &own(s)->writers;
    struct pg_db *c;
    bool ok;

    count(s, 1, 0, 0);
    if (!pg_pool_take(s, p, true, &c, e)) {
        count(s, -1, 1, 1);
        return false;
    }
    count(s, -1, 0, 0);
    ok = run_until_known(c, fn, arg, e);
    pg_pool_give(p, c, !c->lost && c->conn);
    if (ok)
        pg_nodes_flush(s);
    count(s, 0, 1, !ok);
    return ok;
}

/* The lock ends with the transaction. */
static bool serial(struct db *db, const char *what, struct error *e)
{
    struct digest d = digest_of((struct bytes){what, strlen(what)});
    auto_rows struct rows *r = NULL;
    int64_t key;

    memcpy(&key, d.bytes, sizeof key);
    return pg_query(db, &r, false, e, "SELECT pg_advisory_xact_lock($1)", ARGS(I64(key)));
}

/* ---- full text: a row a text, its words as they are, without the server's own ideas of language ---- */
static bool search_define(struct db *db, const char *table, struct error *e)
{
    char sql[SEARCH_SQL_MAX];
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, "SELECT to_regclass($1) IS NULL", ARGS(TEXT(table))))
        return false;
    if (!rows_i64(r, 0))
        return true;
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE %s (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);"
                   "CREATE INDEX ON %s USING GIN (words)",
                   table, table);
    return pg_script(db, sql, e);
}

static bool search_apply(struct db *db, const struct search_put *p, struct error *e)
{
    static const char words[] = "array_to_tsvector(array_remove(string_to_array($2, ' '), ''))";
    char sql[SEARCH_SQL_MAX];

    if (!p->text) {
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE id = $1", p->table);
        return pg_exec(db, NULL, e, sql, ARGS(I64(p->id)));
    }
    (void)snprintf(sql, sizeof sql, "INSERT INTO %s (id, words) VALUES ($1, %s)%s", p->table, words,
                   p->fresh ? "" : " ON CONFLICT (id) DO UPDATE SET words = excluded.words");
    return pg_exec(db, NULL, e, sql, ARGS(I64(p->id), TEXT(p->text)));
}

/* ---- care ---- */
static bool keep_copy(struct store *s, int64_t n, struct error *e)
{
    (void)s;
    (void)e;
    log_line(LOG_INFO, "no-copy-kept", "before=%jd because=\"the server's own backups are the way back\"", (intmax_t)n);
    return true;
}

static bool no_copy(struct error *e)
{
    return fail(e, E_USAGE, "a PostgreSQL database is backed up with pg_dump, or continuously with pgBackRest");
}

static bool copy(const char *url, const char *path, struct error *e)
{
    (void)url;
    (void)path;
    return no_copy(e);
}

static bool backup(struct store *s, const char *path, struct error *e)
{
    (void)s;
    (void)path;
    return no_copy(e);
}

/* Pages are checked by the server as it reads them; what it knows to be unfinished it does not use, and says so. */
static bool check(struct db *db, bool *sound, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, "SELECT CAST(CAST(indexrelid AS REGCLASS) AS TEXT) FROM pg_index WHERE NOT indisvalid",
                  NULL))
        return false;
    for (;;) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        *sound = false;
        log_line(LOG_ERROR, "database-unsound", "index=%s", rows_text(r, 0));
    }
}

/* ---- open and close ---- */
/* Its text is not repeated, whatever is wrong with it. */
bool pg_url_check(const char *url, struct error *e)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);
    bool password = false;

    PQfreemem(why);
    if (!options)
        return fail(e, E_USAGE, "the postgresql:// address cannot be read");
    for (const PQconninfoOption *o = options; o->keyword; o++)
        password |= o->val && (strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0);
    PQconninfoFree(options);
    return !password || fail(e, E_USAGE,
                             "an address with a password can be read by every user of the machine:"
                             " put it into ~/.pgpass, PGPASSFILE or a service file");
}

static bool server_check(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),"
                              " current_setting('server_encoding'), current_user, coalesce(current_schema(), '-')";
    const struct pg_db *c = pg_of(db);
    auto_rows struct rows *r = NULL;
    int version = PQserverVersion(c->conn);
    bool found;

    (void)arg;
    if (version < SERVER_OLDEST)
        return fail(e, E_DATABASE_REFUSED, "the server is PostgreSQL %d.%d; version 15 or newer is needed",
                    version / 10000, version % 10000);
    if (!db_find(db, &r, &found, e, sql, NULL))
        return false;
    if (strcmp(rows_text(r, 1), "UTF8") != 0)
        return fail(e, E_DATABASE_REFUSED, "the database's encoding is %s; UTF8 is needed", rows_text(r, 1));
    return rows_i64(r, 0) ||
           fail(e, E_DATABASE_REFUSED, "%s may not make tables in schema %s", rows_text(r, 2), rows_text(r, 3));
}

/* At the start nobody waits for a server that is away. */
static bool first_connection(struct store *s, struct error *e)
{
    struct pg_pool *p = &own(s)->writers;
    struct pg_db *c;
    bool ok;

    if (!pg_pool_take(s, p, true, &c, e))
        return false;
    ok = pg_connect(c, pg_url(s), e);
    pg_pool_give(p, c, ok);
    return ok && store_write(s, server_check, NULL, e);
}

static bool open_store(struct store *store, const char *url, struct error *e)
{
    struct pg_store *s = calloc(1, sizeof *s);

    if (!s)
        die("store", sizeof *s);
    store->own = s;
    s->store = store;
    pg_pool_init(&s->readers, s->url);
    pg_pool_init(&s->writers, s->url);
    (void)pthread_mutex_init(&s->hooks_lock, NULL);
    if (snprintf(s->url, sizeof s->url, "%s", url) >= (int)sizeof s->url)
        return fail(e, E_USAGE, "the address is too long");
    return pg_url_check(url, e) && pg_nodes_open(store, &s->nodes, e) && first_connection(store, e);
}

static void close_store(struct store *store)
{
    struct pg_store *s = own(store);

    pg_standby_close(s->standby);
    pg_nodes_close(s->nodes);
    pg_pool_done(&s->readers);
    pg_pool_done(&s->writers);
    (void)pthread_mutex_destroy(&s->hooks_lock);
    free(s);
}

const struct engine postgres_engine = {
    .scheme = "postgres", /* postgresql:// and postgres:// */
    .open = open_store,
    .close = close_store,
    .read_begin = read_begin,
    .read_end = read_end,
    .standby = pg_standby_add,
    .standby_read = pg_standby_read,
    .standby_figures = pg_standby_figures,
    .write = write_now,
    .exec = pg_exec,
    .query = pg_query,
    .next = pg_next,
    .end = pg_end,
    .sql_of = pg_sql_of,
    .i64 = pg_i64,
    .f64 = pg_f64,
    .text = pg_text,
    .blob = pg_blob,
    .is_null = pg_is_null,
    .in_transaction = pg_in_transaction,
    .script = pg_script,
    .serial = serial,
    .tell = pg_tell,
    .shout = pg_shout,
    .attend = pg_attend,
    .leave = pg_leave_nodes,
    .catch_up = pg_catch_up,
    .attends = pg_attends,
    .is_near = pg_is_near,
    .search_define = search_define,
    .search_apply = search_apply,
    .keep_copy = keep_copy,
    .copy = copy,
    .backup = backup,
    .check = check,
    .move_tables = pg_move_tables,
    .move_watch = pg_move_watch,
    .move_refuse = pg_move_refuse,
    .move_leave = pg_move_leave,
    .move_take = pg_move_take,
    .move_remove = pg_move_remove,
    .divide = pg_divide,
    .spread = pg_spread,
    .define_unique = pg_define_unique,
};
