/* The printed papers of the city, with made-up people: what the tests and the measurement draw. */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/paper_internal.h"

enum { PAPER_NAMES_MAX = 24 };

/* One result of a service as the service would hand it over. values: a JSON object, name → value. */
struct printed {
    const char *what, *paper, *values;
};

/* clang-format off */
#define UNIT "\"case\": {\"code\": \"H29.1.5-261121-0001\", \"received_at\": 1795226400000, \"channel\": \"online\", \"unit\": {\"code\": \"H29.1.5\"," \
             " \"name\": \"Phường Bến Thành\", \"name_en\": \"Ben Thanh Ward\", \"place\": \"26743\", \"address\": null}}"
#define COMMON UNIT ", \"applicant\": {\"name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\", \"kind\": \"citizen\"}," \
    " \"today\": \"2026-11-21\", \"verify\": \"7K2M9QXA4TDE\", \"signer\": \"Lê Hoàng Phúc\""
#define ENTRY "\"code\": \"01-TP/HT-2019-KS/27/H29.1.5\", \"book\": \"01-TP/HT-2019-KS\", \"number\": 27, \"registered_on\": \"2019-03-14\"," \
    " \"office\": {\"code\": \"H29.1.5\", \"name\": \"Ủy ban nhân dân Phường Bến Thành\"}"

#define SAYS(number, note) "\"number\": \"" number "\", \"verify\": \"7K2M9QXA4TDE\", \"today\": \"2026-11-21\", \"origin\": null, \"form\": {}," \
    " \"applicant\": {\"name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\", \"phone\": \"0903123456\", \"email\": \"lan@example.com\", \"address\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\"}," \
    " \"submitter\": {\"name\": \"Nguyễn Thị Ngọc Lan\"}, \"actor\": {\"name\": \"Trần Minh Quang\", \"phone\": \"0283829000\"}," \
    " \"action\": {\"id\": \"x\", \"note\": \"" note "\", \"at\": 1795226400000}, \"before\": {\"due_at\": 1795658400000}," \
    " \"case\": {\"code\": \"H29.1.5-261121-0001\", \"submitted_at\": 1795222800000, \"received_at\": 1795226400000, \"due_at\": 1795744800000, \"channel\": \"online\"," \
    "  \"delivery\": \"vault\", \"fee\": {\"amount\": 16000, \"state\": \"paid\"}, \"service\": {\"code\": \"1.001193\", \"name\": \"Đăng ký khai sinh\", \"limit\": {\"value\": 1, \"unit\": \"working-day\"}}," \
    "  \"unit\": {\"code\": \"H29.1.5\", \"name\": \"Phường Bến Thành\", \"place\": \"26743\", \"address\": \"92 Nguyễn Trãi\", \"phone\": \"02838290000\"}}," \
    " \"papers\": [{\"kind\": \"birth-notice\", \"title\": \"Giấy chứng sinh\", \"originals\": 1, \"copies\": 0, \"required\": true, \"handed\": true, \"held\": false}," \
    "  {\"kind\": \"identity-paper\", \"title\": \"Thẻ căn cước hoặc hộ chiếu của người đi khai sinh\", \"originals\": 1, \"copies\": 0, \"required\": false, \"handed\": false, \"held\": true}]," \
    " \"asked\": [{\"title\": \"Văn bản ủy quyền\", \"originals\": 1, \"copies\": 2}]"
#define LOG_ROW(at, from, to, kept) "{\"at\": " at ", \"action\": \"hand-over\", \"title\": \"Chuyển xử lý\", \"actor\": \"Trần Minh Quang\", \"from\": \"" from "\", \"to\": \"" to "\", \"kept\": \"" kept "\"}"
#define REGISTER_ROW "{\"code\": \"H29.1.5-261121-0001\", \"service\": \"Cấp bản sao trích lục hộ tịch\", \"applicant\": \"Nguyễn Thị Ngọc Lan\", \"address\": \"12 Lê Thánh Tôn\", \"phone\": \"0903123456\"," \
    " \"received_at\": 1795226400000, \"due_at\": 1795313400000, \"done_at\": 1795300000000, \"delivery\": \"counter\", \"status_title\": \"Đã trả kết quả\", \"fee\": 16000, \"result\": \"Trích lục khai sinh\"}"

