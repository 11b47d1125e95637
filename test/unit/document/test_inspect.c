/* What is found of signed PDFs: our own, and what people make of them. The worker that looks, and how it is shut in. */
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "city_papers.h"
#include "document/inspect_internal.h"
#include "document/sign_internal.h"
#include "document/worker.h"

#ifdef __SANITIZE_ADDRESS__
/* fontconfig keeps its configuration, and pango what it matched, until the process ends: some hundred kB, once. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}
#endif

static const int64_t YEAR_MS = 365LL * DAY_MS;

/* ---- a signed paper ---- */
static struct signing draft(struct street *s)
{
    const struct expr_scope *scope = printed_scope(s->arena, printed[0].values, &s->e);
    struct signing g = {.unit = unit_by_id(&s->house, s->unit), .officer = s->minh, .officer_name = "Trần Văn Minh"};
    static struct paper paper;

    assert_non_null(scope);
    assert_ok(s, city_paper(s->arena, printed[0].paper, &paper, &s->e) &&
                     paper_print(&paper, scope, s->arena, &g.pdf, &g.place, &s->e));
    return g;
}

static struct bytes signed_paper(struct street *s)
{
    const struct signing g = draft(s);
    struct bytes out;

    assert_ok(s, document_sign(&s->house, &g, s->arena, &out, &s->e));
    return out;
}

/* ---- what is found ---- */
static struct trust trust_of(struct street *s)
{
    struct keyring *ring = documents_of(&s->house)->keys;
    struct bytes lists[2];
    struct trust t = {.anchors = keyring_anchors(ring), .lists = sk_X509_CRL_new_null(), .now = now_ms()};

    assert_ok(s, authority_lists(keyring_authority(ring), s->arena, lists, &s->e));
    for (size_t i = 0; i < COUNT(lists); i++) {
        const unsigned char *at = lists[i].data;

        assert_true(sk_X509_CRL_push(t.lists, d2i_X509_CRL(NULL, &at, (long)lists[i].len)) > 0);
    }
    return t;
}

static json_t *found(struct street *s, struct bytes pdf, int64_t later)
{
    struct trust t = trust_of(s);
    json_t *report;

    t.now += later;
    report = inspect_new(pdf, &t);
    sk_X509_CRL_pop_free(t.lists, X509_CRL_free);
    return json_held(s->arena, report);
}

static const char *outcome_of(struct street *s, struct bytes pdf)
{
    return json_str(found(s, pdf, 0), "outcome");
}

static const json_t *row(const json_t *report, size_t i)
{
    return json_array_get(json_object_get(report, "signatures"), i);
}

static struct bytes copy_of(struct street *s, struct bytes pdf)
{
    return (struct bytes){arena_strndup(s->arena, pdf.data, pdf.len), pdf.len};
}

static void ours_is_sound(void **state)
{
    struct street *s = *state;
    const json_t *r = found(s, signed_paper(s), 0);

    assert_string_equal(json_str(r, "outcome"), "sound");
    assert_int_equal(json_array_size(json_object_get(r, "signatures")), 2);
    assert_string_equal(json_str(row(r, 0), "signer"), "Trần Văn Minh");
    assert_string_equal(json_str(row(r, 0), "organisation"), "Phường Bến Thành");
    assert_string_equal(json_str(row(r, 0), "changes"), "signatures");
    assert_string_equal(json_str(row(r, 1), "code"), "H29.1.5");
    assert_string_equal(json_str(row(r, 1), "trust"), "trusted");
    assert_string_equal(json_str(row(r, 1), "changes"), "none");
    assert_true(json_is_true(json_object_get(row(r, 1), "whole")));
    assert_true(json_is_false(json_object_get(row(r, 0), "whole")));
    assert_string_equal(outcome_of(s, draft(s).pdf), "unsigned");
}

