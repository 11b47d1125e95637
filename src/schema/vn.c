/* The numbers and codes of Vietnamese administration: what the rules fix, and nothing more. */
#include "schema/schema.h"

#include <string.h>

#include "base/instant.h"

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

static int number_at(const char *s, size_t n)
{
    int value = 0;

    for (size_t i = 0; i < n; i++)
        value = value * 10 + (s[i] - '0');
    return value;
}

/* ---- people ---- */

/* The 63 provinces of TT 07/2016/TT-BCA, Annex I; the merger of 2025 gave nobody a new number. */
static const unsigned char provinces[] = {1,  2,  4,  6,  8,  10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25,
                                          26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44, 45, 46, 48,
                                          49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75,
                                          77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96};
enum { LAST_PROVINCE = 96 }; /* above it: countries, for births registered abroad */

bool vn_personal_number_read(const char *s, int *birth_year, enum vn_sex *sex)
{
    int place, century, year;

    if (strlen(s) != 12 || !all_digits(s, 12))
        return false;
    place = number_at(s, 3);
    if (place <= LAST_PROVINCE && !memchr(provinces, place, sizeof provinces))
        return false;
    century = s[3] - '0';
    year = 1900 + century / 2 * 100 + number_at(s + 4, 2);
    if (year > date_at(now_ms()).year)
        return false;
    *birth_year = year;
    *sex = century % 2 ? VN_SEX_FEMALE : VN_SEX_MALE;
    return true;
}

bool vn_personal_number(const char *s)
{
    enum vn_sex sex;
    int year;

    return vn_personal_number_read(s, &year, &sex);
}

bool vn_personal_number_agrees(const char *s, int birth_year, enum vn_sex sex)
{
    enum vn_sex of_number;
    int year;

    return vn_personal_number_read(s, &year, &of_number) && (birth_year == 0 || birth_year == year) &&
           (sex == VN_SEX_UNKNOWN || sex == of_number);
}

enum vn_sex vn_sex_of(const char *s)
{
    static const struct {
        const char *word;
        enum vn_sex sex;
    } words[] = {
        {"male", VN_SEX_MALE}, {"nam", VN_SEX_MALE}, {"m", VN_SEX_MALE},    {"female", VN_SEX_FEMALE},
        {"nữ", VN_SEX_FEMALE}, {"f", VN_SEX_FEMALE}, {"NỮ", VN_SEX_FEMALE},
    };

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcasecmp(words[i].word, s) == 0)
            return words[i].sex;
    return VN_SEX_UNKNOWN;
}

bool vn_phone(const char *s)
{
    return strlen(s) == 10 && all_digits(s, 10) && s[0] == '0' && strchr("35789", s[1]);
}

/* ---- tax ---- */

static bool tax_check_digit(const char *s)
{
    static const int weights[] = {31, 29, 23, 19, 17, 13, 7, 5, 3};
    int sum = 0;

    for (size_t i = 0; i < COUNT(weights); i++)
        sum += (s[i] - '0') * weights[i];
    return 10 - sum % 11 == s[9] - '0';
}

bool vn_tax_code(const char *s)
{
    size_t len = strlen(s);

    if (len == 12)
        return vn_personal_number(s);
    if ((len != 10 && len != 14) || !all_digits(s, 10) || !tax_check_digit(s))
        return false;
    return len == 10 || (s[10] == '-' && all_digits(s + 11, 3) && number_at(s + 11, 3) > 0);
}

/* ---- agencies, dossiers, procedures ---- */

enum { UNIT_CODE_MAX = 35, UNIT_GROUP_MAX = 6 };

/* MX1X2: a letter A to Y and two digits. */
static bool is_level_one(const char *s)
{
    return s[0] >= 'A' && s[0] <= 'Y' && all_digits(s + 1, 2);
}

static bool is_unit_code(const char *s, size_t len)
{
    size_t i = 3;

    if (len < 3 || len > UNIT_CODE_MAX || !is_level_one(s))
        return false;
    while (i < len) {
        size_t digits;

        if (s[i++] != '.')
            return false;
        digits = strspn(s + i, "0123456789");
        if (digits == 0 || digits > UNIT_GROUP_MAX)
            return false;
        i += digits;
    }
    return i == len;
}

/* QCVN 102:2016, read from the right: 000.00.12.H29 */
static bool is_old_unit_code(const char *s, size_t len)
{
    return len == 13 && all_digits(s, 3) && s[3] == '.' && all_digits(s + 4, 2) && s[6] == '.' &&
           all_digits(s + 7, 2) && s[9] == '.' && is_level_one(s + 10);
}

bool vn_unit_code(const char *s)
{
    return is_unit_code(s, strlen(s));
}

bool vn_case_code(const char *s)
{
    size_t unit = strcspn(s, "-");
    const char *day = s + unit + 1, *number;

    if (!s[unit] || (!is_unit_code(s, unit) && !is_old_unit_code(s, unit)))
        return false;
    if (strspn(day, "0123456789") != 6 || day[6] != '-' ||
        !date_is_valid((struct date){2000 + number_at(day, 2), number_at(day + 2, 2), number_at(day + 4, 2)}))
        return false;
    number = day + 7;
    return (strlen(number) == 4 || strlen(number) == 5) && all_digits(number, strlen(number));
}

bool vn_service_code(const char *s)
{
    return strlen(s) == 8 && s[0] >= '1' && s[0] <= '9' && s[1] == '.' && all_digits(s + 2, 6);
}
