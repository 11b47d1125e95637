/* A copy: the pages of a scan, and behind them the words that attest it, as one PDF. */
#pragma once

#include "base/base.h"

enum {
    BIND_PAGES_MAX = 200,       /* of one scan */
    BIND_SIDE_MAX = 12000,      /* pixels of a picture, either way */
    BIND_PIXELS_MAX = 100 << 20 /* of a picture in all */
};

/* Opens foreign bytes: only a worker that is shut in calls it. The words are a paper that was printed here. Of a
 * foreign page only what is seen stays: no form, note, script, attachment or metadata. A picture becomes a page of its
 * own shape, A4 at most; the copy of pictures is PDF/A as the words are, that of a PDF claims nothing. NULL, else what
 * is wrong with the scan: "encrypted", "broken", "pages", "picture". *out is malloc'd. */
const char *bind_pages(struct bytes scan, struct bytes words, struct bytes *out);
