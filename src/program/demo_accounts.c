/* The demo city's accounts: officers of every role in every ward and department, overseers at the city, and two
 * citizens of every ward. */
#include "program/demo_internal.h"

#include <ctype.h>
#include <string.h>

#include "db/db.h"

enum { BATCH = 200, CITIZENS_A_COMMUNE = 2, USER_MAX = 64, YOUNGEST = 25, OLDEST = 62, YEAR = 365 };

/* One password, hashed once and shared: two thousand argon2id hashes would take minutes. Its owners are fictitious and
 * it is printed for everybody to read; accounts of people never share a hash. */
static const char demo_password[] = "Motcua@2026";

struct account {
    char user[USER_MAX];
    const char *name;
    enum role role;
    const struct unit *unit;         /* shown beside it; where the role holds unless it holds everywhere */
    const struct resident *resident; /* NULL for officers */
};

struct making {
    struct city *city;
    struct account *accounts;
    int n, from, to; /* from, to: of one write */
    size_t room;
    const char *hash;
};

static struct account *add(struct making *m)
{
    m->accounts = arena_grown(m->city->arena, m->accounts, (size_t)m->n, &m->room, sizeof *m->accounts);
    return &m->accounts[m->n++];
}

/* ---- who ---- */
/* "26740" for a commune, else what the unit offers first: "justice", "city". */
static const char *tail_of(struct arena *a, const struct unit *u)
{
    return u->place ? u->place : u->offers ? arena_strndup(a, u->offers, strcspn(u->offers, " ")) : u->code;
}

static void add_officers(struct making *m, const struct unit *u, enum role role, int64_t n)
{
    struct city *c = m->city;

    for (int64_t i = 1; i <= n; i++) {
        struct account *account = add(m);
        enum sex sex = chance_of(&c->chance, 450) ? MALE : FEMALE;
        const char *family = words_draw(&c->parts.family, &c->chance);

        *account = (struct account){.role = role, .unit = u};
        account->name = full_name(c->arena, &c->parts, &c->chance, family, sex);
        if (i == 1)
            (void)snprintf(account->user, sizeof account->user, "%s.%.40s", role_name(role), tail_of(c->arena, u));
        else
            (void)snprintf(account->user, sizeof account->user, "%s-%d.%.40s", role_name(role), (int)i,
                           tail_of(c->arena, u));
    }
}

/* Every role of one-stop work at every unit that gives it, as many as the pack says, at least one; the city's own roles
 * at the city. */
static void add_unit(struct making *m, const struct unit *u)
{
    bool city = text_equal(u->kind, "city");
    const char *kind = city || text_equal(u->kind, "department") ? u->kind : "ward";
    const json_t *titles = json_object_get(m->city->parts.titles, kind);

    for (int role = ROLE_HELPER; role < ROLE__COUNT; role++) {
        bool everywhere = role >= ROLE_ONE_STOP && role <= ROLE_STEWARD;

        add_officers(m, u, (enum role)role,
                     json_i64(json_object_get(titles, role_name((enum role)role)), "count", !city && everywhere));
    }
}

static bool suits(const struct city *c, const struct resident *r, bool with_family)
{
    int64_t age = (c->day - r->born) / YEAR;

    return r->household != NOBODY && age >= YOUNGEST && age <= OLDEST && (r->relation == HEAD || !with_family) &&
           (!with_family || c->households[r->household].members >= 3);
}

static bool is_chosen(const struct making *m, const struct resident *r)
{
    for (int i = m->n - 1; i >= 0 && i >= m->n - CITIZENS_A_COMMUNE; i--)
        if (m->accounts[i].resident == r)
            return true;
    return false;
}

