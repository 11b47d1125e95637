/* The demo city: made of parts from the pack (demo/ *.yaml) by chance with a seed, so that the same seed gives the same
 * city. People live in households, know their parents, marry, die; every one of them stands in some ward's book. */
#pragma once

#include "program/program.h"

#include "people/people.h"

/* ---- chance: splitmix64; a city, not a secret ---- */
struct chance {
    uint64_t state;
};
int64_t chance_below(struct chance *c, int64_t n); /* 0 … n-1; 0 when n < 1 */
int64_t chance_between(struct chance *c, int64_t from, int64_t to);
bool chance_of(struct chance *c, int per_thousand);

/* ---- parts ---- */
struct words { /* weighted */
    size_t n, room;
    const char **text;
    int64_t *upto; /* sum of the weights so far */
};
const char *words_draw(const struct words *w, struct chance *c);

enum sex { MALE, FEMALE, SEX__COUNT };
struct parts {
    struct words family, middle[SEX__COUNT], given[SEX__COUNT];
    struct words streets, house_numbers, native_places, hospitals, ethnicities, causes;
    const json_t *titles; /* of officers, by kind of unit and role */
};
bool parts_read(struct arena *a, const char *pack, struct parts *out, struct error *e) CHECKED;
const char *full_name(struct arena *a, const struct parts *p, struct chance *c, const char *family, enum sex sex);
const char *street_address(struct arena *a, const struct parts *p, struct chance *c);

/* ---- the city ---- */
enum { NOBODY = -1, NUMBER_LEN = 13 };
enum relation { HEAD, SPOUSE, CHILD, PARENT, SIBLING, RELATION__COUNT };
enum marital { SINGLE, MARRIED, WIDOWED, MARITAL__COUNT };

struct commune {
    const struct unit *unit;
    const char *province, *province_name; /* the old province, as personal numbers and papers have it */
    const char *office;                   /* "Ủy ban nhân dân phường …" */
    int64_t weight;
    int residents, households;
};

struct resident {
    char number[NUMBER_LEN];
    const char *name, *family, *ethnicity, *native_place, *birth_place;
    const char *father_name, *mother_name; /* also when they are not in the city */
    enum sex sex;
    enum relation relation;
    enum marital marital;
    int father, mother, spouse; /* residents, or NOBODY */
    int household;              /* NOBODY for the dead */
    int commune, birth_commune;
    bool born_elsewhere;
    int64_t born, died; /* day numbers; died 0: alive */
};

struct household {
    int commune, head, members;
    char number[20];
    const char *address;
};

enum book { BOOK_BIRTH, BOOK_MARRIAGE, BOOK_DEATH, BOOK_RECOGNITION, BOOK__COUNT };
struct entry {
    enum book book;
    int commune;
    int64_t on; /* day number of registration */
    int year;
    int subject, partner; /* residents: child; husband and wife; the dead; child and father */
    int number;           /* 1, 2, 3 in its book of the year */
    bool last;            /* of its book of the year */
};

struct city {
    struct arena *arena;
    struct house *house;
    struct parts parts;
    struct chance chance;
    uint64_t seed;
    int64_t day;   /* the day the city is made for */
    int64_t cases; /* dossiers under way */
    struct commune *communes;
    struct resident *residents;
    struct household *households;
    struct entry *entries;
    int n_communes, n_residents, n_living, n_households, n_entries;
    size_t residents_room, households_room, entries_room;
    uint64_t *taken; /* personal numbers, open addressing */
    size_t taken_mask;
};

/* Communes from the units in memory, then people until n live in them. */
bool city_populate(struct city *c, int64_t n, struct error *e) CHECKED;
void city_add_entry(struct city *c, struct entry entry);
/* Births and deaths of all, then every book numbered in the order of its days. */
void books_fill(struct city *c);
/* Writes everybody and every entry into the registries. */
bool city_write(struct city *c, struct error *e) CHECKED;
/* n dossiers under way, at the counters of the last working days; after the accounts. */
bool cases_file(struct city *c, int64_t n, struct error *e) CHECKED;
/* Officers' and citizens' accounts, then the dossiers they have under way; DIR/demo-accounts.json last, so that it
 * stands for a finished city. */
bool accounts_write(struct city *c, struct error *e) CHECKED;
