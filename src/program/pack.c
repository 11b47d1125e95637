/* Packs: check and load one, and the default pack that the program carries inside itself. */
#include "program/program.h"

#include <ftw.h>
#include <string.h>

#include "casework/casework.h"
#include "registry/registry.h"

/* ---- the default pack as a folder ---- */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    (void)remove(path); /* the folder above then stays, and says so */
    return 0;
}

void folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* what cannot be walked stays */
}

static bool unfold_one(struct arena *a, const char *folder, const struct pack_asset *asset, struct error *e)
{
    char *path = arena_printf(a, "%s/%s", folder, asset->path), *slash = strrchr(path, '/');
    auto_fclose FILE *file = NULL;

    *slash = '\0';
    if (!folder_make(path, e))
        return false;
    *slash = '/';
    file = fopen(path, "wxe");
    if (!file)
        return fail_errno(e, "%s", path);
    /* Read back in a moment by this very process: nothing to sync. */
    return (fwrite(asset->data, 1, asset->len, file) == asset->len && fflush(file) == 0) || fail_errno(e, "%s", path);
}

bool default_pack_unfold(struct arena *a, const char **folder, struct error *e)
{
    const char *above = getenv("TMPDIR");
    char *path = arena_printf(a, "%s/motcua-pack-XXXXXX", text_is_empty(above) ? "/tmp" : above);

    if (!mkdtemp(path))
        return fail_errno(e, "%s", path);
    for (const struct pack_asset *asset = default_pack; asset->path; asset++)
        if (!unfold_one(a, path, asset, e)) {
            folder_remove(path);
            return false;
        }
    *folder = path;
    return true;
}

/* ---- check and load ---- */
static bool print_report(const struct pack_report *report, const char *folder, struct error *e)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct pack_problem *p = &report->problems[i];

        (void)fprintf(stderr, "%s/%s:%d: %s: %s\n", folder, p->path, p->line, p->rule, p->what);
    }
    return report->n == 0 || fail(e, E_PACK, SAY("%zu lỗi", "%zu problems"), report->n);
}

static bool read_and_check(const struct house *h, const char *folder, struct arena *a, struct pack *pack,
                           struct error *e)
{
    struct pack_report report = {.arena = a};

    if (!pack_read(folder, h, a, pack, &report, e))
        return false;
    pack_check(pack, h, &report);
    return print_report(&report, pack->path, e);
}

bool run_check(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct house house;
    struct pack pack;

    house_bare(&house);
    if (!read_and_check(&house, args->rest[0], a, &pack, e))
        return false;
    printf(SAY("%s: %zu định nghĩa, không có lỗi\n", "%s: %zu definitions, no problems\n"), pack.path, pack.n);
    return true;
}

bool pack_take(struct house *h, const char *folder, size_t *changed, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct pack pack;

    return read_and_check(h, folder, a, &pack, e) && pack_load(h, &pack, now_ms(), changed, e) && casework_load(h, e);
}

bool run_load(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct home home;
    size_t changed;

    if (!home_of(args, a, &home, e) || !house_open(&home, &house, e) || !pack_take(&house, args->rest[0], &changed, e))
        return false;
    printf(SAY("%s: %zu định nghĩa mới hoặc thay đổi\n", "%s: %zu definitions are new or changed\n"), args->rest[0],
           changed);
    return true;
}

bool house_furnish(struct house *h, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct home home = {h->data_dir, h->db_url};
    const char *folder;
    size_t changed;
    bool ok;

    if (unit_at(h, 0))
        return true;
    if (!default_pack_unfold(a, &folder, e))
        return false;
    ok = pack_take(h, folder, &changed, e);
    folder_remove(folder);
    if (!ok)
        return false;
    log_line(LOG_INFO, "default-pack-loaded", "definitions=%zu", changed);
    house_close(h); /* each room reads its definitions when it starts */
    return house_open(&home, h, e);
}
