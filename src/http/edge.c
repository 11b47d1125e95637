/* One request, from its headers to its reply. Everything that can be refused is refused on the headers, before a byte
 * of the body is read: the frame, the path, the method, the caller, the right, the origin, the type and the size. */
#include "http/http_internal.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    BODY_SECONDS = 30,    /* plus the time its length takes at BODY_RATE */
    BODY_RATE = 16 << 10, /* bytes a second: slower than any honest line */
    AGE_SECONDS_MAX = 86400,
};

/* ---- the frame ---- */
struct frame {
    int lengths, encodings, hosts;
    const char *length, *encoding;
    bool control;  /* a value with control characters */
    bool bad_name; /* "Content-Length : 4" is a length to some and none to others */
};

static bool is_name(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    return len > 0;
}

static enum MHD_Result note_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len,
                                   const char *value, size_t value_len)
{
    struct frame *f = cls;

    (void)kind;
    for (size_t i = 0; i < value_len; i++)
        f->control |= (unsigned char)value[i] < 0x20 && value[i] != '\t';
    f->bad_name |= !is_name(key, key_len);
    if (key_len == 14 && strcasecmp(key, "Content-Length") == 0)
        f->lengths++, f->length = value;
    else if (key_len == 17 && strcasecmp(key, "Transfer-Encoding") == 0)
        f->encodings++, f->encoding = value;
    else if (key_len == 4 && strcasecmp(key, "Host") == 0)
        f->hosts++;
    return MHD_YES;
}

/* A frame that two servers could read in two ways is how requests are smuggled past a proxy. Sets the length, or
 * chunked. */
static bool check_frame(struct request *q, const char *version, struct error *e)
{
    struct frame f = {0};

    MHD_get_connection_values_n(q->mhd, MHD_HEADER_KIND, note_header, &f);
    if (f.control)
        return fail(e, E_BAD_REQUEST, "a header holds control characters");
    if (f.bad_name)
        return fail(e, E_BAD_REQUEST, "the name of a header holds spaces or control characters");
    if (f.hosts > 1 || f.lengths > 1 || f.encodings > 1 || (f.lengths && f.encodings))
        return fail(e, E_BAD_REQUEST, "Host, Content-Length or Transfer-Encoding is ambiguous");
    if (f.encoding && (strcasecmp(f.encoding, "chunked") != 0 || strcmp(version, "HTTP/1.1") != 0))
        return fail(e, E_BAD_REQUEST, "Transfer-Encoding is not chunked over HTTP/1.1");
    if (f.length && !text_to_i64(f.length, 0, INT64_MAX, &q->length))
        return fail(e, E_BAD_REQUEST, "Content-Length is not a number");
    if (strncmp(version, "HTTP/1.", 7) != 0)
        return fail(e, E_BAD_REQUEST, "the version is not HTTP/1.x");
    q->chunked = f.encoding;
    return true;
}

static bool check_header_bytes(struct request *q, struct error *e)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(q->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return !info || info->header_size <= HTTP_HEADER_BYTES_MAX ||
           fail(e, E_HEADERS, "more than %d bytes", HTTP_HEADER_BYTES_MAX);
}

/* ---- the body ---- */
static bool has_body(const struct request *q)
{
    return q->length > 0 || q->chunked;
}

static bool check_body(struct request *q, struct error *e)
{
    const struct route *row = q->entry->row;

    if (!q->entry->takes_body)
        return !has_body(q) || fail(e, E_BODY_TOO_LARGE, "this address takes no body");
    q->body_max = row->sink ? row->sink->max_bytes : row->body_max;
    if (q->body_max == 0)
        q->body_max = row->sink ? HTTP_UPLOAD_MAX : HTTP_BODY_MAX;
    if (!row->sink && has_body(q) && !media_type_is_json(request_header(q, "Content-Type")))
        return fail(e, E_MEDIA_TYPE, "Content-Type must be application/json");
    if ((uint64_t)q->length > q->body_max)
        return fail(e, E_BODY_TOO_LARGE, "at most %" PRIu64 " bytes", q->body_max);
    q->body = (struct buf)BUF_INIT(q->body_max + 1);
    return true;
}

