import { Button, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useNavigate, useParams } from 'react-router'
import { Problem } from '@/api/http'
import { useTrack } from '@/api/hooks'
import type { Track as Tracked } from '@/api/types'
import { DeadlineChip, StatusChip } from '@/components/Chips'
import { Loading } from '@/components/Loading'
import { ErrorSummary, ProblemView, type SummaryError } from '@/components/Problems'
import { DateText } from '@/components/Text'
import { usePageTitle } from '@/components/usePage'
import './citizen.css'

/** The pin travels in the history's state: an address is copied, logged and sent on. */
function useAsk(code: string) {
  const navigate = useNavigate()
  return (given: string, pin: string) => void navigate(`/tra-cuu/${encodeURIComponent(given)}`, { state: { pin }, replace: given === code })
}

function Found({ of }: { of: Tracked }) {
  const { t } = useTranslation()
  const unit = typeof of.step?.unit === 'object' ? of.step.unit?.name : undefined
  return (
    <section className="card" aria-live="polite">
      <p className="card-over code">{of.code}</p>
      <p className="card-title">{of.service.name}</p>
      <p className="chips">
        <StatusChip status={of.status} />
        {of.timeliness && of.due_at && of.status < 7 ? <DeadlineChip dueAt={of.due_at} timeliness={of.timeliness} paused={of.status === 5 || of.status === 6} /> : null}
      </p>
      {of.unit || of.submitted_at ? (
        <dl className="summary">
          {of.unit ? <div><dt>{t('receipt.at')}</dt><dd>{of.unit.name}</dd></div> : null}
          {of.submitted_at ? <div><dt>{t('receipt.submitted')}</dt><dd><DateText value={of.submitted_at} time /></dd></div> : null}
          {of.step ? <div><dt>{t('dossier.where')}</dt><dd>{of.step.title}{unit ? `, ${unit}` : ''}</dd></div> : null}
          {of.due_at ? <div><dt>{t('receipt.due')}</dt><dd><DateText value={of.due_at} time /></dd></div> : null}
          {of.finished_at ? <div><dt>{t('timeline.done')}</dt><dd><DateText value={of.finished_at} time /></dd></div> : null}
        </dl>
      ) : <p className="hint">{t('track.more_with_pin')}</p>}
    </section>
  )
}

export default function Track() {
  const { t } = useTranslation()
  const { code = '' } = useParams()
  const location = useLocation()
  const pin = (location.state as { pin?: string } | null)?.pin ?? ''
  const ask = useAsk(code)
  const { data, error, isFetching, refetch } = useTrack(code, pin)
  const [words, setWords] = useState({ code, pin })
  const [errors, setErrors] = useState<SummaryError[]>([])
  usePageTitle(t('track.title'))

  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const given = words.code.trim().toUpperCase()
    setErrors(given ? [] : [{ target: 'track-code', message: t('track.code_missing') }])
    if (given) ask(given, words.pin.trim())
  }
  const absent = error instanceof Problem && error.status === 404
  return (
    <div className="page">
      <h1>{t('track.title')}</h1>
      <p className="lead">{t('track.lead')}</p>
      <ErrorSummary errors={errors} />
      <form onSubmit={submit} noValidate className="fields track-form">
        <TextInput
          id="track-code" label={t('track.code')} description={t('track.code_hint')} value={words.code} error={errors[0]?.message} autoComplete="off" spellCheck={false}
          onChange={(event) => { const given = event.currentTarget.value; setWords((before) => ({ ...before, code: given })) }}
        />
        <TextInput
          label={t('track.pin')} value={words.pin} autoComplete="off" spellCheck={false}
          onChange={(event) => { const given = event.currentTarget.value; setWords((before) => ({ ...before, pin: given })) }}
        />
        <div><Button type="submit" loading={isFetching}>{t('track.submit')}</Button></div>
      </form>
      {code && isFetching && !data ? <Loading /> : null}
      {absent ? <p role="alert" className="problem">{t('track.not_found')}</p> : null}
      {error && !absent ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Found of={data} /> : null}
      {data ? <p><Link to="/tra-cuu" onClick={() => setWords({ code: '', pin: '' })} className="onward">{t('track.other')}</Link></p> : null}
    </div>
  )
}
