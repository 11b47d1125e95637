/* Floor 4: the national catalogue of procedures (Cơ sở dữ liệu quốc gia về thủ tục hành chính). What the State
 * publishes are tables flattened into running text; here it becomes services of the city. What cannot be told from the
 * text is marked for a person (`unsure`, JSON Pointers), never guessed. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "calendar/calendar.h"

struct house;
struct module;

extern const struct module catalogue_module;

enum { FEE_UNKNOWN = -1, CATALOGUE_LIST_MAX = 400, CATALOGUE_TEXT_MAX = 256 << 10 };

/* Ended by NULL in the arrays of a procedure's own; every text is in the arena of the reading, in normal form C. */
struct catalogue_manner {
    const char *channel;   /* "online", "counter", "post" */
    const char *condition; /* which case (trường hợp); NULL: all */
    struct limit limit;    /* value 0: none is told */
    bool states_limit;     /* the column holds something, understood or not */
    bool states_fee;
    int64_t amount; /* whole đồng; 0 free; FEE_UNKNOWN: stated, but not as one sum */
    const char *fee_text;
};
struct catalogue_paper {
    const char *title, *group, *form; /* group, form: NULL when there is none */
    int originals, copies;
    bool present; /* shown, not handed in */
};
struct catalogue_pair { /* a result: code and title; a legal ground: number and title */
    const char *code, *title;
};
enum catalogue_level { LEVEL_MINISTRY = 1, LEVEL_PROVINCE = 2, LEVEL_COMMUNE = 4 };
enum catalogue_who { WHO_CITIZEN = 1, WHO_ORGANISATION = 2 };

struct procedure {
    const char *code, *name, *field, *decision, *authority, *steps; /* authority, steps: NULL when not told */
    unsigned levels, who;
    size_t n_manners, n_papers, n_results, n_legal, n_unsure;
    struct catalogue_manner *manners;
    struct catalogue_paper *papers;
    struct catalogue_pair *results, *legal;
    const char **unsure;
};

/* The patterns a reading needs, compiled once; lives in the arena. One thread at a time. */
struct catalogue_reader;
struct catalogue_reader *catalogue_reader_new(struct arena *a);
/* One line of the catalogue. Fails with E_RECORD_INVALID only where nothing can be made of it: no object, no code, no
 * name; everything else it does not understand is marked. */
bool procedure_read(const struct catalogue_reader *reader, struct arena *a, const json_t *row, struct procedure **out,
                    struct error *e) CHECKED;

/* Whether that pointer is marked, itself. */
bool procedure_is_unsure(const struct procedure *p, const char *pointer);
/* The members of a service definition that only repeat the catalogue, `unsure` among them. New reference. */
json_t *procedure_json_new(const struct procedure *p);

/* Each line of FILE (NDJSON, plain or gzip), read as it streams: each(number, row) may fail, which ends it. A line that
 * is no JSON object is told to bad() and passed over. */
struct catalogue_lines {
    bool (*each)(int64_t number, const json_t *row, void *arg, struct error *e);
    void (*bad)(int64_t number, const char *why, void *arg);
    void *arg;
};
bool catalogue_lines(const char *path, const struct catalogue_lines *lines, struct error *e) CHECKED;

/* ---- taking it over ---- */

enum catalogue_field {
    CATALOGUE_CODE,
    CATALOGUE_NAME,
    CATALOGUE_FIELD,
    CATALOGUE_LEVELS,
    CATALOGUE_WHO,
    CATALOGUE_LIMIT, /* by manner, of those that state one; so is the fee */
    CATALOGUE_FEE,
    CATALOGUE_PAPERS, /* by paper */
    CATALOGUE_RESULTS,
    CATALOGUE_LEGAL,
    CATALOGUE_STEPS,
    CATALOGUE_FIELD__COUNT,
};
struct catalogue_outcome {
    size_t fresh, changed, same, handmade, unfit; /* unfit: no service could be made of it */
};
struct catalogue_report {
    size_t procedures, local, bad,
        missing; /* local: of province or commune level; missing: in force, not in the file */
    struct catalogue_outcome outcome;
    int64_t id; /* of the import; 0 when it changed nothing */
    struct {
        size_t stated, understood;
    } fields[CATALOGUE_FIELD__COUNT];
};
struct catalogue_import {
    const char *path;
    enum lang lang;        /* of the differences that are kept */
    bool dry_run;          /* reads and counts, writes nothing */
    bool complete;         /* what the file does not hold is no longer in force */
    int64_t now, from;     /* from: when the new versions come into force */
    const char *from_text; /* the same as a date; last_day: the day before */
    const char *last_day;
    void (*bad)(int64_t line, const char *why, void *arg);
    void *arg;
};
/* Writes what is new or changed, a hundred services a commit; killed halfway, the next run does the rest. Without a
 * house the file is only read and counted. Not inside a read or write. */
bool catalogue_import(struct house *h, const struct catalogue_import *in, struct catalogue_report *out,
                      struct error *e) CHECKED;
/* What an import changed and ended, in the order of the file. */
bool catalogue_changes(struct house *h, int64_t import_id, size_t limit,
                       void (*each)(const char *code, const char *kind, const char *note, void *arg), void *arg,
                       struct error *e) CHECKED;
