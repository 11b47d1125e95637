/* Units: stored by definition, remembered on commit, asked from memory. */
#include "people_test.h"

struct definition {
    struct town *town;
    json_t *body;
    bool then_fail;
};

static bool put_unit(struct db *db, void *arg, struct error *e)
{
    const struct definition *x = arg;

    return unit_put(db, &x->town->house, x->body, e) && (!x->then_fail || fail(e, E_CONFLICT, "on purpose"));
}

static bool define(struct town *t, const char *json, bool then_fail)
{
    json_auto_t *body = NULL;

    assert_ok(t, json_read((struct bytes){json, strlen(json)}, &body, &t->e));
    return store_write(t->house.store, put_unit, &(struct definition){t, body, then_fail}, &t->e);
}

static void define_town(struct town *t)
{
    static const char *const units[] = {
        /* the ward before its city: the order of a pack's files is nobody's promise */
        "{\"code\": \"H29.1.5\", \"kind\": \"ward\", \"name\": {\"vi\": \"Phường Bến Thành\", \"en\": \"Ben Thanh "
        "Ward\"},"
        " \"parent\": \"H29\", \"place\": \"26743\", \"from\": \"2025-07-01\", \"offers\": [\"ward\", \"counter\"]}",
        "{\"code\": \"H29\", \"kind\": \"city\", \"name\": {\"vi\": \"Thành phố Hồ Chí Minh\", \"en\": \"The City\"},"
        " \"offers\": \"city\"}",
        "{\"code\": \"H29.1.6\", \"kind\": \"ward\", \"name\": {\"vi\": \"Phường Đa Kao\", \"en\": \"Da Kao Ward\"},"
        " \"parent\": \"H29\", \"place\": \"26743\", \"from\": \"1976-07-02\", \"to\": \"2025-06-30\"}",
        "{\"code\": \"H29.11\", \"kind\": \"department\", \"name\": {\"vi\": \"Sở Tư pháp\", \"en\": \"Department of "
        "Justice\"},"
        " \"parent\": \"H29\", \"offers\": [\"justice\"]}",
        "{\"code\": \"H29.11.2\", \"kind\": \"department\", \"name\": {\"vi\": \"Phòng Hộ tịch\", \"en\": \"Civil "
        "Status\"},"
        " \"parent\": \"H29.11\"}",
    };

    for (size_t i = 0; i < COUNT(units); i++)
        assert_ok(t, define(t, units[i], false));
}

static void the_tree(void **state)
{
    static const struct {
        const char *unit, *ancestor;
        bool within;
    } rows[] = {
        {"H29.1.5", "H29", true},     {"H29.1.5", "H29.1.5", true}, {"H29", "H29.1.5", false},
        {"H29.11.2", "H29.11", true}, {"H29.11.2", "H29", true},    {"H29.11.2", "H29.1.5", false},
    };
    struct town *t = *state;
    const struct house *h = &t->house;

    define_town(t);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (unit_is_within(h, unit_by_code(h, rows[i].unit)->id, unit_by_code(h, rows[i].ancestor)->id) !=
            rows[i].within)
            fail_msg("%s within %s", rows[i].unit, rows[i].ancestor);
    assert_int_equal(unit_by_code(h, "H29.11.2")->parent, unit_by_code(h, "H29.11")->id);
    assert_false(unit_is_within(h, 12345, 12345));
    assert_false(unit_is_within(h, unit_by_code(h, "H29")->id, 0));
    assert_null(unit_by_code(h, "H29.1"));
    assert_null(unit_by_id(h, 1));
    assert_string_equal(unit_at(h, 0)->code, "H29");
    assert_string_equal(unit_at(h, 4)->code, "H29.11.2");
    assert_null(unit_at(h, 5));
}

static void in_force_and_by_place(void **state)
{
    struct town *t = *state;
    const struct unit *ward, *ended;

    define_town(t);
    ward = unit_by_code(&t->house, "H29.1.5");
    ended = unit_by_code(&t->house, "H29.1.6");
    assert_ptr_equal(unit_by_place(&t->house, "26743"), ward); /* the code outlived the other one */
    assert_null(unit_by_place(&t->house, "99999"));
    assert_true(unit_is_in_force(ward, (struct date){2025, 7, 1}));
    assert_false(unit_is_in_force(ward, (struct date){2025, 6, 30}));
    assert_true(unit_is_in_force(ended, (struct date){2025, 6, 30}));
    assert_false(unit_is_in_force(ended, (struct date){2025, 7, 1}));
}

