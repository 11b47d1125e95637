/* http's own rows: is the process alive, may it have traffic, its counters, its contract. */
#include "http/http_internal.h"

#include <string.h>

static bool get_health(struct request *q, struct reply *r, struct error *e)
{
    (void)q, (void)e;
    return reply_json_text(r, 200, "{\"status\":\"alive\"}");
}

static bool get_ready(struct request *q, struct reply *r, struct error *e)
{
    const struct http_server *s = q->server;

    if (!atomic_load(&s->ready) || atomic_load(&s->draining))
        return fail(e, E_BUSY, "starting or stopping");
    if (s->options.is_able && !s->options.is_able(s->house, e))
        return false;
    return reply_json_text(r, 200, "{\"status\":\"ready\"}");
}

static bool get_metrics(struct request *q, struct reply *r, struct error *e)
{
    char *text = metrics_text(q->server, q->arena);

    (void)e;
    return reply_bytes(r, 200, "text/plain; version=0.0.4; charset=utf-8", (struct bytes){text, strlen(text)});
}

static bool get_openapi(struct request *q, struct reply *r, struct error *e)
{
    const struct http_server *s = q->server;

    (void)e;
    reply_header(r, "ETag", s->openapi_etag);
    if (etag_listed(request_header(q, "If-None-Match"), s->openapi_etag))
        return reply_empty(r, 304);
    r->kind = REPLY_TEXT;
    r->status = 200;
    r->media_type = "application/json";
    r->text = s->openapi; /* as old as the server */
    r->len = s->openapi_len;
    return true;
}

/* clang-format off */
const struct route http_routes[] = {
    {"GET", "/healthz",             RIGHT_PUBLIC, NULL, "status", "Is the process alive",             get_health},
    {"GET", "/readyz",              RIGHT_PUBLIC, NULL, "status", "May it have traffic",              get_ready},
    {"GET", "/metrics",             RIGHT_PUBLIC, NULL, NULL,     "Counters in the Prometheus format", get_metrics},
    {"GET", "/api/v1/openapi.json", RIGHT_PUBLIC, NULL, "openapi", "This contract, as OpenAPI 3.1",   get_openapi},
    {0},
};
/* clang-format on */

const struct shapes http_shapes = {
    .yaml = "status:\n"
            "  type: object\n"
            "  required: [status]\n"
            "  properties:\n"
            "    status: {type: string, enum: [alive, ready]}\n"
            "openapi:\n"
            "  type: object\n"
            "  required: [openapi, info, paths]\n"
            "  properties:\n"
            "    openapi: {type: string}\n"
            "    info: {type: object}\n"
            "    paths: {type: object}\n",
};
