/* What a demo city is drawn from: chance with a seed, weighted words, names, addresses. */
#include "program/demo_internal.h"

#include <string.h>

#include "base/yaml.h"

enum { NAME_TRIES = 64 };

int64_t chance_below(struct chance *c, int64_t n)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return n < 1 ? 0 : (int64_t)((z >> 1) % (uint64_t)n);
}

int64_t chance_between(struct chance *c, int64_t from, int64_t to)
{
    return from + chance_below(c, to - from + 1);
}

bool chance_of(struct chance *c, int per_thousand)
{
    return chance_below(c, 1000) < per_thousand;
}

/* ---- words ---- */
const char *words_draw(const struct words *w, struct chance *c)
{
    int64_t at = chance_below(c, w->n ? w->upto[w->n - 1] : 0);
    size_t low = 0, high = w->n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (w->upto[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->n ? w->text[low] : "";
}

static void add(struct arena *a, struct words *w, const char *text, int64_t weight)
{
    if (w->n == w->room) {
        size_t room = w->room ? w->room * 2 : 64;
        const char **texts = arena_array(a, const char *, room);
        int64_t *upto = arena_array(a, int64_t, room);

        if (w->n) {
            memcpy(texts, w->text, w->n * sizeof *texts);
            memcpy(upto, w->upto, w->n * sizeof *upto);
        }
        w->text = texts;
        w->upto = upto;
        w->room = room;
    }
    w->text[w->n] = text;
    w->upto[w->n] = weight + (w->n ? w->upto[w->n - 1] : 0);
    w->n++;
}

/* A list (all alike) or a mapping of words to weights. */
static bool read_words(struct arena *a, const json_t *from, const char *name, int64_t weight, struct words *out,
                       struct error *e)
{
    json_t *j = json_object_get(from, name), *value;
    const char *key;
    size_t i;

    if (json_is_array(j)) {
        json_array_foreach(j, i, value) if (json_is_string(value)) add(a, out, json_string_value(value), weight);
    } else {
        json_object_foreach(j, key, value) add(a, out, key, json_integer_value(value));
    }
    return out->n > 0 || fail(e, E_PACK, "demo: no %s", name);
}

static bool read_names(struct arena *a, const json_t *names, struct parts *p, struct error *e)
{
    static const char *const sexes[SEX__COUNT] = {[MALE] = "male", [FEMALE] = "female"};

    for (int sex = 0; sex < SEX__COUNT; sex++) {
        const json_t *of = json_object_get(names, sexes[sex]);

        if (!read_words(a, of, "middle", 1, &p->middle[sex], e) || !read_words(a, of, "common", 2, &p->given[sex], e) ||
            !read_words(a, of, "given", 1, &p->given[sex], e))
            return false;
    }
    return read_words(a, names, "family", 1, &p->family, e);
}

static bool read_part(struct arena *a, const char *pack, const char *name, const json_t **out, struct error *e)
{
    const char *path = arena_printf(a, "%s/demo/%s.yaml", pack, name);
    struct bytes text;
    struct yaml yaml;

    if (!file_read(a, path, YAML_BYTES_MAX, &text, e) || !yaml_read(a, text, &yaml, e))
        return false;
    *out = yaml.root;
    return true;
}

bool parts_read(struct arena *a, const char *pack, struct parts *out, struct error *e)
{
    const json_t *names, *places, *events, *officers;

    *out = (struct parts){0};
    if (!read_part(a, pack, "names", &names, e) || !read_part(a, pack, "places", &places, e) ||
        !read_part(a, pack, "events", &events, e) || !read_part(a, pack, "officers", &officers, e))
        return false;
    out->titles = json_object_get(officers, "titles");
    return read_names(a, names, out, e) && read_words(a, places, "streets", 1, &out->streets, e) &&
           read_words(a, places, "house_numbers", 1, &out->house_numbers, e) &&
           read_words(a, places, "native_places", 1, &out->native_places, e) &&
           read_words(a, events, "hospitals", 1, &out->hospitals, e) &&
           read_words(a, events, "ethnicities", 1, &out->ethnicities, e) &&
           read_words(a, events, "causes_of_death", 1, &out->causes, e);
}

/* ---- made of words ---- */
const char *full_name(struct arena *a, const struct parts *p, struct chance *c, const char *family, enum sex sex)
{
    const char *middle = words_draw(&p->middle[sex], c), *given = words_draw(&p->given[sex], c);

    /* "Lê Văn Văn" is nobody's name; a pack with few words may know no other. */
    for (int i = 0; i < NAME_TRIES && (strcmp(given, middle) == 0 || strcmp(given, family) == 0); i++)
        given = words_draw(&p->given[sex], c);
    return arena_printf(a, "%s %s %s", family, middle, given);
}

/* The pack's format is data, not a format of printf: each %d becomes a number. */
const char *street_address(struct arena *a, const struct parts *p, struct chance *c)
{
    const char *format = words_draw(&p->house_numbers, c), *mark;
    auto_buf struct buf b = BUF_INIT(256);

    while ((mark = strstr(format, "%d"))) {
        buf_add(&b, format, (size_t)(mark - format));
        buf_printf(&b, "%lld", (long long)chance_between(c, 1, b.len ? 60 : 480));
        format = mark + 2;
    }
    buf_printf(&b, "%s %s", format, words_draw(&p->streets, c));
    return arena_strdup(a, b.data ? b.data : "");
}
