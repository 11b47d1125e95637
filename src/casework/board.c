/* What a unit has to do and who has it: one pass over its open cases, which are few beside all that it ever had. */
#include "casework/casework_internal.h"

#include <stdlib.h>

const char board_sql[] =
    "SELECT assignee, service, status, step_role, due_at, step_due_at, done_at, closed_at FROM case_file"
    " WHERE unit = $1 AND status IN (1, 2, 4, 5, 6, 9) LIMIT $2";

const char board_spared_sql[] =
    "SELECT COUNT(*), CAST(COALESCE(SUM(spared), 0) AS BIGINT) FROM (SELECT spared FROM case_file WHERE unit = $1"
    " AND received_at >= $2 ORDER BY received_at DESC, id DESC LIMIT $3) received";

static void count(struct tally *t, const struct case_glance *row, int64_t now, int day)
{
    t->open++;
    t->late += case_glance_late(row, now);
    t->silent += case_glance_silent(row, now);
    t->tomorrow += day == 1;
}

/* Days from today on which it is promised; -1: none that is still to come, or its clock waits. */
static int day_of(const struct case_glance *row, int64_t now)
{
    int64_t day;

    if (row->due_at == INSTANT_NONE || row->due_at < now || row->done_at != INSTANT_NONE ||
        row->status == STATUS_SUPPLEMENT || row->status == STATUS_PAYMENT)
        return -1;
    day = date_to_days(date_at(row->due_at)) - date_to_days(date_at(now));
    return day < BOARD_DAYS ? (int)day : -1;
}

static struct tally *officer_tally(struct board *b, int64_t officer)
{
    for (size_t i = 0; i < b->n_officers; i++)
        if (b->officers[i].officer == officer)
            return &b->officers[i].tally;
    if (b->n_officers == BOARD_OFFICERS_MAX)
        return NULL;
    b->officers[b->n_officers].officer = officer;
    return &b->officers[b->n_officers++].tally;
}

static void add_row(struct board *b, struct rows *r, const struct house *h, struct tally *services, int64_t now)
{
    const struct case_glance row = {
        .assignee = rows_i64(r, 0),
        .service = rows_text(r, 1),
        .status = (int)rows_i64(r, 2),
        .step_role = (int)rows_i64(r, 3),
        .due_at = rows_instant(r, 4),
        .step_due_at = rows_instant(r, 5),
        .done_at = rows_instant(r, 6),
        .closed_at = rows_instant(r, 7),
    };
    const struct service_entry *s = service_find(h, row.service);
    struct tally *of[] = {&b->all, &b->statuses[row.status], officer_tally(b, row.assignee),
                          s ? &services[s - casework_of(h)->services] : NULL};
    int day = day_of(&row, now);

    for (size_t i = 0; i < COUNT(of); i++)
        if (of[i])
            count(of[i], &row, now, day);
    if (day >= 0)
        b->days[day]++;
}

static int more_officer(const void *left, const void *right)
{
    const struct board_officer *a = left, *b = right;

    return (a->tally.open < b->tally.open) - (a->tally.open > b->tally.open);
}

struct loaded {
    const char *code;
    struct tally tally;
};

static int more_loaded(const void *left, const void *right)
{
    const struct loaded *a = left, *b = right;

    return (a->tally.open < b->tally.open) - (a->tally.open > b->tally.open);
}

static bool gather_services(struct board *b, struct db *db, struct arena *a, const struct house *h,
                            const struct tally *services, struct error *e)
{
    const struct casework *room = casework_of(h);
    struct loaded *list = arena_array(a, struct loaded, room->n_services + 1);
    size_t n = 0;

    for (size_t i = 0; i < room->n_services; i++)
        if (services[i].open)
            list[n++] = (struct loaded){room->services[i].code, services[i]};
    qsort(list, n, sizeof *list, more_loaded);
    for (size_t i = 0; i < n && b->n_services < BOARD_SERVICES_MAX; i++) {
        struct board_service *to = &b->services[b->n_services];

        if (!service_current(db, h, list[i].code, &to->service, e))
            return false;
        to->tally = list[i].tally;
        b->n_services += to->service != NULL;
    }
    return true;
}

static bool name_officers(struct board *b, struct db *db, struct arena *a, struct error *e)
{
    for (size_t i = 0; i < b->n_officers; i++) {
        struct party p;
        bool found = false;

        if (b->officers[i].officer && !party_find(db, a, b->officers[i].officer, &p, &found, e))
            return false;
        b->officers[i].name = found ? p.name : NULL;
    }
    qsort(b->officers, b->n_officers, sizeof *b->officers, more_officer);
    return true;
}

static bool count_spared(struct board *b, struct db *db, const struct unit *unit, int64_t now, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, board_spared_sql,
                 ARGS(I64(unit->id), I64(now - (int64_t)BOARD_SPARED_DAYS * DAY_MS), I64(BOARD_SPARED_ROWS))))
        return false;
    b->spared_of = rows_i64(r, 0);
    b->spared = rows_i64(r, 1);
    return true;
}

bool board_read(struct db *db, struct arena *a, const struct house *h, const struct unit *unit, int64_t now,
                struct board *out, struct error *e)
{
    const struct casework *room = casework_of(h);
    struct tally *services = arena_array(a, struct tally, room->n_services + 1);
    auto_rows struct rows *r = NULL;
    bool more;

    *out = (struct board){.whole = true};
    if (!db_query(db, &r, e, board_sql, ARGS(I64(unit->id), I64(BOARD_ROWS_MAX + 1))))
        return false;
    for (;;) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            break;
        if (out->all.open == BOARD_ROWS_MAX) {
            out->whole = false;
            break;
        }
        add_row(out, r, h, services, now);
    }
    return count_spared(out, db, unit, now, e) && gather_services(out, db, a, h, services, e) &&
           name_officers(out, db, a, e);
}
