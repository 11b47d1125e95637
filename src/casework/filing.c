/* Who filed for whom: an agent on an authorisation, a helper, an officer at the counter. It is kept beside the case, so
 * that it can be told years later what a filing stood on; and its owner is told when it was not they who filed. */
#include "casework/casework_internal.h"

static bool has_role(const struct actor *who, enum role role)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (who->roles[i].role == role)
            return true;
    return false;
}

static const char *role_of(const struct actor *who)
{
    return who->kind != PARTY_OFFICER ? "agent" : has_role(who, ROLE_ONE_STOP) ? "officer" : "helper";
}

/* At the counter the owner stands before the officer; of what others file they should hear. */
static bool tell(struct db *db, struct house *h, const struct actor *who, const struct party *applicant,
                 const struct service *s, const char *code, int64_t now, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct notice n = {
        .party = applicant->id,
        .title = {"Có người vừa nộp hồ sơ thay bạn", "Somebody filed a dossier for you"},
        .text = {arena_printf(a, "%s đã nộp hồ sơ %s (%s) thay cho %s. Nếu bạn không nhờ, xin báo cơ quan tiếp nhận.",
                              who->name, code, s->name[LANG_VI], applicant->name),
                 arena_printf(a, "%s filed dossier %s (%s) for %s. If you did not ask for it, tell the receiving unit.",
                              who->name, code, s->name[LANG_EN], applicant->name)},
        .case_code = code,
        .at = now,
    };

    return notice_add(db, h, &n, e);
}

bool filing_add(struct db *db, struct house *h, const struct actor *who, const struct party *applicant,
                const struct service *s, const char *code, int64_t case_id, int64_t now, struct error *e)
{
    static const char sql[] = "INSERT INTO case_filing (case_id, as_what, authorisation) VALUES ($1, $2, $3)";
    const struct agency *agency;

    if (who->party == applicant->id)
        return true;
    agency = actor_agency(who, applicant->id, s->code, s->field[LANG_VI], now);
    return db_exec(db, NULL, e, sql, ARGS(I64(case_id), TEXT(role_of(who)), I64(agency ? agency->authorisation : 0))) &&
           (has_role(who, ROLE_ONE_STOP) || tell(db, h, who, applicant, s, code, now, e));
}

bool filing_write(struct json_out *o, struct db *db, const struct case_file *c, struct error *e)
{
    auto_rows struct rows *r = NULL;
    bool found = false;
    int64_t authorisation;

    if (c->submitter != c->applicant &&
        !db_find(db, &r, &found, e, "SELECT as_what, authorisation FROM case_filing WHERE case_id = $1",
                 ARGS(I64(c->id))))
        return false;
    authorisation = found ? rows_i64(r, 1) : 0;
    out_key(o, "filing");
    out_open(o, '{');
    out_member_text(o, "as", found ? rows_text(r, 0) : c->submitter == c->applicant ? "owner" : "officer");
    out_key(o, "authorisation");
    if (authorisation)
        out_id(o, authorisation);
    else
        out_null(o);
    out_close(o, '}');
    return true;
}
