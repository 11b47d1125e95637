/* Jobs: run, told of, tried again later, taken over after a crash, given up. Time is an argument here. */
#include "db_test.h"

#include <semaphore.h>

#include "db/db_internal.h"

enum { HOUR_MS = 3600 * 1000 };

struct counter {
    int runs, fail_first;
    enum error_code code;
    sem_t ran;
};

static bool work(struct job *job, struct error *e)
{
    struct counter *c = job->arg;

    c->runs++;
    if (json_object_set_new(job->output, "runs", json_integer(c->runs)) != 0)
        return fail(e, E_INTERNAL, "json");
    if (!job_progress(job, 40, e))
        return false;
    if (c->runs <= c->fail_first)
        return fail(e, c->code, "not yet");
    (void)sem_post(&c->ran);
    return true;
}

struct add {
    const char *kind;
    const json_t *input;
    int64_t run_at, id;
};

static bool add(struct db *db, void *arg, struct error *e)
{
    struct add *a = arg;

    return job_add(db, a->kind, a->input, 77, a->run_at, &a->id, e);
}

static int64_t job_new(struct place *p, const char *kind, const json_t *input, int64_t run_at)
{
    struct add a = {kind, input, run_at, 0};

    assert_ok(p, store_write(p->store, add, &a, &p->e));
    return a.id;
}

/* Without its output, which is asked for by SQL. */
static struct job_state look(struct place *p, int64_t id)
{
    auto_read struct db *db = NULL;
    struct job_state state = {0};
    bool found;

    assert_ok(p, store_read(p->store, &db, &p->e));
    assert_ok(p, job_find(db, id, &state, &found, &p->e));
    assert_true(found);
    assert_int_equal(!state.output, number(p, "SELECT output IS NULL FROM job WHERE id = $1", ARGS(I64(id))));
    json_decref(state.output);
    state.output = NULL;
    return state;
}

static void counter_start(struct place *p, struct counter *c, int tries)
{
    const struct job_kind kind = {"work", work, c, tries};

    assert_int_equal(sem_init(&c->ran, 0, 0), 0);
    store_job_kind(p->store, &kind);
}

static void a_job_runs_and_tells(void **state)
{
    struct place *p = *state;
    struct counter c = {0};
    json_t *input = json_pack("{s:s}", "file", "cư dân.csv");
    struct job_state s;
    int64_t id;

    counter_start(p, &c, 3);
    id = job_new(p, "work", input, INSTANT_NONE);
    s = look(p, id);
    assert_string_equal(s.state, "queued");
    assert_true(s.owner == 77 && s.done_at == INSTANT_NONE);
    assert_int_equal(jobs_run_due(p->store, now_ms() + 1), 1);
    assert_int_equal(jobs_run_due(p->store, now_ms() + HOUR_MS), 0);
    s = look(p, id);
    assert_string_equal(s.state, "done");
    assert_string_equal(s.kind, "work");
    assert_true(s.progress == 100 && s.tries == 1 && s.done_at != INSTANT_NONE);
    assert_int_equal(number(p, "SELECT output ->> 'runs' FROM job", NULL), 1);
    json_decref(input);
}

static bool sweep(struct db *db, void *arg, struct error *e)
{
    return jobs_sweep(db, *(const int64_t *)arg, e);
}

static void done_jobs_are_swept_after_a_week(void **state)
{
    enum { DAYS_KEPT = 7 };
    struct place *p = *state;
    struct counter good = {0}, bad = {.fail_first = 1, .code = E_IO};
    int64_t now = now_ms(), soon = now + DAYS_KEPT * (int64_t)DAY_MS - HOUR_MS, late = soon + 2 * (int64_t)HOUR_MS;

    counter_start(p, &good, 1);
    store_job_kind(p->store, &(struct job_kind){"bad", work, &bad, 1});
    (void)job_new(p, "work", NULL, INSTANT_NONE);
    (void)job_new(p, "bad", NULL, INSTANT_NONE);
    assert_int_equal(jobs_run_due(p->store, now_ms() + 1), 2);
    (void)job_new(p, "work", NULL, now + 30 * (int64_t)DAY_MS);
    assert_ok(p, store_write(p->store, sweep, &soon, &p->e));
    assert_int_equal(number(p, "SELECT count(*) FROM job", NULL), 3);
    assert_ok(p, store_write(p->store, sweep, &late, &p->e));
    assert_int_equal(number(p, "SELECT count(*) FROM job WHERE state = 'done'", NULL), 0);
    assert_int_equal(number(p, "SELECT count(*) FROM job", NULL), 2); /* what failed, what waits */
}

