/* What moving needs of PostgreSQL: its catalogue, the triggers that note which rows changed, those that refuse writes,
 * and rows by the hundred in one statement (a JSON text that the server spreads into rows). */
#include "db/move_internal.h"
#include "db/postgres_internal.h"

#include <string.h>

enum { TAKE_MAX = 64 << 20 };

/* ---- the catalogue ---- */
static bool column_of(struct arena *a, const char *name, const char *type, struct move_column *out)
{
    static const struct {
        const char *type;
        enum value_kind kind;
        enum move_form form;
    } types[] = {
        {"int8", VALUE_I64, MOVE_PLAIN},   {"int4", VALUE_I64, MOVE_PLAIN},  {"int2", VALUE_I64, MOVE_PLAIN},
        {"float8", VALUE_F64, MOVE_PLAIN}, {"text", VALUE_TEXT, MOVE_PLAIN}, {"json", VALUE_TEXT, MOVE_JSON},
        {"bytea", VALUE_BLOB, MOVE_PLAIN}, {"name", VALUE_TEXT, MOVE_PLAIN}, {"tsvector", VALUE_TEXT, MOVE_WORDS},
    };

    for (size_t i = 0; i < COUNT(types); i++)
        if (strcmp(types[i].type, type) == 0) {
            const char *quoted = db_name(a, name);

            *out = (struct move_column){quoted, quoted, types[i].kind, types[i].form};
            if (out->form == MOVE_WORDS)
                out->read = arena_printf(a, "array_to_string(tsvector_to_array(%s), ' ')", quoted);
            return true;
        }
    return false;
}

bool pg_move_tables(struct db *db, struct move_tables *out, struct error *e)
{
    static const char sql[] =
        "SELECT c.relname, a.attname, t.typname,"
        " CASE WHEN i.indrelid IS NOT NULL THEN coalesce(array_position(CAST(i.indkey AS INT2[]), a.attnum) + 1, 0)"
        " WHEN a.attname = 'id' THEN 1 ELSE 0 END" /* in parts by its keys, it has lost PRIMARY KEY (id) */
        " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " AND a.attgenerated = '' JOIN pg_type AS t ON t.oid = a.atttypid"
        " LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary"
        " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
        " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE 'move~_%' ESCAPE '~'"
        " AND c.relname NOT LIKE 'part~_%' ESCAPE '~'" /* of postgres_spread.c: not yet a table of the city */
        " ORDER BY c.relname COLLATE \"C\", a.attnum";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, NULL))
        return false;
    while (rows_next(r, &more, e)) {
        struct move_column c;
        struct move_table *t;

        if (!more)
            return true;
        if (!column_of(out->arena, rows_text(r, 1), rows_text(r, 2), &c))
            return fail(e, E_DATABASE, "column %.60s is of a type that nobody knows", rows_text(r, 1));
        t = move_table_add(out, rows_text(r, 0), &c, (int)rows_i64(r, 3));
        t->search |= c.form == MOVE_WORDS;
    }
    return false;
}

/* ---- triggers ---- */
static void put_key(struct buf *sql, const struct move_table *t, const char *of)
{
    buf_puts(sql, "CAST(json_build_array(");
    for (size_t i = 0; i < t->n_key; i++)
        buf_printf(sql, t->columns[t->keys[i]].kind == VALUE_BLOB ? "%sencode(%s.%s, 'hex')" : "%s%s.%s", i ? ", " : "",
                   of, t->key_names[i]);
    buf_puts(sql, ") AS TEXT)");
}

static bool make_log(struct db *db, struct error *e)
{
    return pg_script_whole(
        db,
        "CREATE TABLE IF NOT EXISTS move_change (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " tbl TEXT NOT NULL, key TEXT NOT NULL)",
        e);
}

bool pg_move_watch(struct db *db, const struct move_table *t, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);

    if (t->search)
        return true; /* its texts change with their owner's rows */
    buf_printf(&sql,
               "CREATE OR REPLACE FUNCTION \"move_%s\"() RETURNS TRIGGER LANGUAGE plpgsql AS $move$ BEGIN"
               " IF TG_OP <> 'INSERT' THEN INSERT INTO move_change (tbl, key) VALUES (TG_ARGV[0], ",
               t->name);
    put_key(&sql, t, "OLD");
    buf_puts(&sql, "); END IF; IF TG_OP <> 'DELETE' THEN INSERT INTO move_change (tbl, key) VALUES (TG_ARGV[0], ");
    put_key(&sql, t, "NEW");
    buf_printf(&sql, /* it is told the table: in one that is divided its own name is the part's */
               "); END IF; RETURN NULL; END $move$;"
               " CREATE OR REPLACE TRIGGER move_watch AFTER INSERT OR UPDATE OR DELETE ON \"%s\""
               " FOR EACH ROW EXECUTE FUNCTION \"move_%s\"(\"%s\")",
               t->name, t->name, t->name);
    return make_log(db, e) && pg_script_whole(db, sql.data, e);
}

bool pg_move_refuse(struct db *db, const struct move_table *t, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);

    buf_printf(&sql,
               "CREATE OR REPLACE FUNCTION move_refuse() RETURNS TRIGGER LANGUAGE plpgsql AS"
               " $move$ BEGIN RAISE EXCEPTION 'moved' USING ERRCODE = 'MV001'; END $move$;"
               " CREATE OR REPLACE TRIGGER move_refuse BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON \"%s\""
               " FOR EACH STATEMENT EXECUTE FUNCTION move_refuse()",
               t->name);
    return pg_script_whole(db, sql.data, e);
}

