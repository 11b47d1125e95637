/* move: a running city into another database and back. Called without --switch it copies, follows what changes and says
 * how far it is, as often as one likes; with --switch it stops the writing at the old place, brings over the rest,
 * compares every row, proves both chains and says that the city is served from the new place. The old one stays closed.
 */
#include "program/move_internal.h"

#include <string.h>

#include "casework/casework.h"
#include "people/people.h"

enum { ROUNDS_MAX = 8, FEW = 200, TABLE_WIDTH = 34 };

/* Each database keeps its own book of what was done to its tables. */
static const char *const passed_over[] = {"migration", "registry_column", "standby_beat", NULL};

static const char *owner_of(const char *search_table)
{
    static _Thread_local char owner[64];

    if (strcmp(search_table, "s_case") == 0)
        return "case_file";
    (void)snprintf(owner, sizeof owner, "r_%s", search_table + 2); /* s_person: of r_person */
    return owner;
}

static const struct move_rules rules = {passed_over, owner_of};

struct moving {
    struct arena *arena;
    struct home from, to;
    const char *from_files, *to_files;
    struct store *source;
    struct house target;
    struct mover *mover;
    struct move_files files;
    int64_t rows;
};

static double seconds_since(int64_t start_us)
{
    return (double)(monotonic_us() - start_us) / 1e6;
}

/* ---- opening ---- */
static bool source_check(struct moving *m, struct error *e)
{
    bool any;

    if (!store_has_table(m->source, "migration", &any, e))
        return false;
    if (!any)
        return fail(e, E_NOT_FOUND, SAY("cơ sở dữ liệu chưa có thành phố nào", "the database holds no city"));
    for (size_t i = 0; all_modules[i]; i++)
        if (!store_is_migrated(m->source, all_modules[i]->name, all_modules[i]->migrations, e))
            return false;
    return true;
}

static bool source_open(struct moving *m, struct error *e)
{
    if (!m->from.db_url && access(home_url(&m->from, m->arena) + strlen("sqlite:"), F_OK) != 0)
        return fail(e, E_NOT_FOUND, "%s/motcua.db", m->from.data_dir);
    return store_open_beside(home_url(&m->from, m->arena), &m->source, e) && source_check(m, e) &&
           mover_open(m->source, &rules, &m->mover, e);
}

/* First beside whoever may be using it: nothing of a city that is none of ours is touched. */
static bool target_admits(struct moving *m, struct error *e)
{
    const char *url = home_url(&m->to, m->arena);
    struct store *store;
    bool ok;

    if (!m->to.db_url && access(url + strlen("sqlite:"), F_OK) != 0)
        return true;
    if (!store_open_beside(url, &store, e))
        return false;
    ok = mover_claim(m->mover, store, e);
    store_close(store);
    return ok;
}

static bool target_open(struct moving *m, struct error *e)
{
    return target_admits(m, e) && house_open_tables(&m->to, &m->target, e) && mover_claim(m->mover, m->target.store, e);
}

/* ---- the rounds ---- */
static bool make_tables(struct moving *m, struct error *e)
{
    const char *lacking;

    if (!mover_lacks(m->mover, &lacking, e))
        return false;
    /* The definitions are rows themselves: once they are there, they say which other tables there are. */
    if (lacking &&
        (!mover_copy(m->mover, e) || !house_tables_again(&m->target, e) || !mover_lacks(m->mover, &lacking, e)))
        return false;
    return !lacking || fail(e, E_DATA_OLDER,
                            SAY("nơi nhận không lập được bảng %s", "the target cannot make the table %s"), lacking);
}

static bool follow(struct moving *m, int64_t *changes, struct error *e)
{
    return mover_follow(m->mover, changes, e) && make_tables(m, e) && mover_copy(m->mover, e);
}

