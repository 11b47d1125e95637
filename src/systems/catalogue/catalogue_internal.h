/* Inside the catalogue: the patterns and the readers of one column each. */
#pragma once

#include "systems/catalogue/catalogue.h"

enum pattern_id {
    PATTERN_MANNER, /* channel, time and the beginning of the fee */
    PATTERN_SUM,    /* a sum of đồng in prose */
    PATTERN_COUNT,  /* how many originals and copies */
    PATTERN_FILE,   /* a form's file at the end of a cell */
    PATTERN_FORM,   /* the number of a form */
    PATTERN_CODE,   /* a result's code */
    PATTERN_NUMBER, /* a law's number at the end of its row */
    PATTERN__COUNT,
};
enum { MATCH_GROUPS = 12 };

/* A piece of a text that somebody else keeps. */
struct span {
    const char *at;
    size_t len;
};
struct match {
    struct span group[MATCH_GROUPS]; /* at NULL: the group took no part */
};
/* The first match at or after from; a pattern that takes too long matches nothing. */
bool pattern_find(const struct catalogue_reader *r, enum pattern_id id, struct span text, size_t from,
                  struct match *out);

struct span span_of(const char *text);
struct span span_trim(struct span s); /* white space at both ends */
bool span_starts(struct span s, const char *prefix);
/* Where needle begins, or SIZE_MAX. */
size_t span_find(struct span s, size_t from, const char *needle);
char *span_text(struct arena *a, struct span s); /* runs of white space within a line become one space */

struct reading {
    const struct catalogue_reader *reader;
    struct arena *arena;
    struct procedure *out;
    size_t room_manners, room_papers, room_results, room_legal, room_unsure;
};
void mark_unsure(struct reading *r, const char *format, ...) FORMAT(2, 3);

/* One column each: text in, rows of r->out and marks out. */
void read_manners(struct reading *r, struct span text);
void read_papers(struct reading *r, struct span text);
void read_results(struct reading *r, struct span text);
void read_legal(struct reading *r, struct span text);

/* The service that a procedure becomes by the rules of the pack, in force from a date. New reference. */
json_t *service_definition_new(struct arena *a, const struct procedure *p, const json_t *rules, const char *from);
/* Adds what changed between two of them, a line each; how many. */
size_t catalogue_diff(struct arena *a, const json_t *before, const json_t *after, enum lang lang, struct buf *out);

struct pack;
struct pack_file;
struct pack_report;
void catalogue_rules_check(const struct pack *pack, const struct pack_file *file, struct pack_report *report);
