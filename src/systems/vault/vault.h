/* Floor 4: the vault's own powers. Its access log as a Merkle log (RFC 6962's tree) whose daily signed root is public,
 * so that anyone who was shown a row can prove that it was not changed, moved or taken out since; and links by which a
 * person shows one paper to somebody for a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"

struct module;

extern const struct module vault_module;

/* Reckons the whole log again from its rows; *sound false (and the log says where) when a row, a node or a published
 * root is not what it was. */
bool vault_verify(struct db *db, bool *sound, int64_t *checked, struct error *e) CHECKED;
