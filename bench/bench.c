/* What is measured, in which order, and how it is told. */
#include "bench.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum {
    SMALL = 10000, /* cases stored at the first level */
    CONNECTIONS = 64,
    FILL_CONNECTIONS = 128,
    LIFE_CLIENTS = 32,
    ROUNDS = 5,
    ROUND_MS = 800,
    LIFE_MS = 2000,
    STARTS = 5,
    IDLE_S = 3,
    RESULTS_MAX = 64,
    NAME_MAX_LEN = 96,
};

struct result {
    char name[NAME_MAX_LEN], unit[16], goal[48];
    double value, yardstick, ratio; /* NAN: none */
    double p50_ms, p99_ms, cpu_us, rss_mb;
    bool met;
};

struct bench {
    const char *program, *folder, *out, *residents;
    const char *db;   /* a PostgreSQL database; NULL: SQLite in the folder */
    const char *only; /* measure but what bears this in its name; NULL: all */
    int64_t cases;
    struct arena *arena;
    struct process server;
    struct city city;
    struct bare *bare;
    struct result results[RESULTS_MAX];
    size_t n;
    double filing[2], bare_rate[2]; /* at the first and the last level */
};

/* ---- results ---- */
static struct result *result_add(struct bench *b, double value, const char *unit, const char *format, ...) FORMAT(4, 5);
static struct result *result_add(struct bench *b, double value, const char *unit, const char *format, ...)
{
    struct result *r = &b->results[b->n];
    va_list args;

    if (++b->n == RESULTS_MAX)
        die("results", RESULTS_MAX);
    *r = (struct result){.value = value, .yardstick = NAN, .ratio = NAN};
    r->p50_ms = r->p99_ms = r->cpu_us = r->rss_mb = NAN;
    (void)snprintf(r->unit, sizeof r->unit, "%s", unit);
    va_start(args, format);
    (void)vsnprintf(r->name, sizeof r->name, format, args);
    va_end(args);
    return r;
}

static void goal_at_least(struct result *r, double ratio, const char *of)
{
    (void)snprintf(r->goal, sizeof r->goal, "ratio >= %g of %s", ratio, of);
    r->met = r->ratio >= ratio;
}

static void goal_at_most(struct result *r, double value)
{
    (void)snprintf(r->goal, sizeof r->goal, "<= %g %s", value, r->unit);
    r->met = r->value <= value;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Rounds of the server and its yardstick, one right after the other. */
struct rounds {
    double value[ROUNDS], yard[ROUNDS], ratio[ROUNDS], p50[ROUNDS], p99[ROUNDS];
    double cpu_s;
    int64_t requests;
    size_t n;
};

static void round_add(struct rounds *r, const struct measured *m, double yard, double cpu_s)
{
    r->value[r->n] = (double)m->requests / m->seconds;
    r->yard[r->n] = yard;
    r->ratio[r->n] = r->value[r->n] / yard;
    r->p50[r->n] = m->p50_ms;
    r->p99[r->n] = m->p99_ms;
    r->cpu_s += cpu_s;
    r->requests += m->requests;
    r->n++;
}

static void rounds_tell(struct bench *b, struct rounds *r, struct result *to)
{
    to->value = median(r->value, r->n);
    to->yardstick = median(r->yard, r->n);
    to->ratio = median(r->ratio, r->n);
    to->p50_ms = median(r->p50, r->n);
    to->p99_ms = median(r->p99, r->n);
    to->cpu_us = r->cpu_s * 1e6 / (double)r->requests;
    to->rss_mb = process_rss_mb(&b->server);
}

static void say(const char *format, ...) FORMAT(1, 2);
static void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(stderr, format, args); /* for whoever waits */
    va_end(args);
    (void)fputc('\n', stderr);
}

/* ---- telling ---- */
static void cell(double value, int width, int digits)
{
    if (isnan(value))
        printf(" %*s", width, "");
    else
        printf(" %*.*f", width, digits, value);
}

