/* Services: what people can apply for; compiled once from the pack, with their wire shapes ready in both languages. */
#include "casework/casework_internal.h"

#include <string.h>

static bool wrong(struct error *e, const char *pointer, const char *what)
{
    char detail[ERROR_DETAIL_MAX];

    (void)snprintf(detail, sizeof detail, "%s", e->code ? e->detail : what); /* a cut detail is still one */
    (void)fail(e, E_PACK, "%s", detail);
    return fail_field(e, pointer, "service", what);
}

static void read_title(struct arena *a, const json_t *title, const char *out[LANG__COUNT])
{
    for (int lang = 0; lang < LANG__COUNT; lang++)
        out[lang] = arena_strdup(a, json_title(title, (enum lang)lang));
}

static bool read_expr(struct arena *a, const char *pointer, const json_t *source, struct expr **out, struct error *e)
{
    const char *text = json_string_value(source);

    if (!source)
        return true;
    if (!text)
        return wrong(e, pointer, "an expression is text");
    return expr_compile(a, text, out, e) || wrong(e, pointer, "not an expression");
}

static bool read_limit(const json_t *text, struct limit *out)
{
    return !text || limit_parse(json_string_value(text), out);
}

/* ---- titles for the wire: {"vi": …, "en": …} becomes one string ---- */

static bool is_title(const json_t *j)
{
    size_t known = (size_t)(json_str(j, "vi") != NULL) + (json_str(j, "en") != NULL);

    return known && known == json_object_size(j);
}

static json_t *localised(const json_t *j, enum lang lang);

static json_t *localised_object(const json_t *j, enum lang lang)
{
    json_t *out = json_object(), *member;
    const char *name;

    json_object_foreach((json_t *)(uintptr_t)j, name, member)(void)
        json_object_set_new(out, name, localised(member, lang)); /* fails only without memory */
    return out;
}

static json_t *localised(const json_t *j, enum lang lang)
{
    json_t *out;
    size_t i;
    const json_t *item;

    if (is_title(j))
        return json_string(json_title(j, lang));
    if (json_is_object(j))
        return localised_object(j, lang);
    if (!json_is_array(j))
        return json_deep_copy(j);
    out = json_array();
    json_array_foreach(j, i, item)(void)
        json_array_append_new(out, localised(item, lang)); /* fails only without memory */
    return out;
}

/* ---- reading ---- */

static bool read_names(struct arena *a, const json_t *list, const char ***out, size_t *n)
{
    size_t i;
    const json_t *item;

    *out = arena_array(a, const char *, json_array_size(list));
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return false;
        (*out)[(*n)++] = arena_strdup(a, json_string_value(item));
    }
    return true;
}

static bool read_paper(struct arena *a, const json_t *row, size_t i, struct paper_rule *p, struct error *e)
{
    const json_t *required = json_object_get(row, "required");
    const char *kind = json_str(row, "kind");
    char *pointer = arena_printf(a, "/papers/%zu", i);

    if (!kind)
        return wrong(e, pointer, "a paper needs its kind");
    p->kind = arena_strdup(a, kind);
    read_title(a, json_object_get(row, "title"), p->title);
    p->form = arena_strdup(a, json_str(row, "form"));
    p->originals = (int)json_i64(row, "originals", 0);
    p->copies = (int)json_i64(row, "copies", 0);
    p->present_only = text_equal(json_str(row, "to"), "present");
    p->required = !required || json_is_true(required);
    if (json_is_string(required) && !read_expr(a, pointer, required, &p->required_if, e))
        return false;
    if (!read_names(a, json_object_get(row, "satisfied_by"), &p->satisfied_by, &p->n_satisfied))
        return wrong(e, pointer, "satisfied_by is a list of names");
    for (size_t k = 0; k < p->n_satisfied; k++)
        if (!strchr(p->satisfied_by[k], ':'))
            return wrong(e, pointer, "satisfied_by names registry:… or paper:…");
    return true;
}

