/* Lists of cases: the inbox, a unit's cases, one's own. Each box is a few index ranges, walked in the order people see
 * and merged; there is no count, and no page looks at more than some four hundred rows however many there are: where
 * few of many are wanted, it ends early and the next one goes on from there. What is searched by words that are rare
 * comes from the full text instead. */
#include "casework/casework_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNITS_MAX = 48,
    RANGES_MAX = UNITS_MAX * 10,
    ROWS_MAX = 400,   /* looked at for one page, in all ranges: each is a page of the file that may not be in memory */
    ROWS_FIRST = 300, /* so many before rare words are looked for in the full text */
    FOUND_MAX = 1000, /* by words; more are common words, and common words are soon met on the way */
    LOADED_AT_ONCE = 32,
};

struct range {
    int64_t of, key;      /* unit and role or status; party */
    struct case_place at; /* everything before it was looked at */
    size_t stride;        /* 0: nothing was read yet */
    bool ended;
};

struct listing {
    struct db *db;
    struct arena *arena;
    const struct house *house;
    const struct actor *who;
    const struct case_query *query;
    struct case_match *match;
    size_t n_ranges, n, room;
    struct range *ranges;
    struct case_place *found;
};

#define GLANCE                                                                                                         \
    "SELECT id, sort_at, unit, step_role, status, service, applicant, assignee, submitted_at, due_at, step_due_at,"    \
    " done_at, closed_at, code, applicant_name FROM case_file WHERE "
#define IN_ORDER " AND (sort_at, id) > ($3, $4) ORDER BY sort_at, id LIMIT $5"

static const char inbox_sql[] = GLANCE "unit = $1 AND step_role = $2" IN_ORDER;
static const char unit_sql[] = GLANCE "unit = $1 AND status = $2" IN_ORDER;
static const char applicant_sql[] = GLANCE "applicant = $1 AND id < $2 AND parent IS NULL ORDER BY id DESC LIMIT $3";
static const char submitter_sql[] = GLANCE "submitter = $1 AND id < $2 AND parent IS NULL ORDER BY id DESC LIMIT $3";
static const char search_sql[] = GLANCE "id IN (SELECT f.id FROM SEARCH(s_case, $1) AS f LIMIT $2)";

static int compare(struct case_place a, struct case_place b)
{
    return a.sort != b.sort ? (a.sort > b.sort) - (a.sort < b.sort) : (a.id > b.id) - (a.id < b.id);
}

static int by_place(const void *left, const void *right)
{
    return compare(*(const struct case_place *)left, *(const struct case_place *)right);
}

/* One's own are told newest first: ids are in the order of time. */
static struct case_place place_of(const struct listing *l, const struct case_glance *row)
{
    return l->query->box == BOX_MINE ? (struct case_place){-row->id, row->id}
                                     : (struct case_place){row->sort_at, row->id};
}

static void glance(struct rows *r, struct case_glance *out)
{
    *out = (struct case_glance){
        .id = rows_i64(r, 0),
        .sort_at = rows_i64(r, 1),
        .unit = rows_i64(r, 2),
        .step_role = (int)rows_i64(r, 3),
        .status = (int)rows_i64(r, 4),
        .service = rows_text(r, 5),
        .applicant = rows_i64(r, 6),
        .assignee = rows_i64(r, 7),
        .submitted_at = rows_i64(r, 8),
        .due_at = rows_instant(r, 9),
        .step_due_at = rows_instant(r, 10),
        .done_at = rows_instant(r, 11),
        .closed_at = rows_instant(r, 12),
        .code = rows_text(r, 13),
        .applicant_name = rows_text(r, 14),
    };
}

static void keep(struct listing *l, struct case_place p)
{
    l->found = arena_grown(l->arena, l->found, l->n, &l->room, sizeof *l->found);
    l->found[l->n++] = p;
}

/* ---- the ranges of a box ---- */

static void add_range(struct listing *l, int64_t of, int64_t key, struct case_place begin)
{
    for (size_t i = 0; i < l->n_ranges; i++)
        if (l->ranges[i].of == of && l->ranges[i].key == key)
            return;
    if (l->n_ranges < RANGES_MAX)
        l->ranges[l->n_ranges++] = (struct range){.of = of, .key = key, .at = begin};
}

