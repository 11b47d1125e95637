/* Floor 1: a place of named bytes: a folder (shared by several nodes if it is a network's) or an S3-compatible store.
 * What has a name is whole and durable; a name is only ever given to the same bytes or replaced as a whole.
 *
 * A place is written as a path, or as s3://BUCKET[/PREFIX]?endpoint=https://HOST[:PORT][&region=R][&ca=FILE]
 * [&credentials=FILE][&plain=1][&cache=MIB]. The keys to it never stand there: they come from AWS_ACCESS_KEY_ID and
 * AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) in the environment, or from a file that only its owner may read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct objects; /* any thread */

enum { OBJECT_KEY_MAX = 512, OBJECTS_CACHE_MIB = 2048 };

struct object {
    const char *key;
    int64_t size;
};

/* Bytes to be stored: the file's whole content. */
struct object_bytes {
    int fd;
    int64_t size;
    const struct digest *digest;
    const char *path; /* its name, when it may be linked instead of copied; else NULL. Synced by the caller then. */
};

/* E_USAGE when the place is not written as above; a store that does not answer is found out by its first use. */
bool objects_open(const char *place, struct objects **out, struct error *e) CHECKED;
void objects_close(struct objects *o); /* NULL is fine */
/* Whether the bytes are on another machine's disk, so that what is read often should be kept near. */
bool objects_are_far(const struct objects *o);
int64_t objects_cache_bytes(const struct objects *o);

/* Durable when true. E_FILE_STORE when the store cannot be reached, E_DISK_FULL when it has no room. */
bool objects_put(struct objects *o, const char *key, const struct object_bytes *bytes, struct error *e) CHECKED;
/* Writes the whole object to an empty file; goes on where a connection broke off. E_NOT_FOUND when there is none.
 * What came is not compared with anything: whoever knows its digest does that. */
bool objects_get(struct objects *o, const char *key, int fd, struct error *e) CHECKED;
/* The object as a file to read: the folder's own, else one without a name below scratch. E_NOT_FOUND as above. */
bool objects_read(struct objects *o, const char *key, const char *scratch, int *fd, struct error *e) CHECKED;
bool objects_find(struct objects *o, const char *key, bool *found, int64_t *size, struct error *e) CHECKED;
/* Every object whose key begins with prefix, in the order of the keys. */
typedef bool object_fn(const struct object *object, void *arg, struct error *e);
bool objects_list(struct objects *o, const char *prefix, object_fn *each, void *arg, struct error *e) CHECKED;
/* Fine when there is none. */
bool objects_remove(struct objects *o, const char *key, struct error *e) CHECKED;
