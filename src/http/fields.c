/* JSON or a query into a struct, by a table. All that is wrong is told at once, each with its pointer. */
#include "http/http_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { TEXT_MAX = 4000, ARRAY_MAX = 1000, NUMBER_SAFE_MAX_BITS = 53 };

static const char *const kind_names[FIELD__COUNT] = {"string", "integer", "boolean", "string", "string",
                                                     "string", "object",  "array",   ""};

/* Where one value goes, and where it is in the input. */
struct place {
    struct arena *arena;
    const struct field *field;
    void *to;
    const char *pointer;
    struct error *e;
};

static bool wrong(const struct place *p, const char *keyword, const char *param)
{
    return fail_field(p->e, p->pointer, keyword, param);
}

static bool wrong_number(const struct place *p, const char *keyword, int64_t bound)
{
    char text[ID_TEXT_MAX];

    (void)snprintf(text, sizeof text, "%" PRId64, bound); /* 20 characters at most */
    return wrong(p, keyword, text);
}

static bool is_choice(const char *choices, const char *s, size_t len)
{
    for (const char *c = choices; *c; c += strcspn(c, "|"), c += *c == '|') {
        size_t n = strcspn(c, "|");

        if (n == len && memcmp(c, s, n) == 0)
            return true;
    }
    return false;
}

static const char *choices_text(struct arena *a, const char *choices)
{
    struct buf b = BUF_INIT(ERROR_PARAM_MAX);
    const char *text;

    for (const char *c = choices; *c; c++)
        if (*c == '|')
            buf_puts(&b, ", ");
        else
            buf_add(&b, c, 1);
    text = arena_strdup(a, b.data ? b.data : "");
    buf_done(&b);
    return text;
}

static bool put_text(const struct place *p, const char *s)
{
    const struct field *f = p->field;
    size_t max = f->max ? f->max : TEXT_MAX, len = strlen(s), characters;
    bool ascii = true;

    for (const char *c = s; *c; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
            return wrong(p, "format", "text");
        ascii &= (unsigned char)*c < 0x80;
    }
    characters = ascii ? len : text_length(s);
    if (characters > max)
        return wrong_number(p, "maxLength", (int64_t)max);
    if (f->flags & FIELD_REQUIRED && len == 0)
        return wrong(p, "required", f->name);
    if (f->choices && !is_choice(f->choices, s, len))
        return wrong(p, "enum", choices_text(p->arena, f->choices));
    *(const char **)p->to = ascii ? arena_strndup(p->arena, s, len) : text_nfc(p->arena, s);
    return true;
}

static bool put_i64(const struct place *p, int64_t n)
{
    int64_t max = p->field->max ? (int64_t)p->field->max : (INT64_C(1) << NUMBER_SAFE_MAX_BITS) - 1;
    int64_t min = p->field->max ? 0 : -max;

    if (n > max)
        return wrong_number(p, "maximum", max);
    if (n < min)
        return wrong_number(p, "minimum", min);
    *(int64_t *)p->to = n;
    return true;
}

static bool put_from_text(const struct place *p, const char *s)
{
    struct date date;
    int64_t n;

    switch (p->field->kind) {
    case FIELD_TEXT:
        return put_text(p, s);
    case FIELD_ID:
        if (!text_to_i64(s, 1, INT64_MAX, &n))
            return wrong(p, "format", "id");
        *(int64_t *)p->to = n;
        return true;
    case FIELD_INSTANT:
        if (!instant_parse(s, &n))
            return wrong(p, "date-time", NULL);
        *(int64_t *)p->to = n;
        return true;
    case FIELD_DATE:
        if (!date_parse(s, &date))
            return wrong(p, "date", NULL);
        *(const char **)p->to = arena_strdup(p->arena, s);
        return true;
    default:
        return wrong(p, "type", kind_names[p->field->kind]);
    }
}