static void a_job_waits_for_its_time(void **state)
{
    struct place *p = *state;
    struct counter c = {0};
    int64_t now = now_ms();

    counter_start(p, &c, 3);
    (void)job_new(p, "work", NULL, now + HOUR_MS);
    assert_int_equal(jobs_run_due(p->store, now), 0);
    assert_int_equal(jobs_run_due(p->store, now + HOUR_MS), 1);
}

static void a_failure_is_tried_again_later(void **state)
{
    (void)state;
    static const struct {
        enum error_code code;
        int fail_first, runs;
        const char *state, *problem;
    } rows[] = {
        {E_IO, 2, 3, "done", ""},
        {E_IO, 9, 3, "failed", "io: not yet"},
        {E_RECORD_INVALID, 9, 1, "failed", "record-invalid: not yet"}, /* the same input would fail again */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        void *own = NULL;
        struct place *p;
        struct counter c = {.code = rows[i].code, .fail_first = rows[i].fail_first};
        int64_t now, id;
        struct job_state s;

        assert_int_equal(place_setup(&own), 0);
        p = own;
        counter_start(p, &c, 3);
        id = job_new(p, "work", NULL, INSTANT_NONE);
        now = now_ms() + 1;
        assert_int_equal(jobs_run_due(p->store, now), 1);
        assert_int_equal(jobs_run_due(p->store, now), 0); /* not at once */
        for (int hours = 1; hours < 5; hours++)
            (void)jobs_run_due(p->store, now + hours * HOUR_MS);
        s = look(p, id);
        assert_int_equal(c.runs, rows[i].runs);
        assert_string_equal(s.state, rows[i].state);
        assert_string_equal(s.problem, rows[i].problem);
        assert_int_equal(place_teardown(&own), 0);
    }
}

static bool overtaken(struct job *job, struct error *e)
{
    struct place *p = job->arg;

    /* as if the lease had lapsed and another had taken the job meanwhile */
    assert_ok(p, put(p, "UPDATE job SET tries = tries + 1", NULL));
    return job_progress(job, 50, e);
}

static void an_overtaken_run_changes_nothing(void **state)
{
    struct place *p = *state;
    const struct job_kind kind = {"slow", overtaken, p, 3};
    int64_t id;

    store_job_kind(p->store, &kind);
    id = job_new(p, "slow", NULL, INSTANT_NONE);
    assert_int_equal(jobs_run_due(p->store, now_ms() + 1), 1);
    assert_string_equal(look(p, id).state, "running");
    assert_int_equal(look(p, id).progress, 0);
}

static void a_killed_run_is_taken_up_again(void **state)
{
    struct place *p = *state;
    struct counter c = {0};
    int64_t id, now = now_ms() + 1;

    counter_start(p, &c, 3);
    id = job_new(p, "work", NULL, INSTANT_NONE);
    /* what a process that died in the middle leaves behind */
    assert_ok(p, put(p, "UPDATE job SET state = 'running', tries = 1, due_at = $1, output = '{\"at\":5}'",
                     ARGS(I64(now + 20000))));
    assert_int_equal(jobs_run_due(p->store, now), 0); /* the lease holds */
    assert_int_equal(jobs_run_due(p->store, now + 20000), 1);
    assert_string_equal(look(p, id).state, "done");
    assert_int_equal(number(p, "SELECT output ->> 'at' FROM job", NULL), 5); /* it knew how far it had come */
    assert_ok(p, put(p, "UPDATE job SET state = 'running', tries = 3, due_at = 1, done_at = NULL", NULL));
    assert_int_equal(jobs_run_due(p->store, now), 1);
    assert_string_equal(look(p, id).state, "failed"); /* it killed three: no fourth */
    assert_int_equal(c.runs, 1);
}

