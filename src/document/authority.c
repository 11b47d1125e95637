/* The house's own certificate authority: a root and an issuing certificate (P-256), and their lists of what was
 * revoked. For a demo, and for a house that no other authority serves yet; a real one is named in DATA/keys/trust. */
#include "document/sign_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SERIAL_BYTES = 16,
    ROOT_DAYS = 3650,
    ISSUING_DAYS = 1825,
    SIGNER_DAYS = 1095,
    ROOT_LIST_DAYS = 180,
    LIST_DAYS = 7,
    RDN_CHARS = 64, /* ub-common-name, ub-organization-name */
    DAY_S = 86400
};

struct authority {
    const struct house *house;
    char *folder;
    EVP_PKEY *root_key, *key;
    X509 *root, *issuing;
    pthread_mutex_t lock; /* guards the lists */
    X509_CRL *root_list, *list;
    struct timespec read_at; /* when the file of list was written that is in memory */
};

struct extension {
    int nid;
    const char *value;
};

bool fail_openssl(struct error *e, enum error_code code, const char *what)
{
    unsigned long why = ERR_peek_last_error();
    char reason[160] = "";

    if (why)
        ERR_error_string_n(why, reason, sizeof reason);
    ERR_clear_error();
    return fail(e, code, "%s%s%s", what, *reason ? ": " : "", reason);
}

static struct bytes bio_bytes(struct arena *a, BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);

    return (struct bytes){arena_strndup(a, data, (size_t)len), (size_t)len};
}

struct bytes certificate_der(struct arena *a, const X509 *certificate)
{
    int len = i2d_X509(certificate, NULL);
    unsigned char *at = arena_alloc(a, (size_t)len), *end = at;

    (void)i2d_X509(certificate, &end); /* as long as it said */
    return (struct bytes){at, (size_t)len};
}

/* ---- certificates ---- */
static bool set_serial(ASN1_INTEGER *out)
{
    unsigned char random[SERIAL_BYTES];
    BIGNUM *n;
    bool good;

    randombytes_buf(random, sizeof random);
    random[0] = (unsigned char)((random[0] & 0x3f) | 0x40); /* positive, and always as long */
    n = BN_bin2bn(random, sizeof random, NULL);
    good = n && BN_to_ASN1_INTEGER(n, out);
    BN_free(n);
    return good;
}

static bool add_name(X509_NAME *name, int nid, const char *value)
{
    auto_arena struct arena *a = arena_new();
    char *cut = arena_strdup(a, value), *p = cut;

    for (int chars = 0; *p; p++)
        if (((unsigned char)*p & 0xc0) != 0x80 && ++chars > RDN_CHARS)
            break;
    *p = '\0';
    return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)cut, -1, -1, 0) == 1;
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool added;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    added = extension && X509_add_ext(x, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool add_extensions(X509 *x, X509 *issuer, const struct extension *rows)
{
    for (; rows->nid; rows++)
        if (!add_extension(x, issuer, rows->nid, rows->value))
            return false;
    return true;
}

static const struct extension root_extensions[] = {{NID_basic_constraints, "critical,CA:TRUE"},
                                                   {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                                   {NID_subject_key_identifier, "hash"},
                                                   {0}};
static const struct extension issuing_extensions[] = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                                      {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                                      {NID_subject_key_identifier, "hash"},
                                                      {NID_authority_key_identifier, "keyid"},
                                                      {0}};
/* 1.3.6.1.5.5.7.3.36: signing of documents (RFC 9336); readers that do not know it look for e-mail protection. */
static const struct extension signer_extensions[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                                     {NID_key_usage, "critical,digitalSignature,nonRepudiation"},
                                                     {NID_ext_key_usage, "emailProtection,1.3.6.1.5.5.7.3.36"},
                                                     {NID_subject_key_identifier, "hash"},
                                                     {NID_authority_key_identifier, "keyid"},
                                                     {0}};

struct request_to_issue {
    const struct holder *who;
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    int days;
    const struct extension *extensions;
    const char *lists; /* address of the issuer's list, or NULL */
};

static bool fill_in(X509 *x, const struct request_to_issue *r)
{
    X509_NAME *name = X509_get_subject_name(x);
    const struct holder *who = r->who;

    return X509_set_version(x, X509_VERSION_3) && set_serial(X509_get_serialNumber(x)) &&
           X509_gmtime_adj(X509_getm_notBefore(x), -(long)DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(x), (long)r->days * DAY_S) && add_name(name, NID_countryName, "VN") &&
           add_name(name, NID_organizationName, who->organisation) && add_name(name, NID_commonName, who->common) &&
           (!who->code || add_name(name, NID_serialNumber, who->code)) &&
           X509_set_issuer_name(x, r->issuer ? X509_get_subject_name(r->issuer) : name) && X509_set_pubkey(x, r->key) &&
           add_extensions(x, r->issuer ? r->issuer : x, r->extensions) &&
           (!r->lists || add_extension(x, r->issuer, NID_crl_distribution_points, r->lists)) &&
           X509_sign(x, r->issuer_key, EVP_sha256()) > 0;
}

static bool issue(const struct request_to_issue *r, X509 **out, struct error *e)
{
    X509 *x = X509_new();

    if (!x || !fill_in(x, r)) {
        X509_free(x);
        return fail_openssl(e, E_INTERNAL, "issue a certificate");
    }
    *out = x;
    return true;
}

/* ---- files ---- */
static bool key_pem(EVP_PKEY *key, struct arena *a, struct bytes *out, struct error *e)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (good)
        *out = bio_bytes(a, bio);
    BIO_free(bio);
    return good || fail_openssl(e, E_INTERNAL, "write a key");
}

static bool certificates_pem(X509 *const *x, size_t n, struct arena *a, struct bytes *out, struct error *e)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = bio != NULL;

    for (size_t i = 0; good && i < n; i++)
        good = PEM_write_bio_X509(bio, x[i]) == 1;
    if (good)
        *out = bio_bytes(a, bio);
    BIO_free(bio);
    return good || fail_openssl(e, E_INTERNAL, "write a certificate");
}

