/* Bringing a file of rows into a registry: checked outside of the writes, written some hundred rows at a time, each row
 * on its own feet. A file taken twice changes nothing the second time, which is what lets a job run again. */
#include "registry/registry_internal.h"

#include <string.h>

enum { IMPORT_BATCH = 256, IMPORT_PROBLEMS_MAX = 200 };

enum outcome { OUTCOME_BAD, OUTCOME_NEW, OUTCOME_CHANGED, OUTCOME_SAME, OUTCOME__COUNT };

struct step {
    int64_t line;
    json_t *body;
    enum outcome outcome;
    struct error_item problem; /* of a row that the database refused */
};

struct importing {
    const struct import *in;
    struct store *store;
    json_t *problems;
    int64_t count[OUTCOME__COUNT], dropped;
    size_t n;
    struct step batch[IMPORT_BATCH];
};

bool import_format_parse(const char *name, enum import_format *out)
{
    static const char *const names[IMPORT__COUNT] = {"csv", "ndjson", "geojson"};

    for (size_t i = 0; i < IMPORT__COUNT; i++)
        if (text_equal(name, names[i])) {
            *out = (enum import_format)i;
            return true;
        }
    return false;
}

static void note(struct importing *x, int64_t line, const struct error_item *item)
{
    char message[400];

    if (json_array_size(x->problems) >= IMPORT_PROBLEMS_MAX) {
        x->dropped++;
        return;
    }
    error_item_message(item, x->in->lang, message, sizeof message);
    (void)json_array_append_new(x->problems, /* only fails without memory */
                                json_pack("{s:I, s:s, s:s, s:s}", "line", (json_int_t)line, "pointer", item->pointer,
                                          "keyword", item->keyword, "message", message));
}

/* ---- a batch ---- */

static bool put_row(struct db *db, const struct import *in, struct step *s, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error refused;
    const struct registry *r = in->registry;
    struct record_write w = {.body = s->body,
                             .seen = -1,
                             .actor = in->actor,
                             .unit = in->unit,
                             .reason = "import",
                             .now = now_ms(),
                             .valid_from = INSTANT_NONE};
    struct record old;
    bool found, untouched = true, ok;

    error_init(&refused);
    ok = record_key(a, r, NULL, s->body, &w.key, &refused) && record_find_any(db, a, r, w.key, &old, &found, &refused);
    if (ok) {
        s->outcome = !found ? OUTCOME_NEW : OUTCOME_CHANGED;
        if (found && old.valid_to == INSTANT_NONE && json_equal(old.body, s->body)) {
            s->outcome = OUTCOME_SAME;
            return true;
        }
        ok = in->dry_run ? record_unique(db, a, r, s->body, found ? old.id : 0, &refused)
                         : record_put_step(db, r, &w, NULL, a, &untouched, &refused);
    }
    if (ok)
        return true;
    if (!untouched || refused.n_items == 0 || error_kind(&refused) > KIND_STALE)
        return fail(e, refused.code, "line %jd: %.250s", (intmax_t)s->line, refused.detail);
    s->outcome = OUTCOME_BAD;
    s->problem = refused.items[0];
    return true;
}

static bool put_batch(struct db *db, void *arg, struct error *e)
{
    struct importing *x = arg;

    for (size_t i = 0; i < x->n; i++)
        if (!put_row(db, x->in, &x->batch[i], e))
            return false;
    return true;
}

static bool run_batch(struct importing *x, struct error *e)
{
    bool ok;

    if (x->n == 0)
        return true;
    if (x->in->dry_run) {
        auto_read struct db *db = NULL;

        ok = store_read(x->store, &db, e) && put_batch(db, x, e);
    } else {
        ok = store_write(x->store, put_batch, x, e);
    }
    for (size_t i = 0; i < x->n; i++) {
        json_decref(x->batch[i].body);
        if (!ok)
            continue;
        x->count[x->batch[i].outcome]++;
        if (x->batch[i].outcome == OUTCOME_BAD)
            note(x, x->batch[i].line, &x->batch[i].problem);
    }
    x->n = 0;
    return ok;
}

/* ---- the file ---- */

/* Takes the row's body. */
static void queue_row(struct importing *x, struct import_row *row)
{
    auto_error struct error e;

    error_init(&e);
    if (row->body && schema_validate(x->in->registry->schema, row->body, &e)) {
        x->batch[x->n++] = (struct step){.line = row->line, .body = row->body};
        return;
    }
    if (!row->body)
        note(x, row->line, &row->problem);
    for (size_t i = 0; i < e.n_items; i++)
        note(x, row->line, &e.items[i]);
    x->count[OUTCOME_BAD]++;
    json_decref(row->body);
}

static bool run_rows(struct importing *x, struct row_reader *rows, struct error *e)
{
    bool more = true;

    while (more) {
        struct import_row row;

        if (!row_reader_next(rows, &row, &more, e))
            return false;
        if (more)
            queue_row(x, &row);
        if (x->n < IMPORT_BATCH && more)
            continue;
        if (!run_batch(x, e) || (x->in->progress && !x->in->progress(row_reader_percent(rows), x->in->arg, e)))
            return false;
    }
    return true;
}

/* A header with wrong columns is the file's problem, told like a row's. */
static bool run_file(struct importing *x, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error why;
    struct row_reader *rows;

    error_init(&why);
    if (row_reader_open(a, x->in->registry, x->in->format, x->in->path, &rows, &why))
        return run_rows(x, rows, e);
    if (why.n_items == 0)
        return fail(e, why.code, "%s", why.detail);
    for (size_t i = 0; i < why.n_items; i++)
        note(x, 1, &why.items[i]);
    return true;
}

bool registry_import(struct store *s, const struct import *in, json_t **report, struct error *e)
{
    struct importing *x = calloc(1, sizeof *x);
    const int64_t *n;
    bool ok;

    if (!x)
        die("import", sizeof *x);
    x->in = in;
    x->store = s;
    x->problems = json_array();
    ok = run_file(x, e);
    for (size_t i = 0; i < x->n; i++)
        json_decref(x->batch[i].body);
    n = x->count;
    if (ok)
        *report = json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:O, s:I}", "rows",
                            (json_int_t)(n[OUTCOME_BAD] + n[OUTCOME_NEW] + n[OUTCOME_CHANGED] + n[OUTCOME_SAME]), "new",
                            (json_int_t)n[OUTCOME_NEW], "changed", (json_int_t)n[OUTCOME_CHANGED], "same",
                            (json_int_t)n[OUTCOME_SAME], "bad", (json_int_t)n[OUTCOME_BAD], "dry_run", in->dry_run,
                            "problems", x->problems, "problems_dropped", (json_int_t)x->dropped);
    json_decref(x->problems);
    free(x);
    return ok;
}
