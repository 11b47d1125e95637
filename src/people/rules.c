/* What a city asks of accounts: passwords, locks, idle times, second factors. The pack says it (accounts.yaml), with
 * dates; the table keeps the definition, the memory its compiled form. Without a definition only the plainest rule
 * holds: eight characters of four classes. */
#include "people/people_internal.h"

#include <string.h>

enum { RULES_MAX = 64, MINUTE_MS = 60 * 1000 };

struct rule_book {
    struct rule_book *before; /* readers may still hold its rules: freed at the stop */
    size_t n;
    struct account_rules rules[RULES_MAX];
};

static const struct account_rules plainest = {.length = 8, .classes = 4};

static struct date date_of(const json_t *j, const char *member)
{
    struct date d = {0};
    const char *s = json_str(j, member);

    return s && date_parse(s, &d) ? d : (struct date){0};
}

static unsigned roles_of(const json_t *j)
{
    unsigned roles = 0;
    size_t i;
    const json_t *name;

    json_array_foreach(json_object_get(j, "roles"), i, name)
    {
        enum role role;

        if (role_parse(json_string_value(name), &role))
            roles |= 1U << role;
    }
    return roles;
}

static struct account_rules compile(const json_t *j)
{
    const json_t *password = json_object_get(j, "password"), *aged = json_object_get(j, "aged_password");
    const json_t *lock = json_object_get(j, "lock"), *idle = json_object_get(j, "idle");

    return (struct account_rules){
        .from = date_of(j, "from"),
        .to = date_of(j, "to"),
        .officers = text_equal(json_str(j, "for"), "officers"),
        .length = (int)json_i64(password, "length", plainest.length),
        .classes = (int)json_i64(password, "classes", plainest.classes),
        .change_first = json_flag(password, "change_first"),
        .aged_roles = roles_of(aged),
        .aged_ms = json_i64(aged, "days", 0) * DAY_MS,
        .not_among = (int)json_i64(aged, "not_among", 0),
        .lock_tries = (int)json_i64(lock, "tries", 0),
        .lock_ms = json_i64(lock, "hours", 0) * 60 * MINUTE_MS,
        .session_idle_ms = json_i64(idle, "session_minutes", 0) * MINUTE_MS,
        .account_idle_ms = json_i64(idle, "account_days", 0) * DAY_MS,
        .review_months = (int)json_i64(j, "review_months", 0),
        .otp_roles = roles_of(json_object_get(j, "otp")),
    };
}

static bool holds(const struct account_rules *r, bool officer, int64_t day)
{
    return r->officers == officer && (r->from.year == 0 || date_to_days(r->from) <= day) &&
           (r->to.year == 0 || day <= date_to_days(r->to));
}

const struct account_rules *rules_at(const struct people *p, bool officer, int64_t now)
{
    const struct rule_book *book = atomic_load_explicit(&p->rules, memory_order_acquire);
    int64_t day = date_to_days(date_at(now));

    for (size_t i = 0; book && i < book->n; i++)
        if (holds(&book->rules[i], officer, day))
            return &book->rules[i];
    return &plainest;
}

/* ---- storage ---- */
static struct rule_book *book_new(const json_t *definition)
{
    struct rule_book *book = calloc(1, sizeof *book);
    size_t i;
    const json_t *row;

    if (!book)
        die("out of memory", sizeof *book);
    json_array_foreach(json_object_get(definition, "rules"), i, row) if (book->n < RULES_MAX) book->rules[book->n++] =
        compile(row);
    return book;
}

struct publishing {
    struct people *people;
    struct rule_book *book;
};

static void publish(void *arg)
{
    struct publishing *x = arg;

    x->book->before = atomic_load_explicit(&x->people->rules, memory_order_relaxed); /* only the writer's thread puts */
    atomic_store_explicit(&x->people->rules, x->book, memory_order_release);
    free(x);
}

static void drop(void *arg)
{
    struct publishing *x = arg;

    free(x->book);
    free(x);
}

bool account_rules_put(struct db *db, const struct house *h, const json_t *definition, struct error *e)
{
    static const char sql[] = "INSERT INTO account_rules (name, body) VALUES ($1, $2)"
                              " ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    auto_arena struct arena *a = arena_new();
    struct publishing *x;

    if (!db_exec(db, NULL, e, sql, ARGS(TEXT(json_str(definition, "name")), TEXT(json_text(a, definition)))))
        return false;
    if (!people_of(h))
        return true;
    x = malloc(sizeof *x);
    if (!x)
        die("out of memory", sizeof *x);
    *x = (struct publishing){people_of(h), book_new(definition)};
    db_after_commit(db, publish, drop, x);
    return true;
}

bool rules_load(struct people *p, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    json_auto_t *definition = NULL;
    bool found;

    if (!store_read(p->store, &db, e) ||
        !db_find(db, &r, &found, e, "SELECT body FROM account_rules ORDER BY name LIMIT 1", ARGS()))
        return false;
    if (found) {
        struct rule_book *book = book_new(definition = rows_json_new(r, 0));

        book->before =
            atomic_load_explicit(&p->rules, memory_order_relaxed); /* one thread loads, and nobody puts then */
        atomic_store_explicit(&p->rules, book, memory_order_release);
    }
    return true;
}

void rules_free(struct people *p)
{
    struct rule_book *book = atomic_load_explicit(&p->rules, memory_order_relaxed), *before;

    for (; book; book = before) {
        before = book->before;
        free(book);
    }
}

/* ---- what they ask of a password ---- */
static int classes_of(const char *password)
{
    bool lower = false, upper = false, digit = false, other = false;

    for (const char *p = password; *p; p++) {
        bool l = *p >= 'a' && *p <= 'z', u = *p >= 'A' && *p <= 'Z', d = *p >= '0' && *p <= '9';

        lower |= l;
        upper |= u;
        digit |= d;
        other |= !l && !u && !d;
    }
    return lower + upper + digit + other;
}

static bool unfit(struct error *e, const char *keyword, int bound)
{
    char number[16];

    if (e->code == E_NONE)
        (void)fail(e, E_PASSWORD_WEAK, "%s", keyword);
    (void)snprintf(number, sizeof number, "%d", bound);
    return fail_field(e, "/new_password", keyword, number);
}

bool password_fits(const struct account_rules *r, const char *user, const char *password, struct error *e)
{
    bool fits = true;

    if (text_length(password) < (size_t)r->length)
        fits = unfit(e, "minLength", r->length);
    if (classes_of(password) < r->classes)
        fits = unfit(e, "password-classes", r->classes);
    if (strcasestr(password, user))
        fits = unfit(e, "password-user", 0);
    return fits;
}
