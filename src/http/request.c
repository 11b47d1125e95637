/* What a handler may ask about its request. */
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* Decoded once, at the start; a query that is not text is refused before the handler. */
static enum MHD_Result add_pair(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len, const char *value,
                                size_t value_len)
{
    struct request *q = cls;
    struct pair *pair = &q->query[q->n_query];

    (void)kind;
    if (q->n_query == HTTP_QUERY_PARAMS_MAX) {
        q->query_bad = true;
        return MHD_NO;
    }
    pair->name = percent_decode(q->arena, key, key_len);
    pair->value = value ? percent_decode(q->arena, value, value_len) : "";
    if (!pair->name || !pair->value) {
        q->query_bad = true;
        return MHD_NO;
    }
    q->n_query++;
    return MHD_YES;
}

bool request_query_read(struct request *q, struct error *e)
{
    MHD_get_connection_values_n(q->mhd, MHD_GET_ARGUMENT_KIND, add_pair, q);
    return !q->query_bad ||
           fail(e, E_BAD_QUERY, "at most %d parameters, percent-encoded UTF-8 without control characters",
                HTTP_QUERY_PARAMS_MAX);
}

static bool query_is_known(const struct route *row, const char *name)
{
    for (const struct field *f = row->query; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    return strcmp(name, "limit") == 0 || strcmp(name, "cursor") == 0;
}

bool request_query_check(struct request *q, struct error *e)
{
    const struct route *row = q->entry->row;

    for (size_t i = 0; i < q->n_query; i++) {
        const char *name = q->query[i].name, *keyword = NULL;
        struct buf pointer = BUF_INIT(ERROR_POINTER_MAX);

        if (!(row->flags & ROUTE_OPEN_QUERY) && !query_is_known(row, name))
            keyword = "unknown";
        for (size_t j = 0; j < i && !keyword; j++)
            if (strcmp(q->query[j].name, name) == 0)
                keyword = "duplicate";
        if (keyword) {
            json_pointer_push(&pointer, name);
            e->code = E_BAD_QUERY;
            (void)fail_field(e, pointer.data, keyword, name); /* all of them, then one answer */
        }
        buf_done(&pointer);
    }
    return e->code == E_NONE;
}

struct arena *request_arena(struct request *q)
{
    return q->arena;
}

struct house *request_house(struct request *q)
{
    return q->server->house;
}

enum lang request_lang(const struct request *q)
{
    return q->lang;
}

int64_t request_now(const struct request *q)
{
    return q->now;
}

const char *request_id(const struct request *q)
{
    return q->id;
}

static void text_of_peer(struct request *q)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(q->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info ? info->client_addr : NULL;

    if (peer && peer->sa_family == AF_INET)
        (void)!inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, q->address, ADDRESS_MAX);
    else if (peer && peer->sa_family == AF_INET6)
        (void)!inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, q->address,
                         ADDRESS_MAX);
}

const char *request_address(const struct request *q)
{
    struct request *own = (struct request *)(uintptr_t)q; /* found out on first use: few handlers ask */
    const char *forwarded = q->server->options.behind_proxy ? request_header(q, "X-Forwarded-For") : NULL;
    const char *last = forwarded ? strrchr(forwarded, ',') : NULL;

    if (q->address[0])
        return q->address;
    if (forwarded) {
        /* Only the last one was written by our proxy; the others are what the client claims. */
        last = last ? last + 1 : forwarded;
        last += strspn(last, " ");
        (void)snprintf(own->address, ADDRESS_MAX, "%s", last); /* longer than any address: cut */
        text_truncate_utf8(own->address);
    }
    if (!q->address[0])
        text_of_peer(own);
    return q->address;
}

const char *request_method(const struct request *q)
{
    return q->method;
}

const char *request_path(const struct request *q)
{
    return q->path;
}

const char *request_header(const struct request *q, const char *name)
{
    return MHD_lookup_connection_value(q->mhd, MHD_HEADER_KIND, name);
}

const char *request_cookie(const struct request *q, const char *name)
{
    /* Read from the header itself: libmicrohttpd's own parsing of cookies would keep only what it likes. */
    const char *p = request_header(q, "Cookie");
    size_t want = strlen(name);

    while (p && *p) {
        size_t len;

        p += strspn(p, " ;");
        len = strcspn(p, ";");
        if (len > want && p[want] == '=' && strncmp(p, name, want) == 0) {
            while (len > want + 1 && p[len - 1] == ' ')
                len--;
            return arena_strndup(q->arena, p + want + 1, len - want - 1);
        }
        p += len;
    }
    return NULL;
}

