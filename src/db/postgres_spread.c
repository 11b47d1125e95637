/* A registry's table in parts by the hash of its records' key, while a city works: beside the table stands a copy in
 * parts, filled batch by batch, into which a trigger repeats whatever is written meanwhile; at the end it takes the
 * table's place and name in one short transaction. Nothing reads the copy before. Killed anywhere, the next call goes
 * on with what is there.
 *
 * Why the copy holds the same. The trigger works inside each write, so a row is in both or in neither for every view of
 * a moment after the copying. While it goes on: a batch locks its rows FOR SHARE until it is on disk. Who changed or
 * removed a row before, is waited for, and the row is read as they left it: their trigger has put it in already (ON
 * CONFLICT passes it over), or it is gone. Who comes after, waits for the batch, and their trigger, whose statements
 * see what others have committed, finds the row to take out. Rows made meanwhile are the trigger's alone: making it
 * waits for every write that does not know it yet.
 *
 * An index over parts is unique only with the key in it. For any other column a trigger keeps the rule: see sole_sql.
 */
#include <time.h>

#include "db/postgres_internal.h"

enum {
    PARTS = 16,
    BATCH_ROWS = 200, /* locked together: for milliseconds */
    SOLE_MAX = 64,
    NAME_BYTES = 64,
    SCRIPT_MAX = 8192,
    PAUSE_MS = 500,
    TRIES_MAX = 1200, /* ten minutes */
};

struct spread {
    struct arena *arena;
    const char *table, *columns; /* columns: those that are written */
    char copy[NAME_BYTES];       /* in parts; no registry's table is named like it */
    int64_t last, reached, rows; /* of the copying: the id it has got to, and those of the batch */
    bool done;                   /* the table has its parts */
};

/* Who waits for a lock has everybody else wait behind them: so not for long, but often. */
static const char briefly[] = "SET LOCAL lock_timeout = '200ms'";

static void pause_a_moment(void)
{
    const struct timespec t = {0, PAUSE_MS * 1000000L};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL); /* a signal ends it early: fine */
}

static bool patiently(struct store *s, write_fn *fn, struct spread *x, struct error *e)
{
    for (int tries = 1; !store_write(s, fn, x, e); tries++) {
        if (e->code != E_BUSY || tries == TRIES_MAX)
            return false;
        error_done(e);
        error_init(e);
        pause_a_moment();
    }
    return true;
}

static bool is_divided(struct db *db, const char *table, bool *out, struct error *e)
{
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, out, e, "SELECT 1 FROM pg_class WHERE oid = to_regclass($1) AND relkind = 'p'",
                   ARGS(TEXT(table)));
}

/* Whether the copy is there, with the columns and indexes that the table has now. */
static bool has_copy(struct db *db, const struct spread *x, bool *out, struct error *e)
{
    static const char sql[] =
        "SELECT count(*) = 2 AND count(DISTINCT shape) = 1 FROM (SELECT"
        " (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, pg_get_expr(d.adbin, d.adrelid)), ','"
        "   ORDER BY a.attnum) FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid"
        "   AND d.adnum = a.attnum WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped)"
        " || (SELECT string_agg(substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*'), ','"
        "   ORDER BY substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*')) FROM pg_index i"
        "   WHERE i.indrelid = t.oid) AS shape"
        " FROM pg_class t WHERE t.oid IN (to_regclass($1), to_regclass($2))) AS both_tables";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, sql, ARGS(TEXT(x->table), TEXT(x->copy))))
        return false;
    *out = rows_i64(r, 0);
    return true;
}

static bool script(struct db *db, const struct spread *x, const char *body, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SCRIPT_MAX);

    buf_printf(&sql, "DO $spread$ DECLARE t TEXT := '%s'; n TEXT := '%s'; parts INT := %d; %s $spread$", x->table,
               x->copy, PARTS, body);
    return pg_script_whole(db, sql.data, e);
}

/* ---- the copy and its trigger ---- */
static const char drop_copy[] = " BEGIN"
                                " EXECUTE format('DROP TABLE IF EXISTS %I', n);"
                                " EXECUTE format('DROP FUNCTION IF EXISTS %I() CASCADE', n);" /* and its trigger */
                                " END";

