/* The second factor: time-based codes (RFC 6238, thirty seconds, six digits) from liboath, and ten recovery codes for a
 * lost device. A code counts once: the step it was made for is kept, and only a later one is taken. */
#include "people/people_internal.h"

#include <inttypes.h>
#include <liboath/oath.h>
#include <string.h>

enum { STEP_S = 30, WINDOW = 1, SECRET_BYTES = 20, DIGITS = 6, RECOVERY_CHARS = 10 };

bool otp_start(struct error *e)
{
    int rc = oath_init();

    return rc == OATH_OK || fail(e, E_INTERNAL, "liboath: %s", oath_strerror(rc));
}

bool otp_secret_new(struct arena *a, char **out, struct error *e)
{
    unsigned char secret[SECRET_BYTES];
    char *text = NULL;
    int rc;

    randombytes_buf(secret, sizeof secret);
    rc = oath_base32_encode((const char *)secret, sizeof secret, &text, NULL);
    sodium_memzero(secret, sizeof secret);
    if (rc != OATH_OK)
        return fail(e, E_INTERNAL, "liboath: %s", oath_strerror(rc));
    *out = arena_strdup(a, text);
    free(text); /* liboath's */
    return true;
}

char *otp_uri(struct arena *a, const char *user, const char *secret)
{
    return arena_printf(a, "otpauth://totp/motcua:%s?secret=%s&issuer=motcua&algorithm=SHA1&digits=%d&period=%d", user,
                        secret, DIGITS, STEP_S);
}

static bool is_code(const char *text)
{
    return strlen(text) == DIGITS && strspn(text, "0123456789") == DIGITS;
}

bool otp_step(const char *secret, const char *code, int64_t now, int64_t *step)
{
    char *bytes = NULL;
    size_t len;
    uint64_t counter = 0;
    int rc;

    if (!is_code(code) || oath_base32_decode(secret, strlen(secret), &bytes, &len) != OATH_OK)
        return false;
    rc = oath_totp_validate4(bytes, len, (time_t)(now / 1000), STEP_S, 0, WINDOW, NULL, &counter, 0, code);
    sodium_memzero(bytes, len);
    free(bytes); /* liboath's */
    *step = (int64_t)counter;
    return rc >= 0;
}

/* ---- recovery codes: random enough that a plain hash keeps them ---- */
/* As it was given: without the dash and spaces that people type, in capitals. */
static struct digest recovery_digest(const char *typed)
{
    char plain[RECOVERY_CHARS * 2] = "";
    size_t n = 0;

    for (const char *p = typed; *p && n < sizeof plain - 1; p++)
        if (*p != '-' && *p != ' ')
            plain[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    return digest_of((struct bytes){plain, n});
}

void recovery_code_new(char out[static RECOVERY_TEXT])
{
    char code[RECOVERY_CHARS + 1];

    random_code(code, RECOVERY_CHARS);
    (void)snprintf(out, RECOVERY_TEXT, "%.5s-%.5s", code, code + 5); /* fits: 5 + 1 + 5 */
}

static bool recovery_keep(struct db *db, int64_t account, const char *code, struct error *e)
{
    struct digest d = recovery_digest(code);

    return db_exec(db, NULL, e, "INSERT INTO account_recovery (account, hash) VALUES ($1, $2)",
                   ARGS(I64(account), BLOB((struct bytes){d.bytes, sizeof d.bytes})));
}

/* ---- the table ---- */
bool otp_confirm(struct db *db, int64_t account, int64_t step, int64_t now,
                 char codes[static RECOVERY_CODES][RECOVERY_TEXT], struct error *e)
{
    static const char sql[] = "UPDATE account_otp SET confirmed_at = $2, last_step = $3"
                              " WHERE account = $1 AND confirmed_at = 0";
    int64_t changed;

    if (!db_exec(db, &changed, e, sql, ARGS(I64(account), I64(now), I64(step))))
        return false;
    if (changed == 0)
        return fail(e, E_CONFLICT, "no second factor waits to be confirmed");
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        if (!recovery_keep(db, account, codes[i], e))
            return false;
    return db_emit(db, "account.roles", account, NULL, e);
}

bool otp_remove(struct db *db, int64_t account, struct error *e)
{
    return db_exec(db, NULL, e, "DELETE FROM account_otp WHERE account = $1", ARGS(I64(account))) &&
           db_exec(db, NULL, e, "DELETE FROM account_recovery WHERE account = $1", ARGS(I64(account))) &&
           db_emit(db, "account.roles", account, NULL, e);
}

bool otp_spend(struct db *db, int64_t account, const char *secret, const char *typed, int64_t now, struct error *e)
{
    static const char spend_step[] = "UPDATE account_otp SET last_step = $2 WHERE account = $1 AND last_step < $2";
    static const char spend_code[] = "DELETE FROM account_recovery WHERE account = $1 AND hash = $2";
    struct digest d = recovery_digest(typed);
    int64_t step, changed = 0;

    if (is_code(typed)) {
        if (otp_step(secret, typed, now, &step) && !db_exec(db, &changed, e, spend_step, ARGS(I64(account), I64(step))))
            return false;
    } else if (!db_exec(db, &changed, e, spend_code,
                        ARGS(I64(account), BLOB((struct bytes){d.bytes, sizeof d.bytes})))) {
        return false;
    }
    return changed == 1 || fail(e, E_OTP_FAILED, "not a code, or used before");
}
