/* Issued papers get what proves their signatures later, as soon as others' authorities give it. */
#pragma once

#include "document/document_internal.h"

/* Registers the job, and hears of papers that are issued. Before the jobs start. */
void complete_start(struct house *h);
