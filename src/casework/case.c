/* The case: its row, its log, its clocks. The row is the present; case_event is the truth, hash-chained per case. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

static const char *const channels[CHANNEL__COUNT] = {"", "counter", "online", "post"};

const char *channel_name(enum channel c)
{
    return channels[c < CHANNEL__COUNT ? c : 0];
}

const char *status_title(enum status s, enum lang lang)
{
    /* clang-format off */
    static const char *const titles[STATUS__COUNT][LANG__COUNT] = {
        [STATUS_SUBMITTED]  = {"Mới đăng ký", "Submitted"},
        [STATUS_RECEIVED]   = {"Được tiếp nhận", "Received"},
        [STATUS_REFUSED]    = {"Không được tiếp nhận", "Not received"},
        [STATUS_IN_PROCESS] = {"Đang xử lý", "In process"},
        [STATUS_SUPPLEMENT] = {"Yêu cầu bổ sung giấy tờ", "Supplement asked"},
        [STATUS_PAYMENT]    = {"Yêu cầu thực hiện nghĩa vụ tài chính", "Payment asked"},
        [STATUS_WITHDRAWN]  = {"Công dân yêu cầu rút", "Withdrawn"},
        [STATUS_STOPPED]    = {"Dừng xử lý", "Stopped"},
        [STATUS_DONE]       = {"Đã xử lý xong", "Done"},
        [STATUS_RETURNED]   = {"Đã trả kết quả", "Result returned"},
    };
    /* clang-format on */

    return s < STATUS__COUNT && titles[s][lang] ? titles[s][lang] : "";
}

static bool read_definitions(struct db *db, struct rows *r, const struct house *h, struct case_file *c, struct error *e)
{
    const char *step = rows_text(r, 6);

    if (!service_of_version(db, h, rows_text(r, 3), rows_i64(r, 4), rows_i64(r, 29), &c->service, e))
        return false;
    c->unit = unit_by_id(h, rows_i64(r, 5));
    c->step = step ? flow_step(c->service->flow, step) : NULL;
    if (!c->unit || !c->step)
        return fail(e, E_INTERNAL, "case %s: its unit or its step is not defined any more", c->code);
    return true;
}

bool case_read_row(struct db *db, struct rows *r, struct arena *a, const struct house *h, struct case_file *out,
                   struct error *e)
{
    /* Nearly every case has none: a list is spared fifty parsers. */
    json_t *supplements = json_held(a, text_equal(rows_text(r, 23), "[]") ? json_array() : rows_json_new(r, 23));

    *out = (struct case_file){
        .id = rows_i64(r, 0),
        .version = rows_i64(r, 1),
        .code = arena_strdup(a, rows_text(r, 2)),
        .back_step = arena_strdup(a, rows_text(r, 7)),
        .status = (enum status)rows_i64(r, 8),
        .applicant = rows_i64(r, 9),
        .submitter = rows_i64(r, 10),
        .assignee = rows_i64(r, 11),
        .applicant_name = arena_strdup(a, rows_text(r, 12)),
        .channel = (enum channel)rows_i64(r, 13),
        .delivery = arena_strdup(a, rows_text(r, 14)),
        .submitted_at = rows_i64(r, 15),
        .received_at = rows_instant(r, 16),
        .due_at = rows_instant(r, 17),
        .legal_due_at = rows_instant(r, 18),
        .step_due_at = rows_instant(r, 19),
        .done_at = rows_instant(r, 20),
        .closed_at = rows_instant(r, 21),
        .apologised = rows_i64(r, 22) != 0,
        .supplements = supplements,
        .fee = rows_i64(r, 24),
        .fee_state = arena_strdup(a, rows_text(r, 25)),
        .entry_registry = arena_strdup(a, rows_text(r, 26)),
        .entry_key = arena_strdup(a, rows_text(r, 27)),
        .pin = arena_strdup(a, rows_text(r, 28)),
        .step_at = rows_i64(r, 30),
        .moved_at = rows_i64(r, 31),
        .silent_at = rows_instant(r, 32),
        .parent = arena_strdup(a, rows_text(r, 33)),
        .ask_due_at = rows_instant(r, 34),
        .ask = arena_strdup(a, rows_text(r, 35)),
        .shared = text_equal(rows_text(r, 36), "[]") ? NULL : json_held(a, rows_json_new(r, 36)),
    };
    return read_definitions(db, r, h, out, e);
}

