/* The edge from outside, over raw sockets: what is answered, what is refused, and when. */
#include "town.h"

#include <string.h>

#define HOST "Host: here\r\n"
#define JSON "Content-Type: application/json\r\n"
#define GOOD "Authorization: Bearer good\r\n"

static const struct asset files[] = {
    {"/index.html", "text/html", "abc", (const unsigned char *)"<html>", NULL, NULL, 6, 0, 0},
    {"/assets/app-1.js", "text/javascript", "\"def\"", (const unsigned char *)"let a", (const unsigned char *)"GZ",
     (const unsigned char *)"BR!", 5, 2, 3},
    {0},
};

static struct town town;

static int open_town(void **state)
{
    (void)state;
    town_open(&town, &(struct http_options){.assets = files, .header_timeout_s = 30});
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town, 1000);
    return 0;
}

struct row {
    const char *why, *request;
    int status;
    const char *header, *value; /* value NULL: must be absent */
    const char *body;           /* is in it */
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        static struct answer a;
        const char *value;

        ask(town.port, rows[i].request, &a);
        if (a.status != rows[i].status)
            fail_msg("%s: %d, not %d: %s", rows[i].why, a.status, rows[i].status, a.body);
        value = rows[i].header ? header_of(&a, rows[i].header) : NULL;
        if (rows[i].header && !text_equal(value, rows[i].value))
            fail_msg("%s: %s is %s", rows[i].why, rows[i].header, value ? value : "absent");
        if (rows[i].body && !strstr(a.body, rows[i].body))
            fail_msg("%s: body %s", rows[i].why, a.body);
    }
}