static void only_the_agency_and_copies(void **state)
{
    struct street *s = *state;
    struct signing g = draft(s);
    struct bytes out;

    g.officer = 0;
    g.copy = "SAO Y";
    assert_ok(s, document_sign(&s->house, &g, s->arena, &out, &s->e));
    assert_string_equal(outcome_of(s, out), "sound");
    g.copy = NULL;
    g.place.page = 0; /* no block: no mark */
    assert_ok(s, document_sign(&s->house, &g, s->arena, &out, &s->e));
    assert_string_equal(outcome_of(s, out), "sound");
    g.place.page = 7;
    assert_fails(s, E_PDF_UNSOUND, document_sign(&s->house, &g, s->arena, &out, &s->e));
    g.pdf = text_bytes("%PDF-1.4\nnot really");
    assert_fails(s, E_PDF_UNSOUND, document_sign(&s->house, &g, s->arena, &out, &s->e));
}

/* The smallest paper that is signed: what is flipped in it is found as in a large one, and sooner. */
static struct bytes small_paper(struct street *s)
{
    static const char objects[] = "%PDF-1.4\n"
                                  "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
                                  "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
                                  "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>\nendobj\n";
    struct signing g = draft(s);
    struct buf b = BUF_INIT(1 << 20);
    struct bytes out;

    buf_puts(&b, objects);
    buf_puts(&b, "xref\n0 4\n0000000000 65535 f \n");
    for (int i = 1; i <= 3; i++) {
        char head[16];

        (void)snprintf(head, sizeof head, "\n%d 0 obj", i);
        buf_printf(&b, "%010td 00000 n \n", strstr(objects, head) + 1 - objects);
    }
    buf_printf(&b, "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", sizeof objects - 1);
    g.pdf = (struct bytes){arena_strndup(s->arena, b.data, b.len), b.len};
    g.place = (struct paper_place){0};
    g.officer = 0;
    buf_done(&b);
    assert_ok(s, document_sign(&s->house, &g, s->arena, &out, &s->e));
    return out;
}

struct flips {
    struct bytes pdf;
    struct trust trust;
    size_t missed;
};

/* One bit of one byte; the file is as it was afterwards. */
static void flip(struct flips *f, size_t at, int bit)
{
    unsigned char *byte = (unsigned char *)(uintptr_t)f->pdf.data + at, was = *byte;
    json_t *r;

    *byte = (unsigned char)(was ^ 1U << bit);
    r = inspect_new(f->pdf, &f->trust);
    if (strcmp(json_str(r, "outcome"), "sound") == 0) {
        print_error("byte %zu of %zu: %02x is %02x\n", at, f->pdf.len, was, *byte);
        f->missed++;
    }
    json_decref(r);
    *byte = was;
}

static void flips_done(struct street *s, struct flips *f)
{
    sk_X509_CRL_pop_free(f->trust.lists, X509_CRL_free);
    assert_int_equal(f->missed, 0);
    assert_string_equal(outcome_of(s, f->pdf), "sound"); /* it was not the test that broke it */
}

static void every_changed_byte_is_found(void **state)
{
    struct street *s = *state;
    struct flips f = {.pdf = copy_of(s, small_paper(s)), .trust = trust_of(s)};

    for (size_t at = 0; at < f.pdf.len; at++) {
        flip(&f, at, (int)randombytes_uniform(8));
        if (((const char *)f.pdf.data)[at] == '3')
            flip(&f, at, 1); /* in hex a set becomes one that DER does not know, and OpenSSL mends it while it reads */
    }
    flips_done(s, &f);
}

static void a_changed_byte_is_found(void **state)
{
    struct street *s = *state;
    struct flips f = {.pdf = copy_of(s, signed_paper(s)), .trust = trust_of(s)};

    for (int i = 0; i < 60; i++)
        flip(&f, randombytes_uniform((uint32_t)f.pdf.len), (int)randombytes_uniform(8));
    flips_done(s, &f);
}

