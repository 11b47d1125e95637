/* Signing in and out, who am I, the units of the city. */
#include "people/people_internal.h"

#include "http/http.h"
#include "people/account_api.h"
#include "people/authorisation_api.h"
#include "people/delegation_api.h"

#include "module.h"

extern const char people_shapes_yaml[]; /* shapes.yaml, made by the build */

/* ---- sessions ---- */
struct credentials {
    const char *user, *password;
    const char *otp; /* of the app or a recovery code; asked for only where an account has a second factor */
};

/* The browser may keep the cookie as long as the longest session; when a session ends is decided here. */
enum { COOKIE_S = 30 * 24 * 3600 };

/* clang-format off */
static const struct field credentials_fields[] = {
    {"user",     FIELD_TEXT, offsetof(struct credentials, user),     FIELD_REQUIRED,                   64},
    {"password", FIELD_TEXT, offsetof(struct credentials, password), FIELD_REQUIRED | FIELD_SENSITIVE, 256},
    {"otp",      FIELD_TEXT, offsetof(struct credentials, otp),      FIELD_SENSITIVE,                  OTP_TYPED_MAX},
    {0},
};
/* clang-format on */

struct once once_of(struct request *q, write_fn *make, void *arg, int64_t *made)
{
    struct once x = {.arena = request_arena(q),
                     .key = request_key(q),
                     .actor = request_actor(q)->party,
                     .now = request_now(q),
                     .make = make,
                     .arg = arg,
                     .made = made};

    if (x.key)
        x.fingerprint = request_fingerprint(q);
    return x;
}

/* The session itself is out of the page's reach; that there is one is told to it, so that a stranger's page need not
 * ask who it is. */
static void give_cookies(struct reply *r, const char *token)
{
    reply_cookie(r, COOKIE_FOR_SCRIPTS, "motcua_signed_in", *token ? "1" : "", *token ? COOKIE_S : 0);
    reply_cookie(r, COOKIE_HTTP_ONLY, "motcua_session", token,
                 *token ? COOKIE_S : 0); /* sent first: the last one said */
}

static bool read_party(struct request *q, int64_t id, json_t **out, struct error *e)
{
    auto_read struct db *db = NULL;
    struct party party;
    bool found;

    if (!store_read(people_of(request_house(q))->store, &db, e) ||
        !party_find(db, request_arena(q), id, &party, &found, e))
        return false;
    if (!found)
        return fail(e, E_DATABASE, "an account without its party");
    *out = party_json_new(&party, true); /* the caller's own */
    return true;
}

static bool post_session(struct request *q, struct reply *r, struct error *e)
{
    struct credentials c;
    struct login_done done;
    json_t *party, *session;

    /* login() and logout() are ours; the C library has some of that name.  NOLINTBEGIN(concurrency-mt-unsafe) */
    if (!request_fields(q, credentials_fields, &c, e) ||
        !login(people_of(request_house(q)),
               &(struct login){c.user, c.password, c.otp, request_address(q), request_now(q)}, &done, e) ||
        !read_party(q, done.party, &party, e))
        return false;
    session = json_object();
    json_object_set_new(session, "token", json_string(done.token));
    json_object_set_new(session, "expires_at", json_instant(done.expires_at));
    json_object_set_new(session, "party", party);
    give_cookies(r, done.token);
    return reply_json(r, 201, session);
}

static bool delete_session(struct request *q, struct reply *r, struct error *e)
{
    if (!logout(people_of(request_house(q)), request_caller(q), request_address(q), request_now(q), e))
        return false;
    /* NOLINTEND(concurrency-mt-unsafe) */
    give_cookies(r, "");
    return reply_empty(r, 204);
}

/* ---- me ---- */
static json_t *roles_new(const struct house *h, const struct actor *who, enum lang lang)
{
    json_t *roles = json_array();

    for (size_t i = 0; i < who->n_roles; i++) {
        const struct unit *unit = unit_by_id(h, who->roles[i].unit);
        json_t *role = json_object();

        json_object_set_new(role, "role", json_string(role_name(who->roles[i].role)));
        json_object_set_new(role, "unit", unit ? unit_brief_new(unit, lang) : json_null());
        json_array_append_new(roles, role);
    }
    return roles;
}

static json_t *rights_new(const struct actor *who)
{
    json_t *rights = json_array();

    for (int right = RIGHT_SIGNED_IN; right < RIGHT__COUNT; right++)
        if (actor_may(who, right))
            json_array_append_new(rights, json_string(right_name(right)));
    return rights;
}

