/* Sealing: what leaves for a backup can only be read with a key that the server does not have. Each object has its own
 * secretstream key, sealed to the public half; its name goes into the stream, so that one cannot stand for another. A
 * key that server and owner share names the objects (equal bytes, equal names, and nobody else can tell of which bytes)
 * and vouches for the manifests. */
#include "program/backup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    KEY_TEXT_MAX = 1024,
    PIECE = 1 << 16,
    HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    EXTRA = crypto_secretstream_xchacha20poly1305_ABYTES,
    STREAM_KEY = crypto_secretstream_xchacha20poly1305_KEYBYTES,
    SEALED_KEY = STREAM_KEY + crypto_box_SEALBYTES
};
static const unsigned char TAG_END = 3; /* crypto_secretstream_xchacha20poly1305_TAG_FINAL, a macro with a cast */

/* ---- keys in files ---- */
static const char *const key_names[] = {"public", "shared", "secret"};

static bool write_key(const char *path, const unsigned char *const parts[], size_t n, struct error *e)
{
    auto_buf struct buf b = BUF_INIT(KEY_TEXT_MAX);
    auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char hex[2 * BACKUP_KEY + 1];

    if (fd < 0)
        return fail_errno(e, "%s", path);
    for (size_t i = 0; i < n; i++) {
        (void)sodium_bin2hex(hex, sizeof hex, parts[i], BACKUP_KEY); /* hex is large enough */
        buf_printf(&b, "%s=%s\n", key_names[i], hex);
    }
    sodium_memzero(hex, sizeof hex);
    return fd_write_all(fd, (struct bytes){b.data, b.len}, e) && (fsync(fd) == 0 || fail_errno(e, "sync %s", path));
}

bool run_backup_key(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct backup_key k;
    const unsigned char *const parts[] = {k.public, k.shared, k.secret};
    const char *path = args->rest[0], *public = arena_printf(a, "%s.pub", path);
    bool ok;

    (void)crypto_box_keypair(k.public, k.secret); /* always 0 */
    randombytes_buf(k.shared, sizeof k.shared);
    ok = write_key(path, parts, 3, e) && write_key(public, parts, 2, e);
    sodium_memzero(&k, sizeof k);
    if (ok)
        printf(SAY("%s: khóa để phục hồi. Cất riêng, ngoài máy chủ; mất khóa là mất mọi bản sao lưu.\n"
                   "%s: phần mà máy chủ cần để sao lưu.\n",
                   "%s: the key to restore with. Keep it apart from the server; without it no backup can be read.\n"
                   "%s: what the server needs to back up.\n"),
               path, public);
    return ok;
}

static bool read_part(const char *line, struct backup_key *k, unsigned *seen)
{
    unsigned char *const at[] = {k->public, k->shared, k->secret};

    for (unsigned i = 0; i < COUNT(key_names); i++) {
        size_t len = strlen(key_names[i]), got;

        if (strncmp(line, key_names[i], len) != 0 || line[len] != '=')
            continue;
        if (sodium_hex2bin(at[i], BACKUP_KEY, line + len + 1, strlen(line + len + 1), NULL, &got, NULL) != 0 ||
            got != BACKUP_KEY)
            return false;
        *seen |= 1U << i;
    }
    return true;
}

