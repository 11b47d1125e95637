/* What account_api.c hands to the room's table of routes. */
#pragma once

#include "http/http.h"

extern const struct field account_password_fields[], account_proof_fields[], account_code_fields[],
    account_list_fields[], account_new_fields[], account_roles_fields[], account_reason_fields[];
handler_fn get_own_account, put_password, post_otp, post_otp_confirm, post_otp_remove;
handler_fn get_accounts, post_account, get_account, put_account_roles, post_account_act;
/* What the caller must do first: ["change-password", "enrol-otp"]. New reference. */
json_t *duties_new(const struct actor *who);