const char *request_param(const struct request *q, const char *name)
{
    for (size_t i = 0; i < q->entry->n_params; i++)
        if (strcmp(q->entry->param[i], name) == 0)
            return q->param[i];
    return NULL;
}

const char *request_query(const struct request *q, const char *name)
{
    for (size_t i = 0; i < q->n_query; i++)
        if (strcmp(q->query[i].name, name) == 0)
            return q->query[i].value;
    return NULL;
}

bool request_query_at(const struct request *q, size_t i, const char **name, const char **value)
{
    if (i >= q->n_query)
        return false;
    *name = q->query[i].name;
    *value = q->query[i].value;
    return true;
}

const json_t *request_body(struct request *q, struct error *e)
{
    struct bytes text = {q->body.data, q->body.len};

    if (q->json)
        return q->json;
    if (text.len == 0 && !(q->entry->row->flags & ROUTE_OPEN_BODY))
        q->json = json_object(); /* no body: no fields */
    else if (!json_read(text, &q->json, e))
        q->json = NULL;
    return q->json;
}

bool request_fields(struct request *q, const struct field *fields, void *out, struct error *e)
{
    const json_t *body = request_body(q, e);

    return body && fields_read(q->arena, body, fields, out, e);
}

bool request_query_fields(struct request *q, const struct field *fields, void *out, struct error *e)
{
    return fields_from_query(q->arena, q->query, q->n_query, fields, out, e);
}

void *request_sink(struct request *q)
{
    return q->sink;
}

const char *request_key(const struct request *q)
{
    return q->key;
}

struct digest request_fingerprint(struct request *q)
{
    if (!q->fingerprinted) {
        if (!q->hashing) {
            digest_start(&q->hash);
            digest_add(&q->hash, q->method, strlen(q->method) + 1);
            digest_add(&q->hash, q->path, strlen(q->path) + 1);
        }
        digest_add(&q->hash, q->body.data ? q->body.data : "", q->body.len);
        q->fingerprint = digest_end(&q->hash);
        q->fingerprinted = true;
    }
    return q->fingerprint;
}

bool request_if_match(struct request *q, int64_t *seen, struct error *e)
{
    const char *header = request_header(q, "If-Match");

    *seen = -1;
    return !header || if_match_parse(header, seen, e);
}

void request_set_caller(struct request *q, void *caller)
{
    q->caller = caller;
}

void *request_caller(const struct request *q)
{
    return q->caller;
}

/* ---- keyset pages: base64url of four bytes of digest and the text, so that a cursor of another making is refused ----
 */
enum { CURSOR_CHECK = 4 };

char *page_cursor(struct request *q, const char *last)
{
    size_t len = strlen(last),
           size = sodium_base64_ENCODED_LEN(len + CURSOR_CHECK, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    struct digest check = digest_of((struct bytes){last, len});
    unsigned char *raw = arena_alloc(q->arena, len + CURSOR_CHECK);
    char *out = arena_alloc(q->arena, size);

    memcpy(raw, check.bytes, CURSOR_CHECK);
    memcpy(raw + CURSOR_CHECK, last, len);
    return sodium_bin2base64(out, size, raw, len + CURSOR_CHECK, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool cursor_read(struct request *q, const char *text, const char **out, struct error *e)
{
    size_t len = strlen(text), got;
    unsigned char *raw = arena_alloc(q->arena, CURSOR_MAX + 1);
    struct digest check;

    if (len > CURSOR_MAX ||
        sodium_base642bin(raw, CURSOR_MAX, text, len, NULL, &got, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) !=
            0 ||
        got < CURSOR_CHECK)
        return fail(e, E_BAD_CURSOR, "not a cursor");
    check = digest_of((struct bytes){raw + CURSOR_CHECK, got - CURSOR_CHECK});
    if (memcmp(check.bytes, raw, CURSOR_CHECK) != 0 || !text_is_utf8((char *)raw + CURSOR_CHECK, got - CURSOR_CHECK))
        return fail(e, E_BAD_CURSOR, "not a cursor of ours");
    raw[got] = '\0';
    *out = (char *)raw + CURSOR_CHECK;
    return true;
}

bool request_page(struct request *q, struct page *out, struct error *e)
{
    const char *limit = request_query(q, "limit"), *cursor = request_query(q, "cursor");

    *out = (struct page){.limit = PAGE_LIMIT_DEFAULT};
    if (limit && !text_to_i64(limit, 1, PAGE_LIMIT_MAX, &out->limit)) {
        (void)fail(e, E_BAD_QUERY, "limit is 1 to %d", PAGE_LIMIT_MAX);
        return fail_field(e, "/limit", "maximum", "200");
    }
    return text_is_empty(cursor) || cursor_read(q, cursor, &out->cursor, e);
}
