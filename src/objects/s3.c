/* An S3-compatible store, path style, each request signed (AWS Signature 4, by libcurl) together with the digest of its
 * body. A store may be slow, break off, lie or be gone: every wait has an end, what is worth repeating is repeated with
 * back-off, a broken download goes on where it stopped, and while a store does not answer requests fail at once instead
 * of holding the threads that others need. An object is put in one request, so no half one can stay behind. */
#include "objects/objects_internal.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
    TRIES = 3,
    BACKOFF_MS = 150,
    CONNECT_MS = 3000,
    IDLE_S = 5, /* slower than IDLE_BYTES a second for this long: broken off */
    IDLE_BYTES = 1024,
    REQUEST_S = 300,    /* 200 MiB at 700 KiB/s */
    PATIENCE_MS = 8000, /* no new try after that */
    DOWN_MS = 2000,     /* how long nobody asks a store that did not answer */
    AT_ONCE = 16,       /* requests; far fewer than there are workers */
    ANSWER_MAX = 4 << 20,
    STATUS_OK = 200,
    STATUS_PART = 206,
    STATUS_FORBIDDEN = 403,
    STATUS_ABSENT = 404,
    STATUS_RANGE = 416,
    STATUS_MANY = 429,
    STATUS_SERVER = 500,
    STATUS_FULL = 507
};

struct s3 {
    struct s3_place at;
    char *sign, *user;
    pthread_mutex_t lock; /* guards what follows */
    CURL *idle[AT_ONCE];  /* their connections stay open */
    size_t n_idle, n_busy;
    int64_t down_until_us;
};

/* One request and what came of it. */
struct exchange {
    const char *method, *key, *query;
    const struct object_bytes *body; /* to be put */
    int64_t sent;
    bool begun;       /* bytes of the object came in this try */
    int out;          /* where the bytes of the object go, or -1 */
    int64_t received; /* of the object, over all tries */
    int64_t total;    /* what its length should be, -1 while unknown */
    struct buf answer;
    CURL *curl;
    long status;
    CURLcode code;
    int disk_errno; /* our own disk's failure to take what came */
    char why[CURL_ERROR_SIZE];
};

/* ---- opening ---- */
static void curl_begin(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl cannot start", 0);
}

bool s3_place_open(const char *url, void **out, int64_t *cache_bytes, struct error *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct s3 *s = calloc(1, sizeof *s);

    if (!s)
        die("out of memory", sizeof *s);
    (void)pthread_once(&once, curl_begin); /* fails only on a bad first argument */
    if (!s3_place_read(url, &s->at, e)) {
        free(s);
        return false;
    }
    if (asprintf(&s->sign, "aws:amz:%s:s3", s->at.region) < 0 ||
        asprintf(&s->user, "%s:%s", s->at.key_id, s->at.secret) < 0)
        die("out of memory", sizeof *s);
    (void)pthread_mutex_init(&s->lock, NULL); /* a plain mutex */
    *cache_bytes = s->at.cache_mib << 20;
    *out = s;
    return true;
}

static void s3_close(void *place)
{
    struct s3 *s = place;

    for (size_t i = 0; i < s->n_idle; i++)
        curl_easy_cleanup(s->idle[i]);
    (void)pthread_mutex_destroy(&s->lock); /* nobody asks any more */
    sodium_memzero(s->user, strlen(s->user));
    free(s->user);
    free(s->sign);
    s3_place_done(&s->at);
    free(s);
}

/* ---- whose turn it is ---- */
static bool enter(struct s3 *s, CURL **curl, struct error *e)
{
    enum error_code refused = E_NONE;

    *curl = NULL;
    (void)pthread_mutex_lock(&s->lock); /* a plain mutex, never held across the network */
    if (monotonic_us() < s->down_until_us)
        refused = E_FILE_STORE;
    else if (s->n_busy == AT_ONCE)
        refused = E_BUSY;
    else if (++s->n_busy && s->n_idle)
        *curl = s->idle[--s->n_idle];
    (void)pthread_mutex_unlock(&s->lock);
    if (refused)
        return fail(e, refused, "%s", refused == E_BUSY ? "many requests under way" : "it did not answer just now");
    if (!*curl)
        *curl = curl_easy_init();
    if (!*curl)
        die("out of memory", 0);
    return true;
}