static void print_table(const struct bench *b)
{
    printf("\n%-46s %10s %-6s %8s %8s %7s %7s %10s %6s  %s\n", "", "value", "unit", "p50 ms", "p99 ms", "CPU us",
           "RSS MB", "yardstick", "ratio", "goal");
    for (size_t i = 0; i < b->n; i++) {
        const struct result *r = &b->results[i];

        printf("%-46s", r->name);
        cell(r->value, 10, r->value < 100 ? 2 : 0);
        printf(" %-6s", r->unit);
        cell(r->p50_ms, 8, 2);
        cell(r->p99_ms, 8, 2);
        cell(r->cpu_us, 7, 0);
        cell(r->rss_mb, 7, 1);
        cell(r->yardstick, 10, r->yardstick < 100 ? 2 : 0);
        cell(r->ratio, 6, 2);
        printf("  %s%s\n", r->goal, !*r->goal ? "" : r->met ? ": met" : ": NOT MET");
    }
}

static json_t *number_new(double value)
{
    double step = fabs(value) < 100 ? 1000 : 10;

    return isnan(value) ? json_null() : json_real(round(value * step) / step);
}

static void append_figure(json_t *list, const char *name, const char *what, double value, const char *unit)
{
    char text[NAME_MAX_LEN + 32];

    if (isnan(value))
        return;
    (void)snprintf(text, sizeof text, "%s, %s", name, what);
    json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:n, s:n, s:n, s:n}", "name", text, "value",
                                          number_new(value), "unit", unit, "yardstick", "ratio", "goal", "met"));
}

static bool write_results(const struct bench *b, struct error *e)
{
    json_auto_t *list = json_array();
    char *text;

    for (size_t i = 0; i < b->n; i++) {
        const struct result *r = &b->results[i];

        json_array_append_new(
            list, json_pack("{s:s, s:o, s:s, s:o, s:o, s:s*, s:o}", "name", r->name, "value", number_new(r->value),
                            "unit", r->unit, "yardstick", number_new(r->yardstick), "ratio", number_new(r->ratio),
                            "goal", *r->goal ? r->goal : NULL, "met", *r->goal ? json_boolean(r->met) : json_null()));
        append_figure(list, r->name, "p50", r->p50_ms, "ms");
        append_figure(list, r->name, "p99", r->p99_ms, "ms");
        append_figure(list, r->name, "server CPU", r->cpu_us, "us");
        append_figure(list, r->name, "server memory", r->rss_mb, "MB");
    }
    text = json_dumps(list, JSON_INDENT(1) | JSON_REAL_PRECISION(8));
    if (!text)
        return fail(e, E_INTERNAL, "results");
    arena_defer(b->arena, free, text);
    return file_write(b->out, (struct bytes){text, strlen(text)}, e);
}

/* ---- the server ---- */
static const char *data_of(const struct bench *b)
{
    return arena_printf(b->arena, "%s/data", b->folder);
}

static bool server_start(struct bench *b, double *first_ms, struct error *e)
{
    int port = port_free();
    const char *argv[] = {b->program,
                          "serve",
                          "--data",
                          data_of(b),
                          "--listen",
                          arena_printf(b->arena, "127.0.0.1:%d", port),
                          b->db ? "--db" : NULL,
                          b->db,
                          NULL};

    return process_start(argv, arena_printf(b->arena, "%s/server.log", b->folder), port,
                         "/api/v1/services?q=trich%20luc", &b->server, first_ms, e);
}

static bool make_city(struct bench *b, struct error *e)
{
    const char *argv[] = {b->program, "demo", "--data", data_of(b), "--residents", b->residents, b->db ? "--db" : NULL,
                          b->db,      NULL};
    int64_t start = monotonic_us();

    say("making the demo city of %s residents", b->residents);
    if (!process_run(argv, arena_printf(b->arena, "%s/demo.log", b->folder), e))
        return false;
    (void)result_add(b, (double)(monotonic_us() - start) / 1e6, "s", "making the demo city, %s residents",
                     b->residents);
    return true;
}

static bool measure_rest(struct bench *b, struct error *e)
{
    const struct timespec idle = {.tv_sec = IDLE_S};
    double first[STARTS];
    struct result *r;

    say("starting %d times", STARTS);
    for (int i = 0; i < STARTS; i++) {
        process_stop(&b->server);
        if (!server_start(b, &first[i], e))
            return false;
    }
    r = result_add(b, median(first, STARTS), "ms", "from exec to the first answer");
    goal_at_most(r, 300);
    (void)nanosleep(&idle, NULL); /* what is idle is what it settles at */
    r = result_add(b, process_rss_mb(&b->server), "MB", "idle memory with the demo city");
    goal_at_most(r, 60);
    return true;
}

