/* Parties and the accounts that act for them. */
#include "people_test.h"

static bool put_party(struct db *db, void *arg, struct error *e)
{
    return party_put(db, arg, e);
}

static void a_party_is_put_found_and_changed(void **state)
{
    struct town *t = *state;
    struct party lan = {.kind = PARTY_CITIZEN,
                        .name = "Nguyễn Thị Lan",
                        .number = "079190000011",
                        .phone = "0901234567",
                        .place = "26743"},
                 twin = {.kind = PARTY_CITIZEN, .name = "Ai đó", .number = "079190000011"}, found;
    bool is_there;

    assert_ok(t, store_write(t->house.store, put_party, &lan, &t->e));
    assert_true(lan.id > 0);
    assert_fails(t, E_CONFLICT, store_write(t->house.store, put_party, &twin, &t->e));
    lan.email = "lan@example.vn";
    assert_ok(t, store_write(t->house.store, put_party, &lan, &t->e));

    auto_read struct db *db = NULL;
    assert_ok(t, store_read(t->house.store, &db, &t->e));
    assert_ok(t, party_by_number(db, t->arena, "079190000011", &found, &is_there, &t->e));
    assert_true(is_there);
    assert_int_equal(found.id, lan.id);
    assert_int_equal(found.kind, PARTY_CITIZEN);
    assert_string_equal(found.email, "lan@example.vn");
    assert_string_equal(found.place, "26743");
    assert_null(found.address);
    assert_ok(t, party_find(db, t->arena, 1, &found, &is_there, &t->e));
    assert_false(is_there);
}

static void what_is_personal_is_hidden(void **state)
{
    static const char *const hidden[] = {"number", "phone", "email", "address"};
    struct party lan = {.id = 9007199254740993,
                        .kind = PARTY_CITIZEN,
                        .name = "Lan",
                        .number = "1",
                        .phone = "2",
                        .email = "3",
                        .address = "4"};
    json_auto_t *own = party_json_new(&lan, true), *others = party_json_new(&lan, false);

    (void)state;
    assert_string_equal(json_str(own, "id"), "9007199254740993"); /* JavaScript would lose the last bit */
    assert_string_equal(json_str(others, "name"), "Lan");
    for (size_t i = 0; i < COUNT(hidden); i++) {
        assert_non_null(json_str(own, hidden[i]));
        assert_true(json_is_null(json_object_get(others, hidden[i])));
    }
}

static void who_can_be_assigned(void **state)
{
    struct town *t = *state;
    struct newcomer minh, an = {.user = "an", .name = "Lê An", .kind = PARTY_OFFICER, .role = ROLE_ONE_STOP, .unit = 7},
                          ha = {.user = "ha", .name = "Hà", .kind = PARTY_OFFICER, .role = ROLE_CLERK, .unit = 7};
    struct member members[4];
    size_t n;

    town_officer(t, &minh);
    town_newcomer(t, &an);
    town_newcomer(t, &ha);

    auto_read struct db *db = NULL;
    assert_ok(t, store_read(t->house.store, &db, &t->e));
    assert_ok(t, unit_members(db, t->arena, 7, ROLE_ONE_STOP, members, 4, &n, &t->e));
    assert_int_equal(n, 2);
    assert_string_equal(members[0].name, "Lê An");
    assert_int_equal(members[1].party, minh.party);
    assert_ok(t, unit_members(db, t->arena, 7, ROLE_ONE_STOP, members, 1, &n, &t->e));
    assert_int_equal(n, 1);
    assert_ok(t, unit_members(db, t->arena, 8, ROLE_ONE_STOP, members, 4, &n, &t->e));
    assert_int_equal(n, 0);
}

static void a_user_name_is_taken_once(void **state)
{
    struct town *t = *state;
    struct newcomer minh, other = {.user = "minh", .hash = "x", .name = "Khác", .kind = PARTY_OFFICER};

    town_officer(t, &minh);
    assert_fails(t, E_CONFLICT, store_write(t->house.store, move_in_write, &other, &t->e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_party_is_put_found_and_changed),
        cmocka_unit_test(what_is_personal_is_hidden),
        story(who_can_be_assigned),
        story(a_user_name_is_taken_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
