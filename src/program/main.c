/* The command line: one row per subcommand. Exit codes: 0 done, 1 failed, 2 called wrongly. */
#include "program/program.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/id.h"
#include "document/document.h"

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    NODE_MAX = 1023,
    MALLOC_MMAP_BYTES = 1 << 20,
    MALLOC_KEPT_BYTES = 2 << 20,
    FILES_WANTED = 65536
};

/* clang-format off */
static const struct command commands[] = {
    {"check",    "PACK",                                     {"Kiểm tra một bộ cấu hình", "Check a city pack"}, "", 1, 1, run_check},
    {"load",     "--data DIR|--db URL PACK",                          {"Nạp bộ cấu hình vào thư mục dữ liệu", "Load a city pack"}, "data db", 1, 1, run_load},
    {"demo",     "--data DIR|--db URL [--files PLACE] [--residents N] [--seed N] [--cases N] [--pack DIR]", {"Tạo một thành phố mẫu", "Make a demo city"}, "data db files residents seed cases pack", 0, 0, run_demo},
    {"serve",    "--data DIR|--db URL [--files PLACE] [--listen ADDR:PORT] [--origin URL] [--timestamp URL] [--standby URL] [--secure] [--behind-proxy]", {"Chạy máy chủ", "Serve"}, "data db files listen origin timestamp standby secure behind-proxy", 0, 0, run_serve},
    {"import",   "--data DIR|--db URL [--dry-run] REGISTRY FILE",     {"Nạp CSV, NDJSON hoặc GeoJSON", "Import CSV, NDJSON or GeoJSON"}, "data db dry-run", 2, 2, run_import},
    {"import-catalogue", "[--data DIR|--db URL] [--from DATE] [--complete] [--dry-run] FILE", {"Nạp danh mục thủ tục hành chính quốc gia (NDJSON, gzip)", "Import the national catalogue of procedures (NDJSON, gzip)"}, "data db from complete dry-run", 1, 1, run_import_catalogue},
    {"export",   "--data DIR|--db URL REGISTRY [FILE]",               {"Xuất một cơ sở dữ liệu ra NDJSON", "Export a registry as NDJSON"}, "data db", 1, 2, run_export},
    {"backup-key", "FILE",                                   {"Tạo khóa cho sao lưu mã hóa: FILE để phục hồi, FILE.pub cho máy chủ", "Make a key for encrypted backups: FILE to restore, FILE.pub for the server"}, "", 1, 1, run_backup_key},
    {"backup",   "--data DIR [--files PLACE] --key FILE.pub [--keep N] PLACE | --data DIR FOLDER", {"Sao lưu khi máy chủ đang chạy: mã hóa, chỉ gửi phần mới, vào thư mục hoặc S3; không có khóa thì chép nguyên sang thư mục mới", "Back up, also while serving: encrypted and only what is new, into a folder or S3; without a key a plain copy into a new folder"}, "data! files key keep", 1, 1, run_backup},
    {"restore",  "--data DIR [--files PLACE] --key FILE [--at TIME] PLACE | --data DIR FOLDER", {"Phục hồi vào thư mục trống rồi tự kiểm chứng", "Restore into an empty folder, then prove it"}, "data! files key at", 1, 1, run_restore},
    {"verify",   "--data DIR|--db URL [--files PLACE] [--resume]",                   {"Chứng minh nhật ký, hồ sơ và tệp còn nguyên vẹn", "Prove that logs, cases and files are intact"}, "data db files resume", 0, 0, run_verify},
    {"move",     "--from DATABASE --to DATABASE [--from-data DIR] [--from-files PLACE] [--data DIR] [--files PLACE] [--switch] | --from DATABASE --cancel", {"Chuyển thành phố đang chạy sang cơ sở dữ liệu khác (SQLite ↔ PostgreSQL); --switch: ngừng ghi ở nơi cũ và hoàn tất; --cancel: hủy, nơi cũ ghi tiếp", "Move a running city to another database (SQLite ↔ PostgreSQL); --switch: stop writing at the old one and finish; --cancel: give up, the old one writes on"}, "from! to from-data from-files data files switch cancel", 0, 0, run_move},
    {"partition", "--db URL [REGISTRY…]",                    {"Chia các bảng lớn theo năm, hoặc các cơ sở dữ liệu đã nêu theo khóa (PostgreSQL)", "Divide the tables that grow by year, or the registries named by key (PostgreSQL)"}, "data db", 0, ARGS_MAX, run_partition},
    {"user",     "--data DIR|--db URL add USER NAME | password USER | role USER ROLE [--unit CODE] | disable|enable|unlock|reset-otp|review USER [REASON]", {"Quản lý tài khoản cán bộ", "Keep officers' accounts"}, "data db unit", 2, 3, run_user},
    {"key",      "--data DIR|--db URL list | trusted | enrol unit CODE | enrol officer USER --unit CODE [--token URI|--key FILE] [--certificate FILE] | revoke NAME", {"Quản lý khóa ký số", "Keep the signing keys"}, "data db unit token key certificate", 1, 3, run_key},
    {"rights",   "[ROLE]",                                   {"In bảng vai trò và quyền, hoặc mọi thứ một vai trò tới được", "Print the table of roles and rights, or all that a role can reach"}, "", 0, 1, run_rights},
    {"validate", "SCHEMA.json INSTANCE.json",                {"Kiểm tra JSON theo JSON Schema", "Validate JSON against a JSON Schema"}, "", 2, 2, run_validate},
    {"openapi",  "",                                         {"In mô tả OpenAPI", "Print the OpenAPI document"}, "", 0, 0, run_openapi},
    {0},
};

