/* A flow as a drawing: steps in layers from the start down, arrows between them, the present step marked. Plain SVG
 * with its own colours for light and dark, and the whole told in words for who cannot see it. */
#include "casework/flow.h"

#include <string.h>

enum {
    BOX_WIDTH = 200,
    BOX_HEIGHT = 54,
    GAP_X = 36,
    GAP_Y = 52,
    MARGIN = 28,
    SIDE = 26,       /* between lines that go back, on the right */
    LINE_CHARS = 26, /* of a title in its box */
    LINES_MAX = 2,
    RANK_NONE = -1,
};

struct place {
    int rank, column;
};

struct drawing {
    struct arena *arena;
    const struct flow *flow;
    const struct step *present;
    enum lang lang;
    struct place *at; /* by step */
    int *per_rank;
    int n_ranks, widest, n_back, n_drawn, width;
    struct buf svg;
};

static size_t index_of(const struct drawing *d, const struct step *s)
{
    return (size_t)(s - d->flow->steps);
}

/* ---- layers ---- */

static void rank_from(struct drawing *d, const struct step **queue, size_t head, size_t tail)
{
    for (; head < tail; head++) {
        const struct step *s = queue[head];
        int next = d->at[index_of(d, s)].rank + 1;

        for (size_t i = 0; i <= s->n_transitions; i++) {
            const struct step *to = i < s->n_transitions ? s->transitions[i].to : s->ask ? s->ask->then : NULL;

            if (!to || d->at[index_of(d, to)].rank != RANK_NONE)
                continue;
            d->at[index_of(d, to)].rank = next;
            queue[tail++] = to;
        }
    }
}

/* Breadth first from the start: a step stands below the first one that leads to it. What only `always` reaches
 * (stopped, withdrawn) comes last. */
static void lay_ranks(struct drawing *d)
{
    size_t n = d->flow->n_steps;
    const struct step **queue = arena_array(d->arena, const struct step *, n);
    int last = 0;

    for (size_t i = 0; i < n; i++)
        d->at[i].rank = RANK_NONE;
    d->at[index_of(d, d->flow->start)].rank = 0;
    queue[0] = d->flow->start;
    rank_from(d, queue, 0, 1);
    for (size_t i = 0; i < n; i++)
        last = d->at[i].rank > last ? d->at[i].rank : last;
    for (size_t i = 0; i < n; i++)
        if (d->at[i].rank == RANK_NONE) {
            d->at[i].rank = last + 1;
            queue[0] = &d->flow->steps[i];
            rank_from(d, queue, 0, 1);
        }
    d->per_rank = arena_array(d->arena, int, n + 2);
    for (size_t i = 0; i < n; i++) {
        struct place *p = &d->at[i];

        p->column = d->per_rank[p->rank]++;
        d->n_ranks = p->rank + 1 > d->n_ranks ? p->rank + 1 : d->n_ranks;
        d->widest = d->per_rank[p->rank] > d->widest ? d->per_rank[p->rank] : d->widest;
    }
}

static int width_of(const struct drawing *d)
{
    return d->widest * (BOX_WIDTH + GAP_X) - GAP_X + 2 * MARGIN + (d->n_back + 1) * SIDE / 2;
}

static int left_of(const struct drawing *d, const struct step *s)
{
    const struct place *p = &d->at[index_of(d, s)];
    int row = d->per_rank[p->rank] * (BOX_WIDTH + GAP_X) - GAP_X;
    int whole = d->widest * (BOX_WIDTH + GAP_X) - GAP_X;

    return MARGIN + (whole - row) / 2 + p->column * (BOX_WIDTH + GAP_X);
}

static int top_of(const struct drawing *d, const struct step *s)
{
    return MARGIN + d->at[index_of(d, s)].rank * (BOX_HEIGHT + GAP_Y);
}

/* ---- text ---- */

/* The first line's bytes: whole words, at most so many characters. */
static size_t line_bytes(const char *s, bool last)
{
    size_t chars = 0, end = 0, i = 0;

    for (; s[i]; i++) {
        chars += ((unsigned char)s[i] & 0xC0) != 0x80;
        if (chars > LINE_CHARS && !last)
            return end ? end : i;
        if (s[i] == ' ')
            end = i;
    }
    return i;
}

