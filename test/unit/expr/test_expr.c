/* What expressions say, typed results, and the errors a pack's author reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scope.h"

#include <cmocka.h> /* last: its macro fail() is not ours */

/* clang-format off */
static const struct { const char *source, *result; } rows[] = {
    {"8000 * form.copies", "24000"},
    {"form.copies > 2 and 5000 or 8000", "5000"},
    {"math.max(0, form.copies - 2) * 1000", "1000"},
    {"form.copies * form.share", "1.5"},
    {"7 // 2", "3"},
    {"form.absent", "null"}, {"form.note", "null"}, {"form.place.ward", "\"Phường Sài Gòn\""}, {"applicant", "null"},
    {"#form.list", "3"}, {"form.list[1]", "10"}, {"form.list[0]", "null"}, {"form.list[4]", "null"},
    {"form.list[3].deep.er", "\"found\""}, {"form.list.length", "null"}, {"form[1]", "null"},
    {"form.married", "true"}, {"not form.married", "false"},
    {"form.place", "{\"ward\":\"Phường Sài Gòn\"}"}, {"form.list", "[10,20,{\"deep\":{\"er\":\"found\"}}]"},
    {"({name = form.full_name, n = {1, 2, {}}}).n", "[1,2,{}]"},
    {"{full_name = upper(form.full_name)}", "{\"full_name\":\"NGUYỄN THỊ ĐÀO\"}"},
    {"(function() local s = 0 for _, v in ipairs({1, 2, 3}) do s = s + v end return s end)()", "6"},
    {"(function() local s = 0 for i, v in ipairs(form.list) do s = s + i end return s end)()", "6"},
    {"type(form) .. ' ' .. type(form.list) .. ' ' .. type(1)", "\"object list number\""},
    /* dates */
    {"date('2026-11-21') - date('2026-11-01')", "20"},
    {"date(form.birth_date) < date(today)", "true"},
    {"date('2026-11-20T17:30:00.000Z') - date('2026-11-21')", "0"},
    {"years_between(form.birth_date, today)", "35"}, {"years_between(form.birth_date, '2026-11-22')", "36"},
    {"years_between('2008-02-29', '2026-02-28')", "17"}, {"years_between('2008-02-29', '2026-03-01')", "18"},
    {"vn_date(today)", "\"ngày 21 tháng 11 năm 2026\""}, {"vn_date('2026-02-05')", "\"ngày 05 tháng 02 năm 2026\""},
    {"vn_date('2026-03-05')", "\"ngày 05 tháng 3 năm 2026\""},
    {"vn_date('1960')", "\"năm 1960\""}, {"vn_date('1960-05')", "\"tháng 5 năm 1960\""},
    {"vn_date_words(today)", "\"ngày hai mươi mốt, tháng mười một, năm hai nghìn không trăm hai mươi sáu\""},
    {"vn_date_words('1995-04-15')", "\"ngày mười lăm, tháng tư, năm một nghìn chín trăm chín mươi lăm\""},
    {"vn_date_words('2005-10-04')", "\"ngày bốn, tháng mười, năm hai nghìn không trăm lẻ năm\""},
    {"vn_date_words('2000-01-30')", "\"ngày ba mươi, tháng một, năm hai nghìn\""},
    {"vn_time(1795226400000)", "\"09 giờ 00 phút\""}, {"vn_time('2026-11-21T07:05:59.000+07:00')", "\"07 giờ 05 phút\""},
    {"vn_moment(1795226400000)", "\"09:00\\n21/11/2026\""}, {"day_of(1795226400000)", "\"2026-11-21\""}, {"day_of(-1)", "\"1970-01-01\""},
    /* numbers as papers spell them out */
    {"vn_number(0)", "\"0\""}, {"vn_number(999)", "\"999\""}, {"vn_number(1016000)", "\"1.016.000\""},
    {"vn_number(-16000)", "\"-16.000\""}, {"vn_number(math.mininteger)", "\"-9.223.372.036.854.775.808\""},
    {"append(nil, 'a')", "[\"a\"]"}, {"append({1, 2}, {x = 3})", "[1,2,{\"x\":3}]"}, {"#append(nil, 1)", "1"},
    {"vn_number_words(0)", "\"không\""}, {"vn_number_words(5)", "\"năm\""}, {"vn_number_words(10)", "\"mười\""},
    {"vn_number_words(11)", "\"mười một\""}, {"vn_number_words(14)", "\"mười bốn\""}, {"vn_number_words(15)", "\"mười lăm\""},
    {"vn_number_words(20)", "\"hai mươi\""}, {"vn_number_words(21)", "\"hai mươi mốt\""}, {"vn_number_words(24)", "\"hai mươi tư\""},
    {"vn_number_words(25)", "\"hai mươi lăm\""}, {"vn_number_words(55)", "\"năm mươi lăm\""}, {"vn_number_words(100)", "\"một trăm\""},
    {"vn_number_words(101)", "\"một trăm linh một\""}, {"vn_number_words(104)", "\"một trăm linh bốn\""},
    {"vn_number_words(105)", "\"một trăm linh năm\""}, {"vn_number_words(110)", "\"một trăm mười\""},
    {"vn_number_words(115)", "\"một trăm mười lăm\""}, {"vn_number_words(121)", "\"một trăm hai mươi mốt\""},
    {"vn_number_words(1000)", "\"một nghìn\""}, {"vn_number_words(1005)", "\"một nghìn không trăm linh năm\""},
    {"vn_number_words(1050)", "\"một nghìn không trăm năm mươi\""}, {"vn_number_words(2500)", "\"hai nghìn năm trăm\""},
    {"vn_number_words(15005)", "\"mười lăm nghìn không trăm linh năm\""},
    {"vn_number_words(1000000)", "\"một triệu\""}, {"vn_number_words(1000005)", "\"một triệu không trăm linh năm\""},
    {"vn_number_words(1005000)", "\"một triệu không trăm linh năm nghìn\""},
    {"vn_number_words(1000000000)", "\"một tỷ\""}, {"vn_number_words(1000000021)", "\"một tỷ không trăm hai mươi mốt\""},
    {"vn_number_words(24031000405)", "\"hai mươi tư tỷ không trăm ba mươi mốt triệu bốn trăm linh năm\""},
    {"vn_number_words(1000000000000)", "\"một nghìn tỷ\""}, {"vn_number_words(1000000000000000000)", "\"một tỷ tỷ\""},
    {"vn_number_words(-21)", "\"âm hai mươi mốt\""},
    {"vn_money_words(16000)", "\"Mười sáu nghìn đồng chẵn\""}, {"vn_money_words(8500)", "\"Tám nghìn năm trăm đồng\""},
    {"vn_money_words(0)", "\"Không đồng\""}, {"vn_money_words(200000)", "\"Hai trăm nghìn đồng chẵn\""},
    {"vn_money_words(-1000)", "\"Âm một nghìn đồng chẵn\""},
    {"vn_date(date(today) + 1)", "\"ngày 22 tháng 11 năm 2026\""},
    /* texts */
    {"fold('Đường Nguyễn Huệ')", "\"duong nguyen hue\""}, {"upper('quận 1, đường số 2')", "\"QUẬN 1, ĐƯỜNG SỐ 2\""},
    {"contains(form.number, '0000')", "true"}, {"contains('a.b', '%.')", "false"},
    {"starts_with(form.number, '079')", "true"}, {"starts_with('', 'a')", "false"},
    {"replace('a-b-c', '-', ', ')", "\"a, b, c\""}, {"replace('aaa', 'aa', 'b')", "\"ba\""},
    {"string.format('%05d/%s', form.copies, form.number:sub(1, 3))", "\"00003/079\""},
    {"('ab'):rep(2) .. utf8.len('Đào')", "\"abab3\""}, {"tonumber('12') + 1", "13"}, {"tostring(12)", "\"12\""},
    {"1 -- the rest is a comment", "1"}, {"\n 1 +\n 2", "3"},
};
static const struct { const char *source, *detail; } errors[] = {
    {"8000 * form.copise", "8000 * form.copise: attempt to perform arithmetic on a nil value (field 'copise')"},
    {"8000 * fomr.copies", "8000 * fomr.copies: nothing is called 'fomr' here"},
    {"form.absent.x", "form.absent.x: attempt to index a nil value (field 'absent')"},
    {"form.place + 1", "form.place + 1: attempt to perform arithmetic on a userdata value (field 'place')"},
    {"1 +\n form.note", "1 +\n form.note: attempt to perform arithmetic on a nil value (field 'note')"},
    {"8000 * * 2", "8000 * * 2: line 1, column 8: unexpected symbol near '*'"},
    {"8000 *", "8000 *: line 1, column 7: the expression is not finished"},
    {"1)", "1): line 1, column 3: one ')' too many"},
    {"1 +\n  + 2", "1 +\n  + 2: line 2, column 3: unexpected symbol near '+'"},
    {"'Đào' 2", "'Đào' 2: line 1, column 7: ')' expected near '2'"},
    {"", ": line 1, column 1: the expression is not finished"},
    {"1, 2", "1, 2: line 1, column 2: ')' expected near ','"},
    {"x = 1", "x = 1: line 1, column 3: ')' expected near '='"},
    {"date('21/11/2026')", "date('21/11/2026'): bad argument #1 to 'date' (a date is expected, \"2026-11-21\")"},
    {"vn_date('19600')", "vn_date('19600'): bad argument #1 to 'vn_date' (a date is expected, \"2026-11-21\")"},
    {"vn_money_words(1.5)", "vn_money_words(1.5): bad argument #1 to 'vn_money_words' (number has no integer representation)"},
    {"vn_time('10:00')", "vn_time('10:00'): bad argument #1 to 'vn_time' (an instant is expected)"},
    {"vn_time(math.maxinteger)", "vn_time(math.maxinteger): bad argument #1 to 'vn_time' (an instant is expected)"},
    {"replace('a', '', 'b')", "replace('a', '', 'b'): bad argument #2 to 'replace' (an empty text stands everywhere)"},
    {"{[1] = 1, x = 2}", "{[1] = 1, x = 2}: a key of the result is no text"},
    {"function() end", "function() end: the result holds a function"},
    {"1 +\n\n form.note.x +\n 2", "1 +\n\n form.note.x +\n 2: line 3: attempt to index a nil value (field 'note')"},
    {"ipairs", "ipairs: the result holds a function"},
    {"1 / 0", "1 / 0: a number of the result is not finite"},
    {"'\\xff'", "'\\xff': a text of the result is not well formed"},
    {"1 // 0", "1 // 0: attempt to divide by zero"},
};
/* clang-format on */

