/* The formats that can be asserted: those of the standard, and the field's own. A text holding NUL never gets here. */
#include "schema/schema_internal.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/instant.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Two digits up to max; -1 when not. */
static int two_digits(const char *s, int max)
{
    int n;

    if (!is_digit(s[0]) || !is_digit(s[1]))
        return -1;
    n = (s[0] - '0') * 10 + s[1] - '0';
    return n <= max ? n : -1;
}

/* ---- dates and times (RFC 3339) ---- */

static bool is_date(const char *s)
{
    struct date d;

    return date_parse(s, &d);
}

/* "Z" or ±hh:mm, to the end; minutes east of Greenwich. */
static bool offset_parse(const char *s, int *minutes)
{
    int hour, minute;

    *minutes = 0;
    if (*s == 'Z' || *s == 'z')
        return s[1] == '\0';
    if (*s != '+' && *s != '-')
        return false;
    hour = two_digits(s + 1, 23);
    if (hour < 0 || s[3] != ':')
        return false;
    minute = two_digits(s + 4, 59);
    *minutes = (*s == '-' ? -1 : 1) * (hour * 60 + minute);
    return minute >= 0 && s[6] == '\0';
}

static bool is_time(const char *s)
{
    int hour = two_digits(s, 23), minute, second, offset, utc;

    if (hour < 0 || s[2] != ':' || (minute = two_digits(s + 3, 59)) < 0 || s[5] != ':' ||
        (second = two_digits(s + 6, 60)) < 0)
        return false;
    s += 8;
    if (*s == '.') {
        if (!is_digit(s[1]))
            return false;
        s += 1 + strspn(s + 1, "0123456789");
    }
    if (!offset_parse(s, &offset))
        return false;
    /* A leap second comes only at the end of a day in UTC. */
    utc = ((hour * 60 + minute - offset) % 1440 + 1440) % 1440;
    return second < 60 || utc == 1439;
}

static bool is_date_time(const char *s)
{
    char day[11];

    if (strlen(s) < 11 || (s[10] | 0x20) != 't')
        return false;
    memcpy(day, s, 10);
    day[10] = '\0';
    return is_date(day) && is_time(s + 11);
}

/* Numbers each with its unit, in the order of units; *count of them. */
static const char *duration_part(const char *s, const char *units, int *count)
{
    while (is_digit(*s)) {
        const char *end = s + strspn(s, "0123456789"), *unit = *end ? strchr(units, *end) : NULL;

        if (!unit)
            return NULL;
        units = unit + 1;
        s = end + 1;
        ++*count;
    }
    return s;
}

static bool is_duration(const char *s)
{
    int days = 0, times = 0;
    const char *p;

    if (*s++ != 'P')
        return false;
    p = duration_part(s, "W", &days);
    if (p && days == 1 && !*p)
        return true;
    days = 0;
    p = duration_part(s, "YMD", &days);
    if (!p)
        return false;
    if (*p != 'T')
        return days > 0 && !*p;
    p = duration_part(p + 1, "HMS", &times);
    return p && !*p && times > 0;
}

/* ---- hosts ---- */

static bool is_hostname_span(const char *s, size_t len)
{
    size_t label = 0;

    if (len == 0 || len > 253)
        return false;
    for (size_t i = 0; i <= len; i++) {
        char c = i < len ? s[i] : '.';

        if (c != '.') {
            if ((!is_alnum(c) && c != '-') || (c == '-' && label == 0) || ++label > 63)
                return false;
        } else {
            if (label == 0 || s[i - 1] == '-')
                return false;
            label = 0;
        }
    }
    return true;
}

static bool is_hostname(const char *s)
{
    return is_hostname_span(s, strlen(s));
}

static bool is_ipv4(const char *s)
{
    unsigned char bytes[4];

    return inet_pton(AF_INET, s, bytes) == 1;
}

static bool is_ipv6(const char *s)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET6, s, bytes) == 1;
}

/* The part of an address before "@": atoms and dots, or a quoted text. Returns its end. */
static const char *mailbox_local(const char *s, bool unicode)
{
    const char *start = s;

    if (*s == '"') {
        for (s++; *s && *s != '"'; s++)
            if (*s == '\\' && !*++s)
                return NULL;
        return *s ? s + 1 : NULL;
    }
    while (*s && *s != '@') {
        if (*s == '.' ? s == start || s[1] == '.' || s[1] == '@'
                      : !is_alnum(*s) && !strchr("!#$%&'*+-/=?^_`{|}~", *s) && !(unicode && (*s & 0x80)))
            return NULL;
        s++;
    }
    return s > start && s - start <= 64 ? s : NULL;
}

static bool is_address(const char *s, bool unicode)
{
    const char *at = mailbox_local(s, unicode);
    char literal[64];
    size_t len;

    if (!at || *at != '@')
        return false;
    len = strlen(++at);
    if (*at == '[') {
        if (at[len - 1] != ']' || len - 2 >= sizeof literal)
            return false;
        memcpy(literal, at + 1, len - 2);
        literal[len - 2] = '\0';
        return text_starts_with(literal, "IPv6:") ? is_ipv6(literal + 5) : is_ipv4(literal);
    }
    if (!unicode)
        return is_hostname_span(at, len);
    return len > 0 && len <= 253 && !strpbrk(at, " @") && *at != '.' && *at != '-';
}

static bool is_email(const char *s)
{
    return is_address(s, false);
}

