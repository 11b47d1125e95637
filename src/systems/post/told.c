/* Who hears of a parcel. */
#include <string.h>

#include "notice/notice.h"
#include "systems/post/post_internal.h"

enum { HEADS_MAX = 16 };

/* Fills the marks of a sentence in their order: case, parcel. */
static const char *filled(struct arena *a, const char *sentence, const struct shipment *s)
{
    const char *const values[] = {s->case_code, s->number ? s->number : "-"};
    auto_buf struct buf b = BUF_INIT(2048);
    size_t next = 0;

    for (; *sentence; sentence++)
        if (sentence[0] == '%' && sentence[1] == 's' && next < COUNT(values)) {
            buf_puts(&b, values[next++]);
            sentence++;
        } else {
            buf_add(&b, sentence, 1);
        }
    return arena_strdup(a, b.data ? b.data : "");
}

struct words {
    const char *title[LANG__COUNT], *text[LANG__COUNT];
};

static struct notice notice_of(struct arena *a, const struct words *w, const struct shipment *s, int64_t now)
{
    struct notice n = {.case_code = s->case_code, .at = now};

    for (int lang = 0; lang < LANG__COUNT; lang++) {
        n.title[lang] = w->title[lang];
        n.text[lang] = filled(a, w->text[lang], s);
    }
    return n;
}

/* That it arrived is told with the case: its result was handed over. */
bool tell_owner(struct db *db, struct house *h, struct arena *a, const struct shipment *s, int64_t now, struct error *e)
{
    /* clang-format off */
    static const struct words words[SHIPMENT__COUNT] = {
        [SHIPMENT_ORDERED]  = {{"Kết quả được gửi qua bưu chính", "Your result goes by post"},
                               {"Kết quả hồ sơ %s được gửi đến bạn qua bưu chính. Số bưu gửi: %s.", "The result of dossier %s is on its way to you by post. Parcel number: %s."}},
        [SHIPMENT_RETURNED] = {{"Bưu gửi bị hoàn về", "The parcel came back"},
                               {"Bưu chính không phát được kết quả hồ sơ %s (bưu gửi %s) và hoàn về cơ quan. Xin liên hệ bộ phận Một cửa để nhận hoặc gửi lại.", "The post could not deliver the result of dossier %s (parcel %s) and brought it back. Please ask the one-stop desk to hand it over or send it again."}},
        [SHIPMENT_LOST]     = {{"Bưu gửi bị thất lạc", "The parcel was lost"},
                               {"Bưu chính báo thất lạc kết quả hồ sơ %s (bưu gửi %s). Cơ quan đang xử lý và sẽ báo lại cho bạn.", "The post says that the result of dossier %s (parcel %s) was lost. The office is dealing with it and will tell you."}},
    };
    /* clang-format on */
    struct notice n;

    if (!words[s->state].title[LANG_VI])
        return true;
    n = notice_of(a, &words[s->state], s, now);
    n.party = s->applicant;
    return notice_add(db, h, &n, e);
}

/* Whoever posted it, and the heads of the unit. */
bool tell_officers(struct db *db, struct house *h, struct arena *a, const struct shipment *s, bool order_failed,
                   int64_t now, struct error *e)
{
    /* clang-format off */
    static const struct words failed = {{"Chưa báo được cho bưu chính", "The post could not be told"},
        {"Kết quả hồ sơ %s: bưu chính chưa nhận yêu cầu gửi. Xin xem lỗi và lần gửi lại tiếp theo trong trang hồ sơ.", "The result of dossier %s: the post has not taken the order. The dossier's page shows what is wrong and when it is tried again."}};
    static const struct words trouble = {{"Bưu gửi gặp sự cố", "A parcel is in trouble"},
        {"Kết quả hồ sơ %s (bưu gửi %s) bị hoàn về hoặc thất lạc. Xin xem trang hồ sơ và liên hệ người nhận.", "The result of dossier %s (parcel %s) came back or was lost. See the dossier's page and talk to the receiver."}};
    /* clang-format on */
    struct notice n = notice_of(a, order_failed ? &failed : &trouble, s, now);
    struct member heads[HEADS_MAX];
    size_t count;

    if (!unit_members(db, a, s->unit, ROLE_UNIT_HEAD, heads, HEADS_MAX, &count, e))
        return false;
    n.party = s->by;
    if (!notice_add(db, h, &n, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        n.party = heads[i].party;
        if (n.party != s->by && !notice_add(db, h, &n, e))
            return false;
    }
    return true;
}
