/* Units: few and hot, so kept in memory. A unit, once read, is never changed or freed while the program runs: a change
 * makes a new one and the table points there. The lock guards the table of pointers, not the units. */
#include "people/people_internal.h"

#include <pthread.h>
#include <string.h>

enum { DEPTH_MAX = 16, SUCCESSORS_MAX = 64 };

struct entry {
    struct unit unit; /* first: a struct unit of ours is an entry */
    const char *folded;
};

struct unit_table {
    pthread_rwlock_t lock;
    struct arena *arena; /* of all units that ever were */
    size_t n, room;
    const struct entry **by_code, **by_id;
};

struct unit_table *unit_table_new(void)
{
    struct unit_table *t = calloc(1, sizeof *t);

    if (!t)
        die("out of memory", sizeof *t);
    (void)pthread_rwlock_init(&t->lock, NULL); /* cannot fail without attributes */
    t->arena = arena_new();
    return t;
}

void unit_table_free(struct unit_table *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t->by_code);
    free(t->by_id);
    (void)pthread_rwlock_destroy(&t->lock); /* nobody holds it */
    free(t);
}

static struct unit_table *read_lock(const struct house *h)
{
    struct unit_table *t = people_of(h)->units;

    (void)pthread_rwlock_rdlock(&t->lock); /* fails only on a deadlock of our own making */
    return t;
}

static void unlock(struct unit_table *t)
{
    (void)pthread_rwlock_unlock(&t->lock);
}

