#include "town.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct blocker blocker = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void until(bool (*holds)(int n), int n)
{
    pthread_mutex_lock(&blocker.lock);
    while (!holds(n))
        pthread_cond_wait(&blocker.changed, &blocker.lock);
    pthread_mutex_unlock(&blocker.lock);
}

static bool inside(int n)
{
    return blocker.inside >= n;
}

static bool dropped(int n)
{
    return blocker.dropped >= n;
}

void blocker_wait_inside(int n)
{
    until(inside, n);
}

void wait_dropped(int n)
{
    until(dropped, n);
}

void blocker_open(void)
{
    pthread_mutex_lock(&blocker.lock);
    blocker.open = true;
    pthread_cond_broadcast(&blocker.changed);
    pthread_mutex_unlock(&blocker.lock);
}

static bool get_ping(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_json_text(r, 200, "{\"pong\":true}");
}

static bool get_thing(struct request *q, struct reply *r, struct error *e)
{
    (void)e;
    if (reply_not_modified(q, r, 7))
        return true;
    reply_etag(r, 7);
    return reply_json(r, 200, json_pack("{s:s}", "id", request_param(q, "id")));
}

struct thing {
    const char *name;
    int64_t copies;
};
static const struct field thing_fields[] = {
    {"name", FIELD_TEXT, offsetof(struct thing, name), FIELD_REQUIRED},
    {"copies", FIELD_I64, offsetof(struct thing, copies), .max = 20},
    {0},
};

static bool post_thing(struct request *q, struct reply *r, struct error *e)
{
    struct thing t;
    char hex[DIGEST_HEX];
    struct digest digest;

    if (!request_fields(q, thing_fields, &t, e))
        return false;
    digest = request_fingerprint(q);
    digest_hex(&digest, hex);
    reply_header(r, "X-Fingerprint", hex);
    return reply_json(
        r, 200, json_pack("{s:s, s:I, s:s?}", "name", t.name, "copies", (json_int_t)t.copies, "key", request_key(q)));
}

static bool put_thing(struct request *q, struct reply *r, struct error *e)
{
    const json_t *body = request_body(q, e);
    int64_t seen;

    if (!body || !request_if_match(q, &seen, e))
        return false;
    if (seen != -1 && seen != 7)
        return fail(e, E_STALE, "version 7 is current");
    return reply_json(r, 200, json_incref((json_t *)(uintptr_t)body));
}

static bool list_things(struct request *q, struct reply *r, struct error *e)
{
    struct page page;
    struct thing t;
    json_t *items;

    if (!request_page(q, &page, e) || !request_query_fields(q, q->entry->row->query, &t, e))
        return false;
    items = json_array();
    json_array_append_new(items, json_pack("{s:s?, s:I}", "after", page.cursor, "limit", (json_int_t)page.limit));
    return reply_page(r, items, page_cursor(q, "Nguyễn|42"));
}

static const struct field list_fields[] = {{"name", FIELD_TEXT, offsetof(struct thing, name)}, {0}};

static bool get_secret(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_json_text(r, 200, "{\"secret\":1}");
}

static bool post_secret(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    reply_cookie(r, COOKIE_HTTP_ONLY, "session", "x", 0);
    return reply_empty(r, 204);
}

static bool open_upload(struct request *q, void **state, struct error *e)
{
    if (request_header(q, "X-Refuse"))
        return fail(e, E_FILE_TYPE, "not this");
    *state = calloc(1, sizeof(size_t));
    return *state;
}

static bool write_upload(void *state, struct bytes chunk, struct error *e)
{
    size_t *n = state;

    *n += chunk.len;
    return !memchr(chunk.data, '!', chunk.len) || fail(e, E_DISK_FULL, "no room");
}

static void drop_upload(void *state)
{
    pthread_mutex_lock(&blocker.lock);
    blocker.stored = *(size_t *)state;
    blocker.dropped++;
    pthread_cond_broadcast(&blocker.changed);
    pthread_mutex_unlock(&blocker.lock);
    free(state);
}

static const struct sink upload = {.max_bytes = 100000, open_upload, write_upload, drop_upload};

