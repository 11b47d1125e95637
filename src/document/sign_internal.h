/* What the files about signatures share: keys and their certificates, the house's own authority, signatures in the form
 * of CMS, timestamps, and the PDF that carries them.
 *
 * DATA/keys/authority/  the house's own authority: made at the first start where no other is trusted
 * DATA/keys/trust/      *.pem: certificates of the authorities that are trusted besides
 * DATA/keys/revoked/    DIGEST: a certificate whose authority, another than our own, said that it is revoked
 * DATA/keys/signers/    NAME.pem (a certificate, then its issuers) and NAME.key (the private key, or the one line of a
 *                       pkcs11: URI that says where it is), both for the owner's eyes only */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "document/document_internal.h"
#include "outbound/outbound.h"

enum {
    KEY_FILE_MAX = 1 << 20,
    SIGNER_NAME_MAX = 64,
    SIGNATURE_MAX = 1024, /* one signature value: RSA of 8,192 bits */
    CERTIFICATES_MAX = 16 /* in one chain */
};

/* ---- OpenSSL's objects and scopes ---- */
bool fail_openssl(struct error *e, enum error_code code, const char *what);
struct bytes certificate_der(struct arena *a, const X509 *certificate);

/* ---- authority.c: the house's own ---- */
struct authority;
/* Founds it in the folder when there is none. house: borrowed; its public address, when it has one, is where its
 * certificates say that the lists are. */
bool authority_open(const struct house *house, const char *folder, struct authority **out, struct error *e) CHECKED;
void authority_close(struct authority *x);
struct holder {
    const char *name;         /* of the key: "unit-H29.1", "officer-71234" */
    const char *common;       /* of the person or the agency */
    const char *organisation; /* the agency */
    const char *code;         /* unit code, or number of the officer */
};
/* A new key and a certificate for it, as PEM (with the issuing certificate after it). */
bool authority_enrol(struct authority *x, const struct holder *who, struct arena *a, struct bytes *key,
                     struct bytes *certificates, struct error *e) CHECKED;
/* A certificate for a key that never leaves its token. */
bool authority_certify(struct authority *x, const struct holder *who, EVP_PKEY *public_key, struct arena *a,
                       struct bytes *certificates, struct error *e) CHECKED;
/* From now on in the list of revoked certificates. */
bool authority_revoke(struct authority *x, const X509 *certificate, struct error *e) CHECKED;
const X509 *authority_root(const struct authority *x);
/* What it publishes, by name: "root.crl", "issuing.crl", "root.cer", "issuing.cer", DER, in the arena; false and
 * E_NOT_FOUND of any other. */
bool authority_publishes(struct authority *x, const char *name, struct arena *a, struct bytes *out,
                         struct error *e) CHECKED;
/* The lists in force now (root's, then issuing's), made anew when they are about to lapse. In the arena, DER. */
bool authority_lists(struct authority *x, struct arena *a, struct bytes out[static 2], struct error *e) CHECKED;
bool authority_has_revoked(struct authority *x, const X509 *certificate);
/* Did this authority issue it? */
bool authority_issued(const struct authority *x, const X509 *certificate);

/* ---- token.c: a key in hardware (PKCS#11), by its RFC 7512 URI ---- */
struct token;
/* Opens nothing yet: a token that is not there is told when it is asked to sign. */
bool token_new(const char *uri, struct token **out, struct error *e) CHECKED;
void token_free(struct token *t);
/* Signs a SHA-256 digest; the answer as X.509 writes it (ECDSA-Sig-Value, or PKCS#1 v1.5). E_SIGN_TOKEN when it fails
 * or takes longer than TOKEN_WAIT_MS. */
bool token_sign(struct token *t, bool elliptic, const struct digest *digest, unsigned char out[static SIGNATURE_MAX],
                size_t *len, struct error *e) CHECKED;
/* The public key beside the private one. */
bool token_public_key(struct token *t, EVP_PKEY **out, struct error *e) CHECKED;

/* ---- keys.c: the ring of keys ---- */
struct signer {
    char name[SIGNER_NAME_MAX];
    X509 *certificate;
    X509 *issuers[CERTIFICATES_MAX];
    size_t n_issuers;
    EVP_PKEY *key;       /* in a file, or */
    struct token *token; /* in hardware */
};
struct keyring;
bool keyring_open(const struct house *house, struct keyring **out, struct error *e) CHECKED;
void keyring_close(struct keyring *r);
/* The holder's key, enrolled with the house's own authority when there is none yet. E_SIGN_KEY when there is none and
 * no such authority, or when its certificate is not in force; E_SIGN_REVOKED when it was revoked. It lives as long as
 * the ring. Any thread. */
