/* What the files of document/ share: the room's state, the store of contents, media types, the papers. */
#pragma once

#include "document/document.h"

#include <stdatomic.h>

#include "module.h"
#include "objects/objects.h"
#include "registry/registry.h"

struct keyring;
struct paper_set;

struct documents {
    const struct house *house;
    struct objects *files; /* DATA/files, or where house.files says */
    char *tmp;             /* uploads on their way in */
    struct cache *cache;   /* what is far and was read; NULL when nothing is far */
    document_may_fn *may;
    case_code_fn *case_code;
    struct keyring *keys;
    _Atomic(struct paper_set *) papers; /* the newest; older ones stay until the stop */
};
/* NULL before the start. */
struct documents *documents_of(const struct house *h);

extern const struct migration document_migrations[];
extern const struct pack_kind document_pack_kinds[];

/* ---- content.c: bytes, named by what they are ---- */
/* Makes the folders and drops uploads that were cut off. */
bool content_start(struct documents *d, struct error *e) CHECKED;
void content_stop(struct documents *d);
/* The content as the store itself has it, past the cache. */
bool content_read(const struct documents *d, const struct digest *digest, int *fd, struct error *e) CHECKED;
/* Every content that the place has, in the order of the digests. */
bool content_list(const struct documents *d, content_fn *each, void *arg, struct error *e) CHECKED;

struct upload; /* bytes on their way in */
bool upload_open(const struct house *h, struct upload **out, struct error *e) CHECKED;
bool upload_write(struct upload *u, struct bytes chunk, struct error *e) CHECKED;
/* No more bytes will come: syncs, and tells what they are. The type is E_FILE_TYPE when it is none we take, no bytes at
 * all are E_FILE_EMPTY. Slow: not on an event thread. */
bool upload_finish(struct upload *u, struct digest *digest, int64_t *size, const char **media_type,
                   struct error *e) CHECKED;
/* Gives the finished bytes their name; the same content is kept once. */
bool upload_keep(struct upload *u, struct error *e) CHECKED;
/* Removes what was not kept. NULL is fine. */
void upload_close(struct upload *u);

/* ---- cache.c: a bounded folder of what is far; the longest unread goes first ---- */
struct cache;
bool cache_open(const char *folder, int64_t bytes_max, struct cache **out, struct error *e) CHECKED;
void cache_close(struct cache *c);
/* -1 when it is not there. */
int cache_find(struct cache *c, const struct digest *digest);
/* Takes a whole, checked file of the same file system by its name. What it cannot take is read from afar again. */
void cache_take(struct cache *c, const struct digest *digest, const char *path, int64_t size);

/* ---- media.c: what the bytes are ---- */
/* The media type of a file, by its bytes alone; NULL when it is none of those we take. */
bool media_of(int fd, int64_t size, const char **media_type, struct error *e) CHECKED;
/* Does the Content-Type that a client claims name this type? Parameters are ignored; nothing claimed, and
 * application/octet-stream, claim nothing. */
bool media_claim_fits(const char *claimed, const char *media_type);
/* Shown in the browser's own window; anything else is only downloaded. */
bool media_is_inline(const char *media_type);

/* ---- table.c ---- */
bool document_by_code(struct db *db, struct arena *a, const char *verify_code, struct document *out, bool *found,
                      struct error *e) CHECKED;
/* All in a party's vault, newest first, at most max. */
bool document_vault(struct db *db, struct arena *a, int64_t owner, struct document *out, size_t max, size_t *n,
                    struct error *e) CHECKED;
/* May the actor see it? Owner, uploader, or whoever may see the case it came with. */
bool document_may(struct db *db, const struct house *h, const struct actor *who, const struct document *d, bool *may,
                  struct error *e) CHECKED;

/* ---- verify.c: what a stranger may know of an issued paper ---- */
enum genuine { GENUINE_YES, GENUINE_EXPIRED, GENUINE_SUPERSEDED, GENUINE_WITHDRAWN, GENUINE_UNKNOWN, GENUINE__COUNT };
struct verdict {
    enum genuine genuine;
    struct document document; /* only when not unknown */
    const char *title[LANG__COUNT];
    const char *unit[LANG__COUNT]; /* who issued it, or NULL */
    const char *initials;          /* of the person it belongs to, or NULL */
};
/* code as people type it: spaces, dashes and case do not matter, O reads as 0, I and L as 1. */
bool verify(struct db *db, struct arena *a, const struct house *h, const char *code, int64_t now, struct verdict *out,
            struct error *e) CHECKED;
const char *genuine_name(enum genuine g); /* "genuine", "expired", … */
/* Vietnamese first, English below; all of it stands without its one script, which compares a file. In the arena. */
const char *verify_page(struct arena *a, const struct verdict *v);
/* Of a paper that is known. New reference. */
json_t *verify_json_new(const struct verdict *v, enum lang lang);

/* ---- document.c ---- */
bool document_start(struct house *h, struct error *e) CHECKED;
bool document_load(struct house *h, struct error *e) CHECKED;
void document_stop(struct house *h);

/* ---- papers.c ---- */
bool papers_load(struct documents *d, struct error *e) CHECKED;
void papers_free(struct paper_set *s);
/* Listens to "record.changed"; arg is the room. */
bool paper_on_record(struct db *db, const struct event *event, void *arg, struct error *e) CHECKED;
