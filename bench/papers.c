/* Papers from end to end: one-page extracts drawn, signed by officer and unit with P-256, stored and put into a vault,
 * by four threads as four signatories would; then their public page. Beside them, in the same run, what OpenSSL signs
 * when it does nothing else, and weasyprint where it is installed.
 *
 *   bench-papers --program PROGRAM --data DIR [--papers N]      DIR: a fresh demo city */
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../test/unit/document/city_papers.h"
#include "base/id.h"
#include "bench.h"
#include "document/document.h"
#include "people/people.h"
#include "program/program.h"

enum { THREADS = 4, PAPERS = 1000, RAW_MS = 1000, VERIFY_MS = 3000, VERIFY_CONNECTIONS = 32 };

static double seconds_since(int64_t start_us)
{
    return (double)(monotonic_us() - start_us) / 1e6;
}

/* ---- OpenSSL alone ---- */
static void *sign_raw(void *arg)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char text[1024] = {0}, out[128];
    int64_t start = monotonic_us(), *n = arg;

    while (key && monotonic_us() - start < RAW_MS * 1000LL) {
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        size_t len = sizeof out;

        if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestSign(md, out, &len, text, sizeof text) == 1)
            ++*n;
        EVP_MD_CTX_free(md);
    }
    EVP_PKEY_free(key);
    return NULL;
}

static double raw_rate(void)
{
    pthread_t threads[THREADS];
    int64_t n[THREADS] = {0};
    double sum = 0;

    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, sign_raw, &n[i]) != 0)
            die("a thread", i);
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        sum += (double)n[i];
    }
    return sum * 1000 / RAW_MS;
}

/* ---- ours ---- */
struct maker {
    struct house *house;
    const struct unit *unit;
    struct party owner, officer;
    size_t n;
    char (*codes)[VERIFY_CODE_CHARS + 1];
    struct error e;
    bool good;
};

struct made {
    size_t n; /* a multiple of THREADS */
    double rate, first_mb, half_mb, last_mb;
};

static bool put(struct db *db, void *arg, struct error *e)
{
    return document_add(db, arg, e);
}

static bool make_one(struct maker *m, char *code)
{
    auto_arena struct arena *a = arena_new();
    struct signing signing = {.unit = m->unit, .officer = m->officer.id, .officer_name = m->officer.name};
    const struct expr_scope *scope = printed_scope(a, printed[0].values, &m->e);
    struct document d = {.media_type = "application/pdf",
                         .kind = printed[0].paper,
                         .title = "Bản sao trích lục khai sinh",
                         .owner = m->owner.id,
                         .uploader = m->officer.id,
                         .made_at = now_ms(),
                         .issued_at = now_ms(),
                         .valid_until = INSTANT_NONE,
                         .verify_code = code,
                         .status = "valid"};
    struct bytes pdf;

    random_code(code, VERIFY_CODE_CHARS);
    if (!scope || !paper_print(paper_find(m->house, printed[0].paper), scope, a, &signing.pdf, &signing.place, &m->e) ||
        !document_sign(m->house, &signing, a, &pdf, &m->e) || !document_keep(m->house, pdf, &d.digest, &m->e))
        return false;
    d.size = (int64_t)pdf.len;
    return store_write(m->house->store, put, &d, &m->e);
}

static void *make(void *arg)
{
    struct maker *m = arg;

    m->good = true;
    for (size_t i = 0; i < m->n && m->good; i++)
        m->good = make_one(m, m->codes[i]);
    return NULL;
}

static bool people_of(struct house *h, struct arena *a, const char *data, struct maker *m, struct error *e)
{
    json_auto_t *accounts = json_load_file(arena_printf(a, "%s/demo-accounts.json", data), 0, NULL);
    const json_t *row;
    bool found;
    size_t i;

    auto_read struct db *db = NULL;

    if (!store_read(h->store, &db, e))
        return false;
    json_array_foreach(accounts, i, row)
    {
        const char *role = json_str(row, "role");
        bool citizen = text_equal(role, "citizen"), signatory = text_equal(role, "signatory");

        if ((citizen && !m->owner.id && !account_party(db, a, json_str(row, "user"), &m->owner, &found, e)) ||
            (signatory && !m->officer.id && !account_party(db, a, json_str(row, "user"), &m->officer, &found, e)))
            return false;
        if (signatory && !m->unit)
            m->unit = unit_by_code(h, json_str(row, "unit"));
    }
    return (m->unit && m->owner.id && m->officer.id) || fail(e, E_NOT_FOUND, "no demo accounts in %s", data);
}

/* By all makers at once, codes[0] … codes[n - 1]; n is a multiple of THREADS. */
static bool make_all(const struct maker *like, size_t n, char (*codes)[VERIFY_CODE_CHARS + 1], struct error *e)
{
    struct maker makers[THREADS];
    pthread_t threads[THREADS];
    bool good = true;

    for (size_t i = 0; i < THREADS; i++) {
        makers[i] = *like;
        makers[i].n = n / THREADS;
        makers[i].codes = codes + i * (n / THREADS);
        if (pthread_create(&threads[i], NULL, make, &makers[i]) != 0)
            die("a thread", i);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        good = (!good || makers[i].good) ? good : fail(e, E_INTERNAL, "%s", makers[i].e.detail);
    }
    return good;
}

/* The first PAPERS tell what memory the work takes; the database's page cache then fills up to its ceiling (24 MB, some
 * 90,000 papers); whatever is added behind that is what is not given back. */
