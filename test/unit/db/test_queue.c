/* The write queue: one bad write fails alone, what was told is readable, and many threads at once lose nothing.
 * Run under ThreadSanitizer too. */
#include "db_test.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { CROWD = 64, WRITERS = 16, READERS = 4, EACH = 500 };

static const char entry[] = "CREATE TABLE entry (id BIGINT PRIMARY KEY, t TEXT UNIQUE)";

/* ---- a crowd in one batch ---- */
struct member {
    struct place *place;
    pthread_t thread;
    int64_t id;
    enum error_code code;
    bool ok, done, undone, seen;
};

/* Holds SQLite's writer until the crowd waits behind it, so that it becomes one batch. On PostgreSQL each of the crowd
 * has a transaction of its own. */
struct holder {
    struct place *place;
    pthread_t thread;
    sem_t holding;
    bool ok;
};

static bool hold(struct db *db, void *arg, struct error *e)
{
    struct holder *h = arg;

    (void)db;
    (void)e;
    (void)sem_post(&h->holding);
    while (store_figures(h->place->store).queued < CROWD)
        (void)sched_yield();
    return true;
}

static void *hold_main(void *arg)
{
    struct holder *h = arg;
    auto_error struct error e;

    error_init(&e);
    h->ok = store_write(h->place->store, hold, h, &e);
    return NULL;
}

static void hold_start(struct holder *h, struct place *p)
{
    h->place = p;
    if (test_on_postgres())
        return;
    assert_int_equal(sem_init(&h->holding, 0, 0), 0);
    assert_int_equal(pthread_create(&h->thread, NULL, hold_main, h), 0);
    assert_int_equal(sem_wait(&h->holding), 0); /* the writer has it, alone */
}

static void hold_end(struct holder *h)
{
    if (test_on_postgres())
        return;
    assert_int_equal(pthread_join(h->thread, NULL), 0);
    assert_true(h->ok);
}

static void mark(void *arg)
{
    *(bool *)arg = true;
}

/* Every eighth breaks a rule after having written a row; every eighth and fourth gives up by itself. */
static bool enter(struct db *db, void *arg, struct error *e)
{
    struct member *m = arg;

    db_after_commit(db, mark, NULL, &m->done);
    if (!db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES ($1)", ARGS(I64(m->id))))
        return false;
    db_after_commit(db, mark, mark, &m->undone);
    m->undone = false;
    if (m->id % 8 == 0)
        return db_exec(db, NULL, e, "INSERT INTO entry (id, t) VALUES ($1, 'taken')", ARGS(I64(m->id + 1000)));
    if (m->id % 8 == 4)
        return fail(e, E_FORBIDDEN, "no");
    return true;
}

static void *enter_main(void *arg)
{
    struct member *m = arg;
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    auto_error struct error e;

    error_init(&e);
    m->ok = store_write(m->place->store, enter, m, &e);
    m->code = e.code;
    error_init(&e);
    if (store_read(m->place->store, &db, &e))
        (void)!db_find(db, &r, &m->seen, &e, "SELECT id FROM entry WHERE id = $1", ARGS(I64(m->id)));
    return NULL;
}

static void one_bad_write_fails_alone(void **state)
{
    struct place *p = *state;
    struct member crowd[CROWD] = {0};
    struct holder holder;

    define(p, entry);
    assert_ok(p, put(p, "INSERT INTO entry (id, t) VALUES (-1, 'taken')", NULL));
    hold_start(&holder, p);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].place = p;
        crowd[i].id = i;
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, enter_main, &crowd[i]), 0);
    }
    hold_end(&holder);
    for (int i = 0; i < CROWD; i++) {
        const struct member *m = &crowd[i];

        assert_int_equal(pthread_join(m->thread, NULL), 0);
        assert_int_equal(m->code, i % 8 == 0 ? E_CONFLICT : i % 8 == 4 ? E_FORBIDDEN : E_NONE);
        assert_int_equal(m->ok, i % 4 != 0);
        assert_int_equal(m->seen, m->ok); /* its own write, from its own thread, at once; or nothing of it */
        assert_int_equal(m->done, m->ok);
        assert_true(m->undone); /* told either way */
    }
    assert_int_equal(store_figures(p->store).largest_batch, test_on_postgres() ? 1 : CROWD);
    assert_int_equal(number(p, "SELECT count(*) FROM entry", NULL), 1 + CROWD * 3 / 4);
}

