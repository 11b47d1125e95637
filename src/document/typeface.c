/* HarfBuzz cuts the font down to its used glyphs, and leaves out the hinting: it is for screens of few dots, and half
 * of what such a subset weighs. */
#include "document/typeface.h"

#include <harfbuzz/hb-ot.h>
#include <harfbuzz/hb-subset.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"

enum { NAME_CHARS_MAX = 80, MAP_BYTES_MAX = 1 << 20, MAP_RUN_MAX = 100, TAG_CHARS = 6 };

struct glyph {
    hb_codepoint_t glyph;
    double advance;   /* thousandths of an em */
    const char *text; /* what it stands for */
    size_t len;
};

static void drop_face(void *face)
{
    hb_face_destroy(face);
}

static void drop_font(void *font)
{
    hb_font_destroy(font);
}

/* Outlines of TrueType as they stand in the file: no other format, no variation of them. */
static bool may_embed(hb_face_t *face, hb_font_t *chosen)
{
    hb_blob_t *outlines = hb_face_reference_table(face, HB_TAG('g', 'l', 'y', 'f'));
    bool some = hb_blob_get_length(outlines) > 0;
    unsigned varied = 0;

    hb_blob_destroy(outlines);
    (void)hb_font_get_var_coords_normalized(chosen, &varied);
    return some && varied == 0;
}

void typeface_open(struct typeface *t, hb_font_t *chosen, struct pdf *f)
{
    hb_face_t *face = hb_face_reference(hb_font_get_face(chosen));

    *t = (struct typeface){.arena = f->arena,
                           .face = face,
                           .font = hb_font_create(face),
                           .embeds = may_embed(face, chosen),
                           .n_numbers = hb_face_get_glyph_count(face)};
    arena_defer(f->arena, drop_face, face);
    arena_defer(f->arena, drop_font, t->font);
    t->number = arena_array(f->arena, uint16_t, t->n_numbers);
    if (t->embeds)
        t->object = pdf_reserve(f);
    (void)typeface_number(t, 0); /* number 0 is what stands for a glyph that a font lacks */
}

unsigned typeface_number(struct typeface *t, hb_codepoint_t glyph)
{
    double units = hb_face_get_upem(t->face);

    if (glyph >= t->n_numbers)
        glyph = 0;
    if (t->n == 0 || (glyph && !t->number[glyph])) {
        t->glyphs = arena_grown(t->arena, t->glyphs, t->n, &t->room, sizeof *t->glyphs);
        t->glyphs[t->n] = (struct glyph){glyph, hb_font_get_glyph_h_advance(t->font, glyph) * 1000 / units, "", 0};
        t->number[glyph] = (uint16_t)t->n++; /* a font has at most 65,535 glyphs */
    }
    return t->number[glyph];
}

bool typeface_tells(struct typeface *t, unsigned number, const char *text, size_t len)
{
    struct glyph *g = &t->glyphs[number];

    if (!g->len) {
        g->text = arena_strndup(t->arena, text, len);
        g->len = len;
    }
    return len && g->len == len && memcmp(g->text, text, len) == 0;
}

double typeface_advance(const struct typeface *t, unsigned number)
{
    return t->glyphs[number].advance;
}

