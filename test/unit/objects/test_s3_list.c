/* What a store lists is another machine's word: read strictly, told in order, or refused. */
#include "objects/objects_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool gather(const struct object *object, void *arg, struct error *e)
{
    (void)e;
    buf_printf(arg, "%s:%lld ", object->key, (long long)object->size);
    return true;
}

#define ITEM(key, size) "<Contents><Key>" key "</Key><Size>" size "</Size><ETag>x</ETag></Contents>"
#define PAGE(more, items)                                                                                              \
    "<?xml version='1.0'?><ListBucketResult><IsTruncated>" more "</IsTruncated>" items "</ListBucketResult>"

static void pages(void **state)
{
    /* clang-format off */
    static const struct {
        const char *xml, *told, *next, *why;
    } rows[] = {
        {PAGE("false", ""),                                              "",          NULL, "an empty place"},
        {PAGE("false", ITEM("p/a", "1") ITEM("p/b", "2")),               "a:1 b:2 ",  NULL, "in order, the prefix off"},
        {PAGE("true", ITEM("p/a", "1") "<NextContinuationToken>t&amp;1</NextContinuationToken>"), "a:1 ", "t&1", "goes on"},
        {PAGE("true", ITEM("p/a", "1")),                                 "a:1 ",      "!",  "goes on, but not where"},
        {PAGE("false", ITEM("p/b", "1") ITEM("p/a", "2")),               "b:1 ",      "!",  "out of order"},
        {PAGE("false", ITEM("p/a", "1") ITEM("p/a", "1")),               "a:1 ",      "!",  "twice"},
        {PAGE("false", ITEM("p/a", "-1")),                               "",          "!",  "a negative size"},
        {PAGE("false", ITEM("p/a", "9999999999999999999")),              "",          "!",  "a size past all numbers"},
        {PAGE("false", "<Contents><Key>p/a</Key></Contents>"),           "",          "!",  "no size"},
        {PAGE("false", ITEM("p", "1")),                                  "",          "!",  "not below the prefix"},
        {"<ListBucketResult><Contents>",                                 "",          "!",  "cut off"},
        {"",                                                             "",          "!",  "nothing"},
        {"404 not found",                                                "",          "!",  "no XML"},
        {"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>" PAGE("false", ITEM("&b;", "1")), "", "!", "entities"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_buf struct buf told = BUF_INIT(4096);
        auto_error struct error e;
        struct s3_page page = {.each = gather, .arg = &told, .prefix_len = 2};
        bool ok;

        error_init(&e);
        ok = s3_page_read(&page, (struct bytes){rows[i].xml, strlen(rows[i].xml)}, &e);
        if (ok == text_equal(rows[i].next, "!"))
            fail_msg("%s: %s", rows[i].why, e.detail);
        if (!ok)
            assert_int_equal(e.code, E_FILE_STORE);
        else if (!text_equal(page.next, rows[i].next))
            fail_msg("%s: goes on at %s", rows[i].why, page.next ? page.next : "nothing");
        assert_string_equal(told.data ? told.data : "", rows[i].told);
        free(page.next);
        free(page.last);
    }
}

static void a_long_text_is_refused(void **state)
{
    auto_buf struct buf xml = BUF_INIT(1 << 16), told = BUF_INIT(64);
    auto_error struct error e;
    struct s3_page page = {.each = gather, .arg = &told};

    (void)state;
    error_init(&e);
    buf_puts(&xml, "<L><Contents><Key>");
    for (int i = 0; i < 5000; i++)
        buf_puts(&xml, "k");
    buf_puts(&xml, "</Key></Contents></L>");
    assert_false(s3_page_read(&page, (struct bytes){xml.data, xml.len}, &e));
    assert_int_equal(e.code, E_FILE_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pages), cmocka_unit_test(a_long_text_is_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
