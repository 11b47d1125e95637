/* Definitions over HTTP, for administrators: draft, check, publish, compare. What is in force is read, listed and its
 * versions told as of any registry. */
#include "registry/registry_api.h"

#include <string.h>

static const char publish_job[] = "publish-definition";
enum { TEXT_MAX = 400000, DRAFTS_MAX = 200 };

struct text_input {
    const char *text;
};
struct publish_input {
    const char *from;
};
struct diff_query {
    int64_t from, to;
};

/* clang-format off */
const struct field definition_text_fields[] = {
    {"text", FIELD_TEXT, offsetof(struct text_input, text), FIELD_REQUIRED, TEXT_MAX, .title = "YAML or JSON"},
    {0},
};
const struct field definition_publish_fields[] = {
    {"from", FIELD_DATE, offsetof(struct publish_input, from), 0, .title = "comes in force on this day; absent: now"},
    {0},
};
const struct field definition_diff_fields[] = {
    {"from", FIELD_I64, offsetof(struct diff_query, from), 0, 1000000000, .title = "a version; absent: the one in force"},
    {"to",   FIELD_I64, offsetof(struct diff_query, to),   0, 1000000000, .title = "a version; absent: the draft"},
    {0},
};
/* clang-format on */

static bool id_of(struct request *q, struct definition_id *out, struct error *e)
{
    const struct pack_kind *kind;

    out->key = request_param(q, "key");
    for (size_t i = 0; (kind = pack_kind_at(request_house(q), i)); i++)
        if (strcmp(kind->registry, request_param(q, "name")) == 0) {
            out->kind = kind;
            return strlen(out->key) <= REGISTRY_KEY_MAX || fail(e, E_NOT_FOUND, "no such key");
        }
    return fail(e, E_NOT_FOUND, "no kind of definition %s", request_param(q, "name"));
}

static void log_act(struct request *q, const char *action, const struct definition_id *id)
{
    audit_later(request_house(q), &(struct audit){.action = action,
                                                  .what = id->kind->registry,
                                                  .key = id->key,
                                                  .actor = request_actor(q)->party,
                                                  .address = request_address(q),
                                                  .at = request_now(q)});
}

/* ---- as they travel ---- */

static bool current(struct db *db, struct arena *a, const struct house *h, const struct definition_id *id,
                    struct record *out, bool *found, struct error *e)
{
    return record_find(db, a, registry_find(h, id->kind->registry), id->key, out, found, e);
}

static void write_draft(struct json_out *o, const struct definition_draft *d)
{
    out_open(o, '{');
    out_member_text(o, "text", d->text);
    out_member_i64(o, "version", d->version);
    out_member_i64(o, "based_on", d->based_on);
    out_member_instant(o, "saved_at", d->saved_at);
    out_member_instant(o, "publish_at", d->publish_at);
    out_close(o, '}');
}

static bool reply_definition(struct request *q, struct reply *r, const struct definition_id *id, struct error *e)
{
    struct arena *a = request_arena(q);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct definition_draft draft;
    struct record now;
    bool found, drafted;

    if (!store_read(request_house(q)->store, &db, e) || !current(db, a, request_house(q), id, &now, &found, e) ||
        !draft_find(db, a, id, &draft, &drafted, e))
        return false;
    if (!found && !drafted)
        return fail(e, E_NOT_FOUND, "%s %s", id->kind->registry, id->key);
    out_open(&o, '{');
    out_member_text(&o, "kind", id->kind->registry);
    out_member_text(&o, "key", id->key);
    out_member_i64(&o, "version", found ? now.version : 0);
    out_member_text(&o, "text", found ? yaml_text(a, now.body) : NULL);
    out_key(&o, "draft");
    if (drafted)
        write_draft(&o, &draft);
    else
        out_null(&o);
    out_close(&o, '}');
    reply_etag(r, drafted ? draft.version : 0);
    return reply_json_out(r, 200, &o);
}

bool get_definition(struct request *q, struct reply *r, struct error *e)
{
    struct definition_id id;

    return id_of(q, &id, e) && reply_definition(q, r, &id, e);
}

