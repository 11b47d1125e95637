/* The books and the registries: every birth, marriage, recognition and death of the city gets its number in the book of
 * its ward and year, and everybody and every entry becomes a record. */
#include "program/demo_internal.h"

#include <string.h>

#include "casework/casework.h"
#include "db/db.h"
#include "registry/registry.h"

enum { BATCH = 500, ON_TIME_DAYS = 60, NEW_BOOKS_FROM = 2016, ENTRIES_A_PAGE = 2 };

/* clang-format off */
static const struct {
    const char *registry, *mark; /* of the book's number since Circular 15/2015/TT-BTP */
} books[BOOK__COUNT] = {
    [BOOK_BIRTH]       = {"birth",        "KS"},
    [BOOK_MARRIAGE]    = {"marriage",     "KH"},
    [BOOK_DEATH]       = {"death",        "KT"},
    [BOOK_RECOGNITION] = {"parent_child", "CMC"},
};
/* clang-format on */

/* ---- numbering ---- */
void city_add_entry(struct city *c, struct entry entry)
{
    c->entries = arena_grown(c->arena, c->entries, (size_t)c->n_entries, &c->entries_room, sizeof *c->entries);
    if (entry.on > c->day)
        entry.on = c->day;
    entry.year = date_from_days(entry.on).year;
    c->entries[c->n_entries++] = entry;
}

/* Mostly in time. Who was born before 1976, or elsewhere, was entered again in the city. */
static int64_t birth_entered_on(struct city *c, const struct resident *r)
{
    int64_t from = date_to_days((struct date){1990, 1, 1}), to = date_to_days((struct date){2015, 12, 31});

    if (r->born_elsewhere || r->born < date_to_days((struct date){1976, 1, 1}))
        return chance_between(&c->chance, r->born + 90 > from ? r->born + 90 : from,
                              to > r->born + 400 ? to : r->born + 400);
    return r->born + (chance_of(&c->chance, 930) ? chance_between(&c->chance, 3, ON_TIME_DAYS - 5)
                                                 : chance_between(&c->chance, ON_TIME_DAYS + 1, 900));
}

static int compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int64_t order = a->book != b->book         ? (int)a->book - (int)b->book
                    : a->commune != b->commune ? a->commune - b->commune
                    : a->on != b->on           ? a->on - b->on
                                               : a->subject - b->subject;

    return (order > 0) - (order < 0);
}

static bool is_same_book(const struct entry *a, const struct entry *b)
{
    return a->book == b->book && a->commune == b->commune && a->year == b->year;
}

void books_fill(struct city *c)
{
    for (int i = 0; i < c->n_residents; i++)
        city_add_entry(c, (struct entry){.book = BOOK_BIRTH,
                                         .commune = c->residents[i].birth_commune,
                                         .on = birth_entered_on(c, &c->residents[i]),
                                         .subject = i,
                                         .partner = NOBODY});
    qsort(c->entries, (size_t)c->n_entries, sizeof *c->entries, compare);
    for (int i = 0; i < c->n_entries; i++) {
        struct entry *x = &c->entries[i];

        x->number = i > 0 && is_same_book(x - 1, x) ? x[-1].number + 1 : 1;
        x->last = i + 1 == c->n_entries || !is_same_book(x, x + 1);
    }
}

/* ---- bodies ---- */
static void put(json_t *to, const char *name, const char *text)
{
    if (text)
        (void)json_object_set_new(to, name, json_string(text)); /* fails only without memory */
}

static void put_day(json_t *to, const char *name, int64_t day)
{
    char text[DATE_TEXT_MAX];

    date_format(date_from_days(day), text);
    put(to, name, text);
}

static const struct resident *who(const struct city *c, int i)
{
    return i == NOBODY ? NULL : &c->residents[i];
}

static const char *sex_name(enum sex sex)
{
    return sex == MALE ? "male" : "female";
}

static const char *address_of(const struct city *c, const struct resident *r)
{
    return r->household == NOBODY ? NULL : c->households[r->household].address;
}

static void put_family(const struct city *c, const struct resident *r, json_t *body)
{
    const struct resident *father = who(c, r->father), *mother = who(c, r->mother), *spouse = who(c, r->spouse);

    put(body, "father", father ? father->number : NULL);
    put(body, "father_name", r->father_name);
    put(body, "mother", mother ? mother->number : NULL);
    put(body, "mother_name", r->mother_name);
    put(body, "spouse", spouse ? spouse->number : NULL);
    put(body, "spouse_name", spouse ? spouse->name : NULL);
}

