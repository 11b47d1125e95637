#include "db/db_internal.h"
const struct migration db_migrations[] = {{0}};
void jobs_free(struct jobs *jobs)
{
    (void)jobs;
}
