/* The vault over HTTP: who looked, with proofs; the published roots; links that share a paper. */
#include <inttypes.h>
#include <string.h>

#include "http/http.h"
#include "systems/vault/vault_internal.h"

extern const char vault_shapes_yaml[]; /* shapes.yaml, made by the build */

/* ---- whose ---- */

/* clang-format off */
struct owner_query { const char *on_behalf_of; };
static const struct field owner_query[] = {
    {"on_behalf_of", FIELD_TEXT, offsetof(struct owner_query, on_behalf_of), FIELD_SENSITIVE, 14, .title = "number of a party whose agent for everything the caller is"},
    {0},
};
/* clang-format on */

struct owner {
    int64_t party;
    const char *number;
};

/* The caller, or a party (an organisation, most often) whose agent for everything they are. */
static bool find_owner(struct request *q, struct owner *out, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct owner_query query = {0};

    if (!request_query_fields(q, owner_query, &query, e) ||
        !actor_owner(who, query.on_behalf_of, request_now(q), &out->party, e))
        return false;
    out->number = query.on_behalf_of ? query.on_behalf_of : who->number;
    return true;
}

static bool page_before(struct request *q, struct page *page, int64_t *before, struct error *e)
{
    *before = INT64_MAX;
    return request_page(q, page, e) &&
           (!page->cursor || text_to_i64(page->cursor, 0, INT64_MAX, before) || fail(e, E_BAD_CURSOR, "not a number"));
}

/* The page's rows, and where the next one begins; last: of the last row shown. */
static bool reply_rows(struct request *q, struct reply *r, json_t *items, bool more, int64_t last)
{
    return reply_page(r, items, more ? page_cursor(q, arena_printf(request_arena(q), "%" PRId64, last)) : NULL);
}

/* ---- who looked ---- */

/* All but the leaf is read from the leaf's own text: what is shown is what was hashed. */
static json_t *access_new(const struct leaf *leaf)
{
    static const char *const told[] = {"at", "action", "case", "purpose"};
    json_auto_t *text = json_loads(leaf->text, 0, NULL);
    json_t *j = json_object(), *who = json_null();
    const char *what = json_str(text, "what");

    for (size_t i = 0; i < COUNT(told); i++)
        json_object_set(j, told[i], json_object_get(text, told[i]));
    if (json_str(text, "who") || json_str(text, "unit"))
        who = json_pack("{s:O, s:O}", "name", json_object_get(text, "who"), "unit", json_object_get(text, "unit"));
    json_object_set_new(j, "who", who);
    json_object_set_new(j, "what", json_string(what ? what : ""));
    json_object_set_new(j, "leaf", json_pack("{s:I, s:s}", "index", (json_int_t)leaf->index, "text", leaf->text));
    return j;
}

static bool get_access_log(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct leaf leaves[PAGE_LIMIT_MAX + 1];
    auto_read struct db *db = NULL;
    struct owner owner;
    struct page page;
    int64_t before;
    size_t n = 0, limit;
    json_t *items;

    if (!find_owner(q, &owner, e) || !page_before(q, &page, &before, e))
        return false;
    limit = (size_t)page.limit;
    if (!store_read(request_house(q)->store, &db, e) ||
        (owner.number && !log_about(db, a, owner.number, before, limit + 1, leaves, &n, e)))
        return false;
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, access_new(&leaves[i]));
    return reply_rows(q, r, items, n > limit, n > limit ? leaves[limit - 1].index : 0);
}

/* ---- roots and proofs ---- */

static json_t *root_new(const struct root *root)
{
    json_t *j = json_object();

    json_object_set_new(j, "size", json_integer(root->size));
    json_object_set_new(j, "hash", json_string(root->hash));
    json_object_set_new(j, "at", json_instant(root->at));
    json_object_set_new(j, "text", json_string(root->text));
    json_object_set_new(j, "algorithm", json_string(root->algorithm));
    json_object_set_new(j, "signature", json_string(root->signature));
    json_object_set_new(j, "public_key", json_string(root->public_key));
    json_object_set_new(j, "certificate", json_string(root->certificate));
    return j;
}

static json_t *path_new(const struct digest *path, size_t n)
{
    json_t *list = json_array();
    char hex[DIGEST_HEX];

    for (size_t i = 0; i < n; i++) {
        digest_hex(&path[i], hex);
        json_array_append_new(list, json_string(hex));
    }
    return list;
}

