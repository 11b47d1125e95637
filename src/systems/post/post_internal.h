#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "casework/casework.h"
#include "db/db.h"
#include "exchange/exchange.h"
#include "module.h"
#include "people/people.h"
#include "systems/post/post.h"

#define POST_SYSTEM "post"
enum { POST_NUMBER_MAX = 40, POST_NOTE_MAX = 300 };

extern const struct migration post_migrations[];

/* ---- the carrier: where it is and what it shares with us (order.c) ---- */
struct carrier {
    const char *url;      /* where orders are posted; NULL: there is no carrier */
    const char *customer; /* what it calls us */
    const char *secret;   /* signs both ways */
};
/* From MOTCUA_POST_URL, MOTCUA_POST_CUSTOMER, MOTCUA_POST_SECRET; all of them or none. */
void carrier_read(void);
const struct carrier *carrier_of_city(void);
extern const struct foreign_system post_system;

/* ---- parcels ---- */
enum shipment_state {
    SHIPMENT_TO_ORDER, /* the carrier has not taken the order yet */
    SHIPMENT_ORDERED,
    SHIPMENT_PICKED_UP,
    SHIPMENT_IN_TRANSIT,
    SHIPMENT_LOST, /* it may yet turn up */
    SHIPMENT_RETURNED,
    SHIPMENT_DELIVERED,
    SHIPMENT__COUNT,
};
const char *shipment_state_name(enum shipment_state s);
const char *shipment_state_title(enum shipment_state s, enum lang lang);
bool shipment_state_parse(const char *name, enum shipment_state *out) CHECKED;
/* What is told late is not believed: a parcel goes from a lower rank to a higher one only. */
bool shipment_follows(enum shipment_state next, enum shipment_state now);

struct receiver {
    const char *name, *phone, *address;
    const char *place;               /* commune code, when known */
    const char *province, *district; /* as the carrier knows them; NULL: from the place */
};
struct shipment {
    int64_t id, case_id, unit, applicant;
    int64_t handover; /* the order; 0: taken to the post by hand */
    const char *case_code, *number;
    enum shipment_state state;
    int64_t cod; /* đồng that the carrier collects */
    struct receiver receiver;
    int64_t by, made_at, changed_at;
};
/* A case's newest; strings in the arena. */
bool shipment_of_case(struct db *db, struct arena *a, int64_t case_id, struct shipment *out, bool *found,
                      struct error *e) CHECKED;
bool shipment_find(struct db *db, struct arena *a, int64_t id, struct shipment *out, bool *found,
                   struct error *e) CHECKED;

struct shipment_event {
    int64_t at;
    enum shipment_state state;
    const char *source, *note; /* source: as struct telling's; note: NULL when nothing was said */
};
/* What was told of a parcel, oldest first; each event is of a higher rank than the one before, so that no state comes
 * twice. Strings in the arena. */
bool shipment_events(struct db *db, struct arena *a, int64_t shipment,
                     struct shipment_event out[static SHIPMENT__COUNT], size_t *n, struct error *e) CHECKED;

struct posting {
    struct arena *arena;
    struct house *house;
    struct case_glimpse of;
    struct receiver receiver;
    const char *number; /* given by the post at its own counter; NULL: the carrier is told */
    int64_t by, now;
    int64_t id; /* out */
};
/* A write; arg is a struct posting. E_SHIPMENT_UNFIT when the case has a parcel under way or waits for none. */
write_fn shipment_post;

struct telling {
    struct house *house;
    int64_t id;
    enum shipment_state state;
    const char *number, *note; /* NULL: nothing new */
    const char *source;        /* carrier, officer, system */
    int64_t now;
    bool applied; /* out */
};
/* A write; arg is a struct telling. What comes late or again changes nothing (applied false); what was delivered ends
 * the case. E_NOT_FOUND when there is no such parcel. */
write_fn shipment_tell;
/* Listens to "handover.changed"; arg is the house. */
listener_fn post_on_handover;

/* The order in the carrier's words. New reference. */
json_t *order_new(const struct posting *x, int64_t id, int64_t cod);

/* ---- who is told (told.c); inside the write ---- */
bool tell_owner(struct db *db, struct house *h, struct arena *a, const struct shipment *s, int64_t now,
                struct error *e) CHECKED;
bool tell_officers(struct db *db, struct house *h, struct arena *a, const struct shipment *s, bool order_failed,
                   int64_t now, struct error *e) CHECKED;
