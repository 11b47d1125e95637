/* A street of the city over real HTTP: rooms, a server, a citizen and an officer who are signed in, and a raw client.
 * For the rooms whose rules show at the edge; in a folder of its own, gone afterwards. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has its own */
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include <arpa/inet.h>
#include <ftw.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/base.h"
#include "db/db.h"
#include "http/http.h"
#include "../test_store.h"
#include "module.h"
#include "people/people.h"

struct street {
    char folder[64];
    struct house house;
    struct http_server *server;
    struct arena *arena;
    struct error e;
    int64_t lan, minh, unit; /* parties; the unit Minh serves */
};

/* An error is shown before the test goes red. */
#define assert_ok(s, call)                                                                                             \
    do {                                                                                                               \
        error_done(&(s)->e);                                                                                           \
        error_init(&(s)->e);                                                                                           \
        if (!(call)) {                                                                                                 \
            print_error("%s: %s: %s\n", #call, error_row((s)->e.code)->code, (s)->e.detail);                           \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)
#define assert_fails(s, expected, call)                                                                                \
    do {                                                                                                               \
        error_done(&(s)->e);                                                                                           \
        error_init(&(s)->e);                                                                                           \
        assert_false(call);                                                                                            \
        assert_string_equal(error_row((s)->e.code)->code, error_row(expected)->code);                                  \
    } while (0)

#define LAN_NUMBER "079190000011"
static const char lan_password[] = "lúa nếp 7";

/* ---- people of the street ---- */
static inline bool move_in(struct db *db, void *arg, struct error *e)
{
    struct street *s = arg;
    struct party lan = {.kind = PARTY_CITIZEN, .name = "Nguyễn Thị Lan", .number = LAN_NUMBER};
    struct party minh = {.kind = PARTY_OFFICER, .name = "Trần Văn Minh"};
    json_auto_t *unit = json_pack("{s:s, s:s, s:{s:s, s:s}}", "code", "H29.1.5", "kind", "ward", "name", "vi",
                                  "Phường Bến Thành", "en", "Bến Thành Ward");
    char hash[PASSWORD_HASH_MAX];
    int64_t account;

    if (!password_hash(lan_password, hash, e) || !party_put(db, &lan, e) || !party_put(db, &minh, e) ||
        !unit_put(db, &s->house, unit, e) ||
        !account_add(db, &(struct account_new){.user = "lan", .password_hash = hash, .party = lan.id}, &account, e) ||
        !role_grant(db, account, ROLE_CITIZEN, 0, e) ||
        !account_add(db, &(struct account_new){.user = "minh", .password_hash = hash, .party = minh.id}, &account, e))
        return false;
    s->lan = lan.id;
    s->minh = minh.id;
    s->unit = account; /* of Minh, until the unit is known */
    return true;
}

static inline bool take_office(struct db *db, void *arg, struct error *e)
{
    struct street *s = arg;
    int64_t account = s->unit;

    s->unit = unit_by_code(&s->house, "H29.1.5")->id;
    return role_grant(db, account, ROLE_ONE_STOP, s->unit, e);
}

/* ---- up and down ---- */
static inline void street_wake(struct street *s)
{
    char url[256];

    test_store_url(s->folder, "motcua.db", url, sizeof url);
    assert_ok(s, store_open(url, &s->house.store, &s->e));
    for (size_t i = 0; s->house.modules[i]; i++)
        if (s->house.modules[i]->migrations)
            assert_ok(s,
                      store_migrate(s->house.store, s->house.modules[i]->name, s->house.modules[i]->migrations, &s->e));
    s->house.feed = feed_new();
    for (size_t i = 0; s->house.modules[i]; i++)
        if (s->house.modules[i]->start)
            assert_ok(s, s->house.modules[i]->start(&s->house, &s->e));
    assert_ok(s, http_start(&(struct http_options){.address = "127.0.0.1", .event_threads = 1, .workers = 2}, &s->house,
                            &people_gate, &s->server, &s->e));
}

static inline void street_sleep(struct street *s)
{
    size_t n = 0;

    http_stop(s->server, 1000);
    while (s->house.modules[n])
        n++;
    while (n-- > 0)
        if (s->house.modules[n]->stop)
            s->house.modules[n]->stop(&s->house);
    feed_free(s->house.feed);
    store_close(s->house.store);
    s->house.store = NULL;
}

static inline int street_open(void **state, const struct module *const *modules)
{
    struct street *s = calloc(1, sizeof *s);

    assert_non_null(s);
    error_init(&s->e);
    log_set_level(LOG_ERROR);
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/motcua-street-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    test_store_new(s->folder);
    s->house.data_dir = s->folder;
    s->house.modules = modules;
    s->arena = arena_new();
    street_wake(s);
    assert_ok(s, store_write(s->house.store, move_in, s, &s->e) && units_load(&s->house, &s->e) &&
                     store_write(s->house.store, take_office, s, &s->e));
    *state = s;
    return 0;
}

static inline int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline int street_close(void **state)
{
    struct street *s = *state;

    street_sleep(s);
    arena_free(s->arena);
    error_done(&s->e);
    assert_int_equal(nftw(s->folder, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
    test_store_drop(s->folder);
    free(s);
    return 0;
}

/* ---- a raw client: one request a connection ---- */
struct answer {
    int status;
    char head[8192];
    char body[65536];
    size_t len;
};

static inline int dial(const struct street *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(s->server))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* headers: each ended by CR LF; token may be NULL. */
static inline void ask(struct street *s, const char *method, const char *path, const char *token, const char *headers,
                       struct bytes body, struct answer *out)
{
    auto_close int fd = dial(s);
    struct buf in = BUF_INIT(1 << 20);
    char *end;

    {
        auto_buf struct buf b = BUF_INIT(64 << 20);

        buf_printf(&b, "%s %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n", method, path);
        if (token)
            buf_printf(&b, "Authorization: Bearer %s\r\n", token);
        if (strcmp(method, "GET") != 0)
            buf_printf(&b, "Content-Length: %zu\r\n", body.len);
        buf_printf(&b, "%s\r\n", headers);
        buf_add(&b, body.data ? body.data : "", body.len);
        assert_ok(s, fd_write_all(fd, (struct bytes){b.data, b.len}, &s->e));
    }
    for (;;) {
        char part[4096];
        ssize_t n = recv(fd, part, sizeof part, 0);

        if (n <= 0)
            break;
        buf_add(&in, part, (size_t)n);
    }
    memset(out, 0, sizeof *out);
    end = in.data ? strstr(in.data, "\r\n\r\n") : NULL;
    assert_non_null(end);
    (void)snprintf(out->head, sizeof out->head, "%.*s", (int)(end - in.data), in.data);
    assert_int_equal(sscanf(out->head, "HTTP/1.1 %d", &out->status), 1);
    out->len = in.len - (size_t)(end + 4 - in.data);
    assert_true(out->len < sizeof out->body);
    memcpy(out->body, end + 4, out->len);
    buf_done(&in);
}

static inline void get(struct street *s, const char *path, const char *token, struct answer *out)
{
    ask(s, "GET", path, token, "", (struct bytes){NULL, 0}, out);
}

/* The answer's JSON, until the test ends. */
static inline void release(void *j)
{
    json_decref(j);
}
static inline json_t *json_of(struct street *s, const struct answer *a)
{
    json_t *j = NULL;

    assert_ok(s, json_read((struct bytes){a->body, a->len}, &j, &s->e));
    arena_defer(s->arena, release, j);
    return j;
}

/* Signs in; the token lives in the street's arena. */
static inline const char *sign_in(struct street *s, const char *user)
{
    struct answer a;
    const char *body = arena_printf(s->arena, "{\"user\":\"%s\",\"password\":\"%s\"}", user, lan_password);

    ask(s, "POST", "/api/v1/sessions", NULL, "Content-Type: application/json\r\n", (struct bytes){body, strlen(body)},
        &a);
    assert_int_equal(a.status, 201);
    return arena_strdup(s->arena, json_str(json_of(s, &a), "token"));
}
