/* Officers' accounts from the command line: the first administrator has nobody else to make it. */
#include "program/program.h"

#include <string.h>
#include <termios.h>

#include "people/people.h"

enum { PASSWORD_MAX = 256 };

/* ---- passwords ---- */
/* One line of standard input; a terminal does not show it. */
static bool read_password(char out[static PASSWORD_MAX], struct error *e)
{
    struct termios shown, hidden;
    bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    const char *got;

    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)fprintf(stderr, SAY("Mật khẩu: ", "Password: "));
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden); /* worse a shown password than none */
    }
    got = fgets(out, PASSWORD_MAX, stdin);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        (void)fputc('\n', stderr);
    }
    if (!got)
        return fail(e, E_USAGE, SAY("không có mật khẩu", "no password"));
    if (!strchr(out, '\n') && !feof(stdin)) /* cut, it would not be the one that was typed */
        return fail(e, E_USAGE, SAY("mật khẩu quá dài", "the password is too long"));
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

static bool hash_password(const struct house *h, const char *user, char hash[static PASSWORD_HASH_MAX], struct error *e)
{
    char password[PASSWORD_MAX];
    bool ok;

    if (!read_password(password, e))
        return false;
    ok = password_is_strong(h, user, password, e) && password_hash(password, hash, e);
    sodium_memzero(password, sizeof password);
    return ok;
}

/* ---- the writes ---- */
struct change {
    const char *user, *name;
    const char *hash;
    enum role role;
    int64_t unit;
};

static bool write_add(struct db *db, void *arg, struct error *e)
{
    const struct change *c = arg;
    struct party party = {.kind = PARTY_OFFICER, .name = c->name};
    /* Whoever types it here is seldom its owner. */
    struct account_new account = {.user = c->user, .password_hash = c->hash, .must_change = true};
    int64_t id;

    if (!party_put(db, &party, e))
        return false;
    account.party = party.id;
    return account_add(db, &account, &id, e);
}

static bool write_password(struct db *db, void *arg, struct error *e)
{
    const struct change *c = arg;

    return account_password(db, c->user, c->hash, e);
}

static bool write_role(struct db *db, void *arg, struct error *e)
{
    const struct change *c = arg;
    int64_t account;
    bool found;

    if (!account_find(db, c->user, &account, &found, e))
        return false;
    return found ? role_grant(db, account, c->role, c->unit, e) : fail(e, E_NOT_FOUND, "%s", c->user);
}

/* ---- the command ---- */
static bool add(struct house *h, const struct args *args, struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct change c = {.user = args->rest[1], .name = args->n > 2 ? args->rest[2] : args->rest[1], .hash = hash};

    return hash_password(h, c.user, hash, e) && store_write(h->store, write_add, &c, e);
}

static bool password(struct house *h, const struct args *args, struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct change c = {.user = args->rest[1], .hash = hash};

    return hash_password(h, c.user, hash, e) && store_write(h->store, write_password, &c, e);
}

static bool role(struct house *h, const struct args *args, struct error *e)
{
    struct change c = {.user = args->rest[1]};
    const struct unit *unit = args->unit ? unit_by_code(h, args->unit) : NULL;

    if (args->n < 3 || !role_parse(args->rest[2], &c.role))
        return fail(e, E_USAGE, "role USER ROLE: %s ?", args->n < 3 ? "" : args->rest[2]);
    if (args->unit && !unit)
        return fail(e, E_NOT_FOUND, "--unit %s", args->unit);
    if (!unit && c.role != ROLE_CITIZEN && c.role != ROLE_HELPER)
        return fail(e, E_USAGE, "--unit CODE");
    c.unit = unit ? unit->id : 0;
    return store_write(h->store, write_role, &c, e);
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*run)(struct house *h, const struct args *args, struct error *e);
} acts[] = {
    {"add",      add},
    {"password", password},
    {"role",     role},
};
/* clang-format on */

bool run_user(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    struct home home;

    for (size_t i = 0; i < COUNT(acts); i++)
        if (strcmp(acts[i].name, args->rest[0]) == 0)
            return home_of(args, a, &home, e) && house_open(&home, &house, e) && acts[i].run(&house, args, e);
    return home_of(args, a, &home, e) && house_open(&home, &house, e) &&
           account_command(&house, args->rest[0], args->rest[1], args->n > 2 ? args->rest[2] : NULL, e);
}