bool pg_move_leave(struct db *db, bool all, struct error *e)
{
    static const char sql[] =
        "SELECT 'FUNCTION ' || CAST(oid AS REGPROCEDURE) FROM pg_proc WHERE proname LIKE $1 ESCAPE '~'"
        " AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
        " UNION ALL SELECT 'TABLE ' || CAST(oid AS REGCLASS) FROM pg_class WHERE relname LIKE $1 ESCAPE '~'"
        " AND relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
    auto_buf struct buf drops = BUF_INIT(1 << 20);
    auto_rows struct rows *r = NULL;
    bool more = true;

    if (!db_query(db, &r, e, sql, ARGS(TEXT(all ? "move~_%" : "move~_refuse"))))
        return false;
    while (rows_next(r, &more, e) && more)
        buf_printf(&drops, "DROP %s CASCADE;", rows_text(r, 0)); /* with its triggers */
    if (more)
        return false;
    rows_close(r);
    r = NULL;
    return !drops.data || pg_script_whole(db, drops.data, e);
}

/* ---- rows ---- */
static void put_number(struct json_out *o, double n)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%.17g", n);
    out_raw(o, text);
}

static void put_blob(struct json_out *o, const struct value *v)
{
    auto_free char *hex = malloc(v->bytes.len * 2 + 1);

    if (!hex)
        die("a value", v->bytes.len);
    out_text(o, sodium_bin2hex(hex, v->bytes.len * 2 + 1, v->bytes.data, v->bytes.len));
}

static void put_value(struct json_out *o, const struct value *v)
{
    switch (v->kind) {
    case VALUE_I64:
        out_i64(o, v->i64);
        break;
    case VALUE_F64:
        put_number(o, v->f64);
        break;
    case VALUE_TEXT:
        out_text(o, v->bytes.data);
        break;
    case VALUE_BLOB:
        put_blob(o, v);
        break;
    case VALUE_NULL:
    case VALUE_END:
        out_null(o);
    }
}

/* [{"c0": …, "c1": …}, …] */
static bool put_rows(struct json_out *o, const struct move_rows *rows, struct error *e)
{
    char name[24];

    out_open(o, '[');
    for (size_t i = 0; i < rows->n; i++) {
        out_open(o, '{');
        for (size_t k = 0; k < rows->width; k++) {
            (void)snprintf(name, sizeof name, "c%zu", k);
            out_key(o, name);
            put_value(o, &move_row(rows, i)[k]);
        }
        out_close(o, '}');
    }
    out_close(o, ']');
    return !o->buf.overflow || fail(e, E_BODY_TOO_LARGE, "rows of more than %d bytes", TAKE_MAX);
}

static void put_record(struct buf *sql, const struct move_column *const columns[], size_t n)
{
    static const char *const types[] = {
        [VALUE_I64] = "BIGINT", [VALUE_F64] = "DOUBLE PRECISION", [VALUE_TEXT] = "TEXT", [VALUE_BLOB] = "TEXT"};

    buf_puts(sql, "json_to_recordset(CAST($1 AS JSON)) AS x (");
    for (size_t i = 0; i < n; i++)
        buf_printf(sql, "%sc%zu %s", i ? ", " : "", i, types[columns[i]->kind]);
    buf_puts(sql, ")");
}

static void put_cast(struct buf *sql, const struct move_column *c, size_t i)
{
    if (c->form == MOVE_WORDS)
        buf_printf(sql, "array_to_tsvector(array_remove(string_to_array(x.c%zu, ' '), ''))", i);
    else if (c->form == MOVE_JSON)
        buf_printf(sql, "CAST(x.c%zu AS JSON)", i);
    else if (c->kind == VALUE_BLOB)
        buf_printf(sql, "decode(x.c%zu, 'hex')", i);
    else
        buf_printf(sql, "x.c%zu", i);
}

static bool run_over(struct db *db, const char *sql, const struct move_rows *rows, struct error *e)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    return rows->n == 0 || (put_rows(&o, rows, e) && pg_exec(db, NULL, e, sql, ARGS(TEXT(out_string(&o)))));
}

bool pg_move_take(struct db *db, const struct move_table *t, const struct move_rows *rows, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);
    const struct move_column **columns = arena_array(a, const struct move_column *, t->n);

    buf_printf(&sql, "INSERT INTO \"%s\" (", t->name);
    for (size_t i = 0; i < t->n; i++) {
        columns[i] = &t->columns[i];
        buf_printf(&sql, "%s%s", i ? ", " : "", t->columns[i].name);
    }
    buf_puts(&sql, ") SELECT ");
    for (size_t i = 0; i < t->n; i++) {
        buf_puts(&sql, i ? ", " : "");
        put_cast(&sql, &t->columns[i], i);
    }
    buf_puts(&sql, " FROM ");
    put_record(&sql, columns, t->n);
    buf_puts(&sql, " ON CONFLICT DO NOTHING");
    return run_over(db, sql.data, rows, e);
}

bool pg_move_remove(struct db *db, const struct move_table *t, const struct move_rows *keys, struct error *e)
{
    const struct move_column *columns[MOVE_KEYS_MAX];
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);

    for (size_t i = 0; i < t->n_key; i++)
        columns[i] = &t->columns[t->keys[i]];
    buf_printf(&sql, "DELETE FROM \"%s\" AS t USING ", t->name);
    put_record(&sql, columns, t->n_key);
    for (size_t i = 0; i < t->n_key; i++) {
        buf_printf(&sql, "%st.%s = ", i ? " AND " : " WHERE ", columns[i]->name);
        put_cast(&sql, columns[i], i);
    }
    return run_over(db, sql.data, keys, e);
}
