/* A key in hardware, through PKCS#11. A token may be pulled out, or hang: each has a thread of its own, which is asked
 * and waited for only so long; a session that broke is opened anew for the next try. */
#include "document/sign_internal.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/core_names.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <pthread.h>
#include <string.h>

enum { TOKEN_WAIT_MS = 10000, SLOTS_MAX = 64, PIN_MAX = 256, POINT_MAX = 160 };

enum ask { ASK_SIGN, ASK_PUBLIC_KEY };
struct question { /* shared by who asks and the thread; whoever lets go last frees it */
    enum ask ask;
    bool elliptic, done, left;
    struct digest digest;
    unsigned char answer[SIGNATURE_MAX];
    size_t len;
    EVP_PKEY *key;
    CK_RV rv;
    const char *what; /* that failed */
};

struct token {
    P11KitUri *uri;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t asked, answered;
    struct question *question;
    bool started, busy, stopping;
    /* the thread's own */
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
    bool open;
};

/* ---- on the token's thread ---- */
static bool read_pin(const struct token *t, char pin[static PIN_MAX], size_t *len)
{
    const char *value = p11_kit_uri_get_pin_value(t->uri), *source = p11_kit_uri_get_pin_source(t->uri);
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct bytes file;

    error_init(&e);
    *len = 0;
    if (!value && !source)
        return true;
    if (!value) {
        if (text_starts_with(source, "file:"))
            source += strlen("file:");
        if (!file_read(a, source, PIN_MAX - 1, &file, &e))
            return false;
        value = file.data; /* ends in NUL */
    }
    *len = strcspn(value, "\r\n");
    if (*len >= PIN_MAX)
        return false;
    memcpy(pin, value, *len);
    return true;
}

static CK_RV find_slot(const struct token *t, CK_SLOT_ID *out)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    CK_RV rv = t->module->C_GetSlotList(CK_TRUE, slots, &n);

    for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
        CK_TOKEN_INFO info;

        if (t->module->C_GetTokenInfo(slots[i], &info) == CKR_OK && p11_kit_uri_match_token_info(t->uri, &info)) {
            *out = slots[i];
            return CKR_OK;
        }
    }
    return rv == CKR_OK ? CKR_TOKEN_NOT_PRESENT : rv;
}

static CK_RV load_module(struct token *t)
{
    const char *path = p11_kit_uri_get_module_path(t->uri);
    CK_RV rv;

    if (t->module)
        return CKR_OK;
    t->module = path ? p11_kit_module_load(path, 0) : NULL;
    if (!t->module)
        return CKR_GENERAL_ERROR;
    rv = p11_kit_module_initialize(t->module);
    if (rv != CKR_OK) {
        p11_kit_module_release(t->module);
        t->module = NULL;
    }
    return rv;
}

static CK_RV open_session(struct token *t)
{
    char pin[PIN_MAX];
    CK_SLOT_ID slot;
    size_t len;
    CK_RV rv = load_module(t);

    if (rv == CKR_OK)
        rv = find_slot(t, &slot);
    if (rv == CKR_OK)
        rv = t->module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session);
    if (rv != CKR_OK)
        return rv;
    t->open = true;
    if (!read_pin(t, pin, &len))
        return CKR_PIN_INVALID;
    if (len)
        rv = t->module->C_Login(t->session, CKU_USER, (CK_UTF8CHAR *)pin, len);
    explicit_bzero(pin, sizeof pin);
    return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

static void close_session(struct token *t)
{
    if (t->open)
        (void)t->module->C_CloseSession(t->session); /* it may be gone already */
    t->open = false;
}

/* The object of this class that the URI names. */
static CK_RV find_object(const struct token *t, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out)
{
    CK_ATTRIBUTE wanted[4] = {{CKA_CLASS, &class, sizeof class}};
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
    CK_ULONG n = 1, found = 0;
    CK_RV rv;

    for (size_t i = 0; i < COUNT(types); i++) {
        const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(t->uri, types[i]);

        if (attribute)
            wanted[n++] = *attribute;
    }
    rv = t->module->C_FindObjectsInit(t->session, wanted, n);
    if (rv != CKR_OK)
        return rv;
    rv = t->module->C_FindObjects(t->session, out, 1, &found);
    (void)t->module->C_FindObjectsFinal(t->session); /* nothing is read after it */
    return rv != CKR_OK ? rv : found ? CKR_OK : CKR_KEY_HANDLE_INVALID;
}

