/* Cases over HTTP: filing, lists, one case, its events and entries, its actions, public tracking. */
#include "casework/casework_api.h"

#include <inttypes.h>
#include <string.h>

/* clang-format off */
static const struct field submission_fields[] = {
    {"service",      FIELD_TEXT,   offsetof(struct submission, service),      FIELD_REQUIRED, 20},
    {"unit",         FIELD_TEXT,   offsetof(struct submission, unit),         FIELD_REQUIRED, 40},
    {"form",         FIELD_OBJECT, offsetof(struct submission, form),         FIELD_REQUIRED | FIELD_SENSITIVE},
    {"papers",       FIELD_ARRAY,  offsetof(struct submission, papers),       0, 100},
    {"delivery",     FIELD_TEXT,   offsetof(struct submission, delivery),     0, 10, "vault|counter|post"},
    {"on_behalf_of", FIELD_TEXT,   offsetof(struct submission, on_behalf_of), FIELD_SENSITIVE, 14, .title = "personal number or tax code"},
    {"channel",      FIELD_TEXT,   offsetof(struct submission, channel),      0, 10, "online|counter|post"},
    {0},
};

struct list_query { const char *box, *q, *service, *field, *phone, *unit, *on_behalf_of, *assignee, *from, *to, *due_from, *due_to; int64_t status; bool late, silent; };
#define OF_LIST(member) offsetof(struct list_query, member)
static const struct field list_fields[] = {
    {"box",      FIELD_TEXT, OF_LIST(box),      0, 10, "mine|inbox|unit"},
    {"status",   FIELD_I64,  OF_LIST(status),   0, 10, .title = "national status, 1 to 10"},
    {"q",        FIELD_TEXT, OF_LIST(q),        FIELD_SENSITIVE, 200, .title = "parts of the code, words of the name or of the service, with or without marks"},
    {"phone",    FIELD_TEXT, OF_LIST(phone),    FIELD_SENSITIVE, 20, .title = "the telephone number given at filing"},
    {"late",     FIELD_BOOL, OF_LIST(late),     .title = "past the date promised"},
    {"silent",   FIELD_BOOL, OF_LIST(silent),   .title = "nobody has moved it within its step's time"},
    {"service",  FIELD_TEXT, OF_LIST(service),  0, 20},
    {"field",    FIELD_TEXT, OF_LIST(field),    0, 200, .title = "the field (lĩnh vực), by its name"},
    {"unit",     FIELD_TEXT, OF_LIST(unit),     0, 40},
    {"assignee", FIELD_TEXT, OF_LIST(assignee), 0, 20, .title = "id of the officer who has it; none: nobody has"},
    {"from",     FIELD_DATE, OF_LIST(from),     0, .title = "submitted on this day or later"},
    {"to",       FIELD_DATE, OF_LIST(to),       0, .title = "submitted on this day or earlier"},
    {"due_from", FIELD_DATE, OF_LIST(due_from), 0, .title = "promised for this day or later"},
    {"due_to",   FIELD_DATE, OF_LIST(due_to),   0, .title = "promised for this day or earlier"},
    {"on_behalf_of", FIELD_TEXT, OF_LIST(on_behalf_of), FIELD_SENSITIVE, 14, .title = "of box mine: those of a party whose agent the caller is"},
    {0},
};

#define ACTION_FIELDS(at) \
    {"note",     FIELD_TEXT,    at(note),     FIELD_SENSITIVE, 4000}, \
    {"form",     FIELD_OBJECT,  at(form),     FIELD_SENSITIVE}, \
    {"papers",   FIELD_ARRAY,   at(papers),   0, 100}, \
    {"assignee", FIELD_ID,      at(assignee), 0}, \
    {"step",     FIELD_TEXT,    at(step),     0, 60}, \
    {"entry",    FIELD_TEXT,    at(entry),    0, 200, .title = "key of the book entry found"}, \
    {"due_at",   FIELD_INSTANT, at(due_at),   0, .title = "the new appointment"}, \
    {"override", FIELD_TEXT,    at(override), FIELD_SENSITIVE, 1000, .title = "why a second supplement is asked for"}, \
    {"amount",   FIELD_I64,     at(amount),   0, .title = "whole đồng to be paid"}, \
    {"units",    FIELD_ARRAY,   at(units),    0, 20, .title = "codes of the units to ask"}, \
    {"receiver", FIELD_OBJECT,  at(receiver), FIELD_SENSITIVE, .title = "of deliver: who signs for the result: {name, relation: self|family|agent|other, proof}; agent and other show a proof"}
