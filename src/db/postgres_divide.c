/* Growing tables in parts: native range partitions by an id, which begins with the time it was made. What a table holds
 * becomes its first part as it stands, unmoved; each later year has one of its own. */
#include <inttypes.h>

#include "base/id.h"
#include "db/postgres_internal.h"

enum { YEARS_AHEAD = 3, DIVIDE_SQL_MAX = 8192 };

/* The table becomes the first part of a new one of its name; its indexes give up their names to those of the whole, and
 * its triggers (a move's) become those of the whole, so that the years to come have them too. A rule of uniqueness that
 * does not carry the column cannot hold over parts: it becomes a plain index. */
static const char divide_sql[] =
    " i RECORD; whole TEXT; trigger TEXT; triggers TEXT[];"
    " BEGIN"
    " EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', t);"
    " triggers := ARRAY(SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = to_regclass(t) AND NOT "
    "tgisinternal);"
    " FOR trigger IN SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(t) AND NOT tgisinternal"
    " LOOP EXECUTE format('DROP TRIGGER %I ON %I', trigger, t); END LOOP;"
    " EXECUTE format('ALTER TABLE %I RENAME TO %I', t, old);"
    " EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (%I)', t,"
    " old, col);"
    " FOR i IN SELECT c.relname AS name, x.indisprimary AS is_key, x.indisunique AS is_sole, k.conname AS rule,"
    "   pg_get_constraintdef(k.oid) AS key, substring(pg_get_indexdef(c.oid) FROM ' USING .*') AS rest,"
    "   EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attname = col"
    "     AND a.attnum = ANY (CAST(x.indkey AS INT2[]))) AS carries"
    "   FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid LEFT JOIN pg_constraint k ON k.conindid = c.oid"
    "   AND k.contype IN ('p', 'u') WHERE x.indrelid = CAST(quote_ident(old) AS REGCLASS)"
    " LOOP"
    "   IF i.is_sole AND NOT i.carries AND i.rule IS NOT NULL THEN"
    "     EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', old, i.rule);"
    "   ELSIF i.is_sole AND NOT i.carries THEN EXECUTE format('DROP INDEX %I', i.name);"
    "   ELSE EXECUTE format('ALTER INDEX %I RENAME TO %I', i.name, left(i.name, 48) || substring(old FROM "
    "'_before_.*'));"
    "   END IF;"
    "   IF i.is_key AND i.carries THEN EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I %s', t, i.name, i.key);"
    "   ELSE"
    "     whole := CASE WHEN i.is_sole AND i.carries THEN 'UNIQUE INDEX' ELSE 'INDEX' END;"
    "     EXECUTE format('CREATE %s %I ON %I%s', whole, i.name, t, i.rest);"
    "   END IF;"
    " END LOOP;"
    " EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', t, old, first);"
    " EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', t || '_rest', t);"
    " FOREACH trigger IN ARRAY triggers LOOP EXECUTE trigger; END LOOP;"
    " END $divide$";

static int64_t year_starts(int year)
{
    return id_first_at(date_start_ms((struct date){year, 1, 1}));
}

/* The newest year that has a part of its own, 0: the table is whole. */
static bool newest_part(struct db *db, const char *table, int64_t *year, struct error *e)
{
    static const char sql[] = "SELECT COALESCE(MAX(CAST(right(c.relname, 4) AS BIGINT)), 0) FROM pg_inherits i"
                              " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1) AND "
                              "c.relname ~ ('^' || $1 || '_[0-9]{4}$')";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, sql, ARGS(TEXT(table))))
        return false;
    *year = rows_i64(r, 0);
    return true;
}

static bool add_parts(struct db *db, const char *table, int first, int last, struct error *e)
{
    char sql[512];

    for (int year = first; year <= last; year++) {
        (void)snprintf(sql, sizeof sql,
                       "CREATE TABLE \"%s_%04d\" PARTITION OF \"%s\" FOR VALUES FROM (%" PRId64 ") TO (%" PRId64 ")",
                       table, year, table, year_starts(year), year_starts(year + 1));
        if (!pg_script_whole(db, sql, e))
            return false;
    }
    return true;
}

/* Clocks differ and run ahead: what is there may reach into the next year. */
static bool first_year(struct db *db, const struct division *d, int *out, struct error *e)
{
    char sql[256];
    auto_rows struct rows *r = NULL;
    int64_t newest = d->now;
    bool found;

    (void)snprintf(sql, sizeof sql, "SELECT MAX(%s) FROM %s", d->column, d->table);
    if (!db_find(db, &r, &found, e, sql, NULL))
        return false;
    if (!rows_is_null(r, 0) && id_time_ms(rows_i64(r, 0)) > newest)
        newest = id_time_ms(rows_i64(r, 0));
    *out = date_at(newest).year + 1;
    return true;
}

bool pg_divide(struct db *db, const struct division *d, bool *divided, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(DIVIDE_SQL_MAX);
    int64_t newest;
    int first;

    *divided = false;
    if (!db_serial(db, "divide", e) || !newest_part(db, d->table, &newest, e))
        return false;
    if (newest || d->ahead)
        return !newest || add_parts(db, d->table, (int)newest + 1, date_at(d->now).year + YEARS_AHEAD, e);
    if (!first_year(db, d, &first, e))
        return false;
    buf_printf(&sql,
               "DO $divide$ DECLARE t TEXT := '%s'; col TEXT := '%s'; old TEXT := '%s_before_%04d';"
               " first BIGINT := %" PRId64 ";%s",
               d->table, d->column, d->table, first, year_starts(first), divide_sql);
    *divided = true;
    return pg_script_whole(db, sql.data, e) && add_parts(db, d->table, first, first + YEARS_AHEAD, e);
}
