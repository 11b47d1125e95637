/* What motcua check says of flows that are not sound: each mistake by the name of its rule, at the line where it
 * stands. */
#include "casework/casework_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char good[] =
    "name: f\n"                         /* 1 */
    "title: {vi: F, en: F}\n"           /* 2 */
    "start: intake\n"                   /* 3 */
    "steps:\n"                          /* 4 */
    "  intake:\n"                       /* 5 */
    "    title: {vi: Nhận, en: In}\n"   /* 6 */
    "    role: one-stop\n"              /* 7 */
    "    status: 1\n"                   /* 8 */
    "    actions: {receive: sorting}\n" /* 9 */
    "  sorting:\n"                      /* 10 */
    "    title: {vi: Chia, en: Sort}\n" /* 11 */
    "    auto: true\n"                  /* 12 */
    "    status: 2\n"                   /* 13 */
    "    actions: {a: {if: form.x, to: ask, title: {vi: A, en: A}}, b: {to: work, title: {vi: B, en: B}}}\n"
    "  work:\n"                        /* 15 */
    "    title: {vi: Làm, en: Work}\n" /* 16 */
    "    role: specialist\n"           /* 17 */
    "    status: 4\n"                  /* 18 */
    "    share: 60\n"                  /* 19 */
    "    actions: {approve: done}\n"   /* 20 */
    "  ask:\n"                         /* 21 */
    "    title: {vi: Hỏi, en: Ask}\n"  /* 22 */
    "    role: specialist\n"           /* 23 */
    "    status: 4\n"                  /* 24 */
    "    share: 40\n"                  /* 25 */
    "    ask: {then: work, order: in-turn, questions: {tax: {title: {vi: T, en: T}, unit: ward, service: \"9.000001\", "
    "share: 50}}}\n"
    "  done: {title: {vi: Xong, en: Done}, status: 9, end: true}\n"; /* 27 */

/* clang-format off */
static const struct { const char *find, *put, *rule; int line; } mistakes[] = {
    {"{approve: done}", "{assign: same}",       "flow-dead-end", 16},
    {"{receive: sorting}", "{receive: work}",   "flow-reachable", 11},
    {"share: 60", "share: 70",                  "flow-shares", 5},
    {"share: 40", "share: 30",                  "flow-shares", 5},
    {"status: 1\n", "status: 1\n    share: 5\n", "flow-shares", 6},
    {"b: {to: work", "b: {if: form.y, to: work", "flow-automatic", 11},
    {"b: {to: work", "b: {to: sorting",         "flow-circle", 11},
    {"unit: ward", "unit: moon",                "flow-unit", 26},
    {"9.000001", "1.999999",                    "flow-service", 26},
    {"if: form.x", "if: form x",                "flow", 14},
    {"role: specialist", "role: expert",        "flow", 16},
    {"then: work", "then: wrok",                "flow", 26},
    {"share: 50", "share: 50, if: 1 +",         "flow", 26},
    {"share: 50", "share: 50, form: {a: {b: 1 +}}", "expression", 26},
    {"{approve: done}", "{x: {to: done, after: soon, title: {vi: X, en: X}}}", "flow", 20},
};
/* clang-format on */

static void check(struct arena *a, const char *text, struct pack_report *report)
{
    struct pack_file *files = arena_array(a, struct pack_file, 3);
    struct pack pack = {.arena = a, .path = "pack", .n = 3, .files = files};
    struct error e;

    error_init(&e);
    files[0] = (struct pack_file){.path = "flows/f.yaml", .kind = "flows", .pointer = ""};
    assert_true(yaml_read(a, (struct bytes){text, strlen(text)}, &files[0].yaml, &e));
    files[0].body = files[0].yaml.root;
    files[1] = (struct pack_file){.path = "units/u.yaml", .kind = "units", .pointer = ""};
    files[1].body = json_held(a, json_pack("{s:s, s:s, s:[s]}", "code", "H29.1.1", "kind", "ward", "offers", "ward"));
    files[2] = (struct pack_file){.path = "services/c.yaml", .kind = "services", .pointer = ""};
    files[2].body = json_held(a, json_pack("{s:s}", "code", "9.000001"));
    *report = (struct pack_report){.arena = a};
    flow_check(&pack, &files[0], report);
}

static void a_sound_flow_says_nothing(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct pack_report report;

    (void)state;
    check(a, good, &report);
    for (size_t i = 0; i < report.n; i++)
        print_error("%d %s: %s\n", report.problems[i].line, report.problems[i].rule, report.problems[i].what);
    assert_int_equal(report.n, 0);
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        auto_arena struct arena *a = arena_new();
        const char *at = strstr(good, mistakes[i].find);
        struct pack_report report;
        bool said = false;

        assert_non_null(at);
        check(a, arena_printf(a, "%.*s%s%s", (int)(at - good), good, mistakes[i].put, at + strlen(mistakes[i].find)),
              &report);
        for (size_t k = 0; k < report.n; k++) {
            const struct pack_problem *p = &report.problems[k];

            said = said || (strcmp(p->rule, mistakes[i].rule) == 0 && p->line == mistakes[i].line);
        }
        for (size_t k = 0; !said && k < report.n; k++)
            print_error("said %d %s: %s\n", report.problems[k].line, report.problems[k].rule, report.problems[k].what);
        if (!said)
            fail_msg("not said: %s at line %d (%s)", mistakes[i].rule, mistakes[i].line, mistakes[i].put);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_flow_says_nothing),
        cmocka_unit_test(mistakes_are_named_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
