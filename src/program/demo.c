/* `motcua demo`: a pack, a city of fictitious people, accounts for everybody who works there. */
#include "program/demo_internal.h"

enum { RESIDENTS_DEFAULT = 20000, RESIDENTS_MAX = 5000000, SEED_DEFAULT = 1, CASES_MAX = 100000 };

struct wanted {
    const char *pack;
    int64_t residents, seed, cases;
};

/* The city is made for one day, so that a seed gives the same city whenever it is drawn; unless a slow clock has not
 * reached it, for nobody is born in the future. */
static int64_t city_day(void)
{
    int64_t day = date_to_days((struct date){2026, 11, 1}), today = date_to_days(date_at(now_ms()));

    return today < day ? today : day;
}

static bool make_city(struct house *h, const struct wanted *w, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct city city = {.arena = a,
                        .house = h,
                        .seed = (uint64_t)w->seed,
                        .chance = {(uint64_t)w->seed},
                        .day = city_day(),
                        .cases = w->cases};

    if (!parts_read(a, w->pack, &city.parts, e) || !city_populate(&city, w->residents, e))
        return false;
    books_fill(&city);
    if (!city_write(&city, e) || !accounts_write(&city, e))
        return false;
    (void)jobs_run_due(h->store, now_ms()); /* the slips of its dossiers; what is left is drawn when it serves */
    return true;
}

static bool make(const struct args *args, const struct wanted *w, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct home home;
    int64_t began = monotonic_us();
    size_t changed;

    if (!home_of(args, a, &home, e) || !house_open(&home, &house, e))
        return false;
    if (unit_at(&house, 0))
        return fail(e, E_CONFLICT, SAY("%s đã có dữ liệu; hãy chọn nơi khác", "%s holds data already; name another"),
                    home.db_url ? "--db" : home.data_dir);
    (void)fprintf(stderr, SAY("Tạo thành phố mẫu %lld cư dân:\n", "Making a demo city of %lld residents:\n"),
                  (long long)w->residents);
    if (!pack_take(&house, w->pack, &changed, e) || !make_city(&house, w, e))
        return false;
    printf(SAY("Xong sau %.1f giây: %s\n", "Done in %.1f seconds: %s\n"), (double)(monotonic_us() - began) / 1e6,
           home.data_dir);
    return true;
}

bool run_demo(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct wanted w = {.pack = args->pack};
    bool ok;

    if (!option_number("residents", args->residents, 1, RESIDENTS_MAX, RESIDENTS_DEFAULT, &w.residents, e) ||
        !option_number("seed", args->seed, 0, INT64_MAX, SEED_DEFAULT, &w.seed, e) ||
        !option_number("cases", args->cases, 0, CASES_MAX, 0, &w.cases, e) ||
        (!w.pack && !default_pack_unfold(a, &w.pack, e)))
        return false;
    ok = make(args, &w, e);
    if (!args->pack)
        folder_remove(w.pack);
    return ok;
}
