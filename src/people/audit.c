/* The audit: rows chained by their hashes. A row's hash is SHA-256 over the hash before it (32 zero bytes at first) and
 * then seq, at, action, what, key, about, actor, unit, case_id, purpose, address; numbers as 8 bytes, texts as their
 * length in 8 bytes and themselves, NULL as length -1; all little-endian. */
#include "people/people_internal.h"

#include <inttypes.h>
#include <string.h>

struct link {
    int64_t seq;
    struct digest hash;
};

static void add_number(struct digest_stream *s, int64_t n)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)n >> (8 * i));
    digest_add(s, bytes, sizeof bytes);
}

static void add_text(struct digest_stream *s, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    add_number(s, text ? (int64_t)len : -1);
    if (len)
        digest_add(s, text, len);
}

static struct digest hash_of(const struct digest *before, int64_t seq, const struct audit *x)
{
    struct digest_stream s;

    digest_start(&s);
    digest_add(&s, before->bytes, sizeof before->bytes);
    add_number(&s, seq);
    add_number(&s, x->at);
    add_text(&s, x->action);
    add_text(&s, x->what);
    add_text(&s, x->key);
    add_text(&s, x->about);
    add_number(&s, x->actor);
    add_number(&s, x->unit);
    add_number(&s, x->case_id);
    add_text(&s, x->purpose);
    add_text(&s, x->address);
    return digest_end(&s);
}

static bool read_head(struct db *db, struct link *out, struct error *e)
{
    auto_rows struct rows *r = NULL;
    struct bytes hash;
    bool found;

    *out = (struct link){0};
    if (!db_find(db, &r, &found, e, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", ARGS()))
        return false;
    if (!found)
        return true;
    hash = rows_blob(r, 1);
    out->seq = rows_i64(r, 0);
    if (hash.len != sizeof out->hash.bytes)
        return fail(e, E_DATABASE, "audit row %" PRId64 " has no hash", out->seq);
    memcpy(out->hash.bytes, hash.data, hash.len);
    return true;
}

static bool append(struct db *db, struct link *head, const struct audit *x, struct error *e)
{
    static const char sql[] =
        "INSERT INTO audit (seq, at, action, what, key, about, actor, unit, case_id, purpose, address, hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    struct link next = {.seq = head->seq + 1};

    next.hash = hash_of(&head->hash, next.seq, x);
    if (!db_exec(db, NULL, e, sql,
                 ARGS(I64(next.seq), I64(x->at), TEXT(x->action), TEXT(x->what), TEXT(x->key), TEXT(x->about),
                      I64(x->actor), I64(x->unit), I64(x->case_id), TEXT(x->purpose), TEXT(x->address),
                      BLOB((struct bytes){next.hash.bytes, sizeof next.hash.bytes}))))
        return false;
    *head = next;
    return true;
}

bool audit_add_all(struct db *db, const struct audit *entries, size_t n, struct error *e)
{
    struct audit_added added = {.n = n, .entries = entries};
    struct link head;

    if (!db_serial(db, "audit", e) || !read_head(db, &head, e)) /* one chain for all nodes */
        return false;
    added.seq = head.seq + 1;
    for (size_t i = 0; i < n; i++)
        if (!append(db, &head, &entries[i], e))
            return false;
    return db_emit(db, "audit.added", added.seq, &added, e);
}

bool audit_add(struct db *db, const struct audit *entry, struct error *e)
{
    return audit_add_all(db, entry, 1, e);
}

void audit_later(struct house *h, const struct audit *entry)
{
    later_audit(people_of(h)->later, entry);
}

bool audit_about(struct db *db, struct arena *a, const struct house *h, const char *number, int64_t before, size_t max,
                 struct audit_row *out, size_t *n, enum lang lang, struct error *e)
{
    static const char sql[] = "SELECT t.seq, t.at, t.case_id, p.name, t.unit, t.action, t.what, t.key, t.purpose"
                              " FROM audit t LEFT JOIN party p ON p.id = t.actor"
                              " WHERE t.about = $1 AND t.seq < $2 ORDER BY t.seq DESC LIMIT $3";
    auto_rows struct rows *r = NULL;
    size_t count = 0;
    bool more;

    if (!db_query(db, &r, e, sql, ARGS(TEXT(number), I64(before > 0 ? before : INT64_MAX), I64((int64_t)max))))
        return false;
    while (rows_next(r, &more, e)) {
        const struct unit *unit;

        if (!more) {
            *n = count;
            return true;
        }
        unit = unit_by_id(h, rows_i64(r, 4));
        out[count++] = (struct audit_row){.id = rows_i64(r, 0),
                                          .at = rows_i64(r, 1),
                                          .case_id = rows_i64(r, 2),
                                          .who = arena_strdup(a, rows_text(r, 3)),
                                          .unit_name = unit ? unit->name[lang] : NULL,
                                          .action = arena_strdup(a, rows_text(r, 5)),
                                          .what = arena_strdup(a, rows_text(r, 6)),
                                          .key = arena_strdup(a, rows_text(r, 7)),
                                          .purpose = arena_strdup(a, rows_text(r, 8))};
    }
    return false;
}

/* Reads the next row and moves the chain on; *sound false when they do not fit. */
static bool follow(struct rows *r, struct link *head, bool *sound)
{
    struct audit x = {.at = rows_i64(r, 1),
                      .action = rows_text(r, 2),
                      .what = rows_text(r, 3),
                      .key = rows_text(r, 4),
                      .about = rows_text(r, 5),
                      .actor = rows_i64(r, 6),
                      .unit = rows_i64(r, 7),
                      .case_id = rows_i64(r, 8),
                      .purpose = rows_text(r, 9),
                      .address = rows_text(r, 10)};
    struct bytes stored = rows_blob(r, 11);
    int64_t seq = rows_i64(r, 0);
    struct digest hash = hash_of(&head->hash, seq, &x);

    *sound = seq == head->seq + 1 && stored.len == sizeof hash.bytes &&
             memcmp(stored.data, hash.bytes, sizeof hash.bytes) == 0;
    if (!*sound)
        log_line(LOG_ERROR, "audit_broken", "seq=%" PRId64 " after=%" PRId64, seq, head->seq);
    *head = (struct link){seq, hash};
    return *sound;
}

bool audit_verify(struct db *db, bool *sound, int64_t *checked, struct error *e)
{
    static const char sql[] = "SELECT seq, at, action, what, key, about, actor, unit, case_id, purpose, address, hash"
                              " FROM audit ORDER BY seq";
    auto_rows struct rows *r = NULL;
    struct link head = {0};
    bool more;

    *sound = true;
    *checked = 0;
    if (!db_query(db, &r, e, sql, ARGS()))
        return false;
    while (rows_next(r, &more, e)) {
        if (!more || !follow(r, &head, sound)) /* past a broken link nothing can be said */
            return true;
        ++*checked;
    }
    return false;
}
