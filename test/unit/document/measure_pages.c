/* How many pages a second: measure-document-pages [FOLDER]. With a folder, each paper is left there to be looked at. */
#include "city_papers.h"

#include <inttypes.h>

static const int64_t LONG_ENOUGH_US = 2000000;

static bool draw(const struct printed *p, const char *folder, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    const struct expr_scope *scope = printed_scope(a, p->values, e);
    struct paper paper;
    struct bytes pdf;
    int64_t start, first, took;
    int n = 0;

    if (!scope || !city_paper(a, p->paper, &paper, e))
        return false;
    start = monotonic_us();
    if (!paper_render(&paper, scope, a, &pdf, e))
        return false;
    first = monotonic_us() - start;
    if (folder)
        return file_write(arena_printf(a, "%s/%s.pdf", folder, p->what), pdf, e);
    start = monotonic_us();
    do {
        auto_arena struct arena *page = arena_new();

        if (!paper_render(&paper, scope, page, &pdf, e))
            return false;
        n++;
    } while ((took = monotonic_us() - start) < LONG_ENOUGH_US);
    printf("%-22s %6.0f a second, the first in %" PRId64 " us, %zu bytes\n", p->what, n * 1e6 / (double)took, first,
           pdf.len);
    return true;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT(printed); i++) {
        auto_error struct error e;

        error_init(&e);
        if (!draw(&printed[i], argc > 1 ? argv[1] : NULL, &e)) {
            fprintf(stderr, "%s: %s\n", printed[i].what, e.detail);
            return 1;
        }
    }
    return 0;
}
