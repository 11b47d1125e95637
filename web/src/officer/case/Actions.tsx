import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ActionCall, useAction } from '@/api/hooks'
import type { Action, Case, Entry } from '@/api/types'
import { Dialog } from '@/components/Dialog'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { ProblemView } from '@/components/Problems'
import type { Definition } from '../api'
import { useWhen } from '../Due'
import { useKeys } from '../keys'
import { ActionForm, asks } from './ActionForm'

/** What cannot be taken back and hurts somebody is asked once more. */
const harsh = new Set(['refuse', 'reject', 'stop'])
const explained = ['refuse', 'reject', 'stop', 'receive', 'request-supplement', 'approve', 'apologise', 'deliver', 'pay', 'assign'] as const
const passes = new Set(['hand-over', 'submit-for-signature', 'submit-for-check', 'consult', 'answer', 'return-to-step'])
/** Steps aside: never the one that is offered first. */
const aside = new Set(['assign', 'consult', 'apologise', 'pay', 'request-payment', 'set-fee', 'request-supplement', 'return-to-step'])
const letters: Record<string, string> = { receive: 'r', 'hand-over': 'h' }

interface ActionsProps {
  of: Case
  now: number
  definition: Definition | null
  run: ReturnType<typeof useAction>
  entry: Entry | null
  onFindEntry: (open: boolean) => void
  onDone: (fresh: Case) => void
}

/** What may be done now, each with what follows from it. Anything else is not offered. */
export function Actions({ of, now, definition, run, entry, onFindEntry, onDone }: ActionsProps) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const when = useWhen()
  const [open, setOpen] = useState<string | null>(null)
  const [asking, setAsking] = useState<{ action: Action; body: ActionCall } | null>(null)
  const [done, setDone] = useState<string | null>(null)
  const message = useRef<HTMLParagraphElement>(null)
  const { actions } = of
  const forward = actions.find(({ id }) => !harsh.has(id) && !aside.has(id))

  const send = (action: Action, body: ActionCall) => {
    setAsking(null)
    setDone(null)
    run.mutate({ action: action.id, version: of.version, body }, {
      onSuccess: (fresh) => {
        setOpen(null)
        setDone(action.title)
        onFindEntry(false)
        onDone(fresh)
        message.current?.focus()
      },
    })
  }
  const start = (action: Action) => {
    run.reset()
    if (!asks(action, of)) {
      if (harsh.has(action.id)) setAsking({ action, body: {} })
      else send(action, {})
      return
    }
    const opening = open !== action.id
    setOpen(opening ? action.id : null)
    onFindEntry(opening && action.needs.includes('entry'))
    if (opening) setTimeout(() => document.querySelector<HTMLElement>('.act-form :is(select, textarea, input, button)')?.focus())
  }
  const consequence = (action: Action): string[] => {
    const lines: string[] = []
    if (action.hint) lines.push(passes.has(action.id) && of.due_at ? `${action.hint}. ${t('dossier.due')}: ${when(of.due_at, now)}.` : action.hint)
    const said = explained.find((id) => id === action.id)
    if (said) lines.push(t(`act.after.${said}`, { amount: format.money(of.fee?.amount) }))
    return lines
  }
  const numbered = Object.fromEntries(actions.slice(0, 9).map((action, i) => [String(i + 1), () => start(action)]))
  const lettered: Record<string, () => void> = {}
  for (const action of actions) {
    const letter = letters[action.id]
    if (letter) lettered[letter] = () => start(action)
  }
  useKeys(run.isPending ? {} : { ...numbered, ...lettered })

  return (
    <>
      <p role="status" tabIndex={-1} ref={message} className={done ? 'act-done' : 'visually-hidden'}>
        {done ? <><Icon name="check" size={16} /> {t('dossier.done', { action: done })}. {t('dossier.done_logged')}</> : null}
      </p>
      {run.error ? <ProblemView error={run.error} /> : null}
      {actions.length === 0 ? (
        <p className="hint">
          {t('dossier.actions_none')}{' '}
          {of.step ? t('dossier.actions_waiting', { who: of.step.role ? t(`role.${of.step.role}`) : '', step: of.step.title }) : t('dossier.actions_over')}
        </p>
      ) : null}
      <ul className="acts">
        {actions.map((action, i) => (
          <li key={action.id} className={harsh.has(action.id) ? 'act act-harsh' : action === forward ? 'act act-first' : 'act'}>
            <button
              type="button" className="act-button" disabled={run.isPending} aria-expanded={asks(action, of) ? open === action.id : undefined}
              aria-describedby={`after-${action.id}`} onClick={() => start(action)}
            >
              <span>{action.title}</span>
              <kbd aria-hidden="true">{letters[action.id] ?? i + 1}</kbd>
            </button>
            <div id={`after-${action.id}`} className="act-after">{consequence(action).map((line) => <p key={line}>{line}</p>)}</div>
            {open === action.id ? (
              <ActionForm
                action={action} of={of} definition={definition} entry={entry} busy={run.isPending}
                onFindEntry={() => onFindEntry(true)}
                onRun={(body) => (harsh.has(action.id) ? setAsking({ action, body }) : send(action, body))}
                onCancel={() => { setOpen(null); onFindEntry(false) }}
              />
            ) : null}
          </li>
        ))}
      </ul>
      <Dialog
        opened={asking !== null} onClose={() => setAsking(null)}
        title={asking ? t('act.confirm_title', { action: asking.action.title, code: of.code }) : ''}
      >
        {asking ? (
          <>
            {consequence(asking.action).map((line) => <p key={line}>{line}</p>)}
            {asking.body.note ? <blockquote>{asking.body.note}</blockquote> : null}
            <div className="row">
              <button type="button" className="small-button act-sure" onClick={() => send(asking.action, asking.body)}>{t('act.confirm_yes', { action: asking.action.title })}</button>
              <button type="button" className="small-button" onClick={() => setAsking(null)}>{t('act.confirm_no')}</button>
            </div>
          </>
        ) : null}
      </Dialog>
    </>
  )
}
