import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { address } from '@/api/http'
import { useAccessLog, useMe, useVault } from '@/api/hooks'
import type { Access, VaultDocument } from '@/api/types'
import { Chip, type Meaning } from '@/components/Chips'
import { fileName } from '@/components/fileName'
import { EmptyState } from '@/components/EmptyState'
import { useFormat } from '@/components/format'
import { Icon, type IconName } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { DateText } from '@/components/Text'
import { usePageTitle } from '@/components/usePage'
import { ProofCheck } from './ProofCheck'
import { ShareDialog, Shares } from './Shares'
import './citizen.css'

const looks = {
  valid: ['good', 'check'], withdrawn: ['bad', 'cross'], expired: ['paused', 'clock'], superseded: ['paused', 'clock'],
} as const satisfies Record<string, readonly [Meaning, IconName]>
const isLook = (status: string): status is keyof typeof looks => status in looks

function Document({ of, onShare }: { of: VaultDocument; onShare: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <li className="card">
      <p className="card-title">{of.title}</p>
      <p className="card-text">
        {of.issued_at ? <>{t('vault.issued', { at: format.day(of.issued_at) })} · </> : null}
        {of.valid_until ? t('vault.valid_until', { at: format.day(of.valid_until) }) : t('vault.no_end')}
      </p>
      {isLook(of.status) ? <p className="chips"><Chip meaning={looks[of.status][0]} icon={looks[of.status][1]}>{t(`vault.status_${of.status}`)}</Chip></p> : null}
      <div className="row">
        <a className="button" href={address(`/documents/${of.id}/content`)} download={fileName(of.title)}><Icon name="download" /> {t('common.download')}<span className="visually-hidden">: {of.title}</span></a>
        {of.verify_code ? <a href={`/verify/${encodeURIComponent(of.verify_code)}`} className="onward">{t('vault.verify')}</a> : null}
        {of.status === 'valid' || of.status === 'uploaded' ? <Button variant="default" onClick={onShare}>{t('vault.share')}<span className="visually-hidden">: {of.title}</span></Button> : null}
        {of.case ? <Link to={`/ho-so/${encodeURIComponent(of.case)}`} className="onward">{t('vault.from_case', { code: of.case })}</Link> : null}
      </div>
    </li>
  )
}

const things = ['case', 'document', 'session', 'audit', 'person', 'household', 'birth', 'death', 'marriage', 'parent_child', 'queue'] as const
const purposes = ['case', 'intake'] as const

/** The log speaks in codes ("record:person", "case"); a reason that an officer wrote is shown as written. */
function useLogWords() {
  const { t } = useTranslation()
  return {
    what: (code: string): string => {
      const thing = things.find((one) => one === code.replace(/^record:/, '').replaceAll('-', '_'))
      return thing ? t(`vault.what.${thing}`) : /^[a-z]+:?[a-z_-]*$/.test(code) ? t('vault.what.record') : code
    },
    purpose: (code: string): string => {
      const known = purposes.find((one) => one === code)
      return known ? t(`vault.purpose.${known}`) : code
    },
  }
}

function Log() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const words = useLogWords()
  const { rows, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useAccessLog()
  const who = ({ who: given }: Access): string => {
    if (!given?.name) return t('vault.log_stranger')
    if (given.name === me?.party.name && !given.unit) return t('vault.log_self')
    const unit = typeof given.unit === 'string' ? given.unit : given.unit?.name
    return [given.name, unit].filter(Boolean).join(', ')
  }
  const line = (row: Access): string => {
    const what = words.what(row.what)
    if (row.action === 'share-open') return t('vault.log_opened', { what })
    return row.action === 'share' ? t('vault.log_shared', { who: who(row), what }) : t('vault.log_line', { who: who(row), what })
  }
  if (isPending) return <Loading />
  if (error) return <ProblemView error={error} onRetry={() => void refetch()} />
  if (rows.length === 0) return <EmptyState icon="eye" title={t('vault.log_none')} />
  return (
    <>
      <ProofCheck rows={rows} />
      <ul className="log">
        {rows.map((row) => (
          <li key={row.leaf.index}>
            <p>{line(row)}</p>
            <p className="hint">
              <DateText value={row.at} time />
              {row.purpose ? ` · ${t('vault.log_purpose', { purpose: words.purpose(row.purpose) })}` : ''}
              {row.case ? ` · ${t('vault.log_case', { code: row.case })}` : ''}
            </p>
          </li>
        ))}
      </ul>
      {hasNextPage ? <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('common.more')}</Button> : null}
    </>
  )
}

export default function Vault() {
  const { t } = useTranslation()
  const { data, error, isPending, refetch } = useVault()
  const [sharing, setSharing] = useState<VaultDocument | null>(null)
  usePageTitle(t('vault.title'))
  return (
    <div className="page">
      <h1>{t('vault.title')}</h1>
      <p className="lead">{t('vault.lead')}</p>
      {isPending ? <Loading lines={5} /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <>
          <h2>{t('vault.documents')}</h2>
          {data.documents.length === 0 ? <EmptyState icon="file" title={t('vault.documents_none')}><p>{t('vault.documents_none_hint')}</p></EmptyState> : null}
          <ul className="cards">{data.documents.map((document) => <Document key={document.id} of={document} onShare={() => setSharing(document)} />)}</ul>
          <ShareDialog key={sharing?.id} paper={sharing} onClose={() => setSharing(null)} />
          <Shares />
          <h2>{t('vault.records')}</h2>
          {data.records.length === 0 ? <p>{t('vault.records_none')}</p> : null}
          <ul className="plain">{data.records.map(({ registry, key, title }) => <li key={registry + key}>{title}</li>)}</ul>
          <p><Link to={`/thu-tuc?q=${encodeURIComponent(t('source.wrong_query'))}`} className="onward">{t('source.wrong')} {t('source.wrong_find')}</Link></p>
        </>
      ) : null}
      <h2>{t('vault.log')}</h2>
      <Log />
    </div>
  )
}
