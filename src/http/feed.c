/* Live events: subscribers by topic, each with a small buffer that its connection's reader empties. A reader with
 * nothing to say suspends its connection; news resumes it. One lock guards all of it: appending is a copy of some
 * hundred bytes. Lock order: the feed's, then libmicrohttpd's own (suspend and resume take it). */
#include "http/http_internal.h"

#include <string.h>

enum { TOPIC_BUCKETS = 1024, BUFFER_MAX = 32 << 10, TOPICS_MAX = 64, TOPIC_MAX = 120, SUBSCRIBERS_MAX = 4096 };

struct membership {
    struct subscriber *subscriber;
    struct membership **back, *next; /* of the bucket */
    char topic[TOPIC_MAX];
};
struct subscriber {
    struct feed *feed;
    struct MHD_Connection *mhd;
    struct loop *loop;
    struct buf pending;
    bool waiting; /* suspended until there is news */
    bool slow;    /* did not keep up: ends with an error */
    bool over;    /* may have missed something: ends */
    struct subscriber *prev, *next;
    size_t n;
    struct membership topics[];
};
struct feed {
    pthread_mutex_t lock; /* guards all below and every subscriber */
    struct membership *buckets[TOPIC_BUCKETS];
    struct subscriber *all;
    size_t n;
    bool closed;
};

struct feed *feed_new(void)
{
    struct feed *f = calloc(1, sizeof *f);

    if (!f)
        die("out of memory", sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    return f;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    pthread_mutex_destroy(&f->lock);
    free(f);
}

struct feed *house_feed(struct house *h)
{
    return h->feed;
}

static size_t bucket_of(const char *topic)
{
    uint32_t h = 2166136261u; /* FNV-1a: topics are ours, not a stranger's */

    for (; *topic; topic++)
        h = (h ^ (unsigned char)*topic) * 16777619u;
    return h % TOPIC_BUCKETS;
}

/* With the lock held. */
static void wake(struct subscriber *s)
{
    if (!s->waiting)
        return;
    s->waiting = false;
    loop_resume(s->loop, s->mhd);
}

static void say(struct subscriber *s, const char *text, size_t len)
{
    if (s->slow)
        return;
    buf_add(&s->pending, text, len);
    if (s->pending.overflow)
        s->slow = true;
    wake(s);
}

static void join_topic(struct subscriber *s, struct membership *m, const char *topic)
{
    struct membership **list = &s->feed->buckets[bucket_of(topic)];

    *m = (struct membership){.subscriber = s, .back = list, .next = *list};
    (void)snprintf(m->topic, sizeof m->topic, "%s", topic); /* checked by the caller */
    if (*list)
        (*list)->back = &m->next;
    *list = m;
}

static void enter(struct feed *f, struct subscriber *s, const char *const topics[])
{
    static const char hello[] = "retry: 3000\n: connected\n\n";

    for (size_t i = 0; i < s->n; i++)
        join_topic(s, &s->topics[i], topics[i]);
    s->next = f->all;
    if (f->all)
        f->all->prev = s;
    f->all = s;
    f->n++;
    say(s, hello, sizeof hello - 1);
}

bool reply_events(struct request *q, struct reply *r, const char *const topics[], size_t n, struct error *e)
{
    struct feed *f = q->server->feed;
    struct subscriber *s;
    bool full;

    if (n > TOPICS_MAX)
        return fail(e, E_INTERNAL, "%zu topics", n);
    for (size_t i = 0; i < n; i++)
        if (strlen(topics[i]) >= TOPIC_MAX)
            return fail(e, E_INTERNAL, "topic %s is too long", topics[i]);
    s = calloc(1, sizeof *s + n * sizeof *s->topics);
    if (!s)
        die("out of memory", n);
    s->feed = f;
    s->mhd = q->mhd;
    s->loop = request_loop(q);
    s->pending = (struct buf)BUF_INIT(BUFFER_MAX);
    s->n = n;
    pthread_mutex_lock(&f->lock);
    full = f->closed || f->n == SUBSCRIBERS_MAX;
    if (!full)
        enter(f, s, topics);
    pthread_mutex_unlock(&f->lock);
    if (full) {
        free(s);
        return fail(e, E_BUSY, "%d live streams are open", SUBSCRIBERS_MAX);
    }
    r->kind = REPLY_EVENTS;
    r->status = 200;
    r->media_type = "text/event-stream";
    r->subscriber = s;
    reply_header(r, "Cache-Control", "no-store");
    reply_header(r, "X-Accel-Buffering", "no"); /* nginx would hold events back */
    return true;
}

void subscriber_drop(struct subscriber *s)
{
    struct feed *f;

    if (!s)
        return;
    f = s->feed;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < s->n; i++) {
        *s->topics[i].back = s->topics[i].next;
        if (s->topics[i].next)
            s->topics[i].next->back = s->topics[i].back;
    }
    if (s->prev)
        s->prev->next = s->next;
    else
        f->all = s->next;
    if (s->next)
        s->next->prev = s->prev;
    f->n--;
    pthread_mutex_unlock(&f->lock);
    buf_done(&s->pending);
    free(s);
}

