import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useCases } from '@/api/hooks'
import type { CaseRow, Me } from '@/api/types'
import { EmptyState } from '@/components/EmptyState'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { useKeys } from '../keys'
import { useNow } from '../now'
import { rememberList } from '../neighbours'
import { fits, useBulk, type BulkAction } from './bulk'
import { BulkBar } from './BulkBar'
import { useDownload } from './download'
import { narrows, queryOf, readFilter, writeFilter, type Filter } from './filters'
import { Filters } from './Filters'
import { useFresh } from './fresh'
import { rowId, Table } from './Table'

/** The officer's home: what is due first on top, as it is this minute. */
export default function Inbox({ me }: { me: Me }) {
  const { t } = useTranslation('officer')
  const [search, setSearch] = useSearchParams()
  const filter = readFilter(search)
  const list = writeFilter(filter)
  const { box } = filter
  const cases = useCases({ ...queryOf(filter), limit: '50' })
  const file = useDownload(filter)
  const { rows } = cases
  const now = useNow()
  const { fresh, times } = useFresh(list, cases.data?.pages.length ?? 0, rows)
  const [current, setCurrent] = useState<string | null>(null)
  const [chosenCodes, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [refusal, setRefusal] = useState<string | null>(null)
  const bulk = useBulk()
  usePageTitle(t('inbox.title'))

  const chosen = rows.filter(({ code }) => chosenCodes.has(code))
  const change = (next: Filter) => {
    setChosen(new Set())
    setSearch(writeFilter(next), { replace: true })
  }
  const go = (by: 1 | -1) => {
    const at = rows.findIndex(({ code }) => code === current)
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]
    if (!next) return
    setCurrent(next.code)
    const link = document.getElementById(rowId(next.code))
    link?.focus()
    link?.scrollIntoView({ block: 'nearest' })
  }
  const act = (action: BulkAction) => {
    const on: CaseRow[] = chosen.length > 0 ? chosen : rows.filter(({ code }) => code === current)
    if (on.length === 0) return
    if (!on.every((row) => fits(action, row, me))) {
      setRefusal(on.length > 1 ? t('bulk.not_all') : t('bulk.nothing', { action: t(`bulk.${action}`).toLowerCase() }))
      return
    }
    setRefusal(null)
    bulk.start(action, on)
    setChosen(new Set())
  }
  const choose = (codes: ReadonlySet<string>) => {
    setRefusal(null)
    setChosen(codes)
  }
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    x: () => {
      if (current === null) return go(1)
      const next = new Set(chosenCodes)
      if (!next.delete(current)) next.add(current)
      choose(next)
    },
    r: () => act('receive'),
    h: () => act('hand-over'),
    z: () => bulk.undo(),
    m: () => { if (cases.hasNextPage) void cases.fetchNextPage() },
    '/': () => document.getElementById('inbox-search')?.focus(),
    Escape: () => {
      if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur()
      choose(new Set())
      bulk.dismiss()
    },
  })
  rememberList(rows.map(({ code }) => code), list)

  const empty = () => {
    if (narrows(filter)) return <EmptyState icon="search" title={t('inbox.none_filter')}><p>{t('inbox.none_filter_hint')}</p></EmptyState>
    if (box === 'unit') return <EmptyState icon="folder" title={t('inbox.none_unit')} />
    return <EmptyState icon="check" title={t('inbox.none_mine')}><p>{t('inbox.none_mine_hint')}</p></EmptyState>
  }

  return (
    <div className="desk">
      <div className="inbox-head">
        <h1>{t('inbox.title')}</h1>
        {cases.data ? <p className="hint">{t(cases.hasNextPage ? 'inbox.shown_more' : 'inbox.shown', { count: rows.length })}</p> : null}
        <p role="status" className="came">
          {fresh.length > 0 ? <span key={times}><Icon name="bell" size={16} /> {t('inbox.came', { count: fresh.length })}</span> : null}
        </p>
        {rows.length > 0 ? (
          <div className="inbox-files" role="group" aria-label={t('inbox.export')}>
            {(['xlsx', 'csv'] as const).map((format) => (
              <button key={format} type="button" className="small-button" disabled={file.busy !== null} onClick={() => file.start(format)}>
                <Icon name="download" size={16} /> {t(file.busy === format ? 'inbox.exporting' : `inbox.export_${format}`)}
              </button>
            ))}
          </div>
        ) : null}
      </div>
      {file.error ? <ProblemView error={file.error} /> : null}
      <Filters filter={filter} user={me.user} unit={me.roles.find(({ unit }) => unit !== null)?.unit?.code} onChange={change} />
      <BulkBar bulk={bulk} chosen={chosen} me={me} refusal={refusal} onClear={() => choose(new Set())} />
      {cases.error && !cases.data ? <ProblemView error={cases.error} onRetry={() => void cases.refetch()} /> : null}
      {cases.isPending ? <Loading lines={8} /> : null}
      {cases.data && rows.length === 0 && !cases.hasNextPage ? empty() : null}
      {cases.data && rows.length === 0 && cases.hasNextPage ? <p className="hint">{t('inbox.none_yet')}</p> : null}
      {rows.length > 0 ? (
        <Table rows={rows} me={me} now={now} fresh={fresh} current={current} chosen={chosenCodes} onCurrent={setCurrent} onChoose={choose} />
      ) : null}
      {cases.hasNextPage ? (
        <p className="inbox-more">
          <button type="button" className="small-button" disabled={cases.isFetchingNextPage} onClick={() => void cases.fetchNextPage()}>
            {cases.isFetchingNextPage ? t('inbox.loading_more') : t('inbox.more')} <kbd>m</kbd>
          </button>
        </p>
      ) : null}
    </div>
  )
}
