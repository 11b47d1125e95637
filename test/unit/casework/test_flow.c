/* Flows: what a pack may say, what it may not, and who may do what at a step. */
#include "casework/casework_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char good[] =
    "{\"name\": \"short\", \"title\": {\"vi\": \"Ngắn\", \"en\": \"Short\"}, \"start\": \"intake\","
    "\"steps\": {"
    "\"intake\": {\"title\": {\"vi\": \"Chờ\"}, \"role\": \"one-stop\", \"status\": 1,"
    "  \"actions\": {\"receive\": \"work\", \"refuse\": \"refused\"}},"
    "\"work\": {\"title\": {\"vi\": \"Xử lý\"}, \"role\": \"specialist\", \"status\": 4, \"share\": 60,"
    "  \"actions\": {\"assign\": \"same\", \"request-supplement\": \"wait\", \"approve\": \"done\"}},"
    "\"wait\": {\"title\": {\"vi\": \"Bổ sung\"}, \"role\": \"applicant\", \"status\": 5, \"pause\": true,"
    "  \"actions\": {\"supplement\": \"back\"}},"
    "\"refused\": {\"title\": {\"vi\": \"Từ chối\"}, \"status\": 3, \"end\": true},"
    "\"withdrawn\": {\"title\": {\"vi\": \"Rút\"}, \"status\": 7, \"end\": true},"
    "\"done\": {\"title\": {\"vi\": \"Xong\"}, \"status\": 9, \"end\": true}},"
    "\"always\": {\"withdraw\": {\"to\": \"withdrawn\", \"while\": [1, 4]},"
    "\"apologise\": {\"to\": \"same\", \"while\": [4]}}}";

static json_t *parsed(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);

    assert_non_null(j);
    return j;
}

static void a_good_flow_compiles(void **state)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *definition = parsed(good);
    struct flow *f = NULL;
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(flow_compile(a, definition, 3, &f, &e));
    assert_string_equal(f->start->id, "intake");
    assert_int_equal(f->version, 3);
    assert_int_equal(f->n_steps, 6);
    assert_true(flow_step(f, "wait")->pause);
    assert_int_equal(flow_step(f, "wait")->role, ROLE_CITIZEN);
    assert_int_equal(flow_step(f, "done")->role, NO_ROLE);
    assert_null(flow_step(f, "nowhere"));
}

/* clang-format off */
static const struct { const char *find, *put, *why; } mistakes[] = {
    {"\"start\": \"intake\"", "\"start\": \"outset\"", "starts at a step that is not there"},
    {"\"receive\": \"work\"", "\"receive\": \"wrok\"", "leads to a step that is not there"},
    {"\"role\": \"specialist\"", "\"role\": \"expert\"", "a role that does not exist"},
    {"\"status\": 4", "\"status\": 11", "a status the nation does not have"},
    {"\"assign\": \"same\"", "\"ponder\": \"same\"", "an action of its own without a title"},
    {"\"role\": \"one-stop\", ", "", "a step nobody answers for"},
};
/* clang-format on */

static void mistakes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        auto_arena struct arena *a = arena_new();
        const char *at = strstr(good, mistakes[i].find);
        char *text;
        json_auto_t *definition = NULL;
        struct flow *f = NULL;
        struct error e;

        assert_non_null(at);
        text = arena_printf(a, "%.*s%s%s", (int)(at - good), good, mistakes[i].put, at + strlen(mistakes[i].find));
        definition = parsed(text);
        error_init(&e);
        if (flow_compile(a, definition, 1, &f, &e))
            fail_msg("accepted: %s", mistakes[i].why);
        assert_int_equal(e.code, E_PACK);
        assert_int_equal(e.n_items, 1); /* says where */
    }
}

/* ---- who may do what ---- */

enum { WARD = 7, OTHER = 8, MAI = 1, LAN = 2, MINH = 3, STRANGER = 4 };

struct scene {
    struct arena *arena;
    struct service service;
    struct unit unit;
    struct case_file file;
};

static void set(struct scene *s, const char *step)
{
    json_auto_t *definition = parsed(good);
    struct flow *f = NULL;
    struct error e;

    error_init(&e);
    assert_true(flow_compile(s->arena, definition, 1, &f, &e));
    s->service.flow = f;
    s->unit.id = WARD;
    s->file = (struct case_file){.service = &s->service,
                                 .unit = &s->unit,
                                 .step = flow_step(f, step),
                                 .applicant = MAI,
                                 .submitter = MAI,
                                 .fee_state = "none"};
    s->file.status = s->file.step->status;
}

