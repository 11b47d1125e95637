/* How an S3 place is written, and the keys to it: never on the command line, where every user of the machine reads
 * them, but in the environment or in a file that only its owner may read. */
#include "objects/objects_internal.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CREDENTIALS_MAX = 4096, CACHE_MIB_MAX = 1 << 24 };

struct settings {
    const char *endpoint, *region, *ca, *credentials, *plain, *cache;
};

static bool set_one(struct settings *s, const char *name, const char *value, struct error *e)
{
    const struct {
        const char *name;
        const char **at;
    } rows[] = {{"endpoint", &s->endpoint},       {"region", &s->region}, {"ca", &s->ca},
                {"credentials", &s->credentials}, {"plain", &s->plain},   {"cache", &s->cache}};

    for (size_t i = 0; i < COUNT(rows); i++)
        if (text_equal(rows[i].name, name)) {
            *rows[i].at = value;
            return true;
        }
    return fail(e, E_USAGE, "s3://…?%s= ?", name);
}

static bool read_query(struct arena *a, const char *query, struct settings *s, struct error *e)
{
    char *rest = arena_strdup(a, query), *pair;

    while ((pair = strsep(&rest, "&"))) {
        char *equals = strchr(pair, '='), *value;

        if (!equals)
            return fail(e, E_USAGE, "s3://…?%s ?", pair);
        *equals = '\0';
        value = curl_easy_unescape(NULL, equals + 1, 0, NULL);
        if (!value)
            die("out of memory", strlen(equals));
        if (!set_one(s, pair, arena_strdup(a, value), e)) {
            curl_free(value);
            return false;
        }
        curl_free(value);
    }
    return true;
}

/* ---- the keys ---- */
static bool is_private(const char *path, struct error *e)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return fail_errno(e, "%s", path);
    return (st.st_mode & (S_IRWXG | S_IRWXO)) == 0 ||
           fail(e, E_USAGE, "%s: mode %04o, must be 0600", path, (unsigned)st.st_mode & 07777);
}

/* Lines NAME=value, as systemd reads them too. */
static bool read_credentials(struct arena *a, const char *path, struct s3_place *out, struct error *e)
{
    struct bytes text;
    char *rest, *line;

    if (!is_private(path, e) || !file_read(a, path, CREDENTIALS_MAX, &text, e))
        return false;
    rest = arena_strdup(a, text.data);
    while ((line = strsep(&rest, "\n"))) {
        char *equals = strchr(line, '=');
        char **at;

        if (!equals || *line == '#')
            continue;
        *equals = '\0';
        at = text_equal(line, "AWS_ACCESS_KEY_ID")       ? &out->key_id
             : text_equal(line, "AWS_SECRET_ACCESS_KEY") ? &out->secret
             : text_equal(line, "AWS_SESSION_TOKEN")     ? &out->token
                                                         : NULL;
        if (at) {
            free(*at);
            *at = strdup(equals + 1);
        }
    }
    return true;
}

static void take_environment(struct s3_place *out)
{
    const char *id = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY"),
               *token = getenv("AWS_SESSION_TOKEN");

    out->key_id = id ? strdup(id) : NULL;
    out->secret = secret ? strdup(secret) : NULL;
    out->token = token && *token ? strdup(token) : NULL;
}

/* ---- the place ---- */
/* Unencrypted only to this machine itself, or where the operator says that the network is closed. */
static bool check_endpoint(const struct settings *s, struct error *e)
{
    static const char *const loopback[] = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"};

    if (!s->endpoint)
        return fail(e, E_USAGE, "s3://…?endpoint=https://… ?");
    if (text_starts_with(s->endpoint, "https://"))
        return true;
    if (!text_starts_with(s->endpoint, "http://"))
        return fail(e, E_USAGE, "endpoint=%s ?", s->endpoint);
    for (size_t i = 0; i < COUNT(loopback); i++)
        if (text_starts_with(s->endpoint, loopback[i]))
            return true;
    return text_equal(s->plain, "1") ||
           fail(e, E_USAGE, "endpoint=%s: https, or plain=1 on a closed network", s->endpoint);
}

static bool is_name(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_/";

    return *s && strspn(s, letters) == strlen(s);
}

/* bucket[/prefix] → both; the prefix ends in a slash unless empty. */
static bool split_name(struct arena *a, const char *name, struct s3_place *out, struct error *e)
{
    size_t len = strcspn(name, "/");
    const char *bucket = arena_strndup(a, name, len), *prefix = name[len] ? name + len + 1 : "";
    size_t tail = strlen(prefix);

    if (!is_name(bucket) || (*prefix && !is_name(prefix)))
        return fail(e, E_USAGE, "s3://%s ?", name);
    out->bucket = strdup(bucket);
    if (asprintf(&out->prefix, "%s%s", prefix, tail && prefix[tail - 1] != '/' ? "/" : "") < 0)
        die("out of memory", tail);
    return true;
}

static bool fill(struct arena *a, const struct settings *s, struct s3_place *out, struct error *e)
{
    const char *file = s->credentials ? s->credentials : getenv("MOTCUA_S3_CREDENTIALS");
    size_t len = s->endpoint ? strlen(s->endpoint) : 0;

    out->cache_mib = OBJECTS_CACHE_MIB;
    if (s->cache && !text_to_i64(s->cache, 1, CACHE_MIB_MAX, &out->cache_mib))
        return fail(e, E_USAGE, "cache=%s ?", s->cache);
    if (!check_endpoint(s, e))
        return false;
    out->endpoint = strndup(s->endpoint, s->endpoint[len - 1] == '/' ? len - 1 : len);
    out->region = strdup(s->region ? s->region : "us-east-1"); /* what stores without regions expect */
    out->ca = s->ca ? strdup(s->ca) : NULL;
    take_environment(out);
    if (file && !read_credentials(a, file, out, e))
        return false;
    return (out->key_id && out->secret) || fail(e, E_USAGE, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY ?");
}

bool s3_place_read(const char *url, struct s3_place *out, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *name = url + strlen("s3://"), *query = strchr(name, '?');
    struct settings s = {0};

    *out = (struct s3_place){0};
    if (!query)
        return fail(e, E_USAGE, "s3://…?endpoint=https://… ?");
    if (read_query(a, query + 1, &s, e) && split_name(a, arena_strndup(a, name, (size_t)(query - name)), out, e) &&
        fill(a, &s, out, e))
        return true;
    s3_place_done(out);
    return false;
}

void s3_place_done(struct s3_place *p)
{
    if (p->secret)
        sodium_memzero(p->secret, strlen(p->secret));
    free(p->endpoint);
    free(p->bucket);
    free(p->prefix);
    free(p->region);
    free(p->ca);
    free(p->key_id);
    free(p->secret);
    free(p->token);
    *p = (struct s3_place){0};
}
