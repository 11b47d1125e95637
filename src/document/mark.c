/* What is seen of a signature (Decree 30/2020, annex I): the signatory's name and time at the block, the agency's red
 * seal overlapping its left third, or plain text on a scanned copy. Text is drawn as outlines, so that a mark needs no
 * font of its own and stays within PDF/A-1b; what it says is read aloud from the field's description. */
#include "document/sign_internal.h"

#include <cairo.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>
#include <zlib.h>

#include "document/paper_internal.h"
#include "document/pdf_write.h"

enum { MARK_BYTES_MAX = 1 << 20 };
static const double PERSON_WIDTH = 168, PERSON_HEIGHT = 50, SEAL_SIZE = 96, COPY_WIDTH = 220, COPY_HEIGHT = 44;
static const char font[] = "Liberation Serif";

struct sheet {
    struct buf out;
    double width, height;
    cairo_t *cr;
    PangoContext *context;
};

/* ---- shapes ---- */
struct bend { /* text along a circle; radius 0: straight */
    double x, y, radius, from, baseline;
};

static void put_point(struct sheet *s, const struct bend *b, const cairo_path_data_t *p)
{
    double x = p->point.x, y = p->point.y;

    if (b->radius > 0) {
        double angle = b->from + x / b->radius, r = b->radius + b->baseline - y;

        x = b->x + r * sin(angle);
        y = b->y - r * cos(angle);
    } else {
        x += b->x;
        y += b->y;
    }
    pdf_put_number(&s->out, x);
    pdf_put_number(&s->out, s->height - y);
}

static void put_path(struct sheet *s, const struct bend *b)
{
    static const char operators[] = {[CAIRO_PATH_MOVE_TO] = 'm',
                                     [CAIRO_PATH_LINE_TO] = 'l',
                                     [CAIRO_PATH_CURVE_TO] = 'c',
                                     [CAIRO_PATH_CLOSE_PATH] = 'h'};
    cairo_path_t *path = cairo_copy_path(s->cr);

    for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
        const cairo_path_data_t *at = &path->data[i];

        for (int k = 1; k < at->header.length; k++)
            put_point(s, b, &at[k]);
        buf_add(&s->out, (const char[]){operators[at->header.type], '\n'}, 2);
    }
    cairo_path_destroy(path);
    cairo_new_path(s->cr);
}

struct line {
    const char *text, *style; /* of a Pango font description: "Bold", "Italic", "" */
    double size, wide, y;
    bool right;
};

static PangoLayout *layout_of(struct sheet *s, const struct line *l, double size)
{
    PangoLayout *layout = pango_layout_new(s->context);
    PangoFontDescription *description = pango_font_description_from_string(font);

    if (strstr(l->style, "Bold"))
        pango_font_description_set_weight(description, PANGO_WEIGHT_BOLD);
    if (strstr(l->style, "Italic"))
        pango_font_description_set_style(description, PANGO_STYLE_ITALIC);
    pango_font_description_set_size(description, (int)(size * PANGO_SCALE));
    pango_layout_set_font_description(layout, description);
    pango_layout_set_text(layout, l->text, -1);
    pango_font_description_free(description);
    return layout;
}

static double wide_of(PangoLayout *layout)
{
    PangoRectangle box;

    pango_layout_get_extents(layout, NULL, &box);
    return (double)box.width / PANGO_SCALE;
}

/* As large as asked for, or smaller until it fits. The caller's to unref. */
static PangoLayout *layout_fitting(struct sheet *s, const struct line *l, double *wide)
{
    PangoLayout *layout = layout_of(s, l, l->size);

    *wide = wide_of(layout);
    if (*wide > l->wide) {
        g_object_unref(layout);
        layout = layout_of(s, l, l->size * l->wide / *wide);
        *wide = wide_of(layout);
    }
    return layout;
}

static void put_line(struct sheet *s, const struct line *l)
{
    double wide;
    PangoLayout *layout = layout_fitting(s, l, &wide);

    pango_cairo_layout_path(s->cr, layout);
    put_path(s, &(struct bend){.x = (l->right ? s->width - wide : (s->width - wide) / 2), .y = l->y});
    buf_puts(&s->out, "f\n");
    g_object_unref(layout);
}

/* Over the top of the circle, in the middle. */
static void put_arc(struct sheet *s, const struct line *l, double radius)
{
    double wide;
    PangoLayout *layout = layout_fitting(s, l, &wide);

    pango_cairo_layout_path(s->cr, layout);
    put_path(s, &(struct bend){.x = s->width / 2,
                               .y = s->height / 2,
                               .radius = radius,
                               .from = -wide / 2 / radius,
                               .baseline = (double)pango_layout_get_baseline(layout) / PANGO_SCALE});
    buf_puts(&s->out, "f\n");
    g_object_unref(layout);
}

