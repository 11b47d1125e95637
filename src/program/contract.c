/* What can be shown without any data: rights, schemas, the contract. */
#include "program/program.h"

#include "http/http.h"
#include "people/people.h"
#include "schema/schema.h"

static void print_table(void)
{
    printf("%-16s", "");
    for (int role = 0; role < ROLE__COUNT; role++)
        printf(" %s", role_name((enum role)role));
    printf("\n");
    for (int right = 1; right < RIGHT__COUNT; right++) {
        printf("%-16s", right_name(right));
        for (int role = 0; role < ROLE__COUNT; role++)
            printf(" %-*s", (int)text_length(role_name((enum role)role)), role_may((enum role)role, right) ? "x" : ".");
        printf("\n");
    }
}

/* Every door the role may come through, and by which right; what lies behind is decided there (casework: access.c). */
static void print_reach(enum role role)
{
    printf("%s (%s)\n", role_name(role), role_title(role, program_lang()));
    for (const struct module *const *m = all_modules; *m; m++)
        for (const struct route *r = (*m)->routes; r && r->method; r++)
            if (r->right == RIGHT_PUBLIC || role_may(role, r->right))
                printf("  %-7s %-52s %-16s %s\n", r->method, r->path,
                       r->right == RIGHT_PUBLIC ? "" : right_name(r->right), r->summary);
}

bool run_rights(const struct args *args, struct error *e)
{
    enum role role;

    if (args->n == 0) {
        print_table();
        return true;
    }
    if (!role_parse(args->rest[0], &role))
        return fail(e, E_USAGE, "rights %s ?", args->rest[0]);
    print_reach(role);
    return true;
}

bool run_validate(const struct args *args, struct error *e)
{
    bool valid;

    if (!schema_validate_files(args->rest[0], args->rest[1], &valid, e) || !valid)
        return false;
    printf(SAY("hợp lệ\n", "valid\n"));
    return true;
}

bool run_openapi(const struct args *args, struct error *e)
{
    struct house house;
    json_auto_t *document;

    (void)args;
    house_bare(&house);
    document = openapi_new(&house, &people_gate);
    if (!document)
        return fail(e, E_INTERNAL, "openapi");
    return (json_dumpf(document, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF) || fail_errno(e, "stdout");
}
