/* The tables of casework. Never edited after release: add a migration. */
#include "casework/casework_internal.h"

/* clang-format off */
const struct migration casework_migrations[] = {
    {1, "cases, their log, counters and drafts",
     "-- One request travelling through a flow. This row is the present; case_event is the truth.\n"
     "CREATE TABLE case_file ("
     "  id BIGINT PRIMARY KEY,"             /* time-ordered, made by the node */
     "  code TEXT NOT NULL UNIQUE,"         /* what people read aloud: unit, day, number; no gaps */
     "  version BIGINT NOT NULL,"           /* writers name the version they saw */
     "  service TEXT NOT NULL,"
     "  service_version BIGINT NOT NULL,"   /* the definition in force when it was filed; kept for life */
     "  unit BIGINT NOT NULL,"              /* who answers for it now */
     "  step TEXT NOT NULL,"
     "  step_role BIGINT NOT NULL,"         /* whose inbox it is in; -1 at an end */
     "  back_step TEXT,"                    /* where a supplement returns to */
     "  status BIGINT NOT NULL,"            /* national dossier status, 1 to 10 */
     "  applicant BIGINT NOT NULL,"         /* whose dossier it is (chủ hồ sơ) */
     "  submitter BIGINT NOT NULL,"         /* who filed it (người nộp) */
     "  assignee BIGINT NOT NULL,"          /* 0: nobody yet */
     "  applicant_name TEXT NOT NULL,"      /* as it was at filing, for lists */
     "  channel BIGINT NOT NULL,"           /* national: 1 counter, 2 online, 3 post */
     "  delivery TEXT NOT NULL,"
     "  submitted_at BIGINT NOT NULL,"
     "  received_at BIGINT,"
     "  due_at BIGINT,"                     /* promised */
     "  legal_due_at BIGINT,"               /* by the legal day count; restarts after a supplement */
     "  step_due_at BIGINT,"
     "  done_at BIGINT,"                    /* reached status 9: wins as finish time over 10 */
     "  closed_at BIGINT,"                  /* reached 3, 7, 8 or 10 */
     "  sort_at BIGINT NOT NULL,"           /* when it wants attention: due_at, or submitted_at before reception */
     "  apologised BOOLEAN NOT NULL,"
     "  supplements JSON NOT NULL,"         /* [{asked, completed}] for the national clock */
     "  form JSON NOT NULL,"
     "  office JSON NOT NULL,"              /* what officers added: numbers taken at the grant */
     "  papers JSON NOT NULL,"
     "  results JSON NOT NULL,"
     "  fee BIGINT NOT NULL,"               /* whole dong */
     "  fee_state TEXT NOT NULL,"           /* none, due, paid: separate from the business state */
     "  entry_registry TEXT,"
     "  entry_key TEXT,"                    /* the book entry that answers it */
     "  pin TEXT NOT NULL"                  /* lets its bearer track it without an account */
     ");"
     "CREATE INDEX case_inbox ON case_file (unit, step_role, sort_at, id);"  /* the inbox, what is due first */
     "CREATE INDEX case_unit ON case_file (unit, status, sort_at, id);"      /* a unit's cases by status */
     "CREATE INDEX case_applicant ON case_file (applicant, id);"             /* my dossiers, newest first */
     "CREATE INDEX case_submitter ON case_file (submitter, id);"
     "CREATE TABLE case_event ("
     "  case_id BIGINT NOT NULL,"
     "  seq BIGINT NOT NULL,"
     "  at BIGINT NOT NULL,"
     "  actor BIGINT NOT NULL,"             /* party; 0: the system */
     "  unit BIGINT NOT NULL,"              /* the unit that had it then */
     "  action TEXT NOT NULL,"
     "  from_step TEXT,"
     "  to_step TEXT NOT NULL,"
     "  to_status BIGINT NOT NULL,"
     "  note TEXT,"
     "  hash BYTEA NOT NULL,"               /* SHA-256 over the hash before and this row */
     "  PRIMARY KEY (case_id, seq)"
     ");"
     "-- Numbers without gaps: one row a series, raised in the commit that uses the number.\n"
     "CREATE TABLE number_series ("
     "  series TEXT PRIMARY KEY,"           /* case:<unit>:<day>, book:<unit>:<year>:<kind>, … */
     "  last BIGINT NOT NULL"
     ");"
     "CREATE TABLE draft ("
     "  party BIGINT NOT NULL,"
     "  service TEXT NOT NULL,"
     "  body JSON NOT NULL,"
     "  saved_at BIGINT NOT NULL,"
     "  PRIMARY KEY (party, service)"
     ");"},
    {0},
};
/* clang-format on */