#define OF_ACTION(member) offsetof(struct action_input, member)
static const struct field action_fields[] = {
    ACTION_FIELDS(OF_ACTION),
    {0},
};

/* One act on many cases: bulk reassignment, and whatever else is the same for all of them. */
struct bulk_input { struct action_input action; const json_t *cases; };
#define OF_BULK(member) offsetof(struct bulk_input, action.member)
static const struct field bulk_fields[] = {
    {"cases",    FIELD_ARRAY,   offsetof(struct bulk_input, cases), FIELD_REQUIRED, 100, .title = "codes of cases"},
    ACTION_FIELDS(OF_BULK),
    {0},
};

struct entries_query { const char *q; };
static const struct field entries_fields[] = {
    {"q", FIELD_TEXT, offsetof(struct entries_query, q), FIELD_SENSITIVE, 200},
    {0},
};

struct track_query { const char *pin; };
static const struct field track_fields[] = {
    {"pin", FIELD_TEXT, offsetof(struct track_query, pin), FIELD_SENSITIVE, 12},
    {0},
};
/* clang-format on */

/* ---- one case ---- */

/* Without what a write needs. */
static struct caller looker(struct request *q)
{
    return (struct caller){.who = request_actor(q), .now = request_now(q), .address = request_address(q)};
}

bool visible_case(struct request *q, struct db *db, struct case_file *c, struct error *e)
{
    struct caller caller = looker(q);
    struct standing s;

    return case_find_visible(db, request_arena(q), request_house(q), &caller, request_param(q, "code"), c, &s, e);
}

static bool party_number(struct db *db, struct arena *a, int64_t id, const char **number, struct error *e)
{
    struct party p;
    bool found;

    *number = NULL;
    if (!party_find(db, a, id, &p, &found, e))
        return false;
    if (found)
        *number = p.number;
    return true;
}

/* What the log of a look at a case tells; kept beside its text, so that every look is logged. */
struct look {
    int64_t case_id, unit, version;
    bool own;
    char about[20]; /* a personal number or tax code; empty: none */
};

static bool look_at(struct request *q, struct db *db, const struct case_file *c, struct look *out, struct error *e)
{
    const struct actor *who = request_actor(q);
    const char *about = NULL;

    *out = (struct look){.case_id = c->id, .unit = c->unit->id, .version = c->version};
    out->own = case_standing(request_house(q), who, c, request_now(q)).own;
    if (!out->own && !party_number(db, request_arena(q), c->applicant, &about, e))
        return false;
    return !about || snprintf(out->about, sizeof out->about, "%s", about) < (int)sizeof out->about ||
           fail(e, E_INTERNAL, "a number of %zu characters", strlen(about));
}

static void audit_look(struct request *q, const char *code, const struct look *l)
{
    struct caller caller = looker(q);

    if (!l->own)
        case_log_read(request_house(q), &caller,
                      &(struct case_read){l->case_id, l->unit, code, *l->about ? l->about : NULL});
}

bool audit_case_read(struct request *q, struct db *db, const struct case_file *c, struct error *e)
{
    struct look l;

    if (!look_at(q, db, c, &l, e))
        return false;
    audit_look(q, c->code, &l);
    return true;
}