/* Nothing is due before it was filed, so a list by days may begin at its first day. */
static struct case_place beginning(const struct case_query *q)
{
    int64_t first = q->promised_from != INSTANT_NONE ? q->promised_from
                    : q->filed_from != INSTANT_NONE  ? q->filed_from
                                                     : 0;
    struct case_place day = {first ? first - 1 : 0, INT64_MAX};

    return first && compare(q->after, day) < 0 ? day : q->after;
}

/* And end here: what is late was due before now. */
static int64_t ending(const struct case_query *q)
{
    int64_t end = q->promised_before != INSTANT_NONE ? q->promised_before : INT64_MAX;

    return q->box != BOX_MINE && q->late && q->now < end ? q->now : end;
}

static void add_unit(struct listing *l, int64_t unit)
{
    /* Before its reception nothing is promised, and while its clock waits nothing is late. */
    unsigned open =
        l->query->late
            ? STATUS_OPEN & ~(STATUS_BIT(STATUS_SUBMITTED) | STATUS_BIT(STATUS_SUPPLEMENT) | STATUS_BIT(STATUS_PAYMENT))
            : STATUS_OPEN;

    for (int status = STATUS_SUBMITTED; status < STATUS__COUNT; status++) {
        bool wanted = l->query->status ? l->query->status == status : (open & STATUS_BIT((unsigned)status)) != 0;

        if (wanted)
            add_range(l, unit, status, beginning(l->query));
    }
}

/* What a unit left that ended is asked for by its name. */
static bool was_of(const struct listing *l, int64_t unit, int64_t former)
{
    const struct unit *u = unit_by_id(l->house, former);

    return u && u->to.year && unit_succeeds(l->house, unit, u, date_at(l->query->now));
}

/* The units an officer serves; supervisors and auditors name one below theirs. */
static void add_units(struct listing *l)
{
    const struct case_query *q = l->query;
    size_t n = 0;

    for (size_t i = 0; i < l->who->n_roles && n < UNITS_MAX; i++) {
        const struct role_at *at = &l->who->roles[i];

        if (!at->unit || at->role == ROLE_ADMIN)
            continue;
        if (q->unit &&
            (role_oversees(at->role) ? unit_is_within(l->house, q->unit, at->unit) : was_of(l, at->unit, q->unit)))
            add_unit(l, q->unit);
        else if (!q->unit || q->unit == at->unit)
            add_unit(l, at->unit);
        n++;
    }
}

static void add_inboxes(struct listing *l)
{
    for (size_t i = 0; i < l->who->n_roles; i++) {
        const struct role_at *at = &l->who->roles[i];

        if (at->unit && (!l->query->unit || l->query->unit == at->unit))
            add_range(l, at->unit, (int64_t)at->role, beginning(l->query));
    }
}

/* Whose it is, and who filed it. */
enum { AS_APPLICANT, AS_SUBMITTER };
static void add_own(struct listing *l)
{
    const struct case_query *q = l->query;

    add_range(l, q->party, AS_APPLICANT, (struct case_place){q->after.id ? -q->after.id : INT64_MIN, q->after.id});
    if (q->party == l->who->party)
        add_range(l, q->party, AS_SUBMITTER, (struct case_place){q->after.id ? -q->after.id : INT64_MIN, q->after.id});
}

/* ---- walking ---- */

/* Of the two ranges of one's own, what one filed for oneself is in both. */
static bool is_told_already(const struct listing *l, const struct range *g, const struct case_glance *row)
{
    return l->query->box == BOX_MINE && g->key == AS_SUBMITTER && row->applicant == g->of;
}

static bool open_range(struct listing *l, const struct range *g, size_t limit, struct rows **out, struct error *e)
{
    int64_t before = g->at.id ? g->at.id : INT64_MAX;

    if (l->query->box == BOX_MINE)
        return db_query(l->db, out, e, g->key == AS_APPLICANT ? applicant_sql : submitter_sql,
                        ARGS(I64(g->of), I64(before), I64((int64_t)limit)));
    return db_query(l->db, out, e, l->query->box == BOX_INBOX ? inbox_sql : unit_sql,
                    ARGS(I64(g->of), I64(g->key), I64(g->at.sort), I64(g->at.id), I64((int64_t)limit)));
}

