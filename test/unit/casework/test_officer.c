/* An officer drawn by chance, in a small demo city, over days of a clock that the test turns: files every service that
 * can be filed, takes legal and illegal actions as everybody, lets time pass. After every act the invariants must hold:
 * one current step, times in their order, an unbroken log, nothing changed by a refusal, refusals with the list of what
 * is legal, nobody seeing what is not theirs, and in the end codes without gaps and sound chains. MOTCUA_ACTS=n plays
 * longer, MOTCUA_SEED=n another game. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has its own */

#include "casework/casework_internal.h"
#include "program/program.h"

/* fontconfig keeps its configuration, and pango what it matched, until the process ends: some hundred kB, once. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ACTS = 900 };
#else
enum { ACTS = 6000 };
#endif
enum {
    CASES_MAX = 4000,
    UNITS = 4,
    CITIZENS = 6,
    CAST_MAX = UNITS * 8 + CITIZENS,
    TRIES = 12,
    YOUNG = 16,
    MINUTE_MS = 60000
};

struct player {
    struct actor actor;
    struct role_at at;
};

static struct {
    char folder[64];
    struct house house;
    struct error e;
    uint64_t seed;
    int64_t now;
    const struct unit *units[UNITS];
    size_t n_cast, n_cases, done, refused, filed_services, tried_services;
    struct player cast[CAST_MAX]; /* the citizens come last */
    char codes[CASES_MAX][CASE_CODE_MAX];
} game;

#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s\n", #call, game.e.detail);                                                             \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)

static size_t below(size_t n)
{
    game.seed ^= game.seed << 13;
    game.seed ^= game.seed >> 7;
    game.seed ^= game.seed << 17;
    return n ? (size_t)(game.seed % n) : 0;
}

static int64_t number_from(const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);
    int64_t n;

    return text && text_to_i64(text, 1, INT64_MAX, &n) ? n : otherwise;
}

/* ---- the cast ---- */

static void add_officers(struct db *db, struct arena *a, const struct unit *u)
{
    static const enum role roles[] = {ROLE_ONE_STOP, ROLE_SPECIALIST, ROLE_UNIT_HEAD, ROLE_SIGNATORY,
                                      ROLE_CLERK,    ROLE_CASHIER,    ROLE_ARCHIVIST};

    for (size_t i = 0; i < COUNT(roles); i++) {
        struct player *p = &game.cast[game.n_cast];
        struct member m;
        size_t n;

        assert_ok(unit_members(db, a, u->id, roles[i], &m, 1, &n, &game.e));
        if (!n)
            continue;
        p->at = (struct role_at){.role = roles[i], .unit = u->id};
        p->actor =
            (struct actor){.party = m.party, .name = "officer", .kind = PARTY_OFFICER, .n_roles = 1, .roles = &p->at};
        game.n_cast++;
    }
}

static void add_citizens(struct db *db, struct arena *a)
{
    auto_rows struct rows *r = NULL;
    bool more;

    (void)a;
    assert_ok(
        db_query(db, &r, &game.e,
                 "SELECT id, number FROM party WHERE kind = 'citizen' AND number IS NOT NULL ORDER BY id LIMIT $1",
                 ARGS(I64(CITIZENS))));
    for (;;) {
        struct player *p = &game.cast[game.n_cast];

        assert_ok(rows_next(r, &more, &game.e));
        if (!more)
            return;
        p->at = (struct role_at){.role = ROLE_CITIZEN};
        p->actor = (struct actor){.party = rows_i64(r, 0),
                                  .name = "citizen",
                                  .number = strdup(rows_text(r, 1)), /* NOLINT: as long as the game */
                                  .kind = PARTY_CITIZEN,
                                  .n_roles = 1,
                                  .roles = &p->at};
        game.n_cast++;
    }
}

static const struct player *citizen(size_t i)
{
    return &game.cast[game.n_cast - 1 - i % CITIZENS];
}

