/* The grant: numbers are taken, the result is rendered and kept, and in one commit it goes to the owner's vault and the
 * registries learn what was decided. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { SCOPE_MAX = 16, NUMBER_TRIES = 64 };

struct scope {
    struct expr_scope names[SCOPE_MAX + 1]; /* ended by a row without name */
    size_t n;
};

static void name(struct scope *s, const char *key, const json_t *value)
{
    if (s->n < SCOPE_MAX)
        s->names[s->n++] = (struct expr_scope){key, value};
}

json_t *instant_value_new(int64_t ms)
{
    return ms == INSTANT_NONE ? json_null() : json_integer((json_int_t)ms);
}

json_t *unit_value_new(const struct unit *u)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "code", u->code, "name", u->name[LANG_VI], "name_en",
                     u->name[LANG_EN], "place", json_text_or_null(u->place), "address", json_text_or_null(u->address),
                     "phone", json_text_or_null(u->phone));
}

json_t *case_value_new(const struct case_file *c)
{
    return json_pack("{s:s, s:o, s:I, s:o, s:o, s:s, s:s, s:{s:I, s:s}, s:{s:s, s:s, s:{s:I, s:s}}, s:o}", "code",
                     c->code, "submitted_at", instant_value_new(c->submitted_at), "received_at",
                     (json_int_t)(c->received_at == INSTANT_NONE ? c->submitted_at : c->received_at), "due_at",
                     instant_value_new(c->due_at), "legal_due_at", instant_value_new(c->legal_due_at), "channel",
                     channel_name(c->channel), "delivery", c->delivery, "fee", "amount", (json_int_t)c->fee, "state",
                     c->fee_state, "service", "code", c->service->code, "name", c->service->name[LANG_VI], "limit",
                     "value", (json_int_t)c->service->limit.value, "unit", limit_unit_name(c->service->limit.unit),
                     "unit", unit_value_new(c->unit));
}

static json_t *service_value_new(const struct service *s)
{
    return json_pack("{s:s, s:s, s:s}", "code", s->code, "name", s->name[LANG_VI], "result",
                     *s->result_title[LANG_VI] ? s->result_title[LANG_VI] : s->name[LANG_VI]);
}

static bool find_record(struct db *db, struct arena *a, const struct house *h, const char *registry, const char *key,
                        json_t **body, struct error *e)
{
    const struct registry *r = registry && key ? registry_find(h, registry) : NULL;
    struct record record;
    bool found = false;

    if (r && !record_find(db, a, r, key, &record, &found, e))
        return false;
    *body = found ? record.body : json_held(a, json_object());
    return true;
}

/* What officers recorded; an empty object before they did. */
static const json_t *office_decision(struct arena *a, const json_t *office)
{
    const json_t *decision = json_object_get(office, "decision");

    return decision ? decision : json_held(a, json_object());
}

/* Everything that the pack's expressions may name. */
static bool make_scope(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
                       const struct case_file *c, const json_t *office, const char *verify_code, struct scope *s,
                       struct error *e)
{
    struct party applicant;
    json_t *person, *entry;
    char today[DATE_TEXT_MAX];
    bool found;

    if (!party_find(db, a, c->applicant, &applicant, &found, e) ||
        !find_record(db, a, h, "person", found ? applicant.number : NULL, &person, e) ||
        !find_record(db, a, h, c->entry_registry, c->entry_key, &entry, e))
        return false;
    if (!found)
        return fail(e, E_INTERNAL, "case %s has no applicant", c->code);
    date_format(date_at(caller->now), today);
    name(s, "form", json_held(a, json_loads(c->form, 0, NULL)));
    name(s, "applicant", json_held(a, party_value_new(&applicant)));
    name(s, "person", person);
    name(s, "entry", entry);
    name(s, "entry_key", json_held(a, json_text_or_null(c->entry_key)));
    name(s, "case", json_held(a, case_value_new(c)));
    name(s, "service", json_held(a, service_value_new(c->service)));
    name(s, "allocated", json_object_get(office, "allocated"));
    name(s, "office", office_decision(a, office));
    name(s, "today", json_held(a, json_string(today)));
    name(s, "verify", json_held(a, json_text_or_null(verify_code)));
    name(s, "origin", json_held(a, json_text_or_null(h->origin)));
    name(s, "signer", json_held(a, json_string(caller->who->name)));
    return true;
}

/* ---- numbers ---- */

struct taking {
    struct house *house;
    struct arena *arena;
    const struct caller *caller;
    struct case_file *file;
    json_t *allocated;
};