static bool open_sink(struct request *q, struct error *e)
{
    const struct sink *sink = q->entry->row->sink;

    if (!sink)
        return true;
    if (q->key) { /* the bytes are not kept, so the fingerprint is made as they pass */
        q->hashing = true;
        digest_start(&q->hash);
        digest_add(&q->hash, q->method, strlen(q->method) + 1);
        digest_add(&q->hash, q->path, strlen(q->path) + 1);
    }
    if (!sink->open(q, &q->sink, e))
        return false;
    q->sink_open = true;
    return true;
}

static bool take_chunk(struct request *q, struct bytes chunk, struct error *e)
{
    q->received += chunk.len;
    atomic_fetch_add_explicit(&q->server->metrics.bytes_in, chunk.len, memory_order_relaxed);
    if (q->received > q->body_max)
        return fail(e, E_BODY_TOO_LARGE, "at most %" PRIu64 " bytes", q->body_max);
    if (q->hashing)
        digest_add(&q->hash, chunk.data, chunk.len);
    if (q->sink_open)
        return q->entry->row->sink->write(q->sink, chunk, e);
    buf_add(&q->body, chunk.data, chunk.len);
    return true;
}

/* ---- who, and may they ---- */
static bool check_caller(struct request *q, struct error *e)
{
    const struct gate *gate = q->server->gate;
    int right = q->entry->row->right;

    if (!gate->identify(q, e))
        return false;
    if (right == RIGHT_PUBLIC)
        return true;
    if (!q->caller)
        return fail(e, E_UNAUTHENTICATED, "no caller");
    return gate->may(q, right) || fail(e, E_FORBIDDEN, "right %d", right);
}

/* A browser adds the cookie to whatever page asks: a write must come from a page of ours. Tokens are added by hand. */
static bool check_origin(struct request *q, struct error *e)
{
    const char *token = request_header(q, "Authorization"), *origin = request_header(q, "Origin"), *site;

    if (q->entry->method == METHOD_GET || !q->caller || (token && strncasecmp(token, "Bearer ", 7) == 0))
        return true;
    if (!origin)
        origin = request_header(q, "Referer");
    if (origin)
        return origin_matches(origin, request_header(q, "Host"), q->server->options.public_origin) ||
               fail(e, E_ORIGIN, "another site");
    site = request_header(q, "Sec-Fetch-Site");
    return (site && (strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)) ||
           fail(e, E_ORIGIN, "a write with a cookie names its origin");
}

static bool check_conditions(struct request *q, struct error *e)
{
    unsigned flags = q->entry->row->flags;
    const char *key = flags & ROUTE_IDEMPOTENT ? request_header(q, "Idempotency-Key") : NULL;

    if (key && !idempotency_key_is_valid(key))
        return fail(e, E_IDEMPOTENCY_KEY, "1 to %d visible ASCII characters", HTTP_KEY_MAX);
    q->key = key;
    return !(flags & ROUTE_IF_MATCH) || request_header(q, "If-Match") || fail(e, E_PRECONDITION, "no If-Match");
}

/* ---- the path ---- */
static bool decode_params(struct request *q, struct error *e)
{
    for (size_t i = 0; i < q->entry->n_params; i++) {
        q->param[i] = percent_decode(q->arena, q->match.param[i].text, q->match.param[i].len);
        if (!q->param[i])
            return fail(e, E_BAD_REQUEST, "{%s} of the path is not percent-encoded text", q->entry->param[i]);
    }
    return true;
}

/* Finds the row. *done: the client's own files answered. */
static bool find_row(struct request *q, bool *done, struct error *e)
{
    enum method method = method_of(q->method);
    struct match *m = &q->match;

    *done = false;
    if (!routes_find(&q->server->routes, q->path, m)) {
        *done = method == METHOD_GET && assets_reply(q->server->assets, q, &q->reply);
        return *done || fail(e, E_NOT_FOUND, "no such address");
    }
    q->entry = method == METHOD_OTHER ? NULL : m->by_method[method];
    return q->entry || fail(e, E_METHOD, "%s", "see Allow");
}

