/* Floor 2: parties, units, accounts, sessions, rights, audit. Who may do what; who did what. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"

struct gate;
struct house;
struct module;
struct request;

extern const struct module people_module;
/* The server's gate: bearer token or cookie "motcua_session" to actor, actor to right. */
extern const struct gate people_gate;

/* ---- roles and rights ---- */
enum role {
    ROLE_CITIZEN,
    ROLE_HELPER,
    ROLE_ONE_STOP,
    ROLE_SPECIALIST,
    ROLE_UNIT_HEAD,
    ROLE_SIGNATORY,
    ROLE_CLERK,
    ROLE_CASHIER,
    ROLE_ARCHIVIST,
    ROLE_STEWARD,
    ROLE_SUPERVISOR,
    ROLE_AUDITOR,
    ROLE_ADMIN,
    ROLE__COUNT,
};
/* "one-stop"; titles in both languages. */
const char *role_name(enum role role);
const char *role_title(enum role role, enum lang lang);
bool role_parse(const char *name, enum role *out) CHECKED;

/* Numbers continue http.h's RIGHT_PUBLIC. The table role × right is rights.c's; `motcua rights` prints it. */
enum right {
    RIGHT_SIGNED_IN = 2,  /* any account: own profile, notices, live events */
    RIGHT_CASE_SUBMIT,    /* apply, for oneself or (helper, one-stop) for another */
    RIGHT_CASE_READ,      /* lists and cases; which ones is decided per case */
    RIGHT_CASE_ACT,       /* actions; which ones is decided per case */
    RIGHT_DOCUMENT_WRITE, /* upload */
    RIGHT_DOCUMENT_READ,  /* which ones is decided per document */
    RIGHT_VAULT,          /* the caller's own vault and access log */
    RIGHT_REGISTRY_READ,  /* which fields is decided by the registry's sharing rules */
    RIGHT_REGISTRY_WRITE, /* stewards of the owner unit */
    RIGHT_JOB_READ,       /* own jobs; admin all */
    RIGHT_AUDIT_READ,
    RIGHT_ADMIN,
    RIGHT_AUTHORISE,    /* give, accept and end authorisations */
    RIGHT_ORGANISATION, /* register an organisation and its legal representative */
    RIGHT_DELEGATE,     /* name a substitute while away, end it */
    RIGHT__COUNT,
};
const char *right_name(int right);
bool role_may(enum role role, int right);
/* Officers who handle dossiers, from the one-stop to the archive: what they may do can be lent. */
bool role_does_casework(enum role role);
/* Those who read what units below theirs do, and act nowhere. */
bool role_oversees(enum role role);

/* ---- units: few and hot, so kept in memory; loaded at start and after every change of registry "unit" ---- */
struct unit {
    int64_t id;
    const char *code; /* "H29.1.26740" */
    const char *name[LANG__COUNT];
    const char *kind;     /* city, department, ward, commune, special-zone, district */
    const char *place;    /* the commune's five-digit code, or NULL */
    int64_t parent;       /* 0 for the city */
    struct date from, to; /* to.year 0: in force */
    const char *offers;   /* names services refer to in `units:` ("ward", "justice"), a space between; or NULL */
    const char *phone, *address;
    const char *successors; /* codes of those that took over from it, the main one first, a space between; or NULL */
};
/* NULL when there is none. The unit lives as long as the program. */
const struct unit *unit_by_code(const struct house *h, const char *code);
const struct unit *unit_by_id(const struct house *h, int64_t id);
/* The commune-level unit of a five-digit code. */
const struct unit *unit_by_place(const struct house *h, const char *place);
/* In the order of their codes; NULL at the end. */
const struct unit *unit_at(const struct house *h, size_t i);
/* True when unit is at or below ancestor. */
bool unit_is_within(const struct house *h, int64_t unit, int64_t ancestor);
bool unit_is_in_force(const struct unit *u, struct date on);
/* True once its last day is over. */
bool unit_has_ended(const struct unit *u, struct date on);
/* Who answers on that day for what one did that ended: its successors, or theirs, that are in force; the main one
 * first, none twice, at most max. Returns how many. */
