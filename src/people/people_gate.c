/* The gate: who is calling, and may they. */
#include "people/people_internal.h"

#include <string.h>
#include <strings.h>

#include "http/http.h"

static const char *bearer(const struct request *q)
{
    const char *header = request_header(q, "Authorization");

    return header && strncasecmp(header, "Bearer ", 7) == 0 ? header + 7 : NULL;
}

static bool identify(struct request *q, struct error *e)
{
    struct people *p = people_of(request_house(q));
    const char *sent = bearer(q), *token = sent ? sent : request_cookie(q, "motcua_session");
    struct session *s;

    if (!token)
        return true;
    if (!session_find(p, token, request_now(q), &s, e))
        return false;
    if (s) {
        arena_defer(request_arena(q), session_unref, s);
        request_set_caller(q, s);
        return true;
    }
    /* A program should hear that its token is over. A browser cannot take back an old cookie: there, it is a stranger
     * who may still read what is public and sign in. */
    return !sent || fail(e, E_UNAUTHENTICATED, "the token opens no session");
}

const struct actor *request_actor(const struct request *q)
{
    const struct session *s = request_caller(q);

    return s ? &s->actor : NULL;
}

static bool may(const struct request *q, int right)
{
    return right == RIGHT_PUBLIC || actor_may(request_actor(q), right);
}

const struct gate people_gate = {identify, may, right_name};
