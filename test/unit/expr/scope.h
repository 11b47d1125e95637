/* A form to compute over, and one call for "what does this expression say". */
#pragma once

#include "base/base.h"
#include "expr/expr.h"

static const char form_text[] =
    "{\"copies\": 3, \"share\": 0.5, \"married\": true, \"note\": null, \"full_name\": \"Nguyễn Thị Đào\","
    " \"birth_date\": \"1990-11-22\", \"list\": [10, 20, {\"deep\": {\"er\": \"found\"}}], \"empty\": {},"
    " \"place\": {\"ward\": \"Phường Sài Gòn\"}, \"number\": \"079090000001\"}";

/* The result as compact JSON, or the detail of the error. */
static inline const char *says(struct arena *a, const char *source)
{
    json_auto_t *form = json_loads(form_text, 0, NULL), *today = json_string("2026-11-21"), *result = NULL;
    const struct expr_scope scope[] = {{"form", form}, {"today", today}, {"applicant", NULL}, {0}};
    struct expr *x;
    struct error e = {0};

    if (!expr_compile(a, source, &x, &e) || !expr_json(x, scope, &result, &e))
        return arena_strdup(a, e.detail);
    return json_text(a, result);
}
