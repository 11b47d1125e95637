import { useTranslation } from 'react-i18next'
import { useMemo } from 'react'

/** The city's own clock, whatever the device is set to. */
const zone = 'Asia/Ho_Chi_Minh'
const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', weekday: 'short', hourCycle: 'h23',
})
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

export interface CityTime {
  date: string
  weekday: 0 | 1 | 2 | 3 | 4 | 5 | 6
  hour: number
  minute: string
}

/** "2026-11-23" is a day of the calendar and not an instant: it must not move with the time zone. */
export function cityTime(iso: string): CityTime | null {
  const instant = new Date(/^\d{4}-\d{2}-\d{2}$/.test(iso) ? `${iso}T12:00:00+07:00` : iso)
  if (Number.isNaN(instant.getTime())) return null
  const found = Object.fromEntries(parts.formatToParts(instant).map(({ type, value }) => [type, value]))
  return {
    date: `${found.day}/${found.month}/${found.year}`,
    weekday: weekdays.indexOf(found.weekday as (typeof weekdays)[number]) as CityTime['weekday'],
    hour: Number(found.hour),
    minute: found.minute ?? '00',
  }
}

/** 16000 → "16.000", in both languages, as prices are written in the city. */
export const grouped = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '.')

/** Dates, times and money as people of this city write them. */
export function useFormat() {
  const { t } = useTranslation()
  return useMemo(() => {
    const day = (iso: string | null | undefined): string => {
      const at = iso ? cityTime(iso) : null
      return at ? t('date.full', { weekday: t(`date.weekdays.d${at.weekday}`), date: at.date }) : ''
    }
    const time = (iso: string | null | undefined): string => {
      const at = iso ? cityTime(iso) : null
      if (!at) return ''
      return at.minute === '00' ? t('date.time_sharp', { hour: at.hour }) : t('date.time', { hour: at.hour, minute: at.minute })
    }
    return {
      day,
      time,
      /** "16 giờ 30, thứ Hai, 23/11/2026" */
      instant: (iso: string | null | undefined): string => (iso && day(iso) ? t('date.at', { time: time(iso), date: day(iso) }) : ''),
      shortDay: (iso: string | null | undefined): string => (iso ? (cityTime(iso)?.date ?? '') : ''),
      money: (amount: number | null | undefined): string =>
        amount === null || amount === undefined
          ? t('money.unknown')
          : amount === 0 ? t('money.free') : t('money.amount', { amount: grouped(amount) }),
    }
  }, [t])
}
