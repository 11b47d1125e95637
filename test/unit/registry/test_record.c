/* Records: every write names what it saw, every version stays, every list is a page. */
#include "registry_test.h"

static const struct registry *persons(struct city *c)
{
    return registry_find(&c->house, "person");
}

static void versions(void **state)
{
    struct city *c = *state;

    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Nguyễn Thị Lan", ""), 0, NOON));
    assert_fails(c, E_RECORD_EXISTS, put(c, "person", NULL, PERSON(LAN, "Nguyễn Thị Lan", ""), 0, NOON));
    assert_int_equal(json_i64(c->e.extra, "version", 0), 1);
    assert_fails(c, E_STALE, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 2, NOON));
    assert_int_equal(json_i64(c->e.extra, "version", 0), 1);
    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 1, NOON + HOUR));
    assert_fails(c, E_STALE, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 1, NOON));
    assert_ok(c, put(c, "person", LAN, PERSON(LAN, "Lan", ""), -1, NOON + HOUR));
    assert_fails(c, E_NOT_FOUND, put(c, "person", NULL, PERSON(MINH, "Minh", ""), 1, NOON));
    assert_ok(c, put(c, "person", NULL, PERSON(MINH, "Minh", ""), -1, NOON));
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *key, *body;
        enum error_code code;
        const char *pointer, *keyword;
    } rows[] = {
        {NULL, PERSON("079190000099", "Lan", ", \"age\": 3"), E_RECORD_INVALID, "/age", "additionalProperties"},
        {NULL, PERSON("079190000099", "L", ""), E_RECORD_INVALID, "/full_name", "minLength"},
        {NULL, PERSON("12", "Lan", ""), E_RECORD_INVALID, "/number", "vn-personal-number"},
        {NULL, "{\"full_name\": \"Lan\"}", E_RECORD_INVALID, "/number", "required"},
        {MINH, PERSON("079190000099", "Lan", ""), E_RECORD_INVALID, "/number", "const"},
        {NULL, PERSON("079190000099", "Lan", ", \"phone\": \"0901234567\""), E_CONFLICT, "/phone", "unique"},
    };
    struct city *c = *state;

    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ", \"phone\": \"0901234567\""), 0, NOON));
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_fails(c, rows[i].code, put(c, "person", rows[i].key, rows[i].body, 0, NOON));
        if (c->e.n_items < 1 || strcmp(c->e.items[0].pointer, rows[i].pointer) != 0 ||
            strcmp(c->e.items[0].keyword, rows[i].keyword) != 0)
            fail_msg("row %zu: %s %s", i, c->e.items[0].pointer, c->e.items[0].keyword);
    }
    assert_ok(c, put(c, "person", NULL, PERSON(MINH, "Minh", ""), 0, NOON));
    assert_fails(c, E_CONFLICT, put(c, "person", NULL, PERSON(MINH, "Minh", ", \"phone\": \"0901234567\""), 1, NOON));
    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ", \"phone\": \"0901234567\""), 1, NOON)); /* its own */
}

static const char *own_name(struct city *c, struct db *db, const char *registry, const char *number)
{
    const struct record *own;

    assert_ok(c, record_own(db, c->arena, &c->house, registry_find(&c->house, registry), number, &own, &c->e));
    return own ? json_str(own->body, "full_name") : NULL;
}

static const char *own_name_now(struct city *c, const char *number)
{
    auto_read struct db *db = NULL;

    assert_ok(c, store_read(c->house.store, &db, &c->e));
    return own_name(c, db, "person", number);
}

