/* Draws a compiled layout as PDF: text by pango (Vietnamese marks, justification, line breaks), pages by cairo (fonts
 * embedded and subset, text that can be selected and searched). The same values give the same bytes: no clock is read.
 *
 * Threads: pango keeps one font map a thread, so nothing here is shared but the layout, which is constant. */
#include "document/paper_internal.h"

#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <string.h>

static const char font_family[] = "Noto Serif";
static const char state_name[] = "<b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b>";
static const double QR_SIZE = 68, SIGN_GAP = 58, CELL_PAD = 3.5, BLOCK_GAP = 5, RULE = 0.7;

/* The names a block's expressions see: the paper's, and those of the list it is drawn for. */
enum { SCOPE_MAX = 32 };

struct drawing {
    const struct layout *l;
    struct arena *arena;
    struct error *e;
    struct expr_scope scope[SCOPE_MAX + 3];
    size_t n_scope;
    cairo_t *cr;
    PangoContext *context;
    double y;
    int page;
};

static double left(const struct drawing *d)
{
    return d->l->margin_left;
}

static double width(const struct drawing *d)
{
    return d->l->width - d->l->margin_left - d->l->margin_right;
}

static double bottom(const struct drawing *d)
{
    return d->l->height - d->l->margin_bottom;
}

/* ---- filling in ---- */
static void escape(struct buf *out, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '&':
            buf_puts(out, "&amp;");
            break;
        default:
            if ((unsigned char)*s >= 0x20 || *s == '\n')
                buf_add(out, s, 1);
        }
}

/* Markup with its holes filled; never NULL, "" when nothing is known. In the arena. */
static bool fill(struct drawing *d, const struct template *t, const char **out)
{
    auto_buf struct buf b = BUF_INIT(MARKUP_MAX);

    for (size_t i = 0; i < t->n; i++) {
        char *value = NULL;

        if (t->pieces[i].markup) {
            buf_puts(&b, t->pieces[i].markup);
            continue;
        }
        if (!expr_text(t->pieces[i].hole, d->scope, d->arena, &value, d->e))
            return false;
        if (value)
            escape(&b, value);
    }
    if (b.overflow)
        return fail(d->e, E_PACK, "a text of the paper is longer than %d bytes", MARKUP_MAX);
    *out = arena_strndup(d->arena, b.data ? b.data : "", b.len);
    return true;
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \n\t")] == '\0';
}

/* ---- text ---- */
static void unref(void *object)
{
    g_object_unref(object);
}

static PangoLayout *layout_new(struct drawing *d, const char *markup, double size, double wide, enum align align)
{
    static const PangoAlignment aligns[ALIGN__COUNT] = {[ALIGN_LEFT] = PANGO_ALIGN_LEFT,
                                                        [ALIGN_CENTER] = PANGO_ALIGN_CENTER,
                                                        [ALIGN_RIGHT] = PANGO_ALIGN_RIGHT,
                                                        [ALIGN_JUSTIFY] = PANGO_ALIGN_LEFT};
    PangoLayout *layout = pango_layout_new(d->context);
    PangoFontDescription *font = pango_font_description_new();

    pango_font_description_set_family_static(font, font_family);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    if (wide > 0) {
        pango_layout_set_width(layout, (int)(wide * PANGO_SCALE));
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    }
    pango_layout_set_alignment(layout, aligns[align]);
    pango_layout_set_justify(layout, align == ALIGN_JUSTIFY);
    pango_layout_set_markup(layout, markup, -1);
    arena_defer(d->arena, unref, layout);
    return layout;
}

static double height_of(PangoLayout *layout)
{
    int high;

    pango_layout_get_size(layout, NULL, &high);
    return (double)high / PANGO_SCALE;
}

static double width_of(PangoLayout *layout)
{
    int wide;

    pango_layout_get_size(layout, &wide, NULL);
    return (double)wide / PANGO_SCALE;
}

static void show_at(struct drawing *d, PangoLayout *layout, double x, double y)
{
    cairo_move_to(d->cr, x, y);
    pango_cairo_show_layout(d->cr, layout);
}

static void rule(struct drawing *d, double x, double y, double wide)
{
    cairo_set_line_width(d->cr, RULE);
    cairo_move_to(d->cr, x, y);
    cairo_line_to(d->cr, x + wide, y);
    cairo_stroke(d->cr);
}