static int setup(void **state)
{
    static const char *const codes[UNITS] = {"H29.1.1", "H29.1.2", "H29.11", "H29.15"};
    auto_arena struct arena *a = arena_new();
    auto_read struct db *db = NULL;
    struct args args = {.data = game.folder, .residents = "40", .seed = "11"};

    (void)state;
    log_set_level(LOG_ERROR);
    error_init(&game.e);
    (void)snprintf(game.folder, sizeof game.folder, "%s", "/tmp/motcua-officer-XXXXXX");
    assert_non_null(mkdtemp(game.folder));
    assert_ok(run_demo(&args, &game.e));
    assert_ok(house_open(&(struct home){.data_dir = game.folder}, &game.house, &game.e));
    assert_ok(store_read(game.house.store, &db, &game.e));
    for (size_t i = 0; i < UNITS; i++) {
        game.units[i] = unit_by_code(&game.house, codes[i]);
        assert_non_null(game.units[i]);
        add_officers(db, a, game.units[i]);
    }
    add_citizens(db, a);
    assert_true(game.n_cast > CITIZENS + UNITS * 5);
    game.seed = (uint64_t)number_from("MOTCUA_SEED", 261126);
    game.now = date_start_ms((struct date){2026, 11, 16}) + 8 * 3600000LL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&game.house);
    error_done(&game.e);
    for (size_t i = 0; i < CITIZENS; i++)
        free((void *)(uintptr_t)citizen(i)->actor.number);
    folder_remove(game.folder);
    return 0;
}

/* ---- a form by chance ---- */

static json_t *draw_value(const json_t *root, const json_t *schema, const char *number, int depth);

static json_t *draw_string(const json_t *schema, const char *number)
{
    const char *format = json_str(schema, "format");
    char text[64];

    if (text_equal(format, "date")) {
        (void)snprintf(text, sizeof text, "20%02zu-%02zu-%02zu", below(26), 1 + below(11), 1 + below(28));
        return json_string(text);
    }
    if (text_equal(format, "vn-personal-number"))
        return json_string(number);
    if (text_equal(format, "vn-phone"))
        return json_string("0901234567");
    if (text_equal(format, "email"))
        return json_string("mai@example.vn");
    return json_string("Nguyễn Văn An");
}

static json_t *draw_object(const json_t *root, const json_t *schema, const char *number, int depth)
{
    json_t *out = json_object(), *field;
    const json_t *required = json_object_get(schema, "required"), *row;
    const char *name;

    json_object_foreach(json_object_get(schema, "properties"), name, field)
    {
        bool needed = below(4) == 0;
        size_t i;

        json_array_foreach(required, i, row) needed = needed || text_equal(json_string_value(row), name);
        if (needed && !json_object_get(field, "x-source") && !json_object_get(field, "x-default"))
            json_object_set_new(out, name, draw_value(root, field, number, depth + 1));
    }
    return out;
}

static json_t *draw_value(const json_t *root, const json_t *schema, const char *number, int depth)
{
    const json_t *one_of = json_object_get(schema, "oneOf"), *values = json_object_get(schema, "enum");
    const char *ref = json_str(schema, "$ref"), *type = json_str(schema, "type");

    if (depth > 8)
        return json_null();
    if (ref && ref[0] == '#')
        return draw_value(root, json_at(root, ref + 1), number, depth + 1);
    if (json_object_get(schema, "const"))
        return json_deep_copy(json_object_get(schema, "const"));
    if (json_array_size(values))
        return json_deep_copy(json_array_get(values, below(json_array_size(values))));
    if (json_array_size(one_of))
        return draw_value(root, json_array_get(one_of, below(json_array_size(one_of))), number, depth + 1);
    if (text_equal(type, "object"))
        return draw_object(root, schema, number, depth);
    if (text_equal(type, "integer") || text_equal(type, "number"))
        return json_integer((json_int_t)(json_i64(schema, "minimum", 1) + (int64_t)below(3)));
    if (text_equal(type, "boolean"))
        return json_boolean(below(2));
    if (text_equal(type, "array"))
        return json_pack("[o]", draw_value(root, json_object_get(schema, "items"), number, depth + 1));
    return draw_string(schema, number);
}