/* PKCS#11 gives r and s side by side; X.509 wants them as a sequence. */
static bool to_sequence(struct question *q)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(q->answer, (int)(q->len / 2), NULL),
           *s = BN_bin2bn(q->answer + q->len / 2, (int)(q->len / 2), NULL);
    unsigned char *at = q->answer;
    int len = 0;

    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL;
        len = i2d_ECDSA_SIG(pair, &at);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    q->len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

static CK_RV sign_digest(struct token *t, struct question *q)
{
    /* DigestInfo of SHA-256 (RFC 8017, 9.2): the mechanism only pads. */
    static const unsigned char prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                           0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    CK_MECHANISM mechanism = {q->elliptic ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0};
    unsigned char data[sizeof prefix + DIGEST_BYTES];
    size_t skip = q->elliptic ? 0 : sizeof prefix;
    CK_ULONG len = sizeof q->answer;
    CK_OBJECT_HANDLE key;
    CK_RV rv = find_object(t, CKO_PRIVATE_KEY, &key);

    memcpy(data, prefix, skip);
    memcpy(data + skip, q->digest.bytes, DIGEST_BYTES);
    if (rv == CKR_OK)
        rv = t->module->C_SignInit(t->session, &mechanism, key);
    if (rv == CKR_OK)
        rv = t->module->C_Sign(t->session, data, skip + DIGEST_BYTES, q->answer, &len);
    q->len = len;
    if (rv == CKR_OK && q->elliptic && !to_sequence(q))
        rv = CKR_DATA_INVALID;
    return rv;
}

static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *params = builder ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params); /* key stays NULL when it fails */
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

/* P-256: the point comes wrapped in an OCTET STRING. */
static EVP_PKEY *elliptic_key(const unsigned char *point, size_t len)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (len > 2 && point[0] == 0x04 && point[1] == len - 2) {
        point += 2;
        len -= 2;
    }
    if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len))
        key = key_of("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *rsa_key(const CK_ATTRIBUTE *modulus, const CK_ATTRIBUTE *exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus->pValue, (int)modulus->ulValueLen, NULL),
           *x = BN_bin2bn(exponent->pValue, (int)exponent->ulValueLen, NULL);
    EVP_PKEY *key = NULL;

    if (builder && n && x && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, x))
        key = key_of("RSA", builder);
    BN_free(n);
    BN_free(x);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static CK_RV read_public_key(struct token *t, struct question *q)
{
    unsigned char point[POINT_MAX], n[SIGNATURE_MAX], x[16];
    CK_ATTRIBUTE ec = {CKA_EC_POINT, point, sizeof point};
    CK_ATTRIBUTE rsa[] = {{CKA_MODULUS, n, sizeof n}, {CKA_PUBLIC_EXPONENT, x, sizeof x}};
    CK_OBJECT_HANDLE object;
    CK_RV rv = find_object(t, CKO_PUBLIC_KEY, &object);

    if (rv != CKR_OK)
        return rv;
    if (t->module->C_GetAttributeValue(t->session, object, &ec, 1) == CKR_OK)
        q->key = elliptic_key(point, ec.ulValueLen);
    else if (t->module->C_GetAttributeValue(t->session, object, rsa, 2) == CKR_OK)
        q->key = rsa_key(&rsa[0], &rsa[1]);
    return q->key ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
}

/* A driver that lost its token may see it again only when it starts anew. */
static void unload(struct token *t)
{
    close_session(t);
    if (!t->module)
        return;
    (void)p11_kit_module_finalize(t->module); /* whatever it says, it is let go */
    p11_kit_module_release(t->module);
    t->module = NULL;
}

/* Twice: a session may have died since the last time, which is only seen when it is used. */
static void answer(struct token *t, struct question *q)
{
    for (int i = 0; i < 2; i++) {
        q->what = "open";
        q->rv = t->open ? CKR_OK : open_session(t);
        if (q->rv == CKR_OK) {
            q->what = q->ask == ASK_SIGN ? "sign" : "read the public key";
            q->rv = q->ask == ASK_SIGN ? sign_digest(t, q) : read_public_key(t, q);
        }
        if (q->rv == CKR_OK)
            return;
        unload(t);
        if (q->rv == CKR_PIN_INCORRECT || q->rv == CKR_PIN_LOCKED) /* a second wrong try is nearer to the lock */
            return;
    }
}

static void let_go(struct question *q)
{
    EVP_PKEY_free(q->key);
    free(q);
}