/* The name is the kept tree's own text, so the same address means that it was not decoded again. */
static void own_records_are_kept_until_they_change(void **state)
{
    struct city *c = *state;
    const char *first;

    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 0, NOON));
    assert_null(own_name_now(c, MINH));
    assert_ok(c, put(c, "person", NULL, PERSON(MINH, "Minh", ""), 0, NOON));
    first = own_name_now(c, LAN);
    assert_string_equal(first, "Lan");
    if (store_is_sole_writer(c->house.store))
        assert_ptr_equal(own_name_now(c, LAN), first);
    {
        auto_read struct db *db = NULL; /* begins before the change, looks after it: what it saw is not for others */

        assert_ok(c, store_read(c->house.store, &db, &c->e));
        assert_string_equal(own_name(c, db, "person", MINH), "Minh");
        assert_int_equal(db_commits(db) > 0, store_is_sole_writer(c->house.store));
        assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Hoa", ""), 1, NOON + HOUR));
        (void)own_name(c, db, "person", LAN);
    }
    assert_string_equal(own_name_now(c, LAN), "Hoa");
    assert_string_equal(own_name_now(c, LAN), "Hoa");
    assert_ok(c, put(c, "person", LAN, NULL, 2, NOON + 2 * HOUR)); /* ended */
    assert_null(own_name_now(c, LAN));
    assert_string_equal(own_name_now(c, MINH), "Minh");
    {
        auto_read struct db *db = NULL;

        assert_ok(c, store_read(c->house.store, &db, &c->e));
        assert_null(own_name(c, db, "bridge", MINH)); /* about no person */
    }
}

static void history_and_the_past(void **state)
{
    struct city *c = *state;
    auto_read struct db *db = NULL;
    struct record_version all[8];
    struct record r;
    bool found;
    size_t n;

    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 0, NOON));
    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Hoa", ""), 1, NOON + HOUR));
    assert_fails(c, E_STALE, put(c, "person", LAN, NULL, 1, NOON + 2 * HOUR));
    assert_ok(c, put(c, "person", LAN, NULL, 2, NOON + 2 * HOUR));
    assert_fails(c, E_NOT_FOUND, put(c, "person", LAN, NULL, 3, NOON + 3 * HOUR));

    assert_ok(c, store_read(c->house.store, &db, &c->e));
    assert_ok(c, record_history(db, c->arena, persons(c), LAN, INT64_MAX, 8, all, &n, &c->e));
    assert_int_equal(n, 3);
    assert_int_equal(all[0].record.version, 3);
    assert_true(all[0].record.valid_to == NOON + 2 * HOUR);
    assert_string_equal(json_str(all[1].record.body, "full_name"), "Hoa");
    assert_int_equal(all[2].actor, 7);
    assert_string_equal(all[2].reason, "test");
    assert_true(all[2].at == NOON);
    assert_int_equal(all[2].record.unit, unit_by_code(&c->house, "H29.11")->id);
    assert_ok(c, record_history(db, c->arena, persons(c), LAN, 3, 1, all, &n, &c->e));
    assert_int_equal(n, 1);
    assert_int_equal(all[0].record.version, 2);

    assert_ok(c, record_at(db, c->arena, persons(c), LAN, NOON - 1, &r, &found, &c->e));
    assert_false(found);
    assert_ok(c, record_at(db, c->arena, persons(c), LAN, NOON + 1, &r, &found, &c->e));
    assert_true(found);
    assert_string_equal(json_str(r.body, "full_name"), "Lan");
    assert_ok(c, record_at(db, c->arena, persons(c), LAN, NOON + HOUR, &r, &found, &c->e));
    assert_string_equal(json_str(r.body, "full_name"), "Hoa");
    assert_ok(c, record_at(db, c->arena, persons(c), LAN, NOON + 2 * HOUR, &r, &found, &c->e));
    assert_false(found);
    assert_ok(c, record_list_at(db, c->arena, persons(c), NOON + 1, NULL, 1, &r, &n, &c->e));
    assert_int_equal(n, 1);
    assert_ok(c, record_list_at(db, c->arena, persons(c), NOON + 1, LAN, 1, &r, &n, &c->e));
    assert_int_equal(n, 0);
}

static size_t find(struct city *c, const char *q, const char *field, const char *value)
{
    auto_read struct db *db = NULL;
    struct record_query query = {.q = q, .limit = 50};
    struct record found[50];
    size_t n = 0;

    if (field) {
        query.where[0].field = field;
        query.where[0].value = value;
        query.n_where = 1;
    }
    assert_ok(c, store_read(c->house.store, &db, &c->e));
    assert_ok(c, record_list(db, c->arena, persons(c), &query, found, &n, &c->e));
    return n;
}