/* ---- writing ---- */
/* "ABCDEF+LiberationSerif": subsets that differ have different names (9.6.4). */
static const char *subset_name(const struct typeface *t, struct arena *a)
{
    char name[NAME_CHARS_MAX] = "", tag[TAG_CHARS + 1] = "";
    unsigned len = sizeof name;
    uint64_t sum = 14695981039346656037U; /* FNV-1a */

    for (size_t i = 0; i < t->n; i++)
        sum = (sum ^ t->glyphs[i].glyph) * 1099511628211U;
    for (size_t i = 0; i < TAG_CHARS; i++, sum /= 26)
        tag[i] = (char)('A' + sum % 26);
    (void)hb_ot_name_get_utf8(t->face, HB_OT_NAME_ID_POSTSCRIPT_NAME, HB_LANGUAGE_INVALID, &len, name);
    for (char *c = name; *c; c++)
        if (!strchr("-_.", *c) && !(*c >= '0' && *c <= '9') && !((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'))
            *c = '-';
    return arena_printf(a, "%s+%s", tag, *name ? name : "Font");
}

static double metric(const struct typeface *t, hb_ot_metrics_tag_t tag)
{
    hb_position_t value = 0;

    hb_ot_metrics_get_position_with_fallback(t->font, tag, &value);
    return (double)value * 1000 / hb_face_get_upem(t->face);
}

/* xMin, yMin, xMax, yMax of the table "head" (OpenType). */
static void put_bounds(const struct typeface *t, struct buf *b)
{
    hb_blob_t *head = hb_face_reference_table(t->face, HB_TAG('h', 'e', 'a', 'd'));
    unsigned len;
    const unsigned char *p = (const unsigned char *)hb_blob_get_data(head, &len);

    buf_puts(b, "/FontBBox [ ");
    for (size_t i = 36; i < 44; i += 2)
        pdf_put_number(b, len < 44 ? 0 : (int16_t)(p[i] << 8 | p[i + 1]) * 1000.0 / hb_face_get_upem(t->face));
    buf_puts(b, "] ");
    hb_blob_destroy(head);
}

static int put_descriptor(const struct typeface *t, struct pdf *f, const char *name, int file, int set)
{
    int object = pdf_reserve(f);

    pdf_begin(f, object);
    buf_printf(&f->out, "<< /Type /FontDescriptor /FontName /%s /Flags 4 /StemV 80 /FontFile2 %d 0 R /CIDSet %d 0 R ",
               name, file, set);
    put_bounds(t, &f->out);
    buf_puts(&f->out, "/ItalicAngle ");
    pdf_put_number(&f->out, hb_style_get_value(t->font, HB_STYLE_TAG_SLANT_ANGLE));
    buf_puts(&f->out, "/Ascent ");
    pdf_put_number(&f->out, metric(t, HB_OT_METRICS_TAG_HORIZONTAL_ASCENDER));
    buf_puts(&f->out, "/Descent ");
    pdf_put_number(&f->out, metric(t, HB_OT_METRICS_TAG_HORIZONTAL_DESCENDER));
    buf_puts(&f->out, "/CapHeight ");
    pdf_put_number(&f->out, metric(t, HB_OT_METRICS_TAG_CAP_HEIGHT));
    buf_puts(&f->out, ">>");
    pdf_end(f);
    return object;
}

/* Which numbers the font has: all from 0 on (ISO 19005-1, 6.3.5). */
static int put_set(const struct typeface *t, struct pdf *f)
{
    size_t len = (t->n + 7) / 8;
    unsigned char *set = arena_alloc(f->arena, len);

    for (size_t i = 0; i < t->n; i++)
        set[i / 8] |= (unsigned char)(0x80 >> i % 8);
    return pdf_stream(f, "", (struct bytes){set, len});
}

/* From our numbers to those that the glyphs have in the subset. */
static int put_glyph_map(const struct typeface *t, struct pdf *f, const hb_map_t *kept)
{
    unsigned char *map = arena_alloc(f->arena, t->n * 2);

    for (size_t i = 0; i < t->n; i++) {
        hb_codepoint_t glyph = hb_map_get(kept, t->glyphs[i].glyph);

        map[2 * i] = (unsigned char)(glyph >> 8);
        map[2 * i + 1] = (unsigned char)glyph;
    }
    return pdf_stream(f, "", (struct bytes){map, t->n * 2});
}

static int put_widths(const struct typeface *t, struct pdf *f, const char *name, int descriptor, int map)
{
    int object = pdf_reserve(f);

    pdf_begin(f, object);
    buf_printf(&f->out,
               "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /FontDescriptor %d 0 R /CIDToGIDMap %d 0 R"
               " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 0 /W [ 0 [ ",
               name, descriptor, map);
    for (size_t i = 0; i < t->n; i++)
        pdf_put_number(&f->out, t->glyphs[i].advance);
    buf_puts(&f->out, "] ] >>");
    pdf_end(f);
    return object;
}

/* What text each glyph stands for, so that it can be selected and searched (9.10.3). */
static int put_texts(const struct typeface *t, struct pdf *f)
{
    auto_buf struct buf b = BUF_INIT(MAP_BYTES_MAX);
    size_t left = 0, run = 0;

    for (size_t i = 0; i < t->n; i++)
        left += t->glyphs[i].len > 0;
    buf_puts(&b, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
                 "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
                 "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
                 "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
    for (size_t i = 0; i < t->n; i++) {
        if (!t->glyphs[i].len)
            continue;
        if (run == 0) {
            run = left < MAP_RUN_MAX ? left : MAP_RUN_MAX;
            buf_printf(&b, "%zu beginbfchar\n", run);
        }
        buf_printf(&b, "<%04zX> <", i);
        pdf_put_utf16(&b, t->glyphs[i].text, t->glyphs[i].len);
        buf_puts(&b, ">\n");
        left--;
        if (--run == 0)
            buf_puts(&b, "endbfchar\n");
    }
    buf_puts(&b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    return pdf_stream(f, "", (struct bytes){b.data, b.len});
}

static void put_font(const struct typeface *t, struct pdf *f, const char *name, int widths, int texts)
{
    pdf_begin(f, t->object);
    buf_printf(&f->out,
               "<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [ %d 0 R ]"
               " /ToUnicode %d 0 R >>",
               name, widths, texts);
    pdf_end(f);
}

/* What a cut needs of the whole face is gathered once: pango keeps its faces as long as the thread draws. */
static hb_face_t *prepared(hb_face_t *face)
{
    static hb_user_data_key_t key;
    hb_face_t *made = hb_face_get_user_data(face, &key);

    if (!made) {
        made = hb_subset_preprocess(face);
        if (!hb_face_set_user_data(face, &key, made, drop_face, false))
            die("out of memory", 0);
    }
    return made;
}

/* Only what a PDF asks of such a font (9.9): the rest is for those who lay text out. NULL without memory. */
static hb_subset_input_t *wanted_new(const struct typeface *t)
{
    static const hb_tag_t dropped[] = {
        HB_TAG('c', 'm', 'a', 'p'), HB_TAG('n', 'a', 'm', 'e'), HB_TAG('O', 'S', '/', '2'), HB_TAG('p', 'o', 's', 't'),
        HB_TAG('G', 'S', 'U', 'B'), HB_TAG('G', 'P', 'O', 'S'), HB_TAG('G', 'D', 'E', 'F'), HB_TAG('g', 'a', 's', 'p'),
        HB_TAG('D', 'S', 'I', 'G'), HB_TAG('k', 'e', 'r', 'n'), HB_TAG('v', 'h', 'e', 'a'), HB_TAG('v', 'm', 't', 'x')};
    hb_subset_input_t *wanted = hb_subset_input_create_or_fail();

    if (!wanted)
        return NULL;
    hb_subset_input_set_flags(wanted, HB_SUBSET_FLAGS_NO_HINTING | HB_SUBSET_FLAGS_NOTDEF_OUTLINE);
    for (size_t i = 0; i < COUNT(dropped); i++)
        hb_set_add(hb_subset_input_set(wanted, HB_SUBSET_SETS_DROP_TABLE_TAG), dropped[i]);
    for (size_t i = 0; i < t->n; i++)
        hb_set_add(hb_subset_input_glyph_set(wanted), t->glyphs[i].glyph);
    return wanted;
}

static bool put_all(const struct typeface *t, struct pdf *f, hb_subset_plan_t *plan)
{
    hb_face_t *subset = hb_subset_plan_execute_or_fail(plan);
    hb_blob_t *bytes;
    int file, set, map, texts, descriptor;
    const char *name, *data;
    unsigned len;

    if (!subset)
        return false;
    bytes = hb_face_reference_blob(subset);
    data = hb_blob_get_data(bytes, &len);
    name = subset_name(t, f->arena);
    file = pdf_stream(f, arena_printf(f->arena, "/Length1 %u ", len), (struct bytes){data, len});
    hb_blob_destroy(bytes);
    hb_face_destroy(subset);
    set = put_set(t, f);
    map = put_glyph_map(t, f, hb_subset_plan_old_to_new_glyph_mapping(plan));
    texts = put_texts(t, f);
    descriptor = put_descriptor(t, f, name, file, set);
    put_font(t, f, name, put_widths(t, f, name, descriptor, map), texts);
    return true;
}

bool typeface_embed(const struct typeface *t, struct pdf *f, struct error *e)
{
    hb_subset_input_t *wanted;
    hb_subset_plan_t *plan;
    bool good;

    if (!t->embeds)
        return true;
    wanted = wanted_new(t);
    plan = wanted ? hb_subset_plan_create_or_fail(prepared(t->face), wanted) : NULL;
    good = (plan && put_all(t, f, plan)) || fail(e, E_INTERNAL, "a font cannot be cut down");
    hb_subset_plan_destroy(plan);
    hb_subset_input_destroy(wanted);
    return good;
}
