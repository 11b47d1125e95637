/* The line to the other nodes: one connection with a thread of its own, on LISTEN and NOTIFY. Who has something to say
 * or wants to be sure to have heard everything leaves it with the thread, which asks the server once for all who wait.
 *
 * The server hands out what was told before it answers a question, and a NOTIFY is told before its COMMIT is answered:
 * so whoever asks after a write had returned has heard of it with the answer. NOTIFY makes commits wait for each other,
 * through their disk and their standby; so what is told of every write goes in a transaction of its own that waits for
 * neither, many in one, before the write returns.
 *
 * The connection holds this process's number, too (an advisory lock): ids are made of it, and no two may have the same.
 */
#include "db/postgres_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
    ANSWER_MS = 5 * 1000,   /* how long the server may take */
    PATIENCE_MS = 5 * 1000, /* of who waits for the line */
    PULSE_MS = 2 * 1000,    /* an idle line is asked so often whether it is there */
    NEAR_MS = PULSE_MS + ANSWER_MS,
    GONE_MS = 2 * 1000, /* a connection that ended says more than one that is silent */
    PAUSE_FIRST_MS = 50,
    PAUSE_MAX_MS = 1000,
    PAYLOAD_MAX = 7900, /* the server takes 7999 bytes */
    PENDING_MAX = 256 << 10,
    SENDER_TEXT = 17,
    NUMBER_LOCKS = 0x6d6f7463, /* the class of our advisory locks of numbers */
};

struct pg_nodes {
    struct store *store;
    struct pg_db *line; /* the thread's, once it runs */
    pthread_t thread;
    bool running;
    int bell;
    char sender[SENDER_TEXT]; /* begins what this process says: it does not listen to itself */
    int64_t pause;
    _Atomic bool listening; /* on the connection there is now */
    _Atomic int64_t heard_at;

    pthread_mutex_t hearing; /* guards attending; held while rooms hear, so that who leaves waits for the end of that */
    bool attending;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t news;
    bool stop;
    bool owed; /* something could not be said: the others must take everything for changed */
    struct buf pending;
    uint64_t asked, answered; /* tickets: the server has answered a question asked after that one */
};

static int64_t now_mono_ms(void)
{
    return monotonic_us() / 1000;
}

static void ring(struct pg_nodes *n)
{
    static const uint64_t one = 1;

    (void)!write(n->bell, &one, sizeof one); /* full: it rings already */
}

/* ---- this process's number ---- */
/* $1 and $2 of the text: the class and the number of a lock. */
static PGresult *ask_of_number(struct pg_db *c, const char *sql, unsigned number)
{
    char class_text[16], number_text[16];
    const char *values[] = {class_text, number_text};

    (void)snprintf(class_text, sizeof class_text, "%d", NUMBER_LOCKS);
    (void)snprintf(number_text, sizeof number_text, "%u", number);
    return PQexecParams(c->conn, sql, COUNT(values), NULL, values, NULL, NULL, 0);
}

static bool try_number(struct pg_db *c, unsigned number, bool *taken, struct error *e)
{
    static const char sql[] = "SELECT pg_try_advisory_lock(CAST($1 AS INT4), CAST($2 AS INT4))";
    PGresult *r = ask_of_number(c, sql, number);

    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        (void)pg_fail(c, r, e, sql);
        PQclear(r);
        return false;
    }
    *taken = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    return true;
}

static bool refuse_number(struct pg_db *c, unsigned number, struct error *e)
{
    static const char sql[] =
        "SELECT coalesce(host(a.client_addr), 'this machine'), to_char(a.backend_start, 'HH24:MI:SS')"
        " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.classid = CAST($1 AS OID) AND l.objid = CAST($2 AS OID) AND l.granted";
    PGresult *r = ask_of_number(c, sql, number);

    (void)fail(e, E_IN_USE, "MOTCUA_NODE=%u: another node has that number (connected from %s since %s)", number,
               PQntuples(r) ? PQgetvalue(r, 0, 0) : "?", PQntuples(r) ? PQgetvalue(r, 0, 1) : "?");
    PQclear(r);
    return false;
}

