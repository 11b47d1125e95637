/* Repeated requests: the same one answers the same, another one under the same key is refused. */
#include "people_test.h"

struct ask {
    int64_t actor;
    const char *key, *body, *ref;
    int64_t now;
};

static bool keep(struct db *db, void *arg, struct error *e)
{
    const struct ask *x = arg;
    struct digest d = digest_of((struct bytes){x->body, strlen(x->body)});

    return request_keep(db, x->actor, x->key, &d, x->ref, x->now, e);
}

static bool sweep(struct db *db, void *arg, struct error *e)
{
    return request_sweep(db, *(int64_t *)arg, e);
}

static bool again(struct town *t, int64_t actor, const char *key, const char *body, const char **ref)
{
    struct digest d = digest_of((struct bytes){body, strlen(body)});
    auto_read struct db *db = NULL;

    return store_read(t->house.store, &db, &t->e) && request_repeated(db, actor, key, &d, t->arena, ref, &t->e);
}

static void same_and_different(void **state)
{
    static const struct {
        int64_t actor;
        const char *key, *body, *ref;
        enum error_code code;
    } rows[] = {
        {1, "k1", "two copies", "H29.1.5-261121-0001", E_NONE},
        {1, "k1", "three copies", NULL, E_IDEMPOTENCY_REUSED},
        {1, "k2", "two copies", NULL, E_NONE}, /* a key of its own */
        {2, "k1", "two copies", NULL, E_NONE}, /* somebody else's key */
    };
    struct town *t = *state;
    struct ask first = {1, "k1", "two copies", "H29.1.5-261121-0001", NOON};

    assert_ok(t, store_write(t->house.store, keep, &first, &t->e));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *ref = "untouched";

        if (rows[i].code != E_NONE) {
            assert_fails(t, rows[i].code, again(t, rows[i].actor, rows[i].key, rows[i].body, &ref));
            continue;
        }
        assert_ok(t, again(t, rows[i].actor, rows[i].key, rows[i].body, &ref));
        assert_true(text_equal(ref, rows[i].ref));
    }
    assert_fails(t, E_CONFLICT, store_write(t->house.store, keep, &first, &t->e));
}

static void two_days_later_it_is_forgotten(void **state)
{
    struct town *t = *state;
    struct ask first = {1, "k1", "two copies", "x", NOON};
    int64_t soon = NOON + 47 * HOUR, late = NOON + 49 * HOUR;
    const char *ref;

    people_stop(&t->house); /* its own sweep goes by the true clock */
    assert_ok(t, store_write(t->house.store, keep, &first, &t->e));
    assert_ok(t, store_write(t->house.store, sweep, &soon, &t->e));
    assert_ok(t, again(t, 1, "k1", "two copies", &ref));
    assert_non_null(ref);
    assert_ok(t, store_write(t->house.store, sweep, &late, &t->e));
    assert_ok(t, again(t, 1, "k1", "two copies", &ref));
    assert_null(ref);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(same_and_different),
        story(two_days_later_it_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
