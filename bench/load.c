/* The load generator: HTTP/1.1 over keep-alive connections, one epoll loop, replies read by their Content-Length. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    REQUEST_MAX = 64 << 10,
    REPLY_MAX = 4 << 20,
    READ_BYTES = 64 << 10,
    SILENCE_MS = 20000, /* a server that says nothing for so long has failed */
    FINE = 64,          /* steps within each power of two: latencies are right to 1.6 % */
    POWERS = 32,
};

/* Latencies in microseconds, in steps that widen with the value. */
struct histogram {
    int64_t counts[POWERS * FINE], total;
};

struct connection {
    int fd;
    struct buf in, out;
    int64_t sent_us;
    size_t head, body; /* of the reply under way; head 0: not yet known */
    int status;
};

struct run {
    const struct load *load;
    struct measured *out;
    struct connection *all;
    int epoll, busy;
    int64_t until_us;
    struct histogram latency;
};

/* ---- latencies ---- */
static size_t step_of(int64_t us)
{
    uint64_t v = us > 0 ? (uint64_t)us : 0;
    size_t power = 0;

    while (v >= 2 * FINE) {
        v >>= 1;
        power++;
    }
    return power >= POWERS - 1 ? POWERS * FINE - 1 : power * FINE + (size_t)v; /* v < FINE only below 64 µs */
}

static double step_ms(size_t step)
{
    size_t power = step < FINE ? 0 : step / FINE - 1;

    return (double)((step - power * FINE) << power) / 1000.0;
}

static double percentile_ms(const struct histogram *h, double part)
{
    int64_t wanted = (int64_t)((double)h->total * part), passed = 0;

    for (size_t i = 0; i < COUNT(h->counts); i++) {
        passed += h->counts[i];
        if (passed > wanted)
            return step_ms(i);
    }
    return 0;
}

/* ---- connections ---- */
static bool connect_one(struct run *r, int i, struct error *e)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)r->load->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    struct connection *c = &r->all[i];
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->in = (struct buf)BUF_INIT(REPLY_MAX);
    c->out = (struct buf)BUF_INIT(REQUEST_MAX);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        return fail_errno(e, "connect to port %d", r->load->port);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* slower without, not wrong */
    return epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0 || fail_errno(e, "epoll");
}

static bool send_all(const struct connection *c, struct error *e)
{
    for (size_t done = 0; done < c->out.len;) {
        ssize_t n = send(c->fd, c->out.data + done, c->out.len - done, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return fail_errno(e, "send");
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Sends this connection's next request, if there is one. */
static bool next_request(struct run *r, int i, struct error *e)
{
    struct connection *c = &r->all[i];
    bool late = r->load->for_ms && monotonic_us() >= r->until_us;

    buf_clear(&c->out);
    c->head = 0;
    if (late || !r->load->make(r->load->arg, i, &c->out)) {
        r->busy--;
        return true;
    }
    if (c->out.overflow)
        return fail(e, E_INTERNAL, "a request over %d bytes", REQUEST_MAX);
    c->sent_us = monotonic_us();
    return send_all(c, e);
}

/* ---- replies ---- */
static bool read_head(struct connection *c, struct error *e)
{
    static const char length[] = "\r\nContent-Length:";
    const char *end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4), *at;
    int status;

    if (!end)
        return true;
    c->head = (size_t)(end - c->in.data) + 4;
    c->in.data[c->head - 1] = '\0';
    at = strcasestr(c->in.data, length);
    if (c->head < 13 || sscanf(c->in.data + 9, "%d", &status) != 1 || (!at && status != 204 && status != 304))
        return fail(e, E_INTERNAL, "a reply without a status or a length: %.80s", c->in.data);
    c->status = status;
    c->body = at ? strtoul(at + sizeof length - 1, NULL, 10) : 0;
    return c->head + c->body < REPLY_MAX || fail(e, E_INTERNAL, "a reply of %zu bytes", c->body);
}

static void take_reply(struct run *r, int i)
{
    struct connection *c = &r->all[i];
    struct bytes body = {c->in.data + c->head, c->body};
    int64_t took = monotonic_us() - c->sent_us;
    bool wanted = r->load->take ? r->load->take(r->load->arg, i, c->status, body) : c->status == 200;

    r->latency.counts[step_of(took)]++;
    r->latency.total++;
    r->out->requests++;
    r->out->body_bytes += (int64_t)c->body;
    if (wanted)
        return;
    if (r->out->refused++ == 0)
        (void)snprintf(r->out->refusal, sizeof r->out->refusal, "%d %.*s", c->status,
                       (int)(body.len < 220 ? body.len : 220), (const char *)body.data);
}

static bool on_readable(struct run *r, int i, struct error *e)
{
    static char part[READ_BYTES]; /* one thread */
    struct connection *c = &r->all[i];
    ssize_t n = recv(c->fd, part, sizeof part, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return n < 0 ? fail_errno(e, "receive") : fail(e, E_IO, "the server closed a connection");
    buf_add(&c->in, part, (size_t)n);
    if (!c->head && !read_head(c, e))
        return false;
    if (!c->head || c->in.len < c->head + c->body)
        return true;
    take_reply(r, i);
    buf_clear(&c->in);
    return next_request(r, i, e);
}

static bool loop(struct run *r, struct error *e)
{
    struct epoll_event events[256];

    for (int i = 0; i < r->load->connections; i++)
        if (!next_request(r, i, e))
            return false;
    while (r->busy > 0) {
        int n = epoll_wait(r->epoll, events, COUNT(events), SILENCE_MS);

        if (n == 0)
            return fail(e, E_IO, "no reply for %d ms", SILENCE_MS);
        if (n < 0 && errno != EINTR)
            return fail_errno(e, "epoll");
        for (int k = 0; k < n; k++)
            if (!on_readable(r, (int)events[k].data.u32, e))
                return false;
    }
    return true;
}

static bool run_all(struct run *r, struct error *e)
{
    int64_t start;

    for (int i = 0; i < r->load->connections; i++)
        if (!connect_one(r, i, e))
            return false;
    start = monotonic_us();
    r->until_us = start + r->load->for_ms * 1000;
    if (!loop(r, e))
        return false;
    r->out->seconds = (double)(monotonic_us() - start) / 1e6;
    r->out->p50_ms = percentile_ms(&r->latency, 0.50);
    r->out->p99_ms = percentile_ms(&r->latency, 0.99);
    return true;
}

bool load_run(const struct load *load, struct measured *out, struct error *e)
{
    struct run r = {.load = load, .out = out, .busy = load->connections};
    bool ok;

    *out = (struct measured){0};
    r.all = calloc((size_t)load->connections, sizeof *r.all);
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!r.all || r.epoll < 0)
        die("load", (size_t)load->connections);
    for (int i = 0; i < load->connections; i++)
        r.all[i].fd = -1;
    ok = run_all(&r, e);
    for (int i = 0; i < load->connections; i++) {
        if (r.all[i].fd >= 0)
            (void)close(r.all[i].fd); /* nothing was left to say */
        buf_done(&r.all[i].in);
        buf_done(&r.all[i].out);
    }
    (void)close(r.epoll);
    free(r.all);
    return ok;
}
