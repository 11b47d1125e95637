import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { address, Problem } from '@/api/http'
import { keys, useShared } from '@/api/hooks'
import { EmptyState } from '@/components/EmptyState'
import { fileName } from '@/components/fileName'
import { useFormat } from '@/components/format'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import './citizen.css'

/** A paper that somebody shows by link. To look at this page is not yet to open it. */
export default function Shared() {
  const { t } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  const { token = '' } = useParams()
  const { data, error, isPending, refetch } = useShared(token)
  usePageTitle(t('shared.title'))
  const open = useMutation({
    mutationFn: async () => {
      const response = await fetch(address(`/shared/${encodeURIComponent(token)}/open`), { method: 'POST', credentials: 'same-origin' })
      if (!response.ok) throw new Problem(response.status, (await response.json().catch(() => ({}))) as Record<string, unknown>, response.headers.get('X-Request-Id'))
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = fileName(data?.title ?? '')
      link.click()
      URL.revokeObjectURL(link.href)
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.shared(token) }),
  })
  const ended = error instanceof Problem && (error.status === 410 || error.status === 404)
  return (
    <div className="page">
      <h1>{t('shared.title')}</h1>
      {isPending ? <Loading lines={3} /> : null}
      {ended ? <EmptyState icon="clock" title={t('shared.ended')}><p>{t('shared.ended_hint')}</p></EmptyState> : null}
      {error && !ended ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <>
          <h2>{data.title}</h2>
          <p>{t('shared.from', { owner: data.owner, purpose: data.purpose })}</p>
          <p className="hint">{t('shared.left', { left: data.left, until: format.instant(data.until) })}</p>
          <Button loading={open.isPending} onClick={() => open.mutate()}>{t('shared.open')}</Button>
          <p className="hint">{t('shared.open_hint')}</p>
          {open.error ? <ProblemView error={open.error} /> : null}
          {data.verify_code ? <p><a className="onward" href={`/verify/${encodeURIComponent(data.verify_code)}`}>{t('vault.verify')}</a></p> : null}
        </>
      ) : null}
    </div>
  )
}
