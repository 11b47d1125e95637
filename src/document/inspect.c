/* What a signed PDF proves: who signed it and when, whether the bytes are those that were signed, whether the signer's
 * certificate leads to an authority that is trusted, and what was added after the signature. Reads hostile bytes: runs
 * in a worker (worker.c), never beside the data.
 *
 * A signature may cover a revision only, as a second signature is added behind the first. Then that revision is read by
 * itself, object by object, beside the whole file: what differs is told, and only signatures and their proofs may. */
#include "document/inspect_internal.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <qpdf/qpdf-c.h>
#include <string.h>

#include "document/revocation.h"

enum {
    SIGNATURES_MAX = 16,
    FIELDS_MAX = 5000,
    FIELD_DEPTH = 16,
    CMS_MAX = 1 << 20,
    NAME_MAX_BYTES = 512,
    KNOWN_MAX = 256
};

/* clang-format off */
static const char *const outcome_names[OUTCOME__COUNT] = {
    [OUTCOME_UNSIGNED] = "unsigned", [OUTCOME_SOUND] = "sound", [OUTCOME_UNTRUSTED] = "untrusted",
    [OUTCOME_EXPIRED] = "expired", [OUTCOME_REVOKED] = "revoked", [OUTCOME_CHANGED] = "changed",
    [OUTCOME_PARTIAL] = "partial", [OUTCOME_ALTERED] = "altered", [OUTCOME_ENCRYPTED] = "encrypted",
    [OUTCOME_BROKEN] = "broken", [OUTCOME_UNREADABLE] = "unreadable",
};
static const char *const change_names[CHANGE__COUNT] = {
    [CHANGE_NONE] = "none", [CHANGE_SIGNATURES] = "signatures", [CHANGE_FORM] = "form",
    [CHANGE_ANNOTATIONS] = "annotations", [CHANGE_CONTENT] = "content",
};
/* clang-format on */

const char *outcome_name(enum outcome o)
{
    return outcome_names[o];
}

struct inspection {
    struct bytes pdf;
    const struct trust *trust;
    struct arena *arena;
    qpdf_data q;
    STACK_OF(X509) * known;      /* issuers that the file brings along */
    struct evidence house, file; /* of what was revoked: ours, and what the file brings along */
    size_t n_fields, n;
    struct found {
        qpdf_oh value;
        const char *field;
    } found[SIGNATURES_MAX];
};

/* One signature, as far as it was read. */
struct judged {
    enum outcome outcome;
    enum change changes;
    size_t gap, after, tail; /* the range: 0…gap, after…after + tail */
    bool whole, stamped;
    bool baseline;      /* of the form that PAdES asks for */
    bool signer_proven; /* the file itself proves of the whole chain that nothing of it was revoked */
    bool stamp_proven;
    enum standing standing; /* of the signer's chain, by all that is known */
    int64_t signed_at, stamped_at;
    const char *stamp_by, *field, *common, *organisation, *code, *issuer, *serial, *trust, *algorithm;
};

static void worse(struct judged *j, enum outcome outcome)
{
    if (outcome > j->outcome)
        j->outcome = outcome;
}

/* ---- the file's own fields ---- */
static const char *text_of(struct inspection *x, qpdf_oh value)
{
    const char *s = qpdf_oh_is_string(x->q, value) ? qpdf_oh_get_utf8_value(x->q, value) : NULL;
    size_t len = s ? strnlen(s, NAME_MAX_BYTES) : 0;
    char *out;

    if (!s || !text_is_utf8(s, len))
        return NULL;
    out = arena_strndup(x->arena, s, len);
    text_truncate_utf8(out);
    return out;
}

static bool is_signature_field(qpdf_data q, qpdf_oh field)
{
    for (int up = 0; up < FIELD_DEPTH && qpdf_oh_is_dictionary(q, field); up++) {
        qpdf_oh type = qpdf_oh_get_key(q, field, "/FT");

        if (qpdf_oh_is_name(q, type))
            return strcmp(qpdf_oh_get_name(q, type), "/Sig") == 0;
        field = qpdf_oh_get_key(q, field, "/Parent");
    }
    return false;
}

/* False when there is more than a paper has. */
static bool find_fields(struct inspection *x, qpdf_oh fields, int depth)
{
    int n = qpdf_oh_is_array(x->q, fields) ? qpdf_oh_get_array_n_items(x->q, fields) : 0;

    if (depth == FIELD_DEPTH)
        return false;
    for (int i = 0; i < n; i++) {
        qpdf_oh field = qpdf_oh_get_array_item(x->q, fields, i), value;

        if (++x->n_fields > FIELDS_MAX)
            return false;
        if (!qpdf_oh_is_dictionary(x->q, field))
            continue;
        if (!find_fields(x, qpdf_oh_get_key(x->q, field, "/Kids"), depth + 1))
            return false;
        value = qpdf_oh_get_key(x->q, field, "/V");
        if (!qpdf_oh_is_dictionary(x->q, value) || !is_signature_field(x->q, field))
            continue;
        if (x->n == SIGNATURES_MAX)
            return false;
        x->found[x->n++] = (struct found){value, text_of(x, qpdf_oh_get_key(x->q, field, "/T"))};
    }
    return true;
}

