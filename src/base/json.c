#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/id.h"
#include "base/instant.h"
#include "base/json_out.h"
#include "base/log.h"

bool json_read(struct bytes text, json_t **out, struct error *e)
{
    json_error_t why;
    json_t *j;
    int depth = 0;
    bool in_string = false;
    const char *p = text.data;

    /* jansson's own depth limit is 2,048; ours is checked before it spends anything. */
    for (size_t i = 0; i < text.len; i++) {
        char c = p[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return fail(e, E_JSON_TOO_DEEP, "more than %d levels", JSON_DEPTH_MAX);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    j = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!j)
        return fail(e, json_error_code(&why) == json_error_duplicate_key ? E_JSON_DUPLICATE : E_JSON_SYNTAX,
                    "line %d, column %d: %s", why.line, why.column, why.text);
    *out = j;
    return true;
}

static void json_release(void *j)
{
    json_decref(j);
}

json_t *json_held(struct arena *a, json_t *j)
{
    arena_defer(a, json_release, j);
    return j;
}

static int add_chunk(const char *data, size_t len, void *buf)
{
    buf_add(buf, data, len);
    return 0;
}

char *json_text(struct arena *a, const json_t *j)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    o.buf.max = SIZE_MAX / 2;
    out_json(&o, j);
    return arena_strndup(a, out_string(&o), o.buf.len);
}

char *json_canonical(struct arena *a, const json_t *j)
{
    auto_buf struct buf b = BUF_INIT(SIZE_MAX / 2);

    if (json_dump_callback(j, add_chunk, &b,
                           JSON_SORT_KEYS | JSON_REAL_PRECISION(17) | JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        die("JSON cannot be written", 0);
    return arena_strndup(a, b.data ? b.data : "", b.len);
}

const char *json_str(const json_t *j, const char *member)
{
    return json_string_value(json_object_get(j, member));
}

int64_t json_i64(const json_t *j, const char *member, int64_t otherwise)
{
    const json_t *n = json_object_get(j, member);

    return json_is_integer(n) ? json_integer_value(n) : otherwise;
}

bool json_flag(const json_t *j, const char *member)
{
    return json_is_true(json_object_get(j, member));
}

const char *json_title(const json_t *title, enum lang lang)
{
    static const char *const names[LANG__COUNT] = {"vi", "en"};
    const char *s = json_is_string(title) ? json_string_value(title) : json_str(title, names[lang]);

    if (!s)
        s = json_str(title, names[LANG_VI]);
    return s ? s : "";
}

/* Copies the next reference token, unescaped; *p moves to the next "/" or the end. */
static char *next_token(struct arena *a, const char **p)
{
    const char *start = ++*p;
    char *token, *w;

    *p += strcspn(*p, "/");
    w = token = arena_strndup(a, start, (size_t)(*p - start));
    for (const char *r = token; *r; r++)
        if (*r == '~' && (r[1] == '0' || r[1] == '1'))
            *w++ = *++r == '0' ? '~' : '/';
        else
            *w++ = *r;
    *w = '\0';
    return token;
}

static json_t *child(const json_t *j, const char *token)
{
    int64_t index;

    if (json_is_object(j))
        return json_object_get(j, token);
    if (json_is_array(j) && (token[0] != '0' || !token[1]) && token[0] != '-' &&
        text_to_i64(token, 0, INT32_MAX, &index)) /* "01" and "-0" are no indexes */
        return json_array_get(j, (size_t)index);
    return NULL;
}

json_t *json_at(const json_t *j, const char *pointer)
{
    auto_arena struct arena *a = arena_new();
    const char *p = pointer;

    while (j && *p == '/')
        j = child(j, next_token(a, &p));
    return *p ? NULL : (json_t *)(uintptr_t)j;
}

bool json_set_at(json_t *j, const char *pointer, json_t *value)
{
    auto_arena struct arena *a = arena_new();
    const char *p = pointer;

    while (*p == '/') {
        char *token = next_token(a, &p);
        json_t *next;

        if (!json_is_object(j))
            break;
        if (!*p)
            return json_object_set_new(j, token, value) == 0;
        next = json_object_get(j, token);
        if (!next) {
            next = json_object();
            if (json_object_set_new(j, token, next) != 0)
                break;
        }
        j = next;
    }
    json_decref(value);
    return false;
}

void json_pointer_push(struct buf *b, const char *member)
{
    buf_puts(b, "/");
    for (; *member; member++)
        if (*member == '~' || *member == '/')
            buf_puts(b, *member == '~' ? "~0" : "~1");
        else
            buf_add(b, member, 1);
}

json_t *json_id(int64_t id)
{
    char text[ID_TEXT_MAX];

    (void)snprintf(text, sizeof text, "%" PRId64, id); /* 20 characters at most */
    return json_string(text);
}

json_t *json_instant(int64_t ms)
{
    char text[INSTANT_TEXT_MAX];

    if (ms == INSTANT_NONE)
        return json_null();
    instant_format(ms, text);
    return json_string(text);
}

json_t *json_text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}