static bool get_roots(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct root *roots = arena_array(a, struct root, PAGE_LIMIT_MAX + 1);
    auto_read struct db *db = NULL;
    struct page page;
    int64_t before;
    size_t n, limit;
    json_t *items;

    if (!page_before(q, &page, &before, e))
        return false;
    limit = (size_t)page.limit;
    if (!store_read(request_house(q)->store, &db, e) || !roots_list(db, a, before, limit + 1, roots, &n, e))
        return false;
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, root_new(&roots[i]));
    return reply_rows(q, r, items, n > limit, n > limit ? roots[limit - 1].size : 0);
}

static bool post_root(struct request *q, struct reply *r, struct error *e)
{
    struct root root;

    return root_publish(request_house(q), request_arena(q), request_now(q), &root, e) &&
           reply_json(r, 201, root_new(&root));
}

/* clang-format off */
struct from_query { int64_t from; };
static const struct field from_query[] = {
    {"from", FIELD_I64, offsetof(struct from_query, from), FIELD_REQUIRED, .title = "size of an older published root"},
    {0},
};
/* clang-format on */

static bool get_consistency(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct digest path[MERKLE_PATH_MAX];
    struct from_query query = {0};
    auto_read struct db *db = NULL;
    struct root newer, older;
    struct merkle tree;
    int64_t size;
    bool found = false, found_older = false;
    size_t n;

    if (!request_query_fields(q, from_query, &query, e))
        return false;
    if (!text_to_i64(request_param(q, "size"), 1, INT64_MAX, &size) || query.from > size)
        return fail(e, E_NOT_FOUND, "no such root");
    if (!store_read(request_house(q)->store, &db, e) || !root_find(db, a, size, &newer, &found, e) ||
        !root_find(db, a, query.from, &older, &found_older, e))
        return false;
    if (!found || !found_older)
        return fail(e, E_NOT_FOUND, "no such root");
    tree = log_tree(db);
    return merkle_consistency(&tree, query.from, size, path, &n, e) &&
           reply_json(r, 200,
                      json_pack("{s:I, s:I, s:o}", "from", (json_int_t)query.from, "size", (json_int_t)size, "path",
                                path_new(path, n)));
}

