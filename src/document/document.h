/* Floor 3: documents. Files that can prove something: bytes, kind, owner; kept by content, named only once synced. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"
#include "people/people.h"

struct house;
struct module;

extern const struct module document_module;

enum { DOCUMENT_BYTES_MAX = 200 << 20, VERIFY_CODE_CHARS = 12 };

struct document {
    int64_t id;
    struct digest digest;
    int64_t size;
    struct digest first;    /* of the bytes as issued, before what proves their signatures was added to them; */
    int64_t first_size;     /* 0: nothing was added */
    const char *media_type; /* as found in the bytes, not as claimed */
    const char *kind;       /* kind of paper ("civil-extract"), NULL for a plain upload */
    const char *title;
    int64_t owner;    /* party whose vault holds it; 0: only its uploader sees it */
    int64_t uploader; /* party */
    int64_t case_id;  /* the case it came with or from, 0 if none */
    int64_t made_at;
    int64_t issued_at, valid_until; /* INSTANT_NONE when not an issued paper */
    const char *verify_code;        /* NULL when not an issued paper */
    const char *status;             /* "uploaded", "valid", "superseded", "withdrawn" */
    int64_t ended_at, successor;    /* of a superseded or withdrawn one; INSTANT_NONE, and 0 when there is none newer */
    const char *stands_for;         /* of a certified copy: the kind of paper whose original was seen; else NULL */
};

/* Stores bytes made here (a rendered paper) as a content-addressed file, synced. Before the write that names it. */
bool document_keep(const struct house *h, struct bytes data, struct digest *digest, struct error *e) CHECKED;
/* Opens the content for reading; the caller closes. */
bool document_open(const struct house *h, const struct digest *digest, int *fd, struct error *e) CHECKED;
/* What a content is called in the place of the files; with it goes a check whether a file is that content. */
enum { DOCUMENT_KEY_MAX = DIGEST_HEX + 1 };
void document_key(const struct digest *digest, char out[static DOCUMENT_KEY_MAX]);
bool document_is_whole(int fd, const struct digest *wanted, int64_t size);
/* Every content that a row names, once, in the order of the digests; *n counts them. */
typedef bool content_fn(const struct digest *digest, int64_t size, void *arg, struct error *e);
bool documents_each(struct db *db, content_fn *each, void *arg, int64_t *n, struct error *e) CHECKED;
/* Inserts the row (id 0: a new one is made). Listeners of "document.added" hear of it: subject is its id, detail d. */
bool document_add(struct db *db, struct document *d, struct error *e) CHECKED;
bool document_find(struct db *db, struct arena *a, int64_t id, struct document *out, bool *found,
                   struct error *e) CHECKED;
/* Binds an upload to the case it is filed with and to its owner's vault. */
bool document_bind(struct db *db, int64_t id, int64_t case_id, int64_t owner, const char *kind, const char *title,
                   struct error *e) CHECKED;
/* Papers of a kind in a party's vault that are valid now, and certified copies of such, newest first. */
bool document_held(struct db *db, struct arena *a, int64_t owner, const char *kind, int64_t now, struct document *out,
                   size_t max, size_t *n, struct error *e) CHECKED;
/* detail of the event "document.ended"; subject is the document. */
struct document_ending {
    int64_t document;
    const char *status; /* "superseded", "withdrawn" */
    int64_t successor;  /* the newer document; 0: none */
    const char *reason; /* for whoever may see the document */
    int64_t actor, at;
};
/* Inside a write: an issued paper that is valid is so no longer, and listeners hear of it in the same commit. *ended
 * false when it was not valid. */
bool document_end(struct db *db, const struct document_ending *ending, bool *ended, struct error *e) CHECKED;
/* {"id", "kind", "title", "media_type", "size", "sha256", "issued_at", "valid_until", "status", "verify_code"}. New
 * reference. */
json_t *document_json_new(const struct document *d);

/* Compares the rows with what the store lists, then reads every content again; *sound false (and the log says which)
 * when one is missing or is not what it was. Hours, for a large city in a far store: how far it came is kept in the
 * data folder, and resume goes on there. */
bool documents_verify(struct db *db, const struct house *h, bool resume, bool *sound, int64_t *checked,
                      struct error *e) CHECKED;

/* Rooms above decide who else may see a document that came with a case. Before the server starts. */
typedef bool document_may_fn(struct db *db, const struct house *h, const struct actor *who, const struct document *d,
                             bool *may, struct error *e);
void document_on_case(struct house *h, document_may_fn *may);
/* Rooms above turn a case id into the code people read. */
typedef bool case_code_fn(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e);
void document_case_code(struct house *h, case_code_fn *code);

struct expr;
/* ---- printed forms: a layout from the pack, values from a case ---- */
struct paper; /* a compiled layout */
/* NULL when the pack has no paper of that name. */
const struct paper *paper_find(const struct house *h, const char *name);
/* In the order of their names; NULL at the end. */
const struct paper *paper_at(const struct house *h, size_t i);
const char *paper_name(const struct paper *p);
const char *paper_title(const struct paper *p, enum lang lang);
/* When a paper appears by itself: the rooms above act on it, here it is only read. */
enum slip_of { SLIP_OF_CASE, SLIP_OF_UNIT };
struct slip {
    const char *form;   /* its number among the standard forms, "01"; or NULL */
    const char *series; /* printed behind its own number, "TNHS" */
    enum slip_of of;
    size_t n_on;
    const char **on;   /* the actions after which it appears */
    struct expr *when; /* and when this is true; NULL: always */
    bool office;       /* not the applicant's */
    bool vault;        /* goes to the applicant's vault */
    bool log;          /* tells the way of the dossier: may also be drawn at any time, as it stands */
};
/* NULL: it appears only as somebody's result. */
const struct slip *paper_slip(const struct paper *p);
/* Renders to PDF/A-1b (fonts embedded and subset). scope: names the layout's expressions use
 * (form, case, entry, unit, today, issued, verify). Takes milliseconds: never inside a write. Any thread. */