static bool put_json(const struct place *p, const json_t *j)
{
    const char *type = kind_names[p->field->kind];
    size_t max = p->field->max ? p->field->max : ARRAY_MAX;

    switch (p->field->kind) {
    case FIELD_I64:
        /* 3.0 is the integer 3 to JSON Schema, and so here */
        if (json_is_real(j) && json_real_value(j) == trunc(json_real_value(j)) && fabs(json_real_value(j)) < 9e15)
            return put_i64(p, (int64_t)json_real_value(j));
        return json_is_integer(j) ? put_i64(p, json_integer_value(j)) : wrong(p, "type", type);
    case FIELD_BOOL:
        if (!json_is_boolean(j))
            return wrong(p, "type", type);
        *(bool *)p->to = json_is_true(j);
        return true;
    case FIELD_OBJECT:
        if (!json_is_object(j))
            return wrong(p, "type", type);
        break;
    case FIELD_ARRAY:
        if (!json_is_array(j))
            return wrong(p, "type", type);
        if (json_array_size(j) > max)
            return wrong_number(p, "maxItems", (int64_t)max);
        break;
    case FIELD_ANY:
        break;
    default:
        return json_is_string(j) ? put_from_text(p, json_string_value(j)) : wrong(p, "type", type);
    }
    *(const json_t **)p->to = j;
    return true;
}

static void put_absent(const struct field *f, void *to)
{
    switch (f->kind) {
    case FIELD_I64:
    case FIELD_ID:
        *(int64_t *)to = 0;
        break;
    case FIELD_INSTANT:
        *(int64_t *)to = INSTANT_NONE;
        break;
    case FIELD_BOOL:
        *(bool *)to = false;
        break;
    default:
        *(const void **)to = NULL;
    }
}

static const struct field *field_named(const struct field *fields, const char *name)
{
    for (; fields && fields->name; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static const char *pointer_to(struct arena *a, const char *name)
{
    struct buf b = BUF_INIT(4096);
    const char *pointer;

    json_pointer_push(&b, name);
    pointer = arena_strdup(a, b.data);
    buf_done(&b);
    return pointer;
}

bool fields_read(struct arena *a, const json_t *object, const struct field *fields, void *out, struct error *e)
{
    bool good = true;
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return fail_field(e, "", "type", "object");
    for (const struct field *f = fields; f->name; f++) {
        const json_t *j = json_object_get(object, f->name);
        struct place p = {a, f, (char *)out + f->offset, pointer_to(a, f->name), e};

        put_absent(f, p.to);
        if (!j || (json_is_null(j) && f->kind != FIELD_ANY))
            good = !(f->flags & FIELD_REQUIRED) ? good : wrong(&p, "required", f->name);
        else
            good = put_json(&p, j) && good;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value) /* the macro only reads */
        if (!field_named(fields, name)) good = fail_field(e, pointer_to(a, name), "unknown", name);
    return good;
}

static bool put_query(const struct place *p, const char *s)
{
    int64_t n;

    switch (p->field->kind) {
    case FIELD_I64:
        return text_to_i64(s, INT64_MIN, INT64_MAX, &n) ? put_i64(p, n) : wrong(p, "type", "integer");
    case FIELD_BOOL:
        *(bool *)p->to = strcmp(s, "1") == 0 || strcmp(s, "true") == 0;
        return *(bool *)p->to || strcmp(s, "0") == 0 || strcmp(s, "false") == 0 || wrong(p, "type", "boolean");
    default:
        return put_from_text(p, s);
    }
}

bool fields_from_query(struct arena *a, const struct pair *pairs, size_t n, const struct field *fields, void *out,
                       struct error *e)
{
    bool good = true;

    for (const struct field *f = fields; f->name; f++) {
        struct place p = {a, f, (char *)out + f->offset, NULL, e};
        const char *value = NULL;

        for (size_t i = 0; i < n && !value; i++)
            if (strcmp(pairs[i].name, f->name) == 0)
                value = pairs[i].value;
        put_absent(f, p.to);
        if (!(value && *value) && !(f->flags & FIELD_REQUIRED))
            continue; /* "?unit=" asks for nothing, as an empty box of a form does */
        if (e->code == E_NONE)
            e->code = E_BAD_QUERY;
        p.pointer = pointer_to(a, f->name);
        good = (value && *value ? put_query(&p, value) : wrong(&p, "required", f->name)) && good;
        if (good)
            e->code = E_NONE;
    }
    return good;
}