static bool save(const struct authority *x, const char *name, EVP_PKEY *key, X509 *certificate, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct bytes pem;

    /* The certificate last: where it is, the key is. */
    return key_pem(key, a, &pem, e) && file_write_secret(arena_printf(a, "%s/%s.key", x->folder, name), pem, e) &&
           certificates_pem(&certificate, 1, a, &pem, e) &&
           file_write_secret(arena_printf(a, "%s/%s.pem", x->folder, name), pem, e);
}

static bool load(const struct authority *x, const char *name, EVP_PKEY **key, X509 **certificate, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct bytes pem;
    BIO *bio;

    if (!file_read(a, arena_printf(a, "%s/%s.key", x->folder, name), KEY_FILE_MAX, &pem, e))
        return false;
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (!file_read(a, arena_printf(a, "%s/%s.pem", x->folder, name), KEY_FILE_MAX, &pem, e))
        return false;
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return (*key && *certificate) || fail_openssl(e, E_SIGN_KEY, "the authority's key cannot be read");
}

/* ---- lists of what was revoked ---- */
static bool is_fresh(const X509_CRL *list)
{
    time_t later = time(NULL) + DAY_S;

    return list && X509_cmp_time(X509_CRL_get0_nextUpdate(list), &later) > 0;
}

static bool set_times(X509_CRL *list, int days)
{
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, (long)days * DAY_S);
    bool good = now && next && X509_CRL_set1_lastUpdate(list, now) && X509_CRL_set1_nextUpdate(list, next);

    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    return good;
}

static bool copy_revoked(X509_CRL *to, X509_CRL *from)
{
    STACK_OF(X509_REVOKED) *rows = from ? X509_CRL_get_REVOKED(from) : NULL;

    for (int i = 0; i < sk_X509_REVOKED_num(rows); i++) {
        X509_REVOKED *copy = X509_REVOKED_dup(sk_X509_REVOKED_value(rows, i));

        if (!copy || !X509_CRL_add0_revoked(to, copy)) {
            X509_REVOKED_free(copy);
            return false;
        }
    }
    return true;
}