static bool text_of(const struct scope *s, const json_t *source, struct arena *a, char **out, struct error *e)
{
    struct expr *x = NULL;

    *out = NULL;
    return !json_is_string(source) ||
           (expr_compile(a, json_string_value(source), &x, e) && expr_text(x, s->names, a, out, e));
}

/* Century and sex digit, birth year, six digits of chance (Decree 137/2015 Art 13); tried until free. */
static bool take_personal_number(struct db *db, struct taking *t, const struct scope *s, const json_t *rule,
                                 json_t **out, struct error *e)
{
    const struct registry *persons = registry_find(t->house, "person");
    char *province, *sex, *birth;
    struct date born;

    if (!text_of(s, json_object_get(rule, "province"), t->arena, &province, e) ||
        !text_of(s, json_object_get(rule, "sex"), t->arena, &sex, e) ||
        !text_of(s, json_object_get(rule, "birth_date"), t->arena, &birth, e))
        return false;
    if (!province || strlen(province) != 3 || !birth || !date_parse(birth, &born))
        return fail(e, E_PACK, "a personal number needs province and birth date");
    for (int i = 0; persons && i < NUMBER_TRIES; i++) {
        int digit = (born.year / 100 - 19) * 2 + text_equal(sex, "female");
        char number[32];
        struct record record;
        bool found;

        (void)snprintf(number, sizeof number, "%s%d%02d%06u", province, digit, born.year % 100,
                       randombytes_uniform(1000000)); /* 12 digits */
        if (!record_find(db, t->arena, persons, number, &record, &found, e))
            return false;
        if (!found) {
            *out = json_string(number);
            return true;
        }
    }
    return fail(e, E_BUSY, "no free personal number was found");
}

enum { SERIES_MAX = 96 }; /* unit codes are 35 bytes at most */

static void book_series(const char *unit_code, int year, const char *kind, char out[static SERIES_MAX])
{
    (void)snprintf(out, SERIES_MAX, "book:%s:%d:%s", unit_code, year, kind);
}

bool book_number_taken(struct db *db, const char *unit_code, int year, const char *kind, int64_t number,
                       struct error *e)
{
    static const char sql[] = "INSERT INTO number_series (series, last) VALUES ($1, $2) ON CONFLICT (series) DO UPDATE"
                              " SET last = excluded.last WHERE number_series.last < excluded.last";
    char series[SERIES_MAX];

    book_series(unit_code, year, kind, series);
    return db_exec(db, NULL, e, sql, ARGS(TEXT(series), I64(number)));
}

/* Order of the book of that kind in the year is 01 while one book takes the whole year's entries. */
static bool take_book_entry(struct db *db, struct taking *t, const json_t *rule, json_t **out, struct error *e)
{
    const char *kind = json_str(rule, "book");
    struct date d = date_at(t->caller->now);
    char series[SERIES_MAX], book[48], on[DATE_TEXT_MAX];
    int64_t number;

    if (!kind)
        return fail(e, E_PACK, "a book entry needs its book");
    book_series(t->file->unit->code, d.year, kind, series);
    (void)snprintf(book, sizeof book, "01-TP/HT-%d-%s", d.year, kind);
    date_format(d, on);
    if (!number_next(db, series, &number, e))
        return false;
    *out = json_pack("{s:I, s:s, s:s}", "number", (json_int_t)number, "book", book, "date", on);
    return true;
}

static bool take_number(struct db *db, struct taking *t, const json_t *rule, json_t **out, struct error *e)
{
    const char *kind = json_str(rule, "series");
    struct date d = date_at(t->caller->now);
    char series[96], text[64];
    int64_t number;

    if (!kind)
        return fail(e, E_PACK, "a number needs its series");
    (void)snprintf(series, sizeof series, "number:%s:%d:%s", t->file->unit->code, d.year, kind);
    if (!number_next(db, series, &number, e))
        return false;
    (void)snprintf(text, sizeof text, "%" PRId64 "/%s", number, kind);
    *out = json_string(text);
    return true;
}

static bool take_one(struct db *db, struct taking *t, const struct scope *s, const json_t *rule, json_t **out,
                     struct error *e)
{
    const char *kind = json_str(rule, "kind");

    if (text_equal(kind, "personal-number"))
        return take_personal_number(db, t, s, rule, out, e);
    if (text_equal(kind, "book-entry"))
        return take_book_entry(db, t, rule, out, e);
    if (text_equal(kind, "number"))
        return take_number(db, t, rule, out, e);
    return fail(e, E_PACK, "nothing can be allocated of kind \"%s\"", kind ? kind : "");
}

