/* The write-ahead log of SQLite beside the writer: it does not grow while writes go on, nor because somebody reads for
 * long, and when it is quiet the database holds everything by itself. */
#include "db_test.h"

#include "base/file.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

enum {
    WRITERS = 4,
    EACH = 750,
    PIECE = 64 << 10,    /* seventeen pages */
    LOG_MAX = 130 << 20, /* what is logged is half as much again, and a log begins anew at 64 MiB and a little */
    DATABASE_MAX = 512 << 20,
    QUIET_MAX_MS = 20000,
};

struct author {
    struct place *place;
    pthread_t thread;
    int64_t first, each;
    bool ok;
};

static bool add_piece(struct db *db, void *arg, struct error *e)
{
    static const unsigned char piece[PIECE];

    return db_exec(db, NULL, e, "INSERT INTO piece (id, body) VALUES ($1, $2)",
                   ARGS(I64(*(const int64_t *)arg), BLOB(((struct bytes){piece, sizeof piece}))));
}

static void *author_main(void *arg)
{
    struct author *a = arg;
    auto_error struct error e;

    error_init(&e);
    a->ok = true;
    for (int64_t id = a->first; a->ok && id < a->first + a->each; id++)
        a->ok = store_write(a->place->store, add_piece, &id, &e);
    return NULL;
}

