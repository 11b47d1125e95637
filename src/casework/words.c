/* What the applicant is told after an action. Plain words: what happened, what happens next, and when. */
#include "casework/casework_internal.h"

#include <string.h>

/* clang-format off */
static const struct { const char *action, *title[LANG__COUNT], *text[LANG__COUNT]; } words[] = {
    {"receive",            {"Hồ sơ đã được tiếp nhận", "Your dossier has been received"},
                           {"Hồ sơ %s đã được %s tiếp nhận. Hẹn trả kết quả: %s.", "Dossier %s has been received by %s. The result is due: %s."}},
    {"refuse",             {"Hồ sơ không được tiếp nhận", "Your dossier was not received"},
                           {"Hồ sơ %s không được %s tiếp nhận. Xin xem lý do trong trang hồ sơ.", "Dossier %s was not received by %s. The reason is on the dossier's page."}},
    {"request-supplement", {"Cần bổ sung hồ sơ", "Your dossier needs a supplement"},
                           {"Hồ sơ %s cần được bổ sung theo yêu cầu của %s. Thời gian giải quyết tạm dừng cho đến khi bổ sung xong.", "Dossier %s needs a supplement asked for by %s. The clock is paused until it is complete."}},
    {"approve",            {"Đã có kết quả", "Your result is ready"},
                           {"Hồ sơ %s đã được %s giải quyết xong. Kết quả điện tử nằm trong kho giấy tờ của bạn.", "Dossier %s has been settled by %s. The electronic result is in your vault."}},
    {"reject",             {"Hồ sơ bị từ chối giải quyết", "Your dossier was rejected"},
                           {"Hồ sơ %s bị %s từ chối giải quyết. Xin xem lý do trong trang hồ sơ.", "Dossier %s was rejected by %s. The reason is on the dossier's page."}},
    {"apologise",          {"Xin lỗi và hẹn lại ngày trả kết quả", "Apology and a new date"},
                           {"Hồ sơ %s: %s xin lỗi vì chậm trả kết quả. Hẹn lại: %s.", "Dossier %s: %s apologises for the delay. The new date is %s."}},
    {"stop",               {"Hồ sơ đã dừng giải quyết", "Your dossier was stopped"},
                           {"Hồ sơ %s đã được %s dừng giải quyết. Xin xem lý do trong trang hồ sơ.", "Dossier %s was stopped by %s. The reason is on the dossier's page."}},
    {"request-payment",    {"Cần nộp phí, lệ phí", "A payment is asked for"},
                           {"Hồ sơ %s: %s yêu cầu nộp phí, lệ phí. Thời gian giải quyết tạm dừng cho đến khi nộp xong.", "Dossier %s: %s asks for a payment. The clock is paused until it is made."}},
    {"set-fee",            {"Phí, lệ phí của hồ sơ", "The fee of your dossier"},
                           {"Hồ sơ %s: %s đã ấn định mức phí, lệ phí phải nộp. Xin xem trong trang hồ sơ.", "Dossier %s: %s has set the fee. It is on the dossier's page."}},
    {"reopen",             {"Hồ sơ được mở lại", "Your dossier was reopened"},
                           {"Hồ sơ %s đã được %s mở lại. Hẹn trả kết quả: %s.", "Dossier %s has been reopened by %s. The result is due: %s."}},
    {"silent",             {"Hồ sơ chậm, chưa có ai xử lý", "A dossier stands still"},
                           {"Hồ sơ %s tại %s đã quá thời gian của bước mà chưa chuyển tiếp. Hạn trả kết quả: %s.", "Dossier %s at %s has passed its step's time without moving on. The result is due: %s."}},
    {"silence",            {"Cơ quan được hỏi chưa trả lời", "An agency has not answered"},
                           {"Hồ sơ %s của %s: cơ quan được lấy ý kiến đã quá hạn mà chưa trả lời. Thời hạn của hồ sơ vẫn tiếp tục: %s.", "Dossier %s of %s: an agency asked has let its time pass without an answer. The dossier's own time goes on: %s."}},
    {"taken-over",         {"Hồ sơ chuyển sang cơ quan mới", "Another agency goes on with your dossier"},
                           {"Do sắp xếp cơ quan, hồ sơ %s nay do %s tiếp tục giải quyết. Ngày hẹn trả kết quả không đổi: %s.", "Agencies were rearranged: dossier %s is now with %s. The promised date stays: %s."}},
    {"withdraw-result",    {"Kết quả đã bị thu hồi", "Your result was withdrawn"},
                           {"Kết quả của hồ sơ %s bị %s thu hồi và không còn giá trị. Xin xem lý do trong trang hồ sơ.", "The result of dossier %s was withdrawn by %s and is no longer valid. The reason is on the dossier's page."}},
    {"correct-result",     {"Kết quả đã được cấp lại", "Your result was reissued"},
                           {"Kết quả của hồ sơ %s đã được %s đính chính và cấp lại. Bản cũ không còn giá trị; bản mới nằm trong kho giấy tờ của bạn.", "The result of dossier %s was corrected and reissued by %s. The old one is no longer valid; the new one is in your vault."}},
    {"paper-withdrawn",    {"Một giấy tờ trong hồ sơ đã bị thu hồi", "A paper of a dossier was withdrawn"},
                           {"Hồ sơ %s tại %s dùng một giấy tờ vừa bị thu hồi, không còn giá trị. Xin xem lại giấy tờ của hồ sơ.", "Dossier %s at %s uses a paper that has just been withdrawn and is no longer valid. Look at its papers again."}},
    {"paper-superseded",   {"Một giấy tờ trong hồ sơ đã có bản mới", "A paper of a dossier has a newer version"},
                           {"Hồ sơ %s tại %s dùng một giấy tờ vừa được thay bằng bản mới. Xin xem lại giấy tờ của hồ sơ.", "Dossier %s at %s uses a paper that has just been replaced by a newer one. Look at its papers again."}},
    {"deliver",            {"Đã trả kết quả", "The result was handed over"},
                           {"Kết quả của hồ sơ %s đã được %s trả.", "The result of dossier %s was handed over by %s."}},
};
/* clang-format on */

