import { Button, NumberInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '@/api/http'
import { keys, useShares } from '@/api/hooks'
import type { Share, VaultDocument } from '@/api/types'
import { Dialog } from '@/components/Dialog'
import { useFormat } from '@/components/format'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'

const DAY = 86_400_000

/** A link to one paper, for a time and a number of openings; it is told once. */
export function ShareDialog({ paper, onClose }: { paper: VaultDocument | null; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [purpose, setPurpose] = useState('')
  const [days, setDays] = useState(7)
  const [count, setCount] = useState(3)
  const [copied, setCopied] = useState(false)
  const make = useMutation({
    mutationFn: () =>
      call<Share>('/vault/shares', { method: 'POST', body: { document: paper?.id, purpose, count, until: new Date(Date.now() + days * DAY - 60_000).toISOString() } }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.shares }),
  })
  const link = make.data?.token ? `${location.origin}/chia-se/${make.data.token}` : null
  return (
    <Dialog opened={paper !== null} onClose={onClose} title={t('vault.share_title')}>
      <p className="card-title">{paper?.title}</p>
      {link ? (
        <>
          <p>{t('vault.share_made')}</p>
          <TextInput readOnly aria-label={t('vault.share_copy')} value={link} onFocus={(e) => e.currentTarget.select()} />
          <Button onClick={() => void navigator.clipboard.writeText(link).then(() => setCopied(true))}>{copied ? t('vault.share_copied') : t('vault.share_copy')}</Button>
        </>
      ) : (
        <form onSubmit={(e) => { e.preventDefault(); make.mutate() }}>
          <TextInput required maxLength={200} label={t('vault.share_for')} description={t('vault.share_for_hint')} value={purpose} onChange={(e) => setPurpose(e.currentTarget.value)} />
          <NumberInput required min={1} max={90} allowDecimal={false} label={t('vault.share_days')} value={days} onChange={(value) => setDays(Number(value))} />
          <NumberInput required min={1} max={100} allowDecimal={false} label={t('vault.share_count')} value={count} onChange={(value) => setCount(Number(value))} />
          {make.error ? <ProblemView error={make.error} /> : null}
          <Button type="submit" loading={make.isPending}>{t('vault.share_make')}</Button>
        </form>
      )}
    </Dialog>
  )
}

function One({ share }: { share: Share }) {
  const { t } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => call(`/vault/shares/${share.id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.shares }),
  })
  return (
    <li className="card">
      <p className="card-title">{share.title}</p>
      <p className="card-text">{share.purpose}</p>
      <p className="hint">{t(`vault.share_state.${share.state.replace('-', '_') as 'open' | 'revoked' | 'over' | 'used_up' | 'paper_ended'}`)} · {t('vault.share_used', { used: share.used, count: share.count, until: format.instant(share.until) })}</p>
      {share.state === 'open' ? <Button variant="default" loading={revoke.isPending} onClick={() => revoke.mutate()}>{t('vault.share_revoke')}<span className="visually-hidden">: {share.title}</span></Button> : null}
      {revoke.error ? <ProblemView error={revoke.error} /> : null}
    </li>
  )
}

export function Shares() {
  const { t } = useTranslation()
  const { rows, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useShares()
  return (
    <>
      <h2>{t('vault.shares')}</h2>
      {isPending ? <Loading /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {!isPending && !error && rows.length === 0 ? <p>{t('vault.shares_none')}</p> : null}
      <ul className="cards">{rows.map((share) => <One key={share.id} share={share} />)}</ul>
      {hasNextPage ? <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('common.more')}</Button> : null}
    </>
  )
}
