/* Arenas: alignment and zeroes, big pieces among small ones, deferred callbacks newest first, reuse after a reset. */
#include "base/base.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool all_zero(const unsigned char *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (p[i])
            return false;
    return true;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    /* around the block size and its half, where an arena changes its mind */
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 4096, 4097, 8191, 8192, 8193, 100000, 1, 4097, 3};
    auto_arena struct arena *a = arena_new();
    unsigned char *pieces[COUNT(sizes)];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT(sizes); i++) {
            pieces[i] = arena_alloc(a, sizes[i]);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            assert_true(all_zero(pieces[i], sizes[i]));
            memset(pieces[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < COUNT(sizes); i++)
            for (size_t k = 0; k < sizes[i]; k++)
                if (pieces[i][k] != i + 1)
                    fail_msg("piece %zu was written over", i);
        arena_reset(a); /* dirty memory comes back: the next round must see zeroes again */
    }
}

struct trace {
    char text[16];
    size_t n;
};
struct mark {
    struct trace *trace;
    char letter;
};

static void leave_mark(void *what)
{
    const struct mark *m = what;

    m->trace->text[m->trace->n++] = m->letter;
}

static void deferred_callbacks_run_newest_first_and_once(void **state)
{
    struct arena *a = arena_new();
    struct trace t = {.n = 0};
    struct mark marks[] = {{&t, 'a'}, {&t, 'b'}, {&t, 'c'}};

    (void)state;
    for (size_t i = 0; i < COUNT(marks); i++)
        arena_defer(a, leave_mark, &marks[i]);
    assert_string_equal(t.text, "");
    arena_reset(a);
    assert_string_equal(t.text, "cba");
    arena_reset(a);
    assert_string_equal(t.text, "cba");
    arena_defer(a, leave_mark, &marks[1]);
    arena_free(a);
    assert_string_equal(t.text, "cbab");
    arena_free(NULL);
}

static void deferred_callbacks_may_read_what_the_arena_holds(void **state)
{
    struct arena *a = arena_new();
    struct trace t = {.n = 0};
    struct mark *m = arena_new_of(a, struct mark);

    (void)state;
    *m = (struct mark){&t, 'x'};
    arena_defer(a, leave_mark, m);
    (void)arena_alloc(a, 100000); /* the mark is in an older block by now */
    arena_free(a);
    assert_string_equal(t.text, "x");
}

static void texts_are_copied_whole(void **state)
{
    auto_arena struct arena *a = arena_new();
    char long_text[9000];
    char *copy;

    (void)state;
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    copy = arena_strdup(a, long_text);
    assert_ptr_not_equal(copy, long_text);
    assert_string_equal(copy, long_text);
    assert_string_equal(arena_strdup(a, ""), "");
    assert_string_equal(arena_strndup(a, "Hồ Chí Minh", 4), "Hồ");
    assert_string_equal(arena_printf(a, "%d-%s", 7, "đ"), "7-đ");
    assert_int_equal(strlen(arena_printf(a, "%s%s", long_text, long_text)), 2 * (sizeof long_text - 1));
    for (int i = 0; i < 9000; i += 7) { /* past the end of the block they begin in */
        const char *text = arena_printf(a, "%.*s|%d", i % 97, long_text, i), *next = arena_printf(a, "next");

        assert_int_equal(strspn(text, "x"), i % 97);
        assert_int_equal(atoll(text + i % 97 + 1), i);
        assert_string_equal(next, "next");
    }
}

static void arrays_count_their_members(void **state)
{
    auto_arena struct arena *a = arena_new();
    int64_t *numbers = arena_array(a, int64_t, 3000);

    (void)state;
    for (int64_t i = 0; i < 3000; i++) {
        assert_int_equal(numbers[i], 0);
        numbers[i] = i;
    }
    assert_int_equal(numbers[2999], 2999);
    assert_non_null(arena_array(a, int64_t, 0));
}

static void lists_grow_and_keep_what_they_hold(void **state)
{
    auto_arena struct arena *a = arena_new();
    struct pair {
        int64_t x;
        char y[9];
    } *list = NULL, *before;
    size_t n = 0, room = 0, moved = 0;

    (void)state;
    for (; n < 1000; n++) {
        before = list;
        list = arena_grown(a, list, n, &room, sizeof *list);
        moved += list != before;
        assert_true(room > n);
        list[n].x = (int64_t)n;
        (void)snprintf(list[n].y, sizeof list[n].y, "%zu", n);
    }
    assert_int_equal(moved, 6); /* 32, 64, … 1024 */
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i].x, i);
        assert_int_equal(atoi(list[i].y), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(deferred_callbacks_run_newest_first_and_once),
        cmocka_unit_test(deferred_callbacks_may_read_what_the_arena_holds),
        cmocka_unit_test(texts_are_copied_whole),
        cmocka_unit_test(arrays_count_their_members),
        cmocka_unit_test(lists_grow_and_keep_what_they_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