static bool make_papers(const char *data, struct made *m, char (*codes)[VERIFY_CODE_CHARS + 1], struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct home home = {.data_dir = data};
    const struct process self = {.pid = getpid()};
    struct maker maker = {.n = 1, .codes = codes};
    auto_house struct house house = {0};
    size_t first = m->n < PAPERS ? m->n : PAPERS, half;
    int64_t start;

    if (!house_open_kept(&home, &house, e) || !people_of(&house, a, data, &maker, e))
        return false;
    maker.house = &house;
    error_init(&maker.e);
    if (!make_one(&maker, codes[0])) /* the keys are made, the fonts read */
        return fail(e, E_INTERNAL, "%s", maker.e.detail);
    start = monotonic_us();
    if (!make_all(&maker, first, codes, e))
        return false;
    m->first_mb = process_rss_mb(&self);
    half = (m->n - first) / 2 / THREADS * THREADS;
    if (!make_all(&maker, half, codes + first, e))
        return false;
    m->half_mb = process_rss_mb(&self);
    if (!make_all(&maker, m->n - first - half, codes + first + half, e))
        return false;
    m->rate = (double)m->n / seconds_since(start);
    m->last_mb = process_rss_mb(&self);
    return true;
}

/* ---- the public page ---- */
struct asking {
    char (*codes)[VERIFY_CODE_CHARS + 1];
    size_t n, next;
};

static bool ask(void *arg, int connection, struct buf *out)
{
    struct asking *x = arg;

    (void)connection;
    buf_printf(out, "GET /verify/%s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n",
               x->codes[x->next++ % x->n]);
    return true;
}

static bool verify_rate(const char *program, const char *data, struct asking *x, double *rate, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    int port = port_free();
    const char *const argv[] = {program, "serve", "--data", data, "--listen", arena_printf(a, "127.0.0.1:%d", port),
                                NULL};
    struct process server;
    struct measured m;
    double first_ms;
    bool good;

    if (!process_start(argv, arena_printf(a, "%s/serve.log", data), port, "/readyz", &server, &first_ms, e))
        return false;
    good = load_run(
        &(struct load){.port = port, .connections = VERIFY_CONNECTIONS, .for_ms = VERIFY_MS, .make = ask, .arg = x}, &m,
        e);
    process_stop(&server);
    if (good && m.refused)
        return fail(e, E_INTERNAL, "%s", m.refusal);
    *rate = good ? (double)m.requests / m.seconds : 0;
    return good;
}

/* ---- the table ---- */
static void tell(const char *name, double value, const char *beside, double yardstick, double goal)
{
    printf("| %-58s | %9.0f/s | ", name, value);
    if (yardstick > 0)
        printf("%s %.0f/s | %.3f | ", beside, yardstick, value / yardstick);
    else
        printf("%s | – | ", beside);
    printf("%s |\n", value >= goal ? "met" : "not met");
}

/* One page of text, ten times, its start taken along as whoever calls it would. */
static double weasyprint_rate(const char *data)
{
    auto_arena struct arena *a = arena_new();
    const char *html = arena_printf(a, "%s/page.html", data), *pdf = arena_printf(a, "%s/page.pdf", data);
    static const char text[] = "<meta charset=utf-8><p>Cộng hòa xã hội chủ nghĩa Việt Nam";
    const char *const argv[] = {"/usr/bin/weasyprint", html, pdf, NULL};
    auto_error struct error e;
    int64_t start = monotonic_us();

    error_init(&e);
    if (access(argv[0], X_OK) != 0 || !file_write(html, (struct bytes){text, sizeof text - 1}, &e))
        return 0;
    for (int i = 0; i < 10; i++)
        if (!process_run(argv, "/dev/null", &e))
            return 0;
    return 10 / seconds_since(start);
}

int main(int argc, char **argv)
{
    const char *program = NULL, *data = NULL;
    int64_t n = PAPERS;
    double raw, asked = 0, weasy;
    struct made made = {0};
    auto_error struct error e;
    char(*codes)[VERIFY_CODE_CHARS + 1];

    error_init(&e);
    id_set_node(1000);
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], "--program") == 0)
            program = argv[i + 1];
        else if (strcmp(argv[i], "--data") == 0)
            data = argv[i + 1];
        else if (strcmp(argv[i], "--papers") == 0 && !text_to_i64(argv[i + 1], THREADS, 1000000, &n))
            return 2;
    made.n = (size_t)n / THREADS * THREADS;
    codes = calloc((size_t)n, sizeof *codes);
    if (!program || !data || !codes) {
        (void)fprintf(stderr, "usage: bench-papers --program PROGRAM --data DIR [--papers N]\n");
        return 2;
    }
    raw = raw_rate();
    weasy = weasyprint_rate(data);
    if (!make_papers(data, &made, codes, &e) ||
        !verify_rate(program, data, &(struct asking){codes, made.n, 0}, &asked, &e)) {
        (void)fprintf(stderr, "bench-papers: %s\n", e.detail);
        return 1;
    }
    tell("one-page extracts: drawn, signed twice, stored, in a vault", made.rate, "OpenSSL P-256 alone:", raw, 300);
    tell("the same", made.rate, weasy > 0 ? "weasyprint, drawing only:" : "weasyprint is not installed", weasy, 300);
    if (made.n > PAPERS)
        printf("| memory after %d papers, after half and all of %zu | %.0f, %.0f, %.0f MB |\n", PAPERS, made.n,
               made.first_mb, made.half_mb, made.last_mb);
    tell("their public page, as JSON", asked, "", 0, 1000);
    free(codes);
    return 0;
}
