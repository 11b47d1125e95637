/* SQLite's own way to files, but for the writer's write-ahead log: a transaction's pages go to it in one write instead
 * of two a page. SQLite writes a frame as a header and a page, one behind the other; its header says whether the frame
 * ends a transaction. What is appended waits here until that one came. Others read the log through files of their own,
 * but nothing of it before the commit is published, which SQLite does after the last frame was written. */
#include "db/sqlite_internal.h"

#include <sqlite3.h>
#include <string.h>

enum {
    LOG_HEADER = 32,   /* of the file */
    FRAME_HEADER = 24, /* of each page; bytes 4 to 7: the database's size in pages after a commit, 0 within */
    ROOM = 2 << 20,
    PIECE = 124 << 10, /* the system's own way takes less than 128 KiB at once */
};

struct log_file {
    sqlite3_file base;
    sqlite3_file *real;
    char *waiting; /* ROOM bytes, made when first needed */
    sqlite3_int64 at;
    int n;             /* bytes that wait to be written at `at` */
    sqlite3_int64 end; /* of what was written: only what is appended there may wait */
    bool ends;         /* the last header was of a frame that ends a transaction */
};

static sqlite3_vfs *system_files;

static struct log_file *own(sqlite3_file *f)
{
    return (struct log_file *)(void *)f;
}

static int flush(struct log_file *l)
{
    int code = SQLITE_OK;

    for (int done = 0, n; code == SQLITE_OK && done < l->n; done += n) {
        n = l->n - done < PIECE ? l->n - done : PIECE;
        code = l->real->pMethods->xWrite(l->real, l->waiting + done, n, l->at + done);
    }
    if (code != SQLITE_OK)
        l->end = l->at; /* and the transaction fails: its place is written again */
    l->n = 0;
    return code;
}

static bool may_wait(struct log_file *l, int n, sqlite3_int64 at)
{
    if (at != l->end || at < LOG_HEADER || n > ROOM)
        return false;
    if (!l->waiting)
        l->waiting = sqlite3_malloc(ROOM);
    return l->waiting != NULL;
}

static int log_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    struct log_file *l = own(f);
    const unsigned char *bytes = data;
    bool is_header = n == FRAME_HEADER;
    int code = SQLITE_OK;

    if (is_header)
        l->ends = (bytes[4] | bytes[5] | bytes[6] | bytes[7]) != 0;
    if (!may_wait(l, n, at) || l->n + n > ROOM)
        code = flush(l);
    if (code != SQLITE_OK)
        return code;
    if (!may_wait(l, n, at)) {
        code = l->real->pMethods->xWrite(l->real, data, n, at);
        if (code == SQLITE_OK && (at == 0 || at + n > l->end))
            l->end = at + n;
        return code;
    }
    if (!l->n)
        l->at = at;
    memcpy(l->waiting + l->n, data, (size_t)n);
    l->n += n;
    l->end = at + n;
    return !is_header && l->ends ? flush(l) : SQLITE_OK;
}

static int log_close_file(sqlite3_file *f)
{
    struct log_file *l = own(f);
    int code = flush(l), closed = l->real->pMethods->xClose(l->real);

    sqlite3_free(l->waiting);
    return code != SQLITE_OK ? code : closed;
}

static int log_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    int code = flush(own(f));

    return code != SQLITE_OK ? code : own(f)->real->pMethods->xRead(own(f)->real, out, n, at);
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int code = flush(own(f));

    return code != SQLITE_OK ? code : own(f)->real->pMethods->xTruncate(own(f)->real, size);
}

static int log_sync_file(sqlite3_file *f, int flags)
{
    int code = flush(own(f));

    return code != SQLITE_OK ? code : own(f)->real->pMethods->xSync(own(f)->real, flags);
}

static int log_size(sqlite3_file *f, sqlite3_int64 *size)
{
    int code = flush(own(f));

    return code != SQLITE_OK ? code : own(f)->real->pMethods->xFileSize(own(f)->real, size);
}

static int log_lock(sqlite3_file *f, int how)
{
    return own(f)->real->pMethods->xLock(own(f)->real, how);
}

static int log_unlock(sqlite3_file *f, int how)
{
    return own(f)->real->pMethods->xUnlock(own(f)->real, how);
}

static int log_check_lock(sqlite3_file *f, int *yes)
{
    return own(f)->real->pMethods->xCheckReservedLock(own(f)->real, yes);
}

static int log_control(sqlite3_file *f, int what, void *arg)
{
    return own(f)->real->pMethods->xFileControl(own(f)->real, what, arg);
}

static int log_sector(sqlite3_file *f)
{
    return own(f)->real->pMethods->xSectorSize(own(f)->real);
}

static int log_device(sqlite3_file *f)
{
    return own(f)->real->pMethods->xDeviceCharacteristics(own(f)->real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1, /* no shared memory, no mapping: those are of the database itself */
    .xClose = log_close_file,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync_file,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_lock,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_device,
};

static int file_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct log_file *l = own(f);
    int code;

    (void)vfs;
    if (!(flags & SQLITE_OPEN_WAL))
        return system_files->xOpen(system_files, name, f, flags, out_flags);
    *l = (struct log_file){.real = (sqlite3_file *)(void *)(l + 1)};
    code = system_files->xOpen(system_files, name, l->real, flags, out_flags);
    if (l->real->pMethods) /* SQLite closes what has methods, also when it could not be opened */
        l->base.pMethods = &log_methods;
    return code;
}

const char *writer_files(void)
{
    static sqlite3_vfs files;

    system_files = sqlite3_vfs_find(NULL);
    if (!system_files)
        return NULL;
    files = *system_files;
    files.zName = "writer";
    files.pNext = NULL;
    files.szOsFile = (int)sizeof(struct log_file) + system_files->szOsFile;
    files.xOpen = file_open;
    return sqlite3_vfs_register(&files, 0) == SQLITE_OK ? files.zName : NULL;
}