static bool read_papers(struct arena *a, const json_t *list, struct service *s, struct error *e)
{
    size_t i;
    const json_t *row;

    s->papers = arena_array(a, struct paper_rule, json_array_size(list));
    json_array_foreach(list, i, row) if (!read_paper(a, row, i, &s->papers[s->n_papers++], e)) return false;
    return true;
}

struct walk {
    struct arena *arena;
    struct service *service;
    size_t room_sources, room_defaults;
    struct error *e;
    bool ok;
};

static void add_source(struct walk *w, const char *pointer, const char *text)
{
    struct service *s = w->service;
    const char *dot = strchr(text, '.');
    struct source *source;
    char *field;

    if (s->n_sources == w->room_sources) {
        struct source *more = arena_array(w->arena, struct source, w->room_sources * 2 + 16);

        if (s->n_sources)
            memcpy(more, s->sources, s->n_sources * sizeof *more);
        s->sources = more;
        w->room_sources = w->room_sources * 2 + 16;
    }
    if (!dot) {
        w->ok = wrong(w->e, pointer, "x-source is registry.field");
        return;
    }
    field = arena_printf(w->arena, "/%s", dot + 1);
    for (char *p = field + 1; *p; p++)
        if (*p == '.')
            *p = '/';
    source = &s->sources[s->n_sources++];
    *source = (struct source){.pointer = arena_strdup(w->arena, pointer), .field = field, .locked = true};
    if (text_starts_with(text, "applicant."))
        source->locked = false; /* what people told us of themselves, they may tell anew */
    else
        source->registry = arena_strndup(w->arena, text, (size_t)(dot - text));
}

static void add_default(struct walk *w, const char *pointer, const json_t *source)
{
    struct service *s = w->service;

    if (s->n_defaults == w->room_defaults) {
        struct form_default *more = arena_array(w->arena, struct form_default, w->room_defaults * 2 + 8);

        if (s->n_defaults)
            memcpy(more, s->defaults, s->n_defaults * sizeof *more);
        s->defaults = more;
        w->room_defaults = w->room_defaults * 2 + 8;
    }
    s->defaults[s->n_defaults].pointer = arena_strdup(w->arena, pointer);
    w->ok = read_expr(w->arena, pointer, source, &s->defaults[s->n_defaults].value, w->e);
    s->n_defaults++;
}

static void add_own(struct walk *w, const char *pointer, const char *registry)
{
    struct service *s = w->service;

    if (s->n_own == OWN_FIELDS_MAX) {
        w->ok = wrong(w->e, pointer, "too many fields with x-own");
        return;
    }
    s->own[s->n_own++] = (struct own_field){arena_strdup(w->arena, pointer), arena_strdup(w->arena, registry)};
}

static bool visit_field(const char *pointer, const json_t *schema, void *arg)
{
    struct walk *w = arg;
    const json_t *computed = json_object_get(schema, "x-default");
    const char *source = json_str(schema, "x-source"), *own = json_str(schema, "x-own");

    if (source)
        add_source(w, pointer, source);
    if (own && w->ok)
        add_own(w, pointer, own);
    if (computed && w->ok)
        add_default(w, pointer, computed);
    return w->ok;
}

static bool read_form(struct arena *a, const json_t *definition, struct service *s, struct error *e)
{
    static const struct schema_options options = {.assert_formats = true};
    json_t *schema = json_object_get(definition, "form");
    struct walk w = {.arena = a, .service = s, .e = e, .ok = true};

    if (!schema)
        schema = json_held(a, json_pack("{s:s, s:{}, s:b}", "type", "object", "properties", "additionalProperties", 0));
    if (!schema_compile(a, schema, &options, &s->form, e))
        return wrong(e, "/form", "the form is no JSON Schema");
    schema = json_object_get(definition, "office");
    if (schema && !schema_compile(a, schema, &options, &s->office, e))
        return wrong(e, "/office", "what officers record is no JSON Schema");
    schema_walk(s->form, visit_field, &w);
    return w.ok;
}

