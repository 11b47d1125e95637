/* What was found of an uploaded PDF's signatures: asked by a job as soon as the upload is there, kept beside it. */
#include "document/checks.h"

#include <inttypes.h>
#include <openssl/pem.h>
#include <string.h>

#include "document/inspect_internal.h"
#include "document/sign_internal.h"
#include "document/worker.h"

enum { CHECK_TRIES = 5 };
static const char job_name[] = "document.check";

/* ---- asking ---- */
bool check_ask(struct db *db, const struct document *d, struct error *e)
{
    json_auto_t *input = json_pack("{s:o}", "document", json_id(d->id));
    int64_t job;

    return strcmp(d->media_type, "application/pdf") != 0 ||
           job_add(db, job_name, input, d->uploader, d->made_at, &job, e);
}

/* ---- the job ---- */
static bool trust_pem(const struct house *h, struct arena *a, struct bytes *out, struct error *e)
{
    struct authority *authority = keyring_authority(documents_of(h)->keys);
    BIO *bio = BIO_new(BIO_s_mem());
    struct bytes anchors = {0}, lists[2] = {{0}};
    bool good = bio && keys_trusted(h, a, &anchors, e) && BIO_write(bio, anchors.data, (int)anchors.len) >= 0 &&
                (!authority || authority_lists(authority, a, lists, e));
    char *data;
    long len;

    for (size_t i = 0; good && i < COUNT(lists) && lists[i].len; i++)
        good = PEM_write_bio(bio, PEM_STRING_X509_CRL, "", lists[i].data, (long)lists[i].len) > 0;
    if (good) {
        len = BIO_get_mem_data(bio, &data);
        *out = (struct bytes){arena_strndup(a, data, (size_t)len), (size_t)len};
    }
    BIO_free(bio);
    return good || e->code || fail_openssl(e, E_INTERNAL, "tell whom we trust");
}

struct finding {
    int64_t document, at;
    const char *outcome, *report;
};

static bool write_finding(struct db *db, void *arg, struct error *e)
{
    static const char sql[] =
        "INSERT INTO document_check (document, outcome, report, checked_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (document) DO UPDATE SET outcome = excluded.outcome,"
        " report = excluded.report, checked_at = excluded.checked_at";
    const struct finding *f = arg;

    return db_exec(db, NULL, e, sql, ARGS(I64(f->document), TEXT(f->outcome), TEXT(f->report), I64(f->at)));
}

static bool run(struct job *job, struct error *e)
{
    const struct house *h = job->arg;
    auto_arena struct arena *a = arena_new();
    json_auto_t *report = NULL;
    struct finding f = {.at = now_ms()};
    struct document d;
    struct bytes trust;
    auto_close int fd = -1;
    bool found;

    if (!text_to_i64(json_str(job->input, "document"), 1, INT64_MAX, &f.document))
        return fail(e, E_INTERNAL, "a check of no document");
    {
        auto_read struct db *db = NULL;

        if (!store_read(h->store, &db, e) || !document_find(db, a, f.document, &d, &found, e))
            return false;
    }
    if (!found)
        return true;
    if (!document_open(h, &d.digest, &fd, e) || !trust_pem(h, a, &trust, e) || !worker_inspect(fd, trust, &report, e))
        return false;
    f.outcome = json_str(report, "outcome");
    f.report = json_text(a, json_object_get(report, "signatures"));
    return store_write(h->store, write_finding, &f, e);
}

void checks_start(struct house *h)
{
    store_job_kind(h->store, &(struct job_kind){.name = job_name, .run = run, .arg = h, .tries = CHECK_TRIES});
}

/* ---- telling ---- */
bool check_json_new(struct db *db, const struct document *d, json_t **out, struct error *e)
{
    static const char sql[] = "SELECT outcome, report, checked_at FROM document_check WHERE document = $1";
    auto_rows struct rows *r = NULL;
    bool found;

    if (strcmp(d->media_type, "application/pdf") != 0 || d->issued_at != INSTANT_NONE) {
        *out = json_null();
        return true;
    }
    if (!db_find(db, &r, &found, e, sql, ARGS(I64(d->id))))
        return false;
    *out = json_object();
    json_object_set_new(*out, "outcome", json_string(found ? rows_text(r, 0) : "waiting"));
    json_object_set_new(*out, "checked_at", json_instant(found ? rows_instant(r, 2) : INSTANT_NONE));
    json_object_set_new(*out, "signatures", found ? rows_json_new(r, 1) : json_array());
    return true;
}