static const struct printed printed[] = {
    {"birth-extract", "civil-extract",
     "{" COMMON ", \"entry_key\": \"01-TP/HT-2019-KS/27/H29.1.5\", \"person\": {}, \"allocated\": {\"extract\": \"118/TLHT-BS\"},"
     " \"form\": {\"event\": \"birth\", \"copies\": 2, \"subject_number\": \"079319000027\"},"
     " \"entry\": {" ENTRY ", \"kind_of_registration\": \"on-time\", \"subject\": \"079319000027\", \"full_name\": \"Đặng Quỳnh Như\","
     "  \"sex\": \"female\", \"birth_date\": \"2019-03-02\", \"birth_precision\": \"day\", \"birth_place\": \"Bệnh viện Phụ sản Hoa Sen, phường Bến Thành, Thành phố Hồ Chí Minh\","
     "  \"native_place\": \"xã Nghĩa Thắng, tỉnh Quảng Ngãi\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\","
     "  \"mother\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\", \"birth_date\": \"1990-05-17\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\", \"residence\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\"},"
     "  \"father\": {\"full_name\": \"Đặng Văn Hưởng\", \"birth_date\": \"1988\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\", \"residence\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\"},"
     "  \"requester\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"relation\": \"Mẹ\"},"
     "  \"annotations\": [{\"noted_on\": \"2021-07-05\", \"ground\": \"Quyết định số 41/QĐ-UBND ngày 02/7/2021\", \"content\": \"Cải chính tên: từ Đặng Quỳnh Nhu thành Đặng Quỳnh Như.\"}]}}"},
    {"marriage-extract", "civil-extract",
     "{" COMMON ", \"entry_key\": \"x\", \"person\": {}, \"allocated\": {\"extract\": \"119/TLHT-BS\"}, \"form\": {\"event\": \"marriage\", \"copies\": 1},"
     " \"entry\": {\"code\": \"x\", \"book\": \"01-TP/HT-2016-KH\", \"number\": 8, \"registered_on\": \"2016-02-29\", \"office\": {\"code\": \"H29.1.5\", \"name\": \"Ủy ban nhân dân Phường Bến Thành\"},"
     "  \"subject\": \"079088000012\", \"partner\": \"079190000011\","
     "  \"husband\": {\"full_name\": \"Đặng Văn Hưởng\", \"birth_date\": \"1988-01-30\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\", \"residence\": \"12 Lê Thánh Tôn, phường Bến Thành\", \"paper\": \"Căn cước công dân số 079088000012\"},"
     "  \"wife\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"birth_date\": \"1990-05-17\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\"},"
     "  \"effective_on\": \"2016-02-29\"}}"},
    {"death-extract-copy", "civil-extract",
     "{" COMMON ", \"entry_key\": \"x\", \"person\": {}, \"allocated\": {\"extract\": \"120/TLHT-BS\"}, \"form\": {\"event\": \"death\", \"copies\": 1},"
     " \"entry\": {\"code\": \"x\", \"book\": \"01-TP/HT-2024-KT\", \"number\": 3, \"registered_on\": \"2024-08-09\", \"office\": {\"code\": \"H29.1.5\", \"name\": \"Ủy ban nhân dân Phường Bến Thành\"},"
     "  \"subject\": \"079045000001\", \"full_name\": \"Trần Văn Ưu\", \"sex\": \"male\", \"birth_date\": \"1945-01-01\", \"birth_precision\": \"year\", \"ethnicity\": \"Hoa\", \"nationality\": \"Việt Nam\","
     "  \"residence\": \"45 Nguyễn Trãi, phường Bến Thành, Thành phố Hồ Chí Minh\", \"death_date\": \"2024-08-07\", \"death_time\": \"04:15\", \"death_place\": \"Tại nhà\", \"cause\": \"Tuổi già\"}}"},
    {"parent-child-extract", "civil-extract",
     "{" COMMON ", \"entry_key\": \"x\", \"person\": {}, \"allocated\": {\"extract\": \"121/TLHT-BS\"}, \"form\": {\"event\": \"parent-child\", \"copies\": 1},"
     " \"entry\": {\"code\": \"x\", \"book\": \"01-TP/HT-2020-CMC\", \"number\": 1, \"registered_on\": \"2020-10-12\", \"office\": {\"code\": \"H29.1.5\", \"name\": \"Ủy ban nhân dân Phường Bến Thành\"},"
     "  \"subject\": \"079319000027\", \"relation\": \"father-recognises-child\","
     "  \"parent\": {\"full_name\": \"Đặng Văn Hưởng\", \"birth_date\": \"1988-01-30\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\"},"
     "  \"child\": {\"full_name\": \"Đặng Quỳnh Như\", \"birth_date\": \"2019-03-02\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\"}}}"},
    {"birth-certificate", "birth-certificate",
     "{" COMMON ", \"entry\": {}, \"entry_key\": null, \"person\": {}, \"allocated\": {\"personal_number\": \"079326004411\", \"entry\": {\"number\": 31, \"book\": \"01-TP/HT-2026-KS\", \"date\": \"2026-11-21\"}},"
     " \"form\": {\"relation\": \"mother\", \"situation\": \"notice\", \"applicant\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\"},"
     "  \"child\": {\"full_name\": \"Đặng Gia Huy\", \"sex\": \"male\", \"birth_date\": \"2026-11-15\", \"birth_place\": \"Bệnh viện Phụ sản Hoa Sen, phường Bến Thành, Thành phố Hồ Chí Minh\", \"native_place\": \"xã Nghĩa Thắng, tỉnh Quảng Ngãi\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\"},"
     "  \"mother\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\", \"birth_date\": \"1990-05-17\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\", \"residence\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\"}}}"},
    {"death-extract", "death-extract",
     "{" COMMON ", \"entry\": {}, \"entry_key\": null, \"person\": {}, \"allocated\": {\"entry\": {\"number\": 4, \"book\": \"01-TP/HT-2026-KT\", \"date\": \"2026-11-21\"}},"
     " \"form\": {\"relation\": \"child\", \"applicant\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\"},"
     "  \"deceased\": {\"full_name\": \"Nguyễn Hữu Đức\", \"number\": \"079050000321\", \"sex\": \"male\", \"birth_date\": \"1950-09-09\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\", \"residence\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\"},"
     "  \"death\": {\"date\": \"2026-11-18\", \"time\": \"22:40\", \"place\": \"Bệnh viện Đa khoa Sông Sài Gòn\", \"cause\": \"Bệnh tim\"},"
     "  \"notice\": {\"number\": \"88/GBT\", \"issued_on\": \"2026-11-19\", \"issuer\": \"Bệnh viện Đa khoa Sông Sài Gòn\"}}}"},
    {"marital-status", "marital-status",
     "{" COMMON ", \"entry\": {}, \"entry_key\": null, \"person\": {\"number\": \"079190000011\", \"full_name\": \"Nguyễn Thị Ngọc Lan\", \"birth_date\": \"1990-05-17\", \"sex\": \"female\", \"ethnicity\": \"Kinh\", \"nationality\": \"Việt Nam\", \"address\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\", \"marital_status\": \"divorced\"},"
     " \"allocated\": {\"paper\": \"56/XNTTHN\"},"
     " \"form\": {\"purpose\": \"marriage\", \"purpose_detail\": \"kết hôn với ông Phạm Quốc Bảo tại phường Bến Thành\", \"copies\": 1, \"applicant\": {\"number\": \"079190000011\", \"full_name\": \"Nguyễn Thị Ngọc Lan\", \"marital_status\": \"divorced\"},"
     "  \"ended\": {\"kind\": \"divorce\", \"number\": \"12/2024/QĐST-HNGĐ\", \"issued_on\": \"2024-03-20\", \"issuer\": \"Tòa án nhân dân khu vực 1\"}}}"},
    {"certified-copy", "certified-copy",
     "{" COMMON ", \"entry\": {}, \"entry_key\": null, \"person\": {}, \"allocated\": {\"certification\": \"1204/SCT/BS\"},"
     " \"form\": {\"applicant\": {\"full_name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\"}, \"document\": {\"title\": \"Bằng tốt nghiệp đại học\", \"number\": \"QH-2012-0457\", \"issued_on\": \"2012-07-30\", \"issuer\": \"Trường Đại học Hoa Lư (giả định)\"}, \"pages\": 2, \"copies\": 3, \"output\": \"paper\"}}"},
    {"broker-certificate", "broker-certificate",
     "{\"case\": {\"code\": \"H29.15-261121-0003\", \"received_at\": 1795226400000, \"channel\": \"online\", \"unit\": {\"code\": \"H29.15\", \"name\": \"Sở Xây dựng\", \"name_en\": \"Department of Construction\", \"place\": null, \"address\": null}},"
     " \"applicant\": {\"name\": \"Nguyễn Thị Ngọc Lan\", \"number\": \"079190000011\"}, \"today\": \"2026-11-21\", \"verify\": \"7K2M9QXA4TDE\", \"signer\": \"Võ Minh Khoa\","
     " \"entry\": {}, \"entry_key\": null, \"person\": {\"number\": \"079190000011\", \"full_name\": \"Nguyễn Thị Ngọc Lan\", \"birth_date\": \"1990-05-17\", \"nationality\": \"Việt Nam\", \"address\": \"12 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh\"},"
     " \"allocated\": {\"certificate\": \"207/CCMG\"},"
     " \"form\": {\"applicant\": {\"number\": \"079190000011\", \"full_name\": \"Nguyễn Thị Ngọc Lan\", \"birth_date\": \"1990-05-17\"}, \"certificate\": {\"number\": \"HCM-03517\", \"issued_on\": \"2021-06-01\"}, \"reason\": \"lost\"}}"},
    {"receipt", "receipt", "{" SAYS("01/TNHS", "") "}"},
    {"supplement-request", "supplement-request", "{" SAYS("02/HDHS", "Thiếu văn bản ủy quyền có chữ ký.") "}"},
    {"refusal-slip", "refusal-slip", "{" SAYS("03/TCTN", "Việc sinh không thuộc thẩm quyền đăng ký của phường.") "}"},
    {"apology", "apology", "{" SAYS("04/XLGH", "Chờ trả lời xác minh của nơi cư trú trước.") "}"},
    {"stop-notice", "stop-notice", "{" SAYS("05/DGQ", "Người yêu cầu đã được cấp giấy ở nơi khác.") "}"},
    {"control-slip", "control-slip", "{" SAYS("06/KSHS", "") ", \"log\": [" LOG_ROW("1795226400000", "Chờ tiếp nhận", "Đã tiếp nhận", "on_time") ", "
     LOG_ROW("1795230000000", "Đã tiếp nhận", "Thẩm tra hồ sơ", "early") ", " LOG_ROW("1795300000000", "Thẩm tra hồ sơ", "Chờ ký", "late") "]}"},
    {"register", "register", "{\"unit\": {\"name\": \"Phường Bến Thành\", \"place\": \"26743\"}, \"from\": \"2026-11-01\", \"to\": \"2026-11-30\", \"today\": \"2026-11-30\","
     " \"actor\": {\"name\": \"Trần Minh Quang\"}, \"rows\": [" REGISTER_ROW "," REGISTER_ROW "," REGISTER_ROW "]}"},
    {"hand-over-list", "hand-over-list", "{\"unit\": {\"name\": \"Phường Bến Thành\", \"place\": \"26743\"}, \"from\": \"2026-11-01\", \"to\": \"2026-11-30\", \"today\": \"2026-11-30\","
     " \"actor\": {\"name\": \"Trần Minh Quang\"}, \"rows\": [" REGISTER_ROW "," REGISTER_ROW "," REGISTER_ROW "]}"},
    {"withdrawal", "withdrawal-decision", "{" SAYS("01/QĐ-TH", "Cấp không đúng thẩm quyền") ", \"results\": [{\"title\": \"Trích lục khai sinh\", \"issued_at\": 1795226400000, \"code\": \"7K2M9QXA4TDE\"}]}"},
    {"fee-receipt", "fee-receipt", "{" SAYS("02/BLPLP", "") "}"},
    {"rejection-letter", "rejection-letter", "{" SAYS("07/TB-TCGQ", "Giấy chứng sinh không do cơ sở y tế được phép cấp.") "}"},
    {"foreign-letters", "rejection-letter", "{" SAYS("08/TB-TCGQ", "Tên trong hộ chiếu: Ωμέγα, ชื่อ, 漢字, x̂n̊.") "}"},
    {"plain-result", "plain-result", "{" SAYS("", "") ", \"signer\": \"Lê Hoàng Phúc\", \"allocated\": {\"letter\": \"12/TB\"}}"},
};
/* clang-format on */

static inline void printed_release(void *j)
{
    json_decref(j);
}

/* The paper's definition in the city's pack, compiled. */
static inline bool city_paper(struct arena *a, const char *name, struct paper *out, struct error *e)
{
    const char *root = getenv("SOURCE_ROOT"), *where;
    struct bytes text;
    struct yaml yaml;

    return file_read(a, arena_printf(a, "%s/city/hcmc/papers/%s.yaml", root ? root : ".", name), YAML_BYTES_MAX, &text,
                     e) &&
           yaml_read(a, text, &yaml, e) && paper_compile(a, yaml.root, out, &where, e);
}

/* An object's members as a scope. */
static inline const struct expr_scope *printed_scope(struct arena *a, const char *values, struct error *e)
{
    struct expr_scope *scope = arena_array(a, struct expr_scope, PAPER_NAMES_MAX);
    const char *name;
    json_t *object, *value;
    size_t n = 0;

    if (!json_read((struct bytes){values, strlen(values)}, &object, e))
        return NULL;
    arena_defer(a, printed_release, object);
    json_object_foreach(object, name, value) if (n + 1 < PAPER_NAMES_MAX) scope[n++] = (struct expr_scope){name, value};
    return scope;
}
