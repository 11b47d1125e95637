/* A folder as a place of objects: written under a passing name, synced, and only then linked under its true one. */
#include "objects/objects_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { COPY_BYTES = 1 << 16 };

struct folder {
    char *path;
};

bool folder_place_open(const char *path, void **out, struct error *e)
{
    struct folder *f = calloc(1, sizeof *f);

    if (!f || !(f->path = strdup(path)))
        die("out of memory", sizeof *f);
    if (!folder_make(path, e)) {
        free(f->path);
        free(f);
        return false;
    }
    *out = f;
    return true;
}

static void folder_close(void *place)
{
    struct folder *f = place;

    free(f->path);
    free(f);
}

static char *path_of(struct arena *a, const struct folder *f, const char *key)
{
    return arena_printf(a, "%s/%s", f->path, key);
}

static bool copy(int from, int to, struct error *e)
{
    char part[COPY_BYTES];
    off_t from_at = 0;
    ssize_t n;

    while ((n = pread(from, part, sizeof part, from_at)) > 0) {
        if (!fd_write_all(to, (struct bytes){part, (size_t)n}, e))
            return false;
        from_at += n;
    }
    return n == 0 || fail_errno(e, "read what is to be copied");
}

/* Shelves are made when first needed; the shelf's own folder is then synced too. */
static bool make_shelf(const struct folder *f, const char *shelf, struct error *e)
{
    return access(shelf, F_OK) == 0 || (folder_make(shelf, e) && folder_sync(f->path, e));
}

/* A copy beside its name, synced, then named; replaces what had the name. */
static bool put_copy(const char *path, const struct object_bytes *bytes, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *part = arena_printf(a, "%s.%" PRId64 ".part", path, id_new());
    auto_close int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno(e, "create %s", part);
    if (!copy(bytes->fd, fd, e) || (fsync(fd) != 0 && !fail_errno(e, "sync %s", part)) ||
        (rename(part, path) != 0 && !fail_errno(e, "name %s", path))) {
        (void)unlink(part); /* the failure is told already */
        return false;
    }
    return true;
}

static bool folder_put(void *place, const char *key, const struct object_bytes *bytes, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *path = path_of(a, place, key), *shelf = arena_strdup(a, path);

    *strrchr(shelf, '/') = '\0';
    if (!make_shelf(place, shelf, e))
        return false;
    if (!bytes->path || (link(bytes->path, path) != 0 && errno != EEXIST)) {
        if (bytes->path && errno != EXDEV && errno != EPERM && errno != EMLINK)
            return fail_errno(e, "name %s", path);
        if (!put_copy(path, bytes, e))
            return false;
    }
    /* Also when the name was there: who made it may not have synced the folder yet. */
    return folder_sync(shelf, e);
}

static bool folder_open(void *place, const char *key, int *fd, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    int opened = open(path_of(a, place, key), O_RDONLY | O_CLOEXEC);

    if (opened < 0)
        return errno == ENOENT ? fail(e, E_NOT_FOUND, "%s", key) : fail_errno(e, "open %s", key);
    *fd = opened;
    return true;
}

static bool folder_get(void *place, const char *key, int fd, struct error *e)
{
    auto_close int from = -1;

    return folder_open(place, key, &from, e) && copy(from, fd, e);
}

static bool folder_find(void *place, const char *key, bool *found, int64_t *size, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct stat st;

    *found = stat(path_of(a, place, key), &st) == 0;
    if (!*found)
        return errno == ENOENT || errno == ENOTDIR || fail_errno(e, "look at %s", key);
    *size = st.st_size;
    return true;
}

struct listing {
    const char *root, *prefix;
    object_fn *each;
    void *arg;
};

static bool is_passing(const char *key)
{
    size_t len = strlen(key), tail = strlen(".part");

    return text_starts_with(key, "tmp/") || (len > tail && strcmp(key + len - tail, ".part") == 0);
}

static bool list_one(const char *path, void *arg, struct error *e)
{
    const struct listing *l = arg;
    const char *key = path + strlen(l->root) + 1;
    struct stat st;

    if (!text_starts_with(key, l->prefix) || is_passing(key))
        return true;
    if (stat(path, &st) != 0)
        return errno == ENOENT || fail_errno(e, "look at %s", path);
    return l->each(&(struct object){key, st.st_size}, l->arg, e);
}

static bool folder_list(void *place, const char *prefix, object_fn *each, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct folder *f = place;
    struct listing l = {.root = f->path, .prefix = prefix, .each = each, .arg = arg};
    char *below = path_of(a, f, prefix), *slash = strrchr(below, '/');

    *slash = '\0'; /* the whole folders of the prefix; list_one() looks at the rest */
    return access(below, F_OK) != 0 || folder_walk(below, "", list_one, &l, e);
}

static bool folder_remove_one(void *place, const char *key, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    return unlink(path_of(a, place, key)) == 0 || errno == ENOENT || fail_errno(e, "remove %s", key);
}

const struct objects_kind folder_kind = {.put = folder_put,
                                         .get = folder_get,
                                         .open = folder_open,
                                         .find = folder_find,
                                         .list = folder_list,
                                         .remove = folder_remove_one,
                                         .close = folder_close};