static bool try_to_file(struct arena *a, const struct service *s, const struct player *desk)
{
    const struct player *owner = citizen(below(CITIZENS));
    struct caller caller = {.who = &desk->actor, .now = game.now, .lang = LANG_EN};
    struct submission in = {.service = s->code, .channel = "counter", .on_behalf_of = owner->actor.number};
    const json_t *schema = schema_json(s->form);
    const char *code;
    bool repeated;

    in.unit = unit_by_id(&game.house, desk->at.unit)->code;
    in.form = json_held(a, draw_value(schema, schema, owner->actor.number, 0));
    error_done(&game.e);
    error_init(&game.e);
    if (!case_submit(&game.house, a, &caller, &in, &code, &repeated, &game.e)) {
        assert_int_not_equal(error_kind(&game.e), KIND_BROKEN);
        return false;
    }
    assert_true(game.n_cases < CASES_MAX);
    (void)snprintf(game.codes[game.n_cases++], CASE_CODE_MAX, "%s", code);
    return true;
}

static const struct player *desk_for(const struct service *s)
{
    size_t start = below(game.n_cast);

    for (size_t i = 0; i < game.n_cast; i++) {
        const struct player *p = &game.cast[(start + i) % game.n_cast];

        if (p->at.role == ROLE_ONE_STOP && service_offered_at(s, unit_by_id(&game.house, p->at.unit)))
            return p;
    }
    return NULL;
}

/* The service at a place of the catalogue, in the version in force. */
static const struct service *service_at(size_t i)
{
    auto_read struct db *db = NULL;
    const struct service *s;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(service_current(db, &game.house, casework_of(&game.house)->services[i].code, &s, &game.e));
    return s;
}

/* The catalogue's own order, so that every service has its turn. */
static void file_something(struct arena *a)
{
    static size_t turn;
    const struct service *s = service_at(turn++ % casework_of(&game.house)->n_services);
    const struct player *desk = service_is_open(s, date_at(game.now)) ? desk_for(s) : NULL;

    for (int i = 0; desk && i < TRIES; i++)
        if (try_to_file(a, s, desk))
            return;
}

/* ---- looking ---- */

static bool find(struct arena *a, const char *code, struct case_file *c)
{
    auto_read struct db *db = NULL;
    bool found;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(case_find(db, a, &game.house, code, c, &found, &game.e));
    return found;
}

static bool has_desk_at(const struct player *p, int64_t unit)
{
    return p->at.unit == unit && p->at.role >= ROLE_ONE_STOP && p->at.role <= ROLE_ARCHIVIST;
}

/* The rule said anew, from the rows themselves: one's own, one's unit's, and those that it asks or that ask it. */
static bool should_see(const struct case_file *c, const struct player *p)
{
    static const char sql[] = "SELECT unit FROM case_file WHERE parent = $1 OR code = $2";
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool more, yes = p->actor.party == c->applicant || p->actor.party == c->submitter || has_desk_at(p, c->unit->id);

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(db_query(db, &r, &game.e, sql, ARGS(TEXT(c->code), TEXT(c->parent ? c->parent : ""))));
    for (;;) {
        assert_ok(rows_next(r, &more, &game.e));
        if (!more)
            return yes;
        yes = yes || has_desk_at(p, rows_i64(r, 0));
    }
}

static void in_order(int64_t earlier, int64_t later)
{
    if (earlier != INSTANT_NONE && later != INSTANT_NONE)
        assert_true(earlier <= later);
}

