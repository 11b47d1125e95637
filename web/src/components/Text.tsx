import { useFormat } from './format'

interface DateTextProps {
  value: string | null | undefined
  /** With the hour before the day. */
  time?: boolean
}

/** "thứ Hai, 23/11/2026", readable by machines too. */
export function DateText({ value, time = false }: DateTextProps) {
  const format = useFormat()
  if (!value) return null
  return <time dateTime={value}>{time ? format.instant(value) : format.day(value)}</time>
}

/** "16.000 đồng" */
export function Money({ amount }: { amount: number | null | undefined }) {
  return <span className="money">{useFormat().money(amount)}</span>
}
