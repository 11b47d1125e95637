import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Case } from '@/api/types'
import { useFormat } from './format'
import { Icon } from './Icon'

/** What other units were asked, until when, and what they said. `to` says where a child case is looked at; none: it is not. */
export function Asked({ of, to }: { of: Case; to?: (code: string) => string }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (of.asked.length === 0) return null
  return (
    <section aria-labelledby="asked">
      <h2 id="asked">{t('dossier.asked')}</h2>
      <ul className="plain">
        {of.asked.map((one) => (
          <li key={one.case}>
            <p>
              <strong>{one.unit.name}</strong>: {one.title}
              {to ? <>{' '}<Link to={to(one.case)} className="code">{one.case}</Link></> : null}
            </p>
            <p className="hint">
              {one.answered_at ? t('dossier.asked_answered', { at: format.instant(one.answered_at) }) : t('dossier.asked_until', { at: one.due_at ? format.instant(one.due_at) : '' })}
              {one.late ? <>{' '}<Icon name="clock" size={16} /> {t('dossier.asked_late')}</> : null}
            </p>
            {one.answer ? <blockquote>{one.answer}</blockquote> : null}
          </li>
        ))}
      </ul>
    </section>
  )
}
