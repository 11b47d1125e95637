/* Filing: everything that can be checked is checked on the caller's thread; the write only takes a code and inserts. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

struct filing {
    struct house *house;
    struct arena *arena;
    const struct caller *caller;
    const struct service *service;
    const struct unit *unit;
    struct party applicant; /* of a newcomer the write makes the id, anew each time it runs */
    bool newcomer;
    enum channel channel;
    const char *delivery;
    json_t *form;
    const char *form_text, *papers_text, *folded;
    const struct paper *papers;
    size_t n_papers;
    int64_t fee;
    char pin[CASE_PIN_CHARS + 1];
    const char *repeated_ref;
    /* made by the write; a second run makes them anew */
    int64_t id;
    char code[CASE_CODE_MAX];
};

bool number_next(struct db *db, const char *series, int64_t *next, struct error *e)
{
    static const char sql[] = "INSERT INTO number_series (series, last) VALUES ($1, 1)"
                              " ON CONFLICT (series) DO UPDATE SET last = number_series.last + 1 RETURNING last";
    auto_rows struct rows *r = NULL;
    bool found;

    if (!db_find(db, &r, &found, e, sql, ARGS(TEXT(series))))
        return false;
    *next = rows_i64(r, 0);
    return found || fail(e, E_INTERNAL, "series %s gives no number", series);
}

/* Unit, day, number of the day (Decree 61/2018 Art 26): "H29.1.5-261121-0001". */
static bool take_code(struct db *db, struct filing *f, struct error *e)
{
    struct date d = date_at(f->caller->now);
    char series[96], day[8];
    int64_t number;

    (void)snprintf(day, sizeof day, "%02d%02d%02d", d.year % 100, d.month, d.day); /* 6 digits */
    (void)snprintf(series, sizeof series, "case:%s:%s", f->unit->code, day);       /* codes are 35 at most */
    if (!number_next(db, series, &number, e))
        return false;
    (void)snprintf(f->code, sizeof f->code, "%s-%s-%04" PRId64, f->unit->code, day, number);
    return true;
}

static bool insert_case(struct db *db, const struct filing *f, struct error *e)
{
    static const char sql[] =
        "INSERT INTO case_file (id, code, version, service, service_version, unit, step, step_role, status, applicant,"
        " submitter, assignee, applicant_name, channel, delivery, submitted_at, sort_at, apologised, supplements, form,"
        " office, papers, results, fee, fee_state, pin)"
        " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13, $14, $14, 0, '[]', $15, '{}', $16, "
        "'[]',"
        " $17, $18, $19)";
    const struct step *start = f->service->flow->start;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(f->id), TEXT(f->code), TEXT(f->service->code), I64(f->service->version), I64(f->unit->id),
                        TEXT(start->id), I64(start->role), I64(start->status), I64(f->applicant.id),
                        I64(f->caller->who->party), TEXT(f->applicant.name), I64(f->channel), TEXT(f->delivery),
                        I64(f->caller->now), TEXT(f->form_text), TEXT(f->papers_text), I64(f->fee),
                        TEXT(f->fee ? "due" : "none"), TEXT(f->pin)));
}

static bool tell(struct db *db, const struct filing *f, struct error *e)
{
    char unit_topic[48], party_topic[48];
    const char *topics[] = {unit_topic, party_topic};

    (void)snprintf(unit_topic, sizeof unit_topic, "unit:%" PRId64, f->unit->id);
    (void)snprintf(party_topic, sizeof party_topic, "party:%" PRId64, f->applicant.id);
    return notice_case_changed(db, f->house, topics, COUNT(topics), f->code, 1, (int)f->service->flow->start->status,
                               e);
}

/* Another filing may have met this resident since; a run that was rolled back has left an id that nobody bears. */
static bool make_party(struct db *db, struct filing *f, struct error *e)
{
    struct party known;
    bool found;

    f->applicant.id = 0;
    if (!party_by_number(db, f->arena, f->applicant.number, &known, &found, e))
        return false;
    if (found)
        f->applicant.id = known.id;
    return found || party_put(db, &f->applicant, e);
}

static bool write_filing(struct db *db, void *arg, struct error *e)
{
    struct filing *f = arg;
    struct event_row event = {
        .at = f->caller->now,
        .actor = f->caller->who->party,
        .unit = f->unit->id,
        .action = "submit",
        .to_step = f->service->flow->start->id,
        .to_status = (int)f->service->flow->start->status,
    };

    f->repeated_ref = NULL;
    if (f->caller->key && !request_repeated(db, f->caller->who->party, f->caller->key, &f->caller->fingerprint,
                                            f->arena, &f->repeated_ref, e))
        return false;
    if (f->repeated_ref)
        return true;
    event.case_id = f->id = id_new();
    if (f->newcomer && !make_party(db, f, e))
        return false;
    return take_code(db, f, e) && insert_case(db, f, e) && case_event_add(db, &event, e) &&
           papers_bind(db, f->papers, f->n_papers, f->id, f->applicant.id, e) &&
           db_search_add(db, "s_case", f->id, arena_printf(f->arena, "%s %s", text_fold(f->arena, f->code), f->folded),
                         e) &&
           (!f->caller->key || request_keep(db, f->caller->who->party, f->caller->key, &f->caller->fingerprint, f->code,
                                            f->caller->now, e)) &&
           tell(db, f, e);
}

/* ---- before the write ---- */

static bool may_file_for_others(const struct actor *who)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].role == ROLE_ONE_STOP || who->roles[i].role == ROLE_HELPER)
            return true;
    return false;
}

/* A resident who never signed in is a party all the same: made from the person registry when first met. */
static bool party_of_number(struct db *db, struct arena *a, const struct house *h, const char *number,
                            struct party *out, struct error *e)
{
    const struct registry *persons = registry_find(h, "person");
    struct record record;
    bool found;

