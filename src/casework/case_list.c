/* Lists of cases: the inbox, a unit's cases, one's own. Each box is a few index ranges, read in order and merged; there
 * is no count and no sort of more rows than a page for each range. */
#include "casework/casework_internal.h"

#include <string.h>

enum { RANGES_MAX = 48, NEVER_LATE = 0 };

struct range {
    int64_t unit, key; /* key: role of the step, or status */
};

struct listing {
    struct db *db;
    struct arena *arena;
    const struct house *house;
    const struct actor *who;
    const struct case_query *query;
    const char *words; /* for SEARCH; NULL: none */
    struct case_file *found;
    size_t n, room;
};

#define FILTERS                                                                                                        \
    " AND ($5 = 0 OR status = $5) AND ($6 = '' OR service = $6) AND ($7 = 0 OR due_at < $7) AND ($8 = 0 OR assignee "  \
    "= 0"                                                                                                              \
    " OR assignee = $8)"
#define AFTER " AND (sort_at, id) > ($3, $4) ORDER BY sort_at, id LIMIT $9"

static const char inbox_sql[] =
    "SELECT " CASE_COLUMNS " FROM case_file WHERE unit = $1 AND step_role = $2" FILTERS AFTER;
static const char inbox_search_sql[] =
    "SELECT " CASE_COLUMNS
    " FROM case_file WHERE unit = $1 AND step_role = $2 AND id IN SEARCH(s_case, $10)" FILTERS AFTER;
static const char unit_sql[] = "SELECT " CASE_COLUMNS " FROM case_file WHERE unit = $1 AND status = $2" FILTERS AFTER;
static const char unit_search_sql[] =
    "SELECT " CASE_COLUMNS
    " FROM case_file WHERE unit = $1 AND status = $2 AND id IN SEARCH(s_case, $10)" FILTERS AFTER;
static const char applicant_sql[] =
    "SELECT " CASE_COLUMNS " FROM case_file WHERE applicant = $1 AND id < $2"
    " AND ($3 = 0 OR status = $3) AND ($4 = '' OR service = $4) ORDER BY id DESC LIMIT $5";
static const char submitter_sql[] =
    "SELECT " CASE_COLUMNS " FROM case_file WHERE submitter = $1 AND applicant <> $1 AND id < $2"
    " AND ($3 = 0 OR status = $3) AND ($4 = '' OR service = $4) ORDER BY id DESC LIMIT $5";

static bool take_rows(struct listing *l, struct rows *r, struct error *e)
{
    bool more;

    for (;;) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        if (l->n == l->room) {
            struct case_file *grown = arena_array(l->arena, struct case_file, l->room * 2 + 64);

            if (l->n)
                memcpy(grown, l->found, l->n * sizeof *grown);
            l->found = grown;
            l->room = l->room * 2 + 64;
        }
        if (!case_read_row(l->db, r, l->arena, l->house, &l->found[l->n], e))
            return false;
        l->n++;
    }
}

static bool read_range(struct listing *l, const char *sql, struct range range, int64_t assignee, struct error *e)
{
    const struct case_query *q = l->query;
    auto_rows struct rows *r = NULL;
    /* clang-format off */
    const struct value args[] = {
        I64(range.unit), I64(range.key), I64(q->after_sort), I64(q->after_id), I64(q->status),
        TEXT(q->service ? q->service : ""), I64(q->late ? q->now : NEVER_LATE), I64(assignee), I64((int64_t)q->limit + 1),
        TEXT(l->words), {.kind = VALUE_END},
    };
    const struct value plain[] = {args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7], args[8],
                                  {.kind = VALUE_END}};
    /* clang-format on */

    return db_query(l->db, &r, e, sql, l->words ? args : plain) && take_rows(l, r, e);
}

static int64_t sort_key(const struct case_file *c)
{
    return c->due_at == INSTANT_NONE ? c->submitted_at : c->due_at;
}

static int by_due(const void *left, const void *right)
{
    const struct case_file *a = left, *b = right;
    int64_t x = sort_key(a), y = sort_key(b);

    return x != y ? (x > y) - (x < y) : (a->id > b->id) - (a->id < b->id);
}

static int newest_first(const void *left, const void *right)
{
    const struct case_file *a = left, *b = right;

    return (a->id < b->id) - (a->id > b->id);
}

static bool list_inbox(struct listing *l, struct error *e)
{
    for (size_t i = 0; i < l->who->n_roles; i++) {
        const struct role_at *at = &l->who->roles[i];

        if (at->unit && (!l->query->unit || l->query->unit == at->unit) &&
            !read_range(l, l->words ? inbox_search_sql : inbox_sql, (struct range){at->unit, (int64_t)at->role},
                        l->who->party, e))
            return false;
    }
    return true;
}

static bool list_unit(struct listing *l, int64_t unit, struct error *e)
{
    for (int status = STATUS_SUBMITTED; status < STATUS__COUNT; status++) {
        bool wanted = l->query->status ? l->query->status == status : (STATUS_OPEN & STATUS_BIT((unsigned)status)) != 0;

        if (wanted && !read_range(l, l->words ? unit_search_sql : unit_sql, (struct range){unit, status}, 0, e))
            return false;
    }
    return true;
}

/* The units an officer serves; supervisors and auditors name one below theirs. */
static bool list_units(struct listing *l, struct error *e)
{
    int64_t done[RANGES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < l->who->n_roles && n < COUNT(done); i++) {
        const struct role_at *at = &l->who->roles[i];
        bool oversees = at->role == ROLE_SUPERVISOR || at->role == ROLE_AUDITOR;
        int64_t unit = at->unit;
        bool again = false;

        if (!unit || at->role == ROLE_ADMIN)
            continue;
        if (l->query->unit && oversees && unit_is_within(l->house, l->query->unit, unit))
            unit = l->query->unit;
        else if (l->query->unit && l->query->unit != unit)
            continue;
        for (size_t k = 0; k < n; k++)
            again = again || done[k] == unit;
        done[n++] = unit;
        if (!again && !list_unit(l, unit, e))
            return false;
    }
    return true;
}

static bool list_own(struct listing *l, const char *sql, struct error *e)
{
    const struct case_query *q = l->query;
    auto_rows struct rows *r = NULL;

    return db_query(l->db, &r, e, sql,
                    ARGS(I64(l->who->party), I64(q->after_id ? q->after_id : INT64_MAX), I64(q->status),
                         TEXT(q->service ? q->service : ""), I64((int64_t)q->limit + 1))) &&
           take_rows(l, r, e);
}

bool case_list(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
               const struct case_query *query, struct case_file **out, size_t *n, bool *more, struct error *e)
{
    struct listing l = {.db = db, .arena = a, .house = h, .who = who, .query = query};
    bool ok;

    l.words = text_is_empty(query->q) ? NULL : db_search_words(a, query->q);
    if (!text_is_empty(query->q) && !l.words) { /* nothing to look for: nothing is found */
        *n = 0;
        *more = false;
        return true;
    }
    switch (query->box) {
    case BOX_INBOX:
        ok = list_inbox(&l, e);
        break;
    case BOX_UNIT:
        ok = list_units(&l, e);
        break;
    default:
        ok = list_own(&l, applicant_sql, e) && list_own(&l, submitter_sql, e);
        break;
    }
    if (!ok)
        return false;
    if (l.n)
        qsort(l.found, l.n, sizeof *l.found, query->box == BOX_MINE ? newest_first : by_due);
    *more = l.n > query->limit;
    *n = *more ? query->limit : l.n;
    *out = l.found;
    return true;
}
