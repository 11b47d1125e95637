/* The event threads. Each runs a libmicrohttpd of its own over the one socket that listens, and sleeps here, not there:
 * its own sleep may begin while it holds events it has not served. (It takes 128 at a time, and when it got exactly so
 * many it looks for more with the full patience of an idle server: 128 requests stood still until another came.) */
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum { CONNECTION_BYTES = 40 << 10 /* a connection's own memory: headers beyond it are refused with 431 */ };

struct loop {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool running;
    int bell;
    _Atomic bool rung; /* and not yet heard */
    _Atomic bool quiesce, stop;
};

struct loops {
    int listening;
    int n;
    struct loop all[];
};

struct http_server *loop_server(const struct loop *l)
{
    return l->server;
}

/* ---- the bell ---- */
static void ring(struct loop *l)
{
    static const uint64_t one = 1;

    if (!atomic_exchange(&l->rung, true))
        (void)!write(l->bell, &one, sizeof one); /* full: it rings already */
}

void loop_resume(struct loop *l, struct MHD_Connection *mhd)
{
    MHD_resume_connection(mhd);
    ring(l);
}

/* Silent again before the work is looked at: what rings from here on is heard at the next turn. */
static void heard(struct loop *l)
{
    uint64_t n;

    (void)!read(l->bell, &n, sizeof n); /* nothing to read: as good */
    atomic_store(&l->rung, false);
}

static int patience_ms(struct loop *l)
{
    MHD_UNSIGNED_LONG_LONG ms;

    if (MHD_get_timeout(l->daemon, &ms) != MHD_YES)
        return -1;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void *run(void *arg)
{
    struct loop *l = arg;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[] = {{.fd = info->epoll_fd, .events = POLLIN}, {.fd = l->bell, .events = POLLIN}};
    bool quiet = false;

    (void)pthread_setname_np(pthread_self(), "http"); /* for whoever looks with top -H */
    while (!atomic_load(&l->stop)) {
        (void)poll(fds, COUNT(fds), patience_ms(l)); /* a signal is as good as news */
        if (fds[1].revents)
            heard(l);
        if (!quiet && atomic_load(&l->quiesce)) {
            (void)MHD_quiesce_daemon(l->daemon); /* the socket is closed by us */
            quiet = true;
        }
        (void)MHD_run(l->daemon); /* never sleeps; what fails is its connection's */
    }
    return NULL;
}

/* ---- start ---- */
struct listen_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t size;
};

static bool address_parse(const struct http_options *o, struct listen_address *out, struct error *e)
{
    *out = (struct listen_address){0};
    if (o->port < 0 || o->port > UINT16_MAX)
        return fail(e, E_USAGE, "port %d", o->port);
    if (inet_pton(AF_INET, o->address, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)o->port);
        out->size = sizeof out->v4;
    } else if (inet_pton(AF_INET6, o->address, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)o->port);
        out->size = sizeof out->v6;
    } else {
        return fail(e, E_USAGE, "%s is no IP address", o->address);
    }
    return true;
}

static bool listen_at(const struct listen_address *at, int fd)
{
    int on = 1, off = 0;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (at->any.sa_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
           bind(fd, &at->any, at->size) == 0 && listen(fd, SOMAXCONN) == 0;
}

static bool listen_open(struct http_server *s, int *out, struct error *e)
{
    const struct http_options *o = &s->options;
    struct listen_address at;
    socklen_t size = sizeof at.v6;

    if (!address_parse(o, &at, e))
        return false;
    *out = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0 || !listen_at(&at, *out) || getsockname(*out, &at.any, &size) != 0)
        return fail_errno(e, "cannot listen on %s port %d", o->address, o->port);
    s->port = ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
    return true;
}

static size_t keep_escaped(void *cls, struct MHD_Connection *mhd, char *s)
{
    (void)cls, (void)mhd;
    return strlen(s); /* decoded by us, after the path is split: %2F is no slash */
}

static void log_mhd(void *cls, const char *format, va_list args)
{
    char line[256];

    (void)cls;
    (void)vsnprintf(line, sizeof line, format, args); /* cut is fine for a log */
    log_line(LOG_DEBUG, "libmicrohttpd", "message=\"%s\"", line);
}

static struct MHD_Daemon *daemon_new(struct loop *l, int listening)
{
    struct http_server *s = l->server;
    const struct http_options *o = &s->options;
    unsigned share = (unsigned)((o->connections_max + o->event_threads - 1) / o->event_threads);

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, edge_request, s,
        MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL, MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT, share,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)o->idle_timeout_s, MHD_OPTION_NOTIFY_COMPLETED, edge_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, conn_notify, l, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_END);
}

static bool loop_start(struct loop *l, struct http_server *s, int listening, struct error *e)
{
    l->server = s;
    l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->bell < 0)
        return fail_errno(e, "eventfd");
    l->daemon = daemon_new(l, listening);
    if (!l->daemon)
        return fail(e, E_INTERNAL, "libmicrohttpd did not start");
    l->running = pthread_create(&l->thread, NULL, run, l) == 0;
    return l->running || fail(e, E_INTERNAL, "an event thread could not start");
}

bool loops_start(struct http_server *s, struct loops **out, struct error *e)
{
    int n = s->options.event_threads;
    struct loops *ls = calloc(1, sizeof *ls + (size_t)n * sizeof *ls->all);

    if (!ls)
        die("out of memory", (size_t)n);
    ls->listening = -1;
    *out = ls; /* also half made: http_stop() ends it */
    if (!listen_open(s, &ls->listening, e))
        return false;
    for (; ls->n < n; ls->n++)
        if (!loop_start(&ls->all[ls->n], s, ls->listening, e)) {
            ls->n++;
            return false;
        }
    return true;
}

/* ---- stop ---- */
void loops_quiesce(struct loops *ls)
{
    for (int i = 0; ls && i < ls->n; i++) {
        atomic_store(&ls->all[i].quiesce, true);
        ring(&ls->all[i]);
    }
}

void loops_join(struct loops *ls)
{
    for (int i = 0; ls && i < ls->n; i++) {
        struct loop *l = &ls->all[i];

        if (!l->running)
            continue;
        atomic_store(&l->stop, true);
        ring(l);
        pthread_join(l->thread, NULL);
        l->running = false;
    }
}

static void loop_end(struct loop *l)
{
    if (l->daemon) {
        (void)MHD_quiesce_daemon(l->daemon); /* else it would close the socket that the others share */
        MHD_stop_daemon(l->daemon);
    }
    if (l->bell >= 0)
        (void)close(l->bell); /* nothing was kept in it */
}

void loops_free(struct loops *ls)
{
    for (int i = 0; ls && i < ls->n; i++)
        loop_end(&ls->all[i]);
    if (ls && ls->listening >= 0)
        (void)close(ls->listening); /* nothing was written to it */
    free(ls);
}