json_t *form_field_schema(json_t *schema, const char *pointer)
{
    auto_buf struct buf b = BUF_INIT(ERROR_POINTER_MAX);

    for (const char *p = pointer; *p == '/'; p += 1 + strcspn(p + 1, "/"))
        buf_printf(&b, "/properties/%.*s", (int)strcspn(p + 1, "/"), p + 1);
    return b.overflow || !b.data ? NULL : json_at(schema, b.data);
}

json_t *service_form_new(const struct house *h, const struct service *s, enum lang lang)
{
    static const char *const own[LANG__COUNT] = {"Thông tin tài khoản", "Your account"};
    json_t *form = localised(schema_json(s->form), lang);

    for (size_t i = 0; i < s->n_sources; i++) {
        const struct registry *r = s->sources[i].registry ? registry_find(h, s->sources[i].registry) : NULL;
        json_t *field = form_field_schema(form, s->sources[i].pointer);

        if (json_is_object(field))
            (void)json_object_set_new(field, "x-source-title", /* fails only without memory */
                                      json_string(r ? registry_title(r, lang) : own[lang]));
    }
    return form;
}

json_t *service_office_new(const struct service *s, enum lang lang)
{
    return s->office ? localised(schema_json(s->office), lang) : NULL;
}

json_t *service_ui_new(const struct service *s, enum lang lang)
{
    const json_t *ui = json_object_get(s->definition, "ui");

    return ui ? localised(ui, lang) : json_object();
}

void service_keep_forms(const struct house *h, struct arena *a, struct service *s)
{
    for (int lang = 0; lang < LANG__COUNT; lang++) {
        s->form_wire[lang] = json_held(a, service_form_new(h, s, (enum lang)lang));
        s->ui_wire[lang] = json_held(a, service_ui_new(s, (enum lang)lang));
    }
}

static bool read_entry(struct arena *a, const json_t *entry, struct service *s, struct error *e)
{
    const json_t *match = json_object_get(entry, "match");
    const char *field;
    json_t *value;

    if (!entry)
        return true;
    if (!read_expr(a, "/entry/registry", json_object_get(entry, "registry"), &s->entry_registry, e))
        return false;
    s->entry_match = arena_array(a, struct form_default, json_object_size(match));
    json_object_foreach((json_t *)(uintptr_t)match, field, value)
    {
        struct form_default *m = &s->entry_match[s->n_entry_match++];

        m->pointer = arena_strdup(a, field);
        if (!read_expr(a, arena_printf(a, "/entry/match/%s", field), value, &m->value, e))
            return false;
    }
    return true;
}

/* ---- the wire shape ---- */

static json_t *copy_or(const json_t *j, json_t *otherwise)
{
    if (!j)
        return otherwise;
    json_decref(otherwise);
    return json_deep_copy(j);
}

static json_t *paper_wire(const json_t *row, enum lang lang)
{
    const json_t *group = json_object_get(row, "case");

    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:s, s:o, s:o}", "kind", json_str(row, "kind"), "title",
                     json_title(json_object_get(row, "title"), lang), "group",
                     group ? localised(group, lang) : json_null(), "originals",
                     (json_int_t)json_i64(row, "originals", 0), "copies", (json_int_t)json_i64(row, "copies", 0), "to",
                     text_equal(json_str(row, "to"), "present") ? "present" : "submit", "form",
                     json_text_or_null(json_str(row, "form")), "satisfied_by",
                     copy_or(json_object_get(row, "satisfied_by"), json_array()));
}

static json_t *wire_list(const json_t *list, enum lang lang)
{
    return list ? localised(list, lang) : json_array();
}

/* Manners: every member the contract names is there, null when the pack is silent. */
static json_t *manners_wire(const json_t *list, enum lang lang)
{
    json_t *out = wire_list(list, lang), *row;
    size_t i;

    json_array_foreach(out, i, row)
    {
        if (!json_object_get(row, "case"))
            (void)json_object_set_new(row, "case", json_null());
        if (!json_object_get(row, "limit"))
            (void)json_object_set_new(row, "limit", json_null());
        if (!json_object_get(row, "fees"))
            (void)json_object_set_new(row, "fees", json_array());
    }
    return out;
}

