/* What the room's *_api.c files share: handlers, and what a caller may see of a registry. */
#pragma once

#include "http/http.h"
#include "registry/registry_internal.h"

/* A caller's way into one registry: for which purpose, in which case, and what that shows. */
struct access {
    const struct registry *registry;
    const struct actor *who; /* NULL: a stranger */
    const char *purpose;     /* case, self, public, stewardship */
    const char *stated;      /* the purpose as the audit keeps it, with the case's code when one was given */
    int64_t case_id;         /* when the caller gave a number instead */
    struct view view;
};
/* The {name} of the path, ?purpose= and ?case=. E_NOT_FOUND, E_UNAUTHENTICATED or (audited) E_FORBIDDEN. */
bool access_open(struct request *q, struct access *out, struct error *e) CHECKED;
/* Writes down that this record was read, when it is somebody else's personal data. */
void access_audit(struct request *q, const struct access *access, const char *action, const char *key,
                  const json_t *body);
/* The {name} of the path for a steward of its owner; E_FORBIDDEN for all others and for definitions. */
bool steward_open(struct request *q, const struct registry **out, struct error *e) CHECKED;
/* {"code", "name"} or null. New reference. */
json_t *unit_or_null(const struct house *h, int64_t unit, enum lang lang);

handler_fn get_records, get_record, get_history, put_record, patch_record, delete_record;
handler_fn post_import, get_job;
/* definition_api.c */
handler_fn get_definition_drafts, get_definition, put_definition_draft, delete_definition_draft, post_definition_check,
    post_definition_publish, get_definition_diff;
extern const struct field definition_text_fields[], definition_publish_fields[], definition_diff_fields[];
extern const struct field access_fields[], records_fields[], record_fields[], write_fields[], import_fields[];
extern const struct sink import_sink;
/* Makes the folder of uploads, sweeps what a crash left there, names the job's function. */
bool import_start(struct house *h, struct error *e) CHECKED;
