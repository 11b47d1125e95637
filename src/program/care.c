/* Care of a data folder: plain copies, verify; and which kind of backup is meant. */
#include "program/backup_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "casework/casework.h"
#include "db/db.h"
#include "document/document.h"
#include "people/people.h"
#include "systems/vault/vault.h"

/* ---- copying files ---- */
/* By reading and writing: copy_file_range() refuses to go from one kind of file system to another, as a backup does. */
bool file_copy(const char *from, const char *to, struct error *e)
{
    auto_close int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    char chunk[65536];
    ssize_t n;

    if (in < 0)
        return fail_errno(e, "%s", from);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0)
        return fail_errno(e, "%s", to);
    while ((n = read(in, chunk, sizeof chunk)) > 0)
        if (!fd_write_all(out, (struct bytes){chunk, (size_t)n}, e))
            return false;
    if (n < 0)
        return fail_errno(e, "%s", from);
    return fsync(out) == 0 || fail_errno(e, "%s", to);
}

struct copying {
    struct arena *arena;
    const char *from, *to;
    size_t n;
};

static bool copy_one(const char *path, void *arg, struct error *e)
{
    struct copying *c = arg;
    char *to = arena_printf(c->arena, "%s%s", c->to, path + strlen(c->from)), *slash = strrchr(to, '/');

    if (strstr(path + strlen(c->from), "/tmp/")) /* uploads on their way in belong to nobody yet */
        return true;
    *slash = '\0';
    if (!folder_make(to, e))
        return false;
    *slash = '/';
    c->n++;
    return file_copy(path, to, e);
}

static bool copy_folder(const char *from, const char *to, const char *name, size_t *n, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct copying c = {
        .arena = a, .from = arena_printf(a, "%s/%s", from, name), .to = arena_printf(a, "%s/%s", to, name)};

    if (!folder_make(c.to, e) || !folder_walk(c.from, "", copy_one, &c, e) || !folder_sync(c.to, e))
        return false;
    *n = c.n;
    return true;
}

/* What says that a city is a demo goes along, so that a copy says so too. */
static bool copy_mark(struct arena *a, const char *from, const char *to, struct error *e)
{
    const char *mark = arena_printf(a, "%s/demo-accounts.json", from);

    return access(mark, F_OK) != 0 || file_copy(mark, arena_printf(a, "%s/demo-accounts.json", to), e);
}

/* Keys go along, for their owner's eyes only; they lie nowhere else. */
static bool copy_keys(struct arena *a, const char *from, const char *to, struct error *e)
{
    size_t n;

    if (access(arena_printf(a, "%s/keys", from), F_OK) != 0) /* of a program before there were any */
        return true;
    return (mkdir(arena_printf(a, "%s/keys", to), 0700) == 0 || fail_errno(e, "make the folder of the keys")) &&
           copy_folder(from, to, "keys", &n, e);
}

/* A whole data folder under a passing name, then named: a copy that was cut off is never taken for one. The database
 * first: a file it names is never removed, so all of them are still there when they are copied. */
static bool copy_data(const char *from, const char *to, size_t *n, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *part = arena_printf(a, "%s.part", to);

    folder_remove(part); /* of an attempt that was cut off */
    if (!folder_make(part, e) ||
        !store_backup_of(arena_printf(a, "sqlite:%s/motcua.db", from), arena_printf(a, "%s/motcua.db", part), e) ||
        !copy_folder(from, part, "files", n, e) || !copy_keys(a, from, part, e) || !copy_mark(a, from, part, e) ||
        !folder_sync(part, e)) {
        folder_remove(part);
        return false;
    }
    return rename(part, to) == 0 || fail_errno(e, "%s", to); /* over an empty folder, never over a full one */
}

/* A city on PostgreSQL has a folder, too. */
static bool has_database(const char *data, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    return access(arena_printf(a, "%s/motcua.db", data), F_OK) == 0 ||
           fail(
               e, E_NOT_FOUND,
               SAY("%s/motcua.db; thành phố trên PostgreSQL sao lưu bằng pgBackRest hoặc pg_dump, xem deploy/README.md",
                   "%s/motcua.db; a city on PostgreSQL is backed up with pgBackRest or pg_dump, see deploy/README.md"),
               data);
}

