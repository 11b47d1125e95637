import { useTranslation } from 'react-i18next'
import type { CaseEvent } from '@/api/types'
import { useWhen } from '../Due'

const known = [
  'submit', 'receive', 'refuse', 'request-supplement', 'supplement', 'hand-over', 'assign', 'consult', 'answer', 'submit-for-signature', 'approve',
  'reject', 'return-to-step', 'apologise', 'stop', 'withdraw', 'pay', 'deliver', 'archive', 'request-payment', 'reopen', 'ask', 'answered',
  'asked', 'silence', 'silent', 'recall', 'go-on', 'withdraw-result', 'correct-result', 'paper-withdrawn', 'paper-superseded',
] as const
type Underscored<S extends string> = S extends `${infer A}-${infer B}` ? `${A}_${Underscored<B>}` : S

export function useActionWords() {
  const { t } = useTranslation()
  return (action: string): string =>
    (known as readonly string[]).includes(action) ? t(`action.${action.replaceAll('-', '_') as Underscored<(typeof known)[number]>}`) : t('action.other')
}

/** The log, the latest on top. */
export function History({ events, now }: { events: readonly CaseEvent[]; now: number }) {
  const when = useWhen()
  const { t } = useTranslation('officer')
  const words = useActionWords()
  return (
    <ol className="history" reversed>
      {[...events].reverse().map(({ seq, at, actor, action, note }) => (
        <li key={seq}>
          <p className="history-what">{words(action)}</p>
          <p className="hint">
            {[actor?.name, actor?.on_behalf_of ? t('dossier.on_behalf', { name: actor.on_behalf_of }) : null, typeof actor?.unit === 'string' ? actor.unit : actor?.unit?.name].filter(Boolean).join(', ')}
            {' · '}<time dateTime={at}>{when(at, now)}</time>
          </p>
          {note ? <p className="history-note">{note}</p> : null}
        </li>
      ))}
    </ol>
  )
}
