/* From a drawn PDF to PDF/A-1b (ISO 19005-1), what an archive can still show in fifty years: an output intent for its
 * colours, metadata that say the same inside and out, every glyph of an embedded font accounted for, no transparency.
 * The bytes are final: the same values give the same ones, and a signature is appended after them. */
#include "document/paper_internal.h"

#include <qpdf/qpdf-c.h>
#include <string.h>

/* sRGB of the package icc-profiles-free (zlib licence), embedded by the build. */
extern const char srgb_icc[];
extern const size_t srgb_icc_len;

enum { XMP_MAX = 8 << 10, GLYPHS_MAX = 65536 };

static const char producer[] = "motcua";

static void scope_pdf(qpdf_data *q)
{
    qpdf_cleanup(q);
}
#define auto_pdf __attribute__((cleanup(scope_pdf)))

static bool sound(qpdf_data q, QPDF_ERROR_CODE code, struct error *e)
{
    if (!(code & QPDF_ERRORS) && !qpdf_has_error(q))
        return true;
    return fail(e, E_INTERNAL, "qpdf: %s", qpdf_get_error_full_text(q, qpdf_get_error(q)));
}

static qpdf_oh stream_new(qpdf_data q, struct bytes data)
{
    qpdf_oh stream = qpdf_oh_new_stream(q);

    qpdf_oh_replace_stream_data(q, stream, (const unsigned char *)data.data, data.len, qpdf_oh_new_null(q),
                                qpdf_oh_new_null(q));
    return stream;
}

static void add_intent(qpdf_data q, qpdf_oh root)
{
    qpdf_oh intent = qpdf_oh_parse(q, "<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB)"
                                      " /Info (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) >>"),
            profile = stream_new(q, (struct bytes){srgb_icc, srgb_icc_len}), list = qpdf_oh_new_array(q);

    qpdf_oh_replace_key(q, qpdf_oh_get_dict(q, profile), "/N", qpdf_oh_new_integer(q, 3));
    qpdf_oh_replace_key(q, intent, "/DestOutputProfile", profile);
    qpdf_oh_append_item(q, list, intent);
    qpdf_oh_replace_key(q, root, "/OutputIntents", list);
}

static const char *xml_escaped(struct arena *a, const char *s)
{
    auto_buf struct buf b = BUF_INIT(XMP_MAX / 2);

    buf_markup(&b, s);
    return arena_strndup(a, b.data ? b.data : "", b.len);
}

/* The Info dictionary and the metadata must not contradict each other, so both are made here, from the same words. */
static void add_metadata(qpdf_data q, qpdf_oh root, const char *title, struct arena *a)
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
    const char *xmp = arena_printf(a, packet, xml_escaped(a, title), producer);
    qpdf_oh info = qpdf_oh_new_dictionary(q), metadata = stream_new(q, (struct bytes){xmp, strlen(xmp)});

    qpdf_oh_replace_key(q, info, "/Title", qpdf_oh_new_unicode_string(q, title));
    qpdf_oh_replace_key(q, info, "/Producer", qpdf_oh_new_string(q, producer));
    qpdf_oh_replace_key(q, qpdf_get_trailer(q), "/Info", qpdf_make_indirect_object(q, info));
    qpdf_oh_replace_key(q, qpdf_oh_get_dict(q, metadata), "/Type", qpdf_oh_new_name(q, "/Metadata"));
    qpdf_oh_replace_key(q, qpdf_oh_get_dict(q, metadata), "/Subtype", qpdf_oh_new_name(q, "/XML"));
    qpdf_oh_replace_key(q, root, "/Metadata", metadata);
    qpdf_oh_replace_key(q, root, "/Lang", qpdf_oh_new_string(q, "vi-VN"));
}

/* cairo numbers the glyphs of a subset 0…n-1 and gives each its width: "/W [0 [w0 w1 …]]". */
static size_t glyphs_of(qpdf_data q, qpdf_oh font)
{
    qpdf_oh widths = qpdf_oh_get_key(q, font, "/W"), run;
    int n;

    if (!qpdf_oh_is_array(q, widths) || qpdf_oh_get_array_n_items(q, widths) != 2)
        return 0;
    run = qpdf_oh_get_array_item(q, widths, 1);
    n = qpdf_oh_is_array(q, run) ? qpdf_oh_get_array_n_items(q, run) : 0;
    return n > 0 && n < GLYPHS_MAX ? (size_t)n : 0;
}