static void leave(struct s3 *s, CURL *curl, bool answered)
{
    (void)pthread_mutex_lock(&s->lock);
    s->n_busy--;
    s->down_until_us = answered ? 0 : monotonic_us() + (int64_t)DOWN_MS * 1000;
    s->idle[s->n_idle++] = curl; /* as many places as requests at once */
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- one try ---- */
static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    size_t room = size * n;
    int64_t rest = x->body->size - x->sent;
    ssize_t got = pread(x->body->fd, to, (int64_t)room < rest ? room : (size_t)rest, x->sent);

    if (got < 0) {
        x->disk_errno = errno;
        return CURL_READFUNC_ABORT;
    }
    x->sent += got;
    return (size_t)got;
}

/* The connection was found dead after a part was sent. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct exchange *x = arg;

    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    x->sent = offset;
    return CURL_SEEKFUNC_OK;
}

/* The object's bytes go to their file, everything else (errors, listings) to memory, up to a ceiling. */
static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    size_t len = size * n;
    long status = 0;
    ssize_t put;

    (void)curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status); /* known once bytes come */
    if (x->out < 0 || (status != STATUS_OK && status != STATUS_PART)) {
        buf_add(&x->answer, data, len);
        return x->answer.overflow ? 0 : len;
    }
    if (status == STATUS_OK && !x->begun)
        x->received = 0; /* also when it was asked for the rest only, and sends all */
    x->begun = true;
    put = pwrite(x->out, data, len, x->received);
    if (put < 0)
        x->disk_errno = errno;
    if (put > 0)
        x->received += put;
    return put == (ssize_t)len ? len : 0;
}

static struct curl_slist *header(struct curl_slist *list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(list, text);

    if (!longer)
        die("out of memory", strlen(text));
    return longer;
}

static struct curl_slist *headers_of(struct arena *a, const struct s3 *s, const struct exchange *x)
{
    struct digest digest = x->body ? *x->body->digest : digest_of((struct bytes){"", 0});
    struct curl_slist *list;
    char hex[DIGEST_HEX];

    digest_hex(&digest, hex);
    list = header(NULL, arena_printf(a, "x-amz-content-sha256: %s", hex));
    if (s->at.token)
        list = header(list, arena_printf(a, "x-amz-security-token: %s", s->at.token));
    return x->body ? header(list, "Content-Type: application/octet-stream") : list;
}

