/* Passwords: argon2id with OWASP's minimum (19 MiB, two passes), because every hash in flight costs its memory. Two run
 * at once, some wait, more are told to come back: a flood of logins eats neither memory nor all workers. */
#include "people/people_internal.h"

#include <pthread.h>
#include <string.h>

enum { RUNNING_MAX = 2, WAITING_MAX = 24, MEMORY_BYTES = 19 << 20, PASSES = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two counts */
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static int running, waiting;

/* Of a password nobody has: compared when there is no account, so that the time taken tells nothing. Its limits must
 * be those above; the tests see to it. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_enter(struct error *e)
{
    bool full;

    (void)pthread_mutex_lock(&lock);
    full = running >= RUNNING_MAX && waiting >= WAITING_MAX;
    if (!full) {
        waiting++;
        while (running >= RUNNING_MAX)
            (void)pthread_cond_wait(&left, &lock);
        waiting--;
        running++;
    }
    (void)pthread_mutex_unlock(&lock);
    return !full || fail(e, E_BUSY, "%d sign-ins are waiting", WAITING_MAX);
}

void password_leave(void)
{
    (void)pthread_mutex_lock(&lock);
    running--;
    (void)pthread_cond_signal(&left);
    (void)pthread_mutex_unlock(&lock);
}

bool password_hash(const char *password, char out[static PASSWORD_HASH_MAX], struct error *e)
{
    int rc;

    _Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_STRBYTES, "a hash fits");
    if (sodium_init() < 0)
        return fail(e, E_INTERNAL, "libsodium cannot start");
    if (!password_enter(e))
        return false;
    rc = crypto_pwhash_str_alg(out, password, strlen(password), PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    password_leave();
    return rc == 0 || fail(e, E_BUSY, "no memory to hash a password");
}

bool password_matches(const char *hash, const char *password)
{
    bool same = crypto_pwhash_str_verify(hash ? hash : nobody, password, strlen(password)) == 0;

    return same && hash;
}

bool password_is_current(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash ? hash : nobody, PASSES, MEMORY_BYTES) == 0;
}
