/* The room's routes, asked over HTTP by a citizen, an officer, a steward and a stranger. */
#include "registry_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include "http/http.h"

struct answer {
    int status;
    char text[1 << 18];
    json_t *body; /* NULL when there is none */
};

static struct {
    struct city *city;
    struct http_server *server;
    char lan[128], officer[128], steward[128]; /* Authorization lines */
    struct answer answer;
} site;

static void ask(const char *request, const char *headers, const char *media_type, const char *body)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(site.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    auto_close int fd = socket(AF_INET, SOCK_STREAM, 0);
    auto_buf struct buf text = BUF_INIT(8192);
    struct answer *out = &site.answer;
    const char *start;
    size_t len = 0;
    ssize_t n;

    json_decref(out->body);
    out->body = NULL;
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    buf_printf(&text, "%s HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\nConnection: close\r\n%s", request,
               headers);
    if (body)
        buf_printf(&text, "Content-Type: %s\r\nContent-Length: %zu\r\n", media_type, strlen(body));
    buf_printf(&text, "\r\n%s", body ? body : "");
    assert_int_equal(send(fd, text.data, text.len, MSG_NOSIGNAL), (ssize_t)text.len);
    while (len < sizeof out->text - 1 && (n = recv(fd, out->text + len, sizeof out->text - 1 - len, 0)) > 0)
        len += (size_t)n;
    out->text[len] = '\0';
    assert_int_equal(sscanf(out->text, "HTTP/1.1 %d", &out->status), 1);
    start = strstr(out->text, "\r\n\r\n");
    assert_non_null(start);
    if (start[4])
        assert_ok(site.city, json_read((struct bytes){start + 4, strlen(start + 4)}, &out->body, &site.city->e));
}

static const json_t *get(const char *who, const char *path, int status, const char *code)
{
    char request[300];

    (void)snprintf(request, sizeof request, "GET /api/v1%s", path);
    ask(request, who, NULL, NULL);
    if (site.answer.status != status || (code && !text_equal(json_str(site.answer.body, "code"), code)))
        fail_msg("%s: expected %d %s, got %s", path, status, code ? code : "", site.answer.text);
    return site.answer.body;
}

static const json_t *write_as(const char *who, const char *method_path, const char *match, const char *body, int status,
                              const char *code)
{
    char headers[300];

    (void)snprintf(headers, sizeof headers, "%s%s%s%s", who, match ? "If-Match: \"" : "", match ? match : "",
                   match ? "\"\r\n" : "");
    ask(method_path, headers, "application/json", body);
    if (site.answer.status != status || (code && !text_equal(json_str(site.answer.body, "code"), code)))
        fail_msg("%s: expected %d %s, got %s", method_path, status, code ? code : "", site.answer.text);
    return site.answer.body;
}

/* ---- people ---- */

struct newcomer {
    const char *user, *number, *unit;
    enum role role;
    const char *hash;
    struct city *city;
};

static bool settle(struct db *db, void *arg, struct error *e)
{
    const struct newcomer *n = arg;
    struct party p = {.kind = n->number ? PARTY_CITIZEN : PARTY_OFFICER, .name = n->user, .number = n->number};
    int64_t account;

    return party_put(db, &p, e) &&
           account_add(db, &(struct account_new){.user = n->user, .password_hash = n->hash, .party = p.id}, &account,
                       e) &&
           role_grant(db, account, n->role, n->unit ? unit_by_code(&n->city->house, n->unit)->id : 0, e);
}

static void arrive(const char *user, const char *number, const char *unit, enum role role, const char *hash,
                   char header[static 128])
{
    struct newcomer n = {user, number, unit, role, hash, site.city};
    char body[160];

    assert_ok(site.city, store_write(site.city->house.store, settle, &n, &site.city->e));
    (void)snprintf(body, sizeof body, "{\"user\": \"%s\", \"password\": \"lúa nếp 7\"}", user);
    ask("POST /api/v1/sessions", "", "application/json", body);
    assert_int_equal(site.answer.status, 201);
    (void)snprintf(header, 128, "Authorization: Bearer %s\r\n", json_str(site.answer.body, "token"));
}

