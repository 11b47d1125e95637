/* One line, key=value, to standard error; no personal data. error: someone must act. warn: worse than it should be.
 * info: start, stop, publish, migrate. */
#pragma once

#include <stddef.h>

#include "base/scope.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
/* format makes key=value pairs: log_line(LOG_INFO, "started", "addr=%s ms=%d", …). Any thread. */
void log_line(enum log_level level, const char *event, const char *format, ...) FORMAT(3, 4);
/* Logs and aborts: for what cannot be carried on from. */
_Noreturn void die(const char *why, size_t size);
