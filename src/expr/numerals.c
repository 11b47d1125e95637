/* Numbers and dates as Vietnamese papers spell them out, so that no figure can be added or changed. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "expr/expr_internal.h"

static const char *const digits[] = {"không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"};

/* ---- dates ---- */

/* 1…99 as read aloud; after hundreds a lone unit is led in by "lẻ". */
static const char *two_digits(struct arena *a, int n, bool after_hundreds)
{
    int tens = n / 10, unit = n % 10;
    const char *last = unit == 5 && tens ? "lăm" : unit == 1 && tens > 1 ? "mốt" : digits[unit];

    if (tens == 0)
        return arena_printf(a, "%s%s", after_hundreds ? "lẻ " : "", last);
    return arena_printf(a, "%s%s%s%s", tens == 1 ? "mười" : digits[tens], tens == 1 ? "" : " mươi", unit ? " " : "",
                        unit ? last : "");
}

static const char *year_words(struct arena *a, int year)
{
    int thousands = year / 1000 % 10, hundreds = year / 100 % 10, rest = year % 100;

    if (year % 1000 == 0)
        return arena_printf(a, "%s nghìn", digits[thousands]);
    return arena_printf(a, "%s nghìn %s trăm%s%s", digits[thousands], digits[hundreds], rest ? " " : "",
                        rest ? two_digits(a, rest, true) : "");
}

const char *date_words(struct arena *a, struct date d)
{
    return arena_printf(a, "ngày %s, tháng %s, năm %s", two_digits(a, d.day, false),
                        d.month == 4 ? "tư" : two_digits(a, d.month, false), year_words(a, d.year));
}

/* ---- amounts ---- */

static void word(struct buf *b, const char *s)
{
    buf_printf(b, "%s%s", b->len ? " " : "", s);
}

/* 1…999; a group that follows another says its hundreds even when there are none: "không trăm linh năm". */
static void group_words(struct buf *b, unsigned n, bool follows)
{
    unsigned hundreds = n / 100, tens = n / 10 % 10, unit = n % 10;

    if (hundreds || follows) {
        word(b, digits[hundreds]);
        word(b, "trăm");
    }
    if (tens == 1) {
        word(b, "mười");
    } else if (tens) {
        word(b, digits[tens]);
        word(b, "mươi");
    } else if (unit && b->len && (hundreds || follows)) {
        word(b, "linh");
    }
    if (unit)
        word(b, unit == 1 && tens > 1   ? "mốt"
                : unit == 4 && tens > 1 ? "tư"
                : unit == 5 && tens     ? "lăm"
                                        : digits[unit]);
}

/* Below a thousand million (tỷ); what is above is read as a number of them. */
static void below_billion(struct buf *b, unsigned n, bool follows)
{
    static const struct {
        unsigned size;
        const char *name;
    } groups[] = {{1000000, "triệu"}, {1000, "nghìn"}, {1, ""}};

    for (size_t i = 0; i < COUNT(groups); i++) {
        unsigned part = n / groups[i].size % 1000;

        if (part == 0)
            continue;
        group_words(b, part, follows);
        if (*groups[i].name)
            word(b, groups[i].name);
        follows = true;
    }
}

static void whole_number(struct buf *b, uint64_t n)
{
    enum { BILLION = 1000000000 };

    if (n >= BILLION) {
        whole_number(b, n / BILLION);
        word(b, "tỷ");
    }
    below_billion(b, (unsigned)(n % BILLION), n >= BILLION);
}

const char *number_words(struct arena *a, int64_t n)
{
    struct buf b = BUF_INIT(1024); /* the longest number takes some 300 bytes */
    const char *out;

    if (n < 0)
        word(&b, "âm");
    if (n == 0)
        word(&b, digits[0]);
    whole_number(&b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
    out = arena_strndup(a, b.data, b.len);
    buf_done(&b);
    return out;
}

/* "Mười sáu nghìn đồng chẵn": a sum begins with a capital, and nothing can be written behind a round one. */
const char *money_words(struct arena *a, int64_t dong)
{
    const char *words = number_words(a, dong), *upper = text_upper(a, words);
    size_t first = (unsigned char)words[0] < 0x80 ? 1 : 2; /* no word here begins with a longer letter */

    return arena_printf(a, "%.*s%s đồng%s", (int)first, upper, words + first, dong && dong % 1000 == 0 ? " chẵn" : "");
}

/* "1.016.000": the dots are the country's. */
const char *grouped_number(struct arena *a, int64_t n)
{
    char plain[24];
    struct buf b = BUF_INIT(48);
    const char *out;
    size_t len;

    (void)snprintf(plain, sizeof plain, "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n); /* 20 digits at most */
    len = strlen(plain);
    if (n < 0)
        buf_puts(&b, "-");
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_puts(&b, ".");
        buf_add(&b, plain + i, 1);
    }
    out = arena_strndup(a, b.data, b.len);
    buf_done(&b);
    return out;
}