static bool post_file(struct request *q, struct reply *r, struct error *e)
{
    const size_t *n = request_sink(q);

    (void)e;
    return reply_json(r, 200, json_pack("{s:I}", "size", (json_int_t)*n));
}

static bool get_file(struct request *q, struct reply *r, struct error *e)
{
    int fd = memfd_create("file", MFD_CLOEXEC);

    (void)q;
    if (fd < 0 || write(fd, "0123456789", 10) != 10)
        return fail_errno(e, "memfd");
    return reply_file(r, fd, 10, "application/pdf", "Giấy \"khai\" sinh.pdf");
}

static bool get_events(struct request *q, struct reply *r, struct error *e)
{
    static const char *const topics[] = {"party:12", "unit:7"};

    return reply_events(q, r, topics, COUNT(topics), e);
}

static bool post_block(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    pthread_mutex_lock(&blocker.lock);
    blocker.inside++;
    pthread_cond_broadcast(&blocker.changed);
    while (!blocker.open)
        pthread_cond_wait(&blocker.changed, &blocker.lock);
    pthread_mutex_unlock(&blocker.lock);
    return reply_json_text(r, 200, "{\"done\":true}");
}

/* The same on the event thread, which then serves nobody else. */
static bool get_hold(struct request *q, struct reply *r, struct error *e)
{
    return post_block(q, r, e);
}

static bool get_broken(struct request *q, struct reply *r, struct error *e)
{
    (void)q;
    reply_header(r, "X-Half", "made");
    return fail(e, E_DATABASE, "no such table: person");
}

static bool get_silent(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)r, (void)e;
    return true;
}

static bool get_no_json(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_json(r, 200, json_pack("{s:s}", "name", "\xff"));
}

static bool get_page(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_bytes(r, 200, "text/html", (struct bytes){"<p>một cửa</p>", strlen("<p>một cửa</p>")});
}

/* clang-format off */
static const struct route town_routes[] = {
    {"GET",   "/api/v1/ping",           RIGHT_PUBLIC, NULL, "pong",       "Ping",           get_ping},
    {"GET",   "/api/v1/slow-ping",      RIGHT_PUBLIC, NULL, "pong",       "Ping a worker",  get_ping, ROUTE_WORKER},
    {"GET",   "/api/v1/things",         RIGHT_PUBLIC, NULL, "page:thing", "List things",    list_things, .query = list_fields},
    {"POST",  "/api/v1/things",         RIGHT_PUBLIC, thing_fields, "thing", "Make a thing", post_thing, ROUTE_IDEMPOTENT, .status = 201},
    {"GET",   "/api/v1/things/{id}",    RIGHT_PUBLIC, NULL, "thing",      "Read a thing",   get_thing},
    {"PUT",   "/api/v1/things/{id}",    RIGHT_PUBLIC, NULL, "thing",      "Replace a thing", put_thing, ROUTE_IF_MATCH | ROUTE_OPEN_BODY},
    {"PATCH", "/api/v1/things/{id}",    2,            NULL, "thing",      "Change a thing", put_thing, ROUTE_OPEN_BODY},
    {"GET",   "/api/v1/secret",         2,            NULL, "thing",      "Read a secret",  get_secret},
    {"GET",   "/api/v1/deep-secret",    3,            NULL, "thing",      "Nobody may",     get_secret},
    {"POST",  "/api/v1/secret",         2,            NULL, NULL,         "Forget it",      post_secret, ROUTE_NO_BODY, .status = 204},
    {"POST",  "/api/v1/files",          RIGHT_PUBLIC, NULL, "thing",      "Store a file",   post_file, ROUTE_IDEMPOTENT, .sink = &upload},
    {"GET",   "/api/v1/files/{id}",     RIGHT_PUBLIC, NULL, NULL,         "Fetch a file",   get_file},
    {"GET",   "/api/v1/events",         RIGHT_PUBLIC, NULL, NULL,         "The feed",       get_events},
    {"POST",  "/api/v1/block",          RIGHT_PUBLIC, NULL, NULL,         "Wait",           post_block, ROUTE_NO_BODY},
    {"GET",   "/api/v1/hold",           RIGHT_PUBLIC, NULL, NULL,         "Hold everyone",  get_hold},
    {"GET",   "/api/v1/broken",         RIGHT_PUBLIC, NULL, NULL,         "Fail",           get_broken},
    {"GET",   "/api/v1/silent",         RIGHT_PUBLIC, NULL, NULL,         "Say nothing",    get_silent},
    {"GET",   "/api/v1/no-json",        RIGHT_PUBLIC, NULL, NULL,         "Say nonsense",   get_no_json},
    {"GET",   "/verify/{code}",         RIGHT_PUBLIC, NULL, NULL,         "A page",         get_page, ROUTE_HIDDEN | ROUTE_OPEN_QUERY},
    {0},
};
/* clang-format on */

