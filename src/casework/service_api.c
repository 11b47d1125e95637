/* The catalogue over HTTP: services, their forms, drafts, what an application would cost. */
#include "casework/casework_api.h"

#include <string.h>

/* clang-format off */
const struct field catalogue_query[] = {
    {"q",     FIELD_TEXT, offsetof(struct catalogue_filter, q),     0, 200, .title = "words of the name; no diacritics needed"},
    {"field", FIELD_TEXT, offsetof(struct catalogue_filter, field), 0, 200, .title = "the field (lĩnh vực), by its name"},
    {"level", FIELD_TEXT, offsetof(struct catalogue_filter, level), 0, 20, "full|partial|information"},
    {"unit",  FIELD_TEXT, offsetof(struct catalogue_filter, unit),  0, 40, .title = "code of a unit that offers it"},
    {0},
};

struct flow_query { const char *step, *lang; };
const struct field flow_query[] = {
    {"step", FIELD_TEXT, offsetof(struct flow_query, step), 0, 60, .title = "id of the step to mark"},
    {"lang", FIELD_TEXT, offsetof(struct flow_query, lang), 0, 2,  "vi|en", .title = "for pictures in a page; else the language asked for"},
    {0},
};

struct form_query { const char *unit, *on_behalf_of; };
const struct field form_query[] = {
    {"unit",         FIELD_TEXT, offsetof(struct form_query, unit),         0, 40},
    {"on_behalf_of", FIELD_TEXT, offsetof(struct form_query, on_behalf_of), FIELD_SENSITIVE, 14, .title = "personal number or tax code; the one-stop, helpers, and agents of that party"},
    {0},
};

const struct field check_body[] = {
    {"unit",         FIELD_TEXT,   offsetof(struct submission, unit),         FIELD_REQUIRED, 40},
    {"form",         FIELD_OBJECT, offsetof(struct submission, form),         FIELD_REQUIRED | FIELD_SENSITIVE},
    {"papers",       FIELD_ARRAY,  offsetof(struct submission, papers),       0, 100},
    {"on_behalf_of", FIELD_TEXT,   offsetof(struct submission, on_behalf_of), FIELD_SENSITIVE, 14},
    {"channel",      FIELD_TEXT,   offsetof(struct submission, channel),      0, 10, "online|counter|post"},
    {0},
};

struct draft_body { const char *unit, *page; const json_t *form, *papers; };
const struct field draft_fields[] = {
    {"unit",   FIELD_TEXT,   offsetof(struct draft_body, unit),   0, 40},
    {"page",   FIELD_TEXT,   offsetof(struct draft_body, page),   0, 60},
    {"form",   FIELD_OBJECT, offsetof(struct draft_body, form),   FIELD_REQUIRED | FIELD_SENSITIVE},
    {"papers", FIELD_ARRAY,  offsetof(struct draft_body, papers), 0, 100},
    {0},
};
/* clang-format on */

struct caller request_caller_of(struct request *q)
{
    struct caller c = {
        .who = request_actor(q),
        .key = request_key(q),
        .now = request_now(q),
        .lang = request_lang(q),
        .address = request_address(q),
    };

    if (c.key)
        c.fingerprint = request_fingerprint(q);
    return c;
}

/* ---- the catalogue ---- */

/* Every word must begin a word of the service's text. */
static bool words_match(const char *folded, const char *words)
{
    while (*words) {
        size_t len = strcspn(words, " ");
        const char *at = folded;
        char word[64];

        if (len >= sizeof word - 1)
            return false;
        word[0] = ' ';
        memcpy(word + 1, words, len);
        word[len + 1] = '\0';
        if (!strstr(at, word))
            return false;
        words += len;
        words += *words == ' ';
    }
    return true;
}