static bool get_me(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    const struct house *h = request_house(q);
    int64_t idle_ms = rules_at(people_of(h), who->kind == PARTY_OFFICER, request_now(q))->session_idle_ms;
    json_t *party, *me;

    if (!read_party(q, who->party, &party, e))
        return false;
    me = json_object();
    json_object_set_new(me, "party", party);
    json_object_set_new(me, "user", json_string(who->user));
    json_object_set_new(me, "roles", roles_new(h, who, request_lang(q)));
    json_object_set_new(me, "rights", rights_new(who));
    json_object_set_new(me, "duties", duties_new(who));
    json_object_set_new(me, "idle_minutes", idle_ms ? json_integer(idle_ms / 60000) : json_null());
    json_object_set_new(me, "demo", json_boolean(people_of(h)->demo));
    return reply_json(r, 200, me);
}

/* ---- units ---- */
struct unit_params {
    const char *q, *kind, *service;
};

/* clang-format off */
static const struct field unit_params_fields[] = {
    {"q",       FIELD_TEXT, offsetof(struct unit_params, q),       0, 100},
    {"kind",    FIELD_TEXT, offsetof(struct unit_params, kind),    0, 32, "city|department|ward|commune|special-zone|district"},
    {"service", FIELD_TEXT, offsetof(struct unit_params, service), 0, 64},
    {0},
};
/* clang-format on */

static json_t *date_new(struct date d)
{
    char text[DATE_TEXT_MAX];

    if (d.year == 0)
        return json_null();
    date_format(d, text);
    return json_string(text);
}

static json_t *unit_json_new(const struct house *h, const struct unit *u, enum lang lang)
{
    const struct unit *parent = unit_by_id(h, u->parent);
    json_t *j = unit_brief_new(u, lang), *in_force = json_object();

    json_object_set_new(in_force, "from", date_new(u->from));
    json_object_set_new(in_force, "to", date_new(u->to));
    json_object_set_new(j, "kind", json_string(u->kind));
    json_object_set_new(j, "parent", json_text_or_null(parent ? parent->code : NULL));
    json_object_set_new(j, "in_force", in_force);
    return j;
}

static bool get_units(struct request *q, struct reply *r, struct error *e)
{
    const struct house *h = request_house(q);
    const struct unit *units[PAGE_LIMIT_MAX + 1];
    struct unit_params params;
    struct page page;
    json_t *items;
    size_t n, limit;

    if (!request_query_fields(q, unit_params_fields, &params, e) || !request_page(q, &page, e))
        return false;
    limit = (size_t)page.limit;
    n = unit_list(h,
                  &(struct unit_query){.words = params.q ? text_fold(request_arena(q), params.q) : NULL,
                                       .kind = params.kind,
                                       .service = params.service,
                                       .after = page.cursor,
                                       .today = date_at(request_now(q))},
                  units, limit + 1);
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, unit_json_new(h, units[i], request_lang(q)));
    return reply_page(r, items, n > limit ? page_cursor(q, units[limit - 1]->code) : NULL);
}

/* ---- audit ---- */
struct audit_params {
    const char *about;
};

/* clang-format off */
static const struct field audit_params_fields[] = {
    {"about", FIELD_TEXT, offsetof(struct audit_params, about), FIELD_REQUIRED | FIELD_SENSITIVE, 16},
    {0},
};
/* clang-format on */

static json_t *audit_json_new(const struct audit_row *row)
{
    json_t *j = json_object();

    json_object_set_new(j, "id", json_id(row->id));
    json_object_set_new(j, "at", json_instant(row->at));
    json_object_set_new(j, "who", json_text_or_null(row->who));
    json_object_set_new(j, "unit", json_text_or_null(row->unit_name));
    json_object_set_new(j, "action", json_string(row->action));
    json_object_set_new(j, "what", json_text_or_null(row->what));
    json_object_set_new(j, "key", json_text_or_null(row->key));
    json_object_set_new(j, "purpose", json_text_or_null(row->purpose));
    return j;
}

static bool get_audit(struct request *q, struct reply *r, struct error *e)
{
    struct house *h = request_house(q);
    struct audit_row rows[PAGE_LIMIT_MAX + 1];
    struct audit_params params;
    auto_read struct db *db = NULL;
    struct page page;
    int64_t before = 0;
    size_t n, limit;
    json_t *items;

    if (!request_query_fields(q, audit_params_fields, &params, e) || !request_page(q, &page, e))
        return false;
    if (page.cursor && !text_to_i64(page.cursor, 1, INT64_MAX, &before))
        return fail(e, E_BAD_CURSOR, "not a number");
    limit = (size_t)page.limit;
    if (!store_read(people_of(h)->store, &db, e) ||
        !audit_about(db, request_arena(q), h, params.about, before, limit + 1, rows, &n, request_lang(q), e))
        return false;
    audit_later(h, &(struct audit){.action = "search",
                                   .what = "audit",
                                   .about = params.about,
                                   .actor = request_actor(q)->party,
                                   .address = request_address(q),
                                   .at = request_now(q)});
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, audit_json_new(&rows[i]));
    return reply_page(r, items,
                      n > limit ? page_cursor(q, arena_printf(request_arena(q), "%lld", (long long)rows[limit - 1].id))
                                : NULL);
}

