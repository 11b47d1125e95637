/* What the files of notice/ share: the table's reads and its two small writes, and the live half. */
#pragma once

#include <jansson.h>

#include "notice/notice.h"

extern const struct migration notice_migrations[];

struct notice_row {
    int64_t id, at;
    const char *title, *text; /* in the asked language */
    const char *case_code;    /* or NULL */
    bool is_read;
};
/* Newest first, below id `before` (0: from the newest); strings in the arena. */
bool notice_list(struct db *db, struct arena *a, int64_t party, bool unread, int64_t before, enum lang lang, size_t max,
                 struct notice_row *out, size_t *n, struct error *e) CHECKED;
/* E_NOT_FOUND when the party has no such notice; fine when it was read already. */
bool notice_mark_read(struct db *db, int64_t party, int64_t id, int64_t now, struct error *e) CHECKED;
bool notice_mark_all_read(struct db *db, int64_t party, int64_t now, struct error *e) CHECKED;

bool notice_start(struct house *h, struct error *e) CHECKED;
/* Publishes the text, a JSON object, on the topic once this write is on disk, never if it is not; copies both.
 * (news_api.c: the feed belongs to the edge.) Who listens at another node hears it too. */
void news_after_commit(struct db *db, struct house *h, const char *topic, const char *type, const char *json);
