/* The ring of keys: who signs with what. A key is a file, or lies in a token; which of them nobody else needs to know.
 * Where no other authority is trusted, the house's own enrols a holder at the first signature. */
#include "document/sign_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

struct slot { /* in the tree, by name */
    char name[SIGNER_NAME_MAX];
    struct signer *now;
    int64_t stamp; /* of the file it was read from */
};

struct keyring {
    const struct house *house;
    char *folder; /* DATA/keys */
    struct authority *authority;
    STACK_OF(X509) * anchors;
    pthread_mutex_t lock; /* guards the rest */
    void *slots;
    struct signer **all; /* also those that were replaced: somebody may be signing */
    size_t n, room;
};

/* ---- reading ---- */
void signer_free(struct signer *s)
{
    if (!s)
        return;
    X509_free(s->certificate);
    for (size_t i = 0; i < s->n_issuers; i++)
        X509_free(s->issuers[i]);
    EVP_PKEY_free(s->key);
    token_free(s->token);
    free(s);
}

static bool read_certificates(struct signer *s, struct bytes pem, struct error *e)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *x;

    s->certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    while (s->certificate && s->n_issuers < CERTIFICATES_MAX && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        s->issuers[s->n_issuers++] = x;
    BIO_free(bio);
    ERR_clear_error(); /* the end of the file is one */
    return s->certificate || fail(e, E_SIGN_KEY, "%s.pem holds no certificate", s->name);
}

static bool read_key(struct signer *s, struct bytes text, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    BIO *bio;

    if (text_starts_with(text.data, "pkcs11:"))
        return token_new(arena_strndup(a, text.data, strcspn(text.data, "\r\n")), &s->token, e);
    bio = BIO_new_mem_buf(text.data, (int)text.len);
    s->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)""); /* never ask a terminal for a passphrase */
    BIO_free(bio);
    if (!s->key)
        return fail_openssl(e, E_SIGN_KEY, "a key file");
    return X509_check_private_key(s->certificate, s->key) == 1 ||
           fail(e, E_SIGN_KEY, "%s: the key is not the certificate's", s->name);
}

bool signer_read(const char *folder, const char *name, struct signer **out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct signer *s = calloc(1, sizeof *s);
    struct bytes pem, key;

    if (!s)
        die("out of memory", sizeof *s);
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    if (!file_read(a, arena_printf(a, "%s/signers/%s.pem", folder, name), KEY_FILE_MAX, &pem, e) ||
        !file_read(a, arena_printf(a, "%s/signers/%s.key", folder, name), KEY_FILE_MAX, &key, e) ||
        !read_certificates(s, pem, e) || !read_key(s, key, e)) {
        signer_free(s);
        return false;
    }
    *out = s;
    return true;
}

/* ---- the ring ---- */
static bool read_anchor(const char *path, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    STACK_OF(X509) *anchors = arg;
    struct bytes pem;
    BIO *bio;
    X509 *x;

    if (!file_read(a, path, KEY_FILE_MAX, &pem, e))
        return false;
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        (void)sk_X509_push(anchors, x); /* fails only without memory */
    BIO_free(bio);
    ERR_clear_error(); /* the end of the file is one */
    return true;
}

static bool secret_folder(const char *path, struct error *e)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST || fail_errno(e, "make folder %s", path);
}

/* The own authority stays once it was founded; it is not founded where another is trusted. */
static bool open_authority(struct keyring *r, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *folder = arena_printf(a, "%s/authority", r->folder);
    X509 *root;

    if (sk_X509_num(r->anchors) > 0 && access(arena_printf(a, "%s/issuing.pem", folder), F_OK) != 0)
        return true;
    if (!secret_folder(folder, e) || !authority_open(r->house, folder, &r->authority, e))
        return false;
    root = (X509 *)(uintptr_t)authority_root(r->authority);
    (void)X509_up_ref(root);
    (void)sk_X509_push(r->anchors, root); /* fails only without memory */
    return true;
}

