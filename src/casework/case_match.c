/* What a list's rows are chosen by. The lists walk along an index in the order people see and ask here row by row: no
 * index serves all the ways to choose, and every one costs each filing. */
#include "casework/casework_internal.h"

#include <string.h>

enum { WORDS_MAX = 12, PHONE_DIGITS_MIN = 8, PHONE_DIGITS_MAX = 15 };

struct case_match {
    const struct house *house;
    const struct actor *who;
    const struct case_query *query;
    const char *search; /* for SEARCH; NULL: none */
    bool search_only;   /* of a number that only the search knows */
    size_t n;
    const char *words[WORDS_MAX]; /* " word", folded; the last may go on, the others end there */
    struct arena *row;            /* reset for each */
};

const char *phone_folded(struct arena *a, const char *text)
{
    char digits[PHONE_DIGITS_MAX + 1];
    size_t n = 0;

    if (!text)
        return NULL;
    for (const char *s = text; *s; s++) {
        if (*s >= '0' && *s <= '9' && n < PHONE_DIGITS_MAX)
            digits[n++] = *s;
        else if (!strchr(" .-()", *s) && (*s != '+' || s != text))
            return NULL;
    }
    digits[n] = '\0';
    if (strncmp(digits, "84", 2) == 0 && n > PHONE_DIGITS_MIN) /* no part of a code begins like either */
        return arena_printf(a, "0%s", digits + 2);
    return *digits == '0' && n >= PHONE_DIGITS_MIN ? arena_strdup(a, digits) : NULL;
}

static void read_words(struct case_match *m, struct arena *a, const char *q)
{
    char *folded = text_fold(a, q), *rest = NULL;

    for (char *word = strtok_r(folded, " ", &rest); word && m->n < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
        m->words[m->n++] = arena_printf(a, " %s", word);
}

static void close_row_arena(void *arena)
{
    arena_free(arena);
}

void case_match_new(struct arena *a, const struct house *h, const struct actor *who, const struct case_query *query,
                    struct case_match **out)
{
    struct case_match *m = arena_new_of(a, struct case_match);
    const char *phone = phone_folded(a, query->phone), *said = text_is_empty(query->q) ? NULL : query->q;

    *m = (struct case_match){.house = h, .who = who, .query = query, .row = arena_new()};
    arena_defer(a, close_row_arena, m->row);
    *out = NULL;
    if (query->phone && !phone)
        return;
    if (phone && said)
        m->search = db_search_words(a, arena_printf(a, "%s %s", phone, said));
    else if (phone || said)
        m->search = db_search_words(a, phone ? phone : phone_folded(a, said) ? phone_folded(a, said) : said);
    m->search_only = phone || (said && phone_folded(a, said));
    if ((phone || said) && !m->search)
        return;
    if (said && !m->search_only)
        read_words(m, a, said);
    *out = m;
}

const char *case_match_words(const struct case_match *m, bool *only)
{
    *only = m->search_only;
    return m->search;
}

/* Whether a word begins at a blank; all but the last one must end there too. */
static bool has_word(const char *text, const char *word, bool whole)
{
    size_t len = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if (!whole || at[len] == ' ' || at[len] == '\0')
            return true;
    return false;
}

static bool has_words(struct case_match *m, const struct case_glance *row, const struct service_entry *s)
{
    const char *own;

    if (m->n == 0)
        return true;
    own = arena_printf(m->row, " %s", text_fold(m->row, arena_printf(m->row, "%s %s", row->code, row->applicant_name)));
    for (size_t i = 0; i < m->n; i++)
        if (!has_word(own, m->words[i], i + 1 < m->n) && !(s && has_word(s->folded, m->words[i], i + 1 < m->n)))
            return false;
    return true;
}

static bool is_of_field(const struct service_entry *s, const char *field)
{
    return s && (text_equal(s->field[LANG_VI], field) || text_equal(s->field[LANG_EN], field));
}

bool case_glance_late(const struct case_glance *row, int64_t now)
{
    int64_t ended = row->done_at != INSTANT_NONE ? row->done_at : row->closed_at != INSTANT_NONE ? row->closed_at : now;

    return row->due_at != INSTANT_NONE && row->due_at < ended && row->status != STATUS_SUPPLEMENT &&
           row->status != STATUS_PAYMENT;
}

bool case_glance_silent(const struct case_glance *row, int64_t now)
{
    return row->step_role >= 0 && row->step_due_at != INSTANT_NONE && row->step_due_at < now;
}

static bool is_within(int64_t at, int64_t from, int64_t before)
{
    return (from == INSTANT_NONE || (at != INSTANT_NONE && at >= from)) &&
           (before == INSTANT_NONE || (at != INSTANT_NONE && at < before));
}

/* Nobody's yet, one's own, or that of somebody whose role at this step one has borrowed. */
static bool is_for(const struct actor *who, const struct case_glance *row)
{
    bool is = !row->assignee || row->assignee == who->party;

    for (size_t i = 0; i < who->n_roles && !is; i++)
        is = who->roles[i].on_behalf == row->assignee && who->roles[i].unit == row->unit &&
             (int)who->roles[i].role == row->step_role;
    return is;
}

static bool is_held_as_asked(const struct case_match *m, const struct case_glance *row)
{
    const struct case_query *q = m->query;

    if (q->box == BOX_INBOX && !is_for(m->who, row))
        return false;
    return q->assignee == ASSIGNEE_ANY || row->assignee == q->assignee;
}

bool case_matches(struct case_match *m, const struct case_glance *row)
{
    const struct case_query *q = m->query;
    const struct service_entry *s = q->field || m->n ? service_find(m->house, row->service) : NULL;

    arena_reset(m->row);
    return (!q->status || row->status == q->status) && is_held_as_asked(m, row) &&
           (!q->service || text_equal(row->service, q->service)) && (!q->field || is_of_field(s, q->field)) &&
           (!q->late || case_glance_late(row, q->now)) && (!q->silent || case_glance_silent(row, q->now)) &&
           is_within(row->submitted_at, q->filed_from, q->filed_before) &&
           is_within(row->due_at, q->promised_from, q->promised_before) && has_words(m, row, s);
}
