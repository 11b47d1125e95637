/* The routes and the gate, asked over HTTP. */
#include "people_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "http/http.h"

struct site {
    struct town *town;
    struct http_server *server;
    const struct module *modules[2];
};

struct answer {
    int status;
    char text[65536];
    json_t *body; /* NULL when there is none */
};

static void site_open(struct site *s, struct town *t)
{
    *s = (struct site){.town = t, .modules = {&people_module}};
    t->house.modules = s->modules;
    assert_ok(t, http_start(&(struct http_options){.address = "127.0.0.1", .event_threads = 1, .workers = 4}, &t->house,
                            &people_gate, &s->server, &t->e));
}

static void site_close(struct site *s)
{
    http_stop(s->server, 1000);
}

static void answer_done(struct answer *a)
{
    json_decref(a->body);
    a->body = NULL;
}

/* One request on a connection of its own; headers: whole lines, or "". */
static void ask(struct site *s, const char *request, const char *headers, const char *body, struct answer *out)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(s->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    auto_close int fd = socket(AF_INET, SOCK_STREAM, 0);
    auto_buf struct buf text = BUF_INIT(8192);
    const char *start;
    size_t len = 0;
    ssize_t n;

    answer_done(out);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    buf_printf(&text, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", request, headers);
    if (body)
        buf_printf(&text, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    buf_printf(&text, "\r\n%s", body ? body : "");
    assert_int_equal(send(fd, text.data, text.len, MSG_NOSIGNAL), (ssize_t)text.len);
    while (len < sizeof out->text - 1 && (n = recv(fd, out->text + len, sizeof out->text - 1 - len, 0)) > 0)
        len += (size_t)n;
    out->text[len] = '\0';
    assert_int_equal(sscanf(out->text, "HTTP/1.1 %d", &out->status), 1);
    start = strstr(out->text, "\r\n\r\n");
    assert_non_null(start);
    if (start[4])
        assert_ok(s->town, json_read((struct bytes){start + 4, strlen(start + 4)}, &out->body, &s->town->e));
}

static void expect(struct site *s, const char *request, const char *headers, const char *body, int status,
                   const char *code)
{
    static struct answer a;

    ask(s, request, headers, body, &a);
    if (a.status != status || (code && !text_equal(json_str(a.body, "code"), code)))
        fail_msg("%s: expected %d %s, got %s", request, status, code ? code : "", a.text);
    answer_done(&a);
}

static void sign_in(struct site *s, const char *user, char header[static 128], char token[static TOKEN_HEX])
{
    static struct answer a;
    char body[160];

    (void)snprintf(body, sizeof body, "{\"user\": \"%s\", \"password\": \"lúa nếp 7\"}", user);
    ask(s, "POST /api/v1/sessions", "", body, &a);
    assert_int_equal(a.status, 201);
    (void)snprintf(token, TOKEN_HEX, "%s", json_str(a.body, "token"));
    (void)snprintf(header, 128, "Authorization: Bearer %s\r\n", token);
    assert_non_null(strstr(a.text, "motcua_session="));
    assert_non_null(strstr(a.text, "HttpOnly"));
    assert_string_equal(json_str(json_object_get(a.body, "party"), "kind"),
                        strcmp(user, "minh") == 0 ? "officer" : "citizen");
    answer_done(&a);
}

static void signing_in_and_out(void **state)
{
    static struct answer a;
    struct site s;
    struct newcomer lan;
    char header[128], token[TOKEN_HEX], cookie[128];
    const json_t *role;

    site_open(&s, *state);
    town_citizen(*state, &lan);
    sign_in(&s, lan.user, header, token);
    ask(&s, "GET /api/v1/me", header, NULL, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(json_str(json_object_get(a.body, "party"), "number"), lan.number);
    assert_string_equal(json_str(a.body, "user"), lan.user);
    assert_false(json_flag(a.body, "demo"));
    role = json_array_get(json_object_get(a.body, "roles"), 0);
    assert_string_equal(json_str(role, "role"), "citizen");
    assert_true(json_is_null(json_object_get(role, "unit")));
    answer_done(&a);

    (void)snprintf(cookie, sizeof cookie, "Cookie: motcua_session=%s\r\n", token);
    expect(&s, "GET /api/v1/me", cookie, NULL, 200, NULL);
    expect(&s, "DELETE /api/v1/sessions", cookie, NULL, 403, "origin");
    expect(&s, "DELETE /api/v1/sessions", header, NULL, 204, NULL);
    expect(&s, "GET /api/v1/me", header, NULL, 401, "unauthenticated");
    expect(&s, "GET /api/v1/me", cookie, NULL, 401, "unauthenticated");
    expect(&s, "GET /api/v1/units", cookie, NULL, 200, NULL);              /* an old cookie is a stranger */
    expect(&s, "GET /api/v1/units", header, NULL, 401, "unauthenticated"); /* an old token is told */
    site_close(&s);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *request, *body;
        int status;
        const char *code;
    } rows[] = {
        {"POST /api/v1/sessions", "{\"user\": \"x\", \"password\": \"y\"}", 401, "login-failed"},
        {"POST /api/v1/sessions", "{\"user\": \"x\", \"password\": \"y\", \"otp\": \"123456\"}", 401, "login-failed"},
        {"POST /api/v1/sessions", "{\"user\": \"x\"}", 422, "invalid-input"},
        {"POST /api/v1/sessions", "{\"user\": \"x\", \"password\": \"y\", \"admin\": true}", 422, "invalid-input"},
        {"POST /api/v1/sessions", "{\"user\": \"x\", \"user\": \"z\", \"password\": \"y\"}", 400, "json-duplicate-key"},
        {"GET /api/v1/me", NULL, 401, "unauthenticated"},
        {"DELETE /api/v1/sessions", NULL, 401, "unauthenticated"},
        {"GET /api/v1/audit?about=079190000011", NULL, 401, "unauthenticated"},
        {"GET /api/v1/units?kind=palace", NULL, 400, "bad-query"},
        {"GET /api/v1/units?colour=red", NULL, 400, "bad-query"},
    };
    struct site s;

    site_open(&s, *state);
    for (size_t i = 0; i < COUNT(rows); i++)
        expect(&s, rows[i].request, "", rows[i].body, rows[i].status, rows[i].code);
    site_close(&s);
}

static bool put_units(struct db *db, void *arg, struct error *e)
{
    static const char *const names[] = {"Phường An Khánh", "Phường Bến Thành", "Phường Đa Kao"};
    struct town *t = arg;

    for (size_t i = 0; i < COUNT(names); i++) {
        char code[16];
        json_auto_t *unit = NULL;

        (void)snprintf(code, sizeof code, "H29.1.%zu", i + 1);
        unit = json_pack("{s:s, s:s, s:s, s:s, s:s}", "code", code, "name", names[i], "kind", "ward", "parent", "H29",
                         "from", "2025-07-01");
        if (!unit_put(db, &t->house, unit, e))
            return false;
    }
    return true;
}

static void units_by_the_page(void **state)
{
    static struct answer a;
    struct town *t = *state;
    struct site s;
    char next[256];

    assert_ok(t, store_write(t->house.store, put_units, t, &t->e));
    site_open(&s, t);
    ask(&s, "GET /api/v1/units?limit=2", "", NULL, &a);
    assert_int_equal(json_array_size(json_object_get(a.body, "items")), 2);
    assert_string_equal(json_str(json_at(a.body, "/items/0"), "code"), "H29.1.1");
    assert_string_equal(json_str(json_at(a.body, "/items/0/in_force"), "from"), "2025-07-01");
    (void)snprintf(next, sizeof next, "GET /api/v1/units?limit=2&cursor=%s", json_str(a.body, "next"));
    ask(&s, next, "", NULL, &a);
    assert_int_equal(json_array_size(json_object_get(a.body, "items")), 1);
    assert_string_equal(json_str(json_at(a.body, "/items/0"), "name"), "Phường Đa Kao");
    assert_true(json_is_null(json_object_get(a.body, "next")));
    ask(&s, "GET /api/v1/units?q=B%E1%BA%BFn+tha", "", NULL, &a);
    assert_int_equal(json_array_size(json_object_get(a.body, "items")), 1);
    answer_done(&a);
    site_close(&s);
}

static void the_auditor_reads_the_audit(void **state)
{
    static struct answer a;
    struct town *t = *state;
    struct newcomer minh, auditor = {.user = "hoa", .name = "Vũ Hoa", .number = "1", .role = ROLE_AUDITOR, .unit = 7};
    struct site s;
    char header[128], token[TOKEN_HEX];

    town_officer(t, &minh);
    town_newcomer(t, &auditor);
    audit_later(&t->house,
                &(struct audit){.action = "read", .what = "record:person", .about = "2", .actor = minh.party});
    people_stop(&t->house); /* so that it is on disk */
    assert_ok(t, people_start(&t->house, &t->e));
    site_open(&s, t);
    sign_in(&s, "minh", header, token);
    expect(&s, "GET /api/v1/audit?about=2", header, NULL, 403, "forbidden");
    sign_in(&s, "hoa", header, token);
    ask(&s, "GET /api/v1/audit?about=2", header, NULL, &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(json_array_size(json_object_get(a.body, "items")), 1);
    assert_string_equal(json_str(json_at(a.body, "/items/0"), "who"), "Trần Văn Minh");
    answer_done(&a);
    site_close(&s);
    people_stop(&t->house);
    assert_int_equal(number(t, "SELECT COUNT(*) FROM audit WHERE about = '2'", ARGS()), 2); /* the look itself */
    assert_ok(t, people_start(&t->house, &t->e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(signing_in_and_out),
        story(what_is_refused),
        story(units_by_the_page),
        story(the_auditor_reads_the_audit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
