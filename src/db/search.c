/* Full text: one FTS5 table a space. Changes wait for the end of the batch, because FTS5 writes out its pending terms
 * at every savepoint. The words are folded before, so the tokenizer only splits at blanks; no phrases are asked, so no
 * positions are kept. */
#include "db/db_internal.h"

#include <string.h>

enum { SEARCH_WORDS_MAX = 12, SEARCH_SQL_MAX = 256 };

bool db_search_define(struct db *db, const char *table, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const char *name = db_name(a, table);

    return connection_script(db,
                             arena_printf(a,
                                          "CREATE VIRTUAL TABLE IF NOT EXISTS %s USING"
                                          " fts5(text, tokenize = 'ascii', detail = none, columnsize = 0)",
                                          name),
                             e);
}

static bool put(struct db *db, const struct search_put *change, struct error *e)
{
    if (!connection_in_transaction(db) || !db->is_writer)
        return fail(e, E_DATABASE, "search text outside of a write");
    if (db->n_puts == db->puts_room) {
        size_t room = db->puts_room ? db->puts_room * 2 : 64;
        struct search_put *more = reallocarray(db->puts, room, sizeof *more);

        if (!more)
            die("search queue", room * sizeof *more);
        db->puts = more;
        db->puts_room = room;
    }
    db->puts[db->n_puts++] = (struct search_put){.table = db_name(db->batch, change->table),
                                                 .text = change->text ? arena_strdup(db->batch, change->text) : NULL,
                                                 .id = change->id,
                                                 .fresh = change->fresh};
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

static bool apply(struct db *db, const struct search_put *p, struct error *e)
{
    char sql[SEARCH_SQL_MAX];

    if (!p->text) {
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE rowid = $1", p->table);
        return db_exec(db, NULL, e, sql, ARGS(I64(p->id)));
    }
    (void)snprintf(sql, sizeof sql, "%s INTO %s (rowid, text) VALUES ($1, $2)",
                   p->fresh ? "INSERT" : "INSERT OR REPLACE", p->table);
    return db_exec(db, NULL, e, sql, ARGS(I64(p->id), TEXT(p->text)));
}

bool search_flush(struct db *db, struct error *e)
{
    for (size_t i = 0; i < db->n_puts; i++)
        if (!apply(db, &db->puts[i], e))
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