static const struct shapes town_shapes = {
    .yaml = "pong:\n  type: object\n  properties:\n    pong: {type: boolean}\n"
            "thing:\n  type: object\n  properties:\n    name: {type: string}\n",
};

const struct module town_module = {.name = "town", .routes = town_routes, .shapes = &town_shapes};

static bool identify(struct request *q, struct error *e)
{
    const char *token = request_header(q, "Authorization"), *cookie = request_cookie(q, "session");
    static int somebody;

    if (token && strcmp(token, "Bearer good") != 0)
        return fail(e, E_UNAUTHENTICATED, "unknown token");
    if (token || text_equal(cookie, "good"))
        request_set_caller(q, &somebody);
    return true;
}

static bool may(const struct request *q, int right)
{
    return request_caller(q) && right == 2;
}

static const char *right_name(int right)
{
    return right == 2 ? "secret" : "deep";
}

const struct gate town_gate = {identify, may, right_name};

void town_open(struct town *t, const struct http_options *options)
{
    static const struct module *const list[] = {&town_module, NULL};
    struct error e;

    *t = (struct town){.house = {.modules = list}};
    blocker.open = false;
    blocker.inside = blocker.dropped = 0;
    error_init(&e);
    if (!http_start(options, &t->house, &town_gate, &t->server, &e))
        fail_msg("%s", e.detail);
    t->port = http_port(t->server);
}

void town_close(struct town *t, int grace_ms)
{
    http_stop(t->server, grace_ms);
}

/* ---- a raw client ---- */
int dial(int port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    return fd;
}

void say_bytes(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* refused midway: the answer tells */
        data += n;
        len -= (size_t)n;
    }
}

void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

const char *header_of(const struct answer *a, const char *name)
{
    static char value[1024];
    size_t want = strlen(name);

    for (const char *line = strstr(a->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, want) == 0 && line[2 + want] == ':') {
            const char *start = line + 3 + want + strspn(line + 3 + want, " ");

            (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(start, "\r"), start);
            return value;
        }
    return NULL;
}

void hear(int fd, bool head_only, struct answer *out)
{
    size_t n = 0, want;
    const char *length;

    memset(out, 0, sizeof *out);
    while (n < sizeof out->head - 1 && !strstr(out->head, "\r\n\r\n")) {
        if (recv(fd, out->head + n, 1, 0) != 1) {
            out->closed = true;
            return;
        }
        n++;
    }
    out->status = (int)strtol(out->head + 9, NULL, 10);
    length = header_of(out, "Content-Length");
    want = length && !head_only && out->status != 304 ? (size_t)strtol(length, NULL, 10) : 0;
    assert_true(want < sizeof out->body);
    while (out->len < want) {
        ssize_t got = recv(fd, out->body + out->len, want - out->len, 0);

        if (got <= 0)
            break;
        out->len += (size_t)got;
    }
    length = header_of(out, "Connection");
    out->closed = length && strcasecmp(length, "close") == 0;
}

bool is_closed(int fd)
{
    char c;

    return recv(fd, &c, 1, 0) <= 0;
}

void ask(int port, const char *text, struct answer *out)
{
    int fd = dial(port);

    say(fd, text);
    hear(fd, strncmp(text, "HEAD ", 5) == 0, out);
    (void)close(fd);
}
