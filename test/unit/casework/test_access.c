/* What somebody is to a case: one row for each way of coming to it, and for each that only looks like one. */
#include "house.h"

#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

enum { HERE = 7, OTHER = 8, ASKED = 9, MAI = 21, LAN = 22, MINH = 23 };
static const int64_t NOW = 1795237200000;

static const struct agency for_all = {.authorisation = 1, .principal = MAI, .from = 0, .until = INT64_MAX},
                           for_this = {.authorisation = 2, .principal = MAI, .service = "2.1", .until = INT64_MAX},
                           for_field = {.authorisation = 3, .principal = MAI, .field = "Hộ tịch", .until = INT64_MAX},
                           for_that = {.authorisation = 4, .principal = MAI, .service = "2.2", .until = INT64_MAX},
                           over = {.authorisation = 5, .principal = MAI, .until = NOW},
                           later = {.authorisation = 6, .principal = MAI, .from = NOW + 1, .until = INT64_MAX},
                           of_another = {.authorisation = 7, .principal = LAN, .until = INT64_MAX};

static const struct {
    const char *why;
    int64_t party, submitter;
    enum party_kind kind;
    struct role_at role;
    const struct agency *agency;
    bool sees, own;
    unsigned bits;
    int64_t stands_on;
} rows[] = {
    {"its owner", MAI, MAI, PARTY_CITIZEN, {0}, NULL, true, true, BY_APPLICANT, 0},
    {"a stranger", LAN, MAI, PARTY_CITIZEN, {0}, NULL, false, false, 0, 0},
    {"an agent for everything", LAN, MAI, PARTY_CITIZEN, {0}, &for_all, true, false, BY_APPLICANT, 1},
    {"for this service", LAN, MAI, PARTY_CITIZEN, {0}, &for_this, true, false, BY_APPLICANT, 2},
    {"for its field", LAN, MAI, PARTY_CITIZEN, {0}, &for_field, true, false, BY_APPLICANT, 3},
    {"for another service", LAN, MAI, PARTY_CITIZEN, {0}, &for_that, false, false, 0, 0},
    {"whose time is over, though they filed it", LAN, LAN, PARTY_CITIZEN, {0}, &over, false, false, 0, 0},
    {"whose time has not come", LAN, MAI, PARTY_CITIZEN, {0}, &later, false, false, 0, 0},
    {"an agent of somebody else", MINH, MAI, PARTY_CITIZEN, {0}, &of_another, false, false, 0, 0},
    {"a helper who filed it", LAN, LAN, PARTY_OFFICER, {ROLE_HELPER, 0, 0}, NULL, true, true, BY_APPLICANT, 0},
    {"a helper who did not", LAN, MAI, PARTY_OFFICER, {ROLE_HELPER, 0, 0}, NULL, false, false, 0, 0},
    {"a specialist of its unit",
     LAN,
     MAI,
     PARTY_OFFICER,
     {ROLE_SPECIALIST, HERE, 0},
     NULL,
     true,
     false,
     1U << ROLE_SPECIALIST,
     0},
    {"one who borrowed the role",
     LAN,
     MAI,
     PARTY_OFFICER,
     {ROLE_SPECIALIST, HERE, MINH},
     NULL,
     true,
     false,
     1U << ROLE_SPECIALIST,
     0},
    {"a specialist of a unit that was asked",
     LAN,
     MAI,
     PARTY_OFFICER,
     {ROLE_SPECIALIST, ASKED, 0},
     NULL,
     true,
     false,
     0,
     0},
    {"a specialist of elsewhere", LAN, MAI, PARTY_OFFICER, {ROLE_SPECIALIST, OTHER, 0}, NULL, false, false, 0, 0},
    {"a steward of its unit",
     LAN,
     MAI,
     PARTY_OFFICER,
     {ROLE_STEWARD, HERE, 0},
     NULL,
     false,
     false,
     1U << ROLE_STEWARD,
     0},
    {"an administrator of its unit",
     LAN,
     MAI,
     PARTY_OFFICER,
     {ROLE_ADMIN, HERE, 0},
     NULL,
     false,
     false,
     1U << ROLE_ADMIN,
     0},
};