static bool get_proof(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct digest path[MERKLE_PATH_MAX];
    auto_read struct db *db = NULL;
    struct merkle tree;
    struct owner owner;
    struct leaf leaf;
    struct root root;
    int64_t index;
    bool found = false;
    size_t n = 0, roots = 0;

    if (!find_owner(q, &owner, e))
        return false;
    if (!owner.number || !text_to_i64(request_param(q, "index"), 0, INT64_MAX, &index))
        return fail(e, E_NOT_FOUND, "no such leaf");
    if (!store_read(request_house(q)->store, &db, e) || !log_leaf(db, a, owner.number, index, &leaf, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "no leaf of that party");
    tree = log_tree(db);
    if (!roots_list(db, a, INT64_MAX, 1, &root, &roots, e) ||
        (roots && root.size > index && !merkle_inclusion(&tree, index, root.size, path, &n, e)))
        return false;
    return reply_json(r, 200,
                      json_pack("{s:I, s:s, s:o, s:o}", "index", (json_int_t)index, "text", leaf.text, "path",
                                path_new(path, n), "root", roots && root.size > index ? root_new(&root) : json_null()));
}

/* ---- links ---- */

/* clang-format off */
struct share_body { int64_t document, until, count; const char *purpose; };
static const struct field share_body[] = {
    {"document", FIELD_ID,      offsetof(struct share_body, document), FIELD_REQUIRED},
    {"until",    FIELD_INSTANT, offsetof(struct share_body, until),    FIELD_REQUIRED, .title = "at most 90 days from now"},
    {"count",    FIELD_I64,     offsetof(struct share_body, count),    FIELD_REQUIRED, SHARE_COUNT_MAX, .title = "how often it may be opened"},
    {"purpose",  FIELD_TEXT,    offsetof(struct share_body, purpose),  FIELD_REQUIRED | FIELD_SENSITIVE, 200, .title = "for whom, for what"},
    {0},
};
/* clang-format on */

static json_t *share_new(const struct share *s, int64_t now)
{
    json_t *j = json_object();

    json_object_set_new(j, "id", json_id(s->id));
    json_object_set_new(j, "document", json_id(s->document));
    json_object_set_new(j, "title", json_string(s->title));
    json_object_set_new(j, "purpose", json_string(s->purpose));
    json_object_set_new(j, "made_at", json_instant(s->made_at));
    json_object_set_new(j, "until", json_instant(s->until));
    json_object_set_new(j, "count", json_integer(s->most));
    json_object_set_new(j, "used", json_integer(s->used));
    json_object_set_new(j, "state", json_string(share_state_name(share_state(s, now))));
    return j;
}

static bool read_share(struct request *q, const struct owner *owner, struct share *out, struct error *e)
{
    struct share_body in = {0};
    struct document d;
    auto_read struct db *db = NULL;
    int64_t now = request_now(q);
    bool found;

    if (!request_fields(q, share_body, &in, e))
        return false;
    if (in.until <= now || in.until > now + SHARE_DAYS_MAX * (int64_t)DAY_MS)
        return fail_field(e, "/until", in.until <= now ? "minimum" : "maximum", "until");
    if (in.count < 1)
        return fail_field(e, "/count", "minimum", "1");
    if (text_is_empty(in.purpose))
        return fail_field(e, "/purpose", "required", "purpose");
    if (!store_read(request_house(q)->store, &db, e) ||
        !document_find(db, request_arena(q), in.document, &d, &found, e))
        return false;
    if (!found || d.owner != owner->party)
        return fail_field(e, "/document", "absent", "document");
    *out = (struct share){.document = d.id,
                          .owner = owner->party,
                          .maker = request_actor(q)->party,
                          .made_at = now,
                          .until = in.until,
                          .ended_at = INSTANT_NONE,
                          .most = in.count,
                          .purpose = in.purpose,
                          .title = d.title ? d.title : "",
                          .status = d.status};
    return share_state(out, now) == SHARE_OPEN || fail(e, E_SHARE_ENDED, "document %" PRId64 " has ended", d.id);
}

static bool post_share(struct request *q, struct reply *r, struct error *e)
{
    char token[SHARE_TOKEN_CHARS + 1];
    struct owner owner;
    struct share s;
    json_t *j;

    if (!find_owner(q, &owner, e) || !read_share(q, &owner, &s, e) ||
        !share_make(request_house(q), &s, owner.number, request_address(q), token, e))
        return false;
    j = share_new(&s, s.made_at);
    json_object_set_new(j, "token", json_string(token));
    return reply_json(r, 201, j);
}

static bool get_shares(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct share *shares = arena_array(a, struct share, PAGE_LIMIT_MAX + 1);
    auto_read struct db *db = NULL;
    struct owner owner;
    struct page page;
    int64_t before;
    size_t n, limit;
    json_t *items;

    if (!find_owner(q, &owner, e) || !page_before(q, &page, &before, e))
        return false;
    limit = (size_t)page.limit;
    if (!store_read(request_house(q)->store, &db, e) ||
        !shares_list(db, a, owner.party, before, limit + 1, shares, &n, e))
        return false;
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, share_new(&shares[i], request_now(q)));
    return reply_rows(q, r, items, n > limit, n > limit ? shares[limit - 1].id : 0);
}

static bool delete_share(struct request *q, struct reply *r, struct error *e)
{
    struct owner owner;
    int64_t id;

    if (!find_owner(q, &owner, e))
        return false;
    if (!text_to_i64(request_param(q, "id"), 1, INT64_MAX, &id))
        return fail(e, E_NOT_FOUND, "not an id");
    return share_revoke(request_house(q), owner.party, id, request_now(q), e) && reply_empty(r, 204);
}

/* ---- whoever holds a link ---- */

