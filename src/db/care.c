/* Care of a database in use: copies, the check, and the points where a test makes the process die. */
#include "db/db_internal.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

bool store_backup(struct store *s, const char *path, struct error *e)
{
    if (access(path, F_OK) == 0)
        return fail(e, E_IO, "%s exists", path);
    return s->engine->backup(s, path, e);
}

bool store_has_parts(const struct store *s)
{
    return s->engine->divide != NULL;
}

struct dividing {
    const struct division *division;
    bool divided;
};

static bool divide(struct db *db, void *arg, struct error *e)
{
    struct dividing *x = arg;

    return db->store->engine->divide(db, x->division, &x->divided, e);
}

bool store_divide(struct store *s, const struct division *d, bool *divided, struct error *e)
{
    struct dividing x = {d, false};

    if (!store_write(s, divide, &x, e))
        return false;
    *divided = x.divided;
    return true;
}

bool store_spread(struct store *s, const char *table, bool *divided, struct error *e)
{
    return s->engine->spread(s, table, divided, e);
}

bool store_check(struct store *s, bool *sound, struct error *e)
{
    auto_read struct db *db = NULL;
    bool ok = true;

    if (!store_read(s, &db, e))
        return false;
    if (!s->engine->check(db, &ok, e)) {
        if (e->code != E_DATABASE)
            return false;
        /* too damaged to be checked to its end */
        log_line(LOG_ERROR, "database-unsound", "problem=\"%s\"", e->detail);
        error_init(e);
        ok = false;
    }
    *sound = ok;
    return true;
}

#ifdef RELEASE
void fault_point(const char *name)
{
    (void)name;
}
#else
void fault_point(const char *name)
{
    static atomic_int passages;
    const char *wanted = getenv("MOTCUA_FAULT"), *colon = wanted ? strchr(wanted, ':') : NULL;
    size_t len = colon ? (size_t)(colon - wanted) : wanted ? strlen(wanted) : 0;
    int64_t n = 1;

    if (len == 0 || strlen(name) != len || memcmp(wanted, name, len) != 0)
        return;
    if (colon && !text_to_i64(colon + 1, 1, INT64_MAX, &n))
        die("MOTCUA_FAULT is not point[:n]", 0);
    if (atomic_fetch_add(&passages, 1) + 1 == n)
        (void)kill(getpid(), SIGKILL);
}
#endif
