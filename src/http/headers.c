/* Reading what clients put into headers. Pure functions over text: whatever is malformed is simply not a match, except
 * where the caller must hear of it. */
#include "http/http_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

/* ";q=0.5" among the parameters of one list item: 0…1000. */
static int quality(const char *item, const char *end)
{
    for (const char *p = item; p < end; p++)
        if (*p == ';') {
            p = skip_space(p + 1);
            if ((*p == 'q' || *p == 'Q') && p[1] == '=') {
                char *rest;
                double q = strtod(p + 2, &rest);

                return rest == p + 2 || q < 0 || q > 1 ? 1000 : (int)(q * 1000);
            }
            p--;
        }
    return 1000;
}

/* Visits "a;q=1, b" item by item; false at the end. */
static bool next_item(const char **at, const char **item, size_t *name_len, int *q)
{
    const char *p = *at + strspn(*at, " \t,"), *end = p + strcspn(p, ",");

    if (!*p)
        return false;
    *item = p;
    *name_len = strcspn(p, "; \t,");
    *q = quality(p, end);
    *at = end;
    return true;
}

enum lang accept_language(const char *header)
{
    int best[LANG__COUNT] = {0, 0}, q;
    const char *item;
    size_t len;

    while (header && next_item(&header, &item, &len, &q)) {
        bool two = len == 2 || (len > 2 && item[2] == '-');

        if (two && strncasecmp(item, "en", 2) == 0 && q > best[LANG_EN])
            best[LANG_EN] = q;
        else if (((two && strncasecmp(item, "vi", 2) == 0) || *item == '*') && q > best[LANG_VI])
            best[LANG_VI] = q;
    }
    return best[LANG_EN] > best[LANG_VI] ? LANG_EN : LANG_VI;
}

bool accept_encoding(const char *header, const char *coding)
{
    const char *item;
    size_t len;
    int q;

    while (header && next_item(&header, &item, &len, &q))
        if (len == strlen(coding) && strncasecmp(item, coding, len) == 0)
            return q > 0;
    return false;
}

/* One entity tag of a list, without W/ and with its quotes. NULL at the end or where it is malformed. */
static const char *next_tag(const char **at, size_t *len)
{
    const char *p = *at + strspn(*at, " \t,"), *end;

    if (p[0] == 'W' && p[1] == '/')
        p += 2;
    if (*p != '"' || !(end = strchr(p + 1, '"')))
        return NULL;
    *len = (size_t)(end - p) + 1;
    *at = end + 1;
    return p;
}

bool etag_listed(const char *header, const char *etag)
{
    const char *tag;
    size_t len;

    if (!header)
        return false;
    if (strcmp(skip_space(header), "*") == 0)
        return true;
    while ((tag = next_tag(&header, &len)))
        if (len == strlen(etag) && memcmp(tag, etag, len) == 0)
            return true;
    return false;
}

bool if_match_parse(const char *header, int64_t *version, struct error *e)
{
    const char *tag;
    size_t len;
    int64_t greatest = -1;

    *version = -1;
    if (strcmp(skip_space(header), "*") == 0)
        return true;
    while ((tag = next_tag(&header, &len))) {
        char digits[24];
        int64_t v;

        /* W/ is taken too: a proxy that compresses weakens our tags, but a version still names one state. Of several
         * the greatest counts: versions only grow, so this can refuse too much but never overwrite what was unseen. */
        if (len - 2 >= sizeof digits)
            continue;
        memcpy(digits, tag + 1, len - 2);
        digits[len - 2] = '\0';
        if (len > 5 && strcmp(digits + len - 5, "-en") == 0) /* the tag of the English reply: the same version */
            digits[len - 5] = '\0';
        if (text_to_i64(digits, 0, INT64_MAX, &v) && v > greatest)
            greatest = v;
    }
    if (*(header + strspn(header, " \t,")))
        return fail(e, E_BAD_REQUEST, "If-Match is not a list of entity tags");
    if (greatest < 0)
        return fail(e, E_STALE, "no tag of If-Match is a version");
    *version = greatest;
    return true;
}

static bool digits(const char **p, uint64_t *out)
{
    const char *start = *p;
    uint64_t n = 0;

    for (; isdigit((unsigned char)**p); ++*p) {
        if (n > (UINT64_MAX - 9) / 10)
            return false;
        n = n * 10 + (uint64_t)(**p - '0');
    }
    *out = n;
    return *p > start;
}

enum range range_parse(const char *header, uint64_t size, uint64_t *start, uint64_t *len)
{
    uint64_t first = 0, last = 0;
    bool has_first, has_last;
    const char *p = header;

    if (!p || strncmp(p, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    p += 6;
    has_first = digits(&p, &first);
    if (*p++ != '-')
        return RANGE_WHOLE;
    has_last = digits(&p, &last);
    if (*p || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_WHOLE;
    if (!has_first) { /* the last bytes */
        if (last == 0 || size == 0)
            return RANGE_OUTSIDE;
        first = last > size ? 0 : size - last;
        last = size - 1;
    } else if (first >= size) {
        return RANGE_OUTSIDE;
    } else if (!has_last || last >= size) {
        last = size - 1;
    }
    *start = first;
    *len = last - first + 1;
    return RANGE_PART;
}

bool origin_matches(const char *origin, const char *host, const char *public_origin)
{
    const char *at = strstr(origin, "://");
    size_t len;

    if (!at)
        return false; /* also "null", of sandboxed pages and local files */
    len = strcspn(at + 3, "/");
    if (public_origin) {
        size_t whole = (size_t)(at + 3 - origin) + len;

        if (strlen(public_origin) == whole && strncasecmp(public_origin, origin, whole) == 0)
            return true;
    }
    return host && strlen(host) == len && strncasecmp(at + 3, host, len) == 0;
}

bool media_type_is_json(const char *header)
{
    size_t len;
    const char *charset;

    if (!header)
        return false;
    len = strcspn(header, "; \t");
    if (!(len == 16 && strncasecmp(header, "application/json", 16) == 0) &&
        !(len == 28 && strncasecmp(header, "application/merge-patch+json", 28) == 0))
        return false;
    charset = strcasestr(header + len, "charset=");
    if (!charset)
        return true;
    charset += 8;
    return strncasecmp(charset + (*charset == '"'), "utf-8", 5) == 0;
}

bool idempotency_key_is_valid(const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < len; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    return len >= 1 && len <= HTTP_KEY_MAX;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *percent_decode(struct arena *a, const char *s, size_t len)
{
    char *out = arena_alloc(a, len + 1), *w = out;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)s[i];

        if (c == '%') {
            int high = -1, low = -1;

            if (i + 2 < len) {
                high = hex_value(s[i + 1]);
                low = high < 0 ? -1 : hex_value(s[i + 2]);
            }
            if (low < 0)
                return NULL;
            c = high * 16 + low;
            i += 2;
        }
        if (c < 0x20 && c != '\n' && c != '\t')
            return NULL;
        *w++ = (char)c;
    }
    *w = '\0';
    return text_is_utf8(out, (size_t)(w - out)) ? out : NULL;
}