/* ---- the range ---- */
static int hex_value(unsigned char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Exactly <hex…>, in one case of letters, and what the object says: anything else in the gap would be signed by nobody,
 * and read by somebody. */
static bool read_gap(struct inspection *x, const struct judged *j, qpdf_oh value, struct bytes *cms)
{
    const unsigned char *at = (const unsigned char *)x->pdf.data + j->gap;
    size_t len = j->after - j->gap, n = (len - 2) / 2, said_len = 0;
    unsigned char *out;
    const char *said = qpdf_oh_get_binary_string_value(x->q, qpdf_oh_get_key(x->q, value, "/Contents"), &said_len);
    bool lower = false, upper = false;

    if (len < 4 || len % 2 || n > CMS_MAX || at[0] != '<' || at[len - 1] != '>')
        return false;
    out = arena_alloc(x->arena, n);
    for (size_t i = 0; i < n; i++) {
        unsigned char a = at[1 + 2 * i], b = at[2 + 2 * i];

        if (hex_value(a) < 0 || hex_value(b) < 0)
            return false;
        lower |= a >= 'a' || b >= 'a';
        upper |= (a >= 'A' && a <= 'F') || (b >= 'A' && b <= 'F');
        out[i] = (unsigned char)(hex_value(a) << 4 | hex_value(b));
    }
    *cms = (struct bytes){out, n};
    return said_len == n && memcmp(said, out, n) == 0 && !(lower && upper);
}

static bool read_range(struct inspection *x, struct judged *j, qpdf_oh value)
{
    qpdf_oh range = qpdf_oh_get_key(x->q, value, "/ByteRange");
    long long v[4];

    if (!qpdf_oh_is_array(x->q, range) || qpdf_oh_get_array_n_items(x->q, range) != 4)
        return false;
    for (int i = 0; i < 4; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(x->q, range, i);

        if (!qpdf_oh_is_integer(x->q, item))
            return false;
        v[i] = qpdf_oh_get_int_value(x->q, item);
        if (v[i] < 0 || v[i] > (long long)x->pdf.len)
            return false;
    }
    if (v[0] != 0 || v[2] < v[1] || (size_t)(v[2] + v[3]) > x->pdf.len)
        return false;
    j->gap = (size_t)v[1];
    j->after = (size_t)v[2];
    j->tail = (size_t)v[3];
    j->whole = j->after + j->tail == x->pdf.len;
    return true;
}

/* ---- the signature itself ---- */
static struct bytes trimmed(struct bytes cms, bool *padded_well)
{
    const unsigned char *at = cms.data, *start = cms.data;
    CMS_ContentInfo *parsed = d2i_CMS_ContentInfo(NULL, &at, (long)cms.len);
    size_t len = parsed ? (size_t)(at - start) : 0;

    CMS_ContentInfo_free(parsed);
    *padded_well = len > 0;
    for (size_t i = len; i < cms.len; i++)
        *padded_well &= start[i] == 0;
    return (struct bytes){start, len};
}

static bool digest_fits(struct inspection *x, const struct judged *j, CMS_SignerInfo *si)
{
    X509_ALGOR *algorithm;
    const EVP_MD *md;
    unsigned char found[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const ASN1_OCTET_STRING *said =
        CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *data = x->pdf.data;
    bool good;

    CMS_SignerInfo_get0_algs(si, NULL, NULL, &algorithm, NULL);
    md = EVP_get_digestbyobj(algorithm->algorithm);
    good = said && md && EVP_MD_get_size(md) >= DIGEST_BYTES && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
           EVP_DigestUpdate(ctx, data, j->gap) == 1 && EVP_DigestUpdate(ctx, data + j->after, j->tail) == 1 &&
           EVP_DigestFinal_ex(ctx, found, &len) == 1 && ASN1_STRING_length(said) == (int)len &&
           memcmp(ASN1_STRING_get0_data(said), found, len) == 0;
    EVP_MD_CTX_free(ctx);
    return good;
}

/* The certificate that verifies is the one that was meant (RFC 5035). Older signatures do not say. */
static bool names_certificate(CMS_SignerInfo *si, X509 *signer)
{
    const ASN1_STRING *value =
        CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_id_smime_aa_signingCertificateV2), -3, V_ASN1_SEQUENCE);
    const unsigned char *at = value ? ASN1_STRING_get0_data(value) : NULL;
    ESS_SIGNING_CERT_V2 *named;
    STACK_OF(X509) * chain;
    bool good;

    if (!value)
        return CMS_signed_get_attr_by_NID(si, NID_id_smime_aa_signingCertificateV2, -1) < 0;
    named = d2i_ESS_SIGNING_CERT_V2(NULL, &at, ASN1_STRING_length(value));
    chain = sk_X509_new_null();
    good =
        named && chain && sk_X509_push(chain, signer) > 0 && OSSL_ESS_check_signing_certs(NULL, named, chain, 0) == 1;
    sk_X509_free(chain);
    ESS_SIGNING_CERT_V2_free(named);
    return good;
}

