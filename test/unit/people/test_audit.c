/* The audit: chained, and every way of bending it shows. */
#include "people_test.h"

#include <pthread.h>

static const struct audit a_read = {
    .action = "read",
    .what = "record:person",
    .key = "079190000011",
    .about = "079190000011",
    .actor = 5,
    .unit = 7,
    .purpose = "case",
    .address = "192.0.2.1",
    .at = 1795237200000,
};

static bool add_three(struct db *db, void *arg, struct error *e)
{
    struct audit x = a_read;

    (void)arg;
    for (int i = 0; i < 3; i++) {
        x.case_id = i;
        if (!audit_add(db, &x, e))
            return false;
    }
    return true;
}

static void verify(struct town *t, bool *sound, int64_t *checked)
{
    auto_read struct db *db = NULL;

    assert_ok(t, store_read(t->house.store, &db, &t->e));
    assert_ok(t, audit_verify(db, sound, checked, &t->e));
}

static void an_untouched_chain_is_sound(void **state)
{
    struct town *t = *state;
    int64_t checked;
    bool sound;

    verify(t, &sound, &checked);
    assert_true(sound);
    assert_int_equal(checked, 0);
    assert_ok(t, store_write(t->house.store, add_three, NULL, &t->e));
    verify(t, &sound, &checked);
    assert_true(sound);
    assert_int_equal(checked, 3);
}

static void tampering_shows(void **state)
{
    static const struct {
        const char *sql;
        int64_t sound_before;
    } rows[] = {
        {"UPDATE audit SET about = '079190000022' WHERE seq = 1", 0},
        {"UPDATE audit SET at = at + 1 WHERE seq = 2", 1},
        {"UPDATE audit SET purpose = NULL WHERE seq = 2", 1},
        {"UPDATE audit SET what = what || 'x', key = substr(key, 2) WHERE seq = 3", 2},
        {"UPDATE audit SET actor = 6 WHERE seq = 3", 2},
        {"UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE seq = 2", 1},
        {"DELETE FROM audit WHERE seq = 1", 0},
        {"DELETE FROM audit WHERE seq = 2", 1},
        {"UPDATE audit SET seq = seq + 1 WHERE seq = 3", 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct town *t;
        void *fresh;
        int64_t checked;
        bool sound;

        assert_int_equal(town_setup(&fresh), 0);
        t = fresh;
        assert_ok(t, store_write(t->house.store, add_three, NULL, &t->e));
        put(t, rows[i].sql, ARGS());
        verify(t, &sound, &checked);
        if (sound || checked != rows[i].sound_before)
            fail_msg("not seen: %s", rows[i].sql);
        assert_int_equal(town_teardown(&fresh), 0);
    }
}

enum { READERS = 4, READS = 300 };

static void *read_much(void *arg)
{
    for (int i = 0; i < READS; i++)
        audit_later(arg, &a_read);
    return NULL;
}

static void reads_of_many_threads_all_arrive(void **state)
{
    struct town *t = *state;
    pthread_t threads[READERS];
    int64_t checked;
    bool sound;

    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_much, &t->house), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    people_stop(&t->house); /* a stop empties the queue first */
    verify(t, &sound, &checked);
    assert_true(sound);
    assert_int_equal(checked, READERS * READS);
    assert_ok(t, people_start(&t->house, &t->e));
}

static void what_is_known_about_a_person(void **state)
{
    struct town *t = *state;
    struct audit_row rows[2];
    struct newcomer minh;
    struct audit other = a_read, by_minh = a_read;
    auto_read struct db *db = NULL;
    size_t n;

    town_officer(t, &minh);
    other.about = "079190000022";
    by_minh.actor = minh.party;
    audit_later(&t->house, &a_read);
    audit_later(&t->house, &other);
    audit_later(&t->house, &by_minh);
    audit_later(&t->house, &by_minh);
    people_stop(&t->house);
    assert_ok(t, people_start(&t->house, &t->e));

    assert_ok(t, store_read(t->house.store, &db, &t->e));
    assert_ok(t, audit_about(db, t->arena, &t->house, a_read.about, 0, 2, rows, &n, LANG_VI, &t->e));
    assert_int_equal(n, 2);
    assert_true(rows[0].id > rows[1].id);
    assert_string_equal(rows[0].who, "Trần Văn Minh");
    assert_string_equal(rows[0].purpose, "case");
    assert_null(rows[0].unit_name); /* unit 7 is not of this town */
    assert_ok(t, audit_about(db, t->arena, &t->house, a_read.about, rows[1].id, 2, rows, &n, LANG_VI, &t->e));
    assert_int_equal(n, 1);
    assert_null(rows[0].who);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(an_untouched_chain_is_sound),
        cmocka_unit_test(tampering_shows),
        story(reads_of_many_threads_all_arrive),
        story(what_is_known_about_a_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