bool backup_key_read(const char *path, bool secret, struct backup_key *out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    unsigned seen = 0, wanted = secret ? 7 : 3;
    struct bytes text;
    struct stat st;
    char *rest, *line;

    if (stat(path, &st) != 0)
        return fail_errno(e, "%s", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return fail(e, E_USAGE, "%s: mode %04o, must be 0600", path, (unsigned)st.st_mode & 07777);
    if (!file_read(a, path, KEY_TEXT_MAX, &text, e))
        return false;
    rest = arena_strdup(a, text.data);
    while ((line = strsep(&rest, "\n")))
        if (!read_part(line, out, &seen))
            return fail(e, E_BACKUP_KEY, "%s", path);
    return (seen & wanted) == wanted || fail(e, E_BACKUP_KEY, "%s: %s", path, secret ? "secret= ?" : "public= ?");
}

void backup_name(const struct backup_key *k, const struct digest *digest, struct digest *out)
{
    /* fails only on wrong sizes */
    (void)crypto_generichash(out->bytes, sizeof out->bytes, digest->bytes, sizeof digest->bytes, k->shared,
                             sizeof k->shared);
}

void backup_vouch(const struct backup_key *k, struct bytes data, unsigned char out[static BACKUP_KEY])
{
    (void)crypto_auth(out, data.data, data.len, k->shared); /* always 0 */
}

/* ---- sealing ---- */
static bool put_piece(int out, struct digest_stream *hash, const void *data, size_t len, struct error *e)
{
    digest_add(hash, data, len);
    return fd_write_all(out, (struct bytes){data, len}, e);
}

static bool begin(const struct backup_key *k, int out, struct digest_stream *hash,
                  crypto_secretstream_xchacha20poly1305_state *state, struct error *e)
{
    unsigned char key[STREAM_KEY], sealed[SEALED_KEY], header[HEADER];

    crypto_secretstream_xchacha20poly1305_keygen(key);
    (void)crypto_secretstream_xchacha20poly1305_init_push(state, header, key); /* always 0 */
    if (crypto_box_seal(sealed, key, sizeof key, k->public) != 0)
        return fail(e, E_BACKUP_KEY, "the public key is none");
    sodium_memzero(key, sizeof key);
    return put_piece(out, hash, sealed, sizeof sealed, e) && put_piece(out, hash, header, sizeof header, e);
}

bool seal(const struct backup_key *k, const char *name, int in, int64_t from, int64_t len, int out,
          struct digest *digest, int64_t *size, struct error *e)
{
    crypto_secretstream_xchacha20poly1305_state state;
    unsigned char plain[PIECE], cipher[PIECE + EXTRA];
    struct digest_stream hash;
    int64_t done = 0;

    digest_start(&hash);
    if (!begin(k, out, &hash, &state, e))
        return false;
    do {
        size_t want = len - done < PIECE ? (size_t)(len - done) : PIECE;
        ssize_t n = pread(in, plain, want, from + done);
        unsigned long long made;

        if (n != (ssize_t)want)
            return n < 0 ? fail_errno(e, "read %s", name) : fail(e, E_IO, "%s is shorter than it was", name);
        done += n;
        (void)crypto_secretstream_xchacha20poly1305_push(&state, cipher, &made, plain, want,
                                                         (const unsigned char *)name, strlen(name),
                                                         done == len ? TAG_END : 0); /* always 0 */
        if (!put_piece(out, &hash, cipher, (size_t)made, e))
            return false;
    } while (done < len);
    *digest = digest_end(&hash);
    *size = SEALED_KEY + HEADER + len + (len ? (len + PIECE - 1) / PIECE : 1) * EXTRA;
    return true;
}

/* ---- opening ---- */
/* All of want, or none at the end. */
static bool take(int fd, void *to, size_t want, size_t *got, struct error *e)
{
    *got = 0;
    while (*got < want) {
        ssize_t n = read(fd, (char *)to + *got, want - *got);

        if (n < 0)
            return fail_errno(e, "read a sealed object");
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return true;
}

bool unseal(const struct backup_key *k, const char *name, int in, int out, struct digest_stream *hash, int64_t *len,
            struct error *e)
{
    crypto_secretstream_xchacha20poly1305_state state;
    unsigned char sealed[SEALED_KEY], header[HEADER], key[STREAM_KEY], cipher[PIECE + EXTRA], plain[PIECE], tag = 0;
    unsigned long long made;
    size_t got;

    if (!take(in, sealed, sizeof sealed, &got, e))
        return false;
    if (got != sizeof sealed || crypto_box_seal_open(key, sealed, sizeof sealed, k->public, k->secret) != 0)
        return fail(e, E_BACKUP_KEY, "%s is not sealed for this key", name);
    if (!take(in, header, sizeof header, &got, e))
        return false;
    if (got != sizeof header || crypto_secretstream_xchacha20poly1305_init_pull(&state, header, key) != 0)
        return fail(e, E_BACKUP_BROKEN, "%s", name);
    sodium_memzero(key, sizeof key);
    for (*len = 0; tag != TAG_END; *len += (int64_t)made) {
        if (!take(in, cipher, sizeof cipher, &got, e))
            return false;
        if (got < EXTRA || crypto_secretstream_xchacha20poly1305_pull(&state, plain, &made, &tag, cipher, got,
                                                                      (const unsigned char *)name, strlen(name)) != 0)
            return fail(e, E_BACKUP_BROKEN, "%s", name);
        digest_add(hash, plain, (size_t)made);
        if (!fd_write_all(out, (struct bytes){plain, (size_t)made}, e))
            return false;
    }
    return (take(in, cipher, 1, &got, e) && got == 0) || fail(e, E_BACKUP_BROKEN, "%s is longer than it was", name);
}
