/* What waits: event streams, the queue of the workers, slow clients, stopping. */
#include "town.h"

#include <string.h>
#include <sys/socket.h>

#define HOST "Host: here\r\n"

/* Reads until text was seen. */
static bool hear_text(int fd, const char *text)
{
    struct buf b = BUF_INIT(1 << 20);
    bool seen = false;

    while (!seen) {
        char part[512];
        ssize_t n = recv(fd, part, sizeof part, 0);

        if (n <= 0)
            break;
        buf_add(&b, part, (size_t)n);
        seen = strstr(b.data, text) != NULL;
    }
    buf_done(&b);
    return seen;
}

static int open_stream(const struct town *t)
{
    int fd = dial(t->port);

    say(fd, "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
    assert_true(hear_text(fd, ": connected"));
    return fd;
}

static void events_arrive(void **state)
{
    struct town t;
    int one, two;

    (void)state;
    town_open(&t, &(struct http_options){0});
    one = open_stream(&t);
    two = open_stream(&t);
    assert_int_equal(feed_subscribers(house_feed(&t.house)), 2);
    feed_publish(house_feed(&t.house), "party:13", "case", "{\"not\":\"theirs\"}");
    feed_publish(house_feed(&t.house), "unit:7", "case", "{\"code\":\n\"H29\"}");
    assert_true(hear_text(one, "event: case\ndata: {\"code\":\ndata: \"H29\"}\n\n"));
    assert_true(hear_text(two, "\"H29\"}\n\n"));
    feed_heartbeat(house_feed(&t.house));
    assert_true(hear_text(one, ":\n\n"));
    (void)close(one);
    town_close(&t, 2000);   /* with a stream still open */
    while (!is_closed(two)) /* the rest of the stream, then its end */
        ;
    (void)close(two);
}

static void streams_end_with_the_server(void **state)
{
    struct town t;
    int fd;

    (void)state;
    town_open(&t, &(struct http_options){.event_threads = 1});
    fd = open_stream(&t);
    town_close(&t, 5000);
    while (!is_closed(fd))
        ;
    (void)close(fd);
}

struct publisher {
    struct feed *feed;
    int n;
};

static void *publish_many(void *arg)
{
    const struct publisher *p = arg;

    for (int i = 0; i < p->n; i++)
        feed_publish(p->feed, "party:12", "tick", "{}");
    return NULL;
}

/* Publishers, readers that come and go, and the heartbeat at once: for the sanitizers. */
static void a_busy_feed(void **state)
{
    struct town t;
    struct publisher p;
    pthread_t threads[3];

    (void)state;
    town_open(&t, &(struct http_options){0});
    p = (struct publisher){house_feed(&t.house), 300};
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_many, &p), 0);
    for (int i = 0; i < 20; i++) {
        int fd = open_stream(&t);

        feed_heartbeat(p.feed);
        (void)close(fd);
    }
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    town_close(&t, 2000);
}

/* A stream nobody reads is cut, and costs at most its buffer. */
static void slow_readers_are_dropped(void **state)
{
    struct town t;
    char *data = calloc(1, 16001);
    int fd;

    (void)state;
    assert_non_null(data);
    memset(data, ' ', 16000);
    town_open(&t, &(struct http_options){0});
    fd = open_stream(&t);
    for (int i = 0; i < 2000; i++) /* 32 MB: more than any socket holds */
        feed_publish(house_feed(&t.house), "party:12", "big", data);
    while (!is_closed(fd))
        ;
    (void)close(fd);
    town_close(&t, 2000);
    free(data);
}

static void a_full_queue_says_busy(void **state)
{
    static const char block[] = "POST /api/v1/block HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n";
    static struct answer a;
    struct town t;
    int running, waiting;

    (void)state;
    town_open(&t, &(struct http_options){.workers = 1, .queue_max = 1});
    running = dial(t.port);
    say(running, block);
    blocker_wait_inside(1);
    waiting = dial(t.port);
    say(waiting, block);
    while (workers_queued(t.server->workers) == 0)
        sched_yield();
    ask(t.port, block, &a);
    assert_int_equal(a.status, 503);
    assert_string_equal(header_of(&a, "Retry-After"), "1");
    ask(t.port, "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n", &a); /* reads go on */
    assert_int_equal(a.status, 200);
    blocker_open();
    hear(running, false, &a);
    assert_int_equal(a.status, 200);
    hear(waiting, false, &a);
    assert_int_equal(a.status, 200);
    (void)close(running);
    (void)close(waiting);
    town_close(&t, 2000);
}

static void *close_town(void *arg)
{
    town_close(arg, 10000);
    return NULL;
}

