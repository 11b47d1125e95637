import { Checkbox, MultiSelect, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { lazy, Suspense, useState, type KeyboardEvent, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useUnits, type ActionCall } from '@/api/hooks'
import type { Action, Case, Entry, JsonObject } from '@/api/types'
import { FileUpload } from '@/components/FileUpload'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import type { Definition } from '../api'
import { lacksProof, receiverBody, ReceiverFields, type Receiver } from './ReceiverFields'

/** Few actions change the form: what draws it is loaded for those. */
const SchemaForm = lazy(() => import('@/components/schema/SchemaForm').then((module) => ({ default: module.SchemaForm })))

/** At the counter the result is signed for. */
const signedFor = (action: string, of: Case): boolean => action === 'deliver' && of.delivery === 'counter'

/** Does an action ask anything, or is the button all of it? */
export const asks = ({ id, needs, options }: Action, of: Case): boolean =>
  signedFor(id, of) || needs.length > 0 || (options?.assignee?.length ?? 0) > 0 || (options?.step?.length ?? 0) > 0 || (id === 'supplement' && (options?.papers?.length ?? 0) > 0)

interface ActionFormProps {
  action: Action
  of: Case
  definition: Definition | null
  entry: Entry | null
  onFindEntry: () => void
  busy: boolean
  onRun: (body: ActionCall) => void
  onCancel: () => void
}

/** Exactly what the action needs, and what it offers to choose. */
export function ActionForm({ action, of, definition, entry, onFindEntry, busy, onRun, onCancel }: ActionFormProps) {
  const { t } = useTranslation('officer')
  const { id, needs, options } = action
  const needed = (name: string) => needs.includes(name)
  const [note, setNote] = useState('')
  const [assignee, setAssignee] = useState('')
  const [step, setStep] = useState('')
  const [dueAt, setDueAt] = useState('')
  const [override, setOverride] = useState('')
  const [amount, setAmount] = useState('')
  const [units, setUnits] = useState<string[]>([])
  const known = useUnits({ limit: '200' }, needed('units'))
  const [asked, setAsked] = useState<string[]>([])
  const [brought, setBrought] = useState<{ kind: string; document: string; title: string }[]>([])
  const [form, setForm] = useState<JsonObject>(options?.form?.data ?? of.form)
  const [receiver, setReceiver] = useState<Receiver>({ name: of.applicant.name, relation: 'self', proof: '' })
  const [tried, setTried] = useState(false)
  const signs = signedFor(id, of)
  const people = options?.assignee ?? []
  const papers = options?.papers ?? []
  const steps = options?.step ?? []
  const supplies = id === 'supplement'
  const schema = options?.form?.schema ?? definition?.schema
  const due = dueAt ? `${dueAt}:00+07:00` : ''

  const lacking = {
    note: needed('note') && !note.trim() ? t('act.note_missing') : undefined,
    assignee: needed('assignee') && !assignee ? t('act.assignee_missing') : undefined,
    step: needed('step') && !step ? t('act.step_missing') : undefined,
    due_at: needed('due_at') && (!due || (of.due_at !== null && Date.parse(due) <= Date.parse(of.due_at))) ? t('act.due_at_missing') : undefined,
    papers: needed('papers') && asked.length + brought.length === 0 ? t('act.papers_missing') : undefined,
    entry: needed('entry') && !entry ? t('act.entry_missing') : undefined,
    override: needed('override') && !override.trim() ? t('act.override_missing') : undefined,
    amount: needed('amount') && !/^[1-9]\d{0,11}$/.test(amount) ? t('act.amount_missing') : undefined,
    units: needed('units') && units.length === 0 ? t('act.units_missing') : undefined,
    receiver: signs && !receiver.name.trim() ? t('act.receiver_missing') : undefined,
    proof: signs && lacksProof(receiver) ? t('act.proof_missing') : undefined,
  }
  const wrong = (name: keyof typeof lacking) => (tried ? lacking[name] : undefined)
  const submit = (event?: SyntheticEvent) => {
    event?.preventDefault()
    setTried(true)
    const first = (Object.keys(lacking) as (keyof typeof lacking)[]).find((name) => lacking[name])
    if (first) {
      document.getElementById(`act-${first}`)?.focus()
      return
    }
    const body: ActionCall = {}
    if (note.trim()) body.note = note.trim()
    if (assignee) body.assignee = assignee
    if (step) body.step = step
    if (due && needed('due_at')) body.due_at = due
    if (asked.length > 0) {
      body.papers = asked.map((kind) => ({ kind }))
      // The note is what the applicant reads: it names the papers too.
      const titles = papers.filter(({ kind }) => asked.includes(kind)).map(({ title }) => title).join('; ')
      body.note = [t('act.papers_note', { titles }), note.trim()].filter(Boolean).join('\n')
    }
    if (brought.length > 0) body.papers = brought.map(({ kind, document }) => ({ kind, document }))
    if (entry && needed('entry')) body.entry = entry.key
    if (needed('form')) body.form = form
    if (needed('override')) body.override = override.trim()
    if (needed('amount')) body.amount = Number(amount)
    if (needed('units')) body.units = units
    if (signs) body.receiver = receiverBody(receiver)
    onRun(body)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      onCancel()
    }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
  }
  const who = people.find((one) => one.id === assignee)?.name
  const inner = (
    <>
      {needed('entry') ? (
        <div className="act-entry">
          {entry ? <p><Icon name="check" size={16} /> {t('act.entry_chosen', { title: entry.title })}</p> : null}
          <button type="button" id="act-entry" className="small-button" onClick={onFindEntry}><Icon name="search" size={16} /> {t('act.entry_pick')}</button>
          {wrong('entry') ? <p className="field-error">{wrong('entry')}</p> : null}
        </div>
      ) : null}
      {people.length > 0 ? (
        <NativeSelect
          id="act-assignee" label={t('act.assignee')} value={assignee} error={wrong('assignee')} onChange={(event) => setAssignee(event.currentTarget.value)}
          data={[
            { value: '', label: needed('assignee') ? '' : t(id === 'assign' ? 'act.assignee_me' : 'act.assignee_any') },
            ...people.map((one) => ({ value: one.id, label: one.name })),
          ]}
        />
      ) : null}
      {steps.length > 0 ? (
        <NativeSelect
          id="act-step" label={t('act.step')} value={step} error={wrong('step')} onChange={(event) => setStep(event.currentTarget.value)}
          data={[{ value: '', label: needed('step') ? '' : t('act.step_usual') }, ...steps.map((one) => ({ value: one.id, label: one.title }))]}
        />
      ) : null}
      {!supplies && papers.length > 0 && (needed('papers') || id === 'request-supplement') ? (
        <Checkbox.Group id="act-papers" label={t('act.papers_ask')} description={t('act.papers_ask_hint')} error={wrong('papers')} value={asked} onChange={setAsked}>
          <div className="choices">{papers.map(({ kind, title }) => <Checkbox key={kind} value={kind} label={title} />)}</div>
        </Checkbox.Group>
      ) : null}
      {supplies && papers.length > 0 ? (
        <div role="group" aria-label={t('act.papers_add')}>
          {papers.map(({ kind, title }) => (
            <div key={kind} className="act-paper">
              <p>{title}</p>
              <FileUpload
                label={title} sent={brought.find((one) => one.kind === kind)?.title}
                onSent={(document, file) => setBrought([...brought.filter((one) => one.kind !== kind), { kind, document: document.id, title: file.name }])}
              />
            </div>
          ))}
        </div>
      ) : null}
      {needed('units') ? (
        <MultiSelect
          id="act-units" label={t('act.units')} searchable value={units} error={wrong('units')} onChange={setUnits} nothingFoundMessage={t('act.units_none')}
          data={known.rows.filter(({ code, in_force }) => code !== of.unit.code && in_force.to === null).map(({ code, name }) => ({ value: code, label: name }))}
        />
      ) : null}
      {signs ? <ReceiverFields value={receiver} onChange={setReceiver} wrong={wrong} /> : null}
      {needed('amount') ? (
        <TextInput id="act-amount" label={t('act.amount')} inputMode="numeric" value={amount} error={wrong('amount')} onChange={(event) => setAmount(event.currentTarget.value.replace(/[^0-9]/g, ''))} />
      ) : null}
      {needed('due_at') ? (
        <TextInput id="act-due_at" type="datetime-local" label={t('act.due_at')} value={dueAt} error={wrong('due_at')} onChange={(event) => setDueAt(event.currentTarget.value)} />
      ) : null}
      {needed('note') ? (
        <Textarea
          id="act-note" label={t('act.note_needed')} description={t('act.note_hint')} value={note} error={wrong('note')} rows={3} autosize={false}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
      ) : null}
      {needed('override') ? (
        <Textarea
          id="act-override" label={t('act.override')} description={t('act.override_hint')} value={override} error={wrong('override')} rows={2} autosize={false}
          onChange={(event) => setOverride(event.currentTarget.value)}
        />
      ) : null}
      <div className="act-buttons">
        <button type="submit" className="small-button act-run" disabled={busy}>
          {who ? t('act.run_to', { action: action.title, who }) : t('act.run', { action: action.title })}
        </button>
        <button type="button" className="small-button" onClick={onCancel}>{t('act.cancel')}</button>
      </div>
    </>
  )
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys of the fields inside it
    <div className="act-form" onKeyDown={keys}>
      {needed('form') && schema ? (
        <Suspense fallback={<Loading />}>
          <SchemaForm schema={schema} data={form} onChange={setForm} onSubmit={submit}>{inner}</SchemaForm>
        </Suspense>
      ) : <form onSubmit={submit} noValidate>{inner}</form>}
    </div>
  )
}
