/* Uploads, what is known of a document, and its bytes. */
#include "document/document_internal.h"

#include <inttypes.h>
#include <string.h>

#include "document/checks.h"
#include "document/sign_internal.h"
#include "document/vault_api.h"
#include "http/http.h"

extern const char document_shapes_yaml[]; /* shapes.yaml, made by the build */

enum { FILENAME_MAX_CHARS = 200 };

/* ---- in ---- */
static bool sink_open(struct request *q, void **state, struct error *e)
{
    struct upload *u = NULL;

    if (!upload_open(request_house(q), &u, e))
        return false;
    *state = u;
    return true;
}

static bool sink_write(void *state, struct bytes chunk, struct error *e)
{
    return upload_write(state, chunk, e);
}

static void sink_drop(void *state)
{
    upload_close(state);
}

static const struct sink upload_sink = {DOCUMENT_BYTES_MAX, sink_open, sink_write, sink_drop};

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void unescape(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = i + 2 < len && s[i] == '%' ? hex_of(s[i + 1]) : -1, low = high < 0 ? -1 : hex_of(s[i + 2]);
        char c = s[i];

        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        buf_add(b, &c, 1);
    }
}

/* RFC 6266: filename*=UTF-8''… before filename="…"; only its last part; NULL when there is none fit to show. */
static const char *filename_of(struct arena *a, const char *disposition)
{
    static const char wide[] = "filename*=UTF-8''", plain[] = "filename=";
    const char *at = disposition ? strcasestr(disposition, wide) : NULL, *name = NULL;
    auto_buf struct buf b = BUF_INIT(4096);

    if (at) {
        at += sizeof wide - 1;
        unescape(&b, at, strcspn(at, "; "));
    } else if (disposition && (at = strcasestr(disposition, plain))) {
        at += sizeof plain - 1;
        if (*at == '"')
            buf_add(&b, at + 1, strcspn(at + 1, "\""));
        else
            buf_add(&b, at, strcspn(at, "; "));
    }
    if (b.len == 0 || b.overflow || !text_is_utf8(b.data, b.len))
        return NULL;
    for (name = b.data + b.len; name > b.data && name[-1] != '/' && name[-1] != '\\'; name--)
        if ((unsigned char)name[-1] < 0x20 || name[-1] == 0x7f)
            return NULL;
    name = text_nfc(a, name);
    return *name && text_length(name) <= FILENAME_MAX_CHARS ? name : NULL;
}

static bool write_arrival(struct db *db, void *arg, struct error *e)
{
    struct document *d = arg;

    return document_add(db, d, e) && check_ask(db, d, e);
}

static bool post_document(struct request *q, struct reply *r, struct error *e)
{
    struct upload *u = request_sink(q);
    struct document d = {.title = filename_of(request_arena(q), request_header(q, "Content-Disposition")),
                         .uploader = request_actor(q)->party,
                         .made_at = request_now(q),
                         .issued_at = INSTANT_NONE,
                         .valid_until = INSTANT_NONE,
                         .status = "uploaded"};
    struct once once;
    char hex[DIGEST_HEX];
    json_t *j;

    if (!u)
        return fail(e, E_FILE_EMPTY, "no body");
    if (!upload_finish(u, &d.digest, &d.size, &d.media_type, e))
        return false;
    if (!media_claim_fits(request_header(q, "Content-Type"), d.media_type))
        return fail(e, E_FILE_TYPE, "the bytes are %s", d.media_type);
    once = once_of(q, write_arrival, &d, &d.id);
    if (!upload_keep(u, e) || !store_write(request_house(q)->store, make_once, &once, e))
        return false;
    digest_hex(&d.digest, hex);
    j = json_object();
    json_object_set_new(j, "id", json_id(d.id));
    json_object_set_new(j, "sha256", json_string(hex));
    json_object_set_new(j, "size", json_integer(d.size));
    json_object_set_new(j, "media_type", json_string(d.media_type));
    return reply_json(r, 201, j);
}

/* ---- out ---- */
static int64_t unit_of(const struct actor *who)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].unit)
            return who->roles[i].unit;
    return 0;
}

/* Whoever looks into another person's paper leaves a trace that person can read. */
static bool audit(struct request *q, struct db *db, const struct document *d, const char *action, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct party owner = {0};
    bool found = false;

    if (d->owner == who->party || (d->owner == 0 && d->uploader == who->party))
        return true;
    if (d->owner && !party_find(db, request_arena(q), d->owner, &owner, &found, e))
        return false;
    audit_later(request_house(q), &(struct audit){.action = action,
                                                  .what = "document",
                                                  .key = arena_printf(request_arena(q), "%" PRId64, d->id),
                                                  .about = found ? owner.number : NULL,
                                                  .actor = who->party,
                                                  .unit = unit_of(who),
                                                  .case_id = d->case_id,
                                                  .purpose = "case",
                                                  .address = request_address(q),
                                                  .at = request_now(q)});
    return true;
}

static bool find_seen(struct request *q, struct document *d, const char *action, struct error *e)
{
    const struct house *h = request_house(q);
    auto_read struct db *db = NULL;
    bool found, may = false;
    int64_t id;

    if (!text_to_i64(request_param(q, "id"), 1, INT64_MAX, &id))
        return fail(e, E_NOT_FOUND, "not an id");
    if (!store_read(h->store, &db, e) || !document_find(db, request_arena(q), id, d, &found, e))
        return false;
    if (found && !document_may(db, h, request_actor(q), d, &may, e))
        return false;
    if (found && !audit(q, db, d, may ? action : "denied", e))
        return false;
    return may || fail(e, E_NOT_FOUND, "document %" PRId64, id); /* what one may not see is not there */
}

