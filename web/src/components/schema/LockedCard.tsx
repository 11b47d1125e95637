import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { JsonObject } from '@/api/types'
import { Icon } from '../Icon'
import { Lines, useLines } from './FormSummary'
import type { Schema } from './prune'

interface LockedCardProps {
  schema: Schema
  data: JsonObject
  /** Pointers of what the city answers itself. */
  locked: readonly string[]
  fields?: readonly string[]
}

/** What the city knows, with its source. It is not changed here: the link says how its book is corrected. */
export function LockedCard({ schema, data, locked, fields }: LockedCardProps) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const lines = useLines(schema, data, (path) => {
    const pointer = `/${path.join('/')}`
    return (fields === undefined || fields.includes(path[0] ?? '')) && locked.some((one) => pointer === one || pointer.startsWith(`${one}/`))
  })
  if (lines.length === 0) return null
  const sources = [...new Set(lines.map(({ source }) => source).filter((source) => source !== null))]

  return (
    <section className="locked" aria-labelledby="locked-title">
      <h2 id="locked-title"><Icon name="check" /> {t('source.heading')}</h2>
      <p className="hint">{t('source.text')}</p>
      <Lines lines={lines} />
      <p className="locked-foot">
        <span className="hint">
          <Icon name="lock" size={16} /> {sources.length > 0 ? t('source.from', { source: sources.join(', ') }) : t('source.from_city')}
        </span>
        <button type="button" className="link no-print" onClick={() => setAsking(true)}>{t('source.wrong')}</button>
      </p>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t('source.wrong_title')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <p>{t('source.wrong_text')}</p>
        <p><Link to={`/thu-tuc?q=${encodeURIComponent(t('source.wrong_query'))}`}>{t('source.wrong_find')}</Link></p>
        <p><Link to="/kho">{t('source.wrong_vault')}</Link></p>
        <p><a href="tel:1022">{t('source.wrong_call')}</a></p>
        <Button variant="default" onClick={() => setAsking(false)}>{t('common.close')}</Button>
      </Modal>
    </section>
  )
}
