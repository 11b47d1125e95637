/* The table of rights, read aloud. */
#include "people_test.h"

static void the_rights_of_each_role(void **state)
{
    static const struct {
        const char *role;
        int right;
        bool may;
        const char *why;
    } rows[] = {
        {"citizen", RIGHT_CASE_SUBMIT, true, "applies for oneself"},
        {"citizen", RIGHT_VAULT, true, "owns a vault"},
        {"citizen", RIGHT_REGISTRY_READ, false, "sees own data in the vault, not the registries"},
        {"citizen", RIGHT_REGISTRY_WRITE, false, "corrections go through a case"},
        {"citizen", RIGHT_AUDIT_READ, false, "has the access log of the vault"},
        {"helper", RIGHT_CASE_SUBMIT, true, "files for a neighbour"},
        {"helper", RIGHT_REGISTRY_READ, false, "is no officer"},
        {"one-stop", RIGHT_CASE_SUBMIT, true, "files at the counter"},
        {"one-stop", RIGHT_REGISTRY_WRITE, false, "registries are written by granted cases and stewards"},
        {"specialist", RIGHT_CASE_SUBMIT, false, "dossiers come only through the one-stop"},
        {"specialist", RIGHT_REGISTRY_READ, true, "finds the book entry"},
        {"signatory", RIGHT_CASE_ACT, true, "approves"},
        {"cashier", RIGHT_REGISTRY_READ, false, "needs no registry to take a fee"},
        {"steward", RIGHT_REGISTRY_WRITE, true, "answers for the data"},
        {"steward", RIGHT_CASE_READ, false, "has no casework"},
        {"supervisor", RIGHT_CASE_READ, true, "reads everything of subordinate units"},
        {"supervisor", RIGHT_CASE_ACT, false, "and edits nothing"},
        {"supervisor", RIGHT_DOCUMENT_WRITE, false, "and edits nothing"},
        {"auditor", RIGHT_AUDIT_READ, true, "reads the audit"},
        {"auditor", RIGHT_CASE_READ, false, "and nothing else"},
        {"admin", RIGHT_ADMIN, true, "keeps the house"},
        {"admin", RIGHT_JOB_READ, true, "watches long work"},
        {"admin", RIGHT_CASE_READ, false, "does no casework"},
        {"admin", RIGHT_DOCUMENT_READ, false, "does no casework"},
        {"admin", RIGHT_AUDIT_READ, false, "does not audit himself"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum role role;

        assert_true(role_parse(rows[i].role, &role));
        if (role_may(role, rows[i].right) != rows[i].may)
            fail_msg("%s, %s: %s", rows[i].role, right_name(rows[i].right), rows[i].why);
    }
}

static void every_role_and_right_is_named(void **state)
{
    (void)state;
    for (int r = 0; r < ROLE__COUNT; r++) {
        enum role back;

        assert_true(role_parse(role_name((enum role)r), &back));
        assert_int_equal(back, r);
        assert_true(*role_title((enum role)r, LANG_VI) && *role_title((enum role)r, LANG_EN));
        assert_true(role_may((enum role)r, RIGHT_SIGNED_IN));
        assert_false(role_may((enum role)r, 0));
    }
    for (int right = 0; right < RIGHT__COUNT; right++)
        for (int other = 0; other < right; other++)
            assert_string_not_equal(right_name(right), right_name(other));
    assert_false(role_may(ROLE_ADMIN, RIGHT__COUNT));
    assert_false(role_may(ROLE_ADMIN, -1));
    assert_string_equal(right_name(RIGHT__COUNT), "unknown");
}

static void who_serves_where(void **state)
{
    static const struct {
        enum role role;
        int64_t at, asked;
        bool is, serves;
    } rows[] = {
        {ROLE_SPECIALIST, 7, 7, true, true}, {ROLE_SPECIALIST, 7, 8, false, false},
        {ROLE_SUPERVISOR, 0, 8, true, true}, /* everywhere */
        {ROLE_ADMIN, 7, 7, true, false},     {ROLE_AUDITOR, 7, 7, true, false},
        {ROLE_CITIZEN, 0, 7, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct role_at at = {rows[i].role, rows[i].at};
        struct actor who = {.n_roles = 1, .roles = &at};

        assert_int_equal(actor_is(&who, rows[i].role, rows[i].asked), rows[i].is);
        assert_int_equal(actor_serves(&who, rows[i].asked), rows[i].serves);
    }
    assert_false(actor_serves(NULL, 7));
    assert_false(actor_may(NULL, RIGHT_SIGNED_IN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rights_of_each_role),
        cmocka_unit_test(every_role_and_right_is_named),
        cmocka_unit_test(who_serves_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
