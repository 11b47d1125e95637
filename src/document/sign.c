/* Signs a paper: the officer at the signature block, then what proves the signatures later, then the agency over all of
 * it, so that no byte of the file is outside a signature. All in memory; nothing of it is anywhere else until it is
 * done. */
#include "document/sign_internal.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <string.h>

#include "document/inspect_internal.h"
#include "document/worker.h"

enum { PROOFS_MAX = 2 * (CERTIFICATES_MAX + 1) };

/* ---- one signature ---- */
struct one {
    const struct signer *signer;
    struct pdf_signature pdf;
};

static void put_hex(const struct bytes *pdf, const struct pdf_hole *hole, struct bytes signature)
{
    static const char digits[] = "0123456789abcdef";
    char *at = (char *)(uintptr_t)pdf->data + hole->at;
    const unsigned char *s = signature.data;

    for (size_t i = 0; i < signature.len; i++) {
        *at++ = digits[s[i] >> 4];
        *at++ = digits[s[i] & 15];
    }
}

/* What the range names: all but the hole with its < and >. */
static struct digest digest_around(struct bytes pdf, const struct pdf_hole *hole)
{
    const char *data = pdf.data;
    size_t after = hole->at + hole->len + 1;
    struct digest_stream s;

    digest_start(&s);
    digest_add(&s, data, hole->at - 1);
    digest_add(&s, data + after, pdf.len - after);
    return digest_end(&s);
}

static bool add_one(const struct house *h, struct one *x, struct arena *a, struct bytes *pdf, struct error *e)
{
    const struct keyring *ring = documents_of(h)->keys;
    struct bytes with_hole, cms;
    struct pdf_hole hole;
    struct digest digest;

    x->pdf.room = cms_room(x->signer, h->timestamp != NULL);
    if (!pdf_add_signature(*pdf, &x->pdf, a, &with_hole, &hole, e))
        return false;
    digest = digest_around(with_hole, &hole);
    if (!cms_sign(x->signer, &digest, h->timestamp, keyring_anchors(ring), a, &cms, e))
        return false;
    if (cms.len > x->pdf.room)
        return fail(e, E_SIGN_KEY, "a signature of %zu bytes, room for %zu", cms.len, x->pdf.room);
    put_hex(&with_hole, &hole, cms);
    *pdf = with_hole;
    return true;
}

/* ---- who ---- */
static bool officer_key(const struct house *h, const struct signing *s, struct arena *a, const struct signer **out,
                        struct error *e)
{
    const struct holder who = holder_of_officer(a, s->officer, s->officer_name, s->unit);

    return keyring_signer(documents_of(h)->keys, &who, out, e);
}

static bool unit_key(const struct house *h, const struct signing *s, struct arena *a, const struct signer **out,
                     struct error *e)
{
    const struct holder who = holder_of_unit(a, s->unit);

    return keyring_signer(documents_of(h)->keys, &who, out, e);
}

static bool sign_by_officer(const struct house *h, const struct signing *s, int64_t now, struct arena *a,
                            struct bytes *pdf, struct error *e)
{
    const struct paper_place *place = &s->place;
    struct mark mark;
    struct one x = {.pdf = {.field = "person",
                            .signer = s->officer_name,
                            .reason = "Ký ban hành",
                            .tip = arena_printf(a, "Chữ ký số của %s", s->officer_name),
                            .at = now,
                            .page = place->page,
                            .own = s->copy == NULL}};

    if (!officer_key(h, s, a, &x.signer, e))
        return false;
    if (place->page) {
        if (!mark_draw(MARK_PERSON, &(struct mark_words){.name = s->officer_name, .at = now}, a, &mark, e))
            return false;
        x.pdf.mark = &mark;
        x.pdf.x = place->x + (place->width - mark.width) / 2;
        x.pdf.y = place->y + (place->height - mark.height) / 2;
    }
    return add_one(h, &x, a, pdf, e);
}

/* The seal lies over the left third of the officer's mark. */
static bool sign_by_unit(const struct house *h, const struct signing *s, int64_t now, struct arena *a,
                         struct bytes *pdf, struct error *e)
{
    const struct paper_place *place = &s->place;
    const char *name = s->unit->name[LANG_VI];
    struct mark mark, person;
    struct one x = {.pdf = {.field = "agency",
                            .signer = name,
                            .reason = s->copy ? s->copy : "Phát hành",
                            .tip = arena_printf(a, "Chữ ký số của %s", name),
                            .at = now,
                            .page = s->copy ? 1 : place->page,
                            .from_top_right = s->copy != NULL,
                            .own = s->copy == NULL}};

    if (!unit_key(h, s, a, &x.signer, e))
        return false;
    if (s->copy || place->page) {
        if (!mark_draw(s->copy ? MARK_COPY : MARK_SEAL, &(struct mark_words){.name = name, .above = s->copy, .at = now},
                       a, &mark, e))
            return false;
        mark_size(MARK_PERSON, &person);
        x.pdf.mark = &mark;
        x.pdf.x = place->x + (place->width - person.width) / 2 + person.width / 3 - mark.width;
        x.pdf.y = place->y + (place->height - mark.height) / 2;
    }
    return add_one(h, &x, a, pdf, e);
}

