#include "document/bind.h"

#include <cairo.h>
#include <qpdf/qpdf-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "document/inspect_internal.h"

static const double A4_WIDTH = 595.28, A4_HEIGHT = 841.89;

static void scope_pdf(qpdf_data *q)
{
    if (*q)
        pdf_close(q);
}
#define auto_pdf __attribute__((cleanup(scope_pdf)))

/* ---- pictures ---- */
struct picture {
    unsigned width, height;
    const char *colours; /* a name of PDF */
    const char *filter;
    struct bytes data;
    void *owned; /* malloc'd; or NULL */
    int turn;    /* degrees clockwise, until it stands upright */
};

static unsigned two(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static bool is_sane(const struct picture *p)
{
    return p->width && p->height && p->width <= BIND_SIDE_MAX && p->height <= BIND_SIDE_MAX &&
           (size_t)p->width * p->height <= BIND_PIXELS_MAX;
}

/* The orientation a camera noted (Exif, tag 0x0112), as a turn; pictures that are mirrored stay as they are. */
static int exif_turn(const unsigned char *p, size_t len)
{
    static const int turns[9] = {0, 0, 0, 180, 0, 0, 90, 0, 270};
    bool big;
    size_t at, n;

    if (len < 20 || memcmp(p, "Exif\0\0", 6) != 0)
        return 0;
    p += 6;
    len -= 6;
    big = p[0] == 'M';
#define TWO(o) (big ? two(p + (o)) : (unsigned)(p[(o) + 1] << 8 | p[o]))
    at = big ? (size_t)two(p + 4) << 16 | two(p + 6) : (size_t)(p[5] << 8 | p[4]) | (size_t)(p[7] << 8 | p[6]) << 16;
    if (at > len - 2)
        return 0;
    n = TWO(at);
    for (at += 2; n && at + 12 <= len; n--, at += 12)
        if (TWO(at) == 0x0112)
            return TWO(at + 8) <= 8 ? turns[TWO(at + 8)] : 0;
#undef TWO
    return 0;
}

/* The frame's header says what it is; the bytes themselves are what PDF calls DCTDecode. */
static bool read_jpeg(struct bytes b, struct picture *out)
{
    const unsigned char *p = b.data;
    size_t at = 2;

    *out = (struct picture){.filter = "/DCTDecode", .data = b};
    while (at + 4 <= b.len && p[at] == 0xff) {
        unsigned kind = p[at + 1];
        size_t len = two(p + at + 2);

        if (kind == 0xff) {
            at++;
            continue;
        }
        if (len < 2 || at + 2 + len > b.len)
            return false;
        if (kind == 0xe1)
            out->turn = exif_turn(p + at + 4, len - 2);
        if (kind >= 0xc0 && kind <= 0xc2) { /* baseline, extended, progressive */
            if (len < 8 || p[at + 4] != 8)
                return false;
            out->height = two(p + at + 5);
            out->width = two(p + at + 7);
            out->colours = p[at + 9] == 1 ? "/DeviceGray" : p[at + 9] == 3 ? "/DeviceRGB" : NULL;
            return out->colours && is_sane(out);
        }
        if (kind == 0xda || (kind > 0xc2 && kind <= 0xcf && kind != 0xc4 && kind != 0xc8 && kind != 0xcc))
            return false;
        at += 2 + len;
    }
    return false;
}

struct reader {
    struct bytes left;
};

static cairo_status_t feed(void *closure, unsigned char *to, unsigned length)
{
    struct reader *r = closure;

    if (r->left.len < length)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(to, r->left.data, length);
    r->left = (struct bytes){(const char *)r->left.data + length, r->left.len - length};
    return CAIRO_STATUS_SUCCESS;
}

/* Red, green, blue, on white where it is seen through. */
static bool pack_pixels(cairo_surface_t *s, struct picture *out)
{
    size_t n = (size_t)out->width * out->height * 3, at = 0, stride = (size_t)cairo_image_surface_get_stride(s);
    const unsigned char *rows = cairo_image_surface_get_data(s);
    bool clear = cairo_image_surface_get_format(s) == CAIRO_FORMAT_ARGB32;
    unsigned char *rgb = malloc(n);
    uLongf len = compressBound(n);

    out->owned = malloc(len);
    for (unsigned y = 0; rgb && y < out->height; y++)
        for (unsigned x = 0; x < out->width; x++) {
            unsigned pixel, white;

            memcpy(&pixel, rows + y * stride + (size_t)x * 4, sizeof pixel);
            white = clear ? 255 - (pixel >> 24) : 0; /* what is there is multiplied with its alpha already */
            for (int shift = 16; shift >= 0; shift -= 8)
                rgb[at++] = (unsigned char)((pixel >> shift & 255) + white);
        }
    if (!rgb || !out->owned || compress2(out->owned, &len, rgb, n, 6) != Z_OK) {
        free(rgb);
        return false;
    }
    free(rgb);
    out->data = (struct bytes){out->owned, len};
    return true;
}

static bool read_png(struct bytes b, struct picture *out)
{
    const unsigned char *p = b.data;
    struct reader r = {b};
    cairo_surface_t *s;
    bool good;

    *out = (struct picture){.colours = "/DeviceRGB", .filter = "/FlateDecode"};
    if (b.len < 33)
        return false;
    out->width = two(p + 16) << 16 | two(p + 18);
    out->height = two(p + 20) << 16 | two(p + 22);
    if (!is_sane(out)) /* before a byte of it is unpacked */
        return false;
    s = cairo_image_surface_create_from_png_stream(feed, &r);
    good = cairo_surface_status(s) == CAIRO_STATUS_SUCCESS &&
           (cairo_image_surface_get_format(s) == CAIRO_FORMAT_ARGB32 ||
            cairo_image_surface_get_format(s) == CAIRO_FORMAT_RGB24) &&
           pack_pixels(s, out);
    cairo_surface_destroy(s);
    return good;
}

static void describe_picture(qpdf_data q, qpdf_oh dictionary, const struct picture *p)
{
    qpdf_oh_replace_key(q, dictionary, "/Type", qpdf_oh_new_name(q, "/XObject"));
    qpdf_oh_replace_key(q, dictionary, "/Subtype", qpdf_oh_new_name(q, "/Image"));
    qpdf_oh_replace_key(q, dictionary, "/Width", qpdf_oh_new_integer(q, p->width));
    qpdf_oh_replace_key(q, dictionary, "/Height", qpdf_oh_new_integer(q, p->height));
    qpdf_oh_replace_key(q, dictionary, "/BitsPerComponent", qpdf_oh_new_integer(q, 8));
    qpdf_oh_replace_key(q, dictionary, "/ColorSpace", qpdf_oh_new_name(q, p->colours));
}

/* As large as fits the sheet, lying or standing as the picture does; never larger than at 150 points an inch. */
static const char *add_picture(qpdf_data q, const struct picture *p)
{
    bool lies = p->turn % 180 ? p->height > p->width : p->width > p->height;
    double sheet_width = lies ? A4_HEIGHT : A4_WIDTH, sheet_height = lies ? A4_WIDTH : A4_HEIGHT;
    double wide = p->turn % 180 ? p->height : p->width, high = p->turn % 180 ? p->width : p->height;
    double scale = sheet_width / wide < sheet_height / high ? sheet_width / wide : sheet_height / high;
    char place[160], page[320];
    qpdf_oh image = qpdf_oh_new_stream(q), content = qpdf_oh_new_stream(q), dictionary;
    double width, height;

    if (scale > 72.0 / 150)
        scale = 72.0 / 150;
    width = p->width * scale;
    height = p->height * scale;
    qpdf_oh_replace_stream_data(q, image, p->data.data, p->data.len, qpdf_oh_new_name(q, p->filter),
                                qpdf_oh_new_null(q));
    describe_picture(q, qpdf_oh_get_dict(q, image), p);
    (void)snprintf(place, sizeof place, "q %.3f 0 0 %.3f 0 0 cm /Scan Do Q", width, height);
    qpdf_oh_replace_stream_data(q, content, (const unsigned char *)place, strlen(place), qpdf_oh_new_null(q),
                                qpdf_oh_new_null(q));
    (void)snprintf(page, sizeof page,
                   "<< /Type /Page /MediaBox [0 0 %.3f %.3f] /Rotate %d /Resources << /XObject << >> >> >>", width,
                   height, p->turn);
    dictionary = qpdf_oh_parse(q, page);
    qpdf_oh_replace_key(q, dictionary, "/Contents", content);
    qpdf_oh_replace_key(q, qpdf_oh_get_key(q, qpdf_oh_get_key(q, dictionary, "/Resources"), "/XObject"), "/Scan",
                        image);
    return qpdf_add_page(q, q, qpdf_make_indirect_object(q, dictionary), QPDF_TRUE) & QPDF_ERRORS ? "picture" : NULL;
}

/* ---- pages of a PDF ---- */
static const char *const seen_of_page[] = {"/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents"};

static const char *add_page(qpdf_data words, qpdf_data scan, qpdf_oh page, qpdf_oh before)
{
    qpdf_oh bare = qpdf_oh_parse(scan, "<< /Type /Page >>");

    for (size_t i = 0; i < COUNT(seen_of_page); i++)
        if (qpdf_oh_has_key(scan, page, seen_of_page[i]))
            qpdf_oh_replace_key(scan, bare, seen_of_page[i], qpdf_oh_get_key(scan, page, seen_of_page[i]));
    if (qpdf_add_page_at(words, scan, qpdf_make_indirect_object(scan, bare), QPDF_TRUE, before) & QPDF_ERRORS)
        return "broken";
    return NULL;
}

static const char *add_pages(qpdf_data words, qpdf_data scan)
{
    qpdf_oh before = qpdf_get_page_n(words, 0), root = qpdf_get_root(words);
    const char *wrong = NULL;
    int n;

    if (qpdf_push_inherited_attributes_to_page(scan) & QPDF_ERRORS)
        return "broken";
    n = qpdf_get_num_pages(scan);
    if (n < 1 || n > BIND_PAGES_MAX)
        return n < 1 ? "broken" : "pages";
    for (int i = 0; i < n && !wrong; i++)
        wrong = add_page(words, scan, qpdf_get_page_n(scan, (size_t)i), before);
    qpdf_oh_remove_key(words, root, "/Metadata"); /* what another drew need not be PDF/A */
    qpdf_oh_remove_key(words, root, "/OutputIntents");
    return wrong;
}

/* ---- both ---- */
static const char *add_scan(qpdf_data words, struct bytes scan, qpdf_data *other)
{
    const unsigned char *p = scan.data;
    struct picture picture = {0};
    const char *wrong;
    bool png = scan.len > 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0;
    enum pdf_state state;

    if (png || (scan.len > 3 && p[0] == 0xff && p[1] == 0xd8)) {
        wrong = (png ? read_png(scan, &picture) : read_jpeg(scan, &picture)) ? add_picture(words, &picture) : "picture";
        free(picture.owned);
        return wrong;
    }
    state = pdf_read(scan, other);
    return state == PDF_ENCRYPTED ? "encrypted" : state == PDF_BROKEN ? "broken" : add_pages(words, *other);
}

const char *bind_pages(struct bytes scan, struct bytes words, struct bytes *out)
{
    auto_pdf qpdf_data q = NULL;
    auto_pdf qpdf_data other = NULL;
    const char *wrong;
    void *copy;

    if (!scan.data || !scan.len || pdf_read(words, &q) != PDF_GOOD)
        return "broken";
    wrong = add_scan(q, scan, &other);
    if (wrong)
        return wrong;
    if (qpdf_init_write_memory(q) & QPDF_ERRORS)
        return "broken";
    qpdf_set_object_stream_mode(q, qpdf_o_disable);
    qpdf_set_deterministic_ID(q, QPDF_TRUE);
    qpdf_set_newline_before_endstream(q, QPDF_TRUE);
    if (qpdf_write(q) & QPDF_ERRORS)
        return "broken";
    out->len = qpdf_get_buffer_length(q);
    copy = malloc(out->len);
    if (copy)
        memcpy(copy, qpdf_get_buffer(q), out->len);
    out->data = copy;
    return copy ? NULL : "pages";
}
