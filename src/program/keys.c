/* Signing keys from the command line: what is there, a new one for an agency or an officer, one that is good no more.
 */
#include "program/program.h"

#include <string.h>

#include "db/db.h"
#include "document/document.h"
#include "people/people.h"

/* ---- what is there ---- */
static bool print_one(const struct key_facts *k, void *arg, struct error *e)
{
    int64_t now = *(const int64_t *)arg;
    char until[DATE_TEXT_MAX];

    (void)e;
    date_format(date_at(k->until), until);
    printf("%s\t%s\t%s\t%s\t%s\t%s\n", k->name, k->place, until,
           k->revoked       ? SAY("đã thu hồi", "revoked")
           : k->until < now ? SAY("hết hạn", "expired")
                            : SAY("có hiệu lực", "in force"),
           k->serial, k->subject);
    return true;
}

static bool list(struct house *h, const struct args *args, struct error *e)
{
    int64_t now = now_ms();

    (void)args;
    return keys_each(h, print_one, &now, e);
}

static bool trusted(struct house *h, const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct bytes pem;

    (void)args;
    if (!keys_trusted(h, a, &pem, e))
        return false;
    printf("%.*s", (int)pem.len, (const char *)pem.data);
    return true;
}

/* ---- in and out ---- */
static bool find_officer(struct house *h, struct arena *a, const char *user, struct key_holder *who, struct error *e)
{
    auto_read struct db *db = NULL;
    struct party party;
    bool found;

    if (!store_read(h->store, &db, e) || !account_party(db, a, user, &party, &found, e))
        return false;
    if (!found || party.kind != PARTY_OFFICER)
        return fail(e, E_NOT_FOUND, "%s", user);
    who->officer = party.id;
    who->officer_name = party.name;
    return true;
}

static bool enrol(struct house *h, const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct key_source from = {.token = args->token, .key = args->key, .certificates = args->certificate};
    struct key_holder who = {0};
    bool officer = args->n == 3 && strcmp(args->rest[1], "officer") == 0;
    const char *code = officer ? args->unit : args->n == 3 ? args->rest[2] : NULL;

    if (!code || (!officer && strcmp(args->rest[1], "unit") != 0))
        return fail(e, E_USAGE, "enrol unit CODE | enrol officer USER --unit CODE");
    who.unit = unit_by_code(h, code);
    if (!who.unit)
        return fail(e, E_NOT_FOUND, "%s", code);
    return (!officer || find_officer(h, a, args->rest[2], &who, e)) && key_enrol(h, &who, &from, e);
}

static bool drop(struct house *h, const struct args *args, struct error *e)
{
    return args->n == 2 ? key_revoke(h, args->rest[1], e) : fail(e, E_USAGE, "revoke NAME");
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*run)(struct house *h, const struct args *args, struct error *e);
} acts[] = {
    {"list",    list},
    {"trusted", trusted},
    {"enrol",   enrol},
    {"revoke",  drop},
};
/* clang-format on */

bool run_key(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct home home;

    for (size_t i = 0; i < COUNT(acts); i++)
        if (strcmp(acts[i].name, args->rest[0]) == 0)
            return home_of(args, a, &home, e) && house_open_kept(&home, &house, e) && acts[i].run(&house, args, e);
    return fail(e, E_USAGE, "key %s ?", args->rest[0]);
}
