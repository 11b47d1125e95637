/* The few patterns of the catalogue's columns, on PCRE2: a text that makes one of them toil matches nothing. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_STEPS_MAX = 400000 };

#define NUMBERED "(?:[1-9]\\d{0,2}(?:[.,]\\d{3})+|\\d+)"
#define CURRENCY "(Việt Nam Đồng|VNĐ|VND|USD|EUR|Euro)"
#define NO_TIME "Không có thông tin|Không quy định|Không phải trả kết quả cho người nộp thuế|Không"
/* "-1", "/NTNN", ".NCC", ".a", but not ".docx" */
#define FORM_PART                                                                                                      \
    "(?:[./-](?!(?i:docx?|pdf|xlsx?|rtf|rar|zip|jpe?g|png)\\b)(?:[\\dA-ZĐ]+[a-zđ]?|[a-zđ]{1,2})(?![a-zà-ỹ]))"
#define TIME_UNIT "Ngày làm việc|Ngày|Giờ làm việc|Giờ|Tháng|Năm|Tuần|Phút"
/* Who signs a circular; what follows directly is the next title. */
#define MINISTRY                                                                                                       \
    "BNNPTNT|BNN&PTNT|BNNMT|BNN|BLĐTBXH|BVHTTDL|BGDĐT|BTNMT|BKHĐT|BKHCN|BGTVT|BDTTG|BTTTT|NHNN|TTCP|VPCP|UBDT|BTC|" \
    "BTP|"                                                                                                             \
    "BCA|BXD|BYT|BCT|BNV|BQP|BNG|KTNN|TANDTC|VKSNDTC|BTCTW|BCHTW|UBCK|TLĐ"

/* clang-format off */
static const char *const patterns[PATTERN__COUNT] = {
    /* 1 channel; 2 no time; 3 value 4 unit; 5 a bare number; 6 free; 7 no fee; 8 digits 9 currency */
    [PATTERN_MANNER] = "(Trực tiếp|Trực tuyến|Dịch vụ bưu chính)\\s*"
                       "(?:(" NO_TIME ")\\s?|(\\d+(?:[.,]\\d+)?)\\s?(" TIME_UNIT ")|(\\d+(?:[.,]\\d+)?)(?=Miễn phí|Không có thông tin)|)\\s?"
                       "(?:(Miễn phí)|(Không có thông tin)|([\\d.,]*)\\s?" CURRENCY ")",
    [PATTERN_SUM] = "(?<![\\d/.,])([1-9]\\d{0,2}(?:[.,]\\d{3})+|\\d{4,9})\\s*(?:đồng|Đồng|ĐỒNG|VNĐ|vnđ|VND|vnd|đ|Đ|Việt Nam Đồng)(?!\\p{L})",
    [PATTERN_COUNT] = "(\\d+) bản chính(?:,(\\d+) bản sao)?",
    [PATTERN_FILE] = "(?i)\\.(?:docx?|pdf|xlsx?|rtf|rar|zip|jpe?g|png)\\s*$",
    /* 1: "01", "18", "02-1/NTNN", "CT01", "BM.NCC.20.03", "Phụ lục III" */
    [PATTERN_FORM] = "[Mm](?:ẫu|ẪU)\\s*(?:đơn|biểu|tờ khai)?\\s*(?:số|Số)?\\s*:?\\s*"
                     "(\\d[\\dA-Za-zĐđ]*" FORM_PART "*|[A-ZĐ]{1,6}\\d+[\\dA-Za-zĐđ]*" FORM_PART "*|[A-ZĐ]{1,6}" FORM_PART "+)"
                     "|(?:[Mm]ẫu)(?: ban hành| quy định)?(?: kèm theo)?(?: tại| theo)? ([Pp]hụ lục(?: số)? (?:\\d+|[IVX]+)\\b)",
    [PATTERN_CODE] = "Mã:\\s*((?:[A-ZĐ]{0,3}\\d*[.-])*[A-Z]{0,3}\\d+)?",
    /* 1: the number; it ends the row when nothing but the next title follows */
    [PATTERN_NUMBER] = "(?:^|(?<=[^\\s(\\d/])|(?<=[\\s/])(?=(?:19|20)\\d{3,5}/))((?:(?:Luật|Nghị định|Thông tư|Quyết định|Nghị quyết|Pháp lệnh|Thông tư liên tịch)(?: số)?:? ?)?"
                       "\\d{1,7}/(?:\\d{4}/)?(?:NĐ-CP|NQ-CP|NQ-QH\\d\\d|QH\\d\\d|UBTVQH\\d\\d|QĐ-TTg|NQ-HĐND|QĐ-UBND|CT-TTg|NQ-UBTVQH\\d\\d|L-CTN|PL-UBTVQH\\d\\d|"
                       "(?:VBHN|TTLT|TT|QĐ|NQ|CT|CV)-(?:(?:" MINISTRY ")(?:-(?:" MINISTRY "))*|VPQH)))(?=\\.?(?:$|[^\\s.,;:)]))",
};
/* clang-format on */