bool get_definition_drafts(struct request *q, struct reply *r, struct error *e)
{
    static const char sql[] =
        "SELECT kind, key, saved_at, publish_at FROM definition_draft ORDER BY kind, key LIMIT $1";
    auto_read struct db *db = NULL;
    auto_rows struct rows *rows = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    bool more;

    if (!store_read(request_house(q)->store, &db, e) || !db_query(db, &rows, e, sql, ARGS(I64(DRAFTS_MAX))))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (;;) {
        if (!rows_next(rows, &more, e))
            return false;
        if (!more)
            break;
        out_open(&o, '{');
        out_member_text(&o, "kind", rows_text(rows, 0));
        out_member_text(&o, "key", rows_text(rows, 1));
        out_member_instant(&o, "saved_at", rows_i64(rows, 2));
        out_member_instant(&o, "publish_at", rows_instant(rows, 3));
        out_close(&o, '}');
    }
    out_close(&o, ']');
    out_member_null(&o, "next");
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* ---- drafting ---- */

struct drafting {
    struct house *house;
    const struct definition_id *id;
    struct definition_draft draft;
};

static bool save(struct db *db, void *arg, struct error *e)
{
    struct drafting *d = arg;
    auto_arena struct arena *a = arena_new();
    struct record now;
    bool found;

    if (!current(db, a, d->house, d->id, &now, &found, e))
        return false;
    d->draft.based_on = found ? now.version : 0;
    return draft_save(db, d->id, &d->draft, e);
}

bool put_definition_draft(struct request *q, struct reply *r, struct error *e)
{
    struct text_input in;
    struct definition_id id;
    struct drafting d = {.house = request_house(q), .id = &id};

    if (!id_of(q, &id, e) || !request_fields(q, definition_text_fields, &in, e) ||
        !request_if_match(q, &d.draft.version, e))
        return false;
    d.draft.text = in.text;
    d.draft.saved_at = request_now(q);
    d.draft.saved_by = request_actor(q)->party;
    d.draft.publish_at = INSTANT_NONE;
    if (!store_write(d.house->store, save, &d, e))
        return false;
    log_act(q, "draft", &id);
    return reply_definition(q, r, &id, e);
}

static bool discard(struct db *db, void *arg, struct error *e)
{
    return draft_discard(db, arg, e);
}

bool delete_definition_draft(struct request *q, struct reply *r, struct error *e)
{
    struct definition_id id;

    if (!id_of(q, &id, e) || !store_write(request_house(q)->store, discard, &id, e))
        return false;
    log_act(q, "discard-draft", &id);
    return reply_empty(r, 204);
}

static json_t *problems_new(const struct pack_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->n; i++)
        json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s}", "line", report->problems[i].line, "pointer",
                                              report->problems[i].pointer, "rule", report->problems[i].rule, "what",
                                              report->problems[i].what));
    return list;
}

bool post_definition_check(struct request *q, struct reply *r, struct error *e)
{
    struct text_input in;
    struct definition_id id;
    struct pack_report report;
    struct definition_reading read;
    const char *drawing = NULL;
    auto_read struct db *db = NULL;

    if (!id_of(q, &id, e) || !request_fields(q, definition_text_fields, &in, e) ||
        !store_read(request_house(q)->store, &db, e) ||
        !definition_check(db, request_arena(q), request_house(q), &id, in.text, false, &report, &read, e))
        return false;
    if (read.fits && id.kind->draw)
        drawing = id.kind->draw(request_arena(q), read.body, request_lang(q));
    return reply_json(
        r, 200,
        json_pack("{s:o, s:O?, s:s?}", "problems", problems_new(&report), "body", read.body, "drawing", drawing));
}

/* ---- publishing ---- */

struct publishing {
    struct house *house;
    const struct definition_id *id;
    struct definition_draft draft;
    const json_t *body;
    int64_t actor, at; /* at: INSTANT_NONE: now */
};

static bool publish(struct db *db, void *arg, struct error *e)
{
    const struct publishing *p = arg;

    return definition_publish(db, p->house, p->id, p->body, p->draft.based_on, p->actor, e);
}

static bool publish_later(struct db *db, void *arg, struct error *e)
{
    const struct publishing *p = arg;
    struct definition_draft d = p->draft;
    json_auto_t *input = json_pack("{s:s, s:s}", "kind", p->id->kind->registry, "key", p->id->key);
    int64_t job;

    d.publish_at = p->at;
    return draft_save(db, p->id, &d, e) && job_add(db, publish_job, input, p->actor, p->at, &job, e);
}

