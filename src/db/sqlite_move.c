/* What moving needs of SQLite: its catalogue, the triggers that note which rows changed, and those that refuse writes.
 * Both act on whoever writes, also on a server in another process, and cost nothing once they are gone. */
#include "db/move_internal.h"
#include "db/sqlite_internal.h"

#include <sqlite3.h>
#include <string.h>

static bool script(struct db *db, const char *sql, struct error *e)
{
    sqlite3 *handle = sqlite_of(db)->handle;

    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(e, E_DATABASE, "%s in: %.160s", sqlite3_errmsg(handle), sql);
}

/* ---- the catalogue ---- */
static bool kind_of(const char *type, enum value_kind *out)
{
    static const struct {
        const char *type;
        enum value_kind kind;
    } kinds[] = {{"INTEGER", VALUE_I64}, {"REAL", VALUE_F64}, {"TEXT", VALUE_TEXT}, {"BLOB", VALUE_BLOB}};

    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].type, type) == 0) {
            *out = kinds[i].kind;
            return true;
        }
    return false;
}

static void add_search(struct move_tables *out, const char *table)
{
    const struct move_column id = {"rowid", "rowid", VALUE_I64, MOVE_PLAIN},
                             text = {"text", "text", VALUE_TEXT, MOVE_WORDS};

    (void)move_table_add(out, table, &id, 1);
    move_table_add(out, table, &text, 0)->search = true;
}

bool sqlite_move_tables(struct db *db, struct move_tables *out, struct error *e)
{
    static const char sql[] =
        "SELECT l.name, x.name, x.type, x.pk, l.type = 'virtual'"
        " FROM pragma_table_list AS l, pragma_table_xinfo(l.name) AS x"
        " WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') AND x.hidden = 0"
        " AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND l.name NOT LIKE 'move~_%' ESCAPE '~' ORDER BY l.name, x.cid";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, NULL))
        return false;
    while (rows_next(r, &more, e)) {
        struct move_column c = {0};

        if (!more)
            return true;
        if (rows_i64(r, 4)) {
            add_search(out, rows_text(r, 0));
            continue;
        }
        c.name = c.read = db_name(out->arena, rows_text(r, 1));
        if (!kind_of(rows_text(r, 2), &c.kind))
            return fail(e, E_DATABASE, "column %.60s is of a type that nobody knows", rows_text(r, 1));
        (void)move_table_add(out, rows_text(r, 0), &c, (int)rows_i64(r, 3));
    }
    return false;
}

/* ---- triggers ---- */
static void put_key(struct buf *sql, const struct move_table *t, const char *of)
{
    buf_puts(sql, "json_array(");
    for (size_t i = 0; i < t->n_key; i++)
        buf_printf(sql, t->columns[t->keys[i]].kind == VALUE_BLOB ? "%shex(%s.%s)" : "%s%s.%s", i ? ", " : "", of,
                   t->key_names[i]);
    buf_puts(sql, ")");
}

static bool watch_for(struct db *db, const struct move_table *t, const char *act, bool old, bool new, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);

    buf_printf(&sql,
               "CREATE TRIGGER IF NOT EXISTS \"move_%s_%s\" AFTER %s ON \"%s\" BEGIN"
               " INSERT INTO move_change (tbl, key) ",
               act, t->name, act, t->name);
    for (int i = 0; i < 2; i++) {
        if (i == 0 ? !old : !new)
            continue;
        buf_printf(&sql, "%sSELECT '%s', ", i && old ? " UNION " : "", t->name); /* house: a name from the catalogue */
        put_key(&sql, t, i == 0 ? "OLD" : "NEW");
    }
    buf_puts(&sql, "; END");
    return script(db, sql.data, e);
}

bool sqlite_move_watch(struct db *db, const struct move_table *t, struct error *e)
{
    if (!script(db,
                "CREATE TABLE IF NOT EXISTS move_change (seq INTEGER PRIMARY KEY, tbl TEXT NOT NULL, key TEXT NOT NULL)"
                " STRICT",
                e))
        return false;
    return watch_for(db, t, "insert", false, true, e) && watch_for(db, t, "update", true, true, e) &&
           watch_for(db, t, "delete", true, false, e);
}

bool sqlite_move_refuse(struct db *db, const struct move_table *t, struct error *e)
{
    static const char *const acts[] = {"insert", "update", "delete"};

    for (size_t i = 0; i < COUNT(acts); i++) {
        auto_buf struct buf sql = BUF_INIT(SQL_MAX);

        buf_printf(&sql,
                   "CREATE TRIGGER IF NOT EXISTS \"move_refuse_%s_%s\" BEFORE %s ON \"%s\" BEGIN"
                   " SELECT RAISE(ABORT, 'moved'); END",
                   acts[i], t->name, acts[i], t->name);
        if (!script(db, sql.data, e))
            return false;
    }
    return true;
}

bool sqlite_move_leave(struct db *db, bool all, struct error *e)
{
    static const char sql[] =
        "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'table') AND name LIKE $1 ESCAPE '~'"
        " ORDER BY type DESC";
    auto_buf struct buf drops = BUF_INIT(1 << 20);
    auto_rows struct rows *r = NULL;
    bool more = true;

    if (!db_query(db, &r, e, sql, ARGS(TEXT(all ? "move~_%" : "move~_refuse~_%"))))
        return false;
    while (rows_next(r, &more, e) && more)
        buf_printf(&drops, "DROP %s \"%s\";", rows_text(r, 0), rows_text(r, 1));
    if (more)
        return false;
    rows_close(r);
    r = NULL;
    return !drops.data || script(db, drops.data, e);
}

/* ---- rows ---- */
static void put_places(struct buf *sql, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(sql, "%s$%zu", i ? ", " : "", i + 1);
}

bool sqlite_move_take(struct db *db, const struct move_table *t, const struct move_rows *rows, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);

    buf_printf(&sql, "INSERT %sINTO \"%s\" (", t->search ? "OR REPLACE " : "", t->name);
    for (size_t i = 0; i < t->n; i++)
        buf_printf(&sql, "%s%s", i ? ", " : "", t->columns[i].name);
    buf_puts(&sql, ") VALUES (");
    put_places(&sql, t->n);
    buf_puts(&sql, t->search ? ")" : ") ON CONFLICT DO NOTHING");
    for (size_t i = 0; i < rows->n; i++)
        if (!sqlite_exec(db, NULL, e, sql.data, move_row(rows, i)))
            return false;
    return true;
}

bool sqlite_move_remove(struct db *db, const struct move_table *t, const struct move_rows *keys, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);

    buf_printf(&sql, "DELETE FROM \"%s\"", t->name);
    for (size_t i = 0; i < t->n_key; i++)
        buf_printf(&sql, "%s%s = $%zu", i ? " AND " : " WHERE ", t->key_names[i], i + 1);
    for (size_t i = 0; i < keys->n; i++)
        if (!sqlite_exec(db, NULL, e, sql.data, move_row(keys, i)))
            return false;
    return true;
}
