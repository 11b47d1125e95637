/* The people: households of one to seven over the communes, with ages that fit together. */
#include "program/demo_internal.h"

#include <string.h>

enum {
    YEAR = 365, /* near enough for ages */
    CHILDREN_MAX = 4,
    LEAVES_HOME = 27,
    HOUSEHOLD_MAX = 7,
    BIRTH_TO_MARRIAGE_FROM = 240,
    BIRTH_TO_MARRIAGE_TO = 1100,
};

/* Places of birth outside the city, with their codes of birth registration (TT 07/2016/TT-BCA, Annex I). */
static const struct {
    const char *name, *code;
} provinces[] = {{"Bến Tre", "083"},   {"Tiền Giang", "082"}, {"Long An", "080"},    {"Tây Ninh", "072"},
                 {"Đồng Nai", "075"},  {"Vĩnh Long", "086"},  {"Trà Vinh", "084"},   {"Đồng Tháp", "087"},
                 {"An Giang", "089"},  {"Cần Thơ", "092"},    {"Quảng Ngãi", "051"}, {"Bình Định", "052"},
                 {"Quảng Nam", "049"}, {"Nghệ An", "040"},    {"Thanh Hóa", "038"},  {"Hà Nội", "001"}};

/* ---- numbers ---- */
static bool take(struct city *c, uint64_t number)
{
    size_t i = (size_t)(number * 0x9e3779b97f4a7c15u) & c->taken_mask;

    for (; c->taken[i]; i = (i + 1) & c->taken_mask)
        if (c->taken[i] == number)
            return false;
    c->taken[i] = number;
    return true;
}

/* Province, century and sex, year, six digits of chance. */
static void give_number(struct city *c, struct resident *r, const char *province)
{
    struct date born = date_from_days(r->born);
    int64_t head, number;

    if (!text_to_i64(province, 0, 999, &head))
        die("a province code of our own tables is no number", 0);
    head = head * 1000 + (born.year / 100 - 19) * 200 + (r->sex == FEMALE ? 100 : 0) + born.year % 100;
    do
        number = head * 1000000 + chance_below(&c->chance, 1000000);
    while (!take(c, (uint64_t)number));
    (void)snprintf(r->number, sizeof r->number, "%012lld", (long long)number);
}

/* ---- one person ---- */
struct newborn {
    enum sex sex;
    int64_t born;
    int commune, father, mother;
    const char *family; /* NULL: drawn */
};

static void give_birth_place(struct city *c, struct resident *r)
{
    const char *province = c->communes[r->birth_commune].province;

    if (r->born_elsewhere) {
        size_t i = (size_t)chance_below(&c->chance, (int64_t)COUNT(provinces));

        r->birth_place = provinces[i].name;
        province = provinces[i].code;
    } else {
        r->birth_place = arena_printf(c->arena, "%s, %s", words_draw(&c->parts.hospitals, &c->chance),
                                      c->communes[r->birth_commune].province_name);
    }
    give_number(c, r, province);
}

/* Names, origin and ethnicity follow the father, where there is one. */
static void give_origin(struct city *c, struct resident *r, const struct newborn *n)
{
    const struct resident *father = n->father == NOBODY ? NULL : &c->residents[n->father];
    const struct resident *mother = n->mother == NOBODY ? NULL : &c->residents[n->mother];
    const struct resident *parent = father ? father : mother;

    r->family = n->family ? n->family : parent ? parent->family : words_draw(&c->parts.family, &c->chance);
    r->name = full_name(c->arena, &c->parts, &c->chance, r->family, n->sex);
    r->ethnicity = parent ? parent->ethnicity : words_draw(&c->parts.ethnicities, &c->chance);
    r->native_place = parent                       ? parent->native_place
                      : chance_of(&c->chance, 450) ? words_draw(&c->parts.native_places, &c->chance)
                                                   : c->communes[n->commune].province_name;
    r->father_name = father   ? father->name
                     : mother ? NULL
                              : full_name(c->arena, &c->parts, &c->chance, r->family, MALE);
    r->mother_name = mother
                         ? mother->name
                         : full_name(c->arena, &c->parts, &c->chance, words_draw(&c->parts.family, &c->chance), FEMALE);
}

