import { describe, expect, it } from 'vitest'
import { deadlineMeaning } from './Chips'
import { cityTime, grouped } from './format'

describe('the city’s clock', () => {
  it.each([
    ['2026-11-23T09:30:00Z', '23/11/2026', 1, 16, '30'],
    ['2026-11-22T17:00:00Z', '23/11/2026', 1, 0, '00'],
    ['2026-11-22', '22/11/2026', 0, 12, '00'],
  ])('%s', (iso, date, weekday, hour, minute) => expect(cityTime(iso)).toEqual({ date, weekday, hour, minute }))
  it('says nothing about what is no time', () => expect(cityTime('soon')).toBeNull())
})

it.each([[0, '0'], [8000, '8.000'], [1234567, '1.234.567']])('%d đồng', (amount, text) => expect(grouped(amount)).toBe(text))

describe('what a deadline means', () => {
  const now = Date.parse('2026-11-21T08:00:00+07:00')
  it.each([
    ['2026-11-23T17:00:00+07:00', 'in_time', false, 'good', 'in_time'],
    ['2026-11-21T17:00:00+07:00', 'in_time', false, 'soon', 'soon'],
    ['2026-11-20T17:00:00+07:00', 'overdue', false, 'bad', 'overdue'],
    ['2026-11-20T17:00:00+07:00', 'overdue', true, 'paused', 'paused'],
    [null, 'not_due', false, 'plain', 'none'],
    ['2026-11-20T17:00:00+07:00', 'early', false, 'good', 'early'],
    ['2026-11-20T17:00:00+07:00', 'late', false, 'bad', 'late'],
  ] as const)('%s %s %s', (dueAt, timeliness, paused, meaning, word) => expect(deadlineMeaning({ dueAt, timeliness, paused, now })).toEqual([meaning, word]))
})
