/* Errors: a kind (what the caller may do), a stable code (what clients and tests match), a detail (for the log), and
 * items (which fields). Every code is one row of errors.def, with its HTTP status and its titles. */
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"

enum error_kind {
    KIND_NONE,
    KIND_INVALID,  /* mend the input */
    KIND_DENIED,   /* not yours */
    KIND_ABSENT,   /* not there */
    KIND_STALE,    /* read again, then retry */
    KIND_LIMIT,    /* too much or too often */
    KIND_BUSY,     /* retry later, unchanged */
    KIND_UPSTREAM, /* another system failed */
    KIND_BROKEN,   /* our fault or the machine's */
    KIND__COUNT,
};

enum error_code {
    E_NONE,
#define ERROR_ROW(id, code, kind, status, vi, en) id,
#include "base/errors.def"
#undef ERROR_ROW
    E__COUNT,
};

enum lang { LANG_VI, LANG_EN, LANG__COUNT };

struct error_row {
    const char *code; /* stable, e.g. "case-stale" */
    enum error_kind kind;
    int status; /* HTTP */
    const char *title[LANG__COUNT];
};

enum {
    ERROR_DETAIL_MAX = 320,
    ERROR_ITEMS_MAX = 24, /* more problems than this are counted, not kept */
    ERROR_POINTER_MAX = 160,
    ERROR_KEYWORD_MAX = 32,
    ERROR_PARAM_MAX = 120,
};

/* One field that is wrong. The sentence for people is made from keyword and param in the reader's language. */
struct error_item {
    char pointer[ERROR_POINTER_MAX]; /* JSON Pointer into the input */
    char keyword[ERROR_KEYWORD_MAX]; /* "required", "maxLength", "vn-personal-number", … */
    char param[ERROR_PARAM_MAX];     /* the bound or the name the sentence mentions; may be empty */
};

struct error {
    enum error_code code;
    char detail[ERROR_DETAIL_MAX];
    size_t n_items, n_dropped;
    json_t *extra; /* owned; members added to the problem document (legal actions, the current version, …) */
    struct error_item items[ERROR_ITEMS_MAX];
};

/* Makes *e empty without clearing its large tables; every struct error starts here or as ERROR_INIT. */
void error_init(struct error *e);
/* Releases extra. */
void error_done(struct error *e);
#define auto_error __attribute__((cleanup(error_done)))

/* Sets code and detail; always returns false, so that it can be returned. Earlier items are kept. */
bool fail(struct error *e, enum error_code code, const char *format, ...) FORMAT(3, 4);
/* The same, with the errno of the failed call named in the detail; ENOSPC and EDQUOT become E_DISK_FULL. */
bool fail_errno(struct error *e, const char *format, ...) FORMAT(2, 3);
/* Adds one wrong field. Sets the code to E_INVALID_INPUT if none is set. Returns false. */
bool fail_field(struct error *e, const char *pointer, const char *keyword, const char *param);
/* Adds a member to the problem document; takes the reference to value. */
void error_extra_new(struct error *e, const char *name, json_t *value);

const struct error_row *error_row(enum error_code code);
enum error_kind error_kind(const struct error *e);
/* The sentence for one wrong field, in *lang*, written into out (UTF-8, truncated on a character boundary). */
void error_item_message(const struct error_item *item, enum lang lang, char *out, size_t size);
