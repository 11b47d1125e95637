import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useEntries } from '@/api/hooks'
import type { Entry, JsonObject } from '@/api/types'
import { EmptyState } from '@/components/EmptyState'
import { cityTime } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { isObject } from '@/components/schema/pointer'

const folded = (text: string): string =>
  text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[đĐ]/g, 'd').toLowerCase().replace(/\s+/g, ' ').trim()

/** Every value that the applicant stated, so that what agrees can be marked. */
function stated(form: unknown, into = new Set<string>()): Set<string> {
  if (Array.isArray(form)) form.forEach((one) => stated(one, into))
  else if (isObject(form)) Object.values(form).forEach((one) => stated(one, into))
  else if (typeof form === 'string' && form.length > 2) into.add(folded(form))
  return into
}

const dateWords = (value: string | number): string => (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? (cityTime(value)?.date ?? value) : String(value))

interface EntryPickerProps {
  code: string
  form: JsonObject
  chosen: Entry | null
  onChoose: (entry: Entry) => void
  onClose: () => void
}

/** The books' entries in the papers' place, so that each line can be held against the form beside it. */
export function EntryPicker({ code, form, chosen, onChoose, onClose }: EntryPickerProps) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  const entries = useEntries(code, q)
  const said = stated(form)
  const find = (event: SyntheticEvent) => {
    event.preventDefault()
    setQ(typed.trim())
  }
  return (
    <section className="entries" aria-labelledby="entries-title">
      <div className="entries-head">
        <h2 id="entries-title">{t('entries.title')}</h2>
        <button type="button" className="link" onClick={onClose}>{t('entries.close')}</button>
      </div>
      <p className="hint">{t('entries.lead')}</p>
      <form role="search" onSubmit={find} className="inline-search">
        <label htmlFor="entries-q">{t('entries.search')}</label>
        <div>
          <input id="entries-q" type="search" value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
          <button type="submit" className="small-button">{tc('common.search')}</button>
        </div>
      </form>
      {entries.error ? <ProblemView error={entries.error} onRetry={() => void entries.refetch()} /> : null}
      {entries.isPending ? <Loading /> : null}
      {entries.data && entries.rows.length === 0 ? <EmptyState icon="search" title={t('entries.none')}><p>{t('entries.none_hint')}</p></EmptyState> : null}
      {q === '' && entries.rows.length > 0 ? <p><Icon name="check" size={16} /> {t('entries.guessed')}</p> : null}
      <ul className="entry-list">
        {entries.rows.map((entry) => {
          const mine = chosen?.key === entry.key
          return (
            <li key={entry.registry + entry.key} className={mine ? 'entry entry-chosen' : 'entry'}>
              <div className="entry-head">
                <h3>{entry.title}</h3>
                <button type="button" className="small-button" aria-pressed={mine} aria-label={`${t(mine ? 'entries.chosen' : 'entries.choose')}: ${entry.title}`} onClick={() => onChoose(entry)}>
                  {mine ? <Icon name="check" size={16} /> : null} {t(mine ? 'entries.chosen' : 'entries.choose')}
                </button>
              </div>
              <dl className="summary">
                {entry.fields.map(({ title, value }) => (
                  <div key={title}>
                    <dt>{title}</dt>
                    <dd>
                      {dateWords(value)}
                      {said.has(folded(String(value))) ? <span className="entry-same"><Icon name="check" size={14} /> {t('entries.same')}</span> : null}
                    </dd>
                  </div>
                ))}
              </dl>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
