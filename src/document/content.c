/* The contents of documents: files named by their SHA-256, below DATA/files. A file is written under a passing name,
 * synced, and only then linked under its true one, so that a name always stands for whole bytes. The same content is
 * kept once. What a crash leaves under passing names is swept at the next start. */
#include "document/document_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SHELVES = 256 };

struct upload {
    const struct documents *room;
    char *path; /* the passing name */
    int fd;
    int64_t size;
    struct digest_stream hash;
    struct digest digest;
};

/* ---- folders ---- */
static bool sweep(const char *path, void *arg, struct error *e)
{
    size_t *n = arg;

    if (unlink(path) != 0 && errno != ENOENT)
        return fail_errno(e, "remove %s", path);
    ++*n;
    return true;
}

/* All shelves at once, here: a first upload then never has a folder to make and to sync. */
static bool make_shelves(const struct documents *d, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    for (int i = 0; i < SHELVES; i++)
        if (mkdir(arena_printf(a, "%s/%02x", d->files, i), 0700) != 0 && errno != EEXIST)
            return fail_errno(e, "make the folders of documents");
    return folder_sync(d->files, e);
}

bool content_start(struct documents *d, struct error *e)
{
    size_t n = 0;

    /* Only one process serves from a data folder, so whatever is in tmp belongs to one that ended. */
    if (!folder_make(d->tmp, e) || !folder_walk(d->tmp, "", sweep, &n, e) || !make_shelves(d, e))
        return false;
    if (n)
        log_line(LOG_INFO, "uploads_swept", "n=%zu", n);
    return true;
}

static char *shelf_of(struct arena *a, const struct documents *d, const struct digest *digest)
{
    return arena_printf(a, "%s/%02x", d->files, digest->bytes[0]);
}

static char *path_of(struct arena *a, const struct documents *d, const struct digest *digest)
{
    char hex[DIGEST_HEX];

    digest_hex(digest, hex);
    return arena_printf(a, "%s/%.2s/%s", d->files, hex, hex + 2);
}

/* ---- in ---- */
bool upload_open(const struct house *h, struct upload **out, struct error *e)
{
    const struct documents *room = documents_of(h);
    struct upload *u = calloc(1, sizeof *u);

    if (!u || asprintf(&u->path, "%s/%" PRId64, room->tmp, id_new()) < 0)
        die("out of memory", sizeof *u);
    u->room = room;
    u->fd = open(u->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (u->fd < 0) {
        (void)fail_errno(e, "make the file of an upload");
        upload_close(u);
        return false;
    }
    digest_start(&u->hash);
    *out = u;
    return true;
}

bool upload_write(struct upload *u, struct bytes chunk, struct error *e)
{
    fault_point("document.write");
    if ((int64_t)chunk.len > DOCUMENT_BYTES_MAX - u->size)
        return fail(e, E_BODY_TOO_LARGE, "more than %d bytes", DOCUMENT_BYTES_MAX);
    if (!fd_write_all(u->fd, chunk, e))
        return false;
    digest_add(&u->hash, chunk.data, chunk.len);
    u->size += (int64_t)chunk.len;
    return true;
}

static bool sync_file(struct upload *u, struct error *e)
{
    u->digest = digest_end(&u->hash);
    return fsync(u->fd) == 0 || fail_errno(e, "sync an upload");
}

bool upload_finish(struct upload *u, struct digest *digest, int64_t *size, const char **media_type, struct error *e)
{
    if (u->size == 0)
        return fail(e, E_FILE_EMPTY, "no bytes");
    if (!media_of(u->fd, u->size, media_type, e))
        return false;
    if (!*media_type)
        return fail(e, E_FILE_TYPE, "of no type that is taken");
    if (!sync_file(u, e))
        return false;
    *digest = u->digest;
    *size = u->size;
    return true;
}

bool upload_keep(struct upload *u, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    fault_point("document.before-link");
    if (link(u->path, path_of(a, u->room, &u->digest)) != 0 && errno != EEXIST)
        return fail_errno(e, "name a document");
    /* Also when the name was there: who made it may not have synced the folder yet. */
    return folder_sync(shelf_of(a, u->room, &u->digest), e);
}

void upload_close(struct upload *u)
{
    if (!u)
        return;
    if (u->fd >= 0) {
        (void)close(u->fd);    /* what is kept was synced */
        (void)unlink(u->path); /* what stays is swept at the next start */
    }
    free(u->path);
    free(u);
}

bool document_keep(const struct house *h, struct bytes data, struct digest *digest, struct error *e)
{
    struct upload *u = NULL;
    bool kept = upload_open(h, &u, e) && upload_write(u, data, e) && sync_file(u, e) && upload_keep(u, e);

    if (kept)
        *digest = u->digest;
    upload_close(u);
    return kept;
}

/* ---- out ---- */
bool document_open(const struct house *h, const struct digest *digest, int *fd, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    int opened = open(path_of(a, documents_of(h), digest), O_RDONLY | O_CLOEXEC);

    if (opened < 0)
        return fail_errno(e, "open a document");
    *fd = opened;
    return true;
}
