/* The live half: what a write has to say on the feeds, said by the writer's thread once it is on disk. */
#include "notice/notice_internal.h"

#include <string.h>

#include "http/http.h"

struct news {
    struct feed *feed;
    char *topic;
    const char *type;
    json_t *data;
};

static void news_free(void *arg)
{
    struct news *n = arg;

    json_decref(n->data);
    free(n->topic);
    free(n);
}

static void news_publish(void *arg)
{
    struct news *n = arg;
    auto_free char *text = json_dumps(n->data, JSON_COMPACT);

    if (text)
        feed_publish(n->feed, n->topic, n->type, text);
    news_free(n);
}

void news_after_commit(struct db *db, struct house *h, const char *topic, const char *type, json_t *data)
{
    struct news *n = calloc(1, sizeof *n);

    if (!n || !(n->topic = strdup(topic)))
        die("out of memory", sizeof *n);
    n->feed = house_feed(h);
    n->type = type;
    n->data = data;
    if (!n->feed) { /* the command line: nobody listens */
        news_free(n);
        return;
    }
    db_after_commit(db, news_publish, news_free, n);
}
