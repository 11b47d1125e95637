import { useTranslation } from 'react-i18next'
import type { CaseRow } from '@/api/types'
import { Chip, deadlineMeaning, type Meaning } from '@/components/Chips'
import { cityTime, useFormat } from '@/components/format'
import type { IconName } from '@/components/Icon'

const icons: Record<Meaning, IconName> = { good: 'check', soon: 'warning', bad: 'late', paused: 'pause', plain: 'clock' }
const DAY = 24 * 60 * 60 * 1000

/** "16 giờ hôm nay", "9 giờ, thứ Hai, 23/11/2026": short where it can be. */
export function useWhen() {
  const { t } = useTranslation('officer')
  const format = useFormat()
  return (iso: string | null | undefined, now: number): string => {
    if (!iso) return ''
    const day = cityTime(iso)?.date
    const time = format.time(iso)
    if (day === cityTime(new Date(now).toISOString())?.date) return t('due.today', { time })
    if (day === cityTime(new Date(now + DAY).toISOString())?.date) return t('due.tomorrow', { time })
    return t('due.at', { time, day: format.day(iso) })
  }
}

/** The traffic light of a row: a word with its icon and colour, then the time. What is not received has its time of filing. */
export function Due({ of, now }: { of: Pick<CaseRow, 'due_at' | 'timeliness' | 'clock' | 'submitted_at'>; now: number }) {
  const { t } = useTranslation('officer')
  const when = useWhen()
  const [meaning, word] = deadlineMeaning({ dueAt: of.due_at, timeliness: of.timeliness, paused: of.clock.paused, now })
  return (
    <span className="due">
      <Chip meaning={meaning} icon={icons[meaning]}>{t(`due.${word}`)}</Chip>
      <time dateTime={(of.due_at ?? of.submitted_at) ?? undefined}>
        {of.due_at ? when(of.due_at, now) : t('due.submitted', { at: when(of.submitted_at, now) })}
      </time>
    </span>
  )
}