static const char *text_or_none(const json_t *d, const char *member)
{
    const char *text = json_str(d, member);

    return text ? text : "";
}

json_t *service_wire_new(const json_t *d, enum lang lang)
{
    json_t *papers = json_array(), *force = json_object_get(d, "in_force");
    const json_t *steps = json_object_get(d, "steps"), *summary = json_object_get(d, "summary"), *row;
    size_t i;

    json_array_foreach(json_object_get(d, "papers"), i, row)(void)
        json_array_append_new(papers, paper_wire(row, lang)); /* fails only without memory */
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:{s:o, s:o}, s:o, s:o, s:b}", "code",
        text_or_none(d, "code"), "name", json_title(json_object_get(d, "name"), lang), "field",
        json_title(json_object_get(d, "field"), lang), "level", text_or_none(d, "level"), "agency_levels",
        copy_or(json_object_get(d, "agency_levels"), json_array()), "decision",
        json_text_or_null(json_str(d, "decision")), "manners", manners_wire(json_object_get(d, "manners"), lang),
        "papers", papers, "results", wire_list(json_object_get(d, "results"), lang), "legal",
        wire_list(json_object_get(d, "legal"), lang), "steps", steps ? localised(steps, lang) : json_null(), "flow",
        text_or_none(d, "flow"), "in_force", "from", json_text_or_null(json_str(force, "from")), "to",
        json_text_or_null(json_str(force, "to")), "unsure", copy_or(json_object_get(d, "unsure"), json_array()),
        "summary", summary ? localised(summary, lang) : json_null(), "counter_only", json_flag(d, "counter_only"));
}

/* What lists carry: enough to choose by. */
static json_t *brief_new(const json_t *d, enum lang lang)
{
    const json_t *summary = json_object_get(d, "summary"), *force = json_object_get(d, "in_force");

    return json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:o, s:o}, s:b, s:o}", "code", json_str(d, "code"), "name",
        json_title(json_object_get(d, "name"), lang), "field", json_title(json_object_get(d, "field"), lang), "level",
        json_str(d, "level"), "agency_levels", copy_or(json_object_get(d, "agency_levels"), json_array()), "decision",
        json_text_or_null(json_str(d, "decision")), "manners", manners_wire(json_object_get(d, "manners"), lang),
        "in_force", "from", json_text_or_null(json_str(force, "from")), "to", json_text_or_null(json_str(force, "to")),
        "counter_only", json_flag(d, "counter_only"), "summary", summary ? localised(summary, lang) : json_null());
}

/* Most services of the national catalogue say the same in every language: one text then. */
static void read_briefs(struct arena *a, const json_t *d, const char *out[LANG__COUNT])
{
    for (int lang = 0; lang < LANG__COUNT; lang++) {
        json_auto_t *brief = brief_new(d, (enum lang)lang);
        auto_free char *text = json_dumps(brief, JSON_COMPACT);

        if (!text)
            die("out of memory", 0);
        out[lang] = lang && strcmp(out[0], text) == 0 ? out[0] : arena_strdup(a, text);
    }
}

static void read_words(struct arena *a, const json_t *d, struct service *s)
{
    s->code = arena_strdup(a, json_str(d, "code") ? json_str(d, "code") : "");
    s->level = arena_strdup(a, json_str(d, "level") ? json_str(d, "level") : "information");
    read_title(a, json_object_get(d, "name"), s->name);
    read_title(a, json_object_get(d, "field"), s->field);
    s->counter_only = json_flag(d, "counter_only");
    s->internal = json_flag(d, "internal");
    s->way = text_equal(json_str(d, "count"), "hours") ? DUE_WORKING_HOURS : DUE_LEGAL_DAYS;
    s->on_supplement = text_equal(json_str(d, "supplement"), "restart")    ? SUPPLEMENT_RESTARTS
                       : text_equal(json_str(d, "supplement"), "continue") ? SUPPLEMENT_CONTINUES
                                                                           : SUPPLEMENT_AS_RULED;
}

static bool read_force(const json_t *force, struct service *s)
{
    const char *from = json_str(force, "from"), *to = json_str(force, "to");

    return (!from || date_parse(from, &s->from)) && (!to || date_parse(to, &s->to));
}

