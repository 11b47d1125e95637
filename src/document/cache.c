/* What was read from afar or just sent there, kept near: a folder of files named by their digests, never larger than
 * its bound for long. Losing any of it costs a fetch. What is in it was hashed when it came; the disk is trusted as it
 * is for a folder of files, and `motcua verify` reads past it. */
#include "document/document_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LEAVE_PERCENT = 80 }; /* emptied to that, so that not every file makes room for itself alone */

struct cache {
    char *folder;
    int64_t max;
    pthread_mutex_t lock; /* guards used, and lets one make room at a time */
    int64_t used;
};

struct kept {
    char *path;
    int64_t size;
    struct timespec read;
};

struct kept_list {
    struct kept *at;
    size_t n, room;
    int64_t bytes;
};

static bool list_one(const char *path, void *arg, struct error *e)
{
    struct kept_list *list = arg;
    struct stat st;

    (void)e;
    if (stat(path, &st) != 0)
        return true; /* gone meanwhile */
    if (list->n == list->room) {
        list->room = list->room ? list->room * 2 : 1024;
        list->at = realloc(list->at, list->room * sizeof *list->at);
        if (!list->at)
            die("out of memory", list->room);
    }
    list->at[list->n++] = (struct kept){strdup(path), st.st_size, st.st_mtim};
    list->bytes += st.st_size;
    return true;
}

static void list_done(struct kept_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->at[i].path);
    free(list->at);
}

static int by_age(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->read.tv_sec != y->read.tv_sec)
        return x->read.tv_sec < y->read.tv_sec ? -1 : 1;
    return (x->read.tv_nsec > y->read.tv_nsec) - (x->read.tv_nsec < y->read.tv_nsec);
}

/* With the lock held. The longest unread goes first; who has it open reads on. */
static void make_room(struct cache *c)
{
    struct kept_list list = {0};
    auto_error struct error e;

    error_init(&e);
    if (!folder_walk(c->folder, "", list_one, &list, &e))
        log_line(LOG_WARN, "cache_unread", "why=\"%s\"", e.detail);
    if (list.n)
        qsort(list.at, list.n, sizeof *list.at, by_age);
    c->used = list.bytes;
    for (size_t i = 0; i < list.n && c->used > c->max / 100 * LEAVE_PERCENT; i++)
        if (unlink(list.at[i].path) == 0)
            c->used -= list.at[i].size;
    list_done(&list);
}

bool cache_open(const char *folder, int64_t bytes_max, struct cache **out, struct error *e)
{
    struct cache *c = calloc(1, sizeof *c);

    if (!c || !(c->folder = strdup(folder)))
        die("out of memory", sizeof *c);
    c->max = bytes_max;
    (void)pthread_mutex_init(&c->lock, NULL); /* a plain mutex */
    *out = c;
    if (!folder_make(folder, e))
        return false; /* closed with the room */
    make_room(c);
    return true;
}

void cache_close(struct cache *c)
{
    if (!c)
        return;
    (void)pthread_mutex_destroy(&c->lock); /* nobody reads any more */
    free(c->folder);
    free(c);
}

static char *path_of(struct arena *a, const struct cache *c, const struct digest *digest)
{
    char hex[DIGEST_HEX];

    digest_hex(digest, hex);
    return arena_printf(a, "%s/%s", c->folder, hex);
}

int cache_find(struct cache *c, const struct digest *digest)
{
    static const struct timespec now[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    auto_arena struct arena *a = arena_new();
    int fd = open(path_of(a, c, digest), O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)futimens(fd, now); /* else it goes sooner than it should */
    return fd;
}

void cache_take(struct cache *c, const struct digest *digest, const char *path, int64_t size)
{
    auto_arena struct arena *a = arena_new();

    if (size > c->max / 2 || link(path, path_of(a, c, digest)) != 0)
        return;                         /* there already, or no room: it is read from afar again */
    (void)pthread_mutex_lock(&c->lock); /* a plain mutex */
    c->used += size;
    if (c->used > c->max)
        make_room(c);
    (void)pthread_mutex_unlock(&c->lock);
}