static const char *name_part(struct inspection *x, const X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    unsigned char *utf8 = NULL;
    int len = at < 0 ? -1 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    char *out = NULL;

    if (len > 0 && len < NAME_MAX_BYTES && text_is_utf8((const char *)utf8, (size_t)len))
        out = arena_strndup(x->arena, (const char *)utf8, (size_t)len);
    OPENSSL_free(utf8);
    return out;
}

static void describe(struct inspection *x, struct judged *j, const X509 *signer)
{
    const X509_NAME *subject = X509_get_subject_name(signer), *issuer = X509_get_issuer_name(signer);
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(signer), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;

    j->common = name_part(x, subject, NID_commonName);
    j->organisation = name_part(x, subject, NID_organizationName);
    j->code = name_part(x, subject, NID_serialNumber);
    j->issuer = name_part(x, issuer, NID_commonName);
    j->serial = hex ? arena_strndup(x->arena, hex, strnlen(hex, NAME_MAX_BYTES)) : NULL;
    OPENSSL_free(hex);
    BN_free(n);
}

/* ---- the chain ---- */
static X509_STORE *store_of(const struct trust *t)
{
    X509_STORE *store = X509_STORE_new();

    for (int i = 0; store && i < sk_X509_num(t->anchors); i++)
        (void)X509_STORE_add_cert(store, sk_X509_value(t->anchors, i)); /* one it has already is fine */
    return store;
}

/* Up to what is trusted; NULL, and why, when it leads to nothing. The caller's. */
static STACK_OF(X509) * chain_of(struct inspection *x, X509 *leaf, int64_t at, int *why)
{
    X509_STORE *store = store_of(x->trust);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = NULL;

    *why = X509_V_ERR_UNSPECIFIED;
    if (store && ctx && X509_STORE_CTX_init(ctx, store, leaf, x->known) == 1) {
        X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)(at / 1000));
        (void)X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
        *why = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
        if (*why == X509_V_OK)
            chain = X509_STORE_CTX_get1_chain(ctx);
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return chain;
}

/* Of all below what is trusted. *proven: the file alone proves each of them good. */
static enum standing standing_of(const struct inspection *x, STACK_OF(X509) * chain, int64_t at, bool *proven)
{
    enum standing found = STANDING_GOOD;

    *proven = sk_X509_num(chain) > 1;
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        X509 *one = sk_X509_value(chain, i), *issuer = sk_X509_value(chain, i + 1);
        enum standing brought = standing_at(&x->file, one, issuer, at), ours = standing_at(&x->house, one, issuer, at);

        if (brought == STANDING_REVOKED || ours == STANDING_REVOKED)
            return STANDING_REVOKED;
        *proven = *proven && brought == STANDING_GOOD;
        if (brought == STANDING_UNKNOWN && ours == STANDING_UNKNOWN)
            found = STANDING_UNKNOWN;
    }
    return sk_X509_num(chain) > 1 ? found : STANDING_UNKNOWN;
}

/* When there is a timestamp, as of then; else as of now: what a signature says of its own time proves nothing. */
static void judge_chain(struct inspection *x, struct judged *j, X509 *signer)
{
    int64_t at = j->stamped ? j->stamped_at : x->trust->now;
    int why;
    STACK_OF(X509) *chain = chain_of(x, signer, at, &why);

    if (chain)
        j->standing = standing_of(x, chain, at, &j->signer_proven);
    if (why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID) {
        j->trust = "expired";
        worse(j, OUTCOME_EXPIRED);
    } else if (!chain) {
        j->trust = "unknown";
        worse(j, OUTCOME_UNTRUSTED);
    } else if (j->standing == STANDING_REVOKED) {
        j->trust = "revoked";
        worse(j, OUTCOME_REVOKED);
    } else {
        j->trust = "trusted";
    }
    sk_X509_pop_free(chain, X509_free);
}

