/* Taking the catalogue over: read as it streams, written some hundred services a commit. What did not change is left
 * alone, so the same file twice writes nothing; what did becomes a new version in force from a date, with its
 * difference in words. A service that the pack made by hand is the better one and stays. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

#include "db/db.h"
#include "module.h"
#include "registry/registry.h"

enum { BATCH = 100, NOTE_MAX = 16 << 10 };

struct importing {
    struct house *house;
    const struct catalogue_import *in;
    const struct registry *services;
    const json_t *rules;
    struct catalogue_report *report;
    struct arena *arena, *row; /* of the whole, and of the batch */
    struct catalogue_reader *reader;
    json_t *seen;
    int64_t id;
    size_t n;
    const json_t *batch[BATCH];
    /* of one run of the write */
    struct catalogue_outcome outcome;
};

/* ---- what was understood ---- */

static void tally(struct catalogue_report *r, enum catalogue_field f, bool stated, bool understood)
{
    r->fields[f].stated += stated;
    r->fields[f].understood += stated && understood;
}

/* Whether list/i, or list/i/rest, is marked. */
static bool row_is_unsure(const struct procedure *p, const char *list, size_t i, const char *rest)
{
    char pointer[64];

    (void)snprintf(pointer, sizeof pointer, "%s/%zu%s", list, i, rest); /* our own names: always fits */
    return procedure_is_unsure(p, pointer);
}

static void tally_procedure(struct catalogue_report *r, const struct procedure *p)
{
    tally(r, CATALOGUE_CODE, true, true);
    tally(r, CATALOGUE_NAME, true, true);
    tally(r, CATALOGUE_FIELD, true, p->field != NULL);
    tally(r, CATALOGUE_LEVELS, true, p->levels != 0);
    tally(r, CATALOGUE_WHO, true, p->who != 0);
    for (size_t i = 0; i < p->n_manners; i++) {
        tally(r, CATALOGUE_LIMIT, p->manners[i].states_limit, !row_is_unsure(p, "/manners", i, "/limit"));
        tally(r, CATALOGUE_FEE, p->manners[i].states_fee, !row_is_unsure(p, "/manners", i, "/fees/0/amount"));
    }
    for (size_t i = 0; i < p->n_papers; i++)
        tally(r, CATALOGUE_PAPERS, true,
              !row_is_unsure(p, "/papers", i, "") && !row_is_unsure(p, "/papers", i, "/originals"));
    if (p->n_papers == 0)
        tally(r, CATALOGUE_PAPERS, procedure_is_unsure(p, "/papers"), false);
    tally(r, CATALOGUE_RESULTS, true, p->n_results && !procedure_is_unsure(p, "/results"));
    tally(r, CATALOGUE_LEGAL, p->n_legal || procedure_is_unsure(p, "/legal"), !procedure_is_unsure(p, "/legal"));
    tally(r, CATALOGUE_STEPS, true, p->steps != NULL);
}
/* ---- one batch, one commit ---- */

static bool keep_change(struct db *db, const struct importing *im, const char *code, const char *kind, const char *note,
                        struct error *e)
{
    static const char sql[] = "INSERT INTO catalogue_change (id, import, at, code, kind, note)"
                              " VALUES ($1, $2, $3, $4, $5, $6)";

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(id_new()), I64(im->id), I64(im->in->now), TEXT(code), TEXT(kind), TEXT(note)));
}

static bool tell_change(struct db *db, struct importing *im, const json_t *before, const json_t *after, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf note = BUF_INIT(NOTE_MAX);
    const char *code = json_str(after, "code");

    if (!before) {
        im->outcome.fresh++;
        return keep_change(db, im, code, "new", json_title(json_object_get(after, "name"), im->in->lang), e);
    }
    im->outcome.changed++;
    (void)catalogue_diff(a, before, after, im->in->lang, &note); /* how many lines does not matter here */
    return keep_change(db, im, code, "changed", note.data ? note.data : "", e);
}

/* Equal but for the date it came into force. */
static bool is_same(struct arena *a, const json_t *before, const json_t *after)
{
    json_t *x = json_held(a, json_copy((json_t *)(uintptr_t)before)),
           *y = json_held(a, json_copy((json_t *)(uintptr_t)after));

    (void)json_object_del(x, "in_force"); /* may not be there */
    (void)json_object_del(y, "in_force");
    return json_equal(x, y);
}

