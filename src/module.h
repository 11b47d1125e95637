/* What a room declares of itself, and the frozen struct that ties the rooms of a running program together. */
#pragma once

#include <stdbool.h>

struct error;
struct feed;
struct http_server;
struct job_kind;
struct listener;
struct migration;
struct pack_kind;
struct route;
struct shapes;
struct store;
struct house;

struct module {
    const char *name;
    const struct migration *migrations; /* ended by number 0 */
    const struct route *routes;         /* ended by a NULL method */
    const struct shapes *shapes;        /* reply shapes of its routes; may be NULL */
    const struct pack_kind *pack;       /* kinds of definition it understands (registry.h); ended by a NULL folder */
    /* In the order of the list: listen, register job kinds, load definitions into memory. */
    bool (*start)(struct house *house, struct error *e);
    /* Reads its definitions anew, because another node has changed them; on one thread, while requests go on with what
     * they hold. Called in the order of the list; may be NULL. */
    bool (*load)(struct house *house, struct error *e);
    void (*stop)(struct house *house); /* in the reverse order; also after a failed start */
};

enum room { ROOM_PEOPLE, ROOM_REGISTRY, ROOM_DOCUMENT, ROOM_CASEWORK, ROOM_NOTICE, ROOM_EXCHANGE, ROOM__COUNT };

/* Made by main, frozen once every module has started. */
struct house {
    const char *data_dir;  /* files, and SQLite's database */
    const char *db_url;    /* a database elsewhere; NULL: DIR/motcua.db */
    const char *files;     /* where documents are kept: a place of objects.h; NULL: the data folder's own "files" */
    const char *origin;    /* the public address ("https://…"), for what is printed; NULL when none is set */
    const char *timestamp; /* address of the timestamp authority (RFC 3161); NULL when there is none */
    struct store *store;
    struct feed *feed;
    const struct module *const *modules; /* ended by NULL */
    void *_Atomic room[ROOM__COUNT];     /* each room's own state, read through its header only */
};
