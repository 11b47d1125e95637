/* Slips: the papers of the one-stop that appear by themselves (Circular 03/2025, forms 01 to 06). Which paper follows
 * which action is the pack's; here the action's own commit takes its number and writes down what it will say, and a job
 * draws it right after. So a page that cannot be drawn never costs the action, and a slip says what was true at its
 * moment however late it is drawn. */
#include "casework/casework_internal.h"

#include <inttypes.h>
#include <string.h>

enum { JOB_TRIES = 12, UNDRAWN_MAX = 10000, SLIP_RESULTS_MAX = 16 };

/* ---- what it will say ---- */

static json_t *paper_value_new(const struct service *s, const json_t *row)
{
    const char *kind = json_str(row, "kind");
    const struct paper_rule *rule = kind ? service_paper(s, kind) : NULL;
    bool handed = json_is_string(json_object_get(row, "document"));

    return json_pack("{s:s, s:s, s:i, s:i, s:b, s:b, s:b}", "kind", kind ? kind : "", "title",
                     rule   ? rule->title[LANG_VI]
                     : kind ? kind
                            : "",
                     "originals", rule ? rule->originals : 0, "copies", rule ? rule->copies : 0, "required",
                     json_flag(row, "required"), "handed", handed || (rule && rule->present_only), "held",
                     json_is_object(json_object_get(row, "held")));
}

static json_t *papers_value_new(const struct service *s, const json_t *rows)
{
    json_t *list = json_array();
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)(void) json_array_append_new(list, paper_value_new(s, row));
    return list;
}

static bool party_value(struct db *db, struct arena *a, int64_t id, json_t **out, struct error *e)
{
    struct party party;
    bool found;

    if (!party_find(db, a, id, &party, &found, e))
        return false;
    *out = found ? party_value_new(&party) : json_object();
    return true;
}

/* `results`: what was given, and is valid still. */
static bool results_value(struct db *db, struct arena *a, const struct case_file *c, json_t *says, struct error *e)
{
    json_t *list = json_array();
    int64_t ids[SLIP_RESULTS_MAX];
    struct document d;
    size_t n = 0;
    bool found;

    (void)json_object_set_new(says, "results", list); /* these fail only without memory */
    if (!c->results || !results_valid(db, a, c, ids, SLIP_RESULTS_MAX, &n, e))
        return !c->results;
    for (size_t i = 0; i < n; i++) {
        if (!document_find(db, a, ids[i], &d, &found, e))
            return false;
        if (found)
            (void)json_array_append_new(list,
                                        json_pack("{s:o, s:I, s:o}", "title", json_text_or_null(d.title), "issued_at",
                                                  (json_int_t)d.issued_at, "code", json_text_or_null(d.verify_code)));
    }
    return true;
}

/* Everything that a slip's expressions may name, but for its number and the code to check it by. */
static bool says_new(struct db *db, struct arena *a, const struct slip_moment *m, json_t **out, struct error *e)
{
    const struct case_file *c = m->after;
    json_t *says = json_held(a, json_object()), *applicant, *submitter, *actor;
    const json_t *papers = json_held(a, json_loads(c->papers ? c->papers : "[]", 0, NULL));
    char today[DATE_TEXT_MAX];

    date_format(date_at(m->caller->now), today);
    if (!party_value(db, a, c->applicant, &applicant, e))
        return false;
    (void)json_object_set_new(says, "applicant", applicant); /* these fail only without memory */
    if (!party_value(db, a, c->submitter, &submitter, e))
        return false;
    (void)json_object_set_new(says, "submitter", submitter);
    if (!party_value(db, a, m->caller->who->party, &actor, e))
        return false;
    (void)json_object_set_new(says, "actor", actor);
    (void)json_object_set_new(says, "case", case_value_new(c));
    (void)json_object_set_new(says, "form", json_loads(c->form ? c->form : "{}", 0, NULL));
    (void)json_object_set_new(says, "papers", papers_value_new(c->service, papers));
    (void)json_object_set_new(says, "asked", papers_value_new(c->service, m->input ? m->input->papers : NULL));
    (void)json_object_set_new(says, "before", json_pack("{s:o}", "due_at", instant_value_new(m->before->due_at)));
    (void)json_object_set_new(says, "action",
                              json_pack("{s:s, s:o, s:I}", "id", m->action, "note",
                                        json_text_or_null(m->input ? m->input->note : NULL), "at",
                                        (json_int_t)m->caller->now));
    (void)json_object_set_new(says, "today", json_string(today));
    *out = says;
    return results_value(db, a, m->before, says, e);
}