size_t unit_successors(const struct house *h, const struct unit *ended, struct date on, const struct unit **out,
                       size_t max);
/* True when unit is one of them. */
bool unit_succeeds(const struct house *h, int64_t unit, const struct unit *ended, struct date on);
/* Whether unit stands where of stood: it is the same, or one of its successors, for what is over too. */
bool unit_stands_for(const struct house *h, int64_t unit, const struct unit *of, int64_t now);
/* Whether the role is theirs, not borrowed. */
bool holds_role(struct db *db, int64_t party, enum role role, int64_t unit, bool *yes, struct error *e) CHECKED;
/* Whoever works in a unit that ended works in another from now on: its roles and what is lent of them. Inside a write;
 * *moved counts the roles. */
bool unit_roles_move(struct db *db, int64_t from, int64_t to, int64_t now, int64_t *moved, struct error *e) CHECKED;
/* True when name is one of the unit's `offers`. */
bool unit_offers(const struct unit *u, const char *name);
/* Casework says which units take a service, for GET /api/v1/units?service=. Before the server starts. */
void people_on_service_units(struct house *h,
                             bool (*takes)(const struct house *h, const char *service_code, const struct unit *unit));
/* {"code", "name"}. New reference. */
json_t *unit_brief_new(const struct unit *u, enum lang lang);
/* The same, written straight. */
void unit_write(struct json_out *o, const struct unit *u, enum lang lang);
/* Puts one unit (a definition of the pack) into the table inside a write; the memory follows on commit. */
bool unit_put(struct db *db, const struct house *h, const json_t *definition, struct error *e) CHECKED;
/* Reads the table into memory; at start, and after unit_put() committed. */
bool units_load(struct house *h, struct error *e) CHECKED;

/* ---- parties ---- */
enum party_kind { PARTY_CITIZEN, PARTY_ORGANISATION, PARTY_OFFICER, PARTY__COUNT };
struct party {
    int64_t id;
    enum party_kind kind;
    const char *name;
    const char *number; /* personal number or tax code; NULL for officers */
    const char *phone, *email, *address;
    const char *place; /* commune code of residence, or NULL */
};
/* Strings live in the arena. */
bool party_find(struct db *db, struct arena *a, int64_t id, struct party *out, bool *found, struct error *e) CHECKED;
bool party_by_number(struct db *db, struct arena *a, const char *number, struct party *out, bool *found,
                     struct error *e) CHECKED;
/* Inserts (id 0: a new one is made) or updates. */
bool party_put(struct db *db, struct party *p, struct error *e) CHECKED;
/* The wire shape; without personal, number, phone, email and address are null. New reference. */
json_t *party_json_new(const struct party *p, bool personal);
/* The same, written straight; NULL writes null. */
void party_write(struct json_out *o, const struct party *p, bool personal);

/* ---- accounts ---- */
struct account_new {
    const char *user;
    const char *password_hash; /* from password_hash() */
    int64_t party;
    bool demo;        /* of a made-up city: its password is public and no rule of ageing holds */
    bool must_change; /* set by another one than its owner */
};
enum { PASSWORD_HASH_MAX = 128 };
/* argon2id; takes tens of milliseconds: never inside a write. */
bool password_hash(const char *password, char out[static PASSWORD_HASH_MAX], struct error *e) CHECKED;
bool account_add(struct db *db, const struct account_new *account, int64_t *id, struct error *e) CHECKED;
/* The account of a user name; *found tells. */
bool account_find(struct db *db, const char *user, int64_t *id, bool *found, struct error *e) CHECKED;
/* Whose account that is. Strings live in the arena. */
bool account_party(struct db *db, struct arena *a, const char *user, struct party *out, bool *found,
                   struct error *e) CHECKED;
/* A new password, set by another than its owner, who changes it at the next sign-in. It also forgets failed tries and
 * ends the account's sessions. E_NOT_FOUND when there is no such user. */
