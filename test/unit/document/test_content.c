/* Contents: named by what they are, once, whole or not at all. */
#include "room.h"

#include <fcntl.h>
#include <sys/stat.h>

static bool count_one(const char *path, void *arg, struct error *e)
{
    (void)path, (void)e;
    ++*(size_t *)arg;
    return true;
}

static size_t files_below(struct street *s, const char *folder)
{
    size_t n = 0;

    assert_ok(s, folder_walk(arena_printf(s->arena, "%s/files%s", s->folder, folder), "", count_one, &n, &s->e));
    return n;
}

static void the_name_is_the_digest(void **state)
{
    struct street *s = *state;
    struct digest digest;
    char hex[DIGEST_HEX], back[16] = {0};
    auto_close int fd = -1;

    assert_ok(s, document_keep(&s->house, text_bytes("xin chào"), &digest, &s->e));
    digest_hex(&digest, hex);
    assert_int_equal(access(arena_printf(s->arena, "%s/files/%.2s/%s", s->folder, hex, hex + 2), R_OK), 0);
    assert_memory_equal(digest.bytes, digest_of(text_bytes("xin chào")).bytes, DIGEST_BYTES);
    assert_ok(s, document_open(&s->house, &digest, &fd, &s->e));
    assert_int_equal(read(fd, back, sizeof back), strlen("xin chào"));
    assert_string_equal(back, "xin chào");
    assert_int_equal(files_below(s, "/tmp"), 0);
}

static void the_same_content_is_kept_once(void **state)
{
    struct street *s = *state;
    struct digest one, two;

    assert_ok(s, document_keep(&s->house, text_bytes("một"), &one, &s->e));
    assert_ok(s, document_keep(&s->house, text_bytes("một"), &two, &s->e));
    assert_memory_equal(one.bytes, two.bytes, DIGEST_BYTES);
    assert_int_equal(files_below(s, ""), 1);
    assert_ok(s, document_keep(&s->house, text_bytes("hai"), &two, &s->e));
    assert_int_equal(files_below(s, ""), 2);
}

static void nothing_has_a_name_before_its_end(void **state)
{
    struct street *s = *state;
    struct upload *u;
    struct digest digest;
    const char *type;
    int64_t size;

    assert_ok(s, upload_open(&s->house, &u, &s->e));
    assert_ok(s, upload_write(u, text_bytes("%PDF-1.7 "), &s->e));
    assert_int_equal(files_below(s, "/tmp"), 1);
    assert_int_equal(files_below(s, ""), 1); /* the one in tmp */
    upload_close(u);                         /* the connection was lost */
    assert_int_equal(files_below(s, ""), 0);

    assert_ok(s, upload_open(&s->house, &u, &s->e));
    assert_ok(s, upload_write(u, text_bytes("%PDF-1.7 "), &s->e) && upload_write(u, text_bytes("half"), &s->e));
    assert_ok(s, upload_finish(u, &digest, &size, &type, &s->e));
    assert_int_equal(size, 13);
    assert_string_equal(type, "application/pdf");
    assert_memory_equal(digest.bytes, digest_of(text_bytes("%PDF-1.7 half")).bytes, DIGEST_BYTES);
    assert_ok(s, upload_keep(u, &s->e));
    upload_close(u);
    assert_int_equal(files_below(s, ""), 1);
}

static void what_is_refused_leaves_nothing(void **state)
{
    static const struct {
        const char *bytes;
        enum error_code code;
    } rows[] = {{"", E_FILE_EMPTY}, {"MZ\x90\x01 a program", E_FILE_TYPE}, {"\xff\xfe", E_FILE_TYPE}};
    struct street *s = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct upload *u;
        struct digest digest;
        const char *type;
        int64_t size;

        assert_ok(s, upload_open(&s->house, &u, &s->e));
        assert_ok(s, upload_write(u, text_bytes(rows[i].bytes), &s->e));
        assert_fails(s, rows[i].code, upload_finish(u, &digest, &size, &type, &s->e));
        upload_close(u);
    }
    assert_int_equal(files_below(s, ""), 0);
}

static void a_start_sweeps_half_uploads(void **state)
{
    struct street *s = *state;
    const char *half = arena_printf(s->arena, "%s/files/tmp/77", s->folder);
    struct digest digest;

    assert_ok(s, document_keep(&s->house, text_bytes("whole"), &digest, &s->e));
    street_sleep(s);
    {
        auto_close int fd = open(half, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_int_equal(write(fd, "hal", 3), 3);
    }
    street_wake(s);
    assert_int_not_equal(access(half, F_OK), 0);
    assert_int_equal(files_below(s, ""), 1);
}

static void a_full_disk_is_said_and_gets_over(void **state)
{
    struct street *s = *state;
    const struct documents *room = documents_of(&s->house);
    struct upload *u;
    struct digest digest;

    assert_int_equal(rename(room->tmp, arena_printf(s->arena, "%s.away", room->tmp)), 0);
    assert_fails(s, E_IO, upload_open(&s->house, &u, &s->e));
    assert_int_equal(rename(arena_printf(s->arena, "%s.away", room->tmp), room->tmp), 0);
    {
        auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

        assert_fails(s, E_DISK_FULL, fd_write_all(fd, text_bytes("x"), &s->e));
    }
    assert_ok(s, document_keep(&s->house, text_bytes("there is room again"), &digest, &s->e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        room_story(the_name_is_the_digest),
        room_story(the_same_content_is_kept_once),
        room_story(nothing_has_a_name_before_its_end),
        room_story(what_is_refused_leaves_nothing),
        room_story(a_start_sweeps_half_uploads),
        room_story(a_full_disk_is_said_and_gets_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
