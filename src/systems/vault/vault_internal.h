/* What the files of the vault share. */
#pragma once

#include "document/document.h"
#include "module.h"
#include "people/people.h"
#include "systems/vault/merkle.h"
#include "systems/vault/vault.h"

extern const struct migration vault_migrations[];

/* ---- log.c: a leaf an access ---- */
/* Listens to "audit.added"; arg is the house. */
bool log_on_audit(struct db *db, const struct event *event, void *arg, struct error *e) CHECKED;
/* Rows of the audit that are older than the log get their leaves. */
bool log_start(struct house *h, struct error *e) CHECKED;
/* The stored nodes as a tree. */
struct merkle log_tree(struct db *db);
bool log_size(struct db *db, int64_t *size, struct error *e) CHECKED;

struct leaf {
    int64_t index;
    const char *text; /* canonical JSON: what was hashed */
};
/* About one party, the newest first, before that index. */
bool log_about(struct db *db, struct arena *a, const char *number, int64_t before, size_t max, struct leaf *out,
               size_t *n, struct error *e) CHECKED;
/* *found false also when it is about somebody else. */
bool log_leaf(struct db *db, struct arena *a, const char *number, int64_t index, struct leaf *out, bool *found,
              struct error *e) CHECKED;

/* ---- root.c: what is published ---- */
struct root {
    int64_t size, at;
    const char *text;                               /* what was signed: lines of purpose, city, size, root, time */
    const char *hash;                               /* hex */
    const char *algorithm, *signature, *public_key; /* ES256 or RS256; base64: as WebCrypto takes them, SPKI */
    const char *certificate;                        /* PEM */
};
void roots_define(struct house *h);
/* Inside a write that made leaves: today's root is asked for, unless there is one. */
bool root_ask(struct db *db, int64_t now, struct error *e) CHECKED;
/* Signs the log as it is now and publishes it; one that was published already is given again. Slow: a key is used. */
bool root_publish(struct house *h, struct arena *a, int64_t now, struct root *out, struct error *e) CHECKED;
/* The newest first, before that size. */
bool roots_list(struct db *db, struct arena *a, int64_t before, size_t max, struct root *out, size_t *n,
                struct error *e) CHECKED;
/* Of that size. */
bool root_find(struct db *db, struct arena *a, int64_t size, struct root *out, bool *found, struct error *e) CHECKED;

/* ---- share.c: one paper, by a link, for a time ---- */
enum { SHARE_TOKEN_CHARS = 32, SHARE_COUNT_MAX = 100, SHARE_DAYS_MAX = 90 };
struct share {
    int64_t id, document, owner, maker, made_at, until, ended_at; /* ended_at INSTANT_NONE: it was not revoked */
    int64_t most, used;
    const char *purpose; /* for whom and what, in the owner's words */
    const char *title;   /* of the document */
    const char *status;  /* of the document */
};
enum share_state { SHARE_OPEN, SHARE_REVOKED, SHARE_OVER, SHARE_USED_UP, SHARE_PAPER_ENDED, SHARE__COUNT };
enum share_state share_state(const struct share *s, int64_t now);
const char *share_state_name(enum share_state s);
/* Makes it and writes it down in the owner's log; token is told once and kept nowhere. */
bool share_make(struct house *h, struct share *s, const char *owner_number, const char *address,
                char token[static SHARE_TOKEN_CHARS + 1], struct error *e) CHECKED;
bool shares_list(struct db *db, struct arena *a, int64_t owner, int64_t before, size_t max, struct share *out,
                 size_t *n, struct error *e) CHECKED;
/* E_NOT_FOUND when the owner has none of that id. */
bool share_revoke(struct house *h, int64_t owner, int64_t id, int64_t now, struct error *e) CHECKED;
bool share_find(struct db *db, struct arena *a, const char *token, struct share *out, struct document *document,
                bool *found, struct error *e) CHECKED;
/* Counts one opening, in the same commit as the owner's log; E_SHARE_ENDED when it is open no more. */
bool share_open(struct house *h, const struct share *s, const char *address, int64_t now, struct error *e) CHECKED;
