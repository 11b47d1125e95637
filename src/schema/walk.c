/* Reading a schema rather than applying it: which subschemas describe which place of an instance. */
#include "schema/schema_internal.h"

struct walk {
    bool (*visit)(const char *instance_pointer, const json_t *schema, void *arg);
    void *arg;
    struct buf pointer;
};

/* The nodes we are inside of: a schema that contains itself is entered once. */
struct trail {
    const struct trail *up;
    const struct node *node;
};

static bool walk_node(struct walk *w, const struct node *n, const struct trail *up);

/* The same with "/name" added to the pointer; name NULL for every item. */
static bool walk_below(struct walk *w, const struct node *n, const char *name, const struct trail *up)
{
    size_t len = w->pointer.len;
    bool more;

    if (!n)
        return true;
    if (name)
        json_pointer_push(&w->pointer, name);
    else
        buf_puts(&w->pointer, "/-");
    more = walk_node(w, n, up);
    w->pointer.len = len;
    w->pointer.data[len] = '\0';
    return more;
}

static bool walk_list(struct walk *w, const struct node *const *list, size_t n, const struct trail *up)
{
    for (size_t i = 0; i < n; i++)
        if (!walk_node(w, list[i], up))
            return false;
    return true;
}

static bool walk_combined(struct walk *w, const struct combine_rules *c, const struct trail *up)
{
    return walk_node(w, c->reference, up) && walk_node(w, c->dynamic, up) && walk_list(w, c->all, c->n_all, up) &&
           walk_list(w, c->any, c->n_any, up) && walk_list(w, c->one, c->n_one, up) && walk_node(w, c->then, up) &&
           walk_node(w, c->otherwise, up);
}

static bool walk_object(struct walk *w, const struct object_rules *r, const struct trail *up)
{
    for (size_t i = 0; i < r->n_names; i++)
        if (!walk_below(w, r->names[i].property, r->names[i].text.s, up))
            return false;
    for (size_t i = 0; i < r->n_names; i++)
        if (!walk_node(w, r->names[i].dependent, up))
            return false;
    return true;
}

static bool walk_array(struct walk *w, const struct array_rules *r, const struct trail *up)
{
    char index[24];

    for (size_t i = 0; i < r->n_prefix; i++) {
        (void)snprintf(index, sizeof index, "%zu", i); /* fits */
        if (!walk_below(w, r->prefix[i], index, up))
            return false;
    }
    return walk_below(w, r->items, NULL, up);
}

static bool walk_node(struct walk *w, const struct node *n, const struct trail *up)
{
    struct trail here = {.up = up, .node = n};

    if (!n || !n->json)
        return true; /* nothing, true or false */
    for (const struct trail *t = up; t; t = t->up)
        if (t->node == n)
            return true;
    return w->visit(w->pointer.data, n->json, w->arg) && (!n->object || walk_object(w, n->object, &here)) &&
           (!n->array || walk_array(w, n->array, &here)) && (!n->combine || walk_combined(w, n->combine, &here));
}

void schema_walk(const struct schema *s, bool (*visit)(const char *instance_pointer, const json_t *schema, void *arg),
                 void *arg)
{
    struct walk w = {.visit = visit, .arg = arg, .pointer = BUF_INIT(SIZE_MAX / 2)};

    buf_puts(&w.pointer, "");
    (void)walk_node(&w, s->root, NULL); /* false: the visitor had enough */
    buf_done(&w.pointer);
}

struct wanted {
    const char *pointer, *keyword;
    const json_t *found;
};

static bool look(const char *pointer, const json_t *schema, void *arg)
{
    struct wanted *w = arg;

    if (strcmp(pointer, w->pointer) == 0)
        w->found = json_object_get(schema, w->keyword);
    return !w->found;
}

const json_t *schema_annotation(const struct schema *s, const char *instance_pointer, const char *keyword)
{
    struct wanted w = {.pointer = instance_pointer, .keyword = keyword};

    schema_walk(s, look, &w);
    return w.found;
}
