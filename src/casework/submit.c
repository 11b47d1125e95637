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
    const json_t *papers_list;
    const char *form_text, *papers_text;
    const struct paper *papers;
    size_t n_papers;
    int64_t fee;
    char pin[CASE_PIN_CHARS + 1];
    const char *repeated_ref;
    /* made by the write; a second run makes them anew */
    int64_t id;
    const char *code;
    struct case_file made;
    /* of filing_write_later() */
    void (*then)(void *arg);
    void *then_arg;
    struct error *refused; /* NULL: it is on disk */
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

/* Where the form asks for what the city knows as the applicant's telephone. */
static const char *phone_given(const struct filing *f)
{
    for (size_t i = 0; i < f->service->n_sources; i++) {
        const struct source *s = &f->service->sources[i];

        if (!s->registry && text_equal(s->field, "/phone"))
            return json_string_value(json_at(f->form, s->pointer));
    }
    return f->applicant.phone;
}

static bool insert(struct db *db, struct filing *f, struct error *e)
{
    const struct step *start = f->service->flow->start;
    struct turn turn = {.house = f->house, .arena = f->arena, .now = f->caller->now, .actor = f->caller->who->party};
    struct case_file c = {
        .service = f->service,
        .unit = f->unit,
        .step = start,
        .status = start->status,
        .applicant = f->applicant.id,
        .submitter = f->caller->who->party,
        .applicant_name = f->applicant.name,
        .phone = phone_given(f),
        .channel = f->channel,
        .delivery = f->delivery,
        .submitted_at = f->caller->now,
        .received_at = INSTANT_NONE,
        .due_at = INSTANT_NONE,
        .legal_due_at = INSTANT_NONE,
        .done_at = INSTANT_NONE,
        .closed_at = INSTANT_NONE,
        .silent_at = INSTANT_NONE,
        .ask_due_at = INSTANT_NONE,
        .step_at = f->caller->now,
        .form = f->form_text,
        .papers = f->papers_text,
        .office = "{}",
        .results = "[]",
        .fee = f->fee,
        .fee_state = f->fee ? "due" : "none",
        .pin = f->pin,
        .spared = papers_held(f->papers, f->n_papers),
    };

    case_settle(&turn, &c, "submit", start, 0);
    if (!case_insert(db, &turn, &c, "submit", e))
        return false;
    f->id = c.id;
    f->code = c.code;
    f->made = c;
    f->made.party = &f->applicant;
    f->made.papers_list = f->papers_list;
    return true;
}

static bool binds_documents(const struct filing *f)
{
    for (size_t i = 0; i < f->n_papers; i++)
        if (f->papers[i].document)
            return true;
    return false;
}

static bool moves_by_itself(const struct filing *f)
{
    return f->service->flow->start->automatic || f->service->flow->start->ask;
}

/* A new case shows in lists only. One that makes a party, binds documents or moves on by
 * itself may change more: then it says nothing. */
static void say_touched(struct db *db, const struct filing *f)
{
    const uint64_t keys[] = {cases_of_unit(f->unit->id), cases_of_party(f->applicant.id),
                             cases_of_party(f->caller->who->party)};

    if (!f->newcomer && !binds_documents(f) && !moves_by_itself(f))
        db_touches(db, keys, COUNT(keys));
}