static void every_way_to_a_case(void **state)
{
    const struct unit unit = {.id = HERE};
    const struct service service = {.code = "2.1", .field = {[LANG_VI] = "Hộ tịch"}};
    json_auto_t *shared = json_pack("[i]", ASKED);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct actor who = {.party = rows[i].party,
                                  .kind = rows[i].kind,
                                  .n_roles = rows[i].kind == PARTY_OFFICER,
                                  .roles = &rows[i].role,
                                  .n_agencies = rows[i].agency != NULL,
                                  .agencies = rows[i].agency};
        const struct case_file c = {
            .service = &service, .unit = &unit, .applicant = MAI, .submitter = rows[i].submitter, .shared = shared};
        struct standing s = case_standing(&town.house, &who, &c, NOW);

        if (s.sees != rows[i].sees || s.own != rows[i].own || s.bits != rows[i].bits ||
            (s.agency ? s.agency->authorisation : 0) != rows[i].stands_on)
            fail_msg("%s: sees %d, own %d, bits %x", rows[i].why, s.sees, s.own, s.bits);
        assert_int_equal(s.own_bits, rows[i].role.on_behalf ? 0 : rows[i].bits);
    }
    assert_false(case_standing(&town.house, NULL, &(struct case_file){0}, NOW).sees);
}

/* From the day after its last one, and only those that are named; for what others asked of it, too. */
static void successors_stand_for_a_unit_that_ended(void **state)
{
    const struct unit *district = unit_by_code(&town.house, "H29.9.718"), *heir = unit_by_code(&town.house, "H29.1.1"),
                      *other = unit_by_code(&town.house, "H29.1.6"), *all[8];
    const struct service service = {.code = "2.1", .field = {[LANG_VI] = "Hộ tịch"}};
    json_auto_t *shared = json_pack("[I]", (json_int_t)district->id);
    const struct case_file answered = {.service = &service, .unit = district, .applicant = MAI, .submitter = MAI},
                           asked = {.service = &service,
                                    .unit = other,
                                    .applicant = MAI,
                                    .submitter = MAI,
                                    .shared = shared};
    static const struct {
        const char *when;
        bool heir;
        unsigned bits;
    } days[] = {{"2025-06-30 16:00", false, 0},
                {"2025-07-01 08:00", true, 1U << ROLE_SPECIALIST},
                {"2026-11-21 10:00", true, 1U << ROLE_SPECIALIST}};

    (void)state;
    for (size_t i = 0; i < COUNT(days); i++) {
        const struct role_at at_heir = {ROLE_SPECIALIST, heir->id, 0}, elsewhere = {ROLE_SPECIALIST, other->id, 0};
        const struct actor a = {.party = LAN, .kind = PARTY_OFFICER, .n_roles = 1, .roles = &at_heir};
        const struct actor b = {.party = MINH, .kind = PARTY_OFFICER, .n_roles = 1, .roles = &elsewhere};
        int64_t now = at(days[i].when);
        struct standing s = case_standing(&town.house, &a, &answered, now);

        assert_int_equal(s.sees, days[i].heir);
        assert_int_equal(s.bits, days[i].bits);
        assert_ptr_equal(unit_acted_for(&town.house, &a, district, now), days[i].heir ? heir : district);
        s = case_standing(&town.house, &a, &asked, now);
        assert_int_equal(s.sees, days[i].heir);
        assert_int_equal(s.bits, 0);
        s = case_standing(&town.house, &b, &answered, now);
        assert_false(s.sees);
        assert_int_equal(s.bits, 0);
        assert_ptr_equal(unit_acted_for(&town.house, &b, district, now), district);
    }
    assert_int_equal(unit_successors(&town.house, district, date_at(NOW), all, COUNT(all)), 5);
    assert_ptr_equal(all[0], heir);
    assert_int_equal(unit_successors(&town.house, district, date_at(NOW), all, 2), 2);
    assert_int_equal(unit_successors(&town.house, heir, date_at(NOW), all, COUNT(all)), 0);
}

static int setup(void **state)
{
    (void)state;
    town_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_way_to_a_case),
                                       cmocka_unit_test(successors_stand_for_a_unit_that_ended)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
