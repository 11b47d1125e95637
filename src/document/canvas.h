/* The pages of one paper as they are drawn: text laid out by pango, lines and boxes, in points from the upper left
 * corner; in the end a PDF/A-1b with what its fonts need. One thread draws on a canvas. */
#pragma once

#include <pango/pango.h>

#include "base/text.h"

struct canvas;

/* Lives in the arena, and is freed before it ends. */
struct canvas *canvas_new(double width, double height, size_t bytes_max, struct arena *a);
void canvas_free(struct canvas *c);
/* What follows stands on another page. */
void canvas_next_page(struct canvas *c);
/* x, y: the layout's upper left corner; the left end of the line's base. */
void canvas_layout(struct canvas *c, PangoLayout *layout, double x, double y);
void canvas_line(struct canvas *c, PangoLayoutLine *line, double x, double y);
/* From (x, y) to the right. */
void canvas_rule(struct canvas *c, double x, double y, double wide, double thick);
void canvas_dots(struct canvas *c, double x, double y, double wide);
/* The frame of a rectangle. */
void canvas_box(struct canvas *c, double x, double y, double wide, double high, double thick);
/* Rows of n dots, dark where the lowest bit is set. */
void canvas_square(struct canvas *c, const unsigned char *dots, int n, double x, double y, double size);
/* The whole, in an arena that may outlive the canvas's: E_PACK past its ceiling. Nothing is drawn after it. */
bool canvas_finish(struct canvas *c, const char *title, struct arena *a, struct bytes *pdf, struct error *e) CHECKED;
