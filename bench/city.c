/* The people of the demo city as the bench plays them: who they are, and what they ask. */
#include "bench.h"

#include <inttypes.h>
#include <string.h>

enum { ACCOUNTS_BYTES_MAX = 64 << 20, LOGINS_AT_ONCE = 2 };
static const char service[] = "2.000635";

/* ---- requests as text ---- */
static void put_get(struct buf *out, const char *token, const char *path)
{
    buf_printf(out, "GET %s HTTP/1.1\r\nHost: localhost\r\n", path);
    if (token)
        buf_printf(out, "Authorization: Bearer %s\r\n", token);
    buf_puts(out, "\r\n");
}

static void put_post(struct buf *out, const char *token, const char *path, const char *body, size_t len)
{
    buf_printf(out, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n",
               path, len);
    if (token)
        buf_printf(out, "Authorization: Bearer %s\r\n", token);
    buf_puts(out, "\r\n");
    buf_add(out, body, len);
}

static uint64_t pick(struct city *c)
{
    c->random ^= c->random << 13; /* xorshift: any spread will do */
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return c->random;
}

/* ---- accounts ---- */
static void take_account(struct caller *to, const json_t *row)
{
    (void)snprintf(to->user, sizeof to->user, "%s", json_str(row, "user"));
    (void)snprintf(to->password, sizeof to->password, "%s", json_str(row, "password"));
    (void)snprintf(to->unit, sizeof to->unit, "%s", json_str(row, "unit") ? json_str(row, "unit") : "");
}

static const json_t *officer_at(const json_t *accounts, const char *unit, const char *role)
{
    const json_t *row;
    size_t i;

    json_array_foreach(accounts, i, row) if (text_equal(json_str(row, "role"), role) &&
                                             text_equal(json_str(row, "unit"), unit)) return row;
    return NULL;
}

/* Wards where all three officers of a life can be played; one desk a ward. */
static int take_wards(struct city *c, const json_t *accounts)
{
    const json_t *row, *specialist, *signatory;
    const char *last = "";
    size_t i;
    int n = 0;

    json_array_foreach(accounts, i, row)
    {
        const char *unit = json_str(row, "unit");

        if (n == WARDS || !text_equal(json_str(row, "role"), "one-stop") || !unit || strcmp(unit, last) == 0)
            continue;
        specialist = officer_at(accounts, unit, "specialist");
        signatory = officer_at(accounts, unit, "signatory");
        if (!specialist || !signatory)
            continue;
        take_account(&c->desks[n], row);
        take_account(&c->specialists[n], specialist);
        take_account(&c->signatories[n], signatory);
        last = unit;
        n++;
    }
    return n;
}

/* One of each unit, in the order of the list. */
static void take_fronts(struct city *c, const json_t *accounts)
{
    const json_t *row;
    const char *last = "";
    size_t i;

    json_array_foreach(accounts, i, row)
    {
        const char *unit = json_str(row, "unit");

        if (c->n_fronts == FRONTS || !text_equal(json_str(row, "role"), "one-stop") || !unit || strcmp(unit, last) == 0)
            continue;
        take_account(&c->fronts[c->n_fronts++], row);
        last = unit;
    }
}

static bool read_accounts(struct city *c, const char *data, struct error *e)
{
    json_auto_t *accounts = NULL;
    struct bytes text;
    const json_t *row;
    size_t i;
    int citizens = 0;

    if (!file_read(c->arena, arena_printf(c->arena, "%s/demo-accounts.json", data), ACCOUNTS_BYTES_MAX, &text, e) ||
        !json_read(text, &accounts, e))
        return false;
    json_array_foreach(accounts, i, row) if (citizens < CITIZENS && text_equal(json_str(row, "role"), "citizen"))
        take_account(&c->citizens[citizens++], row);
    take_fronts(c, accounts);
    if (citizens < CITIZENS || take_wards(c, accounts) < WARDS)
        return fail(e, E_INTERNAL, "demo-accounts.json has too few citizens or wards");
    return true;
}

/* ---- the first questions: each asked of a list of callers ---- */
struct asking {
    struct caller *const *callers;
    int n, next, at[CITIZENS];
    const struct city *city;
};

