/* A whole database into another one, while others write to the first. Triggers in the source note the key of every row
 * that changes from then on; then the tables are copied, page by page, each page seen at another moment. What a page
 * saw too early, or not at all, is in the notes: following takes the rows of all noted keys out of the target and puts
 * them in as they are now. After the source has been closed to writes and followed once more, both hold the same, row
 * by row.
 *
 * - A row that cannot be put in because another one still holds its unique value: one of the two has been noted. So
 * such a row is passed over, and the rows of all noted keys are taken out before the first is put in.
 * - Whatever was done stands in the databases, so the process may die anywhere: the copy goes on after the last page;
 * notes are crossed out once they were followed, and following twice does no harm.
 * - Of two who move at once the later takes over; the earlier is stopped by its next write. */
#include "db/move_internal.h"

#include <string.h>

enum { ID_BYTES = 8, ID_TEXT = ID_BYTES * 2 + 1, STRIKE_MAX = 20000 };

/* A table of the source and the same of the target, with its columns in the source's order. */
struct pair {
    struct pair *next;
    const struct move_table *from, *to;
    bool copied;
};

/* Keys that changed, by table, each once; and the numbers of all notes, in order. */
struct note {
    const char *table, *key;
};
struct notes {
    struct arena *arena;
    struct note *at;
    int64_t *numbers;
    size_t n, n_numbers, room;
};

struct mover {
    struct arena *arena;
    struct store *from, *to;
    const struct move_rules *rules;
    char id[ID_TEXT], me[ID_TEXT]; /* of the move; of this process */
    struct move_tables watched;    /* of the source */
    struct pair *pairs, **last;
    const char *lacking; /* a table of the source that the target has not; NULL: none */
};

static bool is_passed_over(const struct move_rules *rules, const char *table)
{
    for (size_t i = 0; rules->passed_over[i]; i++)
        if (strcmp(rules->passed_over[i], table) == 0)
            return true;
    return false;
}

static bool tables_of(struct store *s, struct arena *a, struct move_tables *out, struct error *e)
{
    auto_read struct db *db = NULL;

    *out = (struct move_tables){.arena = a};
    out->last = &out->first;
    return store_read(s, &db, e) && s->engine->move_tables(db, out, e);
}

bool store_has_table(struct store *s, const char *table, bool *found, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct move_tables tables;

    if (!tables_of(s, a, &tables, e))
        return false;
    *found = move_table_find(&tables, table);
    return true;
}

/* ---- the source ---- */
static bool watch_one(struct db *db, void *arg, struct error *e)
{
    return db->store->engine->move_watch(db, arg, e);
}

static bool refuse_one(struct db *db, void *arg, struct error *e)
{
    return db->store->engine->move_refuse(db, arg, e);
}

/* Table by table: a write that meets one of them closed is undone whole. */
bool mover_close_source(struct mover *m, struct error *e)
{
    struct move_tables all;

    if (!tables_of(m->from, m->arena, &all, e))
        return false;
    for (struct move_table *t = all.first; t; t = t->next)
        if (!t->search && !store_write(m->from, refuse_one, t, e))
            return false;
    return true;
}

static bool leave(struct db *db, void *arg, struct error *e)
{
    return db->store->engine->move_leave(db, *(const bool *)arg, e);
}

bool mover_open_source(struct mover *m, struct error *e)
{
    bool all = false;

    return store_write(m->from, leave, &all, e);
}

bool store_move_forget(struct store *s, struct error *e)
{
    bool all = true;

    return store_write(s, leave, &all, e);
}

/* The source's name for this move, given by whoever comes first. */
static bool name_move(struct db *db, void *arg, struct error *e)
{
    struct mover *m = arg;
    auto_rows struct rows *r = NULL;
    char fresh[ID_TEXT];
    bool found;

    random_hex(fresh, ID_BYTES);
    if (!db_define(db, "CREATE TABLE IF NOT EXISTS move_city (one BIGINT PRIMARY KEY, id TEXT NOT NULL)", e) ||
        !db_exec(db, NULL, e, "INSERT INTO move_city (one, id) VALUES (1, $1) ON CONFLICT (one) DO NOTHING",
                 ARGS(TEXT(fresh))) ||
        !db_find(db, &r, &found, e, "SELECT id FROM move_city WHERE one = 1", NULL))
        return false;
    (void)snprintf(m->id, sizeof m->id, "%s", found ? rows_text(r, 0) : "");
    return true;
}

