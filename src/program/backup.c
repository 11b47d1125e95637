/* An online, encrypted, incremental backup: a copy of the database cut into chunks, and the documents it names. What
 * the place has already is not sent again. The manifest goes last: a backup that was cut off is none, and the next one
 * finds what it had sent. The server holds no key that could read any of it. */
#include "program/backup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "casework/casework.h"
#include "db/db.h"
#include "document/document.h"

enum { KEEP_MAX = 100000, MARK_MAX = 1 << 20 };

/* Names of objects, sorted. */
struct names {
    struct digest *at;
    size_t n, room;
};

struct sending {
    struct backup_key key;
    struct objects *place, *files;
    const char *work;           /* a folder of our own below the data */
    struct names chunks, known; /* of the kind at hand: what the place has */
    struct names used;          /* the chunks of this backup, in order */
    int64_t sent, kept, bytes, missing;
};

/* ---- names ---- */
static void add_name(struct names *names, const struct digest *name)
{
    if (names->n == names->room) {
        names->room = names->room ? names->room * 2 : 4096;
        names->at = realloc(names->at, names->room * sizeof *names->at);
        if (!names->at)
            die("out of memory", names->room);
    }
    names->at[names->n++] = *name;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

static void sort(struct names *names)
{
    if (names->n)
        qsort(names->at, names->n, sizeof *names->at, compare);
}

static bool has(const struct names *names, const struct digest *name)
{
    return names->n && bsearch(name, names->at, names->n, sizeof *name, compare);
}

static void forget(struct names *names)
{
    free(names->at);
    *names = (struct names){0};
}

static bool note_one(const struct object *object, void *arg, struct error *e)
{
    const char *slash = strchr(object->key, '/');
    char hex[DIGEST_HEX];
    struct digest name;

    (void)e;
    if (slash && snprintf(hex, sizeof hex, "%.2s%s", slash + 1, slash + 4) == DIGEST_HEX - 1 &&
        digest_parse(hex, &name))
        add_name(arg, &name);
    return true;
}

static bool list_kind(struct objects *place, const char *kind, struct names *out, struct error *e)
{
    forget(out);
    if (!objects_list(place, kind, note_one, out, e))
        return false;
    sort(out);
    return true;
}

/* ---- sending ---- */
/* The bytes of fd from there on, unless the place has them. */
static bool send(struct sending *s, const char *kind, int fd, int64_t from, int64_t len, const struct digest *digest,
                 struct digest *name, struct error *e)
{
    char path[BACKUP_NAME_MAX];
    struct digest sealed;
    struct object_bytes bytes = {.fd = -1, .digest = &sealed};
    bool ok;

    backup_name(&s->key, digest, name);
    if (has(&s->known, name)) {
        s->kept++;
        return true;
    }
    backup_path(kind, name, path);
    bytes.fd = open(s->work, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (bytes.fd < 0)
        return fail_errno(e, "make a file in %s", s->work);
    ok =
        seal(&s->key, path, fd, from, len, bytes.fd, &sealed, &bytes.size, e) && objects_put(s->place, path, &bytes, e);
    (void)close(bytes.fd); /* it has no name: gone */
    s->sent += ok;
    s->bytes += ok ? bytes.size : 0;
    return ok;
}

static bool send_small(struct sending *s, const char *path, struct bytes data, bool sealed, struct error *e)
{
    auto_close int plain = open(s->work, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600),
                   out = open(s->work, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    struct digest digest = digest_of(data);
    struct object_bytes bytes = {.fd = plain, .size = (int64_t)data.len, .digest = &digest};

    if (plain < 0 || out < 0)
        return fail_errno(e, "make a file in %s", s->work);
    if (!fd_write_all(plain, data, e))
        return false;
    if (sealed) {
        if (!seal(&s->key, path, plain, 0, (int64_t)data.len, out, &digest, &bytes.size, e))
            return false;
        bytes.fd = out;
    }
    return objects_put(s->place, path, &bytes, e);
}

/* ---- the database ---- */
static bool send_database(struct sending *s, int fd, int64_t size, struct digest *whole, struct error *e)
{
    auto_free unsigned char *chunk = malloc(BACKUP_CHUNK); /* not a thread's own: every thread would be born with it */
    struct digest_stream hash;

    if (!chunk)
        die("backup", BACKUP_CHUNK);
    if (!list_kind(s->place, "chunks/", &s->known, e))
        return false;
    digest_start(&hash);
    for (int64_t at = 0; at < size; at += BACKUP_CHUNK) {
        size_t len = size - at < BACKUP_CHUNK ? (size_t)(size - at) : BACKUP_CHUNK;
        struct digest digest, name;

        if (pread(fd, chunk, len, at) != (ssize_t)len)
            return fail(e, E_IO, "the copy of the database cannot be read");
        digest_add(&hash, chunk, len);
        digest = digest_of((struct bytes){chunk, len});
        if (!send(s, "chunks", fd, at, (int64_t)len, &digest, &name, e))
            return false;
        add_name(&s->used, &name);
    }
    *whole = digest_end(&hash);
    return true;
}

/* ---- the documents ---- */
/* One that is missing or changed is told, and the others are saved all the same. */
static bool send_document(const struct digest *digest, int64_t size, void *arg, struct error *e)
{
    struct sending *s = arg;
    char key[DOCUMENT_KEY_MAX];
    struct digest name;
    auto_close int fd = -1;

    backup_name(&s->key, digest, &name);
    if (has(&s->known, &name)) {
        s->kept++;
        return true;
    }
    document_key(digest, key);
    if (!objects_read(s->files, key, s->work, &fd, e) || !document_is_whole(fd, digest, size)) {
        if (error_kind(e) == KIND_BUSY)
            return false;
        log_line(LOG_ERROR, "document_broken", "key=%s why=\"%s\"", key, e->detail);
        error_init(e);
        s->missing++;
        return true;
    }
    return send(s, "files", fd, 0, size, digest, &name, e);
}

static bool send_documents(struct sending *s, const char *copy, int64_t *n, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct store *store;
    bool ok = false;

    if (!list_kind(s->place, "files/", &s->known, e) || !store_open(arena_printf(a, "sqlite:%s", copy), &store, e))
        return false;
    {
        auto_read struct db *db = NULL;

        ok = store_read(store, &db, e) && documents_each(db, send_document, s, n, e);
    }
    store_close(store);
    return ok;
}

/* ---- the manifest ---- */
static json_t *manifest_new(const struct sending *s, int64_t now, int64_t size, const struct digest *whole,
                            int64_t documents, const char *mark)
{
    json_t *chunks = json_array();
    char hex[DIGEST_HEX];

    for (size_t i = 0; i < s->used.n; i++) {
        digest_hex(&s->used.at[i], hex);
        json_array_append_new(chunks, json_string(hex));
    }
    digest_hex(whole, hex);
    return json_pack("{s:i, s:I, s:I, s:s, s:i, s:o, s:I, s:s?}", "version", BACKUP_VERSION, "made_at", (json_int_t)now,
                     "size", (json_int_t)size, "sha256", hex, "chunk", BACKUP_CHUNK, "chunks", chunks, "documents",
                     (json_int_t)documents, "demo", mark);
}

/* Vouched for with the key that server and owner share: whoever can only write to the place cannot forge one. */
static bool send_manifest(struct sending *s, const json_t *manifest, int64_t now, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf list = BUF_INIT(MANIFEST_MAX), sealed = BUF_INIT(MANIFEST_MAX);
    unsigned char vouch[BACKUP_KEY];
    auto_free char *text = json_dumps(manifest, JSON_COMPACT | JSON_SORT_KEYS);

    if (!text)
        die("out of memory", 0);
    for (size_t i = 0; i < s->used.n; i++)
        buf_add(&list, s->used.at[i].bytes, sizeof s->used.at[i].bytes);
    backup_vouch(&s->key, (struct bytes){text, strlen(text)}, vouch);
    buf_add(&sealed, vouch, sizeof vouch);
    buf_puts(&sealed, text);
    if (list.overflow || sealed.overflow)
        return fail(e, E_BODY_TOO_LARGE, "a manifest of more than %d bytes", MANIFEST_MAX);
    return send_small(s, arena_printf(a, "lists/%" PRId64, now), (struct bytes){list.data ? list.data : "", list.len},
                      false, e) &&
           send_small(s, arena_printf(a, "manifests/%" PRId64, now), (struct bytes){sealed.data, sealed.len}, true, e);
}

/* ---- what is kept ---- */
struct times {
    int64_t at[KEEP_MAX];
    size_t n;
};

static bool note_time(const struct object *object, void *arg, struct error *e)
{
    struct times *times = arg;
    int64_t at;

    if (!text_to_i64(strchr(object->key, '/') + 1, 1, INT64_MAX, &at))
        return true;
    if (times->n == KEEP_MAX)
        return fail(e, E_BODY_TOO_LARGE, "more than %d backups", KEEP_MAX);
    times->at[times->n++] = at; /* thirteen digits each: in order */
    return true;
}

static bool note_needed(struct sending *s, int64_t at, struct names *needed, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_close int fd = -1;
    struct digest name;
    ssize_t n;

    if (!objects_read(s->place, arena_printf(a, "lists/%" PRId64, at), s->work, &fd, e))
        return false;
    while ((n = read(fd, name.bytes, sizeof name.bytes)) == (ssize_t)sizeof name.bytes)
        add_name(needed, &name);
    return n == 0 || fail(e, E_BACKUP_BROKEN, "lists/%" PRId64, at);
}

static bool drop(struct sending *s, const struct times *times, size_t n, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        auto_arena struct arena *a = arena_new();

        /* The manifest first: what is left of a backup half removed is no backup. */
        if (!objects_remove(s->place, arena_printf(a, "manifests/%" PRId64, times->at[i]), e) ||
            !objects_remove(s->place, arena_printf(a, "lists/%" PRId64, times->at[i]), e))
            return false;
    }
    return true;
}

static bool drop_unneeded(struct sending *s, const struct names *needed, struct error *e)
{
    char path[BACKUP_NAME_MAX];

    if (!list_kind(s->place, "chunks/", &s->known, e))
        return false;
    for (size_t i = 0; i < s->known.n; i++) {
        if (has(needed, &s->known.at[i]))
            continue;
        backup_path("chunks", &s->known.at[i], path);
        if (!objects_remove(s->place, path, e))
            return false;
    }
    return true;
}

/* The newest stay, with every chunk that any of them needs. Documents are never removed from a city, nor from here. */
static bool retain(struct sending *s, int64_t keep, struct error *e)
{
    auto_free struct times *times = calloc(1, sizeof *times);
    struct names needed = {0};
    size_t old;
    bool ok = true;

    if (!times)
        die("out of memory", sizeof *times);
    if (!objects_list(s->place, "manifests/", note_time, times, e))
        return false;
    if (times->n <= (size_t)keep)
        return true;
    old = times->n - (size_t)keep;
    for (size_t i = old; i < times->n && ok; i++)
        ok = note_needed(s, times->at[i], &needed, e);
    sort(&needed);
    ok = ok && drop(s, times, old, e) && drop_unneeded(s, &needed, e);
    forget(&needed);
    return ok;
}

/* ---- the whole ---- */
static const char *mark_of(struct arena *a, const char *data)
{
    auto_error struct error e;
    struct bytes text;

    error_init(&e);
    return file_read(a, arena_printf(a, "%s/demo-accounts.json", data), MARK_MAX, &text, &e) ? text.data : NULL;
}

static bool back_up(struct sending *s, const struct args *args, const char *copy, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_close int fd = -1;
    json_auto_t *manifest = NULL;
    int64_t now = now_ms(), documents = 0;
    struct digest whole;
    struct stat st;

    if (!store_backup_of(arena_printf(a, "sqlite:%s/motcua.db", args->data), copy, e))
        return false;
    fd = open(copy, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_errno(e, "%s", copy);
    if (!send_database(s, fd, st.st_size, &whole, e) || !send_documents(s, copy, &documents, e))
        return false;
    manifest = manifest_new(s, now, st.st_size, &whole, documents, mark_of(a, args->data));
    if (!send_manifest(s, manifest, now, e))
        return false;
    printf(SAY("Đã sao lưu %s: %lld giấy tờ, gửi %lld mảnh (%lld byte), %lld mảnh đã có sẵn\n",
               "Backed up into %s: %lld documents, %lld pieces sent (%lld bytes), %lld were there\n"),
           args->rest[0], (long long)documents, (long long)s->sent, (long long)s->bytes, (long long)s->kept);
    return s->missing == 0 || fail(e, E_IO, SAY("%lld giấy tờ hỏng hoặc thiếu", "%lld documents are broken or missing"),
                                   (long long)s->missing);
}

/* One at a time for a data folder. */
static bool lock_folder(const char *data, int *fd, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    *fd = open(arena_printf(a, "%s/backup.lock", data), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return fail_errno(e, "%s/backup.lock", data);
    return flock(*fd, LOCK_EX | LOCK_NB) == 0 ||
           fail(e, E_IN_USE, SAY("đang có một lần sao lưu khác", "another backup is under way"));
}

static bool in_work_folder(struct sending *s, const struct args *args, int64_t keep, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_close int lock = -1;
    bool ok;

    if (!lock_folder(args->data, &lock, e))
        return false;
    s->work = arena_printf(a, "%s/backup.part", args->data);
    folder_remove(s->work); /* of one that was cut off */
    ok = folder_make(s->work, e) && back_up(s, args, arena_printf(a, "%s/motcua.db", s->work), e) &&
         (keep == 0 || retain(s, keep, e));
    folder_remove(s->work);
    return ok;
}

bool backup_sealed(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *files = args->files ? args->files : getenv("MOTCUA_FILES");
    struct sending s = {0};
    int64_t keep;
    bool ok = option_number("keep", args->keep, 1, KEEP_MAX, 0, &keep, e) &&
              backup_key_read(args->key, false, &s.key, e) && objects_open(args->rest[0], &s.place, e) &&
              objects_open(files ? files : arena_printf(a, "%s/files", args->data), &s.files, e) &&
              in_work_folder(&s, args, keep, e);

    objects_close(s.place);
    objects_close(s.files);
    forget(&s.known);
    forget(&s.used);
    sodium_memzero(&s.key, sizeof s.key);
    return ok;
}
