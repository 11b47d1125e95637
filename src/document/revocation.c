#include "document/revocation.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "document/sign_internal.h"

enum { LISTS_MAX = 256, ADDRESSES_MAX = 4, REPLY_MAX = 64 << 10, LIST_BYTES_MAX = 32 << 20, SKEW_S = 300 };

/* ---- what is at hand ---- */
void evidence_init(struct evidence *v)
{
    *v = (struct evidence){.lists = sk_X509_CRL_new_null()};
    if (!v->lists)
        die("out of memory", 0);
}

void evidence_done(struct evidence *v)
{
    sk_X509_CRL_pop_free(v->lists, X509_CRL_free);
    for (size_t i = 0; i < v->n_replies; i++)
        OCSP_BASICRESP_free(v->replies[i]);
}

bool evidence_add_list(struct evidence *v, struct bytes der)
{
    const unsigned char *at = der.data;
    X509_CRL *one = sk_X509_CRL_num(v->lists) < LISTS_MAX ? d2i_X509_CRL(NULL, &at, (long)der.len) : NULL;

    if (one && sk_X509_CRL_push(v->lists, one) > 0)
        return true;
    X509_CRL_free(one);
    ERR_clear_error();
    return false;
}

bool evidence_add_reply(struct evidence *v, struct bytes der)
{
    const unsigned char *at = der.data;
    OCSP_RESPONSE *whole = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    OCSP_BASICRESP *one =
        whole && OCSP_response_status(whole) == OCSP_RESPONSE_STATUS_SUCCESSFUL && v->n_replies < REPLIES_MAX
            ? OCSP_response_get1_basic(whole)
            : NULL;

    OCSP_RESPONSE_free(whole);
    ERR_clear_error();
    if (one)
        v->replies[v->n_replies++] = one;
    return one != NULL;
}

/* ---- judging ---- */
static bool is_after(const ASN1_TIME *t, int64_t ms)
{
    time_t when = (time_t)(ms / 1000);

    return t && X509_cmp_time(t, &when) > 0;
}

/* A list of changes, or of a part only, does not tell who is not on it. */
static bool is_whole_list(const X509_CRL *list)
{
    return X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) < 0 &&
           X509_CRL_get_ext_by_NID(list, NID_issuing_distribution_point, -1) < 0;
}

static enum standing by_list(X509_CRL *list, X509 *certificate, X509 *issuer, int64_t at)
{
    X509_REVOKED *row = NULL;

    if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) != 0 ||
        X509_CRL_verify(list, X509_get0_pubkey(issuer)) != 1)
        return STANDING_UNKNOWN;
    if (X509_CRL_get0_by_cert(list, &row, certificate) == 1 && !is_after(X509_REVOKED_get0_revocationDate(row), at))
        return STANDING_REVOKED;
    return is_whole_list(list) && is_after(X509_CRL_get0_nextUpdate(list), at) ? STANDING_GOOD : STANDING_UNKNOWN;
}

/* By the issuer itself, or by whom it let answer (RFC 6960, 4.2.2.2). A certificate that served then may have lapsed.
 */
static bool is_answered_by(OCSP_BASICRESP *reply, X509 *issuer)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *issuers = sk_X509_new_null();
    struct tm tm;
    bool good = store && issuers && sk_X509_push(issuers, issuer) > 0 && X509_STORE_add_cert(store, issuer) == 1 &&
                ASN1_TIME_to_tm(OCSP_resp_get0_produced_at(reply), &tm) == 1;

    if (good) {
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), timegm(&tm));
        (void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN); /* cannot fail */
        good = OCSP_basic_verify(reply, issuers, store, 0) == 1;
    }
    sk_X509_free(issuers);
    X509_STORE_free(store);
    return good;
}

