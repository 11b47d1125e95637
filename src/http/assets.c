/* The web client's files, inside the program and compressed at build time. Everything under /assets/ carries its hash
 * in its name and never changes; every other page path of the client is answered with its index.html. */
#include "http/http_internal.h"

#include <string.h>

struct assets {
    const struct asset *list, *index;
    size_t n, mask;
    const struct asset **table; /* open addressing by path */
};

static size_t hash_of(const char *path)
{
    size_t h = 14695981039346656037u;

    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * 1099511628211u;
    return h;
}

static const struct asset *asset_at(const struct assets *as, const char *path)
{
    for (size_t i = hash_of(path) & as->mask; as->table[i]; i = (i + 1) & as->mask)
        if (strcmp(as->table[i]->path, path) == 0)
            return as->table[i];
    return NULL;
}

struct assets *assets_new(struct arena *a, const struct asset *list)
{
    struct assets *as = arena_new_of(a, struct assets);
    size_t room = 8;

    as->list = list;
    while (list && list[as->n].path)
        as->n++;
    while (room < as->n * 2)
        room *= 2;
    as->mask = room - 1;
    as->table = arena_array(a, const struct asset *, room);
    for (size_t n = 0; n < as->n; n++) {
        size_t i = hash_of(list[n].path) & as->mask;

        while (as->table[i])
            i = (i + 1) & as->mask;
        as->table[i] = &list[n];
    }
    as->index = asset_at(as, "/index.html");
    return as;
}

struct choice {
    const unsigned char *data;
    size_t len;
    const char *coding, *mark; /* the mark keeps each coding's ETag its own */
};

static struct choice choose(const struct asset *asset, const char *accept)
{
    if (asset->brotli && accept_encoding(accept, "br"))
        return (struct choice){asset->brotli, asset->brotli_len, "br", "-br"};
    if (asset->gzip && accept_encoding(accept, "gzip"))
        return (struct choice){asset->gzip, asset->gzip_len, "gzip", "-gz"};
    return (struct choice){asset->plain, asset->plain_len, NULL, ""};
}

static const char *etag_of(struct arena *a, const struct asset *asset, const char *mark)
{
    const char *tag = asset->etag;
    size_t len = strlen(tag);

    if (len > 1 && tag[0] == '"') /* given with or without its quotes */
        tag++, len -= 2;
    return arena_printf(a, "\"%.*s%s\"", (int)len, tag, mark);
}

/* "logo.png" names a file; "2.000635" and "H29.1.5-261121-0001" are codes in the path of a page. */
static bool names_a_file(const char *path)
{
    const char *last = strrchr(path, '/'), *dot = strrchr(last ? last : path, '.');

    return dot && dot[1] >= 'a' && dot[1] <= 'z' && strlen(dot + 1) <= 8 && !strpbrk(dot + 1, "-.");
}

static bool is_page(const char *path)
{
    return !text_starts_with(path, "/api/") && !text_starts_with(path, "/assets/") && !names_a_file(path) &&
           !strstr(path, "..");
}

bool assets_reply(const struct assets *as, struct request *q, struct reply *r)
{
    const struct asset *asset = asset_at(as, q->path);
    struct choice c;
    const char *etag;

    if (!asset && is_page(q->path))
        asset = as->index;
    if (!asset)
        return false;
    c = choose(asset, request_header(q, "Accept-Encoding"));
    etag = etag_of(q->arena, asset, c.mark);
    reply_header(r, "ETag", etag);
    reply_header(r, "Vary", "Accept-Encoding");
    reply_header(r, "Cache-Control",
                 text_starts_with(asset->path, "/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    if (etag_listed(request_header(q, "If-None-Match"), etag))
        return reply_empty(r, 304);
    if (c.coding)
        reply_header(r, "Content-Encoding", c.coding);
    r->kind = REPLY_TEXT;
    r->status = 200;
    r->media_type = asset->media_type;
    r->text = (const char *)c.data; /* in the program: not copied */
    r->len = c.len;
    return true;
}
