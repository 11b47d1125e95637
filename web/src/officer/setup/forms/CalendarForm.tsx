import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '@/components/format'
import { isObject } from '@/components/schema/pointer'
import { at, useEditing, useValue } from './editing'
import { isDay, marksOf, weekdays, yearsOf, type Mark } from './days'
import { Field, Part, Rows, Title, type Option } from './fields'
import { useUnits } from './known'
import { wordsOf } from './words'
import { append, nameFor, put, type Path } from './text'
import { YearView } from './YearView'

function useIds(): string[] {
  const { body } = useEditing()
  return Array.isArray(body.holidays) ? body.holidays.map((one: unknown) => (isObject(one) ? String(one.id) : '')) : []
}

/** A working day becomes one off: it is named, or exchanged for a day of rest. */
function NewDay({ day }: { day: string }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const ids = useIds()
  const [vi, setVi] = useState('')
  const [en, setEn] = useState('')
  const [yearly, setYearly] = useState(false)
  const [worked, setWorked] = useState('')
  const [asked, setAsked] = useState(false)
  const add = () => {
    setAsked(true)
    const name = vi.trim()
    if (name === '') return
    change((doc) => append(doc, ['holidays'], { id: nameFor(name, ids, '-'), name: { vi: name, en: en.trim() || name }, ...(yearly ? { on: day.slice(5), from: day } : { dates: [day] }) }))
  }
  const swap = () => { if (isDay(worked)) change((doc) => append(doc, ['swaps'], { off: day, worked })) }
  const bare = asked && vi.trim() === ''
  return (
    <>
      <div className="set-pair">
        <div className="set-field">
          <label htmlFor="day-vi">{t('in_vi', { label: t('holiday_name') })}</label>
          <input id="day-vi" value={vi} aria-invalid={bare} aria-describedby={bare ? 'day-bare' : undefined} autoComplete="off" onChange={(event) => setVi(event.target.value)} />
          {bare ? <p className="field-error" id="day-bare">{t('holiday_bare')}</p> : null}
        </div>
        <div className="set-field"><label htmlFor="day-en">{t('in_en', { label: t('holiday_name') })}</label><input id="day-en" value={en} autoComplete="off" onChange={(event) => setEn(event.target.value)} /></div>
      </div>
      <div className="set-tick"><label><input type="checkbox" checked={yearly} onChange={(event) => setYearly(event.target.checked)} /> {t('yearly')}</label></div>
      <button type="button" className="small-button" onClick={add}>{t('add_holiday')}</button>
      <div className="set-field"><label htmlFor="day-worked">{t('swap_worked')}</label><input id="day-worked" type="date" value={worked} onChange={(event) => setWorked(event.target.value)} /></div>
      <button type="button" className="small-button" disabled={!isDay(worked)} onClick={swap}>{t('add_swap')}</button>
    </>
  )
}

function KnownHoliday({ day, mark }: { day: string; mark: Mark }) {
  const { t } = useTranslation('setup')
  const { body, change } = useEditing()
  const path: Path = ['holidays', mark.row]
  const dates = at(body, [...path, 'dates'])
  const own = Array.isArray(dates) ? dates.indexOf(day) : -1
  const remove = (all: boolean) => change((doc) => put(doc, all || !Array.isArray(dates) || dates.length === 1 ? path : [...path, 'dates', own], undefined))
  return (
    <>
      <Title path={[...path, 'name']} label={t('holiday_name')} />
      {own >= 0 && Array.isArray(dates) && dates.length > 1 ? <button type="button" className="small-button" onClick={() => remove(false)}>{t('remove_day')}</button> : null}
      <button type="button" className="small-button" onClick={() => remove(true)}>{t('remove_holiday')}</button>
    </>
  )
}

function ThisDay({ day, mark }: { day: string; mark: Mark | undefined }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const format = useFormat()
  const [swap] = useValue(['swaps', mark?.row ?? -1])
  const plain = !mark || mark.kind === 'rest' || mark.kind === 'half'
  return (
    <div className="set-day" role="group" aria-label={format.day(day)}>
      <h3>{format.day(day)}</h3>
      <p className="hint">{mark ? [t(`day.${mark.kind}`), wordsOf(mark.title)].filter(Boolean).join(': ') : t('day.work')}</p>
      {plain ? <NewDay key={day} day={day} /> : mark.kind === 'holiday' ? <KnownHoliday day={day} mark={mark} /> : (
        <>
          {isObject(swap) ? <p>{t('swap_is', { off: format.day(String(swap.off)), worked: isDay(swap.worked) ? format.day(swap.worked) : '…' })}</p> : null}
          <button type="button" className="small-button" onClick={() => change((doc) => put(doc, ['swaps', mark.row], undefined))}>{t('remove_swap')}</button>
        </>
      )}
    </div>
  )
}

