/* Is this paper genuine, unaltered and still valid? What a stranger who holds it may be told: what it is, who issued it
 * and when, until when it holds, and the digest of the true file; of the person only initials, to compare with. */
#include "document/document_internal.h"

#include <string.h>
#include <utf8proc.h>

enum { CODE_TYPED_MAX = 64, PAGE_MAX = 32 << 10 };

/* clang-format off */
static const struct {
    const char *name, *colour, *mark;
    const char *title[LANG__COUNT], *text[LANG__COUNT];
} words[GENUINE__COUNT] = {
    [GENUINE_YES] = {"genuine", "#1a6b3a", "✓",
        {"Giấy tờ thật, đang có giá trị", "Genuine and valid"},
        {"Thành phố đã cấp giấy tờ này. Hãy đối chiếu các mục dưới đây với giấy tờ bạn đang cầm.",
         "The city issued this paper. Compare what is below with the paper in your hand."}},
    [GENUINE_EXPIRED] = {"expired", "#854700", "!",
        {"Giấy tờ thật, đã hết thời hạn", "Genuine, but no longer valid"},
        {"Thành phố đã cấp giấy tờ này, nhưng thời hạn sử dụng đã qua.",
         "The city issued this paper, but the time for which it was valid has passed."}},
    [GENUINE_SUPERSEDED] = {"superseded", "#854700", "!",
        {"Giấy tờ thật, đã được thay bằng bản mới", "Genuine, but replaced by a newer one"},
        {"Thành phố đã cấp giấy tờ này, sau đó cấp bản khác thay thế. Xin yêu cầu bản mới.",
         "The city issued this paper and later replaced it. Ask for the newer one."}},
    [GENUINE_WITHDRAWN] = {"withdrawn", "#a3161f", "✕",
        {"Giấy tờ đã bị thu hồi", "Withdrawn"},
        {"Thành phố đã cấp rồi thu hồi giấy tờ này. Giấy tờ không còn giá trị.",
         "The city issued this paper and withdrew it. It is not valid."}},
    [GENUINE_UNKNOWN] = {"unknown", "#a3161f", "?",
        {"Không tìm thấy giấy tờ mang mã này", "No paper has this code"},
        {"Xin xem lại từng ký tự của mã in trên giấy tờ. Nếu mã đúng mà vẫn không tìm thấy, giấy tờ này không do hệ thống của thành phố cấp.",
         "Check each character of the printed code. If it is right, this paper was not issued by the city's system."}},
};
/* clang-format on */

const char *genuine_name(enum genuine g)
{
    return words[g].name;
}

/* The alphabet of random_code() has no I, L, O, U: what people misread is put right. */
static bool code_of(const char *typed, char out[VERIFY_CODE_CHARS + 1])
{
    size_t n = 0;

    if (strlen(typed) > CODE_TYPED_MAX)
        return false;
    for (; *typed; typed++) {
        char c = *typed;

        if (c == ' ' || c == '-' || c == '.')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) || n == VERIFY_CODE_CHARS)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n == VERIFY_CODE_CHARS;
}

/* "Nguyễn Thị Lan" → "N. T. L." */
static const char *initials_of(struct arena *a, const char *name)
{
    struct buf b = BUF_INIT(64);
    const char *out;
    bool start = true;

    while (*name) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)name, -1, &c);

        if (n <= 0)
            break;
        if (c != ' ' && start)
            buf_printf(&b, "%s%.*s.", b.len ? " " : "", (int)n, name);
        start = c == ' ';
        name += n;
    }
    out = arena_strndup(a, b.data ? b.data : "", b.len);
    buf_done(&b);
    return *out ? text_upper(a, out) : NULL;
}

static enum genuine judge(const struct document *d, int64_t now)
{
    if (text_equal(d->status, "withdrawn"))
        return GENUINE_WITHDRAWN;
    if (text_equal(d->status, "superseded"))
        return GENUINE_SUPERSEDED;
    if (!text_equal(d->status, "valid"))
        return GENUINE_UNKNOWN;
    return d->valid_until != INSTANT_NONE && d->valid_until < now ? GENUINE_EXPIRED : GENUINE_YES;
}

/* The unit of the case the paper came from: a case's code begins with its unit's. */
static bool find_unit(struct db *db, struct arena *a, const struct house *h, const struct document *d,
                      const char *out[LANG__COUNT], struct error *e)
{
    const struct documents *room = documents_of(h);
    const struct unit *unit;
    const char *code = NULL;

    if (d->case_id == 0 || !room->case_code)
        return true;
    if (!room->case_code(db, a, d->case_id, &code, e))
        return false;
    unit = code ? unit_by_code(h, arena_strndup(a, code, strcspn(code, "-"))) : NULL;
    for (int lang = 0; unit && lang < LANG__COUNT; lang++)
        out[lang] = unit->name[lang];
    return true;
}

