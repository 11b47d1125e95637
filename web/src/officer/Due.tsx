import { useTranslation } from 'react-i18next'
import type { CaseRow } from '@/api/types'
import { Chip, deadlineMeaning, type Meaning } from '@/components/Chips'
import { cityTime, useFormat } from '@/components/format'
import type { IconName } from '@/components/Icon'

const icons: Record<Meaning, IconName> = { good: 'check', soon: 'warning', bad: 'late', paused: 'pause', plain: 'clock' }
const DAY = 24 * 60 * 60 * 1000

/** "full": with weekday and year; "day": without a year that goes without saying; "short": the bare day too. */
type Length = 'full' | 'day' | 'short'

/** "16 giờ hôm nay", "9 giờ, thứ Hai, 23/11/2026": short where it can be. */
export function useWhen() {
  const { t } = useTranslation('officer')
  const format = useFormat()
  return (iso: string | null | undefined, now: number, length: Length = 'full'): string => {
    if (!iso) return ''
    const date = cityTime(iso)?.date ?? ''
    const today = cityTime(new Date(now).toISOString())?.date ?? ''
    const time = format.time(iso)
    if (date === today) return t('due.today', { time })
    if (date === cityTime(new Date(now + DAY).toISOString())?.date) return t('due.tomorrow', { time })
    const said = length === 'short' ? date : format.day(iso)
    const year = today.slice(-5)
    return t('due.at', { time, day: length !== 'full' && said.endsWith(year) ? said.slice(0, -year.length) : said })
  }
}

interface DueProps {
  of: Pick<CaseRow, 'due_at' | 'timeliness' | 'clock' | 'submitted_at'>
  now: number
  short?: boolean
}

/** The traffic light of a row: a word with its icon and colour, then the time. What is not received has its time of filing. */
export function Due({ of, now, short = false }: DueProps) {
  const { t } = useTranslation('officer')
  const when = useWhen()
  const length = short ? 'day' : 'full'
  const [meaning, word] = deadlineMeaning({ dueAt: of.due_at, timeliness: of.timeliness, paused: of.clock.paused, now })
  return (
    <span className="due">
      <Chip meaning={meaning} icon={icons[meaning]}>{t(`due.${word}`)}</Chip>
      <time dateTime={(of.due_at ?? of.submitted_at) ?? undefined}>
        {of.due_at ? when(of.due_at, now, length) : t('due.submitted', { at: when(of.submitted_at, now, short ? 'short' : 'full') })}
      </time>
    </span>
  )
}