function Year() {
  const { t } = useTranslation('setup')
  const { body } = useEditing()
  const years = yearsOf(body)
  const now = new Date().getFullYear()
  const [year, setYear] = useState(years.includes(now) ? now : (years[0] ?? now))
  const [unit, setUnit] = useState('')
  const [chosen, setChosen] = useState('')
  const marks = useMemo(() => marksOf(body, year, unit), [body, year, unit])
  const names = useUnits()
  const own = Array.isArray(body.units) ? body.units.map((one: unknown) => (isObject(one) ? String(one.unit) : '')) : []
  return (
    <>
      <div className="set-pair">
        <div className="set-field set-short"><label htmlFor="set-year">{t('year')}</label><select id="set-year" value={year} onChange={(event) => setYear(Number(event.target.value))}>{years.map((one) => <option key={one}>{one}</option>)}</select></div>
        {own.length > 0 ? (
          <div className="set-field"><label htmlFor="set-unit">{t('as_seen_by')}</label><select id="set-unit" value={unit} onChange={(event) => setUnit(event.target.value)}><option value="">{t('whole_city')}</option>{own.map((one) => <option key={one} value={one}>{names.find(({ key }) => key === one)?.title ?? one}</option>)}</select></div>
        ) : null}
      </div>
      {isDay(chosen) ? <ThisDay day={chosen} mark={marks.get(chosen)} /> : <p className="hint">{t('choose_day')}</p>}
      <YearView year={year} marks={marks} chosen={chosen} onChoose={setChosen} />
    </>
  )
}

function Extra({ path }: { path: Path }) {
  const { t } = useTranslation('setup')
  const [hours, set] = useValue([...path, 'hours'])
  const days: Option[] = weekdays.map((value, i) => ({ value, label: t(`long.d${i as 0}`) }))
  const span = Array.isArray(hours) ? hours.join(', ') : ''
  return (
    <>
      <Field path={[...path, 'weekday']} label={t('weekday')} options={days} />
      <Hours path={[...path, 'hours']} value={span} onTake={set} />
      <div className="set-pair">
        <Field path={[...path, 'from']} label={t('from')} type="date" />
        <Field path={[...path, 'to']} label={t('to')} type="date" />
      </div>
    </>
  )
}

function Hours({ path, value, onTake }: { path: Path; value: string; onTake: (hours: unknown) => void }) {
  const { t } = useTranslation('setup')
  const [first = '', last = ''] = value.split('-')
  const take = (from: string, to: string) => onTake([`${from}-${to}`])
  return (
    <div className="set-pair" data-pointer={path.join('/')}>
      <label className="set-field">{t('opens')}<input type="time" value={first} onChange={(event) => take(event.target.value, last)} /></label>
      <label className="set-field">{t('closes')}<input type="time" value={last} onChange={(event) => take(first, event.target.value)} /></label>
    </div>
  )
}

/** Half Saturdays: which unit is open when, besides everybody's hours. */
function Units() {
  const { t } = useTranslation('setup')
  const units = useUnits()
  const choices = units.map(({ key, title }) => ({ value: key, label: title ?? key }))
  return (
    <Rows path={['units']} label={t('part_saturdays')} add={t('add_saturday')} fresh={() => ({ unit: '', extra: [{ weekday: 'saturday', hours: ['07:30-11:30'] }] })} name={(one, i) => (isObject(one) && choices.find(({ value }) => value === one.unit)?.label) || t('nth', { n: i + 1 })}>
      {(path) => (
        <>
          <Field path={[...path, 'unit']} label={t('unit_name')} options={choices} none={t('choose')} />
          <Rows path={[...path, 'extra']} label={t('open_days')} open add={t('add_open_day')} fresh={() => ({ weekday: 'saturday', hours: ['07:30-11:30'] })} name={(_, i) => t('nth', { n: i + 1 })}>
            {(row) => <Extra path={row} />}
          </Rows>
        </>
      )}
    </Rows>
  )
}

export function CalendarForm() {
  const { t } = useTranslation('setup')
  return (
    <>
      <Part title={t('part_year')} hint={t('part_year_hint')}><Year /></Part>
      <Part title={t('part_saturdays')} hint={t('part_saturdays_hint')}><Units /></Part>
    </>
  )
}