/* ---- the target ---- */
static bool is_empty(struct db *db, const struct mover *m, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct move_tables tables = {.arena = a};

    tables.last = &tables.first;
    if (!db->store->engine->move_tables(db, &tables, e))
        return false;
    for (const struct move_table *t = tables.first; t; t = t->next) {
        auto_rows struct rows *r = NULL;
        bool any;

        if (is_passed_over(m->rules, t->name))
            continue;
        if (!db_find(db, &r, &any, e, arena_printf(a, "SELECT 1 FROM \"%s\" LIMIT 1", t->name), NULL))
            return false;
        if (any)
            return fail(e, E_MOVE_TARGET, "%s", t->name);
    }
    return true;
}

static bool claim(struct db *db, void *arg, struct error *e)
{
    struct mover *m = arg;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_define(db,
                   "CREATE TABLE IF NOT EXISTS move_origin"
                   " (one BIGINT PRIMARY KEY, id TEXT NOT NULL, mover TEXT NOT NULL, at BIGINT NOT NULL);"
                   "CREATE TABLE IF NOT EXISTS move_progress (tbl TEXT PRIMARY KEY, last TEXT, done BOOLEAN NOT NULL)",
                   e) ||
        !db_find(db, &r, &found, e, "SELECT id FROM move_origin WHERE one = 1", NULL))
        return false;
    if (found && strcmp(rows_text(r, 0), m->id) != 0)
        return fail(e, E_MOVE_TARGET, "another move");
    if (!found && !is_empty(db, m, e))
        return false;
    return db_exec(db, NULL, e,
                   "INSERT INTO move_origin (one, id, mover, at) VALUES (1, $1, $2, $3)"
                   " ON CONFLICT (one) DO UPDATE SET mover = excluded.mover, at = excluded.at",
                   ARGS(TEXT(m->id), TEXT(m->me), I64(now_ms())));
}

bool mover_claim(struct mover *m, struct store *to, struct error *e)
{
    m->to = to;
    return store_write(to, claim, m, e);
}

/* In every write to the target: nobody has taken over. */
static bool is_ours(struct db *db, const struct mover *m, struct error *e)
{
    int64_t changed;

    return db_exec(db, &changed, e, "UPDATE move_origin SET at = $1 WHERE one = 1 AND mover = $2",
                   ARGS(I64(now_ms()), TEXT(m->me))) &&
           (changed == 1 || fail(e, E_IN_USE, "another process goes on with this move"));
}

/* ---- tables on both sides ---- */
static bool find_column(const struct move_table *in, const struct move_column *c, bool by_place, size_t place,
                        size_t *out)
{
    if (by_place) {
        *out = place;
        return place < in->n;
    }
    for (*out = 0; *out < in->n; ++*out)
        if (strcmp(in->columns[*out].name, c->name) == 0)
            return in->columns[*out].kind == c->kind;
    return false;
}

/* The target's table, its columns in the source's order: a row goes over as it is. */
static bool match(struct mover *m, const struct move_table *from, const struct move_table *to,
                  const struct move_table **out, struct error *e)
{
    struct move_tables list = {.arena = m->arena};
    struct move_table *t = NULL;
    size_t at;

    list.last = &list.first;
    for (size_t i = 0; i < from->n; i++) {
        int key = 0;

        if (!find_column(to, &from->columns[i], from->search, i, &at))
            return fail(e, E_DATA_OLDER, "%s.%s", from->name, from->columns[i].name);
        for (size_t k = 0; k < from->n_key; k++)
            if (from->keys[k] == i)
                key = (int)k + 1;
        t = move_table_add(&list, to->name, &to->columns[at], key);
    }
    if (!t || t->n != to->n || t->n_key == 0)
        return fail(e, E_DATA_OLDER, "%s", from->name);
    t->search = to->search;
    *out = t;
    return true;
}

static struct pair *pair_of(const struct mover *m, const char *table)
{
    struct pair *p = m->pairs;

    while (p && strcmp(p->from->name, table) != 0)
        p = p->next;
    return p;
}

static bool pair_add(struct mover *m, const struct move_table *from, const struct move_table *to, struct error *e)
{
    struct pair *p = arena_new_of(m->arena, struct pair);

    p->from = from;
    if (!match(m, from, to, &p->to, e))
        return false;
    *m->last = p;
    m->last = &p->next;
    return true;
}