static void dots(struct drawing *d, double x, double y, double wide)
{
    static const double dash[] = {0, 2.6};

    if (wide < 3)
        return;
    cairo_save(d->cr);
    cairo_set_line_cap(d->cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_dash(d->cr, dash, 2, 0);
    cairo_set_line_width(d->cr, 0.8);
    cairo_move_to(d->cr, x, y);
    cairo_line_to(d->cr, x + wide, y);
    cairo_stroke(d->cr);
    cairo_restore(d->cr);
}

/* ---- pages ---- */
static bool next_page(struct drawing *d)
{
    PangoLayout *number;

    if (d->page == PAPER_PAGES_MAX)
        return fail(d->e, E_PACK, "a paper of more than %d pages", PAPER_PAGES_MAX);
    cairo_show_page(d->cr);
    d->page++;
    d->y = d->l->margin_top;
    /* In the middle of the top margin, from the second page on (Decree 30/2020). */
    number = layout_new(d, arena_printf(d->arena, "%d", d->page), d->l->size, width(d), ALIGN_CENTER);
    show_at(d, number, left(d), d->l->margin_top - height_of(number) - 6);
    return true;
}

static bool need(struct drawing *d, double high)
{
    return d->y + high <= bottom(d) || d->y <= d->l->margin_top || next_page(d);
}

/* Line by line, over as many pages as it takes. */
static bool flow(struct drawing *d, PangoLayout *layout, double x)
{
    PangoLayoutIter *line = pango_layout_get_iter(layout);
    bool good = true;

    do {
        PangoRectangle logical;
        int top, end;
        double high;

        pango_layout_iter_get_line_extents(line, NULL, &logical);
        pango_layout_iter_get_line_yrange(line, &top, &end);
        high = (double)(end - top) / PANGO_SCALE;
        good = need(d, high);
        if (!good)
            break;
        cairo_move_to(d->cr, x + (double)logical.x / PANGO_SCALE,
                      d->y + (double)(pango_layout_iter_get_baseline(line) - top) / PANGO_SCALE);
        pango_cairo_show_layout_line(d->cr, pango_layout_iter_get_line_readonly(line));
        d->y += high;
    } while (pango_layout_iter_next_line(line));
    pango_layout_iter_free(line);
    return good;
}

/* Where the last line ends, from the layout's left; and its baseline, from the top. */
static void last_line(PangoLayout *layout, double *end, double *baseline)
{
    PangoLayoutIter *line = pango_layout_get_iter(layout);
    PangoRectangle logical;

    while (!pango_layout_iter_at_last_line(line) && pango_layout_iter_next_line(line))
        ;
    pango_layout_iter_get_line_extents(line, NULL, &logical);
    *end = (double)(logical.x + logical.width) / PANGO_SCALE;
    *baseline = (double)pango_layout_iter_get_baseline(line) / PANGO_SCALE;
    pango_layout_iter_free(line);
}

/* ---- blocks ---- */
static double state_column(struct drawing *d, double x, double wide, double size, bool draw)
{
    PangoLayout *state = layout_new(d, state_name, size, wide, ALIGN_CENTER);
    PangoLayout *motto = layout_new(d, "<b>Độc lập - Tự do - Hạnh phúc</b>", size + 1, wide, ALIGN_CENTER);
    double high = height_of(state) + height_of(motto);
    PangoRectangle ink;

    if (!draw)
        return high + 6;
    pango_layout_get_extents(motto, NULL, &ink);
    show_at(d, state, x, d->y);
    show_at(d, motto, x, d->y + height_of(state));
    rule(d, x + (double)ink.x / PANGO_SCALE, d->y + high + 1.5, (double)ink.width / PANGO_SCALE);
    return high + 6;
}

static bool agency_column(struct drawing *d, const struct templates *lines, double wide, double size, double *high)
{
    double y = d->y;

    for (size_t i = 0; i < lines->n; i++) {
        bool last = i + 1 == lines->n;
        const char *text;
        PangoLayout *layout;

        if (!fill(d, &lines->lines[i], &text))
            return false;
        layout = layout_new(d, last ? arena_printf(d->arena, "<b>%s</b>", text) : text, size, wide, ALIGN_CENTER);
        show_at(d, layout, left(d), y);
        y += height_of(layout);
    }
    rule(d, left(d) + wide * 0.33, y + 1.5, wide * 0.34);
    *high = y - d->y + 6;
    return true;
}

static bool draw_heading(struct drawing *d, const struct block *b)
{
    double size = d->l->size - 1.5, gap = 8, wide, right, high = 0, beside;
    const char *number, *date;

    if (!fill(d, &b->number, &number) || !fill(d, &b->date, &date))
        return false;
    if (b->lines.n == 0) {
        d->y += state_column(d, left(d), width(d), size, true);
        if (!is_blank(date)) {
            PangoLayout *layout =
                layout_new(d, arena_printf(d->arena, "<i>%s</i>", date), d->l->size, width(d), ALIGN_RIGHT);

            show_at(d, layout, left(d), d->y + BLOCK_GAP);
            d->y += height_of(layout) + BLOCK_GAP;
        }
        return true;
    }
    /* The state's name and the date take one line each, whatever the font; the agency wraps in what is left. */
    right = fmax(width_of(layout_new(d, state_name, size, 0, ALIGN_LEFT)),
                 width_of(layout_new(d, arena_printf(d->arena, "<i>%s</i>", date), size, 0, ALIGN_LEFT)));
    right = fmin(right + 4, width(d) * 0.62);
    wide = width(d) - right - gap;
    if (!agency_column(d, &b->lines, wide, size, &high))
        return false;
    beside = state_column(d, left(d) + wide + gap, right, size, true);
    d->y += fmax(high, beside) + BLOCK_GAP;
    {
        PangoLayout *under = layout_new(d, number, size, wide, ALIGN_CENTER);
        PangoLayout *on = layout_new(d, arena_printf(d->arena, "<i>%s</i>", date), size, right, ALIGN_CENTER);

        show_at(d, under, left(d), d->y);
        show_at(d, on, left(d) + wide + gap, d->y);
        d->y += is_blank(number) && is_blank(date) ? 0 : fmax(height_of(under), height_of(on));
    }
    return true;
}

static bool draw_title(struct drawing *d, const struct block *b)
{
    const char *title, *subtitle;
    PangoLayout *first, *second;

    if (!fill(d, &b->text, &title) || !fill(d, &b->subtitle, &subtitle))
        return false;
    first = layout_new(d, arena_printf(d->arena, "<b>%s</b>", title), d->l->size + 3, width(d), ALIGN_CENTER);
    second = layout_new(d, subtitle, d->l->size, width(d), ALIGN_CENTER);
    d->y += d->l->size * 1.2;
    if (!need(d, height_of(first) + height_of(second)) || !flow(d, first, left(d)) ||
        (!is_blank(subtitle) && !flow(d, second, left(d))))
        return false;
    d->y += d->l->size * 0.9;
    return true;
}

static bool draw_text(struct drawing *d, const struct block *b)
{
    bool note = b->kind == BLOCK_NOTE;
    double size = b->size > 0 ? b->size : note ? d->l->size - 2.5 : d->l->size;
    const char *text;
    PangoLayout *layout;

    if (!fill(d, &b->text, &text))
        return false;
    if (is_blank(text))
        return true;
    layout = layout_new(d, note ? arena_printf(d->arena, "<i>%s</i>", text) : text, size, width(d), b->align);
    pango_layout_set_indent(layout, (int)(b->indent * PANGO_SCALE));
    if (!flow(d, layout, left(d)))
        return false;
    d->y += BLOCK_GAP;
    return true;
}

/* "Label: value"; dots where nothing is known, or to the end when asked. */
static bool cell_layout(struct drawing *d, const struct field_cell *cell, double wide, PangoLayout **out, bool *dotted)
{
    const char *label, *value;
    size_t len;
    bool colon;

    if (!fill(d, &cell->label, &label) || !fill(d, &cell->value, &value))
        return false;
    len = strlen(label);
    colon = len && label[len - 1] != ':' && label[len - 1] != '>';
    *dotted = cell->leader || is_blank(value);
    *out = layout_new(d,
                      arena_printf(d->arena, "%s%s%s%s%s%s", label, colon ? ":" : "", len ? " " : "",
                                   cell->bold ? "<b>" : "", value, cell->bold ? "</b>" : ""),
                      d->l->size, wide, ALIGN_LEFT);
    return true;
}

static bool draw_row(struct drawing *d, const struct field_row *row)
{
    double x = left(d), high = 0, space = row->n > 1 ? 10 : 0;
    PangoLayout **layouts = arena_array(d->arena, PangoLayout *, row->n);
    bool *dotted = arena_array(d->arena, bool, row->n);

    for (size_t i = 0; i < row->n; i++) {
        double wide = row->cells[i].share * width(d) - (i + 1 < row->n ? space : 0);

        if (!cell_layout(d, &row->cells[i], wide, &layouts[i], &dotted[i]))
            return false;
        high = fmax(high, height_of(layouts[i]));
    }
    if (row->n == 1 && high > bottom(d) - d->l->margin_top) /* longer than a page: it flows */
        return flow(d, layouts[0], x);
    if (!need(d, high))
        return false;
    for (size_t i = 0; i < row->n; i++) {
        double wide = row->cells[i].share * width(d), end, baseline;

        show_at(d, layouts[i], x, d->y);
        last_line(layouts[i], &end, &baseline);
        if (dotted[i])
            dots(d, x + end + 2, d->y + baseline, wide - (i + 1 < row->n ? space : 0) - end - 2);
        x += wide;
    }
    d->y += high + BLOCK_GAP;
    return true;
}

static bool draw_fields(struct drawing *d, const struct block *b)
{
    for (size_t i = 0; i < b->n_fields; i++)
        if (!draw_row(d, &b->fields[i]))
            return false;
    return true;
}

/* ---- tables ---- */
static bool table_row(struct drawing *d, const struct block *b, bool head, bool *fits)
{
    PangoLayout **cells = arena_array(d->arena, PangoLayout *, b->n_columns);
    double size = d->l->size - 1.5, high = 0, x = left(d);

    for (size_t i = 0; i < b->n_columns; i++) {
        const struct column *c = &b->columns[i];
        const char *text;

        if (!fill(d, head ? &c->title : &c->value, &text))
            return false;
        cells[i] = layout_new(d, head ? arena_printf(d->arena, "<b>%s</b>", text) : text, size,
                              c->share * width(d) - 2 * CELL_PAD, head ? ALIGN_CENTER : c->align);
        high = fmax(high, height_of(cells[i]) + 2 * CELL_PAD);
    }
    *fits = d->y + high <= bottom(d);
    if (!*fits)
        return true;
    cairo_set_line_width(d->cr, RULE);
    for (size_t i = 0; i < b->n_columns; i++) {
        double wide = b->columns[i].share * width(d);

        cairo_rectangle(d->cr, x, d->y, wide, high);
        cairo_stroke(d->cr);
        show_at(d, cells[i], x + CELL_PAD, d->y + CELL_PAD);
        x += wide;
    }
    d->y += high;
    return true;
}

/* The head goes with at least one row. */
static bool table_head(struct drawing *d, const struct block *b)
{
    bool fits;

    if (!need(d, 4 * d->l->size) || !table_row(d, b, true, &fits))
        return false;
    if (fits)
        return true;
    return next_page(d) && table_row(d, b, true, &fits) &&
           (fits || fail(d->e, E_PACK, "the head of a table is taller than a page"));
}

static bool draw_table(struct drawing *d, const struct block *b)
{
    json_auto_t *rows = NULL;
    size_t n = d->n_scope;
    bool fits;

    if (!expr_json(b->rows, d->scope, &rows, d->e) || !table_head(d, b))
        return false;
    if (json_array_size(rows) > PAPER_ROWS_MAX)
        return fail(d->e, E_PACK, "a table of more than %d rows", PAPER_ROWS_MAX);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_auto_t *index = json_integer((json_int_t)i + 1);
        bool drawn;

        d->scope[n] = (struct expr_scope){"row", json_array_get(rows, i)};
        d->scope[n + 1] = (struct expr_scope){"index", index};
        drawn = table_row(d, b, false, &fits) &&
                (fits || (next_page(d) && table_head(d, b) && table_row(d, b, false, &fits)));
        d->scope[n] = d->scope[n + 1] = (struct expr_scope){NULL, NULL};
        if (!drawn)
            return false;
        if (!fits)
            return fail(d->e, E_PACK, "a row of a table is taller than a page");
    }
    d->y += BLOCK_GAP;
    return true;
}