static bool get_document(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    struct document d;
    json_t *j, *check;

    if (!find_seen(q, &d, "read", e) || !store_read(request_house(q)->store, &db, e) ||
        !check_json_new(db, &d, &check, e))
        return false;
    j = document_json_new(&d);
    json_object_set_new(j, "check", check);
    return reply_json(r, 200, j);
}

static const char *suffix_of(const char *media_type)
{
    static const char *const suffixes[][2] = {
        {"application/pdf", ".pdf"},
        {"image/jpeg", ".jpg"},
        {"image/png", ".png"},
        {"image/tiff", ".tif"},
        {"image/webp", ".webp"},
        {"image/heic", ".heic"},
        {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"},
        {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
        {"application/vnd.oasis.opendocument.text", ".odt"},
        {"application/vnd.oasis.opendocument.spreadsheet", ".ods"},
        {"text/plain", ".txt"},
    };

    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (text_equal(suffixes[i][0], media_type))
            return suffixes[i][1];
    return "";
}

static const char *download_name(struct arena *a, const struct document *d)
{
    const char *suffix = suffix_of(d->media_type), *title = d->title ? d->title : "document";
    size_t len = strlen(title), end = strlen(suffix);

    return len >= end && strcasecmp(title + len - end, suffix) == 0 ? title : arena_printf(a, "%s%s", title, suffix);
}

static bool get_content(struct request *q, struct reply *r, struct error *e)
{
    struct document d;
    int fd = -1;

    if (!find_seen(q, &d, "download", e) || !document_open(request_house(q), &d.digest, &fd, e))
        return false;
    return reply_file(r, fd, (size_t)d.size, d.media_type,
                      media_is_inline(d.media_type) ? NULL : download_name(request_arena(q), &d));
}

/* ---- the public page ---- */
static bool wants_json(const char *accept)
{
    return accept && strstr(accept, "application/json") && !strstr(accept, "text/html");
}

static bool get_verify(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    struct verdict v;
    const char *page;

    if (!store_read(request_house(q)->store, &db, e) ||
        !verify(db, request_arena(q), request_house(q), request_param(q, "code"), request_now(q), &v, e))
        return false;
    reply_header(r, "Vary", "Accept");
    if (wants_json(request_header(q, "Accept"))) {
        if (v.genuine != GENUINE_UNKNOWN)
            return reply_json(r, 200, verify_json_new(&v, request_lang(q)));
        error_extra_new(e, "verdict", json_string(genuine_name(v.genuine)));
        return fail(e, E_NOT_FOUND, "no paper has this code");
    }
    page = verify_page(request_arena(q), &v);
    return reply_bytes(r, v.genuine == GENUINE_UNKNOWN ? 404 : 200, "text/html", (struct bytes){page, strlen(page)});
}

/* ---- what the own authority publishes ---- */
static bool get_authority(struct request *q, struct reply *r, struct error *e)
{
    struct authority *authority = keyring_authority(documents_of(request_house(q))->keys);
    const char *name = request_param(q, "name");
    struct bytes data;

    if (!authority)
        return fail(e, E_NOT_FOUND, "no authority of our own");
    if (!authority_publishes(authority, name, request_arena(q), &data, e))
        return false;
    return reply_bytes(r, 200, strstr(name, ".crl") ? "application/pkix-crl" : "application/pkix-cert", data);
}

/* ---- the rows ---- */
/* clang-format off */
static const struct route routes[] = {
    {"POST", "/api/v1/documents",              RIGHT_DOCUMENT_WRITE, NULL, "upload",      "Upload a file: its bytes, with Content-Type and Content-Disposition", post_document, ROUTE_IDEMPOTENT, .sink = &upload_sink, .status = 201},
    {"GET",  "/api/v1/documents/{id}",         RIGHT_DOCUMENT_READ,  NULL, "document",    "What is known of a document", get_document},
    {"GET",  "/api/v1/documents/{id}/content", RIGHT_DOCUMENT_READ,  NULL, NULL,          "The bytes of a document", get_content},
    {"GET",  "/api/v1/vault",                  RIGHT_VAULT,          NULL, "vault",       "The caller's documents, and the records held about them", get_vault, .query = vault_query},
    {"GET",  "/ca/{name}",                     RIGHT_PUBLIC,         NULL, NULL,          "The own authority's certificates and lists of what it revoked, DER: root.cer, issuing.cer, root.crl, issuing.crl", get_authority, ROUTE_HIDDEN},
    {"GET",  "/verify/{code}",                 RIGHT_PUBLIC,         NULL, NULL,          "Is this paper genuine, unaltered and still valid? A page, or JSON when asked for", get_verify, ROUTE_HIDDEN},
    {0},
};
/* clang-format on */

static const struct shapes shapes = {.yaml = document_shapes_yaml}; /* ends in NUL */

const struct module document_module = {
    .name = "document",
    .migrations = document_migrations,
    .routes = routes,
    .shapes = &shapes,
    .pack = document_pack_kinds,
    .start = document_start,
    .load = document_load,
    .stop = document_stop,
};
