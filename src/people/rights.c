/* The one table of who may do what. A right opens a door; which cases, records or documents lie behind it for this
 * caller is decided where they are read. Administrators keep the house and do no casework (domain: separation of
 * duties); auditors read the audit and nothing else. */
#include "people/people_internal.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *name, *title[LANG__COUNT];
} roles[ROLE__COUNT] = {
    [ROLE_CITIZEN]    = {"citizen",    {"Người dân", "Citizen"}},
    [ROLE_HELPER]     = {"helper",     {"Người hỗ trợ", "Helper"}},
    [ROLE_ONE_STOP]   = {"one-stop",   {"Cán bộ tiếp nhận", "One-stop officer"}},
    [ROLE_SPECIALIST] = {"specialist", {"Chuyên viên thụ lý", "Specialist"}},
    [ROLE_UNIT_HEAD]  = {"unit-head",  {"Lãnh đạo đơn vị", "Unit head"}},
    [ROLE_SIGNATORY]  = {"signatory",  {"Lãnh đạo ký", "Signatory"}},
    [ROLE_CLERK]      = {"clerk",      {"Văn thư", "Clerk"}},
    [ROLE_CASHIER]    = {"cashier",    {"Thu ngân", "Cashier"}},
    [ROLE_ARCHIVIST]  = {"archivist",  {"Lưu trữ", "Archivist"}},
    [ROLE_STEWARD]    = {"steward",    {"Quản lý dữ liệu", "Data steward"}},
    [ROLE_SUPERVISOR] = {"supervisor", {"Kiểm soát thủ tục hành chính", "Supervisor"}},
    [ROLE_AUDITOR]    = {"auditor",    {"Kiểm tra nhật ký", "Auditor"}},
    [ROLE_ADMIN]      = {"admin",      {"Quản trị hệ thống", "Administrator"}},
};

/* One column a role, in the order of enum role:        ci he on sp he si cl ca ar st su au ad
 *                                                      ti lp e- ec ad gn er sh ch ew pe di mi  */
static const struct {
    const char *name;
    const char may[3 * ROLE__COUNT];
} rights[RIGHT__COUNT] = {
    [0]                    = {"none",                  ".  .  .  .  .  .  .  .  .  .  .  .  . "},
    [1]                    = {"public",                "x  x  x  x  x  x  x  x  x  x  x  x  x "},
    [RIGHT_SIGNED_IN]      = {"signed-in",             "x  x  x  x  x  x  x  x  x  x  x  x  x "},
    [RIGHT_CASE_SUBMIT]    = {"case-submit",           "x  x  x  .  .  .  .  .  .  .  .  .  . "},
    [RIGHT_CASE_READ]      = {"case-read",             "x  x  x  x  x  x  x  x  x  .  x  .  . "},
    [RIGHT_CASE_ACT]       = {"case-act",              "x  x  x  x  x  x  x  x  x  .  .  .  . "},
    [RIGHT_DOCUMENT_WRITE] = {"document-write",        "x  x  x  x  x  x  x  x  x  .  .  .  . "},
    [RIGHT_DOCUMENT_READ]  = {"document-read",         "x  x  x  x  x  x  x  x  x  .  x  .  . "},
    [RIGHT_VAULT]          = {"vault",                 "x  .  .  .  .  .  .  .  .  .  .  .  . "},
    [RIGHT_REGISTRY_READ]  = {"registry-read",         ".  .  x  x  x  x  x  .  x  x  x  .  . "},
    [RIGHT_REGISTRY_WRITE] = {"registry-write",        ".  .  .  .  .  .  .  .  .  x  .  .  . "},
    [RIGHT_JOB_READ]       = {"job-read",              ".  .  .  .  .  .  .  .  .  x  .  .  x "},
    [RIGHT_AUDIT_READ]     = {"audit-read",            ".  .  .  .  .  .  .  .  .  .  .  x  . "},
    [RIGHT_ADMIN]          = {"admin",                 ".  .  .  .  .  .  .  .  .  .  .  .  x "},
    [RIGHT_AUTHORISE]      = {"authorise",             "x  .  .  .  .  .  .  .  .  .  .  .  . "},
    [RIGHT_ORGANISATION]   = {"organisation",          ".  .  x  .  .  .  .  .  .  .  .  .  . "},
    [RIGHT_DELEGATE]       = {"delegate",              ".  .  x  x  x  x  x  x  x  .  .  .  . "},
};
/* clang-format on */

const char *role_name(enum role role)
{
    return roles[role].name;
}

const char *role_title(enum role role, enum lang lang)
{
    return roles[role].title[lang];
}

bool role_parse(const char *name, enum role *out)
{
    for (size_t i = 0; i < ROLE__COUNT; i++)
        if (text_equal(name, roles[i].name)) {
            *out = (enum role)i;
            return true;
        }
    return false;
}

const char *right_name(int right)
{
    return right < 0 || right >= RIGHT__COUNT ? "unknown" : rights[right].name;
}

bool role_does_casework(enum role role)
{
    return role >= ROLE_ONE_STOP && role <= ROLE_ARCHIVIST;
}

bool role_oversees(enum role role)
{
    return role == ROLE_SUPERVISOR || role == ROLE_AUDITOR;
}

bool role_may(enum role role, int right)
{
    return right >= 0 && right < RIGHT__COUNT && rights[right].may[3 * role] == 'x';
}

bool actor_may(const struct actor *who, int right)
{
    return who && right >= 0 && right < RIGHT__COUNT && (who->rights >> right & 1);
}

bool actor_is(const struct actor *who, enum role role, int64_t unit)
{
    for (size_t i = 0; who && i < who->n_roles; i++)
        if (who->roles[i].role == role && (who->roles[i].unit == unit || who->roles[i].unit == 0))
            return true;
    return false;
}

/* Auditors and administrators work at a unit but serve nobody there: no case is theirs to see. */
static bool serves(enum role role)
{
    return role >= ROLE_ONE_STOP && role <= ROLE_SUPERVISOR;
}

bool actor_serves(const struct actor *who, int64_t unit)
{
    for (size_t i = 0; who && i < who->n_roles; i++)
        if (serves(who->roles[i].role) && (who->roles[i].unit == unit || who->roles[i].unit == 0))
            return true;
    return false;
}