static const struct {
    const char *name;
    size_t offset;
    bool flag;
} options[] = {
    {"data",         offsetof(struct args, data),         false},
    {"db",           offsetof(struct args, db),           false},
    {"files",        offsetof(struct args, files),        false},
    {"listen",       offsetof(struct args, listen),       false},
    {"origin",       offsetof(struct args, origin),       false},
    {"pack",         offsetof(struct args, pack),         false},
    {"residents",    offsetof(struct args, residents),    false},
    {"seed",         offsetof(struct args, seed),         false},
    {"cases",        offsetof(struct args, cases),        false},
    {"unit",         offsetof(struct args, unit),         false},
    {"from",         offsetof(struct args, from),         false},
    {"from-data",    offsetof(struct args, from_data),    false},
    {"from-files",   offsetof(struct args, from_files),   false},
    {"to",           offsetof(struct args, to),           false},
    {"switch",       offsetof(struct args, change_over),  true},
    {"cancel",       offsetof(struct args, cancel),       true},
    {"complete",     offsetof(struct args, complete),     true},
    {"timestamp",    offsetof(struct args, timestamp),    false},
    {"standby",      offsetof(struct args, standby),      false},
    {"token",        offsetof(struct args, token),        false},
    {"key",          offsetof(struct args, key),          false},
    {"certificate",  offsetof(struct args, certificate),  false},
    {"keep",         offsetof(struct args, keep),         false},
    {"at",           offsetof(struct args, at),           false},
    {"behind-proxy", offsetof(struct args, behind_proxy), true},
    {"secure",       offsetof(struct args, secure),       true},
    {"dry-run",      offsetof(struct args, dry_run),      true},
    {"resume",       offsetof(struct args, resume),       true},
};
/* clang-format on */

/* ---- help ---- */
static void print_help(FILE *to)
{
    (void)fprintf(to, "motcua %s\n\n", MOTCUA_VERSION);
    for (const struct command *c = commands; c->name; c++)
        (void)fprintf(to, "  motcua %s%s%s\n      %s\n", c->name, *c->usage ? " " : "", c->usage,
                      c->title[program_lang()]);
    (void)fprintf(to, "  motcua --version\n  motcua help\n");
}

static int usage(const struct command *c, const struct error *e)
{
    (void)fprintf(stderr, "motcua: %s%s%s\n", error_row(E_USAGE)->title[program_lang()], e->detail[0] ? ": " : "",
                  e->detail);
    if (c)
        (void)fprintf(stderr, SAY("Cách gọi: motcua %s %s\n", "Usage: motcua %s %s\n"), c->name, c->usage);
    else
        print_help(stderr);
    return EXIT_USAGE;
}

static int failed(const struct error *e)
{
    char message[256];

    (void)fprintf(stderr, "motcua: %s%s%s%s\n", error_row(e->code)->title[program_lang()], e->detail[0] ? " (" : "",
                  e->detail, e->detail[0] ? ")" : "");
    for (size_t i = 0; i < e->n_items; i++) {
        error_item_message(&e->items[i], program_lang(), message, sizeof message);
        (void)fprintf(stderr, "  %s: %s\n", *e->items[i].pointer ? e->items[i].pointer : "/", message);
    }
    return EXIT_FAILED;
}

