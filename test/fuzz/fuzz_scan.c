/* A scan that is to be copied. Whatever it is: a copy of it that can be read again, or a word of what is wrong. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document/bind.h"
#include "document/inspect_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char words[] = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
                            "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
                            "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n"
                            "xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
                            "0000000105 00000 n \ntrailer\n<</Size 4/Root 1 0 R>>\nstartxref\n170\n%%EOF\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes out = {0};
    qpdf_data q = NULL;

    if (bind_pages((struct bytes){data, size}, (struct bytes){words, sizeof words - 1}, &out))
        return 0;
    if (pdf_read(out, &q) != PDF_GOOD || qpdf_get_num_pages(q) < 2)
        abort();
    pdf_close(&q);
    free((void *)(uintptr_t)out.data);
    return 0;
}