/* The number it has, when it is free here; else any. One that was given by hand is that one or none, at the start. */
static bool take_number(struct pg_nodes *n, struct error *e)
{
    unsigned number = n->running || id_node_is_fixed() || id_node() ? id_node() : randombytes_uniform(ID_NODES);
    bool taken = false;

    for (unsigned tries = 0; tries < ID_NODES; tries++) {
        if (!try_number(n->line, number, &taken, e))
            return false;
        if (taken) {
            id_set_node(number);
            return true;
        }
        if (id_node_is_fixed() && !n->running)
            return refuse_number(n->line, number, e);
        number = (number + 1 + randombytes_uniform(7)) % ID_NODES;
    }
    return fail(e, E_IN_USE, "all %d numbers of nodes are in use", ID_NODES);
}

/* ---- the connection ---- */
/* What is said waits for no disk: it is about what is on disk already. */
static bool connect_line(struct pg_nodes *n, struct error *e)
{
    static const char settings[] =
        "SET synchronous_commit = off;"
        " PREPARE say(TEXT) AS SELECT pg_notify('motcua', p) FROM string_to_table($1, chr(1)) p";

    atomic_store(&n->listening, false);
    if (!pg_connect(n->line, pg_url(n->store), e) || !pg_run(n->line, settings, e) || !take_number(n, e))
        return false;
    atomic_store(&n->heard_at, now_mono_ms());
    return true;
}

static bool is_attending(struct pg_nodes *n)
{
    bool attending;

    (void)pthread_mutex_lock(&n->hearing);
    attending = n->attending;
    (void)pthread_mutex_unlock(&n->hearing);
    return attending;
}

static bool listen_line(struct pg_nodes *n, struct error *e)
{
    if (!pg_run(n->line, "LISTEN motcua", e))
        return false;
    (void)pthread_mutex_lock(&n->hearing);
    if (n->attending) {
        nodes_missed(n->store); /* whatever came before */
        atomic_store(&n->listening, true);
    }
    (void)pthread_mutex_unlock(&n->hearing);
    return true;
}

static bool is_connected(const struct pg_nodes *n)
{
    return PQstatus(n->line->conn) == CONNECTION_OK;
}

static void lose_line(struct pg_nodes *n, const char *why)
{
    int64_t latest = now_mono_ms() - NEAR_MS + GONE_MS;

    if (atomic_exchange(&n->listening, false)) {
        log_line(LOG_WARN, "nodes-not-heard", "why=\"%s\"", why);
        if (atomic_load(&n->heard_at) > latest)
            atomic_store(&n->heard_at, latest);
    }
    PQfinish(n->line->conn);
    n->line->conn = NULL;
}

/* ---- hearing ---- */
static void take_notifies(struct pg_nodes *n)
{
    PGnotify *told;

    (void)pthread_mutex_lock(&n->hearing);
    while ((told = PQnotifies(n->line->conn))) {
        char *lines = strchr(told->extra, '\n');

        if (n->attending && lines && strncmp(told->extra, n->sender, (size_t)(lines - told->extra)) != 0)
            nodes_heard(n->store, lines + 1);
        PQfreemem(told);
    }
    (void)pthread_mutex_unlock(&n->hearing);
}

static bool wait_for_bytes(struct pg_nodes *n, int64_t until)
{
    struct pollfd fd = {.fd = PQsocket(n->line->conn), .events = POLLIN};
    int64_t left = until - now_mono_ms();

    return left > 0 && (poll(&fd, 1, (int)left) > 0 || errno == EINTR) && PQconsumeInput(n->line->conn);
}

/* The server's answer to what was sent, with everything that it tells before it. */
static bool read_answer(struct pg_nodes *n)
{
    int64_t until = now_mono_ms() + ANSWER_MS;
    bool good = true;

    for (;;) {
        PGresult *r;

        while (PQisBusy(n->line->conn))
            if (!wait_for_bytes(n, until))
                return false;
        r = PQgetResult(n->line->conn);
        if (!r)
            break;
        good &= PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_EMPTY_QUERY;
        PQclear(r);
    }
    take_notifies(n);
    return good;
}

/* ---- saying ---- */
/* As many messages as the server's ceiling asks for, each signed, one behind the other. */
static void pack(const struct pg_nodes *n, const char *lines, struct buf *out)
{
    size_t used = PAYLOAD_MAX;

    for (const char *line = lines; *line;) {
        size_t len = strcspn(line, "\n") + 1;

        if (used + len > PAYLOAD_MAX) {
            buf_printf(out, "%s%s\n", out->len ? "\x01" : "", n->sender);
            used = SENDER_TEXT;
        }
        buf_add(out, line, len);
        used += len;
        line += len;
    }
}

