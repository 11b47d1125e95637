/* Restoring a sealed backup: the newest manifest (or the newest before a time), the database from its chunks, every
 * document that the database names; each compared with what it should be. A folder that was cut off keeps its passing
 * name; the whole one then proves itself as `motcua verify` does. */
#include "program/backup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "db/db.h"
#include "document/document.h"

struct restoring {
    struct backup_key key;
    struct objects *place, *files;
    const char *to;
    int64_t restored;
};

/* ---- which ---- */
struct choice {
    int64_t before, found;
};

static bool choose(const struct object *object, void *arg, struct error *e)
{
    struct choice *c = arg;
    int64_t at;

    (void)e;
    if (text_to_i64(strchr(object->key, '/') + 1, 1, INT64_MAX, &at) && at <= c->before)
        c->found = at;
    return true;
}

static bool find_manifest(struct restoring *r, const char *at, int64_t *out, struct error *e)
{
    struct choice c = {.before = INT64_MAX};

    if (at && !instant_parse(at, &c.before))
        return fail(e, E_USAGE, "--at 2026-11-26T08:00:00+07:00");
    if (!objects_list(r->place, "manifests/", choose, &c, e))
        return false;
    *out = c.found;
    return c.found || fail(e, E_NOT_FOUND, SAY("không có bản sao lưu nào", "no backup"));
}

/* ---- one object ---- */
static bool open_object(struct restoring *r, const char *path, int out, struct digest *digest, int64_t *len,
                        struct error *e)
{
    auto_close int in = -1;
    struct digest_stream hash;

    if (!objects_read(r->place, path, r->to, &in, e))
        return e->code == E_NOT_FOUND ? fail(e, E_BACKUP_BROKEN, "%s is missing", path) : false;
    digest_start(&hash);
    if (!unseal(&r->key, path, in, out, &hash, len, e))
        return false;
    *digest = digest_end(&hash);
    return true;
}

