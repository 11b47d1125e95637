/* Accounts over HTTP: one's own password and second factor; what an administrator does to others'. */
#include "people/people_internal.h"

#include <string.h>

#include "http/http.h"
#include "people/account_api.h"

/* ---- one's own ---- */
struct own_input {
    const char *password, *new_password, *otp;
};

/* clang-format off */
const struct field account_password_fields[] = {
    {"password",     FIELD_TEXT, offsetof(struct own_input, password),     FIELD_REQUIRED | FIELD_SENSITIVE, 256},
    {"new_password", FIELD_TEXT, offsetof(struct own_input, new_password), FIELD_REQUIRED | FIELD_SENSITIVE, 256},
    {0},
};
const struct field account_proof_fields[] = {
    {"password", FIELD_TEXT, offsetof(struct own_input, password), FIELD_REQUIRED | FIELD_SENSITIVE, 256},
    {0},
};
const struct field account_code_fields[] = {
    {"otp", FIELD_TEXT, offsetof(struct own_input, otp), FIELD_REQUIRED | FIELD_SENSITIVE, OTP_TYPED_MAX},
    {0},
};
/* clang-format on */

static struct secret_check proof_of(struct request *q, const struct own_input *in)
{
    return (struct secret_check){request_caller(q), in->password, request_address(q), request_now(q)};
}

bool get_own_account(struct request *q, struct reply *r, struct error *e)
{
    struct people *p = people_of(request_house(q));
    const struct actor *who = request_actor(q);
    auto_read struct db *db = NULL;
    auto_rows struct rows *left = NULL;
    const struct account_rules *rules;
    struct account x;
    bool found;
    json_t *otp;

    if (!store_read(p->store, &db, e) || !account_read(db, request_arena(q), who->user, &x, e) ||
        !db_find(db, &left, &found, e, "SELECT COUNT(*) FROM account_recovery WHERE account = $1", ARGS(I64(x.id))))
        return false;
    rules = rules_at(p, x.officer, request_now(q));
    otp = json_pack("{s:b, s:b, s:I}", "enrolled", x.otp, "compulsory", (rules->otp_roles & x.roles) != 0,
                    "recovery_left", (json_int_t)rows_i64(left, 0));
    return reply_json(r, 200,
                      json_pack("{s:s, s:o, s:o, s:{s:i, s:i}}", "user", x.user, "password_at",
                                x.password_at ? json_instant(x.password_at) : json_null(), "otp", otp, "rules",
                                "length", rules->length, "classes", rules->classes));
}

bool put_password(struct request *q, struct reply *r, struct error *e)
{
    struct own_input in = {0};
    struct secret_check proof;

    if (!request_fields(q, account_password_fields, &in, e))
        return false;
    proof = proof_of(q, &in);
    return password_change(people_of(request_house(q)), request_arena(q), &proof, in.new_password, e) &&
           reply_empty(r, 204);
}

bool post_otp(struct request *q, struct reply *r, struct error *e)
{
    struct arena *a = request_arena(q);
    struct own_input in = {0};
    struct secret_check proof;
    char *secret, *uri, *path;
    const char *user;
    int size;

    if (!request_fields(q, account_proof_fields, &in, e))
        return false;
    proof = proof_of(q, &in);
    if (!otp_enrol(people_of(request_house(q)), a, &proof, &secret, &user, e))
        return false;
    uri = otp_uri(a, user, secret);
    return qr_path(a, uri, &size, &path, e) && reply_json(r, 200,
                                                          json_pack("{s:s, s:s, s:{s:i, s:s}}", "secret", secret, "uri",
                                                                    uri, "qr", "size", size, "path", path));
}

bool post_otp_confirm(struct request *q, struct reply *r, struct error *e)
{
    char codes[RECOVERY_CODES][RECOVERY_TEXT];
    struct own_input in = {0};
    json_t *list;

    if (!request_fields(q, account_code_fields, &in, e) ||
        !otp_enrol_confirm(people_of(request_house(q)), request_arena(q), request_caller(q), in.otp, request_address(q),
                           request_now(q), codes, e))
        return false;
    list = json_array();
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        json_array_append_new(list, json_string(codes[i]));
    return reply_json(r, 200, json_pack("{s:o}", "recovery_codes", list));
}

bool post_otp_remove(struct request *q, struct reply *r, struct error *e)
{
    struct own_input in = {0};
    struct secret_check proof;

    if (!request_fields(q, account_proof_fields, &in, e))
        return false;
    proof = proof_of(q, &in);
    return otp_leave(people_of(request_house(q)), request_arena(q), &proof, e) && reply_empty(r, 204);
}

/* ---- an administrator's view ---- */
struct list_params {
    const char *q, *state, *role, *unit;
    bool review;
};
struct account_input {
    const char *user, *name, *reason;
    const json_t *roles;
};

