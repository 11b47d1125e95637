/* The catalogue as a module: its kind of definition (how a city takes the catalogue over) and its tables. */
#include "systems/catalogue/catalogue_internal.h"

#include "db/db.h"
#include "module.h"
#include "registry/registry.h"

/* Embedded beside the code that reads it: catalogue.schema.yaml. */
extern const char catalogue_schema_yaml[];
extern const size_t catalogue_schema_yaml_len;

/* clang-format off */
static const struct migration migrations[] = {
    {1, "imports of the national catalogue and what each changed",
     "-- One import of a catalogue file that changed something.\n"
     "CREATE TABLE catalogue_import ("
     "  id BIGINT PRIMARY KEY,"
     "  at BIGINT NOT NULL,"
     "  file TEXT NOT NULL,"
     "  fresh BIGINT NOT NULL,"             /* services that were not there */
     "  changed BIGINT NOT NULL,"           /* new versions */
     "  same BIGINT NOT NULL,"
     "  handmade BIGINT NOT NULL,"          /* left alone: the pack's own is the better one */
     "  missing BIGINT NOT NULL,"           /* in force, but not in the file */
     "  bad BIGINT NOT NULL"                /* lines nothing could be made of */
     ");"
     "CREATE TABLE catalogue_change ("
     "  id BIGINT PRIMARY KEY,"             /* time-ordered: the order of the file */
     "  import BIGINT NOT NULL,"            /* catalogue_import.id */
     "  at BIGINT NOT NULL,"
     "  code TEXT NOT NULL,"
     "  kind TEXT NOT NULL,"                /* new, changed, ended */
     "  note TEXT NOT NULL"                 /* the difference in words, a line each; a new one's name */
     ");"
     "CREATE INDEX catalogue_change_import ON catalogue_change (import, kind);"
     "CREATE INDEX catalogue_change_code ON catalogue_change (code, at);"},
    {0},
};

static const struct pack_kind kinds[] = {
    {"catalogue.yaml", "catalogue", "name", catalogue_schema_yaml, &catalogue_schema_yaml_len, catalogue_rules_check, NULL},
    {0},
};
/* clang-format on */

const struct module catalogue_module = {.name = "catalogue", .migrations = migrations, .pack = kinds};
