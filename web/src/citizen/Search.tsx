import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useServices } from '@/api/hooks'
import { EmptyState } from '@/components/EmptyState'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { fieldName } from './facts'
import { SearchBox } from './SearchBox'
import { ServiceList } from './ServiceList'
import './citizen.css'

const levels = ['full', 'partial', 'information'] as const

export default function Search() {
  const { t } = useTranslation()
  const [search, setSearch] = useSearchParams()
  const q = search.get('q') ?? ''
  const field = search.get('linh-vuc') ?? ''
  const level = search.get('cach') ?? ''
  const { rows, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useServices({ q, field, level })
  // The fields to choose from are those of everything that matches the words.
  const unfiltered = useServices({ q, limit: '200' })
  const fields = [...new Set(unfiltered.rows.map((service) => fieldName(service.field)))].filter(Boolean).sort((a, b) => a.localeCompare(b, 'vi'))
  const title = q ? t('services.found', { q }) : t('services.title')
  usePageTitle(title)

  const set = (name: string, value: string) =>
    setSearch((before) => {
      const after = new URLSearchParams(before)
      if (value) after.set(name, value)
      else after.delete(name)
      return after
    }, { replace: name !== 'q' })
  const [said, setSaid] = useState('')
  const count = hasNextPage ? t('services.count_more', { count: rows.length }) : t('services.count', { count: rows.length })
  if (!isPending && said !== count) setSaid(count)

  return (
    <div className="page">
      <h1>{title}</h1>
      <SearchBox key={q} label={t('services.label')} initial={q} onSearch={(words) => set('q', words)} />
      <div className="filters">
        <label>
          {t('services.field')}
          <select value={field} onChange={(event) => set('linh-vuc', event.target.value)}>
            <option value="">{t('common.all')}</option>
            {(fields.includes(field) || !field ? fields : [field, ...fields]).map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label>
          {t('services.level')}
          <select value={level} onChange={(event) => set('cach', event.target.value)}>
            <option value="">{t('common.all')}</option>
            {levels.map((name) => <option key={name} value={name}>{t(`level.${name}`)}</option>)}
          </select>
        </label>
      </div>
      <p role="status" className="hint">{said}</p>
      {isPending ? <Loading lines={5} /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {!isPending && !error && rows.length === 0 ? (
        <EmptyState icon="search" title={t('services.none')}>
          <p>{t('services.none_hint')}</p>
          {field || level ? <Button variant="default" onClick={() => setSearch(q ? { q } : {})}>{t('services.clear')}</Button> : null}
        </EmptyState>
      ) : null}
      <ServiceList services={rows} />
      {hasNextPage ? <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('common.more')}</Button> : null}
    </div>
  )
}
