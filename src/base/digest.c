#include "base/digest.h"

#include <string.h>

struct digest digest_of(struct bytes data)
{
    struct digest d;

    (void)crypto_hash_sha256(d.bytes, data.data, data.len); /* always 0 */
    return d;
}

void digest_hex(const struct digest *d, char out[static DIGEST_HEX])
{
    (void)sodium_bin2hex(out, DIGEST_HEX, d->bytes, sizeof d->bytes); /* out is large enough by its type */
}

bool digest_parse(const char *hex, struct digest *out)
{
    struct digest d;
    size_t len;

    if (strlen(hex) != DIGEST_HEX - 1 ||
        sodium_hex2bin(d.bytes, sizeof d.bytes, hex, DIGEST_HEX - 1, NULL, &len, NULL) != 0 || len != sizeof d.bytes)
        return false;
    *out = d;
    return true;
}

void digest_start(struct digest_stream *s)
{
    (void)crypto_hash_sha256_init(&s->state); /* always 0 */
}

void digest_add(struct digest_stream *s, const void *data, size_t len)
{
    (void)crypto_hash_sha256_update(&s->state, data, len); /* always 0 */
}

struct digest digest_end(struct digest_stream *s)
{
    struct digest d;

    (void)crypto_hash_sha256_final(&s->state, d.bytes); /* always 0 */
    return d;
}

void random_hex(char *out, size_t len)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < len * 2; i++)
        out[i] = hex[randombytes_uniform(16)];
    out[len * 2] = '\0';
}

void random_code(char *out, size_t n)
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (size_t i = 0; i < n; i++)
        out[i] = letters[randombytes_uniform(sizeof letters - 1)];
    out[n] = '\0';
}
