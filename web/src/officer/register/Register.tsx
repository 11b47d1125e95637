import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { address } from '@/api/http'
import type { Me } from '@/api/types'
import { useFormat } from '@/components/format'
import { usePageTitle } from '@/components/usePage'
import { Viewer } from '../case/Viewer'
import { useNow } from '../now'

const kinds = ['register', 'hand-over-list'] as const
type Kind = (typeof kinds)[number]
const MOST_DAYS = 366
const DAY = 86_400_000

/** The day in the city, as its registers count it. */
const dayOf = (now: number): string => new Date(now + 7 * 3_600_000).toISOString().slice(0, 10)
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** The register of what was received, and the list of what was handed over, of some days; as on paper, and on paper. */
export default function Register({ me }: { me: Me }) {
  const { t } = useTranslation('officer')
  const { day } = useFormat()
  const [search, setSearch] = useSearchParams()
  const today = dayOf(useNow())
  const units = [...new Map(me.roles.flatMap(({ unit }) => (unit ? [[unit.code, unit.name] as const] : []))).entries()]
  const unit = units.find(([code]) => code === search.get('don-vi'))?.[0] ?? units[0]?.[0]
  const kind: Kind = kinds.find((k) => k === search.get('loai')) ?? 'register'
  const from = search.get('tu') ?? today
  const to = search.get('den') ?? today
  const set = (name: string, value: string) =>
    setSearch((was) => {
      was.set(name, value)
      return was
    }, { replace: true })
  const title = t(`register.${kind === 'register' ? 'received' : 'handed'}`)
  usePageTitle(title)
  const wrong = !isDay(from) || !isDay(to) || to < from || (Date.parse(to) - Date.parse(from)) / DAY >= MOST_DAYS
  if (!unit) return null
  const place = address(`/units/${encodeURIComponent(unit)}/register?from=${from}&to=${to}&kind=${kind}`)
  return (
    <div className="desk register">
      <h1>{title}</h1>
      <div className="filters no-print">
        <div className="more-filters">
          {units.length > 1 ? (
            <label>
              {t('register.unit')}
              <select value={unit} onChange={(event) => set('don-vi', event.target.value)}>
                {units.map(([code, name]) => <option key={code} value={code}>{name}</option>)}
              </select>
            </label>
          ) : null}
          <label>
            {t('register.kind')}
            <select value={kind} onChange={(event) => set('loai', event.target.value)}>
              <option value="register">{t('register.received')}</option>
              <option value="hand-over-list">{t('register.handed')}</option>
            </select>
          </label>
          <fieldset>
            <legend>{t('register.days')}</legend>
            <label>
              <span>{t('inbox.day_from')}</span>
              <input type="date" value={from} onChange={(event) => set('tu', event.target.value)} />
            </label>
            <label>
              <span>{t('inbox.day_to')}</span>
              <input type="date" value={to} onChange={(event) => set('den', event.target.value)} />
            </label>
          </fieldset>
        </div>
      </div>
      {wrong ? <p role="alert">{t('register.wrong')}</p> : <Viewer key={place} place={place} mediaType="application/pdf" title={`${title} ${[...new Set([day(from), day(to)])].join(' – ')}`} />}
    </div>
  )
}
