/* What a procedure becomes by the city's rules: a service that can be applied for. The rules are the pack's
 * (catalogue.yaml); nothing here knows a field, a department or a paper. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

enum { TITLE_MAX = 200, CASES_MAX = 60, REACH = 80, CASE_TITLE_MAX = 300 };

struct making {
    struct arena *arena;
    const struct procedure *p;
    const json_t *rules;
    json_t *out;
    size_t n_cases;
    const char *cases[CASES_MAX]; /* the groups of papers that are cases of their own */
};

static void set(json_t *o, const char *name, json_t *value)
{
    (void)json_object_set_new(o, name, value); /* fails only without memory */
}

static void append(json_t *list, json_t *value)
{
    (void)json_array_append_new(list, value); /* fails only without memory */
}

static void unsure(const struct making *m, const char *pointer)
{
    append(json_object_get(m->out, "unsure"), json_string(pointer));
}

/* ---- words ---- */

/* Folded, with one space before and after, so that whole words are found. */
static char *spaced(struct arena *a, const char *text)
{
    return arena_printf(a, " %s ", text_fold(a, text ? text : ""));
}

/* Where the first of the words stands, or SIZE_MAX. */
static size_t find_words(struct arena *a, const char *spaced_text, const json_t *words)
{
    size_t i, best = SIZE_MAX;
    const json_t *word;

    json_array_foreach(words, i, word)
    {
        const char *at = strstr(spaced_text, arena_printf(a, " %s ", json_string_value(word)));

        if (at && (size_t)(at - spaced_text) < best)
            best = (size_t)(at - spaced_text);
    }
    return best;
}

static bool begins_with(struct arena *a, const char *spaced_text, const json_t *words)
{
    return find_words(a, spaced_text + strspn(spaced_text, " ") - 1, words) == 0;
}

static const json_t *rule(const struct making *m, const char *pointer)
{
    return json_at(m->rules, pointer);
}

static const char *rule_text(const struct making *m, const char *pointer)
{
    const char *text = json_string_value(rule(m, pointer));

    return text ? text : "";
}

/* ---- who, and how ---- */

/* The department that answers for the field; NULL when the pack names none. */
static const char *department_of(const struct making *m)
{
    const char *department, *want = m->p->field ? text_fold(m->arena, m->p->field) : "";
    const json_t *fields;

    json_object_foreach((json_t *)(uintptr_t)rule(m, "/units/fields"), department, fields)
    {
        size_t i;
        const json_t *field;

        json_array_foreach(
            fields, i, field) if (text_equal(text_fold(m->arena, json_string_value(field)), want)) return department;
    }
    return NULL;
}

static bool can_be_applied_for(const struct procedure *p)
{
    return p->levels & (LEVEL_PROVINCE | LEVEL_COMMUNE);
}

static void set_units(struct making *m)
{
    json_t *units = json_array();
    const char *department = department_of(m);

    if (m->p->levels & LEVEL_COMMUNE)
        append(units, json_string(rule_text(m, "/units/commune")));
    if (m->p->levels & LEVEL_PROVINCE)
        append(units, json_string(department ? department : rule_text(m, "/units/otherwise")));
    if (!can_be_applied_for(m->p))
        append(units, json_string(rule_text(m, "/units/ministry")));
    set(m->out, "units", units);
}

/* Full where it can be sent online; else begun online and brought or posted. */
static void set_level(struct making *m)
{
    bool online = false;

    for (size_t i = 0; i < m->p->n_manners; i++)
        online = online || text_equal(m->p->manners[i].channel, "online");
    set(m->out, "level", json_string(!can_be_applied_for(m->p) ? "information" : online ? "full" : "partial"));
}

static bool same_limit(struct limit a, struct limit b)
{
    return a.value == b.value && a.unit == b.unit;
}

static int64_t in_days(struct limit l)
{
    static const int64_t days[LIMIT__COUNT] = {1, 0, 1, 1, 30};

    return l.unit == LIMIT_WORKING_HOUR ? (l.value + 7) / 8 : l.value * days[l.unit];
}

/* Where the manners differ, the longest: a promise that can be kept, for a person to look at. */
static struct limit set_limit(struct making *m)
{
    struct limit longest = {0};
    bool differ = false, lost = false;
    char text[LIMIT_TEXT_MAX];

    for (size_t i = 0; i < m->p->n_manners; i++) {
        const struct catalogue_manner *row = &m->p->manners[i];

        lost = lost || (row->states_limit && !row->limit.value);
        if (!row->limit.value)
            continue;
        differ = differ || (longest.value && !same_limit(longest, row->limit));
        if (in_days(row->limit) > in_days(longest))
            longest = row->limit;
    }
    if (longest.value) {
        limit_format(longest, text);
        set(m->out, "limit", json_string(text));
    }
    if (differ || lost)
        unsure(m, "/limit");
    return longest;
}

