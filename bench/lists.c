/* The lists that officers keep asking for, narrowed in every way there is, of wards that hold a 169th of all cases. */
#include "bench.h"

#include <string.h>

enum { READERS = 4 }; /* a list is asked for now and then: more at once would measure how they wait for each other */

static const struct {
    const char *name, *query;
} lists[] = {
    {"an inbox by days", "box=inbox&limit=50&from=2026-01-01"},
    {"a unit's open cases", "box=unit&limit=50"},
    {"a unit's late cases", "box=unit&late=true&limit=50"},
    {"a unit's silent cases", "box=unit&silent=true&limit=50"},
    {"by a common name", "box=unit&q=nguyen&limit=50"},
    {"by a name that nobody bears", "box=unit&q=khong%20co%20ai&limit=50"},
    {"by a part of a code", "box=unit&q=0017&limit=50"},
    {"by telephone", "box=unit&phone=0903000111&limit=50"},
    {"by a field that has none", "box=unit&field=Giao%20th%C3%B4ng&limit=50"},
    {"by field", "box=unit&field=H%E1%BB%99%20t%E1%BB%8Bch&limit=50"},
    {"by days", "box=unit&from=2026-01-01&to=2040-01-01&limit=50"},
    {"of one officer", "box=unit&assignee=5&limit=50"},
};

struct list_load {
    const struct city *city;
    size_t which;
};

static bool make_list(void *arg, int connection, struct buf *out)
{
    const struct list_load *x = arg;

    buf_printf(out, "GET /api/v1/cases?%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
               lists[x->which].query, x->city->desks[connection % WARDS].token);
    return true;
}

const char *list_name(size_t which)
{
    return which < COUNT(lists) ? lists[which].name : NULL;
}

bool list_read(struct city *c, size_t which, int64_t for_ms, struct measured *out, struct error *e)
{
    struct list_load x = {c, which};
    struct load load = {.port = c->port, .connections = READERS, .for_ms = for_ms, .make = make_list, .arg = &x};

    return load_run(&load, out, e) && (out->refused == 0 || fail(e, E_INTERNAL, "list: %s", out->refusal));
}
