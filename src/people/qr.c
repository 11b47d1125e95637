/* Square codes as one path of a drawing: what a page shows to an authenticator app. */
#include "people/people_internal.h"

#include <qrencode.h>
#include <string.h>

enum { PATH_MAX_BYTES = 64 << 10 };

bool qr_path(struct arena *a, const char *text, int *size, char **path, struct error *e)
{
    auto_buf struct buf b = BUF_INIT(PATH_MAX_BYTES);
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

    if (!code)
        return fail(e, E_INTERNAL, "no square code for %zu bytes", strlen(text));
    for (int i = 0; i < code->width * code->width; i++)
        if (code->data[i] & 1)
            buf_printf(&b, "M%d %dh1v1h-1z", i % code->width, i / code->width);
    *size = code->width;
    *path = arena_strdup(a, b.data);
    QRcode_free(code);
    return !b.overflow || fail(e, E_INTERNAL, "a square code too large");
}
