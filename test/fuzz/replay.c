/* Gives every file of a folder to the fuzz target it is linked with: replay FOLDER. */
#include <stdio.h>

#include "base/base.h"

enum { SEED_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay(const char *path, void *count, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct bytes seed;

    if (!file_read(a, path, SEED_MAX, &seed, e))
        return false;
    (void)LLVMFuzzerTestOneInput(seed.data, seed.len);
    ++*(int *)count;
    return true;
}

int main(int argc, char **argv)
{
    auto_error struct error e;
    int count = 0;

    error_init(&e);
    if (argc != 2 || !folder_walk(argv[1], "", replay, &count, &e) || count == 0) {
        (void)fprintf(stderr, "usage: replay FOLDER, with seeds in it %s\n", e.detail);
        return 1;
    }
    printf("%d seeds\n", count);
    return 0;
}
