/* Text as Vietnamese is written: folding, upper case, cutting on characters, strict numbers, the growing buffer. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct { const char *text, *folded, *why; } folds[] = {
    {"Cấp bản sao Trích lục", "cap ban sao trich luc", "tones, horns and capitals go"},
    {"Đường Đồng Khởi", "duong dong khoi", "đ is a letter of its own, not a d with a mark"},
    {"ĐƯỜNG đường", "duong duong", "both cases"},
    {"hoà hòa", "hoa hoa", "old and new tone placement"},
    {"Nguye\xcc\x82\xcc\x83n Thi\xcc\xa3", "nguyen thi", "NFD input"},
    {"ư\xcc\x83 ữ", "u u", "half composed input"},
    {"ăâđêôơư ĂÂĐÊÔƠƯ", "aadeoou aadeoou", "every letter with a sign"},
    {"  Quận 1,  Phường Bến-Nghé. ", "quan 1 phuong ben nghe", "punctuation and runs of blanks are one space"},
    {"079090000001", "079090000001", "digits stay"},
    {"Số 12/3A", "so 12 3a", "digits beside letters"},
    {"１２", "12", "wide digits"},
    {"\u00a0a\u00a0", "a", "a no-break space is a space"},
    {"ﬁ ß", "fi ss", "ligatures unfold"},
    {"", "", "nothing"},
    {"--- !!!", "", "nothing but punctuation"},
    {"tie\xcc\x82\xcc\x81ng", "tieng", "marks one after the other"},
};

static const struct { const char *text, *upper; } uppers[] = {
    {"Nguyễn Thị Đào", "NGUYỄN THỊ ĐÀO"}, {"đ ư ơ ă â ê ô", "Đ Ư Ơ Ă Â Ê Ô"}, {"quận 1, đường số 2", "QUẬN 1, ĐƯỜNG SỐ 2"},
    {"", ""}, {"123", "123"}, {"ɐɐɐɐ", "ⱯⱯⱯⱯ"}, /* two bytes become three */
};

static const struct { const char *text, *cut; } cuts[] = {
    {"", ""}, {"abc", "abc"}, {"ổ", "ổ"}, {"a\xe1\xbb", "a"}, {"a\xe1", "a"}, {"\xe1\xbb", ""}, {"\xc4", ""},
    {"đ\xc4", "đ"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, {"x\xf0\x9f\x98", "x"}, {"x\xf0", "x"},
};

static const struct { const char *text; int64_t min, max; bool ok; int64_t n; } numbers[] = {
    {"0", 0, 10, true, 0}, {"10", 0, 10, true, 10}, {"11", 0, 10, false, 0}, {"-1", 0, 10, false, 0},
    {"-1", -1, 10, true, -1}, {"", 0, 10, false, 0}, {"-", -9, 10, false, 0}, {"+1", 0, 10, false, 0},
    {" 1", 0, 10, false, 0}, {"1 ", 0, 10, false, 0}, {"1x", 0, 10, false, 0}, {"1.0", 0, 10, false, 0},
    {"0x1", 0, 10, false, 0}, {"1e1", 0, 10, false, 0}, {"--1", -9, 10, false, 0},
    {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
    {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
    {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
    {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
    {NULL, 0, 10, false, 0},
};
/* clang-format on */

static void search_form_is_what_people_type(void **state)
{
    auto_arena struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(folds); i++) {
        const char *folded = text_fold(a, folds[i].text);

        if (strcmp(folded, folds[i].folded) != 0)
            fail_msg("%s: \"%s\" folds to \"%s\"", folds[i].why, folds[i].text, folded);
        assert_string_equal(text_fold(a, folded), folded); /* folding what is folded changes nothing */
    }
}

/* One character of three bytes that unfolds to eighteen letters, and one that unfolds to six of three bytes. */
static void a_few_characters_unfold_to_many(void **state)
{
    static const char *const wide[] = {"\xef\xb7\xba", "\xe3\x8c\x96"};
    auto_arena struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(wide); i++) {
        char text[3 * 3000 + 1];
        char *folded, *beside;

        for (size_t k = 0; k < 3000; k++)
            memcpy(text + 3 * k, wide[i], 4);
        folded = text_fold(a, text);
        beside = arena_strdup(a, "beside");
        assert_true(strlen(folded) > 4 * strlen(text));
        assert_true(text_is_utf8(folded, strlen(folded)));
        assert_string_equal(text_fold(a, text), folded);
        assert_string_equal(beside, "beside");
    }
}

static void upper_case_knows_every_letter(void **state)
{
    auto_arena struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(uppers); i++)
        assert_string_equal(text_upper(a, uppers[i].text), uppers[i].upper);
}

static void one_normal_form_is_kept(void **state)
{
    auto_arena struct arena *a = arena_new();

    (void)state;
    assert_string_equal(text_nfc(a, "Nguye\xcc\x82\xcc\x83n"), "Nguyễn");
    assert_string_equal(text_nfc(a, "Nguyễn"), "Nguyễn");
    assert_string_equal(text_nfc(a, ""), "");
}

static void a_cut_character_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cuts); i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%s", cuts[i].text);
        text_truncate_utf8(text);
        assert_string_equal(text, cuts[i].cut);
    }
}

