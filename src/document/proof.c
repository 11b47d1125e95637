/* Proof that the files are what the rows say: the place lists every content with its size, and each hashes to its name.
 * The list comes first: it finds in minutes what hashing would find in hours. */
#include "document/document_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { NOTE_EVERY = 16, NOTE_MAX = 256 };

struct proof {
    const struct documents *room;
    struct rows *rows;
    bool more; /* a row is at hand */
    bool sound;
    int64_t checked;
};

/* The same content may belong to many documents: each is read once, in the order of the digests. */
static bool rows_after(struct db *db, const struct digest *after, struct rows **out, struct error *e)
{
    static const char sql[] = "SELECT sha256, size, min(id) FROM (SELECT sha256, size, id FROM document"
                              " UNION ALL SELECT first_sha256, first_size, id FROM document"
                              " WHERE first_sha256 IS NOT NULL) AS content"
                              " WHERE sha256 > $1 GROUP BY sha256, size ORDER BY sha256";

    return db_query(db, out, e, sql, ARGS(BLOB(((struct bytes){after->bytes, sizeof after->bytes}))));
}

static void tell(struct proof *p, const char *why)
{
    log_line(LOG_ERROR, "document_broken", "id=%" PRId64 " why=\"%s\"", rows_i64(p->rows, 2), why);
    p->sound = false;
}

/* ---- what is listed ---- */
static int compare(struct rows *r, const struct digest *digest)
{
    struct bytes named = rows_blob(r, 0);
    size_t len = named.len < sizeof digest->bytes ? named.len : sizeof digest->bytes;
    int order = memcmp(named.data, digest->bytes, len);

    return order ? order : (int)named.len - (int)sizeof digest->bytes;
}

/* Both come in order. What no row names was uploaded and never filed: no harm. */
static bool merge(const struct digest *digest, int64_t size, void *arg, struct error *e)
{
    struct proof *p = arg;

    for (; p->more && compare(p->rows, digest) <= 0;) {
        if (compare(p->rows, digest) < 0)
            tell(p, "not in the list of the store");
        else if (rows_i64(p->rows, 1) != size)
            tell(p, "of another size in the list of the store");
        if (!rows_next(p->rows, &p->more, e))
            return false;
    }
    return true;
}

static bool prove_list(struct proof *p, struct db *db, struct error *e)
{
    static const struct digest first = {{0}};
    auto_rows struct rows *r = NULL;

    if (!rows_after(db, &first, &r, e) || !rows_next(r, &p->more, e))
        return false;
    p->rows = r;
    if (!content_list(p->room, merge, p, e))
        return false;
    while (p->more) {
        tell(p, "not in the list of the store");
        if (!rows_next(r, &p->more, e))
            return false;
    }
    return true;
}

/* ---- how far it came ---- */
static char *note_path(struct arena *a, const struct documents *d)
{
    return arena_printf(a, "%s/verify.progress", d->house->data_dir);
}

static void read_note(const struct documents *d, struct digest *after)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct bytes text;

    error_init(&e);
    if (!file_read(a, note_path(a, d), NOTE_MAX, &text, &e) || !digest_parse(text.data, after))
        log_line(LOG_INFO, "verify_from_the_start", "why=\"%s\"", e.detail);
}

/* Only as far as all was sound: what is broken is found again. */
static bool write_note(const struct proof *p, const struct digest *at, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char hex[DIGEST_HEX];

    digest_hex(at, hex);
    return file_write(note_path(a, p->room), (struct bytes){hex, sizeof hex - 1}, e);
}

static bool drop_note(const struct documents *d, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    return unlink(note_path(a, d)) == 0 || errno == ENOENT || fail_errno(e, "remove %s", note_path(a, d));
}

/* ---- what is read ---- */
/* A store that does not answer proves nothing: that ends the proof instead of calling the file broken. */
static bool prove_one(struct proof *p, struct digest *digest, struct error *e)
{
    struct bytes sha256 = rows_blob(p->rows, 0);
    auto_close int fd = -1;

    if (sha256.len != sizeof digest->bytes) {
        tell(p, "no digest");
        return true;
    }
    memcpy(digest->bytes, sha256.data, sizeof digest->bytes);
    if (!content_read(p->room, digest, &fd, e)) {
        if (error_kind(e) == KIND_BUSY)
            return false;
        tell(p, e->detail);
        error_init(e);
    } else if (!document_is_whole(fd, digest, rows_i64(p->rows, 1))) {
        tell(p, "other bytes than its name says");
    }
    return true;
}

static bool prove_contents(struct proof *p, struct db *db, bool resume, struct error *e)
{
    auto_rows struct rows *r = NULL;
    struct digest at = {{0}};
    bool far = objects_are_far(p->room->files);

    if (resume)
        read_note(p->room, &at);
    if (!rows_after(db, &at, &r, e))
        return false;
    p->rows = r;
    while (rows_next(r, &p->more, e)) {
        if (!p->more)
            return !far || drop_note(p->room, e);
        if (!prove_one(p, &at, e))
            return false;
        if (++p->checked % NOTE_EVERY == 0 && far && p->sound && !write_note(p, &at, e))
            return false;
    }
    return false;
}

bool documents_verify(struct db *db, const struct house *h, bool resume, bool *sound, int64_t *checked, struct error *e)
{
    struct proof p = {.room = documents_of(h), .sound = true};
    bool done = prove_list(&p, db, e) && prove_contents(&p, db, resume, e);

    *sound = p.sound;
    *checked = p.checked;
    return done;
}

bool documents_each(struct db *db, content_fn *each, void *arg, int64_t *n, struct error *e)
{
    static const struct digest first = {{0}};
    auto_rows struct rows *r = NULL;
    struct digest digest;
    bool more;

    if (!rows_after(db, &first, &r, e))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        struct bytes sha256;

        if (!more)
            return true;
        sha256 = rows_blob(r, 0);
        if (sha256.len != sizeof digest.bytes)
            return fail(e, E_DATABASE, "document %" PRId64 " has no digest", rows_i64(r, 2));
        memcpy(digest.bytes, sha256.data, sizeof digest.bytes);
        if (!each(&digest, rows_i64(r, 1), arg, e))
            return false;
    }
    return false;
}
