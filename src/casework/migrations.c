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
    {2, "flow versions, children, the law's clock explained",
     "ALTER TABLE case_file ADD COLUMN flow_version BIGINT NOT NULL DEFAULT 0;" /* of filing; 0: before this column */
     "ALTER TABLE case_file ADD COLUMN step_at BIGINT NOT NULL DEFAULT 0;"      /* when it came to its step */
     "ALTER TABLE case_file ADD COLUMN moved_at BIGINT NOT NULL DEFAULT 0;"     /* when anybody last did anything */
     "ALTER TABLE case_file ADD COLUMN silent_at BIGINT;"  /* when the system noticed that nobody did */
     "ALTER TABLE case_file ADD COLUMN wake_at BIGINT;"    /* when the system has to look at it next */
     "ALTER TABLE case_file ADD COLUMN parent TEXT;"           /* code of the case that asked; NULL: a citizen did */
     "ALTER TABLE case_file ADD COLUMN ask TEXT;"          /* which question of the parent's step */
     "ALTER TABLE case_file ADD COLUMN ask_due_at BIGINT;" /* a child may not take longer */
     "ALTER TABLE case_file ADD COLUMN shared JSON NOT NULL DEFAULT '[]';"      /* ids of other units with a part in it */
     "ALTER TABLE case_file ADD COLUMN counts JSON NOT NULL DEFAULT '[]';"      /* how its dates came about, rule by rule */
     "ALTER TABLE case_file ADD COLUMN answers JSON NOT NULL DEFAULT '[]';"     /* of its children */
     "ALTER TABLE case_event ADD COLUMN on_behalf BIGINT NOT NULL DEFAULT 0;"   /* whose role the actor had borrowed */
     "CREATE INDEX case_parent ON case_file (parent, id) WHERE parent IS NOT NULL;"
     "CREATE INDEX case_wake ON case_file (wake_at) WHERE wake_at IS NOT NULL;"},
    {3, "slips: the papers that appear by themselves, and the register of what was received",
     "-- A paper of the one-stop (receipt, supplement, refusal, …). Its number and what it says are of the action's own\n"
     "-- commit; it is drawn right after.\n"
     "CREATE TABLE case_slip ("
     "  id BIGINT PRIMARY KEY,"
     "  case_id BIGINT NOT NULL,"
     "  unit BIGINT NOT NULL,"
     "  paper TEXT NOT NULL,"               /* its name in the pack */
     "  year BIGINT NOT NULL,"
     "  number BIGINT NOT NULL,"            /* from 1 in each unit, year and paper, without gaps */
     "  office BOOLEAN NOT NULL,"           /* among officers */
     "  action TEXT NOT NULL,"              /* what made it appear */
     "  at BIGINT NOT NULL,"
     "  actor BIGINT NOT NULL,"
     "  says JSON,"                         /* what it will say; NULL once it is drawn */
     "  document BIGINT"                    /* NULL until it is drawn */
     ");"
     "CREATE UNIQUE INDEX case_slip_number ON case_slip (unit, paper, year, number);"
     "CREATE INDEX case_slip_case ON case_slip (case_id, id);"
     "CREATE INDEX case_slip_undrawn ON case_slip (id) WHERE document IS NULL;"
     "CREATE INDEX case_received ON case_file (unit, received_at, id) WHERE received_at IS NOT NULL;"},
    {4, "who filed for whom",
     "-- Of cases that another than their owner filed.\n"
     "CREATE TABLE case_filing ("
     "  case_id BIGINT PRIMARY KEY,"
     "  as_what TEXT NOT NULL,"             /* agent, helper, officer */
     "  authorisation BIGINT NOT NULL"      /* what an agent stood on; 0: nothing was needed */
     ");"},
    {5, "papers that nobody was asked for",
     "ALTER TABLE case_file ADD COLUMN spared BIGINT NOT NULL DEFAULT 0;"}, /* that the city held at filing */
    {6, "who signed for a result",
     "ALTER TABLE case_event ADD COLUMN receiver JSON;"}, /* {name, relation, proof}; NULL: nobody, or it was not said */
    {0},
};
/* clang-format on */
