/* Who signed for a result: the name of whoever took it at the counter, what they are to the applicant, and what they
 * showed for it. It is part of the event, and so of the chain; the register reads it there. */
#include "casework/casework_internal.h"

#include <string.h>

enum { RECEIVER_NAME_MAX = 200, RECEIVER_PROOF_MAX = 300 };
#define RELATIONS "self|family|agent|other"

static const char *const relations[] = {"self", "family", "agent", "other"};

static bool known_relation(const char *relation)
{
    for (size_t i = 0; i < COUNT(relations); i++)
        if (text_equal(relations[i], relation))
            return true;
    return false;
}

static bool text_fits(const json_t *receiver, const char *member, const char *pointer, size_t max, const char *says,
                      struct error *e)
{
    const json_t *value = json_object_get(receiver, member);

    if (value && !json_is_null(value) && !json_is_string(value))
        return fail_field(e, pointer, "type", "string");
    return !json_is_string(value) || text_length(json_string_value(value)) <= max ||
           fail_field(e, pointer, "maxLength", says);
}

static bool only_known(struct arena *a, const json_t *receiver, struct error *e)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)receiver, name, value) /* the macro only reads */
    {
        if (strcmp(name, "name") != 0 && strcmp(name, "relation") != 0 && strcmp(name, "proof") != 0)
            return fail_field(e, arena_printf(a, "/receiver/%s", name), "additionalProperties", NULL);
    }
    return true;
}

bool receiver_text(struct arena *a, const json_t *receiver, const char **out, struct error *e)
{
    const char *relation = json_str(receiver, "relation"), *proof = json_str(receiver, "proof");

    if (!only_known(a, receiver, e) || !text_fits(receiver, "name", "/receiver/name", RECEIVER_NAME_MAX, "200", e) ||
        !text_fits(receiver, "proof", "/receiver/proof", RECEIVER_PROOF_MAX, "300", e))
        return false;
    if (text_is_blank(json_str(receiver, "name")))
        return fail_field(e, "/receiver/name", "required", NULL);
    if (!known_relation(relation))
        return fail_field(e, "/receiver/relation", "enum", RELATIONS);
    /* Whoever is neither the applicant nor of the family shows by what right they take it. */
    if (text_is_blank(proof) && (strcmp(relation, "agent") == 0 || strcmp(relation, "other") == 0))
        return fail_field(e, "/receiver/proof", "required", NULL);
    *out =
        json_text(a, json_held(a, json_pack("{s:s, s:s, s:o}", "name", json_str(receiver, "name"), "relation", relation,
                                            "proof", json_text_or_null(text_is_blank(proof) ? NULL : proof))));
    return true;
}
