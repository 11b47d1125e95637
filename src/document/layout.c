/* From a definition of the pack to a compiled layout. The schema has said what may be there; here every template and
 * expression is compiled, once. */
#include "document/paper_internal.h"

#include <stdlib.h>
#include <string.h>

static const double MM = 72.0 / 25.4;

struct compiling {
    struct arena *a;
    const char **where;
    struct error *e;
};

static bool wrong(struct compiling *c, const char *at, const char *what)
{
    *c->where = at;
    return fail(c->e, E_PACK, "%s", what);
}

static bool expression(struct compiling *c, const char *at, const char *source, struct expr **out)
{
    if (expr_compile(c->a, source, out, c->e))
        return true;
    *c->where = at;
    return false;
}

/* ---- templates ---- */
struct marks {
    char open[2]; /* marks that are open, outermost first */
    size_t n;
};

/* "<b>" or "</b>"; marks must not overlap. */
static bool toggle(struct marks *m, char mark, struct buf *out)
{
    if (m->n && m->open[m->n - 1] == mark) {
        m->n--;
        buf_printf(out, "</%c>", mark);
        return true;
    }
    if (m->n == 2 || (m->n == 1 && m->open[0] == mark))
        return false;
    m->open[m->n++] = mark;
    buf_printf(out, "<%c>", mark);
    return true;
}

/* The end of the hole that begins after "{": braces of Lua tables and quoted texts are skipped. NULL: there is none. */
static const char *hole_end(const char *s)
{
    int depth = 0;

    for (; *s; s++) {
        if (*s == '\'' || *s == '"') {
            char quote = *s++;

            while (*s && *s != quote)
                s += *s == '\\' && s[1] ? 2 : 1;
            if (!*s)
                return NULL;
        } else if (*s == '{') {
            depth++;
        } else if (*s == '}' && depth-- == 0) {
            return s;
        }
    }
    return NULL;
}

static void flush(struct compiling *c, struct buf *markup, struct template *t)
{
    if (markup->len == 0)
        return;
    t->pieces[t->n++] = (struct piece){.markup = arena_strndup(c->a, markup->data, markup->len)};
    buf_clear(markup);
}

static size_t holes(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += *s == '{';
    return n;
}

static bool fill_template(struct compiling *c, const char *at, const char *s, struct buf *markup, struct template *t)
{
    struct marks marks = {.n = 0};

    while (*s) {
        if (*s == '\\' && s[1]) {
            buf_markup(markup, (const char[]){s[1], '\0'});
            s += 2;
        } else if (*s == '*') {
            bool italic = marks.n && marks.open[marks.n - 1] == 'i';
            size_t n = s[1] == '*' && !(italic && s[2] == '*') ? 2 : 1; /* "***" closes the inner one first */

            if (!toggle(&marks, n == 2 ? 'b' : 'i', markup))
                return wrong(c, at, "the marks ** and * overlap");
            s += n;
        } else if (*s == '{') {
            const char *end = hole_end(s + 1);
            struct expr *x = NULL;

            if (!end)
                return wrong(c, at, "a { has no }");
            flush(c, markup, t);
            if (!expression(c, at, arena_strndup(c->a, s + 1, (size_t)(end - s - 1)), &x))
                return false;
            t->pieces[t->n++] = (struct piece){.hole = x};
            s = end + 1;
        } else {
            buf_markup(markup, (const char[]){*s++, '\0'});
        }
    }
    flush(c, markup, t);
    return marks.n == 0 || wrong(c, at, "a mark ** or * is not closed");
}

/* NULL compiles to nothing. */
static bool template(struct compiling *c, const char *at, const json_t *text, struct template *out)
{
    const char *s = json_string_value(text);
    auto_buf struct buf markup = BUF_INIT(MARKUP_MAX);

    *out = (struct template){0};
    if (!s)
        return true;
    out->pieces = arena_array(c->a, struct piece, 2 * holes(s) + 1);
    return fill_template(c, at, s, &markup, out);
}

static bool member(struct compiling *c, const char *at, const json_t *object, const char *name, struct template *out)
{
    return template(c, arena_printf(c->a, "%s/%s", at, name), json_object_get(object, name), out);
}

static bool lines(struct compiling *c, const char *at, const json_t *list, struct templates *out)
{
    size_t n = json_array_size(list);

    out->n = n;
    out->lines = n ? arena_array(c->a, struct template, n) : NULL;
    for (size_t i = 0; i < n; i++)
        if (!template(c, arena_printf(c->a, "%s/%zu", at, i), json_array_get(list, i), &out->lines[i]))
            return false;
    return true;
}

/* ---- blocks ---- */
static enum align align_of(const json_t *object, enum align otherwise)
{
    static const char *const names[ALIGN__COUNT] = {"left", "center", "right", "justify"};
    const char *name = json_str(object, "align");