static json_t *person_new(const struct city *c, int i, struct arena *a)
{
    static const char *const relations[RELATION__COUNT] = {"head", "spouse", "child", "parent", "sibling"};
    static const char *const states[MARITAL__COUNT] = {"single", "married", "widowed"};
    const struct resident *r = &c->residents[i];
    json_t *body = json_object();

    (void)a;
    put(body, "number", r->number);
    put(body, "full_name", r->name);
    put_day(body, "birth_date", r->born);
    put(body, "birth_precision", "day");
    put(body, "sex", sex_name(r->sex));
    put(body, "ethnicity", r->ethnicity);
    put(body, "nationality", "Việt Nam");
    put(body, "birth_place", r->birth_place);
    put(body, "native_place", r->native_place);
    put(body, "status", r->died ? "deceased" : "alive");
    put(body, "marital_status", states[r->marital]);
    put_family(c, r, body);
    if (r->died)
        put_day(body, "death_date", r->died);
    if (r->household == NOBODY)
        return body;
    put(body, "place", c->communes[r->commune].unit->place);
    put(body, "address", address_of(c, r));
    put(body, "household", c->households[r->household].number);
    put(body, "household_relation", relations[r->relation]);
    return body;
}

static json_t *household_new(const struct city *c, int i, struct arena *a)
{
    const struct household *h = &c->households[i];
    json_t *body = json_object();

    (void)a;
    put(body, "number", h->number);
    put(body, "head", c->residents[h->head].number);
    put(body, "head_name", c->residents[h->head].name);
    put(body, "place", c->communes[h->commune].unit->place);
    put(body, "address", h->address);
    return body;
}

/* A parent, spouse or child as a book writes them; numbered only in the book of births. */
static json_t *party_new(const struct city *c, const struct resident *r, bool numbered)
{
    json_t *party = json_object();

    put(party, "full_name", r->name);
    if (numbered)
        put(party, "number", r->number);
    put_day(party, "birth_date", r->born);
    put(party, "ethnicity", r->ethnicity);
    put(party, "nationality", "Việt Nam");
    put(party, "residence", address_of(c, r));
    return party;
}

/* Those outside the city are known by name alone. */
static json_t *parent_new(const struct city *c, int i, const char *name, const struct resident *child)
{
    json_t *party;

    if (i != NOBODY)
        return party_new(c, &c->residents[i], true);
    party = json_object();
    put(party, "full_name", name);
    put(party, "ethnicity", child->ethnicity);
    put(party, "nationality", "Việt Nam");
    return party;
}

static void put_birth(const struct city *c, const struct entry *x, json_t *body)
{
    const struct resident *r = &c->residents[x->subject];
    bool again = r->born_elsewhere || r->born < date_to_days((struct date){1976, 1, 1});
    bool by_mother = r->mother_name != NULL;
    json_t *requester = json_object();

    put(body, "kind_of_registration", again ? "again" : x->on - r->born <= ON_TIME_DAYS ? "on-time" : "late");
    put(body, "full_name", r->name);
    put(body, "sex", sex_name(r->sex));
    put_day(body, "birth_date", r->born);
    put(body, "birth_precision", "day");
    put(body, "birth_place", r->birth_place);
    put(body, "native_place", r->native_place);
    put(body, "ethnicity", r->ethnicity);
    put(body, "nationality", "Việt Nam");
    if (r->mother_name)
        (void)json_object_set_new(body, "mother", parent_new(c, r->mother, r->mother_name, r));
    if (r->father_name)
        (void)json_object_set_new(body, "father", parent_new(c, r->father, r->father_name, r));
    put(requester, "full_name", again ? r->name : by_mother ? r->mother_name : r->father_name);
    put(requester, "relation", again ? "Bản thân" : by_mother ? "Mẹ" : "Cha");
    (void)json_object_set_new(body, "requester", requester); /* fails only without memory */
}

static void put_marriage(const struct city *c, const struct entry *x, json_t *body)
{
    put(body, "kind_of_registration", "on-time");
    (void)json_object_set_new(body, "husband", party_new(c, &c->residents[x->subject], false));
    (void)json_object_set_new(body, "wife", party_new(c, &c->residents[x->partner], false));
    put_day(body, "effective_on", x->on);
}

static void put_death(const struct city *c, const struct entry *x, json_t *body)
{
    const struct resident *r = &c->residents[x->subject];
    struct chance chance = {c->seed ^ (uint64_t)x->subject << 20};
    const char *hospital = words_draw(&c->parts.hospitals, &chance);

    put(body, "kind_of_registration", x->on - r->died <= 15 ? "on-time" : "late");
    put(body, "full_name", r->name);
    put(body, "sex", sex_name(r->sex));
    put_day(body, "birth_date", r->born);
    put(body, "birth_precision", "day");
    put(body, "ethnicity", r->ethnicity);
    put(body, "nationality", "Việt Nam");
    put_day(body, "death_date", r->died);
    put(body, "death_place", hospital);
    put(body, "cause", words_draw(&c->parts.causes, &chance));
    (void)json_object_set_new(body, "notice", json_pack("{s:s, s:s}", "kind", "Giấy báo tử", "issuer", hospital));
}

static void put_recognition(const struct city *c, const struct entry *x, json_t *body)
{
    const struct resident *child = &c->residents[x->subject], *father = &c->residents[x->partner];

    (void)json_object_set_new(body, "parent", party_new(c, father, false));
    (void)json_object_set_new(body, "child", party_new(c, child, false));
    put(body, "relation", "father-recognises-child");
    put(body, "consent", "Mẹ đồng ý");
    (void)json_object_set_new(
        body, "requester",
        json_pack("{s:s, s:s, s:s}", "full_name", father->name, "number", father->number, "relation", "Cha"));
}

