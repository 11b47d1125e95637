/* Reading the national catalogue: each trap of its columns alone, then 60 procedures of the real file against facts
 * that were read by hand (facts.table). The file is no part of the project: without it that part says so and passes
 * over. */
#include "systems/catalogue/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { LINE_LEN = 4096, FACTS_MAX = 100 };

struct scene {
    struct arena *arena;
    struct catalogue_reader *reader;
};

static int set(void **state)
{
    static struct scene s;

    s.arena = arena_new();
    s.reader = catalogue_reader_new(s.arena);
    *state = &s;
    return 0;
}

static int clear(void **state)
{
    arena_free(((struct scene *)*state)->arena);
    return 0;
}

/* ---- a procedure in one line, as the facts write it ---- */

static const char *say_limit(struct arena *a, const struct procedure *p, size_t i)
{
    static const char *const short_names[LIMIT__COUNT] = {"s", "h", "wd", "d", "m"};
    const struct catalogue_manner *m = &p->manners[i];

    if (m->limit.value)
        return arena_printf(a, "%jd%s", (intmax_t)m->limit.value, short_names[m->limit.unit]);
    return procedure_is_unsure(p, arena_printf(a, "/manners/%zu/limit", i)) ? "?" : "-";
}

static const char *say_fee(struct arena *a, const struct procedure *p, size_t i)
{
    const struct catalogue_manner *m = &p->manners[i];

    if (!m->states_fee)
        return "-";
    if (m->amount != FEE_UNKNOWN)
        return arena_printf(a, "%jd", (intmax_t)m->amount);
    return procedure_is_unsure(p, arena_printf(a, "/manners/%zu/fees/0/amount", i)) ? "?" : "~";
}

static char *say_manners(struct arena *a, const struct procedure *p)
{
    char *out = arena_strdup(a, "");

    for (size_t i = 0; i < p->n_manners; i++)
        out = arena_printf(a, "%s%s%s %s %s", out, i ? "; " : "", p->manners[i].channel, say_limit(a, p, i),
                           say_fee(a, p, i));
    return out;
}

static char *say_paper(struct arena *a, const struct catalogue_paper *p)
{
    return arena_printf(a, "%d+%d%s%s%s", p->originals, p->copies, p->present ? "p" : "", p->form ? ":" : "",
                        p->form ? p->form : "");
}

static char *say_papers(struct arena *a, const struct procedure *p)
{
    char *out = arena_strdup(a, "");

    for (size_t i = 0; i < p->n_papers; i++)
        out = arena_printf(a, "%s%s%s%s", out, i ? " " : "",
                           i && !text_equal(p->papers[i].group, p->papers[i - 1].group) ? "/ " : "",
                           say_paper(a, &p->papers[i]));
    if (procedure_is_unsure(p, "/papers"))
        out = arena_printf(a, "%s%s?", out, *out ? " " : "");
    return *out ? out : arena_strdup(a, "-");
}

static char *say_results(struct arena *a, const struct procedure *p)
{
    char *out = arena_strdup(a, "");

    for (size_t i = 0; i < p->n_results; i++)
        out = arena_printf(a, "%s%s%s", out, i ? " " : "", p->results[i].code ? p->results[i].code : "?");
    return *out ? out : arena_strdup(a, "?");
}

static char *say_levels(struct arena *a, const struct procedure *p)
{
    return arena_printf(a, "%s%s%s", p->levels & LEVEL_MINISTRY ? "M" : "", p->levels & LEVEL_PROVINCE ? "P" : "",
                        p->levels & LEVEL_COMMUNE ? "C" : "");
}

static struct procedure *read_columns(struct scene *s, const char *manners, const char *papers, const char *results,
                                      const char *legal)
{
    json_t *row =
        json_held(s->arena, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ma_thu_tuc", "1.000001",
                                      "ten_thu_tuc", "Thủ tục thử", "linh_vuc", "Hộ tịch", "cap_thuc_hien", "Cấp xã",
                                      "doi_tuong_thuc_hien", "Công dân Việt Nam", "cach_thuc_thuc_hien", manners,
                                      "thanh_phan_ho_so", papers, "ket_qua_xu_ly", results, "can_cu_phap_ly", legal));
    struct procedure *p = NULL;
    struct error e;

    error_init(&e);
    if (!procedure_read(s->reader, s->arena, row, &p, &e))
        fail_msg("%s", e.detail);
    return p;
}

