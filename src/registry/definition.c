/* Definitions in an administrator's hands: a draft as text, checked against all that is in force as `motcua check`
 * does, published as a new version now or on a day to come. Cases keep the version they were filed under. */
#include "registry/registry_internal.h"

#include <string.h>

enum { DIFF_LINES_MAX = 4000 };

/* ---- the definitions in force, as a pack ---- */

struct gathering {
    struct arena *a;
    struct pack *pack;
    size_t room;
    const struct pack_kind *kind;
};

static struct pack_file *add_file(struct gathering *g, const char *key, const json_t *body)
{
    struct pack *p = g->pack;

    p->files = arena_grown(g->a, p->files, p->n, &g->room, sizeof *p->files);
    p->files[p->n] = (struct pack_file){.path = arena_printf(g->a, "%s/%s", g->kind->folder, key),
                                        .kind = g->kind->folder,
                                        .body = json_held(g->a, json_incref((json_t *)(uintptr_t)body)),
                                        .pointer = ""};
    return &p->files[p->n++];
}

static bool gather_one(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    (void)version;
    (void)e;
    (void)add_file(arg, key, body);
    return true;
}

static bool gather(struct db *db, const struct house *h, struct arena *a, struct pack *out, struct gathering *g,
                   struct error *e)
{
    *out = (struct pack){.arena = a, .path = ""};
    *g = (struct gathering){.a = a, .pack = out};
    for (size_t i = 0; (g->kind = pack_kind_at(h, i)); i++)
        if (!definitions_each(db, g->kind->registry, gather_one, g, e))
            return false;
    return true;
}

/* ---- checking ---- */

static bool read_text(struct arena *a, const char *text, struct yaml *out, struct pack_report *report)
{
    auto_error struct error e;

    error_init(&e);
    *out = (struct yaml){0};
    if (!yaml_read(a, (struct bytes){text, strlen(text)}, out, &e)) {
        pack_complain_syntax(report, "", &e);
        return false;
    }
    if (!json_is_object(out->root)) {
        const struct pack_file whole = {.path = "", .yaml = *out, .pointer = ""};

        pack_complain(report, &whole, "", "type", "one definition is wanted");
    }
    return report->n == 0;
}

static struct pack_file *file_of(struct gathering *g, const struct definition_id *id)
{
    const char *path = arena_printf(g->a, "%s/%s", id->kind->folder, id->key);

    for (size_t i = 0; i < g->pack->n; i++)
        if (strcmp(g->pack->files[i].path, path) == 0)
            return &g->pack->files[i];
    g->kind = id->kind;
    return add_file(g, id->key, json_null());
}

/* How many problems the other definitions have; they are compared before and after. */
static size_t problems_elsewhere(struct arena *a, const struct pack *pack, const struct house *h, const char *path,
                                 struct pack_report *last)
{
    struct pack_report all = {.arena = a};
    size_t n = 0;

    pack_check(pack, h, &all);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.problems[i].path, path) != 0)
            all.problems[n++] = all.problems[i];
    all.n = n;
    *last = all;
    return n;
}

/* What others would suffer: a step taken away from a flow, a unit that registries belong to. */
static void check_others(struct arena *a, const struct pack *pack, const struct house *h, struct pack_file *f,
                         const json_t *before, struct pack_report *report)
{
    const json_t *after = f->body;
    struct pack_report now, then;

    if (problems_elsewhere(a, pack, h, f->path, &now) == 0)
        return;
    f->body = before;
    if (problems_elsewhere(a, pack, h, f->path, &then) < now.n)
        for (size_t i = 0; i < now.n; i++) {
            const struct pack_problem *p = &now.problems[i];

            pack_complain(report, f, "", p->rule, "%s: %s", p->path, p->what);
        }
    f->body = after;
}

bool definition_check(struct db *db, struct arena *a, const struct house *h, const struct definition_id *id,
                      const char *text, bool others, struct pack_report *report, struct definition_reading *out,
                      struct error *e)
{
    struct pack pack;
    struct gathering g;
    struct pack_file *f;
    const json_t *before;
    struct yaml yaml;

    *report = (struct pack_report){.arena = a};
    *out = (struct definition_reading){0};
    if (!read_text(a, text, &yaml, report))
        return true;
    if (!gather(db, h, a, &pack, &g, e))
        return false;
    out->body = yaml.root;
    f = file_of(&g, id);
    before = f->body;
    f->body = yaml.root;
    f->yaml = yaml;
    if (!text_equal(json_str(yaml.root, id->kind->key), id->key))
        pack_complain(report, f, arena_printf(a, "/%s", id->kind->key), "key", "%s is wanted", id->key);
    else
        out->fits = pack_check_one(&pack, h, f, report);
    if (report->n == 0 && others && strcmp(id->kind->registry, "service") != 0)
        check_others(a, &pack, h, f, json_is_null(before) ? yaml.root : before, report);
    return true;
}

/* ---- drafts ---- */

bool draft_find(struct db *db, struct arena *a, const struct definition_id *id, struct definition_draft *out,
                bool *found, struct error *e)
{
    static const char sql[] = "SELECT text, version, based_on, saved_at, saved_by, publish_at FROM definition_draft"
                              " WHERE kind = $1 AND key = $2";
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(TEXT(id->kind->registry), TEXT(id->key))))
        return false;
    if (*found)
        *out = (struct definition_draft){.text = arena_strdup(a, rows_text(r, 0)),
                                         .version = rows_i64(r, 1),
                                         .based_on = rows_i64(r, 2),
                                         .saved_at = rows_i64(r, 3),
                                         .saved_by = rows_i64(r, 4),
                                         .publish_at = rows_instant(r, 5)};
    return true;
}

