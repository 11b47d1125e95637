import { useTranslation } from 'react-i18next'
import type { Case } from '@/api/types'
import { useFormat } from '@/components/format'
import { Lines, useLines } from '@/components/schema/FormSummary'
import type { Definition } from '../api'

/** What was asked for, group by group as the applicant filled it in, with the officer's facts under it. */
export function FormPanel({ of, definition }: { of: Case; definition: Definition | null }) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const format = useFormat()
  const lines = useLines(definition?.schema ?? {}, of.form)
  const pages = definition?.pages ?? []
  const placed = new Set(pages.flatMap(({ fields }) => fields))
  const groups = [
    ...pages.map(({ id, title, fields }) => ({ id, title, lines: lines.filter(({ path }) => fields.includes(path[0] ?? '')) })),
    { id: 'other', title: pages.length > 0 ? t('dossier.form_other') : '', lines: lines.filter(({ path }) => !placed.has(path[0] ?? '')) },
  ].filter((group) => group.lines.length > 0)
  const { fee, applicant } = of
  const fees = !fee || fee.state === 'none' || fee.amount === 0 ? t('dossier.fee_none')
    : t(fee.state === 'paid' ? 'dossier.fee_paid' : fee.state === 'declared' ? 'dossier.fee_declared' : 'dossier.fee_due', { amount: format.money(fee.amount) })
  const contact = [applicant.phone, applicant.email, applicant.address].filter(Boolean).join(' · ')
  const facts: [string, string | null | undefined][] = [
    [t('dossier.submitted'), format.instant(of.submitted_at)], [t('dossier.channel'), tc(`channel.${of.channel}`)],
    [t('dossier.delivery'), t(`intake.deliveries.${of.delivery}`)], [t('dossier.fee'), fees], [t('dossier.contact'), contact], [t('dossier.entry'), of.entry?.title],
  ]
  return (
    <>
      {groups.map((group) => (
        <section key={group.id}>
          {group.title ? <h3>{group.title}</h3> : null}
          <Lines lines={group.lines} />
        </section>
      ))}
      <h3>{t('dossier.facts')}</h3>
      <dl className="summary">
        {facts.map(([name, value]) => (value ? <div key={name}><dt>{name}</dt><dd>{value}</dd></div> : null))}
      </dl>
    </>
  )
}