static bool read_copy(struct arena *a, const json_t *copy, struct service *s, struct error *e)
{
    struct copy_rule *rule;

    if (!copy)
        return true;
    rule = arena_new_of(a, struct copy_rule);
    rule->of = arena_strdup(a, json_str(copy, "of"));
    rule->mark = arena_strdup(a, json_str(copy, "mark"));
    s->result_copy = rule;
    return read_expr(a, "/result/copy/when", json_object_get(copy, "when"), &rule->when, e) &&
           read_expr(a, "/result/copy/stands_for", json_object_get(copy, "stands_for"), &rule->stands_for, e) &&
           read_expr(a, "/result/copy/until", json_object_get(copy, "until"), &rule->until, e);
}

static bool read_result(struct arena *a, const json_t *result, struct service *s)
{
    s->result_paper = arena_strdup(a, json_str(result, "paper"));
    read_title(a, json_object_get(result, "title"), s->result_title);
    return read_limit(json_object_get(result, "valid"), &s->result_valid);
}

/* The definition without what only its page shows: two thousand services are in memory at once. */
static json_t *acting_part(const json_t *definition)
{
    static const char *const shown[] = {"steps", "legal", "manners", "results", "summary", "unsure"};
    json_t *out = json_copy((json_t *)(uintptr_t)definition), *mine;

    for (size_t i = 0; i < COUNT(shown); i++)
        (void)json_object_del(out, shown[i]); /* it may not be there */
    mine = json_deep_copy(out);
    json_decref(out);
    return mine;
}

/* The amount is null where the State or the city council gives a table instead of a sum. */
static bool states_no_sum(const json_t *definition)
{
    size_t i, k;
    const json_t *manner, *fee;

    json_array_foreach(json_object_get(definition, "manners"), i, manner)
    {
        json_array_foreach(json_object_get(manner, "fees"), k, fee)
        {
            if (json_is_null(json_object_get(fee, "amount")))
                return true;
        }
    }
    return false;
}

bool service_compile(struct arena *a, const json_t *definition, int64_t version, const struct flow *flow,
                     struct service **out, struct error *e)
{
    struct service *s = arena_new_of(a, struct service);
    json_t *d = json_held(a, acting_part(definition));

    s->definition = d;
    s->version = version;
    s->flow = flow;
    s->fee_by_hand = !json_object_get(d, "fee") && states_no_sum(definition);
    read_words(a, d, s);
    if (!read_force(json_object_get(d, "in_force"), s))
        return wrong(e, "/in_force", "a date is year-month-day");
    if (!read_limit(json_object_get(d, "limit"), &s->limit))
        return wrong(e, "/limit", "not a time limit");
    if (!read_result(a, json_object_get(d, "result"), s))
        return wrong(e, "/result/valid", "not a time limit");
    if (!read_copy(a, json_object_get(json_object_get(d, "result"), "copy"), s, e))
        return false;
    if (!read_names(a, json_object_get(d, "units"), &s->units, &s->n_units))
        return wrong(e, "/units", "units are names");
    if (!read_expr(a, "/fee", json_object_get(d, "fee"), &s->fee, e) ||
        !read_papers(a, json_object_get(d, "papers"), s, e) || !read_form(a, d, s, e) ||
        !read_entry(a, json_object_get(d, "entry"), s, e))
        return false;
    (void)json_object_del(d, "papers"); /* compiled above */
    *out = s;
    return true;
}

void service_entry_read(struct arena *a, const json_t *d, int64_t version, struct service_entry *out)
{
    auto_arena struct arena *scratch = arena_new();
    const json_t *units = json_object_get(d, "units"), *name = json_object_get(d, "name");
    const char *code = json_str(d, "code"), *level = json_str(d, "level");

    *out = (struct service_entry){.code = arena_strdup(a, code ? code : ""),
                                  .level = arena_strdup(a, level ? level : "information"),
                                  .internal = json_flag(d, "internal"),
                                  .version = version};
    read_title(a, json_object_get(d, "field"), out->field);
    out->folded =
        arena_printf(a, " %s",
                     text_fold(scratch, arena_printf(scratch, "%s %s %s %s", out->code, json_title(name, LANG_VI),
                                                     json_title(name, LANG_EN), out->field[LANG_VI])));
    if (!read_names(a, units, &out->units, &out->n_units))
        out->n_units = 0; /* the schema of the kind says that they are names */
    read_briefs(a, d, out->brief_text);
}

