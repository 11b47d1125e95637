/* The server's life: start, the list of connections, the ticker that cuts what is too slow, drain and stop. */
#include "http/http_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    HEARTBEAT_S = 15,
    MILLION = 1000000,
};

/* ---- connections ---- */
void conn_deadline(struct request *q, int seconds)
{
    struct conn *c = (struct conn *)(void *)((char *)q - offsetof(struct conn, request));

    atomic_store_explicit(&c->deadline_us, seconds ? monotonic_us() + (int64_t)seconds * MILLION : 0,
                          memory_order_relaxed);
}

struct loop *request_loop(const struct request *q)
{
    return ((const struct conn *)(const void *)((const char *)q - offsetof(struct conn, request)))->loop;
}

/* With the lock held: one more from an address that has its share is cut at once. */
static void cut_crowd(struct http_server *s, struct conn *c)
{
    int same = 0;

    if (s->options.connections_per_address >= s->options.connections_max)
        return;
    for (const struct conn *other = s->conns; other; other = other->next)
        same += memcmp(&other->address, &c->address, sizeof c->address) == 0;
    if (same > s->options.connections_per_address) {
        c->cut = true;
        (void)shutdown(c->fd, SHUT_RDWR); /* its event thread sees the end and closes */
    }
}

static struct in6_addr address_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info ? info->client_addr : NULL;
    struct in6_addr address = {0};

    if (peer && peer->sa_family == AF_INET6)
        address = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    else if (peer && peer->sa_family == AF_INET)
        memcpy(&address, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, sizeof(struct in_addr));
    return address;
}

static struct conn *conn_open(struct loop *l, struct MHD_Connection *mhd)
{
    struct http_server *s = loop_server(l);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct conn *c = calloc(1, sizeof *c);

    if (!c)
        die("out of memory", sizeof *c);
    c->loop = l;
    c->fd = info ? info->connect_fd : -1;
    c->address = address_of(mhd);
    c->request.arena = arena_new();
    c->request.reply.fd = -1;
    conn_deadline(&c->request, s->options.header_timeout_s);
    pthread_mutex_lock(&s->lock);
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    cut_crowd(s, c);
    pthread_mutex_unlock(&s->lock);
    return c;
}

static void conn_close(struct http_server *s, struct conn *c)
{
    pthread_mutex_lock(&s->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&s->lock);
    arena_free(c->request.arena);
    free(c);
}

void conn_notify(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = conn_open(cls, mhd);
    } else if (*context) {
        conn_close(loop_server(cls), *context);
        *context = NULL;
    }
}

