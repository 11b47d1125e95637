#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <utf8proc.h>

#include "base/log.h"

bool text_is_utf8(const char *s, size_t len)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;

    while (len) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate(p, (utf8proc_ssize_t)len, &c);

        if (n <= 0 || c == 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

void text_truncate_utf8(char *s)
{
    size_t len = strlen(s), back = 0, need;
    unsigned char lead;

    while (back < len && back < 4 && ((unsigned char)s[len - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back == len)
        return;
    lead = (unsigned char)s[len - 1 - back];
    need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (back < need)
        s[len - 1 - back] = '\0';
}

static char *map(struct arena *a, const char *s, utf8proc_option_t options)
{
    auto_free utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)s, 0, &out, UTF8PROC_NULLTERM | UTF8PROC_STABLE | options);

    return len < 0 ? arena_strdup(a, s) : arena_strndup(a, (const char *)out, (size_t)len);
}

char *text_nfc(struct arena *a, const char *s)
{
    return map(a, s, UTF8PROC_COMPOSE);
}

/* One decomposed code point: a mark is dropped, a letter or digit kept, anything else is a gap. */
static void fold_part(struct buf *b, utf8proc_int32_t part, bool *gap)
{
    utf8proc_category_t kind = utf8proc_category(part);
    utf8proc_uint8_t letter[4];

    if (kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_MC)
        return;
    if ((kind < UTF8PROC_CATEGORY_LU || kind > UTF8PROC_CATEGORY_LO) && kind != UTF8PROC_CATEGORY_ND) {
        *gap = true;
        return;
    }
    if (*gap && b->len)
        buf_add(b, " ", 1);
    *gap = false;
    buf_add(b, letter, (size_t)utf8proc_encode_char(part == 0x111 ? 'd' : part, letter));
}

char *text_fold(struct arena *a, const char *s)
{
    utf8proc_int32_t parts[24]; /* the longest decomposition, U+FDFA, has 18 */
    /* Vietnamese only shrinks, but a stranger's three bytes may unfold to 33: the text grows as it needs to. */
    auto_buf struct buf b = BUF_INIT(SIZE_MAX / 4);
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
    size_t len = strlen(s);
    int last_boundary = 0;
    bool gap = false;

    while (len) {
        utf8proc_int32_t c;
        utf8proc_ssize_t used = utf8proc_iterate(p, (utf8proc_ssize_t)len, &c), count;

        if (used <= 0)
            break;
        if (c < 0x80) { /* unfolds to itself, in lower case */
            fold_part(&b, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c, &gap);
            p++;
            len--;
            continue;
        }
        p += used;
        len -= (size_t)used;
        count = utf8proc_decompose_char(c, parts, COUNT(parts),
                                        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &last_boundary);
        for (utf8proc_ssize_t i = 0; i < count && i < (utf8proc_ssize_t)COUNT(parts); i++)
            fold_part(&b, parts[i], &gap);
    }
    return arena_strndup(a, b.data ? b.data : "", b.len);
}

char *text_upper(struct arena *a, const char *s)
{
    size_t len = strlen(s), n = 0;
    /* Upper case is one code point for one: of one byte it stays one, of more it has four at most. */
    char *out = arena_alloc(a, len * 2 + 1);
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;

    while (len) {
        utf8proc_int32_t c;
        utf8proc_ssize_t used = utf8proc_iterate(p, (utf8proc_ssize_t)len, &c);

        if (used <= 0)
            break;
        p += used;
        len -= (size_t)used;
        n += (size_t)utf8proc_encode_char(utf8proc_toupper(c), (utf8proc_uint8_t *)out + n);
    }
    out[n] = '\0';
    return out;
}

size_t text_length(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; len && at && *at; at += strcspn(at, " "), at += *at == ' ')
        if (strncmp(at, word, len) == 0 && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

bool text_is_blank(const char *s)
{
    return !s || s[strspn(s, " \t\r\n")] == '\0';
}

bool text_to_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    long long n;

    if (!s || !((*s >= '0' && *s <= '9') || (*s == '-' && s[1] >= '0' && s[1] <= '9')))
        return false;
    errno = 0;
    n = strtoll(s, &end, 10);
    if (errno || *end || n < min || n > max)
        return false;
    *out = n;
    return true;
}

static bool reserve(struct buf *b, size_t more)
{
    size_t room;

    if (b->overflow || more > b->max || b->len > b->max - more) {
        b->overflow = true;
        return false;
    }
    if (b->room > b->len + more)
        return true;
    room = b->room ? b->room * 2 : 256;
    while (room <= b->len + more)
        room *= 2;
    b->data = realloc(b->data, room);
    if (!b->data)
        die("out of memory", room);
    b->room = room;
    return true;
}

char *buf_room(struct buf *b, size_t len)
{
    return reserve(b, len) ? b->data + b->len : NULL;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!reserve(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

static const char *entity_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static bool is_shown(char c)
{
    return (unsigned char)c >= 0x20 || c == '\n' || c == '\t';
}

void buf_markup(struct buf *b, const char *s)
{
    const char *plain = s;

    for (; s && *s; s++) {
        const char *entity = entity_of(*s);

        if (!entity && is_shown(*s))
            continue;
        buf_add(b, plain, (size_t)(s - plain));
        if (entity)
            buf_puts(b, entity);
        plain = s + 1;
    }
    if (plain)
        buf_puts(b, plain);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !reserve(b, (size_t)len))
        return;
    va_start(args, format);
    (void)vsnprintf(b->data + b->len, (size_t)len + 1, format, args); /* measured just above */
    va_end(args);
    b->len += (size_t)len;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data)
        b->data[0] = '\0';
}

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}
