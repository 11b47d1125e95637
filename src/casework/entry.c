/* The book entry that answers a case: which registry it stands in, which entries may be it. */
#include "casework/casework_internal.h"

#include <string.h>

/* What the service's expressions about the entry may name: the form, and the applicant's own person record. */
static bool entry_scope(struct db *db, struct arena *a, const struct house *h, const struct case_file *c,
                        struct expr_scope out[static 3], struct error *e)
{
    const struct registry *persons = registry_find(h, "person");
    struct record person;
    struct party applicant;
    bool found;

    if (!party_find(db, a, c->applicant, &applicant, &found, e))
        return false;
    if (found && persons && applicant.number) {
        if (!record_find(db, a, persons, applicant.number, &person, &found, e))
            return false;
    } else {
        found = false;
    }
    out[0] = (struct expr_scope){"form", json_held(a, json_loads(c->form, 0, NULL))};
    out[1] = (struct expr_scope){"person", found ? person.body : json_held(a, json_object())};
    out[2] = (struct expr_scope){0};
    return true;
}

bool case_entry_registry(struct db *db, struct arena *a, const struct house *h, const struct case_file *c,
                         const struct registry **out, struct error *e)
{
    struct expr_scope scope[3];
    char *name = NULL;

    *out = NULL;
    if (!c->service->entry_registry)
        return true;
    if (!entry_scope(db, a, h, c, scope, e) || !expr_text(c->service->entry_registry, scope, a, &name, e))
        return false;
    *out = name ? registry_find(h, name) : NULL;
    return true;
}

/* By the fields the service matches on; the first that has a value decides. */
static bool matching(struct db *db, struct arena *a, const struct house *h, const struct case_file *c,
                     const struct registry *r, struct record *out, size_t max, size_t *n, struct error *e)
{
    struct expr_scope scope[3];

    if (!entry_scope(db, a, h, c, scope, e))
        return false;
    for (size_t i = 0; i < c->service->n_entry_match && *n == 0; i++) {
        char *value = NULL;

        if (!expr_text(c->service->entry_match[i].value, scope, a, &value, e))
            return false;
        if (!text_is_empty(value) && !record_where(db, a, r, c->service->entry_match[i].pointer, value, out, max, n, e))
            return false;
    }
    return true;
}

bool case_entries(struct db *db, struct arena *a, const struct house *h, const struct case_file *c, const char *q,
                  const struct registry **registry, struct record *out, size_t max, size_t *n, struct error *e)
{
    struct record_query query = {.q = q, .limit = max};

    *n = 0;
    if (!case_entry_registry(db, a, h, c, registry, e))
        return false;
    if (!*registry)
        return true;
    if (!text_is_empty(q))
        return record_list(db, a, *registry, &query, out, n, e);
    return matching(db, a, h, c, *registry, out, max, n, e);
}

/* At reception: exactly one match needs nobody to look for it. */
bool case_entry_guess(struct db *db, struct arena *a, const struct house *h, struct case_file *c, struct error *e)
{
    struct record found[2];
    const struct registry *r;
    size_t n;

    if (c->entry_key)
        return true;
    if (!case_entries(db, a, h, c, NULL, &r, found, COUNT(found), &n, e))
        return false;
    if (n == 1) {
        c->entry_registry = registry_name(r);
        c->entry_key = found[0].key;
    }
    return true;
}
