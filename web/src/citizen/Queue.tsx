import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { useMe, useQueue, useTakeNumber } from '@/api/hooks'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import './citizen.css'

/** The line before a counter: for the screen on its wall, and for whoever waits with a telephone. */
export default function Queue() {
  const { t } = useTranslation()
  const { unit = '' } = useParams()
  const { data: me } = useMe()
  const { data, error, refetch } = useQueue(unit)
  const take = useTakeNumber(unit)
  usePageTitle(t('queue.title'))
  if (error) return <div className="page"><ProblemView error={error} onRetry={() => void refetch()} /></div>
  if (!data) return <div className="page"><Loading lines={5} /></div>
  const [last, ...before] = data.calls
  const citizen = me?.party.kind === 'citizen'
  return (
    <div className="page">
      <h1>{t('queue.at', { unit: data.unit.name })}</h1>
      <section className="card queue-now" aria-live="polite">
        {last ? (
          <>
            <p className="queue-number">{last.number}</p>
            <p className="queue-desk">{t('queue.come', { desk: last.desk })}</p>
          </>
        ) : <p>{t('queue.nobody_called')}</p>}
        <p>{t('queue.waiting', { count: data.waiting })}</p>
      </section>
      {take.error ? <ProblemView error={take.error} /> : null}
      {data.own ? (
        <section className="card" aria-live="polite">
          <p className="card-title">{t('queue.yours', { number: data.own.number })}</p>
          <p className="card-text">{data.own.ahead === 0 ? t('queue.next_is_you') : t('queue.ahead', { count: data.own.ahead })}</p>
        </section>
      ) : null}
      {!data.own && citizen ? <p><Button onClick={() => take.mutate()} loading={take.isPending}>{t('queue.take')}</Button></p> : null}
      {me ? null : <p><Link to={`/dang-nhap?ve=${encodeURIComponent(`/xep-hang/${unit}`)}`} className="onward">{t('queue.sign_in')}</Link></p>}
      {before.length > 0 ? (
        <>
          <h2>{t('queue.before')}</h2>
          <ul className="plain queue-before">
            {before.map(({ number, desk }) => <li key={number}><strong>{number}</strong> {t('queue.to', { desk })}</li>)}
          </ul>
        </>
      ) : null}
    </div>
  )
}