/* What does not make a service is told and passed over; nothing was written for it yet. */
static void note_unfit(struct importing *im, const char *code, struct error *e)
{
    char why[ERROR_DETAIL_MAX];

    (void)snprintf(why, sizeof why, "%.20s: %.200s", code,
                   e->n_items ? e->items[0].pointer : e->detail); /* cut is fine */
    im->outcome.unfit++;
    im->in->bad(0, why, im->in->arg);
    error_done(e);
    error_init(e);
}

static bool put_one(struct db *db, struct importing *im, const json_t *body, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct record_write w = {.body = body,
                             .key = json_str(body, "code"),
                             .seen = -1,
                             .reason = "catalogue",
                             .now = im->in->now,
                             .valid_from = im->in->from};
    struct record old;
    bool found;

    if (!record_find(db, a, im->services, w.key, &old, &found, e))
        return false;
    if (found && !text_equal(json_str(old.body, "origin"), "catalogue")) {
        im->outcome.handmade++;
        return true;
    }
    if (found && is_same(a, old.body, body)) {
        im->outcome.same++;
        return true;
    }
    if (record_put(db, im->services, &w, NULL, a, e))
        return tell_change(db, im, found ? old.body : NULL, body, e);
    if (e->code != E_RECORD_INVALID)
        return false;
    note_unfit(im, w.key, e);
    return true;
}

static bool put_batch(struct db *db, void *arg, struct error *e)
{
    struct importing *im = arg;

    im->outcome = (struct catalogue_outcome){0};
    for (size_t i = 0; i < im->n; i++)
        if (!put_one(db, im, im->batch[i], e))
            return false;
    return im->outcome.fresh + im->outcome.changed == 0 || definitions_tell(db, e);
}

static bool flush(struct importing *im, struct error *e)
{
    struct catalogue_outcome *sum = &im->report->outcome;

    if (im->n && im->house && !im->in->dry_run && !store_write(im->house->store, put_batch, im, e))
        return false;
    sum->fresh += im->outcome.fresh;
    sum->changed += im->outcome.changed;
    sum->same += im->outcome.same;
    sum->handmade += im->outcome.handmade;
    sum->unfit += im->outcome.unfit;
    im->outcome = (struct catalogue_outcome){0};
    im->n = 0;
    arena_reset(im->row);
    return true;
}

/* ---- lines ---- */

static bool take(int64_t number, const json_t *row, void *arg, struct error *e)
{
    struct importing *im = arg;
    auto_error struct error why;
    struct procedure *p;

    error_init(&why);
    if (!procedure_read(im->reader, im->row, row, &p, &why)) {
        im->in->bad(number, why.detail, im->in->arg);
        im->report->bad++;
        return true;
    }
    im->report->procedures++;
    im->report->local += (p->levels & (LEVEL_PROVINCE | LEVEL_COMMUNE)) != 0;
    tally_procedure(im->report, p);
    if (json_object_get(im->seen, p->code)) {
        im->in->bad(number, "the code stands in the file already", im->in->arg);
        im->report->bad++;
        return true;
    }
    (void)json_object_set_new(im->seen, p->code, json_true()); /* fails only without memory */
    if (!im->rules)
        return flush(im, e); /* nothing is stored: only read and counted */
    im->batch[im->n++] = json_held(im->row, service_definition_new(im->row, p, im->rules, im->in->from_text));
    return im->n < BATCH || flush(im, e);
}

static void bad(int64_t number, const char *why, void *arg)
{
    struct importing *im = arg;

    im->report->bad++;
    im->in->bad(number, why, im->in->arg);
}

/* ---- what the file no longer holds ---- */

struct missing {
    struct importing *im;
    size_t n, room;
    json_t **bodies;
};

static bool look_for_missing(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct missing *m = arg;
    bool ended = json_str(json_object_get(body, "in_force"), "to") != NULL;

    (void)version;
    (void)e;
    if (ended || !text_equal(json_str(body, "origin"), "catalogue") || json_object_get(m->im->seen, key))
        return true;
    if (m->n == m->room) {
        json_t **more = arena_array(m->im->arena, json_t *, m->room * 2 + 64);

        if (m->n)
            memcpy(more, m->bodies, m->n * sizeof *more);
        m->bodies = more;
        m->room = m->room * 2 + 64;
    }
    m->bodies[m->n++] = json_held(m->im->arena, json_deep_copy(body));
    return true;
}

