/* The way of a dossier as its control slip tells it (form 06): a row for each time it changed hands, from the log. And
 * a unit's register of a time (form 07). */
#include "casework/casework_internal.h"

#include <string.h>

enum { LOG_ROWS_MAX = 2000, REGISTER_ROWS_MAX = 10000 };

/* ---- form 06 ---- */

static const char *action_title(const struct flow *f, const struct step *from, const char *action)
{
    const struct standard_action *standard = standard_action(action);

    for (size_t i = 0; from && i < from->n_transitions; i++)
        if (strcmp(from->transitions[i].action, action) == 0)
            return from->transitions[i].title[LANG_VI];
    for (size_t i = 0; i < f->n_always; i++)
        if (strcmp(f->always[i].action, action) == 0)
            return f->always[i].title[LANG_VI];
    return standard ? standard->title[LANG_VI] : NULL;
}

/* How the step that is being left kept its share of the time. */
static const char *kept_time(const struct house *h, const struct case_file *c, const struct step *step, int64_t entered,
                             int64_t left)
{
    int64_t due = step ? step_due_at(h, c, step, entered) : INSTANT_NONE;

    if (due == INSTANT_NONE || c->received_at == INSTANT_NONE || entered < c->received_at)
        return NULL;
    return left > due ? "late" : date_to_days(date_at(left)) < date_to_days(date_at(due)) ? "early" : "on_time";
}

static json_t *log_row_new(const struct house *h, const struct case_file *c, struct rows *r, int64_t entered)
{
    const struct flow *f = c->service->flow;
    const struct unit *unit = unit_by_id(h, rows_i64(r, 2));
    const char *from_id = rows_text(r, 4), *action = rows_text(r, 3);
    const struct step *from = from_id ? flow_step(f, from_id) : NULL, *to = flow_step(f, rows_text(r, 5));

    return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "at", (json_int_t)rows_i64(r, 0), "action",
                     action, "title", json_text_or_null(action_title(f, from, action)), "actor",
                     json_text_or_null(rows_text(r, 1)), "unit", json_text_or_null(unit ? unit->name[LANG_VI] : NULL),
                     "from", json_text_or_null(from ? from->title[LANG_VI] : NULL), "to",
                     json_text_or_null(to ? to->title[LANG_VI] : NULL), "kept",
                     json_text_or_null(kept_time(h, c, from, entered, rows_i64(r, 0))), "note",
                     json_text_or_null(rows_text(r, 6)));
}

bool case_log_value(struct db *db, struct arena *a, const struct house *h, const struct case_file *c, int64_t until,
                    json_t *more, struct error *e)
{
    static const char sql[] = "SELECT v.at, p.name, v.unit, v.action, v.from_step, v.to_step, v.note FROM case_event v"
                              " LEFT JOIN party p ON p.id = v.actor WHERE v.case_id = $1 AND v.at <= $2"
                              " ORDER BY v.seq LIMIT $3";
    auto_rows struct rows *r = NULL;
    json_t *log = json_array();
    int64_t entered = INSTANT_NONE;
    bool left;

    (void)a;
    (void)json_object_set_new(more, "log", log); /* fails only without memory */
    if (!db_query(db, &r, e, sql, ARGS(I64(c->id), I64(until), I64(LOG_ROWS_MAX))))
        return false;
    while (rows_next(r, &left, e)) {
        if (!left)
            return true;
        /* Who takes a dossier within a step hands it to nobody. */
        if (text_equal(rows_text(r, 4), rows_text(r, 5)) && !text_equal(rows_text(r, 3), "apologise"))
            continue;
        (void)json_array_append_new(log, log_row_new(h, c, r, entered));
        entered = rows_i64(r, 0);
    }
    return false;
}

/* ---- form 07 ---- */

static json_t *at_value(struct rows *r, int column)
{
    return rows_is_null(r, column) ? json_null() : json_integer((json_int_t)rows_i64(r, column));
}

/* {name, relation, proof} of whoever signed for the result, else null. */
static json_t *receiver_new(struct rows *r, int column)
{
    json_t *receiver = rows_is_null(r, column) ? NULL : json_loads(rows_text(r, column), 0, NULL);

    return receiver ? receiver : json_null();
}

static json_t *register_row_new(const struct service *s, struct rows *r)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:s, s:I, s:s, s:o}", "code",
                     rows_text(r, 0), "service_code", rows_text(r, 1), "service",
                     s ? s->name[LANG_VI] : rows_text(r, 1), "applicant", rows_text(r, 2), "address",
                     json_text_or_null(rows_text(r, 3)), "phone", json_text_or_null(rows_text(r, 4)), "received_at",
                     at_value(r, 5), "due_at", at_value(r, 6), "done_at", at_value(r, 7), "closed_at", at_value(r, 8),
                     "delivery", rows_text(r, 9), "channel", channel_name((enum channel)rows_i64(r, 10)), "status",
                     (json_int_t)rows_i64(r, 11), "status_title", status_title((enum status)rows_i64(r, 11), LANG_VI),
                     "fee", (json_int_t)rows_i64(r, 12), "result",
                     s && *s->result_title[LANG_VI] ? s->result_title[LANG_VI] : "", "receiver", receiver_new(r, 13));
}

#define REGISTER_COLUMNS                                                                                               \
    "SELECT c.code, c.service, c.applicant_name, p.address, p.phone, c.received_at, c.due_at, c.done_at,"              \
    " c.closed_at, c.delivery, c.channel, c.status, c.fee,"                                                            \
    " (SELECT v.receiver FROM case_event v WHERE v.case_id = c.id AND v.seq = (SELECT MAX(w.seq) FROM case_event w"    \
    " WHERE w.case_id = c.id AND w.receiver IS NOT NULL)) FROM case_file c LEFT JOIN party p ON p.id = c.applicant"

bool register_rows(struct db *db, struct arena *a, const struct house *h, int64_t unit, const struct slip *paper,
                   int64_t from, int64_t to, json_t **out, struct error *e)
{
    static const char received[] = REGISTER_COLUMNS " WHERE c.unit = $1 AND c.received_at >= $2 AND c.received_at < $3"
                                                    " ORDER BY c.received_at, c.id LIMIT $4";
    /* Within the quarter before: a dossier's acts follow its reception. */
    static const char acted[] =
        REGISTER_COLUMNS " WHERE c.unit = $1 AND c.received_at >= $2 - 7776000000 AND c.received_at < $3"
                         " AND EXISTS (SELECT 1 FROM case_event v WHERE v.case_id = c.id AND v.action = $5"
                         " AND v.at >= $2 AND v.at < $3) ORDER BY c.received_at, c.id LIMIT $4";
    const char *action = paper->n_on ? paper->on[0] : NULL;
    auto_rows struct rows *r = NULL;
    json_t *list = json_held(a, json_array());
    const struct service *s;
    bool more;

    if (action
            ? !db_query(db, &r, e, acted, ARGS(I64(unit), I64(from), I64(to), I64(REGISTER_ROWS_MAX + 1), TEXT(action)))
            : !db_query(db, &r, e, received, ARGS(I64(unit), I64(from), I64(to), I64(REGISTER_ROWS_MAX + 1))))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more) {
            *out = list;
            return true;
        }
        if (json_array_size(list) == REGISTER_ROWS_MAX)
            return fail_field(e, "/to", "maximum", "a register of more than 10,000 dossiers: ask for a shorter time");
        if (!service_current(db, h, rows_text(r, 1), &s, e))
            return false;
        (void)json_array_append_new(list, register_row_new(s, r));
    }
    return false;
}