static bool send_lines(struct pg_nodes *n, const char *lines)
{
    auto_buf struct buf text = BUF_INIT(2 * PENDING_MAX);
    const char *value;

    if (!lines || !*lines)
        return PQsendQuery(n->line->conn, "");
    pack(n, lines, &text);
    value = text.data;
    return PQsendQueryPrepared(n->line->conn, "say", 1, &value, NULL, NULL, 0);
}

/* One question for all who wait. */
static bool exchange(struct pg_nodes *n)
{
    auto_buf struct buf lines = BUF_INIT(PENDING_MAX);
    uint64_t upto;
    bool good;

    (void)pthread_mutex_lock(&n->lock);
    upto = n->asked;
    if (n->owed || n->pending.overflow)
        buf_puts(&lines, "m\n");
    else if (n->pending.len)
        buf_add(&lines, n->pending.data, n->pending.len);
    buf_clear(&n->pending);
    (void)pthread_mutex_unlock(&n->lock);
    good = send_lines(n, lines.data) && read_answer(n);
    (void)pthread_mutex_lock(&n->lock);
    n->owed = good ? false : n->owed || lines.len > 0;
    if (good) {
        n->answered = upto;
        atomic_store(&n->heard_at, now_mono_ms());
        (void)pthread_cond_broadcast(&n->news);
    }
    (void)pthread_mutex_unlock(&n->lock);
    return good;
}

/* Leaves it with the thread; false when nothing came of it in good time. */
static bool ask(struct pg_nodes *n, const char *lines, bool wait)
{
    struct timespec until = deadline_in(PATIENCE_MS);
    uint64_t ticket;
    bool good;

    (void)pthread_mutex_lock(&n->lock);
    if (lines)
        buf_puts(&n->pending, lines);
    ticket = ++n->asked;
    if (wait)
        ring(n);
    while (wait && n->answered < ticket && !n->stop)
        if (pthread_cond_timedwait(&n->news, &n->lock, &until) != 0)
            break;
    good = !wait || n->answered >= ticket;
    (void)pthread_mutex_unlock(&n->lock);
    return good;
}

/* ---- the thread ---- */
static void rest(struct pg_nodes *n, int64_t ms)
{
    struct pollfd fds[] = {{.fd = n->bell, .events = POLLIN},
                           {.fd = n->line->conn ? PQsocket(n->line->conn) : -1, .events = POLLIN}};
    uint64_t rings;

    (void)poll(fds, COUNT(fds), (int)ms); /* a signal is as good as news */
    if (fds[0].revents)
        (void)!read(n->bell, &rings, sizeof rings);
    if (fds[1].revents && n->line->conn) {
        if (PQconsumeInput(n->line->conn))
            take_notifies(n);
        else
            lose_line(n, "the connection ended");
    }
}

/* A bell that rings for who waits must not become a storm of attempts. */
static void connect_again(struct pg_nodes *n)
{
    auto_error struct error e;

    error_init(&e);
    if (connect_line(n, &e)) {
        n->pause = PAUSE_FIRST_MS;
        return;
    }
    lose_line(n, e.detail);
    (void)poll(NULL, 0, (int)n->pause);
    n->pause = n->pause * 2 < PAUSE_MAX_MS ? n->pause * 2 : PAUSE_MAX_MS;
}

static void *line_main(void *arg)
{
    struct pg_nodes *n = arg;

    for (;;) {
        auto_error struct error e;
        bool stop, waited;

        error_init(&e);
        (void)pthread_mutex_lock(&n->lock);
        stop = n->stop;
        waited = n->asked != n->answered || n->owed;
        (void)pthread_mutex_unlock(&n->lock);
        if (stop)
            return NULL;
        if (!is_connected(n))
            connect_again(n);
        else if (!atomic_load(&n->listening) && is_attending(n) && !listen_line(n, &e))
            lose_line(n, e.detail);
        else if (waited || now_mono_ms() - atomic_load(&n->heard_at) >= PULSE_MS) {
            if (!exchange(n))
                lose_line(n, "no answer");
        } else
            rest(n, PULSE_MS);
    }
}

