import { useElementSize } from '@mantine/hooks'
import { lazy, Suspense, useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Loading } from '@/components/Loading'
import { PrintButton } from '@/components/PrintButton'

const PdfPages = lazy(() => import('./PdfPages'))

const zooms = [0.5, 0.75, 1, 1.25, 1.5, 2, 3]

/** A paper beside the form: as wide as its column, larger when asked. */
export function Viewer({ place, mediaType, title }: { place: string; mediaType: string | undefined; title: string }) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const { ref, width } = useElementSize()
  const [zoom, setZoom] = useState(1)
  const [broken, setBroken] = useState(false)
  const fail = useCallback(() => setBroken(true), [])
  const image = mediaType?.startsWith('image/') ?? false
  const pdf = mediaType === 'application/pdf'
  const by = (way: 1 | -1) => setZoom((was) => zooms[zooms.indexOf(was) + way] ?? was)
  const wide = Math.max(200, Math.floor((width - 4) * zoom))

  return (
    <div className="viewer">
      <div className="viewer-bar">
        <span className="viewer-title">{title}</span>
        {image || pdf ? (
          <>
            <button type="button" onClick={() => by(-1)} disabled={zoom === zooms[0]} aria-label={t('viewer.smaller')}>−</button>
            <button type="button" onClick={() => setZoom(1)} aria-label={`${Math.round(zoom * 100)}%: ${t('viewer.fit')}`}>{Math.round(zoom * 100)}%</button>
            <button type="button" onClick={() => by(1)} disabled={zoom === zooms.at(-1)} aria-label={t('viewer.larger')}>+</button>
          </>
        ) : null}
        {pdf ? <PrintButton address={place} title={title} /> : null}
        <a href={place} target="_blank" rel="noreferrer">{t('viewer.open')}</a>
        <a href={place} download={title}>{tc('common.download')}</a>
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys */}
      <div ref={ref} className="viewer-paper" role="region" aria-label={t('viewer.label', { title })} tabIndex={0}>
        {broken ? <p>{t('viewer.failed')}</p> : null}
        {!broken && image ? <img src={place} alt={title} style={{ width: wide }} onError={fail} /> : null}
        {!broken && pdf && width > 0 ? <Suspense fallback={<Loading lines={6} />}><PdfPages address={place} width={wide} failed={fail} /></Suspense> : null}
        {!image && !pdf ? <p>{t('viewer.other')}</p> : null}
      </div>
    </div>
  )
}