/* Numbers stay with the case that took them: a grant that fails afterwards uses the same ones when it is tried again,
 * so a book has no gap. */
static bool write_numbers(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE case_file SET version = version + 1, office = $3 WHERE id = $1 AND version = $2";
    struct taking *t = arg;
    struct scope s = {.n = 0};
    const json_t *rules = json_object_get(t->file->service->definition, "allocate");
    json_t *office = json_held(t->arena, json_loads(t->file->office, 0, NULL)), *rule;
    const char *key;
    int64_t changed;

    t->allocated = json_held(t->arena, json_object());
    if (!make_scope(db, t->house, t->arena, t->caller, t->file, office, NULL, &s, e))
        return false;
    json_object_foreach((json_t *)(uintptr_t)rules, key, rule)
    {
        json_t *value = NULL;

        if (!take_one(db, t, &s, rule, &value, e))
            return false;
        (void)json_object_set_new(t->allocated, key, value); /* fails only without memory */
    }
    (void)json_object_set(office, "allocated", t->allocated);
    if (!db_exec(db, &changed, e, sql,
                 ARGS(I64(t->file->id), I64(t->file->version), TEXT(json_text(t->arena, office)))))
        return false;
    return changed == 1 || fail(e, E_STALE, "version %" PRId64 " is not current", t->file->version);
}

static bool take_numbers(struct house *h, struct arena *a, const struct caller *caller, struct case_file *c,
                         json_t **office, struct error *e)
{
    struct taking t = {.house = h, .arena = a, .caller = caller, .file = c};

    *office = json_held(a, json_loads(c->office, 0, NULL));
    if (json_object_get(*office, "allocated") || !json_object_get(c->service->definition, "allocate"))
        return true;
    if (!store_write(h->store, write_numbers, &t, e))
        return false;
    c->version++;
    (void)json_object_set(*office, "allocated", t.allocated); /* fails only without memory */
    return true;
}

/* ---- before the write ---- */

static bool find_scan(struct db *db, struct arena *a, const struct case_file *c, const char *kind, struct document *out,
                      struct error *e)
{
    const json_t *papers = json_held(a, json_loads(c->papers, 0, NULL)), *row;
    bool found = false;
    int64_t id;
    size_t i;

    json_array_foreach(papers, i, row) if (text_equal(json_str(row, "kind"), kind) &&
                                           text_to_i64(json_str(row, "document"), 1, INT64_MAX, &id) &&
                                           !document_find(db, a, id, out, &found, e)) return false;
    return found || fail(e, E_PAPER_MISSING, "case %s has no %s", c->code, kind);
}

/* What the copy stands for from now on, and until when: of a paper that has run out none is made. */
static bool read_copied(const struct copy_rule *rule, const struct scope *s, struct arena *a, struct grant *out,
                        int64_t now, struct error *e)
{
    char *until = NULL, *stands_for = NULL;
    struct date end;

    if ((rule->stands_for && !expr_text(rule->stands_for, s->names, a, &stands_for, e)) ||
        (rule->until && !expr_text(rule->until, s->names, a, &until, e)))
        return false;
    out->stands_for = text_is_empty(stands_for) ? NULL : stands_for;
    if (text_is_empty(until) || !date_parse(until, &end))
        return true;
    out->valid_until = date_start_ms(end) + DAY_MS - 1;
    return out->valid_until > now || fail(e, E_COPY_EXPIRED, "the original ran out on %s", until);
}

/* The layout that was printed becomes the words behind the scan's pages. */
static bool make_copy(struct house *h, struct arena *a, const struct caller *caller, const struct case_file *c,
                      const struct scope *s, struct signing *signing, struct grant *out, struct error *e)
{
    const struct copy_rule *rule = c->service->result_copy;
    struct document scan;
    bool yes = true;

    if (!rule || (rule->when && !expr_bool(rule->when, s->names, &yes, e)))
        return !rule;
    if (!yes)
        return true;
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !find_scan(db, a, c, rule->of, &scan, e))
            return false;
    }
    signing->copy = rule->mark;
    return read_copied(rule, s, a, out, caller->now, e) &&
           document_bind_scan(h, &scan, a, &signing->pdf, &signing->place, e);
}

