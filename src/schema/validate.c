/* Nodes against an instance. Two things are kept while walking: where we are (a list on the stack, turned into text
 * only to complain) and, when some unevaluated* asks for it, which members of the current value have been looked at. */
#include "schema/schema_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "base/log.h"

enum { SCRATCH_WORDS = 256 };

/* Kept out of the frames that every member of a valid instance passes through. */
#define APART __attribute__((noinline))

struct path {
    const struct path *up;
    const json_t *within; /* the object or array */
    const char *name;     /* NULL: index */
    size_t index;
};

/* The resources entered on the way here, for $dynamicRef. */
struct scope {
    const struct scope *up;
    const struct resource *resource;
};

struct run {
    struct error *e;
    const struct scope *scope;
    bool has_dynamic;
    bool warn;      /* complain about what deserves a second look, and of nothing else */
    bool exhausted; /* a ceiling was met: the answer is no, whatever else says */
    int quiet;      /* inside a branch that may fail */
    int depth;
    size_t steps;
    const char *name; /* what a NULL instance stands for: the member name that propertyNames looks at */
    size_t name_len;
    size_t n_scratch;
    uint64_t scratch[SCRATCH_WORDS];
};

static bool eval(struct run *r, const struct node *n, const json_t *j, const struct path *at, struct marks *marks);

/* ---- complaints ---- */

static void path_text(const struct path *at, char *out, size_t size, size_t *len)
{
    char index[24];
    const char *s;

    if (!at)
        return;
    path_text(at->up, out, size, len);
    s = at->name;
    if (!s) {
        (void)snprintf(index, sizeof index, "%zu", at->index); /* fits */
        s = index;
    }
    for (out[(*len)++] = '/'; *s && *len + 3 < size; s++)
        if (*s == '~' || *s == '/') {
            out[(*len)++] = '~';
            out[(*len)++] = *s == '~' ? '0' : '1';
        } else {
            out[(*len)++] = *s;
        }
    if (*len + 3 >= size)
        *len = size - 3; /* full: what follows is cut */
}

APART static bool complain(struct run *r, const struct path *at, const char *keyword, const char *param)
{
    char pointer[ERROR_POINTER_MAX];
    size_t len = 0;

    if (r->quiet || !r->e)
        return false;
    path_text(at, pointer, sizeof pointer, &len);
    pointer[len] = '\0';
    return fail_field(r->e, pointer, keyword, param);
}

/* The instance does not fit here. */
APART static bool bad(struct run *r, const struct path *at, const char *keyword, const char *param)
{
    return r->warn || r->exhausted ? false : complain(r, at, keyword, param);
}

APART static bool bad_size(struct run *r, const struct path *at, const char *keyword, size_t bound)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%zu", bound); /* fits */
    return bad(r, at, keyword, text);
}

APART static bool bad_number(struct run *r, const struct path *at, const char *keyword, const json_t *bound)
{
    char text[40];

    number_text(bound, text, sizeof text);
    return bad(r, at, keyword, text);
}

/* Values for people: texts bare, the rest as JSON; cut when long. */
APART static bool bad_values(struct run *r, const struct path *at, const char *keyword, const json_t *list)
{
    auto_buf struct buf b = BUF_INIT(ERROR_PARAM_MAX);
    json_t *each;
    size_t i;

    json_array_foreach(list, i, each)
    {
        if (i)
            buf_puts(&b, ", ");
        if (json_is_string(each)) {
            buf_puts(&b, json_string_value(each));
        } else {
            auto_free char *text = json_dumps(each, JSON_COMPACT | JSON_ENCODE_ANY);

            buf_puts(&b, text ? text : "");
        }
        if (b.overflow)
            break;
    }
    return bad(r, at, keyword, b.data);
}

APART static bool bad_type(struct run *r, const struct path *at, const struct node *n)
{
    const json_t *type = json_object_get(n->json, "type");

    if (json_is_array(type))
        return bad_values(r, at, "type", type);
    return bad(r, at, "type", json_string_value(type));
}

