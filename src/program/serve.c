/* Serving: opens the house, starts jobs and the HTTP server, waits for a signal, drains. */
#include "program/program.h"

#include <signal.h>
#include <string.h>

#include "db/db.h"
#include "http/http.h"
#include "people/people.h"

enum { PORT_DEFAULT = 8080, PORT_MAX = 65535, JOB_THREADS = 2, GRACE_MS = 3000, WORKERS = 64, ADDRESS_MAX = 64 };

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

/* "sqlite:DIR/motcua.db" names the same as --data DIR. */
static bool data_folder(const struct args *args, struct arena *a, const char **out, struct error *e)
{
    static const char scheme[] = "sqlite:", file[] = "/motcua.db";
    size_t len = args->db ? strlen(args->db) : 0, tail = sizeof file - 1, head = sizeof scheme - 1;

    if (!args->data == !args->db)
        return fail(e, E_USAGE, "--data DIR | --db URL");
    *out = args->data;
    if (args->data)
        return true;
    if (!text_starts_with(args->db, scheme) || len <= head + tail || strcmp(args->db + len - tail, file) != 0)
        return fail(e, E_USAGE, "--db sqlite:DIR/motcua.db");
    *out = arena_strndup(a, args->db + head, len - head - tail);
    return true;
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
                                         .behind_proxy = args->behind_proxy};
    struct http_server *server;

    h->origin = args->origin;
    if (!jobs_start(h->store, JOB_THREADS, e))
        return false;
    if (!http_start(&options, h, &people_gate, &server, e)) {
        jobs_stop(h->store);
        return false;
    }
    announce(place, server);
    wait_for_signal(signals);
    http_stop(server, GRACE_MS);
    jobs_stop(h->store);
    return true;
}

bool run_serve(const struct args *args, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    auto_house struct house house = {0};
    const char *folder;
    struct place place;
    sigset_t signals;

    if (!read_place(args->listen, &place, e) || !data_folder(args, a, &folder, e))
        return false;
    /* Blocked before any thread is made, so that only sigwait() takes them. */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* fails only on a bad first argument */
    return house_open(folder, &house, e) && house_furnish(&house, e) && serve(&house, args, &place, &signals, e);
}