/* Reads and checks the draft. E_PACK with the problems when it may not come in force. */
static bool ready(struct house *h, struct arena *a, struct publishing *p, struct error *e)
{
    auto_read struct db *db = NULL;
    struct pack_report report;
    struct definition_reading read;
    bool found;

    if (!store_read(h->store, &db, e) || !draft_find(db, a, p->id, &p->draft, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "%s has no draft", p->id->key);
    if (!definition_check(db, a, h, p->id, p->draft.text, true, &report, &read, e))
        return false;
    p->body = read.body;
    if (report.n == 0)
        return true;
    error_extra_new(e, "problems", problems_new(&report));
    return fail(e, E_PACK, "line %d: %s", report.problems[0].line, report.problems[0].what);
}

bool post_definition_publish(struct request *q, struct reply *r, struct error *e)
{
    struct publish_input in;
    struct definition_id id;
    struct house *h = request_house(q);
    struct publishing p = {.house = h, .id = &id, .actor = request_actor(q)->party, .at = INSTANT_NONE};
    struct date day;

    if (!id_of(q, &id, e) || !request_fields(q, definition_publish_fields, &in, e))
        return false;
    if (in.from && date_parse(in.from, &day) && date_start_ms(day) > request_now(q))
        p.at = date_start_ms(day);
    if (in.from && p.at == INSTANT_NONE && date_to_days(day) < date_to_days(date_at(request_now(q))))
        return fail_field(e, "/from", "minimum", "today");
    if (!ready(h, request_arena(q), &p, e) ||
        !store_write(h->store, p.at == INSTANT_NONE ? publish : publish_later, &p, e))
        return false;
    log_act(q, p.at == INSTANT_NONE ? "publish" : "publish-later", &id);
    return (p.at != INSTANT_NONE || definitions_reload(h, e)) && reply_definition(q, r, &id, e);
}

/* The day has come. A draft that was saved or dropped meanwhile is nobody's promise any more; one that no longer fits
 * what is in force waits for its administrator. */
static bool run_publish(struct job *job, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct house *h = job->arg;
    struct definition_id id = {.key = json_str(job->input, "key")};
    struct publishing p = {.house = h, .id = &id};
    const struct pack_kind *kind;
    bool found;

    for (size_t i = 0; (kind = pack_kind_at(h, i)); i++)
        if (text_equal(kind->registry, json_str(job->input, "kind")))
            id.kind = kind;
    if (!id.kind || !id.key)
        return fail(e, E_INTERNAL, "a definition of no kind");
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !draft_find(db, a, &id, &p.draft, &found, e))
            return false;
    }
    if (!found || p.draft.publish_at == INSTANT_NONE || p.draft.publish_at > now_ms())
        return true;
    p.actor = p.draft.saved_by;
    return ready(h, a, &p, e) && store_write(h->store, publish, &p, e) && definitions_reload(h, e);
}

void definitions_start(struct house *h)
{
    store_job_kind(h->store, &(struct job_kind){.name = publish_job, .run = run_publish, .arg = h, .tries = 3});
}

/* ---- differences ---- */

static bool version_body(struct db *db, struct arena *a, const struct house *h, const struct definition_id *id,
                         int64_t version, const json_t **out, struct error *e)
{
    struct record now;
    json_t *body = NULL;
    bool found;

    *out = NULL;
    if (version) {
        if (!definition_version(db, id->kind->registry, id->key, version, &body, &found, e))
            return false;
        *out = body ? json_held(a, body) : NULL;
        return found || fail(e, E_NOT_FOUND, "no such version");
    }
    if (!current(db, a, h, id, &now, &found, e))
        return false;
    *out = found ? now.body : NULL;
    return true;
}

static bool draft_body(struct db *db, struct arena *a, const struct definition_id *id, const json_t **out,
                       struct error *e)
{
    struct definition_draft d;
    struct yaml yaml;
    bool found;

    if (!draft_find(db, a, id, &d, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "%s has no draft", id->key);
    if (!yaml_read(a, (struct bytes){d.text, strlen(d.text)}, &yaml, e))
        return false;
    *out = yaml.root;
    return true;
}

bool get_definition_diff(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct house *h = request_house(q);
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct definition_id id;
    struct diff_query in;
    const json_t *from = NULL, *to = NULL;

    if (!id_of(q, &id, e) || !request_query_fields(q, definition_diff_fields, &in, e) ||
        !store_read(h->store, &db, e) || !version_body(db, a, h, &id, in.from, &from, e) ||
        !(in.to ? version_body(db, a, h, &id, in.to, &to, e) : draft_body(db, a, &id, &to, e)))
        return false;
    out_open(&o, '{');
    out_key(&o, "lines");
    out_open(&o, '[');
    definition_diff(&o, a, from, to);
    out_close(&o, ']');
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}