/* ---- the traps, one by one ---- */

#define MANNERS "Hình thức nộpThời gianPhí, lệ phíMô tả"
#define TABLE "Tên giấy tờMẫu đơn, tờ khaiSố lượng"

/* clang-format off */
static const struct { const char *text, *said, *why; } manner_rows[] = {
    {MANNERS "Trực tuyến3 Ngày làm việcMiễn phíDịch vụ bưu chính3 NgàyMiễn phí", "online 3wd 0; post 3d 0", "two rows without a mark between"},
    {MANNERS "Trực tiếp1Miễn phí", "counter ? 0", "a bare number has lost its unit"},
    {MANNERS "Trực tuyến120 VNĐ(20.000 đồng/tờ)", "online ? 20000", "a bare time runs into the fee; the bracket parts them"},
    {MANNERS "Trực tuyến1100,000 Việt Nam Đồng", "online ? 100000", "only one way to part it writes a fee rightly"},
    {MANNERS "Trực tiếp125 VNĐ", "counter ? ?", "several ways to part it"},
    {MANNERS "Trực tiếp5 Ngày làm việc135 VNĐ(135.000 đồng/lần)", "counter 5wd 135000", "thousands, the true sum in the bracket"},
    {MANNERS "Trực tiếp5 Ngày làm việc155 VNĐ(có thời hạn)", "counter 5wd ?", "too small for đồng, and nothing confirms it"},
    {MANNERS "Trực tiếp5 Ngày làm việc50 VNĐ(giảm còn 25.000 đồng)", "counter 5wd ?", "the bracket says something else"},
    {MANNERS "Trực tiếp3 NgàyMiễn phí(Không có)", "counter 3d 0", "a bracket that says free once more"},
    {MANNERS "Trực tiếp3 NgàyMiễn phí(Dưới 5 tấn: 50.000 đồng)", "counter 3d ?", "free, contradicted by its bracket"},
    {MANNERS "Trực tiếp3 Ngày70,000 VNĐ(lần đầu 50.000 đồng; cấp lại 70.000 đồng)", "counter 3d ~", "several sums are not one"},
    {MANNERS "Trực tiếp3 Ngày10 USD(/lần)", "counter 3d ~", "dollars are no sum of đồng"},
    {MANNERS "Trực tiếp1.5 Ngày làm việcMiễn phí", "counter ? 0", "half days are no limit we can keep"},
    {MANNERS "Trực tiếp2 GiờKhông có thông tin", "counter 2h -", "no fee is stated"},
    {MANNERS "Trực tuyếnKhông có thông tin8,000 VNĐTrực tiếp thực hiện hoặc ủy quyền", "online - 8000", "a channel's name in the description"},
    {"", "", "nothing"},
    {MANNERS "Trực tiếp3 NgàyMiễn phí((Dưới 5 tấn: 50.000 đồng", "counter 3d ?", "a bracket that never closes"},
}, paper_rows[] = {
    {"--" TABLE "Đơn theo Mẫu số 181 bản chính,1 bản saoẢnh2 bản chính", "1+1:18 2+0", "a form number runs into the count"},
    {"--" TABLE "Giấy tờ năm 20250 bản chính,1 bản sao", "0+1", "so does a year"},
    {"--" TABLE "Nộp 01 bản chính tờ khai.1 bản chính", "1+0", "prose counts with a nought"},
    {"a) Lần đầu:" TABLE "Đơn1 bản chínhb) Cấp lại:" TABLE "Đơn1 bản chính", "1+0 / 1+0", "two tables, two cases"},
    {"* Giấy tờ phải xuất trình:" TABLE "Hộ chiếu1 bản chính", "1+0p", "to be shown"},
    {"--" TABLE "Tờ khaiCT01.docx1 bản chính", "1+0:CT01", "the file of the form"},
    {"--" TABLE "Tờ khai theo Mẫu số 02.docx1 bản chính", "1+0:02", "a number with its file's ending"},
    {"--" TABLE "Giấy tờ phải nộp:0 bản chính", "?", "a heading that lost its table"},
    {"--" TABLE "Ghi chú0 bản chính", "0+0", "a note is kept, and marked"},
    {"Nộp đơn cho cơ quan", "?", "no table at all"},
    {"--", "-", "an empty table"},
    {"--" TABLE "Đơn1 bản chínhcòn lại", "1+0 ?", "something is left over"},
}, result_rows[] = {
    {"Giấy phépMã: KQ.G17.000315Từ khóaKhông có thông tin", "KQ.G17.000315", "page furniture"},
    {"1. AMã: KQ.G01.0000672. BMã: KQ.G01.000064Từ khóa", "KQ.G01.000067 KQ.G01.000064", "a number runs into the code"},
    {"AMã: 000.00.00.G04-KQ3336Từ khóa", "000.00.00.G04-KQ3336", "an older code"},
    {"A", "?", "a title without a code"},
    {"", "?", "nothing"},
}, legal_rows[] = {
    {"Tên văn bản pháp lýMã văn bảnLuật Khiếu nại năm 201102/2011/QH13Nghị định 05/2012/NĐ-CP05/2012/NĐ-CP", "02/2011/QH13 05/2012/NĐ-CP", "year and number"},
    {"Tên văn bản pháp lýMã văn bảnLuật sửa đổiLuật số 146/2025/QH15", "146/2025/QH15", "the kind before the number"},
};
/* clang-format on */

