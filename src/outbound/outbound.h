/* Floor 1: outbound. One question over HTTP to a machine that is not ours: whatever it does, it costs the time and the
 * bytes that the caller set. */
#pragma once

#include "base/base.h"

enum { OUTBOUND_HEADERS_MAX = 4 };

struct outbound {
    const char *url;                           /* http or https; no redirection is followed */
    const char *headers[OUTBOUND_HEADERS_MAX]; /* "Name: value"; the rest NULL */
    struct bytes body;                         /* POSTed; data NULL: a GET */
    int connect_ms, wait_ms;                   /* how long to reach it; how long in all */
    enum error_code code;                      /* when there is no whole answer */
};
/* Waits: never inside a write. Adds the answer's body to the caller's builder and sets its status, whatever that is.
 * An answer of more than the builder's ceiling is none, and leaves overflow set. From any thread. */
bool outbound_ask(const struct outbound *x, struct buf *answer, long *status, struct error *e) CHECKED;
