/* Signing in and out, and the life of a session; the clock is the test's. */
#include "people_test.h"

static const char password[] = "lúa nếp 7";

static bool try(struct town *t, const char *user, const char *secret, int64_t now, struct login_done *done)
{
    return login(people_of(&t->house), &(struct login){user, secret, NULL, "192.0.2.1", now}, done, &t->e);
}

static bool opens(struct town *t, const char *token, int64_t now)
{
    struct session *s;
    bool found;

    assert_ok(t, session_find(people_of(&t->house), token, now, &s, &t->e));
    found = s != NULL;
    session_unref(s);
    return found;
}

static int64_t audited(struct town *t, const char *action)
{
    return number(t, "SELECT COUNT(*) FROM audit WHERE action = $1", ARGS(TEXT(action)));
}

static void a_session_knows_who_calls(void **state)
{
    struct town *t = *state;
    struct newcomer lan, minh;
    struct login_done done;
    struct session *s;

    town_citizen(t, &lan);
    town_officer(t, &minh);
    assert_ok(t, try(t, "minh", password, NOON, &done));
    assert_int_equal(done.party, minh.party);
    assert_int_equal(strlen(done.token), 64);
    for (int cached = 0; cached < 2; cached++) {
        assert_ok(t, session_find(people_of(&t->house), done.token, NOON, &s, &t->e));
        assert_int_equal(s->actor.account, minh.account);
        assert_string_equal(s->actor.user, "minh");
        assert_string_equal(s->actor.name, "Trần Văn Minh");
        assert_null(s->actor.number);
        assert_true(actor_is(&s->actor, ROLE_ONE_STOP, 7));
        assert_true(actor_may(&s->actor, RIGHT_CASE_ACT));
        assert_false(actor_may(&s->actor, RIGHT_REGISTRY_WRITE));
        session_unref(s);
    }
    assert_ok(t, try(t, lan.user, password, NOON, &done));
    assert_ok(t, session_find(people_of(&t->house), done.token, NOON, &s, &t->e));
    assert_string_equal(s->actor.number, lan.number);
    session_unref(s);
    assert_int_equal(audited(t, "login"), 2);
}

static void the_token_itself_is_stored_nowhere(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done;

    town_citizen(t, &lan);
    assert_ok(t, try(t, lan.user, password, NOON, &done));
    assert_int_equal(number(t, "SELECT COUNT(*) FROM session WHERE token = $1",
                            ARGS(BLOB((struct bytes){done.token, strlen(done.token)}))),
                     0);
    assert_int_equal(number(t, "SELECT COUNT(*) FROM session", ARGS()), 1);
}

static void not_a_token(void **state)
{
    static const char *const rows[] = {"", "x", "0000000000000000000000000000000000000000000000000000000000000000",
                                       "00000000000000000000000000000000000000000000000000000000000000000"};
    struct town *t = *state;

    for (size_t i = 0; i < COUNT(rows); i++)
        assert_false(opens(t, rows[i], NOON));
}

static void unknown_and_wrong_are_told_alike(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done;
    char detail[ERROR_DETAIL_MAX];

    town_citizen(t, &lan);
    assert_fails(t, E_LOGIN_FAILED, try(t, lan.user, "sai", NOON, &done));
    (void)snprintf(detail, sizeof detail, "%s", t->e.detail);
    assert_fails(t, E_LOGIN_FAILED, try(t, "nobody", "sai", NOON, &done));
    assert_string_equal(t->e.detail, detail);
    assert_int_equal(audited(t, "login-failed"), 2);
    assert_int_equal(number(t, "SELECT COUNT(*) FROM audit WHERE key = 'nobody'", ARGS()), 0);
    /* The hash that stands for nobody costs what a true one costs. */
    assert_true(password_is_current(NULL));
    assert_true(password_is_current(lan.hash));
    assert_false(password_matches(NULL, ""));
}

static void five_guesses_and_then_a_wait(void **state)
{
    static const char *const users[] = {"079190000011", "nobody"}; /* being locked must not tell who exists */
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done;

    town_citizen(t, &lan);
    for (size_t u = 0; u < COUNT(users); u++) {
        for (int i = 0; i < 5; i++)
            assert_fails(t, E_LOGIN_FAILED, try(t, users[u], "sai", NOON, &done));
        assert_fails(t, E_LOGIN_THROTTLED, try(t, users[u], password, NOON + 1000, &done));
        assert_int_equal(json_i64(t->e.extra, "retry_after", 0), 29);
    }
    /* After the wait one try; a right one forgives. */
    assert_ok(t, try(t, lan.user, password, NOON + 31000, &done));
    assert_fails(t, E_LOGIN_FAILED, try(t, lan.user, "sai", NOON + 32000, &done));
    assert_ok(t, try(t, lan.user, password, NOON + 33000, &done));
}