/* ---- the timestamp ---- */
static int64_t instant_of_time(const ASN1_TIME *t)
{
    struct tm tm;

    return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : INSTANT_NONE;
}

static bool stamp_fits(const struct inspection *x, PKCS7 *token, const ASN1_OCTET_STRING *over)
{
    TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
    BIO *data = BIO_new_mem_buf(ASN1_STRING_get0_data(over), ASN1_STRING_length(over));
    bool good;

    if (!ctx || !data)
        return false;
    (void)TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
    (void)TS_VERIFY_CTX_set_data(ctx, data);                /* the context's from now on */
    (void)TS_VERIFY_CTX_set_store(ctx, store_of(x->trust)); /* likewise */
    good = TS_RESP_verify_token(ctx, token) == 1;
    TS_VERIFY_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

static void know(struct inspection *x, X509 *one)
{
    if (sk_X509_num(x->known) < KNOWN_MAX && X509_up_ref(one) && sk_X509_push(x->known, one) <= 0)
        X509_free(one);
}

static void know_all(struct inspection *x, STACK_OF(X509) * brought)
{
    for (int i = 0; i < sk_X509_num(brought); i++)
        know(x, sk_X509_value(brought, i));
}

/* A timestamp by a key that was revoked by then proves nothing. */
static bool stamper_stands(struct inspection *x, struct judged *j, X509 *stamper, int64_t at)
{
    int why;
    STACK_OF(X509) *chain = chain_of(x, stamper, at, &why);
    enum standing standing = chain ? standing_of(x, chain, at, &j->stamp_proven) : STANDING_UNKNOWN;

    sk_X509_pop_free(chain, X509_free);
    return standing != STANDING_REVOKED;
}

/* One that does not fit, or is by nobody we trust, proves nothing, and the signature stands without it. */
static void read_stamp(struct inspection *x, struct judged *j, CMS_SignerInfo *si)
{
    const ASN1_STRING *value =
        CMS_unsigned_get0_data_by_OBJ(si, OBJ_nid2obj(NID_id_smime_aa_timeStampToken), -3, V_ASN1_SEQUENCE);
    const unsigned char *at = value ? ASN1_STRING_get0_data(value) : NULL;
    PKCS7 *token = value ? d2i_PKCS7(NULL, &at, ASN1_STRING_length(value)) : NULL;
    TS_TST_INFO *info = token && PKCS7_type_is_signed(token) ? PKCS7_to_TS_TST_INFO(token) : NULL;
    int64_t when = info ? instant_of_time(TS_TST_INFO_get_time(info)) : INSTANT_NONE;

    if (when != INSTANT_NONE && stamp_fits(x, token, CMS_SignerInfo_get0_signature(si))) {
        STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);

        know_all(x, token->d.sign->cert);
        if (sk_X509_num(signers) > 0 && stamper_stands(x, j, sk_X509_value(signers, 0), when)) {
            j->stamped = true;
            j->stamped_at = when;
            j->stamp_by = name_part(x, X509_get_subject_name(sk_X509_value(signers, 0)), NID_commonName);
        }
        sk_X509_free(signers);
    }
    TS_TST_INFO_free(info);
    PKCS7_free(token);
    ERR_clear_error();
}

/* ---- the frame around it, that nobody signs: it must be as RFC 5652 wants it, and say what the signature says ---- */
enum way { BEHIND, INSIDE };
/* Steps over the next element, or into it; *content is what it holds. */
static bool step(struct bytes *at, int wanted, enum way way, struct bytes *content)
{
    const unsigned char *start = at->data, *p = start;
    bool whole = wanted == V_ASN1_INTEGER || wanted == V_ASN1_OBJECT;
    long len;
    int tag, class, said = at->len ? ASN1_get_object(&p, &len, &tag, &class, (long)at->len) : 0x80;

    if (said & 0x81 || tag != wanted || whole == ((said & V_ASN1_CONSTRUCTED) != 0))
        return false; /* broken, or of no fixed length: none of these is DER */
    *content = (struct bytes){p, (size_t)len};
    *at = way == INSIDE ? *content : (struct bytes){p + len, at->len - (size_t)(p - start) - (size_t)len};
    return true;
}

/* Of the one signer's digest, and no other. */
static bool names_digest(struct bytes set, const X509_ALGOR *wanted)
{
    const unsigned char *at = set.data;
    X509_ALGOR *one = d2i_X509_ALGOR(NULL, &at, (long)set.len);
    int type = V_ASN1_UNDEF;
    bool good;

    if (one)
        X509_ALGOR_get0(NULL, &type, NULL, one);
    good = one && at == (const unsigned char *)set.data + set.len && OBJ_cmp(one->algorithm, wanted->algorithm) == 0 &&
           (type == V_ASN1_UNDEF || type == V_ASN1_NULL);
    X509_ALGOR_free(one);
    return good;
}