static void *run(void *arg)
{
    struct token *t = arg;

    (void)pthread_mutex_lock(&t->lock);
    for (;;) {
        struct question *q;

        while (!t->question && !t->stopping)
            (void)pthread_cond_wait(&t->asked, &t->lock);
        q = t->question;
        if (!q)
            break;
        (void)pthread_mutex_unlock(&t->lock);
        answer(t, q);
        (void)pthread_mutex_lock(&t->lock);
        t->question = NULL;
        q->done = true;
        if (q->left)
            let_go(q);
        (void)pthread_cond_broadcast(&t->answered);
    }
    (void)pthread_mutex_unlock(&t->lock);
    unload(t);
    return NULL;
}

/* ---- asking ---- */
static void soon(struct timespec *out)
{
    (void)clock_gettime(CLOCK_MONOTONIC, out); /* it exists */
    out->tv_sec += TOKEN_WAIT_MS / 1000;
}

/* NULL when the token did not answer in time: who asks next is told so at once until it does. */
static struct question *ask(struct token *t, struct question *q)
{
    struct timespec end;

    soon(&end);
    (void)pthread_mutex_lock(&t->lock);
    if (!t->started)
        t->started = pthread_create(&t->thread, NULL, run, t) == 0;
    while (t->started && t->question)
        if (pthread_cond_timedwait(&t->answered, &t->lock, &end) == ETIMEDOUT)
            break;
    if (!t->started || t->question) {
        let_go(q);
        q = NULL;
    } else {
        t->question = q;
        (void)pthread_cond_signal(&t->asked);
        while (!q->done && pthread_cond_timedwait(&t->answered, &t->lock, &end) != ETIMEDOUT)
            ;
        if (!q->done) {
            q->left = true;
            q = NULL;
        }
    }
    (void)pthread_mutex_unlock(&t->lock);
    return q;
}

static struct question *question_new(enum ask what)
{
    struct question *q = calloc(1, sizeof *q);

    if (!q)
        die("out of memory", sizeof *q);
    q->ask = what;
    return q;
}

static bool answered(const struct question *q, struct error *e)
{
    if (!q)
        return fail(e, E_SIGN_TOKEN, "no answer within %d ms", TOKEN_WAIT_MS);
    return q->rv == CKR_OK || fail(e, E_SIGN_TOKEN, "%s: PKCS#11 error 0x%lx", q->what, q->rv);
}

bool token_sign(struct token *t, bool elliptic, const struct digest *digest, unsigned char out[static SIGNATURE_MAX],
                size_t *len, struct error *e)
{
    struct question *q = question_new(ASK_SIGN);
    bool good;

    q->elliptic = elliptic;
    q->digest = *digest;
    q = ask(t, q);
    good = answered(q, e);
    if (good) {
        memcpy(out, q->answer, q->len);
        *len = q->len;
    }
    if (q)
        let_go(q);
    return good;
}

bool token_public_key(struct token *t, EVP_PKEY **out, struct error *e)
{
    struct question *q = ask(t, question_new(ASK_PUBLIC_KEY));
    bool good = answered(q, e);

    if (good) {
        *out = q->key;
        q->key = NULL;
    }
    if (q)
        let_go(q);
    return good;
}

bool token_new(const char *uri, struct token **out, struct error *e)
{
    struct token *t = calloc(1, sizeof *t);
    pthread_condattr_t clock;

    if (!t)
        die("out of memory", sizeof *t);
    (void)pthread_mutex_init(&t->lock, NULL); /* the default attributes cannot fail */
    (void)pthread_condattr_init(&clock);      /* likewise */
    (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&t->asked, NULL);
    (void)pthread_cond_init(&t->answered, &clock);
    (void)pthread_condattr_destroy(&clock);
    t->uri = p11_kit_uri_new();
    if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, t->uri) != P11_KIT_URI_OK ||
        !p11_kit_uri_get_module_path(t->uri)) {
        token_free(t);
        return fail(e, E_SIGN_KEY, "a pkcs11: URI names token, object and module-path");
    }
    *out = t;
    return true;
}

void token_free(struct token *t)
{
    if (!t)
        return;
    if (t->started) {
        bool stuck;

        (void)pthread_mutex_lock(&t->lock);
        t->stopping = true;
        stuck = t->question != NULL;
        (void)pthread_cond_signal(&t->asked);
        (void)pthread_mutex_unlock(&t->lock);
        if (stuck) /* it hangs inside the driver: nobody can end that but the end of the process */
            return;
        (void)pthread_join(t->thread, NULL); /* it ends when nothing is asked */
    }
    p11_kit_uri_free(t->uri);
    (void)pthread_mutex_destroy(&t->lock);
    (void)pthread_cond_destroy(&t->asked);
    (void)pthread_cond_destroy(&t->answered);
    free(t);
}
