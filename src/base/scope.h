/* Scope first: what a block opens, the end of the block closes. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECKED __attribute__((warn_unused_result))
#define FORMAT(string, first) __attribute__((format(printf, string, first)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void scope_free(void *p)
{
    free(*(void **)p);
}

static inline void scope_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* what must reach the disk was synced before */
}

static inline void scope_fclose(FILE **f)
{
    if (*f)
        (void)fclose(*f); /* writers check fflush() first */
}

#define auto_free __attribute__((cleanup(scope_free)))
#define auto_close __attribute__((cleanup(scope_close)))
#define auto_fclose __attribute__((cleanup(scope_fclose)))
