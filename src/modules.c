/* The list of modules: one row a room, in the order they start. */
#include "module.h"

#include <stddef.h>

#include "casework/casework.h"
#include "document/document.h"
#include "exchange/exchange.h"
#include "notice/notice.h"
#include "people/people.h"
#include "program/program.h"
#include "registry/registry.h"
#include "systems/catalogue/catalogue.h"
#include "systems/post/post.h"
#include "systems/queue/queue.h"
#include "systems/vault/vault.h"

const struct module *const all_modules[] = {
    &people_module,
    &registry_module,
    &document_module,
    &notice_module,
    &casework_module,
    &exchange_module,
    &catalogue_module,
    &vault_module,
    &queue_module,
    &post_module,
    NULL,
};