static void cut_anywhere(void **state)
{
    struct street *s = *state;
    struct bytes pdf = signed_paper(s);

    for (int i = 0; i < 15; i++) {
        struct bytes part = {pdf.data, randombytes_uniform((uint32_t)pdf.len - 1)};
        const char *outcome = outcome_of(s, part);
        const json_t *r = found(s, part, 0);

        /* A whole earlier revision is a document by itself, with the signatures it had. */
        if (strcmp(outcome, "sound") == 0)
            assert_int_equal(json_array_size(json_object_get(r, "signatures")), 1);
    }
    assert_string_equal(outcome_of(s, (struct bytes){"", 0}), "broken");
    assert_string_equal(outcome_of(s, text_bytes("%PDF-1.7\n%%EOF\n")), "broken");
}

/* ---- additions ---- */
/* An update by somebody else: objects as they are given, a table, a trailer. */
static struct bytes with_objects(struct street *s, struct bytes pdf, const char *const *objects, size_t n)
{
    struct buf b = BUF_INIT(16 << 20);
    size_t at[8], xref;
    const char *last = (const char *)memrchr(pdf.data, 'f', pdf.len - 10), *from = pdf.data;
    struct bytes out;
    long previous;

    while (strncmp(last, "f\n", 2) != 0 || strncmp(last - 8, "startxref", 9) != 0)
        last = memrchr(pdf.data, 'f', (size_t)(last - from));
    previous = strtol(last + 2, NULL, 10);
    buf_add(&b, pdf.data, pdf.len);
    for (size_t i = 0; i < n; i++) {
        at[i] = b.len;
        buf_printf(&b, "%s\nendobj\n", objects[i]);
    }
    xref = b.len;
    buf_puts(&b, "xref\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%d 1\n%010zu 00000 n \n", atoi(objects[i]), at[i]);
    {
        const char *root = memmem(from, pdf.len, "/Root ", 6), *end = strstr(root, " R");

        buf_printf(&b, "trailer\n<< /Size 9000 /Prev %ld %.*s >>\nstartxref\n%zu\n%%%%EOF\n", previous,
                   (int)(end + 2 - root), root, xref);
    }
    out = (struct bytes){arena_strndup(s->arena, b.data, b.len), b.len};
    buf_done(&b);
    return out;
}

/* An object as the file last said it: "12 0 obj\n<<…>>". */
static char *object_of(struct street *s, struct bytes pdf, const char *mark)
{
    const char *from = pdf.data, *at = NULL, *next = from, *end;

    while ((next = memmem(next, pdf.len - (size_t)(next - from), mark, strlen(mark))))
        at = next++;
    assert_non_null(at);
    while (strncmp(at, " obj\n", 5) != 0)
        at--;
    while (at[-1] != '\n')
        at--;
    end = memmem(at, pdf.len - (size_t)(at - from), "\nendobj", 7);
    return arena_strndup(s->arena, at, (size_t)(end - at));
}

static void assert_changed(struct street *s, const char *outcome, const char *changes, const char *const *objects,
                           size_t n)
{
    const json_t *r = found(s, with_objects(s, signed_paper(s), objects, n), 0);

    if (strcmp(json_str(r, "outcome"), outcome) != 0 || strcmp(json_str(row(r, 1), "changes"), changes) != 0)
        fail_msg("%s, %s, not %s, %s", json_str(r, "outcome"), json_str(row(r, 1), "changes"), outcome, changes);
}

/* extra before the first end (or behind the first begin) in an object's text. */
static const char *with(struct street *s, const char *object, const char *at, size_t skip, const char *extra)
{
    const char *found = strstr(object, at);
    struct buf b = BUF_INIT(1 << 20);
    const char *out;

    assert_non_null(found);
    buf_add(&b, object, (size_t)(found - object) + skip);
    buf_puts(&b, extra);
    buf_puts(&b, found + skip);
    out = arena_strndup(s->arena, b.data, b.len);
    buf_done(&b);
    return out;
}

