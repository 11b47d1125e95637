/* The live half: what a write has to say on the feeds, said by the writer's thread once it is on disk. */
#include "notice/notice_internal.h"

#include <string.h>

#include "http/http.h"
#include "module.h"

#define LIVE "live" /* "TOPIC TYPE JSON": neither topic nor type has a blank */

struct news {
    struct store *store;
    struct feed *feed;
    const char *type, *text;
    char topic[];
};

static void news_publish(void *arg)
{
    struct news *n = arg;

    feed_publish(n->feed, n->topic, n->type, n->text);
    if (!store_is_sole_writer(n->store)) {
        auto_arena struct arena *a = arena_new();

        store_shout(n->store, LIVE, arena_printf(a, "%s %s %s", n->topic, n->type, n->text));
    }
    free(n);
}

/* What was missed is not known: who listens connects anew, and then reads its lists again. */
static void hear(const char *text, void *arg)
{
    auto_arena struct arena *a = arena_new();
    char *topic = arena_strdup(a, text), *type = topic ? strchr(topic, ' ') : NULL,
         *data = type ? strchr(type + 1, ' ') : NULL;

    if (!data) {
        feed_restart(arg);
        return;
    }
    *type++ = *data++ = '\0';
    feed_publish(arg, topic, type, data);
}

bool notice_start(struct house *h, struct error *e)
{
    (void)e;
    if (house_feed(h))
        store_hear(h->store, LIVE, hear, house_feed(h));
    return true;
}

void news_after_commit(struct db *db, struct house *h, const char *topic, const char *type, const char *json)
{
    size_t topic_bytes = strlen(topic) + 1, text_bytes = strlen(json) + 1;
    struct feed *feed = house_feed(h);
    struct news *n;

    if (!feed) /* the command line: nobody listens */
        return;
    n = malloc(sizeof *n + topic_bytes + text_bytes);
    if (!n)
        die("out of memory", text_bytes);
    *n = (struct news){h->store, feed, type, n->topic + topic_bytes};
    memcpy(n->topic, topic, topic_bytes);
    memcpy(n->topic + topic_bytes, json, text_bytes);
    db_after_commit(db, news_publish, free, n);
}
