/* What was found of the signatures in uploaded PDFs. */
#pragma once

#include "document/document_internal.h"

/* Inside the write that adds an upload: it will be looked at, if it is a PDF. */
bool check_ask(struct db *db, const struct document *d, struct error *e) CHECKED;
/* {"outcome", "checked_at", "signatures"}; JSON null for what is not looked at. New reference. */
bool check_json_new(struct db *db, const struct document *d, json_t **out, struct error *e) CHECKED;
/* Registers the job. Before the jobs start. */
void checks_start(struct house *h);
