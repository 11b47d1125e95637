/* Draws a compiled layout as PDF: text laid out by pango (Vietnamese marks, justification, line breaks) on the pages of
 * a canvas. The same values give the same bytes: no clock is read.
 *
 * Threads: pango keeps one font map a thread, so nothing here is shared but the layout, which is constant. */
#include "document/draw_internal.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* As wide as Times New Roman, letter by letter, and drawn for Vietnamese; what it lacks comes from what is installed.
 */
static const char font_family[] = "Liberation Serif";
static const char state_name[] = "<b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b>";

/* ---- filling in ---- */
/* Markup with its holes filled; never NULL, "" when nothing is known. In the arena. */
bool draw_fill(struct drawing *d, const struct template *t, const char **out)
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
            buf_markup(&b, text_nfc(d->arena, value));
    }
    if (b.overflow)
        return fail(d->e, E_PACK, "a text of the paper is longer than %d bytes", MARKUP_MAX);
    *out = arena_strndup(d->arena, b.data ? b.data : "", b.len);
    return true;
}

/* ---- text ---- */
static void unref(void *object)
{
    g_object_unref(object);
}

PangoLayout *draw_layout(struct drawing *d, const char *markup, double size, double wide, enum align align)
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
    /* A word too long for its column is broken without a hyphen: syllables have none in Vietnamese. */
    pango_attr_list_insert(pango_layout_get_attributes(layout), pango_attr_insert_hyphens_new(FALSE));
    arena_defer(d->arena, unref, layout);
    return layout;
}

double layout_high(PangoLayout *layout)
{
    int high;

    pango_layout_get_size(layout, NULL, &high);
    return (double)high / PANGO_SCALE;
}

double layout_wide(PangoLayout *layout)
{
    int wide;

    pango_layout_get_size(layout, &wide, NULL);
    return (double)wide / PANGO_SCALE;
}

