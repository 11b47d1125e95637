/* Every paper of the city as others judge it: PDFBox says that it is PDF/A-1b, qpdf that it is whole, poppler that its
 * fonts are inside, cut down to what is used, and can be read back. */
#include "room.h"

#include <ftw.h>
#include <sys/wait.h>

#include "city_papers.h"

#ifdef __SANITIZE_ADDRESS__
/* fontconfig keeps its configuration, and pango what it matched, until the process ends: some hundred kB, once. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}
#endif

static char folder[48];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int all_drawn(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/motcua-archive-XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT(printed); i++) {
        auto_arena struct arena *a = arena_new();
        const struct expr_scope *scope;
        struct paper paper;
        struct bytes pdf;
        struct error e;

        error_init(&e);
        scope = printed_scope(a, printed[i].values, &e);
        if (!scope || !city_paper(a, printed[i].paper, &paper, &e) || !paper_render(&paper, scope, a, &pdf, &e) ||
            !file_write(arena_printf(a, "%s/%s.pdf", folder, printed[i].what), pdf, &e))
            fail_msg("%s: %s", printed[i].what, e.detail);
    }
    return 0;
}

static int all_gone(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What a program says, and whether it is content. */
static const char *said(struct arena *a, bool *content, const char *command)
{
    auto_buf struct buf b = BUF_INIT(1 << 20);
    FILE *out = popen(command, "r");
    char part[4096];
    size_t n;
    int status;

    assert_non_null(out);
    while ((n = fread(part, 1, sizeof part, out)) > 0)
        buf_add(&b, part, n);
    status = pclose(out);
    *content = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return arena_strndup(a, b.data ? b.data : "", b.len);
}

/* One Java machine for all of them. */
static void all_are_pdf_a(void **state)
{
    static const char command[] =
        "cd %s && JAVA_TOOL_OPTIONS= java -XX:TieredStopAtLevel=1 -cp "
        "/usr/share/java/preflight.jar:/usr/share/java/pdfbox2.jar:/usr/share/java/fontbox2.jar:"
        "/usr/share/java/xmpbox.jar:/usr/share/java/commons-logging.jar:/usr/share/java/commons-io.jar:"
        "/usr/share/java/javax.activation.jar:/usr/share/java/jaxb-api.jar %s/test/unit/document/Preflight.java *.pdf "
        "2>&1";
    auto_arena struct arena *a = arena_new();
    const char *root = getenv("SOURCE_ROOT"), *words;
    bool content;

    (void)state;
    words = said(a, &content, arena_printf(a, command, folder, root ? root : "."));
    if (!content)
        fail_msg("%s", words);
}

static void all_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(printed); i++) {
        auto_arena struct arena *a = arena_new();
        bool content;
        const char *words = said(a, &content, arena_printf(a, "qpdf --check %s/%s.pdf 2>&1", folder, printed[i].what));

        if (!content || !strstr(words, "PDF Version: 1.4"))
            fail_msg("%s: %s", printed[i].what, words);
    }
}

/* pdffonts: name, type, encoding, embedded, subset, to Unicode. */
static void all_carry_their_fonts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(printed); i++) {
        auto_arena struct arena *a = arena_new();
        bool content;
        char *line,
            *rest = arena_strdup(a, said(a, &content, arena_printf(a, "pdffonts %s/%s.pdf", folder, printed[i].what)));
        size_t n = 0;

        assert_true(content);
        while ((line = strsep(&rest, "\n"))) {
            if (!strchr(line, '+'))
                continue;
            n++;
            if (!(strstr(line, "LiberationSerif") || text_equal(printed[i].what, "foreign-letters")) ||
                !strstr(line, " yes yes yes "))
                fail_msg("%s: %s", printed[i].what, line);
        }
        assert_true(n >= 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_pdf_a),
        cmocka_unit_test(all_are_whole),
        cmocka_unit_test(all_carry_their_fonts),
    };

    return cmocka_run_group_tests(tests, all_drawn, all_gone);
}
