/* Results (kết quả) and legal grounds (căn cứ pháp lý): pairs of a title and a code that run into the next title. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

/* What the page printed below the last result. */
static const char furniture[] = "Từ khóa";
static const char nothing[] = "Không có thông tin";
static const char legal_heading[] = "Tên văn bản pháp lýMã văn bản";

static struct span without_end(struct span s)
{
    s = span_trim(s);
    while (s.len && strchr(".;,/ -", s.at[s.len - 1]))
        s.len--;
    return s;
}

static struct span without_start(struct span s)
{
    s = span_trim(s);
    while (s.len && strchr("-+*;,. ", s.at[0]))
        s.at++, s.len--;
    return s;
}

static void add_pair(struct reading *r, struct catalogue_pair **list, size_t *n, size_t *room, struct span code,
                     struct span title)
{
    if (*n == CATALOGUE_LIST_MAX)
        return;
    *list = arena_grown(r->arena, *list, *n, room, sizeof **list);
    (*list)[(*n)++] = (struct catalogue_pair){code.len ? span_text(r->arena, code) : NULL,
                                              span_text(r->arena, without_end(without_start(title)))};
}

/* ---- results ---- */

/* "KQ.G17.0002601. Giấy …": six digits are the code's, the seventh numbers the next title. */
static void give_back_number(struct span *code, const char *end)
{
    size_t digits = 0;

    while (digits < code->len && code->at[code->len - 1 - digits] >= '0' && code->at[code->len - 1 - digits] <= '9')
        digits++;
    if (digits == 7 && span_starts(*code, "KQ.") && code->at + code->len < end && strchr(".)", code->at[code->len]))
        code->len--;
}

void read_results(struct reading *r, struct span text)
{
    size_t at = 0, cut;
    struct match m;

    for (size_t next = span_find(text, 0, "Mã:"); next != SIZE_MAX; next = span_find(text, next + 1, "Mã:"))
        at = next;
    cut = span_find(text, at, furniture);
    text.len = cut == SIZE_MAX ? text.len : cut;
    at = 0;
    while (pattern_find(r->reader, PATTERN_CODE, text, at, &m)) {
        struct span title = {text.at + at, (size_t)(m.group[0].at - text.at) - at}, code = m.group[1];

        if (code.len)
            give_back_number(&code, text.at + text.len);
        else
            mark_unsure(r, "/results/%zu/code", r->out->n_results);
        add_pair(r, &r->out->results, &r->out->n_results, &r->room_results, code, title);
        at = code.len ? (size_t)(code.at - text.at) + code.len : (size_t)(m.group[0].at - text.at) + m.group[0].len;
    }
    text = span_trim((struct span){text.at + at, text.len - at});
    if (r->out->n_results == 0) {
        if (text.len)
            add_pair(r, &r->out->results, &r->out->n_results, &r->room_results, (struct span){0}, text);
        mark_unsure(r, "/results");
    } else if (without_end(text).len) {
        mark_unsure(r, "/results"); /* a title whose code is missing */
    }
}

/* ---- legal grounds ---- */

/* "năm 201102/2011/QH13": the year ends the title. */
static void give_back_year(struct span *code)
{
    size_t digits = 0;

    while (digits < code->len && code->at[digits] >= '0' && code->at[digits] <= '9')
        digits++;
    if (digits > 4 && code->len > 4 && (memcmp(code->at, "20", 2) == 0 || memcmp(code->at, "19", 2) == 0)) {
        code->at += 4;
        code->len -= 4;
    }
}

/* "Luật 26/2012/QH1326/2012/QH13": the title ends in the number itself. The number behind it, or nothing. */
static struct span repeated(struct span number, struct span text, size_t end)
{
    while (number.len && (number.at[0] < '0' || number.at[0] > '9'))
        number.at++, number.len--;
    if (end < text.len && text.at[end] == '.')
        end++;
    return number.len && end + number.len <= text.len && memcmp(text.at + end, number.at, number.len) == 0
               ? (struct span){text.at + end, number.len}
               : (struct span){0};
}

static void read_ground(struct reading *r, struct span *text, struct span number)
{
    size_t start = (size_t)(number.at - text->at), end = start + number.len;
    struct span again = repeated(number, *text, end), title;

    if (again.at) {
        number = again;
        start = end;
    } else {
        while (number.len &&
               (number.at[0] < '0' || number.at[0] > '9')) /* "Luật số 146/2025/QH15": the kind is no number */
            number.at++, number.len--;
        give_back_year(&number);
        if (start)
            start = number.at > text->at + start && text->at[start] <= '9' ? (size_t)(number.at - text->at) : start;
    }
    title = (struct span){text->at, start};
    end = (size_t)(number.at - text->at) + number.len;
    if (end < text->len && text->at[end] == '.')
        end++;
    add_pair(r, &r->out->legal, &r->out->n_legal, &r->room_legal, number, without_start(title).len ? title : number);
    text->at += end;
    text->len -= end;
}

void read_legal(struct reading *r, struct span text)
{
    struct match m;

    text = span_trim(text);
    if (span_starts(text, legal_heading)) {
        text.at += strlen(legal_heading);
        text.len -= strlen(legal_heading);
    }
    if (!text.len || span_starts(text, nothing))
        return;
    while (text.len && pattern_find(r->reader, PATTERN_NUMBER, text, 0, &m))
        read_ground(r, &text, m.group[1]);
    if (span_trim(text).len)
        mark_unsure(r, "/legal"); /* a ground whose number is not written as one */
}
