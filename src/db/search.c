/* Full text: one table a space, made and filled by the engine. Changes wait for the end of the batch, because SQLite's
 * FTS5 writes out its pending terms at every savepoint. The words are folded before, so the engines only split at
 * blanks. */
#include "db/db_internal.h"

#include <string.h>

enum { SEARCH_WORDS_MAX = 12, SEARCH_WORD_BYTES = 240 }; /* PostgreSQL refuses a word past 2 KB */

bool db_search_define(struct db *db, const char *table, struct error *e)
{
    auto_arena struct arena *a = arena_new();

    return db->store->engine->search_define(db, db_name(a, table), e);
}

/* Cuts a word that is nobody's name, in the stored text as in the asked. */
static void cut_long_words(char *text)
{
    char *to = text;

    for (const char *word = text; *word;) {
        size_t len = strcspn(word, " "), kept = len;

        while (kept > SEARCH_WORD_BYTES || (kept < len && ((unsigned char)word[kept] & 0xc0) == 0x80))
            kept--; /* not in the middle of a character */
        memmove(to, word, kept);
        to += kept;
        word += len;
        if (*word)
            *to++ = *word++;
    }
    *to = '\0';
}

static bool put(struct db *db, const struct search_put *change, struct error *e)
{
    char *text;

    if (!db->store->engine->in_transaction(db) || !db->is_writer)
        return fail(e, E_DATABASE, "search text outside of a write");
    if (db->n_puts == db->puts_room) {
        size_t room = db->puts_room ? db->puts_room * 2 : 64;
        struct search_put *more = reallocarray(db->puts, room, sizeof *more);

        if (!more)
            die("search queue", room * sizeof *more);
        db->puts = more;
        db->puts_room = room;
    }
    text = arena_strdup(db->batch, change->text);
    if (text)
        cut_long_words(text);
    db->puts[db->n_puts++] = (struct search_put){
        .table = db_name(db->batch, change->table), .text = text, .id = change->id, .fresh = change->fresh};
    return true;
}

bool db_search_put(struct db *db, const char *table, int64_t id, const char *folded, struct error *e)
{
    return put(db, &(struct search_put){.table = table, .id = id, .text = folded}, e);
}

bool db_search_add(struct db *db, const char *table, int64_t id, const char *folded, struct error *e)
{
    return !folded || put(db, &(struct search_put){.table = table, .id = id, .text = folded, .fresh = true}, e);
}

bool search_flush(struct db *db, struct error *e)
{
    for (size_t i = 0; i < db->n_puts; i++)
        if (!db->store->engine->search_apply(db, &db->puts[i], e))
            return false;
    return true;
}

char *db_search_words(struct arena *a, const char *text)
{
    auto_buf struct buf out = BUF_INIT(4096);
    char *folded = text ? text_fold(a, text) : NULL, *rest = NULL;
    int n = 0;

    if (!folded)
        return NULL;
    cut_long_words(folded);
    for (char *word = strtok_r(folded, " ", &rest); word && n < SEARCH_WORDS_MAX; word = strtok_r(NULL, " ", &rest)) {
        char *quoted = arena_printf(a, "%s\"%s\"", n++ ? " " : "", word);

        if (out.len + strlen(quoted) + 1 >= out.max)
            break; /* a word this long is nobody's name */
        buf_puts(&out, quoted);
    }
    if (n == 0 || out.len == 0)
        return NULL;
    buf_puts(&out, "*");
    return arena_strdup(a, out.data);
}
