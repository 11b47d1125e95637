/* Text goes to the page glyph by glyph, as pango laid it out; what a font's own widths would not give is corrected in
 * thousandths. A glyph that alone stands for its letters is told of once, in the font; any other text beside what shows
 * it (ISO 32000-1, 14.9.4). */
#include "document/canvas.h"

#include <math.h>
#include <string.h>

#include "document/typeface.h"

enum { PAGE_BYTES_MAX = 8 << 20 };

/* A typeface in one size: what pango calls a font. */
struct sized {
    PangoFont *font;
    struct typeface *face;
    size_t name; /* of the typeface, on the pages: /F3 */
    double size;
};

struct canvas {
    struct pdf pdf;
    double width, height;
    struct buf page; /* what it shows so far */
    int *pages;      /* the objects of those before it */
    struct typeface **faces;
    struct sized *fonts;
    size_t n_pages, n_faces, n_fonts, pages_room, faces_room, fonts_room;
    size_t name; /* of the typeface that the page has chosen, and its size; 0: none yet */
    double size;
    PangoRenderer *pen;
};

/* ---- fonts ---- */
static struct typeface *face_of(struct canvas *c, hb_font_t *chosen, size_t *name)
{
    for (size_t i = 0; i < c->n_faces; i++)
        if (c->faces[i]->face == hb_font_get_face(chosen)) {
            *name = i + 1;
            return c->faces[i];
        }
    c->faces = arena_grown(c->pdf.arena, c->faces, c->n_faces, &c->faces_room, sizeof *c->faces);
    c->faces[c->n_faces] = arena_new_of(c->pdf.arena, struct typeface);
    typeface_open(c->faces[c->n_faces], chosen, &c->pdf);
    *name = ++c->n_faces;
    return c->faces[c->n_faces - 1];
}

static struct sized sized_of(struct canvas *c, PangoFont *font)
{
    PangoFontDescription *description;
    struct sized *made;

    for (size_t i = 0; i < c->n_fonts; i++)
        if (c->fonts[i].font == font)
            return c->fonts[i];
    c->fonts = arena_grown(c->pdf.arena, c->fonts, c->n_fonts, &c->fonts_room, sizeof *c->fonts);
    made = &c->fonts[c->n_fonts++];
    made->font = g_object_ref(font);
    made->face = face_of(c, pango_font_get_hb_font(font), &made->name);
    description = pango_font_describe_with_absolute_size(font);
    made->size = (double)pango_font_description_get_size(description) / PANGO_SCALE;
    pango_font_description_free(description);
    return *made;
}

/* ---- glyphs ---- */
/* One run of text: x in thousandths of the size, from where the run begins. */
struct run {
    struct canvas *c;
    struct sized font;
    double pen; /* where the reader's stands */
    double rise;
    bool open; /* a string has begun */
};

static void close_string(struct run *r)
{
    if (r->open)
        buf_puts(&r->c->page, ">] TJ\n");
    r->open = false;
}

static void put_code(struct run *r, unsigned number)
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[4] = {digits[number >> 12 & 15], digits[number >> 8 & 15], digits[number >> 4 & 15],
                          digits[number & 15]};

    buf_add(&r->c->page, text, sizeof text);
}

static void put_glyph(struct run *r, unsigned number, double x, double rise)
{
    struct buf *b = &r->c->page;
    double off = x - r->pen;

    if (fabs(rise - r->rise) > 0) {
        close_string(r);
        pdf_put_number(b, rise);
        buf_puts(b, "Ts ");
        r->rise = rise;
    }
    if (!r->open)
        buf_puts(b, "[<");
    r->open = true;
    if (fabs(off) >= 0.5) {
        buf_puts(b, ">");
        pdf_put_number(b, -off);
        buf_puts(b, "<");
        r->pen = x;
    }
    put_code(r, number);
    r->pen += typeface_advance(r->font.face, number);
}

/* No font has the letter. */
static bool is_unknown(const PangoGlyphInfo *g)
{
    return g->glyph & PANGO_GLYPH_UNKNOWN_FLAG;
}

/* Neighbours among the glyphs of an item, from left to right, and the left end of their base. */
struct part {
    const char *text; /* of the whole layout */
    const PangoGlyphItem *of;
    int from, end;
    double x, y, wide;
};

static const char *words_of(const struct part *p, size_t *len)
{
    const PangoGlyphString *s = p->of->glyphs;
    bool backward = p->of->item->analysis.level & 1;
    int from = s->log_clusters[backward ? p->end - 1 : p->from], to = p->of->item->length;

    if (backward ? p->from > 0 : p->end < s->num_glyphs)
        to = s->log_clusters[backward ? p->from - 1 : p->end];
    *len = (size_t)(to - from);
    return p->text + p->of->item->offset + from;
}

