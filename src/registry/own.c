/* The records that name a person (their entry among the residents, their household) are asked for at each form that is
 * shown and each that is filed: decoded once, kept for the next who asks. A commit that changes one makes what was read
 * before it stale, however it comes to be put here: each kept record bears the number of commits that its read began
 * with, each change the number of the commit that made it. */
#include "registry/registry_internal.h"

#include <pthread.h>
#include <string.h>

enum { BUCKETS = 512, WAYS = 2, COUNTERS = 1024, BODY_BYTES_MAX = 8 << 10, NUMBER_MAX = 31 };

struct own {
    const struct registry *registry; /* as it was compiled then; NULL: nothing here */
    char number[NUMBER_MAX + 1];
    uint64_t commits; /* that its read began with */
    struct record record;
    json_t *body; /* the record's; only read, by any thread */
    char key[REGISTRY_KEY_MAX + 1];
};

struct own_table {
    pthread_mutex_t lock;          /* guards all */
    struct own all[BUCKETS][WAYS]; /* the newest first */
    _Atomic uint64_t changed[COUNTERS];
};

static uint64_t hash_of(const struct registry *r, const char *number)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (const char *p = r->name; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    for (const char *p = number; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    return h ^ (h >> 29);
}

struct own_table *own_table_new(void)
{
    struct own_table *t = calloc(1, sizeof *t);

    if (!t)
        die("own records", sizeof *t);
    (void)pthread_mutex_init(&t->lock, NULL); /* cannot fail without attributes */
    return t;
}

void own_table_free(struct own_table *t)
{
    for (size_t i = 0; t && i < BUCKETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            json_decref(t->all[i][k].body);
    if (t)
        (void)pthread_mutex_destroy(&t->lock); /* nobody holds it */
    free(t);
}

/* ---- what a commit changed ---- */
struct change {
    struct own_table *table;
    size_t counter;
    const struct store *store;
};

static void change_done(void *arg)
{
    struct change *c = arg;

    atomic_store(&c->table->changed[c->counter], store_commits(c->store));
    free(c);
}

static void say_changed(struct db *db, struct own_table *t, const struct registry *r, const json_t *body)
{
    const char *number = json_string_value(json_at(body, r->person));
    struct change *c;

    if (!number)
        return;
    c = malloc(sizeof *c);
    if (!c)
        die("change", sizeof *c);
    *c = (struct change){t, hash_of(r, number) % COUNTERS, db_store(db)};
    db_after_commit(db, change_done, free, c);
}

bool own_on_record(struct db *db, const struct event *event, void *arg, struct error *e)
{
    const struct record_changed *change = event->detail;

    (void)e;
    if (change->registry->person) {
        say_changed(db, arg, change->registry, change->before);
        say_changed(db, arg, change->registry, change->after);
    }
    return true;
}

/* ---- looking one up ---- */
static struct record *copy_of(struct arena *a, const struct own *o)
{
    struct record *r = arena_new_of(a, struct record);

    *r = o->record;
    r->key = arena_strdup(a, o->key);
    r->body = json_held(a, json_incref(o->body));
    return r;
}

static const struct record *find(struct own_table *t, struct arena *a, const struct registry *r, const char *number)
{
    uint64_t h = hash_of(r, number), changed = atomic_load(&t->changed[h % COUNTERS]);
    struct own *at = t->all[h / COUNTERS % BUCKETS];
    const struct record *found = NULL;

    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < WAYS && !found; i++)
        if (at[i].registry == r && at[i].commits >= changed && strcmp(at[i].number, number) == 0)
            found = copy_of(a, &at[i]);
    (void)pthread_mutex_unlock(&t->lock);
    return found;
}

static void keep(struct own_table *t, const struct registry *r, const char *number, uint64_t commits,
                 const struct record *record)
{
    struct own *at = t->all[hash_of(r, number) / COUNTERS % BUCKETS], gone;

    (void)pthread_mutex_lock(&t->lock);
    gone = at[WAYS - 1];
    memmove(at + 1, at, (WAYS - 1) * sizeof *at);
    at[0] = (struct own){.registry = r, .commits = commits, .record = *record, .body = json_incref(record->body)};
    (void)snprintf(at[0].number, sizeof at[0].number, "%s", number); /* its length was looked at */
    (void)snprintf(at[0].key, sizeof at[0].key, "%s", record->key);  /* keys are REGISTRY_KEY_MAX bytes at most */
    (void)pthread_mutex_unlock(&t->lock);
    json_decref(gone.body);
}

bool record_own(struct db *db, struct arena *a, const struct house *h, const struct registry *r, const char *number,
                const struct record **out, struct error *e)
{
    struct own_table *t = ((struct registry_room *)h->room[ROOM_REGISTRY])->own;
    uint64_t commits = db_commits(db);
    struct record *record;
    size_t n, size;

    *out = NULL;
    if (!r->person_name)
        return true;
    if (commits)
        *out = find(t, a, r, number);
    if (*out)
        return true;
    record = arena_new_of(a, struct record);
    if (!record_where(db, a, r, r->person_name, number, record, 1, &n, e))
        return false;
    *out = n ? record : NULL;
    size = n && commits ? json_dumpb(record->body, NULL, 0, JSON_COMPACT) : 0;
    if (size && size <= BODY_BYTES_MAX && strlen(number) <= NUMBER_MAX)
        keep(t, r, number, commits, record);
    return true;
}