/* Tables may come into being while the move goes on: a registry is published. Watched before they are read. */
static bool look_again(struct mover *m, struct error *e)
{
    struct move_tables from, to;

    if (!tables_of(m->from, m->arena, &from, e) || !tables_of(m->to, m->arena, &to, e))
        return false;
    m->lacking = NULL;
    for (struct move_table *t = from.first; t; t = t->next) {
        const struct move_table *same = move_table_find(&to, t->name);

        if (is_passed_over(m->rules, t->name) || pair_of(m, t->name))
            continue;
        if (!move_table_find(&m->watched, t->name) && !t->search && !store_write(m->from, watch_one, t, e))
            return false;
        if (!same)
            m->lacking = t->name;
        else if (!pair_add(m, t, same, e))
            return false;
    }
    m->watched = from;
    return true;
}

static bool define_search(struct db *db, void *arg, struct error *e)
{
    return db_search_define(db, arg, e);
}

bool mover_lacks(struct mover *m, const char **table, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct move_tables to;

    if (!look_again(m, e) || !tables_of(m->to, a, &to, e))
        return false;
    for (const struct move_table *t = m->watched.first; m->lacking && t; t = t->next)
        if (t->search && !move_table_find(&to, t->name) &&
            !store_write(m->to, define_search, (void *)(uintptr_t)t->name, e))
            return false;
    if (m->lacking && !look_again(m, e))
        return false;
    *table = m->lacking;
    return true;
}

/* ---- the copy ---- */
struct page {
    struct mover *m;
    const struct pair *pair;
    const struct move_rows *rows, *gone;
    const char *last; /* the key it ends at; NULL: no page of the copy */
    bool done;
};

static bool put_page(struct db *db, void *arg, struct error *e)
{
    const struct page *p = arg;
    const struct engine *engine = db->store->engine;

    if (!is_ours(db, p->m, e) || (p->gone && !engine->move_remove(db, p->pair->to, p->gone, e)) ||
        (p->rows && !engine->move_take(db, p->pair->to, p->rows, e)))
        return false;
    return !(p->last || p->done) ||
           db_exec(db, NULL, e,
                   "INSERT INTO move_progress (tbl, last, done) VALUES ($1, $2, $3)"
                   " ON CONFLICT (tbl) DO UPDATE SET last = coalesce(excluded.last, move_progress.last),"
                   " done = excluded.done",
                   ARGS(TEXT(p->pair->from->name), TEXT(p->last), I64(p->done)));
}

static char *kept(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        die("a key", strlen(text));
    return copy;
}

static bool progress_of(struct mover *m, struct pair *p, char **last, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(m->to, &db, e) ||
        !db_find(db, &r, &found, e, "SELECT last, done FROM move_progress WHERE tbl = $1", ARGS(TEXT(p->from->name))))
        return false;
    p->copied = found && rows_i64(r, 1);
    if (found && rows_text(r, 0))
        *last = kept(rows_text(r, 0));
    return true;
}

/* The next page of a side of the pair. */
static bool read_page(struct store *s, const struct move_table *t, const char *last, struct move_rows *out, bool *more,
                      struct error *e)
{
    struct value key[MOVE_KEYS_MAX + 1];
    auto_read struct db *db = NULL;

    return (!last || move_key_parse(out->arena, t, last, key, e)) && store_read(s, &db, e) &&
           move_read_after(db, t, last ? key : NULL, out, more, e);
}

/* Goes on behind the page. */
static void step_behind(const struct move_table *t, const struct move_rows *rows, char **last)
{
    struct value key[MOVE_KEYS_MAX + 1];

    if (!rows->n)
        return;
    move_key_of(t, move_row(rows, rows->n - 1), key);
    free(*last);
    *last = kept(move_key_text(rows->arena, t, key));
}

static bool copy_page(struct mover *m, struct pair *p, char **last, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct move_rows rows = move_rows_new(a, p->from->n);
    struct page page = {.m = m, .pair = p, .rows = &rows};
    bool more;

    if (!read_page(m->from, p->from, *last, &rows, &more, e))
        return false;
    step_behind(p->from, &rows, last);
    page.last = *last;
    page.done = !more;
    if (!store_write(m->to, put_page, &page, e))
        return false;
    fault_point("move.page");
    p->copied = page.done;
    return true;
}

static bool copy_table(struct mover *m, struct pair *p, struct error *e)
{
    auto_free char *last = NULL;
    bool ok = progress_of(m, p, &last, e);

    while (ok && !p->copied)
        ok = copy_page(m, p, &last, e);
    return ok;
}