struct expr_scope;
bool paper_render(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                  struct error *e) CHECKED;
/* The same, telling where it is to be signed: the room between the signatory's title and name. */
struct paper_place {
    int page;                   /* from 1; 0: the paper has no signature block */
    double x, y, width, height; /* points, from the page's lower left corner */
};
bool paper_print(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                 struct paper_place *place, struct error *e) CHECKED;

/* ---- signatures ---- */
/* What is signed, and by whom. The officer signs first, then the unit; each addition leaves the bytes before it. */
struct signing {
    struct bytes pdf;
    const struct unit *unit;
    int64_t officer; /* party; 0: only the unit signs */
    const char *officer_name;
    struct paper_place place; /* of the officer's mark; page 0: signed without a mark */
    const char *copy;         /* "SAO Y": of a scanned paper, with the unit's mark on page 1, top right; else NULL */
};
/* Signs (PAdES: B-B; B-T when the house has a timestamp authority; B-LT when its own
 * authority knows what was revoked; of others that is added later). All or nothing. Slow (tokens, the network): never
 * inside a write. In the arena. */
bool document_sign(const struct house *h, const struct signing *s, struct arena *a, struct bytes *out,
                   struct error *e) CHECKED;

/* A certified copy before it is signed: the pages of an upload (PDF, JPEG, PNG) and behind them the words that attest
 * them, a paper that was printed here; place, of its signature block, is moved on by those pages. E_SCAN_UNFIT when the
 * upload cannot be copied. Slow, like signing. In the arena. */
bool document_bind_scan(const struct house *h, const struct document *scan, struct arena *a, struct bytes *words,
                        struct paper_place *place, struct error *e) CHECKED;

/* Signs bytes that are no PDF, as the unit. Strings and bytes in the arena. Slow, like document_sign(). */
struct attestation {
    const char *algorithm;   /* "ES256" (P-256) or "RS256" */
    const char *signature;   /* base64; of ES256 r and s, 32 bytes each, as browsers take it */
    const char *public_key;  /* base64 of its SubjectPublicKeyInfo */
    const char *certificate; /* PEM */
};
bool document_attest(const struct house *h, const struct unit *unit, struct bytes data, struct arena *a,
                     struct attestation *out, struct error *e) CHECKED;

/* ---- keys: for the command line ---- */
struct key_holder {
    const struct unit *unit; /* the unit itself, or that of the officer */
    int64_t officer;         /* party; 0: the unit */
    const char *officer_name;
};
struct key_source {
    const char *token; /* pkcs11: URI of the private key; or */
    const char *key;   /* a PEM file with it; both NULL: a new key, made here */
    const char
        *certificates; /* a PEM file: the holder's, then its issuers; NULL: the house's own authority gives one */
};
/* Takes a key in the holder's name, in place of one that is there. */
bool key_enrol(const struct house *h, const struct key_holder *who, const struct key_source *from,
               struct error *e) CHECKED;
struct key_facts {
    const char *name, *subject, *issuer, *serial, *place; /* place: "file" or "pkcs11" */
    int64_t from, until;
    bool revoked;
};
/* Of every key, in the order of the names. */
bool keys_each(const struct house *h, bool (*each)(const struct key_facts *k, void *arg, struct error *e), void *arg,
               struct error *e) CHECKED;
/* By the house's own authority. */
bool key_revoke(const struct house *h, const char *name, struct error *e) CHECKED;
/* The certificates that are trusted here, as PEM. In the arena. */
bool keys_trusted(const struct house *h, struct arena *a, struct bytes *pem, struct error *e) CHECKED;

/* ---- tables for spreadsheets, written row by row in memory that does not grow (sheet.c) ---- */
enum sheet_kind { SHEET_CSV, SHEET_XLSX };
struct sheet;
/* In a file without a name in that folder. */
bool sheet_open(enum sheet_kind kind, const char *folder, struct sheet **out, struct error *e) CHECKED;
/* The next cell of the row; NULL and INSTANT_NONE leave it empty. */
void sheet_text(struct sheet *s, const char *text);
void sheet_instant(struct sheet *s, int64_t ms);
bool sheet_row_end(struct sheet *s, struct error *e) CHECKED;
/* Finishes it and hands the file over, at its end; the sheet is gone either way. */
bool sheet_close(struct sheet *s, int *fd, size_t *size, struct error *e) CHECKED;
void sheet_drop(struct sheet *s);
const char *sheet_media_type(enum sheet_kind kind);

/* ---- the worker that opens foreign files: main() becomes it when it is called by this name ---- */
#define DOCUMENT_WORKER "inspect-worker"
int document_worker(void);
#define DOCUMENT_BINDER "bind-worker"
int document_binder(void);
