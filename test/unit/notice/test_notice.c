/* Notices: kept, listed in both languages, read by their own party only, and live once they are on disk. */
#include "street.h"

#include "notice/notice.h"

static const struct module *const modules[] = {&people_module, &notice_module, NULL};

static int open_street(void **state)
{
    return street_open(state, modules);
}

struct telling {
    struct street *s;
    int64_t party;
    const char *code;
    bool then_fail;
};

static bool tell(struct db *db, void *arg, struct error *e)
{
    const struct telling *t = arg;
    struct notice n = {.party = t->party,
                       .title = {"Hồ sơ đã được tiếp nhận", "Your dossier was received"},
                       .text = {"Hẹn trả ngày 23/11/2026.", "Due on 23/11/2026."},
                       .case_code = t->code,
                       .at = 1795237200000};

    if (!notice_add(db, &t->s->house, &n, e))
        return false;
    return !t->then_fail || fail(e, E_CONFLICT, "the write it tells of failed");
}

static void told(struct street *s, int64_t party, const char *code)
{
    assert_ok(s, store_write(s->house.store, tell, &(struct telling){s, party, code, false}, &s->e));
}

static const json_t *items(struct street *s, const char *path, const char *token, size_t n)
{
    struct answer a;
    const json_t *list;

    get(s, path, token, &a);
    assert_int_equal(a.status, 200);
    list = json_object_get(json_of(s, &a), "items");
    assert_int_equal(json_array_size(list), n);
    return list;
}

static void a_notice_is_kept_and_shown_to_its_party(void **state)
{
    struct street *s = *state;
    const char *lan = sign_in(s, "lan"), *minh = sign_in(s, "minh");
    const json_t *first;
    struct answer a;

    told(s, s->lan, "H29.1.5-261121-0001");
    told(s, s->lan, "H29.1.5-261121-0002");
    assert_fails(s, E_CONFLICT,
                 store_write(s->house.store, tell, &(struct telling){s, s->lan, "H29.1.5-261121-0003", true}, &s->e));

    first = json_array_get(items(s, "/api/v1/notices", lan, 2), 0);
    assert_string_equal(json_str(first, "case"), "H29.1.5-261121-0002"); /* the newest */
    assert_string_equal(json_str(first, "title"), "Hồ sơ đã được tiếp nhận");
    assert_false(json_flag(first, "read"));
    ask(s, "GET", "/api/v1/notices?limit=1", lan, "Accept-Language: en\r\n", (struct bytes){NULL, 0}, &a);
    assert_non_null(strstr(a.body, "Your dossier was received"));
    {
        const char *next = json_str(json_of(s, &a), "next");

        assert_non_null(next);
        first = json_array_get(items(s, arena_printf(s->arena, "/api/v1/notices?limit=1&cursor=%s", next), lan, 1), 0);
        assert_string_equal(json_str(first, "case"), "H29.1.5-261121-0001");
    }
    (void)items(s, "/api/v1/notices", minh, 0);
    get(s, "/api/v1/notices", NULL, &a);
    assert_int_equal(a.status, 401);
}

static void reading_is_ones_own(void **state)
{
    struct street *s = *state;
    const char *lan = sign_in(s, "lan"), *minh = sign_in(s, "minh"), *path;
    struct answer a;

    for (int i = 0; i < 3; i++)
        told(s, s->lan, NULL);
    path = arena_printf(s->arena, "/api/v1/notices/%s/read",
                        json_str(json_array_get(items(s, "/api/v1/notices?unread=1", lan, 3), 1), "id"));
    ask(s, "POST", path, minh, "", (struct bytes){NULL, 0}, &a);
    assert_int_equal(a.status, 404);
    for (int i = 0; i < 2; i++) { /* twice is fine */
        ask(s, "POST", path, lan, "", (struct bytes){NULL, 0}, &a);
        assert_int_equal(a.status, 204);
        (void)items(s, "/api/v1/notices?unread=1", lan, 2);
    }
    (void)items(s, "/api/v1/notices", lan, 3);
    ask(s, "POST", "/api/v1/notices/read-all", lan, "", (struct bytes){NULL, 0}, &a);
    assert_int_equal(a.status, 204);
    (void)items(s, "/api/v1/notices?unread=true", lan, 0);
    ask(s, "POST", "/api/v1/notices/many/read", lan, "", (struct bytes){NULL, 0}, &a);
    assert_int_equal(a.status, 404);
}

/* Reads until text was seen; false when the stream ends first. */
static bool hear(int fd, const char *text)
{
    struct buf b = BUF_INIT(1 << 20);
    bool seen = false;

    while (!seen) {
        char part[512];
        ssize_t n = recv(fd, part, sizeof part, 0);

        if (n <= 0)
            break;
        buf_add(&b, part, (size_t)n);
        seen = strstr(b.data, text) != NULL;
    }
    buf_done(&b);
    return seen;
}

static int listen_as(struct street *s, const char *token)
{
    const char *text =
        arena_printf(s->arena, "GET /api/v1/events HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer %s\r\n\r\n", token);
    int fd = dial(s);

    assert_ok(s, fd_write_all(fd, (struct bytes){text, strlen(text)}, &s->e));
    assert_true(hear(fd, ": connected"));
    return fd;
}

static bool change_case(struct db *db, void *arg, struct error *e)
{
    struct street *s = arg;
    const char *topics[] = {arena_printf(s->arena, "unit:%" PRId64, s->unit)};

    return notice_case_changed(db, &s->house, topics, 1, "H29.1.5-261121-0001", 3, 4, e);
}

static void news_reaches_who_it_is_for(void **state)
{
    struct street *s = *state;
    auto_close int lan = listen_as(s, sign_in(s, "lan"));
    auto_close int minh = listen_as(s, sign_in(s, "minh"));

    assert_ok(s, store_write(s->house.store, change_case, s, &s->e));
    told(s, s->lan, NULL);
    assert_true(hear(minh, "event: case\ndata: {\"code\":\"H29.1.5-261121-0001\",\"version\":3,\"status\":4}\n"));
    assert_true(hear(lan, "event: notice\ndata: {\"id\":\"")); /* and not the case before it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_notice_is_kept_and_shown_to_its_party, open_street, street_close),
        cmocka_unit_test_setup_teardown(reading_is_ones_own, open_street, street_close),
        cmocka_unit_test_setup_teardown(news_reaches_who_it_is_for, open_street, street_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
