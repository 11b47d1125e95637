/* Keys in and out of the ring, for those who keep it. */
#include "document/sign_internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

enum { SUBJECT_MAX = 512 };

/* ---- in ---- */
static bool token_certificates(const struct house *h, const struct holder *who, const char *uri, struct arena *a,
                               struct bytes *certificates, struct error *e)
{
    struct authority *authority = keyring_authority(documents_of(h)->keys);
    struct token *token = NULL;
    EVP_PKEY *key = NULL;
    bool good;

    if (!authority)
        return fail(e, E_USAGE, "--certificate FILE");
    good = token_new(uri, &token, e) && token_public_key(token, &key, e) &&
           authority_certify(authority, who, key, a, certificates, e);
    EVP_PKEY_free(key);
    token_free(token);
    return good;
}

/* The two files' contents. */
static bool gather(const struct house *h, const struct holder *who, const struct key_source *from, struct arena *a,
                   struct bytes *key, struct bytes *certificates, struct error *e)
{
    struct authority *authority = keyring_authority(documents_of(h)->keys);

    if (from->certificates && !from->key && !from->token)
        return fail(e, E_USAGE, "--token URI | --key FILE");
    if (from->key && !from->certificates)
        return fail(e, E_USAGE, "--certificate FILE");
    if (from->certificates && !file_read(a, from->certificates, KEY_FILE_MAX, certificates, e))
        return false;
    if (from->token) {
        const char *line = arena_printf(a, "%s\n", from->token);

        *key = (struct bytes){line, strlen(line)};
        return from->certificates || token_certificates(h, who, from->token, a, certificates, e);
    }
    if (from->key)
        return file_read(a, from->key, KEY_FILE_MAX, key, e);
    return authority ? authority_enrol(authority, who, a, key, certificates, e)
                     : fail(e, E_USAGE, "--token URI | --key FILE");
}

/* Tried before it takes the old one's place: under a name that no holder has. */
static bool try_out(const char *folder, struct error *e)
{
    static const char text[] = "motcua";
    unsigned char signature[SIGNATURE_MAX];
    struct signer *s = NULL;
    size_t len;
    bool good =
        signer_read(folder, "new", &s, e) && signer_sign(s, (struct bytes){text, sizeof text - 1}, signature, &len, e);

    signer_free(s);
    return good;
}

static bool move(struct arena *a, const char *folder, const char *to, const char *suffix, struct error *e)
{
    return rename(arena_printf(a, "%s/signers/new.%s", folder, suffix),
                  arena_printf(a, "%s/signers/%s.%s", folder, to, suffix)) == 0 ||
           fail_errno(e, "name a key");
}

bool key_enrol(const struct house *h, const struct key_holder *holder, const struct key_source *from, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *folder = keyring_folder(documents_of(h)->keys);
    const struct holder who = holder->officer
                                  ? holder_of_officer(a, holder->officer, holder->officer_name, holder->unit)
                                  : holder_of_unit(a, holder->unit);
    struct bytes key, certificates;

    if (!gather(h, &who, from, a, &key, &certificates, e) ||
        !file_write_secret(arena_printf(a, "%s/signers/new.key", folder), key, e) ||
        !file_write_secret(arena_printf(a, "%s/signers/new.pem", folder), certificates, e))
        return false;
    if (!try_out(folder, e)) {
        (void)unlink(arena_printf(a, "%s/signers/new.key", folder)); /* what stays is written over the next time */
        (void)unlink(arena_printf(a, "%s/signers/new.pem", folder));
        return false;
    }
    return move(a, folder, who.name, "key", e) && move(a, folder, who.name, "pem", e) &&
           folder_sync(arena_printf(a, "%s/signers", folder), e);
}

/* ---- out ---- */
struct telling {
    const struct house *house;
    bool (*each)(const struct key_facts *k, void *arg, struct error *e);
    void *arg;
};

static const char *name_words(struct arena *a, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    const char *out = "";

    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(bio, &data);

        out = arena_strndup(a, data, (size_t)len);
    }
    BIO_free(bio);
    return out;
}

static const char *serial_words(struct arena *a, const X509 *x)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    const char *out = arena_strdup(a, hex ? hex : "");

    OPENSSL_free(hex);
    BN_free(n);
    return out;
}

static int64_t instant_of(const ASN1_TIME *t)
{
    struct tm tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : INSTANT_NONE;
}

static bool tell(const char *path, void *arg, struct error *e)
{
    const struct telling *t = arg;
    const struct keyring *ring = documents_of(t->house)->keys;
    auto_arena struct arena *a = arena_new();
    const char *slash = strrchr(path, '/') + 1;
    struct signer *s = NULL;
    struct key_facts k = {.name = arena_strndup(a, slash, strlen(slash) - strlen(".pem"))};
    bool good;

    if (!signer_read(keyring_folder(ring), k.name, &s, e))
        return false;
    k.subject = name_words(a, X509_get_subject_name(s->certificate));
    k.issuer = name_words(a, X509_get_issuer_name(s->certificate));
    k.serial = serial_words(a, s->certificate);
    k.place = s->token ? "pkcs11" : "file";
    k.from = instant_of(X509_get0_notBefore(s->certificate));
    k.until = instant_of(X509_get0_notAfter(s->certificate));
    k.revoked = keyring_is_revoked(ring, s->certificate);
    good = t->each(&k, t->arg, e);
    signer_free(s);
    return good;
}

bool keys_each(const struct house *h, bool (*each)(const struct key_facts *k, void *arg, struct error *e), void *arg,
               struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct telling t = {h, each, arg};

    return folder_walk(arena_printf(a, "%s/signers", keyring_folder(documents_of(h)->keys)), ".pem", tell, &t, e);
}

bool key_revoke(const struct house *h, const char *name, struct error *e)
{
    const struct keyring *ring = documents_of(h)->keys;
    struct signer *s = NULL;
    bool good;

    if (strlen(name) >= SIGNER_NAME_MAX || strchr(name, '/') || !signer_read(keyring_folder(ring), name, &s, e))
        return fail(e, E_NOT_FOUND, "%s", name);
    good = keyring_authority(ring) ? authority_revoke(keyring_authority(ring), s->certificate, e)
                                   : fail(e, E_SIGN_KEY, "another authority issued it: it must revoke it");
    signer_free(s);
    return good;
}

bool keys_trusted(const struct house *h, struct arena *a, struct bytes *pem, struct error *e)
{
    STACK_OF(X509) *anchors = keyring_anchors(documents_of(h)->keys);
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = bio != NULL;
    char *data;

    for (int i = 0; good && i < sk_X509_num(anchors); i++)
        good = PEM_write_bio_X509(bio, sk_X509_value(anchors, i)) == 1;
    if (good) {
        long len = BIO_get_mem_data(bio, &data);

        *pem = (struct bytes){arena_strndup(a, data, (size_t)len), (size_t)len};
    }
    BIO_free(bio);
    return good || fail_openssl(e, E_INTERNAL, "write certificates");
}