/* What follows stands for these words, until it is ended by EMC. */
static void put_words(struct canvas *c, const struct part *p)
{
    size_t len;
    const char *words = words_of(p, &len);

    buf_puts(&c->page, "/Span << /ActualText <FEFF");
    pdf_put_utf16(&c->page, words, len);
    buf_puts(&c->page, "> >> BDC\n");
}

/* One glyph, or several that stand for their letters together. Returns how far the text goes on behind it. */
static double put_cluster(struct run *r, const struct part *p, double x)
{
    const PangoGlyphInfo *glyphs = p->of->glyphs->glyphs;
    double scale = 1000 / r->font.size / PANGO_SCALE;
    bool beside = p->end - p->from != 1;

    if (!beside && glyphs[p->from].glyph != PANGO_GLYPH_EMPTY) {
        size_t len;
        const char *words = words_of(p, &len);

        beside = !typeface_tells(r->font.face, typeface_number(r->font.face, glyphs[p->from].glyph), words, len);
    }
    if (beside) {
        close_string(r);
        put_words(r->c, p);
    }
    for (int i = p->from; i < p->end; i++) {
        const PangoGlyphGeometry *at = &glyphs[i].geometry;

        if (glyphs[i].glyph != PANGO_GLYPH_EMPTY)
            put_glyph(r, typeface_number(r->font.face, glyphs[i].glyph), x + at->x_offset * scale,
                      -(double)at->y_offset / PANGO_SCALE);
        x += at->width * scale;
    }
    if (beside) {
        close_string(r);
        buf_puts(&r->c->page, "EMC\n");
    }
    return x;
}

static void choose(struct canvas *c, const struct sized *font)
{
    if (c->name == font->name && fabs(c->size - font->size) <= 0)
        return;
    buf_printf(&c->page, "/F%zu ", font->name);
    pdf_put_number(&c->page, font->size);
    buf_puts(&c->page, "Tf ");
    c->name = font->name;
    c->size = font->size;
}

static void begin_text(struct canvas *c, const struct sized *font, double x, double y)
{
    buf_puts(&c->page, "BT ");
    choose(c, font);
    pdf_put_number(&c->page, x);
    pdf_put_number(&c->page, c->height - y);
    buf_puts(&c->page, "Td ");
}

static void put_text(struct canvas *c, const struct sized *font, const struct part *p)
{
    const int *clusters = p->of->glyphs->log_clusters;
    struct run r = {.c = c, .font = *font};
    double at = 0;

    begin_text(c, font, p->x, p->y);
    for (int i = p->from, next; i < p->end; i = next) {
        struct part cluster = *p;

        for (next = i + 1; next < p->end && clusters[next] == clusters[i]; next++)
            ;
        cluster.from = i;
        cluster.end = next;
        at = put_cluster(&r, &cluster, at);
    }
    close_string(&r);
    buf_puts(&c->page, fabs(r.rise) > 0 ? "0 Ts ET\n" : "ET\n");
}

/* ---- outlines: letters that no font has, and fonts that a PDF/A-1b cannot carry as they are ---- */
struct outline {
    struct canvas *c;
    double x, y, scale;
};

static void put_point(const struct outline *o, float x, float y)
{
    pdf_put_number(&o->c->page, o->x + (double)x * o->scale);
    pdf_put_number(&o->c->page, o->y + (double)y * o->scale);
}

static void move_to(hb_draw_funcs_t *f, void *arg, hb_draw_state_t *s, float x, float y, void *user)
{
    (void)f, (void)s, (void)user;
    put_point(arg, x, y);
    buf_puts(&((struct outline *)arg)->c->page, "m ");
}

static void line_to(hb_draw_funcs_t *f, void *arg, hb_draw_state_t *s, float x, float y, void *user)
{
    (void)f, (void)s, (void)user;
    put_point(arg, x, y);
    buf_puts(&((struct outline *)arg)->c->page, "l ");
}

static void curve_to(hb_draw_funcs_t *f, void *arg, hb_draw_state_t *s, float x1, float y1, float x2, float y2, float x,
                     float y, void *user)
{
    (void)f, (void)s, (void)user;
    put_point(arg, x1, y1);
    put_point(arg, x2, y2);
    put_point(arg, x, y);
    buf_puts(&((struct outline *)arg)->c->page, "c ");
}

