/* Lists of very many cases: however a list is narrowed, its pages together are what going through all cases one by one
 * finds, in order; no page looks at more than a few thousand of them; every statement walks along an index. */
#include "house.h"

#include <inttypes.h>

#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

enum { CASES = 8000, PAGES_MAX = 40 };

static const struct actor *desk, *specialist, *mai;
static const char *const names[] = {"Nguyễn Văn An", "Trần Thị Bích", "Lê Đức Cường", "Nguyễn Thị Đào"};

static const char *file(const char *name)
{
    struct submission s = {.service = "9.100001", .unit = WARD};
    struct caller caller = caller_of(mai);
    struct actor as = *mai;
    const char *code;
    bool repeated;

    as.name = name;
    caller.who = &as;
    s.form = json_held(town.arena, json_pack("{s:s}", "way", "short"));
    assert_ok(case_submit(&town.house, town.arena, &caller, &s, &code, &repeated, &town.e));
    return code;
}

/* One row of many: what differs follows from its number, so that a list can be told without asking the database. */
struct made {
    int64_t id, sort_at, submitted_at, due_at, assignee;
    int status, role;
    const char *service, *name;
};

static struct made made_of(int i)
{
    struct made m = {.id = 1000 + i, .status = 1 + i % 2 * 3, .role = i % 3 ? ROLE_ONE_STOP : ROLE_SPECIALIST};

    m.submitted_at = at("2026-01-05 08:00") + (int64_t)(i % 200) * DAY_MS + i;
    m.due_at = i % 2 ? m.submitted_at + (int64_t)(i % 7 + 1) * DAY_MS : INSTANT_NONE;
    m.sort_at = m.due_at == INSTANT_NONE ? m.submitted_at : m.due_at;
    m.service = i % 2000 == 1999 ? "9.100002" : "9.100001";
    m.name = i == CASES - 2 ? "Quách Ỷ Vân" : i == CASES - 4 ? "=1+1 \"Bùi\"" : names[i % 4];
    m.assignee = i % 11 == 0 ? specialist->party : i % 11 == 1 ? desk->party : 0;
    return m;
}

struct template
{
    int64_t from;
    const char *code;
};

static bool write_rows(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "INSERT INTO case_file (id, code, version, service, service_version, unit, step, step_role, status, applicant,"
        " submitter, assignee, applicant_name, channel, delivery, submitted_at, due_at, sort_at, apologised,"
        " supplements, form, office, papers, results, fee, fee_state, pin, flow_version)"
        " SELECT $1, $2, 1, $3, service_version, unit, CASE WHEN $3 = service THEN step ELSE 'answering' END, $4, $5, "
        "applicant, submitter, $6, $7, channel, delivery,"
        " $8, $9, $10, apologised, supplements, form, office, papers, results, fee, fee_state, pin, flow_version"
        " FROM case_file WHERE code = $11";
    const struct template *t = arg;

    for (int64_t i = t->from; i < t->from + 1000; i++) {
        struct made m = made_of((int)i);
        const char *code = arena_printf(town.arena, WARD "-%06" PRId64, i);

        if (!db_exec(db, NULL, e, sql,
                     ARGS(I64(m.id), TEXT(code), TEXT(m.service), I64(m.role), I64(m.status), I64(m.assignee),
                          TEXT(m.name), I64(m.submitted_at), INSTANT(m.due_at), I64(m.sort_at), TEXT(t->code))) ||
            !db_search_add(db, "s_case", m.id,
                           text_fold(town.arena, arena_printf(town.arena, "%s %s %s", code, m.name,
                                                              i == CASES - 3 ? "0903123456" : "")),
                           e))
            return false;
    }
    return true;
}

static bool write_statistics(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_exec(db, NULL, e, "ANALYZE", ARGS());
}

static int setup(void **state)
{
    struct template t;

    (void)state;
    town_open();
    desk = person_new("desk", ROLE_ONE_STOP, WARD);
    specialist = person_new("specialist", ROLE_SPECIALIST, WARD);
    mai = person_new("Mai", ROLE_CITIZEN, NULL);
    town.now = at("2026-01-02 08:00");
    t.code = file("Mai");
    for (t.from = 0; t.from < CASES; t.from += 1000)
        assert_ok(store_write(town.house.store, write_rows, &t, &town.e));
    if (test_on_postgres())
        assert_ok(store_write(town.house.store, write_statistics, NULL, &town.e));
    town.now = made_of(0).submitted_at + (int64_t)100 * DAY_MS;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close();
    return 0;
}

