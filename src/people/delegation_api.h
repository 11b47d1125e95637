/* What delegation_api.c hands to the room's table of routes. */
#pragma once

#include "http/http.h"

extern const struct field delegation_fields[];
handler_fn get_delegations, get_delegation_choices, post_delegation, post_delegation_end;
