/* Imports over HTTP: the upload goes to a file as it arrives, is named once it is whole, and a job takes it from there.
 * And the jobs of the caller. */
#include "registry/registry_api.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { UPLOAD_PATH_MAX = STORE_PATH_MAX, JOB_TRIES = 3, PART_YOUNG_S = 3600 };

struct import_params {
    bool dry_run;
};

/* clang-format off */
const struct field import_fields[] = {
    {"dry_run", FIELD_BOOL, offsetof(struct import_params, dry_run), 0, 0, NULL, "Says what would happen, writes nothing"},
    {0},
};

static const struct {
    const char *media_type;
    enum import_format format;
} media_types[] = {
    {"text/csv",             IMPORT_CSV},
    {"application/x-ndjson", IMPORT_NDJSON},
    {"application/ndjson",   IMPORT_NDJSON},
    {"application/jsonl",    IMPORT_NDJSON},
    {"application/geo+json", IMPORT_GEOJSON},
};
/* clang-format on */

static const char *const format_names[IMPORT__COUNT] = {"csv", "ndjson", "geojson"};

/* ---- the upload ---- */

struct upload {
    int fd;
    enum import_format format;
    char name[ID_TEXT_MAX];
    char part[UPLOAD_PATH_MAX]; /* empty once it has its name */
};

static const char *upload_path(struct arena *a, const struct house *h, const char *name)
{
    return arena_printf(a, "%s/imports/%s", h->data_dir, name);
}

static bool format_of(const char *header, enum import_format *out, struct error *e)
{
    size_t len = header ? strcspn(header, "; \t") : 0;

    for (size_t i = 0; header && i < COUNT(media_types); i++)
        if (strlen(media_types[i].media_type) == len && strncasecmp(header, media_types[i].media_type, len) == 0) {
            *out = media_types[i].format;
            return true;
        }
    return fail(e, E_MEDIA_TYPE, "an import is text/csv, application/x-ndjson or application/geo+json");
}

static bool upload_open(struct request *q, void **state, struct error *e)
{
    const struct registry *r;
    enum import_format format = IMPORT_CSV;
    struct upload *up;
    int64_t id = id_new();
    const char *path =
        arena_printf(request_arena(q), "%s.part",
                     upload_path(request_arena(q), request_house(q), arena_printf(request_arena(q), "%" PRId64, id)));

    if (!steward_open(q, &r, e) || !format_of(request_header(q, "Content-Type"), &format, e))
        return false;
    if (strlen(path) >= sizeof up->part)
        return fail(e, E_IO, "the data folder's path is too long");
    up = calloc(1, sizeof *up);
    if (!up)
        die("upload", sizeof *up);
    (void)snprintf(up->name, sizeof up->name, "%" PRId64, id);
    (void)snprintf(up->part, sizeof up->part, "%s", path); /* measured above */
    up->format = format;
    up->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (up->fd < 0) {
        free(up);
        return fail_errno(e, "make the file of an import");
    }
    *state = up;
    return true;
}

static bool upload_write(void *state, struct bytes chunk, struct error *e)
{
    struct upload *up = state;

    return fd_write_all(up->fd, chunk, e);
}

static void upload_drop(void *state)
{
    struct upload *up = state;

    if (up->fd >= 0)
        (void)close(up->fd); /* synced before it was named */
    if (*up->part)
        (void)unlink(up->part); /* what stays is swept at the next start */
    free(up);
}

const struct sink import_sink = {HTTP_UPLOAD_MAX, upload_open, upload_write, upload_drop};

/* ---- the job ---- */

static bool tell_progress(int percent, void *arg, struct error *e)
{
    struct job *job = arg;

    if (job_is_stopping(job))
        return fail(e, E_BUSY, "stopping; it goes on after the start");
    return job_progress(job, percent, e);
}

static bool run_import(struct job *job, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct house *h = job->arg;
    const char *name = json_str(job->input, "file");
    struct import in = {.registry = registry_find(h, json_str(job->input, "registry")),
                        .path = name ? upload_path(a, h, name) : NULL,
                        .dry_run = json_flag(job->input, "dry_run"),
                        .actor = json_i64(job->input, "actor", 0),
                        .lang = json_i64(job->input, "lang", LANG_VI) == LANG_EN ? LANG_EN : LANG_VI,
                        .progress = tell_progress,
                        .arg = job};
    json_auto_t *report = NULL;

    if (!in.registry || !in.path || !import_format_parse(json_str(job->input, "format"), &in.format))
        return fail(e, E_INTERNAL, "an import without registry, file or format");
    if (!registry_import(job->store, &in, &report, e))
        return false;
    (void)json_object_update(job->output, report); /* only fails without memory */
    if (unlink(in.path) != 0 && errno != ENOENT)
        log_line(LOG_WARN, "import-file", "file=%s kept=1", name);
    return true;
}