static int open_site(void **state)
{
    char hash[PASSWORD_HASH_MAX];
    struct city *c;

    (void)city_setup(state);
    c = *state;
    site.city = c;
    assert_ok(c, password_hash("lúa nếp 7", hash, &c->e));
    assert_ok(c, jobs_start(c->house.store, 1, &c->e));
    assert_ok(c, http_start(&(struct http_options){.address = "127.0.0.1", .event_threads = 1, .workers = 4}, &c->house,
                            &people_gate, &site.server, &c->e));
    arrive("lan", LAN, NULL, ROLE_CITIZEN, hash, site.lan);
    arrive("minh", NULL, "H29.1.1", ROLE_ONE_STOP, hash, site.officer);
    arrive("thu", NULL, "H29.11", ROLE_STEWARD, hash, site.steward);
    assert_ok(c, put(c, "person", NULL,
                     PERSON(LAN, "Nguyễn Thị Lan", ", \"birth_date\": \"1990-01-02\", \"phone\": \"0901234567\""), 0,
                     NOON));
    assert_ok(c, put(c, "person", NULL, PERSON(MINH, "Trần Minh", ", \"birth_date\": \"1990-01-02\""), 0, NOON));
    assert_ok(c, put(c, "bridge", NULL, "{\"code\": \"Q1/Mống\", \"name\": \"Cầu Mống\", \"length\": 128}", 0, NOON));
    return 0;
}

static int close_site(void **state)
{
    http_stop(site.server, 1000);
    jobs_stop(site.city->house.store);
    json_decref(site.answer.body);
    site.answer.body = NULL;
    return city_teardown(state);
}

#define visit(f) cmocka_unit_test_setup_teardown(f, open_site, close_site)

static size_t size(const json_t *page)
{
    return json_array_size(json_object_get(page, "items"));
}

/* A reply, or each item of a page, against the shape that the OpenAPI document declares. */
static void assert_shape(const char *shape, const json_t *reply)
{
    struct city *c = site.city;
    json_auto_t *held = json_deep_copy(reply);
    json_auto_t *whole = NULL;
    const json_t *items = json_object_get(held, "items"), *one;
    char ref[100];
    struct schema *schema;
    size_t i;

    (void)snprintf(ref, sizeof ref, "#/components/schemas/%s", shape);
    whole = json_pack("{s:s, s:O}", "$ref", ref, "components",
                      json_object_get(get("", "/openapi.json", 200, NULL), "components"));
    assert_ok(c, schema_compile(c->arena, whole, &record_schema_options, &schema, &c->e));
    if (!items) {
        assert_ok(c, schema_validate(schema, held, &c->e));
        return;
    }
    assert_true(json_array_size(items) > 0);
    json_array_foreach(items, i, one) assert_ok(c, schema_validate(schema, one, &c->e));
}

/* ---- stories ---- */

static void replies_have_their_shapes(void **state)
{
    (void)state;
    assert_shape("registry", get("", "/registries", 200, NULL));
    assert_shape("registry", get("", "/registries/person", 200, NULL));
    assert_shape("registry", get("", "/registries/bridge", 200, NULL));
    assert_shape("record", get("", "/registries/unit/records", 200, NULL));
    assert_shape("record", get(site.lan, "/registries/person/records/" LAN, 200, NULL));
    assert_shape("record-version", get(site.steward, "/registries/person/records/" LAN "/history", 200, NULL));
    ask("POST /api/v1/registries/person/import", site.steward, "application/x-ndjson", "{}");
    assert_shape("job", site.answer.body);
}