static void overlays_do_not_pass(void **state)
{
    struct street *s = *state;
    struct bytes pdf = signed_paper(s);
    const char *page = object_of(s, pdf, "/Type /Page "), /* its annotations are the first of its keys */
        *more = with(s, page, "]", 0, "8001 0 R "), *other = with(s, page, "<<", 2, " /Rotate 180 "),
               *box =
                   "8000 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Length 0 >>\nstream\n\nendstream";
    static const char *const marks[] = {
        "8001 0 obj\n<< /Type /Annot /Subtype /FreeText /Rect [0 0 600 800] /Contents (paid) >>",
        "8001 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [0 0 600 800] /AP << /N 8000 0 R >> >>",
        "8001 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /V << >> /Rect [0 0 9 9] /AP << /N 8000 0 R >> "
        ">>",
        "8001 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /V (paid) /Rect [0 0 600 800] >>",
    };

    for (size_t i = 0; i < COUNT(marks); i++)
        assert_changed(s, "changed", "annotations", (const char *[]){box, marks[i], more}, 3);
    assert_changed(s, "changed", "content", (const char *[]){other}, 1);
    assert_string_equal(outcome_of(s, with_objects(s, pdf, (const char *[]){box}, 1)), "sound"); /* nobody sees it */
}

/* The catalog without its form: readers show no signature, the bytes still hold one. */
static void a_hidden_signature_is_told(void **state)
{
    struct street *s = *state;
    struct bytes pdf = signed_paper(s);
    char *root = object_of(s, pdf, "/Type /Catalog");

    memcpy(strstr(root, "/AcroForm"), "/AcroFarm", 9);
    assert_string_equal(outcome_of(s, with_objects(s, pdf, (const char *[]){root}, 1)), "changed");
}

/* ---- ranges ---- */
/* A true signature by a true key over all but a piece behind the hole. */
static void a_gap_wider_than_the_signature(void **state)
{
    struct street *s = *state;
    const struct holder who = holder_of_unit(s->arena, unit_by_id(&s->house, s->unit));
    const struct pdf_signature one = {.field = "x", .signer = "x", .reason = "x", .tip = "x", .page = 1, .room = 6000};
    const struct signer *signer;
    struct bytes pdf, cms;
    struct digest_stream sum;
    struct digest digest;
    struct pdf_hole hole;
    size_t after, wide = 40;
    char *at, range[48];

    assert_ok(s, keyring_signer(documents_of(&s->house)->keys, &who, &signer, &s->e));
    assert_ok(s, pdf_add_signature(draft(s).pdf, &one, s->arena, &pdf, &hole, &s->e));
    after = hole.at + hole.len + 1 + wide;
    (void)snprintf(range, sizeof range, "[0 %010zu %010zu %010zu]", hole.at - 1, after, pdf.len - after);
    at = memmem(pdf.data, pdf.len, "/ByteRange [", 12);
    memcpy(at + 11, range, strlen(range));
    digest_start(&sum);
    digest_add(&sum, pdf.data, hole.at - 1);
    digest_add(&sum, (const char *)pdf.data + after, pdf.len - after);
    digest = digest_end(&sum);
    assert_ok(s, cms_sign(signer, &digest, NULL, NULL, s->arena, &cms, &s->e));
    for (size_t i = 0; i < cms.len; i++) {
        char hex[3];

        (void)snprintf(hex, sizeof hex, "%02x", ((const unsigned char *)cms.data)[i]);
        memcpy((char *)(uintptr_t)pdf.data + hole.at + 2 * i, hex, 2);
    }
    assert_string_equal(outcome_of(s, pdf), "partial");
}

/* ---- whom we trust, and when ---- */
static void strangers_and_times(void **state)
{
    struct street *s = *state;
    struct bytes pdf = signed_paper(s);
    struct trust nobody = {.anchors = sk_X509_new_null(), .lists = NULL, .now = now_ms()};
    json_t *r = json_held(s->arena, inspect_new(pdf, &nobody));

    sk_X509_free(nobody.anchors);
    assert_string_equal(json_str(r, "outcome"), "untrusted");
    assert_string_equal(json_str(row(r, 0), "trust"), "unknown");
    assert_string_equal(json_str(found(s, pdf, 4 * YEAR_MS), "outcome"), "expired");
    assert_string_equal(json_str(found(s, pdf, -2 * YEAR_MS), "outcome"), "expired");
    assert_ok(s, key_revoke(&s->house, "unit-H29.1.5", &s->e));
    r = found(s, pdf, 60000);
    assert_string_equal(json_str(r, "outcome"), "revoked");
    assert_string_equal(json_str(row(r, 0), "outcome"), "sound");
    assert_fails(s, E_SIGN_REVOKED,
                 document_sign(&s->house,
                               &(struct signing){.pdf = draft(s).pdf, .unit = unit_by_id(&s->house, s->unit)}, s->arena,
                               &pdf, &s->e));
}