    for (int i = 0; name && i < ALIGN__COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (enum align)i;
    return otherwise;
}

static double number_of(const json_t *object, const char *name, double otherwise)
{
    const json_t *j = json_object_get(object, name);

    return json_is_number(j) ? json_number_value(j) : otherwise;
}

static bool heading(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    (void)block;
    return lines(c, arena_printf(c->a, "%s/agency", at), json_object_get(body, "agency"), &b->lines) &&
           member(c, at, body, "number", &b->number) && member(c, at, body, "date", &b->date);
}

static bool title(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    return template(c, at, body, &b->text) && template(c, at, json_object_get(block, "subtitle"), &b->subtitle);
}

static bool text(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    b->align = align_of(block, ALIGN_JUSTIFY);
    b->indent = number_of(block, "indent", 0) * MM;
    b->size = number_of(block, "size", 0);
    return template(c, at, body, &b->text);
}

static bool cells(struct compiling *c, const char *at, const json_t *row, struct field_row *out)
{
    bool several = json_is_array(row);
    double sum = 0;

    out->n = several ? json_array_size(row) : 1;
    out->cells = arena_array(c->a, struct field_cell, out->n);
    for (size_t i = 0; i < out->n; i++) {
        const json_t *field = several ? json_array_get(row, i) : row;
        const char *here = several ? arena_printf(c->a, "%s/%zu", at, i) : at;
        struct field_cell *cell = &out->cells[i];

        cell->share = number_of(field, "width", 1);
        cell->leader = json_flag(field, "leader");
        cell->bold = json_flag(field, "bold");
        sum += cell->share;
        if (!member(c, here, field, "label", &cell->label) || !member(c, here, field, "value", &cell->value))
            return false;
    }
    for (size_t i = 0; i < out->n; i++)
        out->cells[i].share /= sum;
    return true;
}

static bool fields(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    (void)block;
    b->n_fields = json_array_size(body);
    b->fields = arena_array(c->a, struct field_row, b->n_fields);
    for (size_t i = 0; i < b->n_fields; i++)
        if (!cells(c, arena_printf(c->a, "%s/%zu", at, i), json_array_get(body, i), &b->fields[i]))
            return false;
    return true;
}

static bool table(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    const json_t *columns = json_object_get(body, "columns");
    double sum = 0;

    b->size = number_of(block, "size", 0);
    b->n_columns = json_array_size(columns);
    b->columns = arena_array(c->a, struct column, b->n_columns);
    for (size_t i = 0; i < b->n_columns; i++) {
        const json_t *column = json_array_get(columns, i);
        const char *here = arena_printf(c->a, "%s/columns/%zu", at, i);

        b->columns[i].share = number_of(column, "width", 1);
        b->columns[i].align = align_of(column, ALIGN_LEFT);
        sum += b->columns[i].share;
        if (!member(c, here, column, "title", &b->columns[i].title) ||
            !member(c, here, column, "value", &b->columns[i].value))
            return false;
    }
    for (size_t i = 0; i < b->n_columns; i++)
        b->columns[i].share /= sum;
    return expression(c, arena_printf(c->a, "%s/rows", at), json_str(body, "rows"), &b->rows);
}

static bool signer(struct compiling *c, const char *at, const json_t *body, struct signatory *out)
{
    return lines(c, arena_printf(c->a, "%s/title", at), json_object_get(body, "title"), &out->title) &&
           member(c, at, body, "note", &out->note) && member(c, at, body, "name", &out->name);
}

static bool signature(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    const json_t *beside = json_object_get(body, "beside");

    (void)block;
    b->verify = json_flag(body, "verify");
    b->signers = beside ? 2 : 1;
    return signer(c, at, body, &b->signer[0]) &&
           (!beside || signer(c, arena_printf(c->a, "%s/beside", at), beside, &b->signer[1])) &&
           lines(c, arena_printf(c->a, "%s/left", at), json_object_get(body, "left"), &b->left);
}

static bool code(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    return template(c, at, body, &b->text) &&
           lines(c, arena_printf(c->a, "%s/lines", at), json_object_get(block, "lines"), &b->lines);
}

static bool nothing(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    (void)c, (void)at, (void)body, (void)block, (void)b;
    return true;
}

static bool space(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b)
{
    (void)c, (void)at, (void)block;
    b->space = json_number_value(body) * MM;
    return true;
}

static const struct {
    const char *name;
    bool (*compile)(struct compiling *c, const char *at, const json_t *body, const json_t *block, struct block *b);
} kinds[BLOCK__COUNT] = {
    [BLOCK_HEADING] = {"heading", heading}, [BLOCK_TITLE] = {"title", title},
    [BLOCK_TEXT] = {"text", text},          [BLOCK_FIELDS] = {"fields", fields},
    [BLOCK_TABLE] = {"table", table},       [BLOCK_SIGNATURE] = {"signature", signature},
    [BLOCK_VERIFY] = {"verify", nothing},   [BLOCK_NOTE] = {"note", text},
    [BLOCK_SPACE] = {"space", space},       [BLOCK_CODE] = {"code", code},
};

static bool optional(struct compiling *c, const char *at, const json_t *block, const char *name, struct expr **out)
{
    const char *source = json_str(block, name);

    *out = NULL;
    return !source || expression(c, arena_printf(c->a, "%s/%s", at, name), source, out);
}

static bool block(struct compiling *c, const char *at, const json_t *definition, struct block *b)
{
    if (!optional(c, at, definition, "when", &b->when) || !optional(c, at, definition, "each", &b->each))
        return false;
    for (int i = 0; i < BLOCK__COUNT; i++) {
        const json_t *body = json_object_get(definition, kinds[i].name);

        if (!body)
            continue;
        b->kind = (enum block_kind)i;
        return kinds[i].compile(c, arena_printf(c->a, "%s/%s", at, kinds[i].name), body, definition, b);
    }
    return wrong(c, at, "a block of no kind");
}

/* ---- the page ---- */
static void page(const json_t *definition, struct layout *out)
{
    /* clang-format off */
    static const struct {
        const char *name;
        double width, height, top, bottom, left, right, size; /* mm; Decree 30/2020, Annex I; pt */
    } pages[] = {
        {"A4",           210, 297, 20, 20, 30, 18, 13},
        {"A4-landscape", 297, 210, 20, 15, 15, 15, 11},
        {"A5",           148, 210, 12, 12, 18, 12, 11},
        {"A5-landscape", 210, 148, 12, 12, 20, 15, 11},
    };
    /* clang-format on */
    const char *name = json_str(definition, "page");
    size_t i = 0;

    while (i + 1 < COUNT(pages) && !text_equal(pages[i].name, name))
        i++;
    out->width = pages[i].width * MM;
    out->height = pages[i].height * MM;
    out->margin_top = pages[i].top * MM;
    out->margin_bottom = pages[i].bottom * MM;
    out->margin_left = pages[i].left * MM;
    out->margin_right = pages[i].right * MM;
    out->size = number_of(definition, "size", pages[i].size);
}

/* ---- when it appears ---- */
static bool slip(struct compiling *c, const json_t *definition, const struct slip **out)
{
    const json_t *body = json_object_get(definition, "slip"), *on = json_object_get(body, "on");
    struct slip *s;

    *out = NULL;
    if (!body)
        return true;
    s = arena_new_of(c->a, struct slip);
    s->form = arena_strdup(c->a, json_str(body, "form"));
    s->series = arena_strdup(c->a, json_str(body, "series") ? json_str(body, "series") : "");
    s->of = text_equal(json_str(body, "of"), "unit") ? SLIP_OF_UNIT : SLIP_OF_CASE;
    s->office = text_equal(json_str(body, "for"), "office");
    s->vault = json_flag(body, "vault");
    s->log = json_flag(body, "log");
    s->n_on = json_array_size(on);
    s->on = arena_array(c->a, const char *, s->n_on + 1);
    for (size_t i = 0; i < s->n_on; i++)
        s->on[i] = arena_strdup(c->a, json_string_value(json_array_get(on, i)));
    *out = s;
    return optional(c, "/slip", body, "when", &s->when);
}

bool paper_compile(struct arena *a, const json_t *definition, struct paper *out, const char **where, struct error *e)
{
    struct compiling c = {.a = a, .where = where, .e = e};
    const json_t *layout = json_object_get(definition, "layout"), *blocks = json_object_get(layout, "blocks");
    struct layout *compiled;

    *where = "";
    *out = (struct paper){.name = arena_strdup(a, json_str(definition, "name") ? json_str(definition, "name") : "")};
    for (int lang = 0; lang < LANG__COUNT; lang++)
        out->title[lang] = arena_strdup(a, json_title(json_object_get(definition, "title"), (enum lang)lang));
    if (!slip(&c, definition, &out->slip))
        return false;
    if (!layout)
        return !out->slip || wrong(&c, "/slip", "what appears by itself needs a layout");
    compiled = arena_new_of(a, struct layout);
    page(layout, compiled);
    compiled->n = json_array_size(blocks);
    if (compiled->n == 0)
        return wrong(&c, "/layout", "a layout without blocks");
    compiled->blocks = arena_array(a, struct block, compiled->n);
    for (size_t i = 0; i < compiled->n; i++)
        if (!block(&c, arena_printf(a, "/layout/blocks/%zu", i), json_array_get(blocks, i), &compiled->blocks[i]))
            return false;
    out->layout = compiled;
    return true;
}
