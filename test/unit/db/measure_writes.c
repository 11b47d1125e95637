/* Measures, is no test: dossier-sized writes a second through the queue, in process.
 * measure-db-writes FOLDER [THREADS [WRITES [search|no-search]]] — one row with 1.2 KB of JSON, one event, one text. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"

enum { THREADS_MAX = 256, BODY_BYTES = 1200 };

static const struct migration tables[] = {
    {1, "tables",
     "CREATE TABLE dossier (id BIGINT PRIMARY KEY, unit BIGINT NOT NULL, code TEXT NOT NULL UNIQUE,"
     " due_at BIGINT, body JSON NOT NULL);"
     "CREATE INDEX dossier_due ON dossier (unit, due_at);"
     "CREATE TABLE dossier_event (id BIGINT PRIMARY KEY, dossier BIGINT NOT NULL, action TEXT NOT NULL, at BIGINT);"
     "CREATE INDEX dossier_event_of ON dossier_event (dossier)"},
    {0},
};

static const char *const family[] = {"nguyen", "tran", "le", "pham", "huynh", "phan", "vu", "vo", "dang", "bui"};
static const char *const given[] = {"van an",   "thi binh",  "minh chau",  "quoc dung", "thanh ha",
                                    "ngoc lan", "hoang nam", "thu phuong", "duc thang", "anh tuyet"};

static struct store *store;
static bool searching = true;
static int64_t each;
static atomic_llong slowest_us;

static bool make(struct db *db, void *arg, struct error *e)
{
    (void)arg;
    return db_search_define(db, "s_dossier", e);
}

static bool submit(struct db *db, void *arg, struct error *e)
{
    static const char dossier[] = "INSERT INTO dossier (id, unit, code, due_at, body) VALUES ($1, $2, $3, $4, $5)";
    static const char event[] = "INSERT INTO dossier_event (id, dossier, action, at) VALUES ($1, $2, $3, $4)";
    const char *body = arg;
    int64_t id = id_new(), now = now_ms();
    char code[40], text[120];

    (void)snprintf(code, sizeof code, "H29.%d-%jd", (int)(id % 168), (intmax_t)id);
    (void)snprintf(text, sizeof text, "h29 %jd %s %s %jd duong so %d phuong ben thanh", (intmax_t)id,
                   family[(id >> 3) % 10], given[(id / 7) % 10], (intmax_t)(id % 1000000007), (int)(id % 97));
    return db_exec(db, NULL, e, dossier, ARGS(I64(id), I64(id % 168), TEXT(code), I64(now), TEXT(body))) &&
           db_exec(db, NULL, e, event, ARGS(I64(id), I64(id), TEXT("submitted"), I64(now))) &&
           (!searching || db_search_add(db, "s_dossier", id, text, e));
}

static void *client(void *arg)
{
    char body[BODY_BYTES + 1];
    struct error e;

    error_init(&e);
    (void)snprintf(body, sizeof body, "{\"x\":\"%0*d\"}", BODY_BYTES - 8, 0);
    for (int64_t i = 0; i < each; i++) {
        long long start = monotonic_us(), took, seen = atomic_load(&slowest_us);

        if (!store_write(store, submit, body, &e)) {
            (void)fprintf(stderr, "%s\n", e.detail);
            exit(1);
        }
        took = monotonic_us() - start;
        while (took > seen && !atomic_compare_exchange_weak(&slowest_us, &seen, took))
            ;
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    int64_t n_threads = 64, writes = 100000, start;
    struct store_figures f;
    struct error e;
    char url[STORE_PATH_MAX];
    double seconds;

    error_init(&e);
    if (argc < 2 || (argc > 2 && !text_to_i64(argv[2], 1, THREADS_MAX, &n_threads)) ||
        (argc > 3 && !text_to_i64(argv[3], 1, 100000000, &writes)))
        return 2;
    searching = argc < 5 || strcmp(argv[4], "no-search") != 0;
    each = writes / n_threads;
    (void)snprintf(url, sizeof url, "sqlite:%s/motcua.db", argv[1]);
    if (!store_open(url, &store, &e) || !store_migrate(store, "measure", tables, &e) ||
        !store_write(store, make, NULL, &e)) {
        (void)fprintf(stderr, "%s\n", e.detail);
        return 1;
    }
    start = monotonic_us();
    for (int64_t i = 0; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, client, NULL) != 0)
            return 1;
    for (int64_t i = 0; i < n_threads; i++)
        (void)pthread_join(threads[i], NULL);
    seconds = (double)(monotonic_us() - start) / 1e6;
    f = store_figures(store);
    (void)printf("writes_s=%.0f threads=%jd writes=%jd batches=%jd largest=%jd slowest_ms=%.1f search=%d\n",
                 (double)(each * n_threads) / seconds, (intmax_t)n_threads, (intmax_t)f.writes, (intmax_t)f.batches,
                 (intmax_t)f.largest_batch, (double)atomic_load(&slowest_us) / 1e3, searching);
    store_close(store);
    return 0;
}