/* One sum, whatever the channel: the fee. Anything else is said on the page and decided by the cashier. */
static void set_fee(struct making *m)
{
    int64_t amount = FEE_UNKNOWN;
    bool one = true;

    for (size_t i = 0; i < m->p->n_manners; i++) {
        const struct catalogue_manner *row = &m->p->manners[i];

        if (!row->states_fee)
            continue;
        one = one && row->amount != FEE_UNKNOWN && (amount == FEE_UNKNOWN || amount == row->amount);
        amount = row->amount;
    }
    if (one && amount > 0)
        set(m->out, "fee", json_string(arena_printf(m->arena, "%jd", (intmax_t)amount)));
    else if (!one)
        unsure(m, "/fee");
}

static void set_flow(struct making *m, struct limit limit)
{
    const char *flow = rule_text(m, "/flows/commune");

    if (!(m->p->levels & LEVEL_COMMUNE))
        flow = limit.value && in_days(limit) <= json_integer_value(rule(m, "/flows/quick_days"))
                   ? rule_text(m, "/flows/quick")
                   : rule_text(m, "/flows/province");
    set(m->out, "flow", json_string(flow));
}

static void set_result(struct making *m)
{
    const struct catalogue_pair *first = m->p->n_results ? &m->p->results[0] : NULL;
    char *title = arena_strndup(m->arena, first ? first->title : m->p->name,
                                strnlen(first ? first->title : m->p->name, TITLE_MAX));
    json_t *result;

    text_truncate_utf8(title);
    result = json_pack("{s:s, s:s, s:s}", "paper", rule_text(m, "/result/paper"), "title", *title ? title : "?", "to",
                       "applicant");
    if (first && first->code)
        set(result, "code", json_string(first->code));
    set(m->out, "result", result);
    set(m->out, "allocate",
        json_pack("{s:{s:s, s:s}}", "result", "kind", "number", "series", rule_text(m, "/result/series")));
}

/* ---- papers ---- */

/* The number of the case a group of papers is about; 0: all of them. */
static size_t case_of(struct making *m, const char *group)
{
    if (!group || begins_with(m->arena, spaced(m->arena, group), rule(m, "/papers/common")))
        return 0;
    for (size_t i = 0; i < m->n_cases; i++)
        if (strcmp(m->cases[i], group) == 0)
            return i + 1;
    if (m->n_cases == CASES_MAX)
        return 0;
    m->cases[m->n_cases++] = group;
    return m->n_cases;
}

/* What the pack knows of a paper that is called so; NULL: nothing. */
static const json_t *known_paper(const struct making *m, const char *title)
{
    const json_t *known = rule(m, "/papers/known"), *row, *reach = rule(m, "/papers/reach");
    const char *text = spaced(m->arena, title);
    size_t i;

    json_array_foreach(known, i, row)
    {
        size_t at = find_words(m->arena, text, json_object_get(row, "words"));

        if (at < (reach ? (size_t)json_integer_value(reach) : REACH) &&
            find_words(m->arena, text, json_object_get(row, "not")) == SIZE_MAX)
            return row;
    }
    return NULL;
}

static bool kind_is_taken(const json_t *papers, size_t n, const char *kind)
{
    for (size_t i = 0; i < n; i++)
        if (text_equal(json_str(json_array_get(papers, i), "kind"), kind))
            return true;
    return false;
}

/* A kind of its own, the same whenever the catalogue is published anew, in whatever order. */
static const char *own_kind(const struct making *m, const struct catalogue_paper *p, const json_t *papers, size_t n)
{
    const char *kind;
    size_t twin = 0;

    do {
        char *text = arena_printf(m->arena, "%s|%s|%zu", p->group ? p->group : "", p->title, twin++);
        struct digest d = digest_of((struct bytes){text, strlen(text)});

        kind = arena_printf(m->arena, "paper-%02x%02x%02x%02x%02x", d.bytes[0], d.bytes[1], d.bytes[2], d.bytes[3],
                            d.bytes[4]);
    } while (kind_is_taken(papers, n, kind));
    return kind;
}

/* Asked of everybody (in its case), unless the form stands for it, the city need not be shown it, or its own words make
 * it depend on something. */
static bool is_asked_for(const struct making *m, const struct catalogue_paper *p)
{
    const char *title = spaced(m->arena, p->title);

    return !p->present && (p->originals || p->copies) &&
           !begins_with(m->arena, title, rule(m, "/papers/declaration")) &&
           find_words(m->arena, title, rule(m, "/papers/conditional")) == SIZE_MAX;
}

