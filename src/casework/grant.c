/* The grant: numbers are taken, the result is rendered and kept, and in one commit it goes to the owner's vault and the
 * registries learn what was decided. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { SCOPE_MAX = 12, NUMBER_TRIES = 64 };

struct scope {
    struct expr_scope names[SCOPE_MAX + 1]; /* ended by a row without name */
    size_t n;
};

static void name(struct scope *s, const char *key, const json_t *value)
{
    if (s->n < SCOPE_MAX)
        s->names[s->n++] = (struct expr_scope){key, value};
}

static json_t *case_value_new(const struct case_file *c)
{
    return json_pack("{s:s, s:I, s:s, s:{s:s, s:s, s:s, s:o, s:o}}", "code", c->code, "received_at",
                     (json_int_t)(c->received_at == INSTANT_NONE ? c->submitted_at : c->received_at), "channel",
                     channel_name(c->channel), "unit", "code", c->unit->code, "name", c->unit->name[LANG_VI], "name_en",
                     c->unit->name[LANG_EN], "place", json_text_or_null(c->unit->place), "address",
                     json_text_or_null(c->unit->address));
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
    name(s, "allocated", json_object_get(office, "allocated"));
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

bool grant_prepare(struct house *h, struct arena *a, const struct caller *caller, struct case_file *c,
                   struct grant *out, struct error *e)
{
    const struct paper *layout = paper_find(h, c->service->result_paper);
    char *code = arena_alloc(a, VERIFY_CODE_CHARS + 1);
    struct scope s = {.n = 0};
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
    if (!paper_render(layout, s.names, a, &pdf, e) || !document_keep(h, pdf, &out->digest, e))
        return false;
    out->size = (int64_t)pdf.len;
    out->verify_code = code;
    return true;
}

/* ---- inside the write ---- */

/* A tree of the pack in which every text is an expression becomes a tree of values. New reference in *out. */
static bool evaluate(const struct scope *s, const json_t *tree, struct arena *a, json_t **out, struct error *e)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(tree)) {
        struct expr *x = NULL;

        return expr_compile(a, json_string_value(tree), &x, e) && expr_json(x, s->names, out, e);
    }
    if (!json_is_object(tree) && !json_is_array(tree)) {
        *out = json_deep_copy(tree);
        return true;
    }
    *out = json_is_object(tree) ? json_object() : json_array();
    json_object_foreach((json_t *)(uintptr_t)tree, key, member)
    {
        json_t *value = NULL;

        if (!evaluate(s, member, a, &value, e)) {
            json_decref(value);
            return false;
        }
        if (json_is_null(value)) /* what is not known is absent, not null */
            json_decref(value);
        else
            (void)json_object_set_new(*out, key, value); /* fails only without memory */
    }
    json_array_foreach(tree, i, member)
    {
        json_t *value = NULL;

        if (!evaluate(s, member, a, &value, e)) {
            json_decref(value);
            return false;
        }
        (void)json_array_append_new(*out, value); /* fails only without memory */
    }
    return true;
}

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

    if (!evaluate(s, json_object_get(effect, "body"), a, &body, e)) {
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

static bool write_effect(struct db *db, struct house *h, struct arena *a, const struct caller *caller,
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
        .valid_until = INSTANT_NONE,
        .verify_code = g->verify_code,
        .status = "valid",
    };

    (void)a;
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
