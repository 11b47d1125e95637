/* Floor 3: notices. Something told to a party: kept, listed, and live on the party's event feed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"

struct house;
struct module;

extern const struct module notice_module;

struct notice {
    int64_t party;
    const char *title[LANG__COUNT], *text[LANG__COUNT];
    const char *case_code; /* NULL when it is about no case */
    int64_t at;
};
/* Inside the write it tells of; published to the party's feed ("party:<id>", type "notice") once that is on disk. */
bool notice_add(struct db *db, struct house *h, const struct notice *n, struct error *e) CHECKED;
/* Publishes a change of a case once the write is on disk: to the topics given ("party:<id>", "unit:<id>"). */
bool notice_case_changed(struct db *db, struct house *h, const char *const topics[], size_t n, const char *code,
                         int64_t version, int status, struct error *e) CHECKED;