/* ---- the table ---- */
/* The place of the first unit whose code or id is not below. */
static size_t place_of_code(const struct unit_table *t, const char *code)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(t->by_code[mid]->unit.code, code) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t place_of_id(const struct unit_table *t, int64_t id)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (t->by_id[mid]->unit.id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static const struct entry *find_id(const struct unit_table *t, int64_t id)
{
    size_t i = place_of_id(t, id);

    return i < t->n && t->by_id[i]->unit.id == id ? t->by_id[i] : NULL;
}

static const struct entry **grown(const struct entry **list, size_t room)
{
    const struct entry **bigger = realloc(list, room * sizeof(struct entry *));

    if (!bigger)
        die("out of memory", room);
    return bigger;
}

static void insert(const struct entry **list, size_t n, size_t at, const struct entry *what)
{
    memmove(list + at + 1, list + at, (n - at) * sizeof(struct entry *));
    list[at] = what;
}

static bool same(const struct unit *a, const struct unit *b)
{
    return a->id == b->id && a->parent == b->parent && text_equal(a->code, b->code) &&
           text_equal(a->name[LANG_VI], b->name[LANG_VI]) && text_equal(a->name[LANG_EN], b->name[LANG_EN]) &&
           text_equal(a->kind, b->kind) && text_equal(a->place, b->place) && text_equal(a->offers, b->offers) &&
           text_equal(a->phone, b->phone) && text_equal(a->address, b->address) &&
           text_equal(a->successors, b->successors) && memcmp(&a->from, &b->from, sizeof a->from) == 0 &&
           memcmp(&a->to, &b->to, sizeof a->to) == 0;
}

/* Strings of *u move into the arena. */
static void own(struct unit *u, struct arena *a)
{
    u->code = arena_strdup(a, u->code);
    u->name[LANG_VI] = arena_strdup(a, u->name[LANG_VI]);
    u->name[LANG_EN] = arena_strdup(a, u->name[LANG_EN]);
    u->kind = arena_strdup(a, u->kind);
    u->place = arena_strdup(a, u->place);
    u->offers = arena_strdup(a, u->offers);
    u->phone = arena_strdup(a, u->phone);
    u->address = arena_strdup(a, u->address);
    u->successors = arena_strdup(a, u->successors);
}

static void remember_locked(struct unit_table *t, const struct unit *u)
{
    size_t c = place_of_code(t, u->code), i = place_of_id(t, u->id);
    bool known = c < t->n && strcmp(t->by_code[c]->unit.code, u->code) == 0;
    struct entry *fresh;

    if (known && same(&t->by_code[c]->unit, u))
        return;
    fresh = arena_new_of(t->arena, struct entry);
    fresh->unit = *u;
    own(&fresh->unit, t->arena);
    fresh->folded =
        arena_printf(t->arena, " %s %s", text_fold(t->arena, u->name[LANG_VI]), text_fold(t->arena, u->name[LANG_EN]));
    if (known) {
        t->by_code[c] = t->by_id[i] = fresh;
        return;
    }
    if (t->n == t->room) {
        t->room = t->room ? t->room * 2 : 256;
        t->by_code = grown(t->by_code, t->room);
        t->by_id = grown(t->by_id, t->room);
    }
    insert(t->by_code, t->n, c, fresh);
    insert(t->by_id, t->n, i, fresh);
    t->n++;
}

static void remember(struct unit_table *t, const struct unit *u)
{
    (void)pthread_rwlock_wrlock(&t->lock);
    remember_locked(t, u);
    unlock(t);
}

/* ---- questions ---- */
const struct unit *unit_by_code(const struct house *h, const char *code)
{
    struct unit_table *t = read_lock(h);
    size_t i = place_of_code(t, code);
    const struct unit *u = i < t->n && strcmp(t->by_code[i]->unit.code, code) == 0 ? &t->by_code[i]->unit : NULL;

    unlock(t);
    return u;
}

const struct unit *unit_by_id(const struct house *h, int64_t id)
{
    struct unit_table *t = read_lock(h);
    const struct entry *found = find_id(t, id);

    unlock(t);
    return found ? &found->unit : NULL;
}

const struct unit *unit_by_place(const struct house *h, const char *place)
{
    struct unit_table *t = read_lock(h);
    const struct unit *found = NULL;

    /* A commune's code outlives its units: the one in force wins over those that ended. */
    for (size_t i = 0; place && i < t->n && !(found && found->to.year == 0); i++)
        if (text_equal(t->by_code[i]->unit.place, place) && (!found || t->by_code[i]->unit.to.year == 0))
            found = &t->by_code[i]->unit;
    unlock(t);
    return found;
}

const struct unit *unit_at(const struct house *h, size_t i)
{
    struct unit_table *t = read_lock(h);
    const struct unit *u = i < t->n ? &t->by_code[i]->unit : NULL;

    unlock(t);
    return u;
}

bool unit_is_within(const struct house *h, int64_t unit, int64_t ancestor)
{
    struct unit_table *t = read_lock(h);
    bool within = false;

    for (int depth = 0; unit && !within && depth < DEPTH_MAX; depth++) {
        const struct entry *here = find_id(t, unit);

        within = here && unit == ancestor;
        unit = here ? here->unit.parent : 0;
    }
    unlock(t);
    return within;
}

bool unit_is_in_force(const struct unit *u, struct date on)
{
    int64_t day = date_to_days(on);

    return (u->from.year == 0 || date_to_days(u->from) <= day) && (u->to.year == 0 || day <= date_to_days(u->to));
}

bool unit_has_ended(const struct unit *u, struct date on)
{
    return u->to.year != 0 && date_to_days(u->to) < date_to_days(on);
}

static bool is_among(const struct unit *const *list, size_t n, const struct unit *u)
{
    for (size_t i = 0; i < n; i++)
        if (list[i]->id == u->id)
            return true;
    return false;
}

static void add_successors(const struct house *h, const struct unit *ended, struct date on, int depth,
                           const struct unit **out, size_t max, size_t *n)
{
    char code[64];

    for (const char *p = ended->successors; p && *p; p += strcspn(p, " "), p += *p == ' ') {
        const struct unit *u;

        (void)snprintf(code, sizeof code, "%.*s", (int)strcspn(p, " "), p); /* codes are 35 at most */
        u = unit_by_code(h, code);
        if (!u || is_among(out, *n, u))
            continue;
        if (unit_has_ended(u, on) && depth < DEPTH_MAX)
            add_successors(h, u, on, depth + 1, out, max, n);
        else if (unit_is_in_force(u, on) && *n < max)
            out[(*n)++] = u;
    }
}

size_t unit_successors(const struct house *h, const struct unit *ended, struct date on, const struct unit **out,
                       size_t max)
{
    size_t n = 0;

    if (unit_has_ended(ended, on))
        add_successors(h, ended, on, 0, out, max, &n);
    return n;
}

bool unit_succeeds(const struct house *h, int64_t unit, const struct unit *ended, struct date on)
{
    const struct unit *all[SUCCESSORS_MAX];
    size_t n = unit_successors(h, ended, on, all, COUNT(all));

    for (size_t i = 0; i < n; i++)
        if (all[i]->id == unit)
            return true;
    return false;
}

bool unit_stands_for(const struct house *h, int64_t unit, const struct unit *of, int64_t now)
{
    return unit == of->id || (of->to.year && unit_succeeds(h, unit, of, date_at(now)));
}

bool actor_works_for(const struct house *h, const struct actor *who, const struct unit *u, int64_t now)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (role_does_casework(who->roles[i].role) && unit_stands_for(h, who->roles[i].unit, u, now))
            return true;
    return false;
}

