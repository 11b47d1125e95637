/* Files: whole reads with a ceiling, writes that leave the old or the new, folders walked in order. */
#include "base/base.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct place {
    struct arena *arena;
    char folder[64];
};

static int open_place(void **state)
{
    static struct place p;

    p = (struct place){.arena = arena_new(), .folder = "/tmp/motcua-base-XXXXXX"};
    *state = &p;
    return mkdtemp(p.folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int close_place(void **state)
{
    struct place *p = *state;

    arena_free(p->arena);
    return nftw(p->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *in(struct place *p, const char *name)
{
    return arena_printf(p->arena, "%s/%s", p->folder, name);
}

static void write_text(struct place *p, const char *name, const char *text)
{
    auto_error struct error e;

    error_init(&e);
    if (!file_write(in(p, name), (struct bytes){text, strlen(text)}, &e))
        fail_msg("%s", e.detail);
}

static const char *read_text(struct place *p, const char *name)
{
    auto_error struct error e;
    struct bytes b;

    error_init(&e);
    if (!file_read(p->arena, in(p, name), 1 << 20, &b, &e))
        fail_msg("%s", e.detail);
    return b.data;
}

static void a_file_is_replaced_whole_and_leaves_nothing_beside(void **state)
{
    struct place *p = *state;

    write_text(p, "a", "old");
    write_text(p, "a", "newer text");
    assert_string_equal(read_text(p, "a"), "newer text");
    write_text(p, "a", "");
    assert_string_equal(read_text(p, "a"), "");
    assert_int_equal(access(in(p, "a.new"), F_OK), -1);
}

static void a_write_that_fails_leaves_the_old_file_and_no_part(void **state)
{
    struct place *p = *state;
    auto_error struct error e;

    error_init(&e);
    assert_int_equal(mkdir(in(p, "taken"), 0750), 0);
    write_text(p, "taken/inside", "kept"); /* so that nothing can be renamed over the folder */
    assert_false(file_write(in(p, "taken"), (struct bytes){"x", 1}, &e));
    assert_int_equal(e.code, E_IO);
    assert_string_equal(read_text(p, "taken/inside"), "kept");
    assert_int_equal(access(in(p, "taken.new"), F_OK), -1);
    error_init(&e);
    assert_false(file_write(in(p, "absent/file"), (struct bytes){"x", 1}, &e));
}

static void a_full_disk_is_told_as_such(void **state)
{
    auto_error struct error e;
    auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    error_init(&e);
    assert_true(fd >= 0);
    assert_false(fd_write_all(fd, (struct bytes){"x", 1}, &e));
    assert_int_equal(e.code, E_DISK_FULL);
}

static void a_read_has_a_ceiling(void **state)
{
    struct place *p = *state;
    auto_error struct error e;
    struct bytes b;

    write_text(p, "ten", "0123456789");
    error_init(&e);
    assert_true(file_read(p->arena, in(p, "ten"), 10, &b, &e));
    assert_int_equal(b.len, 10);
    assert_int_equal(((const char *)b.data)[10], 0);
    assert_false(file_read(p->arena, in(p, "ten"), 9, &b, &e));
    assert_int_equal(e.code, E_BODY_TOO_LARGE);
    error_init(&e);
    assert_false(file_read(p->arena, in(p, "absent"), 10, &b, &e));
    assert_int_equal(e.code, E_IO);
    error_init(&e);
    assert_false(file_read(p->arena, p->folder, 10, &b, &e)); /* a folder is no file */
}

static void a_file_in_the_top_folder_can_be_synced(void **state)
{
    auto_error struct error e;

    (void)state;
    error_init(&e);
    if (!file_write("/motcua-base-test", (struct bytes){"x", 1}, &e)) {
        assert_int_equal(access("/motcua-base-test", F_OK), -1); /* not ours to write there: then nothing was written */
        return;
    }
    assert_int_equal(unlink("/motcua-base-test"), 0);
}

static void folders_are_made_with_their_parents(void **state)
{
    struct place *p = *state;
    auto_error struct error e;
    struct stat st;

    error_init(&e);
    assert_true(folder_make(in(p, "x/y/z"), &e));
    assert_true(folder_make(in(p, "x/y/z/"), &e));
    assert_int_equal(stat(in(p, "x/y/z"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_true(folder_sync(in(p, "x/y"), &e));
    assert_false(folder_sync(in(p, "x/absent"), &e));
    write_text(p, "x/file", "");
    assert_false(folder_make(in(p, "x/file/below"), &e));
}

struct visits {
    struct place *place;
    struct buf seen;
    const char *stop;
};

static bool visit(const char *path, void *arg, struct error *e)
{
    struct visits *v = arg;

    buf_printf(&v->seen, "%s ", path + strlen(v->place->folder) + 1);
    return !v->stop || !strstr(path, v->stop) || (error_init(e), fail_field(e, "", "stop", NULL));
}

static void a_walk_sees_files_in_order_of_their_names(void **state)
{
    struct place *p = *state;
    struct visits v = {.place = p, .seen = BUF_INIT(1000)};
    auto_error struct error e;

    error_init(&e);
    assert_true(folder_make(in(p, "walk/b"), &e));
    assert_true(folder_make(in(p, "walk/.hidden"), &e));
    write_text(p, "walk/c.yaml", "");
    write_text(p, "walk/a.yaml", "");
    write_text(p, "walk/B.yaml", "");
    write_text(p, "walk/b/z.yaml", "");
    write_text(p, "walk/b/y.yaml", "");
    write_text(p, "walk/b/y.txt", "");
    write_text(p, "walk/.dot.yaml", "");
    write_text(p, "walk/.hidden/x.yaml", "");
    assert_true(folder_walk(in(p, "walk"), ".yaml", visit, &v, &e));
    assert_string_equal(v.seen.data, "walk/B.yaml walk/a.yaml walk/b/y.yaml walk/b/z.yaml walk/c.yaml ");
    buf_clear(&v.seen);
    v.stop = "b/y";
    assert_false(folder_walk(in(p, "walk"), ".yaml", visit, &v, &e));
    assert_string_equal(v.seen.data, "walk/B.yaml walk/a.yaml walk/b/y.yaml ");
    assert_false(folder_walk(in(p, "absent"), ".yaml", visit, &v, &e));
    buf_done(&v.seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_whole_and_leaves_nothing_beside),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_file_and_no_part),
        cmocka_unit_test(a_full_disk_is_told_as_such),
        cmocka_unit_test(a_read_has_a_ceiling),
        cmocka_unit_test(a_file_in_the_top_folder_can_be_synced),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(a_walk_sees_files_in_order_of_their_names),
    };

    return cmocka_run_group_tests(tests, open_place, close_place);
}