static bool is_number(struct bytes content, int wanted)
{
    return content.len == 1 && *(const unsigned char *)content.data == wanted;
}

/* Whatever it is. */
static bool skip(struct bytes *at)
{
    const unsigned char *p = at->data;
    long len;
    int tag, class;

    if (!at->len || ASN1_get_object(&p, &len, &tag, &class, (long)at->len) & 0x80)
        return false;
    p += len;
    *at = (struct bytes){p, at->len - (size_t)(p - (const unsigned char *)at->data)};
    return true;
}

/* What is signed is the attributes as DER writes them, whatever stands here in their place. at: behind the version. */
static bool attributes_fit(struct bytes at)
{
    struct bytes attribute, name, values;

    if (!skip(&at) || !step(&at, V_ASN1_SEQUENCE, BEHIND, &attribute) || !step(&at, 0, INSIDE, &attribute))
        return false;
    while (at.len)
        if (!step(&at, V_ASN1_SEQUENCE, BEHIND, &attribute) || !step(&attribute, V_ASN1_OBJECT, BEHIND, &name) ||
            !step(&attribute, V_ASN1_SET, BEHIND, &values) || attribute.len)
            return false;
    return true;
}

static bool frame_fits(struct bytes der, CMS_ContentInfo *cms, CMS_SignerInfo *si)
{
    struct bytes at = der, content, version, digests;
    ASN1_OCTET_STRING *by_key = NULL;
    X509_ALGOR *digest;
    int wanted;

    CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
    (void)CMS_SignerInfo_get0_signer_id(si, &by_key, NULL, NULL); /* leaves it NULL when it names an issuer */
    wanted = by_key ? 3 : 1;
    if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data || !step(&at, V_ASN1_SEQUENCE, INSIDE, &content) ||
        !step(&at, V_ASN1_OBJECT, BEHIND, &content) || !step(&at, 0, INSIDE, &content) ||
        !step(&at, V_ASN1_SEQUENCE, INSIDE, &content) || !step(&at, V_ASN1_INTEGER, BEHIND, &version) ||
        !step(&at, V_ASN1_SET, BEHIND, &digests) || !is_number(version, wanted) || !names_digest(digests, digest) ||
        !step(&at, V_ASN1_SEQUENCE, BEHIND, &content))
        return false;
    (void)step(&at, 0, BEHIND, &content); /* certificates; there may be none */
    (void)step(&at, 1, BEHIND, &content); /* lists, likewise */
    return step(&at, V_ASN1_SET, INSIDE, &content) && step(&at, V_ASN1_SEQUENCE, INSIDE, &content) &&
           step(&at, V_ASN1_INTEGER, BEHIND, &version) && is_number(version, wanted) && attributes_fit(at);
}

/* The name of the whole algorithm fits the digest and the key. */
static bool algorithm_fits(CMS_SignerInfo *si, const X509 *signer)
{
    X509_ALGOR *digest, *whole;
    int by_digest, by_key, key = EVP_PKEY_get_base_id(X509_get0_pubkey(signer)), nid;

    CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &whole);
    nid = OBJ_obj2nid(whole->algorithm);
    if (!OBJ_find_sigid_algs(nid, &by_digest, &by_key))
        return nid == key; /* only the key's, as older signatures say it */
    return (by_digest == NID_undef || by_digest == OBJ_obj2nid(digest->algorithm)) &&
           (by_key == key || nid == NID_rsassaPss);
}

/* Letter by letter: that they mean the same is not enough for what nobody signed. */
static bool names_issuer(CMS_SignerInfo *si, const X509 *signer)
{
    X509_NAME *named = NULL;
    const unsigned char *one, *other;
    size_t n, m;

    if (CMS_SignerInfo_get0_signer_id(si, NULL, &named, NULL) != 1 || !named)
        return true; /* it names the key instead */
    return X509_NAME_get0_der(named, &one, &n) == 1 &&
           X509_NAME_get0_der(X509_get_issuer_name(signer), &other, &m) == 1 && n == m && memcmp(one, other, n) == 0;
}

/* What it brings along is unsigned too: of one that is believed, each certificate leads to what is trusted. */
static bool bag_fits(struct inspection *x, CMS_ContentInfo *cms)
{
    STACK_OF(X509) *brought = CMS_get1_certs(cms);
    bool good = true;

    for (int i = 0; good && i < sk_X509_num(brought); i++) {
        int why;
        STACK_OF(X509) *chain = chain_of(x, sk_X509_value(brought, i), x->trust->now, &why);

        good = chain || why == X509_V_ERR_CERT_HAS_EXPIRED;
        sk_X509_pop_free(chain, X509_free);
    }
    sk_X509_pop_free(brought, X509_free);
    return good;
}

