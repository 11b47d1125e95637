/* The common SQL as each database gets it. */
#include "db_test.h"

#include "db/db_internal.h"

/* clang-format off */
static const struct { const char *sql, *sqlite, *rest; } rows[] = {
    {"SELECT a FROM t WHERE b = $1 AND c = $12", "SELECT a FROM t WHERE b = ?1 AND c = ?12", NULL},
    {"SELECT '$1 BIGINT; it''s', \"JSON\", $1 -- $2; JSON", "SELECT '$1 BIGINT; it''s', \"JSON\", ?1 -- $2; JSON", NULL},
    {"SELECT body ->> 'ward', 'tiếng Việt' /* $1; */", "SELECT body ->> 'ward', 'tiếng Việt' /* $1; */", NULL},
    {"CREATE TABLE t (json JSON, n BIGINT PRIMARY KEY, f DOUBLE PRECISION, b BYTEA, y BOOLEAN)",
     "CREATE TABLE t (json TEXT, n INTEGER PRIMARY KEY, f REAL, b BLOB, y INTEGER)\nSTRICT", NULL},
    {"CREATE TABLE t (id BIGINT); -- the end\n", "CREATE TABLE t (id INTEGER)\nSTRICT", NULL},
    {"CREATE TABLE t (id BIGINT) -- so be it", "CREATE TABLE t (id INTEGER) -- so be it\nSTRICT", NULL},
    {"CREATE TABLE t (g TEXT GENERATED ALWAYS AS (b ->> 'g') STORED)",
     "CREATE TABLE t (g TEXT GENERATED ALWAYS AS (b ->> 'g') STORED)\nSTRICT", NULL},
    {"ALTER TABLE t ADD COLUMN g TEXT GENERATED ALWAYS AS (b ->> 'g') STORED",
     "ALTER TABLE t ADD COLUMN g TEXT GENERATED ALWAYS AS (b ->> 'g') VIRTUAL", NULL},
    {"CREATE INDEX i ON t (id)", "CREATE INDEX i ON t (id)", NULL},
    {"SELECT 1 LIMIT 1 FOR_UPDATE_SKIP_LOCKED", "SELECT 1 LIMIT 1 ", NULL},
    {"SELECT 1 WHERE id IN SEARCH(s_t, $2)",
     "SELECT 1 WHERE id IN (SELECT rowid AS id FROM s_t WHERE s_t MATCH coalesce(?2, '\"\"'))", NULL},
    {"SELECT 1 ; SELECT 2", "SELECT 1 ", "SELECT 2"},
    {"SELECT 'open", "SELECT 'open", NULL},
    {"SELECT 1 /* open", "SELECT 1 /* open", NULL},
    {"", NULL, NULL},
    {" ; ", " ", NULL},
};
/* clang-format on */

static void statements_become_sqlite_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_buf struct buf out = BUF_INIT(4096);
        const char *rest = dialect_statement(DIALECT_SQLITE, rows[i].sql, &out).rest;

        if (!text_equal(out.data, rows[i].sqlite) || !text_equal(rest, rows[i].rest)) {
            print_error("%s\n became %s\n then %s\n", rows[i].sql, out.data, rest);
            _fail(__FILE__, __LINE__);
        }
    }
}

/* clang-format off */
static const struct { const char *sql, *postgres; int parameters; } postgres_rows[] = {
    {"SELECT a FROM t WHERE b = $12 AND c = $2", "SELECT a FROM t WHERE b = $12 AND c = $2", 12},
    {"SELECT '$9', \"JSON\" -- $8", "SELECT '$9', \"JSON\" -- $8", 0},
    {"CREATE TABLE t (json JSON, n BIGINT PRIMARY KEY, f DOUBLE PRECISION, b BYTEA, y BOOLEAN DEFAULT FALSE)",
     "CREATE TABLE t (json JSON, n BIGINT PRIMARY KEY, f DOUBLE PRECISION, b BYTEA, y SMALLINT DEFAULT 0)", 0},
    {"CREATE TABLE t (g TEXT GENERATED ALWAYS AS (CAST(b -> 'g' AS TEXT)) STORED)",
     "CREATE TABLE t (g TEXT COLLATE \"C\" GENERATED ALWAYS AS (CAST(b -> 'g' AS TEXT)) STORED)", 0},
    {"ALTER TABLE t ADD COLUMN g TEXT NOT NULL", "ALTER TABLE t ADD COLUMN g TEXT COLLATE \"C\" NOT NULL", 0},
    {"SELECT 1 LIMIT 1 FOR_UPDATE_SKIP_LOCKED", "SELECT 1 LIMIT 1 FOR UPDATE SKIP LOCKED", 0},
    {"SELECT CAST(n AS TEXT) FROM t", "SELECT CAST(n AS TEXT) FROM t", 0},
    {"SELECT 1 WHERE id IN SEARCH(s_t, $2)",
     "SELECT 1 WHERE id IN (SELECT id FROM s_t WHERE s_t.words @@ CAST(replace(replace(replace($2, '\" \"', ''' & '''),"
     " '\"', ''''), '*', ':*') AS TSQUERY))", 2},
};
/* clang-format on */

static void statements_become_postgresql_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(postgres_rows); i++) {
        auto_buf struct buf out = BUF_INIT(4096);
        struct translated done = dialect_statement(DIALECT_POSTGRES, postgres_rows[i].sql, &out);

        assert_string_equal(out.data, postgres_rows[i].postgres);
        assert_int_equal(done.parameters, postgres_rows[i].parameters);
        assert_null(done.rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_become_sqlite_s),
        cmocka_unit_test(statements_become_postgresql_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
