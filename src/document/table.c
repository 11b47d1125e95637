/* The rows of documents, and who may see one. */
#include "document/document_internal.h"

#include <inttypes.h>
#include <string.h>

enum { DOCUMENT_CASES_MAX = 32 }; /* newest cases of one document that may open it */

const struct migration document_migrations[] = {
    {1, "documents",
     "-- A file that can prove something. The bytes lie in DATA/files under their SHA-256; several rows may share "
     "them.\n"
     "CREATE TABLE document (\n"
     "  id          BIGINT PRIMARY KEY,\n"
     "  sha256      BYTEA  NOT NULL,\n"
     "  size        BIGINT NOT NULL,\n"
     "  media_type  TEXT   NOT NULL,       -- as found in the bytes\n"
     "  kind        TEXT,                  -- name of a paper of the pack; NULL for an upload not filed yet\n"
     "  title       TEXT,                  -- of the paper, or the file's name\n"
     "  owner       BIGINT NOT NULL,       -- party whose vault holds it; 0: only its uploader sees it\n"
     "  uploader    BIGINT NOT NULL,\n"
     "  case_id     BIGINT NOT NULL,       -- the case it came with or from, 0 if none\n"
     "  made_at     BIGINT NOT NULL,\n"
     "  issued_at   BIGINT,                -- NULL when not an issued paper\n"
     "  valid_until BIGINT,                -- last instant; NULL: no end\n"
     "  verify_code TEXT UNIQUE,           -- printed on an issued paper\n"
     "  status      TEXT   NOT NULL        -- uploaded, valid, superseded, withdrawn\n"
     ");\n"
     "CREATE INDEX document_vault ON document (owner, id) WHERE owner <> 0;\n"
     "CREATE INDEX document_held ON document (owner, kind, id) WHERE owner <> 0;  -- what need not be asked again\n"
     "-- Every case a document was filed with; whoever may see one of them may see it.\n"
     "CREATE TABLE document_case (\n"
     "  document BIGINT NOT NULL,\n"
     "  case_id  BIGINT NOT NULL,\n"
     "  PRIMARY KEY (document, case_id)\n"
     ");\n"},
    {2, "what signatures prove",
     "-- What was found of an uploaded PDF: by whom it is signed, and whether it is what was signed.\n"
     "CREATE TABLE document_check (\n"
     "  document   BIGINT PRIMARY KEY,\n"
     "  outcome    TEXT   NOT NULL,  -- unsigned, sound, untrusted, expired, revoked, changed, partial, altered, …\n"
     "  report     JSON   NOT NULL,  -- one row a signature\n"
     "  checked_at BIGINT NOT NULL   -- trust changes: a finding is of its day\n"
     ");\n"},
    {3, "certified copies",
     "-- The kind of paper whose original was seen; NULL but for certified copies.\n"
     "ALTER TABLE document ADD COLUMN stands_for TEXT;\n"
     "CREATE INDEX document_stands ON document (owner, stands_for, id) WHERE stands_for IS NOT NULL;\n"},
    {4, "ended papers",
     "ALTER TABLE document ADD COLUMN ended_at BIGINT;     -- when it was superseded or withdrawn\n"
     "ALTER TABLE document ADD COLUMN successor BIGINT;    -- the newer document\n"
     "ALTER TABLE document ADD COLUMN end_reason TEXT;\n"
     "CREATE INDEX document_case_case ON document_case (case_id, document);\n"},
    {5, "papers that are completed",
     "-- The content as it was issued, before what proves its signatures later was added; NULL: nothing was.\n"
     "ALTER TABLE document ADD COLUMN first_sha256 BYTEA;\n"
     "ALTER TABLE document ADD COLUMN first_size BIGINT;\n"},
    {0},
};

/* clang-format off */
#define COLUMNS "id, sha256, size, media_type, kind, title, owner, uploader, case_id, made_at, issued_at, valid_until, verify_code, status, stands_for, ended_at, successor, first_sha256, first_size"
/* clang-format on */