bool keyring_signer(struct keyring *r, const struct holder *who, const struct signer **out, struct error *e) CHECKED;
struct authority *keyring_authority(const struct keyring *r); /* NULL: others are trusted here */
const char *keyring_folder(const struct keyring *r);          /* DATA/keys */
/* Another's authority says that it revoked this certificate: from now on nothing is signed with it. */
bool keyring_heard_revoked(const struct keyring *r, const X509 *certificate, struct error *e) CHECKED;
bool keyring_is_revoked(const struct keyring *r, const X509 *certificate);
/* Reads NAME.pem and NAME.key, and checks that they belong together. */
bool signer_read(const char *folder, const char *name, struct signer **out, struct error *e) CHECKED;
void signer_free(struct signer *s);
/* Whose key this is. In the arena. */
struct holder holder_of_unit(struct arena *a, const struct unit *u);
struct holder holder_of_officer(struct arena *a, int64_t party, const char *name, const struct unit *u);
/* Certificates that are trusted: the house's own root and those of the folder. Borrowed. */
STACK_OF(X509) * keyring_anchors(const struct keyring *r);
/* The signature over data, checked against the certificate before it is given out. */
bool signer_sign(const struct signer *s, struct bytes data, unsigned char out[static SIGNATURE_MAX], size_t *len,
                 struct error *e) CHECKED;
bool signer_is_elliptic(const struct signer *s);

/* ---- cms.c: a detached CAdES signature (RFC 5652, EN 319 122) ---- */
enum { CMS_ROOM = 2048, CMS_STAMP_ROOM = 10240 }; /* beside the certificates */
size_t cms_room(const struct signer *s, bool stamped);
/* Over the digest of the document. stamp_url: of a timestamp authority, or NULL. */
bool cms_sign(const struct signer *s, const struct digest *document, const char *stamp_url,
              const STACK_OF(X509) * anchors, struct arena *a, struct bytes *out, struct error *e) CHECKED;

/* ---- fetch.c ---- */
/* As outbound_ask(), with waits of its own: seconds at most. An answer of another status than 200 is none. */
bool fetch_answer(const struct outbound *question, struct buf *answer, struct error *e) CHECKED;

/* ---- stamp.c: RFC 3161 ---- */
/* A timestamp token over these bytes, proven: right answer to our question, by a timestamp authority that is trusted.
 */
bool stamp_fetch(const char *url, struct bytes over, const STACK_OF(X509) * anchors, struct arena *a,
                 struct bytes *token, struct error *e) CHECKED;

/* ---- mark.c: what is seen of a signature, drawn as shapes ---- */
struct mark {
    double width, height; /* points */
    struct bytes content; /* PDF operators: no fonts, no transparency */
};
enum mark_kind { MARK_PERSON, MARK_SEAL, MARK_COPY };
struct mark_words {
    const char *name;  /* person or agency */
    const char *above; /* of a copy: "SAO Y" */
    int64_t at;
};
/* Only width and height. */
void mark_size(enum mark_kind kind, struct mark *out);
/* Drawn by the press's threads. */
bool mark_draw(enum mark_kind kind, const struct mark_words *words, struct arena *a, struct mark *out,
               struct error *e) CHECKED;

/* ---- pdf_update.c: additions to a PDF that leave its bytes as they are ---- */
struct pdf_signature {
    const char *field; /* name of the field */
    const char *signer, *reason;
    const char *tip; /* read aloud for the mark */
    int64_t at;
    const struct mark *mark; /* NULL: not seen */
    int page;                /* from 1 */
    double x, y;             /* of the mark's lower left corner */
    bool from_top_right;     /* x and y count from there instead */
    size_t room;             /* bytes of the signature at most */
    bool own;                /* the PDF was drawn here, and nothing in it refers to what it has not */
};
struct pdf_hole {   /* where the signature goes */
    size_t at, len; /* of the hex digits, without < and > */
};
/* Adds a signature field with an empty signature; the bytes but for the hole are what is signed. */
bool pdf_add_signature(struct bytes pdf, const struct pdf_signature *s, struct arena *a, struct bytes *out,
                       struct pdf_hole *hole, struct error *e) CHECKED;
/* What proves signatures later (a document security store), all DER: certificates, lists of what was revoked, and
 * replies of responders. */
struct pdf_proof {
    const struct bytes *certificates, *lists, *replies;
    size_t n_certificates, n_lists, n_replies;
};
/* Adds it to what is there. own: as above. */
bool pdf_add_proof(struct bytes pdf, const struct pdf_proof *proof, bool own, struct arena *a, struct bytes *out,
                   struct error *e) CHECKED;