static void only_whole_utf8_without_nul_is_text(void **state)
{
    /* clang-format off */
    static const struct { const char *text; size_t len; bool ok; } rows[] = {
        {"", 0, true}, {"abc", 3, true}, {"ổ đ", 6, true}, {"a\0b", 3, false}, {"\xe1\xbb", 2, false}, {"\x80", 1, false},
        {"\xc0\x80", 2, false}, {"\xed\xa0\x80", 3, false}, {"\xf4\x90\x80\x80", 4, false}, {"\xff", 1, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(text_is_utf8(rows[i].text, rows[i].len), rows[i].ok);
    assert_int_equal(text_length("Nguyễn Thị Đào"), 14);
    assert_int_equal(text_length(""), 0);
}

static void numbers_are_the_whole_text_and_in_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        int64_t n = 77;
        bool ok = text_to_i64(numbers[i].text, numbers[i].min, numbers[i].max, &n);

        if (ok != numbers[i].ok)
            fail_msg("\"%s\" was %s", numbers[i].text, ok ? "taken" : "refused");
        assert_int_equal(n, ok ? numbers[i].n : 77);
    }
}

static void words_are_found_whole(void **state)
{
    (void)state;
    assert_true(text_has_word("ward", "ward"));
    assert_true(text_has_word("ward justice", "ward"));
    assert_true(text_has_word("ward justice", "justice"));
    assert_false(text_has_word("wards justice", "ward"));
    assert_false(text_has_word("ward justice", "just"));
    assert_false(text_has_word("H29.1.267401", "H29.1.26740"));
    assert_false(text_has_word("ward", ""));
    assert_false(text_has_word("", "ward"));
    assert_false(text_has_word(NULL, "ward"));
    assert_true(text_is_blank(NULL));
    assert_true(text_is_blank(" \t\n"));
    assert_false(text_is_blank(" a"));
}

static void comparing_minds_null(void **state)
{
    (void)state;
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_false(text_equal("", NULL));
    assert_true(text_equal("a", "a"));
    assert_true(text_starts_with("registry:birth", "registry:"));
    assert_true(text_starts_with("a", ""));
    assert_false(text_starts_with("reg", "registry:"));
    assert_true(text_is_empty(NULL));
    assert_true(text_is_empty(""));
}

static void markup_is_escaped_and_controls_are_left_out(void **state)
{
    auto_buf struct buf b = BUF_INIT(100);

    (void)state;
    buf_markup(&b, "Lý <b>&\x01\x1f\"x\"\n\tđá");
    assert_string_equal(b.data, "Lý &lt;b&gt;&amp;&quot;x&quot;\n\tđá");
    buf_clear(&b);
    buf_markup(&b, NULL);
    buf_markup(&b, "");
    assert_int_equal(b.len, 0);
}

static void a_buffer_keeps_what_fitted_and_says_so(void **state)
{
    auto_buf struct buf b = BUF_INIT(10);

    (void)state;
    buf_puts(&b, "12345");
    buf_printf(&b, "%d", 678);
    assert_string_equal(b.data, "12345678");
    assert_false(b.overflow);
    buf_puts(&b, "90");
    assert_false(b.overflow);
    assert_int_equal(b.len, 10);
    buf_puts(&b, "1");
    assert_true(b.overflow);
    assert_string_equal(b.data, "1234567890");
    buf_add(&b, "", 0); /* what overflowed stays so */
    buf_clear(&b);
    assert_false(b.overflow);
    assert_string_equal(b.data, "");
    buf_printf(&b, "%s", "a text that is too long");
    assert_true(b.overflow);
    assert_string_equal(b.data, "");
}

static void a_buffer_grows_and_ends_in_nul(void **state)
{
    auto_buf struct buf b = BUF_INIT(1 << 20);

    (void)state;
    for (int i = 0; i < 5000; i++) {
        buf_add(&b, "đ", 2);
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 10000);
    assert_true(text_is_utf8(b.data, b.len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_form_is_what_people_type),
        cmocka_unit_test(a_few_characters_unfold_to_many),
        cmocka_unit_test(upper_case_knows_every_letter),
        cmocka_unit_test(one_normal_form_is_kept),
        cmocka_unit_test(a_cut_character_is_dropped),
        cmocka_unit_test(only_whole_utf8_without_nul_is_text),
        cmocka_unit_test(numbers_are_the_whole_text_and_in_range),
        cmocka_unit_test(comparing_minds_null),
        cmocka_unit_test(words_are_found_whole),
        cmocka_unit_test(markup_is_escaped_and_controls_are_left_out),
        cmocka_unit_test(a_buffer_keeps_what_fitted_and_says_so),
        cmocka_unit_test(a_buffer_grows_and_ends_in_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