/* A signature is believed only of who may sign: not of an authority, nor of a server. */
static bool may_sign(X509 *signer)
{
    uint32_t usage = X509_get_key_usage(signer);

    return !X509_check_ca(signer) && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
}

static X509 *signer_of(CMS_ContentInfo *cms, CMS_SignerInfo *si)
{
    X509 *signer = NULL;

    if (CMS_set1_signers_certs(cms, NULL, 0) == 1)
        CMS_SignerInfo_get0_algs(si, NULL, &signer, NULL, NULL);
    return signer;
}

static void judge_signer(struct inspection *x, struct judged *j, CMS_ContentInfo *cms, CMS_SignerInfo *si)
{
    const ASN1_OBJECT *type = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT);
    X509 *signer = signer_of(cms, si);

    if (!signer) {
        worse(j, OUTCOME_ALTERED);
        return;
    }
    describe(x, j, signer);
    if (!type || OBJ_obj2nid(type) != NID_pkcs7_data || !digest_fits(x, j, si) || CMS_SignerInfo_verify(si) != 1 ||
        !names_certificate(si, signer) || !names_issuer(si, signer) || !algorithm_fits(si, signer)) {
        worse(j, OUTCOME_ALTERED);
        return;
    }
    read_stamp(x, j, si);
    judge_chain(x, j, signer);
    if (!may_sign(signer) || !bag_fits(x, cms))
        worse(j, OUTCOME_UNTRUSTED);
}

static void add_known(struct inspection *x, CMS_ContentInfo *cms)
{
    STACK_OF(X509) *brought = CMS_get1_certs(cms);

    know_all(x, brought);
    sk_X509_pop_free(brought, X509_free);
}

static void judge_cms(struct inspection *x, struct judged *j, struct bytes padded)
{
    bool padded_well;
    struct bytes der = trimmed(padded, &padded_well);
    const unsigned char *at = der.data;
    CMS_ContentInfo *cms = padded_well ? d2i_CMS_ContentInfo(NULL, &at, (long)der.len) : NULL;
    STACK_OF(CMS_SignerInfo) *signers = NULL;

    if (cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed && CMS_is_detached(cms) == 1)
        signers = CMS_get0_SignerInfos(cms);
    if (sk_CMS_SignerInfo_num(signers) == 1 && frame_fits(der, cms, sk_CMS_SignerInfo_value(signers, 0))) {
        add_known(x, cms);
        judge_signer(x, j, cms, sk_CMS_SignerInfo_value(signers, 0));
    } else {
        worse(j, OUTCOME_ALTERED);
    }
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
}

static const char *date_digits(const char *s)
{
    return s && strncmp(s, "D:", 2) == 0 ? s + 2 : s;
}

/* "D:20261126075028+07'00'", as the signer claims it. */
static int64_t claimed_time(const char *s)
{
    const char *d = date_digits(s);
    char text[INSTANT_TEXT_MAX];
    int64_t ms;

    if (!d || strspn(d, "0123456789") < 14)
        return INSTANT_NONE;
    (void)snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%s%.2s%s%.2s", d, d + 4, d + 6, d + 8, d + 10,
                   d + 12, d[14] == '+' || d[14] == '-' ? (d[14] == '+' ? "+" : "-") : "Z",
                   d[14] == '+' || d[14] == '-' ? d + 15 : "", d[14] == '+' || d[14] == '-' ? ":" : "",
                   (d[14] == '+' || d[14] == '-') && strnlen(d, 20) > 18 ? d + 18 : "");
    return instant_parse(text, &ms) ? ms : INSTANT_NONE;
}

static bool is_baseline(const struct inspection *x, qpdf_oh value)
{
    qpdf_oh filter = qpdf_oh_get_key(x->q, value, "/SubFilter");

    return qpdf_oh_is_name(x->q, filter) && strcmp(qpdf_oh_get_name(x->q, filter), "/ETSI.CAdES.detached") == 0;
}

static void judge(struct inspection *x, const struct found *f, struct judged *j)
{
    struct bytes padded;

    *j = (struct judged){.outcome = OUTCOME_SOUND, .field = f->field, .trust = "unknown", .signed_at = INSTANT_NONE};
    j->signed_at = claimed_time(text_of(x, qpdf_oh_get_key(x->q, f->value, "/M")));
    if (!read_range(x, j, f->value) || !read_gap(x, j, f->value, &padded)) {
        worse(j, OUTCOME_PARTIAL);
        return;
    }
    j->baseline = is_baseline(x, f->value);
    judge_cms(x, j, padded);
    if (j->whole)
        return;
    j->changes = changes_since(x->pdf, j->after + j->tail, x->arena);
    if (j->changes == CHANGE__COUNT)
        worse(j, OUTCOME_PARTIAL);
    else if (j->changes > CHANGE_SIGNATURES)
        worse(j, OUTCOME_CHANGED);
}

