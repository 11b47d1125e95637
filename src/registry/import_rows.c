/* Files of rows into bodies: CSV (RFC 4180), one JSON object a line, the features of a GeoJSON collection. One row at a
 * time in bounded memory; a row that cannot be read is told and skipped. */
#include "registry/registry_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct column {
    const char *pointer, *type;
};

struct row_reader {
    const struct registry *registry;
    enum import_format format;
    FILE *file;
    int64_t size, line; /* line: of what is read next, from 1 */
    struct buf text;    /* the row; of CSV the fields, each ended by NUL */
    size_t n_fields, starts[IMPORT_COLUMNS_MAX], n_columns;
    struct column columns[IMPORT_COLUMNS_MAX];
    bool in_features, ended;
};

static void reader_close(void *arg)
{
    struct row_reader *in = arg;

    (void)fclose(in->file); /* only read */
    buf_done(&in->text);
}

static void problem(struct import_row *row, const char *pointer, const char *keyword, const char *param)
{
    struct error_item *p = &row->problem;

    *p = (struct error_item){0};
    (void)snprintf(p->pointer, sizeof p->pointer, "%s", pointer); /* cut is fine for people */
    (void)snprintf(p->keyword, sizeof p->keyword, "%s", keyword);
    (void)snprintf(p->param, sizeof p->param, "%s", param);
    text_truncate_utf8(p->pointer);
    text_truncate_utf8(p->param);
}

static int take(struct row_reader *in)
{
    int c = getc_unlocked(in->file);

    in->line += c == '\n';
    return c;
}

static void keep(struct row_reader *in, int c)
{
    char one = (char)c;

    buf_add(&in->text, &one, 1);
}

static int peek(struct row_reader *in)
{
    int c = getc_unlocked(in->file);

    if (c != EOF)
        (void)ungetc(c, in->file);
    return c;
}

void json_nfc(json_t *j)
{
    auto_arena struct arena *a = NULL;
    const char *name, *s;
    json_t *one;
    size_t i;

    if (json_is_object(j)) {
        json_object_foreach(j, name, one) json_nfc(one);
    } else if (json_is_array(j)) {
        json_array_foreach(j, i, one) json_nfc(one);
    } else if (json_is_string(j)) {
        s = json_string_value(j);
        for (i = 0; s[i] && (unsigned char)s[i] < 0x80; i++)
            ;
        if (!s[i])
            return;
        a = arena_new();
        (void)json_string_set(j, text_nfc(a, s)); /* only fails without memory or UTF-8 */
    }
}

/* ---- CSV ---- */

/* One field. False when the file ends inside quotes or a quote stands where none may. *last: it ended its record. */
static bool csv_field(struct row_reader *in, bool *last)
{
    bool quoted = peek(in) == '"';
    int c;

    if (in->n_fields < IMPORT_COLUMNS_MAX)
        in->starts[in->n_fields] = in->text.len;
    in->n_fields++;
    if (quoted) {
        (void)take(in);
        for (;;) {
            c = take(in);
            if (c == EOF || c == '\0')
                return false;
            if (c == '"') {
                if (peek(in) != '"')
                    break;
                (void)take(in);
            }
            keep(in, c);
        }
    }
    for (;;) {
        c = take(in);
        if (c == '\r' && peek(in) == '\n')
            c = take(in);
        if (c == ',' || c == '\n' || c == EOF)
            break;
        if (quoted || c == '\0') /* text after the closing quote */
            return false;
        keep(in, c);
    }
    keep(in, '\0');
    *last = c != ',';
    return true;
}

static void skip_line(struct row_reader *in)
{
    for (int c = take(in); c != EOF && c != '\n'; c = take(in))
        ;
}

/* False at the end of the file. A broken record leaves the rest of its line unread. */
static bool csv_record(struct row_reader *in, struct import_row *row, bool *readable)
{
    bool last = false;

    while (peek(in) == '\n' || peek(in) == '\r')
        (void)take(in);
    if (peek(in) == EOF)
        return false;
    buf_clear(&in->text);
    in->n_fields = 0;
    row->line = in->line;
    *readable = true;
    while (!last)
        if (!csv_field(in, &last)) {
            problem(row, "", "syntax", "dấu ngoặc kép / quotes");
            skip_line(in);
            *readable = false;
            return true;
        }
    if (in->text.overflow) {
        problem(row, "", "maxLength", "1048576");
        *readable = false;
    }
    return true;
}

static const char *csv_text(const struct row_reader *in, size_t i)
{
    return in->text.data + in->starts[i];
}