static bool read_row(struct rows *r, struct arena *a, struct document *out, struct error *e)
{
    struct bytes sha256 = rows_blob(r, 1), first = rows_blob(r, 17);

    *out = (struct document){.id = rows_i64(r, 0),
                             .size = rows_i64(r, 2),
                             .media_type = arena_strdup(a, rows_text(r, 3)),
                             .kind = arena_strdup(a, rows_text(r, 4)),
                             .title = arena_strdup(a, rows_text(r, 5)),
                             .owner = rows_i64(r, 6),
                             .uploader = rows_i64(r, 7),
                             .case_id = rows_i64(r, 8),
                             .made_at = rows_i64(r, 9),
                             .issued_at = rows_instant(r, 10),
                             .valid_until = rows_instant(r, 11),
                             .verify_code = arena_strdup(a, rows_text(r, 12)),
                             .status = arena_strdup(a, rows_text(r, 13)),
                             .stands_for = arena_strdup(a, rows_text(r, 14)),
                             .ended_at = rows_instant(r, 15),
                             .successor = rows_i64(r, 16)};
    if (first.len == DIGEST_BYTES) {
        memcpy(out->first.bytes, first.data, DIGEST_BYTES);
        out->first_size = rows_i64(r, 18);
    }
    if (sha256.len != DIGEST_BYTES)
        return fail(e, E_DATABASE, "document %" PRId64 " has no digest", out->id);
    memcpy(out->digest.bytes, sha256.data, DIGEST_BYTES);
    return true;
}

bool document_add(struct db *db, struct document *d, struct error *e)
{
    static const char sql[] =
        "INSERT INTO document (id, sha256, size, media_type, kind, title, owner, uploader, case_id,"
        " made_at, issued_at, valid_until, verify_code, status, stands_for)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

    if (d->id == 0)
        d->id = id_new();
    return db_exec(db, NULL, e, sql,
                   ARGS(I64(d->id), BLOB(((struct bytes){d->digest.bytes, DIGEST_BYTES})), I64(d->size),
                        TEXT(d->media_type), TEXT(d->kind), TEXT(d->title), I64(d->owner), I64(d->uploader),
                        I64(d->case_id), I64(d->made_at), INSTANT(d->issued_at), INSTANT(d->valid_until),
                        TEXT(d->verify_code), TEXT(d->status), TEXT(d->stands_for))) &&
           db_emit(db, "document.added", d->id, d, e);
}

bool document_find(struct db *db, struct arena *a, int64_t id, struct document *out, bool *found, struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM document WHERE id = $1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, found, e, sql, ARGS(I64(id))) && (!*found || read_row(r, a, out, e));
}

bool document_by_code(struct db *db, struct arena *a, const char *verify_code, struct document *out, bool *found,
                      struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM document WHERE verify_code = $1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, found, e, sql, ARGS(TEXT(verify_code))) && (!*found || read_row(r, a, out, e));
}

bool document_bind(struct db *db, int64_t id, int64_t case_id, int64_t owner, const char *kind, const char *title,
                   struct error *e)
{
    /* An issued paper, or one filed before, stays what it is when it is filed again with another case. */
    static const char name_it[] = "UPDATE document SET case_id = $2, owner = $3, kind = $4, title = $5"
                                  " WHERE id = $1 AND issued_at IS NULL AND case_id IN (0, $2)";
    static const char file_it[] = "INSERT INTO document_case (document, case_id) SELECT id, $2 FROM document"
                                  " WHERE id = $1 ON CONFLICT DO NOTHING";
    static const char known[] = "SELECT 1 FROM document WHERE id = $1";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_exec(db, NULL, e, name_it, ARGS(I64(id), I64(case_id), I64(owner), TEXT(kind), TEXT(title))) ||
        !db_exec(db, NULL, e, file_it, ARGS(I64(id), I64(case_id))) ||
        !db_find(db, &r, &found, e, known, ARGS(I64(id))))
        return false;
    return found || fail(e, E_NOT_FOUND, "document %" PRId64, id);
}

