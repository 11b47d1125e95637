#include "suite.h"

#include <string.h>

#include "http/http_internal.h"

struct sample {
    const char *name, *sex, *born;
    int64_t copies, id, at, any_number;
    bool urgent;
    const json_t *form, *papers, *extra;
};

/* clang-format off */
static const struct field sample_fields[] = {
    {"name",   FIELD_TEXT,    offsetof(struct sample, name),   FIELD_REQUIRED, .max = 5},
    {"sex",    FIELD_TEXT,    offsetof(struct sample, sex),    .choices = "male|female"},
    {"born",   FIELD_DATE,    offsetof(struct sample, born)},
    {"copies", FIELD_I64,     offsetof(struct sample, copies), .max = 20},
    {"number", FIELD_I64,     offsetof(struct sample, any_number)},
    {"id",     FIELD_ID,      offsetof(struct sample, id)},
    {"at",     FIELD_INSTANT, offsetof(struct sample, at)},
    {"urgent", FIELD_BOOL,    offsetof(struct sample, urgent)},
    {"form",   FIELD_OBJECT,  offsetof(struct sample, form)},
    {"papers", FIELD_ARRAY,   offsetof(struct sample, papers), .max = 2},
    {"extra",  FIELD_ANY,     offsetof(struct sample, extra)},
    {0},
};
/* clang-format on */

static bool read_text(struct arena *a, const char *text, struct sample *out, struct error *e)
{
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(j);
    arena_defer(a, (void (*)(void *))json_decref, j);
    error_init(e);
    return fields_read(a, j, sample_fields, out, e);
}

static void reads_all(void **state)
{
    struct arena *a = arena_new();
    struct sample s;
    struct error e;

    (void)state;
    assert_true(read_text(a,
                          "{\"name\":\"To\\u0302i\",\"sex\":\"female\",\"born\":\"2001-02-28\",\"copies\":20,"
                          "\"number\":-3.0,\"id\":\"9007199254740993\",\"at\":\"2026-11-21T09:00:00+07:00\","
                          "\"urgent\":true,\"form\":{},\"papers\":[1,2],\"extra\":null}",
                          &s, &e));
    assert_string_equal(s.name, "Tôi"); /* composed */
    assert_string_equal(s.sex, "female");
    assert_string_equal(s.born, "2001-02-28");
    assert_int_equal(s.copies, 20);
    assert_int_equal(s.any_number, -3);
    assert_true(s.id == INT64_C(9007199254740993));
    assert_true(s.at == INT64_C(1795226400000));
    assert_true(s.urgent);
    assert_true(json_is_object(s.form) && json_array_size(s.papers) == 2 && json_is_null(s.extra));
    arena_free(a);
}

static void absent_fields(void **state)
{
    struct arena *a = arena_new();
    struct sample s;
    struct error e;

    (void)state;
    memset(&s, 0x55, sizeof s);
    assert_true(read_text(a, "{\"name\":\"a\",\"sex\":null}", &s, &e));
    assert_null(s.sex);
    assert_null(s.born);
    assert_null(s.form);
    assert_null(s.extra);
    assert_int_equal(s.copies, 0);
    assert_int_equal(s.id, 0);
    assert_true(s.at == INSTANT_NONE);
    assert_false(s.urgent);
    arena_free(a);
}

static void wrong_fields(void **state)
{
    static const struct {
        const char *text, *pointer, *keyword;
    } rows[] = {
        {"[]", "", "type"},
        {"{}", "/name", "required"},
        {"{\"name\":\"\"}", "/name", "required"},
        {"{\"name\":null}", "/name", "required"},
        {"{\"name\":7}", "/name", "type"},
        {"{\"name\":\"123456\"}", "/name", "maxLength"},
        {"{\"name\":\"a\\u0007\"}", "/name", "format"},
        {"{\"name\":\"a\",\"sex\":\"mal\"}", "/sex", "enum"},
        {"{\"name\":\"a\",\"born\":\"2001-02-29\"}", "/born", "date"},
        {"{\"name\":\"a\",\"copies\":21}", "/copies", "maximum"},
        {"{\"name\":\"a\",\"copies\":-1}", "/copies", "minimum"},
        {"{\"name\":\"a\",\"copies\":1.5}", "/copies", "type"},
        {"{\"name\":\"a\",\"copies\":\"1\"}", "/copies", "type"},
        {"{\"name\":\"a\",\"number\":9007199254740992}", "/number", "maximum"},
        {"{\"name\":\"a\",\"id\":7}", "/id", "type"},
        {"{\"name\":\"a\",\"id\":\"x\"}", "/id", "format"},
        {"{\"name\":\"a\",\"at\":\"yesterday\"}", "/at", "date-time"},
        {"{\"name\":\"a\",\"urgent\":1}", "/urgent", "type"},
        {"{\"name\":\"a\",\"form\":[]}", "/form", "type"},
        {"{\"name\":\"a\",\"papers\":{}}", "/papers", "type"},
        {"{\"name\":\"a\",\"papers\":[1,2,3]}", "/papers", "maxItems"},
        {"{\"name\":\"a\",\"no/pe~\":1}", "/no~1pe~0", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena *a = arena_new();
        struct sample s;
        struct error e;

        if (read_text(a, rows[i].text, &s, &e) || e.code != E_INVALID_INPUT || e.n_items != 1 ||
            strcmp(e.items[0].pointer, rows[i].pointer) != 0 || strcmp(e.items[0].keyword, rows[i].keyword) != 0)
            fail_msg("%s: %zu items, first %s %s", rows[i].text, e.n_items, e.items[0].pointer, e.items[0].keyword);
        arena_free(a);
    }
}

static void all_at_once(void **state)
{
    struct arena *a = arena_new();
    struct sample s;
    struct error e;

    (void)state;
    assert_false(read_text(a, "{\"sex\":1,\"copies\":99,\"more\":0}", &s, &e));
    assert_int_equal(e.n_items, 4); /* name, sex, copies, more */
    arena_free(a);
}

static void query(void **state)
{
    static const struct pair good[] = {{"name", "An"}, {"copies", "3"}, {"urgent", "1"}, {"id", "12"}, {"born", ""}};
    static const struct pair bad[] = {{"name", "An"}, {"copies", "3x"}, {"urgent", "yes"}};
    struct arena *a = arena_new();
    struct sample s;
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(fields_from_query(a, good, COUNT(good), sample_fields, &s, &e));
    assert_int_equal(e.code, E_NONE);
    assert_true(s.copies == 3 && s.urgent && s.id == 12 && !s.born && strcmp(s.name, "An") == 0);
    assert_false(fields_from_query(a, bad, COUNT(bad), sample_fields, &s, &e));
    assert_int_equal(e.code, E_BAD_QUERY);
    assert_int_equal(e.n_items, 2);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all),   cmocka_unit_test(absent_fields), cmocka_unit_test(wrong_fields),
        cmocka_unit_test(all_at_once), cmocka_unit_test(query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