/* ---- what the file brings along (DSS) ---- */
static void each_stream(struct inspection *x, qpdf_oh list, void (*take)(struct inspection *, struct bytes))
{
    int n = qpdf_oh_is_array(x->q, list) ? qpdf_oh_get_array_n_items(x->q, list) : 0;

    for (int i = 0; i < n && i < SIGNATURES_MAX * 4; i++) {
        qpdf_oh stream = qpdf_oh_get_array_item(x->q, list, i);
        QPDF_BOOL filtered = QPDF_FALSE;
        unsigned char *data = NULL;
        size_t len = 0;

        if (!qpdf_oh_is_stream(x->q, stream) ||
            qpdf_oh_get_stream_data(x->q, stream, qpdf_dl_generalized, &filtered, &data, &len) >= QPDF_ERRORS)
            continue;
        take(x, (struct bytes){data, len});
        free(data);
    }
}

static void take_certificate(struct inspection *x, struct bytes der)
{
    const unsigned char *at = der.data;
    X509 *one = d2i_X509(NULL, &at, (long)der.len);

    if (one)
        know(x, one);
    X509_free(one);
}

static void take_list(struct inspection *x, struct bytes der)
{
    (void)evidence_add_list(&x->file, der); /* what is no list proves nothing */
}

static void take_reply(struct inspection *x, struct bytes der)
{
    (void)evidence_add_reply(&x->file, der); /* likewise */
}

static void read_proofs(struct inspection *x, qpdf_oh root)
{
    qpdf_oh store = qpdf_oh_get_key(x->q, root, "/DSS");

    if (!qpdf_oh_is_dictionary(x->q, store))
        return;
    each_stream(x, qpdf_oh_get_key(x->q, store, "/Certs"), take_certificate);
    each_stream(x, qpdf_oh_get_key(x->q, store, "/CRLs"), take_list);
    each_stream(x, qpdf_oh_get_key(x->q, store, "/OCSPs"), take_reply);
    ERR_clear_error();
}

static void read_house(struct inspection *x)
{
    for (int i = 0; i < sk_X509_CRL_num(x->trust->lists); i++) {
        X509_CRL *list = sk_X509_CRL_value(x->trust->lists, i);

        (void)X509_CRL_up_ref(list);
        (void)sk_X509_CRL_push(x->house.lists, list); /* fails only without memory */
    }
}

/* ---- the report ---- */
/* EN 319 142-1: a signature as it must be; with a timestamp; and with what proves later that nothing was revoked. */
static const char *level_of(const struct judged *j)
{
    if (!j->baseline || j->outcome >= OUTCOME_PARTIAL)
        return NULL;
    if (!j->stamped)
        return "B-B";
    return j->signer_proven && j->stamp_proven ? "B-LT" : "B-T";
}

static json_t *judged_json_new(const struct judged *j)
{
    static const char *const standings[] = {
        [STANDING_UNKNOWN] = "unknown", [STANDING_GOOD] = "good", [STANDING_REVOKED] = "revoked"};
    json_t *o = json_object();

    json_object_set_new(o, "field", json_text_or_null(j->field));
    json_object_set_new(o, "signer", json_text_or_null(j->common));
    json_object_set_new(o, "organisation", json_text_or_null(j->organisation));
    json_object_set_new(o, "code", json_text_or_null(j->code));
    json_object_set_new(o, "issuer", json_text_or_null(j->issuer));
    json_object_set_new(o, "serial", json_text_or_null(j->serial));
    json_object_set_new(o, "signed_at", json_instant(j->signed_at));
    json_object_set_new(o, "stamped_at", json_instant(j->stamped ? j->stamped_at : INSTANT_NONE));
    json_object_set_new(o, "stamped_by", json_text_or_null(j->stamp_by));
    json_object_set_new(o, "outcome", json_string(outcome_names[j->outcome]));
    json_object_set_new(o, "trust", json_string(j->trust));
    json_object_set_new(o, "level", json_text_or_null(level_of(j)));
    json_object_set_new(o, "revocation", json_string(standings[j->standing]));
    json_object_set_new(o, "whole", json_boolean(j->whole));
    json_object_set_new(o, "changes",
                        json_string(change_names[j->changes < CHANGE__COUNT ? j->changes : CHANGE_CONTENT]));
    return o;
}