bool document_end(struct db *db, const struct document_ending *ending, bool *ended, struct error *e)
{
    static const char sql[] = "UPDATE document SET status = $2, ended_at = $3, successor = $4, end_reason = $5"
                              " WHERE id = $1 AND status = 'valid'";
    int64_t changed;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(ending->document), TEXT(ending->status), I64(ending->at),
                      ending->successor ? I64(ending->successor) : INSTANT(INSTANT_NONE), TEXT(ending->reason))))
        return false;
    *ended = changed == 1;
    return !*ended || db_emit(db, "document.ended", ending->document, ending, e);
}

/* ---- the vault ---- */
static bool read_all(struct rows *r, struct arena *a, struct document *out, size_t max, size_t *n, struct error *e)
{
    bool more;

    for (*n = 0;; ++*n) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more || *n == max)
            return true;
        if (!read_row(r, a, &out[*n], e))
            return false;
    }
}

bool document_held(struct db *db, struct arena *a, int64_t owner, const char *kind, int64_t now, struct document *out,
                   size_t max, size_t *n, struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM document"
                              " WHERE owner = $1 AND owner <> 0 AND (kind = $2 OR stands_for = $2) AND status = 'valid'"
                              " AND (valid_until IS NULL OR valid_until >= $3) ORDER BY id DESC LIMIT $4";
    auto_rows struct rows *r = NULL;

    return db_query(db, &r, e, sql, ARGS(I64(owner), TEXT(kind), I64(now), I64((int64_t)max))) &&
           read_all(r, a, out, max, n, e);
}

bool document_vault(struct db *db, struct arena *a, int64_t owner, struct document *out, size_t max, size_t *n,
                    struct error *e)
{
    static const char sql[] = "SELECT " COLUMNS " FROM document WHERE owner = $1 AND owner <> 0"
                              " ORDER BY id DESC LIMIT $2";
    auto_rows struct rows *r = NULL;

    return db_query(db, &r, e, sql, ARGS(I64(owner), I64((int64_t)max))) && read_all(r, a, out, max, n, e);
}

/* ---- who may ---- */
bool document_may(struct db *db, const struct house *h, const struct actor *who, const struct document *d, bool *may,
                  struct error *e)
{
    static const char sql[] = "SELECT case_id FROM document_case WHERE document = $1 ORDER BY case_id DESC LIMIT $2";
    const struct documents *room = documents_of(h);
    int64_t cases[DOCUMENT_CASES_MAX];
    size_t n;

    *may = (d->owner && d->owner == who->party) || d->uploader == who->party ||
           (d->owner && actor_agency(who, d->owner, NULL, NULL, now_ms()) != NULL);
    if (*may || !room->may)
        return true;
    if (!db_ids(db, cases, DOCUMENT_CASES_MAX - 1, &n, e, sql, ARGS(I64(d->id), I64(DOCUMENT_CASES_MAX - 1))))
        return false;
    if (d->case_id)
        cases[n++] = d->case_id; /* a result is of its case without being filed with it */
    for (size_t i = 0; i < n && !*may; i++) {
        struct document in_case = *d;

        in_case.case_id = cases[i];
        if (!room->may(db, h, who, &in_case, may, e))
            return false;
    }
    return true;
}

json_t *document_json_new(const struct document *d)
{
    json_t *j = json_object();
    char hex[DIGEST_HEX];

    digest_hex(&d->digest, hex);
    json_object_set_new(j, "id", json_id(d->id));
    json_object_set_new(j, "kind", json_text_or_null(d->kind));
    json_object_set_new(j, "title", json_text_or_null(d->title));
    json_object_set_new(j, "media_type", json_string(d->media_type));
    json_object_set_new(j, "size", json_integer(d->size));
    json_object_set_new(j, "sha256", json_string(hex));
    json_object_set_new(j, "issued_at", json_instant(d->issued_at));
    json_object_set_new(j, "valid_until", json_instant(d->valid_until));
    json_object_set_new(j, "status", json_string(d->status));
    json_object_set_new(j, "verify_code", json_text_or_null(d->verify_code));
    json_object_set_new(j, "stands_for", json_text_or_null(d->stands_for));
    json_object_set_new(j, "ended_at", json_instant(d->ended_at));
    json_object_set_new(j, "successor", d->successor ? json_id(d->successor) : json_null());
    return j;
}