    if (!party_by_number(db, a, number, out, &found, e))
        return false;
    if (found)
        return true;
    if (persons && !record_find(db, a, persons, number, &record, &found, e))
        return false;
    if (!found)
        return fail_field(e, "/on_behalf_of", "absent", number);
    *out = (struct party){
        .kind = PARTY_CITIZEN,
        .number = arena_strdup(a, number),
        .name = json_str(record.body, "full_name"),
        .place = json_str(record.body, "place"),
        .address = json_str(record.body, "address"),
    };
    return true;
}

bool applicant_for(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const char *on_behalf_of, struct party *out, struct error *e)
{
    bool found;

    if (on_behalf_of && !text_equal(on_behalf_of, who->number)) {
        if (!may_file_for_others(who))
            return fail(e, E_FORBIDDEN, "only the one-stop and helpers file for others");
        return party_of_number(db, a, h, on_behalf_of, out, e);
    }
    if (who->kind == PARTY_OFFICER)
        return fail_field(e, "/on_behalf_of", "required", NULL);
    return party_find(db, a, who->party, out, &found, e) && (found || fail(e, E_INTERNAL, "the caller has no party"));
}

static bool read_channel(struct filing *f, const struct submission *s, struct error *e)
{
    const struct actor *who = f->caller->who;
    bool counter = actor_is(who, ROLE_ONE_STOP, f->unit->id);

    f->channel = counter ? CHANNEL_COUNTER : CHANNEL_ONLINE;
    for (int c = CHANNEL_COUNTER; s->channel && c < CHANNEL__COUNT; c++)
        if (strcmp(channel_name((enum channel)c), s->channel) == 0)
            f->channel = (enum channel)c;
    if (f->channel != CHANNEL_ONLINE && who->kind != PARTY_OFFICER)
        return fail_field(e, "/channel", "enum", "online");
    if (f->service->counter_only && f->channel != CHANNEL_COUNTER)
        return fail(e, E_SERVICE_CLOSED, "asked for at the counter only");
    f->delivery = s->delivery ? s->delivery : f->channel == CHANNEL_ONLINE ? "vault" : "counter";
    return true;
}

static bool find_places(struct filing *f, const struct submission *s, struct error *e)
{
    struct date today = date_at(f->caller->now);

    f->service = service_find(f->house, s->service);
    if (!f->service)
        return fail_field(e, "/service", "absent", s->service);
    if (!service_is_open(f->service, today))
        return fail(e, E_SERVICE_CLOSED, "%s", s->service);
    f->unit = unit_by_code(f->house, s->unit);
    if (!f->unit)
        return fail_field(e, "/unit", "absent", s->unit);
    if (!unit_is_in_force(f->unit, today) || !service_offered_at(f->service, f->unit))
        return fail(e, E_UNIT_NOT_OFFERING, "%s at %s", s->service, s->unit);
    return true;
}

/* Everything that needs no write: who, where, the form, its papers, its fee. */
static bool prepare(struct db *db, struct filing *f, const struct submission *s, bool papers_complete, struct error *e)
{
    struct prefill known;
    struct paper *papers;

    if (!find_places(f, s, e) ||
        !applicant_for(db, f->arena, f->house, f->caller->who, s->on_behalf_of, &f->applicant, e) ||
        !read_channel(f, s, e) || !form_prefill(db, f->arena, f->house, f->service, &f->applicant, &known, e) ||
        !form_accept(f->service, &known, s->form, f->arena, &f->form, e) ||
        !form_fee(f->service, f->form, &f->applicant, f->arena, &f->fee, e) ||
        !papers_known(db, f->arena, f->house, f->service, &known, f->form, &f->applicant, f->caller->now,
                      f->caller->lang, &papers, &f->n_papers, e) ||
        !papers_accept(db, f->arena, f->caller->who, papers, f->n_papers, s->papers, papers_complete, e))
        return false;
    f->papers = papers;
    f->newcomer = f->applicant.id == 0;
    return true;
}

/* At the counter papers may still be scanned after intake; the one-stop officer answers for completeness. */
static bool papers_must_be_complete(const struct submission *s)
{
    return !s->channel || strcmp(s->channel, "counter") != 0;
}

bool case_submit(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s,
                 const char **code, bool *repeated, struct error *e)
{
    struct filing f = {.house = h, .arena = a, .caller = caller};

    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !prepare(db, &f, s, papers_must_be_complete(s), e))
            return false;
    }
    f.form_text = json_text(a, f.form);
    f.papers_text = json_text(a, papers_stored(a, f.papers, f.n_papers));
    f.folded = text_fold(a, arena_printf(a, "%s %s", f.applicant.name, f.service->name[LANG_VI]));
    random_code(f.pin, CASE_PIN_CHARS);
    if (!store_write(h->store, write_filing, &f, e))
        return false;
    *repeated = f.repeated_ref != NULL;
    *code = f.repeated_ref ? f.repeated_ref : arena_strdup(a, f.code);
    return true;
}

bool case_quote(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s, int64_t *fee,
                int64_t *due_at, struct error *e)
{
    struct filing f = {.house = h, .arena = a, .caller = caller};
    auto_read struct db *db = NULL;
    struct due due;

    if (!store_read(h->store, &db, e) || !prepare(db, &f, s, s->papers != NULL, e))
        return false;
    *fee = f.fee;
    *due_at = INSTANT_NONE;
    if (f.service->limit.value) {
        if (!calendar_due(casework_of(h)->calendar, caller->now, f.service->limit, f.service->way, &due, e))
            return false;
        *due_at = due.due_ms;
    }
    return true;
}