/* Looks at so many rows more of a range, or until a page of them is found. */
static bool walk_on(struct listing *l, struct range *g, size_t limit, size_t *seen, struct error *e)
{
    auto_rows struct rows *r = NULL;
    size_t begin = *seen, found = 0;
    bool more;

    if (!open_range(l, g, limit, &r, e))
        return false;
    for (; found <= l->query->limit; ++*seen) {
        struct case_glance row;

        if (!rows_next(r, &more, e))
            return false;
        if (!more) {
            g->ended = *seen - begin < limit;
            return true;
        }
        glance(r, &row);
        if (l->query->box != BOX_MINE && row.sort_at >= ending(l->query)) {
            g->ended = true;
            return true;
        }
        g->at = place_of(l, &row);
        if (case_matches(l->match, &row) && !is_told_already(l, g, &row)) {
            keep(l, g->at);
            found++;
        }
    }
    return true;
}

/* The one that is furthest behind: what is known of the list ends there. NULL: all of it is known. */
static struct range *hindmost(const struct listing *l)
{
    struct range *least = NULL;

    for (size_t i = 0; i < l->n_ranges; i++)
        if (!l->ranges[i].ended && (!least || compare(l->ranges[i].at, least->at) < 0))
            least = &l->ranges[i];
    return least;
}

static bool is_full(const struct listing *l, struct case_place until)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++)
        n += compare(l->found[i], until) <= 0;
    return n > l->query->limit;
}

/* Few of each when there are many ranges: each must be looked at before anything is certain. */
static size_t first_stride(const struct listing *l, size_t rows)
{
    size_t share = rows / l->n_ranges;

    return share > l->query->limit ? l->query->limit + 1 : share + 1;
}

/* On until a page and one row more are certain, all was looked at, or so many rows were; but at least one of each
 * range, so that every page gets further than the one before it. */
static bool walk(struct listing *l, size_t rows, size_t *seen, struct error *e)
{
    struct range *g;

    while ((g = hindmost(l)) && (*seen < rows || !g->stride) && !is_full(l, g->at)) {
        size_t left = *seen < rows ? rows - *seen : 1;

        g->stride = g->stride ? g->stride * 2 : first_stride(l, rows);
        if (!walk_on(l, g, g->stride < left ? g->stride : left, seen, e))
            return false;
    }
    return true;
}

/* ---- by words ---- */

static bool is_after(const struct listing *l, struct case_place p)
{
    return !l->query->after.id || compare(p, l->query->after) > 0;
}

static bool is_in_box(const struct listing *l, const struct case_glance *row)
{
    for (size_t i = 0; i < l->n_ranges; i++) {
        const struct range *g = &l->ranges[i];

        if (l->query->box == BOX_MINE
                ? g->key == AS_APPLICANT && g->of == row->applicant
                : g->of == row->unit && g->key == (l->query->box == BOX_INBOX ? row->step_role : row->status))
            return true;
    }
    return false;
}

/* *few: these are all that there are. */
static bool search(struct listing *l, const char *words, bool *few, struct error *e)
{
    auto_rows struct rows *r = NULL;
    size_t n = 0;
    bool more;

    l->n = 0;
    if (!db_query(l->db, &r, e, search_sql, ARGS(TEXT(words), I64(FOUND_MAX + 1))))
        return false;
    for (;; n++) {
        struct case_glance row;

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            break;
        glance(r, &row);
        if (is_in_box(l, &row) && is_after(l, place_of(l, &row)) && case_matches(l->match, &row))
            keep(l, place_of(l, &row));
    }
    *few = n <= FOUND_MAX;
    return true;
}

/* ---- the page ---- */