static void ended_records_are_not_found(void **state)
{
    struct city *c = *state;

    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 0, NOON));
    assert_int_equal(find(c, "lan", NULL, NULL), 1);
    assert_ok(c, put(c, "person", LAN, NULL, -1, NOON + HOUR));
    assert_int_equal(find(c, "lan", NULL, NULL), 0);
    assert_int_equal(find(c, NULL, NULL, NULL), 0);
    assert_fails(c, E_RECORD_EXISTS, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 0, NOON));
    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 2, NOON)); /* it holds again */
    assert_int_equal(find(c, "lan", NULL, NULL), 1);
}

static void words_and_fields(void **state)
{
    static const struct {
        const char *q, *field, *value;
        size_t n;
    } rows[] = {
        {"nguyen", NULL, NULL, 2},
        {"TRẦN an", NULL, NULL, 1},
        {"lan ng", NULL, NULL, 2}, /* the last word may go on; Minh's mother is a Lan */
        {"hoa", NULL, NULL, 0},    /* a name that was changed */
        {"...", NULL, NULL, 0},
        {NULL, "birth_date", "1990-01-02", 2},
        {NULL, "number", LAN, 1},
        {NULL, "mother.number", LAN, 1},
        {NULL, "/mother/number", LAN, 1},
        {NULL, "alive", "true", 1},
        {NULL, "alive", "false", 1},
        {NULL, "children", "2", 1},
        {NULL, "birth_date", "1990", 0},
        {"minh", "birth_date", "1990-01-02", 1},
        {NULL, NULL, NULL, 3},
    };
    struct city *c = *state;
    struct record one;
    size_t n;

    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Hoa", ""), 0, NOON));
    assert_ok(c, put(c, "person", NULL,
                     PERSON(LAN, "Nguyễn Thị Lan", ", \"birth_date\": \"1990-01-02\", \"alive\": false"), 1, NOON));
    assert_ok(c, put(c, "person", NULL,
                     PERSON(MINH, "Nguyễn Văn Minh",
                            ", \"birth_date\": \"1990-01-02\", \"children\": 2, \"mother\": {\"number\": \"" LAN
                            "\", \"full_name\": \"Lan\"}"),
                     0, NOON));
    assert_ok(c, put(c, "person", NULL, PERSON(AN, "Trần An", ", \"alive\": true"), 0, NOON));
    for (size_t i = 0; i < COUNT(rows); i++)
        if (find(c, rows[i].q, rows[i].field, rows[i].value) != rows[i].n)
            fail_msg("row %zu finds %zu", i, find(c, rows[i].q, rows[i].field, rows[i].value));
    {
        auto_read struct db *db = NULL;

        assert_ok(c, store_read(c->house.store, &db, &c->e));
        assert_fails(c, E_BAD_QUERY, record_where(db, c->arena, persons(c), "full_name", "Lan", &one, 1, &n, &c->e));
        assert_non_null(strstr(c->e.detail, "birth_date, phone, alive, children, mother.number"));
    }
}

static void pages_follow_each_other(void **state)
{
    struct city *c = *state;
    auto_read struct db *db = NULL;
    struct record_query query = {.limit = 3};
    struct record page[3];
    size_t n, total = 0;
    char last[32] = "";

    for (int i = 0; i < 10; i++) {
        char body[80];

        (void)snprintf(body, sizeof body, "{\"code\": \"B/%d\", \"name\": \"Cầu\"}", i);
        assert_ok(c, put(c, "bridge", NULL, body, 0, NOON));
    }
    assert_ok(c, store_read(c->house.store, &db, &c->e));
    for (int with_words = 0; with_words < 2; with_words++) {
        query.q = with_words ? "cau" : NULL;
        query.cursor = NULL;
        last[0] = '\0';
        do {
            assert_ok(c, record_list(db, c->arena, registry_find(&c->house, "bridge"), &query, page, &n, &c->e));
            for (size_t i = 0; i < n; i++) {
                assert_true(strcmp(page[i].key, last) > 0);
                (void)snprintf(last, sizeof last, "%s", page[i].key);
            }
            total += n;
            query.cursor = last;
        } while (n == query.limit);
    }
    assert_int_equal(total, 20);
}

