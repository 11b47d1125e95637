import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon'

export interface Moment {
  id: string
  state: 'done' | 'now' | 'next'
  title: ReactNode
  /** When, who, why: small under the title. */
  details?: ReactNode
}

/** A vertical way: what happened, where it is, what comes next. The state is a word for readers, a shape for eyes. */
export function Timeline({ moments, label }: { moments: Moment[]; label: string }) {
  const { t } = useTranslation()
  return (
    <ol className="timeline" aria-label={label}>
      {moments.map(({ id, state, title, details }) => (
        <li key={id} className={`timeline-${state}`} aria-current={state === 'now' ? 'step' : undefined}>
          <span className="timeline-mark">{state === 'done' ? <Icon name="check" size={14} /> : null}</span>
          <div className="timeline-body">
            <p className="timeline-title">
              <span className="visually-hidden">{t(`timeline.${state}`)}: </span>
              {title}
            </p>
            {details ? <div className="timeline-details">{details}</div> : null}
          </div>
        </li>
      ))}
    </ol>
  )
}