/* Reads it again: the reply shows what is on disk. */
static bool reply_case(struct request *q, struct reply *r, int status, const char *code, struct error *e)
{
    struct house *h = request_house(q);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct case_file c;
    bool found;

    if (!store_read(h->store, &db, e) || !case_find(db, request_arena(q), h, code, &c, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "case %s", code);
    if (!case_write(&o, db, request_arena(q), h, request_actor(q), &c, request_now(q), request_lang(q), e))
        return false;
    reply_etag(r, c.version);
    return reply_json_out(r, status, &o);
}

static bool get_kept_case(struct request *q, struct reply *r, struct kept *k)
{
    struct look l;

    memcpy(&l, kept_head(k).data, sizeof l);
    audit_look(q, request_param(q, "code"), &l);
    reply_etag(r, l.version);
    reply_json_held(r, 200, kept_text(k), kept_unref, k);
    return true;
}

static bool get_case(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct keeping keeping;
    struct kept *kept = kept_case(&keeping, q);
    struct case_file c;
    struct look l;

    if (kept)
        return get_kept_case(q, r, kept);
    if (!store_read(request_house(q)->store, &db, e) || !visible_case(q, db, &c, e) || !look_at(q, db, &c, &l, e) ||
        !case_write(&o, db, request_arena(q), request_house(q), request_actor(q), &c, request_now(q), request_lang(q),
                    e))
        return false;
    audit_look(q, c.code, &l);
    reply_etag(r, c.version);
    if (!reply_json_out(r, 200, &o))
        return false;
    keep_reply(&keeping, case_holds_until(&c, request_now(q)), (struct bytes){&l, sizeof l}, r);
    return true;
}

/* One dossier being filed over HTTP; in the request's arena. */
struct post {
    struct caller caller;
    struct submission submission;
    struct filing *filing;
};

/* Shown as it was written, where nothing else must be read for it. */
static bool reply_filed(struct request *q, struct reply *r, const struct filing *f, struct error *e)
{
    const struct case_file *c = filing_case(f);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;

    reply_header(r, "Location", arena_printf(request_arena(q), "/api/v1/cases/%s", filing_code(f)));
    if (!c)
        return reply_case(q, r, 201, filing_code(f), e);
    if (!store_read(request_house(q)->store, &db, e) ||
        !case_write(&o, db, request_arena(q), request_house(q), request_actor(q), c, request_now(q), request_lang(q),
                    e))
        return false;
    reply_etag(r, c->version);
    return reply_json_out(r, 201, &o);
}

static bool finish_post(struct request *q, struct reply *r, void *arg, struct error *e)
{
    struct post *p = arg;

    return filing_kept(p->filing, e) && reply_filed(q, r, p->filing, e);
}

static void post_written(void *request)
{
    request_done(request);
}

static bool post_case(struct request *q, struct reply *r, struct error *e)
{
    struct post *p = arena_new_of(request_arena(q), struct post);
    const char *code;
    bool repeated;

    p->caller = request_caller_of(q);
    if (!request_fields(q, submission_fields, &p->submission, e))
        return false;
    if (request_may_block(q)) {
        if (!case_submit(request_house(q), request_arena(q), &p->caller, &p->submission, &code, &repeated, e))
            return false;
        reply_header(r, "Location", arena_printf(request_arena(q), "/api/v1/cases/%s", code));
        return reply_case(q, r, 201, code, e);
    }
    if (!filing_prepare(request_house(q), request_arena(q), &p->caller, &p->submission, &p->filing, e))
        return false;
    request_wait(q, finish_post, p);
    filing_write_later(p->filing, post_written, q);
    return true;
}

static bool post_action(struct request *q, struct reply *r, struct error *e)
{
    struct caller caller = request_caller_of(q);
    struct action_input input = {.due_at = INSTANT_NONE};
    const char *code = request_param(q, "code");

    if (!request_fields(q, action_fields, &input, e) || !request_if_match(q, &input.seen, e) ||
        !case_act(request_house(q), request_arena(q), &caller, code, request_param(q, "action"), &input, e))
        return false;
    return reply_case(q, r, 200, code, e);
}

static void write_outcome(struct json_out *o, const char *code, bool done, const struct error *e, enum lang lang)
{
    out_open(o, '{');
    out_member_text(o, "code", code);
    out_member_bool(o, "done", done);
    if (done) {
        out_member_null(o, "problem");
    } else {
        out_key(o, "problem");
        out_open(o, '{');
        out_member_text(o, "code", error_row(e->code)->code);
        out_member_text(o, "title", error_row(e->code)->title[lang]);
        out_member_text(o, "pointer", e->n_items ? e->items[0].pointer : NULL);
        out_close(o, '}');
    }
    out_close(o, '}');
}

/* Each case in a write of its own, with its own outcome: what cannot be done of one does not undo the others. */
static bool post_actions(struct request *q, struct reply *r, struct error *e)
{
    struct caller caller = request_caller_of(q);
    struct bulk_input in = {.action = {.due_at = INSTANT_NONE}};
    auto_out struct json_out o = JSON_OUT_INIT;
    size_t i;
    json_t *row;

    if (!request_fields(q, bulk_fields, &in, e))
        return false;
    in.action.seen = -1;
    json_array_foreach(in.cases, i, row) if (!json_is_string(row)) return fail_field(
        e, arena_printf(request_arena(q), "/cases/%zu", i), "type", "string");
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    json_array_foreach(in.cases, i, row)
    {
        const char *code = json_string_value(row);
        auto_error struct error own;
        bool done;

        error_init(&own);
        done =
            case_act(request_house(q), request_arena(q), &caller, code, request_param(q, "action"), &in.action, &own);
        if (!done && error_kind(&own) == KIND_BROKEN)
            log_line(LOG_ERROR, "bulk-act", "code=%s why=\"%s\"", error_row(own.code)->code, own.detail);
        write_outcome(&o, code, done, &own, request_lang(q));
    }
    out_close(&o, ']');
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* ---- lists ---- */

static bool read_cursor(const struct page *page, struct case_query *query, struct error *e)
{
    char sort[24];
    const char *colon;

    if (!page->cursor)
        return true;
    colon = strchr(page->cursor, ':');
    if (!colon || (size_t)(colon - page->cursor) >= sizeof sort)
        return fail(e, E_BAD_CURSOR, "not ours");
    (void)snprintf(sort, sizeof sort, "%.*s", (int)(colon - page->cursor), page->cursor); /* checked above */
    return (text_to_i64(sort, INT64_MIN, INT64_MAX, &query->after.sort) &&
            text_to_i64(colon + 1, 1, INT64_MAX, &query->after.id)) ||
           fail(e, E_BAD_CURSOR, "not ours");
}

/* The caller, or the principal of that number; 0 when the caller is no agent of such a one. */
static int64_t party_meant(const struct actor *who, const char *number)
{
    int64_t party = number ? 0 : who->party;

    for (size_t i = 0; number && i < who->n_agencies && !party; i++)
        if (text_equal(who->agencies[i].number, number))
            party = who->agencies[i].principal;
    return party;
}

/* From the first moment of a day to the first after another; the same day twice is one day. */
static bool read_span(const char *name, const char *from, const char *to, int64_t *begin, int64_t *before,
                      struct error *e)
{
    struct date first, last;

    *begin = from && date_parse(from, &first) ? date_start_ms(first) : INSTANT_NONE;
    *before = to && date_parse(to, &last) ? date_start_ms(date_from_days(date_to_days(last) + 1)) : INSTANT_NONE;
    return *begin == INSTANT_NONE || *before == INSTANT_NONE || *begin < *before ||
           fail_field(e, name, "minimum", from);
}

static bool read_assignee(const char *text, int64_t *assignee, struct error *e)
{
    *assignee = text ? ASSIGNEE_NOBODY : ASSIGNEE_ANY;
    return !text || text_equal(text, "none") || text_to_i64(text, 1, INT64_MAX, assignee) ||
           fail_field(e, "/assignee", "format", "id");
}

static enum box box_meant(const char *box, const struct actor *who)
{
    if (box)
        return text_equal(box, "inbox") ? BOX_INBOX : text_equal(box, "unit") ? BOX_UNIT : BOX_MINE;
    return who->kind == PARTY_OFFICER ? BOX_INBOX : BOX_MINE;
}

static bool use_list_query(struct request *q, const struct list_query *l, struct case_query *query, struct error *e)
{
    const struct actor *who = request_actor(q);
    const struct unit *unit = l->unit ? unit_by_code(request_house(q), l->unit) : NULL;

    *query = (struct case_query){
        .box = box_meant(l->box, who),
        .party = party_meant(who, l->on_behalf_of),
        .status = (int)l->status,
        .q = l->q,
        .service = l->service,
        .field = l->field,
        .phone = l->phone,
        .late = l->late,
        .silent = l->silent,
        .unit = unit ? unit->id : 0,
        .now = request_now(q),
    };
    if (l->unit && !unit)
        return fail_field(e, "/unit", "absent", l->unit);
    if (!query->party)
        return fail(e, E_NOT_AUTHORISED, "no agent of that party");
    return read_assignee(l->assignee, &query->assignee, e) &&
           read_span("/to", l->from, l->to, &query->filed_from, &query->filed_before, e) &&
           read_span("/due_to", l->due_from, l->due_to, &query->promised_from, &query->promised_before, e);
}

static bool read_list_query(struct request *q, struct case_query *query, struct error *e)
{
    struct list_query l;
    struct page page;

    if (!request_query_fields(q, list_fields, &l, e) || !request_page(q, &page, e) || !use_list_query(q, &l, query, e))
        return false;
    query->limit = (size_t)page.limit;
    return read_cursor(&page, query, e);
}

static bool get_cases(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct case_query query;
    struct case_page found;
    struct keeping keeping;
    struct kept *kept;
    int64_t until = INT64_MAX;

    if (!read_list_query(q, &query, e))
        return false;
    kept = kept_list(&keeping, q, &query);
    if (kept) {
        reply_json_held(r, 200, kept_text(kept), kept_unref, kept);
        return true;
    }
    if (!store_read(request_house(q)->store, &db, e) ||
        !case_list(db, request_arena(q), request_house(q), request_actor(q), &query, &found, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < found.n; i++) {
        int64_t holds = case_holds_until(&found.rows[i], request_now(q));

        until = holds < until ? holds : until;
        case_write_brief(&o, request_arena(q), request_house(q), &found.rows[i], request_now(q), request_lang(q));
    }
    out_close(&o, ']');
    out_member_text(&o, "next",
                    found.more ? page_cursor(q, arena_printf(request_arena(q), "%" PRId64 ":%" PRId64, found.last.sort,
                                                             found.last.id))
                               : NULL);
    out_close(&o, '}');
    if (!reply_json_out(r, 200, &o))
        return false;
    keep_reply(&keeping, until, (struct bytes){NULL, 0}, r);
    return true;
}

static const char *box_name(enum box box)
{
    return box == BOX_INBOX ? "inbox" : box == BOX_UNIT ? "unit" : "mine";
}

static bool reply_export(struct request *q, struct reply *r, enum sheet_kind kind, struct error *e)
{
    struct arena *a = request_arena(q);
    const char *ending = kind == SHEET_CSV ? "csv" : "xlsx";
    struct case_query query;
    struct exported x;
    char day[DATE_TEXT_MAX];

    if (!read_list_query(q, &query, e) ||
        !case_export(request_house(q), a, request_actor(q), &query, kind, request_lang(q), &x, e))
        return false;
    audit_later(request_house(q), &(struct audit){.action = "export",
                                                  .what = "cases",
                                                  .key = arena_printf(a, "%s: %" PRId64, box_name(query.box), x.rows),
                                                  .actor = request_actor(q)->party,
                                                  .unit = query.unit,
                                                  .purpose = "case",
                                                  .address = request_address(q),
                                                  .at = request_now(q)});
    date_format(date_at(request_now(q)), day);
    return reply_file(r, x.fd, x.size, sheet_media_type(kind),
                      arena_printf(a, request_lang(q) == LANG_VI ? "ho-so-%s.%s" : "dossiers-%s.%s", day, ending));
}

static bool export_in_turn(struct request *q, struct reply *r, enum sheet_kind kind, struct error *e)
{
    struct casework *room = casework_of(request_house(q));
    bool ok = atomic_fetch_add(&room->exporting, 1) < CASE_EXPORTS_AT_ONCE
                  ? reply_export(q, r, kind, e)
                  : fail(e, E_BUSY, "%d lists are being written", CASE_EXPORTS_AT_ONCE);

    atomic_fetch_sub(&room->exporting, 1);
    return ok;
}

static bool get_cases_csv(struct request *q, struct reply *r, struct error *e)
{
    return export_in_turn(q, r, SHEET_CSV, e);
}

static bool get_cases_xlsx(struct request *q, struct reply *r, struct error *e)
{
    return export_in_turn(q, r, SHEET_XLSX, e);
}

/* ---- events ---- */

static void write_event(struct json_out *o, struct rows *r, const struct house *h, enum lang lang)
{
    const struct unit *unit = unit_by_id(h, rows_i64(r, 2));
    struct bytes hash = rows_blob(r, 8);
    struct digest d = {0};
    char hex[DIGEST_HEX];

    memcpy(d.bytes, hash.data, hash.len < sizeof d.bytes ? hash.len : sizeof d.bytes);
    digest_hex(&d, hex);
    out_open(o, '{');
    out_member_i64(o, "seq", rows_i64(r, 0));
    out_member_instant(o, "at", rows_i64(r, 1));
    out_key(o, "actor");
    out_open(o, '{');
    out_member_text(o, "name", rows_i64(r, 9) ? rows_text(r, 3) : lang == LANG_VI ? "Hệ thống" : "The system");
    out_member_text(o, "unit", unit ? unit->name[lang] : NULL);
    out_member_text(o, "on_behalf_of", rows_text(r, 10));
    out_close(o, '}');
    out_member_text(o, "action", rows_text(r, 4));
    out_member_text(o, "from", rows_text(r, 5));
    out_member_text(o, "to", rows_text(r, 6));
    out_member_text(o, "note", rows_text(r, 7));
    out_member_text(o, "hash", hex);
    out_key(o, "receiver");
    out_raw(o, rows_is_null(r, 11) ? "null" : rows_text(r, 11));
    out_close(o, '}');
}

static bool get_events(struct request *q, struct reply *r, struct error *e)
{
    static const char sql[] =
        "SELECT v.seq, v.at, CASE WHEN p.kind = $4 THEN v.unit ELSE 0 END, p.name, v.action, v.from_step, v.to_step,"
        " v.note, v.hash, v.actor, b.name, v.receiver FROM case_event v LEFT JOIN party p ON p.id = v.actor"
        " LEFT JOIN party b ON b.id = v.on_behalf"
        " WHERE v.case_id = $1 AND v.seq > $2 ORDER BY v.seq LIMIT $3";
    auto_read struct db *db = NULL;
    auto_rows struct rows *rows = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct case_file c;
    struct page page;
    int64_t after = 0, n = 0;
    bool more;

    if (!request_page(q, &page, e) || !store_read(request_house(q)->store, &db, e) || !visible_case(q, db, &c, e))
        return false;
    if (page.cursor && !text_to_i64(page.cursor, 0, INT64_MAX, &after))
        return fail(e, E_BAD_CURSOR, "not ours");
    if (!db_query(db, &rows, e, sql, ARGS(I64(c.id), I64(after), I64(page.limit + 1), TEXT("officer"))))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (;; n++) {
        if (!rows_next(rows, &more, e))
            return false;
        if (!more || n == page.limit)
            break;
        after = rows_i64(rows, 0);
        write_event(&o, rows, request_house(q), request_lang(q));
    }
    out_close(&o, ']');
    out_member_text(&o, "next", more ? page_cursor(q, arena_printf(request_arena(q), "%" PRId64, after)) : NULL);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* ---- book entries ---- */

static void write_entry_fields(struct json_out *o, const struct registry *registry, const json_t *body, enum lang lang)
{
    const json_t *properties = json_object_get(schema_json(registry_schema(registry)), "properties");
    const char *name;
    json_t *field;

    out_key(o, "fields");
    out_open(o, '[');
    json_object_foreach((json_t *)(uintptr_t)properties, name, field)
    {
        const json_t *value = json_object_get(body, name);

        if (!json_is_string(value) && !json_is_number(value))
            continue;
        out_open(o, '{');
        out_member_text(o, "title", json_title(json_object_get(field, "title"), lang));
        out_member_json(o, "value", value);
        out_close(o, '}');
    }
    out_close(o, ']');
}

static bool get_entries(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct entries_query query;
    struct case_file c;
    struct record found[20];
    const struct registry *registry;
    size_t n;

    if (!request_query_fields(q, entries_fields, &query, e) || !store_read(request_house(q)->store, &db, e) ||
        !visible_case(q, db, &c, e))
        return false;
    c.unit = unit_acted_for(request_house(q), request_actor(q), c.unit, request_now(q));
    if (!actor_serves(request_actor(q), c.unit->id))
        return fail(e, E_FORBIDDEN, "only officers of the case look into the books");
    if (!audit_case_read(q, db, &c, e) ||
        !case_entries(db, request_arena(q), request_house(q), &c, query.q, &registry, found, COUNT(found), &n, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < n; i++) {
        json_auto_t *shown = record_shared_new(registry, found[i].body, request_actor(q), "case");

        out_open(&o, '{');
        out_member_text(&o, "registry", registry_name(registry));
        out_member_text(&o, "key", found[i].key);
        out_member_text(&o, "title", record_title(request_arena(q), registry, found[i].body, request_lang(q)));
        write_entry_fields(&o, registry, shown, request_lang(q));
        out_close(&o, '}');
    }
    out_close(&o, ']');
    out_member_null(&o, "next");
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* ---- public tracking ---- */

static void write_tracked(struct json_out *o, struct arena *a, const struct case_file *c, int64_t now, enum lang lang)
{
    out_key(o, "unit");
    unit_write(o, c->unit, lang);
    out_member_instant(o, "submitted_at", c->submitted_at);
    out_member_instant(o, "received_at", c->received_at);
    out_member_instant(o, "due_at", c->due_at);
    out_member_instant(o, "finished_at", c->done_at != INSTANT_NONE ? c->done_at : c->closed_at);
    out_member_text(o, "step", c->step->title[lang]);
    out_member_text(o, "timeliness", timeliness_name(case_time(c, a, now).timeliness));
}

/* Six characters fall to whoever may try for ever. */
static bool right_pin(struct request *q, const struct case_file *c, const char *pin, struct error *e)
{
    struct guess guess = {.what = arena_printf(request_arena(q), "pin of %s", c->code),
                          .address = request_address(q),
                          .now = request_now(q)};

    if (!guess_allowed(request_house(q), &guess, e))
        return false;
    if (strcmp(pin, c->pin) != 0)
        return fail_field(e, "/pin", "const", "pin");
    guess_right(request_house(q), &guess);
    return true;
}

/* Without the pin: code, service and how far it is, as the law lets anyone see (Circular 01/2018 Art 16). */
static bool get_track(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct track_query query;
    struct case_file c;
    enum lang lang = request_lang(q);
    bool found;

    if (!request_query_fields(q, track_fields, &query, e) || !store_read(request_house(q)->store, &db, e) ||
        !case_find(db, request_arena(q), request_house(q), request_param(q, "code"), &c, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "case %s", request_param(q, "code"));
    if (query.pin && !right_pin(q, &c, query.pin, e))
        return false;
    out_open(&o, '{');
    out_member_text(&o, "code", c.code);
    out_key(&o, "service");
    out_open(&o, '{');
    out_member_text(&o, "code", c.service->code);
    out_member_text(&o, "name", c.service->name[lang]);
    out_close(&o, '}');
    out_member_i64(&o, "status", (int64_t)c.status);
    out_member_text(&o, "status_title", status_title(c.status, lang));
    out_member_text(&o, "level", c.service->level);
    if (query.pin)
        write_tracked(&o, request_arena(q), &c, request_now(q), lang);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* clang-format off */
static const struct route routes[] = {
    {"GET",    "/api/v1/services",              RIGHT_PUBLIC,      NULL,         "page:service-brief", "The catalogue of services", get_services, .query = catalogue_query},
    {"GET",    "/api/v1/services/{code}",       RIGHT_PUBLIC,      NULL,         "service",    "One service", get_service},
    {"GET",    "/api/v1/services/{code}/flow.svg", RIGHT_PUBLIC,   NULL,         NULL,         "The flow of a service, drawn", get_flow, .query = flow_query},
    {"GET",    "/api/v1/services/{code}/form",  RIGHT_CASE_SUBMIT, NULL,         "form",       "The form, filled with what the city knows", get_form, .query = form_query},
    {"POST",   "/api/v1/services/{code}/check", RIGHT_CASE_SUBMIT, check_body,   "quote",      "Check an application without filing it", post_check},
    {"GET",    "/api/v1/drafts",                RIGHT_CASE_SUBMIT, NULL,         "page:draft", "The caller's drafts", get_drafts},
    {"GET",    "/api/v1/drafts/{code}",         RIGHT_CASE_SUBMIT, NULL,         "draft",      "The draft for a service", get_draft},
    {"PUT",    "/api/v1/drafts/{code}",         RIGHT_CASE_SUBMIT, draft_fields, NULL,         "Save the draft for a service", put_draft, .status = 204},
    {"DELETE", "/api/v1/drafts/{code}",         RIGHT_CASE_SUBMIT, NULL,         NULL,         "Drop the draft for a service", delete_draft, .status = 204},
    {"POST",   "/api/v1/cases",                 RIGHT_CASE_SUBMIT, submission_fields, "case",  "File a case", post_case, .flags = ROUTE_IDEMPOTENT | ROUTE_QUICK, .status = 201},
    {"GET",    "/api/v1/cases",                 RIGHT_CASE_READ,   NULL,         "page:case-brief", "Cases: one's own, the inbox, a unit's", get_cases, .query = list_fields},
    {"GET",    "/api/v1/cases.csv",             RIGHT_CASE_READ,   NULL,         NULL,         "All of a list of cases, for a spreadsheet: CSV in UTF-8", get_cases_csv, ROUTE_WORKER, .query = list_fields},
    {"GET",    "/api/v1/cases.xlsx",            RIGHT_CASE_READ,   NULL,         NULL,         "All of a list of cases, for a spreadsheet: XLSX", get_cases_xlsx, ROUTE_WORKER, .query = list_fields},
    {"GET",    "/api/v1/cases/{code}",          RIGHT_CASE_READ,   NULL,         "case",       "One case", get_case},
    {"GET",    "/api/v1/cases/{code}/events",   RIGHT_CASE_READ,   NULL,         "page:event", "The log of a case", get_events},
    {"GET",    "/api/v1/cases/{code}/entries",  RIGHT_CASE_READ,   NULL,         "page:entry", "Book entries that may answer a case", get_entries, .query = entries_fields},
    {"GET",    "/api/v1/cases/{code}/preview",  RIGHT_CASE_ACT,    NULL,         NULL,         "The result as it would be signed, for whoever may sign it: PDF, without number, code or signature", get_preview, ROUTE_WORKER},
    {"GET",    "/api/v1/cases/{code}/slips",    RIGHT_CASE_READ,   NULL,         "page:slip",  "The papers of the one-stop for a case: receipt, supplement, refusal, …", get_case_slips},
    {"GET",    "/api/v1/cases/{code}/slips/{kind}", RIGHT_CASE_READ, NULL,       NULL,         "A paper that tells the way of the dossier (the control slip), as far as it has come: PDF", get_case_slip, ROUTE_WORKER},
    {"GET",    "/api/v1/slips",                 RIGHT_CASE_READ,   NULL,         "page:slip",  "A unit's papers of a kind and year, by their numbers", get_slips, .query = slips_fields},
    {"GET",    "/api/v1/units/{code}/board",    RIGHT_CASE_READ,   NULL,         "board",      "What a unit has to do, and who has it: open, late, silent, due", get_board},
    {"GET",    "/api/v1/units/{code}/register", RIGHT_CASE_READ,   NULL,         NULL,         "A unit's register of a time: PDF", get_register, ROUTE_WORKER, .query = register_fields},
    {"POST",   "/api/v1/cases/{code}/actions/{action}", RIGHT_CASE_ACT, action_fields, "case", "Act on a case", post_action},
    {"POST",   "/api/v1/case-actions/{action}", RIGHT_CASE_ACT,   bulk_fields, "outcomes",   "Act on several cases, each with its own outcome", post_actions},
    {"GET",    "/api/v1/track/{code}",          RIGHT_PUBLIC,      NULL,         "track",      "Where a dossier is", get_track, .query = track_fields},
    {0},
};
/* clang-format on */

extern const char casework_shapes_yaml[];                           /* shapes.yaml, made by the build */
static const struct shapes shapes = {.yaml = casework_shapes_yaml}; /* ends in NUL */

const struct module casework_module = {
    .name = "casework",
    .migrations = casework_migrations,
    .routes = routes,
    .shapes = &shapes,
    .pack = casework_kinds,
    .start = casework_start,
    .load = casework_load,
    .stop = casework_stop,
};
