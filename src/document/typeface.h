/* A font as one PDF needs it (ISO 32000-1, 9.7): a composite font whose characters are numbered as they first come, and
 * in the end only those of its glyphs that were used. */
#pragma once

#include <harfbuzz/hb.h>

#include "base/error.h"
#include "document/pdf_write.h"

struct glyph;

struct typeface {
    struct arena *arena;
    hb_face_t *face;
    hb_font_t *font; /* of the face, in its own units */
    bool embeds;     /* else its glyphs are drawn as outlines */
    int object;      /* the font's in the PDF, when it embeds */
    struct glyph *glyphs;
    size_t n, room;
    uint16_t *number; /* of each of the font's glyphs, 0: not used yet */
    unsigned n_numbers;
};

/* Of a font that pango chose. What it holds ends with the file's arena. */
void typeface_open(struct typeface *t, hb_font_t *chosen, struct pdf *f);
/* The number by which a page names the glyph. */
unsigned typeface_number(struct typeface *t, hb_codepoint_t glyph);
/* The glyph of that number stands for these len bytes of text. True: whoever reads the PDF takes it for just that;
 * false: it stood for something else before. */
bool typeface_tells(struct typeface *t, unsigned number, const char *text, size_t len);
/* How far the pen moves with it, as the PDF says: thousandths of an em. */
double typeface_advance(const struct typeface *t, unsigned number);
/* Writes the font, when it embeds. */
bool typeface_embed(const struct typeface *t, struct pdf *f, struct error *e) CHECKED;
