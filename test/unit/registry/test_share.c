/* Who sees what: the sharing rules, role by role; and the words for a record. */
#include "registry_test.h"

static json_t *lan_new(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "number", LAN, "full_name", "Nguyễn Thị Lan", "birth_date",
                     "1990-01-02", "phone", "0901234567", "mother", "number", MINH);
}

/* "-" is nothing at all */
static void fields_per_role(void **state)
{
    struct city *c = *state;
    const struct registry *r = registry_find(&c->house, "person");
    const int64_t justice = unit_by_code(&c->house, "H29.11")->id, ward = unit_by_code(&c->house, "H29.1.1")->id;
    const struct {
        enum role role;
        int64_t unit;
        const char *number, *purpose, *fields;
    } rows[] = {
        {ROLE_CITIZEN, 0, LAN, "self", "number full_name birth_date phone mother"},
        {ROLE_CITIZEN, 0, MINH, "self", "-"}, /* somebody else's */
        {ROLE_CITIZEN, 0, NULL, "self", "-"},
        {ROLE_CITIZEN, 0, LAN, "case", "-"},
        {ROLE_ONE_STOP, ward, NULL, "case", "number full_name birth_date"},
        {ROLE_ONE_STOP, ward, NULL, "stewardship", "-"},
        {ROLE_ONE_STOP, ward, NULL, "public", "-"},
        {ROLE_SPECIALIST, ward, NULL, "case", "number full_name birth_date phone mother"},
        {ROLE_SIGNATORY, ward, NULL, "case", "number full_name birth_date phone mother"},
        {ROLE_CLERK, ward, NULL, "case", "-"},
        {ROLE_ADMIN, 0, NULL, "case", "-"},
        {ROLE_STEWARD, justice, NULL, "stewardship", "number full_name birth_date phone mother"},
        {ROLE_STEWARD, ward, NULL, "stewardship", "-"}, /* of another unit */
    };
    json_auto_t *body = lan_new();

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct role_at role = {rows[i].role, rows[i].unit};
        const struct actor who = {.number = rows[i].number, .n_roles = 1, .roles = &role};
        json_auto_t *shown = record_shared_new(r, body, &who, rows[i].purpose);
        char names[200] = "";
        const char *name;
        json_t *value;

        json_object_foreach(shown, name, value)(void)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? " " : "", name);
        if (strcmp(shown ? names : "-", rows[i].fields) != 0)
            fail_msg("row %zu, %s for %s: %s", i, role_name(rows[i].role), rows[i].purpose, shown ? names : "-");
    }
}

static void strangers_see_what_is_public(void **state)
{
    struct city *c = *state;
    json_auto_t *person = lan_new();
    json_auto_t *bridge = json_pack("{s:s, s:s, s:i}", "code", "B1", "name", "Cầu Mống", "length", 128);
    json_auto_t *none = record_shared_new(registry_find(&c->house, "person"), person, NULL, "public");
    json_auto_t *shown = record_shared_new(registry_find(&c->house, "bridge"), bridge, NULL, "case");

    assert_null(none);
    assert_int_equal(json_object_size(shown), 2);
    assert_null(json_object_get(shown, "length"));
}

static void words_for_a_record(void **state)
{
    struct city *c = *state;
    const struct registry *person = registry_find(&c->house, "person"), *bridge = registry_find(&c->house, "bridge");
    json_auto_t *lan = lan_new();
    json_auto_t *part = json_pack("{s:s}", "number", LAN);
    json_auto_t *mong = json_pack("{s:s}", "code", "B1");

    assert_string_equal(record_title(c->arena, person, lan, LANG_VI), "Dân cư: Nguyễn Thị Lan");
    assert_string_equal(record_title(c->arena, person, lan, LANG_EN), "Resident: Nguyễn Thị Lan");
    assert_string_equal(record_title(c->arena, person, part, LANG_EN), "Residents · " LAN);
    assert_string_equal(record_title(c->arena, bridge, mong, LANG_VI), "Cầu · B1");
    assert_string_equal(record_about(person, lan), LAN);
    assert_null(record_about(bridge, mong));
    assert_string_equal(registry_person_field(person), "number");
    assert_null(registry_person_field(bridge));
    assert_string_equal(registry_name(bridge), "bridge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(fields_per_role),
        story(strangers_see_what_is_public),
        story(words_for_a_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
