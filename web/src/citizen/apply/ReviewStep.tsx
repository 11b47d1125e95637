import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Problem, type FieldError } from '@/api/http'
import { check, useUnits } from '@/api/hooks'
import type { JsonObject, ServiceForm } from '@/api/types'
import { Icon } from '@/components/Icon'
import { ProblemView } from '@/components/Problems'
import { FormSummary } from '@/components/schema/FormSummary'
import { DateText, Money } from '@/components/Text'
import type { LocalDraft } from './draft'
import { stepFor, type ApplyStep } from './steps'
import { heldTitle } from '../papers'
import { useOnline } from './useDraft'

interface ReviewStepProps {
  draft: LocalDraft
  form: ServiceForm
  data: JsonObject
  steps: readonly ApplyStep[]
  stepAddress: (step: ApplyStep) => string
  submit: { mutate: () => void; isPending: boolean; error: unknown }
  onBack: () => void
}

/** What the server found wrong, each with the way to where it is mended. */
function Findings({ errors, steps, stepAddress }: { errors: readonly FieldError[] } & Pick<ReviewStepProps, 'steps' | 'stepAddress'>) {
  const { t } = useTranslation()
  return (
    <div className="problem" role="alert">
      <h2 className="problem-title"><Icon name="warning" /> {t('problem.summary', { count: errors.length })}</h2>
      <ul>
        {errors.map((error) => {
          const step = stepFor(steps, error)
          const message = error.pointer.startsWith('/papers') ? t('apply.paper_missing', { title: error.message }) : error.message
          return <li key={error.pointer + error.message}>{step ? <Link to={stepAddress(step)}>{step.title}: {message}</Link> : message}</li>
        })}
      </ul>
    </div>
  )
}

export function ReviewStep({ draft, form, data, steps, stepAddress, submit, onBack }: ReviewStepProps) {
  const { t } = useTranslation()
  const online = useOnline()
  const body = { unit: draft.unit, form: data, papers: draft.papers.map(({ kind, document }) => ({ kind, document })) }
  const checked = useQuery({
    queryKey: ['check', draft.service, draft.saved_at], queryFn: () => check(draft.service, body), staleTime: 0, gcTime: 0, refetchOnWindowFocus: false,
  })
  const unit = useUnits({ service: draft.service, limit: '200' }).rows.find(({ code }) => code === draft.unit)
  const wrong = [submit.error, checked.error].find((error): error is Problem => error instanceof Problem)

  const part = (step: ApplyStep) => {
    if (step.fields) return <FormSummary schema={form.schema} data={data} fields={step.fields} />
    if (step.id === 'noi-nop') return <p>{unit?.name ?? draft.unit}</p>
    if (step.id === 'nhan-ket-qua') return <p>{t(`delivery.${draft.delivery}`)}</p>
    if (step.id === 'giay-to')
      return (
        <ul className="plain">
          {form.papers.map((paper) => {
            const mine = draft.papers.find(({ kind }) => kind === paper.kind)
            return <li key={paper.kind}>{paper.title}: {mine?.title ?? (heldTitle(paper) !== null ? t('dossier.paper_held') : t('dossier.paper_none'))}</li>
          })}
        </ul>
      )
    return null
  }

  return (
    <>
      {wrong ? (wrong.errors.length > 0 ? <Findings errors={wrong.errors} steps={steps} stepAddress={stepAddress} /> : (
        <ProblemView error={wrong} onRetry={wrong === checked.error ? () => void checked.refetch() : undefined}>
          {wrong.offline && wrong === submit.error ? <p>{t('apply.offline_submit')}</p> : null}
          {wrong.code === 'idempotency-reused' ? <p><Link to="/ho-so">{t('nav.dossiers')}</Link></p> : null}
        </ProblemView>
      )) : null}

      {steps.filter(({ id }) => id !== 'xem-lai').map((step) => (
        <section key={step.id} className="review" aria-labelledby={`review-${step.id}`}>
          <div className="review-head">
            <h2 id={`review-${step.id}`}>{step.title}</h2>
            <Link to={stepAddress(step)} className="no-print">{t('common.change')}<span className="visually-hidden">: {step.title}</span></Link>
          </div>
          {part(step)}
        </section>
      ))}

      <div className="card total" aria-live="polite">
        {checked.isPending ? <p>{t('apply.checking')}</p> : null}
        {checked.data ? (
          <dl className="facts">
            <div><dt>{t('apply.fee')}</dt><dd><Money amount={checked.data.fee?.amount ?? null} /></dd></div>
            {checked.data.due_at ? (
              <div>
                <dt>{t('apply.due')}</dt>
                <dd><DateText value={checked.data.due_at} time /><span className="hint line">{t('apply.due_if')}</span></dd>
              </div>
            ) : null}
          </dl>
        ) : null}
        <p>{t('apply.pledge')}</p>
        {online ? null : <p><Icon name="offline" /> {t('apply.offline_submit')}</p>}
      </div>
      <div className="form-buttons">
        <Button size="lg" onClick={() => submit.mutate()} loading={submit.isPending} disabled={!checked.data}>{t('apply.submit')}</Button>
        <Button size="lg" variant="default" onClick={onBack}>{t('common.back')}</Button>
      </div>
    </>
  )
}
