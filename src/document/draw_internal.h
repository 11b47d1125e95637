/* What the files that draw one paper share. All of it belongs to one thread for the length of the paper. */
#pragma once

#include "document/canvas.h"
#include "document/paper_internal.h"

/* The names a block's expressions see: the paper's, and those of the list it is drawn for. */
enum { DRAW_NAMES_MAX = 32 };

static const double QR_SIZE = 68, CELL_PAD = 3.5, BLOCK_GAP = 5, RULE = 0.7; /* points */

struct drawing {
    const struct layout *l;
    struct arena *arena;
    struct error *e;
    struct expr_scope scope[DRAW_NAMES_MAX + 3];
    size_t n_scope;
    struct canvas *canvas;
    PangoContext *context;
    double y;
    int page;
    struct paper_place place; /* where the signatory signs */
};

static inline double page_left(const struct drawing *d)
{
    return d->l->margin_left;
}

static inline double page_width(const struct drawing *d)
{
    return d->l->width - d->l->margin_left - d->l->margin_right;
}

static inline double page_bottom(const struct drawing *d)
{
    return d->l->height - d->l->margin_bottom;
}

/* ---- draw.c ---- */
/* Markup with its holes filled; never NULL, "" when nothing is known. In the arena. */
bool draw_fill(struct drawing *d, const struct template *t, const char **out) CHECKED;
/* wide 0: one line. Lives as long as the drawing's arena. */
PangoLayout *draw_layout(struct drawing *d, const char *markup, double size, double wide, enum align align);
double layout_high(PangoLayout *layout);
double layout_wide(PangoLayout *layout);
void draw_at(struct drawing *d, PangoLayout *layout, double x, double y);
bool draw_next_page(struct drawing *d) CHECKED;
/* So much room on this page, or the next one. */
bool draw_need(struct drawing *d, double high) CHECKED;
/* The list that a block is drawn for, of at most PAPER_ROWS_MAX values. In the arena. */
bool draw_list(struct drawing *d, const struct expr *x, const json_t **out) CHECKED;
/* Within, `row` and `index` name the value at i; NULL ends it. */
void draw_row_scope(struct drawing *d, const json_t *list, size_t i);

/* ---- draw_table.c, draw_sign.c ---- */
bool draw_table(struct drawing *d, const struct block *b) CHECKED;
bool draw_verify(struct drawing *d, const struct block *b) CHECKED;
bool draw_code(struct drawing *d, const struct block *b) CHECKED;
bool draw_signature(struct drawing *d, const struct block *b) CHECKED;
