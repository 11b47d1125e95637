/* What authorisation_api.c hands to the room's table of routes. */
#pragma once

#include "http/http.h"

extern const struct field giving_fields[], organisation_fields[];
handler_fn get_authorisations, post_authorisation, post_authorisation_act, post_organisation;