static int add_resident(struct city *c, const struct newborn *n)
{
    struct resident *r;

    c->residents = arena_grown(c->arena, c->residents, (size_t)c->n_residents, &c->residents_room, sizeof *r);
    r = &c->residents[c->n_residents];
    *r = (struct resident){.sex = n->sex,
                           .born = n->born,
                           .father = n->father,
                           .mother = n->mother,
                           .spouse = NOBODY,
                           .household = NOBODY,
                           .commune = n->commune,
                           .birth_commune = n->commune};
    if (chance_of(&c->chance, 250))
        r->birth_commune = (int)chance_below(&c->chance, c->n_communes);
    r->born_elsewhere = n->father == NOBODY && n->mother == NOBODY && chance_of(&c->chance, 200);
    give_origin(c, r, n);
    give_birth_place(c, r);
    return c->n_residents++;
}

static int64_t born_at_age(struct city *c, int64_t years)
{
    return c->day - years * YEAR - years / 4 - chance_below(&c->chance, YEAR);
}

/* ---- one household ---- */
struct making {
    struct city *city;
    int commune, household;
    int room; /* how many more may live here */
};

static bool moves_in(struct making *m, int person, enum relation relation)
{
    struct city *c = m->city;

    if (m->room == 0)
        return false;
    c->residents[person].household = m->household;
    c->residents[person].relation = relation;
    if (relation == HEAD)
        c->households[m->household].head = person;
    c->households[m->household].members++;
    c->n_living++;
    m->room--;
    return true;
}

static int adult(struct making *m, enum sex sex, int64_t years, int father, int mother)
{
    return add_resident(m->city, &(struct newborn){.sex = sex,
                                                   .born = born_at_age(m->city, years),
                                                   .commune = m->commune,
                                                   .father = father,
                                                   .mother = mother});
}

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Entered in the wife's ward, some weeks or years before the first child, at lawful ages (20 and 18). */
static void marry(struct making *m, int husband, int wife, int first_child)
{
    struct city *c = m->city;
    struct resident *h = &c->residents[husband], *w = &c->residents[wife];
    int64_t lawful = latest(h->born + 20 * YEAR + 6, w->born + 18 * YEAR + 6), on;
    bool recognised = first_child != NOBODY && chance_of(&c->chance, 20);

    if (recognised) /* born before the wedding, recognised at it */
        on = c->residents[first_child].born + chance_between(&c->chance, 90, 400);
    else if (first_child != NOBODY)
        on = c->residents[first_child].born - chance_between(&c->chance, BIRTH_TO_MARRIAGE_FROM, BIRTH_TO_MARRIAGE_TO);
    else
        on = w->born + chance_between(&c->chance, 22, 31) * YEAR;
    on = latest(on, lawful);
    if (on > c->day)
        on = c->day;
    if (on < lawful)
        return; /* too young by a little: they live together */
    h->spouse = wife;
    w->spouse = husband;
    h->marital = w->marital = MARRIED;
    city_add_entry(c, (struct entry){BOOK_MARRIAGE, w->birth_commune, on, 0, husband, wife, 0, false});
    if (recognised)
        city_add_entry(c, (struct entry){BOOK_RECOGNITION, w->birth_commune, on, 0, first_child, husband, 0, false});
}

/* The first child's index, or NOBODY. */
static int have_children(struct making *m, int father, int mother, int64_t mother_years)
{
    static const int odds[CHILDREN_MAX] = {380, 840, 970, 1000};
    struct chance *chance = &m->city->chance;
    int64_t at = chance_below(chance, 1000), age = mother_years - chance_between(chance, 20, 33);
    int first = NOBODY, n = 1;

    while (at >= odds[n - 1])
        n++;
    for (int i = 0; i < n && m->room > 0; i++, age -= chance_between(chance, 2, 5)) {
        int child;

        if (age < 0)
            break;
        if (age > LEAVES_HOME)
            continue;
        child = adult(m, chance_of(chance, 515) ? MALE : FEMALE, age, father, mother);
        (void)moves_in(m, child, CHILD); /* there is room */
        if (first == NOBODY)
            first = child;
    }
    return first;
}

static void die_lately(struct city *c, int person)
{
    struct resident *r = &c->residents[person];

    r->died = c->day - chance_between(&c->chance, 20, 9 * YEAR);
    r->household = NOBODY;
    city_add_entry(c, (struct entry){BOOK_DEATH, r->commune, r->died + chance_between(&c->chance, 0, 12), 0, person,
                                     NOBODY, 0, false});
}

