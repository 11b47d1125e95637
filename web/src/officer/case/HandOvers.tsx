import { Button, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useHandOvers, useParcelCall } from '@/api/hooks'
import type { HandOver } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { ProblemView } from '@/components/Problems'

/** What is wrong, whose work it is and when it is tried again. */
export function Trouble({ of }: { of: HandOver }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  return (
    <>
      <p>
        {of.state === 'failed' ? <span className="said-bad"><Icon name="warning" size={16} /> {of.state_title}</span> : of.state_title}
        {of.tries > 0 ? <>, {t('handover.tries', { count: of.tries })}</> : null}
      </p>
      {of.problem ? <p>{of.problem.title}</p> : null}
      {of.state === 'failed' ? <p><strong>{of.next_at ? t('handover.next', { at: format.instant(of.next_at) }) : t('handover.stuck')}</strong></p> : null}
      {of.unit ? <p className="hint">{t('handover.owner', { unit: of.unit.name })}</p> : null}
      {of.problem?.detail ? <details><summary>{t('handover.detail')}</summary><p className="code">{of.problem.detail}</p></details> : null}
      {of.note ? <blockquote>{of.note}</blockquote> : null}
    </>
  )
}

function One({ of, code }: { of: HandOver; code: string }) {
  const { t } = useTranslation('officer')
  const call = useParcelCall(code)
  const [open, setOpen] = useState(false)
  const [note, setNote] = useState('')
  const [reference, setReference] = useState('')
  const act = (action: string, body = {}) => call.mutate({ path: `/hand-overs/${of.id}/actions/${action}`, body }, { onSuccess: () => setOpen(false) })
  return (
    <li>
      <h3>{of.system.name}{of.reference ? <>: <span className="code">{of.reference}</span></> : null}</h3>
      <Trouble of={of} />
      {call.error ? <ProblemView error={call.error} /> : null}
      {of.actions.length > 0 ? (
        <div className="row">
          <Button size="sm" loading={call.isPending} onClick={() => act('retry')}>{t('handover.retry')}</Button>
          <Button size="sm" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>{t('handover.by_hand')}</Button>
        </div>
      ) : null}
      {open && of.actions.length > 0 ? (
        <form className="fields" onSubmit={(event) => { event.preventDefault(); act('done-by-hand', { note, ...(reference.trim() && { reference: reference.trim() }) }) }}>
          <Textarea required label={t('handover.note')} description={t('handover.note_hint')} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          <TextInput label={t('handover.reference')} value={reference} onChange={(event) => setReference(event.currentTarget.value)} />
          <div><Button size="sm" type="submit" loading={call.isPending}>{t('handover.by_hand')}</Button></div>
        </form>
      ) : null}
    </li>
  )
}

/** What of this case goes to other systems. Nothing while there is none. */
export function HandOvers({ code, enabled }: { code: string; enabled: boolean }) {
  const { t } = useTranslation('officer')
  const found = useHandOvers(code, enabled)
  if (found.rows.length === 0) return null
  return (
    <section className="parcel" aria-labelledby="hand-overs">
      <h2 id="hand-overs">{t('handover.title')}</h2>
      <ul className="handovers">{found.rows.map((one) => <One key={one.id} of={one} code={code} />)}</ul>
    </section>
  )
}