static void manners_and_their_traps(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < COUNT(manner_rows); i++) {
        struct procedure *p = read_columns(s, manner_rows[i].text, "--", "", "");

        if (strcmp(say_manners(s->arena, p), manner_rows[i].said) != 0)
            fail_msg("%s: %s, not %s", manner_rows[i].why, say_manners(s->arena, p), manner_rows[i].said);
    }
}

static void papers_and_their_traps(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < COUNT(paper_rows); i++) {
        struct procedure *p = read_columns(s, "", paper_rows[i].text, "", "");

        if (strcmp(say_papers(s->arena, p), paper_rows[i].said) != 0)
            fail_msg("%s: %s, not %s", paper_rows[i].why, say_papers(s->arena, p), paper_rows[i].said);
    }
}

static void results_and_grounds(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < COUNT(result_rows); i++)
        assert_string_equal(say_results(s->arena, read_columns(s, "", "--", result_rows[i].text, "")),
                            result_rows[i].said);
    for (size_t i = 0; i < COUNT(legal_rows); i++) {
        struct procedure *p = read_columns(s, "", "--", "", legal_rows[i].text);
        char *said = arena_strdup(s->arena, "");

        for (size_t k = 0; k < p->n_legal; k++)
            said = arena_printf(s->arena, "%s%s%s", said, k ? " " : "", p->legal[k].code);
        assert_string_equal(said, legal_rows[i].said);
    }
}

/* Combining marks, as some rows of the catalogue are written, mean the same. */
static void text_is_brought_to_one_form(void **state)
{
    struct procedure *p = read_columns(
        *state, "Tr\u01b0\u0323c ti\u00ea\u0301p3 Nga\u0300y la\u0300m vi\u00ea\u0323cMi\u00ea\u0303n phi\u0301", "--",
        "", "");

    assert_int_equal(p->n_manners, 1);
    assert_int_equal(p->manners[0].limit.value, 3);
    assert_int_equal(p->manners[0].amount, 0);
}

static void a_row_without_code_or_name_is_refused(void **state)
{
    struct scene *s = *state;
    struct procedure *p;
    struct error e;

    error_init(&e);
    assert_false(procedure_read(s->reader, s->arena, json_held(s->arena, json_object()), &p, &e));
    assert_int_equal(e.code, E_RECORD_INVALID);
}

/* ---- the real file ---- */

