/* What flows can do, told as stories on a clock that the test turns: automatic steps, questions in turn and at once,
 * silence, what only time causes, the two clocks of a supplement and of a payment, the version a case keeps. */
#include "house.h"

static const struct actor *desk, *specialist, *head, *signatory, *cashier, *jurist, *builder, *jurist_head, *mai, *an;

static int setup(void **state)
{
    (void)state;
    town_open();
    desk = person_new("desk", ROLE_ONE_STOP, WARD);
    specialist = person_new("specialist", ROLE_SPECIALIST, WARD);
    head = person_new("head", ROLE_UNIT_HEAD, WARD);
    signatory = person_new("signatory", ROLE_SIGNATORY, WARD);
    cashier = person_new("cashier", ROLE_CASHIER, WARD);
    jurist = person_new("jurist", ROLE_SPECIALIST, JUSTICE);
    jurist_head = person_new("jurist-head", ROLE_UNIT_HEAD, JUSTICE);
    builder = person_new("builder", ROLE_SPECIALIST, BUILDING);
    mai = person_new("Mai", ROLE_CITIZEN, NULL);
    an = person_new("An", ROLE_CITIZEN, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close();
    return 0;
}

static const char *file(const char *way, const char *when)
{
    json_t *form = json_held(town.arena, json_pack("{s:s}", "way", way));
    struct submission s = {.service = "9.100001", .unit = WARD, .form = form};
    struct caller caller = caller_of(mai);
    const char *code;
    bool repeated;

    caller.now = town.now = at(when);
    assert_ok(case_submit(&town.house, town.arena, &caller, &s, &code, &repeated, &town.e));
    return code;
}

static const char *received(const char *way, const char *when)
{
    const char *code = file(way, when);

    act(desk, code, "receive");
    return code;
}

static const char *child_of(const char *code, size_t i)
{
    return json_str(json_array_get(see(code).answers, i), "case");
}

/* ---- the system's own steps ---- */

static void the_system_sorts_in_the_same_write(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");

    (void)state;
    assert_string_equal(see(code).step->id, "deciding");
    assert_int_equal(events(code, "receive"), 1);
    assert_int_equal(events(code, "short"), 1);
    assert_int_equal(see(code).version, 3);
    assert_string_equal(said(see(code).due_at), "2026-03-16 08:00"); /* ten working days by hours, from the minute */
}

static void conditions_choose_the_way(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");

    (void)state;
    act(specialist, code, "finish");
    assert_string_equal(see(code).step->id, "signing"); /* nobody was asked: no check */
}

/* ---- questions in turn ---- */

static void questions_in_turn_each_have_their_time(void **state)
{
    const char *code = received("long", "2026-03-02 08:00"), *law, *building;
    struct case_file c = see(code), child;

    (void)state;
    assert_string_equal(c.step->id, "asking");
    assert_int_equal(json_array_size(c.answers), 1);
    law = child_of(code, 0);
    child = see(law);
    assert_string_equal(said(c.step_due_at), "2026-03-09 08:00"); /* half of ten days */
    assert_string_equal(said(child.due_at), "2026-03-04 08:00");  /* two fifths of that */
    assert_string_equal(child.parent, code);
    assert_string_equal(child.unit->code, JUSTICE);

    town.now = at("2026-03-03 09:00");
    assert_int_equal(
        act_with(jurist, law, "answer", (struct action_input){.note = "Hồ sơ đúng quy định của pháp luật"}), E_NONE);
    c = see(code);
    assert_string_equal(c.step->id, "asking");
    assert_int_equal(json_array_size(c.answers), 2); /* the one whose condition does not hold is passed over */
    building = child_of(code, 1);
    child = see(building);
    assert_string_equal(child.service->code, "9.100002");
    assert_non_null(strstr(child.form, "Nhà long"));
    assert_non_null(strstr(child.form, code));
    assert_string_equal(said(child.due_at), "2026-03-05 14:30"); /* half of the step, from the question on */

    town.now = at("2026-03-04 09:00");
    act(builder, building, "answer");
    assert_string_equal(see(code).step->id, "deciding");
    act(specialist, code, "finish"); /* the law's long answer asks for a check */
    assert_string_equal(see(code).step->id, "checking");
    assert_sound();
}

static void the_first_answer_is_enough(void **state)
{
    const char *code = received("any", "2026-03-02 08:00");

    (void)state;
    assert_int_equal(json_array_size(see(code).answers), 2);
    act(builder, child_of(code, 1), "answer");
    assert_string_equal(see(code).step->id, "deciding");
    act(jurist, child_of(code, 0), "answer"); /* comes too late to matter, and is kept */
    assert_string_equal(see(code).step->id, "deciding");
    assert_int_equal(json_i64(json_array_get(see(code).answers, 0), "status", 0), STATUS_DONE);
}

static void only_those_with_a_part_see_it(void **state)
{
    const char *code = received("long", "2026-03-02 08:00");
    struct case_file c = see(code), child = see(child_of(code, 0));

    (void)state;
    assert_true(case_standing(&town.house, jurist, &c, now_ms()).sees);
    assert_true(case_standing(&town.house, specialist, &child, now_ms()).sees);
    assert_false(case_standing(&town.house, builder, &c, now_ms()).sees); /* asked later, if at all */
    assert_false(case_standing(&town.house, builder, &child, now_ms()).sees);
    assert_false(case_standing(&town.house, an, &c, now_ms()).sees);
    assert_true(case_standing(&town.house, mai, &child, now_ms()).sees);
    assert_int_equal(act_with(mai, child.code, "withdraw", (struct action_input){0}), E_ACTION_ILLEGAL);
}

static void what_was_asked_is_recalled(void **state)
{
    const char *code = received("any", "2026-03-02 08:00");

    (void)state;
    act(mai, code, "withdraw");
    for (size_t i = 0; i < 2; i++) {
        struct case_file child = see(child_of(code, i));

        assert_int_equal(child.status, STATUS_STOPPED);
        assert_int_equal(events(child.code, "recall"), 1);
    }
    assert_int_equal(see(code).status, STATUS_WITHDRAWN);
    assert_sound();
}

/* ---- silence ---- */

static int64_t notices(const struct actor *who, const char *code)
{
    return count("SELECT COUNT(*) FROM notice WHERE case_code = $1 AND party = CAST($2 AS BIGINT)", code,
                 arena_printf(town.arena, "%lld", (long long)who->party));
}

static void silence_is_told_once_and_the_clock_goes_on(void **state)
{
    const char *code = received("long", "2026-03-02 08:00"), *law = child_of(code, 0);
    int64_t due = see(code).due_at;

    (void)state;
    town.now = see(law).due_at; /* at the minute it is in time */
    tick();
    assert_int_equal(events(code, "silence"), 0);
    town.now += 60000;
    tick();
    tick();
    assert_int_equal(events(code, "silence"), 1);
    assert_int_equal(events(law, "silent"), 1);
    assert_int_equal(notices(head, code), 1);
    assert_int_equal(notices(jurist_head, law), 1);
    assert_true(see(code).due_at == due);
    assert_string_equal(see(code).step->id, "asking");
    act(jurist, law, "answer"); /* late, and still an answer */
    assert_int_equal(json_array_size(see(code).answers), 2);
}

static void nobody_receiving_is_silence_too(void **state)
{
    const char *code = file("short", "2026-03-02 08:00");

    (void)state;
    assert_string_equal(said(see(code).step_due_at), "2026-03-03 08:00"); /* eight working hours */
    town.now = at("2026-03-03 08:00");
    tick();
    assert_false(case_is_silent(&(struct case_file){.step_due_at = INSTANT_NONE}, town.now));
    assert_int_equal(events(code, "silent"), 0);
    town.now = at("2026-03-03 08:01");
    tick();
    town.now = at("2026-03-09 08:00");
    tick();
    assert_int_equal(events(code, "silent"), 1);
    assert_int_equal(notices(head, code), 1);
    act(desk, code, "receive"); /* moved on: its next step may be silent anew */
    town.now = at("2026-04-10 08:00");
    tick();
    assert_int_equal(events(code, "silent"), 2);
}

/* ---- what only time causes ---- */

static void a_supplement_that_never_comes_lapses(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");

    (void)state;
    act(specialist, code, "request-supplement");
    town.now = at("2026-03-12 17:00"); /* ten days: the close of Thursday 12 */
    tick();
    assert_int_equal(see(code).status, STATUS_SUPPLEMENT);
    town.now += 60000;
    tick();
    assert_int_equal(see(code).status, STATUS_STOPPED);
    assert_int_equal(events(code, "lapse"), 1);
    act(signatory, code, "reopen");
    assert_string_equal(see(code).step->id, "deciding");
    assert_true(see(code).closed_at == INSTANT_NONE);
    assert_string_equal(said(see(code).due_at), "2026-03-26 17:00"); /* ten days from the evening of the 12th */
}

/* ---- two clocks ---- */

static void a_supplement_continues_where_the_service_says_so(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");

    (void)state;
    town.now = at("2026-03-03 08:00"); /* one day used, nine left */
    act(specialist, code, "request-supplement");
    town.now = at("2026-03-05 08:00");
    act(mai, code, "supplement");
    assert_string_equal(said(see(code).due_at), "2026-03-18 08:00");
    assert_int_equal(json_array_size(see(code).counts), 2);
    assert_string_equal(json_str(json_array_get(see(code).counts, 1), "why"), "supplement");
    assert_string_equal(json_str(json_array_get(see(code).counts, 1), "rule"), "nd-118-2025");
    /* The nation takes the applicant's two days off: three days have passed since Monday, one is counted. */
    assert_int_equal(case_time(&(struct case_file){.supplements = see(code).supplements,
                                                   .received_at = see(code).received_at,
                                                   .due_at = see(code).due_at,
                                                   .legal_due_at = INSTANT_NONE,
                                                   .done_at = INSTANT_NONE,
                                                   .closed_at = INSTANT_NONE,
                                                   .status = STATUS_IN_PROCESS},
                               town.arena, town.now)
                         .minutes,
                     24 * 60);
}

static void a_second_supplement_is_the_heads_and_late(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");
    struct case_file c;

    (void)state;
    act(specialist, code, "request-supplement");
    act(mai, code, "supplement");
    assert_int_equal(act_with(specialist, code, "request-supplement", (struct action_input){.note = "x"}),
                     E_ACTION_ILLEGAL);
    assert_int_equal(act_with(head, code, "request-supplement", (struct action_input){.note = "x"}), E_ACTION_NEEDS);
    assert_int_equal(
        act_with(head, code, "request-supplement", (struct action_input){.note = "x", .override = "Sót giấy"}), E_NONE);
    act(mai, code, "supplement");
    act(specialist, code, "finish");
    act(signatory, code, "approve");
    c = see(code);
    assert_string_equal(json_str(json_array_get(c.supplements, 1), "override"), "Sót giấy");
    assert_string_equal(timeliness_name(case_time(&c, town.arena, town.now).timeliness), "late"); /* within the hour */
}

static void a_payment_stops_the_clock(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");

    (void)state;
    town.now = at("2026-03-03 08:00");
    assert_int_equal(act_with(specialist, code, "request-payment", (struct action_input){.note = "x"}), E_ACTION_NEEDS);
    assert_int_equal(act_with(specialist, code, "request-payment", (struct action_input){.note = "x", .amount = 5000}),
                     E_NONE);
    assert_true(see(code).step_due_at == INSTANT_NONE);
    town.now = at("2026-03-09 08:00");
    act(mai, code, "pay");
    assert_string_equal(see(code).fee_state, "declared");
    assert_string_equal(said(see(code).due_at), "2026-03-20 08:00"); /* nine days again */
    assert_string_equal(see(code).step->id, "deciding");
}

/* A step where the clock stands is left by an action that only this flow has, by a standard one, or by time. */
static void the_clock_goes_on_whatever_leads_out_of_a_pause(void **state)
{
    static const char *const ways[] = {"take-down", "return-to-step", "hand-over", NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        const char *code = received("short", "2026-03-02 08:00");

        town.now = at("2026-03-03 08:00"); /* one day used, nine left */
        act(specialist, code, "post");
        assert_string_equal(said(see(code).due_at), "2026-03-16 08:00");
        town.now = at("2026-03-09 08:00");
        if (ways[i]) {
            assert_int_equal(act_with(specialist, code, ways[i], (struct action_input){.note = "x"}), E_NONE);
            assert_string_equal(said(see(code).due_at), "2026-03-20 08:00");
            assert_int_equal(json_array_size(see(code).counts), 2);
            assert_string_equal(json_str(json_array_get(see(code).counts, 1), "why"), ways[i]);
            continue;
        }
        town.now = at("2026-04-02 17:01"); /* thirty days: the close of Thursday 2 April */
        tick();
        assert_string_equal(see(code).step->id, "deciding");
        assert_string_equal(json_str(json_array_get(see(code).counts, 1), "why"), "lapse");
        assert_string_equal(said(see(code).due_at), "2026-04-15 17:00");
    }
}

static void an_apology_is_appointed_once(void **state)
{
    const char *code = received("short", "2026-03-02 08:00");
    int64_t legal = see(code).legal_due_at;

    (void)state;
    town.now = see(code).due_at - DAY_MS;
    assert_int_equal(
        act_with(head, code, "apologise", (struct action_input){.note = "x", .due_at = at("2026-03-20 17:00")}),
        E_NONE);
    assert_string_equal(said(see(code).due_at), "2026-03-20 17:00");
    assert_true(see(code).legal_due_at == legal);
    assert_int_equal(
        act_with(head, code, "apologise", (struct action_input){.note = "x", .due_at = at("2026-03-30 17:00")}),
        E_ACTION_ILLEGAL);
    assert_non_null(json_object_get(town.e.extra, "actions"));
}

static int64_t events_out_of_order(const char *code)
{
    return count(
        "SELECT COUNT(*) FROM case_event v JOIN case_file c ON c.id = v.case_id JOIN case_event w ON w.case_id ="
        " v.case_id AND w.seq = v.seq + 1 WHERE c.code = $1 AND w.at < v.at AND v.action <> $2",
        code, "");
}

/* The machine's clock was an hour ahead and is set right, between any two acts: the log never runs backwards, no time
 * is negative, nothing is late by it, and what waits is still told in time. */
static void a_clock_that_is_set_back_harms_no_case(void **state)
{
    const char *code = received("short", "2026-03-02 10:00");
    int64_t due = see(code).due_at, step_due = see(code).step_due_at;

    (void)state;
    town.now = at("2026-03-02 11:00");
    act(specialist, code, "request-supplement");
    town.now = at("2026-03-02 10:00"); /* set back while the applicant has it */
    act(mai, code, "supplement");
    town.now = at("2026-03-02 09:00");
    assert_int_equal(act_with(specialist, code, "assign", (struct action_input){0}), E_NONE);
    assert_int_equal(events_out_of_order(code), 0);
    assert_true(see(code).due_at == due);
    assert_true(see(code).step_due_at >= step_due);
    assert_true(see(code).moved_at >= at("2026-03-02 11:00"));
    tick();
    assert_int_equal(events(code, "silent"), 0);
    town.now = at("2026-03-30 11:00");
    tick();
    assert_int_equal(events(code, "silent"), 1);
    assert_int_equal(events_out_of_order(code), 0);
    assert_sound();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_sorts_in_the_same_write),
        cmocka_unit_test(conditions_choose_the_way),
        cmocka_unit_test(questions_in_turn_each_have_their_time),
        cmocka_unit_test(the_first_answer_is_enough),
        cmocka_unit_test(only_those_with_a_part_see_it),
        cmocka_unit_test(what_was_asked_is_recalled),
        cmocka_unit_test(silence_is_told_once_and_the_clock_goes_on),
        cmocka_unit_test(nobody_receiving_is_silence_too),
        cmocka_unit_test(a_supplement_that_never_comes_lapses),
        cmocka_unit_test(a_supplement_continues_where_the_service_says_so),
        cmocka_unit_test(a_second_supplement_is_the_heads_and_late),
        cmocka_unit_test(a_payment_stops_the_clock),
        cmocka_unit_test(the_clock_goes_on_whatever_leads_out_of_a_pause),
        cmocka_unit_test(an_apology_is_appointed_once),
        cmocka_unit_test(a_clock_that_is_set_back_harms_no_case),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
