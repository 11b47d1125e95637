import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useBoard, useCases } from '@/api/hooks'
import type { CaseRow, Me, Tally } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { Due } from '../Due'
import { writeFilter, plain } from '../inbox/filters'
import { useNow } from '../now'
import { Troubles } from './Troubles'

interface Bar { id: string; name: string; tally: Tally; to: string }

/** A load as a length, in words too; each leads to its rows. */
function Bars({ title, bars }: { title: string; bars: Bar[] }) {
  const { t } = useTranslation('officer')
  const most = Math.max(1, ...bars.map(({ tally }) => tally.open))
  return (
    <section className="panel">
      <h2>{title}</h2>
      {bars.length === 0 ? <p className="hint">{t('overview.none_open')}</p> : null}
      <ul className="bars">
        {bars.map(({ id, name, tally: { open, late, silent, tomorrow }, to }) => (
          <li key={id}>
            <Link to={to}>
              <span className="bar-name">{name}</span>
              <span className="bar-track" aria-hidden="true">
                <span className="bar-late" style={{ width: `${(late / most) * 100}%` }} />
                <span className="bar-rest" style={{ width: `${((open - late) / most) * 100}%` }} />
              </span>
              <span className="bar-count">{open}<span className="visually-hidden"> {t('overview.dossiers')}</span></span>
              <span className="bar-said">
                {late > 0 ? <span className="said-bad"><Icon name="late" size={14} /> {t('overview.count_late', { count: late })}</span> : null}
                {silent > 0 ? <span className="said-soon"><Icon name="warning" size={14} /> {t('overview.count_silent', { count: silent })}</span> : null}
                {tomorrow > 0 ? <span><Icon name="clock" size={14} /> {t('overview.count_tomorrow', { count: tomorrow })}</span> : null}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Rows({ title, rows, none, now }: { title: string; rows: CaseRow[]; none: string; now: number }) {
  return (
    <section className="panel">
      <h2>{title}</h2>
      {rows.length === 0 ? <p className="hint"><Icon name="check" size={16} /> {none}</p> : null}
      <ul className="short-rows">
        {rows.slice(0, 12).map((row) => (
          <li key={row.code}>
            <Due of={row} now={now} short />
            <Link to={`/can-bo/ho-so/${encodeURIComponent(row.code)}`}>{row.applicant.name}</Link>
            <span>{row.service.name}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const inUnit = (filter: Partial<typeof plain>) => `/can-bo?${writeFilter({ ...plain, box: 'unit', ...filter })}`

/** The units whose cases this person answers for or oversees. */
const unitsOf = (me: Me) => {
  const found = new Map<string, string>()
  for (const { role, unit } of me.roles) if (unit && role !== 'citizen' && role !== 'admin') found.set(unit.code, unit.name)
  return [...found].map(([code, name]) => ({ code, name }))
}

/** The head's picture of a unit, counted over all its open cases; each figure leads to its rows. */
export default function Overview({ me }: { me: Me }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const now = useNow()
  const units = unitsOf(me)
  const [chosen, setChosen] = useState(units[0]?.code ?? '')
  const board = useBoard(chosen)
  const late = useCases({ box: 'unit', unit: chosen, late: '1', limit: '12' }, chosen !== '')
  const day = board.data?.days[1]?.day
  const soon = useCases({ box: 'unit', unit: chosen, due_from: board.data?.days[0]?.day, due_to: day, limit: '12' }, day !== undefined)
  usePageTitle(t('overview.title'))
  if (!board.data)
    return <div className="desk">{board.error ? <ProblemView error={board.error} onRetry={() => void board.refetch()} /> : <Loading lines={8} />}</div>

  const { officers, statuses, services, days, unit, spared, ...all } = board.data
  const most = Math.max(1, ...days.map(({ due }) => due))
  const figures = [
    { name: t('overview.open'), count: all.open, icon: 'folder', meaning: 'plain', to: inUnit({}) },
    { name: t('overview.late'), count: all.late, icon: 'late', meaning: 'bad', to: inUnit({ late: true }) },
    { name: t('overview.silent'), count: all.silent, icon: 'warning', meaning: 'soon', to: inUnit({ silent: true }) },
    { name: t('overview.tomorrow'), count: all.tomorrow, icon: 'clock', meaning: 'plain', to: inUnit({ due_from: day, due_to: day }) },
  ] as const

  return (
    <div className="desk">
      <div className="inbox-head">
        <h1>{t('overview.title')}</h1>
        {units.length > 1 ? (
          <label className="filter-select">
            <span className="visually-hidden">{t('overview.unit')}</span>
            <select value={chosen} onChange={(event) => setChosen(event.target.value)}>
              {units.map(({ code, name }) => <option key={code} value={code}>{name}</option>)}
            </select>
          </label>
        ) : <p>{unit.name}</p>}
        <p className="hint">{t(all.whole ? 'overview.lead' : 'overview.lead_more', { count: all.open })}</p>
      </div>
      <dl className="figures">
        {figures.map(({ name, count, icon, meaning, to }) => (
          <div key={name} className={`figure-${count > 0 ? meaning : 'plain'}`}><dt><Icon name={icon} size={18} /> {name}</dt><dd><Link to={to}>{count}</Link></dd></div>
        ))}
        <div className="figure-plain">
          <dt><Icon name="check" size={18} /> {t('overview.spared')}</dt>
          <dd>{spared.papers}</dd>
          <dd className="figure-of">{t('overview.spared_of', { days: spared.days, count: spared.dossiers })}</dd>
        </div>
      </dl>
      <div className="overview">
        <Bars
          title={t('overview.by_officer')}
          bars={officers.map(({ officer, ...tally }) => ({
            id: officer?.id ?? 'none', name: officer ? (officer.name ?? officer.id) : t('overview.nobody'), tally, to: inUnit({ assignee: officer?.id ?? 'none' }),
          }))}
        />
        <section className="panel">
          <h2>{t('overview.days')}</h2>
          <ol className="days">
            {days.slice(0, 10).map(({ day: date, due }) => (
              <li key={date}>
                <Link to={inUnit({ due_from: date, due_to: date })} className="day-link">
                  <span className="day-count">{due > 0 ? due : ''}</span>
                  <span className="day-bar" aria-hidden="true" style={{ height: `${(due / most) * 100}%` }} />
                  <span className="day-name">{format.day(`${date}T05:00:00Z`).replace(/\/\d{4}$/, '')}</span>
                  {due === 0 ? <span className="visually-hidden">{t('overview.none_due')}</span> : null}
                </Link>
              </li>
            ))}
          </ol>
        </section>
        <Troubles unit={chosen} />
        <Bars title={t('overview.by_status')} bars={statuses.map(({ status, title, ...tally }) => ({ id: String(status), name: title, tally, to: inUnit({ status: String(status) }) }))} />
        <Bars title={t('overview.by_service')} bars={services.slice(0, 12).map(({ code, name, ...tally }) => ({ id: code, name, tally, to: inUnit({ service: code }) }))} />
        <Rows title={t('overview.late_list')} rows={late.rows} none={t('overview.nothing_late')} now={now} />
        <Rows title={t('overview.tomorrow_list')} rows={soon.rows} none={t('overview.nothing_tomorrow')} now={now} />
      </div>
    </div>
  )
}