/* clang-format off */
static void answers(void **state)
{
    static const struct row rows[] = {
        {"a GET", "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n", 200, "Content-Type", "application/json", "{\"pong\":true}"},
        {"a GET on a worker", "GET /api/v1/slow-ping HTTP/1.1\r\n" HOST "\r\n", 200, NULL, NULL, "pong"},
        {"HEAD has no body", "HEAD /api/v1/ping HTTP/1.1\r\n" HOST "\r\n", 200, "Content-Length", "13", ""},
        {"not cached", "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n", 200, "Cache-Control", "no-store", NULL},
        {"not sniffed", "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n", 200, "X-Content-Type-Options", "nosniff", NULL},
        {"a parameter is decoded after the split", "GET /api/v1/things/a%2Fb HTTP/1.1\r\n" HOST "\r\n", 200, "ETag", "\"7\"", "{\"id\":\"a/b\"}"},
        {"seen already", "GET /api/v1/things/a HTTP/1.1\r\n" HOST "If-None-Match: W/\"7\"\r\n\r\n", 304, "ETag", "\"7\"", NULL},
        {"seen, but in another language", "GET /api/v1/things/a HTTP/1.1\r\n" HOST "Accept-Language: en\r\nIf-None-Match: \"7\"\r\n\r\n", 200, "ETag", "\"7-en\"", NULL},
        {"a parameter that is no text", "GET /api/v1/things/%ff HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL, "bad-request"},
        {"a POST", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 13\r\n\r\n{\"name\":\"An\"}", 201, NULL, NULL, "\"copies\":0"},
        {"a key", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Idempotency-Key: k1\r\nContent-Length: 13\r\n\r\n{\"name\":\"An\"}", 201, NULL, NULL, "\"key\":\"k1\""},
        {"chunked", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"name\r\n7\r\n\":\"An\"}\r\n0\r\n\r\n", 201, NULL, NULL, "An"},
        {"pages", "GET /api/v1/things?limit=2&name=x HTTP/1.1\r\n" HOST "\r\n", 200, NULL, NULL, "\"limit\":2"},
        {"a version", "PUT /api/v1/things/1 HTTP/1.1\r\n" HOST JSON "If-Match: \"7\"\r\nContent-Length: 2\r\n\r\n[]", 200, NULL, NULL, "[]"},
        {"a cookie is set", "POST /api/v1/secret HTTP/1.1\r\n" HOST GOOD "Content-Length: 0\r\n\r\n", 204, "Set-Cookie", "session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", NULL},
        {"a page of a room", "GET /verify/A?utm=1 HTTP/1.1\r\n" HOST "\r\n", 200, "Content-Type", "text/html; charset=utf-8", "một cửa"},
        {"alive", "GET /healthz HTTP/1.1\r\n" HOST "\r\n", 200, NULL, NULL, "alive"},
        {"ready", "GET /readyz HTTP/1.1\r\n" HOST "\r\n", 200, NULL, NULL, "ready"},
        {"counted", "GET /metrics HTTP/1.1\r\n" HOST "\r\n", 200, NULL, NULL, "motcua_http_requests_total{method=\"GET\",route=\"/api/v1/ping\",status=\"2xx\"}"},
        {"the contract", "GET /api/v1/openapi.json HTTP/1.1\r\n" HOST "\r\n", 200, NULL, NULL, "\"openapi\":\"3.1.0\""},
        {"HTTP/1.0", "GET /api/v1/ping HTTP/1.0\r\n\r\n", 200, NULL, NULL, "pong"},
    };

    (void)state;
    check_rows(rows, COUNT(rows));
}

static void refuses(void **state)
{
    static const struct row rows[] = {
        {"unknown path", "GET /api/v1/nothing HTTP/1.1\r\n" HOST "\r\n", 404, "Content-Type", "application/problem+json", "\"code\":\"not-found\""},
        {"in English", "GET /api/v1/nothing HTTP/1.1\r\n" HOST "Accept-Language: en\r\n\r\n", 404, "Content-Language", "en", "There is nothing here."},
        {"wrong method", "DELETE /api/v1/things HTTP/1.1\r\n" HOST "\r\n", 405, "Allow", "GET, HEAD, POST", "method-not-allowed"},
        {"unknown method", "BREW /api/v1/things HTTP/1.1\r\n" HOST "\r\n", 405, "Allow", "GET, HEAD, POST", NULL},
        {"nobody", "GET /api/v1/secret HTTP/1.1\r\n" HOST "\r\n", 401, "WWW-Authenticate", "Bearer", "unauthenticated"},
        {"a bad token", "GET /api/v1/ping HTTP/1.1\r\n" HOST "Authorization: Bearer old\r\n\r\n", 401, NULL, NULL, NULL},
        {"not theirs", "GET /api/v1/deep-secret HTTP/1.1\r\n" HOST GOOD "\r\n", 403, NULL, NULL, "forbidden"},
        {"unknown query", "GET /api/v1/things?name=x&who=y HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL, "\"pointer\":\"/who\",\"keyword\":\"unknown\""},
        {"repeated query", "GET /api/v1/things?name=x&name=y HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL, "duplicate"},
        {"bad limit", "GET /api/v1/things?limit=201 HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL, "bad-query"},
        {"a cursor of another", "GET /api/v1/things?cursor=AAAAAAAA HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL, "bad-cursor"},
        {"malformed JSON", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 8\r\n\r\n{\"name\":", 400, NULL, NULL, "json-syntax"},
        {"two documents", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 4\r\n\r\n{}{}", 400, NULL, NULL, "json-syntax"},
        {"a duplicate key", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 23\r\n\r\n{\"name\":\"a\",\"name\":\"b\"}", 400, NULL, NULL, "json-duplicate-key"},
        {"an unknown field", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 18\r\n\r\n{\"name\":\"a\",\"x\":1}", 422, NULL, NULL, "\"pointer\":\"/x\",\"keyword\":\"unknown\""},
        {"no body at all", "POST /api/v1/things HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 422, NULL, NULL, "\"keyword\":\"required\""},
        {"wrong type", "POST /api/v1/things HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415, "Connection", "close", "media-type"},
        {"too large, unread", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 9000000\r\n\r\n", 413, "Connection", "close", "body-too-large"},
        {"too large, not even invited", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Expect: 100-continue\r\nContent-Length: 9000000\r\n\r\n", 413, "Connection", "close", "body-too-large"},
        {"too large for PATCH, unread", "PATCH /api/v1/things/1 HTTP/1.1\r\n" HOST JSON GOOD "Content-Length: 9000000\r\n\r\n", 413, "Connection", "close", "body-too-large"},
        {"PATCH by nobody, small", "PATCH /api/v1/things/1 HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}", 401, "Connection", "close", NULL},
        {"PATCH by nobody, chunked", "PATCH /api/v1/things/1 HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n", 401, "Connection", "close", NULL},
        {"a GET with a body", "GET /api/v1/ping HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 413, "Connection", "close", NULL},
        {"a POST that takes no body", "POST /api/v1/block HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 413, NULL, NULL, NULL},
        {"a bad key", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Idempotency-Key: a b\r\nContent-Length: 2\r\n\r\n{}", 400, NULL, NULL, "idempotency-key"},
        {"no version", "PUT /api/v1/things/1 HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}", 428, NULL, NULL, "precondition-required"},
        {"an old version", "PUT /api/v1/things/1 HTTP/1.1\r\n" HOST JSON "If-Match: \"6\"\r\nContent-Length: 2\r\n\r\n{}", 412, NULL, NULL, "stale-version"},
        {"open body, but empty", "PUT /api/v1/things/1 HTTP/1.1\r\n" HOST "If-Match: \"7\"\r\nContent-Length: 0\r\n\r\n", 400, NULL, NULL, "json-syntax"},
        {"our fault is not explained", "GET /api/v1/broken HTTP/1.1\r\n" HOST "\r\n", 500, "X-Half", NULL, "\"code\":\"database\""},
        {"a reply that is no JSON", "GET /api/v1/no-json HTTP/1.1\r\n" HOST "\r\n", 500, NULL, NULL, "internal"},
        {"a handler without reply", "GET /api/v1/silent HTTP/1.1\r\n" HOST "\r\n", 500, NULL, NULL, "internal"},
    };

    (void)state;
    check_rows(rows, COUNT(rows));
}

static void smuggling(void **state)
{
    static const struct row rows[] = {
        {"length and chunks", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Connection", "close", NULL},
        {"two lengths", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "Connection", "close", NULL},
        {"a length list", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 2, 2\r\n\r\n{}", 400, "Connection", "close", NULL},
        {"a signed length", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: +2\r\n\r\n{}", 400, "Connection", "close", NULL},
        {"two hosts", "GET /api/v1/ping HTTP/1.1\r\n" HOST HOST "\r\n", 400, "Connection", "close", NULL},
        {"no host", "GET /api/v1/ping HTTP/1.1\r\n\r\n", 400, "Connection", "close", NULL},
        {"an odd encoding", "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "Connection", "close", NULL},
        {"chunks over 1.0", "POST /api/v1/things HTTP/1.0\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Connection", "close", NULL},
        {"a GET with both", "GET /api/v1/ping HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Connection", "close", NULL},
    };
    static struct answer a;
    int fd;

    (void)state;
    check_rows(rows, COUNT(rows));
    /* A bad chunk must end the connection, and the request behind it must not be answered. */
    fd = dial(town.port);
    say(fd, "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
            "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n");
    hear(fd, false, &a);
    assert_true(a.status == 0 || a.status == 400);
    assert_true(is_closed(fd));
    (void)close(fd);
}

static void origins(void **state)
{
#define COOKIE "Cookie: a=b; session=good\r\nContent-Length: 0\r\n"
    static const struct row rows[] = {
        {"from our page", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "Origin: https://here\r\n\r\n", 204, NULL, NULL, NULL},
        {"from our page, by Referer", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "Referer: https://here/x\r\n\r\n", 204, NULL, NULL, NULL},
        {"same-origin without Origin", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "Sec-Fetch-Site: same-origin\r\n\r\n", 204, NULL, NULL, NULL},
        {"from another", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "Origin: https://there\r\n\r\n", 403, NULL, NULL, "\"code\":\"origin\""},
        {"from a sandbox", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "Origin: null\r\n\r\n", 403, NULL, NULL, NULL},
        {"cross-site without Origin", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "Sec-Fetch-Site: cross-site\r\n\r\n", 403, NULL, NULL, NULL},
        {"from nowhere", "POST /api/v1/secret HTTP/1.1\r\n" HOST COOKIE "\r\n", 403, NULL, NULL, NULL},
        {"a token is not a cookie", "POST /api/v1/secret HTTP/1.1\r\n" HOST GOOD COOKIE "Origin: https://there\r\n\r\n", 204, NULL, NULL, NULL},
        {"reading is free", "GET /api/v1/secret HTTP/1.1\r\n" HOST "Cookie: session=good\r\n\r\n", 200, NULL, NULL, NULL},
    };

    (void)state;
    check_rows(rows, COUNT(rows));
}

static void client_files(void **state)
{
    static const struct row rows[] = {
        {"the client", "GET / HTTP/1.1\r\n" HOST "\r\n", 200, "Cache-Control", "no-cache", "<html>"},
        {"any page of it", "GET /ho-so/H29 HTTP/1.1\r\n" HOST "\r\n", 200, "ETag", "\"abc\"", "<html>"},
        {"a code with points names a page", "GET /thu-tuc/2.000635 HTTP/1.1\r\n" HOST "\r\n", 200, "ETag", "\"abc\"", "<html>"},
        {"so does a dossier's", "GET /ho-so/H29.1.5-261121-0001 HTTP/1.1\r\n" HOST "\r\n", 200, "ETag", "\"abc\"", "<html>"},
        {"no page climbs out", "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n", 404, NULL, NULL, NULL},
        {"a file that was never there", "GET /logo.png HTTP/1.1\r\n" HOST "\r\n", 404, NULL, NULL, NULL},
        {"a hashed file", "GET /assets/app-1.js HTTP/1.1\r\n" HOST "\r\n", 200, "Cache-Control", "public, max-age=31536000, immutable", "let a"},
        {"brotli", "GET /assets/app-1.js HTTP/1.1\r\n" HOST "Accept-Encoding: gzip, br\r\n\r\n", 200, "Content-Encoding", "br", "BR!"},
        {"gzip", "GET /assets/app-1.js HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n", 200, "ETag", "\"def-gz\"", "GZ"},
        {"seen", "GET /assets/app-1.js HTTP/1.1\r\n" HOST "Accept-Encoding: br\r\nIf-None-Match: \"def-br\"\r\n\r\n", 304, NULL, NULL, NULL},
        {"a file that is not there", "GET /assets/app-2.js HTTP/1.1\r\n" HOST "\r\n", 404, NULL, NULL, NULL},
        {"no climbing", "GET /../etc/passwd.txt HTTP/1.1\r\n" HOST "\r\n", 404, NULL, NULL, NULL},
        {"a POST to a page", "POST /ho-so HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 404, NULL, NULL, NULL},
        {"framing", "GET / HTTP/1.1\r\n" HOST "\r\n", 200, "Referrer-Policy", "same-origin", NULL},
    };
    static struct answer a;

    (void)state;
    check_rows(rows, COUNT(rows));
    ask(town.port, "GET / HTTP/1.1\r\n" HOST "\r\n", &a);
    assert_non_null(strstr(header_of(&a, "Content-Security-Policy"), "frame-ancestors 'none'"));
}

static void stored_files(void **state)
{
    static const struct row rows[] = {
        {"whole", "GET /api/v1/files/1 HTTP/1.1\r\n" HOST "\r\n", 200, "Accept-Ranges", "bytes", "0123456789"},
        {"a part", "GET /api/v1/files/1 HTTP/1.1\r\n" HOST "Range: bytes=2-4\r\n\r\n", 206, "Content-Range", "bytes 2-4/10", "234"},
        {"the end", "GET /api/v1/files/1 HTTP/1.1\r\n" HOST "Range: bytes=-2\r\n\r\n", 206, "Content-Length", "2", "89"},
        {"outside", "GET /api/v1/files/1 HTTP/1.1\r\n" HOST "Range: bytes=10-\r\n\r\n", 416, "Content-Range", "bytes */10", ""},
        {"its name", "GET /api/v1/files/1 HTTP/1.1\r\n" HOST "\r\n", 200, "Content-Disposition", "attachment; filename=\"Gi___y _khai_ sinh.pdf\"; filename*=UTF-8''Gi%E1%BA%A5y%20%22khai%22%20sinh.pdf", NULL},
        {"an upload", "POST /api/v1/files HTTP/1.1\r\n" HOST "Content-Type: image/png\r\nContent-Length: 4\r\n\r\nabcd", 200, NULL, NULL, "{\"size\":4}"},
        {"an upload in chunks", "POST /api/v1/files HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, NULL, NULL, "{\"size\":3}"},
        {"an upload too large", "POST /api/v1/files HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n", 413, "Connection", "close", NULL},
        {"a sink that refuses", "POST /api/v1/files HTTP/1.1\r\n" HOST "X-Refuse: 1\r\nContent-Length: 4\r\n\r\nabcd", 415, NULL, NULL, "file-type"},
        {"a sink that fails midway", "POST /api/v1/files HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nab!d", 507, NULL, NULL, "disk-full"},
    };

    (void)state;
    check_rows(rows, COUNT(rows));
}
/* clang-format on */

static void keeps_the_connection(void **state)
{
    static struct answer a;
    int fd = dial(town.port);
    char first[64];

    (void)state;
    say(fd, "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n");
    hear(fd, false, &a);
    assert_int_equal(a.status, 200);
    (void)snprintf(first, sizeof first, "%s", header_of(&a, "X-Request-Id"));
    say(fd, "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 13\r\n\r\n{\"name\":\"An\"}"
            "GET /api/v1/nothing HTTP/1.1\r\n" HOST "\r\nGET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n");
    hear(fd, false, &a);
    assert_int_equal(a.status, 201);
    assert_string_not_equal(header_of(&a, "X-Request-Id"), first);
    hear(fd, false, &a);
    assert_int_equal(a.status, 404);
    hear(fd, false, &a);
    assert_int_equal(a.status, 200);
    (void)close(fd);
}

static void cursor_comes_back(void **state)
{
    static struct answer a;
    json_t *page;
    char request[512];

    (void)state;
    ask(town.port, "GET /api/v1/things HTTP/1.1\r\n" HOST "\r\n", &a);
    page = json_loads(a.body, 0, NULL);
    assert_non_null(json_str(page, "next"));
    (void)snprintf(request, sizeof request, "GET /api/v1/things?cursor=%s HTTP/1.1\r\n" HOST "\r\n",
                   json_str(page, "next"));
    json_decref(page);
    ask(town.port, request, &a);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "\"after\":\"Nguyễn|42\""));
}

static void fingerprint_tells_bodies_apart(void **state)
{
    static struct answer a;
    char one[80], other[80];

    (void)state;
    ask(town.port, "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 13\r\n\r\n{\"name\":\"An\"}", &a);
    (void)snprintf(one, sizeof one, "%s", header_of(&a, "X-Fingerprint"));
    ask(town.port, "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 13\r\n\r\n{\"name\":\"Bo\"}", &a);
    (void)snprintf(other, sizeof other, "%s", header_of(&a, "X-Fingerprint"));
    ask(town.port, "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 13\r\n\r\n{\"name\":\"An\"}", &a);
    assert_string_not_equal(one, other);
    assert_string_equal(one, header_of(&a, "X-Fingerprint"));
}

static void deep_and_endless(void **state)
{
    static struct answer a;
    static char text[70000];
    int fd = dial(town.port), n;

    (void)state;
    n = snprintf(text, sizeof text, "POST /api/v1/things HTTP/1.1\r\n" HOST JSON "Content-Length: 60000\r\n\r\n");
    memset(text + n, '[', 60000);
    say_bytes(fd, text, (size_t)n + 60000);
    hear(fd, false, &a);
    assert_int_equal(a.status, 400);
    assert_non_null(strstr(a.body, "json-too-deep"));
    (void)close(fd);

    fd = dial(town.port);
    n = snprintf(text, sizeof text, "GET /api/v1/ping HTTP/1.1\r\n" HOST "X-Long: ");
    memset(text + n, 'x', 20000);
    memcpy(text + n + 20000, "\r\n\r\n", 4);
    say_bytes(fd, text, (size_t)n + 20004);
    hear(fd, false, &a);
    assert_int_equal(a.status, 431);
    (void)close(fd);

    fd = dial(town.port); /* headers without an end */
    say(fd, "GET /api/v1/ping HTTP/1.1\r\n" HOST "X-Long: ");
    memset(text, 'x', sizeof text);
    say_bytes(fd, text, sizeof text);
    hear(fd, false, &a);
    assert_true(a.status == 431 || a.status == 0);
    (void)close(fd);
}

static void upload_dropped_with_its_client(void **state)
{
    int fd = dial(town.port), before = blocker.dropped;
    static struct answer a;

    (void)state;
    say(fd, "POST /api/v1/files HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
    hear(fd, false, &a); /* the sink is open */
    assert_int_equal(a.status, 100);
    say(fd, "part");
    (void)close(fd);
    wait_dropped(before + 1);
}

static void chunks_past_the_ceiling(void **state)
{
    static struct answer a;
    static char chunk[4096 + 16];
    int fd = dial(town.port), n;

    (void)state;
    say(fd, "POST /api/v1/files HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    n = snprintf(chunk, sizeof chunk, "1000\r\n");
    memset(chunk + n, 'a', 4096);
    memcpy(chunk + n + 4096, "\r\n", 2);
    for (int i = 0; i < 26; i++) /* 106,496 bytes */
        say_bytes(fd, chunk, (size_t)n + 4098);
    hear(fd, false, &a);
    assert_int_equal(a.status, 413);
    assert_true(is_closed(fd));
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(refuses),
        cmocka_unit_test(smuggling),
        cmocka_unit_test(origins),
        cmocka_unit_test(client_files),
        cmocka_unit_test(stored_files),
        cmocka_unit_test(keeps_the_connection),
        cmocka_unit_test(cursor_comes_back),
        cmocka_unit_test(fingerprint_tells_bodies_apart),
        cmocka_unit_test(deep_and_endless),
        cmocka_unit_test(upload_dropped_with_its_client),
        cmocka_unit_test(chunks_past_the_ceiling),
    };

    return cmocka_run_group_tests(tests, open_town, close_town);
}