static bool check_all(struct request *q, struct error *e)
{
    return decode_params(q, e) && check_caller(q, e) && check_origin(q, e) && check_body(q, e) &&
           request_query_read(q, e) && request_query_check(q, e) && check_conditions(q, e) && open_sink(q, e);
}

/* ---- replies ---- */
static enum MHD_Result send_reply(struct request *q)
{
    struct http_server *s = q->server;
    struct tally *t = q->entry                                           ? &q->entry->tally
                      : q->reply.status == 200 || q->reply.status == 304 ? &s->metrics.assets
                                                                         : &s->metrics.unmatched;

    tally_add(t, q->reply.status, monotonic_us() - q->start_us);
    return reply_send(q);
}

/* Nothing may be queued in the middle of a body, and reading on to its end is what a flood wants: the answer goes onto
 * the bare socket, and the connection ends. */
static enum MHD_Result send_bare(struct request *q)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(q->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct reply *r = &q->reply;
    struct buf b = BUF_INIT(64 << 10);

    tally_add(q->entry ? &q->entry->tally : &q->server->metrics.unmatched, r->status, monotonic_us() - q->start_us);
    buf_printf(&b,
               "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nX-Request-Id: %s\r\n"
               "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
               r->status, MHD_get_reason_phrase_for((unsigned)r->status), r->media_type, r->len, q->id);
    buf_add(&b, r->text, r->len);
    if (info && !b.overflow) {
        /* Nothing was sent yet on this connection, so it fits the socket's buffer; if not, the client sees a close. */
        (void)!send(info->connect_fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)shutdown(info->connect_fd, SHUT_WR);
    }
    buf_done(&b);
    return MHD_NO;
}

/* A reply queued on the headers leaves the body unread and ends the connection; without a body it can wait for the next
 * call, and the connection lives on. */
static enum MHD_Result send_later(struct request *q)
{
    q->phase = PHASE_REPLY;
    return MHD_YES;
}

static void make_refusal(struct request *q, const struct error *e)
{
    char allow[64];

    reply_problem(&q->reply, e);
    if (e->code == E_METHOD) {
        routes_allow(&q->match, allow, sizeof allow);
        reply_header(&q->reply, "Allow", allow);
    }
    q->reply.close = has_body(q) || e->code == E_BAD_REQUEST || e->code == E_HEADERS;
}

static enum MHD_Result send_refusal(struct request *q)
{
    return q->reply.close ? send_reply(q) : send_later(q);
}

static enum MHD_Result refuse(struct request *q, const struct error *e)
{
    make_refusal(q, e);
    return send_refusal(q);
}

/* ---- running ---- */
static void conclude(struct request *q, bool good, struct error *e)
{
    const struct route *row = q->entry->row;

    if (good && q->reply.kind == REPLY_NONE)
        good = fail(e, E_INTERNAL, "the handler made no reply");
    if (!good) {
        if (e->code == E_NONE)
            (void)fail(e, E_INTERNAL, "the handler failed without saying why");
        reply_problem(&q->reply, e);
    } else if (row->status && q->reply.status == 200) {
        q->reply.status = row->status;
    }
}

/* How old an answer the caller takes: "Cache-Control: max-age=5" or "max-stale=5" (RFC 9111, 5.2.1); of GET. */
static int64_t age_taken_ms(const struct request *q)
{
    static const char *const names[] = {"max-age=", "max-stale="};
    const char *header = request_header(q, "Cache-Control"), *at;
    long long most = 0;

    for (size_t i = 0; header && i < COUNT(names) && strcmp(q->method, "GET") == 0; i++) {
        long long seconds = (at = strcasestr(header, names[i])) ? strtoll(at + strlen(names[i]), NULL, 10) : 0;

        most = seconds > most ? seconds : most;
    }
    return (most < AGE_SECONDS_MAX ? most : AGE_SECONDS_MAX) * 1000;
}

