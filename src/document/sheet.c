/* Tables as files that spreadsheets open, written row by row: memory does not grow with the rows. CSV begins with a
 * BOM, without which Excel garbles Vietnamese; text that a spreadsheet would take for a formula gets an apostrophe
 * before it (what people type must not run on the desk of who opens the file). XLSX cells have types: nothing is run
 * there. */
#include "document/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { FLUSH_BYTES = 64 << 10, CELL_CHARS_MAX = 32000 };

struct sheet {
    enum sheet_kind kind;
    int fd;
    struct buf text; /* of CSV, not yet written */
    lxw_workbook *book;
    lxw_worksheet *page;
    lxw_format *moment;
    uint32_t row;
    uint16_t column;
    lxw_error wrong; /* the first that the library told */
};

static bool open_book(struct sheet *s, const char *folder, struct error *e)
{
    char path[40], place[512];
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = place};

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd); /* it has no other name, and leaves nothing behind */
    (void)snprintf(place, sizeof place, "%s", folder);
    s->book = workbook_new_opt(path, &options);
    s->page = s->book ? workbook_add_worksheet(s->book, NULL) : NULL;
    s->moment = s->page ? workbook_add_format(s->book) : NULL;
    if (!s->moment)
        return fail(e, E_INTERNAL, "no workbook in %s", folder);
    format_set_num_format(s->moment, "dd/mm/yyyy hh:mm");
    worksheet_freeze_panes(s->page, 1, 0);
    return true;
}

bool sheet_open(enum sheet_kind kind, const char *folder, struct sheet **out, struct error *e)
{
    struct sheet *s = calloc(1, sizeof *s);

    if (!s)
        die("sheet", sizeof *s);
    *s = (struct sheet){.kind = kind, .text = BUF_INIT(1 << 20)};
    s->fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        free(s);
        return fail_errno(e, "make a file in %s", folder);
    }
    if (kind == SHEET_XLSX && !open_book(s, folder, e)) {
        sheet_drop(s);
        return false;
    }
    if (kind == SHEET_CSV)
        buf_puts(&s->text, "\xef\xbb\xbf");
    *out = s;
    return true;
}

void sheet_drop(struct sheet *s)
{
    if (!s)
        return;
    if (s->book)
        (void)workbook_close(s->book); /* the only way to free it; what it writes is dropped with the file */
    if (s->fd >= 0)
        (void)close(s->fd);
    buf_done(&s->text);
    free(s);
}

/* Spaces before it do not stop a spreadsheet from taking it for a formula. */
static bool may_run(const char *text)
{
    return strchr("\t\r", *text) ? *text != '\0' : text[strspn(text, " ")] && strchr("=+-@", text[strspn(text, " ")]);
}

static void put_csv(struct sheet *s, const char *text)
{
    bool runs = may_run(text), quoted = runs || strpbrk(text, "\",;\r\n\t") != NULL;

    if (s->column)
        buf_puts(&s->text, ",");
    buf_puts(&s->text, quoted ? "\"" : "");
    buf_puts(&s->text, runs ? "'" : "");
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            buf_puts(&s->text, "\"");
        buf_add(&s->text, c, 1);
    }
    buf_puts(&s->text, quoted ? "\"" : "");
}

static void note(struct sheet *s, lxw_error wrong)
{
    if (wrong && !s->wrong)
        s->wrong = wrong;
}

void sheet_text(struct sheet *s, const char *text)
{
    text = text ? text : "";
    if (s->kind == SHEET_CSV) {
        put_csv(s, text);
    } else if (*text) {
        char cell[CELL_CHARS_MAX + 1];

        (void)snprintf(cell, sizeof cell, "%s", text); /* a cell holds no more */
        text_truncate_utf8(cell);
        note(s, worksheet_write_string(s->page, s->row, s->column, cell, NULL));
    }
    s->column++;
}

void sheet_instant(struct sheet *s, int64_t ms)
{
    char text[INSTANT_TEXT_MAX] = "";

    if (ms != INSTANT_NONE)
        instant_format(ms, text);
    if (s->kind == SHEET_CSV) {
        text[text[0] ? 16 : 0] = '\0';
        if (*text)
            text[10] = ' '; /* the one way to write it that every spreadsheet reads alike */
        put_csv(s, text);
    } else if (*text) {
        struct date d = date_at(ms);
        int64_t minutes = (ms - date_start_ms(d)) / 60000;
        lxw_datetime at = {d.year, d.month, d.day, (int)(minutes / 60), (int)(minutes % 60), 0};

        note(s, worksheet_write_datetime(s->page, s->row, s->column, &at, s->moment));
    }
    s->column++;
}

static bool flush(struct sheet *s, struct error *e)
{
    bool ok = fd_write_all(s->fd, (struct bytes){s->text.data, s->text.len}, e);

    s->text.len = 0;
    return ok;
}

bool sheet_row_end(struct sheet *s, struct error *e)
{
    s->row++;
    s->column = 0;
    if (s->wrong)
        return fail(e, E_INTERNAL, "sheet: %s", lxw_strerror(s->wrong));
    if (s->kind != SHEET_CSV)
        return true;
    buf_puts(&s->text, "\r\n");
    return s->text.len < FLUSH_BYTES || flush(s, e);
}

bool sheet_close(struct sheet *s, int *fd, size_t *size, struct error *e)
{
    struct stat st;
    bool ok = true;

    if (s->kind == SHEET_CSV) {
        ok = flush(s, e);
    } else {
        lxw_error wrong = workbook_close(s->book);

        s->book = NULL;
        ok = !wrong || fail(e, errno == ENOSPC ? E_DISK_FULL : E_INTERNAL, "sheet: %s", lxw_strerror(wrong));
    }
    ok = ok && (fstat(s->fd, &st) == 0 || fail_errno(e, "size of a sheet"));
    if (ok) {
        *size = (size_t)st.st_size;
        *fd = s->fd;
        s->fd = -1;
    }
    sheet_drop(s);
    return ok;
}

const char *sheet_media_type(enum sheet_kind kind)
{
    return kind == SHEET_CSV ? "text/csv; charset=utf-8"
                             : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
}
