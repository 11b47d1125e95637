/* Encrypted, incremental backups in a place of objects (a folder or S3):
 *
 *   chunks/ab/…     256 KiB of the database each, by the keyed hash of what is in it: unchanged ones are sent once
 *   files/ab/…      the documents, likewise
 *   lists/TIME      which chunks a backup needs, for retention (names only)
 *   manifests/TIME  sealed: the database's size and digest, its chunks in order, how many documents it names. Last.
 *
 * Which documents belong to it says the database itself. */
#pragma once

#include "program/program.h"

#include <sodium.h>

#include "objects/objects.h"

enum { BACKUP_KEY = 32, BACKUP_CHUNK = 256 << 10, BACKUP_VERSION = 1, MANIFEST_MAX = 512 << 20, BACKUP_NAME_MAX = 96 };

struct backup_key {
    unsigned char public[BACKUP_KEY], shared[BACKUP_KEY], secret[BACKUP_KEY];
};
/* E_BACKUP_KEY when the file is none, or lacks the secret half and it is wanted. */
bool backup_key_read(const char *path, bool secret, struct backup_key *out, struct error *e) CHECKED;
/* What an object with these bytes is called. */
void backup_name(const struct backup_key *k, const struct digest *digest, struct digest *out);
void backup_vouch(const struct backup_key *k, struct bytes data, unsigned char out[static BACKUP_KEY]);

/* Seals len bytes of in from there on into out; digest and size are of what was written. */
bool seal(const struct backup_key *k, const char *name, int in, int64_t from, int64_t len, int out,
          struct digest *digest, int64_t *size, struct error *e) CHECKED;
/* Opens all of in into out. The hash is of the open bytes. */
bool unseal(const struct backup_key *k, const char *name, int in, int out, struct digest_stream *hash, int64_t *len,
            struct error *e) CHECKED;

/* "chunks/ab/cdef…" */
static inline void backup_path(const char *kind, const struct digest *name, char out[static BACKUP_NAME_MAX])
{
    char hex[DIGEST_HEX];

    digest_hex(name, hex);
    (void)snprintf(out, BACKUP_NAME_MAX, "%s/%.2s/%.62s", kind, hex, hex + 2); /* as long as it is */
}

/* Into a new file, synced. */
bool file_copy(const char *from, const char *to, struct error *e) CHECKED;
bool backup_sealed(const struct args *args, struct error *e) CHECKED;
bool restore_sealed(const struct args *args, struct error *e) CHECKED;