/* clang-format off */
static const struct route routes[] = {
    {"POST",   "/api/v1/sessions", RIGHT_PUBLIC,     credentials_fields, "session",    "Sign in", post_session, .status = 201},
    {"DELETE", "/api/v1/sessions", RIGHT_SIGNED_IN,  NULL,               NULL,         "Sign out", delete_session, .status = 204},
    {"GET",    "/api/v1/me",       RIGHT_SIGNED_IN,  NULL,               "me",         "Who is signed in, with roles and rights", get_me},
    {"GET",  "/api/v1/me/account",     RIGHT_SIGNED_IN, NULL,            "own-account", "One's own account: password, second factor, the rules", get_own_account},
    {"PUT",  "/api/v1/me/password",    RIGHT_SIGNED_IN, account_password_fields, NULL,          "Change one's password; other sessions end", put_password, .status = 204},
    {"POST", "/api/v1/me/otp",         RIGHT_SIGNED_IN, account_proof_fields,    "otp-secret",  "Begin a second factor: the secret, shown once", post_otp},
    {"POST", "/api/v1/me/otp/confirm", RIGHT_SIGNED_IN, account_code_fields,     "otp-codes",   "Confirm it by a code of the app; recovery codes, shown once", post_otp_confirm},
    {"POST", "/api/v1/me/otp/remove",  RIGHT_SIGNED_IN, account_proof_fields,    NULL,          "Give up the second factor, where no role asks for it", post_otp_remove, .status = 204},
    {"GET",  "/api/v1/accounts",       RIGHT_ADMIN,     NULL,            "page:account", "Officers' accounts", get_accounts, .query = account_list_fields},
    {"POST", "/api/v1/accounts",       RIGHT_ADMIN,     account_new_fields,      "account-made", "Make an account; its first password, shown once", post_account, ROUTE_IDEMPOTENT, .status = 201},
    {"GET",  "/api/v1/accounts/{user}", RIGHT_ADMIN,    NULL,            "account-made", "One account", get_account},
    {"PUT",  "/api/v1/accounts/{user}/roles", RIGHT_ADMIN, account_roles_fields, "account-made", "Give an account these roles and no others", put_account_roles},
    {"POST", "/api/v1/accounts/{user}/actions/{action}", RIGHT_ADMIN, account_reason_fields, "account-made", "disable, enable, unlock, reset-password, reset-otp, review", post_account_act},
    {"GET",  "/api/v1/authorisations", RIGHT_AUTHORISE, NULL,            "page:authorisation", "What the caller gave and was given, and what organisations they represent gave", get_authorisations},
    {"POST", "/api/v1/authorisations", RIGHT_AUTHORISE, giving_fields,   "authorisation", "Let another act in one's name, or in that of an organisation one represents", post_authorisation, ROUTE_IDEMPOTENT, .status = 201},
    {"POST", "/api/v1/authorisations/{id}/actions/{action}", RIGHT_AUTHORISE, NULL, "authorisation", "accept (the agent) or end (either side)", post_authorisation_act, .flags = ROUTE_NO_BODY},
    {"POST", "/api/v1/organisations",  RIGHT_ORGANISATION, organisation_fields, "organisation", "Register an organisation and its legal representative, at the counter", post_organisation, ROUTE_IDEMPOTENT, .status = 201},
    {"GET",  "/api/v1/delegations",    RIGHT_DELEGATE,  NULL,            "page:delegation", "What the caller lent and was lent while somebody is away; a head: in the whole unit", get_delegations},
    {"GET",  "/api/v1/delegation-choices", RIGHT_DELEGATE, NULL,         "page:delegation-choice", "Whom the caller may name, unit by unit", get_delegation_choices},
    {"POST", "/api/v1/delegations",    RIGHT_DELEGATE,  delegation_fields, "delegations", "Name a substitute: a row a role", post_delegation, .status = 201},
    {"POST", "/api/v1/delegations/{id}/actions/end", RIGHT_DELEGATE, NULL, "delegations", "End it early: the lender, the substitute, the head", post_delegation_end, .flags = ROUTE_NO_BODY},
    {"GET",    "/api/v1/units",    RIGHT_PUBLIC,     NULL,               "page:unit",  "Units of the city, or those that take a service", get_units, .query = unit_params_fields},
    {"GET",    "/api/v1/audit",    RIGHT_AUDIT_READ, NULL,               "page:audit", "Who read data about a person", get_audit, .query = audit_params_fields},
    {0},
};
/* clang-format on */

static const struct shapes shapes = {.yaml = people_shapes_yaml}; /* ends in NUL */

const struct module people_module = {
    .name = "people",
    .migrations = people_migrations,
    .routes = routes,
    .shapes = &shapes,
    .start = people_start,
    .load = people_load,
    .stop = people_stop,
};
