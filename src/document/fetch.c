/* One question over HTTP to a service of trust: a timestamp authority, a responder, a place of lists. Seconds at most,
 * a bounded answer, no redirections: the address comes from the operator or from a certificate that is trusted. */
#include "document/sign_internal.h"

#include <curl/curl.h>

enum { FETCH_WAIT_MS = 8000, FETCH_CONNECT_MS = 3000 };

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    struct buf *b = arg;

    buf_add(b, data, size * n);
    return b->overflow ? 0 : size * n;
}

bool fetch_answer(const struct fetch *f, struct buf *answer, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    CURL *curl = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(NULL, f->media_type ? arena_printf(a, "Content-Type: %s", f->media_type) : "Accept: */*");
    char why[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURLcode code;

    if (!curl || !headers)
        die("out of memory", 0);
    /* These fail only on options that libcurl does not know. */
    (void)curl_easy_setopt(curl, CURLOPT_URL, f->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (f->media_type) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)f->body.data);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)f->body.len);
    }
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)FETCH_WAIT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK)
        return fail(e, f->code, "%s", *why ? why : curl_easy_strerror(code));
    return status == 200 || fail(e, f->code, "the answer was %ld", status);
}
