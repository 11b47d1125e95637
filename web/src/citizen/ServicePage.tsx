import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { useMe, useService, useServiceForm } from '@/api/hooks'
import type { CasePaper, Manner, Service, ServicePaper } from '@/api/types'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { readLocal } from './apply/draft'
import { canApplyOnline, fieldName, mainManner, useFacts } from './facts'
import { heldTitle } from './papers'
import './citizen.css'

function Need({ paper, known, inCase }: { paper: ServicePaper; known: CasePaper | undefined; inCase: boolean }) {
  const { t } = useTranslation()
  const held = heldTitle(known)
  const counts = [
    paper.originals ? t('service.originals', { count: paper.originals }) : '',
    paper.copies ? t('service.copies', { count: paper.copies }) : '',
    paper.to === 'present' ? t('service.present') : '',
  ].filter(Boolean)
  return (
    <li className={held === null ? 'need' : 'need need-held'}>
      <span className="need-mark">{held === null ? <Icon name="file" /> : <Icon name="check" />}</span>
      <div>
        <p className="need-title">{paper.title}</p>
        {held !== null ? <p className="need-have">{t('service.has')}{held && held !== paper.title ? `: ${held}` : ''}</p> : null}
        {held === null && counts.length > 0 ? <p className="hint">{counts.join(', ')}</p> : null}
        {paper.form ? <p className="hint">{t('service.form', { form: paper.form })}</p> : null}
        {inCase ? null : paper.group ? <p className="hint">{t('service.only_when', { when: paper.group })}</p> : null}
      </div>
    </li>
  )
}

/** A note of the catalogue: it asks for nothing. */
const isNote = (paper: ServicePaper): boolean => paper.originals === 0 && paper.copies === 0

/** The papers, a table a case when the cases have tables of their own; else one list, each with its condition. */
function Needs({ papers, known }: { papers: readonly ServicePaper[]; known: readonly CasePaper[] | undefined }) {
  const { t } = useTranslation()
  const cases = new Map<string | null, ServicePaper[]>()
  for (const paper of papers) cases.set(paper.group, [...(cases.get(paper.group) ?? []), paper])
  const apart = cases.size > 1 && [...cases].some(([name, rows]) => name !== null && rows.length > 1)
  const list = (rows: readonly ServicePaper[]) => (
    <>
      <ul className="needs">
        {rows.filter((paper) => !isNote(paper)).map((paper, i) => (
          <Need
            key={`${paper.kind ?? i}${paper.title}`} paper={paper} inCase={apart}
            known={known?.find(({ kind, title }) => (paper.kind ? kind === paper.kind : title === paper.title))}
          />
        ))}
      </ul>
      {rows.filter(isNote).map((paper, i) => <p className="hint" key={`${i}${paper.title}`}>{t('service.note', { note: paper.title })}</p>)}
    </>
  )
  if (!apart) return list(papers)
  return (
    <>
      <p>{t('service.need_cases')}</p>
      {[...cases].map(([name, rows]) => (
        <details key={name ?? ''} open={name === null}>
          <summary>{name ?? t('service.need_all')}</summary>
          {list(rows)}
        </details>
      ))}
    </>
  )
}

function Others({ manners }: { manners: readonly Manner[] }) {
  const { t } = useTranslation()
  const facts = useFacts()
  if (manners.length === 0) return null
  return (
    <details>
      <summary>{t('service.in_person')}</summary>
      <dl className="summary">
        {manners.map((manner, i) => (
          // A pack may list one channel several times, once a case; their order never changes on a page.
          <div key={`${manner.channel}-${i}`}>
            <dt>{t(`channel.${manner.channel}`)}{manner.case ? <><br />{t('service.when', { case: manner.case })}</> : null}</dt>
            <dd>{facts.limit(manner.limit)}<br />{facts.fees(manner).join('; ')}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function Apply({ service }: { service: Service }) {
  const { t } = useTranslation()
  const { data: me } = useMe()
  if (!canApplyOnline(service))
    return (
      <section className="card" aria-labelledby="counter">
        <h2 id="counter">{t('service.counter_only')}</h2>
        <p>{t('service.counter_text')}</p>
        <p><a href="tel:1022" className="onward"><Icon name="phone" size={16} /> {t('home.street_call')}</a></p>
      </section>
    )
  const begun = me ? readLocal(me.user, service.code) !== null : false
  return <p className="apply"><Link to={`/thu-tuc/${service.code}/nop`} className="button button-big">{begun ? t('service.resume') : t('service.apply')}</Link></p>
}

function Body({ service }: { service: Service }) {
  const { t } = useTranslation()
  const facts = useFacts()
  const { data: me } = useMe()
  const form = useServiceForm(service.code, null, null, Boolean(me) && canApplyOnline(service))
  const main = mainManner(service)
  const steps = typeof service.steps === 'string' ? service.steps.split('\n').map((line) => line.replace(/^\s*\d+[.)]\s*/, '')) : (service.steps ?? [])
  return (
    <>
      <p className="over">{fieldName(service.field)}</p>
      <h1>{service.name}</h1>
      {service.summary ? <p className="lead">{service.summary}</p> : null}

      <dl className="facts">
        <div>
          <dt>{t('service.get')}</dt>
          <dd>{service.results.map(({ title }) => title).join('; ') || t('common.none')}</dd>
        </div>
        {main ? (
          <>
            <div><dt>{t('service.time')}</dt><dd>{facts.limit(main.limit)}</dd></div>
            <div><dt>{t('service.cost')}</dt><dd>{facts.fees(main).map((fee) => <span key={fee} className="line">{fee}</span>)}</dd></div>
          </>
        ) : null}
      </dl>

      <h2>{t('service.need')}</h2>
      {service.papers.length === 0 ? <p>{t('service.need_none')}</p> : (
        <Needs papers={service.papers} known={form.data?.papers} />
      )}
      {!me && canApplyOnline(service) ? <p className="hint">{t('service.sign_in_ticks')}</p> : null}
      <Apply service={service} />

      {steps.length > 0 ? (
        <details>
          <summary>{t('service.how')}</summary>
          <ol>{steps.filter(Boolean).map((step) => <li key={step}>{step}</li>)}</ol>
        </details>
      ) : null}
      <Others manners={service.manners.filter((manner) => manner !== main)} />
      {service.legal.length > 0 ? (
        <details>
          <summary>{t('service.legal')}</summary>
          <ul>{service.legal.map(({ number, title }) => <li key={number}>{number}: {title}</li>)}</ul>
        </details>
      ) : null}
      <p className="hint">
        {t('service.code', { code: service.code })}{service.decision ? ` · ${service.decision}` : ''}
        {service.unsure && service.unsure.length > 0 ? <><br />{t('service.unsure')}</> : null}
      </p>
    </>
  )
}

export default function ServicePage() {
  const { t } = useTranslation()
  const { code = '' } = useParams()
  const { data, error, isPending, refetch } = useService(code)
  usePageTitle(data?.name ?? t('services.title'))
  return (
    <div className="page">
      {isPending ? <Loading lines={6} /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Body service={data} /> : null}
    </div>
  )
}