bool unit_is_open_to(const struct house *h, const struct actor *who, const struct unit *u, int64_t now)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (role_oversees(who->roles[i].role) && unit_is_within(h, u->id, who->roles[i].unit))
            return true;
    return actor_works_for(h, who, u, now);
}

bool unit_offers(const struct unit *u, const char *name)
{
    return text_has_word(u->offers, name);
}

json_t *unit_brief_new(const struct unit *u, enum lang lang)
{
    json_t *j = json_object();

    json_object_set_new(j, "code", json_string(u->code));
    json_object_set_new(j, "name", json_string(u->name[lang]));
    return j;
}

void unit_write(struct json_out *o, const struct unit *u, enum lang lang)
{
    out_open(o, '{');
    out_member_text(o, "code", u->code);
    out_member_text(o, "name", u->name[lang]);
    out_close(o, '}');
}

/* Each word must begin a word of the name; folded starts with a space. */
static bool has_words(const char *folded, const char *words)
{
    char word[66] = " ";

    while (*words) {
        size_t len = strcspn(words, " ");

        if (len >= sizeof word - 1)
            return false; /* no unit has a name with such a word */
        memcpy(word + 1, words, len);
        word[len + 1] = '\0';
        if (len && !strstr(folded, word))
            return false;
        words += len + (words[len] == ' ');
    }
    return true;
}

static bool fits(const struct house *h, const struct entry *x, const struct unit_query *query)
{
    const struct people *p = people_of(h);

    if (query->kind && !text_equal(x->unit.kind, query->kind))
        return false;
    if (query->words && !has_words(x->folded, query->words))
        return false;
    return !query->service || (unit_is_in_force(&x->unit, query->today) && p->service_units &&
                               p->service_units(h, query->service, &x->unit));
}

/* Steps one unit at a time, so that the lock is not held while casework is asked. */
size_t unit_list(const struct house *h, const struct unit_query *query, const struct unit **out, size_t max)
{
    struct unit_table *t = read_lock(h);
    size_t n = 0, i = query->after ? place_of_code(t, query->after) : 0;
    const struct unit *u;

    unlock(t);
    for (; n < max && (u = unit_at(h, i)) != NULL; i++)
        if (!(query->after && strcmp(u->code, query->after) <= 0) && fits(h, (const struct entry *)u, query))
            out[n++] = u;
    return n;
}

/* ---- storage ---- */
static struct date date_or_none(const char *s)
{
    struct date d = {0};

    return s && date_parse(s, &d) ? d : (struct date){0};
}

/* One word or a list of them, as text with a space between; NULL without any. */
static const char *words_text(struct arena *a, const json_t *words)
{
    auto_buf struct buf b = BUF_INIT(8192);
    size_t i;
    const json_t *word;

    if (!json_is_array(words))
        return json_string_value(words);
    json_array_foreach(words, i, word) buf_printf(&b, "%s%s", i ? " " : "", json_string_value(word));
    return b.len ? arena_strdup(a, b.data) : NULL;
}

bool units_load(struct house *h, struct error *e)
{
    static const char sql[] = "SELECT id, code, name_vi, name_en, kind, place, parent, from_date, to_date, offers,"
                              " phone, address, CASE WHEN to_date IS NULL THEN NULL ELSE body END FROM unit"
                              " WHERE body IS NOT NULL ORDER BY code";
    auto_arena struct arena *a = arena_new();
    struct unit_table *t = people_of(h)->units;
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool more;

    if (!store_read(people_of(h)->store, &db, e) || !db_query(db, &r, e, sql, ARGS()))
        return false;
    while (rows_next(r, &more, e)) {
        json_t *body;

        if (!more)
            return true;
        body = rows_text(r, 12) ? json_held(a, rows_json_new(r, 12)) : NULL;
        remember(t, &(struct unit){.id = rows_i64(r, 0),
                                   .code = rows_text(r, 1),
                                   .name = {[LANG_VI] = rows_text(r, 2), [LANG_EN] = rows_text(r, 3)},
                                   .kind = rows_text(r, 4),
                                   .place = rows_text(r, 5),
                                   .parent = rows_i64(r, 6),
                                   .from = date_or_none(rows_text(r, 7)),
                                   .to = date_or_none(rows_text(r, 8)),
                                   .offers = rows_text(r, 9),
                                   .phone = rows_text(r, 10),
                                   .address = rows_text(r, 11),
                                   .successors = words_text(a, json_object_get(body, "successors"))});
    }
    return false;
}