json_t *inspect_plain_new(enum outcome outcome)
{
    return json_pack("{s:s, s:[]}", "outcome", outcome_names[outcome], "signatures");
}

/* A range somewhere in the bytes, and no signature in the document: one was hidden. */
static bool hides_signature(struct bytes pdf)
{
    static const char word[] = "/ByteRange";

    return memmem(pdf.data, pdf.len, word, sizeof word - 1) != NULL;
}

static json_t *report_new(struct inspection *x)
{
    qpdf_oh root = qpdf_get_root(x->q), form = qpdf_oh_get_key(x->q, root, "/AcroForm");
    enum outcome worst = OUTCOME_UNSIGNED;
    json_t *out, *rows;

    if (qpdf_oh_is_dictionary(x->q, form) && !find_fields(x, qpdf_oh_get_key(x->q, form, "/Fields"), 0))
        return inspect_plain_new(OUTCOME_BROKEN);
    if (x->n == 0)
        return inspect_plain_new(hides_signature(x->pdf) ? OUTCOME_CHANGED : OUTCOME_UNSIGNED);
    read_house(x);
    read_proofs(x, root);
    rows = json_array();
    for (size_t i = 0; i < x->n; i++) {
        struct judged j;

        judge(x, &x->found[i], &j);
        if (j.outcome > worst)
            worst = j.outcome;
        json_array_append_new(rows, judged_json_new(&j));
    }
    out = json_pack("{s:s, s:o}", "outcome", outcome_names[worst], "signatures", rows);
    return out;
}

static enum pdf_state inspection_open(struct inspection *x)
{
    evidence_init(&x->house);
    evidence_init(&x->file);
    return pdf_read(x->pdf, &x->q);
}

static void inspection_close(struct inspection *x)
{
    pdf_close(&x->q);
    sk_X509_pop_free(x->known, X509_free);
    evidence_done(&x->house);
    evidence_done(&x->file);
}

json_t *inspect_new(struct bytes pdf, const struct trust *trust)
{
    auto_arena struct arena *a = arena_new();
    struct inspection x = {.pdf = pdf, .trust = trust, .arena = a, .known = sk_X509_new_null()};
    enum pdf_state state = inspection_open(&x);
    json_t *out = state == PDF_GOOD ? report_new(&x)
                                    : inspect_plain_new(state == PDF_ENCRYPTED ? OUTCOME_ENCRYPTED : OUTCOME_BROKEN);

    inspection_close(&x);
    return out;
}

/* ---- what is at hand already ---- */
static void take_signature(struct inspection *x, qpdf_oh value)
{
    size_t len = 0;
    const char *data = qpdf_oh_get_binary_string_value(x->q, qpdf_oh_get_key(x->q, value, "/Contents"), &len);
    const unsigned char *at = (const unsigned char *)data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
    STACK_OF(CMS_SignerInfo) *signers = cms ? CMS_get0_SignerInfos(cms) : NULL;

    if (cms)
        add_known(x, cms);
    for (int i = 0; i < sk_CMS_SignerInfo_num(signers); i++) {
        const ASN1_STRING *stamp = CMS_unsigned_get0_data_by_OBJ(
            sk_CMS_SignerInfo_value(signers, i), OBJ_nid2obj(NID_id_smime_aa_timeStampToken), -3, V_ASN1_SEQUENCE);
        const unsigned char *from = stamp ? ASN1_STRING_get0_data(stamp) : NULL;
        PKCS7 *token = stamp ? d2i_PKCS7(NULL, &from, ASN1_STRING_length(stamp)) : NULL;

        if (token && PKCS7_type_is_signed(token))
            know_all(x, token->d.sign->cert);
        PKCS7_free(token);
    }
    CMS_ContentInfo_free(cms);
}

bool inspect_evidence(struct bytes pdf, STACK_OF(X509) * certificates, struct evidence *v)
{
    auto_arena struct arena *a = arena_new();
    struct inspection x = {.pdf = pdf, .arena = a, .known = certificates, .file = *v};
    enum pdf_state state = pdf_read(pdf, &x.q);
    qpdf_oh root = state == PDF_GOOD ? qpdf_get_root(x.q) : 0, form = 0;

    if (state == PDF_GOOD)
        form = qpdf_oh_get_key(x.q, root, "/AcroForm");
    if (form && qpdf_oh_is_dictionary(x.q, form) && find_fields(&x, qpdf_oh_get_key(x.q, form, "/Fields"), 0)) {
        for (size_t i = 0; i < x.n; i++)
            take_signature(&x, x.found[i].value);
        read_proofs(&x, root);
    }
    pdf_close(&x.q);
    ERR_clear_error();
    *v = x.file;
    return x.n > 0;
}