static bool add_revoked(X509_CRL *list, const X509 *certificate)
{
    X509_REVOKED *row = X509_REVOKED_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
    bool good = row && now &&
                X509_REVOKED_set_serialNumber(row, (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(certificate)) &&
                X509_REVOKED_set_revocationDate(row, now) && X509_CRL_add0_revoked(list, row);

    ASN1_TIME_free(now);
    if (!good)
        X509_REVOKED_free(row);
    return good;
}

static bool set_list_number(X509_CRL *list)
{
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    bool good = number && ASN1_INTEGER_set_int64(number, now_ms() / 1000) &&
                X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1;

    ASN1_INTEGER_free(number);
    return good;
}

struct listing {
    const char *name;
    X509 *issuer;
    EVP_PKEY *key;
    int days;
    const X509 *revoke; /* or NULL */
};

static X509_CRL *read_list(const struct authority *x, const char *name)
{
    auto_arena struct arena *a = arena_new();
    const unsigned char *at;
    auto_error struct error e;
    struct bytes der;

    error_init(&e);
    if (!file_read(a, arena_printf(a, "%s/%s.crl", x->folder, name), KEY_FILE_MAX, &der, &e))
        return NULL; /* there is none yet */
    at = der.data;
    return d2i_X509_CRL(NULL, &at, (long)der.len);
}

static struct timespec written_at(const struct authority *x)
{
    auto_arena struct arena *a = arena_new();
    struct stat st;

    return stat(arena_printf(a, "%s/issuing.crl", x->folder), &st) == 0 ? st.st_mtim : (struct timespec){0};
}

/* The command line revokes while a server runs: what it wrote counts from then on. Under the lock. */
static void hear(struct authority *x)
{
    struct timespec at = written_at(x);
    X509_CRL *list;

    if (at.tv_sec == x->read_at.tv_sec && at.tv_nsec == x->read_at.tv_nsec)
        return;
    list = read_list(x, "issuing");
    if (!list)
        return; /* keep what is known */
    X509_CRL_free(x->list);
    x->list = list;
    x->read_at = at;
}

static bool write_list(const struct authority *x, const char *name, const X509_CRL *list, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    int len = i2d_X509_CRL(list, NULL);
    unsigned char *der = arena_alloc(a, (size_t)len), *end = der;

    (void)i2d_X509_CRL(list, &end); /* as long as it said */
    return file_write(arena_printf(a, "%s/%s.crl", x->folder, name), (struct bytes){der, (size_t)len}, e);
}

/* What was revoked stays so. Under the lock. */
static bool list_anew(const struct authority *x, const struct listing *l, X509_CRL **list, struct error *e)
{
    X509_CRL *next = X509_CRL_new();

    if (!next || !X509_CRL_set_version(next, X509_CRL_VERSION_2) ||
        !X509_CRL_set_issuer_name(next, X509_get_subject_name(l->issuer)) || !set_times(next, l->days) ||
        !set_list_number(next) || !copy_revoked(next, *list) || (l->revoke && !add_revoked(next, l->revoke)) ||
        !X509_CRL_sort(next) || X509_CRL_sign(next, l->key, EVP_sha256()) <= 0) {
        X509_CRL_free(next);
        return fail_openssl(e, E_INTERNAL, "make a list of revoked certificates");
    }
    if (!write_list(x, l->name, next, e)) {
        X509_CRL_free(next);
        return false;
    }
    X509_CRL_free(*list);
    *list = next;
    return true;
}

static bool lists_fresh(struct authority *x, const X509 *revoke, struct error *e)
{
    const struct listing root = {"root", x->root, x->root_key, ROOT_LIST_DAYS, NULL};
    const struct listing issuing = {"issuing", x->issuing, x->key, LIST_DAYS, revoke};

    hear(x);
    if (!is_fresh(x->root_list) && !list_anew(x, &root, &x->root_list, e))
        return false;
    if (is_fresh(x->list) && !revoke)
        return true;
    if (!list_anew(x, &issuing, &x->list, e))
        return false;
    x->read_at = written_at(x);
    return true;
}

static struct bytes list_der(struct arena *a, const X509_CRL *list)
{
    int len = i2d_X509_CRL(list, NULL);
    unsigned char *der = arena_alloc(a, (size_t)len), *end = der;

    (void)i2d_X509_CRL(list, &end); /* as long as it said */
    return (struct bytes){der, (size_t)len};
}

bool authority_lists(struct authority *x, struct arena *a, struct bytes out[static 2], struct error *e)
{
    bool good;

    (void)pthread_mutex_lock(&x->lock);
    good = lists_fresh(x, NULL, e);
    if (good) {
        out[0] = list_der(a, x->root_list);
        out[1] = list_der(a, x->list);
    }
    (void)pthread_mutex_unlock(&x->lock);
    return good;
}

bool authority_publishes(struct authority *x, const char *name, struct arena *a, struct bytes *out, struct error *e)
{
    struct bytes lists[2];

    if (strcmp(name, "root.cer") == 0 || strcmp(name, "issuing.cer") == 0) {
        *out = certificate_der(a, *name == 'r' ? x->root : x->issuing);
        return true;
    }
    if (strcmp(name, "root.crl") != 0 && strcmp(name, "issuing.crl") != 0)
        return fail(e, E_NOT_FOUND, "the authority publishes no such thing");
    if (!authority_lists(x, a, lists, e))
        return false;
    *out = lists[*name == 'i'];
    return true;
}

bool authority_revoke(struct authority *x, const X509 *certificate, struct error *e)
{
    bool good;

    if (!authority_issued(x, certificate))
        return fail(e, E_SIGN_KEY, "another authority issued it: it must revoke it");
    (void)pthread_mutex_lock(&x->lock);
    good = lists_fresh(x, certificate, e);
    (void)pthread_mutex_unlock(&x->lock);
    return good;
}

bool authority_has_revoked(struct authority *x, const X509 *certificate)
{
    X509_REVOKED *row = NULL;
    bool revoked;

    (void)pthread_mutex_lock(&x->lock);
    hear(x);
    revoked = X509_CRL_get0_by_cert(x->list, &row, (X509 *)(uintptr_t)certificate) == 1;
    (void)pthread_mutex_unlock(&x->lock);
    return revoked;
}

/* ---- the authority ---- */
static bool found_it(struct authority *x, struct error *e)
{
    const struct holder root = {.common = "motcua Root CA", .organisation = "motcua"};
    const struct holder issuing = {.common = "motcua Issuing CA", .organisation = "motcua"};

    x->root_key = EVP_EC_gen("P-256");
    x->key = EVP_EC_gen("P-256");
    if (!x->root_key || !x->key)
        return fail_openssl(e, E_INTERNAL, "make a key");
    return issue(&(struct request_to_issue){&root, x->root_key, NULL, x->root_key, ROOT_DAYS, root_extensions, NULL},
                 &x->root, e) &&
           issue(&(struct request_to_issue){&issuing, x->key, x->root, x->root_key, ISSUING_DAYS, issuing_extensions,
                                            NULL},
                 &x->issuing, e) &&
           save(x, "root", x->root_key, x->root, e) && save(x, "issuing", x->key, x->issuing, e);
}

bool authority_open(const struct house *house, const char *folder, struct authority **out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct authority *x = calloc(1, sizeof *x);
    bool good;

    if (x)
        x->house = house;
    if (!x || asprintf(&x->folder, "%s", folder) < 0)
        die("out of memory", sizeof *x);
    (void)pthread_mutex_init(&x->lock, NULL); /* the default attributes cannot fail */
    good = access(arena_printf(a, "%s/issuing.pem", folder), F_OK) == 0
               ? load(x, "root", &x->root_key, &x->root, e) && load(x, "issuing", &x->key, &x->issuing, e)
               : found_it(x, e);
    if (good) {
        x->root_list = read_list(x, "root");
        hear(x);
        good = lists_fresh(x, NULL, e);
    }
    if (!good) {
        authority_close(x);
        return false;
    }
    *out = x;
    return true;
}

void authority_close(struct authority *x)
{
    if (!x)
        return;
    EVP_PKEY_free(x->root_key);
    EVP_PKEY_free(x->key);
    X509_free(x->root);
    X509_free(x->issuing);
    X509_CRL_free(x->root_list);
    X509_CRL_free(x->list);
    (void)pthread_mutex_destroy(&x->lock);
    free(x->folder);
    free(x);
}

bool authority_certify(struct authority *x, const struct holder *who, EVP_PKEY *public_key, struct arena *a,
                       struct bytes *certificates, struct error *e)
{
    X509 *both[2] = {NULL, x->issuing};
    const char *origin = x->house->origin;
    const struct request_to_issue request = {.who = who,
                                             .key = public_key,
                                             .issuer = x->issuing,
                                             .issuer_key = x->key,
                                             .days = SIGNER_DAYS,
                                             .extensions = signer_extensions,
                                             .lists = origin ? arena_printf(a, "URI:%s/ca/issuing.crl", origin) : NULL};
    bool good = issue(&request, &both[0], e) && certificates_pem(both, 2, a, certificates, e);

    X509_free(both[0]);
    return good;
}

bool authority_enrol(struct authority *x, const struct holder *who, struct arena *a, struct bytes *key,
                     struct bytes *certificates, struct error *e)
{
    EVP_PKEY *fresh = EVP_EC_gen("P-256");
    bool good = (fresh || fail_openssl(e, E_INTERNAL, "make a key")) && key_pem(fresh, a, key, e) &&
                authority_certify(x, who, fresh, a, certificates, e);

    EVP_PKEY_free(fresh);
    return good;
}

const X509 *authority_root(const struct authority *x)
{
    return x->root;
}

bool authority_issued(const struct authority *x, const X509 *certificate)
{
    return X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(x->issuing)) == 0 &&
           X509_verify((X509 *)(uintptr_t)certificate, X509_get0_pubkey(x->issuing)) == 1;
}