/* What a composite font still lacks: which glyphs the subset holds, and that their numbers are their own. */
static bool complete_font(qpdf_data q, qpdf_oh font, struct arena *a, struct error *e)
{
    qpdf_oh descendant, descriptor;
    unsigned char *set;
    size_t n;

    if (!qpdf_oh_is_dictionary_of_type(q, font, "/Font", "/Type0"))
        return true;
    descendant = qpdf_oh_get_array_item(q, qpdf_oh_get_key(q, font, "/DescendantFonts"), 0);
    descriptor = qpdf_oh_get_key(q, descendant, "/FontDescriptor");
    if (qpdf_oh_has_key(q, descriptor, "/CIDSet")) /* the font of an earlier page */
        return true;
    n = glyphs_of(q, descendant);
    if (n == 0)
        return fail(e, E_INTERNAL, "a font of a paper tells no widths");
    set = arena_alloc(a, (n + 7) / 8);
    memset(set, 0, (n + 7) / 8);
    for (size_t i = 0; i < n; i++)
        set[i / 8] |= (unsigned char)(0x80 >> i % 8);
    qpdf_oh_replace_key(q, descriptor, "/CIDSet", stream_new(q, (struct bytes){(char *)set, (n + 7) / 8}));
    if (qpdf_oh_is_name_and_equals(q, qpdf_oh_get_key(q, descendant, "/Subtype"), "/CIDFontType2"))
        qpdf_oh_replace_key(q, descendant, "/CIDToGIDMap", qpdf_oh_new_name(q, "/Identity"));
    return true;
}

/* Everything is painted opaque, so the group that cairo opens for each page changes nothing. */
static bool complete_page(qpdf_data q, qpdf_oh page, struct arena *a, struct error *e)
{
    qpdf_oh fonts = qpdf_oh_get_key_if_dict(q, qpdf_oh_get_key(q, page, "/Resources"), "/Font");

    qpdf_oh_remove_key(q, page, "/Group");
    if (!qpdf_oh_is_dictionary(q, fonts))
        return true;
    qpdf_oh_begin_dict_key_iter(q, fonts);
    while (qpdf_oh_dict_more_keys(q)) {
        const char *key = arena_strdup(a, qpdf_oh_dict_next_key(q));

        if (!complete_font(q, qpdf_oh_get_key(q, fonts, key), a, e))
            return false;
    }
    return true;
}

static bool write_out(qpdf_data q, struct arena *a, struct bytes *out, struct error *e)
{
    if (!sound(q, qpdf_init_write_memory(q), e))
        return false;
    qpdf_set_object_stream_mode(q, qpdf_o_disable); /* PDF 1.4 has none */
    qpdf_force_pdf_version(q, "1.4");
    qpdf_set_deterministic_ID(q, QPDF_TRUE);
    qpdf_set_newline_before_endstream(q, QPDF_TRUE);
    if (!sound(q, qpdf_write(q), e))
        return false;
    out->len = qpdf_get_buffer_length(q);
    out->data = arena_strndup(a, (const char *)qpdf_get_buffer(q), out->len);
    return true;
}

bool pdf_archive(struct bytes pdf, const char *title, struct arena *a, struct bytes *out, struct error *e)
{
    auto_arena struct arena *scratch = arena_new();
    auto_pdf qpdf_data q = qpdf_init();
    int pages;
    qpdf_oh root;

    qpdf_silence_errors(q);
    qpdf_set_suppress_warnings(q, QPDF_TRUE);
    if (!sound(q, qpdf_read_memory(q, "paper", pdf.data, pdf.len, NULL), e))
        return false;
    root = qpdf_get_root(q);
    pages = qpdf_get_num_pages(q);
    for (int i = 0; i < pages; i++)
        if (!complete_page(q, qpdf_get_page_n(q, (size_t)i), scratch, e))
            return false;
    add_intent(q, root);
    add_metadata(q, root, title, scratch);
    return sound(q, QPDF_SUCCESS, e) && write_out(q, a, out, e);
}
