/* What can be shown without any data: rights, schemas, the contract. */
#include "program/program.h"

#include "http/http.h"
#include "people/people.h"
#include "schema/schema.h"

bool run_rights(const struct args *args, struct error *e)
{
    (void)args;
    (void)e;
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
