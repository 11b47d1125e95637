/* Notices: a row in the same commit as what it tells of, then news to whoever is listening. A reader who was away finds
 * the row; one who listens hears of it only once it is on disk. */
#include "notice/notice_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { TOPIC_MAX = 40 };

const struct migration notice_migrations[] = {
    {1, "notices",
     "-- Something told to a party; stays after it was read.\n"
     "CREATE TABLE notice (\n"
     "  id        BIGINT PRIMARY KEY,    -- time-ordered: the newest has the largest\n"
     "  party     BIGINT NOT NULL,\n"
     "  at        BIGINT NOT NULL,       -- UTC ms\n"
     "  title_vi  TEXT   NOT NULL,\n"
     "  title_en  TEXT   NOT NULL,\n"
     "  text_vi   TEXT   NOT NULL,\n"
     "  text_en   TEXT   NOT NULL,\n"
     "  case_code TEXT,                  -- NULL when it is about no case\n"
     "  read_at   BIGINT                 -- NULL while unread\n"
     ");\n"
     "CREATE INDEX notice_party ON notice (party, id);\n"
     "CREATE INDEX notice_unread ON notice (party, id) WHERE read_at IS NULL;  -- the bell, and reading all\n"},
    {0},
};

/* A notice in one language only is still a notice. */
static const char *words(const char *const texts[LANG__COUNT], enum lang lang)
{
    const char *other = texts[lang == LANG_VI ? LANG_EN : LANG_VI];

    return texts[lang] ? texts[lang] : other ? other : "";
}

bool notice_add(struct db *db, struct house *h, const struct notice *n, struct error *e)
{
    static const char sql[] = "INSERT INTO notice (id, party, at, title_vi, title_en, text_vi, text_en, case_code)"
                              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    auto_out struct json_out o = JSON_OUT_INIT;
    int64_t id = id_new();
    char topic[TOPIC_MAX];

    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(id), I64(n->party), I64(n->at), TEXT(words(n->title, LANG_VI)),
                      TEXT(words(n->title, LANG_EN)), TEXT(words(n->text, LANG_VI)), TEXT(words(n->text, LANG_EN)),
                      TEXT(n->case_code))))
        return false;
    (void)snprintf(topic, sizeof topic, "party:%" PRId64, n->party);
    /* A feed has no language of its own; the client reads the notice again in the one it shows. */
    out_open(&o, '{');
    out_member_id(&o, "id", id);
    out_member_text(&o, "title", words(n->title, LANG_VI));
    out_close(&o, '}');
    news_after_commit(db, h, topic, "notice", out_string(&o));
    return true;
}

bool notice_case_changed(struct db *db, struct house *h, const char *const topics[], size_t n, const char *code,
                         int64_t version, int status, struct error *e)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    if (!code)
        return fail(e, E_INTERNAL, "news of a case without its code");
    out_open(&o, '{');
    out_member_text(&o, "code", code);
    out_member_i64(&o, "version", version);
    out_member_i64(&o, "status", status);
    out_close(&o, '}');
    for (size_t i = 0; i < n; i++)
        news_after_commit(db, h, topics[i], "case", out_string(&o));
    return true;
}

bool notice_list(struct db *db, struct arena *a, int64_t party, bool unread, int64_t before, enum lang lang, size_t max,
                 struct notice_row *out, size_t *n, struct error *e)
{
    static const char all[] = "SELECT id, at, title_vi, text_vi, title_en, text_en, case_code, read_at FROM notice"
                              " WHERE party = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    static const char fresh[] = "SELECT id, at, title_vi, text_vi, title_en, text_en, case_code, read_at FROM notice"
                                " WHERE party = $1 AND id < $2 AND read_at IS NULL ORDER BY id DESC LIMIT $3";
    auto_rows struct rows *r = NULL;
    int title = lang == LANG_EN ? 4 : 2;
    bool more;

    *n = 0;
    if (!db_query(db, &r, e, unread ? fresh : all,
                  ARGS(I64(party), I64(before ? before : INT64_MAX), I64((int64_t)max))))
        return false;
    for (;;) {
        const char *code;

        if (!rows_next(r, &more, e))
            return false;
        if (!more || *n == max)
            return true;
        code = rows_text(r, 6);
        out[(*n)++] = (struct notice_row){.id = rows_i64(r, 0),
                                          .at = rows_i64(r, 1),
                                          .title = arena_strdup(a, rows_text(r, title)),
                                          .text = arena_strdup(a, rows_text(r, title + 1)),
                                          .case_code = arena_strdup(a, code),
                                          .is_read = !rows_is_null(r, 7)};
    }
}

bool notice_mark_read(struct db *db, int64_t party, int64_t id, int64_t now, struct error *e)
{
    static const char sql[] = "UPDATE notice SET read_at = COALESCE(read_at, $3) WHERE id = $1 AND party = $2";
    int64_t changed;

    if (!db_exec(db, &changed, e, sql, ARGS(I64(id), I64(party), I64(now))))
        return false;
    return changed == 1 || fail(e, E_NOT_FOUND, "notice %" PRId64, id);
}

bool notice_mark_all_read(struct db *db, int64_t party, int64_t now, struct error *e)
{
    static const char sql[] = "UPDATE notice SET read_at = $2 WHERE party = $1 AND read_at IS NULL";

    return db_exec(db, NULL, e, sql, ARGS(I64(party), I64(now)));
}
