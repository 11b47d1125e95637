/* The house: every module over one data folder, opened in order, closed in reverse. */
#include "program/program.h"

#include <unistd.h>

#include "db/db.h"
#include "http/http.h"

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

static bool start_modules(struct house *h, struct error *e)
{
    size_t n = count_modules();

    /* All tables stand before any room reads another's. */
    for (size_t i = 0; i < n; i++)
        if (!store_migrate(h->store, all_modules[i]->name, all_modules[i]->migrations, e))
            return false;
    for (size_t i = 0; i < n; i++)
        if (all_modules[i]->start && !all_modules[i]->start(h, e)) {
            stop_modules(h, i + 1);
            return false;
        }
    return true;
}

bool house_open(const char *data_dir, struct house *h, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct house opened = {.data_dir = data_dir, .modules = all_modules};

    if (!folder_make(arena_printf(a, "%s/files", data_dir), e) ||
        !store_open(arena_printf(a, "sqlite:%s/motcua.db", data_dir), &opened.store, e))
        return false;
    opened.feed = feed_new();
    *h = opened;
    if (start_modules(h, e))
        return true;
    store_close(h->store);
    feed_free(h->feed);
    *h = (struct house){0};
    return false;
}

bool house_open_kept(const char *data_dir, struct house *h, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    return (access(arena_printf(a, "%s/motcua.db", data_dir), F_OK) == 0 ||
            fail(e, E_NOT_FOUND, "%s/motcua.db", data_dir)) &&
           house_open(data_dir, h, e);
}

void house_close(struct house *h)
{
    stop_modules(h, count_modules());
    store_close(h->store);
    feed_free(h->feed);
    *h = (struct house){0};
}
