/* The files of a city on the move: documents by their digests, keys and imports by their names. What is there already
 * is not sent again. */
#include "program/move_internal.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document/document.h"

enum { SMALL_MAX = 4 << 20 };

/* ---- documents ---- */
struct carrying {
    struct objects *from, *to; /* the same when it is one place */
    const char *scratch;
    struct move_files *sum;
};

static bool note_broken(struct carrying *c, const char *key, struct error *e)
{
    if (error_kind(e) == KIND_BUSY)
        return false;
    log_line(LOG_ERROR, "document_broken", "key=%s why=\"%s\"", key, e->detail);
    error_init(e);
    c->sum->broken++;
    return true;
}

static bool carry(const struct digest *digest, int64_t size, void *arg, struct error *e)
{
    struct carrying *c = arg;
    char key[DOCUMENT_KEY_MAX];
    struct object_bytes bytes = {.size = size, .digest = digest};
    auto_close int fd = -1;
    int64_t there = -1;
    bool found;

    document_key(digest, key);
    if (!objects_find(c->to, key, &found, &there, e))
        return false;
    if (found && there == size) {
        c->sum->there++;
        return true;
    }
    if (c->from == c->to || !objects_read(c->from, key, c->scratch, &fd, e) || !document_is_whole(fd, digest, size))
        return note_broken(c, key, e);
    bytes.fd = fd;
    c->sum->copied++;
    return objects_put(c->to, key, &bytes, e);
}

bool move_documents(struct store *rows, const char *from, const char *to, const char *scratch, struct move_files *out,
                    struct error *e)
{
    struct carrying c = {.scratch = scratch, .sum = out};
    auto_read struct db *db = NULL;
    int64_t n;
    bool one = strcmp(from, to) == 0, ok;

    *out = (struct move_files){0};
    ok = objects_open(to, &c.to, e) && (one || objects_open(from, &c.from, e));
    if (one)
        c.from = c.to;
    ok = ok && store_read(rows, &db, e) && documents_each(db, carry, &c, &n, e);
    if (!one)
        objects_close(c.from);
    objects_close(c.to);
    return ok;
}

/* ---- the rest of the folder ---- */
struct taking {
    const char *from, *to;
    bool secret;
};

/* Keys are small and may have changed since; an import is never changed. */
static bool take_one(const char *path, void *arg, struct error *e)
{
    const struct taking *t = arg;
    auto_arena struct arena *a = arena_new();
    const char *to = arena_printf(a, "%s%s", t->to, path + strlen(t->from));
    char *folder = arena_strdup(a, to);
    struct bytes text;

    *strrchr(folder, '/') = '\0';
    if (!folder_make(folder, e))
        return false;
    if (!t->secret)
        return access(to, F_OK) == 0 || file_copy(path, to, e);
    return file_read(a, path, SMALL_MAX, &text, e) && file_write_secret(to, text, e);
}

static bool take_below(const char *from, const char *to, const char *name, bool secret, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct taking t = {arena_printf(a, "%s/%s", from, name), arena_printf(a, "%s/%s", to, name), secret};

    if (access(t.from, F_OK) != 0)
        return true;
    return folder_make(t.to, e) && (!secret || chmod(t.to, 0700) == 0 || fail_errno(e, "%s", t.to)) &&
           folder_walk(t.from, "", take_one, &t, e);
}

bool move_folder(const char *from, const char *to, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *mark = arena_printf(a, "%s/demo-accounts.json", from);
    struct bytes text;

    if (strcmp(from, to) == 0)
        return true;
    if (!take_below(from, to, "keys", true, e) || !take_below(from, to, "imports", false, e))
        return false;
    return access(mark, F_OK) != 0 || (file_read(a, mark, SMALL_MAX, &text, e) &&
                                       file_write(arena_printf(a, "%s/demo-accounts.json", to), text, e));
}
