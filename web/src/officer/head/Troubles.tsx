import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useTroubles } from '@/api/hooks'
import { Icon } from '@/components/Icon'
import { Trouble } from '../case/HandOvers'

/** What of the unit's does not get through to other systems; each leads to its dossier. */
export function Troubles({ unit }: { unit: string }) {
  const { t } = useTranslation('officer')
  const { rows, data } = useTroubles(unit)
  if (!data) return null
  return (
    <section className="panel">
      <h2>{t('handover.board')}{rows.length > 0 ? ` (${rows.length}${data.pages.at(-1)?.next ? '+' : ''})` : ''}</h2>
      {rows.length === 0 ? <p className="hint"><Icon name="check" size={16} /> {t('handover.none')}</p> : null}
      <ul className="handovers">
        {rows.slice(0, 12).map((one) => (
          <li key={one.id}>
            <h3>{one.system.name}{one.case ? <>: <Link to={`/can-bo/ho-so/${encodeURIComponent(one.case)}`} className="code">{one.case}</Link></> : null}</h3>
            <Trouble of={one} />
          </li>
        ))}
      </ul>
    </section>
  )
}
