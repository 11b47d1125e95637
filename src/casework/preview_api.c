/* What a signatory is about to sign, over HTTP: the result as it would be, without number, code or signature. */
#include "casework/casework_api.h"

#include <string.h>

static bool may_approve(struct request *q, struct db *db, const struct case_file *c, bool *may, struct error *e)
{
    struct legal_action legal[LEGAL_ACTIONS_MAX];
    size_t n;

    *may = false;
    if (!actions_legal(db, request_arena(q), request_house(q), request_actor(q), c, request_now(q), legal, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        *may = *may || strcmp(legal[i].transition->action, "approve") == 0;
    return true;
}

bool get_preview(struct request *q, struct reply *r, struct error *e)
{
    struct caller caller = request_caller_of(q);
    struct case_file c;
    struct bytes pdf;
    bool may;
    {
        auto_read struct db *db = NULL;

        if (!store_read(request_house(q)->store, &db, e) || !visible_case(q, db, &c, e) ||
            !may_approve(q, db, &c, &may, e))
            return false;
        if (!may || !c.service->result_paper)
            return fail(e, E_NOT_FOUND, "nothing of case %s waits for this signature", c.code);
        if (!audit_case_read(q, db, &c, e))
            return false;
    }
    return grant_preview(request_house(q), request_arena(q), &caller, &c, &pdf, e) &&
           reply_bytes(r, 200, "application/pdf", pdf);
}
