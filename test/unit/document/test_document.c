/* Documents over the edge: uploads, who sees them, the vault, what is held and still valid. */
#include "room.h"

static const char pdf_type[] = "Content-Type: application/pdf\r\n";

static json_t *upload(struct street *s, const char *token, const char *headers, const char *bytes, int status)
{
    struct answer a;

    ask(s, "POST", "/api/v1/documents", token, headers, text_bytes(bytes), &a);
    if (a.status != status)
        fail_msg("%d: %s", a.status, a.body);
    return json_of(s, &a);
}

static void uploads_and_their_problems(void **state)
{
    /* clang-format off */
    static const struct {
        const char *headers, *bytes;
        int status;
        const char *code;
    } rows[] = {
        {"Content-Type: application/pdf\r\n", "%PDF-1.4 x", 201, NULL},
        {"Content-Type: image/png\r\n",       "%PDF-1.4 x", 415, "file-type"},
        {"Content-Type: text/html\r\n",       "<script>",   415, "file-type"},
        {"Content-Type: application/pdf\r\n", "",           422, "file-empty"},
        {"",                                  "chữ",        201, NULL},
    };
    /* clang-format on */
    struct street *s = *state;
    const char *lan = sign_in(s, "lan");

    for (size_t i = 0; i < COUNT(rows); i++) {
        const json_t *j = upload(s, lan, rows[i].headers, rows[i].bytes, rows[i].status);

        if (rows[i].code)
            assert_string_equal(json_str(j, "code"), rows[i].code);
        else
            assert_int_equal(json_i64(j, "size", 0), (int64_t)strlen(rows[i].bytes));
    }
    (void)upload(s, NULL, pdf_type, "%PDF-", 401);
}

static void one_key_one_document(void **state)
{
    struct street *s = *state;
    const char *lan = sign_in(s, "lan"), *key = "Content-Type: application/pdf\r\nIdempotency-Key: anh-1\r\n";
    const json_t *first = upload(s, lan, key, "%PDF-1.4 x", 201);

    assert_true(json_equal((json_t *)(uintptr_t)first, upload(s, lan, key, "%PDF-1.4 x", 201)));
    assert_string_equal(json_str(upload(s, lan, key, "%PDF-1.4 y", 422), "code"), "idempotency-reused");
    assert_false(json_equal((json_t *)(uintptr_t)first, upload(s, lan, pdf_type, "%PDF-1.4 x", 201)));
}

struct binding {
    int64_t id, case_id, owner;
    const char *kind;
};

static bool bind_write(struct db *db, void *arg, struct error *e)
{
    const struct binding *b = arg;

    return document_bind(db, b->id, b->case_id, b->owner, b->kind, "Giấy chứng sinh", e);
}

/* Case 7 is everybody's, no other is anybody's. */
static bool may_case_7(struct db *db, const struct house *h, const struct actor *who, const struct document *d,
                       bool *may, struct error *e)
{
    (void)db, (void)h, (void)who, (void)e;
    *may = d->case_id == 7;
    return true;
}

static bool code_7(struct db *db, struct arena *a, int64_t case_id, const char **code, struct error *e)
{
    (void)db, (void)e;
    *code = arena_printf(a, "H29.1.5-261121-%04d", (int)case_id);
    return true;
}

