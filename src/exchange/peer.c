/* One call to a peer over HTTP, and the signature that both sides put under what they say. */
#include "exchange/exchange.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "outbound/outbound.h"

enum { PEER_WAIT_MS = 10000, PEER_CONNECT_MS = 3000, PEER_BYTES_MAX = 64 << 10, PEER_SAID_MAX = 120 };

/* ---- signatures ---- */

void peer_sign(const char *secret, const char *timestamp, struct bytes body, char out[static PEER_SIGNATURE_HEX])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];

    /* None of these fails. */
    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)timestamp, strlen(timestamp));
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    (void)crypto_auth_hmacsha256_update(&state, body.data, body.len);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    (void)sodium_bin2hex(out, PEER_SIGNATURE_HEX, mac, sizeof mac);
}

bool peer_check(const char *secret, const char *timestamp, const char *signature, struct bytes body, int64_t now,
                struct error *e)
{
    char right[PEER_SIGNATURE_HEX];
    int64_t at, away;

    if (!secret)
        return fail(e, E_PEER_SIGNATURE, "no secret is set");
    if (!timestamp || !signature || strlen(signature) != PEER_SIGNATURE_HEX - 1)
        return fail(e, E_PEER_SIGNATURE, "unsigned");
    peer_sign(secret, timestamp, body, right);
    if (sodium_memcmp(right, signature, PEER_SIGNATURE_HEX - 1) != 0)
        return fail(e, E_PEER_SIGNATURE, "another secret, or another text");
    if (!text_to_i64(timestamp, 0, INT64_MAX / 1000, &at))
        return fail(e, E_PEER_SIGNATURE, "no time");
    away = now / 1000 - at;
    return (away <= PEER_CLOCK_S && away >= -PEER_CLOCK_S) ||
           fail(e, E_PEER_SIGNATURE, "signed %" PRId64 " seconds from now", -away);
}

/* ---- one call ---- */

static bool ask(const struct peer_call *call, struct arena *a, struct buf *answer, long *status, struct error *e)
{
    struct outbound x = {.url = call->url,
                         .headers = {"Content-Type: application/json", "Accept: application/json"},
                         .body = call->body,
                         .connect_ms = PEER_CONNECT_MS,
                         .wait_ms = PEER_WAIT_MS,
                         .code = E_PEER_AWAY};
    char signature[PEER_SIGNATURE_HEX];

    if (call->secret) {
        const char *timestamp = arena_printf(a, "%" PRId64, now_ms() / 1000);
        peer_sign(call->secret, timestamp, call->body, signature);
        x.headers[2] = arena_printf(a, "X-Timestamp: %s", timestamp);
        x.headers[3] = arena_printf(a, "X-Signature: %s", signature);
    }
    if (!outbound_ask(&x, answer, status, e))
        return answer->overflow ? fail(e, E_PEER_UNCLEAR, "the answer is larger than %d bytes", PEER_BYTES_MAX) : false;
    return true;
}

/* As much of what the peer said as fits a line. */
static const char *said(struct arena *a, const struct buf *answer)
{
    size_t len = answer->len < PEER_SAID_MAX ? answer->len : PEER_SAID_MAX;
    char *text = arena_strndup(a, len ? answer->data : "", len);

    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    text_truncate_utf8(text);
    return text_is_utf8(text, strlen(text)) ? text : "";
}

bool peer_post(const struct peer_call *call, struct arena *a, const json_t **out, struct error *e)
{
    auto_buf struct buf answer = BUF_INIT(PEER_BYTES_MAX);
    json_t *read = NULL;
    long status = 0;

    if (!ask(call, a, &answer, &status, e))
        return false;
    if (status >= 400 && status < 500 && status != 408 && status != 429)
        return fail(e, E_PEER_REFUSED, "answered %ld: %s", status, said(a, &answer));
    if (status < 200 || status > 299)
        return fail(e, E_PEER_FAILED, "answered %ld: %s", status, said(a, &answer));
    if (!json_read((struct bytes){answer.data, answer.len}, &read, e)) {
        e->code = E_PEER_UNCLEAR;
        return false;
    }
    *out = json_held(a, read);
    return json_is_object(*out) || fail(e, E_PEER_UNCLEAR, "the answer is no JSON object");
}