static bool carry_files(struct moving *m, struct error *e)
{
    const char *scratch = m->to.data_dir;

    return move_documents(m->target.store, m->from_files, m->to_files, scratch, &m->files, e) &&
           move_folder(m->from.data_dir, m->to.data_dir, e);
}

/* Until little is left to bring over, or it no longer gets less: then it comes in as fast as it goes out. */
static bool catch_up(struct moving *m, struct error *e)
{
    int64_t before = INT64_MAX, changes, start;

    for (int i = 0; i < ROUNDS_MAX; i++) {
        start = monotonic_us();
        if (!follow(m, &changes, e))
            return false;
        printf(SAY("  theo kịp %lld thay đổi trong %.1f giây\n", "  followed %lld changes in %.1f s\n"),
               (long long)changes, seconds_since(start));
        (void)fflush(stdout); /* for whoever waits */
        if (changes <= FEW || changes >= before)
            return true;
        before = changes;
    }
    return true;
}

static bool bring_over(struct moving *m, struct error *e)
{
    int64_t start = monotonic_us();

    if (!make_tables(m, e) || !mover_copy(m->mover, e))
        return false;
    printf(SAY("  chép xong các bảng trong %.1f giây\n", "  copied the tables in %.1f s\n"), seconds_since(start));
    (void)fflush(stdout); /* for whoever waits */
    start = monotonic_us();
    if (!catch_up(m, e) || !carry_files(m, e))
        return false;
    printf(SAY("  giấy tờ: chép %lld, đã có sẵn %lld, hỏng hoặc thiếu ở nơi cũ %lld (%.1f giây)\n",
               "  documents: %lld copied, %lld there, %lld broken or missing at the old place (%.1f s)\n"),
           (long long)m->files.copied, (long long)m->files.there, (long long)m->files.broken, seconds_since(start));
    return true;
}

/* ---- the end ---- */
static void tell_count(const struct move_count *count, void *arg)
{
    struct moving *m = arg;

    m->rows += count->to;
    if (count->from || count->to || !count->same)
        printf("  %-*s %12lld  %s\n", TABLE_WIDTH, count->table, (long long)count->to,
               count->same ? SAY("giống hệt", "the same") : SAY("KHÁC", "DIFFERENT"));
}

static bool prove_chains(struct moving *m, struct error *e)
{
    auto_read struct db *db = NULL;
    int64_t entries, events;
    bool audit, cases;

    if (!store_read(m->target.store, &db, e) || !audit_verify(db, &audit, &entries, e) ||
        !cases_verify(db, &cases, &events, e))
        return false;
    printf(
        SAY("  nhật ký truy cập: %lld dòng, %s; sự kiện hồ sơ: %lld, %s\n",
            "  audit log: %lld entries, %s; case events: %lld, %s\n"),
        (long long)entries, audit ? SAY("chuỗi đúng", "the chain is sound") : SAY("CHUỖI HỎNG", "THE CHAIN IS BROKEN"),
        (long long)events, cases ? SAY("chuỗi đúng", "the chains are sound") : SAY("CHUỖI HỎNG", "A CHAIN IS BROKEN"));
    return (audit && cases) || fail(e, E_DATABASE, SAY("chuỗi băm không khớp", "a hash chain does not match"));
}

static bool finish(struct moving *m, struct error *e)
{
    int64_t changes;
    bool same;

    if (!follow(m, &changes, e) || !carry_files(m, e) || !mover_compare(m->mover, tell_count, m, &same, e))
        return false;
    if (!same)
        return fail(e, E_DATABASE, SAY("hai nơi không giống nhau", "the two places are not the same"));
    return prove_chains(m, e) && store_move_forget(m->target.store, e);
}