/* How wide the text itself is. */
static double layout_ink(PangoLayout *layout)
{
    PangoRectangle logical;

    pango_layout_get_extents(layout, NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

void draw_at(struct drawing *d, PangoLayout *layout, double x, double y)
{
    canvas_layout(d->canvas, layout, x, y);
}

/* ---- pages ---- */
bool draw_next_page(struct drawing *d)
{
    PangoLayout *number;

    if (d->page == PAPER_PAGES_MAX)
        return fail(d->e, E_PACK, "a paper of more than %d pages", PAPER_PAGES_MAX);
    canvas_next_page(d->canvas);
    d->page++;
    d->y = d->l->margin_top;
    /* In the middle of the top margin, from the second page on (Decree 30/2020). */
    number = draw_layout(d, arena_printf(d->arena, "%d", d->page), d->l->size, page_width(d), ALIGN_CENTER);
    draw_at(d, number, page_left(d), d->l->margin_top - layout_high(number) - 6);
    return true;
}

bool draw_need(struct drawing *d, double high)
{
    return d->y + high <= page_bottom(d) || d->y <= d->l->margin_top || draw_next_page(d);
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
        good = draw_need(d, high);
        if (!good)
            break;
        canvas_line(d->canvas, pango_layout_iter_get_line_readonly(line), x + (double)logical.x / PANGO_SCALE,
                    d->y + (double)(pango_layout_iter_get_baseline(line) - top) / PANGO_SCALE);
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
    PangoLayout *state = draw_layout(d, state_name, size, wide, ALIGN_CENTER);
    PangoLayout *motto = draw_layout(d, "<b>Độc lập - Tự do - Hạnh phúc</b>", size + 1, wide, ALIGN_CENTER);
    double high = layout_high(state) + layout_high(motto);
    PangoRectangle ink;

    if (!draw)
        return high + 6;
    pango_layout_get_extents(motto, NULL, &ink);
    draw_at(d, state, x, d->y);
    draw_at(d, motto, x, d->y + layout_high(state));
    canvas_rule(d->canvas, x + (double)ink.x / PANGO_SCALE, d->y + high + 1.5, (double)ink.width / PANGO_SCALE, RULE);
    return high + 6;
}

static bool agency_column(struct drawing *d, const struct templates *lines, double wide, double size, double *high)
{
    double y = d->y, name = 0;

    for (size_t i = 0; i < lines->n; i++) {
        bool last = i + 1 == lines->n;
        const char *text;
        PangoLayout *layout;

        if (!draw_fill(d, &lines->lines[i], &text))
            return false;
        if (text_is_blank(text))
            continue;
        layout = draw_layout(d, last ? arena_printf(d->arena, "<b>%s</b>", text) : text, size, wide, ALIGN_CENTER);
        draw_at(d, layout, page_left(d), y);
        y += layout_high(layout);
        name = fmin(layout_ink(layout), wide);
    }
    /* From a third to a half of the line above it (Decree 30/2020). */
    canvas_rule(d->canvas, page_left(d) + (wide - name * 0.4) / 2, y + 1.5, name * 0.4, RULE);
    *high = y - d->y + 6;
    return true;
}

static bool draw_heading(struct drawing *d, const struct block *b)
{
    double size = d->l->size - 1.5, gap = 8, wide, right, high = 0, beside;
    const char *number, *date;

    if (!draw_fill(d, &b->number, &number) || !draw_fill(d, &b->date, &date))
        return false;
    if (b->lines.n == 0) {
        d->y += state_column(d, page_left(d), page_width(d), size, true);
        if (!text_is_blank(date)) {
            PangoLayout *layout =
                draw_layout(d, arena_printf(d->arena, "<i>%s</i>", date), d->l->size, page_width(d), ALIGN_RIGHT);

            draw_at(d, layout, page_left(d), d->y + BLOCK_GAP);
            d->y += layout_high(layout) + BLOCK_GAP;
        }
        return true;
    }
    /* The state's name and the date take one line each, whatever the font; the agency wraps in what is left. */
    right = fmax(layout_wide(draw_layout(d, state_name, size, 0, ALIGN_LEFT)),
                 layout_wide(draw_layout(d, arena_printf(d->arena, "<i>%s</i>", date), size, 0, ALIGN_LEFT)));
    right = fmin(right + 4, page_width(d) * 0.62);
    wide = fmin(page_width(d) - right - gap, page_width(d) * 0.45);
    if (!agency_column(d, &b->lines, wide, size, &high))
        return false;
    beside = state_column(d, page_left(d) + page_width(d) - right, right, size, true);
    d->y += fmax(high, beside) + BLOCK_GAP;
    {
        PangoLayout *under = draw_layout(d, number, size, wide, ALIGN_CENTER);
        PangoLayout *on = draw_layout(d, arena_printf(d->arena, "<i>%s</i>", date), size, right, ALIGN_CENTER);

        draw_at(d, under, page_left(d), d->y);
        draw_at(d, on, page_left(d) + page_width(d) - right, d->y);
        d->y += text_is_blank(number) && text_is_blank(date) ? 0 : fmax(layout_high(under), layout_high(on));
    }
    return true;
}

static bool draw_title(struct drawing *d, const struct block *b)
{
    const char *title, *subtitle;
    PangoLayout *first, *second;

    if (!draw_fill(d, &b->text, &title) || !draw_fill(d, &b->subtitle, &subtitle))
        return false;
    first = draw_layout(d, arena_printf(d->arena, "<b>%s</b>", title), d->l->size + 3, page_width(d), ALIGN_CENTER);
    second = draw_layout(d, subtitle, d->l->size, page_width(d), ALIGN_CENTER);
    d->y += d->l->size * 1.2;
    if (!draw_need(d, layout_high(first) + layout_high(second)) || !flow(d, first, page_left(d)) ||
        (!text_is_blank(subtitle) && !flow(d, second, page_left(d))))
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

    if (!draw_fill(d, &b->text, &text))
        return false;
    if (text_is_blank(text))
        return true;
    layout = draw_layout(d, note ? arena_printf(d->arena, "<i>%s</i>", text) : text, size, page_width(d), b->align);
    pango_layout_set_indent(layout, (int)(b->indent * PANGO_SCALE));
    if (!flow(d, layout, page_left(d)))
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

    if (!draw_fill(d, &cell->label, &label) || !draw_fill(d, &cell->value, &value))
        return false;
    len = strlen(label);
    colon = len && label[len - 1] != ':' && label[len - 1] != '>';
    *dotted = cell->leader || text_is_blank(value);
    *out = draw_layout(d,
                       arena_printf(d->arena, "%s%s%s%s%s%s", label, colon ? ":" : "", len ? " " : "",
                                    cell->bold ? "<b>" : "", value, cell->bold ? "</b>" : ""),
                       d->l->size, wide, ALIGN_LEFT);
    return true;
}

static bool draw_row(struct drawing *d, const struct field_row *row)
{
    double x = page_left(d), high = 0, space = row->n > 1 ? 10 : 0;
    PangoLayout **layouts = arena_array(d->arena, PangoLayout *, row->n);
    bool *dotted = arena_array(d->arena, bool, row->n);

    for (size_t i = 0; i < row->n; i++) {
        double wide = row->cells[i].share * page_width(d) - (i + 1 < row->n ? space : 0);

        if (!cell_layout(d, &row->cells[i], wide, &layouts[i], &dotted[i]))
            return false;
        high = fmax(high, layout_high(layouts[i]));
    }
    if (row->n == 1 && high > page_bottom(d) - d->l->margin_top) /* longer than a page: it flows */
        return flow(d, layouts[0], x);
    if (!draw_need(d, high))
        return false;
    for (size_t i = 0; i < row->n; i++) {
        double wide = row->cells[i].share * page_width(d), end, baseline, room;

        draw_at(d, layouts[i], x, d->y);
        last_line(layouts[i], &end, &baseline);
        room = wide - (i + 1 < row->n ? space : 0) - end - 2;
        if (dotted[i] && room >= 3)
            canvas_dots(d->canvas, x + end + 2, d->y + baseline, room);
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
        [BLOCK_CODE] = draw_code,
    };
    bool wanted = true;

    if (b->when && !expr_bool(b->when, d->scope, &wanted, d->e))
        return false;
    return !wanted || draw[b->kind](d, b);
}

/* ---- lists ---- */
/* A name of the scope as it stands: a list that came from the database is not copied through the machine, whose results
 * have a ceiling of their own. */
static const json_t *plain_list(const struct drawing *d, const struct expr *x)
{
    for (size_t i = 0; i < d->n_scope; i++)
        if (strcmp(d->scope[i].name, expr_source(x)) == 0)
            return d->scope[i].value;
    return NULL;
}

bool draw_list(struct drawing *d, const struct expr *x, const json_t **out)
{
    *out = plain_list(d, x);
    if (!*out) {
        json_t *made = NULL;

        if (!expr_json(x, d->scope, &made, d->e))
            return false;
        *out = json_held(d->arena, made);
    }
    return json_array_size(*out) <= PAPER_ROWS_MAX ||
           fail(d->e, E_PACK, "a list of more than %d values", PAPER_ROWS_MAX);
}

void draw_row_scope(struct drawing *d, const json_t *list, size_t i)
{
    struct expr_scope *at = &d->scope[d->n_scope];

    at[0] = (struct expr_scope){list ? "row" : NULL, json_array_get(list, i)};
    at[1] =
        (struct expr_scope){list ? "index" : NULL, list ? json_held(d->arena, json_integer((json_int_t)i + 1)) : NULL};
}

/* `when` of a block with `each` is asked for every value. */
static bool draw_each(struct drawing *d, const struct block *b)
{
    struct arena *whole = d->arena;
    const json_t *list;
    bool good = true;

    if (!b->each)
        return draw_block(d, b);
    if (!draw_list(d, b->each, &list))
        return false;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        auto_arena struct arena *of_value = arena_new();

        d->arena = of_value;
        draw_row_scope(d, list, i);
        good = draw_block(d, b);
        draw_row_scope(d, NULL, 0);
        d->arena = whole;
    }
    return good;
}

/* ---- the whole ---- */
PangoContext *print_context_new(void)
{
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    cairo_font_options_t *options = cairo_font_options_create();

    pango_cairo_context_set_resolution(context, 72); /* a unit is a point */
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_language(context, pango_language_from_string("vi"));
    pango_context_set_round_glyph_positions(context, FALSE); /* paper has no dots to fall upon */
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
        if (d->n_scope == DRAW_NAMES_MAX)
            return fail(d->e, E_INTERNAL, "a scope of more than %d names", DRAW_NAMES_MAX);
        d->scope[d->n_scope++] = *scope;
    }
    return true;
}

static bool draw_pdf(struct drawing *d, const struct paper *p, struct arena *a, struct bytes *pdf)
{
    bool good;

    d->canvas = canvas_new(p->layout->width, p->layout->height, PAPER_BYTES_MAX, d->arena);
    d->context = print_context_new();
    good = draw_all(d, p) && canvas_finish(d->canvas, p->title[LANG_VI], a, pdf, d->e);
    canvas_free(d->canvas);
    g_object_unref(d->context);
    return good;
}

bool paper_draw(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                struct paper_place *place, struct error *e)
{
    auto_arena struct arena *scratch = arena_new(); /* layouts end before the caller's arena does */
    struct drawing d = {.l = p->layout, .arena = scratch, .e = e, .page = 1};

    if (!p->layout)
        return fail(e, E_PACK, "paper %s has no layout", p->name);
    d.y = p->layout->margin_top;
    if (!copy_scope(&d, scope) || !draw_pdf(&d, p, a, pdf))
        return false;
    *place = d.place;
    return true;
}