bool run_backup(const struct args *args, struct error *e)
{
    size_t n;

    if (!has_database(args->data, e))
        return false;
    if (args->key)
        return backup_sealed(args, e);
    if (args->keep || args->files)
        return fail(e, E_USAGE, "--key FILE.pub ?");
    if (!copy_data(args->data, args->rest[0], &n, e))
        return false;
    printf(SAY("Đã sao lưu vào %s: cơ sở dữ liệu và %zu tệp\n", "Backed up into %s: the database and %zu files\n"),
           args->rest[0], n);
    return true;
}

static bool restore_copy(const struct args *args, struct error *e)
{
    size_t n;

    if (args->at || args->files)
        return fail(e, E_USAGE, "--key FILE ?");
    if (!copy_data(args->rest[0], args->data, &n, e))
        return false;
    printf(SAY("Đã phục hồi vào %s: cơ sở dữ liệu và %zu tệp\n", "Restored into %s: the database and %zu files\n"),
           args->data, n);
    return true;
}

/* ---- proof ---- */
enum { WHAT_WIDTH = 20 };

struct proving {
    struct house *house;
    struct db *db;
    bool resume, sound;
};

static void tell(struct proving *p, const char *what, bool sound, int64_t checked)
{
    int pad = WHAT_WIDTH - (int)text_length(what); /* printf() would count bytes */

    printf("%s%*s %10lld  %s\n", what, pad > 0 ? pad : 0, "", (long long)checked,
           sound ? SAY("đúng", "sound") : SAY("HỎNG", "BROKEN"));
    p->sound = p->sound && sound;
}

static bool prove_audit(struct proving *p, struct error *e)
{
    int64_t checked;
    bool sound;

    if (!audit_verify(p->db, &sound, &checked, e))
        return false;
    tell(p, SAY("nhật ký truy cập", "audit log"), sound, checked);
    return true;
}

static bool prove_vault(struct proving *p, struct error *e)
{
    int64_t checked;
    bool sound;

    if (!vault_verify(p->db, &sound, &checked, e))
        return false;
    tell(p, SAY("nhật ký của kho giấy tờ", "the vault's access log"), sound, checked);
    return true;
}

static bool prove_cases(struct proving *p, struct error *e)
{
    int64_t checked;
    bool sound;

    if (!cases_verify(p->db, &sound, &checked, e))
        return false;
    tell(p, SAY("sự kiện hồ sơ", "case events"), sound, checked);
    return true;
}

static bool prove_documents(struct proving *p, struct error *e)
{
    int64_t checked;
    bool sound;

    if (!documents_verify(p->db, p->house, p->resume, &sound, &checked, e))
        return false;
    tell(p, SAY("tệp giấy tờ", "document files"), sound, checked);
    return true;
}

static bool prove_database(struct proving *p, struct error *e)
{
    bool sound;

    if (!store_check(p->house->store, &sound, e))
        return false;
    tell(p, SAY("cơ sở dữ liệu", "database"), sound, 1);
    return true;
}

bool run_verify(const struct args *args, struct error *e)
{
    static bool (*const proofs[])(struct proving *, struct error *) = {prove_audit, prove_vault, prove_cases,
                                                                       prove_documents, prove_database};
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    auto_read struct db *db = NULL;
    struct proving p = {.house = &house, .resume = args->resume, .sound = true};
    struct home home;

    if (!home_of(args, a, &home, e) || !house_open_kept(&home, &house, e) || !store_read(house.store, &db, e))
        return false;
    p.db = db;
    for (size_t i = 0; i < COUNT(proofs); i++)
        if (!proofs[i](&p, e))
            return false;
    if (!p.sound)
        return fail(e, E_DATABASE,
                    SAY("có dữ liệu đã bị thay đổi, xem nhật ký ở trên", "some data was changed: see above"));
    printf("OK\n");
    return true;
}

/* A backup is worth what its proof says. */
bool run_restore(const struct args *args, struct error *e)
{
    return (args->key ? restore_sealed(args, e) : restore_copy(args, e)) && run_verify(args, e);
}
