/* The one place where the common SQL of the house becomes SQLite's: parameters, types, STRICT tables, SEARCH().
 * A tokenizer, not a parser: it knows strings, names, comments and words, and leaves everything else alone. Type words
 * are upper case, names lower case, so a column may be called json. */
#include "db/db_internal.h"

#include <ctype.h>
#include <string.h>

enum token_kind { TOKEN_END, TOKEN_BLANK, TOKEN_WORD, TOKEN_QUOTED, TOKEN_PARAMETER, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    const char *start;
    size_t len;
};

static const struct {
    const char *common, *sqlite;
} types[] = {
    {"BIGINT", "INTEGER"}, {"JSON", "TEXT"}, {"BYTEA", "BLOB"}, {"BOOLEAN", "INTEGER"}, {"DOUBLE", "REAL"},
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t quoted_length(const char *s)
{
    size_t i = 1;

    while (s[i] && (s[i] != s[0] || s[i + 1] == s[0]))
        i += s[i] == s[0] ? 2 : 1; /* a doubled quote stays inside */
    return s[i] ? i + 1 : i;
}

static size_t blank_length(const char *s)
{
    const char *end;

    if (s[0] == '-' && s[1] == '-')
        return strcspn(s, "\n");
    if (s[0] == '/' && s[1] == '*') {
        end = strstr(s + 2, "*/");
        return end ? (size_t)(end + 2 - s) : strlen(s);
    }
    return strspn(s, " \t\r\n");
}

static struct token token_at(const char *s)
{
    struct token t = {TOKEN_OTHER, s, 1};

    if (!*s)
        return (struct token){TOKEN_END, s, 0};
    if (blank_length(s) > 0)
        return (struct token){TOKEN_BLANK, s, blank_length(s)};
    if (*s == '\'' || *s == '"')
        return (struct token){TOKEN_QUOTED, s, quoted_length(s)};
    if (*s == '$' && isdigit((unsigned char)s[1]))
        t.kind = TOKEN_PARAMETER;
    else if (is_word(*s))
        t.kind = TOKEN_WORD;
    else
        return t;
    while (is_word(s[t.len]))
        t.len++;
    return t;
}

/* The next token that means something. */
static struct token token_after(struct token t)
{
    do
        t = token_at(t.start + t.len);
    while (t.kind == TOKEN_BLANK);
    return t;
}

static bool token_is(struct token t, const char *word)
{
    return strlen(word) == t.len && memcmp(t.start, word, t.len) == 0;
}

/* SEARCH(table, $n) → (SELECT rowid FROM table WHERE table MATCH ?n); NULL, no words, finds nothing. */
static bool put_search(struct token *t, struct buf *out)
{
    struct token open = token_after(*t), table = token_after(open), comma = token_after(table),
                 parameter = token_after(comma), closing = token_after(parameter);

    if (!token_is(open, "(") || !token_is(comma, ",") || parameter.kind != TOKEN_PARAMETER || !token_is(closing, ")"))
        return false;
    buf_puts(out, "(SELECT rowid FROM ");
    buf_add(out, table.start, table.len);
    buf_puts(out, " WHERE ");
    buf_add(out, table.start, table.len);
    buf_puts(out, " MATCH coalesce(?");
    buf_add(out, parameter.start + 1, parameter.len - 1);
    buf_puts(out, ", '\"\"'))");
    *t = closing;
    return true;
}

static void put_word(struct token *t, bool altering, struct buf *out)
{
    if (token_is(*t, "SEARCH") && put_search(t, out))
        return;
    /* A column added to a table with rows cannot be stored; computed, it reads the same and its index is stored. */
    if (altering && token_is(*t, "STORED")) {
        buf_puts(out, "VIRTUAL");
        return;
    }
    for (size_t i = 0; i < COUNT(types); i++)
        if (token_is(*t, types[i].common)) {
            struct token next = token_after(*t);

            buf_puts(out, types[i].sqlite);
            if (token_is(*t, "DOUBLE") && token_is(next, "PRECISION"))
                *t = next;
            return;
        }
    buf_add(out, t->start, t->len);
}

const char *dialect_statement(const char *sql, struct buf *out)
{
    struct token t = {TOKEN_BLANK, sql, 0}, last = {TOKEN_END, sql, 0}, first, second;
    bool altering, making_table;

    first = token_after(t);
    second = token_after(first);
    altering = token_is(first, "ALTER");
    making_table = token_is(first, "CREATE") && token_is(second, "TABLE");
    for (t = token_at(sql); t.kind != TOKEN_END && !token_is(t, ";"); t = token_at(t.start + t.len)) {
        if (t.kind == TOKEN_PARAMETER) {
            /* by number, where SQLite would take $1 for a name */
            buf_puts(out, "?");
            buf_add(out, t.start + 1, t.len - 1);
        } else if (t.kind == TOKEN_WORD) {
            put_word(&t, altering, out);
        } else {
            buf_add(out, t.start, t.len);
        }
        if (t.kind != TOKEN_BLANK)
            last = t;
    }
    if (making_table && token_is(last, ")"))
        buf_puts(out, "\nSTRICT"); /* a comment may end the line before */
    if (t.kind == TOKEN_END)
        return NULL;
    t = token_after(t);
    return t.kind == TOKEN_END ? NULL : t.start;
}