/* A link cannot be guessed; whoever tries all the same is slowed down like one who guesses passwords. */
static bool find_shared(struct request *q, struct share *s, struct document *d, struct error *e)
{
    struct guess guess = {.what = arena_printf(request_arena(q), "links from %s", request_address(q)),
                          .address = request_address(q),
                          .now = request_now(q)};
    auto_read struct db *db = NULL;
    bool found = false;

    if (!guess_allowed(request_house(q), &guess, e) || !store_read(request_house(q)->store, &db, e) ||
        !share_find(db, request_arena(q), request_param(q, "token"), s, d, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "no such link");
    guess_right(request_house(q), &guess);
    return share_state(s, request_now(q)) == SHARE_OPEN || fail(e, E_SHARE_ENDED, "share %" PRId64, s->id);
}

static bool get_shared(struct request *q, struct reply *r, struct error *e)
{
    static const char *const told[] = {"kind",      "media_type",  "size",   "sha256",
                                       "issued_at", "valid_until", "status", "verify_code"};
    auto_read struct db *db = NULL;
    json_auto_t *document = NULL;
    struct document d;
    struct party owner;
    struct share s;
    bool found;
    json_t *j;

    if (!find_shared(q, &s, &d, e) || !store_read(request_house(q)->store, &db, e) ||
        !party_find(db, request_arena(q), s.owner, &owner, &found, e))
        return false;
    document = document_json_new(&d);
    j = json_object();
    for (size_t i = 0; i < COUNT(told); i++)
        json_object_set(j, told[i], json_object_get(document, told[i]));
    json_object_set_new(j, "title", json_string(s.title));
    json_object_set_new(j, "owner", json_string(found ? owner.name : ""));
    json_object_set_new(j, "purpose", json_string(s.purpose));
    json_object_set_new(j, "until", json_instant(s.until));
    json_object_set_new(j, "left", json_integer(s.most - s.used));
    return reply_json(r, 200, j);
}

static bool post_shared(struct request *q, struct reply *r, struct error *e)
{
    struct document d;
    struct share s;
    int fd = -1;

    /* Opened before it is counted: a store that is away costs no opening. */
    if (!find_shared(q, &s, &d, e) || !document_open(request_house(q), &d.digest, &fd, e))
        return false;
    if (!share_open(request_house(q), &s, request_address(q), request_now(q), e)) {
        (void)close(fd);
        return false;
    }
    return reply_file(r, fd, (size_t)d.size, d.media_type, s.title);
}

/* clang-format off */
static const struct route vault_routes[] = {
    {"GET",    "/api/v1/vault/access-log",               RIGHT_VAULT,      NULL,       "page:access",       "Who looked at the caller's data, each as a leaf of a Merkle log", get_access_log, .query = owner_query},
    {"GET",    "/api/v1/vault/access-log/{index}/proof", RIGHT_VAULT,      NULL,       "vault-proof",       "That a row of the log is under a published root", get_proof, .query = owner_query},
    {"GET",    "/api/v1/vault/roots",                    RIGHT_PUBLIC,     NULL,       "page:vault-root",   "The signed roots of the access log, the newest first", get_roots},
    {"POST",   "/api/v1/vault/roots",                    RIGHT_AUDIT_READ, NULL,       "vault-root",        "Sign and publish the log as it is now", post_root, ROUTE_NO_BODY, .status = 201},
    {"GET",    "/api/v1/vault/roots/{size}/consistency", RIGHT_PUBLIC,     NULL,       "vault-consistency", "That the log of an older root is the beginning of this one", get_consistency, .query = from_query},
    {"POST",   "/api/v1/vault/shares",                   RIGHT_VAULT,      share_body, "share",             "A link to one paper, for a time and a number of openings", post_share, .query = owner_query, .status = 201},
    {"GET",    "/api/v1/vault/shares",                   RIGHT_VAULT,      NULL,       "page:share",        "The caller's links, the newest first", get_shares, .query = owner_query},
    {"DELETE", "/api/v1/vault/shares/{id}",              RIGHT_VAULT,      NULL,       NULL,                "End a link", delete_share, .query = owner_query, .status = 204},
    {"GET",    "/api/v1/shared/{token}",                 RIGHT_PUBLIC,     NULL,       "shared",            "What a link shows", get_shared},
    {"POST",   "/api/v1/shared/{token}/open",            RIGHT_PUBLIC,     NULL,       NULL,                "The paper's bytes; counted, and told to its owner", post_shared, ROUTE_NO_BODY},
    {0},
};
/* clang-format on */

static const struct shapes shapes = {.yaml = vault_shapes_yaml}; /* ends in NUL */

static bool start(struct house *h, struct error *e)
{
    store_listen(h->store, "audit.added", log_on_audit, h);
    roots_define(h);
    return log_start(h, e);
}

const struct module vault_module = {
    .name = "vault", .migrations = vault_migrations, .routes = vault_routes, .shapes = &shapes, .start = start};
