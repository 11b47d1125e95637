/* Errors: every row of the registry is whole, items are kept up to a ceiling, sentences come in both languages. */
#include "base/base.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours is meant */

static void every_code_has_kind_status_and_titles(void **state)
{
    (void)state;
    for (int i = E_NONE + 1; i < E__COUNT; i++) {
        const struct error_row *row = error_row((enum error_code)i);

        assert_non_null(row->code);
        assert_int_equal(strspn(row->code, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(row->code));
        assert_in_range(row->kind, KIND_INVALID, KIND__COUNT - 1);
        assert_in_range(row->status, 400, 599);
        assert_true(text_is_utf8(row->title[LANG_VI], strlen(row->title[LANG_VI])));
        assert_true(strlen(row->title[LANG_VI]) > 10);
        assert_true(strlen(row->title[LANG_EN]) > 10);
        for (int k = i + 1; k < E__COUNT; k++)
            assert_string_not_equal(row->code, error_row((enum error_code)k)->code);
    }
    assert_string_equal(error_row(E__COUNT)->code, error_row(E_INTERNAL)->code); /* no such code is our fault */
}

static void a_failure_says_why_and_returns_false(void **state)
{
    auto_error struct error e;

    (void)state;
    error_init(&e);
    assert_int_equal(error_kind(&e), KIND_NONE);
    assert_false(fail(&e, E_STALE, "version %d is not current", 3));
    assert_int_equal(e.code, E_STALE);
    assert_int_equal(error_kind(&e), KIND_STALE);
    assert_string_equal(e.detail, "version 3 is not current");
}

static void the_machine_names_its_reason(void **state)
{
    auto_error struct error e;

    (void)state;
    error_init(&e);
    errno = ENOENT;
    assert_false(fail_errno(&e, "open %s", "x"));
    assert_int_equal(e.code, E_IO);
    assert_string_equal(e.detail, "open x: No such file or directory");
    errno = ENOSPC;
    assert_false(fail_errno(&e, "write"));
    assert_int_equal(e.code, E_DISK_FULL);
    errno = EDQUOT;
    assert_false(fail_errno(&e, "write"));
    assert_int_equal(e.code, E_DISK_FULL);
}

static void more_items_than_fit_are_counted(void **state)
{
    auto_error struct error e;

    (void)state;
    error_init(&e);
    for (int i = 0; i < ERROR_ITEMS_MAX + 5; i++)
        assert_false(fail_field(&e, "/form/copies", "minimum", "1"));
    assert_int_equal(e.code, E_INVALID_INPUT);
    assert_int_equal(e.n_items, ERROR_ITEMS_MAX);
    assert_int_equal(e.n_dropped, 5);
    assert_string_equal(e.items[0].pointer, "/form/copies");
    assert_string_equal(e.items[0].param, "1");
}

static void an_item_does_not_change_a_code_that_stands(void **state)
{
    auto_error struct error e;

    (void)state;
    error_init(&e);
    (void)fail(&e, E_FORM_INVALID, "form");
    (void)fail_field(&e, "/a", "required", NULL);
    assert_int_equal(e.code, E_FORM_INVALID);
    assert_string_equal(e.detail, "form");
    assert_string_equal(e.items[0].param, "");
}

static void cut_texts_end_on_a_character(void **state)
{
    char long_text[3 * 400 + 1] = "";
    auto_error struct error e;

    (void)state;
    for (size_t i = 0; i < 400; i++)
        memcpy(long_text + 3 * i, "ổ", 4);
    for (int shift = 0; shift < 3; shift++) { /* so that the cut falls on each byte of a character once */
        error_init(&e);
        (void)fail(&e, E_STALE, "%.*s%s", shift, "ab", long_text);
        (void)fail_field(&e, long_text + (shift ? 3 : 0), "enum", long_text);
        assert_true(strlen(e.detail) > ERROR_DETAIL_MAX - 5);
        assert_true(text_is_utf8(e.detail, strlen(e.detail)));
        assert_true(text_is_utf8(e.items[0].pointer, strlen(e.items[0].pointer)));
        assert_true(text_is_utf8(e.items[0].param, strlen(e.items[0].param)));
    }
}

static void extras_are_owned(void **state)
{
    struct error e;
    json_t *value = json_integer(7);

    (void)state;
    error_init(&e);
    error_extra_new(&e, "version", json_incref(value));
    assert_int_equal(json_i64(e.extra, "version", 0), 7);
    error_done(&e);
    assert_null(e.extra);
    assert_int_equal(value->refcount, 1);
    json_decref(value);
    error_done(&e); /* twice is fine */
}

/* clang-format off */
static const struct { struct error_item item; const char *vi, *en; } sentences[] = {
    {{"", "required", ""}, "Mục này chưa được điền.", "This is missing."},
    {{"", "maxLength", "10"}, "Không quá 10 ký tự.", "At most 10 characters are allowed."},
    {{"", "no-such-keyword", "10"}, "Giá trị chưa đúng.", "The value is not right."},
    {{"", "paper", "50% %s %n"}, "Thiếu giấy tờ: 50% %s %n.", "This paper is missing: 50% %s %n."},
};
/* clang-format on */

static void sentences_come_in_both_languages(void **state)
{
    char out[200];

    (void)state;
    for (size_t i = 0; i < COUNT(sentences); i++) {
        error_item_message(&sentences[i].item, LANG_VI, out, sizeof out);
        assert_string_equal(out, sentences[i].vi);
        error_item_message(&sentences[i].item, LANG_EN, out, sizeof out);
        assert_string_equal(out, sentences[i].en);
    }
}

static void a_short_buffer_cuts_between_characters(void **state)
{
    static const struct error_item item = {"", "paper", "Giấy ủy quyền"};
    char out[64];

    (void)state;
    for (size_t size = 1; size < sizeof out; size++) {
        error_item_message(&item, LANG_VI, out, size);
        assert_true(strlen(out) < size);
        assert_true(text_is_utf8(out, strlen(out)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_kind_status_and_titles),
        cmocka_unit_test(a_failure_says_why_and_returns_false),
        cmocka_unit_test(the_machine_names_its_reason),
        cmocka_unit_test(more_items_than_fit_are_counted),
        cmocka_unit_test(an_item_does_not_change_a_code_that_stands),
        cmocka_unit_test(cut_texts_end_on_a_character),
        cmocka_unit_test(extras_are_owned),
        cmocka_unit_test(sentences_come_in_both_languages),
        cmocka_unit_test(a_short_buffer_cuts_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
