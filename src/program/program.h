/* The program: one row per subcommand, and what their files share. Ties every room together, so nobody includes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/base.h"
#include "module.h"

/* ---- the command line ---- */
enum { ARGS_MAX = 8 };
struct args {
    const char *data, *db, *files, *listen, *origin, *pack, *residents, *seed, *cases, *unit, *from, *from_data,
        *from_files, *to, *timestamp, *standby, *token, *key, *certificate, *keep, *at;
    bool behind_proxy, secure, dry_run, complete, resume, cancel, change_over;
    size_t n;
    const char *rest[ARGS_MAX]; /* what is no option, in order */
};
struct command {
    const char *name;
    const char *usage; /* after the name: "--data DIR PACK" */
    const char *title[LANG__COUNT];
    const char *options; /* the options it takes, without dashes, a space between; "data!" must be given */
    size_t min, max;     /* of args.rest */
    bool (*run)(const struct args *args, struct error *e);
};
/* Vietnamese unless LC_ALL, LC_MESSAGES or LANG asks for English. */
enum lang program_lang(void);
/* A text in the caller's language; both must be literal where they are formats. */
#define SAY(vi, en) (program_lang() == LANG_EN ? (en) : (vi))
/* The whole number an option gives, or otherwise when it was not given; E_USAGE when it is none. */
bool option_number(const char *option, const char *text, int64_t min, int64_t max, int64_t otherwise, int64_t *out,
                   struct error *e) CHECKED;

/* One file per group of subcommands. */
bool run_check(const struct args *args, struct error *e) CHECKED;
bool run_load(const struct args *args, struct error *e) CHECKED;
bool run_demo(const struct args *args, struct error *e) CHECKED;
bool run_serve(const struct args *args, struct error *e) CHECKED;
bool run_import(const struct args *args, struct error *e) CHECKED;
bool run_import_catalogue(const struct args *args, struct error *e) CHECKED;
bool run_export(const struct args *args, struct error *e) CHECKED;
bool run_backup_key(const struct args *args, struct error *e) CHECKED;
bool run_backup(const struct args *args, struct error *e) CHECKED;
bool run_restore(const struct args *args, struct error *e) CHECKED;
bool run_verify(const struct args *args, struct error *e) CHECKED;
bool run_move(const struct args *args, struct error *e) CHECKED;
bool run_user(const struct args *args, struct error *e) CHECKED;
bool run_key(const struct args *args, struct error *e) CHECKED;
bool run_rights(const struct args *args, struct error *e) CHECKED;
bool run_partition(const struct args *args, struct error *e) CHECKED;
bool run_validate(const struct args *args, struct error *e) CHECKED;
bool run_openapi(const struct args *args, struct error *e) CHECKED;

/* ---- the house: every module of modules.c over one data folder ---- */
extern const struct module *const all_modules[];
/* From here to its end the house reads its definitions anew when another node has changed them, and hears the other
 * nodes. *out is for definitions_leave(), also when it fails. */
struct definitions;
bool definitions_follow(struct house *h, struct definitions **out, struct error *e) CHECKED;
void definitions_leave(struct definitions *d);
/* What needs no data (check, openapi): modules without a store. */
void house_bare(struct house *h);
/* Where a city is kept. */
struct home {
    const char *data_dir; /* files, and DIR/motcua.db when there is no address */
    const char *db_url;
    const char *files; /* a place of documents; NULL: DIR/files */
};
/* From --data, --db and --files (else MOTCUA_FILES in the environment); E_USAGE when neither was given. What it makes
 * is in the arena. */
bool home_of(const struct args *args, struct arena *a, struct home *out, struct error *e) CHECKED;
/* Its database's address; in the arena. */
const char *home_url(const struct home *home, struct arena *a);
/* Where its documents are kept; in the arena. */
const char *home_files(const struct home *home, struct arena *a);
/* Opens the database, migrates all modules, starts them in order. A failed opening leaves nothing to close; the home
 * outlives the house. */
bool house_open(const struct home *home, struct house *h, struct error *e) CHECKED;
/* The same, but fails where nothing is kept instead of founding a house: a mistyped folder is not sound but absent. */
bool house_open_kept(const struct home *home, struct house *h, struct error *e) CHECKED;
/* Opens a database only as far as its tables: those of the migrations, and those of the registries that are defined in
 * it. Nothing is written of its own accord. Again: the tables of what has been defined since. */
bool house_open_tables(const struct home *home, struct house *h, struct error *e) CHECKED;
bool house_tables_again(struct house *h, struct error *e) CHECKED;
/* Gives tables that are divided by year parts for the years to come. */
bool parts_ahead(struct house *h, struct error *e) CHECKED;
/* Stops the modules in reverse, then closes the store. */
void house_close(struct house *h);
static inline void scope_house(struct house *h)
{
    if (h->store)
        house_close(h);
}
#define auto_house __attribute__((cleanup(scope_house)))

/* ---- packs ---- */
/* The default pack, inside the program: path and bytes; ended by a NULL path. */
struct pack_asset {
    const char *path; /* "registries/person.yaml" */
    const unsigned char *data;
    size_t len;
};
extern const struct pack_asset default_pack[];
/* Writes the default pack into a new folder under the system's temporary one; remove it with folder_remove(). */
bool default_pack_unfold(struct arena *a, const char **folder, struct error *e) CHECKED;
/* Checks a pack and stores it; its problems go to standard error. */
bool pack_take(struct house *h, const char *folder, size_t *changed, struct error *e) CHECKED;
/* The default pack, when the data folder holds no unit yet. The rooms are started anew then. */
bool house_furnish(struct house *h, struct error *e) CHECKED;

/* ---- files ---- */
/* Removes a folder and all in it; what cannot be removed stays. */
void folder_remove(const char *path);
