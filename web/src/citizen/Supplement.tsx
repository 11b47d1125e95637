import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ActionCall } from '@/api/hooks'
import { useService, useServiceForm } from '@/api/hooks'
import type { Action, Case, CasePaper, JsonObject } from '@/api/types'
import { ErrorSummary } from '@/components/Problems'
import { asksNothing, inputId, pageSchema, SchemaForm, validate, type Finding } from '@/components/schema'
import type { LocalDraft } from './apply/draft'
import { PapersStep } from './apply/PapersStep'

interface SupplementProps { of: Case; action: Action; busy: boolean; act: (body: ActionCall) => void }

/** What the office waits for: papers to send, a message, and the form again when something in it was wrong. */
export default function Supplement({ of, action, busy, act }: SupplementProps) {
  const { t } = useTranslation()
  const service = useService(of.service.code)
  const form = useServiceForm(of.service.code, null)
  const [note, setNote] = useState('')
  const [papers, setPapers] = useState<LocalDraft['papers']>([])
  const [changed, setChanged] = useState<JsonObject | null>(null)
  const [findings, setFindings] = useState<Finding[]>([])

  const asked = action.options?.papers ?? []
  const wanted: CasePaper[] =
    asked.length > 0
      ? asked.map(({ kind, title }) => ({ kind, title, required: false, document: null, source: null }))
      : of.papers.filter(({ held }) => !held)
  const schema = form.data ? pageSchema(form.data.schema, null, form.data.locked) : null
  const send = () => {
    const wrong = schema && changed ? validate(schema, changed, t) : []
    setFindings(wrong)
    if (wrong.length > 0) return
    act({
      ...(note.trim() ? { note: note.trim() } : {}),
      ...(papers.length > 0 ? { papers: papers.map(({ kind, document }) => ({ kind, document })) } : {}),
      ...(changed ? { form: changed } : {}),
    })
  }
  return (
    <div className="card attention">
      <h3>{t('dossier.supplement_lead')}</h3>
      <ErrorSummary errors={findings.map(({ pointer, message }) => ({ target: inputId(pointer), message }))} />
      {wanted.length > 0 ? <PapersStep papers={wanted} service={service.data} sent={papers} missing={[]} onChange={setPapers} /> : null}
      {schema && form.data && !asksNothing(schema) ? (
        <details>
          <summary>{t('dossier.supplement_form')}</summary>
          <SchemaForm schema={schema} ui={form.data.ui} data={changed ?? of.form} findings={findings} onChange={setChanged} onSubmit={send} />
        </details>
      ) : null}
      <div className="fields">
        <Textarea label={t('dossier.note')} rows={3} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        <div><Button loading={busy} onClick={send}>{action.title}</Button></div>
      </div>
    </div>
  )
}