/* ---- the verification code ---- */
static const char *scope_text(const struct drawing *d, const char *name)
{
    for (size_t i = 0; i < d->n_scope; i++)
        if (strcmp(d->scope[i].name, name) == 0)
            return json_string_value(d->scope[i].value);
    return NULL;
}

static const char *verify_code(const struct drawing *d)
{
    return scope_text(d, "verify");
}

/* A phone opens the whole address; without a public origin the paper still says where to look. */
static const char *verify_address(const struct drawing *d, const char *code)
{
    const char *origin = scope_text(d, "origin");

    return arena_printf(d->arena, "%s/verify/%s", origin ? origin : "", code);
}

static bool draw_square(struct drawing *d, const char *text, double x, double y, double size)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    double dot;

    if (!code)
        return fail_errno(d->e, "make a square code");
    dot = size / code->width;
    for (int row = 0; row < code->width; row++)
        for (int from = 0, to; from < code->width; from = to + 1) { /* a run of dark dots as one rectangle: no seams */
            for (to = from; to < code->width && code->data[row * code->width + to] & 1; to++)
                ;
            if (to > from)
                cairo_rectangle(d->cr, x + from * dot, y + row * dot, (to - from) * dot, dot);
        }
    cairo_fill(d->cr);
    QRcode_free(code);
    return true;
}

