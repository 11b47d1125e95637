/* What makes a paper stand up: who signs it, and the code by which anybody can check it. */
#include "document/draw_internal.h"

#include <math.h>
#include <qrencode.h>
#include <string.h>

static const double SIGN_GAP = 58; /* points between what the signatory is and the name: the signature's room */

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

    if (!code)
        return fail_errno(d->e, "make a square code");
    canvas_square(d->canvas, code->data, code->width, x, y, size);
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
    words = draw_layout(d,
                        arena_printf(d->arena, "Mã kiểm tra:\n<b>%s</b>\n<i>Kiểm tra thật, giả tại\n/verify/%s</i>",
                                     grouped(d->arena, code), code),
                        small, wide - size - 8, ALIGN_LEFT);
    draw_at(d, words, x + size + 8, y + fmax(0, (size - layout_high(words)) / 2));
    return draw_square(d, verify_address(d, code), x, y, size);
}

bool draw_verify(struct drawing *d, const struct block *b)
{
    (void)b;
    if (!verify_code(d))
        return true;
    if (!draw_need(d, QR_SIZE) || !verify_at(d, page_left(d), d->y, page_width(d)))
        return false;
    d->y += QR_SIZE + BLOCK_GAP;
    return true;
}

/* ---- any other code: a dossier's on its slips, for the counter's reader ---- */
bool draw_code(struct drawing *d, const struct block *b)
{
    double size = QR_SIZE * (d->l->size > 12 ? 0.9 : 0.75), gap = 8, high = size, y;
    PangoLayout *lines[12];
    const char *text;
    size_t n = 0;

    if (!draw_fill(d, &b->text, &text))
        return false;
    if (text_is_blank(text))
        return true;
    for (double sum = 0; n < b->lines.n && n < COUNT(lines); n++) {
        const char *line;

        if (!draw_fill(d, &b->lines.lines[n], &line))
            return false;
        lines[n] = draw_layout(d, line, d->l->size - 1, page_width(d) - size - gap, ALIGN_LEFT);
        sum += layout_high(lines[n]);
        high = fmax(high, sum);
    }
    if (!draw_need(d, high) || !draw_square(d, text, page_left(d), d->y, size))
        return false;
    y = d->y;
    for (size_t i = 0; i < n; i++) {
        draw_at(d, lines[i], page_left(d) + size + gap, y);
        y += layout_high(lines[i]);
    }
    d->y += high + BLOCK_GAP;
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

    if (!draw_fill(d, t, &text))
        return false;
    if (text_is_blank(text) || c->n == COUNT(c->lines))
        return true;
    c->lines[c->n] =
        draw_layout(d, *mark ? arena_printf(d->arena, "<%s>%s</%s>", mark, text, mark) : text, size, wide, align);
    c->gap[c->n] = gap;
    c->high += gap + layout_high(c->lines[c->n]);
    c->n++;
    return true;
}

static void column_draw(struct drawing *d, const struct column_text *c, double x)
{
    double y = d->y;

    for (size_t i = 0; i < c->n; i++) {
        y += c->gap[i];
        draw_at(d, c->lines[i], x, y);
        y += layout_high(c->lines[i]);
    }
}

/* Above the name, which stands last; below all of it where no name is printed. */
static struct paper_place signing_place(const struct drawing *d, const struct column_text *c, double x, double wide)
{
    bool named = c->n && c->gap[c->n - 1] > 0;
    double above = c->high - (named ? layout_high(c->lines[c->n - 1]) : -SIGN_GAP);

    return (struct paper_place){d->page, x, d->l->height - d->y - above, wide, SIGN_GAP};
}

static bool signer_column(struct drawing *d, const struct signatory *s, double wide, struct column_text *c)
{
    for (size_t i = 0; i < s->title.n; i++)
        if (!column_add(d, c, &s->title.lines[i], "b", d->l->size, wide, ALIGN_CENTER, 0))
            return false;
    return column_add(d, c, &s->note, "i", d->l->size - (d->l->size > 12 ? 3 : 2), wide, ALIGN_CENTER, 0) &&
           column_add(d, c, &s->name, "b", d->l->size, wide, ALIGN_CENTER, d->l->size > 12 ? SIGN_GAP : SIGN_GAP * 0.7);
}

static bool left_column(struct drawing *d, const struct block *b, double wide, struct column_text *c)
{
    if (b->signers == 2)
        return signer_column(d, &b->signer[1], wide, c);
    for (size_t i = 0; i < b->left.n; i++)
        if (!column_add(d, c, &b->left.lines[i], "", d->l->size - 2, wide, ALIGN_LEFT, 0))
            return false;
    return true;
}

bool draw_signature(struct drawing *d, const struct block *b)
{
    double wide = page_width(d) * (b->signers == 2 ? 0.5 : 0.54), beside = page_width(d) - wide - 12, square, high;
    double x = page_left(d) + page_width(d) - wide;
    struct column_text right = {.n = 0}, left = {.n = 0};

    if (!signer_column(d, &b->signer[0], wide, &right) || !left_column(d, b, beside, &left))
        return false;
    square = b->verify && verify_code(d) ? QR_SIZE : 0;
    high = fmax(right.high, left.high + square);
    d->y += d->l->size;
    if (!draw_need(d, high))
        return false;
    d->place = signing_place(d, &right, x, wide);
    column_draw(d, &right, x);
    column_draw(d, &left, page_left(d));
    if (b->verify && !verify_at(d, page_left(d), d->y + left.high + BLOCK_GAP, beside))
        return false;
    d->y += high + BLOCK_GAP;
    return true;
}
