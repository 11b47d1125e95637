/* Floor 1: the edge. Routes are rows: method, path, right, fields, reply, summary, handler. Parsing, rights, problems,
 * idempotency keys, metrics and the OpenAPI document are made from the rows, once, here.
 *
 * Threads: GET handlers run on the connection's event thread and must be quick (reads of the thread's own database
 * connection); a route marked ROUTE_WORKER and every other method run on a pool of workers and may block on writes.
 * With http_options.reads_wait all of them do. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct request;
struct reply;
struct house;

/* ---- fields: how a JSON body or a query becomes a struct ---- */
enum field_kind {
    FIELD_TEXT,    /* const char *; NFC, no control characters but newline and tab */
    FIELD_I64,     /* int64_t */
    FIELD_BOOL,    /* bool */
    FIELD_ID,      /* int64_t from its string on the wire */
    FIELD_INSTANT, /* int64_t ms, RFC 3339; INSTANT_NONE when absent */
    FIELD_DATE,    /* const char *, "YYYY-MM-DD", checked */
    FIELD_OBJECT,  /* const json_t * */
    FIELD_ARRAY,   /* const json_t * */
    FIELD_ANY,     /* const json_t * */
    FIELD__COUNT,
};
enum {
    FIELD_REQUIRED = 1,
    FIELD_SENSITIVE = 2, /* never logged, never echoed in a problem */
};
struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; /* into the struct */
    unsigned flags;
    size_t max;          /* characters of text, items of arrays, numbers 0…max; 0 = the kind's default ceiling */
    const char *choices; /* "a|b|c" when only these are allowed */
    const char *title;   /* for OpenAPI; may be NULL */
};

/* ---- routes ---- */
enum {
    RIGHT_NONE = 0,   /* refused at start: every row names its right */
    RIGHT_PUBLIC = 1, /* anyone, signed in or not */
    /* people.h numbers the rest from 2 */
    ROUTE_WORKER = 1,     /* a slow GET */
    ROUTE_IDEMPOTENT = 2, /* a POST that creates: honours Idempotency-Key (request_key()) */
    ROUTE_IF_MATCH = 4,   /* refuses without If-Match (428) */
    ROUTE_OPEN_QUERY = 8, /* takes query parameters beyond the table (where[field]=…) */
    ROUTE_HIDDEN = 16,    /* not in the OpenAPI document (pages, static files) */
    ROUTE_NO_BODY = 32,   /* a POST without a body */
    ROUTE_OPEN_BODY = 64, /* any JSON body, read by request_body(): checked against a schema of its own */
    /* Prepares its write as quickly as a GET reads: with a small body it runs on the event thread, where it must not
     * wait for the write but request_wait(), and request_may_block() is false. */
    ROUTE_QUICK = 128,
};
typedef bool handler_fn(struct request *q, struct reply *r, struct error *e);

/* Takes an upload as it arrives, on the event thread: write to a file, no database. */
struct sink {
    size_t max_bytes;
    bool (*open)(struct request *q, void **state, struct error *e);
    bool (*write)(void *state, struct bytes chunk, struct error *e);
    void (*drop)(void *state); /* always called last, also after success; frees the state */
};

struct route {
    const char *method;
    const char *path; /* "/api/v1/cases/{code}/actions/{action}" */
    int right;
    const struct field *body; /* NULL: none taken, unless sink or ROUTE_OPEN_BODY */
    const char *reply; /* name of a shape, "page:NAME" for {"items": [NAME], "next"}, NULL for no content or no JSON */
    const char *summary;
    handler_fn *handler;
    unsigned flags;
    const struct field *query;
    const struct sink *sink;
    int status;      /* of success: 200 unless given */
    size_t body_max; /* bytes; 0 = HTTP_BODY_MAX */
};

/* Named reply shapes (JSON Schema), for OpenAPI and for the tests that check every reply. yaml: a mapping name →
 * schema; len 0: up to its NUL. */
struct shapes {
    const char *yaml;
    size_t len;
};

