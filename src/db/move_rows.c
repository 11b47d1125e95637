/* Rows of any table, as a move reads and compares them: values by the kinds that the catalogue tells, pages in the
 * order of the primary key, keys as text. */
#include "db/move_internal.h"

#include <string.h>

/* ---- tables ---- */
struct move_table *move_table_add(struct move_tables *list, const char *table, const struct move_column *column,
                                  int key)
{
    struct move_table *t = list->first ? (struct move_table *)(void *)list->last : NULL; /* next is its first member */

    if (!t || strcmp(t->name, table) != 0) {
        t = arena_new_of(list->arena, struct move_table);
        t->name = arena_strdup(list->arena, table);
        *list->last = t;
        list->last = &t->next;
    }
    t->columns = arena_grown(list->arena, t->columns, t->n, &t->room, sizeof *t->columns);
    if (key > MOVE_KEYS_MAX)
        die("columns of a primary key", (size_t)key);
    if (key > 0) {
        t->keys[key - 1] = t->n;
        t->key_names[key - 1] = column->name;
        t->n_key = t->n_key < (size_t)key ? (size_t)key : t->n_key;
    }
    t->columns[t->n++] = *column;
    return t;
}

const struct move_table *move_table_find(const struct move_tables *list, const char *name)
{
    const struct move_table *t = list->first;

    while (t && strcmp(t->name, name) != 0)
        t = t->next;
    return t;
}

/* ---- rows ---- */
struct move_rows move_rows_new(struct arena *a, size_t width)
{
    return (struct move_rows){.arena = a, .width = width};
}

struct value *move_rows_add(struct move_rows *rows)
{
    struct value *row;

    rows->at = arena_grown(rows->arena, rows->at, rows->n, &rows->room, (rows->width + 1) * sizeof *rows->at);
    row = move_row(rows, rows->n++);
    row[rows->width] = (struct value){.kind = VALUE_END};
    return row;
}

static struct value read_value(struct arena *a, struct rows *r, int column, enum value_kind kind)
{
    struct bytes b;
    char *copy;

    if (rows_is_null(r, column))
        return (struct value){.kind = VALUE_NULL};
    if (kind == VALUE_I64)
        return I64(rows_i64(r, column));
    if (kind == VALUE_F64)
        return F64(rows_f64(r, column));
    b = rows_blob(r, column);
    copy = arena_alloc(a, b.len + 1);
    if (b.len)
        memcpy(copy, b.data, b.len);
    copy[b.len] = '\0';
    return (struct value){.kind = kind, .bytes = {copy, b.len}};
}

static size_t read_row(const struct move_table *t, struct rows *r, struct move_rows *out)
{
    struct value *row = move_rows_add(out);
    size_t bytes = 0;

    for (size_t i = 0; i < t->n; i++) {
        row[i] = read_value(out->arena, r, (int)i, t->columns[i].kind);
        if (row[i].kind == VALUE_TEXT || row[i].kind == VALUE_BLOB)
            bytes += row[i].bytes.len;
    }
    return bytes;
}

static void put_select(struct buf *sql, const struct move_table *t)
{
    buf_puts(sql, "SELECT ");
    for (size_t i = 0; i < t->n; i++)
        buf_printf(sql, "%s%s", i ? ", " : "", t->columns[i].read);
    buf_printf(sql, " FROM \"%s\"", t->name);
}

static void put_keys(struct buf *sql, const struct move_table *t)
{
    for (size_t i = 0; i < t->n_key; i++)
        buf_printf(sql, "%s%s", i ? ", " : "", t->key_names[i]);
}

bool move_read_after(struct db *db, const struct move_table *t, const struct value *after, struct move_rows *out,
                     bool *more, struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);
    auto_rows struct rows *r = NULL;
    size_t bytes = 0;

    put_select(&sql, t);
    if (after) {
        buf_puts(&sql, " WHERE (");
        put_keys(&sql, t);
        buf_puts(&sql, ") > (");
        for (size_t i = 0; i < t->n_key; i++)
            buf_printf(&sql, "%s$%zu", i ? ", " : "", i + 1);
        buf_puts(&sql, ")");
    }
    buf_puts(&sql, " ORDER BY ");
    put_keys(&sql, t);
    buf_printf(&sql, " LIMIT %d", (int)MOVE_ROWS); /* house: a constant of ours */
    if (!db_query(db, &r, e, sql.data, after))
        return false;
    while (out->n < MOVE_ROWS && bytes < MOVE_BYTES) {
        if (!rows_next(r, more, e))
            return false;
        if (!*more)
            return true;
        bytes += read_row(t, r, out);
    }
    *more = true;
    return true;
}

