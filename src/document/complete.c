/* What proves the signatures of an issued paper later, when another's authority vouches for a signer or for the time:
 * that authority says only over the network what it revoked. The paper is issued without waiting for it; this job asks,
 * and adds the answers behind the signatures (PAdES B-LT). A responder that is slow or gone is asked again. */
#include "document/complete.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "document/revocation.h"
#include "document/sign_internal.h"

enum { COMPLETE_TRIES = 12, ANSWERS_MAX = 16, PAPER_MAX = 64 << 20 };
static const char job_name[] = "document.complete";

/* ---- asking for it ---- */
static bool others_vouch(const struct house *h)
{
    const struct keyring *ring = documents_of(h)->keys;

    return sk_X509_num(keyring_anchors(ring)) > (keyring_authority(ring) ? 1 : 0);
}

static bool on_added(struct db *db, const struct event *event, void *arg, struct error *e)
{
    const struct document *d = event->detail;
    json_auto_t *input = NULL;
    int64_t job;

    if (d->issued_at == INSTANT_NONE || !text_equal(d->media_type, "application/pdf") || !others_vouch(arg))
        return true;
    input = json_pack("{s:o}", "document", json_id(d->id));
    return job_add(db, job_name, input, 0, d->made_at, &job, e);
}

/* ---- what is missing ---- */
struct completion {
    const struct house *house;
    struct arena *arena;
    STACK_OF(X509) * known; /* what the paper brings along */
    struct evidence at_hand;
    struct bytes certificates[ANSWERS_MAX], lists[ANSWERS_MAX], replies[ANSWERS_MAX];
    size_t n_certificates, n_lists, n_replies;
    int64_t now;
};

static X509 *issuer_among(STACK_OF(X509) * some, X509 *certificate)
{
    for (int i = 0; i < sk_X509_num(some); i++) {
        X509 *one = sk_X509_value(some, i);

        if (X509_check_issued(one, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(one)) == 1)
            return one;
    }
    ERR_clear_error();
    return NULL;
}

static bool is_anchor(const struct completion *c, const X509 *certificate)
{
    STACK_OF(X509) *anchors = keyring_anchors(documents_of(c->house)->keys);

    for (int i = 0; i < sk_X509_num(anchors); i++)
        if (X509_cmp(sk_X509_value(anchors, i), certificate) == 0)
            return true;
    return false;
}

static bool has(const struct bytes *rows, size_t n, struct bytes one)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].len == one.len && memcmp(rows[i].data, one.data, one.len) == 0)
            return true;
    return false;
}

static void keep(struct bytes *rows, size_t *n, struct bytes one)
{
    if (one.len && *n < ANSWERS_MAX && !has(rows, *n, one))
        rows[(*n)++] = one;
}

/* A key that was revoked signs nothing more; what it signed before is for the timestamp to tell. */
static bool heed(const struct completion *c, const X509 *certificate, const struct revocation_answer *answer,
                 struct error *e)
{
    if (answer->standing != STANDING_REVOKED)
        return true;
    log_line(LOG_WARN, "certificate_revoked", "why=\"its authority says so\"");
    return keyring_heard_revoked(documents_of(c->house)->keys, certificate, e);
}

/* The own authority is at hand, and nobody has to reach it from outside. */
static bool ask_ourselves(const struct completion *c, X509 *certificate, bool *ours, struct revocation_answer *answer,
                          struct error *e)
{
    struct authority *authority = keyring_authority(documents_of(c->house)->keys);
    bool issued = authority && authority_issued(authority, certificate);
    struct bytes lists[2];

    *ours = issued ||
            (authority && X509_check_issued((X509 *)(uintptr_t)authority_root(authority), certificate) == X509_V_OK);
    if (!*ours)
        return true;
    if (!authority_lists(authority, c->arena, lists, e))
        return false;
    *answer = (struct revocation_answer){.list = lists[issued], .standing = STANDING_GOOD};
    return true;
}