/* "16:30, thứ Hai, 23/11/2026" */
static const char *when_text(struct arena *a, int64_t ms, enum lang lang)
{
    static const char *const days[LANG__COUNT][7] = {
        {"thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"},
        {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    };
    struct date d;
    int64_t minutes;

    if (ms == INSTANT_NONE)
        return lang == LANG_VI ? "chưa xác định" : "not set";
    d = date_at(ms);
    minutes = (ms - date_start_ms(d)) / 60000;
    return arena_printf(a, lang == LANG_VI ? "%d giờ %02d, %s, %02d/%02d/%04d" : "%d:%02d, %s, %02d/%02d/%04d",
                        (int)(minutes / 60), (int)(minutes % 60), days[lang][date_weekday(d)], d.day, d.month, d.year);
}

/* Fills the marks of a sentence in their order: code, unit, date. */
static char *filled(struct arena *a, const char *sentence, const char *const values[3])
{
    auto_buf struct buf b = BUF_INIT(4096);
    size_t next = 0;

    for (; *sentence; sentence++)
        if (sentence[0] == '%' && sentence[1] == 's' && next < 3) {
            buf_puts(&b, values[next++]);
            sentence++;
        } else {
            buf_add(&b, sentence, 1);
        }
    return arena_strdup(a, b.data ? b.data : "");
}

bool notice_words(const struct case_file *c, const char *action, struct arena *a, const char *title[LANG__COUNT],
                  const char *text[LANG__COUNT])
{
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(words[i].action, action) != 0)
            continue;
        for (int lang = 0; lang < LANG__COUNT; lang++) {
            const char *const values[3] = {c->code, c->unit->name[lang], when_text(a, c->due_at, (enum lang)lang)};

            title[lang] = words[i].title[lang];
            text[lang] = filled(a, words[i].text[lang], values);
        }
        return true;
    }
    return false;
}
