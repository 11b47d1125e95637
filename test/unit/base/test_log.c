/* The log: one event, one line, whatever the values hold; quieter levels say nothing. */
#include "base/base.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What log_line() writes to standard error, caught in a pipe. */
static void logged(char *out, size_t size, enum log_level level, const char *event, const char *value)
{
    auto_close int saved = dup(STDERR_FILENO);
    int ends[2];
    ssize_t n;

    assert_true(saved >= 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_line(level, event, "value=\"%s\"", value);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    n = read(ends[0], out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void an_event_is_one_line(void **state)
{
    char line[4096];

    (void)state;
    logged(line, sizeof line, LOG_WARN, "spoken", "a\nlevel=error event=forged\r\nb");
    assert_true(text_starts_with(line, "at=20"));
    assert_non_null(strstr(line, " level=warn event=spoken value=\"a level=error event=forged  b\"\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void a_long_line_is_cut_but_ends(void **state)
{
    char line[4096], value[3000];

    (void)state;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    logged(line, sizeof line, LOG_ERROR, "long", value);
    assert_in_range(strlen(line), 900, 1024);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

static void quieter_levels_say_nothing(void **state)
{
    char line[4096];

    (void)state;
    logged(line, sizeof line, LOG_DEBUG, "hidden", "x");
    assert_string_equal(line, "");
    log_set_level(LOG_ERROR);
    logged(line, sizeof line, LOG_WARN, "hidden", "x");
    assert_string_equal(line, "");
    logged(line, sizeof line, LOG_ERROR, "shown", "x");
    assert_string_not_equal(line, "");
    log_set_level(LOG_DEBUG);
    logged(line, sizeof line, LOG_DEBUG, "shown", "x");
    assert_string_not_equal(line, "");
    log_set_level(LOG_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line),
        cmocka_unit_test(a_long_line_is_cut_but_ends),
        cmocka_unit_test(quieter_levels_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
