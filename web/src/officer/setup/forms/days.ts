import type { JsonObject } from '@/api/types'
import { isObject } from '@/components/schema/pointer'

export type DayKind = 'holiday' | 'off' | 'worked' | 'half' | 'rest'
export interface Mark {
  kind: DayKind
  title: unknown
  /** The row it comes from, in `holidays` or `swaps`. */
  row: number
}

export const iso = (day: Date): string => day.toISOString().slice(0, 10)
export const dayOf = (text: string): Date => new Date(`${text}T00:00:00Z`)
const later = (text: string, days: number): string => iso(new Date(dayOf(text).getTime() + days * 86_400_000))
export const isDay = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayOf(text).getTime())
export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

const rows = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.map((one: unknown) => (isObject(one) ? one : {})) : [])

/** The years that the calendar knows, by its span. */
export function yearsOf(body: JsonObject): number[] {
  const span = isObject(body.span) ? body.span : {}
  const [first, last] = [span.from, span.to].map((day) => (typeof day === 'string' ? Number(day.slice(0, 4)) : NaN)) as [number, number]
  return first > 1900 && last >= first && last - first < 200 ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : []
}

function startsOf(holiday: JsonObject, year: number): string[] {
  const on = typeof holiday.on === 'string' ? [`${year}-${holiday.on}`] : []
  const dates = Array.isArray(holiday.dates) ? holiday.dates.filter(isDay).filter((date) => Number(date.slice(0, 4)) === year) : []
  return [...on, ...dates].filter(isDay).filter((date) => !(isDay(holiday.from) && date < holiday.from) && !(isDay(holiday.to) && date > holiday.to))
}

function holidays(body: JsonObject, year: number, marks: Map<string, Mark>): void {
  rows(body.holidays).forEach((holiday, row) => {
    const mark: Mark = { kind: 'holiday', title: holiday.name, row }
    const official = rows(body.official).find((one) => one.holiday === holiday.id && one.year === year)
    if (official && isDay(official.first) && isDay(official.last)) {
      for (let day = official.first, n = 0; day <= official.last && n < 40; day = later(day, 1), n++) marks.set(day, mark)
      return
    }
    for (const start of startsOf(holiday, year))
      for (let n = 0; n < Math.min(typeof holiday.days === 'number' ? holiday.days : 1, 40); n++) marks.set(later(start, n + (typeof holiday.offset === 'number' ? holiday.offset : 0)), mark)
  })
}

/** Rest days by the opening hours in force at the year's end. */
function restDays(body: JsonObject): Set<number> {
  const week = rows(body.hours).at(-1)?.week
  return new Set(weekdays.map((name, i) => (isObject(week) && week[name] !== undefined ? -1 : i)).filter((i) => i >= 0))
}

/** What is said of a year's days. Days in lieu are the server's to compute: the law has its cases. */
export function marksOf(body: JsonObject, year: number, unit: string): Map<string, Mark> {
  const marks = new Map<string, Mark>()
  const rest = restDays(body)
  const own = rows(body.units).find((one) => one.unit === unit)
  const half = [...rows(body.extra), ...rows(own?.extra)]
  for (let day = `${year}-01-01`; day.startsWith(String(year)); day = later(day, 1)) {
    const weekday = dayOf(day).getUTCDay()
    if (!rest.has(weekday)) continue
    const open = half.some((one) => one.weekday === weekdays[weekday] && !(isDay(one.from) && day < one.from) && !(isDay(one.to) && day > one.to))
    marks.set(day, { kind: open ? 'half' : 'rest', title: null, row: -1 })
  }
  holidays(body, year, marks)
  rows(body.swaps).forEach((swap, row) => {
    if (swap.in_force === false) return
    if (isDay(swap.off)) marks.set(swap.off, { kind: 'off', title: null, row })
    if (isDay(swap.worked)) marks.set(swap.worked, { kind: 'worked', title: null, row })
  })
  return marks
}