/* ---- which appear now ---- */

static bool follows(const struct slip *s, const char *action)
{
    for (size_t i = 0; s && s->of == SLIP_OF_CASE && i < s->n_on; i++)
        if (strcmp(s->on[i], action) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct slip *s, const json_t *says, bool *wanted, struct error *e)
{
    struct expr_scope scope[SLIP_NAMES_MAX];

    slip_scope(says, NULL, scope);
    *wanted = true;
    return !s->when || expr_bool(s->when, scope, wanted, e);
}

bool slips_prepare(struct db *db, struct arena *a, const struct house *h, const struct slip_moment *m,
                   struct slip_new out[static SLIPS_MAX], size_t *n, struct error *e)
{
    const struct paper *paper;
    json_t *says = NULL;

    *n = 0;
    if (m->after->parent) /* what one unit asks another has no papers of its own: the citizen's dossier tells it */
        return true;
    for (size_t i = 0; *n < SLIPS_MAX && (paper = paper_at(h, i)); i++) {
        const struct slip *slip = paper_slip(paper);
        bool wanted;

        if (!follows(slip, m->action))
            continue;
        if ((!says && !says_new(db, a, m, &says, e)) || !is_wanted(slip, says, &wanted, e))
            return false;
        if (wanted)
            out[(*n)++] = (struct slip_new){paper_name(paper), slip->office, json_text(a, says)};
    }
    return true;
}

/* ---- inside the write ---- */

static bool write_one(struct db *db, const struct caller *caller, const struct case_file *c, const char *action,
                      const struct slip_new *s, struct error *e)
{
    static const char sql[] =
        "INSERT INTO case_slip (id, case_id, unit, paper, year, number, office, action, at, actor, says)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    int year = date_at(caller->now).year;
    int64_t number, id = id_new();
    json_auto_t *input = json_pack("{s:o}", "slip", json_id(id));
    char series[160]; /* a unit's code is 35 at most, a paper's name 63 */

    (void)snprintf(series, sizeof series, "slip:%s:%d:%s", c->unit->code, year, s->paper);
    return number_next(db, series, &number, e) &&
           db_exec(db, NULL, e, sql,
                   ARGS(I64(id), I64(c->id), I64(c->unit->id), TEXT(s->paper), I64(year), I64(number), I64(s->office),
                        TEXT(action), I64(caller->now), I64(caller->who->party), TEXT(s->says))) &&
           job_add(db, "slip", input, 0, INSTANT_NONE, NULL, e);
}

bool slips_write(struct db *db, const struct caller *caller, const struct case_file *c, const char *action,
                 const struct slip_new *slips, size_t n, struct error *e)
{
    for (size_t i = 0; i < n; i++)
        if (!write_one(db, caller, c, action, &slips[i], e))
            return false;
    return true;
}

/* ---- drawing ---- */

void slip_scope(const json_t *says, const json_t *more, struct expr_scope out[static SLIP_NAMES_MAX])
{
    const json_t *const objects[] = {says, more};
    size_t n = 0;

    for (size_t i = 0; i < COUNT(objects); i++) {
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)objects[i], name, value) if (n + 1 < SLIP_NAMES_MAX) out[n++] =
            (struct expr_scope){name, value};
    }
    out[n] = (struct expr_scope){0};
}

static const char *number_text(struct arena *a, const struct slip_row *r)
{
    return arena_printf(a, "%02" PRId64 "/%s", r->number, r->slip ? r->slip->series : "");
}

static bool read_slip(struct rows *r, struct arena *a, const struct house *h, struct slip_row *out, struct error *e)
{
    const struct paper *paper = paper_find(h, rows_text(r, 2));

    *out = (struct slip_row){.id = rows_i64(r, 0),
                             .case_id = rows_i64(r, 1),
                             .paper = arena_strdup(a, rows_text(r, 2)),
                             .slip = paper ? paper_slip(paper) : NULL,
                             .number = rows_i64(r, 3),
                             .at = rows_i64(r, 4),
                             .actor = rows_i64(r, 5),
                             .document = rows_i64(r, 6),
                             .action = arena_strdup(a, rows_text(r, 7)),
                             .office = rows_i64(r, 8) != 0};
    out->number_text = number_text(a, out);
    for (int lang = 0; lang < LANG__COUNT; lang++)
        out->title[lang] = paper ? paper_title(paper, (enum lang)lang) : out->paper;
    (void)e;
    return true;
}

