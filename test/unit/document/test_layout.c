/* Layouts of the pack: what compiles, and what is said of what does not. */
#include "room.h"

#include "document/paper_internal.h"

/* clang-format off */
static const struct {
    const char *block, *where, *why; /* where NULL: it compiles */
} rows[] = {
    {"text: 'Xin chào'",                          NULL, "plain text"},
    {"text: '{form.name} & {upper(form.name)}'",  NULL, "holes"},
    {"text: \"{({a = 'x}'})[form.k]} y\"",        NULL, "braces and quotes within a hole"},
    {"text: '**đậm** *nghiêng* ***cả hai***'",    NULL, "marks"},
    {"text: '2 \\* 3 = 6, \\{x\\}'",              NULL, "signs as themselves"},
    {"text: '{form.name'",                        "/layout/blocks/0/text", "a hole without an end"},
    {"text: '{form.name +}'",                     "/layout/blocks/0/text", "a wrong expression"},
    {"text: '{}'",                                "/layout/blocks/0/text", "an empty expression"},
    {"text: '**đậm'",                             "/layout/blocks/0/text", "a mark that is not closed"},
    {"text: '**a *b** c*'",                       "/layout/blocks/0/text", "marks that overlap"},
    {"when: 'form.x =='\n      text: x",          "/layout/blocks/0/when", "a wrong condition"},
    {"fields: [{label: x, value: '{'}]",          "/layout/blocks/0/fields/0/value", "within a field"},
    {"fields: [[{label: x}, {label: '{'}]]",      "/layout/blocks/0/fields/0/1/label", "within a row of fields"},
    {"table: {rows: form.list, columns: [{title: x, value: '{row.', width: 1}]}", "/layout/blocks/0/table/columns/0/value", "within a column"},
    {"table: {rows: '(', columns: [{title: x, value: y, width: 1}]}", "/layout/blocks/0/table/rows", "the list of a table"},
    {"signature: {title: ['{'], name: x}",        "/layout/blocks/0/signature/title/0", "a line of a signature"},
};
/* clang-format on */

static void layouts_compile_or_say_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_arena struct arena *a = arena_new();
        const char *text = arena_printf(a, "name: x\ntitle: {vi: x, en: x}\nlayout:\n  page: A4\n  blocks:\n    - %s\n",
                                        rows[i].block),
                   *where = NULL;
        struct paper paper;
        struct yaml yaml;
        struct error e;
        bool good;

        error_init(&e);
        if (!yaml_read(a, text_bytes(text), &yaml, &e))
            fail_msg("%s: %s", rows[i].why, e.detail);
        good = paper_compile(a, yaml.root, &paper, &where, &e);
        if (good != !rows[i].where || (!good && strcmp(where, rows[i].where) != 0))
            fail_msg("%s: %s %s", rows[i].why, where, e.detail);
        error_done(&e);
    }
}

static void without_layout_it_has_titles_only(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct expr_scope none[] = {{NULL, NULL}};
    struct paper paper;
    const char *where;
    struct bytes pdf;
    struct yaml yaml;
    struct error e;

    (void)state;
    error_init(&e);
    assert_true(yaml_read(a, text_bytes("name: x\ntitle: {vi: Giấy, en: Paper}\n"), &yaml, &e));
    assert_true(paper_compile(a, yaml.root, &paper, &where, &e));
    assert_string_equal(paper_title(&paper, LANG_VI), "Giấy");
    assert_string_equal(paper_title(&paper, LANG_EN), "Paper");
    assert_false(paper_render(&paper, none, a, &pdf, &e));
    assert_int_equal(e.code, E_PACK);
}

/* The whole pack as `motcua check` reads it: every layout, and a wrong one with its line. */
static void the_pack_is_checked(void **state)
{
    struct street *s = *state;
    const char *folder = arena_printf(s->arena, "%s/pack", s->folder);
    struct pack_report report = {.arena = s->arena};
    struct pack pack;

    assert_ok(s, folder_make(arena_printf(s->arena, "%s/papers", folder), &s->e));
    assert_ok(s, file_write(arena_printf(s->arena, "%s/pack.yaml", folder),
                            text_bytes("name: x\ncity: H29\ntitle: {vi: x, en: x}\nplace: {vi: x, en: x}\n"), &s->e));
    assert_ok(s, file_write(arena_printf(s->arena, "%s/papers/phieu.yaml", folder),
                            text_bytes("name: phieu\ntitle: {vi: x, en: x}\nlayout:\n  page: A4\n  blocks:\n"
                                       "    - title: x\n    - text: '{form.'\n"),
                            &s->e));
    assert_ok(s, pack_read(folder, &s->house, s->arena, &pack, &report, &s->e));
    pack_check(&pack, &s->house, &report);
    assert_int_equal(report.n, 1);
    assert_string_equal(report.problems[0].rule, "layout");
    assert_int_equal(report.problems[0].line, 7);
}

static void a_published_layout_is_used_at_once(void **state)
{
    struct street *s = *state;
    const char *folder = arena_printf(s->arena, "%s/pack", s->folder);
    static const char *const titles[] = {"Một", "Hai"};

    assert_null(paper_find(&s->house, "phieu"));
    for (size_t i = 0; i < COUNT(titles); i++) {
        struct pack_report report = {.arena = s->arena};
        struct pack pack;
        size_t changed;

        assert_ok(s, folder_make(arena_printf(s->arena, "%s/papers", folder), &s->e));
        assert_ok(s, file_write(arena_printf(s->arena, "%s/papers/phieu.yaml", folder),
                                text_bytes(arena_printf(s->arena, "name: phieu\ntitle: {vi: %s, en: x}\n", titles[i])),
                                &s->e));
        assert_ok(s, pack_read(folder, &s->house, s->arena, &pack, &report, &s->e));
        assert_ok(s, pack_load(&s->house, &pack, 1795237200000, &changed, &s->e));
        assert_non_null(paper_find(&s->house, "phieu"));
        assert_string_equal(paper_title(paper_find(&s->house, "phieu"), LANG_VI), titles[i]);
    }
    street_sleep(s);
    street_wake(s);
    assert_string_equal(paper_title(paper_find(&s->house, "phieu"), LANG_VI), "Hai");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_compile_or_say_where),
        cmocka_unit_test(without_layout_it_has_titles_only),
        room_story(the_pack_is_checked),
        room_story(a_published_layout_is_used_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
