/* Accounts as the rules see them: what ages, what locks, what idles; a made-up city is spared, but says so. */
#include "people_test.h"

static const int64_t DAY = 24 * 3600 * 1000;

static bool put_rules(struct db *db, void *arg, struct error *e)
{
    struct town *t = arg;
    json_auto_t *definition = json_loads(
        "{\"name\": \"x\", \"rules\": ["
        " {\"for\": \"officers\", \"from\": \"2030-01-01\", \"to\": \"2094-12-31\","
        "  \"password\": {\"length\": 20, \"classes\": 4}},"
        " {\"for\": \"officers\", \"from\": \"2095-01-01\","
        "  \"password\": {\"length\": 8, \"classes\": 4, \"change_first\": true},"
        "  \"aged_password\": {\"roles\": [\"admin\"], \"days\": 60, \"not_among\": 10},"
        "  \"lock\": {\"tries\": 5, \"hours\": 12}, \"idle\": {\"session_minutes\": 15, \"account_days\": 45},"
        "  \"review_months\": 3, \"otp\": {\"roles\": [\"admin\"]}}]}",
        0, NULL);

    assert_non_null(definition);
    return account_rules_put(db, &t->house, definition, e);
}

static void the_rules_in_force_are_dated(void **state)
{
    struct town *t = *state;
    struct people *p = people_of(&t->house);

    assert_int_equal(rules_at(p, true, NOON)->length, 8); /* none yet: the plainest */
    assert_int_equal(rules_at(p, true, NOON)->lock_tries, 0);
    assert_ok(t, store_write(t->house.store, put_rules, t, &t->e));
    assert_int_equal(rules_at(p, true, NOON)->lock_tries, 5);
    assert_int_equal(rules_at(p, true, NOON - 400 * DAY)->length, 20);
    assert_int_equal(rules_at(p, false, NOON)->lock_tries, 0);
    town_sleep(t);
    town_wake(t);
    assert_int_equal(rules_at(people_of(&t->house), true, NOON)->session_idle_ms, 15 * 60 * 1000);
}

static void what_an_account_must_do(void **state)
{
    const struct account admin = {.officer = true,
                                  .roles = 1U << ROLE_ADMIN,
                                  .password_at = NOON,
                                  .used_at = NOON,
                                  .reviewed_at = NOON,
                                  .otp = true};
    struct town *t = *state;
    struct people *p = people_of(&t->house);
    struct account x = admin;

    assert_ok(t, store_write(t->house.store, put_rules, t, &t->e));
    assert_int_equal(account_duties(p, &x, NOON + 60 * DAY), 0);
    assert_int_equal(account_duties(p, &x, NOON + 60 * DAY + 1), DUTY_PASSWORD);
    x.otp = false;
    assert_int_equal(account_duties(p, &x, NOON), DUTY_OTP);
    x.must_change = true;
    assert_int_equal(account_duties(p, &x, NOON), DUTY_PASSWORD | DUTY_OTP);
    x = admin;
    x.roles = 1U << ROLE_SPECIALIST;
    x.otp = false;
    assert_int_equal(account_duties(p, &x, NOON + 400 * DAY), 0); /* theirs neither age nor need a second factor */
    assert_int_equal(account_state(p, &x, NOON + 45 * DAY), ACCOUNT_ACTIVE);
    assert_int_equal(account_state(p, &x, NOON + 45 * DAY + 1), ACCOUNT_IDLE);
    x.locked_until = NOON + DAY;
    assert_int_equal(account_state(p, &x, NOON), ACCOUNT_LOCKED);
    assert_int_equal(account_state(p, &x, NOON + DAY), ACCOUNT_ACTIVE);
    x.disabled_at = NOON;
    assert_int_equal(account_state(p, &x, NOON), ACCOUNT_DISABLED);
    assert_false(account_review_due(p, &admin, NOON + 80 * DAY)); /* of 21 November: due once March begins */
    assert_true(account_review_due(p, &admin, NOON + 105 * DAY));
}

static void only_a_made_up_city_spares_its_accounts(void **state)
{
    const struct account x = {
        .officer = true, .demo = true, .must_change = true, .roles = 1U << ROLE_ADMIN, .used_at = 1};
    struct town *t = *state;
    struct people *p = people_of(&t->house);

    assert_ok(t, store_write(t->house.store, put_rules, t, &t->e));
    assert_int_equal(account_duties(p, &x, NOON), DUTY_PASSWORD | DUTY_OTP);
    assert_int_equal(account_state(p, &x, NOON), ACCOUNT_IDLE);
    p->demo = true;
    assert_int_equal(account_duties(p, &x, NOON), 0);
    assert_int_equal(account_state(p, &x, NOON), ACCOUNT_ACTIVE);
}