/* ---- hooks ---- */
struct diary {
    char text[64];
};

static void note(struct diary *d, const char *what)
{
    size_t len = strlen(d->text);

    (void)snprintf(d->text + len, sizeof d->text - len, "%s ", what);
}

static struct diary diary;

static void done_a(void *arg)
{
    note(arg, "done-a");
}

static void done_b(void *arg)
{
    note(arg, "done-b");
}

static void undo_a(void *arg)
{
    note(arg, "undo-a");
}

static void undo_b(void *arg)
{
    note(arg, "undo-b");
}

static bool hooked(struct db *db, void *arg, struct error *e)
{
    const char *sql = arg;

    db_after_commit(db, done_a, undo_a, &diary);
    db_after_commit(db, done_b, undo_b, &diary);
    note(&diary, "run");
    return db_exec(db, NULL, e, sql, NULL);
}

static void hooks_follow_the_fate_of_the_write(void **state)
{
    static const struct {
        const char *sql, *diary, *diary_postgres; /* there a conflict is looked at twice: the other may be new */
    } rows[] = {
        {"INSERT INTO entry (id) VALUES (1)", "run done-a done-b ", "run done-a done-b "},
        {"INSERT INTO entry (id) VALUES (1)", "run undo-b undo-a ", "run undo-b undo-a run undo-b undo-a "},
    };
    struct place *p = *state;

    define(p, entry);
    for (size_t i = 0; i < COUNT(rows); i++) {
        error_init(&p->e);
        diary.text[0] = '\0';
        (void)!store_write(p->store, hooked, (void *)(uintptr_t)rows[i].sql, &p->e);
        assert_string_equal(diary.text, test_on_postgres() ? rows[i].diary_postgres : rows[i].diary);
    }
}

/* ---- events ---- */
static bool heard(struct db *db, const struct event *event, void *arg, struct error *e)
{
    if (event->subject == 13)
        return fail(e, E_FORBIDDEN, "unlucky");
    return db_exec(db, NULL, e, "INSERT INTO entry (id, t) VALUES ($1, $2)",
                   ARGS(I64(event->subject + 100), TEXT(arg)));
}

static bool emit(struct db *db, void *arg, struct error *e)
{
    const int64_t *subject = arg;

    return db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES ($1)", ARGS(I64(*subject))) &&
           db_emit(db, "entry.made", *subject, NULL, e) && db_emit(db, "nobody.listens", *subject, NULL, e);
}

static void a_listener_writes_in_the_same_commit(void **state)
{
    struct place *p = *state;
    int64_t fine = 1, unlucky = 13;

    define(p, entry);
    store_listen(p->store, "entry.made", heard, (void *)(uintptr_t) "listener");
    assert_ok(p, store_write(p->store, emit, &fine, &p->e));
    assert_fails(p, E_FORBIDDEN, store_write(p->store, emit, &unlucky, &p->e));
    assert_int_equal(number(p, "SELECT sum(id) FROM entry", NULL), 1 + 101);
}

/* ---- mistakes of ours that would hang ---- */
static bool nested(struct db *db, void *arg, struct error *e)
{
    struct place *p = arg;
    struct db *read;
    auto_error struct error inner;

    (void)db;
    error_init(&inner);
    assert_false(store_read(p->store, &read, &inner));
    return store_write(p->store, emit, NULL, e);
}

static void a_write_inside_a_write_is_refused(void **state)
{
    struct place *p = *state;

    assert_fails(p, E_INTERNAL, store_write(p->store, nested, p, &p->e));
}

/* A deferred rule fails only at the COMMIT: the others must not pay for it. */
static bool adopt(struct db *db, void *arg, struct error *e)
{
    const struct member *m = arg;

    return db_exec(db, NULL, e, "INSERT INTO child (id, parent) VALUES ($1, $2)",
                   ARGS(I64(m->id), I64(m->id == 7 ? 404 : 1)));
}

