import { useTranslation } from 'react-i18next'
import type { CaseEvent } from '@/api/types'
import { useActionWords } from '@/components/useActionWords'
import { useWhen } from '../Due'

/** The log, the latest on top. */
export function History({ events, now }: { events: readonly CaseEvent[]; now: number }) {
  const when = useWhen()
  const { t } = useTranslation('officer')
  const words = useActionWords()
  return (
    <ol className="history" reversed>
      {[...events].reverse().map(({ seq, at, actor, action, note, receiver }) => (
        <li key={seq}>
          <p className="history-what">{words(action)}</p>
          <p className="hint">
            {[actor?.name, actor?.on_behalf_of ? t('dossier.on_behalf', { name: actor.on_behalf_of }) : null, typeof actor?.unit === 'string' ? actor.unit : actor?.unit?.name].filter(Boolean).join(', ')}
            {' · '}<time dateTime={at}>{when(at, now)}</time>
          </p>
          {receiver ? <p className="history-note">{[t('dossier.signed_for', { name: receiver.name, relation: t(`act.relations.${receiver.relation}`) }), receiver.proof].filter(Boolean).join(', ')}</p> : null}
          {note ? <p className="history-note">{note}</p> : null}
        </li>
      ))}
    </ol>
  )
}