bool keyring_open(const struct house *house, struct keyring **out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct keyring *r = calloc(1, sizeof *r);
    char *trust;

    if (!r || asprintf(&r->folder, "%s/keys", house->data_dir) < 0)
        die("out of memory", sizeof *r);
    r->house = house;
    (void)pthread_mutex_init(&r->lock, NULL); /* the default attributes cannot fail */
    r->anchors = sk_X509_new_null();
    trust = arena_printf(a, "%s/trust", r->folder);
    if (!secret_folder(r->folder, e) || !secret_folder(arena_printf(a, "%s/signers", r->folder), e) ||
        !secret_folder(arena_printf(a, "%s/revoked", r->folder), e) || !secret_folder(trust, e) ||
        !folder_walk(trust, ".pem", read_anchor, r->anchors, e) || !open_authority(r, e)) {
        keyring_close(r);
        return false;
    }
    *out = r;
    return true;
}

void keyring_close(struct keyring *r)
{
    if (!r)
        return;
    tdestroy(r->slots, free);
    for (size_t i = 0; i < r->n; i++)
        signer_free(r->all[i]);
    free(r->all);
    sk_X509_pop_free(r->anchors, X509_free);
    authority_close(r->authority);
    (void)pthread_mutex_destroy(&r->lock);
    free(r->folder);
    free(r);
}

struct authority *keyring_authority(const struct keyring *r)
{
    return r->authority;
}

const char *keyring_folder(const struct keyring *r)
{
    return r->folder;
}

STACK_OF(X509) * keyring_anchors(const struct keyring *r)
{
    return r->anchors;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b); /* a slot begins with its name */
}

static struct slot *slot_of(struct keyring *r, const char *name)
{
    struct slot **found = tfind(name, &r->slots, by_name), *s;

    if (found)
        return *found;
    s = calloc(1, sizeof *s);
    if (!s)
        die("out of memory", sizeof *s);
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    if (!tsearch(s, &r->slots, by_name))
        die("out of memory", sizeof *s);
    return s;
}

static void keep(struct keyring *r, struct slot *slot, struct signer *s, int64_t stamp)
{
    if (r->n == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct signer **more = reallocarray(r->all, room, sizeof(struct signer *));

        if (!more)
            die("out of memory", room);
        r->all = more;
        r->room = room;
    }
    r->all[r->n++] = s;
    slot->now = s;
    slot->stamp = stamp;
}

/* When the certificate's file was written; 0 when there is none. */
static int64_t stamp_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec : 0;
}

/* Named by the certificate itself: a new one for the same holder is not meant. */
static char *revoked_path(const struct keyring *r, struct arena *a, const X509 *certificate)
{
    struct digest digest = digest_of(certificate_der(a, certificate));
    char hex[DIGEST_HEX];

    digest_hex(&digest, hex);
    return arena_printf(a, "%s/revoked/%s", r->folder, hex);
}

bool keyring_heard_revoked(const struct keyring *r, const X509 *certificate, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    return file_write(revoked_path(r, a, certificate), (struct bytes){"", 0}, e);
}

bool keyring_is_revoked(const struct keyring *r, const X509 *certificate)
{
    auto_arena struct arena *a = arena_new();

    return r->authority && authority_issued(r->authority, certificate)
               ? authority_has_revoked(r->authority, certificate)
               : access(revoked_path(r, a, certificate), F_OK) == 0;
}

static bool is_in_force(const struct keyring *r, const struct signer *s)
{
    return !keyring_is_revoked(r, s->certificate) && X509_cmp_current_time(X509_get0_notBefore(s->certificate)) < 0 &&
           X509_cmp_current_time(X509_get0_notAfter(s->certificate)) > 0;
}

/* What lapsed; what was revoked needs somebody to decide. */
static bool may_renew(const struct keyring *r, const struct signer *s)
{
    return r->authority && !s->token && authority_issued(r->authority, s->certificate) &&
           !authority_has_revoked(r->authority, s->certificate);
}

