/* Timestamps (RFC 3161) over HTTP: a question, an answer, and proof that the answer is to that question and by an
 * authority that is trusted. A slow or lying authority costs seconds at most, and nothing is signed then. */
#include "document/sign_internal.h"

#include <openssl/ts.h>
#include <string.h>

enum { STAMP_BYTES_MAX = 64 << 10, NONCE_BYTES = 8 };

static bool set_nonce(TS_REQ *q)
{
    unsigned char random[NONCE_BYTES];
    ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    BIGNUM *n;
    bool good;

    randombytes_buf(random, sizeof random);
    n = BN_bin2bn(random, sizeof random, NULL);
    good = nonce && n && BN_to_ASN1_INTEGER(n, nonce) && TS_REQ_set_nonce(q, nonce) == 1;
    BN_free(n);
    ASN1_INTEGER_free(nonce);
    return good;
}

/* NULL without memory. */
static TS_REQ *question_new(const struct digest *digest)
{
    TS_REQ *q = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *sha256 = X509_ALGOR_new();
    unsigned char copy[DIGEST_BYTES];
    bool good;

    memcpy(copy, digest->bytes, sizeof copy);
    good = q && imprint && sha256 && TS_REQ_set_version(q, 1) == 1 &&
           X509_ALGOR_set0(sha256, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
           TS_MSG_IMPRINT_set_algo(imprint, sha256) == 1 && TS_MSG_IMPRINT_set_msg(imprint, copy, sizeof copy) == 1 &&
           TS_REQ_set_msg_imprint(q, imprint) == 1 && TS_REQ_set_cert_req(q, 1) == 1 && set_nonce(q);
    TS_MSG_IMPRINT_free(imprint);
    X509_ALGOR_free(sha256);
    if (!good) {
        TS_REQ_free(q);
        return NULL;
    }
    return q;
}

static bool prove(TS_REQ *q, TS_RESP *answer, const STACK_OF(X509) * anchors, struct error *e)
{
    TS_VERIFY_CTX *ctx = TS_REQ_to_TS_VERIFY_CTX(q, NULL);
    X509_STORE *store = X509_STORE_new();
    bool good;

    if (!ctx || !store)
        die("out of memory", 0);
    for (int i = 0; i < sk_X509_num(anchors); i++)
        (void)X509_STORE_add_cert(store, sk_X509_value(anchors, i)); /* one it has already is fine */
    (void)TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
    (void)TS_VERIFY_CTX_set_store(ctx, store); /* the context's from now on */
    good = TS_RESP_verify_response(ctx, answer) == 1;
    TS_VERIFY_CTX_free(ctx);
    return good || fail_openssl(e, E_TIMESTAMP, "the timestamp is not proven");
}

static bool read_answer(TS_REQ *q, const struct buf *body, const STACK_OF(X509) * anchors, struct arena *a,
                        struct bytes *token, struct error *e)
{
    const unsigned char *at = (const unsigned char *)body->data;
    TS_RESP *answer = d2i_TS_RESP(NULL, &at, (long)body->len);
    unsigned char *der = NULL;
    bool good;
    int len;

    if (!answer)
        return fail_openssl(e, E_TIMESTAMP, "the answer is no timestamp");
    good = prove(q, answer, anchors, e);
    len = good ? i2d_PKCS7(TS_RESP_get_token(answer), &der) : 0;
    if (len > 0)
        *token = (struct bytes){arena_strndup(a, (const char *)der, (size_t)len), (size_t)len};
    OPENSSL_free(der);
    TS_RESP_free(answer);
    return good && (len > 0 || fail_openssl(e, E_TIMESTAMP, "keep a timestamp"));
}

bool stamp_fetch(const char *url, struct bytes over, const STACK_OF(X509) * anchors, struct arena *a,
                 struct bytes *token, struct error *e)
{
    auto_buf struct buf body = BUF_INIT(STAMP_BYTES_MAX);
    struct digest digest = digest_of(over);
    TS_REQ *q = question_new(&digest);
    unsigned char *der = NULL;
    int len = q ? i2d_TS_REQ(q, &der) : 0;
    bool good = (len > 0 || fail_openssl(e, E_INTERNAL, "ask for a timestamp")) &&
                fetch_answer(&(struct outbound){.url = url,
                                                .headers = {"Content-Type: application/timestamp-query"},
                                                .body = {der, len > 0 ? (size_t)len : 0},
                                                .code = E_TIMESTAMP},
                             &body, e) &&
                read_answer(q, &body, anchors, a, token, e);

    OPENSSL_free(der);
    TS_REQ_free(q);
    return good;
}