bool move_read_key(struct db *db, const struct move_table *t, const struct value *key, struct move_rows *out,
                   struct error *e)
{
    auto_buf struct buf sql = BUF_INIT(SQL_MAX);
    auto_rows struct rows *r = NULL;
    bool found;

    put_select(&sql, t);
    for (size_t i = 0; i < t->n_key; i++)
        buf_printf(&sql, "%s%s = $%zu", i ? " AND " : " WHERE ", t->key_names[i], i + 1);
    if (!db_find(db, &r, &found, e, sql.data, key))
        return false;
    if (found)
        (void)read_row(t, r, out);
    return true;
}

/* ---- keys ---- */
void move_key_of(const struct move_table *t, const struct value *row, struct value *key)
{
    for (size_t i = 0; i < t->n_key; i++)
        key[i] = row[t->keys[i]];
    key[t->n_key] = (struct value){.kind = VALUE_END};
}

const char *move_key_text(struct arena *a, const struct move_table *t, const struct value *key)
{
    auto_out struct json_out o = JSON_OUT_INIT;

    out_open(&o, '[');
    for (size_t i = 0; i < t->n_key; i++)
        if (key[i].kind == VALUE_I64) {
            out_i64(&o, key[i].i64);
        } else if (key[i].kind == VALUE_BLOB) {
            char *hex = arena_alloc(a, key[i].bytes.len * 2 + 1);

            out_text(&o, sodium_bin2hex(hex, key[i].bytes.len * 2 + 1, key[i].bytes.data, key[i].bytes.len));
        } else {
            out_text(&o, key[i].bytes.data);
        }
    out_close(&o, ']');
    return arena_strdup(a, out_string(&o));
}

static bool parse_one(struct arena *a, enum value_kind kind, const json_t *j, struct value *out)
{
    const char *text = json_string_value(j);
    size_t len = text ? strlen(text) : 0, n;
    unsigned char *bytes;

    if (kind == VALUE_I64) {
        *out = I64(json_integer_value(j));
        return json_is_integer(j);
    }
    if (!text)
        return false;
    if (kind == VALUE_TEXT) {
        *out = TEXT(arena_strdup(a, text));
        return true;
    }
    bytes = arena_alloc(a, len / 2 + 1);
    *out = (struct value){.kind = VALUE_BLOB, .bytes = {bytes, len / 2}};
    return sodium_hex2bin(bytes, len / 2, text, len, NULL, &n, NULL) == 0 && n == len / 2;
}

bool move_key_parse(struct arena *a, const struct move_table *t, const char *text, struct value *key, struct error *e)
{
    json_auto_t *list = json_loads(text, 0, NULL);

    for (size_t i = 0; i < t->n_key; i++)
        if (!parse_one(a, t->columns[t->keys[i]].kind, json_array_get(list, i), &key[i]))
            return fail(e, E_INTERNAL, "no key of %s: %.100s", t->name, text);
    key[t->n_key] = (struct value){.kind = VALUE_END};
    return true;
}

/* ---- digests ---- */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A search text is a set of words: one database keeps their order, the other does not. */
static void add_words(struct digest_stream *hash, const struct value *v)
{
    auto_arena struct arena *a = arena_new();
    char *text = arena_strdup(a, v->bytes.data), *rest = NULL;
    const char **words = arena_array(a, const char *, strlen(text) / 2 + 1);
    size_t n = 0;

    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    if (n)
        qsort(words, n, sizeof *words, by_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(words[i - 1], words[i]) != 0)
            digest_add(hash, words[i], strlen(words[i]) + 1);
}

void move_digest_row(struct digest_stream *hash, const struct move_table *t, const struct value *row)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct value *v = &row[i];
        unsigned char kind = (unsigned char)v->kind;
        uint64_t len = v->bytes.len;

        digest_add(hash, &kind, 1);
        if (v->kind == VALUE_I64)
            digest_add(hash, &v->i64, sizeof v->i64);
        else if (v->kind == VALUE_F64)
            digest_add(hash, &v->f64, sizeof v->f64);
        else if (v->kind != VALUE_NULL && t->search)
            add_words(hash, v);
        else if (v->kind != VALUE_NULL) {
            digest_add(hash, &len, sizeof len);
            digest_add(hash, v->bytes.data, v->bytes.len);
        }
    }
}