struct catalogue_reader {
    pcre2_code *code[PATTERN__COUNT];
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static void reader_free(void *arg)
{
    struct catalogue_reader *r = arg;

    for (size_t i = 0; i < PATTERN__COUNT; i++)
        pcre2_code_free(r->code[i]);
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->limits);
}

struct catalogue_reader *catalogue_reader_new(struct arena *a)
{
    struct catalogue_reader *r = arena_new_of(a, struct catalogue_reader);

    for (size_t i = 0; i < PATTERN__COUNT; i++) {
        int code;
        PCRE2_SIZE at;

        r->code[i] = pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
        if (!r->code[i])
            die("a pattern of the catalogue does not compile", i);
        (void)pcre2_jit_compile(r->code[i], PCRE2_JIT_COMPLETE); /* without it they are only slower */
    }
    r->match = pcre2_match_data_create(MATCH_GROUPS, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (!r->match || !r->limits)
        die("out of memory", sizeof *r);
    (void)pcre2_set_match_limit(r->limits, MATCH_STEPS_MAX); /* cannot fail */
    arena_defer(a, reader_free, r);
    return r;
}

bool pattern_find(const struct catalogue_reader *r, enum pattern_id id, struct span text, size_t from,
                  struct match *out)
{
    const PCRE2_SIZE *at;
    int n;

    /* The text was read as JSON: it is UTF-8 already. */
    n = pcre2_match(r->code[id], (PCRE2_SPTR)text.at, text.len, from, PCRE2_NO_UTF_CHECK, r->match, r->limits);
    if (n <= 0)
        return false;
    *out = (struct match){0};
    at = pcre2_get_ovector_pointer(r->match);
    for (int i = 0; i < n; i++)
        if (at[2 * i] != PCRE2_UNSET)
            out->group[i] = (struct span){text.at + at[2 * i], at[2 * i + 1] - at[2 * i]};
    return true;
}

/* ---- spans ---- */

struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span span_trim(struct span s)
{
    while (s.len && is_white(s.at[0]))
        s.at++, s.len--;
    while (s.len && is_white(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool span_starts(struct span s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && memcmp(s.at, prefix, len) == 0;
}

size_t span_find(struct span s, size_t from, const char *needle)
{
    const char *found = from <= s.len ? memmem(s.at + from, s.len - from, needle, strlen(needle)) : NULL;

    return found ? (size_t)(found - s.at) : SIZE_MAX;
}

char *span_text(struct arena *a, struct span s)
{
    char *out = arena_strndup(a, s.at ? s.at : "", s.len), *to = out;

    for (const char *p = out; *p; p++)
        if (!is_white(*p) || (to > out && !is_white(to[-1])))
            *to++ = is_white(*p) && *p != '\n' ? ' ' : *p;
    *to = '\0';
    return out;
}
