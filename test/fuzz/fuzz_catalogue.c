/* Lines of the national catalogue: whatever the texts hold, a procedure is read, and what is said of it is sound JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "systems/catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one column's text, put into each of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {"ten_thu_tuc",         "cap_thuc_hien",     "doi_tuong_thuc_hien",
                                          "cach_thuc_thuc_hien", "thanh_phan_ho_so",  "ket_qua_xu_ly",
                                          "can_cu_phap_ly",      "trinh_tu_thuc_hien"};
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    json_auto_t *row = json_pack("{s:s}", "ma_thu_tuc", "1.000001"), *said = NULL;
    struct procedure *p;

    error_init(&e);
    if (!text_is_utf8((const char *)data, size))
        return 0;
    for (size_t i = 0; i < COUNT(columns); i++)
        (void)json_object_set_new(row, columns[i],
                                  json_stringn((const char *)data, size)); /* fails only without memory */
    if (!procedure_read(catalogue_reader_new(a), a, row, &p, &e))
        return 0;
    said = procedure_json_new(p);
    if (!said || !json_text(a, said))
        abort();
    return 0;
}
