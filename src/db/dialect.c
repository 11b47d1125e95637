/* The one place where the common SQL of the house becomes each database's: parameters, types, SEARCH().
 * A tokenizer, not a parser: it knows strings, names, comments and words, and leaves everything else alone. Type words
 * are upper case, names lower case, so a column may be called json. */
#include "db/db_internal.h"

#include <ctype.h>
#include <string.h>

enum { PARAMETERS_MAX = 1000 };
enum token_kind { TOKEN_END, TOKEN_BLANK, TOKEN_WORD, TOKEN_QUOTED, TOKEN_PARAMETER, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    const char *start;
    size_t len;
};

/* BOOLEAN is 0 or 1 in both, a number. Keys and codes are ordered by their bytes, whatever the language of the server:
 * a page of a list ends at the same place on both. JSON keeps the text as it was written. */
static const struct {
    const char *common, *of[DIALECT__COUNT];
} types[] = {
    {"BIGINT", {"INTEGER", "BIGINT"}}, {"BOOLEAN", {"INTEGER", "SMALLINT"}},
    {"BYTEA", {"BLOB", "BYTEA"}},      {"DOUBLE", {"REAL", "DOUBLE PRECISION"}},
    {"JSON", {"TEXT", "JSON"}},        {"TEXT", {"TEXT", "TEXT COLLATE \"C\""}},
};

/* Around table, table again, and the parameter's number; NULL, no words, finds nothing. The words come as FTS5 takes
 * them, "one" "two"*, and PostgreSQL gets 'one' & 'two':* of the same: they hold letters and digits only. */
static const char *const search[DIALECT__COUNT][4] = {
    [DIALECT_SQLITE] = {"(SELECT rowid AS id FROM ", " WHERE ", " MATCH coalesce(?", ", '\"\"'))"},
    [DIALECT_POSTGRES] = {"(SELECT id FROM ", " WHERE ", ".words @@ CAST(replace(replace(replace($",
                          ", '\" \"', ''' & '''), '\"', ''''), '*', ':*') AS TSQUERY))"},
};

/* What the translation of one statement knows while it goes through it. */
struct translation {
    enum dialect dialect;
    struct buf *out;
    bool defining; /* CREATE or ALTER: type words are types */
    bool altering;
    int parameters;
    struct token last; /* the last one that means something */
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

static void put_parameter(struct translation *x, const struct token *t)
{
    int n = 0;

    for (size_t i = 1; i < t->len && n < PARAMETERS_MAX; i++)
        n = n * 10 + (t->start[i] - '0');
    if (x->parameters < n)
        x->parameters = n;
    buf_add(x->out, t->start + 1, t->len - 1);
}

/* SEARCH(table, $n) */
static bool put_search(struct translation *x, struct token *t)
{
    struct token open = token_after(*t), table = token_after(open), comma = token_after(table),
                 parameter = token_after(comma), closing = token_after(parameter);
    const char *const *pieces = search[x->dialect];

    if (!token_is(open, "(") || !token_is(comma, ",") || parameter.kind != TOKEN_PARAMETER || !token_is(closing, ")"))
        return false;
    buf_puts(x->out, pieces[0]);
    buf_add(x->out, table.start, table.len);
    buf_puts(x->out, pieces[1]);
    buf_add(x->out, table.start, table.len);
    buf_puts(x->out, pieces[2]);
    put_parameter(x, &parameter);
    buf_puts(x->out, pieces[3]);
    *t = closing;
    return true;
}

static bool put_type(struct translation *x, struct token *t)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (token_is(*t, types[i].common)) {
            struct token next = token_after(*t);

            buf_puts(x->out, types[i].of[x->dialect]);
            if (token_is(*t, "DOUBLE") && token_is(next, "PRECISION"))
                *t = next;
            return true;
        }
    return false;
}

static void put_word(struct translation *x, struct token *t)
{
    bool postgres = x->dialect == DIALECT_POSTGRES, text = token_is(*t, "TEXT");

    if (token_is(*t, "SEARCH") && put_search(x, t))
        return;
    /* One of many that look for the next row to take passes over what another is taking. */
    if (token_is(*t, "FOR_UPDATE_SKIP_LOCKED")) {
        buf_puts(x->out, postgres ? "FOR UPDATE SKIP LOCKED" : "");
        return;
    }
    /* A column added to a table with rows cannot be stored; computed, it reads the same and its index is stored. */
    if (!postgres && x->altering && token_is(*t, "STORED"))
        buf_puts(x->out, "VIRTUAL");
    else if (postgres && x->defining && token_is(*t, "FALSE"))
        buf_puts(x->out, "0");
    else if (postgres && x->defining && token_is(*t, "TRUE"))
        buf_puts(x->out, "1");
    else if ((text && (!x->defining || token_is(x->last, "AS"))) ||
             !put_type(x, t)) /* a cast's type has no collation */
        buf_add(x->out, t->start, t->len);
}

static void put_token(struct translation *x, struct token *t)
{
    if (t->kind == TOKEN_PARAMETER) {
        /* by number, where SQLite would take $1 for a name */
        buf_puts(x->out, x->dialect == DIALECT_SQLITE ? "?" : "$");
        put_parameter(x, t);
    } else if (t->kind == TOKEN_WORD) {
        put_word(x, t);
    } else {
        buf_add(x->out, t->start, t->len);
    }
    if (t->kind != TOKEN_BLANK)
        x->last = *t;
}

struct translated dialect_statement(enum dialect dialect, const char *sql, struct buf *out)
{
    struct token t = {TOKEN_BLANK, sql, 0}, first = token_after(t), second = token_after(first);
    struct translation x = {.dialect = dialect, .out = out, .last = {TOKEN_END, sql, 0}};

    x.altering = token_is(first, "ALTER");
    x.defining = x.altering || token_is(first, "CREATE");
    for (t = token_at(sql); t.kind != TOKEN_END && !token_is(t, ";"); t = token_at(t.start + t.len))
        put_token(&x, &t);
    if (dialect == DIALECT_SQLITE && token_is(first, "CREATE") && token_is(second, "TABLE") && token_is(x.last, ")"))
        buf_puts(out, "\nSTRICT"); /* a comment may end the line before */
    if (t.kind != TOKEN_END)
        t = token_after(t);
    return (struct translated){t.kind == TOKEN_END ? NULL : t.start, x.parameters};
}
