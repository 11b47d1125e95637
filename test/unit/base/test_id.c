/* Identifiers: positive, growing, never twice, whatever the number of threads. */
#include "base/base.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { THREADS = 4, EACH = 20000 };

static void *make_many(void *arg)
{
    int64_t *out = arg;

    for (int i = 0; i < EACH; i++)
        out[i] = id_new();
    return NULL;
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void threads_never_make_the_same(void **state)
{
    static int64_t ids[THREADS][EACH];
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        for (int k = 1; k < EACH; k++)
            if (ids[i][k] <= ids[i][k - 1])
                fail_msg("thread %d went backwards", i);
    qsort(ids, (size_t)THREADS * EACH, sizeof ids[0][0], by_number);
    for (size_t k = 1; k < (size_t)THREADS * EACH; k++)
        if ((&ids[0][0])[k] == (&ids[0][0])[k - 1])
            fail_msg("an id was made twice");
    assert_true(ids[0][0] > 0);
}

static void an_id_tells_when_it_was_made(void **state)
{
    int64_t id, before = now_ms();

    (void)state;
    id = id_new();
    /* the test before made 20 a millisecond's worth each and may have borrowed from the near future */
    assert_true(id_time_ms(id) >= before - 1);
    assert_true(id_time_ms(id) <= now_ms() + 1000);
}

static void nodes_do_not_share_ids(void **state)
{
    int64_t one, other;

    (void)state;
    id_set_node(1);
    one = id_new();
    id_set_node(1023);
    other = id_new();
    assert_int_equal(one >> 12 & 1023, 1);
    assert_int_equal(other >> 12 & 1023, 1023);
    assert_true(one > 0 && other > 0);
    id_set_node(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_never_make_the_same),
        cmocka_unit_test(an_id_tells_when_it_was_made),
        cmocka_unit_test(nodes_do_not_share_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