/* A setting that this libcurl does not know would change what the request means. */
#define SET(curl, option, value)                                                                                       \
    do {                                                                                                               \
        if (curl_easy_setopt(curl, option, value) != CURLE_OK)                                                         \
            die("libcurl does not take " #option, 0);                                                                  \
    } while (0)

static void set_safety(CURL *curl, const struct s3 *s)
{
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(curl, CURLOPT_FOLLOWLOCATION, 0L);
    SET(curl, CURLOPT_PROXY, ""); /* whatever the environment says: the store is asked itself */
    SET(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (s->at.ca)
        SET(curl, CURLOPT_CAINFO, s->at.ca);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(curl, CURLOPT_LOW_SPEED_LIMIT, (long)IDLE_BYTES);
    SET(curl, CURLOPT_LOW_SPEED_TIME, (long)IDLE_S);
    SET(curl, CURLOPT_TIMEOUT, (long)REQUEST_S);
    SET(curl, CURLOPT_AWS_SIGV4, s->sign);
    SET(curl, CURLOPT_USERPWD, s->user);
}

static void set_request(CURL *curl, struct exchange *x)
{
    SET(curl, CURLOPT_ERRORBUFFER, x->why);
    SET(curl, CURLOPT_WRITEFUNCTION, on_write);
    SET(curl, CURLOPT_WRITEDATA, x);
    if (x->body) {
        SET(curl, CURLOPT_UPLOAD, 1L);
        SET(curl, CURLOPT_READFUNCTION, on_read);
        SET(curl, CURLOPT_READDATA, x);
        SET(curl, CURLOPT_SEEKFUNCTION, on_seek);
        SET(curl, CURLOPT_SEEKDATA, x);
        SET(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->body->size);
    } else if (strcmp(x->method, "HEAD") == 0) {
        SET(curl, CURLOPT_NOBODY, 1L);
    } else if (strcmp(x->method, "GET") != 0) {
        SET(curl, CURLOPT_CUSTOMREQUEST, x->method);
    }
}

static void try_once(const struct s3 *s, struct exchange *x)
{
    auto_arena struct arena *a = arena_new();
    struct curl_slist *headers = headers_of(a, s, x);
    CURL *curl = x->curl;
    curl_off_t length = -1;

    curl_easy_reset(curl); /* keeps its connections */
    x->sent = 0;
    x->begun = false;
    x->status = 0;
    x->why[0] = '\0';
    buf_clear(&x->answer);
    set_safety(curl, s);
    set_request(curl, x);
    SET(curl, CURLOPT_HTTPHEADER, headers);
    SET(curl, CURLOPT_URL,
        arena_printf(a, "%s/%s%s%s%s%s", s->at.endpoint, s->at.bucket, x->key ? "/" : "", x->key ? s->at.prefix : "",
                     x->key ? x->key : "", x->query ? x->query : ""));
    if (x->out >= 0 && x->received)
        SET(curl, CURLOPT_RANGE, arena_printf(a, "%" PRId64 "-", x->received));
    x->code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &x->status); /* 0 when none came */
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK)
        x->total = length;
    curl_slist_free_all(headers);
}

/* ---- tries and what they mean ---- */
static bool is_passing_trouble(const struct exchange *x)
{
    return (x->code != CURLE_OK && x->disk_errno == 0 && !x->answer.overflow) || x->status == STATUS_MANY ||
           (x->status >= STATUS_SERVER && x->status != STATUS_FULL);
}

static void wait_a_little(int n)
{
    int64_t ms = ((int64_t)BACKOFF_MS << n) + (int64_t)randombytes_uniform(BACKOFF_MS);
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&t, NULL); /* shorter is fine too */
}

/* A store out of room says so in the status, or in the code of its XML. */
static bool says_full(const struct exchange *x)
{
    static const char *const words[] = {"QuotaExceeded", "StorageFull", "InsufficientStorage"};

    if (x->status == STATUS_FULL)
        return true;
    for (size_t i = 0; i < COUNT(words); i++)
        if (x->status >= STATUS_OK + 100 && x->answer.data && strstr(x->answer.data, words[i]))
            return true;
    return false;
}

static bool judge(struct exchange *x, struct error *e)
{
    const char *key = x->key ? x->key : "?list";

    if (x->disk_errno) {
        errno = x->disk_errno;
        return fail_errno(e, "%s %s", x->method, key);
    }
    if (says_full(x))
        return fail(e, E_DISK_FULL, "the file store has no room: %s", key);
    if (x->code != CURLE_OK)
        return fail(e, E_FILE_STORE, "%s %s: %s", x->method, key, x->why[0] ? x->why : curl_easy_strerror(x->code));
    if (x->status == STATUS_ABSENT)
        return fail(e, E_NOT_FOUND, "%s", key);
    if (x->status >= STATUS_OK && x->status < STATUS_OK + 100)
        return true;
    return fail(e, E_FILE_STORE, "%s %s: status %ld %.160s", x->method, key, x->status,
                x->answer.data ? x->answer.data : "");
}

static bool ask(struct s3 *s, struct exchange *x, struct error *e)
{
    int64_t began = monotonic_us();
    bool full, trouble = true;

    if (!enter(s, &x->curl, e))
        return false;
    for (int n = 0; n < TRIES && trouble && (n == 0 || monotonic_us() - began < (int64_t)PATIENCE_MS * 1000); n++) {
        if (n)
            wait_a_little(n - 1);
        try_once(s, x);
        full = says_full(x);
        trouble = is_passing_trouble(x) && !full;
    }
    /* Our own disk may fail while the store is well. */
    leave(s, x->curl, x->code == CURLE_OK || x->disk_errno || x->status);
    if (x->status == STATUS_FORBIDDEN)
        log_line(LOG_ERROR, "file_store_refuses", "status=%ld why=\"%.200s\"", x->status,
                 x->answer.data ? x->answer.data : "");
    return judge(x, e);
}

