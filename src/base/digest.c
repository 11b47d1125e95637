#include "base/digest.h"

#include <string.h>

/* OpenSSL's, not libsodium's: it uses the processor's own instructions, which is five times as fast; a signed paper is
 * digested four times. None of its calls can fail. */
struct digest digest_of(struct bytes data)
{
    struct digest_stream s;

    digest_start(&s);
    digest_add(&s, data.data, data.len);
    return digest_end(&s);
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
    (void)SHA256_Init(&s->state);
}

void digest_add(struct digest_stream *s, const void *data, size_t len)
{
    if (len)
        (void)SHA256_Update(&s->state, data, len);
}

struct digest digest_end(struct digest_stream *s)
{
    struct digest d;

    (void)SHA256_Final(d.bytes, &s->state);
    return d;
}

void random_hex(char *out, size_t len)
{
    static const char hex[] = "0123456789abcdef";

    randombytes_buf(out, len * 2); /* each call of it is a system call: one for all */
    for (size_t i = 0; i < len * 2; i++)
        out[i] = hex[(unsigned char)out[i] % 16];
    out[len * 2] = '\0';
}

void random_code(char *out, size_t n)
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    randombytes_buf(out, n); /* 256 is a multiple of the 32 letters: none is likelier than another */
    for (size_t i = 0; i < n; i++)
        out[i] = letters[(unsigned char)out[i] % (sizeof letters - 1)];
    out[n] = '\0';
}
