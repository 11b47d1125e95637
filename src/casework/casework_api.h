/* What the two API files share: HTTP stays in *_api.c. */
#pragma once

#include "casework/casework_internal.h"
#include "http/http.h"

struct catalogue_filter {
    const char *q, *field, *level, *unit;
};

/* Who asks, from the request. */
struct caller request_caller_of(struct request *q);

/* service_api.c, for the room's one table of routes */
extern const struct field catalogue_query[], form_query[], check_body[], draft_fields[];
handler_fn get_services, get_service, get_form, post_check, get_drafts, get_draft, put_draft, delete_draft;