static bool ask_about(struct completion *c, X509 *certificate, struct error *e)
{
    struct keyring *ring = documents_of(c->house)->keys;
    STACK_OF(X509) *anchors = keyring_anchors(ring);
    X509 *issuer = issuer_among(anchors, certificate);
    struct revocation_answer answer;
    bool ours;

    if (!issuer)
        issuer = issuer_among(c->known, certificate);
    /* Nobody to ask, or nothing left to ask. */
    if (!issuer || is_anchor(c, certificate) ||
        standing_at(&c->at_hand, certificate, issuer, c->now) != STANDING_UNKNOWN)
        return true;
    if (!ask_ourselves(c, certificate, &ours, &answer, e) ||
        (!ours && !revocation_ask(certificate, issuer, c->now, c->arena, &answer, e)) ||
        !heed(c, certificate, &answer, e))
        return false;
    if (!answer.list.len && !answer.reply.len)
        return true;
    keep(c->lists, &c->n_lists, answer.list);
    keep(c->replies, &c->n_replies, answer.reply);
    keep(c->certificates, &c->n_certificates, certificate_der(c->arena, certificate));
    keep(c->certificates, &c->n_certificates, certificate_der(c->arena, issuer));
    return true;
}

static bool ask_about_all(struct completion *c, struct error *e)
{
    for (int i = 0; i < sk_X509_num(c->known); i++)
        if (!ask_about(c, sk_X509_value(c->known, i), e))
            return false;
    return true;
}

/* ---- the paper ---- */
static bool gather(struct completion *c, struct bytes pdf, struct error *e)
{
    bool good;

    c->known = sk_X509_new_null();
    evidence_init(&c->at_hand);
    good = !inspect_evidence(pdf, c->known, &c->at_hand) || ask_about_all(c, e);
    evidence_done(&c->at_hand);
    sk_X509_pop_free(c->known, X509_free);
    return good;
}

struct completed {
    int64_t document, size;
    struct digest before, after;
};

/* The bytes before stay a paper that was issued: who has them compares them with these. */
static bool write_completed(struct db *db, void *arg, struct error *e)
{
    static const char sql[] = "UPDATE document SET first_sha256 = sha256, first_size = size, sha256 = $3, size = $4"
                              " WHERE id = $1 AND sha256 = $2 AND first_sha256 IS NULL";
    const struct completed *x = arg;

    return db_exec(db, NULL, e, sql,
                   ARGS(I64(x->document), BLOB(((struct bytes){x->before.bytes, DIGEST_BYTES})),
                        BLOB(((struct bytes){x->after.bytes, DIGEST_BYTES})), I64(x->size)));
}

static bool complete(const struct house *h, const struct document *d, struct bytes pdf, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct completion c = {.house = h, .arena = a, .now = now_ms()};
    struct completed done = {.document = d->id, .before = d->digest};
    struct bytes out;

    if (!gather(&c, pdf, e))
        return false;
    if (c.n_lists == 0 && c.n_replies == 0)
        return true; /* no authority has a place to be asked, or all of it is there */
    if (!pdf_add_proof(pdf,
                       &(struct pdf_proof){.certificates = c.certificates,
                                           .n_certificates = c.n_certificates,
                                           .lists = c.lists,
                                           .n_lists = c.n_lists,
                                           .replies = c.replies,
                                           .n_replies = c.n_replies},
                       false, a, &out, e) ||
        !document_keep(h, out, &done.after, e))
        return false;
    done.size = (int64_t)out.len;
    return store_write(h->store, write_completed, &done, e);
}

static bool find(const struct house *h, struct arena *a, const struct job *job, struct document *d, bool *found,
                 struct error *e)
{
    auto_read struct db *db = NULL;
    int64_t id;

    if (!text_to_i64(json_str(job->input, "document"), 1, INT64_MAX, &id))
        return fail(e, E_INTERNAL, "a completion of no document");
    return store_read(h->store, &db, e) && document_find(db, a, id, d, found, e);
}

static bool run(struct job *job, struct error *e)
{
    const struct house *h = job->arg;
    auto_arena struct arena *a = arena_new();
    auto_close int fd = -1;
    struct document d;
    bool found, good;
    void *at;

    if (!find(h, a, job, &d, &found, e))
        return false;
    if (!found || d.first_size || d.size > PAPER_MAX)
        return true;
    if (!document_open(h, &d.digest, &fd, e))
        return false;
    at = mmap(NULL, (size_t)d.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return fail_errno(e, "read a paper");
    good = complete(h, &d, (struct bytes){at, (size_t)d.size}, e);
    (void)munmap(at, (size_t)d.size);
    return good;
}

void complete_start(struct house *h)
{
    store_job_kind(h->store, &(struct job_kind){.name = job_name, .run = run, .arg = h, .tries = COMPLETE_TRIES});
    store_listen(h->store, "document.added", on_added, h);
}