static int next_caller(struct asking *x, int connection)
{
    if (x->next == x->n)
        return -1;
    return x->at[connection] = x->next++;
}

static bool make_login(void *arg, int connection, struct buf *out)
{
    struct asking *x = arg;
    int at = next_caller(x, connection);
    char body[256];

    if (at < 0)
        return false;
    (void)snprintf(body, sizeof body, "{\"user\":\"%s\",\"password\":\"%s\"}", x->callers[at]->user,
                   x->callers[at]->password);
    put_post(out, NULL, "/api/v1/sessions", body, strlen(body));
    return true;
}

static bool take_login(void *arg, int connection, int status, struct bytes body)
{
    struct asking *x = arg;
    struct caller *caller = x->callers[x->at[connection]];
    json_auto_t *j = json_loadb(body.data, body.len, 0, NULL);
    const char *token = json_str(j, "token");

    if (status != 201 || !token)
        return false;
    (void)snprintf(caller->token, sizeof caller->token, "%s", token);
    return true;
}

static bool make_form(void *arg, int connection, struct buf *out)
{
    struct asking *x = arg;
    int at = next_caller(x, connection);

    if (at >= 0)
        put_get(out, x->callers[at]->token, "/api/v1/services/2.000635/form");
    return at >= 0;
}

/* As a citizen would: what is prefilled stays, two copies are asked for. */
static bool take_form(void *arg, int connection, int status, struct bytes body)
{
    struct asking *x = arg;
    json_auto_t *j = json_loadb(body.data, body.len, 0, NULL);
    json_t *data = json_object_get(j, "data");

    if (status != 200 || !data || json_object_set_new(data, "copies", json_integer(2)) != 0)
        return false;
    x->callers[x->at[connection]]->form = json_text(x->city->arena, data);
    return true;
}

static bool asked_all(const struct load *load, const char *what, struct error *e)
{
    struct measured m;

    return load_run(load, &m, e) && (m.refused == 0 || fail(e, E_INTERNAL, "%s: %s", what, m.refusal));
}

static bool make_units(void *arg, int connection, struct buf *out)
{
    struct city *c = arg;

    (void)connection;
    if (c->n_units)
        return false;
    put_get(out, c->citizens[0].token, "/api/v1/units?service=2.000635&limit=200");
    return true;
}

static bool take_units(void *arg, int connection, int status, struct bytes body)
{
    struct city *c = arg;
    json_auto_t *j = json_loadb(body.data, body.len, 0, NULL);
    const json_t *items = json_object_get(j, "items"), *row;
    size_t i;

    (void)connection;
    c->units = arena_array(c->arena, const char *, json_array_size(items) + 1);
    json_array_foreach(items, i, row) c->units[c->n_units++] = arena_strdup(c->arena, json_str(row, "code"));
    return status == 200 && c->n_units > WARDS;
}

bool city_enter(struct city *c, const char *data, int port, struct error *e)
{
    struct caller *all[CITIZENS + 3 * WARDS];
    struct asking logins = {.callers = all, .n = COUNT(all), .city = c},
                  forms = {.callers = all, .n = CITIZENS, .city = c};
    struct load load = {
        .port = port, .connections = LOGINS_AT_ONCE, .make = make_login, .take = take_login, .arg = &logins};
    int n = 0;

    c->port = port;
    c->random = 88172645463325252U;
    if (!read_accounts(c, data, e))
        return false;
    for (int i = 0; i < CITIZENS; i++)
        all[n++] = &c->citizens[i];
    for (int i = 0; i < WARDS; i++) {
        all[n++] = &c->desks[i];
        all[n++] = &c->specialists[i];
        all[n++] = &c->signatories[i];
    }
    if (!asked_all(&load, "signing in", e))
        return false;
    load = (struct load){.port = port, .connections = 1, .make = make_units, .take = take_units, .arg = c};
    if (!asked_all(&load, "units", e))
        return false;
    load = (struct load){.port = port, .connections = 4, .make = make_form, .take = take_form, .arg = &forms};
    return asked_all(&load, "forms", e);
}

