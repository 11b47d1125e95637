/* What the files of objects/ share: the two kinds of place behind one table. */
#pragma once

#include "objects/objects.h"

struct objects_kind {
    bool (*put)(void *place, const char *key, const struct object_bytes *bytes, struct error *e);
    bool (*get)(void *place, const char *key, int fd, struct error *e);
    bool (*open)(void *place, const char *key, int *fd, struct error *e); /* NULL where the bytes are far */
    bool (*find)(void *place, const char *key, bool *found, int64_t *size, struct error *e);
    bool (*list)(void *place, const char *prefix, object_fn *each, void *arg, struct error *e);
    bool (*remove)(void *place, const char *key, struct error *e);
    void (*close)(void *place);
};

struct objects {
    const struct objects_kind *kind;
    void *place;
    int64_t cache_bytes;
};

extern const struct objects_kind folder_kind, s3_kind;
bool folder_place_open(const char *path, void **out, struct error *e) CHECKED;
bool s3_place_open(const char *url, void **out, int64_t *cache_bytes, struct error *e) CHECKED;

/* ---- s3_keys.c: how the place is written, and who asks ---- */
struct s3_place {
    char *endpoint; /* "https://host:9000" */
    char *bucket, *prefix, *region, *ca;
    char *key_id, *secret, *token; /* token may be NULL */
    int64_t cache_mib;
};
bool s3_place_read(const char *url, struct s3_place *out, struct error *e) CHECKED;
void s3_place_done(struct s3_place *p);

/* ---- s3_list.c: one page of ListObjectsV2 ---- */
struct s3_page {
    object_fn *each;
    void *arg;
    size_t prefix_len; /* of the place, taken off every key */
    char *next;        /* the continuation token, or NULL at the end; malloc'd */
    char *last;        /* the last key told, so that a lying store cannot go round in circles; malloc'd */
};
bool s3_page_read(struct s3_page *page, struct bytes xml, struct error *e) CHECKED;
