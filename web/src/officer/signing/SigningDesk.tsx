import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { address, call, newKey, Problem } from '@/api/http'
import { keys, useCases } from '@/api/hooks'
import type { Case, CaseRow, Me } from '@/api/types'
import { EmptyState } from '@/components/EmptyState'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { holds } from '../api'
import { Viewer } from '../case/Viewer'

type Outcome = { done: true } | { done: false; error: Error }

/** A token that is pulled out, a timestamp authority that is down, no network: the next one would fare no better. */
const stops = (error: unknown): boolean => !(error instanceof Problem) || error.offline || error.status >= 500 || error.code.startsWith('sign-')

function useSigning() {
  const client = useQueryClient()
  const [running, setRunning] = useState<{ all: number; done: number } | null>(null)
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map())
  const [stopped, setStopped] = useState<Error | null>(null)
  const sign = async (rows: readonly CaseRow[]) => {
    const found = new Map<string, Outcome>()
    setStopped(null)
    setRunning({ all: rows.length, done: 0 })
    for (const { code, version } of rows) {
      try {
        const fresh = await call<Case>(`/cases/${encodeURIComponent(code)}/actions/approve`, { method: 'POST', body: {}, ifMatch: version, idempotencyKey: newKey() })
        client.setQueryData(keys.case(code), fresh)
        found.set(code, { done: true })
      } catch (error) {
        found.set(code, { done: false, error: error as Error })
        if (stops(error)) {
          setStopped(error as Error)
          break
        }
      }
      setRunning({ all: rows.length, done: found.size })
    }
    setOutcomes(found)
    setRunning(null)
    await client.invalidateQueries({ queryKey: ['cases'] })
  }
  return { sign, running, outcomes, stopped }
}

/** One act for many papers: nothing is signed that was not opened here first. */
export default function SigningDesk({ me }: { me: Me }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const { rows, error, isPending, refetch, hasNextPage, fetchNextPage } = useCases({ box: 'inbox', status: '4', limit: '100' })
  const [open, setOpen] = useState<string | null>(null)
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const { sign, running, outcomes, stopped } = useSigning()
  usePageTitle(t('signing.title'))
  const waiting = rows.filter(({ step, unit }) => step?.role === 'signatory' && holds(me, 'signatory', unit.code))
  const chosen = waiting.filter(({ code }) => seen.has(code) && !left.has(code))
  const shown = waiting.find(({ code }) => code === open)
  const show = (code: string) => {
    setOpen(code)
    setSeen((was) => new Set(was).add(code))
  }
  const toggle = (code: string) =>
    setLeft((was) => {
      const now = new Set(was)
      if (!now.delete(code)) now.add(code)
      return now
    })
  const failed = [...outcomes].filter(([, outcome]) => !outcome.done)
  const done = outcomes.size - failed.length

  return (
    <div className="desk signing">
      <h1>{t('signing.title')}</h1>
      <p className="hint">{t('signing.lead')}</p>
      <div role="status">
        {running ? <p>{t('signing.running', running)}</p> : null}
        {!running && done > 0 ? <p><Icon name="check" /> {t('signing.done', { count: done })}</p> : null}
        {!running && stopped ? <><ProblemView error={stopped} /><p>{t('signing.stopped')}</p></> : null}
        {!running && !stopped && failed.length > 0 ? <p className="bad">{t('signing.failed', { count: failed.length })}</p> : null}
      </div>
      {isPending ? <Loading lines={6} /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {!isPending && !error && waiting.length === 0 ? <EmptyState icon="check" title={t('signing.none')} /> : null}
      {waiting.length > 0 ? (
        <div className="signing-columns">
          <div>
            <button type="button" className="small-button act-run" disabled={chosen.length === 0 || running !== null} onClick={() => void sign(chosen)}>
              {t('signing.sign', { count: chosen.length })}
            </button>
            <ul className="plain">
              {waiting.map((row) => {
                const outcome = outcomes.get(row.code)
                return (
                  <li key={row.code} className="signing-row" aria-current={row.code === open ? 'true' : undefined}>
                    <input type="checkbox" aria-label={t('signing.choose', { code: row.code })} disabled={!seen.has(row.code) || running !== null} checked={seen.has(row.code) && !left.has(row.code)} onChange={() => toggle(row.code)} />
                    <button type="button" className="signing-open" onClick={() => show(row.code)}>
                      <span className="line">{row.applicant.name}</span>
                      <span className="line hint">{row.service.name}</span>
                      <span className="line hint">{row.code}{row.due_at ? ` · ${t('signing.due', { at: format.instant(row.due_at) })}` : ''}{seen.has(row.code) ? ` · ${t('signing.seen')}` : ''}</span>
                    </button>
                    {outcome && !outcome.done ? <ProblemView error={outcome.error} /> : null}
                  </li>
                )
              })}
            </ul>
            {hasNextPage ? <button type="button" className="small-button" onClick={() => void fetchNextPage()}>{t('signing.more')}</button> : null}
          </div>
          <div>
            {shown ? (
              <>
                <Viewer key={shown.code} place={address(`/cases/${encodeURIComponent(shown.code)}/preview`)} mediaType="application/pdf" title={shown.service.name} />
                <Link to={`/can-bo/ho-so/${encodeURIComponent(shown.code)}`} className="link">{t('signing.whole')}</Link>
              </>
            ) : <p className="hint">{t('signing.pick')}</p>}
          </div>
        </div>
      ) : null}
    </div>
  )
}