APART static bool bad_const(struct run *r, const struct path *at, const json_t *constant)
{
    auto_free char *text = json_is_string(constant) ? NULL : json_dumps(constant, JSON_COMPACT | JSON_ENCODE_ANY);

    return bad(r, at, "const", text ? text : json_string_value(constant));
}

APART static bool give_up(struct run *r, const struct path *at)
{
    int quiet = r->quiet;

    if (!r->exhausted) {
        r->exhausted = true;
        r->steps = SCHEMA_STEPS_MAX; /* whatever is tried now ends here too */
        r->quiet = 0;
        if (!r->warn)
            (void)complain(r, at, "depth", ""); /* even from inside a branch: nobody else will say it */
        r->quiet = quiet;
    }
    return false;
}

/* Whether to look for more problems after one. */
static bool go_on(const struct run *r)
{
    return !r->quiet && r->e && !r->exhausted;
}

/* Notes a problem; true when one is enough. */
static bool stop_after(const struct run *r, bool *ok)
{
    *ok = false;
    return !go_on(r);
}

/* ---- marks: which members or items were evaluated ---- */

struct marks {
    uint64_t *words;
    size_t n_words;
    bool all, heap;
};

static struct marks marks_open(struct run *r, size_t n)
{
    struct marks m = {.n_words = n / 64 + 1};

    if (r->n_scratch + m.n_words <= SCRATCH_WORDS) {
        m.words = r->scratch + r->n_scratch;
        r->n_scratch += m.n_words;
        memset(m.words, 0, m.n_words * sizeof *m.words);
    } else {
        m.heap = true;
        m.words = calloc(m.n_words, sizeof *m.words);
        if (!m.words)
            die("out of memory", m.n_words * sizeof *m.words);
    }
    return m;
}

static void marks_close(struct run *r, const struct marks *m)
{
    if (m->heap)
        free(m->words);
    else
        r->n_scratch -= m->n_words;
}