bool account_password(struct db *db, const char *user, const char *password_hash, struct error *e) CHECKED;
/* unit 0 for citizens and helpers. */
bool role_grant(struct db *db, int64_t account, enum role role, int64_t unit, struct error *e) CHECKED;
/* Officers who hold a role in a unit or stand in for one who does, at most max; ids and names in the arena. */
struct member {
    int64_t party;
    const char *name;
};
bool unit_members(struct db *db, struct arena *a, int64_t unit, enum role role, struct member *out, size_t max,
                  size_t *n, struct error *e) CHECKED;

/* The city's rules of accounts (definition accounts.yaml), inside a write; the memory follows on commit. */
bool account_rules_put(struct db *db, const struct house *h, const json_t *definition, struct error *e) CHECKED;
/* The room without its background work, for who only reads: units and rules. Stop it like the whole. */
bool people_start_reading(struct house *h, struct error *e) CHECKED;
/* True in a made-up city, where accounts marked so keep their published passwords. */
bool people_is_demo(const struct house *h);
/* The rest of `motcua user`: list, disable, enable, unlock, reset-otp, review. E_USAGE for another act. */
bool account_command(struct house *h, const char *act, const char *user, const char *reason, struct error *e) CHECKED;
/* E_PASSWORD_WEAK when the city's rules for officers ask for more. */
bool password_is_strong(const struct house *h, const char *user, const char *password, struct error *e) CHECKED;

/* ---- guessing at what is no password (the PIN of a dossier), counted as wrong passwords are ---- */
struct guess {
    const char *what, *address;
    int64_t now;
    int64_t failures, last; /* of guess_allowed() for guess_right() */
};
/* Whether one more try may be made from there now; else E_TOO_MANY with retry_after in seconds. It counts as a wrong
 * one until guess_right() says otherwise. Not inside a write. */
bool guess_allowed(const struct house *h, struct guess *g, struct error *e) CHECKED;
void guess_right(const struct house *h, const struct guess *g);

/* ---- the caller ---- */
struct role_at {
    enum role role;
    int64_t unit;      /* 0: everywhere */
    int64_t on_behalf; /* the party who lent it while away; 0: the actor's own */
};
/* Somebody in whose name the actor may act: an authorisation that was accepted and has not ended. */
struct agency {
    int64_t authorisation, principal;
    const char *number;          /* the principal's */
    const char *service, *field; /* for one service or one field; both NULL: for all */
    int64_t from, until;
    bool legal; /* legal representative of an organisation */
};
struct actor {
    int64_t party, account, session;
    const char *user, *name;
    const char *number;       /* personal number of citizens, NULL for officers */
    const struct party *self; /* as the city knew them a minute ago at most; NULL: not read, look */
    enum party_kind kind;
    uint64_t rights; /* bit per right; next to none while there are duties */
    unsigned duties; /* what the account must do first: see people_internal.h */
    size_t n_roles;
    const struct role_at *roles;
    size_t n_agencies;
    const struct agency *agencies;
};
/* Who calls; NULL for a stranger (only possible on RIGHT_PUBLIC rows). Lives as long as the request. */
const struct actor *request_actor(const struct request *q);
bool actor_may(const struct actor *who, int right);
/* True when the actor holds the role in that unit. */
bool actor_is(const struct actor *who, enum role role, int64_t unit);
/* True when the actor holds any officer's role in that unit. */
bool actor_serves(const struct actor *who, int64_t unit);
/* Whether the actor handles what the unit has: an officer of casework there, or of a successor once it ended. */
bool actor_works_for(const struct house *h, const struct actor *who, const struct unit *u, int64_t now);
/* Whoever may look at all that a unit has: those who handle it, and those who oversee it. */
bool unit_is_open_to(const struct house *h, const struct actor *who, const struct unit *u, int64_t now);

/* The agency under which the actor may act for the principal in a service (of a field) now, or NULL. service and field
 * NULL: only what was given for all. */
const struct agency *actor_agency(const struct actor *who, int64_t principal, const char *service, const char *field,
                                  int64_t now);
/* Whose data is meant: the caller's own (number NULL or theirs), or those of a party whose agent for everything they
 * are; else E_NOT_AUTHORISED. */
bool actor_owner(const struct actor *who, const char *number, int64_t now, int64_t *party, struct error *e) CHECKED;

