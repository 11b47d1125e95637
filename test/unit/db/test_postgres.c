/* What only a database with other writers does: two stores over one database, connections that are cut, transactions
 * that the server ends. Without a server there is nothing to ask: these run in suite "postgres". */
#include "db_test.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WRITERS = 8, EACH = 60 };

#define ONLY_POSTGRES                                                                                                  \
    do {                                                                                                               \
        if (!test_on_postgres())                                                                                       \
            skip();                                                                                                    \
    } while (0)

static const char entry[] = "CREATE TABLE entry (id BIGINT PRIMARY KEY, t TEXT UNIQUE, body JSON)";

/* Every connection to the test's database is cut but the one that says so. */
static void cut_all(struct place *p)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'; END $$",
                   strrchr(p->folder, '/') + 1);
    test_server_run(sql);
}

static void a_cut_connection_is_made_anew(void **state)
{
    struct place *p = *state;
    struct rows *r = NULL;
    struct db *db;
    bool found;

    ONLY_POSTGRES;
    define(p, entry);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(number(p, "SELECT count(*) FROM entry", NULL), i - 1);
        cut_all(p);
        assert_ok(p, put(p, "INSERT INTO entry (id) VALUES ($1)", ARGS(I64(i))));
        cut_all(p);
    }
    /* in the middle of a read its view is gone: that is said, and the next read is fine */
    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_ok(p, db_find(db, &r, &found, &p->e, "SELECT id FROM entry", NULL));
    rows_close(r);
    cut_all(p);
    assert_fails(p, E_DATABASE_AWAY, db_find(db, &r, &found, &p->e, "SELECT id FROM entry", NULL));
    store_read_end(db);
    assert_int_equal(number(p, "SELECT count(*) FROM entry", NULL), 3);
}

/* ---- a write that is cut runs again from its start ---- */
struct cut {
    struct place *place;
    int runs, undone;
};

static void undone(void *arg)
{
    ((struct cut *)arg)->undone++;
}

static void nothing(void *arg)
{
    (void)arg;
}

