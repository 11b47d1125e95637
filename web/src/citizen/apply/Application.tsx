import { Button, NativeSelect, Radio } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useNavigate, useParams, useSearchParams } from 'react-router'
import { call } from '@/api/http'
import { keys, useMe, useService, useServiceForm } from '@/api/hooks'
import type { Case, Delivery, Me, Service, ServiceForm } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ErrorSummary, ProblemView, type SummaryError } from '@/components/Problems'
import { asksNothing, inputId, LockedCard, pageSchema, schemaAt, SchemaForm, tokens, validate, type Finding } from '@/components/schema'
import { usePageTitle } from '@/components/usePage'
import '../citizen.css'
import { canApplyOnline } from '../facts'
import { agenciesFor, useAuthorisations, type Authorisation } from '@/session/authorisations'
import { dropLocal, type DraftKeeper } from './draft'
import { PapersStep } from './PapersStep'
import { ReviewStep } from './ReviewStep'
import { formOf, stepsOf, type ApplyStep } from './steps'
import { UnitStep, useOwnUnit } from './UnitStep'
import { useDraftKeeper, useKept, useOnline } from './useDraft'

function Saved({ keeper }: { keeper: DraftKeeper }) {
  const { t } = useTranslation()
  const format = useFormat()
  const online = useOnline()
  const { draft, saving } = useKept(keeper)
  const words =
    saving === 'untouched' ? '' : saving === 'saving' ? t('draft.saving')
      : saving === 'local' || !online ? t('draft.local') : t('draft.saved', { time: format.time(draft.saved_at) })
  return (
    <>
      {online ? null : <p className="offline" role="alert"><Icon name="offline" /> {t('draft.offline')}</p>}
      <p className="saved hint" role="status">{words ? <><Icon name={saving === 'saved' ? 'check' : 'clock'} size={16} /> {words}</> : null}</p>
    </>
  )
}

function Progress({ steps, at, furthest, address }: { steps: readonly ApplyStep[]; at: number; furthest: number; address: (step: ApplyStep) => string }) {
  const { t } = useTranslation()
  return (
    <nav aria-label={t('apply.progress')} className="progress no-print">
      <p className="progress-count">{t('apply.step', { at: at + 1, all: steps.length })}</p>
      <ol>
        {steps.map((step, i) => (
          <li key={step.id} className={i === at ? 'progress-now' : i < furthest ? 'progress-done' : undefined}>
            {i === at ? <span aria-current="step">{step.title}</span>
              : i <= furthest ? <Link to={address(step)}>{i < furthest ? <Icon name="check" size={14} /> : null} {step.title}</Link>
                : <span>{step.title}</span>}
          </li>
        ))}
      </ol>
    </nav>
  )
}

const deliveries: Delivery[] = ['vault', 'counter', 'post']

interface WritingProps { me: Me; service: Service; form: ServiceForm; keeper: DraftKeeper; resumedAt: string | null; behalf: Authorisation | null; choose: ReactNode }

