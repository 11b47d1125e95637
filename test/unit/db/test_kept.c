/* What is kept of reads: exact whatever the order of a reader and a commit; bounded; and no reader among many ever sees
 * less than what a write that had returned before. Run under ThreadSanitizer too. */
#include "db_test.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NEVER = 1, FOREVER = INT32_MAX, READERS = 4, RAISES = 200 };

static const char tally[] = "CREATE TABLE tally (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)";
static const char count_sql[] = "SELECT n FROM tally WHERE id = $1";
static const char key_text[] = "the tally of one";

static struct bytes bytes_of(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

/* ---- a write that raises a number, and says what it touches ---- */
struct raise {
    int64_t id;
    bool narrow, touches_other, fails;
};

static bool raise_one(struct db *db, void *arg, struct error *e)
{
    const struct raise *r = arg;
    uint64_t key = kept_key("tally", r->touches_other ? r->id + 1 : r->id);

    if (r->narrow)
        db_touches(db, &key, 1);
    return db_exec(db, NULL, e,
                   "INSERT INTO tally (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = tally.n + 1",
                   ARGS(I64(r->id))) &&
           (!r->fails || fail(e, E_CONFLICT, "as asked"));
}

static void raise_it(struct place *p, struct raise r)
{
    assert_ok(p, store_write(p->store, raise_one, &r, &p->e));
}

/* ---- a reader, step by step ---- */
static struct kept_state mark_now(struct place *p, int64_t id)
{
    uint64_t key = kept_key("tally", id);
    struct kept_state m;

    assert_true(kept_mark(p->store, &key, 1, &m));
    return m;
}

static void keep(struct place *p, const struct kept_state *m, int64_t n, int64_t until)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    kept_put(p->store, bytes_of(key_text), m, until, (struct bytes){"head", 4}, bytes_of(text));
}

/* -1: nothing that is true now. */
static int64_t find(struct place *p, int64_t id, int64_t at)
{
    struct kept_state m = mark_now(p, id);
    struct kept *k = kept_find(p->store, bytes_of(key_text), &m, at);
    char text[24] = "-1";

    if (k) {
        assert_int_equal(kept_head(k).len, 4);
        assert_memory_equal(kept_head(k).data, "head", 4);
        (void)snprintf(text, sizeof text, "%.*s", (int)kept_text(k).len, (const char *)kept_text(k).data);
    }
    kept_unref(k);
    return strtoll(text, NULL, 10);
}

static void begin(struct place *p)
{
    define(p, tally);
    raise_it(p, (struct raise){.id = 1});
}

/* ---- one reader, one write, every order ---- */
static void kept_until_a_commit(void **state)
{
    struct place *p = *state;
    struct kept_state m;

    begin(p);
    assert_int_equal(find(p, 1, NEVER), -1);
    m = mark_now(p, 1);
    keep(p, &m, 1, FOREVER);
    assert_int_equal(find(p, 1, NEVER), 1);
    raise_it(p, (struct raise){.id = 1});
    assert_int_equal(find(p, 1, NEVER), -1);
}

static void a_commit_between_mark_and_read_leaves_it_stale(void **state)
{
    struct place *p = *state;
    struct kept_state m;

    begin(p);
    m = mark_now(p, 1);
    raise_it(p, (struct raise){.id = 1, .narrow = true});
    keep(p, &m, number(p, count_sql, ARGS(I64(1))), FOREVER);
    assert_int_equal(find(p, 1, NEVER), -1);
}

static void a_commit_between_read_and_put_leaves_it_stale(void **state)
{
    struct place *p = *state;
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    struct kept_state m;
    bool found;

    begin(p);
    m = mark_now(p, 1);
    assert_ok(p, store_read(p->store, &db, &p->e)); /* the view of before */
    assert_ok(p, db_find(db, &r, &found, &p->e, count_sql, ARGS(I64(1))));
    raise_it(p, (struct raise){.id = 1, .narrow = true});
    assert_int_equal(rows_i64(r, 0), 1);
    keep(p, &m, rows_i64(r, 0), FOREVER);
    assert_int_equal(find(p, 1, NEVER), -1);
}

static void a_write_that_says_so_leaves_the_rest_alone(void **state)
{
    struct place *p = *state;
    struct kept_state m;

    begin(p);
    m = mark_now(p, 1);
    keep(p, &m, 1, FOREVER);
    raise_it(p, (struct raise){.id = 1, .narrow = true, .touches_other = true});
    assert_int_equal(find(p, 1, NEVER), 1);
    raise_it(p, (struct raise){.id = 7}); /* says nothing: everything may have changed */
    assert_int_equal(find(p, 1, NEVER), -1);
}

static void a_write_that_failed_changes_nothing(void **state)
{
    struct place *p = *state;
    struct raise failing = {.id = 1, .fails = true};
    struct kept_state m;

    begin(p);
    m = mark_now(p, 1);
    keep(p, &m, 1, FOREVER);
    assert_fails(p, E_CONFLICT, store_write(p->store, raise_one, &failing, &p->e));
    assert_int_equal(find(p, 1, NEVER), 1);
}

static void ends_with_its_time(void **state)
{
    struct place *p = *state;
    struct kept_state m;

    begin(p);
    m = mark_now(p, 1);
    keep(p, &m, 1, 1000);
    assert_int_equal(find(p, 1, 999), 1);
    assert_int_equal(find(p, 1, 1000), -1);
}

