import { useTranslation } from 'react-i18next'
import { Problem } from '@/api/http'
import type { CaseRow, Me } from '@/api/types'
import { Icon } from '@/components/Icon'
import { bulkActions, fits, type useBulk } from './bulk'

interface BulkBarProps {
  bulk: ReturnType<typeof useBulk>
  chosen: CaseRow[]
  me: Me
  refusal: string | null
  onClear: () => void
}

const keyOf = { receive: 'r', 'hand-over': 'h' } as const

/** What can be done to the chosen rows; then the seconds to undo it; then how it went for each. */
export function BulkBar({ bulk, chosen, me, refusal, onClear }: BulkBarProps) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const { state } = bulk
  const reason = (error: unknown) => (error instanceof Problem ? (error.offline ? tc('problem.offline_title') : error.message) : tc('problem.server_text'))
  const failed = state.at === 'done' ? state.outcomes.filter(({ error }) => error !== null) : []
  const went = state.at === 'done' ? state.outcomes.length - failed.length : 0
  const quiet = state.at === 'idle' && chosen.length === 0 && !refusal
  return (
    <section className={quiet ? 'visually-hidden' : 'bulk'} aria-label={t('bulk.label')}>
      {chosen.length > 0 && (state.at === 'idle' || state.at === 'done' || state.at === 'undone') ? (
        <div className="bulk-row">
          <strong>{t('bulk.chosen', { count: chosen.length })}</strong>
          {bulkActions.map((action) => {
            const all = chosen.every((row) => fits(action, row, me))
            return (
              <button
                key={action} type="button" className="small-button" disabled={!all} title={all ? undefined : t('bulk.not_all')}
                onClick={() => bulk.start(action, chosen)}
              >
                {t(`bulk.${action}`)} <kbd>{keyOf[action]}</kbd>
              </button>
            )
          })}
          <button type="button" className="link" onClick={onClear}>{t('bulk.clear')}</button>
          {bulkActions.every((action) => !chosen.every((row) => fits(action, row, me))) ? <span className="hint">{t('bulk.not_all')}</span> : null}
        </div>
      ) : null}
      <div role="status" className="bulk-row">
        {refusal ? <p>{refusal}</p> : null}
        {state.at === 'pending' ? (
          <>
            <p>{t('bulk.pending', { what: t(`bulk.${state.action}_many`, { count: state.rows.length }), seconds: state.seconds })}</p>
            <button type="button" className="small-button" onClick={bulk.undo}>{t('bulk.undo')} <kbd>z</kbd></button>
            <button type="button" className="link" onClick={bulk.now}>{t('bulk.now')}</button>
          </>
        ) : null}
        {state.at === 'undone' ? <p>{t('bulk.undone')}</p> : null}
        {state.at === 'running' ? (
          <>
            <progress max={state.all} value={state.done} aria-label={t(`bulk.${state.action}`)} />
            <p>{t('bulk.running', { done: state.done, all: state.all })}</p>
          </>
        ) : null}
        {state.at === 'done' ? (
          <p>
            {went > 0 ? <><Icon name="check" size={16} /> {t('bulk.done', { count: went })}. {t('bulk.final')} </> : null}
            {failed.length > 0 ? <span className="field-error"><Icon name="late" size={16} /> {t('bulk.failed', { count: failed.length })}.</span> : null}
          </p>
        ) : null}
        {state.at === 'done' || state.at === 'undone' ? <button type="button" className="link" onClick={bulk.dismiss}>{tc('common.close')}</button> : null}
      </div>
      {state.at === 'done' && (failed.length > 0 || state.outcomes.length > 1) ? (
        <details open={failed.length > 0}>
          <summary>{t('bulk.results')}</summary>
          <ul className="outcomes">
            {state.outcomes.map(({ code, step, error }) => (
              <li key={code} className={error === null ? undefined : 'outcome-bad'}>
                <Icon name={error === null ? 'check' : 'late'} size={16} /> <span className="code">{code}</span>{' '}
                {error === null ? t('bulk.result_ok', { step }) : reason(error)}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  )
}
