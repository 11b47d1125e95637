/* SHA-256, of memory and of streams; and secrets from the system's generator. */
#pragma once

#include <sodium.h>
#define OPENSSL_SUPPRESS_DEPRECATED /* what took its place looks its algorithm up and allocates, for each digest */
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX = 65 };

struct digest {
    unsigned char bytes[DIGEST_BYTES];
};

struct digest digest_of(struct bytes data);
void digest_hex(const struct digest *d, char out[static DIGEST_HEX]);
bool digest_parse(const char *hex, struct digest *out) CHECKED;

/* A stream: init, add…, end. */
struct digest_stream {
    SHA256_CTX state;
};
void digest_start(struct digest_stream *s);
void digest_add(struct digest_stream *s, const void *data, size_t len);
struct digest digest_end(struct digest_stream *s);

/* len random bytes as lower-case hex; out holds 2 * len + 1. */
void random_hex(char *out, size_t len);
/* A code people can read aloud: n characters of 0-9 and A-Z without I, L, O, U. out holds n + 1. */
void random_code(char *out, size_t n);