/* Another node that shares the folder may be in the middle of a young one. */
static bool sweep(const char *path, void *arg, struct error *e)
{
    const struct house *h = arg;
    struct stat st;

    if (!store_is_sole_writer(h->store) && stat(path, &st) == 0 && now_ms() / 1000 - st.st_mtime < PART_YOUNG_S)
        return true;
    return unlink(path) == 0 || errno == ENOENT || fail_errno(e, "sweep %s", path);
}

bool import_start(struct house *h, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *folder = upload_path(a, h, "");

    store_job_kind(h->store, &(struct job_kind){.name = "import", .run = run_import, .arg = h, .tries = JOB_TRIES});
    return folder_make(folder, e) && folder_walk(folder, ".part", sweep, h, e);
}

/* ---- handlers ---- */

struct asking {
    const json_t *input;
    int64_t actor, now, job;
};

static bool ask(struct db *db, void *arg, struct error *e)
{
    struct asking *x = arg;

    return job_add(db, "import", x->input, x->actor, x->now, &x->job, e);
}

/* From "name.part" to "name": whole and on disk. */
static bool upload_name(struct request *q, struct upload *up, struct error *e)
{
    struct arena *a = request_arena(q);
    const char *path = upload_path(a, request_house(q), up->name);

    if (fsync(up->fd) != 0)
        return fail_errno(e, "sync the file of an import");
    if (rename(up->part, path) != 0)
        return fail_errno(e, "name the file of an import");
    up->part[0] = '\0';
    return folder_sync(upload_path(a, request_house(q), ""), e);
}

static json_t *job_new(const struct job_state *job)
{
    json_t *j = json_object();
    size_t code = strcspn(job->problem, ":"); /* what follows is for the log */

    json_object_set_new(j, "id", json_id(job->id));
    json_object_set_new(j, "kind", json_string(job->kind));
    json_object_set_new(j, "state", json_string(job->state));
    json_object_set_new(j, "progress", json_integer(job->progress));
    json_object_set_new(j, "output", job->output ? json_incref(job->output) : json_null());
    json_object_set_new(j, "made_at", json_instant(job->made_at));
    json_object_set_new(j, "done_at", json_instant(job->done_at));
    json_object_set_new(j, "problem", *job->problem ? json_stringn(job->problem, code) : json_null());
    return j;
}

static bool reply_job(struct request *q, struct reply *r, int64_t id, int status, struct error *e)
{
    const struct actor *who = request_actor(q);
    auto_read struct db *db = NULL;
    struct job_state job;
    bool found;

    if (!store_read(request_house(q)->store, &db, e) || !job_find(db, id, &job, &found, e))
        return false;
    if (!found)
        return fail(e, E_NOT_FOUND, "no such job");
    if (job.owner == who->party || actor_may(who, RIGHT_ADMIN))
        (void)reply_json(r, status, job_new(&job));
    else
        found = fail(e, E_NOT_FOUND, "somebody else's job");
    json_decref(job.output);
    return found;
}

bool post_import(struct request *q, struct reply *r, struct error *e)
{
    struct upload *up = request_sink(q);
    const struct registry *registry;
    struct import_params params;
    json_auto_t *input = NULL;
    struct asking x;
    struct once once;
    bool ok;

    if (!steward_open(q, &registry, e) || !request_query_fields(q, import_fields, &params, e) || !upload_name(q, up, e))
        return false;
    input = json_pack("{s:s, s:s, s:s, s:b, s:I, s:i}", "registry", registry->name, "file", up->name, "format",
                      format_names[up->format], "dry_run", params.dry_run, "actor", (json_int_t)request_actor(q)->party,
                      "lang", (int)request_lang(q));
    x = (struct asking){.input = input, .actor = request_actor(q)->party, .now = request_now(q)};
    once = once_of(q, ask, &x, &x.job);
    ok = store_write(request_house(q)->store, make_once, &once, e);
    if (!ok || once.repeated)
        (void)unlink(upload_path(request_arena(q), request_house(q), up->name)); /* no job wants it */
    if (!ok)
        return false;
    reply_header(r, "Location", arena_printf(request_arena(q), "/api/v1/jobs/%" PRId64, x.job));
    return reply_job(q, r, x.job, 202, e);
}

bool get_job(struct request *q, struct reply *r, struct error *e)
{
    int64_t id;

    if (!text_to_i64(request_param(q, "id"), 1, INT64_MAX, &id))
        return fail(e, E_NOT_FOUND, "no such job");
    return reply_job(q, r, id, 200, e);
}
