/* A PDF/A-1b, what an archive can still show in fifty years: an output intent for its colours, metadata that say the
 * same inside and out, no transparency. The bytes are final: a signature is appended after them. */
#include "document/pdf_write.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/digest.h"
#include "base/log.h"

/* sRGB of the package icc-profiles-free (zlib licence), embedded by the build as deflate packs it. */
extern const char srgb_icc[];
extern const size_t srgb_icc_len;

/* The outlines of a font and numbers hardly shrink more for more work, and what is small not at all. */
enum { PACK_LEVEL = Z_BEST_SPEED, PACK_FROM_BYTES = 256, ID_BYTES = 16, WORDS_MAX = 8 << 10 };

static const char producer[] = "motcua";

/* ---- numbers and texts ---- */
/* By hand: a page is a thousand numbers, and printf of them was half of a mark. */
void pdf_put_number(struct buf *b, double value)
{
    char text[24];
    size_t at = sizeof text;
    long hundredths = lround(value * 100);
    unsigned long n = hundredths < 0 ? -(unsigned long)hundredths : (unsigned long)hundredths, part = n % 100;

    text[--at] = ' ';
    if (part % 10)
        text[--at] = (char)('0' + part % 10);
    if (part)
        text[--at] = (char)('0' + part / 10);
    if (part)
        text[--at] = '.';
    n /= 100;
    do
        text[--at] = (char)('0' + n % 10);
    while (n /= 10);
    if (hundredths < 0)
        text[--at] = '-';
    buf_add(b, text + at, sizeof text - at);
}

void pdf_put_utf16(struct buf *b, const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + len;

    while (p < end) {
        unsigned c = *p < 0x80 ? *p : *p < 0xe0 ? *p & 0x1f : *p < 0xf0 ? *p & 0x0f : *p & 0x07;
        int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;

        for (p++; more && p < end; more--, p++)
            c = c << 6 | (*p & 0x3f);
        if (c >= 0x10000)
            buf_printf(b, "%04X%04X", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
        else
            buf_printf(b, "%04X", c);
    }
}

void pdf_put_text(struct buf *b, const char *s)
{
    auto_arena struct arena *a = arena_new();
    const char *text = text_nfc(a, s);

    buf_puts(b, "<FEFF");
    pdf_put_utf16(b, text, strlen(text));
    buf_puts(b, ">");
}

/* ---- objects ---- */
void pdf_start(struct pdf *f, size_t bytes_max, struct arena *a)
{
    *f = (struct pdf){.out = BUF_INIT(bytes_max), .arena = a, .packer = arena_new_of(a, z_stream)};
    if (deflateInit(f->packer, PACK_LEVEL) != Z_OK)
        die("out of memory", 0);
    while (f->n + 1 < PDF__FIRST)
        (void)pdf_reserve(f);
    buf_puts(&f->out, "%PDF-1.4\n%\xBF\xF7\xA2\xFE\n"); /* bytes that no text has: it is binary */
}

void pdf_drop(struct pdf *f)
{
    (void)deflateEnd(f->packer);
    buf_done(&f->out);
}

int pdf_reserve(struct pdf *f)
{
    f->at = arena_grown(f->arena, f->at, (size_t)f->n, &f->room, sizeof *f->at);
    return ++f->n;
}

void pdf_begin(struct pdf *f, int object)
{
    f->at[object - 1] = f->out.len;
    buf_printf(&f->out, "%d 0 obj\n", object);
}

void pdf_end(struct pdf *f)
{
    buf_puts(&f->out, "\nendobj\n");
}

static int put_stream(struct pdf *f, const char *dictionary, struct bytes data)
{
    int object = pdf_reserve(f);

    pdf_begin(f, object);
    buf_printf(&f->out, "<< %s/Length %zu >>\nstream\n", dictionary, data.len);
    buf_add(&f->out, data.data, data.len);
    buf_puts(&f->out, "\nendstream");
    pdf_end(f);
    return object;
}

int pdf_stream(struct pdf *f, const char *dictionary, struct bytes data)
{
    z_stream *z = f->packer;
    size_t most = deflateBound(z, data.len);
    char *packed;

    if (data.len < PACK_FROM_BYTES)
        return put_stream(f, dictionary, data);
    packed = arena_alloc(f->arena, most);
    (void)deflateReset(z); /* fails only for a state that never was */
    z->next_in = (unsigned char *)(uintptr_t)data.data;
    z->avail_in = (unsigned)data.len;
    z->next_out = (unsigned char *)packed;
    z->avail_out = (unsigned)most;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        die("a stream of a PDF", data.len);
    return put_stream(f, arena_printf(f->arena, "%s/Filter /FlateDecode ", dictionary),
                      (struct bytes){packed, z->total_out});
}

/* ---- what makes it PDF/A ---- */
/* The Info dictionary and the metadata must not contradict each other, so both are made here, from the same words. */
static int put_metadata(struct pdf *f, const char *title)
{
    static const char packet[] =
        "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
        "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">"
        "<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>\n"
        "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
        "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li></rdf:Alt></dc:title></rdf:Description>\n"
        "<rdf:Description rdf:about=\"\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">"
        "<pdf:Producer>%s</pdf:Producer></rdf:Description>\n"
        "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>";
    auto_buf struct buf escaped = BUF_INIT(WORDS_MAX);
    const char *xmp;

    buf_markup(&escaped, title);
    xmp = arena_printf(f->arena, packet, escaped.data ? escaped.data : "", producer);
    return put_stream(f, "/Type /Metadata /Subtype /XML ",
                      (struct bytes){xmp, strlen(xmp)}); /* an archive finds it unpacked */
}

static int put_info(struct pdf *f, const char *title)
{
    int object = pdf_reserve(f);

    pdf_begin(f, object);
    buf_puts(&f->out, "<< /Title ");
    pdf_put_text(&f->out, title);
    buf_printf(&f->out, " /Producer (%s) >>", producer);
    pdf_end(f);
    return object;
}

static void put_catalog(struct pdf *f, int metadata, int profile)
{
    pdf_begin(f, PDF_CATALOG);
    buf_printf(&f->out,
               "<< /Type /Catalog /Pages %d 0 R /Lang (vi-VN) /Metadata %d 0 R /OutputIntents [ << /Type /OutputIntent"
               " /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1)"
               " /RegistryName (http://www.color.org) /DestOutputProfile %d 0 R >> ] >>",
               PDF_PAGES, metadata, profile);
    pdf_end(f);
}

void pdf_finish(struct pdf *f, const char *title)
{
    int metadata = put_metadata(f, title), info = put_info(f, title);
    int profile = put_stream(f, "/N 3 /Filter /FlateDecode ", (struct bytes){srgb_icc, srgb_icc_len});
    struct digest digest;
    size_t table;
    char id[DIGEST_HEX];

    put_catalog(f, metadata, profile);
    digest = digest_of((struct bytes){f->out.data, f->out.len});
    digest_hex(&digest, id);
    id[ID_BYTES * 2] = '\0';
    table = f->out.len;
    buf_printf(&f->out, "xref\n0 %d\n0000000000 65535 f \n", f->n + 1);
    for (int i = 0; i < f->n; i++)
        buf_printf(&f->out, "%010zu 00000 n \n", f->at[i]);
    buf_printf(&f->out,
               "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [ <%s> <%s> ] >>\nstartxref\n%zu\n%%%%EOF\n",
               f->n + 1, PDF_CATALOG, info, id, id, table);
}