/* ---- what the engine calls ---- */
static struct pg_nodes *of(const struct store *s)
{
    return pg_nodes_of(s);
}

bool pg_tell(struct db *db, const char *line, struct error *e)
{
    auto_buf struct buf text = BUF_INIT(2 * PAYLOAD_MAX);
    auto_rows struct rows *r = NULL;

    buf_printf(&text, "%s\n%s", of(db->store)->sender, line);
    return pg_query(db, &r, false, e, "SELECT pg_notify('motcua', $1)", ARGS(TEXT(text.data)));
}

void pg_shout(struct store *s, const char *line)
{
    (void)ask(of(s), line, false); /* pg_nodes_flush() follows */
}

void pg_nodes_touched(struct store *s, const struct touched *t)
{
    auto_buf struct buf line = BUF_INIT(16 << 10);

    touched_line(t, &line);
    if (line.len)
        (void)ask(of(s), line.data, false);
}

void pg_nodes_flush(struct store *s)
{
    struct pg_nodes *n = of(s);
    bool any;

    (void)pthread_mutex_lock(&n->lock);
    any = n->pending.len > 0 || n->pending.overflow || n->asked != n->answered;
    (void)pthread_mutex_unlock(&n->lock);
    if (any && !ask(n, NULL, true))
        log_line(LOG_WARN, "nodes-not-told", "why=\"the database does not answer: they are told as soon as it does\"");
}

bool pg_attend(struct store *s, struct error *e)
{
    struct pg_nodes *n = of(s);

    (void)pthread_mutex_lock(&n->hearing);
    n->attending = true;
    (void)pthread_mutex_unlock(&n->hearing);
    return pg_catch_up(s, e);
}

bool pg_attends(const struct store *s)
{
    return atomic_load(&of(s)->listening);
}

bool pg_catch_up(struct store *s, struct error *e)
{
    return ask(of(s), NULL, true) || fail(e, E_DATABASE_AWAY, "the server did not answer in %d s", PATIENCE_MS / 1000);
}

bool pg_is_near(struct store *s)
{
    return now_mono_ms() - atomic_load(&of(s)->heard_at) < NEAR_MS;
}

void pg_leave_nodes(struct store *s)
{
    struct pg_nodes *n = of(s);

    (void)pthread_mutex_lock(&n->hearing);
    n->attending = false;
    atomic_store(&n->listening, false);
    (void)pthread_mutex_unlock(&n->hearing);
}

static void end_thread(struct pg_nodes *n)
{
    if (!n->running)
        return;
    (void)pthread_mutex_lock(&n->lock);
    n->stop = true;
    (void)pthread_cond_broadcast(&n->news);
    (void)pthread_mutex_unlock(&n->lock);
    ring(n);
    (void)pthread_join(n->thread, NULL);
    n->running = false;
}

/* ---- open and close ---- */
bool pg_nodes_open(struct store *s, struct pg_nodes **out, struct error *e)
{
    struct pg_nodes *n = calloc(1, sizeof *n);
    uint64_t sender;

    if (!n || !(n->line = calloc(1, sizeof *n->line)))
        die("nodes", sizeof *n);
    *out = n; /* also half made: pg_nodes_close() ends it */
    n->store = n->line->db.store = s;
    n->pending = (struct buf)BUF_INIT(PENDING_MAX);
    n->pause = PAUSE_FIRST_MS;
    randombytes_buf(&sender, sizeof sender);
    (void)snprintf(n->sender, sizeof n->sender, "%016jx", (uintmax_t)sender);
    (void)pthread_mutex_init(&n->hearing, NULL);
    (void)pthread_mutex_init(&n->lock, NULL);
    cond_init_monotonic(&n->news);
    n->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (n->bell < 0)
        return fail_errno(e, "eventfd");
    if (!connect_line(n, e))
        return false;
    n->running = thread_start(&n->thread, line_main, n, e);
    return n->running;
}

void pg_nodes_close(struct pg_nodes *n)
{
    if (!n)
        return;
    end_thread(n);
    pg_close(n->line);
    if (n->bell >= 0)
        (void)close(n->bell); /* nothing was kept in it */
    buf_done(&n->pending);
    (void)pthread_cond_destroy(&n->news);
    (void)pthread_mutex_destroy(&n->lock);
    (void)pthread_mutex_destroy(&n->hearing);
    free(n);
}