static void the_catalogue(void **state)
{
    const json_t *j;

    (void)state;
    j = get("", "/registries", 200, NULL);
    assert_int_equal(size(j), 5); /* accounts, bridge, person, registry, unit */
    j = json_array_get(json_object_get(j, "items"), 2);
    assert_string_equal(json_str(j, "title"), "Residents");
    assert_string_equal(json_str(json_object_get(j, "owner"), "code"), "H29.11");
    assert_false(json_flag(j, "may_write"));
    j = get(site.steward, "/registries/person", 200, NULL);
    assert_true(json_flag(j, "may_write"));
    assert_string_equal(json_string_value(json_at(j, "/schema/properties/full_name/title")), "Full name");
    assert_string_equal(json_string_value(json_at(j, "/fields/0/name")), "number");
    (void)get("", "/registries/persons", 404, "not-found");
    j = get("", "/registries/unit/records?q=da%20kao", 200, NULL);
    assert_int_equal(size(j), 1);
}

static void a_citizen_reads_what_is_hers(void **state)
{
    const json_t *j;

    (void)state;
    j = get(site.lan, "/registries/person/records/" LAN, 200, NULL);
    assert_string_equal(json_string_value(json_at(j, "/body/phone")), "0901234567");
    assert_string_equal(json_str(j, "title"), "Resident: Nguyễn Thị Lan");
    assert_non_null(strstr(site.answer.text, "ETag: \"1")); /* the ETag */
    j = get(site.lan, "/registries/person/records", 200, NULL);
    assert_int_equal(size(j), 1);
    assert_int_equal(size(get(site.lan, "/registries/person/records?q=minh", 200, NULL)), 0);
    assert_int_equal(size(get(site.lan, "/registries/person/records?where[birth_date]=1990-01-02", 200, NULL)), 1);
    (void)get(site.lan, "/registries/person/records/" MINH, 404, "not-found");
    (void)get(site.lan, "/registries/person/records/" MINH "/history", 404, "not-found");
    (void)get(site.lan, "/registries/person/records/" MINH "?purpose=case", 403, "forbidden");
    (void)get(site.lan, "/registries/person/records?purpose=stewardship", 403, "forbidden");
    (void)get("", "/registries/person/records/" LAN, 401, "unauthenticated");
    (void)get("", "/registries/person/records?purpose=case", 401, "unauthenticated");
}

static size_t audited(const char *about, struct audit_row rows[static 20])
{
    struct city *c = site.city;
    auto_read struct db *db = NULL;
    size_t n = 0;

    assert_ok(c, store_read(c->house.store, &db, &c->e));
    assert_ok(c, audit_about(db, c->arena, &c->house, about, INT64_MAX, 20, rows, &n, LANG_EN, &c->e));
    return n;
}

static void an_officer_sees_what_the_rules_show(void **state)
{
    struct audit_row rows[20];
    const json_t *j;
    size_t n;

    (void)state;
    j = get(site.officer, "/registries/person/records/" LAN "?case=H29.1.1-261121-0001", 200, NULL);
    assert_int_equal(json_object_size(json_object_get(j, "body")), 3);
    assert_null(json_at(j, "/body/phone"));
    assert_int_equal(size(get(site.officer, "/registries/person/records?where[birth_date]=1990-01-02", 200, NULL)), 2);
    (void)get(site.officer, "/registries/person/records?where[phone]=0901234567", 403, "forbidden");
    (void)get(site.officer, "/registries/person/records?q=lan", 403, "forbidden"); /* it searches the mother too */
    (void)get(site.officer, "/registries/person/records?where[full_name]=Lan", 400, "bad-query");
    (void)get(site.officer, "/registries/person/records?colour=red", 400, "bad-query");
    (void)get(site.officer, "/registries/person/records?at=yesterday", 400, "bad-query");
    (void)get(site.officer, "/registries/person/records/" LAN "?purpose=self", 403, "forbidden");
    (void)get(site.officer, "/registries/person/records/" LAN "?case=17x", 400, "bad-query");
    /* stopping empties the queue of the audit */
    http_stop(site.server, 1000);
    city_sleep(site.city);
    city_wake(site.city);
    n = audited(LAN, rows);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].action, "search");
    assert_string_equal(rows[1].action, "read");
    assert_string_equal(rows[1].purpose, "case H29.1.1-261121-0001");
    assert_int_equal(audited(MINH, rows), 1);
    assert_ok(site.city, http_start(&(struct http_options){.address = "127.0.0.1", .event_threads = 1, .workers = 1},
                                    &site.city->house, &people_gate, &site.server, &site.city->e));
    assert_ok(site.city, jobs_start(site.city->house.store, 1, &site.city->e));
}

