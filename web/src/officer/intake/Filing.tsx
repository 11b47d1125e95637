import { Checkbox, NativeSelect } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { check } from '@/api/hooks'
import { call, newKey, Problem } from '@/api/http'
import type { Case, Delivery, JsonObject, Service, ServiceForm } from '@/api/types'
import { heldTitle } from '@/citizen/papers'
import { FileUpload } from '@/components/FileUpload'
import { Icon } from '@/components/Icon'
import { ErrorSummary, ProblemView, type SummaryError } from '@/components/Problems'
import { asksNothing, inputId, Lines, pageSchema, schemaAt, SchemaForm, tokens, useLines, validate } from '@/components/schema'
import { DateText, Money } from '@/components/Text'

export interface Filed {
  case: Case
  presented: string[]
  /** Why it could not be received at once; it is filed all the same. */
  trouble: unknown
}

interface FilingProps {
  number: string
  unit: string
  service: Service
  form: ServiceForm
  onFiled: (filed: Filed) => void
}

const deliveries: Delivery[] = ['counter', 'vault', 'post']

export function Filing({ number, unit, service, form, onFiled }: FilingProps) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const client = useQueryClient()
  const [data, setData] = useState<JsonObject>(form.data)
  const [presented, setPresented] = useState<string[]>([])
  const [sent, setSent] = useState<{ kind: string; document: string; title: string }[]>([])
  const [delivery, setDelivery] = useState<Delivery>('counter')
  const [key] = useState(newKey)
  const [tried, setTried] = useState(false)
  const schema = useMemo(() => pageSchema(form.schema, null, form.locked), [form])
  const known = useLines(form.schema, data, (path) => form.locked.some((one) => `/${path.join('/')}`.startsWith(one)))
  const findings = useMemo(() => (asksNothing(schema) ? [] : validate(schema, data, tc)), [schema, data, tc])
  const [settled] = useDebouncedValue(data, 300)
  const body = (filled: JsonObject) => ({ unit, form: filled, on_behalf_of: number, channel: 'counter' })
  const quote = useQuery({
    queryKey: ['quote', service.code, number, settled],
    queryFn: () => check(service.code, body(settled)),
    enabled: findings.length === 0,
    staleTime: 60_000,
  })
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const first = box.current?.querySelector<HTMLElement>('.intake-form :is(input, select, textarea):not([disabled])')
    ;(first ?? box.current?.querySelector<HTMLElement>('.intake-submit'))?.focus()
  }, [])

  const file = useMutation({
    mutationFn: async (): Promise<Filed> => {
      const filed = await call<Case>('/cases', {
        method: 'POST', idempotencyKey: key,
        body: { ...body(data), service: service.code, delivery, papers: sent.map(({ kind, document }) => ({ kind, document })) },
      })
      const titles = form.papers.filter(({ kind }) => presented.includes(kind)).map(({ title }) => title)
      try {
        const received = await call<Case>(`/cases/${encodeURIComponent(filed.code)}/actions/receive`, {
          method: 'POST', ifMatch: filed.version, idempotencyKey: newKey(),
          body: titles.length > 0 ? { note: t('intake.presented_note', { titles: titles.join('; ') }) } : {},
        })
        return { case: { ...received, track_pin: received.track_pin ?? filed.track_pin }, presented: titles, trouble: null }
      } catch (trouble) {
        return { case: filed, presented: titles, trouble }
      }
    },
    onSuccess: (filed) => {
      void client.invalidateQueries({ queryKey: ['cases'] })
      onFiled(filed)
    },
  })
  const submit = () => {
    setTried(true)
    if (findings.length === 0 && !file.isPending) file.mutate()
  }
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    submit()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => press(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])

  const refused = [file.error, quote.error].find((error) => error instanceof Problem && error.errors.length > 0) as Problem | undefined
  const shown = useMemo(
    () => (tried ? findings : []).concat((refused?.errors ?? []).map(({ pointer, message }) => ({ pointer: pointer.replace(/^\/form(?=\/|$)/, ''), message }))),
    [tried, findings, refused],
  )
  const summary = useMemo(() => shown.map(({ pointer, message }): SummaryError => {
    const { title } = schemaAt(form.schema, tokens(pointer))
    return { target: inputId(pointer), message: typeof title === 'string' ? `${title}: ${message}` : message }
  }), [shown, form])
  const tick = (kind: string, on: boolean) => setPresented(on ? [...presented, kind] : presented.filter((one) => one !== kind))

  return (
    <div className="intake-work" ref={box}>
      <div>
        <ErrorSummary errors={summary} />
        {file.error && !refused ? <ProblemView error={file.error} /> : null}
        <section aria-labelledby="intake-form" className="intake-part">
          <h2 id="intake-form">{t('intake.form')}</h2>
          {known.length > 0 ? (
            <div className="intake-known"><p><Icon name="check" size={16} /> <strong>{tc('source.heading')}</strong></p><Lines lines={known} /></div>
          ) : null}
          {asksNothing(schema) ? <p>{t('intake.form_known')}</p> : (
            <div className="intake-form"><SchemaForm schema={schema} ui={form.ui} data={data} findings={shown} onChange={setData} onSubmit={submit} /></div>
          )}
        </section>
        <section aria-labelledby="intake-papers" className="intake-part">
          <h2 id="intake-papers">{t('intake.papers')}</h2>
          {form.papers.length === 0 ? <p>{t('intake.papers_none')}</p> : null}
          <ul className="intake-papers">
            {form.papers.map((paper) => {
              const held = heldTitle(paper)
              const rule = service.papers.find(({ kind }) => kind === paper.kind)
              const mine = sent.find(({ kind }) => kind === paper.kind)
              return (
                <li key={paper.kind}>
                  <p>
                    <strong>{paper.title}</strong>{' '}
                    <span className="hint">{rule?.group ?? (paper.required ? t('intake.paper_required') : tc('common.optional'))}</span>
                  </p>
                  {held !== null ? <p className="paper-held"><Icon name="check" size={16} /> {t('intake.paper_held', { title: held || paper.title })}</p> : (
                    <div className="row">
                      <Checkbox
                        size="sm" label={t('intake.paper_presented')} aria-label={`${t('intake.paper_presented')}: ${paper.title}`}
                        checked={presented.includes(paper.kind)} onChange={(event) => tick(paper.kind, event.currentTarget.checked)}
                      />
                      {rule?.to === 'present' ? null : (
                        <FileUpload
                          label={paper.title} sent={mine?.title}
                          onSent={(document, given) => setSent([...sent.filter(({ kind }) => kind !== paper.kind), { kind: paper.kind, document: document.id, title: given.name }])}
                        />
                      )}
                    </div>
                  )}
                </li>
              )
            })}
          </ul>
        </section>
      </div>
      <aside className="intake-side" aria-label={t('intake.quote')}>
        <div aria-live="polite">
          {quote.data && findings.length === 0 ? (
            <dl>
              <div><dt>{t('intake.fee')}</dt><dd><Money amount={quote.data.fee?.amount ?? null} /></dd></div>
              {quote.data.due_at ? <div><dt>{t('intake.due')}</dt><dd><DateText value={quote.data.due_at} time /></dd></div> : null}
            </dl>
          ) : <p className="hint">{t('intake.quote_wait')}</p>}
          {quote.error && !refused ? <ProblemView error={quote.error} onRetry={() => void quote.refetch()} /> : null}
        </div>
        <NativeSelect
          label={t('intake.delivery')} value={delivery} onChange={(event) => setDelivery(event.currentTarget.value as Delivery)}
          data={deliveries.map((value) => ({ value, label: t(`intake.deliveries.${value}`) }))}
        />
        <button type="button" className="small-button act-run intake-submit" onClick={submit} disabled={file.isPending}>
          {file.isPending ? t('intake.filing') : t('intake.submit')} <kbd>Ctrl Enter</kbd>
        </button>
      </aside>
    </div>
  )
}