static void a_restart_does_not_forgive(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done;

    town_citizen(t, &lan);
    for (int i = 0; i < 5; i++)
        assert_fails(t, E_LOGIN_FAILED, try(t, lan.user, "sai", NOON, &done));
    town_sleep(t);
    town_wake(t);
    assert_fails(t, E_LOGIN_THROTTLED, try(t, lan.user, password, NOON, &done));
    assert_ok(t, try(t, lan.user, password, NOON + 31000, &done));
}

static void many_right_logins_are_nobodys_guess(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done;

    town_citizen(t, &lan);
    for (int i = 0; i < 25; i++)
        assert_ok(t, try(t, lan.user, password, NOON, &done));
}

static void how_sessions_end(void **state)
{
    static const struct {
        bool officer;
        int64_t used, expires; /* hours after it was made */
        const char *why;
    } rows[] = {
        {true, 0, 12, "an officer's lasts a working day"},
        {true, 11, 12, "however much it is used"},
        {false, 0, 24, "a citizen's ends a day after its last use"},
        {false, 23, 47, "a citizen's ends a day after its last use"},
        {false, 719, 720, "and after thirty days whatever happens"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (session_expiry(rows[i].officer, 0, NOON, NOON + rows[i].used * HOUR) != NOON + rows[i].expires * HOUR)
            fail_msg("%s", rows[i].why);
}

static void an_expired_session_opens_nothing(void **state)
{
    struct town *t = *state;
    struct newcomer minh;
    struct login_done done;

    town_officer(t, &minh);
    assert_ok(t, try(t, "minh", password, NOON, &done));
    assert_int_equal(done.expires_at, NOON + 12 * HOUR);
    assert_true(opens(t, done.token, NOON + 12 * HOUR - 1)); /* now it is in memory */
    assert_false(opens(t, done.token, NOON + 12 * HOUR));
    assert_false(opens(t, done.token, NOON + 13 * HOUR)); /* and from the table */
}

static bool touch(struct db *db, void *arg, struct error *e)
{
    const int64_t *x = arg;

    return session_touch(db, x[0], x[1], e) && session_sweep(db, x[1], e);
}

static void use_keeps_a_citizens_session_open(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done, unused;
    int64_t id;

    town_citizen(t, &lan);
    assert_ok(t, try(t, lan.user, password, NOON, &done));
    id = number(t, "SELECT id FROM session", ARGS());
    assert_ok(t, try(t, lan.user, password, NOON, &unused));
    assert_ok(t, store_write(t->house.store, touch, (int64_t[]){id, NOON + 20 * HOUR}, &t->e));
    assert_true(opens(t, done.token, NOON + 43 * HOUR));
    assert_false(opens(t, unused.token, NOON + 43 * HOUR));
    assert_ok(t, store_write(t->house.store, touch, (int64_t[]){id, NOON + 40 * HOUR}, &t->e));
    assert_int_equal(number(t, "SELECT COUNT(*) FROM session", ARGS()), 1); /* the unused one is swept */
}

static void use_is_written_down_by_itself(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done done;
    int64_t now = now_ms();

    town_citizen(t, &lan);
    assert_ok(t, try(t, lan.user, password, now - 20 * HOUR, &done));
    assert_true(opens(t, done.token, now));
    people_stop(&t->house); /* what was to be written later is written now */
    assert_true(number(t, "SELECT used_at FROM session", ARGS()) >= now);
    assert_ok(t, people_start(&t->house, &t->e));
}

static void after_signing_out_the_token_is_void(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    struct login_done here, there;
    struct session *s;

    town_citizen(t, &lan);
    assert_ok(t, try(t, lan.user, password, NOON, &here));
    assert_ok(t, try(t, lan.user, password, NOON, &there));
    assert_ok(t, session_find(people_of(&t->house), here.token, NOON, &s, &t->e));
    assert_ok(t, logout(people_of(&t->house), s, "192.0.2.1", NOON, &t->e));
    assert_string_equal(s->actor.user, lan.user); /* the request that holds it goes on */
    session_unref(s);
    assert_false(opens(t, here.token, NOON));
    assert_true(opens(t, there.token, NOON));
    assert_int_equal(audited(t, "logout"), 1);
}

static bool promote(struct db *db, void *arg, struct error *e)
{
    return role_grant(db, *(int64_t *)arg, ROLE_STEWARD, 7, e);
}

static void a_new_role_counts_at_once(void **state)
{
    struct town *t = *state;
    struct newcomer minh;
    struct login_done done;
    struct session *s;

    town_officer(t, &minh);
    assert_ok(t, try(t, "minh", password, NOON, &done));
    assert_true(opens(t, done.token, NOON));
    assert_ok(t, store_write(t->house.store, promote, &minh.account, &t->e));
    assert_ok(t, session_find(people_of(&t->house), done.token, NOON, &s, &t->e));
    assert_true(actor_may(&s->actor, RIGHT_REGISTRY_WRITE));
    assert_int_equal(s->actor.n_roles, 2);
    session_unref(s);
}

static bool lend(struct db *db, void *arg, struct error *e)
{
    const int64_t *sides = arg;

    return db_exec(
        db, NULL, e,
        "INSERT INTO delegation (id, lender, agent, unit, role, from_at, until_at, made_at, made_by, ended_at)"
        " VALUES ($1, $2, $3, 7, 'specialist', $4, $5, $4, $2, 0)",
        ARGS(I64(id_new()), I64(sides[0]), I64(sides[1]), I64(NOON + 1000), I64(NOON + 5000)));
}

/* Exactly from and until, though a snapshot is kept for a minute; and no longer than its lender has the role. */
static void a_lent_role_comes_and_goes_by_itself(void **state)
{
    struct town *t = *state;
    static const struct {
        int64_t after;
        size_t roles;
    } moments[] = {{0, 1}, {999, 1}, {1000, 2}, {4999, 2}, {5000, 1}};
    struct newcomer minh,
        lan = {.user = "lan", .name = "Lê Thị Lan", .kind = PARTY_OFFICER, .role = ROLE_SPECIALIST, .unit = 7};
    struct login_done done;
    struct session *s;

    town_newcomer(t, &lan);
    town_officer(t, &minh);
    assert_ok(t, store_write(t->house.store, lend, (int64_t[]){lan.party, minh.party}, &t->e));
    assert_ok(t, try(t, "minh", password, NOON, &done));
    for (size_t i = 0; i < COUNT(moments); i++) {
        assert_ok(t, session_find(people_of(&t->house), done.token, NOON + moments[i].after, &s, &t->e));
        assert_int_equal(s->actor.n_roles, moments[i].roles);
        if (moments[i].roles == 2)
            assert_int_equal(s->actor.roles[1].on_behalf, lan.party);
        session_unref(s);
    }
}

static void more_sessions_than_the_memory_holds(void **state)
{
    struct town *t = *state;
    struct newcomer lan;
    char tokens[200][TOKEN_HEX];

    town_citizen(t, &lan);
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct digest d;

        do { /* all in one shard */
            random_hex(tokens[i], (TOKEN_HEX - 1) / 2);
            d = digest_of((struct bytes){tokens[i], TOKEN_HEX - 1});
        } while (d.bytes[0] % 64 != 0);
        put(t,
            "INSERT INTO session (id, token, account, officer, made_at, used_at, expires_at)"
            " VALUES ($1, $2, $3, 0, $4, $4, $5)",
            ARGS(I64(id_new()), BLOB((struct bytes){d.bytes, sizeof d.bytes}), I64(lan.account), I64(NOON),
                 I64(NOON + HOUR)));
    }
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT(tokens); i++)
            assert_true(opens(t, tokens[i], NOON));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_session_knows_who_calls),
        story(the_token_itself_is_stored_nowhere),
        story(not_a_token),
        story(unknown_and_wrong_are_told_alike),
        story(five_guesses_and_then_a_wait),
        story(a_restart_does_not_forgive),
        story(many_right_logins_are_nobodys_guess),
        cmocka_unit_test(how_sessions_end),
        story(a_lent_role_comes_and_goes_by_itself),
        story(an_expired_session_opens_nothing),
        story(use_keeps_a_citizens_session_open),
        story(use_is_written_down_by_itself),
        story(after_signing_out_the_token_is_void),
        story(a_new_role_counts_at_once),
        story(more_sessions_than_the_memory_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