/* libmicrohttpd's timeout is of silence; a client that sends a byte a second is never silent. */
static void cut_slow(struct http_server *s)
{
    int64_t now = monotonic_us();

    pthread_mutex_lock(&s->lock);
    for (struct conn *c = s->conns; c; c = c->next) {
        int64_t deadline = atomic_load_explicit(&c->deadline_us, memory_order_relaxed);

        if (deadline && now > deadline && !c->cut) {
            c->cut = true;
            (void)shutdown(c->fd, SHUT_RDWR); /* its event thread sees the end and closes */
            atomic_fetch_add_explicit(&s->metrics.refused_slow, 1, memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(&s->lock);
}

static void *tick(void *arg)
{
    struct http_server *s = arg;
    struct timespec at;
    unsigned n = 0;

    clock_gettime(CLOCK_MONOTONIC, &at);
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        at.tv_sec++;
        while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &at) != ETIMEDOUT)
            ;
        if (s->stop)
            break;
        pthread_mutex_unlock(&s->lock);
        cut_slow(s);
        if (++n % HEARTBEAT_S == 0)
            feed_heartbeat(s->feed);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- start ---- */
static int or_default(int given, int otherwise)
{
    return given > 0 ? given : otherwise;
}

static void set_defaults(struct http_options *o)
{
    o->address = o->address ? o->address : "127.0.0.1";
    o->event_threads = or_default(o->event_threads, 2);
    o->workers = or_default(o->workers, 64);
    o->connections_max = or_default(o->connections_max, 4096);
    o->connections_per_address = or_default(o->connections_per_address, o->connections_max);
    o->idle_timeout_s = or_default(o->idle_timeout_s, 60);
    o->header_timeout_s = or_default(o->header_timeout_s, 20);
    o->queue_max = or_default(o->queue_max, 1024);
}

static bool ticker_start(struct http_server *s, struct error *e)
{
    if (pthread_create(&s->ticker, NULL, tick, s) != 0)
        return fail(e, E_INTERNAL, "the ticker thread could not start");
    s->ticking = true;
    return true;
}

static bool contract_make(struct http_server *s, struct error *e)
{
    json_auto_t *document = openapi_new(s->house, s->gate);
    struct digest digest;
    char hex[DIGEST_HEX];

    if (!document)
        return fail(e, E_INTERNAL, "the OpenAPI document could not be made: see the log");
    s->openapi = json_text(s->arena, document);
    s->openapi_len = strlen(s->openapi);
    digest = digest_of((struct bytes){s->openapi, s->openapi_len});
    digest_hex(&digest, hex);
    s->openapi_etag = arena_printf(s->arena, "\"%.16s\"", hex);
    return true;
}

static struct http_server *server_new(const struct http_options *options, struct house *house, const struct gate *gate)
{
    struct http_server *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;

    if (!s)
        die("out of memory", sizeof *s);
    s->options = *options;
    set_defaults(&s->options);
    s->house = house;
    s->gate = gate;
    s->arena = arena_new();
    s->owns_feed = !house->feed;
    s->feed = house->feed ? house->feed : feed_new();
    house->feed = s->feed;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

static void server_free(struct http_server *s)
{
    if (s->owns_feed) {
        s->house->feed = NULL;
        feed_free(s->feed);
    }
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
    free(s);
}

bool http_start(const struct http_options *options, struct house *house, const struct gate *gate,
                struct http_server **out, struct error *e)
{
    struct http_server *s = server_new(options, house, gate);

    s->assets = assets_new(s->arena, options->assets);
    if (!routes_compile(s->arena, house, &s->routes, e) || !contract_make(s, e) ||
        !workers_start(s->options.workers, s->options.queue_max, edge_run, &s->workers, e) || !ticker_start(s, e) ||
        !loops_start(s, &s->loops, e)) {
        http_stop(s, 0);
        return false;
    }
    atomic_store(&s->ready, true);
    *out = s;
    return true;
}

int http_port(const struct http_server *s)
{
    return s->port;
}

void http_set_ready(struct http_server *s, bool ready)
{
    atomic_store(&s->ready, ready);
}

/* ---- stop ---- */
/* Polled: it happens once, at the end, and no request need ring a bell for it all its life. */
static void wait_none(const _Atomic int64_t *count, int64_t until_us)
{
    while (atomic_load(count) > 0 && monotonic_us() < until_us) {
        struct timespec nap = {.tv_nsec = 2 * MILLION};

        nanosleep(&nap, NULL);
    }
}

static void ticker_stop(struct http_server *s)
{
    if (!s->ticking)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->ticker, NULL);
}

void http_stop(struct http_server *s, int grace_ms)
{
    int64_t until = monotonic_us() + (int64_t)grace_ms * 1000;

    if (!s)
        return;
    atomic_store(&s->draining, true);
    loops_quiesce(s->loops);
    feed_close(s->feed); /* streams would never end by themselves */
    if (s->loops) {
        wait_none(&s->metrics.in_flight, until);
        /* A request that came just now is either counted already, and ends like the others, or sees this and is not
         * taken: nothing is written that nobody will tell of. */
        atomic_store(&s->closing, true);
        wait_none(&s->metrics.in_flight, until);
    }
    ticker_stop(s);
    wait_none(&s->metrics.waiting, INT64_MAX); /* for writes that the store has taken: it tells them soon */
    /* What runs is finished, what waits is answered 503; both resume. libmicrohttpd ends the process when anything is
     * suspended at its end, so whatever began up to the loops' last turn is waited for as well. */
    workers_stop(s->workers, edge_turn_away);
    loops_join(s->loops);
    wait_none(&s->metrics.waiting, INT64_MAX);
    loops_free(s->loops);
    workers_free(s->workers);
    server_free(s);
}
