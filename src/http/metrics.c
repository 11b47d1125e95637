/* Counters by route, without locks, and their text for Prometheus. */
#include "http/http_internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

static const int64_t bounds_us[BUCKETS] = {250,   1000,   2500,   5000,    10000,   25000,
                                           50000, 100000, 250000, 1000000, 2500000, 10000000};

static uint64_t get(const _Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

void tally_add(struct tally *t, int status, int64_t us)
{
    int i = 0;

    while (i < BUCKETS && us > bounds_us[i])
        i++;
    atomic_fetch_add_explicit(&t->status[status / 100 % 6], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->sum_us, (uint64_t)us, memory_order_relaxed);
}

static void add_requests(struct buf *b, const struct tally *t, const char *method, const char *route)
{
    for (int i = 1; i < 6; i++)
        if (get(&t->status[i]))
            buf_printf(b, "motcua_http_requests_total{method=\"%s\",route=\"%s\",status=\"%dxx\"} %" PRIu64 "\n",
                       method, route, i, get(&t->status[i]));
}

static void add_latency(struct buf *b, const struct tally *t, const char *method, const char *route)
{
    static const char name[] = "motcua_http_request_seconds";
    uint64_t sum = 0;

    for (int i = 0; i <= BUCKETS; i++)
        sum += get(&t->bucket[i]);
    if (sum == 0)
        return;
    sum = 0;
    for (int i = 0; i <= BUCKETS; i++) {
        sum += get(&t->bucket[i]);
        buf_printf(b, "%s_bucket{method=\"%s\",route=\"%s\",le=\"", name, method, route);
        if (i < BUCKETS)
            buf_printf(b, "%g\"} %" PRIu64 "\n", (double)bounds_us[i] / 1e6, sum);
        else
            buf_printf(b, "+Inf\"} %" PRIu64 "\n", sum);
    }
    buf_printf(b, "%s_sum{method=\"%s\",route=\"%s\"} %.6f\n", name, method, route, (double)get(&t->sum_us) / 1e6);
    buf_printf(b, "%s_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n", name, method, route, sum);
}

static void add_all(struct http_server *s, struct buf *b,
                    void (*add)(struct buf *, const struct tally *, const char *, const char *))
{
    for (size_t i = 0; i < s->routes.n; i++)
        add(b, &s->routes.entries[i].tally, s->routes.entries[i].row->method, s->routes.entries[i].row->path);
    add(b, &s->metrics.assets, "GET", "(client)");
    add(b, &s->metrics.unmatched, "*", "(none)");
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric(struct buf *b, const char *name, const char *type, const char *help, double value)
{
    head(b, name, type, help);
    buf_printf(b, "%s %.17g\n", name, value);
}

static double resident_bytes(void)
{
    auto_fclose FILE *f = fopen("/proc/self/statm", "re");
    char line[128], *second = NULL, *rest = NULL;
    int64_t pages = 0;

    if (f && fgets(line, sizeof line, f) && strtok_r(line, " ", &rest)) /* "size resident …", in pages */
        second = strtok_r(NULL, " ", &rest);
    return text_to_i64(second, 0, INT64_MAX, &pages) ? (double)pages * (double)sysconf(_SC_PAGESIZE) : 0;
}

static void add_process(struct buf *b)
{
    struct rusage u = {0};

    (void)getrusage(RUSAGE_SELF, &u); /* cannot fail for ourselves */
    metric(b, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
    metric(b, "process_cpu_seconds_total", "counter", "User and system CPU time.",
           (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

char *metrics_text(struct http_server *s, struct arena *a)
{
    struct buf b = BUF_INIT(8 << 20);
    struct metrics *m = &s->metrics;
    char *text;

    head(&b, "motcua_http_requests_total", "counter", "Requests answered, by route and class of status.");
    add_all(s, &b, add_requests);
    head(&b, "motcua_http_request_seconds", "histogram", "From the headers to the reply being ready.");
    add_all(s, &b, add_latency);
    metric(&b, "motcua_http_in_flight", "gauge", "Requests being handled.", (double)atomic_load(&m->in_flight));
    metric(&b, "motcua_http_suspended", "gauge", "Requests with a worker or waiting for one.",
           (double)atomic_load(&m->suspended));
    metric(&b, "motcua_http_queue", "gauge", "Requests waiting for a worker.", (double)workers_queued(s->workers));
    metric(&b, "motcua_feed_subscribers", "gauge", "Open event streams.", (double)feed_subscribers(s->feed));
    metric(&b, "motcua_http_body_bytes_in_total", "counter", "Bytes of request bodies.", (double)get(&m->bytes_in));
    metric(&b, "motcua_http_body_bytes_out_total", "counter", "Bytes of reply bodies.", (double)get(&m->bytes_out));
    metric(&b, "motcua_http_slow_dropped_total", "counter", "Connections cut because they were too slow.",
           (double)get(&m->refused_slow));
    if (s->options.metrics)
        s->options.metrics(s->house, &b);
    add_process(&b);
    text = arena_strndup(a, b.data, b.len);
    buf_done(&b);
    return text;
}
