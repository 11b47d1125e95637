/* What the tests of document/ share: a folder, a store and the room, gone afterwards. */
#pragma once

#include "../notice/street.h"

#include "document/document_internal.h"
#include "registry/registry.h"

static const struct module *const document_modules[] = {&people_module, &registry_module, &document_module, NULL};

static inline int room_open(void **state)
{
    return street_open(state, document_modules);
}

#define room_story(f) cmocka_unit_test_setup_teardown(f, room_open, street_close)

static inline struct bytes text_bytes(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

static inline bool add_write(struct db *db, void *arg, struct error *e)
{
    return document_add(db, arg, e);
}

/* An issued paper of Lan's, of these bytes. */
static inline void issue(struct street *s, struct document *d, const char *kind, const char *code, const char *status,
                         int64_t valid_until)
{
    *d = (struct document){.size = 5,
                           .media_type = "application/pdf",
                           .kind = kind,
                           .title = "Bản sao <trích lục>",
                           .owner = s->lan,
                           .uploader = s->minh,
                           .made_at = 1795237200000,
                           .issued_at = 1795237200000,
                           .valid_until = valid_until,
                           .verify_code = code,
                           .status = status};
    assert_ok(s, document_keep(&s->house, text_bytes("%PDF-"), &d->digest, &s->e));
    assert_ok(s, store_write(s->house.store, add_write, d, &s->e));
}
