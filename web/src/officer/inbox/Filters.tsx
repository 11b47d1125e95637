import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/api/hooks'
import type { ServiceRow, Status } from '@/api/types'
import { Icon } from '@/components/Icon'
import { MoreFilters } from './MoreFilters'
import { hidden, narrows, plain, readFilter, useSavedFilters, writeFilter, type Filter } from './filters'

const statuses: Status[] = [1, 2, 4, 5, 6, 9, 10, 3, 7, 8]

const fieldsOf = (services: ServiceRow[]): string[] => {
  const names = services.map(({ field }) => (typeof field === 'string' ? field : field?.name)).filter((name) => typeof name === 'string')
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'vi'))
}

interface FiltersProps {
  filter: Filter
  user: string
  unit: string | undefined
  onChange: (filter: Filter) => void
}

export function Filters({ filter, user, unit, onChange }: FiltersProps) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const { rows: services } = useServices({ unit, limit: '200' })
  const { saved, save, remove } = useSavedFilters(user)
  const [naming, setNaming] = useState<string | null>(null)
  const [open, setOpen] = useState(hidden(filter) > 0)
  // What is typed goes to the address with a little delay; what comes from elsewhere (a saved filter) is shown here.
  const [typed, setTyped] = useState({ q: filter.q, from: filter.q })
  if (typed.from !== filter.q) setTyped({ q: filter.q, from: filter.q })
  const [timer, setTimer] = useState<ReturnType<typeof setTimeout>>()
  const type = (q: string) => {
    clearTimeout(timer)
    setTyped({ q, from: filter.q })
    setTimer(setTimeout(() => onChange({ ...filter, q: q.trim() }), 250))
  }
  const keepName = (event: SyntheticEvent) => {
    event.preventDefault()
    if (naming?.trim()) save(naming.trim(), filter)
    setNaming(null)
  }
  const here = writeFilter(filter)

  return (
    <section className="filters" aria-label={t('inbox.filters')}>
      <fieldset className="switch">
        <legend className="visually-hidden">{t('inbox.box')}</legend>
        {(['inbox', 'unit'] as const).map((box) => (
          <label key={box}>
            <input type="radio" name="box" checked={filter.box === box} onChange={() => onChange({ ...filter, box })} />
            <span>{t(box === 'inbox' ? 'inbox.mine' : 'inbox.unit')}</span>
          </label>
        ))}
      </fieldset>
      <div className="filter-search">
        <Icon name="search" size={18} />
        <input
          id="inbox-search" type="search" aria-label={t('inbox.search')} placeholder={t('inbox.search')} value={typed.q} autoComplete="off"
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => { if (event.key === 'Escape') event.currentTarget.blur() }}
        />
      </div>
      <label className="filter-select">
        <span className="visually-hidden">{t('inbox.status')}</span>
        <select value={filter.status} onChange={(event) => onChange({ ...filter, status: event.target.value })}>
          <option value="">{t('inbox.status')}: {tc('common.all')}</option>
          {statuses.map((status) => <option key={status} value={status}>{tc(`status.s${status}`)}</option>)}
        </select>
      </label>
      <label className="filter-select filter-service">
        <span className="visually-hidden">{t('inbox.service')}</span>
        <select value={filter.service} onChange={(event) => onChange({ ...filter, service: event.target.value })}>
          <option value="">{t('inbox.service')}: {tc('common.all')}</option>
          {services.map(({ code, name }) => <option key={code} value={code}>{name}</option>)}
        </select>
      </label>
      <label className="tick">
        <input type="checkbox" checked={filter.late} onChange={(event) => onChange({ ...filter, late: event.target.checked })} />
        {t('inbox.late')}
      </label>
      <button type="button" className="link" aria-expanded={open} aria-controls="more-filters" onClick={() => setOpen(!open)}>
        {hidden(filter) > 0 ? t('inbox.more_filters_on', { count: hidden(filter) }) : t('inbox.more_filters')}
      </button>
      {narrows(filter) ? <button type="button" className="link" onClick={() => onChange({ ...plain, box: filter.box })}>{t('inbox.clear')}</button> : null}
      {open ? <MoreFilters filter={filter} fields={fieldsOf(services)} onChange={onChange} /> : null}
      {saved.length > 0 || narrows(filter) ? (
        <div className="filter-saved">
          {saved.length > 0 ? (
            <ul aria-label={t('inbox.saved')}>
              {saved.map(({ name, search }) => (
                <li key={name} className={search === here ? 'saved-on' : undefined}>
                  <button type="button" aria-pressed={search === here} onClick={() => onChange(readFilter(new URLSearchParams(search)))}>{name}</button>
                  <button type="button" aria-label={t('inbox.remove', { name })} onClick={() => remove(name)}><Icon name="cross" size={14} /></button>
                </li>
              ))}
            </ul>
          ) : null}
          {naming === null && narrows(filter) && !saved.some(({ search }) => search === here) ? (
            <button type="button" className="link" onClick={() => setNaming('')}>{t('inbox.save')}</button>
          ) : null}
          {naming !== null ? (
            <form onSubmit={keepName} className="filter-name">
              <label>
                {t('inbox.save_name')}
                <input
                  // eslint-disable-next-line jsx-a11y/no-autofocus -- it appears because the person asked to name it
                  autoFocus value={naming} placeholder={t('inbox.save_hint')} maxLength={40}
                  onChange={(event) => setNaming(event.target.value)}
                  onKeyDown={(event) => { if (event.key === 'Escape') setNaming(null) }}
                />
              </label>
              <button type="submit" className="small-button">{tc('common.save')}</button>
            </form>
          ) : null}
        </div>
      ) : null}
    </section>
  )
}