bool verify(struct db *db, struct arena *a, const struct house *h, const char *typed, int64_t now, struct verdict *out,
            struct error *e)
{
    struct verdict v = {.genuine = GENUINE_UNKNOWN};
    char code[VERIFY_CODE_CHARS + 1];
    const struct paper *paper;
    struct party owner;
    bool found = false;

    *out = v;
    if (!code_of(typed, code))
        return true;
    if (!document_by_code(db, a, code, &v.document, &found, e))
        return false;
    if (found)
        v.genuine = judge(&v.document, now);
    if (v.genuine == GENUINE_UNKNOWN)
        return true;
    paper = v.document.kind ? paper_find(h, v.document.kind) : NULL;
    for (int lang = 0; lang < LANG__COUNT; lang++)
        v.title[lang] =
            paper && *paper_title(paper, (enum lang)lang) ? paper_title(paper, (enum lang)lang) : v.document.title;
    if (!find_unit(db, a, h, &v.document, v.unit, e) || !party_find(db, a, v.document.owner, &owner, &found, e))
        return false;
    v.initials = found ? initials_of(a, owner.name) : NULL;
    *out = v;
    return true;
}

/* ---- as JSON ---- */
json_t *verify_json_new(const struct verdict *v, enum lang lang)
{
    json_t *j = json_object();
    char hex[DIGEST_HEX];

    json_object_set_new(j, "status", json_string(words[v->genuine].name));
    json_object_set_new(j, "message", json_string(words[v->genuine].title[lang]));
    digest_hex(&v->document.digest, hex);
    json_object_set_new(j, "kind", json_text_or_null(v->document.kind));
    json_object_set_new(j, "title", json_text_or_null(v->title[lang]));
    json_object_set_new(j, "unit", json_text_or_null(v->unit[lang]));
    json_object_set_new(j, "initials", json_text_or_null(v->initials));
    json_object_set_new(j, "issued_at", json_instant(v->document.issued_at));
    json_object_set_new(j, "valid_until", json_instant(v->document.valid_until));
    json_object_set_new(j, "ended_at", json_instant(v->document.ended_at));
    json_object_set_new(j, "sha256", json_string(hex));
    digest_hex(&v->document.first, hex);
    json_object_set_new(j, "first_sha256", v->document.first_size ? json_string(hex) : json_null());
    return j;
}

/* ---- as a page ---- */
static void row(struct buf *b, const char *name, const char *value)
{
    if (text_is_empty(value))
        return;
    buf_printf(b, "<div><dt>%s</dt><dd>", name);
    buf_markup(b, value);
    buf_puts(b, "</dd></div>");
}

static const char *date_words(int64_t ms, enum lang lang, char out[static DATE_TEXT_MAX])
{
    struct date d = date_at(ms);

    if (lang == LANG_EN)
        date_format(d, out);
    else
        (void)snprintf(out, DATE_TEXT_MAX, "%02d/%02d/%04d", (unsigned char)d.day, (unsigned char)d.month,
                       d.year % 10000);
    return out;
}

static void facts(struct buf *b, const struct verdict *v, enum lang lang)
{
    /* clang-format off */
    static const char *const names[][LANG__COUNT] = {
        {"Giấy tờ", "Paper"},
        {"Cơ quan cấp", "Issued by"},
        {"Ngày cấp", "Issued on"},
        {"Có giá trị đến", "Valid until"},
        {"Hết giá trị từ", "No longer valid since"},
        {"Chữ cái đầu họ tên người được cấp", "Initials of the holder"},
        {"Mã SHA-256 của tệp gốc", "SHA-256 of the original file"},
    };
    static const char *const no_end[LANG__COUNT] = {"Không có thời hạn", "No end"};
    /* clang-format on */
    char text[DATE_TEXT_MAX], hex[DIGEST_HEX];

    digest_hex(&v->document.digest, hex);
    buf_puts(b, "<dl>");
    row(b, names[0][lang], v->title[lang]);
    row(b, names[1][lang], v->unit[lang]);
    row(b, names[2][lang], date_words(v->document.issued_at, lang, text));
    row(b, names[3][lang],
        v->document.valid_until == INSTANT_NONE ? no_end[lang] : date_words(v->document.valid_until, lang, text));
    if (v->document.ended_at != INSTANT_NONE)
        row(b, names[4][lang], date_words(v->document.ended_at, lang, text));
    row(b, names[5][lang], v->initials);
    row(b, names[6][lang], hex);
    buf_puts(b, "</dl>");
}

