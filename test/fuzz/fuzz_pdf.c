/* A PDF that somebody hands in. Whatever it is, something is found of it; and nothing is sound where nobody is trusted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document/inspect_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct trust nobody = {.now = 1795237200000};
    json_auto_t *report = inspect_new((struct bytes){data, size}, &nobody);
    const char *outcome = json_str(report, "outcome");

    if (!outcome || strcmp(outcome, "sound") == 0 || !json_is_array(json_object_get(report, "signatures")))
        abort();
    return 0;
}
