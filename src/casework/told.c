/* What changes between people is told to both: an authorisation that is given, accepted or ended, a role that is lent
 * to a colleague while its holder is away. People (floor 2) says that it happened; only here are there notices to tell
 * it by. */
#include "casework/casework_internal.h"

static const char *day_of_instant(struct arena *a, int64_t at)
{
    char text[DATE_TEXT_MAX];
    struct date d = date_at(at);

    date_format(d, text);
    return arena_printf(a, "%02d/%02d/%04d", d.day, d.month, d.year);
}

/* ---- authorisations ---- */

static const char *scope_words(struct arena *a, const struct authorisation *x, enum lang lang)
{
    if (x->service)
        return arena_printf(a, lang == LANG_VI ? "thủ tục %s" : "procedure %s", x->service);
    if (x->field)
        return arena_printf(a, lang == LANG_VI ? "lĩnh vực %s" : "the field %s", x->field);
    return lang == LANG_VI ? "mọi thủ tục" : "all procedures";
}

static void authorisation_words(struct arena *a, const struct authorising *x, struct notice *n)
{
    static const char *const titles[][LANG__COUNT] = {
        [AUTHORISATION_GIVEN] = {"Đề nghị ủy quyền", "An authorisation is offered"},
        [AUTHORISATION_ACCEPTED] = {"Ủy quyền có hiệu lực", "An authorisation is in force"},
        [AUTHORISATION_OVER] = {"Ủy quyền đã chấm dứt", "An authorisation has ended"},
    };
    const struct authorisation *t = &x->given;
    bool open = t->until == INT64_MAX;

    for (int lang = 0; lang < LANG__COUNT; lang++) {
        const char *until = open ? "" : day_of_instant(a, t->until - 1);

        n->title[lang] = titles[x->what][lang];
        n->text[lang] = arena_printf(a, lang == LANG_VI ? "%s ủy quyền cho %s: %s%s%s." : "%s authorises %s: %s%s%s.",
                                     t->who[0].name, t->who[1].name, scope_words(a, t, (enum lang)lang),
                                     open              ? ""
                                     : lang == LANG_VI ? ", đến hết ngày "
                                                       : ", until ",
                                     until);
    }
}

/* Both sides hear, but for the one who did it. */
bool told_authorisation(struct db *db, const struct event *event, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct authorising *x = event->detail;
    const int64_t sides[] = {x->given.principal, x->given.agent};
    struct notice n = {.at = x->now};

    authorisation_words(a, x, &n);
    for (size_t i = 0; i < COUNT(sides); i++) {
        n.party = sides[i];
        if (n.party != x->actor && !notice_add(db, arg, &n, e))
            return false;
    }
    return true;
}

/* ---- delegations ---- */

static void delegation_words(struct arena *a, const struct house *h, const struct delegating *x, struct notice *n)
{
    const struct delegation *d = &x->given;
    const struct unit *u = unit_by_id(h, d->unit);

    for (int lang = 0; lang < LANG__COUNT; lang++) {
        bool vi = lang == LANG_VI;

        n->title[lang] = x->over ? (vi ? "Ủy nhiệm đã chấm dứt" : "A delegation has ended")
                                 : (vi ? "Ủy nhiệm khi vắng mặt" : "Delegation while away");
        n->text[lang] = arena_printf(
            a, vi ? "%s xử lý thay %s tại %s, từ %s đến hết ngày %s." : "%s stands in for %s at %s, from %s until %s.",
            d->agent_name, d->lender_name, u ? u->name[lang] : "", day_of_instant(a, d->from),
            day_of_instant(a, d->until - 1));
    }
}

bool told_delegation(struct db *db, const struct event *event, void *arg, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct delegating *x = event->detail;
    const int64_t sides[] = {x->given.lender, x->given.agent};
    struct notice n = {.at = x->now};

    delegation_words(a, arg, x, &n);
    for (size_t i = 0; i < COUNT(sides); i++) {
        n.party = sides[i];
        if (n.party != x->actor && !notice_add(db, arg, &n, e))
            return false;
    }
    return true;
}
