/* Floor 3: exchange. A reliable conversation with a foreign system: what is handed over to it is a row, written in the
 * commit of what causes it, sent by a job with a lease, tried again with longer and longer pauses, and seen by whoever
 * is concerned until it is done. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"

struct house;
struct module;

extern const struct module exchange_module;

enum handover_state {
    HANDOVER_WAITING, /* not tried yet */
    HANDOVER_FAILED,  /* the last try failed; next_at says when the next one is, or that only a person can go on */
    HANDOVER_SENT,
    HANDOVER_BY_HAND, /* a person has done it by another way */
    HANDOVER__COUNT,
};
struct handover {
    int64_t id, case_id, unit; /* case_id 0: of no case; unit: who takes care of it */
    const char *system, *kind, *case_code;
    enum handover_state state;
    int64_t tries, made_at, changed_at;
    int64_t next_at;              /* INSTANT_NONE: no further try by itself */
    int64_t lease_at;             /* somebody is sending it until then; INSTANT_NONE: nobody */
    const char *problem, *detail; /* the code of an error (errors.def) and what it said; NULL: none */
    const char *reference, *note; /* what the foreign system calls it; what was said of it by hand */
    const json_t *payload;        /* what is sent */
};

/* ---- the systems there are ---- */
struct foreign_system {
    const char *name, *title[LANG__COUNT];
    /* Sends one, on a job thread and outside of any write. It may be called again for what the system has taken already
     * (the reply was lost, the process died): what is sent names the hand-over so that it is taken once. The reference
     * is in the arena. An error of KIND_INVALID is not tried again by itself. */
    bool (*send)(const struct handover *x, struct arena *a, const char **reference, struct error *e);
};
/* In a module's start, before jobs run. The row must outlive the house. */
void exchange_register(struct house *h, const struct foreign_system *system);

/* ---- handing over ---- */
struct handover_new {
    const char *system, *kind; /* kind: the system's own word for what is asked */
    int64_t case_id;
    const char *case_code;
    int64_t unit;
    const json_t *payload;
    int64_t now;
};
/* Inside the write that causes it; it is sent once that is on disk. */
bool handover_add(struct db *db, const struct handover_new *x, int64_t *id, struct error *e) CHECKED;
/* By its id, in the arena. */
bool handover_find(struct db *db, struct arena *a, int64_t id, struct handover *out, bool *found,
                   struct error *e) CHECKED;
/* Told by the event "handover.changed" (subject: its id; detail: struct handover) in the commit of each outcome. */

/* ---- talking to a peer ---- */
struct peer_call {
    const char *url;
    struct bytes body;  /* JSON */
    const char *secret; /* signs it; NULL: unsigned */
};
/* POSTs and reads a JSON object back; *out is held by the arena. Whatever the peer does, it costs seconds and a few
 * kilobytes: E_PEER_AWAY, E_PEER_FAILED, E_PEER_UNCLEAR; E_PEER_REFUSED (4xx) will not mend by itself. */
bool peer_post(const struct peer_call *call, struct arena *a, const json_t **out, struct error *e) CHECKED;
/* Both ways of a conversation are signed alike: HMAC-SHA-256 over "<seconds since 1970>.<body>", in hex, in the headers
 * X-Timestamp and X-Signature. */
enum { PEER_SIGNATURE_HEX = 65, PEER_CLOCK_S = 300 };
void peer_sign(const char *secret, const char *timestamp, struct bytes body, char out[static PEER_SIGNATURE_HEX]);
/* E_PEER_SIGNATURE when anything is wrong: no secret (NULL), another one, a time more than PEER_CLOCK_S away. */
bool peer_check(const char *secret, const char *timestamp, const char *signature, struct bytes body, int64_t now,
                struct error *e) CHECKED;
