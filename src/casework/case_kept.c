/* Replies that are read over and over: one case, the first page of a list. Kept as the text that was sent, for one
 * reader (who they are and what they may do now is in the key), by the rules of db/'s kept_*(). */
#include "casework/casework_api.h"

#include <string.h>

enum { STILL_MS = 60 * 1000, RUNNING_MS = 1000 };

static void add(struct keeping *k, const void *data, size_t len)
{
    if (k->may && len <= sizeof k->key - k->len)
        memcpy(k->key + k->len, data, len);
    else
        k->may = false;
    k->len += k->may ? len : 0;
}

static void add_number(struct keeping *k, int64_t n)
{
    add(k, &n, sizeof n);
}

static void add_text(struct keeping *k, const char *s)
{
    add(k, s ? s : "", s ? strlen(s) + 1 : 1);
}

/* Roles stand in the key one by one: a session that was found before its roles changed keeps nothing for after. */
static void begin(struct keeping *k, const struct request *q, char what)
{
    const struct actor *who = request_actor(q);

    k->may = who->n_agencies == 0; /* what an agent may see ends with a day, not with a write */
    k->len = 0;
    add(k, &what, 1);
    add_number(k, request_lang(q));
    add_number(k, who->party);
    add_number(k, who->kind);
    add_number(k, (int64_t)who->rights);
    for (size_t i = 0; i < who->n_roles; i++) {
        add_number(k, who->roles[i].role);
        add_number(k, who->roles[i].unit);
    }
}

static struct kept *look(struct keeping *k, struct request *q, const uint64_t *keys, size_t n)
{
    struct store *store = request_house(q)->store;

    k->store = store;
    k->may = k->may && kept_mark(store, keys, n, &k->mark);
    return k->may ? kept_find(store, (struct bytes){k->key, k->len}, &k->mark, request_now(q)) : NULL;
}

uint64_t cases_of_unit(int64_t unit)
{
    return kept_key("cases of unit", unit);
}

uint64_t cases_of_party(int64_t party)
{
    return kept_key("cases of party", party);
}

struct kept *kept_case(struct keeping *k, struct request *q)
{
    begin(k, q, 'c');
    add_text(k, request_param(q, "code"));
    return look(k, q, NULL, 0);
}

/* What else may be asked for looks at the clock, at words or at later pages: read anew each time, and so is whatever is
 * asked for that is not known here. */
static bool is_plain(const struct request *q)
{
    static const char *const plain[] = {"box", "status", "service", "unit", "limit"};
    const char *name, *value;

    for (size_t i = 0; request_query_at(q, i, &name, &value); i++) {
        bool known = false;

        for (size_t k = 0; k < COUNT(plain) && !known; k++)
            known = strcmp(name, plain[k]) == 0;
        if (!known)
            return false;
    }
    return true;
}

/* Whatever a list may show lies in the units of the reader's roles, in the unit that is asked for, or is their own. */
struct kept *kept_list(struct keeping *k, struct request *q, const struct case_query *query)
{
    const struct actor *who = request_actor(q);
    uint64_t keys[KEPT_KEYS_MAX];
    size_t n = 0;

    begin(k, q, 'l');
    add_number(k, query->box);
    add_number(k, query->status);
    add_number(k, query->unit);
    add_number(k, (int64_t)query->limit);
    add_text(k, query->service);
    k->may = k->may && is_plain(q) && who->n_roles + 2 <= COUNT(keys);
    if (!k->may)
        return NULL;
    for (size_t i = 0; i < who->n_roles; i++)
        keys[n++] = cases_of_unit(who->roles[i].unit);
    keys[n++] = cases_of_unit(query->unit);
    keys[n++] = cases_of_party(who->party);
    return look(k, q, keys, n);
}

void keep_reply(const struct keeping *k, int64_t until, struct bytes head, const struct reply *r)
{
    if (k->may)
        kept_put(k->store, (struct bytes){k->key, k->len}, &k->mark, until, head, reply_text(r));
}

/* The minutes of a clock that runs may lag by a second; without one, only the date may tell. */
int64_t case_holds_until(const struct case_file *c, int64_t now)
{
    bool runs = c->received_at != INSTANT_NONE && c->done_at == INSTANT_NONE && c->closed_at == INSTANT_NONE;
    int64_t step = runs ? RUNNING_MS : STILL_MS;

    return now - now % step + step;
}
