/* Dossiers of the demo city: residents ask at the counter of their ward for copies of their birth entries, over the
 * last working days, and officers take them as far as chance will. */
#include "program/demo_internal.h"

#include "casework/casework.h"

enum { DAYS_BACK = 6, OPENS_MIN = 7 * 60 + 30, CLOSES_MIN = 16 * 60, MINUTE_MS = 60000, ADULT_YEARS = 18, YEAR = 365 };
enum { CENTRE_EVERY = 2 }; /* every second dossier is filed at the ward whose accounts are printed */

static const char centre_place[] = "26740"; /* phường Sài Gòn */

/* clang-format off */
static const struct { const char *action; enum role role; } path[] = {
    {"receive", ROLE_ONE_STOP}, {"hand-over", ROLE_ONE_STOP}, {"assign", ROLE_SPECIALIST},
    {"submit-for-signature", ROLE_SPECIALIST}, {"approve", ROLE_SIGNATORY}, {"pay", ROLE_ONE_STOP}, {"deliver", ROLE_ONE_STOP},
};
/* clang-format on */

struct worker {
    struct role_at at;
    struct actor actor;
};

/* The first officer of a role in a unit, as a caller. */
static bool worker_of(struct house *h, struct arena *a, const struct unit *u, enum role role, struct worker *w,
                      struct error *e)
{
    auto_read struct db *db = NULL;
    struct member member;
    size_t n;

    if (!store_read(h->store, &db, e) || !unit_members(db, a, u->id, role, &member, 1, &n, e))
        return false;
    if (n == 0)
        return fail(e, E_INTERNAL, "%s has no %s", u->code, role_name(role));
    w->at = (struct role_at){role, u->id};
    w->actor = (struct actor){
        .party = member.party, .name = member.name, .kind = PARTY_OFFICER, .n_roles = 1, .roles = &w->at};
    return true;
}

static const struct resident *adult_of(struct city *c, int commune)
{
    const struct resident *found = NULL;
    int seen = 0;

    for (int i = 0; i < c->n_residents; i++) {
        const struct resident *r = &c->residents[i];

        if (r->commune == commune && !r->died && c->day - r->born > ADULT_YEARS * YEAR &&
            chance_below(&c->chance, ++seen) == 0)
            found = r; /* each with the same chance */
    }
    return found;
}

/* An instant in office hours of the last working days. */
static int64_t filed_at(struct city *c)
{
    int64_t today = date_to_days(date_at(now_ms())), day = today - chance_between(&c->chance, 1, DAYS_BACK);

    while (date_weekday(date_from_days(day)) >= 5)
        day--;
    return date_start_ms(date_from_days(day)) + chance_between(&c->chance, OPENS_MIN, CLOSES_MIN) * MINUTE_MS;
}

static bool act_on(struct city *c, struct arena *a, const struct unit *u, const char *code, int64_t at, size_t steps,
                   struct error *e)
{
    const struct action_input input = {.due_at = INSTANT_NONE, .seen = -1};

    for (size_t i = 0; i < steps; i++) {
        struct worker w;
        struct caller caller = {.now = at += chance_between(&c->chance, 5, 90) * MINUTE_MS, .lang = LANG_VI};

        caller.who = &w.actor;
        if (!worker_of(c->house, a, u, path[i].role, &w, e) ||
            !case_act(c->house, a, &caller, code, path[i].action, &input, e))
            return false;
    }
    return true;
}

static bool file_one(struct city *c, int commune, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct unit *u = c->communes[commune].unit;
    const struct resident *r = adult_of(c, commune);
    int64_t at = filed_at(c);
    json_t *form;
    struct worker w;
    struct caller caller = {.who = &w.actor, .now = at, .lang = LANG_VI};
    struct submission s = {.service = "2.000635", .unit = u->code, .channel = "counter"};
    const char *code;
    bool repeated;

    if (!r)
        return true; /* a commune of children only */
    form = json_held(a, json_pack("{s:s, s:s, s:s, s:I}", "event", "birth", "relation", "self", "subject_number",
                                  r->number, "copies", (json_int_t)chance_between(&c->chance, 1, 4)));
    s.form = form;
    s.on_behalf_of = r->number;
    return worker_of(c->house, a, u, ROLE_ONE_STOP, &w, e) &&
           case_submit(c->house, a, &caller, &s, &code, &repeated, e) &&
           act_on(c, a, u, code, at, (size_t)chance_below(&c->chance, COUNT(path) + 1), e);
}

bool cases_file(struct city *c, int64_t n, struct error *e)
{
    int centre = 0;

    for (int i = 0; i < c->n_communes; i++)
        if (text_equal(c->communes[i].unit->place, centre_place))
            centre = i;
    for (int64_t i = 0; i < n; i++)
        if (!file_one(c, i % CENTRE_EVERY == 0 ? centre : (int)chance_below(&c->chance, c->n_communes), e))
            return false;
    if (n)
        (void)fprintf(stderr, SAY("  %lld hồ sơ\n", "  %lld dossiers\n"), (long long)n);
    return true;
}
