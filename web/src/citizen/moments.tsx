import { useTranslation } from 'react-i18next'
import type { Case, CaseEvent } from '@/api/types'
import type { Moment } from '@/components/Timeline'
import { useActionWords } from '@/components/useActionWords'
import { DateText } from '@/components/Text'

const nameOf = (unit: string | { name: string } | null): string | null => (unit === null || typeof unit === 'string' ? unit : unit.name)

/** What is certain to come, in the citizen's words; what the flow does inside is shown as it happens. */
function coming(status: Case['status']): ('received' | 'process' | 'result')[] {
  if (status === 1) return ['received', 'process', 'result']
  if (status === 2) return ['process', 'result']
  return status >= 4 && status <= 6 ? ['result'] : []
}

/** The dossier's way: what happened, where it is and who has it, what comes next. */
export function useMoments(one: Case | undefined, events: readonly CaseEvent[]): Moment[] {
  const { t } = useTranslation()
  const words = useActionWords()
  if (!one) return []
  const happened = [...events].sort((a, b) => a.seq - b.seq).map((event): Moment => {
    const who = event.actor ? [event.actor.name, nameOf(event.actor.unit)].filter(Boolean).join(', ') : ''
    return {
      id: `event-${event.seq}`,
      state: 'done',
      title: words(event.action),
      details: (
        <>
          <p><DateText value={event.at} time />{who ? ` · ${who}` : ''}</p>
          {event.note ? <p className="quote">{event.note}</p> : null}
        </>
      ),
    }
  })
  const ended = one.status === 3 || one.status === 7 || one.status === 8 || one.status === 10
  const holder = typeof one.assignee === 'object' ? one.assignee?.name : null
  const now: Moment[] = one.step === null || ended ? [] : [{
    id: 'now',
    state: 'now',
    // Where it is would read twice when the step is called like what has just been done.
    title: one.status === 2 ? t('dossier.now_received') : one.step.title,
    details: (
      <>
        <p>{one.step.role === 'applicant' ? t('dossier.with_you') : t('dossier.at_unit', { unit: (typeof one.step.unit === 'object' ? one.step.unit?.name : null) ?? one.unit.name })}</p>
        {holder && one.step.role !== 'applicant' ? <p>{t('dossier.who', { name: holder })}</p> : null}
      </>
    ),
  }]
  const next = coming(one.status).map((id): Moment => ({
    id: `next-${id}`,
    state: 'next',
    title: t(`dossier.next_${id}`),
    details: id === 'result' && one.due_at ? <p><DateText value={one.due_at} time /></p> : undefined,
  }))
  return [...happened, ...now, ...next]
}
