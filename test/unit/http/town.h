/* A small town to test the edge with: one room with a row of every kind, a gate with one key, and a raw client. */
#pragma once

#include "suite.h"

#include "http/http_internal.h"

extern const struct module town_module;
extern const struct gate town_gate;

struct town {
    struct house house;
    struct http_server *server;
    int port;
};
void town_open(struct town *t, const struct http_options *options);
void town_close(struct town *t, int grace_ms);

/* What the rows of the town wait on and count. */
struct blocker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int inside, dropped;
    bool open;
    size_t stored;
};
extern struct blocker blocker;
void blocker_wait_inside(int n);
void blocker_open(void);
void wait_dropped(int n);

/* ---- a raw client ---- */
struct answer {
    int status; /* 0: the connection ended without one */
    char head[8192], body[65536];
    size_t len;
    bool closed; /* by the server, after it */
};
int dial(int port);
void say(int fd, const char *text);
void say_bytes(int fd, const char *data, size_t len);
/* Reads one answer; head_only for HEAD. */
void hear(int fd, bool head_only, struct answer *out);
bool is_closed(int fd);
/* The value of a header of the answer, or NULL. Static storage. */
const char *header_of(const struct answer *a, const char *name);
/* dial, say, hear, hang up. */
void ask(int port, const char *text, struct answer *out);
