import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useCases } from '@/api/hooks'
import type { CaseRow } from '@/api/types'
import { cityTime, useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { Due } from '../Due'
import { writeFilter, plain } from '../inbox/filters'
import { useNow } from '../now'

const DAY = 24 * 60 * 60 * 1000
const dayOf = (ms: number): string => cityTime(new Date(ms).toISOString())?.date ?? ''

interface Bar { id: string; name: string; count: number; late: number; to: string }

/** A load as a length, in words too; each leads to its rows. */
function Bars({ title, bars }: { title: string; bars: Bar[] }) {
  const { t } = useTranslation('officer')
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return (
    <section className="panel">
      <h2>{title}</h2>
      <ul className="bars">
        {bars.map(({ id, name, count, late, to }) => (
          <li key={id}>
            <Link to={to}>
              <span className="bar-name">{name}</span>
              <span className="bar-track" aria-hidden="true">
                <span className="bar-late" style={{ width: `${(late / most) * 100}%` }} />
                <span className="bar-rest" style={{ width: `${((count - late) / most) * 100}%` }} />
              </span>
              <span className="bar-count">{count}<span className="visually-hidden"> {t('overview.dossiers')}</span></span>
              <span className="bar-said">{late > 0 ? <><Icon name="late" size={14} /> {t('overview.count_late', { count: late })}</> : null}</span>
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

/** The head's picture of the unit, made of its open cases, most pressing first. */
export default function Overview() {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const cases = useCases({ box: 'unit', limit: '200' })
  usePageTitle(t('overview.title'))
  if (!cases.data)
    return <div className="desk">{cases.error ? <ProblemView error={cases.error} onRetry={() => void cases.refetch()} /> : <Loading lines={8} />}</div>

  const { rows } = cases
  const running = (row: CaseRow) => row.status < 9 && !row.clock.paused && row.due_at !== null
  const late = (row: CaseRow) => running(row) && (row.timeliness === 'overdue' || Date.parse(row.due_at ?? '') < now)
  const on = (day: string) => rows.filter((row) => running(row) && !late(row) && cityTime(row.due_at ?? '')?.date === day)
  const grouped = (key: (row: CaseRow) => string | null, name: (row: CaseRow) => string, to: (id: string) => string): Bar[] => {
    const bars = new Map<string, Bar>()
    for (const row of rows) {
      const id = key(row)
      if (id === null) continue
      const bar = bars.get(id) ?? { id, name: name(row), count: 0, late: 0, to: to(id) }
      bars.set(id, { ...bar, count: bar.count + 1, late: bar.late + (late(row) ? 1 : 0) })
    }
    return [...bars.values()].sort((a, b) => b.count - a.count)
  }
  const inUnit = (filter: Partial<typeof plain>) => `/can-bo?${writeFilter({ ...plain, box: 'unit', ...filter })}`
  const overdue = rows.filter(late)
  const today = on(dayOf(now))
  const tomorrow = on(dayOf(now + DAY))
  const days = Array.from({ length: 10 }, (_, i) => ({ ms: now + i * DAY, count: on(dayOf(now + i * DAY)).length }))
  const most = Math.max(1, ...days.map(({ count }) => count))
  const figures = [
    { name: t('overview.open'), count: rows.length, icon: 'folder', meaning: 'plain' }, { name: t('overview.late'), count: overdue.length, icon: 'late', meaning: 'bad' },
    { name: t('overview.today'), count: today.length, icon: 'warning', meaning: 'soon' }, { name: t('overview.tomorrow'), count: tomorrow.length, icon: 'clock', meaning: 'plain' },
  ] as const

  return (
    <div className="desk">
      <div className="inbox-head">
        <h1>{t('overview.title')}</h1>
        <p className="hint">{t(cases.hasNextPage ? 'overview.lead_more' : 'overview.lead', { count: rows.length })}</p>
        {cases.hasNextPage ? (
          <button type="button" className="small-button" disabled={cases.isFetchingNextPage} onClick={() => void cases.fetchNextPage()}>{t('overview.load_more')}</button>
        ) : null}
      </div>
      <dl className="figures">
        {figures.map(({ name, count, icon, meaning }) => (
          <div key={name} className={`figure-${count > 0 ? meaning : 'plain'}`}><dt><Icon name={icon} size={18} /> {name}</dt><dd>{count}</dd></div>
        ))}
      </dl>
      <div className="overview">
        <Bars title={t('overview.by_status')} bars={grouped(({ status }) => String(status), ({ status }) => tc(`status.s${status}`), (status) => inUnit({ status }))} />
        <Bars title={t('overview.by_service')} bars={grouped(({ service }) => service.code, ({ service }) => service.name, (service) => inUnit({ service }))} />
        <section className="panel">
          <h2>{t('overview.days')}</h2>
          <ol className="days">
            {days.map(({ ms, count }) => (
              <li key={ms}>
                <span className="day-count">{count > 0 ? count : ''}</span>
                <span className="day-bar" aria-hidden="true" style={{ height: `${(count / most) * 100}%` }} />
                <span className="day-name">{format.day(new Date(ms).toISOString()).replace(/\/\d{4}$/, '')}</span>
              </li>
            ))}
          </ol>
        </section>
        <Rows title={t('overview.late_list')} rows={overdue} none={t('overview.nothing_late')} now={now} />
        <Rows title={t('overview.tomorrow_list')} rows={[...today, ...tomorrow]} none={t('overview.nothing_tomorrow')} now={now} />
      </div>
    </div>
  )
}