/* ---- reads ---- */
static const char *const readings[READ__COUNT] = {
    [READ_OWN] = "read a case, applicant",
    [READ_DESK] = "read a case, officer",
    [READ_OWN_FIRST] = "read a case the first time, applicant",
    [READ_DESK_FIRST] = "read a case the first time, officer",
    [READ_INBOX] = "list an inbox of 50",
    [READ_SERVICES] = "search services",
};

static bool read_rounds(struct bench *b, enum reading what, const struct process *nginx, struct rounds *r,
                        struct error *e)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct measured ours, theirs;
        double cpu = process_cpu_s(&b->server);

        if (!city_read(&b->city, what, b->city.port, CONNECTIONS, ROUND_MS, &ours, e))
            return false;
        cpu = process_cpu_s(&b->server) - cpu;
        if (!city_read(&b->city, what, nginx->port, CONNECTIONS, ROUND_MS, &theirs, e))
            return false;
        round_add(r, &ours, (double)theirs.requests / theirs.seconds, cpu);
    }
    return true;
}

static bool measure_read(struct bench *b, enum reading what, int64_t level, struct error *e)
{
    struct rounds r = {0};
    struct process nginx = {0};
    struct measured once;
    struct result *to;
    bool ok;

    if ((what == READ_DESK_FIRST && !city_enter_fronts(&b->city, e)) ||
        !city_read(&b->city, what, b->city.port, CONNECTIONS, 100, &once, e) || once.requests == 0 ||
        !nginx_start(b->folder, (size_t)(once.body_bytes / once.requests), &nginx, e))
        return false;
    ok = read_rounds(b, what, &nginx, &r, e);
    process_stop(&nginx);
    if (!ok)
        return false;
    to = result_add(b, 0, "req/s", "%s (%" PRId64 " B), %" PRId64 " cases", readings[what],
                    once.body_bytes / once.requests, level);
    rounds_tell(b, &r, to);
    goal_at_least(to, 0.5, "nginx");
    return true;
}

/* ---- filing ---- */
static bool fill(struct bench *b, int64_t level, struct error *e)
{
    struct measured m;
    int64_t left = level - b->city.filed;
    double seconds;

    say("filing up to %" PRId64 " cases", level);
    if (left > 0 && !city_file(&b->city, FILL_CONNECTIONS, left, &m, e))
        return false;
    if (left > 0)
        (void)result_add(b, (double)m.requests / m.seconds, "req/s", "filling up to %" PRId64 " cases", level);
    if (!b->bare && !bare_open(arena_printf(b->arena, "%s/motcua.db", data_of(b)),
                               arena_printf(b->arena, "%s/bare.db", b->folder), &b->bare, e))
        return false;
    left = level - bare_rows(b->bare);
    return left <= 0 || bare_insert(b->bare, left, &seconds, e);
}

static bool measure_filing(struct bench *b, int64_t level, size_t at, struct error *e)
{
    int64_t cases = level > SMALL ? SMALL : SMALL / 3; /* few enough not to change the level */
    struct rounds r = {0};
    struct result *to;

    for (int i = 0; i < ROUNDS; i++) {
        struct measured m;
        double cpu = process_cpu_s(&b->server), seconds;

        if (!city_file(&b->city, CONNECTIONS, cases, &m, e))
            return false;
        cpu = process_cpu_s(&b->server) - cpu;
        if (!bare_insert(b->bare, cases, &seconds, e))
            return false;
        round_add(&r, &m, (double)cases / seconds, cpu);
    }
    to = result_add(b, 0, "req/s", "file a dossier, 64 clients, %" PRId64 " cases", level);
    rounds_tell(b, &r, to);
    goal_at_least(to, 0.5, "bare SQLite");
    b->filing[at] = to->value;
    b->bare_rate[at] = to->yardstick;
    return true;
}