#define SLIP_COLUMNS "s.id, s.case_id, s.paper, s.number, s.at, s.actor, s.document, s.action, s.office"

static bool find_undrawn(struct db *db, struct arena *a, const struct house *h, int64_t id, struct slip_row *out,
                         json_t **says, bool *found, struct error *e)
{
    static const char sql[] = "SELECT " SLIP_COLUMNS ", s.says FROM case_slip s WHERE s.id = $1 AND s.document IS NULL";
    auto_rows struct rows *r = NULL;

    if (!db_find(db, &r, found, e, sql, ARGS(I64(id))))
        return false;
    if (!*found)
        return true;
    *says = json_held(a, rows_json_new(r, 9));
    return read_slip(r, a, h, out, e);
}

struct drawn {
    struct house *house;
    struct slip_row slip;
    struct document document;
    struct case_file file;
    struct party actor; /* whose act it follows; signs it when an officer */
};

static bool tell(struct db *db, const struct drawn *x, struct error *e)
{
    char unit_topic[48], party_topic[48];
    const char *topics[] = {unit_topic, party_topic};

    (void)snprintf(unit_topic, sizeof unit_topic, "unit:%" PRId64, x->file.unit->id);
    (void)snprintf(party_topic, sizeof party_topic, "party:%" PRId64, x->file.applicant);
    return notice_case_changed(db, x->house, topics, x->slip.office ? 1 : 2, x->file.code, x->file.version,
                               (int)x->file.status, e);
}

static bool write_drawn(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE case_slip SET document = $2, says = NULL WHERE id = $1 AND document IS NULL";
    struct drawn *x = arg;
    int64_t changed;

    x->document.id = id_new();
    if (!db_exec(db, &changed, e, sql, ARGS(I64(x->slip.id), I64(x->document.id))))
        return false;
    return changed == 0 || (document_add(db, &x->document, e) && tell(db, x, e)); /* 0: another run was quicker */
}

/* Reads what the job needs; *found false when there is nothing left to draw. */
static bool look(struct db *db, struct arena *a, struct drawn *x, int64_t id, json_t **says, json_t **more, bool *found,
                 struct error *e)
{
    const char *code;

    if (!find_undrawn(db, a, x->house, id, &x->slip, says, found, e))
        return false;
    if (!*found)
        return true;
    if (!x->slip.slip)
        return fail(e, E_PACK, "no paper is called %s any more", x->slip.paper);
    if (!case_code_of(db, a, x->slip.case_id, &code, e) || !case_find(db, a, x->house, code, &x->file, found, e))
        return false;
    *more = json_held(
        a, json_pack("{s:s, s:o}", "number", x->slip.number_text, "origin", json_text_or_null(x->house->origin)));
    if (x->slip.actor && !party_find(db, a, x->slip.actor, &x->actor, found, e))
        return false;
    *found = true;
    return !x->slip.slip->log || case_log_value(db, a, x->house, &x->file, x->slip.at, *more, e);
}

/* By the officer whose act it follows, and the unit; what follows a citizen's act, by the unit alone. A key that fails
 * fails the job, which is tried again: nothing half-signed is kept. */
static bool sign_and_keep(struct drawn *x, const struct expr_scope *scope, struct arena *a, struct error *e)
{
    bool officer = x->actor.id && x->actor.kind == PARTY_OFFICER;
    struct signing signing = {
        .unit = x->file.unit, .officer = officer ? x->actor.id : 0, .officer_name = officer ? x->actor.name : NULL};
    struct bytes pdf;

    if (!paper_print(paper_find(x->house, x->slip.paper), scope, a, &signing.pdf, &signing.place, e) ||
        !document_sign(x->house, &signing, a, &pdf, e) || !document_keep(x->house, pdf, &x->document.digest, e))
        return false;
    x->document.size = (int64_t)pdf.len;
    return true;
}