static bool write_and_be_cut(struct db *db, void *arg, struct error *e)
{
    struct cut *c = arg;

    c->runs++;
    db_after_commit(db, nothing, undone, c);
    if (!db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES (1)", NULL))
        return false;
    if (c->runs == 1)
        cut_all(c->place);
    return db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES (2)", NULL);
}

static void a_cut_write_runs_again(void **state)
{
    struct cut c = {.place = *state};
    struct place *p = *state;

    ONLY_POSTGRES;
    define(p, entry);
    assert_ok(p, store_write(p->store, write_and_be_cut, &c, &p->e));
    assert_int_equal(c.runs, 2);
    assert_int_equal(c.undone, 1);
    assert_int_equal(number(p, "SELECT sum(id) FROM entry", NULL), 3);
}

static bool write_and_lose_the_answer(struct db *db, void *arg, struct error *e)
{
    struct cut *c = arg;

    c->runs++;
    if (!db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES (1)", NULL))
        return false;
    cut_all(c->place);
    return true;
}

static void a_lost_answer_is_doubt(void **state)
{
    struct cut c = {.place = *state};
    struct place *p = *state;

    ONLY_POSTGRES;
    define(p, entry);
    assert_fails(p, E_IN_DOUBT, store_write(p->store, write_and_lose_the_answer, &c, &p->e));
    assert_int_equal(c.runs, 1);
}

/* ---- a failure that is an outcome ---- */
static bool carry_on(struct db *db, void *arg, struct error *e)
{
    auto_error struct error taken;
    int *runs = arg;

    ++*runs;
    error_init(&taken);
    if (!db_exec(db, NULL, e, "INSERT INTO entry (id, body) VALUES (2, '{\"a\": 1}')", NULL))
        return false;
    if (db_exec(db, NULL, &taken, "INSERT INTO entry (id) VALUES (1)", NULL) || taken.code != E_CONFLICT)
        return fail(e, E_INTERNAL, "it was free");
    return db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES (3)", NULL);
}

static void a_conflict_may_be_an_outcome(void **state)
{
    struct place *p = *state;
    int runs = 0;

    ONLY_POSTGRES;
    define(p, entry);
    assert_ok(p, put(p, "INSERT INTO entry (id) VALUES (1)", NULL));
    assert_ok(p, store_write(p->store, carry_on, &runs, &p->e));
    assert_int_equal(runs, 2); /* the second time with savepoints */
    assert_int_equal(number(p, "SELECT sum(id) FROM entry", NULL), 6);
}

/* ---- two nodes ---- */
struct node {
    struct store *store;
    pthread_t thread;
    int n;
    int64_t failures;
};

/* A chain: reads the last link, adds the next. Only the line drawn by db_serial() keeps two from adding the same. */
static bool add_link(struct db *db, void *arg, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    (void)arg;
    if (!db_serial(db, "chain", e) || !db_find(db, &r, &found, e, "SELECT coalesce(max(id), 0) FROM entry", NULL))
        return false;
    return db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES ($1)", ARGS(I64(rows_i64(r, 0) + 1)));
}

/* Two rows in an order that depends on who asks: they block each other, and the server ends one of them. */
static bool cross(struct db *db, void *arg, struct error *e)
{
    const struct node *n = arg;
    int64_t first = n->n % 2 ? -1 : -2;

    return db_exec(db, NULL, e, "UPDATE total SET n = n + 1 WHERE id = $1", ARGS(I64(first))) &&
           db_exec(db, NULL, e, "UPDATE total SET n = n + 1 WHERE id = $1", ARGS(I64(-3 - first)));
}

static void *node_main(void *arg)
{
    struct node *n = arg;
    auto_error struct error e;

    error_init(&e);
    for (int i = 0; i < EACH; i++)
        if (!store_write(n->store, add_link, NULL, &e) || (i % 10 == 0 && !store_write(n->store, cross, n, &e))) {
            print_error("%s: %s\n", error_row(e.code)->code, e.detail);
            n->failures++;
        }
    return NULL;
}

static void two_nodes_keep_one_chain(void **state)
{
    struct place *p = *state;
    struct node nodes[WRITERS] = {0};
    struct store *second;

    ONLY_POSTGRES;
    assert_false(store_is_sole_writer(p->store));
    define(p, entry);
    define(p, "CREATE TABLE total (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)");
    assert_ok(p, put(p, "INSERT INTO total (id, n) VALUES (-1, 0), (-2, 0)", NULL));
    assert_ok(p, store_open(p->url, &second, &p->e));
    for (int i = 0; i < WRITERS; i++) {
        nodes[i].store = i % 2 ? second : p->store;
        nodes[i].n = i / 2;
        assert_int_equal(pthread_create(&nodes[i].thread, NULL, node_main, &nodes[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(nodes[i].thread, NULL), 0);
        assert_int_equal(nodes[i].failures, 0);
    }
    store_close(second);
    assert_int_equal(number(p, "SELECT count(*) FROM entry", NULL), WRITERS * EACH);
    assert_int_equal(number(p, "SELECT max(id) FROM entry", NULL), WRITERS * EACH);
    assert_int_equal(number(p, "SELECT sum(n) FROM total", NULL), 2 * WRITERS * EACH / 10);
}

/* ---- jobs: each is taken by one ---- */
enum { JOBS = 40 };

struct tally {
    atomic_int runs;
};

static bool count_run(struct job *job, struct error *e)
{
    struct tally *t = job->arg;

    (void)e;
    atomic_fetch_add(&t->runs, 1);
    return true;
}

static bool add_jobs(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    for (int i = 0; i < JOBS; i++)
        if (!job_add(db, "count", NULL, 0, INSTANT_NONE, NULL, e))
            return false;
    return true;
}

static void a_job_is_taken_by_one_node(void **state)
{
    struct place *p = *state;
    struct tally tally = {0};
    const struct job_kind kind = {"count", count_run, &tally, 3};
    struct store *second;

    ONLY_POSTGRES;
    assert_ok(p, store_open(p->url, &second, &p->e));
    store_job_kind(p->store, &kind);
    store_job_kind(second, &kind);
    assert_ok(p, store_write(p->store, add_jobs, NULL, &p->e));
    assert_ok(p, jobs_start(p->store, 4, &p->e));
    assert_ok(p, jobs_start(second, 4, &p->e));
    for (int tries = 0; number(p, "SELECT count(*) FROM job WHERE done_at IS NULL", NULL) > 0; tries++) {
        assert_true(tries < 3000);
        (void)usleep(10000);
    }
    store_close(second);
    jobs_stop(p->store);
    assert_int_equal(atomic_load(&tally.runs), JOBS);
    assert_int_equal(number(p, "SELECT max(tries) FROM job", NULL), 1);
}

/* ---- work that waits once, whoever asks for it ---- */
static bool add_once(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return job_add_once(db, "tick", INSTANT_NONE, e);
}

static void *asks_for_a_tick(void *arg)
{
    struct node *n = arg;
    auto_error struct error e;

    error_init(&e);
    for (int i = 0; i < EACH / 4; i++)
        n->failures += !store_write(n->store, add_once, NULL, &e);
    return NULL;
}

static void a_tick_waits_once(void **state)
{
    struct place *p = *state;
    struct node nodes[4] = {0};
    struct store *second;
    struct tally tally = {0};
    const struct job_kind kind = {"tick", count_run, &tally, 3};

    ONLY_POSTGRES;
    assert_ok(p, store_open(p->url, &second, &p->e));
    for (size_t i = 0; i < COUNT(nodes); i++) {
        nodes[i].store = i % 2 ? second : p->store;
        assert_int_equal(pthread_create(&nodes[i].thread, NULL, asks_for_a_tick, &nodes[i]), 0);
    }
    for (size_t i = 0; i < COUNT(nodes); i++) {
        assert_int_equal(pthread_join(nodes[i].thread, NULL), 0);
        assert_int_equal(nodes[i].failures, 0);
    }
    assert_int_equal(number(p, "SELECT count(*) FROM job", NULL), 1);
    store_job_kind(p->store, &kind);
    assert_int_equal(jobs_run_due(p->store, now_ms()), 1);
    assert_ok(p, store_write(second, add_once, NULL, &p->e)); /* the one that ran waits no more */
    assert_int_equal(number(p, "SELECT count(*) FROM job WHERE done_at IS NULL", NULL), 1);
    store_close(second);
}

/* ---- what nodes hear of each other ---- */
struct ear {
    atomic_int told, missed;
    char last[64];
};

static void listen_in(const char *text, void *arg)
{
    struct ear *ear = arg;

    if (text)
        (void)snprintf(ear->last, sizeof ear->last, "%s", text);
    atomic_fetch_add(text ? &ear->told : &ear->missed, 1);
}

/* A second node over the place's database, that listens. */
static struct store *second_node(struct place *p, struct ear *ear)
{
    struct store *second;

    assert_ok(p, store_open(p->url, &second, &p->e));
    store_hear(second, "song", listen_in, ear);
    assert_ok(p, store_attend(second, &p->e));
    assert_int_equal(atomic_load(&ear->missed), 1); /* all that came before */
    return second;
}

static void shout_it(void *arg)
{
    store_shout(arg, "song", "la la");
}

static bool shout_after(struct db *db, void *arg, struct error *e)
{
    db_touches(db, NULL, 0);
    db_after_commit(db, shout_it, NULL, arg);
    return db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES (1)", NULL);
}

static bool tell_it(struct db *db, void *arg, struct error *e)
{
    const bool *fails = arg;

    return db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES (2)", NULL) &&
           db_tell(db, "song", *fails ? "never heard" : "sung", e) && (!*fails || fail(e, E_CONFLICT, "as asked"));
}

/* Whatever a write has said is heard by who catches up after it returned; of one that failed, nothing. */
static void a_node_hears_the_others(void **state)
{
    struct place *p = *state;
    struct ear ear = {0};
    struct store *second;
    bool fails = true;

    ONLY_POSTGRES;
    define(p, entry);
    second = second_node(p, &ear);
    assert_ok(p, store_write(p->store, shout_after, p->store, &p->e));
    assert_ok(p, store_catch_up(second, &p->e));
    assert_string_equal(ear.last, "la la");
    assert_fails(p, E_CONFLICT, store_write(p->store, tell_it, &fails, &p->e));
    assert_ok(p, store_catch_up(second, &p->e));
    assert_int_equal(atomic_load(&ear.told), 1);
    fails = false;
    assert_ok(p, store_write(p->store, tell_it, &fails, &p->e));
    assert_ok(p, store_catch_up(second, &p->e));
    assert_string_equal(ear.last, "sung");
    assert_int_equal(atomic_load(&ear.told), 2);
    assert_ok(p, store_write(second, shout_after, second, &p->e) || p->e.code == E_CONFLICT); /* not to itself */
    store_leave(second);
    assert_int_equal(atomic_load(&ear.told), 2);
    store_close(second);
}

/* Cut off, it takes everything for missed and hears again by itself. */
static void a_cut_line_is_taken_up_again(void **state)
{
    struct place *p = *state;
    struct ear ear = {0};
    struct store *second;
    struct kept_state before, after;
    bool fails = false;

    ONLY_POSTGRES;
    define(p, entry);
    second = second_node(p, &ear);
    assert_true(kept_mark(second, NULL, 0, &before));
    cut_all(p);
    assert_ok(p, store_write(p->store, tell_it, &fails, &p->e));
    assert_ok(p, store_catch_up(second, &p->e));
    assert_true(atomic_load(&ear.missed) >= 2 || atomic_load(&ear.told) == 1);
    cut_all(p);
    assert_ok(p, store_catch_up(second, &p->e));
    assert_true(atomic_load(&ear.missed) >= 2);
    assert_true(kept_mark(second, NULL, 0, &after));
    assert_true(after.all != before.all);
    assert_true(store_is_near(second));
    store_close(second);
}

/* ---- what is kept of reads, with a node that reads and one that writes ---- */
enum { SONGS = 150 };

static bool sing_again(struct db *db, void *arg, struct error *e)
{
    const uint64_t key = kept_key("entry", 7);

    (void)arg;
    db_touches(db, &key, 1);
    return db_exec(db, NULL, e, "INSERT INTO entry (id, t) SELECT coalesce(max(id), 0) + 1, $1 FROM entry",
                   ARGS(TEXT(NULL)));
}

/* As the rooms do it: caught up first, then the mark, then the look. */
static int64_t kept_or_read(struct place *p, struct store *s)
{
    const uint64_t key = kept_key("entry", 7);
    const struct bytes name = {"songs", 5};
    struct kept_state mark;
    struct kept *k = NULL;
    char text[24];
    int64_t n;

    assert_ok(p, store_catch_up(s, &p->e));
    if (kept_mark(s, &key, 1, &mark))
        k = kept_find(s, name, &mark, 1);
    if (k) {
        (void)snprintf(text, sizeof text, "%.*s", (int)kept_text(k).len, (const char *)kept_text(k).data);
        kept_unref(k);
        return strtoll(text, NULL, 10);
    }
    {
        auto_read struct db *db = NULL;
        auto_rows struct rows *r = NULL;
        bool found;

        assert_ok(p, store_read(s, &db, &p->e));
        assert_ok(p, db_find(db, &r, &found, &p->e, "SELECT count(*) FROM entry", NULL));
        n = rows_i64(r, 0);
    }
    (void)snprintf(text, sizeof text, "%jd", (intmax_t)n);
    kept_put(s, name, &mark, 2, (struct bytes){0}, (struct bytes){text, strlen(text)});
    return n;
}

static void what_one_node_wrote_another_reads_at_once(void **state)
{
    struct place *p = *state;
    struct ear ear = {0};
    struct store *second;

    ONLY_POSTGRES;
    define(p, entry);
    assert_false(kept_mark(p->store, NULL, 0, &(struct kept_state){0})); /* this one does not listen */
    second = second_node(p, &ear);
    for (int i = 1; i <= SONGS; i++) {
        assert_ok(p, store_write(p->store, sing_again, NULL, &p->e));
        assert_int_equal(kept_or_read(p, second), i);
        assert_int_equal(kept_or_read(p, second), i);
    }
    store_close(second);
}

/* ---- numbers of nodes ---- */
static void no_two_nodes_have_a_number(void **state)
{
    struct place *p = *state;
    unsigned first = id_node();
    struct store *second;

    ONLY_POSTGRES;
    assert_ok(p, store_open(p->url, &second, &p->e)); /* the number of this process is taken: it gets another */
    assert_int_not_equal(id_node(), first);
    store_close(second);
}

/* ---- who is refused, and how ---- */
static void what_cannot_be_opened_says_why(void **state)
{
    static const struct {
        const char *url, *detail;
        enum error_code code;
    } rows[] = {
        {"postgresql://lan:secret-word@127.0.0.1:1/motcua", "PGPASSFILE", E_USAGE},
        {"postgresql://lan:secret-word@127.0.0.1/%zz", "cannot be read", E_USAGE},
        {"postgresql://lan@127.0.0.1:1/motcua?password=secret-word", "PGPASSFILE", E_USAGE},
        {"postgresql://lan@127.0.0.1:1/motcua?connect_timeout=1", "127.0.0.1", E_DATABASE_AWAY},
    };
    struct error e;
    struct store *s;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        error_init(&e);
        assert_false(store_open(rows[i].url, &s, &e));
        assert_int_equal(e.code, rows[i].code);
        assert_non_null(strstr(e.detail, rows[i].detail));
        assert_null(strstr(e.detail, "secret-word"));
    }
}

static void a_database_that_does_not_fit_is_refused(void **state)
{
    static const struct {
        const char *make, *drop, *detail;
    } rows[] = {
        {"CREATE DATABASE motcua_old ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0", "DROP DATABASE motcua_old",
         "UTF8"},
        {"CREATE ROLE motcua_guest LOGIN", "DROP ROLE motcua_guest", "may not make tables"},
    };
    struct error e;
    struct store *s;

    (void)state;
    ONLY_POSTGRES;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char url[400];

        test_server_run(rows[i].make);
        (void)snprintf(url, sizeof url, i ? "%s&dbname=postgres&user=motcua_guest" : "%s&dbname=motcua_old",
                       getenv("MOTCUA_POSTGRES"));
        error_init(&e);
        assert_false(store_open(url, &s, &e));
        test_server_run(rows[i].drop);
        assert_int_equal(e.code, E_DATABASE_REFUSED);
        assert_non_null(strstr(e.detail, rows[i].detail));
    }
}

/* More than a piece, with another query for each row. */
static void a_long_query_comes_in_pieces(void **state)
{
    struct place *p = *state;
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    int64_t sum = 0;
    bool more;

    define(p, entry);
    for (int i = 0; i < 12; i++)
        assert_ok(p, put(p,
                         "INSERT INTO entry (id) SELECT n.i * 10 + m.i + $1 FROM"
                         " (SELECT 0 AS i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5"
                         " UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) n,"
                         " (SELECT 0 AS i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5"
                         " UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) m",
                         ARGS(I64(100 * i))));
    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_ok(p, db_query(db, &r, &p->e, "SELECT id FROM entry ORDER BY id", NULL));
    for (;;) {
        struct rows *inner;
        bool found;

        assert_ok(p, rows_next(r, &more, &p->e));
        if (!more)
            break;
        assert_ok(p,
                  db_find(db, &inner, &found, &p->e, "SELECT id FROM entry WHERE id = $1", ARGS(I64(rows_i64(r, 0)))));
        sum += rows_i64(inner, 0);
        rows_close(inner);
    }
    assert_int_equal(sum, 1199 * 1200 / 2);
}

/* What was there stays where it is, the years to come have places of their own, and the rules go on. */
static void a_growing_table_is_divided(void **state)
{
    static const char where[] =
        "SELECT count(*) FROM pg_class c JOIN entry e ON e.tableoid = c.oid WHERE e.id = $1 AND relname = $2";
    struct place *p = *state;
    int64_t now = date_start_ms((struct date){2026, 11, 26});
    int64_t old = id_first_at(now - 1000), next = id_first_at(date_start_ms((struct date){2027, 1, 1}));
    int64_t far = id_first_at(date_start_ms((struct date){2040, 1, 1}));
    struct division d = {"entry", "id", now, true};
    bool divided;

    ONLY_POSTGRES;
    define(p, entry);
    define(p, "CREATE INDEX entry_t ON entry (t, id) WHERE t IS NOT NULL");
    assert_ok(p, put(p, "INSERT INTO entry (id, t) VALUES ($1, 'a')", ARGS(I64(old))));
    assert_ok(p, store_divide(p->store, &d, &divided, &p->e)); /* it is not, so there are no years to add */
    assert_false(divided);
    d.ahead = false;
    assert_ok(p, store_divide(p->store, &d, &divided, &p->e));
    assert_true(divided);
    for (int i = 0; i < 2; i++)
        assert_ok(p, put(p, "INSERT INTO entry (id, t) VALUES ($1, 'a')", ARGS(I64(i ? far : next)))); /* t was sole */
    assert_fails(p, E_CONFLICT, put(p, "INSERT INTO entry (id) VALUES ($1)", ARGS(I64(next))));
    assert_int_equal(number(p, where, ARGS(I64(old), TEXT("entry_before_2027"))), 1);
    assert_int_equal(number(p, where, ARGS(I64(next), TEXT("entry_2027"))), 1);
    assert_int_equal(number(p, where, ARGS(I64(far), TEXT("entry_rest"))), 1);
    assert_ok(p, put(p, "UPDATE entry SET t = 'b' WHERE id = $1", ARGS(I64(old))));
    d.now = date_start_ms((struct date){2029, 5, 1});
    d.ahead = true;
    assert_ok(p, store_divide(p->store, &d, &divided, &p->e));
    assert_false(divided);
    assert_int_equal(number(p, "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('entry')", NULL), 8);
    assert_int_equal(number(p,
                            "SELECT count(*) FROM pg_indexes WHERE tablename = 'entry'"
                            " AND indexname IN ('entry_pkey', 'entry_t', 'entry_t_key')",
                            NULL),
                     3);
    define(p, "ALTER TABLE entry ADD COLUMN later BIGINT"); /* as a migration would */
    assert_ok(p, put(p, "UPDATE entry SET later = 7", NULL));
    assert_int_equal(number(p, "SELECT count(*) FROM entry WHERE later = 7", NULL), 3);
}

static bool make_sole(struct db *db, void *arg, struct error *e)
{
    return db_define_unique(db, "entry", arg, arg, e);
}

/* Over parts no index keeps a column unique: its rule does, also one that comes later. */
static void a_table_is_spread_by_its_keys(void **state)
{
    static char later[] = "later";
    static const char add[] = "INSERT INTO entry (id, key, t, later) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    struct place *p = *state;
    bool divided;

    ONLY_POSTGRES;
    define(p, "CREATE TABLE entry (id BIGINT PRIMARY KEY, key TEXT NOT NULL UNIQUE, t TEXT UNIQUE, later TEXT)");
    assert_ok(p, put(p, add, ARGS(I64(1), TEXT("one"), TEXT("a"), TEXT("x"))));
    assert_ok(p, put(p, add, ARGS(I64(2), TEXT("two"), TEXT(NULL), TEXT("x"))));
    assert_ok(p, store_spread(p->store, "entry", &divided, &p->e));
    assert_true(divided);
    assert_ok(p, put(p, add, ARGS(I64(3), TEXT("three"), TEXT("a"), TEXT(NULL)))); /* passed over */
    assert_ok(p, put(p, add, ARGS(I64(3), TEXT("three"), TEXT(NULL), TEXT("y"))));
    assert_int_equal(number(p, "SELECT count(*) FROM entry", NULL), 3);
    assert_fails(p, E_CONFLICT, put(p, "UPDATE entry SET t = 'a' WHERE key = 'two'", NULL));
    assert_ok(p, put(p, "UPDATE entry SET t = 'a', later = 'x' WHERE key = 'one'", NULL));
    assert_fails(p, E_CONFLICT, store_write(p->store, make_sole, later, &p->e)); /* x is there twice */
    assert_ok(p, put(p, "UPDATE entry SET later = 'z' WHERE key = 'two'", NULL));
    assert_ok(p, store_write(p->store, make_sole, later, &p->e));
    assert_fails(p, E_CONFLICT, put(p, "UPDATE entry SET later = 'y' WHERE key = 'one'", NULL));
    assert_fails(p, E_CONFLICT, put(p, "UPDATE entry SET t = 'a' WHERE key = 'two'", NULL)); /* still */
    assert_ok(p, store_spread(p->store, "entry", &divided, &p->e));
    assert_false(divided);
    assert_fails(p, E_NOT_FOUND, store_spread(p->store, "no_such_table", &divided, &p->e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_cut_connection_is_made_anew),
        story(a_cut_write_runs_again),
        story(a_lost_answer_is_doubt),
        story(a_conflict_may_be_an_outcome),
        story(two_nodes_keep_one_chain),
        story(a_job_is_taken_by_one_node),
        story(a_tick_waits_once),
        story(a_node_hears_the_others),
        story(a_cut_line_is_taken_up_again),
        story(what_one_node_wrote_another_reads_at_once),
        story(no_two_nodes_have_a_number),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(a_database_that_does_not_fit_is_refused),
        story(a_long_query_comes_in_pieces),
        story(a_growing_table_is_divided),
        story(a_table_is_spread_by_its_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