static bool measure_life(struct bench *b, int64_t level, struct error *e)
{
    struct measured m;
    double cpu = process_cpu_s(&b->server);
    struct result *to;

    if (!city_live(&b->city, LIFE_CLIENTS, LIFE_MS, &m, e))
        return false;
    cpu = process_cpu_s(&b->server) - cpu;
    to = result_add(b, (double)m.requests / m.seconds, "life/s",
                    "a dossier's whole life, %d clients, %" PRId64 " cases", LIFE_CLIENTS, level);
    to->p50_ms = m.p50_ms;
    to->p99_ms = m.p99_ms;
    to->cpu_us = cpu * 1e6 / (double)m.requests;
    to->rss_mb = process_rss_mb(&b->server);
    return true;
}

static bool measure_disk(struct bench *b, struct error *e)
{
    double rate;

    if (!disk_syncs(b->folder, ROUND_MS, &rate, e))
        return false;
    (void)result_add(b, rate, "sync/s", "the disk's fdatasync of 4 KB");
    return true;
}

static bool is_wanted(const struct bench *b, const char *name)
{
    return !b->only || strstr(name, b->only);
}

/* p99 of each list; its value is that. */
static bool measure_lists(struct bench *b, int64_t level, struct error *e)
{
    for (size_t i = 0; list_name(i); i++) {
        struct measured m;
        double cpu = process_cpu_s(&b->server);
        struct result *to;

        if (!list_read(&b->city, i, ROUND_MS, &m, e))
            return false;
        to = result_add(b, m.p99_ms, "ms", "list %s, %" PRId64 " cases", list_name(i), level);
        to->p50_ms = m.p50_ms;
        to->p99_ms = m.p99_ms;
        to->cpu_us = (process_cpu_s(&b->server) - cpu) * 1e6 / (double)m.requests;
        goal_at_most(to, 20);
    }
    return true;
}

static bool measure_level(struct bench *b, int64_t level, size_t at, struct error *e)
{
    if (!fill(b, level, e))
        return false;
    say("measuring at %" PRId64 " cases", level);
    if (is_wanted(b, "file a dossier") && !measure_filing(b, level, at, e))
        return false;
    for (int what = 0; what < READ__COUNT; what++)
        if (is_wanted(b, readings[what]) && !measure_read(b, (enum reading)what, level, e))
            return false;
    if (is_wanted(b, "list by") && !measure_lists(b, level, e))
        return false;
    return !is_wanted(b, "a dossier's whole life") || measure_life(b, level, e);
}

/* How much of the first level's rate is left at the last: ours against the bare insert's. */
static void tell_growth(struct bench *b)
{
    struct result *r = result_add(b, b->filing[1] / b->filing[0], "", "filing rate kept from %d to %" PRId64 " cases",
                                  (int)SMALL, b->cases);

    r->yardstick = b->bare_rate[1] / b->bare_rate[0];
    r->ratio = r->value / r->yardstick;
    goal_at_least(r, 1, "bare SQLite");
}

/* What a reader must know of every other row. The server must have been stopped: only then its time is known as ours.
 */
static void tell_others(struct bench *b, double cpu_before, int64_t start_us)
{
    double seconds = (double)(monotonic_us() - start_us) / 1e6;

    (void)result_add(b, (others_cpu_s() - cpu_before) / seconds, "cores", "taken by others on this machine of %ld",
                     sysconf(_SC_NPROCESSORS_ONLN));
}

/* ---- PostgreSQL ---- */
enum { PG_ROUND_MS = 6000, PG_CASES = 6000 };

static bool pg_file(struct bench *b, struct rounds *r, struct error *e)
{
    struct measured m;
    double cpu = process_cpu_s(&b->server), yard;

    if (!city_file(&b->city, CONNECTIONS, PG_CASES, &m, e))
        return false;
    cpu = process_cpu_s(&b->server) - cpu;
    if (!pg_rate(b->db, b->folder, "file", CONNECTIONS, PG_ROUND_MS, &yard, e))
        return false;
    round_add(r, &m, yard, cpu);
    return true;
}

static bool pg_read(struct bench *b, struct rounds *r, struct error *e)
{
    struct measured m;
    double cpu = process_cpu_s(&b->server), yard;

    if (!city_read(&b->city, READ_OWN, b->city.port, CONNECTIONS, PG_ROUND_MS, &m, e))
        return false;
    cpu = process_cpu_s(&b->server) - cpu;
    if (!pg_rate(b->db, b->folder, "read", CONNECTIONS, PG_ROUND_MS, &yard, e))
        return false;
    round_add(r, &m, yard, cpu);
    return true;
}

