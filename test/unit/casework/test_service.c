/* Services and their forms: what is known is filled and locked, what changed of it is refused, fees are computed. */
#include "casework/casework_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char flow_text[] =
    "{\"name\": \"f\", \"start\": \"a\", \"steps\": {\"a\": {\"title\": {\"vi\": \"A\"}, \"role\":"
    " \"one-stop\", \"status\": 1, \"actions\": {\"receive\": \"b\"}}, \"b\": {\"title\": {\"vi\":"
    " \"B\"}, \"status\": 9, \"end\": true}}}";

static const char service_text[] =
    "{\"code\": \"2.000635\", \"name\": {\"vi\": \"Cấp bản sao trích lục\", \"en\": \"Copy\"}, \"field\": {\"vi\": "
    "\"Hộ tịch\"},"
    " \"level\": \"full\", \"units\": [\"ward\"], \"flow\": \"f\", \"limit\": \"1 working-day\", \"fee\": \"8000 * "
    "form.copies\","
    " \"in_force\": {\"from\": \"2026-01-01\", \"to\": \"2026-12-31\"},"
    " \"form\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"applicant\", \"copies\"], "
    "\"properties\": {"
    "   \"applicant\": {\"type\": \"object\", \"properties\": {\"full_name\": {\"type\": \"string\", \"title\": "
    "{\"vi\": \"Họ tên\","
    "     \"en\": \"Name\"}, \"x-source\": \"person.full_name\"}, \"phone\": {\"type\": \"string\", \"x-source\": "
    "\"applicant.phone\"}}},"
    "   \"copies\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 20, \"default\": 1}}},"
    " \"papers\": [{\"kind\": \"letter\", \"title\": {\"vi\": \"Văn bản ủy quyền\"}, \"required\": \"form.copies > "
    "5\"}]}";

struct scene {
    struct arena *arena;
    struct service *service;
};

static int set(void **state)
{
    static struct scene s;
    json_auto_t *flow_json = json_loads(flow_text, 0, NULL), *service_json = json_loads(service_text, 0, NULL);
    struct flow *f = NULL;
    struct error e;

    error_init(&e);
    s.arena = arena_new();
    if (!flow_compile(s.arena, flow_json, 1, &f, &e) || !service_compile(s.arena, service_json, 1, f, &s.service, &e)) {
        print_error("%s\n", e.detail);
        return -1;
    }
    *state = &s;
    return 0;
}

static int clear(void **state)
{
    arena_free(((struct scene *)*state)->arena);
    return 0;
}

static void what_the_city_masters_is_locked_what_people_told_is_not(void **state)
{
    const struct scene *s = *state;

    assert_int_equal(s->service->n_sources, 2);
    assert_string_equal(s->service->sources[0].registry, "person");
    assert_string_equal(s->service->sources[0].field, "/full_name");
    assert_true(s->service->sources[0].locked);
    assert_null(s->service->sources[1].registry);
    assert_false(s->service->sources[1].locked);
}

static json_t *localised_form(const struct scene *s, enum lang lang)
{
    struct house bare = {0};

    return service_form_new(&bare, s->service, lang);
}

static void titles_come_in_the_asked_language(void **state)
{
    const struct scene *s = *state;
    const char *pointer = "/properties/applicant/properties/full_name/title";
    json_auto_t *definition = json_loads(service_text, 0, NULL), *wire = service_wire_new(definition, LANG_EN);
    json_auto_t *vi = localised_form(s, LANG_VI), *en = localised_form(s, LANG_EN);

    assert_string_equal(json_string_value(json_at(vi, pointer)), "Họ tên");
    assert_string_equal(json_string_value(json_at(en, pointer)), "Name");
    assert_string_equal(json_str(wire, "field"), "Hộ tịch"); /* Vietnamese when there is no English */
}

static void a_service_is_open_while_in_force(void **state)
{
    const struct scene *s = *state;

    assert_false(service_is_open(s->service, (struct date){2025, 12, 31}));
    assert_true(service_is_open(s->service, (struct date){2026, 1, 1}));
    assert_true(service_is_open(s->service, (struct date){2026, 12, 31}));
    assert_false(service_is_open(s->service, (struct date){2027, 1, 1}));
}

