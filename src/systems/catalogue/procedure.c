/* One procedure of the catalogue: its plain members, then each column by its own reader. */
#include "systems/catalogue/catalogue_internal.h"

#include <string.h>

enum { PROCEDURE_NAME_MAX = 4000 };
static const char nothing[] = "Không có thông tin";

bool procedure_is_unsure(const struct procedure *p, const char *pointer)
{
    for (size_t i = 0; i < p->n_unsure; i++)
        if (strcmp(p->unsure[i], pointer) == 0)
            return true;
    return false;
}

void mark_unsure(struct reading *r, const char *format, ...)
{
    const char *pointer;
    va_list args;

    va_start(args, format);
    pointer = arena_vprintf(r->arena, format, args);
    va_end(args);
    if (procedure_is_unsure(r->out, pointer))
        return;
    r->out->unsure = arena_grown(r->arena, r->out->unsure, r->out->n_unsure, &r->room_unsure, sizeof *r->out->unsure);
    r->out->unsure[r->out->n_unsure++] = pointer;
}

/* ---- columns ---- */

/* In normal form C; "" when it is not told. A column past the ceiling is cut: what is lost is marked by its reader. */
static struct span column(struct reading *r, const json_t *row, const char *name)
{
    const char *text = json_str(row, name);
    struct span s;

    if (!text)
        return span_of("");
    s = span_trim(span_of(text_nfc(r->arena, text)));
    if (s.len > CATALOGUE_TEXT_MAX) {
        char *cut = arena_strndup(r->arena, s.at, CATALOGUE_TEXT_MAX);

        text_truncate_utf8(cut);
        s = span_of(cut);
        mark_unsure(r, "/%s", name);
    }
    return s;
}

static const char *plain(struct reading *r, const json_t *row, const char *name)
{
    struct span s = column(r, row, name);

    return s.len && !(s.len == strlen(nothing) && span_starts(s, nothing)) ? span_text(r->arena, s) : NULL;
}

/* clang-format off */
static const struct { const char *text; unsigned bit; } levels[] = {
    {"Cấp bộ", LEVEL_MINISTRY}, {"Cấp tỉnh", LEVEL_PROVINCE}, {"Cấp xã", LEVEL_COMMUNE},
}, kinds[] = {
    {"Công dân Việt Nam", WHO_CITIZEN}, {"Người nước ngoài", WHO_CITIZEN}, {"Người Việt Nam định cư", WHO_CITIZEN},
    {"Cán bộ, công chức", WHO_CITIZEN}, {"Doanh nghiệp", WHO_ORGANISATION}, {"Tổ chức", WHO_ORGANISATION},
    {"Hợp tác xã", WHO_ORGANISATION},
};
/* clang-format on */

static void read_bits(struct reading *r, const json_t *row)
{
    struct span level = column(r, row, "cap_thuc_hien"), who = column(r, row, "doi_tuong_thuc_hien");

    for (size_t i = 0; i < COUNT(levels); i++)
        if (span_find(level, 0, levels[i].text) != SIZE_MAX)
            r->out->levels |= levels[i].bit;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (span_find(who, 0, kinds[i].text) != SIZE_MAX)
            r->out->who |= kinds[i].bit;
    if (!r->out->levels)
        mark_unsure(r, "/agency_levels");
    if (!r->out->who)
        mark_unsure(r, "/who");
}

bool procedure_read(const struct catalogue_reader *reader, struct arena *a, const json_t *row, struct procedure **out,
                    struct error *e)
{
    struct procedure *p = arena_new_of(a, struct procedure);
    struct reading r = {.reader = reader, .arena = a, .out = p};

    p->code = plain(&r, row, "ma_thu_tuc");
    p->name = plain(&r, row, "ten_thu_tuc");
    p->field = plain(&r, row, "linh_vuc");
    if (!p->code || !p->name || strlen(p->name) > PROCEDURE_NAME_MAX)
        return fail(e, E_RECORD_INVALID, "a procedure without code or name");
    if (!p->field)
        mark_unsure(&r, "/field");
    p->decision = plain(&r, row, "so_quyet_dinh");
    p->authority = plain(&r, row, "co_quan_thuc_hien");
    p->steps = plain(&r, row, "trinh_tu_thuc_hien");
    read_bits(&r, row);
    read_manners(&r, column(&r, row, "cach_thuc_thuc_hien"));
    read_papers(&r, column(&r, row, "thanh_phan_ho_so"));
    read_results(&r, column(&r, row, "ket_qua_xu_ly"));
    read_legal(&r, column(&r, row, "can_cu_phap_ly"));
    *out = p;
    return true;
}
