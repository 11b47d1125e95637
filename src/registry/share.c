/* Who sees what of a record, and the words a person reads for it. A field that no rule names for these roles and this
 * purpose is not there; the stewards of the unit that answers for the data see all of it. */
#include "registry/registry_internal.h"

#include <string.h>

static bool holds(const struct share *s, const struct actor *who)
{
    if (s->anyone)
        return true;
    for (size_t i = 0; who && i < who->n_roles; i++)
        if (s->roles & 1U << who->roles[i].role)
            return true;
    return false;
}

bool registry_steward(const struct registry *r, const struct actor *who)
{
    return who && r->owner && actor_is(who, ROLE_STEWARD, r->owner);
}

bool registry_view(const struct registry *r, const struct actor *who, const char *purpose, struct view *out)
{
    *out = (struct view){.all = text_equal(purpose, "stewardship") && registry_steward(r, who)};
    for (size_t i = 0; i < r->n_share; i++) {
        const struct share *s = &r->share[i];

        /* What is public is so for every purpose. */
        if (!holds(s, who) || (s->purpose && !text_equal(s->purpose, "public") && !text_equal(s->purpose, purpose)))
            continue;
        if (s->fields)
            out->lists[out->n++] = s->fields;
        else
            out->all = true;
    }
    for (size_t i = 0; i < out->n; i++)
        if (json_array_size(out->lists[i]) > 0)
            return true;
    return out->all;
}

bool view_shows(const struct view *v, const char *pointer)
{
    const char *name = pointer + 1;
    size_t len = strcspn(name, "/"), j;
    const json_t *one;

    for (size_t i = 0; !v->all && i < v->n; i++)
        json_array_foreach(v->lists[i], j, one) if (json_string_length(one) == len &&
                                                    memcmp(json_string_value(one), name, len) == 0) return true;
    return v->all;
}

json_t *view_body_new(const struct view *v, const json_t *body)
{
    json_t *out = json_object();
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        bool shown = v->all;
        size_t j;
        const json_t *one;

        for (size_t i = 0; !shown && i < v->n; i++)
            json_array_foreach(v->lists[i], j, one) shown |= strcmp(json_string_value(one), name) == 0;
        if (shown)
            (void)json_object_set(out, name, value); /* only fails without memory */
    }
    return out;
}

json_t *record_shared_new(const struct registry *r, const json_t *body, const struct actor *who, const char *purpose)
{
    struct view view;

    if (text_equal(purpose, "self") && (!who || !who->number || !record_is_about(r, body, who->number)))
        purpose = "public";
    return registry_view(r, who, purpose, &view) ? view_body_new(&view, body) : NULL;
}

const char *record_about(const struct registry *r, const json_t *body)
{
    return r->person ? json_string_value(json_at(body, r->person)) : NULL;
}

bool record_is_about(const struct registry *r, const json_t *body, const char *number)
{
    return number && (text_equal(number, record_about(r, body)) ||
                      (r->partner && text_equal(number, json_string_value(json_at(body, r->partner)))));
}

/* What calls itself something in both languages, as definitions do, needs no rule. */
static const char *own_title(const json_t *body, enum lang lang)
{
    const json_t *title = json_object_get(body, "title"), *name = json_object_get(body, "name");

    return json_title(json_is_object(title) ? title : json_is_object(name) ? name : NULL, lang);
}

char *record_title(struct arena *a, const struct registry *r, const json_t *body, enum lang lang)
{
    const struct expr *x = r->title[lang] ? r->title[lang] : r->title[LANG_VI];
    const char *key = r->key ? json_string_value(json_at(body, r->key)) : NULL;
    auto_error struct error e;
    char *title = NULL;

    error_init(&e);
    if (x) {
        const struct expr_scope scope[] = {{"body", body}, {0}};

        /* A body of which the caller sees only a part may lack what the title is made of. */
        if (expr_text(x, scope, a, &title, &e) && !text_is_empty(title))
            return title;
    }
    if (!text_is_empty(own_title(body, lang)))
        return arena_strdup(a, own_title(body, lang));
    return key ? arena_printf(a, "%s · %s", registry_title(r, lang), key) : arena_strdup(a, registry_title(r, lang));
}