static struct case_query query_of(enum box box)
{
    return (struct case_query){.box = box,
                               .party = desk->party,
                               .assignee = ASSIGNEE_ANY,
                               .filed_from = INSTANT_NONE,
                               .filed_before = INSTANT_NONE,
                               .promised_from = INSTANT_NONE,
                               .promised_before = INSTANT_NONE,
                               .now = town.now,
                               .limit = 200};
}

/* All pages of a list, as ids; only those of the many. *pages: how many it took. */
static size_t gather(const struct case_query *asked, int64_t *ids, int *pages)
{
    auto_read struct db *db = NULL;
    struct case_query q = *asked;
    struct case_page page = {.more = true};
    size_t n = 0;

    assert_ok(store_read(town.house.store, &db, &town.e));
    for (*pages = 0; page.more; ++*pages) {
        assert_true(*pages < 4 * CASES / 200);
        assert_ok(case_list(db, town.arena, &town.house, q.box == BOX_MINE ? mai : desk, &q, &page, &town.e));
        assert_true(page.n <= q.limit);
        for (size_t i = 0; i < page.n; i++)
            if (page.rows[i].id < 1000 + CASES)
                ids[n++] = page.rows[i].id;
        q.after = page.last;
    }
    return n;
}

/* ---- the same, the slow way ---- */

static bool wanted(const struct case_query *q, const struct made *m)
{
    bool boxed = q->box == BOX_MINE ||
                 (q->box == BOX_UNIT ? true : m->role == ROLE_ONE_STOP && (!m->assignee || m->assignee == desk->party));

    return boxed && (!q->status || m->status == q->status) && (!q->service || strcmp(m->service, q->service) == 0) &&
           (!q->late || (m->due_at != INSTANT_NONE && m->due_at < q->now)) &&
           (q->assignee == ASSIGNEE_ANY || m->assignee == q->assignee) &&
           (q->filed_from == INSTANT_NONE || m->submitted_at >= q->filed_from) &&
           (q->filed_before == INSTANT_NONE || m->submitted_at < q->filed_before) &&
           (q->promised_from == INSTANT_NONE || (m->due_at != INSTANT_NONE && m->due_at >= q->promised_from)) &&
           (q->promised_before == INSTANT_NONE || (m->due_at != INSTANT_NONE && m->due_at < q->promised_before)) &&
           (!q->q || strstr(text_fold(town.arena, m->name), q->q));
}

static int in_order(const void *left, const void *right)
{
    struct made a = made_of((int)(*(const int64_t *)left - 1000)), b = made_of((int)(*(const int64_t *)right - 1000));

    return a.sort_at != b.sort_at ? (a.sort_at > b.sort_at) - (a.sort_at < b.sort_at) : (a.id > b.id) - (a.id < b.id);
}

static size_t expect(const struct case_query *q, int64_t *ids)
{
    size_t n = 0;

    for (int i = 0; i < CASES; i++) {
        struct made m = made_of(i);

        if (wanted(q, &m))
            ids[n++] = m.id;
    }
    qsort(ids, n, sizeof *ids, in_order);
    return n;
}

static int64_t day(const char *d)
{
    return at(arena_printf(town.arena, "%s 00:00", d));
}

static void pages_are_what_is_asked(void **state)
{
    static int64_t got[CASES + 10], right[CASES];
    const struct {
        struct case_query q;
        const char *what;
    } rows[] = {
        {query_of(BOX_INBOX), "an inbox"},
        {query_of(BOX_UNIT), "a unit's"},
        {{.box = BOX_INBOX, .status = 4}, "by status"},
        {{.box = BOX_UNIT, .status = 4, .late = true}, "late"},
        {{.box = BOX_UNIT, .service = "9.100002"}, "of a rare service"},
        {{.box = BOX_INBOX, .q = "nguyen"}, "by a common name"},
        {{.box = BOX_UNIT, .q = "tran thi", .late = true}, "late, by name"},
        {{.box = BOX_UNIT, .filed_from = 1, .filed_before = 2}, "filed in two days"},
        {{.box = BOX_UNIT, .promised_from = 1, .promised_before = 2}, "due in two days"},
        {{.box = BOX_UNIT, .assignee = 1}, "of one officer"},
        {{.box = BOX_UNIT, .assignee = 2}, "of nobody"},
    };
    int pages;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct case_query q = query_of(rows[i].q.box);
        size_t n, m;

        q.status = rows[i].q.status;
        q.late = rows[i].q.late;
        q.service = rows[i].q.service;
        q.q = rows[i].q.q;
        q.assignee = rows[i].q.assignee == 1 ? specialist->party : rows[i].q.assignee == 2 ? 0 : ASSIGNEE_ANY;
        if (rows[i].q.filed_from == 1) {
            q.filed_from = day("2026-02-03");
            q.filed_before = day("2026-02-05");
        }
        if (rows[i].q.promised_from == 1) {
            q.promised_from = day("2026-03-03");
            q.promised_before = day("2026-03-05");
        }
        n = gather(&q, got, &pages);
        m = expect(&q, right);
        if (n != m || memcmp(got, right, n * sizeof *got) != 0)
            fail_msg("%s: %zu rows instead of %zu, or in another order", rows[i].what, n, m);
        assert_true(m > 0);
    }
}

