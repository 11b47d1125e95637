/* The papers of the pack: checked with the pack, compiled at the start, and each one again in the write that publishes
 * it, so that a layout which cannot be compiled is not published. Readers hold plain pointers, so a set stays until the
 * program ends; sets are made by the start and, after it, by the writer's thread, or by the one that reads definitions
 * which another node has changed. */
#include "document/paper_internal.h"

#include <stdlib.h>
#include <string.h>

extern const char paper_schema_yaml[];
extern const size_t paper_schema_yaml_len;

enum { PAPERS_MAX = 5000 };

struct paper_set {
    struct arena *arena;
    struct paper_set *older;
    size_t n, room;
    const struct paper **papers; /* in the order of their names */
};

void papers_free(struct paper_set *s)
{
    while (s) {
        struct paper_set *older = s->older;

        arena_free(s->arena); /* s is inside */
        s = older;
    }
}

static struct paper_set *set_new(size_t room)
{
    struct arena *a = arena_new();
    struct paper_set *s = arena_new_of(a, struct paper_set);

    s->arena = a;
    s->room = room;
    s->papers = arena_array(a, const struct paper *, room);
    return s;
}

static void set_publish(struct documents *d, struct paper_set *s)
{
    s->older = atomic_load_explicit(&d->papers, memory_order_acquire);
    atomic_store_explicit(&d->papers, s, memory_order_release);
}

static bool compile(struct arena *a, const json_t *body, const struct paper **out, struct error *e)
{
    struct paper *paper = arena_new_of(a, struct paper);
    char detail[ERROR_DETAIL_MAX];
    const char *where;

    *out = paper;
    if (paper_compile(a, body, paper, &where, e))
        return true;
    (void)snprintf(detail, sizeof detail, "%s", e->detail);
    return fail(e, E_PACK, "paper %s, %s: %s", paper->name, where, detail);
}

/* ---- all of them, at the start ---- */
static bool compile_one(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct paper_set *s = arg;

    (void)key, (void)version;
    if (s->n == s->room)
        return fail(e, E_PACK, "more than %zu papers", s->room);
    return compile(s->arena, body, &s->papers[s->n], e) && ++s->n;
}

static int compare(const void *a, const void *b)
{
    const struct paper *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

bool papers_load(struct documents *d, struct error *e)
{
    auto_read struct db *db = NULL;
    struct paper_set *s = set_new(PAPERS_MAX);

    if (!store_read(d->house->store, &db, e) || !definitions_each(db, "paper", compile_one, s, e)) {
        papers_free(s);
        return false;
    }
    if (s->n)
        qsort(s->papers, s->n, sizeof *s->papers, compare);
    set_publish(d, s);
    return true;
}

/* ---- one of them, when it is published ---- */
struct publication {
    struct documents *room;
    struct arena *arena;       /* holds the compiled paper; goes into the set */
    const struct paper *paper; /* NULL: ended */
    char *name;
};

static void publication_drop(void *arg)
{
    struct publication *p = arg;

    arena_free(p->arena); /* p is inside */
}

static void release(void *arena)
{
    arena_free(arena);
}

static void publication_apply(void *arg)
{
    struct publication *p = arg;
    const struct paper_set *now = atomic_load_explicit(&p->room->papers, memory_order_acquire);
    struct paper_set *next = set_new((now ? now->n : 0) + 1);

    for (size_t i = 0; now && i < now->n; i++)
        if (strcmp(now->papers[i]->name, p->name) != 0)
            next->papers[next->n++] = now->papers[i];
    if (p->paper)
        next->papers[next->n++] = p->paper;
    if (next->n)
        qsort(next->papers, next->n, sizeof *next->papers, compare);
    arena_defer(next->arena, release, p->arena);
    set_publish(p->room, next);
}

bool paper_on_record(struct db *db, const struct event *event, void *arg, struct error *e)
{
    const struct record_changed *change = event->detail;
    struct publication *p;
    struct arena *a;

    if (!text_equal(registry_name(change->registry), "paper"))
        return true;
    a = arena_new();
    p = arena_new_of(a, struct publication);
    *p = (struct publication){.room = arg, .arena = a, .name = arena_strdup(a, change->key)};
    if (change->after && !compile(a, change->after, &p->paper, e)) {
        arena_free(a);
        return false;
    }
    db_after_commit(db, publication_apply, publication_drop, p);
    return true;
}

/* ---- looking one up ---- */
const struct paper *paper_find(const struct house *h, const char *name)
{
    const struct paper_set *s = atomic_load_explicit(&documents_of(h)->papers, memory_order_acquire);
    const struct paper wanted = {.name = name}, *key = &wanted;
    const struct paper **found = s && s->n && name ? bsearch(&key, s->papers, s->n, sizeof *s->papers, compare) : NULL;

    return found ? *found : NULL;
}

const struct paper *paper_at(const struct house *h, size_t i)
{
    const struct paper_set *s = atomic_load_explicit(&documents_of(h)->papers, memory_order_acquire);

    return s && i < s->n ? s->papers[i] : NULL;
}

const char *paper_name(const struct paper *p)
{
    return p->name;
}

const struct slip *paper_slip(const struct paper *p)
{
    return p->slip;
}

const char *paper_title(const struct paper *p, enum lang lang)
{
    return p->title[lang];
}

/* ---- the pack ---- */
static void check_paper(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct paper paper;
    const char *where;

    (void)pack;
    error_init(&e);
    if (!paper_compile(a, file->body, &paper, &where, &e))
        pack_complain(report, file, where, "layout", "%s", e.detail);
}

const struct pack_kind document_pack_kinds[] = {
    {.folder = "papers",
     .registry = "paper",
     .key = "name",
     .schema = paper_schema_yaml,
     .schema_len = &paper_schema_yaml_len,
     .check = check_paper},
    {0},
};