static bool draw(struct job *job, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct drawn x = {.house = job->arg};
    struct expr_scope scope[SLIP_NAMES_MAX];
    json_t *says = NULL, *more = NULL;
    char code[VERIFY_CODE_CHARS + 1];
    int64_t id;
    bool found = false;

    if (!text_to_i64(json_str(job->input, "slip"), 1, INT64_MAX, &id))
        return fail(e, E_INTERNAL, "a slip job without its slip");
    {
        auto_read struct db *db = NULL;

        if (!store_read(x.house->store, &db, e) || !look(db, a, &x, id, &says, &more, &found, e))
            return false;
    }
    if (!found)
        return true;
    random_code(code, VERIFY_CODE_CHARS);
    (void)json_object_set_new(more, "verify", json_string(code)); /* fails only without memory */
    slip_scope(says, more, scope);
    x.document = (struct document){
        .media_type = "application/pdf",
        .kind = x.slip.paper,
        .title = arena_printf(a, "%s số %s", x.slip.title[LANG_VI], x.slip.number_text),
        .owner = x.slip.slip->vault ? x.file.applicant : 0,
        .uploader = x.slip.actor,
        .case_id = x.slip.case_id,
        .made_at = x.slip.at,
        .issued_at = x.slip.at,
        .valid_until = INSTANT_NONE,
        .verify_code = code,
        .status = "valid",
    };
    return sign_and_keep(&x, scope, a, e) && store_write(x.house->store, write_drawn, &x, e);
}

/* ---- at any time ---- */

bool slip_draw_now(struct house *h, struct arena *a, const struct caller *caller, const struct case_file *c,
                   const struct paper *paper, struct bytes *pdf, struct error *e)
{
    struct slip_moment m = {.caller = caller, .before = c, .after = c, .action = ""};
    struct expr_scope scope[SLIP_NAMES_MAX];
    json_t *says,
        *more = json_held(a, json_pack("{s:n, s:n, s:o}", "number", "verify", "origin", json_text_or_null(h->origin)));

    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !says_new(db, a, &m, &says, e) ||
            !case_log_value(db, a, h, c, caller->now, more, e))
            return false;
    }
    slip_scope(says, more, scope);
    return paper_render(paper, scope, a, pdf, e);
}

bool slips_of(struct db *db, struct arena *a, const struct house *h, int64_t case_id, bool office, struct slip_row *out,
              size_t max, size_t *n, struct error *e)
{
    static const char sql[] = "SELECT " SLIP_COLUMNS " FROM case_slip s WHERE s.case_id = $1 AND s.office <= $2"
                              " ORDER BY s.id LIMIT $3";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(I64(case_id), I64(office), I64((int64_t)max))))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        if (!more || *n == max)
            return true;
        if (!read_slip(r, a, h, &out[*n], e))
            return false;
    }
    return false;
}

bool slips_find(struct db *db, struct arena *a, const struct house *h, const struct slip_query *query,
                struct slip_row *out, size_t *n, struct error *e)
{
    static const char sql[] =
        "SELECT " SLIP_COLUMNS ", c.code, c.applicant_name FROM case_slip s JOIN case_file c ON c.id = s.case_id"
        " WHERE s.unit = $1 AND s.paper = $2 AND s.year = $3 AND (s.number = $4 OR $4 = 0) AND s.number < $5"
        " ORDER BY s.number DESC LIMIT $6";
    auto_rows struct rows *r = NULL;
    bool more;

    if (!db_query(db, &r, e, sql,
                  ARGS(I64(query->unit), TEXT(query->paper), I64(query->year), I64(query->number), I64(query->before),
                       I64((int64_t)query->limit))))
        return false;
    for (*n = 0; rows_next(r, &more, e); ++*n) {
        if (!more)
            return true;
        if (!read_slip(r, a, h, &out[*n], e))
            return false;
        out[*n].case_code = arena_strdup(a, rows_text(r, 9));
        out[*n].applicant_name = arena_strdup(a, rows_text(r, 10));
    }
    return false;
}

/* ---- the start ---- */

/* What was left undrawn when the tries of its job ran out gets new ones with each start. */
static bool redraw(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "SELECT id FROM case_slip WHERE document IS NULL ORDER BY id LIMIT $1";
    int64_t *ids = arg;
    size_t n;

    if (!db_ids(db, ids, UNDRAWN_MAX, &n, e, sql, ARGS(I64(UNDRAWN_MAX))))
        return false;
    for (size_t i = 0; i < n; i++) {
        json_auto_t *input = json_pack("{s:o}", "slip", json_id(ids[i]));

        if (!job_add(db, "slip", input, 0, INSTANT_NONE, NULL, e))
            return false;
    }
    return true;
}

bool slips_start(struct house *h, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    store_job_kind(h->store, &(struct job_kind){.name = "slip", .run = draw, .arg = h, .tries = JOB_TRIES});
    return store_write(h->store, redraw, arena_array(a, int64_t, UNDRAWN_MAX), e);
}