/* Grouped by four, as it is read aloud. */
static const char *grouped(struct arena *a, const char *code)
{
    struct buf b = BUF_INIT(64);
    const char *out;

    for (size_t i = 0; code[i]; i++) {
        if (i && i % 4 == 0)
            buf_puts(&b, "-");
        buf_add(&b, code + i, 1);
    }
    out = arena_strndup(a, b.data ? b.data : "", b.len);
    buf_done(&b);
    return out;
}

static bool verify_at(struct drawing *d, double x, double y, double wide)
{
    const char *code = verify_code(d);
    double size = d->l->size > 12 ? QR_SIZE : QR_SIZE * 0.8, small = d->l->size > 12 ? 8.5 : 7.5;
    PangoLayout *words;

    if (!code)
        return true;
    words = layout_new(d,
                       arena_printf(d->arena, "Mã kiểm tra:\n<b>%s</b>\n<i>Kiểm tra thật, giả tại\n/verify/%s</i>",
                                    grouped(d->arena, code), code),
                       small, wide - size - 8, ALIGN_LEFT);
    show_at(d, words, x + size + 8, y + fmax(0, (size - height_of(words)) / 2));
    return draw_square(d, verify_address(d, code), x, y, size);
}

static bool draw_verify(struct drawing *d, const struct block *b)
{
    (void)b;
    if (!verify_code(d))
        return true;
    if (!need(d, QR_SIZE) || !verify_at(d, left(d), d->y, width(d)))
        return false;
    d->y += QR_SIZE + BLOCK_GAP;
    return true;
}