/* The key first: a certificate that is there has its key beside it. */
static bool enrol(const struct keyring *r, const struct holder *who, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct bytes key, certificates;

    if (!r->authority)
        return fail(e, E_SIGN_KEY, "no key named %s", who->name);
    return authority_enrol(r->authority, who, a, &key, &certificates, e) &&
           file_write_secret(arena_printf(a, "%s/signers/%s.key", r->folder, who->name), key, e) &&
           file_write_secret(arena_printf(a, "%s/signers/%s.pem", r->folder, who->name), certificates, e);
}

/* Under the lock. What the own authority issued is renewed when it has lapsed; another's holder must see to it. */
static bool find(struct keyring *r, const struct holder *who, const struct signer **out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *path = arena_printf(a, "%s/signers/%s.pem", r->folder, who->name);
    struct slot *slot = slot_of(r, who->name);

    for (int i = 0; i < 2; i++) {
        int64_t stamp = stamp_of(path);
        struct signer *s = NULL;

        if (stamp && stamp != slot->stamp) {
            if (!signer_read(r->folder, who->name, &s, e))
                return false;
            keep(r, slot, s, stamp);
        }
        if (stamp && is_in_force(r, slot->now)) {
            *out = slot->now;
            return true;
        }
        if (stamp && !may_renew(r, slot->now))
            break;
        if (i == 0 && !enrol(r, who, e))
            return false;
    }
    if (keyring_is_revoked(r, slot->now->certificate))
        return fail(e, E_SIGN_REVOKED, "the certificate of %s was revoked", who->name);
    return fail(e, E_SIGN_KEY, "the certificate of %s is not in force", who->name);
}

bool keyring_signer(struct keyring *r, const struct holder *who, const struct signer **out, struct error *e)
{
    bool good;

    if (strlen(who->name) >= SIGNER_NAME_MAX || strchr(who->name, '/') || who->name[0] == '.')
        return fail(e, E_SIGN_KEY, "no name of a key");
    (void)pthread_mutex_lock(&r->lock);
    good = find(r, who, out, e);
    (void)pthread_mutex_unlock(&r->lock);
    return good;
}

/* ---- holders ---- */
struct holder holder_of_unit(struct arena *a, const struct unit *u)
{
    return (struct holder){.name = arena_printf(a, "unit-%s", u->code),
                           .common = u->name[LANG_VI],
                           .organisation = u->name[LANG_VI],
                           .code = u->code};
}

struct holder holder_of_officer(struct arena *a, int64_t party, const char *name, const struct unit *u)
{
    const char *number = arena_printf(a, "%" PRId64, party);

    return (struct holder){.name = arena_printf(a, "officer-%s", number),
                           .common = name,
                           .organisation = u->name[LANG_VI],
                           .code = number};
}

/* ---- signing ---- */
bool signer_is_elliptic(const struct signer *s)
{
    return EVP_PKEY_get_base_id(X509_get0_pubkey(s->certificate)) == EVP_PKEY_EC;
}

static bool sign_with_file(const struct signer *s, struct bytes data, unsigned char *out, size_t *len, struct error *e)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good;

    *len = SIGNATURE_MAX;
    good = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, s->key) == 1 &&
           EVP_DigestSign(ctx, out, len, data.data, data.len) == 1;
    EVP_MD_CTX_free(ctx);
    return good || fail_openssl(e, E_SIGN_KEY, "sign");
}

static bool is_right(const struct signer *s, struct bytes data, const unsigned char *signature, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(s->certificate)) == 1 &&
                EVP_DigestVerify(ctx, signature, len, data.data, data.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

bool signer_sign(const struct signer *s, struct bytes data, unsigned char out[static SIGNATURE_MAX], size_t *len,
                 struct error *e)
{
    struct digest digest;

    if (s->token) {
        digest = digest_of(data);
        if (!token_sign(s->token, signer_is_elliptic(s), &digest, out, len, e))
            return false;
    } else if (!sign_with_file(s, data, out, len, e)) {
        return false;
    }
    /* A token whose key was changed signs as readily as before: what it gives is believed only when proven. */
    return is_right(s, data, out, *len) || fail(e, E_SIGN_KEY, "%s: the key is not the certificate's", s->name);
}