/* What stands beyond the place up to which every range was looked at is not the page's. */
static void cut(struct listing *l, struct case_place until, bool whole, struct case_page *page)
{
    size_t limit = l->query->limit, n = 0;

    if (l->n)
        qsort(l->found, l->n, sizeof *l->found, by_place);
    while (n < l->n && n <= limit && (whole || compare(l->found[n], until) <= 0))
        n++;
    page->more = n > limit || !whole;
    page->n = n > limit ? limit : n;
    page->last = n > limit ? l->found[limit - 1] : until;
}

static void cut_walked(struct listing *l, struct case_page *page)
{
    const struct range *last = hindmost(l);

    cut(l, last ? last->at : (struct case_place){INT64_MAX, INT64_MAX}, !last, page);
}

/* Common words are soon met; when they are not, the full text knows all that there are, unless they are common
 * elsewhere: then the walk goes on. */
static bool find_places(struct listing *l, struct case_page *page, struct error *e)
{
    bool only, few = false;
    const char *words = case_match_words(l->match, &only);
    struct listing found = *l;
    size_t seen = 0;

    if (!only && !walk(l, words ? ROWS_FIRST : ROWS_MAX, &seen, e))
        return false;
    cut_walked(l, page);
    if (!words || (!only && (!page->more || page->n == l->query->limit)))
        return true;
    if (!search(&found, words, &few, e))
        return false;
    if (few || only) {
        cut(&found, (struct case_place){INT64_MAX, INT64_MAX}, true, page);
        l->found = found.found;
        return true;
    }
    if (!walk(l, ROWS_MAX, &seen, e))
        return false;
    cut_walked(l, page);
    return true;
}

/* clang-format off */
#define LOADED "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32"
/* clang-format on */
static const char load_sql[] = "SELECT " CASE_COLUMNS " FROM case_file WHERE id IN (" LOADED ")";

const char *const case_list_statements[] = {inbox_sql,  unit_sql, applicant_sql, submitter_sql,
                                            search_sql, load_sql, NULL};

static size_t place_at(const struct listing *l, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (l->found[i].id == id)
            return i;
    return n;
}

static bool load(struct listing *l, size_t from, struct case_page *page, struct error *e)
{
    struct value ids[LOADED_AT_ONCE + 1];
    auto_rows struct rows *r = NULL;
    bool more;

    for (size_t i = 0; i < LOADED_AT_ONCE; i++)
        ids[i] = I64(from + i < page->n ? l->found[from + i].id : 0);
    ids[LOADED_AT_ONCE] = (struct value){.kind = VALUE_END};
    if (!db_query(l->db, &r, e, load_sql, ids))
        return false;
    for (;;) {
        size_t at;

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        at = place_at(l, page->n, rows_i64(r, 0));
        if (at < page->n && !case_read_row(l->db, r, l->arena, l->house, &page->rows[at], e))
            return false;
    }
}

/* An agent for one service or field sees those cases of the principal; one whose authorisation ended sees none of what
 * they filed under it. A row that another write removed in between is dropped likewise. */
static void keep_visible(const struct listing *l, struct case_page *page)
{
    size_t kept = 0;

    for (size_t i = 0; i < page->n; i++)
        if (page->rows[i].id &&
            (l->query->box != BOX_MINE || case_standing(l->house, l->who, &page->rows[i], l->query->now).sees))
            page->rows[kept++] = page->rows[i];
    page->n = kept;
}

bool case_list(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
               const struct case_query *query, struct case_page *out, struct error *e)
{
    struct listing l = {.db = db, .arena = a, .house = h, .who = who, .query = query};

    *out = (struct case_page){0};
    case_match_new(a, h, who, query, &l.match);
    if (!l.match)
        return true;
    l.ranges = arena_array(a, struct range, RANGES_MAX);
    if (query->box == BOX_INBOX)
        add_inboxes(&l);
    else if (query->box == BOX_UNIT)
        add_units(&l);
    else
        add_own(&l);
    if (l.n_ranges == 0)
        return true;
    if (!find_places(&l, out, e))
        return false;
    out->rows = arena_array(a, struct case_file, out->n + 1);
    for (size_t i = 0; i < out->n; i++)
        out->rows[i].id = 0;
    for (size_t i = 0; i < out->n; i += LOADED_AT_ONCE)
        if (!load(&l, i, out, e))
            return false;
    keep_visible(&l, out);
    return true;
}