static void what_they_say(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_arena struct arena *a = arena_new();
        const char *said = says(a, rows[i].source);

        if (!text_equal(said, rows[i].result)) {
            print_message("  %s\n    said %s\n    not  %s\n", rows[i].source, said, rows[i].result);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void errors_name_the_expression(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        auto_arena struct arena *a = arena_new();
        const char *said = says(a, errors[i].source);

        if (!text_equal(said, errors[i].detail)) {
            print_message("  %s\n    said %s\n    not  %s\n", errors[i].source, said, errors[i].detail);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* clang-format off */
enum { NO = -1 };
static const struct { const char *source; int64_t i64; int flag; const char *text; } typed[] = {
    {"3", 3, NO, "3"},      {"3.0", 3, NO, "3.0"}, {"3.5", NO, NO, "3.5"}, {"'3'", NO, NO, "3"},
    {"nil", NO, 0, NULL},   {"true", NO, 1, ""},   {"false", NO, 0, ""},  {"{}", NO, NO, ""},
    {"1e300", NO, NO, "1e+300"}, {"0/0", NO, NO, NULL}, {"'\\0'", NO, NO, ""}, {"form", NO, NO, ""},
};
/* clang-format on */

static void results_have_a_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(typed); i++) {
        auto_arena struct arena *a = arena_new();
        json_auto_t *form = json_object();
        const struct expr_scope scope[] = {{"form", form}, {0}};
        struct error e = {0};
        struct expr *x;
        int64_t n = NO;
        bool flag = false;
        char *text = NULL;

        print_message("  %s\n", typed[i].source);
        assert_true(expr_compile(a, typed[i].source, &x, &e));
        assert_string_equal(expr_source(x), typed[i].source);
        assert_int_equal(expr_i64(x, scope, &n, &e), typed[i].i64 != NO);
        assert_int_equal(n, typed[i].i64);
        assert_int_equal(expr_bool(x, scope, &flag, &e), typed[i].flag != NO);
        assert_int_equal(flag, typed[i].flag == 1);
        if (strcmp(typed[i].source, "0/0") == 0)
            continue; /* its sign depends on the machine */
        assert_int_equal(expr_text(x, scope, a, &text, &e), !typed[i].text || *typed[i].text);
        assert_true(!typed[i].text || !*typed[i].text ? !text : text_equal(text, typed[i].text));
    }
}

static void results_are_copies(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *form = json_pack("{s:{s:i}}", "place", "ward", 1), *result = NULL;
    const struct expr_scope scope[] = {{"form", form}, {0}};
    struct error e = {0};
    struct expr *x;

    (void)state;
    assert_true(expr_compile(a, "form.place", &x, &e));
    assert_true(expr_json(x, scope, &result, &e));
    assert_int_equal(json_object_set_new(result, "ward", json_integer(2)), 0);
    assert_int_equal(json_i64(json_object_get(form, "place"), "ward", 0), 1);
}

static void the_fee_is_quick(void **state)
{
    enum { TIMES = 300000 };
    auto_arena struct arena *a = arena_new();
    json_auto_t *form = json_loads(form_text, 0, NULL);
    const struct expr_scope scope[] = {{"form", form}, {0}};
    struct error e = {0};
    struct expr *x;
    int64_t sum = 0, start;

    (void)state;
    assert_true(expr_compile(a, "8000 * form.copies", &x, &e));
    start = monotonic_us();
    for (int i = 0; i < TIMES; i++) {
        int64_t fee;

        assert_true(expr_i64(x, scope, &fee, &e));
        sum += fee;
    }
    print_message("  one evaluation: %d ns\n", (int)((monotonic_us() - start) * 1000 / TIMES));
    assert_int_equal(sum, 24000LL * TIMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_they_say),       cmocka_unit_test(errors_name_the_expression),
        cmocka_unit_test(results_have_a_type), cmocka_unit_test(results_are_copies),
        cmocka_unit_test(the_fee_is_quick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