bool case_find(struct db *db, struct arena *a, const struct house *h, const char *code, struct case_file *out,
               bool *found, struct error *e)
{
    static const char sql[] =
        "SELECT " CASE_COLUMNS ", form, office, papers, results, counts, answers FROM case_file WHERE code = $1";
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(TEXT(code))))
        return false;
    if (!*found)
        return true;
    if (!case_read_row(db, r, a, h, out, e))
        return false;
    out->form = arena_strdup(a, rows_text(r, CASE_COLUMN_COUNT));
    out->office = arena_strdup(a, rows_text(r, CASE_COLUMN_COUNT + 1));
    out->papers = arena_strdup(a, rows_text(r, CASE_COLUMN_COUNT + 2));
    out->results = arena_strdup(a, rows_text(r, CASE_COLUMN_COUNT + 3));
    out->counts = json_held(a, rows_json_new(r, CASE_COLUMN_COUNT + 4));
    out->answers = json_held(a, rows_json_new(r, CASE_COLUMN_COUNT + 5));
    return true;
}

bool case_is_silent(const struct case_file *c, int64_t now)
{
    return c->step_due_at != INSTANT_NONE && c->step_due_at < now && !c->step->end;
}

struct national_time case_time(const struct case_file *c, struct arena *a, int64_t now)
{
    struct national_clock clock = NATIONAL_CLOCK_INIT;
    size_t n = json_array_size(c->supplements);
    struct supplement *list = arena_array(a, struct supplement, n);

    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(c->supplements, i);

        list[i] = (struct supplement){json_i64(row, "asked", INSTANT_NONE), json_i64(row, "completed", INSTANT_NONE)};
    }
    clock.received_ms = c->received_at;
    clock.due_ms = c->due_at;
    clock.legal_due_ms = c->legal_due_at;
    clock.done_ms = c->done_at;
    clock.now_ms = now;
    clock.supplements = list;
    clock.n_supplements = n;
    switch (c->status) {
    case STATUS_REFUSED:
        clock.refused_ms = c->closed_at;
        break;
    case STATUS_WITHDRAWN:
        clock.withdrawn_ms = c->closed_at;
        break;
    case STATUS_STOPPED:
        clock.stopped_ms = c->closed_at;
        break;
    case STATUS_RETURNED:
        clock.returned_ms = c->closed_at;
        break;
    default:
        break;
    }
    return national_time(&clock);
}

/* ---- the log ---- */

/* What the chain covers, in one fixed order; the hash of the row before comes first. */
static struct digest event_digest(struct bytes before, int64_t seq, const struct event_row *v)
{
    auto_buf struct buf b = BUF_INIT(1 << 20);

    buf_add(&b, before.data, before.len);
    buf_printf(&b, "|%" PRId64 "|%" PRId64 "|%" PRId64 "|%" PRId64 "|%" PRId64 "|%d|", v->case_id, seq, v->at, v->actor,
               v->unit, v->to_status);
    buf_printf(&b, "%s|%s|%s|", v->action, v->from_step ? v->from_step : "", v->to_step ? v->to_step : "");
    buf_puts(&b, v->note ? v->note : "");
    if (v->on_behalf) /* rows before delegation have no such part */
        buf_printf(&b, "|for:%" PRId64, v->on_behalf);
    if (v->receiver) /* nor rows in which nothing is signed for */
        buf_printf(&b, "|receiver:%s", v->receiver);
    return digest_of((struct bytes){b.data, b.len});
}

