/* What is written of PDF (ISO 32000-1) by hand: numbers, text strings, and a whole PDF/A-1b (ISO 19005-1), object by
 * object. */
#pragma once

#include "base/text.h"

/* In hundredths, and a space: "12.5 ". */
void pdf_put_number(struct buf *b, double value);
/* UTF-16 in hexadecimal, of len bytes of UTF-8. */
void pdf_put_utf16(struct buf *b, const char *s, size_t len);
/* A text string: "<FEFF…>", in normal form C. */
void pdf_put_text(struct buf *b, const char *s);

/* ---- a file ---- */
struct pdf {
    struct buf out;
    struct z_stream_s *packer; /* one for all streams */
    size_t *at;                /* where each object begins, from number 1 on */
    int n;                     /* numbers given out */
    size_t room;
    struct arena *arena;
};
enum { PDF_CATALOG = 1, PDF_PAGES, PDF_RESOURCES, PDF__FIRST };

/* The arena outlives the file. End it with pdf_drop(). */
void pdf_start(struct pdf *f, size_t bytes_max, struct arena *a);
void pdf_drop(struct pdf *f);
/* The number of an object that will be written. */
int pdf_reserve(struct pdf *f);
void pdf_begin(struct pdf *f, int object);
void pdf_end(struct pdf *f);
/* dictionary: what it holds besides the length and the filter, each with a space behind it. Returns the object's
 * number. */
int pdf_stream(struct pdf *f, const char *dictionary, struct bytes data);
/* Catalog, output intent, metadata and the table of objects. PDF_PAGES and PDF_RESOURCES are written. The same objects
 * give the same bytes: no clock is read. */
void pdf_finish(struct pdf *f, const char *title);