static OCSP_SINGLERESP *row_about(OCSP_BASICRESP *reply, X509 *certificate, X509 *issuer)
{
    for (int i = 0; i < OCSP_resp_count(reply); i++) {
        OCSP_SINGLERESP *row = OCSP_resp_get0(reply, i);
        OCSP_CERTID *said = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(row), *ours;
        ASN1_OBJECT *algorithm = NULL;
        const EVP_MD *md =
            OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, said) == 1 ? EVP_get_digestbyobj(algorithm) : NULL;
        bool same;

        ours = md ? OCSP_cert_to_id(md, certificate, issuer) : NULL;
        same = ours && OCSP_id_cmp(ours, said) == 0;
        OCSP_CERTID_free(ours);
        if (same)
            return row;
    }
    return NULL;
}

/* Without an end it says how things stood when it was given. */
static bool holds_at(const ASN1_TIME *from, const ASN1_TIME *until, int64_t at)
{
    return until ? is_after(until, at) : is_after(from, at - DAY_MS);
}

static enum standing by_reply(OCSP_BASICRESP *reply, X509 *certificate, X509 *issuer, int64_t at)
{
    OCSP_SINGLERESP *row = row_about(reply, certificate, issuer);
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
    int status = row ? OCSP_single_get0_status(row, NULL, &revoked, &from, &until) : -1;

    if (status < 0 || !is_answered_by(reply, issuer))
        return STANDING_UNKNOWN;
    if (status == V_OCSP_CERTSTATUS_REVOKED && !is_after(revoked, at))
        return STANDING_REVOKED;
    if (status == V_OCSP_CERTSTATUS_REVOKED)
        return STANDING_GOOD; /* as of then */
    return status == V_OCSP_CERTSTATUS_GOOD && holds_at(from, until, at) ? STANDING_GOOD : STANDING_UNKNOWN;
}

static enum standing worse_of(enum standing a, enum standing b)
{
    return a > b ? a : b;
}

enum standing standing_at(const struct evidence *v, X509 *certificate, X509 *issuer, int64_t at)
{
    enum standing found = STANDING_UNKNOWN;

    for (int i = 0; i < sk_X509_CRL_num(v->lists) && found != STANDING_REVOKED; i++)
        found = worse_of(found, by_list(sk_X509_CRL_value(v->lists, i), certificate, issuer, at));
    for (size_t i = 0; i < v->n_replies && found != STANDING_REVOKED; i++)
        found = worse_of(found, by_reply(v->replies[i], certificate, issuer, at));
    ERR_clear_error();
    return found;
}

/* ---- asking ---- */
struct asking {
    X509 *certificate, *issuer;
    int64_t now;
    struct arena *arena;
    struct revocation_answer *out;
};

static struct bytes kept(struct arena *a, const struct buf *b)
{
    return (struct bytes){arena_strndup(a, b->data ? b->data : "", b->len), b->len};
}

/* Given from the future, it is no answer either. */
static bool is_given(const ASN1_TIME *from, int64_t now)
{
    return from && !is_after(from, now + SKEW_S * 1000);
}

/* Only what is its issuer's and holds now is taken. */
static bool take_list(const struct asking *x, const struct buf *b, struct error *e)
{
    struct evidence v;
    struct bytes der = kept(x->arena, b);
    bool good;

    evidence_init(&v);
    good = evidence_add_list(&v, der) && is_given(X509_CRL_get0_lastUpdate(sk_X509_CRL_value(v.lists, 0)), x->now);
    x->out->standing = good ? standing_at(&v, x->certificate, x->issuer, x->now) : STANDING_UNKNOWN;
    evidence_done(&v);
    if (x->out->standing == STANDING_UNKNOWN)
        return fail(e, E_REVOCATION, "a list that is none, not its issuer's, or lapsed");
    x->out->list = der;
    return true;
}

static bool take_reply(const struct asking *x, const struct buf *b, struct error *e)
{
    struct evidence v;
    struct bytes der = kept(x->arena, b);

    evidence_init(&v);
    x->out->standing =
        evidence_add_reply(&v, der) ? standing_at(&v, x->certificate, x->issuer, x->now) : STANDING_UNKNOWN;
    evidence_done(&v);
    if (x->out->standing == STANDING_UNKNOWN)
        return fail(e, E_REVOCATION, "a reply that is none, not its issuer's, not about this certificate, or lapsed");
    x->out->reply = der;
    return true;
}

