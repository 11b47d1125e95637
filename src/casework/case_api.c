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
    {"on_behalf_of", FIELD_TEXT,   offsetof(struct submission, on_behalf_of), FIELD_SENSITIVE, 12, .title = "personal number"},
    {"channel",      FIELD_TEXT,   offsetof(struct submission, channel),      0, 10, "online|counter|post"},
    {0},
};

struct list_query { const char *box, *q, *service, *unit; int64_t status; bool late; };
static const struct field list_fields[] = {
    {"box",     FIELD_TEXT, offsetof(struct list_query, box),     0, 10, "mine|inbox|unit"},
    {"status",  FIELD_I64,  offsetof(struct list_query, status),  0, 10, .title = "national status, 1 to 10"},
    {"q",       FIELD_TEXT, offsetof(struct list_query, q),       FIELD_SENSITIVE, 200, .title = "code or name"},
    {"late",    FIELD_BOOL, offsetof(struct list_query, late)},
    {"service", FIELD_TEXT, offsetof(struct list_query, service), 0, 20},
    {"unit",    FIELD_TEXT, offsetof(struct list_query, unit),    0, 40},
    {0},
};

static const struct field action_fields[] = {
    {"note",     FIELD_TEXT,    offsetof(struct action_input, note),     FIELD_SENSITIVE, 4000},
    {"form",     FIELD_OBJECT,  offsetof(struct action_input, form),     FIELD_SENSITIVE},
    {"papers",   FIELD_ARRAY,   offsetof(struct action_input, papers),   0, 100},
    {"assignee", FIELD_ID,      offsetof(struct action_input, assignee), 0},
    {"step",     FIELD_TEXT,    offsetof(struct action_input, step),     0, 60},
    {"entry",    FIELD_TEXT,    offsetof(struct action_input, entry),    0, 200, .title = "key of the book entry found"},
    {"due_at",   FIELD_INSTANT, offsetof(struct action_input, due_at),   0, .title = "the new appointment"},
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

static bool visible_case(struct request *q, struct db *db, struct case_file *c, struct error *e)
{
    struct house *h = request_house(q);
    const struct actor *who = request_actor(q);
    const char *code = request_param(q, "code");
    bool found;

    if (!case_find(db, request_arena(q), h, code, c, &found, e))
        return false;
    if (found && case_may_see(h, who, c))
        return true;
    audit_later(h, &(struct audit){.action = "denied",
                                   .what = "case",
                                   .key = code,
                                   .actor = who->party,
                                   .address = request_address(q),
                                   .at = request_now(q)});
    return fail(e, E_NOT_FOUND, "case %s", code);
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

static bool audit_read(struct request *q, struct db *db, const struct case_file *c, struct error *e)
{
    const struct actor *who = request_actor(q);
    const char *about;

    if (who->party == c->applicant || who->party == c->submitter)
        return true;
    if (!party_number(db, request_arena(q), c->applicant, &about, e))
        return false;
    audit_later(request_house(q), &(struct audit){.action = "read",
                                                  .what = "case",
                                                  .key = c->code,
                                                  .about = about,
                                                  .actor = who->party,
                                                  .unit = c->unit->id,
                                                  .case_id = c->id,
                                                  .purpose = "case",
                                                  .address = request_address(q),
                                                  .at = request_now(q)});
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

static bool get_case(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct case_file c;

    if (!store_read(request_house(q)->store, &db, e) || !visible_case(q, db, &c, e) || !audit_read(q, db, &c, e) ||
        !case_write(&o, db, request_arena(q), request_house(q), request_actor(q), &c, request_now(q), request_lang(q),
                    e))
        return false;
    reply_etag(r, c.version);
    return reply_json_out(r, 200, &o);
}

static bool post_case(struct request *q, struct reply *r, struct error *e)
{
    struct caller caller = request_caller_of(q);
    struct submission s = {0};
    const char *code;
    bool repeated;

    if (!request_fields(q, submission_fields, &s, e) ||
        !case_submit(request_house(q), request_arena(q), &caller, &s, &code, &repeated, e))
        return false;
    reply_header(r, "Location", arena_printf(request_arena(q), "/api/v1/cases/%s", code));
    return reply_case(q, r, 201, code, e);
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
    return (text_to_i64(sort, INT64_MIN, INT64_MAX, &query->after_sort) &&
            text_to_i64(colon + 1, 1, INT64_MAX, &query->after_id)) ||
           fail(e, E_BAD_CURSOR, "not ours");
}

static bool read_list_query(struct request *q, struct case_query *query, struct error *e)
{
    const struct actor *who = request_actor(q);
    const struct unit *unit;
    struct list_query l;
    struct page page;

    if (!request_query_fields(q, list_fields, &l, e) || !request_page(q, &page, e))
        return false;
    *query = (struct case_query){
        .box = text_equal(l.box, "inbox")   ? BOX_INBOX
               : text_equal(l.box, "unit")  ? BOX_UNIT
               : l.box                      ? BOX_MINE
               : who->kind == PARTY_OFFICER ? BOX_INBOX
                                            : BOX_MINE,
        .status = (int)l.status,
        .q = l.q,
        .service = l.service,
        .late = l.late,
        .now = request_now(q),
        .limit = (size_t)page.limit,
    };
    unit = l.unit ? unit_by_code(request_house(q), l.unit) : NULL;
    if (l.unit && !unit)
        return fail_field(e, "/unit", "absent", l.unit);
    query->unit = unit ? unit->id : 0;
    return read_cursor(&page, query, e);
}

static bool get_cases(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct case_query query;
    struct case_file *found = NULL;
    const char *next = NULL;
    size_t n = 0;
    bool more;

    if (!read_list_query(q, &query, e) || !store_read(request_house(q)->store, &db, e) ||
        !case_list(db, request_arena(q), request_house(q), request_actor(q), &query, &found, &n, &more, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < n; i++)
        case_write_brief(&o, request_arena(q), request_house(q), &found[i], request_now(q), request_lang(q));
    out_close(&o, ']');
    if (more) {
        const struct case_file *last = &found[n - 1];
        int64_t sort = last->due_at == INSTANT_NONE ? last->submitted_at : last->due_at;

        next = page_cursor(q, arena_printf(request_arena(q), "%" PRId64 ":%" PRId64, sort, last->id));
    }
    out_member_text(&o, "next", next);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
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
    out_member_text(o, "name", rows_text(r, 3));
    out_member_text(o, "unit", unit ? unit->name[lang] : NULL);
    out_close(o, '}');
    out_member_text(o, "action", rows_text(r, 4));
    out_member_text(o, "from", rows_text(r, 5));
    out_member_text(o, "to", rows_text(r, 6));
    out_member_text(o, "note", rows_text(r, 7));
    out_member_text(o, "hash", hex);
    out_close(o, '}');
}

static bool get_events(struct request *q, struct reply *r, struct error *e)
{
    static const char sql[] =
        "SELECT v.seq, v.at, CASE WHEN p.kind = $4 THEN v.unit ELSE 0 END, p.name, v.action, v.from_step, v.to_step,"
        " v.note, v.hash FROM case_event v LEFT JOIN party p ON p.id = v.actor"
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
    if (!actor_serves(request_actor(q), c.unit->id))
        return fail(e, E_FORBIDDEN, "only officers of the case look into the books");
    if (!audit_read(q, db, &c, e) ||
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
    out_open(o, '{');
    out_member_text(o, "code", c->unit->code);
    out_member_text(o, "name", c->unit->name[lang]);
    out_close(o, '}');
    out_member_instant(o, "submitted_at", c->submitted_at);
    out_member_instant(o, "received_at", c->received_at);
    out_member_instant(o, "due_at", c->due_at);
    out_member_instant(o, "finished_at", c->done_at != INSTANT_NONE ? c->done_at : c->closed_at);
    out_member_text(o, "step", c->step->title[lang]);
    out_member_text(o, "timeliness", timeliness_name(case_time(c, a, now).timeliness));
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
    if (query.pin && strcmp(query.pin, c.pin) != 0)
        return fail_field(e, "/pin", "const", "pin");
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
    {"GET",    "/api/v1/services/{code}/form",  RIGHT_CASE_SUBMIT, NULL,         "form",       "The form, filled with what the city knows", get_form, .query = form_query},
    {"POST",   "/api/v1/services/{code}/check", RIGHT_CASE_SUBMIT, check_body,   "quote",      "Check an application without filing it", post_check},
    {"GET",    "/api/v1/drafts",                RIGHT_CASE_SUBMIT, NULL,         "page:draft", "The caller's drafts", get_drafts},
    {"GET",    "/api/v1/drafts/{code}",         RIGHT_CASE_SUBMIT, NULL,         "draft",      "The draft for a service", get_draft},
    {"PUT",    "/api/v1/drafts/{code}",         RIGHT_CASE_SUBMIT, draft_fields, NULL,         "Save the draft for a service", put_draft, .status = 204},
    {"DELETE", "/api/v1/drafts/{code}",         RIGHT_CASE_SUBMIT, NULL,         NULL,         "Drop the draft for a service", delete_draft, .status = 204},
    {"POST",   "/api/v1/cases",                 RIGHT_CASE_SUBMIT, submission_fields, "case",  "File a case", post_case, .flags = ROUTE_IDEMPOTENT, .status = 201},
    {"GET",    "/api/v1/cases",                 RIGHT_CASE_READ,   NULL,         "page:case-brief", "Cases: one's own, the inbox, a unit's", get_cases, .query = list_fields},
    {"GET",    "/api/v1/cases/{code}",          RIGHT_CASE_READ,   NULL,         "case",       "One case", get_case},
    {"GET",    "/api/v1/cases/{code}/events",   RIGHT_CASE_READ,   NULL,         "page:event", "The log of a case", get_events},
    {"GET",    "/api/v1/cases/{code}/entries",  RIGHT_CASE_READ,   NULL,         "page:entry", "Book entries that may answer a case", get_entries, .query = entries_fields},
    {"POST",   "/api/v1/cases/{code}/actions/{action}", RIGHT_CASE_ACT, action_fields, "case", "Act on a case", post_action},
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
    .stop = casework_stop,
};
