/* Manners (cách thức thực hiện): rows of channel, time, fee and a description, run together without a mark between
 * them. A bare number in the time column has lost its unit, and may have run into the fee; a fee may be written in
 * thousands, with the true sum in its bracket; "Miễn phí" may be contradicted by its own bracket. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

enum { SUMS_MAX = 16, FEE_MAX_DIGITS = 12 };
static const char heading[] = "Hình thức nộpThời gianPhí, lệ phíMô tả";

/* clang-format off */
static const struct { const char *text, *channel; } channels[] = {
    {"Trực tuyến", "online"}, {"Trực tiếp", "counter"}, {"Dịch vụ bưu chính", "post"},
};
static const struct { const char *text; enum limit_unit unit; bool sure; } units[] = {
    {"Ngày làm việc", LIMIT_WORKING_DAY, true}, {"Ngày", LIMIT_DAY, true}, {"Giờ làm việc", LIMIT_WORKING_HOUR, true},
    {"Giờ", LIMIT_WORKING_HOUR, false}, /* office hours, we think: a person confirms it */
    {"Tháng", LIMIT_MONTH, true},
};
/* Brackets that say nothing, or say free once more. */
static const char *const empty_words[] = {"", "khong", "khong co", "khong quy dinh", "khong thu", "mien phi", "khong phai nop",
                                          "khong mat phi", "khong thu phi", "khong thu le phi", "khong thu phi le phi", "mien thu"};
static const char *const free_words[] = {"khong thu", "mien le phi", "mien phi", "khong phai nop", "khong co phi"};
/* A description that speaks of cases. */
static const char *const case_words[] = {"truong hop", "doi voi", "neu "};
/* clang-format on */

/* ---- sums ---- */

/* "120,000", "1.200.000", "155": digits with dots or commas between groups of three. */
static bool money(struct span s, int64_t *out)
{
    int64_t value = 0;
    size_t digits = 0;

    if (!s.len || s.at[0] == '0' || s.at[0] == '.' || s.at[0] == ',')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '.' || s.at[i] == ',') {
            if (i > 3 && s.at[i - 4] != '.' && s.at[i - 4] != ',')
                return false;
            if (i + 3 >= s.len || (i + 4 < s.len && s.at[i + 4] != '.' && s.at[i + 4] != ','))
                return false;
            continue;
        }
        if (s.at[i] < '0' || s.at[i] > '9' || ++digits > FEE_MAX_DIGITS)
            return false;
        value = value * 10 + (s.at[i] - '0');
    }
    *out = value;
    return true;
}

/* The distinct sums a text names. */
static size_t sums_in(const struct reading *r, struct span text, int64_t out[static SUMS_MAX])
{
    struct match m;
    size_t n = 0, from = 0;

    while (n < SUMS_MAX && pattern_find(r->reader, PATTERN_SUM, text, from, &m)) {
        int64_t value;
        bool known = !money(m.group[1], &value);

        for (size_t i = 0; i < n && !known; i++)
            known = out[i] == value;
        if (!known)
            out[n++] = value;
        from = (size_t)(m.group[0].at - text.at) + m.group[0].len;
    }
    return n;
}

static bool has(const int64_t *sums, size_t n, int64_t value)
{
    for (size_t i = 0; i < n; i++)
        if (sums[i] == value)
            return true;
    return false;
}

/* ---- the fee ---- */

struct column {
    struct span digits, currency, bracket; /* at NULL: none */
    bool free, none;
};

static bool is_one_of(const char *folded, const char *const *words, size_t n, bool whole)
{
    for (size_t i = 0; i < n; i++)
        if (whole ? strcmp(folded, words[i]) == 0 : text_starts_with(folded, words[i]))
            return true;
    return false;
}

static char *folded_text(struct arena *a, struct span s)
{
    char *folded = text_fold(a, span_text(a, s)), *end = folded + strlen(folded);

    while (*folded == ' ')
        folded++;
    while (end > folded && end[-1] == ' ')
        *--end = '\0';
    return folded;
}

/* Free, unless its own bracket speaks of money: then somebody must look. */
static bool free_is_sure(struct reading *r, struct span bracket)
{
    int64_t sums[SUMS_MAX];
    char *folded;

    if (!bracket.at)
        return true;
    folded = folded_text(r->arena, bracket);
    return is_one_of(folded, empty_words, COUNT(empty_words), true) ||
           (is_one_of(folded, free_words, COUNT(free_words), false) && sums_in(r, bracket, sums) == 0);
}

