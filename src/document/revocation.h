/* What the authority of a certificate says of it: lists of what it revoked (RFC 5280), replies of its responder (RFC
 * 6960). Judging reads hostile bytes and asks nobody: the worker does it. Asking is for certificates that are trusted.
 */
#pragma once

#include <openssl/ocsp.h>

#include "document/inspect_internal.h"

enum { REPLIES_MAX = 64 };
struct evidence {
    STACK_OF(X509_CRL) * lists;
    OCSP_BASICRESP *replies[REPLIES_MAX];
    size_t n_replies;
};
void evidence_init(struct evidence *v);
void evidence_done(struct evidence *v);
/* DER; what is none is passed over, and counted as not taken. */
bool evidence_add_list(struct evidence *v, struct bytes der);
bool evidence_add_reply(struct evidence *v, struct bytes der);

enum standing { STANDING_UNKNOWN, STANDING_GOOD, STANDING_REVOKED };
/* Was it good at that time? Only what its issuer signed counts, and a list or reply that had lapsed by then says
 * nothing but whom it names as revoked. */
enum standing standing_at(const struct evidence *v, X509 *certificate, X509 *issuer, int64_t at);

/* What was had for one certificate, DER in the arena; at most one of them. */
struct revocation_answer {
    struct bytes list, reply;
    enum standing standing;
};
/* Asks its responder, else for its list; neither when the certificate names none. Waits seconds at most each.
 * E_REVOCATION when nobody gives an answer that holds now. */
bool revocation_ask(X509 *certificate, X509 *issuer, int64_t now, struct arena *a, struct revocation_answer *out,
                    struct error *e) CHECKED;
