/* Papers as they come out: what can be read in them, how many pages, the same bytes for the same values. */
#include "room.h"

#include <pthread.h>

#include "city_papers.h"

#ifdef __SANITIZE_ADDRESS__
/* fontconfig keeps its configuration, and pango what it matched, until the process ends: some hundred kB, once. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}
#endif

/* What pdftotext finds, with runs of spaces as one. */
static const char *words_of(struct arena *a, struct bytes pdf, const char *folder)
{
    const char *path = arena_printf(a, "%s/x.pdf", folder);
    struct buf b = BUF_INIT(4 << 20);
    struct error e;
    char part[4096];
    const char *out;
    size_t n;
    FILE *text;

    error_init(&e);
    assert_true(file_write(path, pdf, &e));
    text = popen(arena_printf(a, "pdftotext -layout %s -", path), "r");
    assert_non_null(text);
    while ((n = fread(part, 1, sizeof part, text)) > 0)
        for (size_t i = 0; i < n; i++)
            if (part[i] == '\f')
                buf_add(&b, part + i, 1);
            else if (part[i] != ' ' && part[i] != '\n')
                buf_add(&b, part + i, 1);
            else if (b.len && b.data[b.len - 1] != ' ')
                buf_add(&b, " ", 1);
    assert_int_equal(pclose(text), 0);
    (void)unlink(path);
    out = text_nfc(a, b.data ? b.data : "");
    buf_done(&b);
    return out;
}

static size_t pages_of(const char *words)
{
    size_t n = 0;

    for (; *words; words++)
        n += *words == '\f';
    return n;
}

static struct bytes draw(struct arena *a, const struct paper *paper, const char *values)
{
    struct error e;
    const struct expr_scope *scope;
    struct bytes pdf;

    error_init(&e);
    scope = printed_scope(a, values, &e);
    assert_non_null(scope);
    if (!paper_render(paper, scope, a, &pdf, &e))
        fail_msg("%s: %s", paper->name, e.detail);
    return pdf;
}

static void from_yaml(struct arena *a, const char *blocks, struct paper *out)
{
    const char *where;
    struct yaml yaml;
    struct error e;

    error_init(&e);
    if (!yaml_read(
            a,
            text_bytes(arena_printf(a, "name: x\ntitle: {vi: x, en: x}\nlayout:\n  page: A4\n  blocks:\n%s", blocks)),
            &yaml, &e) ||
        !paper_compile(a, yaml.root, out, &where, &e))
        fail_msg("%s", e.detail);
}

struct desk {
    char folder[48];
};