bool mover_copy(struct mover *m, struct error *e)
{
    if (!look_again(m, e))
        return false;
    for (struct pair *p = m->pairs; p; p = p->next)
        if (!p->copied && !copy_table(m, p, e))
            return false;
    return true;
}

/* ---- following ---- */
static int by_key(const void *a, const void *b)
{
    const struct note *x = a, *y = b;
    int order = strcmp(x->table, y->table);

    return order ? order : strcmp(x->key, y->key);
}

static void note_add(struct notes *n, int64_t number, const char *table, const char *key)
{
    if (n->n == n->room) {
        size_t room = n->room ? n->room * 2 : 1024;
        struct note *at = reallocarray(n->at, room, sizeof *at);
        int64_t *numbers = reallocarray(n->numbers, room, sizeof *numbers);

        if (!at || !numbers)
            die("notes", room);
        n->at = at;
        n->numbers = numbers;
        n->room = room;
    }
    n->numbers[n->n] = number;
    n->at[n->n++] = (struct note){arena_strdup(n->arena, table), arena_strdup(n->arena, key)};
}

/* In one view: a note that is committed later is of the next time, whatever its number. */
static bool notes_read(struct mover *m, struct notes *out, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    size_t kept_keys = 0;
    bool more;

    if (!store_read(m->from, &db, e) ||
        !db_query(db, &r, e, "SELECT seq, tbl, key FROM move_change ORDER BY seq", NULL))
        return false;
    for (;;) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            break;
        note_add(out, rows_i64(r, 0), rows_text(r, 1), rows_text(r, 2));
    }
    out->n_numbers = out->n;
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, by_key);
    for (size_t i = 0; i < out->n; i++)
        if (i == 0 || by_key(&out->at[i], &out->at[kept_keys - 1]) != 0)
            out->at[kept_keys++] = out->at[i];
    out->n = kept_keys;
    return true;
}

/* The texts that go with a table's rows; NULL: none. */
static const struct pair *texts_of(const struct mover *m, const struct pair *p)
{
    for (const struct pair *s = m->pairs; s; s = s->next)
        if (s->from->search && strcmp(m->rules->owner(s->from->name), p->from->name) == 0)
            return s;
    return NULL;
}

static bool keys_of(struct arena *a, const struct pair *p, const struct note *notes, size_t n, struct move_rows *out,
                    struct error *e)
{
    *out = move_rows_new(a, p->from->n_key);
    for (size_t i = 0; i < n; i++)
        if (!move_key_parse(a, p->from, notes[i].key, move_rows_add(out), e))
            return false;
    return true;
}

static bool put(struct mover *m, const struct pair *p, const struct move_rows *gone, const struct move_rows *rows,
                struct error *e)
{
    struct page page = {.m = m, .pair = p, .gone = gone, .rows = rows};

    return store_write(m->to, put_page, &page, e);
}

static bool take_out(struct mover *m, const struct pair *p, const struct note *notes, size_t n, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct pair *texts = texts_of(m, p);
    struct move_rows keys;

    return keys_of(a, p, notes, n, &keys, e) && put(m, p, &keys, NULL, e) && (!texts || put(m, texts, &keys, NULL, e));
}

static bool read_keys(struct mover *m, const struct pair *p, const struct move_rows *keys, struct move_rows *out,
                      struct error *e)
{
    auto_read struct db *db = NULL;

    if (!store_read(m->from, &db, e))
        return false;
    for (size_t i = 0; i < keys->n; i++)
        if (!move_read_key(db, p->from, move_row(keys, i), out, e))
            return false;
    return true;
}

static bool put_in(struct mover *m, const struct pair *p, const struct note *notes, size_t n, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct pair *texts = texts_of(m, p);
    struct move_rows rows = move_rows_new(a, p->from->n), words = move_rows_new(a, 2), keys;

    return keys_of(a, p, notes, n, &keys, e) && read_keys(m, p, &keys, &rows, e) && put(m, p, NULL, &rows, e) &&
           (!texts || (read_keys(m, texts, &keys, &words, e) && put(m, texts, NULL, &words, e)));
}

/* A hundred keys of one table at a time. */
static bool for_keys(struct mover *m, const struct notes *notes,
                     bool (*act)(struct mover *m, const struct pair *p, const struct note *notes, size_t n,
                                 struct error *e),
                     struct error *e)
{
    size_t n;

    for (size_t i = 0; i < notes->n; i += n) {
        const char *table = notes->at[i].table;
        const struct pair *p = pair_of(m, table);

        for (n = 1; i + n < notes->n && n < MOVE_ROWS / 5 && strcmp(notes->at[i + n].table, table) == 0;)
            n++;
        if (p && !act(m, p, &notes->at[i], n, e)) /* one that the target lacks is copied whole once it is there */
            return false;
    }
    return true;
}

