/* One question over HTTP to a service of trust: a timestamp authority, a responder, a place of lists. Seconds at most,
 * a bounded answer, no redirections: the address comes from the operator or from a certificate that is trusted. */
#include "document/sign_internal.h"

enum { FETCH_WAIT_MS = 8000, FETCH_CONNECT_MS = 3000 };

bool fetch_answer(const struct outbound *question, struct buf *answer, struct error *e)
{
    struct outbound x = *question;
    long status = 0;

    x.connect_ms = FETCH_CONNECT_MS;
    x.wait_ms = FETCH_WAIT_MS;
    return outbound_ask(&x, answer, &status, e) && (status == 200 || fail(e, x.code, "the answer was %ld", status));
}