/* clang-format off */
static const struct { const char *submitted; enum error_code code; const char *pointer, *why; } forms[] = {
    {"{\"copies\": 2}", E_NONE, NULL, "the locked name is filled in"},
    {"{\"copies\": 2, \"applicant\": {\"full_name\": \"Nguyễn Văn An\"}}", E_NONE, NULL, "the same name may be sent"},
    {"{\"applicant\": {\"phone\": \"0901234567\"}}", E_NONE, NULL, "a phone is people's own to say"},
    {"{\"applicant\": {\"full_name\": \"Người Khác\"}}", E_FIELD_LOCKED, "/applicant/full_name", "another name is refused"},
    {"{\"applicant\": {\"full_name\": null}}", E_FIELD_LOCKED, "/applicant/full_name", "nor may it be emptied"},
    {"{\"applicant\": null}", E_FIELD_LOCKED, "/applicant/full_name", "nor its parent"},
    {"{\"applicant\": [\"Người Khác\"]}", E_FIELD_LOCKED, "/applicant/full_name", "nor replaced by a list"},
    {"{\"copies\": 0}", E_FORM_INVALID, "/copies", "below the minimum"},
    {"{\"copies\": 2, \"extra\": 1}", E_FORM_INVALID, "/extra", "not in the form"},
};
/* clang-format on */

static void forms_are_merged_and_checked(void **state)
{
    const struct scene *s = *state;

    for (size_t i = 0; i < COUNT(forms); i++) {
        auto_arena struct arena *a = arena_new();
        json_auto_t *data = json_pack("{s:{s:s}, s:i}", "applicant", "full_name", "Nguyễn Văn An", "copies", 1);
        json_auto_t *locked = json_pack("[s]", "/applicant/full_name");
        json_auto_t *submitted = json_loads(forms[i].submitted, 0, NULL);
        const struct prefill known = {data, locked, NULL};
        json_t *form = NULL;
        struct error e;
        bool ok;

        error_init(&e);
        ok = form_accept(s->service, &known, submitted, a, &form, &e);
        if (ok != (forms[i].code == E_NONE) || e.code != forms[i].code)
            fail_msg("%s: %s", forms[i].why, error_row(e.code)->code);
        if (!ok)
            assert_string_equal(e.items[0].pointer, forms[i].pointer);
        else
            assert_string_equal(json_string_value(json_at(form, "/applicant/full_name")), "Nguyễn Văn An");
        error_done(&e);
    }
}

static void the_fee_is_computed(void **state)
{
    const struct scene *s = *state;
    auto_arena struct arena *a = arena_new();
    json_auto_t *form = json_pack("{s:i}", "copies", 3);
    const struct party applicant = {.name = "An"};
    int64_t fee = 0;
    struct error e;

    error_init(&e);
    assert_true(form_fee(s->service, form, &applicant, a, &fee, &e));
    assert_int_equal(fee, 24000);
}

/* clang-format off */
static const struct { const char *find, *put, *pointer, *why; } mistakes[] = {
    {"\"kind\": \"letter\", ", "", "/papers/0", "a paper of no kind"},
    {"\"kind\": \"letter\"", "\"kind\": \"letter\", \"satisfied_by\": [\"birth\"]", "/papers/0", "satisfied by who knows what"},
    {"\"kind\": \"letter\"", "\"kind\": \"letter\", \"satisfied_by\": [7]", "/papers/0", "satisfied by a number"},
    {"\"fee\": \"8000 * form.copies\"", "\"fee\": \"8000 *\"", "/fee", "a fee that is no expression"},
    {"\"fee\": \"8000 * form.copies\"", "\"fee\": 8000", "/fee", "a fee that is no text"},
    {"\"1 working-day\"", "\"1 moon\"", "/limit", "a limit nobody counts in"},
    {"\"2026-01-01\"", "\"2026-02-30\"", "/in_force", "a day that never was"},
    {"\"units\": [\"ward\"]", "\"units\": [7]", "/units", "a unit that is a number"},
    {"\"person.full_name\"", "\"person\"", "/applicant/full_name", "a source without a field"},
};
/* clang-format on */

static void mistakes_are_refused(void **state)
{
    const struct scene *s = *state;

    for (size_t i = 0; i < COUNT(mistakes); i++) {
        auto_arena struct arena *a = arena_new();
        const char *at = strstr(service_text, mistakes[i].find);
        json_auto_t *definition = NULL;
        struct service *out = NULL;
        struct error e;

        assert_non_null(at);
        definition = json_loads(arena_printf(a, "%.*s%s%s", (int)(at - service_text), service_text, mistakes[i].put,
                                             at + strlen(mistakes[i].find)),
                                0, NULL);
        assert_non_null(definition);
        error_init(&e);
        if (service_compile(a, definition, 1, s->service->flow, &out, &e))
            fail_msg("accepted: %s", mistakes[i].why);
        assert_int_equal(e.code, E_PACK);
        assert_string_equal(e.items[e.n_items - 1].pointer, mistakes[i].pointer);
        error_done(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_city_masters_is_locked_what_people_told_is_not),
        cmocka_unit_test(titles_come_in_the_asked_language),
        cmocka_unit_test(a_service_is_open_while_in_force),
        cmocka_unit_test(forms_are_merged_and_checked),
        cmocka_unit_test(the_fee_is_computed),
        cmocka_unit_test(mistakes_are_refused),
    };

    return cmocka_run_group_tests(tests, set, clear);
}
