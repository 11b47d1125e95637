/* Media types by the bytes, never by the name: a table of first bytes, a look into the directory of zip files, and the
 * rules of plain text. */
#include "document/document_internal.h"

#include <string.h>
#include <strings.h>

enum {
    HEAD_BYTES = 256,
    ZIP_END_BYTES = 22,
    ZIP_TAIL_MAX = ZIP_END_BYTES + 65535, /* the end record and the longest comment behind it */
    ZIP_DIRECTORY_MAX = 4 << 20,
    ZIP_LOCAL_BYTES = 30,
    ZIP_ENTRY_BYTES = 46,
    TEXT_PART = 64 << 10,
    UTF8_MAX = 4,
};

/* clang-format off */
static const struct {
    const char *media_type;
    size_t at;
    const char *bytes; /* '?' stands for any byte */
    size_t len;
} magics[] = {
    {"application/pdf", 0, "%PDF-",             5},
    {"image/jpeg",      0, "\xff\xd8\xff",      3},
    {"image/png",       0, "\x89PNG\r\n\x1a\n", 8},
    {"image/tiff",      0, "II*\0",             4},
    {"image/tiff",      0, "MM\0*",             4},
    {"image/webp",      0, "RIFF????WEBP",      12},
    {"image/heic",      4, "ftypheic",          8},
    {"image/heic",      4, "ftypheix",          8},
    {"image/heic",      4, "ftypmif1",          8},
};
/* The entry whose presence tells one zip format from another. */
static const struct {
    const char *media_type, *entry;
} zips[] = {
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "word/document.xml"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",       "xl/workbook.xml"},
};
/* clang-format on */