static bool read_manifest(struct restoring *r, int64_t at, json_t **out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_close int fd = open(r->to, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    auto_free char *text = NULL;
    unsigned char vouch[BACKUP_KEY];
    struct digest digest;
    int64_t len;

    if (fd < 0)
        return fail_errno(e, "make a file in %s", r->to);
    if (!open_object(r, arena_printf(a, "manifests/%" PRId64, at), fd, &digest, &len, e))
        return false;
    if (len <= BACKUP_KEY || len > MANIFEST_MAX || !(text = malloc((size_t)len)) ||
        pread(fd, text, (size_t)len, 0) != len)
        return fail(e, E_BACKUP_BROKEN, "the manifest");
    backup_vouch(&r->key, (struct bytes){text + BACKUP_KEY, (size_t)len - BACKUP_KEY}, vouch);
    if (sodium_memcmp(vouch, text, sizeof vouch) != 0)
        return fail(e, E_BACKUP_BROKEN,
                    SAY("bản kê không do máy chủ của khóa này lập", "the manifest is not by the server of this key"));
    *out = json_loadb(text + BACKUP_KEY, (size_t)len - BACKUP_KEY, JSON_REJECT_DUPLICATES, NULL);
    return *out || fail(e, E_BACKUP_BROKEN, "the manifest");
}

/* ---- the database ---- */
static bool add_chunk(struct restoring *r, const char *hex, int out, int64_t *len, struct error *e)
{
    char path[BACKUP_NAME_MAX];
    struct digest wanted, digest, name;

    if (!digest_parse(hex ? hex : "", &wanted))
        return fail(e, E_BACKUP_BROKEN, "the manifest");
    backup_path("chunks", &wanted, path);
    if (!open_object(r, path, out, &digest, len, e))
        return false;
    backup_name(&r->key, &digest, &name);
    return memcmp(&name, &wanted, sizeof name) == 0 || fail(e, E_BACKUP_BROKEN, "%s", path);
}

static bool restore_database(struct restoring *r, const json_t *manifest, const char *path, struct error *e)
{
    auto_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const json_t *chunks = json_object_get(manifest, "chunks"), *chunk;
    const char *hex = json_string_value(json_object_get(manifest, "sha256"));
    struct digest wanted, found;
    int64_t len, written, size = 0;
    size_t i;

    if (fd < 0)
        return fail_errno(e, "%s", path);
    json_array_foreach(chunks, i, chunk)
    {
        if (!add_chunk(r, json_string_value(chunk), fd, &len, e))
            return false;
        size += len;
    }
    if (!fd_digest(fd, &found, &written))
        return fail_errno(e, "read the restored database");
    if (!digest_parse(hex ? hex : "", &wanted) || memcmp(&wanted, &found, sizeof found) != 0 ||
        size != json_integer_value(json_object_get(manifest, "size")))
        return fail(e, E_BACKUP_BROKEN, SAY("cơ sở dữ liệu", "the database"));
    return fsync(fd) == 0 || fail_errno(e, "sync %s", path);
}

/* ---- the documents ---- */
static bool restore_document(const struct digest *digest, int64_t size, void *arg, struct error *e)
{
    struct restoring *r = arg;
    char path[BACKUP_NAME_MAX], key[DOCUMENT_KEY_MAX];
    struct digest name, found;
    auto_close int fd = open(r->to, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    int64_t len;

    if (fd < 0)
        return fail_errno(e, "make a file in %s", r->to);
    backup_name(&r->key, digest, &name);
    backup_path("files", &name, path);
    if (!open_object(r, path, fd, &found, &len, e))
        return false;
    if (len != size || memcmp(&found, digest, sizeof found) != 0)
        return fail(e, E_BACKUP_BROKEN, "%s", path);
    document_key(digest, key);
    r->restored++;
    return objects_put(r->files, key, &(struct object_bytes){.fd = fd, .size = size, .digest = digest}, e);
}

static bool restore_documents(struct restoring *r, const char *copy, const json_t *manifest, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct store *store;
    int64_t n = 0;
    bool ok;

    if (!store_open(arena_printf(a, "sqlite:%s", copy), &store, e))
        return false;
    {
        auto_read struct db *db = NULL;

        ok = store_read(store, &db, e) && documents_each(db, restore_document, r, &n, e);
    }
    store_close(store);
    return ok && (n == json_integer_value(json_object_get(manifest, "documents")) ||
                  fail(e, E_BACKUP_BROKEN, "%lld documents", (long long)n));
}

/* ---- the whole ---- */
static bool restore_mark(struct arena *a, const struct restoring *r, const json_t *manifest, struct error *e)
{
    const char *mark = json_string_value(json_object_get(manifest, "demo"));

    return !mark || file_write(arena_printf(a, "%s/demo-accounts.json", r->to), (struct bytes){mark, strlen(mark)}, e);
}

static bool restore(struct restoring *r, const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *files = args->files ? args->files : getenv("MOTCUA_FILES"), *copy;
    json_auto_t *manifest = NULL;
    char when[INSTANT_TEXT_MAX];
    int64_t at = 0;

    r->to = arena_printf(a, "%s.part", args->data);
    copy = arena_printf(a, "%s/motcua.db", r->to);
    folder_remove(r->to); /* of an attempt that was cut off */
    if (!folder_make(r->to, e) || !objects_open(files ? files : arena_printf(a, "%s/files", r->to), &r->files, e) ||
        !find_manifest(r, args->at, &at, e) || !read_manifest(r, at, &manifest, e) ||
        !restore_database(r, manifest, copy, e) || !restore_documents(r, copy, manifest, e) ||
        !restore_mark(a, r, manifest, e) || !folder_sync(r->to, e)) {
        folder_remove(r->to);
        return false;
    }
    if (rename(r->to, args->data) != 0) /* over an empty folder, never over a full one */
        return fail_errno(e, "%s", args->data);
    instant_format(at, when);
    printf(SAY("Đã phục hồi vào %s bản sao lưu lúc %s: cơ sở dữ liệu và %lld giấy tờ\n",
               "Restored into %s the backup of %s: the database and %lld documents\n"),
           args->data, when, (long long)r->restored);
    return true;
}

bool restore_sealed(const struct args *args, struct error *e)
{
    struct restoring r = {0};
    bool ok =
        backup_key_read(args->key, true, &r.key, e) && objects_open(args->rest[0], &r.place, e) && restore(&r, args, e);

    objects_close(r.place);
    objects_close(r.files);
    sodium_memzero(&r.key, sizeof r.key);
    return ok;
}
