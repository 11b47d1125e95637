/* NDJSON as it streams, plain or gzip: one line at a time, each with a ceiling, so that a file of any size is read in
 * bounded memory. */
#include "systems/catalogue/catalogue.h"

#include <string.h>
#include <zlib.h>

enum { LINE_MAX_BYTES = 4 << 20, CHUNK_BYTES = 64 << 10 };

static void scope_gz(gzFile *f)
{
    if (*f)
        (void)gzclose(*f); /* it was only read */
}

static bool fail_gz(gzFile file, const char *path, struct error *e)
{
    int code;
    const char *why = gzerror(file, &code);

    return code == Z_ERRNO ? fail_errno(e, "%s", path) : fail(e, E_RECORD_INVALID, "%s: %s", path, why);
}

static bool take_line(const struct catalogue_lines *lines, int64_t number, struct buf *line, struct error *e)
{
    json_auto_t *row = NULL;
    auto_error struct error syntax;

    error_init(&syntax);
    if (line->overflow) {
        lines->bad(number, "the line is too long", lines->arg);
        return true;
    }
    while (line->len && (line->data[line->len - 1] == '\r' || line->data[line->len - 1] == ' '))
        line->len--;
    if (!line->len)
        return true;
    if (!json_read((struct bytes){line->data, line->len}, &row, &syntax)) {
        lines->bad(number, syntax.detail, lines->arg);
        return true;
    }
    if (!json_is_object(row)) {
        lines->bad(number, "no object", lines->arg);
        return true;
    }
    return lines->each(number, row, lines->arg, e);
}

bool catalogue_lines(const char *path, const struct catalogue_lines *lines, struct error *e)
{
    __attribute__((cleanup(scope_gz))) gzFile file = gzopen(path, "rbe");
    auto_buf struct buf line = BUF_INIT(LINE_MAX_BYTES);
    auto_free char *chunk = malloc(CHUNK_BYTES);
    int64_t number = 1;
    int n;

    if (!file || !chunk)
        return fail_errno(e, "%s", path);
    while ((n = gzread(file, chunk, CHUNK_BYTES)) > 0)
        for (const char *p = chunk, *end = chunk + n; p < end;) {
            const char *newline = memchr(p, '\n', (size_t)(end - p));

            buf_add(&line, p, (size_t)((newline ? newline : end) - p));
            if (!newline)
                break;
            if (!take_line(lines, number++, &line, e))
                return false;
            buf_clear(&line);
            p = newline + 1;
        }
    /* A stream cut short ends like a whole one: only the error tells. */
    return gzeof(file) && gzerror(file, &n) && n == Z_OK ? take_line(lines, number, &line, e) : fail_gz(file, path, e);
}