static bool is_idn_email(const char *s)
{
    return is_address(s, true);
}

/* ---- addresses of things ---- */

/* Characters of a URI, brackets only around a host; percent signs begin two hex digits. */
static bool uri_characters(const char *s, size_t len, const char *also, bool unicode)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%') {
            if (i + 2 >= len || !is_hex(s[i + 1]) || !is_hex(s[i + 2]))
                return false;
            i += 2;
        } else if (!is_alnum(s[i]) && !strchr("-._~!$&'()*+,;=:@", s[i]) && !strchr(also, s[i]) &&
                   !(unicode && (s[i] & 0x80))) {
            return false;
        }
    }
    return true;
}

static bool is_authority(const char *s, size_t len, bool unicode)
{
    const char *at = memchr(s, '@', len), *port;
    char host[64];

    if (at) {
        if (!uri_characters(s, (size_t)(at - s), "", unicode))
            return false;
        len -= (size_t)(at + 1 - s);
        s = at + 1;
    }
    if (len && *s == '[') {
        const char *end = memchr(s, ']', len);
        size_t n = end ? (size_t)(end - s) - 1 : sizeof host;

        if (n >= sizeof host)
            return false;
        memcpy(host, s + 1, n);
        host[n] = '\0';
        if (!is_ipv6(host))
            return false;
        port = end + 1;
    } else {
        port = memchr(s, ':', len);
        if (!port)
            port = s + len;
        if (!uri_characters(s, (size_t)(port - s), "", unicode))
            return false;
    }
    if (port == s + len)
        return true;
    return *port == ':' && strspn(port + 1, "0123456789") >= (size_t)(s + len - port - 1);
}

static size_t scheme_length(const char *s)
{
    size_t n = 0;

    if (!is_alnum(*s) || is_digit(*s))
        return 0;
    while (is_alnum(s[n]) || s[n] == '+' || s[n] == '-' || s[n] == '.')
        n++;
    return s[n] == ':' ? n : 0;
}

static bool is_reference(const char *s, bool unicode)
{
    size_t scheme = scheme_length(s), n;

    if (scheme)
        s += scheme + 1;
    if (s[0] == '/' && s[1] == '/') {
        n = strcspn(s + 2, "/?#");
        if (!is_authority(s + 2, n, unicode))
            return false;
        s += 2 + n;
    } else if (!scheme && strcspn(s, ":") < strcspn(s, "/?#")) {
        return false; /* a colon in the first segment would make it a scheme */
    }
    n = strcspn(s, "?#");
    if (!uri_characters(s, n, "/", unicode))
        return false;
    s += n;
    if (*s == '?') {
        n = strcspn(++s, "#");
        if (!uri_characters(s, n, "/?", unicode))
            return false;
        s += n;
    }
    return !*s || uri_characters(s + 1, strlen(s + 1), "/?", unicode);
}

static bool is_uri_reference(const char *s)
{
    return is_reference(s, false);
}

static bool is_uri(const char *s)
{
    return scheme_length(s) && is_reference(s, false);
}

static bool is_iri_reference(const char *s)
{
    return is_reference(s, true);
}

static bool is_iri(const char *s)
{
    return scheme_length(s) && is_reference(s, true);
}

static bool is_uuid(const char *s)
{
    for (size_t i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !is_hex(s[i]))
            return false;
    return s[36] == '\0';
}

static bool is_json_pointer(const char *s)
{
    if (*s && *s != '/')
        return false;
    for (; *s; s++)
        if (*s == '~' && s[1] != '0' && s[1] != '1')
            return false;
    return true;
}

static bool is_relative_json_pointer(const char *s)
{
    size_t n = strspn(s, "0123456789");

    if (n == 0 || (n > 1 && *s == '0'))
        return false;
    return (s[n] == '#' && !s[n + 1]) || is_json_pointer(s + n);
}

static bool is_regex(const char *s)
{
    auto_arena struct arena *a = arena_new();
    struct pattern *p;
    const char *why;

    return pattern_compile(a, s, strlen(s), &p, &why);
}

/* clang-format off */
static const struct format formats[] = {
    {"date",                  is_date,                  true},
    {"date-time",             is_date_time,             true},
    {"time",                  is_time,                  false},
    {"duration",              is_duration,              false},
    {"email",                 is_email,                 true},
    {"idn-email",             is_idn_email,             false},
    {"hostname",              is_hostname,              false},
    {"ipv4",                  is_ipv4,                  false},
    {"ipv6",                  is_ipv6,                  false},
    {"uri",                   is_uri,                   false},
    {"uri-reference",         is_uri_reference,         false},
    {"iri",                   is_iri,                   false},
    {"iri-reference",         is_iri_reference,         false},
    {"uuid",                  is_uuid,                  false},
    {"json-pointer",          is_json_pointer,          false},
    {"relative-json-pointer", is_relative_json_pointer, false},
    {"regex",                 is_regex,                 false},
    {"idn-hostname",          NULL,                     false},
    {"uri-template",          NULL,                     false},
    {"vn-personal-number",    vn_personal_number,       true},
    {"vn-tax-code",           vn_tax_code,              true},
    {"vn-case-code",          vn_case_code,             true},
    {"vn-unit-code",          vn_unit_code,             true},
    {"vn-phone",              vn_phone,                 true},
    {"vn-service-code",       vn_service_code,          true},
};
/* clang-format on */

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < COUNT(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