static bool strike_run(struct db *db, void *arg, struct error *e)
{
    const int64_t *run = arg;

    return db_exec(db, NULL, e, "DELETE FROM move_change WHERE seq BETWEEN $1 AND $2", ARGS(I64(run[0]), I64(run[1])));
}

/* Runs without a gap: in a gap may stand what another transaction has not committed yet. */
static bool strike(struct mover *m, const struct notes *notes, struct error *e)
{
    size_t n;

    for (size_t i = 0; i < notes->n_numbers; i += n) {
        int64_t run[2];

        for (n = 1;
             i + n < notes->n_numbers && n < STRIKE_MAX && notes->numbers[i + n] == notes->numbers[i] + (int64_t)n;)
            n++;
        run[0] = notes->numbers[i];
        run[1] = notes->numbers[i + n - 1];
        if (!store_write(m->from, strike_run, run, e))
            return false;
    }
    return true;
}

bool mover_follow(struct mover *m, int64_t *changes, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct notes notes = {.arena = a};
    bool ok = notes_read(m, &notes, e) && look_again(m, e) && for_keys(m, &notes, take_out, e);

    fault_point("move.taken-out");
    ok = ok && for_keys(m, &notes, put_in, e);
    fault_point("move.followed");
    ok = ok && strike(m, &notes, e);
    *changes = (int64_t)notes.n;
    free(notes.at);
    free(notes.numbers);
    return ok;
}

/* ---- comparing ---- */
struct side {
    struct store *store;
    const struct move_table *table;
    int64_t rows;
    struct digest digest;
    struct error e;
    bool ok;
};

static bool digest_side(struct side *s)
{
    auto_free char *last = NULL;
    struct digest_stream hash;
    bool more = true;

    digest_start(&hash);
    while (more) {
        auto_arena struct arena *a = arena_new();
        struct move_rows rows = move_rows_new(a, s->table->n);

        if (!read_page(s->store, s->table, last, &rows, &more, &s->e))
            return false;
        for (size_t i = 0; i < rows.n; i++)
            move_digest_row(&hash, s->table, move_row(&rows, i));
        s->rows += (int64_t)rows.n;
        step_behind(s->table, &rows, &last);
    }
    s->digest = digest_end(&hash);
    return true;
}

static void *run_side(void *arg)
{
    struct side *s = arg;

    s->ok = digest_side(s);
    return NULL;
}

/* Both at once: each waits for its own database. */
static bool compare(struct mover *m, const struct pair *p, struct move_count *out, struct error *e)
{
    struct side sides[2] = {{.store = m->from, .table = p->from}, {.store = m->to, .table = p->to}};
    pthread_t thread;

    error_init(&sides[0].e);
    error_init(&sides[1].e);
    if (!thread_start(&thread, run_side, &sides[1], e))
        return false;
    (void)run_side(&sides[0]);
    (void)pthread_join(thread, NULL);
    for (size_t i = 0; i < 2; i++)
        if (!sides[i].ok)
            return fail(e, sides[i].e.code, "%s", sides[i].e.detail);
    *out = (struct move_count){p->from->name, sides[0].rows, sides[1].rows,
                               memcmp(&sides[0].digest, &sides[1].digest, sizeof sides[0].digest) == 0};
    return true;
}

bool mover_compare(struct mover *m, void (*tell)(const struct move_count *count, void *arg), void *arg, bool *same,
                   struct error *e)
{
    *same = true;
    for (const struct pair *p = m->pairs; p; p = p->next) {
        struct move_count count;

        if (!compare(m, p, &count, e))
            return false;
        *same = *same && count.same;
        tell(&count, arg);
    }
    return true;
}

/* ---- open and close ---- */
bool mover_open(struct store *from, const struct move_rules *rules, struct mover **out, struct error *e)
{
    struct arena *a = arena_new();
    struct mover *m = arena_new_of(a, struct mover);

    *m = (struct mover){.arena = a, .from = from, .rules = rules, .watched = {.arena = a}};
    m->last = &m->pairs;
    random_hex(m->me, ID_BYTES);
    if (!store_write(from, name_move, m, e)) {
        mover_close(m);
        return false;
    }
    *out = m;
    return true;
}

void mover_close(struct mover *m)
{
    if (m)
        arena_free(m->arena);
}
