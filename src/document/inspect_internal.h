/* Reading foreign PDFs: what the files of inspection share. Nothing here touches the data folder or the database. */
#pragma once

#include <jansson.h>
#include <openssl/x509.h>
#include <qpdf/qpdf-c.h>

#include "base/base.h"

/* Of a whole file, from good to worse: the worst of its signatures is the file's. */
enum outcome {
    OUTCOME_UNSIGNED,
    OUTCOME_SOUND,
    OUTCOME_UNTRUSTED, /* intact, by somebody no trusted authority vouches for */
    OUTCOME_EXPIRED,   /* intact, by a certificate that was not in force */
    OUTCOME_REVOKED,
    OUTCOME_CHANGED, /* intact, and then something else was added that people see */
    OUTCOME_PARTIAL, /* a signature over less than a whole file */
    OUTCOME_ALTERED, /* the bytes are not those that were signed */
    OUTCOME_ENCRYPTED,
    OUTCOME_BROKEN,     /* no PDF that can be read */
    OUTCOME_UNREADABLE, /* whoever tried to read it died, or took too long */
    OUTCOME__COUNT,
};
const char *outcome_name(enum outcome o);

struct trust {
    STACK_OF(X509) * anchors;
    STACK_OF(X509_CRL) * lists;
    int64_t now;
};

/* {"outcome", "signatures": [{…}]}. Any bytes are fine. New reference. */
json_t *inspect_new(struct bytes pdf, const struct trust *trust);
struct evidence;
/* Of a PDF of ours: every certificate that its signatures, their timestamps and its store of proofs bring along goes
 * behind certificates, its lists and replies into *v. False when it bears no signature. */
bool inspect_evidence(struct bytes pdf, STACK_OF(X509) * certificates, struct evidence *v);
/* Without signatures. New reference. */
json_t *inspect_plain_new(enum outcome outcome);

/* ---- changes.c ---- */
enum pdf_state { PDF_GOOD, PDF_ENCRYPTED, PDF_BROKEN };
/* Repairs nothing: what must be guessed at proves nothing. Close it, whatever the state. */
enum pdf_state pdf_read(struct bytes pdf, qpdf_data *out);
void pdf_close(qpdf_data *q);

enum change { CHANGE_NONE, CHANGE_SIGNATURES, CHANGE_FORM, CHANGE_ANNOTATIONS, CHANGE_CONTENT, CHANGE__COUNT };
/* What the file adds to its first len bytes, which are a document by themselves; CHANGE__COUNT when they are none. */
enum change changes_since(struct bytes pdf, size_t len, struct arena *a);