static bool write_filing(struct db *db, void *arg, struct error *e)
{
    struct filing *f = arg;

    say_touched(db, f);
    f->repeated_ref = NULL;
    if (f->caller->key && !request_repeated(db, f->caller->who->party, f->caller->key, &f->caller->fingerprint,
                                            f->arena, &f->repeated_ref, e))
        return false;
    if (f->repeated_ref)
        return true;
    if (f->newcomer && !make_party(db, f, e))
        return false;
    return insert(db, f, e) && papers_bind(db, f->papers, f->n_papers, f->id, f->applicant.id, e) &&
           filing_add(db, f->house, f->caller->who, &f->applicant, f->service, f->code, f->id, f->caller->now, e) &&
           (!f->caller->key || request_keep(db, f->caller->who->party, f->caller->key, &f->caller->fingerprint, f->code,
                                            f->caller->now, e));
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

/* Whose agent the caller is in this service. Who is not learns nothing of the number they tried. */
static bool principal_of(struct db *db, struct arena *a, const struct actor *who, const char *number,
                         const struct service *s, int64_t now, struct party *out, struct error *e)
{
    bool found;

    if (!party_by_number(db, a, number, out, &found, e))
        return false;
    return (found && actor_agency(who, out->id, s->code, s->field[LANG_VI], now)) ||
           fail(e, E_NOT_AUTHORISED, "no authorisation for service %s", s->code);
}

bool applicant_for(struct db *db, struct arena *a, const struct house *h, const struct actor *who,
                   const char *on_behalf_of, const struct service *s, int64_t now, struct party *out, struct error *e)
{
    bool found;

    if (on_behalf_of && !text_equal(on_behalf_of, who->number))
        return may_file_for_others(who) ? party_of_number(db, a, h, on_behalf_of, out, e)
                                        : principal_of(db, a, who, on_behalf_of, s, now, out, e);
    if (who->kind == PARTY_OFFICER)
        return fail_field(e, "/on_behalf_of", "required", NULL);
    if (who->self) {
        *out = *who->self;
        return true;
    }
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

static bool find_places(struct db *db, struct filing *f, const struct submission *s, struct error *e)
{
    struct date today = date_at(f->caller->now);

    if (!service_current(db, f->house, s->service, &f->service, e))
        return false;
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

    if (!find_places(db, f, s, e) ||
        !applicant_for(db, f->arena, f->house, f->caller->who, s->on_behalf_of, f->service, f->caller->now,
                       &f->applicant, e) ||
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

bool filing_prepare(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s,
                    struct filing **out, struct error *e)
{
    struct filing *f = arena_new_of(a, struct filing);
    auto_read struct db *db = NULL;

    *f = (struct filing){.house = h, .arena = a, .caller = caller};
    if (!store_read(h->store, &db, e) || !prepare(db, f, s, papers_must_be_complete(s), e))
        return false;
    f->form_text = json_text(a, f->form);
    f->papers_list = papers_stored(a, f->papers, f->n_papers);
    f->papers_text = json_text(a, f->papers_list);
    random_code(f->pin, CASE_PIN_CHARS);
    *out = f;
    return true;
}

/* The error is the writer's: kept until the reply is made. */
static void keep_fate(void *arg, const struct error *e)
{
    struct filing *f = arg;

    if (e) {
        f->refused = malloc(sizeof *e);
        if (!f->refused)
            die("error", sizeof *e);
        *f->refused = *e;
        f->refused->extra = json_incref(e->extra);
    }
    f->then(f->then_arg);
}

void filing_write_later(struct filing *f, void (*then)(void *arg), void *arg)
{
    f->then = then;
    f->then_arg = arg;
    store_write_later(f->house->store, write_filing, f, keep_fate);
}

bool filing_kept(struct filing *f, struct error *e)
{
    if (!f->refused)
        return true;
    error_done(e);
    *e = *f->refused;
    free(f->refused);
    f->refused = NULL;
    return false;
}

const char *filing_code(const struct filing *f)
{
    return f->repeated_ref ? f->repeated_ref : f->code;
}

const struct case_file *filing_case(const struct filing *f)
{
    return f->repeated_ref || binds_documents(f) || moves_by_itself(f) ? NULL : &f->made;
}

bool case_submit(struct house *h, struct arena *a, const struct caller *caller, const struct submission *s,
                 const char **code, bool *repeated, struct error *e)
{
    struct filing *f;

    if (!filing_prepare(h, a, caller, s, &f, e) || !store_write(h->store, write_filing, f, e))
        return false;
    *repeated = f->repeated_ref != NULL;
    *code = filing_code(f);
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
        if (!calendar_due(calendar_of_unit(casework_of(h)->calendar, f.unit->code), caller->now, f.service->limit,
                          f.service->way, &due, e))
            return false;
        *due_at = due.due_ms;
    }
    return true;
}