static void check_log(const struct case_file *c)
{
    static const char sql[] =
        "SELECT from_step, to_step, to_status, at FROM case_event WHERE case_id = $1 ORDER BY seq";
    auto_arena struct arena *a = arena_new();
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    const char *step = NULL;
    int64_t last = 0, status = 0;
    bool more;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(db_query(db, &r, &game.e, sql, ARGS(I64(c->id))));
    for (;;) {
        assert_ok(rows_next(r, &more, &game.e));
        if (!more)
            break;
        assert_true(text_equal(rows_text(r, 0), step)); /* each begins where the one before ended */
        assert_true(rows_i64(r, 3) >= last);
        step = arena_strdup(a, rows_text(r, 1));
        status = rows_i64(r, 2);
        last = rows_i64(r, 3);
    }
    assert_string_equal(step, c->step->id);
    assert_int_equal(status, c->status);
}

static void check_case(struct arena *a, const char *code)
{
    struct case_file c;
    struct national_time t;

    assert_true(find(a, code, &c));
    assert_ptr_equal(flow_step(c.service->flow, c.step->id), c.step);
    assert_int_equal(c.status, c.step->status);
    assert_false(c.step->automatic); /* the system does not rest there */
    in_order(c.submitted_at, c.received_at);
    in_order(c.received_at, c.done_at);
    in_order(c.done_at, c.closed_at);
    in_order(c.received_at, c.due_at);
    in_order(c.step_at, c.moved_at);
    if (c.parent)
        in_order(c.due_at, c.ask_due_at);
    t = case_time(&c, a, game.now);
    assert_true(t.minutes >= 0 && t.minutes <= (game.now - c.submitted_at) / MINUTE_MS);
    check_log(&c);
    for (size_t i = 0; i < 3; i++) {
        const struct player *p = &game.cast[below(game.n_cast)];

        assert_int_equal(case_standing(&game.house, &p->actor, &c, now_ms()).sees, should_see(&c, p));
    }
}

/* ---- acting ---- */

static const struct player *somebody(const struct case_file *c)
{
    for (size_t i = 0; below(4) && i < 64; i++) { /* mostly one who has to do with it */
        const struct player *p = &game.cast[below(game.n_cast)];

        bool theirs = p->actor.party == c->applicant;

        if (p->at.unit == c->unit->id || (theirs && (c->step->role == ROLE_CITIZEN || below(20) == 0)))
            return p;
    }
    return &game.cast[below(game.n_cast)];
}

static const char *any_action(void)
{
    static const char *const all[] = {"receive",
                                      "refuse",
                                      "request-supplement",
                                      "supplement",
                                      "hand-over",
                                      "assign",
                                      "consult",
                                      "answer",
                                      "submit-for-signature",
                                      "approve",
                                      "reject",
                                      "return-to-step",
                                      "apologise",
                                      "stop",
                                      "withdraw",
                                      "pay",
                                      "deliver",
                                      "archive",
                                      "request-payment",
                                      "reopen",
                                      "no-such-action",
                                      "go-on",
                                      "issue"};

    return all[below(COUNT(all))];
}

static bool is_an_end(const char *action)
{
    static const char *const ends[] = {"withdraw", "refuse", "stop", "reject"};

    for (size_t i = 0; i < COUNT(ends); i++)
        if (strcmp(action, ends[i]) == 0)
            return true;
    return false;
}

static const char *some_entry(struct arena *a, const struct case_file *c)
{
    auto_read struct db *db = NULL;
    const struct registry *registry;
    struct record found[4];
    size_t n;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(case_entries(db, a, &game.house, c, NULL, &registry, found, COUNT(found), &n, &game.e));
    return n ? found[0].key : "none";
}

static struct action_input some_input(struct arena *a, const struct case_file *c)
{
    struct action_input in = {.due_at = INSTANT_NONE, .seen = -1};