bool service_is_open(const struct service *s, struct date on)
{
    int64_t day = date_to_days(on);

    return strcmp(s->level, "information") != 0 && !s->internal && (!s->from.year || date_to_days(s->from) <= day) &&
           (!s->to.year || day <= date_to_days(s->to));
}

static bool offered_at(const char **units, size_t n, const struct unit *u)
{
    for (size_t i = 0; i < n; i++)
        if (unit_offers(u, units[i]))
            return true;
    return false;
}

bool service_offered_at(const struct service *s, const struct unit *u)
{
    return offered_at(s->units, s->n_units, u);
}

bool service_entry_offered_at(const struct service_entry *s, const struct unit *u)
{
    return offered_at(s->units, s->n_units, u);
}

/* ---- checks of a pack ---- */

static const json_t *registry_field_schema(const struct pack *pack, const char *registry, const char *field)
{
    const struct pack_file *f = pack_find(pack, "registries", registry);
    const json_t *schema = f ? json_object_get(f->body, "schema") : NULL;
    auto_arena struct arena *a = arena_new();
    char *rest = NULL;

    for (char *name = strtok_r(arena_strdup(a, field), "/", &rest); name && schema; name = strtok_r(NULL, "/", &rest))
        schema = json_object_get(json_object_get(schema, "properties"), name);
    return schema;
}

static void check_sources(const struct pack *pack, const struct pack_file *file, const struct service *s,
                          struct pack_report *report)
{
    for (size_t i = 0; i < s->n_sources; i++) {
        const struct source *source = &s->sources[i];

        if (source->registry && !registry_field_schema(pack, source->registry, source->field))
            pack_complain(report, file, "/form", "x-source", "%s is bound to %s%s, which no registry has",
                          source->pointer, source->registry, source->field);
    }
}

/* A field that offers the applicant's own records needs a registry that knows whose they are. */
static void check_own(const struct pack *pack, const struct pack_file *file, const struct service *s,
                      struct pack_report *report)
{
    for (size_t i = 0; i < s->n_own; i++) {
        const struct pack_file *r = pack_find(pack, "registries", s->own[i].registry);

        if (!r || !json_str(r->body, "person"))
            pack_complain(report, file, "/form", "x-own",
                          "%s offers records of \"%s\", which is no registry of people's own", s->own[i].pointer,
                          s->own[i].registry);
    }
}

static void check_effects(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    static const char *const expressions[] = {"key", "when", "each", "body"};
    auto_arena struct arena *a = arena_new();
    size_t i;
    const json_t *effect;

    json_array_foreach(json_object_get(file->body, "effects"), i, effect)
    {
        const char *registry = json_str(effect, "registry");

        if (!registry || !pack_find(pack, "registries", registry))
            pack_complain(report, file, arena_printf(a, "/effects/%zu/registry", i), "effect",
                          "writes to \"%s\", which is no registry", registry ? registry : "");
        for (size_t k = 0; k < COUNT(expressions); k++)
            tree_check(file, arena_printf(a, "/effects/%zu/%s", i, expressions[k]),
                       json_object_get(effect, expressions[k]), report);
    }
}

/* Ask once: a field that bears the name and the format of one that the person registry masters must be bound to it,
 * when it stands in the applicant's own block; asking a citizen for what the city holds is refused. */
static void check_ask_once(const struct pack *pack, const struct pack_file *file, const struct service *s,
                           struct pack_report *report)
{
    const json_t *form = schema_json(s->form);
    const json_t *block =
        json_object_get(json_object_get(json_object_get(form, "properties"), "applicant"), "properties");
    const char *name;
    json_t *field;

