#include "base/yaml.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/json.h"
#include "base/log.h"

struct reader {
    struct arena *arena;
    yaml_parser_t parser;
    json_t *lines;
    struct buf pointer;
    int depth;
    struct error *e;
};

static bool next(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return true;
    return fail(r->e, E_PACK, "line %zu: %s", r->parser.problem_mark.line + 1,
                r->parser.problem ? r->parser.problem : "not YAML");
}

static bool plain_number(const char *s, json_t **out)
{
    const char *p = s + (*s == '-');
    size_t whole = strspn(p, "0123456789");
    int64_t n;
    char *end;
    double d;

    if (!whole || (whole > 1 && *p == '0'))
        return false; /* codes with a leading zero stay text */
    if (!p[whole]) {
        if (!text_to_i64(s, INT64_MIN, INT64_MAX, &n))
            return false;
        *out = json_integer(n);
        return true;
    }
    if (p[whole] != '.' || strspn(p + whole + 1, "0123456789") == 0)
        return false;
    errno = 0;
    d = strtod(s, &end);
    if (*end || errno)
        return false;
    *out = json_real(d);
    return true;
}

/* A definition says what it means, once and in place: no anchor, no tag; and no NUL, at which C would cut the text. */
static bool is_plain(struct reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor, *tag;
    size_t line = event->start_mark.line + 1;

    if (event->type == YAML_SCALAR_EVENT) {
        if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
            return fail(r->e, E_PACK, "line %zu: a text holds a NUL", line);
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    return (!anchor && !tag) || fail(r->e, E_PACK, "line %zu: anchors and tags are not used in packs", line);
}

static json_t *scalar(struct reader *r, const yaml_event_t *event)
{
    const char *s = (const char *)event->data.scalar.value;
    json_t *number = NULL;

    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        if (!*s || strcmp(s, "~") == 0 || strcmp(s, "null") == 0)
            return json_null();
        if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)
            return json_boolean(*s == 't');
        if (plain_number(s, &number))
            return number;
    }
    return json_string(text_nfc(r->arena, s));
}

static bool value(struct reader *r, const yaml_event_t *event, json_t **out);

static bool sequence(struct reader *r, json_t *array)
{
    for (size_t i = 0;; i++) {
        yaml_event_t event;
        json_t *item = NULL;
        size_t mark = r->pointer.len;
        bool ok;

        if (!next(r, &event))
            return false;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return true;
        }
        buf_printf(&r->pointer, "/%zu", i);
        ok = value(r, &event, &item);
        yaml_event_delete(&event);
        r->pointer.len = mark;
        r->pointer.data[mark] = '\0';
        if (!ok)
            return false;
        (void)json_array_append_new(array, item); /* only fails without memory; the count then shows */
    }
}

/* The next key of a mapping, in the arena; *name is NULL at its end. */
static bool next_key(struct reader *r, const json_t *object, char **name)
{
    yaml_event_t key;
    size_t line;
    bool ok = true;

    *name = NULL;
    if (!next(r, &key))
        return false;
    line = key.start_mark.line + 1;
    if (key.type == YAML_SCALAR_EVENT) {
        ok = is_plain(r, &key);
        *name = ok ? text_nfc(r->arena, (const char *)key.data.scalar.value) : NULL;
        if (*name && json_object_get(object, *name))
            ok = fail(r->e, E_PACK, "line %zu: \"%s\" stands here twice", line, *name);
    } else if (key.type != YAML_MAPPING_END_EVENT) {
        ok = fail(r->e, E_PACK, "line %zu: a key must be plain text", line);
    }
    yaml_event_delete(&key);
    return ok;
}

static bool mapping(struct reader *r, json_t *object)
{
    for (;;) {
        yaml_event_t event;
        json_t *member = NULL;
        size_t mark = r->pointer.len;
        char *name;
        bool ok;

        if (!next_key(r, object, &name))
            return false;
        if (!name)
            return true;
        if (!next(r, &event))
            return false;
        json_pointer_push(&r->pointer, name);
        ok = value(r, &event, &member);
        yaml_event_delete(&event);
        r->pointer.len = mark;
        r->pointer.data[mark] = '\0';
        if (!ok)
            return false;
        (void)json_object_set_new(object, name, member); /* only fails without memory */
    }
}

