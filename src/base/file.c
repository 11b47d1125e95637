#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

bool file_read(struct arena *a, const char *path, size_t max, struct bytes *out, struct error *e)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    auto_buf struct buf b = BUF_INIT(max);
    char chunk[16384];
    ssize_t n;

    if (fd < 0)
        return fail_errno(e, "open %s", path);
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(&b, chunk, (size_t)n);
    if (n < 0)
        return fail_errno(e, "read %s", path);
    if (b.overflow)
        return fail(e, E_BODY_TOO_LARGE, "%s is larger than %zu bytes", path, max);
    *out = (struct bytes){arena_strndup(a, b.data ? b.data : "", b.len), b.len};
    return true;
}

bool fd_write_all(int fd, struct bytes data, struct error *e)
{
    const char *p = data.data;

    while (data.len) {
        ssize_t n = write(fd, p, data.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(e, "write");
        p += n;
        data.len -= (size_t)n;
    }
    return true;
}

bool folder_sync(const char *path, struct error *e)
{
    auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return fail_errno(e, "sync %s", path);
    return true;
}

static bool settle(int fd, const char *temporary, const char *path, struct error *e)
{
    return (fsync(fd) == 0 && rename(temporary, path) == 0) || fail_errno(e, "write %s", path);
}

static bool write_whole(const char *path, struct bytes data, mode_t mode, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *temporary = arena_printf(a, "%s.new", path), *folder = arena_strdup(a, path), *slash;
    auto_close int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0)
        return fail_errno(e, "create %s", temporary);
    if (!fd_write_all(fd, data, e) || !settle(fd, temporary, path, e)) {
        (void)unlink(temporary); /* no part stays, least of all on a full disk; what failed is told already */
        return false;
    }
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0'; /* "/" stays "/" */
    return folder_sync(slash ? folder : ".", e);
}

bool file_write(const char *path, struct bytes data, struct error *e)
{
    return write_whole(path, data, 0640, e);
}

bool file_write_secret(const char *path, struct bytes data, struct error *e)
{
    return write_whole(path, data, 0600, e);
}

bool fd_digest(int fd, struct digest *out, int64_t *size)
{
    unsigned char part[64 << 10];
    struct digest_stream hash;
    ssize_t n;

    digest_start(&hash);
    *size = 0;
    while ((n = pread(fd, part, sizeof part, *size)) > 0) {
        digest_add(&hash, part, (size_t)n);
        *size += n;
    }
    *out = digest_end(&hash);
    return n == 0;
}

bool folder_make(const char *path, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    char *copy = arena_strdup(a, path);

    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0750) != 0 && errno != EEXIST)
            return fail_errno(e, "make folder %s", copy);
        *p = '/';
    }
    if (mkdir(copy, 0750) != 0 && errno != EEXIST)
        return fail_errno(e, "make folder %s", copy);
    return true;
}

static bool ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool folder_walk(const char *path, const char *suffix, bool (*each)(const char *path, void *arg, struct error *e),
                 void *arg, struct error *e)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort);
    bool ok = true;

    if (n < 0)
        return fail_errno(e, "list %s", path);
    for (int i = 0; i < n; i++) {
        auto_arena struct arena *a = arena_new();
        char *below = arena_printf(a, "%s/%s", path, entries[i]->d_name);
        struct stat st;

        if (ok && entries[i]->d_name[0] != '.' && stat(below, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                ok = folder_walk(below, suffix, each, arg, e);
            else if (S_ISREG(st.st_mode) && ends_with(below, suffix))
                ok = each(below, arg, e);
        }
        free(entries[i]);
    }
    free(entries);
    return ok;
}
