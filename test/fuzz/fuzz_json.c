/* A body as it comes from the network. What is read must be writable and read back as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena *a = arena_new();
    json_auto_t *j = NULL, *again = NULL;
    auto_error struct error e;
    const char *text;

    error_init(&e);
    if (!json_read((struct bytes){data, size}, &j, &e)) {
        if (error_kind(&e) != KIND_INVALID)
            abort();
        return 0;
    }
    text = json_canonical(a, j);
    if (!json_read((struct bytes){text, strlen(text)}, &again, &e) || strcmp(text, json_canonical(a, again)) != 0)
        abort();
    return 0;
}
