/* What the processes over one database tell each other: lines of text, whichever way the engine carries them. Of each
 * commit the others hear which counters of what is kept it raises, and what rooms say with db_tell() and store_shout().
 * A message may be lost only together with the connection, and then everything is taken for changed. */
#include "db/db_internal.h"

#include <stdlib.h>
#include <string.h>

enum { COUNTERS_TOLD_MAX = 1024 };

void store_hear(struct store *s, const char *kind, heard_fn *fn, void *arg)
{
    if (s->n_hearers == HEARERS_MAX)
        die("too many hearers", HEARERS_MAX);
    s->hearers[s->n_hearers++] = (struct hearer){kind, fn, arg};
}

bool store_attend(struct store *s, struct error *e)
{
    return !s->engine->attend || s->engine->attend(s, e);
}

void store_leave(struct store *s)
{
    if (s->engine->leave)
        s->engine->leave(s);
}

bool store_catch_up(struct store *s, struct error *e)
{
    return !s->engine->catch_up || s->engine->catch_up(s, e);
}

bool store_is_near(struct store *s)
{
    return !s->engine->is_near || s->engine->is_near(s);
}

/* ---- saying ---- */
/* A line: who is meant, and what. */
static bool line_of(struct buf *out, const char *kind, const char *text)
{
    buf_printf(out, "t %s %s\n", kind, text);
    return out->len <= TOLD_MAX && !memchr(text, '\n', strlen(text));
}

bool db_tell(struct db *db, const char *kind, const char *text, struct error *e)
{
    auto_buf struct buf line = BUF_INIT(2 * TOLD_MAX);

    if (!db->store->engine->tell)
        return true; /* nobody else is there */
    return (line_of(&line, kind, text) || fail(e, E_INTERNAL, "news of %s that is too long", kind)) &&
           db->store->engine->tell(db, line.data, e);
}

void store_shout(struct store *s, const char *kind, const char *text)
{
    auto_buf struct buf line = BUF_INIT(2 * TOLD_MAX);

    if (!s->engine->shout)
        return;
    if (line_of(&line, kind, text))
        s->engine->shout(s, line.data);
    else
        log_line(LOG_WARN, "news-too-long", "kind=%s", kind);
}

void touched_line(const struct touched *t, struct buf *out)
{
    if (t->all || t->n > COUNTERS_TOLD_MAX) {
        buf_puts(out, "a\n");
    } else if (t->n > 0) {
        buf_puts(out, "k");
        for (size_t i = 0; i < t->n; i++)
            buf_printf(out, " %x", t->counters[i]);
        buf_puts(out, "\n");
    }
}

/* ---- hearing ---- */
static void hear(struct store *s, const char *kind, const char *text)
{
    for (size_t i = 0; i < s->n_hearers; i++)
        if (strcmp(s->hearers[i].kind, kind) == 0)
            s->hearers[i].fn(text, s->hearers[i].arg);
}

static void hear_counters(struct store *s, const char *numbers)
{
    struct touched t = {0};
    char *end;

    for (const char *p = numbers; *p; p = end) {
        unsigned long n = strtoul(p, &end, 16);

        if (end == p || t.n == TOUCHED_MAX) { /* of a newer program */
            t.all = true;
            break;
        }
        t.counters[t.n++] = (uint16_t)n;
    }
    kept_raise(s->kept, &t);
}

static void hear_line(struct store *s, char *line)
{
    char *kind = line + 2, *text = line[0] == 't' && line[1] == ' ' ? strchr(kind, ' ') : NULL;

    if (line[0] == 'k')
        hear_counters(s, line + 1);
    else if (text) {
        *text = '\0';
        hear(s, kind, text + 1);
    } else if (line[0] == 'm')
        nodes_missed(s);
    else
        kept_forget(s);
}

void nodes_heard(struct store *s, char *lines)
{
    for (char *next; *lines; lines = next) {
        next = lines + strcspn(lines, "\n");
        if (*next)
            *next++ = '\0';
        hear_line(s, lines);
    }
}

void nodes_missed(struct store *s)
{
    kept_forget(s);
    for (size_t i = 0; i < s->n_hearers; i++)
        s->hearers[i].fn(NULL, s->hearers[i].arg);
}