/* The last day it is in force is the one before the new catalogue's. */
static bool end_missing(struct db *db, void *arg, struct error *e)
{
    struct missing *m = arg;
    struct importing *im = m->im;

    for (size_t i = 0; i < m->n; i++) {
        auto_arena struct arena *a = arena_new();
        struct record_write w = {.body = m->bodies[i],
                                 .key = json_str(m->bodies[i], "code"),
                                 .seen = -1,
                                 .reason = "catalogue",
                                 .now = im->in->now,
                                 .valid_from = im->in->now};

        (void)json_object_set_new(json_object_get(m->bodies[i], "in_force"), "to",
                                  json_string(im->in->last_day)); /* fails only without memory */
        if (!record_put(db, im->services, &w, NULL, a, e) ||
            !keep_change(db, im, w.key, "ended", json_title(json_object_get(w.body, "name"), im->in->lang), e))
            return false;
    }
    return definitions_tell(db, e);
}

static bool settle_missing(struct importing *im, struct error *e)
{
    struct missing m = {.im = im};
    auto_read struct db *db = NULL;

    if (!store_read(im->house->store, &db, e) || !definitions_each(db, "service", look_for_missing, &m, e))
        return false;
    im->report->missing = m.n;
    store_read_end(db);
    db = NULL;
    return !im->in->complete || im->in->dry_run || !m.n || store_write(im->house->store, end_missing, &m, e);
}

/* ---- the whole ---- */

static bool take_rules(const char *key, int64_t version, const json_t *body, void *arg, struct error *e)
{
    struct importing *im = arg;

    (void)key;
    (void)version;
    (void)e;
    im->rules = json_held(im->arena, json_deep_copy(body));
    return true;
}

static bool read_rules(struct importing *im, struct error *e)
{
    auto_read struct db *db = NULL;

    im->services = registry_find(im->house, "service");
    if (!store_read(im->house->store, &db, e) || !definitions_each(db, "catalogue", take_rules, im, e))
        return false;
    return (im->rules && im->services) ||
           fail(e, E_PACK, "the pack in this folder has no catalogue.yaml: load one that has");
}

static bool keep_import(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "INSERT INTO catalogue_import (id, at, file, fresh, changed, same, handmade, missing, bad)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    struct importing *im = arg;
    const struct catalogue_report *r = im->report;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(im->id), I64(im->in->now), TEXT(im->in->path), I64((int64_t)r->outcome.fresh),
                        I64((int64_t)r->outcome.changed), I64((int64_t)r->outcome.same),
                        I64((int64_t)r->outcome.handmade), I64((int64_t)r->missing),
                        I64((int64_t)(r->bad + r->outcome.unfit))));
}

static bool run(struct importing *im, struct error *e)
{
    struct catalogue_lines lines = {take, bad, im};
    struct catalogue_outcome *o = &im->report->outcome;

    if (im->house && !read_rules(im, e))
        return false;
    if (!catalogue_lines(im->in->path, &lines, e) || !flush(im, e))
        return false;
    if (!im->house)
        return true;
    if (!settle_missing(im, e))
        return false;
    /* An import that changed nothing leaves nothing behind. */
    if (im->in->dry_run || !(o->fresh + o->changed + (im->in->complete ? im->report->missing : 0)))
        return true;
    im->report->id = im->id;
    return store_write(im->house->store, keep_import, im, e);
}

bool catalogue_import(struct house *h, const struct catalogue_import *in, struct catalogue_report *out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_arena struct arena *row = arena_new();
    struct importing im = {.house = h, .in = in, .report = out, .arena = a, .row = row};

    *out = (struct catalogue_report){0};
    im.id = id_new();
    im.reader = catalogue_reader_new(a);
    im.seen = json_held(a, json_object());
    return run(&im, e);
}

bool catalogue_changes(struct house *h, int64_t import_id, size_t limit,
                       void (*each)(const char *code, const char *kind, const char *note, void *arg), void *arg,
                       struct error *e)
{
    static const char sql[] = "SELECT code, kind, note FROM catalogue_change WHERE import = $1 AND kind <> 'new'"
                              " ORDER BY id LIMIT $2";
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool more;

    if (!store_read(h->store, &db, e) || !db_query(db, &r, e, sql, ARGS(I64(import_id), I64((int64_t)limit))))
        return false;
    for (;;) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        each(rows_text(r, 0), rows_text(r, 1), rows_text(r, 2), arg);
    }
}
