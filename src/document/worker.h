/* A process of its own for each foreign file. */
#pragma once

#include <jansson.h>

#include "document/document.h"

enum { WORKER_NO_SANDBOX = 77 };

/* What a PDF proves (inspect_new() says how it is told). trust: PEM of the certificates that are trusted and of lists
 * of what was revoked. A file that kills its worker twice is "unreadable". Any thread; takes milliseconds, or seconds
 * of a hostile file. New reference. */
bool worker_inspect(int file, struct bytes trust, json_t **report, struct error *e) CHECKED;
/* A scan with the words that attest it behind its pages, as one PDF (bind.h says what stays of it). E_SCAN_UNFIT when
 * it is broken, encrypted, too much, or kills its worker twice. In the arena. */
bool worker_bind(int scan, struct bytes words, struct arena *a, struct bytes *copy, struct error *e) CHECKED;
/* Limits and door of a worker, for the rest of this process's life. */
void worker_shut_in(void);
