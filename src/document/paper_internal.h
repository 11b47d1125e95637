/* Compiled layouts: made once from the pack by layout.c, read by any thread, drawn by draw.c. */
#pragma once

#include <jansson.h>

#include "document/document_internal.h"
#include "expr/expr.h"

enum {
    PAPER_BYTES_MAX = 16 << 20, /* of one PDF */
    PAPER_PAGES_MAX = 300,      /* of one paper: lists come from strangers */
    PAPER_ROWS_MAX = 10000,     /* of one list */
    MARKUP_MAX = 64 << 10,      /* of one paragraph, filled in */
};

/* Text with holes: Pango markup and expressions in turn. */
struct piece {
    const char *markup; /* or */
    struct expr *hole;
};
struct template
{
    size_t n;
    struct piece *pieces;
};
struct templates {
    size_t n;
    struct template *lines;
};

enum align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT, ALIGN_JUSTIFY, ALIGN__COUNT };
enum block_kind {
    BLOCK_HEADING,
    BLOCK_TITLE,
    BLOCK_TEXT,
    BLOCK_FIELDS,
    BLOCK_TABLE,
    BLOCK_SIGNATURE,
    BLOCK_VERIFY,
    BLOCK_NOTE,
    BLOCK_SPACE,
    BLOCK_CODE,
    BLOCK__COUNT,
};

struct field_cell {
    struct template label, value;
    double share; /* of the line */
    bool leader, bold;
};
struct field_row {
    size_t n;
    struct field_cell *cells;
};
struct column {
    struct template title, value;
    double share;
    enum align align;
};

struct signatory {
    struct templates title;
    struct template note, name;
};

struct block {
    enum block_kind kind;
    struct expr *when, *each; /* or NULL */
    enum align align;
    double indent, space; /* points */
    double size;          /* points; 0: the body's */
    struct template text, subtitle, number, date;
    struct templates lines, left;
    struct signatory signer[2]; /* on the right, and beside it */
    int signers;
    bool verify;
    bool middle; /* a table's cells stand in the middle of their height */
    size_t n_fields, n_columns;
    struct field_row *fields;
    struct column *columns;
    struct expr *rows;
};

struct layout {
    double width, height, margin_top, margin_bottom, margin_left, margin_right; /* points */
    double size;
    size_t n;
    struct block *blocks;
};

struct paper {
    const char *name;
    const char *title[LANG__COUNT];
    const struct layout *layout; /* NULL: not printed here */
    const struct slip *slip;     /* NULL: appears only as a result */
};

/* definition: of kind "papers". On failure *where is the pointer into it. Everything lives in the arena. */
bool paper_compile(struct arena *a, const json_t *definition, struct paper *out, const char **where,
                   struct error *e) CHECKED;

/* ---- draw.c: one paper as PDF/A-1b, on this thread ---- */
bool paper_draw(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                struct paper_place *place, struct error *e) CHECKED;
/* For text that becomes part of a PDF: points, no hinting, Vietnamese. Unref it with g_object_unref(). */
struct _PangoContext *print_context_new(void);

/* ---- press.c: the threads that draw; paper_render() hands over to them ---- */
typedef bool press_fn(void *arg, struct error *e);
/* fn(arg), on a thread that has its fonts loaded; waits. */
bool press_run(press_fn *fn, void *arg, struct error *e) CHECKED;
bool press_start(size_t threads, struct error *e) CHECKED;
/* What waits is drawn first. */
void press_stop(void);