static const char make_copy[] =
    " names TEXT; news TEXT; i RECORD;"
    " BEGIN"
    " EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)"
    "   PARTITION BY HASH (key)', n, t);"
    " FOR k IN 0 .. parts - 1 LOOP"
    "   EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',"
    "     n || to_char(k, '\"_\"FM00'), n, parts, k);"
    " END LOOP;"
    " FOR i IN SELECT row_number() OVER () AS at, substring(pg_get_indexdef(indexrelid) FROM ' USING .*') AS rest"
    "   FROM pg_index WHERE indrelid = to_regclass(t)"
    " LOOP"
    "   EXECUTE format('CREATE %s %I ON %I%s', CASE WHEN i.rest = ' USING btree (key)' THEN 'UNIQUE INDEX'"
    "     ELSE 'INDEX' END, n || '_i' || i.at, n, i.rest);"
    " END LOOP;"
    " SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum),"
    "   string_agg(format('NEW.%I', attname), ', ' ORDER BY attnum) INTO names, news FROM pg_attribute"
    "   WHERE attrelid = to_regclass(t) AND attnum > 0 AND NOT attisdropped AND attgenerated = '';"
    " EXECUTE format('CREATE FUNCTION %I() RETURNS TRIGGER LANGUAGE plpgsql AS %L', n, format('BEGIN"
    "   IF TG_OP <> ''INSERT'' THEN DELETE FROM %1$I WHERE key = OLD.key; END IF;"
    "   IF TG_OP <> ''DELETE'' THEN INSERT INTO %1$I (%2$s) VALUES (%3$s); END IF;"
    "   RETURN NULL; END', n, names, news));"
    " EXECUTE format('CREATE TRIGGER %1$I AFTER INSERT OR UPDATE OR DELETE ON %2$I FOR EACH ROW"
    "   EXECUTE FUNCTION %1$I()', n, t);"
    " END";

static bool columns_of(struct db *db, struct spread *x, struct error *e)
{
    static const char sql[] = "SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum) FROM pg_attribute"
                              " WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
                              " AND attgenerated = ''";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, sql, ARGS(TEXT(x->table))))
        return false;
    if (rows_is_null(r, 0))
        return fail(e, E_NOT_FOUND, "%s", x->table);
    x->columns = arena_strdup(x->arena, rows_text(r, 0));
    return true;
}

static bool begin(struct db *db, void *arg, struct error *e)
{
    struct spread *x = arg;
    bool copied;

    if (!db_serial(db, x->copy, e) || !is_divided(db, x->table, &x->done, e))
        return false;
    if (x->done)
        return true;
    if (!columns_of(db, x, e) || !has_copy(db, x, &copied, e))
        return false;
    return copied || (pg_script_whole(db, briefly, e) && script(db, x, drop_copy, e) && script(db, x, make_copy, e));
}

/* ---- copying ---- */
static bool copy_batch(struct db *db, void *arg, struct error *e)
{
    struct spread *x = arg;
    auto_buf struct buf sql = BUF_INIT(SCRIPT_MAX);
    auto_rows struct rows *r = NULL;
    bool found;

    db_touches(db, NULL, 0); /* nobody reads there yet */
    buf_printf(&sql,         /* house: a constant of ours */
               "WITH batch AS MATERIALIZED (SELECT %s FROM %s WHERE id > $1 ORDER BY id LIMIT %d FOR SHARE),"
               " put AS (INSERT INTO %s (%s) SELECT %s FROM batch ON CONFLICT (key) DO NOTHING)"
               " SELECT coalesce(max(id), 0), count(*) FROM batch",
               x->columns, x->table, (int)BATCH_ROWS, x->copy, x->columns, x->columns);
    if (!pg_script_whole(db, briefly, e) || !db_find(db, &r, &found, e, sql.data, ARGS(I64(x->last))))
        return false;
    x->reached = rows_i64(r, 0);
    x->rows = rows_i64(r, 1);
    return true;
}

static bool take_figures(struct db *db, void *arg, struct error *e)
{
    const struct spread *x = arg;
    char sql[NAME_BYTES * 2];

    (void)snprintf(sql, sizeof sql, "ANALYZE %s", x->copy); /* no daemon does it for a table in parts */
    return pg_script_whole(db, sql, e);
}

static bool copy_rows(struct store *s, struct spread *x, struct error *e)
{
    x->rows = BATCH_ROWS;
    while (x->rows > 0) {
        if (!patiently(s, copy_batch, x, e))
            return false;
        x->last = x->reached;
    }
    return store_write(s, take_figures, x, e);
}