static void few_of_many_come_by_words_at_once(void **state)
{
    static const struct {
        const char *q, *phone;
        int64_t id;
    } rows[] = {
        {"quach y van", NULL, 1000 + CASES - 2},
        {"VÂN quách", NULL, 1000 + CASES - 2},
        {"005345", NULL, 1000 + 5345},
        {WARD "-007997", NULL, 1000 + 7997},
        {NULL, "0903 123 456", 1000 + CASES - 3},
        {NULL, "+84903123456", 1000 + CASES - 3},
        {"0903.123.456", NULL, 1000 + CASES - 3},
    };
    int64_t ids[10];
    int pages;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct case_query q = query_of(BOX_UNIT);

        q.q = rows[i].q;
        q.phone = rows[i].phone;
        q.limit = 5;
        if (gather(&q, ids, &pages) != 1 || ids[0] != rows[i].id || pages != 1)
            fail_msg("%s %s: not there, or after %d pages", rows[i].q ? rows[i].q : "",
                     rows[i].phone ? rows[i].phone : "", pages);
        q.box = BOX_MINE;
        q.party = mai->party;
        assert_int_equal(gather(&q, ids, &pages), 1);
    }
    for (const char *const *none = (const char *const[]){"khong-co-ai", "0911 111 111", "!", NULL}; *none; none++) {
        struct case_query q = query_of(BOX_UNIT);

        q.q = *none;
        assert_int_equal(gather(&q, ids, &pages), 0);
        assert_int_equal(pages, 1);
    }
}

/* Four rows in eight thousand: no page goes through them all, and together they take few. */
static void no_page_takes_long(void **state)
{
    auto_read struct db *db = NULL;
    struct case_query q = query_of(BOX_UNIT);
    struct case_page page;
    int64_t ids[10];
    int pages;

    (void)state;
    q.service = "9.100002";
    assert_ok(store_read(town.house.store, &db, &town.e));
    assert_ok(case_list(db, town.arena, &town.house, desk, &q, &page, &town.e));
    assert_true(page.n < 4 && page.more);
    assert_int_equal(gather(&q, ids, &pages), 4);
    assert_true(pages <= PAGES_MAX);
}

/* ---- as files ---- */

/* Freed memory is not held back, so that what is resident tells. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}

static int64_t resident_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
    assert_int_equal(fclose(f), 0);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static struct exported export(const struct case_query *q, enum sheet_kind kind, enum lang lang)
{
    auto_arena struct arena *a = arena_new();
    struct exported x;

    assert_ok(case_export(&town.house, a, desk, q, kind, lang, &x, &town.e));
    return x;
}

static char *content(const struct exported *x)
{
    char *text = arena_alloc(town.arena, x->size + 1);

    assert_int_equal(pread(x->fd, text, x->size, 0), (ssize_t)x->size);
    return text;
}

static void a_list_becomes_a_table(void **state)
{
    struct case_query q = query_of(BOX_UNIT);
    struct exported x = export(&q, SHEET_CSV, LANG_VI);
    char *text = content(&x);
    int64_t lines = 0;

    (void)state;
    assert_memory_equal(text, "\xef\xbb\xbfMã hồ sơ,Mã thủ tục,", 28);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, x.rows + 1);
    assert_int_equal(x.rows, CASES + 1);
    assert_non_null(strstr(text, ",\"'=1+1 \"\"Bùi\"\"\","));
    assert_non_null(strstr(text, ",2026-01-05 08:00,"));
    assert_int_equal(close(x.fd), 0);
    q.q = "quach y van";
    x = export(&q, SHEET_CSV, LANG_EN);
    assert_int_equal(x.rows, 1);
    assert_non_null(strstr(content(&x), "Dossier code,Service code,"));
    assert_int_equal(close(x.fd), 0);
}

static void memory_does_not_grow_with_the_rows(void **state)
{
    static const enum sheet_kind kinds[] = {SHEET_CSV, SHEET_XLSX};

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct case_query few = query_of(BOX_UNIT), all = query_of(BOX_UNIT);
        struct exported x;
        int64_t before, after;

        few.filed_from = day("2026-02-01");
        few.filed_before = day("2026-03-01");
        x = export(&few, kinds[i], LANG_VI);
        assert_in_range(x.rows, 1000, 1200);
        assert_int_equal(close(x.fd), 0);
        before = resident_kb();
        x = export(&all, kinds[i], LANG_VI);
        after = resident_kb();
        assert_int_equal(x.rows, CASES + 1);
        assert_true(x.size > 100000);
        assert_int_equal(close(x.fd), 0);
        if (after - before > 3000)
            fail_msg("kind %d: %" PRId64 " KB more for seven times the rows", kinds[i], after - before);
    }
}

/* ---- the head's board ---- */

