/* Papers (thành phần hồ sơ): rows of title, form file and counts, run together; several tables, one a case, follow each
 * other, each behind its own heading. A form number runs into the count: "Mẫu số 181 bản chính" is form 18, one
 * original. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

static const char heading[] = "Tên giấy tờMẫu đơn, tờ khaiSố lượng";
enum { FORM_MAX = 120, GROUP_MAX = 2000, FILE_MAX = 160 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- the count ---- */

struct count {
    size_t at, end; /* of the cell in the text */
    int originals, copies;
    bool sure;
};

/* Prose writes "01 bản chính" or "nộp 1 bản chính và …"; the column writes one digit, without a space after it. */
static bool is_prose(struct span text, const struct match *m, size_t run, size_t end)
{
    size_t at = (size_t)(m->group[1].at - text.at);
    char after = end < text.len ? text.at[end] : '\0';

    if (m->group[2].at)
        return false;
    if (run == 2 && m->group[1].at[0] == '0')
        return true;
    return run == 1 && at && text.at[at - 1] == ' ' && after && strchr(" .;,:)/", after);
}

/* Two digits behind a space are a number of the title and the count, or a count of ten and more. */
static bool is_plain_pair(struct span text, const struct match *m, size_t run)
{
    size_t at = (size_t)(m->group[1].at - text.at);

    return run == 2 && at && text.at[at - 1] == ' ' &&
           !(at >= strlen("số ") && memcmp(text.at + at - strlen("số "), "số ", strlen("số ")) == 0);
}

static bool find_count(const struct reading *r, struct span text, size_t from, struct count *out)
{
    struct match m;

    while (pattern_find(r->reader, PATTERN_COUNT, text, from, &m)) {
        size_t run = m.group[1].len, end = (size_t)(m.group[0].at - text.at) + m.group[0].len;

        from = end;
        if (is_prose(text, &m, run, end))
            continue;
        *out = (struct count){.at = (size_t)(m.group[1].at - text.at) + run - 1,
                              .end = end,
                              .originals = m.group[1].at[run - 1] - '0',
                              .sure = !is_plain_pair(text, &m, run)};
        if (m.group[2].at) {
            out->copies = m.group[2].at[0] - '0';
            out->sure = out->sure && m.group[2].len == 1;
        }
        return true;
    }
    return false;
}

/* ---- title and form ---- */

/* Where a form's file begins behind the title: the last place where a word starts without a space before it. */
static size_t file_start(struct span cell)
{
    size_t least = cell.len > FILE_MAX ? cell.len - FILE_MAX : 1;

    for (size_t i = cell.len - 1; i >= least; i--) {
        unsigned char before = (unsigned char)cell.at[i - 1], here = (unsigned char)cell.at[i];
        bool ends = (before >= 'a' && before <= 'z') || before >= 0x80 || strchr(";:)]", (char)before) ||
                    (before == '.' && i >= 2 && !is_digit(cell.at[i - 2]));

        if (ends && here >= 'A' && here <= 'Z')
            return i;
    }
    return SIZE_MAX;
}

static const char *form_number(const struct reading *r, struct span cell)
{
    struct match m;
    struct span s;

    if (!pattern_find(r->reader, PATTERN_FORM, cell, 0, &m))
        return NULL;
    s = m.group[1].at ? m.group[1] : m.group[2];
    return s.len <= FORM_MAX ? span_text(r->arena, s) : NULL;
}

/* Cuts the form's file off the title and says how the form is called: its number, or else the file's name. */
static const char *take_form(const struct reading *r, struct span *cell)
{
    const char *number = form_number(r, *cell);
    struct match m;
    struct span file;
    size_t at;

    if (!pattern_find(r->reader, PATTERN_FILE, *cell, 0, &m))
        return number;
    at = file_start(*cell);
    if (at == SIZE_MAX)
        return number;
    file = (struct span){cell->at + at, (size_t)(m.group[0].at - cell->at) - at};
    cell->len = at;
    return number || file.len > FORM_MAX ? number : span_text(r->arena, file);
}