static void keys_are_found_again(void **state)
{
    struct street *s = *state;
    struct bytes first = signed_paper(s);

    street_sleep(s);
    street_wake(s);
    assert_string_equal(outcome_of(s, first), "sound");
    assert_string_equal(json_str(row(found(s, first, 0), 1), "serial"),
                        json_str(row(found(s, signed_paper(s), 0), 1), "serial"));
}

/* ---- the worker ---- */
static int file_of(struct bytes data)
{
    int fd = memfd_create("paper", MFD_CLOEXEC);

    assert_true(fd >= 0 && write(fd, data.data, data.len) == (ssize_t)data.len);
    return fd;
}

static const char *by_worker(struct street *s, struct bytes data)
{
    auto_close int fd = file_of(data);
    struct bytes trust;
    json_t *r;

    assert_ok(s, keys_trusted(&s->house, s->arena, &trust, &s->e) && worker_inspect(fd, trust, &r, &s->e));
    return json_str(json_held(s->arena, r), "outcome");
}

static void a_worker_finds_the_same(void **state)
{
    struct street *s = *state;
    struct bytes pdf = signed_paper(s);

    assert_string_equal(by_worker(s, pdf), "sound");
    ((char *)(uintptr_t)pdf.data)[pdf.len / 3] ^= 1;
    assert_string_not_equal(by_worker(s, pdf), "sound");
    assert_string_equal(by_worker(s, text_bytes("GIF89a")), "broken");
}

static char once[64]; /* the marker of a worker that died once */

static void a_worker_that_dies_costs_one_retry(void **state)
{
    struct street *s = *state;

    assert_string_equal(by_worker(s, text_bytes("die!")), "unreadable");
    assert_string_equal(by_worker(s, text_bytes(arena_printf(s->arena, "once %s/died", s->folder))), "broken");
}

static int in_child(void (*act)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        worker_shut_in();
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void try_open(void)
{
    _exit(open("/etc/hostname", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? 7 : 1);
}

static void try_network(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void try_program(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
}

static void try_child(void)
{
    (void)fork();
}

static void a_worker_is_shut_in(void **state)
{
    static void (*const acts[])(void) = {try_network, try_program, try_child};

    (void)state;
    assert_int_equal(WEXITSTATUS(in_child(try_open)), 7);
    for (size_t i = 0; i < COUNT(acts); i++) {
        int status = in_child(acts[i]);

        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

/* This test is its own worker's program, as the server is. */
static int be_worker(void)
{
    char text[128] = "";
    ssize_t n = pread(STDIN_FILENO, text, sizeof text - 1, 0);
    int fd;

    if (n > 0 && strcmp(text, "die!") == 0)
        raise(SIGKILL);
    if (n > 0 && sscanf(text, "once %63s", once) == 1 &&
        (fd = open(once, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600)) >= 0) {
        (void)close(fd);
        raise(SIGKILL);
    }
    return document_worker();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        room_story(ours_is_sound),
        room_story(only_the_agency_and_copies),
        room_story(every_changed_byte_is_found),
        room_story(a_changed_byte_is_found),
        room_story(cut_anywhere),
        room_story(overlays_do_not_pass),
        room_story(a_hidden_signature_is_told),
        room_story(a_gap_wider_than_the_signature),
        room_story(strangers_and_times),
        room_story(keys_are_found_again),
        room_story(a_worker_finds_the_same),
        room_story(a_worker_that_dies_costs_one_retry),
        cmocka_unit_test(a_worker_is_shut_in),
    };

    if (argc > 1 && strcmp(argv[1], DOCUMENT_WORKER) == 0)
        return be_worker();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
