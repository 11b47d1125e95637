/* partition: the tables that grow with every act, divided by year where the database can do that; those of the
 * registries that are named, by their records' keys. */
#include "program/program.h"

#include "db/db.h"
#include "registry/registry.h"

/* Cases, what was done with them, and what was done with records: they grow for ever, the rest with the city's size. */
static const struct {
    const char *table, *column;
} growing[] = {{"case_file", "id"}, {"case_event", "case_id"}, {"record_change", "id"}};

static struct division division_of(size_t i, bool ahead)
{
    return (struct division){growing[i].table, growing[i].column, now_ms(), ahead};
}

bool parts_ahead(struct house *h, struct error *e)
{
    bool divided;

    for (size_t i = 0; store_has_parts(h->store) && i < COUNT(growing); i++) {
        struct division d = division_of(i, true);

        if (!store_divide(h->store, &d, &divided, e))
            return false;
    }
    return true;
}

static bool divide_by_year(struct house *h, struct error *e)
{
    bool divided;

    for (size_t i = 0; i < COUNT(growing); i++) {
        struct division d = division_of(i, false);

        if (!store_divide(h->store, &d, &divided, e))
            return false;
        (void)printf("%s: %s\n", d.table,
                     divided ? SAY("đã chia theo năm", "divided by year")
                             : SAY("đã chia từ trước; đã có phần cho các năm tới",
                                   "was divided before; the years to come have their parts"));
    }
    return true;
}

static bool divide_registries(struct house *h, const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    bool divided;

    for (size_t i = 0; i < args->n; i++) /* before the first is touched */
        if (!registry_find(h, args->rest[i]))
            return fail(e, E_NOT_FOUND, SAY("không có cơ sở dữ liệu tên %s", "no registry is named %s"), args->rest[i]);
    for (size_t i = 0; i < args->n; i++) {
        const char *table = arena_printf(a, "r_%s", args->rest[i]);

        if (!store_spread(h->store, table, &divided, e))
            return false;
        (void)printf("%s: %s\n", table,
                     divided ? SAY("đã chia theo khóa", "divided by key")
                             : SAY("đã chia từ trước", "was divided before"));
    }
    return true;
}

bool run_partition(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct home home;

    if (!home_of(args, a, &home, e) || !house_open_kept(&home, &house, e))
        return false;
    if (!store_has_parts(house.store))
        return fail(e, E_USAGE,
                    SAY("SQLite không chia bảng; chuyển sang PostgreSQL bằng motcua move rồi chạy lại",
                        "SQLite has no partitions; move to PostgreSQL with motcua move, then run this again"));
    return args->n ? divide_registries(&house, args, e) : divide_by_year(&house, e);
}