static void set_paper(struct making *m, json_t *papers, size_t i)
{
    const struct catalogue_paper *p = &m->p->papers[i];
    const json_t *known = known_paper(m, p->title);
    const char *kind = json_str(known, "kind");
    size_t number = case_of(m, p->group);
    json_t *row = json_array_get(papers, i);

    set(row, "kind", json_string(kind && !kind_is_taken(papers, i, kind) ? kind : own_kind(m, p, papers, i)));
    if (known)
        set(row, "satisfied_by", json_deep_copy(json_object_get(known, "satisfied_by")));
    if (!is_asked_for(m, p))
        set(row, "required", json_false());
    else
        set(row, "required", number ? json_string(arena_printf(m->arena, "form.case == '%zu'", number)) : json_true());
}

/* One table only is no choice of cases: its papers are asked of everybody. */
static void settle_single_case(struct making *m, json_t *papers)
{
    size_t i;
    json_t *row;

    if (m->n_cases != 1)
        return;
    m->n_cases = 0;
    json_array_foreach(papers, i, row) if (json_is_string(json_object_get(row, "required")))
        set(row, "required", json_true());
}

static void set_papers(struct making *m)
{
    json_t *papers = json_object_get(m->out, "papers");

    for (size_t i = 0; i < m->p->n_papers; i++)
        set_paper(m, papers, i);
    settle_single_case(m, papers);
}

/* ---- the form ---- */

static json_t *block_new(const json_t *block)
{
    json_t *out = json_deep_copy(block);

    set(out, "type", json_string("object"));
    set(out, "additionalProperties", json_false());
    return out;
}

/* What the name of the procedure asks besides: the number of the paper to be given anew, the reason. */
static void add_more(const struct making *m, json_t *block)
{
    const char *name = spaced(m->arena, m->p->name);
    const json_t *more = rule(m, "/form/more"), *row, *field;
    json_t *required = json_object_get(block, "required");
    size_t i, k;

    if (!required) {
        required = json_array();
        set(block, "required", required);
    }
    json_array_foreach(more, i, row)
    {
        if (find_words(m->arena, name, json_object_get(row, "words")) == SIZE_MAX)
            continue;
        (void)json_object_update(json_object_get(block, "properties"), /* fails only without memory */
                                 json_object_get(row, "properties"));
        json_array_foreach(json_object_get(row, "required"), k, field) append(required, json_deep_copy(field));
    }
}

static json_t *case_new(const struct making *m)
{
    json_t *choices = json_array();

    for (size_t i = 0; i < m->n_cases; i++) {
        char *title = arena_strndup(m->arena, m->cases[i], strnlen(m->cases[i], CASE_TITLE_MAX));

        text_truncate_utf8(title);
        append(choices,
               json_pack("{s:s, s:{s:s}}", "const", arena_printf(m->arena, "%zu", i + 1), "title", "vi", title));
    }
    return json_pack("{s:s, s:O, s:o}", "type", "string", "title", rule(m, "/form/case"), "oneOf", choices);
}

static json_t *page_new(const char *id, const json_t *title, json_t *fields)
{
    return json_pack("{s:s, s:O, s:o}", "id", id, "title", title, "fields", fields);
}

static void set_form(struct making *m)
{
    json_t *properties = json_object(), *required = json_pack("[s, s]", "applicant", "declaration"),
           *declaration = block_new(rule(m, "/form/declaration")), *who = json_pack("[s]", "applicant"),
           *what = json_array();

    add_more(m, declaration);
    set(properties, "applicant", block_new(rule(m, "/form/applicant")));
    if (m->p->who & WHO_ORGANISATION) {
        set(properties, "organisation", block_new(rule(m, "/form/organisation")));
        append(who, json_string("organisation"));
    }
    if (m->n_cases) {
        set(properties, "case", case_new(m));
        append(required, json_string("case"));
        append(what, json_string("case"));
    }
    set(properties, "declaration", declaration);
    append(what, json_string("declaration"));
    set(m->out, "form",
        json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0, "required", required,
                  "properties", properties));
    set(m->out, "ui",
        json_pack("{s:[o, o], s:{s:s}}", "pages", page_new("applicant", rule(m, "/form/applicant/title"), who),
                  page_new("declaration", rule(m, "/form/declaration/title"), what), "case", "ui:widget", "radio"));
    if (!m->n_cases)
        (void)json_object_del(json_object_get(m->out, "ui"), "case");
}

json_t *service_definition_new(struct arena *a, const struct procedure *p, const json_t *rules, const char *from)
{
    struct making m = {.arena = a, .p = p, .rules = rules, .out = procedure_json_new(p)};
    json_t *who = json_object_get(m.out, "who");

    set(m.out, "origin", json_string("catalogue"));
    set(m.out, "in_force", json_pack("{s:s}", "from", from));
    if (json_array_size(who) == 0)
        (void)json_object_del(m.out, "who");
    set_level(&m);
    set_units(&m);
    set_fee(&m);
    set_flow(&m, set_limit(&m));
    set_result(&m);
    set_papers(&m);
    set_form(&m);
    return m.out;
}