/* While nodes are replaced one by one, an older program meets the rows of a newer one. */
static void an_unknown_kind_is_left_to_another_program(void **state)
{
    struct place *p = *state;
    struct counter c = {0};
    int64_t id = job_new(p, "newer", NULL, INSTANT_NONE), now = now_ms() + 1;
    int64_t known = job_new(p, "work", NULL, INSTANT_NONE);

    counter_start(p, &c, 1);
    assert_int_equal(jobs_run_due(p->store, now + 1), 1); /* what is behind it does not wait */
    assert_string_equal(look(p, known).state, "done");
    assert_string_equal(look(p, id).state, "queued");
    assert_int_equal(look(p, id).tries, 0);
    store_job_kind(p->store, &(struct job_kind){"newer", work, &c, 1});
    assert_int_equal(jobs_run_due(p->store, now + 1), 1);
    assert_string_equal(look(p, id).state, "done");
}

static void a_kind_that_no_program_takes_for_a_day_fails(void **state)
{
    struct place *p = *state;
    int64_t id = job_new(p, "gone", NULL, INSTANT_NONE), now = now_ms() + 1;

    assert_int_equal(jobs_run_due(p->store, now + 23 * 3600 * 1000), 0);
    assert_int_equal(jobs_run_due(p->store, now + 24 * 3600 * 1000), 1);
    assert_string_equal(look(p, id).state, "failed");
}

static void threads_take_what_is_added(void **state)
{
    struct place *p = *state;
    struct counter c[3] = {0};
    const char *names[] = {"a", "b", "c"};

    for (int i = 0; i < 3; i++) {
        const struct job_kind kind = {names[i], work, &c[i], 1};

        assert_int_equal(sem_init(&c[i].ran, 0, 0), 0);
        store_job_kind(p->store, &kind);
    }
    assert_ok(p, jobs_start(p->store, 3, &p->e));
    for (int i = 0; i < 3; i++)
        (void)job_new(p, names[i], NULL, INSTANT_NONE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sem_wait(&c[i].ran), 0);
    jobs_stop(p->store);
    assert_int_equal(number(p, "SELECT count(*) FROM job WHERE state = 'done' AND tries = 1", NULL), 3);
}

struct patience {
    sem_t started;
};

static bool until_asked(struct job *job, struct error *e)
{
    struct patience *x = job->arg;

    (void)sem_post(&x->started);
    while (!job_is_stopping(job))
        (void)usleep(1000);
    return fail(e, E_BUSY, "asked to stop");
}

static void a_stopped_job_keeps_its_tries(void **state)
{
    struct place *p = *state;
    struct patience x;
    const struct job_kind kind = {"long", until_asked, &x, 1};
    int64_t id;

    assert_int_equal(sem_init(&x.started, 0, 0), 0);
    store_job_kind(p->store, &kind);
    assert_ok(p, jobs_start(p->store, 1, &p->e));
    id = job_new(p, "long", NULL, INSTANT_NONE);
    assert_int_equal(sem_wait(&x.started), 0);
    jobs_stop(p->store);
    assert_string_equal(look(p, id).state, "queued");
    assert_int_equal(look(p, id).tries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_job_runs_and_tells),
        story(done_jobs_are_swept_after_a_week),
        story(a_job_waits_for_its_time),
        cmocka_unit_test(a_failure_is_tried_again_later),
        story(an_overtaken_run_changes_nothing),
        story(a_killed_run_is_taken_up_again),
        story(an_unknown_kind_is_left_to_another_program),
        story(a_kind_that_no_program_takes_for_a_day_fails),
        story(threads_take_what_is_added),
        story(a_stopped_job_keeps_its_tries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
