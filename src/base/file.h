/* Files: whole reads with a ceiling, durable writes, folders. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

/* The whole file, at most max bytes, with a NUL after it; in the arena. */
bool file_read(struct arena *a, const char *path, size_t max, struct bytes *out, struct error *e) CHECKED;
/* Written beside, synced, renamed: the old content or the new, never a part. */
bool file_write(const char *path, struct bytes data, struct error *e) CHECKED;
/* The same, for its owner's eyes only (0600). */
bool file_write_secret(const char *path, struct bytes data, struct error *e) CHECKED;
bool fd_write_all(int fd, struct bytes data, struct error *e) CHECKED;
/* The digest of all that fd holds from its beginning, and how much that is; false when it cannot be read: see errno. */
bool fd_digest(int fd, struct digest *out, int64_t *size) CHECKED;
/* The folder and its parents; fine when they exist. */
bool folder_make(const char *path, struct error *e) CHECKED;
/* Syncs the folder itself, so that a rename in it survives a power cut. */
bool folder_sync(const char *path, struct error *e) CHECKED;
/* Calls each(path) for every regular file below whose name ends in suffix, folder by folder in the order of their
 * names; what begins with a dot is passed over. Stops at the first false. */
bool folder_walk(const char *path, const char *suffix, bool (*each)(const char *path, void *arg, struct error *e),
                 void *arg, struct error *e) CHECKED;
