/* A list as a file: page after page of the very same list, so the rights are the same, and the memory is a page's. Rows
 * that change their place meanwhile may be told twice or not at all, as on the pages of a screen. */
#include "casework/casework_internal.h"

enum { PAGE_ROWS = 200, OFFICERS_KEPT = 128, COLUMNS = 15 };

struct export
{
    struct db *db;
    struct arena *arena, *page;
    const struct house *house;
    enum lang lang;
    int64_t now;
    struct sheet *sheet;
    size_t n_officers;
    struct {
        int64_t id;
        const char *name;
    } officers[OFFICERS_KEPT]; /* of a unit: few */
};

static const char *const headings[LANG__COUNT][COLUMNS] = {
    {"Mã hồ sơ", "Mã thủ tục", "Tên thủ tục", "Lĩnh vực", "Người nộp hồ sơ", "Cơ quan", "Trạng thái", "Bước xử lý",
     "Người thụ lý", "Hình thức nộp", "Ngày nộp", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày hoàn thành", "Thời hạn"},
    {"Dossier code", "Service code", "Service", "Field", "Applicant", "Unit", "Status", "Step", "Officer", "Filed",
     "Submitted", "Received", "Due", "Finished", "Time limit"},
};

static const char *timeliness_title(enum timeliness t, enum lang lang)
{
    static const char *const titles[TIMELINESS__COUNT][LANG__COUNT] = {
        {"Chưa đến hạn", "Not due"}, {"Trong hạn", "In time"},     {"Quá hạn", "Overdue"},
        {"Trước hạn", "Done early"}, {"Đúng hạn", "Done on time"}, {"Trễ hạn", "Done late"},
    };

    return titles[t][lang];
}

static const char *channel_title(enum channel c, enum lang lang)
{
    static const char *const titles[CHANNEL__COUNT][LANG__COUNT] = {
        [CHANNEL_COUNTER] = {"Trực tiếp", "At the counter"},
        [CHANNEL_ONLINE] = {"Trực tuyến", "Online"},
        [CHANNEL_POST] = {"Bưu chính", "By post"},
    };

    return c < CHANNEL__COUNT ? titles[c][lang] : NULL;
}

static bool officer_name(struct export *x, int64_t id, const char **name, struct error *e)
{
    struct party p;
    bool found;

    *name = NULL;
    if (!id)
        return true;
    for (size_t i = 0; i < x->n_officers; i++)
        if (x->officers[i].id == id) {
            *name = x->officers[i].name;
            return true;
        }
    if (!party_find(x->db, x->arena, id, &p, &found, e))
        return false;
    *name = found ? p.name : NULL;
    if (x->n_officers < OFFICERS_KEPT) {
        x->officers[x->n_officers].id = id;
        x->officers[x->n_officers++].name = *name;
    }
    return true;
}

static bool write_row(struct export *x, const struct case_file *c, struct error *e)
{
    const char *officer;

    if (!officer_name(x, c->assignee, &officer, e))
        return false;
    sheet_text(x->sheet, c->code);
    sheet_text(x->sheet, c->service->code);
    sheet_text(x->sheet, c->service->name[x->lang]);
    sheet_text(x->sheet, c->service->field[x->lang]);
    sheet_text(x->sheet, c->applicant_name);
    sheet_text(x->sheet, c->unit->name[x->lang]);
    sheet_text(x->sheet, status_title(c->status, x->lang));
    sheet_text(x->sheet, c->step->title[x->lang]);
    sheet_text(x->sheet, officer);
    sheet_text(x->sheet, channel_title(c->channel, x->lang));
    sheet_instant(x->sheet, c->submitted_at);
    sheet_instant(x->sheet, c->received_at);
    sheet_instant(x->sheet, c->due_at);
    sheet_instant(x->sheet, c->done_at != INSTANT_NONE ? c->done_at : c->closed_at);
    sheet_text(x->sheet, timeliness_title(case_time(c, x->page, x->now).timeliness, x->lang));
    return sheet_row_end(x->sheet, e);
}

/* A connection is borrowed for a page only: a reader that stays would keep what was written since from being put away.
 */
static bool write_page(struct export *x, const struct actor *who, struct case_query *q, struct case_page *page,
                       struct error *e)
{
    auto_read struct db *db = NULL;

    if (!store_read(x->house->store, &db, e) || !case_list(db, x->page, x->house, who, q, page, e))
        return false;
    x->db = db;
    for (size_t i = 0; i < page->n; i++)
        if (!write_row(x, &page->rows[i], e))
            return false;
    return true;
}

static bool write_all(struct export *x, const struct actor *who, struct case_query *q, int64_t *rows, struct error *e)
{
    struct case_page page = {.more = true};

    for (size_t i = 0; i < COLUMNS; i++)
        sheet_text(x->sheet, headings[x->lang][i]);
    if (!sheet_row_end(x->sheet, e))
        return false;
    for (*rows = 0; page.more && *rows < CASE_EXPORT_ROWS_MAX; *rows += (int64_t)page.n) {
        q->limit = PAGE_ROWS;
        if (!write_page(x, who, q, &page, e))
            return false;
        q->after = page.last;
        arena_reset(x->page);
    }
    return true;
}

bool case_export(const struct house *h, struct arena *a, const struct actor *who, const struct case_query *query,
                 enum sheet_kind kind, enum lang lang, struct exported *out, struct error *e)
{
    auto_arena struct arena *page = arena_new();
    struct export x = {.arena = a, .page = page, .house = h, .lang = lang, .now = query->now};
    struct case_query q = *query;

    if (!sheet_open(kind, h->data_dir, &x.sheet, e))
        return false;
    if (!write_all(&x, who, &q, &out->rows, e)) {
        sheet_drop(x.sheet);
        return false;
    }
    return sheet_close(x.sheet, &out->fd, &out->size, e);
}