static void tell_end(const struct moving *m, const struct args *args, double closed)
{
    printf(SAY("Đã chuyển xong: %lld dòng, từng dòng giống hệt; %lld giấy tờ. Nơi cũ ngừng ghi được %.1f giây (%.2f "
               "phút).\n"
               "Bây giờ hãy chạy máy chủ với --db %s (dữ liệu kèm theo: %s, tệp: %s).\n"
               "Nơi cũ chỉ còn xem được. Muốn quay lại nơi cũ trước khi nơi mới có gì thêm: motcua move --from %s "
               "--cancel\n",
               "Moved: %lld rows, each the same; %lld documents. The old place has taken no writes for %.1f s (%.2f "
               "min).\n"
               "Now serve with --db %s (folder: %s, files: %s).\n"
               "The old place can only be read. To go back to it, while nothing new is at the new one: motcua move "
               "--from %s --cancel\n"),
           (long long)m->rows, (long long)(m->files.copied + m->files.there), closed, closed / 60, args->to,
           m->to.data_dir, m->to_files, args->from);
}

/* Whatever goes wrong, the old place takes writes again: nobody waits for an operator. */
static bool change_over(struct moving *m, const struct args *args, struct error *e)
{
    auto_error struct error reopening;
    int64_t start = monotonic_us();

    error_init(&reopening);
    if (!mover_close_source(m->mover, e) || !finish(m, e)) {
        /* unless another process has taken over: then it is closed for that one */
        if (e->code != E_IN_USE && !mover_open_source(m->mover, &reopening))
            log_line(LOG_ERROR, "still-closed", "why=\"%s\"", reopening.detail);
        return false;
    }
    tell_end(m, args, seconds_since(start));
    return true;
}

static bool move(struct moving *m, const struct args *args, struct error *e)
{
    if (!source_open(m, e) || !target_open(m, e) || !bring_over(m, e))
        return false;
    if (args->change_over)
        return change_over(m, args, e);
    printf(SAY(
        "Sẵn sàng chuyển. Chọn lúc ít người dùng rồi gọi lại với --switch: nơi cũ sẽ ngừng ghi trong lúc hoàn tất.\n",
        "Ready to switch. At a quiet hour call again with --switch: the old place stops writing while it is "
        "finished.\n"));
    return true;
}

/* ---- the command ---- */
static bool cancel(struct moving *m, struct error *e)
{
    if (!m->from.db_url && access(home_url(&m->from, m->arena) + strlen("sqlite:"), F_OK) != 0)
        return fail(e, E_NOT_FOUND, "%s/motcua.db", m->from.data_dir);
    if (!store_open_beside(home_url(&m->from, m->arena), &m->source, e) || !store_move_forget(m->source, e))
        return false;
    printf(
        SAY("Đã hủy việc chuyển: nơi cũ ghi nhận như trước. Hãy xóa nơi mới đang dở.\n",
            "The move is given up: the old place takes writes as before. Remove what the new one has got so far.\n"));
    return true;
}

/* A PostgreSQL database of the same machine goes on with the folder that is there, unless another is named. */
static bool homes_of(struct moving *m, const struct args *args, struct error *e)
{
    struct args from = {.data = args->from_data, .db = args->from, .files = args->from_files},
                to = {.data = args->data, .db = args->to, .files = args->files};

    if (!home_of(&from, m->arena, &m->from, e))
        return false;
    m->from_files = home_files(&m->from, m->arena);
    if (args->cancel)
        return true;
    if (!args->to)
        return fail(e, E_USAGE, "--to");
    if (!to.data && !text_starts_with(args->to, "sqlite:"))
        to.data = m->from.data_dir;
    if (!home_of(&to, m->arena, &m->to, e))
        return false;
    m->to_files = home_files(&m->to, m->arena);
    return strcmp(home_url(&m->from, m->arena), home_url(&m->to, m->arena)) != 0 || fail(e, E_USAGE, "--from = --to");
}

bool run_move(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct moving m = {.arena = a};
    bool ok = homes_of(&m, args, e) && (args->cancel ? cancel(&m, e) : move(&m, args, e));

    mover_close(m.mover);
    if (m.target.store)
        house_close(&m.target);
    store_close(m.source);
    return ok;
}