bool draft_save(struct db *db, const struct definition_id *id, const struct definition_draft *d, struct error *e)
{
    static const char sql[] =
        "INSERT INTO definition_draft (kind, key, text, version, based_on, saved_at, saved_by, publish_at)"
        " VALUES ($1, $2, $3, 1, $4, $5, $6, $7) ON CONFLICT (kind, key) DO UPDATE SET text = excluded.text,"
        " version = definition_draft.version + 1, based_on = excluded.based_on, saved_at = excluded.saved_at,"
        " saved_by = excluded.saved_by, publish_at = excluded.publish_at WHERE $8 < 0 OR definition_draft.version = $8";
    int64_t changed;

    if (!db_exec(db, &changed, e, sql,
                 ARGS(TEXT(id->kind->registry), TEXT(id->key), TEXT(d->text), I64(d->based_on), I64(d->saved_at),
                      I64(d->saved_by), INSTANT(d->publish_at), I64(d->version))))
        return false;
    return changed || fail(e, E_STALE, "the draft of %s was changed", id->key);
}

bool draft_discard(struct db *db, const struct definition_id *id, struct error *e)
{
    return db_exec(db, NULL, e, "DELETE FROM definition_draft WHERE kind = $1 AND key = $2",
                   ARGS(TEXT(id->kind->registry), TEXT(id->key)));
}

/* ---- publishing ---- */

bool definition_publish(struct db *db, struct house *h, const struct definition_id *id, const json_t *body,
                        int64_t based_on, int64_t actor, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct registry *r = registry_find(h, id->kind->registry);
    const struct record_write w = {.body = body,
                                   .key = id->key,
                                   .seen = based_on,
                                   .actor = actor,
                                   .reason = "published",
                                   .now = now_ms(),
                                   .valid_from = INSTANT_NONE};

    return db_serial(db, "definitions", e) && record_put(db, r, &w, NULL, a, e) &&
           (!id->kind->stored || id->kind->stored(db, h, body, e)) && draft_discard(db, id, e) &&
           definitions_tell(db, e);
}

bool definitions_reload(struct house *h, struct error *e)
{
    struct registry_room *room = h->room[ROOM_REGISTRY];
    bool ok = true;

    (void)pthread_mutex_lock(&room->loading);
    for (size_t i = 0; ok && h->modules[i]; i++)
        ok = !h->modules[i]->load || h->modules[i]->load(h, e);
    (void)pthread_mutex_unlock(&room->loading);
    return ok;
}

/* ---- differences ---- */

/* Its text with one value a line, whatever way it was written. */
static char **lines_of(struct arena *a, const json_t *body, size_t *n)
{
    char *text = body ? yaml_text(a, body) : NULL, *rest = NULL;
    char **lines = arena_array(a, char *, DIFF_LINES_MAX);

    *n = 0;
    for (char *line = strtok_r(text, "\n", &rest); line && *n < DIFF_LINES_MAX; line = strtok_r(NULL, "\n", &rest))
        lines[(*n)++] = line;
    return lines;
}

static void put_line(struct json_out *o, const char *mark, const char *text)
{
    out_open(o, '{');
    out_member_text(o, "mark", mark);
    out_member_text(o, "text", text);
    out_close(o, '}');
}

/* The longest common subsequence, from the end; what is alike at both ends was taken away before. */
static void put_middle(struct json_out *o, struct arena *a, char **x, size_t n, char **y, size_t m)
{
    uint16_t *length = arena_array(a, uint16_t, (n + 1) * (m + 1));
    size_t i = 0, j = 0;

#define LENGTH(i, j) length[(i) * (m + 1) + (j)]
    for (size_t p = n; p-- > 0;)
        for (size_t q = m; q-- > 0;)
            LENGTH(p, q) = strcmp(x[p], y[q]) == 0               ? (uint16_t)(LENGTH(p + 1, q + 1) + 1)
                           : LENGTH(p + 1, q) > LENGTH(p, q + 1) ? LENGTH(p + 1, q)
                                                                 : LENGTH(p, q + 1);
    while (i < n || j < m) {
        if (i < n && j < m && strcmp(x[i], y[j]) == 0) {
            put_line(o, "=", x[i++]);
            j++;
        } else if (j == m || (i < n && LENGTH(i + 1, j) >= LENGTH(i, j + 1))) {
            put_line(o, "-", x[i++]);
        } else {
            put_line(o, "+", y[j++]);
        }
    }
#undef LENGTH
}

void definition_diff(struct json_out *o, struct arena *a, const json_t *from, const json_t *to)
{
    size_t n, m, head = 0, tail = 0;
    char **x = lines_of(a, from, &n), **y = lines_of(a, to, &m);

    while (head < n && head < m && strcmp(x[head], y[head]) == 0)
        head++;
    while (tail < n - head && tail < m - head && strcmp(x[n - 1 - tail], y[m - 1 - tail]) == 0)
        tail++;
    for (size_t i = 0; i < head; i++)
        put_line(o, "=", x[i]);
    put_middle(o, a, x + head, n - head - tail, y + head, m - head - tail);
    for (size_t i = n - tail; i < n; i++)
        put_line(o, "=", x[i]);
}
