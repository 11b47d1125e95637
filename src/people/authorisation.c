/* Authorisations (ủy quyền): one party lets another act in its name, for everything or for one service or field, from a
 * day to a day. Given by the principal (an organisation's legal representative gives in its name), in force once the
 * agent has accepted, over when its time is or when either side ends it. A legal representative is one too, made by an
 * officer who saw the enterprise's papers.
 *
 * An agent's session carries what was given to them, so that a case needs no question to the database; whatever changes
 * here makes the snapshots stale in the same commit. */
#include "people/people_internal.h"

#include <string.h>

static const char *const states[AUTHORISATION__COUNT] = {"offered", "active", "later", "expired", "ended"};

const char *authorisation_state_name(enum authorisation_state state)
{
    return states[state];
}

enum authorisation_state authorisation_state(const struct authorisation *x, int64_t now)
{
    if (x->ended_at)
        return AUTHORISATION_ENDED;
    if (now >= x->until)
        return AUTHORISATION_EXPIRED;
    if (!x->accepted_at)
        return AUTHORISATION_OFFERED;
    return now < x->from ? AUTHORISATION_LATER : AUTHORISATION_ACTIVE;
}

const struct agency *actor_agency(const struct actor *who, int64_t principal, const char *service, const char *field,
                                  int64_t now)
{
    for (size_t i = 0; who && i < who->n_agencies; i++) {
        const struct agency *x = &who->agencies[i];

        if (x->principal != principal || now < x->from || now >= x->until)
            continue;
        if ((!x->service && !x->field) || (x->service && text_equal(x->service, service)) ||
            (x->field && text_equal(x->field, field)))
            return x;
    }
    return NULL;
}

bool actor_owner(const struct actor *who, const char *number, int64_t now, int64_t *party, struct error *e)
{
    *party = who->party;
    if (!number || text_equal(number, who->number))
        return true;
    for (size_t i = 0; i < who->n_agencies; i++)
        if (text_equal(who->agencies[i].number, number) &&
            actor_agency(who, who->agencies[i].principal, NULL, NULL, now)) {
            *party = who->agencies[i].principal;
            return true;
        }
    return fail(e, E_NOT_AUTHORISED, "no agent of that party for everything");
}

/* ---- the table ---- */
#define COLUMNS                                                                                                        \
    "t.id, t.principal, t.agent, t.legal, t.service, t.field, t.from_at, t.until_at, t.made_at, t.accepted_at,"        \
    " t.ended_at"

static void read_row(struct rows *r, struct arena *a, struct authorisation *out)
{
    *out = (struct authorisation){
        .id = rows_i64(r, 0),
        .principal = rows_i64(r, 1),
        .agent = rows_i64(r, 2),
        .legal = rows_i64(r, 3) != 0,
        .service = arena_strdup(a, rows_text(r, 4)),
        .field = arena_strdup(a, rows_text(r, 5)),
        .from = rows_i64(r, 6),
        .until = rows_i64(r, 7),
        .made_at = rows_i64(r, 8),
        .accepted_at = rows_i64(r, 9),
        .ended_at = rows_i64(r, 10),
    };
}

static bool read_all(struct db *db, struct rows *r, struct arena *a, struct authorisation *out, size_t max, size_t *n,
                     struct error *e)
{
    bool more, found;

    while (*n < max) {
        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            break;
        read_row(r, a, &out[(*n)++]);
    }
    for (size_t i = 0; i < *n; i++)
        if (!party_find(db, a, out[i].principal, &out[i].who[0], &found, e) ||
            !party_find(db, a, out[i].agent, &out[i].who[1], &found, e))
            return false;
    return true;
}

bool authorisations_of(struct db *db, struct arena *a, int64_t party, bool given, int64_t before,
                       struct authorisation *out, size_t max, size_t *n, struct error *e)
{
    static const char given_sql[] =
        "SELECT " COLUMNS " FROM authorisation t WHERE t.principal = $1 AND t.id < $2 ORDER BY t.id DESC LIMIT $3";
    static const char taken_sql[] =
        "SELECT " COLUMNS " FROM authorisation t WHERE t.agent = $1 AND t.id < $2 ORDER BY t.id DESC LIMIT $3";
    auto_rows struct rows *r = NULL;

    *n = 0;
    return db_query(db, &r, e, given ? given_sql : taken_sql,
                    ARGS(I64(party), I64(before ? before : INT64_MAX), I64((int64_t)max))) &&
           read_all(db, r, a, out, max, n, e);
}

bool authorisation_find(struct db *db, struct arena *a, int64_t id, struct authorisation *out, bool *found,
                        struct error *e)
{
    auto_rows struct rows *r = NULL;
    size_t n = 0;

    if (!db_query(db, &r, e, "SELECT " COLUMNS " FROM authorisation t WHERE t.id = $1", ARGS(I64(id))) ||
        !read_all(db, r, a, out, 1, &n, e))
        return false;
    *found = n == 1;
    return true;
}