static int desk_open(void **state)
{
    struct desk *d = calloc(1, sizeof *d);

    (void)snprintf(d->folder, sizeof d->folder, "/tmp/motcua-paper-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    *state = d;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *d = *state;

    (void)rmdir(d->folder);
    free(d);
    return 0;
}

static void the_citys_papers_say_what_they_should(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *words[8];
    } rows[] = {
        {"birth-extract", {"PHƯỜNG BẾN THÀNH", "TRÍCH LỤC KHAI SINH", "ĐẶNG QUỲNH NHƯ", "ngày 02 tháng 3 năm 2019", "Số: 118/TLHT-BS", "079319000027", "Cải chính tên: từ Đặng Quỳnh Nhu", "/verify/7K2M9QXA4TDE"}},
        {"marriage-extract", {"TRÍCH LỤC KẾT HÔN", "NGUYỄN THỊ NGỌC LAN", "ĐẶNG VĂN HƯỞNG", "01-TP/HT-2016-KH"}},
        {"death-extract-copy", {"TRÍCH LỤC KHAI TỬ", "(BẢN SAO)", "TRẦN VĂN ƯU", "năm 1945", "04 giờ 15 phút"}},
        {"parent-child-extract", {"NHẬN CHA, MẸ, CON", "Họ, chữ đệm, tên người cha: ĐẶNG VĂN HƯỞNG"}},
        {"birth-certificate", {"GIẤY KHAI SINH", "Số: 31/2026", "ĐẶNG GIA HUY", "079326004411", "năm hai nghìn không trăm hai mươi sáu"}},
        {"death-extract", {"TRÍCH LỤC KHAI TỬ", "NGUYỄN HỮU ĐỨC", "22 giờ 40 phút", "Số 88/GBT"}},
        {"marital-status", {"GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN", "Đã ly hôn", "Phạm Quốc Bảo", "12/2024/QĐST-HNGĐ"}},
        {"certified-copy", {"Chứng thực bản sao đúng với bản chính", "1204", "Bằng tốt nghiệp đại học"}},
        {"broker-certificate", {"CHỨNG CHỈ HÀNH NGHỀ MÔI GIỚI BẤT ĐỘNG SẢN", "207/CCMG", "Võ Minh Khoa"}},
        {"receipt", {"GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "Số: 01/TNHS", "H29.1.5-261121-0001", "1 ngày làm việc", "Giấy chứng sinh", "quan đã có trong dữ liệu)", "16.000 đồng (Mười sáu nghìn đồng chẵn), đã nộp", "NGƯỜI NỘP HỒ SƠ NGƯỜI TIẾP NHẬN HỒ SƠ"}},
        {"supplement-request", {"BỔ SUNG, HOÀN THIỆN HỒ SƠ", "Văn bản ủy quyền", "Lý do: Thiếu văn bản ủy quyền có chữ ký.", "0283829000"}},
        {"refusal-slip", {"TỪ CHỐI TIẾP NHẬN", "không thuộc thẩm quyền", "03/TCTN"}},
        {"apology", {"GIA HẠN", "xin lỗi ông/bà vì sự chậm trễ này"}},
        {"stop-notice", {"DỪNG GIẢI QUYẾT HỒ SƠ", "Mười sáu nghìn đồng chẵn"}},
        {"control-slip", {"PHIẾU KIỂM SOÁT", "09:00", "21/11/2026", "Thẩm tra hồ sơ", "Trước hạn", "Quá hạn", "Số: 06/KSHS"}},
        {"register", {"SỔ THEO DÕI HỒ SƠ", "3 hồ sơ", "Tại quầy"}},
        {"hand-over-list", {"DANH SÁCH BÀN GIAO HỒ SƠ", "3 hồ sơ", "Trích lục khai sinh", "16.000", "NGƯỜI GIAO"}},
        {"withdrawal", {"Thu hồi kết quả giải quyết thủ tục hành chính", "Số: 01/QĐ-TH", "Cấp không đúng thẩm quyền", "mã kiểm tra 7K2M9QXA4TDE"}},
        {"fee-receipt", {"BIÊN LAI THU PHÍ, LỆ PHÍ", "Mẫu số 01BLP", "Mười sáu nghìn đồng chẵn", "NGƯỜI THU TIỀN"}},
        {"rejection-letter", {"Về việc từ chối giải quyết hồ sơ", "Nơi nhận:", "không do cơ sở y tế"}},
        {"foreign-letters", {"Tên trong hộ chiếu: Ωμέγα, ชื่อ, 漢字, x̂n̊."}},
        {"plain-result", {"Số: 12/TB", "chấp thuận yêu cầu"}},
    };
    /* clang-format on */
    const struct desk *d = *state;

    assert_int_equal(COUNT(rows), COUNT(printed));
    for (size_t i = 0; i < COUNT(printed); i++) {
        auto_arena struct arena *a = arena_new();
        struct paper paper;
        const char *words;
        struct error e;

        error_init(&e);
        assert_string_equal(rows[i].what, printed[i].what);
        if (!city_paper(a, printed[i].paper, &paper, &e))
            fail_msg("%s: %s", printed[i].paper, e.detail);
        words = words_of(a, draw(a, &paper, printed[i].values), d->folder);
        assert_int_equal(pages_of(words), 1);
        for (size_t k = 0; k < COUNT(rows[i].words) && rows[i].words[k]; k++)
            if (!strstr(words, rows[i].words[k]))
                fail_msg("%s does not say \"%s\":\n%s", printed[i].what, rows[i].words[k], words);
    }
}

static void the_same_values_give_the_same_bytes(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct paper paper;
    struct bytes one, two;
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(city_paper(a, printed[0].paper, &paper, &e));
    one = draw(a, &paper, printed[0].values);
    two = draw(a, &paper, printed[0].values);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    assert_memory_equal(one.data, "%PDF-1.4", 8);
    assert_null(memmem(one.data, one.len, "CreationDate", 12));
}

static const char *rows_json(struct arena *a, int n)
{
    struct buf b = BUF_INIT(1 << 20);
    const char *out;

    buf_puts(&b, "{\"list\": [");
    for (int i = 1; i <= n; i++)
        buf_printf(&b, "%s{\"name\": \"Dòng thứ %d <&>\"}", i > 1 ? ", " : "", i);
    buf_puts(&b, "]}");
    out = arena_strndup(a, b.data, b.len);
    buf_done(&b);
    return out;
}

static void long_tables_go_on_with_their_head(void **state)
{
    static const struct {
        int rows;
        size_t pages;
    } lengths[] = {{0, 1}, {1, 1}, {25, 1}, {100, 3}};
    const struct desk *d = *state;

    for (size_t i = 0; i < COUNT(lengths); i++) {
        auto_arena struct arena *a = arena_new();
        struct paper paper;
        const char *words, *at;
        size_t heads = 0;

        from_yaml(a,
                  "    - table: {rows: list, columns: [{title: Số thứ tự, value: '{index}', width: 20, align: center},"
                  " {title: Tên gọi, value: '{row.name}', width: 80}]}\n",
                  &paper);
        words = words_of(a, draw(a, &paper, rows_json(a, lengths[i].rows)), d->folder);
        for (at = words; (at = strstr(at, "Tên gọi")); at++)
            heads++;
        if (pages_of(words) != lengths[i].pages || heads != lengths[i].pages)
            fail_msg("%d rows: %zu pages, %zu heads", lengths[i].rows, pages_of(words), heads);
        for (int k = 1; k <= lengths[i].rows; k++)
            assert_non_null(strstr(words, arena_printf(a, "Dòng thứ %d <&>", k)));
    }
}

/* Rows stay whole: only what no page can hold is parted, its other cells with it, and nothing of it is lost. */
static void a_row_taller_than_a_page_is_parted(void **state)
{
    const struct desk *d = *state;
    auto_arena struct arena *a = arena_new();
    struct paper paper;
    const char *words, *at;
    size_t heads = 0, parts = 0;

    from_yaml(a,
              "    - table: {rows: list, columns: [{title: Cột, value: 'dòng {index}', width: 20},"
              " {title: Chữ, value: \"{index == 2 and string.rep('nghìn chữ ', 1000) or 'ngắn'}\", width: 80}]}\n",
              &paper);
    words = words_of(a, draw(a, &paper, rows_json(a, 3)), d->folder);
    for (at = words; (at = strstr(at, "Cột")); at++)
        heads++;
    for (at = words; (at = strstr(at, "nghìn")); at++)
        parts++;
    assert_int_equal(pages_of(words), 4); /* the first row alone, the long one over two, the third after it */
    assert_int_equal(heads, pages_of(words));
    assert_int_equal(parts, 1000);
    assert_non_null(strstr(strrchr(words, 'C'), "dòng 3"));
}

static void two_sign_side_by_side(void **state)
{
    const struct desk *d = *state;
    auto_arena struct arena *a = arena_new();
    struct paper paper;
    const char *words;

    from_yaml(
        a,
        "    - code: H29.1.5-261121-0001\n      lines: [Mã hồ sơ, '**H29.1.5-261121-0001**']\n"
        "    - signature: {title: [NGƯỜI TIẾP NHẬN], name: Trần Minh, beside: {title: [NGƯỜI NỘP], name: Đỗ Lan}}\n",
        &paper);
    words = words_of(a, draw(a, &paper, "{}"), d->folder);
    assert_non_null(strstr(words, "Mã hồ sơ H29.1.5-261121-0001"));
    assert_non_null(strstr(words, "NGƯỜI NỘP NGƯỜI TIẾP NHẬN"));
    assert_non_null(strstr(words, "Đỗ Lan Trần Minh"));
}

static void text_flows_and_signatures_stay_whole(void **state)
{
    const struct desk *d = *state;
    auto_arena struct arena *a = arena_new();
    struct paper paper;
    const char *words, *last;

    from_yaml(a,
              "    - each: list\n      text: '{index}. {row.name}'\n"
              "    - when: '#list > 1000'\n      text: KHÔNG IN\n"
              "    - signature: {title: [CHỦ TỊCH], note: (Ký tên), name: Lê Hoàng Phúc}\n",
              &paper);
    words = words_of(a, draw(a, &paper, rows_json(a, 33)), d->folder);
    assert_int_equal(pages_of(words), 2);
    assert_null(strstr(words, "KHÔNG IN"));
    last = strchr(words, '\f');
    assert_non_null(strstr(last, "CHỦ TỊCH")); /* not parted: all of it moved on */
    assert_non_null(strstr(last, "Lê Hoàng Phúc"));
}

/* Letters that share a glyph, have several or none, that run the other way or come from another font: what is read in
 * the paper is what was written. */
static void any_letters_can_be_read(void **state)
{
    static const char *const texts[] = {
        "hiệu lực fi ffl AV", "x\u0302 n\u0308a q\u0323\u0301", "ชื่อ ที่อยู่", "Ωμέγα Юрий", "漢 lạ 漢字", "שלום"};
    const struct desk *d = *state;

    for (size_t i = 0; i < COUNT(texts); i++) {
        auto_arena struct arena *a = arena_new();
        struct paper paper;
        const char *words;

        from_yaml(a, "    - text: '{text} **{text}** *{text}*'\n", &paper);
        words = words_of(a, draw(a, &paper, arena_printf(a, "{\"text\": \"%s\"}", texts[i])), d->folder);
        for (int k = 0; k < 3; k++) {
            words = strstr(words, text_nfc(a, texts[i]));
            if (!words)
                fail_msg("not read %d times: %s", k + 1, texts[i]);
            words += strlen(text_nfc(a, texts[i]));
        }
    }
}

static void ceilings(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct paper paper;
    struct bytes pdf;
    struct error e;

    (void)state;
    error_init(&e);
    from_yaml(a,
              "    - table: {rows: list, columns: [{title: '{string.rep(list[1].name, 900)}', value: x, width: 1}]}\n",
              &paper);
    assert_false(paper_render(&paper, printed_scope(a, rows_json(a, 1), &e), a, &pdf, &e));
    assert_int_equal(e.code, E_PACK); /* a head taller than a page */
    error_init(&e);
    from_yaml(a, "    - text: '{string.rep(list[1].name, 9000)}'\n", &paper);
    assert_false(paper_render(&paper, printed_scope(a, rows_json(a, 1), &e), a, &pdf, &e));
    assert_int_equal(e.code, E_PACK); /* a paragraph longer than MARKUP_MAX */
    error_init(&e);
    from_yaml(a, "    - text: '{nobody.name}'\n", &paper);
    assert_false(paper_render(&paper, printed_scope(a, "{}", &e), a, &pdf, &e));
    assert_int_equal(e.code, E_EXPRESSION);
}

enum { PRINTERS = 4 };

static void *print_some(void *arg)
{
    struct bytes *out = arg;
    auto_arena struct arena *a = arena_new();
    struct paper paper;
    struct error e;

    error_init(&e);
    if (!city_paper(a, printed[0].paper, &paper, &e))
        return NULL;
    for (int i = 0; i < 3; i++) {
        const struct expr_scope *scope = printed_scope(a, printed[0].values, &e);

        if (!scope || !paper_render(&paper, scope, a, out, &e))
            return NULL;
    }
    out->data = memcpy(malloc(out->len), out->data, out->len);
    return arg;
}

static void many_threads_print_at_once(void **state)
{
    pthread_t threads[PRINTERS];
    struct bytes out[PRINTERS];

    (void)state;
    for (int i = 0; i < PRINTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, print_some, &out[i]), 0);
    for (int i = 0; i < PRINTERS; i++) {
        void *done;

        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_non_null(done);
        assert_int_equal(out[i].len, out[0].len);
        assert_memory_equal(out[i].data, out[0].data, out[0].len);
    }
    for (int i = 0; i < PRINTERS; i++)
        free((void *)(uintptr_t)out[i].data);
}

#define desk_story(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        desk_story(the_citys_papers_say_what_they_should),
        cmocka_unit_test(the_same_values_give_the_same_bytes),
        desk_story(long_tables_go_on_with_their_head),
        desk_story(a_row_taller_than_a_page_is_parted),
        desk_story(two_sign_side_by_side),
        desk_story(text_flows_and_signatures_stay_whole),
        desk_story(any_letters_can_be_read),
        cmocka_unit_test(ceilings),
        cmocka_unit_test(many_threads_print_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
