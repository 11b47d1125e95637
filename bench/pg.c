/* The yardstick of the city on PostgreSQL: pgbench with the statements that the server itself sends (bench/pgbench.py).
 */
#include "bench.h"

#include <inttypes.h>

enum { RATE_BYTES_MAX = 64 };
static const char program[] = "bench/pgbench.py"; /* bench/run stands in the project's root */

bool pg_capture(const char *db, const char *folder, const char *data, int port, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *argv[] = {program, "capture", db, folder, data, arena_printf(a, "%d", port), NULL};

    return process_run(argv, arena_printf(a, "%s/pgbench.log", folder), e);
}

bool pg_rate(const char *db, const char *folder, const char *what, int clients, int64_t for_ms, double *per_s,
             struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *argv[] = {
        program, "rate", db, folder, what, arena_printf(a, "%d", clients), arena_printf(a, "%" PRId64, for_ms), NULL};
    struct bytes text;

    if (!process_run(argv, arena_printf(a, "%s/pgbench.log", folder), e) ||
        !file_read(a, arena_printf(a, "%s/rate", folder), RATE_BYTES_MAX, &text, e))
        return false;
    *per_s = strtod(text.data, NULL);
    return *per_s > 0 || fail(e, E_INTERNAL, "pgbench did nothing");
}