/* Readers take words only where a glyph is shown: a space, as wide as they are, of a font that is in the file. */
static void put_blank(struct canvas *c, const struct part *p)
{
    hb_codepoint_t space;

    for (size_t i = 0; i < c->n_fonts; i++) {
        const struct sized *font = &c->fonts[i];
        unsigned number;

        if (!font->face->embeds || !hb_font_get_nominal_glyph(font->face->font, ' ', &space))
            continue;
        number = typeface_number(font->face, space);
        (void)typeface_tells(font->face, number, " ", 1); /* or it does already */
        if (typeface_advance(font->face, number) <= 0)
            continue;
        begin_text(c, font, p->x, p->y);
        pdf_put_number(&c->page, p->wide * 100000 / (typeface_advance(font->face, number) * font->size));
        buf_printf(&c->page, "Tz <%04X> Tj 100 Tz ET\n", number);
        return;
    }
}

static void put_outlines(struct canvas *c, const struct sized *font, const struct part *p)
{
    hb_draw_funcs_t *funcs = hb_draw_funcs_create();
    double scale = font->size / hb_face_get_upem(font->face->face), x = p->x;

    hb_draw_funcs_set_move_to_func(funcs, move_to, NULL, NULL);
    hb_draw_funcs_set_line_to_func(funcs, line_to, NULL, NULL);
    hb_draw_funcs_set_cubic_to_func(funcs, curve_to, NULL, NULL);
    put_words(c, p);
    put_blank(c, p);
    for (int i = p->from; i < p->end; i++) {
        const PangoGlyphInfo *g = &p->of->glyphs->glyphs[i];
        struct outline o = {c, x + (double)g->geometry.x_offset / PANGO_SCALE,
                            c->height - p->y - (double)g->geometry.y_offset / PANGO_SCALE, scale};

        if (g->glyph != PANGO_GLYPH_EMPTY)
            hb_font_get_glyph_shape(font->face->font, is_unknown(g) ? 0 : g->glyph, funcs, &o);
        x += (double)g->geometry.width / PANGO_SCALE;
    }
    buf_puts(&c->page, "f\nEMC\n");
    hb_draw_funcs_destroy(funcs);
}

/* ---- the pen: what pango asks to be drawn ---- */
struct pen {
    PangoRenderer renderer;
    struct canvas *canvas;
};

static bool is_drawn(const struct sized *font, const PangoGlyphInfo *g)
{
    return !font->face->embeds || is_unknown(g);
}

/* A paper's text is black, and bold or slanted at most (layout.c): nothing else is asked for. */
static void draw_item(PangoRenderer *pen, const char *text, PangoGlyphItem *item, int x, int y)
{
    struct canvas *c = ((struct pen *)(void *)pen)->canvas;
    struct sized font = sized_of(c, item->item->analysis.font);
    const PangoGlyphString *s = item->glyphs;
    struct part p = {.text = text, .of = item, .x = (double)x / PANGO_SCALE, .y = (double)y / PANGO_SCALE};

    for (; p.from < s->num_glyphs; p.from = p.end) {
        bool drawn = is_drawn(&font, &s->glyphs[p.from]);

        p.wide = 0;
        for (p.end = p.from; p.end < s->num_glyphs && drawn == is_drawn(&font, &s->glyphs[p.end]); p.end++)
            p.wide += (double)s->glyphs[p.end].geometry.width / PANGO_SCALE;
        (drawn ? put_outlines : put_text)(c, &font, &p);
        p.x += p.wide;
    }
}

static void init_pen(gpointer of, gpointer data)
{
    PangoRendererClass *class = of;

    (void)data;
    class->draw_glyph_item = draw_item;
}

static GType pen_type(void)
{
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type,
                          g_type_register_static_simple(PANGO_TYPE_RENDERER, "MotcuaPen", sizeof(PangoRendererClass),
                                                        init_pen, sizeof(struct pen), NULL, 0));
    return type;
}

/* ---- the canvas ---- */
struct canvas *canvas_new(double width, double height, size_t bytes_max, struct arena *a)
{
    struct canvas *c = arena_new_of(a, struct canvas);

    *c = (struct canvas){
        .width = width, .height = height, .page = BUF_INIT(PAGE_BYTES_MAX), .pen = g_object_new(pen_type(), NULL)};
    ((struct pen *)(void *)c->pen)->canvas = c;
    pdf_start(&c->pdf, bytes_max, a);
    return c;
}

void canvas_free(struct canvas *c)
{
    for (size_t i = 0; i < c->n_fonts; i++)
        g_object_unref(c->fonts[i].font);
    g_object_unref(c->pen);
    buf_done(&c->page);
    pdf_drop(&c->pdf);
}