struct told {
    int n;
    bool had_before, had_after;
    int64_t version;
};

static bool hear(struct db *db, const struct event *event, void *arg, struct error *e)
{
    const struct record_changed *detail = event->detail;
    struct told *told = arg;

    (void)db;
    (void)e;
    told->n++;
    told->had_before = detail->before != NULL;
    told->had_after = detail->after != NULL;
    told->version = detail->version;
    return !text_equal(detail->key, MINH) || fail(e, E_CONFLICT, "a listener may refuse");
}

static void changes_are_told(void **state)
{
    static struct told told;
    struct city *c = *state;

    store_listen(c->house.store, "record.changed", hear, &told);
    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Lan", ""), 0, NOON));
    assert_true(told.n == 1 && !told.had_before && told.had_after && told.version == 1);
    assert_ok(c, put(c, "person", NULL, PERSON(LAN, "Hoa", ""), 1, NOON));
    assert_true(told.n == 2 && told.had_before && told.had_after && told.version == 2);
    assert_ok(c, put(c, "person", LAN, NULL, 2, NOON));
    assert_true(told.n == 3 && told.had_before && !told.had_after && told.version == 3);
    assert_fails(c, E_CONFLICT, put(c, "person", NULL, PERSON(MINH, "Minh", ""), 0, NOON));
    assert_int_equal(find(c, "minh", NULL, NULL), 0);
}

/* No hot query walks a whole table. */
static void plans_use_indexes(void **state)
{
    static const struct {
        const char *sql, *expected;
    } rows[] = {
        {"SELECT body FROM r_person WHERE key = $1", "USING INDEX"},
        {"SELECT body FROM r_person WHERE valid_to IS NULL AND f_birth_date = $1 AND key > $1 ORDER BY key LIMIT 50",
         "person_f_birth_date"},
        {"SELECT body FROM r_person WHERE valid_to IS NULL AND f_mother__number = $1 ORDER BY key LIMIT 50",
         "person_f_mother__number"},
        {"SELECT body FROM r_person WHERE f_phone = $1 AND id <> 5 LIMIT 1", "person_f_phone_u"},
        {"SELECT body FROM r_person WHERE valid_to IS NULL AND key > $1 ORDER BY key LIMIT 50", "USING INDEX"},
        {"SELECT body FROM r_person WHERE valid_to IS NULL AND id IN SEARCH(s_person, $1) ORDER BY key LIMIT 50",
         "USING INTEGER PRIMARY KEY"},
        {"SELECT id FROM record_change WHERE registry = 'person' AND key = $1 AND valid_from <= 9"
         " ORDER BY version DESC LIMIT 1",
         "record_change_version"},
    };
    struct city *c = *state;
    auto_read struct db *db = NULL;

    ONLY_SQLITE; /* whose plans do not hang on how many rows there are */
    assert_ok(c, store_read(c->house.store, &db, &c->e));
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_rows struct rows *r = NULL;
        char sql[400], plan[1000] = "";
        bool more;

        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", rows[i].sql);
        assert_ok(c, db_query(db, &r, &c->e, sql, ARGS(TEXT("x"))));
        for (;;) {
            assert_ok(c, rows_next(r, &more, &c->e));
            if (!more)
                break;
            (void)snprintf(plan + strlen(plan), sizeof plan - strlen(plan), "%s; ", rows_text(r, 3));
        }
        if (!strstr(plan, rows[i].expected) || strstr(plan, "SCAN r_person"))
            fail_msg("%s: %s", rows[i].sql, plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(versions),
        story(what_is_refused),
        story(history_and_the_past),
        story(own_records_are_kept_until_they_change),
        story(ended_records_are_not_found),
        story(words_and_fields),
        story(pages_follow_each_other),
        story(changes_are_told),
        story(plans_use_indexes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
