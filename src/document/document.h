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
};

/* Stores bytes made here (a rendered paper) as a content-addressed file, synced. Before the write that names it. */
bool document_keep(const struct house *h, struct bytes data, struct digest *digest, struct error *e) CHECKED;
/* Opens the content for reading; the caller closes. */
bool document_open(const struct house *h, const struct digest *digest, int *fd, struct error *e) CHECKED;
/* Inserts the row (id 0: a new one is made). */
bool document_add(struct db *db, struct document *d, struct error *e) CHECKED;
bool document_find(struct db *db, struct arena *a, int64_t id, struct document *out, bool *found,
                   struct error *e) CHECKED;
/* Binds an upload to the case it is filed with and to its owner's vault. */
bool document_bind(struct db *db, int64_t id, int64_t case_id, int64_t owner, const char *kind, const char *title,
                   struct error *e) CHECKED;
/* Papers of a kind in a party's vault that are valid now, newest first. */
bool document_held(struct db *db, struct arena *a, int64_t owner, const char *kind, int64_t now, struct document *out,
                   size_t max, size_t *n, struct error *e) CHECKED;
/* {"id", "kind", "title", "media_type", "size", "sha256", "issued_at", "valid_until", "status", "verify_code"}. New
 * reference. */
json_t *document_json_new(const struct document *d);

/* Reads every content again; *sound false (and the log says which) when one is missing or is not what it was. */
bool documents_verify(struct db *db, const struct house *h, bool *sound, int64_t *checked, struct error *e) CHECKED;

/* Rooms above decide who else may see a document that came with a case. Before the server starts. */
typedef bool document_may_fn(struct db *db, const struct house *h, const struct actor *who, const struct document *d,
                             bool *may, struct error *e);
void document_on_case(struct house *h, document_may_fn *may);
/* Rooms above turn a case id into the code people read. */
typedef bool case_code_fn(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e);
void document_case_code(struct house *h, case_code_fn *code);

/* ---- printed forms: a layout from the pack, values from a case ---- */
struct paper; /* a compiled layout */
/* NULL when the pack has no paper of that name. */
const struct paper *paper_find(const struct house *h, const char *name);
const char *paper_title(const struct paper *p, enum lang lang);
/* Renders to PDF (pango/cairo, fonts embedded and subset). scope: names the layout's expressions use
 * (form, case, entry, unit, today, issued, verify). Takes milliseconds: never inside a write. Any thread. */
struct expr_scope;
bool paper_render(const struct paper *p, const struct expr_scope *scope, struct arena *a, struct bytes *pdf,
                  struct error *e) CHECKED;
