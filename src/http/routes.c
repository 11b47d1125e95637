/* The rows of all rooms, compiled once into a trie over path segments. A static segment wins over a {parameter}; the
 * search steps back when the static branch leads nowhere. Nothing starts with a row that lacks its right. */
#include "http/http_internal.h"

#include <string.h>

struct node {
    struct slice text;
    struct node *first, *next; /* static children */
    struct node *param;
    struct entry *by_method[METHOD__COUNT];
};

static const char *const method_names[METHOD__COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

enum method method_of(const char *name)
{
    if (strcmp(name, "HEAD") == 0)
        return METHOD_GET;
    for (int i = 0; i < METHOD__COUNT; i++)
        if (strcmp(name, method_names[i]) == 0)
            return (enum method)i;
    return METHOD_OTHER;
}

/* "/a/b" → a, b. False past the ceiling or when it does not start with a slash. */
static bool split(const char *path, struct slice out[SEGMENTS_MAX], size_t *n)
{
    *n = 0;
    while (*path == '/') {
        size_t len = strcspn(++path, "/");

        if (*n == SEGMENTS_MAX)
            return false;
        out[(*n)++] = (struct slice){path, len};
        path += len;
    }
    return *path == '\0' && *n > 0;
}

static bool same(struct slice a, struct slice b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static struct node *child_for(struct arena *a, struct node *n, struct slice segment)
{
    struct node **list = &n->first;

    if (segment.len && segment.text[0] == '{') {
        if (!n->param)
            n->param = arena_new_of(a, struct node);
        return n->param;
    }
    for (; *list; list = &(*list)->next)
        if (same((*list)->text, segment))
            return *list;
    *list = arena_new_of(a, struct node);
    (*list)->text = segment;
    return *list;
}

static bool check_row(const struct route *row, const char *room, struct error *e)
{
    if (row->right == RIGHT_NONE)
        return fail(e, E_INTERNAL, "%s: %s %s names no right", room, row->method, row->path);
    if (!row->handler)
        return fail(e, E_INTERNAL, "%s: %s %s has no handler", room, row->method, row->path);
    if (method_of(row->method) == METHOD_OTHER || strcmp(row->method, "HEAD") == 0)
        return fail(e, E_INTERNAL, "%s: %s %s: unknown method", room, row->method, row->path);
    if (row->sink && (row->body || !row->sink->open || !row->sink->write || !row->sink->drop))
        return fail(e, E_INTERNAL, "%s: %s %s: a sink is three functions and no body table", room, row->method,
                    row->path);
    for (const struct field *f = row->query; f && f->name; f++)
        if (f->kind == FIELD_OBJECT || f->kind == FIELD_ARRAY || f->kind == FIELD_ANY)
            return fail(e, E_INTERNAL, "%s: %s %s: query field %s is no scalar", room, row->method, row->path, f->name);
    return true;
}

static void name_params(struct arena *a, struct entry *entry, const struct slice *segments, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (segments[i].len > 2 && segments[i].text[0] == '{')
            entry->param[entry->n_params++] = arena_strndup(a, segments[i].text + 1, segments[i].len - 2);
}

static bool add_row(struct arena *a, struct routes *out, const struct module *module, const struct route *row,
                    struct error *e)
{
    const char *room = module ? module->name : "http";
    struct slice segments[SEGMENTS_MAX];
    struct entry *entry = &out->entries[out->n];
    struct node *node = out->root;
    size_t n, n_params = 0;

    if (!check_row(row, room, e))
        return false;
    if (!split(row->path, segments, &n))
        return fail(e, E_INTERNAL, "%s: %s %s: not a path", room, row->method, row->path);
    for (size_t i = 0; i < n; i++) {
        n_params += segments[i].len && segments[i].text[0] == '{';
        node = child_for(a, node, segments[i]);
    }
    if (n_params > PARAMS_MAX)
        return fail(e, E_INTERNAL, "%s: %s %s: too many parameters", room, row->method, row->path);
    entry->row = row;
    entry->module = module;
    entry->method = method_of(row->method);
    entry->takes_body = row->body || row->sink || row->flags & ROUTE_OPEN_BODY;
    entry->worker = entry->method != METHOD_GET || row->flags & ROUTE_WORKER;
    name_params(a, entry, segments, n);
    if (node->by_method[entry->method])
        return fail(e, E_INTERNAL, "%s: %s %s is declared twice", room, row->method, row->path);
    node->by_method[entry->method] = entry;
    out->n++;
    return true;
}

static size_t count_rows(const struct route *rows)
{
    size_t n = 0;

    while (rows && rows[n].method)
        n++;
    return n;
}

bool routes_compile(struct arena *a, const struct house *house, struct routes *out, struct error *e)
{
    size_t n = count_rows(http_routes);

    for (const struct module *const *m = house->modules; m && *m; m++)
        n += count_rows((*m)->routes);
    *out = (struct routes){.root = arena_new_of(a, struct node), .entries = arena_array(a, struct entry, n)};
    for (const struct route *row = http_routes; row->method; row++)
        if (!add_row(a, out, NULL, row, e))
            return false;
    for (const struct module *const *m = house->modules; m && *m; m++)
        for (const struct route *row = (*m)->routes; row && row->method; row++)
            if (!add_row(a, out, *m, row, e))
                return false;
    return true;
}

static bool has_rows(const struct node *n)
{
    for (int i = 0; i < METHOD__COUNT; i++)
        if (n->by_method[i])
            return true;
    return false;
}

static const struct node *descend(const struct node *node, const struct slice *segments, size_t left,
                                  struct slice *param)
{
    const struct node *found;

    if (left == 0)
        return has_rows(node) ? node : NULL;
    for (const struct node *child = node->first; child; child = child->next)
        if (same(child->text, *segments)) {
            found = descend(child, segments + 1, left - 1, param);
            if (found)
                return found;
            break;
        }
    if (!node->param || segments->len == 0)
        return NULL;
    *param = *segments;
    return descend(node->param, segments + 1, left - 1, param + 1);
}

bool routes_find(const struct routes *r, const char *path, struct match *out)
{
    struct slice segments[SEGMENTS_MAX];
    const struct node *node;
    size_t n;

    out->by_method = NULL;
    if (!split(path, segments, &n))
        return false;
    /* A path of more parameters than any row has cannot match, so the writes into param stay in bounds. */
    node = descend(r->root, segments, n, out->param);
    if (!node)
        return false;
    out->by_method = node->by_method;
    return true;
}

void routes_allow(const struct match *m, char *out, size_t size)
{
    struct buf b = BUF_INIT(256);

    for (int i = 0; i < METHOD__COUNT; i++)
        if (m->by_method[i])
            buf_printf(&b, "%s%s%s", b.len ? ", " : "", method_names[i], i == METHOD_GET ? ", HEAD" : "");
    (void)snprintf(out, size, "%s", b.data ? b.data : ""); /* at most five short names */
    buf_done(&b);
}