bool grant_prepare(struct house *h, struct arena *a, const struct caller *caller, struct case_file *c,
                   struct grant *out, struct error *e)
{
    const struct paper *layout = paper_find(h, c->service->result_paper);
    char *code = arena_alloc(a, VERIFY_CODE_CHARS + 1);
    struct scope s = {.n = 0};
    struct signing signing = {.unit = c->unit, .officer = caller->who->party, .officer_name = caller->who->name};
    struct bytes pdf;

    if (!layout)
        return fail(e, E_INTERNAL, "paper %s has no layout", c->service->result_paper);
    random_code(code, VERIFY_CODE_CHARS);
    if (!take_numbers(h, a, caller, c, &out->office, e))
        return false;
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !make_scope(db, h, a, caller, c, out->office, code, &s, e))
            return false;
    }
    /* Until all of it is signed nothing is kept: a token or a timestamp that fails leaves the case where it was. */
    out->valid_until = INSTANT_NONE;
    if (!paper_print(layout, s.names, a, &signing.pdf, &signing.place, e) ||
        !make_copy(h, a, caller, c, &s, &signing, out, e) || !document_sign(h, &signing, a, &pdf, e) ||
        !document_keep(h, pdf, &out->digest, e))
        return false;
    out->size = (int64_t)pdf.len;
    out->verify_code = code;
    return true;
}

/* ---- before that: what would be signed ---- */

static json_t *would_be_new(const struct caller *caller, const json_t *rule)
{
    const char *kind = json_str(rule, "kind"), *series = json_str(rule, "series"), *book = json_str(rule, "book");
    char today[DATE_TEXT_MAX];

    date_format(date_at(caller->now), today);
    if (text_equal(kind, "book-entry"))
        return json_pack("{s:i, s:o, s:s}", "number", 0, "book", json_sprintf("…-%s", book ? book : ""), "date", today);
    return text_equal(kind, "number") ? json_sprintf("…/%s", series ? series : "") : json_string("…");
}

static json_t *would_be_allocated(struct arena *a, const struct caller *caller, const struct case_file *c)
{
    const json_t *rules = json_object_get(c->service->definition, "allocate");
    json_t *office = json_held(a, json_loads(c->office, 0, NULL)), *allocated, *rule;
    const char *key;

    if (json_object_get(office, "allocated")) /* an attempt that failed has taken them */
        return office;
    allocated = json_object();
    json_object_foreach((json_t *)(uintptr_t)rules, key, rule)(void)
        json_object_set_new(allocated, key, would_be_new(caller, rule)); /* these fail only without memory */
    (void)json_object_set_new(office, "allocated", allocated);
    return office;
}

bool grant_preview(struct house *h, struct arena *a, const struct caller *caller, const struct case_file *c,
                   struct bytes *pdf, struct error *e)
{
    const struct paper *layout = paper_find(h, c->service->result_paper);
    struct grant nothing = {.valid_until = INSTANT_NONE};
    struct scope s = {.n = 0};
    struct signing signing = {0};
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) ||
            !make_scope(db, h, a, caller, c, would_be_allocated(a, caller, c), NULL, &s, e))
            return false;
    }
    if (!layout)
        return fail(e, E_INTERNAL, "paper %s has no layout", c->service->result_paper);
    if (!paper_print(layout, s.names, a, &signing.pdf, &signing.place, e) ||
        !make_copy(h, a, caller, c, &s, &signing, &nothing, e))
        return false;
    *pdf = signing.pdf;
    return true;
}

/* ---- inside the write ---- */

static bool applies(const struct scope *s, const json_t *effect, struct arena *a, bool *yes, struct error *e)
{
    const json_t *when = json_object_get(effect, "when");
    struct expr *x = NULL;

    *yes = true;
    return !when || (expr_compile(a, json_string_value(when), &x, e) && expr_bool(x, s->names, yes, e));
}

/* The record as it will be: the effect's own body, or that laid over what is there. */
static bool effect_body(const struct scope *s, const json_t *effect, struct arena *a, const struct record *before,
                        json_t **out, struct error *e)
{
    json_t *body = NULL;

    if (!tree_evaluate(s->names, json_object_get(effect, "body"), a, &body, e)) {
        json_decref(body);
        return false;
    }
    json_held(a, body);
    *out = body;
    if (json_flag(effect, "merge")) {
        *out = json_held(a, json_deep_copy(before->body));
        (void)json_object_update_recursive(*out, body); /* fails only without memory */
    }
    return true;
}