static void who_sees_a_document(void **state)
{
    struct street *s = *state;
    const char *lan = sign_in(s, "lan"), *minh = sign_in(s, "minh"), *id, *path, *content;
    struct binding b = {.owner = s->lan, .kind = "birth-notice", .case_id = 6};
    struct answer a;

    document_on_case(&s->house, may_case_7);
    document_case_code(&s->house, code_7);
    id = json_str(upload(s, lan,
                         "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n",
                         "%PDF-1.4 x", 201),
                  "id");
    path = arena_printf(s->arena, "/api/v1/documents/%s", id);
    content = arena_printf(s->arena, "%s/content", path);
    assert_true(text_to_i64(id, 1, INT64_MAX, &b.id));

    get(s, path, lan, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(json_str(json_of(s, &a), "title"), "a.pdf");
    get(s, path, minh, &a);
    assert_int_equal(a.status, 404);
    assert_ok(s, store_write(s->house.store, bind_write, &b, &s->e));
    get(s, path, minh, &a);
    assert_int_equal(a.status, 404); /* of a case that is not his */
    b.case_id = 7;
    assert_ok(s, store_write(s->house.store, bind_write, &b, &s->e)); /* filed again with another */
    get(s, content, minh, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "%PDF-1.4 x");
    assert_non_null(strstr(a.head, "X-Content-Type-Options: nosniff"));
    assert_null(strstr(a.head, "attachment"));
    b.id = 5;
    assert_fails(s, E_NOT_FOUND, store_write(s->house.store, bind_write, &b, &s->e));
}

static bool seen_in_log(struct street *s, const char *number, const char *action, const char *who)
{
    auto_read struct db *db = NULL;
    struct audit_row rows[20];
    size_t n = 0;

    assert_ok(s, store_read(s->house.store, &db, &s->e));
    assert_ok(s, audit_about(db, s->arena, &s->house, number, INT64_MAX, COUNT(rows), rows, &n, LANG_VI, &s->e));
    for (size_t i = 0; i < n; i++)
        if (text_equal(rows[i].action, action) && text_equal(rows[i].who, who))
            return true;
    return false;
}

static void the_owner_reads_who_looked(void **state)
{
    struct street *s = *state;
    const char *lan = sign_in(s, "lan"), *minh = sign_in(s, "minh");
    struct document mine, other;
    struct answer a;

    issue(s, &mine, "civil-extract", "AAAABBBBCCCC", "valid", INSTANT_NONE);
    issue(s, &other, "civil-extract", "AAAABBBBCCCD", "valid", INSTANT_NONE);
    other.id = 0; /* one that Minh neither made nor may see */
    other.uploader = s->lan;
    other.verify_code = NULL;
    assert_ok(s, store_write(s->house.store, add_write, &other, &s->e));
    get(s, arena_printf(s->arena, "/api/v1/documents/%" PRId64 "/content", mine.id), minh, &a);
    assert_int_equal(a.status, 200);
    get(s, arena_printf(s->arena, "/api/v1/documents/%" PRId64, other.id), minh, &a);
    assert_int_equal(a.status, 404);
    get(s, arena_printf(s->arena, "/api/v1/documents/%" PRId64, mine.id), lan, &a);
    assert_int_equal(a.status, 200);
    street_sleep(s); /* empties the queue of what was read */
    street_wake(s);
    assert_true(seen_in_log(s, LAN_NUMBER, "download", "Trần Văn Minh"));
    assert_true(seen_in_log(s, LAN_NUMBER, "denied", "Trần Văn Minh"));
    assert_false(seen_in_log(s, LAN_NUMBER, "read", "Nguyễn Thị Lan"));
}

static void what_is_held_and_valid(void **state)
{
    static const int64_t now = 1795237200000;
    static const struct {
        const char *kind, *code, *status;
        int64_t until;
    } papers[] = {
        {"marital-status", "AAAAAAAAAAA1", "valid", 1795237199999},
        {"marital-status", "AAAAAAAAAAA2", "valid", 1795237200000},
        {"marital-status", "AAAAAAAAAAA3", "withdrawn", INSTANT_NONE},
        {"marital-status", "AAAAAAAAAAA4", "superseded", INSTANT_NONE},
        {"marital-status", "AAAAAAAAAAA5", "valid", INSTANT_NONE},
        {"civil-extract", "AAAAAAAAAAA6", "valid", INSTANT_NONE},
    };
    struct street *s = *state;
    struct document d, held[4];
    auto_read struct db *db = NULL;
    size_t n;

    for (size_t i = 0; i < COUNT(papers); i++)
        issue(s, &d, papers[i].kind, papers[i].code, papers[i].status, papers[i].until);
    assert_ok(s, store_read(s->house.store, &db, &s->e));
    assert_ok(s, document_held(db, s->arena, s->lan, "marital-status", now, held, COUNT(held), &n, &s->e));
    assert_int_equal(n, 2);
    assert_string_equal(held[0].verify_code, "AAAAAAAAAAA5"); /* the newest first */
    assert_string_equal(held[1].verify_code, "AAAAAAAAAAA2"); /* until its last instant */
    assert_ok(s, document_held(db, s->arena, s->lan, "marital-status", now, held, 1, &n, &s->e));
    assert_int_equal(n, 1);
    assert_ok(s, document_held(db, s->arena, s->minh, "marital-status", now, held, COUNT(held), &n, &s->e));
    assert_int_equal(n, 0);
}

static void the_vault_is_ones_own(void **state)
{
    struct street *s = *state;
    const char *lan = sign_in(s, "lan");
    const json_t *documents;
    struct document d;
    struct answer a;

    issue(s, &d, "marital-status", "AAAAAAAAAAA1", "valid", 1000);
    issue(s, &d, "civil-extract", "AAAAAAAAAAA2", "valid", INSTANT_NONE);
    (void)upload(s, lan, pdf_type, "%PDF-1.4 x", 201); /* not filed: not in the vault yet */
    get(s, "/api/v1/vault", lan, &a);
    assert_int_equal(a.status, 200);
    documents = json_object_get(json_of(s, &a), "documents");
    assert_int_equal(json_array_size(documents), 2);
    assert_string_equal(json_str(json_array_get(documents, 0), "status"), "valid");
    assert_string_equal(json_str(json_array_get(documents, 1), "status"), "expired");
    get(s, "/api/v1/vault", sign_in(s, "minh"), &a);
    assert_int_equal(a.status == 403 || json_array_size(json_object_get(json_of(s, &a), "documents")) == 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        room_story(uploads_and_their_problems), room_story(one_key_one_document),   room_story(who_sees_a_document),
        room_story(the_owner_reads_who_looked), room_story(what_is_held_and_valid), room_story(the_vault_is_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
