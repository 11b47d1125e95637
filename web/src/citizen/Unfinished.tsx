import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { call } from '@/api/http'
import { keys, useDrafts, useService } from '@/api/hooks'
import type { Me } from '@/api/types'
import { useFormat } from '@/components/format'
import { dropLocal, localDrafts } from './apply/draft'

function One({ service, savedAt, onDiscard }: { service: string; savedAt: string; onDiscard: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useService(service)
  const [sure, setSure] = useState(false)
  return (
    <li className="card">
      <p className="card-title">{data?.name ?? service}</p>
      <p className="card-text">{t('home.saved', { at: format.instant(savedAt) })}</p>
      {sure ? (
        <div role="alertdialog" aria-label={t('home.discard')}>
          <p>{t('home.discard_sure')}</p>
          <div className="row">
            <button type="button" className="button button-plain" onClick={onDiscard}>{t('home.discard')}</button>
            {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the question has just taken the place of the button that had it */}
            <button type="button" className="link" autoFocus onClick={() => setSure(false)}>{t('common.cancel')}</button>
          </div>
        </div>
      ) : (
        <div className="row">
          <Link to={`/thu-tuc/${service}/nop`} className="button">{t('home.go_on')}</Link>
          <button type="button" className="link" onClick={() => setSure(true)}>{t('home.discard')}</button>
        </div>
      )}
    </li>
  )
}

/** What was begun, here or on another device: the newest of both. */
export function Unfinished({ me, heading: Heading }: { me: Me; heading: 'h2' | 'h3' }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [gone, setGone] = useState<string[]>([])
  const { data = [] } = useDrafts()
  const all = new Map<string, string>()
  for (const { service, saved_at } of [...data, ...localDrafts(me.user)]) {
    const known = all.get(service)
    if (!gone.includes(service) && (known === undefined || known < saved_at)) all.set(service, saved_at)
  }
  if (all.size === 0) return null

  const discard = async (service: string) => {
    setGone((before) => [...before, service])
    dropLocal(me.user, service)
    await call(`/drafts/${encodeURIComponent(service)}`, { method: 'DELETE' }).catch(() => undefined)
    await client.invalidateQueries({ queryKey: keys.drafts })
  }
  return (
    <>
      <Heading>{t('home.unfinished')}</Heading>
      <ul className="cards">
        {[...all].map(([service, savedAt]) => <One key={service} service={service} savedAt={savedAt} onDiscard={() => void discard(service)} />)}
      </ul>
    </>
  )
}
