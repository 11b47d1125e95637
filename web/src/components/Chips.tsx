import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CaseRow, Status, Timeliness } from '@/api/types'
import { cityTime, useFormat } from './format'
import { Icon, type IconName } from './Icon'

/** The four meanings; a plain chip means none of them. */
export type Meaning = 'good' | 'soon' | 'bad' | 'paused' | 'plain'

export function Chip({ meaning, icon, children }: { meaning: Meaning; icon: IconName; children: string }) {
  return (
    <span className={`chip chip-${meaning}`}>
      <Icon name={icon} size={16} />
      {children}
    </span>
  )
}

const statusLook: Record<Status, [Meaning, IconName]> = {
  1: ['plain', 'clock'], 2: ['plain', 'check'], 3: ['bad', 'cross'], 4: ['plain', 'clock'], 5: ['soon', 'warning'],
  6: ['soon', 'warning'], 7: ['paused', 'cross'], 8: ['bad', 'cross'], 9: ['good', 'check'], 10: ['good', 'check'],
}

export function StatusChip({ status }: { status: Status }) {
  const { t } = useTranslation()
  const [meaning, icon] = statusLook[status]
  return <Chip meaning={meaning} icon={icon}>{t(`status.s${status}`)}</Chip>
}

const DAY = 24 * 60 * 60 * 1000

interface DeadlineProps {
  dueAt: string | null
  timeliness: Timeliness
  paused?: boolean
  /** Now, for tests and for lists that tick together. */
  now?: number
}

export function deadlineMeaning({ dueAt, timeliness, paused = false, now = Date.now() }: DeadlineProps): [Meaning, keyof DeadlineWords] {
  if (timeliness === 'early' || timeliness === 'on_time') return ['good', timeliness]
  if (timeliness === 'late') return ['bad', 'late']
  if (paused) return ['paused', 'paused']
  if (!dueAt || timeliness === 'not_due') return ['plain', 'none']
  const left = new Date(dueAt).getTime() - now
  if (timeliness === 'overdue' || left < 0) return ['bad', 'overdue']
  return left < DAY ? ['soon', 'soon'] : ['good', 'in_time']
}

interface DeadlineWords {
  in_time: string; soon: string; overdue: string; paused: string; early: string; on_time: string; late: string; none: string
}

const deadlineIcon: Record<Meaning, IconName> = { good: 'check', soon: 'warning', bad: 'late', paused: 'pause', plain: 'clock' }

/** A deadline is said as its date and not as "3 days left": what is left is working time, and only the server knows it. */
export function DeadlineChip(props: DeadlineProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const [opened] = useState(Date.now)
  const { dueAt, now = opened } = props
  const [meaning, word] = deadlineMeaning({ ...props, now })
  const sameDay = dueAt !== null && cityTime(dueAt)?.date === cityTime(new Date(now).toISOString())?.date
  const date = dueAt === null ? '' : sameDay ? `${format.time(dueAt)} ${t('date.today')}` : format.instant(dueAt)
  return <Chip meaning={meaning} icon={deadlineIcon[meaning]}>{t(`deadline.${word}`, { date })}</Chip>
}

export const CaseDeadline = ({ of, now }: { of: Pick<CaseRow, 'due_at' | 'timeliness' | 'clock'>; now?: number }) => (
  <DeadlineChip dueAt={of.due_at} timeliness={of.timeliness} paused={of.clock.paused} now={now} />
)
