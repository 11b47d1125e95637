/* The head's board over HTTP. */
#include "casework/casework_api.h"

static void write_tally(struct json_out *o, const struct tally *t)
{
    out_member_i64(o, "open", t->open);
    out_member_i64(o, "late", t->late);
    out_member_i64(o, "silent", t->silent);
    out_member_i64(o, "tomorrow", t->tomorrow);
}

static void write_officers(struct json_out *o, const struct board *b)
{
    out_key(o, "officers");
    out_open(o, '[');
    for (size_t i = 0; i < b->n_officers; i++) {
        out_open(o, '{');
        out_key(o, "officer");
        if (b->officers[i].officer) {
            out_open(o, '{');
            out_member_id(o, "id", b->officers[i].officer);
            out_member_text(o, "name", b->officers[i].name);
            out_close(o, '}');
        } else {
            out_null(o);
        }
        write_tally(o, &b->officers[i].tally);
        out_close(o, '}');
    }
    out_close(o, ']');
}

static void write_services(struct json_out *o, const struct board *b, enum lang lang)
{
    out_key(o, "services");
    out_open(o, '[');
    for (size_t i = 0; i < b->n_services; i++) {
        out_open(o, '{');
        out_member_text(o, "code", b->services[i].service->code);
        out_member_text(o, "name", b->services[i].service->name[lang]);
        write_tally(o, &b->services[i].tally);
        out_close(o, '}');
    }
    out_close(o, ']');
}

static void write_statuses(struct json_out *o, const struct board *b, enum lang lang)
{
    out_key(o, "statuses");
    out_open(o, '[');
    for (int status = STATUS_SUBMITTED; status < STATUS__COUNT; status++) {
        if (!b->statuses[status].open)
            continue;
        out_open(o, '{');
        out_member_i64(o, "status", status);
        out_member_text(o, "title", status_title((enum status)status, lang));
        write_tally(o, &b->statuses[status]);
        out_close(o, '}');
    }
    out_close(o, ']');
}

static void write_days(struct json_out *o, const struct board *b, int64_t now)
{
    int64_t today = date_to_days(date_at(now));

    out_key(o, "days");
    out_open(o, '[');
    for (int i = 0; i < BOARD_DAYS; i++) {
        char text[DATE_TEXT_MAX];

        date_format(date_from_days(today + i), text);
        out_open(o, '{');
        out_member_text(o, "day", text);
        out_member_i64(o, "due", b->days[i]);
        out_close(o, '}');
    }
    out_close(o, ']');
}

bool get_board(struct request *q, struct reply *r, struct error *e)
{
    struct house *h = request_house(q);
    const struct unit *unit = unit_by_code(h, request_param(q, "code"));
    auto_read struct db *db = NULL;
    auto_out struct json_out o = JSON_OUT_INIT;
    struct board *b = arena_new_of(request_arena(q), struct board);

    if (!unit)
        return fail(e, E_NOT_FOUND, "unit %s", request_param(q, "code"));
    if (!unit_is_open_to(h, request_actor(q), unit, request_now(q)))
        return fail(e, E_FORBIDDEN, "no officer of %s", unit->code);
    if (!store_read(h->store, &db, e) || !board_read(db, request_arena(q), h, unit, request_now(q), b, e))
        return false;
    out_open(&o, '{');
    out_key(&o, "unit");
    unit_write(&o, unit, request_lang(q));
    out_member_instant(&o, "at", request_now(q));
    out_member_bool(&o, "whole", b->whole);
    write_tally(&o, &b->all);
    out_key(&o, "spared");
    out_open(&o, '{');
    out_member_i64(&o, "days", BOARD_SPARED_DAYS);
    out_member_i64(&o, "dossiers", b->spared_of);
    out_member_i64(&o, "papers", b->spared);
    out_close(&o, '}');
    write_officers(&o, b);
    write_statuses(&o, b, request_lang(q));
    write_services(&o, b, request_lang(q));
    write_days(&o, b, request_now(q));
    out_close(&o, '}');
    return reply_json_out(r, 200, &o);
}
