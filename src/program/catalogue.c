/* import-catalogue: the national catalogue into the services of a city, and what came of it in words. */
#include "program/program.h"

#include <stdlib.h>
#include <string.h>

#include "systems/catalogue/catalogue.h"

enum { CHANGES_SHOWN = 40, BAD_SHOWN = 20 };

/* clang-format off */
static const char *const field_titles[CATALOGUE_FIELD__COUNT][LANG__COUNT] = {
    [CATALOGUE_CODE] = {"mã", "code"},
    [CATALOGUE_NAME] = {"tên", "name"},
    [CATALOGUE_FIELD] = {"lĩnh vực", "field"},
    [CATALOGUE_LEVELS] = {"cấp thực hiện", "levels"},
    [CATALOGUE_WHO] = {"đối tượng", "who"},
    [CATALOGUE_LIMIT] = {"thời hạn", "time limit"},
    [CATALOGUE_FEE] = {"phí, lệ phí", "fee"},
    [CATALOGUE_PAPERS] = {"giấy tờ", "papers"},
    [CATALOGUE_RESULTS] = {"kết quả", "results"},
    [CATALOGUE_LEGAL] = {"căn cứ", "legal grounds"},
    [CATALOGUE_STEPS] = {"trình tự", "steps"},
};
/* clang-format on */

static void print_bad(int64_t line, const char *why, void *arg)
{
    size_t *n = arg;

    if (++*n <= BAD_SHOWN)
        (void)fprintf(stderr, "%lld: %s\n", (long long)line, why);
}

static void print_change(const char *code, const char *kind, const char *note, void *arg)
{
    (void)arg;
    printf("%s %s\n", code, strcmp(kind, "ended") == 0 ? SAY("hết hiệu lực", "ended") : SAY("thay đổi", "changed"));
    for (const char *p = note ? note : ""; *p;) {
        size_t len = strcspn(p, "\n");

        printf("    ");
        (void)fwrite(p, 1, len, stdout); /* checked when it is flushed */
        printf("\n");
        p += len + (p[len] == '\n');
    }
}

/* Tables are read by eye: a column is padded by characters, not by bytes. */
static void print_padded(const char *text, size_t width)
{
    size_t length = text_length(text);

    printf("  %s%*s", text, (int)(width > length ? width - length : 0), "");
}

static void print_fields(const struct catalogue_report *r)
{
    printf(SAY("Đã hiểu (phần còn lại được đánh dấu cho người xem lại):\n",
               "Understood (the rest is marked for a person to look at):\n"));
    for (int f = 0; f < CATALOGUE_FIELD__COUNT; f++) {
        size_t stated = r->fields[f].stated, understood = r->fields[f].understood;

        print_padded(field_titles[f][program_lang()], 16);
        printf("%6zu / %-6zu %5.1f %%\n", understood, stated,
               stated ? 100.0 * (double)understood / (double)stated : 100.0);
    }
}

static bool print_outcome(struct house *h, const struct catalogue_report *r, const struct args *args, struct error *e)
{
    printf(SAY("%zu thủ tục, trong đó %zu của cấp tỉnh hoặc cấp xã\n",
               "%zu procedures, %zu of them of province or commune level\n"),
           r->procedures, r->local);
    print_fields(r);
    if (r->bad + r->outcome.unfit)
        printf(SAY("%zu dòng không dùng được\n", "%zu lines could not be used\n"), r->bad + r->outcome.unfit);
    if (!h || args->dry_run)
        return true;
    printf(SAY("Dịch vụ: %zu mới, %zu thay đổi, %zu như cũ, %zu do thành phố tự làm (giữ nguyên)\n",
               "Services: %zu new, %zu changed, %zu the same, %zu made by hand (left alone)\n"),
           r->outcome.fresh, r->outcome.changed, r->outcome.same, r->outcome.handmade);
    if (r->missing)
        printf(args->complete
                   ? SAY("%zu thủ tục không còn trong tệp: hết hiệu lực\n", "%zu are not in the file any more: ended\n")
                   : SAY("%zu thủ tục không có trong tệp (--complete để kết thúc)\n",
                         "%zu are not in the file (--complete ends them)\n"),
               r->missing);
    if (r->id && r->outcome.changed + r->missing) {
        if (!catalogue_changes(h, r->id, CHANGES_SHOWN, print_change, NULL, e))
            return false;
        if (r->outcome.changed > CHANGES_SHOWN)
            printf(SAY("… và %zu thay đổi nữa (bảng catalogue_change)\n", "… and %zu more (table catalogue_change)\n"),
                   r->outcome.changed - CHANGES_SHOWN);
    }
    return true;
}

/* The named place, or the usual folder when something is kept there; *found false: nothing to store in. */
static bool choose_home(struct arena *a, const struct args *args, struct home *out, bool *found, struct error *e)
{
    const char *usual = getenv("MOTCUA_DATA");

    *found = true;
    if (args->data || args->db)
        return home_of(args, a, out, e);
    usual = text_is_empty(usual) ? "data" : usual;
    *out = (struct home){.data_dir = usual};
    *found = access(arena_printf(a, "%s/motcua.db", usual), F_OK) == 0;
    return true;
}

static bool read_from(const char *text, struct catalogue_import *in, char from[static DATE_TEXT_MAX],
                      char last_day[static DATE_TEXT_MAX], struct error *e)
{
    struct date d = date_at(in->now);

    if (text && !date_parse(text, &d))
        return fail(e, E_USAGE, "--from %s: %s", text, SAY("năm-tháng-ngày", "year-month-day"));
    in->from = text ? date_start_ms(d) : in->now;
    if (in->from < in->now)
        in->from = in->now; /* what was in force stays as it was */
    date_format(d, from);
    date_format(date_from_days(date_to_days(d) - 1), last_day);
    in->from_text = from;
    in->last_day = last_day;
    return true;
}

bool run_import_catalogue(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct catalogue_report report;
    char from[DATE_TEXT_MAX], last_day[DATE_TEXT_MAX];
    struct home home;
    bool kept;
    size_t bad = 0;
    struct catalogue_import in = {.path = args->rest[0],
                                  .lang = program_lang(),
                                  .dry_run = args->dry_run,
                                  .complete = args->complete,
                                  .now = now_ms(),
                                  .bad = print_bad,
                                  .arg = &bad};

    if (!read_from(args->from, &in, from, last_day, e) || !choose_home(a, args, &home, &kept, e))
        return false;
    if (!kept)
        printf(SAY("Không có thư mục dữ liệu (--data): chỉ đọc, không lưu\n",
                   "There is no data folder (--data): only read, nothing stored\n"));
    if (kept && (!house_open(&home, &house, e) || !house_furnish(&house, e)))
        return false;
    return catalogue_import(kept ? &house : NULL, &in, &report, e) &&
           print_outcome(kept ? &house : NULL, &report, args, e);
}