static void put_lines(struct drawing *d, const char *title, int x, int y)
{
    for (int line = 0; line < LINES_MAX && *title; line++) {
        size_t n = line_bytes(title, line == LINES_MAX - 1);

        buf_printf(&d->svg, "<text class=\"t\" x=\"%d\" y=\"%d\">", x, y + line * 16);
        buf_markup(&d->svg, arena_strndup(d->arena, title, n));
        buf_puts(&d->svg, "</text>");
        title += n + (title[n] == ' ');
    }
}

static const char *who(const struct drawing *d, const struct step *s)
{
    static const char *const system[LANG__COUNT] = {"Hệ thống", "The system"};
    static const char *const applicant[LANG__COUNT] = {"Người nộp", "Applicant"};

    return s->automatic                   ? system[d->lang]
           : s->role == ROLE_CITIZEN      ? applicant[d->lang]
           : s->role == NO_ROLE           ? ""
           : s->end && s->role != NO_ROLE ? ""
                                          : role_title((enum role)s->role, d->lang);
}

/* ---- boxes and arrows ---- */

static void draw_box(struct drawing *d, const struct step *s)
{
    int x = left_of(d, s), y = top_of(d, s);
    bool now = s == d->present, long_title = text_length(s->title[d->lang]) > LINE_CHARS;

    buf_printf(&d->svg, "<g class=\"%s%s%s%s\"><title>", now ? "now " : "", s->end ? "end " : "",
               s->pause ? "wait " : "", s->automatic ? "auto" : "");
    buf_markup(&d->svg, s->title[d->lang]);
    buf_printf(&d->svg, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>", x, y, BOX_WIDTH,
               BOX_HEIGHT, s->end ? BOX_HEIGHT / 2 : 6);
    put_lines(d, s->title[d->lang], x + BOX_WIDTH / 2, y + (long_title ? 18 : 24));
    if (!long_title) {
        buf_printf(&d->svg, "<text class=\"r\" x=\"%d\" y=\"%d\">", x + BOX_WIDTH / 2, y + 42);
        buf_markup(&d->svg, who(d, s));
        buf_puts(&d->svg, "</text>");
    }
    buf_puts(&d->svg, "</g>\n");
}

static void draw_arrow(struct drawing *d, const struct step *from, const struct step *to, const char *title)
{
    int x1 = left_of(d, from) + BOX_WIDTH / 2, y1 = top_of(d, from) + BOX_HEIGHT;
    int x2 = left_of(d, to) + BOX_WIDTH / 2, y2 = top_of(d, to);
    bool down = d->at[index_of(d, to)].rank > d->at[index_of(d, from)].rank;

    buf_printf(&d->svg, "<path class=\"%s\" d=\"", down ? "a" : "a b");
    if (down) {
        buf_printf(&d->svg, "M%d %dC%d %d %d %d %d %d", x1, y1, x1, y1 + GAP_Y / 2, x2, y2 - GAP_Y / 2, x2, y2 - 2);
    } else { /* out on the right, up, and in from the right */
        int side = d->width - MARGIN / 2 - d->n_drawn++ * SIDE / 2, out = left_of(d, from) + BOX_WIDTH;
        int in = left_of(d, to) + BOX_WIDTH;

        y1 -= BOX_HEIGHT / 2;
        y2 += BOX_HEIGHT / 2;
        buf_printf(&d->svg, "M%d %dC%d %d %d %d %d %dL%d %dC%d %d %d %d %d %d", out, y1, side, y1, side, y1, side,
                   y1 - 14, side, y2 + 14, side, y2, side, y2, in + 2, y2);
    }
    buf_puts(&d->svg, "\"><title>");
    buf_markup(&d->svg, title);
    buf_puts(&d->svg, "</title></path>\n");
}

static bool drawn_before(const struct step *s, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (s->transitions[k].to == s->transitions[i].to)
            return true;
    return false;
}

static void draw_arrows_of(struct drawing *d, const struct step *s)
{
    for (size_t i = 0; i < s->n_transitions; i++)
        if (s->transitions[i].to && s->transitions[i].to != s && !drawn_before(s, i))
            draw_arrow(d, s, s->transitions[i].to, s->transitions[i].title[d->lang]);
    if (s->ask)
        draw_arrow(d, s, s->ask->then, d->lang == LANG_VI ? "Khi đã có trả lời" : "When they have answered");
}

