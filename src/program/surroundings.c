/* What every subcommand reads of its surroundings: the language, and numbers among the options. */
#include "program/program.h"

enum lang program_lang(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = getenv(names[i]);

        if (!text_is_empty(value))
            return text_starts_with(value, "en") ? LANG_EN : LANG_VI;
    }
    return LANG_VI;
}

bool option_number(const char *option, const char *text, int64_t min, int64_t max, int64_t otherwise, int64_t *out,
                   struct error *e)
{
    *out = otherwise;
    return !text || text_to_i64(text, min, max, out) ||
           fail(e, E_USAGE, "--%s %lld…%lld", option, (long long)min, (long long)max);
}