/* At most len bytes from an offset; short at the end of the file. */
static bool read_at(int fd, int64_t at, void *out, size_t len, size_t *got, struct error *e)
{
    *got = 0;
    while (*got < len) {
        ssize_t n = pread(fd, (char *)out + *got, len - *got, (off_t)(at + (int64_t)*got));

        if (n < 0)
            return fail_errno(e, "read an upload");
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return true;
}

static const char *magic_of(const unsigned char *head, size_t len)
{
    for (size_t i = 0; i < COUNT(magics); i++) {
        size_t k = 0;

        if (magics[i].at + magics[i].len > len)
            continue;
        while (k < magics[i].len &&
               (magics[i].bytes[k] == '?' || (unsigned char)magics[i].bytes[k] == head[magics[i].at + k]))
            k++;
        if (k == magics[i].len)
            return magics[i].media_type;
    }
    return NULL;
}

/* ---- zip ---- */
static uint32_t le(const unsigned char *p, int bytes)
{
    uint32_t n = 0;

    for (int i = bytes - 1; i >= 0; i--)
        n = n << 8 | p[i];
    return n;
}

/* An OpenDocument file begins with an entry "mimetype", stored as it is. */
static const char *opendocument_of(const unsigned char *head, size_t len)
{
    static const char *const types[] = {"application/vnd.oasis.opendocument.text",
                                        "application/vnd.oasis.opendocument.spreadsheet"};
    static const char name[] = "mimetype";
    size_t at, stored;

    if (len < ZIP_LOCAL_BYTES + sizeof name - 1 || le(head + 26, 2) != sizeof name - 1 ||
        memcmp(head + ZIP_LOCAL_BYTES, name, sizeof name - 1) != 0)
        return NULL;
    at = ZIP_LOCAL_BYTES + sizeof name - 1 + le(head + 28, 2);
    stored = le(head + 22, 4);
    for (size_t i = 0; i < COUNT(types); i++)
        if (stored == strlen(types[i]) && at + stored <= len && memcmp(head + at, types[i], stored) == 0)
            return types[i];
    return NULL;
}

static const char *zip_entries(const unsigned char *p, size_t len)
{
    while (len >= ZIP_ENTRY_BYTES && memcmp(p, "PK\1\2", 4) == 0) {
        size_t name = le(p + 28, 2), entry = ZIP_ENTRY_BYTES + name + le(p + 30, 2) + le(p + 32, 2);

        if (entry > len)
            return NULL;
        for (size_t i = 0; i < COUNT(zips); i++)
            if (strlen(zips[i].entry) == name && memcmp(p + ZIP_ENTRY_BYTES, zips[i].entry, name) == 0)
                return zips[i].media_type;
        p += entry;
        len -= entry;
    }
    return NULL;
}

static bool zip_of(int fd, int64_t size, const char **media_type, struct error *e)
{
    size_t tail = size < ZIP_TAIL_MAX ? (size_t)size : ZIP_TAIL_MAX, got, at, len;
    auto_free unsigned char *bytes = malloc(ZIP_TAIL_MAX), *directory = NULL;
    uint32_t start;

    if (!bytes)
        die("out of memory", ZIP_TAIL_MAX);
    if (!read_at(fd, size - (int64_t)tail, bytes, tail, &got, e))
        return false;
    if (got < ZIP_END_BYTES)
        return true;
    for (at = got - ZIP_END_BYTES; memcmp(bytes + at, "PK\5\6", 4) != 0; at--)
        if (at == 0)
            return true;
    len = le(bytes + at + 12, 4);
    start = le(bytes + at + 16, 4);
    if (len == 0 || len > ZIP_DIRECTORY_MAX || (int64_t)start > size - (int64_t)len)
        return true;
    directory = malloc(len);
    if (!directory)
        die("out of memory", len);
    if (!read_at(fd, start, directory, len, &got, e))
        return false;
    *media_type = zip_entries(directory, got);
    return true;
}

/* ---- text ---- */
/* Bytes of whole characters at the end of a part whose last one is cut. */
static size_t whole(const char *s, size_t len)
{
    size_t back = 0;

    while (back < UTF8_MAX && back < len && ((unsigned char)s[len - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back < len && (unsigned char)s[len - 1 - back] >= 0xc0)
        back++;
    else
        back = 0;
    return len - back;
}

static bool is_plain(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 && !memchr("\t\n\r\f", s[i], 4))
            return false;
    return text_is_utf8(s, len);
}

static bool text_of(int fd, int64_t size, const char **media_type, struct error *e)
{
    auto_free char *part = malloc(TEXT_PART);
    int64_t at = 0;

    if (!part)
        die("out of memory", TEXT_PART);
    while (at < size) {
        size_t got, use;

        if (!read_at(fd, at, part, TEXT_PART, &got, e))
            return false;
        use = at + (int64_t)got < size ? whole(part, got) : got;
        if (use == 0 || !is_plain(part, use))
            return true;
        at += (int64_t)use;
    }
    *media_type = "text/plain";
    return true;
}

/* ---- the question ---- */
bool media_of(int fd, int64_t size, const char **media_type, struct error *e)
{
    unsigned char head[HEAD_BYTES];
    size_t len;

    *media_type = NULL;
    if (!read_at(fd, 0, head, sizeof head, &len, e))
        return false;
    *media_type = magic_of(head, len);
    if (*media_type)
        return true;
    if (len >= 4 && memcmp(head, "PK\3\4", 4) == 0) {
        *media_type = opendocument_of(head, len);
        return *media_type || zip_of(fd, size, media_type, e);
    }
    return text_of(fd, size, media_type, e);
}

bool media_claim_fits(const char *claimed, const char *media_type)
{
    static const char *const same[][2] = {{"image/jpg", "image/jpeg"},
                                          {"image/tif", "image/tiff"},
                                          {"image/heif", "image/heic"},
                                          {"application/octet-stream", NULL}};
    size_t len = claimed ? strcspn(claimed, "; \t") : 0;

    if (len == 0)
        return true;
    for (size_t i = 0; i < COUNT(same); i++)
        if (strlen(same[i][0]) == len && strncasecmp(claimed, same[i][0], len) == 0)
            return !same[i][1] || strcmp(same[i][1], media_type) == 0;
    return strlen(media_type) == len && strncasecmp(claimed, media_type, len) == 0;
}

bool media_is_inline(const char *media_type)
{
    static const char *const types[] = {"application/pdf", "image/jpeg", "image/png", "image/webp"};

    for (size_t i = 0; i < COUNT(types); i++)
        if (text_equal(types[i], media_type))
            return true;
    return false;
}
