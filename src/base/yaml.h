/* YAML as the pack writes it: one document a file, read into JSON, with the line of every value remembered, so that a
 * checker can say where. Anchors, aliases, tags and several documents are refused: a definition says what it means. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum { YAML_DEPTH_MAX = 48, YAML_BYTES_MAX = 8 << 20 };

struct yaml {
    json_t *root;  /* owned by the arena */
    json_t *lines; /* {"/pointer": line}; owned by the arena */
};

/* Plain scalars follow the core schema: null/~, true/false, integers, floats; all else and anything quoted is text.
 * Text is brought to NFC. Fails with E_PACK, the detail starting with "line N:". Everything lives in the arena. */
bool yaml_read(struct arena *a, struct bytes text, struct yaml *out, struct error *e) CHECKED;
/* The same value written as packs are: a member a line, what is small and flat in one; read again it is equal. Members
 * keep their order. In the arena. */
char *yaml_text(struct arena *a, const json_t *value);
/* The line of the value at pointer, or of its nearest ancestor that has one; 1 if none. */
int yaml_line(const struct yaml *y, const char *pointer);