static int count_back(const struct drawing *d)
{
    int n = 0;

    for (size_t i = 0; i < d->flow->n_steps; i++)
        for (size_t k = 0; k < d->flow->steps[i].n_transitions; k++) {
            const struct step *to = d->flow->steps[i].transitions[k].to;

            n += to && d->at[index_of(d, to)].rank <= d->at[i].rank;
        }
    return n;
}

/* ---- in words ---- */

static void tell(struct drawing *d)
{
    const bool vi = d->lang == LANG_VI;

    buf_puts(&d->svg, "<desc>");
    for (size_t i = 0; i < d->flow->n_steps; i++) {
        const struct step *s = &d->flow->steps[i];

        buf_markup(&d->svg, s->title[d->lang]);
        if (*who(d, s)) {
            buf_puts(&d->svg, " (");
            buf_markup(&d->svg, who(d, s));
            buf_puts(&d->svg, ")");
        }
        if (s == d->present)
            buf_puts(&d->svg, vi ? " — hồ sơ đang ở đây" : " — the case is here");
        for (size_t k = 0; k < s->n_transitions; k++) {
            const struct transition *t = &s->transitions[k];

            if (!t->to || t->to == s)
                continue;
            buf_puts(&d->svg, "; ");
            buf_markup(&d->svg, t->title[d->lang]);
            buf_puts(&d->svg, vi ? " dẫn đến " : " leads to ");
            buf_markup(&d->svg, t->to->title[d->lang]);
        }
        buf_puts(&d->svg, ".\n");
    }
    buf_puts(&d->svg, "</desc>\n");
}

static const char style[] =
    "<style>text{font-family:system-ui,'Noto Sans',sans-serif;text-anchor:middle;fill:#1b1b1f}.t{font-size:13px}"
    ".r{font-size:11px;fill:#5b5b66}rect{fill:#fff;stroke:#8a8a99;stroke-width:1.2}.end rect{fill:#f1f1f4}"
    ".wait rect{stroke-dasharray:5 4}.auto rect{stroke-dasharray:1 3}.now "
    "rect{fill:#fff3d6;stroke:#b35900;stroke-width:3}"
    ".a{fill:none;stroke:#6b6b78;stroke-width:1.3;marker-end:url(#h)}.b{stroke-dasharray:4 4}#h path{fill:#6b6b78}"
    "@media(prefers-color-scheme:dark){text{fill:#ececf1}.r{fill:#b4b4c0}rect{fill:#26262c;stroke:#85859a}"
    ".end rect{fill:#1d1d22}.now rect{fill:#4a3512;stroke:#ffb454}.a{stroke:#a5a5b5}#h path{fill:#a5a5b5}}</style>\n"
    "<defs><marker id=\"h\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\""
    " orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";

char *flow_svg(struct arena *a, const struct flow *f, const char *present, enum lang lang)
{
    struct drawing d = {.arena = a, .flow = f, .lang = lang, .svg = BUF_INIT(4 << 20)};
    int height;
    char *out;

    d.present = present ? flow_step(f, present) : NULL;
    d.at = arena_array(a, struct place, f->n_steps);
    lay_ranks(&d);
    d.n_back = count_back(&d);
    d.width = width_of(&d);
    height = d.n_ranks * (BOX_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN;
    buf_printf(&d.svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
               " xml:lang=\"%s\"><title>",
               d.width, height, d.width, height, lang == LANG_VI ? "vi" : "en");
    buf_markup(&d.svg, f->title[lang]);
    buf_puts(&d.svg, "</title>\n");
    tell(&d);
    buf_puts(&d.svg, style);
    for (size_t i = 0; i < f->n_steps; i++)
        draw_arrows_of(&d, &f->steps[i]);
    for (size_t i = 0; i < f->n_steps; i++)
        draw_box(&d, &f->steps[i]);
    buf_puts(&d.svg, "</svg>\n");
    out = arena_strdup(a, d.svg.data ? d.svg.data : "");
    buf_done(&d.svg);
    return out;
}

const char *flow_drawn(struct arena *a, const json_t *definition, enum lang lang)
{
    auto_error struct error e;
    struct flow *f = NULL;

    error_init(&e);
    return flow_compile(a, definition, 0, &f, &e) ? flow_svg(a, f, NULL, lang) : NULL;
}