/* The id of a code, made when it is new: a unit may be named as a parent before its own definition comes. */
static bool id_of_code(struct db *db, const char *code, int64_t *id, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_exec(db, NULL, e, "INSERT INTO unit (id, code) VALUES ($1, $2) ON CONFLICT (code) DO NOTHING",
                 ARGS(I64(id_new()), TEXT(code))) ||
        !db_find(db, &r, &found, e, "SELECT id FROM unit WHERE code = $1", ARGS(TEXT(code))))
        return false;
    *id = rows_i64(r, 0);
    return true;
}

static bool read_date(const json_t *definition, const char *member, struct date *out, struct error *e)
{
    const char *s = json_str(definition, member);

    *out = (struct date){0};
    if (s && !date_parse(s, out))
        return fail(e, E_PACK, "unit %s: %s is no date", json_str(definition, "code"), member);
    return true;
}

static bool read_definition(struct db *db, struct arena *a, const json_t *definition, struct unit *out, struct error *e)
{
    const json_t *name = json_object_get(definition, "name");
    const char *parent = json_str(definition, "parent");
    struct unit u = {
        .code = json_str(definition, "code"),
        .name = {[LANG_VI] = json_title(name, LANG_VI), [LANG_EN] = json_title(name, LANG_EN)},
        .kind = json_str(definition, "kind"),
        .place = json_str(definition, "place"),
        .offers = words_text(a, json_object_get(definition, "offers")),
        .phone = json_str(definition, "phone"),
        .address = json_str(definition, "address"),
        .successors = words_text(a, json_object_get(definition, "successors")),
    };

    if (!u.code || !u.kind || text_is_empty(u.name[LANG_VI]))
        return fail(e, E_PACK, "a unit needs code, kind and name");
    if (!read_date(definition, "from", &u.from, e) || !read_date(definition, "to", &u.to, e) ||
        !id_of_code(db, u.code, &u.id, e) || (parent && !id_of_code(db, parent, &u.parent, e)))
        return false;
    *out = u;
    return true;
}

struct pending {
    struct unit_table *table;
    struct arena *arena;
    struct unit unit;
};

static void pending_drop(void *arg)
{
    struct pending *p = arg;

    arena_free(p->arena); /* p is inside */
}

static void pending_publish(void *arg)
{
    struct pending *p = arg;

    remember(p->table, &p->unit);
    pending_drop(p);
}

static void publish_on_commit(struct db *db, struct unit_table *t, const struct unit *u)
{
    struct arena *a = arena_new();
    struct pending *p = arena_new_of(a, struct pending);

    *p = (struct pending){t, a, *u};
    own(&p->unit, a);
    db_after_commit(db, pending_publish, pending_drop, p);
}

bool unit_put(struct db *db, const struct house *h, const json_t *definition, struct error *e)
{
    static const char sql[] = "UPDATE unit SET name_vi = $2, name_en = $3, kind = $4, place = $5, parent = $6,"
                              " from_date = $7, to_date = $8, offers = $9, phone = $10, address = $11, body = $12"
                              " WHERE id = $1";
    auto_arena struct arena *a = arena_new();
    struct unit u = {0};
    char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];

    if (!read_definition(db, a, definition, &u, e))
        return false;
    date_format(u.from, from);
    date_format(u.to, to);
    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(u.id), TEXT(u.name[LANG_VI]), TEXT(u.name[LANG_EN]), TEXT(u.kind), TEXT(u.place),
                      I64(u.parent), TEXT(u.from.year ? from : NULL), TEXT(u.to.year ? to : NULL), TEXT(u.offers),
                      TEXT(u.phone), TEXT(u.address), TEXT(json_text(a, definition)))))
        return false;
    if (people_of(h))
        publish_on_commit(db, people_of(h)->units, &u);
    return true;
}