static void *adopt_main(void *arg)
{
    struct member *m = arg;
    auto_error struct error e;

    error_init(&e);
    m->ok = store_write(m->place->store, adopt, m, &e);
    m->code = e.code;
    return NULL;
}

static void a_commit_that_fails_for_one_spares_the_others(void **state)
{
    struct place *p = *state;
    struct member crowd[CROWD] = {0};
    struct holder holder;

    define(p, entry);
    define(p, "CREATE TABLE child (id BIGINT PRIMARY KEY,"
              " parent BIGINT REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED)");
    assert_ok(p, put(p, "INSERT INTO entry (id) VALUES (1)", NULL));
    hold_start(&holder, p);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].place = p;
        crowd[i].id = i;
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, adopt_main, &crowd[i]), 0);
    }
    hold_end(&holder);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(crowd[i].thread, NULL), 0);
        assert_int_equal(crowd[i].ok, i != 7);
    }
    assert_int_equal(crowd[7].code, E_DATABASE);
    assert_int_equal(number(p, "SELECT count(*) FROM child", NULL), CROWD - 1);
}

/* ---- many at once ---- */
struct busy {
    struct place *place;
    pthread_t thread;
    int n;
    int64_t failures;
    atomic_bool *over;
};

static bool append(struct db *db, void *arg, struct error *e)
{
    const int64_t *id = arg;

    if (!db_exec(db, NULL, e, "INSERT INTO entry (id) VALUES ($1)", ARGS(I64(*id))) ||
        !db_exec(db, NULL, e, "UPDATE total SET n = n + 1", NULL))
        return false;
    return *id % 50 != 49 || fail(e, E_FORBIDDEN, "every fiftieth");
}

static void *writer(void *arg)
{
    struct busy *b = arg;
    auto_error struct error e;

    error_init(&e);
    for (int64_t i = 0; i < EACH; i++) {
        int64_t id = b->n * EACH + i;
        bool ok = store_write(b->place->store, append, &id, &e);

        b->failures += ok != (id % 50 != 49);
    }
    return NULL;
}

static void *reader(void *arg)
{
    struct busy *b = arg;
    auto_error struct error e;

    error_init(&e);
    while (!atomic_load(b->over)) {
        auto_read struct db *db = NULL;
        auto_rows struct rows *r = NULL;
        bool found;

        if (!store_read(b->place->store, &db, &e) ||
            !db_find(db, &r, &found, &e, "SELECT (SELECT count(*) FROM entry), (SELECT n FROM total)", NULL) ||
            rows_i64(r, 0) != rows_i64(r, 1)) /* never half of a write */
            b->failures++;
    }
    return NULL;
}

static void sixteen_writers_and_readers_agree(void **state)
{
    struct place *p = *state;
    struct busy busy[WRITERS + READERS] = {0};
    atomic_bool over = false;

    define(p, entry);
    define(p, "CREATE TABLE total (n BIGINT NOT NULL)");
    assert_ok(p, put(p, "INSERT INTO total (n) VALUES (0)", NULL));
    for (int i = 0; i < WRITERS + READERS; i++) {
        busy[i].place = p;
        busy[i].n = i;
        busy[i].over = &over;
        assert_int_equal(pthread_create(&busy[i].thread, NULL, i < WRITERS ? writer : reader, &busy[i]), 0);
    }
    for (int i = 0; i < WRITERS + READERS; i++) {
        if (i == WRITERS)
            atomic_store(&over, true);
        assert_int_equal(pthread_join(busy[i].thread, NULL), 0);
        assert_int_equal(busy[i].failures, 0);
    }
    assert_int_equal(number(p, "SELECT count(*) FROM entry", NULL), WRITERS * EACH * 49 / 50);
    assert_int_equal(store_figures(p->store).failed, WRITERS * EACH / 50);
    assert_int_equal(store_figures(p->store).queued, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(one_bad_write_fails_alone),
        story(hooks_follow_the_fate_of_the_write),
        story(a_listener_writes_in_the_same_commit),
        story(a_write_inside_a_write_is_refused),
        story(a_commit_that_fails_for_one_spares_the_others),
        story(sixteen_writers_and_readers_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
