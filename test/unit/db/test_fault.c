/* Faults: a process killed while it writes, and a disk that is full for a while. */
#include "db_test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char entry[] = "CREATE TABLE entry (id BIGINT PRIMARY KEY, t TEXT)";

/* ---- killed ---- */
/* In the child: writes rows 1, 2, … and tells of each over the pipe once store_write() has returned true. */
_Noreturn static void write_until_killed(const char *url, const char *fault, int told)
{
    struct error e;
    struct store *s;

    error_init(&e);
    if (!store_open(url, &s, &e) || setenv("MOTCUA_FAULT", fault, 1) != 0)
        _exit(1);
    for (int64_t id = 1;; id++) {
        struct one_statement one = {"INSERT INTO entry (id) VALUES ($1)", ARGS(I64(id))};

        if (!store_write(s, run_one, &one, &e))
            _exit(2);
        if (write(told, &id, sizeof id) != sizeof id)
            _exit(3);
    }
}

/* Reads to the end; kills the child once it has told of kill_at. */
static int64_t last_told(int fd, pid_t child, int64_t kill_at)
{
    int64_t id, last = 0;

    while (read(fd, &id, sizeof id) == (ssize_t)sizeof id) {
        last = id;
        if (id == kill_at)
            (void)kill(child, SIGKILL);
    }
    return last;
}

static void what_was_acknowledged_survives(void **state)
{
    /* clang-format off */
    static const struct { const char *fault; int64_t told, kept; } rows[] = {
        {"", -1, -1}, /* killed from outside, anywhere */
#ifndef RELEASE       /* where the points are compiled to nothing */
        {"write.before-commit:1",   0,  0},
        {"write.before-commit:20", 19, 19},
        {"write.after-commit:1",    0,  1}, /* kept though nobody was told: allowed; the other way round is not */
        {"write.after-commit:20",  19, 20},
#endif
    };
    /* clang-format on */
    struct place *p = *state;

    define(p, entry);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int pipe_fd[2], status;
        int64_t told, kept;
        bool sound;
        pid_t child;

        assert_ok(p, put(p, "DELETE FROM entry", NULL));
        place_close(p);
        assert_int_equal(pipe(pipe_fd), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_until_killed(p->url, rows[i].fault, pipe_fd[1]);
        (void)close(pipe_fd[1]);
        told = last_told(pipe_fd[0], child, *rows[i].fault ? 0 : 300);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        (void)close(pipe_fd[0]);

        place_open(p);
        kept = number(p, "SELECT count(*) FROM entry", NULL);
        assert_true(kept >= told && kept <= told + 1);
        assert_int_equal(number(p, "SELECT coalesce(max(id), 0) FROM entry", NULL), kept);
        if (rows[i].told >= 0) {
            assert_int_equal(told, rows[i].told);
            assert_int_equal(kept, rows[i].kept);
        }
        assert_ok(p, store_check(p->store, &sound, &p->e));
        assert_true(sound);
    }
}

#ifndef RELEASE
static const struct migration two_steps[] = {
    {1, "one", "CREATE TABLE one (id BIGINT)"},
    {2, "two", "CREATE TABLE two (id BIGINT); INSERT INTO two (id) VALUES (1)"},
    {0},
};

static void a_killed_migration_is_run_again(void **state)
{
    struct place *p = *state;
    struct error e;
    struct store *s;
    int status;
    pid_t child;

    place_close(p);
    error_init(&e);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (store_open(p->url, &s, &e) && setenv("MOTCUA_FAULT", "migrate.before-commit:2", 1) == 0)
            (void)!store_migrate(s, "steps", two_steps, &e);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    place_open(p);
    assert_int_equal(number(p, "SELECT count(*) FROM migration WHERE module = 'steps'", NULL), 1);
    assert_ok(p, store_migrate(p->store, "steps", two_steps, &p->e));
    assert_int_equal(number(p, "SELECT count(*) FROM two", NULL), 1);
}
#endif

/* ---- full ---- */
static bool limit_files(rlim_t bytes)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    limit.rlim_cur = bytes;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static bool fill(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_exec(db, NULL, e, "INSERT INTO entry (id, t) SELECT max(id) + 1, hex(randomblob(4000)) FROM entry", NULL);
}

static int64_t count(struct store *s)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    auto_error struct error e;
    bool found;

    error_init(&e);
    if (!store_read(s, &db, &e) || !db_find(db, &r, &found, &e, "SELECT count(*) FROM entry", NULL))
        return -1;
    return rows_i64(r, 0);
}

/* In a child, because the limit is the process's. Exits with the number of the step that went wrong. */
_Noreturn static void fill_the_disk(const char *url)
{
    struct error e;
    struct store *s;
    int64_t kept = 1, n;
    bool sound;

    error_init(&e);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (!store_open(url, &s, &e) || !limit_files(300 * 1024))
        _exit(1);
    for (n = 0; n < 200 && store_write(s, fill, NULL, &e); n++)
        kept++;
    if (n == 0 || n == 200 || e.code != E_DISK_FULL)
        _exit(2);
    for (n = 0; n < 5; n++) /* it stays refused, cleanly */
        if (store_write(s, fill, NULL, &e) || e.code != E_DISK_FULL)
            _exit(3);
    if (count(s) != kept) /* reads go on; nothing half */
        _exit(4);
    if (!limit_files(RLIM_INFINITY))
        _exit(5);
    for (n = 0; n < 50; n++) /* there is room again: it mends itself */
        if (!store_write(s, fill, NULL, &e))
            _exit(6);
    if (count(s) != kept + 50 || !store_check(s, &sound, &e) || !sound)
        _exit(7);
    store_close(s);
    _exit(0);
}

static void a_full_disk_refuses_and_recovers(void **state)
{
    struct place *p = *state;
    int status;
    pid_t child;

    ONLY_SQLITE; /* the server's disk is not this process's to limit */
    define(p, entry);
    assert_ok(p, put(p, "INSERT INTO entry (id) VALUES (1)", NULL));
    place_close(p);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        fill_the_disk(p->url);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(what_was_acknowledged_survives),
#ifndef RELEASE
        story(a_killed_migration_is_run_again),
#endif
        story(a_full_disk_refuses_and_recovers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
