import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { address } from '@/api/http'
import { useCase, useCaseEvents, useServiceForm } from '@/api/hooks'
import { useNews, type CaseNews } from '@/api/live'
import type { Case } from '@/api/types'
import { CaseDeadline, StatusChip } from '@/components/Chips'
import { fileName } from '@/components/fileName'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { Asked } from '@/components/Asked'
import { FlowPicture } from '@/components/FlowPicture'
import { ProblemView } from '@/components/Problems'
import { FormSummary } from '@/components/schema/FormSummary'
import { DateText } from '@/components/Text'
import { Timeline } from '@/components/Timeline'
import { usePageTitle } from '@/components/usePage'
import { CitizenActions } from './CitizenActions'
import { useMoments } from './moments'
import { heldTitle } from './papers'
import { Parcel } from './Parcel'
import { Slips } from './Slips'
import './citizen.css'

function Results({ of }: { of: Case }) {
  const { t } = useTranslation()
  if (of.results.length === 0) return null
  return (
    <section aria-labelledby="results">
      <h2 id="results">{t('dossier.results')}</h2>
      <ul className="cards">
        {of.results.map(({ document, verify_code }) => (
          <li key={document.id} className="card card-good">
            <p className="card-title">{document.title}</p>
            <div className="row">
              <a className="button" href={address(`/documents/${document.id}/content`)} download={fileName(document.title)}><Icon name="download" /> {t('common.download')}</a>
              {verify_code ? <a href={`/verify/${encodeURIComponent(verify_code)}`} className="onward">{t('dossier.verify')}</a> : null}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Facts({ of }: { of: Case }) {
  const { t } = useTranslation()
  const format = useFormat()
  const amount = format.money(of.fee?.amount)
  const fee = !of.fee || of.fee.amount === 0 ? t('dossier.fee_none') : of.fee.state === 'paid' ? t('dossier.fee_paid', { amount }) : of.fee.state === 'declared' ? t('dossier.fee_declared', { amount }) : t('dossier.fee_due', { amount })
  return (
    <dl className="summary">
      <div><dt>{t('receipt.submitted')}</dt><dd><DateText value={of.submitted_at} time /></dd></div>
      <div><dt>{t('receipt.at')}</dt><dd>{of.unit.name}</dd></div>
      <div><dt>{t('receipt.due')}</dt><dd>{of.due_at ? <DateText value={of.due_at} time /> : t('receipt.due_later')}</dd></div>
      <div><dt>{t('dossier.fee')}</dt><dd>{fee}</dd></div>
      <div><dt>{t('dossier.delivery')}</dt><dd>{t(`delivery.${of.delivery}`)}</dd></div>
      {of.track_pin ? <div><dt>{t('receipt.pin')}</dt><dd className="code">{of.track_pin}</dd></div> : null}
    </dl>
  )
}

function Body({ of }: { of: Case }) {
  const { t } = useTranslation()
  const events = useCaseEvents(of.code)
  const moments = useMoments(of, events.rows)
  const form = useServiceForm(of.service.code, null)
  const running = of.status >= 2 && of.status <= 6 && of.status !== 3
  return (
    <>
      <p className="over code">{t('dossier.code')}: {of.code}</p>
      <h1>{of.service.name}</h1>
      <p className="chips"><StatusChip status={of.status} />{running && of.silent ? <span className="hint">{t('dossier.silent')}</span> : null}{running ? <CaseDeadline of={of} /> : null}</p>
      <Results of={of} />
      <Parcel of={of} />
      <CitizenActions of={of} />
      <h2>{t('dossier.way')}</h2>
      {events.error ? <ProblemView error={events.error} onRetry={() => void events.refetch()} /> : null}
      <Timeline moments={moments} label={t('dossier.way')} />
      <Slips code={of.code} />
      <Asked of={of} />
      <FlowPicture of={of} />
      <h2>{t('dossier.facts')}</h2>
      <Facts of={of} />
      {of.papers.length > 0 ? (
        <>
          <h2>{t('dossier.papers')}</h2>
          <ul className="plain">
            {of.papers.map((paper) => (
              <li key={paper.kind}>
                {paper.document ? <a href={address(`/documents/${paper.document.id}/content`)} download>{paper.title}</a> : paper.title}
                {paper.document ? null : `: ${heldTitle(paper) !== null ? t('dossier.paper_held') : t('dossier.paper_none')}`}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {form.data ? (
        <details>
          <summary>{t('dossier.form')}</summary>
          <FormSummary schema={form.data.schema} data={of.form} />
        </details>
      ) : null}
      <p className="no-print"><Link to={`/ho-so/${encodeURIComponent(of.code)}/da-nop`} className="onward">{t('dossier.receipt')} <Icon name="right" size={16} /></Link></p>
    </>
  )
}

export default function Dossier() {
  const { t } = useTranslation()
  const { code = '' } = useParams()
  const { data, error, isPending, refetch } = useCase(code)
  usePageTitle(data ? `${data.service.name} ${code}` : t('dossiers.title'))
  const [news, setNews] = useState('')
  const onCase = useCallback((came: CaseNews) => {
    if (came.code === code) setNews(t('dossier.live', { status: t(`status.s${came.status}`) }))
  }, [code, t])
  useNews(useMemo(() => ({ case: onCase }), [onCase]))
  return (
    <div className="page">
      <p role="status" className="visually-hidden">{news}</p>
      {isPending ? <Loading lines={6} /> : null}
      {error && !data ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Body of={data} /> : null}
    </div>
  )
}
