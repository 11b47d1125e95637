/* A detached signature as CMS (RFC 5652) with what CAdES and PAdES ask for (EN 319 122-1, EN 319 142-1): content type,
 * digest and the signer's certificate are signed; the time is not (it stands in the PDF, or comes from a timestamp).
 * OpenSSL's CMS_sign() always adds a signing time, which PAdES forbids, and cannot be handed a signature made in a
 * token; so the few structures are written here, and read again by OpenSSL in the tests and the verifier. */
#include "document/sign_internal.h"

#include <string.h>

enum {
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_0 = 0xa0,
    TAG_1 = 0xa1,
    TAG_4 = 0xa4
};

static struct bytes der_join(struct arena *a, unsigned char tag, const struct bytes *parts, size_t n)
{
    unsigned char head[1 + 1 + sizeof(size_t)], *out, *at;
    size_t len = 0, n_head = 0;

    for (size_t i = 0; i < n; i++)
        len += parts[i].len;
    head[n_head++] = tag;
    if (len < 0x80) {
        head[n_head++] = (unsigned char)len;
    } else {
        unsigned n_bytes = 1;

        while (len >> (8 * n_bytes))
            n_bytes++;
        head[n_head++] = (unsigned char)(0x80 | n_bytes);
        while (n_bytes)
            head[n_head++] = (unsigned char)(len >> (8 * --n_bytes));
    }
    at = out = arena_alloc(a, n_head + len);
    memcpy(at, head, n_head);
    at += n_head;
    for (size_t i = 0; i < n; i++)
        if (parts[i].len) {
            memcpy(at, parts[i].data, parts[i].len);
            at += parts[i].len;
        }
    return (struct bytes){out, n_head + len};
}
#define DER(a, tag, ...)                                                                                               \
    der_join((a), (tag), (const struct bytes[]){__VA_ARGS__}, COUNT(((const struct bytes[]){__VA_ARGS__})))
#define LITERAL(...)                                                                                                   \
    ((struct bytes){(const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})})

/* Object identifiers, whole. */
#define OID_DATA LITERAL(0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1)
#define OID_SIGNED_DATA LITERAL(0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2)
#define OID_CONTENT_TYPE LITERAL(0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3)
#define OID_MESSAGE_DIGEST LITERAL(0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4)
#define OID_SIGNING_CERTIFICATE_V2 LITERAL(0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47)
#define OID_TIMESTAMP LITERAL(0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 14)
#define SHA256 LITERAL(0x30, 11, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1)
#define ECDSA_SHA256 LITERAL(0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2)
#define RSA_SHA256 LITERAL(0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0)
#define VERSION_1 LITERAL(TAG_INTEGER, 1, 1)

static struct bytes octets(struct arena *a, const struct digest *d)
{
    return DER(a, TAG_OCTETS, {d->bytes, DIGEST_BYTES});
}

static struct bytes issuer_name(struct arena *a, const X509 *x)
{
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(X509_get_issuer_name(x), &der);
    struct bytes out = {arena_strndup(a, (const char *)der, len > 0 ? (size_t)len : 0), len > 0 ? (size_t)len : 0};

    OPENSSL_free(der);
    return out;
}

static struct bytes serial(struct arena *a, const X509 *x)
{
    unsigned char *der = NULL;
    int len = i2d_ASN1_INTEGER((ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(x), &der);
    struct bytes out = {arena_strndup(a, (const char *)der, len > 0 ? (size_t)len : 0), len > 0 ? (size_t)len : 0};

    OPENSSL_free(der);
    return out;
}

static struct bytes attribute(struct arena *a, struct bytes type, struct bytes value)
{
    return DER(a, TAG_SEQUENCE, type, DER(a, TAG_SET, value));
}

/* ESSCertIDv2 with the default digest (SHA-256) and the issuer and serial number (RFC 5035). */
static struct bytes signing_certificate(struct arena *a, const X509 *x)
{
    struct digest digest = digest_of(certificate_der(a, x));
    struct bytes issuer = DER(a, TAG_SEQUENCE, DER(a, TAG_SEQUENCE, DER(a, TAG_4, issuer_name(a, x))), serial(a, x));

    return DER(a, TAG_SEQUENCE, DER(a, TAG_SEQUENCE, DER(a, TAG_SEQUENCE, octets(a, &digest), issuer)));
}

static int by_bytes(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* The members of the set, in the order DER wants them. */
static struct bytes signed_attributes(struct arena *a, const struct signer *s, const struct digest *document,
                                      unsigned char tag)
{
    struct bytes rows[] = {
        attribute(a, OID_CONTENT_TYPE, OID_DATA),
        attribute(a, OID_MESSAGE_DIGEST, octets(a, document)),
        attribute(a, OID_SIGNING_CERTIFICATE_V2, signing_certificate(a, s->certificate)),
    };

    qsort(rows, COUNT(rows), sizeof *rows, by_bytes);
    return der_join(a, tag, rows, COUNT(rows));
}

static struct bytes certificates(struct arena *a, const struct signer *s)
{
    struct bytes rows[CERTIFICATES_MAX + 1] = {certificate_der(a, s->certificate)};

    for (size_t i = 0; i < s->n_issuers; i++)
        rows[i + 1] = certificate_der(a, s->issuers[i]);
    qsort(rows, s->n_issuers + 1, sizeof *rows, by_bytes);
    return der_join(a, TAG_0, rows, s->n_issuers + 1);
}

size_t cms_room(const struct signer *s, bool stamped)
{
    auto_arena struct arena *a = arena_new();

    return certificates(a, s).len + CMS_ROOM + (stamped ? CMS_STAMP_ROOM : 0);
}

bool cms_sign(const struct signer *s, const struct digest *document, const char *stamp_url,
              const STACK_OF(X509) * anchors, struct arena *a, struct bytes *out, struct error *e)
{
    struct bytes token = {0}, unsigned_attributes = {0}, info, data;
    unsigned char signature[SIGNATURE_MAX];
    size_t len;

    /* Signed as the SET it is, carried under a tag of its own (RFC 5652, 5.4). */
    if (!signer_sign(s, signed_attributes(a, s, document, TAG_SET), signature, &len, e))
        return false;
    if (stamp_url) {
        if (!stamp_fetch(stamp_url, (struct bytes){signature, len}, anchors, a, &token, e))
            return false;
        unsigned_attributes = DER(a, TAG_1, attribute(a, OID_TIMESTAMP, token));
    }
    info =
        DER(a, TAG_SEQUENCE, VERSION_1, DER(a, TAG_SEQUENCE, issuer_name(a, s->certificate), serial(a, s->certificate)),
            SHA256, signed_attributes(a, s, document, TAG_0), signer_is_elliptic(s) ? ECDSA_SHA256 : RSA_SHA256,
            DER(a, TAG_OCTETS, {signature, len}), unsigned_attributes);
    data = DER(a, TAG_SEQUENCE, VERSION_1, DER(a, TAG_SET, SHA256), DER(a, TAG_SEQUENCE, OID_DATA), certificates(a, s),
               DER(a, TAG_SET, info));
    *out = DER(a, TAG_SEQUENCE, OID_SIGNED_DATA, DER(a, TAG_0, data));
    return true;
}