#define EXCHANGE(...)                                                                                                  \
    (struct exchange)                                                                                                  \
    {                                                                                                                  \
        __VA_ARGS__, .answer = BUF_INIT(ANSWER_MAX)                                                                    \
    }

static bool ask_and_forget(struct s3 *s, struct exchange *x, struct error *e)
{
    bool ok = ask(s, x, e);

    buf_done(&x->answer);
    return ok;
}

/* ---- the five things ---- */
static bool s3_find(void *place, const char *key, bool *found, int64_t *size, struct error *e)
{
    struct exchange x = EXCHANGE(.method = "HEAD", .key = key, .out = -1, .total = -1);
    bool ok = ask_and_forget(place, &x, e);

    *found = ok;
    if (!ok && e->code == E_NOT_FOUND) {
        error_init(e);
        return true;
    }
    *size = x.total;
    return ok;
}

/* Believed only when the store, asked again, knows it with its length. */
static bool s3_put(void *place, const char *key, const struct object_bytes *bytes, struct error *e)
{
    struct exchange x = EXCHANGE(.method = "PUT", .key = key, .out = -1, .body = bytes, .total = -1);
    int64_t size = -1;
    bool found;

    if (!ask_and_forget(place, &x, e))
        return e->code == E_NOT_FOUND ? fail(e, E_FILE_STORE, "no bucket") : false;
    return s3_find(place, key, &found, &size, e) &&
           ((found && size == bytes->size) || fail(e, E_FILE_STORE, "%s was put and is not there", key));
}

static bool s3_get(void *place, const char *key, int fd, struct error *e)
{
    struct exchange x = EXCHANGE(.method = "GET", .key = key, .out = fd, .total = -1);

    if (!ask_and_forget(place, &x, e))
        return x.status == STATUS_RANGE ? fail(e, E_FILE_STORE, "%s grew shorter", key) : false;
    return ftruncate(fd, x.received) == 0 || fail_errno(e, "keep %s", key); /* a first try may have brought more */
}

static char *query_of(struct arena *a, const char *prefix, const char *next)
{
    char *where = curl_easy_escape(NULL, prefix, 0), *on = next ? curl_easy_escape(NULL, next, 0) : NULL, *query;

    if (!where || (next && !on))
        die("out of memory", 0);
    /* In the order of the names, as the signature wants them. */
    query = arena_printf(a, "?%s%s%slist-type=2&prefix=%s", on ? "continuation-token=" : "", on ? on : "",
                         on ? "&" : "", where);
    curl_free(where);
    curl_free(on);
    return query;
}

static bool s3_list(void *place, const char *prefix, object_fn *each, void *arg, struct error *e)
{
    struct s3 *s = place;
    struct s3_page page = {.each = each, .arg = arg, .prefix_len = strlen(s->at.prefix)};
    bool ok;

    do {
        auto_arena struct arena *a = arena_new();
        struct exchange x = EXCHANGE(.method = "GET", .out = -1, .total = -1,
                                     .query = query_of(a, arena_printf(a, "%s%s", s->at.prefix, prefix), page.next));

        ok = ask(s, &x, e) && s3_page_read(&page, (struct bytes){x.answer.data, x.answer.len}, e);
        buf_done(&x.answer);
    } while (ok && page.next);
    free(page.next);
    free(page.last);
    return ok;
}

static bool s3_remove(void *place, const char *key, struct error *e)
{
    struct exchange x = EXCHANGE(.method = "DELETE", .key = key, .out = -1, .total = -1);

    if (ask_and_forget(place, &x, e))
        return true;
    if (e->code != E_NOT_FOUND)
        return false;
    error_init(e);
    return true;
}

const struct objects_kind s3_kind = {
    .put = s3_put, .get = s3_get, .find = s3_find, .list = s3_list, .remove = s3_remove, .close = s3_close};