static bool is_field(const char *pointer, const json_t *schema, void *arg)
{
    const char **wanted = arg;

    (void)schema;
    if (strcmp(pointer, *wanted) != 0)
        return true;
    *wanted = NULL;
    return false;
}

/* The first type that is not null; NULL when the schema does not say. */
static const char *type_of(const struct registry *r, const char *pointer)
{
    const json_t *type = schema_annotation(r->schema, pointer, "type"), *one;
    size_t i;

    json_array_foreach(type, i, one) if (strcmp(json_string_value(one), "null") != 0) return json_string_value(one);
    return json_string_value(type);
}

static bool csv_header(struct arena *a, struct row_reader *in, struct error *e)
{
    struct import_row row;
    bool readable;

    if (peek(in) == 0xEF) /* the mark that spreadsheets put before UTF-8 */
        for (int i = 0; i < 3; i++)
            (void)take(in);
    if (!csv_record(in, &row, &readable) || !readable || in->n_fields > IMPORT_COLUMNS_MAX)
        return fail(e, E_RECORD_INVALID, "the file does not begin with a row of field names");
    in->n_columns = in->n_fields;
    for (size_t i = 0; i < in->n_columns; i++) {
        const char *name = csv_text(in, i), *wanted;

        if (!text_is_utf8(name, strlen(name)) || strlen(name) > ERROR_POINTER_MAX / 2)
            return fail(e, E_RECORD_INVALID, "column %zu has no readable name", i + 1);
        in->columns[i].pointer = wanted = field_pointer(a, name);
        schema_walk(in->registry->schema, is_field, &wanted);
        if (wanted)
            (void)fail_field(e, wanted, "column", "");
        for (size_t j = 0; j < i; j++)
            if (strcmp(in->columns[j].pointer, in->columns[i].pointer) == 0)
                (void)fail_field(e, in->columns[i].pointer, "duplicate", "");
        in->columns[i].type = type_of(in->registry, in->columns[i].pointer);
    }
    return e->n_items == 0 || fail(e, E_RECORD_INVALID, "columns that %s does not have", in->registry->name);
}

/* What does not read as its type stays text: the schema then says what was expected. */
static json_t *cell_new(struct arena *a, const char *s, const char *type)
{
    auto_error struct error ignored;
    json_t *j = NULL;
    char *end;
    double d;
    int64_t n;

    error_init(&ignored);
    if (text_equal(type, "integer") || text_equal(type, "number")) {
        if (text_to_i64(s, INT64_MIN, INT64_MAX, &n))
            return json_integer(n);
        errno = 0;
        d = strtod(s, &end);
        if (text_equal(type, "number") && !*end && !errno && isfinite(d) && strspn(s, "+-.0123456789eE") == strlen(s))
            return json_real(d);
    } else if (text_equal(type, "boolean")) {
        if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)
            return json_boolean(*s == 't');
    } else if (text_equal(type, "array") || text_equal(type, "object")) {
        if (json_read((struct bytes){s, strlen(s)}, &j, &ignored))
            return j;
    }
    return json_string(text_nfc(a, s));
}

static bool csv_next(struct row_reader *in, struct import_row *out)
{
    auto_arena struct arena *a = arena_new();
    bool readable;
    char n[24];

    if (!csv_record(in, out, &readable))
        return false;
    if (!readable)
        return true;
    if (in->n_fields != in->n_columns) {
        (void)snprintf(n, sizeof n, "%zu", in->n_columns);
        problem(out, "", "columns", n);
        return true;
    }
    out->body = json_object();
    for (size_t i = 0; i < in->n_columns; i++) {
        const char *s = csv_text(in, i);

        if (!*s)
            continue; /* an empty cell says nothing */
        if (text_is_utf8(s, strlen(s)) &&
            json_set_at(out->body, in->columns[i].pointer, cell_new(a, s, in->columns[i].type)))
            continue;
        problem(out, in->columns[i].pointer, "utf8", "");
        json_decref(out->body);
        out->body = NULL;
        break;
    }
    return true;
}

/* ---- JSON ---- */

static void read_object(struct row_reader *in, struct import_row *out)
{
    auto_error struct error e;

    error_init(&e);
    if (in->text.overflow) {
        problem(out, "", "maxLength", "1048576");
    } else if (!json_read((struct bytes){in->text.data, in->text.len}, &out->body, &e)) {
        out->body = NULL;
        problem(out, "", "syntax", e.detail);
    } else if (!json_is_object(out->body)) {
        json_decref(out->body);
        out->body = NULL;
        problem(out, "", "type", "object");
    } else {
        json_nfc(out->body);
    }
}

