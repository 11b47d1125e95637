/* The room: its state, its start and its stop. */
#include "document/document_internal.h"
#include "document/paper_internal.h"

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

bool document_start(struct house *h, struct error *e)
{
    struct documents *d = calloc(1, sizeof *d);

    if (!d || asprintf(&d->files, "%s/files", h->data_dir) < 0 || asprintf(&d->tmp, "%s/files/tmp", h->data_dir) < 0)
        die("out of memory", sizeof *d);
    d->house = h;
    h->room[ROOM_DOCUMENT] = d;
    store_listen(h->store, "record.changed", paper_on_record, d);
    return content_start(d, e) && papers_load(d, e) && press_start((size_t)sysconf(_SC_NPROCESSORS_ONLN), e);
}

void document_stop(struct house *h)
{
    struct documents *d = documents_of(h);

    if (!d)
        return;
    press_stop();
    papers_free(atomic_load(&d->papers));
    free(d->files);
    free(d->tmp);
    free(d);
    h->room[ROOM_DOCUMENT] = NULL;
}