/* ---- who signs ---- */
struct column_text {
    PangoLayout *lines[16];
    double gap[16]; /* above the line */
    size_t n;
    double high;
};

static bool column_add(struct drawing *d, struct column_text *c, const struct template *t, const char *mark,
                       double size, double wide, enum align align, double gap)
{
    const char *text;

    if (!fill(d, t, &text))
        return false;
    if (is_blank(text) || c->n == COUNT(c->lines))
        return true;
    c->lines[c->n] =
        layout_new(d, *mark ? arena_printf(d->arena, "<%s>%s</%s>", mark, text, mark) : text, size, wide, align);
    c->gap[c->n] = gap;
    c->high += gap + height_of(c->lines[c->n]);
    c->n++;
    return true;
}

static void column_draw(struct drawing *d, const struct column_text *c, double x)
{
    double y = d->y;

    for (size_t i = 0; i < c->n; i++) {
        y += c->gap[i];
        show_at(d, c->lines[i], x, y);
        y += height_of(c->lines[i]);
    }
}

static bool draw_signature(struct drawing *d, const struct block *b)
{
    double wide = width(d) * 0.54, x = left(d) + width(d) - wide, small = d->l->size - 2;
    struct column_text right = {.n = 0}, beside = {.n = 0};

    for (size_t i = 0; i < b->lines.n; i++)
        if (!column_add(d, &right, &b->lines.lines[i], "b", d->l->size, wide, ALIGN_CENTER, 0))
            return false;
    if (!column_add(d, &right, &b->note, "i", d->l->size - 3, wide, ALIGN_CENTER, 0) ||
        !column_add(d, &right, &b->name, "b", d->l->size, wide, ALIGN_CENTER, SIGN_GAP))
        return false;
    for (size_t i = 0; i < b->left.n; i++)
        if (!column_add(d, &beside, &b->left.lines[i], "", small, x - left(d) - 12, ALIGN_LEFT, 0))
            return false;
    d->y += d->l->size;
    if (!need(d, fmax(right.high, beside.high + (b->verify ? QR_SIZE : 0))))
        return false;
    column_draw(d, &right, x);
    column_draw(d, &beside, left(d));
    if (b->verify && !verify_at(d, left(d), d->y + beside.high + BLOCK_GAP, x - left(d) - 12))
        return false;
    d->y += fmax(right.high, beside.high + (b->verify ? QR_SIZE : 0)) + BLOCK_GAP;
    return true;
}

