/* What the files of http/ share. Nothing outside the room includes this. */
#pragma once

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"
#include "http/http.h"
#include "module.h"

enum {
    SEGMENTS_MAX = 16, /* of a path */
    PARAMS_MAX = 8,    /* {names} in a path */
    REQUEST_ID_MAX = 20,
    ADDRESS_MAX = 48,
    CURSOR_MAX = 512,
    BUCKETS = 12, /* of the latency histogram, without +Inf */
};

/* ---- headers.c: reading what clients put into headers; pure ---- */
enum lang accept_language(const char *header);
bool accept_encoding(const char *header, const char *coding);
/* Is etag (with its quotes) in the list? Weak comparison: W/ is ignored, as If-None-Match asks. */
bool etag_listed(const char *header, const char *etag);
/* The version an If-Match header names: -1 for "*". */
bool if_match_parse(const char *header, int64_t *version, struct error *e) CHECKED;
enum range { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };
/* One "bytes=a-b" range; anything else is answered with the whole. */
enum range range_parse(const char *header, uint64_t size, uint64_t *start, uint64_t *len);
/* Does "https://host:port" name the host that was asked, or the origin the operator gave? */
bool origin_matches(const char *origin, const char *host, const char *public_origin);
/* "application/json; charset=utf-8" is media type "application/json". */
bool media_type_is_json(const char *header);
bool idempotency_key_is_valid(const char *key);
/* Strict: %XX and UTF-8, no control characters. NULL when it is not so. */
char *percent_decode(struct arena *a, const char *s, size_t len);

/* ---- routes.c: rows → a trie ---- */
enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD__COUNT, METHOD_OTHER };

struct tally {
    _Atomic uint64_t status[6]; /* by class; 0 unused */
    _Atomic uint64_t bucket[BUCKETS + 1];
    _Atomic uint64_t sum_us;
};
struct entry {
    const struct route *row;
    const struct module *module; /* NULL: http's own */
    const char *param[PARAMS_MAX];
    size_t n_params;
    enum method method;
    bool worker, takes_body;
    struct tally tally;
};
struct slice {
    const char *text;
    size_t len;
};
struct routes {
    struct node *root;
    struct entry *entries;
    size_t n;
};
struct match {
    struct entry *const *by_method; /* METHOD__COUNT of them; NULL when the path is unknown */
    struct slice param[PARAMS_MAX];
};
/* Refuses rows without a right or a handler, and two rows for one method and path. */
bool routes_compile(struct arena *a, const struct house *house, struct routes *out, struct error *e) CHECKED;
bool routes_find(const struct routes *r, const char *path, struct match *out);
enum method method_of(const char *name);
void routes_allow(const struct match *m, char *out, size_t size);

/* ---- replies and requests ---- */
enum reply_kind { REPLY_NONE, REPLY_EMPTY, REPLY_TEXT, REPLY_FILE, REPLY_EVENTS };
struct header {
    const char *name, *value;
    struct header *next;
};
struct reply {
    enum reply_kind kind;
    int status;
    const char *media_type;
    const char *text; /* in the arena, static, or owned */
    char *owned;      /* freed when the request is done */
    void (*release)(void *held);
    void *held; /* what text belongs to, released then too */
    size_t len;
    int fd; /* REPLY_FILE; -1 once handed on */
    struct subscriber *subscriber;
    struct header *headers;
    struct request *request;
    bool close; /* the connection, after this reply */
};

enum phase { PHASE_IDLE, PHASE_GATE, PHASE_BODY, PHASE_WORK, PHASE_REPLY };
struct pair {
    const char *name, *value;
};
struct request {
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct arena *arena;
    enum phase phase;
    const char *method, *path;
    struct entry *entry;
    const char *param[PARAMS_MAX]; /* decoded */
    struct pair query[HTTP_QUERY_PARAMS_MAX];
    size_t n_query;
    bool query_bad; /* too many, or not text */
    void *caller;
    enum lang lang;
    int64_t now, start_us;
    char id[REQUEST_ID_MAX], address[ADDRESS_MAX];
    const char *key;
    struct buf body;
    bool chunked;
    json_t *json;
    uint64_t received, body_max;
    void *sink;
    bool sink_open, hashing;
    bool spoiled; /* its body could not be taken; the reply is made and waits for the body's end */
    struct digest_stream hash;
    struct digest fingerprint;
    bool fingerprinted;
    struct reply reply;
    struct request *next; /* in the workers' queue */
    struct match match;
    int64_t length;    /* of the body, as its header says */
    bool admitted;     /* at the gate, by a worker */
    bool inline_run;   /* on the event thread, where nothing may block */
    finish_fn *finish; /* what makes the reply once the wait is over */
    void *finish_arg;
};