/* What a stated number means beside what its bracket says. False when the two do not agree or the number has lost its
 * thousands. */
static bool settle(int64_t stated, const int64_t *sums, size_t n, int64_t *amount)
{
    bool same = has(sums, n, stated), thousands = has(sums, n, stated * 1000);

    *amount = FEE_UNKNOWN;
    if (n > 1)
        return same || thousands; /* several sums: stated, but not as one */
    if (thousands || same) {
        *amount = thousands ? stated * 1000 : stated;
        return true;
    }
    if (n == 1 || stated < 1000)
        return false;
    *amount = stated;
    return true;
}

static bool read_amount(struct reading *r, const struct column *c, int64_t *amount)
{
    int64_t sums[SUMS_MAX], stated;
    size_t n = c->bracket.at ? sums_in(r, c->bracket, sums) : 0;

    *amount = FEE_UNKNOWN;
    if (c->currency.at && c->currency.at[0] != 'V')
        return true; /* dollars: stated, but no sum of đồng */
    if (!c->digits.len) {
        if (n == 1)
            *amount = sums[0];
        return n > 0;
    }
    return money(c->digits, &stated) && settle(stated, sums, n, amount);
}

static const char *fee_words(struct reading *r, const struct column *c)
{
    struct span whole = c->digits.len ? c->digits : c->currency;

    if (c->free)
        whole = span_of("Miễn phí");
    else if (c->digits.len && c->currency.at)
        whole.len = (size_t)(c->currency.at + c->currency.len - whole.at);
    if (!c->bracket.at)
        return span_text(r->arena, whole);
    if (c->free && free_is_sure(r, c->bracket))
        return "Miễn phí";
    return arena_printf(r->arena, "%s (%s)", span_text(r->arena, whole), span_text(r->arena, span_trim(c->bracket)));
}

static void read_fee(struct reading *r, const struct column *c, struct catalogue_manner *m)
{
    bool sure;

    m->amount = FEE_UNKNOWN;
    if (c->none)
        return;
    m->states_fee = true;
    m->fee_text = fee_words(r, c);
    if (c->free) {
        sure = free_is_sure(r, c->bracket);
        m->amount = sure ? 0 : FEE_UNKNOWN;
    } else {
        sure = read_amount(r, c, &m->amount);
    }
    if (!sure)
        mark_unsure(r, "/manners/%zu/fees/0/amount", r->out->n_manners);
}

/* A bracket right behind the fee, by its depth; one that never closes takes the rest. */
static struct span take_bracket(struct span *rest)
{
    struct span inside = {0};
    int depth = 0;
    size_t i = 0;

    if (!rest->len || rest->at[0] != '(')
        return inside;
    do {
        depth += rest->at[i] == '(' ? 1 : rest->at[i] == ')' ? -1 : 0;
        i++;
    } while (depth && i < rest->len);
    inside = (struct span){rest->at + 1, i - 1 - (depth == 0)};
    rest->at += i;
    rest->len -= i;
    return inside;
}

/* ---- the time ---- */