static void the_board_counts_what_is_open(void **state)
{
    auto_read struct db *db = NULL;
    struct board *b = arena_new_of(town.arena, struct board);
    struct tally right = {0};
    int64_t of_specialist = 0, today = 0, by_officers = 0;

    (void)state;
    assert_ok(store_read(town.house.store, &db, &town.e));
    assert_ok(board_read(db, town.arena, &town.house, unit_by_code(&town.house, WARD), town.now, b, &town.e));
    for (int i = 0; i < CASES; i++) {
        struct made m = made_of(i);
        bool late = m.due_at != INSTANT_NONE && m.due_at < town.now;
        int64_t in =
            m.due_at == INSTANT_NONE || late ? -1 : date_to_days(date_at(m.due_at)) - date_to_days(date_at(town.now));

        right.open++;
        right.late += late;
        right.tomorrow += in == 1;
        today += in == 0;
        of_specialist += m.assignee == specialist->party;
    }
    assert_true(b->whole);
    assert_int_equal(b->all.open, right.open + 1); /* and the one that all are like */
    assert_int_equal(b->all.late, right.late);
    assert_int_equal(b->all.tomorrow, right.tomorrow);
    assert_int_equal(b->days[1], right.tomorrow);
    assert_int_equal(b->days[0], today);
    assert_true(right.tomorrow > 0 && right.late > 0);
    assert_int_equal(b->n_officers, 3);
    assert_int_equal(b->officers[0].officer, 0);
    for (size_t i = 0; i < b->n_officers; i++) {
        by_officers += b->officers[i].tally.open;
        if (b->officers[i].officer == specialist->party) {
            assert_int_equal(b->officers[i].tally.open, of_specialist);
            assert_string_equal(b->officers[i].name, "specialist");
        }
    }
    assert_int_equal(by_officers, b->all.open);
    assert_int_equal(b->services[0].tally.open + b->services[1].tally.open, b->all.open);
}

/* ---- plans ---- */

static void assert_plan(struct db *db, const char *sql)
{
    auto_rows struct rows *r = NULL;
    char plan[4000] = "";
    struct value args[40];
    size_t n = strstr(sql, "$32") ? 32 : strstr(sql, "$5") ? 5 : strstr(sql, "$3") ? 3 : 2;
    bool more;

    for (size_t i = 0; i < n; i++)
        args[i] = i == 0 && strstr(sql, "SEARCH") ? TEXT("\"quach\"*") : I64(i == 0 ? 1 : 5);
    args[n] = (struct value){.kind = VALUE_END};
    assert_ok(db_query(db, &r, &town.e,
                       arena_printf(town.arena, "EXPLAIN %s%s", test_on_postgres() ? "" : "QUERY PLAN ", sql), args));
    for (;;) {
        assert_ok(rows_next(r, &more, &town.e));
        if (!more)
            break;
        (void)snprintf(plan + strlen(plan), sizeof plan - strlen(plan), "%s\n",
                       rows_text(r, test_on_postgres() ? 0 : 3));
    }
    if (strstr(plan, "SCAN case_file") || strstr(plan, "TEMP B-TREE") || strstr(plan, "Seq Scan on case_file") ||
        strstr(plan, "Sort"))
        fail_msg("%s\n%s", sql, plan);
    if (!strstr(plan, "case_file") || !*plan)
        fail_msg("%s\nhas no plan: %s", sql, plan);
}

static void every_statement_walks_an_index(void **state)
{
    auto_read struct db *db = NULL;

    (void)state;
    assert_ok(store_read(town.house.store, &db, &town.e));
    for (size_t i = 0; case_list_statements[i]; i++)
        assert_plan(db, case_list_statements[i]);
    assert_plan(db, board_sql);
    assert_plan(db, board_spared_sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_what_is_asked),
        cmocka_unit_test(few_of_many_come_by_words_at_once),
        cmocka_unit_test(no_page_takes_long),
        cmocka_unit_test(a_list_becomes_a_table),
        cmocka_unit_test(memory_does_not_grow_with_the_rows),
        cmocka_unit_test(the_board_counts_what_is_open),
        cmocka_unit_test(every_statement_walks_an_index),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