static void everyone_sees_bridges(void **state)
{
    const json_t *j;

    (void)state;
    j = get("", "/registries/bridge/records/Q1%2FM%E1%BB%91ng", 200, NULL);
    assert_string_equal(json_str(j, "key"), "Q1/Mống");
    assert_null(json_at(j, "/body/length"));
    assert_int_equal(size(get(site.lan, "/registries/bridge/records?q=mong", 200, NULL)), 1);
    assert_int_equal(size(get("", "/registries/bridge/records?at=2026-11-22", 200, NULL)), 1);
    assert_int_equal(size(get("", "/registries/bridge/records?at=2026-11-21T11:59:00%2B07:00", 200, NULL)), 0);
    (void)get("", "/registries/bridge/records?at=2026-11-22&q=mong", 400, "bad-query");
    (void)get("", "/registries/bridge/records/Q1%2FM%E1%BB%91ng?at=2020-01-01", 404, "not-found");
}

#define LAN_PATH "/api/v1/registries/person/records/" LAN
#define AN_PATH "/api/v1/registries/person/records/" AN

static void stewards_write(void **state)
{
    const json_t *j;

    (void)state;
    (void)write_as(site.officer, "PUT " LAN_PATH, "1", PERSON(LAN, "Lan", ""), 403, "forbidden");
    (void)write_as(site.lan, "PUT " LAN_PATH, "1", PERSON(LAN, "Lan", ""), 403, "forbidden");
    (void)write_as("", "PUT " LAN_PATH, "1", PERSON(LAN, "Lan", ""), 401, "unauthenticated");
    (void)write_as(site.steward, "PUT " LAN_PATH, NULL, PERSON(LAN, "Lan", ""), 428, "precondition-required");
    (void)write_as(site.steward, "PUT " LAN_PATH, "7", PERSON(LAN, "Lan", ""), 412, "stale-version");
    (void)write_as(site.steward, "PUT " LAN_PATH, "0", PERSON(LAN, "Lan", ""), 409, "record-exists");
    (void)write_as(site.steward, "PUT " LAN_PATH, "1", PERSON(LAN, "L", ""), 422, "record-invalid");
    (void)write_as(site.steward, "PUT " LAN_PATH, "1", PERSON(AN, "An", ""), 422, "record-invalid");
    j = write_as(site.steward, "PUT " AN_PATH "?reason=b%E1%BB%95%20sung", "0",
                 PERSON(AN, "Tra\xCC\x82\xCC\x80n An", ", \"phone\": \"0907654321\""), 200, NULL);
    assert_string_equal(json_string_value(json_at(j, "/body/full_name")), "Trần An"); /* kept in one form */
    assert_string_equal(json_str(json_object_get(j, "unit"), "code"), "H29.11");
    (void)write_as(site.steward, "PATCH " AN_PATH, "1", "{\"phone\": \"0901234567\"}", 409, "conflict");
    j = write_as(site.steward, "PATCH " AN_PATH, "1",
                 "{\"phone\": null, \"alive\": true, \"mother\": {\"number\": \"" LAN "\"}}", 200, NULL);
    assert_int_equal(json_i64(j, "version", 0), 2);
    assert_null(json_at(j, "/body/phone"));
    assert_string_equal(json_string_value(json_at(j, "/body/mother/number")), LAN);
    (void)write_as(site.steward, "PATCH /api/v1/registries/person/records/079200000099", "1", "{}", 404, "not-found");
    (void)write_as(site.steward, "PUT /api/v1/registries/unit/records/H29", "1", "{}", 403, "forbidden");
    (void)write_as(site.steward, "DELETE " AN_PATH, "1", NULL, 412, "stale-version");
    (void)write_as(site.steward, "DELETE " AN_PATH, "2", NULL, 204, NULL);
    j = get(site.steward, "/registries/person/records/" AN "/history?limit=2", 200, NULL);
    assert_int_equal(size(j), 2);
    assert_string_equal(json_string_value(json_at(j, "/items/0/actor")), "thu");
    assert_true(json_is_string(json_at(j, "/items/0/valid_to")));
    assert_true(json_is_string(json_object_get(j, "next")));
    assert_int_equal(size(get(site.steward, "/registries/person/records?q=an", 200, NULL)), 0);
}