static bool ask_responder(const struct asking *x, const char *url, struct error *e)
{
    auto_buf struct buf answer = BUF_INIT(REPLY_MAX);
    OCSP_REQUEST *q = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), x->certificate, x->issuer); /* what every responder knows */
    unsigned char *der = NULL;
    int len = 0;
    bool good;

    if (q && id && OCSP_request_add0_id(q, id))
        len = i2d_OCSP_REQUEST(q, &der);
    else
        OCSP_CERTID_free(id);
    good = (len > 0 || fail_openssl(e, E_INTERNAL, "ask a responder")) &&
           fetch_answer(&(struct outbound){.url = url,
                                           .headers = {"Content-Type: application/ocsp-request"},
                                           .body = {der, len > 0 ? (size_t)len : 0},
                                           .code = E_REVOCATION},
                        &answer, e) &&
           take_reply(x, &answer, e);
    OPENSSL_free(der);
    OCSP_REQUEST_free(q);
    return good;
}

static bool ask_list(const struct asking *x, const char *url, struct error *e)
{
    auto_buf struct buf answer = BUF_INIT(LIST_BYTES_MAX);

    return fetch_answer(&(struct outbound){.url = url, .code = E_REVOCATION}, &answer, e) && take_list(x, &answer, e);
}

/* The places where the issuer's list lies, over HTTP; in the arena. */
static size_t list_addresses(const X509 *certificate, struct arena *a, const char *out[static ADDRESSES_MAX])
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
    size_t n = 0;

    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;
        const GENERAL_NAMES *names = name && name->type == 0 ? name->name.fullname : NULL;

        for (int k = 0; k < sk_GENERAL_NAME_num(names) && n < ADDRESSES_MAX; k++) {
            const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, k);
            const ASN1_STRING *uri = one->type == GEN_URI ? one->d.uniformResourceIdentifier : NULL;
            const char *text = uri ? (const char *)ASN1_STRING_get0_data(uri) : "";

            if (text_starts_with(text, "http"))
                out[n++] = arena_strndup(a, text, (size_t)ASN1_STRING_length(uri));
        }
    }
    CRL_DIST_POINTS_free(points);
    return n;
}

static size_t responder_addresses(X509 *certificate, struct arena *a, const char *out[static ADDRESSES_MAX])
{
    STACK_OF(OPENSSL_STRING) *found = X509_get1_ocsp(certificate);
    size_t n = 0;

    for (int i = 0; i < sk_OPENSSL_STRING_num(found) && n < ADDRESSES_MAX; i++)
        if (text_starts_with(sk_OPENSSL_STRING_value(found, i), "http"))
            out[n++] = arena_strdup(a, sk_OPENSSL_STRING_value(found, i));
    X509_email_free(found);
    return n;
}

typedef bool ask_fn(const struct asking *x, const char *url, struct error *e);

/* Each in turn; *e keeps the last that failed. */
static bool ask_any(const struct asking *x, ask_fn *ask, const char *const *urls, size_t n, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        error_done(e);
        error_init(e);
        if (ask(x, urls[i], e))
            return true;
    }
    return false;
}

bool revocation_ask(X509 *certificate, X509 *issuer, int64_t now, struct arena *a, struct revocation_answer *out,
                    struct error *e)
{
    const char *responders[ADDRESSES_MAX], *lists[ADDRESSES_MAX];
    size_t n = responder_addresses(certificate, a, responders), m = list_addresses(certificate, a, lists);
    struct asking x = {certificate, issuer, now, a, out};

    *out = (struct revocation_answer){.standing = STANDING_UNKNOWN};
    if ((n == 0 && m == 0) || ask_any(&x, ask_responder, responders, n, e))
        return true;
    if (m == 0 || !ask_any(&x, ask_list, lists, m, e))
        return false;
    error_done(e);
    error_init(e);
    return true;
}