/* One a connection; its request and arena are used again for each request on it. */
struct conn {
    struct request request;
    struct conn *prev, *next; /* the server's list, under its lock */
    struct loop *loop;
    int fd;
    struct in6_addr address;
    _Atomic int64_t deadline_us; /* by when the headers or the body must be here; 0 none */
    bool cut;
};

void request_end(struct request *q);
bool request_query_read(struct request *q, struct error *e) CHECKED;
/* Unknown or repeated query parameters, against the row. */
bool request_query_check(struct request *q, struct error *e) CHECKED;
/* Nothing of a reply is left. */
void reply_clear(struct reply *r);
void reply_problem(struct reply *r, const struct error *e);
/* Hands the reply to libmicrohttpd. */
enum MHD_Result reply_send(struct request *q);
void header_security(struct reply *r, bool page);

/* ---- fields.c ---- */
bool fields_from_query(struct arena *a, const struct pair *pairs, size_t n, const struct field *fields, void *out,
                       struct error *e) CHECKED;

/* ---- workers.c ---- */
struct workers;
bool workers_start(int threads, int queue_max, void (*run)(struct request *q), struct workers **out,
                   struct error *e) CHECKED;
/* False when the queue is full. */
bool workers_submit(struct workers *w, struct request *q) CHECKED;
size_t workers_queued(struct workers *w);
/* Runs nothing more: what still waits is handed to refuse(), what comes later is not taken. Joins. */
void workers_stop(struct workers *w, void (*refuse)(struct request *q));
void workers_free(struct workers *w);

/* ---- feed.c ---- */
struct MHD_Response *events_response(struct subscriber *s);
void subscriber_drop(struct subscriber *s);
void feed_heartbeat(struct feed *f);
void feed_close(struct feed *f);
size_t feed_subscribers(struct feed *f);

/* ---- assets.c ---- */
struct assets;
struct assets *assets_new(struct arena *a, const struct asset *list);
/* False when the client has nothing at this path. */
bool assets_reply(const struct assets *as, struct request *q, struct reply *r);

/* ---- metrics.c ---- */
struct metrics {
    struct tally assets, unmatched;
    _Atomic int64_t in_flight, suspended, waiting; /* waiting: suspended without a worker */
    _Atomic uint64_t bytes_in, bytes_out, refused_slow;
};
void tally_add(struct tally *t, int status, int64_t us);
char *metrics_text(struct http_server *s, struct arena *a);

/* ---- http_api.c: http's own rows ---- */
extern const struct route http_routes[];
extern const struct shapes http_shapes;

/* ---- edge.c: one request from its headers to its reply ---- */
enum MHD_Result edge_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *size, void **context);
void edge_completed(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode why);
/* Runs the handler on a worker; answers E_BUSY instead when the server stops before its turn. */
void edge_run(struct request *q);
void edge_turn_away(struct request *q);

/* ---- loop.c: the socket that listens, and the event threads ---- */
struct loops;
struct loop;
/* Sets the server's port. */
bool loops_start(struct http_server *s, struct loops **out, struct error *e) CHECKED;
/* No new connections from here on. NULL is fine. */
void loops_quiesce(struct loops *ls);
/* The threads have ended: nothing begins any more. NULL is fine. */
void loops_join(struct loops *ls);
/* After that; nothing may be suspended any more. NULL is fine. */
void loops_free(struct loops *ls);
struct http_server *loop_server(const struct loop *l);
/* From any thread. The connection belongs to its loop again before this returns. */
void loop_resume(struct loop *l, struct MHD_Connection *mhd);

/* ---- server.c ---- */
void conn_deadline(struct request *q, int seconds);
struct loop *request_loop(const struct request *q);
/* libmicrohttpd's, with the loop. */
void conn_notify(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode what);
struct http_server {
    struct http_options options;
    struct house *house;
    const struct gate *gate;
    struct arena *arena; /* process lifetime: routes, texts */
    struct routes routes;
    struct assets *assets;
    struct loops *loops;
    struct workers *workers;
    struct feed *feed;
    bool owns_feed;
    struct metrics metrics;
    int port;
    _Atomic bool ready, draining, closing;
    const char *openapi, *openapi_etag;
    size_t openapi_len;
    pthread_t ticker;
    bool ticking;
    pthread_mutex_t lock; /* guards the list of connections and stop */
    pthread_cond_t wake;
    bool stop;
    struct conn *conns;
};
