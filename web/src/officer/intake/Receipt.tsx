import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useAction } from '@/api/hooks'
import type { Case, Me } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { ProblemView } from '@/components/Problems'
import { DateText } from '@/components/Text'
import { useKeys } from '../keys'
import type { Filed } from './Filing'

interface ReceiptProps {
  filed: Filed
  me: Me
  onSame: () => void
  onOther: () => void
  onPaid: (fresh: Case) => void
}

/** What the applicant takes home, and what the officer does next. */
export function Receipt({ filed, me, onSame, onOther, onPaid }: ReceiptProps) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const { case: of, presented, trouble } = filed
  const pay = useAction(of.code)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  useKeys({ s: onSame, n: onOther, p: () => window.print() })
  const mayPay = of.actions.some(({ id }) => id === 'pay')
  const papers = of.papers.filter(({ document }) => document !== null).map(({ title }) => title)
  const money = format.money(of.fee?.amount)
  const rows: [string, React.ReactNode][] = [
    [t('receipt.applicant'), [of.applicant.name, of.applicant.number].filter(Boolean).join(', ')],
    [t('receipt.service'), of.service.name],
    [t('receipt.papers'), papers.length > 0 ? papers.join('; ') : t('receipt.papers_none')],
    ...(presented.length > 0 ? [[t('receipt.presented'), presented.join('; ')] as [string, string]] : []),
    [t('receipt.received'), <DateText key="received" value={of.received_at ?? of.submitted_at} time />],
    [t('receipt.due'), of.due_at ? <strong key="due"><DateText value={of.due_at} time /></strong> : t('due.none')],
    [t('receipt.fee'), money],
    [t('receipt.delivery'), t(`intake.deliveries.${of.delivery}`)],
    [t('receipt.officer'), `${me.party.name}, ${of.unit.name}`],
  ]
  return (
    <>
      {trouble ? (
        <ProblemView error={trouble}>
          <p><strong>{t('intake.receive_failed', { code: of.code })}.</strong> <Link to={`/can-bo/ho-so/${encodeURIComponent(of.code)}`}>{t('intake.open_case')}</Link></p>
        </ProblemView>
      ) : null}
      {pay.error ? <ProblemView error={pay.error} /> : null}
      <div className="receipt-buttons no-print">
        <button type="button" className="small-button act-run" onClick={onOther}>{t('receipt.other')} <kbd>n</kbd></button>
        <button type="button" className="small-button" onClick={onSame}>{t('receipt.same')} <kbd>s</kbd></button>
        <button type="button" className="small-button" onClick={() => window.print()}><Icon name="print" size={16} /> {t('receipt.print')} <kbd>p</kbd></button>
        {mayPay ? (
          <button
            type="button" className="small-button" disabled={pay.isPending}
            onClick={() => pay.mutate({ action: 'pay', version: of.version, body: {} }, { onSuccess: onPaid })}
          >
            {t('receipt.pay', { amount: money })}
          </button>
        ) : null}
        <span role="status">{of.fee?.state === 'paid' ? <><Icon name="check" size={16} /> {t('receipt.paid')}</> : null}</span>
        <Link to={`/can-bo/ho-so/${encodeURIComponent(of.code)}`}>{t('intake.open_case')}</Link>
      </div>
      <article className="receipt" aria-labelledby="receipt-title">
        <h2 id="receipt-title" ref={heading} tabIndex={-1}>{t('receipt.title')}</h2>
        <p className="receipt-unit">{of.unit.name}</p>
        <div className="receipt-code">
          <p><span>{t('receipt.code')}</span><strong className="code">{of.code}</strong></p>
          {of.track_pin ? <p><span>{t('receipt.pin')}</span><strong className="code">{of.track_pin}</strong></p> : null}
        </div>
        <dl className="summary">{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
        <p>{t('receipt.track')}</p>
        <div className="receipt-signs">
          <p><strong>{t('receipt.sign_applicant')}</strong><span className="hint">{t('receipt.sign_hint')}</span></p>
          <p><strong>{t('receipt.sign_officer')}</strong><span className="hint">{t('receipt.sign_hint')}</span></p>
        </div>
      </article>
    </>
  )
}
