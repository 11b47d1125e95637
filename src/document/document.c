/* The room: its state, its start and its stop. */
#include "document/checks.h"
#include "document/complete.h"
#include "document/document_internal.h"
#include "document/paper_internal.h"
#include "document/sign_internal.h"

struct documents *documents_of(const struct house *h)
{
    return h->room[ROOM_DOCUMENT];
}

void document_on_case(struct house *h, document_may_fn *may)
{
    documents_of(h)->may = may;
}

void document_case_code(struct house *h, case_code_fn *code)
{
    documents_of(h)->case_code = code;
}

bool document_load(struct house *h, struct error *e)
{
    return papers_load(documents_of(h), e);
}

bool document_start(struct house *h, struct error *e)
{
    struct documents *d = calloc(1, sizeof *d);

    if (!d)
        die("out of memory", sizeof *d);
    d->house = h;
    h->room[ROOM_DOCUMENT] = d;
    store_listen(h->store, "record.changed", paper_on_record, d);
    checks_start(h);
    complete_start(h);
    return content_start(d, e) && keyring_open(h, &d->keys, e) && papers_load(d, e) &&
           press_start((size_t)sysconf(_SC_NPROCESSORS_ONLN), e);
}

void document_stop(struct house *h)
{
    struct documents *d = documents_of(h);

    if (!d)
        return;
    press_stop();
    keyring_close(d->keys);
    papers_free(atomic_load(&d->papers));
    content_stop(d);
    free(d);
    h->room[ROOM_DOCUMENT] = NULL;
}