/* The parents of the head-to-be: made first, so that the child is theirs; the old may have died since. */
static void make_elders(struct making *m, int64_t child_years, int *father, int *mother)
{
    struct city *c = m->city;
    int64_t years = child_years + chance_between(&c->chance, 20, 33);

    *mother = adult(m, FEMALE, years, NOBODY, NOBODY);
    *father = adult(m, MALE, years + chance_between(&c->chance, 0, 7), NOBODY, NOBODY);
    c->residents[*mother].spouse = *father;
    c->residents[*father].spouse = *mother;
    c->residents[*mother].marital = c->residents[*father].marital = MARRIED;
}

static void settle_elders(struct making *m, int father, int mother)
{
    struct city *c = m->city;
    struct resident *f = &c->residents[father], *w = &c->residents[mother];
    bool father_died = m->room < 1 || c->day - f->born > 88 * YEAR || chance_of(&c->chance, 300);
    bool mother_died = m->room < 2 - father_died || c->day - w->born > 92 * YEAR || chance_of(&c->chance, 150);

    if (mother_died && !father_died)
        f->marital = WIDOWED;
    if (father_died && !mother_died)
        w->marital = WIDOWED;
    if (father_died || !moves_in(m, father, PARENT))
        die_lately(c, father);
    if (mother_died || !moves_in(m, mother, PARENT))
        die_lately(c, mother);
}

enum shape { ALONE, COUPLE, FAMILY, LONE_PARENT, THREE_GENERATIONS, SIBLINGS };

static enum shape draw_shape(struct city *c, int room)
{
    static const int odds[] = {110, 230, 690, 780, 950, 1000};
    int64_t at = chance_below(&c->chance, 1000);
    int i = 0;

    if (room < 2)
        return ALONE;
    while (at >= odds[i])
        i++;
    return (enum shape)i;
}

static void make_single(struct making *m, enum shape shape)
{
    struct chance *chance = &m->city->chance;
    int64_t years = chance_between(chance, 22, shape == ALONE ? 78 : 46);
    enum sex sex = chance_of(chance, shape == LONE_PARENT ? 220 : 500) ? MALE : FEMALE;
    int father = NOBODY, mother = NOBODY, head;

    if (shape == SIBLINGS) /* their parents live elsewhere: known, in no household of the city */
        make_elders(m, years, &father, &mother);
    head = adult(m, sex, years, father, mother);
    (void)moves_in(m, head, HEAD); /* the first has room */
    if (shape == LONE_PARENT)
        (void)have_children(m, sex == MALE ? head : NOBODY, sex == FEMALE ? head : NOBODY, years);
    if (shape == SIBLINGS) {
        (void)moves_in(m,
                       adult(m, chance_of(chance, 500) ? MALE : FEMALE, years > 24 ? years - 3 : years, father, mother),
                       SIBLING); /* shapes of two have room for two */
        die_lately(m->city, father);
        die_lately(m->city, mother);
    }
}

static void make_couple(struct making *m, enum shape shape)
{
    struct chance *chance = &m->city->chance;
    int64_t years = chance_between(chance, shape == THREE_GENERATIONS ? 26 : 22, shape == THREE_GENERATIONS ? 52 : 66);
    int64_t older = chance_between(chance, -1, 6);
    bool elders = shape == THREE_GENERATIONS;
    int father = NOBODY, mother = NOBODY, husband, wife, child = NOBODY;
    bool hers = elders && chance_of(chance, 250), she_heads = chance_of(chance, 300);

    if (elders)
        make_elders(m, hers ? years : years + older, &father, &mother);
    husband = adult(m, MALE, years + older, hers ? NOBODY : father, hers ? NOBODY : mother);
    wife = adult(m, FEMALE, years, hers ? father : NOBODY, hers ? mother : NOBODY);
    (void)moves_in(m, she_heads ? wife : husband, HEAD); /* couples are drawn only where two have room */
    (void)moves_in(m, she_heads ? husband : wife, SPOUSE);
    if (shape != COUPLE)
        child = have_children(m, husband, wife, years);
    marry(m, husband, wife, child);
    if (elders)
        settle_elders(m, father, mother);
}

