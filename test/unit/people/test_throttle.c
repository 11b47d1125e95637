/* Guessing: a few tries are free, then the wait doubles; time is given, so nothing sleeps. */
#include "people_test.h"

static void the_wait_grows(void **state)
{
    static const struct {
        enum throttle_of of;
        int64_t failures, passed_s, wait_s;
    } rows[] = {
        {THROTTLE_USER, 0, 0, 0},      {THROTTLE_USER, 4, 0, 0},      {THROTTLE_USER, 5, 0, 30},
        {THROTTLE_USER, 5, 29, 1},     {THROTTLE_USER, 5, 30, 0},     {THROTTLE_USER, 6, 0, 60},
        {THROTTLE_USER, 7, 0, 120},    {THROTTLE_USER, 9, 0, 480},    {THROTTLE_USER, 10, 0, 900},
        {THROTTLE_USER, 1000, 0, 900}, {THROTTLE_USER, 5, 3600, 0},   {THROTTLE_USER, 5, -5, 30},
        {THROTTLE_ADDRESS, 19, 0, 0},  {THROTTLE_ADDRESS, 20, 0, 30}, {THROTTLE_ADDRESS, 21, 0, 60},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(throttle_wait_ms(rows[i].of, rows[i].failures, NOON, NOON + rows[i].passed_s * 1000),
                         rows[i].wait_s * 1000);
}

static void one_name_does_not_lock_another(void **state)
{
    struct throttle *t = throttle_new(NULL);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "lan", NOON), 0);
        throttle_fail(t, THROTTLE_USER, "lan", NOON);
    }
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "lan", NOON), 30000);
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "minh", NOON), 0);
    assert_int_equal(throttle_check_ms(t, THROTTLE_ADDRESS, "lan", NOON), 0);
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "lan", NOON + HOUR), 0); /* forgotten */

    throttle_clear(t, THROTTLE_USER, "minh");
    throttle_fail(t, THROTTLE_USER, "minh", NOON);
    throttle_clear(t, THROTTLE_USER, "minh");
    for (int i = 0; i < 4; i++)
        throttle_fail(t, THROTTLE_USER, "minh", NOON);
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "minh", NOON), 0); /* counted anew */
    throttle_free(t);
}

/* Counted before anybody knows whether it is right: of many at once no more are looked at than of many in a row. */
static void a_try_counts_until_it_was_right(void **state)
{
    struct throttle *t = throttle_new(NULL);
    struct throttle_try first = {0}, try = {0};
    struct error e;

    (void)state;
    error_init(&e);
    for (int i = 0; i < 5; i++) {
        assert_true(throttle_take(t, THROTTLE_USER, "lan", NOON, i ? &try : &first, &e));
        assert_int_equal(try.wait, 0);
    }
    assert_true(throttle_take(t, THROTTLE_USER, "lan", NOON, &try, &e));
    assert_int_equal(try.wait, 30000); /* and took nothing: */
    throttle_right(t, THROTTLE_USER, "lan", NOON, &first);
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "lan", NOON), 0);

    throttle_fail(t, THROTTLE_USER, "lan", NOON);
    assert_true(throttle_take(t, THROTTLE_USER, "lan", NOON + 30000, &try, &e));
    assert_int_equal(try.wait, 0);
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "lan", NOON + 30000), 60000);
    throttle_right(t, THROTTLE_USER, "lan", NOON + 30000, &try);
    assert_int_equal(throttle_check_ms(t, THROTTLE_USER, "lan", NOON + 30000), 0); /* as if it had not been */
    throttle_free(t);
}

static void an_address_is_a_network(void **state)
{
    static const struct {
        const char *guesses, *asks;
        bool same;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true}, /* one household */
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false}, /* IPv4 in disguise is no household */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct throttle *t = throttle_new(NULL);

        for (int n = 0; n < 20; n++)
            throttle_fail(t, THROTTLE_ADDRESS, rows[i].guesses, NOON);
        assert_int_equal(throttle_check_ms(t, THROTTLE_ADDRESS, rows[i].asks, NOON) > 0, rows[i].same);
        throttle_free(t);
    }
}

static void a_flood_of_names_stays_in_its_memory(void **state)
{
    struct throttle *t = throttle_new(NULL);

    (void)state;
    for (int n = 0; n < 8; n++)
        throttle_fail(t, THROTTLE_USER, "lan", NOON);
    for (int n = 0; n < 20000; n++) {
        char name[16];

        (void)snprintf(name, sizeof name, "n%d", n);
        throttle_fail(t, THROTTLE_USER, name, NOON);
    }
    assert_true(throttle_check_ms(t, THROTTLE_USER, "lan", NOON) > 0); /* one try each does not push out many */
    throttle_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_grows),
        cmocka_unit_test(one_name_does_not_lock_another),
        cmocka_unit_test(a_try_counts_until_it_was_right),
        cmocka_unit_test(an_address_is_a_network),
        cmocka_unit_test(a_flood_of_names_stays_in_its_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