static void offers_are_whole_words(void **state)
{
    struct unit u = {.offers = "ward counter"}, none = {0};

    (void)state;
    assert_true(unit_offers(&u, "ward"));
    assert_true(unit_offers(&u, "counter"));
    assert_false(unit_offers(&u, "war"));
    assert_false(unit_offers(&u, "count"));
    assert_false(unit_offers(&u, ""));
    assert_false(unit_offers(&none, "ward"));
}

static void a_rolled_back_unit_was_never_there(void **state)
{
    struct town *t = *state;
    const struct unit *before;

    define_town(t);
    before = unit_by_code(&t->house, "H29.11");
    assert_fails(t, E_CONFLICT,
                 define(t, "{\"code\": \"H29.11\", \"kind\": \"department\", \"name\": \"Sở Khác\"}", true));
    assert_fails(t, E_CONFLICT, define(t, "{\"code\": \"H29.99\", \"kind\": \"ward\", \"name\": \"Mới\"}", true));
    assert_ptr_equal(unit_by_code(&t->house, "H29.11"), before);
    assert_null(unit_by_code(&t->house, "H29.99"));
    assert_fails(t, E_PACK,
                 define(t, "{\"code\": \"H29.98\", \"kind\": \"ward\", \"name\": \"X\", \"to\": \"soon\"}", false));
}

static void a_change_keeps_the_id_and_the_old_pointer(void **state)
{
    struct town *t = *state;
    const struct unit *before, *after;

    define_town(t);
    before = unit_by_code(&t->house, "H29.11");
    assert_ok(t,
              define(t, "{\"code\": \"H29.11\", \"kind\": \"department\", \"name\": \"Sở Mới\", \"parent\": \"H29\"}",
                     false));
    after = unit_by_code(&t->house, "H29.11");
    assert_ptr_not_equal(before, after);
    assert_int_equal(before->id, after->id);
    assert_string_equal(before->name[LANG_VI], "Sở Tư pháp");
    assert_string_equal(after->name[LANG_VI], "Sở Mới");
    assert_ptr_equal(unit_by_id(&t->house, after->id), after);
}

static void a_restart_remembers_the_same(void **state)
{
    struct town *t = *state;
    const struct unit *u;
    int64_t id;

    define_town(t);
    id = unit_by_code(&t->house, "H29.1.5")->id;
    town_sleep(t);
    town_wake(t);
    u = unit_by_code(&t->house, "H29.1.5");
    assert_int_equal(u->id, id);
    assert_string_equal(u->offers, "ward counter");
    assert_string_equal(u->place, "26743");
    assert_int_equal(u->from.year, 2025);
    assert_int_equal(u->to.year, 0);
    assert_ok(t, units_load(&t->house, &t->e));
    assert_ptr_equal(unit_by_code(&t->house, "H29.1.5"), u); /* unchanged: nothing new is kept */
}

static bool wards_take_everything(const struct house *h, const char *service, const struct unit *unit)
{
    (void)h;
    return strcmp(service, "2.000635") == 0 && strcmp(unit->kind, "ward") == 0;
}

static void searching(void **state)
{
    static const struct {
        struct unit_query query;
        const char *codes;
    } rows[] = {
        {{0}, "H29 H29.1.5 H29.1.6 H29.11 H29.11.2 "},
        {{.after = "H29.1.6"}, "H29.11 H29.11.2 "},
        {{.words = "ben thanh"}, "H29.1.5 "},
        {{.words = "thanh pho"}, "H29 "},
        {{.words = "da k"}, "H29.1.6 "},
        {{.words = "en thanh"}, ""}, /* words are met at their beginning */
        {{.words = "justice"}, "H29.11 "},
        {{.kind = "ward"}, "H29.1.5 H29.1.6 "},
        {{.service = "2.000635"}, "H29.1.5 "}, /* an ended ward takes nothing */
        {{.service = "1.000000"}, ""},
    };
    struct town *t = *state;

    define_town(t);
    people_on_service_units(&t->house, wards_take_everything);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_query query = rows[i].query;
        const struct unit *found[16];
        struct buf codes = BUF_INIT(512);
        size_t n;

        query.today = (struct date){2026, 11, 21};
        n = unit_list(&t->house, &query, found, COUNT(found));
        buf_puts(&codes, "");
        for (size_t u = 0; u < n; u++)
            buf_printf(&codes, "%s ", found[u]->code);
        assert_string_equal(codes.data ? codes.data : "", rows[i].codes);
        buf_done(&codes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(the_tree),
        story(in_force_and_by_place),
        cmocka_unit_test(offers_are_whole_words),
        story(a_rolled_back_unit_was_never_there),
        story(a_change_keeps_the_id_and_the_old_pointer),
        story(a_restart_remembers_the_same),
        story(searching),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
