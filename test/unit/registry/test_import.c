/* Imports: good rows are written, bad ones listed with their line, a second run changes nothing. */
#include "registry_test.h"

static json_t *import(struct city *c, const char *registry, enum import_format format, const char *text, bool dry_run)
{
    char path[100];
    struct import in = {.registry = registry_find(&c->house, registry),
                        .path = path,
                        .format = format,
                        .dry_run = dry_run,
                        .actor = 7,
                        .lang = LANG_EN};
    json_t *report = NULL;

    (void)snprintf(path, sizeof path, "%s/rows", c->folder);
    assert_ok(c, file_write(path, (struct bytes){text, strlen(text)}, &c->e));
    assert_ok(c, registry_import(c->house.store, &in, &report, &c->e));
    return report;
}

/* "2 /phone unique; 3 …" */
static const char *told(const json_t *report)
{
    static char out[2000];
    const json_t *p;
    size_t i;

    out[0] = '\0';
    json_array_foreach(json_object_get(report, "problems"), i, p)(void)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%lld %s %s", i ? "; " : "",
                 (long long)json_i64(p, "line", 0), json_str(p, "pointer"), json_str(p, "keyword"));
    return out;
}

static bool counts(const json_t *report, int64_t new, int64_t changed, int64_t same, int64_t bad)
{
    return json_i64(report, "new", -1) == new &&json_i64(report, "changed", -1) ==
           changed &&json_i64(report, "same", -1) == same &&json_i64(report, "bad", -1) ==
           bad &&json_i64(report, "rows", -1) == new + changed + same + bad;
}

static json_t *body_of(struct city *c, const char *registry, const char *key)
{
    auto_read struct db *db = NULL;
    struct record r;
    bool found;

    assert_ok(c, store_read(c->house.store, &db, &c->e));
    assert_ok(c, record_find(db, c->arena, registry_find(&c->house, registry), key, &r, &found, &c->e));
    return found ? r.body : NULL;
}

static const char csv[] = "\xEF\xBB\xBFnumber,full_name,alive,children,mother.number\r\n" LAN
                          ",\"Nguyễn, \"\"Thị\"\"\nLan\",true,2," MINH "\r\n" MINH ",Minh,,,\n"
                          "\n"
                          "12,X,maybe,two,\n" AN ",An\n"
                          "079200000014,\"Bình\"x,true,1,\n"
                          "079200000015,B\xE0nh,true,1,\n"
                          "079200000016,Chi,false,0,";

static void spreadsheets(void **state)
{
    struct city *c = *state;
    json_auto_t *dry = import(c, "person", IMPORT_CSV, csv, true);
    json_auto_t *first = NULL, *second = NULL;
    const json_t *lan;

    assert_true(counts(dry, 3, 0, 0, 4));
    assert_null(body_of(c, "person", LAN));
    first = import(c, "person", IMPORT_CSV, csv, false);
    assert_true(counts(first, 3, 0, 0, 4));
    assert_string_equal(told(first), "6 /number vn-personal-number; 6 /full_name minLength; 6 /alive type;"
                                     " 6 /children type; 7  columns; 8  syntax; 9 /full_name utf8");
    assert_string_equal(told(dry), told(first));
    second = import(c, "person", IMPORT_CSV, csv, false);
    assert_true(counts(second, 0, 0, 3, 4));
    lan = body_of(c, "person", LAN);
    assert_string_equal(json_str(lan, "full_name"), "Nguyễn, \"Thị\"\nLan");
    assert_true(json_is_true(json_object_get(lan, "alive")));
    assert_int_equal(json_i64(lan, "children", 0), 2);
    assert_string_equal(json_string_value(json_at(lan, "/mother/number")), MINH);
    assert_int_equal(json_object_size(body_of(c, "person", MINH)), 2); /* empty cells say nothing */
    assert_int_equal(json_i64(body_of(c, "person", "079200000016"), "children", 9), 0);
}

