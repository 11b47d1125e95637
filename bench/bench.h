/* The bench: drives a release server over HTTP on a fresh folder, beside yardsticks measured in the same run.
 *
 * Everything runs on one machine that others may be using, so a figure alone says little: each round measures the
 * server and its yardstick one right after the other, and what is kept is the median of the rounds' ratios. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/base.h"

/* ---- load.c: many keep-alive connections on one thread ---- */
struct load {
    int port, connections;
    int64_t for_ms; /* no new request after it; 0: until make() has no more */
    /* Appends this connection's next request; false: it has no more. */
    bool (*make)(void *arg, int connection, struct buf *out);
    /* Takes a reply; false: it was not what was wanted. NULL: 200 is. */
    bool (*take)(void *arg, int connection, int status, struct bytes body);
    void *arg;
};
struct measured {
    int64_t requests, refused, body_bytes;
    double seconds, p50_ms, p99_ms;
    char refusal[240]; /* the first reply that was not wanted */
};
bool load_run(const struct load *load, struct measured *out, struct error *e) CHECKED;

/* ---- process.c: the programs under test ---- */
struct process {
    pid_t pid;
    int port;
};
int port_free(void);
/* Output goes to a file; ready is a path that answers 200 once the program serves. *first_ms: from exec to that. */
bool process_start(const char *const argv[], const char *output, int port, const char *ready, struct process *out,
                   double *first_ms, struct error *e) CHECKED;
/* Runs a program to its end. */
bool process_run(const char *const argv[], const char *output, struct error *e) CHECKED;
void process_stop(struct process *p);
double process_cpu_s(const struct process *p); /* with its children */
double process_rss_mb(const struct process *p);
/* Processor time since the machine's start that was spent on anything but this program and what it ran to its end. */
double others_cpu_s(void);

/* ---- yard.c: what the machine gives without us ---- */
/* nginx with two workers and one static file of this size at every path. */
bool nginx_start(const char *folder, size_t size, struct process *out, struct error *e) CHECKED;
/* How often a second 4 KB can be written and synced in this folder. */
bool disk_syncs(const char *folder, int64_t for_ms, double *per_s, struct error *e) CHECKED;

/* The server's own rows, inserted by one thread in batches of 256 with nothing else to do: same tables and indexes,
 * a case, its first event, its search text; WAL, synchronous=FULL. */
struct bare;
/* Takes the tables and up to 1,024 of the newest rows from the server's database. */
bool bare_open(const char *server_db, const char *path, struct bare **out, struct error *e) CHECKED;
bool bare_insert(struct bare *b, int64_t rows, double *seconds, struct error *e) CHECKED;
int64_t bare_rows(const struct bare *b);
void bare_close(struct bare *b);

/* ---- pg.c: pgbench with the server's own statements ---- */
/* Takes the statements of a filing and of a look at a case from the database server's log. */
bool pg_capture(const char *db, const char *folder, const char *data, int port, struct error *e) CHECKED;
/* what: "file" or "read". */
bool pg_rate(const char *db, const char *folder, const char *what, int clients, int64_t for_ms, double *per_s,
             struct error *e) CHECKED;

/* ---- city.c: the people who call, and what they ask ---- */
enum {
    CITIZENS = 64,
    WARDS = 8,
    FRONTS = 200,
    KEPT = 512,       /* read again and again */
    STRANGERS = 8192, /* read one after the other: more than twice what the server keeps replies of */
};
struct caller {
    char user[72], password[72], unit[40], token[80];
    char *form; /* citizens: the filled form of the extract */
};
struct kept { /* a case that was filed: who may read it */
    char code[64];
    int citizen, ward; /* ward: -1 when its officers are not among ours */
    size_t unit;
};
struct city {
    int port;
    struct arena *arena;
    struct caller citizens[CITIZENS], desks[WARDS], specialists[WARDS], signatories[WARDS];
    struct caller fronts[FRONTS]; /* a one-stop officer of every unit that has one, signed in by city_enter_fronts() */
    int n_fronts;
    const char **units; /* every ward that takes the service */
    const struct caller **front_of;
    size_t n_units;
    int64_t filed;
    struct kept sample[STRANGERS], office[KEPT]; /* of all that were filed; of those at our wards */
    int64_t seen, seen_office, stranger;
    uint64_t random;
};
/* Reads demo-accounts.json, signs everybody in and fetches the citizens' forms. */
bool city_enter(struct city *c, const char *data, int port, struct error *e) CHECKED;
/* Signs in an officer of every unit. */
bool city_enter_fronts(struct city *c, struct error *e) CHECKED;
/* Files this many cases over so many connections. */
bool city_file(struct city *c, int connections, int64_t cases, struct measured *out, struct error *e) CHECKED;

/* What is read. Each makes one request after another for as long as it is asked. */
enum reading { READ_OWN, READ_DESK, READ_OWN_FIRST, READ_DESK_FIRST, READ_INBOX, READ_SERVICES, READ__COUNT };
/* port: the server's, or that of a yardstick which is asked the very same. */
bool city_read(struct city *c, enum reading what, int port, int connections, int64_t for_ms, struct measured *out,
               struct error *e) CHECKED;
/* File, receive, hand over, submit for signature, approve, deliver; each by whom it falls to. requests become whole
 * lives; the latencies are those of one step. */
bool city_live(struct city *c, int clients, int64_t for_ms, struct measured *out, struct error *e) CHECKED;

/* ---- lists.c: what officers list ---- */
const char *list_name(size_t which); /* NULL: there are no more */
bool list_read(struct city *c, size_t which, int64_t for_ms, struct measured *out, struct error *e) CHECKED;
