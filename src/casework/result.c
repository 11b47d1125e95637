/* What becomes of a result after it was given: withdrawn, corrected, superseded by a later one. The paper is invalid in
 * the commit that says so, and every running dossier that uses it is told there too. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { RESULTS_MAX = 16, USING_MAX = 500 };

/* ---- of one's own case ---- */

bool has_result(const struct house *h, const struct case_file *c, int64_t now)
{
    (void)h;
    (void)now;
    return c->results && strcmp(c->results, "[]") != 0;
}

bool results_valid(struct db *db, struct arena *a, const struct case_file *c, int64_t *ids, size_t max, size_t *n,
                   struct error *e)
{
    const json_t *list = json_held(a, json_loads(c->results, 0, NULL)), *row;
    size_t i;

    *n = 0;
    json_array_foreach(list, i, row)
    {
        struct document d;
        bool found = false;
        int64_t id;

        if (!text_to_i64(json_str(row, "document"), 1, INT64_MAX, &id))
            continue;
        if (!document_find(db, a, id, &d, &found, e))
            return false;
        if (found && text_equal(d.status, "valid") && *n < max)
            ids[(*n)++] = id;
    }
    return true;
}

bool result_is_given(struct db *db, struct arena *a, const struct case_file *c, struct error *e)
{
    int64_t ids[1];
    size_t n;

    return results_valid(db, a, c, ids, 1, &n, e) &&
           (n > 0 || fail(e, E_RESULT_ENDED, "case %s has no result that is valid", c->code));
}

bool results_end(struct db *db, struct arena *a, const struct case_file *c, const struct document_ending *how,
                 struct error *e)
{
    int64_t ids[RESULTS_MAX];
    size_t n;

    if (!results_valid(db, a, c, ids, RESULTS_MAX, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct document_ending ending = *how;
        bool ended;

        ending.document = ids[i];
        if (ids[i] != how->successor && !document_end(db, &ending, &ended, e))
            return false;
    }
    return true;
}

bool results_supersede(struct db *db, struct arena *a, const struct case_file *c, const struct document_ending *how,
                       struct error *e)
{
    const json_t *kinds = json_object_get(json_object_get(c->service->definition, "result"), "supersedes"), *kind;
    struct document held[RESULTS_MAX];
    size_t i, n;

    json_array_foreach(kinds, i, kind)
    {
        if (!document_held(db, a, c->applicant, json_string_value(kind), how->at, held, RESULTS_MAX, &n, e))
            return false;
        while (n-- > 0) {
            struct document_ending ending = *how;
            bool ended;

            ending.document = held[n].id;
            /* A copy of it was certified by others: it goes with its original's end, not with a new one's issue. */
            if (held[n].id != how->successor && !held[n].stands_for && !document_end(db, &ending, &ended, e))
                return false;
        }
    }
    return true;
}

/* ---- of cases that use it ---- */

/* The city holds it no more, so it may be asked for again; what was handed in stays, and shows what became of it. */
static bool forget_held(struct arena *a, struct case_file *c, int64_t document)
{
    json_t *papers = json_held(a, json_loads(c->papers, 0, NULL)), *row;
    const char *id = arena_printf(a, "%" PRId64, document);
    bool uses = false;
    size_t i;

    json_array_foreach(papers, i, row)
    {
        bool held = text_equal(json_str(json_object_get(row, "held"), "document"), id);

        uses = uses || held || text_equal(json_str(row, "document"), id);
        if (!held)
            continue;
        (void)json_object_set_new(row, "held", json_null()); /* fails only without memory */
        (void)json_object_set_new(row, "document", json_string(id));
    }
    if (uses)
        c->papers = json_text(a, papers);
    return uses;
}

static bool tell_one(struct db *db, struct house *h, struct arena *a, const char *code,
                     const struct document_ending *ending, struct error *e)
{
    struct turn turn = {.house = h, .arena = a, .now = ending->at};
    const char *what = text_equal(ending->status, "withdrawn") ? "paper-withdrawn" : "paper-superseded";
    struct case_file c;
    bool found;

    if (!case_find(db, a, h, code, &c, &found, e))
        return false;
    if (!found || !forget_held(a, &c, ending->document))
        return true;
    return case_move(db, &turn, &c, what, c.step, e) && tell_heads(db, &turn, &c, what, e);
}

static bool codes_using(struct db *db, struct arena *a, int64_t document, const char *out[static USING_MAX], size_t *n,
                        struct error *e)
{
    static const char sql[] =
        "SELECT c.code FROM document_case d JOIN case_file c ON c.id = d.case_id"
        " WHERE d.document = $1 AND c.status IN (1, 2, 4, 5, 6) ORDER BY c.id LIMIT $2"; /* open, and not settled */

    return db_texts(db, a, out, USING_MAX, n, e, sql, ARGS(I64(document), I64(USING_MAX)));
}

bool result_on_ended(struct db *db, const struct event *event, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char **codes = (const char **)arena_array(a, char *, USING_MAX);
    size_t n;

    if (!codes_using(db, a, event->subject, codes, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!tell_one(db, arg, a, codes[i], event->detail, e))
            return false;
    return true;
}