/* detail of the event "authorisation.changed"; subject is its id. Other rooms tell both sides. */
struct authorisation {
    int64_t id, principal, agent;
    struct party who[2]; /* principal, agent */
    bool legal;
    const char *service, *field;
    int64_t from, until;                    /* until: the instant it is over; INT64_MAX: open */
    int64_t made_at, accepted_at, ended_at; /* 0: not */
};
struct authorising {
    struct authorisation given;
    int64_t actor, now;
    const char *address;
    enum { AUTHORISATION_GIVEN, AUTHORISATION_ACCEPTED, AUTHORISATION_OVER } what;
};

/* detail of the event "delegation.changed": a role of a unit lent while its holder is away. Other rooms tell both. */
struct delegation {
    int64_t id, lender, agent, unit;
    const char *lender_name, *agent_name, *reason;
    enum role role;
    int64_t from, until;       /* until: the instant it is over */
    int64_t made_at, ended_at; /* 0: nobody ended it */
};
struct delegating {
    struct delegation given; /* of several roles the last */
    enum role roles[9];
    size_t n_roles, ids;
    int64_t made[9];
    int64_t actor, now;
    const char *address;
    bool over;
};

/* ---- audit: reads, logins and refusals, hash-chained ---- */
struct audit {
    const char *action; /* "read", "search", "login", "login-failed", "denied", "download" */
    const char *what;   /* "record:person", "case", "document", "session" */
    const char *key;    /* which one */
    const char *about;  /* personal number of the person the data is about, or NULL */
    int64_t actor;      /* party, 0 for a stranger */
    int64_t unit;       /* the actor's unit in this act, 0 if none */
    int64_t case_id;    /* in which case, 0 if none */
    const char *purpose;
    const char *address;
    int64_t at;
};
/* detail of the event "audit.added", in the commit that adds them; seq is the first one's, the others' follow. */
struct audit_added {
    int64_t seq;
    size_t n;
    const struct audit *entries;
};
/* In the same commit as what it records. */
bool audit_add(struct db *db, const struct audit *entry, struct error *e) CHECKED;
/* For reads: copied into a queue that a background write empties within a quarter of a second; at a stop it is emptied
 * first. Waits when the queue is full, so that nothing is dropped while the program runs. */
void audit_later(struct house *h, const struct audit *entry);
/* What is known of reads about a person, newest first. */
struct audit_row {
    int64_t id, at, case_id;
    const char *who, *unit_name, *action, *what, *key, *purpose;
};
bool audit_about(struct db *db, struct arena *a, const struct house *h, const char *number, int64_t before, size_t max,
                 struct audit_row *out, size_t *n, enum lang lang, struct error *e) CHECKED;
/* Recomputes the chain; *sound false (and the log says where) when a link is broken. */
bool audit_verify(struct db *db, bool *sound, int64_t *checked, struct error *e) CHECKED;

/* ---- repeated requests: kept in the same commit as what they created ---- */
/* *ref set when this actor's key was used before for the same request, else NULL; E_IDEMPOTENCY_REUSED for another one.
 * Ask inside the write that creates: of two at once the second then sees what the first made. */
bool request_repeated(struct db *db, int64_t actor, const char *key, const struct digest *fingerprint, struct arena *a,
                      const char **ref, struct error *e) CHECKED;
bool request_keep(struct db *db, int64_t actor, const char *key, const struct digest *fingerprint, const char *ref,
                  int64_t now, struct error *e) CHECKED;
/* A creation that happens once for the caller's key, where one was sent. */
struct once {
    struct arena *arena;
    const char *key; /* Idempotency-Key or NULL */
    struct digest fingerprint;
    int64_t actor, now;
    write_fn *make; /* creates, and sets *made */
    void *arg;
    int64_t *made; /* the id of what this request made, or the first one under its key */
    bool repeated; /* set: nothing was made now */
};
/* Takes key, fingerprint, caller and time from the request. */
struct once once_of(struct request *q, write_fn *make, void *arg, int64_t *made);
/* A write; arg is a struct once. */
write_fn make_once;
