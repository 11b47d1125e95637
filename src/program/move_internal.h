/* Moving a city: what the files of a move share. */
#pragma once

#include "program/backup_internal.h"

#include "db/db.h"

/* Documents that the target's place did not have, that it has, and that the source lacks or has broken. */
struct move_files {
    int64_t copied, there, broken;
};
/* Brings over what the rows of documents name, each with its digest checked. From one place to itself: looks only. */
bool move_documents(struct store *rows, const char *from, const char *to, const char *scratch, struct move_files *out,
                    struct error *e) CHECKED;
/* The folder's other things: keys, imports on their way, the mark of a made-up city. */
bool move_folder(const char *from, const char *to, struct error *e) CHECKED;
