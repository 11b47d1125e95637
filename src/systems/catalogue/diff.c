/* Two versions of a service in words a person reads: what of the procedure changed, line by line. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

enum { VALUE_MAX = 120 };

struct diff {
    struct arena *arena;
    enum lang lang;
    struct buf *out;
    size_t n;
};

/* clang-format off */
static const struct { const char *member, *title[LANG__COUNT]; } members[] = {
    {"name",          {"Tên", "Name"}},
    {"field",         {"Lĩnh vực", "Field"}},
    {"decision",      {"Quyết định công bố", "Decision"}},
    {"agency_levels", {"Cấp thực hiện", "Levels"}},
    {"level",         {"Mức độ trực tuyến", "Online level"}},
    {"limit",         {"Thời hạn", "Time limit"}},
    {"fee",           {"Phí, lệ phí", "Fee"}},
    {"units",         {"Nơi nhận", "Taken by"}},
    {"flow",          {"Quy trình", "Flow"}},
};
static const struct { const char *member, *key, *title[LANG__COUNT]; } lists[] = {
    {"papers",  "title", {"Giấy tờ", "Paper"}},
    {"results", "code",  {"Kết quả", "Result"}},
    {"legal",   "number", {"Căn cứ", "Legal ground"}},
};
/* clang-format on */

static const char *shown(struct arena *a, const json_t *value)
{
    char *text;

    if (!value || json_is_null(value))
        return "–";
    text = json_is_string(value) ? arena_strdup(a, json_string_value(value)) : json_text(a, value);
    if (strlen(text) > VALUE_MAX) {
        text[VALUE_MAX] = '\0';
        text_truncate_utf8(text);
        text = arena_printf(a, "%s…", text);
    }
    return text;
}

static void line(struct diff *d, const char *title, const json_t *before, const json_t *after)
{
    buf_printf(d->out, "%s%s: ", d->n++ ? "\n" : "", title);
    if (!before)
        buf_printf(d->out, "+ %s", shown(d->arena, after));
    else if (!after)
        buf_printf(d->out, "- %s", shown(d->arena, before));
    else
        buf_printf(d->out, "%s → %s", shown(d->arena, before), shown(d->arena, after));
}

static const json_t *find_row(const json_t *list, const char *member, const json_t *key)
{
    size_t i;
    const json_t *row;

    json_array_foreach(list, i, row) if (json_equal(json_object_get(row, member), key)) return row;
    return NULL;
}

/* "1 bản chính, 0 bản sao" as it is counted: what of a paper may change while it stays the same paper. */
static json_t *counts(struct arena *a, const json_t *row)
{
    return json_held(a, json_pack("[O?, O?, O?]", json_object_get(row, "originals"), json_object_get(row, "copies"),
                                  json_object_get(row, "form")));
}

static void diff_list(struct diff *d, size_t which, const json_t *before, const json_t *after)
{
    const char *member = lists[which].member, *key = lists[which].key, *title = lists[which].title[d->lang];
    const json_t *old = json_object_get(before, member), *new = json_object_get(after, member), *row;
    size_t i;

    json_array_foreach(old, i, row) if (!find_row(new, key, json_object_get(row, key)))
        line(d, title, json_object_get(row, "title"), NULL);
    json_array_foreach(new, i, row)
    {
        const json_t *was = find_row(old, key, json_object_get(row, key));

        if (!was)
            line(d, title, NULL, json_object_get(row, "title"));
        else if (which == 0 && !json_equal(counts(d->arena, was), counts(d->arena, row)))
            line(d, arena_printf(d->arena, "%s \"%s\"", title, shown(d->arena, json_object_get(row, "title"))),
                 counts(d->arena, was), counts(d->arena, row));
    }
}

size_t catalogue_diff(struct arena *a, const json_t *before, const json_t *after, enum lang lang, struct buf *out)
{
    static const char *const manners[LANG__COUNT] = {"Cách thức, thời hạn, phí theo trường hợp",
                                                     "Manners, limits and fees by case"};
    static const char *const steps[LANG__COUNT] = {"Trình tự thực hiện đã viết lại", "The steps were written anew"};
    static const char *const rest[LANG__COUNT] = {"Quy tắc tiếp nhận của thành phố", "The city's rules"};
    struct diff d = {.arena = a, .lang = lang, .out = out};

    for (size_t i = 0; i < COUNT(members); i++) {
        const json_t *was = json_object_get(before, members[i].member), *is = json_object_get(after, members[i].member);

        if (was != is && !json_equal(was, is))
            line(&d, members[i].title[lang], was, is);
    }
    if (!json_equal(json_object_get(before, "manners"), json_object_get(after, "manners")))
        line(&d, manners[lang], json_object_get(before, "manners"), json_object_get(after, "manners"));
    for (size_t i = 0; i < COUNT(lists); i++)
        diff_list(&d, i, before, after);
    if (json_object_get(before, "steps") != json_object_get(after, "steps") &&
        !json_equal(json_object_get(before, "steps"), json_object_get(after, "steps")))
        buf_printf(out, "%s%s", d.n++ ? "\n" : "", steps[lang]);
    if (!d.n) /* the form, how a paper is satisfied: what the pack's rules make of it */
        buf_printf(out, "%s", rest[lang]);
    return d.n;
}
