/* A party's notices, and its live events. */
#include "notice/notice_internal.h"

#include <inttypes.h>

#include "http/http.h"
#include "people/people.h"

#include "module.h"

extern const char notice_shapes_yaml[]; /* shapes.yaml, made by the build */

enum { TOPICS_MAX = 32 }; /* of one listener: itself and the units it serves */

struct notice_params {
    bool unread;
};

/* clang-format off */
static const struct field notice_params_fields[] = {
    {"unread", FIELD_BOOL, offsetof(struct notice_params, unread), 0},
    {0},
};
/* clang-format on */

static json_t *notice_json_new(const struct notice_row *row)
{
    json_t *j = json_object();

    json_object_set_new(j, "id", json_id(row->id));
    json_object_set_new(j, "at", json_instant(row->at));
    json_object_set_new(j, "title", json_string(row->title));
    json_object_set_new(j, "text", json_string(row->text));
    json_object_set_new(j, "case", json_text_or_null(row->case_code));
    json_object_set_new(j, "read", json_boolean(row->is_read));
    return j;
}

static bool get_notices(struct request *q, struct reply *r, struct error *e)
{
    struct notice_row rows[PAGE_LIMIT_MAX + 1];
    struct notice_params params;
    auto_read struct db *db = NULL;
    struct page page;
    int64_t before = 0;
    size_t n, limit;
    json_t *items;

    if (!request_query_fields(q, notice_params_fields, &params, e) || !request_page(q, &page, e))
        return false;
    if (page.cursor && !text_to_i64(page.cursor, 1, INT64_MAX, &before))
        return fail(e, E_BAD_CURSOR, "not a number");
    limit = (size_t)page.limit;
    if (!store_read(request_house(q)->store, &db, e) ||
        !notice_list(db, request_arena(q), request_actor(q)->party, params.unread, before, request_lang(q), limit + 1,
                     rows, &n, e))
        return false;
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, notice_json_new(&rows[i]));
    return reply_page(
        r, items, n > limit ? page_cursor(q, arena_printf(request_arena(q), "%" PRId64, rows[limit - 1].id)) : NULL);
}

/* ---- reading ---- */
struct reading {
    int64_t party, id, now; /* id 0: all */
};

static bool write_reading(struct db *db, void *arg, struct error *e)
{
    const struct reading *x = arg;

    return x->id ? notice_mark_read(db, x->party, x->id, x->now, e) : notice_mark_all_read(db, x->party, x->now, e);
}

static bool post_read(struct request *q, struct reply *r, struct error *e)
{
    struct reading x = {.party = request_actor(q)->party, .now = request_now(q)};

    if (!text_to_i64(request_param(q, "id"), 1, INT64_MAX, &x.id))
        return fail(e, E_NOT_FOUND, "not an id");
    return store_write(request_house(q)->store, write_reading, &x, e) && reply_empty(r, 204);
}

static bool post_read_all(struct request *q, struct reply *r, struct error *e)
{
    struct reading x = {.party = request_actor(q)->party, .now = request_now(q)};

    return store_write(request_house(q)->store, write_reading, &x, e) && reply_empty(r, 204);
}

/* ---- live events ---- */
static bool get_events(struct request *q, struct reply *r, struct error *e)
{
    const struct actor *who = request_actor(q);
    struct arena *a = request_arena(q);
    const char *topics[TOPICS_MAX];
    size_t n = 0;

    topics[n++] = arena_printf(a, "party:%" PRId64, who->party);
    for (size_t i = 0; i < who->n_roles && n < TOPICS_MAX; i++) {
        bool said = who->roles[i].unit == 0;

        for (size_t k = 0; k < i && !said; k++)
            said = who->roles[k].unit == who->roles[i].unit;
        if (!said)
            topics[n++] = arena_printf(a, "unit:%" PRId64, who->roles[i].unit);
    }
    return reply_events(q, r, topics, n, e);
}

/* clang-format off */
static const struct route routes[] = {
    {"GET",  "/api/v1/notices",           RIGHT_SIGNED_IN, NULL, "page:notice", "The caller's notices, newest first", get_notices, .query = notice_params_fields},
    {"POST", "/api/v1/notices/{id}/read", RIGHT_SIGNED_IN, NULL, NULL,          "Mark a notice as read", post_read, ROUTE_NO_BODY, .status = 204},
    {"POST", "/api/v1/notices/read-all",  RIGHT_SIGNED_IN, NULL, NULL,          "Mark all of the caller's notices as read", post_read_all, ROUTE_NO_BODY, .status = 204},
    {"GET",  "/api/v1/events",            RIGHT_SIGNED_IN, NULL, NULL,          "Live events: changed cases and new notices (text/event-stream)", get_events},
    {0},
};
/* clang-format on */

static const struct shapes shapes = {.yaml = notice_shapes_yaml}; /* ends in NUL */

const struct module notice_module = {
    .name = "notice",
    .migrations = notice_migrations,
    .routes = routes,
    .shapes = &shapes,
    .start = notice_start,
};
