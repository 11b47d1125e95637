/* Media types by the bytes. */
#include "room.h"

#include <sys/mman.h>

#define ZIP_HEAD "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ODT "application/vnd.oasis.opendocument.text"
/* One entry of a zip's directory, and the record at its end: 46 bytes and the name; the directory begins at 0x1e + 1.
 */
#define ENTRY(len, name)                                                                                               \
    "PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" len "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" name
#define END(size, at) "PK\5\6\0\0\0\0\1\0\1\0" size "\0\0\0" at "\0\0\0\0\0"

/* clang-format off */
static const struct {
    const char *bytes;
    size_t len;
    const char *media_type, *why;
} rows[] = {
#define ROW(text, type, why) {text, sizeof text - 1, type, why}
    ROW("%PDF-1.4\n1 0 obj",                "application/pdf", "a PDF"),
    ROW(" %PDF-1.4",                        "text/plain",      "a PDF begins with its mark"),
    ROW("%PDF",                             "text/plain",      "cut before its version"),
    ROW("\xff\xd8\xff\xe0\0\x10JFIF",       "image/jpeg",      "a JPEG"),
    ROW("\x89PNG\r\n\x1a\n\0\0\0\rIHDR",    "image/png",       "a PNG"),
    ROW("\x89PNG\n\x1a\n\0\0\0\rIHDR",      NULL,              "a PNG that went through a text transfer"),
    ROW("II*\0\x10\0\0\0",                  "image/tiff",      "little endian TIFF"),
    ROW("MM\0*\0\0\0\x10",                  "image/tiff",      "big endian TIFF"),
    ROW("RIFF\x10\0\0\0WEBPVP8 ",           "image/webp",      "WebP"),
    ROW("RIFF\x10\0\0\0WAVEfmt ",           NULL,              "the same container with sound"),
    ROW("\0\0\0\x18" "ftypheic\0\0\0\0",    "image/heic",      "a phone's picture"),
    ROW("\0\0\0\x18" "ftypisom\0\0\0\0",    NULL,              "the same container with a film"),
    ROW("GIF89a",                           "text/plain",      "six letters"),
    ROW("GIF89a\1\0\1\0\x80\0\0",           NULL,              "a GIF"),
    ROW("MZ\x90\0\3\0\0\0",                 NULL,              "a program"),
    ROW("PK\3\4 nothing more",              NULL,              "a zip without a directory"),
    ROW(ZIP_HEAD "\x27\0\0\0\x08\0\0\0mimetype" ODT, ODT,      "OpenDocument says what it is"),
    ROW("PK\3\4" ENTRY("\x11", "word/document.xml") END("\x3f", "\4"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"),
    ROW("PK\3\4" ENTRY("\x0f", "xl/workbook.xml") END("\x3d", "\4"),   "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    ROW("PK\3\4" ENTRY("\x0f", "classes/Run.cla") END("\x3d", "\4"),   NULL, "another zip"),
    ROW("PK\3\4" ENTRY("\xff", "word/document.xml") END("\x3f", "\4"), NULL, "a directory that lies about its names"),
    ROW("PK\3\4" ENTRY("\x11", "word/document.xml") END("\x3f", "\xff"), NULL, "a directory beyond the end"),
    ROW("Xin chào, Đà Nẵng\r\n",            "text/plain",      "text with marks"),
    ROW("\xef\xbb\xbfXin",                  "text/plain",      "text with a byte order mark"),
    ROW("Xin ch\xe0o",                      NULL,              "text of another encoding"),
    ROW("Xin\0chao",                        NULL,              "a zero among letters"),
    ROW("Xin\x1b[2Jchao",                   NULL,              "a terminal's command"),
};
/* clang-format on */

static const char *found(const void *bytes, size_t len)
{
    auto_close int fd = memfd_create("upload", MFD_CLOEXEC);
    struct error e;
    const char *type;

    error_init(&e);
    assert_true(fd_write_all(fd, (struct bytes){bytes, len}, &e));
    assert_true(media_of(fd, (int64_t)len, &type, &e));
    return type;
}

static void types_are_told_by_the_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *type = found(rows[i].bytes, rows[i].len);

        if (!text_equal(type, rows[i].media_type))
            fail_msg("%s: %s", rows[i].why, type ? type : "none");
    }
}

/* A letter of three bytes on every seam between the parts that are read. */
static void long_text_is_read_in_parts(void **state)
{
    struct buf b = BUF_INIT(1 << 20);

    (void)state;
    buf_puts(&b, "x");
    while (b.len < 200000)
        buf_puts(&b, "ế");
    assert_string_equal(found(b.data, b.len), "text/plain");
    b.data[150001] = 'x'; /* a letter without its head */
    assert_null(found(b.data, b.len));
    buf_done(&b);
}

static void claims(void **state)
{
    /* clang-format off */
    static const struct {
        const char *claimed, *found;
        bool fits;
    } claim[] = {
        {"application/pdf",           "application/pdf", true},
        {"Application/PDF",           "application/pdf", true},
        {"application/pdf; name=x",   "application/pdf", true},
        {"application/pdfx",          "application/pdf", false},
        {"image/png",                 "application/pdf", false},
        {"image/jpg",                 "image/jpeg",      true},
        {"image/jpg",                 "image/png",       false},
        {"text/plain; charset=utf-8", "text/plain",      true},
        {"text/html",                 "text/plain",      false},
        {"application/octet-stream",  "image/png",       true},
        {NULL,                        "image/png",       true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(claim); i++)
        if (media_claim_fits(claim[i].claimed, claim[i].found) != claim[i].fits)
            fail_msg("%s for %s", claim[i].claimed, claim[i].found);
}

static void only_what_cannot_run_is_shown(void **state)
{
    (void)state;
    assert_true(media_is_inline("application/pdf"));
    assert_true(media_is_inline("image/png"));
    assert_false(media_is_inline("text/plain"));
    assert_false(media_is_inline(ODT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told_by_the_bytes),
        cmocka_unit_test(long_text_is_read_in_parts),
        cmocka_unit_test(claims),
        cmocka_unit_test(only_what_cannot_run_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
