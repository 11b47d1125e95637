/* The one encoder of replies: writes JSON text straight into a buffer, so that stored bodies pass through unparsed and
 * a list of cases costs no tree. Commas are its business; a member's name comes before its value. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct json_out {
    struct buf buf;
    bool need_comma;
};
#define JSON_OUT_INIT                                                                                                  \
    {                                                                                                                  \
        .buf = BUF_INIT(64 << 20)                                                                                      \
    }

void out_open(struct json_out *o, char bracket);  /* '{' or '[' */
void out_close(struct json_out *o, char bracket); /* '}' or ']' */
/* A member's name; must be plain ASCII of ours. The value follows. */
void out_key(struct json_out *o, const char *name);
void out_text(struct json_out *o, const char *s); /* UTF-8; NULL writes null */
void out_i64(struct json_out *o, int64_t n);
void out_id(struct json_out *o, int64_t id); /* as a string: JavaScript loses the last bits */
void out_bool(struct json_out *o, bool b);
void out_null(struct json_out *o);
void out_instant(struct json_out *o, int64_t ms); /* RFC 3339, null for INSTANT_NONE */
/* One value that is JSON text already (a stored body); NULL writes null. */
void out_raw(struct json_out *o, const char *json);
/* A tree; borrowed. NULL writes null. */
void out_json(struct json_out *o, const json_t *j);

/* Member and value in one. */
void out_member_text(struct json_out *o, const char *name, const char *s);
void out_member_i64(struct json_out *o, const char *name, int64_t n);
void out_member_id(struct json_out *o, const char *name, int64_t id);
void out_member_bool(struct json_out *o, const char *name, bool b);
void out_member_null(struct json_out *o, const char *name);
void out_member_instant(struct json_out *o, const char *name, int64_t ms);
void out_member_raw(struct json_out *o, const char *name, const char *json);
void out_member_json(struct json_out *o, const char *name, const json_t *j);

/* The text so far; owned by o until out_done(). */
const char *out_string(const struct json_out *o);
void out_done(struct json_out *o);
#define auto_out __attribute__((cleanup(out_done)))