/* One view sees both tables, and in each view they are the same: proved beside the work of the city, without a lock. */
static bool is_whole(struct store *s, const struct spread *x, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SCRIPT_MAX);
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    buf_printf(&sql,
               "SELECT count(*) FROM %s AS o FULL JOIN %s AS n ON n.key = o.key"
               " WHERE CAST(o AS TEXT) IS DISTINCT FROM CAST(n AS TEXT)",
               x->table, x->copy);
    if (!store_read(s, &db, e) || !db_find(db, &r, &found, e, sql.data, NULL))
        return false;
    return rows_i64(r, 0) == 0 ||
           fail(e, E_DATABASE, "%s differs from %s in %s rows", x->copy, x->table, rows_text(r, 0));
}

static bool give_up(struct db *db, void *arg, struct error *e)
{
    return pg_script_whole(db, briefly, e) && script(db, arg, drop_copy, e);
}

/* ---- the change over ---- */
static bool views_now(struct store *s, struct arena *a, const char **out, struct error *e)
{
    static const char sql[] =
        "SELECT coalesce(string_agg(l.virtualtransaction, ' '), '') FROM pg_locks l JOIN pg_stat_activity a"
        " ON a.pid = l.pid WHERE l.locktype = 'virtualxid' AND a.datname = current_database()"
        " AND a.usename IS NOT NULL AND l.pid <> pg_backend_pid()"; /* no user: a daemon, which reads no rows */
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(s, &db, e) || !db_find(db, &r, &found, e, sql, NULL))
        return false;
    *out = arena_strdup(a, rows_text(r, 0));
    return true;
}

static bool have_ended(struct store *s, const char *views, bool *ended, struct error *e)
{
    static const char sql[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'virtualxid'"
                              " AND virtualtransaction = ANY (string_to_array($1, ' '))";
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(s, &db, e) || !db_find(db, &r, &found, e, sql, ARGS(TEXT(views))))
        return false;
    *ended = rows_i64(r, 0) == 0;
    return true;
}

/* A reader keeps its view to its end. One that is older than the copy would miss rows there, so it has to end first. */
static bool older_views_end(struct store *s, const struct spread *x, struct error *e)
{
    const char *views;
    bool ended;

    if (!views_now(s, x->arena, &views, e))
        return false;
    for (int tries = 1; tries <= TRIES_MAX; tries++) {
        if (!have_ended(s, views, &ended, e))
            return false;
        if (ended)
            return true;
        if (tries == 1)
            log_line(LOG_INFO, "older-readers", "table=%s", x->table);
        pause_a_moment();
    }
    return fail(e, E_BUSY, "somebody reads in one transaction since before %s was copied", x->table);
}

/* Triggers (a move's) and the indexes' names go over; what was prepared names the table, and is planned anew. */
static const char take_place[] =
    " step TEXT; steps TEXT[];"
    " BEGIN"
    " steps := ARRAY(SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = to_regclass(t)"
    "     AND NOT tgisinternal AND tgname <> n)"
    "   || ARRAY(SELECT format('ALTER INDEX %I RENAME TO %I', cn.relname, co.relname)"
    "     FROM pg_index o JOIN pg_class co ON co.oid = o.indexrelid, pg_index i JOIN pg_class cn ON cn.oid = "
    "i.indexrelid"
    "     WHERE o.indrelid = to_regclass(t) AND i.indrelid = to_regclass(n)"
    "     AND substring(pg_get_indexdef(o.indexrelid) FROM ' USING .*')"
    "       = substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*'));"
    " EXECUTE format('DROP TABLE %I', t);"
    " EXECUTE format('DROP FUNCTION %I()', n);"
    " EXECUTE format('ALTER TABLE %I RENAME TO %I', n, t);"
    " FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;"
    " END";

/* Keeps an index's column unique over parts. Whoever brings a value takes the lock of that value to the end of their
 * transaction, and only then looks for another row that has it: the look sees what was committed before, since writes
 * are READ COMMITTED. Many values in two orders can make a deadlock, which the store tries again. An insert passes the
 * row over, as it does for ON CONFLICT DO NOTHING. A computed column has no value yet before its row is written, so
 * what computes it is asked. (An import brings some hundred values at once, and the server has room for thousands of
 * locks. The function's name is none of a move's, and short enough for any index's.) */