static void part(struct buf *b, const struct verdict *v, enum lang lang)
{
    const char *tag = lang == LANG_VI ? "h1" : "h2";

    buf_printf(b, "<section%s><%s><span class=\"mark\" aria-hidden=\"true\">%s</span>%s</%s><p>%s</p>",
               lang == LANG_EN ? " lang=\"en\"" : "", tag, words[v->genuine].mark, words[v->genuine].title[lang], tag,
               words[v->genuine].text[lang]);
    if (v->genuine != GENUINE_UNKNOWN)
        facts(b, v, lang);
    buf_puts(b, "</section>");
}

/* A file is compared in the reader's own browser (web/public/verify.js, which shows this part): it is not sent. */
static void compare(struct buf *b, const struct verdict *v)
{
    /* clang-format off */
    static const char text[] =
        "<section id=\"compare\" data-sha256=\"%s\" data-first=\"%s\" hidden><h2>So tệp của bạn với bản gốc</h2>"
        "<p>Chọn hoặc thả tệp PDF vào đây. Tệp được so ngay trên máy của bạn, không gửi đi đâu.</p>"
        "<p lang=\"en\">Choose or drop the PDF here. It is compared on your own device and sent nowhere.</p>"
        "<p><label for=\"file\">Tệp cần so <span lang=\"en\">(file to compare)</span></label> "
        "<input id=\"file\" type=\"file\"></p><div role=\"status\">"
        "<p id=\"same\" class=\"good\" hidden>✓ Giống hệt bản gốc từng byte. <span lang=\"en\">The same as the original, byte for byte.</span></p>"
        "<p id=\"other\" class=\"bad\" hidden>✕ Khác bản gốc: tệp đã bị sửa, hoặc là tệp khác. <span lang=\"en\">Not the original: it was altered, or is another file.</span></p>"
        "<p id=\"failed\" hidden>Trình duyệt này không so được tệp. <span lang=\"en\">This browser cannot compare the file.</span></p>"
        "</div></section><script src=\"/verify.js\" defer></script>";
    /* clang-format on */
    char hex[DIGEST_HEX], first[DIGEST_HEX];

    digest_hex(&v->document.digest, hex);
    digest_hex(&v->document.first, first);
    buf_printf(b, text, hex, v->document.first_size ? first : "");
}

const char *verify_page(struct arena *a, const struct verdict *v)
{
    static const char head[] =
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<link rel=\"icon\" href=\"/lotus.svg\" type=\"image/svg+xml\">"
        "<meta name=\"robots\" content=\"noindex\"><title>%s · Kiểm tra giấy tờ</title><style>"
        ":root{color-scheme:light}"
        "body{margin:0;background:#fbfaf7;color:#1f2328;font:1.125rem/1.5 'Be Vietnam Pro','Noto Sans',sans-serif}"
        "header{background:#7d1534;color:#fff;padding:16px 24px;font-weight:600}"
        "main{max-width:70ch;margin:0 auto;padding:24px}"
        "section{background:#fff;border:1px solid #d9d6cf;border-top:8px solid %s;border-radius:6px;padding:16px 24px;"
        "margin:0 0 24px}"
        "h1,h2{font-size:1.375rem;line-height:1.3;margin:8px 0;color:%s}"
        ".mark{display:inline-block;width:1.5em;height:1.5em;line-height:1.5em;margin-right:.5em;border-radius:50%%;"
        "text-align:center;background:%s;color:#fff}"
        "dl{margin:0}dl div{border-top:1px solid #d9d6cf;padding:8px 0}dt{color:#545b64;font-size:1rem}"
        "dd{margin:0;overflow-wrap:anywhere}"
        "input{font:inherit;max-width:100%%;min-height:44px}.over{outline:3px dashed "
        "#1f4e8c}.good{color:#1a6b3a}.bad{color:#a3161f}"
        "@media print{header{background:none;color:#1f2328}}"
        "</style></head><body><header>Kiểm tra giấy tờ do thành phố cấp</header><main>";
    const char *colour = words[v->genuine].colour;
    struct buf b = BUF_INIT(PAGE_MAX);
    const char *out;

    buf_printf(&b, head, words[v->genuine].title[LANG_VI], colour, colour, colour);
    part(&b, v, LANG_VI);
    part(&b, v, LANG_EN);
    if (v->genuine != GENUINE_UNKNOWN)
        compare(&b, v);
    buf_puts(&b, "</main></body></html>");
    out = arena_strndup(a, b.data, b.len);
    buf_done(&b);
    return out;
}
