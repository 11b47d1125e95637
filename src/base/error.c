#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* clang-format off */
static const struct error_row rows[E__COUNT] = {
    [E_NONE] = {"none", KIND_NONE, 200, {"", ""}},
#define ERROR_ROW(id, code, kind, status, vi, en) [id] = {code, kind, status, {vi, en}},
#include "base/errors.def"
#undef ERROR_ROW
};

static const struct { const char *keyword, *text[LANG__COUNT]; } messages[] = {
#define MESSAGE(keyword, vi, en) {keyword, {vi, en}},
#include "base/messages.def"
#undef MESSAGE
};
/* clang-format on */

void error_init(struct error *e)
{
    e->code = E_NONE;
    e->detail[0] = '\0';
    e->n_items = e->n_dropped = 0;
    e->extra = NULL;
}

void error_done(struct error *e)
{
    json_decref(e->extra);
    e->extra = NULL;
}

static void set_detail(struct error *e, enum error_code code, const char *format, va_list args)
{
    e->code = code;
    (void)vsnprintf(e->detail, sizeof e->detail, format, args); /* a cut detail is still a detail */
    text_truncate_utf8(e->detail);
}

bool fail(struct error *e, enum error_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_detail(e, code, format, args);
    va_end(args);
    return false;
}

bool fail_errno(struct error *e, const char *format, ...)
{
    int cause = errno;
    char why[64] = "";
    size_t len;
    va_list args;

    va_start(args, format);
    set_detail(e, cause == ENOSPC || cause == EDQUOT ? E_DISK_FULL : E_IO, format, args);
    va_end(args);
    len = strlen(e->detail);
    (void)snprintf(e->detail + len, sizeof e->detail - len, ": %s", strerror_r(cause, why, sizeof why));
    text_truncate_utf8(e->detail);
    return false;
}

bool fail_field(struct error *e, const char *pointer, const char *keyword, const char *param)
{
    struct error_item *item;

    if (e->code == E_NONE)
        (void)fail(e, E_INVALID_INPUT, "%s %s", keyword, pointer);
    if (e->n_items == ERROR_ITEMS_MAX) {
        e->n_dropped++;
        return false;
    }
    item = &e->items[e->n_items++];
    (void)snprintf(item->pointer, sizeof item->pointer, "%s", pointer);
    (void)snprintf(item->keyword, sizeof item->keyword, "%s", keyword);
    (void)snprintf(item->param, sizeof item->param, "%s", param ? param : "");
    text_truncate_utf8(item->pointer);
    text_truncate_utf8(item->param);
    return false;
}

void error_extra_new(struct error *e, const char *name, json_t *value)
{
    if (!e->extra)
        e->extra = json_object();
    (void)json_object_set_new(e->extra, name, value); /* only fails without memory; the problem then lacks a hint */
}

const struct error_row *error_row(enum error_code code)
{
    return &rows[code < E__COUNT ? code : E_INTERNAL];
}

enum error_kind error_kind(const struct error *e)
{
    return error_row(e->code)->kind;
}

void error_item_message(const struct error_item *item, enum lang lang, char *out, size_t size)
{
    const char *text = NULL, *mark;

    for (size_t i = 0; i < COUNT(messages) && !text; i++)
        if (strcmp(messages[i].keyword, item->keyword) == 0)
            text = messages[i].text[lang];
    if (!text)
        text = lang == LANG_VI ? "Giá trị chưa đúng." : "The value is not right.";
    mark = strstr(text, "%s");
    if (mark)
        (void)snprintf(out, size, "%.*s%s%s", (int)(mark - text), text, item->param, mark + 2);
    else
        (void)snprintf(out, size, "%s", text);
    text_truncate_utf8(out);
}