/* clang-format off */
const struct field account_list_fields[] = {
    {"q",      FIELD_TEXT, offsetof(struct list_params, q),      0, 100, .title = "user name or name"},
    {"state",  FIELD_TEXT, offsetof(struct list_params, state),  0, 10, "active|locked|disabled|idle"},
    {"role",   FIELD_TEXT, offsetof(struct list_params, role),   0, 20},
    {"unit",   FIELD_TEXT, offsetof(struct list_params, unit),   0, 40},
    {"review", FIELD_BOOL, offsetof(struct list_params, review), 0, .title = "only those whose review is due"},
    {0},
};
const struct field account_new_fields[] = {
    {"user",  FIELD_TEXT,  offsetof(struct account_input, user),  FIELD_REQUIRED, 64},
    {"name",  FIELD_TEXT,  offsetof(struct account_input, name),  FIELD_REQUIRED, 200},
    {"roles", FIELD_ARRAY, offsetof(struct account_input, roles), FIELD_REQUIRED, ACCOUNT_ROLES_MAX, .title = "[{role, unit}]"},
    {0},
};
const struct field account_roles_fields[] = {
    {"roles", FIELD_ARRAY, offsetof(struct account_input, roles), FIELD_REQUIRED, ACCOUNT_ROLES_MAX, .title = "[{role, unit}]"},
    {0},
};
const struct field account_reason_fields[] = {
    {"reason", FIELD_TEXT, offsetof(struct account_input, reason), FIELD_REQUIRED, 500},
    {0},
};
/* clang-format on */

static json_t *duties_of(unsigned duties)
{
    json_t *list = json_array();

    if (duties & DUTY_PASSWORD)
        json_array_append_new(list, json_string("change-password"));
    if (duties & DUTY_OTP)
        json_array_append_new(list, json_string("enrol-otp"));
    return list;
}

json_t *duties_new(const struct actor *who)
{
    return duties_of(who->duties);
}

static json_t *instant_or_null(int64_t at)
{
    return at ? json_instant(at) : json_null();
}

static bool account_json(struct request *q, struct db *db, const struct account *x, json_t **out, struct error *e)
{
    struct people *p = people_of(request_house(q));
    struct role_at roles[ACCOUNT_ROLES_MAX];
    int64_t now = request_now(q);
    enum account_state state = account_state(p, x, now);
    json_t *list = json_array();
    size_t n;

    *out = NULL;
    if (!account_roles_read(db, x->id, roles, COUNT(roles), &n, e)) {
        json_decref(list);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct unit *unit = unit_by_id(request_house(q), roles[i].unit);

        json_array_append_new(list, json_pack("{s:s, s:o}", "role", role_name(roles[i].role), "unit",
                                              unit ? unit_brief_new(unit, request_lang(q)) : json_null()));
    }
    *out = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o}", "user", x->user, "name", x->name,
                     "state", account_state_name(state), "why", json_text_or_null(x->disabled_why), "locked_until",
                     state == ACCOUNT_LOCKED ? json_instant(x->locked_until) : json_null(), "used_at",
                     instant_or_null(x->used_at), "password_at", instant_or_null(x->password_at), "otp", x->otp, "demo",
                     x->demo, "review_due", account_review_due(p, x, now), "roles", list);
    json_object_set_new(*out, "duties", duties_of(account_duties(p, x, now)));
    return true;
}

static bool read_list_query(struct request *q, struct account_query *out, struct page *page, struct error *e)
{
    static const char *const states[] = {"active", "locked", "disabled", "idle"};
    struct list_params l;
    const struct unit *unit;
    enum role role;

    if (!request_query_fields(q, account_list_fields, &l, e) || !request_page(q, page, e))
        return false;
    *out = (struct account_query){.words = l.q ? text_fold(request_arena(q), l.q) : NULL,
                                  .state = -1,
                                  .role = -1,
                                  .review = l.review,
                                  .after = page->cursor,
                                  .now = request_now(q)};
    for (size_t i = 0; l.state && i < COUNT(states); i++)
        if (strcmp(l.state, states[i]) == 0)
            out->state = (int)i;
    if (l.role && !role_parse(l.role, &role))
        return fail_field(e, "/role", "absent", l.role);
    if (l.role)
        out->role = (int)role;
    unit = l.unit ? unit_by_code(request_house(q), l.unit) : NULL;
    if (l.unit && !unit)
        return fail_field(e, "/unit", "absent", l.unit);
    out->unit = unit ? unit->id : 0;
    return true;
}