/* Heads of families first: they have the most to ask for. */
static void add_citizens(struct making *m)
{
    const struct city *c = m->city;
    int *begin = arena_array(c->arena, int, (size_t)c->n_communes + 1), commune = 0;

    for (int i = 0; i < c->n_residents; i++) /* residents stand in the order of their communes */
        while (commune <= c->residents[i].commune)
            begin[commune++] = i;
    while (commune <= c->n_communes)
        begin[commune++] = c->n_residents;
    for (commune = 0; commune < c->n_communes; commune++) {
        int found = 0;

        for (int choosy = 1; choosy >= 0; choosy--)
            for (int i = begin[commune]; i < begin[commune + 1] && found < CITIZENS_A_COMMUNE; i++) {
                const struct resident *r = &c->residents[i];

                if (!suits(c, r, choosy) || is_chosen(m, r))
                    continue;
                *add(m) = (struct account){
                    .name = r->name, .role = ROLE_CITIZEN, .unit = c->communes[commune].unit, .resident = r};
                (void)snprintf(m->accounts[m->n - 1].user, USER_MAX, "%s", r->number); /* 12 digits */
                found++;
            }
    }
}

/* ---- writing ---- */
/* "nguyen.van.an.0042@example.com": a domain that is nobody's (RFC 2606). */
static const char *email_of(struct arena *a, const char *name, int i)
{
    char *folded = text_fold(a, name);

    for (char *p = folded; *p; p++)
        if (*p == ' ')
            *p = '.';
    return arena_printf(a, "%s.%04d@example.com", folded, i);
}

static bool write_one(struct db *db, const struct making *m, int i, struct arena *a, struct error *e)
{
    const struct account *x = &m->accounts[i];
    const struct resident *r = x->resident;
    struct party party = {.kind = r ? PARTY_CITIZEN : PARTY_OFFICER, .name = x->name};
    bool everywhere = x->role == ROLE_CITIZEN || x->role == ROLE_HELPER;
    int64_t id;

    if (r) {
        party.number = r->number;
        party.phone = arena_printf(a, "090000%04d", i % 10000);
        party.email = email_of(a, x->name, i);
        party.address = m->city->households[r->household].address;
        party.place = x->unit->place;
    }
    return party_put(db, &party, e) &&
           account_add(
               db, &(struct account_new){.user = x->user, .password_hash = m->hash, .party = party.id, .demo = true},
               &id, e) &&
           role_grant(db, id, x->role, everywhere ? 0 : x->unit->id, e);
}

static bool write_batch(struct db *db, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct making *m = arg;

    for (int i = m->from; i < m->to; i++)
        if (!write_one(db, m, i, a, e))
            return false;
    return true;
}

static bool write_list(const struct making *m, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *list = json_array();
    char *text;

    for (int i = 0; i < m->n; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "user", m->accounts[i].user,
                                                    "password", demo_password, "role", role_name(m->accounts[i].role),
                                                    "unit", m->accounts[i].unit->code, "name",
                                                    m->accounts[i].name)); /* fails only without memory */
    text = json_dumps(list, JSON_INDENT(1));
    if (!text)
        return fail(e, E_INTERNAL, "demo-accounts.json");
    arena_defer(a, free, text);
    return file_write(arena_printf(a, "%s/demo-accounts.json", m->city->house->data_dir),
                      (struct bytes){text, strlen(text)}, e);
}

bool accounts_write(struct city *c, struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct making m = {.city = c, .hash = hash};
    const struct unit *u;

    for (size_t i = 0; (u = unit_at(c->house, i)); i++)
        if (unit_is_in_force(u, date_at(now_ms())) && !text_equal(u->kind, "district"))
            add_unit(&m, u);
    add_citizens(&m);
    if (!password_hash(demo_password, hash, e))
        return false;
    (void)fprintf(stderr, "  %d %s\n", m.n, SAY("tài khoản", "accounts"));
    for (m.from = 0; m.from < m.n; m.from = m.to) {
        m.to = m.from + BATCH < m.n ? m.from + BATCH : m.n;
        if (!store_write(c->house->store, write_batch, &m, e))
            return false;
    }
    return cases_file(c, c->cases, e) && write_list(&m, e);
}
