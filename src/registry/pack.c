/* The pack: YAML files in the folders that kinds of definition name. Reading never stops at a bad file: what is wrong
 * is reported with its file and line, and the rest is read. */
#include "registry/registry_internal.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PACK_PROBLEMS_MAX = 2000 };

/* ---- problems ---- */

static void complain_at(struct pack_report *r, const char *path, int line, const char *rule, const char *what,
                        const char *pointer)
{
    if (r->n == PACK_PROBLEMS_MAX)
        return; /* nobody mends more at once */
    r->problems = arena_grown(r->arena, r->problems, r->n, &r->room, sizeof *r->problems);
    r->problems[r->n++] =
        (struct pack_problem){arena_strdup(r->arena, path), line, rule, what, arena_strdup(r->arena, pointer)};
}

void pack_complain(struct pack_report *r, const struct pack_file *f, const char *pointer, const char *rule,
                   const char *format, ...)
{
    auto_arena struct arena *a = arena_new();
    const char *what;
    va_list args;

    va_start(args, format);
    what = arena_vprintf(r->arena, format, args);
    va_end(args);
    complain_at(r, f->path, yaml_line(&f->yaml, arena_printf(a, "%s%s", f->pointer, pointer)),
                arena_strdup(r->arena, rule), what, pointer);
}

/* "line 7: what" as yaml_read() puts it */
void pack_complain_syntax(struct pack_report *r, const char *path, const struct error *e)
{
    const char *what = e->detail;
    long line = 1;
    char *end;

    if (text_starts_with(what, "line ")) {
        line = strtol(what + strlen("line "), &end, 10);
        what = end + strspn(end, ": ");
    }
    complain_at(r, path, (int)line, "yaml", arena_strdup(r->arena, what), "");
}

/* ---- reading ---- */

struct reading {
    struct arena *a;
    struct pack *pack;
    struct pack_report *report;
    const struct pack_kind *kind;
    const char *folder; /* of the pack, with its slash */
    size_t room;
};

static void append(struct reading *r, const char *path, const struct yaml *yaml, const json_t *body,
                   const char *pointer)
{
    struct pack *p = r->pack;

    p->files = arena_grown(r->a, p->files, p->n, &r->room, sizeof *p->files);
    p->files[p->n++] = (struct pack_file){path, r->kind->folder, *yaml, body, pointer};
}

static bool read_yaml(struct reading *r, const char *path, const char *shown, struct yaml *out, struct error *e)
{
    auto_error struct error syntax;
    struct bytes text;

    error_init(&syntax);
    if (!file_read(r->a, path, YAML_BYTES_MAX, &text, e))
        return false;
    *out = (struct yaml){0};
    if (!yaml_read(r->a, text, out, &syntax)) {
        pack_complain_syntax(r->report, shown, &syntax);
        out->root = NULL;
    }
    return true;
}

static bool read_file(const char *path, void *arg, struct error *e)
{
    struct reading *r = arg;
    const char *shown = arena_strdup(r->a, path + strlen(r->folder));
    struct yaml yaml;
    size_t i;
    const json_t *item;

    if (!read_yaml(r, path, shown, &yaml, e))
        return false;
    if (!yaml.root)
        return true;
    if (!json_is_array(yaml.root)) {
        append(r, shown, &yaml, yaml.root, "");
        return true;
    }
    json_array_foreach(yaml.root, i, item) append(r, shown, &yaml, item, arena_printf(r->a, "/%zu", i));
    return true;
}

static bool read_kind(struct reading *r, const struct pack_kind *kind, struct error *e)
{
    const char *path = arena_printf(r->a, "%s%s", r->folder, kind->folder);
    struct stat st;

    r->kind = kind;
    if (stat(path, &st) != 0)
        return true; /* a pack need not define every kind */
    return S_ISDIR(st.st_mode) ? folder_walk(path, ".yaml", read_file, r, e) : read_file(path, r, e);
}

/* Its name and place; the rest of what it says is the business of nobody here. */
static bool check_head(struct reading *r, struct error *e)
{
    static const struct {
        const char *member;
        bool titled;
    } members[] = {{"name", false}, {"city", false}, {"title", true}, {"place", true}};
    const char *path = arena_printf(r->a, "%spack.yaml", r->folder);
    struct yaml yaml;
    struct stat st;

    if (stat(path, &st) != 0) {
        complain_at(r->report, "pack.yaml", 1, "pack", "the pack has no pack.yaml that names it", "");
        return true;
    }
    if (!read_yaml(r, path, "pack.yaml", &yaml, e))
        return false;
    for (size_t i = 0; yaml.root && i < COUNT(members); i++) {
        const json_t *j = json_object_get(yaml.root, members[i].member);

        if (members[i].titled ? !*json_title(j, LANG_VI) : !json_is_string(j))
            complain_at(r->report, "pack.yaml", yaml_line(&yaml, ""), "required",
                        arena_printf(r->report->arena, "%s is missing%s", members[i].member,
                                     members[i].titled ? " or has no Vietnamese text" : ""),
                        "");
    }
    return true;
}

static bool is_known(const struct house *house, const char *name)
{
    const struct pack_kind *kind;

    for (size_t i = 0; (kind = pack_kind_at(house, i)); i++)
        if (strcmp(kind->folder, name) == 0)
            return true;
    return strcmp(name, "pack.yaml") == 0 || strcmp(name, "demo") == 0 || name[0] == '.' ||
           text_starts_with(name, "README") || text_starts_with(name, "LICENSE");
}

/* A misspelt folder would otherwise just be missing. */
static bool check_names(struct reading *r, const struct house *house, struct error *e)
{
    DIR *dir = opendir(r->folder);
    const struct dirent *entry;

    if (!dir)
        return fail_errno(e, "%s", r->folder);
    while ((entry = readdir(dir)))
        if (!is_known(house, entry->d_name))
            complain_at(r->report, entry->d_name, 1, "unknown", "no kind of definition has this name", "");
    (void)closedir(dir);
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct pack_file *x = a, *y = b;
    int order = strcmp(x->path, y->path);

    if (order == 0) /* the place in its list: shorter numbers first */
        order = strlen(x->pointer) != strlen(y->pointer) ? (strlen(x->pointer) < strlen(y->pointer) ? -1 : 1)
                                                         : strcmp(x->pointer, y->pointer);
    return order;
}

bool pack_read(const char *path, const struct house *house, struct arena *a, struct pack *out,
               struct pack_report *report, struct error *e)
{
    struct reading r = {.a = a, .pack = out, .report = report};
    const struct pack_kind *kind;
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    *out = (struct pack){.arena = a, .path = arena_strndup(a, path, len)};
    if (!report->arena)
        report->arena = a;
    r.folder = arena_printf(a, "%s/", out->path);
    if (!check_names(&r, house, e) || !check_head(&r, e))
        return false;
    for (size_t i = 0; (kind = pack_kind_at(house, i)); i++)
        if (!read_kind(&r, kind, e))
            return false;
    if (out->n)
        qsort(out->files, out->n, sizeof *out->files, compare);
    return true;
}

const struct pack_file *pack_find(const struct pack *p, const char *kind, const char *key)
{
    for (size_t i = 0; key && i < p->n; i++) {
        const struct pack_file *f = &p->files[i];
        const char *own;

        if (strcmp(f->kind, kind) != 0)
            continue;
        own = json_str(f->body, "code");
        if (!own)
            own = json_str(f->body, "name");
        if (text_equal(own, key))
            return f;
    }
    return NULL;
}