static void make_household(struct city *c, int commune)
{
    struct commune *at = &c->communes[commune];
    struct making m = {c, commune, c->n_households, at->residents < HOUSEHOLD_MAX ? at->residents : HOUSEHOLD_MAX};
    struct household *h;
    enum shape shape = draw_shape(c, m.room);

    c->households = arena_grown(c->arena, c->households, (size_t)c->n_households, &c->households_room, sizeof *h);
    h = &c->households[c->n_households++];
    *h = (struct household){.commune = commune, .head = NOBODY};
    (void)snprintf(h->number, sizeof h->number, "HK-%s-%06d", at->unit->place, ++at->households);
    h->address = arena_printf(c->arena, "%s, %s, Thành phố Hồ Chí Minh",
                              street_address(c->arena, &c->parts, &c->chance), at->unit->name[LANG_VI]);
    if (shape == ALONE || shape == LONE_PARENT || shape == SIBLINGS)
        make_single(&m, shape);
    else
        make_couple(&m, shape);
    at->residents -= h->members;
}

/* ---- the communes ---- */
/* The city keeps the registration codes of the three provinces it was made of: 074 Bình Dương, 077 Bà Rịa - Vũng Tàu,
 * 079. The State's codes of communes tell which was which. */
static void give_province(struct commune *c)
{
    static const struct {
        const char *below, *code, *name;
    } rows[] = {{"26500", "074", "tỉnh Bình Dương"},
                {"26734", "077", "tỉnh Bà Rịa - Vũng Tàu"},
                {"99999", "079", "Thành phố Hồ Chí Minh"}};
    size_t i = 0;

    while (strcmp(c->unit->place, rows[i].below) >= 0 && i + 1 < COUNT(rows))
        i++;
    c->province = rows[i].code;
    c->province_name = rows[i].name;
}

/* "Phường Sài Gòn" has the office "Ủy ban nhân dân phường Sài Gòn". */
static void give_office(struct arena *a, struct commune *c)
{
    static const struct {
        const char *kind, *is, *reads;
    } rows[] = {{"ward", "Phường ", "phường "}, {"commune", "Xã ", "xã "}, {"special-zone", "Đặc khu ", "đặc khu "}};
    const char *name = c->unit->name[LANG_VI];

    c->office = name;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (text_equal(c->unit->kind, rows[i].kind) && text_starts_with(name, rows[i].is))
            c->office = arena_printf(a, "Ủy ban nhân dân %s%s", rows[i].reads, name + strlen(rows[i].is));
}

static bool find_communes(struct city *c, struct error *e)
{
    const struct unit *u;
    size_t n = 0;

    while (unit_at(c->house, n))
        n++;
    c->communes = arena_array(c->arena, struct commune, n);
    for (size_t i = 0; i < n; i++) {
        struct commune *commune = &c->communes[c->n_communes];

        u = unit_at(c->house, i);
        if (!u->place || !unit_is_in_force(u, date_at(now_ms())))
            continue;
        *commune = (struct commune){.unit = u};
        commune->weight = text_equal(u->kind, "ward")      ? chance_between(&c->chance, 8, 14)
                          : text_equal(u->kind, "commune") ? chance_between(&c->chance, 4, 9)
                                                           : 1;
        give_province(commune);
        give_office(c->arena, commune);
        c->n_communes++;
    }
    return c->n_communes > 0 || fail(e, E_PACK, "no commune is in force");
}

bool city_populate(struct city *c, int64_t n, struct error *e)
{
    int64_t weights = 0, before = 0;

    c->taken_mask = 1023;
    while ((int64_t)c->taken_mask < n * 4)
        c->taken_mask = c->taken_mask * 2 + 1;
    c->taken = arena_array(c->arena, uint64_t, c->taken_mask + 1);
    if (!find_communes(c, e))
        return false;
    for (int i = 0; i < c->n_communes; i++)
        weights += c->communes[i].weight;
    for (int i = 0; i < c->n_communes; i++) { /* rounded together, so that the sum is n */
        int64_t after = before + c->communes[i].weight;

        c->communes[i].residents = (int)(n * after / weights - n * before / weights);
        before = after;
        while (c->communes[i].residents > 0)
            make_household(c, i);
    }
    return true;
}
