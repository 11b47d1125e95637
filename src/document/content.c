/* The contents of documents, named by their SHA-256, in a place of objects: the folder DATA/files, a folder that
 * several nodes share, or an S3-compatible store. An upload is a local file under a passing name; it is synced, and
 * only then gets its true name in the place, so that a name always stands for whole bytes. The same content is kept
 * once. What a crash leaves under passing names is swept at the next start. What comes from afar is hashed before
 * anyone sees it. */
#include "document/document_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
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

/* "ab/cdef…": no folder holds more than a 256th of all */
void document_key(const struct digest *digest, char out[static DOCUMENT_KEY_MAX])
{
    char hex[DIGEST_HEX];

    digest_hex(digest, hex);
    (void)snprintf(out, DOCUMENT_KEY_MAX, "%.2s/%.62s", hex, hex + 2); /* as long as it is */
}

/* ---- folders ---- */
/* Several nodes may share the folder: what is locked belongs to one that lives. */
static bool sweep(const char *path, void *arg, struct error *e)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t *n = arg;

    if (fd < 0)
        return errno == ENOENT || fail_errno(e, "look at %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return true;
    if (unlink(path) != 0 && errno != ENOENT)
        return fail_errno(e, "remove %s", path);
    ++*n;
    return true;
}

/* All shelves at once, here: a first upload then never has a folder to make and to sync. */
static bool make_shelves(const char *files, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    for (int i = 0; i < SHELVES; i++)
        if (mkdir(arena_printf(a, "%s/%02x", files, i), 0700) != 0 && errno != EEXIST)
            return fail_errno(e, "make the folders of documents");
    return folder_sync(files, e);
}

/* Uploads wait on the disk that will keep them, so that a link names them; or here, when that is far. */
static bool open_place(struct documents *d, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *near = arena_printf(a, "%s/files", d->house->data_dir), *place = d->house->files;
    bool far;

    if (!objects_open(place ? place : near, &d->files, e))
        return false;
    far = objects_are_far(d->files);
    if (asprintf(&d->tmp, "%s/tmp", far || !place ? near : place) < 0)
        die("out of memory", 0);
    if (!folder_make(d->tmp, e))
        return false;
    if (far)
        return cache_open(arena_printf(a, "%s/cache", d->house->data_dir), objects_cache_bytes(d->files), &d->cache, e);
    return make_shelves(place ? place : near, e);
}

bool content_start(struct documents *d, struct error *e)
{
    size_t n = 0;

    if (!open_place(d, e) || !folder_walk(d->tmp, "", sweep, &n, e))
        return false;
    if (n)
        log_line(LOG_INFO, "uploads_swept", "n=%zu", n);
    return true;
}

void content_stop(struct documents *d)
{
    objects_close(d->files);
    cache_close(d->cache);
    free(d->tmp);
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
    if (flock(u->fd, LOCK_EX | LOCK_NB) != 0)
        log_line(LOG_WARN, "upload_unlocked", "errno=%d", errno); /* a file system without locks: not swept beside */
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
    const struct documents *d = u->room;
    const struct object_bytes bytes = {.fd = u->fd, .size = u->size, .digest = &u->digest, .path = u->path};
    char key[DOCUMENT_KEY_MAX];

    fault_point("document.before-link");
    document_key(&u->digest, key);
    if (!objects_put(d->files, key, &bytes, e))
        return false;
    if (d->cache)
        cache_take(d->cache, &u->digest, u->path, u->size);
    return true;
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
bool document_is_whole(int fd, const struct digest *wanted, int64_t size)
{
    struct digest found;
    int64_t total;

    return fd_digest(fd, &found, &total) && total == size &&
           memcmp(found.bytes, wanted->bytes, sizeof found.bytes) == 0;
}

/* A document that its row names and the place has not is broken, not absent. */
static bool is_missing(const struct digest *digest, struct error *e)
{
    char hex[DIGEST_HEX];

    digest_hex(digest, hex);
    return e->code == E_NOT_FOUND ? fail(e, E_IO, "the content %s is missing", hex) : false;
}

/* Into a file of its own below tmp, which the caller removes. */
static bool fetch(const struct documents *d, const struct digest *digest, const char *path, int *fd, int64_t *size,
                  struct error *e)
{
    auto_close int in = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char key[DOCUMENT_KEY_MAX];
    struct stat st;

    if (in < 0)
        return fail_errno(e, "make a file for what is fetched");
    (void)flock(in, LOCK_EX | LOCK_NB); /* as for an upload */
    document_key(digest, key);
    if (!objects_get(d->files, key, in, e))
        return is_missing(digest, e);
    if (fstat(in, &st) != 0)
        return fail_errno(e, "look at what was fetched");
    *size = st.st_size;
    *fd = in;
    in = -1;
    return true;
}

static bool open_far(const struct documents *d, const struct digest *digest, bool keep, int *fd, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *path = arena_printf(a, "%s/%" PRId64, d->tmp, id_new());
    int64_t size = 0;
    int got = -1;
    bool ok = fetch(d, digest, path, &got, &size, e);

    if (ok && !document_is_whole(got, digest, size)) {
        (void)close(got); /* what a place lies about is not shown */
        ok = fail(e, E_IO, "%s holds other bytes than its name says", path);
    }
    if (ok && keep)
        cache_take(d->cache, digest, path, size);
    if (ok)
        *fd = got;
    (void)unlink(path); /* what stays is swept at the next start */
    return ok;
}

static bool open_near(const struct documents *d, const struct digest *digest, int *fd, struct error *e)
{
    char key[DOCUMENT_KEY_MAX];

    document_key(digest, key);
    return objects_read(d->files, key, d->tmp, fd, e) || is_missing(digest, e);
}

bool document_open(const struct house *h, const struct digest *digest, int *fd, struct error *e)
{
    const struct documents *d = documents_of(h);

    if (!d->cache)
        return open_near(d, digest, fd, e);
    *fd = cache_find(d->cache, digest);
    return *fd >= 0 || open_far(d, digest, true, fd, e);
}

/* ---- what the place says it has ---- */
struct lister {
    content_fn *each;
    void *arg;
};

static bool list_one(const struct object *object, void *arg, struct error *e)
{
    const struct lister *l = arg;
    char hex[DIGEST_HEX];
    struct digest digest;

    if (strlen(object->key) != DOCUMENT_KEY_MAX - 1 || object->key[2] != '/')
        return true;                                                         /* not ours */
    (void)snprintf(hex, sizeof hex, "%.2s%s", object->key, object->key + 3); /* as long as it is */
    return !digest_parse(hex, &digest) || l->each(&digest, object->size, l->arg, e);
}

bool content_list(const struct documents *d, content_fn *each, void *arg, struct error *e)
{
    struct lister l = {.each = each, .arg = arg};

    return objects_list(d->files, "", list_one, &l, e);
}

bool content_read(const struct documents *d, const struct digest *digest, int *fd, struct error *e)
{
    return d->cache ? open_far(d, digest, false, fd, e) : open_near(d, digest, fd, e);
}