static inline void mark(struct marks *m, size_t i)
{
    if (m)
        m->words[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool is_marked(const struct marks *m, size_t i)
{
    return m->words[i / 64] >> i % 64 & 1;
}

static void marks_merge(struct marks *into, const struct marks *m)
{
    into->all = into->all || m->all;
    for (size_t i = 0; i < m->n_words; i++)
        into->words[i] |= m->words[i];
}

static size_t members(const json_t *j)
{
    return json_is_array(j) ? json_array_size(j) : json_object_size(j);
}

/* Applies a branch that may fail in silence; its marks count only if it fits. */
static bool try_branch(struct run *r, const struct node *n, const json_t *j, const struct path *at, struct marks *marks)
{
    struct marks own;
    bool ok;

    r->quiet++;
    if (!marks) {
        ok = eval(r, n, j, at, NULL);
    } else {
        own = marks_open(r, members(j));
        ok = eval(r, n, j, at, &own);
        if (ok)
            marks_merge(marks, &own);
        marks_close(r, &own);
    }
    r->quiet--;
    return ok;
}

/* ---- enum, const ---- */

static bool in_enum(const struct run *r, const struct value_rules *v, const json_t *j)
{
    struct text_span text;
    size_t low = 0, high = v->n_texts;

    if (j && !json_is_string(j)) {
        for (size_t i = 0; i < v->n_others; i++)
            if (value_equal(v->others[i], j))
                return true;
        return false;
    }
    text =
        j ? (struct text_span){json_string_value(j), json_string_length(j)} : (struct text_span){r->name, r->name_len};
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = text_span_compare(&text, &v->texts[middle]);

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool is_const(const struct run *r, const json_t *constant, const json_t *j)
{
    if (j)
        return value_equal(constant, j);
    return json_is_string(constant) && json_string_length(constant) == r->name_len &&
           memcmp(json_string_value(constant), r->name, r->name_len) == 0;
}

static bool eval_value(struct run *r, const struct node *n, const json_t *j, const struct path *at)
{
    if (n->value->is_enum && !in_enum(r, n->value, j))
        return bad_values(r, at, "enum", json_object_get(n->json, "enum"));
    if (n->value->constant && !is_const(r, n->value->constant, j))
        return bad_const(r, at, n->value->constant);
    return true;
}

/* ---- numbers ---- */

static bool eval_number(struct run *r, const struct number_rules *n, const json_t *j, const struct path *at)
{
    if (n->minimum && number_compare(j, n->minimum) < 0)
        return bad_number(r, at, "minimum", n->minimum);
    if (n->maximum && number_compare(j, n->maximum) > 0)
        return bad_number(r, at, "maximum", n->maximum);
    if (n->above && number_compare(j, n->above) <= 0)
        return bad_number(r, at, "exclusiveMinimum", n->above);
    if (n->below && number_compare(j, n->below) >= 0)
        return bad_number(r, at, "exclusiveMaximum", n->below);
    if (n->multiple && !number_is_multiple(j, n->multiple, n->multiple_of))
        return bad_number(r, at, "multipleOf", n->multiple);
    return true;
}

/* ---- strings ---- */

static size_t characters(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

static bool eval_length(struct run *r, const struct string_rules *n, const char *s, size_t len, const struct path *at)
{
    size_t count = len;

    /* A character has one to four bytes, so the bytes often tell. */
    if (len > n->max || len / 4 < n->min)
        count = characters(s, len);
    if (count < n->min)
        return bad_size(r, at, "minLength", n->min);
    if (count > n->max)
        return bad_size(r, at, "maxLength", n->max);
    return true;
}

static bool eval_format(struct run *r, const struct format *f, const char *s, size_t len, const struct path *at)
{
    if (strlen(s) == len && f->check(s))
        return true;
    return f->has_message ? bad(r, at, f->name, "") : bad(r, at, "format", f->name);
}

/* The personal number against the birth year and the sex recorded beside it. */
APART static bool eval_agreement(struct run *r, const struct agreement *a, const char *s, const struct path *at)
{
    const char *born = at && a->birth_date ? json_str(at->within, a->birth_date) : NULL;
    const char *sex = at && a->sex ? json_str(at->within, a->sex) : NULL;
    int64_t year = 0;
    char digits[5] = "";

    if (!vn_personal_number(s))
        return true; /* the format says so, if it was asked */
    if (born && strlen(born) >= 4) {
        memcpy(digits, born, 4);
        if (!text_to_i64(digits, 1900, 2999, &year))
            year = 0;
    }
    if (vn_personal_number_agrees(s, (int)year, sex ? vn_sex_of(sex) : VN_SEX_UNKNOWN))
        return true;
    if (a->refuse)
        return bad(r, at, "vn-personal-number-match", "");
    if (r->warn)
        (void)complain(r, at, "vn-personal-number-match", "");
    return true;
}

static bool eval_string(struct run *r, const struct node *of, const json_t *j, const struct path *at)
{
    const struct string_rules *n = of->string;
    const char *s = j ? json_string_value(j) : r->name;
    size_t len = j ? json_string_length(j) : r->name_len;

    if (!eval_length(r, n, s, len, at))
        return false;
    if (n->pattern && !pattern_matches(n->pattern, s, len))
        return bad(r, at, "pattern", json_str(of->json, "pattern"));
    if (n->format && !eval_format(r, n->format, s, len, at))
        return false;
    return !n->agreement || !j || eval_agreement(r, n->agreement, s, at);
}

/* ---- arrays ---- */

static bool eval_item(struct run *r, const struct node *n, const json_t *array, size_t i, const struct path *at,
                      const char *keyword)
{
    struct path here = {.up = at, .within = array, .index = i};

    if (n->verdict == VERDICT_FALSE)
        return bad(r, &here, keyword, "");
    return eval(r, n, json_array_get(array, i), &here, NULL);
}

static bool eval_items(struct run *r, const struct array_rules *n, const json_t *j, const struct path *at,
                       struct marks *marks)
{
    size_t size = json_array_size(j), i = 0;
    bool ok = true;

    for (; i < size && i < n->n_prefix; i++) {
        mark(marks, i);
        if (!eval_item(r, n->prefix[i], j, i, at, "false") && stop_after(r, &ok))
            return false;
    }
    if (!n->items || n->items->verdict == VERDICT_TRUE)
        i = size;
    for (; i < size; i++)
        if (!eval_item(r, n->items, j, i, at, "items") && stop_after(r, &ok))
            return false;
    if (n->items && marks)
        marks->all = true;
    return ok;
}

static bool eval_contains(struct run *r, const struct array_rules *n, const json_t *j, const struct path *at,
                          struct marks *marks)
{
    size_t found = 0;

    for (size_t i = 0; i < json_array_size(j); i++) {
        bool fits;

        if (!marks && n->max_contains == SIZE_MAX && found >= n->min_contains)
            break;
        r->quiet++;
        fits = eval_item(r, n->contains, j, i, at, "contains");
        r->quiet--;
        if (fits)
            mark(marks, i);
        found += fits;
    }
    if (found < n->min_contains)
        return n->min_contains == 1 ? bad(r, at, "contains", "") : bad_size(r, at, "minContains", n->min_contains);
    return found <= n->max_contains || bad_size(r, at, "maxContains", n->max_contains);
}

APART static bool eval_array(struct run *r, const struct array_rules *n, const json_t *j, const struct path *at,
                             struct marks *marks)
{
    size_t size = json_array_size(j);
    bool ok = true;

    if (size < n->min)
        ok = bad_size(r, at, "minItems", n->min);
    else if (size > n->max)
        ok = bad_size(r, at, "maxItems", n->max);
    if (!ok)
        return false; /* a list of the wrong size is one problem, not one per item */
    if (n->unique && !value_items_unique(j, &r->steps) && !bad(r, at, "uniqueItems", "") && stop_after(r, &ok))
        return false;
    if ((n->n_prefix || n->items) && !eval_items(r, n, j, at, marks) && stop_after(r, &ok))
        return false;
    if (n->contains && !eval_contains(r, n, j, at, marks))
        ok = false;
    return ok;
}

/* ---- objects ---- */

static bool eval_missing(struct run *r, const json_t *j, const char *name, const char *keyword, const char *param,
                         const struct path *at)
{
    struct path here = {.up = at, .within = j, .name = name};

    return bad(r, &here, keyword, param);
}

static bool eval_required(struct run *r, const struct object_rules *n, const json_t *j, const struct marks *seen,
                          const struct path *at)
{
    bool ok = true;

    for (size_t w = 0; w < seen->n_words && ok; w++)
        ok = (n->required_bits[w] & ~seen->words[w]) == 0;
    for (size_t i = 0; i < n->n_required && !ok; i++)
        if (!is_marked(seen, n->required[i])) {
            (void)eval_missing(r, j, n->names[n->required[i]].text.s, "required", "", at);
            if (!go_on(r))
                break;
        }
    return ok;
}

static bool eval_dependents(struct run *r, const struct object_rules *n, const json_t *j, const struct marks *seen,
                            const struct path *at, struct marks *marks)
{
    bool ok = true;

    for (size_t i = 0; i < n->n_names; i++) {
        const struct name *name = &n->names[i];

        if (!is_marked(seen, i))
            continue;
        for (size_t k = 0; k < name->n_needed; k++) {
            const char *needed = n->names[name->needed[k]].text.s;

            if (!is_marked(seen, name->needed[k]) && !eval_missing(r, j, needed, "dependentRequired", needed, at) &&
                stop_after(r, &ok))
                return false;
        }
        if (name->dependent && !eval(r, name->dependent, j, at, marks) && stop_after(r, &ok))
            return false;
    }
    return ok;
}

APART static bool eval_name(struct run *r, const struct node *n, const char *name, size_t len, const struct path *here)
{
    bool ok;

    r->name = name;
    r->name_len = len;
    r->quiet++;
    ok = eval(r, n, NULL, here, NULL);
    r->quiet--;
    return ok || bad(r, here, "propertyNames", name);
}

/* Names a member answers to beyond properties: patterns, else additionalProperties. */
APART static bool eval_other(struct run *r, const struct object_rules *n, const struct path *here, const json_t *value,
                             size_t len, bool *evaluated)
{
    bool ok = true;

    for (size_t i = 0; i < n->n_patterns; i++) {
        if (!pattern_matches(n->patterns[i].pattern, here->name, len))
            continue;
        *evaluated = true;
        if (!eval(r, n->patterns[i].node, value, here, NULL) && stop_after(r, &ok))
            return false;
    }
    if (*evaluated || !n->additional)
        return ok;
    *evaluated = true;
    if (n->additional->verdict == VERDICT_FALSE)
        return bad(r, here, "additionalProperties", here->name);
    return eval(r, n->additional, value, here, NULL) && ok;
}

/* One pass over the members, in their order; *seen gets the names that some keyword knows. */
static bool eval_members(struct run *r, const struct object_rules *n, const json_t *j, const struct path *at,
                         struct marks *seen, struct marks *marks)
{
    struct path here = {.up = at, .within = j};
    json_t *object = (json_t *)(uintptr_t)j; /* jansson iterates over a pointer that is not const */
    size_t position = 0, next = 0;
    bool ok = true;

    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it), position++) {
        const json_t *value = json_object_iter_value(it);
        size_t len = json_object_iter_key_len(it);
        const struct name *name;
        bool evaluated = false;

        here.name = json_object_iter_key(it);
        /* Clients mostly send members in the order of the schema. */
        if (next < n->n_names && n->names[next].text.len == len && memcmp(n->names[next].text.s, here.name, len) == 0)
            name = &n->names[next];
        else
            name = name_find(n, here.name, len);
        if (name) {
            next = (size_t)(name - n->names) + 1;
            mark(seen, next - 1);
            evaluated = name->property != NULL;
            if (evaluated && !eval(r, name->property, value, &here, NULL) && stop_after(r, &ok))
                return false;
        }
        if ((n->n_patterns || !evaluated) && !eval_other(r, n, &here, value, len, &evaluated) && stop_after(r, &ok))
            return false;
        if (n->property_names && !eval_name(r, n->property_names, here.name, len, &here) && stop_after(r, &ok))
            return false;
        if (evaluated)
            mark(marks, position);
    }
    return ok;
}

APART static bool eval_object(struct run *r, const struct object_rules *n, const json_t *j, const struct path *at,
                              struct marks *marks)
{
    size_t size = json_object_size(j);
    struct marks seen;
    bool ok = true;

    if (size < n->min)
        ok = bad_size(r, at, "minProperties", n->min);
    else if (size > n->max)
        ok = bad_size(r, at, "maxProperties", n->max);
    if (!ok && !go_on(r))
        return false;
    seen = marks_open(r, n->n_names);
    ok = eval_members(r, n, j, at, &seen, marks) && ok;
    if ((ok || go_on(r)) && n->n_required)
        ok = eval_required(r, n, j, &seen, at) && ok;
    if ((ok || go_on(r)) && n->has_dependents)
        ok = eval_dependents(r, n, j, &seen, at, marks) && ok;
    marks_close(r, &seen);
    return ok;
}

/* ---- applicators in place ---- */

static bool eval_all(struct run *r, const struct combine_rules *c, const json_t *j, const struct path *at,
                     struct marks *marks)
{
    bool ok = true;

    for (size_t i = 0; i < c->n_all; i++)
        if (!eval(r, c->all[i], j, at, marks) && stop_after(r, &ok))
            return false;
    return ok;
}

static bool eval_any(struct run *r, const struct combine_rules *c, const json_t *j, const struct path *at,
                     struct marks *marks)
{
    bool any = c->n_any == 0;

    for (size_t i = 0; i < c->n_any && (!any || marks); i++)
        any = try_branch(r, c->any[i], j, at, marks) || any;
    return any || bad(r, at, "anyOf", "");
}

static bool eval_one(struct run *r, const struct combine_rules *c, const json_t *j, const struct path *at,
                     struct marks *marks)
{
    size_t fits = 0;

    for (size_t i = 0; i < c->n_one && fits < 2; i++)
        fits += try_branch(r, c->one[i], j, at, marks);
    return fits == 1 || bad(r, at, "oneOf", "");
}

static bool eval_condition(struct run *r, const struct combine_rules *c, const json_t *j, const struct path *at,
                           struct marks *marks)
{
    const struct node *branch;

    if (!c->then && !c->otherwise && !marks)
        return true;
    branch = try_branch(r, c->condition, j, at, marks) ? c->then : c->otherwise;
    return !branch || eval(r, branch, j, at, marks);
}

/* The outermost resource on the way here that has the dynamic anchor; else what the reference says by itself. */
static const struct node *dynamic_target(const struct run *r, const struct combine_rules *c)
{
    const struct node *target = c->dynamic;

    for (const struct scope *s = c->dynamic_name ? r->scope : NULL; s; s = s->up)
        for (const struct anchor *a = s->resource->anchors; a; a = a->next)
            if (a->dynamic && strcmp(a->name, c->dynamic_name) == 0)
                target = a->node;
    return target;
}

static bool eval_not(struct run *r, const struct combine_rules *c, const json_t *j, const struct path *at)
{
    bool fits;

    r->quiet++;
    fits = eval(r, c->negated, j, at, NULL);
    r->quiet--;
    return !fits || bad(r, at, "not", "");
}

APART static bool eval_combined(struct run *r, const struct combine_rules *c, const json_t *j, const struct path *at,
                                struct marks *marks)
{
    bool ok = true;

    if (c->reference && !eval(r, c->reference, j, at, marks) && stop_after(r, &ok))
        return false;
    if (c->dynamic && !eval(r, dynamic_target(r, c), j, at, marks) && stop_after(r, &ok))
        return false;
    if (c->n_all && !eval_all(r, c, j, at, marks) && stop_after(r, &ok))
        return false;
    if (c->n_any && !eval_any(r, c, j, at, marks) && stop_after(r, &ok))
        return false;
    if (c->n_one && !eval_one(r, c, j, at, marks) && stop_after(r, &ok))
        return false;
    if (c->negated && !eval_not(r, c, j, at) && stop_after(r, &ok))
        return false;
    if (c->condition && !eval_condition(r, c, j, at, marks))
        ok = false;
    return ok;
}

/* ---- a node ---- */

/* What needs no look inside the value. */
static bool eval_leaf(struct run *r, const struct node *n, const json_t *j, const struct path *at)
{
    json_type type = j ? json_typeof(j) : JSON_STRING;
    bool ok = true;

    if (!(n->types >> type & 1) || (n->integral && type == JSON_REAL && !number_is_integral(j)))
        return bad_type(r, at, n);
    if (n->value && !eval_value(r, n, j, at) && stop_after(r, &ok))
        return false;
    if (n->string && type == JSON_STRING)
        return eval_string(r, n, j, at) && ok;
    if (n->number && (type == JSON_INTEGER || type == JSON_REAL))
        return eval_number(r, n->number, j, at) && ok;
    return ok;
}

static bool eval_rules(struct run *r, const struct node *n, const json_t *j, const struct path *at, struct marks *marks)
{
    bool ok = eval_leaf(r, n, j, at);

    if (!ok && (!go_on(r) || !(n->types >> (j ? json_typeof(j) : JSON_STRING) & 1)))
        return false; /* of the wrong type, the rest would only repeat it */
    if (n->object && json_is_object(j))
        ok = eval_object(r, n->object, j, at, marks) && ok;
    else if (n->array && json_is_array(j))
        ok = eval_array(r, n->array, j, at, marks) && ok;
    if (n->combine && (ok || go_on(r)))
        ok = eval_combined(r, n->combine, j, at, marks) && ok;
    return ok;
}

/* What nothing else has looked at. */
static bool eval_unevaluated(struct run *r, const struct node *rest, const json_t *j, const struct path *at,
                             const struct marks *marks)
{
    struct path here = {.up = at, .within = j};
    json_t *object = (json_t *)(uintptr_t)j;
    size_t position = 0;
    bool ok = true;

    if (marks->all || rest->verdict == VERDICT_TRUE)
        return true;
    for (size_t i = 0; json_is_array(j) && i < json_array_size(j); i++)
        if (!is_marked(marks, i) && !eval_item(r, rest, j, i, at, "unevaluatedItems") && stop_after(r, &ok))
            return false;
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it), position++) {
        if (is_marked(marks, position))
            continue;
        here.name = json_object_iter_key(it);
        if (rest->verdict == VERDICT_FALSE)
            ok = bad(r, &here, "unevaluatedProperties", here.name);
        else if (!eval(r, rest, json_object_iter_value(it), &here, NULL))
            ok = false;
        if (!ok && !go_on(r))
            return false;
    }
    return ok;
}

