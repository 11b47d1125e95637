/* A procedure as the members of a service that only repeat the catalogue (design: "A service"). */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

static void set(json_t *o, const char *name, json_t *value)
{
    (void)json_object_set_new(o, name, value); /* fails only without memory */
}

static void append(json_t *list, json_t *value)
{
    (void)json_array_append_new(list, value); /* fails only without memory */
}

static json_t *levels_new(unsigned levels)
{
    json_t *out = json_array();

    if (levels & LEVEL_MINISTRY)
        append(out, json_string("ministry"));
    if (levels & LEVEL_PROVINCE)
        append(out, json_string("province"));
    if (levels & LEVEL_COMMUNE)
        append(out, json_string("commune"));
    return out;
}

static json_t *who_new(unsigned who)
{
    json_t *out = json_array();

    if (who & WHO_CITIZEN)
        append(out, json_string("citizen"));
    if (who & WHO_ORGANISATION)
        append(out, json_string("organisation"));
    return out;
}

static json_t *manner_new(const struct catalogue_manner *m)
{
    json_t *out = json_pack("{s:s}", "channel", m->channel), *fees = json_array();

    if (m->condition)
        set(out, "case", json_string(m->condition));
    if (m->limit.value)
        set(out, "limit",
            json_pack("{s:I, s:s}", "value", (json_int_t)m->limit.value, "unit", limit_unit_name(m->limit.unit)));
    if (m->states_fee)
        append(fees, json_pack("{s:o, s:s}", "amount", m->amount == FEE_UNKNOWN ? json_null() : json_integer(m->amount),
                               "text", m->fee_text));
    set(out, "fees", fees);
    return out;
}

static json_t *paper_new(const struct catalogue_paper *p)
{
    json_t *out = json_pack("{s:s, s:i, s:i, s:s}", "title", *p->title ? p->title : "?", "originals", p->originals,
                            "copies", p->copies, "to", p->present ? "present" : "submit");

    if (p->group)
        set(out, "case", json_string(p->group));
    if (p->form)
        set(out, "form", json_string(p->form));
    return out;
}

static json_t *pairs_new(const struct catalogue_pair *pairs, size_t n, const char *code)
{
    json_t *out = json_array();

    for (size_t i = 0; i < n; i++)
        append(out, json_pack("{s:o, s:s}", code, json_text_or_null(pairs[i].code), "title",
                              *pairs[i].title ? pairs[i].title : "?"));
    return out;
}

json_t *procedure_json_new(const struct procedure *p)
{
    json_t *out = json_pack("{s:s, s:s, s:s, s:o, s:o}", "code", p->code, "name", p->name, "field",
                            p->field ? p->field : "?", "agency_levels", levels_new(p->levels), "who", who_new(p->who)),
           *manners = json_array(), *papers = json_array(), *unsure = json_array();

    if (p->decision)
        set(out, "decision", json_string(p->decision));
    for (size_t i = 0; i < p->n_manners; i++)
        append(manners, manner_new(&p->manners[i]));
    for (size_t i = 0; i < p->n_papers; i++)
        append(papers, paper_new(&p->papers[i]));
    for (size_t i = 0; i < p->n_unsure; i++)
        append(unsure, json_string(p->unsure[i]));
    set(out, "manners", manners);
    set(out, "papers", papers);
    set(out, "results", pairs_new(p->results, p->n_results, "code"));
    set(out, "legal", pairs_new(p->legal, p->n_legal, "number"));
    if (p->steps)
        set(out, "steps", json_string(p->steps));
    set(out, "unsure", unsure);
    return out;
}