static void put_circle(struct sheet *s, double radius, double line)
{
    cairo_arc(s->cr, 0, 0, radius, 0, 2 * M_PI);
    buf_printf(&s->out, "%.2f w\n", line);
    put_path(s, &(struct bend){.x = s->width / 2, .y = s->height / 2});
    buf_puts(&s->out, "s\n");
}

static void put_star(struct sheet *s, double radius)
{
    for (int i = 0; i < 10; i++) {
        double r = i % 2 ? radius * 0.382 : radius, angle = i * M_PI / 5;

        cairo_line_to(s->cr, r * sin(angle), -r * cos(angle));
    }
    cairo_close_path(s->cr);
    put_path(s, &(struct bend){.x = s->width / 2, .y = s->height / 2});
    buf_puts(&s->out, "f\n");
}

/* ---- the marks ---- */
static const char *time_words(struct arena *a, int64_t at)
{
    char text[INSTANT_TEXT_MAX];

    instant_format(at, text); /* 2026-11-21T09:00:00.000+07:00; without the thousandths */
    return arena_printf(a, "%.19s%s", text, text + 23);
}

static void put_person(struct sheet *s, const struct mark_words *w, struct arena *a)
{
    buf_puts(&s->out, "0.05 0.16 0.47 rg\n");
    put_line(s, &(struct line){"Đã ký số bởi", "", 7.5, s->width, 0, false});
    put_line(s, &(struct line){w->name, "Bold Italic", 15, s->width, 11, false});
    put_line(s, &(struct line){time_words(a, w->at), "", 7.5, s->width, 36, false});
}

static void put_seal(struct sheet *s, const struct mark_words *w, struct arena *a)
{
    double inner = SEAL_SIZE * 0.34;

    buf_puts(&s->out, "0.82 0.07 0.12 rg 0.82 0.07 0.12 RG\n");
    put_circle(s, SEAL_SIZE / 2 - 1, 1.6);
    put_circle(s, SEAL_SIZE / 2 - 4, 0.6);
    put_circle(s, inner - 3, 0.6);
    put_star(s, inner * 0.62);
    put_arc(s, &(struct line){text_upper(a, w->name), "Bold", 8, 2 * M_PI * inner * 0.8, 0, false}, inner);
}

static void put_copy(struct sheet *s, const struct mark_words *w, struct arena *a)
{
    buf_puts(&s->out, "0 0 0 rg\n");
    put_line(s, &(struct line){w->above, "", 10, s->width, 0, true});
    put_line(s, &(struct line){w->name, "", 10, s->width, 14, true});
    put_line(s, &(struct line){time_words(a, w->at), "", 10, s->width, 28, true});
}

struct drawing_mark {
    enum mark_kind kind;
    const struct mark_words *words;
    struct arena *arena;
    struct mark *out;
};

static bool pack(struct sheet *s, struct arena *a, struct bytes *out, struct error *e)
{
    uLongf len = compressBound(s->out.len);
    unsigned char *data = arena_alloc(a, len);

    if (s->out.overflow)
        return fail(e, E_INTERNAL, "a mark of more than %d bytes", MARK_BYTES_MAX);
    /* Outlines hardly shrink more for more work. */
    if (compress2(data, &len, (const unsigned char *)s->out.data, s->out.len, Z_BEST_SPEED) != Z_OK)
        return fail(e, E_INTERNAL, "a mark cannot be packed");
    *out = (struct bytes){data, len};
    return true;
}

void mark_size(enum mark_kind kind, struct mark *out)
{
    *out = kind == MARK_PERSON ? (struct mark){.width = PERSON_WIDTH, .height = PERSON_HEIGHT}
           : kind == MARK_SEAL ? (struct mark){.width = SEAL_SIZE, .height = SEAL_SIZE}
                               : (struct mark){.width = COPY_WIDTH, .height = COPY_HEIGHT};
}

static bool draw(void *arg, struct error *e)
{
    static void (*const put[])(struct sheet *, const struct mark_words *, struct arena *) = {
        [MARK_PERSON] = put_person, [MARK_SEAL] = put_seal, [MARK_COPY] = put_copy};
    struct drawing_mark *d = arg;
    struct sheet s = {.out = BUF_INIT(MARK_BYTES_MAX)};
    /* Without bounds: of a long text, cairo leaves out the glyphs that lie outside a surface. */
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, NULL);
    bool good;

    mark_size(d->kind, d->out);
    s.width = d->out->width;
    s.height = d->out->height;
    s.cr = cairo_create(surface);
    s.context = print_context_new();
    put[d->kind](&s, d->words, d->arena);
    good = pack(&s, d->arena, &d->out->content, e);
    buf_done(&s.out);
    g_object_unref(s.context);
    cairo_destroy(s.cr);
    cairo_surface_destroy(surface);
    return good;
}

bool mark_draw(enum mark_kind kind, const struct mark_words *words, struct arena *a, struct mark *out, struct error *e)
{
    return press_run(draw, &(struct drawing_mark){kind, words, a, out}, e);
}
