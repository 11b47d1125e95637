/* One call with libcurl. The file store (objects/) makes its own: it streams, tries again and keeps its connections. */
#include "outbound/outbound.h"

#include <curl/curl.h>

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    struct buf *b = arg;

    buf_add(b, data, size * n);
    return b->overflow ? 0 : size * n;
}

bool outbound_ask(const struct outbound *x, struct buf *answer, long *status, struct error *e)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;
    char why[CURL_ERROR_SIZE] = "";
    CURLcode code;

    if (!curl)
        die("out of memory", 0);
    for (size_t i = 0; i < COUNT(x->headers) && x->headers[i]; i++) {
        headers = curl_slist_append(headers, x->headers[i]);
        if (!headers)
            die("out of memory", 0);
    }
    /* These fail only on options that libcurl does not know. */
    (void)curl_easy_setopt(curl, CURLOPT_URL, x->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (x->body.data) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)x->body.data);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)x->body.len);
    }
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)x->wait_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)x->connect_ms);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status); /* 0 when none came */
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code == CURLE_OK || fail(e, x->code, "%s", *why ? why : curl_easy_strerror(code));
}