struct fact {
    char *code, *levels, *field, *name, *manners, *papers, *results;
    bool met;
};
enum tally { TALLY_LEVELS, TALLY_FIELD, TALLY_NAME, TALLY_LIMIT, TALLY_FEE, TALLY_PAPERS, TALLY_RESULTS, TALLY__COUNT };
static const struct {
    const char *name;
    int percent; /* at least */
} tallies[TALLY__COUNT] = {
    {"levels", 100}, {"field", 100}, {"name", 100}, {"time limit", 95}, {"fee", 95}, {"papers", 97}, {"results", 100},
};
struct comparison {
    struct scene *scene;
    size_t n;
    struct fact facts[FACTS_MAX];
    size_t right[TALLY__COUNT], all[TALLY__COUNT];
};

static char *part(struct arena *a, char **rest)
{
    char *at = *rest, *bar = at ? strstr(at, " | ") : NULL, *end;

    assert_non_null(at);
    *rest = bar ? bar + 3 : NULL;
    end = bar ? bar : at + strlen(at);
    while (end > at && (end[-1] == '\n' || end[-1] == ' '))
        end--;
    return text_nfc(a, arena_strndup(a, at, (size_t)(end - at)));
}

static void read_facts(struct comparison *c)
{
    struct arena *a = c->scene->arena;
    auto_fclose FILE *file =
        fopen(arena_printf(a, "%s/test/unit/systems/catalogue/facts.table", getenv("SOURCE_ROOT")), "re");
    char line[LINE_LEN];

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char *rest = line;
        struct fact *f = &c->facts[c->n];

        if (*line == '#')
            continue;
        assert_in_range(c->n++, 0, FACTS_MAX - 1);
        f->code = part(a, &rest);
        f->levels = part(a, &rest);
        f->field = part(a, &rest);
        f->name = part(a, &rest);
        f->manners = part(a, &rest);
        f->papers = part(a, &rest);
        f->results = part(a, &rest);
        assert_null(rest);
    }
}

static void count(struct comparison *c, const char *code, enum tally t, const char *want, const char *have, bool right)
{
    c->all[t]++;
    c->right[t] += right;
    if (!right)
        print_message("%s: %s\n  by hand: %s\n  read:    %s\n", code, tallies[t].name, want, have);
}

/* Manners are compared one by one: limit and fee apart, and only where one is stated. */
static void compare_manners(struct comparison *c, const struct fact *f, const struct procedure *p)
{
    struct arena *a = c->scene->arena;
    char *rest = NULL, *row = strtok_r(arena_strdup(a, f->manners), ";", &rest);
    size_t i = 0;

    for (; row; row = strtok_r(NULL, ";", &rest), i++) {
        char channel[16], limit[16], fee[16];
        bool there = i < p->n_manners;

        assert_int_equal(sscanf(row, " %15s %15s %15s", channel, limit, fee), 3);
        there = there && strcmp(channel, p->manners[i].channel) == 0;
        if (strcmp(limit, "-") != 0)
            count(c, f->code, TALLY_LIMIT, row, say_manners(a, p), there && strcmp(limit, say_limit(a, p, i)) == 0);
        if (strcmp(fee, "-") != 0)
            count(c, f->code, TALLY_FEE, row, say_manners(a, p), there && strcmp(fee, say_fee(a, p, i)) == 0);
    }
    assert_int_equal(i, p->n_manners);
}

/* ":*" stands for any form. */
static bool same_paper(const char *want, const char *have)
{
    size_t len = strlen(want);

    if (len > 2 && strcmp(want + len - 2, ":*") == 0)
        return strncmp(want, have, len - 2) == 0 && (have[len - 2] == ':' || !have[len - 2]);
    return strcmp(want, have) == 0;
}

/* The next paper (or "/" or "?") of a line; a form may hold spaces. */
static char *next_paper(struct arena *a, const char **at)
{
    const char *start = *at, *p = start;

    if (!*start)
        return NULL;
    do
        p += 1 + strcspn(p + 1, " ");
    while (*p && p[1] != '/' && p[1] != '?' && !(p[1] >= '0' && p[1] <= '9' && p[2] == '+'));
    *at = *p ? p + 1 : p;
    return arena_strndup(a, start, (size_t)(p - start));
}

