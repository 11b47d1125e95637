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
    return db->store->engine->script(db, sql, e);
}

bool db_define_unique(struct db *db, const char *table, const char *column, const char *index, struct error *e)
{
    const struct engine *engine = db->store->engine;
    auto_arena struct arena *a = arena_new();
    bool guarded = false;

    if (engine->define_unique && !engine->define_unique(db, table, column, index, &guarded, e))
        return false;
    if (guarded)
        return true;
    return db_define(
        db,
        arena_printf(a, "CREATE UNIQUE INDEX %s ON %s (%s)", db_name(a, index), db_name(a, table), db_name(a, column)),
        e);
}

/* The one table that cannot come from a migration. */
static bool make_ledger(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_serial(db, "migration", e) &&
           db_define(db,
                     "CREATE TABLE IF NOT EXISTS migration ("
                     " module TEXT NOT NULL, number BIGINT NOT NULL, what TEXT NOT NULL,"
                     " applied_at BIGINT NOT NULL, PRIMARY KEY (module, number))",
                     e);
}

/* Two nodes may start at once: the second waits for the first and then finds the step done. */
static bool is_applied(struct db *db, const struct step *step, bool *applied, struct error *e)
{
    auto_rows struct rows *r = NULL;

    return db_serial(db, "migration", e) &&
           db_find(db, &r, applied, e, "SELECT 1 FROM migration WHERE module = $1 AND number = $2",
                   ARGS(TEXT(step->module), I64(step->migration->number)));
}

static bool apply(struct db *db, void *arg, struct error *e)
{
    const struct step *step = arg;
    const struct migration *m = step->migration;
    bool applied;

    if (!is_applied(db, step, &applied, e))
        return false;
    if (applied)
        return true;
    if (!db_define(db, m->sql, e) ||
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
    if (s->copied)
        return true;
    s->copied = true;
    if (applied == 0)
        return true; /* a new database: nothing to keep, now or for the modules that follow */
    return s->engine->keep_copy(s, applied + 1, e);
}

/* Where a module stands, and how far this program goes. */
static bool standing_of(struct store *s, const char *module, const struct migration *migrations, struct standing *now,
                        int *out, struct error *e)
{
    int known = 0;

    if (!standing_read(s, module, now, e))
        return false;
    while (migrations && migrations[known].number)
        if (migrations[known].number != known + 1)
            return fail(e, E_INTERNAL, "%s: migration %d stands at place %d", module, migrations[known].number,
                        known + 1);
        else
            known++;
    *out = known;
    return now->newest <= known ||
           fail(e, E_DATA_NEWER, "%s is at %jd, this program knows %d", module, (intmax_t)now->newest, known);
}

bool store_is_migrated(struct store *s, const char *module, const struct migration *migrations, struct error *e)
{
    struct standing now;
    int known = 0;

    return standing_of(s, module, migrations, &now, &known, e) &&
           (now.newest == known ||
            fail(e, E_DATA_OLDER, "%s is at %jd, this program goes to %d", module, (intmax_t)now.newest, known));
}

bool store_migrate(struct store *s, const char *module, const struct migration *migrations, struct error *e)
{
    struct standing now;
    int known = 0;

    if (!store_write(s, make_ledger, NULL, e) || !standing_of(s, module, migrations, &now, &known, e))
        return false;
    for (int i = (int)now.newest; i < known; i++) {
        struct step step = {module, &migrations[i]};

        if (!keep_copy(s, now.all, e) || !store_write(s, apply, &step, e))
            return false;
        log_line(LOG_INFO, "migrated", "module=%s number=%d what=\"%s\"", module, step.migration->number,
                 step.migration->what);
    }
    return true;
}