static void stopping_lets_requests_finish(void **state)
{
    static struct answer a;
    struct town t;
    pthread_t closer;
    int fd;

    (void)state;
    town_open(&t, &(struct http_options){0});
    fd = dial(t.port);
    say(fd, "POST /api/v1/block HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
    blocker_wait_inside(1);
    assert_int_equal(pthread_create(&closer, NULL, close_town, &t), 0);
    while (!atomic_load(&t.server->draining))
        sched_yield();
    blocker_open();
    hear(fd, false, &a);
    assert_int_equal(a.status, 200);
    assert_true(a.closed); /* and no more on this connection */
    pthread_join(closer, NULL);
    (void)close(fd);
}

static void stopping_turns_away_what_waits(void **state)
{
    static const char block[] = "POST /api/v1/block HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n";
    static struct answer a;
    struct town t;
    pthread_t closer;
    int running, waiting;

    (void)state;
    town_open(&t, &(struct http_options){.workers = 1});
    running = dial(t.port);
    say(running, block);
    blocker_wait_inside(1);
    waiting = dial(t.port);
    say(waiting, block);
    while (workers_queued(t.server->workers) == 0)
        sched_yield();
    assert_int_equal(pthread_create(&closer, NULL, close_town, &t), 0);
    blocker_open();
    hear(waiting, false, &a);
    assert_true(a.status == 200 || a.status == 503);
    pthread_join(closer, NULL);
    (void)close(running);
    (void)close(waiting);
}

static void trickling_clients_are_cut(void **state)
{
    struct town t;
    static struct answer a;
    int fd;

    (void)state;
    town_open(&t, &(struct http_options){.header_timeout_s = 1});
    fd = dial(t.port);
    say(fd, "GET /api/v1/ping HTTP/1.1\r\nHo");
    hear(fd, false, &a); /* nothing comes but the end */
    assert_int_equal(a.status, 0);
    assert_true(a.closed);
    (void)close(fd);
    town_close(&t, 100);
}

static void one_address_has_a_share(void **state)
{
    struct town t;
    static struct answer a;
    int first, second;

    (void)state;
    town_open(&t, &(struct http_options){.connections_per_address = 1, .event_threads = 1});
    first = dial(t.port);
    say(first, "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n");
    hear(first, false, &a);
    assert_int_equal(a.status, 200);
    second = dial(t.port);
    assert_true(is_closed(second));
    (void)close(first);
    (void)close(second);
    town_close(&t, 100);
}

static void not_ready(void **state)
{
    struct town t;
    static struct answer a;

    (void)state;
    town_open(&t, &(struct http_options){0});
    http_set_ready(t.server, false);
    ask(t.port, "GET /readyz HTTP/1.1\r\n" HOST "\r\n", &a);
    assert_int_equal(a.status, 503);
    ask(t.port, "GET /healthz HTTP/1.1\r\n" HOST "\r\n", &a);
    assert_int_equal(a.status, 200);
    town_close(&t, 100);
}

static void a_port_in_use(void **state)
{
    struct town t;
    struct http_server *second;
    struct house house = {0};
    struct error e;

    (void)state;
    town_open(&t, &(struct http_options){0});
    house.modules = t.house.modules;
    error_init(&e);
    assert_false(http_start(&(struct http_options){.port = t.port}, &house, &town_gate, &second, &e));
    assert_int_equal(e.code, E_IO);
    town_close(&t, 100);
}

/* libmicrohttpd takes at most 128 events at once and then looks for more. With exactly as many it must not lie down to
 * wait before it has served those: they would stand still until somebody else came. */
static void exactly_a_round_of_events(void **state)
{
    enum { ROUND = 128 };
    static struct answer a;
    static const char ping[] = "GET /api/v1/ping HTTP/1.1\r\n" HOST "\r\n";
    struct town one;
    int fds[ROUND], holder;

    (void)state;
    for (int extra = -1; extra <= 1; extra++) { /* the bell that wakes the thread may be an event too */
        int n = extra > 0 ? ROUND : ROUND + extra;

        town_open(&one, &(struct http_options){.event_threads = 1, .workers = 2, .idle_timeout_s = 30});
        holder = dial(one.port);
        for (int i = 0; i < n; i++) {
            fds[i] = dial(one.port);
            say(fds[i], ping);
            hear(fds[i], false, &a);
            assert_int_equal(a.status, 200);
        }
        say(holder, "GET /api/v1/hold HTTP/1.1\r\n" HOST "\r\n");
        blocker_wait_inside(1);
        for (int i = 0; i < n; i++)
            say(fds[i], ping); /* all of them wait behind the one that holds the thread */
        blocker_open();
        for (int i = 0; i < n; i++) {
            hear(fds[i], false, &a);
            assert_int_equal(a.status, 200);
            (void)close(fds[i]);
        }
        (void)close(holder);
        town_close(&one, 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_arrive),
        cmocka_unit_test(streams_end_with_the_server),
        cmocka_unit_test(a_busy_feed),
        cmocka_unit_test(slow_readers_are_dropped),
        cmocka_unit_test(a_full_queue_says_busy),
        cmocka_unit_test(stopping_lets_requests_finish),
        cmocka_unit_test(stopping_turns_away_what_waits),
        cmocka_unit_test(trickling_clients_are_cut),
        cmocka_unit_test(exactly_a_round_of_events),
        cmocka_unit_test(one_address_has_a_share),
        cmocka_unit_test(not_ready),
        cmocka_unit_test(a_port_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
