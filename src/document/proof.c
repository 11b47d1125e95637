/* Proof that the files are what the rows say: every content is there, and hashes to its name. */
#include "document/document_internal.h"

#include <inttypes.h>
#include <string.h>

enum { READ_BYTES = 1 << 16 };

static bool is_whole(int fd, const struct digest *wanted, int64_t size)
{
    unsigned char part[READ_BYTES];
    struct digest_stream hash;
    struct digest found;
    int64_t total = 0;
    ssize_t n;

    digest_start(&hash);
    while ((n = read(fd, part, sizeof part)) > 0) {
        digest_add(&hash, part, (size_t)n);
        total += n;
    }
    found = digest_end(&hash);
    return n == 0 && total == size && memcmp(found.bytes, wanted->bytes, sizeof found.bytes) == 0;
}

static bool prove_one(const struct house *h, struct rows *r)
{
    struct bytes sha256 = rows_blob(r, 0);
    struct digest digest;
    auto_close int fd = -1;
    auto_error struct error e;
    bool whole = false;

    error_init(&e);
    if (sha256.len == sizeof digest.bytes) {
        memcpy(digest.bytes, sha256.data, sizeof digest.bytes);
        whole = document_open(h, &digest, &fd, &e) && is_whole(fd, &digest, rows_i64(r, 1));
    }
    if (!whole)
        log_line(LOG_ERROR, "document_broken", "id=%" PRId64 " why=\"%s\"", rows_i64(r, 2), e.detail);
    return whole;
}

bool documents_verify(struct db *db, const struct house *h, bool *sound, int64_t *checked, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool more;

    *sound = true;
    *checked = 0;
    /* The same content may belong to many documents: each is read once. */
    if (!db_query(db, &r, e, "SELECT sha256, size, min(id) FROM document GROUP BY sha256, size", ARGS()))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more)
            return true;
        *sound &= prove_one(h, r);
        ++*checked;
    }
    return false;
}
