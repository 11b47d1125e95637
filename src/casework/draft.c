/* Drafts: what a person has begun to fill in. Theirs alone; no officer sees one. */
#include "casework/casework_internal.h"

struct saving {
    int64_t party, now;
    const char *service, *body;
};

static bool write_draft(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "INSERT INTO draft (party, service, body, saved_at) VALUES ($1, $2, $3, $4)"
                              " ON CONFLICT (party, service) DO UPDATE SET body = $3, saved_at = $4";
    const struct saving *s = arg;

    db_touches(db, NULL, 0); /* drafts stand in no reply that is kept */
    return db_exec(db, NULL, e, sql, ARGS(I64(s->party), TEXT(s->service), TEXT(s->body), I64(s->now)));
}

bool draft_put(struct house *h, int64_t party, const char *service, const json_t *body, int64_t now, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct saving s = {party, now, service, json_text(a, body)};

    return store_write(h->store, write_draft, &s, e);
}

static bool write_drop(struct db *db, void *arg, struct error *e)
{
    const struct saving *s = arg;

    return db_exec(db, NULL, e, "DELETE FROM draft WHERE party = $1 AND service = $2",
                   ARGS(I64(s->party), TEXT(s->service)));
}

bool draft_drop(struct house *h, int64_t party, const char *service, struct error *e)
{
    struct saving s = {.party = party, .service = service};

    return store_write(h->store, write_drop, &s, e);
}

bool draft_write(struct json_out *o, struct db *db, int64_t party, const char *service, bool *found, struct error *e)
{
    static const char sql[] = "SELECT service, body, saved_at FROM draft WHERE party = $1 AND ($2 = '' OR service = $2)"
                              " ORDER BY saved_at DESC LIMIT 200";
    auto_rows struct rows *r = NULL;
    bool more;

    *found = false;
    if (!db_query(db, &r, e, sql, ARGS(I64(party), TEXT(service ? service : ""))))
        return false;
    for (;;) {
        json_auto_t *body = NULL;

        if (!rows_next(r, &more, e))
            return false;
        if (!more)
            return true;
        *found = true;
        body = rows_json_new(r, 1);
        out_open(o, '{');
        out_member_text(o, "service", rows_text(r, 0));
        out_member_text(o, "unit", json_str(body, "unit"));
        out_member_text(o, "page", json_str(body, "page"));
        out_member_json(o, "form", json_object_get(body, "form"));
        out_key(o, "papers");
        if (json_object_get(body, "papers"))
            out_json(o, json_object_get(body, "papers"));
        else
            out_raw(o, "[]");
        out_member_instant(o, "saved_at", rows_i64(r, 2));
        out_close(o, '}');
    }
}