static bool value(struct reader *r, const yaml_event_t *event, json_t **out)
{
    size_t line = event->start_mark.line + 1;
    json_t *j;
    bool ok = true;

    (void)json_object_set_new(r->lines, r->pointer.data,
                              json_integer((json_int_t)line)); /* a lost line is a lesser hint */
    switch (event->type) {
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        break;
    case YAML_ALIAS_EVENT:
        return fail(r->e, E_PACK, "line %zu: aliases are not used in packs", line);
    default:
        return fail(r->e, E_PACK, "line %zu: a value was expected", line);
    }
    if (!is_plain(r, event))
        return false;
    if (event->type == YAML_SCALAR_EVENT) {
        *out = scalar(r, event);
        return *out || fail(r->e, E_PACK, "line %zu: not UTF-8", line);
    }
    if (++r->depth > YAML_DEPTH_MAX)
        return fail(r->e, E_PACK, "line %zu: more than %d levels", line, YAML_DEPTH_MAX);
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        j = json_array();
        ok = sequence(r, j);
    } else {
        j = json_object();
        ok = mapping(r, j);
    }
    r->depth--;
    if (!ok) {
        json_decref(j);
        return false;
    }
    *out = j;
    return true;
}

/* Stream start, document start, the value, document end, stream end: exactly that. */
static bool document(struct reader *r, json_t **out)
{
    static const yaml_event_type_t before[] = {YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT};
    static const yaml_event_type_t after[] = {YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT};
    yaml_event_t event;
    bool ok;

    for (size_t i = 0; i < COUNT(before); i++) {
        if (!next(r, &event))
            return false;
        ok = event.type == before[i];
        yaml_event_delete(&event);
        if (!ok)
            return fail(r->e, E_PACK, "line 1: the file is empty");
    }
    if (!next(r, &event))
        return false;
    ok = value(r, &event, out);
    yaml_event_delete(&event);
    for (size_t i = 0; ok && i < COUNT(after); i++) {
        if (!next(r, &event)) {
            ok = false;
            break;
        }
        if (event.type != after[i])
            ok = fail(r->e, E_PACK, "line %zu: one document a file", event.start_mark.line + 1);
        yaml_event_delete(&event);
    }
    if (!ok) {
        json_decref(*out);
        *out = NULL;
    }
    return ok;
}

bool yaml_read(struct arena *a, struct bytes text, struct yaml *out, struct error *e)
{
    struct reader r = {.arena = a, .pointer = BUF_INIT(1 << 16), .e = e};
    json_t *root = NULL;
    bool ok;

    if (text.len > YAML_BYTES_MAX)
        return fail(e, E_PACK, "line 1: larger than %d bytes", YAML_BYTES_MAX);
    if (!yaml_parser_initialize(&r.parser))
        die("out of memory", 0);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, text.data, text.len);
    r.lines = json_object();
    buf_puts(&r.pointer, "");
    ok = document(&r, &root);
    yaml_parser_delete(&r.parser);
    buf_done(&r.pointer);
    (void)json_held(a, r.lines);
    if (!ok)
        return false;
    *out = (struct yaml){json_held(a, root), r.lines};
    return true;
}

int yaml_line(const struct yaml *y, const char *pointer)
{
    auto_arena struct arena *a = arena_new();
    char *p = arena_strdup(a, pointer);

    for (;;) {
        const json_t *line = json_object_get(y->lines, p);
        char *slash;

        if (line)
            return (int)json_integer_value(line);
        slash = strrchr(p, '/');
        if (!slash)
            return 1;
        *slash = '\0';
    }
}

/* ---- writing ---- */
enum { LINE_CHARS = 110, FLAT_CHARS = 90, FLAT_MEMBERS = 12 };

static int add_bytes(void *to, unsigned char *data, size_t len)
{
    struct buf *b = to;

    buf_add(b, (const char *)data, len);
    return !b->overflow;
}

static void emit(yaml_emitter_t *out, yaml_event_t *event)
{
    if (!yaml_emitter_emit(out, event)) /* takes the event, also when it fails */
        die("YAML cannot be written", 0);
}

static void emit_scalar(yaml_emitter_t *out, const char *s, yaml_scalar_style_t style)
{
    yaml_event_t event;

    if (!yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)s, (int)strlen(s), 1, 1, style))
        die("out of memory", 0);
    emit(out, &event);
}