/* Whoever takes an old answer gets a new one when that fails: the standby is away, or has ended the query. */
static bool run_aged(struct request *q, int64_t age_ms, struct error *e)
{
    const struct http_options *o = &q->server->options;
    int64_t was;
    bool good;

    (void)o->allow_age(age_ms);
    good = q->entry->row->handler(q, &q->reply, e);
    was = o->allow_age(0);
    if (was < 0)
        return good;
    if (good) {
        reply_header(&q->reply, "Age", arena_printf(q->arena, "%" PRId64, (was + 999) / 1000));
        return true;
    }
    reply_clear(&q->reply);
    error_done(e);
    error_init(e);
    return q->entry->row->handler(q, &q->reply, e);
}

/* False when the request waits: then it may be over already, and belongs to nobody here. */
static bool run_handler(struct request *q)
{
    bool inline_run = q->inline_run, good;
    int64_t age_ms = q->server->options.allow_age ? age_taken_ms(q) : 0;
    auto_error struct error e;

    error_init(&e);
    good = age_ms ? run_aged(q, age_ms, &e) : q->entry->row->handler(q, &q->reply, &e);
    if (inline_run && good && q->finish)
        return false;
    conclude(q, good, &e);
    return true;
}

bool request_may_block(const struct request *q)
{
    return !q->inline_run;
}

void request_wait(struct request *q, finish_fn *finish, void *arg)
{
    q->finish = finish;
    q->finish_arg = arg;
    q->phase = PHASE_WORK;
    atomic_fetch_add(&q->server->metrics.suspended, 1);
    atomic_fetch_add(&q->server->metrics.waiting, 1);
    MHD_suspend_connection(q->mhd); /* before another thread knows of it */
}

void request_done(struct request *q)
{
    struct http_server *s = q->server;

    loop_resume(request_loop(q), q->mhd); /* q belongs to the event thread from here on */
    atomic_fetch_sub(&s->metrics.waiting, 1);
}

static void finish(struct request *q)
{
    auto_error struct error e;

    error_init(&e);
    conclude(q, q->finish(q, &q->reply, q->finish_arg, &e), &e);
}

/* Who calls is in the database, too: where it may make one wait, the checks and, when there is no body to wait for, the
 * handler are one turn of a worker. */
static void run_at_gate(struct request *q)
{
    auto_error struct error e;

    error_init(&e);
    q->admitted = check_all(q, &e);
    if (!q->admitted)
        make_refusal(q, &e);
    else if (!has_body(q))
        (void)run_handler(q);
}

/* The trees that the handler made are given back on its own thread: freed on the event thread, they had to be found
 * again by malloc's slow way at the next request. */
void edge_run(struct request *q)
{
    if (q->phase == PHASE_GATE)
        run_at_gate(q);
    else
        (void)run_handler(q);          /* a worker blocks: nothing waits */
    if (q->reply.kind != REPLY_NONE) { /* else the handler is still to come, and needs to know who calls */
        arena_settle(q->arena);
        json_decref(q->json);
        q->json = NULL;
    }
    loop_resume(request_loop(q), q->mhd); /* q belongs to the event thread from here on */
}

void edge_turn_away(struct request *q)
{
    auto_error struct error e;

    error_init(&e);
    (void)fail(&e, E_BUSY, "no worker is free");
    if (q->phase == PHASE_GATE)
        make_refusal(q, &e);
    else
        reply_problem(&q->reply, &e);
    loop_resume(request_loop(q), q->mhd);
}

static enum MHD_Result hand_over(struct request *q, enum phase phase)
{
    q->phase = phase;
    atomic_fetch_add(&q->server->metrics.suspended, 1);
    MHD_suspend_connection(q->mhd); /* before another thread knows of it */
    if (!workers_submit(q->server->workers, q))
        edge_turn_away(q);
    return MHD_YES;
}

static enum MHD_Result start(struct request *q)
{
    conn_deadline(q, 0);
    q->inline_run = !q->entry->worker || (q->entry->row->flags & ROUTE_QUICK && q->server->options.writes_later &&
                                          q->body.len <= HTTP_QUICK_BODY_MAX);
    if (q->inline_run)
        return run_handler(q) ? send_reply(q) : MHD_YES;
    return hand_over(q, PHASE_WORK);
}