static void read_limit(struct reading *r, const struct match *m, struct catalogue_manner *out)
{
    char digits[8];
    size_t unit = 0;

    out->states_limit = m->group[3].at || m->group[5].at || (!m->group[2].at && m->group[8].len);
    if (!m->group[4].at) {
        if (out->states_limit) /* a number that has lost its unit */
            mark_unsure(r, "/manners/%zu/limit", r->out->n_manners);
        return;
    }
    while (unit < COUNT(units) &&
           (m->group[4].len != strlen(units[unit].text) || !span_starts(m->group[4], units[unit].text)))
        unit++;
    if (unit == COUNT(units) || m->group[3].len >= sizeof digits) {
        mark_unsure(r, "/manners/%zu/limit", r->out->n_manners);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%.*s", (int)m->group[3].len, m->group[3].at); /* the length was checked */
    if (!text_to_i64(digits, 1, LIMIT_VALUE_MAX, &out->limit.value)) {
        out->limit.value = 0; /* "1.5 days", "0 days" */
        mark_unsure(r, "/manners/%zu/limit", r->out->n_manners);
        return;
    }
    out->limit.unit = units[unit].unit;
    if (!units[unit].sure)
        mark_unsure(r, "/manners/%zu/limit", r->out->n_manners);
}

/* "1100,000": a bare time and a fee in one. Parted where only one way makes a fee that is written rightly, or that the
 * bracket confirms; otherwise the fee is left out and marked. */
static struct span part_fused(struct reading *r, struct span fused, struct span bracket)
{
    int64_t sums[SUMS_MAX], value;
    size_t n = bracket.at ? sums_in(r, bracket, sums) : 0, ways = 0;
    bool grouped = memchr(fused.at, ',', fused.len) || memchr(fused.at, '.', fused.len);
    struct span found = {fused.at, 0};

    for (size_t k = 1; k < fused.len && fused.at[k - 1] != ',' && fused.at[k - 1] != '.'; k++) {
        struct span fee = {fused.at + k, fused.len - k};

        if (!money(fee, &value) || (n ? !has(sums, n, value) && !has(sums, n, value * 1000) : !grouped))
            continue;
        found = fee;
        ways++;
    }
    return ways == 1 ? found : (struct span){fused.at, 0};
}

/* ---- rows ---- */

static bool speaks_of_cases(struct reading *r, struct span text)
{
    char *folded = text_fold(r->arena, span_text(r->arena, text));

    for (size_t i = 0; i < COUNT(case_words); i++)
        if (strstr(folded, case_words[i]))
            return true;
    return false;
}

static void read_row(struct reading *r, const struct match *m, struct span rest)
{
    struct catalogue_manner row = {.amount = FEE_UNKNOWN};
    struct column c = {.digits = m->group[8], .currency = m->group[9], .free = m->group[6].at, .none = m->group[7].at};
    bool timed = m->group[2].at || m->group[3].at || m->group[5].at;

    for (size_t i = 0; i < COUNT(channels); i++)
        if (span_starts(m->group[1], channels[i].text))
            row.channel = channels[i].channel;
    c.bracket = take_bracket(&rest);
    if (!timed && c.digits.len)
        c.digits = part_fused(r, c.digits, c.bracket);
    read_limit(r, m, &row);
    read_fee(r, &c, &row);
    if (!timed && m->group[8].len && !c.digits.len) {
        row.amount = FEE_UNKNOWN; /* what stands there is time and fee in one */
        row.fee_text = span_text(r->arena, (struct span){m->group[8].at, (size_t)(rest.at - m->group[8].at)});
        mark_unsure(r, "/manners/%zu/fees/0/amount", r->out->n_manners);
    }
    rest = span_trim(rest);
    if (rest.len)
        row.condition = span_text(r->arena, rest);
    r->out->manners = arena_grown(r->arena, r->out->manners, r->out->n_manners, &r->room_manners, sizeof row);
    r->out->manners[r->out->n_manners++] = row;
}

/* A description is a case when it speaks of one, or when its channel has several rows; the rest only repeats. */
static void keep_cases(struct reading *r)
{
    for (size_t i = 0; i < r->out->n_manners; i++) {
        struct catalogue_manner *m = &r->out->manners[i];
        size_t of_channel = 0;

        for (size_t k = 0; k < r->out->n_manners; k++)
            of_channel += r->out->manners[k].channel == m->channel;
        if (m->condition && of_channel == 1 && !speaks_of_cases(r, span_of(m->condition)))
            m->condition = NULL;
    }
}

void read_manners(struct reading *r, struct span text)
{
    struct match now, next;
    bool more;

    text = span_trim(text);
    if (span_starts(text, heading)) {
        text.at += strlen(heading);
        text.len -= strlen(heading);
    }
    more = pattern_find(r->reader, PATTERN_MANNER, text, 0, &next);
    if (!more || next.group[0].at != text.at)
        mark_unsure(r, "/manners");
    while (more && r->out->n_manners < CATALOGUE_LIST_MAX) {
        size_t end;

        now = next;
        end = (size_t)(now.group[0].at - text.at) + now.group[0].len;
        more = pattern_find(r->reader, PATTERN_MANNER, text, end, &next);
        read_row(r, &now,
                 (struct span){text.at + end, more ? (size_t)(next.group[0].at - text.at) - end : text.len - end});
    }
    keep_cases(r);
}