/* Plain wherever any reader of YAML, also an older one, takes it for the same text: no numbers, dates, times or words
 * for true, false and nothing. The emitter itself quotes what has signs of YAML's in it. */
static yaml_scalar_style_t style_of(const char *s)
{
    static const char *const words[] = {"~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    bool taken = !*s || s[strspn(s, "0123456789.+-_:eExXoO")] == '\0';

    for (size_t i = 0; i < COUNT(words) && !taken; i++)
        taken = strcasecmp(s, words[i]) == 0;
    if (taken)
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return strchr(s, '\n') ? YAML_LITERAL_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
}

/* Without a point it would be read as an integer, or as text. */
static const char *number_text(const json_t *j, char out[static 64])
{
    char digits[32];
    size_t whole;

    if (json_is_integer(j)) {
        (void)snprintf(out, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
        return out;
    }
    (void)snprintf(digits, sizeof digits, "%.15g", json_real_value(j));
    if (strtod(digits, NULL) != json_real_value(j))
        (void)snprintf(digits, sizeof digits, "%.17g", json_real_value(j));
    whole = strcspn(digits, "e");
    (void)snprintf(out, 64, "%.*s%s%s", (int)whole, digits, memchr(digits, '.', whole) ? "" : ".0", digits + whole);
    return out;
}

/* Fits on a line: scalars only, few and short. */
static bool is_flat(const json_t *j)
{
    size_t chars = 0, n = 0, i;
    const char *key;
    json_t *one;

    if (json_is_array(j)) {
        json_array_foreach(j, i, one)
        {
            if (json_is_object(one) || json_is_array(one))
                return false;
            chars += json_is_string(one) ? json_string_length(one) + 4 : 8;
            n++;
        }
    } else {
        json_object_foreach((json_t *)(uintptr_t)j, key, one)
        {
            if (json_is_object(one) || json_is_array(one))
                return false;
            chars += strlen(key) + (json_is_string(one) ? json_string_length(one) + 6 : 10);
            n++;
        }
    }
    return n <= FLAT_MEMBERS && chars <= FLAT_CHARS;
}

static void emit_value(yaml_emitter_t *out, const json_t *j)
{
    bool flat = is_flat(j);
    yaml_event_t event;
    const char *key;
    char number[64];
    size_t i;
    json_t *one;

    if (json_is_array(j)) {
        if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                  flat ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE))
            die("out of memory", 0);
        emit(out, &event);
        json_array_foreach(j, i, one) emit_value(out, one);
        (void)yaml_sequence_end_event_initialize(&event); /* cannot fail */
        emit(out, &event);
    } else if (json_is_object(j)) {
        if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                 flat ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE))
            die("out of memory", 0);
        emit(out, &event);
        json_object_foreach((json_t *)(uintptr_t)j, key, one)
        {
            emit_scalar(out, key, YAML_PLAIN_SCALAR_STYLE);
            emit_value(out, one);
        }
        (void)yaml_mapping_end_event_initialize(&event); /* cannot fail */
        emit(out, &event);
    } else if (json_is_string(j)) {
        emit_scalar(out, json_string_value(j), style_of(json_string_value(j)));
    } else if (json_is_number(j)) {
        emit_scalar(out, number_text(j, number), YAML_PLAIN_SCALAR_STYLE);
    } else {
        emit_scalar(out, json_is_null(j) ? "null" : json_is_true(j) ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
    }
}

char *yaml_text(struct arena *a, const json_t *value)
{
    auto_buf struct buf b = BUF_INIT(YAML_BYTES_MAX);
    yaml_emitter_t out;
    yaml_event_t event;

    if (!yaml_emitter_initialize(&out))
        die("out of memory", 0);
    yaml_emitter_set_output(&out, add_bytes, &b);
    yaml_emitter_set_unicode(&out, 1);
    yaml_emitter_set_width(&out, LINE_CHARS);
    if (!yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING))
        die("out of memory", 0);
    emit(&out, &event);
    if (!yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1))
        die("out of memory", 0);
    emit(&out, &event);
    emit_value(&out, value);
    (void)yaml_document_end_event_initialize(&event, 1); /* cannot fail */
    emit(&out, &event);
    (void)yaml_stream_end_event_initialize(&event); /* cannot fail */
    emit(&out, &event);
    yaml_emitter_delete(&out);
    return arena_strdup(a, b.data ? b.data : "");
}
