/* Parties: citizens, organisations, officers. */
#include "people/people_internal.h"

static const char *const kinds[PARTY__COUNT] = {
    [PARTY_CITIZEN] = "citizen",
    [PARTY_ORGANISATION] = "organisation",
    [PARTY_OFFICER] = "officer",
};

const char *party_kind_name(enum party_kind kind)
{
    return kinds[kind];
}

bool party_kind_parse(const char *name, enum party_kind *out)
{
    for (size_t i = 0; i < PARTY__COUNT; i++)
        if (text_equal(name, kinds[i])) {
            *out = (enum party_kind)i;
            return true;
        }
    return false;
}

bool party_row(struct rows *r, int first, struct arena *a, struct party *out, struct error *e)
{
    struct party p = {.id = rows_i64(r, first)};

    if (!party_kind_parse(rows_text(r, first + 1), &p.kind))
        return fail(e, E_DATABASE, "party %lld is of no known kind", (long long)p.id);
    p.name = arena_strdup(a, rows_text(r, first + 2));
    p.number = arena_strdup(a, rows_text(r, first + 3));
    p.phone = arena_strdup(a, rows_text(r, first + 4));
    p.email = arena_strdup(a, rows_text(r, first + 5));
    p.address = arena_strdup(a, rows_text(r, first + 6));
    p.place = arena_strdup(a, rows_text(r, first + 7));
    *out = p;
    return true;
}

bool party_find(struct db *db, struct arena *a, int64_t id, struct party *out, bool *found, struct error *e)
{
    static const char sql[] = "SELECT " PARTY_COLUMNS " FROM party p WHERE p.id = $1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, found, e, sql, ARGS(I64(id))) && (!*found || party_row(r, 0, a, out, e));
}

bool party_by_number(struct db *db, struct arena *a, const char *number, struct party *out, bool *found,
                     struct error *e)
{
    static const char sql[] = "SELECT " PARTY_COLUMNS " FROM party p WHERE p.number = $1";
    auto_rows struct rows *r = NULL;

    return db_find(db, &r, found, e, sql, ARGS(TEXT(number))) && (!*found || party_row(r, 0, a, out, e));
}

bool party_put(struct db *db, struct party *p, struct error *e)
{
    static const char sql[] =
        "INSERT INTO party (id, kind, name, number, phone, email, address, place)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, number = excluded.number,"
        " phone = excluded.phone, email = excluded.email, address = excluded.address, place = excluded.place";
    int64_t id = p->id ? p->id : id_new();

    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(id), TEXT(kinds[p->kind]), TEXT(p->name), TEXT(p->number), TEXT(p->phone), TEXT(p->email),
                      TEXT(p->address), TEXT(p->place))))
        return false;
    p->id = id;
    return true;
}

void party_write(struct json_out *o, const struct party *p, bool personal)
{
    if (!p) {
        out_null(o);
        return;
    }
    out_open(o, '{');
    out_member_id(o, "id", p->id);
    out_member_text(o, "kind", kinds[p->kind]);
    out_member_text(o, "name", p->name);
    out_member_text(o, "number", personal ? p->number : NULL);
    out_member_text(o, "phone", personal ? p->phone : NULL);
    out_member_text(o, "email", personal ? p->email : NULL);
    out_member_text(o, "address", personal ? p->address : NULL);
    out_close(o, '}');
}

json_t *party_json_new(const struct party *p, bool personal)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    party_write(&o, p, personal);
    return json_loads(out_string(&o), 0, NULL); /* what was just written */
}
