/* The house: every module over one data folder, opened in order, closed in reverse. */
#include "program/program.h"

#include <string.h>
#include <unistd.h>

#include "db/db.h"
#include "http/http.h"
#include "people/people.h"
#include "registry/registry.h"

void house_bare(struct house *h)
{
    *h = (struct house){.modules = all_modules};
}

static size_t count_modules(void)
{
    size_t n = 0;

    while (all_modules[n])
        n++;
    return n;
}

/* Also after a failed start: a module that never started has nothing to stop. */
static void stop_modules(struct house *h, size_t n)
{
    while (n-- > 0)
        if (all_modules[n]->stop)
            all_modules[n]->stop(h);
}

/* All tables stand before any room reads another's. */
static bool migrate_all(struct house *h, struct error *e)
{
    for (size_t i = 0; all_modules[i]; i++)
        if (!store_migrate(h->store, all_modules[i]->name, all_modules[i]->migrations, e))
            return false;
    return true;
}

static bool start_modules(struct house *h, struct error *e)
{
    size_t n = count_modules();

    if (!migrate_all(h, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (all_modules[i]->start && !all_modules[i]->start(h, e)) {
            stop_modules(h, i + 1);
            return false;
        }
    return true;
}

/* "sqlite:DIR/motcua.db" names the same as --data DIR. */
static bool folder_of(const char *url, struct arena *a, const char **out, struct error *e)
{
    static const char scheme[] = "sqlite:", file[] = "/motcua.db";
    size_t len = strlen(url), tail = sizeof file - 1, head = sizeof scheme - 1;

    if (len <= head + tail || strcmp(url + len - tail, file) != 0)
        return fail(e, E_USAGE, "--db sqlite:DIR/motcua.db");
    *out = arena_strndup(a, url + head, len - head - tail);
    return true;
}

bool home_of(const struct args *args, struct arena *a, struct home *out, struct error *e)
{
    const char *state = getenv("STATE_DIRECTORY"); /* where systemd lets a service keep things */

    *out = (struct home){.data_dir = args->data, .files = args->files ? args->files : getenv("MOTCUA_FILES")};
    if (!args->data && !args->db)
        return fail(e, E_USAGE, "--data DIR | --db URL");
    if (args->db && text_starts_with(args->db, "sqlite:"))
        return args->data ? fail(e, E_USAGE, "--data DIR | --db sqlite:…") : folder_of(args->db, a, &out->data_dir, e);
    out->db_url = args->db;
    if (!out->data_dir)
        out->data_dir = text_is_empty(state) ? "motcua-files" : arena_strdup(a, state);
    return true;
}

const char *home_url(const struct home *home, struct arena *a)
{
    return home->db_url ? home->db_url : arena_printf(a, "sqlite:%s/motcua.db", home->data_dir);
}

const char *home_files(const struct home *home, struct arena *a)
{
    return home->files ? home->files : arena_printf(a, "%s/files", home->data_dir);
}

static bool open_with(const struct home *home, bool (*start)(struct house *h, struct error *e), struct house *h,
                      struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct house opened = {
        .data_dir = home->data_dir, .db_url = home->db_url, .files = home->files, .modules = all_modules};

    if (!store_open(home_url(home, a), &opened.store, e))
        return false;
    if (!folder_make(arena_printf(a, "%s/files", home->data_dir), e)) {
        store_close(opened.store);
        return false;
    }
    opened.feed = feed_new();
    *h = opened;
    if (start(h, e))
        return true;
    store_close(h->store);
    feed_free(h->feed);
    *h = (struct house){0};
    return false;
}

bool house_open(const struct home *home, struct house *h, struct error *e)
{
    return open_with(home, start_modules, h, e);
}

/* A registry's definition names units. */
static bool start_tables(struct house *h, struct error *e)
{
    if (migrate_all(h, e) && people_start_reading(h, e) && registry_module.start(h, e))
        return true;
    registry_module.stop(h);
    people_module.stop(h);
    return false;
}

bool house_open_tables(const struct home *home, struct house *h, struct error *e)
{
    return open_with(home, start_tables, h, e);
}

bool house_tables_again(struct house *h, struct error *e)
{
    people_module.stop(h);
    return people_start_reading(h, e) && registries_load(h, e);
}

bool house_open_kept(const struct home *home, struct house *h, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    if (!home->db_url && access(arena_printf(a, "%s/motcua.db", home->data_dir), F_OK) != 0)
        return fail(e, E_NOT_FOUND, "%s/motcua.db", home->data_dir);
    if (!house_open(home, h, e))
        return false;
    if (!home->db_url || unit_at(h, 0))
        return true;
    house_close(h);
    return fail(e, E_NOT_FOUND, SAY("cơ sở dữ liệu chưa có thành phố nào", "the database holds no city"));
}

void house_close(struct house *h)
{
    stop_modules(h, count_modules());
    store_close(h->store);
    feed_free(h->feed);
    *h = (struct house){0};
}