static bool draw_space(struct drawing *d, const struct block *b)
{
    d->y += b->space; /* what follows looks for room itself */
    return true;
}

static bool draw_block(struct drawing *d, const struct block *b)
{
    static bool (*const draw[BLOCK__COUNT])(struct drawing * d, const struct block *b) = {
        [BLOCK_HEADING] = draw_heading, [BLOCK_TITLE] = draw_title, [BLOCK_TEXT] = draw_text,
        [BLOCK_FIELDS] = draw_fields,   [BLOCK_TABLE] = draw_table, [BLOCK_SIGNATURE] = draw_signature,
        [BLOCK_VERIFY] = draw_verify,   [BLOCK_NOTE] = draw_text,   [BLOCK_SPACE] = draw_space,
    };
    bool wanted = true;

    if (b->when && !expr_bool(b->when, d->scope, &wanted, d->e))
        return false;
    return !wanted || draw[b->kind](d, b);
}

/* `when` of a block with `each` is asked for every value. */
static bool draw_each(struct drawing *d, const struct block *b)
{
    json_auto_t *list = NULL;
    size_t n = d->n_scope;
    bool good = true;

    if (!b->each)
        return draw_block(d, b);
    if (!expr_json(b->each, d->scope, &list, d->e))
        return false;
    if (json_array_size(list) > PAPER_ROWS_MAX)
        return fail(d->e, E_PACK, "a list of more than %d values", PAPER_ROWS_MAX);
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        json_auto_t *index = json_integer((json_int_t)i + 1);

        d->scope[n] = (struct expr_scope){"row", json_array_get(list, i)};
        d->scope[n + 1] = (struct expr_scope){"index", index};
        good = draw_block(d, b);
        d->scope[n] = d->scope[n + 1] = (struct expr_scope){NULL, NULL};
    }
    return good;
}

/* ---- the whole ---- */
static cairo_status_t take_bytes(void *arg, const unsigned char *data, unsigned int len)
{
    struct buf *b = arg;

    buf_add(b, data, len);
    return b->overflow ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static PangoContext *context_new(void)
{
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    cairo_font_options_t *options = cairo_font_options_create();

    pango_cairo_context_set_resolution(context, 72); /* a unit is a point */
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_language(context, pango_language_from_string("vi"));
    cairo_font_options_destroy(options);
    return context;
}

static bool draw_all(struct drawing *d, const struct paper *p)
{
    for (size_t i = 0; i < p->layout->n; i++)
        if (!draw_each(d, &p->layout->blocks[i]))
            return false;
    return true;
}

static bool copy_scope(struct drawing *d, const struct expr_scope *scope)
{
    for (; scope && scope->name; scope++) {
        if (d->n_scope == SCOPE_MAX)
            return fail(d->e, E_INTERNAL, "a scope of more than %d names", SCOPE_MAX);
        d->scope[d->n_scope++] = *scope;
    }
    return true;
}

static bool draw_pdf(struct drawing *d, const struct paper *p, struct buf *out)
{
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(take_bytes, out, p->layout->width, p->layout->height);
    cairo_status_t status;
    bool good;

    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, p->title[LANG_VI]);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                   ""); /* not the clock: same values, same bytes */
    d->cr = cairo_create(surface);
    d->context = context_new();
    good = draw_all(d, p);
    cairo_destroy(d->cr);
    g_object_unref(d->context);
    cairo_surface_finish(surface);
    status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (!good)
        return false;
    if (out->overflow)
        return fail(d->e, E_PACK, "a paper of more than %d bytes", PAPER_BYTES_MAX);
    return status == CAIRO_STATUS_SUCCESS || fail(d->e, E_INTERNAL, "cairo: %s", cairo_status_to_string(status));
}

bool paper_draw(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                struct error *e)
{
    auto_arena struct arena *scratch = arena_new(); /* layouts end before the caller's arena does */
    auto_buf struct buf out = BUF_INIT(PAPER_BYTES_MAX);
    struct drawing d = {.l = p->layout, .arena = scratch, .e = e, .page = 1};

    if (!p->layout)
        return fail(e, E_PACK, "paper %s has no layout", p->name);
    d.y = p->layout->margin_top;
    if (!copy_scope(&d, scope) || !draw_pdf(&d, p, &out))
        return false;
    *pdf = (struct bytes){arena_strndup(a, out.data, out.len), out.len};
    return true;
}