/* The connection's reader, on its event thread. Suspending under the lock means that no news can slip in between. */
static ssize_t read_events(void *cls, uint64_t pos, char *out, size_t room)
{
    struct subscriber *s = cls;
    struct feed *f = s->feed;
    ssize_t n = 0;

    (void)pos;
    pthread_mutex_lock(&f->lock);
    if (s->slow) {
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (s->pending.len) {
        size_t take = s->pending.len < room ? s->pending.len : room;

        memcpy(out, s->pending.data, take);
        memmove(s->pending.data, s->pending.data + take, s->pending.len - take);
        s->pending.len -= take;
        n = (ssize_t)take;
    } else if (f->closed || s->over) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        s->waiting = true;
        MHD_suspend_connection(s->mhd);
    }
    pthread_mutex_unlock(&f->lock);
    return n;
}

static void events_done(void *cls)
{
    subscriber_drop(cls);
}

struct MHD_Response *events_response(struct subscriber *s)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_events, s, events_done);
}

void feed_publish(struct feed *f, const char *topic, const char *type, const char *data)
{
    struct buf b = BUF_INIT(BUFFER_MAX);

    buf_printf(&b, "event: %s\ndata: ", type);
    for (const char *line = data; *line;) {
        size_t len = strcspn(line, "\n");

        buf_add(&b, line, len);
        line += len;
        if (*line && *++line)
            buf_puts(&b, "\ndata: ");
    }
    buf_puts(&b, "\n\n");
    if (b.overflow) {
        log_line(LOG_WARN, "event_too_large", "topic=%s type=%s", topic, type);
    } else {
        pthread_mutex_lock(&f->lock);
        for (struct membership *m = f->buckets[bucket_of(topic)]; m; m = m->next)
            if (strcmp(m->topic, topic) == 0)
                say(m->subscriber, b.data, b.len);
        pthread_mutex_unlock(&f->lock);
    }
    buf_done(&b);
}

void feed_restart(struct feed *f)
{
    pthread_mutex_lock(&f->lock);
    for (struct subscriber *s = f->all; s; s = s->next) {
        s->over = true;
        wake(s);
    }
    pthread_mutex_unlock(&f->lock);
}

void feed_heartbeat(struct feed *f)
{
    pthread_mutex_lock(&f->lock);
    for (struct subscriber *s = f->all; s; s = s->next)
        if (s->pending.len == 0)
            say(s, ":\n\n", 3); /* also finds out who has gone */
    pthread_mutex_unlock(&f->lock);
}

void feed_close(struct feed *f)
{
    pthread_mutex_lock(&f->lock);
    f->closed = true;
    for (struct subscriber *s = f->all; s; s = s->next)
        wake(s);
    pthread_mutex_unlock(&f->lock);
}

size_t feed_subscribers(struct feed *f)
{
    size_t n;

    pthread_mutex_lock(&f->lock);
    n = f->n;
    pthread_mutex_unlock(&f->lock);
    return n;
}
