/* A file of the pack. What is read must be plain JSON, and every line it names must be in the file. */
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct yaml y;

    error_init(&e);
    if (!yaml_read(a, (struct bytes){data, size}, &y, &e)) {
        if (e.code == E_NONE)
            abort();
        return 0;
    }
    (void)json_text(a, y.root);
    if (yaml_line(&y, "/a/0/b") < 1)
        abort();
    return 0;
}
