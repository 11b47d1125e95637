/* ECMA-262 regular expressions (u flag) on PCRE2: what the two write differently is rewritten, what only PCRE2 knows is
 * refused, and a match that takes too long is no match. */
#include "schema/schema_internal.h"

#include <pthread.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { PATTERN_MAX = 4096, PATTERN_STEPS_MAX = 200000 };

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

/* ---- one match block a thread: matching itself then allocates nothing ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t match_key;

static void match_free(void *match)
{
    pcre2_match_data_free(match);
}

static void match_key_make(void)
{
    (void)pthread_key_create(&match_key, match_free); /* fails only without memory; then each match allocates */
}

static pcre2_match_data *match_block(void)
{
    static _Thread_local pcre2_match_data *mine;

    if (!mine) {
        (void)pthread_once(&once, match_key_make);
        mine = pcre2_match_data_create(1, NULL);
        (void)pthread_setspecific(match_key, mine); /* frees it when the thread ends */
    }
    return mine;
}

/* ---- rewriting ---- */

/* clang-format off */
static const struct { const char *ecma, *pcre; } categories[] = {
    {"Letter", "L"}, {"Cased_Letter", "L&"}, {"LC", "L&"}, {"Uppercase_Letter", "Lu"}, {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"}, {"Modifier_Letter", "Lm"}, {"Other_Letter", "Lo"},
    {"Mark", "M"}, {"Combining_Mark", "M"}, {"Nonspacing_Mark", "Mn"}, {"Spacing_Mark", "Mc"}, {"Enclosing_Mark", "Me"},
    {"Number", "N"}, {"Decimal_Number", "Nd"}, {"digit", "Nd"}, {"Letter_Number", "Nl"}, {"Other_Number", "No"},
    {"Punctuation", "P"}, {"punct", "P"}, {"Connector_Punctuation", "Pc"}, {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"}, {"Close_Punctuation", "Pe"}, {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"}, {"Other_Punctuation", "Po"},
    {"Symbol", "S"}, {"Math_Symbol", "Sm"}, {"Currency_Symbol", "Sc"}, {"Modifier_Symbol", "Sk"}, {"Other_Symbol", "So"},
    {"Separator", "Z"}, {"Space_Separator", "Zs"}, {"Line_Separator", "Zl"}, {"Paragraph_Separator", "Zp"},
    {"Other", "C"}, {"Control", "Cc"}, {"cntrl", "Cc"}, {"Format", "Cf"}, {"Surrogate", "Cs"}, {"Private_Use", "Co"},
    {"Unassigned", "Cn"}, {"ASCII_Hex_Digit", "AHex"},
};
/* clang-format on */

/* \p{…}: p stands behind the "{". Returns what follows the "}", or NULL. */
static const char *rewrite_property(struct buf *out, char p_or_P, const char *p)
{
    static const char *const prefixes[] = {"General_Category=", "gc=", "Script=", "sc="};
    size_t len = strcspn(p, "}");
    const char *end = p + len;

    if (*end != '}')
        return NULL;
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (len > strlen(prefixes[i]) && text_starts_with(p, prefixes[i])) {
            p += strlen(prefixes[i]);
            len = (size_t)(end - p);
            break;
        }
    for (size_t i = 0; i < COUNT(categories); i++)
        if (strlen(categories[i].ecma) == len && strncmp(categories[i].ecma, p, len) == 0) {
            buf_printf(out, "\\%c{%s}", p_or_P, categories[i].pcre);
            return end + 1;
        }
    buf_printf(out, "\\%c{%.*s}", p_or_P, (int)len, p);
    return end + 1;
}

/* An escape; p stands on the backslash. Returns what follows it, or NULL when ECMA-262 does not know it. */
static const char *rewrite_escape(struct buf *out, const char *p, bool in_class)
{
    char c = p[1];

    switch (c) {
    case 's': /* ECMA's white space is Unicode's, and the byte order mark */
        buf_puts(out, in_class ? "\\s\\ufeff\\p{Z}" : "[\\s\\ufeff\\p{Z}]");
        return p + 2;
    case 'S':
        buf_puts(out, in_class ? "\\S" : "[^\\s\\ufeff\\p{Z}]");
        return p + 2;
    case 'p':
    case 'P':
        return p[2] == '{' ? rewrite_property(out, c, p + 3) : NULL;
    case 'c':
        if ((p[2] | 0x20) < 'a' || (p[2] | 0x20) > 'z')
            return NULL;
        buf_add(out, p, 3);
        return p + 3;
    case '0':
        if (p[2] >= '0' && p[2] <= '9')
            return NULL;
        buf_puts(out, "\\x00");
        return p + 2;
    default:
        /* d w b x u n r t v f k, back references, and any sign that is not a letter */
        if (!c || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && !strchr("dDwWbBxunrtvfk", c)) || c == '_')
            return NULL;
        buf_add(out, p, 2);
        return p + 2;
    }
}

