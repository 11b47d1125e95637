import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { EmptyState } from '@/components/EmptyState'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { kinds, useDefinitions, useDrafts, type Kind } from './api'

/** What the city is made of: services, flows, calendars, units; and what is being changed about them. */
export default function Definitions() {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const [search, setSearch] = useSearchParams()
  const kind = kinds.find((one) => one === search.get('loai')) ?? 'service'
  const q = search.get('tim') ?? ''
  const [typed, setTyped] = useState(q)
  const found = useDefinitions(kind, q)
  const drafts = useDrafts()
  usePageTitle(t('setup.title'))
  const show = (next: Kind, words: string) => setSearch({ loai: next, ...(words ? { tim: words } : {}) }, { replace: true })
  const to = (one: string, key: string) => `/can-bo/cau-hinh/${encodeURIComponent(one)}/${encodeURIComponent(key)}`
  return (
    <div className="desk">
      <div className="inbox-head"><h1>{t('setup.title')}</h1></div>
      {drafts.data && drafts.data.items.length > 0 ? (
        <section className="panel">
          <h2>{t('setup.drafts')}</h2>
          <ul className="short-rows">
            {drafts.data.items.map((row) => (
              <li key={`${row.kind}/${row.key}`}>
                <span>{t(`setup.kind.${row.kind}`, { defaultValue: row.kind })}</span>
                <Link to={to(row.kind, row.key)}>{row.key}</Link>
                <span>{row.publish_at ? t('setup.waits', { at: format.instant(row.publish_at) }) : t('setup.saved', { at: format.instant(row.saved_at) })}</span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <form className="filters" onSubmit={(event) => { event.preventDefault(); show(kind, typed.trim()) }}>
        <label className="filter-select">
          <span className="visually-hidden">{t('setup.what')}</span>
          <select value={kind} onChange={(event) => show(event.target.value as Kind, typed.trim())}>
            {kinds.map((one) => <option key={one} value={one}>{t(`setup.kind.${one}`)}</option>)}
          </select>
        </label>
        <div className="filter-search">
          <Icon name="search" size={18} />
          <input type="search" aria-label={t('setup.search')} placeholder={t('setup.search')} value={typed} onChange={(event) => setTyped(event.target.value)} />
        </div>
        <button type="submit" className="small-button">{t('setup.find')}</button>
      </form>
      {found.error ? <ProblemView error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending ? <Loading lines={8} /> : null}
      {found.data?.length === 0 ? <EmptyState icon="search" title={t('setup.none')} /> : null}
      {found.data && found.data.length > 0 ? (
        <table className="inbox">
          <caption className="visually-hidden">{t(`setup.kind.${kind}`)}</caption>
          <thead><tr><th scope="col">{t('setup.name')}</th><th scope="col" className="c-key">{t('setup.key')}</th><th scope="col" className="c-version">{t('setup.version')}</th></tr></thead>
          <tbody>
            {found.data.map(({ key, title, version }) => (
              <tr key={key}><td><Link to={to(kind, key)}>{title}</Link></td><td className="code">{key}</td><td>{version}</td></tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  )
}