/* ---- what proves it later ---- */
static size_t add_chain(const struct signer *s, struct arena *a, struct bytes *out, size_t n)
{
    for (size_t i = 0; i < s->n_issuers; i++)
        out[n++] = certificate_der(a, s->issuers[i]);
    return n;
}

/* Of the own authority everything is at hand. What others revoked is for them to say, and asked later (complete.c). */
static bool add_proof(const struct house *h, const struct signer *const *signers, size_t n, bool own, struct arena *a,
                      struct bytes *pdf, struct error *e)
{
    struct authority *authority = keyring_authority(documents_of(h)->keys);
    struct bytes certificates[PROOFS_MAX], lists[2];
    size_t n_certificates;

    for (size_t i = 0; i < n; i++)
        if (!authority || !authority_issued(authority, signers[i]->certificate))
            return true;
    n_certificates = add_chain(signers[0], a, certificates, 0);
    certificates[n_certificates++] = certificate_der(a, authority_root(authority));
    return authority_lists(authority, a, lists, e) &&
           pdf_add_proof(*pdf,
                         &(struct pdf_proof){.certificates = certificates,
                                             .n_certificates = n_certificates,
                                             .lists = lists,
                                             .n_lists = COUNT(lists)},
                         own, a, pdf, e);
}

bool document_sign(const struct house *h, const struct signing *s, struct arena *a, struct bytes *out, struct error *e)
{
    const struct signer *signers[2];
    struct bytes pdf = s->pdf;
    int64_t now = now_ms();
    size_t n = 0;

    /* Both keys are looked for before one of them is used. */
    if (!unit_key(h, s, a, &signers[n++], e) || (s->officer && !officer_key(h, s, a, &signers[n++], e)))
        return false;
    if ((s->officer && !sign_by_officer(h, s, now, a, &pdf, e)) ||
        !add_proof(h, signers, n, s->copy == NULL, a, &pdf, e) || !sign_by_unit(h, s, now, a, &pdf, e))
        return false;
    *out = pdf;
    return true;
}

/* ---- copies ---- */
static int pages_of(struct bytes pdf)
{
    qpdf_data q = NULL;
    int n = pdf_read(pdf, &q) == PDF_GOOD ? qpdf_get_num_pages(q) : 0;

    pdf_close(&q);
    return n;
}

bool document_bind_scan(const struct house *h, const struct document *scan, struct arena *a, struct bytes *words,
                        struct paper_place *place, struct error *e)
{
    static const char *const fit[] = {"application/pdf", "image/jpeg", "image/png"};
    auto_close int fd = -1;
    struct bytes copy;
    bool fits = false;

    for (size_t i = 0; i < COUNT(fit); i++)
        fits = fits || text_equal(scan->media_type, fit[i]);
    if (!fits)
        return fail(e, E_SCAN_UNFIT, "the scan is %s", scan->media_type);
    if (!document_open(h, &scan->digest, &fd, e) || !worker_bind(fd, *words, a, &copy, e))
        return false;
    if (place->page)
        place->page += pages_of(copy) - pages_of(*words);
    *words = copy;
    return true;
}

/* ---- what is no paper ---- */
static const char *base64(struct arena *a, const unsigned char *data, size_t len)
{
    char *out = arena_alloc(a, 4 * ((len + 2) / 3) + 1);

    (void)EVP_EncodeBlock((unsigned char *)out, data, (int)len); /* as long as was reckoned */
    return out;
}

/* DER into two numbers of 32 bytes. */
static bool plain_signature(const unsigned char *der, size_t len, unsigned char out[static 64])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32;

    ECDSA_SIG_free(sig);
    return good;
}

static bool describe_key(const struct signer *s, struct arena *a, struct attestation *out, struct error *e)
{
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(X509_get0_pubkey(s->certificate), &spki);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    long pem_len;
    bool good = len > 0 && bio && PEM_write_bio_X509(bio, s->certificate) == 1;

    if (good) {
        pem_len = BIO_get_mem_data(bio, &pem);
        out->certificate = arena_strndup(a, pem, (size_t)pem_len);
        out->public_key = base64(a, spki, (size_t)len);
    }
    OPENSSL_free(spki);
    BIO_free(bio);
    return good || fail_openssl(e, E_SIGN_KEY, "tell a key");
}

bool document_attest(const struct house *h, const struct unit *unit, struct bytes data, struct arena *a,
                     struct attestation *out, struct error *e)
{
    const struct holder who = holder_of_unit(a, unit);
    unsigned char signature[SIGNATURE_MAX], plain[64];
    const struct signer *s;
    size_t len;

    if (!keyring_signer(documents_of(h)->keys, &who, &s, e) || !signer_sign(s, data, signature, &len, e) ||
        !describe_key(s, a, out, e))
        return false;
    out->algorithm = "RS256";
    out->signature = base64(a, signature, len);
    if (!signer_is_elliptic(s))
        return true;
    if (EVP_PKEY_get_bits(X509_get0_pubkey(s->certificate)) != 256 || !plain_signature(signature, len, plain))
        return fail(e, E_SIGN_KEY, "%s: not P-256", s->name);
    out->algorithm = "ES256";
    out->signature = base64(a, plain, sizeof plain);
    return true;
}
