/* Text: UTF-8 as Vietnamese is written. One folding for every search and every database. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct bytes {
    const void *data;
    size_t len;
};

/* True for well-formed UTF-8 without NUL. */
bool text_is_utf8(const char *s, size_t len);
/* Drops a last character that was cut in its middle. */
void text_truncate_utf8(char *s);
/* Normal form C; names and texts are stored so. The input must be UTF-8. */
char *text_nfc(struct arena *a, const char *s);
/* Search form: NFD without marks, đ→d, lower case, runs of anything but letters and digits become one space. */
char *text_fold(struct arena *a, const char *s);
/* Upper case for printed forms and books. */
char *text_upper(struct arena *a, const char *s);
/* Characters, not bytes. */
size_t text_length(const char *s);
static inline bool text_is_empty(const char *s)
{
    return !s || !*s;
}
bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts_with(const char *s, const char *prefix);
/* Whether word is one of words, which have a space between; NULL and "" have none. */
bool text_has_word(const char *words, const char *word);
/* Nothing, or nothing but blanks. */
bool text_is_blank(const char *s);

/* Strict: the whole text is one decimal number in range. */
bool text_to_i64(const char *s, int64_t min, int64_t max, int64_t *out) CHECKED;

/* A growing text with a ceiling: past it the builder stays valid, keeps what fitted and says so. */
struct buf {
    char *data; /* always ends in NUL once anything was added */
    size_t len, room, max;
    bool overflow;
};
#define BUF_INIT(ceiling)                                                                                              \
    {                                                                                                                  \
        .max = (ceiling)                                                                                               \
    }
void buf_add(struct buf *b, const void *data, size_t len);
/* Room for len bytes and their NUL at the end, or NULL past the ceiling. Whoever fills it adds to b->len. */
char *buf_room(struct buf *b, size_t len);
void buf_puts(struct buf *b, const char *s);
/* As the text of an element or a quoted attribute in XML, HTML, SVG, pango's markup: < > & " escaped, control
 * characters but tab and newline left out; s NULL adds nothing. */
void buf_markup(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...) FORMAT(2, 3);
void buf_clear(struct buf *b);
void buf_done(struct buf *b);
#define auto_buf __attribute__((cleanup(buf_done)))
