/* References to absolute URIs, as RFC 3986 section 5.2 has it. No normalisation beyond dot segments: two URIs are the
 * same when their text is. */
#include "schema/schema_internal.h"

#include <string.h>

struct uri {
    struct text_span scheme, authority, path, query, fragment;
    bool has_scheme, has_authority, has_query, has_fragment;
};

static struct text_span take(const char **p, const char *stops)
{
    struct text_span span = {*p, strcspn(*p, stops)};

    *p += span.len;
    return span;
}

static struct uri uri_parse(const char *s)
{
    struct uri u = {0};
    size_t colon = strcspn(s, ":/?#");

    if (s[colon] == ':' && colon > 0) {
        u.has_scheme = true;
        u.scheme = (struct text_span){s, colon};
        s += colon + 1;
    }
    if (s[0] == '/' && s[1] == '/') {
        s += 2;
        u.has_authority = true;
        u.authority = take(&s, "/?#");
    }
    u.path = take(&s, "?#");
    if (*s == '?') {
        s++;
        u.has_query = true;
        u.query = take(&s, "#");
    }
    if (*s == '#') {
        u.has_fragment = true;
        u.fragment = (struct text_span){s + 1, strlen(s + 1)};
    }
    return u;
}

/* Drops "." and ".." segments in place. */
static void remove_dots(char *path)
{
    char *out = path;
    const char *in = path;

    while (*in) {
        size_t segment = strcspn(in + 1, "/") + 1; /* with its leading slash, if it has one */

        if (strncmp(in, "/..", segment) == 0 && segment == 3) {
            while (out > path && *--out != '/')
                ;
            in += 3;
            if (!*in)
                *out++ = '/';
        } else if (strncmp(in, "/.", segment) == 0 && segment == 2) {
            in += 2;
            if (!*in)
                *out++ = '/';
        } else {
            memmove(out, in, segment);
            out += segment;
            in += segment;
        }
    }
    *out = '\0';
}

/* The base path up to its last slash, then the reference. */
static char *merge_path(struct arena *a, const struct uri *base, const struct uri *ref)
{
    size_t keep = base->path.len;

    if (base->has_authority && base->path.len == 0)
        return arena_printf(a, "/%.*s", (int)ref->path.len, ref->path.s);
    while (keep > 0 && base->path.s[keep - 1] != '/')
        keep--;
    return arena_printf(a, "%.*s%.*s", (int)keep, base->path.s, (int)ref->path.len, ref->path.s);
}

static const char *uri_text(struct arena *a, const struct uri *u, const char *path)
{
    return arena_printf(a, "%.*s%s%s%.*s%s%s%.*s%s%.*s", (int)u->scheme.len, u->scheme.s ? u->scheme.s : "",
                        u->has_scheme ? ":" : "", u->has_authority ? "//" : "", (int)u->authority.len,
                        u->authority.s ? u->authority.s : "", path, u->has_query ? "?" : "", (int)u->query.len,
                        u->query.s ? u->query.s : "", u->has_fragment ? "#" : "", (int)u->fragment.len,
                        u->fragment.s ? u->fragment.s : "");
}

const char *uri_resolve(struct arena *a, const char *base_text, const char *reference)
{
    struct uri base = uri_parse(base_text), ref = uri_parse(reference), out = ref;
    char *path;

    if (ref.has_scheme || ref.has_authority) {
        path = arena_strndup(a, ref.path.s, ref.path.len);
        if (!ref.has_scheme) {
            out.scheme = base.scheme;
            out.has_scheme = base.has_scheme;
        }
    } else {
        out.scheme = base.scheme;
        out.has_scheme = base.has_scheme;
        out.authority = base.authority;
        out.has_authority = base.has_authority;
        if (ref.path.len == 0) {
            path = arena_strndup(a, base.path.s, base.path.len);
            if (!ref.has_query) {
                out.query = base.query;
                out.has_query = base.has_query;
            }
        } else if (ref.path.s[0] == '/') {
            path = arena_strndup(a, ref.path.s, ref.path.len);
        } else {
            path = merge_path(a, &base, &ref);
        }
    }
    if (path[0] == '/')
        remove_dots(path);
    return uri_text(a, &out, path);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *uri_split(struct arena *a, const char *uri, const char **fragment)
{
    size_t len = strcspn(uri, "#");
    char *decoded = arena_strdup(a, uri[len] ? uri + len + 1 : ""), *w = decoded;

    for (const char *r = decoded; *r; r++)
        if (*r == '%' && hex_digit(r[1]) >= 0 && hex_digit(r[2]) >= 0) {
            *w++ = (char)(hex_digit(r[1]) * 16 + hex_digit(r[2]));
            r += 2;
        } else {
            *w++ = *r;
        }
    *w = '\0';
    *fragment = decoded;
    return arena_strndup(a, uri, len);
}
