import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { Filter } from './filters'

interface MoreFiltersProps {
  filter: Filter
  fields: string[]
  onChange: (filter: Filter) => void
}

const spans = [['from', 'to'], ['due_from', 'due_to']] as const

/** What is asked for less often: field, telephone, days, who has it, silent ones. */
export function MoreFilters({ filter, fields, onChange }: MoreFiltersProps) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const [phone, setPhone] = useState(filter.phone)
  const search = (event: SyntheticEvent) => {
    event.preventDefault()
    onChange({ ...filter, phone: phone.trim() })
  }
  return (
    <div className="more-filters" id="more-filters">
      <label>
        {t('inbox.field')}
        <select value={filter.field} onChange={(event) => onChange({ ...filter, field: event.target.value })}>
          <option value="">{tc('common.all')}</option>
          {filter.field && !fields.includes(filter.field) ? <option value={filter.field}>{filter.field}</option> : null}
          {fields.map((field) => <option key={field} value={field}>{field}</option>)}
        </select>
      </label>
      <form onSubmit={search}>
        <label>
          {t('inbox.phone')}
          <input type="tel" value={phone} autoComplete="off" maxLength={20} onChange={(event) => setPhone(event.target.value)} onBlur={search} />
        </label>
      </form>
      {spans.map(([from, to]) => (
        <fieldset key={from}>
          <legend>{t(`inbox.${from}`)}</legend>
          <label>
            <span>{t('inbox.day_from')}</span>
            <input type="date" value={filter[from]} max={filter[to] || undefined} onChange={(event) => onChange({ ...filter, [from]: event.target.value })} />
          </label>
          <label>
            <span>{t('inbox.day_to')}</span>
            <input type="date" value={filter[to]} min={filter[from] || undefined} onChange={(event) => onChange({ ...filter, [to]: event.target.value })} />
          </label>
        </fieldset>
      ))}
      <label className="tick">
        <input type="checkbox" checked={filter.assignee === 'none'} onChange={(event) => onChange({ ...filter, assignee: event.target.checked ? 'none' : '' })} />
        {t('inbox.unassigned')}
      </label>
      <label className="tick">
        <input type="checkbox" checked={filter.silent} onChange={(event) => onChange({ ...filter, silent: event.target.checked })} />
        {t('inbox.silent')}
      </label>
    </div>
  )
}