static bool ndjson_next(struct row_reader *in, struct import_row *out)
{
    int c;

    do {
        buf_clear(&in->text);
        out->line = in->line;
        while ((c = take(in)) != EOF && c != '\n')
            keep(in, c);
        if (in->text.len > strspn(in->text.data ? in->text.data : "", " \t\r")) {
            read_object(in, out);
            return true;
        }
    } while (c != EOF);
    return false;
}

/* Reads on to the start of the next feature: an object right inside the list "features" of the outermost object.
 * False at the end. */
static bool geojson_seek(struct row_reader *in)
{
    static const char wanted[] = "features";
    int depth = in->in_features ? 2 : 0, c;
    bool in_string = false, is_wanted = false;
    size_t matched = 0;

    while ((c = take(in)) != EOF) {
        if (in_string) {
            if (c == '\\') {
                (void)take(in);
                matched = sizeof wanted; /* no name of ours has one */
            } else if (c == '"') {
                in_string = false;
                is_wanted = depth == 1 && matched == strlen(wanted);
            } else {
                matched = matched < strlen(wanted) && wanted[matched] == c ? matched + 1 : sizeof wanted;
            }
        } else if (c == '"') {
            in_string = true;
            matched = 0;
        } else if (c == '{' && depth == 2 && in->in_features) {
            return true;
        } else if (c == '{' || c == '[') {
            in->in_features |= ++depth == 2 && c == '[' && is_wanted;
        } else if (c == '}' || c == ']') {
            if (--depth < 2 && in->in_features)
                break; /* the list has ended */
        }
    }
    in->ended = true;
    return false;
}

/* The object whose first brace was taken, as text. False when the file ends inside it. */
static bool geojson_collect(struct row_reader *in)
{
    int depth = 1, c = '{';
    bool in_string = false;

    buf_clear(&in->text);
    keep(in, c);
    while (depth && (c = take(in)) != EOF) {
        keep(in, c);
        if (in_string) {
            if (c == '\\' && (c = take(in)) != EOF)
                keep(in, c);
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else {
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
    }
    return depth == 0;
}

static bool geojson_next(struct row_reader *in, struct import_row *out)
{
    json_t *feature, *properties, *geometry;

    if (in->ended || !geojson_seek(in))
        return false;
    out->line = in->line;
    if (!geojson_collect(in)) {
        in->ended = true;
        problem(out, "", "syntax", "tệp kết thúc giữa chừng / the file ends too early");
        return true;
    }
    read_object(in, out);
    feature = out->body;
    if (!feature)
        return true;
    properties = json_object_get(feature, "properties");
    geometry = json_object_get(feature, "geometry");
    out->body = json_is_object(properties) ? json_incref(properties) : json_object();
    if (json_is_object(geometry))
        (void)json_object_set(out->body, "geometry", geometry); /* only fails without memory */
    json_decref(feature);
    return true;
}

/* ---- the reader ---- */

bool row_reader_open(struct arena *a, const struct registry *r, enum import_format format, const char *path,
                     struct row_reader **out, struct error *e)
{
    struct row_reader *in = arena_new_of(a, struct row_reader);
    struct stat st;

    in->file = fopen(path, "re");
    if (!in->file)
        return fail_errno(e, "%s", path);
    in->registry = r;
    in->format = format;
    in->line = 1;
    in->text = (struct buf)BUF_INIT(IMPORT_ROW_MAX);
    arena_defer(a, reader_close, in);
    in->size = fstat(fileno(in->file), &st) == 0 ? st.st_size : 0;
    if (format == IMPORT_CSV && !csv_header(a, in, e))
        return false;
    *out = in;
    return true;
}

bool row_reader_next(struct row_reader *in, struct import_row *out, bool *more, struct error *e)
{
    out->body = NULL;
    switch (in->format) {
    case IMPORT_CSV:
        *more = csv_next(in, out);
        break;
    case IMPORT_NDJSON:
        *more = ndjson_next(in, out);
        break;
    default:
        *more = geojson_next(in, out);
    }
    if (ferror(in->file))
        return fail(e, E_IO, "the uploaded file cannot be read");
    return *more || in->format != IMPORT_GEOJSON || in->in_features ||
           fail(e, E_RECORD_INVALID, "the file has no list of features");
}

int row_reader_percent(const struct row_reader *in)
{
    long at = ftell(in->file);

    return in->size > 0 && at > 0 ? (int)(at * 100 / in->size) : 0;
}