    json_object_foreach((json_t *)(uintptr_t)block, name,
                        field) if (registry_field_schema(pack, "person", name) && !json_object_get(field, "x-source"))
        pack_complain(report, file, "/form/properties/applicant", "ask-once",
                      "asks the applicant for \"%s\", which the city knows: bind it with x-source: person.%s", name,
                      name);
    for (size_t i = 0; i < s->n_papers; i++)
        for (size_t k = 0; k < s->papers[i].n_satisfied; k++) {
            const char *by = s->papers[i].satisfied_by[k], *colon = strchr(by, ':');
            const char *kind = text_starts_with(by, "registry:") ? "registries"
                               : text_starts_with(by, "paper:")  ? "papers"
                                                                 : NULL;

            if (!kind || !colon || !pack_find(pack, kind, colon + 1))
                pack_complain(report, file, "/papers", "satisfied-by", "%s names nothing that this pack has", by);
        }
}

/* A paper whose kind some registry's extract already proves must say so. */
static void check_papers_held(const struct pack *pack, const struct pack_file *file, const struct service *s,
                              struct pack_report *report)
{
    for (size_t i = 0; i < s->n_papers; i++) {
        const struct pack_file *paper = pack_find(pack, "papers", s->papers[i].kind);
        const char *proves = paper ? json_str(paper->body, "proves") : NULL;

        if (!paper)
            pack_complain(report, file, "/papers", "paper", "paper kind \"%s\" is not defined", s->papers[i].kind);
        else if (proves && s->papers[i].n_satisfied == 0)
            pack_complain(report, file, "/papers", "ask-once",
                          "\"%s\" proves what registry %s holds: say satisfied_by: [\"registry:%s\"]",
                          s->papers[i].kind, proves, proves);
    }
}

static void check_superseded(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    const json_t *kinds = json_object_get(json_object_get(file->body, "result"), "supersedes"), *kind;
    size_t i;

    json_array_foreach(kinds, i, kind) if (!pack_find(pack, "papers", json_string_value(kind))) pack_complain(
        report, file, "/result/supersedes", "paper", "paper \"%s\" is not defined", json_string_value(kind));
}

void service_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    const char *flow_name = json_str(file->body, "flow"),
               *result = json_str(json_object_get(file->body, "result"), "paper");
    const struct pack_file *flow_file = flow_name ? pack_find(pack, "flows", flow_name) : NULL;
    struct flow *flow = NULL;
    struct service *s = NULL;
    struct error e;

    error_init(&e);
    if (!flow_file) {
        pack_complain(report, file, "/flow", "flow", "there is no flow \"%s\"", flow_name ? flow_name : "");
        return;
    }
    if (!flow_compile(a, flow_file->body, 0, &flow, &e)) {
        error_done(&e);
        return; /* said where the flow stands */
    }
    if (!service_compile(a, file->body, 0, flow, &s, &e)) {
        pack_complain(report, file, e.n_items ? e.items[e.n_items - 1].pointer : "", "service", "%s", e.detail);
        error_done(&e);
        return;
    }
    if (result && !pack_find(pack, "papers", result))
        pack_complain(report, file, "/result/paper", "paper", "paper \"%s\" is not defined", result);
    check_superseded(pack, file, report);
    if (s->result_copy && !service_paper(s, s->result_copy->of))
        pack_complain(report, file, "/result/copy/of", "paper", "the service asks for no paper \"%s\"",
                      s->result_copy->of);
    check_sources(pack, file, s, report);
    check_own(pack, file, s, report);
    check_effects(pack, file, report);
    check_ask_once(pack, file, s, report);
    check_papers_held(pack, file, s, report);
    flow_check_units(pack, file, s, report);
}

void calendar_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report)
{
    auto_arena struct arena *a = arena_new();
    struct calendar *c;
    struct error e;

    (void)pack;
    error_init(&e);
    if (!calendar_compile(a, file->body, &c, &e))
        pack_complain(report, file, e.n_items ? e.items[0].pointer : "", "calendar", "%s", e.detail);
    error_done(&e);
}
