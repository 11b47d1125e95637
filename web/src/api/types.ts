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
  /** What the account must do before anything else is open to it. */
  duties: ('change-password' | 'enrol-otp')[]
  idle_minutes: number | null
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

/** A paper of the one-stop that appeared by itself; without a number it is printed as the dossier stands now. */
export interface Slip {
  kind: string
  title: string
  form: string | null
  number: string | null
  at: string | null
  action: string | null
  office: boolean
  document: DocumentMeta | null
}

export interface Signature {
  field: string | null
  signer: string | null
  organisation: string | null
  serial: string | null
  signed_at: string | null
  stamped_at: string | null
  outcome: 'sound' | 'untrusted' | 'expired' | 'revoked' | 'changed' | 'partial' | 'altered'
  level: 'B-B' | 'B-T' | 'B-LT' | null
  revocation: 'good' | 'revoked' | 'unknown'
  changes: 'none' | 'signatures' | 'form' | 'annotations' | 'content'
}

export interface SignatureCheck {
  outcome: Signature['outcome'] | 'waiting' | 'unsigned' | 'encrypted' | 'broken' | 'unreadable'
  checked_at: string | null
  signatures: Signature[]
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
    form?: { schema: JsonObject; data: JsonObject }
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
  /** Nobody has moved it on within its step's time. */
  silent: boolean
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
  /** What other units were asked. */
  asked: {
    case: string
    ask: string
    title: string
    unit: Coded
    asked_at: string
    due_at: string | null
    answered_at: string | null
    late: boolean
    status: number | null
    answer: string | null
  }[]
  parent: string | null
  entry: { registry: string; key: string; title: string } | null
  actions: Action[]
}

export interface CaseEvent {
  seq: number
  at: string
  actor: { name: string | null; unit: string | Coded | null; on_behalf_of?: string | null } | null
  action: string
  from: string | number | null
  to: string | number | null
  note: string | null
  hash: string
  /** Who signed for the result. */
  receiver: { name: string; relation: 'self' | 'family' | 'agent' | 'other'; proof: string | null } | null
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
  kind: string | null
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
  action: string
  who: { name: string | null; unit: string | Coded | null } | null
  what: string
  case: string | null
  purpose: string | null
  leaf: { index: number; text: string }
}

export interface Share {
  id: string
  document: string
  title: string
  purpose: string
  made_at: string
  until: string
  count: number
  used: number
  state: 'open' | 'revoked' | 'over' | 'used-up' | 'paper-ended'
  token?: string
}

export interface Shared {
  title: string
  media_type: string
  issued_at: string | null
  valid_until: string | null
  verify_code: string | null
  owner: string
  purpose: string
  until: string
  left: number
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

export interface Tally {
  open: number
  late: number
  silent: number
  tomorrow: number
}

/** What a unit has to do, and who has it. */
export interface Ticket {
  number: number
  ahead: number
  taken_at: string
}
export interface Queue {
  unit: Coded
  waiting: number
  /** The last five, the newest first. */
  calls: { number: number; desk: string; at: string }[]
  own: Ticket | null
}
export interface QueueCall extends Pick<Queue, 'waiting' | 'calls'> {
  number: number
  taken_at: string
  person: { name: string; number: string | null } | null
}

/** Something handed over to another system. */
export interface HandOver {
  id: string
  system: Coded
  kind: string
  case: string | null
  /** Who takes care of it. */
  unit: Coded | null
  state: 'waiting' | 'failed' | 'sent' | 'done-by-hand'
  state_title: string
  tries: number
  made_at: string
  changed_at: string
  /** When it is tried; null: not by itself. */
  next_at: string | null
  problem: { code: string; title: string; detail: string | null } | null
  reference: string | null
  note: string | null
  actions: ('retry' | 'done-by-hand')[]
}
export type ShipmentState = 'to-order' | 'ordered' | 'picked-up' | 'in-transit' | 'lost' | 'returned' | 'delivered'
export interface Receiver {
  name: string | null
  phone: string | null
  address: string | null
  place: string | null
}
export interface ShipmentView {
  may_send: boolean
  carrier: boolean
  fee_due: number
  /** As the city knows the applicant, for whoever may send it. */
  receiver: Receiver | null
  record: ShipmentState[]
  shipment: {
    id: string
    number: string | null
    state: ShipmentState
    state_title: string
    by_hand: boolean
    cod: number
    receiver: Receiver
    made_at: string
    changed_at: string
    events: { at: string; state: ShipmentState; state_title: string; source: 'carrier' | 'officer' | 'system'; note: string | null }[]
  } | null
}

export interface Board extends Tally {
  unit: Coded
  at: string
  /** False when it has more open cases than were counted. */
  whole: boolean
  /** Papers that nobody had to bring, of the dossiers received in so many days. */
  spared: { days: number; dossiers: number; papers: number }
  officers: (Tally & { officer: { id: string; name: string | null } | null })[]
  statuses: (Tally & { status: Status; title: string })[]
  services: (Tally & Coded)[]
  days: { day: string; due: number }[]
}