static const char sole_sql[] =
    " col TEXT; value TEXT;"
    " BEGIN"
    " SELECT quote_ident(a.attname), coalesce(pg_get_expr(d.adbin, d.adrelid), quote_ident(a.attname)) INTO col, value"
    "   FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
    "   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    "   WHERE i.indexrelid = to_regclass(n);"
    " EXECUTE format('CREATE OR REPLACE FUNCTION %I() RETURNS TRIGGER LANGUAGE plpgsql AS %L', 'u_' || n, format('"
    "   #variable_conflict use_column\n"
    "   DECLARE brought TEXT;"
    "   BEGIN"
    "   SELECT %1$s INTO brought FROM (SELECT NEW.*) AS coming;"
    "   IF brought IS NULL THEN RETURN NEW; END IF;"
    "   IF TG_OP = ''UPDATE'' THEN IF brought = OLD.%2$s THEN RETURN NEW; END IF; END IF;"
    "   PERFORM pg_advisory_xact_lock(hashtextextended(%3$L || brought, 0));"
    "   IF NOT EXISTS (SELECT 1 FROM %4$I AS other WHERE other.%2$s = brought AND other.id <> NEW.id) THEN"
    "   RETURN NEW; END IF;"
    "   IF TG_OP = ''INSERT'' THEN RETURN NULL; END IF;"
    "   RAISE unique_violation USING MESSAGE = %5$L;"
    "   END', value, col, t || ' ' || col || ' ', t, n || ' is to be unique'));"
    " EXECUTE format('CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT OR UPDATE ON %2$I FOR EACH ROW"
    "   EXECUTE FUNCTION %1$I()', 'u_' || n, t);"
    " END";

static bool keep_sole(struct db *db, const char *table, const char *index, struct error *e)
{
    struct spread x = {.table = table};

    (void)snprintf(x.copy, sizeof x.copy, "%s", index);
    return script(db, &x, sole_sql, e);
}

static bool change_over(struct db *db, void *arg, struct error *e)
{
    static const char soles[] =
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass($1)"
        " AND i.indisunique AND NOT i.indisprimary AND pg_get_indexdef(c.oid) NOT LIKE '%(key)' ORDER BY c.relname";
    struct spread *x = arg;
    auto_arena struct arena *a = arena_new();
    const char *indexes[SOLE_MAX];
    char lock[NAME_BYTES * 2];
    bool same;
    size_t n;

    (void)snprintf(lock, sizeof lock, "%s; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", briefly, x->table);
    if (!db_serial(db, x->copy, e) || !pg_script_whole(db, lock, e) || !has_copy(db, x, &same, e))
        return false;
    if (!same)
        return fail(e, E_DATABASE, "the definition of %s was changed meanwhile: call this again", x->table);
    if (!db_texts(db, a, indexes, SOLE_MAX, &n, e, soles, ARGS(TEXT(x->table))) || !script(db, x, take_place, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!keep_sole(db, x->table, indexes[i], e))
            return false;
    return true;
}

bool pg_spread(struct store *s, const char *table, bool *divided, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error undone;
    struct spread x = {.arena = a, .table = table};

    error_init(&undone);
    (void)snprintf(x.copy, sizeof x.copy, "part_%s", table);
    if (!patiently(s, begin, &x, e))
        return false;
    *divided = !x.done;
    if (x.done)
        return true;
    if (!copy_rows(s, &x, e))
        return false;
    if (!is_whole(s, &x, e)) {
        (void)patiently(s, give_up, &x, &undone); /* the next call begins anew, here or there */
        return false;
    }
    return older_views_end(s, &x, e) && patiently(s, change_over, &x, e);
}

/* ---- a rule that comes later ---- */
static bool has_doubles(struct db *db, const char *table, const char *column, bool *out, struct error *e)
{
    char sql[NAME_BYTES * 6];
    auto_rows struct rows *r = NULL;

    (void)snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE %s IS NOT NULL GROUP BY %s HAVING count(*) > 1 LIMIT 1",
                   table, column, column);
    return db_find(db, &r, out, e, sql, NULL);
}

bool pg_define_unique(struct db *db, const char *table, const char *column, const char *index, bool *guarded,
                      struct error *e)
{
    char sql[NAME_BYTES * 4];
    bool doubles;

    /* Nobody writes from here to the end; and nobody divides it between the look and the rule. */
    (void)snprintf(sql, sizeof sql, "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", table);
    if (!pg_script(db, sql, e) || !is_divided(db, table, guarded, e))
        return false;
    if (!*guarded)
        return true;
    if (!has_doubles(db, table, column, &doubles, e))
        return false;
    if (doubles)
        return fail(e, E_CONFLICT, "%s: two rows have the same %s", table, column);
    (void)snprintf(sql, sizeof sql, "CREATE INDEX %s ON %s (%s)", index, table, column);
    return pg_script(db, sql, e) && keep_sole(db, table, index, e);
}
