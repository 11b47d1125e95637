import { useRef, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '@/components/format'
import { dayOf, iso, type Mark } from './days'
import { wordsOf } from './words'

const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }

/** A year on one sheet: one stop of the tab key, arrows between the days. */
export function YearView({ year, marks, chosen, onChoose }: { year: number; marks: Map<string, Mark>; chosen: string; onChoose: (day: string) => void }) {
  const { t } = useTranslation('setup')
  const format = useFormat()
  const sheet = useRef<HTMLDivElement>(null)
  const focus = chosen.startsWith(String(year)) ? chosen : `${year}-01-01`
  const walk = (event: KeyboardEvent) => {
    const by = steps[event.key]
    if (!by) return
    event.preventDefault()
    const to = iso(new Date(dayOf(focus).getTime() + by * 86_400_000))
    if (!to.startsWith(String(year))) return
    onChoose(to)
    sheet.current?.querySelector<HTMLElement>(`[data-day="${to}"]`)?.focus()
  }
  const say = (day: string): string => {
    const mark = marks.get(day)
    return [format.day(day), mark ? t(`day.${mark.kind}`) : '', wordsOf(mark?.title)].filter(Boolean).join(', ')
  }
  return (
    // The arrows are heard from the days inside, which are buttons.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="year" ref={sheet} onKeyDown={walk}>
      {Array.from({ length: 12 }, (_, month) => {
        const lead = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7
        const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
        return (
          <section key={month} className="month" aria-label={t('month', { n: month + 1 })}>
            <h3>{t('month', { n: month + 1 })}</h3>
            <div className="month-days">
              {([1, 2, 3, 4, 5, 6, 0] as const).map((weekday) => <span key={weekday} className="month-head" aria-hidden="true">{t(`short.d${weekday}`)}</span>)}
              {Array.from({ length: lead }, (_unused, i) => <span key={`lead${i}`} />)}
              {Array.from({ length: days }, (_unused, i) => {
                const day = iso(new Date(Date.UTC(year, month, i + 1)))
                return (
                  <button key={day} type="button" data-day={day} className={`day day-${marks.get(day)?.kind ?? 'work'}`} tabIndex={day === focus ? 0 : -1} aria-pressed={day === chosen} aria-label={`${i + 1}: ${say(day)}`} title={say(day)} onClick={() => onChoose(day)}>{i + 1}</button>
                )
              })}
            </div>
          </section>
        )
      })}
      <p className="hint year-key">
        {(['holiday', 'off', 'worked', 'half', 'rest'] as const).map((kind) => <span key={kind}><span className={`day day-${kind}`} aria-hidden="true">9</span> {t(`day.${kind}`)}</span>)}
      </p>
    </div>
  )
}