void canvas_next_page(struct canvas *c)
{
    int shown = pdf_stream(&c->pdf, "", (struct bytes){c->page.data, c->page.len}), object = pdf_reserve(&c->pdf);
    struct buf *b = &c->pdf.out;

    pdf_begin(&c->pdf, object);
    buf_printf(b, "<< /Type /Page /Parent %d 0 R /Resources %d 0 R /Contents %d 0 R /MediaBox [ 0 0 ", PDF_PAGES,
               PDF_RESOURCES, shown);
    pdf_put_number(b, c->width);
    pdf_put_number(b, c->height);
    buf_puts(b, "] >>");
    pdf_end(&c->pdf);
    c->pages = arena_grown(c->pdf.arena, c->pages, c->n_pages, &c->pages_room, sizeof *c->pages);
    c->pages[c->n_pages++] = object;
    if (!c->page.overflow) /* else it is told at the end */
        buf_clear(&c->page);
    c->name = 0;
}

void canvas_layout(struct canvas *c, PangoLayout *layout, double x, double y)
{
    pango_renderer_draw_layout(c->pen, layout, (int)lround(x * PANGO_SCALE), (int)lround(y * PANGO_SCALE));
}

void canvas_line(struct canvas *c, PangoLayoutLine *line, double x, double y)
{
    pango_renderer_draw_layout_line(c->pen, line, (int)lround(x * PANGO_SCALE), (int)lround(y * PANGO_SCALE));
}

static void put_numbers(struct canvas *c, const double *values, size_t n, const char *operator)
{
    for (size_t i = 0; i < n; i++)
        pdf_put_number(&c->page, values[i]);
    buf_puts(&c->page, operator);
}

void canvas_rule(struct canvas *c, double x, double y, double wide, double thick)
{
    put_numbers(c, &thick, 1, "w ");
    put_numbers(c, (double[]){x, c->height - y}, 2, "m ");
    put_numbers(c, (double[]){x + wide, c->height - y}, 2, "l S\n");
}

void canvas_dots(struct canvas *c, double x, double y, double wide)
{
    buf_puts(&c->page, "q 1 J [0 2.6] 0 d ");
    canvas_rule(c, x, y, wide, 0.8);
    buf_puts(&c->page, "Q\n");
}

void canvas_box(struct canvas *c, double x, double y, double wide, double high, double thick)
{
    put_numbers(c, &thick, 1, "w ");
    put_numbers(c, (double[]){x, c->height - y - high, wide, high}, 4, "re S\n");
}

/* A run of dark dots is one rectangle, and all of them one shape: no seams. */
void canvas_square(struct canvas *c, const unsigned char *dots, int n, double x, double y, double size)
{
    buf_puts(&c->page, "q ");
    buf_printf(&c->page, "%.5f 0 0 %.5f ", size / n, size / n);
    put_numbers(c, (double[]){x, c->height - y - size}, 2, "cm\n");
    for (int row = 0; row < n; row++)
        for (int from = 0, to; from < n; from = to + 1) {
            for (to = from; to < n && dots[row * n + to] & 1; to++)
                ;
            if (to > from)
                put_numbers(c, (double[]){from, n - 1 - row, to - from, 1}, 4, "re\n");
        }
    buf_puts(&c->page, "f Q\n");
}

static void put_pages(struct canvas *c)
{
    struct buf *b = &c->pdf.out;

    pdf_begin(&c->pdf, PDF_PAGES);
    buf_printf(b, "<< /Type /Pages /Count %zu /Kids [ ", c->n_pages);
    for (size_t i = 0; i < c->n_pages; i++)
        buf_printf(b, "%d 0 R ", c->pages[i]);
    buf_puts(b, "] >>");
    pdf_end(&c->pdf);
}

static bool put_fonts(struct canvas *c, struct error *e)
{
    for (size_t i = 0; i < c->n_faces; i++)
        if (!typeface_embed(c->faces[i], &c->pdf, e))
            return false;
    pdf_begin(&c->pdf, PDF_RESOURCES);
    buf_puts(&c->pdf.out, "<< /Font << ");
    for (size_t i = 0; i < c->n_faces; i++)
        if (c->faces[i]->embeds)
            buf_printf(&c->pdf.out, "/F%zu %d 0 R ", i + 1, c->faces[i]->object);
    buf_puts(&c->pdf.out, ">> >>");
    pdf_end(&c->pdf);
    return true;
}

bool canvas_finish(struct canvas *c, const char *title, struct arena *a, struct bytes *pdf, struct error *e)
{
    canvas_next_page(c);
    put_pages(c);
    if (!put_fonts(c, e))
        return false;
    pdf_finish(&c->pdf, title);
    if (c->page.overflow || c->pdf.out.overflow)
        return fail(e, E_PACK, "a paper of more than %zu bytes", c->pdf.out.max);
    *pdf = (struct bytes){arena_strndup(a, c->pdf.out.data, c->pdf.out.len), c->pdf.out.len};
    return true;
}
