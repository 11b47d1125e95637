/* Migrations: numbered per module, forward only, each in its own transaction; and definitions at run time. */
#include "db/db_internal.h"

struct step {
    const char *module;
    const struct migration *migration;
};

struct standing {
    int64_t newest; /* of this module */
    int64_t all;    /* of every module */
};

bool db_define(struct db *db, const char *sql, struct error *e)
{
    return connection_script(db, sql, e);
}

/* The one table that cannot come from a migration. */
static bool make_ledger(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return connection_script(db,
                             "CREATE TABLE IF NOT EXISTS migration ("
                             " module TEXT NOT NULL, number BIGINT NOT NULL, what TEXT NOT NULL,"
                             " applied_at BIGINT NOT NULL, PRIMARY KEY (module, number))",
                             e);
}

static bool apply(struct db *db, void *arg, struct error *e)
{
    const struct step *step = arg;
    const struct migration *m = step->migration;

    if (!connection_script(db, m->sql, e) ||
        !db_exec(db, NULL, e, "INSERT INTO migration (module, number, what, applied_at) VALUES ($1, $2, $3, $4)",
                 ARGS(TEXT(step->module), I64(m->number), TEXT(m->what), I64(now_ms()))))
        return false;
    fault_point("migrate.before-commit");
    return true;
}

static bool standing_read(struct store *s, const char *module, struct standing *out, struct error *e)
{
    auto_read struct db *db = NULL;
    auto_rows struct rows *r = NULL;
    bool found;

    if (!store_read(s, &db, e) ||
        !db_find(db, &r, &found, e,
                 "SELECT coalesce(max(number) FILTER (WHERE module = $1), 0), count(*) FROM migration",
                 ARGS(TEXT(module))))
        return false;
    *out = (struct standing){rows_i64(r, 0), rows_i64(r, 1)};
    return true;
}

/* Once per opening, and only when there was something before it: a copy to go back to. */
static bool keep_copy(struct store *s, int64_t applied, struct error *e)
{
    char path[STORE_PATH_MAX + 32];

    if (*store_copied(s))
        return true;
    *store_copied(s) = true;
    if (applied == 0)
        return true; /* a new database: nothing to keep, now or for the modules that follow */
    if (snprintf(path, sizeof path, "%s.before-%jd", store_path(s), (intmax_t)applied + 1) >= (int)sizeof path)
        return fail(e, E_IO, "path too long");
    if (!database_copy(store_path(s), path, e))
        return false;
    log_line(LOG_INFO, "database-copied", "to=%s", path);
    return true;
}

bool store_migrate(struct store *s, const char *module, const struct migration *migrations, struct error *e)
{
    struct standing now;
    int known = 0;

    if (!store_write(s, make_ledger, NULL, e) || !standing_read(s, module, &now, e))
        return false;
    while (migrations && migrations[known].number)
        if (migrations[known].number != known + 1)
            return fail(e, E_INTERNAL, "%s: migration %d stands at place %d", module, migrations[known].number,
                        known + 1);
        else
            known++;
    if (now.newest > known)
        return fail(e, E_DATA_NEWER, "%s is at %jd, this program knows %d", module, (intmax_t)now.newest, known);
    for (int i = (int)now.newest; i < known; i++) {
        struct step step = {module, &migrations[i]};

        if (!keep_copy(s, now.all, e) || !store_write(s, apply, &step, e))
            return false;
        log_line(LOG_INFO, "migrated", "module=%s number=%d what=\"%s\"", module, step.migration->number,
                 step.migration->what);
    }
    return true;
}
