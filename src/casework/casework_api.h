/* What the two API files share: HTTP stays in *_api.c. */
#pragma once

#include "casework/casework_internal.h"
#include "http/http.h"

struct catalogue_filter {
    const char *q, *field, *level, *unit;
};

/* Who asks, from the request. */
struct caller request_caller_of(struct request *q);

/* ---- case_kept.c: replies kept for the next time the same reader asks ---- */
/* Made before the read begins; what is then read may be kept under it. */
struct keeping {
    bool may;
    struct store *store;
    struct kept_state mark;
    size_t len;
    char key[KEPT_KEY_BYTES_MAX];
};
/* What was kept and is true now, a reference; NULL: read it, then keep_reply(). */
struct kept *kept_case(struct keeping *k, struct request *q);
struct kept *kept_list(struct keeping *k, struct request *q, const struct case_query *query);
void keep_reply(const struct keeping *k, int64_t until, struct bytes head, const struct reply *r);
/* Until when what is shown of a case holds, if nobody changes it. */
int64_t case_holds_until(const struct case_file *c, int64_t now);

/* The case of the path; E_NOT_FOUND, and a line in the audit log, when it is not for this caller. */
bool visible_case(struct request *q, struct db *db, struct case_file *c, struct error *e) CHECKED;
/* Whoever looks into another person's case leaves a trace that person can read. */
bool audit_case_read(struct request *q, struct db *db, const struct case_file *c, struct error *e) CHECKED;

/* slip_api.c, likewise */
extern const struct field slips_fields[], register_fields[];
handler_fn get_case_slips, get_case_slip, get_slips, get_register;
/* preview_api.c */
handler_fn get_preview;
/* service_api.c, for the room's one table of routes */
extern const struct field catalogue_query[], flow_query[], form_query[], check_body[], draft_fields[];
handler_fn get_services, get_service, get_flow, get_form, post_check, get_drafts, get_draft, put_draft, delete_draft;
/* board_api.c */
handler_fn get_board;