static void headers_name_fields(void **state)
{
    struct city *c = *state;
    json_auto_t *report = import(c, "person", IMPORT_CSV, "number,name,number\n" LAN ",Lan,1\n", false);

    assert_string_equal(told(report), "1 /name column; 1 /number duplicate");
    assert_true(counts(report, 0, 0, 0, 0));
}

static void lines_of_json(void **state)
{
    static const char text[] =
        PERSON(LAN, "Lan",
               ", \"phone\": \"0901234567\"") "\n"
                                              "\r\n"
                                              "{\"number\": }\n"
                                              "[1]\n" PERSON(MINH, "Minh",
                                                             ", \"phone\": \"0901234567\"") "\n" PERSON(AN, "An", "");
    struct city *c = *state;
    json_auto_t *report = import(c, "person", IMPORT_NDJSON, text, false), *again = NULL;

    assert_true(counts(report, 2, 0, 0, 3));
    assert_string_equal(told(report), "3  syntax; 4  type; 5 /phone unique");
    assert_string_equal(json_str(json_array_get(json_object_get(report, "problems"), 2), "message"),
                        "Another record has this value already.");
    assert_non_null(body_of(c, "person", AN));
    assert_null(body_of(c, "person", MINH));
    again = import(c, "person", IMPORT_NDJSON, PERSON(LAN, "Lan Anh", ""), false);
    assert_true(counts(again, 0, 1, 0, 0));
}

static void features(void **state)
{
    static const char text[] =
        "{\"type\": \"FeatureCollection\", \"name\": \"a \\\"features\\\": [{}]\", \"crs\": {\"features\": [{}]},\n"
        "\"features\": [\n"
        "{\"type\": \"Feature\", \"properties\": {\"code\": \"B1\", \"name\": \"Cầu }\\\"\"},"
        " \"geometry\": {\"type\": \"Point\", \"coordinates\": [106.7, 10.77]}},\n"
        "{\"type\": \"Feature\", \"properties\": {\"name\": \"no code\"}, \"geometry\": null},\n"
        "{\"type\": \"Feature\", \"properties\": {\"code\": \"B2\"}}\n"
        "], \"bbox\": [{}]}";
    struct city *c = *state;
    json_auto_t *report = import(c, "bridge", IMPORT_GEOJSON, text, false), *cut = NULL;

    assert_true(counts(report, 2, 0, 0, 1));
    assert_string_equal(told(report), "4 /code required");
    assert_string_equal(json_str(body_of(c, "bridge", "B1"), "name"), "Cầu }\"");
    assert_string_equal(json_string_value(json_at(body_of(c, "bridge", "B1"), "/geometry/type")), "Point");
    cut = import(c, "bridge", IMPORT_GEOJSON, "{\"features\": [{\"properties\": {\"code\": \"B9\"", false);
    assert_string_equal(told(cut), "1  syntax");
}

static void not_a_collection(void **state)
{
    struct city *c = *state;
    char path[100];
    struct import in = {.registry = registry_find(&c->house, "bridge"), .path = path, .format = IMPORT_GEOJSON};
    json_t *report;

    (void)snprintf(path, sizeof path, "%s/rows", c->folder);
    assert_ok(c, file_write(path, (struct bytes){"{\"a\": [{}]}", 11}, &c->e));
    assert_fails(c, E_RECORD_INVALID, registry_import(c->house.store, &in, &report, &c->e));
}

static void many_rows(void **state)
{
    struct city *c = *state;
    auto_buf struct buf text = BUF_INIT(1 << 20);
    json_auto_t *report = NULL;

    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "{\"code\": \"%s%d\"}\n", i % 2 ? "" : "B", i);
    buf_puts(&text, "{}\n");
    report = import(c, "bridge", IMPORT_NDJSON, text.data, false);
    assert_true(counts(report, 1000, 0, 0, 1));
    assert_string_equal(told(report), "1001 /code required");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(spreadsheets), story(headers_name_fields), story(lines_of_json),
        story(features),     story(not_a_collection),    story(many_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