bool city_enter_fronts(struct city *c, struct error *e)
{
    struct caller *all[FRONTS];
    struct asking logins = {.callers = all, .n = c->n_fronts, .city = c};
    struct load load = {
        .port = c->port, .connections = LOGINS_AT_ONCE, .make = make_login, .take = take_login, .arg = &logins};

    if (c->front_of)
        return true;
    for (int i = 0; i < c->n_fronts; i++)
        all[i] = &c->fronts[i];
    c->front_of = arena_array(c->arena, const struct caller *, c->n_units);
    for (size_t u = 0; u < c->n_units; u++)
        for (int i = 0; i < c->n_fronts; i++)
            if (strcmp(c->fronts[i].unit, c->units[u]) == 0)
                c->front_of[u] = &c->fronts[i];
    return asked_all(&load, "signing in", e);
}

/* ---- filing ---- */
struct filing {
    struct city *city;
    int64_t left;
    size_t unit[1024]; /* of a connection's case under way */
};

static void put_case(struct buf *out, const struct caller *citizen, const char *unit)
{
    char body[8192];
    int len =
        snprintf(body, sizeof body, "{\"service\":\"%s\",\"unit\":\"%s\",\"form\":%s}", service, unit, citizen->form);

    put_post(out, citizen->token, "/api/v1/cases", body, (size_t)len);
}

static bool make_filing(void *arg, int connection, struct buf *out)
{
    struct filing *f = arg;
    struct city *c = f->city;

    if (f->left-- <= 0)
        return false;
    f->unit[connection] = (size_t)c->filed++ % c->n_units;
    put_case(out, &c->citizens[connection % CITIZENS], c->units[f->unit[connection]]);
    return true;
}

/* The dossier code is the reply's first member. */
static bool read_code(struct bytes body, char out[static 64])
{
    char text[96];

    (void)snprintf(text, sizeof text, "%.*s", (int)(body.len < 95 ? body.len : 95), (const char *)body.data);
    return sscanf(text, "{\"code\":\"%63[^\"]\"", out) == 1;
}

static int ward_of(const struct city *c, const char *unit)
{
    for (int i = 0; i < WARDS; i++)
        if (strcmp(c->desks[i].unit, unit) == 0)
            return i;
    return -1;
}

/* A fair sample of all that was ever filed (reservoir). */
static void keep(struct city *c, struct kept *list, int64_t room, int64_t *seen, const struct kept *k)
{
    int64_t at = *seen < room ? *seen : (int64_t)(pick(c) % (uint64_t)(*seen + 1));

    ++*seen;
    if (at < room)
        list[at] = *k;
}

static bool take_filing(void *arg, int connection, int status, struct bytes body)
{
    struct filing *f = arg;
    struct city *c = f->city;
    size_t unit = f->unit[connection];
    struct kept k = {.citizen = connection % CITIZENS, .ward = ward_of(c, c->units[unit]), .unit = unit};

    if (status != 201 || !read_code(body, k.code))
        return false;
    keep(c, c->sample, STRANGERS, &c->seen, &k);
    if (k.ward >= 0)
        keep(c, c->office, KEPT, &c->seen_office, &k);
    return true;
}

bool city_file(struct city *c, int connections, int64_t cases, struct measured *out, struct error *e)
{
    struct filing f = {.city = c, .left = cases};
    struct load load = {
        .port = c->port, .connections = connections, .make = make_filing, .take = take_filing, .arg = &f};

    return load_run(&load, out, e) && (out->refused == 0 || fail(e, E_INTERNAL, "filing: %s", out->refusal));
}

/* ---- reading ---- */
struct reads {
    struct city *city;
    enum reading what;
};

/* The next of the sample that an officer of ours may see, round and round. */
static const struct kept *stranger(struct city *c, bool by_officer)
{
    const struct kept *k;

    do
        k = &c->sample[c->stranger++ % (c->seen < STRANGERS ? c->seen : STRANGERS)];
    while (by_officer && !c->front_of[k->unit]);
    return k;
}

static void put_case_read(struct buf *out, const char *token, const struct kept *k)
{
    char path[128];

    (void)snprintf(path, sizeof path, "/api/v1/cases/%s", k->code);
    put_get(out, token, path);
}

