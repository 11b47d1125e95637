/* Replies: what handlers say, and how it is handed to libmicrohttpd. */
#include "http/http_internal.h"

#include <inttypes.h>
#include <string.h>

enum { REPLY_BYTES_MAX = 64 << 20 };

static const char csp_page[] =
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'";
/* A citizen's file shown in the browser must not run as a page of ours. */
static const char csp_file[] = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";

bool reply_json_text(struct reply *r, int status, const char *text)
{
    r->kind = REPLY_TEXT;
    r->status = status;
    r->media_type = "application/json";
    r->len = strlen(text);
    r->text = arena_strndup(r->request->arena, text, r->len);
    return true;
}

bool reply_json_out(struct reply *r, int status, struct json_out *o)
{
    r->kind = REPLY_NONE; /* as below: past the ceiling it is a 500 of this request alone */
    if (o->buf.overflow || o->buf.len == 0) {
        log_line(LOG_ERROR, "reply_not_json", "id=%s size=%zu", r->request->id, o->buf.len);
        return true;
    }
    free(r->owned);
    r->kind = REPLY_TEXT;
    r->status = status;
    r->media_type = "application/json";
    r->text = r->owned = o->buf.data;
    r->len = o->buf.len;
    *o = (struct json_out)JSON_OUT_INIT;
    return true;
}

void reply_json_held(struct reply *r, int status, struct bytes text, void (*release)(void *held), void *held)
{
    r->kind = REPLY_TEXT;
    r->status = status;
    r->media_type = "application/json";
    r->text = text.data;
    r->len = text.len;
    r->release = release;
    r->held = held;
}

struct bytes reply_text(const struct reply *r)
{
    return (struct bytes){r->text, r->kind == REPLY_TEXT ? r->len : 0};
}

static int add_chunk(const char *data, size_t len, void *buf)
{
    buf_add(buf, data, len);
    return 0;
}

bool reply_json(struct reply *r, int status, json_t *taken)
{
    struct buf b = BUF_INIT(REPLY_BYTES_MAX);

    r->kind = REPLY_NONE; /* what cannot be written is our fault, and becomes a 500 of this request alone */
    if (json_dump_callback(taken, add_chunk, &b, JSON_COMPACT | JSON_ENCODE_ANY) == 0 && !b.overflow) {
        free(r->owned);
        r->kind = REPLY_TEXT;
        r->status = status;
        r->media_type = "application/json";
        r->text = r->owned = b.data;
        r->len = b.len;
    } else {
        log_line(LOG_ERROR, "reply_not_json", "id=%s size=%zu", r->request->id, b.len);
        buf_done(&b);
    }
    json_decref(taken);
    return true;
}

bool reply_empty(struct reply *r, int status)
{
    r->kind = REPLY_EMPTY;
    r->status = status;
    return true;
}

bool reply_bytes(struct reply *r, int status, const char *media_type, struct bytes copied)
{
    r->kind = REPLY_TEXT;
    r->status = status;
    r->media_type = arena_strdup(r->request->arena, media_type);
    r->len = copied.len;
    r->text = arena_strndup(r->request->arena, copied.len ? copied.data : "", copied.len);
    return true;
}

/* RFC 6266: an ASCII name for the old, the true one in UTF-8. */
static void add_disposition(struct reply *r, const char *filename)
{
    struct buf b = BUF_INIT(2048);

    buf_puts(&b, "attachment; filename=\"");
    for (const char *p = filename; *p; p++)
        buf_printf(&b, "%c",
                   (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e || *p == '"' || *p == '\\' ? '_' : *p);
    buf_puts(&b, "\"; filename*=UTF-8''");
    for (const unsigned char *p = (const unsigned char *)filename; *p; p++)
        if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '-' || *p == '.')
            buf_add(&b, p, 1);
        else
            buf_printf(&b, "%%%02X", *p);
    if (!b.overflow)
        reply_header(r, "Content-Disposition", b.data);
    buf_done(&b);
}