static void compare_papers(struct comparison *c, const struct fact *f, const struct procedure *p)
{
    struct arena *a = c->scene->arena;
    const char *want = f->papers, *have = say_papers(a, p);
    char *w, *h;

    while ((w = next_paper(a, &want))) {
        h = next_paper(a, &have);
        count(c, f->code, TALLY_PAPERS, f->papers, say_papers(a, p), h && same_paper(w, h));
    }
    if (*have)
        count(c, f->code, TALLY_PAPERS, f->papers, say_papers(a, p), false);
}

static const char *without_double_spaces(struct arena *a, const char *s)
{
    char *out = arena_strdup(a, s), *to = out;

    for (const char *p = out; *p; p++)
        if (*p != ' ' || to == out || to[-1] != ' ')
            *to++ = *p;
    *to = '\0';
    return out;
}

static bool compare(int64_t number, const json_t *row, void *arg, struct error *e)
{
    struct comparison *c = arg;
    struct arena *a = c->scene->arena;
    const char *code = json_str(row, "ma_thu_tuc");
    struct procedure *p;

    (void)number;
    for (size_t i = 0; i < c->n; i++) {
        struct fact *f = &c->facts[i];

        if (strcmp(f->code, code ? code : "") != 0)
            continue;
        if (!procedure_read(c->scene->reader, a, row, &p, e))
            return false;
        f->met = true;
        count(c, code, TALLY_LEVELS, f->levels, say_levels(a, p), strcmp(f->levels, say_levels(a, p)) == 0);
        count(c, code, TALLY_FIELD, f->field, p->field, text_equal(f->field, p->field));
        count(c, code, TALLY_NAME, f->name, p->name, text_starts_with(p->name, without_double_spaces(a, f->name)));
        count(c, code, TALLY_RESULTS, f->results, say_results(a, p), strcmp(f->results, say_results(a, p)) == 0);
        compare_manners(c, f, p);
        compare_papers(c, f, p);
    }
    return true;
}

static void bad_line(int64_t number, const char *why, void *arg)
{
    (void)arg;
    fail_msg("line %jd: %s", (intmax_t)number, why);
}

/* Beside the checkout, or where MOTCUA_CATALOGUE says. */
static const char *real_file(struct arena *a)
{
    static const char *const places[] = {"..", "../.."};
    const char *named = getenv("MOTCUA_CATALOGUE");

    if (named)
        return named;
    for (size_t i = 0; i < COUNT(places); i++) {
        char *path =
            arena_printf(a, "%s/%s/shared/data/procedures/national-2026.ndjson.gz", getenv("SOURCE_ROOT"), places[i]);

        if (access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

static void sixty_procedures_against_facts_read_by_hand(void **state)
{
    struct comparison *c = test_calloc(1, sizeof *c);
    struct catalogue_lines lines = {compare, bad_line, c};
    struct error e;
    const char *path;

    error_init(&e);
    c->scene = *state;
    path = real_file(c->scene->arena);
    read_facts(c);
    assert_int_equal(c->n, 60);
    if (!path) {
        print_message("the national catalogue is not here (MOTCUA_CATALOGUE): its 60 facts were not compared\n");
        test_free(c);
        skip();
    }
    if (!catalogue_lines(path, &lines, &e))
        fail_msg("%s", e.detail);
    for (size_t i = 0; i < c->n; i++)
        assert_true(c->facts[i].met);
    for (int t = 0; t < TALLY__COUNT; t++) {
        print_message("%-10s %4zu of %4zu  %5.1f %%\n", tallies[t].name, c->right[t], c->all[t],
                      100.0 * (double)c->right[t] / (double)c->all[t]);
        assert_true(c->right[t] * 100 >= c->all[t] * (size_t)tallies[t].percent);
    }
    test_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manners_and_their_traps),
        cmocka_unit_test(papers_and_their_traps),
        cmocka_unit_test(results_and_grounds),
        cmocka_unit_test(text_is_brought_to_one_form),
        cmocka_unit_test(a_row_without_code_or_name_is_refused),
        cmocka_unit_test(sixty_procedures_against_facts_read_by_hand),
    };

    return cmocka_run_group_tests(tests, set, clear);
}