enum {
    HTTP_BODY_MAX = 1 << 20,
    HTTP_UPLOAD_MAX = 200 << 20,
    HTTP_HEADER_BYTES_MAX = 16 << 10,
    HTTP_QUERY_PARAMS_MAX = 32,
    HTTP_KEY_MAX = 128, /* Idempotency-Key */
    HTTP_QUICK_BODY_MAX = 16 << 10,
    PAGE_LIMIT_DEFAULT = 50,
    PAGE_LIMIT_MAX = 200,
};

/* ---- inside a handler ---- */
struct arena *request_arena(struct request *q);
struct house *request_house(struct request *q);
enum lang request_lang(const struct request *q);
int64_t request_now(const struct request *q); /* one instant for the whole request */
const char *request_id(const struct request *q);
const char *request_address(const struct request *q);
const char *request_method(const struct request *q);
const char *request_path(const struct request *q);
const char *request_header(const struct request *q, const char *name); /* or NULL */
const char *request_cookie(const struct request *q, const char *name); /* or NULL; in the request's arena */
const char *request_param(const struct request *q, const char *name);  /* a {name} of the path; percent-decoded */
const char *request_query(const struct request *q, const char *name);  /* or NULL; percent-decoded */
/* Every query parameter in order; false at the end. */
bool request_query_at(const struct request *q, size_t i, const char **name, const char **value);
/* Reads the route's body table (or its query table) into *out. Strings and json live as long as the request. */
bool request_fields(struct request *q, const struct field *fields, void *out, struct error *e) CHECKED;
bool request_query_fields(struct request *q, const struct field *fields, void *out, struct error *e) CHECKED;
/* The parsed body when the route has a body table. Borrowed. */
const json_t *request_body(struct request *q, struct error *e);
/* The sink's state after the last chunk. */
void *request_sink(struct request *q);
/* The Idempotency-Key, or NULL. The handler's write keeps it in the same commit as what it creates. */
const char *request_key(const struct request *q);
/* SHA-256 over method, path and body: tells a repeated request from a different one under the same key. */
struct digest request_fingerprint(struct request *q);
/* The version of If-Match: ETags are "N" ("N-en" on a reply in English). *seen is -1 when there is no header. */
bool request_if_match(struct request *q, int64_t *seen, struct error *e) CHECKED;
/* Who calls: set by the gate, read by people.h's request_actor(). */
void request_set_caller(struct request *q, void *caller);
void *request_caller(const struct request *q);

/* ---- waiting without a thread (ROUTE_QUICK) ---- */
/* False on an event thread. */
bool request_may_block(const struct request *q);
/* From here on the request waits: queue what it waits for, then return true without a reply and touch it no more.
 * Whoever is done calls request_done() once, on any thread; then finish makes the reply, on the event thread. */
typedef bool finish_fn(struct request *q, struct reply *r, void *arg, struct error *e);
void request_wait(struct request *q, finish_fn *finish, void *arg);
void request_done(struct request *q);

/* The same fields-to-struct step for JSON that did not come in a request (files, command line). */
bool fields_read(struct arena *a, const json_t *object, const struct field *fields, void *out, struct error *e) CHECKED;

/* ---- replies: a handler makes exactly one ---- */
bool reply_json(struct reply *r, int status, json_t *taken);         /* always true, so that it can be returned */
bool reply_json_text(struct reply *r, int status, const char *text); /* copied; already JSON */
/* JSON text that belongs to something else, which release() lets go once the reply is sent. */
void reply_json_held(struct reply *r, int status, struct bytes text, void (*release)(void *held), void *held);
/* The text of the reply so far. */
struct bytes reply_text(const struct reply *r);
bool reply_json_out(struct reply *r, int status, struct json_out *o); /* takes the text; o is empty after it */
bool reply_empty(struct reply *r, int status);
bool reply_bytes(struct reply *r, int status, const char *media_type, struct bytes copied);
/* Streams a file; takes the descriptor. filename may be NULL (inline). Honours Range. */
bool reply_file(struct reply *r, int fd, size_t size, const char *media_type, const char *filename);
/* {"items": items, "next": next or null}; takes items. */
bool reply_page(struct reply *r, json_t *items, const char *next);
void reply_header(struct reply *r, const char *name, const char *value);
void reply_etag(struct reply *r, int64_t version);
/* If-None-Match answered: true when a 304 was made and the handler should return. */
bool reply_not_modified(struct request *q, struct reply *r, int64_t version);
/* Out of reach of the page's scripts, unless it is for them and holds no secret. */
enum cookie { COOKIE_HTTP_ONLY, COOKIE_FOR_SCRIPTS };
void reply_cookie(struct reply *r, enum cookie kind, const char *name, const char *value, int64_t max_age_s);

