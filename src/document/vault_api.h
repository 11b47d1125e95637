/* The handlers of vault_api.c, for the room's table of routes. */
#pragma once

#include "http/http.h"

struct error;
struct reply;
struct request;

extern const struct field vault_query[];
bool get_vault(struct request *q, struct reply *r, struct error *e);