/* ---- arguments ---- */
/* Whether a word of the list is name; *must when it is marked so. */
static bool is_listed(const char *list, const char *name, bool *must)
{
    size_t len = strlen(name);

    *must = false;
    for (const char *p = list; *p; p += strspn(p, " ")) {
        size_t word = strcspn(p, " ");
        bool marked = word && p[word - 1] == '!';

        if (word - marked == len && strncmp(p, name, len) == 0) {
            *must = marked;
            return true;
        }
        p += word;
    }
    return false;
}

static bool read_option(const struct command *c, const char *text, const char *next, struct args *out, bool *took_next,
                        struct error *e)
{
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    bool must;

    for (size_t i = 0; i < COUNT(options); i++) {
        char *at = (char *)out + options[i].offset;

        if (strlen(options[i].name) != len || strncmp(options[i].name, text, len) != 0 ||
            !is_listed(c->options, options[i].name, &must))
            continue;
        if (options[i].flag) {
            *(bool *)(void *)at = true;
            return !equals || fail(e, E_USAGE, "--%s", options[i].name);
        }
        *took_next = !equals;
        *(const char **)(void *)at = equals ? equals + 1 : next;
        return equals || next || fail(e, E_USAGE, "--%s ?", options[i].name);
    }
    return fail(e, E_USAGE, "--%s ?", text);
}

static bool read_args(const struct command *c, int argc, char **argv, struct args *out, struct error *e)
{
    bool only_words = false, must;

    for (int i = 0; i < argc; i++) {
        bool took_next = false;

        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && text_starts_with(argv[i], "--")) {
            if (!read_option(c, argv[i] + 2, i + 1 < argc ? argv[i + 1] : NULL, out, &took_next, e))
                return false;
            i += took_next;
        } else if (out->n == c->max || out->n == ARGS_MAX) {
            return fail(e, E_USAGE, "%s ?", argv[i]);
        } else {
            out->rest[out->n++] = argv[i];
        }
    }
    for (size_t i = 0; i < COUNT(options); i++)
        if (is_listed(c->options, options[i].name, &must) && must &&
            !*(const char **)(void *)((char *)out + options[i].offset))
            return fail(e, E_USAGE, "--%s", options[i].name);
    return out->n >= c->min || fail(e, E_USAGE, SAY("thiếu tham số", "an argument is missing"));
}

static int run(const struct command *c, int argc, char **argv)
{
    struct args args = {0};
    auto_error struct error e;

    error_init(&e);
    if (!read_args(c, argc, argv, &args, &e))
        return usage(c, &e);
    if (c->run(&args, &e))
        return fflush(stdout) == 0 ? 0 : EXIT_FAILED;
    (void)fflush(stdout); /* it failed already */
    return e.code == E_USAGE ? usage(c, &e) : failed(&e);
}

/* ---- the process ---- */
/* Each connection is a descriptor: take what the machine allows. */
static void prepare_process(void)
{
    const char *node = getenv("MOTCUA_NODE");
    int64_t number = 0;
    struct rlimit files;

    json_memory_start();
    /* Memory that was needed once is needed again: given back and fetched at every peak it cost more than the work.
     * There is one thread yet.  NOLINTBEGIN(concurrency-mt-unsafe) */
    (void)mallopt(M_MMAP_THRESHOLD, MALLOC_MMAP_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, MALLOC_KEPT_BYTES);
    (void)mallopt(M_MXFAST, 0); /* what is put off there is merged at the next large piece, all of it, each time */
    /* NOLINTEND(concurrency-mt-unsafe) */
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that left is an error of its write */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* fewer connections, then */
    }
    if (sodium_init() < 0)
        die("libsodium cannot start", 0);
    if (node && !text_to_i64(node, 0, NODE_MAX, &number))
        die("MOTCUA_NODE is no number from 0 to 1023", 0);
    if (node)
        id_fix_node((unsigned)number);
}

int main(int argc, char **argv)
{
    auto_error struct error e;

    error_init(&e);
    if (argc < 2)
        return usage(NULL, &e);
    if (strcmp(argv[1], DOCUMENT_WORKER) == 0)
        return document_worker();
    if (strcmp(argv[1], DOCUMENT_BINDER) == 0)
        return document_binder();
    if (strcmp(argv[1], "--version") == 0)
        return printf("motcua %s\n", MOTCUA_VERSION) < 0;
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    prepare_process();
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(argv[1], c->name) == 0)
            return run(c, argc - 2, argv + 2);
    (void)fail(&e, E_USAGE, "%s ?", argv[1]);
    return usage(NULL, &e);
}