bool agencies_read(struct db *db, struct arena *a, int64_t agent, int64_t now, struct agency *out, size_t max,
                   size_t *n, struct error *e)
{
    static const char sql[] =
        "SELECT t.id, t.principal, t.service, t.field, t.from_at, t.until_at, p.number, t.legal FROM authorisation t"
        " JOIN party p ON p.id = t.principal"
        " WHERE t.agent = $1 AND t.accepted_at > 0 AND t.ended_at = 0 AND t.until_at > $2 ORDER BY t.id LIMIT $3";
    auto_rows struct rows *r = NULL;
    bool more;

    *n = 0;
    if (!db_query(db, &r, e, sql, ARGS(I64(agent), I64(now), I64((int64_t)max))))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more)
            return true;
        out[(*n)++] = (struct agency){.authorisation = rows_i64(r, 0),
                                      .principal = rows_i64(r, 1),
                                      .service = arena_strdup(a, rows_text(r, 2)),
                                      .field = arena_strdup(a, rows_text(r, 3)),
                                      .from = rows_i64(r, 4),
                                      .until = rows_i64(r, 5),
                                      .number = arena_strdup(a, rows_text(r, 6)),
                                      .legal = rows_i64(r, 7) != 0};
    }
    return false;
}

/* ---- acts ---- */
static bool note(struct db *db, const struct authorising *x, const char *action, const char *about, struct error *e)
{
    char key[24];

    (void)snprintf(key, sizeof key, "%lld", (long long)x->given.id); /* fits */
    return audit_add(db,
                     &(struct audit){.action = action,
                                     .what = "authorisation",
                                     .key = key,
                                     .about = about,
                                     .actor = x->actor,
                                     .address = x->address,
                                     .at = x->now},
                     e);
}

static bool insert(struct db *db, const struct authorisation *t, int64_t maker, struct error *e)
{
    static const char sql[] = "INSERT INTO authorisation (id, principal, agent, legal, service, field, from_at,"
                              " until_at, made_at, made_by, accepted_at, ended_at)"
                              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)";

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(t->id), I64(t->principal), I64(t->agent), I64(t->legal), TEXT(t->service), TEXT(t->field),
                        I64(t->from), I64(t->until), I64(t->made_at), I64(maker), I64(t->accepted_at)));
}

static bool tell(struct db *db, const struct authorising *x, struct error *e)
{
    /* Agents' snapshots are read anew; other rooms tell both sides. */
    return db_emit(db, "account.roles", x->given.agent, NULL, e) &&
           db_emit(db, "authorisation.changed", x->given.id, x, e);
}

bool authorisation_give(struct db *db, void *arg, struct error *e)
{
    struct authorising *x = arg;

    x->given.id = id_new();
    x->given.made_at = x->now;
    x->what = AUTHORISATION_GIVEN;
    return insert(db, &x->given, x->actor, e) && note(db, x, "authorisation-given", x->given.who[0].number, e) &&
           tell(db, x, e);
}

/* Changes the row once, whichever of two callers comes first. */
static bool mark(struct db *db, const struct authorising *x, const char *sql, struct error *e)
{
    int64_t changed;

    return db_exec(db, &changed, e, sql, ARGS(I64(x->given.id), I64(x->now), I64(x->actor))) &&
           (changed == 1 || fail(e, E_CONFLICT, "it is accepted or over already"));
}

bool authorisation_accept(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE authorisation SET accepted_at = $2"
                              " WHERE id = $1 AND agent = $3 AND accepted_at = 0 AND ended_at = 0 AND until_at > $2";
    struct authorising *x = arg;

    x->what = AUTHORISATION_ACCEPTED;
    return mark(db, x, sql, e) && note(db, x, "authorisation-accepted", x->given.who[0].number, e) && tell(db, x, e);
}

bool authorisation_end(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE authorisation SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at = 0";
    struct authorising *x = arg;

    x->what = AUTHORISATION_OVER;
    return mark(db, x, sql, e) && note(db, x, "authorisation-ended", x->given.who[0].number, e) && tell(db, x, e);
}

/* ---- organisations ---- */
static bool put_party(struct db *db, struct registering *x, struct arena *a, struct error *e)
{
    struct party known;
    bool found;

    if (!party_by_number(db, a, x->organisation.number, &known, &found, e))
        return false;
    x->organisation.id = found ? known.id : 0;
    return party_put(db, &x->organisation, e);
}

/* An organisation has one legal representative here: the former one's rights end with the newcomer's. */
static bool put_representative(struct db *db, struct registering *x, struct error *e)
{
    static const char end_sql[] = "UPDATE authorisation SET ended_at = $2, ended_by = $3"
                                  " WHERE principal = $1 AND legal = 1 AND ended_at = 0";
    struct authorising legal = {
        .given = {.id = id_new(),
                  .principal = x->organisation.id,
                  .agent = x->representative.id,
                  .legal = true,
                  .from = x->now,
                  .until = INT64_MAX,
                  .made_at = x->now,
                  .accepted_at = x->now,
                  .who = {x->organisation, x->representative}},
        .actor = x->actor,
        .address = x->address,
        .now = x->now,
        .what = AUTHORISATION_ACCEPTED,
    };

    return db_exec(db, NULL, e, end_sql, ARGS(I64(x->organisation.id), I64(x->now), I64(x->actor))) &&
           insert(db, &legal.given, x->actor, e) &&
           note(db, &legal, "organisation-registered", x->organisation.number, e) && tell(db, &legal, e);
}

bool organisation_register(struct db *db, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct registering *x = arg;

    /* Two who register it at once would each end the representative before, and both would stay. */
    return db_serial(db, arena_printf(a, "organisation:%s", x->organisation.number), e) && put_party(db, x, a, e) &&
           put_representative(db, x, e);
}
