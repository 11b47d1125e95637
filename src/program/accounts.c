/* Officers' accounts from the command line: the first administrator has nobody else to make it. */
#include "program/program.h"

#include <string.h>
#include <termios.h>

#include "people/people.h"

enum { PASSWORD_MAX = 256, PASSWORD_MIN = 8 };

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

/* At least eight characters of four classes (Decree 85/2016, TT 12/2022: information security level 3). */
static bool is_strong(const char *password)
{
    bool lower = false, upper = false, digit = false, other = false;

    for (const char *p = password; *p; p++) {
        lower |= *p >= 'a' && *p <= 'z';
        upper |= *p >= 'A' && *p <= 'Z';
        digit |= *p >= '0' && *p <= '9';
        other |= !((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'));
    }
    return lower && upper && digit && other && text_length(password) >= PASSWORD_MIN;
}

static bool hash_password(char hash[static PASSWORD_HASH_MAX], struct error *e)
{
    char password[PASSWORD_MAX];
    bool ok;

    if (!read_password(password, e))
        return false;
    ok = is_strong(password) ? password_hash(password, hash, e)
                             : fail(e, E_USAGE,
                                    SAY("mật khẩu cần ít nhất 8 ký tự, có chữ thường, chữ hoa, số và ký hiệu",
                                        "a password needs 8 characters: lower, upper, digit, symbol"));
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
    struct account_new account = {.user = c->user, .password_hash = c->hash};
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

    return hash_password(hash, e) && store_write(h->store, write_add, &c, e);
}

static bool password(struct house *h, const struct args *args, struct error *e)
{
    char hash[PASSWORD_HASH_MAX];
    struct change c = {.user = args->rest[1], .hash = hash};

    return hash_password(hash, e) && store_write(h->store, write_password, &c, e);
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
    auto_house struct house house = {0};

    for (size_t i = 0; i < COUNT(acts); i++)
        if (strcmp(acts[i].name, args->rest[0]) == 0)
            return house_open(args->data, &house, e) && acts[i].run(&house, args, e);
    return fail(e, E_USAGE, "user %s ?", args->rest[0]);
}