bool get_accounts(struct request *q, struct reply *r, struct error *e)
{
    struct people *p = people_of(request_house(q));
    struct arena *a = request_arena(q);
    auto_read struct db *db = NULL;
    struct account_query query;
    struct account *found;
    struct page page;
    json_auto_t *items = json_array();
    size_t n, limit;

    if (!read_list_query(q, &query, &page, e))
        return false;
    limit = (size_t)page.limit;
    found = arena_array(a, struct account, limit + 1);
    if (!store_read(p->store, &db, e) || !account_list(p, db, a, &query, found, limit + 1, &n, e))
        return false;
    for (size_t i = 0; i < n && i < limit; i++) {
        json_t *item;

        if (!account_json(q, db, &found[i], &item, e))
            return false;
        json_array_append_new(items, item);
    }
    return reply_page(r, json_incref(items), n > limit ? page_cursor(q, found[limit - 1].user) : NULL);
}

/* password NULL: none was made. */
static bool reply_account(struct request *q, struct reply *r, int status, const char *user, const char *password,
                          struct error *e)
{
    auto_read struct db *db = NULL;
    struct account x;
    json_t *body;

    if (!store_read(people_of(request_house(q))->store, &db, e) || !account_read(db, request_arena(q), user, &x, e))
        return false;
    if (!x.password)
        return fail(e, E_NOT_FOUND, "no account of that name");
    if (!account_json(q, db, &x, &body, e))
        return false;
    json_object_set_new(body, "password", json_text_or_null(password));
    return reply_json(r, status, body);
}

static struct deed deed_of(struct request *q, const char *user, const char *reason)
{
    return (struct deed){user, reason, request_address(q), request_actor(q)->party, request_now(q)};
}

/* [{role, unit}]: a unit's code, or none for what holds everywhere. */
static bool read_roles(struct request *q, const json_t *list, struct role_at out[static ACCOUNT_ROLES_MAX], size_t *n,
                       struct error *e)
{
    size_t i;
    const json_t *row;

    *n = 0;
    json_array_foreach(list, i, row)
    {
        const char *role = json_str(row, "role"), *code = json_str(row, "unit");
        const struct unit *unit = code ? unit_by_code(request_house(q), code) : NULL;
        char pointer[48];

        (void)snprintf(pointer, sizeof pointer, "/roles/%zu/role", i); /* at most 64 rows */
        if (!role || !role_parse(role, &out[*n].role))
            return fail_field(e, pointer, "absent", role ? role : "role");
        (void)snprintf(pointer, sizeof pointer, "/roles/%zu/unit", i);
        if (!unit && (code || (out[*n].role != ROLE_CITIZEN && out[*n].role != ROLE_HELPER)))
            return fail_field(e, pointer, code ? "absent" : "required", code);
        out[(*n)++].unit = unit ? unit->id : 0;
    }
    return true;
}

static bool is_user_name(const char *user)
{
    return strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == strlen(user) && strlen(user) >= 3;
}

bool post_account(struct request *q, struct reply *r, struct error *e)
{
    struct role_at roles[ACCOUNT_ROLES_MAX];
    struct account_input in = {0};
    const char *password;
    struct deed deed;
    struct once once = once_of(q, NULL, NULL, NULL);
    size_t n;

    if (!request_fields(q, account_new_fields, &in, e) || !read_roles(q, in.roles, roles, &n, e))
        return false;
    if (!is_user_name(in.user))
        return fail_field(e, "/user", "user-name", NULL);
    deed = deed_of(q, in.user, NULL);
    return account_make(people_of(request_house(q)), request_arena(q), &deed, &once, in.name, roles, n, &password, e) &&
           reply_account(q, r, 201, in.user, password, e);
}

bool get_account(struct request *q, struct reply *r, struct error *e)
{
    return reply_account(q, r, 200, request_param(q, "user"), NULL, e);
}

bool put_account_roles(struct request *q, struct reply *r, struct error *e)
{
    struct role_at roles[ACCOUNT_ROLES_MAX];
    struct account_input in = {0};
    struct deed deed = deed_of(q, request_param(q, "user"), NULL);
    size_t n;

    return request_fields(q, account_roles_fields, &in, e) && read_roles(q, in.roles, roles, &n, e) &&
           account_roles(people_of(request_house(q)), request_arena(q), &deed, roles, n, e) &&
           reply_account(q, r, 200, deed.user, NULL, e);
}

bool post_account_act(struct request *q, struct reply *r, struct error *e)
{
    struct account_input in = {0};
    const char *password;
    enum account_act act;
    struct deed deed;

    if (!request_fields(q, account_reason_fields, &in, e))
        return false;
    if (!account_act_parse(request_param(q, "action"), &act))
        return fail(e, E_NOT_FOUND, "no such action");
    deed = deed_of(q, request_param(q, "user"), in.reason);
    return account_act(people_of(request_house(q)), request_arena(q), act, &deed, &password, e) &&
           reply_account(q, r, 200, deed.user, password, e);
}