static bool service_fits(const struct house *h, const struct service_entry *s, const struct catalogue_filter *f,
                         const char *words, enum lang lang)
{
    const struct unit *u = f->unit ? unit_by_code(h, f->unit) : NULL;

    return !s->internal && (!words || words_match(s->folded, words)) &&
           (!f->level || strcmp(f->level, s->level) == 0) && (!f->field || strcmp(f->field, s->field[lang]) == 0) &&
           (!f->unit || (u && service_entry_offered_at(s, u)));
}

bool get_services(struct request *q, struct reply *r, struct error *e)
{
    const struct house *h = request_house(q);
    const struct casework *room = casework_of(h);
    struct catalogue_filter f;
    struct page page;
    auto_out struct json_out o = JSON_OUT_INIT;
    const char *words, *next = NULL;
    int64_t n = 0;

    if (!request_query_fields(q, catalogue_query, &f, e) || !request_page(q, &page, e))
        return false;
    words = f.q ? text_fold(request_arena(q), f.q) : NULL;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    for (size_t i = 0; i < room->n_services; i++) {
        const struct service_entry *s = &room->services[i];

        if ((page.cursor && strcmp(s->code, page.cursor) <= 0) || !service_fits(h, s, &f, words, request_lang(q)))
            continue;
        if (n == page.limit) {
            next = page_cursor(q, room->services[i - 1].code);
            break;
        }
        out_raw(&o, s->brief_text[request_lang(q)]);
        n++;
    }
    out_close(&o, ']');
    out_member_text(&o, "next", next);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

static bool find_service(struct request *q, const struct service **out, struct error *e)
{
    auto_read struct db *db = NULL;

    if (!store_read(request_house(q)->store, &db, e) ||
        !service_current(db, request_house(q), request_param(q, "code"), out, e))
        return false;
    if (*out && (*out)->internal)
        *out = NULL;
    return *out || fail(e, E_NOT_FOUND, "service %s", request_param(q, "code"));
}

/* Said from the stored definition: what is only shown need not be compiled, nor kept in memory. */
bool get_service(struct request *q, struct reply *r, struct error *e)
{
    const struct service_entry *s = service_find(request_house(q), request_param(q, "code"));
    struct arena *a = request_arena(q);
    auto_read struct db *db = NULL;
    json_auto_t *definition = NULL;
    bool found = false;

    if (!s || s->internal)
        return fail(e, E_NOT_FOUND, "service %s", request_param(q, "code"));
    if (!store_read(request_house(q)->store, &db, e) ||
        !definition_version(db, "service", s->code, s->version, &definition, &found, e))
        return false;
    if (!found)
        return fail(e, E_INTERNAL, "service %s has no version %lld", s->code, (long long)s->version);
    return reply_json_text(r, 200, json_text(a, json_held(a, service_wire_new(definition, request_lang(q)))));
}

/* Public like the catalogue: anybody may know which way a dossier goes. */
bool get_flow(struct request *q, struct reply *r, struct error *e)
{
    struct flow_query query;
    enum lang lang = request_lang(q);
    const struct service *s;
    const char *svg;

    if (!request_query_fields(q, flow_query, &query, e) || !find_service(q, &s, e))
        return false;
    if (query.lang)
        lang = text_equal(query.lang, "en") ? LANG_EN : LANG_VI;
    svg = flow_svg(request_arena(q), s->flow, query.step, lang);
    reply_header(r, "Vary", "Accept-Language");
    return reply_bytes(r, 200, "image/svg+xml", (struct bytes){svg, strlen(svg)});
}

/* ---- the form ---- */

static void write_fee(struct json_out *o, int64_t fee)
{
    out_key(o, "fee");
    out_open(o, '{');
    out_member_i64(o, "amount", fee);
    out_member_text(o, "state", fee ? "due" : "none");
    out_close(o, '}');
}

static void write_form(struct json_out *o, struct request *q, struct db *db, const struct service *s,
                       const struct prefill *known, const json_t *stored_papers, int64_t fee)
{
    enum lang lang = request_lang(q);
    const json_t *form = s->form_wire[lang], *ui = s->ui_wire[lang];

    if (!form)
        form = json_held(request_arena(q), service_form_new(request_house(q), s, lang));
    if (!ui)
        ui = json_held(request_arena(q), service_ui_new(s, lang));
    out_open(o, '{');
    if (s->n_own)
        form = json_held(request_arena(q), form_offered_new(s, known, form));
    out_member_json(o, "schema", form);
    out_member_json(o, "ui", ui);
    out_member_json(o, "data", known->data);
    out_member_json(o, "locked", known->locked);
    out_key(o, "papers");
    papers_write(o, db, request_arena(q), s, stored_papers, lang);
    write_fee(o, fee);
    out_close(o, '}');
}

bool get_form(struct request *q, struct reply *r, struct error *e)
{
    struct house *h = request_house(q);
    struct arena *a = request_arena(q);
    struct caller caller = request_caller_of(q);
    struct form_query f;
    struct party applicant;
    struct prefill known;
    struct paper *papers;
    const struct service *s;
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    size_t n;
    int64_t fee = 0;
    struct error unready;

    if (!request_query_fields(q, form_query, &f, e) || !find_service(q, &s, e) || !store_read(h->store, &db, e) ||
        !applicant_for(db, a, h, caller.who, f.on_behalf_of, s, request_now(q), &applicant, e) ||
        !form_prefill(db, a, h, s, &applicant, &known, e))
        return false;
    error_init(&unready);
    if (!form_fee(s, known.data, &applicant, a, &fee, &unready))
        fee = 0; /* it depends on what is not filled in yet; check says it before filing */
    error_done(&unready);
    if (!papers_known(db, a, h, s, &known, known.data, &applicant, caller.now, caller.lang, &papers, &n, e))
        return false;
    if (f.on_behalf_of)
        audit_later(h, &(struct audit){.action = "read",
                                       .what = "record:person",
                                       .key = applicant.number,
                                       .about = applicant.number,
                                       .actor = caller.who->party,
                                       .purpose = "intake",
                                       .address = caller.address,
                                       .at = caller.now});
    write_form(&o, q, db, s, &known, papers_stored(a, papers, n), fee);
    return reply_json_out(r, 200, &o);
}

bool post_check(struct request *q, struct reply *r, struct error *e)
{
    struct caller caller = request_caller_of(q);
    struct submission s = {0};
    auto_out struct json_out o = JSON_OUT_INIT;
    int64_t fee, due_at;

    if (!request_fields(q, check_body, &s, e))
        return false;
    s.service = request_param(q, "code");
    if (!case_quote(request_house(q), request_arena(q), &caller, &s, &fee, &due_at, e))
        return false;
    out_open(&o, '{');
    write_fee(&o, fee);
    out_member_instant(&o, "due_at", due_at);
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

/* ---- drafts ---- */

bool get_drafts(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    bool found;

    if (!store_read(request_house(q)->store, &db, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "items");
    out_open(&o, '[');
    if (!draft_write(&o, db, request_actor(q)->party, NULL, &found, e))
        return false;
    out_close(&o, ']');
    out_member_null(&o, "next");
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}

bool get_draft(struct request *q, struct reply *r, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    bool found;

    if (!store_read(request_house(q)->store, &db, e) ||
        !draft_write(&o, db, request_actor(q)->party, request_param(q, "code"), &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "no draft");
    return reply_json_out(r, 200, &o);
}

bool put_draft(struct request *q, struct reply *r, struct error *e)
{
    struct draft_body body;
    const struct service *s;

    if (!request_fields(q, draft_fields, &body, e) || !find_service(q, &s, e) ||
        !draft_put(request_house(q), request_actor(q)->party, s->code, request_body(q, e), request_now(q), e))
        return false;
    return reply_empty(r, 204);
}

bool delete_draft(struct request *q, struct reply *r, struct error *e)
{
    return draft_drop(request_house(q), request_actor(q)->party, request_param(q, "code"), e) && reply_empty(r, 204);
}