static bool try(struct town *t, const char *user, const char *secret, int64_t now, struct login_done *done)
{
    return login(people_of(&t->house), &(struct login){user, secret, NULL, "192.0.2.1", now}, done, &t->e);
}

static void a_lock_ends_by_itself_and_is_not_told(void **state)
{
    struct town *t = *state;
    struct newcomer minh;
    struct login_done done;

    assert_ok(t, store_write(t->house.store, put_rules, t, &t->e));
    town_officer(t, &minh);
    put(t, "UPDATE account SET used_at = $1", ARGS(I64(NOON)));
    for (int i = 0; i < 5; i++)
        assert_fails(t, E_LOGIN_FAILED, try(t, "minh", "sai", NOON, &done));
    assert_int_equal(number(t, "SELECT COUNT(*) FROM audit WHERE action = 'account-locked'", ARGS()), 1);
    assert_fails(t, E_LOGIN_FAILED, try(t, "minh", "lúa nếp 7", NOON + 2 * HOUR, &done));      /* as a wrong one */
    assert_int_equal(number(t, "SELECT locked_until FROM account", ARGS()), NOON + 12 * HOUR); /* and no longer */
    assert_ok(t, try(t, "minh", "lúa nếp 7", NOON + 12 * HOUR, &done));
}

static void an_idle_account_is_disabled_when_somebody_comes(void **state)
{
    struct town *t = *state;
    struct newcomer minh;
    struct login_done done;

    assert_ok(t, store_write(t->house.store, put_rules, t, &t->e));
    town_officer(t, &minh);
    put(t, "UPDATE account SET used_at = $1", ARGS(I64(NOON)));
    assert_fails(t, E_LOGIN_FAILED, try(t, "minh", "lúa nếp 7", NOON + 46 * DAY, &done));
    assert_int_equal(number(t, "SELECT COUNT(*) FROM account WHERE disabled_why = 'idle'", ARGS()), 1);
    assert_fails(t, E_LOGIN_FAILED, try(t, "minh", "lúa nếp 7", NOON + 46 * DAY + HOUR, &done));
    assert_int_equal(number(t, "SELECT COUNT(*) FROM audit WHERE action = 'account-disable'", ARGS()), 1);
}

static void an_unused_session_ends(void **state)
{
    static const struct {
        bool officer;
        int64_t idle, used, expires; /* minutes */
        const char *why;
    } rows[] = {
        {true, 15, 0, 15, "a quarter of an hour after it was made"},
        {true, 15, 300, 315, "or after its last use"},
        {true, 15, 715, 720, "and after twelve hours whatever happens"},
        {false, 15, 300, 315, "a rule for citizens would hold for them too"},
    };
    static const int64_t minute = 60 * 1000;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (session_expiry(rows[i].officer, rows[i].idle * minute, NOON, NOON + rows[i].used * minute) !=
            NOON + rows[i].expires * minute)
            fail_msg("%s", rows[i].why);
}

/* RFC 6238, appendix B: the secret "12345678901234567890", the last six of its eight digits. */
static void the_codes_of_the_standard(void **state)
{
    static const char secret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    static const struct {
        int64_t at;
        const char *code;
    } rows[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    int64_t step;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(otp_step(secret, rows[i].code, rows[i].at * 1000, &step));
        assert_int_equal(step, rows[i].at / 30);
        assert_true(otp_step(secret, rows[i].code, (rows[i].at + 30) * 1000, &step)); /* a slow hand */
        assert_int_equal(step, rows[i].at / 30);
        assert_false(otp_step(secret, rows[i].code, (rows[i].at + 90) * 1000, &step));
    }
    assert_false(otp_step(secret, "28708", 59000, &step));
    assert_false(otp_step(secret, "28708x", 59000, &step));
    assert_false(otp_step("not base32!", "287082", 59000, &step));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(the_rules_in_force_are_dated),
        story(what_an_account_must_do),
        story(only_a_made_up_city_spares_its_accounts),
        story(a_lock_ends_by_itself_and_is_not_told),
        story(an_idle_account_is_disabled_when_somebody_comes),
        cmocka_unit_test(an_unused_session_ends),
        cmocka_unit_test(the_codes_of_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