/* Who signed then: the same two people for all of a ward's entries of a year. */
static void put_signers(const struct city *c, const struct entry *x, struct arena *a, json_t *body)
{
    struct chance chance = {c->seed ^ ((uint64_t)x->commune << 32 | (uint64_t)x->year)};
    const char *family = words_draw(&c->parts.family, &chance);

    put(body, "officer", full_name(a, &c->parts, &chance, family, FEMALE));
    family = words_draw(&c->parts.family, &chance);
    (void)json_object_set_new(
        body, "signer",
        json_pack("{s:s, s:s}", "full_name", full_name(a, &c->parts, &chance, family, MALE), "title", "Phó Chủ tịch"));
}

static json_t *entry_new(const struct city *c, int i, struct arena *a)
{
    static void (*const fill[BOOK__COUNT])(const struct city *, const struct entry *,
                                           json_t *) = {put_birth, put_marriage, put_death, put_recognition};
    const struct entry *x = &c->entries[i];
    const struct commune *at = &c->communes[x->commune];
    const char *book = x->year >= NEW_BOOKS_FROM ? arena_printf(a, "01-TP/HT-%d-%s", x->year, books[x->book].mark)
                                                 : arena_printf(a, "01/%d", x->year);
    json_t *body = json_object();

    put(body, "code", arena_printf(a, "%s/%d/%s", book, x->number, at->unit->code));
    put(body, "book", book);
    (void)json_object_set_new(body, "number", json_integer(x->number));
    (void)json_object_set_new(body, "page", json_integer((x->number - 1) / ENTRIES_A_PAGE + 1));
    put_day(body, "registered_on", x->on);
    (void)json_object_set_new(body, "office", json_pack("{s:s, s:s}", "code", at->unit->code, "name", at->office));
    put(body, "subject", c->residents[x->subject].number);
    if (x->partner != NOBODY)
        put(body, "partner", c->residents[x->partner].number);
    fill[x->book](c, x, body);
    put_signers(c, x, a, body);
    return body;
}

/* ---- writing ---- */
struct pile {
    const char *what[LANG__COUNT];
    const char *registry; /* NULL: the entry's own */
    json_t *(*body_new)(const struct city *c, int i, struct arena *a);
};

struct batch {
    struct city *city;
    const struct pile *pile;
    struct arena *arena; /* of one record; reset in the loop */
    int from, to;
    int64_t now;
};

static const struct registry *registry_of(const struct batch *b, int i)
{
    return registry_find(b->city->house,
                         b->pile->registry ? b->pile->registry : books[b->city->entries[i].book].registry);
}

/* Cases go on numbering where the city's own entries of this year end. */
static bool close_book(struct db *db, const struct batch *b, const struct entry *x, struct error *e)
{
    if (!x->last || x->year < date_from_days(b->city->day).year)
        return true;
    return book_number_taken(db, b->city->communes[x->commune].unit->code, x->year, books[x->book].mark, x->number, e);
}

static bool write_batch(struct db *db, void *arg, struct error *e)
{
    const struct batch *b = arg;

    for (int i = b->from; i < b->to; i++) {
        const struct entry *x = b->pile->registry ? NULL : &b->city->entries[i];
        json_auto_t *body = b->pile->body_new(b->city, i, b->arena);
        const struct registry *registry = registry_of(b, i);
        const struct record_write w = {.body = body,
                                       .unit = x ? b->city->communes[x->commune].unit->id : 0,
                                       .reason = "demo",
                                       .now = b->now,
                                       .valid_from = x ? date_start_ms(date_from_days(x->on)) : INSTANT_NONE};
        bool ok;

        if (!registry)
            return fail(e, E_PACK, "the pack lacks a registry of the demo city");
        ok = record_put(db, registry, &w, NULL, b->arena, e) && (!x || close_book(db, b, x, e));
        arena_reset(b->arena);
        if (!ok)
            return false;
    }
    return true;
}

static bool write_pile(struct city *c, const struct pile *pile, int n, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    (void)fprintf(stderr, "  %d %s\n", n, pile->what[program_lang()]);
    for (int from = 0; from < n; from += BATCH) {
        struct batch b = {c, pile, a, from, from + BATCH < n ? from + BATCH : n, now_ms()};

        if (!store_write(c->house->store, write_batch, &b, e))
            return false;
    }
    return true;
}

bool city_write(struct city *c, struct error *e)
{
    static const struct pile households = {{"hộ gia đình", "households"}, "household", household_new};
    static const struct pile persons = {{"người, cả người đã mất", "people, the deceased too"}, "person", person_new};
    static const struct pile entries = {{"mục trong sổ hộ tịch", "entries in the civil-status books"}, NULL, entry_new};

    return write_pile(c, &households, c->n_households, e) && write_pile(c, &persons, c->n_residents, e) &&
           write_pile(c, &entries, c->n_entries, e);
}