/* ---- keyset pages ---- */
struct page {
    int64_t limit;
    const char *cursor; /* opaque text from an earlier "next", decoded; NULL on the first page */
};
/* Reads ?limit=&cursor=; E_BAD_CURSOR or E_BAD_QUERY when they are not ours. */
bool request_page(struct request *q, struct page *out, struct error *e) CHECKED;
/* Makes the opaque text for "next"; in the request's arena. */
char *page_cursor(struct request *q, const char *last);

/* ---- live events (SSE) ---- */
struct feed; /* the hub: subscribers by topic */
struct feed *house_feed(struct house *h);
/* Turns this request into an event stream over the topics ("party:12", "unit:7"); the reply is made here. */
bool reply_events(struct request *q, struct reply *r, const char *const topics[], size_t n, struct error *e) CHECKED;
/* Made by main before any module starts, freed after http_stop(). */
struct feed *feed_new(void);
void feed_free(struct feed *f);
/* Any thread; never blocks: a reader too slow to keep up is dropped. data is one JSON text. */
void feed_publish(struct feed *f, const char *topic, const char *type, const char *data);
/* Ends every stream there is: clients connect again by themselves and read what they may have missed. */
void feed_restart(struct feed *f);

/* ---- the server ---- */
struct gate {
    /* Finds the caller from token or cookie; anonymous is fine. Fails only on a token that is not valid. */
    bool (*identify)(struct request *q, struct error *e);
    bool (*may)(const struct request *q, int right);
    const char *(*right_name)(int right);
};
struct asset {
    const char *path, *media_type, *etag;
    const unsigned char *plain, *gzip, *brotli; /* gzip and brotli may be NULL */
    size_t plain_len, gzip_len, brotli_len;
};
struct http_options {
    const char *address; /* "127.0.0.1" */
    int port;            /* 0 picks one */
    int event_threads, workers;
    const struct asset *assets; /* ended by a NULL path; "/index.html" answers every page path of the client */
    const char *public_origin;  /* for the Origin check; NULL: the Host header */
    bool secure_cookies;
    bool behind_proxy; /* the caller's address is the last one of X-Forwarded-For */
    /* 0 = the default */
    int connections_max, connections_per_address;
    int idle_timeout_s;   /* of a silent connection */
    int header_timeout_s; /* from the first byte awaited to the end of the headers, however they trickle */
    int queue_max;        /* requests waiting for a worker; past it 503 */
    bool writes_later;    /* ROUTE_QUICK rows may run on event threads: what they wait for does not block */
    /* What /readyz asks besides; must not wait. NULL: it is. */
    bool (*is_able)(const struct house *house, struct error *e);
    /* From here on what this thread reads may be so many milliseconds old (0: no more); how old what it has read since
     * the last call was at most, -1: not at all. NULL: nothing is ever old. */
    int64_t (*allow_age)(int64_t ms);
    bool reads_wait; /* the database is another machine's: whatever asks it runs on a worker, also a GET */
    /* What /metrics tells of the rest of the house, by metric(); must not wait. NULL: nothing. */
    void (*metrics)(const struct house *house, struct buf *out);
};
/* One counter or gauge in the Prometheus format. */
void metric(struct buf *out, const char *name, const char *type, const char *help, double value);
struct http_server;
bool http_start(const struct http_options *options, struct house *house, const struct gate *gate,
                struct http_server **out, struct error *e) CHECKED;
int http_port(const struct http_server *s);
/* What /readyz says; true after http_start(), always 503 while stopping. Any thread. */
void http_set_ready(struct http_server *s, bool ready);
/* Refuses new connections, lets running requests finish (at most grace_ms), then stops. */
void http_stop(struct http_server *s, int grace_ms);

/* The OpenAPI 3.1 document of all rooms' rows and shapes. New reference. */
json_t *openapi_new(const struct house *house, const struct gate *gate);
/* Text of a problem document for an error (also used by the command line). New reference. */
json_t *problem_new(const struct error *e, enum lang lang, const char *instance);
