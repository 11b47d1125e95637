/* JSON at the edge: strict reading with ceilings, canonical writing, and the few accessors the rooms share. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum { JSON_DEPTH_MAX = 64, JSON_NUMBER_TEXT_MAX = 32 };

/* One whole document: UTF-8, no duplicate keys, at most JSON_DEPTH_MAX levels, nothing after it.
 * Fails with E_JSON_SYNTAX, E_JSON_DUPLICATE or E_JSON_TOO_DEEP. *out is a new reference. */
bool json_read(struct bytes text, json_t **out, struct error *e) CHECKED;
/* Small pieces of JSON are kept for the next; in release builds. Before the first json_t is made, on the first thread.
 */
void json_memory_start(void);
/* Gives a new reference to the arena, which drops it at its end; j, borrowed from now on. NULL is fine. */
json_t *json_held(struct arena *a, json_t *j);
/* Compact text, members in their own order; in the arena. */
char *json_text(struct arena *a, const json_t *j);
/* Canonical text (sorted members, compact) for hashing; in the arena. */
char *json_canonical(struct arena *a, const json_t *j);

/* The text, or NULL when the member is absent or no string. Borrowed from j. */
const char *json_str(const json_t *j, const char *member);
int64_t json_i64(const json_t *j, const char *member, int64_t otherwise);
bool json_flag(const json_t *j, const char *member);
/* The string for a language from {"vi": …, "en": …} or a plain string; "" when there is none. */
const char *json_title(const json_t *title, enum lang lang);

/* RFC 6901. NULL when nothing is there. Borrowed. */
json_t *json_at(const json_t *j, const char *pointer);
/* Sets value (a new reference, taken) at pointer, making objects on the way. False when a scalar or array end stands in
 * the way. */
bool json_set_at(json_t *j, const char *pointer, json_t *value) CHECKED;
/* Appends "/" and the escaped member name. */
void json_pointer_push(struct buf *b, const char *member);

/* A 64-bit id as the string it is on the wire. New reference. */
json_t *json_id(int64_t id);
/* RFC 3339, or null for INSTANT_NONE. New reference. */
json_t *json_instant(int64_t ms);
/* The string, or null for NULL. New reference. */
json_t *json_text_or_null(const char *s);