static void write_some(struct place *p, int64_t first, int64_t each)
{
    struct author authors[WRITERS];

    for (int i = 0; i < WRITERS; i++) {
        authors[i] = (struct author){.place = p, .first = first + i * each, .each = each};
        assert_int_equal(pthread_create(&authors[i].thread, NULL, author_main, &authors[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(authors[i].thread, NULL), 0);
        assert_true(authors[i].ok);
    }
}

static off_t size_of(const struct place *p, const char *name)
{
    char path[128];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/data/%s", p->folder, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void it_begins_anew_while_writes_go_on(void **state)
{
    struct place *p = *state;

    define(p, "CREATE TABLE piece (id BIGINT PRIMARY KEY, body BYTEA NOT NULL)");
    write_some(p, 0, EACH);
    assert_true(size_of(p, "motcua.db-wal") < LOG_MAX);
    assert_int_equal(number(p, "SELECT count(*) FROM piece", NULL), WRITERS * EACH);
}

/* Of the file alone, without its log; -1: it was read in the middle of being copied to. */
static int64_t pieces_in_the_file(struct place *p)
{
    static const char sql[] = "SELECT count(*) FROM piece";
    auto_arena struct arena *a = arena_new();
    struct place alone = {0};
    struct bytes bytes;
    char from[128], to[128];
    struct rows *r = NULL;
    struct db *db = NULL;
    int64_t n = -1;
    bool found;

    (void)snprintf(from, sizeof from, "%s/data/motcua.db", p->folder);
    (void)snprintf(to, sizeof to, "%s/alone.db", p->folder);
    (void)snprintf(alone.url, sizeof alone.url, "sqlite:%s", to);
    assert_ok(p, file_read(a, from, DATABASE_MAX, &bytes, &p->e));
    assert_ok(p, file_write(to, bytes, &p->e));
    error_init(&alone.e);
    if (store_open(alone.url, &alone.store, &alone.e) && store_read(alone.store, &db, &alone.e)) {
        if (db_find(db, &r, &found, &alone.e, sql, NULL))
            n = rows_i64(r, 0);
        rows_close(r);
        store_read_end(db);
    }
    place_close(&alone);
    return n;
}

/* A reader that stays needs the log as it is. Once it has gone, a quiet second is enough. */
static void the_file_has_it_all_when_it_is_quiet(void **state)
{
    struct place *p = *state;
    struct db *reader = NULL;
    int64_t n = 0;

    define(p, "CREATE TABLE piece (id BIGINT PRIMARY KEY, body BYTEA NOT NULL)");
    place_close(p); /* the table is in the file */
    place_open(p);
    write_some(p, 0, 10);
    assert_ok(p, store_read(p->store, &reader, &p->e));
    assert_int_equal(number(p, "SELECT count(*) FROM piece", NULL), WRITERS * 10);
    write_some(p, 1000, 10);
    store_read_end(reader);
    for (int ms = 0; n != WRITERS * 20 && ms < QUIET_MAX_MS; ms += 200) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        n = pieces_in_the_file(p);
    }
    assert_int_equal(n, WRITERS * 20);
}

struct heap {
    int64_t first, n, size; /* pieces of so many bytes */
    bool fails;
};

static bool add_heap(struct db *db, void *arg, struct error *e)
{
    static const unsigned char piece[PIECE];
    const struct heap *h = arg;

    for (int64_t id = h->first; id < h->first + h->n; id++)
        if (!db_exec(db, NULL, e, "INSERT INTO piece (id, body) VALUES ($1, $2)",
                     ARGS(I64(id), BLOB(((struct bytes){piece, (size_t)h->size})))))
            return false;
    return !h->fails || fail(e, E_CONFLICT, "on purpose");
}

static void copy_as_it_is(const struct place *p, const char *name, const char *to)
{
    auto_arena struct arena *a = arena_new();
    struct error e;
    struct bytes bytes;
    char path[128];

    error_init(&e);
    (void)snprintf(path, sizeof path, "%s/data/%s", p->folder, name);
    assert_true(file_read(a, path, DATABASE_MAX, &bytes, &e));
    assert_true(file_write(to, bytes, &e));
}

/* What a power cut would leave at this moment. */
static void is_whole_elsewhere(struct place *p, int64_t pieces)
{
    struct place cut = {0};
    char to[128], log[136];
    bool sound = false;

    (void)snprintf(to, sizeof to, "%s/cut.db", p->folder);
    (void)snprintf(log, sizeof log, "%s-wal", to);
    (void)snprintf(cut.url, sizeof cut.url, "sqlite:%s", to);
    copy_as_it_is(p, "motcua.db", to);
    copy_as_it_is(p, "motcua.db-wal", log);
    place_open(&cut);
    assert_int_equal(number(&cut, "SELECT count(*) FROM piece", NULL), pieces);
    assert_ok(&cut, store_check(cut.store, &sound, &cut.e));
    assert_true(sound);
    place_close(&cut);
}

/* Small and large, larger than what waits for its commit and than the cache of pages, kept and given up. */
static void what_was_told_is_in_the_files(void **state)
{
    static const struct {
        int64_t n, size;
        bool fails;
    } heaps[] = {
        {1, 10, false},     {1, 10, true},     {3, 30000, false},   {40, PIECE, false}, {2, 5000, true},
        {400, PIECE, true}, {1, 3000, false},  {400, PIECE, false}, {7, 900, false},    {1, PIECE, true},
        {1, PIECE, false},  {31, 4000, false}, {300, PIECE, true},  {300, 4100, false}, {1, 1, false},
    };
    struct place *p = *state;
    int64_t kept = 0;

    define(p, "CREATE TABLE piece (id BIGINT PRIMARY KEY, body BYTEA NOT NULL)");
    for (size_t i = 0; i < COUNT(heaps); i++) {
        struct heap h = {(int64_t)i * 1000, heaps[i].n, heaps[i].size, heaps[i].fails};

        error_init(&p->e);
        assert_int_equal(store_write(p->store, add_heap, &h, &p->e), !h.fails);
        error_done(&p->e);
        kept += h.fails ? 0 : h.n;
        assert_int_equal(number(p, "SELECT count(*) FROM piece", NULL), kept);
        is_whole_elsewhere(p, kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {story(it_begins_anew_while_writes_go_on), story(what_was_told_is_in_the_files),
                                       story(the_file_has_it_all_when_it_is_quiet)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