    if (below(8))
        in.note = "ghi chú";
    if (below(8))
        in.override = "sót giấy tờ";
    if (below(6) == 0)
        in.assignee = game.cast[below(game.n_cast)].actor.party;
    if (below(8))
        in.due_at = (c->due_at == INSTANT_NONE ? game.now : c->due_at) + (int64_t)below(5) * DAY_MS;
    if (below(3))
        in.amount = (int64_t)below(100000);
    if (below(8))
        in.entry = some_entry(a, c);
    if (below(4) == 0)
        in.step = c->service->flow->steps[below(c->service->flow->n_steps)].id;
    in.units = json_held(a, json_pack("[s]", game.units[below(UNITS)]->code));
    return in;
}

static bool is_legal(const struct legal_action *legal, size_t n, const char *action)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(legal[i].transition->action, action) == 0)
            return true;
    return false;
}

static void refused_rightly(const struct case_file *before, const struct player *p, bool legal, size_t n)
{
    if (!should_see(before, p)) {
        assert_int_equal(game.e.code, E_NOT_FOUND);
        return;
    }
    if (legal) { /* then it was something given with it */
        assert_int_not_equal(game.e.code, E_ACTION_ILLEGAL);
        assert_int_not_equal(error_kind(&game.e), KIND_BROKEN);
        return;
    }
    assert_int_equal(game.e.code, E_ACTION_ILLEGAL);
    assert_int_equal(json_array_size(json_object_get(game.e.extra, "actions")), n);
}

/* Somebody, and what they may do; mostly looked for until there is something. */
static const struct player *choose_player(struct arena *a, const struct case_file *c, struct legal_action *list,
                                          size_t *n)
{
    auto_read struct db *db = NULL;
    const struct player *p;
    size_t tries = below(5) ? 24 : 1;

    assert_ok(store_read(game.house.store, &db, &game.e));
    do {
        p = somebody(c);
        assert_ok(actions_legal(db, a, &game.house, &p->actor, c, game.now, list, n, &game.e));
    } while (*n == 0 && --tries);
    return p;
}

static void act_somehow(struct arena *a, const char *code)
{
    struct case_file before, after;
    const struct player *p;
    struct legal_action list[LEGAL_ACTIONS_MAX];
    struct action_input in;
    struct caller caller = {.now = game.now, .lang = LANG_EN};
    const char *action;
    size_t n;
    bool done;

    assert_true(find(a, code, &before));
    if (before.step->end && below(12)) /* what is over can only refuse: seldom of interest */
        return;
    p = choose_player(a, &before, list, &n);
    caller.who = &p->actor;
    /* The step's own first action is mostly the way on. */
    action = n && below(5) ? list[below(3) ? below(n) : 0].transition->action : any_action();
    if (is_an_end(action) && below(15))
        return; /* or most would end before they began */
    in = some_input(a, &before);
    error_done(&game.e);
    error_init(&game.e);
    done = case_act(&game.house, a, &caller, code, action, &in, &game.e);
    if (!done)
        refused_rightly(&before, p, is_legal(list, n, action), n);
    else
        assert_true(is_legal(list, n, action) && should_see(&before, p));
    assert_true(find(a, code, &after));
    if (done)
        assert_true(after.version > before.version);
    else if (strcmp(action, "approve") != 0) /* which may have taken its numbers already */
        assert_int_equal(after.version, before.version);
    game.done += done;
    game.refused += !done;
    check_case(a, code);
}

/* Mostly one of those still young, so that they grow old. */
static const char *some_code(void)
{
    size_t young = game.n_cases < YOUNG || below(8) == 0 ? game.n_cases : YOUNG;

    return game.codes[game.n_cases - 1 - below(young)];
}

/* Children are cases too: somebody has to answer them. */
static void learn_of_children(void)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool more;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(db_query(db, &r, &game.e, "SELECT code FROM case_file WHERE id > 0 ORDER BY id", ARGS()));
    for (game.n_cases = 0; game.n_cases < CASES_MAX; game.n_cases++) {
        assert_ok(rows_next(r, &more, &game.e));
        if (!more)
            return;
        (void)snprintf(game.codes[game.n_cases], CASE_CODE_MAX, "%s", rows_text(r, 0));
    }
}