APART static bool eval_tracked(struct run *r, const struct node *n, const struct node *rest, const json_t *j,
                               const struct path *at, struct marks *marks)
{
    struct marks own = marks_open(r, members(j));
    bool ok = eval_rules(r, n, j, at, &own);

    /* After a failure the marks are not whole; what they leave over would be blamed wrongly. */
    ok = ok && eval_unevaluated(r, rest, j, at, &own);
    marks_close(r, &own);
    if (ok && marks)
        marks->all = true;
    return ok;
}

APART static bool eval_branching(struct run *r, const struct node *n, const json_t *j, const struct path *at,
                                 struct marks *marks)
{
    struct scope scope = {.up = r->scope, .resource = n->resource};
    bool ok;

    if (r->depth == SCHEMA_DEPTH_MAX)
        return give_up(r, at);
    if (r->has_dynamic && (!scope.up || scope.up->resource != n->resource))
        r->scope = &scope;
    r->depth++;
    if (n->object && n->object->unevaluated && json_is_object(j))
        ok = eval_tracked(r, n, n->object->unevaluated, j, at, marks);
    else if (n->array && n->array->unevaluated && json_is_array(j))
        ok = eval_tracked(r, n, n->array->unevaluated, j, at, marks);
    else
        ok = eval_rules(r, n, j, at, marks);
    r->depth--;
    r->scope = scope.up;
    return ok;
}

static bool eval(struct run *r, const struct node *n, const json_t *j, const struct path *at, struct marks *marks)
{
    if (n->verdict != VERDICT_RULES)
        return n->verdict == VERDICT_TRUE || bad(r, at, "false", "");
    if (++r->steps > SCHEMA_STEPS_MAX)
        return give_up(r, at);
    return n->is_leaf ? eval_leaf(r, n, j, at) : eval_branching(r, n, j, at, marks);
}

bool schema_validate(const struct schema *s, const json_t *instance, struct error *e)
{
    struct run r;

    /* Not "= {…}": that would clear the scratch space each time. */
    memset(&r, 0, offsetof(struct run, scratch));
    r.e = e;
    r.has_dynamic = s->has_dynamic;
    return eval(&r, s->root, instance, NULL, NULL) && !r.exhausted;
}

bool schema_agrees(const struct schema *s, const json_t *instance, struct error *e)
{
    size_t before = e->n_items;
    struct run r;

    memset(&r, 0, offsetof(struct run, scratch));
    r.e = e;
    r.has_dynamic = s->has_dynamic;
    r.warn = true;
    (void)eval(&r, s->root, instance, NULL, NULL); /* what is wrong is schema_validate's to tell */
    return e->n_items == before;
}
