#include "base/json_out.h"

#include <inttypes.h>
#include <string.h>

#include "base/instant.h"
#include "base/log.h"

enum { FIRST_BYTES = 4000 }; /* most replies fit; a list grows from there */

/* A value's bytes in one piece, with the comma that may stand before them: a list is thousands of such pieces, and one
 * call for each is what a profile shows first. */
static void put_value(struct json_out *o, const char *data, size_t len)
{
    char *to = buf_room(&o->buf, len + o->need_comma);

    if (!to)
        return;
    if (o->need_comma)
        *to++ = ',';
    memcpy(to, data, len);
    to[len] = '\0';
    o->buf.len += len + o->need_comma;
    o->need_comma = true;
}

void out_open(struct json_out *o, char bracket)
{
    if (o->buf.len == 0)
        (void)buf_room(&o->buf, o->buf.max < FIRST_BYTES ? 0 : FIRST_BYTES);
    put_value(o, &bracket, 1);
    o->need_comma = false;
}

void out_close(struct json_out *o, char bracket)
{
    buf_add(&o->buf, &bracket, 1);
    o->need_comma = true;
}

void out_key(struct json_out *o, const char *name)
{
    size_t len = strlen(name);
    char *to = buf_room(&o->buf, len + 3 + o->need_comma);

    if (!to)
        return;
    if (o->need_comma)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, name, len);
    memcpy(to + len, "\":", 3);
    o->buf.len += len + 3 + o->need_comma;
    o->need_comma = false;
}

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    default:
        return NULL;
    }
}

static void put_escaped(struct buf *b, unsigned char c)
{
    const char *escape = escape_of(c);

    if (escape)
        buf_puts(b, escape);
    else
        buf_printf(b, "\\u%04X", (unsigned)c);
}

void out_text(struct json_out *o, const char *s)
{
    if (!s) {
        out_null(o);
        return;
    }
    put_value(o, "\"", 1);
    while (*s) {
        size_t plain = 0;

        while ((unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\')
            plain++;
        buf_add(&o->buf, s, plain);
        s += plain;
        if (*s)
            put_escaped(&o->buf, (unsigned char)*s++);
    }
    buf_add(&o->buf, "\"", 1);
}

/* Digits by hand: printf of numbers is what a profile of lists shows first. A quote, for a number that travels as a
 * string, stands around them. */
static void put_number(struct json_out *o, int64_t n, const char *quote)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;

    if (*quote)
        digits[--at] = *quote;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        digits[--at] = '-';
    if (*quote)
        digits[--at] = *quote;
    put_value(o, digits + at, sizeof digits - at);
}

void out_i64(struct json_out *o, int64_t n)
{
    put_number(o, n, "");
}

void out_id(struct json_out *o, int64_t id)
{
    put_number(o, id, "\"");
}

void out_bool(struct json_out *o, bool b)
{
    put_value(o, b ? "true" : "false", b ? 4 : 5);
}

void out_null(struct json_out *o)
{
    put_value(o, "null", 4);
}

void out_instant(struct json_out *o, int64_t ms)
{
    char text[INSTANT_TEXT_MAX];

    if (ms == INSTANT_NONE) {
        out_null(o);
        return;
    }
    instant_format(ms, text);
    out_text(o, text);
}

void out_raw(struct json_out *o, const char *json)
{
    put_value(o, json ? json : "null", json ? strlen(json) : 4);
}

static void out_real(struct json_out *o, const json_t *j)
{
    char text[64];
    size_t len = json_dumpb(j, text, sizeof text, JSON_ENCODE_ANY);

    if (len == 0 || len > sizeof text)
        die("JSON cannot be written", len);
    put_value(o, text, len);
}

static void out_members(struct json_out *o, const json_t *j)
{
    const char *name;
    json_t *value;

    out_open(o, '{');
    json_object_foreach((json_t *)(uintptr_t)j, name, value)
    {
        out_text(o, name);
        buf_add(&o->buf, ":", 1);
        o->need_comma = false;
        out_json(o, value);
    }
    out_close(o, '}');
}

static void out_items(struct json_out *o, const json_t *j)
{
    size_t i;
    const json_t *value;

    out_open(o, '[');
    json_array_foreach(j, i, value) out_json(o, value);
    out_close(o, ']');
}

/* As jansson writes it, byte for byte, but it calls back for every token and looks at every letter as UTF-8, which a
 * json_t is already. */
void out_json(struct json_out *o, const json_t *j)
{
    if (!j) {
        out_null(o);
        return;
    }
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        out_members(o, j);
        return;
    case JSON_ARRAY:
        out_items(o, j);
        return;
    case JSON_STRING:
        out_text(o, json_string_value(j));
        return;
    case JSON_INTEGER:
        out_i64(o, json_integer_value(j));
        return;
    case JSON_REAL:
        out_real(o, j);
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        out_bool(o, json_is_true(j));
        return;
    case JSON_NULL:
        out_null(o);
        return;
    }
}

/* clang-format off */
void out_member_text(struct json_out *o, const char *name, const char *s)     { out_key(o, name); out_text(o, s); }
void out_member_i64(struct json_out *o, const char *name, int64_t n)          { out_key(o, name); out_i64(o, n); }
void out_member_id(struct json_out *o, const char *name, int64_t id)          { out_key(o, name); out_id(o, id); }
void out_member_bool(struct json_out *o, const char *name, bool b)            { out_key(o, name); out_bool(o, b); }
void out_member_null(struct json_out *o, const char *name)                    { out_key(o, name); out_null(o); }
void out_member_instant(struct json_out *o, const char *name, int64_t ms)     { out_key(o, name); out_instant(o, ms); }
void out_member_raw(struct json_out *o, const char *name, const char *json)   { out_key(o, name); out_raw(o, json); }
void out_member_json(struct json_out *o, const char *name, const json_t *j)   { out_key(o, name); out_json(o, j); }
/* clang-format on */

const char *out_string(const struct json_out *o)
{
    return o->buf.data ? o->buf.data : "";
}

void out_done(struct json_out *o)
{
    buf_done(&o->buf);
    o->need_comma = false;
}
