/* The door: which kind of place it is, and the checks that both share. */
#include "objects/objects_internal.h"

#include <fcntl.h>
#include <string.h>

bool objects_open(const char *place, struct objects **out, struct error *e)
{
    static const char s3[] = "s3://";
    struct objects *o = calloc(1, sizeof *o);

    if (!o)
        die("out of memory", sizeof *o);
    o->kind = text_starts_with(place, s3) ? &s3_kind : &folder_kind;
    if (o->kind == &s3_kind ? !s3_place_open(place, &o->place, &o->cache_bytes, e)
                            : !folder_place_open(place, &o->place, e)) {
        free(o);
        return false;
    }
    *out = o;
    return true;
}

void objects_close(struct objects *o)
{
    if (!o)
        return;
    o->kind->close(o->place);
    free(o);
}

bool objects_are_far(const struct objects *o)
{
    return o->kind == &s3_kind;
}

int64_t objects_cache_bytes(const struct objects *o)
{
    return o->cache_bytes;
}

/* Keys are ours: small letters, digits, and no way out of the place. */
static bool check_key(const char *key, struct error *e)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./";
    size_t len = strlen(key);

    return (len > 0 && len < OBJECT_KEY_MAX && strspn(key, letters) == len && key[0] != '/' && key[0] != '.' &&
            !strstr(key, "/.") && !strstr(key, "//") && key[len - 1] != '/') ||
           fail(e, E_INTERNAL, "\"%s\" is no key of an object", key);
}

bool objects_put(struct objects *o, const char *key, const struct object_bytes *bytes, struct error *e)
{
    return check_key(key, e) && o->kind->put(o->place, key, bytes, e);
}

bool objects_get(struct objects *o, const char *key, int fd, struct error *e)
{
    return check_key(key, e) && o->kind->get(o->place, key, fd, e);
}

bool objects_find(struct objects *o, const char *key, bool *found, int64_t *size, struct error *e)
{
    return check_key(key, e) && o->kind->find(o->place, key, found, size, e);
}

bool objects_list(struct objects *o, const char *prefix, object_fn *each, void *arg, struct error *e)
{
    return o->kind->list(o->place, prefix, each, arg, e);
}

bool objects_remove(struct objects *o, const char *key, struct error *e)
{
    return check_key(key, e) && o->kind->remove(o->place, key, e);
}

bool objects_read(struct objects *o, const char *key, const char *scratch, int *fd, struct error *e)
{
    auto_close int made = -1;

    if (!check_key(key, e))
        return false;
    if (o->kind->open)
        return o->kind->open(o->place, key, fd, e);
    made = open(scratch, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    if (made < 0)
        return fail_errno(e, "make a file in %s", scratch);
    if (!objects_get(o, key, made, e))
        return false;
    if (lseek(made, 0, SEEK_SET) != 0)
        return fail_errno(e, "read %s", key);
    *fd = made;
    made = -1;
    return true;
}