/* Waits for the job's own end, told by its row. */
static const json_t *job_done(const char *id)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/jobs/%s", id);
    for (;;) {
        const json_t *j = get(site.steward, path, 200, NULL);
        const char *at = json_str(j, "state");

        if (strcmp(at, "queued") != 0 && strcmp(at, "running") != 0)
            return j;
        (void)sched_yield();
    }
}

static void an_import_is_a_job(void **state)
{
    static const char csv[] = "number,full_name\n" AN ",An\n12,X\n";
    char id[32], path[64], keyed[256];
    const json_t *j;

    (void)state;
    ask("POST /api/v1/registries/person/import", site.officer, "text/csv", csv);
    assert_int_equal(site.answer.status, 403);
    ask("POST /api/v1/registries/person/import", site.steward, "application/pdf", csv);
    assert_int_equal(site.answer.status, 415);
    ask("POST /api/v1/registries/person/import?dry_run=1", site.steward, "text/csv", csv);
    assert_int_equal(site.answer.status, 202);
    (void)snprintf(id, sizeof id, "%s", json_str(site.answer.body, "id"));
    j = job_done(id);
    assert_string_equal(json_str(j, "state"), "done");
    assert_true(json_is_true(json_at(j, "/output/dry_run")));
    (void)get(site.steward, "/registries/person/records/" AN, 404, "not-found");
    (void)snprintf(path, sizeof path, "/jobs/%s", id);
    (void)get(site.officer, path, 403, "forbidden");
    (void)get(site.steward, "/jobs/1", 404, "not-found");

    (void)snprintf(keyed, sizeof keyed, "%sIdempotency-Key: once\r\n", site.steward);
    ask("POST /api/v1/registries/person/import", keyed, "text/csv", csv);
    assert_int_equal(site.answer.status, 202);
    (void)snprintf(id, sizeof id, "%s", json_str(site.answer.body, "id"));
    ask("POST /api/v1/registries/person/import", keyed, "text/csv", csv);
    assert_int_equal(site.answer.status, 202);
    assert_string_equal(json_str(site.answer.body, "id"), id);
    ask("POST /api/v1/registries/person/import", keyed, "text/csv", "number\n");
    assert_int_equal(site.answer.status, 422);
    j = job_done(id);
    assert_int_equal(json_integer_value(json_at(j, "/output/new")), 1);
    assert_int_equal(json_integer_value(json_at(j, "/output/problems/0/line")), 3);
    (void)get(site.steward, "/registries/person/records/" AN, 200, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        visit(replies_have_their_shapes),    visit(the_catalogue),
        visit(a_citizen_reads_what_is_hers), visit(an_officer_sees_what_the_rules_show),
        visit(everyone_sees_bridges),        visit(stewards_write),
        visit(an_import_is_a_job),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