function Writing({ me, service, form, keeper, resumedAt, behalf, choose }: WritingProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [search] = useSearchParams()
  const { draft } = useKept(keeper)
  const own = useOwnUnit(me, service.code)
  const steps = useMemo(
    () => stepsOf(form, { unit: t('apply.unit'), papers: t('apply.papers'), delivery: t('apply.delivery'), review: t('apply.review') }),
    [form, t],
  )
  const data = useMemo(() => formOf(form, draft.form), [form, draft.form])
  const address = (step: ApplyStep) => `/thu-tuc/${service.code}/nop?buoc=${step.id}${behalf?.principal.number ? `&thay=${behalf.principal.number}` : ''}`

  const unit = draft.unit ?? own?.code ?? null
  const reached = Math.max(0, steps.findIndex(({ id }) => id === draft.page))
  const asked = steps.findIndex(({ id }) => id === search.get('buoc'))
  const at = asked < 0 ? reached : Math.min(asked, reached)
  const step = steps[at]
  const [findings, setFindings] = useState<{ step: string; list: Finding[] }>({ step: '', list: [] })
  const shown = useMemo(() => (findings.step === step?.id ? findings.list : []), [findings, step])
  const errors = useMemo(() => shown.map(({ pointer, message }): SummaryError => {
    if (pointer === '/unit') return { target: 'unit', message }
    if (pointer.startsWith('/papers/')) return { target: `paper-${tokens(pointer)[1] ?? ''}`, message }
    const { title } = schemaAt(form.schema, tokens(pointer))
    return { target: inputId(pointer), message: typeof title === 'string' ? `${title}: ${message}` : message }
  }), [shown, form])
  const schema = useMemo(() => (step?.fields ? pageSchema(form.schema, step.fields, form.locked) : null), [form, step])

  const submit = useMutation({
    mutationFn: () =>
      call<Case>('/cases', {
        method: 'POST', idempotencyKey: draft.key,
        body: {
          service: service.code, unit, form: data, delivery: draft.delivery, on_behalf_of: behalf?.principal.number ?? undefined,
          papers: draft.papers.map(({ kind, document }) => ({ kind, document })),
        },
      }),
    onSuccess: async (filed) => {
      client.setQueryData(keys.case(filed.code), filed)
      await keeper.drop()
      void client.invalidateQueries({ queryKey: ['cases'] })
      void client.invalidateQueries({ queryKey: keys.drafts })
      void navigate(`/ho-so/${encodeURIComponent(filed.code)}/da-nop`, { replace: true })
    },
  })

  // A new part begins at its heading, as a new page does.
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef(at)
  useEffect(() => {
    if (before.current === at) return
    before.current = at
    window.scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [at])
  usePageTitle(step ? `${step.title} · ${service.name}` : service.name)
  if (!step) return null

  const wrongHere = (): Finding[] => {
    if (step.id === 'noi-nop') return unit === null ? [{ pointer: '/unit', message: t('apply.unit_missing') }] : []
    if (step.id === 'giay-to')
      return form.papers
        .filter(({ kind, required, held }) => required && !held && !draft.papers.some((sent) => sent.kind === kind))
        .map(({ kind, title }) => ({ pointer: `/papers/${kind}`, message: t('apply.paper_missing', { title }) }))
    return schema && !asksNothing(schema) ? validate(schema, data, t) : []
  }
  const next = () => {
    const wrong = wrongHere()
    setFindings({ step: step.id, list: wrong })
    const following = steps[at + 1]
    if (wrong.length > 0 || !following) return
    keeper.change({ unit, form: data, page: at + 1 > reached ? following.id : draft.page })
    void navigate(address(following))
  }
  const back = () => {
    const previous = steps[at - 1]
    void navigate(previous ? address(previous) : `/thu-tuc/${service.code}`)
  }
  const buttons = (
    <>
      <Button size="lg" type="submit" onClick={step.fields ? undefined : next}>{t('common.next')}</Button>
      <Button size="lg" variant="default" onClick={back}>{t('common.back')}</Button>
    </>
  )

  const content = (): ReactNode => {
    if (schema)
      return (
        <>
          <LockedCard schema={form.schema} data={data} locked={form.locked} fields={step.fields} />
          {asksNothing(schema) ? <p>{t('apply.all_known')}</p> : null}
          <SchemaForm
            key={step.id} schema={schema} ui={form.ui} data={data} findings={shown}
            onChange={(changed) => keeper.change({ unit, form: changed })} onSubmit={next}
          >
            {buttons}
          </SchemaForm>
        </>
      )
    if (step.id === 'noi-nop')
      return (
        <UnitStep
          service={service.code} own={own} chosen={unit} error={shown[0]?.message}
          onChoose={(code) => keeper.change({ unit: code })}
        />
      )
    if (step.id === 'giay-to')
      return (
        <PapersStep
          papers={form.papers} service={service} sent={draft.papers} missing={shown.map(({ pointer }) => tokens(pointer)[1] ?? '')}
          onChange={(papers) => keeper.change({ unit, papers })}
        />
      )
    if (step.id === 'nhan-ket-qua')
      return (
        <Radio.Group label={t('apply.delivery')} value={draft.delivery} onChange={(value) => keeper.change({ delivery: value })}>
          <div className="choices">
            {deliveries.map((way) => <Radio key={way} value={way} label={t(`delivery.${way}`)} description={t(`apply.delivery_${way}_hint`)} />)}
          </div>
        </Radio.Group>
      )
    return <ReviewStep draft={{ ...draft, unit }} form={form} data={data} steps={steps} stepAddress={address} submit={submit} onBack={back} />
  }
  const titles: Partial<Record<ApplyStep['id'], string>> = {
    'noi-nop': t('apply.unit_lead'), 'giay-to': t('apply.papers_lead'), 'nhan-ket-qua': t('apply.delivery_lead'), 'xem-lai': t('apply.review_lead'),
  }
  const own_buttons = !schema && step.id !== 'xem-lai'

  return (
    <div className="page page-wide application">
      <Progress steps={steps} at={at} furthest={reached} address={address} />
      <div className="application-body">
        <p className="over">{service.name}</p>
        {behalf ? <p className="must">{t('authorise.filing_for', { name: behalf.principal.name })}</p> : null}
        {at === 0 ? choose : null}
        <h1 ref={heading} tabIndex={-1}>{titles[step.id] ?? step.title}</h1>
        {resumedAt && draft.saved_at === resumedAt ? (
          <p className="resumed">
            {t('draft.resumed', { at: format.instant(resumedAt) })}{' '}
            <button type="button" className="link" onClick={() => void keeper.drop().then(() => { dropLocal(me.user, service.code); window.location.assign(`/thu-tuc/${service.code}/nop`) })}>
              {t('draft.restart')}
            </button>
          </p>
        ) : null}
        <ErrorSummary errors={errors} />
        {content()}
        {own_buttons ? <div className="form-buttons">{buttons}</div> : null}
        <Saved keeper={keeper} />
      </div>
    </div>
  )
}

export default function Application() {
  const { code = '' } = useParams()
  const { data: me } = useMe()
  const service = useService(code)
  const { t } = useTranslation()
  const [search, setSearch] = useSearchParams()
  const wanted = search.get('thay')
  const { data: given } = useAuthorisations(me?.rights.includes('authorise') ?? false)
  const agencies = agenciesFor(given?.items, service.data)
  const behalf = agencies.find(({ principal }) => principal.number === wanted) ?? null
  const form = useServiceForm(code, null, wanted)
  const { keeper, resumedAt } = useDraftKeeper(me?.user ?? '', code, wanted)
  const error = service.error ?? form.error
  if (error && !(service.data && form.data))
    return <div className="page"><ProblemView error={error} onRetry={() => { void service.refetch(); void form.refetch() }} /></div>
  if (!me || !service.data || !form.data || !keeper) return <div className="page"><Loading lines={6} /></div>
  if (!canApplyOnline(service.data)) return <Navigate to={`/thu-tuc/${code}`} replace />
  if (wanted && !behalf) return given ? <Navigate to={`/thu-tuc/${code}/nop`} replace /> : <div className="page"><Loading lines={6} /></div>
  const choose = agencies.length > 0 ? (
    <NativeSelect
      id="for-whom" label={t('authorise.for_whom')} value={wanted ?? ''}
      data={[{ value: '', label: t('authorise.for_me') }, ...agencies.map(({ principal }) => ({ value: principal.number ?? '', label: principal.name }))]}
      onChange={(event) => setSearch(event.currentTarget.value ? { thay: event.currentTarget.value } : {})}
    />
  ) : null
  return <Writing key={wanted ?? ''} me={me} service={service.data} form={form.data} keeper={keeper} resumedAt={resumedAt} behalf={behalf} choose={choose} />
}
