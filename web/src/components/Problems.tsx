import { Button } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '@/api/http'
import { Icon } from './Icon'

/** What went wrong, in the server's words when it has some, with a code to quote. Announced when it appears. */
export function ProblemView({ error, onRetry, children }: { error: unknown; onRetry?: () => void; children?: ReactNode }) {
  const { t } = useTranslation()
  const problem = error instanceof Problem ? error : null
  const offline = problem?.offline ?? false
  const title = offline ? t('problem.offline_title') : problem?.message || t('problem.heading')
  const text = offline ? t('problem.offline_text') : (problem?.detail ?? (!problem || problem.status >= 500 ? t('problem.server_text') : null))
  return (
    <div className="problem" role="alert">
      <p className="problem-title"><Icon name={offline ? 'offline' : 'late'} /> {title}</p>
      {text ? <p>{text}</p> : null}
      {problem && problem.errors.length > 0 ? <ul>{problem.errors.map((e) => <li key={e.pointer + e.keyword}>{e.message}</li>)}</ul> : null}
      {children}
      {problem && !offline ? <p className="problem-quote">{t('problem.quote', { code: problem.quote })}</p> : null}
      {onRetry ? <Button variant="default" onClick={onRetry}>{t('common.retry')}</Button> : null}
    </div>
  )
}

export interface SummaryError {
  /** The id of the input to go to; without it the line is only said. */
  target?: string
  message: string
}

/** The list of what is wrong, on top of a form; takes the focus each time a new list comes. */
export function ErrorSummary({ errors }: { errors: SummaryError[] }) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (errors.length > 0) box.current?.focus()
  }, [errors])
  if (errors.length === 0) return null

  const go = (target: string) => {
    const input = document.getElementById(target)
    input?.scrollIntoView({ block: 'center' })
    const inside = input?.matches('input, select, textarea, button') ? input : input?.querySelector<HTMLElement>('input, select, textarea, button')
    inside?.focus()
  }
  return (
    <div className="problem" role="alert" tabIndex={-1} ref={box} aria-labelledby="error-summary-title">
      <h2 id="error-summary-title" className="problem-title"><Icon name="warning" /> {t('problem.summary', { count: errors.length })}</h2>
      <ul>
        {errors.map(({ target, message }) => (
          <li key={(target ?? '') + message}>
            {target ? <a href={`#${target}`} onClick={(event) => { event.preventDefault(); go(target) }}>{message}</a> : message}
          </li>
        ))}
      </ul>
    </div>
  )
}