static enum MHD_Result await_body(struct request *q)
{
    conn_deadline(q, BODY_SECONDS + (int)((q->chunked ? q->body_max : (uint64_t)q->length) / BODY_RATE));
    q->phase = PHASE_BODY;
    return MHD_YES;
}

static enum MHD_Result through_gate(struct request *q)
{
    if (!q->admitted)
        return send_refusal(q);
    return q->reply.kind == REPLY_NONE ? await_body(q) : send_later(q);
}

static enum MHD_Result begin(struct request *q, const char *version)
{
    bool done = false, good;
    auto_error struct error e;

    error_init(&e);
    good = check_frame(q, version, &e) && check_header_bytes(q, &e) && find_row(q, &done, &e);
    if (good && done)
        good = !has_body(q) || fail(&e, E_BODY_TOO_LARGE, "this address takes no body");
    if (good && done)
        return send_later(q);
    if (good && q->server->options.reads_wait && q->entry->module)
        return hand_over(q, PHASE_GATE);
    return good && check_all(q, &e) ? await_body(q) : refuse(q, &e);
}

/* What fails on the way (a full disk) is answered at the end of the body: a client that is still sending would lose an
 * earlier answer with the connection. Only a body that is too large is cut off. */
static enum MHD_Result body_part(struct request *q, const char *data, size_t *size)
{
    auto_error struct error e;

    error_init(&e);
    if (*size == 0 && !q->spoiled)
        return start(q);
    if (*size == 0) {
        conn_deadline(q, 0);
        return send_reply(q);
    }
    if (q->spoiled) {
        q->received += *size;
    } else if (!take_chunk(q, (struct bytes){data, *size}, &e)) {
        reply_problem(&q->reply, &e);
        q->spoiled = true;
    }
    if (q->received > q->body_max)
        return send_bare(q);
    *size = 0;
    return MHD_YES;
}

static struct request *request_open(struct http_server *s, struct MHD_Connection *mhd, const char *url,
                                    const char *method)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct conn *c = info ? info->socket_context : NULL;
    struct request *q = c ? &c->request : NULL;

    if (!q)
        return NULL;
    atomic_fetch_add(&s->metrics.in_flight, 1);
    if (atomic_load(&s->closing)) {
        atomic_fetch_sub(&s->metrics.in_flight, 1);
        return NULL;
    }
    *q = (struct request){.server = s, .mhd = mhd, .arena = q->arena, .path = url, .method = method};
    q->reply = (struct reply){.fd = -1, .request = q};
    q->now = now_ms();
    q->start_us = monotonic_us();
    (void)snprintf(q->id, sizeof q->id, "%016" PRIx64, (uint64_t)id_new());
    q->lang = accept_language(request_header(q, "Accept-Language"));
    conn_deadline(q, 0);
    return q;
}

enum MHD_Result edge_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *size, void **context)
{
    struct request *q = *context;

    if (!q) {
        *context = q = request_open(cls, mhd, url, method);
        return q ? begin(q, version) : MHD_NO;
    }
    if (q->phase == PHASE_BODY)
        return body_part(q, data, size);
    if (q->phase == PHASE_WORK || q->phase == PHASE_GATE)
        atomic_fetch_sub(&q->server->metrics.suspended, 1);
    if (q->phase == PHASE_GATE)
        return through_gate(q);
    if (q->phase == PHASE_WORK && q->finish)
        finish(q);
    q->phase = PHASE_REPLY;
    return send_reply(q);
}

void edge_completed(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode why)
{
    struct http_server *s = cls;
    struct request *q = *context;

    (void)mhd, (void)why;
    if (!q)
        return;
    *context = NULL;
    if (q->phase == PHASE_WORK || q->phase == PHASE_GATE) /* resumed, but its client had gone before the reply */
        atomic_fetch_sub(&s->metrics.suspended, 1);
    request_end(q);
    conn_deadline(q, s->options.idle_timeout_s + s->options.header_timeout_s);
    atomic_fetch_sub(&s->metrics.in_flight, 1);
}