static bool write_one(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
                      const struct case_file *c, const struct scope *s, const json_t *effect, struct error *e)
{
    const char *registry = json_str(effect, "registry");
    const struct registry *r = registry ? registry_find(h, registry) : NULL;
    struct record before, after;
    struct record_write w = {
        .actor = caller->who->party,
        .case_id = c->id,
        .unit = c->unit->id,
        .reason = c->service->code,
        .now = caller->now,
        .valid_from = INSTANT_NONE,
    };
    json_t *body;
    char *key;
    bool found, yes;

    if (!r)
        return fail(e, E_PACK, "an effect names registry \"%s\", which is not there", registry ? registry : "");
    if (!applies(s, effect, a, &yes, e) || !text_of(s, json_object_get(effect, "key"), a, &key, e))
        return false;
    if (!yes)
        return true;
    if (!key)
        return fail(e, E_PACK, "an effect on %s gives no key", registry);
    if (!record_find(db, a, r, key, &before, &found, e))
        return false;
    if (!found && json_flag(effect, "merge"))
        return true; /* a patch of what the city does not hold patches nothing */
    if (!effect_body(s, effect, a, &before, &body, e))
        return false;
    w.key = key;
    w.body = body;
    w.seen = found ? before.version : 0;
    return record_put(db, r, &w, &after, a, e);
}

/* `each: form.parts`: once for each item of the list, which is `row`, the `index`th from 1. */
static bool write_effect(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
                         const struct case_file *c, const struct scope *s, const json_t *effect, struct error *e)
{
    const char *each = json_str(effect, "each");
    struct expr *x = NULL;
    json_t *list = NULL;
    const json_t *row;
    size_t i;

    if (!each)
        return write_one(db, h, a, caller, c, s, effect, e);
    if (!expr_compile(a, each, &x, e) || !expr_json(x, s->names, &list, e))
        return false;
    json_held(a, list);
    json_array_foreach(list, i, row)
    {
        struct scope inner = *s;

        name(&inner, "row", row);
        name(&inner, "index", json_held(a, json_integer((json_int_t)i + 1)));
        if (!write_one(db, h, a, caller, c, &inner, effect, e))
            return false;
    }
    return true;
}

/* In a vault copies are told apart by what was copied. */
static const char *copy_title(struct arena *a, const struct case_file *c)
{
    const json_t *form = json_held(a, json_loads(c->form, 0, NULL));
    const char *what = json_str(json_object_get(form, "document"), "title");

    return what ? arena_printf(a, "%s: %s", c->service->result_title[LANG_VI], what)
                : c->service->result_title[LANG_VI];
}

static bool write_document(struct db *db, struct arena *a, const struct caller *caller, const struct case_file *c,
                           const struct grant *g, int64_t *id, struct error *e)
{
    struct document d = {
        .digest = g->digest,
        .size = g->size,
        .media_type = "application/pdf",
        .kind = c->service->result_paper,
        .title = c->service->result_title[LANG_VI][0] ? c->service->result_title[LANG_VI] : c->service->name[LANG_VI],
        .owner = c->applicant,
        .uploader = caller->who->party,
        .case_id = c->id,
        .made_at = caller->now,
        .issued_at = caller->now,
        .valid_until = g->valid_until,
        .verify_code = g->verify_code,
        .status = "valid",
        .stands_for = g->stands_for,
    };

    if (g->stands_for)
        d.title = copy_title(a, c);
    if (c->service->result_valid.unit == LIMIT_MONTH && c->service->result_valid.value) {
        struct date until = date_at(caller->now);
        int months = until.month - 1 + (int)c->service->result_valid.value;

        until = (struct date){until.year + months / 12, months % 12 + 1, until.day > 28 ? 28 : until.day};
        d.valid_until = date_start_ms(until) + DAY_MS - 1;
    }
    if (!document_add(db, &d, e))
        return false;
    *id = d.id;
    return true;
}

bool grant_write(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
                 const struct case_file *c, const struct grant *g, json_t **results, struct error *e)
{
    const json_t *rows = json_object_get(c->service->definition, "effects"), *effect;
    struct scope s = {.n = 0};
    int64_t id;
    size_t i;

    if (!make_scope(db, h, a, caller, c, g->office, g->verify_code, &s, e) ||
        !write_document(db, a, caller, c, g, &id, e))
        return false;
    json_array_foreach(rows, i, effect) if (!write_effect(db, h, a, caller, c, &s, effect, e)) return false;
    *results = json_held(a, json_loads(c->results, 0, NULL));
    (void)json_array_append_new(*results, json_pack("{s:s, s:o, s:s}", "kind", c->service->result_paper, "document",
                                                    json_id(id), "verify_code", g->verify_code));
    return true;
}