/* ---- in the end ---- */

static void codes_have_no_gaps(void)
{
    json_auto_t *counts = json_object();
    const char *prefix;
    json_t *row;

    for (size_t i = 0; i < game.n_cases; i++) {
        char day[CASE_CODE_MAX];
        char *dash;
        int64_t number, highest;

        (void)snprintf(day, sizeof day, "%s", game.codes[i]);
        dash = strrchr(day, '-');
        *dash = '\0';
        assert_true(text_to_i64(dash + 1 + strspn(dash + 1, "0"), 1, INT32_MAX, &number));
        row = json_object_get(counts, day);
        highest = json_i64(row, "highest", 0);
        json_object_set_new(counts, day,
                            json_pack("{s:I, s:I}", "n", (json_int_t)(json_i64(row, "n", 0) + 1), "highest",
                                      (json_int_t)(number > highest ? number : highest)));
    }
    json_object_foreach(counts, prefix, row) assert_int_equal(json_i64(row, "n", 0), json_i64(row, "highest", 0));
}

static void count_services(void)
{
    const struct casework *room = casework_of(&game.house);

    for (size_t i = 0; i < room->n_services; i++) {
        auto_read struct db *db = NULL;
        auto_rows struct rows *r = NULL;
        const struct service *s = service_at(i);
        bool found;

        if (!service_is_open(s, date_at(game.now)) || !desk_for(s))
            continue;
        game.tried_services++;
        assert_ok(store_read(game.house.store, &db, &game.e));
        assert_ok(db_find(db, &r, &found, &game.e, "SELECT 1 FROM case_file WHERE service = $1 LIMIT 1",
                          ARGS(TEXT(s->code))));
        game.filed_services += found;
        if (!found)
            print_message("  chance filled no form of %s %s\n", s->code, s->name[LANG_EN]);
    }
}

static void chains_are_sound(void)
{
    auto_read struct db *db = NULL;
    int64_t checked;
    bool sound;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(cases_verify(db, &sound, &checked, &game.e));
    assert_true(sound);
}

/* How often each action was taken: a game that never gets far proves little. */
static void print_depth(void)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool more;

    assert_ok(store_read(game.house.store, &db, &game.e));
    assert_ok(
        db_query(db, &r, &game.e, "SELECT action, COUNT(*) FROM case_event GROUP BY action ORDER BY action", ARGS()));
    for (;;) {
        assert_ok(rows_next(r, &more, &game.e));
        if (!more)
            break;
        print_message("  %s %d", rows_text(r, 0), (int)rows_i64(r, 1));
    }
    print_message("\n");
}

static void an_officer_drawn_by_chance(void **state)
{
    int64_t acts = number_from("MOTCUA_ACTS", ACTS), start = monotonic_us(), first = game.now;

    (void)state;
    print_message("  seed %llu\n", (unsigned long long)game.seed);
    for (int64_t i = 0; i < acts; i++) {
        auto_arena struct arena *a = arena_new();

        game.now += (int64_t)below(20) * MINUTE_MS;
        if (game.n_cases == 0 || below(12) == 0)
            file_something(a);
        else
            act_somehow(a, some_code());
        if (i % 25 == 24) {
            size_t woken;

            assert_ok(case_tick(&game.house, game.now, &woken, &game.e));
            learn_of_children();
        }
    }
    learn_of_children();
    codes_have_no_gaps();
    chains_are_sound();
    count_services();
    print_depth();
    print_message("  %d days: %zu cases of %zu of %zu services, %zu acts done, %zu refused, in %d ms\n",
                  (int)((game.now - first) / DAY_MS), game.n_cases, game.filed_services, game.tried_services, game.done,
                  game.refused, (int)((monotonic_us() - start) / 1000));
    assert_true(game.filed_services >= 5);
    assert_true(game.done > (size_t)acts / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_officer_drawn_by_chance)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