bool reply_file(struct reply *r, int fd, size_t size, const char *media_type, const char *filename)
{
    struct request *q = r->request;
    uint64_t start = 0, len = size;
    char text[96];

    r->kind = REPLY_FILE;
    r->status = 200;
    r->fd = fd;
    r->media_type = arena_strdup(q->arena, media_type);
    reply_header(r, "Accept-Ranges", "bytes");
    if (filename)
        add_disposition(r, filename);
    switch (request_header(q, "If-Range") ? RANGE_WHOLE : range_parse(request_header(q, "Range"), size, &start, &len)) {
    case RANGE_PART:
        r->status = 206;
        (void)snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%zu", start, start + len - 1, size);
        reply_header(r, "Content-Range", text);
        break;
    case RANGE_OUTSIDE:
        r->status = 416;
        (void)snprintf(text, sizeof text, "bytes */%zu", size);
        reply_header(r, "Content-Range", text);
        start = len = 0;
        break;
    case RANGE_WHOLE:
        break;
    }
    r->len = len;
    r->text = (const char *)(uintptr_t)start; /* where a file's part begins */
    return true;
}

bool reply_page(struct reply *r, json_t *items, const char *next)
{
    json_t *page = json_object();

    json_object_set_new(page, "items", items);
    json_object_set_new(page, "next", json_text_or_null(next));
    return reply_json(r, 200, page);
}

void reply_header(struct reply *r, const char *name, const char *value)
{
    struct header *h = arena_new_of(r->request->arena, struct header);

    *h = (struct header){arena_strdup(r->request->arena, name), arena_strdup(r->request->arena, value), r->headers};
    r->headers = h;
}

/* The texts live as long as the reply: nothing is copied. */
static void header_static(struct reply *r, const char *name, const char *value)
{
    struct header *h = arena_new_of(r->request->arena, struct header);

    *h = (struct header){name, value, r->headers};
    r->headers = h;
}

/* Titles come in the reader's language, so the same version has a tag for each: else a browser that changed its
 * language would be told that nothing changed. If-Match takes both. */
static const char *etag_of(const struct request *q, int64_t version)
{
    return arena_printf(q->arena, "\"%" PRId64 "%s\"", version, q->lang == LANG_EN ? "-en" : "");
}

void reply_etag(struct reply *r, int64_t version)
{
    header_static(r, "ETag", etag_of(r->request, version));
    header_static(r, "Vary", "Accept-Language");
}

bool reply_not_modified(struct request *q, struct reply *r, int64_t version)
{
    if (!etag_listed(request_header(q, "If-None-Match"), etag_of(q, version)))
        return false;
    reply_etag(r, version);
    return reply_empty(r, 304);
}

void reply_cookie(struct reply *r, enum cookie kind, const char *name, const char *value, int64_t max_age_s)
{
    header_static(r, "Set-Cookie",
                  arena_printf(r->request->arena, "%s=%s; Path=/%s; SameSite=Lax; Max-Age=%" PRId64 "%s", name, value,
                               kind == COOKIE_HTTP_ONLY ? "; HttpOnly" : "", max_age_s,
                               r->request->server->options.secure_cookies ? "; Secure" : ""));
}

void reply_clear(struct reply *r)
{
    if (r->fd >= 0)
        (void)close(r->fd); /* read only: nothing to lose */
    free(r->owned);
    if (r->release)
        r->release(r->held);
    subscriber_drop(r->subscriber);
    *r = (struct reply){.fd = -1, .request = r->request};
}

