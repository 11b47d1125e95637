/* Tables: the head comes again on each page, and a row stays whole unless it is taller than a page. */
#include "document/draw_internal.h"

#include <math.h>

struct cells {
    PangoLayout **of; /* one a column */
    double high;      /* of the row, padding included */
};

static bool lay_row(struct drawing *d, const struct block *b, bool head, struct cells *out)
{
    double size = b->size > 0 ? b->size : d->l->size - 1.5;

    *out = (struct cells){.of = arena_array(d->arena, PangoLayout *, b->n_columns)};
    for (size_t i = 0; i < b->n_columns; i++) {
        const struct column *c = &b->columns[i];
        const char *text;

        if (!draw_fill(d, head ? &c->title : &c->value, &text))
            return false;
        out->of[i] = draw_layout(d, head ? arena_printf(d->arena, "<b>%s</b>", text) : text, size,
                                 c->share * page_width(d) - 2 * CELL_PAD, head ? ALIGN_CENTER : c->align);
        out->high = fmax(out->high, layout_high(out->of[i]) + 2 * CELL_PAD);
    }
    return true;
}

static void draw_boxes(struct drawing *d, const struct block *b, double high)
{
    double x = page_left(d);

    for (size_t i = 0; i < b->n_columns; i++) {
        double wide = b->columns[i].share * page_width(d);

        canvas_box(d->canvas, x, d->y, wide, high, RULE);
        x += wide;
    }
}

static bool fits(const struct drawing *d, const struct cells *row)
{
    return d->y + row->high <= page_bottom(d);
}

static void draw_whole(struct drawing *d, const struct block *b, const struct cells *row)
{
    double x = page_left(d);

    for (size_t i = 0; i < b->n_columns; i++) {
        double slack = row->high - 2 * CELL_PAD - layout_high(row->of[i]);

        draw_at(d, row->of[i], x + CELL_PAD, d->y + CELL_PAD + (b->middle ? slack / 2 : 0));
        x += b->columns[i].share * page_width(d);
    }
    draw_boxes(d, b, row->high);
    d->y += row->high;
}

/* The head goes with at least one line of a row. */
static bool draw_head(struct drawing *d, const struct block *b)
{
    struct block centred = *b;
    struct cells head;

    if (!lay_row(d, b, true, &head))
        return false;
    centred.middle = true;
    if (!fits(d, &head) || d->y + head.high + 2 * d->l->size > page_bottom(d)) {
        if (!draw_next_page(d))
            return false;
        if (!fits(d, &head))
            return fail(d->e, E_PACK, "the head of a table is taller than a page");
    }
    draw_whole(d, &centred, &head);
    return true;
}

/* As many lines of one cell as there is room for; *more: some are left. */
static double draw_lines(struct drawing *d, PangoLayoutIter *line, double x, double room, bool *more)
{
    double used = 0;

    for (*more = true; *more; *more = pango_layout_iter_next_line(line)) {
        PangoRectangle logical;
        int top, end;
        double high;

        pango_layout_iter_get_line_extents(line, NULL, &logical);
        pango_layout_iter_get_line_yrange(line, &top, &end);
        high = (double)(end - top) / PANGO_SCALE;
        if (used + high > room)
            break;
        canvas_line(d->canvas, pango_layout_iter_get_line_readonly(line), x + (double)logical.x / PANGO_SCALE,
                    d->y + CELL_PAD + used + (double)(pango_layout_iter_get_baseline(line) - top) / PANGO_SCALE);
        used += high;
    }
    return used;
}

/* One page's part of a row that no page can hold. */
static bool draw_part(struct drawing *d, const struct block *b, PangoLayoutIter **lines, bool *left_over)
{
    double x = page_left(d), room = page_bottom(d) - d->y - 2 * CELL_PAD, high = 0;

    *left_over = false;
    for (size_t i = 0; i < b->n_columns; i++) {
        bool more = false;

        if (lines[i])
            high = fmax(high, draw_lines(d, lines[i], x + CELL_PAD, room, &more));
        if (lines[i] && !more) {
            pango_layout_iter_free(lines[i]);
            lines[i] = NULL;
        }
        *left_over = *left_over || more;
        x += b->columns[i].share * page_width(d);
    }
    if (high <= 0)
        return fail(d->e, E_PACK, "a line of a table is taller than a page");
    draw_boxes(d, b, high + 2 * CELL_PAD);
    d->y += high + 2 * CELL_PAD;
    return true;
}

static bool draw_split(struct drawing *d, const struct block *b, const struct cells *row)
{
    PangoLayoutIter **lines = arena_array(d->arena, PangoLayoutIter *, b->n_columns);
    bool left_over = true, good = true;

    for (size_t i = 0; i < b->n_columns; i++)
        lines[i] = pango_layout_get_iter(row->of[i]);
    while (good && left_over) {
        good = draw_part(d, b, lines, &left_over);
        if (good && left_over)
            good = draw_next_page(d) && draw_head(d, b);
    }
    for (size_t i = 0; i < b->n_columns; i++)
        if (lines[i])
            pango_layout_iter_free(lines[i]);
    return good;
}

static bool draw_one(struct drawing *d, const struct block *b)
{
    struct cells row;

    if (!lay_row(d, b, false, &row))
        return false;
    if (!fits(d, &row) && (!draw_next_page(d) || !draw_head(d, b)))
        return false;
    if (!fits(d, &row))
        return draw_split(d, b, &row);
    draw_whole(d, b, &row);
    return true;
}

bool draw_table(struct drawing *d, const struct block *b)
{
    struct arena *whole = d->arena;
    const json_t *rows;
    bool good = true;

    if (!draw_list(d, b->rows, &rows) || !draw_head(d, b))
        return false;
    for (size_t i = 0; good && i < json_array_size(rows); i++) {
        auto_arena struct arena *of_row = arena_new(); /* a register has thousands of them */

        d->arena = of_row;
        draw_row_scope(d, rows, i);
        good = draw_one(d, b);
        draw_row_scope(d, NULL, 0);
        d->arena = whole;
    }
    d->y += BLOCK_GAP;
    return good;
}
