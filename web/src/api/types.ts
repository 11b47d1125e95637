/** The shapes at the edge, as doc/api.md and the design's section 5 give them. */

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Coded {
  code: string
  name: string
}

export interface Party {
  id: string
  kind: 'citizen' | 'organisation' | 'officer'
  name: string
  number: string | null
  phone: string | null
  email: string | null
  address: string | null
}

export type RoleName =
  | 'citizen' | 'helper' | 'one-stop' | 'specialist' | 'unit-head' | 'signatory' | 'clerk'
  | 'cashier' | 'archivist' | 'steward' | 'supervisor' | 'auditor' | 'admin'

export interface Me {
  party: Party
  user: string
  roles: { role: RoleName; unit: Coded | null }[]
  rights: string[]
  demo: boolean
}

export type UnitKind = 'city' | 'department' | 'ward' | 'commune' | 'special-zone' | 'district'

export interface Unit extends Coded {
  kind: UnitKind
  parent: string | null
  in_force: { from: string | null; to: string | null }
}

export type Level = 'full' | 'partial' | 'information'
export type Channel = 'online' | 'counter' | 'post'
export type LimitUnit = 'working-day' | 'day' | 'working-hour' | 'hour' | 'month' | 'same-day'

export interface Manner {
  channel: Channel
  case: string | null
  limit: { value: number; unit: LimitUnit } | null
  fees: { amount: number | null; text: string | null }[]
}

export interface ServicePaper {
  kind?: string
  title: string
  group: string | null
  originals: number | null
  copies: number | null
  to: 'submit' | 'present'
  form: string | null
  satisfied_by?: string[] | null
}

export interface Service {
  code: string
  name: string
  /** A field's name; some servers give its code beside it. */
  field: string | Coded | null
  level: Level
  agency_levels?: string[]
  decision?: string | null
  manners: Manner[]
  papers: ServicePaper[]
  results: { code: string | null; title: string }[]
  legal: { number: string; title: string }[]
  steps?: string | string[] | null
  flow?: string | null
  in_force: { from: string | null; to: string | null }
  unsure?: string[]
  summary?: string | null
  /** Asked for at a counter, in person: no online application. */
  counter_only?: boolean
}

/** What lists of services carry: the page itself is read one by one. */
export type ServiceRow = Pick<Service, 'code' | 'name' | 'field' | 'level'> & Partial<Service>

export type FeeState = 'free' | 'due' | 'paid' | 'none' | 'unknown' | (string & {})

export interface Fee {
  amount: number | null
  state: FeeState
}

export interface DocumentMeta {
  id: string
  sha256?: string
  size?: number
  media_type?: string
  title?: string
  filename?: string | null
}

export interface Held {
  id?: string
  title?: string | null
  registry?: string | null
  key?: string | null
  document?: DocumentMeta | string | null
}

export interface CasePaper {
  kind: string
  title: string
  required: boolean
  document: DocumentMeta | null
  source: 'upload' | 'vault' | 'registry' | null
  held?: Held | boolean | string | null
}

export type JsonObject = Record<string, unknown>

export interface UiPage {
  id: string
  title: string
  fields: string[]
}

export interface ServiceForm {
  schema: JsonObject
  ui: JsonObject & { pages?: UiPage[] }
  data: JsonObject
  locked: string[]
  papers: CasePaper[]
  fee: Fee | null
}

export interface Check {
  fee: Fee | null
  due_at: string | null
}

export type Delivery = 'vault' | 'counter' | 'post'

/** The national dossier status. */
export type Status = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

export type Timeliness = 'not_due' | 'in_time' | 'overdue' | 'early' | 'on_time' | 'late'

export interface Step {
  id: string
  title: string
  role: RoleName | 'applicant' | null
  /** Some replies name the unit by its code alone. */
  unit: Coded | string | null
  due_at: string | null
}

export interface Action {
  id: string
  title: string
  needs: string[]
  hint?: string | null
  options?: {
    assignee?: { id: string; name: string }[]
    papers?: { kind: string; title: string }[]
    step?: { id: string; title: string }[]
  } | null
}

export interface CaseRow {
  code: string
  service: Coded
  unit: Coded
  status: Status
  step: Step | null
  version: number
  /** Lists give the name only. */
  applicant: Pick<Party, 'id' | 'name'> & Partial<Party>
  submitter?: Party | null
  channel: Channel
  submitted_at: string | null
  received_at: string | null
  due_at: string | null
  finished_at: string | null
  clock: { legal_due_at: string | null; national_minutes: number | null; paused: boolean }
  timeliness: Timeliness
  /** Lists give the id only. */
  assignee: Party | string | null
  delivery: Delivery
  status_title?: string
  fee?: Fee | null
  track_pin?: string | null
}

export interface CaseResult {
  kind: string
  document: DocumentMeta
  verify_code: string | null
}

export interface Case extends CaseRow {
  form: JsonObject
  papers: CasePaper[]
  fee: Fee | null
  results: CaseResult[]
  children: string[]
  parent: string | null
  entry: { registry: string; key: string; title: string } | null
  actions: Action[]
}

export interface CaseEvent {
  seq: number
  at: string
  actor: { name: string | null; unit: string | Coded | null } | null
  action: string
  from: string | number | null
  to: string | number | null
  note: string | null
  hash: string
}

export interface Entry {
  registry: string
  key: string
  title: string
  fields: { title: string; value: string | number }[]
}

export interface Track {
  code: string
  service: Coded
  status: Status
  status_title: string
  level: Level
  unit?: Coded
  submitted_at?: string | null
  received_at?: string | null
  due_at?: string | null
  finished_at?: string | null
  step?: Step | null
  timeliness?: Timeliness
}

export interface Draft {
  service: string
  unit?: string | null
  page?: string | null
  form: JsonObject
  papers?: { kind: string; document: string }[] | null
  saved_at: string
}

export interface Notice {
  id: string
  at: string
  title: string
  text: string | null
  case: string | null
  read: boolean
}

export interface VaultDocument {
  id: string
  kind: string
  title: string
  issued_at: string | null
  valid_until: string | null
  status: string
  verify_code: string | null
  case: string | null
}

export interface Vault {
  documents: VaultDocument[]
  records: { registry: string; key: string; title: string }[]
}

export interface Access {
  at: string
  who: { name: string | null; unit: string | Coded | null } | null
  what: string
  case: string | null
  purpose: string | null
}

export interface RegistryRecord {
  key: string
  version: number
  body: JsonObject
  valid_from: string | null
  valid_to: string | null
  unit: string | Coded | null
  title: string | null
}
