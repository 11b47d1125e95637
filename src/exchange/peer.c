/* One call to a peer over HTTP, and the signature that both sides put under what they say. */
#include "exchange/exchange.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

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

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    struct buf *b = arg;

    buf_add(b, data, size * n);
    return b->overflow ? 0 : size * n;
}

static struct curl_slist *headers_new(const struct peer_call *call, struct arena *a)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    char signature[PEER_SIGNATURE_HEX];
    const char *timestamp;

    if (list)
        list = curl_slist_append(list, "Accept: application/json");
    if (list && call->secret) {
        timestamp = arena_printf(a, "%" PRId64, now_ms() / 1000);
        peer_sign(call->secret, timestamp, call->body, signature);
        list = curl_slist_append(list, arena_printf(a, "X-Timestamp: %s", timestamp));
        list = list ? curl_slist_append(list, arena_printf(a, "X-Signature: %s", signature)) : NULL;
    }
    return list;
}

/* These fail only on options that libcurl does not know. */
static void prepare(CURL *curl, const struct peer_call *call, const struct curl_slist *headers, struct buf *answer,
                    char *why)
{
    (void)curl_easy_setopt(curl, CURLOPT_URL, call->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)call->body.data);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)call->body.len);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PEER_WAIT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)PEER_CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
}

static bool perform(const struct peer_call *call, struct arena *a, struct buf *answer, long *status, struct error *e)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_new(call, a);
    char why[CURL_ERROR_SIZE] = "";
    CURLcode code;

    if (!curl || !headers)
        die("out of memory", 0);
    prepare(curl, call, headers, answer, why);
    code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (answer->overflow)
        return fail(e, E_PEER_UNCLEAR, "the answer is larger than %d bytes", PEER_BYTES_MAX);
    return code == CURLE_OK || fail(e, E_PEER_AWAY, "%s", *why ? why : curl_easy_strerror(code));
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

    if (!perform(call, a, &answer, &status, e))
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
