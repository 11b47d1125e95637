import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { isOfficer, useMe, useNotices, useReadNotices } from '@/api/hooks'
import { EmptyState } from '@/components/EmptyState'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { DateText } from '@/components/Text'
import { usePageTitle } from '@/components/usePage'
import './citizen.css'

export default function Notices() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const { rows, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useNotices({})
  const read = useReadNotices()
  usePageTitle(t('notices.title'))
  const cases = isOfficer(me) ? '/can-bo/ho-so' : '/ho-so'
  return (
    <div className="page">
      <h1>{t('notices.title')}</h1>
      {rows.some((notice) => !notice.read) ? <p><Button variant="default" loading={read.isPending} onClick={() => read.mutate('all')}>{t('notices.read_all')}</Button></p> : null}
      {isPending ? <Loading lines={5} /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {read.error ? <ProblemView error={read.error} /> : null}
      {!isPending && !error && rows.length === 0 ? <EmptyState icon="bell" title={t('notices.none')}><p>{t('notices.none_hint')}</p></EmptyState> : null}
      <ul className="cards">
        {rows.map((notice) => (
          <li key={notice.id} className={notice.read ? 'card' : 'card card-new'}>
            <p className="card-title">{notice.read ? null : <span className="new-mark">{t('notices.unread')}</span>} {notice.title}</p>
            {notice.text ? <p>{notice.text}</p> : null}
            <p className="card-text"><DateText value={notice.at} time /></p>
            {notice.case ? (
              <Link to={`${cases}/${encodeURIComponent(notice.case)}`} className="onward" onClick={() => { if (!notice.read) read.mutate(notice.id) }}>
                {t('notices.open', { code: notice.case })}
              </Link>
            ) : null}
          </li>
        ))}
      </ul>
      {hasNextPage ? <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('common.more')}</Button> : null}
    </div>
  )
}