void reply_problem(struct reply *r, const struct error *e)
{
    struct request *q = r->request;
    const struct error_row *row = error_row(e->code);

    reply_clear(r); /* whatever the handler had begun */
    (void)reply_json(r, row->status, problem_new(e, q->lang, q->id));
    r->media_type = "application/problem+json";
    header_static(r, "Content-Language", q->lang == LANG_VI ? "vi" : "en");
    if (row->status == 401)
        header_static(r, "WWW-Authenticate", "Bearer");
    if (row->status == 429 || row->status == 503 || row->status == 507)
        header_static(r, "Retry-After", e->code == E_LOGIN_THROTTLED ? "60" : row->status == 507 ? "30" : "1");
    if (row->status >= 500)
        log_line(row->kind == KIND_BUSY ? LOG_WARN : LOG_ERROR, "request_failed",
                 "id=%s method=%s route=%s status=%d code=%s detail=\"%s\"", q->id, q->method,
                 q->entry ? q->entry->row->path : "-", row->status, row->code, e->detail);
    else
        log_line(LOG_DEBUG, "request_refused", "id=%s method=%s route=%s status=%d code=%s", q->id, q->method,
                 q->entry ? q->entry->row->path : "-", row->status, row->code);
}

void header_security(struct reply *r, bool page)
{
    header_static(r, "X-Content-Type-Options", "nosniff");
    header_static(r, "Referrer-Policy", "same-origin");
    if (page)
        header_static(r, "Content-Security-Policy", csp_page);
}

static bool has_header(const struct reply *r, const char *name)
{
    for (const struct header *h = r->headers; h; h = h->next)
        if (strcasecmp(h->name, name) == 0)
            return true;
    return false;
}

static void add_common(struct request *q)
{
    struct reply *r = &q->reply;
    bool html = r->media_type && strncmp(r->media_type, "text/html", 9) == 0;

    header_static(r, "X-Request-Id", q->id);
    if (r->media_type && r->kind != REPLY_EMPTY)
        header_static(r, "Content-Type", html ? "text/html; charset=utf-8" : r->media_type);
    if (!has_header(r, "X-Content-Type-Options"))
        header_security(r, html && r->kind == REPLY_TEXT);
    if (r->kind == REPLY_FILE && !(r->media_type && strcmp(r->media_type, "application/pdf") == 0))
        header_static(r, "Content-Security-Policy", csp_file);
    /* What the city says about people stays out of shared caches; with an ETag it may be asked again. */
    if (!has_header(r, "Cache-Control"))
        header_static(r, "Cache-Control", has_header(r, "ETag") || r->status == 304 ? "private, no-cache" : "no-store");
    /* Servers differ on where a chunk ends (a bare LF in an extension): nothing that follows chunks counts. */
    if (r->close || q->chunked || atomic_load_explicit(&q->server->draining, memory_order_relaxed))
        header_static(r, "Connection", "close");
}

static struct MHD_Response *response_new(struct reply *r)
{
    struct MHD_Response *response;

    switch (r->kind) {
    case REPLY_FILE:
        response = MHD_create_response_from_fd_at_offset64(r->len, r->fd, (uint64_t)(uintptr_t)r->text);
        if (response)
            r->fd = -1; /* closed with the response */
        return response;
    case REPLY_EVENTS:
        response = events_response(r->subscriber);
        if (response)
            r->subscriber = NULL; /* dropped with the response */
        return response;
    default:
        return MHD_create_response_from_buffer(r->kind == REPLY_TEXT ? r->len : 0, (void *)(uintptr_t)r->text,
                                               MHD_RESPMEM_PERSISTENT);
    }
}

enum MHD_Result reply_send(struct request *q)
{
    struct reply *r = &q->reply;
    struct MHD_Response *response = response_new(r);
    enum MHD_Result queued;

    if (!response)
        return MHD_NO;
    add_common(q);
    for (const struct header *h = r->headers; h; h = h->next)
        (void)MHD_add_response_header(response, h->name, h->value); /* refuses what holds a line break */
    atomic_fetch_add_explicit(&q->server->metrics.bytes_out, r->len, memory_order_relaxed);
    queued = MHD_queue_response(q->mhd, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return queued;
}

void request_end(struct request *q)
{
    if (q->sink_open)
        q->entry->row->sink->drop(q->sink);
    q->sink_open = false;
    reply_clear(&q->reply);
    json_decref(q->json);
    q->json = NULL;
    buf_done(&q->body);
    arena_reset(q->arena);
    q->phase = PHASE_IDLE;
}
