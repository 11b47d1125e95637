import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { CaseRow } from '@/api/types'
import { CaseDeadline, StatusChip } from '@/components/Chips'
import { useFormat } from '@/components/format'

/** A deadline is shown while there is one to keep. */
const running = ({ status }: CaseRow) => status === 2 || status === 4 || status === 5 || status === 6

export function DossierList({ cases }: { cases: readonly CaseRow[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (cases.length === 0) return null
  return (
    <ul className="cards">
      {cases.map((one) => (
        <li key={one.code} className="card card-link">
          <p className="card-over code">{one.code}</p>
          <Link to={`/ho-so/${encodeURIComponent(one.code)}`} className="card-title">{one.service.name}</Link>
          <p className="card-text">
            {one.unit.name}
            {one.submitted_at ? ` · ${t('dossiers.submitted', { at: format.day(one.submitted_at) })}` : null}
          </p>
          <p className="chips">
            <StatusChip status={one.status} />
            {running(one) ? <CaseDeadline of={one} /> : null}
          </p>
        </li>
      ))}
    </ul>
  )
}
