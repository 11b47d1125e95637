#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"

enum { LINE_MAX_BYTES = 1024 };

static _Atomic int max_level = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&max_level, (int)level);
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    char line[LINE_MAX_BYTES], at[INSTANT_TEXT_MAX];
    va_list args;
    int n;

    if ((int)level > atomic_load(&max_level))
        return;
    instant_format(now_ms(), at);
    n = snprintf(line, sizeof line - 1, "at=%s level=%s event=%s ", at, names[level], event);
    if (n < 0 || n >= (int)sizeof line - 1)
        return;
    va_start(args, format);
    (void)vsnprintf(line + n, sizeof line - 1 - (size_t)n, format, args); /* a long line is cut */
    va_end(args);
    for (char *p = line; *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' '; /* one event, one line, whatever the values hold */
    n = (int)strlen(line);
    line[n++] = '\n';
    (void)!write(STDERR_FILENO, line, (size_t)n); /* one write keeps lines whole; nobody to tell if it fails */
}

void die(const char *why, size_t size)
{
    log_line(LOG_ERROR, "fatal", "why=\"%s\" size=%zu", why, size);
    abort();
}