/* Without the dash, plus or bullet that a list put before it. */
static struct span bare(struct span s)
{
    static const char *const marks[] = {"-", "+", "*", "•", "–", "\xef\x83\xbc", "\xef\x83\x98", "\xef\x82\xb7",
                                        ";", ".", ","};
    bool cut = true;

    s = span_trim(s);
    while (cut) {
        cut = false;
        for (size_t i = 0; i < COUNT(marks) && !cut; i++)
            if (span_starts(s, marks[i])) {
                s.at += strlen(marks[i]);
                s.len -= strlen(marks[i]);
                s = span_trim(s);
                cut = true;
            }
    }
    return s;
}

static bool says_present(const struct reading *r, const char *text)
{
    const char *folded = text ? text_fold(r->arena, text) : "";

    while (*folded == ' ')
        folded++;
    return text_starts_with(folded, "xuat trinh") || (strstr(folded, "phai xuat trinh") && !strstr(folded, "phai nop"));
}

/* "Giấy tờ phải nộp:" with no count is a heading that lost its table. */
static bool is_heading(const struct span title, const struct count *c)
{
    return c->originals == 0 && c->copies == 0 && title.len && title.at[title.len - 1] == ':';
}

static void add_paper(struct reading *r, struct span cell, const struct count *c, const char *group)
{
    struct catalogue_paper p = {.originals = c->originals, .copies = c->copies, .group = group};
    struct span title = bare(cell);

    if (is_heading(title, c) || r->out->n_papers == CATALOGUE_LIST_MAX)
        return;
    p.form = take_form(r, &title);
    title = span_trim(title);
    p.title = span_text(r->arena, title);
    p.present = says_present(r, group) || text_starts_with(p.title, "Xuất trình ");
    if (!c->sure)
        mark_unsure(r, "/papers/%zu/originals", r->out->n_papers);
    if (!title.len || (p.originals == 0 && p.copies == 0)) /* a note, or a paper whose count was left out */
        mark_unsure(r, "/papers/%zu", r->out->n_papers);
    r->out->papers = arena_grown(r->arena, r->out->papers, r->out->n_papers, &r->room_papers, sizeof p);
    r->out->papers[r->out->n_papers++] = p;
}

/* ---- tables ---- */

static const char *group_title(const struct reading *r, struct span label)
{
    label = bare(label);
    while (label.len && (label.at[label.len - 1] == ':' || label.at[label.len - 1] == ' '))
        label.len--;
    if (!label.len)
        return NULL;
    if (label.len > GROUP_MAX) {
        char *cut = arena_strndup(r->arena, label.at, GROUP_MAX);

        text_truncate_utf8(cut);
        label = span_of(cut);
    }
    return span_text(r->arena, label);
}

void read_papers(struct reading *r, struct span text)
{
    const char *group = NULL;
    size_t at = 0, head = span_find(text, 0, heading);
    struct count c;
    bool more;

    if (head == SIZE_MAX) {
        if (span_trim(text).len > 2) /* "--" is an empty table */
            mark_unsure(r, "/papers");
        return;
    }
    more = find_count(r, text, head, &c);
    for (;;) {
        if (head != SIZE_MAX && (!more || head < c.at)) {
            group = group_title(r, (struct span){text.at + at, head - at});
            at = head + strlen(heading);
            head = span_find(text, at, heading);
            continue;
        }
        if (!more)
            break;
        add_paper(r, (struct span){text.at + at, c.at - at}, &c, group);
        at = c.end;
        more = find_count(r, text, at, &c);
    }
    if (r->out->n_papers == 0 || bare((struct span){text.at + at, text.len - at}).len)
        mark_unsure(r, "/papers"); /* something is left that belongs to no row */
}