static struct actor actor_of(int64_t party, const struct role_at *roles, size_t n)
{
    return (struct actor){.party = party, .roles = roles, .n_roles = n};
}

static bool offered_at(const struct scene *s, const struct actor *who, const char *action, int64_t now, unsigned *needs)
{
    struct legal_action legal[LEGAL_ACTIONS_MAX];
    size_t n;
    struct error e;

    error_init(&e);
    assert_true(actions_legal(NULL, s->arena, NULL, who, &s->file, now, legal, &n, &e));

    for (size_t i = 0; i < n; i++)
        if (strcmp(legal[i].transition->action, action) == 0) {
            if (needs)
                *needs = legal[i].needs;
            return true;
        }
    return false;
}

static bool offered(const struct scene *s, const struct actor *who, const char *action, unsigned *needs)
{
    return offered_at(s, who, action, 0, needs);
}

static void only_the_role_of_the_step_in_the_unit_acts(void **state)
{
    static const struct role_at one_stop[] = {{ROLE_ONE_STOP, WARD}}, elsewhere[] = {{ROLE_ONE_STOP, OTHER}},
                                specialist[] = {{ROLE_SPECIALIST, WARD}}, head[] = {{ROLE_UNIT_HEAD, WARD}};
    struct scene s = {.arena = arena_new()};
    const struct actor lan = actor_of(LAN, one_stop, 1), far = actor_of(LAN, elsewhere, 1);
    const struct actor minh = actor_of(MINH, specialist, 1), boss = actor_of(STRANGER, head, 1);
    const struct actor mai = actor_of(MAI, NULL, 0), other = actor_of(STRANGER, NULL, 0);
    unsigned needs = 0;

    (void)state;
    set(&s, "intake");
    assert_true(offered(&s, &lan, "receive", NULL));
    assert_true(offered(&s, &lan, "refuse", &needs));
    assert_int_equal(needs, NEED_NOTE);
    assert_false(offered(&s, &far, "receive", NULL));
    assert_false(offered(&s, &minh, "receive", NULL));
    assert_false(offered(&s, &mai, "receive", NULL));
    assert_true(offered(&s, &mai, "withdraw", NULL));
    assert_false(offered(&s, &other, "withdraw", NULL));
    assert_false(offered(&s, &lan, "withdraw", NULL));

    set(&s, "work");
    assert_true(offered(&s, &minh, "assign", &needs));
    assert_int_equal(needs, 0); /* takes it */
    assert_true(offered(&s, &boss, "assign", &needs));
    assert_int_equal(needs, NEED_ASSIGNEE); /* gives it to somebody */
    assert_true(offered(&s, &minh, "approve", NULL));
    assert_false(offered(&s, &lan, "approve", NULL));

    set(&s, "wait");
    assert_false(offered(&s, &mai, "supplement", NULL)); /* nobody asked: nowhere to go back to */
    s.file.back_step = "work";
    assert_true(offered(&s, &mai, "supplement", NULL));
    assert_false(offered(&s, &mai, "withdraw", NULL)); /* status 5 is not in its `while` */

    set(&s, "done");
    assert_false(offered(&s, &mai, "withdraw", NULL));
    arena_free(s.arena);
}

static void an_apology_comes_once_and_a_day_ahead(void **state)
{
    static const struct role_at head[] = {{ROLE_UNIT_HEAD, WARD}};
    const struct actor boss = actor_of(STRANGER, head, 1);
    struct scene s = {.arena = arena_new()};

    (void)state;
    set(&s, "work");
    s.file.due_at = 3 * DAY_MS;
    assert_true(offered_at(&s, &boss, "apologise", 2 * DAY_MS, NULL));
    assert_false(offered_at(&s, &boss, "apologise", 2 * DAY_MS + 1, NULL)); /* the last day has begun */
    s.file.apologised = true;
    assert_false(offered_at(&s, &boss, "apologise", DAY_MS, NULL));
    arena_free(s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_flow_compiles),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(only_the_role_of_the_step_in_the_unit_acts),
        cmocka_unit_test(an_apology_comes_once_and_a_day_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
