/* Serving: opens the house, starts jobs and the HTTP server, waits for a signal, drains. */
#include "program/program.h"

#include <signal.h>
#include <string.h>

#include "db/db.h"
#include "http/http.h"
#include "people/people.h"

enum {
    PORT_DEFAULT = 8080,
    PORT_MAX = 65535,
    JOB_THREADS = 2,
    GRACE_MS = 3000,
    WORKERS = 64,
    ADDRESS_MAX = 64,
    DATABASE_PATIENCE_S = 120, /* for a database that is away at the start */
};

extern const struct asset web_assets[]; /* the built web client; only the end row when built without */

struct place {
    char address[ADDRESS_MAX];
    int port;
};

/* "127.0.0.1:8080", "[::1]:8080", ":8080" (every address), "8080" */
static bool read_place(const char *text, struct place *out, struct error *e)
{
    const char *colon = text ? strrchr(text, ':') : NULL, *start = text, *end = colon;
    int64_t port = PORT_DEFAULT;

    (void)snprintf(out->address, sizeof out->address, "127.0.0.1");
    out->port = PORT_DEFAULT;
    if (!text)
        return true;
    if (!text_to_i64(colon ? colon + 1 : text, 0, PORT_MAX, &port))
        return fail(e, E_USAGE, "--listen %s", text);
    out->port = (int)port;
    if (!colon)
        return true;
    if (*start == '[' && end > start && end[-1] == ']')
        start++, end--;
    if (start == end)
        start = "0.0.0.0", end = start + strlen(start);
    return snprintf(out->address, sizeof out->address, "%.*s", (int)(end - start), start) < ADDRESS_MAX ||
           fail(e, E_USAGE, "--listen %s", text);
}

static void wait_for_signal(const sigset_t *wanted)
{
    int signal_number;

    while (sigwait(wanted, &signal_number) != 0)
        ; /* it fails only when interrupted */
    log_line(LOG_INFO, "stopping", "signal=%d", signal_number);
}

static void announce(const struct place *place, const struct http_server *server)
{
    bool wide = strchr(place->address, ':') != NULL;

    printf("motcua listening on http://%s%s%s:%d\n", wide ? "[" : "", place->address, wide ? "]" : "",
           http_port(server));
    (void)fflush(stdout); /* nobody may read it: serve all the same */
}

/* Cut off from the database, or nobody is its primary: other nodes may be better off. */
static bool is_able(const struct house *h, struct error *e)
{
    return store_is_near(h->store) || fail(e, E_DATABASE_AWAY, "it has not answered for some seconds");
}

static void add_standby_metrics(const struct house *h, struct buf *out)
{
    struct standby_figures f = store_standby_figures(h->store);

    if (!f.given)
        return;
    metric(out, "motcua_db_standby_reads_total", "counter", "Reads that the standby has served.", (double)f.reads);
    metric(out, "motcua_db_standby_age_seconds", "gauge", "How far it lags at most; -1: unknown, it serves nothing.",
           f.age_ms < 0 ? -1 : (double)f.age_ms / 1000);
}

static void add_metrics(const struct house *h, struct buf *out)
{
    struct store_figures f = store_figures(h->store);

    metric(out, "motcua_db_writes_total", "counter", "Writes that the database has taken or refused.",
           (double)f.writes);
    metric(out, "motcua_db_writes_failed_total", "counter", "Those of them that failed or had nothing to keep.",
           (double)f.failed);
    metric(out, "motcua_db_batches_total", "counter", "Commits that held them.", (double)f.batches);
    metric(out, "motcua_db_writes_queued", "gauge", "Writes waiting for their turn.", (double)f.queued);
    add_standby_metrics(h, out);
}

static bool serve(struct house *h, const struct args *args, const struct place *place, const sigset_t *signals,
                  struct error *e)
{
    const struct http_options options = {.address = place->address,
                                         .port = place->port,
                                         .event_threads = (int)sysconf(_SC_NPROCESSORS_ONLN),
                                         .workers = WORKERS,
                                         .assets = web_assets,
                                         .public_origin = args->origin,
                                         .secure_cookies = args->secure,
                                         .behind_proxy = args->behind_proxy,
                                         .writes_later = store_writes_later(h->store),
                                         .is_able = is_able,
                                         .metrics = add_metrics,
                                         .allow_age = args->standby ? store_allow_age : NULL,
                                         .reads_wait = !store_is_sole_writer(h->store)};
    struct definitions *definitions = NULL;
    struct http_server *server = NULL;
    bool good;

    h->origin = args->origin;
    h->timestamp = args->timestamp;
    good = parts_ahead(h, e) && (!args->standby || store_add_standby(h->store, args->standby, e)) &&
           definitions_follow(h, &definitions, e) && jobs_start(h->store, JOB_THREADS, e) &&
           http_start(&options, h, &people_gate, &server, e);
    if (good) {
        announce(place, server);
        wait_for_signal(signals);
        http_stop(server, GRACE_MS);
    }
    jobs_stop(h->store);
    definitions_leave(definitions);
    return good;
}

static bool open_and_serve(const struct home *home, const struct args *args, const struct place *place,
                           const sigset_t *signals, struct error *e)
{
    auto_house struct house house = {0};

    if (!house_open(home, &house, e) || !house_furnish(&house, e))
        return false;
    if (people_is_demo(&house))
        log_line(LOG_WARN, "demo-accounts", "why=\"a made-up city: its accounts have published passwords\"");
    return serve(&house, args, place, signals, e);
}

/* After a power cut everything starts at once, and the database may be the last to lead again. True when a signal came.
 */
static bool wait_for_database(const sigset_t *signals, bool is_first, const struct error *e)
{
    static const struct timespec pause = {.tv_sec = 1};

    if (is_first)
        log_line(LOG_WARN, "database-awaited", "seconds=%d why=\"%s\"", DATABASE_PATIENCE_S, e->detail);
    return sigtimedwait(signals, NULL, &pause) > 0;
}

bool run_serve(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    int waited_s = 0;
    struct home home;
    struct place place;
    sigset_t signals;

    if (!read_place(args->listen, &place, e) || !home_of(args, a, &home, e))
        return false;
    /* Blocked before any thread is made, so that only sigwait() takes them. */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* fails only on a bad first argument */
    while (!open_and_serve(&home, args, &place, &signals, e)) {
        if (e->code != E_DATABASE_AWAY || waited_s >= DATABASE_PATIENCE_S)
            return false;
        if (wait_for_database(&signals, waited_s++ == 0, e))
            return true;
        error_done(e);
        error_init(e);
    }
    return true;
}
