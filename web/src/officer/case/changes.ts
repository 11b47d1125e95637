import { useTranslation } from 'react-i18next'
import type { Case } from '@/api/types'
import { useFormat } from '@/components/format'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
export const holderName = ({ assignee }: Case): string | null => (assignee === null || typeof assignee === 'string' ? null : assignee.name)

/** What is different from the version that was seen, in words. */
export function useChanges() {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const format = useFormat()
  return (seen: Case, now: Case): string[] => {
    const lines: string[] = []
    const step = ({ step: at, status }: Case) => at?.title ?? tc(`status.s${status}`)
    if (seen.status !== now.status) lines.push(t('dossier.change_status', { from: tc(`status.s${seen.status}`), to: tc(`status.s${now.status}`) }))
    if (seen.step?.id !== now.step?.id) lines.push(t('dossier.change_step', { from: step(seen), to: step(now) }))
    if (holderName(seen) !== holderName(now))
      lines.push(t('dossier.change_holder', { from: holderName(seen) ?? t('dossier.nobody'), to: holderName(now) ?? t('dossier.nobody') }))
    if (seen.due_at !== now.due_at)
      lines.push(t('dossier.change_due', { from: format.instant(seen.due_at) || t('due.none'), to: format.instant(now.due_at) || t('due.none') }))
    if (!same(seen.papers, now.papers)) lines.push(t('dossier.change_papers'))
    if (!same(seen.form, now.form)) lines.push(t('dossier.change_form'))
    if (seen.results.length !== now.results.length) lines.push(t('dossier.change_results'))
    return lines.length > 0 ? lines : [t('dossier.change_none')]
  }
}
