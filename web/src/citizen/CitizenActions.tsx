import { Button, Modal, Textarea } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAction, type ActionCall } from '@/api/hooks'
import type { Action, Case } from '@/api/types'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ErrorSummary, ProblemView } from '@/components/Problems'

const Supplement = lazy(() => import('./Supplement'))

type Act = (body: ActionCall) => void
interface OneProps { action: Action; busy: boolean; act: Act }

/** Asks once, says what follows, and does it. */
function Withdraw({ action, busy, act }: OneProps) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>{action.title}</Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={action.title} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <p>{t('dossier.withdraw_sure')}</p>
        <div className="row">
          <Button color="red" loading={busy} onClick={() => { act({}); setAsking(false) }}>{t('dossier.withdraw_yes')}</Button>
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>{t('common.cancel')}</Button>
        </div>
      </Modal>
    </>
  )
}

/** Any other action of a flow's own: with a message when it needs one. */
function Plain({ action, busy, act }: OneProps) {
  const { t } = useTranslation()
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const needsNote = action.needs.includes('note')
  const go = () => {
    setMissing(needsNote && !note.trim())
    if (!needsNote || note.trim()) act(needsNote ? { note: note.trim() } : {})
  }
  const id = `note-${action.id}`
  return (
    <div className="fields">
      {missing ? <ErrorSummary errors={[{ target: id, message: t('dossier.note_missing') }]} /> : null}
      {needsNote ? <Textarea id={id} label={t('dossier.note')} rows={3} value={note} error={missing ? t('dossier.note_missing') : undefined} onChange={(event) => setNote(event.currentTarget.value)} /> : null}
      <div><Button variant="default" loading={busy} onClick={go}>{action.title}</Button></div>
    </div>
  )
}

/** Needs that a citizen's page can meet; an action that asks more belongs to another page. */
const meetable = new Set(['note', 'papers', 'form'])

export function CitizenActions({ of }: { of: Case }) {
  const { t } = useTranslation()
  const action = useAction(of.code)
  const actions = of.actions.filter(({ id, needs }) => id === 'supplement' || needs.every((need) => meetable.has(need)))
  const act = (id: string): Act => (body) => action.mutate({ action: id, version: of.version, body })
  const one = (given: Action) => {
    const props = { action: given, busy: action.isPending, act: act(given.id) }
    if (given.id === 'supplement') return <Suspense fallback={<Loading />}><Supplement {...props} of={of} /></Suspense>
    return given.id === 'withdraw' ? <Withdraw {...props} /> : <Plain {...props} />
  }
  return (
    <>
      {action.error ? <ProblemView error={action.error} /> : null}
      <p role="status">{action.isSuccess ? <><Icon name="check" /> {t('dossier.action_done')}</> : null}</p>
      {actions.length > 0 ? (
        <section aria-labelledby="actions" className="no-print">
          <h2 id="actions">{t('dossier.actions')}</h2>
          <div className="fields">
            {[...actions].sort((a, b) => Number(b.id === 'supplement') - Number(a.id === 'supplement')).map((given) => <div key={given.id}>{one(given)}</div>)}
          </div>
        </section>
      ) : null}
    </>
  )
}