/* The end of a quantifier at p, or p when there is none. */
static const char *quantifier(const char *p)
{
    const char *q = p;

    if (*p == '*' || *p == '+' || *p == '?')
        return p + 1;
    if (*p != '{' || p[1] < '0' || p[1] > '9')
        return p;
    q += 1 + strspn(p + 1, "0123456789");
    if (*q == ',')
        q += 1 + strspn(q + 1, "0123456789");
    return *q == '}' ? q + 1 : p;
}

/* A group that ECMA-262 knows: (?: (?= (?! (?<= (?<! (?<name> */
static bool group_is_known(const char *p)
{
    if (p[1] == '*')
        return false;
    if (p[1] != '?')
        return true;
    return p[2] == ':' || p[2] == '=' || p[2] == '!' || p[2] == '<';
}

static bool rewrite(struct buf *out, const char *p, const char **why)
{
    bool in_class = false;

    while (*p) {
        const char *end = in_class ? p : quantifier(p);

        if (*p == '\\') {
            p = rewrite_escape(out, p, in_class);
            if (!p) {
                *why = "has an escape that ECMA-262 does not know";
                return false;
            }
            continue;
        }
        if (end > p) {
            if (*end == '+') {
                *why = "has a quantifier after a quantifier";
                return false;
            }
            buf_add(out, p, (size_t)(end - p));
            p = end;
            continue;
        }
        if (*p == '(' && !in_class && !group_is_known(p)) {
            *why = "has a group that ECMA-262 does not know";
            return false;
        }
        if (*p == '[' && in_class)
            buf_puts(out, "\\"); /* no POSIX classes */
        else if (*p == '[' || (*p == ']' && in_class))
            in_class = !in_class;
        buf_add(out, p++, 1);
    }
    return true;
}

/* ---- compiling and matching ---- */

static void pattern_free(void *what)
{
    struct pattern *p = what;

    pcre2_code_free(p->code);
    pcre2_match_context_free(p->limits);
}

static bool make(struct pattern *p, const char *source, size_t len)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    int error;
    size_t offset;

    if (!context)
        return false;
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    (void)pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    p->code = pcre2_compile((PCRE2_SPTR)source, len,
                            PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                                PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C,
                            &error, &offset, context);
    pcre2_compile_context_free(context);
    p->limits = pcre2_match_context_create(NULL);
    if (!p->code || !p->limits)
        return false;
    (void)pcre2_set_match_limit(p->limits, PATTERN_STEPS_MAX);
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* without it the interpreter runs, slower */
    return true;
}

bool pattern_compile(struct arena *a, const char *source, size_t len, struct pattern **out, const char **why)
{
    auto_buf struct buf text = BUF_INIT((size_t)PATTERN_MAX * 16);
    struct pattern *p;

    *why = "is not a regular expression";
    if (len > PATTERN_MAX)
        *why = "is longer than 4096 bytes";
    if (len > PATTERN_MAX || strlen(source) != len || !rewrite(&text, source, why))
        return false;
    p = arena_new_of(a, struct pattern);
    arena_defer(a, pattern_free, p);
    if (!make(p, text.data ? text.data : "", text.len))
        return false;
    *out = p;
    return true;
}

bool pattern_matches(const struct pattern *p, const char *s, size_t len)
{
    pcre2_match_data *block = match_block();

    /* jansson has checked the UTF-8. Too many steps is a negative answer like no match: refuse what cannot be told. */
    return block && pcre2_match(p->code, (PCRE2_SPTR)s, len, 0, PCRE2_NO_UTF_CHECK, block, p->limits) >= 0;
}
