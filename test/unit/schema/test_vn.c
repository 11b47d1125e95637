/* The national numbers and codes: each row says what a clerk would. */
#include "schema_test.h"

struct row {
    const char *text;
    bool valid;
    const char *why;
};

static void check_rows(bool (*check)(const char *), const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (check(rows[i].text) != rows[i].valid)
            red("%s should be %s: %s", rows[i].text, rows[i].valid ? "valid" : "invalid", rows[i].why);
}

/* clang-format off */
static const struct row personal_numbers[] = {
    {"079205000123",  true,  "a man of 2005 from Ho Chi Minh City"},
    {"077192000456",  true,  "a woman of 1992 from Bà Rịa – Vũng Tàu: old provinces stay"},
    {"001099000001",  true,  "a man of 1999 from Hà Nội"},
    {"136195000009",  true,  "born abroad: codes above 096 are countries"},
    {"079405000123",  false, "a man of 2105"},
    {"079299000123",  false, "a man of 2099 is not born yet"},
    {"003099000001",  false, "003 is no province"},
    {"000099000001",  false, "000 is no province"},
    {"07920500012",   false, "11 digits"},
    {"0792050001234", false, "13 digits"},
    {"07920500012a",  false, "a letter"},
    {"",              false, "empty"},
};

static const struct row tax_codes[] = {
    {"0100109106",      true,  "a real one"},
    {"0300588569",      true,  "another"},
    {"0101248141",      true,  "another"},
    {"0100686174",      true,  "another"},
    {"0100109107",      false, "the check digit is 6"},
    {"0100109106-001",  true,  "a branch"},
    {"0100109106-000",  false, "branches begin with 001"},
    {"0100109106001",   false, "the dash is part of it"},
    {"0100109107-001",  false, "the branch of a wrong code"},
    {"077192000456",    true,  "a person, since July 2025"},
    {"079405000456",    false, "no person"},
    {"010010910",       false, "9 digits"},
};

static const struct row case_codes[] = {
    {"000.00.12.H29-221031-0042",  true,  "QCVN 102, read from the right"},
    {"H29.12.3-251120-0042",       true,  "QĐ 20/2020"},
    {"H29.1.5-261121-00001",       true,  "five digits"},
    {"H29-240229-0001",            true,  "a leap day"},
    {"H29-250229-0001",            false, "no leap day"},
    {"H29-251320-0042",            false, "month 13"},
    {"H29.12.3-251120-042",        false, "three digits"},
    {"H29.12.3-251120-004200",     false, "six digits"},
    {"H29.12.3-251120",            false, "no number"},
    {"H29..3-251120-0042",         false, "an empty group"},
    {"h29-251120-0042",            false, "a small letter"},
    {"00.00.12.H29-221031-0042",   false, "neither form"},
    {"",                           false, "empty"},
    {"H29-",                       false, "cut"},
};

static const struct row unit_codes[] = {
    {"H29",                                   true,  "the city"},
    {"H29.12",                                true,  "a department"},
    {"H29.1.5",                               true,  "a part of it"},
    {"G15",                                   true,  "a ministry"},
    {"Z29",                                   false, "letters go from A to Y"},
    {"H2",                                    false, "two digits"},
    {"H29.",                                  false, "an empty group"},
    {"H29.1a",                                false, "a letter in a group"},
    {"H29.12345.12345.12345.12345.12345.1",   true,  "35 characters"},
    {"H29.12345.12345.12345.12345.12345.12",  false, "36 characters"},
};

static const struct row phones[] = {
    {"0912345678",  true,  "a mobile number"},
    {"0312345678",  true,  "the new prefixes"},
    {"0212345678",  false, "a landline"},
    {"912345678",   false, "the leading zero is missing"},
    {"09123456789", false, "11 digits"},
    {"0",           false, "cut"},
};

static const struct row service_codes[] = {
    {"2.000635", true,  "a copy of an extract"},
    {"0.000635", false, "the first digit is 1 or more"},
    {"2.00635",  false, "five digits"},
    {"2-000635", false, "a dash"},
};
/* clang-format on */

static void test_tables(void **state)
{
    (void)state;
    check_rows(vn_personal_number, personal_numbers, COUNT(personal_numbers));
    check_rows(vn_tax_code, tax_codes, COUNT(tax_codes));
    check_rows(vn_case_code, case_codes, COUNT(case_codes));
    check_rows(vn_unit_code, unit_codes, COUNT(unit_codes));
    check_rows(vn_phone, phones, COUNT(phones));
    check_rows(vn_service_code, service_codes, COUNT(service_codes));
}

static void test_agreement(void **state)
{
    /* clang-format off */
    static const struct { const char *number; int year; enum vn_sex sex; bool agrees; } rows[] = {
        {"077192000456", 1992, VN_SEX_FEMALE,  true},
        {"077192000456", 1992, VN_SEX_MALE,    false},
        {"077192000456", 1991, VN_SEX_FEMALE,  false},
        {"077192000456", 0,    VN_SEX_UNKNOWN, true},
        {"079205000123", 2005, VN_SEX_MALE,    true},
        {"079205000123", 1905, VN_SEX_MALE,    false},
        {"12",           0,    VN_SEX_UNKNOWN, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(vn_personal_number_agrees(rows[i].number, rows[i].year, rows[i].sex), rows[i].agrees);
    assert_int_equal(vn_sex_of("Nữ"), VN_SEX_FEMALE);
    assert_int_equal(vn_sex_of("NAM"), VN_SEX_MALE);
    assert_int_equal(vn_sex_of("other"), VN_SEX_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables), cmocka_unit_test(test_agreement)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