bool case_event_add(struct db *db, const struct event_row *v, struct error *e)
{
    static const char last_sql[] = "SELECT seq, hash FROM case_event WHERE case_id = $1 ORDER BY seq DESC LIMIT 1";
    static const char add_sql[] =
        "INSERT INTO case_event (case_id, seq, at, actor, unit, action, from_step, to_step, to_status, note, hash,"
        " on_behalf, receiver) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    unsigned char before[DIGEST_BYTES] = {0};
    struct digest hash;
    int64_t seq = 1;

    if (v->from_step) { /* a new case has no last event to look for */
        auto_rows struct rows *r = NULL;
        bool found;

        if (!db_find(db, &r, &found, e, last_sql, ARGS(I64(v->case_id))))
            return false;
        if (found) {
            struct bytes last = rows_blob(r, 1);

            seq = rows_i64(r, 0) + 1;
            memcpy(before, last.data, last.len < sizeof before ? last.len : sizeof before);
        }
    }
    hash = event_digest((struct bytes){before, sizeof before}, seq, v);
    return db_exec(db, NULL, e, add_sql,
                   ARGS(I64(v->case_id), I64(seq), I64(v->at), I64(v->actor), I64(v->unit), TEXT(v->action),
                        TEXT(v->from_step), TEXT(v->to_step), I64(v->to_status), TEXT(v->note),
                        BLOB(((struct bytes){hash.bytes, sizeof hash.bytes})), I64(v->on_behalf), TEXT(v->receiver)));
}

static bool chains_verify(struct db *db, bool *sound, int64_t *checked, struct error *e)
{
    static const char sql[] = "SELECT case_id, seq, at, actor, unit, action, from_step, to_step, to_status, note, hash,"
                              " on_behalf, receiver FROM case_event ORDER BY case_id, seq";
    auto_rows struct rows *r = NULL;
    unsigned char before[DIGEST_BYTES] = {0};
    int64_t last_case = 0, last_seq = 0;
    bool more;

    *sound = true;
    *checked = 0;
    if (!db_query(db, &r, e, sql, ARGS()))
        return false;
    for (;;) {
        struct event_row v;
        struct digest expected;
        struct bytes hash;

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        v = (struct event_row){rows_i64(r, 0),      rows_i64(r, 2),  rows_i64(r, 3),  rows_i64(r, 4),
                               rows_text(r, 5),     rows_text(r, 6), rows_text(r, 7), rows_text(r, 9),
                               (int)rows_i64(r, 8), rows_i64(r, 11), rows_text(r, 12)};
        if (v.case_id != last_case) {
            last_case = v.case_id;
            last_seq = 0;
            memset(before, 0, sizeof before);
        }
        expected = event_digest((struct bytes){before, sizeof before}, last_seq + 1, &v);
        hash = rows_blob(r, 10);
        if (rows_i64(r, 1) != ++last_seq || hash.len != DIGEST_BYTES ||
            memcmp(hash.data, expected.bytes, DIGEST_BYTES) != 0) {
            log_line(LOG_ERROR, "chain-broken", "case=%" PRId64 " seq=%" PRId64, v.case_id, last_seq);
            *sound = false;
        }
        if (hash.len == DIGEST_BYTES)
            memcpy(before, hash.data, DIGEST_BYTES);
        ++*checked;
    }
}

/* A chain whose end was cut off is still a chain, so the present is compared with the last that is told of it. */
static bool rows_verify(struct db *db, bool *sound, struct error *e)
{
    static const char sql[] = "SELECT c.code FROM case_file c LEFT JOIN case_event v ON v.case_id = c.id AND v.seq ="
                              " (SELECT MAX(seq) FROM case_event WHERE case_id = c.id)"
                              " WHERE v.seq IS NULL OR v.to_step <> c.step OR v.to_status <> c.status";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS()))
        return false;
    for (;;) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        log_line(LOG_ERROR, "case-unlike-its-log", "case=%s", rows_text(r, 0));
        *sound = false;
    }
}

bool cases_verify(struct db *db, bool *sound, int64_t *checked, struct error *e)
{
    return chains_verify(db, sound, checked, e) && rows_verify(db, sound, e);
}