static bool make_read(void *arg, int connection, struct buf *out)
{
    static const char *const searches[] = {"ban%20sao%20trich%20luc", "khai%20sinh", "chung%20thuc", "hon%20nhan"};
    const struct reads *x = arg;
    struct city *c = x->city;
    const struct kept *own = &c->sample[pick(c) % (uint64_t)(c->seen < KEPT ? c->seen : KEPT)],
                      *office = &c->office[pick(c) % (uint64_t)(c->seen_office < KEPT ? c->seen_office : KEPT)];
    char path[128];

    switch (x->what) {
    case READ_OWN:
        put_case_read(out, c->citizens[own->citizen].token, own);
        break;
    case READ_DESK:
        put_case_read(out, c->desks[office->ward].token, office);
        break;
    case READ_OWN_FIRST:
        own = stranger(c, false);
        put_case_read(out, c->citizens[own->citizen].token, own);
        break;
    case READ_DESK_FIRST:
        office = stranger(c, true);
        put_case_read(out, c->front_of[office->unit]->token, office);
        break;
    case READ_INBOX:
        put_get(out, c->desks[connection % WARDS].token, "/api/v1/cases?box=inbox&limit=50");
        break;
    default:
        (void)snprintf(path, sizeof path, "/api/v1/services?q=%s", searches[connection % (int)COUNT(searches)]);
        put_get(out, NULL, path);
    }
    return true;
}

bool city_read(struct city *c, enum reading what, int port, int connections, int64_t for_ms, struct measured *out,
               struct error *e)
{
    struct reads x = {c, what};
    struct load load = {.port = port, .connections = connections, .for_ms = for_ms, .make = make_read, .arg = &x};

    return load_run(&load, out, e) && (out->refused == 0 || fail(e, E_INTERNAL, "reading: %s", out->refusal));
}

/* ---- a whole life ---- */
static const struct {
    const char *action; /* NULL: the filing itself */
    enum { BY_CITIZEN, BY_DESK, BY_SPECIALIST, BY_SIGNATORY } by;
} steps[] = {
    {NULL, BY_CITIZEN},        {"receive", BY_DESK}, {"hand-over", BY_DESK}, {"submit-for-signature", BY_SPECIALIST},
    {"approve", BY_SIGNATORY}, {"deliver", BY_DESK},
};

struct lives {
    struct city *city;
    struct {
        size_t step;
        char code[64];
    } at[CITIZENS];
    int64_t lived;
};

static const struct caller *actor(const struct city *c, size_t step, int client)
{
    int ward = client % WARDS;

    switch (steps[step].by) {
    case BY_DESK:
        return &c->desks[ward];
    case BY_SPECIALIST:
        return &c->specialists[ward];
    case BY_SIGNATORY:
        return &c->signatories[ward];
    default:
        return &c->citizens[client % CITIZENS];
    }
}

static bool make_step(void *arg, int client, struct buf *out)
{
    struct lives *x = arg;
    size_t step = x->at[client].step;
    const struct caller *who = actor(x->city, step, client);
    char path[160];

    if (!steps[step].action) {
        put_case(out, who, x->city->desks[client % WARDS].unit);
        return true;
    }
    (void)snprintf(path, sizeof path, "/api/v1/cases/%s/actions/%s", x->at[client].code, steps[step].action);
    put_post(out, who->token, path, "{}", 2);
    return true;
}

static bool take_step(void *arg, int client, int status, struct bytes body)
{
    struct lives *x = arg;
    size_t step = x->at[client].step;

    if (step == 0 ? status != 201 || !read_code(body, x->at[client].code) : status != 200) {
        x->at[client].step = 0;
        return false;
    }
    x->at[client].step = (step + 1) % COUNT(steps);
    x->lived += x->at[client].step == 0;
    return true;
}

bool city_live(struct city *c, int clients, int64_t for_ms, struct measured *out, struct error *e)
{
    struct lives x = {.city = c};
    struct load load = {
        .port = c->port, .connections = clients, .for_ms = for_ms, .make = make_step, .take = take_step, .arg = &x};

    if (!load_run(&load, out, e))
        return false;
    if (out->refused)
        return fail(e, E_INTERNAL, "a life: %s", out->refusal);
    out->requests = x.lived;
    return true;
}
