/* Floor 3: casework. One request travelling through a flow of steps with deadlines: the services people apply for, the
 * form prefilled from what the city knows, the dossier, its actions, its clocks and its log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "db/db.h"

struct module;
struct house;

extern const struct module casework_module;

/* Recomputes the event chain of every case; *sound false (and the log says where) when a link is broken. */
bool cases_verify(struct db *db, bool *sound, int64_t *checked, struct error *e) CHECKED;
/* A number of a unit's book of the year was given elsewhere (an import, a demo city): the next case takes a later one.
 * kind is the book's, as in `allocate: {kind: book-entry, book: KS}`. Inside a write. */
bool book_number_taken(struct db *db, const char *unit_code, int year, const char *kind, int64_t number,
                       struct error *e) CHECKED;
/* Compiles the stored calendar, flows and services; at start and after a pack was loaded. */
bool casework_load(struct house *h, struct error *e) CHECKED;
