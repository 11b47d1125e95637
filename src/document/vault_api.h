/* The handlers of vault_api.c, for the room's table of routes. */
#pragma once

#include <stdbool.h>

struct error;
struct reply;
struct request;

bool get_vault(struct request *q, struct reply *r, struct error *e);
bool get_access_log(struct request *q, struct reply *r, struct error *e);