/* ---- hooks: what renews memory after a commit, and what tells others ---- */
struct hooked {
    struct place *place;
    int64_t found_in_hook;
    struct kept_state in_hook;
};

static void look_in_hook(void *arg)
{
    struct hooked *h = arg;

    h->found_in_hook = find(h->place, 1, NEVER);
    h->in_hook = mark_now(h->place, 1);
    keep(h->place, &h->in_hook, 5, FOREVER); /* read beside memory that this hook has not yet renewed */
}

static bool write_with_hook(struct db *db, void *arg, struct error *e)
{
    struct raise r = {.id = 1};

    db_after_commit(db, look_in_hook, NULL, arg);
    return raise_one(db, &r, e);
}

static void a_hook_finds_nothing_old_and_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct hooked h = {.place = p};
    struct kept_state m;

    begin(p);
    m = mark_now(p, 1);
    keep(p, &m, 1, FOREVER);
    assert_ok(p, store_write(p->store, write_with_hook, &h, &p->e));
    assert_int_equal(h.found_in_hook, -1);
    assert_int_equal(find(p, 1, NEVER), -1);
}

/* ---- bounds ---- */
static void bounded(void **state)
{
    struct place *p = *state;
    static char big[KEPT_BYTES_MAX + 1];
    struct kept_state m;
    struct kept *k, *held;
    char key[32];
    int64_t there = 0;

    begin(p);
    m = mark_now(p, 1);
    kept_put(p->store, bytes_of("big"), &m, FOREVER, (struct bytes){NULL, 0}, (struct bytes){big, sizeof big});
    assert_null(kept_find(p->store, bytes_of("big"), &m, NEVER));
    kept_put(p->store, bytes_of("held"), &m, FOREVER, (struct bytes){NULL, 0}, bytes_of("still"));
    held = kept_find(p->store, bytes_of("held"), &m, NEVER);
    assert_non_null(held);
    for (int i = 0; i < 4 * KEPT_ALL_BYTES_MAX / (64 << 10); i++) {
        (void)snprintf(key, sizeof key, "page %d", i);
        kept_put(p->store, bytes_of(key), &m, FOREVER, (struct bytes){NULL, 0}, (struct bytes){big, 64 << 10});
    }
    for (int i = 0; i < 4 * KEPT_ALL_BYTES_MAX / (64 << 10); i++) {
        (void)snprintf(key, sizeof key, "page %d", i);
        k = kept_find(p->store, bytes_of(key), &m, NEVER);
        there += k ? 64 << 10 : 0;
        kept_unref(k);
    }
    assert_in_range(there, KEPT_ALL_BYTES_MAX / 2, KEPT_ALL_BYTES_MAX);
    assert_null(kept_find(p->store, bytes_of("held"), &m, NEVER)); /* the oldest went first */
    assert_memory_equal(kept_text(held).data, "still", 5);         /* but who holds it holds it */
    kept_unref(held);
}

/* ---- many at once ---- */
struct race {
    struct place *place;
    _Atomic int64_t told; /* by writes that have returned */
    _Atomic bool over;
    _Atomic int64_t hits;
};

static int64_t read_or_keep(struct race *x)
{
    struct place *p = x->place;
    struct kept_state m = mark_now(p, 1);
    struct kept *k = kept_find(p->store, bytes_of(key_text), &m, NEVER);
    auto_error struct error e;
    int64_t n;

    error_init(&e);
    if (k) {
        n = strtoll(kept_text(k).data, NULL, 10);
        (void)atomic_fetch_add(&x->hits, 1);
        kept_unref(k);
        return n;
    }
    {
        auto_read struct db *db = NULL;
        auto_rows struct rows *r = NULL;
        char text[24];
        bool found;

        if (!store_read(p->store, &db, &e) || !db_find(db, &r, &found, &e, count_sql, ARGS(I64(1))) || !found)
            return -1;
        n = rows_i64(r, 0);
        (void)snprintf(text, sizeof text, "%lld", (long long)n);
        kept_put(p->store, bytes_of(key_text), &m, FOREVER, (struct bytes){NULL, 0},
                 (struct bytes){text, strlen(text) + 1});
    }
    return n;
}

static void *read_all_along(void *arg)
{
    struct race *x = arg;
    int64_t before, seen, least = 0;

    while (!atomic_load(&x->over)) {
        before = atomic_load(&x->told);
        seen = read_or_keep(x);
        if (seen < before || seen < least)
            return arg; /* what a write had told, or what was seen, is gone again */
        least = seen;
    }
    return NULL;
}

static void no_reader_sees_less_than_was_told(void **state)
{
    struct place *p = *state;
    struct race x = {.place = p};
    pthread_t readers[READERS];
    void *wrong;

    begin(p);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all_along, &x), 0);
    for (int64_t i = 2; i < RAISES || atomic_load(&x.hits) == 0; i++) {
        raise_it(p, (struct raise){.id = 1, .narrow = i % 2 == 0});
        atomic_store(&x.told, i);
    }
    atomic_store(&x.over, true);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(kept_until_a_commit),
        story(a_commit_between_mark_and_read_leaves_it_stale),
        story(a_commit_between_read_and_put_leaves_it_stale),
        story(a_write_that_says_so_leaves_the_rest_alone),
        story(a_write_that_failed_changes_nothing),
        story(ends_with_its_time),
        story(a_hook_finds_nothing_old_and_leaves_nothing),
        story(bounded),
        story(no_reader_sees_less_than_was_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