static bool measure_pg(struct bench *b, const char *what, double goal,
                       bool (*one)(struct bench *b, struct rounds *r, struct error *e), struct error *e)
{
    struct rounds r = {0};
    struct result *to;

    if (!is_wanted(b, what))
        return true;
    say("measuring: %s, PostgreSQL", what);
    for (int i = 0; i < ROUNDS; i++)
        if (!one(b, &r, e))
            return false;
    to = result_add(b, 0, "req/s", "%s, PostgreSQL", what);
    rounds_tell(b, &r, to);
    goal_at_least(to, goal, "pgbench");
    return true;
}

/* The growing tables, by year, under the server that runs. */
static bool divide(struct bench *b, struct error *e)
{
    const char *argv[] = {b->program, "partition", "--data", data_of(b), "--db", b->db, NULL};

    return process_run(argv, arena_printf(b->arena, "%s/partition.log", b->folder), e);
}

static bool measure_postgres(struct bench *b, struct error *e)
{
    struct measured m;
    double first;

    return make_city(b, e) && server_start(b, &first, e) && city_enter(&b->city, data_of(b), b->server.port, e) &&
           city_file(&b->city, CONNECTIONS, PG_CASES, &m, e) &&
           pg_capture(b->db, b->folder, data_of(b), b->server.port, e) &&
           measure_pg(b, "file a dossier, 64 clients", 0.6, pg_file, e) &&
           measure_pg(b, "read a case by its code, 64 clients", 0.7, pg_read, e) && divide(b, e) &&
           measure_pg(b, "file a dossier, 64 clients, divided", 0.6, pg_file, e) &&
           measure_pg(b, "read a case by its code, 64 clients, divided", 0.7, pg_read, e);
}

static bool measure_all(struct bench *b, struct error *e)
{
    double first;

    if (b->db)
        return measure_postgres(b, e);
    if (!measure_disk(b, e) || !make_city(b, e) || !(b->only ? server_start(b, &first, e) : measure_rest(b, e)) ||
        !city_enter(&b->city, data_of(b), b->server.port, e) || !measure_level(b, SMALL, 0, e))
        return false;
    if (b->cases <= SMALL)
        return true;
    if (!measure_level(b, b->cases, 1, e))
        return false;
    tell_growth(b);
    return true;
}

/* ---- the command line ---- */
static bool read_options(struct bench *b, int argc, char **argv, struct error *e)
{
    const struct {
        const char *name, **to;
    } texts[] = {{"--program", &b->program},     {"--folder", &b->folder}, {"--out", &b->out},
                 {"--residents", &b->residents}, {"--db", &b->db},         {"--only", &b->only}};

    for (int i = 1; i < argc; i += 2) {
        bool known = strcmp(argv[i], "--cases") == 0;

        if (i + 1 == argc || (known && !text_to_i64(argv[i + 1], SMALL, 100000000, &b->cases)))
            return fail(e, E_USAGE, "%s", argv[i]);
        for (size_t k = 0; k < COUNT(texts); k++)
            if (strcmp(argv[i], texts[k].name) == 0) {
                *texts[k].to = argv[i + 1];
                known = true;
            }
        if (!known)
            return fail(e, E_USAGE, "%s", argv[i]);
    }
    return (b->program && b->folder && b->out) || fail(e, E_USAGE, "--program, --folder and --out are needed");
}

int main(int argc, char **argv)
{
    struct bench b = {.cases = 1000000, .residents = "20000"};
    double cpu_before = others_cpu_s();
    int64_t start_us = monotonic_us();
    struct error e;
    bool ok;

    error_init(&e);
    b.arena = b.city.arena = arena_new();
    ok = read_options(&b, argc, argv, &e) && measure_all(&b, &e);
    process_stop(&b.server);
    if (b.n) {
        tell_others(&b, cpu_before, start_us);
        print_table(&b);
    }
    ok = ok && write_results(&b, &e);
    if (!ok)
        say("bench: %s: %s", error_row(e.code)->code, e.detail);
    bare_close(b.bare);
    arena_free(b.arena);
    error_done(&e);
    return ok ? 0 : 1;
}
